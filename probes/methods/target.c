/* target.c - method dns-cname-target: D or _dcv.D is an alias of a name that the account has validated.
 *
 * An authorization domain name may be what the CNAME of the ordered name leads to (BR 3.2.2.4). Since a day that the
 * profile gives that is so for no wildcard name, and not for the CNAME of a name above the ordered one. */
#include "methods/target.h"

#include "ca/profile.h"
#include "methods/adn.h"
#include "methods/cname.h"
#include "methods/methods.h"
#include "methods/verdict.h"
#include "wire/name.h"
#include "wire/name_read.h"

#include <errno.h>
#include <string.h>

static bool listed(const struct texts *list, const char *name)
{
    for (size_t i = 0; i < list->n; i++)
        if (name_equal(list->v[i], name))
            return true;
    return false;
}

/* Why no CA can use a CNAME's target; NULL where it can be used, or after an error (j->err). */
static const char *target_problem(struct judgement *j, const char *target)
{
    struct name n;
    size_t len = strlen(target);
    const char *bare = arena_strndup(j->a, target, len && target[len - 1] == '.' ? len - 1 : len);
    if (!bare)
        return NULL;
    if (!*bare)
        return "it is the root";
    if (name_is_ip(bare))
        return "it is an IP address; a CNAME can only point at a name";
    if (!name_is_host(bare))
        return "it is no host name: a label consists of 1 to 63 letters, digits and inner hyphens";
    j->err = name_read(j->a, bare, strlen(bare), &n);
    if (j->err || n.code == CODE_NONE || n.cause == CAUSE_name_is_public_suffix)
        return NULL;
    return n.reason ? n.reason : "it is no name of the public internet";
}

static int target_read(struct arena *a, const struct request *r, const struct evidence *ev, const struct view *view,
                       struct target_view *ret)
{
    struct target_view *t = ret;
    bool own_only = dated_value(&r->profile->own_cname_only, r->now);
    struct adn_view adn;
    int rc = adn_read(a, r, ev, view, &adn);
    /* The CNAME of the name that the domain's own CNAME leads to is the next one of the same chain. */
    bool elsewhere = !name_equal(r->adn, r->domain) && adn.state != ADN_LED_TO;
    *t = (struct target_view){.no_step = own_only && r->wildcard};
    const char *name[2] = {arena_printf(a, "%s.", r->adn), checked_below(a, r->profile->target_label, r->adn)};
    if (rc || arena_full(a))
        return -ENOMEM;
    t->at[1].class = LOOKUP_NODATA;
    for (size_t i = 0; i < 2 && name[i]; i++) {
        rc = view_lookup(a, ev, view, name[i], RR_CNAME, &t->at[i]);
        if (rc)
            return rc;
        if (t->at[i].class != LOOKUP_DATA)
            continue;
        if (!i && own_only && elsewhere) {
            t->above = &t->at[i];
        } else if (!t->found) {
            t->found = &t->at[i];
            t->target = cname_target(a, t->found);
        }
    }
    return 0;
}

static void verdict_target(struct judgement *j)
{
    struct target_view *t = &j->target;
    const char *fault;
    j->err = target_read(j->a, j->r, j->ev, j->view, t);
    if (j->err)
        return;
    if (t->no_step) {
        verdict_fail(j, CODE_invalid_dns_cname, CODE_invalid_dns_cname);
        return;
    }
    bool first_open = t->at[0].class == LOOKUP_PENDING || (!t->found && t->at[1].class == LOOKUP_PENDING);
    if (first_open) {
        verdict_undecided(j, DEADLINE_REASON);
    } else if (!t->found && (fault = network_fault(j, t->at, t->at[1].name ? 2 : 1))) {
        verdict_undecided(j, fault);
    } else if (!t->found || !t->target) {
        verdict_fail(j, CODE_invalid_dns_cname, CODE_invalid_dns_cname);
    } else if ((t->problem = target_problem(j, t->target)) != NULL) {
        verdict_fail(j, CODE_malformed_cname_target, CODE_malformed_cname_target);
    } else if (!listed(&j->r->allow_targets, t->target)) {
        verdict_fail(j, CODE_invalid_cname_whitelist, CODE_invalid_cname_whitelist);
    } else if (!listed(&j->r->validated_targets, t->target)) {
        verdict_fail(j, CODE_invalid_cname_validation, CODE_invalid_cname_validation);
    } else {
        j->report->verdict = VERDICT_PASS;
    }
}

/* ---------------------------------------------------------------- the method's row ------------------- */

static bool fits(const struct request *r)
{
    return r->allow_targets.n;
}

static int names(struct arena *a, const struct request *r, struct checked_list *ret)
{
    const char *below = checked_below(a, r->profile->target_label, r->adn);
    if (checked_add(a, ret, arena_printf(a, "%s.", r->adn), RR_CNAME))
        return -ENOMEM;
    return below ? checked_add(a, ret, below, RR_CNAME) : 0;
}

static const struct lookup *lookups(const struct judgement *j, size_t *n)
{
    *n = (j->target.at[0].name != NULL) + (size_t)(j->target.at[1].name != NULL);
    return j->target.at;
}

static void near(struct near_list *l)
{
    enum { TARGETS = 4 };
    const char *under = arena_printf(l->a, "%s.%s.", l->r->profile->target_label, l->r->adn);
    static const uint16_t types[] = {RR_A, RR_AAAA};
    for (size_t i = 0; i < 2; i++) {
        near_add_random(l, types[i], l->scope[0]);
        near_add(l, NEAR_TYPE, types[i], NULL, NULL, under);
    }
    near_add(l, NEAR_TYPE, RR_A, NULL, NULL, l->scope[0]);
    for (size_t i = 0; i < l->r->allow_targets.n && i < TARGETS; i++) {
        const char *t = l->r->allow_targets.v[i];
        size_t n = strlen(t);
        near_add(l, NEAR_TARGET, RR_A, NULL, NULL, n && t[n - 1] == '.' ? t : arena_printf(l->a, "%s.", t));
    }
}

static bool near_due(struct arena *a, const struct request *r, const struct evidence *ev)
{
    struct target_view t;
    return !target_read(a, r, ev, NULL, &t) && lookups_settled(t.at, t.at[1].name ? 2 : 1) && !t.found &&
           !t.no_step && !t.above;
}

const struct method_rules target_rules = {
    .fits = fits,
    .names = names,
    .ask = method_ask_names,
    .verdict = verdict_target,
    .lookups = lookups,
    .near_type = RR_A,
    .near = near,
    .near_due = near_due,
};
