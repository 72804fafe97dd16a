/* causes_dnssec.c - causes in DNSSEC: there is an answer, but its chain of signatures is broken. Tells which link is
 * broken and how to repair it. */
#include "causes/causes.h"
#include "causes/fix.h"
#include "evidence/validate.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <errno.h>
#include <string.h>

struct dnssec_view {
    const struct lookup *lookup; /* the lookup with a DNSSEC fault; NULL where there is none */
    struct chain chain;
    struct chain_fault fault;
    enum cause cause; /* the cause that reports the fault; CAUSE_NONE where none does */
};

static bool shows_fault(const struct judgement *j, const struct lookup *l)
{
    (void)j;
    return lookup_dnssec_fault(l);
}

/* True where the resolver reports a missing proof of absence (RFC 8914: 12 is NSEC Missing). */
static bool resolver_misses_denial(const struct lookup *l)
{
    for (size_t i = 0; i < l->fact->dns.n_ede; i++)
        if (l->fact->dns.ede[i].code == 12)
            return true;
    return false;
}

/* Sets the fault where the proof of absence exists and its signatures are valid, but the resolver says that the proof
 * does not cover this name and type. */
static void read_denial(struct dnssec_view *v)
{
    if (v->fault.kind != CHAIN_NO_FAULT || v->fault.clock || !resolver_misses_denial(v->lookup))
        return;
    for (size_t i = 0; i < v->chain.n_items; i++) {
        const struct chain_item *it = &v->chain.item[i];
        if (!it->denial || !it->zone)
            continue;
        v->fault = (struct chain_fault){.kind = CHAIN_NO_DENIAL,
                                         .zone = it->zone,
                                         .owner = it->owner,
                                         .type = it->type,
                                         .fact = v->chain.answer,
                                         .what = "its NSEC or NSEC3 records do not cover that name and type"};
        return;
    }
}

/* Each kind of fault has one cause, so at most one of these causes is found. */
static enum cause cause_of(const struct dnssec_view *v)
{
    switch (v->fault.kind) {
    case CHAIN_NO_KEYS:
    case CHAIN_OTHER_KEYS:
        return CAUSE_dnssec_ds_without_dnskey;
    case CHAIN_EXPIRED:
    case CHAIN_FUTURE:
        return CAUSE_dnssec_expired;
    case CHAIN_NO_DENIAL:
        return CAUSE_dnssec_denial_missing;
    case CHAIN_NO_FAULT: /* only the resolver says that something is wrong */
    case CHAIN_UNSIGNED:
    case CHAIN_KEY_GONE:
    case CHAIN_ALTERED:
        break;
    }
    return lookup_bogus(v->lookup) ? CAUSE_dnssec_bogus : CAUSE_NONE;
}

int dnssec_read(struct judgement *j)
{
    struct dnssec_view *v = arena_alloc(j->a, sizeof *v);
    if (!v)
        return -ENOMEM;
    j->dnssec = v;
    v->lookup = judged_first(j, shows_fault);
    if (!v->lookup)
        return 0;
    const struct asker nobody = asker_none(j->ev);
    int rc;
    if (v->lookup->bogus) {
        rc = validate_at_servers(j->servers.zones, v->lookup->end, v->lookup->bogus, &v->chain, &v->fault);
    } else {
        rc = chain_walk(j->a, &nobody, v->lookup->name, v->lookup->type, &v->chain);
        if (!rc)
            rc = chain_fault(j->a, &v->chain, j->r->now, chain_stand_in(j->r), &v->fault);
    }
    if (rc)
        return rc;
    read_denial(v);
    v->cause = cause_of(v);
    return 0;
}

enum cause dnssec_cause(const struct judgement *j)
{
    return j->dnssec->cause;
}

/* ---------------------------------------------------------------- words ------------------------------ */

static struct finding *about(struct judgement *j, enum cause c, const struct dnssec_view *v)
{
    struct finding *f = finding_add(j, c);
    finding_fact(j, f, v->lookup->udp);
    finding_fact(j, f, v->lookup->fact);
    finding_fact(j, f, v->fault.fact);
    if (v->fault.zone) {
        finding_fact(j, f, v->fault.zone->ds);
        finding_fact(j, f, v->fault.zone->dnskey);
        finding_set(j, f, "zone", v->fault.zone->name);
    }
    finding_fact(j, f, v->chain.answer);
    finding_fact(j, f, v->lookup->cd);
    bool own = !v->fault.zone || name_within(v->lookup->name, v->fault.zone->name);
    if (!own) { /* an alias leads to where the fault is */
        cure_at_domain(j, f);
        finding_or(j, f);
    }
    return f;
}

