#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ca/profile.h"
#include "ca/token.h"
#include "ca/token_find.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BYTES(s) ((struct bytes){(const uint8_t *)(s), strlen(s)})
#define STAMP "20261122000000"
#define NOW 1795305600000 /* 2026-11-22T00:00:00Z */
#define DAY 86400000
#define TOKEN STAMP "6dnwqjvrojhzh3ptl51arq85x54l1dcjcectabdn29ixko69ot"

static struct arena *arena;
static const struct profile profile = {.token_days = 30};

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

static struct request asked(const char *csr)
{
    return (struct request){
        .profile = &profile, .now = NOW, .auth_key = BYTES("someToken"), .csr = BYTES(csr)};
}

static struct token_found find(const struct request *r, const char *text, struct texts *computed)
{
    struct token_found f;
    assert_int_equal(token_find(arena, r, BYTES(text), &f, computed), 0);
    return f;
}

/* Two published examples; in the second one the HMAC is a small number, so that it is padded. */
static void vectors(void **state)
{
    (void)state;
    char token[TOKEN_LENGTH + 1];
    assert_int_equal(token_compute(STAMP, BYTES("someToken"), BYTES("some-token-value"), token), 0);
    assert_string_equal(token, TOKEN);
    assert_int_equal(token_compute(STAMP, BYTES("someToken"), BYTES("pad230"), token), 0);
    assert_string_equal(token, STAMP "00fgvnyk1lw1zcegb5vsu20rkgx8bu1xhqj1zvoz346pt8ts4v");
    assert_int_equal(token_compute("2026112200000", BYTES("k"), BYTES("c"), token), -22);
    assert_int_equal(token_compute("2026112200000x", BYTES("k"), BYTES("c"), token), -22);
}

static void stamps(void **state)
{
    (void)state;
    char stamp[TOKEN_STAMP + 1];
    dcv_time t;
    time_stamp(NOW + 45296789, stamp);
    assert_string_equal(stamp, "20261122123456");
    assert_true(time_stamp_parse(stamp, &t));
    assert_int_equal(t, NOW + 45296000);
    assert_true(time_stamp_parse("20240229235959", &t));
    assert_false(time_stamp_parse("20260229000000", &t));
    assert_false(time_stamp_parse("20261122240000", &t));
    assert_false(time_stamp_parse("20261122000060", &t));
    assert_false(time_stamp_parse("2026", &t));
    assert_int_equal(token_key_trim(BYTES("key\r\n")).n, 3);
    assert_int_equal(token_key_trim(BYTES("key\n\n")).n, 4);
    assert_int_equal(token_key_trim(BYTES("key\r")).n, 4);
    assert_int_equal(token_key_trim(BYTES("\n")).n, 0);
}

