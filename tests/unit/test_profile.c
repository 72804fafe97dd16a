#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ca/profile.h"
#include "format/request.h"
#include "model/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = arena_new(0);
    return arena ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void assert_texts(const struct texts *a, const struct texts *b)
{
    assert_int_equal(a->n, b->n);
    for (size_t i = 0; i < a->n; i++)
        assert_string_equal(a->v[i], b->v[i]);
}

static void assert_dated(const struct dated_rows *a, const struct dated_rows *b)
{
    assert_int_equal(a->n, b->n);
    for (size_t i = 0; i < a->n; i++) {
        assert_int_equal(a->v[i].from, b->v[i].from);
        assert_int_equal(a->v[i].value, b->v[i].value);
        assert_string_equal(a->v[i].source ? a->v[i].source : "", b->v[i].source ? b->v[i].source : "");
    }
}

static void assert_statuses(const struct statuses *a, const struct statuses *b)
{
    assert_string_equal(statuses_text(arena, a), statuses_text(arena, b));
}

/* contrib/ca-profiles/digicert.conf has every key, with the value that is built in. */
static void documented(void **state)
{
    (void)state;
    static char text[16384];
    char path[4096];
    const char *dir = getenv("PROFILES");
    assert_non_null(dir);
    snprintf(path, sizeof path, "%s/digicert.conf", dir);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    static const char *const keys[][2] = {
#define X(section, key, ...) {"\n[" section "]\n", "\n" key " ="},
#include "ca/profile.def"
#undef X
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *section = strstr(text, keys[i][0]);
        const char *key = section ? strstr(section, keys[i][1]) : NULL;
        const char *next = section ? strstr(section + 2, "\n[") : NULL;
        if (!key || (next && key > next))
            fail_msg("%s%s is missing", keys[i][0], keys[i][1]);
    }
    struct profile p;
    unsigned line = 0;
    const char *key, *expected = NULL;
    if (profile_parse(arena, text, n, &p, &line, &key, &expected))
        fail_msg("line %u: expected %s", line, expected);
    const struct profile *b = profile_builtin();
    assert_string_equal(p.name, b->name);
    assert_int_equal(p.agents.n, b->agents.n);
    for (size_t i = 0; i < p.agents.n; i++) {
        assert_string_equal(p.agents.v[i].text, b->agents.v[i].text);
        assert_int_equal(p.agents.v[i].from, b->agents.v[i].from);
    }
    assert_string_equal(p.txt_label, b->txt_label);
    assert_string_equal(p.target_label, b->target_label);
    assert_string_equal(p.cname_base, b->cname_base);
    assert_string_equal(p.value_prefix, b->value_prefix);
    assert_dated(&p.retired_cname, &b->retired_cname);
    assert_string_equal(p.file_dir, b->file_dir);
    assert_string_equal(p.file_name, b->file_name);
    assert_string_equal(p.file_name_cased, b->file_name_cased);
    assert_int_equal(p.file_bytes, b->file_bytes);
    assert_texts(&p.headers, &b->headers);
    assert_texts(&p.http_headers, &b->http_headers);
    assert_texts(&p.https_headers, &b->https_headers);
    assert_texts(&p.encodings, &b->encodings);
    assert_int_equal(p.connect_ms, b->connect_ms);
    assert_int_equal(p.read_ms, b->read_ms);
    assert_statuses(&p.content, &b->content);
    assert_statuses(&p.redirect_statuses, &b->redirect_statuses);
    assert_int_equal(p.redirects, b->redirects);
    assert_int_equal(p.redirect_reach, b->redirect_reach);
    assert_string_equal(file_ports_text(arena, &p.redirect_ports), file_ports_text(arena, &b->redirect_ports));
    assert_texts(&p.caa_identifiers, &b->caa_identifiers);
    assert_string_equal(p.caa_account, b->caa_account);
    assert_int_equal(p.caa_methods.n, b->caa_methods.n);
    for (size_t i = 0; i < p.caa_methods.n; i++) {
        assert_int_equal(p.caa_methods.v[i].method, b->caa_methods.v[i].method);
        assert_string_equal(p.caa_methods.v[i].label, b->caa_methods.v[i].label);
    }
    assert_int_equal(p.caa_equal.n, b->caa_equal.n);
    for (size_t i = 0; i < p.caa_equal.n; i++) {
        assert_string_equal(p.caa_equal.v[i].used, b->caa_equal.v[i].used);
        assert_string_equal(p.caa_equal.v[i].met, b->caa_equal.v[i].met);
    }
    assert_int_equal(p.quorum.n, b->quorum.n);
    for (size_t i = 0; i < p.quorum.n; i++) {
        assert_int_equal(p.quorum.v[i].of, b->quorum.v[i].of);
        assert_int_equal(p.quorum.v[i].may_differ, b->quorum.v[i].may_differ);
    }
    assert_int_equal(p.random_days, b->random_days);
    assert_int_equal(p.token_days, b->token_days);
    assert_dated(&p.reuse_days, &b->reuse_days);
    assert_dated(&p.certificate_days, &b->certificate_days);
    assert_dated(&p.own_cname_only, &b->own_cname_only);
    assert_dated(&p.caa_parameters, &b->caa_parameters);
    assert_dated(&p.places, &b->places);
    assert_dated(&p.places_bind, &b->places_bind);
    assert_dated(&p.regions, &b->regions);
    assert_int_equal(p.sunsets.n, b->sunsets.n);
    for (size_t i = 0; i < p.sunsets.n; i++) {
        assert_int_equal(p.sunsets.v[i].from, b->sunsets.v[i].from);
        assert_string_equal(p.sunsets.v[i].section, b->sunsets.v[i].section);
        assert_string_equal(p.sunsets.v[i].means, b->sunsets.v[i].means);
        assert_string_equal(p.sunsets.v[i].source, b->sunsets.v[i].source);
    }
    assert_string_equal(p.call_order, b->call_order);
    assert_string_equal(p.call_domain_check, b->call_domain_check);
    assert_string_equal(p.call_order_check, b->call_order_check);
    assert_string_equal(p.pending, b->pending);
    assert_int_equal(p.order_answers.n, b->order_answers.n);
    for (size_t i = 0; i < p.order_answers.n; i++) {
        assert_int_equal(p.order_answers.v[i].method, b->order_answers.v[i].method);
        assert_int_equal(p.order_answers.v[i].names, b->order_answers.v[i].names);
    }
    assert_int_equal(p.polling.n, b->polling.n);
    for (size_t i = 0; i < p.polling.n; i++) {
        assert_int_equal(p.polling.v[i].every, b->polling.v[i].every);
        assert_int_equal(p.polling.v[i].until, b->polling.v[i].until);
    }
}