/* "key tag 12345", "key tags 12345 and 23456". */
static const char *tag_list(struct arena *a, const uint16_t *tags, size_t n)
{
    const char *text = n == 1 ? "key tag" : "key tags";
    for (size_t i = 0; i < n && text; i++)
        text = arena_printf(a, "%s%s %u", text, !i ? "" : i + 1 < n ? "," : " and", tags[i]);
    return text;
}

enum { NAMED_MOST = 6 }; /* the most records that a sentence names */

static const char *tags_of_ds(struct arena *a, const struct ds *ds, size_t n)
{
    uint16_t tags[NAMED_MOST];
    size_t named = 0;
    for (size_t i = 0; i < n && named < NAMED_MOST; i++) {
        bool again = false;
        for (size_t k = 0; k < named; k++)
            again = again || tags[k] == ds[i].tag;
        if (!again)
            tags[named++] = ds[i].tag;
    }
    return tag_list(a, tags, named);
}

static const char *tags_of_keys(struct arena *a, const struct dnskey *keys, size_t n)
{
    uint16_t tags[NAMED_MOST];
    size_t named = 0;
    for (size_t i = 0; i < n && named < NAMED_MOST; i++)
        if (dnskey_signs(&keys[i]))
            tags[named++] = keys[i].tag;
    return tag_list(a, tags, named);
}

static const char *parent_name(const struct chain_zone *z)
{
    const char *above = z->parent ? z->parent->name : name_parent(z->name);
    return above ? above : ".";
}

/* The place where the DS record of a zone is kept, as the beginning of an advice sentence. */
static const char *ds_place(struct arena *a, const struct chain_zone *z)
{
    const char *own = name_registrable(z->name);
    if (own == z->name)
        return arena_printf(a, "At the registrar of %s,", z->name);
    if (own)
        return arena_printf(a, "In the zone %s, which holds the DS records of %s,", parent_name(z), z->name);
    return arena_printf(a, "Only the registry that runs %s can repair this: in %s,", z->name, parent_name(z));
}

/* "34 days", "5 hours", "1 minute" */
static const char *span(struct arena *a, dcv_time ms)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"day", 86400000}, {"hour", 3600000}, {"minute", 60000}, {"second", 1000}};
    size_t i = 0;
    while (i < 3 && ms < units[i].ms)
        i++;
    long long n = (long long)(ms / units[i].ms);
    return arena_printf(a, "%lld %s%s", n, units[i].name, n == 1 ? "" : "s");
}

/* ---------------------------------------------------------------- DS and DNSKEY ---------------------- */

/* True for the keys of a zone that a DS record should name: the keys that sign the DNSKEY set and are marked as entry
 * points (RFC 4034 2.1.1); where none is marked, all keys that sign the set. */
static bool entry_point(struct arena *a, const struct chain_zone *z, const struct dnskey *k, bool marked)
{
    struct rrsig s;
    if (!dnskey_signs(k) || (marked && !(k->flags & KEY_SEP)))
        return false;
    for (size_t i = 0; i < z->dnskey->dns.answer.n; i++)
        if (rrsig_read(a, &z->dnskey->dns.answer.v[i], &s) && s.covered == RR_DNSKEY && s.tag == k->tag &&
            s.algorithm == k->algorithm)
            return true;
    return false;
}

static const char *ds_records(struct arena *a, const struct chain_zone *z, const struct ds *ds, size_t n)
{
    const char *text = n == 1 ? "the DS record" : "the DS records";
    for (size_t i = 0; i < n && i < NAMED_MOST && text; i++) {
        const char *rdata = rr_rdata_text(a, ds[i].rr);
        text = rdata ? arena_printf(a, "%s%s %s IN DS %s", text, i ? "," : "", z->name, rdata) : NULL;
    }
    return text;
}