static void classes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum token_class class;
        size_t at, len;
        const char *problem;
    } rows[] = {
        {TOKEN, TOKEN_VALID, 0, 64, NULL},
        {"x" TOKEN "zzz", TOKEN_VALID, 1, 64, NULL},
        {"20262026 " TOKEN, TOKEN_VALID, 9, 64, NULL},
        {"", TOKEN_NONE, 0, 0, NULL},
        {"v=spf1 include:spf2026.example.com -all", TOKEN_NONE, 0, 0, NULL},
        {"2026112200000abcdef", TOKEN_NONE, 0, 0, NULL}, /* 20 characters can be a malformed token, 19 cannot */
        {"2026112200000abcdefg", TOKEN_MALFORMED, 0, 20, "not all digits"},
        {"20241122000000"
         "6dnwqjvrojhzh3ptl51arq85x54l1dcjcectabdn29ixko69ot",
         TOKEN_NONE, 0, 0, NULL},
        {"20261322000000"
         "6dnwqjvrojhzh3ptl51arq85x54l1dcjcectabdn29ixko69ot",
         TOKEN_MALFORMED, 0, 64, "no date"},
        {STAMP "7dnwqjvrojhzh3ptl51arq85x54l1dcjcectabdn29ixko69ot", TOKEN_MALFORMED, 0, 64,
         "15th character"},
        {STAMP "6dnwqjvrojhzh3ptl51arq85x54l1dcjcectabdn29ixko69o", TOKEN_MALFORMED, 0, 63,
         "shorter than 64"},
        {STAMP "6dnwqjvrojhzh3ptl51arq\n the rest is on another line of the text", TOKEN_MALFORMED, 0, 36,
         "shorter than 64"},
        {STAMP "6dnwqjvrOjhzh3ptl51arq85x54l1dcjcectabdn29ixko69ot", TOKEN_MALFORMED, 0, 22, "capital"},
        {STAMP "6dnwqjv-ojhzh3ptl51arq85x54l1dcjcectabdn29ixko69ot", TOKEN_MALFORMED, 0, 21, "other than"},
        {STAMP "6dnwqjvrojhzh3ptl51arq85x54l1dcjcectabdn29ixko69ou", TOKEN_MISMATCH, 0, 64, NULL},
        /* A token that does not match counts more than a malformed one before it. */
        {STAMP "6dnwqj " STAMP "6dnwqjvrojhzh3ptl51arq85x54l1dcjcectabdn29ixko69ou", TOKEN_MISMATCH, 21, 64,
         NULL},
    };
    struct request r = asked("some-token-value");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct token_found f = find(&r, rows[i].text, NULL);
        if (f.class != rows[i].class || !rows[i].problem != !f.problem ||
            (f.problem && !strstr(f.problem, rows[i].problem)))
            fail_msg("%s: class %d, %s", rows[i].text, (int)f.class, f.problem ? f.problem : "-");
        assert_int_equal(f.at, rows[i].at);
        assert_int_equal(f.len, rows[i].len);
        assert_true((f.class == TOKEN_MISMATCH) ==
                    (f.expected && !strcmp(f.expected, TOKEN) && f.class != TOKEN_VALID));
        assert_null(f.variant);
    }
}

