/* dns_inner.h - what the files of the DNS observer share: dns.c (exchanges and whom they ask), dns_channel.c
 * (c-ares channels), dns_socket.c (their sockets).
 *
 * An exchange belongs to the dns from start() to its callback, and beyond that for as long as c-ares holds a
 * query of it: c-ares 1.18 cannot drop a single query, so what is cancelled stays behind as a ghost (.fn is
 * NULL) until c-ares gives it back. Nothing of the check (arena, ask, query) may be touched through a ghost.
 *
 * A turn: sockets are read and their facts made inside ares_process_fd(); when it has returned, the callers'
 * fact_fn are called; what these ask is queued and sent from the idle handle, before the loop waits again. So
 * no query ever starts inside a callback of c-ares, and one sendmmsg() carries what many callers asked.
 *
 * Times are nanoseconds of uv_hrtime(). */
#ifndef DCV_DNS_INNER_H
#define DCV_DNS_INNER_H

#include "base/addr.h"
#include "observe/dns.h"
#include "observe/slice.h"
#include "wire/wire.h"

#include <ares.h>
#include <sys/queue.h>
#include <sys/socket.h>

enum {
    TURN_SENDS = 256,     /* queries that one turn of the loop starts */
    BATCH = 64,           /* datagrams in one recvmmsg or sendmmsg */
    DATAGRAM_MOST = 4096, /* what c-ares reads; we announce 1232 */
    PORT_QUERIES = 1000,  /* queries from one source port to a resolver */
    RESOLVER_CHANNELS =
        4,               /* for one resolver: the current one, others whose last answers are still to come */
    POOL_MOST = 512,     /* channels for single exchanges, 74 KB each */
    POOL_IDLE_MOST = 32, /* of them kept for later */
    ID_BUCKETS = 256,
    SERVER_BUCKETS = 4096,
    TICK_MS = 15,
    TICK_FREED = 16, /* idle channels that one tick frees: who needs some again soon finds them still there */
};

struct dns_exchange;
TAILQ_HEAD(dns_exchanges, dns_exchange);

struct dns_exchange {
    TAILQ_ENTRY(dns_exchange) link;
    struct dns_exchanges *in; /* the list that .link is in: waiting, again, resting or ready; NULL: none */
    TAILQ_ENTRY(dns_exchange) held_link; /* in dns.held while .in_ares */
    struct dns_exchange *same_bucket;    /* of channel.by_id */
    struct dns *d;
    struct arena *arena;
    struct ask *ask;
    fact_fn *fn; /* NULL: a ghost */
    void *user;
    struct dns_upstream *server;
    struct channel *channel; /* while .in_ares */
    struct fact *fact;       /* ready: the result. Before that: what it will be if nothing better comes */
    uint8_t *query;
    uint64_t first_sent, due; /* due: when the try or the rest is over */
    int error;                /* errno of a send that failed after c-ares thought it done */
    uint16_t query_len, id;
    uint16_t tries, refusals, resolver; /* resolver: index of the one asked last */
    bool in_ares, timed_out;            /* timed_out: a try of it did */
    bool misfit;                        /* .fact is what came in this try with our id to another question */
};

TAILQ_HEAD(channels, channel);
TAILQ_HEAD(dns_upstreams, dns_upstream);

/* One address and transport. In the table while an exchange refers to it; resolvers for good. */
struct dns_upstream {
    struct dns_upstream *same_bucket;
    TAILQ_ENTRY(dns_upstream) run_link;
    struct addr addr;
    char text[ADDR_TEXT_MOST];
    bool tcp, resolver, runnable;
    uint32_t in_flight, refs, bucket;
    struct dns_exchanges again, waiting;             /* again goes first */
    struct channel *channels[RESOLVER_CHANNELS]; /* of a resolver */
    unsigned n_channels, current;
};

/* One c-ares channel and its only socket. */
struct channel {
    TAILQ_ENTRY(channel) link; /* in dns.idle */
    struct dns *d;
    ares_channel ares;
    int fd, error; /* errno that the socket functions met last */
    uint32_t events, used, in_flight;
    bool tcp, pooled,
        segments, /* the kernel cuts datagrams of one length apart by itself, udp(7) UDP_SEGMENT */
        refused; /* refused: an ICMP refusal met while sending, to be told to c-ares on reading */
    struct dns_exchange *by_id[ID_BUCKETS];
    uint8_t *stream; /* tcp: what came so far */
    size_t stream_len, stream_room;
};

