#include "db_inner.h"

#include <errno.h>

/* ---------------------------------------------------------------- writing ---------------------------- */

/* Runs a statement on batch .id. -ENOENT: it changed no row. */
static int change(struct db *db, enum db_statement which, const struct write_job *job, int64_t second)
{
    sqlite3_stmt *s = db->statement[which];
    sqlite3_bind_int64(s, 1, job->id);
    sqlite3_bind_int64(s, 2, second);
    int r = db_step(db, s);
    return r == 0 && !sqlite3_changes(db->sql) ? -ENOENT : r;
}

static int add_lines(struct db *db, const struct write_job *job)
{
    int r = change(db, STMT_BATCH_GROW, job, (int64_t)job->n_lines);
    sqlite3_stmt *s = db->statement[STMT_LINE_NEW];
    for (size_t i = 0; r == 0 && i < job->n_lines; i++) {
        const struct db_line *line = &job->lines[i];
        sqlite3_bind_int64(s, 1, job->id);
        sqlite3_bind_int64(s, 2, line->id);
        sqlite3_bind_text(s, 3, line->domain, -1, SQLITE_STATIC);
        sqlite3_bind_text64(s, 4, line->request, line->request_len, SQLITE_STATIC, SQLITE_UTF8);
        r = db_step(db, s);
    }
    return r;
}

/* Deletes a line. -ENOENT: it is not there. */
static int line_gone(struct db *db, const struct write_job *job)
{
    sqlite3_stmt *s = db->statement[STMT_LINE_GONE];
    sqlite3_bind_int64(s, 1, job->batch);
    sqlite3_bind_int64(s, 2, job->id);
    int r = db_step(db, s);
    return r == 0 && !sqlite3_changes(db->sql) ? -ENOENT : r;
}

static int line_request(struct db *db, const struct write_job *job, enum db_state state)
{
    sqlite3_stmt *s = db->statement[STMT_LINE_END];
    sqlite3_bind_int64(s, 1, job->id);
    sqlite3_bind_text(s, 2, db_state_name(state), -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 3, job->at);
    sqlite3_bind_int64(s, 6, job->batch);
    return db_step(db, s);
}

/* The job of a check that was cancelled has no texts: they are read from batch_line. Not in one statement that both
 * reads and inserts, since that would keep a copy of each page that it changes. */
static int line_moved(struct db *db, const struct write_job *job, enum db_state state)
{
    sqlite3_stmt *line = db->statement[STMT_LINE], *s = db->statement[STMT_LINE_END];
    sqlite3_bind_int64(line, 1, job->batch);
    sqlite3_bind_int64(line, 2, job->id);
    int rc = sqlite3_step(line), r = rc == SQLITE_DONE ? -ENOENT : rc == SQLITE_ROW ? 0 : db_failed(db, rc);
    if (r == 0) {
        sqlite3_bind_value(s, 4, sqlite3_column_value(line, 0));
        sqlite3_bind_value(s, 5, sqlite3_column_value(line, 1));
        r = line_request(db, job, state);
    }
    sqlite3_reset(line);
    return r == 0 ? line_gone(db, job) : r;
}

int db_line_end(struct db *db, const struct write_job *job, enum db_state state)
{
    if (!job->request)
        return line_moved(db, job, state);
    int r = line_gone(db, job);
    if (r < 0)
        return r;
    sqlite3_stmt *s = db->statement[STMT_LINE_END];
    sqlite3_bind_text(s, 4, job->domain, -1, SQLITE_STATIC);
    sqlite3_bind_text64(s, 5, job->request, job->request_len, SQLITE_STATIC, SQLITE_UTF8);
    return line_request(db, job, state);
}

static int cancel(struct db *db, const struct write_job *job)
{
    int r = db_settle(db); /* so that .waiting tells whether anything is left of it */
    if (r < 0)
        return r;
    r = change(db, STMT_BATCH_CANCEL, job, job->at);
    if (r != -ENOENT)
        return r;
    sqlite3_stmt *s = db->statement[STMT_BATCH_EXISTS];
    sqlite3_bind_int64(s, 1, job->id);
    int rc = sqlite3_step(s);
    r = rc == SQLITE_ROW ? 0 : rc == SQLITE_DONE ? -ENOENT : db_failed(db, rc);
    sqlite3_reset(s);
    return r;
}

static int sweep(struct db *db, struct write_job *job)
{
    sqlite3_stmt *s = db->statement[STMT_SWEEP];
    sqlite3_bind_int64(s, 1, job->most);
    int r = db_step(db, s);
    if (r < 0)
        return r;
    job->deleted = (uint32_t)sqlite3_changes(db->sql);
    return db_step(db, db->statement[STMT_SWEEP_BATCHES]);
}

