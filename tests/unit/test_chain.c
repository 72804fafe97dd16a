/* DNSSEC records against the examples of the RFCs: key tags, digests, signatures, times. Whole chains are tested by
 * tests/cases/dnssec-*.case, with signatures of real signers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "format/json_read_case.h"
#include "wire/dnssec_rr.h"
#include "wire/dnssec_verify.h"
#include "wire/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct arena *a;

static int setup(void **state)
{
    (void)state;
    a = arena_new(0);
    return a ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

static struct rr *record(const char *owner, uint16_t type, const char *rdata)
{
    struct rr *rr = arena_alloc(a, sizeof *rr);
    *rr = (struct rr){.owner = owner, .type = type, .class = 1, .ttl = 3600};
    assert_int_equal(rr_rdata_from_text(a, rdata, rr), 0);
    assert_null(rr->defect);
    return rr;
}

static struct dnskey key(const char *owner, const char *rdata)
{
    struct dnskey k;
    assert_true(dnskey_read(record(owner, RR_DNSKEY, rdata), &k));
    return k;
}

/* RFC 4034 5.4, RFC 4509 2.3, RFC 6605 6 and RFC 8080 6. */
static const struct {
    const char *owner, *key, *ds;
} links[] = {
    {"dskey.example.com.",
     "256 3 5 AQOeiiR0GOMYkDshWoSKz9Xz fwJr1AYtsmx3TGkJaNXVbfi/ 2pHm822aJ5iI9BMzNXxeYCmZ "
     "DRD99WYwYqUSdjMmmAphXdvx "
     "egXd/M5+X7OrzKBaMbCVdFLU Uh6DhweJBjEVv5f2wwjM9Xzc nOf+EPbtG9DMBmADjFDc2w/r ljwvFw==",
     "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118"},
    {"dskey.example.com.",
     "256 3 5 AQOeiiR0GOMYkDshWoSKz9Xz fwJr1AYtsmx3TGkJaNXVbfi/ 2pHm822aJ5iI9BMzNXxeYCmZ "
     "DRD99WYwYqUSdjMmmAphXdvx "
     "egXd/M5+X7OrzKBaMbCVdFLU Uh6DhweJBjEVv5f2wwjM9Xzc nOf+EPbtG9DMBmADjFDc2w/r ljwvFw==",
     "60485 5 2 D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A"},
    {"Example.NET.",
     "257 3 13 GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edb krSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==",
     "55648 13 2 b4c8c1fe2e7477127b27115656ad6256f424625bf5c1 e2770ce6d6e37df61d17"},
    {"example.net.",
     "257 3 14 xKYaNhWdGOfJ+nPrL8/arkwf2EY3MDJ+SErKivBVSum1 w/egsXvSADtNJhyem5RCOpgQ6K8X1DRSEkrbYQ+OB+v8 "
     "/uX45NBwY8rp65F6Glur8I/mlVNgF6W/qTI37m40",
     "10771 14 4 72d7b62976ce06438e9c0bf319013cf801f09ecc84b8 d7e9495f27e305c6a9b0563a9b5f4d288405c3008a94 "
     "6df983d6"},
    {"example.com.", "257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=",
     "3613 15 2 3aa5ab37efce57f737fc1627013fee07bdf241bd10f3b1964ab55c78e79a304b"},
};

static void a_ds_record_matches_its_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        struct dnskey k = key(links[i].owner, links[i].key);
        struct ds ds;
        assert_true(ds_read(record(links[i].owner, RR_DS, links[i].ds), &ds));
        assert_int_equal(k.tag, ds.tag);
        assert_true(ds_known(&ds));
        assert_true(ds_matches(&ds, &k));
        /* it does not fit with a wrong bit in the digest, another owner, another algorithm, a revoked key */
        ((uint8_t *)(uintptr_t)ds.digest.p)[3] ^= 1;
        assert_false(ds_matches(&ds, &k));
        ((uint8_t *)(uintptr_t)ds.digest.p)[3] ^= 1;
        struct dnskey other = key("other.example.", links[i].key);
        assert_int_equal(other.tag, k.tag);
        assert_false(ds_matches(&ds, &other));
        struct dnskey revoked = k;
        revoked.flags |= KEY_REVOKED;
        assert_false(ds_matches(&ds, &revoked));
        ds.algorithm ^= 1;
        assert_false(ds_matches(&ds, &k));
    }
    struct dnskey k = key(links[2].owner, links[2].key);
    assert_string_equal(ds_text_for(a, &k),
                        "55648 13 2 B4C8C1FE2E7477127B27115656AD6256F424625BF5C1E2770CE6D6E37DF61D17");
    struct ds strange;
    assert_true(ds_read(record("example.", RR_DS, "1 253 2 00"), &strange));
    assert_false(ds_known(&strange));
    assert_true(ds_read(record("example.", RR_DS, "1 13 3 00"), &strange));
    assert_false(ds_known(&strange));
}

