/* caa_search.h - the search for the relevant CAA set (RFC 8659 3), as plan and judge share it. Pure. */
#ifndef DCV_CAA_SEARCH_H
#define DCV_CAA_SEARCH_H

#include "ca/caa.h"
#include "evidence/view.h"

/* caa: the climb from the domain to the top-level domain, and the set that decides. */
struct caa_view {
    struct lookup *level; /* of each name, from the domain up */
    size_t n;
    const struct lookup *relevant, *failed; /* the level at which the search ended, one at most */
    bool open;                              /* it waits for an answer */
    const struct rr **rr;                   /* the relevant set */
    size_t n_rr;
    struct caa_set set;
    struct lookup ds;        /* after a failure: of the zone that failed, see caa_zone() */
    const char *may_because; /* why report.br_may_permit is what it is; NULL unless the search failed */
};

/* The search for the relevant CAA set as far as the facts lead. whole: the levels above the one at which it ends or
 * waits are read too. 0 or -ENOMEM. */
int caa_climb(struct arena *a, const struct request *r, const struct evidence *ev, const struct view *view, bool whole,
              struct caa_view *ret);
/* The zone whose DS record tells whether a failing level of the climb is signed: the registrable domain for
 * what stands in it, else (a public suffix, the registry's own zone) the level itself. NULL: arena full. */
const char *caa_zone(struct arena *a, const struct request *r, const char *level);
/* The questions of the search: every level at once, and after a failure two more at most. One for each level, and TCP
 * retries after truncation; a sparing request asks level after level. */
void caa_ask(struct arena *a, const struct asker *asker, const struct request *r, const struct evidence *ev);

#endif
