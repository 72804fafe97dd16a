#include "http_server.h"
#include "observe/http.h"
#include "observe/http_tls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

enum {
    PATIENT = 10000, /* ms where nothing may time out, however slow the machine is */
    HASTY = 80       /* ms where something has to time out */
};

#define PLAIN "http://www.example.com/.well-known/pki-validation/fileauth.txt"
#define SECURE "https://www.example.com/f"

static struct http_server server; /* shared by all tests */

/* An HTTP observer; each test has its own. */
struct net {
    uv_loop_t loop;
    struct http *http;
    struct observer obs;
    struct arena *arena;
    struct guard *guard;
    struct profile profile;
};

struct one {
    struct ask ask;
    struct fact *fact;
    unsigned calls;
    void *op;
};

/* ms: for connecting, and for the rest. */
static void net_start_with(struct net *n, uint32_t ms, const struct http_config *cfg, bool open)
{
    static const char *const loopback[] = {"127.0.0.0/8"};
    struct http_config c = *cfg;
    const char *bad;

    memset(n, 0, sizeof(*n));
    n->arena = arena_new(0);
    assert_int_equal(guard_new(n->arena, loopback, open ? 1 : 0, &n->guard, &bad), 0);
    uv_loop_init(&n->loop);
    c.guard = n->guard;
    n->profile = *profile_builtin();
    n->profile.agents = (struct user_agents){{{TIME_UNKNOWN, "Some CA/1.1"}}, 1};
    n->profile.connect_ms = n->profile.read_ms = ms;
    c.profile = &n->profile;
    assert_int_equal(http_new(&n->loop, &c, &n->http), 0);
    http_observer(n->http, &n->obs);
}

static void net_start(struct net *n, uint32_t ms)
{
    net_start_with(n, ms, &(struct http_config){.fetches = 16}, true);
}

static void count_up(void *user)
{
    ++*(int *)user;
}

static void net_stop(struct net *n)
{
    int closed = 0;

    http_close(n->http, count_up, &closed);
    uv_run(&n->loop, UV_RUN_DEFAULT);
    assert_int_equal(closed, 1);
    assert_int_equal(uv_loop_close(&n->loop), 0);
    arena_free(n->arena);
}

static void on_fact(void *user, struct ask *ask, struct fact *fact)
{
    struct one *o = user;

    assert_ptr_equal(ask, &o->ask);
    o->fact = fact;
    o->calls++;
}

static void ask_start(struct net *n, struct one *o, const char *url, const char *address)
{
    o->calls = 0;
    o->fact = NULL;
    o->ask.kind = ASK_HTTP;
    o->ask.via = VIA_DIRECT;
    o->ask.url = url;
    o->ask.address = address;
    assert_int_equal(n->obs.start(n->obs.self, n->arena, &o->ask, on_fact, o, &o->op), 0);
}

/* Starts one fetch and runs the loop, which ends by itself when the fact has come. Returns the fact. */
static const struct http_fact *fetch(struct net *n, struct one *o, const char *url, const char *address)
{
    ask_start(n, o, url, address);
    uv_run(&n->loop, UV_RUN_DEFAULT);
    assert_int_equal(o->calls, 1);
    assert_non_null(o->fact);
    assert_ptr_equal(o->fact->ask, &o->ask);
    return &o->fact->http;
}

static const struct http_fact *fetch_text(struct net *n, struct one *o, const char *answer, enum then then)
{
    http_server_say(&server, answer, strlen(answer), then);
    return fetch(n, o, PLAIN, server.plain);
}

/* ---------------------------------------------------------------- responses -------------------------- */

