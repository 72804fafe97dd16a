#include "evidence/path.h"

#include "evidence/evidence.h"
#include "evidence/validate.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <errno.h>
#include <string.h>

/* ---------------------------------------------------------------- one answer ------------------------- */

static bool has_soa_of(const struct rrs *section, const char *apex)
{
    for (size_t i = 0; i < section->n; i++)
        if (section->v[i].type == RR_SOA && name_equal(section->v[i].owner, apex))
            return true;
    return false;
}

/* The owner of an NS set below the zone's apex and at or above the name, or NULL. */
static const char *referred_to(const struct rrs *section, const char *apex, const char *name)
{
    for (size_t i = 0; i < section->n; i++) {
        const struct rr *rr = &section->v[i];
        if (rr->type == RR_NS && !rr->defect && !name_equal(rr->owner, apex) && name_within(rr->owner, apex) &&
            name_within(name, rr->owner))
            return rr->owner;
    }
    return NULL;
}

/* Reads the records of l's type at name itself into l. Other records of the answer are ignored: other questions ask for
 * them. */
static int records_at(struct arena *a, const struct fact *f, const char *name, struct lookup *l)
{
    const struct rrs *answer = &f->dns.answer;
    l->n = l->broken = 0;
    l->rr = arena_array(a, answer->n, sizeof *l->rr);
    if (!l->rr)
        return -ENOMEM;
    for (size_t i = 0; i < answer->n; i++) {
        const struct rr *rr = &answer->v[i];
        if (rr->type != l->type || !name_equal(rr->owner, name))
            continue;
        if (rr->defect)
            l->broken++;
        else
            l->rr[l->n++] = rr;
    }
    return 0;
}

/* Reads one answer. *to: the target of an alias, or the zone that a referral leads to. 0 or -ENOMEM. */
static int read_reply(struct arena *a, const struct zone *x, const struct fact *f, const char *name, struct lookup *l,
                      enum reply *ret, const char **to)
{
    const struct dns_fact *d = &f->dns;
    bool error = d->outcome != DNS_ANSWER && d->outcome != DNS_NODATA && d->outcome != DNS_NXDOMAIN;
    *ret = REPLY_FAIL;
    int rc = records_at(a, f, name, l);
    if (rc || error || d->flags & DNS_TC)
        return rc;
    /* Look for an alias first: NXDOMAIN in an answer with an alias is about the alias' target (RFC 6604 2.1). */
    if (l->type != RR_CNAME) {
        rc = dns_alias(a, &d->answer, name, to);
        if (rc) {
            *ret = REPLY_ALIAS;
            return rc < 0 ? rc : 0;
        }
    }
    if ((d->outcome != DNS_NXDOMAIN || l->type == RR_CNAME) && l->n && d->flags & DNS_AA) {
        *ret = REPLY_DATA;
        return 0;
    }
    *to = referred_to(&d->authority, x->apex, name);
    if (*to && !l->n && !has_soa_of(&d->authority, x->apex)) {
        *ret = REPLY_REFERRAL;
        return 0;
    }
    /* An answer with bytes that do not parse does not prove absence. The AA flag is enough for proof where the SOA
     * record is missing. */
    if (d->flags & DNS_AA && !l->broken && !d->n_defects && !(d->outcome == DNS_NXDOMAIN && l->n))
        *ret = REPLY_NONE;
    else if (d->outcome == DNS_NXDOMAIN && d->flags & DNS_AA)
        *ret = REPLY_NONE;
    return 0;
}

int path_reply(struct arena *a, const struct zone *x, const struct fact *f, const char *name, uint16_t type,
               enum reply *ret, const char **to)
{
    struct lookup l = {.type = type};
    *to = NULL;
    int rc = read_reply(a, x, f, name, &l, ret, to);
    if (*ret != REPLY_ALIAS && *ret != REPLY_REFERRAL)
        *to = NULL;
    return rc;
}

/* The steps of one lookup so far. */
struct path {
    struct path_step step[PATH_STEPS_MOST];
    size_t n;
    bool stands_in; /* the resolver's answer stands in for a part of the way */
};

/* ---------------------------------------------------------------- one choice of servers -------------- */

static const struct name_server *chosen(const struct choice *v, size_t n, const struct zone *x)
{
    for (size_t i = 0; i < n; i++)
        if (v[i].zone == x || name_equal(v[i].zone->apex, x->apex))
            return v[i].server;
    return NULL;
}

