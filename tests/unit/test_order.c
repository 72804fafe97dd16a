/* For each offline and policy code of an order: an input that produces it, and a similar one that does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ca/order.h"
#include "ca/order_conf.h"
#include "model/time.h"
#include "wire/suffixes.h"

static struct bytes load(struct arena *a, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", getenv("CSRS"), name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    uint8_t *p = arena_alloc(a, 65536);
    size_t n = fread(p, 1, 65536, f);
    fclose(f);
    return (struct bytes){p, n};
}

static struct bytes text(const char *s)
{
    return (struct bytes){(const uint8_t *)s, strlen(s)};
}

#define TEN "0123456789"
#define SIXTY TEN TEN TEN TEN TEN TEN

/* One order in short form; its lists have one member. */
struct row {
    enum code code; /* the code that is looked for */
    bool found;
    const char *variable; /* of the code; NULL: any */
    enum product product;
    const char *csr, *original, *san, *cn, *org, *unit, *address, *email, *note, *method, *config;
    const char *old_cn, *old_san;
    bool token;
};

static const struct row rows[] = {
    {CODE_csr_invalid_cannot_parse, true, .csr = "broken-signature.der"},
    {CODE_csr_invalid_cannot_parse, true, .csr = "empty-subject.pem"},
    {CODE_csr_invalid_cannot_parse, false, .csr = "p256.der"},
    {CODE_csr_invalid_cannot_parse, false, .csr = "p256.pem"},
    {CODE_csr_invalid_key_size_client_cert, true, .csr = "rsa-1024.pem", .product = PRODUCT_CLIENT},
    {CODE_csr_invalid_key_size_client_cert, false, .csr = "rsa-2048.pem", .product = PRODUCT_CLIENT},
    {CODE_csr_invalid_key_size_client_cert, false, .csr = "rsa-1024.pem", .product = PRODUCT_TLS},
    {CODE_csr_invalid_key_size_code_signing, true, .csr = "rsa-2048.pem", .product = PRODUCT_CODE_SIGNING},
    {CODE_csr_invalid_key_size_code_signing, false, .csr = "rsa-3072.pem", .product = PRODUCT_CODE_SIGNING},
    {CODE_csr_invalid_key_size_code_signing, false, .csr = "p256.pem", .product = PRODUCT_CODE_SIGNING},
    {CODE_csr_safenet_cc_invalid_csr_key_size, true, .csr = "rsa-3072.pem", .product = PRODUCT_SAFENET_CC},
    {CODE_csr_safenet_cc_invalid_csr_key_size, true, .csr = "p384.pem", .product = PRODUCT_SAFENET_CC},
    {CODE_csr_safenet_cc_invalid_csr_key_size, false, .csr = "rsa-4096.pem", .product = PRODUCT_SAFENET_CC},
    {CODE_csr_safenet_cc_invalid_csr_key_size, false, .csr = "p256.pem", .product = PRODUCT_SAFENET_CC},
    {CODE_csr_safenet_fips_requires_ecc_key, true, .csr = "rsa-4096.pem", .product = PRODUCT_SAFENET_FIPS},
    {CODE_csr_safenet_fips_requires_ecc_key, false, .csr = "p384.pem", .product = PRODUCT_SAFENET_FIPS},
    {CODE_rfc5280_common_name_too_long, true, .cn = SIXTY "a.com"},
    {CODE_rfc5280_common_name_too_long, false, .cn = SIXTY ".com"}, /* 64: a note */
    {CODE_rfc5280_common_name_invalid, true, .cn = ""},
    {CODE_rfc5280_common_name_invalid, true, .cn = "Shop of shops"},
    {CODE_rfc5280_common_name_invalid, false, .cn = "Shop of shops", .product = PRODUCT_CLIENT},
    {CODE_rfc5280_common_name_invalid, false, .cn = "*.shop.example.com"},
    {CODE_rfc5280_org_name_too_long, true, .cn = "a.com", .org = SIXTY "12345"},
    {CODE_rfc5280_org_name_too_long, false, .cn = "a.com",
     .org = SIXTY "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f"}, /* characters, not bytes */
    {CODE_rfc5280_org_unit_too_long, true, .cn = "a.com", .unit = SIXTY "12345"},
    {CODE_rfc5280_org_unit_too_long, false, .cn = "a.com", .unit = SIXTY "1234"},
    {CODE_rfc5280_address_field_too_long, true, .cn = "a.com", .address = SIXTY "12345"},
    {CODE_rfc5280_address_field_too_long, false, .cn = "a.com", .address = SIXTY "1234"},
    {CODE_rfc5280_org_invalid, true, .cn = "a.com", .org = "Shop\nInc"},
    {CODE_rfc5280_org_invalid, false, .cn = "a.com", .org = "Shop Inc"},
    {CODE_rfc5280_org_invalid, true, .org = "Shop\xc2\x85Inc"}, /* C1 */
    {CODE_rfc5280_org_invalid, true, .org = "N/A"},
    {CODE_rfc5280_org_invalid, false, .org = "N/A Systems - Inc."},
    {CODE_rfc5280_org_invalid, true, .address = "."},
    {CODE_rfc5280_org_invalid, true, .address = "Main Street\r\n5"},
    {CODE_rfc5280_org_invalid, false, .address = "St. Mary - 5"},
    {CODE_rfc5280_org_unit_invalid, true, .unit = "-"},
    {CODE_rfc5280_org_unit_invalid, true, .cn = "a.com", .unit = "Web\tTeam"},
    {CODE_rfc5280_org_unit_invalid, false, .cn = "a.com", .unit = "Web Team"},
    {CODE_other_domain_on_wildcard, true, .cn = "*.shop.example.com", .san = "www.example.com"},
    {CODE_other_domain_on_wildcard, false, .cn = "*.shop.example.com", .san = "shop.example.com"},
    {CODE_other_domain_on_wildcard, true, .cn = "*.shop.example.com", .san = "myshop.example.com"},
    {CODE_other_domain_on_wildcard, false, .cn = "www.shop.example.com", .san = "other.com"},
    {CODE_other_domain_on_wildcard, false, .cn = "*.shop.example.com", .san = "a.b.shop.example.com"},
    {CODE_email_not_valid_email_format, true, .email = "admin@localhost"},
    {CODE_email_not_valid_email_format, true, .email = "a..b@shop.example.com"},
    {CODE_email_not_valid_email_format, true, .email = ""},
    {CODE_email_not_valid_email_format, true, .email = "shop.example.com"},
    {CODE_email_not_valid_email_format, true, .email = ".a@shop.example.com"},
    {CODE_email_not_valid_email_format, true, .email = "a.@shop.example.com"},
    {CODE_email_not_valid_email_format, true, .email = "@shop.example.com"},
    {CODE_email_not_valid_email_format, true, .email = "a@b@shop.example.com"},
    {CODE_email_not_valid_email_format, true, .email = "Ann <a@shop.example.com>"},
    {CODE_email_not_valid_email_format, true, .email = "a@shop.example.com."},
    {CODE_email_not_valid_email_format, true, .email = "a@shop_1.example.com"},
    {CODE_email_not_valid_email_format, true, .email = SIXTY "12345@shop.example.com"},
    {CODE_email_not_valid_email_format, false, .email = SIXTY "1234@shop.example.com"},
    {CODE_email_not_valid_email_format, false, .email = "o'neil@example.com"},
    {CODE_email_not_valid_email_format, true, .email = "a b@shop.example.com"},
    {CODE_email_not_valid_email_format, false, .email = "a.b+c@shop.example.com"},
    {CODE_note_contains_private_key, true, .cn = "a.com",
     .note = "please\n-----BEGIN EC PRIVATE KEY-----\nMHc"},
    {CODE_note_contains_private_key, true, .note = "------BEGIN PRIVATE KEY-----"},
    {CODE_note_contains_private_key, true, .note = "-----BEGIN X\n-----BEGIN ENCRYPTED PRIVATE KEY-----\r"},
    {CODE_note_contains_private_key, false,
     .note = "-----BEGIN CERTIFICATE-----\rMII\r-----END PRIVATE KEY-----"},
    {CODE_note_contains_private_key, false, .note = "my PRIVATE KEY: -----BEGIN PRIVATE KEY----"},
    {CODE_note_contains_private_key, false, .cn = "a.com",
     .note = "-----BEGIN PUBLIC KEY-----\nand no PRIVATE KEY-----"},
    {CODE_missing_dns_name_on_duplicate, true, .csr = "rsa-2048.pem", .original = "p256.pem"},
    {CODE_missing_dns_name_on_duplicate, false, .csr = "rsa-2048.pem", .original = "p256.pem",
     .san = "www.shop.example.com"},
    {CODE_invalid_common_name_on_duplicate, true, .csr = "rsa-2048.pem", .original = "p256.pem",
     .cn = "www.shop.example.com"},
    {CODE_invalid_common_name_on_duplicate, false, .csr = "rsa-2048.pem", .original = "p256.pem"},
    {CODE_invalid_dns_name_on_duplicate, true, .csr = "p256.pem", .original = "rsa-2048.pem"},
    {CODE_invalid_dns_name_on_duplicate, false, .csr = "rsa-2048.pem", .original = "p256.pem",
     .san = "www.shop.example.com"},
    {CODE_missing_dns_name_on_duplicate, true, .cn = "a.com", .old_cn = "a.com", .old_san = "b.com"},
    {CODE_missing_dns_name_on_duplicate, false, .cn = "a.com", .old_cn = "a.com", .old_san = "A.com."},
    {CODE_missing_dns_name_on_duplicate, false, .cn = "a.com", .old_san = "B.com", .san = "b.com"},
    {CODE_missing_dns_name_on_duplicate, true, .cn = "a.com", .old_san = "*.b.com", .san = "b.com"},
    {CODE_invalid_dns_name_on_duplicate, true, .cn = "a.com", .old_cn = "a.com", .san = "b.com"},
    {CODE_invalid_dns_name_on_duplicate, false, .cn = "b.com", .old_cn = "B.com", .san = "b.com"},
    {CODE_invalid_common_name_on_duplicate, true, .san = "a.com", .old_cn = "a.com"},
    {CODE_invalid_common_name_on_duplicate, false,
     .cn = "B\xc3\xbc"
           "cher.de",
     .old_cn = "xn--bcher-kva.de"},
    {CODE_dns_invalid_domain, true, "a_b.com", .san = "a_b.com"},
    {CODE_dns_invalid_domain, false, .san = "a-b.com"},
    {CODE_internal_names_not_allowed, true, .san = "mail.corp.local"},
    {CODE_internal_names_not_allowed, false, .san = "mail.corp.com"},
    {CODE_dns_invalid_domain, true, "1.1.1.1", .san = "1.1.1.1", .method = "dns-txt-token"},
    {CODE_dns_invalid_domain, false, .san = "1.1.1.1", .method = "http-token"},
    {CODE_dns_invalid_domain, false, .cn = "a_b.com"}, /* it is rfc5280_common_name_invalid instead */
    {CODE_internal_names_not_allowed, true, .san = "10.0.0.1", .method = "http-token"},
    {CODE_invalid_wildcard_dcv_method, true, .san = "*.a.com", .method = "http-token"},
    {CODE_invalid_wildcard_dcv_method, true, .san = "*.a.com", .method = "http-token-dynamic"},
    {CODE_invalid_wildcard_dcv_method, false, .san = "a.com", .method = "http-token"},
    {CODE_invalid_wildcard_dcv_method, false, .san = "*.a.com", .method = "email"},
    {CODE_invalid_wildcard_dcv_method, false, .san = "*.a.com", .method = "dns-txt-token"},
    {CODE_invalid_dns_method, true, .san = "a.com", .method = "email", .token = true},
    {CODE_invalid_dns_method, true, .san = "a.com", .method = "phone", .token = true},
    {CODE_invalid_dns_method, false, .san = "a.com", .method = "email,dns-txt-token", .token = true},
    {CODE_invalid_dns_method, false, .san = "a.com", .method = "dns-txt-token", .token = true},
    {CODE_invalid_wildcard_dcv_method, true, .san = "*.a.com", .method = "dns-txt-token,http-token"},
    {CODE_dns_invalid_domain, true, "1.1.1.1", .san = "1.1.1.1", .method = "http-token,email"},
    {CODE_domain_not_allowed, true, .san = "b.com", .config = "[order]\nallowed_domains = a.com\n"},
    {CODE_domain_not_allowed, false, .san = "www.a.com",
     .config = "[order]\nallowed_domains = a.com, c.com\n"},
    {CODE_disabled_domain, true, .san = "www.a.com", .config = "[order]\ndisabled_domains = a.com\n"},
    {CODE_disabled_domain, false, .san = "www.ba.com", .config = "[order]\ndisabled_domains = a.com\n"},
    {CODE_disabled_domain, true, .san = "1.1.1.1", .config = "[order]\ndisabled_domains = 1.1.1.1\n"},
    {CODE_disabled_domain, true, .san = "www.xn--bcher-kva.de",
     .config = "[order]\ndisabled_domains = a.com\n  b\xc3\xbc"
               "cher.de\n"},
    {CODE_protected_domain, true, .san = "a.com", .config = "[order]\nprotected_domains = A.com\n"},
    {CODE_protected_domain, false, .san = "b.com", .config = "[order]\nprotected_domains = a.com\n"},
    {CODE_domain_locked, true, "a.com", .san = "a.com", .config = "[order]\nlocked_domains = a.com\n"},
    {CODE_domain_locked, false, .san = "a.com", .config = "[order]\nlocked_domains = www.a.com\n"},
    {CODE_domains_not_prevalidated, true, "b.com", .san = "b.com",
     .config = "[order]\nprevalidated_domains = a.com\n"},
    {CODE_domains_not_prevalidated, false, .san = "b.com"},
    {CODE_email_domain_not_validated, true, .email = "x@b.com",
     .config = "[order]\nvalidated_email_domains = a.com\n"},
    {CODE_email_domain_not_validated, false, .email = "x@mail.a.com",
     .config = "[order]\nvalidated_email_domains = a.com\n"},
};

