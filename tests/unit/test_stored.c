/* What the store keeps of a report, and how members are found in its text. test_cases.c tests with all cases that a
 * stored report is shown as before. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ca/profile.h"
#include "format/json_read_case.h"
#include "format/json_read_report.h"
#include "format/json_write_report.h"
#include "format/json_member.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- who acts --------------------------- */

/* What a stored finding says of who acts counts; where it says nothing, or nothing known, its cause does. */
static void who_acts_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *finding;
        enum actor who;
    } rows[] = {
        {"\"cause\":\"txt-absent\",\"who_acts\":\"requester\"", ACTOR_REQUESTER},
        {"\"cause\":\"txt-absent\"", ACTOR_ZONE_OWNER},
        {"\"cause\":\"txt-absent\",\"who_acts\":\"zone owner\"", ACTOR_ZONE_OWNER},
        {"\"cause\":\"file-absent\",\"who_acts\":null", ACTOR_WEB_HOST},
        {"\"cause\":\"of-a-later-version\",\"who_acts\":\"registrar\"", ACTOR_REGISTRAR},
        {"\"cause\":\"of-a-later-version\"", ACTOR_NONE},
    };
    struct arena *a = arena_new(0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct report r;
        struct json_problem problem = {0};
        char *text = arena_concat(a,
                                  "{\"schema_version\":1,\"verdict\":\"fail\",\"errors\":[],\"evidence\":[],"
                                  "\"request\":{\"domain\":\"shop.com\",\"methods\":[\"dns-txt-token\"],"
                                  "\"now\":\"2026-11-22T12:00:00Z\"},"
                                  "\"findings\":[{\"weight\":\"blocking\",\"summary\":\"So it is.\",",
                                  rows[i].finding, ",\"facts\":[],\"fixes\":[]}]}", NULL);
        assert_non_null(text);
        int rc = json_read_report(a, text, strlen(text), NULL, &r, &problem);
        if (rc)
            fail_msg("%s: %d, %s", rows[i].finding, rc, problem.text);
        assert_int_equal(r.findings[0].who_acts, rows[i].who);
    }
    arena_free(a);
}

/* ---------------------------------------------------------------- a member in the text --------------- */

