/* servers.c - the verdict as the zones' own servers give it.
 *
 * A CA asks these servers with hardly any cache between, so where they can be asked their answers decide, and a
 * resolver that says something else has an outdated answer. Several servers serve each zone that an answer depends on,
 * and a CA may ask any of them. So for each zone in turn, the verdict is formed once for each of its servers, as if the
 * CA asked only that server; in every other zone the first server that answers counts. Where one choice of a server
 * makes the check fail and another lets it pass, the check fails. A server that fails to answer while another of its
 * zone answers is not taken as a choice, because a retry would reach the other one. DNSSEC is the exception: servers do
 * not check signatures, so where a resolver reports a bogus answer, that decides. */
#include "judge/opinion.h"
#include "wire/name.h"

#include <errno.h>
#include <string.h>

/* What the comparison of the servers of all zones of one check needs. */
struct comparison {
    struct judgement *j;
    struct checked *names;
    size_t n;
    struct lookup *ours;   /* the resolvers' lookup of each name */
    struct opinion as_is;  /* the opinion where in each zone the first server that answers counts */
    bool *stands_in;       /* of each name: a resolver's answer stands in for a part of its way */
};

static int read_as_is(struct comparison *c)
{
    struct judgement *j = c->j;
    struct opinion *o = &c->as_is;
    o->view = (struct view){.zones = j->servers.zones};
    o->at = arena_array(j->a, c->n, sizeof *o->at);
    c->stands_in = arena_array(j->a, c->n, sizeof *c->stands_in);
    if (!o->at || !c->stands_in)
        return -ENOMEM;
    o->whole = true;
    for (size_t i = 0; i < c->n; i++) {
        int rc = path_read(j->servers.zones, j->ev, NULL, 0, c->names[i].name, c->names[i].type, &o->at[i],
                           &c->stands_in[i]);
        if (rc)
            return rc;
        o->whole = o->whole && o->at[i].class != LOOKUP_PENDING;
    }
    return 0;
}

/* Collects the zones on the way of every name. */
static int find_zones(struct comparison *c)
{
    struct servers_view *s = &c->j->servers;
    s->as_is = c->as_is.at;
    s->n_as_is = c->n;
    for (size_t i = 0; i < c->n; i++)
        s->stands_in = s->stands_in || (c->stands_in[i] && c->as_is.at[i].n_way > 1);
    return path_zones(c->j->a, c->as_is.at, c->n, &s->path, &s->n_path);
}

/* True where a validating resolver refuses a lookup: what the servers say then does not matter. */
static bool refused_by_validator(const struct lookup *at, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (lookup_bogus(&at[i]) || lookup_dnssec_error(&at[i]))
            return true;
    return false;
}

/* ---------------------------------------------------------------- one zone's servers ----------------- */

/* True where every server of zone x fails for the i-th name, so that a retry reaches none that answers. */
static bool fails_anyway(const struct comparison *c, size_t i, const struct zone *x)
{
    const struct lookup *l = &c->as_is.at[i];
    return l->class == LOOKUP_FAIL && l->zone == x;
}

/* Forms the verdict as if the CA asked only server s in zone x. o->whole is false where s gives no complete answer. */
static int form(struct comparison *c, struct opinion *o, const struct zone *x, const struct name_server *s)
{
    struct judgement *j = c->j;
    struct choice *choice = arena_alloc(j->a, sizeof *choice);
    o->at = arena_array(j->a, c->n, sizeof *o->at);
    if (!choice || !o->at)
        return -ENOMEM;
    *choice = (struct choice){x, s};
    o->view = (struct view){.zones = j->servers.zones, .choice = choice, .n_choices = 1};
    o->whole = true;
    for (size_t i = 0; i < c->n && o->whole; i++) {
        struct lookup *l = &o->at[i];
        int rc = path_read(j->servers.zones, j->ev, choice, 1, c->names[i].name, c->names[i].type, l, NULL);
        if (rc)
            return rc;
        o->whole = l->class != LOOKUP_PENDING && (l->class != LOOKUP_FAIL || l->zone != x || fails_anyway(c, i, x));
    }
    return o->whole ? opinion_form(j, o, o->view) : 0;
}

/* Addresses of a web site may differ by design from server to server and over time. A difference counts only where the
 * verdict depends on it. */
static bool addresses_only(const struct judgement *j)
{
    return method_is_file(j->r->method);
}

/* True where zone x is a zone above the other one. */
static bool is_above(const struct zone *x, const struct zone *below)
{
    for (const struct zone *up = below->parent; up; up = up->parent)
        if (up == x)
            return true;
    return false;
}

/* True where server s, asked as one of zone x, answered the i-th name from a copy of its own of a zone below x, which
 * does not name it as its server. An old version of x without the cut is no such copy. */
