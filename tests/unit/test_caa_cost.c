/* Judging a CAA set takes time and memory that grow linearly with its bytes, whatever they are, and no more memory than
 * the daemon gives to a quick check. Each hostile set is judged in one size and in four times that size, for which
 * quadratic work would take sixteen times as long. The CPU time of the process is measured, the least of several
 * runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "evidence/evidence.h"
#include "evidence/lookup.h"
#include "format/request.h"
#include "plan/plan.h"
#include "run/check.h"

/* LARGE: bytes of rdata, the most that a message can hold. TIMES: how much larger the large set is. CEILING: bytes that
 * the daemon allows for a quick check, without the answers. */
enum { RUNS = 5, LARGE = 64000, RECORDS = 1000, RECORD_VALUE = 60, TIMES = 4, CEILING = 1 << 20 };

/* A value is `head` and then `unit` again and again. */
static const struct family {
    const char *head, *unit, *tag;
    uint8_t flags;
} families[] = {
    {"", "digicert.com", "issue", 0},
    {"", "digicert.co", "issue", 0},
    {"", "a", "issue", 0},
    {"", "a.", "issue", 0},
    {"a", "-", "issue", 0},
    {"a", "-a.", "issue", 0},
    {"", " ", "issue", 0},
    {"", "\t \"", "issue", 0},
    {"", "\"", "issue", 0},
    {"", ";", "issue", 0},
    {"", "=", "issue", 0},
    {"", "=;", "issue", 0},
    {"", "%64", "issue", 0},
    {"", "&quot;", "issue", 0},
    {"", "&quot", "issue", 0},
    {"", "\xe2\x80\x9c", "issue", 0},
    {"", "\xff", "issue", 0},
    {"", "", "issue", 0}, /* NULs */
    {"otherca.example;a=b", ";a=", "issue", 0},
    {"digicert.com;a=b", ";account=", "issue", 0},
    {"digicert.com;a=b", ";accounturi=x", "issue", 0},
    {"digicert.com;validationmethods=b", ",a", "issue", 0},
    {"digicert.com;validationmethods=b", ";validationmethods=b", "issue", 0},
    {"digicert.com;x=", "\\\"", "issue", 0},
    {"otherca.example;a=b", ";a=", "issuewild", 0},
    {"digicert.com;a=b", ";a=", "issue", 1},
    {"", "x", "unknown", 128},
    {"", "\x01", "unknown", 128},
    {"", "mailto:a@b.example ", "iodef", 0},
};

static struct rr record(struct arena *a, const struct family *f, size_t size)
{
    size_t tag = strlen(f->tag), head = strlen(f->head), unit = strlen(f->unit);
    uint8_t *p = arena_alloc(a, 2 + tag + size);
    assert_non_null(p);
    p[0] = f->flags;
    p[1] = (uint8_t)tag;
    memcpy(p + 2, f->tag, tag);
    uint8_t *v = p + 2 + tag;
    for (size_t i = 0; i < size; i++)
        v[i] = (uint8_t)(i < head ? f->head[i] : unit ? f->unit[(i - head) % unit] : 0);
    return (struct rr){
        .owner = "example.com.", .type = RR_CAA, .class = 1, .rdata = p, .rdlen = (uint16_t)(2 + tag + size)};
}

/* Seconds of CPU that tell nothing: a sanitizer's work on memory of another size class takes as long. Work that is
 * quadratic in LARGE bytes takes hundreds of times as much. */
#define LITTLE 0.01

struct cost {
    double seconds;
    size_t bytes;
};

static struct cost judged(const struct family *f, size_t records, size_t size, bool wildcard)
{
    struct cost least = {.seconds = 1e9};
    for (unsigned i = 0; i < RUNS; i++) {
        struct arena *a = arena_new(0);
        struct evidence ev;
        struct request r;
        struct report report;
        struct input_error err;
        struct timespec from, to;
        request_init(&r, NULL, INT64_C(1795348800000));
        const char *domain = wildcard ? "*.example.com" : "example.com";
        assert_int_equal(request_set(a, &r, request_field_find("domain"), domain, strlen(domain), &err), 0);
        assert_int_equal(request_set(a, &r, request_field_find("method"), "caa", 3, &err), 0);
        assert_int_equal(request_set(a, &r, request_field_find("validation_method"), "ca-tbr-7", 8, &err), 0);
        assert_int_equal(request_set(a, &r, request_field_find("account_uri"), "a:b", 3, &err), 0);
        assert_int_equal(request_set(a, &r, request_field_find("caa_account"), "1", 1, &err), 0);
        assert_int_equal(request_finish(a, &r, &err), 0);
        evidence_init(&ev, a, 64);
        struct ask question = lookup_ask("example.com.", RR_CAA), *q = evidence_ask(&ev, &question, NULL);
        struct fact *fact = arena_alloc(a, sizeof *fact);
        struct rr *v = arena_array(a, records, sizeof *v);
        assert_true(q && fact && v);
        for (size_t k = 0; k < records; k++)
            v[k] = record(a, f, size);
        *fact = (struct fact){
            .ask = q,
            .dns = {.outcome = DNS_ANSWER, .flags = DNS_QR | DNS_RA, .answer = {.v = v, .n = records}}};
        assert_int_equal(evidence_add(&ev, fact), 0);
        size_t before = arena_used(a);
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
        assert_int_equal(judge(&r, &ev, a, &report), 0);
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
        assert_int_not_equal(report.verdict, VERDICT_UNDECIDED);
        double s = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
        least.seconds = s < least.seconds ? s : least.seconds;
        least.bytes = arena_used(a) - before;
        arena_free(a);
    }
    return least;
}

