#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "evidence/evidence.h"
#include "small_net.h"
#include "wire/name.h"
#include "wire/wire.h"

/* ---------------------------------------------------------------- zones ------------------------------ */

struct net_zone *net_zone_of(struct small_net *net, const char *name)
{
    struct net_zone *found = NULL;
    for (size_t i = 0; i < net->n; i++)
        if (name_within(name, net->zone[i].apex) && (!found || name_within(net->zone[i].apex, found->apex)))
            found = &net->zone[i];
    return found;
}

static struct rr record(struct arena *a, const char *owner, const char *type, const char *rdata)
{
    struct rr rr = {.owner = owner, .class = 1, .ttl = 300};
    assert_true(rr_type_parse(type, &rr.type));
    assert_int_equal(rr_rdata_from_text(a, rdata, &rr), 0);
    return rr;
}

static void put_into(struct small_net *net, struct net_zone *z, const char *owner, const char *type, const char *rdata)
{
    assert_non_null(z);
    assert_true(z->n < NET_RECORDS_MOST);
    z->v[z->n++] = record(net->a, owner, type, rdata);
}

void net_put(struct small_net *net, const char *owner, const char *type, const char *rdata)
{
    put_into(net, net_zone_of(net, owner), owner, type, rdata);
}

struct net_zone *net_zone_add(struct small_net *net, const char *apex, const char *server)
{
    struct net_zone *above = net_zone_of(net, apex);
    assert_true(net->n < NET_ZONES_MOST);
    struct net_zone *z = &net->zone[net->n++];
    const char *host = arena_concat(net->a, "ns1.", apex, NULL), *colon = strchr(server, ':');
    const char *address = arena_strndup(net->a, server, (size_t)(colon - server));
    *z = (struct net_zone){.apex = apex, .server = server};
    put_into(net, z, apex, "SOA", arena_concat(net->a, host, " admin.", apex, " 1 3600 600 604800 60", NULL));
    put_into(net, z, apex, "NS", host);
    put_into(net, z, host, "A", address);
    if (above) {
        put_into(net, above, apex, "NS", host);
        put_into(net, above, host, "A", address);
    }
    return z;
}

struct small_net *net_copy(const struct small_net *net)
{
    struct small_net *copy = arena_alloc(net->a, sizeof *copy);
    assert_non_null(copy);
    *copy = *net;
    return copy;
}

static bool same_record(const struct rr *a, const struct rr *b)
{
    return a->type == b->type && a->rdlen == b->rdlen && !memcmp(a->rdata, b->rdata, a->rdlen) &&
           name_equal(a->owner, b->owner);
}

static struct rr *find(struct net_zone *z, const struct rr *rr)
{
    for (size_t i = 0; z && i < z->n; i++)
        if (same_record(&z->v[i], rr))
            return &z->v[i];
    return NULL;
}

bool net_same(const struct small_net *a, const struct small_net *b)
{
    for (size_t i = 0; i < a->n; i++) {
        struct net_zone other = b->zone[i];
        if (a->zone[i].n != other.n)
            return false;
        for (size_t k = 0; k < other.n; k++)
            if (!find(&other, &a->zone[i].v[k]))
                return false;
    }
    return a->n == b->n;
}

static bool stands_alone(const struct net_zone *z, const char *owner)
{
    size_t aliases = 0, all = 0;
    for (size_t i = 0; i < z->n; i++) {
        bool here = name_equal(z->v[i].owner, owner);
        all += here;
        aliases += here && z->v[i].type == RR_CNAME;
    }
    return !aliases || all == 1;
}

const char *net_apply(struct small_net *net, const struct fix *ops, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (ops[i].op == FIX_PUT_FILE) {
            assert_true(net->n_files < NET_FILES_MOST);
            net->file[net->n_files++] = (struct net_file){ops[i].url, ops[i].body};
        }
        if (ops[i].op != FIX_REMOVE && ops[i].op != FIX_REPLACE)
            continue;
        struct rr gone =
            record(net->a, ops[i].owner, ops[i].type, ops[i].op == FIX_REMOVE ? ops[i].rdata : ops[i].old_rdata);
        struct net_zone *z = net_zone_of(net, gone.owner);
        struct rr *at = find(z, &gone);
        if (!at)
            return "a record to be removed is not there";
        *at = z->v[--z->n];
    }
    for (size_t i = 0; i < n; i++) {
        if (ops[i].op != FIX_ADD && ops[i].op != FIX_REPLACE)
            continue;
        struct rr new = record(net->a, ops[i].owner, ops[i].type, ops[i].rdata);
        struct net_zone *z = net_zone_of(net, new.owner);
        if (!z)
            return "no zone holds a record to be added";
        if (find(z, &new))
            return "a record to be added is there";
        for (size_t k = 0; k < z->n; k++)
            if (z->v[k].type == RR_DNAME && name_within(new.owner, z->v[k].owner) &&
                !name_equal(new.owner, z->v[k].owner))
                return "a record to be added is below a DNAME";
        net_put(net, ops[i].owner, ops[i].type, ops[i].rdata);
        if (!stands_alone(z, new.owner))
            return "a CNAME is not alone";
    }
    return NULL;
}