static void add_step(struct path *p, const struct zone *x, const struct name_server *s, const char *name,
                     const struct fact *f)
{
    if (p->n < PATH_STEPS_MOST)
        p->step[p->n++] = (struct path_step){x, s, name, f};
}

struct reading_path {
    struct zones *z;
    const struct evidence *ev;
    const struct choice *choice;
    size_t n_choices;
    struct lookup *l;
    struct path *path;
    const char *name;        /* the name that the way has reached */
    const struct zone *zone; /* the zone that a referral led to; used for the next question only */
    unsigned aliases;
};

/* True where the resolver's answer to the whole question goes through name, which the way has reached. */
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

/* Takes the resolver's answer for the rest of the way: the one to the whole question where it goes through r->name,
 * else the one to r->name. */
static int stand_in(struct reading_path *r)
{
    struct lookup through;
    int rc = lookup_read(r->z->a, r->ev, r->l->name, r->l->type, &through);
    if (!rc && r->aliases && !passes(&through, r->name))
        rc = lookup_read(r->z->a, r->ev, r->name, r->l->type, &through);
    if (rc)
        return rc;
    const char *asked = r->l->name;
    *r->l = through;
    r->l->name = asked;
    r->l->hops += r->aliases;
    r->l->zone = NULL;
    r->path->stands_in = true;
    add_step(r->path, NULL, NULL, r->name, through.fact);
    return 0;
}

/* True where a server of the zone above below answers with authority at its apex, instead of referring to it: the
 * server serves both zones, or has an old version of its zone without the cut. Where it fails for type NS, the answer
 * for the checked type tells. */
static bool holds_below(const struct asker *asker, const struct name_server *s, const struct zone *below)
{
    const struct fact *ns = server_want_whole(asker, s, below->apex, RR_NS);
    return ns && (ns->dns.flags & DNS_AA || !fact_answers(ns));
}

/* True where the server refers to the zone below when it is asked for NS records, and fails for the checked type and
 * for type A, which are what a resolver asks for: it is never referred. */
static bool fails_before_cut(struct reading_path *r, const struct zone *up, const struct name_server *s)
{
    const struct fact *f = server_fact(r->ev, s, r->name, r->l->type);
    for (unsigned i = 0; i < 2; i++) {
        enum reply reply = REPLY_FAIL;
        const char *to;
        struct lookup l = *r->l;
        if (!f || read_reply(r->z->a, up, f, r->name, &l, &reply, &to) || reply != REPLY_FAIL)
            return false;
        f = i ? f : server_want_whole(r->z->asker, s, r->name, RR_A);
    }
    return true;
}

/* True where every server of zone up that answers fails for the name and does not refer to the zone below, be it that
 * it serves that zone, too: a resolver with an empty cache asks one after the other and never comes further. */
static bool all_fail_above(struct reading_path *r, const struct zone *up, const struct zone *below)
{
    bool any = false;
    for (size_t i = 0; i < up->n; i++) {
        const struct name_server *s = &up->v[i];
        enum reply reply = REPLY_FAIL;
        const char *to;
        struct lookup l = *r->l;
        if (s->state == SERVER_PENDING)
            return false;
        if (s->state != SERVER_GOOD)
            continue;
        const struct fact *f = holds_below(r->z->asker, s, below) || fails_before_cut(r, up, s)
                                   ? server_want_whole(r->z->asker, s, r->name, r->l->type) : NULL;
        if (!f || read_reply(r->z->a, up, f, r->name, &l, &reply, &to) || reply != REPLY_FAIL)
            return false;
        if (s->needs_edns && fact_refuses_edns(f))
            return false; /* validators look for the zone below by its DS record */
        any = true;
    }
    return any;
}

/* The answer of a chosen server of a zone above, where it answers for the name itself, or fails as all servers of that
 * zone do. A resolver with an empty cache comes no further. A server that refers to the next zone on the way is not
 * asked for what lies below that one, so what it holds there does not matter. NULL where no such server is chosen. */
static const struct fact *held_above(struct reading_path *r, const struct zone *x, const struct zone **holder,
                                     const struct name_server **server)
{
    for (const struct zone *below = x, *up = x->parent; up; below = up, up = up->parent) {
        const struct name_server *s = chosen(r->choice, r->n_choices, up);
        const struct fact *f = s && (holds_below(r->z->asker, s, below) || fails_before_cut(r, up, s))
                                   ? server_want_whole(r->z->asker, s, r->name, r->l->type) : NULL;
        enum reply reply;
        const char *to;
        struct lookup l = *r->l;
        if (!f || read_reply(r->z->a, up, f, r->name, &l, &reply, &to))
            continue;
        bool answers = f->dns.flags & DNS_AA && (reply == REPLY_DATA || reply == REPLY_ALIAS || reply == REPLY_NONE);
        if (!answers && !(reply == REPLY_FAIL && all_fail_above(r, up, below)))
            continue;
        *holder = answers ? up : below;
        *server = s;
        return f;
    }
    return NULL;
}

