/* Every offline and policy code of an order: an input that produces it, and the nearest one that does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "order.h"

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

/* One order, said in few words; lists are of one member. */
struct row {
    enum code code; /* that is looked for */
    bool found;
    const char *variable; /* of the code; NULL: not looked at */
    enum product product;
    const char *csr, *original, *san, *cn, *org, *unit, *address, *email, *note, *method, *config;
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
    {CODE_rfc5280_org_unit_invalid, true, .cn = "a.com", .unit = "Web\tTeam"},
    {CODE_rfc5280_org_unit_invalid, false, .cn = "a.com", .unit = "Web Team"},
    {CODE_other_domain_on_wildcard, true, .cn = "*.shop.example.com", .san = "www.example.com"},
    {CODE_other_domain_on_wildcard, false, .cn = "*.shop.example.com", .san = "shop.example.com"},
    {CODE_other_domain_on_wildcard, false, .cn = "*.shop.example.com", .san = "a.b.shop.example.com"},
    {CODE_email_not_valid_email_format, true, .email = "admin@localhost"},
    {CODE_email_not_valid_email_format, true, .email = "a..b@shop.example.com"},
    {CODE_email_not_valid_email_format, true, .email = "a b@shop.example.com"},
    {CODE_email_not_valid_email_format, false, .email = "a.b+c@shop.example.com"},
    {CODE_note_contains_private_key, true, .cn = "a.com",
     .note = "please\n-----BEGIN EC PRIVATE KEY-----\nMHc"},
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
    {CODE_dns_invalid_domain, true, "a_b.com", .san = "a_b.com"},
    {CODE_dns_invalid_domain, false, .san = "a-b.com"},
    {CODE_internal_names_not_allowed, true, .san = "mail.corp.local"},
    {CODE_internal_names_not_allowed, false, .san = "mail.corp.com"},
    {CODE_invalid_wildcard_dcv_method, true, .san = "*.a.com", .method = "http-token"},
    {CODE_invalid_wildcard_dcv_method, false, .san = "*.a.com", .method = "dns-txt-token"},
    {CODE_invalid_dns_method, true, .san = "a.com", .method = "email", .token = true},
    {CODE_invalid_dns_method, false, .san = "a.com", .method = "dns-txt-token", .token = true},
    {CODE_domain_not_allowed, true, .san = "b.com", .config = "[order]\nallowed_domains = a.com\n"},
    {CODE_domain_not_allowed, false, .san = "www.a.com",
     .config = "[order]\nallowed_domains = a.com, c.com\n"},
    {CODE_disabled_domain, true, .san = "www.a.com", .config = "[order]\ndisabled_domains = a.com\n"},
    {CODE_disabled_domain, false, .san = "www.ba.com", .config = "[order]\ndisabled_domains = a.com\n"},
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
                          .email = r->email,
                          .dcv_method = r->method,
                          .token = r->token};
        struct order_report report;
        unsigned line;
        const char *key;
        if (r->csr)
            o.csr = load(a, r->csr);
        if (r->original)
            o.original = load(a, r->original);
        if (r->note)
            o.note = text(r->note);
        one(a, &o.names, r->san);
        one(a, &o.org_units, r->unit);
        one(a, &o.addresses, r->address);
        if (r->config)
            assert_int_equal(order_configure(a, r->config, &o, &line, &key), 0);
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

static void test_bad_configuration(void **state)
{
    (void)state;
    struct arena *a = arena_new(0);
    struct order o = {0};
    unsigned line = 0;
    const char *key = NULL;
    assert_int_equal(
        order_configure(a, "[daemon]\nanything = 1\n[order]\nallowed = a.com\n", &o, &line, &key), -22);
    assert_int_equal(line, 4);
    assert_string_equal(key, "allowed");
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_bad_configuration)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
