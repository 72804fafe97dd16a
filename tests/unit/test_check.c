/* The driver (run/check.c) in rare situations: deadline, cancellation, a full arena, an observer that fails.
 * test_cases.c tests the ordinary ones. */
#include <errno.h>
#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "format/request.h"
#include "run/check.h"

/* An observer that keeps each question until the test answers it. */
struct hold {
    struct held {
        struct arena *a;
        struct ask *ask;
        fact_fn *fn;
        void *user;
        bool open;
    } held[16];
    size_t n, cancelled;
    int refuse;      /* start() returns this */
    size_t refuse_at; /* .refuse is returned from this question on */
};

static int hold_start(void *self, struct arena *a, struct ask *ask, fact_fn *fn, void *user, void **op)
{
    struct hold *h = self;
    if (h->refuse && h->n >= h->refuse_at)
        return h->refuse;
    h->held[h->n] = (struct held){a, ask, fn, user, true};
    *op = &h->held[h->n++];
    return 0;
}

static void answer(struct held *x, enum dns_outcome outcome)
{
    struct fact *f = arena_alloc(x->a, sizeof *f);
    assert_true(x->open);
    x->open = false;
    f->dns.outcome = outcome;
    x->fn(x->user, x->ask, f);
}

static void hold_cancel(void *self, void *op)
{
    struct hold *h = self;
    struct held *x = op;
    assert_true(x->open); /* no cancel after the question's callback */
    x->open = false;
    h->cancelled++;
    x->fn(x->user, x->ask, NULL);
}

static dcv_time fixed_now(void *self)
{
    (void)self;
    return INT64_C(1795348800000);
}

static uint64_t fixed_monotonic(void *self)
{
    (void)self;
    return 5000000;
}

struct outcome {
    unsigned calls;
    struct report *report;
    int err;
};

static void on_done(void *user, struct check *c, struct report *report, int err)
{
    (void)c;
    struct outcome *o = user;
    o->calls++;
    o->report = report;
    o->err = err;
}

static struct check *start_method(struct hold *h, struct outcome *o, struct arena *check_arena,
                                  struct arena *request_arena, enum method method, bool sparing)
{
    static struct observers obs;
    static struct request r;
    struct input_error err;
    struct check *c;
    obs = (struct observers){.dns = {h, hold_start, hold_cancel},
                             .http = {h, hold_start, hold_cancel},
                             .now = fixed_now,
                             .monotonic = fixed_monotonic};
    request_init(&r, NULL, fixed_now(NULL));
    r.depth = DEPTH_QUICK;
    request_set(request_arena, &r, request_field_find("domain"), "shop.example.com", 16, &err);
    request_set(request_arena, &r, request_field_find("token"), "abc123", 6, &err);
    assert_int_equal(request_finish(request_arena, &r, &err), 0);
    r.method = method;
    r.sparing = sparing;
    assert_int_equal(check_start(&obs, check_arena, &r, on_done, o, &c), 0);
    return c;
}

static struct check *start(struct hold *h, struct outcome *o, struct arena *check_arena, struct arena *request_arena)
{
    return start_method(h, o, check_arena, request_arena, METHOD_DNS_TXT_TOKEN, false);
}

static void test_expire_judges_what_is_known(void **state)
{
    (void)state;
    struct hold h = {0};
    struct outcome o = {0};
    struct arena *a = arena_new(0), *ra = arena_new(0);
    struct check *c = start(&h, &o, a, ra);
    assert_int_equal(h.n, 2);
    answer(&h.held[0], DNS_NODATA);
    assert_int_equal(o.calls, 0);
    check_expire(c);
    assert_int_equal(o.calls, 1);
    assert_int_equal(h.cancelled, 1);
    assert_int_equal(o.report->verdict, VERDICT_UNDECIDED);
    assert_non_null(strstr(o.report->reason, "deadline"));
    assert_int_equal(o.report->evidence->n, 1);
    arena_free(a);
    arena_free(ra);
}

