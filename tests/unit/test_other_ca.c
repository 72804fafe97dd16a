/* Checks of another CA: whole checks with a profile given as text, the driver, the real HTTP observer and a web server
 * of the test. DNS answers come from a table; ports 80 and 443 of every address lead to the server. */
#include "ca/profile.h"
#include "format/reproduce.h"
#include "format/request.h"
#include "http_server.h"
#include "observe/http.h"
#include "run/check.h"
#include "wire/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define DOMAIN "shop.example.com"
#define TOKEN "r5t8wq2k9xv4bm7jzh3nc6pd0fyls1ga"
#define NOW "2026-11-22T12:00:00Z"

static struct http_server server; /* shared by all tests */

/* A check and what it needs. Every name has an A record; other records are in .records. */
struct situation {
    struct arena *arena;
    uv_loop_t loop;
    struct guard *guard;
    struct profile profile;
    struct http *http;
    struct observer real;
    struct request request;
    const struct rr *records;
    size_t n_records;
    struct texts urls; /* the URLs that were fetched, in order */
    const struct report *report;
};

/* ---------------------------------------------------------------- the observers ---------------------- */

static int dns_start(void *self, struct arena *a, struct ask *ask, fact_fn *fn, void *user, void **op)
{
    static const uint8_t address[] = {127, 0, 0, 1};
    struct situation *s = self;
    struct fact *f = arena_alloc(a, sizeof *f);
    struct rr *rr = arena_array(a, s->n_records + 1, sizeof *rr);
    assert_true(f && rr);
    *op = NULL;
    f->ask = ask;
    f->dns.outcome = DNS_NODATA;
    f->dns.server = "192.0.2.53:53";
    f->dns.answer.v = rr;
    for (size_t i = 0; i < s->n_records; i++)
        if (s->records[i].type == ask->qtype && !strcmp(s->records[i].owner, ask->qname))
            rr[f->dns.answer.n++] = s->records[i];
    if (ask->qtype == RR_A)
        rr[f->dns.answer.n++] = (struct rr){
            .owner = ask->qname, .type = RR_A, .class = 1, .ttl = 60, .rdata = address, .rdlen = sizeof address};
    if (f->dns.answer.n)
        f->dns.outcome = DNS_ANSWER;
    fn(user, ask, f);
    return 0;
}

/* A question that is passed on to the test's web server. */
struct relay {
    struct ask ask;
    struct ask *original;
    fact_fn *fn;
    void *user;
};

static void on_relayed(void *user, struct ask *ask, struct fact *fact)
{
    struct relay *r = user;
    (void)ask;
    if (fact)
        fact->ask = r->original;
    r->fn(r->user, r->original, fact);
}

static int http_start(void *self, struct arena *a, struct ask *ask, fact_fn *fn, void *user, void **op)
{
    struct situation *s = self;
    struct relay *r = arena_alloc(a, sizeof *r);
    assert_non_null(r);
    *r = (struct relay){*ask, ask, fn, user};
    r->ask.address = strncmp(ask->url, "https:", 6) ? server.plain : server.tls;
    assert_true(texts_add(s->arena, &s->urls, ask->url));
    return s->real.start(s->real.self, a, &r->ask, on_relayed, r, op);
}

static void http_cancel(void *self, void *op)
{
    struct situation *s = self;
    s->real.cancel(s->real.self, op);
}

static dcv_time fixed_now(void *self)
{
    return ((struct situation *)self)->request.now;
}

static uint64_t monotonic(void *self)
{
    (void)self;
    return uv_hrtime();
}

/* ---------------------------------------------------------------- a check ---------------------------- */

static void field(struct situation *s, const char *name, const char *value)
{
    struct input_error err;
    assert_int_equal(
        request_set(s->arena, &s->request, request_field_find(name), value, strlen(value), &err), 0);
}

