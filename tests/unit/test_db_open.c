#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/hash.h"
#include "db_jobs.h"
#include "db_store.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void expect_refusal(const char *path, enum db_mode mode, int expected)
{
    struct db *db = NULL;
    char why[DB_ERROR_TEXT] = "";
    int r = db_open(path, mode, &db, why);
    if (r != expected)
        fail_msg("%s: %d (%s), expected %d", path, r, why, expected);
    assert_null(db);
    assert_int_equal(strncmp(why, path, strlen(path)), 0);
    assert_true(strlen(why) > strlen(path) + 2);
    assert_null(strchr(why, '\n'));
}

/* A hash (FNV-1a) of a file and its WAL; a missing file counts as empty. */
static uint64_t sum(const char *path)
{
    static const char *const parts[] = {"", "-wal", "-journal"};
    uint64_t h = FNV_START;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        char name[300];
        snprintf(name, sizeof name, "%s%s", path, parts[i]);
        FILE *f = fopen(name, "rb");
        for (int c; f && (c = getc(f)) != EOF;)
            h = fnv_byte(h, (uint8_t)c);
        if (f)
            fclose(f);
        h = fnv_byte(h, (uint8_t)i);
    }
    return h;
}

static void expect_untouched_refusal(const char *path, int as_writer, int as_reader)
{
    uint64_t before = sum(path);
    expect_refusal(path, DB_WRITE, as_writer);
    expect_refusal(path, DB_READ, as_reader);
    assert_true(sum(path) == before);
}

static void put(const char *path, off_t at, const void *bytes, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, n, at), n);
    close(fd);
}

/* Runs SQL on the file. keep_wal: leaves what was written in the WAL, as a killed process does. */
static void alter(const char *path, bool keep_wal, const char *sql)
{
    sqlite3 *c;
    char *said = NULL;
    assert_int_equal(sqlite3_open(path, &c), SQLITE_OK);
    sqlite3_db_config(c, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, (int)keep_wal, NULL);
    if (sqlite3_exec(c, sql, NULL, NULL, &said) != SQLITE_OK)
        fail_msg("%s: %s", sql, said);
    sqlite3_close(c);
}

static void other_files_are_refused_untouched(void **state)
{
    char *path = *state;
    expect_refusal(path, DB_READ, -ENOENT);
    put(path, 0, "", 0);
    expect_refusal(path, DB_READ, -EMEDIUMTYPE);
    put(path, 0, "domain,method\n", 14);
    expect_untouched_refusal(path, -EMEDIUMTYPE, -EMEDIUMTYPE);
    char filler[4096];
    memset(filler, 'x', sizeof filler);
    put(path, 0, filler, sizeof filler);
    expect_untouched_refusal(path, -EMEDIUMTYPE, -EMEDIUMTYPE);
    unlink(path);

    alter(path, false, "PRAGMA application_id = 7; CREATE TABLE t (x)");
    expect_untouched_refusal(path, -EMEDIUMTYPE, -EMEDIUMTYPE);
    unlink(path);
    alter(path, false, "CREATE TABLE t (x)");
    expect_untouched_refusal(path, -EMEDIUMTYPE, -EMEDIUMTYPE);
    unlink(path);
    /* The file itself is empty, because all its data is in the WAL. */
    alter(path, true, "PRAGMA journal_mode = WAL; CREATE TABLE t (x)");
    expect_untouched_refusal(path, -EMEDIUMTYPE, -EMEDIUMTYPE);
}

static void other_paths_are_refused(void **state)
{
    char *path = *state, name[300];
    assert_int_equal(mkdir(path, 0700), 0);
    expect_refusal(path, DB_WRITE, -EMEDIUMTYPE);
    expect_refusal(path, DB_READ, -EMEDIUMTYPE);
    rmdir(path);
    snprintf(name, sizeof name, "%s/none/dcvd.db", path);
    expect_refusal(name, DB_WRITE, -ENOENT);
    snprintf(name, sizeof name, "%.200s\n", path);
    struct db *db;
    char why[DB_ERROR_TEXT];
    assert_int_equal(db_open(name, DB_READ, &db, why), -ENOENT);
    assert_null(strchr(why, '\n'));
}

