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

/* shared: a resolver over UDP, see struct dns. */
static struct dns_upstream *server_get(struct dns *d, const struct addr *addr, bool tcp, bool shared)
{
    struct dns_upstream *s = (struct dns_upstream *)address_get(shared ? &d->shared : &d->pool, addr, tcp);

    if (s && s->at.refs == 1)
        addr_text(addr, s->text);
    return s;
}

static void server_put(struct dns_upstream *s)
{
    if (!address_put(&s->at))
        return;
    for (unsigned i = 0; i < s->n_channels; i++)
        channel_free(s->channels[i]);
    free(s);
}

/* The servers of which one can be sent something now. NULL: none. */
static struct address_table *runnable_servers(struct dns *d)
{
    if (address_runnable(&d->shared))
        return &d->shared;
    return d->n_pooled < POOL_MOST && address_runnable(&d->pool) ? &d->pool : NULL;
}

/* ---------------------------------------------------------------- exchanges -------------------------- */

static struct dns_exchange *exchange_of(struct address_link *l)
{
    return (struct dns_exchange *)l;
}

static void exchange_free(struct dns_exchange *x)
{
    if (x->server)
        server_put(x->server);
    free(x);
}

/* Calls the callback of the exchange, once, and lets go of the exchange. */
static void exchange_end(struct dns_exchange *x, struct fact *fact)
{
    struct dns *d = x->d;
    fact_fn *fn = x->fn;
    void *user = x->user;
    struct ask *ask = x->ask;

    address_queue_remove(&x->link);
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
    address_queue_add(&x->d->ready, &x->link);
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
    address_queue_add(&x->d->resting, &x->link);
}

/* Makes the next resolver the server of x; an authoritative ask keeps its server. False: out of memory. */
static bool exchange_next_server(struct dns_exchange *x)
{
    struct dns *d = x->d;

    if (x->ask->via != VIA_RESOLVER || d->n_resolvers == 1)
        return true;
    x->resolver = (uint16_t)((x->resolver + 1u) % d->n_resolvers);
    struct dns_upstream *s = server_get(d, &d->resolvers[x->resolver]->at.addr, x->ask->tcp, !x->ask->tcp);
    if (!s)
        return false;
    server_put(x->server);
    x->server = s;
    return true;
}

/* Sends the exchange again, if it has a try left. */
static bool exchange_again(struct dns_exchange *x, bool rest)
{
    struct dns *d = x->d;
    struct dns_upstream *before = x->server;
    unsigned most = x->ask->once ? 1 : d->tries;

    if (x->refusals && most < d->n_resolvers)
        most = d->n_resolvers;
    if (x->tries >= most || !exchange_next_server(x))
        return false;
    /* A server that refuses at once would use up all tries within a millisecond; a pause gives it time to restart. */
    if (rest && x->server == before)
        exchange_rest(x);
    else
        address_queue_add(&x->server->at.again, &x->link);
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

    address_ended(&x->server->at);
    if (!x->fn)
        exchange_free(x);
    else if (x->link.in == &d->ready)
        ; /* exchange_misfit() took an answer before */
    else if (end->msg)
        exchange_answered(x, end);
    else
        exchange_failed(x, end);
}

bool exchange_misfit(struct dns_exchange *x, const uint8_t *msg, size_t len)
{
    /* One for each try, so that a flood of datagrams cannot fill the arena. */
    if (!x->fn || x->link.in || x->misfit)
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

/* Starts a try of x, which address_next() gave. */
static void exchange_send(struct dns_exchange *x)
{
    struct dns *d = x->d;
    struct channel *c = channel_take(d, x->server);

    if (!c) {
        address_ended(&x->server->at);
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
    d->counters.sent++;
    d->counters.tcp += x->ask->tcp;
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
    if (runnable_servers(d) || address_queue_first(&d->ready))
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

    while ((x = exchange_of(address_queue_first(&d->ready)))) {
        exchange_end(x, x->fact);
        if (slice_over(began))
            break;
    }
    dns_wake(d);
}

/* Sends waiting queries as far as the limits allow. */
static void send_waiting(struct dns *d)
{
    struct address_table *servers;
    uint64_t began = slice_begin();

    for (unsigned n = 0; n < TURN_SENDS && !slice_over(began) && (servers = runnable_servers(d)); n++)
        exchange_send(exchange_of(address_next(servers)));
    outbox_flush(d);
    for (unsigned r = 0; r < d->n_resolvers; r++) {
        struct dns_upstream *s = d->resolvers[r];
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
    while ((x = exchange_of(address_queue_first(&d->resting))) && x->due <= d->now) {
        address_queue_remove(&x->link);
        address_queue_add(&x->server->at.again, &x->link);
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
        addr = d->resolvers[d->favourite]->at.addr;
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
    address_queue_add(denied ? &d->ready : &x->server->at.waiting, &x->link);
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
    ret->in_flight = d->shared.in_flight + d->pool.in_flight;
    ret->waiting = d->shared.waiting + d->pool.waiting;
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
        server_put(s);
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
    d->random_at = sizeof(d->random);
    d->now = uv_hrtime();
    address_table_init(&d->shared, sizeof(struct dns_upstream), cfg->per_server);
    address_table_init(&d->pool, sizeof(struct dns_upstream), cfg->per_server);
    address_queue_init(&d->resting);
    address_queue_init(&d->ready);
    TAILQ_INIT(&d->held);
    TAILQ_INIT(&d->idle[0]);
    TAILQ_INIT(&d->idle[1]);
    inbox_init(&d->in);
    outbox_init(&d->out);

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
