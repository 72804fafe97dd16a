/* causes_caa.c - causes for CAA: the set forbids issuance, or the search for the set fails. */
#include "ca/profile.h"
#include "causes/caa_meant.h"
#include "causes/causes.h"
#include "causes/fix.h"
#include "causes/fix_caa.h"
#include "wire/name.h"
#include "wire/wire.h"

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

/* ---------------------------------------------------------------- the set forbids -------------------- */

/* The mistyped record that correct records can replace; NULL: there is none. */
static const struct caa_record *meant(struct judgement *j)
{
    const char *what;
    return caa_mistyped(j, &what);
}

static bool unknown_and_critical(const struct caa_record *r)
{
    return !r->broken && r->critical && r->known == CAA_UNKNOWN;
}

void cause_caa_critical_unknown(struct judgement *j)
{
    const struct caa_record *r = j->caa.set.decider;
    if (!set_fails(j, CODE_invalid_caa_entry) || !unknown_and_critical(r))
        return;
    struct finding *f = about_set(j, CAUSE_caa_critical_unknown, r);
    fix_caa_permit(j, f, meant(j));
}

void cause_caa_value_typo(struct judgement *j)
{
    const struct caa_record *decider = j->caa.set.decider;
    bool malformed =
        set_fails(j, CODE_invalid_caa_entry) && !decider->broken && !unknown_and_critical(decider);
    const char *what;
    if (!malformed && !set_fails(j, CODE_caa_not_found))
        return;
    const struct caa_record *r = caa_mistyped(j, &what);
    if (!r)
        return;
    struct finding *f = about_set(j, CAUSE_caa_value_typo, r);
    finding_set(j, f, "what", what);
    fix_caa_permit(j, f, meant(j));
}

void cause_caa_malformed(struct judgement *j)
{
    const struct caa_record *r = j->caa.set.decider;
    if (!set_fails(j, CODE_invalid_caa_entry) || unknown_and_critical(r))
        return;
    struct finding *f = about_set(j, CAUSE_caa_malformed, r);
    if (r->broken)
        finding_set(j, f, "what", r->rr->defect ? r->rr->defect : "its data does not parse");
    else
        finding_set(j, f, "what",
                    arena_printf(j->a, "at byte %zu of its value expected is %s", r->error_at, r->error));
    finding_set(j, f, "value", ""); /* for a record whose value cannot be read */
    fix_caa_permit(j, f, meant(j));
}

/* True where the record that decides permits one account only. *parameter: the parameter that says so; *ours: the
 * account that the request has for it, NULL where it has none. */
static bool one_account(const struct judgement *j, const char **parameter, const char **ours)
{
    bool locked = set_fails(j, CODE_domain_locked),
         uri = set_fails(j, CODE_caa_check_failed) && j->caa.set.decider->unmet == CAA_ACCOUNT_URI;
    *parameter = locked ? j->r->profile->caa_account : "accounturi";
    *ours = locked ? j->r->caa_account : j->r->account_uri;
    return locked || uri;
}

/* The record that permits if the request meets the parameter, for which it gives nothing to compare; NULL: the verdict
 * does not wait for that. */
static const struct caa_record *open_record(const struct judgement *j, enum caa_unmet parameter)
{
    const struct caa_record *r = j->report->verdict == VERDICT_UNDECIDED && j->caa.relevant ? j->caa.set.open : NULL;
    return r && r->open & CAA_UNMET_BIT(parameter) ? r : NULL;
}

/* RFC 8657 binds CAs from a day on only. */
static void set_ignored(struct judgement *j, struct finding *f)
{
    const char *until = dated_until(j->a, &j->r->profile->caa_parameters, j->r->now);
    bool bound = dated_value(&j->r->profile->caa_parameters, j->r->now);
    finding_set(j, f, "ignored",
                bound   ? ""
                : until ? arena_printf(j->a, " Until %s a CA may ignore this parameter (%s).", until,
                                       caa_requirements(j->r->purpose))
                        : " A CA may ignore this parameter.");
}

static const char *parameter_text(struct judgement *j, const struct caa_record *r, const char *tag)
{
    struct bytes v = {0};
    return caa_parameter(r, tag, &v) ? arena_strndup(j->a, v.p, v.n) : "";
}

