#include "judge/fix_caa.h"

#include "judge/fix.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <errno.h>
#include <string.h>

/* One issue record as rdata: flags, tag length, tag, value (RFC 8659 4.1). */
static bool record(struct arena *a, const char *tag, const char *value, uint8_t flags, struct rr *ret)
{
    size_t n_tag = strlen(tag), n_value = strlen(value);
    uint8_t *p = n_tag + n_value < UINT16_MAX - 2 ? arena_alloc(a, 2 + n_tag + n_value) : NULL;
    if (!p)
        return false;
    p[0] = flags;
    p[1] = (uint8_t)n_tag;
    memcpy(p + 2, tag, n_tag);
    memcpy(p + 2 + n_tag, value, n_value);
    *ret = (struct rr){
        .owner = ".", .type = RR_CAA, .class = 1, .rdata = p, .rdlen = (uint16_t)(2 + n_tag + n_value)};
    return true;
}

/* The rdata of a record that names the CA. Leaves the parameters out where the record would not permit with
 * them: an account may hold characters that a parameter cannot (RFC 8659 4.2). */
static const char *permit(const struct judgement *j, enum caa_tag tag, const char *parameters)
{
    const char *ca = caa_issuers(j->r)->v[0];
    const char *value = arena_printf(j->a, "%s%s", ca, parameters);
    struct rr rr;
    const struct rr *alone = &rr;
    struct caa_set set;
    if (!value || !record(j->a, caa_tag_name(tag), value, 0, &rr))
        return "";
    if (*parameters && (caa_judge(j->a, j->r, &alone, 1, &set) || set.code != CODE_NONE || set.open))
        return permit(j, tag, "");
    const char *text = rr_rdata_text(j->a, &rr);
    return text ? text : "";
}

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

struct fix *fix_caa_own_set(struct judgement *j, struct finding *f, const struct lookup *at,
                            const char *parameters)
{
    /* A new set has no issuewild, so its issue record counts for wildcard names, too (RFC 8659 4.3). */
    return add(j, f, at->name, permit(j, caa_tag_for(j->r->purpose, false), parameters));
}

struct rr *fix_caa_retagged(struct judgement *j, const struct caa_record *r, enum caa_tag tag)
{
    struct rr *rr = arena_alloc(j->a, sizeof *rr);
    const char *value = arena_strndup(j->a, r->value.p, r->value.n);
    /* A value with a NUL is no text: record() would cut it there. */
    if (!rr || !value || memchr(r->value.p, 0, r->value.n) || !record(j->a, caa_tag_name(tag), value, r->flags, rr))
        return NULL;
    rr->owner = r->rr->owner;
    return rr;
}

void fix_caa_move(struct judgement *j, struct finding *f, const struct rr *const *rr, size_t n, const char *base)
{
    const struct lookup *l = j->caa.relevant;
    bool own = l && !l->hops && name_equal(l->name, base);
    struct caa_set there, then;
    const struct rr **v = own ? arena_array(j->a, j->caa.set.n + n, sizeof *v) : NULL;
    const char **added = own ? arena_array(j->a, n, sizeof *added) : NULL;
    size_t k = 0, n_added = 0;
    for (; v && k < j->caa.set.n; k++)
        v[k] = j->caa.set.v[k].rr;
    if (v && added && !caa_judge(j->a, j->r, rr, n, &there))
        for (size_t i = 0; i < there.n; i++) {
            const struct caa_record *r = &there.v[i];
            const struct rr *moved = !r->broken && (r->known == CAA_ISSUE || r->known == CAA_ISSUEWILD)
                                         ? fix_caa_retagged(j, r, CAA_ISSUEWILD)
                                         : NULL;
            const char *text = moved ? rr_rdata_text(j->a, moved) : NULL;
            if (!text)
                continue;
            v[k++] = moved;
            added[n_added++] = text;
        }
    /* Beside a set of the domain's own an issuewild record changes nothing but what it is for. */
    if (n_added && !caa_judge(j->a, j->r, v, k, &then) && then.code == CODE_NONE && !then.open)
        for (size_t i = 0; i < n_added; i++)
            add(j, f, base, added[i]);
    fix_advice(
        j, f,
        arena_printf(j->a,
                     "Which CAs may issue for the wildcard name say issuewild records at %s. The records with the "
                     "star in their name count only for names below it that have no records of their own.",
                     base));
}

