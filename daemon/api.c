#include "api.h"

#include "cidr.h"
#include "codes.h"
#include "name.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SEGMENTS_MOST = 4, NEAREST = 3 };

/* A row per method and path; * stands for one segment. params: the query's names, divided by blanks. */
static const struct route {
    const char *method, *path;
    enum api_action action;
    size_t body_most;
    const char *params;
} routes[] = {
    {"POST", "/v1/checks", API_SUBMIT, API_BODY_MOST, "wait"},
    {"GET", "/v1/checks", API_LIST, API_BODY_MOST,
     "domain code detail_code cause verdict method since until limit cursor"},
    {"GET", "/v1/checks/*", API_SHOW, API_BODY_MOST, "wait"},
    {"DELETE", "/v1/checks/*", API_CANCEL, API_BODY_MOST, ""},
    {"GET", "/v1/codes", API_CODES, API_BODY_MOST, ""},
    {"GET", "/v1/codes/*", API_CODE, API_BODY_MOST, ""},
    {"GET", "/v1/causes", API_CAUSES, API_BODY_MOST, ""},
    {"GET", "/v1/causes/*", API_CAUSE, API_BODY_MOST, ""},
    {"GET", "/healthz", API_HEALTH, API_BODY_MOST, ""},
    {"GET", "/readyz", API_READY, API_BODY_MOST, ""},
};
enum { ROUTE_COUNT = sizeof routes / sizeof *routes };

/* What `curl -d` says by itself is taken for JSON as well. */
static const char *const body_types[] = {"application/json", "application/x-ndjson", "text/plain",
                                         "application/x-www-form-urlencoded"};

/* ---------------------------------------------------------------- answers ---------------------------- */

static struct json_out writer(struct api_answer *ans, int status)
{
    buf_free(&ans->body);
    ans->body = (struct buf){0};
    ans->status = status;
    return (struct json_out){.b = &ans->body};
}

void api_error(struct api_answer *ans, int status, enum code code, const char *variable, const char *fmt, ...)
{
    char message[1000];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);

    struct arena *a = arena_new(0);
    const struct code_error e = {.code = code, .variable = {variable}};
    const char *full = a ? code_text(a, &e) : NULL;
    struct json_out j = writer(ans, status);
    json_error(&j, NULL, full ? full : code_info(code)->code, message);
    arena_free(a);
}

void api_write_accepted(struct api_answer *ans, int64_t id, enum db_state state)
{
    char text[17];
    db_id_text(id, text);
    struct json_out j = writer(ans, 202);
    json_open(&j, NULL, '{');
    json_text(&j, "id", text);
    json_text(&j, "state", db_state_name(state));
    json_close(&j, '}');
    snprintf(ans->location, sizeof ans->location, "/v1/checks/%s", text);
}

/* Where the value of a member of a JSON object stands: text is valid and written by ourselves, so that
 * brackets and quotes tell all. */
static const char *member(const char *text, size_t len, const char *key, size_t *ret_len)
{
    size_t key_len = strlen(key);
    int depth = 0;
    const char *start = NULL; /* of the value that is looked for */
    for (const char *p = text, *end = text + len; p < end; p++) {
        if (*p == '"') {
            const char *open = p++;
            while (p < end && *p != '"')
                p += *p == '\\' ? 2 : 1;
            if (depth == 1 && !start && p + 1 < end && p[1] == ':' && (size_t)(p - open - 1) == key_len &&
                !memcmp(open + 1, key, key_len))
                start = p + 2;
        } else if (*p == '{' || *p == '[') {
            depth++;
        } else if (*p == '}' || *p == ']') {
            if (--depth < 1 && start) {
                *ret_len = (size_t)(p - start);
                return start;
            }
        } else if (*p == ',' && depth == 1 && start) {
            *ret_len = (size_t)(p - start);
            return start;
        }
    }
    return NULL;
}

