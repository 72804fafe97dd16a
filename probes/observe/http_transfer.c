#include "observe/http_inner.h"

#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DETAIL_MOST = 200, RECEIVE = 8192 };

/* For asks with .browser: a user agent that bot filters accept. */
static const char BROWSER[] = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

static bool buffer_add(struct buffer *b, const char *p, size_t n)
{
    if (b->n + n > b->room) {
        size_t room = b->room ? b->room : 1024;
        while (room < b->n + n)
            room *= 2;
        char *grown = realloc(b->p, room);
        if (!grown)
            return false;
        b->p = grown;
        b->room = room;
    }
    memcpy(b->p + b->n, p, n);
    b->n += n;
    return true;
}

/* ---------------------------------------------------------------- curl's callbacks ------------------- */

/* Called right before the socket is made, so nothing (DNS rebinding, odd spellings) can change the address after the
 * guard saw it. */
static curl_socket_t on_open(void *user, curlsocktype purpose, struct curl_sockaddr *addr)
{
    struct transfer *t = user;

    t->denied = purpose == CURLSOCKTYPE_IPCXN ? guard_denies(t->exchange->h->cfg.guard, &addr->addr)
                                              : "no plain connection";
    if (t->denied)
        return CURL_SOCKET_BAD;
    int fd = socket(addr->family, addr->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, addr->protocol);
    if (fd < 0)
        t->starved = errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS;
    return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static CURLcode on_ssl(CURL *easy, void *ctx, void *user)
{
    struct transfer *t = user;

    (void)easy;
    t->greeted = true;
    tls_describe(ctx, &t->tls);
    return CURLE_OK;
}

static int on_connected(void *user, char *ip, char *local_ip, int port, int local_port)
{
    struct transfer *t = user;

    (void)ip, (void)local_ip, (void)port, (void)local_port;
    exchange_connected(t->exchange);
    return CURL_PREREQFUNC_OK;
}

static size_t on_header(char *p, size_t size, size_t n, void *user)
{
    struct transfer *t = user;
    size_t len = size * n;
    long status = 0;

    if (t->final) /* a trailer field */
        return len;
    if (len <= 2 && (p[0] == '\r' || p[0] == '\n')) {
        curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
        t->final = status >= 200 || status == 101;
        if (!t->final) { /* an interim response: the final one follows (RFC 9110 15.2) */
            t->head.n = 0;
            t->lines = 0;
        }
        return len;
    }
    if (t->lines == 0) /* the status line */
        t->lines = 1;
    else if (t->lines++ > HTTP_HEADERS_MOST || t->head.n + len > HTTP_HEAD_MOST)
        t->flooded = true;
    else if (!buffer_add(&t->head, p, len))
        t->starved = true;
    return t->flooded || t->starved ? 0 : len;
}

/* Keeps as much of the text as is wanted. */
static bool on_text(void *user, const uint8_t *p, size_t n)
{
    struct transfer *t = user;
    size_t room = t->body_most - t->body.n;

    t->size += n;
    if (!buffer_add(&t->body, (const char *)p, n < room ? n : room)) {
        t->starved = true;
        return false;
    }
    /* One byte above the limit shows that there is more. */
    return t->size <= t->body_most;
}

/* Finds out how the body is encoded, from the header lines. */
static bool body_begin(struct transfer *t)
{
    static const char name[] = "content-encoding:";
    struct buffer codings = {0};
    const char *p = t->head.p ? t->head.p : "", *stop = p + t->head.n, *next;
    bool ok = true;

    t->begun = true;
    for (; p < stop && ok; p = next) {
        const char *eol = memchr(p, '\n', (size_t)(stop - p)), *end = eol ? eol : stop;
        next = eol ? eol + 1 : stop;
        if ((size_t)(end - p) < strlen(name) || strncasecmp(p, name, strlen(name)) != 0)
            continue;
        p += strlen(name);
        end -= end > p && end[-1] == '\r';
        ok = buffer_add(&codings, p, (size_t)(end - p)) && buffer_add(&codings, ",", 1);
    }
    ok = ok && buffer_add(&codings, "", 1);
    ok = ok && !decoder_new(codings.p, &t->exchange->h->cfg.profile->encodings, on_text, t, &t->decoder);
    free(codings.p);
    return ok;
}

static size_t on_body(char *p, size_t size, size_t n, void *user)
{
    struct transfer *t = user;
    size_t len = size * n;
    const uint8_t *bytes = (const uint8_t *)p;

    if (!t->begun && !body_begin(t)) {
        t->starved = true;
        return 0;
    }
    if (!t->decoder)
        return on_text(t, bytes, len) ? len : 0;
    size_t room = t->body_most - t->raw.n;
    bool more = buffer_add(&t->raw, p, len < room ? len : room) && decoder_feed(t->decoder, bytes, len);
    t->starved = t->starved || decoder_starved(t->decoder);
    return more ? len : 0;
}

/* ---------------------------------------------------------------- the response ----------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void trim(const char **p, const char **end)
{
    while (*p < *end && is_blank(**p))
        ++*p;
    while (*end > *p && is_blank((*end)[-1]))
        --*end;
}

static bool headers_read(struct transfer *t, struct arena *a, struct http_fact *f)
{
    const char *p = t->head.p ? t->head.p : "", *stop = p + t->head.n, *next;

    f->headers = arena_array(a, t->lines, sizeof(*f->headers));
    if (!f->headers)
        return false;
    for (; p < stop; p = next) {
        const char *eol = memchr(p, '\n', (size_t)(stop - p)), *end = eol ? eol : stop;
        const char *colon = memchr(p, ':', (size_t)(end - p)), *value = p;
        struct http_header *h = &f->headers[f->n_headers];

        next = eol ? eol + 1 : stop;
        if (is_blank(*p) && f->n_headers > 0) { /* continues the value above (RFC 9112 5.2) */
            h--;
            trim(&value, &end);
            h->value = arena_printf(a, "%s %.*s", h->value, (int)(end - value), value);
        } else if (colon) {
            value = colon + 1;
            trim(&value, &end);
            h->name = arena_strndup(a, p, (size_t)(colon - p));
            h->value = arena_strndup(a, value, (size_t)(end - value));
            f->n_headers++;
        } else {
            continue;
        }
        if (!h->name || !h->value)
            return false;
    }
    return true;
}

