#include "evidence/near.h"

#include "base/hash.h"
#include "ca/profile.h"
#include "evidence/view.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

const uint16_t near_host_types[] = {RR_A, RR_AAAA, RR_MX, RR_TXT, RR_CAA, RR_SRV, RR_HTTPS};
const size_t near_host_types_n = sizeof near_host_types / sizeof *near_host_types;

void near_add(struct near_list *l, enum near_slip slip, uint16_t type, const char *scope, const char *slip_text,
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

/* The owner of the SOA record in a negative answer: the zone that it comes from (RFC 2308 2). */
static const char *find_apex(struct near_list *l, const struct evidence *ev)
{
    const struct profile *p = l->r->profile;
    const char *domain = arena_printf(l->a, "%s.", l->r->adn);
    const char *name[] = {domain, arena_printf(l->a, "%s.%s.", p->txt_label, l->r->adn),
                          arena_printf(l->a, "%s.%s.", p->target_label, l->r->adn),
                          arena_printf(l->a, "%s.%s.", p->persist_label, l->r->adn)};
    const uint16_t types[] = {RR_TXT, RR_CNAME};
    for (size_t i = 0; l->r->registrable && i < 8; i++) {
        struct lookup at;
        if (!name[i / 2] || lookup_read(l->a, ev, name[i / 2], types[i % 2], &at))
            return NULL;
        const char *owner = at.fact ? fact_denier(at.fact, domain) : NULL;
        if (!owner)
            continue;
        if (name_within(owner, l->r->registrable))
            return owner;
        l->view->unregistered = at.class == LOOKUP_NXDOMAIN; /* RFC 8020 2 */
    }
    return l->r->registrable ? arena_printf(l->a, "%s.", l->r->registrable) : domain;
}

static void find_scopes(struct near_list *l)
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

/* The label must be the same in plan and in a replay, even of a redacted case, and differ between checks: so it is made
 * from the domain and the time of the request only. FNV-1a, then the last steps of splitmix64. */
const char *near_random_name(struct arena *a, const struct request *r, const char *scope)
{
    uint64_t h = fnv(FNV_START, r->adn, strlen(r->adn)) ^ (uint64_t)r->now;
    h = (h ^ h >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    h = (h ^ h >> 27) * UINT64_C(0x94d049bb133111eb);
    return arena_printf(a, "dcv-%016llx.%s", (unsigned long long)(h ^ h >> 31), scope);
}

void near_add_random(struct near_list *l, uint16_t type, const char *scope)
{
    near_add(l, NEAR_RANDOM, type, scope, NULL, near_random_name(l->a, l->r, scope));
}

void near_add_doubled(struct near_list *l, uint16_t type, const char *label)
{
    const char *d = l->r->adn, *apex = l->view->apex, *registrable = l->r->registrable;
    for (size_t i = 0; i < l->n_scopes; i++)
        near_add(l, NEAR_DOUBLED, type, l->scope[i], NULL, arena_printf(l->a, "%s.%s.%s", label, d, l->scope[i]));
    size_t n = strlen(d), above = registrable ? strlen(registrable) : n;
    if (above < n && !name_equal(apex, registrable))
        near_add(l, NEAR_DOUBLED, type, apex, NULL,
                 arena_printf(l->a, "%s.%.*s.%s", label, (int)(n - above - 1), d, apex));
}

void near_add_starred(struct near_list *l, enum near_slip slip, uint16_t type, const char *label)
{
    if (l->r->wildcard)
        near_add(l, slip, type, NULL, "the star of the ordered name was entered, too",
                 arena_printf(l->a, "%s.*.%s.", label, l->r->adn));
}

void near_add_above(struct near_list *l, uint16_t type, const char *label)
{
    const char *parent = name_parent(l->r->adn);
    const char *above[] = {parent && l->r->registrable && name_within(parent, l->r->registrable)
                               ? arena_printf(l->a, "%s.", parent)
                               : NULL,
                           l->view->apex, l->scope[l->n_scopes - 1]};
    for (size_t i = 0; i < 3; i++) {
        if (!above[i] || name_equal(above[i], l->r->adn))
            continue;
        near_add(l, NEAR_ANCESTOR, type, above[i], NULL, arena_printf(l->a, "%s.%s", label, above[i]));
        near_add_random(l, type, above[i]);
    }
}

int near_first(struct arena *a, const struct request *r, uint16_t type, struct ask *ret)
{
    const char *scope = arena_printf(a, "%s.", r->adn), *name = scope ? near_random_name(a, r, scope) : NULL;
    *ret = lookup_ask(name, type);
    return name ? 0 : -ENOMEM;
}

const char *near_value_label(const struct request *r)
{
    return r->token && name_is_host(r->token) && !strchr(r->token, '.') && strlen(r->token) < 63 ? r->token
                                                                                                 : NULL;
}

const char *near_bare_label(const struct request *r)
{
    return *r->profile->txt_label == '_' ? r->profile->txt_label + 1 : NULL;
}

int near_list(struct arena *a, const struct request *r, const struct evidence *ev, near_fill_fn *fill,
              struct near_view *ret)
{
    *ret = (struct near_view){0};
    struct near_list l = {.a = a, .r = r, .view = ret};
    ret->apex = find_apex(&l, ev);
    if (!ret->apex)
        return -ENOMEM;
    find_scopes(&l);
    if (l.n_scopes && fill)
        fill(&l);
    return arena_full(a) ? -ENOMEM : 0;
}

int near_read(struct arena *a, const struct request *r, const struct evidence *ev, near_fill_fn *fill,
              struct near_view *ret)
{
    int rc = near_list(a, r, ev, fill, ret);
    for (size_t i = 0; i < ret->n && !rc; i++) {
        struct near_name *n = &ret->v[i];
        rc = lookup_read(a, ev, n->at.name, n->at.type, &n->at);
        if (!rc && n->slip == NEAR_RANDOM)
            rc = rr_index_make(a, n->at.rr, n->at.n, &n->data);
    }
    return rc;
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
        if (rr_index_has(&random->data, rr))
            return true;
    }
    return false;
}
