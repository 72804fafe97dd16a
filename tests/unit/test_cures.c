/* The cures of a report, carried out on the zones that the check looked at: zones that are made up by the hundred,
 * hosts that live by a wildcard, and changes that would do harm. A cure that says that it is proven can be entered,
 * makes the check pass, takes no answer, method or permission away, and can be undone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "judge/opinion.h"
#include "judge/prove.h"
#include "small_net.h"
#include "wire/name.h"
#include "wire/wire.h"

#define TOKEN "x7k2m9p4q8w3e6r1t5y0u2i4o6a8s0d3"
#define OTHER "q1w2e3r4t5y6u7i8o9p0a1s2d3f4g5h6"

static unsigned faults;
#define wrong(...) (faults++, print_error(__VA_ARGS__), print_error("\n"))

static struct small_net *net_new(struct arena *a)
{
    struct small_net *net = arena_alloc(a, sizeof *net);
    assert_non_null(net);
    net->a = a;
    net_zone_add(net, "com.", "192.0.2.1:53");
    net_zone_add(net, "example.com.", "192.0.2.2:53");
    return net;
}

static struct request request_of(struct arena *a, const char *domain, const char *method, const char *more)
{
    return net_request(a, arena_printf(a, "\"domain\":\"%s\",\"methods\":[\"%s\"]%s%s", domain, method,
                                       strcmp(method, "caa") ? ",\"token\":\"" TOKEN "\"" : "", more));
}

/* ---------------------------------------------------------------- before and after -------------------- */

static const uint16_t kept_types[] = {RR_A, RR_AAAA, RR_MX, RR_TXT};

/* Names that hosts have; those with an underscore are left to the other methods' checks. */
static void hosts_of(struct small_net *net, const char *domain, struct texts *ret)
{
    struct arena *a = net->a;
    for (const char *up = domain; up && name_within(up, "example.com"); up = name_parent(up))
        for (unsigned k = 0; k < 3; k++)
            texts_add(a, ret, arena_concat(a, k == 0 ? "" : k == 1 ? "www." : "zz7q.", up, ".", NULL));
    for (size_t z = 0; z < net->n; z++)
        for (size_t i = 0; i < net->zone[z].n; i++)
            if (!strchr(net->zone[z].v[i].owner, '_') && *net->zone[z].v[i].owner != '*')
                texts_add(a, ret, net->zone[z].v[i].owner);
}

static bool all_there(const struct dns_fact *before, const struct dns_fact *after, bool more)
{
    for (size_t i = 0; i < before->answer.n; i++) {
        const struct rr *x = &before->answer.v[i];
        bool found = false;
        for (size_t k = 0; k < after->answer.n; k++) {
            const struct rr *y = &after->answer.v[k];
            found = found || (x->type == y->type && x->rdlen == y->rdlen && !memcmp(x->rdata, y->rdata, x->rdlen) &&
                              name_equal(x->owner, y->owner));
        }
        if (!found)
            return false;
    }
    return more || before->answer.n == after->answer.n;
}

static bool replaced_at(const struct cure *c, const char *name)
{
    for (size_t i = 0; i < c->n; i++)
        if ((c->ops[i].op == FIX_REPLACE || c->ops[i].op == FIX_REMOVE) && name_equal(c->ops[i].owner, name))
            return true;
    return false;
}

static bool passes(struct small_net *net, const struct request *r)
{
    struct evidence ev;
    struct report report;
    net_check(net, r, &ev, &report);
    return report.verdict == VERDICT_PASS;
}

static void keeps_answers(const char *what, struct small_net *net, struct small_net *then, const char *domain,
                          const struct cure *c)
{
    struct texts hosts = {0};
    hosts_of(net, domain, &hosts);
    for (size_t i = 0; i < hosts.n; i++)
        for (size_t k = 0; k < sizeof kept_types / sizeof *kept_types; k++) {
            struct dns_fact before, after;
            net_resolve(net, hosts.v[i], kept_types[k], &before);
            net_resolve(then, hosts.v[i], kept_types[k], &after);
            if (kept_types[k] == RR_TXT && replaced_at(c, hosts.v[i]))
                continue;
            if (before.outcome == DNS_ANSWER && !all_there(&before, &after, kept_types[k] == RR_TXT))
                wrong("%s: %s loses its answer for type %u", what, hosts.v[i], kept_types[k]);
        }
}

