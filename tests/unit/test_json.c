#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "arena_fixture.h"
#include "format/json_read_case.h"
#include "format/json_write_report.h"

#include "evidence/evidence.h"
#include "methods/methods.h"
#include "model/time.h"
#include "sample_report.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- the writer ------------------------- */

static void commas_and_indent(void **state)
{
    (void)state;
    struct buf b = {0};
    struct json_out j = {.b = &b};
    json_open(&j, NULL, '{');
    json_open(&j, "a", '[');
    json_int(&j, NULL, -1);
    json_int(&j, NULL, INT64_MIN);
    json_open(&j, NULL, '{');
    json_close(&j, '}');
    json_close(&j, ']');
    json_nil(&j, "b");
    json_bool(&j, "c", true);
    json_close(&j, '}');
    assert_string_equal(b.p, "{\"a\":[-1,-9223372036854775808,{}],\"b\":null,\"c\":true}");
    buf_free(&b);

    j = (struct json_out){.b = &b, .indent = 2};
    json_open(&j, NULL, '{');
    json_open(&j, "a", '[');
    json_text(&j, NULL, "x");
    json_close(&j, ']');
    json_open(&j, "b", '[');
    json_close(&j, ']');
    json_close(&j, '}');
    assert_string_equal(b.p, "{\n  \"a\": [\n    \"x\"\n  ],\n  \"b\": []\n}");
    buf_free(&b);
}

static void numbers_and_times(void **state)
{
    (void)state;
    struct buf b = {0};
    struct json_out j = {.b = &b};
    json_open(&j, NULL, '[');
    json_ms(&j, NULL, 41700);
    json_ms(&j, NULL, 5);
    json_ms(&j, NULL, 3000);
    json_ms(&j, NULL, 1010);
    json_time(&j, NULL, TIME_UNKNOWN);
    json_time(&j, NULL, 1795348800123);
    json_close(&j, ']');
    assert_string_equal(b.p, "[41.7,0.005,3,1.01,null,\"2026-11-22T12:00:00.123Z\"]");
    buf_free(&b);
}

/* Whatever the bytes, the text is valid JSON, and has no control characters for a terminal. */
static void any_bytes_become_json(void **state)
{
    (void)state;
    unsigned char bytes[4];
    for (uint32_t i = 0; i < 1 << 16; i++) {
        /* Every pair of bytes, between two letters. */
        bytes[0] = 'a';
        bytes[1] = (unsigned char)(i >> 8);
        bytes[2] = (unsigned char)i;
        bytes[3] = 'z';
        struct buf b = {0};
        struct json_out j = {.b = &b};
        json_open(&j, NULL, '[');
        json_bytes(&j, NULL, (const char *)bytes, 4);
        json_close(&j, ']');
        json_t *t = json_loadb(b.p, b.n, JSON_ALLOW_NUL, NULL);
        assert_non_null(t);
        const char *s = json_string_value(json_array_get(t, 0));
        size_t n = json_string_length(json_array_get(t, 0));
        assert_int_equal(s[0], 'a');
        assert_int_equal(s[n - 1], 'z');
        for (size_t k = 0; k < b.n; k++)
            assert_true((unsigned char)b.p[k] >= 0x20 && b.p[k] != 0x7f);
        json_decref(t);
        buf_free(&b);
    }
}

static void controls_are_escaped(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"tab\there \"q\" \\", "\"tab\\there \\\"q\\\" \\\\\""},
        {"\x1b[31m", "\"\\u001b[31m\""},
        {"\xc2\x9b"
         "31m",
         "\"\\u009b31m\""}, /* C1: CSI in one character */
        {"a\xe2\x80\xae"
         "b",
         "\"a\\u202eb\""}, /* right-to-left override */
        {"m\xc3\xbcnchen", "\"m\xc3\xbcnchen\""},
        {"\xf0\x9f\x92\xa9", "\"\xf0\x9f\x92\xa9\""},
        {"\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\""},                 /* overlong */
        {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""}, /* a surrogate */
        {"cut \xe2\x82", "\"cut \xef\xbf\xbd\xef\xbf\xbd\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b = {0};
        struct json_out j = {.b = &b};
        json_text(&j, NULL, rows[i].in);
        assert_string_equal(b.p, rows[i].out);
        buf_free(&b);
    }
}

