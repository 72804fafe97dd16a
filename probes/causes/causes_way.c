/* causes_way.c - causes on the way from zone to zone: aliases and cuts that lead to where the record cannot be read. */
#include "ca/profile.h"
#include "causes/causes.h"
#include "causes/fix.h"
#include "evidence/evidence.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <string.h>

/* What a zone's servers do instead of answering, as the end of a sentence. */
static const char *failure_words(struct judgement *j, const struct lookup *l)
{
    const struct dns_fact *d = &l->fact->dns;
    char buf[16];
    if (dns_silent(d))
        return "do not answer";
    if (d->flags & DNS_TC)
        return "cut their answer off and give none over TCP";
    if (d->outcome == DNS_MALFORMED)
        return "give an answer that cannot be read";
    if (d->rcode)
        return arena_printf(j->a, "answer %s", rcode_name(d->rcode, buf));
    return "answer without authority for it";
}

/* ---------------------------------------------------------------- aliases ---------------------------- */

void cure_at_domain(struct judgement *j, struct finding *f)
{
    const struct lookup *d = &j->txt.at[1];
    bool read = d->class == LOOKUP_DATA || d->class == LOOKUP_NODATA || d->class == LOOKUP_NXDOMAIN;
    const char *value = judged_failing(j) && j->r->method == METHOD_DNS_TXT_TOKEN && read && !d->hops ? fix_value(j)
                                                                                                      : NULL;
    if (value)
        fix_add_txt_at(j, f, d->name, value);
}

static bool shows_failing_target(const struct judgement *j, const struct lookup *l)
{
    (void)j;
    return l->zone && l->hops && !l->looped && !lookup_dnssec_fault(l);
}

void cause_alias_target_fails(struct judgement *j)
{
    const struct lookup *l = judged_first(j, shows_failing_target);
    if (!l)
        return;
    struct finding *f = finding_add(j, CAUSE_alias_target_fails);
    finding_lookup(j, f, l);
    finding_set(j, f, "target", l->end);
    finding_set(j, f, "zone", l->zone->apex);
    finding_set(j, f, "what", failure_words(j, l));
    for (size_t i = 0; i < l->n_way; i++)
        finding_fact(j, f, l->way[i].fact);
    cure_at_domain(j, f);
    finding_or(j, f);
    fix_advice(j, f,
               arena_printf(j->a,
                            "Have whoever runs the zone %s repair its name servers, or let the alias lead elsewhere.",
                            l->zone->apex));
}

/* The records of l's type at the end of its aliases that any server of its own zone has. False: the arena is full. */
static bool own_records(const struct judgement *j, const struct lookup *l, struct rr_index *ret)
{
    const struct zone *z = l->zone;
    size_t most = 0, n = 0;
    const struct rr **v = NULL;
    for (int counted = 0; counted < 2; counted++) {
        v = counted ? arena_array(j->a, most, sizeof *v) : NULL;
        for (size_t i = 0; i < z->n && (!counted || v); i++) {
            const struct fact *f = server_fact(j->ev, &z->v[i], l->end, l->type);
            for (size_t k = 0; f && k < f->dns.answer.n && counted; k++)
                v[n++] = &f->dns.answer.v[k];
            most += f ? f->dns.answer.n : 0;
        }
    }
    return v && !rr_index_make(j->a, v, n, ret);
}

/* True where an answer of another zone's server has a record of l's type at the end of its aliases that no server of
 * its own zone has. */
static bool copy_in(const struct judgement *j, const struct lookup *l, const struct fact *f)
{
    struct rr_index own = {0};
    bool known = f && own_records(j, l, &own);
    for (size_t i = 0; known && i < f->dns.answer.n; i++) {
        const struct rr *rr = &f->dns.answer.v[i];
        if (rr->type == l->type && !rr->defect && name_equal(rr->owner, l->end) && !rr_index_has(&own, rr))
            return true;
    }
    return false;
}

