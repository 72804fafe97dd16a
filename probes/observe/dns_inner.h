/* dns_inner.h - what the files of the DNS observer share: dns.c (exchanges and servers), dns_channel.c (c-ares
 * channels), dns_socket.c (their sockets). All on the thread of the loop.
 *
 * An exchange belongs to the struct dns from start() until both its callback was called and c-ares holds no query of
 * it. c-ares 1.18 cannot drop a single query, so a cancelled exchange becomes a "ghost" (.fn is NULL) until c-ares
 * gives it back. A ghost must not use anything of its check (arena, ask, query).
 *
 * A turn is what the observer does in one iteration of the loop. Sockets are read and facts are made inside
 * ares_process_fd(). When it has returned, the fact_fn of the callers are called. What these ask is queued, and sent
 * from the idle handle before the loop waits again. So no query starts inside a callback of c-ares, and one sendmmsg()
 * sends the queries of many callers.
 *
 * Times are nanoseconds of uv_hrtime(). */
#ifndef DCV_DNS_INNER_H
#define DCV_DNS_INNER_H

#include "observe/address_table.h"
#include "observe/dns.h"
#include "observe/slice.h"
#include "wire/wire.h"

#include <ares.h>
#include <sys/queue.h>
#include <sys/socket.h>

enum {
    TURN_SENDS = 256,     /* queries started in one turn */
    BATCH = 64,           /* datagrams in one recvmmsg or sendmmsg */
    DATAGRAM_MOST = 4096, /* bytes that c-ares reads; we announce 1232 */
    PORT_QUERIES = 1000,  /* queries from one source port to a resolver */
    RESOLVER_CHANNELS =
        4,               /* of one resolver: the current one, and older ones that wait for their last answers */
    POOL_MOST = 512,     /* channels for single exchanges, 74 KB each */
    POOL_IDLE_MOST = 32, /* of these, kept while unused */
    ID_BUCKETS = 256,
    TICK_MS = 15,
    TICK_FREED = 16, /* idle channels freed in one tick, so that a burst soon after finds the others */
};

struct dns_exchange;
TAILQ_HEAD(dns_exchanges, dns_exchange);

struct dns_exchange {
    struct address_link link; /* must be first; in a queue of .server, in resting or in ready */
    TAILQ_ENTRY(dns_exchange) held_link; /* in dns.held while .in_ares */
    struct dns_exchange *same_bucket;    /* next in channel.by_id */
    struct dns *d;
    struct arena *arena;
    struct ask *ask;
    fact_fn *fn; /* NULL: a ghost */
    void *user;
    struct dns_upstream *server;
    struct channel *channel; /* while .in_ares */
    struct fact *fact;       /* the result; before it is in ready: the result unless a better answer comes */
    uint8_t *query;
    uint64_t first_sent, due; /* due: when the try, or the pause before the next one, ends */
    int error;                /* errno of a send that failed after c-ares took it for sent */
    uint16_t query_len, id;
    uint16_t tries, refusals, resolver; /* resolver: index of the one asked last */
    bool in_ares, timed_out;            /* timed_out: at least one try did */
    bool misfit;                        /* .fact is an answer of this try with our id but another question */
};

TAILQ_HEAD(channels, channel);

/* One address and transport. In a table of struct dns while an exchange refers to it; resolvers always. */
struct dns_upstream {
    struct address_entry at; /* must be first */
    char text[ADDR_TEXT_MOST];
    struct channel *channels[RESOLVER_CHANNELS]; /* resolvers only */
    unsigned n_channels, current;
};

/* One c-ares channel and its only socket. */
struct channel {
    TAILQ_ENTRY(channel) link; /* in dns.idle */
    struct dns *d;
    ares_channel ares;
    int fd, error; /* the last errno of the socket functions */
    uint32_t events, used, in_flight;
    bool tcp, pooled,
        segments, /* the kernel splits a long write into datagrams of one length: udp(7) UDP_SEGMENT */
        refused; /* an ICMP refusal came while sending; c-ares is told when it reads */
    struct dns_exchange *by_id[ID_BUCKETS];
    uint8_t *stream; /* tcp: the bytes received so far */
    size_t stream_len, stream_room;
};

