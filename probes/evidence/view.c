/* view.c - one lookup as the resolvers, a server of the zone or a perspective give it. */
#include "evidence/view.h"

#include "wire/name.h"

#include <string.h>

/* True for a referral to another zone: NS records below the apex, without the AA flag. */
static bool is_referral(const struct lookup *l, const char *apex)
{
    const struct dns_fact *d = &l->fact->dns;
    if (d->flags & DNS_AA || d->outcome != DNS_NODATA)
        return false;
    for (size_t i = 0; i < d->authority.n; i++) {
        const struct rr *rr = &d->authority.v[i];
        if (rr->type == RR_NS && !name_equal(rr->owner, apex) && name_within(rr->owner, apex))
            return true;
    }
    return false;
}

/* True where the alias chain of l, an answer of the resolvers, contains name, where the answer of the server ended. */
static bool passes(const struct lookup *l, const char *name)
{
    if (!l->fact || name_equal(l->end, name))
        return l->fact != NULL;
    const struct rrs *answer = &l->fact->dns.answer;
    for (size_t i = 0; i < answer->n; i++)
        if (answer->v[i].type == RR_CNAME && name_equal(answer->v[i].owner, name))
            return true;
    return false;
}

bool view_of_ask(const struct zone *zone, const struct ask *ask, struct view *ret)
{
    *ret = (struct view){.zone = zone};
    switch (ask->via) {
    case VIA_RESOLVER:
        return true;
    case VIA_AUTHORITATIVE:
        for (size_t i = 0; i < zone->n && !ret->server; i++)
            if (name_equal(zone->v[i].server, ask->server))
                ret->server = &zone->v[i];
        return ret->server;
    case VIA_PERSPECTIVE:
        ret->perspective = ask->perspective;
        ret->address = ask->server;
        return true;
    case VIA_DIRECT:
        break;
    }
    return false;
}

struct ask perspective_question(const char *perspective, const char *address, const char *name, uint16_t type)
{
    return (struct ask){.kind = ASK_DNS,
                        .via = VIA_PERSPECTIVE,
                        .perspective = perspective,
                        .server = address,
                        .qname = name,
                        .qtype = type};
}

int view_lookup(struct arena *a, const struct evidence *ev, const struct view *view, const char *name,
                uint16_t type, struct lookup *ret)
{
    if (view && view->perspective) {
        struct ask q = perspective_question(view->perspective, view->address, name, type);
        return lookup_read_ask(a, ev, &q, ret);
    }
    if (!view || !view->server || !name_within(name, view->zone->apex))
        return lookup_read(a, ev, name, type, ret);
    struct ask q = server_question(view->server, name, type);
    struct lookup l, through;
    int rc = lookup_read_ask(a, ev, &q, &l);
    if (rc || l.class == LOOKUP_PENDING || l.class == LOOKUP_FAIL) {
        *ret = l;
        return rc;
    }
    bool referral = is_referral(&l, view->zone->apex),
         leaves = l.hops && l.class != LOOKUP_DATA && !name_within(l.end, view->zone->apex);
    if (referral || leaves) {
        rc = lookup_read(a, ev, name, type, &through);
        if (!rc && (referral || passes(&through, l.end)))
            l = through;
    }
    *ret = l;
    return rc;
}

static bool rr_same(const struct rr *a, const struct rr *b)
{
    return a->rdlen == b->rdlen && (!a->rdlen || !memcmp(a->rdata, b->rdata, a->rdlen));
}

/* A set holds no record twice (RFC 2181 5), so the sets are equal where they have the same size and each record of one
 * is in the other. Servers keep the order or rotate it; so each search starts after the last match. */
bool lookup_same(const struct lookup *a, const struct lookup *b)
{
    if (a->class != LOOKUP_DATA || b->class != LOOKUP_DATA)
        return (a->class == LOOKUP_DATA) == (b->class == LOOKUP_DATA);
    if (a->n != b->n)
        return false;
    for (size_t i = 0, k = 0; i < a->n; i++) {
        size_t looked = 0;
        while (looked < b->n && !rr_same(a->rr[i], b->rr[k])) {
            k = (k + 1) % b->n;
            looked++;
        }
        if (looked == b->n)
            return false;
    }
    return true;
}

bool perspective_split(struct arena *a, const char *text, const char **name, const char **address)
{
    const char *is = strchr(text, '=');
    *name = is ? arena_strndup(a, text, (size_t)(is - text)) : NULL;
    *address = is ? is + 1 : NULL;
    return *name != NULL;
}
