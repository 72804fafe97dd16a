/* url.h - the parts of a URL that say where to connect. A plain value whose host is in the arena. Pure. */
#ifndef DCV_URL_H
#define DCV_URL_H

#include "base/arena.h"

struct url {
    bool https;
    const char *host; /* without brackets; in the arena */
    unsigned port;
};
/* Reads a URL in the normal form that observers write. False where it is not an http or https URL with a host, and
 * where the arena is full. */
bool url_read(struct arena *a, const char *text, struct url *ret);

/* Of a URL that names none (RFC 9110 4.2.1, 4.2.2). */
unsigned url_port(bool https);

#endif
