/* plan_dnssec.c - what to ask at depth full about signatures: does the resolver look at them at all, and
 * where a lookup is bogus, the records of the chain that the resolver refused. */
#include "plan/plan.h"

#include "evidence/chain.h"
#include "evidence/zone.h"
#include "methods/caa_search.h"
#include "methods/methods.h"

static void want_chain(struct plan *p, const struct lookup *l)
{
    struct chain chain;
    if (lookup_dnssec_fault(l))
        (void)chain_walk(p->a, &p->asker, l->name, l->type,
                          &chain); /* a full arena ends the plan by itself */
}

void plan_dnssec(struct plan *p)
{
    struct caa_view v;
    struct checked *names;
    struct lookup l;
    size_t n;
    lookup_want_answer(&p->asker, ".", RR_NS);
    if (p->r->method == METHOD_CAA) {
        /* What failed above the relevant set does not matter. */
        if (!caa_climb(p->a, p->r, p->ev, NULL, false, &v) && v.failed)
            want_chain(p, v.failed);
        return;
    }
    if (checked_names(p->a, p->r, &names, &n))
        return;
    for (size_t i = 0; i < n; i++)
        if (!lookup_read(p->a, p->ev, names[i].name, names[i].type, &l))
            want_chain(p, &l);
}
