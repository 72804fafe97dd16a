#include "methods/adn.h"

#include "ca/profile.h"
#include "methods/verdict.h"
#include "wire/name.h"
#include "wire/name_read.h"
#include "wire/wire.h"

#include <errno.h>
#include <string.h>

/* ---------------------------------------------------------------- the name that is given ------------- */

/* What --adn may name, for a message about another one. */
static const char *may_name(struct arena *a, const struct request *r)
{
    if (!r->registrable)
        return arena_printf(a, "%s itself: it has no ancestor that may be used", r->domain);
    const char *up = name_equal(r->domain, r->registrable)
                         ? arena_printf(a, "%s itself: it has no ancestor that may be used", r->domain)
                         : arena_printf(a, "%s or an ancestor of it, down to its registrable domain %s", r->domain,
                                        r->registrable);
    return !r->wildcard ? up
                        : arena_concat(a, up, "; the CNAME of a wildcard name leads to no other",
                                       dated_words(a, &r->profile->own_cname_only, r->now), NULL);
}

/* Whether the domain's CNAME could lead to the name: only an answer tells whether it does. */
static bool could_lead_to(const struct request *r, const struct name *name)
{
    return r->registrable && name->registrable && name->code == CODE_NONE && !name_within(r->domain, name->domain) &&
           !(r->wildcard && dated_value(&r->profile->own_cname_only, r->now));
}

static bool has_file_method(const struct request *r)
{
    for (unsigned m = 0; m < METHOD_COUNT; m++)
        if (r->methods & METHOD_BIT(m) && method_is_file(m))
            return true;
    return false;
}

void adn_set(struct request *r, const char *adn)
{
    const char *own = r->own_registrable ? r->own_registrable : r->registrable;
    bool led = adn && r->domain && own && !(name_within(r->domain, adn) && name_within(adn, own));
    r->adn = adn;
    r->own_registrable = led ? own : NULL;
    r->registrable = led ? name_registrable(adn) : own;
}

int adn_choose(struct arena *a, struct request *r, const char *typed, const char **expected)
{
    struct name name;
    int rc = name_read(a, typed, strlen(typed), &name);
    if (rc)
        return rc;
    bool above = name.domain && name_within(r->domain, name.domain) &&
                 name_within(name.domain, r->registrable ? r->registrable : r->domain);
    if (!name.domain || name.wildcard || !(above || could_lead_to(r, &name))) {
        *expected = may_name(a, r);
        return -EINVAL;
    }
    if (has_file_method(r) && !name_equal(name.domain, r->domain)) {
        *expected = arena_printf(a, "%s itself with a website method: only DNS methods prove a domain at another name",
                                 r->domain);
        return -EINVAL;
    }
    adn_set(r, name.domain);
    return 0;
}

/* ---------------------------------------------------------------- whether it counts ------------------ */

/* The CNAME itself is there even where what it leads to cannot be resolved; the other question shows where a chain of
 * several goes. It is for a type of which servers all have the same records. */
static const uint16_t types[] = {RR_CNAME, RR_TXT};
enum { TYPES = sizeof types / sizeof *types };

int adn_names(struct arena *a, const struct request *r, struct checked_list *ret)
{
    int rc = 0;
    for (size_t i = 0; r->own_registrable && i < TYPES && !rc; i++)
        rc = checked_add(a, ret, arena_concat(a, r->domain, ".", NULL), types[i]);
    return rc;
}

/* Adds the names that the CNAME of a lookup leads to. What a failed answer of a resolver brings along proves nothing.
 */
static int add_targets(struct arena *a, const struct lookup *l, struct texts *ret)
{
    bool proven = l->class != LOOKUP_PENDING && (l->class != LOOKUP_FAIL || l->n_way);
    if (l->type == RR_CNAME) {
        const char *target = l->class == LOOKUP_DATA ? rr_target(a, l->rr[0]) : NULL;
        return !target || texts_add(a, ret, target) ? 0 : -ENOMEM;
    }
    return !proven || path_aliases(a, l, ret) ? 0 : -ENOMEM;
}

/* What it means that none of the targets is the name that was looked for. */
static enum adn_state without(const struct lookup at[TYPES])
{
    const struct lookup *cname = &at[0], *chain = &at[1];
    if (cname->class == LOOKUP_NODATA || cname->class == LOOKUP_NXDOMAIN)
        return ADN_NOT_LED;
    if (cname->class == LOOKUP_PENDING || chain->class == LOOKUP_PENDING)
        return ADN_OPEN;
    return chain->class == LOOKUP_FAIL ? ADN_FAILS : ADN_NOT_LED;
}

int adn_read(struct arena *a, const struct request *r, const struct evidence *ev, const struct view *view,
             struct adn_view *ret)
{
    struct adn_view *v = ret;
    *v = (struct adn_view){.state = ADN_OWN};
    if (!r->own_registrable)
        return 0;
    const char *name = arena_concat(a, r->domain, ".", NULL);
    int rc = name ? 0 : -ENOMEM;
    for (size_t i = 0; i < TYPES && !rc; i++) {
        struct texts more = {0};
        rc = view_lookup(a, ev, view, name, types[i], &v->at[i]);
        if (!rc)
            rc = add_targets(a, &v->at[i], &more);
        if (more.n > v->leads.n)
            v->leads = more;
    }
    v->state = without(v->at);
    for (size_t i = 0; i < v->leads.n && v->state != ADN_LED_TO; i++) {
        if (name_equal(v->leads.v[i], r->adn))
            v->state = ADN_LED_TO;
        else if (name_within(v->leads.v[i], r->adn))
            v->state = ADN_ABOVE;
    }
    return rc;
}

/* Why a name does not count, and which would. */
static const char *refusal(struct judgement *j, const struct adn_view *v)
{
    const struct request *r = j->r;
    const char *to = v->leads.n ? v->leads.v[v->leads.n - 1] : NULL, *leads = "it has no CNAME";
    if (to) /* without its final dot */
        leads = arena_printf(j->a, "that leads to %.*s", (int)strlen(to) - 1, to);
    return arena_printf(j->a,
                        "The name to check at, %s, cannot stand in for %s. Expected was %s or a name above it, down to "
                        "%s, or a name to which the CNAME of %s leads; %s.",
                        r->adn, r->domain, r->domain, r->own_registrable, r->domain, leads);
}

void adn_verdict(struct judgement *j)
{
    struct adn_view v;
    j->err = adn_read(j->a, j->r, j->ev, j->view, &v);
    if (j->err)
        return;
    const char *fault;
    switch (v.state) {
    case ADN_OWN:
    case ADN_LED_TO:
    case ADN_ABOVE:
        method_rules(j->r->method)->verdict(j);
        break;
    case ADN_NOT_LED:
        verdict_undecided(j, refusal(j, &v));
        j->report->refused = true;
        break;
    case ADN_OPEN:
        verdict_undecided(j, DEADLINE_REASON);
        break;
    case ADN_FAILS:
        fault = network_fault(j, v.at, TYPES);
        verdict_undecided(j, fault ? fault
                                   : arena_printf(j->a,
                                                  "Whether the CNAME of %s leads to %s, the name to check at, is not "
                                                  "known: the lookup of %s fails.",
                                                  j->r->domain, j->r->adn, j->r->domain));
        break;
    }
}