static void another(void **state)
{
    (void)state;
    static const char text[] =
        "[ca]\nname = Other CA\n[dns]\ntxt_label=validation\n[caa]\nidentifiers = ca.example, "
        "pki.example\n  third.example\n[lifetimes]\nreuse_days = 90\n[watch]\npolling = 5 until 10\n"
        "[file]\nredirects = 0";
    struct profile p;
    unsigned line;
    const char *key, *expected;
    assert_int_equal(profile_parse(arena, text, sizeof text - 1, &p, &line, &key, &expected), 0);
    assert_string_equal(p.name, "Other CA");
    assert_string_equal(p.txt_label, "validation");
    assert_string_equal(p.target_label, "_dcv");
    assert_int_equal(p.caa_identifiers.n, 3);
    assert_string_equal(p.caa_identifiers.v[2], "third.example");
    assert_int_equal(p.reuse_days.n, 1);
    assert_int_equal(p.reuse_days.v[0].value, 90);
    assert_int_equal(p.polling.n, 1);
    assert_int_equal(p.redirects, 0);
    assert_int_equal(profile_builtin()->caa_identifiers.n, 20);
}

/* A profile of so many lines that are in order. */
static struct profile of(const char *text)
{
    struct profile p;
    unsigned line = 0;
    const char *key, *expected = "";
    if (profile_parse(arena, text, strlen(text), &p, &line, &key, &expected))
        fail_msg("%s: line %u, expected %s", text, line, expected);
    return p;
}

static dcv_time day(const char *text)
{
    dcv_time t;
    assert_true(time_parse(text, &t));
    return t;
}

