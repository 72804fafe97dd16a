/* recursive.h - observer: DNS from the root down, validated, over libunbound on a uv loop.
 *
 * Answers asks of "the resolver" (VIA_RESOLVER) when the configuration names no resolver: as a validating resolver with
 * an empty cache would, with the reason of the validator as an extended error. Each ask gives one fact within
 * timeout_ms, because libunbound would wait half a minute for a silent server.
 *
 * A struct recursive belongs to whoever called recursive_new() and is used on the thread of its loop only.
 * recursive_close() ends it and calls back once all handles are closed and all contexts deleted. libunbound has a
 * thread for each context; the callbacks are on the thread of the loop. Header of recursive.c and recursive_*.c. */
#ifndef DCV_RECURSIVE_H
#define DCV_RECURSIVE_H

#include "observe/guard.h"
#include "observe/observer.h"
#include "observe/recursive_files.h"

#include <uv.h>

struct recursive_config {
    const char *trust_anchor, *root_hints; /* two files: see recursive_files.h */
    uint32_t timeout_ms;    /* for one question, with all steps from the root */
    uint32_t age_ms;        /* maximum age of a cache; 0: 30 000 */
    const struct guard *guard; /* name servers at addresses that it denies are not asked */
};

struct recursive;
/* Copies the texts of cfg and reads the trust anchor. 0; the errors of recursive_files(), with *fault filled; or -EIO:
 * libunbound does not work, and fault->why is its reason. */
int recursive_new(uv_loop_t *loop, struct arena *a, const struct recursive_config *cfg,
                  struct recursive **ret, struct recursive_fault *fault);
void recursive_observer(struct recursive *r, struct observer *ret);

struct recursive_counters { /* since the start */
    uint64_t asked, answered, timeouts, contexts;
};
void recursive_counters(const struct recursive *r, struct recursive_counters *ret);
/* All exchanges must have ended (cancel them first). closed may be NULL. */
void recursive_close(struct recursive *r, void (*closed)(void *user), void *user);

#endif
