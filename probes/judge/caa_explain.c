#include "judge/caa_explain.h"

#include "ca/profile.h"
#include "judge/opinion.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { QUOTED_MOST = 60 }; /* the most characters of a value that a sentence quotes */

static const char *const found_names[] = {
#define ROW(sym, text) [sym] = text,
    CAA_FOUND(ROW)
#undef ROW
};
static const char *const effect_names[] = {
#define ROW(sym, text) [sym] = text,
    CAA_EFFECTS(ROW)
#undef ROW
};

const char *caa_found_name(enum caa_found f)
{
    return found_names[f];
}

const char *caa_effect_name(enum caa_effect e)
{
    return effect_names[e];
}

char *caa_zone_text(struct arena *a, struct bytes b)
{
    size_t room = 1;
    for (size_t i = 0; i < b.n; i++)
        room += b.p[i] == '"' || b.p[i] == '\\' ? 2 : b.p[i] >= ' ' && b.p[i] <= '~' ? 1 : 4;
    char *text = arena_alloc(a, room), *p = text;
    for (size_t i = 0; text && i < b.n; i++) {
        uint8_t c = b.p[i];
        if (c == '"' || c == '\\')
            *p++ = '\\';
        if (c >= ' ' && c <= '~')
            *p++ = (char)c;
        else
            p += sprintf(p, "\\%03u", c);
    }
    return text;
}

/* The beginning of a value, escaped and between quotes, for use within a sentence. */
static const char *quoted(struct arena *a, struct bytes b)
{
    bool whole = b.n <= QUOTED_MOST;
    const char *text = caa_zone_text(a, whole ? b : (struct bytes){b.p, QUOTED_MOST});
    return text ? arena_printf(a, "“%s%s”", text, whole ? "" : "…") : "";
}

/* ---------------------------------------------------------------- records ---------------------------- */

static const char *all(struct arena *a, const struct texts *t)
{
    const char *list = t->n ? t->v[0] : "";
    for (size_t i = 1; i < t->n && i < 8 && list; i++)
        list = arena_printf(a, "%s, %s", list, t->v[i]);
    return list ? list : "";
}

/* Why an account parameter is not met. ours: the account of the request; NULL where none was given. */
static const char *account_unmet(struct arena *a, const struct caa_record *r, const char *tag,
                                 const char *ours)
{
    struct bytes v = {0};
    size_t n = caa_parameter(r, tag, &v);
    const char *value = quoted(a, v);
    if (n > 1)
        return arena_printf(
            a, "Applies and names this CA, but it gives the parameter %s %zu times: that is met by nobody.",
            tag, n);
    if (r->open)
        return arena_printf(
            a,
            "Applies and names this CA, but only with the parameter %s=%s, and no account was given to "
            "compare it with.",
            tag, value);
    if (!ours)
        return arena_printf(a, "Applies and names this CA, but no account can meet its parameter %s=%s.", tag, value);
    struct bytes own = {(const uint8_t *)ours, strlen(ours)};
    if (own.n == v.n && !memcmp(own.p, v.p, v.n))
        return arena_printf(a, "Applies and names this CA, but its parameter %s is no valid URI: %s.", tag,
                            value);
    return arena_printf(a, "Applies and names this CA, but only for %s=%s, and the account given is %s.", tag,
                        value, quoted(a, own));
}

static const char *methods_unmet(struct arena *a, const struct request *q, const struct caa_record *r)
{
    struct bytes v = {0};
    size_t n = caa_parameter(r, "validationmethods", &v);
    struct texts in_use = caa_methods_in_use(a, q);
    if (n > 1)
        return arena_printf(a,
                            "Applies and names this CA, but it gives the parameter validationmethods %zu "
                            "times: that is met by "
                            "nobody.",
                            n);
    return arena_printf(
        a, "Applies and names this CA, but its parameter validationmethods lists %s, and %s%s.", quoted(a, v),
        in_use.n ? "in use is " : "no method in use was given", in_use.n ? all(a, &in_use) : "");
}

