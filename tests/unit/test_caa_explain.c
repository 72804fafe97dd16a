/* How a CAA verdict follows, as JSON for scripts and as text for people. test_cases.c checks the same for every
 * case. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>

#include "arena_fixture.h"
#include "base/text.h"
#include "format/json_read_case.h"
#include "format/json_write.h"
#include "format/json_write_report.h"
#include "judge/caa_explain.h"
#include "show/render.h"
#include "show/render_caa.h"

/* A wildcard name that is an alias, and a set with all that a set can hold, with bytes that are no text. */
static const char hostile[] =
    "{\"request\":{\"domain\":\"*.www.example.com\",\"methods\":[\"caa\"],\"now\":\"2026-11-22T12:00:00Z\","
    "\"depth\":\"quick\",\"issuer\":[\"digicert.com\"],\"caa_account\":\"8\"},\"evidence\":["
    "{\"kind\":\"dns\",\"qname\":\"www.example.com\",\"qtype\":\"CAA\",\"answer\":["
    "{\"type\":\"CNAME\",\"rdata\":\"a.example.net.\"},"
    "{\"owner\":\"a.example.net\",\"type\":\"CNAME\",\"rdata\":\"b.example.net.\"}]},"
    "{\"kind\":\"dns\",\"qname\":\"example.com\",\"qtype\":\"CAA\",\"answer\":["
    "{\"type\":\"CAA\",\"rdata\":\"0 issue \\\"digicert.com\\\"\"},"
    "{\"type\":\"CAA\",\"rdata\":\"0 issuewild \\\"digicert.com; account=7\\\"\"},"
    "{\"type\":\"CAA\",\"rdata\":\"0 issuewild \\\"other.example\\\"\"},"
    "{\"type\":\"CAA\",\"rdata\":\"0 issuewild \\\"a\\\\027[31m\\\\226\\\\128\\\\174\\\\\\\"\\\"\"},"
    "{\"type\":\"CAA\",\"rdata\":\"\\\\# 1 00\"}]},"
    "{\"kind\":\"dns\",\"qname\":\"com\",\"qtype\":\"CAA\",\"rcode\":\"NXDOMAIN\"}]}";

static struct report judged(const char *text)
{
    struct dcv_case *c = arena_alloc(arena, sizeof *c);
    struct json_problem problem = {0};
    struct report r;
    if (json_read_case(arena, text, strlen(text), NULL, c, &problem))
        fail_msg("%s", problem.text);
    assert_int_equal(judge(&c->request, &c->evidence, arena, &r), 0);
    return r;
}

