/* slice.h - how long one part of the program may work before the others on its loop. Functions only, no state; any
 * thread.
 *
 * Some work comes in bulk: answers, ended web fetches, deadlines, checks to start, checks that were stored. Each part
 * does such work item by item, and after SLICE_NS leaves the rest for the next iteration of the loop. The parts do not
 * know of each other; so if all of them are busy, one iteration takes the sum of their slices plus the last item of
 * each, which must stay below ten milliseconds. */
#ifndef DCV_SLICE_H
#define DCV_SLICE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

enum { SLICE_NS = 500000 }; /* nanoseconds of uv_hrtime() */

static inline uint64_t slice_begin(void)
{
    return uv_hrtime();
}

/* True where the slice that began at that time is over. */
static inline bool slice_over(uint64_t began)
{
    return uv_hrtime() - began >= SLICE_NS;
}

#endif
