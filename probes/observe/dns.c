#include "observe/dns_inner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

void dns_random(struct dns *d, void *to, size_t n)
{
    if (d->random_at + n > sizeof(d->random)) {
        /* getrandom() never returns fewer bytes than asked for up to 256, and does not fail once its pool is ready. */
        for (size_t at = 0; at < sizeof(d->random); at += 256) {
            while (getrandom(d->random + at, 256, 0) != 256)
                ;
        }
        d->random_at = 0;
    }
    memcpy(to, d->random + d->random_at, n);
    explicit_bzero(d->random + d->random_at, n);
    d->random_at += n;
}

/* ---------------------------------------------------------------- servers ---------------------------- */

static uint32_t server_bucket(const struct dns *d, const struct addr *a)
{
    bool v6 = a->sa.sa_family == AF_INET6;
    const uint8_t *p = v6 ? a->v6.sin6_addr.s6_addr : (const uint8_t *)&a->v4.sin_addr;
    uint64_t h = d->hash_key ^ (v6 ? a->v6.sin6_port : a->v4.sin_port);

    for (size_t i = 0; i < (v6 ? 16u : 4u); i++)
        h = (h ^ p[i]) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(h >> 32) % SERVER_BUCKETS;
}

static struct dns_upstream *server_get(struct dns *d, const struct addr *addr, bool tcp, bool resolver)
{
    uint32_t bucket = server_bucket(d, addr);
    struct dns_upstream *s = d->table[bucket];

    while (s && !(s->tcp == tcp && s->resolver == resolver && addr_equal(&s->addr, addr)))
        s = s->same_bucket;
    if (!s) {
        s = calloc(1, sizeof(*s));
        if (!s)
            return NULL;
        *s = (struct dns_upstream){.addr = *addr, .tcp = tcp, .resolver = resolver, .bucket = bucket};
        addr_text(addr, s->text);
        TAILQ_INIT(&s->again);
        TAILQ_INIT(&s->waiting);
        s->same_bucket = d->table[bucket];
        d->table[bucket] = s;
    }
    s->refs++;
    return s;
}

static void server_put(struct dns *d, struct dns_upstream *s)
{
    if (--s->refs > 0)
        return;
    struct dns_upstream **at = &d->table[s->bucket];
    while (*at != s)
        at = &(*at)->same_bucket;
    *at = s->same_bucket;
    for (unsigned i = 0; i < s->n_channels; i++)
        channel_free(s->channels[i]);
    free(s);
}

/* Adds s to the list of servers that have something to send and may send, or removes it. */
static void server_update(struct dns *d, struct dns_upstream *s)
{
    struct dns_upstreams *list = s->resolver ? &d->run_resolvers : &d->run_pool;
    bool can = s->in_flight < d->per_server && !(TAILQ_EMPTY(&s->again) && TAILQ_EMPTY(&s->waiting));

    if (can == s->runnable)
        return;
    s->runnable = can;
    if (can)
        TAILQ_INSERT_TAIL(list, s, run_link);
    else
        TAILQ_REMOVE(list, s, run_link);
}

static struct dns_upstream *runnable_server(struct dns *d)
{
    struct dns_upstream *s = TAILQ_FIRST(&d->run_resolvers);

    return s || d->n_pooled >= POOL_MOST ? s : TAILQ_FIRST(&d->run_pool);
}

/* ---------------------------------------------------------------- exchanges -------------------------- */

static void exchange_list(struct dns_exchange *x, struct dns_exchanges *list)
{
    TAILQ_INSERT_TAIL(list, x, link);
    x->in = list;
    if (x->server && (list == &x->server->waiting || list == &x->server->again)) {
        x->d->counters.waiting++;
        server_update(x->d, x->server);
    }
}

static void exchange_unlist(struct dns_exchange *x)
{
    struct dns_exchanges *list = x->in;

    if (!list)
        return;
    TAILQ_REMOVE(list, x, link);
    x->in = NULL;
    if (x->server && (list == &x->server->waiting || list == &x->server->again)) {
        x->d->counters.waiting--;
        server_update(x->d, x->server);
    }
}