void api_report(struct json_out *j, const struct api_report *r)
{
    size_t n;
    const char *evidence = r->evidence ? member(r->evidence, r->evidence_len, "evidence", &n) : NULL;
    if (!evidence || r->report_len < 2) {
        json_raw(j, NULL, r->report, r->report_len);
        return;
    }
    struct buf whole = {0};
    buf_add(&whole, r->report, r->report_len - 1); /* all but its last brace */
    buf_puts(&whole, ",\"evidence\":");
    buf_add(&whole, evidence, n);
    buf_add(&whole, "}", 1);
    if (whole.failed)
        j->b->failed = true;
    else
        json_raw(j, NULL, whole.p, whole.n);
    buf_free(&whole);
}

static void write_reports(struct json_out *j, const struct api_report *reports, size_t n)
{
    json_open(j, "reports", '[');
    for (size_t i = 0; i < n; i++)
        api_report(j, &reports[i]);
    json_close(j, ']');
}

void api_write_check(struct api_answer *ans, int64_t id, enum db_state state,
                     const struct api_report *reports, size_t n)
{
    char text[17];
    db_id_text(id, text);
    struct json_out j = writer(ans, 200);
    json_open(&j, NULL, '{');
    json_text(&j, "id", text);
    json_text(&j, "state", db_state_name(state));
    write_reports(&j, reports, n);
    json_close(&j, '}');
}