static int accept_batch(struct db *db, struct write_job *job)
{
    int r = db_key_take(db, job);
    return r < 0 || job->repeats ? r : change(db, STMT_BATCH_ACCEPT, job, job->at);
}

int db_do_batch(struct db *db, struct write_job *job)
{
    switch (job->kind) {
    case WRITE_BATCH:
        return change(db, STMT_BATCH_NEW, job, job->at);
    case WRITE_LINES:
        return add_lines(db, job);
    case WRITE_ACCEPT:
        return accept_batch(db, job);
    case WRITE_CANCEL_BATCH:
        return cancel(db, job);
    case WRITE_SWEEP:
        return sweep(db, job);
    case WRITE_REQUEST:
    case WRITE_RESULTS:
    case WRITE_CANCEL:
    case WRITE_PURGE:
    case WRITE_VACUUM:
    case WRITE_EVENTS:
    case WRITE_WATCH:
    case WRITE_WATCH_STEP:
    case WRITE_WATCH_DELETE:
        break;
    }
    return -EINVAL;
}

int db_batches_abandon(struct db *db)
{
    return db_step(db, db->statement[STMT_BATCHES_ABANDON]);
}

/* ---------------------------------------------------------------- reading ---------------------------- */

static struct db_batch batch_row(sqlite3_stmt *s)
{
    struct db_batch b = {
        .id = sqlite3_column_int64(s, 0),
        .submitted = sqlite3_column_int64(s, 1),
        .cancelled = db_time(s, 2),
        .lines = sqlite3_column_int64(s, 3),
        .waiting = sqlite3_column_int64(s, 4),
        .ended = db_time(s, 5),
    };
    return b;
}

int db_batch(struct db *db, int64_t id, struct db_batch *ret)
{
    sqlite3_stmt *s = db->statement[STMT_BATCH];
    sqlite3_bind_int64(s, 1, id);
    int rc = sqlite3_step(s), r = 0;
    if (rc == SQLITE_ROW)
        *ret = batch_row(s);
    else
        r = rc == SQLITE_DONE ? -ENOENT : db_failed(db, rc);
    sqlite3_reset(s);
    return r;
}

int db_batches(struct db *db, int64_t before, unsigned limit, db_batch_fn *fn, void *user)
{
    sqlite3_stmt *s = db->statement[STMT_BATCHES];
    sqlite3_bind_int64(s, 1, before > 0 ? before : INT64_MAX);
    sqlite3_bind_int64(s, 2, limit ? (sqlite3_int64)limit : -1);
    int rc, r = 0;
    while (r == 0 && (rc = sqlite3_step(s)) != SQLITE_DONE) {
        if (rc != SQLITE_ROW) {
            r = db_failed(db, rc);
            break;
        }
        struct db_batch b = batch_row(s);
        r = fn(user, &b);
    }
    sqlite3_reset(s);
    return r;
}

int db_batches_open(struct db *db, db_id_fn *fn, void *user)
{
    sqlite3_stmt *s = db->statement[STMT_BATCHES_OPEN];
    int rc, r = 0;
    while (r == 0 && (rc = sqlite3_step(s)) != SQLITE_DONE)
        r = rc == SQLITE_ROW ? fn(user, sqlite3_column_int64(s, 0)) : db_failed(db, rc);
    sqlite3_reset(s);
    return r;
}

int db_lines(struct db *db, int64_t batch, int64_t after, size_t most, db_line_fn *fn, void *user)
{
    sqlite3_stmt *s = db->statement[STMT_LINES];
    sqlite3_bind_int64(s, 1, batch);
    sqlite3_bind_int64(s, 2, after);
    sqlite3_bind_int64(s, 3, (sqlite3_int64)most);
    int rc, r = 0;
    while (r == 0 && (rc = sqlite3_step(s)) != SQLITE_DONE) {
        const char *domain = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(s, 1) : NULL;
        const char *request = domain ? (const char *)sqlite3_column_text(s, 2) : NULL;
        size_t len = (size_t)sqlite3_column_bytes(s, 2);
        r = request ? fn(user, sqlite3_column_int64(s, 0), domain, request, len)
                    : db_failed(db, rc == SQLITE_ROW ? SQLITE_NOMEM : rc);
    }
    sqlite3_reset(s);
    return r;
}

int db_batch_count(struct db *db, int64_t id, enum db_count what, db_count_fn *fn, void *user)
{
    const char *kind;
    if (what == COUNT_STATES)
        kind = "state";
    else if (what == COUNT_VERDICTS)
        kind = "verdict";
    else if (what == COUNT_CODES)
        kind = "code";
    else
        return -EINVAL;
    sqlite3_stmt *s = db->statement[STMT_BATCH_COUNT];
    sqlite3_bind_int64(s, 1, id);
    sqlite3_bind_text(s, 2, kind, -1, SQLITE_STATIC);
    return db_counts(db, s, fn, user);
}