static bool from_copy(const struct comparison *c, const struct opinion *o, size_t i, const struct zone *x,
                      const struct name_server *s)
{
    const struct zone *part = c->as_is.at[i].zone;
    if (!part || !is_above(x, part) || o->at[i].zone != x)
        return false;
    for (size_t k = 0; k < part->n; k++)
        if (name_equal(part->v[k].server, s->server))
            return false;
    const struct fact *ns = server_fact(c->j->ev, s, part->apex, RR_NS);
    for (size_t k = 0; ns && k < ns->dns.answer.n; k++)
        if (ns->dns.answer.v[k].type == RR_NS && name_equal(ns->dns.answer.v[k].owner, part->apex))
            return ns->dns.flags & DNS_AA;
    return false;
}

/* Records into j->servers that server s of a zone above differs at the i-th name from the own servers of the zone that
 * the name is in. False where those do not answer, or say the same. */
static bool record_above(struct comparison *c, const struct opinion *o, size_t i)
{
    struct servers_view *s = &c->j->servers;
    const struct lookup *theirs = &c->as_is.at[i];
    const struct name_server *has = theirs->n_way ? theirs->way[theirs->n_way - 1].server : NULL;
    if (!has || !theirs->zone || lookup_same(&o->at[i], theirs))
        return false;
    s->disagree = s->odd_above = true;
    s->odd_zone = theirs->zone;
    s->odd[0] = &o->at[i];
    s->odd[1] = theirs;
    s->odd_server[0] = o->view.choice->server;
    s->odd_server[1] = has;
    return true;
}

/* Records into j->servers the first name at which two servers of zone x differ, and the two servers. Where one of them
 * answers from a copy of a zone below, it is not x that differs: that server and the zone below do. */
static void compare(struct comparison *c, const struct zone *x, const struct opinion *a, const struct opinion *b)
{
    struct servers_view *s = &c->j->servers;
    for (size_t i = 0; i < c->n && !s->disagree; i++) {
        const struct opinion *both[] = {b, a};
        if (lookup_same(&a->at[i], &b->at[i]))
            continue;
        for (size_t k = 0; k < 2 && !s->disagree; k++)
            if (from_copy(c, both[k], i, x, both[k]->view.choice->server))
                s->odd_copy = record_above(c, both[k], i);
        if (s->disagree)
            continue;
        s->disagree = true;
        s->odd_zone = x;
        s->odd[0] = &a->at[i];
        s->odd[1] = &b->at[i];
        s->odd_server[0] = a->view.choice->server;
        s->odd_server[1] = b->view.choice->server;
    }
}

/* Records into j->servers the first name at which the chosen server of zone x, which answers for the zone below, too,
 * differs from that zone's own servers. */
static void compare_above(struct comparison *c, const struct zone *x, const struct opinion *o)
{
    struct servers_view *s = &c->j->servers;
    for (size_t i = 0; i < c->n && !s->disagree; i++)
        if (record_above(c, o, i))
            s->odd_copy = from_copy(c, o, i, x, o->view.choice->server);
}

/* True where the opinion has an answer to a lookup for which the servers of the zone below all fail. */
static bool answers_instead(const struct comparison *c, const struct opinion *o)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->as_is.at[i].class == LOOKUP_FAIL && o->at[i].class != LOOKUP_FAIL)
            return true;
    return false;
}

/* Forms the opinion of each server of a zone. *chosen: an opinion that fails where another one passes; else NULL. Where
 * every server of the zone holds an old version of the zone below, none passes, but the servers of that zone do: a
 * resolver with an empty cache never comes to them, one that knows them asks them. Where the servers of the zone below
 * fail, what is held above is all that a resolver finds. */
static int by_zone(struct comparison *c, const struct zone *x, struct opinion **chosen)
{
    struct servers_view *s = &c->j->servers;
    struct opinion *o = arena_array(c->j->a, x->n, sizeof *o), *fails = NULL, *passes = NULL;
    size_t n = 0;
    *chosen = NULL;
    if (!o)
        return -ENOMEM;
    for (size_t i = 0; i < x->n; i++) {
        if (x->v[i].state != SERVER_GOOD)
            continue;
        o[n] = (struct opinion){.whole = false};
        int rc = form(c, &o[n], x, &x->v[i]);
        if (rc)
            return rc;
        n += o[n].whole;
    }
    for (size_t k = 0; k < n; k++) {
        if (o[k].report.verdict == VERDICT_PASS && !passes)
            passes = &o[k];
        if (o[k].report.verdict == VERDICT_FAIL && !fails)
            fails = &o[k];
    }
    bool instead = fails && !passes && answers_instead(c, fails);
    bool above = fails && !passes && c->as_is.report.verdict == VERDICT_PASS;
    bool decides = above || instead || (fails && passes);
    if (decides)
        /* forget a difference that does not change the verdict: this one does */
        s->disagree = s->odd_above = s->odd_copy = false;
    if (above)
        compare_above(c, x, fails);
    else if (decides && !instead)
        compare(c, x, passes, fails);
    for (size_t k = 1; k < n && (decides || !addresses_only(c->j)); k++)
        compare(c, x, &o[0], &o[k]);
    if (!decides)
        return 0;
    *chosen = fails;
    if (instead)
        return 0;
    s->with = passes ? passes->view.choice->server : s->odd_server[1];
    s->without = fails->view.choice->server;
    return 0;
}

