/* slice.h - how long one part of the program may hold up the others on its loop.
 *
 * What comes in bulk (answers, ends of web fetches, deadlines, checks to be started, what the store is done with) is
 * worked off a piece at a time; once TURN_NS are over the rest waits for the next turn of the loop. Each part looks by
 * itself, so a turn in which all of them have their hands full takes the sum: that has to stay below ten milliseconds,
 * with the piece on top that was begun last in each. */
#ifndef DCV_TURN_H
#define DCV_TURN_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

enum { TURN_NS = 500000 };

static inline uint64_t turn_begin(void)
{
    return uv_hrtime();
}

/* Whether the part of the turn that began then is over. */
static inline bool turn_over(uint64_t began)
{
    return uv_hrtime() - began >= TURN_NS;
}

#endif
