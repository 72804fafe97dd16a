/* causes_caa.c - the CAA set forbids, or cannot be found out. */
#include "fix.h"
#include "name.h"
#include "near.h"
#include "profile.h"
#include "wire.h"

#include <string.h>
#include <strings.h>

static bool set_fails(const struct judgement *j, enum code code)
{
    return judged_failing(j) && j->caa.relevant && j->caa.set.code == code;
}

static struct finding *about_set(struct judgement *j, enum cause c, const struct caa_record *r)
{
    const struct lookup *l = j->caa.relevant;
    struct finding *f = finding_add(j, c);
    finding_set(j, f, "owner", l->end);
    finding_set(j, f, "ca", caa_issuers(j->r)->v[0]);
    finding_fact(j, f, l->fact);
    if (r) {
        finding_set(j, f, "tag", text_escape(j->a, (const char *)r->tag.p, r->tag.n, 30));
        finding_set(j, f, "value", text_escape(j->a, (const char *)r->value.p, r->value.n, 100));
    }
    return f;
}

/* The tag of the record that would permit: issuewild only where the set's own ones decide. */
static const char *deciding_tag(const struct judgement *j)
{
    bool wild = false;
    for (size_t i = 0; i < j->caa.set.n; i++)
        wild = wild || j->caa.set.v[i].known == CAA_ISSUEWILD;
    return caa_tag_name(caa_tag_for(j->r->purpose, wild && j->r->wildcard && j->r->purpose == PURPOSE_TLS));
}

static const char *permit(const struct judgement *j, const char *parameters)
{
    return arena_printf(j->a, "0 %s \"%s%s\"", deciding_tag(j), caa_issuers(j->r)->v[0], parameters);
}

/* The smallest change that permits: one more record beside the others. The target of an alias is in somebody
 * else's hands. */
static void fix_permit(struct judgement *j, struct finding *f)
{
    if (j->caa.relevant->hops) {
        fix_advice(j, f,
                   "Ask whoever owns the alias's target to add a CAA record for this CA there, or give up "
                   "the alias.");
        return;
    }
    struct fix *x = finding_fix(j, f, FIX_ADD);
    x->owner = j->caa.relevant->end;
    x->ttl = FIX_TTL;
    x->type = "CAA";
    x->rdata = permit(j, "");
}

static void fix_record(struct judgement *j, struct finding *f, const struct caa_record *r, enum fix_op op,
                       const char *rdata)
{
    struct fix *x = finding_fix(j, f, op);
    x->owner = r->rr->owner;
    x->type = "CAA";
    if (op == FIX_REMOVE) {
        x->rdata = rr_rdata_text(j->a, r->rr);
        return;
    }
    x->ttl = FIX_TTL;
    x->old_rdata = rr_rdata_text(j->a, r->rr);
    x->rdata = rdata;
}

/* ---------------------------------------------------------------- the set forbids -------------------- */

void cause_caa_critical_unknown(struct judgement *j)
{
    const struct caa_record *r = j->caa.set.decider;
    if (!set_fails(j, CODE_invalid_caa_entry) || r->broken || !(r->critical && r->known == CAA_UNKNOWN))
        return;
    struct finding *f = about_set(j, CAUSE_caa_critical_unknown, r);
    bool permitted = !j->caa.set.n_applicable;
    for (size_t i = 0; i < j->caa.set.n; i++) {
        const struct caa_record *other = &j->caa.set.v[i];
        if (other->critical && other->known == CAA_UNKNOWN)
            fix_record(j, f, other, FIX_REMOVE, NULL);
        permitted =
            permitted || (other->applies && other->sound && other->names_us && other->unmet == CAA_MET);
    }
    if (!permitted) /* the rest of the set does not either */
        fix_permit(j, f);
}

