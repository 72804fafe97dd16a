/* causes_token.c - causes in a value that was found: it is too old, in the future, malformed or another one. The same
 * for TXT records, CNAME records and files: j->candidate holds the value and the place where it was found. */
#include "ca/challenge.h"
#include "ca/profile.h"
#include "causes/causes.h"
#include "causes/fix.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <string.h>

static bool candidate_is(const struct judgement *j, enum token_class class)
{
    return judged_failing(j) && j->candidate.place && j->candidate.token && j->candidate.class == class;
}

/* How old something is: of what has just become too old the days alone would say that it is as old as it may be. */
static const char *age(struct judgement *j, dcv_time made)
{
    dcv_time old = j->r->now - made;
    return arena_printf(j->a, "%s%lld", old % DAY_MS ? "more than " : "", (long long)(old / DAY_MS));
}

void cause_txt_token_expired(struct judgement *j)
{
    const struct candidate *c = &j->candidate;
    bool request_token = candidate_is(j, TOKEN_TIME) && !c->token->future;
    bool random =
        judged_failing(j) && j->report->challenge == CHALLENGE_RANDOM_VALUE && request_expired(j->r);
    if (!request_token && !random)
        return;
    dcv_time made = random ? j->r->issued : c->token->stamp;
    struct finding *f = finding_add(j, CAUSE_txt_token_expired);
    finding_fact(j, f, c->fact);
    finding_set(j, f, "what",
                random ? "The random value" : arena_printf(j->a, "The request token at %s", c->place));
    finding_set(j, f, "date", time_words(j->a, made));
    finding_set(j, f, "age", age(j, made));
    finding_set(j, f, "limit",
                arena_printf(j->a, "%u", random ? j->r->profile->random_days : j->r->profile->token_days));
    if (random)
        fix_new_value(j, f);
    else
        fix_correct(j, f);
}

void cause_txt_token_future(struct judgement *j)
{
    if (!candidate_is(j, TOKEN_TIME) || !j->candidate.token->future)
        return;
    struct finding *f = finding_about(j, CAUSE_txt_token_future);
    finding_set(j, f, "date", time_words(j->a, j->candidate.token->stamp));
    fix_correct(j, f);
}

void cause_txt_token_malformed(struct judgement *j)
{
    if (!candidate_is(j, TOKEN_MALFORMED))
        return;
    struct finding *f = finding_about(j, CAUSE_txt_token_malformed);
    finding_set(j, f, "what",
                j->candidate.token->problem ? j->candidate.token->problem : "it breaks the form");
    fix_correct(j, f);
}

void cause_txt_token_other_csr(struct judgement *j)
{
    if (!candidate_is(j, TOKEN_MISMATCH))
        return;
    struct finding *f = finding_about(j, CAUSE_txt_token_other_csr);
    const char *variant = j->candidate.token->variant;
    finding_set(j, f, "variant", variant ? arena_printf(j->a, "; it fits the CSR %s", variant) : "");
    fix_correct(j, f);
}

static void stale(struct judgement *j, const char *place, const char *value, const struct fact *fact)
{
    struct finding *f = finding_add(j, CAUSE_txt_stale_other_order);
    finding_set(j, f, "owner", place);
    finding_set(j, f, "value", value);
    finding_set(j, f, "token", j->r->token);
    finding_fact(j, f, fact);
    fix_publish(j, f);
}

void cause_txt_stale_other_order(struct judgement *j)
{
    if (!judged_failing(j) || j->report->challenge != CHALLENGE_RANDOM_VALUE || j->candidate.place)
        return;
    for (size_t i = 0; i < j->txt.n; i++) {
        const struct txt_value *v = &j->txt.v[i];
        if (token_looks_random(v->text)) {
            stale(j, v->rr->owner, arena_strndup(j->a, v->text.p, v->text.n), v->at->fact);
            return;
        }
    }
    const char *target = j->cname.target[CNAME_CURRENT];
    if (target && !j->cname.found) {
        /* The CNAME points below the right base name, but with another value. */
        const char *dot = strchr(target, '.'), *label = profile_bare_value(j->r->profile, target);
        struct bytes value = {(const uint8_t *)label, dot && dot > label ? (size_t)(dot - label) : 0};
        if (dot && name_equal(dot + 1, j->r->profile->cname_base) && token_looks_random(value)) {
            stale(j, j->cname.at[CNAME_CURRENT].name, target, j->cname.at[CNAME_CURRENT].fact);
            return;
        }
    }
    const struct file_side *s = j->file.best;
    if (s && s->fetch.class == FETCH_CONTENT && !s->wide) {
        struct bytes body = bytes_trim(s->fetch.fact->http.body);
        if (token_looks_random(body))
            stale(j, s->fetch.url, arena_strndup(j->a, body.p, body.n), s->fetch.fact);
    }
}
