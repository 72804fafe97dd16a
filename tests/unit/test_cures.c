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
            bool alias = rows[i].records[1] && !strcmp(rows[i].records[1], "CNAME");
            for (size_t k = 0; k < p.findings->n_cures; k++)
                for (size_t n = 0; n < p.findings->cures[k].n; n++) {
                    /* An alias is alone; beside other records of a wildcard may stand what nobody asked for. */
                    const char *text = p.findings->cures[k].ops[n].text;
                    const char *copies = text ? strstr(text, "are entered") : NULL;
                    if (copies && !strstr(copies, "of other types than A, AAAA") != alias)
                        wrong("%s: %s", what, text);
                }
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
        const char *first; /* a part of the first cure in words; behind a ~, of any */
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
        {{"shop.example.com.", "DNAME", "new.elsewhere.com."}, /* the value at D itself, not in the foreign zone */
         "shop.example.com",
         "dns-txt-token",
         "[add shop.example.com. TXT \"" TOKEN "\" ]",
         2},
        {{"_dnsauth.shop.example.com.", "CNAME", "v.elsewhere.com.", "v.elsewhere.com.", "TXT", "\"" OTHER "\""},
         "shop.example.com",
         "dns-txt-token",
         "[add shop.example.com. TXT \"" TOKEN "\" ]",
         1},
        {{"*.example.com.", "CNAME", "edge.example.com.", "edge.example.com.", "A", "192.0.2.80"},
         "shop.example.com",
         "dns-cname-token",
         "~[input    example.com] [add _dnsauth.example.com. CNAME " TOKEN ".dcv.digicert.com. ]",
         3},
        {{"*.example.com.", "CNAME", "edge.example.com.", "edge.example.com.", "A", "192.0.2.80"},
         "shop.example.com",
         "dns-cname-token",
         "[add _dnsauth.shop.example.com. CNAME " TOKEN ".dcv.digicert.com. ]"
         " [add shop.example.com. CNAME edge.example.com. ] [add *.shop.example.com. CNAME edge.example.com. ]",
         3},
        {{"*.example.com.", "CNAME", "edge.example.com.", "edge.example.com.", "A", "192.0.2.80"},
         "shop.example.com",
         "dns-txt-token",
         "~[input    example.com] [add _dnsauth.example.com. TXT \"" TOKEN "\" ]",
         2},
        {{"*.apps.example.com.", "A", "192.0.2.80"}, /* what stands at _dnsauth.apps was not asked */
         "x.y.apps.example.com",
         "dns-txt-token",
         "[input    example.com] [add _dnsauth.example.com. TXT \"" TOKEN "\" ]",
         3},
        {{"_dnsauth.shop.example.com.", "TXT", "\"" TOKEN "\""}, /* nothing need be added */
         "shop.example.com",
         "dns-cname-token",
         "[input    dns-txt-token]",
         1},
        {{"*.example.com.", "SRV", "0 0 443 edge.example.com."},
         "shop.example.com",
         "dns-txt-token",
         "[add shop.example.com. SRV 0 0 443 edge.example.com. ] [add *.shop.example.com. SRV",
         3},
        {{"*.example.com.", "TYPE65", "\\# 3 000100"},
         "shop.example.com",
         "dns-txt-token",
         "[add shop.example.com. HTTPS \\# 3 000100 ] [add *.shop.example.com. HTTPS",
         3},
        {{"_validation-persist.shop.example.com.", "TXT", "\"digicert.com; accounturi=https://ca/7\""},
         "shop.example.com",
         "dns-persist",
         "[add _validation-persist.shop.example.com. TXT \"digicert.com; accounturi=https://ca/8\" ]",
         1},
        {{"_validation-persist.shop.example.com.", "TXT", "\"digicert.com; policy=wildcard\""},
         "shop.example.com",
         "dns-persist",
         "[replace _validation-persist.shop.example.com. TXT \"digicert.com; accounturi=https://ca/8; policy=wildcard",
         1},
        {{"_validation-persist.shop.example.com.", "TXT", "\"digicert.com; accounturi=https://ca/7\""},
         "*.shop.example.com", /* the record lacks policy=wildcard, too, and stays the other account's */
         "dns-persist",
         "[add _validation-persist.shop.example.com. TXT \"digicert.com; accounturi=https://ca/8; policy=wildcard\" ]",
         1},
        {{"_validation-persist.shop.example.com.", "CNAME", "v.elsewhere.com."},
         "shop.example.com",
         "dns-persist",
         "[remove _validation-persist.shop.example.com. CNAME v.elsewhere.com. ]"
         " [add _validation-persist.shop.example.com. TXT",
         1},
        {{"_validation-persist.shop.example.com.", "CNAME", "v.example.com."},
         "shop.example.com",
         "dns-persist",
         "[add v.example.com. TXT",
         1},
        {{"old.example.com.", "DNAME", "new.example.com.", "a.new.example.com.", "A", "192.0.2.80"},
         "a.old.example.com",
         "dns-persist",
         "[add _validation-persist.a.new.example.com. TXT",
         2},
        {{"shop.example.com.", "DNAME", "new.elsewhere.com."},
         "www.shop.example.com",
         "dns-persist",
         "[input    example.com] [add _validation-persist.example.com. TXT \"digicert.com; accounturi=https://ca/8; "
         "policy=wildcard\" ]",
         1},
        {{"*.example.com.", "A", "192.0.2.80"},
         "shop.example.com",
         "dns-persist",
         "~[input    example.com] [add _validation-persist.example.com. TXT",
         2},
        {{"shop.example.com.", "DNAME", "new.elsewhere.com."},
         "www.shop.example.com",
         "dns-cname-token",
         "[input    example.com] [add _dnsauth.example.com. CNAME " TOKEN ".dcv.digicert.com. ]",
         2},
        {{"_dnsauth.shop.example.com.", "MX", "10 mx.example.com."},
         "shop.example.com",
         "dns-cname-token",
         "[input    dns-txt-token] [add _dnsauth.shop.example.com. TXT \"" TOKEN "\" ]",
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
        struct request r = request_of(a, rows[i].domain, rows[i].method,
                                      strcmp(rows[i].method, "dns-persist")
                                          ? ",\"depth\":\"full\""
                                          : ",\"depth\":\"full\",\"account_uri\":\"https://ca/8\"");
        net_check(net, &r, &ev, &p);
        const struct finding *f = p.findings;
        const char *words = f->n_cures ? in_words(a, "", f, f->cures) : "none";
        for (size_t k = 1; *rows[i].first == '~' && k < f->n_cures; k++)
            words = arena_concat(a, words, " or ", in_words(a, "", f, &f->cures[k]), NULL);
        const char *part = rows[i].first + (*rows[i].first == '~');
        if (f->n_cures != rows[i].n || !strstr(words, part) || !f->cures->proven)
            wrong("row %zu: %zu cures, the first%s: %s", i, f->n_cures, f->cures->proven ? "" : " not proven", words);
        if (f->n_fixes != f->cures->n || f->fixes != f->cures->ops)
            wrong("row %zu: the fixes are not the first cure's", i);
        carry_out_all("row", net, &r, &p);
        arena_free(a);
    }
    assert_int_equal(faults, 0);
}

