/* db_private.h - what db*.c share with each other and with their tests; nobody else includes it.
 *
 * A struct db is one SQLite connection, its prepared statements and, for DB_WRITE, the lock that makes it the
 * only writer: a flock on PATH-lock, which the kernel drops with the process however that ends. */
#ifndef DCV_DB_PRIVATE_H
#define DCV_DB_PRIVATE_H

#include "db.h"

#include <sqlite3.h>

enum { DB_APPLICATION_ID = 0x64637664 }; /* "dcvd" */

/* schema.sql by version: db_schema[0] makes version 1 of an empty file, db_schema[1] makes version 2 of that.
 */
extern const char *const db_schema[];
extern const int db_schema_version;

#define DB_COLUMNS "q.id, q.state, q.submitted, q.ended, q.domain, q.request, q.batch, q.watch"
/* Whether a check of batch b has not ended: few have not, of all that there are. */
#define DB_BATCH_ALIVE                                                                                       \
    "EXISTS (SELECT 1 FROM request AS q INDEXED BY request_unfinished "                                      \
    "WHERE q.ended IS NULL AND q.id > b.id AND q.batch = b.id)"
#define DB_BATCH_COLUMNS "b.id, b.submitted, b.cancelled, b.lines, b.waiting, " DB_BATCH_ALIVE
#define DB_WATCH_COLUMNS                                                                                     \
    "id, created, domain, request, interval, until, state, next, ended, runs, last_check, last"

/* Every fixed statement: prepared on opening, so that a file without one of our tables or indexes is refused
 * then. */
#define DB_READ_STATEMENTS(X)                                                                                \
    X(STMT_CHECK, "SELECT " DB_COLUMNS " FROM request AS q WHERE q.id = ?1")                                 \
    X(STMT_RESULTS, "SELECT r.request, r.report, NULL FROM result AS r INDEXED BY result_request "           \
                    "WHERE r.request = ?1 ORDER BY r.id")                                                    \
    X(STMT_RESULTS_EVIDENCE, "SELECT r.request, r.report, r.evidence FROM result AS r "                      \
                             "INDEXED BY result_request WHERE r.request = ?1 ORDER BY r.id")                 \
    X(STMT_UNFINISHED, "SELECT " DB_COLUMNS " FROM request AS q INDEXED BY request_unfinished "              \
                       "WHERE q.ended IS NULL ORDER BY q.id")                                                \
    X(STMT_VALIDATED, "SELECT count(*) FROM (SELECT 1 FROM request AS q INDEXED BY request_domain "          \
                      "JOIN result AS r INDEXED BY result_request ON r.request = q.id WHERE q.domain = ?1 "  \
                      "AND r.verdict = 'pass' AND r.method NOT IN ('caa', 'dns-cname-target') "              \
                      "AND r.started >= ?2 LIMIT 1)")                                                        \
    X(STMT_LAST_ID, "SELECT max((SELECT ifnull(max(id), 0) FROM request), "                                  \
                    "(SELECT ifnull(max(id), 0) FROM batch), (SELECT ifnull(max(id), 0) FROM watch))")       \
    X(STMT_BATCH, "SELECT " DB_BATCH_COLUMNS ", (SELECT max(q.ended) FROM request AS q "                     \
                  "INDEXED BY request_batch WHERE q.batch = b.id) FROM batch AS b "                          \
                  "WHERE b.id = ?1 AND b.accepted IS NOT NULL")                                              \
    X(STMT_BATCHES, "SELECT " DB_BATCH_COLUMNS ", NULL FROM batch AS b "                                     \
                    "WHERE b.id < ?1 AND b.accepted IS NOT NULL ORDER BY b.id DESC LIMIT ?2")                \
    X(STMT_BATCHES_OPEN, "SELECT id FROM batch WHERE accepted IS NOT NULL AND cancelled IS NULL "            \
                         "AND waiting > 0 ORDER BY id")                                                      \
    X(STMT_WATCH, "SELECT " DB_WATCH_COLUMNS " FROM watch WHERE id = ?1")                                    \
    X(STMT_WATCHES, "SELECT " DB_WATCH_COLUMNS " FROM watch WHERE id < ?1 "                                  \
                    "AND (?3 IS NULL OR domain = lower(?3)) AND (?4 IS NULL OR state = ?4) "                 \
                    "ORDER BY id DESC LIMIT ?2")                                                             \
    X(STMT_WATCHES_ACTIVE, "SELECT " DB_WATCH_COLUMNS " FROM watch INDEXED BY watch_active "                 \
                           "WHERE state = 'active' ORDER BY id")                                             \
    X(STMT_BATCH_STATES, "SELECT state, count(*) FROM request INDEXED BY request_batch "                     \
                         "WHERE batch = ?1 GROUP BY state")                                                  \
    X(STMT_BATCH_VERDICTS, "SELECT r.verdict, count(*) FROM request AS q INDEXED BY request_batch "          \
                           "JOIN result AS r INDEXED BY result_request ON r.request = q.id "                 \
                           "WHERE q.batch = ?1 GROUP BY r.verdict")                                          \
    X(STMT_BATCH_CODES, "SELECT r.code, count(*) FROM request AS q INDEXED BY request_batch "                \
                        "JOIN result AS r INDEXED BY result_request ON r.request = q.id "                    \
                        "WHERE q.batch = ?1 AND r.code IS NOT NULL GROUP BY r.code")                         \
    X(STMT_SIZE, "SELECT (page_count - freelist_count) * page_size "                                         \
                 "FROM pragma_page_count, pragma_freelist_count, pragma_page_size")                          \
    X(STMT_COUNT_STATES, "SELECT state, count(*) FROM request WHERE id >= ?1 GROUP BY state")                \
    X(STMT_COUNT_VERDICTS, "SELECT verdict, count(*) FROM result INDEXED BY result_verdict "                 \
                           "WHERE request >= ?1 GROUP BY verdict")                                           \
    X(STMT_COUNT_METHODS, "SELECT method, count(*) FROM result INDEXED BY result_method "                    \
                          "WHERE request >= ?1 GROUP BY method")                                             \
    X(STMT_COUNT_CODES, "SELECT code, count(*) FROM result INDEXED BY result_code "                          \
                        "WHERE code IS NOT NULL AND request >= ?1 GROUP BY code")                            \
    X(STMT_COUNT_DETAIL_CODES, "SELECT detail_code, count(*) FROM result INDEXED BY result_detail_code "     \
                               "WHERE detail_code IS NOT NULL AND request >= ?1 GROUP BY detail_code")       \
    X(STMT_COUNT_CAUSES, "SELECT cause, count(*) FROM finding INDEXED BY finding_cause "                     \
                         "WHERE request >= ?1 GROUP BY cause")                                               \
    X(STMT_COUNT_DAYS, "SELECT date((request >> 21) / 1000, 'unixepoch') AS day, count(*) "                  \
                       "FROM result INDEXED BY result_request WHERE request >= ?1 GROUP BY day")
