#include "db_inner.h"
#include "model/time.h"

#include <errno.h>

/* ---------------------------------------------------------------- writing ---------------------------- */

static int insert(struct db *db, const struct db_event *e)
{
    sqlite3_stmt *s = db->statement[STMT_EVENT_NEW];
    sqlite3_bind_int64(s, 1, e->seq);
    sqlite3_bind_text(s, 2, e->kind, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 3, e->domain, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 4, e->label, -1, SQLITE_STATIC); /* NULL is NULL */
    sqlite3_bind_int64(s, 5, e->watch);
    sqlite3_bind_int64(s, 6, e->check);
    sqlite3_bind_text64(s, 7, e->line, e->len, SQLITE_STATIC, SQLITE_UTF8);
    return db_step(db, s);
}

int db_events_forget(struct db *db, int64_t below, uint32_t most)
{
    sqlite3_stmt *s = db->statement[STMT_EVENTS_OLD];
    sqlite3_bind_int64(s, 1, below);
    sqlite3_bind_int64(s, 2, most);
    return db_step(db, s);
}

int db_do_events(struct db *db, struct write_job *job)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < job->n_events; i++)
        r = insert(db, job->events[i]);
    /* Twice as many as come in, so that a long list of old ones becomes shorter. */
    return r < 0 ? r : db_events_forget(db, (job->at - DAY_MS) << DB_EVENT_BITS, 2 * (uint32_t)job->n_events);
}

/* ---------------------------------------------------------------- reading ---------------------------- */

int db_events(struct db *db, const struct db_event_filter *f, db_event_fn *fn, void *user)
{
    sqlite3_stmt *s = db->statement[STMT_EVENTS];
    sqlite3_bind_int64(s, 1, f->after);
    sqlite3_bind_int64(s, 2, f->limit);
    sqlite3_bind_text(s, 3, f->kind, -1, SQLITE_STATIC); /* NULL is NULL */
    sqlite3_bind_text(s, 4, f->domain, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 5, f->label, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 6, f->watch);
    int rc, r = 0;
    while (r == 0 && (rc = sqlite3_step(s)) != SQLITE_DONE) {
        const char *line = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(s, 1) : NULL;
        size_t len = (size_t)sqlite3_column_bytes(s, 1);
        r = line ? fn(user, sqlite3_column_int64(s, 0), line, len)
                 : db_failed(db, rc == SQLITE_ROW ? SQLITE_NOMEM : rc);
    }
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
    return r;
}

static int number_of(struct db *db, enum db_statement which, int64_t parameter, int64_t *ret)
{
    sqlite3_stmt *s = db->statement[which];
    if (sqlite3_bind_parameter_count(s))
        sqlite3_bind_int64(s, 1, parameter);
    return db_number(db, s, ret);
}

int db_event_known(struct db *db, int64_t seq, bool *ret)
{
    int64_t n = 0;
    int r = number_of(db, STMT_EVENT, seq, &n);
    *ret = n;
    return r;
}

int db_events_last(struct db *db, int64_t *ret, bool *lost)
{
    int64_t n = 0;
    int r = number_of(db, STMT_EVENT_LAST, 0, ret);
    if (r == 0 && *ret)
        r = number_of(db, STMT_EVENTS_LOST, *ret >> DB_EVENT_BITS, &n);
    *lost = n;
    return r;
}
