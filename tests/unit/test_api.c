#include "api/api.h"
#include "api/routes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <jansson.h>
#include <string.h>

#define NOW INT64_C(1795348800000) /* 2026-11-22T12:00:00Z */

struct fixture { /* each test has its own */
    struct arena *a;
    struct conf conf;
    struct api_call call;
    struct api_answer answer;
};

static void set_up(struct fixture *r, const char *text)
{
    const char *why = NULL;
    *r = (struct fixture){.a = arena_new(0)};
    if (conf_parse(r->a, "t.conf", text, strlen(text), &r->conf, &why))
        fail_msg("%s", why);
}

static void tear_down(struct fixture *r)
{
    buf_free(&r->answer.body);
    arena_free(r->a);
}

static void ask(struct fixture *r, const char *method, const char *path, const char *body)
{
    struct api_param params[8];
    struct api_input in = {.method = method, .path = arena_strdup(r->a, path), .params = params};
    char *rest = NULL, *query = strchr(in.path, '?');
    if (query)
        *query++ = '\0';
    for (char *p = query ? strtok_r(query, "&", &rest) : NULL; p; p = strtok_r(NULL, "&", &rest)) {
        char *value = strchr(p, '=');
        if (value)
            *value++ = '\0';
        params[in.n_params++] = (struct api_param){p, value, value ? strlen(value) : 0};
    }
    in.body = body ? body : "";
    in.len = strlen(in.body);
    in.content_type = body ? "application/json" : NULL;
    buf_free(&r->answer.body);
    r->answer = (struct api_answer){0};
    api_read(&r->conf, r->a, &in, NOW, &r->call, &r->answer);
}

static void routes(void **state)
{
    (void)state;
    struct fixture r;
    set_up(&r, "");
    ask(&r, "GET", "/v1/checks/0000000000000abc", NULL);
    assert_int_equal(r.call.action, API_SHOW);
    assert_int_equal(r.call.id, 0xabc);
    ask(&r, "GET", "/v1/checks/0000000000000abc?wait=1.5", NULL);
    assert_int_equal(r.call.wait_ms, 1500);
    ask(&r, "DELETE", "/v1/checks/0000000000000abc", NULL);
    assert_int_equal(r.call.action, API_CANCEL);
    ask(&r, "GET", "/v1/batches/0000000000000abc?wait=2", NULL);
    assert_int_equal(r.call.action, API_BATCH_SHOW);
    assert_int_equal(r.call.id, 0xabc);
    ask(&r, "DELETE", "/v1/batches/0000000000000abc", NULL);
    assert_int_equal(r.call.action, API_BATCH_CANCEL);
    ask(&r, "GET", "/v1/batches?limit=3&cursor=0000000000000abc", NULL);
    assert_int_equal(r.call.action, API_BATCH_LIST);
    assert_true(r.call.filter.limit == 3 && r.call.filter.before == 0xabc);
    ask(&r, "POST", "/v1/batches", ""); /* the body has not been read yet */
    assert_int_equal(r.call.action, API_BATCH_SUBMIT);
    assert_int_equal(route_body_most("POST", "/v1/batches"), API_BODY_PIECES);
    assert_int_equal(route_body_most("GET", "/v1/batches"), API_BODY_MOST);
    ask(&r, "HEAD", "/healthz", NULL);
    assert_int_equal(r.call.action, API_HEALTH);
    ask(&r, "GET", "/v1/codes/dns_mismatch|shop.com", NULL);
    assert_int_equal(r.call.action, API_ANSWERED);
    assert_int_equal(r.answer.status, 200);
    assert_non_null(strstr(r.answer.body.p, "\"dns_mismatch\""));
    ask(&r, "PUT", "/v1/checks/0000000000000abc", NULL);
    assert_int_equal(r.answer.status, 405);
    assert_string_equal(r.answer.allow, "GET, HEAD, DELETE");
    tear_down(&r);
}

/* Adds a type to the request: ask() gives none. */
static const char *explained(struct fixture *r, const char *type, const char *body)
{
    struct api_input in = {
        .method = "POST", .path = "/v1/explain", .content_type = type, .body = body, .len = strlen(body)};
    buf_free(&r->answer.body);
    r->answer = (struct api_answer){0};
    api_read(&r->conf, r->a, &in, 0, &r->call, &r->answer);
    assert_int_equal(r->call.action, API_ANSWERED);
    return r->answer.body.p;
}

