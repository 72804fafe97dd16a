#include "observe/guard.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct guard_network {
    int family;
    unsigned bits;
    uint8_t prefix[16];
};

struct guard {
    struct guard_network *allowed;
    size_t n;
};

static const struct guard_special {
    int family;
    const char *prefix;
    unsigned bits;
    const char *why;
} specials[] = {
#define X(family, prefix, bits, why) {family, prefix, bits, why " (" prefix "/" #bits ")"},
#include "wire/special.def"
#undef X
};
enum { SPECIALS = sizeof(specials) / sizeof(specials[0]) };

static struct guard_network special_networks[SPECIALS];
static pthread_once_t specials_once = PTHREAD_ONCE_INIT;

static void specials_read(void)
{
    for (size_t i = 0; i < SPECIALS; i++) {
        struct guard_network *n = &special_networks[i];
        n->family = specials[i].family;
        n->bits = specials[i].bits;
        if (inet_pton(n->family, specials[i].prefix, n->prefix) != 1)
            abort(); /* a row of special.def is not an address: every test would stop here */
    }
}

static bool network_holds(const struct guard_network *n, int family, const uint8_t *addr)
{
    size_t whole = n->bits / 8;
    unsigned rest = n->bits % 8;

    if (n->family != family || memcmp(n->prefix, addr, whole) != 0)
        return false;
    return rest == 0 || ((n->prefix[whole] ^ addr[whole]) >> (8 - rest)) == 0;
}

static bool network_parse(const char *text, struct guard_network *ret)
{
    struct guard_network n = {.family = strchr(text, ':') ? AF_INET6 : AF_INET};
    unsigned most = n.family == AF_INET6 ? 128 : 32;
    char host[INET6_ADDRSTRLEN];
    size_t len = strcspn(text, "/");

    if (len >= sizeof(host))
        return false;
    memcpy(host, text, len);
    host[len] = '\0';
    if (inet_pton(n.family, host, n.prefix) != 1)
        return false;
    n.bits = most;
    if (text[len] == '/') {
        const char *digits = text + len + 1;
        size_t count = strspn(digits, "0123456789");
        if (count == 0 || count > 3 || digits[count] != '\0')
            return false;
        n.bits = (unsigned)strtoul(digits, NULL, 10);
        if (n.bits > most)
            return false;
    }
    *ret = n;
    return true;
}

int guard_new(struct arena *a, const char *const *networks, size_t n, struct guard **ret, const char **bad)
{
    struct guard *g = arena_alloc(a, sizeof(*g));
    struct guard_network *allowed = arena_array(a, n, sizeof(*allowed));

    if (!g || !allowed)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        if (!network_parse(networks[i], &allowed[i])) {
            *bad = networks[i];
            return -EINVAL;
        }
    }
    *g = (struct guard){.allowed = allowed, .n = n};
    *ret = g;
    return 0;
}

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};

static const char *denies(const struct guard *g, int family, const uint8_t *addr)
{
    bool is_mapped = family == AF_INET6 && memcmp(addr, mapped, sizeof(mapped)) == 0;

    /* A translator connects to the IPv4 address inside (RFC 6052 2.1), so that address decides. */
    if (family == AF_INET6 && memcmp(addr, nat64, sizeof(nat64)) == 0)
        return denies(g, AF_INET, addr + sizeof(nat64));
    /* No exception applies to a mapped address: the socket would use IPv4, but the rules for IPv4 would not be read. */
    for (size_t i = 0; g && !is_mapped && i < g->n; i++) {
        if (network_holds(&g->allowed[i], family, addr))
            return NULL;
    }
    for (size_t i = 0; i < SPECIALS; i++) {
        if (network_holds(&special_networks[i], family, addr))
            return specials[i].why;
    }
    return NULL;
}

const char *guard_denies(const struct guard *g, const struct sockaddr *addr)
{
    pthread_once(&specials_once, specials_read);
    if (addr->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, addr, sizeof(v4));
        return denies(g, AF_INET, (const uint8_t *)&v4.sin_addr);
    }
    if (addr->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, addr, sizeof(v6));
        return denies(g, AF_INET6, v6.sin6_addr.s6_addr);
    }
    return "no IP address";
}

/* ---------------------------------------------------------------- as ranges -------------------------- */

static bool range_add(struct arena *a, const struct guard_network *n, struct texts *ret)
{
    char text[INET6_ADDRSTRLEN];

    inet_ntop(n->family, n->prefix, text, sizeof(text));
    const char *range = arena_printf(a, "%s/%u", text, n->bits);
    return range && texts_add(a, ret, range);
}

/* Adds the network n without the exceptions in open: halves it until each part is completely inside of an exception or
 * completely outside. An exception adds at most as many ranges as its prefix has bits. */
static bool range_without(struct arena *a, struct guard_network n, const struct guard_network *open, size_t n_open,
                          struct texts *ret)
{
    bool touched = false;

    for (size_t i = 0; i < n_open; i++) {
        if (open[i].bits <= n.bits && network_holds(&open[i], n.family, n.prefix))
            return true;
        touched = touched || (open[i].bits > n.bits && network_holds(&n, open[i].family, open[i].prefix));
    }
    if (!touched)
        return range_add(a, &n, ret);
    n.bits++;
    if (!range_without(a, n, open, n_open, ret))
        return false;
    n.prefix[(n.bits - 1) / 8] |= (uint8_t)(0x80 >> (n.bits - 1) % 8);
    return range_without(a, n, open, n_open, ret);
}

/* The IPv6 network by which a translator (NAT64) reaches the IPv4 network. */
static struct guard_network translated(const struct guard_network *v4)
{
    struct guard_network n = {.family = AF_INET6, .bits = 96 + v4->bits};

    memcpy(n.prefix, nat64, sizeof(nat64));
    memcpy(n.prefix + sizeof(nat64), v4->prefix, 4);
    return n;
}

int guard_forbidden(struct arena *a, const struct guard *g, struct texts *ret)
{
    size_t n = g ? g->n : 0, n_open = 0;
    /* Room for each exception, its network behind a translator, and the two prefixes of mapped and translated
     * addresses. Those two are left out of the last loop, since the IPv4 rows decide about them. */
    struct guard_network *open = arena_array(a, 2 * n + 2, sizeof(*open));
    struct guard_network whole[2] = {{.family = AF_INET6, .bits = 96}, {.family = AF_INET6, .bits = 96}};

    if (!open)
        return -ENOMEM;
    memcpy(whole[0].prefix, mapped, sizeof(mapped));
    memcpy(whole[1].prefix, nat64, sizeof(nat64));
    pthread_once(&specials_once, specials_read);
    for (size_t i = 0; i < n; i++) {
        if (g->allowed[i].family == AF_INET)
            open[n_open++] = translated(&g->allowed[i]);
    }
    size_t n_translated = n_open;
    bool ok = range_add(a, &whole[0], ret);
    for (size_t i = 0; ok && i < SPECIALS; i++) {
        if (special_networks[i].family == AF_INET)
            ok = range_without(a, translated(&special_networks[i]), open, n_translated, ret);
    }
    for (size_t i = 0; i < n; i++)
        open[n_open++] = g->allowed[i];
    open[n_open++] = whole[0];
    open[n_open++] = whole[1];
    for (size_t i = 0; ok && i < SPECIALS; i++)
        ok = range_without(a, special_networks[i], open, n_open, ret);
    return ok ? 0 : -ENOMEM;
}
