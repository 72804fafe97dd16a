#include "work/watch_times.h"

/* The first place of start, start + every, … at or after least; before start there are such places, too. */
static int64_t place(int64_t start, int64_t every, int64_t least)
{
    int64_t over = (least - start) % every;
    return least + (over > 0 ? every - over : -over);
}

/* The step that an age is in; the last one's length goes on behind its end. */
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
        return created + place(0, s->interval, least);
    int64_t start = 0;
    for (size_t i = 0; i < s->n; i++) {
        int64_t every = INT64_C(1000) * s->v[i].every, end = INT64_C(1000) * s->v[i].until;
        int64_t at = place(start, every, i && least <= start ? start + 1 : least);
        if (at <= end || (s->forever && i + 1 == s->n))
            return created + at;
        start = end;
    }
    return TIME_UNKNOWN;
}
