#include "format/json_read_case.h"

#include "format/base64.h"
#include "format/json_inner.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---------------------------------------------------------------- request ---------------------------- */

static void set(struct json_reader *rd, struct request *r, const struct request_field *f, const char *value,
                size_t len)
{
    struct input_error e;
    int err = rd->err ? 0 : request_set(rd->a, r, f, value, len, &e);
    if (err == -EINVAL)
        reader_input_error(rd, &e);
    else if (err)
        reader_fail(rd, err);
}

static void set_number(struct json_reader *rd, struct request *r, const struct request_field *f, json_t *v)
{
    char text[64];
    if (json_is_integer(v))
        snprintf(text, sizeof text, "%lld", (long long)json_integer_value(v));
    else if (json_is_real(v))
        snprintf(text, sizeof text, "%.15g", json_real_value(v));
    else {
        reader_refuse(rd, f->name, v, "a number");
        return;
    }
    set(rd, r, f, text, strlen(text));
}

static void set_text(struct json_reader *rd, struct request *r, const struct request_field *f, json_t *v)
{
    if (json_is_string(v))
        set(rd, r, f, json_string_value(v), json_string_length(v));
    else
        reader_refuse(rd, f->name, v, "a text");
}

static void set_member(struct json_reader *rd, struct request *r, const struct request_field *f, json_t *v)
{
    size_t i;
    json_t *one;
    switch (f->kind) {
    case FIELD_NUMBER:
        set_number(rd, r, f, v);
        return;
    case FIELD_TEXT:
    case FIELD_TIME:
    case FIELD_BYTES:
        set_text(rd, r, f, v);
        return;
    case FIELD_LIST:
        break;
    }
    if (!json_is_array(v)) {
        set_text(rd, r, f, v);
        return;
    }
    json_array_foreach(v, i, one) set_text(rd, r, f, one);
}

/* "a, b, c": the members that a request may have. */
static const char *known_members(struct arena *a)
{
    size_t n;
    const struct request_field *f = request_fields(&n);
    const char *list = "a member of a request";
    for (size_t i = 0; i < n && list; i++)
        if (!f[i].secret)
            list = arena_printf(a, "%s%s%s", list, i ? ", " : ": ", f[i].name);
    return list ? list : "";
}

/* Reads a member that only case files have: the tokens that were computed from the key, and a CSR that is not text.
 * False: another member. */
static bool case_member(struct json_reader *rd, struct request *r, json_t *object, const char *key)
{
    if (!strcmp(key, "csr_base64")) {
        struct bytes coded = reader_bytes(rd, object, key), csr;
        if (coded.p && base64_decode(rd->a, (const char *)coded.p, coded.n, &csr))
            set(rd, r, request_field_find("csr"), (const char *)csr.p, csr.n);
        else
            reader_refuse(rd, key, json_object_get(object, key), "bytes in base64");
        return true;
    }
    if (strcmp(key, "computed") != 0)
        return false;
    json_t *list = reader_list(rd, object, key), *v;
    size_t i;
    /* Not NULL even if the list is empty: then the request counts as one with a key. */
    r->computed = (struct texts){arena_array(rd->a, 1, sizeof *r->computed.v), 0};
    json_array_foreach(list, i, v)
    {
        const char *token = json_is_string(v) ? arena_strdup(rd->a, json_string_value(v)) : NULL;
        if (!token)
            reader_refuse(rd, key, v, "a list of request tokens");
        else if (!texts_add(rd->a, &r->computed, token))
            reader_fail(rd, -ENOMEM);
    }
    return true;
}

/* The field of a member, also by the names that the API itself uses; "method" is accepted for one method. */
static const struct request_field *member_field(const char *key)
{
    const struct request_field *f = request_field_find(key);
    return f && (!strcmp(key, f->name) || !strcmp(key, "method")) ? f : NULL;
}

void reader_request(struct json_reader *rd, struct request *r, json_t *object, bool is_case,
                    const struct given_list *defaults)
{
    const char *key;
    json_t *v;
    struct given_list named = {0};
    json_object_foreach(object, key, v)
    {
        if (rd->err)
            return;
        if (json_is_null(v) || (is_case && case_member(rd, r, object, key)))
            continue;
        const struct request_field *f = member_field(key);
        if (f && defaults && !given_add(rd->a, &named, (struct given){.field = f}))
            reader_fail(rd, -ENOMEM);
        if (f && f->secret)
            reader_refuse(rd, key, v, "auth_key_name: a key itself is never sent");
        else if (f)
            set_member(rd, r, f, v);
        else
            reader_unknown(rd, key, known_members(rd->a));
    }
    for (size_t i = 0; defaults && i < defaults->n; i++)
        if (!given_has(&named, defaults->v[i].field))
            set(rd, r, defaults->v[i].field, defaults->v[i].value, defaults->v[i].len);
    struct input_error e;
    const char *ca = r->ca;
    if (is_case && r->issuers.n) /* those that the CA had when the case was written, whatever it has now */
        r->ca = NULL;
    int err = rd->err ? 0 : request_finish(rd->a, r, &e);
    if (is_case && r->issuers.n)
        r->ca = ca;
    if (err == -EINVAL)
        reader_input_error(rd, &e);
    else if (err)
        reader_fail(rd, err);
}