/* After half of its time a sparing check asks all that it has held back, even without any answer. */
static void test_hurry_asks_the_rest(void **state)
{
    (void)state;
    struct hold h = {0};
    struct outcome o = {0};
    struct arena *a = arena_new(0), *ra = arena_new(0);
    struct check *c = start_method(&h, &o, a, ra, METHOD_CAA, true);
    assert_int_equal(h.n, 1);
    check_hurry(c);
    assert_int_equal(h.n, 3);
    assert_string_equal(h.held[0].ask->qname, "shop.example.com.");
    assert_string_equal(h.held[2].ask->qname, "com.");
    assert_int_equal(o.calls, 0);
    for (size_t i = 0; i < h.n; i++)
        answer(&h.held[i], DNS_NODATA);
    assert_int_equal(o.calls, 1);
    assert_int_equal(o.report->verdict, VERDICT_PASS);
    arena_free(a);
    arena_free(ra);
}

/* Where http does not answer, the second half of the time is left for https. */
static void test_hurry_asks_over_https(void **state)
{
    (void)state;
    struct hold h = {0};
    struct outcome o = {0};
    struct arena *a = arena_new(0), *ra = arena_new(0);
    static uint8_t rdata[] = {45, 54, 66, 80};
    struct rr rr = {.owner = "shop.example.com.", .type = RR_A, .class = 1, .rdata = rdata, .rdlen = sizeof rdata};
    struct check *c = start_method(&h, &o, a, ra, METHOD_HTTP_TOKEN, true);
    assert_int_equal(h.n, 1);
    struct fact *f = arena_alloc(a, sizeof *f);
    f->dns = (struct dns_fact){.outcome = DNS_ANSWER, .answer = {&rr, 1}};
    h.held[0].fn(h.held[0].user, h.held[0].ask, f);
    assert_int_equal(h.n, 2);
    check_hurry(c);
    assert_int_equal(h.n, 3);
    assert_string_equal(h.held[2].ask->address, "45.54.66.80:443");
    f = arena_alloc(a, sizeof *f);
    f->http = (struct http_fact){.outcome = HTTP_RESPONSE, .status = 200, .body = {(const uint8_t *)"abc123", 6}};
    h.held[2].fn(h.held[2].user, h.held[2].ask, f);
    assert_int_equal(o.calls, 0);
    check_expire(c);
    assert_int_equal(o.calls, 1);
    assert_int_equal(o.report->verdict, VERDICT_PASS);
    assert_null(o.report->remark);
    arena_free(a);
    arena_free(ra);
}

/* Ten thousand checks may wait at once, so a waiting check and its request fit into the first block of the arena. */
static void test_waiting_takes_little(void **state)
{
    (void)state;
    struct hold h = {0};
    struct outcome o = {0};
    struct arena *a = arena_new(0);
    struct check *c = start_method(&h, &o, a, a, METHOD_CAA, true);
    assert_int_equal(h.n, 1);
    assert_true(arena_used(a) < 1500);
    check_cancel(c);
    arena_free(a);
}

/* An arena takes memory from the heap when the caller's is used up, up to its ceiling; no two pieces overlap. */
static void test_arena_over_memory(void **state)
{
    (void)state;
    alignas(max_align_t) unsigned char memory[1024];
    struct arena *a = arena_over(memory, sizeof memory, 10000);
    char *v[8];
    for (size_t i = 0; i < 8; i++) {
        v[i] = arena_printf(a, "%*zu", (int)(100 * i + 1), i);
        assert_non_null(v[i]);
        assert_int_equal((uintptr_t)arena_alloc(a, 1) % alignof(max_align_t), 0);
    }
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(strlen(v[i]), 100 * i + 1);
    assert_in_range(arena_used(a), 1, 10000);
    assert_null(arena_alloc(a, 10000));
    assert_true(arena_full(a));
    arena_allow(a, 20000);
    assert_non_null(arena_alloc(a, 10000));
    arena_free(a);
}

