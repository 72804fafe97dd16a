/* verdict.c - what the verdicts of all methods share. */
#include "methods/verdict.h"

#include "methods/methods.h"

bool judge_input(const struct request *r, struct code_error *ret, enum cause *cause)
{
    *ret = (struct code_error){.code = CODE_NONE};
    *cause = CAUSE_NONE;
    if (r->name_code != CODE_NONE) {
        ret->code = r->name_code;
        *cause = r->name_cause;
    } else if (r->is_ip && !method_for_ip(r->method)) {
        ret->code = CODE_dns_invalid_domain; /* an IP address has no DNS records of its own */
        *cause = CAUSE_name_invalid;
    } else if (r->wildcard && method_is_file(r->method)) {
        ret->code = CODE_invalid_wildcard_dcv_method; /* a file proves one host only (BR 3.2.2.4.18) */
        *cause = CAUSE_wildcard_with_file;
    }
    if (ret->code == CODE_NONE)
        return false;
    if (code_info(ret->code)->variables)
        ret->variable[0] = r->input;
    return true;
}

void verdict_fail(struct judgement *j, enum code code, enum code detail)
{
    struct report *p = j->report;
    p->verdict = VERDICT_FAIL;
    p->error = (struct code_error){.code = code};
    if (code_info(code)->variables)
        p->error.variable[0] = j->r->domain;
    p->detail_code = detail;
}

void verdict_undecided(struct judgement *j, const char *reason)
{
    j->report->verdict = VERDICT_UNDECIDED;
    j->report->reason = reason;
}

const char DEADLINE_REASON[] =
    "The deadline came before everything needed had an answer, and what is known does not decide.";
static const char NETWORK_REASON[] =
    "No resolver answers from here, not even for the root's name servers: the fault is in this "
    "machine's network or in the resolver given, not at the domain.";

static const char VALIDATOR_REASON[] =
    "The resolver refuses even the root's name servers for their signatures: its trust anchor is out of date "
    "or its clock is wrong, so the fault is at the resolver, not at the domain.";

const char *network_fault(const struct judgement *j, const struct lookup *l, size_t n)
{
    const struct fact *control = lookup_control(j->ev);
    bool unchecked = false;
    /* Of a perspective that is known to be at work; the control question was put to this machine's resolvers. */
    if (j->view && j->view->perspective)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        if (l[i].fact && fact_answers(l[i].fact))
            return NULL;
        unchecked = unchecked || lookup_answered(&l[i]);
    }
    /* With checking disabled there are answers: the network works, and what fails is the resolver's checking. */
    if (unchecked)
        return control && control->dns.outcome == DNS_SERVFAIL ? VALIDATOR_REASON : NULL;
    return control_alive(control) ? NULL : NETWORK_REASON;
}

const struct lookup *judged_lookups(const struct judgement *j, size_t *n)
{
    *n = 0;
    /* Without a verdict a failed lookup proves nothing: the network of this machine may be at fault. */
    if (j->input_cause != CAUSE_NONE || j->report->verdict == VERDICT_UNDECIDED)
        return NULL;
    return method_rules(j->r->method)->lookups(j, n);
}
