/* prove_keeps.c - what a cure takes away: answers of other names, other methods that pass, the permission of other CAs,
 * records of other services. */
#include "judge/prove_inner.h"

#include "base/text.h"
#include "ca/persist.h"
#include "ca/profile.h"
#include "evidence/view.h"
#include "judge/judge_inner.h"
#include "methods/methods.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <errno.h>
#include <stdalign.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/* ---------------------------------------------------------------- what else changes ------------------- */

/* The operation that removes or replaces a record; NULL: none does. */
static const struct fix *gone_by(const struct trying *t, const struct rr *rr)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct fix *x = &t->ops[i];
        const char *gone = x->op == FIX_REMOVE ? x->rdata : x->op == FIX_REPLACE ? x->old_rdata : NULL;
        char type[16];
        if (!gone || !x->owner || !x->type || !name_equal(x->owner, rr->owner) ||
            strcmp(x->type, rr_type_name(rr->type, type)) != 0)
            continue;
        const char *text = rr_rdata_text(t->a, rr);
        if (text && !strcmp(text, gone))
            return x;
    }
    return NULL;
}

/* A cure keeps the order of the records that it leaves, so the search goes on at *at, behind the last one found. */
static bool answers_with(const struct model_reply *r, const struct rr *rr, size_t *at)
{
    for (size_t i = 0; i < r->answer.n; i++) {
        const struct rr *x = &r->answer.v[*at];
        *at = (*at + 1) % r->answer.n;
        if (x->type == rr->type && rr_same(x, rr) && name_equal(x->owner, rr->owner))
            return true;
    }
    return false;
}

/* True where a record to be removed is the CNAME of this CA's own method by what it says. */
static bool of_validation(const struct trying *t, const struct rr *rr)
{
    const struct request *r = t->p->j->r;
    const char *target = rr_target(t->a, rr);
    return (r->token && strcasestr(rr->owner, r->token)) || !target || name_within(target, r->profile->cname_base);
}

/* True where an alias leads to a name for validation in another place. */
static bool to_label(const struct trying *t, const struct rr *rr)
{
    const char *target = rr_target(t->a, rr), *label = t->p->j->r->profile->txt_label;
    size_t n = strlen(label);
    return target && !strncasecmp(target, label, n) && target[n] == '.';
}

static void would_break(struct trying *t, const char *sentence)
{
    if (sentence && !texts_have(&t->trial->breaks, sentence))
        texts_add(t->p->a, &t->trial->breaks, sentence);
}

/* ---- TXT records of others */

/* What stops with a TXT record that begins so, by the standards that say what such a record is for. */
static const struct {
    const char *begins, *stops;
} known_texts[] = {
    {"v=spf1", "receivers could no longer tell its own mail from forged mail (it is the SPF policy)"},
    {"v=DMARC1", "receivers would no longer know what to do with forged mail (it is the DMARC policy)"},
    {"v=DKIM1", "signatures of its mail could no longer be verified (it is a DKIM key)"},
    {"v=STSv1", "mail to it might be sent without TLS (it is the MTA-STS policy)"},
    {"v=TLSRPTv1", "reports about TLS of its mail would stop"},
};

/* True for the value of an order or of the like: one word of letters, digits and what tokens have besides. */
static bool is_token(struct bytes text)
{
    enum { LEAST = 16 };
    for (size_t i = 0; i < text.n; i++)
        if (!memchr("-_", text.p[i], 2) && !((text.p[i] | 0x20) >= 'a' && (text.p[i] | 0x20) <= 'z') &&
            !(text.p[i] >= '0' && text.p[i] <= '9'))
            return false;
    return text.n >= LEAST;
}

/* True where the text is the value of this order, or one for this account, in the wrong place or with a mistake. */
static bool of_this_order(const struct trying *t, struct bytes text)
{
    const struct request *r = t->p->j->r;
    struct persist_record record;
    if (r->token && memmem(text.p, text.n, r->token, strlen(r->token)))
        return true;
    return r->method == METHOD_DNS_PERSIST && !persist_read(t->a, r, text, &record) &&
           !(record.faults & PERSIST_FOREIGN) && (!(record.faults & PERSIST_ACCOUNT) || record.other_form);
}