static void exchange_free(struct dns_exchange *x)
{
    if (x->server)
        server_put(x->d, x->server);
    free(x);
}

/* Calls the callback of the exchange, once, and lets go of the exchange. */
static void exchange_end(struct dns_exchange *x, struct fact *fact)
{
    struct dns *d = x->d;
    fact_fn *fn = x->fn;
    void *user = x->user;
    struct ask *ask = x->ask;

    exchange_unlist(x);
    x->fn = NULL;
    d->open--;
    if (x->in_ares)
        channel_drop(x);
    else
        exchange_free(x);
    fn(user, ask, fact);
}

static struct fact *fact_new(struct dns_exchange *x, const char *server)
{
    struct fact *f = arena_alloc(x->arena, sizeof(*f));

    if (!f)
        return NULL;
    f->ask = x->ask;
    uint64_t us = x->first_sent ? (x->d->now - x->first_sent) / 1000 : 0;
    f->us = us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
    f->dns.server = arena_strdup(x->arena, server);
    f->dns.tries = x->tries;
    return f->dns.server ? f : NULL;
}

static struct fact *fact_of_message(struct dns_exchange *x, const uint8_t *msg, size_t len)
{
    struct fact *f = fact_new(x, x->server->text);

    if (!f || wire_answer(x->arena, msg, len, x->query, x->query_len, &f->dns))
        return NULL;
    if (x->ask->mixed_case)
        dns_fold_case(&f->dns);
    return f;
}

static struct fact *fact_of_nothing(struct dns_exchange *x, const char *server, enum dns_outcome outcome,
                                    const char *detail)
{
    struct fact *f = fact_new(x, server);

    if (f) {
        f->dns.outcome = outcome;
        f->dns.detail = detail;
    }
    return f;
}

static void exchange_ready(struct dns_exchange *x, struct fact *fact)
{
    x->fact = fact;
    exchange_list(x, &x->d->ready);
}

static const char *why_unreachable(int error, bool tcp)
{
    switch (error) {
    case 0:
        return "the server closed the connection without an answer";
    case ECONNREFUSED:
        return tcp ? "the server refused the TCP connection"
                   : "nothing listens on this UDP port (ICMP refusal)";
    case ECONNRESET:
    case EPIPE:
        return "the server reset the TCP connection";
    case ENETUNREACH:
    case EHOSTUNREACH:
        return "there is no route to this address";
    case EACCES:
    case EPERM:
        return "this machine's own firewall forbids packets to this address";
    default:
        return strerrordesc_np(error);
    }
}

/* True where this host is the cause, not the network: too many sockets, no memory, a full send buffer. */
static bool error_is_ours(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS || error == EAGAIN;
}

static void exchange_rest(struct dns_exchange *x)
{
    x->due = x->d->now + x->d->rest;
    exchange_list(x, &x->d->resting);
}

/* Makes the next resolver the server of x; an authoritative ask keeps its server. False: out of memory. */
static bool exchange_next_server(struct dns_exchange *x)
{
    struct dns *d = x->d;

    if (x->ask->via != VIA_RESOLVER || d->n_resolvers == 1)
        return true;
    x->resolver = (uint16_t)((x->resolver + 1u) % d->n_resolvers);
    struct dns_upstream *s = server_get(d, &d->resolvers[x->resolver]->addr, x->ask->tcp, !x->ask->tcp);
    if (!s)
        return false;
    server_put(d, x->server);
    x->server = s;
    return true;
}

/* Sends the exchange again, if it has a try left. */
static bool exchange_again(struct dns_exchange *x, bool rest)
{
    struct dns *d = x->d;
    struct dns_upstream *before = x->server;
    unsigned most = d->tries;

    if (x->refusals && most < d->n_resolvers)
        most = d->n_resolvers;
    if (x->tries >= most || !exchange_next_server(x))
        return false;
    /* A server that refuses at once would use up all tries within a millisecond; a pause gives it time to restart. */
    if (rest && x->server == before)
        exchange_rest(x);
    else
        exchange_list(x, &x->server->again);
    return true;
}

