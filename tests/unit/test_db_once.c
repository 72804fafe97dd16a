/* Labels, idempotency keys and events, as the store has them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "db_jobs.h"
#include "db_store.h"
#include "model/time.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct write_job *with_text(struct write_job *job, const char *request)
{
    free(job->request);
    job->request = strdup(request);
    job->request_len = strlen(request);
    return job;
}

/* The label is taken from the request's text, whatever else stands in it. */
static void labels_are_those_of_the_text(void **state)
{
    static const struct {
        const char *text, *label;
    } rows[] = {
        {"{\"domain\":\"a.example\",\"label\":\"order 7\"}", "order 7"},
        {"{\"label\":\"a \\\"b\\\" \\\\ \\u00e9\"}", "a \"b\" \\ \xc3\xa9"},
        {"{\"token\":\"\\\"label\\\":\\\"no\\\"\"}", NULL},
        {"{\"domain\":\"a.example\"}", NULL},
        {"no JSON, but \"label\":\"x\"", NULL},
    };
    struct db *db = open_store(*state, DB_WRITE);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char sql[200];
        int64_t id = (int64_t)i + 1;
        do_job(db, with_text(job_request(id, "a.example"), rows[i].text), 0);
        snprintf(sql, sizeof sql, "SELECT label IS %s%s%s FROM request WHERE id = %d", rows[i].label ? "'" : "",
                 rows[i].label ? rows[i].label : "NULL", rows[i].label ? "'" : "", (int)id);
        assert_int_equal(number(db, sql), 1);
    }
    db_close(db);
}

static struct write_job *keyed(struct write_job *job, int64_t peer, const char *key, uint64_t body, dcv_time at)
{
    job->key = (struct db_key){strdup(key), peer, body};
    job->at = at;
    return job;
}

/* Does the job, and returns what it says of its key. */
static int64_t repeats(struct db *db, struct write_job *job)
{
    assert_int_equal(try_job(db, job), 0);
    int64_t is = job->repeats;
    write_job_free(job);
    return is;
}

/* A key stands for what it first made: for one user, for one body, for a day. */
static void a_key_makes_one_thing(void **state)
{
    struct db *db = open_store(*state, DB_WRITE);
    const dcv_time at = 1800000000000;
    assert_int_equal(repeats(db, keyed(job_request(1, "a.example"), 7, "k", 5, at)), 0);
    assert_int_equal(repeats(db, keyed(job_request(2, "a.example"), 7, "k", 5, at + 1)), 1);
    assert_int_equal(repeats(db, keyed(job_request(3, "a.example"), 7, "k", 6, at + 1)), -1);
    assert_int_equal(repeats(db, keyed(job_request(4, "a.example"), 8, "k", 6, at + 1)), 0);
    assert_int_equal(repeats(db, keyed(job_request(5, "a.example"), -1, "K", UINT64_MAX, at + 2)), 0);
    assert_int_equal(repeats(db, keyed(job_request(6, "a.example"), -1, "K", UINT64_MAX, at + 2)), 5);
    assert_int_equal(number(db, "SELECT group_concat(id) = '1,4,5' FROM request"), 1);
    assert_int_equal(repeats(db, keyed(job_request(7, "a.example"), 7, "k", 5, at + DAY_MS)), 1);
    assert_int_equal(repeats(db, keyed(job_request(8, "a.example"), 7, "k", 6, at + DAY_MS + 1)), 0);
    assert_int_equal(number(db, "SELECT count(*) FROM idempotency"), 3); /* with the new one */
    assert_int_equal(repeats(db, keyed(job_request(9, "a.example"), 9, "k", 6, at + 2 * DAY_MS)), 0);
    assert_int_equal(number(db, "SELECT count(*) FROM idempotency"), 2);

    struct write_job *batch = job_batch(WRITE_BATCH, 20);
    do_job(db, batch, 0);
    do_job(db, job_lines(20, 21, 2), 0);
    assert_int_equal(repeats(db, keyed(job_batch(WRITE_ACCEPT, 20), 7, "b", 1, at)), 0);
    do_job(db, job_batch(WRITE_BATCH, 30), 0);
    do_job(db, job_lines(30, 31, 2), 0);
    assert_int_equal(repeats(db, keyed(job_batch(WRITE_ACCEPT, 30), 7, "b", 1, at)), 20);
    assert_int_equal(number(db, "SELECT accepted IS NULL FROM batch WHERE id = 30"), 1);
    db_close(db);
}

