/* guard.h - which addresses may be connected to. Pure but for inet_pton.
 *
 * Public CAs never connect to special-purpose addresses (IANA registries, RFC 6890). One guard serves the web fetcher and
 * the name servers that a zone names; resolvers that the operator configured are not subject to it. */
#ifndef DCV_GUARD_H
#define DCV_GUARD_H

#include "model/dcv.h"

#include <netinet/in.h>

struct guard; /* constant once built */

/* networks: "10.0.0.0/8", "fd00::/8", or a bare address; they are let through. -EINVAL with *bad set to the first
 * that cannot be read, -ENOMEM. */
int guard_new(struct arena *a, const char *const *networks, size_t n, struct guard **ret, const char **bad);
/* NULL: may be connected to. Otherwise why not, in words: "private (10.0.0.0/8)". g may be NULL: no exceptions. */
const char *guard_denies(const struct guard *g, const struct sockaddr *addr);
/* The same as a list: the networks ("10.0.0.0/8") that hold what guard_denies() denies and nothing else, for
 * a library that takes ranges instead of asking. 0 or -ENOMEM. */
int guard_forbidden(struct arena *a, const struct guard *g, struct texts *ret);

#endif
