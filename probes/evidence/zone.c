#include "evidence/zone.h"

#include "evidence/evidence.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

enum {
    MOST_HOSTS = 13,     /* name servers of one zone that are asked, as many as the root has */
    MOST_ADDRESSES = 26, /* of all these servers */
    MOST_BELOW = 6,      /* names below the registrable domain that may be zone cuts */
    PARENT_HOSTS = 2     /* servers of the parent that are asked */
};

/* ---------------------------------------------------------------- questions -------------------------- */

/* Returns the first fact. *whole: the fact over TCP where the first one was truncated and TCP has answered, else the
 * first. */
static const struct fact *ask_server_first(const struct asker *asker, const char *server, struct ask q,
                                           const struct fact **whole)
{
    q.kind = ASK_DNS;
    q.via = VIA_AUTHORITATIVE;
    q.server = server;
    const struct fact *f = asker->want(asker->self, &q), *rest = NULL;
    if (f && f->dns.flags & DNS_TC) {
        q.tcp = true;
        rest = asker->want(asker->self, &q);
    }
    *whole = rest ? rest : f;
    return f;
}

static const struct fact *ask_server(const struct asker *asker, const char *server, struct ask q)
{
    const struct fact *whole;
    ask_server_first(asker, server, q, &whole);
    return whole;
}

const struct fact *server_want(const struct asker *asker, const char *server, bool plain, const char *name,
                               uint16_t type)
{
    const struct fact *whole;
    return ask_server_first(asker, server, (struct ask){.qname = name, .qtype = type, .no_edns = plain}, &whole);
}

struct ask server_question(const struct name_server *s, const char *name, uint16_t type)
{
    return (struct ask){.kind = ASK_DNS,
                        .via = VIA_AUTHORITATIVE,
                        .server = s->server,
                        .qname = name,
                        .qtype = type,
                        .no_edns = s->plain};
}

const struct fact *server_fact(const struct evidence *ev, const struct name_server *s, const char *name,
                               uint16_t type)
{
    struct ask q = server_question(s, name, type);
    const struct ask *asked = evidence_find(ev, &q);
    return asked ? asked->fact : NULL;
}

/* Asks with checking disabled: broken signatures must not hide the servers of the zone. */
static const struct fact *ask_resolver(const struct asker *asker, const char *name, uint16_t type)
{
    struct ask q = lookup_ask(name, type);
    q.cd = true;
    return asker->want(asker->self, &q);
}

static bool add_once(struct arena *a, struct texts *list, const char *name)
{
    for (size_t i = 0; i < list->n; i++)
        if (name_equal(list->v[i], name))
            return true;
    return texts_add(a, list, name);
}

/* The hosts of the NS set of owner in one section. */
static int hosts_of(struct arena *a, const struct rrs *section, const char *owner, struct texts *ret)
{
    for (size_t i = 0; i < section->n && ret->n < MOST_HOSTS; i++) {
        const struct rr *rr = &section->v[i];
        if (rr->type != RR_NS || rr->defect || !name_equal(rr->owner, owner))
            continue;
        const char *host = rr_target(a, rr);
        if (!host || !add_once(a, ret, host))
            return -ENOMEM;
    }
    return 0;
}

static const char *rr_address(struct arena *a, const struct rr *rr)
{
    char text[INET6_ADDRSTRLEN];
    if (rr->type == RR_A && rr->rdlen == 4 && inet_ntop(AF_INET, rr->rdata, text, sizeof text))
        return arena_printf(a, "%s:53", text);
    if (rr->type == RR_AAAA && rr->rdlen == 16 && inet_ntop(AF_INET6, rr->rdata, text, sizeof text))
        return arena_printf(a, "[%s]:53", text);
    return NULL;
}

/* Adds the addresses of owner in a section; owner "": the addresses of all owners. */
static int addresses_in(struct arena *a, const struct rrs *section, const char *owner, uint16_t type,
                        struct texts *ret)
{
    for (size_t i = 0; i < section->n && ret->n < MOST_ADDRESSES; i++) {
        const struct rr *rr = &section->v[i];
        if (rr->defect || rr->type != type || (*owner && !name_equal(rr->owner, owner)))
            continue;
        const char *text = rr_address(a, rr);
        if (text && !add_once(a, ret, text))
            return -ENOMEM;
    }
    return arena_full(a) ? -ENOMEM : 0;
}

static int addresses_of(struct arena *a, const struct asker *asker, const char *host, uint16_t type,
                        struct texts *ret, bool *open)
{
    const struct fact *f = ask_resolver(asker, host, type);
    if (!f)
        *open = true;
    else if (f->dns.outcome == DNS_ANSWER) {
        const char *end = dns_chain_end(a, &f->dns, host, NULL, NULL);
        return end ? addresses_in(a, &f->dns.answer, end, type, ret) : -ENOMEM;
    }
    return 0;
}

