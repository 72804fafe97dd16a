#include "show/columns.h"

#include "base/text.h"

#include <string.h>

enum { GAP = 2, LEAST = 8 };

bool columns_add(struct columns *c, const char *const *cells)
{
    if (c->n_cells + c->n > c->room) {
        size_t room = 2 * c->room + 64 * c->n;
        const char **v = arena_array(c->a, room, sizeof *v);
        if (!v)
            return false;
        for (size_t i = 0; i < c->n_cells; i++)
            v[i] = c->cells[i];
        c->cells = v;
        c->room = room;
    }
    for (size_t i = 0; i < c->n; i++)
        c->cells[c->n_cells++] = cells[i] && *cells[i] ? cells[i] : "-";
    return true;
}

/* How many bytes the first `most` characters of s have. */
static size_t bytes_of(const char *s, size_t most)
{
    size_t n = strlen(s), i = 0;
    for (uint32_t c; i < n && most--;) {
        size_t step = text_utf8(s + i, n - i, &c);
        i += step ? step : 1;
    }
    return i;
}

static void cell(struct buf *b, const char *s, size_t width, bool last)
{
    size_t n = text_characters(s, strlen(s));
    if (n > width) {
        buf_add(b, s, bytes_of(s, width - 1));
        buf_puts(b, "…");
        n = width;
    } else {
        buf_puts(b, s);
    }
    buf_printf(b, "%*s", last ? 0 : (int)(width - n + GAP), "");
}

static size_t line_width(const size_t *width, size_t from, size_t to)
{
    size_t sum = 0;
    for (size_t i = from; i < to; i++)
        sum += width[i] + (i > from ? GAP : 0);
    return sum;
}

void columns_render(struct buf *b, const struct columns *c, unsigned width)
{
    size_t w[COLUMNS_MOST_CELLS] = {0}, last = c->n;
    for (size_t i = 0; i < c->n_cells; i++) {
        size_t n = text_characters(c->cells[i], strlen(c->cells[i]));
        w[i % c->n] = n > w[i % c->n] ? n : w[i % c->n];
    }
    bool folds = width && line_width(w, 0, c->n) > width;
    if (folds) {
        last = c->fold;
        size_t line = line_width(w, 0, last), over = line > width ? line - width : 0;
        size_t *flexible = &w[c->flexible];
        *flexible = *flexible > over + LEAST ? *flexible - over : *flexible < LEAST ? *flexible : LEAST;
    }
    for (size_t i = 0; i < c->n_cells; i += c->n) {
        const char **row = c->cells + i;
        bool more = false;
        for (size_t k = 0; k < last; k++)
            cell(b, row[k], w[k], k + 1 == last);
        for (size_t k = last; k < c->n; k++)
            more = more || strcmp(row[k], "-") != 0;
        buf_puts(b, "\n");
        if (!more)
            continue;
        buf_printf(b, "%*s", (int)c->indent, "");
        for (size_t k = last; k < c->n; k++)
            cell(b, row[k], w[k], k + 1 == c->n);
        buf_puts(b, "\n");
    }
}