struct dns_inbox { /* what recvmmsg() read for the channel that is processed now */
    struct mmsghdr msgs[BATCH];
    struct iovec iov[BATCH];
    uint8_t bytes[BATCH][DATAGRAM_MOST];
    struct sockaddr_storage from[BATCH];
    unsigned n, next;
    bool drained;       /* nothing more to read in this turn */
    bool open, claimed; /* open: c-ares has msgs[next - 1]; claimed: it answered a query */
};

struct outbox { /* what the next sendmmsg() on .channel sends */
    struct mmsghdr msgs[BATCH];    /* one for each run, that is datagrams of one length */
    unsigned first[BATCH];         /* index of the first datagram of each run */
    uint64_t size_of_each[BATCH][CMSG_SPACE(sizeof(uint16_t)) / sizeof(uint64_t)]; /* of each run: UDP_SEGMENT */
    struct iovec iov[BATCH];       /* of each datagram */
    uint8_t bytes[BATCH][WIRE_QUERY_MOST];
    struct dns_exchange *owner[BATCH];
    struct channel *channel;
    unsigned n;
};

struct dns {
    uv_loop_t *loop;
    uv_poll_t poll; /* on .epoll, which contains all sockets: uv_poll_init() for each would cost system calls */
    uv_idle_t idler;
    uv_timer_t timer;
    int epoll;
    bool closing;
    unsigned handles;
    void (*closed)(void *user);
    void *closed_user;

    const struct guard *guard;
    uint64_t timeout, rest; /* rest: the pause between a refusal and the next try at the same server */
    unsigned tries;
    struct dns_upstream **resolvers;
    unsigned n_resolvers, favourite; /* favourite: index of the resolver that is asked first */
    struct address_table shared, pool; /* shared: resolvers over UDP, whose channels many exchanges share */
    struct address_queue resting, ready;
    struct dns_exchanges held;
    struct channels idle[2]; /* by .tcp */
    unsigned n_idle, n_pooled;
    size_t open; /* accepted asks without a callback yet */

    struct dns_exchange *issuing; /* the exchange whose ares_send() is running */
    uint64_t now;             /* the time of this turn */
    uint8_t random[512];
    size_t random_at;
    struct dns_inbox in;
    struct outbox out;
    struct dns_counters counters;
};

/* ---- dns.c */
/* How a try ended. */
struct try_end {
    const uint8_t *msg; /* the answer, by its id; NULL: none */
    size_t len;
    bool timeout;
    int error;             /* otherwise: the errno that ended it, or 0 */
    size_t cut_at, cut_of; /* tcp: bytes read of a message and its length, if it is cut short; else 0 */
};
/* c-ares has no query of x any more. */
void exchange_given_back(struct dns_exchange *x, const struct try_end *end);
/* Looks at a datagram with the id of x that c-ares did not accept. True: it is the answer of x. */
bool exchange_misfit(struct dns_exchange *x, const uint8_t *msg, size_t len);
void dns_random(struct dns *d, void *to, size_t n);

/* ---- dns_channel.c */
/* A channel that asks only s. NULL: out of memory. */
struct channel *channel_take(struct dns *d, struct dns_upstream *s);
/* Starts a try of x on c; x may be given back before this returns. */
void channel_send(struct channel *c, struct dns_exchange *x);
/* Lets c-ares process its socket (events of epoll) and its timeouts. */
void channel_process(struct channel *c, uint32_t events);
/* Takes the ghost x away from c-ares where that is possible, which frees x. */
void channel_drop(struct dns_exchange *x);
/* Frees unused channels above this number. */
void channels_trim(struct dns *d, unsigned idle_most);
void channel_free(struct channel *c);

/* ---- dns_socket.c */
/* Makes c-ares call our functions for the sockets of c. */
void socket_functions(struct channel *c);
/* For ares_options.sock_state_cb: which events c-ares waits for. */
void socket_state(void *channel, ares_socket_t fd, int readable, int writable);
void inbox_init(struct dns_inbox *in);
/* Called after c-ares had a datagram: one that no query accepted is given to exchange_misfit(). */
void inbox_settle(struct channel *c);
void outbox_init(struct outbox *out);
/* Sends what is in d->out. */
void outbox_flush(struct dns *d);

#endif
