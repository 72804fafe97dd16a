/* causes_delegation.c - causes in the delegation: which servers serve the zone, and whether they agree. */
#include "ca/profile.h"
#include "causes/causes.h"
#include "causes/fix.h"
#include "causes/forecast.h"
#include "evidence/evidence.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <string.h>

/* ---------------------------------------------------------------- the delegation --------------------- */

void cause_name_not_registered(struct judgement *j)
{
    const struct fact *denial = j->servers.denied ? j->servers.denied->denial : NULL;
    if (!denial || j->input_cause != CAUSE_NONE || j->report->verdict == VERDICT_UNDECIDED)
        return;
    struct finding *f = finding_add(j, CAUSE_name_not_registered);
    finding_set(j, f, "zone", j->r->registrable);
    finding_fact(j, f, denial);
    fix_advice(
        j, f,
        "Register or renew the domain, or have the registrar take it off hold; the registry publishes it "
        "within minutes to hours after that.");
}

void cause_delegation_elsewhere(struct judgement *j)
{
    const struct zone *z = judged_zone(j);
    const struct name_server *s = j->servers.edited_server;
    if (!z || !s)
        return;
    struct finding *f = finding_add(j, CAUSE_delegation_elsewhere);
    finding_set(j, f, "zone", z->apex);
    finding_set(j, f, "host", server_shown(j->a, s));
    const struct texts *hosts = z->at_parent.n ? &z->at_parent : &z->at_zone;
    finding_set(j, f, "servers", names_listed(j->a, hosts));
    for (size_t i = 0; j->servers.edited && j->servers.edited[i].name && i < 2; i++)
        finding_fact(j, f, j->servers.edited[i].fact);
    finding_fact(j, f, z->delegation);
    fix_advice(j, f,
               arena_printf(j->a,
                            "Enter the record at the provider that runs %s, or change the delegation at the "
                            "registrar to the servers where it was entered.",
                            names_listed(j->a, hosts)));
}

static const char *lame_words(struct judgement *j, const struct name_server *s)
{
    const struct fact *f = s->soa;
    char buf[16];
    if (s->plain)
        return arena_printf(j->a, "it answers %s to EDNS, without which the signatures of the zone cannot be asked for",
                            rcode_name(f->dns.rcode, buf));
    if (f->dns.flags & DNS_TC)
        return "its answer over UDP is cut off, and over TCP there is none";
    if (f->dns.rcode)
        return arena_printf(j->a, "it answers %s", rcode_name(f->dns.rcode, buf));
    if (f->dns.outcome == DNS_MALFORMED)
        return "its answer cannot be read";
    if (!(f->dns.flags & DNS_AA))
        return "its answer is without authority";
    return "it has no SOA record for it";
}

static void lame_in(struct judgement *j, const struct zone *z)
{
    bool explains = judged_failed_in(j, z);
    for (size_t i = 0; i < z->n; i++) {
        const struct name_server *s = &z->v[i];
        if (s->state != SERVER_LAME || s->signing != SIGNING_UNKNOWN || server_repeats(z, i))
            continue; /* causes_dnssec.c tells what is wrong with signatures */
        if (s->refused_edns && !s->plain)
            continue; /* dns-edns-broken */
        struct finding *f = finding_about_server(j, CAUSE_delegation_lame, z, s);
        finding_aside(f, explains);
        finding_fact(j, f, z->delegation);
        finding_set(j, f, "what", lame_words(j, s));
        if (s->soa->dns.flags & DNS_TC) {
            fix_advice(j, f,
                       arena_printf(j->a, "Open TCP port 53 on %s and on the way to it.", server_shown(j->a, s)));
            continue;
        }
        if (s->plain)
            continue; /* dns-edns-broken says what to do */
        fix_advice(
            j, f,
            arena_printf(j->a,
                         "Set the zone %s up on %s, or take that server out of the name servers at the "
                         "registrar and out of the zone's NS records.",
                         z->apex, s->host));
    }
}

