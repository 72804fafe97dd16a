/* What must hold of every CAA set: generated sets are judged, and the code is compared with a second implementation of
 * the rules, and with that of the same set after changes that must not matter. The seed is fixed, so that a failure can
 * be repeated. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ca/caa.h"
#include "evidence/evidence.h"
#include "evidence/lookup.h"
#include "format/request.h"
#include "plan/plan.h"

enum { ROUNDS = 4000, MOST = 16, LEVELS = 4 };

/* xorshift64*: random numbers that are the same on every machine. */
static uint64_t seed = UINT64_C(0x2545f4914f6cdd1d);

static unsigned below(unsigned n)
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return (unsigned)((seed * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % n;
}

/* ---------------------------------------------------------------- sets ------------------------------- */

/* What a value means for the CA digicert.com, when the account is 1234 and the validation method is dns-01. */
enum meaning { PERMITS, OTHERS, MALFORMED, LOCKED, UNMET };

static const struct {
    const char *text;
    enum meaning meaning;
} values[] = {
    {"digicert.com", PERMITS},
    {" \tdigicert.com ; ", PERMITS},
    {"digicert.com; policy=ev;tier=1", PERMITS},
    {"digicert.com; accounturi=https://ca.example/1234; validationmethods=http-01,dns-01", PERMITS},
    {"digicert.com; account=1234", PERMITS},
    {"www.digicert.com;validationmethods=ca-tbr-7", PERMITS},
    {"otherca.example", OTHERS},
    {"notdigicert.com", OTHERS},
    {"digicert.com.otherca.example", OTHERS},
    {"otherca.example; accounturi=https://ca.example/1234", OTHERS},
    {";", OTHERS},
    {"", OTHERS},
    {"; validationmethods=dns-01", OTHERS},
    {"digicert.com.", MALFORMED},
    {"%%%%%", MALFORMED},
    {"digicert.com;;", MALFORMED},
    {"digicert.com; a=b;", MALFORMED},
    {"digi_cert.com", MALFORMED},
    {"digicert.com, otherca.example", MALFORMED},
    {"digicert.com; account=1235", LOCKED},
    {"digicert.com; account=1234; account=1234", LOCKED},
    {"digicert.com; account=1235; validationmethods=http-01", LOCKED},
    {"digicert.com; accounturi=https://ca.example/5678", UNMET},
    {"digicert.com; validationmethods=dns-01,", UNMET},
    {"digicert.com; validationmethods=dns-01; ValidationMethods=dns-01", UNMET},
    {"digicert.com; validationmethods=http-01; accounturi=https://ca.example/1234", UNMET},
};
enum { N_VALUES = sizeof values / sizeof *values };

static const char *const tags[] = {"issue",        "issuewild",    "issuemail", "issuevmc", "iodef",
                                   "contactemail", "contactphone", "foo",       "x1"};
enum { N_TAGS = sizeof tags / sizeof *tags, KNOWN_TAGS = 7, ISSUE = 0, ISSUEWILD, ISSUEMAIL, ISSUEVMC };

struct record {
    unsigned tag, value;
    uint8_t flags;
    bool broken; /* the tag is longer than the record */
};

/* A CAA set, the name at which it stands, the request, and what else the answer has. */
struct world {
    struct record set[MOST];
    size_t n;
    unsigned level; /* the name with the set, an index into levels: 0 is the domain */
    bool alias;     /* that name is an alias, and the set stands at its target */
    bool wildcard;
    enum purpose purpose;
    /* ---- changes that must not matter */
    bool reversed, other_case, strangers;
    bool failure_above;
};

static const char *const levels[LEVELS] = {"www.shop.example.com.", "shop.example.com.", "example.com.",
                                           "com."};

static const char *mixed(struct arena *a, const char *text, size_t most, bool change)
{
    char *s = arena_strdup(a, text);
    assert_non_null(s);
    for (size_t i = 0; change && s[i] && i < most; i++)
        s[i] = (char)(below(2) ? toupper((unsigned char)s[i]) : tolower((unsigned char)s[i]));
    return s;
}

static struct rr raw(const char *owner, uint16_t type, const void *rdata, size_t n)
{
    return (struct rr){
        .owner = owner, .type = type, .class = 1, .ttl = 300, .rdata = rdata, .rdlen = (uint16_t)n};
}

static struct rr caa(struct arena *a, const char *owner, const struct record *r, bool other_case)
{
    const char *tag = mixed(a, tags[r->tag], SIZE_MAX, other_case);
    const char *value = values[r->value].text;
    value = mixed(a, value, strcspn(value, ";"), other_case);
    size_t nt = strlen(tag), nv = strlen(value);
    uint8_t *p = arena_alloc(a, 2 + nt + nv);
    assert_non_null(p);
    p[0] = r->flags;
    p[1] = (uint8_t)(r->broken ? nt + nv + 1 : nt);
    memcpy(p + 2, tag, nt);
    memcpy(p + 2 + nt, value, nv);
    struct rr rr = raw(owner, RR_CAA, p, 2 + nt + nv);
    rr.defect = r->broken ? "the tag is longer than the record" : NULL;
    return rr;
}

/* Adds to an answer what may stand beside the set: records of other owners, types and classes. */
static size_t add_strangers(struct arena *a, struct rr *v, size_t n, const char *owner)
{
    static const struct record ours = {ISSUE, 0, 0, false}, critical = {7, 0, 128, false},
                               wild = {ISSUEWILD, 10, 0, false};
    struct rr some[] = {
        caa(a, "stranger.example.", &ours, false),
        caa(a, "stranger.example.", &critical, false),
        caa(a, "sub.www.shop.example.com.", &wild, false),
        raw(owner, RR_TXT,
            "\x0c"
            "digicert.com",
            13),
        raw(owner, RR_RRSIG, "", 0),
        caa(a, owner, &critical, false),
    };
    some[5].class = 3; /* CHAOS */
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        size_t at = below((unsigned)n + 1);
        memmove(v + at + 1, v + at, (n - at) * sizeof *v);
        v[at] = some[i];
        n++;
    }
    return n;
}