/* A value that was meant for this CA: what is wrong with it, or NULL. */
static const char *typo(struct judgement *j, const struct caa_record *r)
{
    const struct texts *ids = caa_issuers(j->r);
    for (size_t i = 0; i < ids->n; i++) {
        const char *id = ids->v[i];
        struct bytes wanted = {(const uint8_t *)id, strlen(id)};
        ptrdiff_t at = bytes_find(r->value, wanted);
        if (at >= 0 && !r->sound)
            return "holds more than the CA's domain name and parameters may";
        const char *near = near_value(j->a, r->value, wanted);
        if (near)
            return near;
        const char *dot = strrchr(id, '.');
        if (dot && r->issuer.n == (size_t)(dot - id) && !memcmp(r->issuer.p, id, r->issuer.n))
            return "lacks the last label";
    }
    return NULL;
}

void cause_caa_value_typo(struct judgement *j)
{
    if (!set_fails(j, CODE_invalid_caa_entry) && !set_fails(j, CODE_caa_not_found))
        return;
    for (size_t i = 0; i < j->caa.set.n; i++) {
        const struct caa_record *r = &j->caa.set.v[i];
        const char *what = r->applies ? typo(j, r) : NULL;
        if (!what)
            continue;
        struct finding *f = about_set(j, CAUSE_caa_value_typo, r);
        finding_set(j, f, "what", what);
        if (memchr(r->value.p, ',', r->value.n))
            fix_permit(j, f); /* a list: the others in it are not ours to drop */
        else
            fix_record(j, f, r, FIX_REPLACE, permit(j, ""));
        return;
    }
}

void cause_caa_malformed(struct judgement *j)
{
    const struct caa_record *r = j->caa.set.decider;
    if (!set_fails(j, CODE_invalid_caa_entry) || finding_find(j, CAUSE_caa_critical_unknown) ||
        finding_find(j, CAUSE_caa_value_typo))
        return;
    struct finding *f = about_set(j, CAUSE_caa_malformed, r);
    if (r->broken)
        finding_set(j, f, "what", r->rr->defect ? r->rr->defect : "its data does not parse");
    else
        finding_set(j, f, "what",
                    arena_printf(j->a, "at byte %zu of its value expected is %s", r->error_at, r->error));
    finding_set(j, f, "value", ""); /* of a record that has none */
    fix_record(j, f, r, FIX_REPLACE, permit(j, ""));
}

void cause_caa_account_restricted(struct judgement *j)
{
    const struct caa_record *r = j->caa.set.decider;
    bool locked = set_fails(j, CODE_domain_locked),
         uri = set_fails(j, CODE_caa_check_failed) && r->unmet == CAA_ACCOUNT_URI;
    if (!locked && !uri)
        return;
    struct finding *f = about_set(j, CAUSE_caa_account_restricted, r);
    const char *name = locked ? j->r->profile->caa_account : "accounturi",
               *ours = locked ? j->r->caa_account : j->r->account_uri;
    finding_set(j, f, "parameter", name);
    if (ours) {
        struct fix *x = finding_fix(j, f, FIX_ADD);
        x->owner = j->caa.relevant->end;
        x->ttl = FIX_TTL;
        x->type = "CAA";
        x->rdata = permit(j, arena_printf(j->a, "; %s=%s", name, ours));
    } else {
        struct fix *x = finding_fix(j, f, FIX_INPUT);
        x->argument = locked ? "caa_account" : "account_uri";
        x->value = "";
        x->text = "Give the account that orders; if it is another one than the record names, order from that "
                  "one, or add a record "
                  "for this account.";
    }
}

void cause_caa_method_restricted(struct judgement *j)
{
    const struct caa_record *r = j->caa.set.decider;
    if (!set_fails(j, CODE_caa_check_failed) || r->unmet != CAA_METHODS)
        return;
    struct finding *f = about_set(j, CAUSE_caa_method_restricted, r);
    struct texts in_use = caa_methods_in_use(j->a, j->r);
    finding_set(j, f, "method", in_use.n ? in_use.v[0] : "none that was given");
    struct fix *x = finding_fix(j, f, FIX_ADD);
    x->owner = j->caa.relevant->end;
    x->ttl = FIX_TTL;
    x->type = "CAA";
    x->rdata = permit(j, in_use.n ? arena_printf(j->a, "; validationmethods=%s", in_use.v[0]) : "");
}

