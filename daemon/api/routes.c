#include "api/routes.h"

#include "api/api_inner.h"

#include <string.h>

static const struct route routes[] = {
#define ROUTE(action, method, path, segment, query, most, body, accepted, answer, type, rate, reader, runner, ...) \
    {action, method, path, segment, query, most, body, accepted, answer, type, rate, reader, __VA_ARGS__},
#include "api/routes.def"
#undef ROUTE
};
enum { N_ROUTES = sizeof routes / sizeof *routes };

const struct route *route_list(size_t *n)
{
    *n = N_ROUTES;
    return routes;
}

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

const struct route *route_find(const char *method, const char *path, const char **segment, bool *path_known)
{
    *path_known = false;
    for (size_t i = 0; i < N_ROUTES; i++)
        if (path_matches(routes[i].path, path, segment)) {
            *path_known = true;
            if (!strcmp(routes[i].method, method_of(method)))
                return &routes[i];
        }
    return NULL;
}

size_t route_body_most(const char *method, const char *path)
{
    const char *segment;
    bool known;
    const struct route *r = route_find(method, path, &segment, &known);
    return r ? r->body_most : API_BODY_MOST;
}

bool route_is_counted(const char *path)
{
    const char *segment;
    bool known;
    const struct route *r = route_find("GET", path, &segment, &known);
    return !r || r->rate == API_COUNTED;
}

const char *route_methods(struct arena *a, const char *path)
{
    const char *segment, *s = "";
    for (size_t i = 0; i < N_ROUTES && s; i++)
        if (path_matches(routes[i].path, path, &segment))
            s = arena_printf(a, "%s%s%s", s, *s ? ", " : "",
                             strcmp(routes[i].method, "GET") ? routes[i].method : "GET, HEAD");
    return s;
}