static void put(struct arena *a, struct evidence *ev, const char *name, struct dns_fact dns)
{
    struct ask question = lookup_ask(name, RR_CAA), *q = evidence_ask(ev, &question, NULL);
    struct fact *f = arena_alloc(a, sizeof *f);
    assert_true(q && f);
    *f = (struct fact){.ask = q, .dns = dns};
    assert_int_equal(evidence_add(ev, f), 0);
}

static struct dns_fact answer_of(struct arena *a, const struct world *w)
{
    const char *owner = w->alias ? "Target.Example." : levels[w->level];
    struct rr *v = arena_array(a, MOST + 8, sizeof *v);
    size_t n = 0;
    assert_non_null(v);
    for (size_t i = 0; i < w->n; i++)
        v[n++] = caa(a, mixed(a, owner, SIZE_MAX, w->other_case), &w->set[w->reversed ? w->n - 1 - i : i],
                     w->other_case);
    if (w->strangers)
        n = add_strangers(a, v, n, owner);
    if (w->alias)
        v[n++] = raw(levels[w->level], RR_CNAME, "\6target\7example", 16);
    return (struct dns_fact){
        .outcome = n ? DNS_ANSWER : DNS_NODATA, .flags = DNS_QR | DNS_RA, .answer = {v, n}};
}

static void set(struct arena *a, struct request *r, const char *field, const char *value)
{
    struct input_error err;
    assert_int_equal(request_set(a, r, request_field_find(field), value, strlen(value), &err), 0);
}

