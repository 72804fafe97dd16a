#include "judge/trace.h"

#include "ca/challenge.h"
#include "evidence/near.h"
#include "methods/methods.h"
#include "wire/name.h"

#include <string.h>

/* The causes that speak of the method's own value, or of something in its place. The other causes (nothing there, no
 * answer, a web server's home page) tell nothing about the method of the order. */
static const struct {
    enum cause cause;
    enum trace trace;
} traces[] = {
    {CAUSE_txt_token_expired, TRACE_NEAR},
    {CAUSE_txt_token_future, TRACE_NEAR},
    {CAUSE_txt_token_malformed, TRACE_NEAR},
    {CAUSE_txt_token_other_csr, TRACE_NEAR},
    {CAUSE_txt_altered_value, TRACE_NEAR},
    {CAUSE_delegation_elsewhere, TRACE_NEAR}, /* found by its record at the server that nobody is sent to */
    {CAUSE_perspective_differs, TRACE_NEAR},  /* the check passes here */
    {CAUSE_txt_doubled_name, TRACE_NEAR},
    {CAUSE_txt_wrong_owner, TRACE_NEAR},
    {CAUSE_txt_wrong_type, TRACE_RECORD}, /* the value is there, but as another method wants it */
    {CAUSE_txt_stale_other_order, TRACE_RECORD},
    {CAUSE_cname_coexists, TRACE_RECORD},
    {CAUSE_cname_retired_form, TRACE_NEAR},
    {CAUSE_cname_swapped, TRACE_NEAR},
    {CAUSE_cname_no_underscore, TRACE_NEAR},
    {CAUSE_cname_target_relative, TRACE_NEAR},
    {CAUSE_cname_target_incomplete, TRACE_NEAR},
    {CAUSE_target_not_validated, TRACE_NEAR}, /* the target is one of the account's */
    {CAUSE_persist_other_account, TRACE_NEAR},
    {CAUSE_persist_expired, TRACE_NEAR},
    {CAUSE_persist_no_wildcard, TRACE_NEAR},
    {CAUSE_file_token_in_url, TRACE_NEAR},
    {CAUSE_file_addresses_differ, TRACE_NEAR},
    {CAUSE_file_wrong_path, TRACE_NEAR},
    {CAUSE_file_on_other_host, TRACE_NEAR},
    {CAUSE_file_encoding, TRACE_NEAR},
    {CAUSE_file_too_large, TRACE_NEAR},
    {CAUSE_file_empty, TRACE_RECORD},
    {CAUSE_file_other_content, TRACE_RECORD},
};

static enum trace by_cause(enum cause cause)
{
    for (size_t i = 0; i < sizeof traces / sizeof *traces; i++)
        if (traces[i].cause == cause)
            return traces[i].trace;
    return TRACE_NONE;
}

/* Whether a wildcard may have given all of the lookup's records: then nobody has put anything there. */
static bool synthesised(const struct judgement *j, const struct lookup *l)
{
    const struct near_name as_asked = {.at = *l};
    for (size_t i = 0; i < l->n; i++)
        if (!j->near || !near_synthesised(j->near, &as_asked, l->rr[i]))
            return false;
    return true;
}

/* Whether something stands at a name that only this method uses: one with the CA's label before the domain. What
 * stands at the domain itself is there for many reasons. */
static bool in_place(const struct judgement *j)
{
    size_t n;
    const struct lookup *l = judged_lookups(j, &n);
    const char *domain = arena_printf(j->a, "%s.", j->r->adn ? j->r->adn : "");
    for (size_t i = 0; l && domain && i < n; i++)
        if (l[i].name && l[i].class == LOOKUP_DATA && !name_equal(l[i].name, domain) && !synthesised(j, &l[i]))
            return true;
    return false;
}

/* Whether a website gave the value to anybody, in any way: at another path, or to a browser and not to the CA. */
static bool in_a_file(const struct judgement *j)
{
    for (size_t i = 0; i < j->ev->n; i++) {
        const struct fact *f = j->ev->facts[i];
        struct token_found found;
        if (f->ask->kind == ASK_HTTP && f->http.outcome == HTTP_RESPONSE && f->http.body.n &&
            !challenge_find(j->a, j->r, j->report->challenge, f->http.body, NULL, &found) && found.class != TOKEN_NONE)
            return true;
    }
    return false;
}

/* Whether the record that is missing stands elsewhere, where the finding has the fact that shows it, beside those of
 * the name where it is missing; or is there and begins as one for this CA, but breaks the grammar. */
static bool persist_near(const struct judgement *j)
{
    const struct lookup *l = &j->persist.at;
    if (j->persist.rr && j->persist.best.faults & PERSIST_MALFORMED)
        return true;
    for (size_t i = 0; i < j->report->n_findings; i++) {
        const struct finding *f = &j->report->findings[i];
        for (size_t k = 0; f->cause == CAUSE_persist_absent && k < f->n_facts; k++)
            if ((!l->fact || f->facts[k] != l->fact->n) && (!l->udp || f->facts[k] != l->udp->n))
                return true;
    }
    return false;
}

enum trace trace_find(const struct judgement *j)
{
    const struct report *p = j->report;
    enum trace best = TRACE_NONE;
    if (p->verdict != VERDICT_FAIL || j->input_cause != CAUSE_NONE || j->r->method == METHOD_CAA)
        return TRACE_NONE;
    for (size_t i = 0; i < p->n_findings; i++) {
        enum trace t = p->findings[i].weight == WEIGHT_BLOCKING ? by_cause(p->findings[i].cause) : TRACE_NONE;
        best = t > best ? t : best;
    }
    /* One of the zone's servers gives what the check needs. */
    if (j->servers.disagree && j->servers.with)
        return TRACE_NEAR;
    if (method_is_file(j->r->method) ? in_a_file(j) : persist_near(j))
        return TRACE_NEAR;
    if (best == TRACE_NONE && !method_is_file(j->r->method) && in_place(j))
        best = TRACE_RECORD;
    return best;
}
