/* cname.c - method dns-cname-token: a CNAME record at _dnsauth.D whose target is the value below the CA's base name. */
#include "methods/cname.h"

#include "ca/challenge.h"
#include "ca/profile.h"
#include "methods/methods.h"
#include "methods/verdict.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <errno.h>
#include <string.h>

const char *cname_owner(struct arena *a, const struct request *r, enum cname_place place)
{
    switch (place) {
    case CNAME_CURRENT:
        return checked_below(a, r->profile->txt_label, r->adn);
    case CNAME_RETIRED: {
        const struct profile *p = r->profile;
        bool fits = r->token && name_is_host(r->token) && strlen(p->value_prefix) + strlen(r->token) <= 63;
        const char *label = fits && dated_ever(&p->retired_cname) ? arena_concat(a, p->value_prefix, r->token, NULL)
                                                                  : NULL;
        return label ? checked_below(a, label, r->adn) : NULL;
    }
    }
    return NULL;
}

const char *cname_target(struct arena *a, const struct lookup *l)
{
    return l->class == LOOKUP_DATA ? rr_target(a, l->rr[0]) : NULL;
}

bool cname_is_right(struct arena *a, const struct request *r, const char *target)
{
    const char *plain = arena_printf(a, "%s.%s.", r->token, r->profile->cname_base);
    return plain && target &&
           (name_equal(target, plain) || name_equal(profile_bare_value(r->profile, target), plain));
}

static int cname_read(struct arena *a, const struct request *r, const struct evidence *ev, const struct view *view,
                      struct cname_view *ret)
{
    struct cname_view *c = ret;
    *c = (struct cname_view){0};
    for (enum cname_place p = CNAME_CURRENT; p <= CNAME_RETIRED; p++) {
        const char *owner = cname_owner(a, r, p);
        c->at[p] = (struct lookup){.class = LOOKUP_NODATA};
        if (!owner)
            continue;
        int rc = view_lookup(a, ev, view, owner, RR_CNAME, &c->at[p]);
        if (rc)
            return rc;
        c->target[p] = cname_target(a, &c->at[p]);
    }
    if (!r->token)
        return 0;
    const char *base = arena_printf(a, "%s.", r->profile->cname_base);
    bool current = cname_is_right(a, r, c->target[CNAME_CURRENT]);
    c->retired = !current && base && c->target[CNAME_RETIRED] && name_equal(c->target[CNAME_RETIRED], base);
    c->found = current || (c->retired && dated_value(&r->profile->retired_cname, r->now));
    return 0;
}

/* The lookups of the names that can exist. */
static const struct lookup *asked(const struct cname_view *c, size_t *n)
{
    const struct lookup *first = &c->at[c->at[CNAME_CURRENT].name ? CNAME_CURRENT : CNAME_RETIRED];
    const struct lookup *end = &c->at[c->at[CNAME_RETIRED].name ? CNAME_PLACES : CNAME_RETIRED];
    *n = (size_t)(end - first);
    return first;
}

static void verdict_cname(struct judgement *j)
{
    struct cname_view *c = &j->cname;
    const char *fault;
    size_t n;
    j->err = cname_read(j->a, j->r, j->ev, j->view, c);
    if (j->err)
        return;
    const struct lookup *l = asked(c, &n);
    if (j->report->challenge == CHALLENGE_NONE) {
        verdict_undecided(
            j, "There is nothing to compare the CNAME record with: give the random value with --token.");
        return;
    }
    if (c->found && !request_expired(j->r))
        j->report->verdict = VERDICT_PASS;
    else if (c->at[CNAME_CURRENT].class == LOOKUP_PENDING || c->at[CNAME_RETIRED].class == LOOKUP_PENDING)
        verdict_undecided(j, DEADLINE_REASON);
    else if (n && (fault = network_fault(j, l, n)))
        verdict_undecided(j, fault);
    else
        verdict_fail(j, CODE_invalid_dns_cname, CODE_invalid_dns_cname);
}

/* ---------------------------------------------------------------- the method's row ------------------- */

static bool fits(const struct request *r)
{
    return r->token;
}

static int names(struct arena *a, const struct request *r, struct checked_list *ret)
{
    for (enum cname_place p = CNAME_CURRENT; p <= CNAME_RETIRED; p++) {
        const char *owner = cname_owner(a, r, p);
        if (owner ? checked_add(a, ret, owner, RR_CNAME) : arena_full(a))
            return -ENOMEM;
    }
    return 0;
}

static const struct lookup *lookups(const struct judgement *j, size_t *n)
{
    return asked(&j->cname, n);
}

static void near(struct near_list *l)
{
    const char *label = l->r->profile->txt_label, *base = l->r->profile->cname_base, *d = l->r->adn,
               *value = near_value_label(l->r);
    const char *at = arena_printf(l->a, "%s.%s.", label, d);
    static const uint16_t types[] = {RR_CNAME, RR_TXT, RR_A, RR_AAAA};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        near_add_random(l, types[i], l->scope[0]);
        if (types[i] != RR_CNAME)
            near_add(l, NEAR_TYPE, types[i], NULL, NULL, at);
    }
    for (size_t i = 1; i < l->n_scopes; i++)
        near_add_random(l, RR_CNAME, l->scope[i]);
    if (strncmp(d, "www.", 4) != 0)
        near_add(l, NEAR_OTHER, RR_CNAME, NULL, NULL, arena_printf(l->a, "%s.www.%s.", label, d));
    near_add(l, NEAR_TYPE, RR_TXT, NULL, NULL, l->scope[0]);
    near_add_doubled(l, RR_CNAME, label);
    near_add_starred(l, NEAR_OTHER, RR_CNAME, label);
    near_add_above(l, RR_CNAME, label);
    if (!value)
        return;
    near_add(l, NEAR_BARE, RR_CNAME, NULL, NULL, arena_printf(l->a, "%s.%s.", value, d));
    for (size_t i = 0; i < l->n_scopes; i++)
        near_add(l, NEAR_SWAPPED, RR_CNAME, l->scope[i], NULL,
            arena_printf(l->a, "%s.%s.%s", value, base, l->scope[i]));
}

static bool near_due(struct arena *a, const struct request *r, const struct evidence *ev)
{
    struct cname_view c;
    size_t n;
    if (!method_value_known(r) || cname_read(a, r, ev, NULL, &c))
        return false;
    const struct lookup *l = asked(&c, &n);
    return lookups_settled(l, n) && !c.found;
}

const struct method_rules cname_rules = {
    .takes = TAKES_RANDOM_VALUE,
    .fits = fits,
    .names = names,
    .ask = method_ask_names,
    .verdict = verdict_cname,
    .lookups = lookups,
    .near_type = RR_CNAME,
    .near = near,
    .near_due = near_due,
};
