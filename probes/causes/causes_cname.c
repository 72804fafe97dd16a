/* causes_cname.c - causes for the CNAME methods: the CNAME is missing, or points to a wrong target. */
#include "ca/profile.h"
#include "causes/causes.h"
#include "causes/fix.h"
#include "methods/methods.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <string.h>
#include <strings.h>

/* ---------------------------------------------------------------- dns-cname-token -------------------- */

static bool cname_failing(const struct judgement *j)
{
    return judged_failing(j) && j->r->method == METHOD_DNS_CNAME_TOKEN && !j->cname.found;
}

static struct finding *about_cname(struct judgement *j, enum cause c, enum cname_place place)
{
    struct finding *f = finding_add(j, c);
    finding_set(j, f, "owner", j->cname.at[place].name);
    finding_set(j, f, "target", j->cname.target[place]);
    finding_fact(j, f, j->cname.at[place].fact);
    return f;
}

/* True for the right target with the zone's own name appended: "token.base.D", "token.base.Z". */
static bool is_relative(const struct judgement *j, const char *target)
{
    const char *base = j->r->profile->cname_base, *at = strcasestr(target, base);
    if (!at || at[strlen(base)] != '.')
        return false;
    const char *rest = at + strlen(base) + 1;
    return *rest && j->r->registrable && name_within(rest, j->r->registrable) && name_within(j->r->adn, rest);
}

void cause_cname_target_relative(struct judgement *j)
{
    const char *target = j->cname.target[CNAME_CURRENT];
    if (cname_failing(j) && target && is_relative(j, target)) {
        struct finding *f = about_cname(j, CAUSE_cname_target_relative, CNAME_CURRENT);
        fix_publish(j, f);
        return;
    }
    /* The same mistake with a target from the customer's list: "validate.host.net.D". */
    const struct target_view *t = &j->target;
    if (!judged_failing(j) || !t->target)
        return;
    for (size_t i = 0; i < j->r->allow_targets.n; i++) {
        const char *listed = j->r->allow_targets.v[i];
        size_t n = strlen(listed);
        if (n && listed[n - 1] == '.')
            n--;
        if (strncasecmp(t->target, listed, n) || t->target[n] != '.' || !t->target[n + 1] ||
            !name_within(j->r->adn, t->target + n + 1))
            continue;
        struct finding *f = finding_add(j, CAUSE_cname_target_relative);
        finding_set(j, f, "owner", t->found->name);
        finding_set(j, f, "target", t->target);
        finding_fact(j, f, t->found->fact);
        fix_target(j, f, t->found->rr[0], listed);
        return;
    }
}

/* The target is the value without the base name, or the base name without the value. */
void cause_cname_target_incomplete(struct judgement *j)
{
    const char *target = j->cname.target[CNAME_CURRENT], *token = j->r->token;
    if (!cname_failing(j) || !target || !token)
        return;
    size_t n = strlen(token);
    const char *label = profile_bare_value(j->r->profile, target);
    bool token_alone = !strncasecmp(label, token, n) && label[n] == '.';
    bool base_alone = name_equal(target, j->r->profile->cname_base);
    if (!token_alone && !base_alone)
        return;
    struct finding *f = about_cname(j, CAUSE_cname_target_incomplete, CNAME_CURRENT);
    finding_set(j, f, "what", token_alone ? j->r->profile->cname_base : token);
    fix_publish(j, f);
}

void cause_cname_other_target(struct judgement *j)
{
    const char *target = j->cname.target[CNAME_CURRENT];
    if (!cname_failing(j) || !target)
        return;
    struct finding *f = about_cname(j, CAUSE_cname_other_target, CNAME_CURRENT);
    fix_publish(j, f);
}

static bool empty(const struct lookup *l)
{
    return l->class == LOOKUP_NODATA || l->class == LOOKUP_NXDOMAIN;
}

void cause_cname_absent(struct judgement *j)
{
    /* the retired name has no CNAME, or one that does not pass */
    bool nothing = empty(&j->cname.at[CNAME_RETIRED]) || j->cname.target[CNAME_RETIRED];
    if (!cname_failing(j) || !j->cname.at[CNAME_CURRENT].name || !empty(&j->cname.at[CNAME_CURRENT]) || !nothing)
        return;
    struct finding *f = about_cname(j, CAUSE_cname_absent, CNAME_CURRENT);
    finding_fact(j, f, j->cname.at[CNAME_RETIRED].fact);
    finding_set(j, f, "base", j->r->profile->cname_base);
    finding_set(j, f, "token", fix_shown_value(j));
    fix_publish(j, f);
}

