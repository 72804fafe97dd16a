/* clock.h - the time of day. Only the daemon reads it: to the checks time is data that they are given. */
#ifndef DCVD_CLOCK_H
#define DCVD_CLOCK_H

#include "model/dcv.h"

#include <time.h>

static inline dcv_time clock_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (dcv_time)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

#endif