/* Judges the set. Returns the code of the report; CODE_NONE for a pass. */
static enum code judged(const struct world *w)
{
    struct arena *a = arena_new(0);
    struct evidence ev;
    struct request r;
    struct report report;
    struct input_error err;
    assert_non_null(a);
    request_init(&r, NULL, INT64_C(1795348800000));
    set(a, &r, "domain", w->wildcard ? "*.www.shop.example.com" : "www.shop.example.com");
    set(a, &r, "method", "caa");
    set(a, &r, "account_uri", "https://ca.example/1234");
    set(a, &r, "caa_account", "1234");
    set(a, &r, "validation_method", "dns-01");
    assert_int_equal(request_finish(a, &r, &err), 0);
    r.purpose = w->purpose;
    evidence_init(&ev, a, 64);
    for (unsigned i = 0; i < LEVELS; i++) {
        struct dns_fact dns = {.outcome = DNS_NODATA, .flags = DNS_QR | DNS_RA};
        if (i == w->level)
            dns = answer_of(a, w);
        else if (i > w->level && w->failure_above)
            dns = (struct dns_fact){.outcome = DNS_SERVFAIL, .rcode = 2, .flags = DNS_QR | DNS_RA};
        put(a, &ev, levels[i], dns);
    }
    assert_int_equal(judge(&r, &ev, a, &report), 0);
    assert_int_not_equal(report.verdict, VERDICT_UNDECIDED);
    assert_int_equal(report.verdict == VERDICT_PASS, report.error.code == CODE_NONE);
    for (size_t i = 0; i < report.n_findings; i++)
        assert_true(report.verdict == VERDICT_FAIL || report.findings[i].weight != WEIGHT_BLOCKING);
    assert_true(report.verdict == VERDICT_PASS || report.n_findings > 0);
    enum code code = report.error.code;
    arena_free(a);
    return code;
}

static bool unknown_critical(const struct record *r)
{
    return r->broken || (r->flags & 128 && r->tag >= KNOWN_TAGS);
}

/* The tag whose values decide. */
static unsigned deciding(const struct world *w)
{
    if (w->purpose != PURPOSE_TLS)
        return w->purpose == PURPOSE_SMIME ? ISSUEMAIL : ISSUEVMC;
    for (size_t i = 0; w->wildcard && i < w->n; i++)
        if (w->set[i].tag == ISSUEWILD && !w->set[i].broken)
            return ISSUEWILD;
    return ISSUE;
}

static size_t applicable(const struct world *w)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n; i++)
        n += !w->set[i].broken && w->set[i].tag == deciding(w);
    return n;
}

/* The code that the rules give: the second implementation of those in probes/ca/caa.c. */
static enum code expected(const struct world *w)
{
    unsigned count[UNMET + 1] = {0};
    for (size_t i = 0; i < w->n; i++) {
        if (unknown_critical(&w->set[i]))
            return CODE_invalid_caa_entry;
        if (w->set[i].tag == deciding(w))
            count[values[w->set[i].value].meaning]++;
    }
    return !applicable(w) || count[PERMITS] ? CODE_NONE
           : count[MALFORMED]               ? CODE_invalid_caa_entry
           : count[LOCKED]                  ? CODE_domain_locked
           : count[UNMET]                   ? CODE_caa_check_failed
                                            : CODE_caa_not_found;
}

/* A random set. Half of the records have tags that can decide and few are critical or broken, so that for most sets the
 * values decide. */
static struct world some_world(void)
{
    struct world w = {.n = below(6),
                      .level = below(LEVELS - 1),
                      .alias = !below(4),
                      .wildcard = below(2),
                      .purpose = (enum purpose)(below(2) ? PURPOSE_TLS : below(3))};
    for (size_t i = 0; i < w.n; i++)
        w.set[i] = (struct record){.tag = below(2) ? below(2) : below(N_TAGS),
                                   .value = below(N_VALUES),
                                   .flags = (uint8_t)(below(8)   ? 0
                                                      : below(4) ? below(128)
                                                                 : 128),
                                   .broken = !below(40)};
    return w;
}

static void show(const struct world *w)
{
    print_error("%s, %s, level %u%s:\n", purpose_name(w->purpose), w->wildcard ? "wildcard" : "plain",
                w->level, w->alias ? ", alias" : "");
    for (size_t i = 0; i < w->n; i++)
        print_error("  %u %s \"%s\"%s\n", w->set[i].flags, tags[w->set[i].tag], values[w->set[i].value].text,
                    w->set[i].broken ? " (broken)" : "");
}

