#include "causes/forecast.h"

#include "methods/methods.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <errno.h>
#include <string.h>

enum { SECOND = 1000, HOUR = 60 * 60 * SECOND };

dcv_time forecast_end(const struct request *r, const struct fact *f, uint32_t seconds)
{
    /* A check of another time (--now) has facts of today. */
    bool timed = f->at != TIME_UNKNOWN && f->at >= r->now && f->at - r->now < HOUR;
    dcv_time from = timed ? f->at : r->now;
    return from - from % SECOND + (seconds + INT64_C(1)) * SECOND;
}

uint32_t forecast_seconds(const struct fact *f, const char *name, uint16_t type)
{
    uint32_t seconds = 0, serial, negative;
    bool there = false;
    const struct rrs *answer = &f->dns.answer, *authority = &f->dns.authority;
    for (size_t i = 0; i < answer->n; i++)
        if (answer->v[i].type == type && name_equal(answer->v[i].owner, name)) {
            seconds = answer->v[i].ttl > seconds ? answer->v[i].ttl : seconds;
            there = true;
        }
    for (size_t i = 0; i < authority->n && !there; i++)
        if (soa_read(&authority->v[i], &serial, &negative) && negative > seconds)
            seconds = negative;
    return seconds;
}

/* ---------------------------------------------------------------- a cure ----------------------------- */

/* True where an operation changes what is said of a type at a name. A CNAME is there for all types. */
static bool changes(const struct fix *x, const char *name, uint16_t type)
{
    char text[16];
    bool records = (x->op == FIX_ADD || x->op == FIX_REMOVE || x->op == FIX_REPLACE) && x->owner && x->type;
    return records && name_equal(x->owner, name) &&
           (type == RR_CNAME || !strcmp(x->type, "CNAME") || !strcmp(x->type, rr_type_name(type, text)));
}

static bool changed_by(const struct cure *c, const char *name, uint16_t type)
{
    for (size_t i = 0; i < c->n; i++)
        if (changes(&c->ops[i], name, type))
            return true;
    return false;
}

/* True where the cure makes names at or below one that does not exist. */
static bool made_below(const struct cure *c, const char *name)
{
    for (size_t i = 0; i < c->n; i++)
        if ((c->ops[i].op == FIX_ADD || c->ops[i].op == FIX_REPLACE) && c->ops[i].owner &&
            name_within(c->ops[i].owner, name))
            return true;
    return false;
}

/* Seconds for which a resolver goes on giving what the cure changes of its answer. */
static uint32_t remembered(struct arena *a, const struct cure *c, const struct fact *f)
{
    uint32_t most = 0;
    const struct rrs *answer = &f->dns.answer;
    const char *end = dns_chain_end(a, &f->dns, f->ask->qname, NULL, NULL);
    bool found = !end;
    for (size_t i = 0; i < answer->n; i++) {
        const struct rr *rr = &answer->v[i];
        found = found || (rr->type == f->ask->qtype && name_equal(rr->owner, end));
        if (rr->type != RR_RRSIG && changed_by(c, rr->owner, rr->type) && rr->ttl > most)
            most = rr->ttl;
    }
    /* Behind aliases the end may be missing, too. */
    if (found || !(changed_by(c, end, f->ask->qtype) || (f->dns.outcome == DNS_NXDOMAIN && made_below(c, end))))
        return most;
    uint32_t missing = forecast_seconds(f, end, f->ask->qtype);
    return missing > most ? missing : most;
}

/* True for an answer of a cache that the cured check looks at: for a checked name, or that a name above it is not
 * there (RFC 8020). */
static bool looked_at(const struct fact *f, const struct checked *v, size_t n)
{
    bool answers = f->dns.outcome == DNS_ANSWER || f->dns.outcome == DNS_NODATA || f->dns.outcome == DNS_NXDOMAIN;
    if (f->ask->kind != ASK_DNS || f->ask->via == VIA_AUTHORITATIVE || !answers)
        return false;
    for (size_t i = 0; i < n; i++)
        if ((v[i].type == f->ask->qtype && name_equal(v[i].name, f->ask->qname)) ||
            (f->dns.outcome == DNS_NXDOMAIN && name_within(v[i].name, f->ask->qname)))
            return true;
    return false;
}

/* The request after the cure: it may be for another method, or for another name to check at. */
static struct request cured_request(const struct judgement *j, const struct cure *c)
{
    struct request r = *j->r;
    for (size_t i = 0; i < c->n; i++) {
        const struct fix *x = &c->ops[i];
        if (x->op == FIX_INPUT && x->value && *x->value && !strcmp(x->argument, "adn"))
            r.adn = x->value;
        else if (x->op == FIX_INPUT && x->value && *x->value && !strcmp(x->argument, "method"))
            (void)method_parse(x->value, &r.method);
    }
    return r;
}

void forecast_add(struct judgement *j, struct cure *c)
{
    struct checked *v;
    size_t n;
    const struct request r = cured_request(j, c);
    const struct fact *last = NULL;
    dcv_time until = j->r->now;
    if (!cure_by_machine(c) || checked_names(j->a, &r, &v, &n))
        return;
    for (size_t i = 0; i < j->ev->n; i++) {
        const struct fact *f = j->ev->facts[i];
        uint32_t seconds = looked_at(f, v, n) ? remembered(j->a, c, f) : 0;
        dcv_time end = seconds ? forecast_end(j->r, f, seconds) : 0;
        if (end > until) {
            until = end;
            last = f;
        }
    }
    struct fix *ops = last ? arena_array(j->a, c->n + 1, sizeof *ops) : NULL;
    if (!ops)
        return;
    memcpy(ops, c->ops, c->n * sizeof *ops);
    ops[c->n] = (struct fix){
        .op = FIX_WAIT,
        .until = until,
        .text = arena_printf(j->a,
                             "Until then the resolver %s remembers what it was told of %s; a CA that asks it sees the "
                             "change from then on.",
                             last->dns.server ? last->dns.server : "in use", last->ask->qname)};
    c->ops = ops;
    c->n++;
}