/* RFC 4034 B.1: with algorithm 1 the key tag is a part of the modulus. */
static void the_first_algorithm_has_tags_of_its_own(void **state)
{
    (void)state;
    assert_int_equal(key("example.", "256 3 1 AQIDBAUGBwg=").tag, 0x0607);
}

/* RFC 5702 6.1, RFC 6605 6.1, RFC 8080 6.1 */
static const struct {
    const char *owner, *zone, *key, *sig, *rdata;
    uint16_t type;
} signed_sets[] = {
    {"www.example.net.", "example.net.",
     "256 3 8 AwEAAcFcGsaxxdgiuuGmCkVI my4h99CqT7jwY3pexPGcnUFtR2Fh36BponcwtkZ4cAgtvd4Qs8P kxUdp6p/DlUmObdk=",
     "A 8 3 3600 20300101000000 20000101000000 9033 example.net. kRCOH6u7l0QGy9qpC9 "
     "l1sLncJcOKFLJ7GhiUOibu4teYp5VE9RncriShZNz85mwlMgNEa "
     "cFYK/lPtPiVYP4bwg==",
     "192.0.2.91", RR_A},
    {"www.example.net.", "example.net.",
     "257 3 13 GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edb krSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==",
     "A 13 3 3600 20100909100439 20100812100439 55648 example.net. "
     "qx6wLYqmh+l9oCKTN6qIc+bw6ya+KJ8oMz0YP107epXA "
     "yGmt+3SNruPFKG7tZoLBLlUzGGus7ZwmwWep666VCw==",
     "192.0.2.1", RR_A},
    {"www.example.net.", "example.net.",
     "257 3 14 xKYaNhWdGOfJ+nPrL8/arkwf2EY3MDJ+SErKivBVSum1 w/egsXvSADtNJhyem5RCOpgQ6K8X1DRSEkrbYQ+OB+v8 "
     "/uX45NBwY8rp65F6Glur8I/mlVNgF6W/qTI37m40",
     "A 14 3 3600 20100909102025 20100812102025 10771 example.net. "
     "/L5hDKIvGDyI1fcARX3z65qrmPsVz73QD1Mr5CEqOiLP 95hxQouuroGCeZOvzFaxsT8Glr74hbav"
     "RKayJNuydCuzWTSSPdz7wnqXL5bdcJzusdnI0RSMROxxwGipWcJm",
     "192.0.2.1", RR_A},
    {"EXAMPLE.com.", "example.com.", "257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=",
     "MX 15 2 3600 1440021600 1438207200 3613 example.com. "
     "oL9krJun7xfBOIWcGHi7mag5/hdZrKWw15jPGrHpjQeRAvTdszaPD+QLs3f "
     "x8A4M3e23mRZ9VrbpMngwcrqNAg==",
     "10 MAIL.example.com.", RR_MX},
};

static void signatures_are_checked(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof signed_sets / sizeof *signed_sets; i++) {
        struct dnskey k = key(signed_sets[i].zone, signed_sets[i].key);
        struct rrsig s;
        assert_true(rrsig_read(a, record(signed_sets[i].owner, RR_RRSIG, signed_sets[i].sig), &s));
        assert_int_equal(s.tag, k.tag);
        assert_int_equal(s.covered, signed_sets[i].type);
        struct rr *rr = record(signed_sets[i].owner, signed_sets[i].type, signed_sets[i].rdata);
        const struct rr *set[2] = {rr, rr};
        assert_int_equal(rrsig_check(a, &s, &k, set, 1), SIG_CHECK_GOOD);
        rr->ttl = 1;                                                      /* the TTL in the signature counts */
        assert_int_equal(rrsig_check(a, &s, &k, set, 2), SIG_CHECK_GOOD); /* a repeated record counts once */
        ((uint8_t *)(uintptr_t)rr->rdata)[1] ^= 1;
        assert_int_equal(rrsig_check(a, &s, &k, set, 1), SIG_CHECK_BAD);
        ((uint8_t *)(uintptr_t)rr->rdata)[1] ^= 1;
        rr->owner = "mail.example.net.";
        assert_int_equal(rrsig_check(a, &s, &k, set, 1), SIG_CHECK_BAD);
        rr->owner = signed_sets[i].owner;
        s.signature.n--;
        assert_int_equal(rrsig_check(a, &s, &k, set, 1), SIG_CHECK_BAD);
        s.signature.n++;
        s.algorithm = 253;
        assert_int_equal(rrsig_check(a, &s, &k, set, 1), SIG_CHECK_UNKNOWN);
        s.algorithm = k.algorithm;
        s.labels = 9; /* more than the owner has */
        assert_int_equal(rrsig_check(a, &s, &k, set, 1), SIG_CHECK_UNKNOWN);
    }
}

