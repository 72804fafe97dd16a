/* perspectives.c - whether resolvers at other places of the network corroborate the verdict (BR 3.2.2.9). */
#include "ca/profile.h"
#include "evidence/evidence.h"
#include "judge/opinion.h"

#include <errno.h>

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
    for (size_t i = 0; i < j->r->perspectives.n && ours != VERDICT_UNDECIDED; i++) {
        struct view view = {0};
        bool all;
        if (!perspective_split(j->a, j->r->perspectives.v[i], &view.perspective, &view.address))
            return -ENOMEM;
        rc = opinion_names(j, &view, names, n_names, &o[i].at, &all);
        o[i].view = view;
        if (!rc && heard(j, &o[i], n_names)) {
            rc = opinion_form(j, &o[i], view);
            v->n++;
            if (o[i].report.verdict != ours && o[i].report.verdict != VERDICT_UNDECIDED) {
                odd = odd ? odd : &o[i];
                if (!texts_add(j->a, &v->differ, view.perspective))
                    return -ENOMEM;
            }
        }
        if (rc)
            return rc;
    }
    if (!odd)
        return 0;
    v->at = odd->at;
    v->n_at = n_names;
    v->beyond = ours == VERDICT_PASS && v->differ.n > quorum_may_differ(&j->r->profile->quorum, v->n);
    v->from = j->view;
    if (!v->beyond)
        return 0;
    struct perspectives_view seen = *v;
    bool decided = j->servers.decided;
    opinion_take(j, odd);
    j->servers.decided = decided;
    j->perspectives = seen;
    if (j->r->method ==
        METHOD_CAA) /* the code is that of a failed corroboration, whatever the perspectives found */
        verdict_fail(j, CODE_caa_check_failed, CODE_caa_check_failed);
    return 0;
}