void cause_delegation_lame(struct judgement *j)
{
    each_zone(j, lame_in);
}

static void unreachable_in(struct judgement *j, const struct zone *z)
{
    if (zone_answers(z) != 1)
        return;
    for (size_t i = 0; i < z->n; i++) {
        const struct name_server *s = &z->v[i];
        if (s->state != SERVER_SILENT || s->refused_edns || server_repeats(z, i))
            continue;
        struct finding *f = finding_about_server(j, CAUSE_delegation_unreachable, z, s);
        finding_fact(j, f, z->delegation);
        const char *why = s->soa->dns.detail ? s->soa->dns.detail : "";
        fix_advice(
            j, f,
            arena_printf(j->a,
                         "Start the name server on %s, or open its port 53 (UDP and TCP), or take it out "
                         "of the delegation.%s%s",
                         server_shown(j->a, s), *why ? " Here " : "", why));
    }
}

void cause_delegation_unreachable(struct judgement *j)
{
    each_zone(j, unreachable_in);
}

/* The names in all that are not in b. */
static struct texts missing_in(struct arena *a, const struct texts *all, const struct texts *b)
{
    struct texts only = {0};
    for (size_t i = 0; i < all->n; i++) {
        bool there = false;
        for (size_t k = 0; k < b->n && !there; k++)
            there = name_equal(all->v[i], b->v[k]);
        if (!there)
            texts_add(a, &only, all->v[i]);
    }
    return only;
}

static bool serves(const struct zone *z, const char *host)
{
    for (size_t i = 0; i < z->n; i++)
        if (name_equal(z->v[i].host, host) && z->v[i].state == SERVER_GOOD)
            return true;
    return false;
}

/* Who delegates a zone, as the beginning of a sentence. */
static const char *above_shown(struct judgement *j, const struct zone *z)
{
    return z->parent ? arena_printf(j->a, "The zone %s", z->parent->apex) : "The registry";
}

/* The addresses of a host in one section of an answer. */
static void addresses_in(struct judgement *j, const struct rrs *v, const char *host, uint16_t type, struct texts *ret)
{
    for (size_t i = 0; i < v->n; i++)
        if (v->v[i].type == type && !v->v[i].defect && name_equal(v->v[i].owner, host))
            texts_add(j->a, ret, rr_rdata_text(j->a, &v->v[i]));
}

/* Where the referral to a zone gives addresses of a host (glue) that the host's own address records do not: .above are
 * those, .own are all of its own of the same type. */
struct glue {
    struct texts above, own;
};

/* False where the two do not contradict each other: an address that the glue leaves out is no contradiction. */
static bool glue_differs(struct judgement *j, const struct zone *z, const char *host, struct glue *ret)
{
    static const uint16_t types[] = {RR_A, RR_AAAA};
    *ret = (struct glue){0};
    if (!z->delegation || z->delegation->dns.flags & DNS_AA) /* who serves both zones gives the zone's own records */
        return false;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct ask q = lookup_ask(host, types[i]);
        q.cd = true;
        const struct ask *asked = evidence_find(j->ev, &q);
        const struct fact *f = asked ? asked->fact : NULL;
        if (!f || (f->dns.outcome != DNS_ANSWER && f->dns.outcome != DNS_NODATA))
            continue;
        struct texts above = {0}, own = {0};
        addresses_in(j, &z->delegation->dns.additional, host, types[i], &above);
        addresses_in(j, &f->dns.answer, host, types[i], &own);
        struct texts only = missing_in(j->a, &above, &own);
        for (size_t k = 0; k < only.n; k++)
            texts_add(j->a, &ret->above, only.v[k]);
        for (size_t k = 0; only.n && k < own.n; k++)
            texts_add(j->a, &ret->own, own.v[k]);
    }
    return ret->above.n && ret->own.n;
}

/* The two servers that differ are one host, once at its own address and once at another one that the glue has. *glued:
 * which of them is the latter. */
