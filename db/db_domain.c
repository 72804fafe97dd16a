#include "db_inner.h"

#include <errno.h>
#include <string.h>

static bool is(sqlite3_stmt *s, int column, const char *value)
{
    const char *text = (const char *)sqlite3_column_text(s, column);
    return text && value ? !strcmp(text, value) : !text && !value;
}

/* The index has all that is compared of the newest result but its cause, so that no report, which is large, is read for
 * a domain that is checked every day. */
int db_differs(struct db *db, int64_t request, const struct db_result *r, bool *ret)
{
    sqlite3_stmt *s = db->statement[STMT_NEWEST];
    sqlite3_bind_text(s, 1, r->domain, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, method_name(r->method), -1, SQLITE_STATIC);
    int rc = sqlite3_step(s), status = rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : db_failed(db, rc);
    const char *cause = r->n_findings ? cause_info(r->findings[0].cause)->id : NULL;
    *ret = rc == SQLITE_ROW &&
           (sqlite3_column_int64(s, 0) > request || !is(s, 1, verdict_name(r->verdict)) ||
            !is(s, 2, db_code(r->code)) || !is(s, 3, db_code(r->detail)) || !is(s, 4, cause));
    sqlite3_reset(s);
    return status;
}

static int note(struct db *db, int64_t result)
{
    sqlite3_bind_int64(db->statement[STMT_CHANGE], 1, result);
    return db_step(db, db->statement[STMT_CHANGE]);
}

/* Checks may end in another order than they began: the result after this one may be there already, and was compared
 * with the one before this. It is compared again. */
int db_note_change(struct db *db, int64_t result, int64_t request, const struct db_result *r)
{
    sqlite3_stmt *s = db->statement[STMT_SUCCESSOR];
    sqlite3_bind_text(s, 1, r->domain, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, method_name(r->method), -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 3, request);
    int rc = sqlite3_step(s), status = rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : db_failed(db, rc);
    int64_t after = rc == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
    sqlite3_reset(s);
    if (status == 0)
        status = note(db, result);
    if (status == 0 && after) {
        sqlite3_bind_int64(db->statement[STMT_CHANGE_UNDO], 1, after);
        status = db_step(db, db->statement[STMT_CHANGE_UNDO]);
        if (status == 0)
            status = note(db, after);
    }
    return status;
}

int db_domain_known(struct db *db, const char *domain, bool *ret)
{
    sqlite3_stmt *s = db->statement[STMT_DOMAIN_KNOWN];
    sqlite3_bind_text(s, 1, domain, -1, SQLITE_STATIC);
    int64_t n = 0;
    int r = db_number(db, s, &n);
    *ret = n > 0;
    sqlite3_clear_bindings(s);
    return r;
}

int db_domain_latest(struct db *db, const char *domain, db_result_fn *fn, void *user)
{
    sqlite3_stmt *s = db->statement[STMT_LATEST];
    int r = 0;
    for (int m = 0; r == 0 && m < METHOD_COUNT; m++) {
        sqlite3_bind_text(s, 1, domain, -1, SQLITE_STATIC);
        sqlite3_bind_text(s, 2, method_name((enum method)m), -1, SQLITE_STATIC);
        r = db_result_rows(db, s, fn, user);
    }
    sqlite3_clear_bindings(s);
    return r;
}

static const char *text(sqlite3_stmt *s, int column)
{
    return (const char *)sqlite3_column_text(s, column);
}

static int change_row(struct db *db, sqlite3_stmt *s, db_change_fn *fn, void *user)
{
    struct db_change_row row = {
        .id = sqlite3_column_int64(s, 0),
        .check = sqlite3_column_int64(s, 1),
        .at = sqlite3_column_int64(s, 2),
        .method = text(s, 3),
        .from = {text(s, 4), text(s, 5), text(s, 6), text(s, 7), text(s, 8)},
        .to = {text(s, 9), text(s, 10), text(s, 11), text(s, 12), text(s, 13)},
        .comparable = sqlite3_column_type(s, 16) != SQLITE_NULL,
    };
    if (row.comparable) {
        row.came = text(s, 14) ? text(s, 14) : "";
        row.gone = text(s, 15) ? text(s, 15) : "";
    }
    if (!row.method || !row.from.verdict || !row.to.verdict)
        return db_failed(db, SQLITE_NOMEM); /* the columns are NOT NULL */
    return fn(user, &row);
}

int db_domain_changes(struct db *db, const char *domain, int64_t before, unsigned limit, db_change_fn *fn,
                      void *user)
{
    sqlite3_stmt *s = db->statement[STMT_CHANGES];
    sqlite3_bind_text(s, 1, domain, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 2, before > 0 ? before : INT64_MAX);
    sqlite3_bind_int64(s, 3, limit ? (sqlite3_int64)limit : -1);
    int rc, r = 0;
    while (r == 0 && (rc = sqlite3_step(s)) != SQLITE_DONE)
        r = rc == SQLITE_ROW ? change_row(db, s, fn, user) : db_failed(db, rc);
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
    return r;
}