int host_addresses(struct arena *a, const struct asker *asker, const char *host, struct texts *ret,
                   bool *open)
{
    if (name_is_ip(host)) {
        const char *text = arena_printf(a, strchr(host, ':') ? "[%s]:53" : "%s:53", host);
        return text && texts_add(a, ret, text) ? 0 : -ENOMEM;
    }
    host = arena_printf(a, "%s%s", host, host[strlen(host) - 1] == '.' ? "" : ".");
    if (!host)
        return -ENOMEM;
    int rc = addresses_of(a, asker, host, RR_A, ret, open);
    return rc ? rc : addresses_of(a, asker, host, RR_AAAA, ret, open);
}

/* ---------------------------------------------------------------- the zone cut ----------------------- */

struct zone_walk {
    struct arena *a;
    const struct asker *asker;
    const struct request *r;
    const char *registrable; /* absolute */
    struct zone z;
};

/* The fact with the NS set of name, where name is the apex of a zone. NULL: it is not, or not known yet. */
static const struct fact *zone_ns(struct zone_walk *w, const char *name)
{
    const struct fact *f = ask_resolver(w->asker, name, RR_NS);
    if (!f)
        w->z.open = true;
    else if (f->dns.outcome == DNS_ANSWER)
        for (size_t i = 0; i < f->dns.answer.n; i++)
            if (f->dns.answer.v[i].type == RR_NS && name_equal(f->dns.answer.v[i].owner, name))
                return f;
    return NULL;
}

/* Sets apex (the deepest name that has an NS set), ns and parent. The apex is the registrable domain or a name below
 * it; so where it is unknown, the parent is the first zone above the registrable domain. */
static int find_cut(struct zone_walk *w)
{
    unsigned below = name_labels(w->r->adn) - name_labels(w->r->registrable);
    for (const char *name = w->r->adn; name; name = name_parent(name)) {
        /* Of a deep name only the MOST_BELOW highest names below the registrable domain are asked, since zone cuts are
         * there. */
        if (below > MOST_BELOW) {
            below--;
            continue;
        }
        const char *absolute = arena_printf(w->a, "%s.", name);
        if (!absolute)
            return -ENOMEM;
        const struct fact *f = zone_ns(w, absolute);
        if (!f)
            continue;
        bool ours = name_within(absolute, w->registrable);
        if (!w->z.apex && ours) {
            w->z.apex = absolute;
            w->z.ns = f;
        } else if (!w->z.parent && (w->z.apex || !ours)) {
            w->z.parent = absolute;
        }
    }
    return 0;
}

/* Reads what a server of the parent says about the zone: a referral, or the NS set itself where it serves both zones.
 * Where the resolver found no zone, the referral shows whether there is a delegation. */
static int read_delegation(struct zone_walk *w, const struct fact *f, const char *asked)
{
    const struct dns_fact *d = &f->dns;
    if (d->outcome == DNS_NXDOMAIN && d->flags & DNS_AA && name_equal(asked, w->registrable)) {
        w->z.denial = f;
        return 0;
    }
    const struct rrs *section = d->outcome == DNS_ANSWER ? &d->answer : &d->authority;
    for (size_t i = 0; i < section->n; i++) {
        const struct rr *rr = &section->v[i];
        if (rr->type != RR_NS || rr->defect || !name_within(rr->owner, w->registrable) ||
            !name_within(asked, rr->owner))
            continue;
        if (!w->z.apex)
            w->z.apex = rr->owner;
        if (!name_equal(rr->owner, w->z.apex))
            continue;
        w->z.delegation = f;
        return hosts_of(w->a, section, rr->owner, &w->z.at_parent);
    }
    return 0;
}

static int ask_parent(struct zone_walk *w)
{
    const char *asked = w->z.apex ? w->z.apex : w->registrable;
    const struct fact *ns = w->z.parent ? zone_ns(w, w->z.parent) : NULL;
    struct texts hosts = {0}, addresses = {0};
    size_t count = 0, silent = 0;
    int rc = ns ? hosts_of(w->a, &ns->dns.answer, w->z.parent, &hosts) : 0;
    for (size_t i = 0; !rc && i < hosts.n && i < PARENT_HOSTS; i++) {
        addresses.n = 0;
        rc = addresses_of(w->a, w->asker, hosts.v[i], RR_A, &addresses, &w->z.open);
        if (rc || !addresses.n)
            continue;
        const struct fact *f =
            ask_server(w->asker, addresses.v[0], (struct ask){.qname = asked, .qtype = RR_NS});
        count++;
        silent += f && dns_silent(&f->dns);
        if (!f)
            w->z.open = true;
        else if (!w->z.delegation)
            rc = read_delegation(w, f, asked);
    }
    w->z.blocked = count && silent == count;
    return rc;
}

/* ---------------------------------------------------------------- its servers ------------------------ */

/* True where the question could not be sent: this host has no IPv6. */
static bool never_sent(const struct fact *f)
{
    return f->dns.outcome == DNS_UNREACHABLE && f->ask->server[0] == '[';
}

static bool with_authority(const struct fact *f, const char *apex, struct name_server *s)
{
    if (f->dns.outcome != DNS_ANSWER || !(f->dns.flags & DNS_AA))
        return false;
    for (size_t i = 0; i < f->dns.answer.n; i++) {
        const struct rr *rr = &f->dns.answer.v[i];
        if (rr->type == RR_SOA && name_equal(rr->owner, apex)) {
            s->has_serial = soa_read(rr, &s->serial, &s->negative_ttl);
            return true;
        }
    }
    return false;
}

