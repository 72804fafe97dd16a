#include "http.h"

#include "http_tls.h"
#include "name.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum {
    BODY_CA = 5000,     /* what the CA reads */
    BODY_WHOLE = 65536, /* of an ask that reads on */
    HEADERS_MOST = 100, /* members */
    HEADER_BYTES = 32768,
    DETAIL_MOST = 200
};

/* A browser that is asked for in ask.browser: what a bot filter lets through. */
static const char BROWSER[] = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

struct exchange {
    struct http *http;
    struct exchange *next, *prev; /* in the queue, the active list or the done list */
    struct arena *a;
    struct ask *ask;
    fact_fn *fn;
    void *user;
    CURL *easy;             /* while active */
    struct curl_slist *pin; /* of CONNECT_TO */
    struct fact *fact;
    struct tls_view tls;
    const char *denied; /* the guard's word */
    char *body;
    size_t body_n, body_most, header_bytes;
    bool capped, flooded;
    uint64_t started;
    CURLcode result;
    enum { WAITING, ACTIVE, DONE } state;
    char error[CURL_ERROR_SIZE];
};

struct list {
    struct exchange *first, *last;
};

struct http {
    uv_loop_t *loop;
    uv_timer_t timer;
    CURLM *multi;
    struct list waiting, active, done;
    size_t n_active, n_idle, polls;
    CURL **idle; /* handles to be used again: up to .fetches of them */
    struct http_config cfg;
    char *user_agent;
    bool delivering, timer_closed;
    bool closing;
    void (*closed)(void *user);
    void *closed_user;
};

static void list_add(struct list *l, struct exchange *x)
{
    x->next = NULL;
    x->prev = l->last;
    *(l->last ? &l->last->next : &l->first) = x;
    l->last = x;
}

static void list_remove(struct list *l, struct exchange *x)
{
    *(x->prev ? &x->prev->next : &l->first) = x->next;
    *(x->next ? &x->next->prev : &l->last) = x->prev;
}

/* ---------------------------------------------------------------- curl's callbacks ------------------- */

/* Right before the socket is made: nothing can change the address after this (rebinding, odd spellings). */
static curl_socket_t on_open(void *user, curlsocktype purpose, struct curl_sockaddr *addr)
{
    struct exchange *x = user;
    x->denied =
        purpose == CURLSOCKTYPE_IPCXN ? guard_denies(x->http->cfg.guard, &addr->addr) : "no plain connection";
    if (x->denied)
        return CURL_SOCKET_BAD;
    return socket(addr->family, addr->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, addr->protocol);
}

static CURLcode on_ssl(CURL *easy, void *ctx, void *user)
{
    (void)easy;
    tls_describe(ctx, user);
    return CURLE_OK;
}

static size_t on_body(char *p, size_t size, size_t n, void *user)
{
    struct exchange *x = user;
    size_t len = size * n, room = x->body_most - x->body_n, take = len < room ? len : room;
    memcpy(x->body + x->body_n, p, take);
    x->body_n += take;
    x->fact->http.size += len;
    if (take == len)
        return len;
    x->capped = true; /* one byte more than is read is enough to know that there is more */
    return 0;
}

static size_t on_header(char *p, size_t size, size_t n, void *user)
{
    struct exchange *x = user;
    struct http_fact *f = &x->fact->http;
    size_t len = size * n;
    x->header_bytes += len;
    if (len >= 5 && !memcmp(p, "HTTP/", 5)) {
        f->n_headers = 0; /* of an interim answer (1xx): the final one's follow */
        return len;
    }
    const char *colon = memchr(p, ':', len);
    if (!colon)
        return len;
    if (x->header_bytes > HEADER_BYTES || f->n_headers == HEADERS_MOST) {
        x->flooded = true;
        return 0;
    }
    const char *v = colon + 1, *end = p + len;
    while (v < end && (*v == ' ' || *v == '\t'))
        v++;
    while (end > v && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' ' || end[-1] == '\t'))
        end--;
    if (!f->headers)
        f->headers = arena_array(x->a, HEADERS_MOST, sizeof *f->headers);
    char *name = arena_strndup(x->a, p, (size_t)(colon - p)),
         *value = arena_strndup(x->a, v, (size_t)(end - v));
    if (!f->headers || !name || !value)
        return 0;
    f->headers[f->n_headers++] = (struct http_header){name, value};
    return len;
}

/* ---------------------------------------------------------------- what a transfer came to ------------ */

static enum http_outcome connect_outcome(const struct exchange *x)
{
    long err = 0;
    if (x->denied)
        return HTTP_FORBIDDEN_ADDRESS;
    curl_easy_getinfo(x->easy, CURLINFO_OS_ERRNO, &err);
    switch (err) {
    case ECONNREFUSED:
        return HTTP_REFUSED;
    case ETIMEDOUT:
        return HTTP_TIMEOUT;
    default:
        return HTTP_UNREACHABLE;
    }
}