/* What fails leaves no key behind: the next try makes it. */
static void a_key_comes_with_what_it_made(void **state)
{
    struct db *db = open_store(*state, DB_WRITE);
    do_job(db, job_request(1, "a.example"), 0);
    struct write_job *job = keyed(job_request(1, "a.example"), 7, "k", 5, 1800000000000);
    assert_int_equal(try_job(db, job), -EEXIST);
    write_job_free(job);
    assert_int_equal(number(db, "SELECT count(*) FROM idempotency"), 0);
    assert_int_equal(repeats(db, keyed(job_request(2, "a.example"), 7, "k", 5, 1800000000000)), 0);
    db_close(db);
}

static void tell(struct db *db, dcv_time at, const struct db_event *v, size_t n)
{
    struct write_job *job = calloc(1, sizeof *job);
    assert_non_null(job);
    *job = (struct write_job){.kind = WRITE_EVENTS, .at = at, .events = calloc(n, sizeof *job->events), .n_events = n};
    assert_non_null(job->events);
    for (size_t i = 0; i < n; i++)
        job->events[i] = &v[i];
    do_job(db, job, 0);
}

static int see(void *user, int64_t seq, const char *line, size_t len)
{
    char *got = user;
    snprintf(got + strlen(got), 200 - strlen(got), "%s%d%.*s", *got ? " " : "", (int)(seq & 0x7ff), (int)len, line);
    return 0;
}

static void expect_events(struct db *db, struct db_event_filter f, const char *expected)
{
    char got[200] = "";
    f.limit = f.limit ? f.limit : 100;
    assert_int_equal(db_events(db, &f, see, got), 0);
    assert_string_equal(got, expected);
}

static void events_are_kept_for_a_day(void **state)
{
    struct db *db = open_store(*state, DB_WRITE);
    const dcv_time at = 1800000000000;
    const int64_t base = at << DB_EVENT_BITS;
    int64_t last;
    bool lost, known;
    assert_int_equal(db_events_last(db, &last, &lost), 0);
    assert_true(last == 0 && !lost);
    const struct db_event first[] = {
        {base, "start", "", NULL, 0, 0, "", 0},
        {base + 1, "check", "A.example", "\"x\"", 0, 0, "a", 1},
        {base + 2, "check", "b.example", NULL, 9, 0, "b", 1},
        {base + 3, "watch", "b.example", "\"x\"", 9, 0, "c", 1},
        {base + 4, "start", "", NULL, 0, 0, "gap", 3},
    };
    tell(db, at, first, 5);
    expect_events(db, (struct db_event_filter){0}, "1a 2b 3c 4gap");
    expect_events(db, (struct db_event_filter){.after = base + 1}, "2b 3c 4gap");
    expect_events(db, (struct db_event_filter){.limit = 2}, "1a 2b");
    expect_events(db, (struct db_event_filter){.domain = "a.EXAMPLE"}, "1a 4gap");
    expect_events(db, (struct db_event_filter){.kind = "watch"}, "3c 4gap");
    expect_events(db, (struct db_event_filter){.label = "\"x\""}, "1a 3c 4gap");
    expect_events(db, (struct db_event_filter){.watch = 9, .kind = "check"}, "2b 4gap");
    assert_int_equal(db_event_known(db, base + 2, &known), 0);
    assert_true(known);
    assert_int_equal(db_event_known(db, base + 5, &known), 0);
    assert_false(known);

    /* A check that has ended, and of which nothing was told. */
    do_job(db, job_request(1, "c.example"), 0);
    struct write_job *done = job_results(1, 1);
    done->at = at + 10;
    do_job(db, done, 0);
    assert_int_equal(db_events_last(db, &last, &lost), 0);
    assert_true(last == base + 4 && lost);
    const struct db_event told = {base + 5, "check", "c.example", NULL, 0, 1, "d", 1};
    tell(db, at + 20, &told, 1);
    assert_int_equal(db_events_last(db, &last, &lost), 0);
    assert_true(last == base + 5 && !lost);

    /* A day later each event takes two of the old ones away. */
    const dcv_time later = at + DAY_MS + 1000;
    const struct db_event next = {(later << DB_EVENT_BITS) + 6, "check", "a.example", NULL, 0, 0, "e", 1};
    tell(db, later, &next, 1);
    expect_events(db, (struct db_event_filter){0}, "2b 3c 4gap 5d 6e");
    /* But the newest one stays, however old it is, so that the numbers go on. */
    assert_int_equal(db_begin(db), 0);
    assert_int_equal(db_events_forget(db, INT64_MAX, 100), 0);
    assert_int_equal(db_commit(db), 0);
    expect_events(db, (struct db_event_filter){0}, "6e");
    db_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(labels_are_those_of_the_text, store_setup, store_teardown),
        cmocka_unit_test_setup_teardown(a_key_makes_one_thing, store_setup, store_teardown),
        cmocka_unit_test_setup_teardown(a_key_comes_with_what_it_made, store_setup, store_teardown),
        cmocka_unit_test_setup_teardown(events_are_kept_for_a_day, store_setup, store_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
