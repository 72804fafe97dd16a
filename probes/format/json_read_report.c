#include "format/json_read_report.h"

#include "base/text.h"
#include "format/json_inner.h"
#include "format/json_member.h"
#include "format/json_write_report.h"
#include "judge/caa_explain.h"
#include "model/codes.h"
#include "model/time.h"

#include <errno.h>
#include <stdlib.h>


static void fix(struct json_reader *rd, json_t *o, struct fix *f)
{
    const char *op = reader_text(rd, o, "op"), *until = reader_text(rd, o, "until");
    if (!op || !fix_op_parse(op, &f->op))
        reader_refuse(rd, "op", json_object_get(o, "op"), TEXT_LIST(DCV_FIX_OPS));
    f->owner = reader_text(rd, o, "owner");
    f->ttl = (uint32_t)reader_int(rd, o, "ttl", 0, 0, UINT32_MAX);
    f->type = reader_text(rd, o, "type");
    f->rdata = reader_text(rd, o, "rdata");
    f->old_rdata = reader_text(rd, o, "old_rdata");
    f->url = reader_text(rd, o, "url");
    f->body = reader_text(rd, o, "body");
    f->until = TIME_UNKNOWN;
    if (until && !time_parse(until, &f->until))
        reader_refuse(rd, "until", json_object_get(o, "until"), "a time as 2026-11-22T12:00:00Z");
    f->argument = reader_text(rd, o, "argument");
    f->value = reader_text(rd, o, "value");
    f->text = reader_text(rd, o, "text");
}

static void operations(struct json_reader *rd, json_t *o, const char *key, struct fix **ret, size_t *n)
{
    json_t *list = reader_list(rd, o, key), *v;
    size_t i;
    *ret = arena_array(rd->a, json_array_size(list), sizeof **ret);
    if (!*ret) {
        reader_fail(rd, -ENOMEM);
        return;
    }
    json_array_foreach(list, i, v)
    {
        size_t mark = reader_into(rd, key, (long)i);
        fix(rd, v, &(*ret)[(*n)++]);
        reader_back(rd, mark);
    }
}

static void cure(struct json_reader *rd, json_t *o, struct cure *c)
{
    const char *note = reader_text(rd, o, "note");
    json_t *breaks = reader_list(rd, o, "breaks"), *v;
    size_t i;
    operations(rd, o, "ops", &c->ops, &c->n);
    c->note = note ? note : "";
    json_array_foreach(breaks, i, v)
    {
        if (!json_is_string(v))
            reader_refuse(rd, "breaks", v, "sentences");
        else if (!texts_add(rd->a, &c->breaks, arena_strdup(rd->a, json_string_value(v))))
            reader_fail(rd, -ENOMEM);
    }
    c->proven = reader_bool(rd, o, "proven");
}

/* A report that was stored by a version without cures has fixes: they are one. */
static void cures(struct json_reader *rd, json_t *o, struct finding *f)
{
    json_t *list = reader_list(rd, o, "cures"), *v;
    size_t i, n = json_array_size(list);
    operations(rd, o, "fixes", &f->fixes, &f->n_fixes);
    bool old = !n && f->n_fixes;
    f->cures = arena_array(rd->a, old ? 1 : n, sizeof *f->cures);
    if (!f->cures) {
        reader_fail(rd, -ENOMEM);
        return;
    }
    if (old)
        f->cures[f->n_cures++] = (struct cure){.ops = f->fixes, .n = f->n_fixes, .note = ""};
    json_array_foreach(list, i, v)
    {
        size_t mark = reader_into(rd, "cures", (long)i);
        cure(rd, v, &f->cures[f->n_cures++]);
        reader_back(rd, mark);
    }
}

/* A cause that this version does not know keeps its texts. Reports of versions before who_acts get the cause's. */
static void finding(struct json_reader *rd, json_t *o, struct finding *f)
{
    const char *cause = reader_text(rd, o, "cause"), *weight = reader_text(rd, o, "weight");
    const char *who = reader_text(rd, o, "who_acts");
    json_t *facts = reader_list(rd, o, "facts"), *v;
    size_t i;
    f->cause = cause ? cause_find(cause) : CAUSE_NONE;
    if (!who || !actor_parse(who, &f->who_acts))
        f->who_acts = f->cause ? cause_info(f->cause)->who_acts : ACTOR_NONE;
    if (!weight || !weight_parse(weight, &f->weight))
        reader_refuse(rd, "weight", json_object_get(o, "weight"), TEXT_LIST(DCV_WEIGHTS));
    f->summary = reader_text(rd, o, "summary");
    if (!f->summary)
        reader_refuse(rd, "summary", json_object_get(o, "summary"), "a sentence");
    f->facts = arena_array(rd->a, json_array_size(facts), sizeof *f->facts);
    if (!f->facts) {
        reader_fail(rd, -ENOMEM);
        return;
    }
    json_array_foreach(facts, i, v)
    {
        if (!json_is_integer(v) || json_integer_value(v) < 1 || json_integer_value(v) > UINT32_MAX)
            reader_refuse(rd, "facts", v, "numbers of facts");
        else
            f->facts[f->n_facts++] = (uint32_t)json_integer_value(v);
    }
    cures(rd, o, f);
}