static void one(struct arena *a, struct texts *list, const char *value)
{
    if (value)
        assert_true(texts_add(a, list, value));
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *r = &rows[i];
        struct arena *a = arena_new(0);
        struct order o = {.product = r->product,
                          .common_name = r->cn,
                          .organization = r->org,
                          .original_common_name = r->old_cn,
                          .token = r->token};
        struct order_report report;
        const char *why = NULL;
        if (r->csr)
            o.csr = load(a, r->csr);
        if (r->original)
            o.original = load(a, r->original);
        if (r->note)
            o.note = text(r->note);
        one(a, &o.names, r->san);
        one(a, &o.org_units, r->unit);
        one(a, &o.addresses, r->address);
        one(a, &o.emails, r->email);
        one(a, &o.original_names, r->old_san);
        if (r->method)
            assert_true(order_methods_parse(r->method, &o.methods));
        if (r->config && order_conf_read(a, r->config, strlen(r->config), &o, &why))
            fail_msg("row %zu: %s", i, why);
        assert_int_equal(order_check(a, &o, &report), 0);
        const struct order_problem *found = NULL;
        for (size_t k = 0; k < report.n && !found; k++)
            if (report.problems[k].error.code == r->code)
                found = &report.problems[k];
        if (!found == r->found)
            fail_msg("row %zu: %s is %s", i, code_info(r->code)->code, found ? "found" : "not found");
        if (found) {
            assert_non_null(found->field);
            assert_non_null(found->what);
            assert_non_null(found->fix);
        }
        if (found && r->variable)
            assert_string_equal(found->error.variable[0], r->variable);
        arena_free(a);
    }
}

