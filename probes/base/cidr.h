/* cidr.h - networks as the configuration and requests name them: "10.0.0.0/8", "fd00::/8" or a bare address. Plain
 * values, for any thread. */
#ifndef DCV_CIDR_H
#define DCV_CIDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum { CIDR_TEXT_MOST = INET6_ADDRSTRLEN + 4 }; /* "/128" and the NUL */

struct cidr {
    int family; /* AF_INET, AF_INET6 */
    unsigned bits;
    uint8_t address[16]; /* network byte order, the bits after the prefix are 0 */
};

bool cidr_parse(const char *text, struct cidr *ret);
/* Writes the usual form of a network: the address as it was given, and always the length of the prefix: "10.1.0.0/8",
 * "::1/128". False: not a network. */
bool cidr_usual(const char *text, char ret[CIDR_TEXT_MOST]);
/* True where every address of inner is in outer too. */
bool cidr_within(const struct cidr *inner, const struct cidr *outer);

#endif
