/* causes_txt.c - the TXT records are there, or not, and the value is not what the CA looks for. */
#include "fix.h"
#include "name.h"
#include "near.h"
#include "profile.h"
#include "wire.h"

#include <string.h>

#define DAY_MS INT64_C(86400000)

static bool failed(const struct judgement *j)
{
    return j->report->verdict == VERDICT_FAIL && j->input_cause == CAUSE_NONE;
}

/* A token-family cause for the value that decides. */
static struct finding *about_best(struct judgement *j, enum cause c)
{
    const struct txt_value *v = j->txt.best;
    struct finding *f = finding_add(j, c);
    finding_set(j, f, "owner", v->rr->owner);
    finding_fact(j, f, v->at->fact);
    return f;
}

static void set_date(struct judgement *j, struct finding *f, const char *variable, dcv_time t)
{
    char stamp[TOKEN_STAMP + 1];
    token_stamp(t, stamp);
    finding_set(
        j, f, variable,
        arena_printf(j->a, "%.4s-%.2s-%.2s %.2s:%.2s", stamp, stamp + 4, stamp + 6, stamp + 8, stamp + 10));
}

void cause_txt_token_expired(struct judgement *j)
{
    const struct txt_value *v = j->txt.best;
    bool request_token = failed(j) && j->txt.class == TOKEN_TIME && v &&
                         j->report->challenge == CHALLENGE_REQUEST_TOKEN && !v->token.future;
    bool random = failed(j) && j->report->challenge == CHALLENGE_RANDOM_VALUE && request_expired(j->r);
    if (!request_token && !random)
        return;
    dcv_time made = random ? j->r->issued : v->token.stamp;
    struct finding *f = finding_add(j, CAUSE_txt_token_expired);
    if (v) {
        finding_set(j, f, "owner", v->rr->owner);
        finding_fact(j, f, v->at->fact);
    }
    finding_set(j, f, "what",
                random ? "The random value" : arena_printf(j->a, "The request token at %s", v->rr->owner));
    set_date(j, f, "date", made);
    finding_set(j, f, "age", arena_printf(j->a, "%lld", (long long)((j->r->now - made) / DAY_MS)));
    finding_set(j, f, "limit",
                arena_printf(j->a, "%u", random ? j->r->profile->random_days : j->r->profile->token_days));
    if (random)
        fix_new_value(j, f);
    else
        fix_replace_txt(j, f, v->rr);
}

void cause_txt_token_future(struct judgement *j)
{
    const struct txt_value *v = j->txt.best;
    if (!failed(j) || j->txt.class != TOKEN_TIME || !v || !v->token.future)
        return;
    struct finding *f = about_best(j, CAUSE_txt_token_future);
    set_date(j, f, "date", v->token.stamp);
    fix_replace_txt(j, f, v->rr);
}

void cause_txt_token_malformed(struct judgement *j)
{
    const struct txt_value *v = j->txt.best;
    if (!failed(j) || j->txt.class != TOKEN_MALFORMED || !v)
        return;
    struct finding *f = about_best(j, CAUSE_txt_token_malformed);
    finding_set(j, f, "what", v->token.problem ? v->token.problem : "it breaks the form");
    fix_replace_txt(j, f, v->rr);
}

void cause_txt_token_other_csr(struct judgement *j)
{
    const struct txt_value *v = j->txt.best;
    if (!failed(j) || j->txt.class != TOKEN_MISMATCH || !v)
        return;
    struct finding *f = about_best(j, CAUSE_txt_token_other_csr);
    finding_set(j, f, "variant",
                v->token.variant ? arena_printf(j->a, "; it fits the CSR %s", v->token.variant) : "");
    fix_replace_txt(j, f, v->rr);
}

static struct bytes wanted(const struct judgement *j)
{
    return (struct bytes){(const uint8_t *)j->r->token, strlen(j->r->token)};
}

/* Random value, no record holds it: the ground for the three causes below. */
static bool random_missing(const struct judgement *j)
{
    return failed(j) && j->report->challenge == CHALLENGE_RANDOM_VALUE && j->txt.class == TOKEN_NONE;
}

void cause_txt_altered_value(struct judgement *j)
{
    for (size_t i = 0; random_missing(j) && i < j->txt.n; i++) {
        const struct txt_value *v = &j->txt.v[i];
        const char *phrase = near_value(j->a, v->text, wanted(j));
        if (!phrase)
            continue;
        struct finding *f = finding_add(j, CAUSE_txt_altered_value);
        finding_set(j, f, "owner", v->rr->owner);
        finding_set(j, f, "what", phrase);
        finding_fact(j, f, v->at->fact);
        fix_replace_txt(j, f, v->rr);
        return;
    }
}

