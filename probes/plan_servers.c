/* plan_servers.c - what to ask the zone's own servers. */
#include "plan.h"

#include "delegation.h"
#include "name.h"
#include "verdict.h"

enum { AT_ONCE = 4 }; /* questions of one check under way to one server: a deep name is no reason for a burst */

static void want_names(struct plan *p, const struct name_server *s, const char *apex, const struct checked *v,
                       size_t n)
{
    size_t under_way = s->state == SERVER_PENDING;
    for (size_t i = 0; i < n && under_way < AT_ONCE; i++) {
        if (!name_within(v[i].name, apex))
            continue;
        server_want(&p->asker, s->server, s->plain, v[i].name, v[i].type);
        under_way += !server_fact(p->ev, s, v[i].name, v[i].type);
    }
    /* Whether it is the type that the server does not know: once is enough. */
    for (size_t i = 0; i < n && s->state == SERVER_GOOD; i++) {
        const struct fact *f =
            name_within(v[i].name, apex) ? server_fact(p->ev, s, v[i].name, v[i].type) : NULL;
        if (!f || fact_answers(f) || v[i].type == RR_A)
            continue;
        server_want(&p->asker, s->server, s->plain, v[i].name, RR_A);
        return;
    }
}

void plan_perspectives(struct plan *p)
{
    struct checked *v;
    size_t n;
    if (!p->r->perspectives.n || method_is_file(p->r->method) || checked_names(p->a, p->r, &v, &n))
        return;
    for (size_t i = 0; i < p->r->perspectives.n; i++) {
        const char *name, *address;
        if (!perspective_split(p->a, p->r->perspectives.v[i], &name, &address))
            return;
        for (size_t k = 0; k < n; k++) {
            struct ask q = perspective_question(name, address, v[k].name, v[k].type);
            const struct fact *f = p->asker.want(p->asker.self, &q);
            q.tcp = f && f->dns.flags & DNS_TC;
            if (q.tcp)
                p->asker.want(p->asker.self, &q);
        }
    }
}

void plan_servers(struct plan *p)
{
    struct zone z;
    struct checked *v;
    size_t n;
    if (zone_read(p->a, &p->asker, p->r, &z) || !z.apex || checked_names(p->a, p->r, &v, &n))
        return;
    /* The names go out with the SOA: whether the server is any good is known when all are answered. One that
     * stayed silent, or wants no EDNS, is not worth the names in that form. */
    for (size_t i = 0; i < z.n; i++)
        if (z.v[i].state == SERVER_GOOD || (z.v[i].state == SERVER_PENDING && !z.v[i].soa))
            want_names(p, &z.v[i], z.apex, v, n);
    if (p->r->edited_at) {
        struct texts addresses = {0};
        bool open = false;
        if (host_addresses(p->a, &p->asker, p->r->edited_at, &addresses, &open))
            return;
        for (size_t i = 0; i < addresses.n; i++)
            want_names(p, &(struct name_server){.server = addresses.v[i]}, z.apex, v, n);
    }
}
