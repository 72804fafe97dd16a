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

static void expect_count(struct db *db, int64_t id, enum db_count what, const char *expected)
{
    char got[200] = "";
    assert_int_equal(db_batch_count(db, id, what, list_count, got), 0);
    assert_string_equal(got, expected);
}

static int see_id(void *user, int64_t id)
{
    char *got = user;
    snprintf(got + strlen(got), 200 - strlen(got), "%s%d", *got ? " " : "", (int)id);
    return 0;
}

static void expect_open(struct db *db, const char *expected)
{
    char got[200] = "";
    assert_int_equal(db_batches_open(db, see_id, got), 0);
    assert_string_equal(got, expected);
}

static int see_batch(void *user, const struct db_batch *batch)
{
    return see_id(user, batch->id);
}

static void expect_batches(struct db *db, int64_t before, unsigned limit, const char *expected)
{
    char got[200] = "";
    assert_int_equal(db_batches(db, before, limit, see_batch, got), 0);
    assert_string_equal(got, expected);
}

static int add_id(void *user, const struct db_check_row *row)
{
    assert_int_equal(row->batch, 10);
    return see_id(user, row->id);
}

static void expect_checks(struct db *db, int verdict, const char *expected)
{
    const struct db_filter f = {
        .verdict = verdict, .method = -1, .since = TIME_UNKNOWN, .until = TIME_UNKNOWN, .batch = 10};
    char got[200] = "";
    assert_int_equal(db_list(db, &f, add_id, got), 0);
    assert_string_equal(got, expected);
}

static int see_line(void *user, int64_t id, const char *domain, const char *request, size_t len)
{
    char expected[40];
    snprintf(expected, sizeof expected, "line%d.example", (int)id);
    assert_string_equal(domain, expected);
    assert_non_null(strstr(request, domain));
    assert_int_equal(strlen(request), len);
    return see_id(user, id);
}

static void expect_lines(struct db *db, int64_t batch, int64_t after, size_t most, const char *expected)
{
    char got[200] = "";
    assert_int_equal(db_lines(db, batch, after, most, see_line, got), 0);
    assert_string_equal(got, expected);
}

static int see_state(void *user, const struct db_check_row *row)
{
    snprintf(user, 40, "%s of %d", db_state_name(row->state), (int)row->batch);
    return 0;
}

static void expect_one(struct db *db, int64_t id, const char *expected)
{
    char got[40] = "";
    assert_int_equal(db_check(db, id, see_state, got), expected ? 0 : -ENOENT);
    assert_string_equal(got, expected ? expected : "");
}

static struct write_job *of_batch(struct write_job *job, int64_t batch)
{
    job->batch = batch;
    return job;
}