/* True where a server's address is one of the zone's own: what it says of the zone is no copy. */
static bool serves(const struct zone *z, const char *server)
{
    for (size_t i = 0; i < z->n; i++)
        if (!strcmp(z->v[i].server, server))
            return true;
    return false;
}

/* The first such copy that any server of the zones on the way to the last one hands out. */
static bool foreign_copy(const struct judgement *j, const struct lookup *l, struct path_step *by)
{
    for (size_t i = 0; l->zone && l->class != LOOKUP_FAIL && i + 1 < l->n_way; i++) {
        *by = l->way[i];
        for (size_t k = 0; by->zone && by->zone != l->zone && k < by->zone->n; k++) {
            by->server = &by->zone->v[k];
            by->fact = server_fact(j->ev, by->server, by->name, l->type);
            if (!serves(l->zone, by->server->server) && copy_in(j, l, by->fact))
                return true;
        }
    }
    return false;
}

void cause_alias_foreign_copy(struct judgement *j)
{
    size_t n;
    const struct lookup *l = judged_lookups(j, &n);
    if (j->r->method == METHOD_CAA && j->caa.relevant) {
        l = j->caa.level;
        n = (size_t)(j->caa.relevant - l) + 1;
    }
    for (size_t i = 0; judged_failing(j) && i < n; i++) {
        struct path_step by;
        if (!foreign_copy(j, &l[i], &by))
            continue;
        struct finding *f = finding_add(j, CAUSE_alias_foreign_copy);
        finding_lookup(j, f, &l[i]);
        finding_fact(j, f, by.fact);
        finding_set(j, f, "host", server_shown(j->a, by.server));
        finding_set(j, f, "target", l[i].end);
        finding_set(j, f, "zone", l[i].zone->apex);
        if (j->r->method == METHOD_DNS_TXT_TOKEN && fix_value(j))
            fix_add_txt(j, f, fix_value(j));
        fix_advice(j, f,
                   arena_printf(j->a,
                                "The zone %s is served by its own name servers alone; the copy on %s is never used.",
                                l[i].zone->apex, by.server->host));
        return;
    }
}

const struct rr *dname_without_room(struct judgement *j, const struct fact *f, const char **name)
{
    const struct rrs *v = &f->dns.answer;
    bool looped = false;
    *name = v->n ? dns_chain_end(j->a, &f->dns, f->ask->qname, NULL, &looped) : NULL;
    for (size_t i = 0; *name && !looped && i < v->n; i++)
        if (v->v[i].type == RR_DNAME && !v->v[i].defect && name_within(*name, v->v[i].owner) &&
            !name_equal(*name, v->v[i].owner))
            return &v->v[i];
    return NULL;
}

/* The value where the CA reads it for the domain itself, which has room although the name with the label has none. */
static void cure_without_label(struct judgement *j, struct finding *f)
{
    const struct lookup *d = &j->txt.at[1];
    bool read = d->class == LOOKUP_DATA || d->class == LOOKUP_NODATA || d->class == LOOKUP_NXDOMAIN;
    const char *value = judged_failing(j) && j->r->method == METHOD_DNS_TXT_TOKEN && read ? fix_value(j) : NULL;
    if (!value)
        return;
    fix_add_txt_at(j, f, d->hops ? d->end : d->name, value);
    if (d->hops)
        fix_advice(j, f,
                   arena_printf(j->a, "The CA looks at %s itself, too, and that is an alias of this name.", d->name));
    finding_or(j, f);
}