/* ---------------------------------------------------------------- changes that do harm ---------------- */

/* Checks shop.example.com, and tries operations on the model. most: room of ops, which end with one without owner. */
static struct trial tried(struct small_net *net, const char *method, const struct fix *ops, size_t most)
{
    struct arena *a = net->a;
    struct evidence ev;
    struct report p;
    struct trial trial;
    struct proof proof;
    size_t n = 0;
    struct request r = request_of(a, "shop.example.com", method,
                                  ",\"depth\":\"full\",\"validation_method\":[\"ca-tbr-7\"],"
                                  "\"account_uri\":\"https://ca/8\"");
    net_check(net, &r, &ev, &p);
    struct judgement j = {.r = &r, .ev = &ev, .a = a, .report = &p};
    assert_int_equal(judge_read_zones(&j), 0);
    method_rules(r.method)->verdict(&j);
    assert_int_equal(proof_begin(&j, a, &proof), 0);
    while (n < most && ops[n].owner)
        n++;
    assert_int_equal(proof_try(&proof, ops, n, &trial), 0);
    return trial;
}

static void harmful(void **state)
{
#define ADD(o, t, d) {.op = FIX_ADD, .owner = o, .ttl = 300, .type = t, .rdata = d}
#define REMOVE(o, t, d) {.op = FIX_REMOVE, .owner = o, .type = t, .rdata = d}
#define REPLACE(o, t, d, was) {.op = FIX_REPLACE, .owner = o, .ttl = 300, .type = t, .rdata = d, .old_rdata = was}
#define LABEL "_dnsauth.shop.example.com."
#define PERSIST "_validation-persist.shop.example.com."
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
        {{"*.shop.example.com.", "CNAME", "lb.shop.example.com.", SHOP, "A", "192.0.2.80"}, /* in a circle */
         "dns-txt-token",
         {REMOVE(LABEL, "CNAME", "lb.shop.example.com."), ADD(LABEL, "TXT", VALUE)},
         TRIAL_UNSURE,
         "a wildcard makes it"},
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
        {{SHOP, "CAA", "0 issue \"digicert.com; validationmethods=dns-01\""},
         "caa",
         {ADD(SHOP, "CAA", "0 issue \"digicert.com\"")},
         TRIAL_BREAKS,
         "some accounts or methods only"},
        {{SHOP, "CAA", "0 issue \"digicert.com; validationmethods=dns-01\""},
         "caa",
         {ADD(SHOP, "CAA", "0 issue \"digicert.com; validationmethods=dns-01,ca-tbr-7\"")},
         TRIAL_PROVEN,
         ""},
        {{SHOP, "A", "192.0.2.80"},
         "caa",
         {ADD(SHOP, "CAA", "0 issue \"digicert.com\"")},
         TRIAL_BREAKS,
         "CAs that no record names"},
        {{SHOP, "CAA", "0 issue \"letsencrypt.org\"", SHOP, "CAA", "0 issuemail \"sectigo.com\""},
         "caa",
         {ADD(SHOP, "CAA", "0 issue \"digicert.com\""), REMOVE(SHOP, "CAA", "0 issuemail \"sectigo.com\""),
          ADD(SHOP, "CAA", "0 issuemail \";\"")},
         TRIAL_BREAKS,
         "sectigo.com"},
        {{LABEL, "TXT", "\"v=spf1 -all\""},
         "dns-cname-token",
         {REMOVE(LABEL, "TXT", "\"v=spf1 -all\""), ADD(LABEL, "CNAME", TOKEN ".dcv.digicert.com.")},
         TRIAL_BREAKS,
         "SPF"},
        {{LABEL, "TXT", "\"other-service=4711\""},
         "dns-cname-token",
         {REMOVE(LABEL, "TXT", "\"other-service=4711\""), ADD(LABEL, "CNAME", TOKEN ".dcv.digicert.com.")},
         TRIAL_BREAKS,
         "verification"},
        {{LABEL, "TXT", "\"" OTHER "\""},
         "dns-cname-token",
         {REMOVE(LABEL, "TXT", "\"" OTHER "\""), ADD(LABEL, "CNAME", TOKEN ".dcv.digicert.com.")},
         TRIAL_PROVEN,
         ""},
        {{LABEL, "CNAME", "v.example.com.", "v.example.com.", "TXT", "\"" OTHER "\""},
         "dns-cname-token",
         {REMOVE(LABEL, "CNAME", "v.example.com."), ADD(LABEL, "CNAME", TOKEN ".dcv.digicert.com.")},
         TRIAL_UNSURE,
         "of another"},
        {{LABEL, "CNAME", "v.example.com."},
         "dns-cname-token",
         {REMOVE(LABEL, "CNAME", "v.example.com."), ADD(LABEL, "CNAME", TOKEN ".dcv.digicert.com.")},
         TRIAL_PROVEN,
         ""},
        {{LABEL, "CNAME", "_dnsauth.v.example.com.", "_dnsauth.v.example.com.", "TXT", "\"" OTHER "\""},
         "dns-cname-token",
         {REMOVE(LABEL, "CNAME", "_dnsauth.v.example.com."), ADD(LABEL, "CNAME", TOKEN ".dcv.digicert.com.")},
         TRIAL_UNSURE,
         "of another"},
        {{LABEL, "CNAME", "_dnsauth.v.example.com."},
         "dns-cname-token",
         {REMOVE(LABEL, "CNAME", "_dnsauth.v.example.com."), ADD(LABEL, "CNAME", TOKEN ".dcv.digicert.com.")},
         TRIAL_PROVEN,
         ""},
        {{PERSIST, "TXT", "\"digicert.com; accounturi=https://ca/7\""},
         "dns-persist",
         {REPLACE(PERSIST, "TXT", "\"digicert.com; accounturi=https://ca/8\"",
                  "\"digicert.com; accounturi=https://ca/7\"")},
         TRIAL_BREAKS,
         "the account"},
        {{PERSIST, "TXT", "\"letsencrypt.org; accounturi=https://ca/7\""},
         "dns-persist",
         {REPLACE(PERSIST, "TXT", "\"digicert.com; accounturi=https://ca/8\"",
                  "\"letsencrypt.org; accounturi=https://ca/7\"")},
         TRIAL_BREAKS,
         "the account"},
        {{PERSIST, "TXT", "\"digicert.com; accounturi=https://ca/7; persistUntil=1700000000\""},
         "dns-persist",
         {REPLACE(PERSIST, "TXT", "\"digicert.com; accounturi=https://ca/8\"",
                  "\"digicert.com; accounturi=https://ca/7; persistUntil=1700000000\"")},
         TRIAL_PROVEN,
         ""},
        {{LABEL, "MX", "10 mx.example.com."},
         "dns-cname-token",
         {ADD(LABEL, "CNAME", TOKEN ".dcv.digicert.com.")},
         TRIAL_FORBIDDEN,
         "MX"},
        {{"a." LABEL, "MX", "10 mx.example.com."}, /* it exists only by what is below it */
         "dns-cname-token",
         {ADD(LABEL, "CNAME", TOKEN ".dcv.digicert.com.")},
         TRIAL_PROVEN,
         ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena *a = arena_new(0);
        struct small_net *net = net_new(a);
        for (const char *const *v = rows[i].records; *v; v += 3)
            net_put(net, *v, v[1], v[2]);
        struct trial trial = tried(net, rows[i].method, rows[i].ops, 4);
        const char *said = trial.breaks.n ? trial.breaks.v[0] : trial.note;
        if (trial.end != rows[i].end || !strstr(said, rows[i].says))
            wrong("row %zu ends in %d: %s", i, trial.end, said);
        arena_free(a);
    }
    assert_int_equal(faults, 0);
}

