/* name_read.h - a domain name as people type it: which one is meant, or why no public CA may be asked for it. Pure; any
 * thread.
 *
 * Sources: RFC 1035 2.3.1, UTS 46 (idna.h), the public suffix list (suffixes.h). */
#ifndef DCV_NAME_READ_H
#define DCV_NAME_READ_H

#include "model/dcv.h"

/* What a typed domain means; a plain value, its texts are in the arena. .code is CODE_NONE for a name that a public CA
 * may be asked for, else CODE_dns_invalid_domain or CODE_internal_names_not_allowed. */
struct name {
    const char *domain;      /* as in struct request; set where the syntax is right, for internal names too */
    const char *registrable; /* NULL for IP addresses and for refused names, unless .top is set */
    bool wildcard, is_ip;
    enum code code;
    enum cause cause;   /* CAUSE_name_invalid, _internal or _is_public_suffix */
    /* Where the public suffix list lacks the top-level domain, that label: the root alone knows whether there is one.
     * The name is refused, for want of an answer; .registrable is what holds if there is one. Else NULL. */
    const char *top;
    const char *reason; /* a clause without a full stop, safe for a terminal: "it has a port, :8443; …" */
    /* A corrected input that would be accepted, where one is obvious; else NULL. */
    const char *suggestion;
};

/* Reads len bytes of input, which may contain NULs; an IPv6 address may stand in brackets. A refused name is a result
 * in ret, too. 0 or -ENOMEM. */
int name_read(struct arena *a, const char *input, size_t len, struct name *ret);

#endif
