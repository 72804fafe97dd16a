/* perspectives.c - whether resolvers at other places of the network corroborate the verdict (BR 3.2.2.9). */
#include "ca/profile.h"
#include "evidence/evidence.h"
#include "judge/opinion.h"

#include <errno.h>
#include <string.h>

/* False where the perspective tells nothing about the domain: a question is still open, or its resolver fails for every
 * question, the control question included. One that answers the control question and fails for this domain does not
 * corroborate: the CA's request from there would fail, too. */
static bool heard(struct judgement *j, const struct opinion *o, size_t names)
{
    bool answers = false, spoke = false;
    for (size_t i = 0; i < names; i++) {
        if (o->at[i].class == LOOKUP_PENDING)
            return false;
        answers = answers || fact_answers(o->at[i].fact);
        spoke = spoke || !dns_silent(&o->at[i].fact->dns);
    }
    struct ask q = perspective_question(o->view.perspective, o->view.address, ".", RR_NS);
    const struct ask *control = evidence_find(j->ev, &q);
    return answers || (control && control->fact ? control_alive(control->fact) : spoke);
}

/* The regions in which some perspectives lie. */
struct regions {
    struct texts known; /* each once */
    bool unknown;       /* of one of the perspectives the region is not known */
};

static bool region_count(struct arena *a, struct regions *to, const char *region)
{
    to->unknown = to->unknown || !region;
    for (size_t i = 0; region && i < to->known.n; i++)
        if (!strcmp(to->known.v[i], region))
            return true;
    return !region || texts_add(a, &to->known, region);
}

/* Says where the perspectives are fewer, or less far apart, than the rules of the day ask for. Nothing fails by that:
 * the CA's own perspectives are others. */
static void say_shortage(struct judgement *j, const struct regions *all)
{
    const struct profile *p = j->r->profile;
    int places = dated_value(&p->places, j->r->now), regions = dated_value(&p->regions, j->r->now);
    size_t n = j->perspectives.n;
    const char *few = "", *near = "";
    if (n < (size_t)places)
        few = arena_printf(j->a, "Perspectives that answered: %zu of the %d that the rules ask for%s.", n, places,
                           dated_words(j->a, &p->places, j->r->now));
    if (n && !all->unknown && all->known.n < (size_t)regions)
        near = arena_printf(j->a, "All perspectives lie in one region, %s; those that corroborate must lie in %d%s.",
                            all->known.v[0], regions, dated_words(j->a, &p->regions, j->r->now));
    const char *before = j->report->remark ? j->report->remark : "";
    if (few && near && (*few || *near))
        j->report->remark = arena_concat(j->a, before, *before ? " " : "", few, *few && *near ? " " : "", near, NULL);
}

/* Whether a CA may not issue although the check passes here: by the number of perspectives that do not corroborate, or
 * because those that do lie in too few regions, while another region's perspective is among those that do not. */
static bool beyond_quorum(struct judgement *j, const struct regions *agree, const struct regions *all)
{
    const struct profile *p = j->r->profile;
    struct perspectives_view *v = &j->perspectives;
    size_t regions = (size_t)dated_value(&p->regions, j->r->now);
    if (j->report->verdict != VERDICT_PASS || !dated_value(&p->places_bind, j->r->now))
        return false;
    if (v->differ.n > quorum_may_differ(&p->quorum, v->n))
        return true;
    v->one_region = !agree->unknown && agree->known.n < regions && all->known.n > agree->known.n;
    return v->one_region;
}

/* The profile says how many perspectives may fail to corroborate (BR 3.2.2.9). */
int judge_by_perspectives(struct judgement *j)
{
    struct perspectives_view *v = &j->perspectives;
    struct checked *names;
    struct opinion *odd = NULL;
    size_t n_names;
    enum verdict ours = j->report->verdict;
    int rc = checked_names(j->a, j->r, &names, &n_names);
    struct opinion *o = rc ? NULL : arena_array(j->a, j->r->perspectives.n, sizeof *o);
    if (!o)
        return rc ? rc : -ENOMEM;
    struct regions all = {{0}, false}, agree = {{0}, false};
    for (size_t i = 0; i < j->r->perspectives.n && ours != VERDICT_UNDECIDED; i++) {
        struct view view = {0};
        const char *region;
        bool whole, differs = false;
        if (!perspective_split(j->a, j->r->perspectives.v[i], &view.perspective, &region, &view.address))
            return -ENOMEM;
        rc = opinion_names(j, &view, names, n_names, &o[i].at, &whole);
        o[i].view = view;
        if (!rc && heard(j, &o[i], n_names)) {
            rc = opinion_form(j, &o[i], view);
            v->n++;
            differs = o[i].report.verdict != ours && o[i].report.verdict != VERDICT_UNDECIDED;
            if (!region_count(j->a, &all, region) || (!differs && !region_count(j->a, &agree, region)))
                return -ENOMEM;
            if (differs) {
                odd = odd ? odd : &o[i];
                if (!texts_add(j->a, &v->differ, view.perspective))
                    return -ENOMEM;
            }
        }
        if (rc)
            return rc;
    }
    if (!odd) {
        if (ours != VERDICT_UNDECIDED)
            say_shortage(j, &all);
        return 0;
    }
    v->at = odd->at;
    v->n_at = n_names;
    v->beyond = beyond_quorum(j, &agree, &all);
    v->from = j->view;
    say_shortage(j, &all);
    if (!v->beyond)
        return 0;
    struct perspectives_view seen = *v;
    bool decided = j->servers.decided;
    const char *remark = j->report->remark;
    opinion_take(j, odd);
    j->report->remark = remark;
    j->servers.decided = decided;
    j->perspectives = seen;
    if (j->r->method ==
        METHOD_CAA) /* the code is that of a failed corroboration, whatever the perspectives found */
        verdict_fail(j, CODE_caa_check_failed, CODE_caa_check_failed);
    return 0;
}
