#include "db_inner.h"
#include "model/time.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

static int check_row(struct db *db, sqlite3_stmt *s, db_check_fn *fn, void *user)
{
    struct db_check_row row = {
        .id = sqlite3_column_int64(s, 0),
        .submitted = sqlite3_column_int64(s, 2),
        .ended = db_time(s, 3),
        .domain = (const char *)sqlite3_column_text(s, 4),
        .request = (const char *)sqlite3_column_text(s, 5),
        .batch = sqlite3_column_int64(s, 6),
        .watch = sqlite3_column_int64(s, 7),
    };
    const char *state = (const char *)sqlite3_column_text(s, 1);
    if (!state || !row.domain || !row.request)
        return db_failed(db, SQLITE_NOMEM); /* the columns are NOT NULL */
    if (!db_state_parse(state, &row.state)) {
        snprintf(db->error, sizeof db->error, "corrupt: a check has the unknown state '%.40s'", state);
        return -EILSEQ;
    }
    return fn(user, &row);
}

/* Calls fn for each row of s and counts them; resets s. */
static int check_rows(struct db *db, sqlite3_stmt *s, db_check_fn *fn, void *user, size_t *n)
{
    int rc, r = 0;
    *n = 0;
    while (r == 0 && (rc = sqlite3_step(s)) != SQLITE_DONE) {
        r = rc == SQLITE_ROW ? check_row(db, s, fn, user) : db_failed(db, rc);
        ++*n;
    }
    sqlite3_reset(s);
    return r;
}

int db_check(struct db *db, int64_t id, db_check_fn *fn, void *user)
{
    size_t n;
    sqlite3_bind_int64(db->statement[STMT_CHECK], 1, id);
    int r = check_rows(db, db->statement[STMT_CHECK], fn, user, &n);
    return r == 0 && n == 0 ? -ENOENT : r;
}

int db_unfinished(struct db *db, db_check_fn *fn, void *user)
{
    size_t n;
    return check_rows(db, db->statement[STMT_UNFINISHED], fn, user, &n);
}

int db_result_rows(struct db *db, sqlite3_stmt *s, db_result_fn *fn, void *user)
{
    int rc, r = 0;
    while (r == 0 && (rc = sqlite3_step(s)) != SQLITE_DONE) {
        if (rc != SQLITE_ROW) {
            r = db_failed(db, rc);
            break;
        }
        struct db_result_row row = {
            .check = sqlite3_column_int64(s, 0),
            .report = (const char *)sqlite3_column_text(s, 1),
            .evidence = (const char *)sqlite3_column_text(s, 2), /* as text it ends with a NUL, as a blob does not */
        };
        row.report_len = (size_t)sqlite3_column_bytes(s, 1);
        row.evidence_len = (size_t)sqlite3_column_bytes(s, 2);
        bool failed = !row.report || (!row.evidence && sqlite3_column_type(s, 2) != SQLITE_NULL);
        r = failed ? db_failed(db, SQLITE_NOMEM) : fn(user, &row);
    }
    sqlite3_reset(s);
    return r;
}

int db_results(struct db *db, int64_t id, bool evidence, db_result_fn *fn, void *user)
{
    sqlite3_stmt *s = db->statement[evidence ? STMT_RESULTS_EVIDENCE : STMT_RESULTS];
    sqlite3_bind_int64(s, 1, id);
    return db_result_rows(db, s, fn, user);
}

int db_bound(struct db *db, dcv_time t, int64_t *ret)
{
    sqlite3_stmt *s = db->statement[STMT_LAST];
    int rc = sqlite3_step(s);
    int64_t ahead = rc == SQLITE_ROW ? sqlite3_column_int64(s, 0) - db_id_at(sqlite3_column_int64(s, 1)) : 0;
    sqlite3_reset(s);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        return db_failed(db, rc);
    if (ahead <= db_id_at(DAY_MS)) { /* the lines of a batch have its time, and ids from while it came in */
        *ret = db_id_at(t);
        return 0;
    }
    s = db->statement[STMT_BOUND];
    sqlite3_bind_int64(s, 1, t);
    rc = sqlite3_step(s);
    if (rc == SQLITE_ROW || rc == SQLITE_DONE)
        *ret = rc == SQLITE_ROW ? sqlite3_column_int64(s, 0) + 1 : 0;
    sqlite3_reset(s);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : db_failed(db, rc);
}

