/* observer.h - something that answers asks: all that a check knows about the network.
 *
 * A struct observer is a plain value that refers to its owner (DNS, HTTP, recursive), which must outlive it. It is used
 * on the thread of that owner's loop only; no observer knows another one. */
#ifndef DCV_OBSERVER_H
#define DCV_OBSERVER_H

#include "model/dcv.h"

/* fact: in the arena that start() got, complete but for its number and time; NULL: the ask was cancelled, or the arena
 * was full. Called exactly once for each start() that returned 0, on the asking thread, possibly before start()
 * returns. */
typedef void fact_fn(void *user, struct ask *ask, struct fact *fact);

/* Something that answers asks. */
struct observer {
    void *self;
    /* 0, or a negative errno and then no callback. *op: what to give to cancel(), valid until the callback. */
    int (*start)(void *self, struct arena *a, struct ask *ask, fact_fn *fn, void *user, void **op);
    /* Ends an exchange early: calls its callback with NULL before it returns. */
    void (*cancel)(void *self, void *op);
};

#endif
