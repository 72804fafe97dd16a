#include "observe/http_inner.h"

#include "base/url.h"
#include "observe/slice.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

/* ---------------------------------------------------------------- sites ------------------------------ */

static struct http_site *site_get(struct http *h, const struct addr *addr)
{
    struct http_site *s = (struct http_site *)address_get(&h->sites, addr, true);

    if (s && s->at.refs == 1) {
        strcpy(s->pin_text, "::");
        addr_text(addr, s->pin_text + 2);
        s->pin.data = s->pin_text;
    }
    return s;
}

static void site_put(struct http_site *s)
{
    if (address_put(&s->at))
        free(s);
}

/* ---------------------------------------------------------------- exchanges ---------------------------- */

static struct http_exchange *exchange_of(struct address_link *l)
{
    return (struct http_exchange *)l;
}

void exchange_connected(struct http_exchange *x)
{
    if (x->due)
        return;
    x->due = uv_hrtime() + (uint64_t)x->h->cfg.profile->read_ms * 1000000;
    TAILQ_INSERT_TAIL(&x->h->reading, x, reading_link);
}

/* The exchange is no longer in flight. */
static void exchange_landed(struct http_exchange *x)
{
    if (x->due)
        TAILQ_REMOVE(&x->h->reading, x, reading_link);
    x->due = 0;
    address_ended(&x->site->at);
}

static void exchange_rest(struct http_exchange *x)
{
    x->h->rest_until = uv_hrtime() + REST_MS * UINT64_C(1000000);
    address_queue_add(&x->site->at.again, &x->link);
}

static void exchange_done(struct http_exchange *x, CURLcode result, bool late)
{
    struct http_counters *c = &x->h->counters;
    bool told = transfer_end(x->transfer, result, late);

    exchange_landed(x);
    if (!told) {
        exchange_rest(x);
        return;
    }
    if (x->fact) {
        enum http_outcome o = x->fact->http.outcome;
        c->responses += o == HTTP_RESPONSE;
        c->timeouts += o == HTTP_TIMEOUT;
        c->forbidden += o == HTTP_FORBIDDEN_ADDRESS;
    }
    address_queue_add(&x->h->ready, &x->link);
}

/* Starts x, which address_next() gave. */
static void exchange_begin(struct http_exchange *x)
{
    x->started = uv_hrtime();
    if (!transfer_begin(x)) {
        address_ended(&x->site->at);
        exchange_rest(x);
        return;
    }
    x->h->counters.sent++;
}

/* Calls the callback of the exchange, once, and frees the exchange. */
static void exchange_end(struct http_exchange *x, struct fact *fact)
{
    struct http *h = x->h;
    fact_fn *fn = x->fn;
    void *user = x->user;
    struct ask *ask = x->ask;

    address_queue_remove(&x->link);
    if (x->site)
        site_put(x->site);
    free(x);
    h->open--;
    fn(user, ask, fact);
}

/* ---------------------------------------------------------------- curl's side ------------------------ */

static void collect(struct http *h)
{
    CURLMsg *m;
    int left;

    while ((m = curl_multi_info_read(h->multi, &left))) {
        struct transfer *t = NULL;
        CURLcode result = m->data.result;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&t);
        exchange_done(t->exchange, result, false);
    }
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *known)
{
    struct http *h = user;
    struct epoll_event ev = {.data.fd = fd};

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        for (unsigned i = h->event; i < h->n_events; i++)
            if (h->events[i].data.fd == fd)
                h->events[i].data.fd = -1;
        epoll_ctl(h->epoll, EPOLL_CTL_DEL, fd, NULL);
        return 0;
    }
    if (what & CURL_POLL_IN)
        ev.events |= EPOLLIN;
    if (what & CURL_POLL_OUT)
        ev.events |= EPOLLOUT;
    if (!known)
        curl_multi_assign(h->multi, fd, h);
    return epoll_ctl(h->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &ev);
}

static void on_timer(uv_timer_t *timer);

static int on_curl_timer(CURLM *multi, long ms, void *user)
{
    struct http *h = user;

    (void)multi;
    if (h->closing)
        return 0;
    return ms < 0 ? uv_timer_stop(&h->timer) : uv_timer_start(&h->timer, on_timer, (uint64_t)ms, 0);
}

/* ---------------------------------------------------------------- turns ------------------------------ */

