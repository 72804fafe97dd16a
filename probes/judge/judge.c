/* judge.c - from evidence to report: the verdict, then the causes, then the order and wording of the
 * findings. */
#include "judge/caa_explain.h"

#include "base/text.h"
#include "evidence/near.h"

#include <errno.h>
#include <string.h>

/* ---------------------------------------------------------------- judge ------------------------------ */

/* The least that a failing report owes its reader is a finding; where a method's causes find nothing that is
 * a defect here, and tests hold it to that. */
static void run_causes(struct judgement *j)
{
    static void (*const look[])(struct judgement *) = {
#define X(id, ...) [CAUSE_##id] = cause_##id,
#include "model/causes.def"
#undef X
    };
    const unsigned method = METHOD_BIT(j->r->method);
    for (size_t c = 1; c < sizeof look / sizeof *look; c++)
        if (cause_list[c].methods & method && !j->err)
            look[c](j);
}

/* What follows from a cause is not a cause of its own: where the first of a row blocks, the others go. */
static void drop_consequences(struct judgement *j)
{
    static const enum cause rows[][10] = {
        {CAUSE_name_not_registered, CAUSE_txt_absent, CAUSE_cname_absent, CAUSE_target_absent, CAUSE_file_no_address,
         CAUSE_dns_servfail, CAUSE_delegation_all_unreachable},
        {CAUSE_delegation_elsewhere, CAUSE_txt_absent, CAUSE_txt_other_values_only, CAUSE_cname_absent,
         CAUSE_target_absent, CAUSE_caa_excludes_ca, CAUSE_cname_other_target},
        {CAUSE_nameservers_disagree, CAUSE_txt_absent, CAUSE_txt_other_values_only, CAUSE_cname_absent,
         CAUSE_target_absent, CAUSE_cname_other_target, CAUSE_txt_stale_other_order},
        {CAUSE_perspective_differs, CAUSE_txt_absent, CAUSE_txt_other_values_only, CAUSE_txt_stale_other_order,
         CAUSE_cname_absent, CAUSE_cname_other_target, CAUSE_target_absent, CAUSE_dns_servfail, CAUSE_caa_excludes_ca,
         CAUSE_caa_forbids_all},
        {CAUSE_delegation_lame, CAUSE_dns_servfail},
        {CAUSE_dns_type_refused, CAUSE_dns_servfail, CAUSE_delegation_all_unreachable},
        {CAUSE_delegation_all_unreachable, CAUSE_dns_servfail},
        {CAUSE_txt_doubled_name, CAUSE_txt_absent, CAUSE_txt_other_values_only, CAUSE_txt_stale_other_order,
         CAUSE_cname_absent},
        {CAUSE_txt_wrong_owner, CAUSE_txt_absent, CAUSE_txt_other_values_only, CAUSE_txt_stale_other_order},
        {CAUSE_txt_wrong_type, CAUSE_txt_absent, CAUSE_txt_other_values_only, CAUSE_cname_absent,
         CAUSE_cname_chain_broken},
        {CAUSE_cname_coexists, CAUSE_txt_absent, CAUSE_txt_other_values_only, CAUSE_cname_absent,
         CAUSE_dns_servfail, CAUSE_cname_chain_broken},
        {CAUSE_cname_swapped, CAUSE_cname_absent},
        {CAUSE_cname_no_underscore, CAUSE_cname_absent},
        {CAUSE_cname_flattened, CAUSE_cname_absent, CAUSE_target_absent},
    };
    struct report *p = j->report;
    for (size_t r = 0; p->n_findings && r < sizeof rows / sizeof *rows; r++) {
        const struct finding *first = finding_find(j, rows[r][0]);
        if (!first || first->weight != WEIGHT_BLOCKING)
            continue;
        size_t kept = 0;
        for (size_t i = 0; i < p->n_findings; i++) {
            bool goes = false;
            for (size_t k = 1; k < sizeof rows[r] / sizeof *rows[r] && rows[r][k] != CAUSE_NONE; k++)
                goes = goes || p->findings[i].cause == rows[r][k];
            if (!goes)
                p->findings[kept++] = p->findings[i];
        }
        p->n_findings = kept;
    }
}

static void read_near(struct judgement *j)
{
    struct near_view *view = arena_alloc(j->a, sizeof *view);
    j->err = view ? near_read(j->a, j->r, j->ev, view) : -ENOMEM;
    j->near = j->err ? NULL : view;
}

/* Fills {name} places of a template. */
static char *fill(struct judgement *j, const char *template, const struct finding *f)
{
    size_t room = strlen(template) + 1;
    for (size_t i = 0; i < f->n_variables; i++)
        room += 4 * strlen(f->variables[i].value); /* no variable stands in more than four places */
    char *out = arena_alloc(j->a, room), *p = out;
    if (!out)
        return NULL;
    for (const char *s = template; *s;) {
        const char *end = *s == '{' ? strchr(s, '}') : NULL;
        const struct variable *v = NULL;
        for (size_t i = 0; end && i < f->n_variables && !v; i++)
            if (!strncmp(f->variables[i].name, s + 1, (size_t)(end - s - 1)) &&
                !f->variables[i].name[end - s - 1])
                v = &f->variables[i];
        size_t n = v ? strlen(v->value) : 1;
        if (n >= room - (size_t)(p - out))
            break;
        memcpy(p, v ? v->value : s, n);
        p += n;
        s = v ? end + 1 : s + 1;
    }
    *p = 0;
    return out;
}

