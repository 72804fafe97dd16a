#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "wire/name.h"
#include "wire/suffixes.h"

#include <errno.h>
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
    suffixes_use(&suffixes_built_in);
    arena_free(arena);
    return 0;
}

#define HEAD "// VERSION: 2027-02-03_04-05-06_UTC\n\n// ===BEGIN ICANN DOMAINS===\n"
#define TAIL "// ===END ICANN DOMAINS===\n"

static int read_text(const char *text, struct suffixes *ret, const char **why)
{
    return suffixes_read(arena, text, strlen(text), "2020-01-01", ret, why);
}

/* NULL: the name has no registrable domain. */
static void registrable(const char *name, const char *expected)
{
    const char *got = name_registrable(name);
    if (!got != !expected || (got && strcmp(got, expected)))
        fail_msg("%s: %s, expected %s", name, got ? got : "-", expected ? expected : "-");
}

/* The examples of publicsuffix.org, and names that just match or do not match each kind of rule. */
static void the_lists_algorithm(void **state)
{
    (void)state;
    static const char text[] = HEAD "com\n"
                                    "*.jp // a rule ends at the first blank\n"
                                    "ac.jp\n"
                                    "*.hokkaido.jp\n"
                                    "!pref.hokkaido.jp\n"
                                    "uk\nco.uk\n"
                                    "br\r\n*.nom.br\r\n"
                                    "a.b.deep.test1\n"
                                    "公司.cn\n" TAIL "// ===BEGIN PRIVATE DOMAINS===\nblogspot.com\n";
    struct suffixes list;
    const char *why;
    assert_int_equal(read_text(text, &list, &why), 0);
    assert_string_equal(list.date, "2027-02-03");
    suffixes_use(&list);
    static const char *const rows[][2] = {
        {"com", NULL},
        {"foo.com", "foo.com"},
        {"x.foo.com", "foo.com"},
        {"x.blogspot.com", "blogspot.com"},
        {"jp", NULL}, /* the top-level domain of a rule */
        {"foo.jp", NULL},
        {"foo.bar.jp", "foo.bar.jp"},
        {"ac.jp", NULL},
        {"foo.ac.jp", "foo.ac.jp"},
        {"hokkaido.jp", NULL},
        {"bar.hokkaido.jp", NULL},
        {"foo.bar.hokkaido.jp", "foo.bar.hokkaido.jp"},
        {"pref.hokkaido.jp", "pref.hokkaido.jp"},
        {"foo.pref.hokkaido.jp", "pref.hokkaido.jp"},
        {"uk", NULL},
        {"foo.uk", "foo.uk"},
        {"nom.br", "nom.br"}, /* the parent of a wildcard */
        {"foo.nom.br", NULL},
        {"bar.foo.nom.br", "bar.foo.nom.br"},
        {"test1", NULL},
        {"deep.test1", "deep.test1"},
        {"b.deep.test1", "deep.test1"},
        {"a.b.deep.test1", NULL},
        {"x.a.b.deep.test1", "x.a.b.deep.test1"},
        {"xn--55qx5d.cn", NULL},
        {"x.xn--55qx5d.cn", "x.xn--55qx5d.cn"},
        {"foo.org", NULL}, /* no top-level domain of this list */
        {"a\\.jp", NULL},  /* one label with a dot in it */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        registrable(rows[i][0], rows[i][1]);
    assert_true(suffixes_know_top("jp"));
    assert_true(suffixes_know_top("cn"));
    assert_false(suffixes_know_top("org"));
    assert_false(suffixes_know_top("co.uk"));
    suffixes_use(&suffixes_built_in);
    registrable("foo.org", "foo.org");
}

static void lists_that_are_none(void **state)
{
    (void)state;
    char longest[300] = HEAD, label[65];
    memset(label, 'a', 64);
    label[64] = 0;
    strcat(strcat(strcat(longest, label), "\n"), TAIL);
    const char *const rows[][2] = {
        {"", "BEGIN ICANN DOMAINS"},
        {".DAFSA@PSL_0   \n", "text form, public_suffix_list.dat"},
        {"<!DOCTYPE html>\n<title>Not found</title>\n", "BEGIN ICANN DOMAINS"},
        {HEAD "com\n", "END ICANN DOMAINS"}, /* cut short */
        {TAIL HEAD, "END ICANN DOMAINS"},
        {HEAD "com\nco..uk\n" TAIL, "line 5, 'co..uk': expected a rule"},
        {HEAD ".uk\n" TAIL, "line 4"},
        {HEAD "uk.\n" TAIL, "line 4"},
        {HEAD "*.\n" TAIL, "line 4"},
        {HEAD "!\n" TAIL, "line 4"},
        {HEAD "*\n" TAIL, "line 4"},
        {HEAD "a.*.uk\n" TAIL, "line 4"},
        {HEAD "a_b.uk\n" TAIL, "line 4"},
        {HEAD "a\xff.uk\n" TAIL, "line 4"},
        {longest, "line 4"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct suffixes list;
        const char *why = NULL;
        assert_int_equal(read_text(rows[i][0], &list, &why), -EINVAL);
        if (!strstr(why, rows[i][1]))
            fail_msg("'%s' does not say '%s'", why, rows[i][1]);
    }
    struct suffixes list;
    const char *why = NULL;
    assert_int_equal(read_text("// VERSION: soon\n// ===BEGIN ICANN DOMAINS===\n" TAIL, &list, &why), 0);
    assert_string_equal(list.date, "2020-01-01");
    struct arena *small = arena_new(1);
    assert_int_equal(
        suffixes_read(small, HEAD "com\n" TAIL, strlen(HEAD "com\n" TAIL), "2020-01-01", &list, &why),
        -ENOMEM);
    arena_free(small);
}

/* The table that the build made from the file is the one that the program makes from it. */
static void built_in_is_the_file(void **state)
{
    (void)state;
    FILE *f = fopen(getenv("SUFFIXES"), "r");
    assert_non_null(f);
    static char text[1 << 20];
    size_t n = fread(text, 1, sizeof text - 1, f), rules = 0;
    fclose(f);
    struct suffixes list;
    const char *why;
    assert_int_equal(suffixes_read(arena, text, n, "", &list, &why), 0);
    assert_string_equal(list.date, suffixes_built_in.date);
    size_t counts[2] = {0};
    for (size_t i = 0; i < (size_t)1 << list.bits; i++)
        counts[0] += list.slots[i].len > 0;
    for (size_t i = 0; i < (size_t)1 << suffixes_built_in.bits; i++)
        counts[1] += suffixes_built_in.slots[i].len > 0;
    assert_int_equal(counts[0], counts[1]);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        if (!strncmp(line, "//", 2))
            continue;
        const char *name = line + strspn(line, "!*.");
        for (int k = 0; k < 2; k++) {
            char below[300];
            snprintf(below, sizeof below, "x.%s", name);
            suffixes_use(k ? &suffixes_built_in : &list);
            assert_true(*line == '!' ? suffixes_except(name) : suffixes_hold(*line == '*' ? below : name));
        }
        rules++;
    }
    assert_true(rules > 6000);
}

/* Rules that are newer than the list in Debian 12, of February 2023. */
static void newer_rules(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"example.web", "example.web"},
        {"www.example.hotel", "example.hotel"},
        {"example.merck", "example.merck"},
        {"foo.bd", "foo.bd"},
        {"shop.example.com.bd", "example.com.bd"},
        {"example.kh", "example.kh"},
        {"bank.in", NULL},
        {"www.example.fin.in", "example.fin.in"},
        {"example.co.io", "example.co.io"},
        {"hanoi.vn", NULL},
        {"paris.museum", "paris.museum"},
        {"avocat.fr", "avocat.fr"},
        {"www.arts.co", "arts.co"},
        {"bjarkoy.no", "bjarkoy.no"},
        {"example.abarth", NULL},
        {"nom.br", "nom.br"},
        {"kobe.jp", "kobe.jp"},
        {"www.kobe.jp", NULL},
        {"www.city.kobe.jp", "city.kobe.jp"},
        {"example.notatld", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        registrable(rows[i][0], rows[i][1]);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(the_lists_algorithm),
        T(lists_that_are_none),
        T(built_in_is_the_file),
        T(newer_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