static void test_response(void **state)
{
    struct net n;
    struct one o = {0};
    (void)state;

    net_start(&n, PATIENT);
    const struct http_fact *f =
        fetch_text(&n, &o,
                   "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                   "HTTP/1.1 404 Gone fishing\r\nServer:  old/1 \r\nX-Long: a\r\n  b\r\n"
                   "Transfer-Encoding: chunked\r\nTrailer: X-End\r\n\r\n"
                   "5\r\nhello\r\n0\r\nX-End: 1\r\n\r\n",
                   THEN_HOLD);
    assert_int_equal(f->outcome, HTTP_RESPONSE);
    assert_int_equal(f->status, 404);
    assert_int_equal(f->n_headers, 4);
    assert_string_equal(f->headers[0].name, "Server");
    assert_string_equal(f->headers[0].value, "old/1");
    assert_string_equal(f->headers[1].value, "a b");
    assert_int_equal(f->body.n, 5);
    assert_memory_equal(f->body.p, "hello", 5);
    assert_int_equal(f->size, 5);
    assert_false(f->more);
    assert_null(f->redirect);
    assert_null(f->tls);
    assert_true(o.fact->us > 0);
    assert_memory_equal(server.request, "GET /.well-known/pki-validation/fileauth.txt HTTP/1.1\r\n", 55);
    assert_non_null(strstr(server.request, "\r\nHost: www.example.com\r\n"));
    assert_non_null(strstr(server.request, "\r\nUser-Agent: Some CA/1.1\r\n"));
    assert_non_null(strstr(server.request, "\r\nAccept-Encoding: gzip, x-gzip, deflate\r\nUpgrade: TLS/1.2\r\n"));

    /* A compressed body is not decompressed: a CA reads the bytes as they come. */
    static const char gzip[] =
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 6\r\n\r\n\x1f\x8b\x08\0ab";
    http_server_say(&server, gzip, sizeof(gzip) - 1, THEN_HOLD);
    o.ask.browser = true;
    f = fetch(&n, &o, "http://user:secret@www.example.com:80/#part", server.plain);
    assert_int_equal(f->body.n, 6);
    assert_memory_equal(f->body.p, "\x1f\x8b\x08\0ab", 6);
    assert_non_null(strstr(server.request, "\r\nUser-Agent: Mozilla/5.0 "));
    assert_null(strstr(server.request, "Authorization"));
    assert_memory_equal(server.request, "GET / HTTP/1.1\r\n", 16);

    /* A URL that curl cannot take apart to remove the credentials is a fact, not an error that ends the check. */
    f = fetch(&n, &o, "http://user:secret@www.example.com/a b", server.plain);
    assert_int_equal(f->outcome, HTTP_UNREACHABLE);
    assert_non_null(strstr(f->detail, "no client can ask"));
    net_stop(&n);
}

static void test_redirect(void **state)
{
    static const struct {
        const char *location, *redirect;
    } rows[] = {
        {"https://www.example.com/x", "https://www.example.com/x"},
        {"/x?a=b", "http://www.example.com/x?a=b"},
        {"other.txt", "http://www.example.com/.well-known/pki-validation/other.txt"},
        {"../../x", "http://www.example.com/x"},
        {"//EXAMPLE.net", "http://example.net/"},
        {"HTTP://WWW.Example.Com:80/#top", "http://www.example.com/"},
        {"https://www.example.com:8443/", "https://www.example.com:8443/"},
        {"http://www.example.com.well-known/pki-validation/fileauth.txt",
         "http://www.example.com.well-known/pki-validation/fileauth.txt"},
        {"ftp://www.example.com/x", "ftp://www.example.com/x"},
        {"http://0x7f000001/", "http://127.0.0.1/"},
        {"http://[2001:DB8::1]/", "http://[2001:db8::1]/"},
        {"", NULL},
        {"http://", NULL},
        {"http://a b/", NULL},
        {"http://www.example.com:99999/", NULL},
    };
    struct net n;
    struct one o = {0};
    char answer[500];
    (void)state;

    net_start(&n, PATIENT);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(answer, sizeof(answer),
                 "HTTP/1.1 301 Moved\r\nlocation: %s\r\nLocation: /second\r\nContent-Length: 0\r\n\r\n",
                 rows[i].location);
        const struct http_fact *f = fetch_text(&n, &o, answer, THEN_HOLD);
        assert_int_equal(f->outcome, HTTP_RESPONSE);
        assert_int_equal(f->status, 301);
        if (rows[i].redirect) {
            assert_non_null(f->redirect);
            assert_string_equal(f->redirect, rows[i].redirect);
        } else {
            assert_null(f->redirect);
        }
    }
    assert_null(fetch_text(&n, &o, "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", THEN_HOLD)->redirect);
    net_stop(&n);
}

