/* Every form in which an error is pasted (data/pastes.txt), and pastes that are long, hostile or no text. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "format/paste.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static struct paste read_paste(struct arena *a, const char *text, size_t n)
{
    struct paste p;
    assert_int_equal(paste_read(a, text, n, NULL, &p), 0);
    return p;
}

/* What came out, in the words of pastes.txt. */
static void write_outcome(struct buf *b, const struct paste *p)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct paste_found *f = &p->found[i];
        buf_puts(b, b->n ? "; " : "");
        if (f->kind == PASTE_CAUSE)
            buf_printf(b, "cause %s", cause_info(f->cause)->id);
        else if (f->code == CODE_NONE)
            buf_printf(b, "? %s", f->name);
        else
            buf_printf(b, "%s%s", f->kind == PASTE_MESSAGE ? "message " : "",
                       strchr(code_info(f->code)->code, '<') ? "<" : code_info(f->code)->code);
        if (f->domain)
            buf_printf(b, " %s", f->domain);
    }
    for (size_t i = 0; i < p->n_names; i++)
        buf_printf(b, "%sname %s %s", b->n ? "; " : "", p->names[i].domain,
                   p->names[i].status ? p->names[i].status : "-");
    if (!b->n)
        buf_puts(b, "nothing");
}

static FILE *open_data(const char *name)
{
    char path[4096];
    const char *reports = getenv("REPORTS");
    assert_non_null(reports);
    snprintf(path, sizeof path, "%.*s/%s", (int)(strrchr(reports, '/') - reports), reports, name);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    return f;
}

static void every_form(void **state)
{
    (void)state;
    FILE *f = open_data("pastes.txt");
    char line[4096];
    struct buf form = {0};
    unsigned forms = 0, wrong = 0;
    while (fgets(line, sizeof line, f)) {
        if (*line == '#')
            continue;
        if (strncmp(line, "----", 4) != 0) {
            buf_puts(&form, line);
            continue;
        }
        line[strcspn(line, "\n")] = '\0';
        struct arena *a = arena_new(0);
        struct paste p = read_paste(a, form.p, form.n - 1);
        struct buf out = {0};
        write_outcome(&out, &p);
        if (strcmp(out.p, line + 5) != 0) {
            print_message("%s  expected %s\n  but it is %s\n", form.p, line + 5, out.p);
            wrong++;
        }
        forms++;
        buf_free(&out);
        buf_free(&form);
        form = (struct buf){0};
        arena_free(a);
    }
    fclose(f);
    assert_in_range(forms, 50, 1000);
    assert_int_equal(wrong, 0);
}

/* The same in UTF-16 of both orders, with and without a byte order mark: what Windows saves. */
static void utf16(void **state)
{
    (void)state;
    static const char text[] =
        "{\"errors\":[{\"code\":\"dns_mismatch|shop.example.com\",\"message\":\"\"}]}\r\n";
    for (int way = 0; way < 4; way++) {
        char wide[2 * sizeof text + 2];
        size_t n = 0, big = way & 1;
        if (way & 2) {
            wide[n++] = big ? '\xfe' : '\xff';
            wide[n++] = big ? '\xff' : '\xfe';
        }
        for (size_t i = 0; i + 1 < sizeof text; i++) {
            wide[n + big] = text[i];
            wide[n + !big] = '\0';
            n += 2;
        }
        struct arena *a = arena_new(0);
        struct paste p = read_paste(a, wide, n);
        assert_int_equal(p.n, 1);
        assert_int_equal(p.found[0].code, CODE_dns_mismatch);
        assert_string_equal(p.found[0].domain, "shop.example.com");
        arena_free(a);
    }
}

/* A domain from outside is for what has none of its own, and goes before one that the text tells. */
static void the_domain_that_is_given(void **state)
{
    (void)state;
    struct arena *a = arena_new(0);
    static const char text[] = "caa_not_found|a.example.com and invalid_dns_txt for b.example.com";
    struct paste p;
    assert_int_equal(paste_read(a, text, strlen(text), "c.example.com", &p), 0);
    assert_int_equal(p.n, 2);
    assert_string_equal(p.found[0].domain, "a.example.com");
    assert_true(p.found[0].own_domain);
    assert_string_equal(p.found[1].domain, "c.example.com");
    assert_false(p.found[1].own_domain);
    arena_free(a);
}