/* The effect of a record whose tag is the one that counts, and the reason for it. */
static const char *why_applicable(struct arena *a, const struct request *q, const struct caa_record *r)
{
    if (!r->sound)
        return arena_printf(
            a, "Applies, but breaks the grammar at %s, and permits nobody. Expected there is %s.",
            r->error_at < r->value.n ? arena_printf(a, "byte %zu of its value", r->error_at)
                                     : "the end of its value",
            r->error);
    if (!r->names_us)
        return r->issuer.n ? arena_printf(a, "Applies, and names another CA than this one (%s): %s.",
                                          caa_issuers(q)->v[0], quoted(a, r->issuer))
                           : "Applies, and names nobody: by itself it forbids every CA.";
    switch (r->unmet) {
    case CAA_MET:
        return "Applies and names this CA.";
    case CAA_ACCOUNT:
        return account_unmet(a, r, q->profile->caa_account, q->caa_account);
    case CAA_ACCOUNT_URI:
        return account_unmet(a, r, "accounturi", q->account_uri);
    case CAA_METHODS:
        return methods_unmet(a, q, r);
    }
    return "";
}

static const char *why_not_applicable(struct arena *a, const struct request *q, const struct caa_record *r)
{
    if (r->broken)
        return arena_printf(a, "It cannot be read: %s. No CA may issue while it is there.",
                            r->rr->defect ? r->rr->defect : "tag and value do not fit into it");
    switch (r->known) {
    case CAA_UNKNOWN:
        if (r->critical)
            return "A property that nobody knows, marked critical: no CA may issue while it is there.";
        return r->legal_tag ? "Does not apply: a property that nobody knows, and not marked critical."
                            : "Does not apply: its tag is not letters and digits.";
    case CAA_IODEF:
    case CAA_CONTACTEMAIL:
    case CAA_CONTACTPHONE:
        return "Does not apply: it names a contact and restricts nothing.";
    case CAA_ISSUE:
        if (q->purpose == PURPOSE_TLS)
            return "Does not apply: for a wildcard name the issuewild records of the set take its place.";
        break;
    case CAA_ISSUEWILD:
        if (q->purpose == PURPOSE_TLS)
            return q->wildcard ? "" : "Does not apply: it is for wildcard names, and this is none.";
        break;
    case CAA_ISSUEMAIL:
    case CAA_ISSUEVMC:
        break;
    }
    static const char *const kinds[] = {
        [PURPOSE_TLS] = "TLS", [PURPOSE_SMIME] = "S/MIME", [PURPOSE_VMC] = "mark (VMC)"};
    return arena_printf(a, "Does not apply: it is not for %s certificates.", kinds[q->purpose]);
}

static enum caa_effect effect(const struct caa_record *r)
{
    if (r->broken || (r->critical && r->known == CAA_UNKNOWN))
        return CAA_FORBIDS;
    if (!r->applies)
        return CAA_NONE;
    if (!r->sound)
        return CAA_MALFORMED;
    if (!r->names_us)
        return CAA_OTHER;
    return r->unmet == CAA_MET ? CAA_PERMITS : r->open ? CAA_OPEN : CAA_UNMET;
}

static void explain_set(struct judgement *j, struct caa_derivation *d)
{
    const struct caa_view *v = &j->caa;
    struct arena *a = j->a;
    bool wild = false;
    d->relevant = &d->climb[v->relevant - v->level];
    d->owner = v->relevant->end;
    d->fact = v->relevant->fact;
    d->records = arena_array(a, v->set.n, sizeof *d->records);
    for (size_t i = 0; d->records && i < v->set.n; i++) {
        const struct caa_record *r = &v->set.v[i];
        wild = wild || r->known == CAA_ISSUEWILD;
        d->records[d->n_records++] = (struct caa_line){
            .record = r,
            .effect = effect(r),
            .because = r->applies ? why_applicable(a, j->r, r) : why_not_applicable(a, j->r, r)};
    }
    if (v->set.n_applicable)
        d->property = caa_tag_name(caa_tag_for(j->r->purpose, wild && j->r->wildcard));
}

/* ---------------------------------------------------------------- the climb -------------------------- */

