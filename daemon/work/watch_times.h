/* watch_times.h - when a watch runs next. Pure: every time is given.
 *
 * Runs are on a grid of times that begins when the watch was made: every interval, or the CA's steps (profile.h), each
 * of which counts from the end of the one before. After a late run the next one is on the grid again, so that nothing
 * drifts, and runs that were missed are not made up for. */
#ifndef DCVD_WATCH_TIMES_H
#define DCVD_WATCH_TIMES_H

#include "ca/profile.h"

struct watch_times {
    const struct poll_step *v; /* the CA's; used where .interval is 0 */
    size_t n;
    int64_t interval; /* milliseconds */
    bool forever;     /* the last of the CA's steps has no end */
};

/* The first time on the grid that is neither before now nor within half a step after the last run began; so it is never
 * more than one step and a half away. TIME_UNKNOWN: the CA has stopped asking by then. created and last may lie in the
 * future, after the clock was set back. */
dcv_time watch_times_next(const struct watch_times *s, dcv_time created, dcv_time last, dcv_time now);

#endif
