/* caa_search.c - the search for the relevant CAA set (RFC 8659 3): what the facts say, and what to ask next. */
#include "methods/caa_search.h"

#include "wire/name.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Canonical order of records (RFC 4034 6.3). */
static int canonical(const void *a, const void *b)
{
    const struct rr *x = *(const struct rr *const *)a, *y = *(const struct rr *const *)b;
    size_t n = x->rdlen < y->rdlen ? x->rdlen : y->rdlen;
    int c = n ? memcmp(x->rdata, y->rdata, n) : 0;
    return c ? c : (int)x->rdlen - (int)y->rdlen;
}

/* The CAA records at a level, with those that do not parse: they are part of the set (RFC 8659 4.1). Servers send a set
 * in any order; it is sorted here so that two checks of the same set give the same report. */
static const struct rr **set_at(struct arena *a, const struct lookup *l, size_t *n)
{
    const struct rrs *answer = &l->fact->dns.answer;
    const struct rr **v = arena_array(a, answer->n, sizeof *v);
    *n = 0;
    for (size_t i = 0; v && i < answer->n; i++)
        if (answer->v[i].type == RR_CAA && answer->v[i].class == 1 && name_equal(answer->v[i].owner, l->end))
            v[(*n)++] = &answer->v[i];
    if (v && *n > 1)
        qsort(v, *n, sizeof *v, canonical);
    return v;
}

/* The message is no answer, whatever records it has, or a part of it is missing: an incomplete set must not be
 * judged. */
static bool unfit(const struct dns_fact *f)
{
    if (f->outcome != DNS_ANSWER && f->outcome != DNS_NODATA && f->outcome != DNS_NXDOMAIN)
        return true;
    const struct rrs *sections[] = {&f->answer, &f->authority, &f->additional};
    size_t broken = 0;
    for (size_t s = 0; s < 3; s++)
        for (size_t i = 0; i < sections[s]->n; i++)
            broken += sections[s]->v[i].defect != NULL;
    return f->flags & DNS_TC || f->n_defects > broken;
}

int caa_climb(struct arena *a, const struct request *r, const struct evidence *ev, const struct view *view, bool whole,
              struct caa_view *ret)
{
    struct caa_view v = {.level = arena_array(a, name_labels(r->adn), sizeof *v.level), .relevant = NULL};
    const char *name = arena_concat(a, r->adn, ".", NULL); /* each level is a suffix of this text */
    bool over = false;
    size_t n = 0;
    if (!v.level || !name)
        return -ENOMEM;
    for (; name && (whole || !over); name = name_parent(name)) {
        struct lookup *l = &v.level[v.n];
        int rc = view_lookup(a, ev, view, name, RR_CAA, l);
        if (rc)
            return rc;
        v.n++;
        if (over)
            continue;
        if (l->class == LOOKUP_PENDING) {
            v.open = over = true; /* the levels above do not count while this one is unknown */
            continue;
        }
        const struct rr **rr = set_at(a, l, &n);
        if (!rr)
            return -ENOMEM;
        if (unfit(&l->fact->dns) || l->bogus) {
            v.failed = l; /* the missing part may be what decides */
        } else if (n) {
            v.relevant = l;
            v.rr = rr;
            v.n_rr = n;
        } else if (l->class == LOOKUP_FAIL) {
            v.failed = l;
        }
        over = v.relevant || v.failed;
    }
    *ret = v;
    return 0;
}

const char *caa_zone(struct arena *a, const struct request *r, const char *level)
{
    const char *zone = r->registrable ? arena_concat(a, r->registrable, ".", NULL) : level;
    return !zone || name_within(level, zone) ? zone : level;
}

/* ---------------------------------------------------------------- questions -------------------------- */

const char *caa_star(struct arena *a, const struct request *r)
{
    return r->wildcard && r->depth == DEPTH_FULL && !r->sparing ? arena_concat(a, "*.", r->adn, ".", NULL) : NULL;
}

static bool any_answered(const struct caa_view *v)
{
    for (size_t i = 0; i < v->n; i++)
        if (lookup_answered(&v->level[i]))
            return true;
    return false;
}

static bool any_pending(const struct caa_view *v)
{
    for (size_t i = 0; i < v->n; i++)
        if (v->level[i].class == LOOKUP_PENDING)
            return true;
    return false;
}

/* Asks what tells whether the zone that failed is signed: DS at the zone and, where that proves the zone not to be
 * signed, whether the name is an alias, for then the zone of its target may be the one that failed. The apex of a zone
 * is none (RFC 1034 3.6.2). */
static void want_signedness(const struct asker *asker, const char *name, const char *zone)
{
    const struct fact *ds = lookup_want_answer(asker, zone, RR_DS);
    bool unsigned_zone = ds && ds->dns.outcome == DNS_NODATA && ds->dns.flags & DNS_AD;
    if (unsigned_zone && !name_equal(name, zone))
        lookup_want_answer(asker, name, RR_CNAME);
}

/* What to ask after a failure. Only the first failing level from the domain up matters. After SERVFAIL its question is
 * asked again with checking disabled, which tells a bad signature from a broken server. Then, if any level was
 * answered, the DS record says whether the zone is signed. If none was, the control question (NS of the root) says
 * whether the network of this machine is at fault, and DS is asked for only if it is not. What is asked depends on the
 * answers, not on the order in which they come. */
static void after_failure(struct arena *a, const struct asker *asker, const struct request *r, const struct caa_view *v)
{
    const struct lookup *failed = v->failed;
    bool servfail = failed->fact->dns.outcome == DNS_SERVFAIL;
    if (servfail)
        lookup_want_unchecked(asker, failed->name, RR_CAA);
    const char *zone = caa_zone(a, r, failed->name);
    if (!zone)
        return;
    if (any_answered(v)) {
        want_signedness(asker, failed->name, zone);
        return;
    }
    if (any_pending(v) || (servfail && !failed->cd))
        return;
    const struct fact *control = lookup_want_answer(asker, ".", RR_NS);
    if (!servfail && control_alive(control))
        want_signedness(asker, failed->name, zone);
}

/* All levels are asked at once: most searches go up to the registrable domain at least, and asking one by one would
 * take a round trip for each level. After a failure an answer at any level shows that the network of this machine
 * works. */
void caa_ask(struct arena *a, const struct asker *asker, const struct request *r, const struct evidence *ev)
{
    struct caa_view v;
    bool sparing = r->sparing;
    const char *star = caa_star(a, r);
    if (star)
        lookup_want_answer(asker, star, RR_CAA);
    if (caa_climb(a, r, ev, NULL, !sparing, &v))
        return;
    if (sparing && !v.failed) {
        /* One level after the other, until one decides: with many checks at once the number of questions counts, not
         * the time of a single check. */
        if (v.open)
            lookup_want_answer(asker, v.level[v.n - 1].name, RR_CAA);
        return;
    }
    if (sparing && caa_climb(a, r, ev, NULL, true, &v))
        return;
    for (size_t i = 0; i < v.n; i++)
        lookup_want_answer(asker, v.level[i].name, RR_CAA);
    if (v.failed)
        after_failure(a, asker, r, &v);
}
