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

/* Runs a query with a connection of its own, as a person with sqlite3 would. Returns its first row, columns with |
 * between. */
static char *query(const char *path, const char *sql)
{
    static char out[10000];
    sqlite3 *c;
    sqlite3_stmt *s;
    assert_int_equal(sqlite3_open_v2(path, &c, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    if (sqlite3_prepare_v2(c, sql, -1, &s, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(c));
    out[0] = 0;
    for (size_t n = 0; sqlite3_step(s) == SQLITE_ROW;)
        for (int i = 0; i < sqlite3_column_count(s); i++) {
            const unsigned char *v = sqlite3_column_text(s, i);
            n +=
                (size_t)snprintf(out + n, sizeof out - n, "%s%s", n ? "|" : "", v ? (const char *)v : "NULL");
            assert_true(n < sizeof out);
        }
    sqlite3_finalize(s);
    sqlite3_close(c);
    return out;
}

/* ---------------------------------------------------------------- ids -------------------------------- */

static void ids_are_ordered_and_have_one_spelling(void **state)
{
    (void)state;
    const dcv_time now = 1795348800123;
    int64_t a = db_id_next(now), b = db_id_next(now), c = db_id_next(now - 60000), d = db_id_next(now + 1);
    assert_true(a >= db_id_at(now) && a < b && b < c && c < d); /* the clock was set back before c */
    assert_int_equal(d >> DB_ID_COUNTER_BITS, now + 1);
    db_id_seed(d + 100);
    db_id_seed(d);
    assert_int_equal(db_id_next(now), d + 101);

    char text[17];
    int64_t back = 0;
    db_id_text(a, text);
    assert_int_equal(strlen(text), 16);
    assert_true(db_id_parse(text, &back));
    assert_int_equal(back, a);
    static const char *const bad[] = {"",
                                      "0",
                                      "0000000000000abg",
                                      "0000000000000ABC",
                                      " 000000000000001",
                                      "00000000000000011",
                                      "8000000000000000",
                                      "-000000000000001"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        back = 7;
        assert_false(db_id_parse(bad[i], &back));
        assert_int_equal(back, 7);
    }
    assert_int_equal(db_id_at(INT64_MAX), INT64_MAX);
    assert_int_equal(db_id_at(TIME_UNKNOWN), 0);
}

/* ---------------------------------------------------------------- catalogues ------------------------- */

static void every_code_and_cause_is_a_row(void **state)
{
    char *path = *state, want[50], sql[200];
    db_close(open_store(path, DB_WRITE));
    snprintf(want, sizeof want, "%d|%d", CODE_COUNT, CAUSE_COUNT);
    const char *counts = "SELECT (SELECT count(*) FROM error_code), (SELECT count(*) FROM cause)";
    assert_string_equal(query(path, counts), want);
    for (int i = CODE_NONE + 1; i <= CODE_COUNT; i++) {
        const struct code_info *info = code_info((enum code)i);
        char row[500];
        snprintf(sql, sizeof sql,
                 "SELECT spelling, status, variables, class, basis FROM error_code WHERE code = '%s'",
                 info->code);
        snprintf(row, sizeof row, "%s|%d|%d|%s|%s", info->spelling, info->status, info->variables,
                 code_class_name(info->class), code_basis_name(info->basis));
        assert_string_equal(query(path, sql), row);
    }

    /* Opening corrects a row that differs from the program's catalogue; a row that the program no longer has stays. */
    sqlite3 *c;
    sqlite3_open(path, &c);
    assert_int_equal(sqlite3_exec(c,
                                  "UPDATE error_code SET status = 299 WHERE code = 'dns_mismatch';"
                                  "UPDATE cause SET rank = 9999;"
                                  "INSERT INTO cause VALUES ('from-before', 9, 'note', '', '', '')",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(c);
    db_close(open_store(path, DB_WRITE));
    assert_string_equal(query(path, "SELECT status FROM error_code WHERE code = 'dns_mismatch'"), "400");
    assert_string_equal(query(path, "SELECT count(*) FROM cause WHERE rank = 9999"), "0");
    assert_string_equal(query(path, "SELECT weight FROM cause WHERE id = 'from-before'"), "note");
}

/* ---------------------------------------------------------------- a check's life --------------------- */

struct seen {
    size_t n;
    int64_t ids[50];
    enum db_state state;
    dcv_time ended;
    char domain[100], text[200];
    int stop_with;
};

static int see_check(void *user, const struct db_check_row *row)
{
    struct seen *seen = user;
    assert_true(seen->n < 50);
    seen->ids[seen->n++] = row->id;
    seen->state = row->state;
    seen->ended = row->ended;
    snprintf(seen->domain, sizeof seen->domain, "%s", row->domain);
    snprintf(seen->text, sizeof seen->text, "%s", row->request);
    return seen->stop_with;
}

static int see_result(void *user, const struct db_result_row *row)
{
    struct seen *seen = user;
    seen->n++;
    assert_int_equal(strlen(row->report), row->report_len);
    assert_true(!row->evidence || strlen(row->evidence) == row->evidence_len);
    snprintf(seen->text, sizeof seen->text, "%s|%s", row->report, row->evidence ? row->evidence : "-");
    return seen->stop_with;
}

static void a_check_is_queued_then_done(void **state)
{
    char *path = *state;
    struct db *db = open_store(path, DB_WRITE), *reader = open_store(path, DB_READ);
    int64_t last = -1;
    assert_int_equal(db_last_id(db, &last), 0);
    assert_int_equal(last, 0);

    do_job(db, job_request(5, "Shop.EXAMPLE.com"), 0);
    struct seen seen = {0};
    assert_int_equal(db_check(reader, 5, see_check, &seen), 0);
    assert_int_equal(seen.state, STATE_QUEUED);
    assert_true(seen.ended == TIME_UNKNOWN);
    assert_string_equal(seen.domain, "shop.example.com");
    assert_string_equal(seen.text, "{\"domain\":\"Shop.EXAMPLE.com\"}");

    struct write_job *job = job_results(5, 2);
    job_fail(job, 1, METHOD_DNS_TXT_TOKEN, CODE_invalid_dns_txt, CODE_dns_mismatch, CAUSE_name_invalid);
    do_job(db, job, 0);
    memset(&seen, 0, sizeof seen);
    assert_int_equal(db_check(reader, 5, see_check, &seen), 0);
    assert_int_equal(seen.state, STATE_DONE);
    assert_false(seen.ended == TIME_UNKNOWN);
    memset(&seen, 0, sizeof seen);
    assert_int_equal(db_results(reader, 5, true, see_result, &seen), 0);
    assert_int_equal(seen.n, 2);
    assert_string_equal(seen.text, "{\"verdict\":\"pass\"}|{\"request\":{},\"evidence\":[]}");
    assert_int_equal(db_results(reader, 5, false, see_result, &seen), 0);
    assert_string_equal(seen.text, "{\"verdict\":\"pass\"}|-");
    seen = (struct seen){.stop_with = 42};
    assert_int_equal(db_results(reader, 5, false, see_result, &seen), 42);
    assert_int_equal(seen.n, 1);

    /* Results can be found by code with sqlite3 (README). */
    assert_string_equal(query(path, "SELECT domain, variable FROM result WHERE detail_code = 'dns_mismatch'"),
                        "shop.example.com|shop.example.com");
    assert_string_equal(
        query(path, "SELECT check_id, started_at, domain, method, code, detail_code, cause FROM failures"),
        "0000000000000005|2026-11-22T12:00:00.000Z|shop.example.com|dns-txt-token|invalid_dns_txt|"
        "dns_mismatch|name-invalid");
    assert_string_equal(query(path, "SELECT state, submitted_at, ended_at, verdict, first_cause FROM checks "
                                    "ORDER BY result"),
                        "done|2026-11-22T12:00:00.000Z|2026-11-22T12:00:00.000Z|pass|NULL|"
                        "done|2026-11-22T12:00:00.000Z|2026-11-22T12:00:00.000Z|fail|name-invalid");

    assert_int_equal(db_check(reader, 6, see_check, &seen), -ENOENT);
    assert_int_equal(db_last_id(reader, &last), 0);
    assert_int_equal(last, 5);
    db_close(reader);
    db_close(db);
}

static void what_cannot_be_done_leaves_no_trace(void **state)
{
    char *path = *state;
    struct db *db = open_store(path, DB_WRITE);
    do_job(db, job_request(1, "a.example"), 0);
    do_job(db, job_request(1, "b.example"), -EEXIST);
    do_job(db, job_results(2, 1), -ENOENT);
    do_job(db, job_cancel(2), -ENOENT);
    struct write_job *job = job_results(1, 3);
    free(job->results[2].report);
    job->results[2].report = NULL;
    do_job(db, job, -EINVAL);
    assert_string_equal(query(path, "SELECT count(*), state, domain FROM request"), "1|queued|a.example");

    do_job(db, job_cancel(1), 0);
    do_job(db, job_cancel(1), 0);
    do_job(db, job_results(1, 1), -EALREADY); /* it was cancelled while it ran */
    assert_string_equal(query(path, "SELECT state FROM request"), "cancelled");
    assert_string_equal(query(path, "SELECT count(*) FROM result"), "0");

    /* db_do_alone: a job that fails leaves the other jobs of the transaction as they are. */
    assert_int_equal(db_begin(db), 0);
    struct write_job *good[] = {job_request(3, "c.example"), job_results(3, 1)};
    struct write_job *bad = job_results(3, 1);
    assert_int_equal(db_do_alone(db, good[0]), 0);
    assert_int_equal(db_do_alone(db, good[1]), 0);
    assert_int_equal(db_do_alone(db, bad), -EALREADY);
    assert_int_equal(db_commit(db), 0);
    assert_string_equal(query(path, "SELECT count(*) FROM result WHERE request = 3"), "1");
    write_job_free(good[0]);
    write_job_free(good[1]);
    write_job_free(bad);

    struct seen seen = {0};
    do_job(db, job_request(9, "d.example"), 0);
    do_job(db, job_request(8, "d.example"), 0);
    assert_int_equal(db_unfinished(db, see_check, &seen), 0);
    assert_int_equal(seen.n, 2);
    assert_int_equal(seen.ids[0], 8);
    assert_int_equal(seen.ids[1], 9);
    db_close(db);
}

/* ---------------------------------------------------------------- listing ---------------------------- */

static const struct db_filter any = {
    .verdict = -1, .method = -1, .since = TIME_UNKNOWN, .until = TIME_UNKNOWN};

static void expect_list(struct db *db, struct db_filter f, const char *expected)
{
    struct seen seen = {0};
    char got[200] = "";
    assert_int_equal(db_list(db, &f, see_check, &seen), 0);
    for (size_t i = 0; i < seen.n; i++)
        snprintf(got + strlen(got), sizeof got - strlen(got), "%s%d", i ? " " : "",
                 (int)(seen.ids[i] & ((1 << DB_ID_COUNTER_BITS) - 1)));
    assert_string_equal(got, expected);
}

/* Check n is id n of millisecond n * 1000. */
static int64_t id_of(int n)
{
    return db_id_at(n * 1000) + n;
}

#define LIST(expected, ...)                                                                                  \
    do {                                                                                                     \
        struct db_filter f_ = any;                                                                           \
        __VA_ARGS__;                                                                                         \
        expect_list(reader, f_, expected);                                                                   \
    } while (0)

static void lists_are_filtered_newest_first(void **state)
{
    char *path = *state;
    struct db *db = open_store(path, DB_WRITE), *reader = open_store(path, DB_READ);
    LIST("", (void)f_);
    for (int n = 1; n <= 6; n++)
        do_job(db, job_request(id_of(n), n % 2 ? "odd.example" : "even.example"), 0);
    /* Results come in another order than requests; check 6 gets none. */
    static const int order[] = {3, 1, 5, 2, 4};
    for (int i = 0; i < 5; i++) {
        struct write_job *job = job_results(id_of(order[i]), 2); /* dns-txt-token and dns-cname-token pass */
        for (size_t k = 0; k < 2; k++) {
            free(job->results[k].domain);
            job->results[k].domain = strdup(order[i] % 2 ? "Odd.example" : "even.example");
        }
        switch (order[i]) {
        case 1:
        case 4: /* both results match the same filter: the check is listed once */
            job_fail(job, 0, METHOD_DNS_TXT_TOKEN, CODE_invalid_dns_txt, CODE_dns_mismatch,
                     CAUSE_name_invalid);
            job_fail(job, 1, METHOD_DNS_CNAME_TOKEN, CODE_invalid_dns_txt, CODE_dns_mismatch,
                     CAUSE_name_invalid);
            break;
        case 2:
            job_fail(job, 0, METHOD_DNS_TXT_TOKEN, CODE_invalid_dns_txt, CODE_dns_entry_missing,
                     CAUSE_name_internal);
            break;
        case 3:
            job_fail(job, 1, METHOD_CAA, CODE_caa_check_failed, CODE_NONE, CAUSE_name_internal);
            break;
        }
        do_job(db, job, 0);
    }

    LIST("6 5 4 3 2 1", (void)f_);
    LIST("6 5", f_.limit = 2);
    LIST("4 3", f_.limit = 2, f_.before = id_of(5));
    LIST("5 3 1", f_.domain = "ODD.example");
    LIST("3", f_.domain = "odd.example", f_.before = id_of(5), f_.limit = 1);
    LIST("4 2 1", f_.code = "invalid_dns_txt");
    LIST("4 2", f_.code = "invalid_dns_txt", f_.limit = 2);
    LIST("2 1", f_.code = "invalid_dns_txt", f_.limit = 2, f_.before = id_of(4));
    LIST("", f_.code = "invalid_dns_txt'--");
    LIST("4 1", f_.detail_code = "dns_mismatch");
    LIST("1", f_.detail_code = "dns_mismatch", f_.domain = "odd.example");
    LIST("3 2", f_.cause = "name-internal");
    LIST("3", f_.cause = "name-internal", f_.code = "caa_check_failed");
    LIST("3", f_.cause = "name-internal", f_.method = METHOD_CAA, f_.domain = "odd.example");
    LIST("4 3 2 1", f_.verdict = VERDICT_FAIL);
    LIST("5 3 2", f_.verdict = VERDICT_PASS);
    LIST("3", f_.method = METHOD_CAA);
    LIST("5 2", f_.method = METHOD_DNS_CNAME_TOKEN, f_.verdict = VERDICT_PASS);
    LIST("", f_.method = METHOD_CAA, f_.verdict = VERDICT_PASS); /* one and the same result has to match both */
    LIST("4 3", f_.since = 3000, f_.until = 5000);
    LIST("4", f_.since = 3000, f_.until = 5000, f_.code = "invalid_dns_txt");
    LIST("4", f_.since = 3000, f_.cause = "name-invalid");

    db_close(reader);
    db_close(db);
}

static void expect_count(struct db *db, enum db_count what, dcv_time since, dcv_time until, const char *expected)
{
    char got[200] = "";
    assert_int_equal(db_count(db, what, since, until, list_count, got), 0);
    assert_string_equal(got, expected);
}

/* A check that was submitted then, and has ended. */
static void ended_at(struct db *db, int64_t id, dcv_time at)
{
    struct write_job *job = job_request(id, "a.example");
    job->at = at;
    do_job(db, job, 0);
    do_job(db, job_cancel(id), 0);
}

static int collect(void *user, const struct db_check_row *row)
{
    char *got = user;
    (void)sprintf(got + strlen(got), "%lld ", (long long)(row->submitted / 86400000));
    return 0;
}

static void a_clock_that_was_ahead_once_hides_nothing(void **state)
{
    static const dcv_time day = 86400000;
    const int64_t ahead = db_id_at(9000 * day);
    char *path = *state, got[200] = "";
    struct db *db = open_store(path, DB_WRITE);
    int64_t bound, aged, ended;
    ended_at(db, db_id_at(10 * day), 10 * day);
    assert_int_equal(db_bound(db, 11 * day, &bound), 0);
    assert_int_equal(bound, db_id_at(11 * day));
    /* The clock shows day 9000 for one check; after that ids go on from there. */
    ended_at(db, ahead, 9000 * day);
    ended_at(db, ahead + 1, 12 * day);
    ended_at(db, ahead + 2, 20 * day);
    assert_int_equal(db_bound(db, 15 * day, &bound), 0);
    assert_int_equal(bound, ahead + 2);
    assert_int_equal(db_bound(db, 5 * day, &bound), 0);
    assert_true(bound <= db_id_at(10 * day));
    struct db_filter f = {.verdict = -1, .method = -1, .since = 11 * day, .until = 15 * day};
    assert_int_equal(db_list(db, &f, collect, got), 0);
    assert_string_equal(got, "12 9000 ");
    /* The check whose time is ahead is as old as the one after it. */
    assert_int_equal(db_bound(db, 13 * day, &bound), 0);
    assert_int_equal(db_aged(db, bound, &aged, &ended), 0);
    assert_int_equal(aged, 3);
    assert_int_equal(ended, 4);
    struct write_job purge = {.kind = WRITE_PURGE, .id = bound, .most = 100};
    assert_int_equal(db_begin(db), 0);
    assert_int_equal(db_do(db, &purge), 0);
    assert_int_equal(db_commit(db), 0);
    assert_int_equal(purge.deleted, 3);
    db_close(db);
}

static void old_checks_go_whole_and_counts_follow(void **state)
{
    static const dcv_time day = 86400000;
    char *path = *state;
    struct db *db = open_store(path, DB_WRITE);
    for (int n = 1; n <= 4; n++) {
        do_job(db, job_request(db_id_at(n * day), "a.example"), 0);
        if (n == 2)
            continue; /* it has not ended, so it is never purged */
        struct write_job *job = job_results(db_id_at(n * day), 2);
        job_fail(job, 0, METHOD_DNS_TXT_TOKEN, CODE_invalid_dns_txt, CODE_dns_mismatch, CAUSE_name_invalid);
        do_job(db, job, 0);
    }
    expect_count(db, COUNT_STATES, TIME_UNKNOWN, TIME_UNKNOWN, "done 3, queued 1");
    expect_count(db, COUNT_VERDICTS, TIME_UNKNOWN, TIME_UNKNOWN, "fail 3, pass 3");
    expect_count(db, COUNT_METHODS, 4 * day, TIME_UNKNOWN, "dns-cname-token 1, dns-txt-token 1");
    expect_count(db, COUNT_CODES, TIME_UNKNOWN, TIME_UNKNOWN, "invalid_dns_txt 3");
    expect_count(db, COUNT_DETAIL_CODES, 3 * day, TIME_UNKNOWN, "dns_mismatch 2");
    expect_count(db, COUNT_CAUSES, 3 * day + 1, TIME_UNKNOWN, "name-invalid 1");
    expect_count(db, COUNT_DAYS, TIME_UNKNOWN, TIME_UNKNOWN, "1970-01-02 2, 1970-01-04 2, 1970-01-05 2");

    static const uint32_t deleted[] = {1, 1, 0};
    for (int i = 0; i < 3; i++) {
        struct write_job purge = {.kind = WRITE_PURGE, .id = db_id_at(4 * day), .most = 1};
        assert_int_equal(db_begin(db), 0);
        assert_int_equal(db_do(db, &purge), 0);
        assert_int_equal(db_commit(db), 0);
        assert_int_equal(purge.deleted, deleted[i]);
    }
    assert_string_equal(query(path, "SELECT (SELECT count(*) FROM request), (SELECT count(*) FROM result), "
                                    "(SELECT count(*) FROM finding)"),
                        "2|2|1");
    /* The space of a deleted check no longer counts as used, though the file keeps its length. */
    struct db_size small, large, again;
    assert_int_equal(db_size(db, &small), 0);
    struct write_job *job = job_request(db_id_at(5 * day), "large.example");
    job->request = realloc(job->request, 400000);
    assert_non_null(job->request);
    memset(job->request, ' ', 400000);
    job->request_len = 400000;
    do_job(db, job, 0);
    do_job(db, job_cancel(db_id_at(5 * day)), 0);
    assert_int_equal(db_size(db, &large), 0);
    assert_in_range(large.used - small.used, 390000, 420000); /* a part of it may fill a page that had free space */
    struct write_job purge = {.kind = WRITE_PURGE, .id = INT64_MAX, .most = 100};
    assert_int_equal(db_begin(db), 0);
    assert_int_equal(db_do(db, &purge), 0);
    assert_int_equal(db_commit(db), 0);
    assert_int_equal(purge.deleted, 2);
    assert_int_equal(db_size(db, &again), 0);
    assert_true(again.used <= small.used);
    db_close(db);
}

/* Every combination of filters uses an index; none sorts more than one page of the listing. */
static void no_list_reads_a_whole_table(void **state)
{
    char *path = *state;
    db_close(open_store(path, DB_WRITE));
    for (unsigned filters = 0; filters < FILTER_COMBINATIONS; filters++) {
        char text[DB_LIST_TEXT], sql[DB_LIST_TEXT + 30];
        db_list_sql(filters, text);
        snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s", text);
        const char *plan = query(path, sql);
        /* Only the subqueries are scanned: the page itself, and with a domain one for each method. */
        for (const char *scan = plan; (scan = strstr(scan, "SCAN ")); scan++)
            if (strncmp(scan, "SCAN h", 6) && strncmp(scan, "SCAN (subquery", 14))
                fail_msg("filters %u: %s: %s", filters, text, plan);
        const char *sort = strstr(plan, "B-TREE FOR ORDER BY");
        if (sort && (strchr(sort, '|') || !strstr(plan, "SCAN ")))
            fail_msg("filters %u: %s: %s", filters, text, plan);
    }
    static const struct {
        unsigned filters;
        const char *index;
    } expected[] = {
        {0, "INTEGER PRIMARY KEY (rowid>? AND rowid<?)"},
        {FILTER_DOMAIN, "result_domain (domain=? AND method=? AND request>? AND request<?)"},
        {FILTER_DOMAIN, "request_unreported (domain=? AND rowid>? AND rowid<?)"},
        {FILTER_CODE, "result_code (code=? AND request>? AND request<?)"},
        {FILTER_DETAIL, "result_detail_code (detail_code=? AND request>? AND request<?)"},
        {FILTER_CAUSE, "finding_cause (cause=? AND request>? AND request<?)"},
        {FILTER_VERDICT, "result_outcome (verdict=? AND method=? AND request>? AND request<?)"},
        {FILTER_METHOD, "result_outcome (verdict=? AND method=? AND request>? AND request<?)"},
        {FILTER_LABEL, "request_label (label=? AND rowid>? AND rowid<?)"},
        {FILTER_LABEL | FILTER_DOMAIN, "request_label (label=? AND rowid>? AND rowid<?)"},
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        char text[DB_LIST_TEXT], sql[DB_LIST_TEXT + 30];
        db_list_sql(expected[i].filters, text);
        snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s", text);
        if (!strstr(query(path, sql), expected[i].index))
            fail_msg("%s: %s", expected[i].index, query(path, sql));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_ordered_and_have_one_spelling),
        cmocka_unit_test_setup_teardown(every_code_and_cause_is_a_row, store_setup, store_teardown),
        cmocka_unit_test_setup_teardown(a_check_is_queued_then_done, store_setup, store_teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_done_leaves_no_trace, store_setup, store_teardown),
        cmocka_unit_test_setup_teardown(lists_are_filtered_newest_first, store_setup, store_teardown),
        cmocka_unit_test_setup_teardown(a_clock_that_was_ahead_once_hides_nothing, store_setup, store_teardown),
        cmocka_unit_test_setup_teardown(old_checks_go_whole_and_counts_follow, store_setup, store_teardown),
        cmocka_unit_test_setup_teardown(no_list_reads_a_whole_table, store_setup, store_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
