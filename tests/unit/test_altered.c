/* Values that are almost right, and right values at wrong names. The fixes of findings about such names are applied to
 * the evidence, which is then judged again and must pass. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ca/altered.h"
#include "ca/profile.h"
#include "case_files.h"
#include "evidence/evidence.h"
#include "format/json_read_case.h"
#include "methods/methods.h"
#include "wire/name.h"
#include "wire/wire.h"

/* ---------------------------------------------------------------- values ----------------------------- */

static void values(void **state)
{
    (void)state;
    static const struct {
        const char *found, *phrase; /* phrase: a word of the explanation; NULL: the value is not near */
    } rows[] = {
        {"k2m9p4q8w3e6r1t5", NULL},
        {" k2m9p4q8w3e6r1t5\r\n", "line end"},
        {"\xc2\xa0k2m9p4q8w3e6r1t5", "blanks"},
        {"k2m9p4q8\xe2\x80\x8bw3e6r1t5", "inside"},
        {"k2m9p4q8w3e6r1t5\xa0", "blanks"},
        {"'k2m9p4q8w3e6r1t5'", "quotation"},
        {"\xe2\x80\x9ck2m9p4q8w3e6r1t5\xe2\x80\x9d", "quotation"},
        {"\\\"k2m9p4q8w3e6r1t5\\\"", "quotation"},
        {"\" k2m9p4q8w3e6r1t5 \"", "quotation marks and blanks"},
        {"k2m9p4q8 w3e6r1t5", "inside"},
        {"\"k2m9p4q8\tw3e6r1t5\"", "inside"},
        {"%6b2m9p4q8w3e6r1t%35", "percent"},
        {"\"%6B2m9p4q8w3e6r1t5\"", "percent"},
        {"&quot;k2m9p4q8w3e6r1t5&quot;", "HTML"},
        {"azJtOXA0cTh3M2U2cjF0NQ==", "base64"},
        {"\"azJtOXA0cTh3M2U2cjF0NQ==\"", "base64"},
        {"K2M9p4q8w3e6r1t5", "case"},
        {"k2m9p4q8w3e6r1t", "lacks"},
        {"k2m9p4q8w3e6r1t5x", "too many"},
        {"k2m9p4q8w3e6r1tS", "wrong character"},
        {"2km9p4q8w3e6r1t5", "exchanged"},
        {"k2m9p4q8w3e6r1", NULL},
        {"2km9p4q8w3e6r15t", NULL},
        {"k2m9p4q8", NULL},
        {"%6b2m9", NULL},
        {"", NULL},
    };
    const char *wanted = "k2m9p4q8w3e6r1t5";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bytes found = {(const uint8_t *)rows[i].found, strlen(rows[i].found)};
        const char *got = altered_value(found, (struct bytes){(const uint8_t *)wanted, strlen(wanted)});
        if (!rows[i].phrase ? got != NULL : !got || !strstr(got, rows[i].phrase))
            fail_msg("'%s': %s", rows[i].found, got ? got : "not near");
    }
}

/* ---------------------------------------------------------------- names ------------------------------ */

static void check_list(struct arena *a, const char *domain, enum method m)
{
    struct request r = {.profile = profile_builtin(),
                        .domain = domain,
                        .adn = domain,
                        .registrable = name_registrable(domain),
                        .method = m,
                        .token = "x7k2m9p4q8w3e6r1t5y0u2i4o6a8s0d3",
                        .now = 1795348800000};
    struct evidence ev;
    struct near_view v;
    struct ask first;
    evidence_init(&ev, a, 8);
    assert_int_equal(near_list(a, &r, &ev, method_rules(m)->near, &v), 0);
    assert_true(v.n > 0 && v.n <= NEAR_MOST);
    assert_int_equal(near_first(a, &r, method_rules(m)->near_type, &first), 0);
    assert_string_equal(first.qname, v.v[0].at.name);
    assert_int_equal(first.qtype, v.v[0].at.type);
    const char *under = arena_printf(a, "_dnsauth.%s.", domain);
    for (size_t i = 0; i < v.n; i++) {
        uint8_t wire[WIRE_NAME_MOST];
        assert_true(wire_name_from_text(v.v[i].at.name, wire) > 0);
        for (size_t k = 0; k < i; k++)
            assert_false(v.v[i].at.type == v.v[k].at.type && name_equal(v.v[i].at.name, v.v[k].at.name));
        bool checked = m == METHOD_DNS_TXT_TOKEN
                           ? v.v[i].at.type == RR_TXT &&
                                 (name_equal(v.v[i].at.name, under) || name_equal(v.v[i].at.name, domain))
                       : m == METHOD_DNS_CNAME_TOKEN
                           ? v.v[i].at.type == RR_CNAME && name_equal(v.v[i].at.name, under)
                           : false;
        if (checked)
            fail_msg("%s: %s must not be a near name: the method looks at it", domain, v.v[i].at.name);
    }
}

