/* cures_ways.c - what a cure needs besides what its cause proposes: the records of a wildcard that it would hide, and
 * the other places and methods by which the same value counts. */
#include "ca/profile.h"
#include "judge/cures_inner.h"
#include "judge/fix.h"
#include "methods/methods.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <string.h>

/* ---------------------------------------------------------------- wildcards -------------------------- */

static bool answers(const struct model_name *n)
{
    for (const struct model_set *s = n->sets; s; s = s->next)
        if (s->n)
            return true;
    return false;
}

bool host_by_wildcard(const struct choosing *c, const char *name)
{
    const struct model_name *n = model_find(&c->proof.now, name);
    return n && n->state == MODEL_WILD && answers(n);
}

static void add_record(struct choosing *c, struct finding *to, const char *owner, const struct rr *rr)
{
    char type[16];
    struct arena *a = c->j->a;
    struct fix x = {.op = FIX_ADD,
                    .owner = owner,
                    .ttl = FIX_TTL,
                    .type = arena_strdup(a, rr_type_name(rr->type, type)),
                    .rdata = rr_rdata_text(a, rr),
                    .until = TIME_UNKNOWN};
    for (size_t i = 0; to->n_cures && i < to->cures->n; i++) {
        const struct fix *known = &to->cures->ops[i];
        if (known->op == FIX_ADD && x.type && x.rdata && name_equal(known->owner, owner) &&
            !strcmp(known->type, x.type) && !strcmp(known->rdata, x.rdata))
            return;
    }
    *finding_fix(c->j, to, FIX_ADD) = x;
}

/* The sets that the zone's servers gave for a name; another source's where they gave none. */
static void copy_sets(struct choosing *c, struct finding *to, const struct model_name *from, const char *owner)
{
    for (const struct model_set *s = from->sets; s; s = s->next) {
        if (model_set(from, model_servers, s->type) != s)
            continue;
        for (size_t i = 0; i < s->n; i++)
            if (!s->rr[i]->defect)
                add_record(c, to, owner, s->rr[i]);
    }
}

static void keep_alive(struct choosing *c, struct finding *to, const char *name)
{
    const struct model *m = &c->proof.now;
    const struct model_name *host = model_find(m, name), *below = model_random(m, name);
    struct arena *a = c->j->a;
    size_t first = to->n_cures ? to->cures->n : 0;
    const char *owner = arena_strdup(a, name);
    copy_sets(c, to, host, owner);
    copy_sets(c, to, below ? below : host, arena_concat(a, "*.", name, NULL));
    if (to->n_cures && to->cures->n > first)
        to->cures->ops[first].text =
            arena_printf(a,
                         "%s lives by a wildcard, which no longer answers for it and for the names below it once a "
                         "record is entered there (RFC 4592 2.2.2): so the wildcard's records are entered, too.",
                         owner);
}

void copy_wildcards(struct choosing *c, struct cure *cure)
{
    enum { COPIES_MOST = 24 };
    const struct model *m = &c->proof.now;
    struct finding all = {0};
    for (size_t i = 0; i < cure->n; i++)
        *finding_fix(c->j, &all, cure->ops[i].op) = cure->ops[i];
    for (size_t i = 0; i < cure->n; i++) {
        const struct fix *x = &cure->ops[i];
        const char *apex = x->op == FIX_ADD && x->owner && *x->owner != '*' ? model_zone(m, x->owner, NULL) : NULL;
        for (const char *up = x->owner; apex && up && name_within(up, apex) && !name_equal(up, apex);
             up = name_parent(up))
            if (!model_of_no_host(up) && host_by_wildcard(c, up))
                keep_alive(c, &all, up);
    }
    if (all.n_cures && all.cures->n > cure->n && all.cures->n <= cure->n + COPIES_MOST)
        *cure = *all.cures;
}

/* ---------------------------------------------------------------- other places ----------------------- */

static void add_txt(struct choosing *c, struct finding *to, const char *owner, const char *value, const char *text)
{
    finding_or(c->j, to);
    fix_add_txt_at(c->j, to, owner, value);
    if (to->n_cures && to->cures[to->n_cures - 1].n)
        to->cures[to->n_cures - 1].ops[0].text = text;
}

static const struct rr *own_alias(const struct model *m, const char *name)
{
    const struct model_name *n = model_find(m, name);
    const struct model_set *s = n && n->state != MODEL_WILD ? model_set(n, model_servers, RR_CNAME) : NULL;
    return s && s->n ? s->rr[0] : NULL;
}

static bool is_dname(const struct model *m, const char *name)
{
    const struct model_name *n = model_find(m, name);
    const struct model_set *s = n ? model_set(n, model_servers, RR_DNAME) : NULL;
    return s && s->n;
}

static bool below_dname(const struct model *m, const char *name)
{
    for (; name; name = name_parent(name))
        if (is_dname(m, name))
            return true;
    return false;
}

