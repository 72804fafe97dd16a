#include "judge/model.h"

#include "base/hash.h"
#include "evidence/view.h"
#include "wire/dnssec_rr.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <errno.h>
#include <string.h>

/* ---------------------------------------------------------------- names and sets --------------------- */

static size_t bucket_of(const char *name)
{
    uint64_t h = FNV_START;
    for (; *name; name++)
        h = fnv_byte(h, (uint8_t)(*name | 0x20)); /* case makes no difference */
    return (size_t)(h % MODEL_BUCKETS);
}

static struct model_name *find_here(const struct model *m, const char *name, size_t bucket)
{
    struct model_name *n = m->bucket[bucket];
    while (n && !name_equal(n->name, name))
        n = n->bucket;
    return n;
}

struct model_name *model_find(const struct model *m, const char *name)
{
    size_t bucket = bucket_of(name);
    struct model_name *n = NULL;
    for (; m && !n; m = m->before)
        n = find_here(m, name, bucket);
    return n;
}

struct model_name *model_enter(struct model *m, const char *name)
{
    size_t bucket = bucket_of(name);
    struct model_name *n = find_here(m, name, bucket);
    if (n)
        return n;
    n = arena_alloc(m->a, sizeof *n);
    if (!n)
        return NULL;
    *n = (struct model_name){.name = name, .bucket = m->bucket[bucket], .next = m->first};
    m->bucket[bucket] = m->first = n;
    return n;
}

struct model_set *model_set_add(struct model *m, struct model_name *n, uint16_t type, const char *source)
{
    struct model_set *s = arena_alloc(m->a, sizeof *s), **last = &n->sets;
    if (!s)
        return NULL;
    while (*last)
        last = &(*last)->next;
    *s = (struct model_set){.type = type, .source = source};
    return *last = s;
}

const struct model_set *model_set(const struct model_name *n, const char *source, uint16_t type)
{
    const struct model_set *other = NULL;
    for (const struct model_set *s = n->sets; s; s = s->next) {
        if (s->type != type)
            continue;
        if (!strcmp(s->source, source))
            return s;
        if (!other || (s->own_server && !other->own_server))
            other = s;
    }
    return other;
}

const char model_servers[] = "servers"; /* no address is written so */

bool model_stands(const struct model_name *n, const struct model_set *s)
{
    for (const struct model_set *x = n->sets; x && !s->own_server; x = x->next)
        if (x->type == s->type && x->own_server)
            return false;
    return true;
}

const char *model_source(const struct ask *q)
{
    return q->via == VIA_RESOLVER || !q->server ? "" : q->server;
}

const char *model_zone(const struct model *m, const char *name, bool *served)
{
    const struct zone *found = NULL;
    const char *apex = NULL;
    for (const struct zone *x = m->zones; x; x = x->next)
        if (x->exists && name_within(name, x->apex) && (!found || name_within(x->apex, found->apex)))
            found = x;
    bool good = !found || found->blocked || (!found->n && !found->homeless.n);
    for (size_t i = 0; found && i < found->n; i++)
        good = good || found->v[i].state == SERVER_GOOD || found->v[i].state == SERVER_PENDING;
    if (served)
        *served = good;
    if (found)
        return found->apex;
    for (size_t i = 0; i < m->apexes.n; i++)
        if (name_within(name, m->apexes.v[i]) && (!apex || name_within(m->apexes.v[i], apex)))
            apex = m->apexes.v[i];
    /* Whether a zone begins further down is not known; the registrable domain's apex exists in any case. */
    return apex || !m->registrable || !name_within(name, m->registrable) ? apex : m->registrable;
}

bool model_of_no_host(const char *name)
{
    return *name == '_' || strstr(name, "._");
}

/* ---------------------------------------------------------------- reading facts ---------------------- */

/* What one answer is read for. */
struct reading {
    struct model *m;
    const struct fact *f;
    const char *source;
    bool own_server;
};

static bool known_already(const struct model_name *n, uint16_t type, const char *source)
{
    for (const struct model_set *s = n->sets; s; s = s->next)
        if (s->type == type && !strcmp(s->source, source))
            return true;
    return false;
}

