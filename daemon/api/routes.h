/* routes.h - the routes of the API, the rows of routes.def: which of them a request is for. Pure, constant; any
 * thread. */
#ifndef DCVD_ROUTES_H
#define DCVD_ROUTES_H

#include "api/api.h"

struct api_reading; /* api_inner.h */

enum api_rate { API_COUNTED, API_FREE };

struct route { /* a row of routes.def */
    enum api_action action;
    const char *method, *path, *segment, *query;
    size_t body_most;
    const char *body, *accepted, *answer, *type;
    enum api_rate rate;
    void (*read)(struct api_reading *r);
    const char *summary, *operation;
};

const struct route *route_list(size_t *n); /* all of them, in the order of routes.def */
/* NULL: there is none; *path_known then tells whether the path takes other methods. *segment gets what stands in the
 * place of the star. */
const struct route *route_find(const char *method, const char *path, const char **segment, bool *path_known);
const char *route_methods(struct arena *a, const char *path); /* that it takes: "GET, HEAD, DELETE" */

/* How many bytes a body may have on this route: what is longer is answered with 413 before it is read. Or
 * API_BODY_PIECES. */
size_t route_body_most(const char *method, const char *path);
/* Whether requests for this path count against their peer's rate: those that only ask how the daemon is do not. */
bool route_is_counted(const char *path);

#endif
