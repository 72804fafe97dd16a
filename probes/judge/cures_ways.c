/* cures_ways.c - what a cure needs besides what its cause proposes: the records of a wildcard that it would hide, and
 * the other places and methods by which the same value counts. */
#include "ca/profile.h"
#include "causes/fix.h"
#include "evidence/near.h"
#include "evidence/zone.h"
#include "judge/cures_inner.h"
#include "methods/adn.h"
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

/* True for an alias, beside which no record of another type stands. */
static bool alone_there(const struct model_name *host)
{
    const struct model_set *s = model_set(host, model_servers, RR_CNAME);
    return s && s->n;
}

/* What the answers do not tell: the types that nobody asked for. */
static const char *other_types(struct arena *a)
{
    char type[16];
    const char *all = "";
    for (size_t i = 0; i < near_host_types_n; i++)
        all = arena_concat(a, all, i ? ", " : "", rr_type_name(near_host_types[i], type), NULL);
    return arena_concat(a, " (those of other types than ", all, " as well, which were not looked for)", NULL);
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
                         "record is entered there (RFC 4592 2.2.2): so the wildcard's records are entered, too%s.",
                         owner, alone_there(host) ? "" : other_types(a));
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

/* ---------------------------------------------------------------- two zones -------------------------- */

/* A good server of the zone whose SOA record names another primary and another mailbox than that of the first one: a
 * zone of another provider, which no transfer joins to this one. NULL: none is known. */
static const struct name_server *of_another_zone(struct arena *a, const struct zone *z,
                                                 const struct name_server **first)
{
    char *primary[2], *mailbox[2];
    *first = NULL;
    for (size_t i = 0; i < z->n; i++) {
        const struct name_server *s = &z->v[i];
        size_t k = *first ? 1 : 0;
        if (s->state != SERVER_GOOD || !server_soa_names(a, s, &primary[k], &mailbox[k]))
            continue;
        if (!*first)
            *first = s;
        else if (!name_equal(primary[0], primary[1]) && !name_equal(mailbox[0], mailbox[1]))
            return s;
    }
    return NULL;
}

static void append(struct arena *a, struct cure *cure, struct fix last)
{
    struct fix *ops = arena_array(a, cure->n + 1, sizeof *ops);
    if (!ops)
        return;
    memcpy(ops, cure->ops, cure->n * sizeof *ops);
    ops[cure->n++] = last;
    cure->ops = ops;
}

