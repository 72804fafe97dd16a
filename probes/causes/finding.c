/* finding.c - how a cause says what it found: a finding, its variables, the facts that prove it. */
#include "causes/finding.h"

#include "base/text.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <string.h>

/* Appends one member to a list and returns it; NULL where the arena is full. */
static void *list_add(struct arena *a, void *list, size_t *n, size_t size)
{
    void *v;
    memcpy(&v, list, sizeof v); /* list is the address of a pointer to any type */
    v = arena_grow(a, v, *n, size);
    if (!v)
        return NULL;
    memcpy(list, &v, sizeof v);
    return (char *)v + (*n)++ * size;
}

struct finding *finding_add(struct judgement *j, enum cause c)
{
    struct finding *f = list_add(j->a, &j->report->findings, &j->report->n_findings, sizeof *f);
    if (!f)
        return NULL;
    enum weight most = j->report->verdict == VERDICT_FAIL ? WEIGHT_BLOCKING : WEIGHT_RISK;
    enum weight own = cause_info(c)->weight;
    *f = (struct finding){.cause = c, .weight = own > most ? own : most, .who_acts = cause_info(c)->who_acts};
    finding_set(j, f, "domain", j->r->domain ? j->r->domain : j->r->input);
    finding_set(j, f, "input", j->r->input);
    return f;
}

struct finding *finding_about(struct judgement *j, enum cause c)
{
    struct finding *f = finding_add(j, c);
    finding_set(j, f, "owner", j->candidate.place);
    finding_fact(j, f, j->candidate.fact);
    return f;
}

const struct zone *judged_zone(const struct judgement *j)
{
    return j->input_cause == CAUSE_NONE ? j->servers.own : NULL;
}

const struct zone *const *judged_zones(const struct judgement *j, size_t *n)
{
    *n = 0;
    if (j->input_cause != CAUSE_NONE || !j->servers.zones)
        return NULL;
    if (j->servers.n_path) {
        *n = j->servers.n_path;
        return j->servers.path;
    }
    *n = j->servers.own ? 1 : 0;
    return &j->servers.own;
}

void each_zone(struct judgement *j, void (*see)(struct judgement *j, const struct zone *z))
{
    size_t n;
    const struct zone *const *z = judged_zones(j, &n);
    for (size_t i = 0; i < n; i++)
        see(j, z[i]);
}

struct finding *finding_about_server(struct judgement *j, enum cause c, const struct zone *z,
                                     const struct name_server *s)
{
    struct finding *f = finding_add(j, c);
    finding_set(j, f, "zone", z->apex);
    finding_set(j, f, "host", server_shown(j->a, s));
    finding_fact(j, f, s->soa);
    return f;
}

bool server_repeats(const struct zone *z, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (z->v[k].state == z->v[i].state && z->v[k].signing == z->v[i].signing &&
            name_equal(z->v[k].host, z->v[i].host))
            return true;
    return false;
}

bool judged_failing(const struct judgement *j)
{
    return j->report->verdict == VERDICT_FAIL && j->input_cause == CAUSE_NONE;
}

bool judged_failed_in(const struct judgement *j, const struct zone *z)
{
    size_t n;
    const struct lookup *l = judged_lookups(j, &n);
    for (size_t i = 0; i < n; i++)
        if (l[i].class == LOOKUP_FAIL && (l[i].zone ? l[i].zone == z : z == j->servers.own))
            return true;
    return false;
}

bool judged_lookup_failed(const struct judgement *j)
{
    size_t n;
    const struct lookup *l = judged_lookups(j, &n);
    for (size_t i = 0; i < n; i++)
        if (l[i].class == LOOKUP_FAIL)
            return true;
    return false;
}

void finding_actor(struct finding *f, enum actor who)
{
    if (f)
        f->who_acts = who;
}

void finding_aside(struct finding *f, bool explains)
{
    if (f && !explains && f->weight == WEIGHT_BLOCKING)
        f->weight = WEIGHT_RISK;
}