/* True for a record of dns-persist by which another account, or another CA, goes on proving the domain. */
static bool of_another_account(const struct trying *t, struct bytes text)
{
    struct persist_record record;
    struct bytes account;
    return t->p->j->r->method == METHOD_DNS_PERSIST && !persist_read(t->a, t->p->j->r, text, &record) &&
           record.value.sound && caa_parameter(&record.value, "accounturi", &account) == 1 && account.n &&
           !record.until_fault;
}

/* What stops where a TXT record goes that is not one of this order, as the end of a sentence; NULL: nothing. */
static const char *text_stops(struct trying *t, const struct rr *rr, const struct fix *by)
{
    struct bytes text = txt_joined(t->a, rr);
    if (!text.p || of_this_order(t, text))
        return NULL;
    for (size_t i = 0; i < sizeof known_texts / sizeof *known_texts; i++)
        if (text.n >= strlen(known_texts[i].begins) &&
            !strncasecmp((const char *)text.p, known_texts[i].begins, strlen(known_texts[i].begins)))
            return known_texts[i].stops;
    if (of_another_account(t, text))
        return "the account that it names could no longer order by it";
    /* What is replaced is the value of this order with a mistake in it. */
    if (by->op == FIX_REPLACE || is_token(text))
        return NULL;
    return memchr(text.p, '=', text.n) ? "the service that finds its own verification there might stop"
                                       : "whatever it is for might stop";
}

static bool breaks_text(struct trying *t, const struct rr *rr, const struct fix *by)
{
    enum { SHOWN = 60 };
    const char *stops = rr->type == RR_TXT ? text_stops(t, rr, by) : NULL;
    struct bytes text = stops ? txt_joined(t->a, rr) : (struct bytes){0};
    const char *shown = text.p ? text_escape(t->a, (const char *)text.p, text.n, SHOWN) : NULL;
    if (shown)
        would_break(t, arena_printf(t->a, "The TXT record \"%s\" at %s would be gone: %s.", shown, rr->owner, stops));
    return shown;
}

/* ---- names */

/* Doubts that a CNAME record may go, unless nobody can use it: all that it leads to is known, and is nothing. */
static int doubt_alias(struct trying *t, const char *name)
{
    static const uint16_t used[] = {RR_A, RR_AAAA, RR_MX};
    bool known = true;
    for (size_t i = 0; i < sizeof used / sizeof *used && known; i++) {
        struct model_reply reply;
        if (model_answer(&t->now, model_servers, name, used[i], &reply))
            return -ENOMEM;
        known = reply.kind != MODEL_NOT_KNOWN;
    }
    if (!known)
        trial_doubt(t, arena_printf(t->a, "Whether anybody uses the CNAME at %s for something else is not known.",
                                    name));
    return 0;
}

/* An alias at a name for validation may lead to where another program publishes its own values. */
static int doubt_label_alias(struct trying *t, const char *name)
{
    const struct fix removal = {.op = FIX_REMOVE};
    struct model_reply reply;
    if (model_answer(&t->now, model_servers, name, RR_TXT, &reply))
        return -ENOMEM;
    for (size_t i = 0; i < reply.answer.n; i++) {
        const struct rr *rr = &reply.answer.v[i];
        struct bytes text = rr->type == RR_TXT && !rr->defect ? txt_joined(t->a, rr) : (struct bytes){0};
        if (text.n && (is_token(text) ? !of_this_order(t, text) : text_stops(t, rr, &removal) != NULL))
            trial_doubt(t, arena_printf(t->a,
                                        "The alias at %s leads to a TXT record of another: whether a program keeps "
                                        "validating by it is not known.",
                                        name));
    }
    return 0;
}

/* Whether a record that a name answers with may go: one of validation that the cure removes, or what a wildcard
 * answered at a name that no host has. */
