#include "format/json_write.h"

#include "base/text.h"
#include "model/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- texts ------------------------------ */

/* Bytes that a JSON string contains unescaped. */
static const bool plain[256] = {[0x20 ... 0x21] = true, [0x23 ... 0x5b] = true, [0x5d ... 0x7e] = true};

/* The same for eight bytes at once: the top bit of a byte is set in the result where the byte is below 0x20, a quote, a
 * backslash, or above 0x7e. */
static inline bool eight_plain(const char *p)
{
    const uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;
    uint64_t v;
    memcpy(&v, p, sizeof v);
    uint64_t quote = v ^ ones * '"', backslash = v ^ ones * '\\';
    uint64_t odd = v | (v + ones) | (v - ones * 0x20) | (quote - ones) | (backslash - ones);
    return !(odd & tops);
}

static void add_escape(struct buf *b, uint32_t c)
{
    static const char hex[] = "0123456789abcdef";
    char short_form = c == '"'    ? '"'
                      : c == '\\' ? '\\'
                      : c == '\n' ? 'n'
                      : c == '\r' ? 'r'
                      : c == '\t' ? 't'
                                  : 0;
    if (short_form)
        buf_add(b, (char[]){'\\', short_form}, 2);
    else
        buf_add(b, (char[]){'\\', 'u', hex[c >> 12 & 15], hex[c >> 8 & 15], hex[c >> 4 & 15], hex[c & 15]},
                6);
}

/* copy() is memcpy() without the call, which would take longest for a few bytes. Two copies of fixed size, which may
 * overlap, copy any length from one to two times that size. */
#define TWO_PIECES(type)                                                                                     \
    do {                                                                                                     \
        type first, last;                                                                                    \
        memcpy(&first, p, sizeof first);                                                                     \
        memcpy(&last, p + n - sizeof last, sizeof last);                                                     \
        memcpy(to, &first, sizeof first);                                                                    \
        memcpy(to + n - sizeof last, &last, sizeof last);                                                    \
    } while (0)
static inline void copy(char *to, const char *p, size_t n)
{
    struct sixteen {
        uint64_t eight[2];
    };
    if (n > 2 * sizeof(struct sixteen))
        memcpy(to, p, n);
    else if (n >= sizeof(struct sixteen))
        TWO_PIECES(struct sixteen);
    else if (n >= sizeof(uint64_t))
        TWO_PIECES(uint64_t);
    else if (n >= sizeof(uint32_t))
        TWO_PIECES(uint32_t);
    else
        for (size_t i = 0; i < n; i++)
            to[i] = p[i];
}
#undef TWO_PIECES

/* Adds a whole text in which something must be escaped. */
static __attribute__((noinline)) void add_escaped(struct buf *b, const char *p, size_t n)
{
    size_t run = 0, i = 0; /* run: start of the bytes that need no escape */
    buf_add(b, "\"", 1);
    while (i < n) {
        if (plain[(unsigned char)p[i]]) {
            i++;
            continue;
        }
        uint32_t c;
        size_t len = text_utf8(p + i, n - i, &c);
        if (len > 1 && !text_is_control(c)) {
            i += len;
            continue;
        }
        buf_add(b, p + run, i - run);
        if (len)
            add_escape(b, c);
        else
            buf_puts(b, "\xef\xbf\xbd"); /* U+FFFD */
        i += len ? len : 1;
        run = i;
    }
    buf_add(b, p + run, n - run);
    buf_add(b, "\"", 1);
}

/* True where nothing must be escaped, as in nearly all texts. */
static inline bool all_plain(const char *p, size_t n)
{
    const size_t step = sizeof(uint64_t);
    size_t i = 0;
    for (; n - i >= step; i += step)
        if (!eight_plain(p + i))
            return false;
    if (i < n && n >= step)
        return eight_plain(p + n - step);
    while (i < n && plain[(unsigned char)p[i]])
        i++;
    return i == n;
}

