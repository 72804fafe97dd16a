#include "evidence/zone.h"

#include "base/hash.h"
#include "evidence/chain.h"
#include "evidence/evidence.h"
#include "wire/dnssec_rr.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

enum {
    MOST_HOSTS = 13,     /* name servers of one zone that are asked; the root has as many */
    MOST_ADDRESSES = 26, /* addresses of all these servers */
    MOST_BELOW = 6,      /* names below an apex that may be zone cuts */
    PARENT_HOSTS = 2     /* servers of the zone above that are asked */
};

/* ---------------------------------------------------------------- questions -------------------------- */

/* Asks one server. Returns as ask_whole(). */
static const struct fact *ask_server_whole(const struct asker *asker, const char *server, struct ask q,
                                           const struct fact **first)
{
    q.kind = ASK_DNS;
    q.via = VIA_AUTHORITATIVE;
    q.server = server;
    return ask_whole(asker, q, first);
}

/* The same; the truncated answer where TCP has not answered yet. */
static const struct fact *ask_server(const struct asker *asker, const char *server, struct ask q)
{
    const struct fact *first, *whole = ask_server_whole(asker, server, q, &first);
    return whole ? whole : first;
}

const struct fact *server_want(const struct asker *asker, const char *server, bool plain, const char *name,
                               uint16_t type)
{
    const struct fact *first;
    ask_server_whole(asker, server, (struct ask){.qname = name, .qtype = type, .no_edns = plain}, &first);
    return first;
}

bool fact_refuses_edns(const struct fact *f)
{
    return f->dns.rcode == 1 || f->dns.rcode == 4 || f->dns.rcode == 16;
}

