/* dns.h - observer: DNS over c-ares on a uv loop.
 *
 * A struct dns belongs to whoever called dns_new() and is used on the thread of its loop only. It answers asks through
 * its observer; dns_close() ends it and calls back once all handles are closed. One ask is one exchange with up to
 * `tries` sends and gives one fact, made from the bytes that the sockets received. A truncated answer (TC) is a fact,
 * too: plan asks again over TCP. Header of dns.c and resolv_conf.c. */
#ifndef DCV_DNS_H
#define DCV_DNS_H

#include "observe/guard.h"
#include "observe/observer.h"

#include <uv.h>

struct dns;

struct dns_config {
    const char *const *resolvers; /* "192.0.2.53", "192.0.2.53:53", "2001:db8::1", "[2001:db8::1]:53" */
    size_t n_resolvers;           /* 0: only authoritative servers are asked */
    uint32_t timeout_ms;          /* of one try */
    unsigned tries;               /* each at the next resolver */
    unsigned per_server;          /* queries in flight to one address; others wait */
    const struct guard *guard;    /* for authoritative servers; must outlive the dns */
};

struct dns_counters { /* since the start */
    uint64_t asked, sent, answered, timeouts, tcp, in_flight, waiting;
    uint64_t strays; /* datagrams that match no query: wrong id, or too late */
};

/* 0; -EINVAL, and *bad is the resolver that cannot be read; or another negative errno. */
int dns_new(uv_loop_t *loop, const struct dns_config *cfg, struct dns **ret, const char **bad);
void dns_observer(struct dns *d, struct observer *ret);
void dns_counters(const struct dns *d, struct dns_counters *ret);
/* All exchanges must have ended (cancel them first). closed may be NULL. */
void dns_close(struct dns *d, void (*closed)(void *user), void *user);

#endif
