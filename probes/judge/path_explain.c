#include "judge/path_explain.h"

#include "base/url.h"
#include "causes/finding.h"
#include "evidence/view.h"
#include "judge/opinion.h"
#include "methods/file_look.h"
#include "methods/methods.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <errno.h>

const char *way_outcome_name(enum way_outcome o)
{
    static const char *const name[] = {
#define ROW(sym, text) [sym] = text,
        WAY_OUTCOMES(ROW)
#undef ROW
    };
    return name[o];
}

/* The report whose ways are explained, and the way that is being made. */
struct explaining {
    struct arena *a;
    const struct report *r;
    struct zones *zones; /* NULL: the resolver's answers are all there is */
    struct way *way;
    int err; /* 0 or -ENOMEM */
};

/* A new element at the end of a list. NULL: the arena is full. */
static struct way_stage *add_stage(struct explaining *x, const char *name, const char *zone)
{
    struct way_stage *v = arena_grow(x->a, x->way->v, x->way->n, sizeof *v);
    if (!v) {
        x->err = -ENOMEM;
        return NULL;
    }
    x->way->v = v;
    v[x->way->n] = (struct way_stage){.name = name, .zone = zone, .outcome = WAY_PENDING};
    return &v[x->way->n++];
}

static struct way_server *add_server(struct explaining *x, struct way_stage *g, const char *host, const char *server)
{
    struct way_server *v = arena_grow(x->a, g->v, g->n, sizeof *v);
    if (!v) {
        x->err = -ENOMEM;
        return NULL;
    }
    g->v = v;
    v[g->n] = (struct way_server){.host = host, .server = server, .outcome = WAY_PENDING};
    return &v[g->n++];
}

/* ---------------------------------------------------------------- what was answered ------------------ */

static enum way_outcome negative(const struct fact *f)
{
    return f->dns.outcome == DNS_NXDOMAIN ? WAY_NXDOMAIN : WAY_NODATA;
}

static enum way_outcome outcome_of(enum reply reply, const struct fact *f)
{
    switch (reply) {
    case REPLY_DATA:
        return WAY_DATA;
    case REPLY_NONE:
        return negative(f);
    case REPLY_ALIAS:
        return WAY_ALIAS;
    case REPLY_REFERRAL:
        return WAY_REFERRAL;
    case REPLY_FAIL:
        break;
    }
    return dns_silent(&f->dns) ? WAY_SILENT : WAY_FAIL;
}

static enum way_outcome outcome_of_state(enum server_state state)
{
    switch (state) {
    case SERVER_LAME:
        return WAY_FAIL;
    case SERVER_SILENT:
        return WAY_SILENT;
    case SERVER_HERE:
        return WAY_UNASKED;
    case SERVER_PENDING:
    case SERVER_GOOD:
        break;
    }
    return WAY_PENDING;
}

static bool by_dname(const struct fact *f, const char *name)
{
    bool dname = false;
    for (size_t i = 0; f && i < f->dns.answer.n; i++) {
        const struct rr *rr = &f->dns.answer.v[i];
        dname = dname || (rr->type == RR_DNAME && !name_equal(rr->owner, name) && name_within(name, rr->owner));
    }
    return dname;
}

/* Sets what a server of zone z answered for the name of the stage, or, where it was not asked for it, why not. */
static void read_server(struct explaining *x, const struct zone *z, const struct name_server *s, const char *name,
                        struct way_server *w)
{
    const struct fact *first = server_fact(x->r->evidence, s, name, x->way->type);
    const struct fact *f = first ? server_want_whole(x->zones->asker, s, name, x->way->type) : NULL;
    enum reply reply;
    w->outcome = outcome_of_state(s->state);
    w->fact[0] = f ? f : s->soa;
    w->soa = s->state == SERVER_GOOD ? NULL : s->soa;
    if (!f)
        return;
    if (first != f)
        w->fact[1] = first;
    int rc = path_reply(x->a, z, f, name, x->way->type, &reply, &w->to);
    if (rc)
        x->err = rc;
    else
        w->outcome = outcome_of(reply, f);
}

/* ---------------------------------------------------------------- the stages ------------------------- */

static bool shown_cut(const struct way *w, const char *apex)
{
    for (size_t i = 0; i < w->n; i++)
        if (w->v[i].outcome == WAY_REFERRAL && name_equal(w->v[i].to, apex))
            return true;
    return false;
}

/* Adds the cut above zone z, after the cuts above that: which server of the zone above refers to z. */
static void add_cuts(struct explaining *x, const struct zone *z)
{
    if (shown_cut(x->way, z->apex))
        return;
    if (z->parent)
        add_cuts(x, z->parent);
    const struct fact *f = z->delegation ? z->delegation : z->denial;
    struct way_stage *g = f && !x->err ? add_stage(x, z->apex, z->above) : NULL;
    if (!g)
        return;
    g->outcome = f == z->denial ? WAY_NXDOMAIN : WAY_REFERRAL;
    g->to = f == z->denial ? NULL : z->apex;
    const char *host = NULL;
    for (size_t i = 0; z->parent && f->ask->server && i < z->parent->n && !host; i++)
        if (name_equal(z->parent->v[i].server, f->ask->server))
            host = z->parent->v[i].host;
    struct way_server *w = add_server(x, g, host, f->ask->server);
    if (w) {
        w->outcome = g->outcome;
        w->to = g->to;
        w->fact[0] = f;
    }
}

