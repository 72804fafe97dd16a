/* watch_times.h - when a watch runs next. Pure: every time is given.
 *
 * Runs have their places on a grid that begins when the watch was made: every interval, or the CA's steps
 * (profile.h), each of which counts from the end of the one before it. A run that was late is made up for
 * once and not by several at a time, and the next is back in its place, so that nothing drifts. */
#ifndef DCVD_WATCH_TIMES_H
#define DCVD_WATCH_TIMES_H

#include "ca/profile.h"

struct watch_times {
    const struct poll_step *v; /* the CA's; used where .interval is 0 */
    size_t n;
    int64_t interval; /* milliseconds */
    bool forever;     /* the last of the CA's steps has no end */
};

/* The first place that is neither before now nor within half a step of the last run's begin, so never more
 * than one step and a half away. TIME_UNKNOWN: the CA has stopped asking by then. A clock that was set back
 * may have left created and last in the future. */
dcv_time watch_times_next(const struct watch_times *s, dcv_time created, dcv_time last, dcv_time now);

#endif
