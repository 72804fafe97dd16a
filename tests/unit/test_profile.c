#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ca/profile.h"
#include "format/request.h"
#include "model/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct arena *arena;

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

static void assert_texts(const struct texts *a, const struct texts *b)
{
    assert_int_equal(a->n, b->n);
    for (size_t i = 0; i < a->n; i++)
        assert_string_equal(a->v[i], b->v[i]);
}

/* contrib/ca-profiles/digicert.conf has every key, with the value that is built in. */
static void documented(void **state)
{
    (void)state;
    static char text[16384];
    char path[4096];
    const char *dir = getenv("PROFILES");
    assert_non_null(dir);
    snprintf(path, sizeof path, "%s/digicert.conf", dir);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    static const char *const keys[][2] = {
#define X(section, key, ...) {"\n[" section "]\n", "\n" key " ="},
#include "ca/profile.def"
#undef X
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *section = strstr(text, keys[i][0]);
        const char *key = section ? strstr(section, keys[i][1]) : NULL;
        const char *next = section ? strstr(section + 2, "\n[") : NULL;
        if (!key || (next && key > next))
            fail_msg("%s%s is missing", keys[i][0], keys[i][1]);
    }
    struct profile p;
    unsigned line = 0;
    const char *expected = NULL;
    if (profile_parse(arena, text, n, &p, &line, &expected))
        fail_msg("line %u: expected %s", line, expected);
    const struct profile *b = profile_builtin();
    assert_string_equal(p.name, b->name);
    assert_string_equal(p.txt_label, b->txt_label);
    assert_string_equal(p.target_label, b->target_label);
    assert_string_equal(p.cname_base, b->cname_base);
    assert_string_equal(p.file_dir, b->file_dir);
    assert_string_equal(p.file_name, b->file_name);
    assert_string_equal(p.user_agent, b->user_agent);
    assert_texts(&p.caa_identifiers, &b->caa_identifiers);
    assert_string_equal(p.caa_account, b->caa_account);
    assert_int_equal(p.random_days, b->random_days);
    assert_int_equal(p.token_days, b->token_days);
    assert_int_equal(p.file_bytes, b->file_bytes);
    assert_int_equal(p.redirects, b->redirects);
    assert_int_equal(p.n_reuse, b->n_reuse);
    for (size_t i = 0; i < p.n_reuse; i++) {
        assert_int_equal(p.reuse_days[i].from, b->reuse_days[i].from);
        assert_int_equal(p.reuse_days[i].value, b->reuse_days[i].value);
    }
    assert_int_equal(p.n_polling, b->n_polling);
    for (size_t i = 0; i < p.n_polling; i++) {
        assert_int_equal(p.polling[i].every, b->polling[i].every);
        assert_int_equal(p.polling[i].until, b->polling[i].until);
    }
}

static void another(void **state)
{
    (void)state;
    static const char text[] =
        "[ca]\nname = Other CA\n[dns]\ntxt_label=validation\n[caa]\nidentifiers = ca.example, "
        "pki.example\n  third.example\n[lifetimes]\nreuse_days = 90\n[watch]\npolling = 5 until 10\n"
        "[file]\nredirects = 0";
    struct profile p;
    unsigned line;
    const char *expected;
    assert_int_equal(profile_parse(arena, text, sizeof text - 1, &p, &line, &expected), 0);
    assert_string_equal(p.name, "Other CA");
    assert_string_equal(p.txt_label, "validation");
    assert_string_equal(p.target_label, "_dcv");
    assert_int_equal(p.caa_identifiers.n, 3);
    assert_string_equal(p.caa_identifiers.v[2], "third.example");
    assert_int_equal(p.n_reuse, 1);
    assert_int_equal(p.reuse_days[0].value, 90);
    assert_int_equal(p.n_polling, 1);
    assert_int_equal(p.redirects, 0);
    assert_int_equal(profile_builtin()->caa_identifiers.n, 20);
}

static void refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned line;
        const char *expected;
    } rows[] = {
        {"[ca]\nnames = x\n", 2, "see contrib"},
        {"name = x\n", 1, "see contrib"},
        {"[ca]\n\nname\n", 3, "key = value"},
        {"[ca\nname = x\n", 1, "key = value"},
        {"[ca]\nname = x\nname = y\n", 3, "one value"},
        {"[ca]\nname =\n", 2, "1 to 60"},
        {"[dns]\ncname_base = DCV.example\n", 2, "lower case"},
        {"[dns]\ncname_base = dcv.example.\n", 2, "final dot"},
        {"[dns]\ntxt_label = a.b\n", 2, "one label"},
        {"[file]\ndir = well-known\n", 2, "begins and ends"},
        {"[file]\nname = a/b\n", 2, "file name"},
        {"[file]\nbytes = 5000x\n", 2, "whole number"},
        {"[file]\nbytes = 99999999999999999999\n", 2, "whole number"},
        {"[file]\nredirects = -1\n", 2, "whole number"},
        {"[caa]\nidentifiers = ok.example bad_one.example\n", 2, "host names"},
        {"[caa]\nidentifiers =\n", 2, "host names"},
        {"[lifetimes]\nreuse_days = 200\n  100 from 2027-02-30\n", 3, "rising dates"},
        {"[lifetimes]\nreuse_days = 200\n  100 from 2028-01-01\n  50 from 2027-01-01\n", 4, "rising dates"},
        {"[lifetimes]\nreuse_days = 200 from 2027-01-01\n", 2, "DAYS on the first line"},
        {"[watch]\npolling = 60 until 30\n", 2, "rising ends"},
        {"[watch]\npolling = 1 until 2\n 1 until 2\n", 3, "rising ends"},
    };
    struct profile p = {.name = "untouched"};
    unsigned line;
    const char *expected;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        line = 0;
        expected = "";
        if (profile_parse(arena, rows[i].text, strlen(rows[i].text), &p, &line, &expected) != -22 ||
            line != rows[i].line || !strstr(expected, rows[i].expected))
            fail_msg("%s: line %u, expected %s", rows[i].text, line, expected);
    }
    char text[300] = "[ca]\nname = ";
    memset(text + 12, 'x', 250);
    assert_int_equal(profile_parse(arena, text, 262, &p, &line, &expected), -22);
    assert_int_equal(line, 2);
    assert_int_equal(profile_parse(arena, "[ca]\n\0", 6, &p, &line, &expected), -22);
    assert_int_equal(line, 2);
    assert_string_equal(p.name, "untouched");
}

static void dated(void **state)
{
    (void)state;
    static const struct {
        const char *day;
        int days;
    } rows[] = {{"2020-01-01", 200}, {"2027-03-14T23:59:59Z", 200},
                {"2027-03-15", 100}, {"2029-03-14", 100},
                {"2029-03-15", 10},  {"2040-01-01", 10}};
    const struct profile *p = profile_builtin();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        dcv_time t;
        assert_true(time_parse(rows[i].day, &t));
        assert_int_equal(dated_value(p->reuse_days, p->n_reuse, t), rows[i].days);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(documented), cmocka_unit_test(another),
                                       cmocka_unit_test(refused), cmocka_unit_test(dated)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
