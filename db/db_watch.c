#include "db_inner.h"

#include <errno.h>
#include <stdio.h>

/* ---------------------------------------------------------------- writing ---------------------------- */

static int insert(struct db *db, struct write_job *job)
{
    int r = db_key_take(db, job);
    if (r < 0 || job->repeats)
        return r;
    sqlite3_stmt *s = db->statement[STMT_WATCH_NEW];
    sqlite3_bind_int64(s, 1, job->id);
    sqlite3_bind_int64(s, 2, job->at);
    sqlite3_bind_text(s, 3, job->domain, -1, SQLITE_STATIC);
    sqlite3_bind_text64(s, 4, job->request, job->request_len, SQLITE_STATIC, SQLITE_UTF8);
    sqlite3_bind_int64(s, 5, job->watch.interval);
    sqlite3_bind_text(s, 6, watch_until_name(job->watch.until), -1, SQLITE_STATIC);
    return db_step(db, s);
}

/* The statement keeps what was bound before, and what is not bound now has to be NULL. */
static int step(struct db *db, const struct write_job *job)
{
    const struct watch_change *w = &job->watch;
    sqlite3_stmt *s = db->statement[STMT_WATCH_STEP];
    sqlite3_clear_bindings(s);
    sqlite3_bind_int64(s, 1, job->id);
    sqlite3_bind_text(s, 2, watch_state_name(w->state), -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, w->state == WATCH_ACTIVE ? 3 : 4, w->state == WATCH_ACTIVE ? w->next : job->at);
    if (w->check) {
        sqlite3_bind_int64(s, 5, w->check);
        if (w->last)
            sqlite3_bind_text64(s, 6, w->last, w->last_len, SQLITE_STATIC, SQLITE_UTF8);
    }
    int r = db_step(db, s);
    return r == 0 && !sqlite3_changes(db->sql) ? -ENOENT : r;
}

static int delete (struct db *db, const struct write_job *job)
{
    sqlite3_stmt *s = db->statement[STMT_WATCH_DELETE];
    sqlite3_bind_int64(s, 1, job->id);
    int r = db_step(db, s);
    return r == 0 && !sqlite3_changes(db->sql) ? -ENOENT : r;
}

int db_do_watch(struct db *db, struct write_job *job)
{
    switch (job->kind) {
    case WRITE_WATCH:
        return insert(db, job);
    case WRITE_WATCH_STEP:
        return step(db, job);
    case WRITE_WATCH_DELETE:
        return delete (db, job);
    case WRITE_REQUEST:
    case WRITE_RESULTS:
    case WRITE_CANCEL:
    case WRITE_PURGE:
    case WRITE_BATCH:
    case WRITE_LINES:
    case WRITE_ACCEPT:
    case WRITE_CANCEL_BATCH:
    case WRITE_SWEEP:
    case WRITE_VACUUM:
    case WRITE_EVENTS:
        break;
    }
    return -EINVAL;
}

/* ---------------------------------------------------------------- reading ---------------------------- */

static int row(struct db *db, sqlite3_stmt *s, db_watch_fn *fn, void *user)
{
    struct db_watch_row w = {
        .id = sqlite3_column_int64(s, 0),
        .created = sqlite3_column_int64(s, 1),
        .domain = (const char *)sqlite3_column_text(s, 2),
        .request = (const char *)sqlite3_column_text(s, 3),
        .request_len = (size_t)sqlite3_column_bytes(s, 3),
        .interval = sqlite3_column_int64(s, 4),
        .next = db_time(s, 7),
        .ended = db_time(s, 8),
        .runs = sqlite3_column_int64(s, 9),
        .last_check = sqlite3_column_int64(s, 10),
        .last = (const char *)sqlite3_column_text(s, 11),
        .last_len = (size_t)sqlite3_column_bytes(s, 11),
    };
    const char *until = (const char *)sqlite3_column_text(s, 5);
    const char *state = (const char *)sqlite3_column_text(s, 6);
    if (!w.domain || !w.request || !until || !state)
        return db_failed(db, SQLITE_NOMEM); /* the columns are NOT NULL */
    if (!watch_until_parse(until, &w.until) || !watch_state_parse(state, &w.state)) {
        snprintf(db->error, sizeof db->error, "corrupt: a watch is '%.40s' until '%.40s'", state, until);
        return -EILSEQ;
    }
    return fn(user, &w);
}

static int rows(struct db *db, sqlite3_stmt *s, db_watch_fn *fn, void *user, size_t *n)
{
    int rc, r = 0;
    *n = 0;
    while (r == 0 && (rc = sqlite3_step(s)) != SQLITE_DONE) {
        r = rc == SQLITE_ROW ? row(db, s, fn, user) : db_failed(db, rc);
        ++*n;
    }
    sqlite3_reset(s);
    return r;
}

int db_watch(struct db *db, int64_t id, db_watch_fn *fn, void *user)
{
    size_t n;
    sqlite3_bind_int64(db->statement[STMT_WATCH], 1, id);
    int r = rows(db, db->statement[STMT_WATCH], fn, user, &n);
    return r == 0 && n == 0 ? -ENOENT : r;
}

int db_watches(struct db *db, const struct db_watch_filter *f, db_watch_fn *fn, void *user)
{
    size_t n;
    sqlite3_stmt *s = db->statement[STMT_WATCHES];
    sqlite3_bind_int64(s, 1, f->before > 0 ? f->before : INT64_MAX);
    sqlite3_bind_int64(s, 2, f->limit ? (sqlite3_int64)f->limit : -1);
    sqlite3_bind_text(s, 3, f->domain, -1, SQLITE_STATIC); /* NULL is NULL */
    sqlite3_bind_text(s, 4, f->state < 0 ? NULL : watch_state_name((enum watch_state)f->state), -1,
                      SQLITE_STATIC);
    sqlite3_bind_text(s, 5, f->label, -1, SQLITE_STATIC);
    return rows(db, s, fn, user, &n);
}

int db_watches_active(struct db *db, db_watch_fn *fn, void *user)
{
    size_t n;
    return rows(db, db->statement[STMT_WATCHES_ACTIVE], fn, user, &n);
}
