#include "base/heap.h"
#include "work/watch_times.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR };
#define MADE INT64_C(1795348800123)

static struct watch_times of_ca(bool forever)
{
    const struct profile *p = profile_builtin();
    return (struct watch_times){.v = p->polling.v, .n = p->polling.n, .forever = forever};
}

/* Goes through all times of the CA's schedule, where run n begins late(n) ms late and takes no time. Returns how
 * many. */
static size_t run_through(const struct watch_times *s, int64_t (*late)(size_t n), int64_t *last_age)
{
    size_t n = 0;
    dcv_time now = MADE;
    for (;;) {
        dcv_time began = now + late(n++);
        now = watch_times_next(s, MADE, began, began);
        if (now == TIME_UNKNOWN) {
            *last_age = began - MADE;
            return n;
        }
        assert_true(now > began);
    }
}

static int64_t punctual(size_t n)
{
    (void)n;
    return 0;
}

static int64_t a_little(size_t n)
{
    return (int64_t)(n * 7919 % 20) * SECOND;
}

/* 1 + 15 + 12 + 96 + 240 runs: the same number and the same end, whether they begin on time or a little late. */
static void whole_time(void **state)
{
    (void)state;
    struct watch_times s = of_ca(false);
    int64_t age, end = INT64_C(1000) * s.v[s.n - 1].until;
    assert_int_equal(run_through(&s, punctual, &age), 364);
    assert_true(age == end);
    assert_int_equal(run_through(&s, a_little, &age), 364);
    assert_true(age >= end && age < end + MINUTE);
}

static void boundaries(void **state)
{
    (void)state;
    struct watch_times s = of_ca(false);
    static const struct {
        int64_t last, next;
    } rows[] = {
        {0, MINUTE},
        {13 * MINUTE, 14 * MINUTE},
        {14 * MINUTE, 15 * MINUTE},
        {14 * MINUTE + 31 * SECOND, 20 * MINUTE}, /* the run at 15 would be less than half a step later */
        {15 * MINUTE, 20 * MINUTE},
        {70 * MINUTE, 75 * MINUTE},
        {75 * MINUTE, 90 * MINUTE},
        {75 * MINUTE + DAY, 135 * MINUTE + DAY},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_true(watch_times_next(&s, MADE, MADE + rows[i].last, MADE + rows[i].last) == MADE + rows[i].next);
    int64_t end = INT64_C(1000) * s.v[s.n - 1].until;
    assert_true(watch_times_next(&s, MADE, MADE + end, MADE + end) == TIME_UNKNOWN);
    s = of_ca(true);
    assert_true(watch_times_next(&s, MADE, MADE + end, MADE + end) == MADE + end + HOUR);
    assert_true(watch_times_next(&s, MADE, MADE + 3 * end, MADE + 3 * end) <= MADE + 3 * end + 2 * HOUR);
}

/* After a time in which nothing could run, the missed runs are made up for by one, and the schedule goes on. */
static void slept(void **state)
{
    (void)state;
    struct watch_times s = of_ca(false), fixed = {.interval = 10 * SECOND};
    dcv_time woke = MADE + 3 * DAY + 17 * MINUTE;
    dcv_time next = watch_times_next(&s, MADE, woke, woke);
    assert_true(next == MADE + 3 * DAY + 75 * MINUTE);
    woke = MADE + 30 * (int64_t)DAY;
    assert_true(watch_times_next(&s, MADE, woke, woke) == TIME_UNKNOWN);
    /* After a run that takes longer than the interval the missed ones are skipped. */
    assert_true(watch_times_next(&fixed, MADE, MADE, MADE + 34 * SECOND) == MADE + 40 * SECOND);
    dcv_time now = MADE;
    for (int i = 1; i <= 100000; i++) {
        now = watch_times_next(&fixed, MADE, now + 900, now + 4000);
        assert_true(now == MADE + (int64_t)i * 10 * SECOND);
    }
}

static void clock_set_back(void **state)
{
    (void)state;
    struct watch_times s = of_ca(false), fixed = {.interval = HOUR};
    dcv_time now = MADE - 5 * (int64_t)DAY; /* the watch was made and last run at times that are now in the future */
    dcv_time next = watch_times_next(&s, MADE, MADE + MINUTE, now);
    assert_true(next > now && next <= now + 2 * MINUTE);
    next = watch_times_next(&fixed, MADE, MADE + MINUTE, now);
    assert_true(next > now && next <= now + 2 * HOUR);
    /* The clock is set back to a time after the watch was made. */
    next = watch_times_next(&s, MADE, MADE + 5 * (int64_t)DAY, MADE + 10 * MINUTE);
    assert_true(next == MADE + 11 * MINUTE);
    assert_true(watch_times_next(&(struct watch_times){0}, MADE, MADE, MADE) == TIME_UNKNOWN);
}

struct item {
    struct due due;
};

static void heap(void **state)
{
    (void)state;
    enum { N = 1000 };
    static struct item items[N];
    struct heap h = {0};
    assert_int_equal(heap_room(&h, N), 0);
    uint32_t x = 1;
    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < N; i++) {
            x = x * 1664525 + 1013904223;
            heap_put(&h, &items[i].due, (dcv_time)(x >> 12));
            if (x >> 31)
                heap_take(&h, &items[i * 7 % N].due);
        }
    size_t in = 0, out = 0;
    for (size_t i = 0; i < N; i++)
        in += items[i].due.position != 0;
    assert_true(in > N / 4 && in == h.n);
    dcv_time before = 0;
    for (struct due *d; (d = heap_first(&h)); out++) {
        assert_true(d->at >= before);
        before = d->at;
        heap_take(&h, d);
        heap_take(&h, d);
        assert_int_equal(d->position, 0);
    }
    assert_int_equal(out, in);
    heap_deinit(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_time),     cmocka_unit_test(boundaries), cmocka_unit_test(slept),
        cmocka_unit_test(clock_set_back), cmocka_unit_test(heap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