/* Takes the records of a type at a name out of the answer; an answer without any says that there is none. */
static int see(struct reading *r, struct model_name *n, uint16_t type)
{
    const struct rrs *answer = &r->f->dns.answer;
    size_t count = 0;
    n->seen = true;
    if (known_already(n, type, r->source))
        return 0;
    for (size_t i = 0; i < answer->n; i++)
        count += answer->v[i].type == type && name_equal(answer->v[i].owner, n->name);
    struct model_set *s = model_set_add(r->m, n, type, r->source);
    if (!s || !(s->rr = arena_array(r->m->a, count, sizeof *s->rr)))
        return -ENOMEM;
    s->own_server = r->own_server;
    for (size_t i = 0; count && i < answer->n; i++)
        if (answer->v[i].type == type && name_equal(answer->v[i].owner, n->name))
            s->rr[s->n++] = &answer->v[i];
    return 0;
}

/* A signature covers fewer labels than the name has where a wildcard made the answer (RFC 4034 3.1.3). */
static void see_signatures(struct reading *r, struct model_name *n)
{
    struct rrsig sig;
    for (size_t i = 0; i < r->f->dns.answer.n; i++) {
        const struct rr *rr = &r->f->dns.answer.v[i];
        if (rr->type == RR_RRSIG && name_equal(rr->owner, n->name) && rrsig_read(r->m->a, rr, &sig))
            n->state = sig.labels < name_labels(n->name) ? MODEL_WILD : MODEL_OWN;
    }
}

static const char *owner_of(const struct rrs *answer, uint16_t type, const char *name)
{
    for (size_t i = 0; i < answer->n; i++) {
        const struct rr *rr = &answer->v[i];
        bool here = type == RR_DNAME ? name_within(name, rr->owner) && !name_equal(name, rr->owner)
                                     : name_equal(name, rr->owner);
        if (rr->type == type && !rr->defect && here)
            return rr->owner;
    }
    return NULL;
}

/* A negative answer may be about the whole name (RFC 8020 2). What the servers of its zone say of that goes before the
 * word of a resolver, which may be stale or made up. */
static void deny(struct reading *r, struct model_name *n)
{
    bool denied = r->f->dns.outcome == DNS_NXDOMAIN;
    if (r->own_server && !n->by_servers) {
        n->by_servers = true;
        n->denied = false;
    }
    if (r->own_server || !n->by_servers)
        n->denied = n->denied || denied;
    n->by_resolver = n->by_resolver || !r->own_server;
    n->hidden = n->hidden || (denied && !r->own_server);
}

/* True where the resolvers and the zone's servers do not agree on whether the name exists: then what the resolvers say
 * of its records tells nothing. */
static bool contradicted(const struct model_name *n)
{
    return n->by_servers && n->by_resolver && n->hidden != n->denied;
}

/* Follows the aliases of one answer. A server's word counts for names of its own zone only (RFC 2181 5.4.1), so of a
 * zone's server only the first step is read. */
static int read_answer(struct reading *r)
{
    const struct dns_fact *d = &r->f->dns;
    const char *name = r->f->ask->qname;
    const uint16_t type = r->f->ask->qtype;
    enum { STEPS_MOST = 16 };
    for (unsigned i = 0; i < STEPS_MOST; i++) {
        struct model_name *n = model_enter(r->m, name);
        const char *dname = owner_of(&d->answer, RR_DNAME, name), *to = NULL;
        struct model_name *above = n && dname ? model_enter(r->m, dname) : NULL;
        if (!n || (dname && !above))
            return -ENOMEM;
        if (above && see(r, above, RR_DNAME))
            return -ENOMEM;
        bool alias = !dname && type != RR_CNAME && owner_of(&d->answer, RR_CNAME, name);
        if (dname || alias) {
            int rc = dns_alias(r->m->a, &d->answer, name, &to);
            if (rc < 0 || (alias && see(r, n, RR_CNAME)))
                return -ENOMEM;
            n->by_servers = n->by_servers || (r->own_server && alias);
            see_signatures(r, n);
            if (r->own_server || !rc)
                return 0;
            name = to;
            continue;
        }
        deny(r, n);
        see_signatures(r, n);
        int rc = see(r, n, type);
        /* It answers as a name that is no alias. */
        return rc || type == RR_CNAME ? rc : see(r, n, RR_CNAME);
    }
    return 0;
}