static void fix_ds(struct judgement *j, struct finding *f, const struct chain_zone *z, const struct ds *ds,
                   size_t n_ds, const struct dnskey *keys, size_t n_keys)
{
    const char *place = ds_place(j->a, z), *old = ds_records(j->a, z, ds, n_ds), *new = "";
    for (int marked = 1; marked >= 0 && !*new; marked--)
        for (size_t i = 0, named = 0; i < n_keys && named < NAMED_MOST && new; i++) {
            const char *rdata = entry_point(j->a, z, &keys[i], marked) ? ds_text_for(j->a, &keys[i]) : NULL;
            if (rdata) {
                new = arena_printf(j->a, "%s%s %s IN DS %s", new, named ? "," : "", z->name, rdata);
                named++;
            }
        }
    if (!place || !old || !new)
        return;
    uint32_t ttl = n_ds ? ds[0].rr->ttl : 0;
    if (*new)
        fix_advice(j, f,
                   arena_printf(j->a, "%s replace %s by%s; resolvers forget the old one within %u seconds.",
                                place, old, new, ttl));
    else
        fix_advice(j, f,
                   arena_printf(j->a,
                                "%s remove %s, or have the zone signed again and its new DS record entered "
                                "there; resolvers forget the old one within %u seconds.",
                                place, old, ttl));
}

void cause_dnssec_ds_without_dnskey(struct judgement *j)
{
    const struct dnssec_view *v = j->dnssec;
    const struct chain_zone *z = v->fault.zone;
    if (v->cause != CAUSE_dnssec_ds_without_dnskey)
        return;
    size_t n_ds, n_keys;
    struct ds *ds = chain_ds(j->a, z, &n_ds);
    struct dnskey *keys = chain_keys(j->a, z, &n_keys);
    if (!ds || !keys)
        return;
    struct finding *f = about(j, CAUSE_dnssec_ds_without_dnskey, v);
    finding_set(j, f, "parent", parent_name(z));
    finding_set(j, f, "tags", tags_of_ds(j->a, ds, n_ds));
    const char *what = "the zone has no key (DNSKEY) at all";
    if (v->fault.kind == CHAIN_OTHER_KEYS)
        what =
            arena_printf(j->a, "none of the zone's own keys (%s) fits it", tags_of_keys(j->a, keys, n_keys));
    for (size_t i = 0; i < n_ds; i++)
        for (size_t k = 0; k < n_keys; k++)
            if (ds[i].tag == keys[k].tag && ds_known(&ds[i]))
                what = arena_printf(j->a, "the zone's key %u does not fit the digest in it", ds[i].tag);
    finding_set(j, f, "what", what);
    fix_ds(j, f, z, ds, n_ds, keys, n_keys);
}

/* ---------------------------------------------------------------- signatures ------------------------- */

static void set_signature(struct judgement *j, struct finding *f, const struct chain_fault *x)
{
    char buf[16];
    finding_set(j, f, "owner", x->owner);
    finding_set(j, f, "type", rr_type_name(x->type, buf));
    finding_set(j, f, "tag", arena_printf(j->a, "%u", x->sig.tag));
    const char *server = x->fact->dns.server;
    bool somebody = server && strcmp(server, RESOLVER_RECURSIVE_TEXT) != 0;
    finding_set(j, f, "server", somebody ? server : "the zone's own name server");
}

/* Sets {what} and the ends of a signature that is not valid now. */
static void set_validity(struct judgement *j, struct finding *f, const struct rrsig *sig, bool expired)
{
    dcv_time now = j->r->now, from = rrsig_moment(sig->inception, now), to = rrsig_moment(sig->expiration, now);
    finding_set(j, f, "inception", time_words(j->a, from));
    finding_set(j, f, "expiration", time_words(j->a, to));
    finding_set(j, f, "what",
                expired
                    ? arena_printf(j->a, "expired on %s, %s ago", time_words(j->a, to), span(j->a, now - to))
                    : arena_printf(j->a, "holds only from %s on, in %s", time_words(j->a, from),
                                   span(j->a, from - now)));
}

/* One server of a zone hands out a version that was not signed again, or that is signed for a time to come, while
 * another has a valid one. Validators go on to that one, so this never explains a failure. */
