/* plan.h - struct plan: one run of plan_next(), as its parts share it. Pure.
 *
 * It is made on the stack of plan_next() for each run, with an arena of its own that is freed at the end of the run.
 *
 * A part is one function. Each time it runs it goes through all that it wants to know, from the beginning: asker.want()
 * returns the fact if there is one, and otherwise puts the question, once. So the check moves on when all parts run
 * again after each answer, and the evidence is the only state that is kept between the runs.
 * Header of plan.c and plan_*.c. */
#ifndef DCV_PLAN_H
#define DCV_PLAN_H

#include "evidence/lookup.h"

struct near_view; /* near.h */

struct plan {
    const struct request *r;
    struct evidence *ev;
    struct arena *a;
    struct asker asker;
    struct ask **tail; /* where the next new question is linked */
};

/* The method's questions at the resolver of each perspective, at any depth (plan_servers.c). */
void plan_perspectives(struct plan *p);

/* ---- the parts at depth full */
/* The zone's delegation, and the checked names at each of its servers. */
void plan_servers(struct plan *p);

/* Where a DNS method does not pass: the names at which its record may stand by mistake. */
void plan_near(struct plan *p);
/* After plan_near(): what a cure has to know of a host that may live by a wildcard. */
void plan_host(struct plan *p, const struct near_view *near);
/* The same where the CAA set that counts does not permit. */
void plan_host_of_caa(struct plan *p);
/* Where a DNS method fails: what else stands where its cures change records. */
void plan_owners(struct plan *p);

/* The chain of signatures behind each lookup that is bogus, and whether the resolver validates at all. */
void plan_dnssec(struct plan *p);

#endif