static void must_be(const struct world *w, enum code code)
{
    enum code got = judged(w);
    if (got == code)
        return;
    show(w);
    fail_msg("%s, not %s", got ? code_info(got)->code : "permits", code ? code_info(code)->code : "permits");
}

static void the_table(void **state)
{
    (void)state;
    unsigned passed = 0, failed = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct world w = some_world();
        must_be(&w, expected(&w));
        *(expected(&w) ? &failed : &passed) += 1;
    }
    assert_true(passed > ROUNDS / 10 && failed > ROUNDS / 10); /* the generator makes enough sets of both kinds */
}

static void what_does_not_matter(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct world w = some_world();
        enum code code = judged(&w);
        w.reversed = true;
        must_be(&w, code);
        w.other_case = true;
        must_be(&w, code);
        w.strangers = true;
        must_be(&w, code);
        if (!w.n)
            continue; /* without a set the search goes on above, and a failure there counts */
        w.failure_above = true;
        must_be(&w, code);
        /* Records that do not count: for another purpose, contacts, unknown tags that are not critical; issuewild for a
         * name that is no wildcard. */
        w.set[w.n++] = (struct record){.tag = 7, .value = below(N_VALUES), .flags = (uint8_t)below(128)};
        w.set[w.n++] = (struct record){.tag = w.purpose == PURPOSE_SMIME ? ISSUEVMC : ISSUEMAIL,
                                       .value = below(N_VALUES),
                                       .flags = (uint8_t)below(256)};
        w.set[w.n++] = (struct record){.tag = 4 + below(3), .value = below(N_VALUES), .flags = 128};
        if (w.purpose != PURPOSE_TLS || !w.wildcard)
            w.set[w.n++] = (struct record){.tag = ISSUEWILD, .value = below(N_VALUES)};
        must_be(&w, code);
    }
}

static void ours_permits(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct world w = some_world();
        bool blocked = false;
        w.set[w.n] = (struct record){.tag = deciding(&w), .value = 0};
        w.n++;
        for (size_t k = 0; k < w.n; k++)
            blocked = blocked || unknown_critical(&w.set[k]);
        must_be(&w, blocked ? CODE_invalid_caa_entry : CODE_NONE);
    }
}

/* Where the set restricts already, one more malformed value changes nothing. Alone it restricts, as an empty value
 * does. */
static void malformed_neither_permits_nor_forbids(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct world w = some_world();
        bool passes = judged(&w) == CODE_NONE, restricts = applicable(&w);
        struct record r = {.tag = deciding(&w)};
        do
            r.value = below(N_VALUES);
        while (values[r.value].meaning != MALFORMED);
        if (!w.n)
            continue;
        w.set[w.n++] = r;
        enum code code = judged(&w);
        if ((code == CODE_NONE) != (passes && restricts)) {
            show(&w);
            fail_msg("one more malformed value changes the verdict");
        }
    }
}

/* CAA records in a failed or truncated answer do not count as a set. */
static void failures_hold_no_set(void **state)
{
    (void)state;
    static const struct dns_fact failures[] = {
        {.outcome = DNS_SERVFAIL, .rcode = 2, .flags = DNS_QR | DNS_RA},
        {.outcome = DNS_REFUSED, .rcode = 5, .flags = DNS_QR},
        {.outcome = DNS_OTHER, .rcode = 4, .flags = DNS_QR | DNS_RA},
        {.outcome = DNS_MALFORMED, .flags = DNS_QR | DNS_RA},
        {.outcome = DNS_ANSWER, .flags = DNS_QR | DNS_RA | DNS_TC},
        {.outcome = DNS_TIMEOUT},
    };
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
        struct arena *a = arena_new(0);
        struct evidence ev;
        struct request r;
        struct report report;
        struct input_error err;
        struct world w = {.set = {{.tag = ISSUE}}, .n = 1};
        request_init(&r, NULL, INT64_C(1795348800000));
        set(a, &r, "domain", "www.shop.example.com");
        set(a, &r, "method", "caa");
        assert_int_equal(request_finish(a, &r, &err), 0);
        evidence_init(&ev, a, 64);
        struct dns_fact dns = failures[i];
        dns.answer = answer_of(a, &w).answer;
        put(a, &ev, levels[0], dns);
        for (unsigned k = 1; k < LEVELS; k++)
            put(a, &ev, levels[k], (struct dns_fact){.outcome = DNS_NODATA, .flags = DNS_QR | DNS_RA});
        if (dns.flags & DNS_TC) { /* truncated over TCP as well: the complete set is not to be had */
            struct ask question = lookup_ask(levels[0], RR_CAA), *q;
            struct fact *f = arena_alloc(a, sizeof *f);
            question.tcp = true;
            q = evidence_ask(&ev, &question, NULL);
            assert_true(q && f);
            *f = (struct fact){.ask = q, .dns = dns};
            assert_int_equal(evidence_add(&ev, f), 0);
        }
        assert_int_equal(judge(&r, &ev, a, &report), 0);
        if (report.verdict != VERDICT_FAIL || !report.n_findings)
            fail_msg("%s %u: %s", dns_outcome_name(dns.outcome), dns.rcode, verdict_name(report.verdict));
        arena_free(a);
    }
}