/* An answer comes from one zone, so of each section the first SOA record counts (RFC 2308 2.2). */
static int note_apexes(struct model *m, const struct fact *f)
{
    const struct rrs sections[] = {f->dns.answer, f->dns.authority};
    for (size_t k = 0; k < 2; k++) {
        size_t i = 0;
        while (i < sections[k].n && (sections[k].v[i].type != RR_SOA || sections[k].v[i].defect))
            i++;
        if (i == sections[k].n)
            continue;
        const char *apex = sections[k].v[i].owner;
        bool known = !name_registrable(apex);
        if (f->dns.outcome == DNS_NXDOMAIN && !f->dns.answer.n && m->registrable)
            m->denied_above = m->denied_above ||
                              (name_within(f->ask->qname, m->registrable) && name_within(m->registrable, apex) &&
                               !name_equal(m->registrable, apex));
        for (size_t z = 0; !known && z < m->apexes.n; z++)
            known = name_equal(m->apexes.v[z], apex);
        if (!known && !texts_add(m->a, &m->apexes, apex))
            return -ENOMEM;
    }
    return 0;
}

static bool of_zone_data(uint16_t type)
{
    return type != RR_RRSIG && type != RR_DNSKEY && type != RR_DS && type != RR_SOA;
}

/* Random labels are told by their form; nobody enters such a name. */
static bool is_random(const char *name)
{
    static const char prefix[] = "dcv-";
    enum { DIGITS = 16, LENGTH = sizeof prefix - 1 + DIGITS };
    return !strncmp(name, prefix, sizeof prefix - 1) &&
           strspn(name + sizeof prefix - 1, "0123456789abcdef") == DIGITS && name[LENGTH] == '.';
}

static int read_fact(struct model *m, const struct fact *f)
{
    const struct dns_fact *d = &f->dns;
    bool answers = d->outcome == DNS_ANSWER || d->outcome == DNS_NODATA || d->outcome == DNS_NXDOMAIN;
    /* A random label that fails says nothing, and neither does one further up: something may answer between them. */
    if (f->ask->kind == ASK_DNS && !answers && is_random(f->ask->qname) && !model_enter(m, f->ask->qname))
        return -ENOMEM;
    if (f->ask->kind != ASK_DNS || !answers || d->flags & DNS_TC || note_apexes(m, f) || !of_zone_data(f->ask->qtype))
        return arena_full(m->a) ? -ENOMEM : 0;
    struct reading r = {m, f, model_source(f->ask), f->ask->via == VIA_AUTHORITATIVE};
    if (r.own_server && !(d->flags & DNS_AA))
        return 0; /* a referral, or the word of a server that is not in charge */
    return read_answer(&r);
}

/* ---------------------------------------------------------------- what exists ------------------------ */

struct model_name *model_random(const struct model *m, const char *parent)
{
    while (m->before)
        m = m->before;
    for (struct model_name *n = parent ? m->first : NULL; n; n = n->next)
        if (is_random(n->name) && name_equal(name_parent(n->name), parent))
            return n;
    return NULL;
}

static bool has_data(const struct model_name *n)
{
    for (const struct model_set *s = n->sets; s; s = s->next)
        if (s->n && (s->own_server || !n->by_servers))
            return true;
    return false;
}

/* True where a name below is denied: then no wildcard answers below, and what answers at the name stands there. The
 * resolvers' word for it counts unless the servers say of one of these names that something answers. */
static bool denied_below(const struct model *m, const char *name)
{
    bool by_servers = false, by_resolvers = false, believed = true;
    for (const struct model_name *n = m->first; n; n = n->next) {
        if (!name_within(n->name, name) || name_equal(n->name, name))
            continue;
        bool denied = n->denied && !has_data(n);
        believed = believed && !(contradicted(n) && !n->denied);
        by_servers = by_servers || (denied && n->by_servers);
        by_resolvers = by_resolvers || (denied && !n->by_servers);
    }
    return by_servers || (by_resolvers && believed);
}

/* How the answers for two names compare. */
enum likeness { UNLIKE, ALIKE, TOO_LITTLE };
static enum likeness compare(const struct model_name *a, const struct model_name *b)
{
    bool enough = false; /* records, or the knowledge that not even an address stands there */
    for (const struct model_set *s = a->sets; s; s = s->next) {
        const struct model_set *other = model_set(b, s->source, s->type);
        bool doubtful = (contradicted(a) && !s->own_server) || (contradicted(b) && !(other && other->own_server));
        if (!other || !model_stands(a, s) || doubtful)
            continue;
        if (!rr_sets_same(s->rr, s->n, other->rr, other->n))
            return UNLIKE;
        enough = enough || s->type == RR_A || s->n;
    }
    return enough ? ALIKE : TOO_LITTLE;
}

