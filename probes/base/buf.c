#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_FIRST = 1024 };

bool buf_grow(struct buf *b, size_t more)
{
    if (b->failed)
        return false;
    size_t need, room = b->room ? b->room : ROOM_FIRST;
    char *p = NULL;
    if (!__builtin_add_overflow(b->n, more, &need) && need < SIZE_MAX / 2) {
        while (room <= need) /* <=, because the NUL needs a byte too */
            room *= 2;
        p = realloc(b->p, room);
    }
    if (!p) {
        b->failed = true;
        b->room = b->n; /* makes every later buf_room() fail without a test of .failed */
        return false;
    }
    b->p = p;
    b->room = room;
    return true;
}

void buf_reserve(struct buf *b, size_t n)
{
    (void)buf_room(b, n); /* a failure shows in b->failed */
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
