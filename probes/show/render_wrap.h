/* render_wrap.h - prose in lines that fit a terminal. Pure. */
#ifndef DCV_RENDER_WRAP_H
#define DCV_RENDER_WRAP_H

#include "base/buf.h"

/* Prose, broken between words, with a line feed at its end. Its first line begins at column `at`, where the output
 * stands; each other line begins with margin. */
void render_wrap(struct buf *b, const char *text, const char *margin, size_t at, unsigned width);

#endif
