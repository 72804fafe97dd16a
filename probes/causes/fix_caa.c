#include "causes/fix_caa.h"

#include "causes/caa_meant.h"
#include "causes/fix.h"
#include "evidence/view.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <errno.h>
#include <string.h>

enum caa_tag fix_caa_tag(const struct judgement *j)
{
    bool wild = false;
    for (size_t i = 0; i < j->caa.set.n; i++)
        wild = wild || j->caa.set.v[i].known == CAA_ISSUEWILD;
    return caa_tag_for(j->r->purpose, wild && j->r->wildcard && j->r->purpose == PURPOSE_TLS);
}

bool fix_caa_within_reach(const struct judgement *j, const char *owner)
{
    return j->r->registrable && name_within(owner, j->r->registrable);
}

static struct fix *add(struct judgement *j, struct finding *f, const char *owner, const char *rdata)
{
    struct fix *x = finding_fix(j, f, FIX_ADD);
    x->owner = owner;
    x->ttl = FIX_TTL;
    x->type = "CAA";
    x->rdata = rdata;
    return x;
}

static void change(struct judgement *j, struct finding *f, const struct caa_record *r, const char *rdata)
{
    struct fix *x = finding_fix(j, f, rdata ? FIX_REPLACE : FIX_REMOVE);
    x->owner = r->rr->owner;
    x->type = "CAA";
    if (!rdata) {
        x->rdata = rr_rdata_text(j->a, r->rr);
        return;
    }
    x->ttl = FIX_TTL;
    x->old_rdata = rr_rdata_text(j->a, r->rr);
    x->rdata = rdata;
}

void fix_caa_replace(struct judgement *j, struct finding *f, const struct caa_record *r, const char *rdata)
{
    change(j, f, r, rdata ? rdata : "");
}

/* An alias leaves no room for a CAA record beside it (RFC 1034 3.6.2). */
const struct lookup *fix_caa_own_place(const struct judgement *j, const struct lookup *below)
{
    for (const struct lookup *l = j->caa.level; l < below; l++)
        if (!l->hops && fix_caa_within_reach(j, l->name))
            return l;
    return NULL;
}

/* A record by which the CA may issue. */
static const struct rr *permitting(struct judgement *j, enum caa_tag tag)
{
    return caa_record_of(j->a, caa_tag_name(tag), caa_issuers(j->r)->v[0], 0);
}

struct fix *fix_caa_own_set(struct judgement *j, struct finding *f, const struct lookup *at)
{
    /* A new set has no issuewild, so its issue record counts for wildcard names, too (RFC 8659 4.3). */
    const struct rr *rr = permitting(j, caa_tag_for(j->r->purpose, false));
    const char *text = rr ? rr_rdata_text(j->a, rr) : NULL;
    return add(j, f, at->name, text ? text : "");
}

/* ---------------------------------------------------------------- the star ---------------------------- */

static bool has_issuewild(const struct caa_set *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->v[i].known == CAA_ISSUEWILD)
            return true;
    return false;
}

/* The issue and issuewild records of a set as issuewild records, behind those in v already. */
static void as_wild(struct judgement *j, const struct caa_set *from, const struct rr **v, size_t *n)
{
    for (size_t i = 0; i < from->n; i++) {
        const struct caa_record *r = &from->v[i];
        bool of_issuing = !r->broken && (r->known == CAA_ISSUE || r->known == CAA_ISSUEWILD);
        const struct rr *moved = of_issuing ? caa_retagged(j, r, CAA_ISSUEWILD) : NULL;
        for (size_t k = 0; moved && k < *n; k++)
            if (rr_same(v[k], moved))
                moved = NULL;
        if (moved)
            v[(*n)++] = moved;
    }
}

void fix_caa_move(struct judgement *j, struct finding *f, const struct rr *const *rr, size_t n, const char *base)
{
    const struct lookup *l = j->caa.relevant;
    bool own = l && !l->hops && name_equal(l->name, base);
    const struct caa_set *s = &j->caa.set;
    struct caa_set there;
    const struct rr **v = own ? arena_array(j->a, 2 * s->n + n, sizeof *v) : NULL;
    size_t k = 0;
    for (; v && k < s->n; k++)
        v[k] = s->v[k].rr;
    if (v && !caa_judge(j->a, j->r, rr, n, &there)) {
        as_wild(j, &there, v, &k);
        /* Where these are the first issuewild records, the issue records no longer count for wildcard names. */
        if (k > s->n && !has_issuewild(s))
            as_wild(j, s, v, &k);
        /* Beside a set of the domain's own an issuewild record changes nothing but what it is for. */
        struct caa_set then;
        bool good = k > s->n && !caa_judge(j->a, j->r, v, k, &then) && then.code == CODE_NONE && !then.open;
        for (size_t i = s->n; good && i < k; i++)
            add(j, f, base, rr_rdata_text(j->a, v[i]));
    }
    fix_advice(
        j, f,
        arena_printf(j->a,
                     "Which CAs may issue for the wildcard name say issuewild records at %s. The records with the "
                     "star in their name count only for names below it that have no records of their own.",
                     base));
}

