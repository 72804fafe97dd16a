/* judge.c - turns evidence into a report: the verdict, then the causes, then the order and wording of the findings. */
#include "base/text.h"
#include "causes/causes.h"
#include "evidence/evidence.h"
#include "judge/caa_explain.h"
#include "judge/cures.h"
#include "judge/judge_inner.h"
#include "judge/opinion.h"
#include "judge/trace.h"
#include "methods/adn.h"
#include "methods/top.h"
#include "wire/suffixes.h"

#include <errno.h>
#include <string.h>

/* ---------------------------------------------------------------- judge ------------------------------ */

/* Runs the method's cause functions in the given order. A failing report must have a finding: one without is a defect
 * of the cause functions, and tests check for it. */
static void run_causes(struct judgement *j, const enum cause order[CAUSE_COUNT])
{
    static void (*const look[])(struct judgement *) = {
#define X(id, ...) [CAUSE_##id] = cause_##id,
#include "model/causes.def"
#undef X
    };
    const unsigned method = METHOD_BIT(j->r->method);
    for (size_t i = 0; i < CAUSE_COUNT && !j->err; i++)
        if (cause_list[order[i]].methods & method)
            look[order[i]](j);
}

/* Removes the findings that follow from another cause that was found, too. */
static void drop_consequences(struct report *p)
{
    enum { FOUND = 1, BLOCKING = 2 };
    static const struct {
        enum cause cause, consequence;
        unsigned when;
    } rows[] = {
#define X(cause, consequence, when) {CAUSE_##cause, CAUSE_##consequence, when},
#include "model/consequences.def"
#undef X
    };
    unsigned found[CAUSE_COUNT + 1] = {0};
    bool follows[CAUSE_COUNT + 1] = {false};
    for (size_t i = 0; i < p->n_findings; i++)
        found[p->findings[i].cause] |= p->findings[i].weight == WEIGHT_BLOCKING ? FOUND | BLOCKING : FOUND;
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
        if (found[rows[r].cause] & rows[r].when)
            follows[rows[r].consequence] = true;
    size_t kept = 0;
    for (size_t i = 0; i < p->n_findings; i++)
        if (!follows[p->findings[i].cause])
            p->findings[kept++] = p->findings[i];
    p->n_findings = kept;
}

static void read_near(struct judgement *j)
{
    struct near_view *view = arena_alloc(j->a, sizeof *view);
    j->err = view ? near_read(j->a, j->r, j->ev, method_rules(j->r->method)->near, view) : -ENOMEM;
    j->near = j->err ? NULL : view;
}

/* The variable that {name} at the start of s stands for; NULL where s begins with none of the finding's. */
static const struct variable *placeholder(const char *s, const struct finding *f)
{
    const char *end = *s == '{' ? strchr(s, '}') : NULL;
    for (size_t i = 0; end && i < f->n_variables; i++) {
        size_t n = strlen(f->variables[i].name);
        if ((size_t)(end - s - 1) == n && !memcmp(f->variables[i].name, s + 1, n))
            return &f->variables[i];
    }
    return NULL;
}

/* The length of a variable's value in a sentence: an absolute name at its end gives its dot to the full stop. */
static size_t length_before(const struct variable *v, const char *rest)
{
    size_t n = strlen(v->value);
    bool full_stop = rest[0] == '.' && (!rest[1] || rest[1] == ' ' || rest[1] == '{');
    return n > 1 && full_stop && v->value[n - 1] == '.' ? n - 1 : n;
}

/* Replaces each {name} of a template by the finding's variable: once to measure, once to write. */
static char *fill(struct judgement *j, const char *template, const struct finding *f)
{
    char *out = NULL;
    for (int writing = 0; writing < 2; writing++) {
        size_t at = 0;
        for (const char *s = template; *s;) {
            const struct variable *v = placeholder(s, f);
            size_t taken = v ? strlen(v->name) + strlen("{}") : 1, n = v ? length_before(v, s + taken) : 1;
            if (writing)
                memcpy(out + at, v ? v->value : s, n);
            at += n;
            s += taken;
        }
        if (!writing && !(out = arena_alloc(j->a, at + 1)))
            return NULL;
        out[at] = 0;
    }
    return out;
}

static bool before(const struct finding *a, const struct finding *b)
{
    return a->weight != b->weight ? a->weight < b->weight : a->cause < b->cause;
}

/* Blocking before risk before note; within a weight the order of causes.def. Several findings of one cause (for example
 * one for each server) keep the order in which they were added. */
