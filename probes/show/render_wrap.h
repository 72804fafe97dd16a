/* render_wrap.h - texts of any origin made fit for a terminal: harmless, and in lines that fit. Pure. */
#ifndef DCV_RENDER_WRAP_H
#define DCV_RENDER_WRAP_H

#include "base/arena.h"
#include "base/buf.h"

/* Prose, broken between words, with a line feed at its end. Its first line begins at column `at`, where the output
 * stands; each other line begins with margin. */
void render_wrap(struct buf *b, const char *text, const char *margin, size_t at, unsigned width);

/* Text that may come from the network, escaped as text_escape() does and cut after `most` bytes. Never NULL: "" for
 * NULL and where the arena is full. */
const char *render_safe(struct arena *a, const char *s, size_t most);

#endif
