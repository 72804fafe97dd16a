/* check.h - one check from request to report: the loop that drives plan, observers and judge.
 *
 * A check gives each ask of plan_next() to the observer of its kind, adds the facts to its evidence as they come, and
 * plans again. It judges when nothing is left to ask or when the deadline expires. It uses nothing of the outside but
 * `struct observers`: no loop, no socket, no clock. A struct check lies in the arena of the check.
 *
 * Thread: all calls and callbacks of one check are on the thread of its observers. */
#ifndef DCV_CHECK_H
#define DCV_CHECK_H

#include "model/dcv.h"
#include "observe/observer.h"

struct observers {
    struct observer dns, http; /* .start is NULL where there is none */
    struct observer resolver;  /* for asks of the resolver; where .start is NULL, .dns gets them */
    void *clock_self;
    dcv_time (*now)(void *clock_self);        /* wall clock */
    uint64_t (*monotonic)(void *clock_self);  /* nanoseconds */
};

struct check;
/* Called once, when the check ends. report is in the arena of the check. err: 0; or a negative errno, and then the
 * report only says so: -ENOMEM where the arena reached its ceiling. report is NULL where the system has no memory at
 * all. The callee owns the arena from here on and may free it. */
typedef void check_done_fn(void *user, struct check *c, struct report *report, int err);

/* Starts a check; done may be called before this returns. a: all memory of the check; it belongs to the check until
 * done is called. r must outlive the check. *ret (may be NULL) is valid until done is called. 0; or -ENOMEM, and then
 * done is not called and the caller keeps the arena. */
int check_start(const struct observers *obs, struct arena *a, const struct request *r, check_done_fn *done, void *user,
                struct check **ret);
/* What a running check waits for: the question that has been under way longest, and how many are in all. NULL: nothing
 * is under way. */
const struct ask *check_waits_for(const struct check *c, uint32_t *n);
/* For a check with request.sparing, when half of its time is over: from now on it asks all open questions at once, as
 * other checks do. May call done. */
void check_hurry(struct check *c);
/* The deadline has expired: judges what is known and calls done. */
void check_expire(struct check *c);
/* Cancels the check: calls done with an undecided report that says so. */
void check_cancel(struct check *c);

#endif
