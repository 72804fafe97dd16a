/* recursive.h - observer: DNS from the root down, validated, over libunbound on a uv loop.
 *
 * Answers the asks that go to "the resolver" (VIA_RESOLVER) when the configuration says to have none: what a
 * validating resolver with an empty cache would say, with the validator's own reason as an extended error. It
 * gives one fact for each ask, within a deadline of its own, because libunbound gives a silent server half a
 * minute.
 *
 * Life: recursive_new on the loop's thread; asks through the observer; recursive_close, whose callback comes
 * once all handles are closed and all contexts deleted. libunbound works in threads of its own, one for each
 * context; callbacks come on the loop's. */
#ifndef DCV_RECURSIVE_H
#define DCV_RECURSIVE_H

#include "observe/guard.h"
#include "observe/observer.h"

#include <uv.h>

#define RECURSIVE_ANCHOR "/usr/share/dns/root.key" /* of the package dns-root-data */

struct recursive_config {
    const char
        *trust_anchor; /* a file with the root's DS or DNSKEY records, one a line; NULL: RECURSIVE_ANCHOR */
    const char *root_hints; /* a file with the root's NS records and their addresses; NULL: the public root */
    uint32_t timeout_ms;    /* of one question, all the way from the root */
    uint32_t age_ms;        /* a cache is left behind when it is that old; 0: 30 000 */
    const struct guard *guard; /* name servers there are not asked */
};

/* What is wrong with a file of the configuration. */
struct recursive_fault {
    const char *file, *why; /* why: "No such file or directory" */
    bool hints;             /* it is .root_hints, not .trust_anchor */
};
/* Reads both files as recursive_new() does: 0, -EINVAL or the errno of the reading with *fault filled,
 * -ENOMEM. */
int recursive_files(struct arena *a, const struct recursive_config *cfg, struct recursive_fault *fault);

struct recursive;
/* Texts of cfg are copied, the trust anchor is read once, here. 0; as recursive_files(), with the texts of
 * *fault in the arena; or -EIO: libunbound does not work, *fault says in which words. */
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
