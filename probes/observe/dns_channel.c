/* dns_channel.c - c-ares channels: one to four for each resolver, and a pool for exchanges that need their own socket.
 */
#include "observe/dns_inner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

static struct channel *channel_new(struct dns *d, bool tcp, bool pooled)
{
    struct channel *c = calloc(1, sizeof(*c));

    if (!c)
        return NULL;
    *c = (struct channel){.d = d, .fd = -1, .tcp = tcp, .pooled = pooled};
    /* These options replace what c-ares would read from resolv.conf and the host name; channel_aim() sets the real
     * address before the first query. Our query already contains EDNS: with ARES_FLAG_EDNS c-ares would cut it off
     * after a FORMERR. */
    struct in_addr nowhere = {.s_addr = htonl(INADDR_LOOPBACK)};
    struct ares_options o = {
        .flags = ARES_FLAG_NOCHECKRESP | ARES_FLAG_IGNTC | ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES |
                 (tcp ? ARES_FLAG_USEVC : 0) | (pooled ? 0 : ARES_FLAG_STAYOPEN),
        .timeout = (int)(d->timeout / 1000000),
        .tries = 1,
        .ndots = 1,
        .servers = &nowhere,
        .nservers = 1,
        .lookups = (char[]){'b', '\0'},
        .sock_state_cb = socket_state,
        .sock_state_cb_data = c,
    };
    int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS | ARES_OPT_SERVERS |
               ARES_OPT_DOMAINS | ARES_OPT_LOOKUPS | ARES_OPT_SORTLIST | ARES_OPT_SOCK_STATE_CB |
               ARES_OPT_NOROTATE;
#ifdef ARES_OPT_QUERY_CACHE
    mask |= ARES_OPT_QUERY_CACHE; /* on by default since 1.31 */
    o.qcache_max_ttl = 0;
#endif
#ifdef ARES_OPT_SERVER_FAILOVER
    mask |= ARES_OPT_SERVER_FAILOVER;
    o.server_failover_opts.retry_chance = 0;
#endif
    if (ares_init_options(&c->ares, &o, mask) != ARES_SUCCESS) {
        free(c);
        return NULL;
    }
    socket_functions(c);
    return c;
}

void channel_free(struct channel *c)
{
    ares_destroy(c->ares);
    free(c->stream);
    free(c);
}

/* Makes the channel ask s. This closes its old socket, so the next query has a new port. */
static bool channel_aim(struct channel *c, const struct dns_upstream *s)
{
    c->error = 0;
    c->used = 0;
    return ares_set_servers_ports_csv(c->ares, s->text) == ARES_SUCCESS;
}

static struct channel *pool_take(struct dns *d, struct dns_upstream *s)
{
    struct channel *c = TAILQ_FIRST(&d->idle[s->at.tcp]);

    if (c) {
        TAILQ_REMOVE(&d->idle[s->at.tcp], c, link);
        d->n_idle--;
    } else {
        c = channel_new(d, s->at.tcp, true);
        if (!c)
            return NULL;
    }
    c->stream_len = 0;
    if (!channel_aim(c, s)) {
        channel_free(c);
        return NULL;
    }
    d->n_pooled++;
    return c;
}

/* Port and id together must be hard to guess (RFC 5452), so each port is used for PORT_QUERIES only. Then another
 * channel is used, and the old one gets a new port after its last answer. */
static struct channel *resolver_channel(struct dns *d, struct dns_upstream *s)
{
    struct channel *c = s->n_channels ? s->channels[s->current] : NULL;

    if (c && c->used < PORT_QUERIES)
        return c;
    for (unsigned i = 0; i < s->n_channels; i++) {
        if (s->channels[i]->in_flight == 0 && channel_aim(s->channels[i], s)) {
            s->current = i;
            return s->channels[i];
        }
    }
    if (s->n_channels < RESOLVER_CHANNELS) {
        struct channel *fresh = channel_new(d, false, false);
        if (fresh && channel_aim(fresh, s)) {
            s->current = s->n_channels++;
            s->channels[s->current] = fresh;
            return fresh;
        }
        if (fresh)
            channel_free(fresh);
    }
    return c;
}

struct channel *channel_take(struct dns *d, struct dns_upstream *s)
{
    return s->at.table == &d->shared ? resolver_channel(d, s) : pool_take(d, s);
}

void channels_trim(struct dns *d, unsigned idle_most)
{
    for (int tcp = 0; tcp < 2; tcp++) {
        struct channel *c;
        while (d->n_idle > idle_most && (c = TAILQ_FIRST(&d->idle[tcp]))) {
            TAILQ_REMOVE(&d->idle[tcp], c, link);
            d->n_idle--;
            channel_free(c);
        }
    }
}

static void by_id_add(struct channel *c, struct dns_exchange *x)
{
    x->same_bucket = c->by_id[x->id % ID_BUCKETS];
    c->by_id[x->id % ID_BUCKETS] = x;
}