int db_aged(struct db *db, int64_t below, int64_t *aged, int64_t *ended)
{
    sqlite3_bind_int64(db->statement[STMT_AGED], 1, below);
    int r = db_number(db, db->statement[STMT_AGED], aged);
    return r < 0 ? r : db_number(db, db->statement[STMT_ENDED], ended);
}

int db_last_id(struct db *db, int64_t *ret)
{
    return db_number(db, db->statement[STMT_LAST_ID], ret);
}

int db_validated(struct db *db, const char *domain, dcv_time since, bool *ret)
{
    int64_t n = 0;
    sqlite3_stmt *s = db->statement[STMT_VALIDATED];
    sqlite3_bind_text(s, 1, domain, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 2, since);
    int rc = db_number(db, s, &n);
    sqlite3_clear_bindings(s);
    if (!rc)
        *ret = n > 0;
    return rc;
}

static int64_t length(const char *path)
{
    struct stat st;
    return path && !stat(path, &st) ? st.st_size : 0;
}

int db_size(struct db *db, struct db_size *ret)
{
    sqlite3_stmt *s = db->statement[STMT_SIZE];
    const char *path = sqlite3_db_filename(db->sql, "main");
    int rc = sqlite3_step(s), r = 0;
    if (rc == SQLITE_ROW) {
        int64_t pages = sqlite3_column_int64(s, 1), now = length(path);
        *ret = (struct db_size){.used = sqlite3_column_int64(s, 0),
                                .file = pages > now ? pages : now, /* new pages may be in the WAL only */
                                .wal = length(path ? sqlite3_filename_wal(path) : NULL)};
    } else {
        r = db_failed(db, rc);
    }
    sqlite3_reset(s);
    return r;
}

#define COUNT_STATEMENT(sym) [sym] = STMT_##sym,

/* The whole units within [low, high); *first == *end where there are none. */
static void whole(int64_t low, int64_t high, int64_t unit, int64_t *first, int64_t *end)
{
    *first = (low + unit - 1) / unit;
    *end = high / unit;
    if (*end < *first)
        *end = *first;
}

/* Binds the parts of [since, until) to the parameters of DB_TALLY. */
static void bind_span(sqlite3_stmt *s, dcv_time since, dcv_time until)
{
    const int64_t never = INT64_C(1) << DB_ID_TIME_BITS;
    int64_t low = since < 0 ? 0 : since < never ? since : never;
    int64_t high = until == TIME_UNKNOWN || until > never ? never : until < low ? low : until;
    int64_t hours, hours_end, days, days_end;
    whole(low, high, HOUR_MS, &hours, &hours_end);
    bool within_an_hour = hours == hours_end;
    whole(hours * HOUR_MS, hours_end * HOUR_MS, DAY_MS, &days, &days_end);
    bool has_days = days < days_end;
    const int64_t per_day = DAY_MS / HOUR_MS;
    const int64_t parts[] = {
        days,
        days_end,
        hours,
        has_days ? days * per_day : hours_end,
        has_days ? days_end * per_day : 0,
        has_days ? hours_end : 0,
        db_id_at(low),
        db_id_at(within_an_hour ? high : hours * HOUR_MS),
        within_an_hour ? 0 : db_id_at(hours_end * HOUR_MS),
        within_an_hour ? 0 : db_id_at(high),
        db_id_at(low),
        db_id_at(high),
    };
    for (int i = 0; i < sqlite3_bind_parameter_count(s); i++)
        sqlite3_bind_int64(s, i + 1, parts[i]);
}

int db_count(struct db *db, enum db_count what, dcv_time since, dcv_time until, db_count_fn *fn, void *user)
{
    static const enum db_statement statements[] = {DB_COUNTS(COUNT_STATEMENT)};
    sqlite3_stmt *s = db->statement[statements[what]];
    bind_span(s, since, until);
    return db_counts(db, s, fn, user);
}

int db_counts(struct db *db, sqlite3_stmt *s, db_count_fn *fn, void *user)
{
    int rc, r = 0;
    while (r == 0 && (rc = sqlite3_step(s)) != SQLITE_DONE) {
        const char *value = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(s, 0) : NULL;
        r = value ? fn(user, value, sqlite3_column_int64(s, 1))
                  : db_failed(db, rc == SQLITE_ROW ? SQLITE_NOMEM : rc);
    }
    sqlite3_reset(s);
    return r;
}

/* ---------------------------------------------------------------- listing ---------------------------- */

/* ?1 <= id < ?2, ?3 the limit, ?4 domain, ?5 code, ?6 detail code, ?7 cause, ?8 verdict, ?9 method, ?10 batch, ?11
 * label. */
