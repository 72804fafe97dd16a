/* openapi.c - GET /v1/openapi.json: the API described for programs (OpenAPI 3.1), made of routes.def, schemas.def, the
 * fields of a request and the lists of names, so that nothing is listed twice. */
#include "api/api_inner.h"

#include "format/request.h"
#include "judge/domain.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const struct row { /* of schemas.def */
    const char *object, *name, *type, *help;
} rows[] = {
#define OBJECT(name, help) {name, NULL, NULL, help},
#define FIELD(name, type, help) {NULL, name, type, help},
#include "api/schemas.def"
#undef OBJECT
#undef FIELD
};
enum { ROW_COUNT = sizeof rows / sizeof *rows };

static const char *const cause_ids[] = {
#define X(id, text, ...) text,
#include "model/causes.def"
#undef X
};
#define TEXT(sym, text, ...) text,
#define LIST(name, LIST_OF) static const char *const name[] = {LIST_OF(TEXT)};
LIST(states, DB_STATES)
LIST(verdicts, DCV_VERDICTS)
LIST(methods, DCV_METHODS)
LIST(weights, DCV_WEIGHTS)
LIST(actors, DCV_ACTORS)
LIST(watch_states, DB_WATCH_STATES)
LIST(untils, DB_UNTILS)
LIST(challenges, DCV_CHALLENGES)
LIST(controls, DCV_CONTROLS)
LIST(traces, DCV_TRACES)
LIST(purposes, DCV_PURPOSES)
LIST(depths, DCV_DEPTHS)
LIST(fix_ops, DCV_FIX_OPS)
LIST(forms, DCV_RENDER_FORMS)
static const char *const outcomes[] = {DCV_DNS_OUTCOMES(TEXT) DCV_HTTP_OUTCOMES(TEXT)};
static const char *const events[] = {EVENT_KINDS(TEXT) "alive", "lost", "gap"}, 
    *const event_kinds[] = {EVENT_KINDS(TEXT)};
static const char *const kinds[] = {"dns", "http"}, *const transports[] = {"udp", "tcp"};

#define COUNTED(list) list, sizeof list / sizeof *list
/* name: as in schemas.def. title: in the document, where generators make a type of it; no two names of the document
 * differ by their case only. */
static const struct enumeration {
    const char *name, *title;
    const char *const *v;
    size_t n;
} enumerations[] = {
    {"state", "CheckState", COUNTED(states)},
    {"verdict", "Verdict", COUNTED(verdicts)},
    {"method", "Method", COUNTED(methods)},
    {"weight", "Weight", COUNTED(weights)},
    {"cause", "CauseId", COUNTED(cause_ids)},
    {"challenge", "Challenge", COUNTED(challenges)},
    {"purpose", "Purpose", COUNTED(purposes)},
    {"depth", "Depth", COUNTED(depths)},
    {"fix_op", "FixOp", COUNTED(fix_ops)},
    {"render_form", "ReportFormat", COUNTED(forms)},
    {"outcome", "FactOutcome", COUNTED(outcomes)},
    {"fact_kind", "FactKind", COUNTED(kinds)},
    {"transport", "Transport", COUNTED(transports)},
    {"event", "EventName", COUNTED(events)},
    {"event_kind", "EventKind", COUNTED(event_kinds)},
    {"watch_state", "WatchState", COUNTED(watch_states)},
    {"until", "WatchUntil", COUNTED(untils)},
    {"actor", "Actor", COUNTED(actors)},
    {"trace", "Trace", COUNTED(traces)},
    {"control_verdict", "ControlOutcome", COUNTED(controls)},
};
enum { ENUMERATION_COUNT = sizeof enumerations / sizeof *enumerations, TYPE_MOST = 40 };

