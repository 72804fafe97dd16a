/* persist.h - what dns-persist has read: the TXT records at its name, and which of them is nearest to right. Pure;
 * plain values, their texts are in the arena of the check. */
#ifndef DCV_METHOD_PERSIST_H
#define DCV_METHOD_PERSIST_H

#include "ca/persist.h"
#include "evidence/lookup.h"

/* dns-persist: _validation-persist.D. */
struct persist_view {
    struct lookup at; /* .name is NULL and .class nodata where the name would be too long */
    const struct rr
        *rr; /* the record that decides: it proves control, or has the least wrong with it; NULL: no TXT record */
    struct persist_record best; /* what it says */
};

/* The name that dns-persist looks at; NULL where it would be too long, or the arena is full. */
const char *persist_owner(struct arena *a, const struct request *r);
/* The one of n TXT records that is nearest to right, read into *ret; NULL where n is 0 or *err is set. */
const struct rr *persist_best(struct arena *a, const struct request *r, const struct rr *const *rr, size_t n,
                              struct persist_record *ret, int *err);

#endif