/* Says of a record which parameter restricts it, as it stands there, and why that is not met. */
static void set_restriction(struct judgement *j, struct finding *f, const struct caa_record *r, const char *tag,
                            const char *but)
{
    struct bytes v = {0};
    size_t n = caa_parameter(r, tag, &v);
    const char *value = parameter_text(j, r, tag);
    finding_set(j, f, "parameter", value ? arena_concat(j->a, tag, "=", value, NULL) : tag);
    finding_set(j, f, "but",
                n > 1 ? arena_printf(j->a, "it gives the parameter %zu times, which nobody can meet", n) : but);
}

/* Why the account of the request does not meet a parameter; ours is NULL where it has none. */
static const char *account_unlike(struct judgement *j, const struct caa_record *r, const char *tag, const char *ours)
{
    const char *value = parameter_text(j, r, tag);
    if (!ours || !value || !strcmp(value, ours))
        return "no account can meet it";
    return arena_concat(j->a, "the account given is another, ", ours, NULL);
}

/* An account that the record permits, and none was given. */
static void account_open(struct judgement *j, enum caa_unmet parameter, const char *tag, const char *argument)
{
    const struct caa_record *r = open_record(j, parameter);
    if (!r)
        return;
    const char *value = parameter_text(j, r, tag);
    struct finding *f = about_set(j, CAUSE_caa_account_restricted, r);
    set_restriction(j, f, r, tag, "no account was given to compare it with");
    if (parameter == CAA_ACCOUNT_URI)
        set_ignored(j, f);
    else
        finding_set(j, f, "ignored", "");
    struct fix *x = finding_fix(j, f, FIX_INPUT);
    x->argument = argument;
    x->value = value;
    x->text = "Give the account that orders; this one is permitted.";
}

void cause_caa_account_restricted(struct judgement *j)
{
    const char *name, *ours;
    account_open(j, CAA_ACCOUNT, j->r->profile->caa_account, "caa_account");
    account_open(j, CAA_ACCOUNT_URI, "accounturi", "account_uri");
    if (!one_account(j, &name, &ours))
        return;
    const struct caa_record *r = j->caa.set.decider;
    struct finding *f = about_set(j, CAUSE_caa_account_restricted, r);
    set_restriction(j, f, r, name, account_unlike(j, r, name, ours));
    if (r->unmet == CAA_ACCOUNT_URI)
        set_ignored(j, f);
    else
        finding_set(j, f, "ignored", "");
    if (ours) {
        fix_caa_permit(j, f, NULL);
    } else {
        struct fix *x = finding_fix(j, f, FIX_INPUT);
        x->argument = set_fails(j, CODE_domain_locked) ? "caa_account" : "account_uri";
        x->value = "";
        x->text = "No account meets the record as it stands. Give the account that orders, and a record for it is "
                  "proposed.";
    }
}

static void method_open(struct judgement *j)
{
    const struct caa_record *r = open_record(j, CAA_METHODS);
    if (!r)
        return;
    const char *list = parameter_text(j, r, "validationmethods");
    struct finding *f = about_set(j, CAUSE_caa_method_restricted, r);
    set_restriction(j, f, r, "validationmethods", "no method was given to compare with");
    set_ignored(j, f);
    struct fix *x = finding_fix(j, f, FIX_INPUT);
    x->argument = "validation_method";
    x->value = list ? arena_strndup(j->a, list, strcspn(list, ",")) : "";
    x->text = j->r->ca ? "Give the label of the order's method; this one is permitted."
                       : "Give the order's method with --method, or its label; this one is permitted.";
}

void cause_caa_method_restricted(struct judgement *j)
{
    const struct caa_record *r = j->caa.set.decider;
    method_open(j);
    if (!set_fails(j, CODE_caa_check_failed) || r->unmet != CAA_METHODS)
        return;
    struct finding *f = about_set(j, CAUSE_caa_method_restricted, r);
    struct texts in_use = caa_methods_in_use(j->a, j->r);
    set_restriction(j, f, r, "validationmethods",
                    in_use.n ? arena_concat(j->a, "the one in use, ", in_use.v[0], ", is not among them", NULL)
                             : "no method can meet that list");
    set_ignored(j, f);
    fix_caa_permit(j, f, NULL);
}

