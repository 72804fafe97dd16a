/* What the reports of one domain come to together: the rules of judge/domain.h, and what is shown of it as text, as
 * JSON, as a zone file, for nsupdate and for a monitoring system. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "arena_fixture.h"
#include "format/json_domains.h"
#include "format/json_write_report.h"
#include "judge/domain.h"
#include "sample_report.h"
#include "show/render_domain.h"
#include "show/render_fix.h"
#include "show/render_nagios.h"

/* ---------------------------------------------------------------- the rules -------------------------- */

/* One part as a word: its method (t TXT, c CNAME, g CNAME target, f file, p dns-persist, a CAA), its verdict (+ pass,
 * - fail, ? undecided, . nothing to look for), and of a failure what is to be seen of the method (r a record, n the
 * value nearly). */
static size_t read_parts(const char *text, bool given, struct domain_part *ret)
{
    static const char methods[] = "tcgfdpa";
    size_t n = 0;
    for (const char *p = text; *p; p += *p == ' ') {
        struct domain_part *v = &ret[n++];
        *v = (struct domain_part){.method = (enum method)(strchr(methods, p[0]) - methods), .given = given};
        v->verdict = p[1] == '+' ? VERDICT_PASS : p[1] == '-' ? VERDICT_FAIL : VERDICT_UNDECIDED;
        v->tried = p[1] != '.';
        p += 2;
        v->trace = *p == 'n' ? TRACE_NEAR : *p == 'r' ? TRACE_RECORD : TRACE_NONE;
        p += *p == 'n' || *p == 'r';
    }
    return n;
}

