/* json_write.h - writes JSON member by member into a growing text. A struct json_out is on the stack of its writer; the
 * text belongs to the caller. One thread at a time. Pure.
 *
 * A report has some eighty members, and a batch writes a hundred thousand reports. Functions are inline here so that
 * the compiler knows the lengths of member names, which are literals. */
#ifndef DCV_JSON_WRITE_H
#define DCV_JSON_WRITE_H

#include "base/buf.h"
#include "model/dcv.h"

#include <string.h>

/* ---- the writer puts commas where they belong. key is NULL inside an array; else it is written unchanged, so it must
 * be visible ASCII without quotes and backslashes. Texts are written as valid UTF-8: invalid bytes become U+FFFD.
 * Control characters, also C1 and bidirectional ones, are escaped as \uNNNN, so that the JSON may be shown on a
 * terminal. */
struct json_out {
    struct buf *b;
    bool comma;  /* the next member needs a comma before it */
    int indent;  /* 0: all in one line; else spaces for each level */
    int level;
};

/* ---- a member in parts: json_begin() returns the place for a value of at most room bytes; json_end() gets the end of
 * the value. */
char *json_begin(struct json_out *j, const char *key, size_t key_n, size_t room); /* NULL: out of memory */
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

/* text: JSON that is known to be valid. */
static inline void json_raw(struct json_out *j, const char *key, const char *text, size_t n)
{
    char *to = json_begin(j, key, json_key_length(key), n);
    if (!to)
        return;
    memcpy(to, text, n);
    json_end(j, to + n);
}

static inline void json_nil(struct json_out *j, const char *key) /* null; jansson has a json_null() */
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

void json_put_string(struct json_out *j, char *to, const char *p, size_t n); /* room at to: n + JSON_STRING_EXTRA */
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
