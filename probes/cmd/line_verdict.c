#include "cmd/line_verdict.h"

#include <stdlib.h>

struct line_verdict {
    size_t left, n;
    bool missing;
    struct domain_part part[METHOD_COUNT];
};

struct line_verdict *line_verdict_new(size_t n)
{
    struct line_verdict *l = calloc(1, sizeof *l);
    if (l)
        l->left = n;
    return l;
}

bool line_verdict_add(struct line_verdict *l, const struct domain_part *part, enum verdict *ret)
{
    if (part && l->n < METHOD_COUNT)
        l->part[l->n++] = *part;
    l->missing = l->missing || !part;
    if (--l->left)
        return false;
    struct arena *a = arena_new(0);
    *ret = a && l->n ? domain_judge(a, l->part, l->n).verdict : VERDICT_UNDECIDED;
    if (l->missing && *ret == VERDICT_PASS)
        *ret = VERDICT_UNDECIDED;
    arena_free(a);
    free(l);
    return true;
}
