#include "observe/guard.h"

#include "base/cidr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct guard {
    struct cidr *allowed;
    size_t n;
};

static const struct guard_special {
    const char *network, *why;
} specials[] = {
#define X(family, prefix, bits, why) {prefix "/" #bits, why " (" prefix "/" #bits ")"},
#include "wire/special.def"
#undef X
};
enum { SPECIALS = sizeof(specials) / sizeof(specials[0]) };

static struct cidr special_networks[SPECIALS];
static pthread_once_t specials_once = PTHREAD_ONCE_INIT;

static void specials_read(void)
{
    for (size_t i = 0; i < SPECIALS; i++) {
        if (!cidr_parse(specials[i].network, &special_networks[i]))
            abort(); /* a row of special.def is no network: every test would stop here */
    }
}

int guard_new(struct arena *a, const char *const *networks, size_t n, struct guard **ret, const char **bad)
{
    struct guard *g = arena_alloc(a, sizeof(*g));
    struct cidr *allowed = arena_array(a, n, sizeof(*allowed));

    if (!g || !allowed)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        if (!cidr_parse(networks[i], &allowed[i])) {
            *bad = networks[i];
            return -EINVAL;
        }
    }
    *g = (struct guard){.allowed = allowed, .n = n};
    *ret = g;
    return 0;
}

/* IPv6 addresses that have an IPv4 address in their last 32 bits. */
static const struct cidr mapped = {AF_INET6, 96, {[10] = 0xff, [11] = 0xff}};
static const struct cidr nat64 = {AF_INET6, 96, {0x00, 0x64, 0xff, 0x9b}};

static struct cidr v4_address(const void *octets)
{
    struct cidr c = {.family = AF_INET, .bits = 32};

    memcpy(c.address, octets, 4);
    return c;
}

static const char *denies(const struct guard *g, const struct cidr *addr)
{
    bool is_mapped = cidr_within(addr, &mapped);

    /* A translator connects to the IPv4 address inside (RFC 6052 2.1), so that address decides. */
    if (cidr_within(addr, &nat64)) {
        struct cidr inside = v4_address(addr->address + 12);
        return denies(g, &inside);
    }
    /* No exception applies to a mapped address: the socket would use IPv4, but the rules for IPv4 would not be read. */
    for (size_t i = 0; g && !is_mapped && i < g->n; i++) {
        if (cidr_within(addr, &g->allowed[i]))
            return NULL;
    }
    for (size_t i = 0; i < SPECIALS; i++) {
        if (cidr_within(addr, &special_networks[i]))
            return specials[i].why;
    }
    return NULL;
}

const char *guard_denies(const struct guard *g, const struct sockaddr *addr)
{
    struct cidr c = {.family = AF_INET6, .bits = 128};

    pthread_once(&specials_once, specials_read);
    if (addr->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, addr, sizeof(v4));
        c = v4_address(&v4.sin_addr);
    } else if (addr->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, addr, sizeof(v6));
        memcpy(c.address, v6.sin6_addr.s6_addr, sizeof(c.address));
    } else {
        return "no IP address";
    }
    return denies(g, &c);
}

/* ---------------------------------------------------------------- as ranges -------------------------- */

static bool range_add(struct arena *a, const struct cidr *n, struct texts *ret)
{
    char text[INET6_ADDRSTRLEN];

    inet_ntop(n->family, n->address, text, sizeof(text));
    const char *range = arena_printf(a, "%s/%u", text, n->bits);
    return range && texts_add(a, ret, range);
}

/* Adds the network n without the exceptions in open: halves it until each part is completely inside of an exception or
 * completely outside. An exception adds at most as many ranges as its prefix has bits. */
static bool range_without(struct arena *a, struct cidr n, const struct cidr *open, size_t n_open, struct texts *ret)
{
    bool touched = false;

    for (size_t i = 0; i < n_open; i++) {
        if (cidr_within(&n, &open[i]))
            return true;
        touched = touched || cidr_within(&open[i], &n);
    }
    if (!touched)
        return range_add(a, &n, ret);
    n.bits++;
    if (!range_without(a, n, open, n_open, ret))
        return false;
    n.address[(n.bits - 1) / 8] |= (uint8_t)(0x80 >> (n.bits - 1) % 8);
    return range_without(a, n, open, n_open, ret);
}

/* The IPv6 network by which a translator (NAT64) reaches the IPv4 network. */
static struct cidr translated(const struct cidr *v4)
{
    struct cidr n = nat64;

    n.bits += v4->bits;
    memcpy(n.address + 12, v4->address, 4);
    return n;
}

int guard_forbidden(struct arena *a, const struct guard *g, struct texts *ret)
{
    size_t n = g ? g->n : 0, n_open = 0;
    /* Room for each exception, its network behind a translator, and the two prefixes of mapped and translated
     * addresses. Those two are left out of the last loop, since the IPv4 rows decide about them. */
    struct cidr *open = arena_array(a, 2 * n + 2, sizeof(*open));

    if (!open)
        return -ENOMEM;
    pthread_once(&specials_once, specials_read);
    for (size_t i = 0; i < n; i++) {
        if (g->allowed[i].family == AF_INET)
            open[n_open++] = translated(&g->allowed[i]);
    }
    size_t n_translated = n_open;
    bool ok = range_add(a, &mapped, ret);
    for (size_t i = 0; ok && i < SPECIALS; i++) {
        if (special_networks[i].family == AF_INET)
            ok = range_without(a, translated(&special_networks[i]), open, n_translated, ret);
    }
    for (size_t i = 0; i < n; i++)
        open[n_open++] = g->allowed[i];
    open[n_open++] = mapped;
    open[n_open++] = nat64;
    for (size_t i = 0; ok && i < SPECIALS; i++)
        ok = range_without(a, special_networks[i], open, n_open, ret);
    return ok ? 0 : -ENOMEM;
}