#define DB_WRITE_STATEMENTS(X)                                                                               \
    X(STMT_BEGIN, "BEGIN IMMEDIATE")                                                                         \
    X(STMT_COMMIT, "COMMIT")                                                                                 \
    X(STMT_ROLLBACK, "ROLLBACK")                                                                             \
    X(STMT_JOB_BEGIN, "SAVEPOINT job")                                                                       \
    X(STMT_JOB_KEEP, "RELEASE job")                                                                          \
    X(STMT_JOB_UNDO, "ROLLBACK TO job")                                                                      \
    X(STMT_REQUEST, "INSERT INTO request (id, state, submitted, domain, request, batch, watch) "             \
                    "VALUES (?1, ?2, ?3, lower(?4), ?5, ?6, ?7)")                                            \
    X(STMT_WATCH_NEW, "INSERT INTO watch (id, created, domain, request, interval, until, state, next, runs) " \
                      "VALUES (?1, ?2, lower(?3), ?4, ?5, ?6, 'active', ?2, 0)")                             \
    X(STMT_WATCH_STEP, "UPDATE watch SET state = ?2, next = ?3, ended = ?4, runs = runs + (?5 IS NOT NULL), " \
                       "last_check = ifnull(?5, last_check), last = iif(?5 IS NULL, last, ?6) WHERE id = ?1") \
    X(STMT_WATCH_DELETE, "DELETE FROM watch WHERE id = ?1")                                                  \
    X(STMT_PURGE_WATCHES, "DELETE FROM watch WHERE id < ?1 AND state <> 'active' AND NOT EXISTS "            \
                          "(SELECT 1 FROM request AS q INDEXED BY request_watch WHERE q.watch = watch.id)")  \
    X(STMT_BATCH_NEW, "INSERT INTO batch (id, submitted, lines, waiting) VALUES (?1, ?2, 0, 0)")             \
    X(STMT_BATCH_GROW, "UPDATE batch SET lines = lines + ?2, waiting = waiting + ?2 "                        \
                       "WHERE id = ?1 AND accepted IS NULL AND cancelled IS NULL")                           \
    X(STMT_LINE_NEW, "INSERT INTO batch_line (batch, line, domain, request) VALUES (?1, ?2, ?3, ?4)")        \
    X(STMT_BATCH_ACCEPT, "UPDATE batch SET accepted = ?2 WHERE id = ?1 AND accepted IS NULL "                \
                         "AND cancelled IS NULL")                                                            \
    X(STMT_BATCH_CANCEL, "UPDATE batch AS b SET cancelled = ?2 WHERE id = ?1 AND cancelled IS NULL "         \
                         "AND (accepted IS NULL OR waiting > 0 OR " DB_BATCH_ALIVE ")")                      \
    X(STMT_BATCH_EXISTS, "SELECT 1 FROM batch WHERE id = ?1")                                                \
    X(STMT_BATCHES_ABANDON, "UPDATE batch SET cancelled = submitted "                                        \
                            "WHERE accepted IS NULL AND cancelled IS NULL")                                  \
    X(STMT_LINES_TAKE, "DELETE FROM batch_line WHERE (batch, line) IN (SELECT l.batch, l.line "              \
                       "FROM batch_line AS l JOIN batch AS b ON b.id = l.batch WHERE l.batch = ?1 "          \
                       "AND b.accepted IS NOT NULL AND b.cancelled IS NULL ORDER BY l.line LIMIT ?2) "       \
                       "RETURNING line, domain, request")                                                    \
    X(STMT_BATCH_TAKEN, "UPDATE batch SET waiting = waiting - ?2 WHERE id = ?1")                             \
    X(STMT_SWEEP, "DELETE FROM batch_line WHERE (batch, line) IN (SELECT l.batch, l.line FROM batch AS b "   \
                  "JOIN batch_line AS l ON l.batch = b.id WHERE b.cancelled IS NOT NULL LIMIT ?1)")          \
    X(STMT_SWEEP_BATCHES, "DELETE FROM batch WHERE accepted IS NULL AND cancelled IS NOT NULL "              \
                          "AND NOT EXISTS (SELECT 1 FROM batch_line AS l WHERE l.batch = batch.id)")         \
    X(STMT_PURGE_BATCHES, "DELETE FROM batch WHERE id < ?1 "                                                 \
                          "AND NOT EXISTS (SELECT 1 FROM batch_line AS l WHERE l.batch = batch.id) "         \
                          "AND NOT EXISTS (SELECT 1 FROM request AS q INDEXED BY request_batch "             \
                          "WHERE q.batch = batch.id) AND accepted IS NOT NULL")                              \
    X(STMT_END, "UPDATE request SET state = ?2, ended = ?3 WHERE id = ?1 AND ended IS NULL")                 \
    X(STMT_PURGE, "DELETE FROM request WHERE id IN (SELECT id FROM request WHERE id < ?1 "                   \
                  "AND ended IS NOT NULL ORDER BY id LIMIT ?2)")                                             \
    X(STMT_EXISTS, "SELECT 1 FROM request WHERE id = ?1")                                                    \
    X(STMT_RESULT, "INSERT INTO result (request, domain, method, verdict, code, variable, detail_code, "     \
                   "started, duration_us, report, evidence) "                                                \
                   "VALUES (?1, lower(?2), ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")                           \
    X(STMT_FINDING, "INSERT INTO finding (result, ord, cause, weight, request) VALUES (?1, ?2, ?3, ?4, ?5)")

