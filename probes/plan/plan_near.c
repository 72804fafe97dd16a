/* plan_near.c - the near names, all at once, when the names that the method looks at have not what it needs.
 */
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
    /* What became of a failing one does not matter: unlike lookup_want() this asks no further. */
    for (size_t i = 0; i < view.n; i++) {
        struct ask q = lookup_ask(view.v[i].at.name, view.v[i].at.type);
        const struct fact *f = p->asker.want(p->asker.self, &q);
        if (f && f->dns.flags & DNS_TC) {
            q.tcp = true;
            p->asker.want(p->asker.self, &q);
        }
    }
}