static void test_body_bounds(void **state)
{
    static const struct {
        unsigned length, body;
        bool whole, more;
    } rows[] = {
        {4999, 4999, false, false},  {5000, 5000, false, false}, {5001, 5000, false, true},
        {65536, 65536, true, false}, {65537, 65536, true, true}, {100000, 5000, false, true},
    };
    struct net n;
    struct one o = {0};
    static char answer[200000];
    (void)state;

    net_start(&n, PATIENT);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int head = sprintf(answer, "HTTP/1.1 200 OK\r\nContent-Length: %u\r\n\r\n", rows[i].length);
        memset(answer + head, 'a', rows[i].length);
        http_server_say(&server, answer, (size_t)head + rows[i].length, THEN_HOLD);
        o.ask.whole = rows[i].whole;
        const struct http_fact *f = fetch(&n, &o, PLAIN, server.plain);
        assert_int_equal(f->outcome, HTTP_RESPONSE);
        assert_int_equal(f->body.n, rows[i].body);
        assert_int_equal(f->more, rows[i].more);
        assert_in_range(f->size, rows[i].more ? rows[i].body + 1 : rows[i].body, rows[i].length);
    }
    /* A body of unknown length: when the bytes that a CA reads have come, it does not matter how it goes on. */
    o.ask.whole = false;
    int head = sprintf(answer, "HTTP/1.1 200 OK\r\n\r\n");
    http_server_say(&server, answer, (size_t)head + 5000, THEN_REPEAT);
    assert_true(fetch(&n, &o, PLAIN, server.plain)->more);
    http_server_say(&server, answer, (size_t)head + 5000, THEN_RESET);
    const struct http_fact *f = fetch(&n, &o, PLAIN, server.plain);
    assert_int_equal(f->outcome, HTTP_RESPONSE);
    assert_int_equal(f->body.n, 5000);
    assert_false(f->more);
    net_stop(&n);
}

/* ---------------------------------------------------------------- no responses ----------------------- */

static void test_outcomes(void **state)
{
    static const struct {
        const char *answer;
        enum then then;
        enum http_outcome outcome;
        const char *detail;
    } rows[] = {
        {"", THEN_CLOSE, HTTP_RESET, "closed the connection without an answer"},
        {"", THEN_RESET, HTTP_RESET, "reset the connection"},
        {"HTTP/1.1 200 O", THEN_RESET, HTTP_RESET, "reset the connection"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhell", THEN_RESET, HTTP_RESET,
         "status 200 and 4 bytes of the body had come"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhell", THEN_CLOSE, HTTP_RESET, "4 bytes of the body"},
        {"SSH-2.0-OpenSSH_9.2\r\n", THEN_CLOSE, HTTP_NOT_HTTP, "not begin as an HTTP response"},
        {"<html>HTTP/0.9</html>\n", THEN_CLOSE, HTTP_NOT_HTTP, "not begin as an HTTP response"},
        {"\x15\x03\x01\x00\x02\x02\x46", THEN_CLOSE, HTTP_NOT_HTTP, "not begin as an HTTP response"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n", THEN_HOLD, HTTP_NOT_HTTP,
         "status 200"},
    };
    struct net n;
    struct one o = {0};
    (void)state;

    net_start(&n, PATIENT);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct http_fact *f = fetch_text(&n, &o, rows[i].answer, rows[i].then);
        assert_non_null(f->detail);
        if (f->outcome != rows[i].outcome || !strstr(f->detail, rows[i].detail))
            fail_msg("row %zu: %s, \"%s\"", i, http_outcome_name(f->outcome), f->detail);
        assert_int_equal(f->status, 0);
    }
    const struct http_fact *f = fetch(&n, &o, PLAIN, "127.0.0.1:1");
    assert_int_equal(f->outcome, HTTP_REFUSED);
    f = fetch(&n, &o, PLAIN, "255.255.255.254:80");
    assert_int_equal(f->outcome, HTTP_FORBIDDEN_ADDRESS);
    net_stop(&n);
}