static enum http_outcome outcome(const struct exchange *x)
{
    switch (x->result) {
    case CURLE_OK:
        return HTTP_RESPONSE;
    case CURLE_COULDNT_CONNECT:
        return connect_outcome(x);
    case CURLE_OPERATION_TIMEDOUT:
        return HTTP_TIMEOUT;
    case CURLE_SSL_CONNECT_ERROR:
        /* OpenSSL's word for plain text where a TLS record should begin. */
        return strstr(x->error, "wrong version number") || strstr(x->error, "http request") ? HTTP_NOT_HTTP
                                                                                            : HTTP_TLS;
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_PEER_FAILED_VERIFICATION:
        return HTTP_TLS;
    case CURLE_WRITE_ERROR:
        return x->capped ? HTTP_RESPONSE
                         : HTTP_NOT_HTTP; /* too many headers: nothing that a client would take */
    case CURLE_UNSUPPORTED_PROTOCOL:      /* HTTP/0.9 */
    case CURLE_WEIRD_SERVER_REPLY:
        return HTTP_NOT_HTTP;
    default:
        return HTTP_RESET;
    }
}

/* Where Location leads. Read by curl's own URL parser, as a client would. */
static const char *redirect(struct exchange *x)
{
    const char *location = NULL, *ret = NULL;
    for (size_t i = 0; i < x->fact->http.n_headers && !location; i++)
        if (!strcasecmp(x->fact->http.headers[i].name, "location"))
            location = x->fact->http.headers[i].value;
    CURLU *u = location && *location ? curl_url() : NULL;
    char *text = NULL;
    if (u && !curl_url_set(u, CURLUPART_URL, x->ask->url, 0) &&
        !curl_url_set(u, CURLUPART_URL, location, CURLU_NON_SUPPORT_SCHEME) &&
        !curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0) &&
        !curl_url_get(u, CURLUPART_URL, &text, CURLU_NO_DEFAULT_PORT))
        ret = text_escape(x->a, text, strlen(text), 2000);
    curl_free(text);
    curl_url_cleanup(u);
    return ret;
}

static void describe(struct exchange *x)
{
    struct http_fact *f = &x->fact->http;
    long status = 0;
    f->outcome = outcome(x);
    curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
    f->status = f->outcome == HTTP_RESPONSE ? (int)status : 0;
    f->tls = x->tls.fact;
    f->more = x->capped;
    if (f->outcome == HTTP_RESPONSE) {
        f->body = (struct bytes){(const uint8_t *)arena_strndup(x->a, x->body, x->body_n), x->body_n};
        f->redirect = status >= 300 && status < 400 ? redirect(x) : NULL;
        return;
    }
    const char *why = x->denied ? x->denied : x->flooded ? "more headers than any client takes" : x->error;
    if (!*why)
        why = curl_easy_strerror(x->result);
    f->detail = text_escape(x->a, why, strlen(why), DETAIL_MOST);
}

/* ---------------------------------------------------------------- handles ---------------------------- */

static void release(struct http *h, CURL *easy)
{
    curl_easy_reset(easy);
    if (h->n_idle < h->cfg.fetches)
        h->idle[h->n_idle++] = easy;
    else
        curl_easy_cleanup(easy);
}

static CURL *take(struct http *h)
{
    return h->n_idle ? h->idle[--h->n_idle] : curl_easy_init();
}

static void exchange_free(struct exchange *x)
{
    curl_slist_free_all(x->pin);
    free(x->body);
    free(x);
}

/* Off the multi handle; its handle goes back to the pool. */
static void detach(struct exchange *x)
{
    struct http *h = x->http;
    curl_multi_remove_handle(h->multi, x->easy);
    list_remove(&h->active, x);
    h->n_active--;
    release(h, x->easy);
    x->easy = NULL;
}

static bool set_up(struct exchange *x)
{
    struct http *h = x->http;
    CURL *e = x->easy;
    const struct ask *q = x->ask;
    bool ok = true;
#define SET(option, value) ok = ok && curl_easy_setopt(e, option, value) == CURLE_OK
    SET(CURLOPT_URL, q->url);
    SET(CURLOPT_PRIVATE, x);
    SET(CURLOPT_ERRORBUFFER, x->error);
    SET(CURLOPT_CONNECT_TO, x->pin);
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
    SET(CURLOPT_SSL_CTX_FUNCTION, on_ssl);
    SET(CURLOPT_SSL_CTX_DATA, &x->tls);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)h->cfg.connect_ms);
    SET(CURLOPT_TIMEOUT_MS, (long)h->cfg.connect_ms + (long)h->cfg.read_ms);
    SET(CURLOPT_USERAGENT, q->browser ? BROWSER : h->user_agent);
    SET(CURLOPT_OPENSOCKETFUNCTION, on_open);
    SET(CURLOPT_OPENSOCKETDATA, x);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, x);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, x);
