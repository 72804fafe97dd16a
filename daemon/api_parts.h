/* api_parts.h - what api*.c share with each other; nobody else includes it.
 *
 * A reading is one request on its way to a call or an answer: on the stack of api_read(). A function that
 * refuses fills .answer and leaves .call->action at API_ANSWERED. */
#ifndef DCVD_API_PARTS_H
#define DCVD_API_PARTS_H

#include "api.h"

struct reading {
    const struct conf *conf;
    struct arena *a;
    const struct api_input *in;
    dcv_time now;
    struct api_call *call;
    struct api_answer *answer;
};

/* ---- answers */
/* Begins an answer anew. */
struct json_out api_writer(struct api_answer *ans, int status);
/* 400 of the form "FIELD: 'VALUE' will not do; expected EXPECTED"; value may be NULL. */
void api_refuse(struct reading *r, enum code code, const char *field, const char *value,
                const char *expected);

/* ---- the query. names: those that the route takes, with blanks between. False: refused. */
bool api_read_params(struct reading *r, const char *names);
/* "one of the codes of …; near it: …" for a code that there is not. */
const char *api_nearest_codes(struct arena *a, const char *v);

/* ---- catalogues */
void api_catalogue(struct reading *r, const char *key, void (*list)(struct json_out *j, const char *key));
void api_one_code(struct reading *r, const char *text);
void api_one_cause(struct reading *r, const char *text);

/* ---- checks */
void api_read_submit(struct reading *r);
void api_one_check(struct reading *r, const char *text, enum api_action action);

#endif
