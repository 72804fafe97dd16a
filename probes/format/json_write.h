/* json_write.h - JSON written member by member into a text that grows. Pure.
 *
 * A report has some eighty members, and a batch writes a hundred thousand reports: what stands inline here tells the
 * compiler how long their names are, which are literals. */
#ifndef DCV_JSON_WRITE_H
#define DCV_JSON_WRITE_H

#include "base/buf.h"
#include "model/dcv.h"

#include <string.h>

/* ---- the writer: knows where a comma belongs. key is NULL inside an array; else it is written as it is: visible ASCII
 * without quotes and backslashes.
 * Texts are written as valid UTF-8; invalid bytes become U+FFFD, and control characters, C1 and bidirectional ones
 * included, are escaped as \uNNNN, so that the JSON itself may be shown on a terminal. */
struct json_out {
    struct buf *b;
    bool comma;  /* a member stands before this place */
    int indent;  /* 0: one line; else spaces for each level */
    int level;
};

/* ---- a member by its parts: its begin, a value of at most room bytes at the place that is returned, its end. */
char *json_begin(struct json_out *j, const char *key, size_t key_n, size_t room); /* NULL: no memory, .b has failed */
static inline void json_end(struct json_out *j, char *to)
{
    *to = '\0';
    j->b->n = (size_t)(to - j->b->p);
}

/* ---- members */
static inline size_t json_key_length(const char *key)
{
    return key ? strlen(key) : 0;
}

static inline void json_open(struct json_out *j, const char *key, char bracket) /* '{' or '[' */
{
    char *to = json_begin(j, key, json_key_length(key), 1);
    j->comma = false;
    j->level++;
    if (!to)
        return;
    *to++ = bracket;
    json_end(j, to);
}

void json_close(struct json_out *j, char bracket); /* '}' or ']' */

/* JSON that is known to be valid. */
static inline void json_raw(struct json_out *j, const char *key, const char *text, size_t n)
{
    char *to = json_begin(j, key, json_key_length(key), n);
    if (!to)
        return;
    memcpy(to, text, n);
    json_end(j, to + n);
}

static inline void json_nil(struct json_out *j, const char *key) /* null; jansson has the other name */
{
    json_raw(j, key, "null", 4);
}

static inline void json_bool(struct json_out *j, const char *key, bool v)
{
    if (v)
        json_raw(j, key, "true", 4);
    else
        json_raw(j, key, "false", 5);
}

enum { JSON_NUMBER_MOST = 21, JSON_STRING_EXTRA = 2 };
char *json_put_number(char *to, int64_t v);
static inline void json_int(struct json_out *j, const char *key, int64_t v)
{
    char *to = json_begin(j, key, json_key_length(key), JSON_NUMBER_MOST);
    if (to)
        json_end(j, json_put_number(to, v));
}

void json_put_string(struct json_out *j, char *to, const char *p, size_t n); /* at to there is room for n + JSON_STRING_EXTRA */
static inline void json_bytes(struct json_out *j, const char *key, const char *p, size_t n)
{
    char *to = json_begin(j, key, json_key_length(key), n + JSON_STRING_EXTRA);
    if (to)
        json_put_string(j, to, p, n);
}

static inline void json_text(struct json_out *j, const char *key, const char *s) /* NULL writes null */
{
    if (s)
        json_bytes(j, key, s, strlen(s));
    else
        json_nil(j, key);
}

void json_ms(struct json_out *j, const char *key, uint32_t us); /* milliseconds with up to three decimals */
void json_time(struct json_out *j, const char *key, dcv_time t); /* RFC 3339; TIME_UNKNOWN writes null */
void json_error(struct json_out *j, const char *key, const char *code, const char *message); /* {"errors":[{…}]} */

#endif
