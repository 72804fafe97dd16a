#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "db_jobs.h"
#include "db_store.h"
#include "model/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends a check with one result, of shop.example.com by dns-txt-token. CODE_NONE: it passes. */
static void end_with(struct db *db, int64_t id, enum code code, enum cause cause)
{
    struct write_job *job = job_results(id, 1);
    if (code != CODE_NONE)
        job_fail(job, 0, METHOD_DNS_TXT_TOKEN, code, CODE_NONE, cause);
    do_job(db, job, 0);
}

static void purge(struct db *db, int64_t below, uint32_t most)
{
    struct write_job *job = job_batch(WRITE_PURGE, below);
    job->most = most;
    do_job(db, job, 0);
}

/* ---------------------------------------------------------------- changes ---------------------------- */

static int see_change(void *user, const struct db_change_row *c)
{
    char *got = user;
    snprintf(got + strlen(got), 1000 - strlen(got), "%s%d: %s %s %s to %s %s %s, +%s -%s", *got ? "; " : "",
             (int)c->check, c->from.verdict, c->from.code ? c->from.code : "-",
             c->from.cause ? c->from.cause : "-", c->to.verdict, c->to.code ? c->to.code : "-",
             c->to.cause ? c->to.cause : "-", c->comparable ? c->came : "?", c->comparable ? c->gone : "?");
    return 0;
}

static void expect_changes(struct db *db, int64_t before, unsigned limit, const char *expected)
{
    char got[1000] = "";
    assert_int_equal(db_domain_changes(db, "shop.example.com", before, limit, see_change, got), 0);
    assert_string_equal(got, expected);
}

static int see_result(void *user, const struct db_result_row *row)
{
    char *got = user;
    assert_non_null(row->evidence);
    snprintf(got + strlen(got), 200 - strlen(got), "%d ", (int)row->check);
    return 0;
}

static void expect_latest(struct db *db, const char *expected)
{
    char got[200] = "";
    assert_int_equal(db_domain_latest(db, "shop.example.com", see_result, got), 0);
    assert_string_equal(got, expected);
}

#define TXT CODE_invalid_dns_txt
#define TO_FAIL "pass - - to fail invalid_dns_txt name-invalid, +name-invalid -"
#define TO_PASS "fail invalid_dns_txt name-invalid to pass - -, + -name-invalid"

static void a_domain_tells_what_changed(void **state)
{
    struct db *db = open_store(*state, DB_WRITE);
    bool known = true;
    assert_int_equal(db_domain_known(db, "shop.example.com", &known), 0);
    assert_false(known);
    for (int64_t id = 1; id <= 7; id++)
        do_job(db, job_request(id, "shop.example.com"), 0);
    assert_int_equal(db_domain_known(db, "shop.example.com", &known), 0);
    assert_true(known);
    expect_latest(db, "");
    end_with(db, 1, CODE_NONE, CAUSE_NONE);
    end_with(db, 2, CODE_NONE, CAUSE_NONE);
    expect_changes(db, 0, 0, ""); /* neither the first result nor an equal one is a change */
    end_with(db, 3, TXT, CAUSE_name_invalid);
    end_with(db, 4, TXT, CAUSE_name_internal); /* the same code with another cause */
    end_with(db, 5, CODE_NONE, CAUSE_NONE);
#define TO_INTERNAL                                                                                          \
    "4: fail invalid_dns_txt name-invalid to fail invalid_dns_txt name-internal, +name-internal "            \
    "-name-invalid"
    expect_changes(db, 0, 0,
                   "5: fail invalid_dns_txt name-internal to pass - -, + -name-internal; " TO_INTERNAL
                   "; 3: " TO_FAIL);
    expect_changes(db, 5, 1, TO_INTERNAL);
    expect_latest(db, "5 ");

    /* Check 7 ends before check 6: it is compared again when 6 has ended. */
    end_with(db, 7, CODE_NONE, CAUSE_NONE);
    expect_changes(db, 0, 1, "5: fail invalid_dns_txt name-internal to pass - -, + -name-internal");
    end_with(db, 6, TXT, CAUSE_name_invalid);
    expect_changes(db, 0, 2, "6: " TO_FAIL "; 7: " TO_PASS);
    expect_latest(db, "7 ");

    /* Changes are kept for each method of each domain: these results change nothing of the others. */
    do_job(db, job_request(8, "shop.example.com"), 0);
    struct write_job *job = job_results(8, 2);
    job->results[1].domain[0] = 'c';
    job_fail(job, 0, METHOD_CAA, CODE_caa_check_failed, CODE_NONE, CAUSE_name_invalid);
    do_job(db, job, 0);
    expect_changes(db, 0, 1, "6: " TO_FAIL);
    expect_latest(db, "7 8 ");

    /* The result before is deleted: the change still names its verdict and code, but not its causes. */
    purge(db, 3, 9);
    expect_changes(db, 3, 1, "");
    expect_changes(db, 4, 1, "3: pass - - to fail invalid_dns_txt name-invalid, +? -?");
    db_close(db);
}

