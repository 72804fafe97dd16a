/* What one check costs where its answers are as large as a message can be: its time grows no faster than the
 * number of records in them, and no step of it keeps the loop for long.
 *
 * Each hostile internet is one function that answers the questions it has something for; all others get the
 * answer of a small healthy internet. A check runs against it with n records and with TIMES as many. A step
 * is what happens between two answers: planning, or judging after the last one. The CPU time of the process
 * is measured, the least of several runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "evidence/evidence.h"
#include "format/request.h"
#include "run/check.h"
#include "wire/name.h"
#include "wire/wire.h"

/* FETCHES_MOST: connections that one check may make, whatever the answers say. */
enum { RUNS = 3, TRIES = 4, TIMES = 4, WAITING_MOST = 2048, FETCHES_MOST = 16 };
static const dcv_time NOW = INT64_C(1795348800000);
static const char TOKEN[] = "r5t8wq2k9xv4bm7jzh3nc6pd0fyls1ga";

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---------------------------------------------------------------- answers ---------------------------- */

static void put(struct arena *a, struct rrs *to, const char *owner, uint16_t type, const char *rdata)
{
    struct rr *v = arena_grow(a, to->v, to->n, sizeof *v);
    assert_non_null(v);
    to->v = v;
    v[to->n] = (struct rr){.owner = owner, .type = type, .class = 1, .ttl = 300};
    assert_int_equal(rr_rdata_from_text(a, rdata, &v[to->n]), 0);
    to->n++;
}

/* Name servers ns1.ZONE for each zone, an address for each host, and nothing else. */
static void healthy(struct arena *a, struct fact *f)
{
    const struct ask *q = f->ask;
    struct dns_fact *d = &f->dns;
    if (q->qtype == RR_NS)
        put(a, &d->answer, q->qname, RR_NS,
            *q->qname == '.' ? "ns1." : arena_concat(a, "ns1.", q->qname, NULL));
    else if (q->qtype == RR_SOA)
        put(a, &d->answer, q->qname, RR_SOA, "ns1.host.net. root.host.net. 7 7200 900 604800 300");
    else if (q->qtype == RR_A)
        put(a, &d->answer, q->qname, RR_A, "45.54.66.1");
    else
        put(a, &d->authority, q->qname, RR_SOA, "ns1.host.net. root.host.net. 7 7200 900 604800 300");
}

/* TXT records that differ in their last digits, from the other end where the address of the server is an even
 * one. */
static bool texts_in_two_orders(struct arena *a, struct fact *f, size_t n)
{
    const struct ask *q = f->ask;
    if (q->qtype == RR_NS) {
        put(a, &f->dns.answer, q->qname, RR_NS, "ns1.host.net.");
        put(a, &f->dns.answer, q->qname, RR_NS, "ns2.host.net.");
        return true;
    }
    if (q->qtype == RR_A && !strncmp(q->qname, "ns2.", 4)) {
        put(a, &f->dns.answer, q->qname, RR_A, "45.54.66.2");
        return true;
    }
    if (q->qtype != RR_TXT)
        return false;
    bool down = q->server && strstr(q->server, "66.2");
    for (size_t i = 0; i < n; i++)
        put(a, &f->dns.answer, q->qname, RR_TXT, arena_printf(a, "\"%zu\"", 10000 + (down ? n - i : i)));
    return true;
}

/* TXT records at every name, each of them nearly the value. */
static bool near_values(struct arena *a, struct fact *f, size_t n)
{
    const struct ask *q = f->ask;
    for (size_t i = 0; q->qtype == RR_TXT && i < n; i++)
        put(a, &f->dns.answer, q->qname, RR_TXT, arena_printf(a, "\"%.24s%04zu\"", TOKEN, i));
    return f->dns.answer.n;
}

static bool other_values(struct arena *a, struct fact *f, size_t n)
{
    const struct ask *q = f->ask;
    for (size_t i = 0; q->qtype == RR_TXT && i < n; i++)
        put(a, &f->dns.answer, q->qname, RR_TXT, arena_printf(a, "\"q%.12s%04zuz\"", TOKEN, i));
    return f->dns.answer.n;
}

/* A chain of aliases as long as the answer is. */
static bool alias_chain(struct arena *a, struct fact *f, size_t n)
{
    const struct ask *q = f->ask;
    if (q->qtype == RR_NS || q->qtype == RR_SOA || q->qtype == RR_DS || q->qtype == RR_DNSKEY)
        return false;
    const char *from = q->qname;
    for (size_t i = 0; i < n; i++) {
        const char *to = arena_printf(a, "a%zu.example.com.", i);
        put(a, &f->dns.answer, from, RR_CNAME, to);
        from = to;
    }
    return true;
}

