/* txt.c - method dns-txt-token: the value in a TXT record at _dnsauth.D or D. */
#include "methods/txt.h"

#include "ca/challenge.h"
#include "ca/profile.h"
#include "methods/methods.h"
#include "methods/verdict.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <errno.h>
#include <string.h>

static int read_value(struct arena *a, const struct request *r, struct texts *computed, struct txt_view *t,
                      const struct lookup *at, const struct rr *rr)
{
    struct txt_value *v = &t->v[t->n];
    *v = (struct txt_value){.at = at, .rr = rr, .text = txt_joined(a, rr)};
    if (!v->text.p)
        return -ENOMEM;
    t->n++;
    enum challenge challenge = request_challenge(r);
    int rc = challenge_find(a, r, challenge, v->text, computed, &v->token);
    if (rc)
        return rc;
    if (challenge == CHALLENGE_RANDOM_VALUE && v->token.class != TOKEN_NONE) {
        struct bytes needle = {(const uint8_t *)r->token, strlen(r->token)}, part;
        v->in_join = true;
        for (size_t k = 0; !v->in_one && txt_next(rr, &k, &part);)
            v->in_one = bytes_find(part, needle) >= 0;
    }
    enum token_class class = v->token.class;
    /* Of two that are equally good the one within a single character-string decides: every CA finds it, whether it
     * joins the strings of a record or not. */
    bool better = class > t->class || (class == t->class && t->best && !t->best->in_one && v->in_one);
    if (class != TOKEN_NONE && better) {
        t->class = class;
        t->best = v;
    }
    return 0;
}

const char *txt_owner(struct arena *a, const struct request *r)
{
    const char *below = checked_below(a, r->profile->txt_label, r->adn);
    return below ? below : arena_printf(a, "%s.", r->adn);
}

const struct lookup *txt_first(const struct txt_view *t)
{
    return &t->at[t->at[0].name ? 0 : 1];
}

/* computed: gets the request tokens that were computed on the way; may be NULL. 0, -ENOMEM or -EIO. */
static int txt_read(struct arena *a, const struct request *r, const struct evidence *ev, const struct view *view,
                    struct texts *computed, struct txt_view *ret)
{
    struct txt_view *t = ret;
    *t = (struct txt_view){0};
    const char *name[2] = {checked_below(a, r->profile->txt_label, r->adn), arena_printf(a, "%s.", r->adn)};
    size_t n = 0;
    int rc = arena_full(a) ? -ENOMEM : 0;
    t->at[0].class = LOOKUP_NODATA;
    for (size_t i = name[0] ? 0 : 1; i < 2 && !rc; i++) {
        rc = view_lookup(a, ev, view, name[i], RR_TXT, &t->at[i]);
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

static const struct lookup *lookups(const struct judgement *j, size_t *n)
{
    const struct lookup *first = txt_first(&j->txt);
    *n = first->name ? (size_t)(j->txt.at + 2 - first) : 0;
    return first;
}

static void verdict_txt(struct judgement *j)
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
    size_t n;
    const struct lookup *asked = lookups(j, &n);
    const char *fault = network_fault(j, asked, n);
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

/* ---------------------------------------------------------------- the method's row ------------------- */

static bool fits(const struct request *r)
{
    return r->token || (request_has_key(r) && r->csr.n);
}

static int names(struct arena *a, const struct request *r, struct checked_list *ret)
{
    const char *below = checked_below(a, r->profile->txt_label, r->adn);
    if (below && checked_add(a, ret, below, RR_TXT))
        return -ENOMEM;
    return checked_add(a, ret, arena_printf(a, "%s.", r->adn), RR_TXT);
}

static void near(struct near_list *l)
{
    const char *label = l->r->profile->txt_label, *bare = near_bare_label(l->r), *d = l->r->adn,
               *value = near_value_label(l->r), *prefix = l->r->profile->value_prefix;
    for (size_t i = 0; i < l->n_scopes; i++)
        near_add_random(l, RR_TXT, l->scope[i]);
    near_add(l, NEAR_TYPE, RR_CNAME, NULL, NULL, arena_printf(l->a, "%s.%s.", label, d));
    near_add(l, NEAR_TYPE, RR_CAA, NULL, NULL, arena_printf(l->a, "%s.%s.", label, d));
    near_add(l, NEAR_TYPE, RR_CAA, NULL, NULL, l->scope[0]);
    near_add_doubled(l, RR_TXT, label);
    near_add_starred(l, NEAR_OTHER, RR_TXT, label);
    if (bare)
        near_add(l, NEAR_OTHER, RR_TXT, NULL, "the underscore before the label is missing",
            arena_printf(l->a, "%s.%s.", bare, d));
    if (value) {
        static const char as_name[] = "the value was entered as the record's name";
        near_add(l, NEAR_OTHER, RR_TXT, NULL, as_name, arena_printf(l->a, "%s.%s.", value, d));
        near_add(l, NEAR_OTHER, RR_TXT, NULL, as_name, arena_printf(l->a, "%s%s.%s.", prefix, value, d));
    }
    if (strncmp(d, "www.", 4) != 0) {
        near_add(l, NEAR_OTHER, RR_TXT, NULL, NULL, arena_printf(l->a, "%s.www.%s.", label, d));
        near_add(l, NEAR_OTHER, RR_TXT, NULL, NULL, arena_printf(l->a, "www.%s.", d));
    }
    near_add(l, NEAR_OTHER, RR_TXT, NULL, "which is the place of another kind of validation (ACME)",
        arena_printf(l->a, "_acme-challenge.%s.", d));
    near_add_above(l, RR_TXT, label);
    for (size_t i = 1; i < l->n_scopes; i++)
        near_add(l, NEAR_ANCESTOR, RR_TXT, l->scope[i], NULL, l->scope[i]);
}

/* A value that has expired, or is too short to be told from other texts, is not looked for elsewhere. */
static bool near_due(struct arena *a, const struct request *r, const struct evidence *ev)
{
    struct txt_view t;
    if (!method_value_known(r) || txt_read(a, r, ev, NULL, NULL, &t))
        return false;
    const struct lookup *first = txt_first(&t);
    return lookups_settled(first, (size_t)(t.at + 2 - first)) && t.class != TOKEN_VALID;
}

const struct method_rules txt_rules = {
    .takes = TAKES_RANDOM_VALUE | TAKES_REQUEST_TOKEN,
    .fits = fits,
    .names = names,
    .ask = method_ask_names,
    .verdict = verdict_txt,
    .lookups = lookups,
    .near_type = RR_TXT,
    .near = near,
    .near_due = near_due,
};