static void a_newer_schema_is_refused_untouched(void **state)
{
    char *path = *state;
    db_close(open_store(path, DB_WRITE));
    alter(path, true, "PRAGMA user_version = 99"); /* only the WAL has the version */
    expect_untouched_refusal(path, -EPROTO, -EPROTO);
    alter(path, false, "SELECT 1 FROM request");
    expect_untouched_refusal(path, -EPROTO, -EPROTO);
    alter(path, false, "PRAGMA user_version = 0");
    expect_untouched_refusal(path, -EILSEQ, -EILSEQ);
}

static void a_corrupt_store_is_refused_untouched(void **state)
{
    char *path = *state;
    struct db *db = open_store(path, DB_WRITE);
    assert_int_equal(db_begin(db), 0);
    for (int i = 1; i <= 500; i++) {
        struct write_job *job = job_request(i, "a.example");
        assert_int_equal(db_do(db, job), 0);
        write_job_free(job);
    }
    assert_int_equal(db_commit(db), 0);
    db_close(db);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);

    /* Destroys the type and the cell count of any page. */
    char saved[8192], broken[8192];
    memset(broken, 0xa5, sizeof broken);
    int found = 0;
    for (off_t at = sizeof saved; at < st.st_size; at += (off_t)sizeof saved) {
        int fd = open(path, O_RDONLY);
        assert_int_equal(pread(fd, saved, sizeof saved, at), sizeof saved);
        close(fd);
        put(path, at, broken, sizeof broken);
        uint64_t before = sum(path);
        expect_refusal(path, DB_WRITE, -EILSEQ);
        assert_true(sum(path) == before);
        put(path, at, saved, sizeof saved);
        found++;
    }
    assert_true(found > 20);
    db_close(open_store(path, DB_WRITE));

    assert_int_equal(truncate(path, st.st_size / 2), 0);
    expect_untouched_refusal(path, -EILSEQ, -EILSEQ);
    unlink(path);

    db_close(open_store(path, DB_WRITE));
    alter(path, false, "DROP INDEX finding_cause; DROP VIEW failures; DROP TABLE finding");
    uint64_t before = sum(path);
    expect_refusal(path, DB_WRITE, -EILSEQ);
    assert_true(sum(path) == before);
}

/* ---------------------------------------------------------------- who may write ---------------------- */

static void a_second_writer_is_refused(void **state)
{
    char *path = *state, other[300];
    struct db *db = open_store(path, DB_WRITE);
    expect_refusal(path, DB_WRITE, -EBUSY);
    snprintf(other, sizeof other, "%s.link", path);
    assert_int_equal(symlink(path, other), 0);
    expect_refusal(other, DB_WRITE, -EBUSY); /* another name of the same file */
    db_close(open_store(other, DB_READ));
    db_close(db);

    /* The lock of a process that was killed is gone. */
    int ends[2];
    char c;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        open_store(path, DB_WRITE);
        if (write(ends[1], "x", 1) == 1)
            pause();
        _exit(1);
    }
    assert_int_equal(read(ends[0], &c, 1), 1);
    expect_refusal(path, DB_WRITE, -EBUSY);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    close(ends[0]);
    close(ends[1]);
    db_close(open_store(path, DB_WRITE));
}

/* Calls fn(path) in a child process. fn returns 0, or the number of the line whose check failed. */
static void in_child(int (*fn)(const char *path), const char *path)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(fn(path));
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status))
        fail_msg("in the child: line %d modulo 256", WEXITSTATUS(status));
}

#define CHECK(what)                                                                                          \
    do                                                                                                       \
        if (!(what))                                                                                         \
            return __LINE__ % 200 + 1;                                                                       \
    while (0)

static int without_rights(const char *path)
{
    struct db *db;
    char why[DB_ERROR_TEXT];
    if (geteuid() == 0)
        CHECK(setuid(65534) == 0);
    CHECK(db_open(path, DB_WRITE, &db, why) == -EACCES);
    CHECK(strstr(why, path));
    CHECK(chdir("/") == 0);
    CHECK(db_open("proc/dcvd.db", DB_WRITE, &db, why) < 0);
    return 0;
}

