/* catalogue.c - the catalogues of codes and causes as tables. */
#include "show/catalogue.h"

#include "model/dcv.h"

#include <string.h>

static void bold(struct buf *b, bool color, bool on)
{
    if (color)
        buf_puts(b, on ? "\033[1m" : "\033[0m");
}

void codes_table(struct buf *b, bool color)
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
        buf_printf(b, "%-*s  %-6d  %-7s  %-10s  %s", (int)wide, i->code, i->status, code_class_name(i->class),
                   code_basis_name(i->basis), i->message);
        if (i->seen)
            buf_printf(b, " Not in the API's document, seen in public: %s", i->seen);
        buf_puts(b, "\n");
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

void causes_table(struct buf *b, bool color)
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
        buf_printf(b, "%-*s  %-8s  %-12s  %-37s  %s\n", (int)wide, i->id, weight_name(i->weight),
                   actor_name(i->who_acts), methods.p ? methods.p : "", i->summary);
        b->failed |= methods.failed;
        buf_free(&methods);
    }
}
