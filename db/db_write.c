#include "db_inner.h"
#include "model/time.h"

#include <errno.h>
#include <stdio.h>

enum { EVENTS_A_CHECK = 4 }; /* that are deleted with it: those of its states, and one of a watch */

static void bind_text(sqlite3_stmt *s, int column, const char *text)
{
    sqlite3_bind_text(s, column, text, -1, SQLITE_STATIC); /* NULL is NULL */
}

const char *db_code(enum code c)
{
    const struct code_info *info = code_info(c);
    return info ? info->code : NULL;
}

static int insert_result(struct db *db, int64_t request, const struct db_result *result)
{
    bool differs;
    int r = db_differs(db, request, result, &differs);
    if (r < 0)
        return r;
    sqlite3_stmt *s = db->statement[STMT_RESULT];
    sqlite3_bind_int64(s, 1, request);
    bind_text(s, 2, result->domain);
    bind_text(s, 3, method_name(result->method));
    bind_text(s, 4, verdict_name(result->verdict));
    bind_text(s, 5, db_code(result->code));
    bind_text(s, 6, result->variable);
    bind_text(s, 7, db_code(result->detail));
    sqlite3_bind_int64(s, 8, result->started);
    sqlite3_bind_int64(s, 9, result->duration_us);
    sqlite3_bind_text64(s, 10, result->report, result->report_len, SQLITE_STATIC, SQLITE_UTF8);
    sqlite3_bind_blob64(s, 11, result->evidence, result->evidence_len, SQLITE_STATIC);
    r = db_step(db, s);
    if (r < 0)
        return r;

    sqlite3_int64 id = sqlite3_last_insert_rowid(db->sql);
    s = db->statement[STMT_FINDING];
    for (size_t i = 0; r == 0 && i < result->n_findings; i++) {
        const struct cause_info *cause = cause_info(result->findings[i].cause);
        sqlite3_bind_int64(s, 1, id);
        sqlite3_bind_int64(s, 2, (sqlite3_int64)i);
        bind_text(s, 3, cause ? cause->id : NULL);
        bind_text(s, 4, weight_name(result->findings[i].weight));
        sqlite3_bind_int64(s, 5, request);
        r = db_step(db, s);
    }
    return r == 0 && differs ? db_note_change(db, id, request, result) : r;
}

static int insert_request(struct db *db, struct write_job *job)
{
    int r = db_key_take(db, job);
    if (r < 0 || job->repeats)
        return r;
    sqlite3_stmt *s = db->statement[STMT_REQUEST];
    sqlite3_bind_int64(s, 1, job->id);
    bind_text(s, 2, db_state_name(STATE_QUEUED));
    sqlite3_bind_int64(s, 3, job->at);
    bind_text(s, 4, job->domain);
    sqlite3_bind_text64(s, 5, job->request, job->request_len, SQLITE_STATIC, SQLITE_UTF8);
    if (job->watch_id)
        sqlite3_bind_int64(s, 6, job->watch_id);
    else
        sqlite3_bind_null(s, 6);
    return db_step(db, s);
}

static int end_queued(struct db *db, const struct write_job *job, enum db_state state)
{
    sqlite3_stmt *s = db->statement[STMT_END];
    sqlite3_bind_int64(s, 1, job->id);
    bind_text(s, 2, db_state_name(state));
    sqlite3_bind_int64(s, 3, job->at);
    int r = db_step(db, s);
    return r == 0 && !sqlite3_changes(db->sql) ? -ENOENT : r;
}

/* 0: it has ended by this; -EALREADY: it had ended before; -ENOENT: there is none. */
static int end_request(struct db *db, const struct write_job *job, enum db_state state)
{
    int r = job->batch ? db_line_end(db, job, state) : end_queued(db, job, state);
    if (r != -ENOENT)
        return r;
    sqlite3_stmt *s = db->statement[STMT_EXISTS];
    sqlite3_bind_int64(s, 1, job->id);
    int rc = sqlite3_step(s);
    r = rc == SQLITE_ROW ? -EALREADY : rc == SQLITE_DONE ? -ENOENT : db_failed(db, rc);
    sqlite3_reset(s);
    return r;
}

/* Deletes the counts that have become 0. */
static int purge_tally(struct db *db, int64_t last)
{
    static const int64_t units[] = {HOUR_MS, DAY_MS};
    sqlite3_stmt *s = db->statement[STMT_PURGE_TALLY];
    int r = 0;
    for (int i = 0; r == 0 && i < 2; i++) {
        sqlite3_bind_int64(s, 1, units[i]);
        sqlite3_bind_int64(s, 2, (last >> DB_ID_COUNTER_BITS) / units[i]);
        r = db_step(db, s);
    }
    return r;
}