enum { LOW = 1, HIGH, LIMIT, FIRST_FILTER };

/* A text that grows. One that does not fit is cut, and SQLite then refuses it. */
struct sql {
    char *text;
    size_t n;
};

__attribute__((format(printf, 2, 3))) static void put(struct sql *s, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(s->text + s->n, DB_LIST_TEXT - s->n, fmt, ap);
    va_end(ap);
    s->n += n > 0 && (size_t)n < DB_LIST_TEXT - s->n ? (size_t)n : 0;
}

/* The conditions for a result r, but for the filter that the index of the statement already meets. */
static void put_conditions(struct sql *s, unsigned filters, unsigned but)
{
    static const struct {
        unsigned filter;
        const char *text;
    } conditions[] = {
        {FILTER_CODE, " AND r.code = ?5"},
        {FILTER_DETAIL, " AND r.detail_code = ?6"},
        {FILTER_CAUSE, " AND EXISTS (SELECT 1 FROM finding AS f WHERE f.result = r.id AND f.cause = ?7)"},
        {FILTER_VERDICT, " AND r.verdict = ?8"},
        {FILTER_METHOD, " AND r.method = ?9"},
    };
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++)
        if (filters & conditions[i].filter & ~but)
            put(s, "%s", conditions[i].text);
}

/* The newest checks of a domain that have a result by this method. */
static void put_method(struct sql *s, unsigned filters, const char *method)
{
    put(s, "SELECT id FROM (SELECT r.request AS id FROM result AS r INDEXED BY result_domain "
           "WHERE r.domain = lower(?4) AND r.method = %s AND r.request >= ?1 AND r.request < ?2", method);
    put_conditions(s, filters, FILTER_METHOD);
    if (filters & FILTER_BATCH)
        put(s, " AND (SELECT b.batch FROM request AS b WHERE b.id = r.request) = ?10");
    put(s, " ORDER BY r.request DESC LIMIT ?3)");
}

/* The index has a domain's checks by method: the newest of each method, and of these the newest. */
static void put_domain(struct sql *s, unsigned filters)
{
    if (filters & FILTER_METHOD) {
        put_method(s, filters, "?9");
        return;
    }
    for (int m = 0; m < METHOD_COUNT; m++) {
        char name[40];
        snprintf(name, sizeof name, "'%s'", method_name((enum method)m));
        put(s, "%s", m ? " UNION " : "");
        put_method(s, filters, name);
    }
    if (!(filters & ~(unsigned)(FILTER_DOMAIN | FILTER_BATCH)))
        put(s, " UNION SELECT id FROM (SELECT id FROM request INDEXED BY request_unreported "
               "WHERE domain = lower(?4) AND state <> 'done' AND id >= ?1 AND id < ?2%s ORDER BY id DESC LIMIT ?3)",
            filters & FILTER_BATCH ? " AND batch = ?10" : "");
}

static void put_cause(struct sql *s, unsigned filters)
{
    put(s, "SELECT DISTINCT f.request AS id FROM finding AS f INDEXED BY finding_cause CROSS JOIN result AS r "
           "ON r.id = f.result WHERE f.cause = ?7 AND f.request >= ?1 AND f.request < ?2");
    put_conditions(s, filters, FILTER_CAUSE);
    put(s, " ORDER BY f.request DESC LIMIT ?3");
}

static void put_code(struct sql *s, unsigned filters)
{
    put(s, "SELECT DISTINCT r.request AS id FROM result AS r INDEXED BY %s "
           "WHERE r.request >= ?1 AND r.request < ?2",
        filters & FILTER_DETAIL ? "result_detail_code" : "result_code");
    put_conditions(s, filters, 0);
    put(s, " ORDER BY r.request DESC LIMIT ?3");
}

/* The index has results by verdict and method: the newest of each pair, and of these the newest. */
static void put_outcome(struct sql *s, unsigned filters)
{
    int verdicts = filters & FILTER_VERDICT ? 1 : VERDICT_COUNT, methods = filters & FILTER_METHOD ? 1 : METHOD_COUNT;
    for (int i = 0; i < verdicts * methods; i++) {
        char verdict[40] = "?8", method[40] = "?9";
        if (verdicts > 1)
            snprintf(verdict, sizeof verdict, "'%s'", verdict_name((enum verdict)(i / methods)));
        if (methods > 1)
            snprintf(method, sizeof method, "'%s'", method_name((enum method)(i % methods)));
        put(s, "%sSELECT id FROM (SELECT r.request AS id FROM result AS r INDEXED BY result_outcome "
               "WHERE r.verdict = %s AND r.method = %s AND r.request >= ?1 AND r.request < ?2 "
               "ORDER BY r.request DESC LIMIT ?3)",
            i ? " UNION " : "", verdict, method);
    }
}