/* The causes below share the code caa_not_found: no applicable value names the CA. */
static bool nobody_names_us(const struct judgement *j)
{
    return set_fails(j, CODE_caa_not_found);
}

/* The first applicable record that names a CA, where none names this one; NULL: the records forbid every CA. */
static const struct caa_record *names_another(const struct judgement *j)
{
    for (size_t i = 0; i < j->caa.set.n; i++)
        if (j->caa.set.v[i].applies && j->caa.set.v[i].issuer.n)
            return &j->caa.set.v[i];
    return NULL;
}

/* True where the issue records would permit, if they counted: they do not where the set has issuewild. */
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
    if (!nobody_names_us(j) || fix_caa_tag(j) != CAA_ISSUEWILD || !issue_permits(j))
        return;
    const struct caa_record *r = j->caa.set.decider;
    struct finding *f = about_set(j, CAUSE_caa_wildcard_excluded, r);
    fix_caa_permit(j, f, NULL);
}

void cause_caa_smime_excluded(struct judgement *j)
{
    if (!nobody_names_us(j) || j->r->purpose != PURPOSE_SMIME)
        return;
    struct finding *f = about_set(j, CAUSE_caa_smime_excluded, j->caa.set.decider);
    fix_caa_permit(j, f, NULL);
}

void cause_caa_forbids_all(struct judgement *j)
{
    if (!nobody_names_us(j) || names_another(j))
        return;
    struct finding *f = about_set(j, CAUSE_caa_forbids_all, j->caa.set.decider);
    fix_caa_permit(j, f, NULL);
}

void cause_caa_excludes_ca(struct judgement *j)
{
    const struct caa_record *r = names_another(j);
    if (!nobody_names_us(j) || !r)
        return;
    struct finding *f = about_set(j, CAUSE_caa_excludes_ca, r);
    fix_caa_permit(j, f, NULL);
}

/* ---------------------------------------------------------------- where the set stands --------------- */

void cause_caa_through_alias(struct judgement *j)
{
    const struct lookup *l = j->caa.relevant;
    if (!judged_failing(j) || !l || !l->hops)
        return;
    struct finding *f = about_set(j, CAUSE_caa_through_alias, NULL);
    finding_set(j, f, "alias", l->name);
    if (fix_caa_within_reach(j, l->end))
        fix_advice(j, f, "The change must be made at the alias's target, or the alias given up.");
    else if (fix_caa_own_place(j, l))
        fix_advice(j, f,
                   "The target's set is somebody else's: a set below the alias, or a CAA record that the "
                   "target's owner adds, permits this CA.");
    else
        fix_advice(
            j, f,
            "Ask whoever owns the target's zone for a CAA record that permits this CA; the alias leaves "
            "no room for one here.");
}

/* How many records of the relevant set must change for it to permit; 0 where that is not known because the request
 * gives no account. */
static size_t records_to_change(struct judgement *j)
{
    const char *parameter, *ours;
    if (one_account(j, &parameter, &ours) && !ours)
        return 0;
    struct finding change = {0};
    fix_caa_permit(j, &change, meant(j));
    size_t n = 0;
    for (size_t i = 0; change.n_cures && i < change.cures->n; i++) {
        enum fix_op op = change.cures->ops[i].op;
        n += op == FIX_ADD || op == FIX_REMOVE || op == FIX_REPLACE;
    }
    return n;
}