/* True where a server that fails for the type that is checked may still tell what a name is: resolvers that minimise
 * questions (RFC 9156) ask for type A first, and follow an alias without asking for the other type. */
static bool may_show_more(uint16_t type)
{
    return type != RR_A && type != RR_CNAME;
}

/* Whether a server that fails for the checked type answers type A with an alias, or in a signed zone denies the name:
 * then a resolver asks for no other type (RFC 8020). *to is the alias' target or NULL, *ret the answer or NULL. 0 or
 * -ENOMEM. */
static int shown_by_address(struct arena *a, const struct asker *asker, const struct zone *x,
                            const struct name_server *s, const char *name, const struct fact **ret, const char **to)
{
    struct lookup l = {.type = RR_A};
    enum reply reply = REPLY_FAIL;
    const struct fact *f = server_want_whole(asker, s, name, RR_A);
    int rc = f ? read_reply(a, x, f, name, &l, &reply, to) : 0;
    bool denied = reply == REPLY_NONE && f->dns.outcome == DNS_NXDOMAIN && x->secure;
    *ret = reply == REPLY_ALIAS || denied ? f : NULL;
    return rc;
}

static bool lists(const struct rrs *section, const char *apex, const char *host, struct arena *a)
{
    for (size_t i = 0; i < section->n; i++) {
        const struct rr *rr = &section->v[i];
        const char *target = rr->type == RR_NS && !rr->defect && name_equal(rr->owner, apex) ? rr_target(a, rr) : NULL;
        if (target && name_equal(target, host))
            return true;
    }
    return false;
}

/* True unless the chosen server of the zone above refers to other servers only: a resolver that starts there never
 * hears of this one. */
static bool heard_of(struct reading_path *r, const struct zone *x, const struct name_server *s)
{
    const struct name_server *above = x->parent ? chosen(r->choice, r->n_choices, x->parent) : NULL;
    const struct fact *f = above ? zone_referral(r->z, x, above) : NULL;
    size_t known = 0;
    if (!f || lists(&f->dns.authority, x->apex, s->host, r->z->a))
        return true;
    for (size_t i = 0; i < x->n; i++)
        known += lists(&f->dns.authority, x->apex, x->v[i].host, r->z->a);
    return !known && !x->homeless.n; /* listed by other names of the same addresses */
}

/* The answer of the zone's chosen server, or without a choice of the first server that answers. *pending: a missing
 * answer could still be that one. */
static int ask_zone(struct reading_path *r, const struct zone *x, const struct name_server **server,
                    const struct fact **fact, enum reply *reply, const char **to, bool *pending)
{
    const struct name_server *only = chosen(r->choice, r->n_choices, x), *v = only ? only : x->v;
    size_t n = only ? 1 : x->n;
    *fact = NULL;
    *server = NULL;
    *reply = REPLY_FAIL;
    for (size_t i = 0; i < n && *reply == REPLY_FAIL; i++) {
        *pending = *pending || v[i].state == SERVER_PENDING;
        if (v[i].state != SERVER_GOOD || !heard_of(r, x, &v[i]))
            continue;
        const struct fact *f = server_want_whole(r->z->asker, &v[i], r->name, r->l->type);
        if (!f) {
            *pending = true;
            continue;
        }
        enum reply one;
        const char *leads = NULL;
        struct lookup l = *r->l;
        int rc = read_reply(r->z->a, x, f, r->name, &l, &one, &leads);
        if (rc)
            return rc;
        /* Among failures keep the one that tells most: an error rather than silence. */
        if (!*fact || one != REPLY_FAIL || (dns_silent(&(*fact)->dns) && !dns_silent(&f->dns))) {
            *fact = f;
            *server = &v[i];
            *reply = one;
            *to = leads;
            l.fact = f;
            l.udp = f->ask->tcp ? server_fact(r->ev, &v[i], r->name, l.type) : NULL;
            *r->l = l;
        }
    }
    for (size_t i = 0; i < n && *reply == REPLY_FAIL && !*pending && may_show_more(r->l->type); i++) {
        const struct fact *f = NULL;
        int rc = v[i].state == SERVER_GOOD && heard_of(r, x, &v[i])
                     ? shown_by_address(r->z->a, r->z->asker, x, &v[i], r->name, &f, to)
                     : 0;
        if (rc)
            return rc;
        if (f) {
            *reply = *to ? REPLY_ALIAS : REPLY_NONE;
            *server = &v[i];
            *fact = r->l->fact = f;
        }
    }
    if (*reply != REPLY_FAIL)
        *pending = false;
    return 0;
}

