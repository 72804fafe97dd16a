/* plan_host.c - asks what a cure has to know: whether the host itself lives by a wildcard, what else stands where a
 * CNAME would, and whether a record to be changed stands there or a wildcard makes it.
 *
 * A record below such a host makes the host's name exist, and then the wildcard no longer answers for it (RFC 4592
 * 2.2.2): a cure has to know which records it would lose. A wildcard gives the host and a label beside it the same
 * records of every type, so both are asked for the types that hosts have; and the names between the host and the apex
 * of its zone as well, which would come into being with it. */
#include "plan/plan.h"

#include "evidence/evidence.h"
#include "evidence/zone.h"
#include "methods/caa_search.h"
#include "methods/methods.h"
#include "methods/verdict.h"
#include "wire/name.h"
#include "wire/wire.h"

/* A random label below a name; NULL: the name is too long for one. */
static const char *label_below(struct plan *p, const char *name)
{
    uint8_t wire[WIRE_NAME_MOST];
    const char *below = near_random_name(p->a, p->r, name);
    return below && wire_name_from_text(below, wire) > 0 ? below : NULL;
}

/* Each is asked once only: what is not known of the host makes a cure less sure, and nothing else. */
static void want_all(struct plan *p, const char *name)
{
    for (size_t i = 0; name && i < near_host_types_n; i++) {
        struct ask q = lookup_ask(name, near_host_types[i]);
        q.once = true;
        ask_whole(&p->asker, q, NULL);
    }
}

/* What a server of the host's zone says: a resolver may remember an older state, or make up answers. NULL: there is no
 * answer, or no server to ask. */
static const struct fact *zone_says(struct plan *p, const char *host, const char *name, uint16_t type)
{
    struct zones z;
    zones_init(&z, p->a, &p->asker, p->r);
    const struct zone *x = p->r->registrable ? zones_holding(&z, host) : NULL;
    for (size_t i = 0; x && i < x->n; i++) {
        if (x->v[i].state != SERVER_GOOD)
            continue;
        struct ask q = server_question(&x->v[i], name, type);
        q.once = true;
        return p->asker.want(p->asker.self, &q);
    }
    return NULL;
}

/* Below a DNAME every name is an alias, and none is a wildcard's (RFC 6672 2.4). */
static bool denies_nothing(const struct fact *f)
{
    for (size_t i = 0; f && i < f->dns.answer.n; i++)
        if (f->dns.answer.v[i].type == RR_DNAME)
            return false;
    return f && (f->dns.outcome == DNS_ANSWER || f->dns.outcome == DNS_NODATA);
}

/* A label below the host that nobody entered is denied wherever no wildcard answers: then there is nothing to ask. */
static bool may_be_wildcard(struct plan *p, uint16_t type)
{
    const char *host = arena_concat(p->a, p->r->adn, ".", NULL), *below = host ? label_below(p, host) : NULL;
    struct ask q = lookup_ask(below, type);
    q.once = true;
    if (!below)
        return false;
    bool resolved = denies_nothing(p->asker.want(p->asker.self, &q));
    bool served = denies_nothing(zone_says(p, host, below, type));
    const char *above = served ? name_parent(host) : NULL, *beside = above ? label_below(p, above) : NULL;
    if (beside)
        (void)zone_says(p, host, beside, type);
    return served || resolved;
}

/* The host and the names above it that are below the apex, and a random label below each of these and the apex. */
static void want_levels(struct plan *p, const char *apex)
{
    enum { LEVELS_MOST = 4 };
    const char *up = arena_concat(p->a, p->r->adn, ".", NULL);
    for (unsigned i = 0; up && name_within(up, apex) && !name_equal(up, apex) && i < LEVELS_MOST; i++) {
        const char *parent = name_parent(up);
        want_all(p, up);
        want_all(p, label_below(p, up));
        if (parent && name_equal(parent, apex))
            want_all(p, label_below(p, parent));
        up = parent;
    }
}

/* A wildcard answers below a name, too, unless the name stands there itself (RFC 4592 2.2.1). */
static void want_below(struct plan *p, const char *name)
{
    const char *below = label_below(p, name);
    struct ask q = lookup_ask(below, method_rules(p->r->method)->near_type);
    q.once = true;
    if (below)
        ask_whole(&p->asker, q, NULL);
}

