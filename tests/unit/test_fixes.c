/* The fixes of a failing CAA check are applied to the evidence, which is then judged again and must pass: for the case
 * files, and for sets of up to three records of many kinds in every place where a set can stand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "case_files.h"
#include "causes/forecast.h"
#include "format/json_read_case.h"
#include "judge/judge_inner.h"
#include "wire/name.h"
#include "wire/wire.h"

static unsigned faults, cured;
#define wrong(...) (faults++, print_error("" __VA_ARGS__), print_error("\n"))

static bool changes_records(const struct fix *x)
{
    return x->op == FIX_ADD || x->op == FIX_REMOVE || x->op == FIX_REPLACE;
}

/* Removes the record from an answer. */
static bool take_out(struct arena *a, struct dns_fact *f, const char *owner, const char *rdata)
{
    for (size_t i = 0; i < f->answer.n; i++) {
        struct rr *rr = &f->answer.v[i];
        if (rr->type != RR_CAA || !name_equal(rr->owner, owner) || strcmp(rr_rdata_text(a, rr), rdata) != 0)
            continue;
        f->n_defects -= rr->defect && f->n_defects;
        memmove(rr, rr + 1, (--f->answer.n - i) * sizeof *rr);
        return true;
    }
    return false;
}

static void put_in(struct arena *a, struct dns_fact *f, const struct fix *x)
{
    struct rr *v = arena_array(a, f->answer.n + 1, sizeof *v);
    if (f->answer.n)
        memcpy(v, f->answer.v, f->answer.n * sizeof *v);
    struct rr *rr = &v[f->answer.n++];
    *rr = (struct rr){.owner = x->owner, .type = RR_CAA, .class = 1, .ttl = x->ttl};
    assert_int_equal(rr_rdata_from_text(a, x->rdata, rr), 0);
    assert_null(rr->defect);
    f->answer.v = v;
    f->outcome = DNS_ANSWER;
    f->rcode = 0;
}

/* Applies one fix to every answer with records of its owner. Returns how many these were. */
static size_t apply(struct arena *a, const struct evidence *ev, const struct fix *x)
{
    size_t n = 0;
    for (size_t i = 0; i < ev->n; i++) {
        struct fact *f = ev->facts[i];
        if (f->ask->kind != ASK_DNS || f->ask->qtype != RR_CAA ||
            !name_equal(dns_chain_end(a, &f->dns, f->ask->qname, NULL, NULL), x->owner))
            continue;
        const char *old = x->op == FIX_REMOVE ? x->rdata : x->op == FIX_REPLACE ? x->old_rdata : NULL;
        if (old && !take_out(a, &f->dns, x->owner, old))
            continue;
        n++;
        if (x->op != FIX_REMOVE)
            put_in(a, &f->dns, x);
    }
    return n;
}

static void read_case(struct arena *a, const char *name, const char *text, struct dcv_case *c)
{
    struct json_problem problem = {0};
    if (json_read_case(a, text, strlen(text), NULL, c, &problem))
        fail_msg("%s: %s", name, problem.text);
}

/* True for a record that stands in another set of the evidence already. */
static bool is_copy(struct arena *a, const struct evidence *ev, const struct fix *x)
{
    for (size_t i = 0; i < ev->n; i++)
        for (size_t k = 0; k < ev->facts[i]->dns.answer.n; k++) {
            const struct rr *rr = &ev->facts[i]->dns.answer.v[k];
            if (rr->type == RR_CAA && !name_equal(rr->owner, x->owner) && !strcmp(rr_rdata_text(a, rr), x->rdata))
                return true;
        }
    return false;
}

/* True for a record that goes on permitting another CA, or that a new set takes over from the one above: it changes
 * nothing for this CA. */
static bool is_anothers(struct arena *a, const struct request *r, const struct evidence *ev, const struct fix *x)
{
    if (x->op == FIX_ADD && is_copy(a, ev, x))
        return true;
    for (size_t i = 0; x->op == FIX_ADD && i < r->issuers.n; i++)
        if (strstr(x->rdata, r->issuers.v[i]))
            return false;
    return x->op == FIX_ADD && r->issuers.n;
}

