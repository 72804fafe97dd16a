#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "wire/wire.h"

#include <errno.h>
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

/* ---------------------------------------------------------------- names and tables ------------------- */

static void names_hold_any_byte(void **state)
{
    (void)state;
    uint8_t wire[WIRE_NAME_MOST], all[257] = {0};
    size_t used;
    for (unsigned c = 0; c < 256; c++) {
        all[0] = 3;
        all[1] = 'a';
        all[2] = (uint8_t)c;
        all[3] = 'b';
        all[4] = 0;
        char *text = wire_name_to_text(a, all, 5, &used);
        assert_int_equal(used, 5);
        for (const char *s = text; *s; s++)
            assert_in_range(*s, '!', '~');
        assert_int_equal(wire_name_from_text(text, wire), 5);
        assert_memory_equal(wire, all, 5);
    }
    const struct {
        const char *text;
        int len;
    } rows[] = {{".", 1},        {"a", 3},         {"a.", 3},           {"a\\.b.", 5},
                {"\\000.", 3},   {"", -EINVAL},    {"..", -EINVAL},     {"a..", -EINVAL},
                {".a", -EINVAL}, {"a\\", -EINVAL}, {"\\256.", -EINVAL}, {"\\12.", -EINVAL}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(wire_name_from_text(rows[i].text, wire), rows[i].len);
    char label[65];
    memset(label, 'x', 64);
    label[64] = 0;
    assert_int_equal(wire_name_from_text(label, wire), -EINVAL);
    assert_int_equal(wire_name_from_text(label + 1, wire), 65);
    assert_null(wire_name_to_text(a, (const uint8_t *)"\3ab", 3, &used));
    assert_null(wire_name_to_text(a, (const uint8_t *)"\xc0\0", 2, &used));
}

/* Any wire name reads back to the same bytes, and the text of a parent is the end of its child's text. */
static void any_name_reads_back(void **state)
{
    (void)state;
    static const char odd[] = ".\\\"();$@ \t#*_-0aZ\x7f\xff";
    uint32_t random = 1;
    for (unsigned round = 0; round < 20000; round++) {
        uint8_t wire[WIRE_NAME_MOST], again[WIRE_NAME_MOST];
        size_t n = 0, used, second = 0;
        while (n < WIRE_NAME_MOST - 1) {
            random = random * 1664525 + 1013904223;
            size_t len = 1 + (random >> 16) % (random >> 30 ? 4 : 63);
            if (n + 1 + len >= WIRE_NAME_MOST || (random >> 24) % 8 == 0)
                break;
            wire[n++] = (uint8_t)len;
            while (len--) {
                random = random * 1664525 + 1013904223;
                wire[n++] =
                    random >> 31 ? (uint8_t)odd[(random >> 16) % (sizeof odd)] : (uint8_t)(random >> 16);
            }
            second = second ? second : n;
        }
        wire[n++] = 0;
        char *text = wire_name_to_text(a, wire, n, &used);
        assert_non_null(text);
        assert_int_equal(used, n);
        assert_int_equal(wire_name_from_text(text, again), n);
        assert_memory_equal(wire, again, n);
        if (second && n - second > 1) {
            const char *parent = wire_name_to_text(a, wire + second, n - second, &used);
            assert_string_equal(text + strlen(text) - strlen(parent), parent);
        }
    }
}

static void tables_read_what_they_name(void **state)
{
    (void)state;
    char b[16];
    uint16_t v;
    for (unsigned i = 0; i <= UINT16_MAX; i++) {
        v = (uint16_t)~i;
        assert_true(rr_type_parse(rr_type_name((uint16_t)i, b), &v));
        assert_int_equal(v, i);
        assert_true(rcode_parse(rcode_name((uint16_t)i, b), &v));
        assert_int_equal(v, i);
    }
    assert_string_equal(rr_type_name(65280, b), "TYPE65280");
    assert_string_equal(rcode_name(99, b), "RCODE99");
    assert_true(rr_type_parse("caa", &v) && v == RR_CAA);
    const char *const none[] = {"", "TYPE", "TYPE65536", "TYPE-1", "TYPE1x", "CAAA", "16"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_false(rr_type_parse(none[i], &v));
    assert_string_equal(ede_name(6), "DNSSEC Bogus");
    assert_string_equal(ede_name(22), "No Reachable Authority");
    assert_null(ede_name(49152));
}

/* ---------------------------------------------------------------- rdata in text ---------------------- */

static void rdata_reads_back(void **state)
{
    (void)state;
    const struct {
        uint16_t type;
        const char *in, *out; /* out: NULL where the text that is printed is that which was read */
    } rows[] = {
        {RR_A, "192.0.2.1", NULL},
        {RR_AAAA, "2001:DB8:0::1", "2001:db8::1"},
        {RR_NS, "ns1.Example.com", "ns1.Example.com."},
        {RR_CNAME, "a\\.b\\032c.example.com.", NULL},
        {RR_CNAME, ".", NULL},
        {RR_DNAME, "example.net.", NULL},
        {RR_PTR, "\"quoted.\"", "\\\"quoted.\\\"."},
        {RR_PTR, "a\\;b.\\(c\\).", NULL},
        {RR_PTR, "\\$a$.b@.\\$.\\@.", NULL},
        {RR_PTR, "b.$a", "b.\\$a."},
        {RR_PTR, "\\@.", NULL},
        {RR_PTR, "@a.", "\\@a."},
        {RR_MX, " 10   mail.example.com.\n", "10 mail.example.com."},
        {RR_SRV, "0 5 443 www.example.com.", NULL},
        {RR_SOA, "ns. host. 2026010101 7200 3600 1209600 4294967295", NULL},
        {RR_TXT, "\"a b\" \"\" \"\\\"\\\\\\000\\255\"", NULL},
        {RR_TXT, "token", "\"token\""},
        {RR_TXT, "v=spf1;x (a)", "\"v=spf1;x\" \"(a)\""},
        {RR_TXT, "\\# 3 026F6B", "\"ok\""},
        {RR_CAA, "0 issue \"digicert.com; account=\\\"1\\\"\"", NULL},
        {RR_CAA, "128 tbs \"\"", NULL},
        {RR_CAA, "0 issue ;", "0 issue \";\""},
        {RR_CAA, "1 a\\032\\034b \"x\"", NULL},
        {RR_DS, "60485 5 1 2BB183AF 5F22588179A53B0A98631FAD1A292118",
         "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118"},
        {RR_DNSKEY, "257 3 13 AQPSKmynfzW4kyBv015MUG2DeIQ3", NULL},
        {RR_DNSKEY, "257 3 13 AQ PS Kg==", "257 3 13 AQPSKg=="},
        {RR_RRSIG, "TXT 13 3 300 20260301000000 20260201000000 2642 example.com. AQPSKmw=", NULL},
        {RR_NSEC, "host.example.com. A MX RRSIG NSEC CAA TYPE1234", NULL},
        {RR_NSEC3, "1 1 12 AABBCCDD 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR MX DNSKEY NS SOA NSEC3PARAM RRSIG",
         "1 1 12 AABBCCDD 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR NS SOA MX RRSIG DNSKEY NSEC3PARAM"},
        {51, "1 0 0 -", NULL},
        {13, "\"PC\" \"DOS\"", NULL},
        {99, "\"v=spf1\"", NULL},
        {65280, "\\# 4 0A000001", NULL},
        {65280, "\\# 0", NULL},
        {65, "\\# 3 000100", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rr rr = {.type = rows[i].type}, again = rr;
        assert_int_equal(rr_rdata_from_text(a, rows[i].in, &rr), 0);
        assert_null(rr.defect);
        const char *text = rr_rdata_text(a, &rr);
        assert_string_equal(text, rows[i].out ? rows[i].out : rows[i].in);
        assert_int_equal(rr_rdata_from_text(a, text, &again), 0);
        assert_int_equal(again.rdlen, rr.rdlen);
        assert_memory_equal(again.rdata, rr.rdata, rr.rdlen);
    }
    struct rr caa = {.type = RR_CAA};
    assert_int_equal(rr_rdata_from_text(a, "128 issue \"ca.example\"", &caa), 0);
    assert_int_equal(caa.rdlen, 17);
    assert_memory_equal(caa.rdata, "\x80\5issueca.example", 17);
}

static void rdata_that_is_none_is_refused(void **state)
{
    (void)state;
    const struct {
        uint16_t type;
        const char *text;
    } rows[] = {
        {RR_A, "192.0.2"},
        {RR_A, "192.0.2.1 x"},
        {RR_A, ""},
        {RR_MX, "65536 a."},
        {RR_MX, "-1 a."},
        {RR_MX, "10"},
        {RR_NS, "a..b."},
        {RR_TXT, ""},
        {RR_TXT, "\"open"},
        {RR_TXT, "\"a\"b"},
        {RR_TXT, "\\25"},
        {RR_TXT, "\"\\256\""},
        {RR_CAA, "0 \"\" \"x\""},
        {RR_CAA, "256 issue x"},
        {RR_CAA, "0 issue"},
        {RR_DS, "1 2 3"},
        {RR_DS, "1 2 3 ABC"},
        {RR_DNSKEY, "0 3 13 A"},
        {RR_DNSKEY, "0 3 13 AB=="},
        {RR_TXT, "\\# 4 00"},
        {RR_TXT, "\\# 1 0g"},
        {65280, "10.0.0.1"},
        {RR_RRSIG, "TXT 1 1 1 20261301000000 1 1 . AA=="},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rr rr = {.type = rows[i].type, .rdlen = 77};
        assert_int_equal(rr_rdata_from_text(a, rows[i].text, &rr), -EINVAL);
        assert_int_equal(rr.rdlen, 77);
    }
    char text[300];
    memset(text, 'x', sizeof text);
    text[256] = 0;
    struct rr rr = {.type = RR_TXT};
    assert_int_equal(rr_rdata_from_text(a, text, &rr), -EINVAL);
    assert_int_equal(rr_rdata_from_text(a, text + 1, &rr), 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(names_hold_any_byte), T(any_name_reads_back),           T(tables_read_what_they_name),
        T(rdata_reads_back),    T(rdata_that_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
