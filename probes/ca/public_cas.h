/* public_cas.h - the public CAs with the identifiers by which CAA records name them. Pure.
 *
 * Built in from contrib/ca-profiles/identifiers.tsv, where the sources stand; public_cas.py makes the table of it. */
#ifndef DCV_PUBLIC_CAS_H
#define DCV_PUBLIC_CAS_H

#include "model/dcv.h"

struct public_ca {
    const char *name;          /* "Sectigo" */
    struct texts aliases;      /* brands, company names */
    struct texts identifiers;  /* the one that the CA recommends first */
    const char *source;
};
extern const struct public_ca public_cas[];
extern const size_t public_cas_n;

/* The CA that a person means: by its name or an alias in whatever letter case and punctuation, by their beginning or
 * with more behind them ("Sectigo Limited"), or by one of its identifiers. NULL: there is none, or there are several;
 * near (room for most) gets *n of those that it may be. */
const struct public_ca *public_ca_find(const char *text, const struct public_ca **near, size_t most, size_t *n);

#endif
