/* json_problem.h - why a JSON text cannot be read. A plain value, its texts are in the arena of the reader. */
#ifndef DCV_JSON_PROBLEM_H
#define DCV_JSON_PROBLEM_H

#include "format/request.h"

/* Every error names its place: "line 3, column 14: …" or the path of the member. */
struct json_problem {
    enum code code;      /* CODE_bad_request_format if the text is not JSON, else that of .input */
    struct input_error input; /* .field is NULL for a syntax error */
    const char *text;    /* one line, in the arena */
};

#endif