static void test_header_flood(void **state)
{
    static const struct {
        unsigned lines, length;
        enum http_outcome outcome;
    } rows[] = {{100, 20, HTTP_RESPONSE},
                {101, 20, HTTP_NOT_HTTP},
                {30, 1000, HTTP_RESPONSE},
                {34, 1000, HTTP_NOT_HTTP}};
    struct net n;
    struct one o = {0};
    static char answer[100000];
    (void)state;

    net_start(&n, PATIENT);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *p = answer + sprintf(answer, "HTTP/1.1 204 No Content\r\n");
        for (unsigned l = 0; l < rows[i].lines; l++)
            p += sprintf(p, "X: %0*d\r\n", (int)rows[i].length - 5, l);
        strcpy(p, "\r\n");
        const struct http_fact *f = fetch_text(&n, &o, answer, THEN_HOLD);
        assert_int_equal(f->outcome, rows[i].outcome);
        assert_int_equal(f->n_headers, f->outcome == HTTP_RESPONSE ? rows[i].lines : 0);
    }
    /* A header line that never ends. */
    char *p = answer + sprintf(answer, "HTTP/1.1 200 OK\r\nX: ");
    memset(p, 'x', 2000);
    p[2000] = '\0';
    assert_int_equal(fetch_text(&n, &o, answer, THEN_REPEAT)->outcome, HTTP_NOT_HTTP);
    net_stop(&n);
}

static void test_time(void **state)
{
    static const struct {
        const char *url, *answer;
        enum then then;
        const char *detail;
    } rows[] = {
        {PLAIN, "", THEN_HOLD, "connected, but nothing was answered within 0.08 s"},
        {PLAIN, "HTTP/1.1 200 OK\r\nX-A: ", THEN_DRIP, "within 0.08 s"},
        {PLAIN, "HTTP/1.1 200 OK\r\n\r\n", THEN_DRIP,
         "the response did not end within 0.08 s; status 200 and"},
        {SECURE, "", THEN_HOLD, "connected, but the TLS handshake did not end within 0.08 s"},
    };
    struct net n;
    struct one o = {0};
    char answer[5100] = "HTTP/1.1 200 OK\r\n\r\n";
    struct http_counters c;
    (void)state;

    net_start(&n, HASTY);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        http_server_say(&server, rows[i].answer, strlen(rows[i].answer), rows[i].then);
        const struct http_fact *f = fetch(&n, &o, rows[i].url, server.plain);
        assert_string_equal(http_outcome_name(f->outcome), "timeout");
        assert_non_null(f->detail);
        if (!strstr(f->detail, rows[i].detail))
            fail_msg("row %zu: \"%s\"", i, f->detail);
        assert_in_range(o.fact->us, HASTY * 1000, PATIENT * 1000);
    }
    /* A body that does not end in time, but of which all that a CA reads has come. */
    size_t head = strlen(answer);
    memset(answer + head, 'a', 5000);
    http_server_say(&server, answer, head + 5000, THEN_HOLD);
    assert_int_equal(fetch(&n, &o, PLAIN, server.plain)->outcome, HTTP_RESPONSE);
    http_counters(n.http, &c);
    assert_int_equal(c.timeouts, 4);
    assert_int_equal(c.in_flight + c.waiting, 0);
    net_stop(&n);
}

/* ---------------------------------------------------------------- TLS -------------------------------- */

static void test_certificates(void **state)
{
    static const char *const problems[CERT_COUNT] = {
        [CERT_EXPIRED] = "it has expired",
        [CERT_FUTURE] = "it is not valid yet",
        [CERT_OTHER_NAME] = "it is for another name",
        [CERT_SELF_SIGNED] = "it is self-signed",
    };
    static const char answer[] = "HTTP/1.1 200 OK\r\n\r\ntoken";
    struct net n;
    struct one o = {0};
    (void)state;

    net_start(&n, PATIENT);
    for (int i = 0; i < CERT_COUNT; i++) {
        server.certificate = (enum certificate)i;
        /* The connection ends without the close_notify of TLS, as many servers do. */
        http_server_say(&server, answer, sizeof(answer) - 1, THEN_CLOSE);
        const struct http_fact *f = fetch(&n, &o, SECURE, server.tls);
        if (f->outcome != HTTP_RESPONSE)
            fail_msg("certificate %d: %s, \"%s\"", i, http_outcome_name(f->outcome), f->detail);
        assert_int_equal(f->body.n, 5);
        assert_non_null(f->tls);
        assert_string_equal(f->tls->version, "TLSv1.3");
        assert_string_equal(f->tls->subject,
                            i == CERT_OTHER_NAME ? "CN=www.example.net" : "CN=www.example.com");
        assert_string_equal(f->tls->issuer, i == CERT_SELF_SIGNED ? "CN=www.example.com" : "CN=Test Root");
        assert_int_equal(strlen(f->tls->not_after), 20);
        if (problems[i]) {
            assert_non_null(f->tls->problem);
            assert_string_equal(f->tls->problem, problems[i]);
        } else {
            assert_null(f->tls->problem);
        }
    }
    server.certificate = CERT_GOOD;
    /* OpenSSL writes close_notify to a connection that is gone, which must raise no SIGPIPE. */
    http_server_say(&server, "", 0, THEN_RESET);
    assert_int_equal(fetch(&n, &o, SECURE, server.tls)->outcome, HTTP_RESET);
    http_server_say(&server, answer, sizeof(answer) - 1, THEN_CLOSE);
    assert_string_equal(fetch(&n, &o, "https://127.0.0.1/", server.tls)->tls->problem,
                        "it is for another name");
    net_stop(&n);
}