static bool differs_by_glue(struct judgement *j, struct glue *ret, unsigned *glued)
{
    const struct servers_view *s = &j->servers;
    if (!s->disagree || s->odd_above || !name_equal(s->odd_server[0]->host, s->odd_server[1]->host) ||
        !glue_differs(j, s->odd_zone, s->odd_server[0]->host, ret))
        return false;
    for (*glued = 0; *glued < 2; ++*glued)
        for (size_t i = 0; i < ret->above.n; i++) {
            const char *server = s->odd_server[*glued]->server;
            size_t len = strlen(ret->above.v[i]);
            server += *server == '[';
            if (!strncmp(server, ret->above.v[i], len) && (server[len] == ':' || server[len] == ']'))
                return true;
        }
    return false;
}

/* Where the registry's glue is changed: with the registrar of the host's own domain; that of a part is a record of the
 * zone above. */
static void cure_glue(struct judgement *j, struct finding *f, const struct zone *z, const char *host,
                      const struct glue *g)
{
    const char *from = names_listed(j->a, &g->above), *to = names_listed(j->a, &g->own);
    const char *domain = name_registrable(host);
    finding_actor(f, z->parent ? ACTOR_ZONE_OWNER : ACTOR_REGISTRAR);
    fix_advice(j, f,
               z->parent
                   ? arena_printf(j->a,
                                  "In the zone %s, change the address record of %s from %s to %s. Where %s is right, "
                                  "correct the address record in the zone of that name instead.",
                                  z->parent->apex, host, from, to, from)
                   : arena_printf(j->a,
                                  "At the registrar of %s, change the host record (glue) of %s from %s to %s. Where "
                                  "%s is right, correct the address record in the zone of that name instead.",
                                  domain ? domain : z->apex, host, from, to, from));
}

static void glue_differs_in(struct judgement *j, const struct zone *z)
{
    struct glue g;
    unsigned glued;
    bool told = differs_by_glue(j, &g, &glued); /* nameservers-disagree tells it */
    for (size_t i = 0; i < z->at_parent.n; i++) {
        const char *host = z->at_parent.v[i];
        if (told && z == j->servers.odd_zone && name_equal(host, j->servers.odd_server[0]->host))
            continue;
        if (!glue_differs(j, z, host, &g))
            continue;
        struct texts one = {0};
        texts_add(j->a, &one, host);
        struct finding *f = finding_add(j, CAUSE_delegation_mismatch);
        finding_set(j, f, "above", above_shown(j, z));
        finding_set(j, f, "zone", z->apex);
        finding_set(j, f, "what", arena_printf(j->a, "addresses of the name server %s", names_listed(j->a, &one)));
        finding_set(j, f, "parent_only",
                    arena_printf(j->a, "the glue of the delegation has %s", names_listed(j->a, &g.above)));
        finding_set(j, f, "zone_only",
                    arena_printf(j->a, "; the host's own record has %s", names_listed(j->a, &g.own)));
        finding_fact(j, f, z->delegation);
        cure_glue(j, f, z, host, &g);
    }
}

static void names_differ(struct judgement *j)
{
    const struct zone *z = judged_zone(j);
    if (!z || !z->at_parent.n || !z->at_zone.n)
        return;
    struct texts parent = missing_in(j->a, &z->at_parent, &z->at_zone),
                 zone = missing_in(j->a, &z->at_zone, &z->at_parent);
    if (!parent.n && !zone.n)
        return;
    struct finding *f = finding_add(j, CAUSE_delegation_mismatch);
    finding_set(j, f, "above", above_shown(j, z));
    finding_set(j, f, "zone", z->apex);
    finding_set(j, f, "what", "name servers");
    finding_set(j, f, "parent_only",
                parent.n ? arena_printf(j->a, "only %s has %s", z->parent ? "the zone above" : "the registry",
                                        names_listed(j->a, &parent))
                         : "");
    finding_set(j, f, "zone_only",
                zone.n
                    ? arena_printf(j->a, "%sonly the zone has %s", parent.n ? "; " : "", names_listed(j->a, &zone))
                    : "");
    finding_fact(j, f, z->delegation);
    finding_fact(j, f, z->ns);
    /* Resolvers use the registry's list: where all its servers are good, the zone can take over that list. */
    bool sound = true;
    for (size_t i = 0; i < parent.n; i++)
        sound = sound && serves(z, parent.v[i]);
    for (size_t i = 0; i < parent.n && sound; i++) {
        struct fix *x = finding_fix(j, f, FIX_ADD);
        x->owner = z->apex;
        x->ttl = 3600;
        x->type = "NS";
        x->rdata = parent.v[i];
    }
    fix_advice(
        j, f,
        "Name the same servers at the registrar and in the zone's NS records; a server that is named in one "
        "place only is either forgotten or not used.");
}

