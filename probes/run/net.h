/* net.h - the I/O side of checks: one uv loop, its observers, its clock and its deadlines.
 *
 * Fills the observer table; the daemon and the command share it. Thread: that of the loop. */
#ifndef DCV_NET_H
#define DCV_NET_H

#include "run/check.h"

#include <uv.h>

struct net_config {
    struct texts resolvers; /* "ADDR:PORT"; "recursive" alone: from the root down; empty: /etc/resolv.conf */
    const char *trust_anchor, *root_hints; /* files, for "recursive": see recursive.h */
    uint32_t timeout_ms;    /* of one try; 0: 2000. From the root down a question has the time of all tries */
    unsigned tries;         /* 0: 3 */
    unsigned per_server;    /* in flight to one server address; 0: 100 */
    unsigned fetches;       /* web fetches in flight; 0: 256 */
    struct texts allow_net; /* otherwise forbidden networks that may be connected to */
    const char *user_agent; /* NULL: the profile's */
};

struct net;
/* Texts of cfg are copied. 0, -EINVAL (a resolver, a network or a file that cannot be parsed, or no resolver
 * known: *what, static or owned by the net thread until the next call, says which), or another negative
 * errno. */
int net_new(uv_loop_t *loop, const struct net_config *cfg, struct net **ret, const char **what);
/* Starts a check under its request's deadline; see check_start for ownership. */
int net_check(struct net *n, struct arena *a, const struct request *r, check_done_fn *done, void *user,
              struct check **ret);
void net_cancel(struct net *n, struct check *c);
size_t net_running(const struct net *n); /* checks */
struct dns_counters;
struct http_counters;
void net_counters(const struct net *n, struct dns_counters *dns, struct http_counters *http);
const struct observers *net_observers(struct net *n);
/* Cancels what runs and gives everything back; closed(user) comes from a later turn of the loop, once all
 * handles are closed. */
void net_close(struct net *n, void (*closed)(void *user), void *user);

#endif