/* ---------------------------------------------------------------- counts ----------------------------- */

/* The same counts, from a scan of all rows. */
static const char *const slow[] = {
    [COUNT_STATES] = "SELECT state, count(*) FROM request WHERE id >= ?1 AND id < ?2 GROUP BY 1",
    [COUNT_VERDICTS] = "SELECT verdict, count(*) FROM result WHERE request >= ?1 AND request < ?2 GROUP BY 1",
    [COUNT_METHODS] = "SELECT method, count(*) FROM result WHERE request >= ?1 AND request < ?2 GROUP BY 1",
    [COUNT_CODES] =
        "SELECT code, count(*) FROM result WHERE request >= ?1 AND request < ?2 AND code IS NOT NULL "
        "GROUP BY 1",
    [COUNT_DETAIL_CODES] =
        "SELECT detail_code, count(*) FROM result WHERE request >= ?1 AND request < ?2 AND "
        "detail_code IS NOT NULL GROUP BY 1",
    [COUNT_CAUSES] = "SELECT cause, count(*) FROM finding WHERE request >= ?1 AND request < ?2 GROUP BY 1",
    [COUNT_DAYS] =
        "SELECT date((request >> 21) / 1000, 'unixepoch'), count(*) FROM result WHERE request >= ?1 AND "
        "request < ?2 GROUP BY 1",
};

static int see_count(void *user, const char *value, int64_t n)
{
    char *got = user;
    snprintf(got + strlen(got), 2000 - strlen(got), "%s %d, ", value, (int)n);
    return 0;
}

static void expect_true_counts(struct db *db, dcv_time since, dcv_time until)
{
    for (unsigned k = 0; k < DB_COUNT_KINDS; k++) {
        char got[2000] = "", expected[2000] = "";
        sqlite3_stmt *s;
        assert_int_equal(db_prepare(db, slow[k], &s), 0);
        sqlite3_bind_int64(s, 1, db_id_at(since));
        sqlite3_bind_int64(s, 2, until == TIME_UNKNOWN ? INT64_MAX : db_id_at(until));
        assert_int_equal(db_counts(db, s, see_count, expected), 0);
        sqlite3_finalize(s);
        assert_int_equal(db_count(db, (enum db_count)k, since, until, see_count, got), 0);
        if (strcmp(got, expected))
            fail_msg("kind %u since %lld until %lld: '%s', not '%s'", k, (long long)since, (long long)until,
                     got, expected);
    }
}

static unsigned seed = 20261122;

static void expect_true_counts_of_many(struct db *db, dcv_time first, dcv_time span)
{
    expect_true_counts(db, TIME_UNKNOWN, TIME_UNKNOWN);
    for (int i = 0; i < 60; i++) {
        /* Times in whole milliseconds, hours and days; short and long spans, and some that end before they begin. */
        static const dcv_time units[] = {1, HOUR_MS, DAY_MS};
        dcv_time unit = units[i % 3], a = first + rand_r(&seed) % span,
                 b = i % 2 ? a + rand_r(&seed) % HOUR_MS * 2 : first + rand_r(&seed) % span;
        expect_true_counts(db, a / unit * unit, i % 5 ? b / unit * unit : TIME_UNKNOWN);
    }
}

