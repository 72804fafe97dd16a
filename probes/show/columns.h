/* columns.h - rows of cells in aligned columns, for a terminal or a pipe. Pure.
 *
 * Cells are escaped texts that somebody else holds; an empty one is shown as "-", so that a row always has as
 * many words as there are titles. */
#ifndef DCV_COLUMNS_H
#define DCV_COLUMNS_H

#include "format/json.h"

enum { COLUMNS_MOST_CELLS = 8 };

struct columns {
    size_t n;        /* cells in a row */
    size_t flexible; /* the column that is cut where a line is too long all the same */
    size_t fold;     /* the column from which on a row goes on in a second line where it does not fit */
    size_t indent;   /* of that line */
    struct arena *a;
    const char **cells; /* the titles are the first row */
    size_t n_cells, room;
};

/* False: the arena is full. */
bool columns_add(struct columns *c, const char *const *cells);
/* width: of the terminal; 0: none, and every row is one line however long. */
void columns_render(struct buf *b, const struct columns *c, unsigned width);

#endif
