#include "db_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- writing ---------------------------- */

/* Runs a statement on batch .id. -ENOENT: it changed none. */
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
        sqlite3_bind_int64(s, 2, line->number);
        sqlite3_bind_text(s, 3, line->domain, -1, SQLITE_STATIC);
        sqlite3_bind_text64(s, 4, line->request, line->request_len, SQLITE_STATIC, SQLITE_UTF8);
        r = db_step(db, s);
    }
    return r;
}

static int cancel(struct db *db, const struct write_job *job)
{
    int r = change(db, STMT_BATCH_CANCEL, job, job->at);
    if (r != -ENOENT)
        return r;
    sqlite3_stmt *s = db->statement[STMT_BATCH_EXISTS];
    sqlite3_bind_int64(s, 1, job->id);
    int rc = sqlite3_step(s);
    r = rc == SQLITE_ROW ? 0 : rc == SQLITE_DONE ? -ENOENT : db_failed(db, rc);
    sqlite3_reset(s);
    return r;
}

static void lines_free(struct write_job *job)
{
    for (size_t i = 0; i < job->n_lines; i++) {
        free(job->lines[i].domain);
        free(job->lines[i].request);
    }
    free(job->lines);
    job->lines = NULL;
    job->n_lines = 0;
}

static int take_line(struct db *db, sqlite3_stmt *s, struct db_line *ret)
{
    const char *domain = (const char *)sqlite3_column_text(s, 1);
    const char *request = (const char *)sqlite3_column_text(s, 2);
    if (!domain || !request)
        return db_failed(db, SQLITE_NOMEM);
    *ret = (struct db_line){.number = sqlite3_column_int64(s, 0),
                            .domain = strdup(domain),
                            .request = strdup(request),
                            .request_len = (size_t)sqlite3_column_bytes(s, 2)};
    return ret->domain && ret->request ? 0 : -ENOMEM;
}

static int by_number(const void *a, const void *b)
{
    const struct db_line *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

/* Lines become checks within one transaction: each is one or the other, whenever the process is killed. May
 * be run a second time, after a batch of jobs that failed for another. */
static int take(struct db *db, struct write_job *job)
{
    lines_free(job);
    job->lines = calloc(job->most, sizeof *job->lines);
    if (!job->lines)
        return -ENOMEM;
    sqlite3_stmt *s = db->statement[STMT_LINES_TAKE];
    sqlite3_bind_int64(s, 1, job->id);
    sqlite3_bind_int64(s, 2, job->most);
    int rc, r = 0;
    while (r == 0 && (rc = sqlite3_step(s)) != SQLITE_DONE) {
        if (rc == SQLITE_ROW && job->n_lines < job->most) {
            r = take_line(db, s, &job->lines[job->n_lines++]);
        } else {
            r = db_failed(db, rc);
            break;
        }
    }
    sqlite3_reset(s);
    if (r < 0 || !job->n_lines)
        return r;
    qsort(job->lines, job->n_lines, sizeof *job->lines, by_number); /* RETURNING promises no order */
    for (size_t i = 0; r == 0 && i < job->n_lines; i++) {
        struct db_line *line = &job->lines[i];
        line->id = db_id_next(job->at);
        r = db_insert_request(db, line->id, job->at, (struct db_origin){.batch = job->id}, line->domain,
                              line->request, line->request_len);
    }
    return r < 0 ? r : change(db, STMT_BATCH_TAKEN, job, (int64_t)job->n_lines);
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

int db_do_batch(struct db *db, struct write_job *job)
{
    switch (job->kind) {
    case WRITE_BATCH:
        return change(db, STMT_BATCH_NEW, job, job->at);
    case WRITE_LINES:
        return add_lines(db, job);
    case WRITE_ACCEPT:
        return change(db, STMT_BATCH_ACCEPT, job, job->at);
    case WRITE_CANCEL_BATCH:
        return cancel(db, job);
    case WRITE_TAKE:
        return take(db, job);
    case WRITE_SWEEP:
        return sweep(db, job);
    case WRITE_REQUEST:
    case WRITE_RESULTS:
    case WRITE_CANCEL:
    case WRITE_PURGE:
    case WRITE_VACUUM:
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

static dcv_time time_or_none(sqlite3_stmt *s, int column)
{
    return sqlite3_column_type(s, column) == SQLITE_NULL ? TIME_UNKNOWN : sqlite3_column_int64(s, column);
}

static struct db_batch batch_row(sqlite3_stmt *s)
{
    struct db_batch b = {
        .id = sqlite3_column_int64(s, 0),
        .submitted = sqlite3_column_int64(s, 1),
        .cancelled = time_or_none(s, 2),
        .lines = sqlite3_column_int64(s, 3),
        .waiting = sqlite3_column_int64(s, 4),
        .alive = sqlite3_column_int(s, 5),
        .ended = time_or_none(s, 6),
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

int db_batch_count(struct db *db, int64_t id, enum db_count what, db_count_fn *fn, void *user)
{
    enum db_statement which;
    if (what == COUNT_STATES)
        which = STMT_BATCH_STATES;
    else if (what == COUNT_VERDICTS)
        which = STMT_BATCH_VERDICTS;
    else if (what == COUNT_CODES)
        which = STMT_BATCH_CODES;
    else
        return -EINVAL;
    sqlite3_bind_int64(db->statement[which], 1, id);
    return db_counts(db, db->statement[which], fn, user);
}
