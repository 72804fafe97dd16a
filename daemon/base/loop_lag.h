/* loop_lag.h - how long each turn of a loop holds up everything else on it: the time from one wait for events to the
 * next, without the wait itself.
 *
 * Embedded in its owner. Thread: the loop's. */
#ifndef DCVD_LOOP_LAG_H
#define DCVD_LOOP_LAG_H

#include "base/histogram.h"

#include <uv.h>

struct loop_lag {
    uv_prepare_t prepare;
    uint64_t at, idle; /* nanoseconds, at the last wait; idle: spent waiting by then */
    uint64_t cpu;      /* of the thread, likewise; 0 before the first turn: the loop may be made on another one */
    struct histogram seconds;
    double longest;
    double longest_cpu; /* seconds of CPU: without the time in which other threads had the processor */
};
/* Before the loop runs, since it has to be told to measure its waits. 0 or a negative errno. */
int loop_lag_start(struct loop_lag *t, uv_loop_t *uv);
/* Does not count what was done until now, the start of the program, as a turn. */
void loop_lag_restart(struct loop_lag *t);
void loop_lag_close(struct loop_lag *t); /* one that never started is allowed */

#endif
