#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "db_jobs.h"
#include "db_store.h"

#include <stdio.h>
#include <string.h>

int store_setup(void **state)
{
    *state = scratch_path("dcvd.db");
    return 0;
}

int store_teardown(void **state)
{
    scratch_clean(*state);
    return 0;
}

struct db *open_store(const char *path, enum db_mode mode)
{
    struct db *db;
    char why[DB_ERROR_TEXT] = "";
    int r = db_open(path, mode, &db, why);
    if (r < 0)
        fail_msg("%s (%d)", why, r);
    return db;
}

int try_job(struct db *db, struct write_job *job)
{
    assert_int_equal(db_begin(db), 0);
    int r = db_do(db, job);
    if (r == 0)
        r = db_commit(db);
    else
        db_rollback(db);
    return r;
}

void do_job(struct db *db, struct write_job *job, int expected)
{
    int r = try_job(db, job);
    if (r != expected)
        fail_msg("job %d: %d (%s), expected %d", (int)job->kind, r, db_error(db), expected);
    write_job_free(job);
}

int64_t number(struct db *db, const char *sql)
{
    sqlite3_stmt *s;
    assert_int_equal(db_prepare(db, sql, &s), 0);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return n;
}

int list_count(void *user, const char *value, int64_t n)
{
    char *got = user;
    size_t at = strlen(got);
    int more = snprintf(got + at, LIST_COUNT_ROOM - at, "%s%s %d", *got ? ", " : "", value, (int)n);
    assert_in_range(more, 0, LIST_COUNT_ROOM - at - 1);
    return 0;
}
