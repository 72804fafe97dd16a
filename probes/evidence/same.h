/* same.h - which records of two sets are the same. Pure.
 *
 * A hostile answer holds thousands of records, and two servers hand them out in orders that fit together
 * badly, so no function here takes longer than the sets have bytes. Records are compared by their data;
 * owners and TTLs may differ. An index points to records of its caller and lives in the arena given. */
#ifndef DCV_SAME_H
#define DCV_SAME_H

#include "model/dcv.h"

/* True where both records have the same data. */
bool rr_same(const struct rr *a, const struct rr *b);
/* True where both sets have the same records, in any order. A set holds no record twice (RFC 2181 5). */
bool rr_sets_same(const struct rr *const *a, size_t n_a, const struct rr *const *b, size_t n_b);

/* The same for the records of two sections. */
bool rrs_same(const struct rrs *a, const struct rrs *b);

/* Finds the records of one set by their data. */
struct rr_index {
    const struct rr **slot; /* NULL where the set is empty */
    size_t room;            /* a power of two */
};
int rr_index_make(struct arena *a, const struct rr *const *v, size_t n,
                  struct rr_index *ret); /* 0 or -ENOMEM */
bool rr_index_has(const struct rr_index *index, const struct rr *rr);

#endif
