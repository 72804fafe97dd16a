/* The explanation of a code, the command that reproduces it, and the codes read from an API's answer. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "format/json_errors.h"
#include "format/json_write.h"
#include "model/codes.h"
#include "show/explain.h"
#include "show/explain_command.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int setup(void **state)
{
    *state = arena_new(1 << 20);
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    arena_free(*state);
    return 0;
}

/* ---------------------------------------------------------------- commands --------------------------- */

static void commands(void **state)
{
    struct arena *a = *state;
    static const char *const shop[2] = {"shop.example.com", ""}, *const option[2] = {"-rf", ""},
                             *const depth[2] = {"validity", ""};
    assert_string_equal(code_command(a, CODE_dns_mismatch, shop),
                        "dcvprobe check shop.example.com --method dns-txt-token --token VALUE");
    assert_string_equal(code_command(a, CODE_dns_mismatch, NULL),
                        "dcvprobe check DOMAIN --method dns-txt-token --token VALUE");
    assert_non_null(strstr(code_command(a, CODE_invalid_wildcard_dcv_method, shop), "*.shop.example.com"));
    assert_string_equal(code_command(a, CODE_caa_not_found, option), "dcvprobe check --method caa -- -rf");
    assert_string_equal(code_command(a, CODE_invalid_value, depth),
                        "curl -si --unix-socket /run/dcvd/dcvd.sock http://localhost/v1/checks -d "
                        "'{\"domain\":\"example.com\",\"validity\":\"no-such-value\"}'");
    for (enum code c = 1; code_info(c); c++) {
        const char *s = code_command(a, c, shop);
        if (code_info(c)->class == CLASS_ACCOUNT || c == CODE_invalid_dns_method)
            assert_null(s);
        else
            assert_non_null(s);
    }
}

/* Runs the command in a shell in which dcvprobe is a function that prints each argument in brackets. */
static void a_name_cannot_leave_its_word(void **state)
{
    static const char *const names[][2] = {
        {"a;id", "[a;id]"}, {"$(id)`id`", "[$(id)`id`]"},         {"it's \"so\"", "[it's \"so\"]"},
        {"a\\", "[a\\]"},   {"*.example.com", "[*.example.com]"}, {"a\nid\x1b[31m", NULL},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *v[2] = {names[i][0], ""};
        const char *line = code_command(*state, CODE_caa_not_found, v);
        assert_non_null(line);
        for (const char *p = line; *p; p++)
            assert_in_range((unsigned char)*p, ' ', 0xff);
        char script[1024], out[256] = "", want[256];
        snprintf(script, sizeof script, "dcvprobe() { printf '[%%s]' \"$@\"; }\n%s\n", line);
        assert_int_equal(setenv("SCRIPT", script, 1), 0);
        FILE *p = popen("eval \"$SCRIPT\"", "r");
        assert_non_null(p);
        assert_true(fread(out, 1, sizeof out - 1, p) > 0);
        assert_int_equal(pclose(p), 0);
        if (!names[i][1])
            continue;
        snprintf(want, sizeof want, "[check]%s[--method][caa]", names[i][1]);
        assert_string_equal(out, want);
    }
}

/* ---------------------------------------------------------------- explaining ------------------------- */

static void the_page_of_one_code(void **state)
{
    static const char *const shop[2] = {"shop.example.com", ""};
    struct buf b = {0};
    explain_code(&b, *state, CODE_dns_mismatch, shop, false);
    assert_false(b.failed);
    assert_ptr_equal(strstr(b.p,
                            "dns_mismatch|shop.example.com        HTTP 400, probe, documented\n"
                            "  No TXT record was found at the names that were checked.\n"
                            "    what the CA saw   Every lookup worked, and there is no TXT record at all,\n"
                            "                      neither at _dnsauth.shop.example.com nor at\n"),
                     b.p);
    assert_non_null(strstr(b.p, "\n    how certain       The API's own document"));
    assert_non_null(strstr(b.p,
                           "\n    reproduce it      dcvprobe check shop.example.com --method dns-txt-token "
                           "--token VALUE\n"));
    assert_null(strstr(b.p, "<domain>"));
    buf_free(&b);

    b = (struct buf){0};
    explain_code(&b, *state, CODE_order_not_pending, NULL, true);
    assert_ptr_equal(strstr(b.p, "\033[1morder_not_pending\033[0m  "), b.p);
    assert_non_null(strstr(b.p, "\n    reproduce it      Not possible from here"));
    buf_free(&b);
}

/* Every line but a command fits into 80 columns, and no variable breaks the form of the text. */
static void pages_fit_a_terminal(void **state)
{
    static const char *const evil[2] = {"x\x1b]0;t\x07\n$(id)<domain>", "\xff"};
    for (enum code c = 1; code_info(c); c++) {
        struct buf b = {0};
        explain_code(&b, *state, c, evil, false);
        assert_false(b.failed);
        for (char *line = strtok(b.p, "\n"); line; line = strtok(NULL, "\n")) {
            if (!strstr(line, "reproduce it") && line != b.p && !strstr(line, "://"))
                assert_in_range(strlen(line), 1, 80);
            for (char *p = line; *p; p++)
                assert_in_range((unsigned char)*p, ' ', '~');
        }
        buf_free(&b);
    }
}

static json_t *parsed(struct buf *b)
{
    assert_false(b->failed);
    json_error_t e;
    json_t *j = json_loadb(b->p, b->n, JSON_REJECT_DUPLICATES, &e);
    if (!j)
        print_message("%s\n%s\n", e.text, b->p);
    assert_non_null(j);
    buf_free(b);
    return j;
}