/* The three below share the code caa_not_found: no applicable value names the CA. */
static bool nobody_names_us(const struct judgement *j)
{
    return set_fails(j, CODE_caa_not_found) && !finding_find(j, CAUSE_caa_value_typo);
}

/* The issue records, which do not count where there is issuewild, would permit. */
static bool issue_permits(const struct judgement *j)
{
    for (size_t i = 0; i < j->caa.set.n; i++) {
        struct caa_record r = j->caa.set.v[i];
        if (r.known != CAA_ISSUE || r.broken || !caa_value_parse(j->a, &r))
            continue;
        const struct texts *ids = caa_issuers(j->r);
        for (size_t k = 0; k < ids->n; k++)
            if (r.issuer.n == strlen(ids->v[k]) &&
                !strncasecmp((const char *)r.issuer.p, ids->v[k], r.issuer.n))
                return true;
    }
    return false;
}

void cause_caa_wildcard_excluded(struct judgement *j)
{
    if (!nobody_names_us(j) || strcmp(deciding_tag(j), "issuewild") != 0 || !issue_permits(j))
        return;
    const struct caa_record *r = j->caa.set.decider;
    struct finding *f = about_set(j, CAUSE_caa_wildcard_excluded, r);
    fix_permit(j, f);
}

void cause_caa_smime_excluded(struct judgement *j)
{
    if (!nobody_names_us(j) || j->r->purpose != PURPOSE_SMIME)
        return;
    struct finding *f = about_set(j, CAUSE_caa_smime_excluded, j->caa.set.decider);
    fix_permit(j, f);
}

void cause_caa_forbids_all(struct judgement *j)
{
    if (!nobody_names_us(j) || finding_find(j, CAUSE_caa_wildcard_excluded) ||
        finding_find(j, CAUSE_caa_smime_excluded))
        return;
    for (size_t i = 0; i < j->caa.set.n; i++)
        if (j->caa.set.v[i].applies && j->caa.set.v[i].issuer.n)
            return;
    struct finding *f = about_set(j, CAUSE_caa_forbids_all, j->caa.set.decider);
    fix_permit(j, f);
}

void cause_caa_excludes_ca(struct judgement *j)
{
    if (!nobody_names_us(j) || finding_find(j, CAUSE_caa_wildcard_excluded) ||
        finding_find(j, CAUSE_caa_smime_excluded) || finding_find(j, CAUSE_caa_forbids_all))
        return;
    const struct caa_record *r = NULL;
    for (size_t i = 0; i < j->caa.set.n && !r; i++)
        if (j->caa.set.v[i].applies && j->caa.set.v[i].issuer.n)
            r = &j->caa.set.v[i];
    struct finding *f = about_set(j, CAUSE_caa_excludes_ca, r);
    fix_permit(j, f);
}

/* ---------------------------------------------------------------- where the set stands --------------- */

void cause_caa_through_alias(struct judgement *j)
{
    const struct lookup *l = j->caa.relevant;
    if (!judged_failing(j) || !l || !l->hops)
        return;
    struct finding *f = about_set(j, CAUSE_caa_through_alias, NULL);
    finding_set(j, f, "alias", l->name);
    fix_advice(j, f,
               "Ask whoever owns the target's zone for a CAA record that permits this CA; the alias leaves "
               "no room for one here.");
}

void cause_caa_inherited(struct judgement *j)
{
    const struct lookup *l = j->caa.relevant;
    if (!judged_failing(j) || !l || l == &j->caa.level[0])
        return;
    struct finding *f = about_set(j, CAUSE_caa_inherited, NULL);
    finding_set(j, f, "level", l->name);
    if (j->caa.level[0].hops) { /* a CNAME leaves no room for a CAA record (RFC 1034 3.6.2) */
        fix_advice(j, f,
                   "The domain is an alias and cannot have a set of its own: the change must be made at the "
                   "ancestor.");
        return;
    }
    struct fix *x = finding_fix(j, f, FIX_ADD);
    x->owner = j->caa.level[0].name;
    x->ttl = FIX_TTL;
    x->type = "CAA";
    x->rdata = permit(j, "");
    x->text = "Instead of a change at the ancestor: a set of the domain's own ends the search there.";
}

