/* json_errors.h - reads the codes in an error response of the CA's API. Pure; any thread. */
#ifndef DCV_JSON_ERRORS_H
#define DCV_JSON_ERRORS_H

#include "format/json_problem.h"

/* Reads an error response of an API, {"errors":[{"code","message"}]}, or only its array, or only one object of it. The
 * codes are in order and unchanged, so they may contain any byte but NUL. 0, -EINVAL with *problem, or -ENOMEM. */
int json_read_errors(struct arena *a, const char *text, size_t len, struct texts *codes,
                 struct json_problem *problem);

#endif