/* The nearest name above the domain at which the label fits; NULL where there is none that the CA may check at. */
static const char *fitting_above(struct judgement *j)
{
    const char *d = name_parent(j->r->adn);
    while (d && !checked_below(j->a, j->r->profile->txt_label, d))
        d = name_parent(d);
    return d && j->r->registrable && name_within(d, j->r->registrable) ? d : NULL;
}

void cause_name_too_long_for_label(struct judgement *j)
{
    if (!cname_failing(j) || j->report->challenge == CHALLENGE_NONE || j->cname.at[CNAME_CURRENT].name)
        return;
    struct finding *f = finding_add(j, CAUSE_name_too_long_for_label);
    finding_set(j, f, "label", j->r->profile->txt_label);
    finding_set(j, f, "length", arena_printf(j->a, "%zu", strlen(j->r->adn)));
    struct fix *x = finding_fix(j, f, FIX_INPUT);
    x->argument = "method";
    x->value = method_name(METHOD_DNS_TXT_TOKEN);
    x->text = "A TXT record counts at the domain itself, too, without a label in front.";
    if (fix_value(j))
        fix_add_txt_at(j, f, arena_printf(j->a, "%s.", j->r->adn), fix_value(j));
    const char *above = fitting_above(j);
    if (!above)
        return;
    finding_or(j, f);
    x = finding_fix(j, f, FIX_INPUT);
    x->argument = "adn";
    x->value = above;
    x->text = "Have the CA check at this name: it counts for all names below.";
}

void cause_cname_retired_form(struct judgement *j)
{
    const struct dated_rows *rows = &j->r->profile->retired_cname;
    bool pass = j->report->verdict == VERDICT_PASS, taken = dated_value(rows, j->r->now);
    if (!j->cname.retired || (!pass && (!judged_failing(j) || taken)))
        return;
    const char *until = dated_until(j->a, rows, j->r->now);
    struct finding *f = about_cname(j, CAUSE_cname_retired_form, CNAME_RETIRED);
    finding_set(j, f, "current", j->cname.at[CNAME_CURRENT].name);
    finding_set(j, f, "when",
                taken && until ? arena_concat(j->a, "refuses from ", until, " on", NULL)
                : taken        ? "may stop accepting at any time"
                               : arena_concat(j->a, "refuses", dated_words(j->a, rows, j->r->now), NULL));
    fix_publish(j, f);
}

/* ---------------------------------------------------------------- dns-cname-target ------------------- */

void cause_target_absent(struct judgement *j)
{
    const struct target_view *t = &j->target;
    if (!judged_failing(j) || t->found || t->no_step || !t->at[0].name || !empty(&t->at[0]) || !empty(&t->at[1]))
        return;
    struct finding *f = finding_add(j, CAUSE_target_absent);
    finding_set(j, f, "owner", t->at[0].name);
    finding_set(j, f, "second", t->at[1].name ? arena_printf(j->a, " nor at %s", t->at[1].name)
                                              : fix_too_long(j, j->r->profile->target_label));
    finding_fact(j, f, t->at[0].fact);
    finding_fact(j, f, t->at[1].fact);
    /* The apex of a zone cannot hold a CNAME beside its SOA (RFC 1034 3.6.2): the label below the apex always
     * can. */
    fix_target_at(j, f, t->at[t->at[1].name ? 1 : 0].name);
}

static struct finding *about_target(struct judgement *j, enum cause c)
{
    struct finding *f = finding_add(j, c);
    finding_set(j, f, "owner", j->target.found->name);
    finding_set(j, f, "target", j->target.target);
    finding_fact(j, f, j->target.found->fact);
    return f;
}

static bool target_code(const struct judgement *j, enum code c)
{
    return judged_failing(j) && j->r->method == METHOD_DNS_CNAME_TARGET && j->report->error.code == c;
}