/* Aliases of names that are in no chain, the one that is asked for last. */
static bool aliases_beside(struct arena *a, struct fact *f, size_t n)
{
    const struct ask *q = f->ask;
    if (q->qtype != RR_TXT && q->qtype != RR_A && q->qtype != RR_CAA && q->qtype != RR_CNAME)
        return false;
    for (size_t i = n; i--;)
        put(a, &f->dns.answer, i ? arena_printf(a, "a%zu.example.com.", i - 1) : q->qname, RR_CNAME,
            arena_printf(a, "a%zu.example.com.", i));
    return true;
}

/* Many name servers, each with an address of its own. */
static bool many_servers(struct arena *a, struct fact *f, size_t n)
{
    const struct ask *q = f->ask;
    if (q->qtype == RR_A && *q->qname == 'n') {
        size_t i = strtoul(q->qname + 1, NULL, 10);
        put(a, &f->dns.answer, q->qname, RR_A, arena_printf(a, "45.55.%zu.%zu", i / 250, i % 250 + 1));
        return true;
    }
    for (size_t i = 0; q->qtype == RR_NS && i < n; i++)
        put(a, &f->dns.answer, q->qname, RR_NS, arena_printf(a, "n%zu.example.com.", i));
    return f->dns.answer.n;
}

/* One name server with many addresses. */
static bool many_server_addresses(struct arena *a, struct fact *f, size_t n)
{
    const struct ask *q = f->ask;
    for (size_t i = 0; q->qtype == RR_A && !strncmp(q->qname, "ns1.", 4) && i < n; i++)
        put(a, &f->dns.answer, q->qname, RR_A, arena_printf(a, "45.55.%zu.%zu", i / 250, i % 250 + 1));
    return f->dns.answer.n;
}

/* A host with many addresses, in every answer in another order. */
static bool many_addresses(struct arena *a, struct fact *f, size_t n)
{
    const struct ask *q = f->ask;
    bool down = q->server != NULL;
    for (size_t i = 0; q->qtype == RR_A && strncmp(q->qname, "ns1.", 4) != 0 && i < n; i++) {
        size_t k = down ? n - 1 - i : i;
        put(a, &f->dns.answer, q->qname, RR_A, arena_printf(a, "45.55.%zu.%zu", k / 250, k % 250 + 1));
    }
    return f->dns.answer.n;
}

/* Keys and DS records that all have one tag, and signatures that nobody made. */
static bool one_tag(struct arena *a, struct fact *f, size_t n)
{
    const struct ask *q = f->ask;
    struct dns_fact *d = &f->dns;
    bool here = name_equal(q->qname, "example.com.");
    if ((q->qtype == RR_TXT && !q->cd) || (q->qtype == RR_DNSKEY && !here)) {
        d->outcome = DNS_SERVFAIL;
        d->rcode = 2;
        return true;
    }
    if (q->qtype == RR_TXT) {
        put(a, &d->answer, q->qname, RR_TXT, "\"x\"");
        put(a, &d->answer, q->qname, RR_RRSIG,
            "TXT 13 3 300 20270101000000 20260101000000 1038 example.com. AAAA");
    }
    for (size_t i = 0; q->qtype == RR_DS && here && i < n; i++)
        put(a, &d->answer, q->qname, RR_DS, arena_printf(a, "1038 13 2 %064zX", i));
    /* Two words of each key add up to the same, and the tag is a sum (RFC 4034 B). */
    for (size_t i = 0; q->qtype == RR_DNSKEY && here && i < n; i++)
        put(a, &d->answer, q->qname, RR_DNSKEY, arena_printf(a, "\\# 8 0101030D%04zX%04zX", i, 0xffff - i));
    return d->answer.n || d->outcome == DNS_SERVFAIL;
}

/* CAA records at every name. */
static bool caa_sets(struct arena *a, struct fact *f, size_t n)
{
    const struct ask *q = f->ask;
    for (size_t i = 0; q->qtype == RR_CAA && i < n; i++)
        put(a, &f->dns.answer, q->qname, RR_CAA,
            arena_printf(a, "0 issue \"ca%zu.example\"", q->server ? n - i : i));
    return f->dns.answer.n;
}

/* Records that belong to nothing, in the sections behind the answer. */
static bool strays(struct arena *a, struct fact *f, size_t n)
{
    healthy(a, f);
    for (size_t i = 0; i < n; i++)
        put(a, i % 2 ? &f->dns.authority : &f->dns.additional, arena_printf(a, "s%zu.example.com.", i),
            i % 2 ? RR_NS : RR_A, i % 2 ? "ns1.example.com." : "45.54.66.9");
    return true;
}