/* Results and findings are deleted with their check. */
static int purge(struct db *db, struct write_job *job)
{
    sqlite3_stmt *s = db->statement[STMT_PURGE];
    sqlite3_bind_int64(s, 1, job->id);
    sqlite3_bind_int64(s, 2, job->most);
    int64_t last = 0;
    int rc, r = 0;
    while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
        int64_t id = sqlite3_column_int64(s, 0);
        last = id > last ? id : last;
    }
    r = rc == SQLITE_DONE ? 0 : db_failed(db, rc);
    sqlite3_reset(s);
    if (r < 0)
        return r;
    job->deleted = (uint32_t)sqlite3_changes(db->sql);
    if (job->deleted)
        r = purge_tally(db, last);
    if (r == 0 && job->id == INT64_MAX) /* for the size: events take their part of it */
        r = db_events_forget(db, INT64_MAX, EVENTS_A_CHECK * job->deleted);
    static const enum db_statement whose_checks_are_gone[] = {STMT_PURGE_BATCHES, STMT_PURGE_WATCHES};
    for (int i = 0; r == 0 && i < 2; i++) {
        s = db->statement[whose_checks_are_gone[i]];
        sqlite3_bind_int64(s, 1, job->id);
        r = db_step(db, s);
    }
    return r;
}

/* The pragma gives back one page for each step. It does nothing in a file that was made without auto_vacuum, whose free
 * pages are used again all the same. */
static int vacuum(struct db *db, struct write_job *job)
{
    char text[60];
    sqlite3_stmt *s;
    snprintf(text, sizeof text, "PRAGMA incremental_vacuum(%u)", job->most);
    int r = db_prepare(db, text, &s);
    if (r < 0)
        return r;
    int rc;
    job->deleted = 0;
    while ((rc = sqlite3_step(s)) == SQLITE_ROW)
        job->deleted++;
    r = rc == SQLITE_DONE ? 0 : db_failed(db, rc);
    sqlite3_finalize(s);
    db->shrunk = job->deleted > 0;
    return r;
}

int db_do(struct db *db, struct write_job *job)
{
    int r = 0;
    switch (job->kind) {
    case WRITE_REQUEST:
        return insert_request(db, job);
    case WRITE_RESULTS:
        r = end_request(db, job, STATE_DONE);
        for (size_t i = 0; r == 0 && i < job->n_results; i++)
            r = insert_result(db, job->id, &job->results[i]);
        return r < 0 ? r : db_tally_job(db, job, STATE_DONE);
    case WRITE_CANCEL:
        r = end_request(db, job, STATE_CANCELLED);
        if (r == -EALREADY)
            return 0;
        return r < 0 ? r : db_tally_job(db, job, STATE_CANCELLED);
    case WRITE_PURGE:
        return purge(db, job);
    case WRITE_VACUUM:
        return vacuum(db, job);
    case WRITE_BATCH:
    case WRITE_LINES:
    case WRITE_ACCEPT:
    case WRITE_CANCEL_BATCH:
    case WRITE_SWEEP:
        return db_do_batch(db, job);
    case WRITE_WATCH:
    case WRITE_WATCH_STEP:
    case WRITE_WATCH_DELETE:
        return db_do_watch(db, job);
    case WRITE_EVENTS:
        return db_do_events(db, job);
    }
    return -EINVAL;
}

int db_do_alone(struct db *db, struct write_job *job)
{
    int r = db_step(db, db->statement[STMT_JOB_BEGIN]);
    if (r < 0)
        return r;
    int done = db_do(db, job);
    if (done < 0 && (r = db_step(db, db->statement[STMT_JOB_UNDO])) < 0)
        return r;
    r = db_step(db, db->statement[STMT_JOB_KEEP]);
    return done < 0 ? done : r;
}

/* In WAL mode a NORMAL commit does not sync, and the next FULL one syncs all that is in the WAL. */
static int begin(struct db *db, bool loose)
{
    if (db->loose != loose) {
        int r = db_run(db, loose ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL");
        if (r < 0)
            return r;
        db->loose = loose;
    }
    return db_step(db, db->statement[STMT_BEGIN]);
}

int db_begin(struct db *db)
{
    return begin(db, false);
}

int db_begin_loose(struct db *db)
{
    return begin(db, true);
}

int db_commit(struct db *db)
{
    int r = db_settle(db);
    return r < 0 ? r : db_step(db, db->statement[STMT_COMMIT]);
}

void db_rollback(struct db *db)
{
    db_unsettle(db);
    if (sqlite3_get_autocommit(db->sql)) /* SQLite rolls back by itself, on a full disk for example */
        return;
    sqlite3_step(db->statement[STMT_ROLLBACK]); /* db_error() keeps the error before it */
    sqlite3_reset(db->statement[STMT_ROLLBACK]);
}