void cause_txt_stale_other_order(struct judgement *j)
{
    if (!random_missing(j) || finding_find(j, CAUSE_txt_altered_value))
        return;
    for (size_t i = 0; i < j->txt.n; i++) {
        const struct txt_value *v = &j->txt.v[i];
        if (!token_looks_random(v->text))
            continue;
        struct finding *f = finding_add(j, CAUSE_txt_stale_other_order);
        finding_set(j, f, "owner", v->rr->owner);
        finding_set(j, f, "value", arena_strndup(j->a, v->text.p, v->text.n));
        finding_set(j, f, "token", j->r->token);
        finding_fact(j, f, v->at->fact);
        fix_publish_txt(j, f);
        return;
    }
}

static const char *shown_token(const struct judgement *j)
{
    return j->r->token ? j->r->token : "of a request token";
}

void cause_txt_other_values_only(struct judgement *j)
{
    const struct txt_view *t = &j->txt;
    if (!failed(j) || !t->n || t->class != TOKEN_NONE || finding_find(j, CAUSE_txt_altered_value) ||
        finding_find(j, CAUSE_txt_stale_other_order))
        return;
    struct finding *f = finding_add(j, CAUSE_txt_other_values_only);
    const char *count =
        t->n == 1 ? "There is one TXT record" : arena_printf(j->a, "There are %zu TXT records", t->n);
    finding_set(j, f, "count", count ? count : "");
    const char *place = t->at[0].n && t->at[1].n
                            ? arena_printf(j->a, "%s and %s", t->at[0].name, t->at[1].name)
                            : t->at[t->at[0].n ? 0 : 1].name;
    finding_set(j, f, "place", place ? place : "");
    finding_set(j, f, "token", shown_token(j));
    for (size_t i = 0; i < 2; i++)
        finding_fact(j, f, t->at[i].fact);
    fix_publish_txt(j, f);
}

/* Absence is what both names must show: where one lookup failed, that failure is the cause. */
void cause_txt_absent(struct judgement *j)
{
    const struct txt_view *t = &j->txt;
    if (!failed(j) || t->n || finding_find(j, CAUSE_cname_chain_broken))
        return;
    for (size_t i = 0; i < 2; i++)
        if (t->at[i].class != LOOKUP_NODATA && t->at[i].class != LOOKUP_NXDOMAIN)
            return;
    struct finding *f = finding_add(j, CAUSE_txt_absent);
    finding_set(j, f, "owner", t->at[0].name);
    finding_set(j, f, "domain", t->at[1].name);
    finding_set(j, f, "nxdomain",
                t->at[1].class == LOOKUP_NXDOMAIN ? " (that name does not exist at all)" : "");
    finding_set(j, f, "token", shown_token(j));
    for (size_t i = 0; i < 2; i++)
        finding_fact(j, f, t->at[i].fact);
    fix_publish_txt(j, f);
}

/* ---------------------------------------------------------------- passes, but … ---------------------- */

static const struct txt_value *passing(const struct judgement *j)
{
    return j->report->verdict == VERDICT_PASS ? j->txt.best : NULL;
}

void cause_txt_split_strings(struct judgement *j)
{
    const struct txt_value *v = passing(j);
    if (!v || j->report->challenge != CHALLENGE_RANDOM_VALUE || v->in_one)
        return;
    struct finding *f = about_best(j, CAUSE_txt_split_strings);
    fix_replace_txt(j, f, v->rr);
}

void cause_txt_answered_by_alias(struct judgement *j)
{
    const struct txt_value *v = passing(j);
    if (!v || !v->at->hops)
        return;
    struct finding *f = finding_add(j, CAUSE_txt_answered_by_alias);
    finding_set(j, f, "owner", v->at->name);
    finding_set(j, f, "target", v->at->end);
    finding_fact(j, f, v->at->fact);
    if (v->at == &j->txt.at[0]) {
        /* A CNAME stands alone at its owner (RFC 1034 3.6.2): the record can only go there once the alias is
         * gone. */
        fix_advice(j, f, "Replace the CNAME at the checked name by the TXT record itself.");
        return;
    }
    fix_publish_txt(j, f);
}

void cause_txt_too_many_values(struct judgement *j)
{
    enum { SLOW_US = 1000000 };
    for (size_t i = 0; i < 2; i++) {
        const struct lookup *l = &j->txt.at[i];
        bool slow = l->fact && l->fact->us > SLOW_US;
        if (!l->udp || !(l->class == LOOKUP_FAIL || slow))
            continue;
        struct finding *f = finding_add(j, CAUSE_txt_too_many_values);
        finding_set(j, f, "owner", l->name);
        finding_set(j, f, "what",
                    l->class == LOOKUP_FAIL ? ", which fails" : ", which takes more than a second");
        finding_fact(j, f, l->udp);
        finding_fact(j, f, l->fact);
        if (i == 1)
            fix_publish_txt(j, f);
        else
            fix_advice(j, f, "Remove the TXT records that are no longer needed.");
        return;
    }
}

void cause_txt_quotes_in_value(struct judgement *j)
{
    const struct txt_value *v = passing(j);
    if (!v || v->text.n < 2 || v->text.p[0] != '"' || v->text.p[v->text.n - 1] != '"')
        return;
    struct finding *f = about_best(j, CAUSE_txt_quotes_in_value);
    fix_replace_txt(j, f, v->rr);
}