static bool may_go(struct trying *t, const struct model_name *n, const struct rr *rr)
{
    const struct fix *by = gone_by(t, rr);
    if (by && breaks_text(t, rr, by))
        return true; /* it is said */
    bool alias = by && rr->type == RR_CNAME && name_equal(rr->owner, n->name) && !of_validation(t, rr);
    int rc = !alias                      ? 0
             : model_of_no_host(n->name) ? doubt_label_alias(t, n->name)
             : to_label(t, rr)           ? 0
                                         : doubt_alias(t, n->name);
    if (rc)
        return false;
    if (model_of_no_host(n->name))
        return !name_equal(rr->owner, n->name) || n->state != MODEL_OWN || by;
    if (!by)
        return false;
    const char *target = rr->type == RR_DNAME ? rr_target(t->a, rr) : NULL;
    if (target && name_within(target, rr->owner))
        return true; /* it leads into itself, so nothing answers by it */
    return rr->type == RR_TXT || rr->type == RR_CAA || rr->type == RR_CNAME;
}

static int compare_name(struct trying *t, const struct model_name *n, uint16_t type)
{
    struct arena *a = t->a;
    struct model_reply before, now;
    if (model_answer(&t->now, model_servers, n->name, type, &before) ||
        model_answer(&t->after, model_servers, n->name, type, &now))
        return -ENOMEM;
    if (before.kind != MODEL_DATA || model_same(&before, &now))
        return 0;
    size_t at = 0;
    for (size_t i = 0; i < before.answer.n; i++) {
        const struct rr *rr = &before.answer.v[i];
        char text[16];
        if (answers_with(&now, rr, &at) || may_go(t, n, rr))
            continue;
        const char *type_text = rr_type_name(rr->type, text), *parent = name_parent(n->name);
        if (now.kind == MODEL_NOT_KNOWN)
            trial_doubt(t, arena_printf(a, "Whether %s goes on answering as it does is not known.", n->name));
        else if (model_random(&t->now, parent) == n)
            would_break(t,
                        arena_printf(a, "Names below %s would lose their %s record, which a wildcard gives them now.",
                                     parent, type_text));
        else
            would_break(t, arena_printf(a, "%s would no longer answer with its %s record.", n->name, type_text));
        return 0;
    }
    return 0;
}

/* The sets at the name, and where it is an alias, those that hosts have at the end of it. */
static int compare_sets(struct trying *t, const struct model_name *n)
{
    bool near = model_touched(&t->after, n->name), alias = false;
    int rc = 0;
    for (const struct model_set *s = n->sets; s && !rc; s = s->next) {
        alias = alias || (s->n && s->type == RR_CNAME);
        if (s->n && (near || s->type == RR_CNAME) && s->type != RR_NS)
            rc = compare_name(t, n, s->type);
    }
    for (size_t i = 0; i < near_host_types_n && alias && !rc; i++)
        rc = compare_name(t, n, near_host_types[i]);
    return rc;
}

static int compare_names(struct trying *t)
{
    int rc = 0;
    for (const struct model_name *n = t->p->now.first; n && !rc; n = n->next)
        rc = compare_sets(t, n);
    return rc;
}

/* The verdict for a request. The memory for it goes again: a set of a thousand records is judged a dozen times. */
static int verdict_of(const struct request *r, const struct evidence *ev, enum verdict *ret)
{
    alignas(max_align_t) unsigned char first[TRIAL_FIRST_BYTES];
    struct arena *a = arena_over(first, sizeof first, TRIAL_BYTES);
    struct report report;
    int rc = judge_verdict(r, ev, a, &report);
    *ret = rc ? VERDICT_UNDECIDED : report.verdict;
    arena_free(a);
    return rc;
}

static int passes(const struct request *r, const struct evidence *ev, bool *ret)
{
    enum verdict v;
    int rc = verdict_of(r, ev, &v);
    *ret = !rc && v == VERDICT_PASS;
    return rc;
}

struct request trial_request(const struct trying *t)
{
    struct request r = *t->p->j->r;
    r.depth = DEPTH_QUICK;
    r.perspectives.n = 0;
    return r;
}

/* The domain's other methods that pass by the same facts. */
static int compare_methods(struct trying *t, enum method chosen)
{
    struct request r = trial_request(t);
    int rc = 0;
    for (unsigned m = 0; m < METHOD_COUNT && !rc; m++) {
        bool before, now;
        r.method = (enum method)m;
        if (r.method == chosen || r.method == t->p->j->r->method || method_is_file(r.method) ||
            !method_rules(r.method)->fits(&r))
            continue;
        rc = passes(&r, t->p->j->ev, &before);
        if (!rc && before)
            rc = passes(&r, &t->ev, &now);
        if (!rc && before && !now)
            would_break(t, arena_printf(t->a, "The method %s, which passes now, would no longer.",
                                        method_name(r.method)));
    }
    return rc;
}

