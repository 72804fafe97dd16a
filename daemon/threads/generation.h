/* generation.h - the configurations in the order in which they came into force, and the network side of each.
 *
 * A check keeps the configuration under which it began, whatever is read since: it joins the generation in force, and
 * leaves it when it has ended. An older generation ends when the last one leaves it: its nets are closed, its arena is
 * freed. Whoever only looks at a setting now and then uses the copy in force (generations_conf()): its address stays
 * the same, its values change between two turns of the loop, and its texts live until the next one comes into force.
 *
 * Thread: the main thread. */
#ifndef DCVD_GENERATION_H
#define DCVD_GENERATION_H

#include "run/conf.h"
#include "threads/shard_net.h"

struct generations;
struct generation;

int generations_new(uv_loop_t *uv, struct shards *shards, struct generations **ret);
/* Makes the next one of conf and its arena, which it takes over where it returns 0. opened(user, 0, NULL) says that it
 * is in force; opened(user, error, why) that it cannot be, and all stays as it was. It may come before this returns.
 * One at a time. 0 or -ENOMEM. */
typedef void generation_opened_fn(void *user, int error, const char *why);
int generations_open(struct generations *all, struct arena *a, const struct conf *conf,
                     generation_opened_fn *opened, void *user);
bool generations_opening(const struct generations *all);
const struct conf *generations_conf(const struct generations *all); /* in force; always the same pointer */

struct generation *generation_join(struct generations *all);
void generation_leave(struct generation *g);
const struct conf *generation_conf(const struct generation *g);
/* Starts a check on the shard that the key stands for. */
void generation_check(struct generation *g, struct remote_check *c, int64_t key);

struct generations_counters {
    struct net_counters network;
    struct histogram turn_seconds; /* of the loops: loop_lag.h */
    double turn_longest, turn_longest_cpu;
};
typedef void generations_counted_fn(void *user, const struct generations_counters *counters);
/* Adds up what all shards have counted, and hands it to counted(), perhaps before this returns. 0 or -ENOMEM. */
int generations_count(struct generations *all, generations_counted_fn *counted, void *user);

/* Nothing may join any more. Waits until those that have joined leave, and for what is being opened; closed(user) comes
 * once every net is closed. */
void generations_close(struct generations *all, void (*closed)(void *user), void *user);
void generations_free(struct generations *all);

#endif
