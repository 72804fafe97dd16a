#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "db_jobs.h"
#include "db_store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct write_job *job_watch(int64_t id, int64_t interval, enum watch_until until)
{
    struct write_job *job = job_request(id, "Shop.Example.COM");
    job->kind = WRITE_WATCH;
    job->watch = (struct watch_change){.interval = interval, .until = until};
    return job;
}

static struct write_job *job_step(int64_t id, enum watch_state state, dcv_time next, int64_t check,
                                  const char *last)
{
    struct write_job *job = job_batch(WRITE_WATCH_STEP, id);
    job->watch = (struct watch_change){.state = state, .next = next, .check = check};
    if (last) {
        job->watch.last = strdup(last);
        job->watch.last_len = strlen(last);
    }
    return job;
}

static struct write_job *job_of_watch(int64_t id, int64_t watch)
{
    struct write_job *job = job_request(id, "shop.example.com");
    job->watch_id = watch;
    return job;
}

/* A time as milliseconds since that of the jobs of db_jobs.c; "-" for TIME_UNKNOWN. */
static const char *since(dcv_time t, char out[24])
{
    static const dcv_time some_time = 1795348800000; /* of db_jobs.c */
    if (t == TIME_UNKNOWN)
        return "-";
    snprintf(out, 24, "%d", (int)(t - some_time));
    return out;
}

static int see_watch(void *user, const struct db_watch_row *w)
{
    char *got = user, next[24], ended[24];
    snprintf(got + strlen(got), 1000 - strlen(got), "%s%d %s %s %d %s next %s ended %s runs %d last %d %s",
             *got ? "; " : "", (int)w->id, w->domain, w->request, (int)w->interval,
             watch_until_name(w->until), since(w->next, next), since(w->ended, ended), (int)w->runs,
             (int)w->last_check, w->last ? w->last : "-");
    assert_int_equal(strlen(w->request), w->request_len);
    assert_int_equal(w->last ? strlen(w->last) : 0, w->last_len);
    assert_true((w->state == WATCH_ACTIVE) == (w->ended == TIME_UNKNOWN));
    return 0;
}

static void expect_watch(struct db *db, int64_t id, const char *expected)
{
    char got[1000] = "";
    assert_int_equal(db_watch(db, id, see_watch, got), 0);
    assert_string_equal(got, expected);
}

static int see_id(void *user, const struct db_watch_row *w)
{
    char *got = user;
    snprintf(got + strlen(got), 1000 - strlen(got), "%s%d %s", *got ? ", " : "", (int)w->id,
             watch_state_name(w->state));
    return 0;
}

static int see_watch_of(void *user, const struct db_check_row *row)
{
    char *got = user;
    snprintf(got + strlen(got), 1000 - strlen(got), "%s%d of %d", *got ? ", " : "", (int)row->id,
             (int)row->watch);
    return 0;
}

static void a_watch_steps_until_it_passes(void **state)
{
    char *path = *state, got[1000] = "";
    struct db *db = open_store(path, DB_WRITE);
    do_job(db, job_watch(10, 0, UNTIL_PASS), 0);
    do_job(db, job_watch(10, 0, UNTIL_PASS), -EEXIST);
    /* A new watch is due at once. */
#define SHOP "10 shop.example.com {\"domain\":\"Shop.Example.COM\"} 0 pass "
    expect_watch(db, 10, SHOP "next 0 ended - runs 0 last 0 -");
    do_job(db, job_of_watch(11, 10), 0);
    do_job(db, job_step(10, WATCH_ACTIVE, 1795348800000 + 60000, 0, NULL), 0);
    expect_watch(db, 10, SHOP "next 60000 ended - runs 0 last 0 -");

    /* As if the daemon were killed here: the store still tells which watch a check belongs to. */
    db_close(db);
    db = open_store(path, DB_WRITE);
    do_job(db, job_request(12, "alone.example"), 0);
    assert_int_equal(db_unfinished(db, see_watch_of, got), 0);
    assert_string_equal(got, "11 of 10, 12 of 0");

    do_job(db, job_results(11, 1), 0);
    do_job(db, job_step(10, WATCH_ACTIVE, 1795348800000 + 60000, 11, "{\"verdict\":\"fail\"}"), 0);
    expect_watch(db, 10, SHOP "next 60000 ended - runs 1 last 11 {\"verdict\":\"fail\"}");
    /* A step that only sets the next time keeps the last result. */
    do_job(db, job_step(10, WATCH_ACTIVE, 1795348800000 + 120000, 0, NULL), 0);
    expect_watch(db, 10, SHOP "next 120000 ended - runs 1 last 11 {\"verdict\":\"fail\"}");
    do_job(db, job_step(10, WATCH_PASSED, TIME_UNKNOWN, 13, "{\"verdict\":\"pass\"}"), 0);
    expect_watch(db, 10, SHOP "next - ended 0 runs 2 last 13 {\"verdict\":\"pass\"}");

    do_job(db, job_batch(WRITE_WATCH_DELETE, 10), 0);
    do_job(db, job_batch(WRITE_WATCH_DELETE, 10), -ENOENT);
    do_job(db, job_step(10, WATCH_ACTIVE, 0, 0, NULL), -ENOENT);
    assert_int_equal(db_watch(db, 10, see_watch, got), -ENOENT);
    /* Its checks stay, and still name the watch. */
    got[0] = 0;
    assert_int_equal(db_check(db, 11, see_watch_of, got), 0);
    assert_string_equal(got, "11 of 10");
    db_close(db);
}

