#include "work/watch_times.h"

/* The first of …, start - every, start, start + every, … that is not before least. */
static int64_t on_grid(int64_t start, int64_t every, int64_t least)
{
    int64_t over = (least - start) % every;
    return least + (over > 0 ? every - over : -over);
}

/* The interval of the step that an age is in; behind the last step's end that of the last one. */
static int64_t every_at(const struct watch_times *s, int64_t age)
{
    size_t i = 0;
    while (i + 1 < s->n && age >= INT64_C(1000) * s->v[i].until)
        i++;
    return INT64_C(1000) * s->v[i].every;
}

dcv_time watch_times_next(const struct watch_times *s, dcv_time created, dcv_time last, dcv_time now)
{
    if (last > now)
        last = now;
    if (!s->interval && !s->n)
        return TIME_UNKNOWN;
    int64_t half = (s->interval ? s->interval : every_at(s, last - created)) / 2;
    int64_t least = (last + half > now ? last + half : now) - created;
    if (s->interval)
        return created + on_grid(0, s->interval, least);
    int64_t start = 0;
    for (size_t i = 0; i < s->n; i++) {
        int64_t every = INT64_C(1000) * s->v[i].every, end = INT64_C(1000) * s->v[i].until;
        int64_t at = on_grid(start, every, i && least <= start ? start + 1 : least);
        if (at <= end || (s->forever && i + 1 == s->n))
            return created + at;
        start = end;
    }
    return TIME_UNKNOWN;
}
