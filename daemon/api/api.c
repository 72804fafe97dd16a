/* api.c - from a request to a call: its route, its query, its reader. */
#include "api/api_inner.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The last one is what `curl -d` sends by default: it is read as JSON, too. */
static const char *const body_types[] = {"application/json", "application/x-ndjson", "text/plain",
                                         "application/x-www-form-urlencoded"};

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

static void no_route(struct api_reading *r, bool path_known)
{
    const char *path = text_escape(r->a, r->in->path, strlen(r->in->path), 120);
    const char *method = text_escape(r->a, r->in->method, strlen(r->in->method), 20);
    if (path_known) {
        const char *allow = route_methods(r->a, r->in->path);
        api_error(r->answer, 405, CODE_not_found_route, NULL, "%s takes %s, not %s", path, allow, method);
        snprintf(r->answer->allow, sizeof r->answer->allow, "%s", allow ? allow : "");
    } else {
        api_error(r->answer, 404, CODE_not_found_route, NULL,
                  "there is nothing at %s; the API begins at /v1/", path);
    }
}

void api_read(const struct conf *conf, struct arena *a, const struct api_input *in, dcv_time now,
              struct api_call *call, struct api_answer *answer)
{
    struct api_reading r = {
        .conf = conf, .a = a, .in = in, .now = now, .where = "", .call = call, .answer = answer};
    *call = (struct api_call){.action = API_ANSWERED,
                              .event = -1,
                              .watch_state = -1,
                              .since = -1,
                              .form = -1,
                              .filter = {.verdict = -1,
                                         .method = -1,
                                         .since = TIME_UNKNOWN,
                                         .until = TIME_UNKNOWN,
                                         .limit = API_LIST_USUAL}};
    bool path_known;
    const struct route *route = route_find(in->method, in->path, &r.segment, &path_known);
    if (!route) {
        no_route(&r, path_known);
        return;
    }
    r.route = route;
    bool pieces = route->body_most == API_BODY_PIECES;
    if (!pieces && in->len > route->body_most) {
        api_error(answer, 413, CODE_bad_request_format, NULL,
                  "the body has %zu bytes; %s %s takes %zu at most", in->len, route->method, route->path,
                  route->body_most);
        return;
    }
    if ((in->len || route->body) && !type_known(in->content_type)) {
        api_error(answer, 415, CODE_bad_request_format, NULL, "Content-Type '%s'; expected application/%s",
                  text_escape(a, in->content_type, strlen(in->content_type), 80),
                  pieces ? "x-ndjson" : "json");
        return;
    }
    if ((route->action != API_PROBE && !api_read_params(&r, route->query)) || (route->accepted && !api_read_key(&r)))
        return;
    route->read(&r);
}

void api_read_query(struct api_reading *r)
{
    r->call->action = r->route->action;
}

void api_read_id(struct api_reading *r, const char *what)
{
    if (db_id_parse(r->segment, &r->call->id))
        r->call->action = r->route->action;
    else
        api_error(r->answer, 404, CODE_not_found, NULL,
                  "there is no %s '%s'; an id has 16 hexadecimal digits", what,
                  text_escape(r->a, r->segment, strlen(r->segment), 60));
}
