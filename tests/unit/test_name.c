#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "wire/name.h"
#include "wire/name_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = arena_new(0);
    return arena ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static struct name read_n(const char *input, size_t n)
{
    struct name name;
    assert_int_equal(name_read(arena, input, n, &name), 0);
    return name;
}

static struct name reading(const char *input)
{
    return read_n(input, strlen(input));
}

static void accepted(void **state)
{
    (void)state;
    static const struct {
        const char *input, *domain, *registrable;
        bool wildcard;
    } rows[] = {
        {"shop.example.com", "shop.example.com", "example.com", false},
        {"*.Example.COM.", "example.com", "example.com", true},
        {"a.b.c.d.e.f.g.h.example.co.uk", "a.b.c.d.e.f.g.h.example.co.uk", "example.co.uk", false},
        {"Bücher.example.de", "xn--bcher-kva.example.de", "example.de", false},
        {"faß.de", "xn--fa-hia.de", "xn--fa-hia.de", false},
        {"XN--BCHER-KVA.de", "xn--bcher-kva.de", "xn--bcher-kva.de", false},
        {"www。example．com｡", "www.example.com", "example.com", false},
        {"пример.рф", "xn--e1afmkfd.xn--p1ai", "xn--e1afmkfd.xn--p1ai", false},
        /* Suffixes of the private section do not count; exceptions to wildcard rules do. */
        {"dcvd.github.io", "dcvd.github.io", "github.io", false},
        {"x.www.ck", "x.www.ck", "www.ck", false},
        {"a.b.nes.buskerud.no", "a.b.nes.buskerud.no", "b.nes.buskerud.no", false},
        {"a--b.com", "a--b.com", "a--b.com", false},
        {"0.com", "0.com", "0.com", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct name n = reading(rows[i].input);
        if (n.code != CODE_NONE)
            fail_msg("%s: %s", rows[i].input, n.reason);
        assert_string_equal(n.domain, rows[i].domain);
        assert_string_equal(n.registrable, rows[i].registrable);
        assert_true(n.wildcard == rows[i].wildcard);
        assert_false(n.is_ip);
        assert_null(n.reason);
        assert_null(n.suggestion);
    }
}

/* UTS 46 makes valid what IDNA 2008 does not allow (symbols) or, in the version of libidn2, does not know
 * (letters of Unicode 12 to 14), as they are typed and as A-labels. */
static void symbols(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"☕", "xn--53h"},
        {"xn--53h", "xn--53h"},
        {"XN--LS8H", "xn--ls8h"},
        {"💩", "xn--ls8h"},
        {"¡", "xn--7a"},
        {"xn--7a", "xn--7a"},
        {"xn--pkf", "xn--pkf"}, /* U+19DA, not a letter since Unicode 4.1 */
        {"I♥NY", "xn--iny-zx5a"},
        {"ｘn--53h", "xn--53h"},
        {"☕\xef\xb8\x8f", "xn--53h"}, /* with a selector of its look */
        {"☕e\xcc\x81", "xn--9ca541q"},
        {"xn--1ch", "xn--1ch"},                           /* U+2260, valid since 15.1 */
        {"xn--jgb1694kz0b2176a", "xn--jgb1694kz0b2176a"}, /* all from right to left, with a number */
        {"xn--zca4946pblnc", "xn--zca4946pblnc"},         /* with a sharp s */
        {"𝌠ß\xf0\x96\xab\xb1", "xn--zca4946pblnc"},
        {"☕ς☕", "xn--3xa786oba"},
        {"☕ꀀß", "xn--zca561qit7f"}, /* a Yi syllable beside what is hidden behind one */
        {"xn--p9ut19m", "xn--p9ut19m"},
        {"☕क\xe0\xa5\x8d\xe2\x80\x8d", "xn--11b6iy14enqf"}, /* a joiner behind a virama */
        {"א☕א", "xn--4dba698v"},
        {"Fußball", "xn--fuball-cta"},
        {"FUẞBALL", "xn--fuball-cta"},
        {"ẞ", "xn--zca"},
        {"☕ẞ", "xn--zca561q"},
        {"straßE", "xn--strae-oqa"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char typed[80], domain[80];
        snprintf(typed, sizeof typed, "%s.com", rows[i][0]);
        snprintf(domain, sizeof domain, "%s.com", rows[i][1]);
        struct name n = reading(typed);
        if (n.code != CODE_NONE)
            fail_msg("%s: %s", typed, n.reason);
        assert_string_equal(n.domain, domain);
        assert_string_equal(reading(domain).domain, domain);
    }
    static const char *const not [][2] = {
        {"xn--53H-", "hyphen"},
        {"xn--53", "encodes no text"},
        {"xn--53h0", "encodes no text"},
        {"xn---53h", "encodes no text"},
        {"xn--tsh", "a character that domain names may not have"}, /* U+2488, mapped to 1 and a dot */
        {"xn--kkg", "a character that domain names may not have"}, /* U+1E9E, which is mapped */
        {"👨\xe2\x80\x8d👩", "invisible joiner"},
        {"xn--1ugz855pea", "invisible joiner"}, /* the same */
        {"☕\xe2\x80\x8c☕", "invisible joiner"},
        {"☕א", "from right to left"},
        {"א☕", "from right to left"},
        {"אa☕א", "from right to left"},
        {"xn--4db536n", "from right to left"},
        {"\xe2\x83\x9d☕", "combining mark"},
        {"-☕", "hyphen"},
        {"☕-", "hyphen"},
        {"ab--☕", "third and fourth"},
        {"☕\xf0\xb2\xae\x9a", "domain names may not have"}, /* U+32B9A, of Unicode 15 */
    };
    for (size_t i = 0; i < sizeof not / sizeof *not ; i++) {
        char typed[80];
        snprintf(typed, sizeof typed, "%s.com", not [i][0]);
        struct name n = reading(typed);
        if (n.code != CODE_dns_invalid_domain || !strstr(n.reason, not [i][1]))
            fail_msg("%s: %s", typed, n.reason ? n.reason : n.domain);
    }
    char typed[200] = "☕";
    for (int i = 0; i < 53; i++)
        strcat(typed, "a");
    strcat(typed, ".com");
    assert_int_equal(reading(typed).code, CODE_NONE);
    assert_int_equal(strlen(reading(typed).domain), 63 + 4);
    memmove(typed + 1, typed, strlen(typed) + 1);
    *typed = 'a';
    assert_non_null(strstr(reading(typed).reason, "longer than 63 characters"));
}