void cause_delegation_mismatch(struct judgement *j)
{
    names_differ(j);
    each_zone(j, glue_differs_in);
}

/* ---------------------------------------------------------------- what the servers say --------------- */

/* The answer of a server or a resolver for a name, in words for use within a sentence. */
static const char *has(struct judgement *j, const struct lookup *l)
{
    char room[16], buf[16];
    const char *type = rr_type_name(l->type, room);
    switch (l->class) {
    case LOOKUP_DATA: {
        const char *one = rr_rdata_text(j->a, l->rr[0]);
        return l->n == 1 ? arena_printf(j->a, "%.60s", one ? one : "")
                         : arena_printf(j->a, "%zu %s records", l->n, type);
    }
    case LOOKUP_NODATA:
    case LOOKUP_NXDOMAIN:
        return arena_printf(j->a, "no %s record", type);
    case LOOKUP_FAIL:
    case LOOKUP_PENDING:
        break;
    }
    if (!l->fact)
        return "no answer";
    return l->fact->dns.rcode ? arena_printf(j->a, "the error %s", rcode_name(l->fact->dns.rcode, buf))
                              : "no answer";
}

/* Seconds until a secondary asks again: REFRESH of the SOA (RFC 1035 3.3.13). The rdata ends with serial,
 * refresh, retry, expire and minimum, so the field is counted from the end. */
static uint32_t refresh_of(const struct fact *soa)
{
    for (size_t i = 0; soa && i < soa->dns.answer.n; i++) {
        const struct rr *rr = &soa->dns.answer.v[i];
        if (rr->type != RR_SOA || rr->defect || rr->rdlen < 22)
            continue;
        const uint8_t *p = rr->rdata + rr->rdlen - 16;
        return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    }
    return 0;
}

/* How the zone of the server that lacks the record stands to that of the other one. */
enum versions {
    VERSIONS_UNKNOWN,
    VERSIONS_BEHIND,  /* the same zone, and an older version: a transfer will bring the record */
    VERSIONS_AHEAD,   /* the same zone, and a newer version, without the record */
    VERSIONS_EQUAL,   /* the same version by its number, with other data */
    VERSIONS_SEPARATE /* another zone, of another provider: no transfer joins them */
};

static enum versions compare_versions(struct judgement *j, const struct name_server *has,
                                      const struct name_server *lacks)
{
    char *primary[2], *mailbox[2];
    if (!has->has_serial || !lacks->has_serial || !server_soa_names(j->a, has, &primary[0], &mailbox[0]) ||
        !server_soa_names(j->a, lacks, &primary[1], &mailbox[1]))
        return VERSIONS_UNKNOWN;
    if (!name_equal(primary[0], primary[1]) || !name_equal(mailbox[0], mailbox[1]))
        return VERSIONS_SEPARATE;
    if (has->serial == lacks->serial)
        return VERSIONS_EQUAL;
    return (int32_t)(lacks->serial - has->serial) < 0 ? VERSIONS_BEHIND : VERSIONS_AHEAD; /* RFC 1982 3.2 */
}