/* ---------------------------------------------------------------- one server ------------------------- */

static void say(struct arena *a, struct rrs *section, const struct rr *rr, const char *owner)
{
    struct rr *v = arena_grow(a, section->v, section->n, sizeof *v);
    assert_non_null(v);
    section->v = v;
    v[section->n] = *rr;
    v[section->n++].owner = owner;
}

static size_t say_all(struct arena *a, const struct net_zone *z, struct rrs *section, const char *node, uint16_t type,
                      const char *owner)
{
    size_t n = 0;
    for (size_t i = 0; i < z->n; i++)
        if (z->v[i].type == type && name_equal(z->v[i].owner, node)) {
            say(a, section, &z->v[i], owner);
            n++;
        }
    return n;
}

static bool exists(const struct net_zone *z, const char *name)
{
    for (size_t i = 0; i < z->n; i++)
        if (name_within(z->v[i].owner, name))
            return true;
    return false;
}

static const struct rr *type_at(const struct net_zone *z, const char *name, uint16_t type)
{
    for (size_t i = 0; i < z->n; i++)
        if (z->v[i].type == type && name_equal(z->v[i].owner, name))
            return &z->v[i];
    return NULL;
}

/* Of the names from below the apex down to name the topmost with a record of the type; NULL: none has one. */
static const char *topmost(const struct net_zone *z, const char *name, uint16_t type, bool itself)
{
    const char *found = NULL;
    for (const char *up = itself ? name : name_parent(name); up && name_within(up, z->apex); up = name_parent(up))
        if (type_at(z, up, type) && (type == RR_DNAME || !name_equal(up, z->apex)))
            found = up;
    return found;
}

/* A server's answer from one zone; *to: the target of an alias that leads on. */
static void from_zone(struct arena *a, const struct net_zone *z, const char *name, uint16_t type, struct dns_fact *d,
                      const char **to)
{
    *to = NULL;
    const char *cut = topmost(z, name, RR_NS, true);
    if (cut && !(type == RR_DS && name_equal(cut, name))) {
        d->flags &= (uint16_t)~DNS_AA;
        say_all(a, z, &d->authority, cut, RR_NS, cut);
        for (size_t i = 0; i < z->n; i++)
            if (z->v[i].type == RR_A && name_within(z->v[i].owner, cut))
                say(a, &d->additional, &z->v[i], z->v[i].owner);
        return;
    }
    const char *above = topmost(z, name, RR_DNAME, false), *node = name;
    if (above) {
        const struct rr *rr = type_at(z, above, RR_DNAME);
        const char *base = rr_target(a, rr);
        struct rr alias = {.type = RR_CNAME, .class = 1};
        *to = arena_printf(a, "%.*s%s", (int)(strlen(name) - strlen(above)), name, base);
        assert_int_equal(rr_rdata_from_text(a, *to, &alias), 0);
        say(a, &d->answer, rr, above);
        say(a, &d->answer, &alias, name);
        return;
    }
    if (!exists(z, name)) {
        const char *encloser = name_parent(name);
        while (!exists(z, encloser))
            encloser = name_parent(encloser);
        node = arena_concat(a, "*.", encloser, NULL);
        if (!exists(z, node)) {
            d->rcode = 3;
            node = NULL;
        }
    }
    const struct rr *alias = node && type != RR_CNAME ? type_at(z, node, RR_CNAME) : NULL;
    if (alias) {
        say(a, &d->answer, alias, name);
        *to = rr_target(a, alias);
    } else if (!node || !say_all(a, z, &d->answer, node, type, name)) {
        say_all(a, z, &d->authority, z->apex, RR_SOA, z->apex);
    }
}