#undef SET
    return ok;
}

/* Host of the URL into x->tls.host; false where the URL may not be fetched at all. */
static bool read_url(struct exchange *x)
{
    CURLU *u = curl_url();
    char *host = NULL, *port = NULL, *scheme = NULL;
    bool ok = u && !curl_url_set(u, CURLUPART_URL, x->ask->url, 0) &&
              !curl_url_get(u, CURLUPART_HOST, &host, 0) &&
              !curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) &&
              !curl_url_get(u, CURLUPART_SCHEME, &scheme, 0);
    ok = ok && ((!strcmp(scheme, "http") && !strcmp(port, "80")) ||
                (!strcmp(scheme, "https") && !strcmp(port, "443")));
    if (ok) {
        size_t n = strlen(host);
        bool v6 = n > 1 && *host == '[';
        x->tls.host = arena_strndup(x->a, host + v6, n - 2 * (size_t)v6);
    }
    curl_free(host);
    curl_free(port);
    curl_free(scheme);
    curl_url_cleanup(u);
    return ok && x->tls.host;
}

/* ---------------------------------------------------------------- delivery --------------------------- */

static void end(struct exchange *x)
{
    uint64_t us = (uv_hrtime() - x->started) / 1000;
    x->fact->us = us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
    x->state = DONE;
    list_add(&x->http->done, x);
}

static void begin_more(struct http *h)
{
    while (h->waiting.first && h->n_active < h->cfg.fetches) {
        struct exchange *x = h->waiting.first;
        list_remove(&h->waiting, x);
        x->started = uv_hrtime();
        x->easy = take(h);
        bool ok = x->easy && set_up(x) && curl_multi_add_handle(h->multi, x->easy) == CURLM_OK;
        if (ok) {
            x->state = ACTIVE;
            list_add(&h->active, x);
            h->n_active++;
            continue;
        }
        x->fact->http.outcome = HTTP_UNREACHABLE;
        x->fact->http.detail = "no memory for a transfer";
        if (x->easy)
            release(h, x->easy);
        x->easy = NULL;
        end(x);
    }
}

static void collect(struct http *h)
{
    CURLMsg *m;
    int left;
    while ((m = curl_multi_info_read(h->multi, &left))) {
        struct exchange *x = NULL;
        if (m->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&x);
        x->result = m->data.result;
        describe(x);
        detach(x);
        end(x);
    }
}

/* Outside of curl's callbacks: whoever is called back may ask again at once. */
static void deliver(struct http *h)
{
    if (h->delivering)
        return;
    h->delivering = true;
    do {
        collect(h);
        while (h->done.first) {
            struct exchange *x = h->done.first;
            list_remove(&h->done, x);
            fact_fn *fn = x->fn;
            void *user = x->user;
            struct ask *ask = x->ask;
            struct fact *fact = arena_full(x->a) ? NULL : x->fact;
            exchange_free(x);
            fn(user, ask, fact);
        }
        begin_more(h);
    } while (h->done.first);
    h->delivering = false;
}

/* ---------------------------------------------------------------- the loop --------------------------- */

struct watch {
    uv_poll_t poll;
    struct http *http;
    curl_socket_t fd;
};

static void act(struct http *h, curl_socket_t fd, int events)
{
    int running;
    curl_multi_socket_action(h->multi, fd, events, &running);
    deliver(h);
}

