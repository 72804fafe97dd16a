/* plan_dnssec.c - what to ask at depth full about signatures: whether the resolver checks them at all, and where it
 * refused an answer for them, the records of the chain behind that answer. */
#include "plan/plan.h"

#include "evidence/chain.h"
#include "evidence/zone.h"
#include "methods/caa_search.h"
#include "methods/methods.h"

static void want_chain(struct plan *p, const struct lookup *l)
{
    struct chain chain;
    if (lookup_dnssec_fault(l))
        (void)chain_walk(p->a, &p->asker, l->name, l->type, &chain); /* plan_next() sees a full arena itself */
}

void plan_dnssec(struct plan *p)
{
    struct caa_view v;
    struct checked *names;
    struct lookup l;
    size_t n;
    lookup_want_answer(&p->asker, ".", RR_NS);
    if (p->r->method == METHOD_CAA) {
        /* Failures above the set that decides do not matter. */
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