/* Applies the fixes of the i-th finding to a copy of the evidence. left_out: the number of one that is not applied, and
 * without which the check must still not pass: no fix may be superfluous. */
enum { NONE_LEFT_OUT = -1 };
static size_t cure(const char *name, const char *text, const struct report *ill, size_t i, int left_out)
{
    const struct finding *f = &ill->findings[i];
    const char *cause = cause_info(f->cause)->id;
    struct arena *a = arena_new(0);
    struct dcv_case c;
    struct report r;
    size_t n = 0;
    bool needed = left_out == NONE_LEFT_OUT, copies = false;
    read_case(a, name, text, &c);
    for (size_t k = 0; k < f->n_fixes; k++) {
        const struct fix *x = &f->fixes[k];
        if (!changes_records(x) || strcmp(x->type, "CAA") != 0)
            continue;
        copies = copies || (x->op == FIX_ADD && is_copy(a, &c.evidence, x));
        needed = needed || ((int)n == left_out && !is_anothers(a, &c.request, &c.evidence, x));
        if ((int)n++ == left_out)
            continue;
        if (!apply(a, &c.evidence, x))
            wrong("%s: %s: there is no such record at %s: %s", name, cause, x->owner,
                  x->op == FIX_ADD ? "" : x->rdata);
    }
    assert_int_equal(judge_verdict(&c.request, &c.evidence, a, &r), 0);
    /* The fixes of these causes, which are only notes, need not change the verdict. */
    enum verdict due =
        f->cause == CAUSE_caa_flag_misread || f->cause == CAUSE_caa_tag_typo ? ill->verdict : VERDICT_PASS;
    bool may_pass = f->cause == CAUSE_caa_tag_typo && r.verdict == VERDICT_PASS;
    bool as_due = left_out == NONE_LEFT_OUT ? r.verdict == due || may_pass : r.verdict != VERDICT_PASS;
    /* A record that permits one account stays the only one that permits, and no account was given. */
    if (!c.request.caa_account && left_out == NONE_LEFT_OUT)
        as_due = as_due || r.verdict == VERDICT_UNDECIDED;
    /* A set that takes over others' restrictions only may leave this CA free, and is its owner's all the same. */
    if (n && needed && !as_due && !(copies && left_out != NONE_LEFT_OUT))
        wrong("%s: %s %d of the fixes of %s the verdict is %s", name, left_out == NONE_LEFT_OUT ? "after" : "without",
              left_out, cause, verdict_name(r.verdict));
    cured += n && ill->verdict == VERDICT_FAIL && left_out == NONE_LEFT_OUT;
    arena_free(a);
    return n;
}

/* Tests all findings of a case. Returns how many of them say what record to change. */
static size_t cure_all(const char *name, const char *text)
{
    struct arena *a = arena_new(0);
    struct dcv_case c;
    struct report r;
    size_t n = 0;
    read_case(a, name, text, &c);
    if (c.request.method == METHOD_CAA) {
        assert_int_equal(judge(&c.request, &c.evidence, a, &r), 0);
        for (size_t i = 0; i < r.n_findings; i++) {
            for (size_t k = 0; k < r.findings[i].n_fixes; k++)
                n += changes_records(&r.findings[i].fixes[k]);
            int changes = (int)cure(name, text, &r, i, NONE_LEFT_OUT);
            for (int k = 0; changes > 1 && k < changes; k++)
                cure(name, text, &r, i, k);
        }
        if (r.verdict == VERDICT_PASS)
            n = 1; /* a pass has nothing to fix */
    }
    arena_free(a);
    return n;
}

static void cure_each(const char *name, const char *text)
{
    cure_all(name, text);
}

static void case_files(void **state)
{
    (void)state;
    each_case_file("caa-", cure_each);
    print_message("%u findings of case files carried out\n", cured);
    assert_true(cured > 30);
    assert_int_equal(faults, 0);
}