/* True also where the request does not say whether the record's parameters are met: beside such a record one without
 * parameters would take the owner's restriction away. */
static bool permits(const struct caa_record *r)
{
    return r->applies && r->sound && r->names_us && (r->unmet == CAA_MET || r->open);
}

static bool must_go(const struct caa_record *r)
{
    return r->broken || (r->critical && r->known == CAA_UNKNOWN);
}

/* True where the domain is in a zone of its own below the owner of a set: whoever runs the one need not run the other,
 * and a change at the owner is one for all names below it. */
static bool in_zone_below(const struct judgement *j, const char *owner)
{
    const struct zone *z = judged_zone(j);
    return z && !name_equal(z->apex, owner) && name_within(z->apex, owner);
}

/* The set at place takes the other's place there, so it permits those whom that one permits, too. */
static void keep_others(struct judgement *j, struct finding *f, const struct lookup *place)
{
    const struct caa_set *s = &j->caa.set;
    for (size_t i = 0; i < s->n; i++)
        if (s->v[i].applies && s->v[i].sound && s->v[i].issuer.n && !s->v[i].names_us)
            add(j, f, place->name, rr_rdata_text(j->a, s->v[i].rr));
}

/* A value that lists several CAs ("a.example; b.example", "a.example, b.example") was meant to permit each of them
 * (RFC 8659 4.2: one a record). Adds a record for each of the others; nothing where the value is no such list. */
static void keep_listed(struct judgement *j, struct finding *f, const struct caa_record *meant)
{
    enum { MOST = 8 };
    const char *name[MOST];
    size_t n = 0;
    char *text = arena_strndup(j->a, (const char *)meant->value.p, meant->value.n), *rest = text;
    for (char *p; text && (p = strtok_r(rest, ";, \t", &rest)) != NULL; n++) {
        struct rr rr;
        const struct rr *alone = &rr;
        struct caa_set set;
        if (n == MOST || !strchr(p, '.') || !record(j->a, caa_tag_name(meant->known), p, 0, &rr) ||
            caa_judge(j->a, j->r, &alone, 1, &set) || set.n != 1 || !set.v[0].sound || set.v[0].n_parameters)
            return;
        name[n] = set.v[0].names_us ? NULL : rr_rdata_text(j->a, &rr);
    }
    for (size_t i = 0; i < n; i++)
        if (name[i])
            add(j, f, meant->rr->owner, name[i]);
}

void fix_caa_permit(struct judgement *j, struct finding *f, const char *parameters,
                    const struct caa_record *meant)
{
    const struct lookup *l = j->caa.relevant;
    const struct caa_set *s = &j->caa.set;
    bool below = in_zone_below(j, l->end) && fix_caa_own_place(j, l);
    if (below || !fix_caa_within_reach(j, l->end)) {
        const struct lookup *place = fix_caa_own_place(j, l);
        if (place) {
            fix_caa_own_set(j, f, place, parameters)->text =
                arena_printf(j->a, "A set at %s ends the search there: that at %s no longer counts for it.",
                             place->name, l->end);
            keep_others(j, f, place);
        } else {
            fix_advice(
                j, f,
                arena_printf(j->a,
                             "Ask whoever runs %s to add a CAA record for %s there, or give up the alias: "
                             "beside it no CAA record may stand.",
                             l->end, caa_issuers(j->r)->v[0]));
        }
        return;
    }
    const char *rdata = permit(j, fix_caa_tag(j), parameters);
    size_t left = 0;
    for (size_t i = 0; i < s->n; i++)
        left += !must_go(&s->v[i]);
    /* Where no record is left there is no set, and the search would climb on to a set that may forbid. */
    bool done = left && !s->n_applicable;
    for (size_t i = 0; i < s->n; i++)
        done = done || permits(&s->v[i]);
    /* A record that forbids every CA must go, whatever else the set holds. Where a record is missing, it
     * replaces one that cannot be read. */
    for (size_t i = 0; i < s->n; i++) {
        const struct caa_record *r = &s->v[i];
        bool instead = !meant && !done && (r->broken || !left);
        if (must_go(r))
            change(j, f, r, instead ? rdata : NULL);
        done = done || instead;
    }
    if (done)
        return;
    if (meant) {
        change(j, f, meant, rdata);
        keep_listed(j, f, meant);
    } else {
        add(j, f, l->end, rdata);
    }
}
