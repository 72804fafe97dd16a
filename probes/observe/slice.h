/* slice.h - how long one part of the program may hold up the others on its loop.
 *
 * What comes in bulk (answers, ends of web fetches, deadlines, checks to be started, what the store is done with) is
 * worked off a piece at a time; once SLICE_NS are over the rest waits for the next turn of the loop. Each part looks by
 * itself, so a turn in which all of them have their hands full takes the sum: that has to stay below ten milliseconds,
 * with the piece on top that was begun last in each. */
#ifndef DCV_SLICE_H
#define DCV_SLICE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

enum { SLICE_NS = 500000 };

static inline uint64_t slice_begin(void)
{
    return uv_hrtime();
}

/* Whether the part of the turn that began then is over. */
static inline bool slice_over(uint64_t began)
{
    return uv_hrtime() - began >= SLICE_NS;
}

#endif