/* ---------------------------------------------------------------- the search fails ------------------- */

static struct finding *about_failure(struct judgement *j, enum cause c)
{
    const struct lookup *l = j->caa.failed;
    struct finding *f = finding_add(j, c);
    char buf[16];
    finding_set(j, f, "owner", l->name);
    finding_set(j, f, "rcode",
                l->fact->dns.outcome == DNS_ANSWER || l->fact->dns.outcome == DNS_NODATA
                    ? "an answer that is not whole"
                    : rcode_name(l->fact->dns.rcode, buf));
    finding_set(j, f, "where",
                name_equal(l->name, j->caa.level[0].name) ? "" : ", an ancestor of the domain");
    finding_fact(j, f, l->udp);
    finding_fact(j, f, l->fact);
    finding_fact(j, f, l->cd);
    finding_fact(j, f, j->caa.ds.fact); /* what br_may_permit rests on */
    return f;
}

/* Below a failing ancestor a set of the domain's own ends the climb before it. */
static void fix_below(struct judgement *j, struct finding *f)
{
    if (j->caa.failed != &j->caa.level[0]) {
        struct fix *x = finding_fix(j, f, FIX_ADD);
        x->owner = j->caa.level[0].name;
        x->ttl = FIX_TTL;
        x->type = "CAA";
        x->rdata = permit(j, "");
    }
    fix_advice(j, f, "Have the name servers of the zone answer for type CAA (257) like for any other type.");
}

void cause_caa_timeout(struct judgement *j)
{
    if (!judged_failing(j) || j->report->error.code != CODE_dns_lookup_timeout_caa)
        return;
    struct finding *f = about_failure(j, CAUSE_caa_timeout);
    fix_below(j, f);
}

void cause_caa_lookup_failed(struct judgement *j)
{
    if (!judged_failing(j) || !j->caa.failed || finding_find(j, CAUSE_caa_timeout) ||
        finding_find(j, CAUSE_dnssec_bogus) || finding_find(j, CAUSE_dns_malformed_answer) ||
        finding_find(j, CAUSE_cname_chain_broken))
        return;
    struct finding *f = about_failure(j, CAUSE_caa_lookup_failed);
    fix_below(j, f);
}

void cause_caa_fail_open(struct judgement *j)
{
    if (!judged_failing(j) || !j->caa.failed || j->report->br_may_permit != 1)
        return;
    struct finding *f = about_failure(j, CAUSE_caa_fail_open);
    fix_advice(j, f, "Ask the CA to try again; it may issue all the same.");
}

/* ---------------------------------------------------------------- worth knowing ---------------------- */

void cause_caa_flag_misread(struct judgement *j)
{
    for (size_t i = 0; j->caa.relevant && i < j->caa.set.n; i++) {
        const struct caa_record *r = &j->caa.set.v[i];
        if (r->broken || r->flags != 1)
            continue;
        struct finding *f = about_set(j, CAUSE_caa_flag_misread, r);
        const char *text = rr_rdata_text(j->a, r->rr);
        fix_record(j, f, r, FIX_REPLACE,
                   text && text[0] == '1' ? arena_printf(j->a, "128%s", text + 1) : text);
        return;
    }
}

void cause_caa_only_iodef(struct judgement *j)
{
    if (j->report->verdict != VERDICT_PASS || !j->caa.relevant || j->caa.set.n_applicable)
        return;
    for (size_t i = 0; i < j->caa.set.n; i++)
        if (j->caa.set.v[i].known != CAA_IODEF)
            return;
    struct finding *f = about_set(j, CAUSE_caa_only_iodef, NULL);
    fix_advice(j, f, "Nothing must be done.");
}
