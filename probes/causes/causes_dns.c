/* causes_dns.c - causes in DNS itself: a lookup fails because of broken signatures, servers or messages. */
#include "causes/causes.h"
#include "causes/fix.h"
#include "wire/name.h"
#include "wire/wire.h"

/* True where a zone's server answered without an error and without authority. */
static bool without_authority(const struct lookup *l)
{
    const struct dns_fact *d = &l->fact->dns;
    return l->zone && !l->looped && !d->rcode && !(d->flags & (DNS_AA | DNS_TC)) &&
           (d->outcome == DNS_ANSWER || d->outcome == DNS_NODATA);
}

static bool shows_rcode(const struct judgement *j, const struct lookup *l)
{
    enum dns_outcome o = l->fact->dns.outcome;
    if (without_authority(l))
        return true;
    bool named = lookup_bogus(l) || (lookup_dnssec_fault(l) && dnssec_cause(j) != CAUSE_NONE);
    return (o == DNS_SERVFAIL || o == DNS_REFUSED || o == DNS_OTHER) && !named &&
           !(l->fact->dns.flags & DNS_TC);
}

void cause_dns_servfail(struct judgement *j)
{
    if (j->r->method == METHOD_CAA)
        return; /* caa-lookup-failed reports this, and what it means for the search */
    const struct lookup *l = judged_first(j, shows_rcode);
    if (!l)
        return;
    struct finding *f = finding_add(j, CAUSE_dns_servfail);
    finding_lookup(j, f, l);
    char buf[16];
    finding_set(j, f, "rcode", without_authority(l) ? "one without authority" : rcode_name(l->fact->dns.rcode, buf));
    finding_set(j, f, "reason", judged_ede(j, l->fact));
    fix_advice(j, f,
               "Ask whoever runs the zone's name servers to repair them: each must answer for the zone, with "
               "authority, "
               "over UDP and TCP.");
}

static bool shows_silence(const struct judgement *j, const struct lookup *l)
{
    (void)j;
    enum dns_outcome o = l->fact->dns.outcome;
    return (o == DNS_TIMEOUT || o == DNS_UNREACHABLE) && !l->udp;
}

static bool shows_any(const struct judgement *j, const struct lookup *l)
{
    return shows_rcode(j, l) || shows_silence(j, l);
}

/* The zone that a lookup failed in; the domain's own zone where the resolvers were asked. */
static const struct zone *zone_of(const struct judgement *j, const struct lookup *l)
{
    return l->zone ? l->zone : j->servers.own;
}

static bool shows_dead_zone(const struct judgement *j, const struct lookup *l)
{
    const struct zone *z = zone_of(j, l);
    bool homeless = z && !z->n && z->homeless.n;
    return z && (homeless || zone_answers(z) == 0) && shows_any(j, l);
}

void cause_delegation_all_unreachable(struct judgement *j)
{
    if (j->r->method == METHOD_CAA)
        return; /* caa-timeout reports this */
    const struct lookup *l = judged_first(j, shows_dead_zone), *any = l;
    const struct zone *z = l ? zone_of(j, l) : NULL;
    if (!l)
        l = judged_first(j, shows_silence);
    if (!l)
        return;
    bool all = any != NULL;
    struct finding *f = finding_add(j, CAUSE_delegation_all_unreachable);
    finding_lookup(j, f, l);
    finding_fact(j, f, lookup_control(j->ev));
    const char *homeless = all && !z->n && z->homeless.n ? names_listed(j->a, &z->homeless) : NULL;
    finding_set(j, f, "who",
                homeless
                    ? arena_printf(j->a, "no name server of %s has an address (%s)", z->apex, homeless)
                : all ? arena_printf(j->a, "%s name server of %s is silent, over UDP and TCP",
                                   z->n == 1 ? "the only" : "every", z->apex)
                    : arena_printf(j->a,
                                   "the resolver stayed silent in %u %s while it answers for other names, so the "
                                   "name servers of the zone cannot be reached",
                                   (unsigned)l->fact->dns.tries, l->fact->dns.tries == 1 ? "try" : "tries"));
    for (size_t i = 0; all && i < z->n; i++)
        finding_fact(j, f, z->v[i].soa);
    fix_advice(j, f,
               "Start the name servers of the zone, or open their port 53 (UDP and TCP) to all networks, or "
               "delegate the "
               "zone to servers that run.");
}

static bool shows_malformed(const struct judgement *j, const struct lookup *l)
{
    (void)j;
    return l->fact->dns.outcome == DNS_MALFORMED || l->broken || l->fact->dns.n_defects;
}

