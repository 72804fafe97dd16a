/* model_apply.c - the model after a cure: its records are taken out and put in, and the rules of zones are kept. */
#include "judge/model.h"

#include "evidence/view.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <errno.h>
#include <string.h>

static bool changes_records(const struct fix *x)
{
    return (x->op == FIX_ADD || x->op == FIX_REMOVE || x->op == FIX_REPLACE) && x->owner && x->type && x->rdata;
}

/* The record that an operation names; NULL: its data cannot be read, or the arena is full. */
static struct rr *record_of(struct arena *a, const struct fix *x, const char *rdata)
{
    struct rr *rr = arena_alloc(a, sizeof *rr);
    if (!rr)
        return NULL;
    *rr = (struct rr){.owner = x->owner, .class = 1, .ttl = x->ttl};
    return rdata && rr_type_parse(x->type, &rr->type) && !rr_rdata_from_text(a, rdata, rr) ? rr : NULL;
}

static bool holds(const struct model_set *s, const struct rr *rr)
{
    for (size_t i = 0; i < s->n; i++)
        if (rr_same(s->rr[i], rr))
            return true;
    return false;
}

bool model_has(const struct model *m, const struct fix *add)
{
    const struct model_name *n = changes_records(add) ? model_find(m, add->owner) : NULL;
    const struct rr *rr = n && n->state != MODEL_WILD ? record_of(m->a, add, add->rdata) : NULL;
    bool asked = false;
    for (const struct model_set *s = rr ? n->sets : NULL; s; s = s->next) {
        if (s->type != rr->type || !model_stands(n, s))
            continue;
        if (!holds(s, rr))
            return false;
        asked = true;
    }
    return asked;
}

/* ---------------------------------------------------------------- one name after the cure ------------- */

/* A copy of the name's entry that the cure may change. */
static struct model_name *changeable(struct model *m, const char *name)
{
    const struct model_name *old = model_find(m->before, name);
    enum model_state was = model_state(m->before, name);
    struct model_name *n = model_enter(m, name);
    if (!n || n->state == MODEL_OWN)
        return n;
    n->state = MODEL_OWN;
    n->seen = true;
    n->added = n->whole = was == MODEL_WILD || was == MODEL_ABSENT;
    for (const struct model_set *s = !n->added && old ? old->sets : NULL; s; s = s->next) {
        struct model_set *copy = model_set_add(m, n, s->type, s->source);
        if (!copy || !(copy->rr = arena_array(m->a, s->n, sizeof *copy->rr)))
            return NULL;
        for (size_t i = 0; i < s->n; i++)
            copy->rr[copy->n++] = s->rr[i];
        copy->own_server = s->own_server;
    }
    return n;
}

static void doubt(struct model *m, const char *sentence)
{
    if (sentence && !texts_have(&m->doubts, sentence))
        texts_add(m->a, &m->doubts, sentence);
}

/* Where it is not known whether a wildcard answers for a name, it is not known either what goes with that. */
static void doubt_wildcard(struct model *m, const char *name)
{
    const struct model_name *here = model_find(m, name);
    if (model_state(m->before, name) == MODEL_UNKNOWN && (!here || here->seen))
        doubt(m, arena_printf(m->a,
                              "Whether a wildcard answers for %s is not known (depth full asks): a new record there or "
                              "below would end that.",
                              name));
}

/* Names above the owner come into being with it, and a wildcard no longer answers for them (RFC 4592 2.2.2). */
static int make_above(struct model *m, const char *owner)
{
    const char *apex = model_zone(m, owner, NULL);
    for (const char *up = name_parent(owner); apex && up && name_within(up, apex) && !name_equal(up, apex);
         up = name_parent(up)) {
        const struct model_name *here = model_find(m, up);
        if (here && here->state == MODEL_OWN)
            return 0;
        doubt_wildcard(m, up);
        if (!changeable(m, up))
            return -ENOMEM;
    }
    return 0;
}

