/* json_reader.h - walking a JSON document with one error at most, and with its place. Pure.
 *
 * A reader lives on the stack of the function that reads one document; its texts are in the arena. The first
 * error sticks: after it every getter returns its default, so that callers look at .err once at the end of a
 * piece. */
#ifndef DCV_JSON_READER_H
#define DCV_JSON_READER_H

#include "format/json_inner.h"

#include <jansson.h>

struct json_reader {
    struct arena *a;
    struct json_problem *problem;
    int err;
    char path[120]; /* "evidence[3].answer[0]" */
    size_t path_n;
};

/* The document's object; json_decref it. NULL with .err set. */
json_t *reader_load(struct json_reader *rd, const char *text, size_t len);
/* Steps into a member and back out: mark = reader_into(…); …; reader_back(rd, mark). index: -1 for no list.
 */
size_t reader_into(struct json_reader *rd, const char *key, long index);
void reader_back(struct json_reader *rd, size_t mark);

/* Refuses the value of a member of the object where the reader stands; v may be NULL. */
void reader_refuse(struct json_reader *rd, const char *key, json_t *v, const char *expected);
/* Passes on what request.h says. */
void reader_input_error(struct json_reader *rd, const struct input_error *e);
void reader_fail(struct json_reader *rd, int err);

/* Members; an absent one and null give the default. */
const char *reader_text(struct json_reader *rd, json_t *object, const char *key);   /* NULL; no NUL in it */
struct bytes reader_bytes(struct json_reader *rd, json_t *object, const char *key); /* .p is NULL */
int64_t reader_int(struct json_reader *rd, json_t *object, const char *key, int64_t missing, int64_t least,
                   int64_t most);
bool reader_bool(struct json_reader *rd, json_t *object, const char *key);      /* false */
uint32_t reader_us(struct json_reader *rd, json_t *object, const char *key);    /* from milliseconds; 0 */
json_t *reader_list(struct json_reader *rd, json_t *object, const char *key);   /* NULL */
json_t *reader_object(struct json_reader *rd, json_t *object, const char *key); /* NULL */

/* A request object, which ends with request_finish(); json_read_case.c. is_case: as a case file has it, with what
 * was computed. defaults: of fields that it does not name, or NULL. */
void reader_request(struct json_reader *rd, struct request *r, json_t *object, bool is_case,
                    const struct given_list *defaults);
/* The facts of a case file, json_read_evidence.c. */
void reader_evidence(struct json_reader *rd, json_t *list, struct evidence *ev);

#endif