/* ---------------------------------------------------------------- the usual request ------------------ */

/* The fast way for a batch of a hundred thousand requests, which mostly have a few members with short texts: building a
 * JSON tree takes a third of the time that the report takes. The result is that of reader_request(), which reads
 * everything that is less simple or wrong. */
struct plain {
    const char *p, *end;
    const char *key[16]; /* the members so far, since a name must not occur twice */
    size_t key_n[16], keys;
    struct given v[16];
    struct given_list own;
};

static bool at_end(struct plain *t)
{
    while (t->p < t->end && (*t->p == ' ' || *t->p == '\t' || *t->p == '\r' || *t->p == '\n'))
        t->p++;
    return t->p == t->end;
}

static bool at_sign(struct plain *t, char c)
{
    if (at_end(t) || *t->p != c)
        return false;
    t->p++;
    return true;
}

/* Reads a text of ASCII without escapes. */
static bool plain_text(struct plain *t, const char **ret, size_t *n)
{
    if (!at_sign(t, '"'))
        return false;
    *ret = t->p;
    while (t->p < t->end && *t->p >= ' ' && *t->p <= '~' && *t->p != '"' && *t->p != '\\')
        t->p++;
    *n = (size_t)(t->p - *ret);
    return t->p < t->end && *t->p++ == '"';
}

static bool plain_value(struct plain *t, const struct request_field *f)
{
    struct given one = {.field = f};
    if (t->own.n == sizeof t->v / sizeof *t->v || !plain_text(t, &one.value, &one.len))
        return false;
    t->v[t->own.n++] = one;
    return true;
}

static bool plain_member(struct plain *t)
{
    const char *key;
    size_t n;
    char name[32];
    if (t->keys == sizeof t->key / sizeof *t->key || !plain_text(t, &key, &n) || n >= sizeof name || !at_sign(t, ':'))
        return false;
    for (size_t i = 0; i < t->keys; i++)
        if (t->key_n[i] == n && !memcmp(t->key[i], key, n))
            return false;
    t->key[t->keys] = key;
    t->key_n[t->keys++] = n;
    memcpy(name, key, n);
    name[n] = '\0';
    const struct request_field *f = member_field(name);
    if (!f || f->secret || f->kind == FIELD_NUMBER)
        return false;
    if (f->kind != FIELD_LIST || !at_sign(t, '['))
        return plain_value(t, f);
    do
        if (!plain_value(t, f))
            return false;
    while (at_sign(t, ','));
    return at_sign(t, ']');
}

/* False: the caller must read it with reader_request(), from the start. */
static bool read_plain(struct arena *a, const char *text, size_t len, const struct given_list *defaults,
                       struct request *r)
{
    static const struct given_list none;
    struct plain t = {.p = text, .end = text + len, .own = {.v = t.v}};
    struct input_error e;
    if (!at_sign(&t, '{'))
        return false;
    do
        if (!plain_member(&t))
            return false;
    while (at_sign(&t, ','));
    return at_sign(&t, '}') && at_end(&t) && !request_from(a, r, &t.own, defaults ? defaults : &none, &e);
}

int json_read_request(struct arena *a, const char *text, size_t len, const struct profile *profile,
                      dcv_time now, struct request *ret, struct json_problem *problem)
{
    return json_read_request_over(a, text, len, profile, now, NULL, ret, problem);
}

int json_read_request_over(struct arena *a, const char *text, size_t len, const struct profile *profile,
                           dcv_time now, const struct given_list *defaults, struct request *ret,
                           struct json_problem *problem)
{
    struct json_reader rd = {.a = a, .problem = problem};
    struct request r;
    request_init(&r, profile, now);
    if (read_plain(a, text, len, defaults, &r)) {
        *ret = r;
        return 0;
    }
    json_t *root = reader_load(&rd, text, len);
    if (!root)
        return rd.err;
    request_init(&r, profile, now);
    reader_request(&rd, &r, root, false, defaults);
    json_decref(root);
    if (!rd.err)
        *ret = r;
    return rd.err;
}

/* ---------------------------------------------------------------- case files ------------------------- */