static void explaining(void **state)
{
    (void)state;
    struct fixture r;
    set_up(&r, "");
    static const struct {
        const char *type, *body, *holds;
        int status;
    } cases[] = {
        {"application/json", "{\"text\":\"invalid_dns_txt\",\"domain\":\"Shop.com\"}", "\"domain\":\"shop.com\"", 200},
        {"text/plain", "dns_mismatch|shop.com", "\"code\":\"dns_mismatch\"", 200},
        {"text/plain", "{\"text\":7} dns_mismatch", "\"code\":\"dns_mismatch\"", 200},
        {NULL, "{\"errors\":[{\"code\":\"dns_mismatch|shop.com\"}]}", "\"domain\":\"shop.com\"", 200},
        {NULL, "{\"errors\":[{\"code\":\"dns_mismatch|shop.com", "\"domain\":\"shop.com\"", 200},
        {NULL, "{\"text\":\"good morning\"}", "\"found\":[],", 200},
        {NULL, "{\"text\":\"\"}", "There is no text", 200},
        {NULL, "{\"text\":\"\\u0000dns_mismatch\\u0000\"}", "\"code\":\"dns_mismatch\"", 200},
        {NULL, "{\"text\":\"zzz_qqq|shop.com\"}", "\"known\":false", 200},
        {NULL, "{\"text\":7}", "invalid_value:text", 400},
        {NULL, "{\"domain\":\"shop.com\"}", "required_param:text", 400},
        {NULL, "{\"text\":\"dns_mismatch\",\"domain\":\"a b\"}", "invalid_value:domain", 400},
        {NULL, "{\"text\":\"dns_mismatch\",\"domain\":[]}", "invalid_value:domain", 400},
        {NULL, "", "missing_request_data", 400},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *body = explained(&r, cases[i].type, cases[i].body);
        print_message("%s\n", body);
        assert_int_equal(r.answer.status, cases[i].status);
        assert_non_null(strstr(body, cases[i].holds));
    }
    assert_int_equal(route_body_most("POST", "/v1/explain"), API_PASTE_MOST);
    tear_down(&r);
}

static void filters(void **state)
{
    (void)state;
    struct fixture r;
    set_up(&r, "");
    ask(&r, "GET", "/v1/checks", NULL);
    assert_int_equal(r.call.action, API_LIST);
    assert_int_equal(r.call.filter.limit, API_LIST_USUAL);
    assert_int_equal(r.call.filter.verdict, -1);
    ask(&r, "GET",
        "/v1/"
        "checks?domain=*.Shop.COM.&code=DNS_MISMATCH|x.com&verdict=fail&method=caa&since=2026-11-22&limit=7",
        NULL);
    const struct db_filter *f = &r.call.filter;
    assert_string_equal(f->domain, "shop.com");
    assert_string_equal(f->code, "dns_mismatch");
    assert_int_equal(f->verdict, VERDICT_FAIL);
    assert_int_equal(f->method, METHOD_CAA);
    assert_true(f->since == NOW - 12 * 3600 * 1000 && f->until == TIME_UNKNOWN);
    assert_int_equal(f->limit, 7);
    tear_down(&r);
}

/* Requests that ask the same get the same canonical text, whatever the spelling and order of their members. */
static void canonical(void **state)
{
    (void)state;
    struct fixture r;
    set_up(&r, "");
    ask(&r, "POST", "/v1/checks",
        "{\"domain\":\"a.com\",\"token\":\"t0\",\"methods\":[\"caa\",\"dns-txt-token\"]}");
    assert_int_equal(r.call.action, API_SUBMIT);
    const char *first = r.call.text;
    assert_null(strstr(first, "\"now\""));
    ask(&r, "POST", "/v1/checks",
        " {\"methods\":[\"dns-txt-token\",\"caa\"], \"token\":\"t0\", "
        "\"domain\":\"a.com\",\"depth\":\"full\"}");
    assert_string_equal(r.call.text, first);
    ask(&r, "POST", "/v1/checks",
        "{\"domain\":\"a.com\",\"token\":\"t1\",\"methods\":[\"caa\",\"dns-txt-token\"]}");
    assert_string_not_equal(r.call.text, first);
    ask(&r, "POST", "/v1/checks",
        "{\"domain\":\"a.com\",\"token\":\"t0\",\"methods\":[\"caa\",\"dns-txt-token\"],\"now\":\"2026-11-"
        "01\"}");
    assert_non_null(strstr(r.call.text, "2026-11-01"));
    tear_down(&r);
}

