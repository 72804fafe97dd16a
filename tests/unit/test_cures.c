/* The cures of a report, carried out on the zones that the check looked at: hosts that live by a wildcard, which cure
 * comes first, and changes that would do harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "carry_out.h"
#include "judge/opinion.h"
#include "judge/prove.h"
#include "wire/name.h"
#include "wire/wire.h"

/* ---------------------------------------------------------------- hosts by a wildcard ----------------- */

static void wildcard_hosts(void **state)
{
    static const struct {
        const char *records[16];
        const char *domain, *method;
        bool by_wildcard;
    } rows[] = {
        {{"*.example.com.", "A", "192.0.2.80"}, "shop.example.com", "dns-txt-token", true},
        {{"*.example.com.", "A", "192.0.2.80"}, "shop.example.com", "dns-cname-token", true},
        {{"*.example.com.", "AAAA", "2001:db8::1"}, "shop.example.com", "dns-txt-token", true},
        {{"*.example.com.", "MX", "10 mx.example.com."}, "shop.example.com", "dns-txt-token", true},
        {{"*.example.com.", "TXT", "\"v=spf1 -all\"", "*.example.com.", "A", "192.0.2.80"},
         "shop.example.com",
         "dns-txt-token",
         true},
        {{"*.example.com.", "CNAME", "edge.example.com.", "edge.example.com.", "A", "192.0.2.80"},
         "shop.example.com",
         "dns-txt-token",
         true},
        {{"*.example.com.", "A", "192.0.2.80"}, "a.b.shop.example.com", "dns-txt-token", true},
        {{"*.shop.example.com.", "A", "192.0.2.80"}, "www.shop.example.com", "dns-txt-token", true},
        {{"*.example.com.", "A", "192.0.2.80", "shop.example.com.", "A", "192.0.2.81"},
         "www.shop.example.com",
         "dns-txt-token",
         false},
        {{"*.example.com.", "A", "192.0.2.80", "shop.example.com.", "A", "192.0.2.81"},
         "shop.example.com",
         "dns-txt-token",
         false},
        {{"*.example.com.", "A", "192.0.2.80"}, "example.com", "dns-txt-token", false},
        {{"*.shop.example.com.", "A", "192.0.2.80"}, "shop.example.com", "dns-txt-token", false},
        {{"*.example.com.", "A", "192.0.2.80", "shop.example.com.", "A", "192.0.2.80", "*.shop.example.com.", "A",
          "192.0.2.80", "_dnsauth.shop.example.com.", "TXT", "\"" OTHER "\""},
         "shop.example.com",
         "dns-txt-token",
         false},
    };
    (void)state;
    for (unsigned sub = 0; sub < 2; sub++)
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            struct arena *a = arena_new(0);
            struct small_net *net = net_new(a);
            struct evidence ev;
            struct report p;
            if (sub)
                net_zone_add(net, "b.shop.example.com.", "192.0.2.3:53");
            for (const char *const *v = rows[i].records; *v; v += 3)
                net_put(net, *v, v[1], v[2]);
            struct request r = request_of(a, rows[i].domain, rows[i].method, ",\"depth\":\"full\"");
            net_check(net, &r, &ev, &p);
            const char *what = arena_printf(a, "row %zu%s", i, sub ? " with a zone below" : "");
            bool says = strstr(p.findings->summary, "from a wildcard alone");
            bool aside = sub && (strstr(rows[i].domain, "shop.example.com")); /* the zone below makes shop exist */
            if (!aside && says != rows[i].by_wildcard)
                wrong("%s: %s", what, p.findings->summary);
            if (!p.findings->n_cures || !p.findings->cures->proven)
                wrong("%s: the first cure is not proven: %s", what,
                      p.findings->n_cures ? p.findings->cures->note : "there is none");
            if (!carry_out_all(what, net, &r, &p))
                wrong("%s: no cure is proven", what);
            arena_free(a);
        }
    assert_int_equal(faults, 0);
}

/* ---------------------------------------------------------------- which cures, in which order --------- */