/* What to do about servers that differ. Waiting is a cure only where a transfer of the zone will bring the record. */
static void cure_disagreement(struct judgement *j, struct finding *f, const struct name_server *has,
                              const struct name_server *lacks)
{
    const char *there = server_shown(j->a, has), *here = server_shown(j->a, lacks);
    uint32_t refresh = refresh_of(lacks->soa);
    switch (compare_versions(j, has, lacks)) {
    case VERSIONS_BEHIND:
        if (refresh) {
            struct fix *x = finding_fix(j, f, FIX_WAIT);
            x->until = forecast_end(j->r, lacks->soa, refresh);
            x->text = "By then each server has had its turn to fetch the newest version of the zone.";
        }
        fix_advice(j, f,
                   "Make the server with the older version of the zone fetch the newer one, by notify or by "
                   "reload; if it stays behind, its transfers are blocked.");
        break;
    case VERSIONS_AHEAD:
        fix_advice(j, f,
                   arena_printf(j->a,
                                "Put the record into the newest version of the zone, on the primary server: %s has a "
                                "newer version without it, and the next transfer takes it away from %s, too.",
                                here, there));
        break;
    case VERSIONS_SEPARATE:
        fix_advice(j, f,
                   arena_printf(j->a,
                                "Publish the record in both zones, or take the servers of one provider out of the "
                                "delegation: %s and %s serve two separate zones (their SOA records name different "
                                "primaries), and nothing is transferred between them.",
                                there, here));
        break;
    case VERSIONS_EQUAL:
        fix_advice(j, f,
                   "Publish the record on every name server of the zone, and raise the serial of its SOA: they say "
                   "that they have the same version and do not, so none will fetch it.");
        break;
    case VERSIONS_UNKNOWN:
        fix_advice(j, f, "Publish the record on every name server of the zone.");
        break;
    }
}

/* Who differs, as the beginning of the sentence. */
static void set_who_differs(struct judgement *j, struct finding *f)
{
    const struct servers_view *s = &j->servers;
    const struct zone *z = s->odd_zone;
    const struct texts *hosts = z->at_parent.n ? &z->at_parent : &z->at_zone;
    struct glue g;
    unsigned glued;
    if (differs_by_glue(j, &g, &glued)) {
        struct texts one = {0};
        texts_add(j->a, &one, s->odd_server[0]->host);
        finding_set(j, f, "who",
                    arena_printf(j->a,
                                 "The name server %s of %s has two addresses, %s by the glue of %s and %s by its own "
                                 "record",
                                 names_listed(j->a, &one), z->apex, names_listed(j->a, &g.above),
                                 z->parent ? z->parent->apex : "the registry", names_listed(j->a, &g.own)));
        finding_set(j, f, "instead", ", which give different answers");
        return;
    }
    if (!s->odd_copy) {
        finding_set(j, f, "who", arena_printf(j->a, "The name servers of %s give different answers", z->apex));
        finding_set(j, f, "instead", "");
        return;
    }
    finding_set(j, f, "who",
                arena_printf(j->a, "%s, a name server of %s, still holds a copy of its own of the part %s",
                             server_shown(j->a, s->odd_server[0]), z->above ? z->above : "the zone above", z->apex));
    finding_set(j, f, "instead",
                arena_printf(j->a, ", which is delegated to %s, and gives another answer", names_listed(j->a, hosts)));
}

/* What to do about a server of a zone above that answers for the zone itself, too. Where the record stands there alone,
 * the check would fail for good once that server is put right. */
static void cure_above(struct judgement *j, struct finding *f)
{
    const struct servers_view *s = &j->servers;
    const char *server = server_shown(j->a, s->odd_server[0]), *part = s->odd_zone->apex;
    bool alone = s->with == s->odd_server[0];
    if (alone)
        fix_advice(j, f,
                   arena_printf(j->a, "Publish the record in the zone %s on its own name servers first: it stands in "
                                      "that other copy alone.", part));
    fix_advice(j, f,
               s->odd_copy
                   ? arena_printf(j->a,
                                  "%s the copy of %s off %s, where the part is delegated to other servers; or make "
                                  "that server a secondary of the part, which fetches it from them.",
                                  alone ? "Then take" : "Take", part, server)
                   : arena_printf(j->a,
                                  "Take %s off %s, which serves the zone above and answers from a version of its own, "
                                  "or have it fetch the newest version.",
                                  part, server));
}

