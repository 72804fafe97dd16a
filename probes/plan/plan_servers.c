/* plan_servers.c - what to ask the zone's own servers, and the resolvers of the perspectives. */
#include "plan/plan.h"

#include "evidence/view.h"
#include "evidence/zone.h"
#include "methods/methods.h"
#include "wire/name.h"

/* How many names a server is asked for before it is known whether it answers for the zone. */
enum { AHEAD = 3 };

/* v: n names of the zone. */
static void want_names(struct plan *p, const struct name_server *s, const struct checked *v, size_t n)
{
    bool good = s->state == SERVER_GOOD, refuses = false;
    if (s->state == SERVER_PENDING && n > AHEAD && s->host)
        n = AHEAD;
    for (size_t i = 0; i < n; i++) {
        const struct fact *f = server_want(&p->asker, s->server, s->plain, v[i].name, v[i].type);
        if (!good || refuses || v[i].type == RR_A)
            continue;
        /* The A record of the name tells whether the server refuses the type or the name; asking so once is enough. */
        refuses = f && !fact_answers(f);
        if (refuses)
            server_want(&p->asker, s->server, s->plain, v[i].name, RR_A);
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
    size_t within = 0;
    for (size_t i = 0; i < n; i++)
        if (name_within(v[i].name, z.apex))
            v[within++] = v[i];
    /* A server is asked for the names together with its SOA record, whose answer tells whether it is good. If the first
     * question for SOA fails (no answer, or EDNS refused), it is asked for no names until another form of it works. */
    for (size_t i = 0; i < z.n; i++)
        if (z.v[i].state == SERVER_GOOD || (z.v[i].state == SERVER_PENDING && !z.v[i].soa))
            want_names(p, &z.v[i], v, within);
    if (p->r->edited_at) {
        struct texts addresses = {0};
        bool open = false;
        if (host_addresses(p->a, &p->asker, p->r->edited_at, &addresses, &open))
            return;
        for (size_t i = 0; i < addresses.n; i++)
            want_names(p, &(struct name_server){.server = addresses.v[i]}, v, within);
    }
}