/* Each kind of table: its first line replaces what is built in, and the other keys stay as they are. */
static void tables(void **state)
{
    (void)state;
    struct profile p = of("[dns]\nretired_cname = no\n  yes from 2020-01-01\n  no from 2025-10-28\n");
    assert_int_equal(dated_value(&p.retired_cname, day("2019-12-31")), 0);
    assert_int_equal(dated_value(&p.retired_cname, day("2025-10-27T23:59:59Z")), 1);
    assert_int_equal(dated_value(&p.retired_cname, day("2025-10-28")), 0);
    assert_true(dated_ever(&p.retired_cname));
    assert_dated(&p.reuse_days, &profile_builtin()->reuse_days);
    p = of("[dns]\nretired_cname = no\nvalue_prefix =\n");
    assert_false(dated_ever(&p.retired_cname));
    assert_string_equal(profile_bare_value(&p, "_x"), "_x");
    p = of("[dns]\nvalue_prefix = v-\n");
    assert_string_equal(profile_bare_value(&p, "V-x"), "x");
    assert_string_equal(profile_bare_value(&p, "_x"), "_x");

    p = of("[file]\ncontent = 200 203-206\nredirect_statuses = 301-303, 307\nredirect_reach = host\n"
           "redirect_ports = https:443 https:8443\n");
    assert_true(statuses_have(&p.content, 200) && statuses_have(&p.content, 206));
    assert_false(statuses_have(&p.content, 202) || statuses_have(&p.content, 207));
    assert_string_equal(statuses_text(arena, &p.content), "200 and 203 to 206");
    assert_string_equal(statuses_text(arena, &p.redirect_statuses), "301, 302, 303 and 307");
    assert_int_equal(p.redirect_reach, REACH_HOST);
    assert_true(file_ports_have(&p.redirect_ports, true, 8443));
    assert_false(file_ports_have(&p.redirect_ports, false, 443) || file_ports_have(&p.redirect_ports, false, 80));
    assert_string_equal(file_ports_text(arena, &p.redirect_ports), "443 for https and 8443 for https");
    assert_string_equal(file_schemes_text(arena, &p.redirect_ports), "https");
    assert_string_equal(file_schemes_text(arena, &profile_builtin()->redirect_ports), "http and https");

    p = of("[file]\nheaders = X-One:1\n  X-Two:  a, b\n[caa]\nmethods = http-token:http-01 http-token:ca-tbr-19\n"
           "equal_labels = a:b\n");
    assert_int_equal(p.headers.n, 2);
    assert_string_equal(p.headers.v[0], "X-One: 1");
    assert_string_equal(p.headers.v[1], "X-Two: a, b");
    assert_int_equal(p.caa_methods.n, 2);
    assert_string_equal(p.caa_equal.v[0].met, "b");
    assert_int_equal(of("[file]\nheaders =\n").headers.n, 0);
    assert_int_equal(of("[api]\norder_answers =\n").order_answers.n, 0);
    assert_string_equal(of("[api]\norder =\n").call_order, "");
}

/* A user agent is in use from its day on, beside those above it. */
static void user_agents(void **state)
{
    (void)state;
    const struct user_agents *b = &profile_builtin()->agents;
    assert_int_equal(user_agents_at(b, day("2026-02-23T23:59:59Z")), 1);
    assert_int_equal(user_agents_at(b, day("2026-02-24")), 2);
    struct profile p = of("[ca]\nuser_agent = From from A/1\n  B/2 from 2027-01-01\n");
    assert_string_equal(p.agents.v[0].text, "From from A/1");
    assert_string_equal(p.agents.v[1].text, "B/2");
    assert_int_equal(p.agents.v[1].from, day("2027-01-01"));
    assert_int_equal(of("[file]\nencodings =\n").encodings.n, 0);
    assert_int_equal(of("[file]\nencodings = gzip\n").encodings.n, 1);
    assert_int_equal(of("[file]\nhttp_headers = X-One: 1\n").http_headers.n, 1);
}

/* BR 3.2.2.9. */
static void quorum(void **state)
{
    (void)state;
    static const unsigned built_in[] = {0, 1, 1, 1, 1, 1, 2, 2}, other[] = {0, 0, 0, 1, 1, 3, 3, 3};
    struct profile p = of("[perspectives]\nmay_differ = 1 of 3\n  3 of 5\n");
    for (size_t n = 0; n < sizeof other / sizeof *other; n++) {
        assert_int_equal(quorum_may_differ(&profile_builtin()->quorum, n), built_in[n]);
        assert_int_equal(quorum_may_differ(&p.quorum, n), other[n]);
    }
}

