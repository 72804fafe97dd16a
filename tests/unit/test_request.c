#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "arena_fixture.h"
#include "ca/profile.h"
#include "ca/public_cas.h"
#include "format/request.h"
#include "methods/methods.h"
#include "model/time.h"
#include "wire/name.h"

#include <errno.h>
#include <string.h>

#define NOW INT64_C(1795348800000) /* 2026-11-22T12:00:00Z */

/* Makes a request of the fields "name", "value", …, NULL. Returns the error's text, or NULL. */
static const char *make(struct request *r, int dash, ...)
{
    struct input_error e = {0};
    va_list ap;
    va_start(ap, dash);
    request_init(r, NULL, NOW);
    const char *name, *value;
    int err = 0;
    while (!err && (name = va_arg(ap, const char *)) && (value = va_arg(ap, const char *))) {
        const struct request_field *f = request_field_find(name);
        assert_non_null(f);
        err = request_set(arena, r, f, value, strlen(value), &e);
    }
    va_end(ap);
    if (!err)
        err = request_finish(arena, r, &e);
    if (!err)
        return NULL;
    assert_int_equal(err, -EINVAL);
    return input_error_text(arena, &e, dash);
}
#define MAKE(r, ...) make(r, true, __VA_ARGS__, NULL)

static void defaults(void **state)
{
    (void)state;
    struct request r;
    assert_null(MAKE(&r, "domain", "*.Example.com"));
    assert_string_equal(r.input, "*.Example.com");
    assert_string_equal(r.domain, "example.com");
    assert_string_equal(r.adn, "example.com");
    assert_true(r.wildcard);
    assert_int_equal(r.depth, DEPTH_FULL);
    assert_int_equal(r.deadline_ms, 30000);
    assert_int_equal(r.methods, METHOD_BIT(METHOD_CAA));
    assert_int_equal(r.method, METHOD_CAA);
    assert_non_null(r.profile);
}

static unsigned bits(const char *domain, const char *a, const char *av, const char *b, const char *bv)
{
    struct request r;
    assert_null(MAKE(&r, "domain", domain, a, av, b, bv));
    return r.methods;
}

#define TXT METHOD_BIT(METHOD_DNS_TXT_TOKEN)
#define CNAME METHOD_BIT(METHOD_DNS_CNAME_TOKEN)
#define TARGET METHOD_BIT(METHOD_DNS_CNAME_TARGET)
#define FILE_ METHOD_BIT(METHOD_HTTP_TOKEN)
#define DYNAMIC METHOD_BIT(METHOD_HTTP_TOKEN_DYNAMIC)
#define CAA METHOD_BIT(METHOD_CAA)

static void methods_that_the_input_allows(void **state)
{
    (void)state;
    assert_int_equal(bits("example.com", "token", "abc", NULL, NULL), TXT | CNAME | FILE_ | CAA);
    assert_int_equal(bits("*.example.com", "token", "abc", NULL, NULL), TXT | CNAME | CAA);
    assert_int_equal(bits("example.com", "token", "abc", "filename", "a.txt"),
                     TXT | CNAME | FILE_ | DYNAMIC | CAA);
    assert_int_equal(bits("example.com", "auth_key", "k", "csr", "c"), TXT | FILE_ | CAA);
    assert_int_equal(bits("example.com", "auth_key", "k", NULL, NULL), CAA);
    assert_int_equal(bits("example.com", "allow-target", "dcv.example.net.", NULL, NULL), TARGET | CAA);
    assert_int_equal(bits("www.example.com", "token", "abc", "adn", "example.com"), TXT | CNAME | CAA);
    assert_int_equal(bits("example.com", "method", "http-token", "method", "caa"), FILE_ | CAA);
    assert_int_equal(bits("9.9.9.9", "token", "abc", NULL, NULL), FILE_);
}

static void challenges(void **state)
{
    (void)state;
    struct request r;
    assert_null(MAKE(&r, "domain", "example.com", "token", "abc", "method", "dns-cname-token"));
    assert_int_equal(request_challenge(&r), CHALLENGE_RANDOM_VALUE);
    struct request caa = request_for(&r, METHOD_CAA);
    assert_int_equal(request_challenge(&caa), CHALLENGE_NONE);
    assert_null(MAKE(&r, "domain", "example.com", "auth-key-file", "key\n", "csr", "csr\n", "method",
                     "dns-txt-token"));
    assert_int_equal(request_challenge(&r), CHALLENGE_REQUEST_TOKEN);
    assert_int_equal(r.auth_key.n, 3); /* the key is without its final newline; the CSR keeps it */
    assert_int_equal(r.csr.n, 4);
    /* A case file has no key: the list of computed tokens is used instead, even where it is empty. */
    r.auth_key = (struct bytes){0};
    assert_int_equal(request_challenge(&r), CHALLENGE_NONE);
    const char *none[1];
    r.computed.v = none;
    assert_int_equal(request_challenge(&r), CHALLENGE_REQUEST_TOKEN);
    assert_null(MAKE(&r, "domain", "example.com", "method", "dns-txt-token"));
    assert_int_equal(request_challenge(&r), CHALLENGE_NONE);
}

