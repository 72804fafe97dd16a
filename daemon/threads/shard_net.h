/* shard_net.h - where checks are carried out: the network side of one configuration on one shard.
 *
 * A site is opened and closed from home; its net lives on the shard's loop. A task is one check on its way
 * there and back: home's before task_start() and from .done on, the site's in between, its arena and request
 * with it.
 *
 * Thread: home, where nothing else is said. */
#ifndef DCVD_SITE_H
#define DCVD_SITE_H

#include "observe/dns.h"
#include "observe/http.h"
#include "run/net.h"
#include "threads/shard.h"

#include <stdatomic.h>

enum { SITE_WHY_MOST = 256 };

struct network { /* counters of nets, added up */
    struct dns_counters dns;
    struct http_counters http;
};
void network_add(struct network *sum, const struct network *more);

struct place { /* a shard as its sites know it; the shard's own thread */
    struct site *sites;
    struct network past; /* of nets that are closed */
};
/* Of all its sites, open and closed. On the shard's thread. */
void place_count(const struct place *p, struct network *ret);

struct site { /* in its owner's memory, from site_open() until closed */
    struct shards *shards;
    struct place *place;
    unsigned at;
    const struct net_config *config;
    void (*done)(struct site *s);
    void *user;
    int status; /* once opened: 0, or a negative errno and why */
    char why[SITE_WHY_MOST];
    /* ---- the site's own */
    struct errand errand, sweep;
    bool sweeping, again, closing;
    struct net *net; /* from here on the shard's */
    struct task *tasks;
    struct site *next, **back; /* in the place's list */
};
/* .shards, .place, .at, .config, .user are set; config must live until it is closed. done(s) comes with
 * .status, for the first shard before this returns. One that failed is not closed. */
void site_open(struct site *s, void (*done)(struct site *s));
/* Nothing is at work there, and no function of its net is on the stack. */
void site_close(struct site *s, void (*done)(struct site *s));

struct task {
    struct arena *arena;
    const struct request *request;
    void (*done)(struct task *t);
    struct report *report; /* in the arena; NULL where the check could not begin */
    int error;             /* 0, or why that is, or -ENOMEM: the arena's ceiling was reached */
    /* ---- the site's own */
    struct errand errand;
    struct site *site;
    bool under_way;
    struct check *check;
    atomic_bool cancelled;
    struct task *next, **back;
};
/* .done comes, possibly before this returns. */
void task_start(struct task *t, struct site *s);
/* Makes it end soon, possibly before this returns; nothing where it is not under way. */
void task_cancel(struct task *t);

#endif