static void on_idle(uv_idle_t *idle);
static void on_deadline(uv_timer_t *timer);

static uint64_t ms_until(uint64_t then, uint64_t now)
{
    return then > now ? (then - now + 999999) / 1000000 : 0;
}

static bool can_begin(const struct http *h)
{
    return address_runnable(&h->sites) && h->sites.in_flight < h->cfg.fetches && !h->rest_until && !h->preparing;
}

/* Arms the handles for what is next. An open fetch keeps the loop alive, an open http does not. */
static void http_wake(struct http *h)
{
    const struct http_exchange *x = TAILQ_FIRST(&h->reading);
    uint64_t next = x ? x->due : 0;

    if (h->closing)
        return;
    if (can_begin(h) || address_queue_first(&h->ready))
        uv_idle_start(&h->idler, on_idle);
    else
        uv_idle_stop(&h->idler);
    if (h->rest_until && (!next || h->rest_until < next))
        next = h->rest_until;
    if (next)
        uv_timer_start(&h->deadline, on_deadline, ms_until(next, uv_hrtime()), 0);
    else
        uv_timer_stop(&h->deadline);
    if (h->open > 0)
        uv_ref((uv_handle_t *)&h->poll);
    else
        uv_unref((uv_handle_t *)&h->poll);
}

/* The end of each turn, outside of any curl function: calls the callbacks. */
static void turn_end(struct http *h)
{
    struct http_exchange *x;
    uint64_t began = slice_begin();

    while ((x = exchange_of(address_queue_first(&h->ready)))) {
        exchange_end(x, x->fact);
        if (slice_over(began))
            break;
    }
    http_wake(h);
}

