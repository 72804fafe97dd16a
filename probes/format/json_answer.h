/* json_answer.h - which call of the CA's API answers with a code, as JSON. Pure. */
#ifndef DCV_JSON_ANSWER_H
#define DCV_JSON_ANSWER_H

#include "format/json_write.h"

/* Writes the member `key`: null where the call is not known (answer.h). name: as the order has it, with the star of a
 * wildcard; NULL: not known. */
void json_write_answer(struct json_out *j, const char *key, const struct profile *p, enum code c, enum method m,
                       const char *name);
/* The same of a report: null unless it has a code of the profile's CA. */
void json_write_answer_of(struct json_out *j, const char *key, struct arena *a, const struct report *r);

#endif
