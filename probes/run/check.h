/* check.h - one check from request to report: the only driver.
 *
 * A check asks what plan_next() says, hands each ask to the observer of its kind, takes the facts in as they
 * come, plans again, and judges when nothing is left to ask, when the deadline expires or when it is
 * cancelled. It knows `struct observer` and nothing else of the outside: no loop, no socket, no clock.
 *
 * Thread: all calls and callbacks of one check happen on the thread of its observers. */
#ifndef DCV_CHECK_H
#define DCV_CHECK_H

#include "model/dcv.h"
#include "observe/observer.h"

struct observers {
    struct observer dns, http; /* .start is NULL where the program has none */
    struct observer resolver;  /* for DNS asks that go to the resolver; .dns has them where .start is NULL */
    void *clock_self;
    dcv_time (*now)(void *clock_self);        /* wall clock */
    uint64_t (*monotonic)(void *clock_self);  /* nanoseconds */
};

struct check;
/* The check's last act. report is in the check's arena. 0 in err, or -ENOMEM where the arena's ceiling was hit:
 * report is then a minimal one that says so, NULL where the machine has no memory at all. The callee owns the arena from here on and may free it. */
typedef void check_done_fn(void *user, struct check *c, struct report *report, int err);

/* Starts a check; done may be called before this returns. a: everything is allocated here, the check
 * itself too; it is the callee's again when done is called. r must outlive the check. *ret (may be NULL)
 * is valid until done is called. 0 or -ENOMEM (done is then not called and the arena is the caller's). */
int check_start(const struct observers *obs, struct arena *a, const struct request *r, check_done_fn *done, void *user,
                struct check **ret);
/* Half of its time is over: a sparing check asks all that is open from here on, as any other does. done may be called
 * from within. */
void check_hurry(struct check *c);
/* The deadline is over: judge what is known. done is called from within. */
void check_expire(struct check *c);
/* Drop it: done is called from within with an undecided report whose reason is "cancelled". */
void check_cancel(struct check *c);

#endif