/* ---------------------------------------------------------------- the rules --------------------------- */

static const char *dname_over(const struct model *m, const char *owner)
{
    for (const char *up = name_parent(owner); up; up = name_parent(up)) {
        const struct model_name *n = model_find(m, up);
        const struct model_set *s = n ? model_set(n, model_servers, RR_DNAME) : NULL;
        if (s && s->n)
            return up;
    }
    return NULL;
}

static const char *forbidden_place(const struct model *m, const struct fix *x)
{
    const char *dname = dname_over(m, x->owner);
    bool served;
    const char *apex = model_zone(m, x->owner, &served);
    if (dname)
        return arena_printf(m->a, "%s is a DNAME: below it no record may stand (RFC 6672 2.4).", dname);
    if (!served)
        return arena_printf(m->a, "%s belongs to the zone %s, which no server serves: nobody would see the record.",
                            x->owner, apex);
    if (apex && name_equal(apex, x->owner) && !strcmp(x->type, "CNAME"))
        return arena_printf(m->a, "%s is the apex of its zone, where no CNAME may stand (RFC 1034 3.6.2).", x->owner);
    return NULL;
}

/* The types that may stand beside a CNAME are those of DNSSEC (RFC 4034 2.5 and 3). */
static const char *forbidden_beside(const struct model *m, const struct model_name *n)
{
    const struct model_set *alias = NULL, *other = NULL;
    char type[16];
    for (const struct model_set *s = n->sets; s; s = s->next) {
        bool of_dnssec = s->type == RR_RRSIG || s->type == RR_NSEC || !model_stands(n, s);
        if (s->n && s->type == RR_CNAME)
            alias = s;
        else if (s->n && !of_dnssec)
            other = s;
    }
    if (alias && other)
        return arena_printf(m->a,
                            "At %s a CNAME would stand beside a %s record, which no zone may hold (RFC 1034 3.6.2).",
                            n->name, rr_type_name(other->type, type));
    if (alias && alias->n > 1)
        return arena_printf(m->a, "At %s two CNAME records would stand, which no zone may hold (RFC 2181 10.1).",
                            n->name);
    return NULL;
}

/* ---------------------------------------------------------------- operations -------------------------- */

static int take_out(struct model *m, const struct fix *x, const char **refused)
{
    const char *data = x->op == FIX_REPLACE ? x->old_rdata : x->rdata;
    struct rr *rr = record_of(m->a, x, data);
    bool known = false, found = false;
    if (!rr) {
        *refused = "A record to be removed cannot be read.";
        return arena_full(m->a) ? -ENOMEM : 0;
    }
    if (model_state(m, x->owner) == MODEL_WILD) {
        *refused = arena_printf(m->a, "No record stands at %s itself: what it answers a wildcard made.", x->owner);
        return 0;
    }
    struct model_name *n = changeable(m, x->owner);
    if (!n)
        return -ENOMEM;
    for (struct model_set *s = n->sets; s; s = s->next) {
        size_t kept = 0;
        if (s->type != rr->type)
            continue;
        known = true;
        for (size_t i = 0; i < s->n; i++)
            if (!rr_same(s->rr[i], rr))
                s->rr[kept++] = s->rr[i];
        found = found || (kept < s->n && model_stands(n, s));
        s->n = kept;
    }
    n->whole = n->whole || (found && rr->type == RR_CNAME); /* it stood alone */
    if (known && !found)
        *refused = arena_printf(m->a, "The %s record to be removed does not stand at %s.", x->type, x->owner);
    if (model_state(m->before, x->owner) == MODEL_UNKNOWN)
        doubt(m, arena_printf(m->a, "Whether the %s record stands at %s itself, or a wildcard makes it, is not known.",
                              x->type, x->owner));
    else if (!known)
        doubt(m, arena_printf(m->a, "Whether the %s record stands at %s was not asked.", x->type, x->owner));
    return 0;
}