/* Fails the lookup in zone x: every server fails, or only the zone's SOA was asked of them. */
static int all_fail(struct reading_path *r, const struct zone *x)
{
    const struct fact *f = r->l->fact;
    for (size_t i = 0; i < x->n && !f; i++)
        if (x->v[i].state == SERVER_LAME)
            f = x->v[i].soa;
    for (size_t i = 0; i < x->n && !f; i++)
        f = x->v[i].soa;
    if (!f) {
        /* No server has an address, so the resolver's answer is the only fact to show. */
        struct lookup through;
        int rc = lookup_read(r->z->a, r->ev, r->name, r->l->type, &through);
        if (rc)
            return rc;
        f = through.fact;
    }
    r->l->fact = f;
    if (f && f->dns.flags & DNS_TC)
        r->l->udp = f;
    r->l->zone = x;
    r->l->class = f ? LOOKUP_FAIL : LOOKUP_PENDING;
    r->l->n = 0;
    r->l->end = r->name;
    r->l->hops = r->aliases;
    add_step(r->path, x, NULL, r->name, f);
    return 0;
}

/* True where the way has been at the name before: its aliases run in a circle. */
static bool was_at(const struct path *p, const char *name)
{
    for (size_t i = 0; i < p->n; i++)
        if (name_equal(p->step[i].name, name))
            return true;
    return false;
}

/* Goes one step: asks one zone. *over: the way ends here, also at a bound, behind which the resolver's word counts. */
static int step(struct reading_path *r, bool *over)
{
    struct lookup *l = r->l;
    const struct zone *x = r->zone ? r->zone : zones_holding(r->z, r->name);
    r->zone = NULL;
    l->fact = l->udp = NULL;
    *over = true;
    if (r->z->err)
        return r->z->err;
    if (!x || (!x->exists && !x->open))
        return stand_in(r);
    l->zone = x;
    const struct name_server *server = NULL;
    const struct fact *f;
    enum reply reply = REPLY_FAIL;
    const char *to = NULL;
    bool pending = false;
    if ((f = held_above(r, x, &x, &server)) != NULL) {
        int rc = read_reply(r->z->a, x, f, r->name, l, &reply, &to);
        if (rc)
            return rc;
        l->fact = f;
    } else {
        int rc = ask_zone(r, x, &server, &f, &reply, &to, &pending);
        if (rc)
            return rc;
    }
    if (reply == REPLY_FAIL) {
        if (pending || x->open) {
            l->class = LOOKUP_PENDING;
            add_step(r->path, x, NULL, r->name, NULL);
            return 0;
        }
        if (!zone_can_be_asked(x) && (x->n || x->unheard))
            return stand_in(r);
        return all_fail(r, x);
    }
    add_step(r->path, x, server, r->name, f);
    l->zone = x;
    l->end = r->name;
    l->hops = r->aliases;
    switch (reply) {
    case REPLY_DATA:
        l->class = LOOKUP_DATA;
        return 0;
    case REPLY_NONE:
        l->class = f->dns.outcome == DNS_NXDOMAIN && !r->aliases ? LOOKUP_NXDOMAIN : LOOKUP_NODATA;
        l->n = 0;
        return 0;
    case REPLY_ALIAS:
        if (was_at(r->path, to)) {
            l->class = LOOKUP_FAIL;
            l->looped = true;
            l->n = 0;
            return 0;
        }
        r->name = to;
        *over = ++r->aliases > PATH_ALIASES_MOST;
        return *over ? stand_in(r) : 0;
    case REPLY_REFERRAL:
        r->zone = zones_below(r->z, x, to, f);
        *over = !r->zone;
        return r->zone ? 0 : r->z->err ? r->z->err : stand_in(r);
    case REPLY_FAIL:
        break;
    }
    return 0;
}

/* ---------------------------------------------------------------- signatures ------------------------- */

/* The type whose set at step i decided: the alias that was followed, or at the end the checked type. RR_NONE for a
 * referral, which holds no set of the name. */
