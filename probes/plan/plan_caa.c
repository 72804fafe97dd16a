/* plan_caa.c - the questions of the CAA search: every level at once, and after a failure two more at most. */
#include "plan/plan.h"

#include "methods/verdict.h"
#include "wire/name.h"

static bool any_answered(const struct caa_view *v)
{
    for (size_t i = 0; i < v->n; i++)
        if (lookup_answered(&v->level[i]))
            return true;
    return false;
}

static bool any_pending(const struct caa_view *v)
{
    for (size_t i = 0; i < v->n; i++)
        if (v->level[i].class == LOOKUP_PENDING)
            return true;
    return false;
}

/* What only the first failing level in climb order raises, for only that one matters. A SERVFAIL is asked
 * again with checking disabled, which tells bogus from broken. Then, where anything at all was answered, DS
 * says whether the zone is signed; where nothing was, the control question says whether the network here is
 * at fault, and DS follows if a question is left. Which of them are asked depends on the answers alone, not
 * on their order. */
static void after_failure(struct plan *p, const struct caa_view *v)
{
    const struct lookup *failed = v->failed;
    bool servfail = failed->fact->dns.outcome == DNS_SERVFAIL;
    if (servfail)
        lookup_want_unchecked(&p->asker, failed->name, RR_CAA);
    const char *zone = caa_zone(p->a, p->r, failed->name);
    if (!zone)
        return;
    if (any_answered(v)) {
        lookup_want_answer(&p->asker, zone, RR_DS);
        return;
    }
    if (any_pending(v) || (servfail && !failed->cd))
        return;
    const struct fact *control = lookup_want_answer(&p->asker, ".", RR_NS);
    if (!servfail && control_alive(control))
        lookup_want_answer(&p->asker, zone, RR_DS);
}

/* All names of the climb at once: most climbs end at the registrable domain, and the answers above cost one
 * round trip less. After a failure what any level answers tells whether the network here is at work. */
void plan_caa(struct plan *p)
{
    struct caa_view v;
    bool sparing = p->r->sparing;
    if (caa_climb(p->a, p->r, p->ev, NULL, !sparing, &v))
        return;
    if (sparing && !v.failed) {
        /* One level after the other, until one decides. Questions are what many checks at once cost, not round trips. */
        if (v.open)
            lookup_want_answer(&p->asker, v.level[v.n - 1].name, RR_CAA);
        return;
    }
    if (sparing && caa_climb(p->a, p->r, p->ev, NULL, true, &v))
        return;
    for (size_t i = 0; i < v.n; i++)
        lookup_want_answer(&p->asker, v.level[i].name, RR_CAA);
    if (v.failed)
        after_failure(p, &v);
}
