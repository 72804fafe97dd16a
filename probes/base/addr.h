/* addr.h - IP addresses with a port, as people and facts write them. Pure but for inet_pton.
 *
 * A struct addr is a plain value, for any thread. An IPv4 address is never stored as an IPv4-mapped IPv6 address. */
#ifndef DCV_ADDR_H
#define DCV_ADDR_H

#include "base/arena.h"

#include <netinet/in.h>
#include <stdbool.h>

enum { ADDR_TEXT_MOST = INET6_ADDRSTRLEN + 9 }; /* "[", "]:65535" and the NUL */

struct addr {
    union {
        struct sockaddr sa;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
};

/* "192.0.2.53", "192.0.2.53:53", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:53". A text without a port gets port. 0
 * or -EINVAL; port 0 in the text is refused, since nothing can listen there. */
int addr_parse(const char *text, in_port_t port, struct addr *ret);
/* Writes "192.0.2.53:53" or "[2001:db8::1]:53". */
void addr_text(const struct addr *a, char buf[ADDR_TEXT_MOST]);
/* The text that addr_text() writes for one that addr_parse() reads. NULL: not an address, or the arena is full. */
const char *addr_usual(struct arena *a, const char *text, in_port_t port);
socklen_t addr_len(const struct addr *a);
bool addr_equal(const struct addr *a, const struct addr *b);

#endif
