/* opinion.c - forms the verdict of one view, and copies it into the report. */
#include "judge/opinion.h"

#include "methods/adn.h"

#include <errno.h>

int opinion_names(struct judgement *j, const struct view *view, const struct checked *names, size_t n,
                      struct lookup **ret, bool *whole)
{
    struct lookup *at = arena_array(j->a, n, sizeof *at);
    if (!at)
        return -ENOMEM;
    *whole = true;
    for (size_t i = 0; i < n; i++) {
        int rc = view_lookup(j->a, j->ev, view, names[i].name, names[i].type, &at[i]);
        if (rc)
            return rc;
        if (at[i].class == LOOKUP_PENDING || at[i].class == LOOKUP_FAIL)
            *whole = false;
    }
    *ret = at;
    return 0;
}

/* Forms the verdict of a view without changing the report. */
int opinion_form(struct judgement *j, struct opinion *o, struct view view)
{
    o->view = view;
    o->report = *j->report;
    o->report.verdict = VERDICT_UNDECIDED;
    o->report.error = (struct code_error){.code = CODE_NONE};
    o->report.detail_code = CODE_NONE;
    o->report.br_may_permit = -1;
    o->report.reason = NULL;
    o->report.refused = false;
    o->j = (struct judgement){
        .r = j->r, .ev = j->ev, .a = j->a, .report = &o->report, .servers = j->servers, .view = &o->view};
    adn_verdict(&o->j);
    return o->j.err;
}

void opinion_take(struct judgement *j, struct opinion *o)
{
    struct report *report = j->report;
    struct servers_view servers = j->servers;
    struct texts tokens = report->tokens;
    *report = o->report;
    if (tokens.n > report->tokens.n)
        report->tokens = tokens;
    *j = o->j;
    j->report = report;
    j->servers = servers;
    j->servers.decided = true;
}
