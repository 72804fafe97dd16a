#include "evidence/near.h"

#include "ca/profile.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

struct list {
    struct arena *a;
    const struct request *r;
    struct near_view *view;
    const char
        *scope[3]; /* names that a panel may complete with: D, its zone's apex, the registrable domain */
    size_t n_scopes;
};

/* Takes owner in unless it is no name at all (too long, once doubled), a name that the method looks at
 * anyway, or in the list already. */
static void add(struct list *l, enum near_slip slip, uint16_t type, const char *scope, const char *slip_text,
                const char *owner)
{
    uint8_t wire[WIRE_NAME_MOST];
    struct near_view *view = l->view;
    if (!owner || view->n == NEAR_MOST || wire_name_from_text(owner, wire) < 0)
        return;
    for (size_t i = 0; i < view->n; i++)
        if (view->v[i].at.type == type && name_equal(view->v[i].at.name, owner))
            return;
    view->v[view->n++] = (struct near_name){
        .slip = slip, .scope = scope, .slip_text = slip_text, .at = {.name = owner, .type = type}};
}

/* SOA of the zone that a negative answer comes from (RFC 2308 2). */
static const char *soa_owner(const struct fact *f)
{
    for (size_t i = 0; f && i < f->dns.authority.n; i++)
        if (f->dns.authority.v[i].type == RR_SOA && !f->dns.authority.v[i].defect)
            return f->dns.authority.v[i].owner;
    return NULL;
}

static const char *find_apex(struct list *l, const struct evidence *ev)
{
    const struct profile *p = l->r->profile;
    const char *domain = arena_printf(l->a, "%s.", l->r->adn);
    const char *name[] = {domain, arena_printf(l->a, "%s.%s.", p->txt_label, l->r->adn),
                          arena_printf(l->a, "%s.%s.", p->target_label, l->r->adn)};
    const uint16_t types[] = {RR_TXT, RR_CNAME};
    for (size_t i = 0; l->r->registrable && i < 6; i++) {
        struct lookup at;
        if (!name[i / 2] || lookup_read(l->a, ev, name[i / 2], types[i % 2], &at))
            return NULL;
        const char *owner = soa_owner(at.fact);
        if (!owner || !name_within(domain, owner))
            continue;
        if (name_within(owner, l->r->registrable))
            return owner;
        l->view->unregistered = at.class == LOOKUP_NXDOMAIN; /* RFC 8020 2 */
    }
    return l->r->registrable ? arena_printf(l->a, "%s.", l->r->registrable) : domain;
}

static void find_scopes(struct list *l)
{
    const char *name[] = {arena_printf(l->a, "%s.", l->r->adn), l->view->apex,
                          l->r->registrable ? arena_printf(l->a, "%s.", l->r->registrable) : NULL};
    for (size_t i = 0; i < 3; i++) {
        bool known = !name[i];
        for (size_t k = 0; !known && k < l->n_scopes; k++)
            known = name_equal(name[i], l->scope[k]);
        if (!known)
            l->scope[l->n_scopes++] = name[i];
    }
}

/* The same in plan and replay, another in each check, and the same where the value was redacted: so it rests
 * on the domain and the time of the request alone. FNV-1a, then the finish of splitmix64. */
static const char *random_below(struct arena *a, const struct request *r, const char *scope)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (const char *s = r->adn; *s; s++)
        h = (h ^ (unsigned char)*s) * UINT64_C(0x100000001b3);
    h ^= (uint64_t)r->now;
    h = (h ^ h >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    h = (h ^ h >> 27) * UINT64_C(0x94d049bb133111eb);
    return arena_printf(a, "dcv-%016llx.%s", (unsigned long long)(h ^ h >> 31), scope);
}

static void add_random(struct list *l, uint16_t type, const char *scope)
{
    add(l, NEAR_RANDOM, type, scope, NULL, random_below(l->a, l->r, scope));
}

