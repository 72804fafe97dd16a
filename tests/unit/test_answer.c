/* Which call of the CA's API a code belongs to, and what the check of the whole order shows instead. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "arena_fixture.h"
#include "ca/answer.h"
#include "format/json_answer.h"
#include "sample_report.h"
#include "show/render.h"

#include <jansson.h>

static struct profile profile_of(const char *text)
{
    struct profile p;
    unsigned line = 0;
    const char *key, *expected = "";
    if (profile_parse(arena, text, strlen(text), &p, &line, &key, &expected))
        fail_msg("%s: line %u, expected %s", text, line, expected);
    return p;
}

/* A method that is only half known beside one that is: dns-persist gives the code of dns-txt-token, and what the check
 * of an order makes of it is documented nowhere. */
static void each_family_has_its_call(void **state)
{
    (void)state;
    static const char order[] = "POST order/certificate/PRODUCT", domain[] = "PUT domain/ID/dcv/validate-token";
    static const struct {
        enum code code;
        enum method method;
        enum ca_call kind;
        const char *call;
        int order_status; /* 0: the check of an order does not come to it */
    } rows[] = {
        {CODE_invalid_dns_txt, METHOD_DNS_TXT_TOKEN, CALL_DOMAIN_CHECK, domain, 200},
        {CODE_invalid_dns_txt, METHOD_DNS_PERSIST, CALL_DOMAIN_CHECK, domain, 0},
        {CODE_dns_mismatch, METHOD_DNS_TXT_TOKEN, CALL_ISSUE, order, 0},
        {CODE_invalid_dns_cname, METHOD_DNS_CNAME_TOKEN, CALL_DOMAIN_CHECK, domain, 200},
        {CODE_invalid_dns_cname, METHOD_DNS_CNAME_TARGET, CALL_DOMAIN_CHECK, domain, 0},
        {CODE_file_random_value_not_found, METHOD_HTTP_TOKEN, CALL_DOMAIN_CHECK, domain, 400},
        {CODE_file_random_value_not_found, METHOD_HTTP_TOKEN_DYNAMIC, CALL_DOMAIN_CHECK, domain, 400},
        {CODE_file_not_found, METHOD_HTTP_TOKEN, CALL_ISSUE, order, 0},
        {CODE_caa_not_found, METHOD_CAA, CALL_ORDER, order, 0},
        {CODE_dns_invalid_domain, METHOD_DNS_TXT_TOKEN, CALL_ORDER, order, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct answer w;
        assert_true(answer_of(profile_builtin(), rows[i].code, rows[i].method, &w));
        assert_int_equal(w.kind, rows[i].kind);
        assert_string_equal(w.call, rows[i].call);
        assert_int_equal(w.status, 400);
        assert_int_equal(w.order_status, rows[i].order_status);
        assert_int_equal(!w.order_call, !rows[i].order_status);
        assert_int_equal(!w.pending, rows[i].order_status != 200);
    }
}

/* What a check can come to has a call; what no check of the CA's comes to, or only the CA knows, has none. */
static void known_and_not_known(void **state)
{
    (void)state;
    struct answer w = {.call = "untouched"};
    for (enum code c = 1; code_info(c); c++) {
        bool known = answer_of(profile_builtin(), c, METHOD_CAA, &w);
        if (code_info(c)->class == CLASS_PROBE)
            assert_true(known);
        if (code_info(c)->class == CLASS_API)
            assert_false(known);
    }
    w.call = "untouched";
    assert_false(answer_of(profile_builtin(), CODE_NONE, METHOD_CAA, &w));
    assert_false(answer_of(profile_builtin(), CODE_not_found_order, METHOD_CAA, &w));
    assert_string_equal(w.call, "untouched");
}

/* Another CA: other calls, none at all, and another answer of the order's check. */
static void another_profile(void **state)
{
    (void)state;
    struct answer w;
    struct profile p = profile_of("[api]\ndomain_check = GET names/N\norder_check = GET orders/N\npending = open\n"
                                  "order_answers = http-token:names dns-txt-token:code\n");
    assert_true(answer_of(&p, CODE_invalid_dns_txt, METHOD_DNS_TXT_TOKEN, &w));
    assert_string_equal(w.call, "GET names/N");
    assert_string_equal(w.order_call, "GET orders/N");
    assert_int_equal(w.order_status, 400);
    assert_null(w.pending);
    assert_true(answer_of(&p, CODE_file_random_value_not_found, METHOD_HTTP_TOKEN, &w));
    assert_string_equal(w.pending, "open");
    assert_true(answer_of(&p, CODE_invalid_dns_cname, METHOD_DNS_CNAME_TOKEN, &w));
    assert_null(w.order_call);
    assert_true(answer_of(&p, CODE_dns_mismatch, METHOD_DNS_TXT_TOKEN, &w));
    assert_string_equal(w.call, profile_builtin()->call_order);

    p = profile_of("[api]\ndomain_check =\norder_check =\n");
    assert_false(answer_of(&p, CODE_invalid_dns_txt, METHOD_DNS_TXT_TOKEN, &w));
    assert_true(answer_of(&p, CODE_dns_mismatch, METHOD_DNS_TXT_TOKEN, &w));
    p = profile_of("[api]\norder_check =\n");
    assert_true(answer_of(&p, CODE_invalid_dns_txt, METHOD_DNS_TXT_TOKEN, &w));
    assert_null(w.order_call);
}

static json_t *written(const struct report *r)
{
    struct buf b = {0};
    struct json_out j = {.b = &b};
    json_open(&j, NULL, '{');
    json_write_answer_of(&j, "answer_of", arena, r);
    json_close(&j, '}');
    assert_false(b.failed);
    json_t *o = json_loadb(b.p, b.n, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(o);
    buf_free(&b);
    return o;
}

static void is(const struct report *r, const char *expected)
{
    json_t *got = written(r), *want = json_loads(expected, 0, NULL);
    assert_non_null(want);
    if (!json_equal(json_object_get(got, "answer_of"), json_object_get(want, "answer_of"))) {
        char *text = json_dumps(got, JSON_COMPACT);
        fail_msg("%s\nis not\n%s", text, expected);
    }
    json_decref(got);
    json_decref(want);
}

static void in_json(void **state)
{
    (void)state;
    struct sample s;
    sample_report(arena, &s);
    is(&s.report,
       "{\"answer_of\":{\"call\":\"PUT domain/ID/dcv/validate-token\",\"http_status\":400,\"basis\":\"documented\","
       "\"order_check\":{\"call\":\"PUT order/certificate/ID/check-dcv\",\"http_status\":200,\"code\":null,"
       "\"order_status\":\"pending\",\"dcv_status\":\"pending\",\"dns_name_validations\":["
       "{\"dns_name\":\"*.shop.example.com\",\"status\":\"pending\"}]}}}");
    s.request.method = METHOD_HTTP_TOKEN;
    s.report.error.code = CODE_file_random_value_not_found;
    is(&s.report,
       "{\"answer_of\":{\"call\":\"PUT domain/ID/dcv/validate-token\",\"http_status\":400,\"basis\":\"documented\","
       "\"order_check\":{\"call\":\"PUT order/certificate/ID/check-dcv\",\"http_status\":400,"
       "\"code\":\"file_random_value_not_found\",\"order_status\":null,\"dcv_status\":null,"
       "\"dns_name_validations\":[]}}}");
    s.request.method = METHOD_CAA;
    s.report.error = (struct code_error){CODE_caa_not_found, {"shop.example.com"}};
    is(&s.report, "{\"answer_of\":{\"call\":\"POST order/certificate/PRODUCT\",\"http_status\":400,"
                  "\"basis\":\"rule\",\"order_check\":null}}");
    /* The API is that of the profile's CA; and without a code nothing is answered. */
    s.request.ca = "Another CA";
    is(&s.report, "{\"answer_of\":null}");
    s.request.ca = NULL;
    s.report.error.code = CODE_NONE;
    is(&s.report, "{\"answer_of\":null}");
}

static size_t lines(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += *text == '\n';
    return n;
}

/* As text it is one line, and only where the report still fits a terminal, or all is shown. */
static void in_text(void **state)
{
    (void)state;
    static const char line[] = "\n    Call: PUT domain/ID/dcv/validate-token. The order's check: 200, pending.\n";
    struct sample s;
    sample_report(arena, &s);
    s.report.n_findings = 1;
    s.findings[0].n_facts = 0;
    s.findings[0].n_fixes = s.findings[0].n_cures = s.cures[0].n = 1;
    bool seen = false, left_out = false;
    for (size_t i = 1; i < 30; i++) {
        struct buf b = {0};
        char *summary = arena_strdup(arena, "So it is.");
        for (size_t k = 0; k < i; k++)
            summary = arena_printf(arena, "%s %070zu", summary, k); /* one line more each time */
        s.findings[0].summary = summary;
        render_report(&b, arena, &s.report, &(struct render){0});
        bool there = strstr(b.p, line);
        assert_true(there ? lines(b.p) <= 24 : lines(b.p) >= 24);
        assert_true(!there || !left_out);
        seen = seen || there;
        left_out = left_out || !there;
        buf_free(&b);
    }
    assert_true(seen && left_out);
    struct buf b = {0};
    render_report(&b, arena, &s.report, &(struct render){.verbose = true});
    assert_non_null(strstr(b.p, "\n    Call: PUT domain/ID/dcv/validate-token. The check of the whole order, PUT\n"));
    assert_non_null(strstr(b.p, "*.shop.example.com"));
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_family_has_its_call),
        cmocka_unit_test(known_and_not_known),
        cmocka_unit_test(another_profile),
        cmocka_unit_test(in_json),
        cmocka_unit_test(in_text),
    };
    return cmocka_run_group_tests(tests, arena_set_up, arena_tear_down);
}