static void what_is_no_error(void **state)
{
    (void)state;
    struct arena *a = arena_new(0);
    assert_true(read_paste(a, "", 0).empty);
    assert_true(read_paste(a, " \r\n\t", 4).empty);
    assert_string_equal(read_paste(a, " Shop.example.com\n", 18).only_domain, "shop.example.com");
    unsigned char noise[5000];
    uint32_t x = 1;
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (unsigned char)((x = x * 1664525 + 1013904223) >> 24);
    struct paste p = read_paste(a, (const char *)noise, sizeof noise);
    assert_true(p.binary && !p.empty);
    assert_int_equal(p.n, 0);
    /* A code is found in it all the same. */
    memcpy(noise + 2000, "\"dns_mismatch|shop.example.com\"", 31);
    p = read_paste(a, (const char *)noise, sizeof noise);
    assert_int_equal(p.n, 1);
    assert_string_equal(p.found[0].domain, "shop.example.com");
    arena_free(a);
}

/* Of codes that are not known, what may be meant. */
static void what_may_be_meant(void **state)
{
    (void)state;
    struct arena *a = arena_new(0);
    struct paste p = read_paste(a, "invalid_dns_text", 16);
    assert_int_equal(p.n, 1);
    assert_int_equal(p.found[0].code, CODE_NONE);
    assert_int_equal(p.found[0].near[0], CODE_invalid_dns_txt);
    arena_free(a);
}

/* Megabytes of each piece again and again: the time is in proportion to the length, and what is behind them
 * is found unless there was more than can be told. */
static void long_pastes(void **state)
{
    (void)state;
    enum { LONG = 1 << 20, LONGEST = 10 << 20 };
    static const char *const pieces[] = {
        "{\"code\":\"dns_mismatch|a.example.com\",\"message\":\"CAA check failed\"},\n", /* LONGEST */
        "a",
        "\n> > ",
        "\"",
        "\\",
        "|",
        "dns_",
        "a_b ",
        "&amp;",
        "%2525",
        "<code>",
        "code: ",
        "caa check failed ",
        "x.y ",
        "for a.com ",
        "dns_mismatch|",
        "dns_name_validations dns_name: a status: ",
        "=\n",
        "the specified parameter contains an invalid value for the time "};
    static const char last[] = "\n\n\"} {\"code\":\"file_not_found|end.example.com\"}";
    char *text = malloc(LONGEST + sizeof last);
    assert_non_null(text);
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        size_t n = strlen(pieces[i]), whole = i ? LONG : LONGEST;
        for (size_t at = 0; at < whole; at++)
            text[at] = pieces[i][at % n];
        memcpy(text + whole, last, sizeof last);
        struct arena *a = arena_new(0);
        clock_t began = clock();
        struct paste p = read_paste(a, text, whole + sizeof last - 1);
        double took = (double)(clock() - began) / CLOCKS_PER_SEC;
        bool found = false;
        for (size_t k = 0; k < p.n; k++)
            found = found || p.found[k].code == CODE_file_not_found;
        print_message("%.12s…: %.2f s, %zu found\n", pieces[i], took, p.n);
        assert_true(took < (i ? 3 : 20));
        assert_true(found || p.more);
        arena_free(a);
    }
    free(text);
}

static void many_things(void **state)
{
    (void)state;
    struct buf b = {0};
    for (int i = 0; i < 3000; i++)
        buf_printf(&b, "dns_mismatch|host%d.example.com\n", i);
    struct arena *a = arena_new(0);
    struct paste p = read_paste(a, b.p, b.n);
    assert_int_equal(p.n, PASTE_FOUND_MOST);
    assert_true(p.more);
    arena_free(a);
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form),
        cmocka_unit_test(utf16),
        cmocka_unit_test(the_domain_that_is_given),
        cmocka_unit_test(what_is_no_error),
        cmocka_unit_test(what_may_be_meant),
        cmocka_unit_test(long_pastes),
        cmocka_unit_test(many_things),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