/* The first cure as words, and how many there are. */
static void chosen(void **state)
{
    static const struct {
        const char *records[12];
        const char *domain, *method;
        const char *first; /* a part of the first cure in words */
        size_t n;
    } rows[] = {
        {{"shop.example.com.", "A", "192.0.2.80"},
         "shop.example.com",
         "dns-txt-token",
         "[add _dnsauth.shop.example.com. TXT \"" TOKEN "\" ]",
         2},
        {{"shop.example.com.", "DNAME", "new.elsewhere.com."},
         "www.shop.example.com",
         "dns-txt-token",
         "[input    example.com] [add _dnsauth.example.com. TXT \"" TOKEN "\" ]",
         1},
        {{"_dnsauth.shop.example.com.example.com.", "TXT", "\"" TOKEN "\"", "shop.example.com.", "A", "192.0.2.80"},
         "shop.example.com",
         "dns-txt-token",
         "[remove _dnsauth.shop.example.com.example.com. TXT \"" TOKEN "\" ] [add _dnsauth.shop.example.com. TXT",
         2},
        {{"_dnsauth.shop.example.com.", "TXT", "\"" OTHER "\""},
         "shop.example.com",
         "dns-cname-token",
         "[input    dns-txt-token] [add _dnsauth.shop.example.com. TXT \"" TOKEN "\" ]",
         3},
        {{"_dnsauth.shop.example.com.", "CNAME", TOKEN ".dcv.digicert.com."},
         "shop.example.com",
         "dns-txt-token",
         "[input    dns-cname-token]",
         2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena *a = arena_new(0);
        struct small_net *net = net_new(a);
        struct evidence ev;
        struct report p;
        net_zone_add(net, "elsewhere.com.", "192.0.2.4:53");
        for (const char *const *v = rows[i].records; *v; v += 3)
            net_put(net, *v, v[1], v[2]);
        struct request r = request_of(a, rows[i].domain, rows[i].method, ",\"depth\":\"full\"");
        net_check(net, &r, &ev, &p);
        const struct finding *f = p.findings;
        const char *words = f->n_cures ? in_words(a, "", f, f->cures) : "none";
        if (f->n_cures != rows[i].n || !strstr(words, rows[i].first) || !f->cures->proven)
            wrong("row %zu: %zu cures, the first%s: %s", i, f->n_cures, f->cures->proven ? "" : " not proven", words);
        if (f->n_fixes != f->cures->n || f->fixes != f->cures->ops)
            wrong("row %zu: the fixes are not the first cure's", i);
        carry_out_all("row", net, &r, &p);
        arena_free(a);
    }
    assert_int_equal(faults, 0);
}

/* ---------------------------------------------------------------- changes that do harm ---------------- */

static void harmful(void **state)
{
#define ADD(o, t, d) {.op = FIX_ADD, .owner = o, .ttl = 300, .type = t, .rdata = d}
#define REMOVE(o, t, d) {.op = FIX_REMOVE, .owner = o, .type = t, .rdata = d}
#define LABEL "_dnsauth.shop.example.com."
#define SHOP "shop.example.com."
#define VALUE "\"" TOKEN "\""
    static const struct {
        const char *records[16];
        const char *method;
        struct fix ops[4];
        enum trial_end end;
        const char *says;
    } rows[] = {
        {{SHOP, "A", "192.0.2.80"}, "dns-txt-token", {ADD(LABEL, "TXT", VALUE)}, TRIAL_PROVEN, ""},
        {{SHOP, "A", "192.0.2.80"}, "dns-txt-token", {ADD(LABEL, "TXT", "\"" OTHER "\"")}, TRIAL_FAILS, ""},
        {{SHOP, "A", "192.0.2.80"},
         "dns-txt-token",
         {REMOVE(SHOP, "A", "192.0.2.80"), ADD(LABEL, "TXT", VALUE)},
         TRIAL_UNSURE,
         "was not asked"},
        {{"*.example.com.", "A", "192.0.2.80"}, "dns-txt-token", {ADD(LABEL, "TXT", VALUE)}, TRIAL_BREAKS, "A record"},
        {{"*.example.com.", "A", "192.0.2.80"},
         "dns-txt-token",
         {ADD(LABEL, "TXT", VALUE), ADD(SHOP, "A", "192.0.2.80")},
         TRIAL_BREAKS,
         "Names below"},
        {{LABEL, "CNAME", TOKEN ".dcv.digicert.com."},
         "dns-txt-token",
         {REMOVE(LABEL, "CNAME", TOKEN ".dcv.digicert.com."), ADD(LABEL, "TXT", VALUE)},
         TRIAL_BREAKS,
         "dns-cname-token"},
        {{LABEL, "CNAME", "edge.example.com."}, "dns-txt-token", {ADD(LABEL, "TXT", VALUE)}, TRIAL_FORBIDDEN, "beside"},
        {{SHOP, "CAA", "0 issue \"letsencrypt.org\""},
         "caa",
         {REMOVE(SHOP, "CAA", "0 issue \"letsencrypt.org\""), ADD(SHOP, "CAA", "0 issue \"digicert.com\"")},
         TRIAL_BREAKS,
         "letsencrypt.org"},
        {{SHOP, "CAA", "0 issue \"letsencrypt.org\""},
         "caa",
         {ADD(SHOP, "CAA", "0 issue \"digicert.com\"")},
         TRIAL_PROVEN,
         ""},
        {{"example.com.", "CAA", "0 issue \"letsencrypt.org\""},
         "caa",
         {ADD(SHOP, "CAA", "0 issue \"digicert.com\"")},
         TRIAL_BREAKS,
         "letsencrypt.org"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena *a = arena_new(0);
        struct small_net *net = net_new(a);
        struct evidence ev;
        struct report p;
        struct trial trial;
        struct proof proof;
        size_t n = 0;
        for (const char *const *v = rows[i].records; *v; v += 3)
            net_put(net, *v, v[1], v[2]);
        struct request r = request_of(a, "shop.example.com", rows[i].method, ",\"depth\":\"full\"");
        net_check(net, &r, &ev, &p);
        struct judgement j = {.r = &r, .ev = &ev, .a = a, .report = &p};
        assert_int_equal(judge_read_zones(&j), 0);
        method_rules(r.method)->verdict(&j);
        assert_int_equal(proof_begin(&j, a, &proof), 0);
        while (n < 4 && rows[i].ops[n].owner)
            n++;
        assert_int_equal(proof_try(&proof, rows[i].ops, n, &trial), 0);
        const char *said = trial.breaks.n ? trial.breaks.v[0] : trial.note;
        if (trial.end != rows[i].end || !strstr(said, rows[i].says))
            wrong("row %zu ends in %d: %s", i, trial.end, said);
        arena_free(a);
    }
    assert_int_equal(faults, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wildcard_hosts),
        cmocka_unit_test(chosen),
        cmocka_unit_test(harmful),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
