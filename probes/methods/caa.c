/* caa.c - method caa: the verdict from the set that decides, and after a failed search whether a CA may still issue. */
#include "base/text.h"
#include "ca/profile.h"
#include "methods/methods.h"
#include "methods/verdict.h"
#include "wire/name.h"

#include <errno.h>

/* Whether no server answered. A resolver says so in an extended DNS error (RFC 8914): no reachable authority (22),
 * network error (23). */
static bool silent(const struct lookup *l)
{
    const struct dns_fact *f = &l->fact->dns;
    if (l->udp)
        return false; /* the answer over UDP was truncated: the server did answer */
    for (size_t i = 0; i < f->n_ede; i++)
        if (f->outcome == DNS_SERVFAIL && (f->ede[i].code == 22 || f->ede[i].code == 23))
            return true;
    return dns_silent(f);
}

/* Whether every server of the zone leaves the question unanswered, which a resolver's SERVFAIL does not tell: 1 or 0,
 * -1 where they were not all asked. */
static int servers_silent(const struct judgement *j, const struct lookup *l)
{
    const struct zone *z = l->zone ? l->zone : j->servers.own;
    size_t heard = 0;
    if (!z || !name_within(l->end, z->apex))
        return -1;
    for (size_t i = 0; i < z->n; i++) {
        const struct fact *f = server_fact(j->ev, &z->v[i], l->end, l->type);
        if (z->v[i].state == SERVER_HERE)
            continue;
        if (z->v[i].state != SERVER_SILENT) {
            if (!f)
                return -1;
            if (f->dns.outcome != DNS_TIMEOUT && f->dns.outcome != DNS_UNREACHABLE)
                return 0;
        }
        heard++;
    }
    return heard ? 1 : -1;
}

#define NEVER " After a DNSSEC error no CA may issue (%s)."
#define UNPROVEN " Only a zone that is proven not to be signed would let a CA issue."

/* Whether the resolvers' failure for a name may be that of another zone: the name is an alias, or nothing shows that it
 * is none. 0 or -ENOMEM. */
static int hidden_alias(struct judgement *j, const struct lookup *failed, const char *zone, bool *may_be)
{
    struct lookup alias;
    *may_be = false;
    if (failed->zone || name_equal(failed->name, zone))
        return 0;
    int rc = lookup_read(j->a, j->ev, failed->name, RR_CNAME, &alias);
    *may_be = alias.class != LOOKUP_NODATA && alias.class != LOOKUP_NXDOMAIN;
    return rc;
}

/* BR 4.2.2.1: after a failure outside the CA's own systems, and retries, a CA may issue where the zone is proven not to
 * be signed. A validating resolver's authenticated denial of the DS record is that proof. */
static int may_permit(struct judgement *j, const struct lookup *failed, const char **because)
{
    struct caa_view *v = &j->caa;
    const char *rules = caa_requirements(j->r->purpose);
    const char *zone = failed->zone ? failed->zone->apex : caa_zone(j->a, j->r, failed->name);
    bool may_be_alias;
    if (!zone || lookup_read(j->a, j->ev, zone, RR_DS, &v->ds) || hidden_alias(j, failed, zone, &may_be_alias)) {
        j->err = -ENOMEM;
        return -1;
    }
    const struct ede *e = lookup_dnssec_error(failed);
    const struct lookup *ds = &v->ds;
    /* For the zone that an alias leads to no DS record was asked for. */
    bool elsewhere = failed->hops && !name_within(failed->end, zone);
    bool cut_is_sure = failed->zone || (j->r->registrable && name_within(failed->name, j->r->registrable));
    cut_is_sure = cut_is_sure || name_labels(zone) == 1;
    int may = -1;
    if (e) {
        *because = arena_printf(j->a, "The resolver refuses the signatures at %s (error %u)." NEVER, failed->name,
                                e->code, rules);
        may = 0;
    } else if (lookup_bogus(failed)) {
        *because = arena_printf(
            j->a, "%s has an answer, but only with DNSSEC checks switched off: its signatures do not hold." NEVER,
            failed->name, rules);
        may = 0;
    } else if (elsewhere) {
        *because = arena_printf(
            j->a, "%s is an alias, and whether the zone of its target is signed was not asked.%s",
            failed->name, UNPROVEN);
    } else if (ds->class == LOOKUP_DATA) {
        *because =
            arena_printf(j->a,
                         "The zone %s is signed: it has a DS record. After a failure in a signed zone no "
                         "CA may issue (%s).",
                         zone, rules);
        may = 0;
    } else if (ds->class != LOOKUP_NODATA) {
        *because = arena_printf(
            j->a, "Whether the zone %s is signed is not known: %s.%s", zone,
            ds->fact ? "its DS record could not be looked up" : "its DS record was not asked for", UNPROVEN);
    } else if (may_be_alias) {
        *because = arena_printf(j->a,
                                "%s is an alias, or the resolver does not say whether it is one, and whether the zone "
                                "that it leads to is signed was not asked.%s",
                                failed->name, UNPROVEN);
    } else if (!(ds->fact->dns.flags & DNS_AD)) {
        *because =
            arena_printf(j->a,
                         "%s has no DS record, but the resolver does not vouch for that (the flag AD is "
                         "not set).%s",
                         zone, UNPROVEN);
    } else if (!cut_is_sure) {
        /* A name inside a signed zone, not at its top, has no DS record either (RFC 4035 2.4). */
        *because =
            arena_printf(j->a,
                         "%s has no DS record, but it may be a part of a signed zone above it and need "
                         "none.%s",
                         zone, UNPROVEN);
    } else {
        *because =
            arena_printf(j->a,
                         "The zone %s is proven not to be signed: a validating resolver vouches (flag AD) "
                         "that it has no DS record. After a retry the rules let a CA issue (%s).",
                         zone, rules);
        may = 1;
    }
    return may;
}