/* Every code that is found before an order has a row in which it is, and one like it in which it is not. What a CNAME
 * delegates to is found by a check (test_cases.c). */
static void test_both_sides(void **state)
{
    (void)state;
    for (int c = 1; c <= CODE_COUNT; c++) {
        const struct code_info *info = code_info((enum code)c);
        bool seen[2] = {false};
        if ((info->class != CLASS_OFFLINE && info->class != CLASS_POLICY) || c == CODE_invalid_cname_whitelist ||
            c == CODE_invalid_cname_validation)
            continue;
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
            seen[rows[i].found] = seen[rows[i].found] || (int)rows[i].code == c;
        if (!seen[true] || !seen[false])
            fail_msg("%s: no row in which it is %s", info->code, seen[true] ? "not found" : "found");
    }
}

/* A faulty configuration is refused as a whole, and the error says where and why. */
static void test_bad_configuration(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t len; /* 0: to the NUL */
        const char *why;
    } bad[] = {
        {"[daemon]\nanything = 1\n[order]\nallowed = a.com\n", 0, "line 4: 'allowed' is no key of [order]"},
        {"[order]\nallowed_domains = a.com\nlocked_domains = a.com,\n  a_b.com\n", 0,
         "line 4: locked_domains"},
        {"[order]\nallowed_domains\n", 0, "line 2: [section], key = value"},
        {"[order]\nallowed_domains = a.\0com\n", 30, "line 2: it holds a NUL"},
        {"[order]\nallowed_domains = \x1b[31m\n", 0, "line 2: allowed_domains: '\\x1b[31m'"},
        {"[order]\nallowed_domains = " SIXTY SIXTY SIXTY "\n", 0, "line 2: it is too long"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct arena *a = arena_new(0);
        struct order o = {0};
        const char *why = "";
        assert_int_equal(
            order_conf_read(a, bad[i].text, bad[i].len ? bad[i].len : strlen(bad[i].text), &o, &why), -22);
        if (!strstr(why, bad[i].why))
            fail_msg("row %zu: %s", i, why);
        assert_int_equal(o.allowed_domains.n, 0);
        arena_free(a);
    }
}

