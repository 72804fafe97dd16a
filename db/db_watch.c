#include "db_inner.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---------------------------------------------------------------- names ------------------------------ */

#define WATCH_NAME(sym, text) [sym] = text,
static const char *const states[] = {DB_WATCH_STATES(WATCH_NAME)};
static const char *const untils[] = {DB_UNTILS(WATCH_NAME)};

const char *watch_state_name(enum watch_state s)
{
    return states[s];
}

const char *watch_until_name(enum watch_until u)
{
    return untils[u];
}

/* The number of a name; n: there is none such. */
static size_t find(const char *const names[], size_t n, const char *text)
{
    size_t i = 0;
    while (i < n && strcmp(text, names[i]))
        i++;
    return i;
}

enum { STATES = 0 DB_WATCH_STATES(DCV_ONE), UNTILS = 0 DB_UNTILS(DCV_ONE) };

bool watch_state_parse(const char *text, enum watch_state *ret)
{
    size_t i = find(states, STATES, text);
    if (i < STATES)
        *ret = (enum watch_state)i;
    return i < STATES;
}

bool watch_until_parse(const char *text, enum watch_until *ret)
{
    size_t i = find(untils, UNTILS, text);
    if (i < UNTILS)
        *ret = (enum watch_until)i;
    return i < UNTILS;
}

/* ---------------------------------------------------------------- writing ---------------------------- */

static int insert(struct db *db, const struct write_job *job)
{
    sqlite3_stmt *s = db->statement[STMT_WATCH_NEW];
    sqlite3_bind_int64(s, 1, job->id);
    sqlite3_bind_int64(s, 2, job->at);
    sqlite3_bind_text(s, 3, job->domain, -1, SQLITE_STATIC);
    sqlite3_bind_text64(s, 4, job->request, job->request_len, SQLITE_STATIC, SQLITE_UTF8);
    sqlite3_bind_int64(s, 5, job->watch.interval);
    sqlite3_bind_text(s, 6, watch_until_name(job->watch.until), -1, SQLITE_STATIC);
    return db_step(db, s);
}

/* Of the values that a statement has kept from before none may be left: what is not bound is NULL. */
static int step(struct db *db, const struct write_job *job)
{
    const struct db_watch_change *w = &job->watch;
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
        break;
    }
    return -EINVAL;
}

/* ---------------------------------------------------------------- reading ---------------------------- */

static dcv_time time_of(sqlite3_stmt *s, int column)
{
    return sqlite3_column_type(s, column) == SQLITE_NULL ? TIME_UNKNOWN : sqlite3_column_int64(s, column);
}

static int row(struct db *db, sqlite3_stmt *s, db_watch_fn *fn, void *user)
{
    struct db_watch_row w = {
        .id = sqlite3_column_int64(s, 0),
        .created = sqlite3_column_int64(s, 1),
        .domain = (const char *)sqlite3_column_text(s, 2),
        .request = (const char *)sqlite3_column_text(s, 3),
        .request_len = (size_t)sqlite3_column_bytes(s, 3),
        .interval = sqlite3_column_int64(s, 4),
        .next = time_of(s, 7),
        .ended = time_of(s, 8),
        .runs = sqlite3_column_int64(s, 9),
        .last_check = sqlite3_column_int64(s, 10),
        .last = (const char *)sqlite3_column_text(s, 11),
        .last_len = (size_t)sqlite3_column_bytes(s, 11),
    };
    const char *until = (const char *)sqlite3_column_text(s, 5);
    const char *state = (const char *)sqlite3_column_text(s, 6);
    if (!w.domain || !w.request || !until || !state)
        return db_failed(db, SQLITE_NOMEM); /* the columns are NOT NULL */
    size_t n_until = find(untils, UNTILS, until), n_state = find(states, STATES, state);
    if (n_until == UNTILS || n_state == STATES) {
        snprintf(db->error, sizeof db->error, "corrupt: a watch is '%.40s' until '%.40s'", state, until);
        return -EILSEQ;
    }
    w.until = (enum watch_until)n_until;
    w.state = (enum watch_state)n_state;
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
    return rows(db, s, fn, user, &n);
}

int db_watches_active(struct db *db, db_watch_fn *fn, void *user)
{
    size_t n;
    return rows(db, db->statement[STMT_WATCHES_ACTIVE], fn, user, &n);
}
