/* shard.h - the loops that checks run on. The first is the caller's own, home; each further one has a thread.
 *
 * An errand takes work from home to a shard and back. Whoever has it in hand owns it, and what it carries,
 * alone; both ends are reached in the order of sending. To the first shard it is a plain call. Each loop has
 * one inbox under one lock, taken whole; nothing runs under a lock.
 *
 * Thread: functions say which. */
#ifndef DCVD_SHARD_H
#define DCVD_SHARD_H

#include "base/loop_lag.h"

#include <stdbool.h>
#include <uv.h>

enum { SHARDS_MOST = 16 };

struct shards;
/* n of 1 to SHARDS_MOST, the caller's loop, which is measured by turns, among them. 0 or a negative errno. */
int shards_new(uv_loop_t *home, struct loop_lag *turns, unsigned n, struct shards **ret);
unsigned shards_count(const struct shards *s); /* any thread */
/* On the shard's own thread only. */
uv_loop_t *shards_uv(struct shards *s, unsigned at);
struct loop_lag *shards_turns(struct shards *s, unsigned at);

struct errand;
typedef void errand_fn(struct errand *e);
struct errand { /* embedded in what it carries; zero before the first time */
    struct errand *next;
    struct shards *shards;
    errand_fn *fn;
    unsigned at;
};
/* At home: fn(e) is called on the shard's thread. */
void errand_send(struct errand *e, struct shards *s, unsigned at, errand_fn *fn);
/* On that thread: fn(e) is called at home. */
void errand_return(struct errand *e, errand_fn *fn);

/* At home, with no errand under way and every handle on the shards' loops closed. Ends the threads;
 * closed(user) comes from the home loop. */
void shards_close(struct shards *s, void (*closed)(void *user), void *user);

#endif
