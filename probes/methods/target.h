/* target.h - what dns-cname-target has read: the CNAME records at its two names. Pure; plain values, their texts are in
 * the arena of the check. */
#ifndef DCV_METHOD_TARGET_H
#define DCV_METHOD_TARGET_H

#include "evidence/lookup.h"

/* dns-cname-target: D, then _dcv.D. */
struct target_view {
    struct lookup at[2];        /* where the second would be too long for a name its .name is NULL, its .class nodata */
    const struct lookup *found; /* the first with a CNAME that counts */
    bool no_step; /* a wildcard name at a time when no CNAME counts for such a name (BR 3.2.2.4) */
    /* The CNAME of a name above the ordered one, at a time when only the ordered name's own counts; else NULL. */
    const struct lookup *above;
    const char *target;         /* of .found */
    const char *problem;        /* why no CA can use .target; NULL where it can be used */
};

#endif