static void keeps_others(const char *what, struct small_net *net, struct small_net *then, const char *domain,
                         enum method chosen)
{
    static const char *const methods[] = {"dns-txt-token", "dns-cname-token"};
    static const char *const issuers[] = {"letsencrypt.org", "sectigo.com"};
    for (unsigned i = 0; i < 2; i++) {
        struct request r = request_of(net->a, domain, methods[i], "");
        if (r.method != chosen && passes(net, &r) && !passes(then, &r))
            wrong("%s: the method %s passes no longer", what, methods[i]);
        for (unsigned wild = 0; wild < 2; wild++) {
            r = request_of(net->a, arena_concat(net->a, wild ? "*." : "", domain, NULL), "caa",
                           arena_printf(net->a, ",\"issuer\":[\"%s\"]", issuers[i]));
            if (passes(net, &r) && !passes(then, &r))
                wrong("%s: %s may issue no longer", what, issuers[i]);
        }
    }
}

static void undone(const char *what, const struct small_net *net, const struct small_net *then, const struct cure *c)
{
    struct small_net *back = net_copy(then);
    struct fix inverse[64];
    size_t n = 0;
    for (size_t i = c->n; i-- > 0;) {
        struct fix x = c->ops[i];
        if (x.op == FIX_REPLACE) {
            x.rdata = c->ops[i].old_rdata;
            x.old_rdata = c->ops[i].rdata;
        } else if (x.op == FIX_ADD || x.op == FIX_REMOVE) {
            x.op = x.op == FIX_ADD ? FIX_REMOVE : FIX_ADD;
        } else {
            continue;
        }
        assert_true(n < 64);
        inverse[n++] = x;
    }
    const char *problem = net_apply(back, inverse, n);
    if (problem || !net_same(net, back))
        wrong("%s: undoing it does not bring the zones back: %s", what, problem ? problem : "they differ");
}

/* Carries a proven cure out. */
static void carry_out(const char *what, struct small_net *net, const struct request *r, const struct cure *c)
{
    struct small_net *then = net_copy(net);
    struct request changed = *r;
    for (size_t i = 0; i < c->n; i++) {
        if (c->ops[i].op == FIX_INPUT && !strcmp(c->ops[i].argument, "adn"))
            changed.adn = c->ops[i].value;
        else if (c->ops[i].op == FIX_INPUT)
            assert_true(method_parse(c->ops[i].value, &changed.method));
    }
    const char *problem = net_apply(then, c->ops, c->n);
    if (problem) {
        wrong("%s: %s", what, problem);
        return;
    }
    if (!passes(then, &changed))
        wrong("%s: the check does not pass", what);
    keeps_answers(what, net, then, r->domain, c);
    keeps_others(what, net, then, r->domain, changed.method);
    undone(what, net, then, c);
}

static const char *in_words(struct arena *a, const char *of, const struct finding *f, const struct cure *c)
{
    const char *text = arena_printf(a, "%s: %s:", of, cause_info(f->cause)->id);
    for (size_t i = 0; i < c->n; i++) {
        const struct fix *x = &c->ops[i];
        text = arena_printf(a, "%s [%s %s %s %s %s]", text, fix_op_name(x->op), x->owner ? x->owner : "",
                            x->type ? x->type : "", x->rdata ? x->rdata : "", x->value ? x->value : "");
    }
    return text;
}

/* All proven cures of a failing report; how many they are. */
static unsigned carry_out_all(const char *of, struct small_net *net, const struct request *r, const struct report *p)
{
    unsigned n = 0;
    for (size_t i = 0; i < p->n_findings; i++) {
        const struct finding *f = &p->findings[i];
        assert_true(f->n_cures <= CURES_MOST);
        for (size_t k = 0; k < f->n_cures; k++)
            if (f->cures[k].proven) {
                assert_int_equal(f->cures[k].breaks.n, 0);
                carry_out(in_words(net->a, of, f, &f->cures[k]), net, r, &f->cures[k]);
                n++;
            }
    }
    return n;
}

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

/* ---------------------------------------------------------------- zones made up ----------------------- */

/* Knuth's MMIX generator: random numbers that are the same on every machine. */
static size_t below(uint64_t *seed, size_t n)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(*seed >> 33) % n;
}

#define PICK(seed, list) ((list)[below(seed, sizeof(list) / sizeof *(list))])

/* No answer tells a host that lives by a wildcard from one that has the same records, and a wildcard of its own with
 * them: there is no such host here. */
static bool fits(const struct small_net *net, const char *owner, const char *type, const char *rdata)
{
    for (size_t z = 0; z < net->n; z++)
        for (size_t i = 0; i < net->zone[z].n; i++) {
            const struct rr *rr = &net->zone[z].v[i];
            char buf[16];
            if (*owner == '*' && *rr->owner == '*' && !strcmp(rr_rdata_text(net->a, rr), rdata))
                return false;
            bool here = name_equal(rr->owner, owner), dname = rr->type == RR_DNAME || !strcmp(type, "DNAME");
            if (here && (rr->type == RR_CNAME || !strcmp(type, "CNAME") || !strcmp(rr_type_name(rr->type, buf), type)))
                return false;
            if (dname && (name_within(rr->owner, owner) || name_within(owner, rr->owner)))
                return false;
        }
    return true;
}

