/* The way of each checked question, as JSON for pages and as text for people: which stages it has, what the servers
 * said, and where it is marked. test_cases.c checks with every case that it comes out the same after storing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>

#include "arena_fixture.h"
#include "format/json_read_case.h"
#include "format/json_write_report.h"
#include "show/render.h"
#include "show/render_way.h"

#define VALUE "x7k2m9p4q8w3e6r1t5y0u2i4o6a8s0d3"
#define SOA(zone)                                                                                            \
    "{\"owner\":\"" zone "\",\"ttl\":60,\"type\":\"SOA\",\"rdata\":\"n.h.net. h.h.net. 7 7200 900 604800 300\"}"
#define RR(owner, type, data) "{\"owner\":\"" owner "\",\"ttl\":60,\"type\":\"" type "\",\"rdata\":\"" data "\"}"
#define ASK(name, type, rest) "{\"kind\":\"dns\",\"qname\":\"" name "\",\"qtype\":\"" type "\"," rest "},"
#define AT(server) "\"via\":\"authoritative\",\"server\":\"" server ":53\","
/* The resolver's word for a zone's name servers, and the referral of the registry's server, with one address. */
#define NAMED(zone, set, host, address)                                                                      \
    ASK(zone, "NS", "\"cd\":true,\"answer\":[" set "]")                                                      \
    ASK(zone, "NS",                                                                                          \
        AT("192.0.2.30") "\"flags\":[\"qr\"],\"outcome\":\"nodata\",\"authority\":[" set "],"                \
                         "\"additional\":[" RR(host, "A", address) "]")                                      \
    HOST(host, address)
#define HOST(host, address)                                                                                  \
    ASK(host, "A", "\"cd\":true,\"answer\":[" RR(host, "A", address) "]")                                    \
    ASK(host, "AAAA", "\"cd\":true,\"outcome\":\"nodata\"")
#define ZONE(zone, host, address) NAMED(zone, RR(zone, "NS", host), host, address)
#define TOP(zone) ASK(zone, "NS", "\"cd\":true,\"answer\":[" RR(zone, "NS", "a.gtld.net.") "]")
#define TOPS TOP("com") TOP("net") HOST("a.gtld.net", "192.0.2.30")
#define START TOPS ZONE("example.com", "ns1.example.com.", "198.51.100.1")
#define GOOD(zone, server)                                                                                   \
    ASK(zone, "SOA", AT(server) "\"mixed_case\":true,\"answer\":[" SOA(zone) "]")
#define NONE(name, zone, server) ASK(name, "TXT", AT(server) "\"outcome\":\"nodata\",\"authority\":[" SOA(zone) "]")
#define HAS(name, server, answer) ASK(name, "TXT", AT(server) "\"answer\":[" answer "]")
#define REFUSED(zone, server) ASK(zone, "SOA", AT(server) "\"outcome\":\"refused\",\"mixed_case\":true")
#define OURS(answer) ASK("_dnsauth.example.com", "TXT", "\"answer\":[" answer "]")
#define OWN RR("_dnsauth.example.com", "TXT", "\\\"" VALUE "\\\"")
#define END ASK("example.com", "TXT", "\"outcome\":\"nodata\",\"authority\":[" SOA("example.com") "]")

/* Its only server has no TXT record at the domain itself. */
#define FIRST GOOD("example.com", "198.51.100.1") NONE("example.com", "example.com", "198.51.100.1")
#define AT_FIRST(answer) HAS("_dnsauth.example.com", "198.51.100.1", answer) OURS(answer)

static struct report judged_by(const char *method, const char *facts)
{
    struct dcv_case *c = arena_alloc(arena, sizeof *c);
    struct json_problem problem = {0};
    struct report r;
    char *text = arena_printf(arena,
                              "{\"request\":{\"domain\":\"example.com\",\"methods\":[\"%s\"],"
                              "\"now\":\"2026-11-22T12:00:00Z\",\"depth\":\"full\",\"token\":\"" VALUE "\"},"
                              "\"evidence\":[%.*s]}",
                              method, (int)strlen(facts) - 1, facts);
    assert_non_null(text);
    if (json_read_case(arena, text, strlen(text), NULL, c, &problem))
        fail_msg("%s", problem.text);
    assert_int_equal(judge(&c->request, &c->evidence, arena, &r), 0);
    return r;
}