static void expected_findings(struct json_reader *rd, json_t *report, struct expected *e)
{
    json_t *list = reader_list(rd, report, "findings"), *v;
    e->has_findings = list != NULL;
    size_t n = list ? json_array_size(list) : 0, i;
    e->findings = arena_array(rd->a, n, sizeof *e->findings);
    if (!e->findings) {
        reader_fail(rd, -ENOMEM);
        return;
    }
    json_array_foreach(list, i, v)
    {
        size_t mark = reader_into(rd, "findings", (long)i);
        e->findings[i].cause = reader_text(rd, v, "cause");
        e->findings[i].weight = reader_text(rd, v, "weight");
        e->findings[i].summary = reader_text(rd, v, "summary");
        e->findings[i].who_acts = reader_text(rd, v, "who_acts");
        if (!e->findings[i].cause)
            reader_refuse(rd, "cause", NULL, "the id of a cause");
        e->n_findings++;
        reader_back(rd, mark);
    }
    list = reader_list(rd, report, "not_findings");
    json_array_foreach(list, i, v)
    {
        const char *cause = json_is_string(v) ? arena_strdup(rd->a, json_string_value(v)) : NULL;
        if (!cause)
            reader_refuse(rd, "not_findings", v, "a list of causes");
        else if (!texts_add(rd->a, &e->not_findings, cause))
            reader_fail(rd, -ENOMEM);
    }
}

static void expected(struct json_reader *rd, json_t *report, struct expected *e)
{
    size_t mark = reader_into(rd, "report", -1);
    const char *verdict = reader_text(rd, report, "verdict");
    e->has_verdict = verdict != NULL;
    if (verdict && !verdict_parse(verdict, &e->verdict))
        reader_refuse(rd, "verdict", json_object_get(report, "verdict"), "pass, fail or undecided");
    const char *trace = reader_text(rd, report, "trace");
    e->has_trace = trace != NULL;
    if (trace && !trace_parse(trace, &e->trace))
        reader_refuse(rd, "trace", json_object_get(report, "trace"), "none, record or near");
    json_t *errors = reader_list(rd, report, "errors");
    e->has_errors = errors != NULL;
    e->error = errors && json_array_size(errors) ? reader_text(rd, json_array_get(errors, 0), "code") : "";
    if (!e->error)
        reader_refuse(rd, "errors", NULL, "an error with its code");
    /* null is also an expectation: no detail code. */
    e->has_detail = json_object_get(report, "detail_code") != NULL;
    const char *detail = reader_text(rd, report, "detail_code");
    e->detail = detail ? detail : "";
    e->has_reason = reader_text(rd, report, "reason") != NULL;
    e->remark = reader_text(rd, report, "remark");
    e->has_remark = e->remark != NULL;
    json_t *permit = json_object_get(report, "br_may_permit");
    e->br_may_permit = !permit ? -2 : json_is_null(permit) ? -1 : reader_bool(rd, report, "br_may_permit");
    json_t *answer = json_object_get(report, "answer_of");
    e->has_answer = answer != NULL;
    if (json_is_object(answer)) {
        json_t *order = json_object_get(answer, "order_check");
        e->call = reader_text(rd, answer, "call");
        e->order_status = json_is_object(order) ? (int)reader_int(rd, order, "http_status", 0, 100, 599) : 0;
    }
    expected_findings(rd, report, e);
    reader_back(rd, mark);
}

int json_read_case(struct arena *a, const char *text, size_t len, const struct profile *profile,
                   struct dcv_case *ret, struct json_problem *problem)
{
    struct json_reader rd = {.a = a, .problem = problem};
    struct dcv_case c = {.expected = {.error = "", .detail = "", .br_may_permit = -2}};
    json_t *root = reader_load(&rd, text, len);
    if (!root)
        return rd.err;
    reader_int(&rd, root, "schema_version", DCV_SCHEMA_VERSION, DCV_SCHEMA_VERSION, DCV_SCHEMA_VERSION);
    c.name = reader_text(&rd, root, "name");
    c.why = reader_text(&rd, root, "why");
    const char *others = reader_text(&rd, root, "others");
    c.others_absent = others != NULL;
    if (others && strcmp(others, "absent") != 0)
        reader_refuse(&rd, "others", json_object_get(root, "others"), "\"absent\"");
    json_t *asked = reader_object(&rd, root, "request"), *report = reader_object(&rd, root, "report");
    if (!asked)
        reader_refuse(&rd, "request", json_object_get(root, "request"), "the request of the case");
    request_init(&c.request, profile, TIME_UNKNOWN);
    if (!rd.err)
        reader_request(&rd, &c.request, asked, true, NULL);
    /* The request of a case names the report's own method, whether the whole run's named it or not. */
    if (json_is_false(json_object_get(report, "method_given")))
        c.request.methods_given = false;
    reader_evidence(&rd, reader_list(&rd, root, "evidence"), &c.evidence);
    if (report && !rd.err)
        expected(&rd, report, &c.expected);
    json_decref(root);
    if (!rd.err)
        *ret = c;
    return rd.err;
}
