/* causes_server.c - causes in single name servers that answer for the zone, but do something wrong. */
#include "causes/causes.h"
#include "causes/fix.h"
#include "methods/methods.h"
#include "wire/name.h"
#include "wire/wire.h"

/* The questions to a zone's servers that the lookups of the checked names needed. */
struct asked_names {
    const char *name[PATH_STEPS_MOST];
    uint16_t type[PATH_STEPS_MOST];
    size_t n;
};

static void names_in(struct judgement *j, const struct zone *z, struct asked_names *ret)
{
    struct checked *v;
    size_t n;
    *ret = (struct asked_names){.n = 0};
    int rc = checked_names(j->a, j->r, &v, &n);
    if (rc && !j->err)
        j->err = rc;
    for (size_t i = 0; !rc && i < n; i++) {
        const struct lookup *l = i < j->servers.n_as_is ? &j->servers.as_is[i] : NULL;
        for (size_t k = 0; l && k < l->n_way && ret->n < PATH_STEPS_MOST; k++)
            if (l->way[k].zone == z) {
                ret->name[ret->n] = l->way[k].name;
                ret->type[ret->n++] = v[i].type;
            }
    }
}

/* The next existing fact about these names at one server. *at: the index to begin at; moves past the fact. */
static const struct fact *next_fact(const struct judgement *j, const struct name_server *s, const struct asked_names *v,
                                    size_t *at)
{
    while (*at < v->n) {
        const struct fact *f = server_fact(j->ev, s, v->name[*at], v->type[*at]);
        ++*at;
        if (f)
            return f;
    }
    return NULL;
}

/* True where the server answers, or fails because there can be no such name. */
static bool does_right(struct judgement *j, const struct fact *f)
{
    const char *name;
    return fact_answers(f) || dname_without_room(j, f, &name);
}

/* How many questions the server dropped while it answered others of the same type; 0 for fewer than two. This shows a
 * rate limit, not a type that the server does not know. */
static size_t dropped(const struct judgement *j, const struct name_server *s, const struct asked_names *v,
                      size_t *asked)
{
    size_t lost = 0, answered = 0, at = 0;
    const struct fact *f;
    *asked = 0;
    while ((f = next_fact(j, s, v, &at)) != NULL) {
        ++*asked;
        lost += dns_silent(&f->dns) || f->dns.tries > 1;
        answered += !dns_silent(&f->dns);
    }
    if (s->soa && s->soa->dns.tries > 1 && !dns_silent(&s->soa->dns))
        lost++;
    ++*asked;
    return answered && lost >= 2 ? lost : 0;
}

/* A question that the server answers although it fails for f. First the same name with type A, which every server
 * knows: one that fails there, too, fails for every type of that name. Then, for a name with an underscore, which some
 * filters take for no name at all, another name with the same type: *underscore is set. NULL where the server fails for
 * all. */
static const struct fact *answered_beside(const struct judgement *j, const struct name_server *s, const struct fact *f,
                                          const struct asked_names *v, bool *underscore)
{
    const struct fact *other = server_fact(j->ev, s, f->ask->qname, RR_A);
    size_t at = 0;
    if (other && fact_answers(other))
        return other;
    while (f->ask->qname[0] == '_' && (other = next_fact(j, s, v, &at)) != NULL)
        if (fact_answers(other) && other->ask->qname[0] != '_') {
            *underscore = true;
            return other;
        }
    return NULL;
}