static struct report judged(const char *facts)
{
    return judged_by("dns-txt-token", facts);
}

/* The text of the first way: its heading, then its stages. */
static const char *way_text(const struct report *r, bool verbose)
{
    struct buf b = {0};
    struct render how = {.verbose = verbose, .width = 200};
    render_way(&b, arena, r, &how);
    assert_false(b.failed);
    const char *text = arena_strndup(arena, b.n ? b.p : "", b.n);
    buf_free(&b);
    return text;
}

static void text_is(const struct report *r, const char *due)
{
    const char *text = way_text(r, false);
    if (strcmp(text, due) != 0)
        fail_msg("the way is shown as:%sexpected:%s", text, due);
}

/* The member "path" of the report. Give it back with json_decref(). */
static json_t *path(const struct report *r)
{
    struct buf b = {0};
    json_write_report(&(struct json_out){.b = &b}, NULL, arena, r, 0);
    assert_false(b.failed);
    json_t *report = json_loads(b.p, JSON_REJECT_DUPLICATES, NULL), *list = json_object_get(report, "path");
    assert_true(json_is_array(list));
    json_incref(list);
    json_decref(report);
    buf_free(&b);
    return list;
}

/* The first way in one line: each stage as "zone outcome [to]", with a ! where it goes wrong. */
static void stages_are(const struct report *r, const char *due)
{
    json_t *list = path(r), *way = json_array_get(list, 0), *stage, *server;
    size_t i, k;
    char *line = arena_strdup(arena, json_string_value(json_object_get(way, "outcome")));
    json_array_foreach(json_object_get(way, "steps"), i, stage)
    {
        const char *to = json_string_value(json_object_get(stage, "to"));
        const char *zone = json_string_value(json_object_get(stage, "zone"));
        bool wrong = json_is_true(json_object_get(stage, "wrong"));
        line = arena_printf(arena, "%s; %s %s%s%s%s%s", line, zone ? zone : "-",
                            json_string_value(json_object_get(stage, "outcome")),
                            json_is_true(json_object_get(stage, "dname")) ? " by DNAME" : "", to ? " " : "",
                            to ? to : "", wrong ? "!" : "");
        json_array_foreach(json_object_get(stage, "servers"), k, server)
        {
            /* Each thing that is said of a server has its proof. */
            assert_true(json_array_size(json_object_get(server, "facts")) >= 1);
            json_int_t n = json_integer_value(json_array_get(json_object_get(server, "facts"), 0));
            assert_true(n >= 1 && (size_t)n <= r->evidence->n);
            assert_false(json_is_true(json_object_get(server, "wrong")) && !wrong);
        }
    }
    json_decref(list);
    assert_string_equal(line, due);
}

static void healthy(void **state)
{
    (void)state;
    struct report r = judged(START FIRST AT_FIRST(OWN) END);
    assert_int_equal(r.verdict, VERDICT_PASS);
    stages_are(&r, "data; com. referral example.com.; example.com. data");
    text_is(&r, ""); /* nothing goes wrong, so there is nothing to show */
    assert_string_equal(way_text(&r, true), "\n  The way\n    _dnsauth.example.com. TXT\n"
                                            "        com.: 192.0.2.30:53: refers to example.com.\n"
                                            "        example.com.: ns1.example.com (198.51.100.1): 1 TXT record\n"
                                            "    example.com. TXT\n"
                                            "        com.: 192.0.2.30:53: refers to example.com.\n"
                                            "        example.com.: ns1.example.com (198.51.100.1): no TXT record\n");
}

#define ALIAS RR("_dnsauth.example.com", "CNAME", "t.example.net.")