/* Whether a name that answers exists by itself, or by a wildcard: a wildcard answers for the random label beside it
 * and, as the name then does not exist, for the one below it, too, and all alike (RFC 4592 2.2). */
static enum model_state state_of(const struct model *m, const struct model_name *n)
{
    if (n->state != MODEL_UNKNOWN || !n->seen)
        return n->state;
    if (n->denied && !has_data(n))
        return MODEL_ABSENT;
    if (is_random(n->name))
        return MODEL_WILD;
    const struct model_name *beside = NULL, *below = model_random(m, n->name);
    /* The nearest random label beside the name or above that: a wildcard in between is nobody's. */
    for (const char *up = name_parent(n->name); up && !beside; up = name_parent(up))
        beside = model_random(m, up);
    if ((beside && beside->denied && !has_data(beside)) || denied_below(m, n->name))
        return MODEL_OWN;
    if (!beside)
        return MODEL_UNKNOWN;
    enum likeness like = compare(n, beside);
    if (like != ALIKE)
        return like == UNLIKE ? MODEL_OWN : MODEL_UNKNOWN;
    if (!below)
        return MODEL_UNKNOWN;
    like = compare(below, beside);
    return like == ALIKE ? MODEL_WILD : like == UNLIKE ? MODEL_OWN : MODEL_UNKNOWN;
}

/* Whatever has a name below it exists (RFC 4592 2.2.2). */
static int lift(struct model *m, const char *name)
{
    const char *apex = model_zone(m, name, NULL);
    for (const char *up = name_parent(name); apex && up && name_within(up, apex); up = name_parent(up)) {
        struct model_name *n = model_enter(m, up);
        if (!n)
            return -ENOMEM;
        n->state = MODEL_OWN;
    }
    return 0;
}

int model_build(struct arena *a, const struct request *r, const struct evidence *ev, const struct zones *zones,
                struct model *ret)
{
    struct model *m = ret;
    *m = (struct model){.a = a, .r = r, .zones = zones ? zones->first : NULL};
    m->registrable = r->registrable ? arena_concat(a, r->registrable, ".", NULL) : NULL;
    for (size_t i = 0; i < ev->n; i++)
        if (read_fact(m, ev->facts[i]))
            return -ENOMEM;
    for (struct model_name *n = m->first; n; n = n->next) {
        const char *apex = model_zone(m, n->name, NULL);
        n->state = apex && name_equal(apex, n->name) ? MODEL_OWN : state_of(m, n);
    }
    for (struct model_name *n = m->first; n; n = n->next)
        if (n->state == MODEL_OWN && has_data(n) && lift(m, n->name))
            return -ENOMEM;
    return arena_full(a) ? -ENOMEM : 0;
}

enum model_state model_state(const struct model *m, const char *name)
{
    const struct model_name *n = model_find(m, name);
    const char *apex = model_zone(m, name, NULL);
    if (apex && name_equal(apex, name))
        return MODEL_OWN;
    if (n && n->state != MODEL_UNKNOWN)
        return n->state;
    /* Below a name that does not exist nothing does, but a wildcard above may answer (RFC 8020 2). */
    for (const char *up = name_parent(name); apex && up && !name_equal(up, apex); up = name_parent(up)) {
        const struct model_name *above = model_find(m, up);
        if (above && (above->state == MODEL_ABSENT || above->state == MODEL_WILD))
            return n && has_data(n) ? MODEL_WILD : above->state;
    }
    return MODEL_UNKNOWN;
}

/* ---------------------------------------------------------------- answering -------------------------- */

struct answering {
    const struct model *m;
    const char *source;
    struct model_reply *reply;
};

static int put(struct answering *q, const struct rr *rr, const char *owner)
{
    struct rr *v = arena_grow(q->m->a, q->reply->answer.v, q->reply->answer.n, sizeof *v);
    if (!v)
        return -ENOMEM;
    q->reply->answer.v = v;
    v[q->reply->answer.n] = *rr;
    v[q->reply->answer.n++].owner = owner;
    return 0;
}