static void a_file_that_cannot_be_written_is_refused_untouched(void **state)
{
    char *path = *state;
    db_close(open_store(path, DB_WRITE));
    assert_int_equal(chmod(path, 0444), 0);
    uint64_t before = sum(path);
    in_child(without_rights, path);
    assert_true(sum(path) == before);
    assert_int_equal(chmod(path, 0600), 0);
}

/* ---------------------------------------------------------------- full disk -------------------------- */

/* No file of this process may grow past n bytes. */
static void limit(rlim_t n)
{
    struct rlimit l = {n, RLIM_INFINITY};
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &l) < 0)
        abort();
}

static int full_at_birth(const char *path)
{
    struct db *db;
    char why[DB_ERROR_TEXT];
    static const rlim_t limits[] = {0, 100, 8192, 20000, 40000};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        limit(limits[i]);
        CHECK(db_open(path, DB_WRITE, &db, why) == -ENOSPC);
        CHECK(access(path, F_OK) < 0); /* no incomplete file is left */
    }
    limit(RLIM_INFINITY);
    CHECK(db_open(path, DB_WRITE, &db, why) == 0);
    db_close(db);
    return 0;
}

static int full_later(const char *path)
{
    struct db *db;
    char why[DB_ERROR_TEXT];
    int64_t last = 0, kept = 0, i;
    CHECK(db_open(path, DB_WRITE, &db, why) == 0);
    limit(400000);
    for (i = 1; i < 10000; i++) {
        struct write_job *job = job_request(i, "a.example");
        CHECK(db_begin(db) == 0);
        CHECK(db_do(db, job) == 0);
        write_job_free(job);
        int r = db_commit(db);
        if (r < 0) {
            db_rollback(db);
            CHECK(r == -ENOSPC);
            CHECK(*db_error(db));
            break;
        }
        kept = i;
    }
    CHECK(kept > 10 && i < 10000);
    CHECK(db_last_id(db, &last) == 0 && last == kept);
    limit(RLIM_INFINITY);
    struct write_job *job = job_request(kept + 1, "a.example");
    CHECK(db_begin(db) == 0 && db_do(db, job) == 0 && db_commit(db) == 0);
    write_job_free(job);
    CHECK(db_last_id(db, &last) == 0 && last == kept + 1);
    db_close(db);
    return 0;
}

static void a_full_disk_is_said_and_got_over(void **state)
{
    char *path = *state;
    in_child(full_at_birth, path);
    in_child(full_later, path);
}

/* ---------------------------------------------------------------- migration -------------------------- */

