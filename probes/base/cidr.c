#include "base/cidr.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint8_t mask(unsigned bits, unsigned byte)
{
    unsigned from = byte * 8;
    if (bits >= from + 8)
        return 0xff;
    if (bits <= from)
        return 0;
    return (uint8_t)(0xffu & ~(0xffu >> (bits - from)));
}

/* As cidr_parse(), but the bits after the prefix stay. */
static bool read_network(const char *text, struct cidr *ret)
{
    char address[INET6_ADDRSTRLEN];
    const char *slash = strchr(text, '/');
    size_t n = slash ? (size_t)(slash - text) : strlen(text);
    if (n >= sizeof address)
        return false;
    memcpy(address, text, n);
    address[n] = 0;

    struct cidr c = {.family = strchr(address, ':') ? AF_INET6 : AF_INET};
    if (inet_pton(c.family, address, c.address) != 1)
        return false;
    c.bits = c.family == AF_INET ? 32 : 128;
    if (slash) {
        char *end;
        if (!isdigit((unsigned char)slash[1]))
            return false;
        unsigned long bits = strtoul(slash + 1, &end, 10);
        if (*end || bits > c.bits)
            return false;
        c.bits = (unsigned)bits;
    }
    *ret = c;
    return true;
}

bool cidr_parse(const char *text, struct cidr *ret)
{
    if (!read_network(text, ret))
        return false;
    for (unsigned i = 0; i < sizeof ret->address; i++)
        ret->address[i] &= mask(ret->bits, i);
    return true;
}

bool cidr_usual(const char *text, char ret[CIDR_TEXT_MOST])
{
    struct cidr c;
    char host[INET6_ADDRSTRLEN];
    if (!read_network(text, &c) || !inet_ntop(c.family, c.address, host, sizeof host))
        return false;
    snprintf(ret, CIDR_TEXT_MOST, "%s/%u", host, c.bits);
    return true;
}

bool cidr_within(const struct cidr *inner, const struct cidr *outer)
{
    if (inner->family != outer->family || inner->bits < outer->bits)
        return false;
    for (unsigned i = 0; i < sizeof inner->address; i++)
        if ((inner->address[i] & mask(outer->bits, i)) != outer->address[i])
            return false;
    return true;
}