/* profile: text of a profile; what it leaves out has the built-in value. */
static void prepare(struct situation *s, const char *profile, const char *method)
{
    static const char *const loopback[] = {"127.0.0.0/8"};
    struct input_error err;
    const char *bad, *key, *expected = "";
    unsigned line = 0;
    *s = (struct situation){.arena = arena_new(0)};
    if (profile_parse(s->arena, profile, strlen(profile), &s->profile, &line, &key, &expected))
        fail_msg("%s: line %u, expected %s", profile, line, expected);
    request_init(&s->request, &s->profile, 0);
    s->request.depth = DEPTH_QUICK;
    field(s, "domain", DOMAIN);
    field(s, "token", TOKEN);
    field(s, "method", method);
    field(s, "now", NOW);
    assert_int_equal(request_finish(s->arena, &s->request, &err), 0);
    assert_true(method_parse(method, &s->request.method));
    uv_loop_init(&s->loop);
    assert_int_equal(guard_new(s->arena, loopback, 1, &s->guard, &bad), 0);
    assert_int_equal(
        http_new(&s->loop, &(struct http_config){.profile = &s->profile, .fetches = 1, .guard = s->guard}, &s->http),
        0);
    http_observer(s->http, &s->real);
}

static void on_done(void *user, struct check *c, struct report *report, int err)
{
    struct situation *s = user;
    (void)c;
    assert_int_equal(err, 0);
    s->report = report;
}

static const struct report *run(struct situation *s)
{
    struct observers obs = {.dns = {.self = s, .start = dns_start},
                            .http = {.self = s, .start = http_start, .cancel = http_cancel},
                            .clock_self = s,
                            .now = fixed_now,
                            .monotonic = monotonic};
    s->report = NULL;
    assert_int_equal(check_start(&obs, s->arena, &s->request, on_done, s, NULL), 0);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    assert_non_null(s->report);
    return s->report;
}

static void end(struct situation *s)
{
    http_close(s->http, NULL, NULL);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&s->loop), 0);
    arena_free(s->arena);
}

static void say(const char *text, size_t len, enum then then)
{
    http_server_say(&server, text, len, then);
}

static const struct finding *finding(const struct report *r, enum cause cause)
{
    for (size_t i = 0; i < r->n_findings; i++)
        if (r->findings[i].cause == cause)
            return &r->findings[i];
    fail_msg("no finding %s", cause_info(cause)->id);
    return NULL;
}

/* Runs a check of the file with the profile, and compares the verdict and, for a failure, the cause and a part of its
 * summary. */
static void file_check(const char *profile, enum verdict verdict, enum cause cause, const char *says)
{
    struct situation s;
    prepare(&s, profile, "http-token");
    const struct report *r = run(&s);
    assert_int_equal(r->verdict, verdict);
    if (says) {
        const struct finding *f = finding(r, cause);
        if (!strstr(f->summary, says))
            fail_msg("%s: not said: %s", f->summary, says);
    }
    end(&s);
}

/* ---------------------------------------------------------------- files ------------------------------ */

