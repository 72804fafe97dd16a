/* persist.c - method dns-persist (BR 3.2.2.4.22): a TXT record at _validation-persist.D that names the CA and the
 * account, and stays. */
#include "methods/persist.h"

#include "ca/profile.h"
#include "methods/methods.h"
#include "methods/verdict.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <errno.h>
#include <string.h>

const char *persist_owner(struct arena *a, const struct request *r)
{
    return checked_below(a, r->profile->persist_label, r->adn);
}

/* A record whose worst fault is less bad is better; of two with the same worst fault the one with fewer others. */
static bool better(unsigned x, unsigned y)
{
    unsigned worst_x = x & -x, worst_y = y & -y;
    if (worst_x != worst_y)
        return !x || (y && worst_x > worst_y);
    return __builtin_popcount(x) < __builtin_popcount(y);
}

const struct rr *persist_best(struct arena *a, const struct request *r, const struct rr *const *rr, size_t n,
                              struct persist_record *ret, int *err)
{
    const struct rr *best = NULL;
    for (size_t i = 0; i < n && !*err; i++) {
        struct persist_record one;
        struct bytes text = txt_joined(a, rr[i]);
        *err = text.p ? persist_read(a, r, text, &one) : -ENOMEM;
        if (*err || (best && !better(one.faults, ret->faults)))
            continue;
        best = rr[i];
        *ret = one;
    }
    return *err ? NULL : best;
}

static int persist_look(struct arena *a, const struct request *r, const struct evidence *ev, const struct view *view,
                        struct persist_view *ret)
{
    *ret = (struct persist_view){.at = {.class = LOOKUP_NODATA}, .best = {.until = TIME_UNKNOWN}};
    const char *owner = persist_owner(a, r);
    if (!owner)
        return arena_full(a) ? -ENOMEM : 0;
    int err = view_lookup(a, ev, view, owner, RR_TXT, &ret->at);
    if (!err)
        ret->rr = persist_best(a, r, ret->at.rr, ret->at.n, &ret->best, &err);
    return err;
}

/* The code that the request-token family of TXT has for the same facts. */
static enum code detail(const struct persist_view *v)
{
    if (v->at.class == LOOKUP_FAIL)
        return CODE_dns_internal_error;
    if (!v->rr)
        return CODE_dns_mismatch;
    bool invalid =
        v->best.faults & PERSIST_MALFORMED || !(v->best.faults & (PERSIST_FOREIGN | PERSIST_ACCOUNT | PERSIST_SCOPE));
    return invalid ? CODE_dns_invalid_entry : CODE_dns_entry_missing;
}

static void verdict_persist(struct judgement *j)
{
    struct persist_view *v = &j->persist;
    const char *missing, *fault;
    j->err = persist_look(j->a, j->r, j->ev, j->view, v);
    if (j->err)
        return;
    if (!persist_account(j->a, j->r, &missing))
        verdict_undecided(j, missing);
    else if (v->rr && !v->best.faults)
        j->report->verdict = VERDICT_PASS;
    else if (v->at.class == LOOKUP_PENDING)
        verdict_undecided(j, DEADLINE_REASON);
    else if (v->at.name && (fault = network_fault(j, &v->at, 1)))
        verdict_undecided(j, fault);
    else
        verdict_fail(j, CODE_invalid_dns_txt, detail(v));
}

/* ---------------------------------------------------------------- the method's row ------------------- */

static bool fits(const struct request *r)
{
    return r->account_uri;
}

static int names(struct arena *a, const struct request *r, struct checked_list *ret)
{
    const char *owner = persist_owner(a, r);
    return owner ? checked_add(a, ret, owner, RR_TXT) : arena_full(a) ? -ENOMEM : 0;
}

static const struct lookup *lookups(const struct judgement *j, size_t *n)
{
    *n = j->persist.at.name != NULL;
    return &j->persist.at;
}

static const char *remark(const struct judgement *j)
{
    return arena_printf(
        j->a,
        "The CA may rely on this for %u days, and looks at the record again after that (BR 3.2.2.4.22); the "
        "record stays.",
        j->r->profile->persist_days);
}

/* The label with an underscore for each hyphen; NULL where it has none. */
static const char *with_underscores(struct arena *a, const char *label)
{
    char *text = strchr(label, '-') ? arena_strdup(a, label) : NULL;
    for (char *c = text; c && (c = strchr(c, '-'));)
        *c = '_';
    return text;
}

static void near(struct near_list *l)
{
    const struct profile *p = l->r->profile;
    const char *label = p->persist_label, *d = l->r->adn;
    for (size_t i = 0; i < l->n_scopes; i++)
        near_add_random(l, RR_TXT, l->scope[i]);
    near_add(l, NEAR_STAR, RR_TXT, NULL, NULL, arena_printf(l->a, "%s.*.%s.", label, d));
    near_add_doubled(l, RR_TXT, label);
    near_add(l, NEAR_TYPE, RR_CAA, NULL, NULL, arena_printf(l->a, "%s.%s.", label, d));
    near_add(l, NEAR_OTHER, RR_TXT, NULL, "the label in front is missing", arena_printf(l->a, "%s.", d));
    if (*label == '_')
        near_add(l, NEAR_OTHER, RR_TXT, NULL, "the underscore before the label is missing",
                 arena_printf(l->a, "%s.%s.", label + 1, d));
    const char *underlined = with_underscores(l->a, label);
    if (underlined)
        near_add(l, NEAR_OTHER, RR_TXT, NULL, "an underscore stands in place of the hyphen",
                 arena_printf(l->a, "%s.%s.", underlined, d));
    near_add(l, NEAR_OTHER, RR_TXT, NULL, "which is the place of a random value",
             arena_printf(l->a, "%s.%s.", p->txt_label, d));
    near_add(l, NEAR_OTHER, RR_TXT, NULL, "which is the place of another kind of validation (ACME)",
             arena_printf(l->a, "_acme-challenge.%s.", d));
    if (strncmp(d, "www.", 4) != 0)
        near_add(l, NEAR_OTHER, RR_TXT, NULL, NULL, arena_printf(l->a, "%s.www.%s.", label, d));
    near_add_above(l, RR_TXT, label);
}

static bool near_due(struct arena *a, const struct request *r, const struct evidence *ev)
{
    struct persist_view v;
    const char *missing;
    if (!persist_account(a, r, &missing) || persist_look(a, r, ev, NULL, &v))
        return false;
    return v.at.name && lookups_settled(&v.at, 1) && (!v.rr || v.best.faults & PERSIST_FOREIGN);
}

const struct method_rules persist_rules = {
    .fits = fits,
    .needs = "account_uri",
    .names = names,
    .ask = method_ask_names,
    .verdict = verdict_persist,
    .remark = remark,
    .lookups = lookups,
    .near_type = RR_TXT,
    .near = near,
    .near_due = near_due,
};
