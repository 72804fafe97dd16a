/* api_inner.h - what api*.c share with each other; nobody else includes it.
 *
 * A reading is one request on its way to a call or an answer: on the stack of api_read(). A function that
 * refuses fills .answer and leaves .call->action at API_ANSWERED. */
#ifndef DCVD_API_INNER_H
#define DCVD_API_INNER_H

#include "api/api.h"

struct api_reading {
    const struct conf *conf;
    struct arena *a;
    const struct api_input *in;
    dcv_time now;
    const char *where; /* before what is said of the body: "line 7: ", or "" */
    struct api_call *call;
    struct api_answer *answer;
};

/* ---- routes. A row is a method and a path; * stands for one segment of it. What /v1/openapi.json says of a route stands
 * here, too, with types as in schemas.def. */
struct route {
    const char *method, *path;
    enum api_action action;
    size_t body_most;
    const char *params;   /* the query's names, divided by blanks */
    const char *summary;
    const char *answer;   /* type of the 200's body */
    const char *segment;  /* what * is: "id" */
    const char *body;     /* type of the request's; NULL: none */
    const char *accepted; /* type of the 202's body; NULL: there is no such answer */
    const char *type;     /* content type of the answer; NULL: JSON */
};
extern const struct route api_routes[];
extern const size_t api_n_routes;

/* ---- answers */
/* Begins an answer anew. */
struct json_out api_writer(struct api_answer *ans, int status);
/* 400 of the form "WHERE FIELD: 'VALUE' will not do; expected EXPECTED"; value may be NULL. */
void api_refuse(struct api_reading *r, enum code code, const char *field, const char *value,
                const char *expected);

/* ---- the query. names: those that the route takes, with blanks between. False: refused. */
bool api_read_params(struct api_reading *r, const char *names);
/* What a parameter's value has to be, for a person. */
const char *api_param_help(const char *name);
/* "one of the codes of …; near it: …" for a code that there is not. */
const char *api_nearest_codes(struct arena *a, const char *v);

/* ---- catalogues */
void api_catalogue(struct api_reading *r, const char *key, void (*list)(struct json_out *j, const char *key));
void api_one_code(struct api_reading *r, const char *text);
void api_one_cause(struct api_reading *r, const char *text);

/* ---- openapi.c: GET /v1/openapi.json */
void api_describe(struct api_reading *r);

/* ---- domains */
void api_one_domain(struct api_reading *r, const char *text);

/* ---- checks */
void api_read_submit(struct api_reading *r);
/* A request object: fills the call's .domain and .text. False: refused. */
bool api_read_request(struct api_reading *r, const char *text, size_t len);
void api_no_body(struct api_reading *r, const char *member); /* refuses; member: what it needs at least */
/* what: "check", "batch" or "watch" */
void api_one(struct api_reading *r, const char *what, const char *text, enum api_action action);

/* ---- watches */
void api_read_watch(struct api_reading *r);

#endif