/* In zone-file form, escaped for JSON text. */
static const char *const records[] = {
    "0 issue \\\"digicert.com\\\"",
    "0 issue \\\"digicert.com.\\\"",
    "0 issue \\\"https://digicert.com\\\"",
    "0 issue \\\"digicert.com, letsencrypt.org\\\"",
    "0 issue \\\"digicert.com; validationmethods=dns-01\\\"",
    "0 issue \\\"digicert.com; account=7\\\"",
    "0 issue \\\"digicert.com; accounturi=https://x/1\\\"",
    "0 issue \\\"letsencrypt.org\\\"",
    "0 issue \\\"letsencrypt.org.\\\"",
    "0 issue \\\";\\\"",
    "0 issuewild \\\"digicert.com\\\"",
    "0 issuewild \\\"a;;\\\"",
    "0 issuewild \\\";\\\"",
    "0 iodef \\\"mailto:a@example.com\\\"",
    "0 isue \\\"digicert.com\\\"",
    "128 tbs \\\"x\\\"",
    "129 other \\\"\\\"",
    "1 third \\\"\\\"",
    "\\\\# 1 00",
    "\\\\# 3 000561",
};
enum { N_RECORDS = sizeof records / sizeof *records };

/* Where the set stands: at a name of the search, or at the target of that name's alias. */
static const struct place {
    const char *name, *target;
    bool below_alias; /* the domain itself is an alias, whose target does not exist */
    bool helpless;    /* the set is in another party's zone, and the customer can add none before it */
} places[] = {
    {.name = "a.b.example.com"},
    {.name = "b.example.com"},
    {.name = "b.example.com", .below_alias = true},
    {.name = "com"},
    {.name = "com", .below_alias = true},
    {.name = "a.b.example.com", .target = "c.example.com"},
    {.name = "a.b.example.com", .target = "c.example.net", .helpless = true},
    {.name = "b.example.com", .target = "c.example.net"},
};

static void level(struct buf *b, const struct place *p, const char *name, const size_t *pick, size_t n)
{
    bool here = !strcmp(name, p->name), leaf = !strcmp(name, "a.b.example.com");
    const char *target = here ? p->target : leaf && p->below_alias ? "c.example.net" : NULL;
    buf_printf(b, "%s{\"kind\":\"dns\",\"qname\":\"%s\",\"qtype\":\"CAA\",\"rcode\":\"NOERROR\",\"answer\":[",
               leaf ? "" : ",", name);
    if (target)
        buf_printf(b, "{\"type\":\"CNAME\",\"rdata\":\"%s.\"}%s", target, here ? "," : "");
    for (size_t i = 0; here && i < n; i++)
        buf_printf(b, "%s{\"owner\":\"%s\",\"type\":\"CAA\",\"rdata\":\"%s\"}", i ? "," : "",
                   target ? target : name, records[pick[i]]);
    buf_puts(b, "]}");
}

static void one_set(const struct place *p, bool wildcard, bool told, const size_t *pick, size_t n)
{
    static const char *const names[] = {"a.b.example.com", "b.example.com", "example.com", "com"};
    struct buf b = {0};
    buf_printf(&b,
               "{\"request\":{\"domain\":\"%sa.b.example.com\",\"methods\":[\"caa\"],\"now\":\"2026-11-22T12:"
               "00:00Z\","
               "\"issuer\":[\"digicert.com\"],\"validation_method\":[\"ca-tbr-7\"]%s},\"evidence\":[",
               wildcard ? "*." : "",
               told ? ",\"caa_account\":\"8\",\"account_uri\":\"https://ca/\\\"1;\"" : "");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        level(&b, p, names[i], pick, n);
    buf_puts(&b, "]}");
    assert_false(b.failed);
    size_t changes = cure_all(b.p, b.p);
    /* No record can name an account like the one given, and one without would lift the restriction. */
    if (!changes && told && !p->helpless && !strstr(b.p, "accounturi="))
        wrong("no record is proposed: %s", b.p);
    buf_free(&b);
}

