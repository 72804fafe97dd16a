/* cname.h - what dns-cname-token has read: the CNAME records at its two places. Pure; plain values, their texts are in
 * the arena of the check. */
#ifndef DCV_METHOD_CNAME_H
#define DCV_METHOD_CNAME_H

#include "evidence/lookup.h"

/* dns-cname-token: the two places (_dnsauth.D, and _VALUE.D, the older form), and what stands there. */
enum cname_place { CNAME_CURRENT, CNAME_RETIRED };
enum { CNAME_PLACES = 2 };
struct cname_view {
    struct lookup at[CNAME_PLACES];   /* .name is NULL and .class nodata where no such name can exist */
    const char *target[CNAME_PLACES]; /* NULL where there is no CNAME */
    bool found;                       /* an accepted record stands at one of them */
    bool retired;                     /* at the older place only */
};

/* Whether target (may be NULL) is the value below the CA's base name, with or without an underscore before it. */
bool cname_is_right(struct arena *a, const struct request *r, const char *target);
/* The name that dns-cname-token looks at; NULL where no such name can exist, because the value can form none or it
 * would be too long, or the arena is full. */
const char *cname_owner(struct arena *a, const struct request *r, enum cname_place place);
/* The target of the first CNAME record of a lookup, or NULL. */
const char *cname_target(struct arena *a, const struct lookup *l);

#endif