static enum dns_outcome outcome_of(const struct dns_fact *d)
{
    return d->rcode == 3   ? DNS_NXDOMAIN
           : d->rcode == 2 ? DNS_SERVFAIL
           : d->rcode == 5 ? DNS_REFUSED
           : d->answer.n   ? DNS_ANSWER
                           : DNS_NODATA;
}

static void by_server(struct small_net *net, const struct ask *q, struct dns_fact *d)
{
    const struct net_zone *z = NULL;
    const char *to;
    for (size_t i = 0; i < net->n; i++)
        if (!strcmp(net->zone[i].server, q->server) && name_within(q->qname, net->zone[i].apex) &&
            (!z || name_within(net->zone[i].apex, z->apex)))
            z = &net->zone[i];
    *d = (struct dns_fact){
        .server = q->server, .flags = DNS_QR | DNS_AA, .has_edns = true, .case_kept = true, .tries = 1};
    if (z)
        from_zone(net->a, z, q->qname, q->qtype, d, &to);
    else
        d->rcode = 5;
    d->outcome = outcome_of(d);
}

void net_resolve(struct small_net *net, const char *name, uint16_t type, struct dns_fact *d)
{
    enum { ALIASES_MOST = 8 };
    *d = (struct dns_fact){.server = "192.0.2.250:53", .flags = DNS_QR | DNS_RD | DNS_RA, .has_edns = true, .tries = 1};
    for (unsigned i = 0; i <= ALIASES_MOST; i++) {
        struct net_zone *z = net_zone_of(net, name);
        const char *to = NULL;
        if (z && type == RR_DS && name_equal(z->apex, name) && name_parent(name))
            z = net_zone_of(net, name_parent(name));
        struct dns_fact one = {.flags = DNS_AA};
        d->authority.n = 0;
        if (!z) {
            d->rcode = name_equal(name, ".") ? 0 : 3;
            break;
        }
        from_zone(net->a, z, name, type, &one, &to);
        for (size_t k = 0; k < one.answer.n; k++)
            say(net->a, &d->answer, &one.answer.v[k], one.answer.v[k].owner);
        d->authority = one.flags & DNS_AA ? one.authority : (struct rrs){0};
        d->rcode = one.flags & DNS_AA ? one.rcode : 2; /* a delegation to servers that the net does not have */
        if (!to)
            break;
        name = to;
        if (i == ALIASES_MOST)
            d->rcode = 2;
    }
    if (d->rcode == 2)
        d->answer = d->authority = (struct rrs){0};
    d->outcome = outcome_of(d);
}

/* ---------------------------------------------------------------- one check -------------------------- */

static void fetch(struct small_net *net, const struct ask *q, struct http_fact *h)
{
    *h = (struct http_fact){.outcome = HTTP_RESPONSE, .status = 404, .connected = true};
    for (size_t i = net->n_files; i-- > 0;)
        if (!strcmp(net->file[i].url, q->url) && h->status == 404) {
            const char *body = net->file[i].body;
            h->status = 200;
            h->body = (struct bytes){(const uint8_t *)body, strlen(body)};
            h->size = h->body.n;
        }
}

void net_check(struct small_net *net, const struct request *r, struct evidence *ev, struct report *ret)
{
    enum { ASKS_MOST = 512 };
    struct ask *list = NULL;
    evidence_init(ev, net->a, ASKS_MOST);
    do {
        assert_int_equal(plan_next(r, ev, &list), 0);
        for (struct ask *q = list; q; q = q->next) {
            struct fact *f = arena_alloc(net->a, sizeof *f);
            assert_non_null(f);
            *f = (struct fact){.ask = q, .us = 1000, .at = TIME_UNKNOWN};
            if (q->kind == ASK_HTTP)
                fetch(net, q, &f->http);
            else if (q->via == VIA_AUTHORITATIVE)
                by_server(net, q, &f->dns);
            else
                net_resolve(net->seen ? net->seen : net, q->qname, q->qtype, &f->dns);
            assert_int_equal(evidence_add(ev, f), 0);
        }
    } while (list);
    assert_false(ev->overflow);
    assert_int_equal(judge(r, ev, net->a, ret), 0);
}

struct request net_request(struct arena *a, const char *members)
{
    struct dcv_case c;
    struct json_problem problem = {0};
    const char *text = arena_printf(a, "{\"request\":{%s,\"now\":\"2026-11-22T12:00:00Z\"},\"evidence\":[]}", members);
    if (json_read_case(a, text, strlen(text), NULL, &c, &problem))
        fail_msg("%s: %s", text, problem.text);
    return c.request;
}
