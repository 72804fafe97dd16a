/* json_reader.h - reads members of a JSON document; keeps the first error and its place. Pure.
 *
 * A reader is on the stack of the function that reads one document, on any thread; its texts are in the arena. After
 * the first error every getter returns its default, so a caller checks .err once, at the end of its work. */
#ifndef DCV_JSON_READER_H
#define DCV_JSON_READER_H

#include "format/json_problem.h"

#include <jansson.h>

struct json_reader {
    struct arena *a;
    struct json_problem *problem;
    int err;
    char path[120]; /* "evidence[3].answer[0]" */
    size_t path_n;
};

/* Parses the document, which must be an object. The caller calls json_decref(). NULL: .err is set. */
json_t *reader_load(struct json_reader *rd, const char *text, size_t len);
/* Appends a member to .path, and removes it again: mark = reader_into(…); …; reader_back(rd, mark). index: the position
 * in a list, or -1. */
size_t reader_into(struct json_reader *rd, const char *key, long index);
void reader_back(struct json_reader *rd, size_t mark);

/* What a value is, for a message: "a list", "true or false". */
const char *json_kind(const json_t *v);
/* Sets the error: v, the value of member key of the object at .path, is not what was expected. v may be NULL. */
void reader_refuse(struct json_reader *rd, const char *key, json_t *v, const char *expected);
/* The same of a member that there is not, whatever its value. */
void reader_unknown(struct json_reader *rd, const char *key, const char *expected);
/* Sets the error to one of request.h. */
void reader_input_error(struct json_reader *rd, const struct input_error *e);
void reader_fail(struct json_reader *rd, int err);

/* Members of an object. A member that is absent or null gives the default, named behind each. */
const char *reader_text(struct json_reader *rd, json_t *object, const char *key);   /* NULL; never contains a NUL */
struct bytes reader_bytes(struct json_reader *rd, json_t *object, const char *key); /* .p is NULL */
int64_t reader_int(struct json_reader *rd, json_t *object, const char *key, int64_t missing, int64_t least,
                   int64_t most);
bool reader_bool(struct json_reader *rd, json_t *object, const char *key);      /* false */
uint32_t reader_us(struct json_reader *rd, json_t *object, const char *key);    /* microseconds, from milliseconds; 0 */
json_t *reader_list(struct json_reader *rd, json_t *object, const char *key);   /* NULL */
json_t *reader_object(struct json_reader *rd, json_t *object, const char *key); /* NULL */

#endif