static void findings(struct json_reader *rd, json_t *root, struct report *r)
{
    json_t *list = reader_list(rd, root, "findings"), *v;
    size_t i;
    r->findings = arena_array(rd->a, json_array_size(list), sizeof *r->findings);
    if (!r->findings) {
        reader_fail(rd, -ENOMEM);
        return;
    }
    json_array_foreach(list, i, v)
    {
        size_t mark = reader_into(rd, "findings", (long)i);
        finding(rd, v, &r->findings[r->n_findings++]);
        reader_back(rd, mark);
    }
}

static enum code known_code(struct json_reader *rd, const char *key, const char *text, const char *variables[2])
{
    enum code c = code_find(rd->a, text, variables);
    if (c == CODE_NONE)
        reader_refuse(rd, key, NULL, "a code of the API");
    return c;
}

static void outcome(struct json_reader *rd, json_t *root, struct report *r)
{
    const char *verdict = reader_text(rd, root, "verdict"), *challenge = reader_text(rd, root, "challenge");
    const char *variables[2], *detail = reader_text(rd, root, "detail_code"), *trace = reader_text(rd, root, "trace");
    json_t *error = json_array_get(reader_list(rd, root, "errors"), 0);
    json_t *permit = json_object_get(root, "br_may_permit");
    if (!verdict || !verdict_parse(verdict, &r->verdict))
        reader_refuse(rd, "verdict", json_object_get(root, "verdict"), TEXT_LIST(DCV_VERDICTS));
    if (challenge && !challenge_parse(challenge, &r->challenge))
        reader_refuse(rd, "challenge", json_object_get(root, "challenge"), "the kind of a challenge");
    const char *code = error ? reader_text(rd, error, "code") : NULL;
    if (code) {
        r->error.code = known_code(rd, "errors", code, variables);
        const struct code_info *info = code_info(r->error.code);
        for (int i = 0; info && i < info->variables; i++)
            r->error.variable[i] = *variables[i] ? variables[i] : NULL;
    }
    if (trace && !trace_parse(trace, &r->trace))
        reader_refuse(rd, "trace", json_object_get(root, "trace"), TEXT_LIST(DCV_TRACES));
    r->detail_code = detail ? known_code(rd, "detail_code", detail, NULL) : CODE_NONE;
    r->br_may_permit = json_is_boolean(permit) ? json_is_true(permit) : -1;
    r->reason = reader_text(rd, root, "reason");
    r->remark = reader_text(rd, root, "remark");
}

static int read_report(struct json_reader *rd, json_t *root, const struct profile *profile, struct report *r)
{
    struct request *q = arena_alloc(rd->a, sizeof *q);
    struct evidence *ev = arena_alloc(rd->a, sizeof *ev);
    json_t *asked = reader_object(rd, root, "request");
    if (!q || !ev)
        return -ENOMEM;
    reader_int(rd, root, "schema_version", DCV_SCHEMA_VERSION, DCV_SCHEMA_VERSION, DCV_SCHEMA_VERSION);
    if (!asked)
        reader_refuse(rd, "request", json_object_get(root, "request"), "the request of the report");
    request_init(q, profile, TIME_UNKNOWN);
    if (!rd->err)
        reader_request(rd, q, asked, true, NULL);
    if (json_is_false(json_object_get(root, "method_given")))
        q->methods_given = false;
    reader_evidence(rd, reader_list(rd, root, "evidence"), ev);
    *r = (struct report){.request = q, .evidence = ev, .started_at = TIME_UNKNOWN};
    outcome(rd, root, r);
    findings(rd, root, r);
    r->id = reader_text(rd, root, "id");
    r->version = reader_text(rd, root, "version");
    const char *started = reader_text(rd, root, "started_at");
    if (started && !time_parse(started, &r->started_at))
        reader_refuse(rd, "started_at", json_object_get(root, "started_at"),
                      "a time as 2026-11-22T12:00:00Z");
    r->duration_us = reader_us(rd, root, "duration_ms");
    return rd->err;
}