int near_first(struct arena *a, const struct request *r, struct ask *ret)
{
    uint16_t type = r->method == METHOD_DNS_TXT_TOKEN      ? RR_TXT
                    : r->method == METHOD_DNS_CNAME_TOKEN  ? RR_CNAME
                    : r->method == METHOD_DNS_CNAME_TARGET ? RR_A
                                                           : 0;
    const char *scope = arena_printf(a, "%s.", r->adn), *name = scope ? random_below(a, r, scope) : NULL;
    *ret = lookup_ask(name, type);
    return !type ? -EINVAL : name ? 0 : -ENOMEM;
}

/* The value where it can stand in a name at all. */
static const char *value_label(const struct request *r)
{
    return r->token && name_is_host(r->token) && !strchr(r->token, '.') && strlen(r->token) < 63 ? r->token
                                                                                                 : NULL;
}

/* The label without the underscore that it begins with, or NULL. */
static const char *bare_label(const struct request *r)
{
    return *r->profile->txt_label == '_' ? r->profile->txt_label + 1 : NULL;
}

static void list_txt(struct list *l)
{
    const char *label = l->r->profile->txt_label, *bare = bare_label(l->r), *d = l->r->adn,
               *value = value_label(l->r);
    for (size_t i = 0; i < l->n_scopes; i++)
        add_random(l, RR_TXT, l->scope[i]);
    add(l, NEAR_TYPE, RR_CNAME, NULL, NULL, arena_printf(l->a, "%s.%s.", label, d));
    for (size_t i = 0; i < l->n_scopes; i++)
        add(l, NEAR_DOUBLED, RR_TXT, l->scope[i], NULL,
            arena_printf(l->a, "%s.%s.%s", label, d, l->scope[i]));
    if (bare)
        add(l, NEAR_OTHER, RR_TXT, NULL, "the underscore before the label is missing",
            arena_printf(l->a, "%s.%s.", bare, d));
    if (value) {
        static const char as_name[] = "the value was entered as the record's name";
        add(l, NEAR_OTHER, RR_TXT, NULL, as_name, arena_printf(l->a, "%s.%s.", value, d));
        add(l, NEAR_OTHER, RR_TXT, NULL, as_name, arena_printf(l->a, "_%s.%s.", value, d));
    }
    if (strncmp(d, "www.", 4) != 0) {
        add(l, NEAR_OTHER, RR_TXT, NULL, NULL, arena_printf(l->a, "%s.www.%s.", label, d));
        add(l, NEAR_OTHER, RR_TXT, NULL, NULL, arena_printf(l->a, "www.%s.", d));
    }
    add(l, NEAR_OTHER, RR_TXT, NULL, "which is the place of another kind of validation (ACME)",
        arena_printf(l->a, "_acme-challenge.%s.", d));
    const char *parent = name_parent(d);
    const char *above[] = {parent && l->r->registrable && name_within(parent, l->r->registrable)
                               ? arena_printf(l->a, "%s.", parent)
                               : NULL,
                           l->view->apex, l->scope[l->n_scopes - 1]};
    for (size_t i = 0; i < 3; i++) {
        if (!above[i] || name_equal(above[i], d))
            continue;
        add(l, NEAR_ANCESTOR, RR_TXT, above[i], NULL, arena_printf(l->a, "%s.%s", label, above[i]));
        if (i > 0)
            add(l, NEAR_ANCESTOR, RR_TXT, above[i], NULL, above[i]);
        add_random(l, RR_TXT, above[i]);
    }
}

