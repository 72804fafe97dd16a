#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- the writer ------------------------- */

static void commas_and_indent(void **state)
{
    (void)state;
    struct buf b = {0};
    struct json_out j = {.b = &b};
    json_open(&j, NULL, '{');
    json_open(&j, "a", '[');
    json_int(&j, NULL, -1);
    json_int(&j, NULL, INT64_MIN);
    json_open(&j, NULL, '{');
    json_close(&j, '}');
    json_close(&j, ']');
    json_nil(&j, "b");
    json_bool(&j, "c", true);
    json_close(&j, '}');
    assert_string_equal(b.p, "{\"a\":[-1,-9223372036854775808,{}],\"b\":null,\"c\":true}");
    buf_free(&b);

    j = (struct json_out){.b = &b, .indent = 2};
    json_open(&j, NULL, '{');
    json_open(&j, "a", '[');
    json_text(&j, NULL, "x");
    json_close(&j, ']');
    json_open(&j, "b", '[');
    json_close(&j, ']');
    json_close(&j, '}');
    assert_string_equal(b.p, "{\n  \"a\": [\n    \"x\"\n  ],\n  \"b\": []\n}");
    buf_free(&b);
}

static void numbers_and_times(void **state)
{
    (void)state;
    struct buf b = {0};
    struct json_out j = {.b = &b};
    json_open(&j, NULL, '[');
    json_ms(&j, NULL, 41700);
    json_ms(&j, NULL, 5);
    json_ms(&j, NULL, 3000);
    json_ms(&j, NULL, 1010);
    json_time(&j, NULL, TIME_UNKNOWN);
    json_time(&j, NULL, 1795348800123);
    json_close(&j, ']');
    assert_string_equal(b.p, "[41.7,0.005,3,1.01,null,\"2026-11-22T12:00:00.123Z\"]");
    buf_free(&b);
}

/* Whatever the bytes, a JSON reader takes them, and nothing in them reaches a terminal as a control. */
static void any_bytes_become_json(void **state)
{
    (void)state;
    unsigned char bytes[4];
    for (uint32_t i = 0; i < 1 << 16; i++) {
        /* Every pair of bytes between two harmless ones. */
        bytes[0] = 'a';
        bytes[1] = (unsigned char)(i >> 8);
        bytes[2] = (unsigned char)i;
        bytes[3] = 'z';
        struct buf b = {0};
        struct json_out j = {.b = &b};
        json_open(&j, NULL, '[');
        json_bytes(&j, NULL, (const char *)bytes, 4);
        json_close(&j, ']');
        json_t *t = json_loadb(b.p, b.n, JSON_ALLOW_NUL, NULL);
        assert_non_null(t);
        const char *s = json_string_value(json_array_get(t, 0));
        size_t n = json_string_length(json_array_get(t, 0));
        assert_int_equal(s[0], 'a');
        assert_int_equal(s[n - 1], 'z');
        for (size_t k = 0; k < b.n; k++)
            assert_true((unsigned char)b.p[k] >= 0x20 && b.p[k] != 0x7f);
        json_decref(t);
        buf_free(&b);
    }
}

static void controls_are_escaped(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"tab\there \"q\" \\", "\"tab\\there \\\"q\\\" \\\\\""},
        {"\x1b[31m", "\"\\u001b[31m\""},
        {"\xc2\x9b"
         "31m",
         "\"\\u009b31m\""}, /* C1: CSI in one character */
        {"a\xe2\x80\xae"
         "b",
         "\"a\\u202eb\""}, /* right-to-left override */
        {"m\xc3\xbcnchen", "\"m\xc3\xbcnchen\""},
        {"\xf0\x9f\x92\xa9", "\"\xf0\x9f\x92\xa9\""},
        {"\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\""},                 /* overlong */
        {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""}, /* a surrogate */
        {"cut \xe2\x82", "\"cut \xef\xbf\xbd\xef\xbf\xbd\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b = {0};
        struct json_out j = {.b = &b};
        json_text(&j, NULL, rows[i].in);
        assert_string_equal(b.p, rows[i].out);
        buf_free(&b);
    }
}

static void text_grows(void **state)
{
    (void)state;
    struct buf b = {0};
    for (int i = 0; i < 2000; i++)
        buf_printf(&b, "%04d,", i);
    assert_int_equal(b.n, 10000);
    assert_memory_equal(b.p + 9995, "1999,", 6);
    char *big = calloc(1, 70001);
    memset(big, 'x', 70000);
    buf_printf(&b, "%s", big);
    assert_int_equal(b.n, 80000);
    assert_int_equal(b.p[79999], 'x');
    assert_int_equal(b.p[80000], 0);
    assert_false(b.failed);
    free(big);
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commas_and_indent),
        cmocka_unit_test(numbers_and_times),
        cmocka_unit_test(any_bytes_become_json),
        cmocka_unit_test(controls_are_escaped),
        cmocka_unit_test(text_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
