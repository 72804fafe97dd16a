#include "api/api_inner.h"

#include "base/text.h"
#include "format/json_catalogue.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

const struct route api_routes[] = {
    {"POST", "/v1/checks", API_SUBMIT, API_BODY_MOST, "wait",
     "Submit a check; with wait the reports, if done by then", "Check", NULL, "Request", "Accepted", NULL},
    {"GET", "/v1/checks", API_LIST, API_BODY_MOST,
     "domain code detail_code cause verdict method since until batch limit cursor", "Checks, newest first",
     "List"},
    {"GET", "/v1/checks/*", API_SHOW, API_BODY_MOST, "wait", "One check: its state and its reports", "Check",
     "id"},
    {"DELETE", "/v1/checks/*", API_CANCEL, API_BODY_MOST, "",
     "Cancel a check; one that has ended stays as it is", "Check", "id"},
    {"POST", "/v1/batches", API_BATCH_SUBMIT, API_BODY_PIECES, "",
     "Submit many checks, a request a line; one with a bad line is refused whole", NULL, NULL, "Request",
     "BatchAccepted"},
    {"GET", "/v1/batches", API_BATCH_LIST, API_BODY_MOST, "limit cursor", "Batches, newest first",
     "BatchList"},
    {"GET", "/v1/batches/*", API_BATCH_SHOW, API_BODY_MOST, "wait",
     "One batch, with counts by state, verdict and code", "Batch", "batch"},
    {"DELETE", "/v1/batches/*", API_BATCH_CANCEL, API_BODY_MOST, "", "Cancel what has not ended of a batch",
     "Batch", "batch"},
    {"GET", "/v1/domains/*", API_DOMAIN, API_BODY_MOST, "limit cursor",
     "The latest report of each method on a domain, and the history of changes, newest first", "Domain",
     "domain"},
    {"GET", "/v1/codes", API_CODES, API_BODY_MOST, "", "The API's error codes", "Codes"},
    {"GET", "/v1/codes/*", API_CODE, API_BODY_MOST, "", "One error code", "Code", "code"},
    {"GET", "/v1/causes", API_CAUSES, API_BODY_MOST, "", "The causes that can be found", "Causes"},
    {"GET", "/v1/causes/*", API_CAUSE, API_BODY_MOST, "", "One cause", "Cause", "cause"},
    {"GET", "/v1/stats", API_STATS, API_BODY_MOST, "since until", "How many there are of each kind", "Stats"},
    {"POST", "/v1/watches", API_WATCH, API_BODY_MOST, "", "Repeat a check until it passes, or for ever", NULL,
     NULL, "WatchOrder", "WatchState"},
    {"GET", "/v1/watches", API_WATCH_LIST, API_BODY_MOST, "state domain limit cursor",
     "Watches, newest first", "Watches"},
    {"GET", "/v1/watches/*", API_WATCH_SHOW, API_BODY_MOST, "", "One watch, and what it came to last",
     "Watch", "watch"},
    {"DELETE", "/v1/watches/*", API_WATCH_DELETE, API_BODY_MOST, "", "End a watch and forget it",
     "WatchState", "watch"},
    {"GET", "/v1/events", API_EVENTS, API_BODY_MOST, "event domain watch",
     "A stream of what happens, one object a line", "Event", NULL, NULL, NULL, "application/x-ndjson"},
    {"GET", "/v1/openapi.json", API_DESCRIBE, API_BODY_MOST, "", "This description", "{any}"},
    {"GET", "/metrics", API_METRICS, API_BODY_MOST, "", "What the daemon did, for Prometheus", "string", NULL,
     NULL, NULL, "text/plain"},
    {"GET", "/healthz", API_HEALTH, API_BODY_MOST, "", "Whether the daemon is alive", "Status"},
    {"GET", "/readyz", API_READY, API_BODY_MOST, "", "Whether the daemon takes checks", "Status"},
};
const size_t api_n_routes = sizeof api_routes / sizeof *api_routes;

/* What `curl -d` says by itself is taken for JSON as well. */
static const char *const body_types[] = {"application/json", "application/x-ndjson", "text/plain",
                                         "application/x-www-form-urlencoded"};

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
    for (size_t i = 0; i < api_n_routes; i++)
        if (path_matches(api_routes[i].path, path, segment)) {
            *path_known = true;
            if (!strcmp(api_routes[i].method, method_of(method)))
                return &api_routes[i];
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
    return !strcmp(path, "/healthz") || !strcmp(path, "/readyz") || !strcmp(path, "/metrics");
}

static const char *allowed(struct arena *a, const char *path)
{
    const char *segment, *s = "";
    for (size_t i = 0; i < api_n_routes && s; i++)
        if (path_matches(api_routes[i].path, path, &segment))
            s = arena_printf(a, "%s%s%s", s, *s ? ", " : "",
                             strcmp(api_routes[i].method, "GET") ? api_routes[i].method : "GET, HEAD");
    return s;
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

/* ---------------------------------------------------------------- all together ----------------------- */

static bool no_route(struct api_reading *r, bool path_known)
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
    struct api_reading r = {
        .conf = conf, .a = a, .in = in, .now = now, .where = "", .call = call, .answer = answer};
    *call = (struct api_call){.action = API_ANSWERED,
                              .event = -1,
                              .watch_state = -1,
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
    if (route->body_most != API_BODY_PIECES && in->len > route->body_most) {
        api_error(answer, 413, CODE_bad_request_format, NULL,
                  "the body has %zu bytes; %s %s takes %zu at most", in->len, route->method, route->path,
                  route->body_most);
        return;
    }
    bool pieces = route->body_most == API_BODY_PIECES;
    if ((in->len || pieces || route->action == API_SUBMIT || route->action == API_WATCH) &&
        !type_known(in->content_type)) {
        api_error(answer, 415, CODE_bad_request_format, NULL, "Content-Type '%s'; expected application/%s",
                  text_escape(a, in->content_type, strlen(in->content_type), 80),
                  pieces ? "x-ndjson" : "json");
        return;
    }
    if (!api_read_params(&r, route->params))
        return;
    switch (route->action) {
    case API_SUBMIT:
        api_read_submit(&r);
        break;
    case API_SHOW:
    case API_CANCEL:
        api_one(&r, "check", segment, route->action);
        break;
    case API_BATCH_SHOW:
    case API_BATCH_CANCEL:
        api_one(&r, "batch", segment, route->action);
        break;
    case API_WATCH:
        api_read_watch(&r);
        break;
    case API_WATCH_SHOW:
    case API_WATCH_DELETE:
        api_one(&r, "watch", segment, route->action);
        break;
    case API_DOMAIN:
        api_one_domain(&r, segment);
        break;
    case API_CODES:
        api_catalogue(&r, "codes", json_write_codes);
        break;
    case API_CODE:
        api_one_code(&r, segment);
        break;
    case API_CAUSES:
        api_catalogue(&r, "causes", json_write_causes);
        break;
    case API_CAUSE:
        api_one_cause(&r, segment);
        break;
    case API_DESCRIBE:
        api_describe(&r);
        break;
    case API_LIST:
    case API_BATCH_SUBMIT:
    case API_BATCH_LIST:
    case API_STATS:
    case API_WATCH_LIST:
    case API_EVENTS:
    case API_METRICS:
    case API_HEALTH:
    case API_READY:
    case API_ANSWERED:
        call->action = route->action;
        break;
    }
}