static const struct failure { /* answers of many calls, in the form of Errors */
    int status;
    const char *title, *help;
} failures[] = {
    {400, "BadRequest", "The request is not as it has to be: the code names the field, the message what was expected"},
    {403, "Forbidden", "This user may not use the API"},
    {404, "NotFound", "There is no such thing"},
    {409, "Conflict", "The Idempotency-Key was used within the last day for something else"},
    {413, "TooLarge", "The body is too large"},
    {415, "UnsupportedType", "The body has a type that is not taken"},
    {429, "TooMany", "The queue is full, or the user asks too much; Retry-After says when to try again"},
    {500, "Failed", "The store does not work; nothing was done"},
    {503, "NotReady", "It takes no requests"},
};
enum { FAILURE_COUNT = sizeof failures / sizeof *failures };

/* ---------------------------------------------------------------- types ------------------------------ */

static bool is(const char *type, size_t n, const char *name)
{
    return strlen(name) == n && !memcmp(type, name, n);
}

static void values(struct json_out *j, const struct enumeration *e)
{
    json_open(j, "enum", '[');
    for (size_t i = 0; i < e->n; i++) {
        size_t k = 0;
        while (strcmp(e->v[k], e->v[i]) != 0) /* a value that is in both of two joined lists is written once */
            k++;
        if (k == i)
            json_text(j, NULL, e->v[i]);
    }
    json_close(j, ']');
}

static void type_name(struct json_out *j, const char *name, bool nullable)
{
    if (!nullable) {
        json_text(j, "type", name);
        return;
    }
    json_open(j, "type", '[');
    json_text(j, NULL, name);
    json_text(j, NULL, "null");
    json_close(j, ']');
}

static void reference(struct json_out *j, const char *type, size_t n)
{
    char path[TYPE_MOST + 32];
    snprintf(path, sizeof path, "#/components/schemas/%.*s", (int)n, type);
    for (size_t i = 0; i < ENUMERATION_COUNT; i++)
        if (is(type, n, enumerations[i].name))
            snprintf(path, sizeof path, "#/components/schemas/%s", enumerations[i].title);
    json_text(j, "$ref", path);
}

/* A value or a list of it. */
static void one_or_more(struct json_out *j, const char *type, size_t n);

/* The members of a schema. */
static void schema(struct json_out *j, const char *type, size_t n)
{
    bool nullable = n && type[n - 1] == '?';
    n -= nullable;
    if (*type == '[' || *type == '{') {
        type_name(j, *type == '[' ? "array" : "object", nullable);
        json_open(j, *type == '[' ? "items" : "additionalProperties", '{');
        schema(j, type + 1, n - 2);
        json_close(j, '}');
    } else if (is(type, n, "time")) {
        type_name(j, "string", nullable);
        json_text(j, "format", "date-time");
    } else if (*type == '*') {
        one_or_more(j, type + 1, n - 1);
    } else if (is(type, n, "flag")) {
        type_name(j, "integer", nullable);
        json_int(j, "minimum", 0);
        json_int(j, "maximum", 1);
    } else if (is(type, n, "seconds") || is(type, n, "limit")) {
        type_name(j, *type == 's' ? "number" : "integer", nullable);
        json_int(j, "minimum", *type == 's' ? 0 : 1);
        json_int(j, "maximum", *type == 's' ? API_WAIT_MOST / 1000 : API_LIST_MOST);
    } else if (is(type, n, "id")) {
        type_name(j, "string", nullable);
        json_text(j, "pattern", "^[0-9a-f]{16}$");
    } else if (is(type, n, "string") || is(type, n, "integer") || is(type, n, "number") ||
               is(type, n, "boolean")) {
        char name[TYPE_MOST];
        snprintf(name, sizeof name, "%.*s", (int)n, type);
        type_name(j, name, nullable);
    } else if (!is(type, n, "any") && nullable) {
        json_open(j, "anyOf", '[');
        json_open(j, NULL, '{');
        reference(j, type, n);
        json_close(j, '}');
        json_open(j, NULL, '{');
        json_text(j, "type", "null");
        json_close(j, '}');
        json_close(j, ']');
    } else if (!is(type, n, "any")) {
        reference(j, type, n);
    }
}