static void generated_sets(void **state)
{
    (void)state;
    unsigned sets = 0;
    for (size_t place = 0; place < sizeof places / sizeof *places; place++)
        for (unsigned kind = 0; kind < 4; kind++)
            for (size_t i = 0; i < N_RECORDS; i++)
                for (size_t k = i; k < N_RECORDS; k++)
                    for (size_t m = k; m < N_RECORDS; m += m == k ? 1 : 3) {
                        const size_t pick[] = {i, k, m};
                        one_set(&places[place], kind & 1, kind & 2, pick, k == i ? 1 : m == k ? 2 : 3);
                        sets++;
                        if (faults > 10)
                            fail_msg("too many faults");
                    }
    print_message("%u sets\n", sets);
    assert_int_equal(faults, 0);
}

/* Waiting is a cure only where the server that lacks the record serves an older version of the same zone. In the case
 * file that server has serial 6 and the other one 7. */
static void forecasts(void **state)
{
    static const struct {
        const char *soa; /* of the server that lacks the record, up to REFRESH */
        bool wait;
        const char *advice; /* a part of the finding's advice */
    } rows[] = {{"ns1.example.com. host.example.com. 6", true, "older version"},
                {"ns1.example.com. host.example.com. 4294967290", true, "older version"},
                {"ns1.example.com. host.example.com. 8", false, "the next transfer takes it away"},
                {"ns1.example.com. host.example.com. 7", false, "raise the serial"},
                {"ns1.other.example. host.example.com. 6", false, "two separate zones"},
                {"ns1.example.com. dns.other.example. 6", false, "two separate zones"}};
    static const char held[] = "ns1.example.com. host.example.com. 6";
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena *a = arena_new(0);
        struct dcv_case c;
        struct report r;
        char *text = case_file_text("servers-disagree.case");
        char *at = strstr(text, held);
        assert_non_null(at);
        char *changed = arena_printf(a, "%.*s%s%s", (int)(at - text), text, rows[i].soa, at + strlen(held));
        read_case(a, "servers-disagree.case", changed, &c);
        assert_int_equal(judge(&c.request, &c.evidence, a, &r), 0);
        assert_int_equal(r.findings->cause, CAUSE_nameservers_disagree);
        bool waits = false, says = false;
        for (size_t k = 0; k < r.findings->n_fixes; k++) {
            waits = waits || r.findings->fixes[k].op == FIX_WAIT;
            says = says || strstr(r.findings->fixes[k].text, rows[i].advice);
        }
        if (waits != rows[i].wait || !says)
            wrong("%s: %s", rows[i].soa, waits ? "waits" : "does not wait");
        arena_free(a);
    }
    assert_int_equal(faults, 0);
}

/* Caches count whole seconds, from the one in which the answer came. */
static void ends(void **state)
{
    enum { NOW = 1000500, HOURS_2 = 7200 * 1000 };
    static const struct {
        dcv_time at;
        uint32_t seconds;
        dcv_time end;
    } rows[] = {{TIME_UNKNOWN, 5, 1006000},
                {NOW, 5, 1006000},
                {NOW + 400, 5, 1006000},
                {NOW + 1200, 0, 1002000},
                {NOW - 1, 5, 1006000},
                {NOW + HOURS_2, 5, 1006000}}; /* the check is of another day */
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct request r = {.now = NOW};
        struct fact f = {.at = rows[i].at};
        assert_true(forecast_end(&r, &f, rows[i].seconds) == rows[i].end);
    }
}