/* The DNAME above a name, with the name that it stands for in *to; NULL: there is none that is known. */
static const struct rr *dname_above(struct answering *q, const char *name, const char **to)
{
    for (const char *up = name_parent(name); up; up = name_parent(up)) {
        const struct model_name *n = model_find(q->m, up);
        const struct model_set *s = n ? model_set(n, q->source, RR_DNAME) : NULL;
        const char *target = s && s->n ? rr_target(q->m->a, s->rr[0]) : NULL;
        if (!target)
            continue;
        *to = arena_printf(q->m->a, "%.*s%s", (int)(strlen(name) - strlen(up)), name,
                           strcmp(target, ".") ? target : "");
        return *to ? s->rr[0] : NULL;
    }
    return NULL;
}

/* The name whose records answer: the name itself, or a wildcard that the cure leaves or makes. *kind: what the answer
 * is where that name has no such record. NULL: the facts do not show it, or nothing answers (*kind says which). */
static const struct model_name *answers_for(const struct answering *q, const char *name, enum model_kind *kind)
{
    const struct model_name *n = model_find(q->m, name);
    *kind = MODEL_NODATA;
    if (n && n->state == MODEL_OWN)
        return n;
    enum model_state state = model_state(q->m->before ? q->m->before : q->m, name);
    /* The closest encloser decides: where the cure made it, no wildcard above it counts (RFC 4592 2.2.1). */
    const char *apex = model_zone(q->m, name, NULL);
    for (const char *up = name_parent(name); apex && up && name_within(up, apex); up = name_parent(up)) {
        const struct model_name *above = model_find(q->m, up);
        const char *star = arena_concat(q->m->a, "*.", up, NULL);
        const struct model_name *wild = star && q->m->before ? model_find(q->m, star) : NULL;
        bool exists = name_equal(up, apex) || (above && above->state == MODEL_OWN);
        if (exists && wild && wild->added && state != MODEL_UNKNOWN)
            return wild;
        if (exists && above && above->added) {
            *kind = state == MODEL_UNKNOWN && n && has_data(n) ? MODEL_NOT_KNOWN : MODEL_NXDOMAIN;
            return NULL;
        }
        if (exists)
            break;
    }
    *kind = state == MODEL_ABSENT ? MODEL_NXDOMAIN : MODEL_NODATA;
    if (!n && state != MODEL_ABSENT)
        *kind = MODEL_NOT_KNOWN;
    return n;
}

int model_answer(const struct model *m, const char *source, const char *name, uint16_t type,
                 struct model_reply *ret)
{
    enum { ALIASES_MOST = 9 };
    struct answering q = {m, source, ret};
    *ret = (struct model_reply){.end = name};
    for (; ret->hops < ALIASES_MOST; ret->hops++) {
        const char *to = NULL;
        ret->end = name;
        const struct rr *dname = dname_above(&q, name, &to);
        if (dname) {
            if (put(&q, dname, dname->owner))
                return -ENOMEM;
            name = to;
            continue;
        }
        enum model_kind otherwise;
        const struct model_name *n = answers_for(&q, name, &otherwise);
        const struct model_set *alias = n && type != RR_CNAME ? model_set(n, source, RR_CNAME) : NULL;
        to = alias && alias->n ? rr_target(m->a, alias->rr[0]) : NULL;
        if (to) {
            if (put(&q, alias->rr[0], name))
                return -ENOMEM;
            name = to;
            continue;
        }
        const struct model_set *s = n ? model_set(n, source, type) : NULL;
        /* A name that the cure makes has no more than the cure gives it. */
        if (!s && n && !n->whole)
            otherwise = otherwise == MODEL_NXDOMAIN ? MODEL_NXDOMAIN : MODEL_NOT_KNOWN;
        ret->kind = s && s->n ? MODEL_DATA : otherwise;
        for (size_t i = 0; s && i < s->n; i++)
            if (put(&q, s->rr[i], name))
                return -ENOMEM;
        return arena_full(m->a) ? -ENOMEM : 0;
    }
    ret->kind = MODEL_LOOP;
    return arena_full(m->a) ? -ENOMEM : 0;
}

bool model_same(const struct model_reply *a, const struct model_reply *b)
{
    if (a->kind != b->kind || a->answer.n != b->answer.n)
        return false;
    for (size_t i = 0; i < a->answer.n; i++) {
        const struct rr *x = &a->answer.v[i], *y = &b->answer.v[i];
        if (x->type != y->type || !rr_same(x, y) || !name_equal(x->owner, y->owner))
            return false;
    }
    return true;
}