static void a_batch_is_seen_whole_and_its_lines_become_checks(void **state)
{
    struct db *db = open_store(*state, DB_WRITE);
    struct db_batch b;
    int64_t last = 0;
    do_job(db, job_batch(WRITE_BATCH, 10), 0);
    do_job(db, job_lines(10, 11, 3), 0);
    do_job(db, job_lines(10, 14, 2), 0);
    do_job(db, job_lines(11, 20, 1), -ENOENT);
    assert_int_equal(db_batch(db, 10, &b), -ENOENT);
    expect_open(db, "");
    expect_one(db, 12, NULL); /* readers see nothing of a batch before it is complete */

    do_job(db, job_batch(WRITE_ACCEPT, 10), 0);
    do_job(db, job_batch(WRITE_ACCEPT, 10), -ENOENT);
    do_job(db, job_lines(10, 16, 1), -ENOENT);
    expect_open(db, "10");
    assert_int_equal(db_batch(db, 10, &b), 0);
    assert_true(b.lines == 5 && b.waiting == 5 && b.cancelled == TIME_UNKNOWN);
    expect_lines(db, 10, 0, 2, "11 12");
    expect_lines(db, 10, 12, 9, "13 14 15");
    expect_one(db, 12, "queued of 10");
    expect_checks(db, -1, "");
    assert_int_equal(db_last_id(db, &last), 0);
    assert_int_equal(last, 15);

    /* A line ends once: with its results or its cancellation, whichever comes first. */
    struct write_job *job = of_batch(job_results(12, 2), 10);
    job_fail(job, 1, METHOD_CAA, CODE_caa_check_failed, CODE_NONE, CAUSE_name_internal);
    do_job(db, job, 0);
    do_job(db, of_batch(job_cancel(12), 10), 0);
    do_job(db, of_batch(job_results(12, 1), 10), -EALREADY);
    do_job(db, of_batch(job_cancel(11), 10), 0);
    do_job(db, of_batch(job_results(11, 1), 10), -EALREADY);
    do_job(db, of_batch(job_results(99, 1), 10), -ENOENT);
    do_job(db, job_request(20, "alone.example"), 0);
    do_job(db, job_results(20, 1), 0);
    expect_lines(db, 10, 0, 9, "13 14 15");
    expect_one(db, 12, "done of 10");
    expect_one(db, 11, "cancelled of 10");
    expect_checks(db, -1, "12 11");
    expect_checks(db, VERDICT_FAIL, "12");
    expect_count(db, 10, COUNT_STATES, "cancelled 1, done 1");
    expect_count(db, 10, COUNT_VERDICTS, "fail 1, pass 1");
    expect_count(db, 10, COUNT_CODES, "caa_check_failed 1");
    assert_int_equal(db_batch(db, 10, &b), 0);
    assert_true(b.lines == 5 && b.waiting == 3 && b.ended != TIME_UNKNOWN);
    assert_int_equal(number(db, "SELECT ended - submitted FROM request WHERE id = 12"), 0);

    /* A job that brings the line's domain and request along has the same effect. */
    static const int outcomes[] = {0, -EALREADY};
    for (int i = 0; i < 2; i++) {
        job = of_batch(job_results(13, 1), 10);
        job->domain = strdup("line3.example");
        job->request = strdup("{\"of\":\"memory\"}");
        job->request_len = strlen(job->request);
        do_job(db, job, outcomes[i]);
    }
    assert_int_equal(number(db,
                            "SELECT count(*) FROM request AS q JOIN batch AS b ON b.id = q.batch WHERE q.id = 13 AND "
                            "q.state = 'done' AND q.submitted = b.submitted AND q.ended IS NOT NULL AND "
                            "q.domain = 'line3.example' AND q.request = '{\"of\":\"memory\"}'"),
                     1);
    expect_lines(db, 10, 0, 9, "14 15");

    /* A cancellation does not change a batch whose lines have all ended. */
    assert_int_equal(db_begin(db), 0);
    for (int64_t id = 14; id < 16; id++) {
        job = of_batch(job_results(id, 1), 10);
        assert_int_equal(db_do(db, job), 0);
        write_job_free(job);
    }
    job = job_batch(WRITE_CANCEL_BATCH, 10); /* in the same transaction as the results */
    assert_int_equal(db_do(db, job), 0);
    write_job_free(job);
    assert_int_equal(db_commit(db), 0);
    assert_int_equal(db_batch(db, 10, &b), 0);
    assert_true(!b.waiting && b.cancelled == TIME_UNKNOWN);
    expect_open(db, "");
    expect_lines(db, 10, 0, 9, "");
    expect_count(db, 10, COUNT_STATES, "cancelled 1, done 4");

    /* Lines that are deleted no longer count. */
    job = job_batch(WRITE_PURGE, 13);
    job->most = 9;
    do_job(db, job, 0);
    expect_count(db, 10, COUNT_STATES, "done 3");
    expect_count(db, 10, COUNT_VERDICTS, "pass 3");
    expect_count(db, 10, COUNT_CODES, "");

    do_job(db, job_batch(WRITE_BATCH, 11), 0); /* not complete: not listed */
    do_job(db, job_batch(WRITE_BATCH, 9), 0);
    do_job(db, job_batch(WRITE_ACCEPT, 9), 0);
    expect_batches(db, 0, 0, "10 9");
    expect_batches(db, 0, 1, "10");
    expect_batches(db, 10, 5, "9");
    db_close(db);
}