/* The value is at the end of a file of 6033 bytes. */
static void bytes(void **state)
{
    enum { FILLING = 6000, FILE_SIZE = FILLING + sizeof TOKEN };
    char answer[FILE_SIZE + 100];
    (void)state;
    assert_int_equal(FILE_SIZE, 6033);
    int head = sprintf(answer, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", FILE_SIZE);
    memset(answer + head, 'x', FILLING);
    sprintf(answer + head + FILLING, "%s\n", TOKEN);
    say(answer, (size_t)head + FILE_SIZE, THEN_CLOSE);
    file_check("", VERDICT_FAIL, CAUSE_file_too_large, "within the first 5000 bytes");
    file_check("[file]\nbytes = 20000\n", VERDICT_PASS, CAUSE_NONE, NULL);
    file_check("[file]\nbytes = 6032\n", VERDICT_PASS, CAUSE_NONE, NULL);
    file_check("[file]\nbytes = 6031\n", VERDICT_FAIL, CAUSE_file_too_large, "within the first 6031 bytes");
    /* A file without the value is too large only where the CA does not read all of it. */
    answer[head + FILLING] ^= 1;
    say(answer, (size_t)head + FILE_SIZE, THEN_CLOSE);
    file_check("", VERDICT_FAIL, CAUSE_file_too_large, "within the first 5000 bytes");
    file_check("[file]\nbytes = 7000\n", VERDICT_FAIL, CAUSE_file_other_content, "");
}

/* More of a file is looked at than the CA reads, however much the CA reads. */
static void beyond(void **state)
{
    enum { FILLING = 90000 };
    static char answer[FILLING + 200];
    (void)state;
    int head = sprintf(answer, "HTTP/1.1 200 OK\r\n\r\n");
    memset(answer + head, 'x', FILLING);
    sprintf(answer + head + FILLING, "%s\n", TOKEN);
    say(answer, (size_t)head + FILLING + sizeof TOKEN, THEN_CLOSE);
    struct situation s;
    prepare(&s, "[file]\nbytes = 70000\n", "http-token");
    s.request.depth = DEPTH_FULL;
    const struct report *r = run(&s);
    assert_int_equal(r->verdict, VERDICT_FAIL);
    assert_non_null(strstr(finding(r, CAUSE_file_too_large)->summary, "first 70000 bytes"));
    end(&s);
}

static void statuses(void **state)
{
    static const char partial[] = "HTTP/1.1 203 Other\r\n\r\n" TOKEN,
                      away[] = "HTTP/1.1 303 See\r\nLocation: /second\r\nContent-Length: 0\r\n\r\n";
    (void)state;
    say(partial, strlen(partial), THEN_CLOSE);
    file_check("", VERDICT_PASS, CAUSE_NONE, NULL);
    file_check("[file]\ncontent = 200\n", VERDICT_FAIL, CAUSE_file_status_other, "203");
    say(away, strlen(away), THEN_CLOSE);
    file_check("", VERDICT_FAIL, CAUSE_file_redirect_forbidden, "only 301, 302, 307 and 308 are followed");
    file_check("[file]\nredirect_statuses = 301\n", VERDICT_FAIL, CAUSE_file_redirect_forbidden,
               "only 301 is followed");
    file_check("[file]\nredirect_statuses = 303\n", VERDICT_FAIL, CAUSE_file_redirect_loop, "/second");
}

static void redirects(void **state)
{
    static const char deeper[] = "HTTP/1.1 302 Found\r\nLocation: x/\r\nContent-Length: 0\r\n\r\n",
                      port[] = "HTTP/1.1 302 Found\r\nLocation: http://" DOMAIN
                               ":8080/\r\nContent-Length: 0\r\n\r\n",
                      plain[] = "HTTP/1.1 302 Found\r\nLocation: http://" DOMAIN "/\r\nContent-Length: 0\r\n\r\n",
                      host[] = "HTTP/1.1 302 Found\r\nLocation: http://www.example.com/\r\nContent-Length: 0\r\n\r\n",
                      far[] = "HTTP/1.1 302 Found\r\nLocation: http://example.net/\r\nContent-Length: 0\r\n\r\n";
    struct situation s;
    (void)state;
    /* Each redirect leads to a new URL: the first fetch and all redirects that are followed, over http and https. */
    say(deeper, strlen(deeper), THEN_CLOSE);
    prepare(&s, "", "http-token");
    run(&s);
    assert_int_equal(s.urls.n, 2 * (1 + 5));
    end(&s);
    prepare(&s, "[file]\nredirects = 20\n", "http-token");
    run(&s);
    assert_int_equal(s.urls.n, 2 * (1 + 20));
    end(&s);

    say(port, strlen(port), THEN_CLOSE);
    file_check("", VERDICT_FAIL, CAUSE_file_redirect_forbidden,
               "only port 80 for http and 443 for https are followed");
    file_check("[file]\nredirect_ports = http:80 http:8080\n", VERDICT_FAIL, CAUSE_file_redirect_loop, "8080");
    say(plain, strlen(plain), THEN_CLOSE);
    file_check("[file]\nredirect_ports = https:443\n", VERDICT_FAIL, CAUSE_file_redirect_forbidden,
               "only https is followed");
    say(host, strlen(host), THEN_CLOSE);
    file_check("", VERDICT_FAIL, CAUSE_file_redirect_loop, "www.example.com");
    file_check("[file]\nredirect_reach = host\n", VERDICT_FAIL, CAUSE_file_redirect_forbidden,
               "only the same host is followed");
    say(far, strlen(far), THEN_CLOSE);
    file_check("", VERDICT_FAIL, CAUSE_file_redirect_forbidden, "only the same registrable domain is followed");
    file_check("[file]\nredirect_reach = anywhere\n", VERDICT_FAIL, CAUSE_file_redirect_loop, "example.net");
}

static const struct fact *http_fact(const struct report *r)
{
    for (size_t i = 0; i < r->evidence->n; i++)
        if (r->evidence->facts[i]->ask->kind == ASK_HTTP)
            return r->evidence->facts[i];
    fail();
    return NULL;
}

/* The request that is sent, and the command that sends the same. */
static void fetcher(void **state)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\n\r\n" TOKEN;
    struct situation s;
    (void)state;
    say(answer, strlen(answer), THEN_CLOSE);
    prepare(&s, "", "http-token");
    s.request.sparing = true; /* nothing over https */
    run(&s);
    assert_string_equal(server.request, "GET /.well-known/pki-validation/fileauth.txt HTTP/1.1\r\nHost: " DOMAIN
                                        "\r\nUser-Agent: DigiCert DCV Bot/1.1\r\n"
                                        "Accept-Encoding: gzip, x-gzip, deflate\r\n"
                                        "Upgrade: TLS/1.2\r\nConnection: Upgrade\r\n\r\n");
    assert_string_equal(reproduce_command(s.arena, &s.profile, http_fact(s.report)),
                        "curl -sS -i -m 10 -A 'DigiCert DCV Bot/1.1' --compressed "
                        "-H 'Accept-Encoding: gzip, x-gzip, deflate' -H 'Upgrade: TLS/1.2' "
                        "-H 'Connection: Upgrade' -H Accept: --connect-to ::127.0.0.1:80 -o - "
                        "http://" DOMAIN "/.well-known/pki-validation/fileauth.txt");
    end(&s);
    prepare(&s, "[ca]\nuser_agent = Other/2\n[file]\nheaders = X-One: 1\n  X-Two: 2\nhttp_headers = X-Three: 3\n"
            "https_headers = X-Four: 4\nencodings =\ndir = /proof/\nname = a.txt\n",
            "http-token");
    s.request.sparing = true;
    run(&s);
    assert_string_equal(server.request, "GET /proof/a.txt HTTP/1.1\r\nHost: " DOMAIN
                                        "\r\nUser-Agent: Other/2\r\nX-One: 1\r\nX-Two: 2\r\nX-Three: 3\r\n\r\n");
    assert_string_equal(reproduce_command(s.arena, &s.profile, http_fact(s.report)),
                        "curl -sS -i -m 10 -A Other/2 -H 'X-One: 1' -H 'X-Two: 2' -H 'X-Three: 3' -H Accept: "
                        "--connect-to ::127.0.0.1:80 -o - http://" DOMAIN "/proof/a.txt");
    end(&s);
}

