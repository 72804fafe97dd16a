/* plan_servers.c - asks the servers of the zones that an answer depends on. */
#include "plan/plan.h"

#include "evidence/view.h"
#include "evidence/zone.h"
#include "methods/methods.h"
#include "wire/name.h"

void plan_perspectives(struct plan *p)
{
    struct checked *v;
    size_t n;
    if (!p->r->perspectives.n || method_is_file(p->r->method) || checked_names(p->a, p->r, &v, &n))
        return;
    for (size_t i = 0; i < p->r->perspectives.n; i++) {
        const char *name, *region, *address;
        if (!perspective_split(p->a, p->r->perspectives.v[i], &name, &region, &address))
            return;
        for (size_t k = 0; k < n; k++) {
            struct ask q = perspective_question(name, address, v[k].name, v[k].type);
            const struct fact *f = p->asker.want(p->asker.self, &q);
            q.tcp = f && f->dns.flags & DNS_TC;
            if (q.tcp)
                p->asker.want(p->asker.self, &q);
            if (f && !fact_answers(f)) {
                struct ask control = perspective_question(name, address, ".", RR_NS);
                p->asker.want(p->asker.self, &control);
            }
        }
    }
}

/* Asks each server that fails for a type for the same name with type A, which every server knows. The answer shows
 * whether the server fails for that type only, or for every question. */
static void want_other_type(struct plan *p, const struct zone *x, const char *name, uint16_t type)
{
    for (size_t i = 0; type != RR_A && i < x->n; i++) {
        const struct fact *f = x->v[i].state == SERVER_GOOD ? server_fact(p->ev, &x->v[i], name, type) : NULL;
        if (!f || fact_answers(f))
            continue;
        struct ask q = server_question(&x->v[i], name, RR_A);
        q.once = true; /* a server that stays silent has been waited for already */
        p->asker.want(p->asker.self, &q);
    }
}

/* Follows a name with the first server that answers in each zone, and asks what is needed to explain a failure. */
static void want_reasons(struct plan *p, struct zones *z, const char *name, uint16_t type)
{
    struct lookup l;
    if (path_read(z, p->ev, NULL, 0, name, type, &l, NULL))
        return;
    for (size_t i = 0; i < l.n_way; i++)
        if (l.way[i].zone)
            want_other_type(p, l.way[i].zone, l.way[i].name, type);
    /* Ask how the domain is delegated that the name servers without an address are named in. */
    for (size_t i = 0; l.zone && !l.zone->n && i < l.zone->homeless.n; i++)
        (void)zones_registered(z, l.zone->homeless.v[i]);
    /* Ask whether the zone that failed is signed: in a signed zone a CA may not issue after a failed lookup. */
    if (type == RR_CAA && l.class == LOOKUP_FAIL && l.zone)
        lookup_want_answer(&p->asker, l.zone->apex, RR_DS);
}

void plan_servers(struct plan *p)
{
    struct zones z;
    struct checked *v;
    size_t n;
    const char *own = arena_concat(p->a, p->r->adn, ".", NULL);
    if (!p->r->registrable || !own || checked_names(p->a, p->r, &v, &n))
        return;
    zones_init(&z, p->a, &p->asker, p->r);
    (void)zones_holding(&z, own);
    for (size_t i = 0; i < n && !z.err; i++) {
        path_want(&z, v[i].name, v[i].type);
        want_reasons(p, &z, v[i].name, v[i].type);
    }
    if (p->r->edited_at) {
        struct texts addresses = {0};
        bool open = false;
        if (host_addresses(p->a, &p->asker, p->r->edited_at, &addresses, &open))
            return;
        for (size_t i = 0; i < addresses.n; i++)
            for (size_t k = 0; k < n; k++)
                server_want(&p->asker, addresses.v[i], false, v[k].name, v[k].type);
    }
}