void api_write_list(struct api_answer *ans, const struct api_row *rows, size_t n, int64_t next)
{
    char text[17];
    struct json_out j = writer(ans, 200);
    json_open(&j, NULL, '{');
    json_open(&j, "checks", '[');
    for (size_t i = 0; i < n; i++) {
        db_id_text(rows[i].id, text);
        json_open(&j, NULL, '{');
        json_text(&j, "id", text);
        json_text(&j, "state", db_state_name(rows[i].state));
        json_text(&j, "domain", rows[i].domain);
        json_time(&j, "submitted_at", rows[i].submitted);
        write_reports(&j, rows[i].reports, rows[i].n_reports);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    if (next)
        db_id_text(next, text);
    json_text(&j, "next", next ? text : NULL);
    json_close(&j, '}');
}

/* ---------------------------------------------------------------- routes ----------------------------- */

/* Whether path is of the form; *segment gets what stands for its star. */
static bool path_matches(const char *form, const char *path, const char **segment)
{
    const char *star = strchr(form, '*');
    if (!star)
        return !strcmp(form, path);
    size_t n = (size_t)(star - form);
    if (strncmp(form, path, n) || !path[n] || strchr(path + n, '/'))
        return false;
    *segment = path + n;
    return true;
}

static const char *method_of(const char *method)
{
    return strcmp(method, "HEAD") ? method : "GET"; /* RFC 9110 §9.3.2: the same, without the content */
}

static const struct route *route_find(const char *method, const char *path, const char **segment,
                                      bool *path_known)
{
    *path_known = false;
    for (size_t i = 0; i < ROUTE_COUNT; i++)
        if (path_matches(routes[i].path, path, segment)) {
            *path_known = true;
            if (!strcmp(routes[i].method, method_of(method)))
                return &routes[i];
        }
    return NULL;
}

size_t api_body_most(const char *method, const char *path)
{
    const char *segment;
    bool known;
    const struct route *r = route_find(method, path, &segment, &known);
    return r ? r->body_most : API_BODY_MOST;
}

bool api_is_probe(const char *path)
{
    return !strcmp(path, "/healthz") || !strcmp(path, "/readyz");
}

static const char *allowed(struct arena *a, const char *path)
{
    const char *segment, *s = "";
    for (size_t i = 0; i < ROUTE_COUNT && s; i++)
        if (path_matches(routes[i].path, path, &segment))
            s = arena_printf(a, "%s%s%s", s, *s ? ", " : "",
                             strcmp(routes[i].method, "GET") ? routes[i].method : "GET, HEAD");
    return s;
}

/* ---------------------------------------------------------------- the query -------------------------- */

struct reading {
    const struct conf *conf;
    struct arena *a;
    const struct api_input *in;
    dcv_time now;
    struct api_call *call;
    struct api_answer *answer;
};

/* Each reads one parameter: NULL, or what was expected. */
static const char *read_wait(struct reading *r, const char *v)
{
    uint64_t ms;
    if (!seconds_parse(v, &ms) || ms > API_WAIT_MOST)
        return "seconds from 0 to 60";
    r->call->wait_ms = (uint32_t)ms;
    return NULL;
}

static const char *read_domain(struct reading *r, const char *v)
{
    struct name name;
    if (!*v || name_read(r->a, v, strlen(v), &name))
        return "a domain name";
    r->call->filter.domain = name.domain ? name.domain : v; /* a refused input is stored as it was typed */
    return NULL;
}

static const char *nearest(struct arena *a, const char *v)
{
    enum code near[NEAREST];
    size_t n = code_nearest(v, near, NEAREST);
    const char *s = "one of the codes of GET /v1/codes";
    for (size_t i = 0; i < n && s; i++)
        s = arena_printf(a, "%s%s%s", s, i ? ", " : "; near it: ", code_info(near[i])->spelling);
    return s ? s : "a code";
}

static const char *read_any_code(struct reading *r, const char *v, const char **ret)
{
    const char *variables[2];
    enum code c = code_find(r->a, v, variables);
    if (c == CODE_NONE)
        return nearest(r->a, v);
    *ret = code_info(c)->code;
    return NULL;
}

static const char *read_code(struct reading *r, const char *v)
{
    return read_any_code(r, v, &r->call->filter.code);
}

static const char *read_detail_code(struct reading *r, const char *v)
{
    return read_any_code(r, v, &r->call->filter.detail_code);
}

static const char *read_cause(struct reading *r, const char *v)
{
    enum cause c = cause_find(v);
    if (c == CAUSE_NONE)
        return "one of the causes of GET /v1/causes";
    r->call->filter.cause = cause_info(c)->id;
    return NULL;
}

#define NAME_IN(sym, text) text ", "
static const char *read_verdict(struct reading *r, const char *v)
{
    enum verdict verdict;
    if (!verdict_parse(v, &verdict))
        return "one of " DCV_VERDICTS(NAME_IN) "and nothing else";
    r->call->filter.verdict = (int)verdict;
    return NULL;
}

static const char *read_method(struct reading *r, const char *v)
{
    enum method method;
    if (!method_parse(v, &method))
        return "one of " DCV_METHODS(NAME_IN) "and nothing else";
    r->call->filter.method = (int)method;
    return NULL;
}

static const char *read_time(const char *v, dcv_time *ret)
{
    return time_parse(v, ret) ? NULL : "a time such as 2026-11-22T12:00:00Z or a date such as 2026-11-22";
}

static const char *read_since(struct reading *r, const char *v)
{
    return read_time(v, &r->call->filter.since);
}

static const char *read_until(struct reading *r, const char *v)
{
    return read_time(v, &r->call->filter.until);
}

static const char *read_limit(struct reading *r, const char *v)
{
    size_t n = strlen(v);
    unsigned long limit = n && n <= 4 && strspn(v, "0123456789") == n ? strtoul(v, NULL, 10) : 0;
    if (limit < 1 || limit > API_LIST_MOST)
        return "a whole number from 1 to 1000";
    r->call->filter.limit = (unsigned)limit;
    return NULL;
}

static const char *read_cursor(struct reading *r, const char *v)
{
    return db_id_parse(v, &r->call->filter.before) ? NULL : "the \"next\" of an earlier list";
}

static const struct param {
    const char *name;
    const char *(*read)(struct reading *r, const char *value);
} params[] = {
    {"wait", read_wait},     {"domain", read_domain},
    {"code", read_code},     {"detail_code", read_detail_code},
    {"cause", read_cause},   {"verdict", read_verdict},
    {"method", read_method}, {"since", read_since},
    {"until", read_until},   {"limit", read_limit},
    {"cursor", read_cursor},
};

static bool has_word(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = list; n && (p = strstr(p, word)); p += n)
        if ((p == list || p[-1] == ' ') && (!p[n] || p[n] == ' '))
            return true;
    return false;
}

static const struct param *param_find(const char *name)
{
    for (size_t i = 0; i < sizeof params / sizeof *params; i++)
        if (!strcmp(params[i].name, name))
            return &params[i];
    return NULL;
}