static void member_is_found(void **state)
{
    (void)state;
    static const struct {
        const char *text, *key, *value;
    } rows[] = {
        {"{\"a\":1,\"b\":\"x\"}", "a", "1"},
        {"{\"a\":1,\"b\":\"x\"}", "b", "\"x\""},
        {"{\"a\":1}", "b", NULL},
        {"{}", "a", NULL},
        {"{\"a\":{\"b\":1},\"b\":[2,{\"b\":3}],\"c\":4}", "b", "[2,{\"b\":3}]"},
        {"{\"a\":{\"b\":1},\"b\":[2,{\"b\":3}],\"c\":4}", "a", "{\"b\":1}"},
        {"{\"a\":{\"b\":1}}", "b", NULL},
        /* Text between quotes is no member, even if it looks like one. */
        {"{\"a\":\"\\\",\\\"b\\\":7,\",\"b\":8}", "b", "8"},
        {"{\"a\":\"b\",\"c\":\"}\",\"b\":\"\\\\\"}", "b", "\"\\\\\""},
        {"{\"a\":[\"b\",1],\"bb\":2,\"b\":3}", "b", "3"},
        {"{\"a\":\"\",\"\":1}", "", "1"},
        /* Incomplete, or no object at all. */
        {"{\"a\":1", "a", NULL},
        {"{\"a\":\"x", "a", NULL},
        {"{\"a\":\"x\\", "a", NULL},
        {"{\"a\":", "a", NULL},
        {"{\"a\"", "a", NULL},
        {"\"a\":1,", "a", NULL},
        {"]]]\"a\":1}", "a", NULL},
        {"", "a", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t len = strlen(rows[i].text), n = 0;
        char *text = malloc(len ? len : 1); /* of the exact size, so that the sanitizer sees a read past the end */
        assert_non_null(text);
        memcpy(text, rows[i].text, len);
        const char *value = json_member(text, len, rows[i].key, &n);
        if (!value != !rows[i].value || (value && (n != strlen(rows[i].value) || memcmp(value, rows[i].value, n) != 0)))
            fail_msg("%s: \"%s\" is %.*s", rows[i].text, rows[i].key, value ? (int)n : 4, value ? value : "none");
        free(text);
    }
}

static void word_is_read(void **state)
{
    (void)state;
    static const char text[] = "{\"verdict\":\"pass\",\"n\":5,\"escaped\":\"a\\nb\",\"empty\":\"\"}";
    char word[5] = "";
    assert_true(json_member_word(text, sizeof text - 1, "verdict", word, 5));
    assert_string_equal(word, "pass");
    assert_false(json_member_word(text, sizeof text - 1, "verdict", word, 4));
    assert_false(json_member_word(text, sizeof text - 1, "n", word, 5));
    assert_false(json_member_word(text, sizeof text - 1, "escaped", word, 5));
    assert_false(json_member_word(text, sizeof text - 1, "nothing", word, 5));
    assert_true(json_member_word(text, sizeof text - 1, "empty", word, 1));
    assert_string_equal(word, "");
}

/* ---------------------------------------------------------------- the derivation of a CAA verdict ---- */

/* A report of a case file: as it is shown when it is made, and as the store has it. */
struct kept {
    struct arena *a;
    json_t *shown;
    struct buf report, evidence;
};

static void keep(const char *name, struct kept *k)
{
    struct dcv_case c;
    struct report r;
    struct json_problem problem = {0};
    struct buf shown = {0};
    *k = (struct kept){.a = arena_new(0)};
    FILE *f = fopen(arena_printf(k->a, "%s/%s", getenv("CASES"), name), "rb");
    assert_non_null(f);
    char *text = arena_alloc(k->a, 1 << 20);
    size_t len = fread(text, 1, 1 << 20, f);
    fclose(f);
    if (json_read_case(k->a, text, len, NULL, &c, &problem))
        fail_msg("%s: %s", name, problem.text);
    assert_int_equal(judge(&c.request, &c.evidence, k->a, &r), 0);
    json_write_shown(&(struct json_out){.b = &shown}, NULL, k->a, &r);
    k->shown = json_loads(shown.p, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(k->shown);
    buf_free(&shown);
    json_write_report(&(struct json_out){.b = &k->report}, NULL, k->a, &r,
                      JSON_NO_EVIDENCE | JSON_NO_CAA | JSON_NO_PATH);
    json_write_case(&(struct json_out){.b = &k->evidence}, k->a, &r, JSON_NO_REPORT | JSON_TERSE);
}

static void keep_end(struct kept *k)
{
    buf_free(&k->report);
    buf_free(&k->evidence);
    json_decref(k->shown);
    arena_free(k->a);
}

/* The number of the fact that tells which server decided; 0: the resolvers did. */
static unsigned long source(const struct kept *k)
{
    size_t n;
    const char *number = json_member(k->evidence.p, k->evidence.n, "caa_source", &n);
    return number ? strtoul(number, NULL, 10) : 0;
}

/* Replaces that number; 0: none, as older versions stored it. */
static void set_source(struct kept *k, unsigned n)
{
    struct buf b = {0};
    char *own = strstr(k->evidence.p, ",\"caa_source\":"), *rest = strstr(k->evidence.p, ",\"evidence\":");
    assert_non_null(rest);
    buf_add(&b, k->evidence.p, (size_t)((own ? own : rest) - k->evidence.p));
    if (n)
        buf_printf(&b, ",\"caa_source\":%u", n);
    buf_puts(&b, rest);
    assert_false(b.failed);
    buf_free(&k->evidence);
    k->evidence = b;
}

/* The answer of GET for it; release it with json_decref(). */
static json_t *get(const struct kept *k, const struct profile *profile)
{
    struct buf b = {0};
    const struct stored s = {k->report.p, k->report.n, k->evidence.p, k->evidence.n};
    assert_int_equal(json_write_stored(&(struct json_out){.b = &b}, NULL, k->a, profile, &s), 0);
    json_t *ret = json_loads(b.p, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(ret);
    buf_free(&b);
    return ret;
}

/* Checks that it is shown as before, except for the derivation. Whether it has one. */
static bool derived(const struct kept *k, const struct profile *profile)
{
    json_t *again = get(k, profile), *before = json_copy(k->shown);
    bool has = json_object_get(again, "caa") != NULL;
    json_object_del(again, "caa");
    json_object_del(before, "caa");
    assert_true(json_equal(again, before));
    json_decref(again);
    json_decref(before);
    return has;
}

/* The number of the fact of the first level, in what is shown. */
static long long first_fact(const json_t *shown)
{
    const json_t *step = json_array_get(json_object_get(json_object_get(shown, "caa"), "climb"), 0);
    return json_integer_value(json_array_get(json_object_get(step, "facts"), 0));
}

/* A report of thousands of records: its verdict is stored whole, and its evidence up to a bound. */
static void large_evidence_is_cut(void **state)
{
    (void)state;
    enum { RECORDS = 20000, MOST = 64 << 10 };
    struct arena *a = arena_new(0);
    struct report r, again;
    struct dcv_case c, cut;
    struct json_problem problem = {0};
    struct buf report = {0}, evidence = {0}, whole = {0};
    static const char text[] =
        "{\"request\":{\"domain\":\"shop.example.com\",\"methods\":[\"dns-txt-token\"],\"token\":\"%s\",\"depth\":"
        "\"quick\",\"now\":\"2026-11-22T12:00:00Z\"},\"evidence\":[{\"kind\":\"dns\",\"qname\":"
        "\"_dnsauth.shop.example.com\","
        "\"qtype\":\"TXT\",\"answer\":[{\"type\":\"TXT\",\"rdata\":\"\\\"%s\\\"\"}]},{\"kind\":\"dns\",\"qname\":"
        "\"shop.example.com\",\"qtype\":\"TXT\",\"answer\":[{\"type\":\"TXT\",\"rdata\":\"\\\"v=spf1 -all\\\"\"}]}]}";
    const char *token = "x7k2m9p4q8w3e6r1t5y0u2i4o6a8s0d3", *json = arena_printf(a, text, token, token);
    if (json_read_case(a, json, strlen(json), NULL, &c, &problem))
        fail_msg("%s", problem.text);
    struct rrs *answer = &c.evidence.facts[0]->dns.answer;
    struct rr *v = arena_array(a, RECORDS, sizeof *v);
    for (size_t i = 0; i < RECORDS; i++)
        v[i] = answer->v[0];
    *answer = (struct rrs){v, RECORDS};
    assert_int_equal(judge(&c.request, &c.evidence, a, &r), 0);
    assert_int_equal(r.verdict, VERDICT_PASS);
    json_write_report(&(struct json_out){.b = &report}, NULL, a, &r, JSON_NO_EVIDENCE | JSON_NO_CAA | JSON_NO_PATH);
    json_write_stored_case(&(struct json_out){.b = &evidence}, a, &r, MOST);
    assert_true(evidence.n < MOST + 1024);
    /* What is left is told, the small fact is whole, and nothing is judged from the rest. */
    assert_int_equal(json_read_case(a, evidence.p, evidence.n, NULL, &cut, &problem), 0);
    assert_int_equal(cut.evidence.n, 2);
    assert_int_equal(cut.evidence.n_cut, 1);
    assert_non_null(strstr(cut.evidence.facts[0]->left_out, "20000 records"));
    assert_int_equal(cut.evidence.facts[1]->dns.answer.n, 1);
    assert_int_equal(judge(&cut.request, &cut.evidence, a, &again), 0);
    assert_int_equal(again.verdict, VERDICT_UNDECIDED);
    assert_non_null(strstr(again.reason, "cannot be judged again"));
    /* The stored report keeps its verdict. */
    const struct stored s = {report.p, report.n, evidence.p, evidence.n};
    assert_int_equal(json_write_stored(&(struct json_out){.b = &whole}, NULL, a, c.request.profile, &s), 0);
    json_t *shown = json_loads(whole.p, JSON_REJECT_DUPLICATES, NULL);
    assert_string_equal(json_string_value(json_object_get(shown, "verdict")), "pass");
    assert_non_null(json_object_get(json_array_get(json_object_get(shown, "evidence"), 0), "left_out"));
    json_decref(shown);
    buf_free(&report);
    buf_free(&evidence);
    buf_free(&whole);
    arena_free(a);
}

static void resolvers_cost_nothing(void **state)
{
    (void)state;
    static const char *const cases[] = {"caa-ours.case",        "caa-none.case",    "caa-servfail-signed.case",
                                        "type-silent-caa.case", "name-ip-dns.case", "txt-right.case"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct kept k;
        keep(cases[i], &k);
        assert_null(strstr(k.evidence.p, "caa_source"));
        assert_null(strstr(k.report.p, "caa_source"));
        json_t *again = get(&k, NULL);
        assert_true(json_equal(again, k.shown));
        json_decref(again);
        keep_end(&k);
    }
}

/* Which server decided takes a few bytes in the store, and is not shown. */
static void others_cost_a_number(void **state)
{
    (void)state;
    static const char *const cases[] = {"servers-caa-fresh.case", "servers-caa-agree.case", "servers-caa-disagree.case",
                                        "perspectives-caa.case"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct kept k;
        keep(cases[i], &k);
        size_t with = k.evidence.n;
        assert_int_not_equal(source(&k), 0);
        assert_null(strstr(k.report.p, "caa_source"));
        json_t *again = get(&k, NULL);
        assert_true(json_equal(again, k.shown));
        assert_int_equal(first_fact(again), source(&k));
        json_decref(again);
        set_source(&k, 0);
        assert_in_range(with - k.evidence.n, 1, 20);
        keep_end(&k);
    }
}

/* A row of an older version does not say whose answers decided. If those of the resolvers lead to its verdict, the
 * derivation is made from them. */
static void older_row_with_the_same_code(void **state)
{
    (void)state;
    struct kept k;
    keep("servers-caa-agree.case", &k);
    set_source(&k, 0);
    assert_true(derived(&k, NULL));
    json_t *again = get(&k, NULL);
    assert_int_equal(first_fact(again), 1);
    assert_int_not_equal(first_fact(k.shown), 1);
    json_decref(again);
    keep_end(&k);
}

/* If they lead to another code, it is shown without a derivation. */
static void older_row_with_another_code(void **state)
{
    (void)state;
    static const char *const cases[] = {"servers-caa-fresh.case", "servers-caa-disagree.case", "perspectives-caa.case"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct kept k;
        keep(cases[i], &k);
        assert_true(derived(&k, NULL));
        set_source(&k, 0);
        assert_false(derived(&k, NULL));
        keep_end(&k);
    }
}

/* The name of another CA is now one of this CA's. */
static void rules_have_changed(void **state)
{
    (void)state;
    static const char *const cases[] = {"perspectives-caa.case", "servers-caa-agree.case", "servers-caa-disagree.case"};
    struct profile other = *profile_builtin();
    const char *identifier = "otherca.example";
    other.caa_identifiers = (struct texts){&identifier, 1};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct kept k;
        keep(cases[i], &k);
        assert_true(derived(&k, NULL));
        assert_false(derived(&k, &other));
        keep_end(&k);
    }
}

/* A number of a fact that cannot have decided: one that does not exist, and one of a server of the zone above. */
static void source_that_is_none(void **state)
{
    (void)state;
    struct kept k;
    keep("servers-caa-agree.case", &k);
    size_t facts = json_array_size(json_object_get(k.shown, "evidence"));
    set_source(&k, (unsigned)facts + 1);
    assert_false(derived(&k, NULL));
    json_t *fact;
    size_t i, parents = 0;
    json_array_foreach(json_object_get(k.shown, "evidence"), i, fact)
    {
        const char *server = json_string_value(json_object_get(fact, "server"));
        if (server && !strcmp(server, "192.0.2.30:53")) {
            set_source(&k, (unsigned)i + 1);
            assert_false(derived(&k, NULL));
            parents++;
        }
    }
    assert_int_not_equal(parents, 0);
    keep_end(&k);
}

/* For every case an older row is shown as a new one, except for the derivation where others than the resolvers
 * decided. */
static void older_rows(void **state)
{
    (void)state;
    DIR *d = opendir(getenv("CASES"));
    unsigned n = 0;
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));) {
        struct kept k;
        if (!strstr(e->d_name, ".case"))
            continue;
        keep(e->d_name, &k);
        bool had = json_object_get(k.shown, "caa") != NULL, resolvers = !source(&k);
        set_source(&k, 0);
        bool has = derived(&k, NULL);
        if (has > had || (resolvers && has != had))
            fail_msg("%s: an older row %s a derivation", e->d_name, has ? "has" : "lacks");
        n += had;
        keep_end(&k);
    }
    closedir(d);
    assert_true(n > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_acts_is_read),
        cmocka_unit_test(member_is_found),
        cmocka_unit_test(word_is_read),
        cmocka_unit_test(large_evidence_is_cut),
        cmocka_unit_test(resolvers_cost_nothing),
        cmocka_unit_test(others_cost_a_number),
        cmocka_unit_test(older_row_with_the_same_code),
        cmocka_unit_test(older_row_with_another_code),
        cmocka_unit_test(rules_have_changed),
        cmocka_unit_test(source_that_is_none),
        cmocka_unit_test(older_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