static void old_signatures_in(struct judgement *j, const struct zone *z)
{
    struct rrsig sig;
    for (size_t i = 0; i < z->n; i++) {
        const struct name_server *s = &z->v[i];
        if ((s->signing != SIGNING_EXPIRED && s->signing != SIGNING_FUTURE) || server_repeats(z, i))
            continue;
        const struct rrs *answer = &s->signed_soa->dns.answer;
        size_t at = 0;
        while (at < answer->n && !(rrsig_read(j->a, &answer->v[at], &sig) && sig.covered == RR_SOA))
            at++;
        if (at == answer->n)
            continue;
        struct finding *f = finding_about_server(j, CAUSE_dnssec_expired, z, s);
        finding_aside(f, false);
        finding_fact(j, f, s->signed_soa);
        finding_set(j, f, "owner", z->apex);
        finding_set(j, f, "type", "SOA");
        finding_set(j, f, "tag", arena_printf(j->a, "%u", sig.tag));
        finding_set(j, f, "server", server_shown(j->a, s));
        set_validity(j, f, &sig, s->signing == SIGNING_EXPIRED);
        fix_advice(j, f,
                   arena_printf(j->a,
                                "See to it that %s gets each new version of %s: the other servers of the zone have "
                                "valid signatures.",
                                server_shown(j->a, s), z->apex));
    }
}

void cause_dnssec_expired(struct judgement *j)
{
    const struct dnssec_view *v = j->dnssec;
    const struct chain_fault *x = &v->fault;
    if (v->cause != CAUSE_dnssec_expired) {
        each_zone(j, old_signatures_in);
        return;
    }
    struct finding *f = about(j, CAUSE_dnssec_expired, v);
    set_signature(j, f, x);
    set_validity(j, f, &x->sig, x->kind == CHAIN_EXPIRED);
    if (x->kind == CHAIN_EXPIRED) {
        fix_advice(
            j, f,
            arena_printf(j->a,
                         "Have %s signed again and see to it that its signatures are renewed from then on; "
                         "where that takes long, a zone without a DS record at its registrar counts as not "
                         "signed.",
                         x->zone->name));
    } else {
        fix_advice(
            j, f,
            arena_printf(j->a, "Set the clock of the machine that signs %s, then have the zone signed again.",
                         x->zone->name));
    }
}

void cause_dnssec_denial_missing(struct judgement *j)
{
    const struct dnssec_view *v = j->dnssec;
    const struct chain_fault *x = &v->fault;
    char buf[16];
    if (v->cause != CAUSE_dnssec_denial_missing)
        return;
    struct finding *f = about(j, CAUSE_dnssec_denial_missing, v);
    finding_set(j, f, "owner", x->owner);
    finding_set(j, f, "type", rr_type_name(x->type, buf));
    finding_set(j, f, "claim",
                arena_printf(j->a,
                             x->wildcard ? "nothing but a wildcard stands for %s at %s"
                                         : "there is no %s record at %s",
                             rr_type_name(x->type, buf), x->owner));
    finding_set(j, f, "what", x->what);
    fix_advice(
        j, f,
        arena_printf(j->a,
                     "Have %s signed again as a whole, and make each of its name servers serve that signed "
                     "zone, with its NSEC or NSEC3 records, and with DNSSEC turned on.",
                     x->zone->name));
}

static const char *bogus_words(struct judgement *j, const struct chain_fault *x)
{
    char buf[16];
    const char *type = rr_type_name(x->type, buf), *zone = x->zone ? x->zone->name : "";
    switch (x->kind) {
    case CHAIN_ALTERED:
        return arena_printf(j->a, ": the %s set at %s does not fit its signature by key %u of %s", type,
                            x->owner, x->sig.tag, zone);
    case CHAIN_UNSIGNED:
        return arena_printf(j->a, ": the %s set at %s has no signature, and %s is a signed zone", type,
                            x->owner, zone);
    case CHAIN_KEY_GONE:
        return arena_printf(j->a, ": the %s set at %s is signed with key %u, which %s does not vouch for",
                            type, x->owner, x->sig.tag, zone);
    case CHAIN_NO_FAULT:
    case CHAIN_NO_KEYS:
    case CHAIN_OTHER_KEYS:
    case CHAIN_EXPIRED:
    case CHAIN_FUTURE:
    case CHAIN_NO_DENIAL:
        break;
    }
    return "";
}