/* RFC 4034 3.1.5: times are serial numbers of 32 bits, which wrap around in 2106. */
static void time_is_a_serial_number(void **state)
{
    (void)state;
    const struct {
        uint32_t inception, expiration;
        int64_t now;
        enum sig_time is;
    } rows[] = {
        {1000, 2000, 1000, SIG_TIME_IN},
        {1000, 2000, 2000, SIG_TIME_IN},
        {1000, 2000, 2001, SIG_TIME_EXPIRED},
        {1000, 2000, 999, SIG_TIME_FUTURE},
        {0xFFFFFF00, 0x100, INT64_C(0xFFFFFFFF), SIG_TIME_IN},
        {0xFFFFFF00, 0x100, INT64_C(0x100000080), SIG_TIME_IN},
        {0xFFFFFF00, 0x100, INT64_C(0x100000101), SIG_TIME_EXPIRED},
        {0xFFFFFF00, 0x100, INT64_C(0xFFFFFEFF), SIG_TIME_FUTURE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rrsig s = {.inception = rows[i].inception, .expiration = rows[i].expiration};
        assert_int_equal(rrsig_time(&s, rows[i].now * 1000), rows[i].is);
    }
    assert_int_equal(rrsig_moment(0x100, INT64_C(0xFFFFFFFF) * 1000), INT64_C(0x100000100) * 1000);
    assert_int_equal(rrsig_moment(0xFFFFFF00, INT64_C(0x100000000) * 1000), INT64_C(0xFFFFFF00) * 1000);
    assert_int_equal(rrsig_moment(5, 7000), 5000);
}

static void what_is_cut_short_is_not_read(void **state)
{
    (void)state;
    struct dnskey k;
    struct ds ds;
    struct rrsig s;
    struct rr *rr = record("example.", RR_RRSIG, "A 13 3 3600 20100909100439 20100812100439 1 example. AA==");
    for (uint16_t n = 0, whole = rr->rdlen; n < whole; n++) {
        rr->rdlen = n;
        for (unsigned t = 0; t < 3; t++) {
            rr->type = t == 0 ? RR_RRSIG : t == 1 ? RR_DS : RR_DNSKEY;
            bool read = t == 0 ? rrsig_read(a, rr, &s) : t == 1 ? ds_read(rr, &ds) : dnskey_read(rr, &k);
            assert_int_equal(read, t == 0 ? n >= whole - 1 : n > 4);
        }
    }
}

/* With the DS record that the advice names in the place of the old one, the chain holds. */
static void the_advice_is_a_record_that_fits(void **state)
{
    (void)state;
    static char text[1 << 16];
    FILE *file = fopen(arena_printf(a, "%s/dnssec-ds-mismatch.case", getenv("CASES")), "rb");
    assert_non_null(file);
    size_t n = fread(text, 1, sizeof text, file);
    fclose(file);
    struct dcv_case c;
    struct json_problem problem;
    struct report before, after;
    assert_int_equal(json_read_case(a, text, n, NULL, &c, &problem), 0);
    assert_int_equal(judge(&c.request, &c.evidence, a, &before), 0);
    assert_int_equal(before.findings[0].cause, CAUSE_dnssec_ds_without_dnskey);
    const char *advice = before.findings[0].fixes[0].text, *by = strstr(advice, " by "),
               *ds = strstr(by, " DS ") + 4;
    assert_int_equal(strncmp(advice, "At the registrar of txt-ds-mismatch.com., replace the DS record ", 64),
                     0);
    char *rdata = arena_strndup(a, ds, strcspn(ds, ";"));
    for (size_t i = 0; i < c.evidence.n; i++) {
        const struct fact *f = c.evidence.facts[i];
        if (f->ask->qtype == RR_DS && !strcmp(f->ask->qname, "txt-ds-mismatch.com."))
            assert_int_equal(rr_rdata_from_text(a, rdata, &f->dns.answer.v[0]), 0);
    }
    /* All that is left is the missing signature over the new record, which only the registry can make. */
    assert_int_equal(judge(&c.request, &c.evidence, a, &after), 0);
    assert_int_equal(after.findings[0].cause, CAUSE_dnssec_bogus);
    assert_non_null(strstr(after.findings[0].summary, "the DS set at txt-ds-mismatch.com. does not fit"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ds_record_matches_its_key),
        cmocka_unit_test(the_first_algorithm_has_tags_of_its_own),
        cmocka_unit_test(signatures_are_checked),
        cmocka_unit_test(time_is_a_serial_number),
        cmocka_unit_test(what_is_cut_short_is_not_read),
        cmocka_unit_test(the_advice_is_a_record_that_fits),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