static enum caa_found found(const struct caa_view *v, const struct lookup *l)
{
    if (l == v->relevant)
        return CAA_FOUND_RECORDS;
    if (l == v->failed)
        return CAA_FOUND_FAILED;
    switch (l->class) {
    case LOOKUP_PENDING:
        return CAA_FOUND_PENDING;
    case LOOKUP_DATA:
        return CAA_FOUND_RECORDS;
    case LOOKUP_NODATA:
        return CAA_FOUND_NODATA;
    case LOOKUP_NXDOMAIN:
        return CAA_FOUND_NXDOMAIN;
    case LOOKUP_FAIL:
        return CAA_FOUND_FAILED;
    }
    return CAA_FOUND_PENDING;
}

static const char *how_failed(struct arena *a, const struct lookup *l)
{
    char buf[16];
    const struct dns_fact *f = &l->fact->dns;
    switch (f->outcome) {
    case DNS_TIMEOUT:
        return l->udp ? "the answer is cut off, and over TCP none comes" : "no answer comes";
    case DNS_UNREACHABLE:
        return l->udp ? "the answer is cut off, and TCP cannot be reached" : "nobody can be reached";
    case DNS_SERVFAIL:
    case DNS_REFUSED:
    case DNS_OTHER:
        return lookup_bogus(l) ? "its signatures do not hold"
                               : arena_printf(a, "the answer is %s", rcode_name(f->rcode, buf));
    case DNS_MALFORMED:
        return "the answer is broken";
    case DNS_ANSWER:
    case DNS_NODATA:
    case DNS_NXDOMAIN:
        break;
    }
    return l->looped ? "the aliases run in a circle" : "the answer is not whole";
}

static const char *why_step(struct arena *a, const struct caa_view *v, const struct lookup *l, bool reached)
{
    const struct lookup *next = l + 1 < v->level + v->n ? l + 1 : NULL;
    const char *empty = "No CAA record";
    if (!reached)
        return l->class == LOOKUP_PENDING ? "Not asked: the search ended below."
                                          : "Does not count: the search ended below.";
    if (l == v->relevant)
        return v->n_rr == 1
                   ? "One CAA record: it decides, and the search ends."
                   : arena_printf(a, "%zu CAA records: this set decides, and the search ends.", v->n_rr);
    if (l == v->failed)
        return arena_printf(a, "Failed: %s. A CA never climbs past a failure.", how_failed(a, l));
    if (l->class == LOOKUP_PENDING)
        return "No answer yet: nothing above counts until there is one.";
    if (l->fact->dns.outcome == DNS_NXDOMAIN)
        empty = l->hops ? "The alias leads to a name that does not exist, which counts as no CAA record"
                        : "The name does not exist, which counts as no CAA record";
    else if (l->hops)
        empty = "No CAA record where the alias leads, and nothing above that place counts";
    return next ? arena_printf(a, "%s: on to %s", empty, next->name)
                : arena_printf(a, "%s, and this is the top: nothing restricts, any CA may issue.", empty);
}

static void add_fact(struct caa_step *s, const struct fact *f)
{
    bool known = !f || s->n_facts == CAA_STEP_FACTS;
    for (size_t i = 0; !known && i < s->n_facts; i++)
        known = s->facts[i] == f->n;
    if (!known)
        s->facts[s->n_facts++] = f->n;
}

/* What a CA finds out by its check holds for eight hours, or for the TTL of the records where that is longer (BR
 * 4.2.2.1). */
static dcv_time valid_until(const struct judgement *j)
{
    enum { HOURS_8 = 8 * 60 * 60 };
    const struct caa_view *v = &j->caa;
    int64_t seconds = v->n_rr ? v->rr[0]->ttl : 0;
    for (size_t i = 1; v->relevant && i < v->n_rr; i++)
        seconds = v->rr[i]->ttl < seconds ? v->rr[i]->ttl : seconds; /* RFC 2181 5.2: unequal ones count as the least */
    if (j->report->verdict != VERDICT_PASS)
        return TIME_UNKNOWN;
    return j->r->now + 1000 * (seconds > HOURS_8 ? seconds : HOURS_8);
}