static bool touches_caa(const struct trying *t)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->ops[i].type && !strcmp(t->ops[i].type, "CAA"))
            return true;
    return false;
}

/* ---- other CAs */

/* Whether a CA may issue, where account and method are left open: what depends on them alone is undecided. */
static int may_issue(const struct request *r, const struct evidence *ev, bool *ret)
{
    enum verdict v;
    int rc = verdict_of(r, ev, &v);
    *ret = !rc && v != VERDICT_FAIL;
    return rc;
}

/* A CA that no record names: what it may, any CA may. */
#define ANY_CA "ca.invalid"

/* Another CA that the records permit goes on being permitted, for a name and for its wildcard. less: a record that
 * keeps CAs out goes; it must not let all of them in. */
static int compare_issuer(struct trying *t, const char *domain, const char *issuer, enum purpose purpose, bool less)
{
    bool any = !strcmp(issuer, ANY_CA);
    struct request r = trial_request(t);
    const char *only[] = {issuer};
    int rc = 0;
    r.issuers = (struct texts){only, 1};
    r.purpose = purpose;
    r.domain = r.adn = domain;
    r.methods = 0;
    r.validation_methods.n = 0;
    r.account_uri = r.caa_account = NULL;
    for (int wild = 0; wild < 2 && !rc; wild++) {
        bool before, now;
        const char *star = wild ? "*." : "";
        r.wildcard = wild;
        rc = may_issue(&r, t->p->j->ev, &before);
        if (!rc)
            rc = may_issue(&r, &t->ev, &now);
        if (!rc && before && !now)
            would_break(t, arena_printf(t->a, "%s could no longer issue for %s%s.",
                                        any ? "CAs that no record names" : issuer, star, domain));
        if (!rc && any && !before && now && less)
            would_break(t, arena_printf(t->a, "Any CA could issue for %s%s, which its CAA records forbid now.", star,
                                        domain));
    }
    return rc;
}

/* The names that have the permissions of the records: the domain, and where records go further up, that name. */
static void names_concerned(struct trying *t, struct texts *ret)
{
    texts_add(t->a, ret, t->p->j->r->domain);
    for (size_t i = 0; i < t->n; i++) {
        const struct fix *x = &t->ops[i];
        bool goes = x->op != FIX_ADD && x->owner && x->type && !strcmp(x->type, "CAA");
        const char *owner = goes ? arena_strndup(t->a, x->owner, strlen(x->owner) - 1) : NULL;
        if (owner && !texts_have(ret, owner))
            texts_add(t->a, ret, owner);
    }
}

/* The same for each name concerned. */
static int compare_issuer_all(struct trying *t, const char *issuer, enum purpose purpose)
{
    const struct caa_set *s = &t->p->j->caa.set;
    struct texts names = {0};
    bool less = false;
    int rc = 0;
    for (size_t i = 0; i < s->n; i++)
        less = less || ((s->v[i].known == CAA_ISSUE || s->v[i].known == CAA_ISSUEWILD) && s->v[i].sound &&
                        gone_by(t, s->v[i].rr));
    names_concerned(t, &names);
    for (size_t i = 0; i < names.n && !rc; i++)
        rc = compare_issuer(t, names.v[i], issuer, purpose, less);
    return rc;
}

/* True for a record that was meant for this CA, and that the cure puts right. */
static bool corrected(const struct trying *t, const struct rr *rr)
{
    const char *text = rr_rdata_text(t->a, rr);
    for (size_t i = 0; text && i < t->n; i++)
        if (t->ops[i].op == FIX_REPLACE && t->ops[i].old_rdata && !strcmp(t->ops[i].old_rdata, text))
            return true;
    return false;
}