static void type_refused_in(struct judgement *j, const struct zone *z)
{
    struct asked_names list, *v = &list;
    size_t asked;
    if (j->report->verdict == VERDICT_UNDECIDED)
        return;
    names_in(j, z, v);
    bool explains = judged_failed_in(j, z);
    for (size_t i = 0; i < z->n; i++) {
        const struct name_server *s = &z->v[i];
        const struct fact *f;
        size_t at = 0;
        if (s->state != SERVER_GOOD || dropped(j, s, v, &asked))
            continue;
        while ((f = next_fact(j, s, v, &at)) != NULL && does_right(j, f))
            continue;
        bool underscore = false;
        const struct fact *other = f ? answered_beside(j, s, f, v, &underscore) : NULL;
        if (!other)
            continue;
        char type[16], rcode[16];
        struct finding *x = finding_about_server(j, CAUSE_dns_type_refused, z, s);
        finding_aside(x, explains);
        finding_fact(j, x, f);
        finding_fact(j, x, other);
        finding_set(j, x, "owner", f->ask->qname);
        finding_set(j, x, "knows", underscore ? "answers for other names of the zone" : "knows that name");
        finding_set(j, x, "type", rr_type_name(f->ask->qtype, type));
        finding_set(j, x, "what",
                    dns_silent(&f->dns) ? "it stays silent"
                              : arena_printf(j->a, "it answers %s", rcode_name(f->dns.rcode, rcode)));
        if (underscore) {
            fix_advice(
                j, x,
                arena_printf(j->a,
                             "Have whoever runs %s let names that begin with an underscore pass the firewall and "
                             "the name server, as those of DKIM and DMARC do; or publish the value at %s itself, "
                             "where the CA looks, too.",
                             server_shown(j->a, s), j->r->adn));
            continue;
        }
        fix_advice(j, x,
                   arena_printf(
                       j->a,
                       "Have whoever runs %s upgrade the name server, or let type %s (%u) pass the firewall "
                       "before it; a type that is not there is answered with an empty answer, never with "
                       "silence or an error.",
                       server_shown(j->a, s), rr_type_name(f->ask->qtype, type), f->ask->qtype));
    }
}

void cause_dns_type_refused(struct judgement *j)
{
    each_zone(j, type_refused_in);
}

static void rate_limited_in(struct judgement *j, const struct zone *z)
{
    struct asked_names list, *v = &list;
    size_t asked;
    names_in(j, z, v);
    for (size_t i = 0; i < z->n; i++) {
        const struct name_server *s = &z->v[i];
        size_t lost = s->state == SERVER_GOOD ? dropped(j, s, v, &asked) : 0, at = 0;
        if (!lost)
            continue;
        struct finding *f = finding_about_server(j, CAUSE_dns_rate_limited, z, s);
        finding_set(j, f, "dropped", arena_printf(j->a, "%zu", lost));
        finding_set(j, f, "asked", arena_printf(j->a, "%zu", asked));
        const struct fact *one;
        while ((one = next_fact(j, s, v, &at)) != NULL)
            if (dns_silent(&one->dns) || one->dns.tries > 1)
                finding_fact(j, f, one);
        fix_advice(
            j, f,
            arena_printf(
                j->a,
                "Raise the rate limit on %s, or exempt questions that differ: a handful within a second "
                "is what one certificate order costs.",
                server_shown(j->a, s)));
    }
}

void cause_dns_rate_limited(struct judgement *j)
{
    each_zone(j, rate_limited_in);
}

/* True where TCP gave no complete answer. A complete answer proves that TCP works, whatever its content. */
static bool shows_no_tcp(const struct judgement *j, const struct lookup *l)
{
    (void)j;
    return l->udp && (!lookup_answered(l) || l->fact->dns.flags & DNS_TC);
}

/* A server that cuts its answer off and gives none over TCP, while another of its zone answers: it is no failure, but
 * every question that meets it costs a try. */
static void tcp_blocked_in(struct judgement *j, const struct zone *z)
{
    const struct asker nobody = asker_none(j->ev);
    struct asked_names v;
    names_in(j, z, &v);
    for (size_t i = 0; i < z->n; i++) {
        const struct name_server *s = &z->v[i];
        const struct fact *f = NULL, *whole = NULL;
        size_t at = 0;
        bool blocked = false;
        while (s->state == SERVER_GOOD && !blocked && (f = next_fact(j, s, &v, &at)) != NULL) {
            whole = f->dns.flags & DNS_TC ? server_want_whole(&nobody, s, f->ask->qname, f->ask->qtype) : NULL;
            blocked = whole && (!fact_answers(whole) || whole->dns.flags & DNS_TC);
        }
        if (!blocked || server_repeats(z, i))
            continue;
        struct finding *x = finding_about_server(j, CAUSE_dns_tcp_blocked, z, s);
        finding_aside(x, false);
        finding_fact(j, x, f);
        finding_fact(j, x, whole);
        finding_set(j, x, "owner", f->ask->qname);
        finding_set(j, x, "outcome",
                    arena_printf(j->a, "%s, from %s", dns_outcome_name(whole->dns.outcome), server_shown(j->a, s)));
        fix_advice(j, x, arena_printf(j->a, "Open TCP port 53 on %s and on the way to it.", server_shown(j->a, s)));
    }
}