/* The body is decoded as the profile says; where it cannot be, its bytes are kept as they came. */
static void encodings(void **state)
{
    static const char head[] = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n";
    static const uint8_t gz[] = {0x1f, 0x8b, 8,    0,    0,    0,    0, 0, 0, 3, 0xcb, 0x48, 0xcd,
                                 0xc9, 0xc9, 7, 0, 0x86, 0xa6, 0x10, 0x36, 5, 0, 0, 0}; /* "hello" */
    struct situation s;
    char answer[200];
    size_t n = strlen(head);
    (void)state;
    memcpy(answer, head, n);
    memcpy(answer + n, gz, sizeof gz);
    static const struct {
        const char *profile;
        size_t cut;
        const char *body;
    } rows[] = {{"", 0, "hello"}, {"", sizeof gz - 5, NULL}, {"[file]\nencodings = deflate\n", 0, NULL}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        say(answer, n + sizeof gz - rows[i].cut, THEN_CLOSE);
        prepare(&s, rows[i].profile, "http-token");
        const struct http_fact *f = &http_fact(run(&s))->http;
        assert_int_equal(f->outcome, HTTP_RESPONSE);
        assert_int_equal(f->undecoded != NULL, rows[i].cut != 0);
        assert_int_equal(f->body.n, rows[i].body ? 5 : sizeof gz - rows[i].cut);
        assert_memory_equal(f->body.p, rows[i].body ? (const void *)rows[i].body : gz, f->body.n);
        end(&s);
    }
}