static void test_tls_broken(void **state)
{
    static const char alert[] = "\x15\x03\x03\x00\x02\x02\x28";
    struct net n;
    struct one o = {0};
    (void)state;

    net_start(&n, PATIENT);
    http_server_say(&server, "HTTP/1.1 400 Bad Request\r\n\r\n", 28, THEN_CLOSE);
    const struct http_fact *f = fetch(&n, &o, SECURE, server.plain);
    assert_int_equal(f->outcome, HTTP_NOT_HTTP);
    assert_string_equal(f->detail, "the port does not speak TLS");
    http_server_say(&server, alert, sizeof(alert) - 1, THEN_CLOSE);
    f = fetch(&n, &o, SECURE, server.plain);
    assert_int_equal(f->outcome, HTTP_TLS);
    assert_non_null(strstr(f->detail, "handshake failure"));
    http_server_say(&server, "", 0, THEN_CLOSE);
    assert_int_equal(fetch(&n, &o, SECURE, server.plain)->outcome, HTTP_TLS);
    net_stop(&n);
}

/* ---------------------------------------------------------------- what is not asked ------------------ */

static void test_guard(void **state)
{
    struct net n;
    struct one o = {0};
    struct http_config cfg = {.fetches = 16};
    char address[64];
    (void)state;

    http_server_say(&server, "HTTP/1.1 200 OK\r\n\r\n", 19, THEN_CLOSE);
    net_start_with(&n, PATIENT, &cfg, false);
    static const char *const hosts[] = {"127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"};
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        snprintf(address, sizeof(address), "%s:%u", hosts[i], server.plain_port);
        const struct http_fact *f = fetch(&n, &o, PLAIN, address);
        assert_int_equal(f->outcome, HTTP_FORBIDDEN_ADDRESS);
        assert_non_null(strchr(f->detail, '('));
    }
    net_stop(&n);

    net_start(&n, PATIENT);
    static const char *const urls[] = {"http://www.example.com:8080/", "http://www.example.com:443/",
                                       "https://www.example.com:80/"};
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
        assert_int_equal(fetch(&n, &o, urls[i], server.plain)->outcome, HTTP_FORBIDDEN_ADDRESS);
    static const char *const bad[] = {"ftp://www.example.com/", "http://", "fileauth.txt"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        o.ask.url = bad[i];
        assert_int_equal(n.obs.start(n.obs.self, n.arena, &o.ask, on_fact, &o, &o.op), -EINVAL);
    }
    const struct http_fact *odd = fetch(&n, &o, "http://\\351.example.com/", server.plain);
    assert_int_equal(odd->outcome, HTTP_UNREACHABLE);
    assert_non_null(strstr(odd->detail, "this URL"));
    o.ask.url = PLAIN;
    o.ask.address = "www.example.com:80";
    assert_int_equal(n.obs.start(n.obs.self, n.arena, &o.ask, on_fact, &o, &o.op), -EINVAL);
    /* None of these fetches reached the server, although it works, as the next fetch shows. */
    assert_int_equal(server.connections, 0);
    assert_int_equal(fetch(&n, &o, PLAIN, server.plain)->outcome, HTTP_RESPONSE);
    assert_int_equal(server.connections, 1);
    net_stop(&n);
}

