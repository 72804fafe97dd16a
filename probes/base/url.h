/* url.h - the parts of a URL that say where to connect. A plain value whose host is in the arena. Pure. */
#ifndef DCV_URL_H
#define DCV_URL_H

#include "base/arena.h"

struct url {
    bool https;
    const char *host; /* without brackets and without a name's final dot; in the arena */
    unsigned port;
};
/* Reads a URL in the normal form that observers write. False where it is not an http or https URL with a host, and
 * where the arena is full. */
bool url_read(struct arena *a, const char *text, struct url *ret);

/* True for the value of a Location header (absolute or relative) that a client can follow which holds to RFC 3986: only
 * the characters that each part of a URL may have, and a host wherever the scheme is http or https, so "https:/shop"
 * is none. Browsers repair such values, and a CA's client does not. A value with another scheme is sound. */
bool url_reference_sound(const char *text);

/* Of a URL that names none (RFC 9110 4.2.1, 4.2.2). */
unsigned url_port(bool https);

#endif
