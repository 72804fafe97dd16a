/* histogram.h - counts how many measured values fell between which bounds, from which Prometheus computes percentiles.
 * Embedded in its owner; without a lock, so for one thread at a time. */
#ifndef DCV_HISTOGRAM_H
#define DCV_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

enum { HISTOGRAM_BOUNDS = 18 };

struct scale { /* upper bounds, ascending; values above the last one have a count of their own */
    size_t n;
    double bound[HISTOGRAM_BOUNDS];
};
/* For durations in seconds: from 50 us (a commit) to a minute (a check of a zone that does not answer). */
static const struct scale scale_seconds = {18,
                                           {50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3,
                                            50e-3, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60}};
/* For sizes of batches: how many items were handled at once. */
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

/* Adds the values of other, which has the same scale. */
static inline void histogram_join(struct histogram *h, const struct histogram *other)
{
    for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++)
        h->count[i] += other->count[i];
    h->sum += other->sum;
}

#endif