#define DB_STATEMENT_MEMBER(sym, text) sym,
enum db_statement { DB_READ_STATEMENTS(DB_STATEMENT_MEMBER) DB_WRITE_STATEMENTS(DB_STATEMENT_MEMBER) };
enum {
    DB_READ_COUNT = 0 DB_READ_STATEMENTS(DCV_ONE),
    DB_STATEMENT_COUNT = DB_READ_COUNT DB_WRITE_STATEMENTS(DCV_ONE)
};

/* Which filters a listing has; each combination is a statement of its own, prepared when first asked for. */
enum {
    FILTER_DOMAIN = 1,
    FILTER_CODE = 2,
    FILTER_DETAIL = 4,
    FILTER_CAUSE = 8,
    FILTER_VERDICT = 16,
    FILTER_METHOD = 32,
    FILTER_BATCH = 64,
    FILTER_COMBINATIONS = 128
};

struct db {
    sqlite3 *sql;
    sqlite3_stmt *statement[DB_STATEMENT_COUNT];
    sqlite3_stmt *list[FILTER_COMBINATIONS];
    int lock;      /* -1 for DB_READ */
    int wal_pages; /* in the WAL after the last commit */
    char error[DB_ERROR_TEXT];
};

/* The negative errno for what sqlite3 said last, which db_error() then tells. */
int db_failed(struct db *db, int rc);
/* Takes a file from its user_version to n: each step in a transaction with its version. */
int db_migrate(struct db *db, const char *const steps[], int n);
int db_prepare(struct db *db, const char *text, sqlite3_stmt **ret);
/* Runs a statement that answers no rows, and resets it. */
int db_step(struct db *db, sqlite3_stmt *s);

/* Calls fn for each row (value, number) of s; resets s. */
int db_counts(struct db *db, sqlite3_stmt *s, db_count_fn *fn, void *user);
/* The kinds that deal with batches, db_batch.c; as db_do(). */
int db_do_batch(struct db *db, struct write_job *job);
/* The kinds that deal with watches, db_watch.c; likewise. */
int db_do_watch(struct db *db, struct write_job *job);
/* A request becomes a check that is queued. */
struct db_origin {
    int64_t batch, watch; /* 0: none */
};
int db_insert_request(struct db *db, int64_t id, dcv_time at, struct db_origin from, const char *domain,
                      const char *request, size_t len);

/* The listing's text for a combination of filters. */
enum { DB_LIST_TEXT = 1000 };
void db_list_sql(unsigned filters, char out[DB_LIST_TEXT]);

#endif