/* A report as it was written, without the derivation of a CAA verdict. *ret_root: the document, to be given back with
 * json_decref() where the answer is 0. */
static int read_whole(struct arena *a, const char *text, size_t len, const struct profile *profile, struct report *r,
                      json_t **ret_root, struct json_problem *problem)
{
    struct json_reader rd = {.a = a, .problem = problem};
    json_t *root = reader_load(&rd, text, len);
    if (!root)
        return rd.err;
    int rc = read_report(&rd, root, profile, r);
    if (rc)
        json_decref(root);
    else
        *ret_root = root;
    return rc;
}

/* caa_source() of a derivation that was written. */
static uint32_t source_written(json_t *caa, const struct evidence *ev)
{
    json_t *step, *number;
    size_t i, k;
    json_array_foreach(json_object_get(caa, "climb"), i, step)
        json_array_foreach(json_object_get(step, "facts"), k, number)
        {
            json_int_t n = json_integer_value(number);
            if (n > 0 && (uint64_t)n <= ev->n && ev->facts[n - 1]->ask->via != VIA_RESOLVER)
                return (uint32_t)n;
        }
    return 0;
}

int json_read_report(struct arena *a, const char *text, size_t len, const struct profile *profile,
                     struct report *ret, struct json_problem *problem)
{
    struct report r;
    json_t *root;
    int rc = read_whole(a, text, len, profile, &r, &root, problem);
    if (rc)
        return rc;
    json_t *caa = json_object_get(root, "caa");
    if (json_is_object(caa) && r.request->method == METHOD_CAA)
        rc = caa_derive(a, &r, source_written(caa, r.evidence), &r.caa);
    json_decref(root);
    if (!rc)
        *ret = r;
    return rc;
}

/* caa_source() as the store has it: beside the evidence, where it is not 0. */
static uint32_t source_stored(const struct stored *s)
{
    size_t n;
    const char *number = json_member(s->evidence, s->evidence_len, "caa_source", &n);
    return number ? (uint32_t)strtoul(number, NULL, 10) : 0;
}

/* What json_write_stored() adds to the members that stand in whole: derivation and evidence. */
static int add_shown(struct buf *whole, size_t common, struct arena *a, const struct profile *profile,
                     const struct stored *s)
{
    struct report r;
    struct json_problem problem;
    json_t *root;
    size_t n;
    int rc = read_whole(a, whole->p, whole->n, profile, &r, &root, &problem);
    if (rc)
        return rc;
    json_decref(root);
    /* In stores that were written before the terse form it stands in the report. */
    bool written = json_member(s->report, s->report_len, "caa", &n);
    if (r.request->method == METHOD_CAA && !written && !r.evidence->n_cut)
        rc = caa_derive(a, &r, source_stored(s), &r.caa);
    if (rc)
        return rc;
    whole->n = common;
    struct json_out w = {.b = whole, .comma = true, .level = 1};
    bool way = json_member(s->report, s->report_len, "path", &n);
    json_write_shown_more(&w, a, &r, way || r.evidence->n_cut ? JSON_NO_PATH : 0);
    json_close(&w, '}');
    return whole->failed ? -ENOMEM : 0;
}

int json_write_stored(struct json_out *j, const char *key, struct arena *a, const struct profile *profile,
                      const struct stored *s)
{
    size_t n_request, n_evidence;
    const char *request = json_member(s->evidence, s->evidence_len, "request", &n_request);
    const char *evidence = json_member(s->evidence, s->evidence_len, "evidence", &n_evidence);
    if (s->report_len < 2 || !request || !evidence) {
        json_raw(j, key, s->report, s->report_len);
        return 0;
    }
    struct buf whole = {0};
    buf_add(&whole, s->report, s->report_len - 1); /* without the final brace */
    struct json_out w = {.b = &whole, .comma = s->report_len > 2, .level = 1};
    json_raw(&w, "request", request, n_request);
    size_t common = whole.n;
    json_raw(&w, "evidence", evidence, n_evidence);
    json_close(&w, '}');
    int rc = whole.failed ? -ENOMEM : add_shown(&whole, common, a, profile, s);
    if (!rc || rc == -EINVAL)
        json_raw(j, key, whole.p, whole.n);
    buf_free(&whole);
    return rc == -EINVAL ? 0 : rc;
}