static void alias_is_refused(void **state)
{
    (void)state;
    struct report r = judged(START FIRST AT_FIRST(ALIAS) ZONE("example.net", "ns1.host.net.", "203.0.113.7")
                                 REFUSED("example.net", "203.0.113.7")
                                     ASK("t.example.net", "NS", "\"cd\":true,\"outcome\":\"nxdomain\"") END);
    assert_int_equal(r.verdict, VERDICT_FAIL);
    stages_are(&r, "fail; com. referral example.com.; example.com. alias t.example.net.; net. referral example.net.; "
                   "example.net. fail!");
    text_is(&r, "\n  The way (x: here it goes wrong)\n    _dnsauth.example.com. TXT\n"
                "        com.: refers to example.com.\n"
                "        example.com.: ns1.example.com (198.51.100.1): alias to t.example.net.\n"
                "        net.: refers to example.net.\n"
                "      x example.net., for t.example.net.: ns1.host.net (203.0.113.7): REFUSED\n");
}

#define BOTH RR("example.com", "NS", "ns1.example.com.") "," RR("example.com", "NS", "ns2.example.com.")
#define TWO_SERVERS                                                                                          \
    TOPS NAMED("example.com", BOTH, "ns1.example.com.", "198.51.100.1")                                  \
    HOST("ns2.example.com.", "198.51.100.2") \
    GOOD("example.com", "198.51.100.1") GOOD("example.com", "198.51.100.2")                                  \
    NONE("example.com", "example.com", "198.51.100.1") NONE("example.com", "example.com", "198.51.100.2")

static void server_lacks_the_record(void **state)
{
    (void)state;
    struct report r = judged(TWO_SERVERS AT_FIRST(OWN) NONE("_dnsauth.example.com", "example.com", "198.51.100.2") END);
    assert_int_equal(r.verdict, VERDICT_FAIL);
    stages_are(&r, "data; com. referral example.com.; example.com. data!");
    text_is(&r, "\n  The way (x: here it goes wrong)\n    _dnsauth.example.com. TXT\n"
                "        com.: refers to example.com.\n        example.com.:\n"
                "          ns1.example.com (198.51.100.1): 1 TXT record\n"
                "      x   ns2.example.com (198.51.100.2): no TXT record\n");
    /* The commands show the server that lacks the record, then the one that has it. */
    struct buf b = {0};
    struct render how = {0};
    render_report(&b, arena, &r, &how);
    assert_non_null(strstr(b.p, "  To see it yourself\n    dig +norecurse @198.51.100.2 _dnsauth.example.com. TXT\n"
                                "    dig +norecurse @198.51.100.1 _dnsauth.example.com. TXT\n"));
    buf_free(&b);
}

#define DNAME                                                                                                \
    RR("example.com", "DNAME", "example.net.") "," RR("_dnsauth.example.com", "CNAME", "_dnsauth.example.net.")

static void dname_leads_on(void **state)
{
    (void)state;
    struct report r = judged(START FIRST AT_FIRST(DNAME) ZONE("example.net", "ns1.host.net.", "203.0.113.7")
                                 GOOD("example.net", "203.0.113.7")
                                     NONE("_dnsauth.example.net", "example.net", "203.0.113.7") END);
    assert_int_equal(r.verdict, VERDICT_FAIL);
    stages_are(&r, "nodata; com. referral example.com.; example.com. alias by DNAME _dnsauth.example.net.; "
                   "net. referral example.net.; example.net. nodata!");
    assert_non_null(strstr(way_text(&r, false), ": alias (DNAME) to _dnsauth.example.net.\n"));
}

#define THERE RR("_dnsauth.example.com", "CNAME", "l.example.com.")
#define BACK RR("l.example.com", "CNAME", "_dnsauth.example.com.")

static void aliases_in_a_circle(void **state)
{
    (void)state;
    struct report r = judged(START FIRST AT_FIRST(THERE) HAS("l.example.com", "198.51.100.1", BACK) END);
    assert_int_equal(r.verdict, VERDICT_FAIL);
    stages_are(&r, "loop; com. referral example.com.; example.com. alias l.example.com.; "
                   "example.com. alias _dnsauth.example.com.!");
    assert_non_null(strstr(way_text(&r, false),
                           "\n      x example.com., for l.example.com.: ns1.example.com (198.51."));
    assert_non_null(strstr(way_text(&r, false), "\n        the aliases lead in a circle\n"));
}