void name_both_zones(struct choosing *c, struct cure *cure)
{
    struct arena *a = c->j->a;
    for (size_t i = 0; i < cure->n; i++) {
        const char *owner = fix_by_machine(&cure->ops[i]) ? cure->ops[i].owner : NULL;
        const char *apex = owner ? model_zone(&c->proof.now, owner, NULL) : NULL;
        for (const struct zone *z = apex ? c->proof.now.zones : NULL; z; z = z->next) {
            const struct name_server *one, *other = name_equal(z->apex, apex) ? of_another_zone(a, z, &one) : NULL;
            if (!other)
                continue;
            const char *text = arena_printf(a,
                                            "Make the change in both zones: %s and %s serve two separate ones of %s "
                                            "(their SOA records name different primaries), and the CA may ask either.",
                                            server_shown(a, one), server_shown(a, other), z->apex);
            append(a, cure, (struct fix){.op = FIX_ADVICE, .text = text, .until = TIME_UNKNOWN});
            return;
        }
    }
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

/* Whether it is known what stands below the label of a name: where it is not, no cure there is sure. */
static bool label_known(const struct choosing *c, const char *name, const char *label)
{
    const char *owner = checked_below(c->j->a, label, name);
    return owner && model_state(&c->proof.now, owner) != MODEL_UNKNOWN;
}

/* The name above the domain at which the CA may check, where no record below it hides a wildcard: the nearest of which
 * most is known; NULL: none is. dname: one that is a DNAME, at which a record may stand and below which none may
 * (RFC 6672 2.3). */
static const char *place_above(const struct choosing *c, bool dname, const char *label)
{
    const struct model *m = &c->proof.now;
    const struct request *r = c->j->r;
    const char *up = name_parent(r->adn), *nearest = NULL;
    for (; up && r->registrable && name_within(up, r->registrable); up = name_parent(up)) {
        const char *full = arena_concat(c->j->a, up, ".", NULL);
        if (!full || model_state(m, full) != MODEL_OWN || below_dname(m, name_parent(full)) ||
            is_dname(m, full) != dname)
            continue;
        if (label_known(c, up, label))
            return up;
        nearest = nearest ? nearest : up;
    }
    return nearest;
}

/* The order's input that has the CA check at a name above, which proves all names below it (BR 1.6.1, Authorization
 * Domain Name). */
static void ask_above(struct choosing *c, struct finding *to, const char *up)
{
    struct fix *x = finding_fix(c->j, to, FIX_INPUT);
    x->argument = "adn";
    x->value = up;
    x->text =
        arena_printf(c->j->a, "Have the CA check at %s: that proves all names below it, and nothing changes at %s.", up,
                     c->j->r->adn);
}

/* The TXT record at a name above, by the order's method or by that for TXT records. */
static void txt_above(struct choosing *c, struct finding *to, const char *value, const char *other_method)
{
    struct arena *a = c->j->a;
    const char *label = c->j->r->profile->txt_label, *up = place_above(c, false, label);
    const char *owner = up ? checked_below(a, label, up) : NULL;
    if (!up) { /* the CA looks at the name itself as well */
        up = place_above(c, true, label);
        owner = up ? arena_concat(a, up, ".", NULL) : NULL;
    }
    if (!owner)
        return;
    finding_or(c->j, to);
    if (other_method)
        fix_other_method(c->j, to, METHOD_DNS_TXT_TOKEN, other_method);
    ask_above(c, to, up);
    fix_add_txt_at(c->j, to, owner, value);
}

static void cname_above(struct choosing *c, struct finding *to, const char *value)
{
    struct arena *a = c->j->a;
    const char *label = c->j->r->profile->txt_label, *up = place_above(c, false, label);
    const char *owner = up ? checked_below(a, label, up) : NULL;
    if (!owner)
        return;
    finding_or(c->j, to);
    ask_above(c, to, up);
    *finding_fix(c->j, to, FIX_ADD) =
        (struct fix){.op = FIX_ADD,
                     .owner = owner,
                     .ttl = FIX_TTL,
                     .type = "CNAME",
                     .rdata = arena_concat(a, value, ".", c->j->r->profile->cname_base, ".", NULL),
                     .until = TIME_UNKNOWN};
}

/* Its record has to say that it counts for the names below, too. */
static void persist_above(struct choosing *c, struct finding *to)
{
    struct fix record;
    struct request r = *c->j->r;
    const char *up = place_above(c, false, r.profile->persist_label);
    if (!up)
        return;
    adn_set(&r, up);
    if (!fix_persist_record(c->j->a, &r, NULL, TIME_UNKNOWN, &record))
        return;
    finding_or(c->j, to);
    ask_above(c, to, up);
    record.until = TIME_UNKNOWN;
    *finding_fix(c->j, to, FIX_ADD) = record;
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
        txt_above(c, to, value, NULL);
    if (r->token && method_rules(METHOD_DNS_CNAME_TOKEN)->fits(r)) {
        finding_or(c->j, to);
        fix_other_method(c->j, to, METHOD_DNS_CNAME_TOKEN,
                         "The CNAME record that stands there passes by the order's method for CNAME: change to that.");
    }
}

static void ways_of_cname(struct choosing *c, const struct finding *f, struct finding *to)
{
    static const char text[] = "Change the order's method to TXT, which takes the same value.";
    const struct model *m = &c->proof.now;
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
    if (below_dname(m, itself) || host_by_wildcard(c, itself))
        cname_above(c, to, value);
    if (below_dname(m, itself))
        txt_above(c, to, value, text);
}

static void ways_of_persist(struct choosing *c, const struct finding *f, struct finding *to)
{
    const char *itself = arena_concat(c->j->a, c->j->r->adn, ".", NULL);
    if (itself && proposes_records(c, f) && (below_dname(&c->proof.now, itself) || host_by_wildcard(c, itself)))
        persist_above(c, to);
}

/* The CA fetches over both schemes, and one of them suffices: where a filter or a ban is in the way over one, and over
 * the other it is but the file that is missing, that is the place for it. Not on a host that forwards. */
static void ways_of_file(struct choosing *c, struct finding *to)
{
    struct judgement *j = c->j;
    const struct fetch *best = j->file.best ? &j->file.best->fetch : NULL;
    const char *value = best && !best->hops && best->class != FETCH_REDIRECT ? fix_value(j) : NULL;
    for (size_t i = 0; value && i < FILE_SIDES; i++) {
        const struct fetch *x = &j->file.side[i].fetch;
        bool missing = x->class == FETCH_STATUS && (x->fact->http.status == 404 || x->fact->http.status == 410);
        if (!missing)
            continue;
        finding_or(j, to);
        if (fix_file_at(j, to, x, value))
            to->cures[to->n_cures - 1].ops[0].text =
                arena_printf(j->a, "The CA looks over http and https; over %s nothing is in the way of the file.",
                             i ? "https" : "http");
    }
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
    case METHOD_DNS_PERSIST:
        ways_of_persist(c, f, ret);
        break;
    case METHOD_HTTP_TOKEN:
    case METHOD_HTTP_TOKEN_DYNAMIC:
        ways_of_file(c, ret);
        break;
    case METHOD_DNS_CNAME_TARGET:
    case METHOD_CAA:
        break;
    }
}
