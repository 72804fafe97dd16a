/* cidr.h - networks as the configuration and requests name them: "10.0.0.0/8", "fd00::/8" or a bare address. Plain
 * values, for any thread. */
#ifndef DCV_CIDR_H
#define DCV_CIDR_H

#include <stdbool.h>
#include <stdint.h>

struct cidr {
    int family; /* AF_INET, AF_INET6 */
    unsigned bits;
    uint8_t address[16]; /* network byte order, the bits after the prefix are 0 */
};

bool cidr_parse(const char *text, struct cidr *ret);
/* True where every address of inner is in outer too. */
bool cidr_within(const struct cidr *inner, const struct cidr *outer);

#endif