/* A slip of a known tag is told by its letters; a known tag, and another word, is none. */
static void tags_that_are_near(void **state)
{
    (void)state;
    static const struct {
        const char *tag;
        enum caa_tag near;
    } rows[] = {
        {"isue", CAA_ISSUE},           {"issuer", CAA_ISSUE},          {"Issuers", CAA_ISSUE},
        {"issued", CAA_ISSUE},         {"isseu", CAA_ISSUE},           {"is-sue", CAA_ISSUE},
        {"issuewildcard", CAA_ISSUEWILD}, {"issue-wild", CAA_ISSUEWILD}, {"issuewilds", CAA_ISSUEWILD},
        {"issue_wildcards", CAA_ISSUEWILD}, {"wildissue", CAA_ISSUEWILD}, {"wildcardissue", CAA_ISSUEWILD},
        {"wild", CAA_ISSUEWILD},       {"wildcard", CAA_ISSUEWILD},    {"isuewild", CAA_ISSUEWILD},
        {"issuewildonly", CAA_ISSUEWILD}, {"issuewi", CAA_ISSUEWILD},  {"issuemails", CAA_ISSUEMAIL},
        {"issuevcm", CAA_ISSUEVMC},    {"iodeff", CAA_IODEF},          {"contactmail", CAA_CONTACTEMAIL},
        {"contactphonenumber", CAA_CONTACTPHONE},
        {"issue", CAA_UNKNOWN},        {"ISSUEWILD", CAA_UNKNOWN},     {"issuemail", CAA_UNKNOWN},
        {"issuevmc", CAA_UNKNOWN},     {"iodef", CAA_UNKNOWN},         {"contactemail", CAA_UNKNOWN},
        {"contactphone", CAA_UNKNOWN}, {"auth", CAA_UNKNOWN},          {"path", CAA_UNKNOWN},
        {"policy", CAA_UNKNOWN},       {"tbs", CAA_UNKNOWN},           {"security", CAA_UNKNOWN},
        {"issuance", CAA_UNKNOWN},     {"iss", CAA_UNKNOWN},           {"mailto", CAA_UNKNOWN},
        {"email", CAA_UNKNOWN},        {"contact", CAA_UNKNOWN},       {"card", CAA_UNKNOWN},
        {"accounturi", CAA_UNKNOWN},   {"validationmethods", CAA_UNKNOWN}, {"", CAA_UNKNOWN},
        {"zissuewildcardissuewildcardissuewildcard", CAA_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bytes tag = {(const uint8_t *)rows[i].tag, strlen(rows[i].tag)};
        enum caa_tag near = caa_tag_near(tag);
        if (near != rows[i].near)
            fail_msg("%s: near %s, expected %s", rows[i].tag, caa_tag_name(near), caa_tag_name(rows[i].near));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table),
        cmocka_unit_test(what_does_not_matter),
        cmocka_unit_test(ours_permits),
        cmocka_unit_test(malformed_neither_permits_nor_forbids),
        cmocka_unit_test(failures_hold_no_set),
        cmocka_unit_test(tags_that_are_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
