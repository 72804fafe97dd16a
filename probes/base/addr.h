/* addr.h - IP addresses with a port, as people and facts write them. Pure but for inet_pton.
 *
 * A struct addr is a plain value; a v4 address is never kept as a v4-mapped one. */
#ifndef DCV_ADDR_H
#define DCV_ADDR_H

#include "base/buf.h"

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

/* "192.0.2.53", "192.0.2.53:53", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:53"; port where the text has
 * none. 0 or -EINVAL. A port of 0 in the text is refused: nothing listens there. */
int addr_parse(const char *text, in_port_t port, struct addr *ret);
/* "192.0.2.53:53", "[2001:db8::1]:53" */
void addr_text(const struct addr *a, char buf[ADDR_TEXT_MOST]);
socklen_t addr_len(const struct addr *a);
bool addr_equal(const struct addr *a, const struct addr *b);

#endif