static void one_or_more(struct json_out *j, const char *type, size_t n)
{
    json_open(j, "oneOf", '[');
    json_open(j, NULL, '{');
    json_text(j, "type", "array");
    json_open(j, "items", '{');
    schema(j, type, n);
    json_close(j, '}');
    json_close(j, '}');
    json_open(j, NULL, '{');
    schema(j, type, n);
    json_close(j, '}');
    json_close(j, ']');
}

static void member(struct json_out *j, const char *key, const char *type, const char *help)
{
    json_open(j, key, '{');
    schema(j, type, strlen(type));
    if (*help)
        json_text(j, "description", help);
    json_close(j, '}');
}

/* A media type, and what it holds; example: JSON, or NULL. */
static void media_type(struct json_out *j, const char *type, const char *of, const char *example)
{
    json_open(j, type, '{');
    member(j, "schema", of, "");
    if (example)
        json_raw(j, "example", example, strlen(example));
    json_close(j, '}');
}

static void content(struct json_out *j, const char *type, const char *of)
{
    json_open(j, "content", '{');
    media_type(j, type, of, NULL);
    json_close(j, '}');
}

/* ---------------------------------------------------------------- components ------------------------- */

static const struct row *object(struct json_out *j, const struct row *r)
{
    const struct row *end = r + 1;
    json_open(j, r->object, '{');
    json_text(j, "type", "object");
    if (*r->help)
        json_text(j, "description", r->help);
    json_open(j, "properties", '{');
    for (; end < rows + ROW_COUNT && !end->object; end++)
        member(j, end->name + (*end->name == '?'), end->type, end->help);
    json_close(j, '}');
    json_open(j, "required", '[');
    for (const struct row *p = r + 1; p < end; p++)
        if (*p->name != '?')
            json_text(j, NULL, p->name);
    json_close(j, ']');
    json_close(j, '}');
    return end;
}

static const char *field_type(const struct request_field *f)
{
    switch (f->kind) {
    case FIELD_LIST:
        return strcmp(f->name, "methods") ? "*string" : "*method";
    case FIELD_NUMBER:
        return "number";
    case FIELD_TIME: /* or a date alone, which format date-time does not allow */
    case FIELD_BYTES:
        return "string";
    case FIELD_TEXT:
        break;
    }
    for (size_t i = 0; i < ENUMERATION_COUNT; i++)
        if (!strcmp(enumerations[i].name, f->name))
            return enumerations[i].name;
    return "string";
}

static void request_schema(struct json_out *j)
{
    size_t n;
    const struct request_field *f = request_fields(&n);
    json_open(j, "Request", '{');
    json_text(j, "type", "object");
    json_text(j, "description", "What is to be checked: the options of dcvprobe check");
    json_open(j, "properties", '{');
    for (size_t i = 0; i < n; i++)
        if (!f[i].secret)
            member(j, f[i].name, field_type(&f[i]), f[i].help);
    member(j, "method", "*method", "the same as methods");
    json_close(j, '}');
    json_open(j, "required", '[');
    json_text(j, NULL, "domain");
    json_close(j, ']');
    json_bool(j, "additionalProperties", false);
    json_close(j, '}');
}

static void components(struct json_out *j)
{
    json_open(j, "components", '{');
    json_open(j, "schemas", '{');
    for (size_t i = 0; i < ENUMERATION_COUNT; i++) {
        json_open(j, enumerations[i].title, '{');
        json_text(j, "type", "string");
        values(j, &enumerations[i]);
        json_close(j, '}');
    }
    request_schema(j);
    for (const struct row *r = rows; r < rows + ROW_COUNT;)
        r = object(j, r);
    json_close(j, '}');
    json_open(j, "responses", '{');
    for (size_t i = 0; i < FAILURE_COUNT; i++) {
        json_open(j, failures[i].title, '{');
        json_text(j, "description", failures[i].help);
        content(j, "application/json", "Errors");
        json_close(j, '}');
    }
    json_close(j, '}');
    json_close(j, '}');
}

/* ---------------------------------------------------------------- paths ------------------------------ */