static void text_grows(void **state)
{
    (void)state;
    struct buf b = {0};
    for (int i = 0; i < 2000; i++)
        buf_printf(&b, "%04d,", i);
    assert_int_equal(b.n, 10000);
    assert_memory_equal(b.p + 9995, "1999,", 6);
    char *big = calloc(1, 70001);
    memset(big, 'x', 70000);
    buf_printf(&b, "%s", big);
    assert_int_equal(b.n, 80000);
    assert_int_equal(b.p[79999], 'x');
    assert_int_equal(b.p[80000], 0);
    assert_false(b.failed);
    free(big);
    buf_free(&b);
}

/* ---------------------------------------------------------------- reports, cases, requests ----------- */

static struct buf write_case(const struct report *r, unsigned flags)
{
    struct buf b = {0};
    struct json_out j = {.b = &b, .indent = 1};
    json_write_case(&j, arena, r, flags);
    assert_false(b.failed);
    return b;
}

static void read_case(const char *text, size_t n, struct dcv_case *ret)
{
    struct json_problem problem = {0};
    int err = json_read_case(arena, text, n, NULL, ret, &problem);
    if (err)
        fail_msg("%d: %s", err, problem.text ? problem.text : "");
}

/* A case file holds the whole case: written, read and written again it is the same, byte for byte. */
static void round_trip(void **state)
{
    (void)state;
    for (unsigned flags = 0; flags <= JSON_REDACT; flags++) {
        struct sample s;
        sample_report(arena, &s);
        if (flags & JSON_REDACT)
            s.report.n_findings = 0; /* findings without the value: their sentences cannot be made again */
        struct buf first = write_case(&s.report, flags);
        json_t *t = json_loadb(first.p, first.n, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(t);
        json_decref(t);
        struct dcv_case c;
        read_case(first.p, first.n, &c);
        assert_int_equal(c.evidence.n, 5);
        struct report again = s.report;
        again.request = &c.request;
        again.evidence = &c.evidence;
        struct buf second = write_case(&again, flags);
        assert_string_equal(first.p, second.p);
        buf_free(&first);
        buf_free(&second);
    }
}

static void what_is_read_back(void **state)
{
    (void)state;
    struct sample s;
    struct dcv_case c;
    sample_report(arena, &s);
    struct buf b = write_case(&s.report, 0);
    read_case(b.p, b.n, &c);
    buf_free(&b);
    assert_string_equal(c.request.token, SAMPLE_TOKEN);
    assert_string_equal(c.request.adn, "example.com");
    assert_true(c.request.wildcard);
    assert_true(c.request.now == SAMPLE_NOW);
    assert_int_equal(c.request.deadline_ms, 500);
    for (size_t i = 0; i < 5; i++) {
        const struct fact *f = s.evidence.facts[i], *g = c.evidence.facts[i];
        assert_int_equal(g->us, f->us);
        assert_true(g->at == f->at);
        assert_ptr_equal(evidence_find(&c.evidence, f->ask), g->ask);
        if (f->ask->kind == ASK_HTTP) {
            assert_int_equal(g->http.body.n, f->http.body.n);
            assert_memory_equal(g->http.body.p, f->http.body.p, f->http.body.n);
            assert_int_equal(g->http.n_headers, f->http.n_headers);
            continue;
        }
        assert_int_equal(g->dns.outcome, f->dns.outcome);
        assert_int_equal(g->dns.flags, f->dns.flags);
        assert_int_equal(g->dns.rcode, f->dns.rcode);
        assert_int_equal(g->dns.answer.n, f->dns.answer.n);
        for (size_t k = 0; k < f->dns.answer.n; k++) {
            assert_int_equal(g->dns.answer.v[k].rdlen, f->dns.answer.v[k].rdlen);
            assert_memory_equal(g->dns.answer.v[k].rdata, f->dns.answer.v[k].rdata, f->dns.answer.v[k].rdlen);
        }
    }
    assert_string_equal(c.evidence.facts[0]->dns.answer.v[3].defect, "a character-string runs over the end");
    assert_true(c.expected.has_verdict && c.expected.verdict == VERDICT_FAIL);
    assert_string_equal(c.expected.error, "invalid_dns_txt");
    assert_string_equal(c.expected.detail, "dns_mismatch");
    assert_int_equal(c.expected.n_findings, 2);
    assert_string_equal(c.expected.findings[1].cause, "name-invalid");
}

/* The random value appears in no form: plain, escaped, in other letter case, split over two strings, in UTF-16. */
static void redacted(void **state)
{
    (void)state;
    struct sample s;
    sample_report(arena, &s);
    struct buf b = write_case(&s.report, JSON_REDACT);
    for (char *p = b.p; *p; p++)
        *p = (char)(*p >= 'A' && *p <= 'Z' ? *p | 0x20 : *p);
    assert_null(strstr(b.p, "r4nd"));
    assert_null(strstr(b.p, "ue;0123"));
    assert_null(strstr(b.p, "vabuagqa"));
    buf_free(&b);
    b = write_case(&s.report, JSON_REDACT);
    assert_non_null(strstr(b.p, "\"token\": \"redactedredactedred\""));
    assert_non_null(strstr(b.p, "\\\"x redactedredactedred y\\\""));
    assert_non_null(strstr(b.p, "\\\"redactedr\\\" \\\"edactedre\\\" \\\"d\\\""));
    assert_non_null(strstr(b.p, "\\\"REDACTEDREDACTEDRED\\\""));
    assert_non_null(strstr(b.p, "\"body\": \"<b>redactedredactedred\\r\\n\\u0007m\xc3\xbc\""));
    buf_free(&b);
}

static void fields_of_a_report(void **state)
{
    (void)state;
    struct sample s;
    sample_report(arena, &s);
    struct buf b = {0};
    struct json_out j = {.b = &b};
    json_write_report(&j, NULL, arena, &s.report, 0);
    json_t *t = json_loadb(b.p, b.n, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(t);
    const char *input, *domain, *method, *challenge, *verdict, *code, *message, *detail, *version, *started;
    json_t *id, *permit, *facts, *fixes, *evidence;
    int schema, status, wildcard;
    double ms;
    assert_int_equal(
        0,
        json_unpack(
            t, "{s:i,s:o,s:s,s:s,s:b,s:s,s:s,s:s,s:[{s:s,s:s}],s:i,s:s,s:o,s:[{s:o,s:o},{}],s:o,s:s,s:F,s:s}",
            "schema_version", &schema, "id", &id, "input", &input, "domain", &domain, "wildcard", &wildcard,
            "method", &method, "challenge", &challenge, "verdict", &verdict, "errors", "code", &code,
            "message", &message, "http_status", &status, "detail_code", &detail, "br_may_permit", &permit,
            "findings", "facts", &facts, "fixes", &fixes, "evidence", &evidence, "started_at", &started,
            "duration_ms", &ms, "version", &version));
    assert_int_equal(schema, 1);
    assert_string_equal(input, "*.Shop.Example.com");
    assert_string_equal(domain, "shop.example.com");
    assert_true(wildcard);
    assert_string_equal(code, "invalid_dns_txt");
    assert_int_equal(status, 400);
    assert_string_equal(detail, "dns_mismatch");
    assert_true(json_is_null(permit));
    assert_int_equal(json_array_size(facts), 3);
    assert_int_equal(json_array_size(fixes), 7);
    assert_true(ms > 41.69 && ms < 41.71);
    json_t *dns = json_array_get(evidence, 1), *http = json_array_get(evidence, 3);
    assert_string_equal(
        json_string_value(json_object_get(dns, "reproduce")),
        "dig +norecurse +cdflag +tcp +dnssec @2001:db8::53 -p 5353 -q -x.example.com. -t CAA");
    assert_string_equal(json_string_value(json_object_get(json_array_get(evidence, 2), "via")),
                        "perspective:tokyo");
    assert_string_equal(json_string_value(json_object_get(json_array_get(evidence, 2), "qtype")),
                        "TYPE65280");
    assert_int_equal(json_array_size(json_object_get(json_object_get(http, "headers"), "Set-Cookie")), 2);
    json_decref(t);
    buf_free(&b);

    s.report.verdict = VERDICT_PASS;
    s.report.error.code = s.report.detail_code = CODE_NONE;
    json_write_report(&j, NULL, arena, &s.report, JSON_NO_EVIDENCE);
    assert_non_null(strstr(b.p, "\"errors\":[],\"http_status\":200,\"detail_code\":null"));
    assert_null(strstr(b.p, "\"evidence\""));
    buf_free(&b);
}

/* The rules by date that a report follows from: by its verdict and its findings, as they are at its time. */
static void rules_of_a_report(void **state)
{
    (void)state;
    static const struct {
        enum verdict verdict;
        enum cause cause;
        const char *now, *says;
    } rows[] = {
        {VERDICT_PASS, CAUSE_NONE, "2027-03-14",
         "\"reusable_until\":\"2027-06-22T00:00:00.000Z\",\"rules\":[{\"rule\":\"reuse\",\"value\":200,\"since\":"
         "\"2026-03-15\","
         "\"until\":\"2027-03-15\",\"source\":\"BR 4.2.1, ballot SC-081v3\",\"text\":"},
        {VERDICT_PASS, CAUSE_NONE, "2029-03-15",
         "\"reusable_until\":\"2029-03-25T00:00:00.000Z\",\"rules\":[{\"rule\":\"reuse\",\"value\":10,\"since\":"
         "\"2029-03-15\",\"until\":null,"},
        {VERDICT_FAIL, CAUSE_target_with_wildcard, "2026-11-15",
         "\"rules\":[{\"rule\":\"own-cname-only\",\"value\":true,\"since\":\"2026-11-15\",\"until\":null,"},
        {VERDICT_FAIL, CAUSE_cname_retired_form, "2026-11-15",
         "\"rules\":[{\"rule\":\"cname-retired-form\",\"value\":false,"},
        {VERDICT_FAIL, CAUSE_txt_absent, "2026-11-15", "\"rules\":[]"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sample s;
        struct buf b = {0};
        struct json_out j = {.b = &b};
        sample_report(arena, &s);
        s.report.verdict = rows[i].verdict;
        s.report.n_findings = rows[i].cause != CAUSE_NONE;
        s.findings[0].cause = rows[i].cause;
        assert_true(time_parse(rows[i].now, &s.request.now));
        json_write_report(&j, NULL, arena, &s.report, JSON_NO_EVIDENCE);
        if (!strstr(b.p, rows[i].says) || !strstr(b.p, "reusable_until") != (rows[i].verdict == VERDICT_FAIL))
            fail_msg("report %zu: %s", i, b.p);
        buf_free(&b);
    }
}

/* A case file written by hand, with only the members that matter. */
static void hand_written(void **state)
{
    (void)state;
    static const char text[] =
        "{\"name\":\"n\",\"why\":\"w\",\"request\":{\"domain\":\"shop.example.com\",\"method\":\"dns-txt-"
        "token\",\"token\":\"abc\","
        "\"now\":\"2026-11-22T12:00:00Z\"},\"evidence\":["
        "{\"kind\":\"dns\",\"qname\":\"_dnsauth.shop.example.com\",\"qtype\":\"TXT\",\"rcode\":\"NXDOMAIN\","
        "\"odd\":1},"
        "{\"qname\":\"shop.example.com.\",\"qtype\":\"TXT\",\"answer\":[{\"rdata\":\"\\\"v\\\"\"},{\"type\":"
        "\"CNAME\",\"rdata\":\"x.example\"}]},"
        "{\"qname\":\"shop.example.com\",\"qtype\":\"A\",\"via\":\"authoritative\",\"server\":\"192.0.2.1\"},"
        "{\"qname\":\"a.example.com\",\"qtype\":\"A\",\"outcome\":\"servfail\"},"
        "{\"qname\":\"b.example.com\",\"qtype\":\"A\",\"outcome\":\"timeout\"},"
        "{\"url\":\"http://shop.example.com/\",\"address\":\"192.0.2.80\",\"body\":\"abc\"}],"
        "\"report\":{\"verdict\":\"fail\",\"errors\":[],\"detail_code\":null,\"not_findings\":[\"txt-"
        "absent\"]}}";
    struct dcv_case c;
    read_case(text, sizeof text - 1, &c);
    assert_int_equal(c.request.methods, METHOD_BIT(METHOD_DNS_TXT_TOKEN));
    struct fact **f = c.evidence.facts;
    assert_string_equal(f[0]->ask->qname, "_dnsauth.shop.example.com.");
    assert_int_equal(f[0]->ask->via, VIA_RESOLVER);
    assert_int_equal(f[0]->dns.outcome, DNS_NXDOMAIN);
    assert_int_equal(f[0]->dns.flags, DNS_QR | DNS_RD | DNS_RA);
    assert_int_equal(f[1]->dns.outcome, DNS_ANSWER);
    assert_string_equal(f[1]->dns.answer.v[0].owner, "shop.example.com.");
    assert_int_equal(f[1]->dns.answer.v[0].type, RR_TXT);
    assert_int_equal(f[1]->dns.answer.v[0].ttl, 300);
    assert_string_equal(rr_target(arena, &f[1]->dns.answer.v[1]), "x.example.");
    assert_int_equal(f[2]->dns.outcome, DNS_NODATA);
    assert_int_equal(f[2]->dns.flags, DNS_QR | DNS_AA);
    assert_string_equal(f[2]->ask->server, "192.0.2.1:53");
    assert_int_equal(f[3]->dns.rcode, 2);
    assert_int_equal(f[4]->dns.flags, 0);
    assert_int_equal(f[5]->ask->via, VIA_DIRECT);
    assert_string_equal(f[5]->ask->address, "192.0.2.80:80");
    assert_int_equal(f[5]->http.status, 200);
    assert_int_equal(f[5]->http.size, 3);
    const struct expected *e = &c.expected;
    assert_true(e->has_verdict && e->has_errors && e->has_detail && !e->has_findings && !e->has_reason);
    assert_string_equal(e->error, "");
    assert_string_equal(e->detail, "");
    assert_int_equal(e->br_may_permit, -2);
    assert_string_equal(e->not_findings.v[0], "txt-absent");
}

/* A saved case has no key, and gives the same report as with the key, also where no token was computed. */
static void key_stays_out(void **state)
{
    (void)state;
    struct request r;
    struct input_error e;
    struct evidence ev;
    request_init(&r, NULL, SAMPLE_NOW);
    sample_set(arena, &r, "domain", "example.com");
    sample_set(arena, &r, "auth_key", "secret-key");
    sample_set(arena, &r, "csr", "line\r\n\xff");
    sample_set(arena, &r, "method", "dns-txt-token");
    assert_int_equal(request_finish(arena, &r, &e), 0);
    evidence_init(&ev, arena, 10);
    struct report report = {
        .request = &r, .evidence = &ev, .verdict = VERDICT_UNDECIDED, .started_at = TIME_UNKNOWN};
    for (int i = 0; i < 2; i++) {
        struct buf b = write_case(&report, 0);
        assert_null(strstr(b.p, "secret"));
        struct dcv_case c;
        read_case(b.p, b.n, &c);
        buf_free(&b);
        assert_int_equal(request_challenge(&c.request), CHALLENGE_REQUEST_TOKEN);
        assert_int_equal(c.request.computed.n, i);
        assert_int_equal(c.request.csr.n, 7);
        assert_true(texts_add(arena, &report.tokens, "20261122000000x"));
    }
}

static void refused_requests(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        enum code code;
        const char *field, *text;
    } rows[] = {
        {"", CODE_bad_request_format, NULL, "line 1, column 1: "},
        {"{\"domain\":\n \"a\x1b\"}", CODE_bad_request_format, NULL, "line 2, column "},
        {"{\"domain\":\"a.com\",\"domain\":\"b.com\"}", CODE_bad_request_format, NULL, "line 1, column "},
        {"[1]", CODE_bad_request_format, NULL, "an object {…} is expected, not a list"},
        {"null", CODE_bad_request_format, NULL, "an object {…} is expected, not null"},
        {"{}", CODE_required_param, "domain", "domain: missing; expected the domain to check"},
        {"{\"domain\":null}", CODE_required_param, "domain", "domain: missing"},
        {"{\"domain\":7}", CODE_invalid_value, "domain",
         "domain: not accepted; expected a text, not a number"},
        {"{\"domain\":\"a.com\",\"tokne\":\"x\"}", CODE_invalid_value, "tokne",
         "tokne: not accepted; expected a member of a request: domain, methods"},
        {"{\"domain\":\"a.com\",\"auth_key\":\"x\"}", CODE_invalid_value, "auth_key", "auth_key: "},
        {"{\"domain\":\"a.com\",\"auth-key-file\":\"x\"}", CODE_invalid_value, "auth-key-file",
         "auth-key-file: "},
        {"{\"domain\":\"a.com\",\"computed\":[]}", CODE_invalid_value, "computed", "computed: "},
        {"{\"domain\":\"a.com\",\"deadline\":\"30\"}", CODE_invalid_value, "deadline",
         "deadline: '30' is not accepted; expected a number"},
        {"{\"domain\":\"a.com\",\"deadline\":1e300}", CODE_invalid_value, "deadline",
         "deadline: '1e+300' is not"},
        {"{\"domain\":\"a.com\",\"methods\":[\"caa\",1]}", CODE_invalid_value, "methods",
         "methods: not accepted; expected a text, not a number"},
        {"{\"domain\":\"a.com\",\"methods\":\"dns\"}", CODE_invalid_value, "methods",
         "methods: 'dns' is not"},
        {"{\"domain\":\"a.com\",\"token\":\"a\\u0000b\"}", CODE_invalid_chars, "token",
         "token: 'a\\x00b' is not"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct request r;
        struct json_problem problem = {0};
        int err =
            json_read_request(arena, rows[i].json, strlen(rows[i].json), NULL, SAMPLE_NOW, &r, &problem);
        assert_int_equal(err, -EINVAL);
        if (strncmp(problem.text, rows[i].text, strlen(rows[i].text)) != 0)
            assert_string_equal(problem.text, rows[i].text);
        assert_int_equal(problem.code, rows[i].code);
        for (const char *p = problem.text; *p; p++)
            assert_true((unsigned char)*p >= 0x20);
        if (rows[i].field)
            assert_string_equal(problem.input.field, rows[i].field);
        else
            assert_null(problem.input.field);
    }
    struct request r;
    struct json_problem problem;
    static const char good[] =
        "{\"domain\":\"a.com\",\"deadline\":0.3,\"methods\":[],\"issuer\":\"ca.example\",\"adn\":null}";
    assert_int_equal(json_read_request(arena, good, sizeof good - 1, NULL, SAMPLE_NOW, &r, &problem), 0);
    assert_int_equal(r.deadline_ms, 300);
    assert_true(r.now == SAMPLE_NOW);
}

static void refused_cases(void **state)
{
    (void)state;
    static const struct {
        const char *evidence, *text;
    } rows[] = {
        {"{\"qname\":\"a.example\"}", "evidence[0].qtype: missing"},
        {"{\"qname\":\"a..example\",\"qtype\":\"A\"}", "evidence[0].qname: 'a..example' is not"},
        {"{\"qname\":\"a.example\",\"qtype\":\"A\",\"answer\":[{\"rdata\":\"1.2.3\"}]}",
         "evidence[0].answer[0].rdata: '1.2.3' is not"},
        {"{\"qname\":\"a.example\",\"qtype\":\"A\",\"authority\":[{\"rdata\":\"1.2.3.4\"}]}",
         "evidence[0].authority[0].type: missing"},
        {"{\"qname\":\"a.example\",\"qtype\":\"A\",\"outcome\":\"fine\"}",
         "evidence[0].outcome: 'fine' is not accepted; expected answer, nodata"},
        {"{\"qname\":\"a.example\",\"qtype\":\"A\",\"via\":\"authoritative\"}",
         "evidence[0].server: missing"},
        {"{\"qname\":\"a.example\",\"qtype\":\"A\",\"via\":\"direct\"}", "evidence[0].via: 'direct' is not"},
        {"{\"qname\":\"a.example\",\"qtype\":\"A\",\"ms\":-1}", "evidence[0].ms: not accepted"},
        {"{\"url\":\"ftp://a.example/\"}", "evidence[0].url: 'ftp://a.example/' is not"},
        {"{\"url\":\"http://a.example/\",\"body_base64\":\"a\"}", "evidence[0].body_base64: 'a' is not"},
        {"{\"qname\":\"a.example\",\"qtype\":\"A\"},{\"qname\":\"A.example.\",\"qtype\":\"A\"}",
         "evidence[1].qname: 'A.example.' is not"},
        {"7", "evidence[0].kind: missing"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *text = arena_printf(
            arena, "{\"request\":{\"domain\":\"a.com\",\"now\":\"2026-11-22\"},\"evidence\":[%s]}",
            rows[i].evidence);
        struct dcv_case c;
        struct json_problem problem = {0};
        assert_int_equal(json_read_case(arena, text, strlen(text), NULL, &c, &problem), -EINVAL);
        if (strncmp(problem.text, rows[i].text, strlen(rows[i].text)) != 0)
            assert_string_equal(problem.text, rows[i].text);
    }
}

/* Every case gives the same verdict with its random value redacted, and the value appears nowhere. */
static void redacted_cases(void **state)
{
    (void)state;
    const char *cases = getenv("CASES");
    DIR *d = cases ? opendir(cases) : NULL;
    assert_non_null(d);
    unsigned n = 0;
    for (struct dirent *e; (e = readdir(d));) {
        if (!strstr(e->d_name, ".case"))
            continue;
        struct arena *a = arena_new(0);
        FILE *f = fopen(arena_printf(a, "%s/%s", cases, e->d_name), "rb");
        assert_non_null(f);
        char *text = arena_alloc(a, 1 << 20);
        size_t len = fread(text, 1, 1 << 20, f);
        fclose(f);
        struct dcv_case whole, less;
        struct report r, s;
        read_case(text, len, &whole);
        assert_int_equal(judge(&whole.request, &whole.evidence, a, &r), 0);
        struct buf b = write_case(&r, JSON_REDACT);
        if (whole.request.token && strcasestr(b.p, whole.request.token))
            fail_msg("%s shows the random value", e->d_name);
        read_case(b.p, b.n, &less);
        assert_int_equal(judge(&less.request, &less.evidence, a, &s), 0);
        bool same = r.verdict == s.verdict && r.error.code == s.error.code && r.detail_code == s.detail_code;
        for (size_t i = 0; same && i < r.n_findings; i++)
            /* A value that resembles the random value does not resemble what replaces it. */
            same = r.findings[i].cause == CAUSE_txt_altered_value ||
                   r.findings[i].cause == CAUSE_txt_wrong_owner ||
                   (i < s.n_findings && r.findings[i].cause == s.findings[i].cause);
        if (!same)
            fail_msg("%s gets another report without its random value", e->d_name);
        n++;
        buf_free(&b);
        arena_free(a);
    }
    closedir(d);
    assert_true(n > 50);
}

/* Wherever the arena is full, reading gives -ENOMEM. */
static void out_of_memory(void **state)
{
    (void)state;
    struct sample s;
    sample_report(arena, &s);
    struct buf b = write_case(&s.report, 0);
    int err = -ENOMEM;
    for (size_t ceiling = 200; err && ceiling < 200000; ceiling += 331) {
        struct arena *small = arena_new(ceiling);
        struct dcv_case c;
        struct json_problem problem;
        err = json_read_case(small, b.p, b.n, NULL, &c, &problem);
        assert_true(!err || err == -ENOMEM);
        arena_free(small);
    }
    assert_int_equal(err, 0);
    buf_free(&b);
}

/* Requests of plain members are read by a faster function. Each row is read by it and, with a null member added, which
 * counts as absent but is not plain, by the general one: both must give the same. */
static void short_way(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "{\"domain\":\"a.com\"}",
        " { \"domain\" : \"a.com\" ,\r\n\t\"method\" : [ \"caa\" , \"http-token\" ] , \"token\":\"t\" } \n",
        "{\"method\":\"caa\",\"methods\":\"dns-txt-token\",\"domain\":\"*.a.com\",\"depth\":\"quick\",\"token\":\"\"}",
        "{\"domain\":\"a.com\",\"methods\":[]}",
        "{\"domain\":\"a.com\",\"methods\":[\"caa\",]}",
        "{\"domain\":\"a.com\",\"methods\":[\"caa\",5]}",
        "{\"domain\":\"a.com\",\"domain\":\"b.com\"}",
        "{\"domain\":[\"a.com\"]}",
        "{\"domain\":\"a.com\",\"token\":\"\\u0061\"}",
        "{\"domain\":\"b\xc3\xbc.com\",\"deadline\":\"5\"}",
        "{\"domain\":\"a.com\",\"deadline\":5,\"now\":\"2026-11-22\",\"issued\":\"2026-11-21\"}",
        "{\"domain\":\"a.com\",\"now\":\"2026-11-20\",\"issued\":\"2026-11-21\"}",
        "{\"domain\":\"a.com\",\"auth_key\":\"k\"}",
        "{\"domain\":\"a.com\",\"colour\":\"red\"}",
        "{\"domain\":\"a.com\"}}",
        "{\"domain\":\"a.com\"",
        "{\"domain\":\"a.com",
        "{\"domain\"",
        "{\"issuer\":[\"ca.com\"]}",
    };
    struct given v[] = {{request_field_find("methods"), "caa", 3}, {request_field_find("issuer"), "own.com", 7}};
    const struct given_list defaults = {v, 2};
    for (size_t i = 0; i < 2 * (sizeof rows / sizeof *rows); i++) {
        const char *row = rows[i / 2];
        char *longer = arena_printf(arena, "{\"filename\":null,%s", strchr(row, '{') + 1);
        struct request a, b;
        struct json_problem p = {0}, q = {0};
        const struct given_list *over = i % 2 ? &defaults : NULL;
        int first = json_read_request_over(arena, row, strlen(row), NULL, SAMPLE_NOW, over, &a, &p);
        int second = json_read_request_over(arena, longer, strlen(longer), NULL, SAMPLE_NOW, over, &b, &q);
        assert_int_equal(first, second);
        if (first) {
            assert_int_equal(p.code, q.code);
            continue;
        }
        struct buf one = {0}, other = {0};
        struct json_out j = {.b = &one}, k = {.b = &other};
        json_write_request(&j, NULL, arena, &a, JSON_NOW);
        json_write_request(&k, NULL, arena, &b, JSON_NOW);
        assert_string_equal(one.p, other.p);
        buf_free(&one);
        buf_free(&other);
    }
}

/* A request that names a CA is kept by that name, and reads as it was, its identifiers from the table. */
static void request_with_a_ca(void **state)
{
    (void)state;
    static const char *const rows[] = {"{\"domain\":\"a.com\",\"ca\":\"Sectigo\"}",
                                       "{\"domain\":\"a.com\",\"issuer\":[\"ca.com\"]}"};
    for (size_t i = 0; i < 2; i++) {
        struct request first, again;
        struct json_problem p = {0};
        struct buf b = {0};
        struct json_out j = {.b = &b};
        assert_int_equal(json_read_request(arena, rows[i], strlen(rows[i]), NULL, SAMPLE_NOW, &first, &p), 0);
        json_write_request(&j, NULL, arena, &first, JSON_NOW);
        assert_int_equal(json_read_request(arena, b.p, b.n, NULL, SAMPLE_NOW, &again, &p), 0);
        assert_true(first.issuers.n && first.issuers.n == again.issuers.n);
        assert_string_equal(first.issuers.v[0], again.issuers.v[0]);
        assert_true(first.ca ? !strcmp(first.ca, again.ca) : !again.ca);
        buf_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_with_a_ca),
        cmocka_unit_test(commas_and_indent),
        cmocka_unit_test(numbers_and_times),
        cmocka_unit_test(any_bytes_become_json),
        cmocka_unit_test(controls_are_escaped),
        cmocka_unit_test(text_grows),
        cmocka_unit_test(round_trip),
        cmocka_unit_test(what_is_read_back),
        cmocka_unit_test(redacted),
        cmocka_unit_test(redacted_cases),
        cmocka_unit_test(fields_of_a_report),
        cmocka_unit_test(rules_of_a_report),
        cmocka_unit_test(hand_written),
        cmocka_unit_test(key_stays_out),
        cmocka_unit_test(short_way),
        cmocka_unit_test(refused_requests),
        cmocka_unit_test(refused_cases),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, arena_set_up, arena_tear_down);
}