/* Every listing reads an index from its newest entry down and stops at the limit. INDEXED BY names the index, since
 * without ANALYZE SQLite's planner can only guess. Of a label, which few checks have, and of a batch, which is mostly
 * listed as a whole, the checks are read and their results looked up; otherwise the results of a domain are read, or
 * those with the rarest kind of value: cause, detail code, code, verdict, method. All conditions on results hold for
 * one and the same result. */
void db_list_sql(unsigned filters, char out[DB_LIST_TEXT])
{
    struct sql s = {out, 0};
    const unsigned of_results = filters & ~(unsigned)(FILTER_DOMAIN | FILTER_BATCH | FILTER_LABEL);
    void (*found)(struct sql *s, unsigned filters) = filters & FILTER_DOMAIN  ? put_domain
                                                     : filters & FILTER_CAUSE ? put_cause
                                                     : filters & (FILTER_CODE | FILTER_DETAIL) ? put_code
                                                                                               : put_outcome;
    put(&s, "SELECT " DB_COLUMNS " FROM ");
    if (!(filters & FILTER_LABEL) && (filters & FILTER_DOMAIN || (of_results && !(filters & FILTER_BATCH)))) {
        put(&s, "(");
        found(&s, filters);
        put(&s, ") AS h CROSS JOIN request AS q ON q.id = h.id");
    } else {
        put(&s, "request AS q%s WHERE q.id >= ?1 AND q.id < ?2%s%s%s",
            filters & FILTER_LABEL   ? " INDEXED BY request_label"
            : filters & FILTER_BATCH ? " INDEXED BY request_batch"
                                     : "",
            filters & FILTER_BATCH ? " AND q.batch = ?10" : "", filters & FILTER_LABEL ? " AND q.label = ?11" : "",
            filters & FILTER_DOMAIN ? " AND q.domain = lower(?4)" : "");
        if (of_results) {
            put(&s, " AND EXISTS (SELECT 1 FROM result AS r INDEXED BY result_request WHERE r.request = q.id");
            put_conditions(&s, filters, 0);
            put(&s, ")");
        }
    }
    put(&s, " ORDER BY q.id DESC LIMIT ?3");
}

int db_list(struct db *db, const struct db_filter *f, db_check_fn *fn, void *user)
{
    const char *const values[] = {
        f->domain,
        f->code,
        f->detail_code,
        f->cause,
        f->verdict < 0 ? NULL : verdict_name((enum verdict)f->verdict),
        f->method < 0 ? NULL : method_name((enum method)f->method),
    };
    unsigned filters = 0;
    for (int i = 0; i < 6; i++)
        if (values[i])
            filters |= 1u << i;
    if (f->batch)
        filters |= FILTER_BATCH;
    if (f->label)
        filters |= FILTER_LABEL;
    if (!db->list[filters]) {
        char text[DB_LIST_TEXT];
        db_list_sql(filters, text);
        int r = db_prepare(db, text, &db->list[filters]);
        if (r < 0)
            return r;
    }
    sqlite3_stmt *s = db->list[filters];
    int64_t low = 0, high = INT64_MAX;
    int bounds = f->since == TIME_UNKNOWN ? 0 : db_bound(db, f->since, &low);
    if (!bounds && f->until != TIME_UNKNOWN)
        bounds = db_bound(db, f->until, &high);
    if (bounds < 0)
        return bounds;
    if (f->before > 0 && f->before < high)
        high = f->before;
    sqlite3_bind_int64(s, LOW, low);
    sqlite3_bind_int64(s, HIGH, high);
    sqlite3_bind_int64(s, LIMIT, f->limit ? (sqlite3_int64)f->limit : -1);
    for (int i = 0; i < 6; i++)
        if (values[i])
            sqlite3_bind_text(s, FIRST_FILTER + i, values[i], -1, SQLITE_STATIC);
    if (f->batch)
        sqlite3_bind_int64(s, FIRST_FILTER + 6, f->batch);
    if (f->label)
        sqlite3_bind_text(s, FIRST_FILTER + 7, f->label, -1, SQLITE_STATIC);
    size_t n;
    int r = check_rows(db, s, fn, user, &n);
    sqlite3_clear_bindings(s);
    return r;
}