static void sort_findings(struct report *p)
{
    for (size_t i = 1; i < p->n_findings; i++) {
        struct finding f = p->findings[i];
        size_t k = i;
        for (; k && before(&f, &p->findings[k - 1]); k--)
            p->findings[k] = p->findings[k - 1];
        p->findings[k] = f;
    }
}

/* The finding's usual actor, unless the cure that was found begins with what is another's. What the CA looks for is
 * published by the zone's owner or, with a file method, by the web host, and asked for by whoever placed the order; and
 * a record of the domain's own can make up for what the name servers or the CA's settings spoil. NS and DS records do
 * not say whose zone is meant, the domain's or the one above. */
static enum actor who_acts(const struct finding *f)
{
    enum actor usual = f->who_acts;
    const struct fix *first = f->n_fixes ? f->fixes : NULL;
    bool record = first && first->type && strcmp(first->type, "NS") != 0 && strcmp(first->type, "DS") != 0;
    if (first && first->op == FIX_PUT_FILE && usual == ACTOR_ZONE_OWNER)
        return ACTOR_WEB_HOST;
    if (first && first->op == FIX_INPUT && usual == ACTOR_ZONE_OWNER)
        return ACTOR_REQUESTER;
    bool spared = usual == ACTOR_DNS_PROVIDER || usual == ACTOR_REGISTRAR || usual == ACTOR_CA;
    return record && spared ? ACTOR_ZONE_OWNER : usual;
}

/* What the reader of a verdict has to know about the answers it rests on; NULL for nothing. */
static const char *remark(struct judgement *j)
{
    const struct zone *z = j->servers.own;
    size_t open = j->ev->n_asks - j->ev->n;
    if (open)
        return arena_printf(
            j->a,
            "At the deadline %zu question%s had no answer yet; what could have come of %s is not in "
            "this report.",
            open, open == 1 ? "" : "s", open == 1 ? "it" : "them");
    if (j->servers.stands_in && j->servers.decided)
        return "Not every zone on the way was asked, because some cannot be asked from here or too many follow each "
               "other: for those the resolver's answer counts.";
    if (!z || !z->blocked || j->servers.decided)
        return NULL;
    return "No name server can be asked directly from here, not even the registry's (is port 53 closed for "
           "this "
           "machine?), so the resolver's answers count.";
}

/* Finds the verdict: from the resolvers' answers, at depth full from those of each of the zone's servers, and from
 * those of the perspectives. */
static void settle(struct judgement *j)
{
    j->err = judge_read_zones(j);
    if (!j->err)
        adn_verdict(j);
    if (!j->err && j->servers.zones)
        j->err = judge_by_servers(j);
    if (!j->err && j->r->depth == DEPTH_FULL && j->report->verdict != VERDICT_UNDECIDED)
        j->report->remark = remark(j);
    const struct method_rules *rules = method_rules(j->r->method);
    if (!j->err && j->report->verdict == VERDICT_PASS && !j->report->remark && rules->remark)
        j->report->remark = rules->remark(j);
    if (!j->err && j->r->perspectives.n && !method_is_file(j->r->method))
        j->err = judge_by_perspectives(j);
}

/* Where the public suffix list lacks the top-level domain: true unless the root knows it, with the verdict. */
static bool top_decides(struct judgement *j)
{
    struct lookup l;
    struct asker asker = asker_none(j->ev);
    if (!j->r->top)
        return false;
    j->err = top_lookup(j->a, &asker, j->ev, j->r->top, &l);
    if (j->err || l.class == LOOKUP_DATA)
        return j->err;
    /* Evidence without any ask was not gathered by a check: then the list alone speaks, as before an order. */
    bool offline = l.class == LOOKUP_PENDING && !j->ev->n_asks && !suffixes_are_old(j->r->now);
    if (l.class == LOOKUP_NXDOMAIN || offline) {
        verdict_fail(j, CODE_internal_names_not_allowed, CODE_internal_names_not_allowed);
        j->input_cause = CAUSE_name_internal;
        j->top_denial = l.fact;
    } else if (l.class == LOOKUP_PENDING) {
        verdict_undecided(j, DEADLINE_REASON);
    } else {
        const char *fault = network_fault(j, &l, 1);
        verdict_undecided(j, fault ? fault
                                   : arena_printf(j->a,
                                                  "Whether there is a top-level domain %s is not known: the public "
                                                  "suffix list of %s lacks it, and the resolver does not find out. A "
                                                  "newer list would tell.",
                                                  j->r->top, suffixes_in_use()->date));
    }
    return true;
}