/* Adds servers of the zones above that answer for the name by themselves: they serve both zones, or an old version. */
static void add_holders(struct explaining *x, const struct zone *z, struct way_stage *g)
{
    for (const struct zone *up = z->parent; up; up = up->parent)
        for (size_t i = 0; i < up->n && !x->err; i++) {
            const struct name_server *s = &up->v[i];
            const struct fact *f = server_fact(x->r->evidence, s, g->name, x->way->type);
            bool listed = !f || !(f->dns.flags & DNS_AA);
            for (size_t k = 0; k < g->n && !listed; k++)
                listed = name_equal(g->v[k].server, s->server);
            struct way_server *w = listed ? NULL : add_server(x, g, s->host, s->server);
            if (w) {
                read_server(x, up, s, g->name, w);
                w->above = up->apex;
            }
        }
}

/* One step of the way that path_read() found, in a zone whose servers are known. */
static void add_step(struct explaining *x, const struct path_step *step)
{
    add_cuts(x, step->zone);
    struct way_stage *g = x->err ? NULL : add_stage(x, step->name, step->zone->apex);
    if (!g)
        return;
    for (size_t i = 0; i < step->zone->n && !x->err; i++) {
        const struct name_server *s = &step->zone->v[i];
        struct way_server *w = add_server(x, g, s->host, s->server);
        if (w)
            read_server(x, step->zone, s, step->name, w);
    }
    add_holders(x, step->zone, g);
    /* The answer that counts is that of the server which the step names; without one they all fail. */
    g->outcome = step->fact ? WAY_FAIL : WAY_PENDING;
    bool silent = g->n > 0;
    for (size_t i = 0; i < g->n; i++) {
        silent = silent && g->v[i].outcome == WAY_SILENT;
        if (!step->server || g->v[i].above || !name_equal(g->v[i].server, step->server->server))
            continue;
        g->outcome = g->v[i].outcome;
        g->to = g->v[i].to;
    }
    if (silent)
        g->outcome = WAY_SILENT;
    g->dname = g->outcome == WAY_ALIAS && by_dname(step->fact, step->name);
}

static bool asked_before(const struct way *w, const char *name)
{
    for (size_t i = 0; i < w->n; i++)
        if (w->v[i].outcome == WAY_ALIAS && name_equal(w->v[i].name, name))
            return true;
    return false;
}

static enum way_outcome outcome_of_lookup(const struct lookup *l)
{
    switch (l->class) {
    case LOOKUP_DATA:
        return WAY_DATA;
    case LOOKUP_NODATA:
        return WAY_NODATA;
    case LOOKUP_NXDOMAIN:
        return WAY_NXDOMAIN;
    case LOOKUP_FAIL:
        return l->looped ? WAY_LOOP : l->fact && dns_silent(&l->fact->dns) ? WAY_SILENT : WAY_FAIL;
    case LOOKUP_PENDING:
        break;
    }
    return WAY_PENDING;
}

/* The part of the way that the resolver went: a stage for each alias in its answer, and one for the end. */
static void add_resolver(struct explaining *x, const struct lookup *l, const char *name)
{
    for (bool over = false; !over && !x->err;) {
        const char *to = NULL;
        int rc = l->fact && l->type != RR_CNAME ? dns_alias(x->a, &l->fact->dns.answer, name, &to) : 0;
        bool again = rc == 1 && asked_before(x->way, name);
        struct way_stage *g = rc < 0 || again ? NULL : add_stage(x, name, NULL);
        x->err = rc < 0 ? rc : x->err;
        if (!g)
            return;
        over = rc == 0 || x->way->n >= PATH_STEPS_MOST;
        g->outcome = rc ? WAY_ALIAS : outcome_of_lookup(l);
        g->to = to;
        g->dname = rc && by_dname(l->fact, name);
        struct way_server *w = l->fact ? add_server(x, g, NULL, l->fact->dns.server) : NULL;
        if (w) {
            w->outcome = g->outcome;
            w->to = to;
            w->fact[0] = l->fact;
            w->fact[1] = l->udp;
        }
        name = to;
    }
}

static void make(struct explaining *x, const struct checked *name)
{
    struct way *w = x->way;
    struct lookup ours, l;
    int rc = lookup_read(x->a, x->r->evidence, name->name, name->type, &ours);
    l = ours;
    *w = (struct way){.name = name->name, .type = name->type, .resolver = ours.fact};
    if (!rc && x->zones)
        rc = path_read(x->zones, x->r->evidence, NULL, 0, name->name, name->type, &l, NULL);
    x->err = rc;
    if (rc)
        return;
    w->outcome = outcome_of_lookup(&l);
    const struct zone *registered = x->zones ? zones_registered(x->zones, name->name) : NULL;
    if (registered && registered->denial)
        add_cuts(x, registered);
    if (!l.n_way)
        add_resolver(x, &l, name->name);
    for (size_t i = 0; i < l.n_way && !x->err; i++) {
        const struct path_step *step = &l.way[i];
        if (asked_before(w, step->name))
            return; /* a loop: from here on it repeats */
        if (step->zone) {
            add_step(x, step);
            continue;
        }
        struct lookup rest = l;
        rest.fact = step->fact;
        add_resolver(x, &rest, step->name);
    }
}