static void test_cancel_says_so(void **state)
{
    (void)state;
    struct hold h = {0};
    struct outcome o = {0};
    struct arena *a = arena_new(0), *ra = arena_new(0);
    check_cancel(start(&h, &o, a, ra));
    assert_int_equal(o.calls, 1);
    assert_int_equal(h.cancelled, 2);
    assert_int_equal(o.report->verdict, VERDICT_UNDECIDED);
    assert_non_null(strstr(o.report->reason, "cancelled"));
    arena_free(a);
    arena_free(ra);
}

/* An error on our side ends what runs and is passed up; the report is undecided. */
static void test_observer_fails(void **state)
{
    (void)state;
    struct hold h = {.refuse = -EMFILE, .refuse_at = 1};
    struct outcome o = {0};
    struct arena *a = arena_new(0), *ra = arena_new(0);
    start(&h, &o, a, ra);
    assert_int_equal(o.calls, 1);
    assert_int_equal(h.cancelled, 1);
    assert_int_equal(o.err, -EMFILE);
    assert_int_equal(o.report->verdict, VERDICT_UNDECIDED);
    assert_non_null(o.report->reason);
    arena_free(a);
    arena_free(ra);
}

/* Whatever the ceiling of the arena, the check ends once, with a report or with -ENOMEM and a reason, and never with a
 * verdict from a part of the facts. */
static void test_every_ceiling(void **state)
{
    (void)state;
    struct arena *ra = arena_new(0);
    unsigned full = 0, whole = 0;
    for (size_t ceiling = 2048; ceiling < 65536; ceiling += 256) {
        struct hold h = {0};
        struct outcome o = {0};
        struct arena *a = arena_new(ceiling);
        struct observers obs = {.dns = {&h, hold_start, hold_cancel}, .now = fixed_now, .monotonic = fixed_monotonic};
        struct request r;
        struct input_error err;
        request_init(&r, NULL, fixed_now(NULL));
    r.depth = DEPTH_QUICK;
        request_set(ra, &r, request_field_find("domain"), "shop.example.com", 16, &err);
        request_set(ra, &r, request_field_find("token"), "abc123", 6, &err);
        assert_int_equal(request_finish(ra, &r, &err), 0);
        r.method = METHOD_DNS_TXT_TOKEN;
        if (check_start(&obs, a, &r, on_done, &o, NULL) == 0) {
            for (size_t i = 0; i < h.n; i++) {
                struct held *x = &h.held[i];
                struct fact *f = x->open ? arena_alloc(x->a, sizeof *f) : NULL;
                if (!x->open)
                    continue;
                x->open = false;
                if (f)
                    f->dns.outcome = DNS_NODATA;
                x->fn(x->user, x->ask, f);
            }
            assert_int_equal(o.calls, 1);
            if (o.err) {
                full++;
                assert_int_equal(o.err, -ENOMEM);
                assert_int_equal(o.report->verdict, VERDICT_UNDECIDED);
                assert_non_null(o.report->reason);
            } else {
                whole++;
                assert_int_equal(o.report->verdict, VERDICT_FAIL);
                assert_true(o.report->n_findings > 0);
            }
        }
        arena_free(a);
    }
    assert_true(full > 0);
    assert_true(whole > 0);
    arena_free(ra);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expire_judges_what_is_known),
        cmocka_unit_test(test_hurry_asks_the_rest),
        cmocka_unit_test(test_hurry_asks_over_https),
        cmocka_unit_test(test_waiting_takes_little),
        cmocka_unit_test(test_arena_over_memory),
        cmocka_unit_test(test_cancel_says_so),
        cmocka_unit_test(test_observer_fails),
        cmocka_unit_test(test_every_ceiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