static void refuse(struct reading *r, enum code code, const char *field, const char *value,
                   const char *expected)
{
    const char *f = text_escape(r->a, field, strlen(field), 60);
    const char *v = value ? text_escape(r->a, value, strlen(value), 120) : NULL;
    if (v)
        api_error(r->answer, 400, code, f, "%s: '%s' will not do; expected %s", f, v, expected);
    else
        api_error(r->answer, 400, code, f, "%s: no value; expected %s", f, expected);
}

static bool has_control(const struct api_param *p)
{
    for (size_t i = 0; i < p->len; i++)
        if ((unsigned char)p->value[i] < 0x20 || p->value[i] == 0x7f)
            return true;
    return false;
}

static bool read_params(struct reading *r, const struct route *route)
{
    const struct api_param *p = r->in->params;
    for (size_t i = 0; i < r->in->n_params; i++) {
        const struct param *known = has_word(route->params, p[i].name) ? param_find(p[i].name) : NULL;
        const char *expected = NULL;
        if (!known) {
            /* A misspelt filter that is left out would answer with what was not asked for. */
            expected =
                *route->params ? arena_printf(r->a, "only %s in this query", route->params) : "no query here";
            refuse(r, CODE_invalid_value, p[i].name, p[i].value ? p[i].value : "",
                   expected ? expected : "less");
            return false;
        }
        for (size_t k = 0; k < i; k++)
            if (!strcmp(p[k].name, p[i].name)) {
                refuse(r, CODE_invalid_value, p[i].name, p[i].value ? p[i].value : "", "it once");
                return false;
            }
        if (has_control(&p[i])) {
            refuse(r, CODE_invalid_chars, p[i].name, p[i].value, "no control characters");
            return false;
        }
        expected = known->read(r, p[i].value ? p[i].value : "");
        if (expected) {
            refuse(r, CODE_invalid_value, p[i].name, p[i].value, expected);
            return false;
        }
    }
    return true;
}

/* ---------------------------------------------------------------- the body --------------------------- */

static bool type_known(const char *type)
{
    if (!type)
        return true;
    size_t n = strcspn(type, "; \t");
    for (size_t i = 0; i < sizeof body_types / sizeof *body_types; i++)
        if (strlen(body_types[i]) == n && !strncasecmp(body_types[i], type, n))
            return true;
    return !n;
}

static bool body_has(const char *body, size_t len, const char *key)
{
    json_t *root = json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL);
    bool has = json_object_get(root, key);
    json_decref(root);
    return has;
}

static const char *joined(struct arena *a, const struct texts *t, const char *none)
{
    const char *s = t->n ? "" : none;
    for (size_t i = 0; i < t->n && s; i++)
        s = arena_printf(a, "%s%s%s", s, i ? ", " : "", t->v[i]);
    return s ? s : none;
}

static bool networks_allowed(const struct texts *asked, const struct texts *configured, const char **bad)
{
    for (size_t i = 0; i < asked->n; i++) {
        struct cidr inner, outer;
        bool within = false;
        *bad = asked->v[i];
        if (!cidr_parse(asked->v[i], &inner))
            return false;
        for (size_t k = 0; k < configured->n && !within; k++)
            within = cidr_parse(configured->v[k], &outer) && cidr_within(&inner, &outer);
        if (!within)
            return false;
    }
    return true;
}

static bool texts_equal(const struct texts *x, const struct texts *y)
{
    bool equal = x->n == y->n;
    for (size_t i = 0; equal && i < x->n; i++)
        equal = !strcmp(x->v[i], y->v[i]);
    return equal;
}