void cause_dns_malformed_answer(struct judgement *j)
{
    size_t n;
    const struct lookup *l = judged_lookups(j, &n), *bad = judged_first(j, shows_malformed);
    /* A broken record beside a good one does not make the lookup fail, yet other resolvers may reject the whole
     * answer. */
    for (size_t i = 0; i < n && !bad; i++)
        if (l[i].fact && (l[i].broken || l[i].fact->dns.n_defects))
            bad = &l[i];
    if (!bad)
        return;
    struct finding *f = finding_add(j, CAUSE_dns_malformed_answer);
    finding_lookup(j, f, bad);
    const struct dns_fact *d = &bad->fact->dns;
    const char *what = "it is no answer to the question";
    unsigned offset = 0;
    if (d->n_defects) {
        what = d->defects[0].what;
        offset = d->defects[0].offset;
    } else {
        for (size_t i = 0; i < d->answer.n; i++)
            if (d->answer.v[i].defect) {
                what = d->answer.v[i].defect;
                offset = d->answer.v[i].offset;
                break;
            }
    }
    finding_set(j, f, "what", what);
    finding_set(j, f, "offset", arena_printf(j->a, "%u", offset));
    fix_advice(j, f,
               "Enter the record again through the DNS provider's panel; if it stays broken, the provider's "
               "name server "
               "software is at fault.");
}

static bool shows_broken_chain(const struct judgement *j, const struct lookup *l)
{
    (void)j;
    return l->looped;
}

/* The record that makes the name an alias: its CNAME, or the DNAME above it from which a server synthesised the CNAME
 * (RFC 6672). */
static const struct rr *first_alias(const struct lookup *l)
{
    const struct rrs *answer = &l->fact->dns.answer;
    const struct rr *cname = NULL;
    for (size_t i = 0; i < answer->n; i++) {
        const struct rr *rr = &answer->v[i];
        if (rr->type == RR_DNAME && !name_equal(rr->owner, l->name) && name_within(l->name, rr->owner))
            return rr;
        if (rr->type == RR_CNAME && !cname && name_equal(rr->owner, l->name))
            cname = rr;
    }
    return cname;
}

/* How a chain of aliases without an end goes on, as the end of a sentence. */
static const char *endless_words(struct judgement *j, const struct lookup *l)
{
    struct texts names = {0};
    bool circle = l->hops <= DNS_CHAIN_MOST || !texts_add(j->a, &names, l->name) ||
                  !dns_chain(j->a, &l->fact->dns, l->name, &names);
    for (size_t i = 1; i < names.n && !circle; i++)
        for (size_t k = 0; k < i && !circle; k++)
            circle = name_equal(names.v[i], names.v[k]);
    return circle ? "run in a circle"
                  : arena_printf(j->a, "lead on through more than %d names, which no resolver follows", DNS_CHAIN_MOST);
}

void cause_cname_chain_broken(struct judgement *j)
{
    size_t n;
    const struct lookup *l = judged_lookups(j, &n), *bad = judged_first(j, shows_broken_chain);
    bool file = method_is_file(j->r->method); /* where the chain ends at no name, the file has no address */
    for (size_t i = 0; i < n && !bad && !file; i++)
        if (l[i].hops && l[i].fact && l[i].class != LOOKUP_DATA && l[i].fact->dns.outcome == DNS_NXDOMAIN)
            bad = &l[i];
    if (!bad)
        return;
    struct finding *f = finding_add(j, CAUSE_cname_chain_broken);
    finding_lookup(j, f, bad);
    finding_set(j, f, "what",
                bad->looped ? endless_words(j, bad)
                            : arena_printf(j->a, "end at %s, which does not exist", bad->end));
    if (!judged_failing(j)) {
        fix_advice(j, f, "Let the alias lead to a name that exists, or remove it.");
        return;
    }
    if (file) {
        fix_advice(j, f,
                   arena_printf(j->a,
                                "Replace the alias at %s by an A record with the web server's public IPv4 address, or "
                                "let it lead to a host that has one; or use a DNS method.",
                                bad->name));
        return;
    }
    const struct rr *alias = first_alias(bad);
    if (!alias && j->r->method != METHOD_DNS_TXT_TOKEN && j->r->method != METHOD_DNS_PERSIST)
        fix_advice(j, f, "Let the alias lead to a name that exists, or remove it.");
    if (alias) {
        char type[16];
        struct fix *x = finding_fix(j, f, FIX_REMOVE);
        x->owner = alias->owner;
        x->type = arena_strdup(j->a, rr_type_name(alias->type, type));
        x->rdata = rr_rdata_text(j->a, alias);
    }
    if (j->r->method == METHOD_DNS_TXT_TOKEN || j->r->method == METHOD_DNS_PERSIST)
        fix_publish(j, f);
}