void cause_dname_too_long(struct judgement *j)
{
    const struct lookup *l;
    const struct rr *dname = NULL;
    const char *name;
    size_t n;
    l = judged_lookups(j, &n);
    for (size_t i = 0; i < n && !dname; i++) {
        dname = l[i].class == LOOKUP_FAIL && l[i].fact ? dname_without_room(j, l[i].fact, &name) : NULL;
        if (!dname)
            continue;
        struct finding *f = finding_add(j, CAUSE_dname_too_long);
        /* What passes does so at another name, and nothing is out of order at this one. */
        if (f && j->report->verdict == VERDICT_PASS)
            f->weight = WEIGHT_NOTE;
        finding_lookup(j, f, &l[i]);
        finding_set(j, f, "name", name);
        finding_set(j, f, "dname", dname->owner);
        finding_set(j, f, "target", rr_target(j->a, dname));
        cure_without_label(j, f);
        fix_advice(j, f,
                   arena_printf(j->a,
                                "Let the DNAME at %s lead to a shorter name, or put records of their own in its "
                                "place.%s", dname->owner,
                                j->r->method == METHOD_DNS_CNAME_TOKEN
                                    ? " Or check by dns-txt-token, whose record may stand at the domain itself."
                                    : ""));
    }
}

/* ---------------------------------------------------------------- cuts ------------------------------- */

/* What the servers of the zone above say about the zone: .held serves it, too, .denied says that there is no such zone.
 * False where one of them refers to it, so it is delegated. */
struct seen_above {
    const struct fact *held, *denied;
};

static bool see_above(const struct judgement *j, const struct zone *z, struct seen_above *ret)
{
    *ret = (struct seen_above){NULL, NULL};
    for (size_t i = 0; i < z->parent->n; i++) {
        const struct fact *f = server_fact(j->ev, &z->parent->v[i], z->apex, RR_NS);
        if (!f)
            continue;
        if (f->dns.outcome == DNS_ANSWER && f->dns.flags & DNS_AA)
            ret->held = f;
        else if (f->dns.flags & DNS_AA && (f->dns.outcome == DNS_NXDOMAIN || f->dns.outcome == DNS_NODATA))
            ret->denied = f;
        else if (fact_answers(f))
            return false;
    }
    return ret->held && ret->denied;
}

static void missing_in_parent(struct judgement *j, const struct zone *z)
{
    struct seen_above seen;
    if (!z->parent || !see_above(j, z, &seen))
        return;
    struct finding *f = finding_add(j, CAUSE_delegation_missing);
    finding_aside(f, judged_failing(j) && (j->servers.disagree || judged_failed_in(j, z)));
    finding_set(j, f, "zone", z->apex);
    finding_set(j, f, "parent", z->parent->apex);
    finding_fact(j, f, seen.held);
    finding_fact(j, f, seen.denied);
    fix_advice(j, f,
               arena_printf(j->a,
                            "Enter the zone's NS records, and the addresses of name servers that are named in it, in "
                            "the zone %s, on all its name servers; or move the records of %s into that zone and "
                            "take the other one off the servers.",
                            z->parent->apex, z->apex));
}

void cause_delegation_missing(struct judgement *j)
{
    each_zone(j, missing_in_parent);
}

/* A TXT record has its place in the delegated zone; a CNAME record has none at a zone's apex (RFC 1034 3.6.2). */
static void cure_at_cut(struct judgement *j, struct finding *f, const struct lookup *l, const char *parent)
{
    bool alias = j->r->method == METHOD_DNS_CNAME_TOKEN;
    const char *value = alias && j->r->token ? fix_value(j) : NULL;
    const char *domain = arena_concat(j->a, j->r->adn, ".", NULL);
    cure_at_domain(j, f);
    if (value && domain) {
        fix_other_method(j, f, METHOD_DNS_TXT_TOKEN,
                         "Change the order's method to TXT, which takes the same value.");
        fix_add_txt_at(j, f, domain, value);
    }
    if (j->r->method == METHOD_DNS_PERSIST)
        fix_publish(j, f);
    finding_or(j, f);
    fix_advice(j, f,
               alias ? arena_printf(j->a, "Take the NS records at %s out of %s, and add the CNAME record then.",
                                    l->name, parent)
                     : arena_printf(
                           j->a, "Add the record on the servers of %s, or take the NS records at %s out of %s first.",
                           l->name, l->name, parent));
}

