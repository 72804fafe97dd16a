/* catalogue.c - the catalogues of codes and causes as tables. */
#include "show/catalogue.h"

#include "model/dcv.h"
#include "show/render_wrap.h"

#include <stdio.h>
#include <string.h>

static void bold(struct buf *b, bool color, bool on)
{
    if (color)
        buf_puts(b, on ? "\033[1m" : "\033[0m");
}

/* The last column of a row, whose text so far begins at `start`. */
static void last_column(struct buf *b, size_t start, const char *text, unsigned width)
{
    enum { TEXT_LEAST = 24, INDENT = 4 };
    size_t at = b->n - start, indent = at + TEXT_LEAST > width ? INDENT : at;
    char margin[200];
    if (!width) {
        buf_printf(b, "%s\n", text);
        return;
    }
    snprintf(margin, sizeof margin, "%*s", (int)indent, "");
    if (indent < at) {
        while (b->n && b->p[b->n - 1] == ' ')
            b->n--;
        buf_printf(b, "\n%s", margin);
    }
    render_wrap(b, text, margin, indent, width);
}

void codes_table(struct buf *b, bool color, unsigned width)
{
    size_t wide = 0;
    for (enum code c = 1; code_info(c); c++) {
        size_t n = strlen(code_info(c)->code);
        wide = n > wide ? n : wide;
    }
    bold(b, color, true);
    buf_printf(b, "%-*s  %-6s  %-7s  %-10s  %s", (int)wide, "code", "status", "class", "basis", "message");
    bold(b, color, false);
    buf_puts(b, "\n");
    for (enum code c = 1; code_info(c); c++) {
        const struct code_info *i = code_info(c);
        size_t start = b->n;
        struct buf text = {0};
        buf_printf(b, "%-*s  %-6d  %-7s  %-10s  ", (int)wide, i->code, i->status, code_class_name(i->class),
                   code_basis_name(i->basis));
        buf_puts(&text, i->message);
        if (i->seen)
            buf_printf(&text, " Not in the API's document, seen in public: %s", i->seen);
        last_column(b, start, text.p ? text.p : "", width);
        b->failed |= text.failed;
        buf_free(&text);
    }
}

static void methods_text(struct buf *b, unsigned methods)
{
    const char *comma = "";
    for (unsigned m = 0; m < METHOD_COUNT; m++)
        if (methods & METHOD_BIT(m)) {
            buf_printf(b, "%s%s", comma, method_name((enum method)m));
            comma = ",";
        }
}

void causes_table(struct buf *b, bool color, unsigned width)
{
    size_t wide = strlen("cause");
    for (enum cause c = 1; cause_info(c); c++) {
        size_t n = strlen(cause_info(c)->id);
        wide = n > wide ? n : wide;
    }
    bold(b, color, true);
    buf_printf(b, "%-*s  %-8s  %-12s  %-37s  %s", (int)wide, "cause", "weight", "who acts", "methods", "summary");
    bold(b, color, false);
    buf_puts(b, "\n");
    for (enum cause c = 1; cause_info(c); c++) {
        const struct cause_info *i = cause_info(c);
        struct buf methods = {0};
        if (i->methods == METHOD_BIT(METHOD_COUNT) - 1)
            buf_puts(&methods, "all");
        else
            methods_text(&methods, i->methods);
        size_t start = b->n;
        buf_printf(b, "%-*s  %-8s  %-12s  %-37s  ", (int)wide, i->id, weight_name(i->weight), actor_name(i->who_acts),
                   methods.p ? methods.p : "");
        last_column(b, start, i->summary, width);
        b->failed |= methods.failed;
        buf_free(&methods);
    }
}