static void parameter(struct json_out *j, const char *where, const char *name, const char *type, bool required,
                      const char *help)
{
    json_open(j, NULL, '{');
    json_text(j, "name", name);
    json_text(j, "in", where);
    json_bool(j, "required", required);
    json_text(j, "description", help);
    member(j, "schema", type, "");
    json_close(j, '}');
}

/* The fields of a request as parameters: a list is repeated. */
static void probe_parameter(struct json_out *j, const char *name)
{
    const struct request_field *f = request_field_find(name);
    const char *type = field_type(f);
    if (f->kind == FIELD_LIST)
        type = strcmp(f->name, "methods") ? "[string]" : "[method]";
    parameter(j, "query", name, type, !strcmp(name, "domain"), f->help);
}

static void parameters(struct json_out *j, const struct route *r)
{
    json_open(j, "parameters", '[');
    if (strchr(r->path, '*'))
        parameter(j, "path", r->segment, !strcmp(r->segment, "cause") ? "cause" : "string", true, "of the path");
    for (const char *p = r->query; *p; p += strspn(p, " ")) {
        char name[TYPE_MOST];
        size_t n = strcspn(p, " ");
        snprintf(name, sizeof name, "%.*s", (int)n, p);
        const char *type, *help = api_param_help(name, &type);
        if (r->action == API_PROBE)
            probe_parameter(j, name);
        else if (r->action == API_EVENTS && !strcmp(name, "since"))
            parameter(j, "query", name, "integer", false, "the \"seq\" of the last line that the reader has");
        else
            parameter(j, "query", name, type, false, help);
        p += n;
    }
    if (r->accepted)
        parameter(j, "header", "Idempotency-Key", "string", false,
                  "1 to 200 printable ASCII characters: the same request under the same key makes nothing new for a "
                  "day");
    json_close(j, ']');
}

static void response(struct json_out *j, const char *status, const char *description, const char *type,
                     const char *of)
{
    json_open(j, status, '{');
    json_text(j, "description", description);
    content(j, type, of);
    json_close(j, '}');
}

/* Of a check: as JSON, or in the forms for people. */
static void shown(struct json_out *j, const struct route *r)
{
    static const char *const types[] = {"text/plain", "text/html", "text/csv"};
    json_open(j, "200", '{');
    json_text(j, "description", "As asked; with format a text");
    json_open(j, "content", '{');
    media_type(j, r->type, r->answer, NULL);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        media_type(j, types[i], "string", NULL);
    json_close(j, '}');
    json_close(j, '}');
}

static bool fails_with(const struct route *r, int status)
{
    switch (status) {
    case 404:
        return r->segment;
    case 409:
        return r->accepted;
    case 413:
    case 415:
        return r->body;
    case 429:
        return r->rate == API_COUNTED;
    case 503:
        return r->action == API_READY;
    default:
        return true;
    }
}

static void failing(struct json_out *j, const struct route *r)
{
    for (size_t i = 0; i < FAILURE_COUNT; i++) {
        char status[12], path[TYPE_MOST + 32];
        if (!fails_with(r, failures[i].status))
            continue;
        snprintf(status, sizeof status, "%d", failures[i].status);
        snprintf(path, sizeof path, "#/components/responses/%s", failures[i].title);
        json_open(j, status, '{');
        json_text(j, "$ref", path);
        json_close(j, '}');
    }
}

#define A_REQUEST "{\"domain\":\"shop.example.com\",\"methods\":[\"dns-txt-token\"],\"token\":\"r5t8wq2k9xv4bm7j\"}"
static const char *example_of(const struct route *r)
{
    if (r->action == API_SUBMIT)
        return A_REQUEST;
    if (r->action == API_WATCH)
        return "{\"request\":" A_REQUEST ",\"interval\":\"ca\",\"until\":\"pass\"}";
    if (r->action == API_EXPLAIN)
        return "{\"text\":\"dns_mismatch|shop.example.com\"}";
    return NULL;
}