/* What the resolver's answers say about the time from which on an added record is seen; seconds from the check. */
static void seen_from(void **state)
{
#define ABSENT(ttl, least)                                                                                            \
    "\"rcode\":\"NXDOMAIN\",\"authority\":[{\"owner\":\"example.com\",\"ttl\":" #ttl ",\"type\":\"SOA\",\"rdata\":"   \
    "\"ns. host. 7 7200 900 604800 " #least "\"}]"
#define RECORD(ttl) "\"answer\":[{\"type\":\"TXT\",\"ttl\":" #ttl ",\"rdata\":\"\\\"other\\\"\"}]"
#define EMPTY "\"rcode\":\"NOERROR\""
    static const struct {
        const char *label, *itself; /* what the resolver answers for the label, and for the domain */
        unsigned seconds;           /* 0: nothing is remembered */
    } rows[] = {{ABSENT(20, 300), EMPTY, 21},
                {ABSENT(3600, 30), EMPTY, 31},
                {EMPTY, EMPTY, 0},
                {RECORD(77), EMPTY, 78},
                {ABSENT(20, 300), RECORD(900), 21}}; /* the other name is not what the cure changes */
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena *a = arena_new(0);
        struct dcv_case c;
        struct report r;
        const char *of = arena_printf(
            a,
            "{\"request\":{\"domain\":\"example.com\",\"methods\":[\"dns-txt-token\"],"
            "\"now\":\"2026-11-22T12:00:00Z\","
            "\"token\":\"x7k2m9p4q8w3e6r1t5y0u2i4o6a8s0d3\"},\"evidence\":[{\"kind\":\"dns\",\"qname\":"
            "\"_dnsauth.example.com\",\"qtype\":\"TXT\",%s},{\"kind\":\"dns\",\"qname\":\"example.com\",\"qtype\":"
            "\"TXT\",%s}]}",
            rows[i].label, rows[i].itself);
        read_case(a, "seen_from", of, &c);
        assert_int_equal(judge(&c.request, &c.evidence, a, &r), 0);
        dcv_time until = c.request.now;
        for (size_t k = 0; k < r.findings->n_fixes; k++)
            if (r.findings->fixes[k].op == FIX_WAIT)
                until = r.findings->fixes[k].until;
        if (until != c.request.now + rows[i].seconds * INT64_C(1000))
            wrong("row %zu: %d ms", i, (int)(until - c.request.now));
        arena_free(a);
    }
    assert_int_equal(faults, 0);
}

/* The cures of the file methods are about the place where the fetch ended; that of a record keeps what is sound in
 * it. */