#define ADDRESS(name, address) RR(name, "A", address)
#define FETCH(url, port, rest)                                                                               \
    "{\"kind\":\"http\",\"url\":\"" url "/.well-known/pki-validation/fileauth.txt\","                         \
    "\"address\":\"45.54.66.80:" port "\"," rest "},"

/* A file's fetch goes on at another host: the way to that host's address is shown, too, and marked where its zone
 * fails. */
static void redirect_leads_on(void **state)
{
    (void)state;
    struct report r = judged_by(
        "http-token",
        START GOOD("example.com", "198.51.100.1")
            ASK("example.com", "A", "\"answer\":[" ADDRESS("example.com", "45.54.66.80") "]")
            ASK("example.com", "A", AT("198.51.100.1") "\"answer\":[" ADDRESS("example.com", "45.54.66.80") "]")
            ASK("www.example.com", "NS",
                AT("198.51.100.1") "\"flags\":[\"qr\"],\"outcome\":\"nodata\","
                                   "\"authority\":[" RR("www.example.com", "NS", "n.www.example.com.") "],"
                                   "\"additional\":[" ADDRESS("n.www.example.com", "203.0.113.7") "]")
            ASK("www.example.com", "NS", "\"cd\":true,\"outcome\":\"servfail\",\"rcode\":\"SERVFAIL\"")
            HOST("n.www.example.com", "203.0.113.7") REFUSED("www.example.com", "203.0.113.7")
            ASK("www.example.com", "A", "\"outcome\":\"servfail\",\"rcode\":\"SERVFAIL\"")
            ASK("www.example.com", "A", "\"cd\":true,\"outcome\":\"servfail\",\"rcode\":\"SERVFAIL\"")
            ASK(".", "NS", "\"answer\":[" RR(".", "NS", "a.root-servers.net.") "]")
            FETCH("http://example.com", "80",
                  "\"outcome\":\"response\",\"status\":301,"
                  "\"redirect\":\"http://www.example.com/.well-known/pki-validation/fileauth.txt\"")
            FETCH("https://example.com", "443", "\"outcome\":\"refused\""));
    assert_int_equal(r.verdict, VERDICT_FAIL);
    assert_string_equal(cause_info(r.findings[0].cause)->id, "delegation-lame");
    stages_are(&r, "data; com. referral example.com.; example.com. data");
    json_t *list = path(&r);
    assert_int_equal(json_array_size(list), 2);
    json_decref(list);
    text_is(&r, "\n  The way (x: here it goes wrong)\n    www.example.com. A\n"
                "        com.: refers to example.com.\n"
                "        example.com.: refers to www.example.com.\n"
                "      x www.example.com.: n.www.example.com (203.0.113.7): REFUSED\n");
}

#define SECRET RR("_dnsauth.example.com", "CNAME", VALUE ".example.com.")

/* The same report gives the same bytes, and a redacted one does not hold the value. */
static void stays_the_same(void **state)
{
    (void)state;
    struct report r = judged(START FIRST AT_FIRST(SECRET)
                                 NONE(VALUE ".example.com", "example.com", "198.51.100.1") END);
    json_t *one = path(&r), *two = path(&r);
    assert_true(json_equal(one, two));
    json_decref(one);
    json_decref(two);
    struct buf b = {0};
    json_write_report(&(struct json_out){.b = &b}, NULL, arena, &r, JSON_REDACT | JSON_NO_EVIDENCE);
    const char *way = strstr(b.p, "\"path\":");
    assert_non_null(way);
    assert_non_null(strstr(way, "redacted"));
    assert_null(strstr(way, VALUE));
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(healthy, arena_set_up, arena_tear_down),
        cmocka_unit_test_setup_teardown(alias_is_refused, arena_set_up, arena_tear_down),
        cmocka_unit_test_setup_teardown(server_lacks_the_record, arena_set_up, arena_tear_down),
        cmocka_unit_test_setup_teardown(dname_leads_on, arena_set_up, arena_tear_down),
        cmocka_unit_test_setup_teardown(aliases_in_a_circle, arena_set_up, arena_tear_down),
        cmocka_unit_test_setup_teardown(redirect_leads_on, arena_set_up, arena_tear_down),
        cmocka_unit_test_setup_teardown(stays_the_same, arena_set_up, arena_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
