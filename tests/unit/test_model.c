/* The model of the zones that cures are tried on: what the facts show, what a server would answer after a change, and
 * which changes no zone may hold. Each rule stands beside a near miss. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "judge/model.h"
#include "judge/opinion.h"
#include "small_net.h"
#include "wire/name.h"
#include "wire/wire.h"

static const char TXT_SHOP[] = "\"domain\":\"shop.example.com\",\"methods\":[\"dns-txt-token\"],\"depth\":\"full\","
                               "\"token\":\"x7k2m9p4q8w3e6r1t5y0u2i4o6a8s0d3\"";

struct lab {
    struct small_net net;
    struct request r;
    struct evidence ev;
    struct report report;
    struct judgement j;
    struct model m;
};

/* records: owner below example.com (or absolute), type, data; ends with NULL. */
static struct lab *lab_of(const char *members, const char *const *records)
{
    struct arena *a = arena_new(0);
    struct lab *l = arena_alloc(a, sizeof *l);
    l->net.a = a;
    net_zone_add(&l->net, "com.", "192.0.2.1:53");
    net_zone_add(&l->net, "example.com.", "192.0.2.2:53");
    for (; *records; records += 3)
        net_put(&l->net, records[0], records[1], records[2]);
    l->r = net_request(a, members);
    net_check(&l->net, &l->r, &l->ev, &l->report);
    l->j = (struct judgement){.r = &l->r, .ev = &l->ev, .a = a, .report = &l->report};
    assert_int_equal(judge_read_zones(&l->j), 0);
    (void)zones_holding(l->j.servers.zones, "_dnsauth.shop.example.com.");
    assert_int_equal(model_build(a, &l->r, &l->ev, l->j.servers.zones, &l->m), 0);
    return l;
}

static void lab_free(struct lab *l)
{
    arena_free(l->net.a);
}