static void what_the_first_fix_says(void **state)
{
    static const struct {
        const char *file;
        enum fix_op op; /* of the first fix */
        const char *there, *not_there; /* a part of its URL, record or text, and one that it must not have */
    } rows[] = {{"file-no-address-alias.case", FIX_ADVICE, "runs gone.cdn.example.net. ", "Add an A record"},
                {"file-no-address.case", FIX_ADVICE, "Add an A record", "CNAME"},
                {"file-refused-after-redirect.case", FIX_ADVICE, "port 443 of shop.example.com,", "port 80"},
                {"file-refused.case", FIX_ADVICE, "open port 80", "redirect"},
                {"file-absent-after-redirect.case", FIX_PUT_FILE, "https://www.shop.example.com/.well-known/", "http:"},
                {"file-absent.case", FIX_PUT_FILE, "http://shop.example.com/.well-known/", "https:"},
                {"persist-last-malformed.case", FIX_REPLACE, "; x1=y1; x2=y2; x3=y3; x4=y4; x5=y5\"", "note"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena *a = arena_new(0);
        struct dcv_case c;
        struct report r;
        char *text = case_file_text(rows[i].file);
        read_case(a, rows[i].file, text, &c);
        assert_int_equal(judge(&c.request, &c.evidence, a, &r), 0);
        const struct fix *x = r.findings->fixes;
        const char *says = x->op == FIX_PUT_FILE ? x->url : x->op == FIX_REPLACE ? x->rdata : x->text;
        if (x->op != rows[i].op || !strstr(says, rows[i].there) || strstr(says, rows[i].not_there))
            wrong("%s: the first fix is: %s", rows[i].file, says);
        arena_free(a);
    }
    assert_int_equal(faults, 0);
}

/* A change is for the zones of both providers, where two of them serve one each. */
static void for_both_zones(void **state)
{
    static const struct {
        const char *file;
        bool both;
    } rows[] = {{"servers-separate-absent.case", true}, {"servers-agree-absent.case", false}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena *a = arena_new(0);
        struct dcv_case c;
        struct report r;
        char *text = case_file_text(rows[i].file);
        read_case(a, rows[i].file, text, &c);
        assert_int_equal(judge(&c.request, &c.evidence, a, &r), 0);
        assert_true(r.findings->n_cures && r.findings->cures->proven);
        for (size_t k = 0; k < r.findings->n_cures; k++) {
            const struct cure *cure = &r.findings->cures[k];
            const char *last = cure->ops[cure->n - 1].text;
            if ((last && strstr(last, "in both zones: ns1.example.com (198.51.100.1) and ns2")) != rows[i].both)
                wrong("%s: cure %zu ends with: %s", rows[i].file, k, last ? last : "nothing");
        }
        arena_free(a);
    }
    assert_int_equal(faults, 0);
}

/* How a redirect is left out depends on who redirects, as far as the answer tells. */
static void exemptions(void **state)
{
    static const struct {
        const char *header, *value;
        const char *there, *not_there;
    } rows[] = {{"Server", "nginx/1.24.0", "location ^~ /.well-known/pki-validation/", "RewriteRule"},
                {"Server", "openresty", "location ^~ ", "RewriteRule"},
                {"Server", "Apache/2.4.57 (Debian)", "RewriteRule ^/?\\.well-known/pki-validation/ - [END]",
                 "location"},
                {"Server", "LiteSpeed", "RewriteRule", "location"},
                {"Server", "Microsoft-IIS/10.0", "<match url=\"^\\.well-known/pki-validation/\" />", "RewriteRule"},
                {"Server", "cloudflare", "Always Use HTTPS", "RewriteRule"},
                {"X-Amz-Cf-Id", "x", "cache behavior for /.well-known/pki-validation/*", "location"},
                {"Server", "Netlify", "_redirects", "location"},
                {"Server", "Vercel", "vercel.json", "location"},
                {"Server", "AkamaiGHost", "Akamai redirects before", "RewriteRule"},
                {"Server", "homegrown", "location ^~ ", "Always Use HTTPS"},
                {"Server", "my-nginx-like", "RewriteRule", "Always Use HTTPS"}};
    static const char *const files[] = {"file-redirect-host.case", "file-redirect-loop.case",
                                        "file-redirect-glued.case"};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t k = 0; k < sizeof files / sizeof *files; k++) {
            struct arena *a = arena_new(0);
            struct dcv_case c;
            struct report r;
            const char *all = "";
            char *text = case_file_text(files[k]);
            read_case(a, files[k], text, &c);
            for (size_t n = 0; n < c.evidence.n; n++) {
                struct http_fact *h = &c.evidence.facts[n]->http;
                struct http_header *v = arena_array(a, h->n_headers + 1, sizeof *v);
                for (size_t m = 0; m < h->n_headers; m++)
                    v[m] = h->headers[m];
                v[h->n_headers] = (struct http_header){.name = rows[i].header, .value = rows[i].value};
                if (c.evidence.facts[n]->ask->kind == ASK_HTTP) {
                    h->headers = v;
                    h->n_headers++;
                }
            }
            assert_int_equal(judge(&c.request, &c.evidence, a, &r), 0);
            for (size_t n = 0; n < r.findings->n_fixes; n++) {
                assert_int_not_equal(r.findings->fixes[n].op, FIX_PUT_FILE); /* the host only forwards */
                all = arena_concat(a, all, r.findings->fixes[n].text, " ", NULL);
            }
            if (!strstr(all, rows[i].there) || strstr(all, rows[i].not_there))
                wrong("%s with %s: %s: %s", files[k], rows[i].header, rows[i].value, all);
            arena_free(a);
        }
    assert_int_equal(faults, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(case_files),
        cmocka_unit_test(generated_sets),
        cmocka_unit_test(forecasts),
        cmocka_unit_test(ends),
        cmocka_unit_test(seen_from),
        cmocka_unit_test(what_the_first_fix_says),
        cmocka_unit_test(for_both_zones),
        cmocka_unit_test(exemptions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