/* A domain that is not registered has no zone: what is to be added there comes after that. */
static void not_registered(void **state)
{
    struct arena *a = arena_new(0);
    struct small_net *net = net_new(a);
    struct evidence ev;
    struct report p;
    (void)state;
    struct request r = request_of(a, "shop.no-such-domain.com", "dns-txt-token", ",\"depth\":\"quick\"");
    net_check(net, &r, &ev, &p);
    assert_int_equal(p.verdict, VERDICT_FAIL);
    for (size_t i = 0; i < p.n_findings; i++)
        for (size_t k = 0; k < p.findings[i].n_cures; k++)
            if (p.findings[i].cures[k].proven)
                wrong("%s", in_words(a, "proven", &p.findings[i], &p.findings[i].cures[k]));
    assert_non_null(strstr(p.findings->cures->note, "has to be registered"));
    arena_free(a);
    assert_int_equal(faults, 0);
}

/* ---------------------------------------------------------------- a resolver that lags behind --------- */

/* The resolver answers from what stood there before: the zone's servers tell what is there to be changed. now, before:
 * records as above. */
static void stale(void **state)
{
    static const struct {
        const char *now[8], *before[8];
        struct fix ops[3];
        enum trial_end end;
    } rows[] = {
        {{SHOP, "A", "192.0.2.80"}, {LABEL, "CNAME", "edge.example.com."}, {ADD(LABEL, "TXT", VALUE)}, TRIAL_PROVEN},
        {{LABEL, "CNAME", "edge.example.com."}, {SHOP, "A", "192.0.2.80"}, {ADD(LABEL, "TXT", VALUE)}, TRIAL_FORBIDDEN},
        {{LABEL, "TXT", "\"" OTHER "\""},
         {LABEL, "TXT", "\"gone\""},
         {REMOVE(LABEL, "TXT", "\"gone\""), ADD(LABEL, "TXT", VALUE)},
         TRIAL_FORBIDDEN},
        {{LABEL, "TXT", "\"" OTHER "\""},
         {SHOP, "A", "192.0.2.80"},
         {REMOVE(LABEL, "TXT", "\"" OTHER "\""), ADD(LABEL, "TXT", VALUE)},
         TRIAL_PROVEN},
        {{SHOP, "A", "192.0.2.80"}, /* a resolver that answers for names that do not exist */
         {SHOP, "A", "192.0.2.80", "*.example.com.", "A", "192.0.2.99"},
         {ADD(LABEL, "TXT", VALUE)},
         TRIAL_PROVEN},
        {{"*.example.com.", "A", "192.0.2.80"},
         {SHOP, "A", "192.0.2.80"},
         {ADD(LABEL, "TXT", VALUE)},
         TRIAL_UNSURE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena *a = arena_new(0);
        struct small_net *net = net_new(a);
        net->seen = net_new(a);
        for (const char *const *v = rows[i].now; *v; v += 3)
            net_put(net, *v, v[1], v[2]);
        for (const char *const *v = rows[i].before; *v; v += 3)
            net_put(net->seen, *v, v[1], v[2]);
        struct trial trial = tried(net, "dns-txt-token", rows[i].ops, 3);
        if (trial.end != rows[i].end)
            wrong("row %zu ends in %d: %s", i, trial.end, trial.breaks.n ? trial.breaks.v[0] : trial.note);
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
        cmocka_unit_test(stale),
        cmocka_unit_test(not_registered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