static const char *member(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

static void the_page_as_json(void **state)
{
    static const char *const shop[2] = {"shop.example.com", ""};
    struct buf b = {0};
    struct json_out j = {.b = &b};
    explain_code_json(&j, NULL, *state, CODE_caa_check_failed, shop);
    json_t *o = parsed(&b);
    assert_string_equal(member(o, "error"), "caa_check_failed|shop.example.com");
    assert_string_equal(member(o, "code"), "caa_check_failed");
    assert_string_equal(member(o, "basis"), "rule");
    assert_string_equal(member(o, "command"), "dcvprobe check shop.example.com --method caa");
    assert_non_null(strstr(member(o, "check"), "dcvprobe check shop.example.com"));
    json_decref(o);
}

/* ---------------------------------------------------------------- reading ---------------------------- */

static void answers_that_name_errors(void **state)
{
    static const struct {
        const char *text;
        size_t n;
        const char *first, *last;
    } cases[] = {
        {"{\"errors\":[{\"code\":\"dns_mismatch|a.example\",\"message\":\"m\"}]}", 1,
         "dns_mismatch|a.example", "dns_mismatch|a.example"},
        {"\xef\xbb\xbf {\"errors\":[{\"code\":\"a\"},{\"code\":\"b\",\"x\":{}}],\"more\":1}\n", 2, "a", "b"},
        {"[{\"code\":\"a\",\"message\":null},{\"code\":\"\\u001b[31m\"}]", 2, "a", "\x1b[31m"},
        {"{\"code\":\"not_found|order\",\"message\":\"m\"}", 1, "not_found|order", "not_found|order"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct texts codes = {0};
        struct json_problem p;
        assert_int_equal(json_read_errors(*state, cases[i].text, strlen(cases[i].text), &codes, &p), 0);
        assert_int_equal(codes.n, cases[i].n);
        assert_string_equal(codes.v[0], cases[i].first);
        assert_string_equal(codes.v[codes.n - 1], cases[i].last);
    }
}

static void answers_that_do_not(void **state)
{
#define BYTES(s) s, sizeof s - 1
    static const struct {
        const char *text;
        size_t len;
        enum code code;
        const char *begins;
    } cases[] = {
        {BYTES(""), CODE_bad_request_format, "line 1, column 0: "},
        {BYTES("{\"errors\":\n [{\"code\" \"a\"}]}"), CODE_bad_request_format, "line 2, column 13: "},
        {BYTES("<html>\x1b[2J</html>"), CODE_bad_request_format, "line 1, column 1: "},
        {BYTES("{\"code\":\"a\x1b\"}"), CODE_bad_request_format, "line 1, column "},
        {BYTES("{\"code\":\"\xff\xfe\"}"), CODE_bad_request_format, "line 1, column "},
        {BYTES("\0\0\0"), CODE_bad_request_format, "line 1, column "},
        {BYTES("{\"code\":\"a\\u0000b\"}"), CODE_bad_request_format, "line 1, column "},
        {BYTES("{\"id\":7}"), CODE_required_param, "errors: it is missing; expected {\"errors\":["},
        {BYTES("[]"), CODE_invalid_value, "the answer: the list is empty"},
        {BYTES("{\"errors\":{}}"), CODE_invalid_value, "errors: it is an object; expected {\"errors\":["},
        {BYTES("{\"errors\":[{\"code\":\"a\"},7]}"), CODE_invalid_value,
         "errors[1]: it is a number; expected an"},
        {BYTES("{\"errors\":[{\"code\":[]}]}"), CODE_invalid_value,
         "errors[0].code: it is a list; expected a text"},
        {BYTES("[{\"message\":\"m\"}]"), CODE_required_param, "[0].code: it is missing; expected a text"},
        {BYTES("{\"code\":null}"), CODE_invalid_value, "code: it is null; expected a text"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct texts codes = {.n = 77};
        struct json_problem p;
        assert_int_equal(json_read_errors(*state, cases[i].text, cases[i].len, &codes, &p), -EINVAL);
        print_message("%s\n", p.text);
        assert_int_equal(codes.n, 77);
        assert_int_equal(p.code, cases[i].code);
        assert_int_equal(strncmp(p.text, cases[i].begins, strlen(cases[i].begins)), 0);
        for (const char *s = p.text; *s; s++)
            assert_in_range((unsigned char)*s, ' ', 0xff);
    }
}

/* Deep or long answers give codes or an error, never a crash. */
static void answers_of_hostile_size(void **state)
{
    (void)state;
    enum { SIZE = 200000 };
    char *text = malloc(SIZE);
    assert_non_null(text);
    memset(text, '[', SIZE);
    struct arena *a = arena_new(64 << 10);
    struct texts codes = {0};
    struct json_problem p;
    assert_int_equal(json_read_errors(a, text, SIZE, &codes, &p), -EINVAL);

    memset(text, 'a', SIZE);
    memcpy(text, "[{\"code\":\"", 10);
    memcpy(text + SIZE - 3, "\"}]", 3);
    assert_int_equal(json_read_errors(a, text, SIZE, &codes, &p), -ENOMEM); /* more than the arena's ceiling */
    arena_free(a);

    a = arena_new(0);
    assert_int_equal(json_read_errors(a, text, SIZE, &codes, &p), 0);
    enum code near[3];
    code_nearest(codes.v[0], near, 3);
    arena_free(a);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands),
        cmocka_unit_test(a_name_cannot_leave_its_word),
        cmocka_unit_test(the_page_of_one_code),
        cmocka_unit_test(pages_fit_a_terminal),
        cmocka_unit_test(the_page_as_json),
        cmocka_unit_test(answers_that_name_errors),
        cmocka_unit_test(answers_that_do_not),
        cmocka_unit_test(answers_of_hostile_size),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