static void steps_are_taken_whole_or_not_at_all(void **state)
{
    struct db *db = open_store(*state, DB_WRITE);
    assert_int_equal(number(db, "PRAGMA user_version"), db_schema_version);
    assert_int_equal(number(db, "PRAGMA application_id"), DB_APPLICATION_ID);
    const char *steps[20];
    int n = db_schema_version;
    assert_true(n + 2 < 20);
    for (int i = 0; i < n; i++)
        steps[i] = "this is not run again";
    steps[n] = "CREATE TABLE next (x); INSERT INTO next VALUES (1);";
    steps[n + 1] = "CREATE TABLE after (x); INSERT INTO next VALUES (2); INSERT INTO nowhere VALUES (1);";
    assert_true(db_migrate(db, steps, n + 2) < 0);
    assert_non_null(strstr(db_error(db), "nowhere"));
    assert_int_equal(number(db, "PRAGMA user_version"), n + 1);
    assert_int_equal(number(db, "SELECT count(*) FROM next"), 1);
    assert_int_equal(number(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'after'"), 0);
    steps[n + 1] = "INSERT INTO next VALUES (2);";
    assert_int_equal(db_migrate(db, steps, n + 2), 0);
    assert_int_equal(number(db, "PRAGMA user_version"), n + 2);
    assert_int_equal(number(db, "SELECT sum(x) FROM next"), 3);
    db_close(db);
}

/* A store of each earlier version opens with all its rows, and new rows can be written. */
static void every_earlier_version_is_taken_over(void **state)
{
    char *path = *state;
    for (int version = 1; version < db_schema_version; version++) {
        sqlite3 *c;
        char mark[100];
        assert_int_equal(sqlite3_open(path, &c), SQLITE_OK);
        assert_int_equal(sqlite3_exec(c, db_schema[0], NULL, NULL, NULL), SQLITE_OK);
        snprintf(mark, sizeof mark,
                 "PRAGMA application_id = %d; PRAGMA user_version = %d; "
                 "PRAGMA journal_mode = WAL",
                 DB_APPLICATION_ID, version);
        assert_int_equal(sqlite3_exec(c, mark, NULL, NULL, NULL), SQLITE_OK);
        char *said = NULL;
        if (sqlite3_exec(c,
                         "INSERT INTO error_code VALUES ('invalid_dns_txt', '', 400, 0, '', '', '', '', '');"
                         "INSERT INTO cause VALUES ('name-invalid', 1, 'blocking', '', '', '');"
                         "INSERT INTO request (id, state, submitted, ended, domain, request) VALUES "
                         "(1, 'done', 5, 6, 'a.example', '{}'), (2, 'queued', 7, NULL, 'b.example', '{}');"
                         "INSERT INTO result VALUES (1, 1, 'a.example', 'caa', 'fail', 'invalid_dns_txt', "
                         "NULL, NULL, 5, 9, '{}', x'7b7d');"
                         "INSERT INTO finding VALUES (1, 0, 'name-invalid', 'blocking', 1);"
                         "INSERT INTO request (id, state, submitted, ended, domain, request) VALUES "
                         "(3, 'done', 8, 9, 'a.example', '{}'), (4, 'cancelled', 8, 9, 'a.example', '{}');"
                         "INSERT INTO result VALUES (2, 3, 'a.example', 'caa', 'pass', NULL, NULL, NULL, 8, 9, "
                         "'{}', x'7b7d'), (3, 3, 'a.example', 'http-token', 'pass', NULL, NULL, NULL, 8, 9, '{}', "
                         "x'7b7d')",
                         NULL, NULL, &said) != SQLITE_OK)
            fail_msg("version %d: %s", version, said);
        for (int i = 1; i < version; i++)
            assert_int_equal(sqlite3_exec(c, db_schema[i], NULL, NULL, NULL), SQLITE_OK);
        if (version == 2 && /* a later one has counted it itself */
            sqlite3_exec(
                c,
                "INSERT INTO error_code VALUES ('dns_mismatch', '', 400, 0, '', '', '', '', '');"
                "INSERT INTO batch (id, submitted, accepted, lines, waiting) VALUES (9, 3, 3, 3, 0);"
                "INSERT INTO request (id, state, submitted, ended, domain, request, batch) VALUES "
                "(10, 'done', 3, 7, 'c.example', '{}', 9), (11, 'done', 3, 8, 'd.example', '{}', 9), "
                "(12, 'cancelled', 3, 4, 'e.example', '{}', 9);"
                "INSERT INTO result VALUES (10, 10, 'c.example', 'http-token', 'fail', 'dns_mismatch', NULL, "
                "NULL, 5, 9, '{}', x'7b7d'), (11, 11, 'd.example', 'caa', 'pass', NULL, NULL, NULL, 5, 9, '{}', "
                "x'7b7d')",
                NULL, NULL, &said) != SQLITE_OK)
            fail_msg("version %d: %s", version, said);
        sqlite3_close(c);
        expect_refusal(path, DB_READ, -EPROTO);

        struct db *db = open_store(path, DB_WRITE);
        assert_int_equal(number(db, "PRAGMA user_version"), db_schema_version);
        assert_int_equal(number(db, "PRAGMA auto_vacuum"), 2); /* free pages can be given back */
        assert_int_equal(number(db, "SELECT count(*) FROM request WHERE batch IS NULL AND watch IS NULL"), 4);
        assert_int_equal(number(db, "SELECT id FROM request WHERE ended IS NULL"), 2);
        assert_int_equal(number(db, "SELECT count(*) FROM result JOIN finding ON result.id = result"), 1);
        assert_int_equal(number(db, "SELECT failures FROM failures_by_code WHERE code = 'invalid_dns_txt'"),
                         1);
        assert_int_equal(number(db, "SELECT domains FROM findings_by_cause WHERE cause = 'name-invalid'"), 1);
        assert_int_equal(number(db, "SELECT failed FROM results_by_day WHERE day = '1970-01-01' AND "
                                    "method = 'caa'"),
                         1);
        assert_int_equal(number(db, "SELECT results FROM results_by_domain WHERE domain = 'a.example' AND "
                                    "method = 'caa' AND last_verdict = 'pass'"),
                         2);
        /* The old results are counted, and each is compared with the one before it. */
        char got[200] = "";
        assert_int_equal(db_count(db, COUNT_STATES, TIME_UNKNOWN, TIME_UNKNOWN, list_count, got), 0);
        assert_int_equal(db_count(db, COUNT_VERDICTS, TIME_UNKNOWN, TIME_UNKNOWN, list_count, got), 0);
        assert_int_equal(db_count(db, COUNT_CODES, TIME_UNKNOWN, TIME_UNKNOWN, list_count, got), 0);
        assert_int_equal(db_count(db, COUNT_CAUSES, TIME_UNKNOWN, TIME_UNKNOWN, list_count, got), 0);
        assert_string_equal(got, "cancelled 1, done 2, queued 1, fail 1, pass 2, invalid_dns_txt 1, name-invalid 1");
        assert_int_equal(number(db, "SELECT count(*) FROM tally WHERE n > 0"), 2 * 8);
        assert_int_equal(number(db, "SELECT count(*) FROM change"), 1);
        assert_int_equal(number(db, "SELECT result FROM change WHERE domain = 'a.example' AND previous = 1 AND "
                                    "verdict = 'fail' AND code = 'invalid_dns_txt' AND cause = 'name-invalid'"),
                         2);
        if (version == 2) {
            struct db_batch b;
            got[0] = '\0';
            assert_int_equal(db_batch(db, 9, &b), 0);
            assert_int_equal(b.ended, 8);
            assert_int_equal(db_batch_count(db, 9, COUNT_STATES, list_count, got), 0);
            assert_int_equal(db_batch_count(db, 9, COUNT_VERDICTS, list_count, got), 0);
            assert_int_equal(db_batch_count(db, 9, COUNT_CODES, list_count, got), 0);
            assert_string_equal(got, "cancelled 1, done 2, fail 1, pass 1, dns_mismatch 1");
        }
        assert_int_equal(db_begin(db), 0);
        struct write_job *job = job_batch(WRITE_BATCH, 5);
        assert_int_equal(db_do(db, job), 0);
        assert_int_equal(db_commit(db), 0);
        write_job_free(job);
        assert_int_equal(number(db, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
        assert_int_equal(number(db, "SELECT count(*) FROM request WHERE label IS NOT NULL"), 0);
        assert_int_equal(number(db, "SELECT count(*) FROM idempotency"), 0);
        assert_int_equal(number(db, "SELECT count(*) FROM event"), 0);
        db_close(db);
        unlink(path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(other_files_are_refused_untouched, store_setup, store_teardown),
        cmocka_unit_test_setup_teardown(other_paths_are_refused, store_setup, store_teardown),
        cmocka_unit_test_setup_teardown(a_newer_schema_is_refused_untouched, store_setup, store_teardown),
        cmocka_unit_test_setup_teardown(a_corrupt_store_is_refused_untouched, store_setup, store_teardown),
        cmocka_unit_test_setup_teardown(a_second_writer_is_refused, store_setup, store_teardown),
        cmocka_unit_test_setup_teardown(a_file_that_cannot_be_written_is_refused_untouched, store_setup,
                                        store_teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_is_said_and_got_over, store_setup, store_teardown),
        cmocka_unit_test_setup_teardown(steps_are_taken_whole_or_not_at_all, store_setup, store_teardown),
        cmocka_unit_test_setup_teardown(every_earlier_version_is_taken_over, store_setup, store_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