/* A line of a batch is read as the body of a single check is; an error names the line. */
static void lines(void **state)
{
    (void)state;
    struct fixture r;
    set_up(&r, "[checks]\ndepth = quick\n");
    static const char good[] = "{\"domain\":\"a.com\",\"methods\":[\"caa\"]}";
    ask(&r, "POST", "/v1/checks", good);
    const char *text = r.call.text;
    api_read_line(&r.conf, r.a, 7, good, strlen(good), NOW, &r.call, &r.answer);
    assert_int_equal(r.call.action, API_SUBMIT);
    assert_string_equal(r.call.text, text);
    assert_string_equal(r.call.domain, "a.com");
    static const struct {
        const char *text, *code, *message;
    } rows[] = {
        {"{", "\"bad_request_format\"", "\"line 7: "},
        {"{\"domain\":7}", "\"invalid_value:domain\"", "\"line 7: "},
        {"{\"domain\":\"a.com\",\"resolver\":[\"::1\"]}", "\"invalid_value:resolver\"",
         "\"line 7: resolver: "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        api_read_line(&r.conf, r.a, 7, rows[i].text, strlen(rows[i].text), NOW, &r.call, &r.answer);
        assert_true(r.call.action == API_ANSWERED && r.answer.status == 400);
        assert_non_null(strstr(r.answer.body.p, rows[i].code));
        assert_non_null(strstr(r.answer.body.p, rows[i].message));
    }
    tear_down(&r);
}

/* The counts by state add up to the lines of the batch, also where the scheduler knows more than the store does yet. */
static void batches(void **state)
{
    (void)state;
    struct api_answer ans = {0};
    struct api_count states[] = {{"done", 5}, {"cancelled", 1}}, codes[] = {{"dns_mismatch", 2}};
    struct api_batch b = {.b = {.id = 0xabc,
                                .submitted = NOW,
                                .cancelled = TIME_UNKNOWN,
                                .ended = NOW,
                                .lines = 10,
                                .waiting = 4},
                          .running = 3,
                          .states = {states, 2},
                          .codes = {codes, 1}};
    api_write_batch(&ans, &b);
    static const char head[] = "{\"id\":\"0000000000000abc\",\"state\":\"running\",\"submitted_at\":"
                               "\"2026-11-22T12:00:00.000Z\",\"ended_at\":null,\"lines\":10,\"counts\":"
                               "{\"state\":{\"queued\":1,\"running\":3,\"done\":5,\"cancelled\":1},";
    assert_memory_equal(ans.body.p, head, strlen(head));
    assert_non_null(strstr(ans.body.p, "\"code\":{\"dns_mismatch\":2}"));
    b.b.cancelled = NOW;
    b.running = 0;
    api_write_batch(&ans, &b);
    assert_non_null(strstr(ans.body.p, "\"state\":\"cancelled\""));
    assert_non_null(strstr(ans.body.p, "{\"queued\":0,\"running\":0,\"done\":5,\"cancelled\":5}"));
    b.b.cancelled = TIME_UNKNOWN;
    b.running = 6; /* two of them have ended since the store was read */
    api_write_batch(&ans, &b);
    assert_non_null(strstr(ans.body.p, "{\"queued\":0,\"running\":4,\"done\":5,\"cancelled\":1}"));
    buf_free(&ans.body);
}

/* A CSR as a text in JSON. */
#define CSR \
    "-----BEGIN CERTIFICATE REQUEST-----\\n" \
    "MIIBXzCCAQUCAQAwXzELMAkGA1UEBhMCVVMxETAPBgNVBAoMCFNob3AgSW5jMQww\\n" \
    "CgYDVQQLDANXZWIxFDASBgNVBAcMC1NwcmluZ2ZpZWxkMRkwFwYDVQQDDBBzaG9w\\n" \
    "LmV4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE139uIFZ8G8KF\\n" \
    "aSqZaGEuWImtAP3QW1lJv94bMYHTUvJkWHPRwjz86qqFDdQziVGlT4pdqcC5kGm+\\n" \
    "J3HXS3OnuKBEMEIGCSqGSIb3DQEJDjE1MDMwMQYDVR0RBCowKIIQc2hvcC5leGFt\\n" \
    "cGxlLmNvbYIUd3d3LnNob3AuZXhhbXBsZS5jb20wCgYIKoZIzj0EAwIDSAAwRQIh\\n" \
    "AKKZ+QlHvgPGoy6J1MenM9RMyefnSBXqw5s3zgsOjRyrAiBLiDnF9qlkUvBpop+D\\n" \
    "va1TKvLJO2J2eJjt1KcAXqY4fw==\\n" \
    "-----END CERTIFICATE REQUEST-----\\n"

static void configured(void **state)
{
    (void)state;
    struct fixture r;
    set_up(&r,
              "[checks]\ndeadline = 5\ndepth = quick\n[fetch]\nallow_net = 10.0.0.0/8\n[ca]\naccount = a1\n"
              "[auth_keys]\nmain = /nowhere\n");
    struct request q;
    const char *why;
    ask(&r, "POST", "/v1/checks",
        "{\"domain\":\"a.com\",\"methods\":[\"caa\"],\"allow_net\":[\"10.1.0.0/16\"]}");
    assert_int_equal(r.call.action, API_SUBMIT);
    assert_int_equal(api_read_stored(&r.conf, r.a, r.call.text, r.call.text_len, NOW, &q, &why), 0);
    assert_int_equal(q.deadline_ms, 5000);
    assert_int_equal(q.depth, DEPTH_QUICK);
    assert_string_equal(q.caa_account, "a1");
    assert_string_equal(q.allow_net.v[0], "10.1.0.0/16");
    assert_true(q.now == NOW);

    ask(&r, "POST", "/v1/checks",
        "{\"domain\":\"a.com\",\"methods\":[\"caa\"],\"deadline\":30,\"depth\":\"full\"}");
    assert_int_equal(api_read_stored(&r.conf, r.a, r.call.text, r.call.text_len, NOW, &q, &why), 0);
    assert_int_equal(q.deadline_ms, 30000);
    assert_int_equal(q.depth, DEPTH_FULL);

    ask(&r, "POST", "/v1/checks", "{\"domain\":\"a.com\",\"allow_net\":[\"10.0.0.0/7\"]}");
    assert_int_equal(r.answer.status, 400);
    assert_non_null(strstr(r.answer.body.p, "invalid_value:allow_net"));
    assert_non_null(strstr(r.answer.body.p, "10.0.0.0/8"));

    /* A key is named in the request by its name; its bytes appear in no output. */
    r.conf.auth_keys[0].key = (struct bytes){(const uint8_t *)"geheim", 6};
    ask(&r, "POST", "/v1/checks",
        "{\"domain\":\"a.com\",\"methods\":[\"dns-txt-token\"],\"csr\":\"" CSR "\",\"auth_key_name\":\"main\"}");
    assert_int_equal(r.call.action, API_SUBMIT);
    assert_null(strstr(r.call.text, "geheim"));
    assert_int_equal(api_read_stored(&r.conf, r.a, r.call.text, r.call.text_len, NOW, &q, &why), 0);
    assert_int_equal(q.auth_key.n, 6);
    static const struct {
        const char *csr, *error, *expected;
    } wrong[] = {
        {"x", "invalid_value:csr", "csr: not accepted; expected a certificate signing request; this is none: it is "},
        {"-----BEGIN CERTIFICATE REQUEST-----\\nMIIB\\n-----END CERTIFICATE REQUEST-----\\n", "invalid_value:csr",
         "cut short"},
        {"-----BEGIN PRIVATE KEY-----\\nMIG", "invalid_value:csr", "not a private key"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ask(&r, "POST", "/v1/checks",
            arena_printf(r.a, "{\"domain\":\"a.com\",\"csr\":\"%s\",\"auth_key_name\":\"main\"}", wrong[i].csr));
        assert_int_equal(r.answer.status, 400);
        assert_non_null(strstr(r.answer.body.p, wrong[i].error));
        assert_non_null(strstr(r.answer.body.p, wrong[i].expected));
        ask(&r, "POST", "/v1/checks", "{\"domain\":\"a.com\",\"csr\":\"" CSR "\",\"auth_key_name\":\"main\"}");
        assert_int_equal(r.call.action, API_SUBMIT);
    }
    r.conf.n_auth_keys = 0;
    assert_int_equal(api_read_stored(&r.conf, r.a, r.call.text, r.call.text_len, NOW, &q, &why), -EINVAL);
    assert_non_null(strstr(why, "main"));
    tear_down(&r);
}

static void lists(void **state)
{
    (void)state;
    struct api_answer ans = {0};
#define FAILING "{\"domain\":\"a.com\",\"method\":\"caa\",\"method_given\":true,\"verdict\":\"fail\"}"
    struct api_report report = {FAILING, strlen(FAILING)};
    struct api_row row = {.id = 0xabc,
                          .state = STATE_DONE,
                          .domain = "a.com",
                          .label = "\"L\"",
                          .submitted = NOW,
                          .reports = &report,
                          .n_reports = 1};
    api_write_list(&ans, &row, 1, 0xabc);
    assert_string_equal(
        ans.body.p,
        "{\"checks\":[{\"id\":\"0000000000000abc\",\"state\":\"done\",\"domain\":\"a.com\","
        "\"label\":\"L\",\"submitted_at\":\"2026-11-22T12:00:00.000Z\",\"domains\":[{\"domain\":\"a.com\","
        "\"wildcard\":false,"
        "\"verdict\":\"fail\",\"control\":null,\"caa\":{\"verdict\":\"fail\"},\"reports\":[0]}],"
        "\"reports\":[" FAILING "]}],"
        "\"next\":\"0000000000000abc\"}");
    api_write_list(&ans, NULL, 0, 0);
    assert_string_equal(ans.body.p, "{\"checks\":[],\"next\":null}");
    buf_free(&ans.body);
}

/* Whatever bytes a path holds, the error is valid JSON. */
static void errors_are_json(void **state)
{
    (void)state;
    struct fixture r;
    set_up(&r, "");
    static const char *const paths[] = {"/v1/checks/\"\\\x01", "/\xff\xfe", "/v1/codes/\x1b[2J%s%n",
                                        "/v1/causes/\xe2\x80\xae"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        ask(&r, "GET", paths[i], NULL);
        json_t *root = json_loadb(r.answer.body.p, r.answer.body.n, JSON_REJECT_DUPLICATES, NULL);
        json_t *error = json_array_get(json_object_get(root, "errors"), 0);
        assert_true(json_is_string(json_object_get(error, "code")) &&
                    json_is_string(json_object_get(error, "message")));
        json_decref(root);
    }
    tear_down(&r);
}

/* A second row for a route, or one before it whose star takes its path, would hide it. */
static void every_route_is_found(void **state)
{
    (void)state;
    struct fixture r;
    set_up(&r, "");
    size_t n;
    const struct route *rows = route_list(&n);
    for (size_t i = 0; i < n; i++) {
        const char *star = strchr(rows[i].path, '*'), *segment;
        bool known;
        const char *path = star ? arena_printf(r.a, "%.*s0000000000000abc%s", (int)(star - rows[i].path), rows[i].path,
                                               star + 1) : rows[i].path;
        if (route_find(rows[i].method, path, &segment, &known) != &rows[i])
            fail_msg("%s %s: another row comes first", rows[i].method, rows[i].path);
    }
    tear_down(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_route_is_found),
        cmocka_unit_test(routes),          cmocka_unit_test(explaining),
        cmocka_unit_test(filters),         cmocka_unit_test(canonical),
        cmocka_unit_test(configured),      cmocka_unit_test(lists),
        cmocka_unit_test(errors_are_json), cmocka_unit_test(lines),   cmocka_unit_test(batches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