static void on_idle(uv_idle_t *idle)
{
    struct http *h = idle->data;
    uint64_t began = slice_begin();
    int running;

    while (can_begin(h) && !slice_over(began)) {
        exchange_begin(exchange_of(address_next(&h->sites)));
        /* Adding a handle only notes it; this makes curl connect. */
        curl_multi_socket_action(h->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    collect(h);
    turn_end(h);
}

/* A TLS handshake takes long: when the time is over, the other events are processed first in the next turn. */
static void on_sockets(uv_poll_t *poll, int status, int events)
{
    struct http *h = poll->data;
    uint64_t began = slice_begin();

    (void)status, (void)events;
    while (!slice_over(began)) {
        if (h->event == h->n_events) {
            int n = epoll_wait(h->epoll, h->events, EVENTS_MOST, 0);
            h->n_events = n > 0 ? (unsigned)n : 0;
            h->event = 0;
            if (n <= 0)
                break;
        }
        const struct epoll_event *ev = &h->events[h->event++];
        /* curl finds out what is wrong with a socket when it uses it. */
        bool bad = ev->events & (EPOLLERR | EPOLLHUP);
        int what = (bad || ev->events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                   (bad || ev->events & EPOLLOUT ? CURL_CSELECT_OUT : 0);
        int running;
        if (ev->data.fd >= 0)
            curl_multi_socket_action(h->multi, ev->data.fd, what, &running);
    }
    collect(h);
    turn_end(h);
}

static void on_timer(uv_timer_t *timer)
{
    struct http *h = timer->data;
    int running;

    curl_multi_socket_action(h->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    collect(h);
    turn_end(h);
}

static void on_deadline(uv_timer_t *timer)
{
    struct http *h = timer->data;
    uint64_t now = uv_hrtime();
    struct http_exchange *x;

    if (h->rest_until <= now)
        h->rest_until = 0;
    /* All have the same time to read, so the first in the list is due first. */
    while ((x = TAILQ_FIRST(&h->reading)) && x->due <= now)
        exchange_done(x, CURLE_OPERATION_TIMEDOUT, true);
    turn_end(h);
}

/* ---------------------------------------------------------------- certificates ----------------------- */

static void part_closed(struct http *h);

static void on_prepare(uv_work_t *work)
{
    (void)work;
    tls_prepare();
}

static void on_prepared(uv_work_t *work, int status)
{
    struct http *h = work->data;

    (void)status; /* a fetch that needs them will read them */
    h->preparing = false;
    if (h->closing)
        part_closed(h);
    else
        http_wake(h);
}

/* Reads the system's certificates in a thread of the pool, since the first TLS fetch would block the loop for that. */
static void prepare(struct http *h)
{
    if (h->preparing || tls_prepared())
        return;
    h->prepare.data = h;
    h->preparing = !uv_queue_work(h->loop, &h->prepare, on_prepare, on_prepared);
}

/* ---------------------------------------------------------------- the observer ----------------------- */

/* The URL without credentials, which a CA does not send either. NULL: curl cannot read the URL. */
static const char *without_credentials(struct arena *a, const char *url)
{
    CURLU *u = curl_url();
    char *text = NULL;
    const char *ret = NULL;

    if (u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_set(u, CURLUPART_USER, NULL, 0) == CURLUE_OK &&
        curl_url_set(u, CURLUPART_PASSWORD, NULL, 0) == CURLUE_OK &&
        curl_url_get(u, CURLUPART_URL, &text, 0) == CURLUE_OK)
        ret = arena_strdup(a, text);
    curl_free(text);
    curl_url_cleanup(u);
    return ret;
}

/* Reads the URL. -EINVAL where it is not an http or https URL; *refused: why it is not fetched, else NULL. */
static int url_take(struct http_exchange *x, const char **refused, struct url *ret)
{
    struct url u;

    if (url_read(x->arena, x->ask->url, &u)) {
        *ret = u;
        bool fits = u.port == url_port(u.https) ||
                    file_ports_have(&x->h->cfg.profile->redirect_ports, u.https, u.port);
        x->host = u.host;
        x->url = strchr(x->ask->url, '@') ? without_credentials(x->arena, x->ask->url) : x->ask->url;
        if (!fits)
            *refused = arena_concat(x->arena, "on another port than ",
                                    file_ports_text(x->arena, &x->h->cfg.profile->redirect_ports), NULL);
        else if (!x->url)
            *refused = "no client can ask for this URL";
    }
    return arena_full(x->arena) ? -ENOMEM : x->url || *refused ? 0 : -EINVAL;
}

static int refuse(struct http_exchange *x, const char *why, bool forbidden)
{
    struct fact *f = arena_alloc(x->arena, sizeof(*f));

    if (!f)
        return -ENOMEM;
    f->ask = x->ask;
    f->http.outcome = forbidden ? HTTP_FORBIDDEN_ADDRESS : HTTP_UNREACHABLE;
    f->http.detail = why;
    x->fact = f;
    x->h->counters.forbidden += forbidden;
    return 0;
}

static int on_start(void *self, struct arena *a, struct ask *ask, fact_fn *fn, void *user, void **op)
{
    struct http *h = self;
    struct addr addr;
    struct url url = {0};
    const char *refused = NULL;

    if (h->closing)
        return -ECANCELED;
    if (ask->kind != ASK_HTTP || ask->via != VIA_DIRECT)
        return -ENOTSUP;
    if (!ask->url || !ask->address)
        return -EINVAL;
    struct http_exchange *x = calloc(1, sizeof(*x));
    if (!x)
        return -ENOMEM;
    *x = (struct http_exchange){.h = h, .arena = a, .ask = ask, .fn = fn, .user = user};
    int r = url_take(x, &refused, &url);
    if (r == 0)
        r = addr_parse(ask->address, (in_port_t)url.port, &addr);
    if (r == 0 && refused)
        r = refuse(x, refused, x->url != NULL);
    else if (r == 0 && !(x->site = site_get(h, &addr)))
        r = -ENOMEM;
    if (r < 0) {
        free(x);
        return r;
    }
    if (url.https)
        prepare(h);
    h->open++;
    h->counters.asked++;
    address_queue_add(refused ? &h->ready : &x->site->at.waiting, &x->link);
    http_wake(h);
    *op = x;
    return 0;
}

static void on_cancel(void *self, void *op)
{
    struct http *h = self;
    struct http_exchange *x = op;

    if (x->transfer) {
        transfer_release(x->transfer);
        exchange_landed(x);
    }
    exchange_end(x, NULL);
    http_wake(h);
}

void http_observer(struct http *h, struct observer *ret)
{
    *ret = (struct observer){.self = h, .start = on_start, .cancel = on_cancel};
}

void http_counters(const struct http *h, struct http_counters *ret)
{
    *ret = h->counters;
    ret->in_flight = h->sites.in_flight;
    ret->waiting = h->sites.waiting;
}

/* ---------------------------------------------------------------- life ------------------------------- */

static uv_once_t curl_once = UV_ONCE_INIT;

static void curl_start(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static void http_free(struct http *h)
{
    transfers_trim(h, 0);
    if (h->multi)
        curl_multi_cleanup(h->multi);
    if (h->epoll >= 0)
        close(h->epoll);
    curl_slist_free_all(h->headers[0]);
    curl_slist_free_all(h->headers[1]);
    free(h);
}

static bool header_add(struct curl_slist **to, const char *line)
{
    struct curl_slist *list = curl_slist_append(*to, line);

    if (list)
        *to = list;
    return list;
}

static bool headers_add(struct curl_slist **to, const struct texts *t, bool *accepts)
{
    static const char accept[] = "Accept:";
    bool added = true;

    for (size_t i = 0; i < t->n && added; i++) {
        *accepts = *accepts || !strncasecmp(t->v[i], accept, strlen(accept));
        added = header_add(to, t->v[i]);
    }
    return added;
}

/* What the CA's fetcher sends over a scheme beside Host and User-Agent, and nothing that curl would add to it. */
static bool headers_make(struct http *h, bool https)
{
    const struct profile *p = h->cfg.profile;
    struct curl_slist **to = &h->headers[https];
    char encodings[64] = "Accept-Encoding:";
    bool accepts = false;

    for (size_t i = 0; i < p->encodings.n; i++) {
        size_t n = strlen(encodings);
        snprintf(encodings + n, sizeof encodings - n, "%s %s", i ? "," : "", p->encodings.v[i]);
    }
    return (!p->encodings.n || header_add(to, encodings)) && headers_add(to, &p->headers, &accepts) &&
           headers_add(to, https ? &p->https_headers : &p->http_headers, &accepts) &&
           (accepts || header_add(to, "Accept:")); /* a name alone: curl leaves its own out */
}

int http_new(uv_loop_t *loop, const struct http_config *cfg, struct http **ret)
{
    struct http *h = calloc(1, sizeof(*h));
    int r = 0;

    if (!h)
        return -ENOMEM;
    uv_once(&curl_once, curl_start);
    h->loop = loop;
    h->cfg = *cfg;
    if (h->cfg.per_address == 0)
        h->cfg.per_address = PER_ADDRESS;
    address_table_init(&h->sites, sizeof(struct http_site), h->cfg.per_address);
    address_queue_init(&h->ready);
    TAILQ_INIT(&h->reading);
    SLIST_INIT(&h->idle);
    h->multi = curl_multi_init();
    h->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (h->epoll < 0)
        r = -errno;
    else if (!h->multi || !headers_make(h, false) || !headers_make(h, true))
        r = -ENOMEM;
    else
        r = uv_poll_init(loop, &h->poll, h->epoll);
    if (r < 0) {
        http_free(h);
        return r;
    }
    uv_idle_init(loop, &h->idler);
    uv_timer_init(loop, &h->timer);
    uv_timer_init(loop, &h->deadline);
    h->poll.data = h->idler.data = h->timer.data = h->deadline.data = h;
    uv_poll_start(&h->poll, UV_READABLE, on_sockets);
    uv_unref((uv_handle_t *)&h->poll);
    uv_unref((uv_handle_t *)&h->timer);
    uv_unref((uv_handle_t *)&h->deadline);
    curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
    curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
    curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
    *ret = h;
    return 0;
}

static void part_closed(struct http *h)
{
    if (--h->handles > 0)
        return;
    void (*closed)(void *) = h->closed;
    void *user = h->closed_user;
    /* All transfers and their connections are gone: nothing uses h any more. */
    http_free(h);
    if (closed)
        closed(user);
}

static void on_handle_closed(uv_handle_t *handle)
{
    part_closed(handle->data);
}

void http_close(struct http *h, void (*closed)(void *user), void *user)
{
    h->closing = true;
    h->closed = closed;
    h->closed_user = user;
    h->handles = h->preparing ? 5 : 4;
    uv_close((uv_handle_t *)&h->poll, on_handle_closed);
    uv_close((uv_handle_t *)&h->idler, on_handle_closed);
    uv_close((uv_handle_t *)&h->timer, on_handle_closed);
    uv_close((uv_handle_t *)&h->deadline, on_handle_closed);
}