static void read_server(struct zone_walk *w, struct name_server *s)
{
    struct ask q = {.qname = w->z.apex, .qtype = RR_SOA, .mixed_case = true};
    const struct fact *f = ask_server(w->asker, s->server, q);
    if (!f) {
        w->z.open = true;
        return;
    }
    if (never_sent(f)) {
        s->soa = f;
        s->state = SERVER_HERE;
        return;
    }
    /* If the parent's servers are silent, too, it is not worth the time to ask in other ways. */
    bool balks = (dns_silent(&f->dns) && !w->z.blocked) || f->dns.rcode == 1 ||
                 f->dns.rcode == 16; /* FORMERR, BADVERS (RFC 6891 7) */
    if (balks) {
        q.no_edns = true;
        q.mixed_case = false;
        const struct fact *plain = ask_server(w->asker, s->server, q);
        q.no_edns = false;
        q.tcp = true;
        const struct fact *tcp = dns_silent(&f->dns) ? ask_server(w->asker, s->server, q) : f;
        if (!plain || !tcp) {
            w->z.open = true;
            return;
        }
        if (!dns_silent(&plain->dns) && plain->dns.rcode != 1) {
            s->plain = true;
            s->refused_edns = f;
            f = plain;
        } else if (!dns_silent(&tcp->dns)) {
            f = tcp;
        }
    }
    s->soa = f;
    s->state = dns_silent(&f->dns) ? SERVER_SILENT : with_authority(f, w->z.apex, s) ? SERVER_GOOD : SERVER_LAME;
}

static int add_servers(struct zone_walk *w, const char *host, struct texts *seen)
{
    struct texts addresses = {0};
    int rc = 0;
    if (w->z.delegation) {
        rc = addresses_in(w->a, &w->z.delegation->dns.additional, host, RR_A, &addresses);
        if (!rc)
            rc = addresses_in(w->a, &w->z.delegation->dns.additional, host, RR_AAAA, &addresses);
    }
    if (!rc)
        rc = host_addresses(w->a, w->asker, host, &addresses, &w->z.open);
    for (size_t i = 0; i < addresses.n && !rc && w->z.n < MOST_ADDRESSES; i++) {
        size_t before = seen->n;
        if (!add_once(w->a, seen, addresses.v[i]))
            return -ENOMEM;
        if (seen->n == before)
            continue; /* two host names with one address */
        struct name_server *s = &w->z.v[w->z.n++];
        *s = (struct name_server){.server = addresses.v[i], .host = host};
        read_server(w, s);
    }
    return rc;
}

static int find_servers(struct zone_walk *w)
{
    struct texts hosts = {0}, seen = {0};
    w->z.v = arena_array(w->a, MOST_ADDRESSES, sizeof *w->z.v);
    if (!w->z.v)
        return -ENOMEM;
    int rc = w->z.ns ? hosts_of(w->a, &w->z.ns->dns.answer, w->z.apex, &w->z.at_zone) : 0;
    for (size_t i = 0; i < w->z.at_parent.n && !rc; i++)
        rc = add_once(w->a, &hosts, w->z.at_parent.v[i]) ? 0 : -ENOMEM;
    for (size_t i = 0; i < w->z.at_zone.n && !rc; i++)
        rc = add_once(w->a, &hosts, w->z.at_zone.v[i]) ? 0 : -ENOMEM;
    for (size_t i = 0; i < hosts.n && !rc; i++)
        rc = add_servers(w, hosts.v[i], &seen);
    return rc;
}

int zone_read(struct arena *a, const struct asker *asker, const struct request *r, struct zone *ret)
{
    struct zone_walk w = {.a = a, .asker = asker, .r = r};
    int rc = 0;
    *ret = w.z;
    if (!r->registrable)
        return 0;
    w.registrable = arena_printf(a, "%s.", r->registrable);
    if (!w.registrable)
        return -ENOMEM;
    rc = find_cut(&w);
    /* The parent is asked even while the resolver still waits for the zone's servers: its referral names them. */
    if (!rc)
        rc = ask_parent(&w);
    if (!rc && w.z.apex)
        rc = find_servers(&w);
    *ret = w.z;
    return rc;
}

int zone_answers(const struct zone *z)
{
    size_t silent = 0;
    for (size_t i = 0; i < z->n; i++) {
        if (z->v[i].state == SERVER_GOOD || z->v[i].state == SERVER_LAME)
            return 1;
        if (z->v[i].state == SERVER_PENDING)
            return -1;
        silent += z->v[i].state == SERVER_SILENT;
    }
    return silent && !z->blocked ? 0 : -1;
}

const char *server_shown(struct arena *a, const struct name_server *s)
{
    size_t host = strlen(s->host), address = strlen(s->server);
    return arena_printf(a, "%.*s (%.*s)", (int)(host > 1 ? host - 1 : host), s->host,
                        (int)(address > 3 ? address - 3 : address), s->server);
}

/* ---------------------------------------------------------------- views ------------------------------ */
