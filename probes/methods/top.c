#include "methods/top.h"

#include <errno.h>

int top_lookup(struct arena *a, const struct asker *asker, const struct evidence *ev, const char *top,
               struct lookup *ret)
{
    const char *name = arena_concat(a, top, ".", NULL);
    if (!name)
        return -ENOMEM;
    lookup_want(asker, name, RR_NS);
    int rc = lookup_read(a, ev, name, RR_NS, ret);
    if (rc || ret->class != LOOKUP_PENDING)
        return rc;
    /* A name that does not exist has no type at all (RFC 8020): the search for CAA records may have met it. */
    struct lookup caa;
    rc = lookup_read(a, ev, name, RR_CAA, &caa);
    if (!rc && caa.class == LOOKUP_NXDOMAIN)
        *ret = caa;
    return rc;
}