void cause_caa_inherited(struct judgement *j)
{
    const struct lookup *l = j->caa.relevant;
    if (!judged_failing(j) || !l || l == &j->caa.level[0])
        return;
    struct finding *f = about_set(j, CAUSE_caa_inherited, NULL);
    finding_set(j, f, "level", l->name);
    const struct lookup *place = fix_caa_own_place(j, l);
    if (!place) {
        fix_advice(j, f,
                   "The domain is an alias and cannot have a set of its own: the change must be made at the "
                   "ancestor.");
        return;
    }
    if (!fix_caa_within_reach(j, l->end)) {
        fix_advice(j, f,
                   "The set that counts is somebody else's: a set of the domain's own is the smaller change, "
                   "and takes its place for this domain.");
        return;
    }
    size_t n = records_to_change(j);
    const char *own = name_equal(place->name, j->caa.level[0].name)
                          ? "a set of the domain's own"
                          : arena_printf(j->a, "a set at %s", place->name);
    const char *which =
        n > 1 ? arena_printf(j->a, "Instead of %zu records to be changed at %s, and the smaller change", n,
                             l->end)
        : n   ? arena_printf(j->a, "Instead of the change at %s, which is the smaller one", l->end)
              : arena_printf(j->a, "Instead of a change at %s", l->end);
    fix_caa_permit_at(j, f, place, meant(j),
                      arena_printf(j->a, "%s: %s ends the search there, so it names the other CAs and contacts, too.",
                                   which, own));
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
                    ? l->zone && !(l->fact->dns.flags & (DNS_AA | DNS_TC)) ? "an answer without authority"
                                                                           : "an answer that is not whole"
                    : rcode_name(l->fact->dns.rcode, buf));
    finding_set(j, f, "where",
                name_equal(l->name, j->caa.level[0].name) ? "" : ", an ancestor of the domain");
    finding_fact(j, f, l->udp);
    finding_fact(j, f, l->fact);
    finding_fact(j, f, l->cd);
    finding_fact(j, f, j->caa.ds.fact); /* the fact that br_may_permit rests on */
    finding_set(j, f, "rules", caa_requirements(j->r->purpose));
    return f;
}

/* A CAA set below the name whose lookup fails ends the search before that name is asked. */
static void fix_below(struct judgement *j, struct finding *f)
{
    const struct lookup *place = fix_caa_own_place(j, j->caa.failed);
    if (place)
        fix_caa_own_set(j, f, place)->text = arena_printf(
            j->a, "A set at %s ends the search before %s is asked.", place->name, j->caa.failed->name);
    finding_or(j, f);
    fix_advice(j, f, "Have the name servers of the failing zone answer for type CAA (257) like for any other type.");
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
    if (!judged_failing(j) || !j->caa.failed)
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
        /* The flag 128 on an unknown property would forbid every CA, so such a record gets 0. */
        const char *text = rr_rdata_text(j->a, r->rr), *flag = r->known == CAA_UNKNOWN ? "0" : "128";
        fix_caa_replace(j, f, r, text && text[0] == '1' ? arena_printf(j->a, "%s%s", flag, text + 1) : text);
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

/* The set as it would be with one record's tag exchanged for another: whether it permits. */
static bool permits_with(struct judgement *j, const struct caa_record *r, struct rr *instead)
{
    const struct caa_set *s = &j->caa.set;
    const struct rr **v = arena_array(j->a, s->n, sizeof *v);
    struct caa_set then;
    for (size_t i = 0; v && i < s->n; i++)
        v[i] = &s->v[i] == r ? instead : s->v[i].rr;
    return v && !caa_judge(j->a, j->r, v, s->n, &then) && then.code == CODE_NONE && !then.open;
}

void cause_caa_tag_typo(struct judgement *j)
{
    for (size_t i = 0; j->caa.relevant && i < j->caa.set.n; i++) {
        const struct caa_record *r = &j->caa.set.v[i];
        enum caa_tag near = r->broken || r->known != CAA_UNKNOWN ? CAA_UNKNOWN : caa_tag_near(r->tag);
        if (near == CAA_UNKNOWN)
            continue;
        struct finding *f = about_set(j, CAUSE_caa_tag_typo, r);
        finding_set(j, f, "near", caa_tag_name(near));
        struct rr *right = caa_retagged(j, r, near);
        if (right && permits_with(j, r, right))
            fix_caa_replace(j, f, r, rr_rdata_text(j->a, right));
        else
            fix_advice(j, f,
                       "With the right property the record would keep this CA out: correct it together with a record "
                       "that permits this CA.");
        return;
    }
}

void cause_caa_at_star(struct judgement *j)
{
    const char *base = arena_concat(j->a, j->r->adn, ".", NULL), *star = caa_star(j->a, j->r);
    struct lookup l;
    if (j->input_cause != CAUSE_NONE || !base || !star || lookup_read(j->a, j->ev, star, RR_CAA, &l) ||
        l.class != LOOKUP_DATA || l.hops)
        return;
    struct finding *f = finding_add(j, CAUSE_caa_at_star);
    finding_set(j, f, "owner", star);
    finding_set(j, f, "base", base);
    finding_fact(j, f, l.fact);
    fix_caa_move(j, f, l.rr, l.n, base);
}
