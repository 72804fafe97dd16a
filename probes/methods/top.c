#include "methods/top.h"

#include <errno.h>

int top_lookup(struct arena *a, const struct asker *asker, const struct evidence *ev, const char *top,
               struct lookup *ret)
{
    const char *name = arena_concat(a, top, ".", NULL);
    if (!name)
        return -ENOMEM;
    lookup_want(asker, name, RR_NS);
    return lookup_read(a, ev, name, RR_NS, ret);
}
