#include "base/addr.h"
#include "observe/guard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const char *why(const struct guard *g, const char *text)
{
    struct addr a;

    assert_int_equal(addr_parse(text, 80, &a), 0);
    return guard_denies(g, &a.sa);
}

static void special_addresses_are_denied(void **state)
{
    static const struct {
        const char *addr, *why; /* why: NULL where the address is allowed */
    } rows[] = {
        {"9.255.255.255", NULL},
        {"10.0.0.0", "private (10.0.0.0/8)"},
        {"10.255.255.255", "private (10.0.0.0/8)"},
        {"11.0.0.0", NULL},
        {"0.0.0.0", "means this host, not an address (0.0.0.0/8)"},
        {"100.63.255.255", NULL},
        {"100.64.0.0", "shared by carriers behind their NAT (100.64.0.0/10)"},
        {"100.127.255.255", "shared by carriers behind their NAT (100.64.0.0/10)"},
        {"100.128.0.0", NULL},
        {"127.0.0.1", "loopback (127.0.0.0/8)"},
        {"169.254.169.254", "link-local (169.254.0.0/16)"}, /* the metadata service of cloud providers */
        {"172.31.255.255", "private (172.16.0.0/12)"},
        {"172.32.0.0", NULL},
        {"198.17.255.255", NULL},
        {"198.19.255.255", "reserved for benchmarks (198.18.0.0/15)"},
        {"255.255.255.255", "broadcast (255.255.255.255/32)"},
        {"223.255.255.255", NULL},
        {"2600::1", NULL},
        {"3ffe:ffff::1", NULL},
        {"3fff:fff::1", "reserved for documentation (3fff::/20)"},
        {"3fff:1000::1", NULL},
        {"2001:1ff::1", "reserved for protocols (2001::/23)"},
        {"2001:200::1", NULL},
        {"2620:4f:7fff:ffff::1", NULL},
        {"2620:4f:8000:ffff::1", "reserved for AS112 (2620:4f:8000::/48)"},
        {"2620:4f:8001::1", NULL},
        {"2002:808:808::1", "6to4 (2002::/16)"},
        {"::1", "loopback (::1/128)"},
        {"fd00::1", "private (fc00::/7)"},
        {"fec0::1", "outside the global unicast space 2000::/3 (8000::/1)"},
        {"4000::1", "outside the global unicast space 2000::/3 (4000::/2)"},
        {"1fff:ffff::1", "outside the global unicast space 2000::/3 (::/3)"},
        {"::ffff:8.8.8.8", "an IPv4 address in disguise (::ffff:0:0/96)"},
        {"64:ff9b::8.8.8.8", NULL},
        {"64:ff9b::10.1.2.3", "private (10.0.0.0/8)"},
        {"64:ff9b::1:8.8.8.8", "outside the global unicast space 2000::/3 (::/3)"},
        {"64:ff9b:1::8.8.8.8", "local translators (64:ff9b:1::/48)"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *said = why(NULL, rows[i].addr);
        print_message("%s: %s\n", rows[i].addr, said ? said : "may be connected to");
        if (rows[i].why)
            assert_string_equal(said, rows[i].why);
        else
            assert_null(said);
    }
    assert_string_equal(guard_denies(NULL, &(struct sockaddr){.sa_family = AF_UNIX}), "no IP address");
}

static void exceptions_open_their_network_alone(void **state)
{
    static const char *const nets[] = {"10.1.0.0/15", "127.0.0.1", "fd00:1::/32", "::ffff:10.1.0.0/112",
                                       "192.168.0.0/31"};
    struct arena *a = arena_new(0);
    struct guard *g;
    const char *bad;

    (void)state;
    assert_int_equal(guard_new(a, nets, 5, &g, &bad), 0);
    assert_null(why(g, "10.0.255.255"));
    assert_null(why(g, "10.1.255.255"));
    assert_non_null(why(g, "10.2.0.0"));
    assert_null(why(g, "127.0.0.1"));
    assert_non_null(why(g, "127.0.0.2"));
    assert_null(why(g, "fd00:1:ffff::1"));
    assert_non_null(why(g, "fd00:2::1"));
    assert_null(why(g, "192.168.0.1"));
    assert_non_null(why(g, "192.168.0.2"));
    assert_null(why(g, "64:ff9b::10.1.2.3"));
    assert_non_null(why(g, "::ffff:10.1.2.3"));
    arena_free(a);
}

static void a_network_that_cannot_be_read_is_named(void **state)
{
    static const char *const texts[] = {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8x", "10.0.0/8",
                                        "fd00::/129",  "",          "/8",          "10.0.0.0/-1"};
    struct arena *a = arena_new(0);

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const char *list[] = {"fd00::/0", texts[i]}, *bad = NULL;
        struct guard *g;
        print_message("'%s'\n", texts[i]);
        assert_int_equal(guard_new(a, list, 2, &g, &bad), -EINVAL);
        assert_ptr_equal(bad, texts[i]);
    }
    arena_free(a);
}

