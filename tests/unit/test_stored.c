/* What the store keeps of a report, and how it is found in the text. That it is shown as it was holds of all case files, see
 * test_cases.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "format/json_member.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- a member in the text --------------- */

static void member_is_found(void **state)
{
    (void)state;
    static const struct {
        const char *text, *key, *value;
    } rows[] = {
        {"{\"a\":1,\"b\":\"x\"}", "a", "1"},
        {"{\"a\":1,\"b\":\"x\"}", "b", "\"x\""},
        {"{\"a\":1}", "b", NULL},
        {"{}", "a", NULL},
        {"{\"a\":{\"b\":1},\"b\":[2,{\"b\":3}],\"c\":4}", "b", "[2,{\"b\":3}]"},
        {"{\"a\":{\"b\":1},\"b\":[2,{\"b\":3}],\"c\":4}", "a", "{\"b\":1}"},
        {"{\"a\":{\"b\":1}}", "b", NULL},
        /* What stands between quotes is no member, whatever it looks like. */
        {"{\"a\":\"\\\",\\\"b\\\":7,\",\"b\":8}", "b", "8"},
        {"{\"a\":\"b\",\"c\":\"}\",\"b\":\"\\\\\"}", "b", "\"\\\\\""},
        {"{\"a\":[\"b\",1],\"bb\":2,\"b\":3}", "b", "3"},
        {"{\"a\":\"\",\"\":1}", "", "1"},
        /* Cut off, or no object at all. */
        {"{\"a\":1", "a", NULL},
        {"{\"a\":\"x", "a", NULL},
        {"{\"a\":\"x\\", "a", NULL},
        {"{\"a\":", "a", NULL},
        {"{\"a\"", "a", NULL},
        {"\"a\":1,", "a", NULL},
        {"]]]\"a\":1}", "a", NULL},
        {"", "a", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t len = strlen(rows[i].text), n = 0;
        char *text = malloc(len ? len : 1); /* no larger, so that a sanitizer sees a look past its end */
        assert_non_null(text);
        memcpy(text, rows[i].text, len);
        const char *value = json_member(text, len, rows[i].key, &n);
        if (!value != !rows[i].value || (value && (n != strlen(rows[i].value) || memcmp(value, rows[i].value, n) != 0)))
            fail_msg("%s: \"%s\" is %.*s", rows[i].text, rows[i].key, value ? (int)n : 4, value ? value : "none");
        free(text);
    }
}

static void word_is_read(void **state)
{
    (void)state;
    static const char text[] = "{\"verdict\":\"pass\",\"n\":5,\"escaped\":\"a\\nb\",\"empty\":\"\"}";
    char word[5] = "";
    assert_true(json_member_word(text, sizeof text - 1, "verdict", word, 5));
    assert_string_equal(word, "pass");
    assert_false(json_member_word(text, sizeof text - 1, "verdict", word, 4));
    assert_false(json_member_word(text, sizeof text - 1, "n", word, 5));
    assert_false(json_member_word(text, sizeof text - 1, "escaped", word, 5));
    assert_false(json_member_word(text, sizeof text - 1, "nothing", word, 5));
    assert_true(json_member_word(text, sizeof text - 1, "empty", word, 1));
    assert_string_equal(word, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(member_is_found),
        cmocka_unit_test(word_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