static bool noted(const struct order_report *r, const char *words)
{
    for (size_t i = 0; i < r->notes.n; i++)
        if (strstr(r->notes.v[i], words))
            return true;
    return false;
}

/* Notes: what is no reason to refuse the order. */
static void test_notes(void **state)
{
    (void)state;
    static const struct {
        const char *words, *csr, *cn, *org, *config;
        enum product product;
        bool said;
    } notes[] = {
        {"exactly 64", .cn = SIXTY ".com", .said = true},
        {"exactly 64", .cn = SIXTY ".de", .said = false},
        {"exactly 64", .org = SIXTY "1234", .said = true},
        {"BR 6.1.5", .csr = "rsa-1024.pem", .said = true},
        {"BR 6.1.5", .csr = "rsa-2048.pem", .said = false},
        {"DER", .csr = "p256.der", .said = true},
        {"DER", .csr = "p256.pem", .said = false},
        {"No list", .cn = "a.com", .said = true},
        {"No list", .cn = "a.com", .config = "[order]\nallowed_domains = a.com\n", .said = false},
    };
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
        struct arena *a = arena_new(0);
        struct order o = {.common_name = notes[i].cn, .organization = notes[i].org};
        struct order_report r;
        const char *why;
        if (notes[i].csr)
            o.csr = load(a, notes[i].csr);
        if (notes[i].config)
            assert_int_equal(order_conf_read(a, notes[i].config, strlen(notes[i].config), &o, &why), 0);
        assert_int_equal(order_check(a, &o, &r), 0);
        if (noted(&r, notes[i].words) != notes[i].said)
            fail_msg("row %zu", i);
        arena_free(a);
    }
}

