/* name.h - domain names as DNS compares them, their parts and their registrable domain. Pure; any thread.
 *
 * Sources: RFC 1035 2.3.1, the public suffix list (suffixes.h). name_read.h reads what people type. */
#ifndef DCV_NAME_H
#define DCV_NAME_H

#include "base/text.h"
#include "model/dcv.h"

/* The name without its first label; a pointer into name. NULL for the root and for a single label. The name may have a
 * final dot or not. */
const char *name_parent(const char *name);
/* The number of labels without the root; name may contain escapes. */
unsigned name_labels(const char *name);
/* True where the names are equal; ASCII case and one final dot make no difference. */
bool name_equal(const char *a, const char *b);
/* True where name is below ancestor or equal to it. */
bool name_within(const char *name, const char *ancestor);
/* The registrable domain of a name, as a pointer into name. NULL for a public suffix, and for a name that is below
 * none. */
const char *name_registrable(const char *name);
bool name_is_public_suffix(const char *name);
/* A domain with A-labels (xn--) in Unicode for display; domain itself where it has none. NULL: the arena is full. */
const char *name_display(struct arena *a, const char *domain);
/* True for the LDH syntax of a host name: labels of letters, digits and inner hyphens, 1-63 each, 253 in all; one final
 * dot is allowed. */
bool name_is_host(const char *name);
/* True for an IP address: four decimal numbers or any spelling of IPv6, without brackets; one final dot is allowed,
 * since a DNS name that looks like an address has one. */
bool name_is_ip(const char *text);

#endif
