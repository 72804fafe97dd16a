/* name.h - domain names as people type them, and as DNS compares them. Pure.
 *
 * Sources: RFC 1035 2.3.1, RFC 5890-5893 and UTS 46 (non-transitional) through libidn2; the public suffix
 * list through libpsl, ICANN section only. */
#ifndef DCV_NAME_H
#define DCV_NAME_H

#include "base/text.h"
#include "model/dcv.h"

/* What became of a typed domain. .code is CODE_NONE for a name that a public CA may be asked for, else
 * CODE_dns_invalid_domain or CODE_internal_names_not_allowed. All texts are in the arena. */
struct name {
    const char *domain;      /* see struct request; set whenever the syntax is sound, so for internal names too */
    const char *registrable; /* NULL for IP addresses and refused names */
    bool wildcard, is_ip;
    enum code code;
    enum cause cause;   /* CAUSE_name_invalid, _internal or _is_public_suffix */
    const char *reason; /* a clause without a full stop, safe for a terminal: "it has a port, :8443; …" */
    /* The corrected input where one is obvious, else NULL. Reading it gives a name that is not refused. */
    const char *suggestion;
};

/* input: len bytes, NULs included. Brackets around an IPv6 address are allowed. 0, or -ENOMEM. */
int name_read(struct arena *a, const char *input, size_t len, struct name *ret);

/* The name without its first label; NULL at the root or a single label. In place: a pointer into name.
 * Works on both forms, with a final dot and without. */
const char *name_parent(const char *name);
/* Number of labels, the root not counted; escapes are understood. */
unsigned name_labels(const char *name);
/* Equal without regard to ASCII case and to one final dot. */
bool name_equal(const char *a, const char *b);
/* name is below (or the same as) ancestor. */
bool name_within(const char *name, const char *ancestor);
/* The registrable domain of a name, a pointer into it; NULL for a public suffix or without one. No allocation. */
const char *name_registrable(const char *name);
bool name_is_public_suffix(const char *name);
/* The A-label form in Unicode for display, or domain itself. NULL where the arena is full. */
const char *name_display(struct arena *a, const char *domain);
/* LDH syntax of a host name: labels of letters, digits and inner hyphens, 1-63 each, 253 in all; one final dot is
 * allowed. */
bool name_is_host(const char *name);
/* An IP address in text: four decimal numbers or any spelling of IPv6, without brackets; one final dot is
 * allowed, since a DNS name that looks like an address has one. */
bool name_is_ip(const char *text);
/* The day of the public suffix list in use, "2023-02-09": names of newer top-level domains are not on it. */
void name_suffixes_date(char out[11]);

#endif