void cause_delegation_self_cut(struct judgement *j)
{
    size_t n;
    const struct lookup *l = judged_lookups(j, &n);
    for (size_t i = 0; judged_failing(j) && i < n; i++) {
        const struct zone *z = l[i].n_way ? l[i].way[0].zone : NULL;
        if (!z || !z->parent || !name_equal(z->apex, l[i].name) || name_equal(l[i].name, j->r->adn))
            continue;
        struct finding *f = finding_add(j, CAUSE_delegation_self_cut);
        const struct texts *hosts = z->at_parent.n ? &z->at_parent : &z->at_zone;
        finding_set(j, f, "owner", l[i].name);
        finding_set(j, f, "parent", z->parent->apex);
        finding_set(j, f, "servers", names_listed(j->a, hosts));
        finding_fact(j, f, z->delegation);
        finding_fact(j, f, l[i].fact);
        cure_at_cut(j, f, &l[i], z->parent->apex);
        return;
    }
}

/* ---------------------------------------------------------------- the servers ------------------------ */

/* Those of the names that are within the zone, or those that are not. */
static struct texts named_in(struct judgement *j, const struct texts *all, const char *apex, bool within)
{
    struct texts v = {0};
    for (size_t i = 0; i < all->n; i++)
        if (name_within(all->v[i], apex) == within)
            texts_add(j->a, &v, all->v[i]);
    return v;
}

/* The zone of a name server's own name, where that is delegated to names in the domain of zone z and none of them has
 * an address either: neither can be found before the other. NULL: there is no such circle. *back: those names. */
static const struct zone *named_in_circle(struct judgement *j, const struct zone *z, struct texts *back)
{
    const struct zone *own = j->servers.zones ? zones_registered(j->servers.zones, z->apex) : NULL;
    for (size_t i = 0; own && !z->n && i < z->homeless.n; i++) {
        const struct zone *other = zones_registered(j->servers.zones, z->homeless.v[i]);
        if (!other || other == own || other->n)
            continue;
        *back = named_in(j, &other->at_parent, own->apex, true);
        if (back->n)
            return other;
    }
    return NULL;
}

/* Where name servers are named in the zone that they serve, only the zone above can say where they are. */
static void cure_inner(struct judgement *j, struct finding *f, const struct zone *z, const struct texts *inner)
{
    const char *hosts = names_listed(j->a, inner);
    finding_actor(f, z->parent ? ACTOR_ZONE_OWNER : ACTOR_REGISTRAR);
    fix_advice(j, f,
               z->parent ? arena_printf(j->a,
                                        "In the zone %s, beside the NS records of %s, enter address records (A or "
                                        "AAAA) for %s, with the addresses of those machines; or name servers there "
                                        "that have an address already.",
                                        z->parent->apex, z->apex, hosts)
                         : arena_printf(j->a,
                                        "At the registrar of %s, enter host records (glue) for %s, with the addresses "
                                        "of those machines; or name servers there that have an address already.",
                                        z->apex, hosts));
}