struct dns_inbox { /* what recvmmsg() brought for the channel that is being processed */
    struct mmsghdr msgs[BATCH];
    struct iovec iov[BATCH];
    uint8_t bytes[BATCH][DATAGRAM_MOST];
    struct sockaddr_storage from[BATCH];
    unsigned n, next;
    bool drained;       /* nothing more to read in this turn */
    bool open, claimed; /* msgs[next - 1] is with c-ares; it belonged to a query */
};

struct outbox { /* what the next sendmmsg() on .fd takes along */
    struct mmsghdr msgs[BATCH];    /* one for each run of datagrams of one length */
    unsigned first[BATCH];         /* of the run: its first datagram */
    uint64_t size_of_each[BATCH][CMSG_SPACE(sizeof(uint16_t)) / sizeof(uint64_t)]; /* of the run: UDP_SEGMENT */
    struct iovec iov[BATCH];       /* of each datagram */
    uint8_t bytes[BATCH][WIRE_QUERY_MOST];
    struct dns_exchange *owner[BATCH];
    struct channel *channel;
    unsigned n;
};

struct dns {
    uv_loop_t *loop;
    uv_poll_t poll; /* on .epoll, which holds all sockets: uv_poll_init() on each would probe each */
    uv_idle_t idler;
    uv_timer_t timer;
    int epoll;
    bool closing;
    unsigned handles;
    void (*closed)(void *user);
    void *closed_user;

    const struct guard *guard;
    uint64_t timeout, rest; /* rest: between a refusal and the next try at the same server */
    unsigned tries, per_server;
    struct dns_upstream **resolvers;
    unsigned n_resolvers, favourite; /* favourite: asked first */
    struct dns_upstream *table[SERVER_BUCKETS];
    uint64_t hash_key;
    struct dns_upstreams run_resolvers, run_pool; /* servers with something to send and room for it */
    struct dns_exchanges held, resting, ready;
    struct channels idle[2]; /* by .tcp */
    unsigned n_idle, n_pooled;
    size_t open; /* accepted asks without a callback yet */

    struct dns_exchange *issuing; /* whose ares_send() we are in */
    uint64_t now;             /* of this turn */
    uint8_t random[512];
    size_t random_at;
    struct dns_inbox in;
    struct outbox out;
    struct dns_counters counters;
};

/* ---- dns.c */
/* What became of a try. */
struct try_end {
    const uint8_t *msg; /* what answers it, judged by its id; NULL: nothing */
    size_t len;
    bool timeout;
    int error;             /* otherwise: the errno that ended it, or 0 */
    size_t cut_at, cut_of; /* tcp: bytes of a message that stopped short of its length; 0: none */
};
/* c-ares gives x back. */
void exchange_given_back(struct dns_exchange *x, const struct try_end *end);
/* A datagram with the id of x that c-ares could not use. True: it is x's answer all the same. */
bool exchange_misfit(struct dns_exchange *x, const uint8_t *msg, size_t len);
void dns_random(struct dns *d, void *to, size_t n);

/* ---- dns_channel.c */
/* NULL: no memory. The channel asks s and nobody else. */
struct channel *channel_take(struct dns *d, struct dns_upstream *s);
/* Starts a try of x on c; the callback may come from within. */
void channel_send(struct channel *c, struct dns_exchange *x);
/* Lets c-ares look at its socket (events of epoll) and its timeouts. */
void channel_process(struct channel *c, uint32_t events);
/* Takes x, a ghost, away from c-ares where that is possible: it may be gone afterwards. */
void channel_drop(struct dns_exchange *x);
void channel_renumber(struct channel *c, struct dns_exchange *x, uint16_t id);
void channels_trim(struct dns *d, unsigned idle_most);
void channel_free(struct channel *c);

/* ---- dns_socket.c */
void socket_functions(struct channel *c);
void socket_state(void *channel, ares_socket_t fd, int readable, int writable);
void inbox_init(struct dns_inbox *in);
/* What became of the datagram that c-ares got last: one that no query wanted is looked at here. */
void inbox_settle(struct channel *c);
void outbox_init(struct outbox *out);
void outbox_flush(struct dns *d);

#endif
