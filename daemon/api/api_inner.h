/* api_inner.h - what the files of api/ share with each other.
 *
 * A reading is one request on its way to a call or to an answer, on the stack of api_read(). A function that refuses
 * fills .answer and leaves .call->action at API_ANSWERED. */
#ifndef DCVD_API_INNER_H
#define DCVD_API_INNER_H

#include "api/api.h"
#include "api/routes.h"

struct api_reading {
    const struct conf *conf;
    struct arena *a;
    const struct api_input *in;
    dcv_time now;
    const struct route *route; /* NULL: a line of a batch */
    const char *segment;       /* what stands in the place of the star of its path */
    const char *where;         /* goes before what is said of the body: "line 7: ", or "" */
    struct api_call *call;
    struct api_answer *answer;
};

/* ---- the readers of routes.def: each completes r->call, or answers */
#define ROUTE(action, method, path, segment, query, most, body, accepted, answer, type, rate, reader, ...)             \
    void reader(struct api_reading *r);
#include "api/routes.def"
#undef ROUTE
void api_read_id(struct api_reading *r, const char *what); /* in the path; what: "check", "batch" or "watch" */

/* ---- the query: api_query.c */
/* names: the parameters that the route takes, divided by blanks. False: refused. */
bool api_read_params(struct api_reading *r, const char *names);
/* What the value of a parameter has to be, for a person; *type: the same as in schemas.def. */
const char *api_param_help(const char *name, const char **type);
/* For a code that there is not: "one of the codes of …; near it: …". */
const char *api_nearest_codes(struct arena *a, const char *v);
/* 400 of the form "WHERE FIELD: 'VALUE' will not do; expected EXPECTED"; value may be NULL. */
void api_refuse(struct api_reading *r, enum code code, const char *field, const char *value,
                const char *expected);

/* The header Idempotency-Key, on a route that makes something. False: refused. */
bool api_read_key(struct api_reading *r);

/* 400 for a parameter that the route does not take; names: those that it takes, divided by blanks. */
void api_refuse_param(struct api_reading *r, const struct api_param *p, const char *names);
bool api_has_word(const char *list, const char *word); /* a list divided by blanks */
bool api_has_control(const struct api_param *p);

/* ---- the body: api_checks.c */
/* A request object: fills the call's .domain and .text. False: refused. */
bool api_read_request(struct api_reading *r, const char *text, size_t len);
/* The defaults of the configuration for what a request leaves open; v has room for 3. */
struct given_list api_defaults(struct api_reading *r, struct given v[3]);
/* Fills the call's .domain and .text of a request that was read, with what the configuration says. False: refused. */
bool api_take_request(struct api_reading *r, struct request *q);
void api_no_body(struct api_reading *r, const char *member); /* refuses; member: what the body needs at least */

/* ---- answers: api_answer.c */
struct json_out api_writer(struct api_answer *ans, int status); /* begins it, and drops what was written before */
/* What was made is at this path with its id behind it. */
void api_location(struct api_answer *ans, const char *path, int64_t id);

#endif
