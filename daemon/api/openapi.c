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
static const char *const outcomes[] = {DCV_DNS_OUTCOMES(TEXT) DCV_HTTP_OUTCOMES(TEXT)};
static const char *const events[] = {EVENT_KINDS(TEXT) "alive", "lost", "gap"};
static const char *const kinds[] = {"dns", "http"}, *const transports[] = {"udp", "tcp"};

#define COUNTED(list) list, sizeof list / sizeof *list
static const struct enumeration {
    const char *name;
    const char *const *v;
    size_t n;
} enumerations[] = {
    {"state", COUNTED(states)},     {"verdict", COUNTED(verdicts)},
    {"method", COUNTED(methods)},   {"weight", COUNTED(weights)},
    {"cause", COUNTED(cause_ids)},  {"challenge", COUNTED(challenges)},
    {"purpose", COUNTED(purposes)}, {"depth", COUNTED(depths)},
    {"fix_op", COUNTED(fix_ops)},   {"outcome", COUNTED(outcomes)},
    {"fact_kind", COUNTED(kinds)},  {"transport", COUNTED(transports)},
    {"event", COUNTED(events)},     {"watch_state", COUNTED(watch_states)},
    {"until", COUNTED(untils)},     {"actor", COUNTED(actors)},
    {"trace", COUNTED(traces)},     {"control_verdict", COUNTED(controls)},
};
enum { ENUMERATION_COUNT = sizeof enumerations / sizeof *enumerations, TYPE_MOST = 40 };

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
    json_text(j, "$ref", path);
}

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

static void member(struct json_out *j, const char *key, const char *type, const char *help)
{
    json_open(j, key, '{');
    schema(j, type, strlen(type));
    if (*help)
        json_text(j, "description", help);
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
        return strcmp(f->name, "methods") ? "[string]" : "[method]";
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
        json_open(j, enumerations[i].name, '{');
        json_text(j, "type", "string");
        values(j, &enumerations[i]);
        json_close(j, '}');
    }
    request_schema(j);
    for (const struct row *r = rows; r < rows + ROW_COUNT;)
        r = object(j, r);
    json_close(j, '}');
    json_close(j, '}');
}

/* ---------------------------------------------------------------- paths ------------------------------ */

static void parameter(struct json_out *j, const char *where, const char *name, const char *help)
{
    json_open(j, NULL, '{');
    json_text(j, "name", name);
    json_text(j, "in", where);
    json_bool(j, "required", *where == 'p');
    json_text(j, "description", help);
    member(j, "schema", "string", "");
    json_close(j, '}');
}

static void parameters(struct json_out *j, const struct route *r)
{
    json_open(j, "parameters", '[');
    if (strchr(r->path, '*'))
        parameter(j, "path", r->segment, "of the path");
    for (const char *p = r->query; *p; p += strspn(p, " ")) {
        char name[TYPE_MOST];
        size_t n = strcspn(p, " ");
        snprintf(name, sizeof name, "%.*s", (int)n, p);
        parameter(j, "query", name, api_param_help(name));
        p += n;
    }
    json_close(j, ']');
}

/* n media types, and what each of them holds. */
static void content(struct json_out *j, const char *const *types, const char *const *of, size_t n)
{
    json_open(j, "content", '{');
    for (size_t i = 0; i < n; i++) {
        json_open(j, types[i], '{');
        member(j, "schema", of[i], "");
        json_close(j, '}');
    }
    json_close(j, '}');
}

static void response(struct json_out *j, const char *status, const char *description, const char *type,
                     const char *of)
{
    json_open(j, status, '{');
    json_text(j, "description", description);
    content(j, &type, &of, 1);
    json_close(j, '}');
}

static void operation(struct json_out *j, const struct route *r)
{
    char method[8];
    size_t n = 0;
    for (; r->method[n]; n++)
        method[n] = (char)tolower((unsigned char)r->method[n]);
    method[n] = 0;
    json_open(j, method, '{');
    json_text(j, "summary", r->summary);
    parameters(j, r);
    if (r->body) {
        json_open(j, "requestBody", '{');
        json_bool(j, "required", true);
        bool pieces = r->body_most == API_BODY_PIECES;
        const char *const types[] = {pieces ? "application/x-ndjson" : "application/json", "text/plain"};
        const char *const holds[] = {r->body, "string"};
        content(j, types, holds, r->action == API_EXPLAIN ? 2 : 1);
        json_close(j, '}');
    }
    json_open(j, "responses", '{');
    if (r->accepted)
        response(j, "202", "It is on disk, and will be carried out", "application/json", r->accepted);
    if (r->answer)
        response(j, "200", "As asked", r->type, r->answer);
    response(j, "default", "What is wrong", "application/json", "Errors");
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
        "causes. Served on a Unix socket; members may be added, readers ignore what they do not know.");
    json_close(&j, '}');
    paths(&j);
    components(&j);
    json_close(&j, '}');
}