static void a_cancelled_batch_leaves_no_lines(void **state)
{
    struct db *db = open_store(*state, DB_WRITE);
    struct db_batch b;
    for (int64_t id = 10; id < 13; id++) {
        do_job(db, job_batch(WRITE_BATCH, id), 0);
        do_job(db, job_lines(id, 10 * id, 4), 0);
        if (id < 12)
            do_job(db, job_batch(WRITE_ACCEPT, id), 0);
    }
    do_job(db, job_batch(WRITE_CANCEL_BATCH, 10), 0);
    do_job(db, job_batch(WRITE_CANCEL_BATCH, 10), 0);
    do_job(db, job_batch(WRITE_CANCEL_BATCH, 99), -ENOENT);
    do_job(db, of_batch(job_cancel(100), 10), 0); /* a line that ran becomes a cancelled check, */
    expect_open(db, "11");
    expect_one(db, 100, "cancelled of 10");
    expect_one(db, 101, NULL);                 /* a line that did not run leaves no check */
    assert_int_equal(db_batches_abandon(db), 0); /* batch 12 was incomplete when the process was killed */
    expect_open(db, "11");
    static const uint32_t deleted[] = {5, 2, 0};
    for (int i = 0; i < 3; i++) {
        struct write_job *job = job_batch(WRITE_SWEEP, 0);
        job->most = 5;
        assert_int_equal(try_job(db, job), 0);
        assert_int_equal(job->deleted, deleted[i]);
        write_job_free(job);
    }
    do_job(db, of_batch(job_results(101, 1), 10), -ENOENT);
    assert_int_equal(db_batch(db, 10, &b), 0);
    assert_true(b.lines == 4 && b.waiting == 3 && b.cancelled != TIME_UNKNOWN);
    assert_int_equal(number(db, "SELECT count(*) FROM batch WHERE id = 12"), 0);
    assert_int_equal(number(db, "SELECT count(*) FROM batch_line WHERE batch = 11"), 4);

    /* A batch is deleted with the last of its checks. */
    struct write_job *purge = job_batch(WRITE_PURGE, INT64_MAX);
    purge->most = 9;
    do_job(db, purge, 0);
    assert_int_equal(number(db, "SELECT sum(id) FROM batch"), 11);
    db_close(db);
}

static void pages_are_given_back(void **state)
{
    struct db *db = open_store(*state, DB_WRITE);
    int64_t before = number(db, "PRAGMA page_count");
    do_job(db, job_batch(WRITE_BATCH, 10), 0);
    do_job(db, job_lines(10, 1, 5000), 0);
    do_job(db, job_batch(WRITE_CANCEL_BATCH, 10), 0);
    struct write_job *job = job_batch(WRITE_SWEEP, 0);
    job->most = 5000;
    do_job(db, job, 0);
    int64_t large = number(db, "PRAGMA page_count");
    assert_true(large > before + 25);
    job = job_batch(WRITE_VACUUM, 0);
    job->most = 20;
    assert_int_equal(try_job(db, job), 0);
    assert_int_equal(job->deleted, 20);
    write_job_free(job);
    assert_int_equal(number(db, "PRAGMA page_count"), large - 20);
    job = job_batch(WRITE_VACUUM, 0);
    job->most = 5000;
    do_job(db, job, 0);
    assert_true(number(db, "PRAGMA page_count") <= before + 2);
    struct db_size was, is;
    assert_int_equal(db_size(db, &was), 0);
    assert_true(was.file >= (large - 20) * db->page_bytes || was.wal > was.file);
    db_checkpoint(db); /* made at once, however small the WAL is */
    assert_int_equal(db_size(db, &is), 0);
    assert_true(is.file <= (before + 2) * db->page_bytes && is.used <= is.file);
    job = job_batch(WRITE_VACUUM, 0);
    job->most = 20;
    assert_int_equal(try_job(db, job), 0);
    assert_int_equal(job->deleted, 0); /* no free page is left */
    write_job_free(job);
    db_close(db);
}

/* The WAL stays below the size given to db_wal_most(), but for one batch. */
static void the_wal_stays_small(void **state)
{
    struct db *db = open_store(*state, DB_WRITE);
    struct db_size room;
    db_wal_most(db, 1 << 20);
    for (int64_t id = 1; id <= 40; id++) {
        do_job(db, job_batch(WRITE_BATCH, id), 0);
        do_job(db, job_lines(id, 10000 * id, 2000), 0);
        db_checkpoint(db);
        assert_int_equal(db_size(db, &room), 0);
        assert_true(room.wal <= 2 << 20);
    }
    assert_true(room.used > 4 << 20);
    db_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_batch_is_seen_whole_and_its_lines_become_checks, store_setup, store_teardown),
        cmocka_unit_test_setup_teardown(a_cancelled_batch_leaves_no_lines, store_setup, store_teardown),
        cmocka_unit_test_setup_teardown(pages_are_given_back, store_setup, store_teardown),
        cmocka_unit_test_setup_teardown(the_wal_stays_small, store_setup, store_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