static void by_id_remove(struct channel *c, struct dns_exchange *x)
{
    struct dns_exchange **at = &c->by_id[x->id % ID_BUCKETS];

    while (*at && *at != x)
        at = &(*at)->same_bucket;
    if (*at)
        *at = x->same_bucket;
}

/* Finds the last message of the TCP stream that has the id of x, also one with another question, which c-ares does not
 * accept. c-ares itself stops reading at the first message that it accepts. */
static void stream_read(const struct channel *c, const struct dns_exchange *x, struct try_end *ret)
{
    size_t at = 0;

    while (c->stream_len - at >= 2) {
        const uint8_t *msg = c->stream + at + 2;
        size_t n = (size_t)(c->stream[at] << 8 | c->stream[at + 1]), here = c->stream_len - at - 2;
        if (n > here) {
            ret->cut_at = here;
            ret->cut_of = n;
            return;
        }
        if (n >= 2 && (msg[0] << 8 | msg[1]) == x->id) {
            ret->msg = msg;
            ret->len = n;
        }
        at += 2 + n;
    }
}

static void given_back(struct dns_exchange *x, int status)
{
    struct channel *c = x->channel;
    struct dns *d = c->d;
    struct try_end end = {.timeout = status == ARES_ETIMEOUT};

    if (d->issuing == x)
        d->issuing = NULL;
    x->in_ares = false;
    x->channel = NULL;
    TAILQ_REMOVE(&d->held, x, held_link);
    by_id_remove(c, x);
    c->in_flight--;
    if (c->tcp) {
        stream_read(c, x, &end);
    } else if (status == ARES_SUCCESS && d->in.open) {
        d->in.claimed = true;
        end.msg = d->in.bytes[d->in.next - 1];
        end.len = d->in.msgs[d->in.next - 1].msg_len;
    }
    if (status == ARES_ENOMEM)
        end.error = ENOMEM;
    else if (!end.timeout)
        end.error = c->error;
    if (c->pooled) {
        d->n_pooled--;
        TAILQ_INSERT_HEAD(&d->idle[c->tcp], c, link);
        d->n_idle++;
    }
    exchange_given_back(x, &end);
}

#if ARES_VERSION >= 0x011c00
/* Since 1.28 c-ares writes an id of its own into the query. */
static void renumber(struct channel *c, struct dns_exchange *x, uint16_t id)
{
    if (id == x->id)
        return;
    by_id_remove(c, x);
    x->id = id;
    x->query[0] = (uint8_t)(id >> 8);
    x->query[1] = (uint8_t)id;
    by_id_add(c, x);
}

static void on_done(void *arg, ares_status_t status, size_t timeouts, const ares_dns_record_t *rec)
{
    (void)timeouts, (void)rec;
    given_back(arg, (int)status);
}
#else
static void on_done(void *arg, int status, int timeouts, unsigned char *buf, int len)
{
    (void)timeouts, (void)buf, (void)len; /* buf is not used: c-ares cuts datagrams to 512 bytes */
    given_back(arg, status);
}
#endif

void channel_send(struct channel *c, struct dns_exchange *x)
{
    struct dns *d = c->d;

    x->channel = c;
    x->in_ares = true;
    TAILQ_INSERT_TAIL(&d->held, x, held_link);
    by_id_add(c, x);
    c->in_flight++;
    c->used++;
    d->issuing = x;
#if ARES_VERSION >= 0x011c00
    ares_dns_record_t *rec = NULL;
    ares_status_t status = ares_dns_parse(x->query, x->query_len, 0, &rec);
    if (status == ARES_SUCCESS) {
        unsigned short id = 0;
        status = ares_send_dnsrec(c->ares, rec, on_done, x, &id);
        ares_dns_record_destroy(rec);
        if (status == ARES_SUCCESS && d->issuing == x) /* it was not given back at once */
            renumber(c, x, id);
    } else {
        given_back(x, (int)status);
    }
#else
    ares_send(c->ares, x->query, x->query_len, on_done, x);
#endif
    d->issuing = NULL;
}

void channel_process(struct channel *c, uint32_t events)
{
    struct dns_inbox *in = &c->d->in;
    int fd = c->fd;
    bool broken = events & (EPOLLERR | EPOLLHUP);
    bool readable = fd >= 0 && (broken || (events & EPOLLIN)),
         writable = fd >= 0 && (broken || (events & EPOLLOUT));

    in->n = in->next = 0;
    in->drained = in->open = in->claimed = false;
    do {
        ares_process_fd(c->ares, readable ? fd : ARES_SOCKET_BAD, writable ? fd : ARES_SOCKET_BAD);
        inbox_settle(c);
        writable = false;
    } while (in->next < in->n && c->fd == fd);
}

void channel_drop(struct dns_exchange *x)
{
    if (x->channel->pooled)
        ares_cancel(x->channel->ares);
}