const struct fact *server_want_whole(const struct asker *asker, const struct name_server *s, const char *name,
                                     uint16_t type)
{
    struct ask q = {.qname = name, .qtype = type, .no_edns = s->plain};
    const struct fact *f = ask_server_whole(asker, s->server, q, NULL);
    if (!f || s->plain || s->needs_edns || !fact_refuses_edns(f))
        return f;
    q.no_edns = true;
    const struct fact *plain = ask_server_whole(asker, s->server, q, NULL);
    return plain ? plain : f;
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

/* Asks the resolver with CD set (checking disabled): broken signatures must not hide the servers of the zone. */
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

/* Adds the addresses of owner that a section holds; owner "": the addresses of all owners. */
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

static int named_addresses(struct arena *a, const struct asker *asker, const char *host, struct texts *ret, bool *open)
{
    int rc = addresses_of(a, asker, host, RR_A, ret, open);
    return rc ? rc : addresses_of(a, asker, host, RR_AAAA, ret, open);
}

int host_addresses(struct arena *a, const struct asker *asker, const char *host, struct texts *ret,
                   bool *open)
{
    if (name_is_ip(host)) {
        const char *text = arena_printf(a, strchr(host, ':') ? "[%s]:53" : "%s:53", host);
        return text && texts_add(a, ret, text) ? 0 : -ENOMEM;
    }
    host = arena_printf(a, "%s%s", host, host[strlen(host) - 1] == '.' ? "" : ".");
    return host ? named_addresses(a, asker, host, ret, open) : -ENOMEM;
}

/* ---------------------------------------------------------------- its servers ------------------------ */

/* True where nothing was sent, because this host lacks the address family. */
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

/* Whether validators demand signatures in the zone: the zone above has a DS record that they can follow, and is such a
 * zone itself. *open is set where an answer is missing. Without EDNS no signatures can be asked for. */
static bool is_secure(struct zones *z, const struct zone *x, bool *open)
{
    struct ds ds;
    if (x->parent && !x->parent->secure)
        return false;
    const struct fact *f = ask_resolver(z->asker, x->apex, RR_DS);
    *open = *open || !f;
    for (size_t i = 0; f && i < f->dns.answer.n; i++)
        if (ds_read(&f->dns.answer.v[i], &ds) && ds_known(&ds))
            return true;
    return false;
}

/* A server that is silent to questions with EDNS is silent to a CA, even where it answers without EDNS (DNS flag day
 * 2019). Where it answers EDNS with an error, a resolver asks again without EDNS (RFC 6891 7), which is of no use in a
 * signed zone. A server that is silent or fails (SERVFAIL) is asked without EDNS only for a finding, and only once, for
 * the check has waited long enough. */
static void read_server(struct zones *z, struct zone *x, struct name_server *s)
{
    struct ask q = {.qname = x->apex, .qtype = RR_SOA, .mixed_case = true};
    const struct fact *first, *whole = ask_server_whole(z->asker, s->server, q, &first);
    const struct fact *f = whole ? whole : first;
    if (!f) {
        x->open = true;
        return;
    }
    s->soa = f;
    if (first != f && dns_silent(&f->dns)) {
        /* It answers over UDP, if only that it has more to say: that is not silence. */
        s->soa = first;
        s->state = SERVER_LAME;
        return;
    }
    if (never_sent(f)) {
        s->state = SERVER_HERE;
        return;
    }
    bool silent = dns_silent(&f->dns);
    bool refuses = fact_refuses_edns(f), fails = f->dns.rcode == 2;
    if (silent) {
        s->barred = f->dns.outcome == DNS_UNREACHABLE && f->dns.detail && !f->dns.tries; /* nothing was sent */
        s->state = SERVER_SILENT;
    } else if (fails) {
        s->state = SERVER_LAME;
    }
    /* Where the servers above are silent, too, asking without EDNS is not worth the time. */
    if (refuses || fails || (silent && !s->barred && !x->blocked)) {
        q.no_edns = true;
        q.mixed_case = false;
        q.once = !refuses;
        const struct fact *plain = ask_server(z->asker, s->server, q);
        if (!plain) {
            x->open = x->open || refuses;
            s->state = refuses ? SERVER_PENDING : s->state;
            s->soa = refuses ? NULL : f;
            return;
        }
        if (fails ? fact_answers(plain) : !dns_silent(&plain->dns) && !fact_refuses_edns(plain)) {
            s->refused_edns = f;
            s->plain = refuses;
            if (refuses && is_secure(z, x, &x->open)) {
                s->state = SERVER_LAME;
                return;
            }
            f = refuses ? plain : f;
        }
    }
    if (silent)
        return;
    s->soa = f;
    s->state = dns_silent(&f->dns) ? SERVER_SILENT : with_authority(f, x->apex, s) ? SERVER_GOOD : SERVER_LAME;
}

/* Reads the signatures over the SOA record in a server's answer. */
static enum server_signing signing_in(struct zones *z, const struct zone *x, const struct fact *f)
{
    enum server_signing found = SIGNING_NONE;
    struct rrsig sig;
    for (size_t i = 0; i < f->dns.answer.n; i++) {
        const struct rr *rr = &f->dns.answer.v[i];
        if (!name_equal(rr->owner, x->apex) || !rrsig_read(z->a, rr, &sig) || sig.covered != RR_SOA)
            continue;
        enum sig_time when = rrsig_time(&sig, z->now);
        if (when == SIG_TIME_IN)
            return SIGNING_VALID;
        found = when == SIG_TIME_EXPIRED ? SIGNING_EXPIRED : SIGNING_FUTURE;
    }
    return found;
}

/* In a signed zone asks each server for the signature over the SOA record. Where one has it, a server without it is
 * lame. Where none has it, the zone as a whole is at fault, which a validating resolver tells, or the check is made for
 * another time than now. */
static void read_signing(struct zones *z, struct zone *x)
{
    bool any_valid = false, open = false;
    x->secure = is_secure(z, x, &open);
    if (!x->secure)
        return;
    for (size_t i = 0; i < x->n; i++) {
        struct name_server *s = &x->v[i];
        s->needs_edns = true;
        if (s->state != SERVER_GOOD || s->plain)
            continue;
        const struct fact *f = ask_server_whole(
            z->asker, s->server, (struct ask){.qname = x->apex, .qtype = RR_SOA, .dnssec = true}, NULL);
        struct name_server same = *s;
        if (!f || !with_authority(f, x->apex, &same))
            continue;
        s->signed_soa = f;
        s->signing = signing_in(z, x, f);
        any_valid = any_valid || s->signing == SIGNING_VALID;
    }
    for (size_t i = 0; i < x->n; i++) {
        struct name_server *s = &x->v[i];
        if (!any_valid) {
            s->signing = SIGNING_UNKNOWN;
            s->signed_soa = NULL;
        } else if (s->signing != SIGNING_UNKNOWN && s->signing != SIGNING_VALID) {
            s->state = SERVER_LAME;
        }
    }
}

/* Notes a host for which no address was found: that it has none, or that the resolver does not say. */
static int add_homeless(struct zones *z, struct zone *x, const char *host)
{
    const struct fact *a = ask_resolver(z->asker, host, RR_A), *aaaa = ask_resolver(z->asker, host, RR_AAAA);
    if (!a || !aaaa)
        return 0;
    if (dns_silent(&a->dns) || dns_silent(&aaaa->dns)) {
        x->unheard = true;
        return 0;
    }
    x->no_address = x->no_address ? x->no_address : a;
    return texts_add(z->a, &x->homeless, host) ? 0 : -ENOMEM;
}

static int glue_in(struct zones *z, const struct fact *referral, const char *host, struct texts *ret)
{
    int rc = addresses_in(z->a, &referral->dns.additional, host, RR_A, ret);
    return rc ? rc : addresses_in(z->a, &referral->dns.additional, host, RR_AAAA, ret);
}

static int add_servers(struct zones *z, struct zone *x, const char *host, struct texts *seen)
{
    struct texts addresses = {0};
    int rc = x->delegation ? glue_in(z, x->delegation, host, &addresses) : 0;
    for (size_t i = 0; x->parent && i < x->parent->n && !rc; i++) {
        const struct fact *f = zone_referral(z, x, &x->parent->v[i]);
        rc = f && f != x->delegation ? glue_in(z, f, host, &addresses) : 0;
    }
    /* An NS record holds a name, even where it looks like an address; a resolver looks that name up, too. */
    if (!rc)
        rc = named_addresses(z->a, z->asker, host, &addresses, &x->open);
    if (!rc && !addresses.n)
        rc = add_homeless(z, x, host);
    for (size_t i = 0; i < addresses.n && !rc && x->n < MOST_ADDRESSES; i++) {
        size_t before = seen->n;
        if (!add_once(z->a, seen, addresses.v[i]))
            return -ENOMEM;
        if (seen->n == before)
            continue; /* two host names with the same address */
        struct name_server *s = &x->v[x->n++];
        *s = (struct name_server){.server = addresses.v[i], .host = host};
        read_server(z, x, s);
    }
    return rc;
}

static int find_servers(struct zones *z, struct zone *x)
{
    struct texts hosts = {0}, seen = {0};
    x->v = arena_array(z->a, MOST_ADDRESSES, sizeof *x->v);
    if (!x->v)
        return -ENOMEM;
    int rc = x->ns ? hosts_of(z->a, &x->ns->dns.answer, x->apex, &x->at_zone) : 0;
    for (size_t i = 0; i < x->at_parent.n && !rc; i++)
        rc = add_once(z->a, &hosts, x->at_parent.v[i]) ? 0 : -ENOMEM;
    for (size_t i = 0; i < x->at_zone.n && !rc; i++)
        rc = add_once(z->a, &hosts, x->at_zone.v[i]) ? 0 : -ENOMEM;
    for (size_t i = 0; i < hosts.n && !rc; i++)
        rc = add_servers(z, x, hosts.v[i], &seen);
    read_signing(z, x);
    return rc;
}

/* ---------------------------------------------------------------- the list of zones ------------------ */

void zones_init(struct zones *z, struct arena *a, const struct asker *asker, const struct request *r)
{
    *z = (struct zones){.a = a, .asker = asker, .registrable = r->registrable, .now = r->now,
                        .stand_in = chain_stand_in(r)};
    z->last = &z->first;
}

static struct zone *zone_find(const struct zones *z, const char *apex)
{
    for (struct zone *x = z->first; x; x = x->next)
        if (name_equal(x->apex, apex))
            return x;
    return NULL;
}

static struct zone *zone_add(struct zones *z, const char *apex)
{
    if (z->n == ZONES_MOST) {
        z->bound = true;
        return NULL;
    }
    struct zone *x = arena_alloc(z->a, sizeof *x);
    if (!x) {
        z->err = -ENOMEM;
        return NULL;
    }
    *x = (struct zone){.apex = apex};
    *z->last = x;
    z->last = &x->next;
    z->n++;
    return x;
}

/* True where one section of an answer holds an NS set of the name. */
static bool has_ns(const struct rrs *section, const char *owner)
{
    for (size_t i = 0; i < section->n; i++)
        if (section->v[i].type == RR_NS && !section->v[i].defect && name_equal(section->v[i].owner, owner))
            return true;
    return false;
}

const struct fact *zone_referral(struct zones *z, const struct zone *x, const struct name_server *above)
{
    const struct fact *f =
        above->state == SERVER_GOOD ? server_want_whole(z->asker, above, x->apex, RR_NS) : NULL;
    return f && !has_ns(&f->dns.answer, x->apex) && has_ns(&f->dns.authority, x->apex) ? f : NULL;
}

/* The resolver's answer with the NS set of a name; NULL where the name is not the apex of a zone. */
static const struct fact *resolver_ns(struct zones *z, const char *name, bool *open)
{
    const struct fact *f = ask_resolver(z->asker, name, RR_NS);
    if (!f)
        *open = true;
    return f && f->dns.outcome == DNS_ANSWER && has_ns(&f->dns.answer, name) ? f : NULL;
}

/* ---------------------------------------------------------------- the registrable domain ------------- */

/* Reads what a server above answers about the registrable domain: a referral to it, or the NS set itself where the
 * server serves both zones. */
static int read_delegation(struct zones *z, struct zone *x, const struct fact *f)
{
    const struct dns_fact *d = &f->dns;
    if (d->outcome == DNS_NXDOMAIN && d->flags & DNS_AA) {
        x->denial = f;
        return 0;
    }
    const struct rrs *section = has_ns(&d->answer, x->apex) ? &d->answer : &d->authority;
    if (!has_ns(section, x->apex))
        return 0;
    x->delegation = f;
    return hosts_of(z->a, section, x->apex, &x->at_parent);
}

static int ask_above(struct zones *z, struct zone *x)
{
    const struct fact *ns = NULL;
    for (const char *above = name_parent(x->apex); above && !ns; above = name_parent(above)) {
        ns = resolver_ns(z, above, &x->open);
        x->above = ns ? above : x->above;
    }
    struct texts hosts = {0}, addresses = {0};
    size_t count = 0, silent = 0;
    int rc = ns ? hosts_of(z->a, &ns->dns.answer, x->above, &hosts) : 0;
    for (size_t i = 0; !rc && i < hosts.n && i < PARENT_HOSTS; i++) {
        addresses.n = 0;
        rc = addresses_of(z->a, z->asker, hosts.v[i], RR_A, &addresses, &x->open);
        if (rc || !addresses.n)
            continue;
        const struct fact *f = ask_server(z->asker, addresses.v[0], (struct ask){.qname = x->apex, .qtype = RR_NS});
        count++;
        silent += f && dns_silent(&f->dns);
        if (!f)
            x->open = true;
        else if (!x->delegation)
            rc = read_delegation(z, x, f);
    }
    x->blocked = count && silent == count;
    return rc;
}

struct zone *zones_registered(struct zones *z, const char *name)
{
    const char *apex = name_registrable(name);
    if (!apex && z->registrable && name_within(name, z->registrable)) {
        apex = name;
        while (!name_equal(apex, z->registrable))
            apex = name_parent(apex);
    }
    struct zone *x = apex ? zone_find(z, apex) : NULL;
    if (!apex || x)
        return x;
    x = zone_add(z, apex);
    if (!x)
        return NULL;
    x->ns = resolver_ns(z, apex, &x->open);
    /* Ask above first: the referral names the zone's servers even while the resolver still waits for them. */
    int rc = ask_above(z, x);
    x->exists = x->ns || x->delegation;
    if (!rc && x->exists)
        rc = find_servers(z, x);
    if (rc)
        z->err = rc;
    return x;
}

/* ---------------------------------------------------------------- cuts below ------------------------- */

/* What the servers of a zone say about a name in it: how many refer to it or serve it as a zone of its own, and how
 * many say with authority that it is no zone. */
struct cut {
    const struct fact *referral, *held;
    size_t referring, denying;
    bool open;
};

static void read_cut(struct zones *z, const struct zone *x, const char *name, struct cut *ret)
{
    *ret = (struct cut){0};
    for (size_t i = 0; i < x->n; i++) {
        const struct name_server *s = &x->v[i];
        if (s->state != SERVER_GOOD)
            continue;
        const struct fact *f = server_want_whole(z->asker, s, name, RR_NS);
        if (!f) {
            ret->open = true;
            continue;
        }
        const struct dns_fact *d = &f->dns;
        if (has_ns(&d->answer, name)) {
            ret->held = ret->held ? ret->held : f;
            ret->referring++;
        } else if (has_ns(&d->authority, name)) {
            ret->referral = ret->referral ? ret->referral : f;
            ret->referring++;
        } else if (d->flags & DNS_AA &&
                   (d->outcome == DNS_NODATA || d->outcome == DNS_NXDOMAIN || d->outcome == DNS_ANSWER)) {
            ret->denying++;
        }
    }
}

struct zone *zones_below(struct zones *z, const struct zone *parent, const char *apex, const struct fact *referral)
{
    struct zone *x = zone_find(z, apex);
    if (x && x->exists)
        return x;
    if (!x)
        x = zone_add(z, apex);
    if (!x)
        return NULL;
    x->parent = parent;
    x->above = parent->apex;
    x->blocked = parent->blocked;
    x->exists = true;
    x->delegation = referral;
    x->ns = resolver_ns(z, apex, &x->open);
    int rc = 0;
    if (referral)
        rc = hosts_of(z->a, has_ns(&referral->dns.answer, apex) ? &referral->dns.answer : &referral->dns.authority,
                      apex, &x->at_parent);
    for (size_t i = 0; i < parent->n && !rc; i++) {
        const struct fact *f = zone_referral(z, x, &parent->v[i]);
        rc = f ? hosts_of(z->a, &f->dns.authority, apex, &x->at_parent) : 0;
    }
    if (!rc)
        rc = find_servers(z, x);
    if (rc)
        z->err = rc;
    return x;
}

/* A name at which no zone begins. The facts of one run do not change, so each name is read once: the names of a check
 * share their upper labels, and every server is asked about each of them. */
struct whole_name {
    const char *name;
    size_t len;
    bool open; /* an answer is missing that could show a zone there */
    struct whole_name *next;
};

static struct zone *no_zone_at(struct zones *z, struct zone *parent, const char *name, size_t len, bool open)
{
    struct whole_name *w = arena_alloc(z->a, sizeof *w);
    if (!w) {
        z->err = -ENOMEM;
        return NULL;
    }
    *w = (struct whole_name){name, len, open, parent->whole};
    parent->whole = w;
    return NULL;
}

/* The zone at a name below parent, NULL where there is none. *open: that is not known yet. */
static struct zone *zone_at(struct zones *z, struct zone *parent, const char *name, bool *open)
{
    size_t len = strlen(name);
    struct zone *x = zone_find(z, name);
    if (x)
        return x->exists ? x : NULL;
    for (const struct whole_name *w = parent->whole; w; w = w->next)
        if (w->len == len && name_equal(w->name, name)) {
            *open = w->open;
            return NULL;
        }
    struct cut cut;
    bool unknown = false;
    read_cut(z, parent, name, &cut);
    const struct fact *known = resolver_ns(z, name, &unknown);
    /* The zone's servers decide: where all say that there is no cut, a resolver that knows one has an old answer. */
    bool is_cut = cut.referring || (known && !cut.denying);
    if (!is_cut) {
        *open = cut.open || (unknown && !cut.denying);
        return no_zone_at(z, parent, name, len, *open);
    }
    return zones_below(z, parent, name, cut.referral ? cut.referral : cut.held);
}

static struct zone *deepest(struct zones *z, const char *name)
{
    struct zone *x = zones_registered(z, name);
    if (!x || !x->exists)
        return x && x->open ? x : NULL;
    unsigned cuts = 0;
    for (bool deeper = true; deeper && !z->err;) {
        deeper = false;
        const char *at[MOST_BELOW]; /* the names right below the apex, the shortest first */
        unsigned own = name_labels(x->apex), all = name_labels(name), below_apex = all > own ? all - own : 0;
        const char *p = name;
        for (unsigned k = below_apex; k > 0; k--, p = name_parent(p))
            if (k <= MOST_BELOW)
                at[k - 1] = p;
        for (unsigned k = 0; k < below_apex && k < MOST_BELOW && !deeper; k++) {
            bool open = false;
            struct zone *below = zone_at(z, x, at[k], &open);
            x->open = x->open || open;
            if (!below)
                continue;
            if (++cuts > ZONE_CUTS_MOST) {
                z->bound = true;
                return x;
            }
            x = below;
            deeper = true;
        }
    }
    return x;
}

/* A name whose zone was looked for, once for each server whose answer is read. Holds while no zone is added. */
struct placed_name {
    const char *name;
    size_t len, zones;
    struct zone *zone;
    struct placed_name *next;
};

struct zone *zones_holding(struct zones *z, const char *name)
{
    size_t len = strlen(name);
    struct placed_name **bucket = &z->placed[fnv(FNV_START, name, len) % ZONES_BUCKETS], *p = *bucket;
    while (p && !(p->len == len && !memcmp(p->name, name, len)))
        p = p->next;
    if (p && p->zones == z->n)
        return p->zone;
    struct zone *x = deepest(z, name);
    if (!p && (p = arena_alloc(z->a, sizeof *p)) != NULL) {
        *p = (struct placed_name){.name = name, .len = len, .next = *bucket};
        *bucket = p;
    }
    if (!p) {
        z->err = -ENOMEM;
        return NULL;
    }
    p->zones = z->n;
    p->zone = x;
    return x;
}