static void exchange_answered(struct dns_exchange *x, const struct try_end *end)
{
    struct dns *d = x->d;
    struct fact *f = fact_of_message(x, end->msg, end->len);
    bool resolver = x->ask->via == VIA_RESOLVER;

    d->counters.answered++;
    /* A resolver that refuses to serve us says nothing about the name, so the next resolver is asked. */
    if (f && resolver && f->dns.outcome == DNS_REFUSED && ++x->refusals < d->n_resolvers) {
        x->fact = f;
        if (exchange_again(x, false))
            return;
    }
    if (resolver && x->tries > 1)
        d->favourite = x->resolver;
    exchange_ready(x, f);
}

static void exchange_failed(struct dns_exchange *x, const struct try_end *end)
{
    struct dns *d = x->d;
    const char *server = x->server->text;
    int error = x->error ? x->error : end->error;
    bool timeout = end->timeout && error == 0;

    if (error_is_ours(error)) {
        x->tries--;
        exchange_rest(x);
        return;
    }
    if (timeout) {
        x->timed_out = true;
        d->counters.timeouts++;
    }
    /* A misfit becomes the result only now, when no better answer came: it may have been a late answer to an earlier
     * query with the same id, or a forgery. */
    if (x->misfit) {
        exchange_ready(x, x->fact);
        return;
    }
    if (exchange_again(x, !timeout))
        return;
    struct fact *f = x->fact;
    if (!f && end->cut_of && !timeout)
        f = fact_of_nothing(x, server, DNS_MALFORMED,
                            arena_printf(x->arena,
                                         "the TCP stream ended after %zu of the %zu bytes announced",
                                         end->cut_at, end->cut_of));
    else if (!f && end->cut_of)
        f = fact_of_nothing(x, server, DNS_TIMEOUT,
                            arena_printf(x->arena,
                                         "the TCP stream stopped after %zu of the %zu bytes announced",
                                         end->cut_at, end->cut_of));
    else if (!f && x->timed_out)
        f = fact_of_nothing(x, server, DNS_TIMEOUT, NULL);
    else if (!f)
        f = fact_of_nothing(x, server, DNS_UNREACHABLE, why_unreachable(error, x->ask->tcp));
    exchange_ready(x, f);
}

void exchange_given_back(struct dns_exchange *x, const struct try_end *end)
{
    struct dns *d = x->d;
    struct dns_upstream *s = x->server;

    s->in_flight--;
    d->counters.in_flight--;
    server_update(d, s);
    if (!x->fn)
        exchange_free(x);
    else if (x->in == &d->ready)
        ; /* exchange_misfit() took an answer before */
    else if (end->msg)
        exchange_answered(x, end);
    else
        exchange_failed(x, end);
}

bool exchange_misfit(struct dns_exchange *x, const uint8_t *msg, size_t len)
{
    /* One for each try, so that a flood of datagrams cannot fill the arena. */
    if (!x->fn || x->in || x->misfit)
        return false;
    struct fact *f = fact_of_message(x, msg, len);
    if (f && f->dns.outcome == DNS_MALFORMED) {
        x->fact = f;
        x->misfit = true;
        return true;
    }
    /* An error without a question section, which old servers send for a query with EDNS (RFC 6891 7). c-ares does not
     * accept it. */
    x->d->counters.answered++;
    exchange_ready(x, f);
    return true;
}