/* Finds the first name at which the resolvers differ from the servers, where these agree. verdict: that of the
 * servers; the report has the resolvers'. */
static void find_stale(struct comparison *c, const struct opinion *o, enum verdict verdict)
{
    struct servers_view *s = &c->j->servers;
    for (size_t i = 0; i < c->n && !s->stale; i++) {
        const struct lookup *ours = &c->ours[i], *theirs = &o->at[i];
        if (c->stands_in[i] || ours->class == LOOKUP_PENDING || !theirs->zone || theirs->class == LOOKUP_FAIL)
            continue;
        if (addresses_only(c->j) && c->j->report->verdict == verdict)
            continue;
        if (ours->class == LOOKUP_FAIL || !lookup_same(ours, theirs)) {
            s->stale = ours;
            s->fresh = theirs;
        }
    }
}

/* ---------------------------------------------------------------- --edited-at ------------------------ */

/* Asks whether the check passes at a server that the customer names and that no delegation names. */
static int ask_edited(struct comparison *c)
{
    struct judgement *j = c->j;
    const struct zone *own = j->servers.own;
    struct asker asker = asker_none(j->ev);
    struct texts addresses = {0};
    bool open = false;
    int rc = host_addresses(j->a, &asker, j->r->edited_at, &addresses, &open);
    for (size_t i = 0; i < addresses.n && !rc && !j->servers.edited_server; i++) {
        struct name_server *s = arena_alloc(j->a, sizeof *s);
        struct opinion *o = arena_alloc(j->a, sizeof *o);
        if (!s || !o)
            return -ENOMEM;
        *s = (struct name_server){.server = addresses.v[i], .host = j->r->edited_at, .state = SERVER_GOOD};
        *o = (struct opinion){.whole = false};
        bool ours = false;
        for (size_t k = 0; k < own->n; k++)
            ours = ours || name_equal(own->v[k].server, s->server);
        if (ours)
            continue;
        rc = form(c, o, own, s);
        if (!rc && o->whole && o->report.verdict == VERDICT_PASS) {
            j->servers.edited_server = s;
            j->servers.edited = o->at;
        }
    }
    return rc;
}

/* ---------------------------------------------------------------- all of it -------------------------- */

int judge_read_zones(struct judgement *j)
{
    struct servers_view *s = &j->servers;
    struct asker *nobody = arena_alloc(j->a, sizeof *nobody);
    const char *name = arena_concat(j->a, j->r->adn, ".", NULL);
    if (j->r->depth != DEPTH_FULL || !j->r->registrable)
        return 0;
    s->zones = arena_alloc(j->a, sizeof *s->zones);
    if (!nobody || !name || !s->zones)
        return -ENOMEM;
    *nobody = asker_none(j->ev);
    zones_init(s->zones, j->a, nobody, j->r);
    const struct zone *registered = zones_registered(s->zones, name), *own = zones_holding(s->zones, name);
    s->denied = registered && registered->denial ? registered : NULL;
    s->own = own && own->exists ? own : NULL;
    return s->zones->err;
}

/* Adds the zones of the lookups that the verdict came to rest on: a file's fetch may have ended at another host. */
static int add_last_zones(struct judgement *j)
{
    size_t n;
    const struct lookup *l = judged_lookups(j, &n);
    return path_zones(j->a, l, n, &j->servers.path, &j->servers.n_path);
}

int judge_by_servers(struct judgement *j)
{
    struct servers_view *s = &j->servers;
    /* In the arena and not on the stack: after opinion_take() the judgement points into the opinion. */
    struct comparison *c = arena_alloc(j->a, sizeof *c);
    struct opinion *chosen = NULL;
    bool whole;
    if (!c)
        return -ENOMEM;
    c->j = j;
    int rc = checked_names(j->a, j->r, &c->names, &c->n);
    if (!rc)
        rc = opinion_names(j, NULL, c->names, c->n, &c->ours, &whole);
    if (!rc)
        rc = read_as_is(c);
    if (!rc)
        rc = find_zones(c);
    if (!rc && c->as_is.whole && s->n_path) {
        rc = opinion_form(j, &c->as_is, c->as_is.view);
        for (size_t i = 0; i < s->n_path && !rc && !chosen; i++)
            rc = by_zone(c, s->path[i], &chosen);
        if (!rc && !refused_by_validator(c->ours, c->n)) {
            struct opinion *last = chosen ? chosen : &c->as_is;
            if (!s->disagree)
                find_stale(c, &c->as_is, last->report.verdict);
            opinion_take(j, last);
        }
    }
    if (!rc)
        rc = add_last_zones(j);
    if (!rc && j->r->edited_at && s->own && j->report->verdict == VERDICT_FAIL)
        rc = ask_edited(c);
    return rc;
}