static void times(void **state)
{
    struct situation s;
    (void)state;
    say("", 0, THEN_HOLD);
    prepare(&s, "[file]\nread_ms = 60\n", "http-token");
    const struct fact *f = http_fact(run(&s));
    assert_int_equal(f->http.outcome, HTTP_TIMEOUT);
    assert_string_equal(f->http.detail, "connected, but nothing was answered within 0.06 s");
    end(&s);
}

/* The other places at which a missing file is looked for. */
static void near_paths(void **state)
{
    static const char answer[] = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    static const struct {
        const char *profile, *urls[16];
    } rows[] = {
        {"",
         {"/.well-known/pki-validation/FileAuth.txt", "/.well-known/pki-validation/fileauth.txt.txt",
          "/.well-known/pki-validation/fileauth", "/.well-known/pki-validation/",
          "/.Well-Known/pki-validation/fileauth.txt", "/.well-known/PKI-Validation/fileauth.txt",
          "/well-known/pki-validation/fileauth.txt", "/.well-known/fileauth.txt", "/pki-validation/fileauth.txt",
          "/fileauth.txt"}},
        {"[file]\ndir = /.well-known/acme-challenge/\nname = proof\n",
         {"/.well-known/acme-challenge/Proof", "/.Well-Known/acme-challenge/proof", "/.well-known/Acme-Challenge/proof",
          "/well-known/acme-challenge/proof", "/.well-known/proof", "/acme-challenge/proof", "/proof"}},
        {"[file]\ndir = /dcv/\nname = proof\n", {"/dcv/Proof", "/DCV/proof", "/proof"}},
        {"[file]\ndir = /\nname = proof\n", {"/Proof"}},
    };
    (void)state;
    say(answer, strlen(answer), THEN_CLOSE);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct situation s;
        prepare(&s, rows[i].profile, "http-token");
        s.request.depth = DEPTH_FULL;
        run(&s);
        for (size_t k = 0; rows[i].urls[k]; k++) {
            const char *url = arena_printf(s.arena, "http://" DOMAIN "%s", rows[i].urls[k]);
            bool asked = false;
            for (size_t u = 0; u < s.urls.n; u++)
                asked = asked || !strcmp(s.urls.v[u], url);
            if (!asked)
                fail_msg("not asked: %s", url);
        }
        end(&s);
    }
}

/* ---------------------------------------------------------------- DNS -------------------------------- */

