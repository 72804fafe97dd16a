/* buf.h - text that grows, on the heap. Pure.
 *
 * A failed allocation sets .failed, and all text added later is dropped; so a writer checks .failed once, at the end. A
 * struct buf is embedded in its owner, which calls buf_free() or passes .p to free(). One thread at a time. */
#ifndef DCV_BUF_H
#define DCV_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
    char *p; /* ends with a NUL once anything was written; NULL until then */
    size_t n, room;
    bool failed; /* an allocation failed: the text is incomplete */
};

void buf_reserve(struct buf *b, size_t n); /* for an empty buffer; n: the expected length */
void buf_add(struct buf *b, const char *s, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_free(struct buf *b);

/* ---- for a writer that stores bytes at .p + .n itself and then increases .n */
bool buf_grow(struct buf *b, size_t more); /* the slow path of buf_room() */
/* Makes room for `more` bytes and a NUL. False: out of memory. */
static inline bool buf_room(struct buf *b, size_t more)
{
    return more < b->room - b->n || buf_grow(b, more);
}

#endif
