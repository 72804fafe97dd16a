/* The explanation of a code and of a paste, and the command that reproduces a code. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "format/json_write.h"
#include "format/paste.h"
#include "model/codes.h"
#include "ca/profile.h"
#include "model/time.h"
#include "show/explain.h"
#include "show/explain_rules.h"
#include "show/explain_command.h"
#include "show/explain_paste.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW 1795348800000 /* 2026-11-22T12:00:00Z */

static int setup(void **state)
{
    *state = arena_new(0);
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
    explain_code(&b, *state, CODE_dns_mismatch, shop, &(const struct render){0}, profile_builtin(), NOW);
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
    assert_non_null(
        strstr(b.p, "\n    which call        POST order/certificate/PRODUCT, with a request token: an\n"));
    assert_null(strstr(b.p, "<domain>"));
    buf_free(&b);

    b = (struct buf){0};
    explain_code(&b, *state, CODE_invalid_dns_txt, NULL, &(const struct render){0}, profile_builtin(), NOW);
    assert_non_null(strstr(b.p, "answers HTTP 200 instead"));
    buf_free(&b);
    b = (struct buf){0};
    explain_code(&b, *state, CODE_file_random_value_not_found, NULL, &(const struct render){0},
                 profile_builtin(), NOW);
    assert_null(strstr(b.p, "HTTP 200"));
    assert_non_null(strstr(b.p, "answers with it, too."));
    buf_free(&b);

    b = (struct buf){0};
    explain_code(&b, *state, CODE_order_not_pending, NULL, &(const struct render){.color = true},
                 profile_builtin(), NOW);
    assert_ptr_equal(strstr(b.p, "\033[1morder_not_pending\033[0m  "), b.p);
    assert_non_null(strstr(b.p, "\n    reproduce it      Not possible from here"));
    assert_null(strstr(b.p, "which call"));
    buf_free(&b);
}