/* What the configuration gives, and what it does not allow. */
static bool configure(struct reading *r, struct request *q)
{
    const struct request *d = &r->conf->defaults;
    const char *bad;
    if (!networks_allowed(&q->allow_net, &d->allow_net, &bad)) {
        refuse(r, CODE_invalid_value, "allow_net", bad,
               arena_printf(r->a, "a network within those that the daemon's configuration allows: %s",
                            joined(r->a, &d->allow_net, "none")));
        return false;
    }
    if (q->perspectives.n && !texts_equal(&q->perspectives, &d->perspectives)) {
        refuse(r, CODE_invalid_value, "perspective", joined(r->a, &q->perspectives, ""),
               arena_printf(r->a, "none: the daemon asks the perspectives of its configuration (%s)",
                            joined(r->a, &d->perspectives, "none")));
        return false;
    }
    if (q->resolvers.n && !texts_equal(&q->resolvers, &d->resolvers)) {
        refuse(r, CODE_invalid_value, "resolver", joined(r->a, &q->resolvers, ""),
               arena_printf(r->a, "none: the daemon asks the resolvers of its configuration (%s)",
                            joined(r->a, &d->resolvers, "the system's")));
        return false;
    }
    if (q->auth_key_name) {
        const struct auth_key *key = conf_auth_key(r->conf, q->auth_key_name);
        if (!key) {
            refuse(r, CODE_invalid_value, "auth_key_name", q->auth_key_name,
                   "a name from [auth_keys] of the daemon's configuration");
            return false;
        }
        q->auth_key = key->key;
    }
    if (q->deadline_ms != d->deadline_ms && !body_has(r->in->body, r->in->len, "deadline"))
        q->deadline_ms = d->deadline_ms;
    if (q->depth != d->depth && !body_has(r->in->body, r->in->len, "depth"))
        q->depth = d->depth;
    if (!q->caa_account)
        q->caa_account = d->caa_account;
    if (!q->account_uri)
        q->account_uri = d->account_uri;
    if (!q->allow_targets.n)
        q->allow_targets = d->allow_targets;
    if (!q->validated_targets.n)
        q->validated_targets = d->validated_targets;
    return true;
}

static void read_submit(struct reading *r)
{
    const struct api_input *in = r->in;
    struct request q;
    struct json_problem problem = {0};
    if (!in->len) {
        api_error(r->answer, 400, CODE_missing_request_data, NULL,
                  "the request has no body; expected a JSON object with at least \"domain\"");
        return;
    }
    int rc = json_read_request(r->a, in->body, in->len, &r->conf->profile, r->now, &q, &problem);
    if (rc == -EINVAL) {
        api_error(r->answer, 400, problem.code, problem.input.field, "%s", problem.text);
        return;
    }
    if (!rc && !configure(r, &q))
        return;
    struct buf text = {0};
    struct json_out j = {.b = &text};
    if (!rc) {
        /* Where no time was given, it is judged as of when it runs. */
        json_request(&j, NULL, r->a, &q, q.now == r->now ? 0 : JSON_NOW);
        r->call->domain = q.domain ? q.domain : q.input;
        r->call->text = text.failed || !text.p ? NULL : arena_strndup(r->a, text.p, text.n);
        r->call->text_len = text.n;
        buf_free(&text);
    }
    if (rc || !r->call->text || arena_full(r->a))
        api_error(r->answer, 500, CODE_internal_data_check_failed, NULL,
                  "there is no memory for this request; try again");
    else
        r->call->action = API_SUBMIT;
}

int api_read_stored(const struct conf *conf, struct arena *a, const char *text, size_t len, dcv_time now,
                    struct request *ret, const char **why)
{
    struct json_problem problem = {0};
    int rc = json_read_request(a, text, len, &conf->profile, now, ret, &problem);
    if (rc) {
        *why = rc == -EINVAL ? problem.text : "out of memory";
        return rc;
    }
    if (ret->auth_key_name) {
        const struct auth_key *key = conf_auth_key(conf, ret->auth_key_name);
        if (!key) {
            *why = arena_printf(a, "the key '%s' is no longer in [auth_keys] of the configuration",
                                ret->auth_key_name);
            return *why ? -EINVAL : -ENOMEM;
        }
        ret->auth_key = key->key;
    }
    return 0;
}

/* ---------------------------------------------------------------- all together ----------------------- */