static void times(void **state)
{
    (void)state;
    static const struct {
        dcv_time now;
        enum token_class class;
        bool future;
    } rows[] = {
        {NOW, TOKEN_VALID, false},
        {NOW - 1, TOKEN_TIME, true},
        {NOW + 30 * (dcv_time)DAY, TOKEN_VALID, false},
        {NOW + 30 * (dcv_time)DAY + 1, TOKEN_TIME, false},
        {NOW + 300 * (dcv_time)DAY, TOKEN_TIME, false}, /* within the next year: still taken for a token */
        {NOW + 500 * (dcv_time)DAY, TOKEN_NONE, false}, /* the year after: not taken for a token */
        {NOW - 365 * (dcv_time)DAY, TOKEN_NONE, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct request r = asked("some-token-value");
        r.now = rows[i].now;
        struct token_found f = find(&r, TOKEN, NULL);
        assert_int_equal(f.class, rows[i].class);
        assert_int_equal(f.future, rows[i].future);
        if (f.class != TOKEN_NONE)
            assert_int_equal(f.stamp, NOW);
    }
}

#define PEM(nl, last)                                                                                        \
    "-----BEGIN CERTIFICATE REQUEST-----" nl "MIIBAAA" nl "BBBB==" nl "-----END CERTIFICATE "                \
                                                                      "REQUEST-----" last

static void variants(void **state)
{
    (void)state;
    static const struct {
        const char *csr, *signed_, *words;
    } rows[] = {
        {PEM("\n", "\n"), PEM("\r\n", "\r\n"), "with CRLF line ends"},
        {PEM("\r\n", "\r\n"), PEM("\n", "\n"), "with LF line ends"},
        {PEM("\n", "\n"), PEM("\n", ""), "without its final newline"},
        {PEM("\n", ""), PEM("\n", "\n"), "with a final newline"},
        {PEM("\r\n", ""), PEM("\r\n", "\r\n"), "with a final newline"},
        {PEM("\n", "\n"), PEM("\r\n", ""), "with CRLF line ends, without its final newline"},
        {PEM("\r\n", "\r\n"), "MIIBAAABBBB==", "only its base64 body, as one line"},
        {PEM("\n", "\n"), "MIIBAAA\nBBBB==", "only its base64 body, with LF line ends"},
        {PEM("\n", "\n"), PEM("\n", "\n\n"), NULL},
        {"-----BEGIN X", "other", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char token[TOKEN_LENGTH + 1], right[TOKEN_LENGTH + 1];
        assert_int_equal(token_compute(STAMP, BYTES("someToken"), BYTES(rows[i].signed_), token), 0);
        assert_int_equal(token_compute(STAMP, BYTES("someToken"), BYTES(rows[i].csr), right), 0);
        struct request r = asked(rows[i].csr);
        struct texts computed = {0};
        struct token_found f = find(&r, token, &computed);
        assert_int_equal(f.class, TOKEN_MISMATCH);
        assert_string_equal(f.expected, right);
        if (!rows[i].words != !f.variant || (f.variant && strcmp(f.variant, rows[i].words)))
            fail_msg("row %zu: %s", i, f.variant ? f.variant : "-");
        /* Only the right token is saved: with the token of a variant a replay would pass. */
        assert_int_equal(computed.n, 1);
        assert_string_equal(computed.v[0], right);
    }
}

/* With the computed tokens in place of the key the result is the same. */
static void replay(void **state)
{
    (void)state;
    struct texts computed = {0};
    struct request r = asked("some-token-value");
    find(&r, TOKEN " " TOKEN, &computed);
    find(&r, TOKEN, &computed);
    assert_int_equal(computed.n, 1);
    assert_string_equal(computed.v[0], TOKEN);
    r = asked("");
    r.auth_key.n = 0;
    r.computed = computed;
    assert_true(texts_add(arena, &r.computed, "2026"));
    assert_int_equal(find(&r, TOKEN, NULL).class, TOKEN_VALID);
    struct token_found f = find(&r, STAMP "6dnwqjvrojhzh3ptl51arq85x54l1dcjcectabdn29ixko69ou", NULL);
    assert_int_equal(f.class, TOKEN_MISMATCH);
    assert_string_equal(f.expected, TOKEN);
    f = find(&r,
             "20261121000000"
             "6dnwqjvrojhzh3ptl51arq85x54l1dcjcectabdn29ixko69ot",
             NULL);
    assert_int_equal(f.class, TOKEN_MISMATCH);
    assert_null(f.expected);
}

static void bounded(void **state)
{
    (void)state;
    size_t n = 100000;
    char *text = malloc(n + 1);
    assert_non_null(text);
    for (size_t i = 0; i < n; i++)
        text[i] = "2026"[i % 4];
    text[n] = '\0';
    struct request r = asked("some-token-value");
    struct texts computed = {0};
    assert_int_equal(find(&r, text, &computed).class, TOKEN_MALFORMED);
    assert_int_equal(computed.n, 0);
    /* Thousands of different valid time stamps. */
    for (size_t i = 0; i + 14 <= n; i += 14)
        snprintf(text + i, 15, "202611%02zu%02zu%02zu%02zu", 1 + i / 14 / 3600 % 20, i / 14 / 600 % 24,
                 i / 14 / 60 % 60, i / 14 % 60);
    assert_int_equal(find(&r, text, &computed).class, TOKEN_MISMATCH);
    assert_int_equal(computed.n, 64);
    free(text);
}

static void finding(void **state)
{
    (void)state;
    assert_int_equal(bytes_find(BYTES("a token here"), BYTES("token")), 2);
    assert_int_equal(bytes_find(BYTES("a Token here"), BYTES("token")), -1);
    assert_int_equal(bytes_find(BYTES("tok"), BYTES("token")), -1);
    assert_int_equal(bytes_find(BYTES("tok"), BYTES("")), -1);
    assert_int_equal(bytes_find((struct bytes){(const uint8_t *)"a\0b", 3}, BYTES("b")), 2);
    assert_true(token_looks_random(BYTES("0123456789abcdefghijklmnopqrstuv")));
    assert_false(token_looks_random(BYTES("0123456789abcdefghijklmnopqrstuV")));
    assert_false(token_looks_random(BYTES("0123456789abcdefghijklmnopqrstu")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors), cmocka_unit_test(stamps),   cmocka_unit_test(classes),
        cmocka_unit_test(times),   cmocka_unit_test(variants), cmocka_unit_test(replay),
        cmocka_unit_test(bounded), cmocka_unit_test(finding),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