static void addresses_are_read_and_written(void **state)
{
    static const struct {
        const char *in, *out; /* out: NULL where the text is no address */
    } rows[] = {
        {"192.0.2.53", "192.0.2.53:53"},
        {"192.0.2.53:5353", "192.0.2.53:5353"},
        {"2001:db8::1", "[2001:db8::1]:53"},
        {"[2001:db8::1]", "[2001:db8::1]:53"},
        {"[2001:db8::1]:1", "[2001:db8::1]:1"},
        {"192.0.2.53:0", NULL},
        {"192.0.2.53:65536", NULL},
        {"192.0.2.53:", NULL},
        {"[192.0.2.53]:53", NULL},
        {"[::1", NULL},
        {"::1]:53", NULL},
        {"ns.example.com", NULL},
        {"", NULL},
        {"[::1]53", NULL},
        {"192.0.2.53:+1", NULL},
        {"fe80::1%eth0", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char buf[ADDR_TEXT_MOST];
        struct addr a;
        int r = addr_parse(rows[i].in, 53, &a);
        print_message("'%s': %d\n", rows[i].in, r);
        assert_int_equal(r, rows[i].out ? 0 : -EINVAL);
        if (r == 0) {
            addr_text(&a, buf);
            assert_string_equal(buf, rows[i].out);
        }
    }
}

/* ---- the same as ranges */

static bool range_holds(const char *range, const struct addr *addr)
{
    struct arena *a = arena_new(0);
    struct addr first;
    const char *slash = strchr(range, '/');
    unsigned bits = (unsigned)strtoul(slash + 1, NULL, 10);

    assert_int_equal(addr_parse(arena_strndup(a, range, (size_t)(slash - range)), 53, &first), 0);
    arena_free(a);
    if (first.sa.sa_family != addr->sa.sa_family)
        return false;
    bool v6 = first.sa.sa_family == AF_INET6;
    const uint8_t *p = v6 ? first.v6.sin6_addr.s6_addr : (const uint8_t *)&first.v4.sin_addr;
    const uint8_t *q = v6 ? addr->v6.sin6_addr.s6_addr : (const uint8_t *)&addr->v4.sin_addr;
    for (unsigned i = 0; i < bits; i++)
        if ((p[i / 8] ^ q[i / 8]) & (0x80 >> i % 8))
            return false;
    return true;
}

static void ranges_say_the_same(const char *const *nets, size_t n)
{
    static const char *const around[] = {
        "10.0.0.0", "127.0.0.0", "192.168.0.0", "224.0.0.0",    "fd00::",         "fd00:1::",   "::",
        "2001::",   "2600::",    "3fff::",      "::ffff:a00:0", "64:ff9b::a00:0", "64:ff9b:1::"};
    struct arena *a = arena_new(0);
    struct guard *g;
    struct texts ranges = {0};
    const char *bad;
    unsigned seed = 1, denied = 0, differ = 0;

    assert_int_equal(guard_new(a, nets, n, &g, &bad), 0);
    assert_int_equal(guard_forbidden(a, g, &ranges), 0);
    print_message("%zu exceptions, %zu ranges\n", n, ranges.n);
    for (unsigned i = 0; i < 3000; i++) {
        struct addr addr;
        assert_int_equal(addr_parse(around[i % (sizeof(around) / sizeof(around[0]))], 53, &addr), 0);
        bool v6 = addr.sa.sa_family == AF_INET6;
        uint8_t *p = v6 ? addr.v6.sin6_addr.s6_addr : (uint8_t *)&addr.v4.sin_addr;
        /* First addresses with a single bit set, then random bits from a random position on. */
        unsigned most = v6 ? 128 : 32, from = (unsigned)rand_r(&seed) % most;
        p[from / 8] ^= (uint8_t)(0x80 >> from % 8);
        for (unsigned bit = from + 1; i % 3 && bit < most; bit++)
            if (rand_r(&seed) & 0x100)
                p[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
        bool held = false;
        for (size_t k = 0; k < ranges.n && !held; k++)
            held = range_holds(ranges.v[k], &addr);
        denied += held;
        if (held != (guard_denies(g, &addr.sa) != NULL)) {
            char text[ADDR_TEXT_MOST];
            addr_text(&addr, text);
            print_error("%s: the ranges say that it is %s\n", text, held ? "forbidden" : "allowed");
            differ++;
        }
    }
    assert_int_equal(differ, 0);
    assert_true(denied > 300 && denied < 2700);
    arena_free(a);
}

static void ranges_are_what_the_guard_denies(void **state)
{
    static const char *const nets[] = {"10.1.2.3/15",    "127.0.0.1",   "fd00:1::/32", "::ffff:10.1.0.0/112",
                                       "192.168.0.0/31", "224.0.0.0/4", "10.0.0.0/9"};
    static const char *const all_v6[] = {"::/0", "64:ff9b::/96"};

    (void)state;
    ranges_say_the_same(NULL, 0);
    ranges_say_the_same(nets, 7);
    ranges_say_the_same(all_v6, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(special_addresses_are_denied),
        cmocka_unit_test(exceptions_open_their_network_alone),
        cmocka_unit_test(a_network_that_cannot_be_read_is_named),
        cmocka_unit_test(addresses_are_read_and_written),
        cmocka_unit_test(ranges_are_what_the_guard_denies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