/* ---------------------------------------------------------------- many, and their ends --------------- */

enum { TURNS_MOST = 1000 };

/* Runs the loop until that many fetches are in flight, and then for as many iterations again, to see that no more
 * start. */
static struct http_counters turn_until(struct net *n, size_t in_flight)
{
    struct http_counters c;
    int turns = 0;
    do {
        uv_run(&n->loop, UV_RUN_NOWAIT);
        http_counters(n->http, &c);
        turns++;
    } while (c.in_flight != in_flight && turns < TURNS_MOST);
    while (turns--)
        uv_run(&n->loop, UV_RUN_NOWAIT);
    http_counters(n->http, &c);
    return c;
}

static void test_many(void **state)
{
    enum { MANY = 300 };
    struct net n;
    struct one *o = calloc(MANY, sizeof(*o));
    struct http_counters c;
    struct http_config cfg = {.fetches = 16, .per_address = 10};
    char other[32];
    (void)state;

    http_server_say(&server, "HTTP/1.1 200 OK\r\n\r\n", 19, THEN_CLOSE);
    snprintf(other, sizeof(other), "127.0.0.2:%u", server.plain_port);
    net_start_with(&n, PATIENT, &cfg, true);
    for (int i = 0; i < MANY; i++)
        ask_start(&n, &o[i], PLAIN, i % 2 ? server.plain : other);
    http_counters(n.http, &c);
    assert_int_equal(c.waiting, MANY);
    uv_run(&n.loop, UV_RUN_DEFAULT);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(o[i].calls, 1);
        assert_int_equal(o[i].fact->http.status, 200);
    }
    assert_int_equal(server.connections, MANY);

    /* No fetch is answered: the number in flight shows the two limits. */
    http_server_say(&server, "", 0, THEN_HOLD);
    for (int i = 0; i < MANY; i++)
        ask_start(&n, &o[i], PLAIN, i < 100 ? server.plain : other);
    c = turn_until(&n, 16);
    assert_int_equal(c.in_flight, 16);
    assert_int_equal(c.waiting, MANY - 16);
    for (int i = 100; i < MANY; i++)
        n.obs.cancel(n.obs.self, o[i].op);
    c = turn_until(&n, 10);
    assert_int_equal(c.in_flight, 10);
    for (int i = 0; i < 100; i++)
        n.obs.cancel(n.obs.self, o[i].op);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(o[i].calls, 1);
        assert_null(o[i].fact);
    }
    net_stop(&n);
    free(o);
}

static void test_cancel(void **state)
{
    static const char part[] = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart";
    struct net n;
    struct one o = {0}, ready = {0};
    (void)state;

    net_start(&n, PATIENT);
    /* Cancelled after a growing number of iterations: queued, connecting, sending, reading. */
    for (int secure = 0; secure < 2; secure++) {
        for (int turns = 0; turns < 12; turns++) {
            http_server_say(&server, part, sizeof(part) - 1, THEN_HOLD);
            ask_start(&n, &o, secure ? SECURE : PLAIN, secure ? server.tls : server.plain);
            for (int i = 0; i < turns; i++) {
                uv_run(&n.loop, UV_RUN_NOWAIT);
                usleep(turns > 6 ? 300 : 0);
            }
            assert_int_equal(o.calls, 0);
            n.obs.cancel(n.obs.self, o.op);
            assert_int_equal(o.calls, 1);
            assert_null(o.fact);
        }
    }
    /* Cancelled when the fact is known, but its callback has not been called yet. */
    ask_start(&n, &ready, "http://www.example.com:81/", server.plain);
    n.obs.cancel(n.obs.self, ready.op);
    assert_int_equal(ready.calls, 1);
    assert_null(ready.fact);
    uv_run(&n.loop, UV_RUN_DEFAULT);
    assert_int_equal(o.calls, 1);
    net_stop(&n);
}

static void on_fact_again(void *user, struct ask *ask, struct fact *fact)
{
    struct net *n = user;
    static struct one next;

    (void)ask;
    assert_int_equal(fact->http.status, 200);
    ask_start(n, &next, PLAIN, server.plain);
    n->obs.cancel(n->obs.self, next.op);
    assert_int_equal(next.calls, 1);
    ask_start(n, &next, PLAIN, server.plain);
}