void cause_dns_tcp_blocked(struct judgement *j)
{
    const struct lookup *l = judged_first(j, shows_no_tcp);
    if (!l) {
        each_zone(j, tcp_blocked_in);
        return;
    }
    struct finding *f = finding_add(j, CAUSE_dns_tcp_blocked);
    finding_lookup(j, f, l);
    finding_set(j, f, "outcome", dns_outcome_name(l->fact->dns.outcome));
    fix_advice(j, f, "Open TCP port 53 on every name server of the zone and on the way to the resolver.");
}

/* Resolvers get something from such a server only where they ask again without EDNS, as they do after some errors. */
static bool edns_is_fatal(const struct name_server *s)
{
    return s->refused_edns && s->state != SERVER_GOOD;
}

static void edns_broken_in(struct judgement *j, const struct zone *z)
{
    bool all = z->n;
    for (size_t i = 0; i < z->n; i++)
        all = all && edns_is_fatal(&z->v[i]);
    for (size_t i = 0; i < z->n; i++) {
        const struct name_server *s = &z->v[i];
        if (!s->refused_edns || server_repeats(z, i))
            continue;
        char rcode[16];
        struct finding *f = finding_about_server(j, CAUSE_dns_edns_broken, z, s);
        finding_aside(f, all && judged_failed_in(j, z));
        finding_fact(j, f, s->refused_edns);
        finding_set(j, f, "what",
                    dns_silent(&s->refused_edns->dns)
                        ? "stays silent on"
                        : arena_printf(j->a, "answers %s to", rcode_name(s->refused_edns->dns.rcode, rcode)));
        fix_advice(j, f,
                   arena_printf(
                       j->a,
                       "Upgrade the name server on %s, or let questions with an OPT record pass the firewall "
                       "before it.",
                       server_shown(j->a, s)));
    }
}

void cause_dns_edns_broken(struct judgement *j)
{
    each_zone(j, edns_broken_in);
}

static void case_mangled_in(struct judgement *j, const struct zone *z)
{
    for (size_t i = 0; i < z->n; i++) {
        const struct name_server *s = &z->v[i];
        if (s->state != SERVER_GOOD || !s->soa->ask->mixed_case || s->soa->dns.case_kept)
            continue;
        struct finding *f = finding_about_server(j, CAUSE_dns_case_mangled, z, s);
        fix_advice(j, f, "Upgrade the name server: an answer repeats the question as it came.");
    }
}

void cause_dns_case_mangled(struct judgement *j)
{
    each_zone(j, case_mangled_in);
}

static void nodata_no_soa_in(struct judgement *j, const struct zone *z)
{
    struct asked_names list, *v = &list;
    names_in(j, z, v);
    for (size_t i = 0; i < z->n; i++) {
        const struct name_server *s = &z->v[i];
        const struct fact *f;
        size_t at = 0;
        if (s->state != SERVER_GOOD)
            continue;
        while ((f = next_fact(j, s, v, &at)) != NULL) {
            bool negative = f->dns.outcome == DNS_NODATA || f->dns.outcome == DNS_NXDOMAIN, soa = false;
            for (size_t k = 0; k < f->dns.authority.n; k++)
                soa = soa || f->dns.authority.v[k].type == RR_SOA || f->dns.authority.v[k].type == RR_NS;
            if (!negative || soa || !(f->dns.flags & DNS_AA) || f->dns.flags & DNS_TC)
                continue; /* of a truncated answer anything may be missing */
            struct finding *x = finding_about_server(j, CAUSE_dns_nodata_no_soa, z, s);
            finding_set(j, x, "owner", f->ask->qname);
            finding_fact(j, x, f);
            fix_advice(j, x, "Repair or upgrade the name server software; no record needs to change.");
            break;
        }
    }
}

void cause_dns_nodata_no_soa(struct judgement *j)
{
    each_zone(j, nodata_no_soa_in);
}