/* The rules by date that bear on a code are those of the time, with who says so. */
static void rules_by_date(void **state)
{
    static const struct {
        enum code code;
        const char *now, *says, *says_not;
    } rows[] = {
        {CODE_invalid_dns_cname, "2025-10-27", "Before 2025-10-28 the CA accepts the older form", "Since 2025-10-28"},
        {CODE_invalid_dns_cname, "2025-10-28", "Since 2025-10-28 the CA refuses the older form", "accepts the older"},
        {CODE_invalid_dns_cname, "2026-11-14", "From 2026-11-15 on only the CNAME of the ordered", "Since 2026-11-15"},
        {CODE_invalid_dns_cname, "2026-11-15", "Since 2026-11-15 only the CNAME of the ordered", "From 2026-11-15"},
        {CODE_invalid_cname_validation, "2026-03-14", "Before 2026-03-15 a validation may be reused for 398",
         "Since 2026"},
        {CODE_invalid_cname_validation, "2027-03-14", "Since 2026-03-15 a validation may be reused for 200",
         "Since 2027"},
        {CODE_invalid_cname_validation, "2027-03-15", "(BR 4.2.1, ballot SC-081v3). From 2029-03-15 on", "200 days"},
        {CODE_invalid_dns_method, "2027-03-14", "From 2027-03-15 on no certificate may rest on validation by phone",
         "SC-081"},
        {CODE_invalid_dns_method, "2027-03-15", "Since 2027-03-15 no certificate may rest on validation by reverse",
         "SC-081"},
        {CODE_email_not_valid_email_format, "2026-11-22", "section 3.2.2.4.4 (BR", "phone"},
        {CODE_invalid_value_validity_years, "2027-03-14", "Since 2026-03-15 a certificate may be valid for at most 200",
         "398"},
        {CODE_invalid_value_validity_years, "2029-03-15", "at most 47 days (BR 6.3.2", "100 days"},
        {CODE_cert_validity_exceeds_order_validity, "2026-03-14", "at most 398 days", "Since"},
        {CODE_caa_check_failed, "2027-03-14", "Before 2027-03-15 a CA may ignore accounturi", "Since 2027-03-15"},
        {CODE_caa_check_failed, "2027-03-15", "Since 2027-03-15 a CA must heed accounturi", "may ignore"},
        {CODE_dns_mismatch, "2027-03-15", "HTTP 400", "rules by date"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b = {0};
        dcv_time now;
        assert_true(time_parse(rows[i].now, &now));
        explain_code(&b, *state, rows[i].code, NULL, &(const struct render){0}, profile_builtin(), now);
        for (char *p = b.p, *to = b.p;; p++) { /* one blank for each break and indentation */
            bool blank = *p == ' ' || *p == '\n';
            if (!blank || to == b.p || to[-1] != ' ')
                *to++ = blank ? ' ' : *p;
            if (!*p)
                break;
        }
        if (!strstr(b.p, rows[i].says) || strstr(b.p, rows[i].says_not))
            fail_msg("%s at %s: %s", code_info(rows[i].code)->code, rows[i].now, b.p);
        buf_free(&b);
    }
}

/* Who says so stands behind a rule once: no source is told by the sentence and by its row. */
static void sources_once(void **state)
{
    static const char *const days[] = {"2020-01-01", "2026-11-22", "2030-01-01"};
    size_t told = 0;
    for (enum code c = 1; code_info(c); c++)
        for (size_t d = 0; d < sizeof days / sizeof *days; d++) {
            struct texts rules;
            dcv_time now;
            assert_true(time_parse(days[d], &now));
            assert_int_equal(explain_rules(*state, c, profile_builtin(), now, &rules), 0);
            for (size_t i = 0; i < rules.n; i++, told++)
                if (strstr(rules.v[i], ") ("))
                    fail_msg("%s: %s", code_info(c)->code, rules.v[i]);
            if (c == CODE_caa_check_failed && d == 1)
                assert_non_null(strstr(rules.v[0], "in CAA records (RFC 8657). From 2027-03-15"));
        }
    assert_true(told > 30);
}

/* Every line but a command fits into 80 columns, and no variable breaks the form of the text. */
static void pages_fit_a_terminal(void **state)
{
    static const char *const evil[2] = {"x\x1b]0;t\x07\n$(id)<domain>", "\xff"};
    for (enum code c = 1; code_info(c); c++) {
        struct buf b = {0};
        explain_code(&b, *state, c, evil, &(const struct render){0}, profile_builtin(), NOW);
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
    explain_code_json(&j, NULL, *state, CODE_caa_check_failed, shop, profile_builtin(), NOW);
    json_t *o = parsed(&b);
    assert_string_equal(member(o, "error"), "caa_check_failed|shop.example.com");
    assert_string_equal(member(o, "code"), "caa_check_failed");
    assert_string_equal(member(o, "basis"), "rule");
    assert_string_equal(member(o, "command"), "dcvprobe check shop.example.com --method caa");
    assert_non_null(strstr(member(o, "check"), "dcvprobe check shop.example.com"));
    assert_string_equal(member(json_object_get(o, "answer_of"), "call"), "POST order/certificate/PRODUCT");
    assert_true(json_is_null(json_object_get(json_object_get(o, "answer_of"), "order_check")));
    json_decref(o);
    b = (struct buf){0};
    j = (struct json_out){.b = &b};
    explain_code_json(&j, NULL, *state, CODE_order_not_pending, NULL, profile_builtin(), NOW);
    o = parsed(&b);
    assert_true(json_is_null(json_object_get(o, "answer_of")));
    json_decref(o);
}

/* ---------------------------------------------------------------- pastes ----------------------------- */

static struct paste read_paste(struct arena *a, const char *text)
{
    struct paste p;
    assert_int_equal(paste_read(a, text, strlen(text), NULL, &p), 0);
    return p;
}

/* What each paste comes to: a part of its page, a part of its sentence, and whether all of it is known. */
static void pages_of_pastes(void **state)
{
    static const struct {
        const char *text, *page, *sentence;
        bool whole;
    } cases[] = {
        {"why do I get dns_mismatch for shop.example.com?",
         "dcvprobe check shop.example.com --method dns-txt-token --token VALUE\n", "One known error code was found.",
         true},
        {"txt-doubled-name", "a cause that dcvprobe finds, blocking\n", "1 cause was found.", true},
        {"CAA check failed.", "the message of 4 codes", "4 known error codes were found.", true},
        {"access_denied|invalid_approver", "where it was seen", "One known error code", true},
        {"something_new|shop.example.com", "  dcvprobe check shop.example.com --token VALUE\n",
         "'something_new' is not a code", false},
        {"dns_mismach", "did you mean dns_mismatch", "did you mean dns_mismatch", false},
        {"dns_mismatch zzz_qqq", "zzz_qqq  not known\n", "found. 'zzz_qqq' is not a code", false},
        {"{\"dcv_status\":\"pending\",\"dns_name_validations\":"
         "[{\"dns_name\":\"a.example.com\",\"status\":\"approved\"},"
         "{\"dns_name\":\"b.example.com\",\"status\":\"pending\"}]}",
         "    dcvprobe check b.example.com --token VALUE\n",
         "no error code. 1 of its 2 names is not validated: b.example.com.",
         true},
        {"{\"dns_name_validations\":[{\"dns_name\":\"a.example.com\",\"status\":\"approved\"}]}", "approved\n",
         "All of its names are validated.", true},
        {"{\"order_status\":\"pending\",\"dcv_status\":\"pending\"}", "", "validation is pending.", true},
        {"", "", "There is no text.", false},
        {"shop.example.com", "", "dcvprobe check shop.example.com says", false},
        {"\x01\x02\x03\x04\xff\xfe", "", "no text that could be read", false},
        {"good morning", "", "No error code, no message", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct paste p = read_paste(*state, cases[i].text);
        struct buf b = {0};
        explain_paste(&b, *state, &p, &(const struct render){0}, profile_builtin(), NOW);
        assert_false(b.failed);
        const char *sentence = explain_sentence(*state, &p);
        print_message("%s\n%s\n", sentence, b.p ? b.p : "");
        assert_non_null(strstr(b.p ? b.p : "", cases[i].page));
        assert_non_null(strstr(sentence, cases[i].sentence));
        assert_int_equal(explain_is_whole(&p), cases[i].whole);
        buf_free(&b);
    }
}

static void a_paste_as_json(void **state)
{
    struct paste p = read_paste(*state, "dns_mismatch|shop.example.com caa_not_fuond");
    struct buf b = {0};
    struct json_out j = {.b = &b};
    json_open(&j, NULL, '{');
    explain_paste_json(&j, *state, &p, profile_builtin(), NOW);
    json_close(&j, '}');
    json_t *o = parsed(&b), *found = json_object_get(o, "found");
    assert_int_equal(json_array_size(found), 2);
    const json_t *known = json_array_get(found, 0), *unknown = json_array_get(found, 1);
    assert_string_equal(member(known, "code"), "dns_mismatch");
    assert_string_equal(member(known, "domain"), "shop.example.com");
    assert_true(json_is_true(json_object_get(known, "known")));
    assert_non_null(strstr(member(json_object_get(known, "explanation"), "check"), "_dnsauth.shop.example.com"));
    assert_string_equal(member(unknown, "code"), "caa_not_fuond");
    assert_true(json_is_false(json_object_get(unknown, "known")));
    assert_true(json_is_null(json_object_get(unknown, "explanation")));
    assert_string_equal(json_string_value(json_array_get(json_object_get(unknown, "nearest"), 0)), "caa_not_found");
    assert_non_null(strstr(member(o, "sentence"), "did you mean caa_not_found"));
    json_decref(o);
}

/* Every cause has a page in which no place of its template is left. */
static void every_cause_by_its_id(void **state)
{
    for (enum cause c = 1; cause_info(c); c++) {
        struct paste p = read_paste(*state, cause_info(c)->id);
        assert_int_equal(p.n, 1);
        assert_int_equal(p.found[0].cause, c);
        struct buf b = {0};
        explain_paste(&b, *state, &p, &(const struct render){0}, profile_builtin(), NOW);
        assert_non_null(strstr(b.p, cause_info(c)->id));
        assert_non_null(strstr(b.p, actor_words(cause_info(c)->who_acts)));
        assert_null(strpbrk(b.p, "{}"));
        buf_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands),
        cmocka_unit_test(a_name_cannot_leave_its_word),
        cmocka_unit_test(the_page_of_one_code),
        cmocka_unit_test(rules_by_date), cmocka_unit_test(sources_once), cmocka_unit_test(pages_fit_a_terminal),
        cmocka_unit_test(the_page_as_json),
        cmocka_unit_test(pages_of_pastes),
        cmocka_unit_test(a_paste_as_json),
        cmocka_unit_test(every_cause_by_its_id),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