/* True for an issue record of this CA beside issuewild records, which count instead of it. *asks: it has parameters. */
static bool set_aside(struct trying *t, const struct caa_record *r, bool *asks)
{
    const struct texts *ids = caa_issuers(t->p->j->r);
    struct caa_record read = *r;
    bool ours = false, aside = !r->broken && r->known == CAA_ISSUE && !r->applies && t->p->j->r->wildcard &&
                               caa_value_parse(t->a, &read);
    for (size_t i = 0; aside && i < ids->n && !ours; i++)
        ours = read.issuer.n == strlen(ids->v[i]) &&
               !strncasecmp((const char *)read.issuer.p, ids->v[i], read.issuer.n);
    *asks = ours && read.n_parameters;
    return ours;
}

/* True where the owner has a record of this CA without parameters, or meant one that the cure puts right: there is no
 * restriction to keep. */
static bool unrestricted(const struct trying *t, const struct caa_record *r)
{
    struct rr rr = {.type = RR_CAA};
    if ((r->applies && r->sound && r->names_us && !r->n_parameters) || corrected(t, r->rr))
        return true;
    for (size_t i = 0; i < t->n && r->known == CAA_UNKNOWN && !r->broken; i++)
        if (t->ops[i].op == FIX_ADD && t->ops[i].rdata && !strcmp(t->ops[i].type, "CAA") &&
            !rr_rdata_from_text(t->a, t->ops[i].rdata, &rr) && rr.rdlen > r->value.n && r->value.n &&
            !memcmp(rr.rdata + rr.rdlen - r->value.n, r->value.p, r->value.n))
            return true;
    return false;
}

/* The records of this CA that ask for an account or a method go on doing so: none is added that does not. */
static int compare_restriction(struct trying *t)
{
    static const char another[] = "another", uri[] = "x:another";
    const struct caa_set *s = &t->p->j->caa.set;
    struct request r = trial_request(t);
    const char *only[] = {another};
    bool restricted = false, before, now = false;
    for (size_t i = 0; i < s->n; i++) {
        bool asks, aside = set_aside(t, &s->v[i], &asks);
        if (unrestricted(t, &s->v[i]) || (aside && !asks))
            return 0;
        restricted = restricted || aside || (s->v[i].applies && s->v[i].sound && s->v[i].names_us);
    }
    if (!restricted)
        return 0;
    r.validation_methods = (struct texts){only, 1};
    r.account_uri = uri;
    r.caa_account = another;
    int rc = may_issue(&r, t->p->j->ev, &before);
    if (!rc && !before)
        rc = may_issue(&r, &t->ev, &now);
    if (!rc && now)
        would_break(t, "The records permit this CA for some accounts or methods only: that would no longer hold.");
    return rc;
}

static int compare_issuers(struct trying *t)
{
    enum { ISSUERS_MOST = 12 };
    struct arena *a = t->a;
    const struct judgement *j = t->p->j;
    struct texts seen = {0};
    int rc = compare_restriction(t);
    if (!rc)
        rc = compare_issuer_all(t, ANY_CA, j->r->purpose);
    for (size_t i = 0; i < j->caa.set.n && seen.n < ISSUERS_MOST && !rc; i++) {
        const struct caa_record *r = &j->caa.set.v[i];
        struct caa_record read = *r; /* of a property that does not apply here the value is not read yet */
        bool of_issuing = r->known == CAA_ISSUE || r->known == CAA_ISSUEWILD || r->known == CAA_ISSUEMAIL;
        bool names = !r->broken && of_issuing && caa_value_parse(a, &read) && read.issuer.n && !r->names_us &&
                     !corrected(t, r->rr);
        const char *issuer = names ? arena_strndup(a, read.issuer.p, read.issuer.n) : NULL;
        if (!issuer || texts_have(&seen, issuer))
            continue;
        texts_add(a, &seen, issuer);
        rc = compare_issuer_all(t, issuer, r->known == CAA_ISSUEMAIL ? PURPOSE_SMIME : PURPOSE_TLS);
    }
    return rc;
}

int trial_compare(struct trying *t, enum method chosen)
{
    int rc = compare_names(t);
    if (!rc)
        rc = compare_methods(t, chosen);
    if (!rc && touches_caa(t))
        rc = compare_issuers(t);
    return rc;
}