/* Host names are compared without case: a redirect loop must be found even if its letters differ in case. */
static bool host_lower(CURLU *u)
{
    char *host = NULL;
    bool ok = curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK;

    for (char *p = host; ok && *p; p++)
        *p = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
    ok = ok && curl_url_set(u, CURLUPART_HOST, host, 0) == CURLUE_OK;
    curl_free(host);
    return ok;
}

/* The target of the first Location header, read by the URL parser of curl. */
static const char *redirect(struct http_exchange *x, const struct http_fact *f)
{
    const char *location = http_header_find(f, "location"), *ret = NULL;
    char *text = NULL, *scheme = NULL;

    CURLU *u = location && *location ? curl_url() : NULL;
    if (u && curl_url_set(u, CURLUPART_URL, x->ask->url, 0) == CURLUE_OK &&
        /* A fragment alone leads to the same document (RFC 3986 5.2.2); curl would take off the last part of the
         * path. */
        (*location == '#' ||
         curl_url_set(u, CURLUPART_URL, location, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK) &&
        curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0) == CURLUE_OK &&
        curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
        (strncmp(scheme, "http", 4) != 0 || host_lower(u)) &&
        curl_url_get(u, CURLUPART_URL, &text, CURLU_NO_DEFAULT_PORT) == CURLUE_OK)
        ret = text_escape(x->arena, text, strlen(text), HTTP_HEAD_MOST);
    curl_free(text);
    curl_free(scheme);
    curl_url_cleanup(u);
    return ret;
}

static bool response(struct transfer *t, struct http_fact *f)
{
    struct http_exchange *x = t->exchange;
    long status = 0;

    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    f->outcome = HTTP_RESPONSE;
    f->status = (int)status;
    f->size = t->size;
    f->more = t->size > t->body_most;
    f->undecoded = t->decoder ? decoder_fault(t->decoder, true) : NULL;
    const struct buffer *body = f->undecoded && !t->body.n ? &t->raw : &t->body;
    f->body.n = body->n;
    f->body.p = (const uint8_t *)arena_strndup(x->arena, body->n ? body->p : "", body->n);
    if (!f->body.p || !headers_read(t, x->arena, f))
        return false;
    if (status >= 300 && status < 400)
        f->redirect = redirect(x, f);
    return true;
}

/* ---------------------------------------------------------------- no response ------------------------ */

static const char *seconds(struct http_exchange *x, const char *what, uint32_t ms)
{
    return arena_printf(x->arena, "%s within %g s", what, ms / 1000.0);
}

static const char *late_words(struct transfer *t)
{
    struct http_exchange *x = t->exchange;
    const struct profile *p = x->h->cfg.profile;

    if (t->final)
        return seconds(x, "the response did not end", p->read_ms);
    if (t->lines > 0)
        return seconds(x, "the headers of the response did not end", p->read_ms);
    if (x->due)
        return seconds(x, "connected, but nothing was answered", p->read_ms);
    return seconds(x, t->greeted ? "connected, but the TLS handshake did not end" : "no connection",
                   p->connect_ms);
}

static enum http_outcome connect_outcome(struct transfer *t, const char **why)
{
    long error = 0;

    curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &error);
    switch (error) {
    case ECONNREFUSED:
        *why = "the connection was refused";
        return HTTP_REFUSED;
    case ETIMEDOUT:
        *why = "no connection: the system gave up";
        return HTTP_TIMEOUT;
    case ECONNRESET:
        *why = "the connection was reset while it was made";
        return HTTP_RESET;
    case 0:
        return HTTP_UNREACHABLE;
    default:
        *why = strerrordesc_np((int)error);
        return HTTP_UNREACHABLE;
    }
}

/* What OpenSSL says where plain text came instead of a TLS record. */
static bool is_plain_text(const char *words)
{
    return strstr(words, "wrong version number") || strstr(words, "packet length too long") ||
           strstr(words, "http request");
}

/* Whether curl reports this errno. For connected sockets only: CURLINFO_OS_ERRNO may be that of an earlier fetch of the
 * handle. */
static bool says(const struct transfer *t, int error)
{
    return strstr(t->words, strerrordesc_np(error));
}

/* Sets *why to our text, or leaves it where the text of curl is better. */
static enum http_outcome failure(struct transfer *t, CURLcode result, bool late, const char **why)
{
    if (t->denied) {
        *why = t->denied;
        return HTTP_FORBIDDEN_ADDRESS;
    }
    if (late || result == CURLE_OPERATION_TIMEDOUT) {
        *why = late_words(t);
        return HTTP_TIMEOUT;
    }
    /* A client with limits, such as that of a CA, drops such a response without a status. For a line above 100 KB curl
     * reports that it is out of memory. */
    if (t->flooded || result == CURLE_OUT_OF_MEMORY) {
        *why = "more headers than a client takes";
        return HTTP_NOT_HTTP;
    }
    /* curl may add codes: all that are not named here count as a connection that broke. */
    if (result == CURLE_COULDNT_CONNECT)
        return connect_outcome(t, why);
    if (result == CURLE_SSL_CONNECT_ERROR || result == CURLE_SSL_CIPHER || result == CURLE_SSL_CERTPROBLEM ||
        result == CURLE_PEER_FAILED_VERIFICATION) {
        if (!is_plain_text(t->words))
            return HTTP_TLS;
        *why = "the port does not speak TLS";
        return HTTP_NOT_HTTP;
    }
    /* After a redirect to a host with bytes that no host name has, for which a wildcard record gave an address. */
    if (result == CURLE_URL_MALFORMAT) {
        *why = "no client can ask for this URL";
        return HTTP_UNREACHABLE;
    }
    if (result == CURLE_UNSUPPORTED_PROTOCOL || result == CURLE_WEIRD_SERVER_REPLY || result == CURLE_OK) {
        *why = "what came does not begin as an HTTP response";
        return HTTP_NOT_HTTP;
    }
    if (result == CURLE_RECV_ERROR && strstr(t->words, "chunked-encoding"))
        return HTTP_NOT_HTTP;
    if (result == CURLE_GOT_NOTHING)
        *why = "the server closed the connection without an answer";
    else if (says(t, ECONNRESET) || says(t, EPIPE))
        *why = "the server reset the connection";
    return HTTP_RESET;
}

static bool no_response(struct transfer *t, CURLcode result, bool late, struct http_fact *f)
{
    struct arena *a = t->exchange->arena;
    const char *why = NULL;
    long status = 0;

    f->outcome = failure(t, result, late, &why);
    f->connected = f->outcome == HTTP_TIMEOUT && t->exchange->due;
    if (!why)
        why = *t->words ? t->words : curl_easy_strerror(result);
    f->detail = text_escape(a, why, strlen(why), DETAIL_MOST);
    if (t->final && f->detail) {
        curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
        f->detail = arena_printf(a, "%s; status %ld and %" PRIu64 " bytes of the body had come", f->detail,
                                 status, t->size);
    }
    return f->detail;
}

/* ---------------------------------------------------------------- life ------------------------------- */

static void transfer_free(struct transfer *t)
{
    curl_easy_cleanup(t->easy);
    free(t->head.p);
    free(t->body.p);
    free(t->raw.p);
    decoder_free(t->decoder);
    free(t);
}

/* Sets the options that are the same for each fetch; none of them changes later, so a handle is never reset. */
static struct transfer *transfer_new(struct http *h)
{
    struct transfer *t = calloc(1, sizeof(*t));
    CURL *e = t ? curl_easy_init() : NULL;
    bool ok = e;