static void unresolvable_in(struct judgement *j, const struct zone *z)
{
    if (!z->homeless.n)
        return;
    char buf[16];
    const struct dns_fact *d = &z->no_address->dns;
    struct texts inner = named_in(j, &z->homeless, z->apex, true), outer = named_in(j, &z->homeless, z->apex, false);
    struct texts back = {0};
    const struct zone *other = named_in_circle(j, z, &back);
    struct finding *f = finding_add(j, CAUSE_ns_name_unresolvable);
    finding_aside(f, !z->n && judged_failed_in(j, z));
    finding_set(j, f, "zone", z->apex);
    finding_set(j, f, "hosts", names_listed(j->a, &z->homeless));
    finding_set(j, f, "what", d->rcode ? arena_printf(j->a, " (the answer is %s)", rcode_name(d->rcode, buf)) : "");
    finding_set(j, f, "rest", z->n ? "" : ", so the zone has no name server at all");
    finding_set(j, f, "why",
                other ? arena_printf(j->a,
                                     "; %s is itself delegated to %s, and neither domain can be found before the other",
                                     other->apex, names_listed(j->a, &back))
                : inner.n ? arena_printf(j->a, "; %s is in %s itself, and only the zone above can give its address",
                                         names_listed(j->a, &inner), z->apex)
                          : "");
    finding_fact(j, f, z->delegation);
    finding_fact(j, f, z->no_address);
    if (other)
        finding_fact(j, f, other->delegation);
    if (inner.n)
        cure_inner(j, f, z, &inner);
    if (other)
        fix_advice(j, f,
                   arena_printf(j->a,
                                "Break the circle at the registrar of %s or of %s: for one of them, name servers of a "
                                "third domain, or servers in the domain itself with their addresses as host records "
                                "(glue).",
                                z->apex, other->apex));
    else if (outer.n)
        fix_advice(
            j, f,
            arena_printf(j->a,
                         "At the registrar of %s, and in its NS records, name servers that exist, by their host names "
                         "and never by an address; or register and set up the domain that these names are in.",
                         z->apex));
}

void cause_ns_name_unresolvable(struct judgement *j)
{
    each_zone(j, unresolvable_in);
}

/* An answer to the first try: one to a later try says that something was lost on the way. */
static bool late(const struct fact *f, uint32_t limit_ms)
{
    return f && !dns_silent(&f->dns) && f->dns.tries <= 1 && f->us / 1000 >= limit_ms;
}

static void slow_in(struct judgement *j, const struct zone *z)
{
    const uint32_t limit = j->r->profile->try_ms;
    for (size_t i = 0; i < z->n; i++) {
        const struct name_server *s = &z->v[i];
        const struct fact *slow = late(s->soa, limit) ? s->soa : NULL;
        size_t n;
        const struct lookup *l = judged_lookups(j, &n);
        for (size_t k = 0; k < n && !slow; k++) {
            const struct fact *f = server_fact(j->ev, s, l[k].name, l[k].type);
            slow = late(f, limit) ? f : NULL;
        }
        if (!slow)
            continue;
        struct finding *f = finding_about_server(j, CAUSE_ns_slow, z, s);
        finding_fact(j, f, slow);
        finding_set(j, f, "seconds", arena_printf(j->a, "%.1f", slow->us / 1e6));
        finding_set(j, f, "limit", arena_printf(j->a, "%g", limit / 1000.0));
        fix_advice(j, f,
                   arena_printf(j->a, "Have whoever runs %s find out what delays its answers.", server_shown(j->a, s)));
    }
}

void cause_ns_slow(struct judgement *j)
{
    each_zone(j, slow_in);
}

/* ---------------------------------------------------------------- names between ---------------------- */

/* A name that is denied although a name below it is there: NXDOMAIN means that nothing is below (RFC 8020). */
void cause_dns_ent_denied(struct judgement *j)
{
    size_t n;
    const struct lookup *l = judged_lookups(j, &n);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++) {
            bool denied = l[i].class == LOOKUP_NXDOMAIN,
                 there = l[k].class == LOOKUP_DATA || l[k].class == LOOKUP_NODATA;
            if (!denied || !there || name_equal(l[i].name, l[k].name) || !name_within(l[k].name, l[i].name))
                continue;
            struct finding *f = finding_add(j, CAUSE_dns_ent_denied);
            /* A CA that asks for the full name finds the record all the same. */
            if (f && j->report->verdict == VERDICT_PASS)
                f->weight = WEIGHT_NOTE;
            finding_set(j, f, "owner", l[i].name);
            finding_set(j, f, "below", l[k].name);
            finding_fact(j, f, l[i].fact);
            finding_fact(j, f, l[k].fact);
            fix_advice(j, f,
                       arena_printf(j->a,
                                    "Have whoever runs the name servers upgrade them: %s has no records, and must be "
                                    "answered with an empty answer instead of NXDOMAIN.",
                                    l[i].name));
            return;
        }
}