/* One problem lists all names that are not validated. The names that can be checked are listed once each, as
 * A-labels. */
static void test_names(void **state)
{
    (void)state;
    struct arena *a = arena_new(0);
    struct order o = {.common_name = "*.A.com"};
    struct order_report r;
    const char *why, *conf = "[order]\nprevalidated_domains = z.com\n";
    static const char *const names[] = {"*.a.COM", "b.a.com.", "b.a.com", "b\u00fccher.a.com", "a..com"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        one(a, &o.names, names[i]);
    assert_int_equal(order_conf_read(a, conf, strlen(conf), &o, &why), 0);
    assert_int_equal(order_check(a, &o, &r), 0);
    assert_int_equal(r.names.n, 3);
    assert_string_equal(r.names.v[0], "*.a.com");
    assert_string_equal(r.names.v[1], "b.a.com");
    assert_string_equal(r.names.v[2], "xn--bcher-kva.a.com");
    const struct order_problem *p = NULL;
    size_t n = 0, strangers = 0;
    for (size_t i = 0; i < r.n; i++) {
        if (r.problems[i].error.code == CODE_domains_not_prevalidated) {
            p = &r.problems[i];
            n++;
        }
        strangers += r.problems[i].error.code == CODE_other_domain_on_wildcard;
    }
    assert_int_equal(n, 1);
    assert_string_equal(code_text(a, &p->error), "domains_not_prevalidated|*.A.com|b.a.com.");
    assert_non_null(strstr(p->value, "b\xc3\xbc"
                                     "cher.a.com"));
    assert_int_equal(strangers, 1); /* a..com */
    arena_free(a);
}

/* Validation by email or phone has several methods that end: each is named, and the order is refused after the last. */
static void test_contacts_end(void **state)
{
    (void)state;
#define EMAIL_GONE "Since 2025-07-15 no certificate may rest on validation by email, fax, SMS or post"
    static const struct {
        const char *now, *method;
        size_t problems, notes;
        const char *said[4]; /* in the order of the rows */
    } orders[] = {
        {"2028-03-14T23:59:59Z", "email", 0, 4,
         {EMAIL_GONE, "From 2028-03-15 on no certificate may rest on validation by email to a constructed address",
          "section 3.2.2.4.13", "section 3.2.2.4.14"}},
        {"2028-03-15", "email", 1, 0, {EMAIL_GONE, "section 3.2.2.4.4", "section 3.2.2.4.13", "SC-090"}},
        {"2027-03-14", "phone", 0, 3, {"section 3.2.2.4.15", "section 3.2.2.4.16", "From 2027-03-15"}},
        {"2027-03-15", "phone", 1, 0, {"section 3.2.2.4.15", "section 3.2.2.4.16", "section 3.2.2.4.17"}},
        {"2027-03-15", "email,dns-txt-token", 0, 4, {"section 3.2.2.4.2 ", "section 3.2.2.4.4 "}},
        {"2027-03-15", "dns-txt-token,phone,email", 1, 4, {"section 3.2.2.4.15"}},
        {"2030-01-01", "dns-txt-token", 0, 0, {NULL}},
        {"2030-01-01", "dns-txt-token,http-token", 0, 0, {NULL}},
    };
#undef EMAIL_GONE
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        struct arena *a = arena_new(0);
        struct order o = {.common_name = "shop.example.com"};
        struct order_report r;
        size_t notes = 0;
        const char *all = "";
        assert_true(time_parse(orders[i].now, &o.now) && order_methods_parse(orders[i].method, &o.methods));
        assert_int_equal(order_check(a, &o, &r), 0);
        assert_int_equal(r.n, orders[i].problems);
        if (r.n) {
            assert_int_equal(r.problems[0].error.code, CODE_invalid_dns_method);
            all = r.problems[0].what;
        }
        for (size_t k = 0; k < r.notes.n; k++)
            if (strstr(r.notes.v[k], "validation by")) {
                all = arena_concat(a, all, r.notes.v[k], NULL);
                notes++;
            }
        assert_int_equal(notes, orders[i].notes);
        assert_null(strstr(all, "3.2.2.5.")); /* those are about addresses */
        const char *at = all;
        for (size_t k = 0; k < 4 && orders[i].said[k]; k++)
            if (!(at = strstr(at, orders[i].said[k])))
                fail_msg("order %zu: %s is not in %s", i, orders[i].said[k], all);
        arena_free(a);
    }
    struct order_methods m = {0};
    static const char *const bad[] = {"", "mail", "email,", ",email", "email dns-txt-token", "email,,phone"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(order_methods_parse(bad[i], &m));
    assert_true(!m.methods && !m.contacts);
}

/* A top-level domain that the list lacks: refused while the list is young, unknown when it is more than a year old, and
 * left to the root where the names are checked over the network afterwards. */
static void test_unlisted_top(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int days; /* since the day of the list */
        bool probe;
        size_t problems, unknown, names;
    } orders[] = {
        {"shop.firm.qqqq", 364, false, 1, 0, 0}, {"shop.firm.qqqq", 366, false, 0, 1, 1},
        {"shop.firm.qqqq", 10, true, 0, 0, 1},   {"shop.firm.qqqq", 900, true, 0, 0, 1},
        {"shop.local", 900, true, 1, 0, 0},      {"shop.local", 900, false, 1, 0, 0},
        {"firm.1234567", 900, true, 1, 0, 0},    {"qqqq", 900, true, 1, 0, 0},
        {"shop.com", 900, false, 0, 0, 1},
    };
    dcv_time made;
    assert_true(time_parse(suffixes_in_use()->date, &made));
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        struct arena *a = arena_new(0);
        struct order o = {
            .common_name = orders[i].name, .probe = orders[i].probe, .now = made + orders[i].days * DAY_MS};
        struct order_report r;
        assert_int_equal(order_check(a, &o, &r), 0);
        if (r.n != orders[i].problems || r.unknown.n != orders[i].unknown || r.names.n != orders[i].names)
            fail_msg("order %zu: %zu problems, %zu unknown, %zu names", i, r.n, r.unknown.n, r.names.n);
        if (r.n)
            assert_int_equal(r.problems[0].error.code, CODE_internal_names_not_allowed);
        arena_free(a);
    }
}