/* most: bytes of the text that are shown. */
static void fill(struct judgement *j, struct finding *f, const char *variable, const char *value, size_t most)
{
    if (!f || !value)
        return;
    struct variable *v = list_add(j->a, &f->variables, &f->n_variables, sizeof *v);
    const char *shown = text_escape(j->a, value, strlen(value), most);
    if (v)
        *v = (struct variable){variable, shown ? shown : ""};
}

void finding_set(struct judgement *j, struct finding *f, const char *variable, const char *value)
{
    enum { MOST = 160 }; /* the most bytes of one value in a sentence */
    fill(j, f, variable, value, MOST);
}

void finding_say(struct judgement *j, struct finding *f, const char *variable, const char *text)
{
    enum { MOST = 4096 }; /* a few names of the greatest length, escaped */
    fill(j, f, variable, text, MOST);
}

void finding_fact(struct judgement *j, struct finding *f, const struct fact *fact)
{
    if (!f || !fact)
        return;
    for (size_t i = 0; i < f->n_facts; i++)
        if (f->facts[i] == fact->n)
            return;
    uint32_t *n = list_add(j->a, &f->facts, &f->n_facts, sizeof *n);
    if (n)
        *n = fact->n;
}

struct fix *finding_fix(struct judgement *j, struct finding *f, enum fix_op op)
{
    if (f && !f->n_cures)
        finding_or(j, f);
    struct cure *c = f && f->n_cures ? &f->cures[f->n_cures - 1] : NULL;
    struct fix *x = c ? list_add(j->a, &c->ops, &c->n, sizeof *x) : NULL;
    if (!x)
        x = &j->spare;
    *x = (struct fix){.op = op, .until = TIME_UNKNOWN};
    return x;
}

void finding_or(struct judgement *j, struct finding *f)
{
    if (!f || (f->n_cures && !f->cures[f->n_cures - 1].n))
        return;
    struct cure *c = list_add(j->a, &f->cures, &f->n_cures, sizeof *c);
    if (c)
        *c = (struct cure){.note = ""};
}

const char *judged_ede(struct judgement *j, const struct fact *fact)
{
    if (!fact || !fact->dns.n_ede)
        return "";
    const struct ede *e = &fact->dns.ede[0];
    const char *name = ede_name(e->code);
    const char *said = arena_printf(j->a, " (%s%s%s)", name ? name : "extended error",
                                    e->text && *e->text ? ": " : "", e->text ? e->text : "");
    return said ? said : "";
}

void finding_lookup(struct judgement *j, struct finding *f, const struct lookup *l)
{
    finding_set(j, f, "owner", l->name);
    char buf[16];
    finding_set(j, f, "type", rr_type_name(l->type, buf));
    for (size_t i = 0; i < l->n_way; i++)
        finding_fact(j, f, l->way[i].fact);
    finding_fact(j, f, l->udp);
    finding_fact(j, f, l->fact);
    finding_fact(j, f, l->cd);
}

const struct lookup *judged_first(const struct judgement *j,
                                  bool (*shows)(const struct judgement *, const struct lookup *))
{
    size_t n;
    const struct lookup *l = judged_lookups(j, &n);
    for (size_t i = 0; i < n; i++)
        if (l[i].class == LOOKUP_FAIL && shows(j, &l[i]))
            return &l[i];
    return NULL;
}

const char *names_listed(struct arena *a, const struct texts *names)
{
    enum { MOST = 3 };
    const char *list = "";
    size_t shown = names->n > MOST + 1 ? MOST : names->n;
    for (size_t i = 0; i < shown && list; i++) {
        const char *between = !i ? "" : i + 1 == names->n ? " and " : ", ";
        size_t len = strlen(names->v[i]);
        bool dot = len > 1 && names->v[i][len - 1] == '.';
        list = arena_printf(a, "%s%s%.*s", list, between, (int)(len - dot), names->v[i]);
    }
    if (list && shown < names->n)
        list = arena_printf(a, "%s and %zu more", list, names->n - shown);
    return list;
}