enum { RR_NONE = 0 };
static uint16_t type_at(const struct path *p, size_t i, uint16_t type)
{
    if (i + 1 == p->n)
        return type;
    return name_equal(p->step[i].name, p->step[i + 1].name) ? RR_NONE : RR_CNAME;
}

/* The zone whose keys a validator needs for a set of zone x, NULL where none is signed. For an unsigned zone below a
 * signed one that is the proof that it has no DS record (RFC 4035 5.2): *name and *type then name that set instead. */
static const struct zone *proves(const struct zone *x, const char **name, uint16_t *type)
{
    const struct zone *below = NULL;
    for (; x && !x->secure; x = x->parent)
        below = x;
    if (x && below) {
        *name = below->apex;
        *type = RR_DS;
    }
    return x;
}

/* True where no server of a zone takes EDNS, without which none of them gives signatures (RFC 4035 3). */
static bool gives_no_signatures(const struct zone *x)
{
    for (size_t i = 0; i < x->n; i++)
        if (!x->v[i].plain)
            return false;
    return x->n > 0;
}

/* Fails the lookup where a validator does not accept the answer of a signed zone on the way. Where the resolver came to
 * an end, it has said so. */
static int validate(struct reading_path *r)
{
    struct lookup ours, *l = r->l;
    int rc = lookup_read(r->z->a, r->ev, l->name, l->type, &ours);
    if (rc || !resolver_leaves_open(&ours))
        return rc;
    for (size_t i = 0; i < r->path->n && !rc; i++) {
        const struct path_step *s = &r->path->step[i];
        uint16_t type = type_at(r->path, i, l->type);
        const char *name = s->name;
        struct chain chain;
        struct chain_fault fault;
        const struct zone *signer = s->server && type != RR_NONE ? proves(s->zone, &name, &type) : NULL;
        if (!signer)
            continue;
        bool mute = gives_no_signatures(signer);
        if (!mute && ((rc = validate_at_servers(r->z, name, type, &chain, &fault)) || fault.kind == CHAIN_NO_FAULT))
            continue;
        l->class = LOOKUP_FAIL;
        l->bogus = mute ? 0 : type;
        l->zone = signer;
        l->fact = mute ? signer->v[0].refused_edns : s->fact;
        l->end = name;
        l->n = 0;
        return 0;
    }
    return rc;
}

int path_read(struct zones *z, const struct evidence *ev, const struct choice *choice, size_t n_choices,
              const char *name, uint16_t type, struct lookup *ret, bool *stands_in)
{
    struct lookup l = {.class = LOOKUP_PENDING, .name = name, .type = type, .end = name};
    struct path way = {.n = 0};
    struct reading_path r = {z, ev, choice, n_choices, &l, &way, name, NULL, 0};
    bool over = false;
    while (!over && way.n < PATH_STEPS_MOST) {
        int rc = step(&r, &over);
        if (rc)
            return rc;
    }
    if (!over) {
        int rc = stand_in(&r);
        if (rc)
            return rc;
    }
    if (l.class != LOOKUP_FAIL && l.class != LOOKUP_PENDING) {
        int rc = validate(&r);
        if (rc)
            return rc;
    }
    struct path_step *steps = arena_array(z->a, way.n, sizeof *steps);
    if (!steps)
        return -ENOMEM;
    memcpy(steps, way.step, way.n * sizeof *steps);
    l.way = steps;
    l.n_way = way.n;
    *ret = l;
    if (stands_in)
        *stands_in = way.stands_in;
    return z->err;
}

/* ---------------------------------------------------------------- the zones on the way --------------- */

/* Adds a zone after the zones above it. False: the arena is full. */
static bool add_zone(struct arena *a, const struct zone *x, const struct zone ***v, size_t *n)
{
    for (size_t i = 0; i < *n; i++)
        if ((*v)[i] == x)
            return true;
    if (x->parent && !add_zone(a, x->parent, v, n))
        return false;
    const struct zone **grown = arena_grow(a, *v, *n, sizeof *grown);
    if (!grown)
        return false;
    *v = grown;
    grown[(*n)++] = x;
    return true;
}

int path_zones(struct arena *a, const struct lookup *l, size_t n, const struct zone ***ret, size_t *n_ret)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < l[i].n_way; k++)
            if (l[i].way[k].zone && !add_zone(a, l[i].way[k].zone, ret, n_ret))
                return -ENOMEM;
    return 0;
}

/* ---------------------------------------------------------------- every choice ----------------------- */

