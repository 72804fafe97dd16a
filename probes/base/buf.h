/* buf.h - text that grows, on the heap. Pure.
 *
 * Whoever writes looks once, at the end, whether it is whole: a failed allocation sets .failed, and what is added after
 * it is dropped. Embedded in its owner, who calls buf_free() or hands .p on to free(). */
#ifndef DCV_BUF_H
#define DCV_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
    char *p; /* ends with a NUL once anything was written; NULL until then */
    size_t n, room;
    bool failed; /* an allocation failed: the text is not whole */
};

void buf_reserve(struct buf *b, size_t n); /* of an empty one: how long the text will about be */
void buf_add(struct buf *b, const char *s, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_free(struct buf *b);

/* ---- for a writer that puts its bytes at .p + .n by itself, and moves .n */
bool buf_grow(struct buf *b, size_t more); /* buf_room() where there is none left */
/* Room for more bytes and a NUL; false: it failed. */
static inline bool buf_room(struct buf *b, size_t more)
{
    return more < b->room - b->n || buf_grow(b, more);
}

#endif