static void make_up(struct small_net *net, uint64_t *seed)
{
    static const char *const owners[] = {"*.example.com.",
                                         "shop.example.com.",
                                         "*.shop.example.com.",
                                         "www.shop.example.com.",
                                         "_dnsauth.shop.example.com.",
                                         "_dnsauth.www.shop.example.com.",
                                         "_dnsauth.example.com.",
                                         "_acme-challenge.shop.example.com.",
                                         "_dnsauth.shop.example.com.example.com.",
                                         "edge.example.com.",
                                         "example.com."};
    static const struct {
        const char *type, *rdata;
    } data[] = {{"A", "192.0.2.80"},
                {"A", "192.0.2.81"},
                {"MX", "10 mx.example.com."},
                {"TXT", "\"v=spf1 -all\""},
                {"TXT", "\"" OTHER "\""},
                {"TXT", "\"" TOKEN "\""},
                {"CNAME", "edge.example.com."},
                {"CNAME", "x.elsewhere.com."},
                {"CNAME", TOKEN ".dcv.digicert.com."},
                {"CNAME", OTHER ".dcv.digicert.com."},
                {"DNAME", "new.example.com."},
                {"CAA", "0 issue \"letsencrypt.org\""},
                {"CAA", "0 issue \"digicert.com; account=7\""},
                {"CAA", "0 issue \"sectigo.com, letsencrypt.org\""},
                {"CAA", "0 issuewild \";\""}};
    if (!below(seed, 4))
        net_zone_add(net, "shop.example.com.", "192.0.2.3:53");
    if (!below(seed, 2))
        net_zone_add(net, "elsewhere.com.", "192.0.2.4:53");
    for (size_t left = 1 + below(seed, 7); left > 0; left--) {
        const char *owner = PICK(seed, owners);
        size_t k = below(seed, sizeof data / sizeof *data);
        bool of_validation = !strcmp(data[k].type, "TXT") || !strcmp(data[k].type, "CNAME");
        if ((*owner != '_' || of_validation) && fits(net, owner, data[k].type, data[k].rdata))
            net_put(net, owner, data[k].type, data[k].rdata);
    }
}

static void show_zones(const struct small_net *net)
{
    for (size_t z = 1; z < net->n; z++)
        for (size_t i = 3; i < net->zone[z].n; i++) {
            const struct rr *rr = &net->zone[z].v[i];
            char type[16];
            print_error("    %s %s %s\n", rr->owner, rr_type_name(rr->type, type), rr_rdata_text(net->a, rr));
        }
}

enum { ZONES = 1500 };

static void made_up(void **state)
{
    static const char *const domains[] = {"shop.example.com", "shop.example.com", "www.shop.example.com",
                                          "example.com"};
    static const char *const methods[] = {"dns-txt-token", "dns-txt-token", "dns-cname-token", "caa"};
    static const char *const depths[] = {",\"depth\":\"full\"", ",\"depth\":\"full\"", ",\"depth\":\"quick\""};
    unsigned failing = 0, proven = 0, cured = 0;
    (void)state;
    for (unsigned i = 0; i < ZONES && faults < 10; i++) {
        struct arena *a = arena_new(0);
        struct small_net *net = net_new(a);
        uint64_t seed = i;
        unsigned before = faults;
        struct evidence ev;
        struct report p;
        make_up(net, &seed);
        struct request r = request_of(a, PICK(&seed, domains), PICK(&seed, methods), PICK(&seed, depths));
        net_check(net, &r, &ev, &p);
        if (p.verdict == VERDICT_FAIL) {
            unsigned n =
                carry_out_all(arena_printf(a, "seed %u, %s by %s", i, r.domain, method_name(r.method)), net, &r, &p);
            failing++;
            proven += n;
            cured += n > 0;
        }
        if (faults > before)
            show_zones(net);
        arena_free(a);
    }
    print_message("%u zones, %u checks fail, %u of them have %u proven cures\n", ZONES, failing, cured, proven);
    assert_int_equal(faults, 0);
    assert_true(failing > ZONES / 2);
    assert_true(cured > failing * 2 / 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wildcard_hosts),
        cmocka_unit_test(chosen),
        cmocka_unit_test(harmful),
        cmocka_unit_test(made_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