/* Another method that proves control of the same name. */
static void use_txt(struct judgement *j, struct finding *f, const char *text)
{
    struct fix *x = finding_fix(j, f, FIX_INPUT);
    x->argument = "method";
    x->value = method_name(METHOD_DNS_TXT_TOKEN);
    x->text = text;
}

static void set_own_cname_rule(struct judgement *j, struct finding *f)
{
    finding_set(j, f, "rule", dated_words(j->a, &j->r->profile->own_cname_only, j->r->now));
}

void cause_target_with_wildcard(struct judgement *j)
{
    const struct target_view *t = &j->target;
    if (!judged_failing(j) || !t->no_step)
        return;
    struct finding *f = finding_add(j, CAUSE_target_with_wildcard);
    finding_set(j, f, "domain", j->r->domain);
    set_own_cname_rule(j, f);
    for (size_t i = 0; i < 2; i++)
        if (t->at[i].name && t->at[i].class == LOOKUP_DATA)
            finding_fact(j, f, t->at[i].fact);
    use_txt(j, f, "A TXT record proves the domain with all names below it; so does the CNAME of dns-cname-token.");
}

void cause_target_above(struct judgement *j)
{
    const struct target_view *t = &j->target;
    if (!judged_failing(j) || t->no_step || t->found || !t->above)
        return;
    struct finding *f = finding_add(j, CAUSE_target_above);
    finding_set(j, f, "owner", t->above->name);
    finding_set(j, f, "below",
                j->r->own_registrable ? arena_concat(j->a, "what the CNAME of ", j->r->domain, " leads to", NULL)
                                      : j->r->domain);
    set_own_cname_rule(j, f);
    finding_fact(j, f, t->above->fact);
    struct fix *x = finding_fix(j, f, FIX_INPUT);
    x->argument = "adn";
    x->value = j->r->domain;
    x->text = "Have the CA look at the ordered name itself, and put the CNAME there.";
    finding_or(j, f);
    use_txt(j, f, "Use a TXT record, which may stand at a name above.");
}

void cause_target_at_label_only(struct judgement *j)
{
    const struct target_view *t = &j->target;
    if (j->report->verdict != VERDICT_PASS || !t->found || name_equal(t->found->name, t->at[0].name) ||
        (!empty(&t->at[0]) && !t->above) || !dated_value(&j->r->profile->own_cname_only, j->r->now))
        return;
    struct finding *f = finding_add(j, CAUSE_target_at_label_only);
    finding_set(j, f, "owner", t->found->name);
    finding_set(j, f, "domain", j->r->domain);
    set_own_cname_rule(j, f);
    finding_fact(j, f, t->found->fact);
    finding_fact(j, f, t->at[0].fact);
    fix_advice(
        j, f,
        "Where the domain's own name can be an alias (it is not the apex of a zone and has no other records), put "
        "the CNAME there as well. Where it cannot, a TXT record (dns-txt-token) is the safe way.");
}

void cause_target_malformed(struct judgement *j)
{
    if (!target_code(j, CODE_malformed_cname_target))
        return;
    struct finding *f = about_target(j, CAUSE_target_malformed);
    finding_set(j, f, "what", j->target.problem);
    fix_target(j, f, j->target.found->rr[0], NULL);
}

void cause_target_not_allowed(struct judgement *j)
{
    if (!target_code(j, CODE_invalid_cname_whitelist))
        return;
    struct finding *f = about_target(j, CAUSE_target_not_allowed);
    if (j->r->allow_targets.n)
        fix_target(j, f, j->target.found->rr[0], NULL);
    fix_advice(j, f, "Ask the CA's support to put this target on the account's list of allowed targets.");
}

void cause_target_not_validated(struct judgement *j)
{
    if (!target_code(j, CODE_invalid_cname_validation))
        return;
    const struct profile *p = j->r->profile;
    struct finding *f = about_target(j, CAUSE_target_not_validated);
    finding_set(j, f, "days", arena_printf(j->a, "%d", dated_value(&p->reuse_days, j->r->now)));
    finding_set(j, f, "rule", dated_words(j->a, &p->reuse_days, j->r->now));
    fix_advice(
        j, f,
        "Have the target domain itself validated first, by any DCV method, then check this domain again.");
}