static void states(void **state)
{
    static const struct {
        const char *records[13];
        const char *name;
        enum model_state state;
    } rows[] = {
        {{"shop.example.com.", "A", "192.0.2.80"}, "shop.example.com.", MODEL_OWN},
        {{"shop.example.com.", "A", "192.0.2.80"}, "_dnsauth.shop.example.com.", MODEL_ABSENT},
        {{"shop.example.com.", "A", "192.0.2.80"}, "example.com.", MODEL_OWN},
        {{"shop.example.com.", "A", "192.0.2.80"}, "never.asked.example.net.", MODEL_UNKNOWN},
        {{"*.shop.example.com.", "TXT", "\"v\""}, "_dnsauth.shop.example.com.", MODEL_WILD},
        {{"*.example.com.", "A", "192.0.2.80", "*.example.com.", "TXT", "\"v\""}, "shop.example.com.", MODEL_WILD},
        {{"*.example.com.", "A", "192.0.2.80", "shop.example.com.", "TXT", "\"v\""}, "shop.example.com.", MODEL_OWN},
        {{"_acme-challenge.shop.example.com.", "TXT", "\"v\""}, "shop.example.com.", MODEL_OWN},
        {{NULL}, "shop.example.com.", MODEL_ABSENT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct lab *l = lab_of(TXT_SHOP, rows[i].records);
        if (model_state(&l->m, rows[i].name) != rows[i].state)
            fail_msg("row %zu: %s is in state %d", i, rows[i].name, model_state(&l->m, rows[i].name));
        lab_free(l);
    }
}

/* What the model forbids, and a near miss that it allows. refused: a part of the sentence; NULL: it is allowed. */
static void rules(void **state)
{
#define ADD(o, t, d) {.op = FIX_ADD, .owner = o, .ttl = 300, .type = t, .rdata = d}
#define REMOVE(o, t, d) {.op = FIX_REMOVE, .owner = o, .type = t, .rdata = d}
#define LABEL "_dnsauth.shop.example.com."
    static const struct {
        const char *records[13];
        struct fix ops[3];
        const char *refused;
    } rows[] = {
        {{LABEL, "CNAME", "edge.example.com."}, {ADD(LABEL, "TXT", "\"v\"")}, "beside a TXT"},
        {{LABEL, "CNAME", "edge.example.com."},
         {ADD(LABEL, "TXT", "\"v\""), REMOVE(LABEL, "CNAME", "edge.example.com.")},
         NULL},
        {{LABEL, "TXT", "\"other\""}, {ADD(LABEL, "CNAME", "edge.example.com.")}, "beside a TXT"},
        {{LABEL, "TXT", "\"other\""}, {ADD(LABEL, "TXT", "\"v\"")}, NULL},
        {{"shop.example.com.", "CNAME", "edge.example.com."}, {ADD("shop.example.com.", "TXT", "\"v\"")}, "beside"},
        {{"shop.example.com.", "DNAME", "new.example.com."}, {ADD(LABEL, "TXT", "\"v\"")}, "DNAME"},
        {{"shop.example.com.", "DNAME", "new.example.com."}, {ADD("shop.example.com.", "TXT", "\"v\"")}, NULL},
        {{"*.example.com.", "CNAME", "edge.example.com.", "edge.example.com.", "A", "192.0.2.80"},
         {ADD(LABEL, "TXT", "\"v\"")},
         NULL},
        {{"*.example.com.", "TXT", "\"w\""}, {REMOVE(LABEL, "TXT", "\"w\"")}, "a wildcard made"},
        {{LABEL, "TXT", "\"v\""}, {REMOVE(LABEL, "TXT", "\"w\"")}, "does not stand"},
        {{LABEL, "TXT", "\"w\""}, {REMOVE(LABEL, "TXT", "\"w\"")}, NULL},
        {{LABEL, "NS", "ns.gone.example.net."}, {ADD(LABEL, "TXT", "\"v\"")}, "no server serves"},
        {{LABEL, "NS", "ns.gone.example.net."}, {ADD("shop.example.com.", "TXT", "\"v\"")}, NULL},
        {{NULL}, {ADD("example.com.", "CNAME", "edge.example.com.")}, "apex"},
        {{NULL}, {ADD(LABEL, "CNAME", "a.example.com."), ADD(LABEL, "CNAME", "b.example.com.")}, "two CNAME"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct lab *l = lab_of(TXT_SHOP, rows[i].records);
        struct model after;
        const char *refused;
        size_t n = 0;
        while (n < 3 && rows[i].ops[n].owner)
            n++;
        assert_int_equal(model_apply(&l->m, rows[i].ops, n, &after, &refused), 0);
        if (!refused != !rows[i].refused || (refused && !strstr(refused, rows[i].refused)))
            fail_msg("row %zu: %s", i, refused ? refused : "allowed");
        lab_free(l);
    }
}

/* After a change the model answers as a server of the changed zone does, wherever it knows what to answer. */
static void answers(void **state)
{
    static const struct {
        const char *records[16];
        struct fix ops[4];
        const char *name;
        uint16_t type;
        enum model_kind kind;
    } rows[] = {
        {{NULL}, {ADD(LABEL, "TXT", "\"v\"")}, LABEL, RR_TXT, MODEL_DATA},
        {{NULL}, {ADD(LABEL, "TXT", "\"v\"")}, "shop.example.com.", RR_TXT, MODEL_NODATA},
        {{NULL}, {ADD("shop.example.com.", "TXT", "\"v\"")}, LABEL, RR_TXT, MODEL_NXDOMAIN},
        {{LABEL, "CNAME", "shop.example.com."}, {ADD("shop.example.com.", "TXT", "\"v\"")}, LABEL, RR_TXT, MODEL_DATA},
        {{LABEL, "CNAME", LABEL}, {ADD("shop.example.com.", "TXT", "\"v\"")}, LABEL, RR_TXT, MODEL_LOOP},
        {{LABEL, "CNAME", "x.example.com."},
         {REMOVE(LABEL, "CNAME", "x.example.com."), ADD(LABEL, "TXT", "\"v\"")},
         LABEL,
         RR_TXT,
         MODEL_DATA},
        {{"*.example.com.", "TXT", "\"w\"", "*.example.com.", "A", "192.0.2.80"},
         {ADD(LABEL, "TXT", "\"v\"")},
         "shop.example.com.",
         RR_TXT,
         MODEL_NODATA},
        {{"*.example.com.", "TXT", "\"w\"", "*.example.com.", "A", "192.0.2.80"},
         {ADD(LABEL, "TXT", "\"v\""), ADD("*.shop.example.com.", "TXT", "\"w\"")},
         "_acme-challenge.shop.example.com.",
         RR_TXT,
         MODEL_DATA},
        {{"*.example.com.", "TXT", "\"w\"", "*.example.com.", "A", "192.0.2.80"},
         {ADD(LABEL, "TXT", "\"v\"")},
         "_acme-challenge.shop.example.com.",
         RR_TXT,
         MODEL_NXDOMAIN},
        {{"*.example.com.", "TXT", "\"w\"", "*.example.com.", "A", "192.0.2.80", "shop.example.com.", "A", "192.0.2.9"},
         {ADD(LABEL, "TXT", "\"v\"")},
         "_dnsauth.example.com.",
         RR_TXT,
         MODEL_DATA},
        {{"shop.example.com.", "DNAME", "new.example.com."},
         {ADD("_dnsauth.new.example.com.", "TXT", "\"v\"")},
         LABEL,
         RR_TXT,
         MODEL_DATA},
        {{NULL}, {ADD(LABEL, "TXT", "\"v\"")}, "never.asked.example.com.", RR_A, MODEL_NOT_KNOWN},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct lab *l = lab_of(TXT_SHOP, rows[i].records);
        struct small_net *then = net_copy(&l->net);
        struct model after;
        struct model_reply reply;
        struct dns_fact truth;
        const char *refused;
        size_t n = 0;
        while (n < 4 && rows[i].ops[n].owner)
            n++;
        assert_int_equal(model_apply(&l->m, rows[i].ops, n, &after, &refused), 0);
        assert_null(refused);
        assert_int_equal(model_answer(&after, "", rows[i].name, rows[i].type, &reply), 0);
        if (reply.kind != rows[i].kind)
            fail_msg("row %zu: the answer is of kind %d", i, reply.kind);
        assert_null(net_apply(then, rows[i].ops, n));
        net_resolve(then, rows[i].name, rows[i].type, &truth);
        bool servers_loop = truth.outcome == DNS_SERVFAIL;
        if (reply.kind != MODEL_NOT_KNOWN && (reply.kind == MODEL_LOOP) != servers_loop)
            fail_msg("row %zu: the servers answer %s", i, dns_outcome_name(truth.outcome));
        if (reply.kind == MODEL_DATA)
            assert_int_equal(truth.answer.v[truth.answer.n - 1].type, rows[i].type);
        if (reply.kind == MODEL_NXDOMAIN)
            assert_int_equal(truth.outcome, DNS_NXDOMAIN);
        lab_free(l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states),
        cmocka_unit_test(rules),
        cmocka_unit_test(answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
