/* cname.c - dns-cname-token and dns-cname-target: what a CNAME points at. */
#include "methods/verdict.h"

#include "ca/profile.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <errno.h>
#include <string.h>

/* ---------------------------------------------------------------- dns-cname-token -------------------- */

const char *cname_owner(struct arena *a, const struct request *r, enum cname_place place)
{
    switch (place) {
    case CNAME_CURRENT:
        return arena_printf(a, "%s.%s.", r->profile->txt_label, r->adn);
    case CNAME_RETIRED:
        return r->token && name_is_host(r->token) && strlen(r->token) < 63
                   ? arena_printf(a, "_%s.%s.", r->token, r->adn)
                   : NULL;
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
           (name_equal(target, plain) || (*target == '_' && name_equal(target + 1, plain)));
}

int cname_read(struct arena *a, const struct request *r, const struct evidence *ev, const struct view *view,
               struct cname_view *ret)
{
    struct cname_view *c = ret;
    *c = (struct cname_view){0};
    for (enum cname_place p = CNAME_CURRENT; p <= CNAME_RETIRED; p++) {
        const char *owner = cname_owner(a, r, p);
        c->at[p] = (struct lookup){.class = LOOKUP_NODATA}; /* a place that the value cannot form is empty */
        if (!owner)
            continue;
        int rc = view_lookup(a, ev, view, owner, RR_CNAME, &c->at[p]);
        if (rc)
            return rc;
        c->target[p] = cname_target(a, &c->at[p]);
        c->n = p + 1u;
    }
    if (!r->token)
        return 0;
    const char *base = arena_printf(a, "%s.", r->profile->cname_base);
    bool current = cname_is_right(a, r, c->target[CNAME_CURRENT]);
    c->retired = !current && base && c->target[CNAME_RETIRED] && name_equal(c->target[CNAME_RETIRED], base);
    c->found = current || c->retired;
    return 0;
}

void verdict_cname(struct judgement *j)
{
    struct cname_view *c = &j->cname;
    const char *fault;
    j->err = cname_read(j->a, j->r, j->ev, j->view, c);
    if (j->err)
        return;
    if (j->report->challenge == CHALLENGE_NONE) {
        verdict_undecided(
            j, "There is nothing to compare the CNAME record with: give the random value with --token.");
        return;
    }
    if (c->found && !request_expired(j->r))
        j->report->verdict = VERDICT_PASS;
    else if (c->at[CNAME_CURRENT].class == LOOKUP_PENDING || c->at[CNAME_RETIRED].class == LOOKUP_PENDING)
        verdict_undecided(j, DEADLINE_REASON);
    else if ((fault = network_fault(j, c->at, c->n)))
        verdict_undecided(j, fault);
    else
        verdict_fail(j, CODE_invalid_dns_cname, CODE_invalid_dns_cname);
}

/* ---------------------------------------------------------------- dns-cname-target ------------------- */

static bool listed(const struct texts *list, const char *name)
{
    for (size_t i = 0; i < list->n; i++)
        if (name_equal(list->v[i], name))
            return true;
    return false;
}

/* What keeps a CNAME's target from being used at all; NULL where nothing does. */
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
        return "it is no host name: labels are letters, digits and inner hyphens, 1 to 63 of them";
    j->err = name_read(j->a, bare, strlen(bare), &n);
    if (j->err || n.code == CODE_NONE || n.cause == CAUSE_name_is_public_suffix)
        return NULL;
    return n.reason ? n.reason : "it is no name of the public internet";
}

int target_read(struct arena *a, const struct request *r, const struct evidence *ev, const struct view *view,
                struct target_view *ret)
{
    struct target_view *t = ret;
    *t = (struct target_view){0};
    const char *name[2] = {arena_printf(a, "%s.", r->adn),
                           arena_printf(a, "%s.%s.", r->profile->target_label, r->adn)};
    for (size_t i = 0; i < 2; i++) {
        int rc = name[i] ? view_lookup(a, ev, view, name[i], RR_CNAME, &t->at[i]) : -ENOMEM;
        if (rc)
            return rc;
        if (!t->found && t->at[i].class == LOOKUP_DATA) {
            t->found = &t->at[i];
            t->target = cname_target(a, t->found);
        }
    }
    return 0;
}

void verdict_target(struct judgement *j)
{
    struct target_view *t = &j->target;
    const char *fault;
    j->err = target_read(j->a, j->r, j->ev, j->view, t);
    if (j->err)
        return;
    bool first_open = t->at[0].class == LOOKUP_PENDING || (!t->found && t->at[1].class == LOOKUP_PENDING);
    if (first_open) {
        verdict_undecided(j, DEADLINE_REASON);
    } else if (!t->found && (fault = network_fault(j, t->at, 2))) {
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
