/* plan_near.c - asks for the near names (evidence/near.h), all at once, where the method's record is at none of the
 * names that the method looks at. */
#include "evidence/evidence.h"
#include "methods/methods.h"
#include "plan/plan.h"

void plan_near(struct plan *p)
{
    const struct method_rules *m = method_rules(p->r->method);
    struct near_view view;
    struct ask first;
    if (!m->near || near_first(p->a, p->r, m->near_type, &first) ||
        (!evidence_find(p->ev, &first) && !m->near_due(p->a, p->r, p->ev)) ||
        near_list(p->a, p->r, p->ev, m->near, &view) || view.unregistered)
        return;
    /* Unlike lookup_want() this asks nothing more about a question that fails: why it failed does not matter here. */
    for (size_t i = 0; i < view.n; i++)
        lookup_want_answer(&p->asker, view.v[i].at.name, view.v[i].at.type);
}