/* ---------------------------------------------------------------- the set after the change ------------ */

/* The relevant set as it is to be. Those of the n records that stand there have .old; rr NULL: the record goes. */
struct draft {
    struct judgement *j;
    struct {
        const struct caa_record *old;
        const struct rr *rr;
    } *v;
    size_t n;
};

static bool draft_permits(const struct draft *d)
{
    const struct rr **v = arena_array(d->j->a, d->n, sizeof *v);
    size_t n = 0;
    for (size_t i = 0; v && i < d->n; i++)
        if (d->v[i].rr)
            v[n++] = d->v[i].rr;
    /* Where no record is left there is no set, and the search would climb on to a set that may forbid. */
    return n && caa_code_with(d->j, v, n) == CODE_NONE;
}

/* A set holds no record twice (RFC 2181 5). */
static bool has(const struct draft *d, const struct rr *rr)
{
    for (size_t i = 0; i < d->n && rr; i++)
        if (d->v[i].rr && rr_same(d->v[i].rr, rr))
            return true;
    return false;
}

static void put(struct draft *d, const struct rr *rr)
{
    if (has(d, rr))
        return;
    d->v[d->n].old = NULL;
    d->v[d->n++].rr = rr;
}

/* A record that forbids every CA must go, whatever else the set holds: one that cannot be read, and one with an
 * unknown property that is critical. Where that is near a known one it was meant to be that. False: there is none. */
static bool clear(struct draft *d)
{
    struct judgement *j = d->j;
    bool any = false;
    for (size_t i = 0; i < d->n; i++) {
        const struct caa_record *r = d->v[i].old;
        if (!r->broken && !(r->critical && r->known == CAA_UNKNOWN))
            continue;
        enum caa_tag near = r->broken ? CAA_UNKNOWN : caa_tag_near(r->tag);
        const struct rr *meant = near == CAA_UNKNOWN ? NULL : caa_retagged(j, r, near);
        d->v[i].rr = has(d, meant) ? NULL : meant;
        any = true;
    }
    return any;
}

/* A record whose property is mistyped, and by which the set permits once it is put right. Not where it would be the
 * first of its property beside issue records: then these would no longer count for wildcard names. */
static bool put_right_a_tag(struct draft *d)
{
    bool wild = has_issuewild(&d->j->caa.set);
    for (size_t i = 0; i < d->n; i++) {
        const struct caa_record *r = d->v[i].old;
        const struct rr *was = d->v[i].rr;
        enum caa_tag near = !was || r->broken || r->known != CAA_UNKNOWN ? CAA_UNKNOWN : caa_tag_near(r->tag);
        if (near == CAA_UNKNOWN || (near == CAA_ISSUEWILD && !wild))
            continue;
        d->v[i].rr = caa_retagged(d->j, r, near);
        if (draft_permits(d))
            return true;
        d->v[i].rr = was;
    }
    return false;
}

/* A record of this CA with parameters that the request does not meet. False: there is none. *said: whether a record
 * can say what would be met. */
static bool meet(struct draft *d, bool *said)
{
    bool found = false;
    *said = false;
    for (size_t i = 0; i < d->n && !*said; i++) {
        const struct caa_record *r = d->v[i].old;
        bool account;
        if (!d->v[i].rr || !r->applies || !r->sound || !r->names_us || r->unmet == CAA_MET)
            continue;
        found = true;
        const struct rr *ours = caa_with_ours(d->j, r->rr, &account);
        *said = ours;
        if (ours && account)
            put(d, ours); /* the other account keeps its own */
        else if (ours)
            d->v[i].rr = ours;
    }
    return found;
}

/* What one record that was meant for this CA was to say. */
static bool say_what_was_meant(struct draft *d, const struct caa_record *meant)
{
    const struct rr *v[CAA_LISTED_MOST];
    size_t n = caa_meant_records(d->j, meant, v);
    bool account;
    const struct rr *ours = n ? caa_with_ours(d->j, v[0], &account) : NULL;
    struct caa_set one;
    /* What the request leaves open, it may meet: the restriction stays, and no record without it is added. */
    if (!ours && n && !caa_judge(d->j->a, d->j->r, v, 1, &one) && one.open)
        ours = v[0];
    for (size_t i = 0; ours && i < d->n; i++)
        if (d->v[i].old == meant)
            d->v[i].rr = ours;
    for (size_t i = 1; ours && i < n; i++)
        put(d, v[i]);
    return ours;
}

/* What the issue records ask of this CA, as an issuewild record that the request meets: the first one for wildcard
 * names is not to permit more. NULL: they ask for nothing, or no record can name what would be met. */
