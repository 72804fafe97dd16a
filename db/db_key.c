#include "db_inner.h"
#include "model/time.h"

#include <errno.h>

static void bind_key(sqlite3_stmt *s, const struct write_job *job)
{
    sqlite3_bind_int64(s, 1, job->key.peer);
    sqlite3_bind_text(s, 2, job->key.text, -1, SQLITE_STATIC);
}

/* .repeats of the job. */
static int look_up(struct db *db, struct write_job *job)
{
    sqlite3_stmt *s = db->statement[STMT_KEY];
    bind_key(s, job);
    sqlite3_bind_int64(s, 3, job->at - DAY_MS);
    int rc = sqlite3_step(s), r = rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : db_failed(db, rc);
    if (rc == SQLITE_ROW)
        job->repeats = sqlite3_column_int64(s, 0) == (int64_t)job->key.body ? sqlite3_column_int64(s, 1) : -1;
    sqlite3_reset(s);
    return r;
}

static int insert(struct db *db, const struct write_job *job)
{
    sqlite3_stmt *s = db->statement[STMT_KEY_OLD];
    sqlite3_bind_int64(s, 1, job->at - DAY_MS);
    int r = db_step(db, s);
    if (r < 0)
        return r;
    s = db->statement[STMT_KEY_NEW];
    bind_key(s, job);
    sqlite3_bind_int64(s, 3, job->at);
    sqlite3_bind_int64(s, 4, (int64_t)job->key.body);
    sqlite3_bind_int64(s, 5, job->id);
    return db_step(db, s);
}

int db_key_take(struct db *db, struct write_job *job)
{
    job->repeats = 0; /* of an earlier try that was rolled back */
    if (!job->key.text)
        return 0;
    int r = look_up(db, job);
    return r < 0 || job->repeats ? r : insert(db, job);
}