/* What has to be given so that a record can be judged whose parameters permit some accounts or methods only. What the
 * record permits is told by the finding, which stands below this in a report. */
static const char *what_is_open(struct judgement *j, const struct caa_record *r)
{
    enum { SHOWN = 120 }; /* the most bytes of a parameter's value */
    const char *own = j->r->profile->caa_account;
    const struct {
        enum caa_unmet parameter;
        const char *tag, *give;
    } rows[] = {{CAA_ACCOUNT, own,
                 "Give the account that orders with --caa-account; for another one than the record's the answer is "
                 "domain_locked."},
                {CAA_ACCOUNT_URI, "accounturi", "Give the URI of the account that orders with --account-uri."},
                {CAA_METHODS, "validationmethods",
                 j->r->ca ? "Give the label of the order's method with --validation-method."
                          : "Give the method of the order with --method beside caa, or its label with "
                            "--validation-method."}};
    const char *with = "", *give = "";
    for (size_t i = 0; i < sizeof rows / sizeof *rows && with && give; i++) {
        struct bytes v = {0};
        if (!(r->open & CAA_UNMET_BIT(rows[i].parameter)) || !caa_parameter(r, rows[i].tag, &v))
            continue;
        const char *value = text_escape(j->a, (const char *)v.p, v.n, SHOWN);
        with = arena_concat(j->a, with, *with ? " and " : "", rows[i].tag, "=", value ? value : "", NULL);
        give = arena_concat(j->a, give, " ", rows[i].give, NULL);
    }
    return with && give ? arena_concat(j->a, "Whether this CA may issue depends on ", with, " in the CAA record at ",
                                       j->caa.relevant->end, give, NULL)
                        : NULL;
}

static void verdict_caa(struct judgement *j)
{
    struct caa_view *v = &j->caa;
    const char *fault;
    j->err = caa_climb(j->a, j->r, j->ev, j->view, true, v);
    if (j->err)
        return;
    if (v->relevant) {
        j->err = caa_judge(j->a, j->r, v->rr, v->n_rr, &v->set);
        if (j->err)
            return;
        if (v->set.open)
            verdict_undecided(j, what_is_open(j, v->set.open));
        else if (v->set.code == CODE_NONE)
            j->report->verdict = VERDICT_PASS;
        else
            verdict_fail(j, v->set.code, v->set.code);
    } else if (v->open) {
        verdict_undecided(j, DEADLINE_REASON);
    } else if (v->failed && (fault = network_fault(j, v->level, v->n))) {
        verdict_undecided(j, fault);
    } else if (v->failed) {
        int all = servers_silent(j, v->failed);
        enum code code =
            (all < 0 ? silent(v->failed) : all) ? CODE_dns_lookup_timeout_caa : CODE_caa_check_failed;
        verdict_fail(j, code, code);
        j->report->br_may_permit = may_permit(j, v->failed, &v->may_because);
    } else {
        j->report->verdict = VERDICT_PASS; /* no CAA set at all: any CA may issue */
    }
}

/* ---------------------------------------------------------------- the method's row ------------------- */

static bool fits(const struct request *r)
{
    (void)r;
    return true; /* the domain is all that it needs */
}

static int names(struct arena *a, const struct request *r, struct checked_list *ret)
{
    const char *name = arena_concat(a, r->adn, ".", NULL); /* each level is a suffix of this text */
    if (!name)
        return -ENOMEM;
    for (; name; name = name_parent(name))
        if (checked_add(a, ret, name, RR_CAA))
            return -ENOMEM;
    return 0;
}

/* The failed lookup that ended the search, if one did: failures above the set that decides do not matter. */
static const struct lookup *lookups(const struct judgement *j, size_t *n)
{
    *n = j->caa.failed ? 1 : 0;
    return j->caa.failed;
}

const struct method_rules caa_rules = {
    .fits = fits,
    .names = names,
    .ask = caa_ask,
    .verdict = verdict_caa,
    .lookups = lookups,
};