struct asked {
    struct zones *z;
    const char *name[PATH_STEPS_MOST]; /* the first name, and the targets of aliases that were followed */
    size_t n;
    size_t foreign; /* questions to servers of other zones than the first one's */
};

static void want_name(struct asked *all, const char *name, uint16_t type, unsigned depth, const char *home);

/* Asks every server of a zone for the name, and follows each answer. */
static void want_zone(struct asked *all, const struct zone *x, const char *name, uint16_t type, unsigned depth,
                      const char *home)
{
    enum { AHEAD = 3 };
    for (size_t i = 0; i < x->n; i++) {
        const struct name_server *s = &x->v[i];
        /* The first AHEAD names are asked together with the SOA, before it is known whether the server is good, to save
         * time. */
        if (s->state != SERVER_GOOD && (s->state != SERVER_PENDING || s->soa || all->n > AHEAD))
            continue;
        if (!name_equal(x->apex, home) && ++all->foreign > PATH_FOREIGN_MOST) {
            all->z->bound = true;
            return;
        }
        struct lookup l = {.type = type};
        enum reply reply;
        const char *to = NULL;
        const struct fact *f = server_want_whole(all->z->asker, s, name, type);
        if (!f || read_reply(all->z->a, x, f, name, &l, &reply, &to))
            continue;
        if (reply == REPLY_FAIL && s->state == SERVER_GOOD && may_show_more(type) &&
            !shown_by_address(all->z->a, all->z->asker, x, s, name, &f, &to) && f && to)
            reply = REPLY_ALIAS;
        const struct zone *below = reply == REPLY_REFERRAL ? zones_below(all->z, x, to, f) : NULL;
        if (reply == REPLY_ALIAS)
            want_name(all, to, type, depth + 1, home);
        else if (below)
            want_zone(all, below, name, type, depth, home);
    }
}

/* Asks servers of the zones above for the name itself where they serve the next zone on the way, too. */
static void want_above(struct asked *all, const struct zone *x, const char *name, uint16_t type)
{
    for (const struct zone *below = x, *up = x->parent; up; below = up, up = up->parent)
        for (size_t i = 0; i < up->n; i++)
            if (up->v[i].state == SERVER_GOOD && holds_below(all->z->asker, &up->v[i], below))
                server_want_whole(all->z->asker, &up->v[i], name, type);
}

static void want_name(struct asked *all, const char *name, uint16_t type, unsigned depth, const char *home)
{
    for (size_t i = 0; i < all->n; i++)
        if (name_equal(all->name[i], name))
            return;
    if (depth > PATH_ALIASES_MOST || all->n == PATH_STEPS_MOST) {
        all->z->bound = true;
        return;
    }
    all->name[all->n++] = name;
    struct zone *x = zones_holding(all->z, name);
    if (depth && (!x || (!x->open && !zone_can_be_asked(x))))
        lookup_want_answer(all->z->asker, name, type); /* the resolver's answer has to stand in */
    if (!x || !x->exists)
        return;
    want_zone(all, x, name, type, depth, home ? home : x->apex);
    want_above(all, x, name, type);
}

void path_want(struct zones *z, const char *name, uint16_t type)
{
    struct asked all = {.z = z};
    want_name(&all, name, type, 0, NULL);
}

/* ---------------------------------------------------------------- alias ------------------------------ */

static const struct rr *alias_in(const struct fact *f, const char *name)
{
    for (size_t i = 0; f && i < f->dns.answer.n; i++) {
        const struct rr *rr = &f->dns.answer.v[i];
        if (rr->type == RR_CNAME && !rr->defect && name_equal(rr->owner, name))
            return rr;
    }
    return NULL;
}

const struct rr *path_alias(const struct lookup *l)
{
    const struct rr *rr = l->hops ? alias_in(l->fact, l->name) : NULL;
    for (size_t i = 0; l->hops && !rr && i < l->n_way; i++)
        rr = alias_in(l->way[i].fact, l->name);
    return rr;
}

bool path_aliases(struct arena *a, const struct lookup *l, struct texts *ret)
{
    if (!l->n_way)
        return !l->fact || dns_chain(a, &l->fact->dns, l->name, ret);
    for (size_t i = 1; i < l->n_way; i++)
        if (!name_equal(l->way[i].name, l->way[i - 1].name) && !texts_add(a, ret, l->way[i].name))
            return false;
    const struct path_step *last = &l->way[l->n_way - 1];
    return last->zone || !last->fact || dns_chain(a, &last->fact->dns, last->name, ret);
}