/* True where it is known which other records stand at a name. */
static bool stands_alone(const struct model_name *n)
{
    bool known = true;
    for (size_t i = 0; i < near_host_types_n && known; i++)
        known = model_set(n, model_servers, near_host_types[i]);
    return n->whole || known;
}

/* True where no zone can hold the domain's records yet: the zone above says that there is no such name. */
static bool unregistered(const struct model *m)
{
    for (const struct zone *x = m->zones; x; x = x->next)
        if (x->exists && name_equal(x->apex, m->registrable))
            return false;
    const struct model_name *n = model_find(m, m->registrable);
    return m->denied_above || (n && n->denied);
}

static int put_in(struct model *m, const struct fix *x, const char **refused)
{
    struct rr *rr = record_of(m->a, x, x->rdata);
    bool known = false;
    if (!rr) {
        *refused = "A record to be added cannot be read.";
        return arena_full(m->a) ? -ENOMEM : 0;
    }
    *refused = forbidden_place(m, x);
    if (*refused)
        return 0;
    if (m->r->registrable && !name_within(x->owner, m->r->registrable))
        doubt(m, arena_printf(m->a, "%s lies in another zone: the record has to be entered by whoever runs that.",
                              x->owner));
    else if (m->registrable && unregistered(m))
        doubt(m, arena_printf(m->a,
                              "%s does not exist: it has to be registered and delegated before it can hold a record.",
                              m->registrable));
    if (x->op == FIX_ADD &&
        !model_of_no_host(x->owner)) /* a record that is replaced stands there, or take_out() doubts */
        doubt_wildcard(m, x->owner);
    if (make_above(m, x->owner))
        return -ENOMEM;
    struct model_name *n = changeable(m, x->owner);
    if (!n)
        return -ENOMEM;
    if (rr->type == RR_CNAME && !stands_alone(n))
        doubt(m, arena_printf(m->a, "Whether other records stand at %s was not asked: a CNAME must stand alone.",
                              x->owner));
    for (struct model_set *s = n->sets; s; s = s->next) {
        if (s->type != rr->type)
            continue;
        known = true;
        const struct rr **v = holds(s, rr) ? NULL : arena_array(m->a, s->n + 1, sizeof *v);
        if (!v)
            continue;
        for (size_t i = 0; i < s->n; i++)
            v[i] = s->rr[i];
        v[s->n++] = rr;
        s->rr = v;
    }
    if (!known && !n->whole)
        doubt(m, arena_printf(m->a, "Which %s records stand at %s was not asked.", x->type, x->owner));
    struct model_set *s = known ? NULL : model_set_add(m, n, rr->type, "");
    if (s && (s->rr = arena_array(m->a, 1, sizeof *s->rr)) != NULL)
        s->rr[s->n++] = rr;
    return arena_full(m->a) ? -ENOMEM : 0;
}

int model_apply(const struct model *m, const struct fix *ops, size_t n, struct model *ret, const char **refused)
{
    *ret = (struct model){.a = m->a, .r = m->r, .before = m, .zones = m->zones, .apexes = m->apexes,
                          .registrable = m->registrable, .denied_above = m->denied_above};
    *refused = NULL;
    int rc = 0;
    for (size_t i = 0; i < n && !rc && !*refused; i++)
        if (changes_records(&ops[i]) && ops[i].op != FIX_ADD)
            rc = take_out(ret, &ops[i], refused);
    for (size_t i = 0; i < n && !rc && !*refused; i++)
        if (changes_records(&ops[i]) && ops[i].op != FIX_REMOVE)
            rc = put_in(ret, &ops[i], refused);
    for (struct model_name *x = ret->first; x && !rc && !*refused; x = x->next)
        *refused = forbidden_beside(ret, x);
    return rc ? rc : arena_full(m->a) ? -ENOMEM : 0;
}
