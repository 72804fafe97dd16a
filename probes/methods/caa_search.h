/* caa_search.h - the search for the relevant CAA set (RFC 8659 3), which plan and judge share. Pure.
 *
 * A caa_view is made anew from the evidence by each caa_climb(); what it points to lives in the arena given. */
#ifndef DCV_CAA_SEARCH_H
#define DCV_CAA_SEARCH_H

#include "ca/caa.h"
#include "evidence/view.h"

/* The search from the domain up to the top-level domain, and the set that decides. */
struct caa_view {
    struct lookup *level; /* the CAA lookup of each name, from the domain up */
    size_t n;
    const struct lookup *relevant, *failed; /* the level at which the search ended; one of them at most is set */
    bool open;                              /* the search waits for an answer */
    const struct rr **rr;                   /* the relevant set */
    size_t n_rr;
    struct caa_set set;      /* what it says; set by the verdict function */
    struct lookup ds;        /* after a failure, set with .may_because: the lookup of DS at caa_zone() */
    const char *may_because; /* why report.br_may_permit is what it is; NULL unless the search failed */
};

/* Follows the search as far as the facts lead. whole: the levels above the one at which it ends or waits are read too.
 * 0 or -ENOMEM. */
int caa_climb(struct arena *a, const struct request *r, const struct evidence *ev, const struct view *view, bool whole,
              struct caa_view *ret);
/* The zone whose DS record tells whether a failing level of the climb is signed: the registrable domain for
 * a level within it, else (a public suffix) the level itself. NULL: arena full. */
const char *caa_zone(struct arena *a, const struct request *r, const char *level);
/* depth full, a wildcard name: the name with its star, whose CAA set plays no part for it; else NULL. */
const char *caa_star(struct arena *a, const struct request *r);
/* Puts the questions of the search: one for each level, all at once or, for a sparing request, one after the other; a
 * repetition over TCP after truncation; after a failure at most four more; and one for caa_star(). */
void caa_ask(struct arena *a, const struct asker *asker, const struct request *r, const struct evidence *ev);

#endif