void json_put_string(struct json_out *j, char *to, const char *p, size_t n)
{
    if (!all_plain(p, n)) {
        json_end(j, to);
        add_escaped(j->b, p, n);
        return;
    }
    *to++ = '"';
    copy(to, p, n);
    to += n;
    *to++ = '"';
    json_end(j, to);
}

/* ---------------------------------------------------------------- the writer ------------------------- */

static void new_line(struct json_out *j)
{
    static const char blanks[] = "                                                                ";
    buf_add(j->b, "\n", 1);
    size_t n = (size_t)(j->indent * j->level);
    buf_add(j->b, blanks, n < sizeof blanks - 1 ? n : sizeof blanks - 1);
}

static inline char *begin(struct json_out *j, const char *key, size_t key_n)
{
    char *to = j->b->p + j->b->n;
    if (j->comma)
        *to++ = ',';
    j->comma = true;
    if (!key)
        return to;
    *to++ = '"';
    copy(to, key, key_n);
    to += key_n;
    *to++ = '"';
    *to++ = ':';
    return to;
}

/* json_begin() for indented output, and where the buffer must grow. */
static __attribute__((noinline)) char *begin_slowly(struct json_out *j, const char *key, size_t key_n, size_t room)
{
    if (j->indent) {
        if (j->comma)
            buf_add(j->b, ",", 1);
        if (j->level)
            new_line(j);
        j->comma = false; /* the comma is written */
    }
    if (!buf_room(j->b, room))
        return NULL;
    char *to = begin(j, key, key_n);
    if (j->indent && key)
        *to++ = ' ';
    return to;
}

char *json_begin(struct json_out *j, const char *key, size_t key_n, size_t room)
{
    room += key_n + strlen(",\"\": ");
    if (j->indent || room >= j->b->room - j->b->n)
        return begin_slowly(j, key, key_n, room);
    return begin(j, key, key_n);
}

void json_close(struct json_out *j, char bracket)
{
    j->level--;
    if (j->indent && j->comma)
        new_line(j);
    j->comma = true;
    if (!buf_room(j->b, 1))
        return;
    char *to = j->b->p + j->b->n;
    *to++ = bracket;
    json_end(j, to);
}

static char *put_digits(char *to, uint64_t v)
{
    char t[20], *p = t + sizeof t;
    do
        *--p = (char)('0' + v % 10);
    while (v /= 10);
    while (p < t + sizeof t)
        *to++ = *p++;
    return to;
}

char *json_put_number(char *to, int64_t v)
{
    if (v < 0)
        *to++ = '-';
    return put_digits(to, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

void json_ms(struct json_out *j, const char *key, uint32_t us)
{
    char *to = json_begin(j, key, json_key_length(key), JSON_NUMBER_MOST);
    if (!to)
        return;
    to = put_digits(to, us / 1000);
    uint32_t part = us % 1000;
    if (part) {
        *to++ = '.';
        for (uint32_t place = 100; part; part %= place, place /= 10)
            *to++ = (char)('0' + part / place);
    }
    json_end(j, to);
}

void json_time(struct json_out *j, const char *key, dcv_time t)
{
    enum { LENGTH = 24 };
    if (t == TIME_UNKNOWN) {
        json_nil(j, key);
        return;
    }
    char *to = json_begin(j, key, json_key_length(key), LENGTH + JSON_STRING_EXTRA);
    if (!to)
        return;
    *to++ = '"';
    time_format(t, to);
    to += LENGTH;
    *to++ = '"';
    json_end(j, to);
}

void json_error(struct json_out *j, const char *key, const char *code, const char *message)
{
    json_open(j, key, '{');
    json_open(j, "errors", '[');
    json_open(j, NULL, '{');
    json_text(j, "code", code);
    json_text(j, "message", message);
    json_close(j, '}');
    json_close(j, ']');
    json_close(j, '}');
}