static void refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned line;
        const char *expected;
    } rows[] = {
        {"[ca]\nnames = x\n", 2, "see contrib"},
        {"name = x\n", 1, "see contrib"},
        {"[ca]\n\nname\n", 3, "key = value"},
        {"[ca\nname = x\n", 1, "key = value"},
        {"[ca]\nname = x\nname = y\n", 3, "one value"},
        {"[ca]\nname =\n", 2, "1 to 60"},
        {"[dns]\ncname_base = DCV.example\n", 2, "lower case"},
        {"[dns]\ncname_base = dcv.example.\n", 2, "final dot"},
        {"[dns]\ntxt_label = a.b\n", 2, "one label"},
        {"[file]\ndir = well-known\n", 2, "begins and ends"},
        {"[file]\nname = a/b\n", 2, "file name"},
        {"[file]\nbytes = 5000x\n", 2, "whole number"},
        {"[file]\nbytes = 99999999999999999999\n", 2, "whole number"},
        {"[file]\nredirects = -1\n", 2, "whole number"},
        {"[caa]\nidentifiers = ok.example bad_one.example\n", 2, "host names"},
        {"[caa]\nidentifiers =\n", 2, "host names"},
        {"[dns]\nvalue_prefix = a.b\n", 2, "first letters of a label"},
        {"[file]\nname_cased = a b\n", 2, "file name"},
        {"[file]\nredirects = 21\n", 2, "from 0 to 20"},
        {"[file]\nconnect_ms = 9\n", 2, "milliseconds"},
        {"[file]\nread_ms = 5 s\n", 2, "milliseconds"},
        {"[file]\nredirect_reach = domain\n", 2, "registrable-domain"},
        /* Tables with dates, of numbers and of yes and no. */
        {"[lifetimes]\nreuse_days =\n", 2, "DAYS on the first line"},
        {"[lifetimes]\nreuse_days = many\n", 2, "DAYS on the first line"},
        {"[lifetimes]\nreuse_days = 1001\n", 2, "from 0 to 1000"},
        {"[lifetimes]\nreuse_days = 200 from 2027-01-01\n", 2, "value alone on the first line"},
        {"[lifetimes]\nreuse_days = 200x\n", 2, "value alone on the first line"},
        {"[lifetimes]\nreuse_days = 200\n  100\n", 3, "needs the day"},
        {"[lifetimes]\nreuse_days = 200\n  100 from\n", 3, "VALUE from YYYY-MM-DD"},
        {"[lifetimes]\nreuse_days = 200\n  100 since 2027-01-01\n", 3, "VALUE from YYYY-MM-DD"},
        {"[lifetimes]\nreuse_days = 200\n  from 2027-01-01\n", 3, "DAYS on the first line"},
        {"[lifetimes]\nreuse_days = 200\n  100 from 2027-02-30\n", 3, "VALUE from YYYY-MM-DD"},
        {"[lifetimes]\nreuse_days = 200\n  100 from 2028-01-01\n  50 from 2027-01-01\n", 4, "later day"},
        {"[lifetimes]\nreuse_days = 200\n  100 from 2028-01-01\n  50 from 2028-01-01\n", 4, "later day"},
        {"[lifetimes]\nreuse_days = 1\n 1 from 2031-01-01\n 1 from 2032-01-01\n 1 from 2033-01-01\n"
         " 1 from 2034-01-01\n 1 from 2035-01-01\n 1 from 2036-01-01\n 1 from 2037-01-01\n 1 from 2038-01-01\n",
         10, "no more than eight"},
        {"[ca]\nuser_agent = A/1 from 2026-01-01\n", 2, "without a day"},
        {"[ca]\nuser_agent = A/1\n  B/2\n", 3, "needs the day"},
        {"[ca]\nuser_agent = A/1\n  B/2 from 2027-01-01\n  C/3 from 2026-01-01\n", 4, "not before"},
        {"[file]\nencodings = gzip br\n", 2, "gzip, x-gzip and deflate"},
        {"[file]\nheaders = Accept-Encoding: br\n", 2, "made of the encodings"},
        {"[dns]\nretired_cname = 1\n", 2, "yes or no"},
        {"[dns]\nretired_cname = yes\n  never from 2025-10-28\n", 3, "yes or no"},
        {"[dns]\nretired_cname = yes\n  no\n", 3, "needs the day"},
        {"[dns]\nretired_cname = yes\n  no from 2025-10-28\n  yes from 2024-01-01\n", 4, "later day"},
        {"[lifetimes]\nreuse_days = 200\n  100 from 2027-03-15 by\n", 3, "VALUE from YYYY-MM-DD"},
        {"[lifetimes]\nreuse_days = 200\n  100 by me from 2027-03-15\n", 3, "needs the day"},
        {"[lifetimes]\ncertificate_days = 200\n  100 from 2027-03-15 by \x01\n", 3, "who says so"},
        {"[perspectives]\nplaces = 2\n  3 from 2026-03-15\n  4 from 2026-03-15\n", 4, "later day"},
        {"[perspectives]\nregions = 6\n", 2, "from 0 to 5"},
        {"[dns]\nown_cname_only = since 2026-11-15\n", 2, "yes or no"},
        {"[methods]\nend = 3.2.2.4.4 email\n", 2, "the day on which it ends"},
        {"[methods]\nend = 3.2.2.4.4 from 2028-03-15\n", 2, "SECTION MEANS"},
        {"[methods]\nend = email from 2028-03-15\n", 2, "SECTION MEANS"},
        {"[methods]\nend = 3.2 email from 2028-02-30\n", 2, "the day on which it ends"},
        {"[methods]\nend = 1 a from 2028-03-15 by me\n  2 b from 2028-03-14 by me\n", 3, "not before"},
        {"[methods]\nend =\n  1 a from 2028-03-15\n  2 b\n", 4, "the day on which it ends"},
        /* Other rows. */
        {"[watch]\npolling = 60 until 30\n", 2, "at most the second"},
        {"[watch]\npolling = 60\n", 2, "SECONDS until SECONDS"},
        {"[watch]\npolling = 1 until 2\n 1 until 2\n", 3, "later end"},
        {"[perspectives]\nmay_differ = 2 of 1\n", 2, "at most the second"},
        {"[perspectives]\nmay_differ = 1\n", 2, "NUMBER of NUMBER"},
        {"[perspectives]\nmay_differ = 1 of 6\n  2 of 6\n", 3, "greater number of perspectives"},
        {"[file]\nheaders = Accept\n", 2, "Name: value"},
        {"[file]\nheaders = Accept:\n", 2, "Name: value"},
        {"[file]\nheaders = A b: c\n", 2, "Name: value"},
        {"[file]\nheaders = user-agent: x\n", 2, "a key of [ca]"},
        {"[file]\nheaders = A: b\n  Host: x\n", 3, "Host is the URL's"},
        /* Lists of words. */
        {"[file]\ncontent =\n", 2, "HTTP statuses"},
        {"[file]\ncontent = 2xx\n", 2, "HTTP statuses"},
        {"[file]\ncontent = 200 199\n", 2, "from 200 to 599"},
        {"[file]\ncontent = 299-200\n", 2, "FIRST-LAST"},
        {"[file]\nredirect_statuses = 200\n", 2, "from 300 to 399"},
        {"[file]\nredirect_statuses = 301 302 303 304 305 306 307 308 309\n", 2, "no more than eight"},
        {"[file]\nredirect_ports = 80\n", 2, "http:PORT"},
        {"[file]\nredirect_ports = ftp:21\n", 2, "http:PORT"},
        {"[file]\nredirect_ports = http:65536\n", 2, "http:PORT"},
        {"[caa]\nmethods = ca-tbr-7\n", 2, "METHOD:LABEL"},
        {"[caa]\nmethods = dns-txt-token:ca_tbr_7\n", 2, "METHOD:LABEL"},
        {"[caa]\nmethods = dns-01:ca-tbr-7\n", 2, "a method of dcvprobe's"},
        {"[caa]\nmethods = caa:ca-tbr-7\n", 2, "a method of dcvprobe's"},
        {"[caa]\nequal_labels = dns-01\n", 2, "LABEL:LABEL"},
        {"[caa]\nequal_labels = dns-01:\n", 2, "LABEL:LABEL"},
        {"[api]\norder_answers = dns-txt-token\n", 2, "METHOD:names"},
        {"[api]\norder_answers = dns-txt:names\n", 2, "METHOD:names"},
        {"[api]\norder_answers = dns-txt-token:name\n", 2, "METHOD:names"},
        {"[api]\norder_check = \x01\n", 2, "a method and a path"},
        {"[api]\npending =\n", 2, "a word"},
    };
    struct profile p = {.name = "untouched"};
    unsigned line;
    const char *key, *expected;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        line = 0;
        expected = "";
        if (profile_parse(arena, rows[i].text, strlen(rows[i].text), &p, &line, &key, &expected) != -22 ||
            line != rows[i].line || !strstr(expected, rows[i].expected))
            fail_msg("%s: line %u, expected %s", rows[i].text, line, expected);
        /* The key is named wherever the line has one that is known. */
        if (!!key != !(strstr(expected, "see contrib") || strstr(expected, "key = value")) ||
            (key && !strstr(rows[i].text, key)))
            fail_msg("%s: key %s", rows[i].text, key ? key : "none");
    }
    char text[300] = "[ca]\nname = ";
    memset(text + 12, 'x', 250);
    assert_int_equal(profile_parse(arena, text, 262, &p, &line, &key, &expected), -22);
    assert_int_equal(line, 2);
    assert_int_equal(profile_parse(arena, "[ca]\n\0", 6, &p, &line, &key, &expected), -22);
    assert_int_equal(line, 2);
    assert_string_equal(p.name, "untouched");
}

