/* shard.h - the loops that checks run on, each with a thread of its own. Shard 0 is the daemon's main loop on its main
 * thread, where all but the checks' network side runs.
 *
 * An errand takes work from the main loop to a shard and back. Whoever has it at the moment owns it, and what it
 * carries, alone. Errands arrive in the order in which they were sent, in both directions; to shard 0 an errand is a
 * plain call. Each loop has one inbox under one lock, which is taken out whole; no function is called under a lock.
 *
 * Thread: each function says which. */
#ifndef DCVD_SHARD_H
#define DCVD_SHARD_H

#include "base/loop_lag.h"

#include <stdbool.h>
#include <uv.h>

enum { SHARDS_MOST = 16 };

struct shards;
/* Main thread. n shards, from 1 to SHARDS_MOST, the main loop among them, whose lag is measured by its caller. 0 or a
 * negative errno. */
int shards_new(uv_loop_t *main_loop, struct loop_lag *lag, unsigned n, struct shards **ret);
unsigned shards_count(const struct shards *s); /* any thread */
/* On the shard's own thread. */
uv_loop_t *shards_uv(struct shards *s, unsigned at);
struct loop_lag *shards_lag(struct shards *s, unsigned at);

struct errand;
typedef void errand_fn(struct errand *e);
struct errand { /* embedded in what it carries; zero before the first time */
    struct errand *next;
    struct shards *shards;
    errand_fn *fn;
    unsigned at;
};
/* Main thread: fn(e) is called on the shard's thread. */
void errand_send(struct errand *e, struct shards *s, unsigned at, errand_fn *fn);
/* On that thread: fn(e) is called on the main thread. */
void errand_return(struct errand *e, errand_fn *fn);

/* Main thread, with no errand under way and every handle on the shards' loops closed. Ends the threads; closed(user)
 * comes from the main loop. */
void shards_close(struct shards *s, void (*closed)(void *user), void *user);

#endif
