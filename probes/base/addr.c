#include "base/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int port_parse(const char *text, in_port_t *ret)
{
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > 5 || text[digits] != '\0')
        return -EINVAL;
    unsigned long port = strtoul(text, NULL, 10);
    if (port == 0 || port > UINT16_MAX)
        return -EINVAL;
    *ret = (in_port_t)port;
    return 0;
}

int addr_parse(const char *text, in_port_t port, struct addr *ret)
{
    char host[INET6_ADDRSTRLEN];
    const char *begin = text, *end, *rest;
    bool bracket = text[0] == '[';

    if (bracket) {
        begin = text + 1;
        end = strchr(begin, ']');
        if (!end)
            return -EINVAL;
        rest = end + 1;
    } else {
        end = strchr(text, ':');
        if (!end || strchr(end + 1, ':')) /* no colon, or several: IPv6 without a port */
            end = text + strlen(text);
        rest = end;
    }
    size_t n = (size_t)(end - begin);
    if (n >= sizeof(host))
        return -EINVAL;
    memcpy(host, begin, n);
    host[n] = '\0';
    if (*rest == ':') {
        int r = port_parse(rest + 1, &port);
        if (r < 0)
            return r;
    } else if (*rest != '\0') {
        return -EINVAL;
    }

    struct addr a;
    memset(&a, 0, sizeof(a)); /* padding bytes are zeroed too, because addresses are hashed */
    if (!bracket && inet_pton(AF_INET, host, &a.v4.sin_addr) == 1) {
        a.v4.sin_family = AF_INET;
        a.v4.sin_port = htons(port);
    } else if (inet_pton(AF_INET6, host, &a.v6.sin6_addr) == 1) {
        a.v6.sin6_family = AF_INET6;
        a.v6.sin6_port = htons(port);
    } else {
        return -EINVAL;
    }
    *ret = a;
    return 0;
}

void addr_text(const struct addr *a, char buf[ADDR_TEXT_MOST])
{
    char host[INET6_ADDRSTRLEN];

    if (a->sa.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &a->v6.sin6_addr, host, sizeof(host));
        snprintf(buf, ADDR_TEXT_MOST, "[%s]:%u", host, ntohs(a->v6.sin6_port));
    } else {
        inet_ntop(AF_INET, &a->v4.sin_addr, host, sizeof(host));
        snprintf(buf, ADDR_TEXT_MOST, "%s:%u", host, ntohs(a->v4.sin_port));
    }
}

const char *addr_usual(struct arena *a, const char *text, in_port_t port)
{
    struct addr addr;
    char usual[ADDR_TEXT_MOST];
    if (addr_parse(text, port, &addr))
        return NULL;
    addr_text(&addr, usual);
    return arena_strdup(a, usual);
}

socklen_t addr_len(const struct addr *a)
{
    return a->sa.sa_family == AF_INET6 ? sizeof(a->v6) : sizeof(a->v4);
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
    if (a->sa.sa_family != b->sa.sa_family)
        return false;
    if (a->sa.sa_family == AF_INET6)
        return a->v6.sin6_port == b->v6.sin6_port &&
               memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof(a->v6.sin6_addr)) == 0;
    return a->v4.sin_port == b->v4.sin_port && a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
}
