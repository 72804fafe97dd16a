/* observer.h - something that answers asks: the one thing that a check knows of the network.
 *
 * Each observer (DNS, HTTP, recursive) lives on one loop and knows no other. Thread: that loop's. */
#ifndef DCV_OBSERVER_H
#define DCV_OBSERVER_H

#include "model/dcv.h"

/* fact is in the arena that was given to start(), complete but for its number and time; NULL: cancelled, or the arena
 * was full. Called exactly once for each start() that returned 0, on the asking thread, possibly before
 * start() returns. */
typedef void fact_fn(void *user, struct ask *ask, struct fact *fact);

/* Something that answers asks. */
struct observer {
    void *self;
    /* 0, or a negative errno and no callback. *op stands for the exchange in cancel() until the callback. */
    int (*start)(void *self, struct arena *a, struct ask *ask, fact_fn *fn, void *user, void **op);
    /* Ends the exchange early: its callback comes with NULL, from within. */
    void (*cancel)(void *self, void *op);
};

#endif