/* Each refusal is one line that names the field, the value and what was expected. */
static void refusals(void **state)
{
    (void)state;
    static const struct {
        const char *field, *value, *other, *other_value, *line;
    } rows[] = {
        {"deadline", "0", 0, 0, "--deadline: '0' is not accepted; expected a number of seconds from 0.1 to 3600"},
        {"deadline", "3600.1", 0, 0, "--deadline: '3600.1' is not"},
        {"deadline", "1e3", 0, 0, "--deadline: '1e3' is not"},
        {"deadline", "-1", 0, 0, "--deadline: '-1' is not"},
        {"deadline", "5.", 0, 0, "--deadline: '5.' is not"},
        {"deadline", "99999999999999999999", 0, 0, "--deadline: '99999999999999999999' is not"},
        {"token", "", 0, 0, "--token: '' is not accepted; expected 1 to 1024 bytes, not 0"},
        {"token", "a b", 0, 0, "--token: 'a b' is not accepted; expected printable ASCII"},
        {"token", "a\033[31m", 0, 0, "--token: 'a\\x1b[31m' is not accepted; expected printable ASCII"},
        {"method", "dns-txt", 0, 0, "--method: 'dns-txt' is not accepted; expected dns-txt-token, dns-cname-token"},
        {"depth", "deep", 0, 0, "--depth: 'deep' is not accepted; expected quick, full"},
        {"purpose", "ssl", 0, 0, "--purpose: 'ssl' is not accepted; expected tls, smime, vmc"},
        {"filename", "../x", 0, 0, "--filename: '../x' is not accepted; expected 1 to 64 letters"},
        {"filename", "..", 0, 0, "--filename: '..' is not"},
        {"now", "yesterday", 0, 0, "--now: 'yesterday' is not accepted; expected a time as 2026-11-22T12:00:00Z"},
        {"now", "1999-12-31T23:59:59Z", 0, 0, "--now: '1999-12-31T23:59:59Z' is not"},
        {"issued", "2026-11-23", 0, 0,
         "--issued: '2026-11-23T00:00:00.000Z' is not accepted; expected a time that is not after now"},
        {"resolver", "dns.example.com", 0, 0, "--resolver: 'dns.example.com' is not accepted; expected an address"},
        {"resolver", "192.0.2.1:0", 0, 0, "--resolver: '192.0.2.1:0' is not"},
        {"resolver", "[192.0.2.1]:53", 0, 0, "--resolver: '[192.0.2.1]:53' is not"},
        {"resolver", "[::1", 0, 0, "--resolver: '[::1' is not"},
        {"allow-net", "10.0.0.0/33", 0, 0, "--allow-net: '10.0.0.0/33' is not accepted; expected a network"},
        {"allow-net", "10.0.0/8", 0, 0, "--allow-net: '10.0.0/8' is not"},
        {"csr", "-----BEGIN EC PRIVATE KEY-----\nMHc", 0, 0,
         "--csr: not accepted; expected a certificate signing request, not a private key"},
        {"token",
         "MIHVMH4CAQAwHDEaMBgGA1UEAwwRcmVxdWVzdC12YWxpZC5jb20wWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARWE4"
         "KV4uayGWzmYg8hYU0/S8BCBjnTKoUiw/ta2oVaOZoCL3XkmyHTTZZtos5792NXP0ybPWZ47WJb67vHSaNyoAAwCgYI"
         "KoZIzj0EAwIDRwAwRAIgTH325XnK+Uh5F9JHLiAC9/rOztU7eKQTtRiqUyUrAxcCIAo7ZbKBussVYU5/J2gswp69J0"
         "NXCT+pOUDT/N86vceK",
         0, 0,
         "--token: 'MIHVMH4CAQAwHDEaMBgGA1UEAwwRcmVxdWVzdC12YWxpZC5j…' is not accepted; expected the random value "
         "of the order; this is a certificate signing request, which csr takes"},
        {"auth_key", "\n", 0, 0,
         "--auth-key-file: not accepted; expected a file with the AuthKey, 1 to 4096 bytes, not 0"},
        {"perspective", "eu@EU=192.0.2.1", 0, 0,
         "--perspective: 'eu@EU=192.0.2.1' is not accepted; expected a region behind the @: "
         "ARIN, RIPE, APNIC, LACNIC or AFRINIC"},
        {"perspective", "eu@=192.0.2.1", 0, 0, "--perspective: 'eu@=192.0.2.1' is not"},
        {"perspective", "@RIPE=192.0.2.1", 0, 0, "--perspective: '@RIPE=192.0.2.1' is not"},
        {"perspective", "eu@RIPE", 0, 0, "--perspective: 'eu@RIPE' is not"},
        {"adn", "com", 0, 0,
         "--adn: 'com' is not accepted; expected shop.example.com or an ancestor of it, down to its "
         "registrable domain example.com"},
        {"adn", "host.local", 0, 0, "--adn: 'host.local' is not"},
        {"adn", "192.0.2.1", 0, 0, "--adn: '192.0.2.1' is not"},
        {"adn", "host.net", "method", "http-token",
         "--adn: 'host.net' is not accepted; expected shop.example.com itself"},
        {"adn", "*.example.com", 0, 0, "--adn: '*.example.com' is not"},
        {"adn", "example.com", "method", "http-token",
         "--adn: 'example.com' is not accepted; expected shop.example.com itself"},
        {"method", "dns-cname-token", "auth_key", "k",
         "--method: 'dns-cname-token' is not accepted; expected a method that takes a request token"},
        {"edited-at", "ns1_example", 0, 0, "--edited-at: 'ns1_example' is not"},
        {"label", "", 0, 0, "--label: '' is not accepted; expected a text of 1 to 200 bytes, not 0"},
        {"label", "a\xff", 0, 0, "--label: 'a\\xff' is not accepted; expected a text of 1 to 200 bytes of UTF-8"},
        {"label", "a\xe2\x80\xae", 0, 0, "--label: 'a\\xe2\\x80\\xae' is not accepted; expected a text of 1 to 200"},
        {"label", "a\n", 0, 0, "--label: 'a\\x0a' is not accepted; expected a text of 1 to 200 bytes of UTF-8"},
        {"issuer", "https://ca.example", 0, 0, "--issuer: 'https://ca.example' is not"},
        {"ca", "no such authority", 0, 0, "--ca: 'no such authority' is not accepted; expected a public CA"},
        {"ca", "cert", 0, 0, "--ca: 'cert' is not accepted; expected one CA; it may be Certainly, "},
        {"ca", "", 0, 0, "--ca: '' is not"},
        {"ca", "sectigo", "method", "dns-txt-token",
         "--method: 'dns-txt-token' is not accepted; expected method caa alone"},
        {"caa-account", "a;b", 0, 0, "--caa-account: 'a;b' is not"},
        {"account-uri", "12345", 0, 0, "--account-uri: '12345' is not accepted; expected a URI"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct request r;
        const char *line = MAKE(&r, "domain", "shop.example.com", rows[i].field, rows[i].value, rows[i].other,
                                rows[i].other_value);
        assert_non_null(line);
        assert_null(strchr(line, '\n'));
        if (strncmp(line, rows[i].line, strlen(rows[i].line)) != 0)
            assert_string_equal(line, rows[i].line);
    }
    struct request r;
    assert_string_equal(make(&r, true, NULL), "DOMAIN: missing; expected the domain to check");
    assert_string_equal(make(&r, false, NULL), "domain: missing; expected the domain to check");
    const char *line = make(&r, false, "domain", "example.com", "allow_net", "x", NULL);
    assert_string_equal(line, "allow_net: 'x' is not accepted; expected a network as 10.0.0.0/8 or fd00::/8");
}

static void long_and_odd_values(void **state)
{
    (void)state;
    struct request r;
    request_init(&r, NULL, NOW);
    struct input_error e;
    static char big[100000];
    memset(big, 'x', sizeof big);
    assert_int_equal(request_set(arena, &r, request_field_find("token"), big, sizeof big, &e), -EINVAL);
    const char *line = input_error_text(arena, &e, true);
    assert_true(strlen(line) < 200);
    assert_non_null(strstr(line, "expected 1 to 1024 bytes, not 100000"));

    assert_int_equal(request_set(arena, &r, request_field_find("depth"), "full\0x", 6, &e), -EINVAL);
    assert_int_equal(e.code, CODE_invalid_chars);
    assert_int_equal(request_set(arena, &r, request_field_find("domain"), "exa\0mple.com", 12, &e), 0);
    assert_int_equal(r.name_code, CODE_dns_invalid_domain);
    assert_null(strchr(r.input, '\n'));
    assert_true(strlen(r.input) > 11);

    for (int i = 0; i < 64; i++)
        assert_int_equal(request_set(arena, &r, request_field_find("resolver"), "::1", 3, &e), 0);
    assert_int_equal(request_set(arena, &r, request_field_find("resolver"), "::1", 3, &e), -EINVAL);
    assert_string_equal(e.expected, "at most 64 of them");
    assert_int_equal(r.resolvers.n, 64);
}

static void values_in_their_usual_form(void **state)
{
    (void)state;
    struct request r;
    assert_null(MAKE(&r, "domain", "example.com", "perspective", "eu@ripe=192.0.2.53", "perspective",
                     "us=192.0.2.54:54"));
    assert_string_equal(r.perspectives.v[0], "eu@RIPE=192.0.2.53:53");
    assert_string_equal(r.perspectives.v[1], "us=192.0.2.54:54");
    assert_null(MAKE(&r, "domain", "example.com", "resolver", "192.0.2.53", "resolver", "2001:DB8::53",
                     "resolver", "[2001:db8:0::54]:5353", "allow-net", "10.0.0.0/8", "allow-net", "::1",
                     "deadline", "0.5", "issuer", "CA.example."));
    assert_string_equal(r.resolvers.v[0], "192.0.2.53:53");
    assert_string_equal(r.resolvers.v[1], "[2001:db8::53]:53");
    assert_string_equal(r.resolvers.v[2], "[2001:db8::54]:5353");
    assert_false(resolvers_recursive(&r.resolvers));
    assert_string_equal(r.allow_net.v[0], "10.0.0.0/8");
    assert_string_equal(r.allow_net.v[1], "::1/128");
    assert_string_equal(r.issuers.v[0], "ca.example");
    assert_int_equal(r.deadline_ms, 500);
    /* "recursive" cannot stand beside any other resolver, not even beside itself. */
    assert_null(MAKE(&r, "domain", "example.com", "resolver", "recursive", "resolver", "recursive"));
    assert_true(resolvers_recursive(&r.resolvers));
    assert_non_null(strstr(MAKE(&r, "domain", "example.com", "resolver", "recursive", "resolver", "::1"),
                           "either addresses or recursive alone"));
    assert_non_null(strstr(MAKE(&r, "domain", "example.com", "resolver", "::1", "resolver", "recursive"),
                           "either addresses or recursive alone"));
}

/* Another CA by any of the names that people know it by. */
static void other_cas(void **state)
{
    (void)state;
    static const struct {
        const char *typed, *name, *first;
    } rows[] = {
        {"Sectigo", "Sectigo", "sectigo.com"},
        {"SECTIGO LIMITED", "Sectigo", "sectigo.com"},
        {"comodo", "Sectigo", "sectigo.com"},
        {"comodoca.com", "Sectigo", "sectigo.com"},
        {"Let's Encrypt", "Let's Encrypt", "letsencrypt.org"},
        {"lets encrypt", "Let's Encrypt", "letsencrypt.org"},
        {"google", "Google Trust Services", "pki.goog"},
        {"globalsign", "GlobalSign", "globalsign.com"},
        {"global", NULL, NULL}, /* GlobalSign, or GLOBALTRUST */
        {"amazonaws.com", NULL, NULL}, /* of two CAs, and the first one of neither */
        {"igo", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct request r;
        const char *line = MAKE(&r, "domain", "example.com", "ca", rows[i].typed);
        assert_int_equal(line != NULL, rows[i].name == NULL);
        if (line)
            continue;
        assert_string_equal(r.ca, rows[i].name);
        assert_string_equal(r.issuers.v[0], rows[i].first);
        assert_int_equal(r.methods, METHOD_BIT(METHOD_CAA));
    }
    struct request r;
    /* The profile's own CA is no other one: its accounts and methods count. */
    assert_null(MAKE(&r, "domain", "example.com", "ca", "geotrust"));
    assert_null(r.ca);
    assert_int_equal(r.issuers.n, 0);
    /* Two CAs in one request: the answer would speak of the one and name the other, in whatever order they stand. */
    static const char both[] =
        "--issuer: 'ca.example' is not accepted; expected either a CA by its name or identifiers";
    const char *line = MAKE(&r, "domain", "example.com", "ca", "sectigo", "issuer", "ca.example");
    assert_non_null(line);
    assert_int_equal(strncmp(line, both, sizeof both - 1), 0);
    line = MAKE(&r, "domain", "example.com", "issuer", "ca.example", "ca", "geotrust");
    assert_non_null(line);
    assert_int_equal(strncmp(line, both, sizeof both - 1), 0);
    assert_string_equal(MAKE(&r, "domain", "example.com", "ca", "sectigo", "ca", "lets encrypt"),
                        "--ca: 'lets encrypt' is not accepted; expected one CA in one request, and Sectigo is named "
                        "already");
    assert_null(MAKE(&r, "domain", "example.com", "issuer", "ca.example", "issuer", "sectigo.com"));
    assert_int_equal(r.issuers.n, 2);
}

/* At least 40 CAs; each is found by its own name, and each identifier is a host name. DigiCert's are those built in. */
static void table_of_cas(void **state)
{
    (void)state;
    assert_true(public_cas_n >= 40);
    for (size_t i = 0; i < public_cas_n; i++) {
        const struct public_ca *ca = &public_cas[i], *near;
        size_t n;
        assert_ptr_equal(public_ca_find(ca->name, &near, 1, &n), ca);
        for (size_t k = 0; k < ca->identifiers.n; k++) {
            assert_true(name_is_host(ca->identifiers.v[k]));
            assert_null(strpbrk(ca->identifiers.v[k], "ABCDEFGHIJKLMNOPQRSTUVWXYZ"));
        }
        assert_int_equal(strncmp(ca->source, "https://", 8), 0);
        if (strcmp(ca->name, "DigiCert") != 0)
            continue;
        assert_int_equal(ca->identifiers.n, profile_builtin()->caa_identifiers.n);
        for (size_t k = 0; k < ca->identifiers.n; k++)
            assert_true(texts_have(&profile_builtin()->caa_identifiers, ca->identifiers.v[k]));
    }
}

/* A domain that the CA refuses is a verdict, not an error, and gets no authorization domain. */
static void refused_names(void **state)
{
    (void)state;
    struct request r;
    assert_null(MAKE(&r, "domain", "https://shop.example.com/", "token", "abc", "adn", "com"));
    assert_int_equal(r.name_code, CODE_dns_invalid_domain);
    assert_string_equal(r.input, "https://shop.example.com/");
    assert_null(MAKE(&r, "domain", "printer.local"));
    assert_int_equal(r.name_code, CODE_internal_names_not_allowed);
}

static void times(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *usual;
    } rows[] = {
        {"2026-11-22T12:00:00Z", "2026-11-22T12:00:00.000Z"},
        {"2026-11-22 12:00:00z", "2026-11-22T12:00:00.000Z"},
        {"2026-11-22", "2026-11-22T00:00:00.000Z"},
        {"2026-11-22T00:30:00.1239+01:00", "2026-11-21T23:30:00.123Z"},
        {"2024-02-29T23:59:60Z", "2024-03-01T00:00:00.000Z"},
        {"1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"},
        {"0000-03-01", "0000-03-01T00:00:00.000Z"},
        {"2000-12-31T16:00:00-08:00", "2001-01-01T00:00:00.000Z"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        dcv_time t;
        char text[25];
        assert_true(time_parse(rows[i].text, &t));
        time_format(t, text);
        assert_string_equal(text, rows[i].usual);
    }
    static const char *const bad[] = {"",
                                      "2026",
                                      "2026-13-01",
                                      "2026-02-29",
                                      "1900-02-29",
                                      "2026-11-22T",
                                      "2026-11-22T12:00:00",
                                      "2026-11-22T24:00:00Z",
                                      "2026-11-22T12:00:00.Z",
                                      "2026-11-22T12:00:00+1:00",
                                      "2026-11-22T12:00:00Zx",
                                      " 2026-11-22",
                                      "2026-1-22",
                                      "+026-11-22"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        dcv_time t;
        assert_false(time_parse(bad[i], &t));
    }
    /* Every day of four centuries, written and read again. */
    for (int64_t day = -30000; day < 120000; day++) {
        dcv_time t;
        char text[25];
        time_format(day * 86400000, text);
        assert_true(time_parse(text, &t));
        assert_true(t == day * 86400000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(methods_that_the_input_allows),
        cmocka_unit_test(challenges),
        cmocka_unit_test(refusals),
        cmocka_unit_test(long_and_odd_values),
        cmocka_unit_test(values_in_their_usual_form),
        cmocka_unit_test(other_cas),
        cmocka_unit_test(table_of_cas),
        cmocka_unit_test(refused_names),
        cmocka_unit_test(times),
    };
    return cmocka_run_group_tests(tests, arena_set_up, arena_tear_down);
}
