/* plan.h - the inside of plan_next(): what its parts share. Pure.
 *
 * A part is one function over struct plan. It says from the top what it wants to know: asker.want() gives the fact
 * where it is there and puts the question where it is not. Running every part again after each answer moves the
 * check forward, so no part keeps a state between the runs but the evidence itself. */
#ifndef DCV_PLAN_H
#define DCV_PLAN_H

#include "evidence/lookup.h"

struct plan {
    const struct request *r;
    struct evidence *ev;
    struct arena *a;
    struct asker asker;
    struct ask **tail; /* where the next new question is linked */
};

/* The same questions at each perspective, at any depth. */
void plan_perspectives(struct plan *p);

/* ---- the parts at depth full */
/* The delegation, and what each server of the zone says of the names that are checked. */
void plan_servers(struct plan *p);

/* depth full, and a DNS method that does not pass: the names at which a record lands by mistake. */
void plan_near(struct plan *p);

/* The chain of signatures behind each lookup that is bogus, and whether the resolver validates at all. */
void plan_dnssec(struct plan *p);

#endif