static void exchange_send(struct dns_exchange *x)
{
    struct dns *d = x->d;
    struct dns_upstream *s = x->server;

    exchange_unlist(x);
    struct channel *c = channel_take(d, s);
    if (!c) {
        exchange_rest(x);
        return;
    }
    if (x->first_sent == 0)
        x->first_sent = d->now;
    /* One millisecond more, because c-ares reads its clock after us: its own timeout is over by then. */
    x->due = d->now + d->timeout + 1000000;
    x->tries++;
    x->error = 0;
    x->misfit = false;
    s->in_flight++;
    d->counters.in_flight++;
    d->counters.sent++;
    d->counters.tcp += x->ask->tcp;
    server_update(d, s);
    channel_send(c, x);
}

/* ---------------------------------------------------------------- turns ------------------------------ */

static void on_idle(uv_idle_t *idle);
static void on_timer(uv_timer_t *timer);

/* Arms the handles: the idle handle where something can be sent or a callback is due, the timer where something is
 * pending. Ghosts alone do not keep the loop alive. */
static void dns_wake(struct dns *d)
{
    if (d->closing)
        return;
    if (runnable_server(d) || !TAILQ_EMPTY(&d->ready))
        uv_idle_start(&d->idler, on_idle);
    else
        uv_idle_stop(&d->idler);
    if (d->open > 0)
        uv_ref((uv_handle_t *)&d->timer);
    else
        uv_unref((uv_handle_t *)&d->timer);
    if (d->open == 0 && TAILQ_EMPTY(&d->held) && d->n_idle <= POOL_IDLE_MOST)
        uv_timer_stop(&d->timer);
    else if (!uv_is_active((uv_handle_t *)&d->timer))
        uv_timer_start(&d->timer, on_timer, TICK_MS, TICK_MS);
}

/* The end of each turn, outside of any c-ares function: calls the callbacks. An answer may be the last of a check,
 * which is then judged and stored inside its callback. So after SLICE_NS the other callbacks wait for the next turn,
 * and the rest of the loop runs first. */
static void turn_end(struct dns *d)
{
    struct dns_exchange *x;
    uint64_t began = slice_begin();

    while ((x = TAILQ_FIRST(&d->ready))) {
        exchange_end(x, x->fact);
        if (slice_over(began))
            break;
    }
    dns_wake(d);
}

/* Sends waiting queries as far as the limits allow. */
static void send_waiting(struct dns *d)
{
    struct dns_upstream *s;
    uint64_t began = slice_begin();

    for (unsigned n = 0; n < TURN_SENDS && !slice_over(began) && (s = runnable_server(d)); n++) {
        struct dns_upstreams *list = s->resolver ? &d->run_resolvers : &d->run_pool;
        TAILQ_REMOVE(list, s, run_link);
        TAILQ_INSERT_TAIL(list, s, run_link);
        exchange_send(TAILQ_EMPTY(&s->again) ? TAILQ_FIRST(&s->waiting) : TAILQ_FIRST(&s->again));
    }
    outbox_flush(d);
    for (unsigned r = 0; r < d->n_resolvers; r++) {
        s = d->resolvers[r];
        for (unsigned i = 0; i < s->n_channels; i++) {
            if (s->channels[i]->refused)
                channel_process(s->channels[i], EPOLLIN);
        }
    }
}

static void on_idle(uv_idle_t *idle)
{
    struct dns *d = idle->data;

    d->now = uv_hrtime();
    send_waiting(d);
    turn_end(d);
}

static void on_sockets(uv_poll_t *poll, int status, int events)
{
    enum { EVENTS = 8 };
    struct dns *d = poll->data;
    struct epoll_event ev[EVENTS];

    (void)status, (void)events;
    d->now = uv_hrtime();
    /* A few events at a time: epoll returns the others first at the next call. */
    for (int n = EVENTS; n == EVENTS && !slice_over(d->now);) {
        n = epoll_wait(d->epoll, ev, EVENTS, 0);
        for (int i = 0; i < n; i++)
            channel_process(ev[i].data.ptr, ev[i].events);
    }
    send_waiting(d); /* before the callbacks, so that servers answer meanwhile */
    turn_end(d);
}