/* If the original CSR cannot be read, it is not compared, and no code about duplicates is given. */
static void test_unusable_original(void **state)
{
    (void)state;
    struct arena *a = arena_new(0);
    struct order o = {.common_name = "a.com", .original = text("no CSR")};
    struct order_report r;
    assert_int_equal(order_check(a, &o, &r), 0);
    assert_non_null(r.unusable);
    assert_int_equal(r.n, 0);
    arena_free(a);
}

/* Control characters of the input are escaped in every text. */
static void test_escaped(void **state)
{
    (void)state;
    static const char evil[] = "a\x1b[31m\xe2\x80\xae\xff", other[] = "b\x1b\x9b";
    struct arena *a = arena_new(0);
    struct order o = {.common_name = evil, .organization = evil, .original_common_name = other};
    struct order_report r;
    one(a, &o.names, evil);
    one(a, &o.org_units, evil);
    one(a, &o.addresses, evil);
    one(a, &o.emails, evil);
    one(a, &o.original_names, other);
    assert_int_equal(order_check(a, &o, &r), 0);
    assert_true(r.n >= 9);
    for (size_t i = 0; i < r.n; i++) {
        const struct order_problem *p = &r.problems[i];
        const char *texts[] = {code_text(a, &p->error), p->value ? p->value : "", p->what, p->fix};
        for (size_t k = 0; k < 4; k++)
            for (const char *s = texts[k]; *s; s++)
                if ((unsigned char)*s < ' ' || (unsigned char)*s > '~')
                    fail_msg("problem %zu, text %zu: %s", i, k, texts[k]);
    }
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows),  cmocka_unit_test(test_both_sides),
                                       cmocka_unit_test(test_bad_configuration),
                                       cmocka_unit_test(test_notes), cmocka_unit_test(test_unusable_original),
                                       cmocka_unit_test(test_names), cmocka_unit_test(test_contacts_end),
        cmocka_unit_test(test_unlisted_top),
                                       cmocka_unit_test(test_escaped)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