void cause_dnssec_bogus(struct judgement *j)
{
    const struct dnssec_view *v = j->dnssec;
    if (v->cause != CAUSE_dnssec_bogus)
        return;
    struct finding *f = about(j, CAUSE_dnssec_bogus, v);
    finding_lookup(j, f, v->lookup);
    const char *what = bogus_words(j, &v->fault);
    finding_set(j, f, "what", what ? what : "");
    finding_set(j, f, "reason", judged_ede(j, v->lookup->fact));
    if (v->fault.kind == CHAIN_ALTERED)
        fix_advice(
            j, f,
            arena_printf(
                j->a,
                "Have %s signed again: the records were changed after they were signed, or signed with "
                "another key than the zone shows.",
                v->fault.zone->name));
    else if (v->fault.kind == CHAIN_UNSIGNED || v->fault.kind == CHAIN_KEY_GONE)
        fix_advice(
            j, f,
            arena_printf(j->a,
                         "Have %s signed again as a whole with its present keys, and make each of its name "
                         "servers serve that signed zone.",
                         v->fault.zone->name));
    else
        fix_advice(
            j, f,
            "Have the zone signed again with keys that match the DS record at the registrar, or have the DS "
            "record removed there; then check again after its TTL.");
}

/* ---------------------------------------------------------------- one of several servers ------------- */

static void unsigned_in(struct judgement *j, const struct zone *z)
{
    for (size_t i = 0; i < z->n; i++) {
        const struct name_server *s = &z->v[i];
        if (s->signing != SIGNING_NONE || server_repeats(z, i))
            continue;
        struct finding *f = finding_about_server(j, CAUSE_dnssec_copy_unsigned, z, s);
        finding_fact(j, f, s->signed_soa);
        fix_advice(
            j, f,
            arena_printf(j->a,
                         "Have %s transfer %s in its signed form, with DNSSEC turned on, or take that server out of "
                         "the name servers at the registrar and out of the zone's NS records.",
                         server_shown(j->a, s), z->apex));
    }
}

void cause_dnssec_copy_unsigned(struct judgement *j)
{
    each_zone(j, unsigned_in);
}

/* ---------------------------------------------------------------- not looked at ---------------------- */

/* True where a resolver validates: it marks an answer as authentic (RFC 4035 3.2.3; the questions ask for this by their
 * AD bit), or refuses a bogus one. */
static bool validates(const struct judgement *j)
{
    for (size_t i = 0; i < j->ev->n; i++) {
        const struct fact *f = j->ev->facts[i];
        struct lookup l;
        if (f->ask->kind != ASK_DNS || f->ask->via != VIA_RESOLVER)
            continue;
        if (f->dns.flags & DNS_AD)
            return true;
        if (f->dns.outcome == DNS_SERVFAIL && !f->ask->cd && !f->ask->dnssec &&
            !lookup_read(j->a, j->ev, f->ask->qname, f->ask->qtype, &l) && lookup_dnssec_fault(&l))
            return true;
    }
    return false;
}

/* True where every lookup for the domain failed. Whether signatures are checked does not matter then. */
static bool all_failed(const struct judgement *j)
{
    size_t n, failed = 0;
    const struct lookup *l = judged_lookups(j, &n);
    for (size_t i = 0; i < n; i++)
        failed += l[i].class == LOOKUP_FAIL;
    return n && failed == n;
}

void cause_dnssec_not_checked(struct judgement *j)
{
    const struct fact *control = lookup_control(j->ev);
    if (j->input_cause != CAUSE_NONE || j->r->depth != DEPTH_FULL || !control_alive(control) ||
        all_failed(j) || validates(j))
        return;
    struct finding *f = finding_add(j, CAUSE_dnssec_not_checked);
    finding_set(j, f, "server", control->dns.server ? control->dns.server : "of this system");
    finding_fact(j, f, control);
    struct fix *x = finding_fix(j, f, FIX_INPUT);
    x->argument = "resolver";
    x->value = "";
    x->text =
        "Name a resolver that checks signatures: one of your own (Unbound, Knot Resolver and BIND do), or a "
        "public one such as 1.1.1.1, 8.8.8.8 or 9.9.9.9.";
}