/* The name above the domain at which the CA may check, where no record below it hides a wildcard; NULL: none is. */
static const char *place_above(const struct choosing *c)
{
    const struct model *m = &c->proof.now;
    const struct request *r = c->j->r;
    const char *up = name_parent(r->adn);
    while (up && r->registrable && name_within(up, r->registrable)) {
        const char *full = arena_concat(c->j->a, up, ".", NULL);
        if (full && model_state(m, full) == MODEL_OWN && !below_dname(m, full))
            return up;
        up = name_parent(up);
    }
    return NULL;
}

/* The CA checks at a name above, which proves all names below it (BR 1.6.1, Authorization Domain Name). */
static void check_above(struct choosing *c, struct finding *to, const char *type, const char *rdata)
{
    struct arena *a = c->j->a;
    const char *up = place_above(c);
    const char *owner = up ? checked_below(a, c->j->r->profile->txt_label, up) : NULL;
    if (!owner)
        return;
    finding_or(c->j, to);
    struct fix *x = finding_fix(c->j, to, FIX_INPUT);
    x->argument = "adn";
    x->value = up;
    x->text = arena_printf(a, "Have the CA check at %s: that proves all names below it, and nothing changes at %s.", up,
                           c->j->r->adn);
    x = finding_fix(c->j, to, FIX_ADD);
    x->owner = owner;
    x->ttl = FIX_TTL;
    x->type = type;
    x->rdata = rdata;
}

static bool proposes_records(const struct choosing *c, const struct finding *f)
{
    const struct proposal *p = &c->proposed[f - c->j->report->findings];
    for (size_t i = 0; i < p->n; i++)
        for (size_t k = 0; k < p->cures[i].n; k++)
            if (p->cures[i].ops[k].op != FIX_ADVICE && p->cures[i].ops[k].op != FIX_WAIT)
                return true;
    return false;
}

static void ways_of_txt(struct choosing *c, const struct finding *f, struct finding *to)
{
    const struct model *m = &c->proof.now;
    struct arena *a = c->j->a;
    const struct request *r = c->j->r;
    const char *value = fix_value(c->j), *label = txt_owner(a, r), *itself = arena_concat(a, r->adn, ".", NULL);
    if (!value || !label || !itself)
        return;
    const struct rr *alias = own_alias(m, label);
    bool aside = alias || below_dname(m, itself);
    if (!proposes_records(c, f) && !aside)
        return; /* what is wrong lies elsewhere, and a record would meet the same fault */
    if (proposes_records(c, f) && !alias)
        add_txt(c, to, label, value, NULL);
    if (!own_alias(m, itself) && model_state(m, itself) != MODEL_ABSENT)
        add_txt(c, to, itself, value, arena_printf(a, "The CA looks at %s itself as well.", r->adn));
    if (alias) {
        finding_or(c->j, to);
        fix_remove(c->j, to, alias);
        fix_add_txt_at(c->j, to, label, value);
    }
    if (below_dname(m, itself) || host_by_wildcard(c, itself))
        check_above(c, to, "TXT", fix_txt_rdata(c->j, value));
    if (r->token && method_rules(METHOD_DNS_CNAME_TOKEN)->fits(r)) {
        finding_or(c->j, to);
        fix_other_method(c->j, to, METHOD_DNS_CNAME_TOKEN,
                         "The CNAME record that stands there passes by the order's method for CNAME: change to that.");
    }
}

static void ways_of_cname(struct choosing *c, const struct finding *f, struct finding *to)
{
    static const char text[] = "Change the order's method to TXT, which takes the same value.";
    struct arena *a = c->j->a;
    const struct request *r = c->j->r;
    const char *value = fix_value(c->j), *label = txt_owner(a, r), *itself = arena_concat(a, r->adn, ".", NULL);
    if (!value || !label || !itself || !proposes_records(c, f))
        return;
    finding_or(c->j, to);
    fix_other_method(c->j, to, METHOD_DNS_TXT_TOKEN, text);
    for (int at = 0; at < 2; at++) {
        finding_or(c->j, to);
        fix_other_method(c->j, to, METHOD_DNS_TXT_TOKEN, text);
        fix_add_txt_at(c->j, to, at ? itself : label, value);
    }
    if (host_by_wildcard(c, itself))
        check_above(c, to, "CNAME", arena_concat(a, value, ".", r->profile->cname_base, ".", NULL));
}

void other_ways(struct choosing *c, const struct finding *f, struct finding *ret)
{
    switch (c->j->r->method) {
    case METHOD_DNS_TXT_TOKEN:
        ways_of_txt(c, f, ret);
        break;
    case METHOD_DNS_CNAME_TOKEN:
        ways_of_cname(c, f, ret);
        break;
    case METHOD_DNS_CNAME_TARGET:
    case METHOD_HTTP_TOKEN:
    case METHOD_HTTP_TOKEN_DYNAMIC:
    case METHOD_DNS_PERSIST:
    case METHOD_CAA:
        break;
    }
}
