/* txt.h - what dns-txt-token has read: the TXT records at its two names, and what they hold. Pure; plain values, their
 * texts are in the arena of the check. */
#ifndef DCV_METHOD_TXT_H
#define DCV_METHOD_TXT_H

#include "ca/token.h"
#include "ca/token_find.h"
#include "evidence/lookup.h"

/* One TXT record that was searched. */
struct txt_value {
    const struct lookup *at;
    const struct rr *rr;
    struct bytes text;        /* character-strings joined */
    bool in_join;             /* random value: it occurs in .text */
    bool in_one;              /* random value: it occurs within one character-string */
    struct token_found token; /* request token */
};

/* dns-txt-token: the two names, and the values there. */
struct txt_view {
    /* _dnsauth.D, then D. Where the first would be too long for a name its .name is NULL and its .class nodata. */
    struct lookup at[2];
    struct txt_value *v;
    size_t n;
    const struct txt_value *best; /* the value that decides; NULL where every .token.class is TOKEN_NONE */
    enum token_class class;       /* of .best; random value: VALID, TIME (expired) or NONE */
};

/* The first of the two names that can exist: where a record for the method belongs. NULL: the arena is full. */
const char *txt_owner(struct arena *a, const struct request *r);
/* The lookup of that name. */
const struct lookup *txt_first(const struct txt_view *t);

#endif
