/* Reports in the forms for people: harmless whatever the network sent, and without the random value where it
 * is to be left out. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/text.h"
#include "sample_report.h"
#include "show/redact.h"
#include "show/render_as.h"

static int set_up(void **state)
{
    *state = arena_new(0);
    return !*state;
}

static int tear_down(void **state)
{
    arena_free(*state);
    return 0;
}

static char *shown(struct arena *a, enum render_form form, const struct report *r, struct render how)
{
    struct buf b = {0};
    render_as(&b, a, form, &r, 1, &how);
    assert_false(b.failed);
    char *text = arena_strndup(a, b.p, b.n);
    buf_free(&b);
    return text;
}

static const enum render_form forms[] = {
#define FORM(sym, text) sym,
    DCV_RENDER_FORMS(FORM)
#undef FORM
};
enum { FORMS = sizeof forms / sizeof *forms };

/* No eight characters of the value in a row, in whatever letter case. */
static void without(const char *text, const char *token)
{
    for (size_t i = 0; i + 8 <= strlen(token); i++) {
        char piece[9];
        memcpy(piece, token + i, 8);
        piece[8] = '\0';
        if (strcasestr(text, piece))
            fail_msg("'%s' is in:\n%s", piece, text);
    }
}

static void redacted(void **state)
{
    struct sample s;
    sample_report(*state, &s);
    for (size_t i = 0; i < FORMS; i++)
        for (unsigned verbose = 0; verbose < 2; verbose++) {
            const char *text =
                shown(*state, forms[i], &s.report, (struct render){.redact = true, .verbose = verbose});
            without(text, SAMPLE_TOKEN);
            assert_null(strstr(text, "R4nd\\\"om"));
            assert_null(strstr(text, "R4nd&quot;om"));
            if (forms[i] != RENDER_BRIEF || !verbose)
                assert_non_null(strstr(text, "redacted"));
        }
}

static void spellings(void **state)
{
    static const char token[] = "abcdEFGH0123'\"\\;xyz";
    static const char *const keep[] = {"shop.abcdefgh0.com", NULL};
    static const struct {
        const char *text, *result;
    } rows[] = {
        {"a abcdEFGH0123'\"\\;xyz b", "a redacted b"},
        {"ABCDefgh0123'\"\\;XYZ", "redacted"},
        {"\"abcdEFGH0123'\\\"\\\\;xyz\"", "\"redacted\""},
        {"\"abcdEFGH\" \"0123'\\\"\\\\;xyz\"", "\"redacted\""},
        {"abcdEFGH0123&#39;&quot;\\;xyz", "redacted"},
        {"abcdEFGH0123'\\''\"\\;xyz", "redacted"},
        {"abcdEFGH0123%27%22%5C%3Bxyz", "redacted"},
        {"abcdEFGH0123\\039\\034\\092\\059xyz", "redacted"},
        {"abcdEFGH0123\\x27\\x22\\x5c\\x3bxyz", "redacted"},
        {"cut: abcdEFGH01…", "cut: redacted…"},
        {"the end: 23'\"\\;xyz.", "the end: redacted."},
        {"abcdEFG is too short to be told", "abcdEFG is too short to be told"},
        {"abcdefgh0.com is the domain", "abcdefgh0.com is the domain"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(redact_shown(*state, token, keep, rows[i].text), rows[i].result);
    assert_string_equal(redact_shown(*state, "x1", NULL, "x x1 X1x1"), "x redacted redactedredacted");
    assert_string_equal(redact_shown(*state, NULL, NULL, "x"), "x");
}

/* No byte of the network's is more than text: no control, no markup, no end of a block. */
static void hostile(void **state)
{
    static const char *const texts[] = {"<script>alert(1)</script>",
                                        "</pre></details><img src=x onerror=y>",
                                        "```\n# title\n[a](http://b)",
                                        ("a\xe2\x80\xae"
                                         "b\xc2\x9b\x1b[31m"),
                                        "\"><b>&lt;",
                                        "| a | b |\n\n\n<i>"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct sample s;
        sample_report(*state, &s);
        s.findings[0].summary = s.request.input = s.fixes[6].text = texts[i];
        s.evidence.facts[0]->dns.ede[0].text = texts[i];
        s.evidence.facts[3]->http.headers[1].value = texts[i];
        for (size_t k = 0; k < FORMS; k++) {
            const char *text = shown(*state, forms[k], &s.report, (struct render){.verbose = true});
            uint32_t c;
            for (size_t at = 0, n = strlen(text), len; at < n; at += len) {
                len = text_utf8(text + at, n - at, &c);
                assert_true(len && (c == '\n' || !text_is_control(c)));
            }
            if (forms[k] != RENDER_HTML)
                continue;
            assert_null(strstr(text, "<script"));
            assert_null(strstr(text, "<img"));
            assert_null(strstr(text, "<b>"));
            assert_null(strstr(text, "<i>"));
        }
        const char *ticket = shown(*state, RENDER_TICKET, &s.report, (struct render){0});
        assert_null(strstr(ticket, "\n# title"));
    }
}

static void rows_of_csv(void **state)
{
    struct sample s;
    sample_report(*state, &s);
    s.findings[0].summary = "a, \"b\"\nc";
    s.request.label = "order 17, b";
    const char *text = shown(*state, RENDER_CSV, &s.report, (struct render){0});
    assert_non_null(
        strstr(text, "domain,method,verdict,code,detail_code,cause,who_acts,summary,cure,checked_at,label\n"
                     "*.Shop.Example.com,dns-txt-token,fail,invalid_dns_txt,dns_mismatch,name-internal,"));
    assert_non_null(strstr(text, ",\"a, \"\"b\"\"\\x0ac\",\"add _dnsauth.shop.example.com. 300 IN TXT "));
    assert_non_null(strstr(text, ",2026-11-22T12:00:00.000Z,\"order 17, b\"\n"));
    text = shown(*state, RENDER_BRIEF, &s.report, (struct render){.width = 60});
    assert_int_equal(text_characters(text, strlen(text)), 61);
    assert_memory_equal(text, "FAIL       *.Shop.Example.com  invalid_dns_txt  name-intern", 59);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(redacted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(spellings, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hostile, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rows_of_csv, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