/* The apex, www, a deep name, and one so long that the names made from it are too long. */
static void lists(void **state)
{
    (void)state;
    static const enum method methods[] = {METHOD_DNS_TXT_TOKEN, METHOD_DNS_CNAME_TOKEN,
                                          METHOD_DNS_CNAME_TARGET};
    char deep[256] = "";
    for (int i = 0; i < 20; i++)
        strcat(deep, "abcdefghi.");
    strcat(deep, "example.com");
    const char *domains[] = {"example.com", "www.example.com", "a.b.c.d.example.co.uk", deep};
    struct arena *a = arena_new(0);
    for (size_t i = 0; i < 4; i++)
        for (size_t m = 0; m < 3; m++)
            check_list(a, domains[i], methods[m]);
    arena_free(a);
}

/* ---------------------------------------------------------------- fixes ------------------------------ */

static bool changes_records(const struct fix *x)
{
    return x->op == FIX_ADD || x->op == FIX_REMOVE || x->op == FIX_REPLACE;
}

static bool take_out(struct arena *a, struct dns_fact *f, const struct fix *x, const char *rdata)
{
    for (size_t i = 0; i < f->answer.n; i++) {
        struct rr *rr = &f->answer.v[i];
        char type[16];
        if (strcmp(rr_type_name(rr->type, type), x->type) || !name_equal(rr->owner, x->owner) ||
            strcmp(rr_rdata_text(a, rr), rdata))
            continue;
        memmove(rr, rr + 1, (--f->answer.n - i) * sizeof *rr);
        f->outcome = f->answer.n ? DNS_ANSWER : DNS_NODATA;
        return true;
    }
    return false;
}

/* Applies one fix to the answers about its owner. Returns how many answers it changed. */
static size_t apply(struct arena *a, const struct evidence *ev, const struct fix *x)
{
    size_t n = 0;
    for (size_t i = 0; i < ev->n; i++) {
        struct fact *f = ev->facts[i];
        uint16_t type;
        if (f->ask->kind != ASK_DNS || !name_equal(f->ask->qname, x->owner))
            continue;
        if (x->op != FIX_ADD)
            n += take_out(a, &f->dns, x, x->op == FIX_REMOVE ? x->rdata : x->old_rdata);
        if (x->op == FIX_REMOVE || !rr_type_parse(x->type, &type) || type != f->ask->qtype)
            continue;
        struct rr *v = arena_array(a, f->dns.answer.n + 1, sizeof *v);
        if (f->dns.answer.n)
            memcpy(v, f->dns.answer.v, f->dns.answer.n * sizeof *v);
        struct rr *rr = &v[f->dns.answer.n++];
        *rr = (struct rr){.owner = x->owner, .type = type, .class = 1, .ttl = x->ttl};
        assert_int_equal(rr_rdata_from_text(a, x->rdata, rr), 0);
        f->dns.answer.v = v;
        f->dns.outcome = DNS_ANSWER;
        f->dns.rcode = 0;
        n++;
    }
    return n;
}

static size_t cured;

static void read_case(struct arena *a, const char *name, const char *text, struct dcv_case *c)
{
    struct json_problem problem = {0};
    if (json_read_case(a, text, strlen(text), NULL, c, &problem))
        fail_msg("%s: %s", name, problem.text);
}

/* The first cure that changes records and leaves the order as it is; NULL: there is none. */
static const struct cure *of_records(const struct finding *f)
{
    for (size_t i = 0; i < f->n_cures; i++) {
        const struct cure *c = &f->cures[i];
        bool records = false, order = false;
        for (size_t k = 0; k < c->n; k++) {
            records = records || changes_records(&c->ops[k]);
            order = order || c->ops[k].op == FIX_INPUT;
        }
        if (records && !order && !c->breaks.n)
            return c;
    }
    return NULL;
}

static void cure(const char *name, const char *text)
{
    static const enum cause causes[] = {CAUSE_txt_doubled_name,    CAUSE_txt_wrong_owner,
                                        CAUSE_txt_wrong_type,      CAUSE_cname_swapped,
                                        CAUSE_cname_no_underscore, CAUSE_cname_coexists};
    struct arena *a = arena_new(0);
    struct dcv_case ill, well;
    struct report r, after;
    read_case(a, name, text, &ill);
    assert_int_equal(judge(&ill.request, &ill.evidence, a, &r), 0);
    for (size_t i = 0; i < r.n_findings; i++) {
        const struct finding *f = &r.findings[i];
        bool near = false;
        for (size_t k = 0; k < sizeof causes / sizeof *causes; k++)
            near = near || f->cause == causes[k];
        if (!near || f->weight != WEIGHT_BLOCKING)
            continue;
        const struct cure *c = of_records(f);
        if (!c)
            continue;
        read_case(a, name, text, &well);
        for (size_t k = 0; k < c->n; k++)
            if (changes_records(&c->ops[k]) && !apply(a, &well.evidence, &c->ops[k]))
                fail_msg("%s: there is nothing to %s at %s", name, fix_op_name(c->ops[k].op), c->ops[k].owner);
        assert_int_equal(judge(&well.request, &well.evidence, a, &after), 0);
        if (after.verdict != VERDICT_PASS)
            fail_msg("%s: with the fixes of %s the check still does not pass", name, cause_info(f->cause)->id);
        cured++;
    }
    arena_free(a);
}

static void fixes(void **state)
{
    (void)state;
    each_case_file("txt-", cure);
    each_case_file("cname-", cure);
    print_message("%zu findings about near names carried out\n", cured);
    assert_true(cured >= 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(values), cmocka_unit_test(lists),
                                       cmocka_unit_test(fixes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
