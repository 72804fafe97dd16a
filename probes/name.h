/* name.h - domain names as people type them, and as DNS compares them. Pure.
 *
 * Sources: RFC 1035 2.3.1, RFC 5890-5893 and UTS 46 (non-transitional) through libidn2; the public suffix
 * list through libpsl, ICANN section only. */
#ifndef DCV_NAME_H
#define DCV_NAME_H

#include "dcv.h"

/* What became of a typed domain. .code is CODE_NONE for a name that a public CA may be asked for, else
 * CODE_dns_invalid_domain or CODE_internal_names_not_allowed; .cause and .reason say why, .suggestion is the
 * corrected input where one is obvious, or NULL. */
struct name {
    const char *domain;      /* see struct request; set whenever the syntax is sound, so for internal names too */
    const char *registrable; /* NULL for IP addresses and refused names */
    bool wildcard, is_ip;
    enum code code;
    enum cause cause;
    const char *reason, *suggestion;
};

/* input: len bytes, NULs included. 0, or -ENOMEM. */
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
/* The registrable domain of a name, a pointer into it; NULL for a public suffix or without one. */
const char *name_registrable(const char *name);
bool name_is_public_suffix(const char *name);
/* The A-label form in Unicode for display, or domain itself. NULL where the arena is full. */
const char *name_display(struct arena *a, const char *domain);
/* LDH syntax of a host name: labels of letters, digits and inner hyphens, 1-63 each, 253 in all. */
bool name_is_host(const char *name);
/* An IP address in text, in its usual form (RFC 5952 for IPv6); false where text is none. */
bool name_is_ip(const char *text);
/* Bytes for a message to a person: control bytes, invalid UTF-8 and bidirectional controls as \xNN, cut after
 * most bytes with "…". */
char *text_escape(struct arena *a, const char *p, size_t len, size_t most);

#endif