static bool same(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

/* A name in small letters is read by a faster function than one in capitals: both give the same. */
static void short_way(void **state)
{
    (void)state;
    static const char signs[] = "ab0.-1nx.";
    static const char *const ends[] = {"",        "com",   ".com", ".co.uk", ".example.com",
                                       ".www.ck", ".test", ".0",   "-.de"};
    uint32_t random = 1;
    for (unsigned round = 0; round < 20000; round++) {
        char small[100] = "", large[100];
        size_t n = round % 11;
        for (size_t i = 0; i < n; i++) {
            random = random * 1664525 + 1013904223;
            small[i] = signs[(random >> 16) % (sizeof signs - 1)];
        }
        if (round % 50 == 0) /* labels with about the greatest length and more */
            memset(small, 'a', n = 58 + n);
        strcpy(small + n, ends[(random >> 24) % (sizeof ends / sizeof *ends)]);
        for (size_t i = 0; i <= strlen(small); i++)
            large[i] = small[i] >= 'a' ? (char)(small[i] & ~0x20) : small[i];
        struct name a = reading(small), b = reading(large);
        if (a.code != b.code || a.cause != b.cause || a.is_ip != b.is_ip || !same(a.domain, b.domain) ||
            !same(a.registrable, b.registrable) || !same(a.suggestion, b.suggestion))
            fail_msg("%s: %s, %s", small, a.reason ? a.reason : a.domain, b.reason ? b.reason : b.domain);
    }
}

static void refused(void **state)
{
    (void)state;
    static const struct {
        const char *input, *reason, *suggestion;
    } rows[] = {
        {"", "it is empty", NULL},
        {" \t ", "it consists of blanks", NULL},
        {"\xc2\xa0shop.example.com\r\n", "a blank stands before it", "shop.example.com"},
        {"Example.com ", "a blank stands after it", "example.com"},
        {"shop example.com", "a blank (a space) at character 5", NULL},
        {"https://Shop.example.com:8443/path?q", "begins with \"https://\"", "shop.example.com"},
        {"http://[2606:4700::1111]:80/", "begins with \"http://\"", "2606:4700::1111"},
        {"shop.example.com/x\xe2\x80\xaez",
         "character 19 is an invisible control character (\\xe2\\x80\\xae)", "shop.example.com"},
        {"shop.example.com/index", "\"/index\" at character 17 is a path", "shop.example.com"},
        {"admin@example.com", "an @ at character 6", "example.com"},
        {"example.com:443", "a port, \":443\"", "example.com"},
        {"[2606:4700::1111]:443", "a port, \":443\"", "2606:4700::1111"},
        {"2606:4700::1111::", "no IPv6 address", NULL},
        {"fe80::1%eth0", "no IPv6 address", NULL},
        {"\"example.com\"", "has \"\"\" at its character 1", "example.com"},
        {".example.com", "begins with a dot", "example.com"},
        {"example.com...", "ends with more than one dot", "example.com"},
        {"shop..example.com", "label 2 is empty: there are two dots in a row at character 5", NULL},
        {".", "the root", NULL},
        {"*", "a * alone", NULL},
        {"*.", "a * alone", NULL},
        {"w*.example.com", "label 1, \"w*\", has a * at its character 2", NULL},
        {"*.*.example.com", "label 2, \"*\", has a *", NULL},
        {"_dnsauth.shop.example.com", "label 1, \"_dnsauth\", has an underscore at its character 1",
         "shop.example.com"},
        {"my_shop.example.com", "has an underscore at its character 3", NULL},
        {"my_bücher.example.com", "has an underscore at its character 3", NULL},
        {"bü＿r.example.com", "has", NULL},
        {"shöp!.example.com", "has \"!\" at its character 5", NULL},
        {"-shop.example.com", "\"-shop\", begins with a hyphen", NULL},
        {"shop-.example.com", "\"shop-\", ends with a hyphen", NULL},
        {"ab--cd.example.com", "hyphens as its third and fourth character", NULL},
        {"xn--zzzzzz.example.com", "begins with xn-- but", NULL},
        {"ｘn--zzzzzz.example.com", "begins with xn-- but", NULL},
        {"xn--.example.com", "\"xn--\", ends with a hyphen", NULL},
        {"shop\xee\x80\x80.example.com", "has \"\xee\x80\x80\" (U+E000) at its character 5", NULL},
        {"☕\xe2\x81\xa2.example.com", "has \"\xe2\x81\xa2\" (U+2062) at its character 2", NULL},
        {"⑴.example.com", "has a sign that stands for \"(\"", NULL},
        {"☕⑴.example.com", "has a sign that stands for \"(\"", NULL},
        {"\xcc\x80"
         "a.example.com",
         "combining mark", NULL},
        {"\xd7\x90"
         "a.example.com",
         "from right to left", NULL},
        {"\xc2\xad.example.com", "invisible characters alone", NULL},
        {"shop\xff.example.com", "character 5 is the byte \\xff, which is not UTF-8", NULL},
        {"*.8.8.8.8", "not for addresses", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct name n = reading(rows[i].input);
        if (n.code != CODE_dns_invalid_domain || n.cause != CAUSE_name_invalid ||
            !strstr(n.reason, rows[i].reason))
            fail_msg("%s: code %d, reason %s", rows[i].input, (int)n.code, n.reason ? n.reason : "-");
        assert_null(n.domain);
        if (!rows[i].suggestion != !n.suggestion ||
            (n.suggestion && strcmp(n.suggestion, rows[i].suggestion)))
            fail_msg("%s: suggestion %s", rows[i].input, n.suggestion ? n.suggestion : "-");
    }
    struct name n = read_n("shop\0.example.com", 17);
    assert_int_equal(n.code, CODE_dns_invalid_domain);
    assert_non_null(strstr(n.reason, "character 5 is an invisible control character (\\x00)"));
}

/* 63 and 253 bytes are allowed, one more is not; and a huge text is refused without much work. */
static void lengths(void **state)
{
    (void)state;
    char text[300];
    memset(text, 'a', sizeof text);
    for (int i = 63; i < 250; i += 64)
        text[i] = '.';
    memcpy(text + 249, ".com", 5);
    assert_int_equal(strlen(text), 253);
    assert_int_equal(reading(text).code, CODE_NONE);
    memcpy(text + 249, "a.com", 6);
    struct name n = reading(text);
    assert_int_equal(n.code, CODE_dns_invalid_domain);
    assert_non_null(strstr(n.reason, "longer than 253 characters (254 as typed)"));
    memset(text, 'a', 64);
    memcpy(text + 64, ".com", 5);
    n = reading(text);
    assert_int_equal(n.code, CODE_dns_invalid_domain);
    assert_non_null(strstr(n.reason, "is 64 characters long; 63 are the most"));
    assert_int_equal(reading(text + 1).code, CODE_NONE);

    size_t much = 100000;
    char *big = malloc(much);
    assert_non_null(big);
    for (size_t i = 0; i < much; i++)
        big[i] = i % 2 ? '.' : 'a';
    n = read_n(big, much);
    assert_int_equal(n.code, CODE_dns_invalid_domain);
    assert_true(strlen(n.reason) < 400);
    memset(big, '*', much);
    assert_true(strlen(read_n(big, much).reason) < 400);
    memset(big, '/', much);
    assert_true(strlen(read_n(big, much).reason) < 400);
    free(big);
}

static void internal(void **state)
{
    (void)state;
    static const struct {
        const char *input, *domain, *reason;
        enum cause cause;
    } rows[] = {
        {"intranet", "intranet", "single label", CAUSE_name_internal},
        {"localhost", "localhost", "the machine itself", CAUSE_name_internal},
        {"*.Corp.LOCAL", "corp.local", "local network", CAUSE_name_internal},
        {"router.home.arpa.", "router.home.arpa", "home networks", CAUSE_name_internal},
        {"1.2.0.192.in-addr.arpa", "1.2.0.192.in-addr.arpa", "reverse names", CAUSE_name_internal},
        {"abcdefgh.onion", "abcdefgh.onion", "validation methods of their own", CAUSE_name_internal},
        {"shop.notatld", "shop.notatld", "notatld is no top-level domain", CAUSE_name_internal},
        {"256.1.1.1", "256.1.1.1", "no IPv4 address", CAUSE_name_internal},
        {"com", "com", "public suffix", CAUSE_name_is_public_suffix},
        {"*.co.uk", "co.uk", "public suffix", CAUSE_name_is_public_suffix},
        {"anything.ck", "anything.ck", "public suffix", CAUSE_name_is_public_suffix},
        {"10.1.2.3", "10.1.2.3", "private (10.0.0.0/8)", CAUSE_name_internal},
        {"１２７.0.0.1", "127.0.0.1", "loopback (127.0.0.0/8)", CAUSE_name_internal},
        {"100.127.255.255", "100.127.255.255", "shared by carriers", CAUSE_name_internal},
        {"255.255.255.255", "255.255.255.255", "broadcast", CAUSE_name_internal},
        {"[::1]", "::1", "loopback", CAUSE_name_internal},
        {"::ffff:8.8.8.8", "::ffff:8.8.8.8", "in disguise", CAUSE_name_internal},
        {"2001:DB8::0:1", "2001:db8::1", "documentation", CAUSE_name_internal},
        {"fd00::1", "fd00::1", "private", CAUSE_name_internal},
        {"5f00::1", "5f00::1", "segment routing", CAUSE_name_internal},
        {"5eff::1", "5eff::1", "outside", CAUSE_name_internal},
        {"2620:4f:8000::1", "2620:4f:8000::1", "AS112 (2620:4f:8000::/48)", CAUSE_name_internal},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct name n = reading(rows[i].input);
        if (n.code != CODE_internal_names_not_allowed || n.cause != rows[i].cause ||
            !strstr(n.reason, rows[i].reason))
            fail_msg("%s: code %d, reason %s", rows[i].input, (int)n.code, n.reason ? n.reason : "-");
        assert_string_equal(n.domain, rows[i].domain);
        bool unlisted = strstr(n.reason, "is no top-level domain of") != NULL;
        assert_int_equal(n.top != NULL, unlisted);
        assert_int_equal(n.registrable != NULL, unlisted);
    }
    struct name n = reading("*.a.b.Shop.NotATLD.");
    assert_string_equal(n.top, "notatld");
    assert_string_equal(n.registrable, "shop.notatld");
    assert_true(n.wildcard);
}

/* All rows of the IANA IPv4 and IPv6 special-purpose address registries: both ends of each are refused, and
 * the address before and behind it is not, but where it belongs to another row or lies outside of 2000::/3.
 */
static void special_registries(void **state)
{
    (void)state;
    static const struct {
        const char *before, *first, *last, *behind;
    } rows[] = {
        {NULL, "0.0.0.0", "0.255.255.255", "1.0.0.0"},
        {"9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"},
        {"100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"},
        {"126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"},
        {"169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"},
        {"172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"},
        {"191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0"},
        {NULL, "192.0.0.0", "192.0.0.7", NULL},
        {NULL, "192.0.0.8", "192.0.0.10", NULL},
        {NULL, "192.0.0.170", "192.0.0.171", NULL},
        {"192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0"},
        {"192.31.195.255", "192.31.196.0", "192.31.196.255", "192.31.197.0"},
        {"192.52.192.255", "192.52.193.0", "192.52.193.255", "192.52.194.0"},
        {"192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0"},
        {"192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"},
        {"192.175.47.255", "192.175.48.0", "192.175.48.255", "192.175.49.0"},
        {"198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0"},
        {"198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0"},
        {"203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0"},
        {"223.255.255.255", "224.0.0.0", "239.255.255.255", NULL},
        {NULL, "240.0.0.0", "255.255.255.255", NULL},
        {NULL, "::", "::1", NULL},
        {NULL, "::ffff:0:0", "::ffff:ffff:ffff", NULL},
        {NULL, "64:ff9b::", "64:ff9b::ffff:ffff", NULL},
        {NULL, "64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", NULL},
        {NULL, "100::", "100::ffff:ffff:ffff:ffff", NULL},
        {NULL, "100:0:0:1::", "100::1:ffff:ffff:ffff:ffff", NULL},
        {NULL, "2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::"},
        {NULL, "2001:1::1", "2001:1::3", NULL},
        {NULL, "2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", NULL},
        {NULL, "2001:3::", "2001:3:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
        {NULL, "2001:4:112::", "2001:4:112:ffff:ffff:ffff:ffff:ffff", NULL},
        {NULL, "2001:10::", "2001:1f:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
        {NULL, "2001:20::", "2001:2f:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
        {NULL, "2001:30::", "2001:3f:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
        {"2001:db7:ffff::", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::"},
        {"2001:ffff::", "2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2003::"},
        {"2620:4f:7fff:ffff:ffff:ffff:ffff:ffff", "2620:4f:8000::", "2620:4f:8000:ffff:ffff:ffff:ffff:ffff",
         "2620:4f:8001::"},
        {"3ffe:ffff::", "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::"},
        {NULL, "5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
        {NULL, "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
        {NULL, "fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const in[] = {rows[i].first, rows[i].last}, *const out[] = {rows[i].before,
                                                                                rows[i].behind};
        for (size_t k = 0; k < 2; k++) {
            if (reading(in[k]).code != CODE_internal_names_not_allowed)
                fail_msg("%s is accepted", in[k]);
            if (out[k] && reading(out[k]).code != CODE_NONE)
                fail_msg("%s is refused: %s", out[k], reading(out[k]).reason);
        }
    }
}

static void addresses(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"8.8.8.8", "8.8.8.8"},
        {"9.255.255.255.", "9.255.255.255"},
        {"100.128.0.0", "100.128.0.0"},
        {"172.32.0.1", "172.32.0.1"},
        {"[2606:4700:0::1111]", "2606:4700::1111"},
        {"2001:200::1", "2001:200::1"},
        {"3ffe::1", "3ffe::1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct name n = reading(rows[i][0]);
        if (n.code != CODE_NONE)
            fail_msg("%s: %s", rows[i][0], n.reason);
        assert_true(n.is_ip);
        assert_string_equal(n.domain, rows[i][1]);
        assert_null(n.registrable);
        assert_true(name_is_ip(n.domain));
    }
    assert_true(name_is_ip("192.0.2.1."));
    assert_false(name_is_ip("192.0.2"));
    assert_false(name_is_ip("192.0.2.1.example"));
    assert_false(name_is_ip(""));
}

static void comparing(void **state)
{
    (void)state;
    assert_true(name_equal("Shop.example.com.", "shop.EXAMPLE.com"));
    assert_false(name_equal("a\\.", "a")); /* the escaped dot is a part of the label */
    assert_true(name_within("a.example.com", "Example.com."));
    assert_true(name_within("example.com", "example.com."));
    assert_true(name_within("example.com.", "."));
    assert_false(name_within("badexample.com", "example.com"));
    assert_false(name_within("a\\.example.com", "example.com"));
    assert_false(name_within("com", "example.com"));
    assert_string_equal(name_parent("a\\.b.example.com."), "example.com.");
    assert_null(name_parent("com."));
    assert_null(name_parent("."));
    assert_int_equal(name_labels("a\\.b.\\046c.com."), 3);
    assert_int_equal(name_labels("."), 0);
    const char *name = "_dnsauth.WWW.Example.Co.UK.";
    assert_ptr_equal(name_registrable(name), name + 13);
    assert_null(name_registrable("co.uk."));
    assert_null(name_registrable("shop.notatld"));
    assert_true(name_is_public_suffix("Co.UK."));
    assert_false(name_is_public_suffix("github.io"));
    assert_false(name_is_public_suffix("notatld"));
    /* A label with a longer text than any in the suffix list does not disturb the labels after it. */
    char text[1024] = "x.";
    for (int i = 0; i < 100; i++)
        strcat(text, "\\000");
    strcat(text, ".example.com.");
    assert_string_equal(name_registrable(text), "example.com.");
    assert_true(name_is_host("xn--a.example-1.com."));
    assert_false(name_is_host("a..b"));
    assert_false(name_is_host("a.b.."));
    assert_false(name_is_host("-a.b"));
    assert_false(name_is_host("a_b.c"));
    assert_false(name_is_host("."));
}

static void showing(void **state)
{
    (void)state;
    assert_string_equal(name_display(arena, "www.xn--bcher-kva.de"), "www.bücher.de");
    assert_string_equal(name_display(arena, "www.example.com"), "www.example.com");
    assert_string_equal(name_display(arena, "xn--zzzzzz.com"), "xn--zzzzzz.com");
    static const struct {
        const char *in;
        size_t n, most;
        const char *out;
    } rows[] = {
        {"plain ü 💩", 13, 99, "plain ü 💩"},
        {"a\0b\n\x1b[2J", 8, 99, "a\\x00b\\x0a\\x1b[2J"},
        {"\xc2\x9b\xff\xc0\xaf\xed\xa0\x80", 8, 99, "\\xc2\\x9b\\xff\\xc0\\xaf\\xed\\xa0\\x80"},
        {"\xe2\x80\xae"
         "abc\xd8\x9c",
         8, 99, "\\xe2\\x80\\xaeabc\\xd8\\x9c"},
        {"\xe2\x82", 2, 99, "\\xe2\\x82"},
        {"abcdef", 6, 6, "abcdef"},
        {"abcdefg", 7, 6, "abcdef…"},
        {"abcdeü", 7, 6, "abcde…"},
        {"abc\n", 4, 6, "abc…"},
        {"", 0, 0, ""},
        {"x", 1, 0, "…"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(text_escape(arena, rows[i].in, rows[i].n, rows[i].most), rows[i].out);
}

static void no_memory(void **state)
{
    (void)state;
    struct name n = {.reason = "untouched"};
    struct arena *small = arena_new(1);
    if (!small)
        return;
    assert_int_equal(name_read(small, "shop..example.com", 17, &n), -12);
    assert_int_equal(name_read(small, "example.com", 11, &n), -12);
    assert_string_equal(n.reason, "untouched");
    arena_free(small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepted),
        cmocka_unit_test(symbols),
        cmocka_unit_test(short_way),
        cmocka_unit_test(refused),
        cmocka_unit_test(lengths),
        cmocka_unit_test(internal),
        cmocka_unit_test(special_registries),
        cmocka_unit_test(addresses),
        cmocka_unit_test(comparing),
        cmocka_unit_test(showing),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
