/* histogram.h - how often a measure fell between which bounds: what Prometheus makes percentiles of. Embedded
 * in its owner; not locked. */
#ifndef DCV_HISTOGRAM_H
#define DCV_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

enum { HISTOGRAM_BOUNDS = 18 };

struct scale { /* of a measure: upper bounds, ascending; what is above the last is counted beside them */
    size_t n;
    double bound[HISTOGRAM_BOUNDS];
};
/* 50 us to a minute: from a commit to a check of a silent zone. */
static const struct scale scale_seconds = {18,
                                           {50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3,
                                            50e-3, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60}};
/* Of what is done at a time. */
static const struct scale scale_counts = {11, {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024}};

struct histogram {
    uint64_t count[HISTOGRAM_BOUNDS + 1];
    double sum;
};

static inline void histogram_add(struct histogram *h, const struct scale *s, double value)
{
    size_t i = 0;
    while (i < s->n && value > s->bound[i])
        i++;
    h->count[i]++;
    h->sum += value;
}

/* More of the same measure, taken elsewhere. */
static inline void histogram_join(struct histogram *h, const struct histogram *other)
{
    for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++)
        h->count[i] += other->count[i];
    h->sum += other->sum;
}

#endif