static void on_poll(uv_poll_t *p, int status, int events)
{
    struct watch *w = p->data;
    int flags = status < 0 ? CURL_CSELECT_ERR : 0;
    if (events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    act(w->http, w->fd, flags);
}

static void closed_check(struct http *h)
{
    if (!h->closing || h->polls || !h->timer_closed)
        return;
    void (*closed)(void *) = h->closed;
    void *user = h->closed_user;
    free(h->idle);
    free(h->user_agent);
    free(h);
    if (closed)
        closed(user);
}

static void on_watch_closed(uv_handle_t *handle)
{
    struct watch *w = handle->data;
    struct http *h = w->http;
    h->polls--;
    free(w);
    closed_check(h);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *assigned)
{
    (void)easy;
    struct http *h = user;
    struct watch *w = assigned;
    if (what == CURL_POLL_REMOVE) {
        if (w) {
            uv_poll_stop(&w->poll); /* before curl closes the descriptor */
            uv_close((uv_handle_t *)&w->poll, on_watch_closed);
            curl_multi_assign(h->multi, fd, NULL);
        }
        return 0;
    }
    if (!w) {
        w = calloc(1, sizeof *w);
        if (!w)
            return -1;
        *w = (struct watch){.http = h, .fd = fd};
        if (uv_poll_init_socket(h->loop, &w->poll, fd)) {
            free(w);
            return -1;
        }
        w->poll.data = w;
        h->polls++;
        curl_multi_assign(h->multi, fd, w);
    }
    uv_poll_start(&w->poll,
                  (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0),
                  on_poll);
    return 0;
}

static void on_timeout(uv_timer_t *timer)
{
    act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static int on_timer(CURLM *multi, long ms, void *user)
{
    (void)multi;
    struct http *h = user;
    if (h->closing)
        return 0;
    if (ms < 0)
        uv_timer_stop(&h->timer);
    else
        uv_timer_start(&h->timer, on_timeout, (uint64_t)ms, 0);
    return 0;
}

/* ---------------------------------------------------------------- the observer ----------------------- */

static int http_start(void *self, struct arena *a, struct ask *ask, fact_fn *fn, void *user, void **op)
{
    struct http *h = self;
    struct exchange *x = calloc(1, sizeof *x);
    if (!x)
        return -ENOMEM;
    *x = (struct exchange){.http = h, .a = a, .ask = ask, .fn = fn, .user = user, .started = uv_hrtime()};
    x->body_most = ask->whole ? BODY_WHOLE : BODY_CA;
    x->body = malloc(x->body_most);
    x->fact = arena_alloc(a, sizeof *x->fact);
    x->tls.a = a;
    /* Any host and port of the URL, to the one address: the pin leaves no trace in a cache. */
    char *pin = arena_printf(a, "::%s", ask->address);
    x->pin = pin ? curl_slist_append(NULL, pin) : NULL;
    if (!x->body || !x->fact || !x->pin) {
        exchange_free(x);
        return -ENOMEM;
    }
    x->fact->ask = ask;
    *op = x;
    if (read_url(x)) {
        list_add(&h->waiting, x);
    } else {
        x->fact->http.outcome = HTTP_FORBIDDEN_ADDRESS;
        x->fact->http.detail = "only port 80 for http and port 443 for https are fetched from";
        end(x);
    }
    if (!h->delivering) {
        begin_more(h);
        if (h->done.first) /* from a turn of the loop of its own, not from within */
            uv_timer_start(&h->timer, on_timeout, 0, 0);
    }
    return 0;
}

static void http_cancel(void *self, void *op)
{
    struct http *h = self;
    struct exchange *x = op;
    switch (x->state) {
    case WAITING:
        list_remove(&h->waiting, x);
        break;
    case ACTIVE:
        detach(x);
        break;
    case DONE:
        list_remove(&h->done, x);
        break;
    }
    fact_fn *fn = x->fn;
    void *user = x->user;
    struct ask *ask = x->ask;
    exchange_free(x);
    fn(user, ask, NULL);
}

void http_observer(struct http *h, struct observer *ret)
{
    *ret = (struct observer){h, http_start, http_cancel};
}

/* ---------------------------------------------------------------- life ------------------------------- */

static uv_once_t curl_once = UV_ONCE_INIT;

static void curl_start(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

int http_new(uv_loop_t *loop, const struct http_config *cfg, struct http **ret)
{
    struct http *h = calloc(1, sizeof *h);
    uv_once(&curl_once, curl_start);
    if (!h)
        return -ENOMEM;
    *h = (struct http){.loop = loop, .cfg = *cfg, .multi = curl_multi_init()};
    h->idle = calloc(cfg->fetches, sizeof *h->idle);
    if (asprintf(&h->user_agent, "%s (dcvd/%s)", cfg->user_agent, DCVD_VERSION) < 0)
        h->user_agent = NULL;
    h->cfg.user_agent = h->user_agent;
    if (!h->multi || !h->idle || !h->user_agent) {
        if (h->multi)
            curl_multi_cleanup(h->multi);
        free(h->idle);
        free(h->user_agent);
        free(h);
        return -ENOMEM;
    }
    uv_timer_init(loop, &h->timer);
    h->timer.data = h;
    curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
    curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
    *ret = h;
    return 0;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct http *h = handle->data;
    h->timer_closed = true;
    closed_check(h);
}

void http_close(struct http *h, void (*closed)(void *user), void *user)
{
    h->closing = true;
    h->closed = closed;
    h->closed_user = user;
    while (h->n_idle)
        curl_easy_cleanup(h->idle[--h->n_idle]);
    curl_multi_cleanup(h->multi); /* its sockets' watches are closed from within */
    uv_close((uv_handle_t *)&h->timer, on_timer_closed);
}
