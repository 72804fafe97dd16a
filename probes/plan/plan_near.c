/* plan_near.c - asks for the near names (evidence/near.h), all at once, where the method's record is at none of the
 * names that the method looks at. */
#include "evidence/evidence.h"
#include "methods/methods.h"
#include "plan/plan.h"
#include "wire/name.h"

/* True where a question for the name has been waited for in vain: another one will most likely stay unanswered, too. */
static bool stays_silent(struct plan *p, const struct checked *v, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        struct ask q = lookup_ask(v[i].name, v[i].type);
        const struct ask *asked = name_equal(v[i].name, name) ? evidence_find(p->ev, &q) : NULL;
        if (asked && asked->fact && dns_silent(&asked->fact->dns))
            return true;
    }
    return false;
}

void plan_near(struct plan *p)
{
    const struct method_rules *m = method_rules(p->r->method);
    struct near_view view;
    struct ask first;
    struct checked *checked;
    size_t n_checked;
    if (!m->near || near_first(p->a, p->r, m->near_type, &first) ||
        (!evidence_find(p->ev, &first) && !m->near_due(p->a, p->r, p->ev)) ||
        near_list(p->a, p->r, p->ev, m->near, &view) || view.unregistered ||
        checked_names(p->a, p->r, &checked, &n_checked))
        return;
    /* Unlike lookup_want() this asks nothing more about a question that fails: why it failed does not matter here. */
    for (size_t i = 0; i < view.n; i++) {
        struct ask q = lookup_ask(view.v[i].at.name, view.v[i].at.type);
        q.once = stays_silent(p, checked, n_checked, q.qname);
        ask_whole(&p->asker, q, NULL);
    }
    plan_host(p, &view);
}