static void rules(void **state)
{
    (void)state;
    static const struct {
        const char *parts;
        bool given;
        enum verdict verdict;
        int control; /* -1: null */
        int by;      /* -1: none */
    } rows[] = {
        /* one of all possible methods passes */
        {"t+ c- f- a+", false, VERDICT_PASS, CONTROL_PASS, 0},
        {"t- c+ f- a+", false, VERDICT_PASS, CONTROL_PASS, 1},
        {"t- c- f+ a+", false, VERDICT_PASS, CONTROL_PASS, 2},
        {"t+ c+ f+ a+", false, VERDICT_PASS, CONTROL_PASS, 0},
        /* it passes whatever is to be seen of the others, and whatever came to no verdict */
        {"t-n c- f+ a+", false, VERDICT_PASS, CONTROL_PASS, 2},
        {"t? c? f+ a+", false, VERDICT_PASS, CONTROL_PASS, 2},
        {"g- t+ a+", false, VERDICT_PASS, CONTROL_PASS, 1},
        {"g+ a+", false, VERDICT_PASS, CONTROL_PASS, 0},
        {"p+ a+", false, VERDICT_PASS, CONTROL_PASS, 0},
        /* none passes: the one of which most is to be seen, else dns-txt-token */
        {"t- c- f- a+", false, VERDICT_FAIL, CONTROL_FAIL, 0},
        {"f- c- t- a+", false, VERDICT_FAIL, CONTROL_FAIL, 2},
        {"t- c-n f- a+", false, VERDICT_FAIL, CONTROL_FAIL, 1},
        {"t- c- f-r a+", false, VERDICT_FAIL, CONTROL_FAIL, 2},
        {"t-r c- f-n a+", false, VERDICT_FAIL, CONTROL_FAIL, 2},
        {"t-n c- f-r a+", false, VERDICT_FAIL, CONTROL_FAIL, 0},
        {"t-r c-r f- a+", false, VERDICT_FAIL, CONTROL_FAIL, 0},
        {"t- c-n f-n a+", false, VERDICT_FAIL, CONTROL_FAIL, 1},
        {"f-", false, VERDICT_FAIL, CONTROL_FAIL, 0},
        /* one that came to no verdict may be the order's, unless another one has left traces */
        {"t? c- f- a+", false, VERDICT_UNDECIDED, CONTROL_UNDECIDED, 0},
        {"t- c- f? a+", false, VERDICT_UNDECIDED, CONTROL_UNDECIDED, 2},
        {"t-r c- f? a+", false, VERDICT_FAIL, CONTROL_FAIL, 0},
        /* no token: nothing was looked for */
        {"a+", false, VERDICT_UNDECIDED, CONTROL_NOT_CHECKED, -1},
        {"a?", false, VERDICT_UNDECIDED, CONTROL_NOT_CHECKED, -1},
        {"a-", false, VERDICT_FAIL, CONTROL_NOT_CHECKED, -1},
        {"f.", false, VERDICT_UNDECIDED, CONTROL_NOT_CHECKED, -1},
        /* without one, the methods that need none decide only where something is to be seen of them */
        {"g- a+", false, VERDICT_UNDECIDED, CONTROL_NOT_CHECKED, -1},
        {"p- a+", false, VERDICT_UNDECIDED, CONTROL_NOT_CHECKED, -1},
        {"p-n a+", false, VERDICT_FAIL, CONTROL_FAIL, 0},
        {"g-r a+", false, VERDICT_FAIL, CONTROL_FAIL, 0},
        {"g- p-r a+", false, VERDICT_FAIL, CONTROL_FAIL, 1},
        {"p? a+", false, VERDICT_UNDECIDED, CONTROL_UNDECIDED, 0},
        /* CAA beside control */
        {"t+ c- f- a-", false, VERDICT_FAIL, CONTROL_PASS, 0},
        {"t+ c- f- a?", false, VERDICT_UNDECIDED, CONTROL_PASS, 0},
        {"t- c- f- a?", false, VERDICT_FAIL, CONTROL_FAIL, 0},
        {"t? c- f- a-", false, VERDICT_FAIL, CONTROL_UNDECIDED, 0},
        {"t+ c- f-", false, VERDICT_PASS, CONTROL_PASS, 0},
        /* CAA alone was asked for */
        {"a+", true, VERDICT_PASS, -1, -1},
        {"a-", true, VERDICT_FAIL, -1, -1},
        {"a?", true, VERDICT_UNDECIDED, -1, -1},
        /* methods that were named must all pass */
        {"t+", true, VERDICT_PASS, CONTROL_PASS, 0},
        {"t-", true, VERDICT_FAIL, CONTROL_FAIL, 0},
        {"g-", true, VERDICT_FAIL, CONTROL_FAIL, 0},
        {"t+ f+", true, VERDICT_PASS, CONTROL_PASS, 0},
        {"t+ f-", true, VERDICT_FAIL, CONTROL_FAIL, 1},
        {"t- f+", true, VERDICT_FAIL, CONTROL_FAIL, 0},
        {"t- f-n", true, VERDICT_FAIL, CONTROL_FAIL, 1},
        {"t+ f?", true, VERDICT_UNDECIDED, CONTROL_UNDECIDED, 1},
        {"t? f-", true, VERDICT_FAIL, CONTROL_FAIL, 1},
        {"t.", true, VERDICT_UNDECIDED, CONTROL_NOT_CHECKED, -1},
        {"t. g+", true, VERDICT_UNDECIDED, CONTROL_NOT_CHECKED, -1},
        {"t. g-", true, VERDICT_FAIL, CONTROL_FAIL, 1},
        {"t. a+", true, VERDICT_UNDECIDED, CONTROL_NOT_CHECKED, -1},
        {"t+ a+", true, VERDICT_PASS, CONTROL_PASS, 0},
        {"t+ a-", true, VERDICT_FAIL, CONTROL_PASS, 0},
        {"a- t+", true, VERDICT_FAIL, CONTROL_PASS, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct domain_part v[METHOD_COUNT];
        size_t n = read_parts(rows[i].parts, rows[i].given, v);
        struct domain_verdict d = domain_judge(arena, v, n);
        int control = d.has_control ? (int)d.control : -1, by = d.by == DOMAIN_NONE ? -1 : (int)d.by;
        if (d.verdict != rows[i].verdict || control != rows[i].control || (d.has_control && by != rows[i].by))
            fail_msg("%s%s: %s, control %d by %d", rows[i].parts, rows[i].given ? " (given)" : "",
                     verdict_name(d.verdict), control, by);
        assert_int_equal(d.caa == DOMAIN_NONE, !strchr(rows[i].parts, 'a'));
        assert_int_equal(d.because && *d.because, d.has_control);
    }
}

/* ---------------------------------------------------------------- what is shown ---------------------- */

static struct finding *finding_of(enum cause cause, const char *summary, struct fix fix)
{
    struct finding *f = arena_alloc(arena, sizeof *f);
    f->cause = cause;
    f->weight = WEIGHT_BLOCKING;
    f->summary = summary;
    f->fixes = arena_alloc(arena, sizeof *f->fixes);
    f->fixes[0] = fix;
    f->n_fixes = 1;
    f->cures = arena_alloc(arena, sizeof *f->cures);
    f->cures[0] = (struct cure){.ops = f->fixes, .n = 1, .note = "", .proven = true};
    f->n_cures = 1;
    return f;
}

/* A report on shop.example.com; fields: those of its request, up to a NULL. */
static struct report *make(enum method m, enum verdict verdict, const char *const *fields)
{
    struct request *q = arena_alloc(arena, sizeof *q);
    struct report *r = arena_alloc(arena, sizeof *r);
    struct evidence *ev = arena_alloc(arena, sizeof *ev);
    struct input_error e;
    evidence_init(ev, arena, 10);
    request_init(q, NULL, SAMPLE_NOW);
    assert_int_equal(sample_set(arena, q, "domain", "shop.example.com"), 0);
    for (; *fields; fields += 2)
        assert_int_equal(sample_set(arena, q, fields[0], fields[1]), 0);
    assert_int_equal(request_finish(arena, q, &e), 0);
    *q = request_for(q, m);
    *r = (struct report){.request = q, .evidence = ev, .verdict = verdict, .br_may_permit = -1,
                         .challenge = request_challenge(q), .started_at = SAMPLE_NOW};
    if (verdict != VERDICT_FAIL)
        return r;
    r->n_findings = 1;
    if (m == METHOD_DNS_TXT_TOKEN) {
        r->error.code = r->detail_code = CODE_invalid_dns_txt;
        r->findings = finding_of(CAUSE_txt_absent, "There is no TXT record.",
                                 (struct fix){.op = FIX_ADD, .owner = "_dnsauth.shop.example.com.", .ttl = 300,
                                              .type = "TXT", .rdata = "\"abc\""});
    } else if (m == METHOD_DNS_CNAME_TOKEN) {
        r->error.code = r->detail_code = CODE_invalid_dns_cname;
        r->findings = finding_of(CAUSE_cname_absent, "There is no CNAME.",
                                 (struct fix){.op = FIX_ADD, .owner = "_dnsauth.shop.example.com.", .ttl = 300,
                                              .type = "CNAME", .rdata = "abc.dcv.digicert.com."});
    } else {
        r->error.code = r->detail_code = CODE_caa_not_found;
        r->findings = finding_of(CAUSE_caa_excludes_ca, "CAA permits others only.",
                                 (struct fix){.op = FIX_ADD, .owner = "shop.example.com.", .ttl = 300, .type = "CAA",
                                              .rdata = "0 issue \"digicert.com\""});
    }
    return r;
}

static const char *const with_token[] = {"token", "abc", NULL}, *const without[] = {NULL},
                                *const both[] = {"methods", "dns-txt-token", "methods", "dns-cname-token", "token",
                                                 "abc", NULL},
                                *const caa_alone[] = {"methods", "caa", NULL};

typedef void show_fn(struct buf *b, const struct report *const *r, size_t n);

static char *shown(show_fn *show, const struct report *const *r, size_t n)
{
    struct buf b = {0};
    show(&b, r, n);
    assert_false(b.failed);
    char *text = arena_strndup(arena, b.p ? b.p : "", b.n);
    buf_free(&b);
    return text;
}

static void as_text(struct buf *b, const struct report *const *r, size_t n)
{
    struct domain *v;
    assert_int_equal(domains_of(arena, r, n, &v), 1);
    render_domain(b, arena, v, &(struct render){0});
}

static void as_zone(struct buf *b, const struct report *const *r, size_t n)
{
    render_zone(b, arena, r, n);
}

static void as_nsupdate(struct buf *b, const struct report *const *r, size_t n)
{
    render_nsupdate(b, arena, r, n);
}

static int nagios_status;
static void as_nagios(struct buf *b, const struct report *const *r, size_t n)
{
    nagios_status = render_nagios(b, arena, r, n);
}

static void as_json(struct buf *b, const struct report *const *r, size_t n)
{
    struct domain *v;
    struct json_out j = {.b = b};
    size_t count = domains_of(arena, r, n, &v);
    json_open(&j, NULL, '{');
    json_write_domains(&j, r, v, count);
    json_close(&j, '}');
}

/* The same from the reports' own JSON, as the daemon has it. */
static void as_json_of_texts(struct buf *b, const struct report *const *r, size_t n)
{
    struct report_text text[METHOD_COUNT];
    struct json_out j = {.b = b};
    for (size_t i = 0; i < n; i++) {
        struct buf one = {0};
        json_write_report(&(struct json_out){.b = &one}, NULL, arena, r[i], 0);
        text[i] = (struct report_text){arena_strndup(arena, one.p, one.n), one.n};
        buf_free(&one);
    }
    json_open(&j, NULL, '{');
    json_write_domains_of_texts(&j, arena, text, n);
    json_close(&j, '}');
}

static void without_a(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("'%s' is in:\n%s", part, text);
}

static void holds(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' is not in:\n%s", part, text);
}

/* Two methods fail, and one of them has left traces: its cure alone is given. */
static void one_cure(void **state)
{
    (void)state;
    struct report *txt = make(METHOD_DNS_TXT_TOKEN, VERDICT_FAIL, with_token),
                  *cname = make(METHOD_DNS_CNAME_TOKEN, VERDICT_FAIL, with_token),
                  *caa = make(METHOD_CAA, VERDICT_PASS, with_token);
    const struct report *all[] = {txt, cname, caa};
    cname->trace = TRACE_RECORD;
    char *text = shown(as_text, all, 3);
    assert_int_equal(strncmp(text,
                             "FAIL  shop.example.com\n"
                             "  Control  fail. No method passes; something stands where the value of\n"
                             "           dns-cname-token belongs.\n"
                             "  CAA      pass\n\n"
                             "FAIL  shop.example.com  dns-cname-token  invalid_dns_cname\n\n",
                             207),
                     0);
    holds(text, "\n\nPASS  shop.example.com  caa\n");
    holds(text, "\n  Or by dns-txt-token, which is not in use: There is no TXT record.\n");
    without_a(text, "IN TXT");
    holds(text, "IN CNAME abc.dcv.digicert.com.");
    assert_string_equal(shown(as_nsupdate, all, 3),
                        "; shop.example.com dns-cname-token: fail, cname-absent\n"
                        "; There is no CNAME.\n"
                        "update add _dnsauth.shop.example.com. 300 CNAME abc.dcv.digicert.com.\nsend\n\n"
                        "; shop.example.com caa: pass\n"
                        "; Or by dns-txt-token, which is not in use: There is no TXT record.\n");
    char *zone = shown(as_zone, all, 3);
    without_a(zone, " TXT \"");
    holds(zone, "\n_dnsauth.shop.example.com. 300 IN CNAME abc.dcv.digicert.com.\n");

    /* Without any trace it is that of dns-txt-token, and what CAA needs stands beside it. */
    cname->trace = TRACE_NONE;
    const struct report *none[] = {cname, txt, make(METHOD_CAA, VERDICT_FAIL, with_token)};
    char *script = shown(as_nsupdate, none, 3);
    holds(script, "\nupdate add _dnsauth.shop.example.com. 300 TXT \"abc\"\n");
    holds(script, "\nupdate add shop.example.com. 300 CAA 0 issue \"digicert.com\"\n");
    without_a(script, "update add _dnsauth.shop.example.com. 300 CNAME");

    /* A method that passes needs no cure, and what others would need is not even spoken of. */
    txt->verdict = VERDICT_PASS;
    txt->error.code = CODE_NONE;
    txt->n_findings = 0;
    without_a(shown(as_nsupdate, all, 3), "update");
    text = shown(as_text, all, 3);
    holds(text, "  Control  pass. Control is proven by dns-txt-token.\n");
    holds(text, "\n  Not in use: dns-cname-token.\n");
    without_a(text, "invalid_dns_cname");
    assert_string_equal(shown(as_nagios, all, 3),
                        "DCV OK - shop.example.com dns-txt-token pass|time=0.000s;;;0;30.000 blocking=0;;0;0 "
                        "risk=0;0;;0 note=0;;;0 questions=0;;;0\n");
    assert_int_equal(nagios_status, 0);
}

/* Two methods that were named: both must pass, and the cure is that of one. */
static void named(void **state)
{
    (void)state;
    const struct report *all[] = {make(METHOD_DNS_TXT_TOKEN, VERDICT_FAIL, both),
                                  make(METHOD_DNS_CNAME_TOKEN, VERDICT_FAIL, both)};
    char *text = shown(as_text, all, 2);
    holds(text, "  Control  fail. The check by dns-txt-token fails, and all methods that were\n"
                "           asked for must pass.\n  CAA      not asked for\n");
    holds(text, "\n\nFAIL  shop.example.com  dns-cname-token  invalid_dns_cname\n");
    holds(text, "IN TXT");
    without_a(text, "IN CNAME");
    holds(text, "\n  dns-cname-token fails, too, and was asked for as well; dcvprobe check --method\n"
                "    dns-cname-token says what it needs.\n");
    without_a(shown(as_nsupdate, all, 2), "300 CNAME");
    /* One alone is shown as its report is. */
    assert_string_equal(shown(as_text, all + 1, 1) + strlen("FAIL  shop.example.com  dns-cname-token"),
                        strstr(shown(as_text, all + 1, 1), "  invalid_dns_cname\n"));
}

/* A name that no method can prove: why is said once. */
static void refused(void **state)
{
    (void)state;
    struct report *txt = make(METHOD_DNS_TXT_TOKEN, VERDICT_FAIL, with_token),
                  *cname = make(METHOD_DNS_CNAME_TOKEN, VERDICT_FAIL, with_token),
                  *caa = make(METHOD_CAA, VERDICT_FAIL, with_token);
    struct report *const parts[] = {txt, cname, caa};
    for (size_t i = 0; i < 3; i++) {
        struct request *q = arena_alloc(arena, sizeof *q);
        *q = *parts[i]->request;
        q->name_code = CODE_dns_invalid_domain;
        parts[i]->request = q;
        parts[i]->error = (struct code_error){CODE_dns_invalid_domain, {q->input}};
        parts[i]->detail_code = CODE_dns_invalid_domain;
        parts[i]->findings[0].summary = "It is no domain.";
    }
    const struct report *all[] = {txt, cname, caa};
    char *text = shown(as_text, all, 3), *first = strstr(text, "It is no domain.");
    holds(text,
          "  Control  fail. The name itself is refused, so no method can prove control of\n"
                "           it.\n  CAA      fail\n");
    assert_non_null(first);
    without_a(first + 1, "It is no domain.");
    char *script = shown(as_nsupdate, all, 3);
    without_a(strstr(script, "It is no domain.") + 1, "It is no domain.");
    assert_string_equal(shown(as_json, all, 3), shown(as_json_of_texts, all, 3));
    assert_string_equal(shown(as_json, all + 2, 1), shown(as_json_of_texts, all + 2, 1));
    holds(shown(as_nsupdate, all + 2, 1), "; It is no domain.\n");
}

static void no_token(void **state)
{
    (void)state;
    const struct report *caa[] = {make(METHOD_CAA, VERDICT_PASS, without)};
    const struct report *alone[] = {make(METHOD_CAA, VERDICT_PASS, caa_alone)};
    char *text = shown(as_text, caa, 1);
    holds(text, "UNDECIDED  shop.example.com\n  Control  not checked. No token was given. Give the order's random "
                "value with\n");
    holds(text, "\n  CAA      pass\n\nPASS  shop.example.com  caa\n");
    holds(shown(as_nagios, caa, 1), "DCV UNKNOWN - shop.example.com control not checked: No token was given.|");
    assert_int_equal(nagios_status, 3);
    holds(shown(as_nsupdate, caa, 1), "; shop.example.com: control is not checked. No token was given.\n");

    assert_int_equal(strncmp(shown(as_text, alone, 1), "PASS  shop.example.com  caa\n", 28), 0);
    holds(shown(as_nagios, alone, 1), "DCV OK - shop.example.com caa pass|");
    assert_int_equal(nagios_status, 0);
}

static void json(void **state)
{
    (void)state;
    const struct report *all[] = {make(METHOD_DNS_TXT_TOKEN, VERDICT_PASS, with_token),
                                  make(METHOD_DNS_CNAME_TOKEN, VERDICT_FAIL, with_token),
                                  make(METHOD_CAA, VERDICT_FAIL, with_token)};
    const struct report *caa[] = {make(METHOD_CAA, VERDICT_PASS, without)};
    const struct report *alone[] = {make(METHOD_CAA, VERDICT_PASS, caa_alone)};
    static const char *const wanted[] = {
        ("{\"domains\":[{\"domain\":\"shop.example.com\",\"wildcard\":false,\"verdict\":\"fail\",\"control\":{"
         "\"verdict\":\"pass\",\"method\":\"dns-txt-token\",\"because\":\"Control is proven by dns-txt-token.\"},"
         "\"caa\":{\"verdict\":\"fail\"},\"reports\":[0,1,2]}]}"),
        ("{\"domains\":[{\"domain\":\"shop.example.com\",\"wildcard\":false,\"verdict\":\"undecided\",\"control\":{"
         "\"verdict\":\"not-checked\",\"method\":null,\"because\":\"No token was given.\"},"
         "\"caa\":{\"verdict\":\"pass\"},\"reports\":[0]}]}"),
        ("{\"domains\":[{\"domain\":\"shop.example.com\",\"wildcard\":false,\"verdict\":\"pass\",\"control\":null,"
         "\"caa\":{\"verdict\":\"pass\"},\"reports\":[0]}]}"),
        "{\"domains\":[]}"};
    const struct {
        const struct report *const *r;
        size_t n;
    } rows[] = {{all, 3}, {caa, 1}, {alone, 1}, {NULL, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_string_equal(shown(as_json, rows[i].r, rows[i].n), wanted[i]);
        assert_string_equal(shown(as_json_of_texts, rows[i].r, rows[i].n), wanted[i]);
    }
    /* Reports of two domains, the second one's checked twice by the same method. */
    const struct report *many[] = {all[0], all[2], caa[0], alone[0]};
    struct domain *v;
    assert_int_equal(domains_of(arena, many, 4, &v), 3);
    assert_int_equal(v[0].n, 2);
    assert_ptr_equal(v[1].r, many + 2);
    assert_int_equal(domains_worst(v, 3), VERDICT_FAIL);
    assert_int_equal(domains_worst(v + 1, 2), VERDICT_UNDECIDED);
    assert_int_equal(domains_worst(v + 2, 1), VERDICT_PASS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rules, arena_set_up, arena_tear_down),
        cmocka_unit_test_setup_teardown(one_cure, arena_set_up, arena_tear_down),
        cmocka_unit_test_setup_teardown(named, arena_set_up, arena_tear_down),
        cmocka_unit_test_setup_teardown(refused, arena_set_up, arena_tear_down),
        cmocka_unit_test_setup_teardown(no_token, arena_set_up, arena_tear_down),
        cmocka_unit_test_setup_teardown(json, arena_set_up, arena_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