static bool soas(struct arena *a, struct fact *f, size_t n)
{
    const struct ask *q = f->ask;
    for (size_t i = 0; q->qtype != RR_NS && q->qtype != RR_A && i < n; i++)
        put(a, &f->dns.authority, arena_printf(a, "s%zu.%s", i, q->qname), RR_SOA, ". . 1 1 1 1 1");
    return f->dns.authority.n;
}

/* ---------------------------------------------------------------- a check ---------------------------- */

typedef bool answer_fn(struct arena *a, struct fact *f, size_t n);

static const struct family {
    const char *name, *method;
    answer_fn *answer;
    size_t most; /* records that fit into a message */
} families[] = {
    {"texts in two orders", "dns-txt-token", texts_in_two_orders, 3800},
    {"near values", "dns-txt-token", near_values, 1600},
    {"near values for a CNAME", "dns-cname-token", near_values, 1600},
    {"other values", "dns-txt-token", other_values, 2000},
    {"persist", "dns-persist", other_values, 2000},
    {"alias chain", "dns-txt-token", alias_chain, 2000},
    {"alias chain to a file", "http-token", alias_chain, 2000},
    {"alias chain to CAA", "caa", alias_chain, 2000},
    {"aliases beside", "dns-txt-token", aliases_beside, 2000},
    {"aliases beside CAA", "caa", aliases_beside, 2000},
    {"servers", "dns-txt-token", many_servers, 2000},
    {"addresses of a server", "dns-txt-token", many_server_addresses, 4000},
    {"addresses", "http-token", many_addresses, 4000},
    {"one tag", "dns-txt-token", one_tag, 1400},
    {"CAA", "caa", caa_sets, 1600},
    {"strays", "dns-txt-token", strays, 2000},
    {"strays and a file", "http-token", strays, 2000},
    {"SOA records", "dns-txt-token", soas, 1000},
};

struct net {
    const struct family *family;
    size_t n;
    struct arena *a; /* of the answers */
    struct waiting {
        struct ask *ask;
        fact_fn *fn;
        void *user;
    } v[WAITING_MOST];
    size_t asked, answered, fetches;
    struct report *report;
};

static int on_start(void *self, struct arena *a, struct ask *ask, fact_fn *fn, void *user, void **op)
{
    struct net *net = self;
    (void)a;
    assert_true(net->asked < WAITING_MOST);
    net->v[net->asked++] = (struct waiting){ask, fn, user};
    *op = NULL;
    return 0;
}

static void on_cancel(void *self, void *op)
{
    (void)self, (void)op;
    fail();
}

static dcv_time on_now(void *self)
{
    (void)self;
    return NOW;
}

static uint64_t on_monotonic(void *self)
{
    (void)self;
    return 0;
}

static void on_done(void *user, struct check *c, struct report *report, int err)
{
    struct net *net = user;
    (void)c;
    assert_int_equal(err, 0);
    net->report = report;
}

static struct fact *answer(struct net *net, struct ask *q)
{
    struct fact *f = arena_alloc(net->a, sizeof *f);
    assert_non_null(f);
    f->ask = q;
    if (q->kind == ASK_HTTP) {
        net->fetches++;
        f->http = (struct http_fact){.outcome = HTTP_TIMEOUT};
        return f;
    }
    struct dns_fact *d = &f->dns;
    *d = (struct dns_fact){.outcome = DNS_NODATA,
                           .flags = DNS_QR | DNS_AA | DNS_RA,
                           .tries = 1,
                           .server = q->server,
                           .has_edns = true};
    if (!net->family->answer(net->a, f, net->n))
        healthy(net->a, f);
    for (size_t i = 0; d->outcome == DNS_NODATA && i < d->answer.n; i++)
        if (d->answer.v[i].type == q->qtype || d->answer.v[i].type == RR_CNAME)
            d->outcome = DNS_ANSWER;
    return f;
}

struct cost {
    double seconds, longest; /* of all steps, of the longest one */
    size_t asks, fetches;
};

static void set(struct arena *a, struct request *r, const char *field, const char *value)
{
    struct input_error err;
    assert_int_equal(request_set(a, r, request_field_find(field), value, strlen(value), &err), 0);
}

struct checking {
    struct arena *ra, *a;
    struct request *r;
};

static struct checking begin(struct net *net, const struct family *family, size_t n)
{
    struct checking c = {.ra = arena_new(0), .a = arena_new(0)};
    struct input_error err;
    bool token = strcmp(family->method, "dns-persist") != 0 && strcmp(family->method, "caa") != 0;
    *net = (struct net){.family = family, .n = n, .a = arena_new(0)};
    c.r = arena_alloc(c.ra, sizeof *c.r);
    assert_non_null(c.r);
    request_init(c.r, NULL, NOW);
    set(c.ra, c.r, "domain", "shop.example.com");
    set(c.ra, c.r, "method", family->method);
    set(c.ra, c.r, "depth", "full");
    set(c.ra, c.r, token ? "token" : "account_uri", token ? TOKEN : "https://ca.example/1");
    assert_int_equal(request_finish(c.ra, c.r, &err), 0);
    return c;
}