static void catalogue(struct reading *r, const char *key, void (*list)(struct json_out *j, const char *key))
{
    struct json_out j = writer(r->answer, 200);
    json_open(&j, NULL, '{');
    json_int(&j, "schema_version", DCV_SCHEMA_VERSION);
    list(&j, key);
    json_close(&j, '}');
}

static void one_code(struct reading *r, const char *text)
{
    const char *variables[2];
    enum code c = code_find(r->a, text, variables);
    if (c == CODE_NONE) {
        api_error(r->answer, 404, CODE_not_found, NULL, "'%s' is no code of the API; expected %s",
                  text_escape(r->a, text, strlen(text), 120), nearest(r->a, text));
        return;
    }
    struct json_out j = writer(r->answer, 200);
    code_json(&j, NULL, c);
}

static void one_cause(struct reading *r, const char *text)
{
    enum cause c = cause_find(text);
    if (c == CAUSE_NONE) {
        api_error(r->answer, 404, CODE_not_found, NULL, "'%s' is no cause; expected one of GET /v1/causes",
                  text_escape(r->a, text, strlen(text), 120));
        return;
    }
    struct json_out j = writer(r->answer, 200);
    cause_json(&j, NULL, c);
}

static void one_check(struct reading *r, const char *text, enum api_action action)
{
    if (db_id_parse(text, &r->call->id))
        r->call->action = action;
    else
        api_error(r->answer, 404, CODE_not_found, NULL,
                  "there is no check '%s'; an id has 16 hexadecimal digits",
                  text_escape(r->a, text, strlen(text), 60));
}

static bool no_route(struct reading *r, bool path_known)
{
    const char *path = text_escape(r->a, r->in->path, strlen(r->in->path), 120);
    const char *method = text_escape(r->a, r->in->method, strlen(r->in->method), 20);
    if (path_known) {
        const char *allow = allowed(r->a, r->in->path);
        api_error(r->answer, 405, CODE_not_found_route, NULL, "%s takes %s, not %s", path, allow, method);
        snprintf(r->answer->allow, sizeof r->answer->allow, "%s", allow ? allow : "");
    } else {
        api_error(r->answer, 404, CODE_not_found_route, NULL,
                  "there is nothing at %s; the API begins at /v1/", path);
    }
    return false;
}

void api_read(const struct conf *conf, struct arena *a, const struct api_input *in, dcv_time now,
              struct api_call *call, struct api_answer *answer)
{
    struct reading r = {.conf = conf, .a = a, .in = in, .now = now, .call = call, .answer = answer};
    *call = (struct api_call){.action = API_ANSWERED,
                              .filter = {.verdict = -1,
                                         .method = -1,
                                         .since = TIME_UNKNOWN,
                                         .until = TIME_UNKNOWN,
                                         .limit = API_LIST_USUAL}};
    const char *segment = NULL;
    bool path_known;
    const struct route *route = route_find(in->method, in->path, &segment, &path_known);
    if (!route) {
        no_route(&r, path_known);
        return;
    }
    if (in->len > route->body_most) {
        api_error(answer, 413, CODE_bad_request_format, NULL,
                  "the body has %zu bytes; %s %s takes %zu at most", in->len, route->method, route->path,
                  route->body_most);
        return;
    }
    if ((in->len || route->action == API_SUBMIT) && !type_known(in->content_type)) {
        api_error(answer, 415, CODE_bad_request_format, NULL, "Content-Type '%s'; expected application/json",
                  text_escape(a, in->content_type, strlen(in->content_type), 80));
        return;
    }
    if (!read_params(&r, route))
        return;
    switch (route->action) {
    case API_SUBMIT:
        read_submit(&r);
        break;
    case API_SHOW:
    case API_CANCEL:
        one_check(&r, segment, route->action);
        break;
    case API_CODES:
        catalogue(&r, "codes", codes_json);
        break;
    case API_CODE:
        one_code(&r, segment);
        break;
    case API_CAUSES:
        catalogue(&r, "causes", causes_json);
        break;
    case API_CAUSE:
        one_cause(&r, segment);
        break;
    case API_LIST:
    case API_HEALTH:
    case API_READY:
    case API_ANSWERED:
        call->action = route->action;
        break;
    }
}
