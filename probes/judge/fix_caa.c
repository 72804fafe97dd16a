#include "judge/fix_caa.h"

#include "judge/fix.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <errno.h>
#include <string.h>

/* One issue record as rdata: flags, tag length, tag, value (RFC 8659 4.1). */
static bool record(struct arena *a, const char *tag, const char *value, struct rr *ret)
{
    size_t n_tag = strlen(tag), n_value = strlen(value);
    uint8_t *p = n_tag + n_value < UINT16_MAX - 2 ? arena_alloc(a, 2 + n_tag + n_value) : NULL;
    if (!p)
        return false;
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
    if (!value || !record(j->a, caa_tag_name(tag), value, &rr))
        return "";
    if (*parameters && (caa_judge(j->a, j->r, &alone, 1, &set) || set.code != CODE_NONE))
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

static bool permits(const struct caa_record *r)
{
    return r->applies && r->sound && r->names_us && r->unmet == CAA_MET;
}

static bool must_go(const struct caa_record *r)
{
    return r->broken || (r->critical && r->known == CAA_UNKNOWN);
}

void fix_caa_permit(struct judgement *j, struct finding *f, const char *parameters,
                    const struct caa_record *meant)
{
    const struct lookup *l = j->caa.relevant;
    const struct caa_set *s = &j->caa.set;
    if (!fix_caa_within_reach(j, l->end)) {
        const struct lookup *place = fix_caa_own_place(j, l);
        if (place)
            fix_caa_own_set(j, f, place, parameters)->text =
                arena_printf(j->a, "A set at %s ends the search there: that at %s no longer counts for it.",
                             place->name, l->end);
        else
            fix_advice(
                j, f,
                arena_printf(j->a,
                             "Ask whoever runs %s to add a CAA record for %s there, or give up the alias: "
                             "beside it no CAA record may stand.",
                             l->end, caa_issuers(j->r)->v[0]));
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
    if (meant)
        change(j, f, meant, rdata);
    else
        add(j, f, l->end, rdata);
}