/* What was left out because there was too much of it is said whatever the verdict is. */
static void say_bounds(struct judgement *j)
{
    struct report *p = j->report;
    size_t addresses = 0;
    for (size_t i = 0; i < FILE_SIDES; i++)
        addresses = j->file.side[i].fetch.lookup.n > addresses ? j->file.side[i].fetch.lookup.n : addresses;
    const char *many = "", *bound = "";
    if (addresses > FETCH_ADDRESSES_MOST)
        many = arena_printf(j->a, "Of the %zu addresses of the host, the file was looked for at the %d lowest only. ",
                            addresses, FETCH_ADDRESSES_MOST);
    if (evidence_bounded(j->ev))
        bound = arena_printf(j->a,
                             "The domain leads to more questions than one check may ask (%d, and %d web servers): what "
                             "could have come of the rest is not in this report. ",
                             EVIDENCE_ASKS_MOST, EVIDENCE_PLACES_MOST);
    const char **to = p->verdict == VERDICT_UNDECIDED ? &p->reason : &p->remark;
    if (*bound && *to && !strcmp(*to, DEADLINE_REASON) && j->ev->n == j->ev->n_asks)
        *to = NULL; /* it is not time that was lacking */
    if (!many || !bound || (!*many && !*bound))
        return;
    char *text = arena_concat(j->a, *to ? *to : "", *to ? " " : "", many, bound, NULL);
    if (text)
        text[strlen(text) - 1] = '\0';
    *to = text;
}

static void find_verdict(struct judgement *j)
{
    struct report *p = j->report;
    struct code_error refused;
    *p = (struct report){.request = j->r,
                         .evidence = j->ev,
                         .challenge = request_challenge(j->r),
                         .verdict = VERDICT_UNDECIDED,
                         .br_may_permit = -1,
                         .started_at = TIME_UNKNOWN};
    if (j->ev->n_cut) {
        verdict_undecided(j, arena_printf(j->a,
                                          "The evidence cannot be judged again: it was too large for the store, and "
                                          "what %zu of its %zu answers held is missing.",
                                          j->ev->n_cut, j->ev->n));
    } else if (judge_input(j->r, &refused, &j->input_cause)) {
        p->verdict = VERDICT_FAIL;
        p->error = refused;
        p->detail_code = refused.code;
    } else if (!top_decides(j)) {
        settle(j);
    }
}

int judge_verdict(const struct request *r, const struct evidence *ev, struct arena *a, struct report *ret)
{
    struct judgement j = {.r = r, .ev = ev, .a = a, .report = ret};
    find_verdict(&j);
    return j.err ? j.err : arena_full(a) ? -ENOMEM : 0;
}

int judge_in_order(const struct request *r, const struct evidence *ev, struct arena *a,
                   const enum cause order[CAUSE_COUNT], struct report *ret)
{
    struct report *p = ret;
    struct judgement j = {.r = r, .ev = ev, .a = a, .report = p};
    find_verdict(&j);
    if (ev->n_cut)
        return j.err ? j.err : arena_full(a) ? -ENOMEM : 0;
    if (!j.err && r->depth == DEPTH_FULL && judged_failing(&j))
        read_near(&j);
    if (!j.err)
        j.err = dnssec_read(&j);
    if (!j.err)
        say_bounds(&j);
    run_causes(&j, order);
    drop_consequences(p);
    p->trace = trace_find(&j);
    for (size_t i = 0; i < p->n_findings; i++)
        p->findings[i].summary = fill(&j, cause_info(p->findings[i].cause)->summary, &p->findings[i]);
    sort_findings(p);
    if (!j.err)
        j.err = cures_choose(&j);
    for (size_t i = 0; i < p->n_findings; i++)
        p->findings[i].who_acts = who_acts(&p->findings[i]);
    if (r->method == METHOD_CAA && !j.err)
        p->caa = caa_explain(&j);
    return j.err ? j.err : arena_full(a) ? -ENOMEM : 0;
}

int judge(const struct request *r, const struct evidence *ev, struct arena *a, struct report *ret)
{
    static const enum cause by_rank[CAUSE_COUNT] = {
#define X(id, ...) CAUSE_##id,
#include "model/causes.def"
#undef X
    };
    return judge_in_order(r, ev, a, by_rank, ret);
}
