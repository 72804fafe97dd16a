/* guard.h - which addresses may be connected to. A struct guard lies in the arena of its maker and never changes once
 * built: any thread may read it. Pure but for inet_pton.
 *
 * Public CAs never connect to special-purpose addresses (IANA registries, RFC 6890). The guard applies to web servers
 * and to the name servers of zones, but not to the resolvers that the operator configured. */
#ifndef DCV_GUARD_H
#define DCV_GUARD_H

#include "model/dcv.h"

#include <netinet/in.h>

struct guard;

/* networks: exceptions that may be connected to, "10.0.0.0/8", "fd00::/8" or a bare address. 0; -EINVAL, and *bad is
 * the first that cannot be read; or -ENOMEM. */
int guard_new(struct arena *a, const char *const *networks, size_t n, struct guard **ret, const char **bad);
/* NULL: addr may be connected to. Otherwise the reason: "private (10.0.0.0/8)". g may be NULL: no exceptions. */
const char *guard_denies(const struct guard *g, const struct sockaddr *addr);
/* Lists the networks ("10.0.0.0/8") of exactly those addresses that guard_denies() denies, for a library that needs
 * ranges. 0 or -ENOMEM. */
int guard_forbidden(struct arena *a, const struct guard *g, struct texts *ret);

#endif