static void request_body(struct json_out *j, const struct route *r)
{
    json_open(j, "requestBody", '{');
    json_bool(j, "required", true);
    if (r->body_most == API_BODY_PIECES) {
        json_text(j, "description", "A Request on each line");
        content(j, "application/x-ndjson", "string");
    } else {
        json_open(j, "content", '{');
        media_type(j, "application/json", r->body, example_of(r));
        if (r->action == API_EXPLAIN)
            media_type(j, "text/plain", "string", NULL);
        json_close(j, '}');
    }
    json_close(j, '}');
}

/* The first part of the path: "checks", "metrics". */
static void tag(struct json_out *j, const char *path)
{
    char text[TYPE_MOST];
    path += strncmp(path, "/v1/", 4) ? 1 : 4;
    snprintf(text, sizeof text, "%.*s", (int)strcspn(path, "/."), path);
    json_open(j, "tags", '[');
    json_text(j, NULL, text);
    json_close(j, ']');
}

static void operation(struct json_out *j, const struct route *r)
{
    char method[8];
    size_t n = 0;
    for (; r->method[n]; n++)
        method[n] = (char)tolower((unsigned char)r->method[n]);
    method[n] = 0;
    json_open(j, method, '{');
    json_text(j, "operationId", r->operation);
    json_text(j, "summary", r->summary);
    tag(j, r->path);
    parameters(j, r);
    if (r->body)
        request_body(j, r);
    json_open(j, "responses", '{');
    if (r->accepted)
        response(j, "202", "It is on disk, and will be carried out", "application/json", r->accepted);
    if (r->action == API_SHOW)
        shown(j, r);
    else if (r->answer)
        response(j, "200", "As asked", r->type, r->answer);
    failing(j, r);
    json_close(j, '}');
    json_close(j, '}');
}

/* The path with the name of its segment in place of the star: "/v1/checks/{id}". */
static void path_of(const struct route *r, char ret[static 64])
{
    const char *star = strchr(r->path, '*');
    if (star)
        snprintf(ret, 64, "%.*s{%s}%s", (int)(star - r->path), r->path, r->segment, star + 1);
    else
        snprintf(ret, 64, "%s", r->path);
}

static bool path_before(const struct route *routes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(routes[i].path, routes[n].path))
            return true;
    return false;
}

static void paths(struct json_out *j)
{
    size_t n;
    const struct route *routes = route_list(&n);
    json_open(j, "paths", '{');
    for (size_t i = 0; i < n; i++) {
        if (path_before(routes, i))
            continue;
        char path[64];
        path_of(&routes[i], path);
        json_open(j, path, '{');
        for (size_t k = i; k < n; k++)
            if (!strcmp(routes[k].path, routes[i].path))
                operation(j, &routes[k]);
        json_close(j, '}');
    }
    json_close(j, '}');
}

void api_answer_openapi(struct api_reading *r)
{
    struct json_out j = api_writer(r->answer, 200);
    json_open(&j, NULL, '{');
    json_text(&j, "openapi", "3.1.0");
    json_open(&j, "info", '{');
    json_text(&j, "title", "dcvd");
    json_text(&j, "version", DCVD_VERSION);
    json_text(
        &j, "description",
        "Why a certificate authority refuses a domain: checks, their reports and the catalogues of codes and "
        "causes. Served on a Unix socket, /run/dcvd/dcvd.sock unless configured otherwise: who may open it may ask, "
        "unless the daemon's configuration says who may. Members may be added; readers ignore what they do not know.");
    json_open(&j, "license", '{');
    json_text(&j, "name", "MIT");
    json_text(&j, "identifier", "MIT");
    json_close(&j, '}');
    json_close(&j, '}');
    json_open(&j, "servers", '[');
    json_open(&j, NULL, '{');
    json_text(&j, "url", "http://dcvd");
    json_text(&j, "description", "over the Unix socket; the name in the URL means nothing there");
    json_close(&j, '}');
    json_close(&j, ']');
    json_open(&j, "security", '['); /* the socket's mode and [access] say who may ask */
    json_close(&j, ']');
    paths(&j);
    components(&j);
    json_close(&j, '}');
}