static const struct rr *as_restricted(struct draft *d)
{
    const struct rr *ours = NULL;
    for (size_t i = 0; i < d->n; i++) {
        const struct caa_record *r = d->v[i].old;
        bool of_issue = r && d->v[i].rr == r->rr && !r->broken && r->known == CAA_ISSUE, account;
        struct caa_record read = of_issue ? *r : (struct caa_record){0};
        bool reads = of_issue && caa_value_parse(d->j->a, &read);
        const struct rr *wild = reads ? caa_retagged(d->j, r, CAA_ISSUEWILD) : NULL;
        const struct rr *met = wild ? caa_with_ours(d->j, wild, &account) : NULL;
        if (met && !read.n_parameters)
            return NULL;
        ours = ours ? ours : met;
    }
    return ours;
}

/* One record by which the CA may issue; it takes the place of one that must go, where there is one. */
static void add_ours(struct draft *d)
{
    enum caa_tag tag = fix_caa_tag(d->j);
    const struct rr *kept = tag == CAA_ISSUEWILD ? as_restricted(d) : NULL;
    const struct rr *ours = kept ? kept : permitting(d->j, tag);
    for (size_t i = 0; i < d->n; i++)
        if (!d->v[i].rr) {
            d->v[i].rr = ours;
            return;
        }
    put(d, ours);
}

/* False: no record can express what the request would have to meet, or the arena is full. */
static bool draft_set(struct judgement *j, const struct caa_record *meant, struct draft *ret)
{
    const struct caa_set *s = &j->caa.set;
    struct draft *d = ret;
    *d = (struct draft){.j = j, .n = s->n, .v = arena_array(j->a, s->n + CAA_LISTED_MOST, sizeof *d->v)};
    for (size_t i = 0; d->v && i < s->n; i++) {
        d->v[i].old = &s->v[i];
        d->v[i].rr = s->v[i].rr;
    }
    if (!d->v)
        return false;
    bool said;
    if ((clear(d) && draft_permits(d)) || put_right_a_tag(d))
        return true;
    bool restricted = meet(d, &said);
    if (said || (meant && say_what_was_meant(d, meant)))
        return true;
    if (!restricted)
        add_ours(d);
    return !restricted;
}

/* True where the domain is in a zone of its own below the owner of a set: whoever runs the one need not run the other,
 * and a change at the owner is one for all names below it. */
static bool in_zone_below(const struct judgement *j, const char *owner)
{
    const struct zone *z = judged_zone(j);
    return z && !name_equal(z->apex, owner) && name_within(z->apex, owner);
}

static void advise_no_record(struct judgement *j, struct finding *f)
{
    fix_advice(j, f,
               "The set permits this CA for other accounts or methods only, and no record can name those of this order "
               "as they are given: a record without them would lift the restriction, so ask whoever set it.");
}

void fix_caa_permit_at(struct judgement *j, struct finding *f, const struct lookup *place,
                       const struct caa_record *meant, const char *text)
{
    struct draft d;
    bool first = true;
    if (!draft_set(j, meant, &d)) {
        advise_no_record(j, f);
        return;
    }
    for (size_t i = 0; i < d.n; i++) {
        if (!d.v[i].rr)
            continue;
        struct fix *x = add(j, f, place->name, rr_rdata_text(j->a, d.v[i].rr));
        x->text = first ? text : NULL;
        first = false;
    }
}

static void permit_in_place(struct judgement *j, struct finding *f, const struct caa_record *meant)
{
    struct draft d;
    if (!draft_set(j, meant, &d)) {
        advise_no_record(j, f);
        return;
    }
    for (size_t i = 0; i < d.n; i++) {
        const struct rr *rr = d.v[i].rr;
        const char *text = rr ? rr_rdata_text(j->a, rr) : NULL;
        if (!d.v[i].old)
            add(j, f, j->caa.relevant->end, text ? text : "");
        else if (!rr || rr != d.v[i].old->rr)
            change(j, f, d.v[i].old, text);
    }
}

void fix_caa_permit(struct judgement *j, struct finding *f, const struct caa_record *meant)
{
    const struct lookup *l = j->caa.relevant, *place = fix_caa_own_place(j, l);
    bool reach = fix_caa_within_reach(j, l->end);
    if (reach && !(place && in_zone_below(j, l->end)))
        permit_in_place(j, f, meant);
    else if (place)
        fix_caa_permit_at(j, f, place, meant,
                          arena_printf(j->a, "A set at %s ends the search there: that at %s no longer counts for it.",
                                       place->name, l->end));
    else
        fix_advice(j, f,
                   arena_printf(j->a,
                                "Ask whoever runs %s to add a CAA record for %s there, or give up the alias: "
                                "beside it no CAA record may stand.",
                                l->end, caa_issuers(j->r)->v[0]));
}