/* Blocking before risk before note; within a weight the order of causes.def, in which they were found. */
static void sort_findings(struct report *p)
{
    for (size_t i = 1; i < p->n_findings; i++) {
        struct finding f = p->findings[i];
        size_t k = i;
        for (; k && p->findings[k - 1].weight > f.weight; k--)
            p->findings[k] = p->findings[k - 1];
        p->findings[k] = f;
    }
}

int judge(const struct request *r, const struct evidence *ev, struct arena *a, struct report *ret)
{
    struct report *p = ret;
    *p = (struct report){.request = r,
                         .evidence = ev,
                         .challenge = request_challenge(r),
                         .verdict = VERDICT_UNDECIDED,
                         .br_may_permit = -1,
                         .started_at = TIME_UNKNOWN};
    struct judgement j = {.r = r, .ev = ev, .a = a, .report = p};
    struct code_error refused;
    if (judge_input(r, &refused, &j.input_cause)) {
        p->verdict = VERDICT_FAIL;
        p->error = refused;
        p->detail_code = refused.code;
    } else {
        verdict_settle(&j);
    }
    if (!j.err && r->depth == DEPTH_FULL && judged_failing(&j))
        read_near(&j);
    if (!j.err)
        run_causes(&j);
    drop_consequences(&j);
    for (size_t i = 0; i < p->n_findings; i++)
        p->findings[i].summary = fill(&j, cause_info(p->findings[i].cause)->summary, &p->findings[i]);
    sort_findings(p);
    if (r->method == METHOD_CAA && !j.err)
        p->caa = caa_explain(&j);
    return j.err ? j.err : arena_full(a) ? -ENOMEM : 0;
}

/* ---------------------------------------------------------------- findings --------------------------- */

/* One more member in a list that doubles; NULL where the arena is full. */
static void *list_add(struct arena *a, void *list, size_t *n, size_t size)
{
    void *v;
    memcpy(&v, list, sizeof v); /* list is the address of a pointer to any type */
    if ((*n & (*n - 1)) == 0) {
        void *more = arena_array(a, *n ? *n * 2 : 1, size);
        if (!more)
            return NULL;
        if (*n)
            memcpy(more, v, *n * size);
        memcpy(list, &more, sizeof more);
        v = more;
    }
    return (char *)v + (*n)++ * size;
}

struct finding *finding_add(struct judgement *j, enum cause c)
{
    struct finding *f = list_add(j->a, &j->report->findings, &j->report->n_findings, sizeof *f);
    if (!f)
        return NULL;
    enum weight most = j->report->verdict == VERDICT_FAIL ? WEIGHT_BLOCKING : WEIGHT_RISK;
    enum weight own = cause_info(c)->weight;
    *f = (struct finding){.cause = c, .weight = own > most ? own : most};
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
    return j->input_cause == CAUSE_NONE && j->servers.zone.apex ? &j->servers.zone : NULL;
}

struct finding *finding_about_server(struct judgement *j, enum cause c, const struct name_server *s)
{
    struct finding *f = finding_add(j, c);
    finding_set(j, f, "zone", j->servers.zone.apex);
    finding_set(j, f, "host", server_shown(j->a, s));
    finding_fact(j, f, s->soa);
    return f;
}

bool judged_failing(const struct judgement *j)
{
    return j->report->verdict == VERDICT_FAIL && j->input_cause == CAUSE_NONE;
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

void finding_aside(struct finding *f, bool explains)
{
    if (f && !explains && f->weight == WEIGHT_BLOCKING)
        f->weight = WEIGHT_RISK;
}

struct finding *finding_find(const struct judgement *j, enum cause c)
{
    for (size_t i = 0; i < j->report->n_findings; i++)
        if (j->report->findings[i].cause == c)
            return &j->report->findings[i];
    return NULL;
}

void finding_set(struct judgement *j, struct finding *f, const char *variable, const char *value)
{
    enum { MOST = 160 }; /* bytes of one value in a sentence */
    if (!f || !value)
        return;
    struct variable *v = list_add(j->a, &f->variables, &f->n_variables, sizeof *v);
    const char *shown = text_escape(j->a, value, strlen(value), MOST);
    if (v)
        *v = (struct variable){variable, shown ? shown : ""};
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
    struct fix *x = f ? list_add(j->a, &f->fixes, &f->n_fixes, sizeof *x) : NULL;
    if (!x)
        x = &j->spare;
    *x = (struct fix){.op = op, .until = TIME_UNKNOWN};
    return x;
}