    if (!e) {
        free(t);
        return NULL;
    }
    t->easy = e;
#define SET(option, value) ok = ok && curl_easy_setopt(e, option, value) == CURLE_OK
    SET(CURLOPT_PRIVATE, t);
    SET(CURLOPT_ERRORBUFFER, t->words);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_HTTP09_ALLOWED, 0L);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_FRESH_CONNECT, 1L);
    SET(CURLOPT_FORBID_REUSE, 1L);
    SET(CURLOPT_DNS_CACHE_TIMEOUT, 0L);
    SET(CURLOPT_SSL_SESSIONID_CACHE, 0L);
    SET(CURLOPT_SSL_VERIFYPEER, 0L);
    SET(CURLOPT_SSL_VERIFYHOST, 0L);
    /* Otherwise curl would read the system's certificates for each connection. */
    SET(CURLOPT_CAINFO, NULL);
    SET(CURLOPT_CAPATH, NULL);
    SET(CURLOPT_SSL_CTX_FUNCTION, on_ssl);
    SET(CURLOPT_SSL_CTX_DATA, t);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)h->cfg.profile->connect_ms);
    SET(CURLOPT_BUFFERSIZE, (long)RECEIVE);
    SET(CURLOPT_OPENSOCKETFUNCTION, on_open);
    SET(CURLOPT_OPENSOCKETDATA, t);
    SET(CURLOPT_PREREQFUNCTION, on_connected);
    SET(CURLOPT_PREREQDATA, t);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, t);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, t);
    if (!ok) {
        transfer_free(t);
        return NULL;
    }
    return t;
}

/* How many bytes of a body are kept. */
static size_t body_most(const struct http_exchange *x)
{
    size_t read = x->h->cfg.profile->file_bytes;

    return !x->ask->whole ? read : read > HTTP_WHOLE_LEAST / 2 ? 2 * read : HTTP_WHOLE_LEAST;
}

static bool transfer_set(struct transfer *t, struct http_exchange *x)
{
    struct http *h = x->h;
    CURL *e = t->easy;
    bool https = strncmp(x->url, "https", 5) == 0, ok = true;

    t->tls = (struct tls_view){.a = x->arena, .host = x->host};
    t->body_most = body_most(x);
    SET(CURLOPT_CONNECT_TO, &x->site->pin);
    SET(CURLOPT_TCP_NODELAY, (long)https); /* a TLS handshake takes several segments */
    SET(CURLOPT_URL, x->url);
    SET(CURLOPT_USERAGENT, x->ask->browser ? BROWSER
                           : x->ask->agent ? x->ask->agent
                                           : h->cfg.profile->agents.v[0].text);
    SET(CURLOPT_HTTPHEADER, x->ask->browser ? NULL : h->headers[https]);
#undef SET
    return ok;
}

bool transfer_begin(struct http_exchange *x)
{
    struct http *h = x->h;
    struct transfer *t = SLIST_FIRST(&h->idle);

    if (t) {
        SLIST_REMOVE_HEAD(&h->idle, link);
        h->n_idle--;
    } else {
        t = transfer_new(h);
    }
    if (!t)
        return false;
    t->exchange = x;
    x->transfer = t;
    if (transfer_set(t, x) && curl_multi_add_handle(h->multi, t->easy) == CURLM_OK)
        return true;
    transfer_release(t);
    return false;
}

void transfer_release(struct transfer *t)
{
    struct http *h = t->exchange->h;

    curl_multi_remove_handle(h->multi, t->easy);
    t->exchange->transfer = NULL;
    t->exchange = NULL;
    t->denied = NULL;
    t->starved = t->flooded = t->final = t->greeted = false;
    t->head.n = t->body.n = t->raw.n = 0;
    decoder_free(t->decoder);
    t->decoder = NULL;
    t->begun = false;
    t->size = 0;
    t->lines = 0;
    t->words[0] = '\0';
    SLIST_INSERT_HEAD(&h->idle, t, link);
    h->n_idle++;
    transfers_trim(h, POOL_IDLE_MOST);
}

void transfers_trim(struct http *h, unsigned idle_most)
{
    while (h->n_idle > idle_most) {
        struct transfer *t = SLIST_FIRST(&h->idle);
        SLIST_REMOVE_HEAD(&h->idle, link);
        h->n_idle--;
        transfer_free(t);
    }
}

bool transfer_end(struct transfer *t, CURLcode result, bool late)
{
    struct http_exchange *x = t->exchange;
    bool starved = t->starved || (result == CURLE_OUT_OF_MEMORY && !x->due);

    if (!starved) {
        struct fact *f = arena_alloc(x->arena, sizeof(*f));
        uint64_t us = (uv_hrtime() - x->started) / 1000;
        /* Once as much is read as the CA reads, it does not matter how the rest ends. */
        bool undecoded = t->decoder && decoder_fault(t->decoder, false);
        bool have = t->final && ((result == CURLE_OK && !late) || t->size >= t->body_most || undecoded);
        if (f) {
            f->ask = x->ask;
            f->us = us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
            f->http.tls = t->tls.fact;
            x->fact = (have ? response(t, &f->http) : no_response(t, result, late, &f->http)) ? f : NULL;
        }
    }
    transfer_release(t);
    return !starved;
}
