/* name.h - domain names as people type them, and as DNS compares them. Pure; any thread.
 *
 * Sources: RFC 1035 2.3.1, UTS 46 (idna.h), the public suffix list (suffixes.h). Header of name.c and name_*.c. */
#ifndef DCV_NAME_H
#define DCV_NAME_H

#include "base/text.h"
#include "model/dcv.h"

/* What a typed domain means; a plain value, its texts are in the arena. .code is CODE_NONE for a name that a public CA
 * may be asked for, else CODE_dns_invalid_domain or CODE_internal_names_not_allowed. */
struct name {
    const char *domain;      /* as in struct request; set where the syntax is right, for internal names too */
    const char *registrable; /* NULL for IP addresses and refused names */
    bool wildcard, is_ip;
    enum code code;
    enum cause cause;   /* CAUSE_name_invalid, _internal or _is_public_suffix */
    const char *reason; /* a clause without a full stop, safe for a terminal: "it has a port, :8443; …" */
    /* A corrected input that would be accepted, where one is obvious; else NULL. */
    const char *suggestion;
};

/* Reads len bytes of input, which may contain NULs; an IPv6 address may stand in brackets. A refused name is a result
 * in ret, too. 0 or -ENOMEM. */
int name_read(struct arena *a, const char *input, size_t len, struct name *ret);

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
