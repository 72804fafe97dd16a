/* shard_net.h - where checks are carried out: the network side of one configuration on one shard.
 *
 * A site is opened and closed from home; its net lives on the shard's loop. A task is one check on its way
 * there and back: home's before remote_check_start() and from .done on, the site's in between, its arena and request
 * with it.
 *
 * Thread: home, where nothing else is said. */
#ifndef DCVD_SHARD_NET_H
#define DCVD_SHARD_NET_H

#include "observe/dns.h"
#include "observe/http.h"
#include "run/net.h"
#include "threads/shard.h"

#include <stdatomic.h>

enum { SHARD_NET_WHY_MOST = 256 };

struct net_counters { /* counters of nets, added up */
    struct dns_counters dns;
    struct http_counters http;
};
void net_counters_add(struct net_counters *sum, const struct net_counters *more);

struct shard_nets { /* a shard as its sites know it; the shard's own thread */
    struct shard_net *sites;
    struct net_counters past; /* of nets that are closed */
};
/* Of all its sites, open and closed. On the shard's thread. */
void shard_nets_count(const struct shard_nets *p, struct net_counters *ret);

struct shard_net { /* in its owner's memory, from shard_net_open() until closed */
    struct shards *shards;
    struct shard_nets *place;
    unsigned at;
    const struct net_config *config;
    void (*done)(struct shard_net *s);
    void *user;
    int status; /* once opened: 0, or a negative errno and why */
    char why[SHARD_NET_WHY_MOST];
    /* ---- the site's own */
    struct errand errand, sweep;
    bool sweeping, again, closing;
    struct net *net; /* from here on the shard's */
    struct remote_check *tasks;
    struct shard_net *next, **back; /* in the place's list */
};
/* .shards, .place, .at, .config, .user are set; config must live until it is closed. done(s) comes with
 * .status, for the first shard before this returns. One that failed is not closed. */
void shard_net_open(struct shard_net *s, void (*done)(struct shard_net *s));
/* Nothing is at work there, and no function of its net is on the stack. */
void shard_net_close(struct shard_net *s, void (*done)(struct shard_net *s));

struct remote_check {
    struct arena *arena;
    const struct request *request;
    void (*done)(struct remote_check *t);
    struct report *report; /* in the arena; NULL where the check could not begin */
    int error;             /* 0, or why that is, or -ENOMEM: the arena's ceiling was reached */
    /* ---- the site's own */
    struct errand errand;
    struct shard_net *site;
    bool under_way;
    struct check *check;
    atomic_bool cancelled;
    struct remote_check *next, **back;
};
/* .done comes, possibly before this returns. */
void remote_check_start(struct remote_check *t, struct shard_net *s);
/* Makes it end soon, possibly before this returns; nothing where it is not under way. */
void remote_check_cancel(struct remote_check *t);

#endif