/* A CNAME token of the older form, before and after the day from which on it is refused. */
static void retired_cname(void **state)
{
    static const uint8_t base[] = "\3dcv\10digicert\3com";
    static const struct rr cname = {.owner = "_" TOKEN "." DOMAIN ".",
                                    .type = RR_CNAME,
                                    .class = 1,
                                    .ttl = 60,
                                    .rdata = base,
                                    .rdlen = sizeof base};
    static const struct {
        const char *profile, *now;
        enum verdict verdict;
        size_t asked;
    } rows[] = {
        {"", NOW, VERDICT_FAIL, 2},
        {"[dns]\nretired_cname = yes\n", NOW, VERDICT_PASS, 2},
        {"[dns]\nretired_cname = yes\n  no from 2025-10-28\n", "2025-10-27T23:59:59Z", VERDICT_PASS, 2},
        {"[dns]\nretired_cname = yes\n  no from 2025-10-28\n", "2025-10-28T00:00:00Z", VERDICT_FAIL, 2},
        {"[dns]\nretired_cname = no\n", NOW, VERDICT_FAIL, 1},
        {"[dns]\nvalue_prefix = v\n", NOW, VERDICT_FAIL, 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct situation s;
        prepare(&s, rows[i].profile, "dns-cname-token");
        field(&s, "now", rows[i].now);
        s.records = &cname;
        s.n_records = 1;
        const struct report *r = run(&s);
        assert_int_equal(r->verdict, rows[i].verdict);
        assert_int_equal(r->error.code, r->verdict == VERDICT_PASS ? CODE_NONE : CODE_invalid_dns_cname);
        assert_int_equal(r->evidence->n, rows[i].asked);
        end(&s);
    }
}

/* The labels by which a CAA record permits the method (RFC 8657). */
static void caa_labels(void **state)
{
    static const struct {
        const char *profile, *listed;
        bool permits;
    } rows[] = {
        {"", "ca-tbr-18", true},
        {"", "http-01", false},
        {"[caa]\nmethods = http-token:http-01\n", "http-01", true},
        {"[caa]\nmethods = http-token:http-01\n", "ca-tbr-19", true},
        {"[caa]\nmethods = http-token:http-01\nequal_labels = a:b\n", "ca-tbr-19", false},
        {"[caa]\nmethods = http-token:http-01 http-token:web\n", "dns-01,web", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct situation s;
        prepare(&s, rows[i].profile, "caa");
        const char *rdata =
            arena_printf(s.arena, "%c%cissuedigicert.com; validationmethods=%s", 128, 5, rows[i].listed);
        struct rr caa = {.owner = DOMAIN ".",
                         .type = RR_CAA,
                         .class = 1,
                         .ttl = 60,
                         .rdata = (const uint8_t *)rdata,
                         .rdlen = (uint16_t)strlen(rdata)};
        s.request.methods |= METHOD_BIT(METHOD_HTTP_TOKEN);
        s.records = &caa;
        s.n_records = 1;
        if (run(&s)->verdict != (rows[i].permits ? VERDICT_PASS : VERDICT_FAIL))
            fail_msg("%s%s", rows[i].profile, rows[i].listed);
        end(&s);
    }
}

/* For how many days a random value is valid. */
static void days(void **state)
{
    static const uint8_t text[] = "\40" TOKEN;
    static const struct {
        const char *profile, *issued;
        enum verdict verdict;
    } rows[] = {
        {"", "2026-10-24T12:00:01Z", VERDICT_PASS},
        {"", "2026-10-22T11:59:59Z", VERDICT_FAIL},
        {"[lifetimes]\nrandom_days = 9\n", "2026-11-14T12:00:00Z", VERDICT_PASS},
        {"[lifetimes]\nrandom_days = 9\n", "2026-11-10T12:00:00Z", VERDICT_FAIL},
        {"[lifetimes]\nrandom_days = 60\n", "2026-10-10T12:00:00Z", VERDICT_PASS},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct situation s;
        prepare(&s, rows[i].profile, "dns-txt-token");
        struct rr txt = {.owner = DOMAIN ".",
                         .type = RR_TXT,
                         .class = 1,
                         .ttl = 60,
                         .rdata = text,
                         .rdlen = sizeof text - 1};
        field(&s, "issued", rows[i].issued);
        s.records = &txt;
        s.n_records = 1;
        const struct report *r = run(&s);
        if (r->verdict != rows[i].verdict)
            fail_msg("%s, issued %s: %s", rows[i].profile, rows[i].issued, verdict_name(r->verdict));
        end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes),   cmocka_unit_test(beyond), cmocka_unit_test(statuses),
        cmocka_unit_test(redirects), cmocka_unit_test(fetcher), cmocka_unit_test(encodings), cmocka_unit_test(times),
        cmocka_unit_test(near_paths), cmocka_unit_test(retired_cname), cmocka_unit_test(caa_labels),
        cmocka_unit_test(days),
    };
    char ca_file[] = "/tmp/dcvd-test-other-ca-XXXXXX";
    int fd = mkstemp(ca_file);
    if (fd < 0)
        return 1;
    close(fd);
    setenv("SSL_CERT_FILE", ca_file, 1);
    http_server_start(&server, ca_file);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    http_server_stop(&server);
    unlink(ca_file);
    return failed;
}