static void on_timer(uv_timer_t *timer)
{
    struct dns *d = timer->data;
    struct dns_exchange *x;

    d->now = uv_hrtime();
    while ((x = TAILQ_FIRST(&d->resting)) && x->due <= d->now) {
        exchange_unlist(x);
        exchange_list(x, &x->server->again);
    }
    /* All tries have the same timeout, so the first in .held is due first. */
    while ((x = TAILQ_FIRST(&d->held)) && x->due <= d->now && !slice_over(d->now)) {
        channel_process(x->channel, 0);
        if (TAILQ_FIRST(&d->held) == x)
            break;
    }
    channels_trim(d, d->n_idle > POOL_IDLE_MOST + TICK_FREED ? d->n_idle - TICK_FREED : POOL_IDLE_MOST);
    turn_end(d);
}

/* ---------------------------------------------------------------- the observer ----------------------- */

static int query_new(struct dns_exchange *x)
{
    uint8_t query[WIRE_QUERY_MOST];
    uint64_t case_bits = 0;

    dns_random(x->d, &x->id, sizeof(x->id));
    if (x->ask->mixed_case)
        dns_random(x->d, &case_bits, sizeof(case_bits));
    int n = wire_query(x->ask, x->id, case_bits, query);
    if (n < 0)
        return n;
    x->query = arena_alloc(x->arena, (size_t)n);
    if (!x->query)
        return -ENOMEM;
    memcpy(x->query, query, (size_t)n);
    x->query_len = (uint16_t)n;
    return 0;
}

static int on_start(void *self, struct arena *a, struct ask *ask, fact_fn *fn, void *user, void **op)
{
    struct dns *d = self;
    struct addr addr = {0};
    int r = 0;

    if (d->closing)
        return -ECANCELED;
    if (ask->kind != ASK_DNS || ask->via == VIA_DIRECT)
        return -ENOTSUP;
    bool resolver = ask->via == VIA_RESOLVER;
    if (resolver && d->n_resolvers == 0)
        return -ENOTSUP;
    if (resolver)
        addr = d->resolvers[d->favourite]->addr;
    else
        r = ask->server ? addr_parse(ask->server, 53, &addr) : -EINVAL;
    if (r < 0)
        return r;
    struct dns_exchange *x = calloc(1, sizeof(*x));
    if (!x)
        return -ENOMEM;
    *x = (struct dns_exchange){
        .d = d, .arena = a, .ask = ask, .fn = fn, .user = user, .resolver = (uint16_t)d->favourite};
    /* Resolvers, also those of perspectives, come from the operator and may have any address. Name servers come from
     * the zone. */
    const char *denied = ask->via == VIA_AUTHORITATIVE ? guard_denies(d->guard, &addr.sa) : NULL;
    if (denied) {
        x->fact = fact_of_nothing(x, ask->server, DNS_UNREACHABLE,
                                  arena_printf(a, "nothing was sent: this address is %s", denied));
        if (!x->fact)
            r = -ENOMEM;
    } else {
        r = query_new(x);
        if (r == 0 && !(x->server = server_get(d, &addr, ask->tcp, resolver && !ask->tcp)))
            r = -ENOMEM;
    }
    if (r < 0) {
        free(x);
        return r;
    }
    d->open++;
    d->counters.asked++;
    exchange_list(x, denied ? &d->ready : &x->server->waiting);
    dns_wake(d);
    *op = x;
    return 0;
}

static void on_cancel(void *self, void *op)
{
    exchange_end(op, NULL);
    dns_wake(self);
}

void dns_observer(struct dns *d, struct observer *ret)
{
    *ret = (struct observer){.self = d, .start = on_start, .cancel = on_cancel};
}

void dns_counters(const struct dns *d, struct dns_counters *ret)
{
    *ret = d->counters;
}

/* ---------------------------------------------------------------- life ------------------------------- */