/* Below the checked names, and those that the CA could check at names above. */
static void want_below_labels(struct plan *p, const struct near_view *near)
{
    struct checked *v;
    size_t n;
    if (checked_names(p->a, p->r, &v, &n))
        return;
    for (size_t i = 0; i < n; i++)
        want_below(p, v[i].name);
    for (size_t i = 0; i < near->n; i++)
        if (near->v[i].slip == NEAR_ANCESTOR)
            want_below(p, near->v[i].at.name);
}

void plan_host(struct plan *p, const struct near_view *near)
{
    if (!may_be_wildcard(p, method_rules(p->r->method)->near_type))
        return;
    want_levels(p, near->apex);
    want_below_labels(p, near);
}

/* A set that does not permit may be mended by one at the host. */
void plan_host_of_caa(struct plan *p)
{
    struct caa_view v;
    struct caa_set set;
    struct near_view view;
    if (p->r->method != METHOD_CAA || caa_climb(p->a, p->r, p->ev, NULL, false, &v) || v.open ||
        (v.relevant && (caa_judge(p->a, p->r, v.rr, v.n_rr, &set) || set.code == CODE_NONE)) ||
        (!v.relevant && !v.failed) || near_list(p->a, p->r, p->ev, NULL, &view) || view.unregistered)
        return;
    if (may_be_wildcard(p, RR_A))
        want_levels(p, view.apex);
}

/* ---------------------------------------------------------------- the owners of records --------------- */

/* Whether the method passes by the answers so far: then nothing is to be cured. */
static bool fails(struct plan *p)
{
    struct report report = {.request = p->r, .evidence = p->ev, .challenge = request_challenge(p->r)};
    struct judgement j = {.r = p->r, .ev = p->ev, .a = p->a, .report = &report};
    method_rules(p->r->method)->verdict(&j);
    return !j.err && report.verdict == VERDICT_FAIL;
}

/* A wildcard answers for the label beside the name, and for the one below it, as it does for the name. */
static void want_beside(struct plan *p, const char *name, uint16_t type)
{
    const char *above = name_parent(name), *beside = above ? label_below(p, above) : NULL;
    struct ask q = lookup_ask(beside, type);
    q.once = true;
    const struct fact *f = beside ? p->asker.want(p->asker.self, &q) : NULL;
    if (!f || (f->dns.outcome != DNS_ANSWER && f->dns.outcome != DNS_NODATA))
        return;
    q = lookup_ask(label_below(p, name), type);
    q.once = true;
    if (q.qname)
        p->asker.want(p->asker.self, &q);
}

static bool in_the_domain(const struct plan *p, const char *name)
{
    return p->r->registrable && name_within(name, p->r->registrable) && !name_equal(name, p->r->registrable);
}

/* What stands at a checked name, or at the end of its alias, may be changed or get another record beside it. */
static void want_owner(struct plan *p, const struct lookup *l)
{
    bool alias = p->r->method == METHOD_DNS_CNAME_TOKEN || p->r->method == METHOD_DNS_CNAME_TARGET;
    if (l->class == LOOKUP_NXDOMAIN || l->class == LOOKUP_PENDING || l->class == LOOKUP_FAIL)
        return;
    if (in_the_domain(p, l->name))
        want_beside(p, l->name, l->type);
    if (l->hops && in_the_domain(p, l->end))
        want_beside(p, l->end, l->type);
    if (alias)
        want_all(p, l->name);
}

void plan_owners(struct plan *p)
{
    struct checked *v;
    struct caa_view caa;
    size_t n;
    if (method_is_file(p->r->method) || !fails(p))
        return;
    if (p->r->method == METHOD_CAA) {
        if (!caa_climb(p->a, p->r, p->ev, NULL, false, &caa) && caa.relevant)
            want_owner(p, caa.relevant);
        return;
    }
    if (checked_names(p->a, p->r, &v, &n))
        return;
    for (size_t i = 0; i < n; i++) {
        struct lookup l;
        if (!lookup_read(p->a, p->ev, v[i].name, v[i].type, &l))
            want_owner(p, &l);
    }
}