static void counts_are_true_to_the_millisecond(void **state)
{
    enum { CHECKS = 1500, DAYS = 5 };
    struct db *db = open_store(*state, DB_WRITE);
    const dcv_time first = 20000 * (dcv_time)DAY_MS, span = DAYS * (dcv_time)DAY_MS;
    int64_t ids[CHECKS];
    for (int i = 0; i < CHECKS; i++) {
        dcv_time at = first + rand_r(&seed) % span;
        if (i % 10 == 0)
            at = at / HOUR_MS * HOUR_MS; /* the first millisecond of an hour */
        ids[i] = db_id_at(at) + i;
        do_job(db, job_request(ids[i], "a.example"), 0);
        struct write_job *job = i % 7 ? job_results(ids[i], 1 + (size_t)i % 3) : job_cancel(ids[i]);
        if (job->n_results == 3) {
            job_fail(job, 0, METHOD_DNS_TXT_TOKEN, CODE_invalid_dns_txt, CODE_dns_mismatch,
                     CAUSE_name_invalid);
            job_fail(job, 1, METHOD_CAA, CODE_caa_check_failed, CODE_NONE, CAUSE_name_internal);
        }
        if (i % 11)
            do_job(db, job, 0);
        else
            write_job_free(job); /* this check does not end */
    }
    /* Counts are undone with a transaction that is rolled back, and with a single job that fails. */
    struct write_job *again = job_results(ids[11], 3), *late = job_results(ids[11], 2), *strange = job_results(99, 1);
    assert_int_equal(db_begin(db), 0);
    assert_int_equal(db_do(db, again), 0);
    db_rollback(db);
    assert_int_equal(db_begin(db), 0);
    assert_int_equal(db_do_alone(db, strange), -ENOENT);
    assert_int_equal(db_do_alone(db, again), 0);
    assert_int_equal(db_do_alone(db, late), -EALREADY);
    assert_int_equal(db_commit(db), 0);
    write_job_free(again);
    write_job_free(late);
    write_job_free(strange);
    expect_true_counts_of_many(db, first, span);
    purge(db, db_id_at(first + span / 3), 200);
    expect_true_counts_of_many(db, first, span);
    purge(db, INT64_MAX, CHECKS); /* the newest result, too: its id is used again */
    expect_true_counts(db, TIME_UNKNOWN, TIME_UNKNOWN);
    sqlite3_stmt *s;
    assert_int_equal(db_prepare(db, "SELECT count(*) FROM tally", &s), 0);
    int64_t left = -1;
    assert_int_equal(db_number(db, s, &left), 0);
    sqlite3_finalize(s);
    assert_int_equal(left, 0); /* rows with a count of 0 are deleted */
    for (int i = 0; i < CHECKS; i += 11)
        if (i != 11)
            end_with(db, ids[i], TXT, CAUSE_name_invalid);
    expect_true_counts_of_many(db, first, span);
    db_close(db);
}

/* Neither reads a whole table: each part of a count and of a domain's history is found by an index. */
static void counts_and_history_read_no_whole_table(void **state)
{
    static const enum db_statement statements[] = {
        STMT_COUNT_STATES, STMT_COUNT_VERDICTS, STMT_COUNT_METHODS, STMT_COUNT_CODES, STMT_COUNT_DETAIL_CODES,
        STMT_COUNT_CAUSES, STMT_COUNT_DAYS,     STMT_LATEST,        STMT_CHANGES,     STMT_DOMAIN_KNOWN,
        STMT_NEWEST,       STMT_SUCCESSOR,      STMT_CHANGE,        STMT_WATCHES,     STMT_WATCHES_ACTIVE};
    static const char *const big[] = {"SCAN request", "SCAN result",  "SCAN finding", "SCAN f",      "SCAN r",
                                      "SCAN change",  "SCAN watch\n", "SCAN tally\n", "FOR ORDER BY"};
    struct db *db = open_store(*state, DB_WRITE);
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        char sql[4000], plan[8000] = "";
        sqlite3_stmt *s;
        snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s", sqlite3_sql(db->statement[statements[i]]));
        assert_int_equal(db_prepare(db, sql, &s), 0);
        while (sqlite3_step(s) == SQLITE_ROW)
            snprintf(plan + strlen(plan), sizeof plan - strlen(plan), "%s\n",
                     (const char *)sqlite3_column_text(s, 3));
        sqlite3_finalize(s);
        assert_true(*plan);
        for (size_t k = 0; k < sizeof big / sizeof *big; k++) {
            const char *at = strstr(plan, big[k]);
            if (at && strncmp(at, "SCAN watch USING INDEX watch_active", 35))
                fail_msg("%s\n%s", sql, plan);
        }
    }
    db_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_domain_tells_what_changed, store_setup, store_teardown),
        cmocka_unit_test_setup_teardown(counts_are_true_to_the_millisecond, store_setup, store_teardown),
        cmocka_unit_test_setup_teardown(counts_and_history_read_no_whole_table, store_setup, store_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
