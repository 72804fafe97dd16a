/* Whole reports as text. tests/unit/data/reports.txt has those of a few cases, to be read by people too; `test_text
 * print` writes them anew. Rules for all reports are tested with all cases. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "format/json_read_case.h"
#include "show/render.h"

/* A failing TXT, a CAA set with a broken record, a file, a chain of signatures, a pass with a risk, a network
 * that is down. */
static const char *const shown[] = {"txt-other-value", "caa-garbage",          "file-html",
                                    "dnssec-altered",  "txt-malformed-beside", "txt-no-network"};
enum { SHOWN = sizeof shown / sizeof *shown, WIDTH = 80 };

static char *load(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("%s cannot be read", path);
    char *text = calloc(1, 1 << 20);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 20) - 1, f) > 0);
    fclose(f);
    return text;
}

static void judged(struct arena *a, const char *name, struct dcv_case *c, struct report *r)
{
    struct json_problem problem = {0};
    char *path = arena_printf(a, "%s/%s", getenv("CASES"), name), *text = load(path);
    if (json_read_case(a, text, strlen(text), NULL, c, &problem))
        fail_msg("%s: %s", name, problem.text);
    free(text);
    assert_int_equal(judge(&c->request, &c->evidence, a, r), 0);
}

static struct buf text_of(struct arena *a, const struct report *r, struct render how)
{
    struct buf b = {0};
    render_report(&b, a, r, &how);
    assert_false(b.failed);
    return b;
}

static void all_shown(struct buf *b)
{
    for (size_t i = 0; i < SHOWN; i++) {
        struct arena *a = arena_new(0);
        struct dcv_case c;
        struct report r;
        judged(a, arena_printf(a, "%s.case", shown[i]), &c, &r);
        struct buf one = text_of(a, &r, (struct render){0});
        buf_printf(b, "%s---- %s\n", i ? "\n" : "", shown[i]);
        buf_add(b, one.p, one.n);
        buf_free(&one);
        arena_free(a);
    }
}

static void whole_reports(void **state)
{
    (void)state;
    struct buf b = {0};
    char *golden = load(getenv("REPORTS"));
    all_shown(&b);
    size_t line = 1;
    for (size_t i = 0; b.p[i] && b.p[i] == golden[i]; i++)
        line += b.p[i] == '\n';
    if (strcmp(b.p, golden) != 0)
        fail_msg("not as in %s from line %zu on; it is now:\n%s", getenv("REPORTS"), line, b.p);
    buf_free(&b);
    free(golden);
}

/* Lines that a person copies may be longer than the terminal is wide: a command, a record or its data, a URL. */
static bool may_be_long(const char *line)
{
    static const char *const begin[] = {"dig ",    "delv ",  "curl ", "unbound-host ", "run again with ",
                                        "Value  ", "Host   "};
    line += strspn(line, " ");
    size_t n = strcspn(line, "\n"), longest = 0;
    for (size_t i = 0; i < sizeof begin / sizeof *begin; i++)
        if (!strncmp(line, begin[i], strlen(begin[i])))
            return true;
    for (size_t i = 0, word; i < n; i += word + 1) {
        word = strcspn(line + i, " \n");
        longest = word > longest ? word : longest;
    }
    return memmem(line, n, " IN ", 4) || memchr(line, '"', n) || longest > WIDTH / 2;
}

static void uncolored(struct buf *b)
{
    size_t o = 0;
    for (size_t i = 0; i < b->n; i++) {
        if (b->p[i] == '\033' && b->p[i + 1] == '[')
            i += strcspn(b->p + i, "m");
        else
            b->p[o++] = b->p[i];
    }
    b->p[o] = '\0';
}

/* Whether it is "      OWNER TTL TYPE", with the data in the next line. */
static bool is_head(const char *line)
{
    unsigned ttl;
    char owner[300], type[20], end;
    return !strncmp(line, "      ", 6) && sscanf(line, " %299s %u %19s%c", owner, &ttl, type, &end) == 4 &&
           end == '\n';
}

static void check_lines(const char *name, const char *text)
{
    bool data = false;
    for (const char *line = text; *line; data = is_head(line), line = strchr(line, '\n') + 1) {
        size_t n = strcspn(line, "\n");
        if (text_characters(line, n) > WIDTH && !data && !may_be_long(line))
            fail_msg("%s: a line of %zu characters: %.*s", name, text_characters(line, n), (int)n, line);
        if (n && line[n - 1] == ' ')
            fail_msg("%s: a blank ends a line: %.*s", name, (int)n, line);
    }
}

static void every_case(void **state)
{
    (void)state;
    struct dirent **names;
    int n = scandir(getenv("CASES"), &names, NULL, alphasort), seen = 0;
    for (int i = 0; i < n; i++) {
        const char *dot = strrchr(names[i]->d_name, '.');
        if (dot && !strcmp(dot, ".case")) {
            struct arena *a = arena_new(0);
            struct dcv_case c;
            struct report r;
            judged(a, names[i]->d_name, &c, &r);
            for (int verbose = 0; verbose < 2; verbose++) {
                struct buf plain = text_of(a, &r, (struct render){.verbose = verbose});
                struct buf color = text_of(a, &r, (struct render){.verbose = verbose, .color = true});
                check_lines(names[i]->d_name, plain.p);
                uncolored(&color);
                assert_string_equal(plain.p, color.p);
                buf_free(&plain);
                buf_free(&color);
            }
            arena_free(a);
            seen++;
        }
        free(names[i]);
    }
    free(names);
    assert_true(seen > SHOWN);
}

/* The longest value that a TXT record can have is cut, with the number of bytes left out. */
static void long_values(void **state)
{
    (void)state;
    struct arena *a = arena_new(0);
    struct dcv_case c;
    struct report r;
    judged(a, "txt-other-value.case", &c, &r);
    size_t n = 0;
    for (size_t i = 0; i < c.evidence.n; i++) {
        struct rrs *answer = &c.evidence.facts[i]->dns.answer;
        for (size_t k = 0; k < answer->n; k++, n++) {
            uint8_t *data = arena_alloc(a, 65280);
            memset(data, 'x', 65280);
            for (size_t at = 0; at < 65280; at += 256)
                data[at] = 255;
            answer->v[k].rdata = data;
            answer->v[k].rdlen = 65280;
        }
    }
    assert_true(n > 0);
    assert_int_equal(judge(&c.request, &c.evidence, a, &r), 0);
    struct buf b = text_of(a, &r, (struct render){0});
    assert_true(b.n < 3000);
    assert_non_null(
        strstr(b.p, "… and 65489 bytes more\n")); /* counted with the quotes and blanks between the strings */
    assert_non_null(strstr(b.p, "300 IN TXT \"x7k2m9p4q8w3e6r1t5y0u2i4o6a8s0d3\"\n"));
    buf_free(&b);
    b = text_of(a, &r, (struct render){.verbose = true});
    assert_true(b.n > 65280);
    buf_free(&b);
    arena_free(a);
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "print")) {
        struct buf b = {0};
        all_shown(&b);
        fputs(b.p, stdout);
        buf_free(&b);
        return 0;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(whole_reports), cmocka_unit_test(every_case),
                                       cmocka_unit_test(long_values)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