#define LIST(state_, before_, limit_)                                                                        \
    &(struct db_watch_filter)                                                                                \
    {                                                                                                        \
        .state = (state_), .before = (before_), .limit = (limit_)                                            \
    }
#define EXPECT_WATCHES(expected, call)                                                                       \
    do {                                                                                                     \
        char got_[1000] = "";                                                                                \
        char *got = got_;                                                                                    \
        assert_int_equal(call, 0);                                                                           \
        assert_string_equal(got, expected);                                                                  \
    } while (0)

static void watches_are_listed_newest_first(void **state)
{
    char *path = *state;
    struct db *db = open_store(path, DB_WRITE), *reader = open_store(path, DB_READ);
    EXPECT_WATCHES("", db_watches(reader, LIST(-1, 0, 0), see_id, got));
    for (int64_t id = 1; id <= 5; id++)
        do_job(db, job_watch(id, 300000, UNTIL_FOREVER), 0);
    do_job(db, job_step(2, WATCH_EXPIRED, TIME_UNKNOWN, 0, NULL), 0);
    do_job(db, job_step(4, WATCH_PASSED, TIME_UNKNOWN, 0, NULL), 0);
    EXPECT_WATCHES("5 active, 4 passed, 3 active, 2 expired, 1 active",
                   db_watches(reader, LIST(-1, 0, 0), see_id, got));
    EXPECT_WATCHES("5 active, 4 passed", db_watches(reader, LIST(-1, 0, 2), see_id, got));
    EXPECT_WATCHES("3 active, 2 expired", db_watches(reader, LIST(-1, 4, 2), see_id, got));
    EXPECT_WATCHES("4 passed", db_watches(reader, LIST(WATCH_PASSED, 0, 0), see_id, got));
    const struct db_watch_filter of_domain = {
        .domain = "SHOP.example.com", .state = WATCH_ACTIVE, .before = 5};
    EXPECT_WATCHES("3 active, 1 active", db_watches(reader, &of_domain, see_id, got));
    EXPECT_WATCHES(
        "", db_watches(reader, &(struct db_watch_filter){.domain = "a.com", .state = -1}, see_id, got));
    EXPECT_WATCHES("1 active, 3 active, 5 active", db_watches_active(reader, see_id, got));
    int64_t last = 0;
    assert_int_equal(db_last_id(reader, &last), 0);
    assert_int_equal(last, 5); /* ids of watches count, too, so that no check gets the id of a watch */
    db_close(reader);

    /* A watch that has ended is deleted when it is old enough and its last check is gone. */
    do_job(db, job_of_watch(6, 2), 0);
    for (int i = 0; i < 2; i++) {
        struct write_job *purge = job_batch(WRITE_PURGE, i ? 10 : 4);
        purge->most = 9;
        do_job(db, purge, 0);
        EXPECT_WATCHES(i ? "5 active, 3 active, 1 active"
                         : "5 active, 4 passed, 3 active, 2 expired, 1 active",
                       db_watches(db, LIST(-1, 0, 0), see_id, got));
        if (!i)
            do_job(db, job_cancel(6), 0);
    }
    db_close(db);
}

static void a_damaged_watch_is_an_error(void **state)
{
    char got[1000] = "";
    struct db *db = open_store(*state, DB_WRITE);
    do_job(db, job_watch(1, 0, UNTIL_PASS), 0);
    assert_int_equal(sqlite3_exec(db->sql, "UPDATE watch SET until = 'dawn'", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(db_watch(db, 1, see_watch, got), -EILSEQ);
    assert_non_null(strstr(db_error(db), "dawn"));
    enum watch_until until = UNTIL_PASS;
    assert_false(watch_until_parse("dawn", &until));
    assert_true(watch_until_parse("forever", &until) && until == UNTIL_FOREVER);
    db_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_watch_steps_until_it_passes, store_setup, store_teardown),
        cmocka_unit_test_setup_teardown(watches_are_listed_newest_first, store_setup, store_teardown),
        cmocka_unit_test_setup_teardown(a_damaged_watch_is_an_error, store_setup, store_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