static void dated(void **state)
{
    (void)state;
    const struct profile *p = profile_builtin();
    /* Either side of each day on which a value changes. */
    const struct {
        const struct dated_rows *rows;
        const char *day;
        int value;
        const char *since, *until, *source;
    } rows[] = {
        {&p->reuse_days, "2026-03-14T23:59:59Z", 398, NULL, "2026-03-15", "SC-042v2"},
        {&p->reuse_days, "2026-03-15", 200, "2026-03-15", "2027-03-15", "SC-081v3"},
        {&p->reuse_days, "2027-03-14T23:59:59Z", 200, "2026-03-15", "2027-03-15", "SC-081v3"},
        {&p->reuse_days, "2027-03-15", 100, "2027-03-15", "2029-03-15", "BR 4.2.1"},
        {&p->reuse_days, "2029-03-14", 100, "2027-03-15", "2029-03-15", "BR 4.2.1"},
        {&p->reuse_days, "2029-03-15", 10, "2029-03-15", NULL, "BR 4.2.1"},
        {&p->certificate_days, "2026-03-14T23:59:59Z", 398, NULL, "2026-03-15", "SC-031"},
        {&p->certificate_days, "2026-03-15", 200, "2026-03-15", "2027-03-15", "SC-081v3"},
        {&p->certificate_days, "2027-03-14", 200, "2026-03-15", "2027-03-15", "BR 6.3.2"},
        {&p->certificate_days, "2027-03-15", 100, "2027-03-15", "2029-03-15", "BR 6.3.2"},
        {&p->certificate_days, "2029-03-15", 47, "2029-03-15", NULL, "BR 6.3.2"},
        {&p->retired_cname, "2025-10-27T23:59:59Z", 1, NULL, "2025-10-28", "DigiCert"},
        {&p->retired_cname, "2025-10-28", 0, "2025-10-28", NULL, "DigiCert"},
        {&p->own_cname_only, "2026-11-14T23:59:59Z", 0, NULL, "2026-11-15", "BR 2.2.7"},
        {&p->own_cname_only, "2026-11-15", 1, "2026-11-15", NULL, "SC-101v2"},
        {&p->caa_parameters, "2027-03-14T23:59:59Z", 0, NULL, "2027-03-15", "RFC 8657"},
        {&p->caa_parameters, "2027-03-15", 1, "2027-03-15", NULL, "SC-098v2"},
        {&p->places, "2025-03-14", 0, NULL, "2025-03-15", "SC-067v3"},
        {&p->places, "2025-03-15", 2, "2025-03-15", "2026-03-15", "SC-067v3"},
        {&p->places, "2026-03-15", 3, "2026-03-15", "2026-06-15", "SC-067v3"},
        {&p->places, "2026-06-14", 3, "2026-03-15", "2026-06-15", "SC-067v3"},
        {&p->places, "2026-06-15", 4, "2026-06-15", "2026-12-15", "SC-067v3"},
        {&p->places, "2026-12-15", 5, "2026-12-15", NULL, "SC-067v3"},
        {&p->places_bind, "2025-09-14T23:59:59Z", 0, NULL, "2025-09-15", "SC-067v3"},
        {&p->places_bind, "2025-09-15", 1, "2025-09-15", NULL, "SC-067v3"},
        {&p->regions, "2026-03-14", 1, NULL, "2026-03-15", "SC-067v3"},
        {&p->regions, "2026-03-15", 2, "2026-03-15", NULL, "SC-067v3"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        dcv_time now = day(rows[i].day);
        const char *since = dated_since(arena, rows[i].rows, now), *until = dated_until(arena, rows[i].rows, now);
        assert_int_equal(dated_value(rows[i].rows, now), rows[i].value);
        assert_string_equal(since ? since : "", rows[i].since ? rows[i].since : "");
        assert_string_equal(until ? until : "", rows[i].until ? rows[i].until : "");
        assert_non_null(strstr(dated_row(rows[i].rows, now)->source, rows[i].source));
    }
}

/* What was validated may be used for as long as the rule of the day of its use allows. */
static void usable(void **state)
{
    (void)state;
    const struct dated_rows *days = &profile_builtin()->reuse_days;
    static const struct {
        const char *at, *until;
    } rows[] = {
        {"2024-11-01", "2025-12-04"},           /* 398 days, before anything changes */
        {"2025-08-20", "2026-03-14T23:59:59Z"}, /* on the day of the change it is more than 200 days old */
        {"2025-10-01", "2026-04-19"},           /* 200 days, by the later rule */
        {"2026-03-20", "2026-10-06"},           /* 200 days */
        {"2026-11-28", "2027-03-14T23:59:59Z"}, /* on the day of the change it is more than 100 days old */
        {"2026-12-05", "2027-03-15"},           /* just 100 days old on that day */
        {"2027-01-01", "2027-04-11"},           /* 100 days */
        {"2027-03-15", "2027-06-23"},
        {"2029-03-01", "2029-03-14T23:59:59Z"},
        {"2029-03-10", "2029-03-20"},
        {"2029-04-01", "2029-04-11"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        dcv_time until = dated_usable_until(days, day(rows[i].at)), expected = day(rows[i].until);
        if (until / 1000 != expected / 1000)
            fail_msg("%s: %lld, expected %lld", rows[i].at, (long long)until, (long long)expected);
    }
    struct profile p = of("[lifetimes]\nreuse_days = 5\n  300 from 2027-01-01\n");
    assert_int_equal(dated_usable_until(&p.reuse_days, day("2026-12-20")), day("2026-12-25"));
    assert_int_equal(dated_usable_until(&p.reuse_days, day("2026-12-30")), day("2027-10-26"));
}

/* The methods that end, by means that the first word names. */
static size_t ending_by(const struct profile *p, const char *means)
{
    size_t n = 0;
    for (size_t i = 0; i < p->sunsets.n; i++)
        n += sunset_by(&p->sunsets.v[i], means);
    return n;
}

static void sunsets(void **state)
{
    (void)state;
    assert_int_equal(ending_by(profile_builtin(), "email"), 5);
    assert_int_equal(ending_by(profile_builtin(), "phone"), 4);
    assert_int_equal(ending_by(profile_builtin(), "e"), 0);
    struct profile p = of("[methods]\nend = 1.2 fax from 2027-01-01 by a friend\n  1.3 emails from 2027-01-01\n");
    assert_int_equal(p.sunsets.n, 2);
    assert_string_equal(p.sunsets.v[0].means, "fax");
    assert_string_equal(p.sunsets.v[0].source, "a friend");
    assert_null(p.sunsets.v[1].source);
    assert_int_equal(ending_by(&p, "email"), 0);
    assert_int_equal(of("[methods]\nend =\n").sunsets.n, 0);
    /* Who says so stands behind the day, or is left out. */
    p = of("[lifetimes]\nreuse_days = 30 by our rules\n  20 from 2030-01-01\n  10 from 2031-01-01 by BR 4.2.1, later\n"
           "[ca]\nuser_agent = Made by us\n  Two from 2030-01-01 by a letter\n");
    assert_string_equal(p.reuse_days.v[0].source, "our rules");
    assert_null(p.reuse_days.v[1].source);
    assert_string_equal(p.reuse_days.v[2].source, "BR 4.2.1, later");
    assert_string_equal(p.agents.v[0].text, "Made by us");
    assert_string_equal(p.agents.v[1].text, "Two");
    assert_string_equal(p.agents.v[1].source, "a letter");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(documented), cmocka_unit_test(another),
                                       cmocka_unit_test(tables),     cmocka_unit_test(user_agents),
                                       cmocka_unit_test(quorum),     cmocka_unit_test(refused),
                                       cmocka_unit_test(dated),      cmocka_unit_test(usable),
                                       cmocka_unit_test(sunsets)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
