/* plan_near.c - the near names, all at once, when the names that the method looks at have not what it needs.
 */
#include "evidence/near.h"
#include "plan/plan.h"

/* Settled, with at least one answer: of a zone whose servers fail the near names fail too. */
static bool settled(const struct lookup *l, size_t n)
{
    bool answered = false;
    for (size_t i = 0; i < n; i++) {
        if (l[i].class == LOOKUP_PENDING)
            return false;
        answered = answered || l[i].class != LOOKUP_FAIL;
    }
    return answered;
}

static bool txt_due(struct plan *p)
{
    struct txt_view t;
    return !txt_read(p->a, p->r, p->ev, NULL, NULL, &t) && settled(t.at, 2) && t.class != TOKEN_VALID;
}

static bool cname_due(struct plan *p)
{
    struct cname_view c;
    return !cname_read(p->a, p->r, p->ev, NULL, &c) && settled(c.at, c.n) && !c.found;
}

static bool target_due(struct plan *p)
{
    struct target_view t;
    return !target_read(p->a, p->r, p->ev, NULL, &t) && settled(t.at, 2) && !t.found;
}

/* A value that is too old or too short to tell is not looked for elsewhere. */
static bool due(struct plan *p)
{
    bool known = near_value_known(p->r);
    switch (p->r->method) {
    case METHOD_DNS_TXT_TOKEN:
        return known && txt_due(p);
    case METHOD_DNS_CNAME_TOKEN:
        return known && cname_due(p);
    case METHOD_DNS_CNAME_TARGET:
        return target_due(p);
    case METHOD_HTTP_TOKEN:
    case METHOD_HTTP_TOKEN_DYNAMIC:
    case METHOD_CAA:
        return false;
    }
    return false;
}

void plan_near(struct plan *p)
{
    struct near_view view;
    struct ask first;
    if (near_first(p->a, p->r, &first) || (!evidence_find(p->ev, &first) && !due(p)) ||
        near_list(p->a, p->r, p->ev, &view) || view.unregistered)
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