const struct caa_derivation *caa_explain(struct judgement *j)
{
    const struct caa_view *v = &j->caa;
    struct caa_derivation *d = arena_alloc(j->a, sizeof *d);
    if (!d || !v->n)
        return NULL;
    *d = (struct caa_derivation){.climb = arena_array(j->a, v->n, sizeof *d->climb),
                                 .until = valid_until(j),
                                 .may_because = v->may_because};
    bool reached = true;
    for (size_t i = 0; d->climb && i < v->n; i++) {
        const struct lookup *l = &v->level[i];
        struct caa_step *s = &d->climb[d->n_climb++];
        *s = (struct caa_step){.name = l->name,
                               .found = found(v, l),
                               .reached = reached,
                               .because = why_step(j->a, v, l, reached)};
        for (size_t k = 0; k < l->n_way; k++)
            add_fact(s, l->way[k].fact);
        add_fact(s, l->udp);
        add_fact(s, l->fact);
        add_fact(s, l->cd);
        if (!path_aliases(j->a, l, &s->alias))
            return NULL;
        reached = reached && l != v->relevant && l != v->failed && l->class != LOOKUP_PENDING;
    }
    if (d->climb && v->relevant)
        explain_set(j, d);
    return arena_full(j->a) ? NULL : d;
}

/* ---------------------------------------------------------------- of a stored report ----------------- */

uint32_t caa_source(const struct caa_derivation *d, const struct evidence *ev)
{
    for (size_t i = 0; i < d->n_climb; i++)
        for (size_t k = 0; k < d->climb[i].n_facts; k++)
            if (ev->facts[d->climb[i].facts[k] - 1]->ask->via != VIA_RESOLVER)
                return d->climb[i].facts[k];
    return 0;
}

/* True where the view comes to the same outcome as the report. Where a perspective finds a failure, the report says
 * only that the perspective does not corroborate. */
static bool same_outcome(const struct opinion *o, const struct report *r)
{
    const struct report *found = &o->report;
    bool corroboration = o->view.perspective && found->verdict == VERDICT_FAIL;
    enum code code = corroboration ? CODE_caa_check_failed : found->error.code;
    return found->verdict == r->verdict && code == r->error.code && found->br_may_permit == r->br_may_permit;
}

/* The verdict of one view; *ret: its derivation where the report has the same outcome, else NULL. */
static int derive_in(struct judgement *j, const struct report *r, struct view view, const struct caa_derivation **ret)
{
    struct opinion o;
    int rc = opinion_form(j, &o, view);
    *ret = !rc && same_outcome(&o, r) ? caa_explain(&o.j) : NULL;
    return rc ? rc : arena_full(j->a) ? -ENOMEM : 0;
}

/* A stored report does not say which choice of servers decided. Takes the first choice that leads to the same outcome
 * from the same fact. */
static int derive_by_servers(struct judgement *j, const struct report *r, uint32_t source,
                             const struct caa_derivation **ret)
{
    struct view view = {.zones = j->servers.zones};
    int rc = derive_in(j, r, view, ret);
    bool found = *ret && caa_source(*ret, r->evidence) == source;
    for (const struct zone *x = view.zones->first; x && !rc && !found; x = x->next)
        for (size_t i = 0; i < x->n && !rc && !found; i++) {
            const struct choice choice = {x, &x->v[i]};
            if (x->v[i].state != SERVER_GOOD)
                continue;
            view.choice = &choice;
            view.n_choices = 1;
            rc = derive_in(j, r, view, ret);
            found = *ret && caa_source(*ret, r->evidence) == source;
        }
    if (!found)
        *ret = NULL;
    return rc;
}

int caa_derive(struct arena *a, const struct report *r, uint32_t source, const struct caa_derivation **ret)
{
    struct report found = *r;
    struct judgement j = {.r = r->request, .ev = r->evidence, .a = a, .report = &found};
    struct code_error refused;
    enum cause cause;
    *ret = NULL;
    if (judge_input(r->request, &refused, &cause) || source > r->evidence->n)
        return 0;
    int rc = judge_read_zones(&j);
    const struct ask *ask = source ? r->evidence->facts[source - 1]->ask : NULL;
    if (rc)
        return rc;
    if (!ask || ask->via == VIA_RESOLVER)
        return derive_in(&j, r, (struct view){0}, ret);
    if (ask->via == VIA_PERSPECTIVE)
        return derive_in(&j, r, (struct view){.perspective = ask->perspective, .address = ask->server}, ret);
    return ask->via == VIA_AUTHORITATIVE && j.servers.zones ? derive_by_servers(&j, r, source, ret) : 0;
}