static void list_cname(struct list *l)
{
    const char *label = l->r->profile->txt_label, *base = l->r->profile->cname_base, *d = l->r->adn,
               *value = value_label(l->r);
    const char *at = arena_printf(l->a, "%s.%s.", label, d);
    static const uint16_t types[] = {RR_CNAME, RR_TXT, RR_A, RR_AAAA};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        add_random(l, types[i], l->scope[0]);
        if (types[i] != RR_CNAME)
            add(l, NEAR_TYPE, types[i], NULL, NULL, at);
    }
    for (size_t i = 1; i < l->n_scopes; i++)
        add_random(l, RR_CNAME, l->scope[i]);
    add(l, NEAR_TYPE, RR_TXT, NULL, NULL, l->scope[0]);
    for (size_t i = 0; i < l->n_scopes; i++)
        add(l, NEAR_DOUBLED, RR_CNAME, l->scope[i], NULL,
            arena_printf(l->a, "%s.%s.%s", label, d, l->scope[i]));
    if (!value)
        return;
    add(l, NEAR_BARE, RR_CNAME, NULL, NULL, arena_printf(l->a, "%s.%s.", value, d));
    for (size_t i = 0; i < l->n_scopes; i++)
        add(l, NEAR_SWAPPED, RR_CNAME, l->scope[i], NULL,
            arena_printf(l->a, "%s.%s.%s", value, base, l->scope[i]));
}

static void list_target(struct list *l)
{
    enum { TARGETS = 4 };
    const char *under = arena_printf(l->a, "%s.%s.", l->r->profile->target_label, l->r->adn);
    static const uint16_t types[] = {RR_A, RR_AAAA};
    for (size_t i = 0; i < 2; i++) {
        add_random(l, types[i], l->scope[0]);
        add(l, NEAR_TYPE, types[i], NULL, NULL, under);
    }
    add(l, NEAR_TYPE, RR_A, NULL, NULL, l->scope[0]);
    for (size_t i = 0; i < l->r->allow_targets.n && i < TARGETS; i++) {
        const char *t = l->r->allow_targets.v[i];
        size_t n = strlen(t);
        add(l, NEAR_TARGET, RR_A, NULL, NULL, n && t[n - 1] == '.' ? t : arena_printf(l->a, "%s.", t));
    }
}

int near_list(struct arena *a, const struct request *r, const struct evidence *ev, struct near_view *ret)
{
    *ret = (struct near_view){0};
    struct list l = {.a = a, .r = r, .view = ret};
    ret->apex = find_apex(&l, ev);
    if (!ret->apex)
        return -ENOMEM;
    find_scopes(&l);
    switch (l.n_scopes ? r->method : METHOD_CAA) {
    case METHOD_DNS_TXT_TOKEN:
        list_txt(&l);
        break;
    case METHOD_DNS_CNAME_TOKEN:
        list_cname(&l);
        break;
    case METHOD_DNS_CNAME_TARGET:
        list_target(&l);
        break;
    case METHOD_HTTP_TOKEN:
    case METHOD_HTTP_TOKEN_DYNAMIC:
    case METHOD_CAA:
        break;
    }
    return arena_full(a) ? -ENOMEM : 0;
}

int near_read(struct arena *a, const struct request *r, const struct evidence *ev, struct near_view *ret)
{
    int rc = near_list(a, r, ev, ret);
    for (size_t i = 0; i < ret->n && !rc; i++)
        rc = lookup_read(a, ev, ret->v[i].at.name, ret->v[i].at.type, &ret->v[i].at);
    return rc;
}

bool near_value_known(const struct request *r)
{
    switch (request_challenge(r)) {
    case CHALLENGE_RANDOM_VALUE:
        return strlen(r->token) >= NEAR_VALUE_LEAST && !request_expired(r);
    case CHALLENGE_REQUEST_TOKEN:
        return true;
    case CHALLENGE_NONE:
        break;
    }
    return false;
}

bool near_synthesised(const struct near_view *view, const struct near_name *n, const struct rr *rr)
{
    for (size_t i = 0; i < view->n; i++) {
        const struct near_name *random = &view->v[i];
        if (random->slip != NEAR_RANDOM || random->at.type != n->at.type ||
            !name_within(n->at.name, random->scope))
            continue;
        if (random->at.class == LOOKUP_PENDING || random->at.class == LOOKUP_FAIL)
            return true;
        for (size_t k = 0; k < random->at.n; k++) {
            const struct rr *other = random->at.rr[k];
            if (other->rdlen == rr->rdlen && !memcmp(other->rdata, rr->rdata, rr->rdlen))
                return true;
        }
    }
    return false;
}