/* The first use of the system's certificates in this process: a pool thread reads them, and closing waits for it. */
static void test_end_while_preparing(void **state)
{
    struct net n;
    struct one o = {0};
    (void)state;

    net_start(&n, PATIENT);
    ask_start(&n, &o, SECURE, server.tls);
    n.obs.cancel(n.obs.self, o.op);
    net_stop(&n);
    assert_true(tls_prepared());
}

static void test_ask_from_within(void **state)
{
    struct net n;
    struct one o = {.ask = {.kind = ASK_HTTP, .via = VIA_DIRECT, .url = PLAIN, .address = server.plain}};
    struct http_counters c;
    (void)state;

    http_server_say(&server, "HTTP/1.1 200 OK\r\n\r\n", 19, THEN_CLOSE);
    net_start(&n, PATIENT);
    assert_int_equal(n.obs.start(n.obs.self, n.arena, &o.ask, on_fact_again, &n, &o.op), 0);
    uv_run(&n.loop, UV_RUN_DEFAULT);
    http_counters(n.http, &c);
    assert_int_equal(c.asked, 3);
    assert_int_equal(c.responses, 2);
    net_stop(&n);
}

static void test_no_descriptors(void **state)
{
    struct net n;
    struct one o = {0};
    struct rlimit before, none;
    (void)state;

    http_server_say(&server, "HTTP/1.1 200 OK\r\n\r\n", 19, THEN_CLOSE);
    net_start(&n, PATIENT);
    getrlimit(RLIMIT_NOFILE, &before);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    ask_start(&n, &o, PLAIN, server.plain);
    for (int i = 0; i < 5; i++)
        uv_run(&n.loop, UV_RUN_NOWAIT);
    setrlimit(RLIMIT_NOFILE, &before);
    /* Without file descriptors on this side there is no fact, because the server is not at fault. */
    assert_int_equal(o.calls, 0);
    uv_run(&n.loop, UV_RUN_DEFAULT);
    assert_int_equal(o.calls, 1);
    assert_int_equal(o.fact->http.outcome, HTTP_RESPONSE);
    net_stop(&n);
}

static void test_small_arena(void **state)
{
    struct net n;
    struct one o = {.ask = {.kind = ASK_HTTP, .via = VIA_DIRECT, .url = PLAIN, .address = server.plain}};
    char *answer = calloc(1, 6000);
    struct arena *small = arena_new(3000);
    (void)state;

    int head = sprintf(answer, "HTTP/1.1 200 OK\r\n\r\n");
    http_server_say(&server, answer, (size_t)head + 4000, THEN_CLOSE);
    net_start(&n, PATIENT);
    assert_int_equal(n.obs.start(n.obs.self, small, &o.ask, on_fact, &o, &o.op), 0);
    uv_run(&n.loop, UV_RUN_DEFAULT);
    assert_int_equal(o.calls, 1);
    assert_null(o.fact);
    assert_true(arena_full(small));
    net_stop(&n);
    arena_free(small);
    free(answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_end_while_preparing),
        cmocka_unit_test(test_response),       cmocka_unit_test(test_redirect),
        cmocka_unit_test(test_body_bounds),    cmocka_unit_test(test_outcomes),
        cmocka_unit_test(test_header_flood),   cmocka_unit_test(test_time),
        cmocka_unit_test(test_certificates),   cmocka_unit_test(test_tls_broken),
        cmocka_unit_test(test_guard),          cmocka_unit_test(test_many),
        cmocka_unit_test(test_cancel),         cmocka_unit_test(test_ask_from_within),
        cmocka_unit_test(test_no_descriptors), cmocka_unit_test(test_small_arena),
    };
    char ca_file[] = "/tmp/dcvd-test-http-XXXXXX";
    int fd = mkstemp(ca_file);

    if (fd < 0)
        return 1;
    close(fd);
    /* OpenSSL reads this file as the system's certificates. */
    setenv("SSL_CERT_FILE", ca_file, 1);
    http_server_start(&server, ca_file);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    http_server_stop(&server);
    unlink(ca_file);
    return failed;
}
