#include "json.h"

#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- buf -------------------------------- */

enum { ROOM_FIRST = 1024 };

static bool buf_room(struct buf *b, size_t more)
{
    if (b->failed)
        return false;
    if (more < b->room - b->n) /* strictly: the NUL needs a place too */
        return true;
    size_t need, room = b->room ? b->room : ROOM_FIRST;
    if (__builtin_add_overflow(b->n, more, &need) || need >= SIZE_MAX / 2) {
        b->failed = true;
        return false;
    }
    while (room <= need)
        room *= 2;
    char *p = realloc(b->p, room);
    if (!p) {
        b->failed = true;
        return false;
    }
    b->p = p;
    b->room = room;
    return true;
}

void buf_add(struct buf *b, const char *s, size_t n)
{
    if (!buf_room(b, n))
        return;
    if (n)
        memcpy(b->p + b->n, s, n);
    b->n += n;
    b->p[b->n] = '\0';
}

void buf_puts(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    if (!buf_room(b, 64))
        return;
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(b->p + b->n, b->room - b->n, fmt, ap);
    va_end(ap);
    if (n >= 0 && (size_t)n >= b->room - b->n) {
        b->p[b->n] = '\0';
        if (!buf_room(b, (size_t)n))
            return;
        va_start(ap, fmt);
        n = vsnprintf(b->p + b->n, b->room - b->n, fmt, ap);
        va_end(ap);
    }
    if (n < 0) {
        b->p[b->n] = '\0';
        b->failed = true;
        return;
    }
    b->n += (size_t)n;
}

void buf_free(struct buf *b)
{
    free(b->p);
    *b = (struct buf){0};
}

/* ---------------------------------------------------------------- texts ------------------------------ */

/* Bytes that stand for themselves in a JSON string. */
static const bool plain[256] = {[0x20 ... 0x21] = true, [0x23 ... 0x5b] = true, [0x5d ... 0x7e] = true};

/* The same of eight at once: a byte's top bit comes out where it is below 0x20, a quote, a backslash, or above 0x7e. */
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

static inline void add_char(struct buf *b, char c)
{
    if (!buf_room(b, 1))
        return;
    b->p[b->n++] = c;
    b->p[b->n] = '\0';
}

static void add_string(struct buf *b, const char *p, size_t n)
{
    size_t run = 0, i = 0; /* run: start of what can be copied as it is */
    while (n - i >= sizeof(uint64_t) && eight_plain(p + i))
        i += sizeof(uint64_t);
    while (i < n && plain[(unsigned char)p[i]])
        i++;
    if (i == n && buf_room(b, n + 2)) { /* nearly all of them */
        char *to = b->p + b->n;
        *to++ = '"';
        if (n)
            memcpy(to, p, n);
        to[n] = '"';
        to[n + 1] = '\0';
        b->n += n + 2;
        return;
    }
    add_char(b, '"');
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
    if (n)
        buf_add(b, p + run, n - run);
    add_char(b, '"');
}

/* ---------------------------------------------------------------- the writer ------------------------- */

static void new_line(struct json_out *j)
{
    static const char blanks[] = "                                                                ";
    buf_add(j->b, "\n", 1);
    size_t n = (size_t)(j->indent * j->level);
    buf_add(j->b, blanks, n < sizeof blanks - 1 ? n : sizeof blanks - 1);
}

static void place(struct json_out *j, const char *key)
{
    if (j->comma)
        add_char(j->b, ',');
    if (j->indent && j->level)
        new_line(j);
    j->comma = true;
    if (!key)
        return;
    size_t n = strlen(key);
    if (!buf_room(j->b, n + 4))
        return;
    char *to = j->b->p + j->b->n;
    *to++ = '"';
    memcpy(to, key, n);
    to += n;
    *to++ = '"';
    *to++ = ':';
    if (j->indent)
        *to++ = ' ';
    *to = '\0';
    j->b->n = (size_t)(to - j->b->p);
}

void json_open(struct json_out *j, const char *key, char bracket)
{
    place(j, key);
    add_char(j->b, bracket);
    j->comma = false;
    j->level++;
}

void json_close(struct json_out *j, char bracket)
{
    j->level--;
    if (j->indent && j->comma)
        new_line(j);
    add_char(j->b, bracket);
    j->comma = true;
}

void json_bytes(struct json_out *j, const char *key, const char *p, size_t n)
{
    place(j, key);
    add_string(j->b, p, n);
}

void json_text(struct json_out *j, const char *key, const char *s)
{
    if (s)
        json_bytes(j, key, s, strlen(s));
    else
        json_nil(j, key);
}

static void add_number(struct buf *b, uint64_t v, bool negative)
{
    char t[24], *p = t + sizeof t;
    do
        *--p = (char)('0' + v % 10);
    while (v /= 10);
    if (negative)
        *--p = '-';
    buf_add(b, p, (size_t)(t + sizeof t - p));
}

void json_int(struct json_out *j, const char *key, int64_t v)
{
    place(j, key);
    add_number(j->b, v < 0 ? -(uint64_t)v : (uint64_t)v, v < 0);
}

void json_ms(struct json_out *j, const char *key, uint32_t us)
{
    place(j, key);
    add_number(j->b, us / 1000, false);
    uint32_t part = us % 1000;
    if (!part)
        return;
    char t[4] = {'.', (char)('0' + part / 100), (char)('0' + part / 10 % 10), (char)('0' + part % 10)};
    buf_add(j->b, t, t[3] != '0' ? 4 : t[2] != '0' ? 3 : 2);
}

void json_bool(struct json_out *j, const char *key, bool v)
{
    json_raw(j, key, v ? "true" : "false", v ? 4 : 5);
}

void json_nil(struct json_out *j, const char *key)
{
    json_raw(j, key, "null", 4);
}

void json_time(struct json_out *j, const char *key, dcv_time t)
{
    if (t == TIME_UNKNOWN) {
        json_nil(j, key);
        return;
    }
    char text[25];
    time_format(t, text);
    json_text(j, key, text);
}

void json_raw(struct json_out *j, const char *key, const char *text, size_t n)
{
    place(j, key);
    buf_add(j->b, text, n);
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
