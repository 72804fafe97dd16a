/* verdict.c - the code that the CA's API would give: one function per method, each a table read from the top.
 */
#include "methods/verdict.h"

#include "ca/profile.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <errno.h>
#include <string.h>


bool judge_input(const struct request *r, struct code_error *ret, enum cause *cause)
{
    *ret = (struct code_error){.code = CODE_NONE};
    *cause = CAUSE_NONE;
    if (r->name_code != CODE_NONE) {
        ret->code = r->name_code;
        *cause = r->name_cause;
    } else if (r->is_ip && r->method != METHOD_HTTP_TOKEN) {
        ret->code = CODE_dns_invalid_domain; /* an address has no DNS records of its own to check */
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

bool request_expired(const struct request *r)
{
    return r->token && r->issued != TIME_UNKNOWN && r->now - r->issued > r->profile->random_days * DAY_MS;
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

/* ---------------------------------------------------------------- what every method shares ----------- */

const char *network_fault(const struct judgement *j, const struct lookup *l, size_t n)
{
    const struct fact *control = lookup_control(j->ev);
    bool unchecked = false;
    for (size_t i = 0; i < n; i++) {
        if (l[i].fact && fact_answers(l[i].fact))
            return NULL;
        unchecked = unchecked || lookup_answered(&l[i]);
    }
    /* With checking disabled it all goes well: then the way out is there, and it is the checking that fails.
     */
    if (unchecked)
        return control && control->dns.outcome == DNS_SERVFAIL ? VALIDATOR_REASON : NULL;
    return control_alive(control) ? NULL : NETWORK_REASON;
}

/* ---------------------------------------------------------------- dns-txt-token ---------------------- */

static int read_value(struct arena *a, const struct request *r, struct texts *computed, struct txt_view *t,
                      const struct lookup *at, const struct rr *rr)
{
    struct txt_value *v = &t->v[t->n];
    *v = (struct txt_value){.at = at, .rr = rr, .text = txt_joined(a, rr)};
    if (!v->text.p)
        return -ENOMEM;
    t->n++;
    enum token_class class = TOKEN_NONE;
    switch (request_challenge(r)) {
    case CHALLENGE_REQUEST_TOKEN: {
        int rc = token_find(a, r, v->text, &v->token, computed);
        if (rc)
            return rc;
        class = v->token.class;
        break;
    }
    case CHALLENGE_RANDOM_VALUE: {
        struct bytes needle = {(const uint8_t *)r->token, strlen(r->token)}, part;
        v->in_join = bytes_find(v->text, needle) >= 0;
        for (size_t k = 0; !v->in_one && txt_next(rr, &k, &part);)
            v->in_one = bytes_find(part, needle) >= 0;
        if (v->in_join)
            class = request_expired(r) ? TOKEN_TIME : TOKEN_VALID;
        break;
    }
    case CHALLENGE_NONE:
        break;
    }
    /* Of two equal ones the library-proof one decides: a value within one string needs no joining. */
    bool better = class > t->class || (class == t->class && t->best && !t->best->in_one && v->in_one);
    if (class != TOKEN_NONE && better) {
        t->class = class;
        t->best = v;
    }
    return 0;
}

int txt_read(struct arena *a, const struct request *r, const struct evidence *ev, const struct view *view,
             struct texts *computed, struct txt_view *ret)
{
    struct txt_view *t = ret;
    *t = (struct txt_view){0};
    const char *name[2] = {arena_printf(a, "%s.%s.", r->profile->txt_label, r->adn),
                           arena_printf(a, "%s.", r->adn)};
    size_t n = 0;
    int rc = 0;
    for (size_t i = 0; i < 2 && !rc; i++) {
        rc = name[i] ? view_lookup(a, ev, view, name[i], RR_TXT, &t->at[i]) : -ENOMEM;
        n += t->at[i].n;
    }
    t->v = arena_array(a, n, sizeof *t->v);
    if (!t->v)
        return -ENOMEM;
    for (size_t i = 0; i < 2 && !rc; i++)
        for (size_t k = 0; k < t->at[i].n && !rc; k++)
            rc = read_value(a, r, computed, t, &t->at[i], t->at[i].rr[k]);
    return rc;
}

static enum code txt_code(const struct txt_view *t)
{
    if (t->n)
        return t->class == TOKEN_TIME || t->class == TOKEN_MALFORMED ? CODE_dns_invalid_entry
                                                                     : CODE_dns_entry_missing;
    for (size_t i = 0; i < 2; i++)
        if (t->at[i].class == LOOKUP_FAIL)
            return CODE_dns_internal_error;
    return CODE_dns_mismatch;
}

void verdict_txt(struct judgement *j)
{
    const struct txt_view *t = &j->txt;
    j->err = txt_read(j->a, j->r, j->ev, j->view, &j->report->tokens, &j->txt);
    if (j->err)
        return;
    if (t->best)
        j->candidate = (struct candidate){
            .class = t->class,
            .place = t->best->rr->owner,
            .fact = t->best->at->fact,
            .token = j->report->challenge == CHALLENGE_REQUEST_TOKEN ? &t->best->token : NULL,
            .rr = t->best->rr,
            .text = t->best->text};
    if (j->report->challenge == CHALLENGE_NONE) {
        verdict_undecided(
            j, "There is nothing to compare the TXT records with: give the random value with --token, or the "
               "AuthKey and the CSR with --auth-key-file and --csr.");
        return;
    }
    if (t->class == TOKEN_VALID) {
        j->report->verdict = VERDICT_PASS;
        return;
    }
    if (t->at[0].class == LOOKUP_PENDING || t->at[1].class == LOOKUP_PENDING) {
        verdict_undecided(
            j, "The deadline came before both names had an answer, and what is known does not decide.");
        return;
    }
    const char *fault = network_fault(j, t->at, 2);
    if (fault) {
        verdict_undecided(j, fault);
        return;
    }
    enum code code = txt_code(t);
    if (j->report->challenge == CHALLENGE_RANDOM_VALUE)
        verdict_fail(j, CODE_invalid_dns_txt, code);
    else
        verdict_fail(j, code, code);
}