static void in_json(void **state)
{
    (void)state;
    static const char due[] =
        "{\"climb\":["
        "{\"name\":\"www.example.com.\",\"outcome\":\"nodata\",\"reached\":true,"
        "\"alias\":[\"a.example.net.\",\"b.example.net.\"],\"facts\":[1],\"because\":"
        "\"No CAA record where the alias leads, and nothing above that place counts: on to example.com.\"},"
        "{\"name\":\"example.com.\",\"outcome\":\"records\",\"reached\":true,\"alias\":[],\"facts\":[2],"
        "\"because\":"
        "\"5 CAA records: this set decides, and the search ends.\"},"
        "{\"name\":\"com.\",\"outcome\":\"nxdomain\",\"reached\":false,\"alias\":[],\"facts\":[3],"
        "\"because\":"
        "\"Does not count: the search ended below.\"}],"
        "\"relevant\":{\"name\":\"example.com.\",\"owner\":\"example.com.\"},\"property\":\"issuewild\","
        "\"records\":["
        "{\"owner\":\"example.com.\",\"flags\":null,\"critical\":null,\"tag\":null,\"value\":null,"
        "\"applies\":false,\"effect\":\"forbids\",\"because\":"
        "\"It cannot be read: %s. No CA may issue while it is there.\","
        "\"error_at\":null,\"expected\":null,\"fact\":2},"
        "{\"owner\":\"example.com.\",\"flags\":0,\"critical\":false,\"tag\":\"issue\",\"value\":\"digicert."
        "com\","
        "\"applies\":false,\"effect\":\"none\",\"because\":"
        "\"Does not apply: for a wildcard name the issuewild records of the set take its place.\","
        "\"error_at\":null,\"expected\":null,\"fact\":2},"
        "{\"owner\":\"example.com.\",\"flags\":0,\"critical\":false,\"tag\":\"issuewild\","
        "\"value\":\"a\\\\027[31m\\\\226\\\\128\\\\174\\\\\\\"\",\"applies\":true,\"effect\":\"malformed\","
        "\"because\":"
        "\"Applies, but breaks the grammar at byte 1 of its value, and permits nobody. Expected there is a "
        "semicolon or "
        "the end after the CA's domain name.\","
        "\"error_at\":1,\"expected\":\"a semicolon or the end after the CA's domain name\",\"fact\":2},"
        "{\"owner\":\"example.com.\",\"flags\":0,\"critical\":false,\"tag\":\"issuewild\","
        "\"value\":\"digicert.com; account=7\",\"applies\":true,\"effect\":\"unmet\",\"because\":"
        "\"Applies and names this CA, but only for account=“7”, and the account given is “8”.\","
        "\"error_at\":null,\"expected\":null,\"fact\":2},"
        "{\"owner\":\"example.com.\",\"flags\":0,\"critical\":false,\"tag\":\"issuewild\","
        "\"value\":\"other.example\",\"applies\":true,\"effect\":\"other\",\"because\":"
        "\"Applies, and names another CA than this one (digicert.com): “other.example”.\","
        "\"error_at\":null,\"expected\":null,\"fact\":2}],"
        "\"valid_until\":null,\"br_may_permit_because\":null}";
    struct report r = judged(hostile);
    struct buf b = {0};
    struct json_out j = {.b = &b};
    json_write_report(&j, NULL, arena, &r, 0);
    assert_false(b.failed);
    json_t *report = json_loads(b.p, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(report);
    char *got = json_dumps(json_object_get(report, "caa"), JSON_COMPACT);
    const char *defect = r.caa->records[0].record->rr->defect, *hole = strstr(due, "%s");
    assert_non_null(defect);
    assert_string_equal(got, arena_printf(arena, "%.*s%s%s", (int)(hole - due), due, defect, hole + 2));
    free(got);
    json_decref(report);
    buf_free(&b);
}

static void no_search_no_derivation(void **state)
{
    (void)state;
    struct report r = judged("{\"request\":{\"domain\":\"localhost\",\"methods\":[\"caa\"],"
                             "\"now\":\"2026-11-22T12:00:00Z\"},\"evidence\":[]}");
    assert_int_equal(r.verdict, VERDICT_FAIL);
    assert_null(r.caa);
}

static void the_failure_is_argued(void **state)
{
    (void)state;
    struct report r =
        judged("{\"request\":{\"domain\":\"example.com\",\"methods\":[\"caa\"],\"depth\":\"quick\","
               "\"now\":\"2026-11-22T12:00:00Z\"},\"evidence\":["
               "{\"kind\":\"dns\",\"qname\":\"example.com\",\"qtype\":\"CAA\",\"outcome\":\"timeout\"},"
               "{\"kind\":\"dns\",\"qname\":\"com\",\"qtype\":\"CAA\",\"rcode\":\"NOERROR\"},"
               "{\"kind\":\"dns\",\"qname\":\"example.com\",\"qtype\":\"DS\",\"rcode\":\"NOERROR\","
               "\"flags\":[\"qr\",\"ad\"]}]}");
    assert_int_equal(r.br_may_permit, 1);
    assert_string_equal(r.caa->climb[0].because,
                        "Failed: no answer comes. A CA never climbs past a failure.");
    assert_string_equal(
        r.caa->may_because,
        "The zone example.com. is proven not to be signed: a validating resolver vouches (flag AD) that it "
        "has "
        "no DS record. After a retry the rules let a CA issue (Baseline Requirements 4.2.2.1).");
    assert_null(r.caa->relevant);
}

/* The text of it, after a check that it has no control bytes for a terminal but its own colours. */
static char *picture(const struct report *r, struct render how)
{
    struct buf b = {0};
    uint32_t c;
    render_caa(&b, arena, r, &how);
    assert_false(b.failed);
    for (size_t i = 0, len; i < b.n; i += len) {
        len = text_utf8(b.p + i, b.n - i, &c);
        assert_true(len);
        assert_true(c == '\n' || !text_is_control(c) || (c == 0x1b && how.color));
    }
    char *text = arena_strndup(arena, b.p ? b.p : "", b.n);
    buf_free(&b);
    return text;
}

static void in_text(void **state)
{
    (void)state;
    struct report r = judged(hostile);
    assert_string_equal(picture(&r, (struct render){0}),
                        "\n"
                        "  The search for the CAA set, from the domain up\n"
                        "    o  www.example.com.\n"
                        "    |    -> a.example.net.\n"
                        "    |      -> b.example.net.\n"
                        "    |    No CAA record where the alias leads, and nothing above that place\n"
                        "    |    counts: on to example.com.\n"
                        "    *  example.com.\n"
                        "         5 CAA records: this set decides, and the search ends.\n"
                        "    .  com.  does not count\n"
                        "\n"
                        "  The set at example.com.\n"
                        "    Only its issuewild records count, because the name is a wildcard.\n"
                        "    FORBIDS ALL   \\# 1 00\n"
                        "                    It cannot be read: its data is shorter than 2 bytes, so it\n"
                        "                    has flags but no tag. No CA may issue while it is there.\n"
                        "    malformed     0 issuewild \"a\\027[31m\\226\\128\\174\\\"\"\n"
                        "                                ^\n"
                        "                    Applies, but breaks the grammar at byte 1 of its value, and\n"
                        "                    permits nobody. Expected there is a semicolon or the end\n"
                        "                    after the CA's domain name.\n"
                        "    not met       0 issuewild \"digicert.com; account=7\"\n"
                        "                    Applies and names this CA, but only for account=“7”, and the\n"
                        "                    account given is “8”.\n"
                        "    other CA      0 issuewild \"other.example\"\n"
                        "                    Applies, and names another CA than this one (digicert.com):\n"
                        "                    “other.example”.\n"
                        "    no part       0 issue \"digicert.com\"\n"
                        "                    Does not apply: for a wildcard name the issuewild records of\n"
                        "                    the set take its place.\n");
    const char *colored = picture(&r, (struct render){.color = true, .verbose = true});
    assert_non_null(strstr(colored, "\033[31mmalformed\033[0m     0 issuewild"));
    assert_non_null(strstr(colored, "*  example.com.  evidence 2\n"));
}

/* The caret stands under the right byte of a value that is longer than the line, wherever that byte is. */
static void long_values(void **state)
{
    (void)state;
    for (size_t at = 0; at < 300; at++) {
        char value[301];
        memset(value, 'a', 300);
        value[300] = '\0';
        value[at] = '_';
        struct report r = judged(arena_printf(
            arena,
            "{\"request\":{\"domain\":\"example.com\",\"methods\":[\"caa\"],\"now\":\"2026-11-22T12:00:00Z\"}"
            ","
            "\"evidence\":[{\"kind\":\"dns\",\"qname\":\"example.com\",\"qtype\":\"CAA\",\"answer\":["
            "{\"type\":\"CAA\",\"rdata\":\"0 issue \\\"%s\\\"\"}]}]}",
            value));
        const char *text = picture(&r, (struct render){0}), *caret = strstr(text, "^\n");
        assert_non_null(caret);
        const char *low = caret, *high;
        while (low[-1] != '\n')
            low--;
        for (high = low - 1; high[-1] != '\n'; high--)
            ;
        /* Columns count characters: the ellipsis where text was cut is one character of three bytes. */
        size_t column = (size_t)(caret - low), bytes = 0,
               width = text_characters(high, (size_t)(low - 1 - high));
        while (text_characters(high, bytes) < column)
            bytes++;
        assert_int_equal(high[bytes], '_');
        assert_true(width <= 80);
    }
}

/* No line is wider than 80 columns, whatever the case. */
static void eighty_columns(void **state)
{
    (void)state;
    static char text[1 << 20];
    struct dirent **names;
    const char *dir = getenv("CASES");
    assert_non_null(dir);
    int n = scandir(dir, &names, NULL, alphasort), pictures = 0;
    assert_true(n > 0);
    for (int i = 0; i < n; i++) {
        if (!strncmp(names[i]->d_name, "caa-", 4)) {
            FILE *f = fopen(arena_printf(arena, "%s/%s", dir, names[i]->d_name), "rb");
            assert_non_null(f);
            text[fread(text, 1, sizeof text - 1, f)] = '\0';
            fclose(f);
            struct report r = judged(text);
            pictures += r.caa != NULL;
            for (const char *p = picture(&r, (struct render){.verbose = true}), *end; *p; p = end + 1) {
                end = strchr(p, '\n');
                if (text_characters(p, (size_t)(end - p)) > 80)
                    fail_msg("%s: %.*s", names[i]->d_name, (int)(end - p), p);
            }
        }
        free(names[i]);
    }
    free(names);
    assert_true(pictures > 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_json),
        cmocka_unit_test(no_search_no_derivation),
        cmocka_unit_test(the_failure_is_argued),
        cmocka_unit_test(in_text),
        cmocka_unit_test(long_values),
        cmocka_unit_test(eighty_columns),
    };
    return cmocka_run_group_tests(tests, arena_set_up, arena_tear_down);
}