/* Runs the check to its end; what each step takes is added to the cost. */
static struct cost run(struct checking *c, struct net *net)
{
    struct observers obs = {.dns = {net, on_start, on_cancel},
                            .http = {net, on_start, on_cancel},
                            .clock_self = net,
                            .now = on_now,
                            .monotonic = on_monotonic};
    double from = cpu_seconds();
    assert_int_equal(check_start(&obs, c->a, c->r, on_done, net, NULL), 0);
    struct cost cost = {.seconds = cpu_seconds() - from};
    cost.longest = cost.seconds;
    while (net->answered < net->asked) {
        struct waiting w = net->v[net->answered++];
        struct fact *f = answer(net, w.ask);
        from = cpu_seconds();
        w.fn(w.user, w.ask, f);
        double step = cpu_seconds() - from;
        cost.seconds += step;
        cost.longest = step > cost.longest ? step : cost.longest;
    }
    assert_non_null(net->report);
    cost.asks = net->asked;
    cost.fetches = net->fetches;
    return cost;
}

static void end(struct checking *c, struct net *net)
{
    arena_free(net->a);
    arena_free(c->ra);
    arena_free(c->a);
}

static struct cost checked(const struct family *family, size_t n)
{
    static struct net net;
    struct checking c = begin(&net, family, n);
    struct cost cost = run(&c, &net);
    end(&c, &net);
    return cost;
}

static struct cost least(const struct family *family, size_t n)
{
    struct cost best = {.seconds = 1e9, .longest = 1e9};
    for (unsigned i = 0; i < RUNS; i++) {
        struct cost one = checked(family, n);
        double seconds = one.seconds < best.seconds ? one.seconds : best.seconds;
        double longest = one.longest < best.longest ? one.longest : best.longest;
        best = one;
        best.seconds = seconds;
        best.longest = longest;
    }
    return best;
}

/* Measures again where the times look bad, because another process may have disturbed the first runs. */
static bool linear(const struct family *f)
{
    struct cost one = {0}, many = {0};
    for (unsigned i = 0; i < TRIES; i++) {
        one = least(f, f->most / TIMES);
        many = least(f, f->most);
        if (many.seconds < 2 * TIMES * one.seconds + 0.004)
            break;
    }
    bool good = many.seconds < 2 * TIMES * one.seconds + 0.004 && many.fetches <= FETCHES_MOST;
    print_message("%-24s %4zu records %7.2f ms, %4zu records %7.2f ms, longest step %6.2f ms, %zu questions, "
                  "%zu fetches%s\n",
                  f->name, f->most / TIMES, one.seconds * 1e3, f->most, many.seconds * 1e3,
                  many.longest * 1e3, many.asks, many.fetches, good ? "" : ": too much");
    return good;
}

static void answers_of_any_size_cost_no_more_than_their_size(void **state)
{
    unsigned bad = 0;
    (void)state;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        bad += !linear(&families[i]);
    assert_int_equal(bad, 0);
}

/* ---------------------------------------------------------------- what was left out is said ----------- */

static bool a_sound_record(struct arena *a, struct fact *f, size_t n)
{
    (void)n;
    if (f->ask->qtype == RR_TXT)
        put(a, &f->dns.answer, f->ask->qname, RR_TXT, arena_printf(a, "\"%s\"", TOKEN));
    return f->dns.answer.n;
}

static void reached_bounds_are_said(void **state)
{
    static const struct family many = {"addresses", "http-token", many_addresses, 4000},
                               sound = {"a record", "dns-txt-token", a_sound_record, 1};
    struct net net;
    (void)state;
    struct checking c = begin(&net, &many, many.most);
    run(&c, &net);
    assert_int_equal(net.report->verdict, VERDICT_FAIL);
    assert_non_null(strstr(net.report->remark, "Of the 4000 addresses"));
    end(&c, &net);

    c = begin(&net, &sound, 1);
    run(&c, &net);
    assert_int_equal(net.report->verdict, VERDICT_PASS);
    assert_null(net.report->remark);
    struct evidence full = *net.report->evidence;
    struct report again;
    full.overflow = true;
    assert_int_equal(judge(net.report->request, &full, c.a, &again), 0);
    assert_int_equal(again.verdict, VERDICT_PASS);
    assert_non_null(strstr(again.remark, "more questions than one check may ask"));
    end(&c, &net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_of_any_size_cost_no_more_than_their_size),
        cmocka_unit_test(reached_bounds_are_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