static void dns_free(struct dns *d)
{
    channels_trim(d, 0);
    /* Freeing a channel of a resolver makes c-ares give back its ghosts. */
    for (unsigned i = 0; i < d->n_resolvers; i++) {
        struct dns_upstream *s = d->resolvers[i];
        while (s->n_channels > 0)
            channel_free(s->channels[--s->n_channels]);
        server_put(d, s);
    }
    if (d->epoll >= 0)
        close(d->epoll);
    free(d->resolvers);
    free(d);
}

static int resolvers_read(struct dns *d, const struct dns_config *cfg, const char **bad)
{
    d->resolvers = calloc(cfg->n_resolvers, sizeof(struct dns_upstream *));
    if (!d->resolvers && cfg->n_resolvers)
        return -ENOMEM;
    for (size_t i = 0; i < cfg->n_resolvers; i++) {
        struct addr addr;
        int r = addr_parse(cfg->resolvers[i], 53, &addr);
        if (r < 0) {
            *bad = cfg->resolvers[i];
            return r;
        }
        struct dns_upstream *s = server_get(d, &addr, false, true);
        if (!s)
            return -ENOMEM;
        d->resolvers[d->n_resolvers++] = s;
    }
    return 0;
}

/* c-ares is initialised once for all threads and never cleaned up, because it counts its users without a lock. */
static int ares_status;

static void ares_begin(void)
{
    ares_status = ares_library_init(ARES_LIB_INIT_ALL);
}

int dns_new(uv_loop_t *loop, const struct dns_config *cfg, struct dns **ret, const char **bad)
{
    *bad = "more resolvers than can be counted";
    if (cfg->n_resolvers > UINT16_MAX)
        return -EINVAL;
    static uv_once_t once = UV_ONCE_INIT;
    uv_once(&once, ares_begin);
    struct dns *d = ares_status == ARES_SUCCESS ? calloc(1, sizeof(*d)) : NULL;
    if (!d)
        return -ENOMEM;
    d->loop = loop;
    d->guard = cfg->guard;
    d->timeout = (uint64_t)cfg->timeout_ms * 1000000;
    d->rest = d->timeout / 8;
    d->tries = cfg->tries;
    d->per_server = cfg->per_server;
    d->random_at = sizeof(d->random);
    d->now = uv_hrtime();
    TAILQ_INIT(&d->run_resolvers);
    TAILQ_INIT(&d->run_pool);
    TAILQ_INIT(&d->held);
    TAILQ_INIT(&d->resting);
    TAILQ_INIT(&d->ready);
    TAILQ_INIT(&d->idle[0]);
    TAILQ_INIT(&d->idle[1]);
    inbox_init(&d->in);
    outbox_init(&d->out);
    dns_random(d, &d->hash_key, sizeof(d->hash_key));

    d->epoll = epoll_create1(EPOLL_CLOEXEC);
    int r = d->epoll < 0 ? -errno : resolvers_read(d, cfg, bad);
    if (r == 0)
        r = uv_poll_init(loop, &d->poll, d->epoll);
    if (r < 0) {
        dns_free(d);
        return r;
    }
    uv_idle_init(loop, &d->idler);
    uv_timer_init(loop, &d->timer);
    d->poll.data = d->idler.data = d->timer.data = d;
    uv_poll_start(&d->poll, UV_READABLE, on_sockets);
    uv_unref((uv_handle_t *)&d->poll); /* pending asks keep the loop alive, an open dns does not */
    *ret = d;
    return 0;
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct dns *d = handle->data;

    if (--d->handles > 0)
        return;
    void (*closed)(void *) = d->closed;
    void *user = d->closed_user;
    dns_free(d);
    if (closed)
        closed(user);
}

void dns_close(struct dns *d, void (*closed)(void *user), void *user)
{
    d->closing = true;
    d->closed = closed;
    d->closed_user = user;
    d->handles = 3;
    uv_close((uv_handle_t *)&d->poll, on_handle_closed);
    uv_close((uv_handle_t *)&d->idler, on_handle_closed);
    uv_close((uv_handle_t *)&d->timer, on_handle_closed);
}
