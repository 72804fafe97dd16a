#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/url.h"

#include <stdio.h>

static void locations_that_are_urls(void **state)
{
    static const char *const rows[] = {
        "http://shop.example.com/x",   "HTTPS://shop.example.com",  "//shop.example.com/x", "/x?a=b&c=d",
        "x/y",                         "?q",                        "#s",                   "",
        "http://shop.example.com:/x",  "http://[2001:db8::1]/x",    "http://u:p@h.example/", "/a%20b/%C3%BC",
        "/\xc3\xbc",                   "/x#a/b?c",                  "mailto:a b@example.com", "/a:b@c",
        "x?u=http://shop.example.com", "http://shop.example.com./x"};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!url_reference_sound(rows[i]))
            fail_msg("refused: %s", rows[i]);
}

static void locations_that_are_none(void **state)
{
    static const char *const rows[] = {"http:/x",
                                       "https:///x",
                                       "http:shop.example.com/x",
                                       "http:",
                                       "http://?x",
                                       "///x",
                                       "http://h.example/%",
                                       "http://h.example/%4",
                                       "http://h.example/%zz",
                                       "http://h.example\\x",
                                       "/a b",
                                       "/a|b",
                                       "/<x>",
                                       "/a[0]",
                                       "/x#a#b",
                                       "/x?{y}",
                                       "http://h.ex ample/",
                                       "/\x7f",
                                       "/a\tb"};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (url_reference_sound(rows[i]))
            fail_msg("accepted: %s", rows[i]);
}

static void hosts(void **state)
{
    static const char *const rows[][2] = {{"http://shop.example.com./x", "shop.example.com"},
                                          {"http://shop.example.com", "shop.example.com"},
                                          {"https://u@h.example:8443/", "h.example"},
                                          {"http://[2001:db8::1]:80/", "2001:db8::1"},
                                          {"http://h.example../", "h.example.."},
                                          {"http://./", "."}};
    struct arena *a = arena_new(0);
    struct url u;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(url_read(a, rows[i][0], &u));
        assert_string_equal(u.host, rows[i][1]);
    }
    assert_false(url_read(a, "http:///x", &u));
    assert_false(url_read(a, "ftp://h.example/", &u));
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(locations_that_are_urls),
        cmocka_unit_test(locations_that_are_none),
        cmocka_unit_test(hosts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
