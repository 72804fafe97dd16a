/* net.h - the I/O of checks: the observers, clock and deadlines of one uv loop.
 *
 * Used by the daemon (one for each loop) and by the command. A struct net belongs to whoever called net_new() until
 * net_close(); it owns its observers and the running checks. Thread: that of the loop. */
#ifndef DCV_NET_H
#define DCV_NET_H

#include "run/check.h"
#include "run/conf.h"

#include <uv.h>

struct net_config {
    struct texts resolvers; /* "ADDR:PORT"; only "recursive": from the root down; empty: /etc/resolv.conf */
    const char *trust_anchor, *root_hints; /* files, for "recursive": see recursive_files.h */
    uint32_t timeout_ms;    /* for one try; "recursive": a question has the time of all tries */
    unsigned tries;
    unsigned per_server;    /* queries in flight to one server address */
    unsigned fetches;       /* web fetches in flight */
    struct texts allow_net; /* forbidden networks that may be connected to all the same */
    const struct profile *profile; /* the CA's, whose fetches are repeated; outlives the net */
};

/* What a configuration says of it; the texts stay the configuration's. Every default stands in the table of conf.c
 * alone. */
struct net_config net_config_of(const struct conf *c);

/* The resolvers that /etc/resolv.conf names, as "ADDR:PORT". 0 or a negative errno; a file that is not there names
 * none. */
int net_system_resolvers(struct arena *a, struct texts *ret);

struct net;
/* Copies the texts of cfg. 0; -EINVAL for a resolver, a network or a file that cannot be read, and where no resolver is
 * known; or another negative errno. On failure *what says which one; it is valid until the next call on this thread. */
int net_new(uv_loop_t *loop, const struct net_config *cfg, struct net **ret, const char **what);
/* Starts a check with the deadline of its request; ownership as in check_start(). */
int net_check(struct net *n, struct arena *a, const struct request *r, check_done_fn *done, void *user,
              struct check **ret);
void net_cancel(struct net *n, struct check *c);
size_t net_running(const struct net *n); /* number of running checks */
struct dns_counters;
struct http_counters;
void net_counters(const struct net *n, struct dns_counters *dns, struct http_counters *http);
const struct observers *net_observers(struct net *n);
/* Cancels the running checks and frees n. closed(user) is called in a later iteration of the loop, once all handles are
 * closed. */
void net_close(struct net *n, void (*closed)(void *user), void *user);

#endif