void cause_nameservers_disagree(struct judgement *j)
{
    const struct servers_view *s = &j->servers;
    if (!s->disagree || j->report->verdict == VERDICT_UNDECIDED)
        return;
    struct finding *f = finding_add(j, CAUSE_nameservers_disagree);
    finding_aside(f, s->with && s->without);
    finding_set(j, f, "zone", s->odd_zone->apex);
    set_who_differs(j, f);
    finding_set(j, f, "owner", s->odd[0]->name);
    finding_set(j, f, "first", server_shown(j->a, s->odd_server[0]));
    finding_set(j, f, "second", server_shown(j->a, s->odd_server[1]));
    finding_set(j, f, "first_has", has(j, s->odd[0]));
    finding_set(j, f, "second_has", has(j, s->odd[1]));
    const struct name_server *a = s->odd_server[0], *b = s->odd_server[1];
    finding_set(j, f, "serials",
                /* The serial of a server of the zone above is that zone's. */
                !s->odd_above && a->has_serial && b->has_serial && a->serial != b->serial
                    ? arena_printf(j->a, " (zone versions %u and %u)", a->serial, b->serial)
                    : "");
    bool second_has = s->with ? b == s->with : s->odd[1]->n > s->odd[0]->n;
    /* First what the server without the record says: it is the one to be shown to whoever runs it. */
    unsigned lacks = second_has || (s->odd_above && s->with != a) ? 0 : 1;
    finding_fact(j, f, s->odd[lacks]->fact);
    finding_fact(j, f, s->odd[!lacks]->fact);
    finding_fact(j, f, s->odd_server[lacks]->soa);
    finding_fact(j, f, s->odd_server[!lacks]->soa);
    if (s->odd_above) {
        cure_above(j, f);
        return;
    }
    struct glue g;
    unsigned glued;
    if (differs_by_glue(j, &g, &glued)) {
        if (s->with == s->odd_server[glued])
            fix_advice(j, f,
                       arena_printf(j->a, "Publish the record on %s, the host's own address.",
                                    server_shown(j->a, s->odd_server[!glued])));
        finding_fact(j, f, s->odd_zone->delegation);
        cure_glue(j, f, s->odd_zone, a->host, &g);
        return;
    }
    cure_disagreement(j, f, second_has ? b : a, second_has ? a : b);
}

/* What follows from the number and the regions of the perspectives that differ, by the rules of the day. */
static const char *quorum_words(struct judgement *j)
{
    const struct perspectives_view *v = &j->perspectives;
    const struct profile *p = j->r->profile;
    const char *until = dated_until(j->a, &p->places_bind, j->r->now);
    if (v->one_region)
        return arena_concat(j->a, ", and those that see the same lie in too few regions",
                            dated_words(j->a, &p->regions, j->r->now), NULL);
    if (v->beyond)
        return arena_concat(j->a, ", which is more than the CA may leave aside",
                            dated_words(j->a, &p->places_bind, j->r->now), NULL);
    if (until && !dated_value(&p->places_bind, j->r->now) && v->differ.n > quorum_may_differ(&p->quorum, v->n))
        return arena_concat(j->a, ", which is more than the CA may leave aside from ", until, " on", NULL);
    return "";
}