/* Measures up to four times where the times look bad, because another process may have disturbed the first runs. */
static bool linear(const struct family *f, size_t few, size_t many, size_t small, size_t large, bool wildcard)
{
    struct cost one = {0}, four = {0};
    for (unsigned i = 0; i < 4; i++) {
        one = judged(f, few, small, wildcard);
        four = judged(f, many, large, wildcard);
        if (four.bytes > CEILING)
            break;
        if (four.seconds < 10 * one.seconds + LITTLE)
            return true;
    }
    print_error(
        "'%s' and then '%s' in %s: %zu of %zu bytes take %.3f ms and %zu bytes, %zu of %zu %.3f ms and %zu\n",
        f->head, f->unit, f->tag, few, small, one.seconds * 1e3, one.bytes, many, large, four.seconds * 1e3,
        four.bytes);
    return false;
}

static void sets_are_judged_in_linear_time(void **state)
{
    (void)state;
    unsigned bad = 0;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        for (unsigned wildcard = 0; wildcard < 2; wildcard++) {
            bad += !linear(&families[i], 1, 1, LARGE / TIMES, LARGE, wildcard);
            bad += !linear(&families[i], RECORDS / TIMES, RECORDS, RECORD_VALUE, RECORD_VALUE, wildcard);
        }
    assert_int_equal(bad, 0);
}

/* ---------------------------------------------------------------- the longest climb ------------------ */

/* An observer that answers its questions in order, when the test says so. */
struct queue {
    struct waiting {
        struct ask *ask;
        fact_fn *fn;
        void *user;
    } v[1024];
    size_t n, answered;
    struct arena *a;
};

static int queue_start(void *self, struct arena *a, struct ask *ask, fact_fn *fn, void *user, void **op)
{
    struct queue *q = self;
    assert_true(q->n < sizeof q->v / sizeof *q->v);
    q->a = a;
    q->v[q->n++] = (struct waiting){ask, fn, user};
    *op = NULL;
    return 0;
}

static void queue_cancel(void *self, void *op)
{
    (void)self, (void)op;
    fail();
}

static dcv_time the_time(void *self)
{
    (void)self;
    return INT64_C(1795348800000);
}

static uint64_t no_time(void *self)
{
    (void)self;
    return 0;
}

static void on_done(void *user, struct check *c, struct report *report, int err)
{
    (void)c;
    assert_int_equal(err, 0);
    *(struct report **)user = report;
}

static enum verdict climbed(const char *name, enum dns_outcome outcome, size_t *asked)
{
    static struct queue q;
    struct observers obs = {.dns = {&q, queue_start, queue_cancel}, .now = the_time, .monotonic = no_time};
    struct arena *ra = arena_new(0), *a = arena_new(2 * CEILING);
    struct request r;
    struct input_error err;
    struct report *report = NULL;
    q = (struct queue){0};
    request_init(&r, NULL, the_time(NULL));
    assert_int_equal(request_set(ra, &r, request_field_find("domain"), name, strlen(name), &err), 0);
    assert_int_equal(request_set(ra, &r, request_field_find("method"), "caa", 3, &err), 0);
    assert_int_equal(request_set(ra, &r, request_field_find("depth"), "quick", 5, &err), 0);
    assert_int_equal(request_finish(ra, &r, &err), 0);
    assert_int_equal(check_start(&obs, a, &r, on_done, &report, NULL), 0);
    for (; q.answered < q.n; q.answered++) {
        struct waiting w = q.v[q.answered];
        struct fact *f = arena_alloc(a, sizeof *f);
        assert_non_null(f);
        bool root = !strcmp(w.ask->qname, ".");
        f->dns.outcome = root ? DNS_NODATA : outcome;
        f->dns.rcode = !root && outcome == DNS_SERVFAIL ? 2 : 0;
        f->dns.flags = DNS_QR | DNS_RA;
        w.fn(w.user, w.ask, f);
    }
    assert_non_null(report);
    *asked = q.n;
    enum verdict verdict = report->verdict;
    arena_free(a);
    arena_free(ra);
    return verdict;
}

static void the_longest_name_is_climbed(void **state)
{
    (void)state;
    char name[256] = "";
    size_t asked;
    for (unsigned i = 0; i < 121; i++) /* with the rest of the name 255 bytes on the wire */
        memcpy(name + 2 * i, "a.", 3);
    memcpy(name + 242, "example.com", 12);
    assert_int_equal(climbed(name, DNS_NODATA, &asked), VERDICT_PASS);
    assert_int_equal(asked, 123);
    assert_int_equal(climbed(name, DNS_SERVFAIL, &asked), VERDICT_FAIL);
    assert_int_equal(asked, 123 + 2); /* each level, the first failure with checking disabled, and the root's NS */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_are_judged_in_linear_time),
        cmocka_unit_test(the_longest_name_is_climbed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
