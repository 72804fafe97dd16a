/* shard_net.h - the network side of one configuration on one shard, and the checks that it carries out.
 *
 * A shard's net is opened and closed from the main thread; it lives on the shard's loop. A remote check is one check on
 * its way there and back: it, its request and its arena belong to the main thread before remote_check_start() and from
 * .done on, and to the shard's thread in between.
 *
 * Thread: the main thread, where nothing else is said. */
#ifndef DCVD_SHARD_NET_H
#define DCVD_SHARD_NET_H

#include "observe/dns.h"
#include "observe/http.h"
#include "run/net.h"
#include "threads/shard.h"

#include <stdatomic.h>

enum { SHARD_NET_WHY_MOST = 256 };

struct net_counters { /* of several nets, added up */
    struct dns_counters dns;
    struct http_counters http;
};
void net_counters_add(struct net_counters *sum, const struct net_counters *more);

struct shard_nets { /* all nets of one shard; its own thread's */
    struct shard_net *open;
    struct net_counters past; /* of nets that are closed */
};
/* Of all of them, open and closed. On the shard's thread. */
void shard_nets_count(const struct shard_nets *all, struct net_counters *ret);

struct shard_net { /* in its caller's memory, from shard_net_open() until closed */
    struct shards *shards;
    struct shard_nets *all; /* of the same shard */
    unsigned at;
    const struct net_config *config;
    void (*done)(struct shard_net *n);
    void *user;
    int status; /* once opened: 0, or a negative errno and why */
    char why[SHARD_NET_WHY_MOST];
    /* ---- private to shard_net.c */
    struct errand errand, sweep;
    bool sweeping, again, closing;
    struct net *net; /* this and what follows: the shard's thread */
    struct remote_check *checks;
    struct shard_net *next, **back; /* in all->open */
};
/* .shards, .all, .at, .config and .user are set; config must live until it is closed. done(n) comes with .status, for
 * shard 0 before this returns. One that failed is not closed. */
void shard_net_open(struct shard_net *n, void (*done)(struct shard_net *n));
/* No check is under way there, and no function of its net is on the stack. */
void shard_net_close(struct shard_net *n, void (*done)(struct shard_net *n));

struct remote_check {
    struct arena *arena;
    const struct request *request;
    void (*done)(struct remote_check *c);
    struct report *report; /* in the arena; NULL where the check could not begin */
    int error;             /* 0, or why it could not, or -ENOMEM: the arena's ceiling was reached */
    /* ---- private to shard_net.c */
    struct errand errand;
    struct shard_net *net;
    bool under_way;
    struct check *check;
    atomic_bool cancelled;
    struct remote_check *next, **back;
};
/* .done comes, possibly before this returns. */
void remote_check_start(struct remote_check *c, struct shard_net *n);
/* Makes it end soon, possibly before this returns; does nothing where it is not under way. */
void remote_check_cancel(struct remote_check *c);

#endif
