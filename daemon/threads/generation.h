/* generation.h - configurations by the order in which they came into force, and the sites where checks run
 * under them.
 *
 * A check keeps the configuration under which it began, whatever is read since: it stands for that by joining
 * the generation in force, until it leaves. An older generation ends with the last that leaves: its nets are
 * closed, its arena is freed. The rooms that only look at a setting in passing have the copy in force: it
 * stays in its place, and changes between two turns of the loop; its texts live until the next one comes.
 *
 * Thread: home. */
#ifndef DCVD_GENERATION_H
#define DCVD_GENERATION_H

#include "run/conf.h"
#include "threads/shard_net.h"

struct generations;
struct generation;

int generations_new(uv_loop_t *uv, struct shards *shards, struct generations **ret);
/* Makes the next one of conf and its arena, which it takes over where it returns 0. opened(user, 0, NULL)
 * says that it is in force; otherwise what went wrong, and all is as before. May come before this returns.
 * One at a time. 0 or -ENOMEM. */
typedef void generation_opened_fn(void *user, int error, const char *why);
int generations_open(struct generations *all, struct arena *a, const struct conf *conf,
                     generation_opened_fn *opened, void *user);
bool generations_opening(const struct generations *all);
const struct conf *generations_conf(const struct generations *all); /* in force; the same pointer for ever */

struct generation *generation_join(struct generations *all);
void generation_leave(struct generation *g);
const struct conf *generation_conf(const struct generation *g);
/* A check on the shard of this key. */
void generation_check(struct generation *g, struct remote_check *t, int64_t key);

/* What all shards have counted. counted(user) gets it, perhaps before this returns. 0 or -ENOMEM. */
struct generations_counters {
    struct net_counters network;
    struct histogram turn_seconds;
    double turn_longest, turn_longest_cpu;
};
typedef void generations_counted_fn(void *user, const struct generations_counters *tally);
int generations_count(struct generations *all, generations_counted_fn *counted, void *user);

/* Nothing joins any more. Who has is waited for, and so is what is being opened; closed(user) comes once every net
 * is closed. */
void generations_close(struct generations *all, void (*closed)(void *user), void *user);
void generations_free(struct generations *all);

#endif
