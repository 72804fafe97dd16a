/* columns.h - rows of cells in aligned columns, for a terminal or a pipe. Pure.
 *
 * A struct columns is the caller's, who sets .n to .a and owns the arena. Cells are texts that the caller has escaped
 * and keeps until they are shown. An empty one is shown as "-", so that each row has as many words as there are
 * titles. */
#ifndef DCV_COLUMNS_H
#define DCV_COLUMNS_H

#include "base/arena.h"
#include "base/buf.h"

enum { COLUMNS_MOST_CELLS = 8 };

struct columns {
    size_t n;        /* cells in a row, at most COLUMNS_MOST_CELLS */
    size_t flexible; /* the column that is cut where even a folded line is too long */
    size_t fold;     /* the columns from this one on stand in a second line where a row is too long */
    size_t indent;   /* of the second line, in characters */
    struct arena *a;
    const char **cells; /* row after row; the titles are the first row */
    size_t n_cells, room;
};

/* Adds a row of .n cells; NULL is an empty cell. False: the arena is full. */
bool columns_add(struct columns *c, const char *const *cells);
/* width: of the terminal in characters; 0: it is no terminal, and every row is one line however long. */
void columns_render(struct buf *b, const struct columns *c, unsigned width);

#endif
