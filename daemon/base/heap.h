/* heap.h - a priority queue by time: the earliest first.
 *
 * Each object embeds a struct due and is in one heap at most. Room is made beforehand, so that heap_put() never fails.
 * Thread: its owner's. */
#ifndef DCVD_HEAP_H
#define DCVD_HEAP_H

#include "model/dcv.h"

struct due {
    dcv_time at;
    size_t position; /* 0: in no heap; otherwise its index plus 1 */
};
struct heap {
    struct due **v;
    size_t n, room;
};

int heap_room(struct heap *h, size_t n); /* for n objects in all. 0 or -ENOMEM */
void heap_put(struct heap *h, struct due *d, dcv_time at); /* moves one that is in it already */
void heap_take(struct heap *h, struct due *d);             /* one that is in no heap is allowed */
struct due *heap_first(const struct heap *h);              /* NULL: it is empty */
void heap_deinit(struct heap *h);

#endif