void cause_perspective_differs(struct judgement *j)
{
    const struct perspectives_view *v = &j->perspectives;
    struct lookup here;
    if (!v->differ.n)
        return;
    /* Find the first name at which the two views differ. */
    for (size_t i = 0;; i++) {
        j->err = view_lookup(j->a, j->ev, v->from, v->at[i].name, v->at[i].type, &here);
        if (j->err)
            return;
        if (i + 1 < v->n_at && here.class != LOOKUP_FAIL && lookup_same(&here, &v->at[i]))
            continue;
        struct finding *f = finding_add(j, CAUSE_perspective_differs);
        finding_aside(f, v->beyond);
        finding_set(j, f, "owner", v->at[i].name);
        finding_set(
            j, f, "who",
            arena_printf(j->a, "%zu of %zu perspectives (%s)", v->differ.n, v->n, names_listed(j->a, &v->differ)));
        finding_set(j, f, "there", has(j, &v->at[i]));
        finding_set(j, f, "here", has(j, &here));
        finding_set(j, f, "quorum", quorum_words(j));
        finding_fact(j, f, here.fact);
        finding_fact(j, f, v->at[i].fact);
        fix_advice(
            j, f,
            "Serve the same records to the whole world: look for answers that depend on the place of the "
            "asker "
            "(geo rules, split views), firewalls that let some networks in only, and anycast sites that are "
            "behind.");
        return;
    }
}

/* How long a resolver goes on with its old answer: with its alias, where that led elsewhere. */
static uint32_t stale_for(const struct lookup *old, const struct lookup *new)
{
    const struct rrs *answer = &old->fact->dns.answer;
    uint32_t seconds = forecast_seconds(old->fact, old->end, old->type), alias = 0;
    for (size_t i = 0; i < answer->n && old->end && new->end && !name_equal(old->end, new->end); i++)
        if (answer->v[i].type == RR_CNAME && answer->v[i].ttl > alias)
            alias = answer->v[i].ttl;
    return alias ? alias : seconds;
}

static const struct name_server *good_server(const struct zone *z)
{
    for (size_t i = 0; i < z->n; i++)
        if (z->v[i].state == SERVER_GOOD && z->v[i].has_serial)
            return &z->v[i];
    return NULL;
}

void cause_resolver_stale(struct judgement *j)
{
    const struct lookup *old = j->servers.stale, *new = j->servers.fresh;
    if (!old || j->report->verdict == VERDICT_UNDECIDED)
        return;
    struct finding *f = finding_add(j, CAUSE_resolver_stale);
    finding_set(j, f, "owner", old->name);
    finding_set(j, f, "resolver", old->fact->dns.server ? old->fact->dns.server : "in use");
    finding_set(j, f, "resolver_has", has(j, old));
    finding_set(j, f, "zone_has", has(j, new));
    finding_fact(j, f, old->fact);
    finding_fact(j, f, new->fact);
    uint32_t ttl = stale_for(old, new);
    const struct name_server *s = good_server(j->servers.fresh->zone);
    if (!ttl && s && old->class != LOOKUP_FAIL)
        ttl = s->negative_ttl;
    if (!ttl) {
        fix_advice(
            j, f, "Ask the zone's name servers directly, or another resolver: this one cannot be relied on.");
        return;
    }
    struct fix *x = finding_fix(j, f, FIX_WAIT);
    x->until = forecast_end(j->r, old->fact, ttl);
    x->text = "Then this resolver has forgotten its old answer. There is nothing to change in the zone.";
}

void cause_negative_cache(struct judgement *j)
{
    const struct lookup *old = j->servers.stale;
    const struct name_server *s = old ? good_server(j->servers.fresh->zone) : NULL;
    if (!old || !s || j->report->verdict != VERDICT_PASS || j->servers.fresh->class != LOOKUP_DATA ||
        (old->class != LOOKUP_NODATA && old->class != LOOKUP_NXDOMAIN))
        return;
    char until[25];
    dcv_time at = forecast_end(j->r, j->servers.fresh->fact, s->negative_ttl);
    time_format(at, until);
    until[10] = ' ';
    until[19] = '\0';
    struct finding *f = finding_add(j, CAUSE_negative_cache);
    finding_set(j, f, "owner", old->name);
    finding_set(j, f, "zone", j->servers.fresh->zone->apex);
    finding_set(j, f, "until", until);
    finding_fact(j, f, old->fact);
    finding_fact(j, f, s->soa);
    finding_fact(j, f, j->servers.fresh->fact);
    struct fix *x = finding_fix(j, f, FIX_WAIT);
    x->until = at;
    x->text = "By then no cache may remember that the record was missing.";
}