/* ---------------------------------------------------------------- where it goes wrong ---------------- */

/* The place of a fact in the proof of a finding, from 1; 0: it is not there. */
static size_t proves(const struct finding *f, const struct fact *fact)
{
    for (size_t i = 0; fact && i < f->n_facts; i++)
        if (f->facts[i] == fact->n)
            return i + 1;
    return 0;
}

static bool same_word(const struct way_server *a, const struct way_server *b)
{
    if (a == b || a->outcome != b->outcome)
        return a == b;
    bool records = a->outcome == WAY_DATA || a->outcome == WAY_ALIAS;
    return !records || (a->fact[0] && b->fact[0] && rrs_same(&a->fact[0]->dns.answer, &b->fact[0]->dns.answer));
}

/* Marks the servers of a stage that prove the finding: the one that it names first, and those that say the same. */
static bool mark_stage(struct way_stage *g, const struct finding *f)
{
    struct way_server *first = NULL;
    size_t best = 0;
    for (size_t i = 0; i < g->n; i++)
        for (size_t k = 0; k < 3; k++) {
            size_t place = proves(f, k < 2 ? g->v[i].fact[k] : g->v[i].soa);
            if (place && (!best || place < best)) {
                best = place;
                first = &g->v[i];
            }
        }
    for (size_t i = 0; first && i < g->n; i++)
        g->v[i].wrong = same_word(first, &g->v[i]);
    g->wrong = first != NULL;
    return g->wrong;
}

/* Marks the last stage that the first finding is about. */
static void mark(struct way *w, const struct finding *f)
{
    for (size_t i = w->n; i-- > 0;)
        if (mark_stage(&w->v[i], f))
            return;
    w->resolver_wrong = proves(f, w->resolver);
}

/* ---------------------------------------------------------------- all of it -------------------------- */

/* Adds the address question of a host that a redirect leads to, unless it is there. 0 or -ENOMEM. */
static int add_host(struct arena *a, struct checked_list *list, const char *name)
{
    for (size_t i = 0; i < list->n; i++)
        if (name_equal(list->v[i].name, name))
            return 0;
    return checked_add(a, list, name, RR_A);
}

/* Adds the hosts at which the CA's fetches go on and end, each once. 0 or -ENOMEM. */
static int add_hosts(struct judgement *j, struct checked_list *list)
{
    struct asker nobody = asker_none(j->ev);
    struct view view = {.zones = j->servers.zones};
    struct fetch fetch;
    struct url url;
    for (size_t i = 0; i < FILE_SIDES; i++) {
        const char *first = fetch_url(j->a, j->r, i ? "https" : "http");
        int rc = first ? fetch_walk(j->a, &nobody, j->r, j->ev, view.zones ? &view : NULL, first, NULL, NULL, &fetch)
                       : -ENOMEM;
        for (size_t k = 0; k < fetch.n && !rc; k++)
            if (fetch.facts[k]->ask->kind == ASK_HTTP && url_read(j->a, fetch.facts[k]->ask->url, &url) &&
                !name_is_ip(url.host))
                rc = add_host(j->a, list, arena_concat(j->a, url.host, ".", NULL));
        if (!rc && fetch.lookup.name)
            rc = add_host(j->a, list, fetch.lookup.name);
        if (rc)
            return rc;
    }
    return 0;
}

int path_explain(struct arena *a, const struct report *r, struct way_list *ret)
{
    struct report copy = *r;
    struct judgement j = {.r = r->request, .ev = r->evidence, .a = a, .report = &copy};
    struct code_error refused;
    enum cause cause;
    struct checked_list names = {0};
    *ret = (struct way_list){.n = 0};
    if (judge_input(r->request, &refused, &cause))
        return 0;
    int rc = judge_read_zones(&j);
    if (!rc)
        rc = checked_names(a, r->request, &names.v, &names.n);
    if (!rc && method_is_file(r->request->method) && (r->request->filename || r->request->method == METHOD_HTTP_TOKEN))
        rc = add_hosts(&j, &names);
    if (rc)
        return rc;
    ret->v = arena_array(a, names.n, sizeof *ret->v);
    if (!ret->v)
        return -ENOMEM;
    struct explaining x = {.a = a, .r = r, .zones = j.servers.zones};
    for (size_t i = 0; i < names.n && !x.err; i++) {
        x.way = &ret->v[ret->n++];
        make(&x, &names.v[i]);
        if (!x.err && r->verdict != VERDICT_PASS && r->n_findings)
            mark(x.way, &r->findings[0]);
    }
    return x.err;
}
