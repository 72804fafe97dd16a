/* db_inner.h - what db*.c share with each other and with their tests.
 *
 * A struct db is one SQLite connection, its prepared statements and, for DB_WRITE, the lock that makes it the only
 * writer: a flock on PATH-lock, which the kernel releases when the process ends, in whatever way. */
#ifndef DCVD_DB_INNER_H
#define DCVD_DB_INNER_H

#include "db.h"
#include "writer.h"

#include <sqlite3.h>

enum { DB_APPLICATION_ID = 0x64637664 }; /* "dcvd" */

/* schema.sql by version: db_schema[0] makes version 1 of an empty file, db_schema[1] makes version 2 of version 1. */
extern const char *const db_schema[];
extern const int db_schema_version;

#define DB_COLUMNS "q.id, q.state, q.submitted, q.ended, q.domain, q.request, q.batch, q.watch"
#define DB_BATCH_COLUMNS "b.id, b.submitted, b.cancelled, b.lines, b.waiting, b.ended"
/* The label of a request's text, which is read only where it has one. */
#define DB_LABEL(text)                                                                                       \
    "iif(instr(" text ", '\"label\":') > 0 AND json_valid(" text "), json_extract(" text ", '$.label'), NULL)"
/* Batches with lines that have not ended: the condition of the index batch_open. */
#define DB_BATCH_OPEN "b.waiting > 0 AND b.accepted IS NOT NULL AND b.cancelled IS NULL"
#define DB_WATCH_COLUMNS                                                                                     \
    "id, created, domain, request, interval, until, state, next, ended, runs, last_check, last"

/* Counts of values within ?11 <= id < ?12: whole days and whole hours are in tally, what is left at both ends is
 * counted in the rows. ?1 <= day < ?2, ?3 <= hour < ?4 and ?5 <= hour < ?6, ?7 <= id < ?8 and ?9 <= id < ?10. */
#define DB_TALLY(kind, by_day, by_hour, rest)                                                                \
    "SELECT value, sum(n) FROM ("                                                                            \
    "SELECT " by_day " AS value, n FROM tally WHERE unit = 86400000 AND kind = '" kind "' "                  \
    "AND start >= ?1 AND start < ?2 UNION ALL "                                                              \
    "SELECT " by_hour ", n FROM tally WHERE unit = 3600000 AND kind = '" kind "' "                           \
    "AND start >= ?3 AND start < ?4 UNION ALL "                                                              \
    "SELECT " by_hour ", n FROM tally WHERE unit = 3600000 AND kind = '" kind "' "                           \
    "AND start >= ?5 AND start < ?6 UNION ALL " rest ") GROUP BY value HAVING sum(n) > 0"
#define DB_RESULT_REST(value, and)                                                                           \
    "SELECT " value ", 1 FROM result INDEXED BY result_request "                                             \
    "WHERE request >= ?7 AND request < ?8" and " UNION ALL "                                                 \
    "SELECT " value ", 1 FROM result INDEXED BY result_request "                                             \
    "WHERE request >= ?9 AND request < ?10" and
#define DB_FINDING_REST                                                                                      \
    "SELECT f.cause, 1 FROM cause AS c CROSS JOIN finding AS f INDEXED BY finding_cause ON f.cause = c.id "  \
    "WHERE f.request >= ?7 AND f.request < ?8 UNION ALL "                                                    \
    "SELECT f.cause, 1 FROM cause AS c CROSS JOIN finding AS f INDEXED BY finding_cause ON f.cause = c.id "  \
    "WHERE f.request >= ?9 AND f.request < ?10"
#define DB_STATE_REST                                                                                        \
    "SELECT state, 1 FROM request WHERE id >= ?7 AND id < ?8 AND state <> 'queued' UNION ALL "               \
    "SELECT state, 1 FROM request WHERE id >= ?9 AND id < ?10 AND state <> 'queued' UNION ALL "              \
    "SELECT 'queued', count(*) FROM request INDEXED BY request_unfinished "                                  \
    "WHERE ended IS NULL AND id >= ?11 AND id < ?12 UNION ALL "                                              \
    "SELECT 'queued', b.waiting FROM batch AS b INDEXED BY batch_open "                                      \
    "WHERE " DB_BATCH_OPEN " AND b.id >= ?11 AND b.id < ?12"

/* All statements with a constant text. They are prepared on opening, so that a file without one of the tables or
 * indexes is refused then. */
#define DB_READ_STATEMENTS(X)                                                                                \
    X(STMT_CHECK, "SELECT " DB_COLUMNS " FROM request AS q WHERE q.id = ?1 UNION ALL "                       \
                  "SELECT l.id, 'queued', b.submitted, NULL, l.domain, l.request, l.batch, NULL "            \
                  "FROM batch AS b INDEXED BY batch_open CROSS JOIN batch_line AS l "                        \
                  "ON l.batch = b.id AND l.id = ?1 WHERE " DB_BATCH_OPEN)                                    \
    X(STMT_RESULTS, "SELECT r.request, r.report, NULL FROM result AS r INDEXED BY result_request "           \
                    "WHERE r.request = ?1 ORDER BY r.id")                                                    \
    X(STMT_RESULTS_EVIDENCE, "SELECT r.request, r.report, r.evidence FROM result AS r "                      \
                             "INDEXED BY result_request WHERE r.request = ?1 ORDER BY r.id")                 \
    X(STMT_UNFINISHED, "SELECT " DB_COLUMNS " FROM request AS q INDEXED BY request_unfinished "              \
                       "WHERE q.ended IS NULL ORDER BY q.id")                                                \
    X(STMT_VALIDATED, "SELECT EXISTS (SELECT 1 FROM result INDEXED BY result_domain WHERE domain = ?1 "      \
                      "AND method NOT IN ('caa', 'dns-cname-target') AND verdict = 'pass' "                  \
                      "AND started >= ?2)")                                                                  \
    X(STMT_LAST, "SELECT id, submitted FROM request ORDER BY id DESC LIMIT 1")                             \
    X(STMT_BOUND, "SELECT id FROM request WHERE submitted < ?1 ORDER BY id DESC LIMIT 1")                    \
    X(STMT_AGED, "SELECT count(*) FROM request WHERE id < ?1 AND ended IS NOT NULL")                         \
    X(STMT_ENDED, "SELECT count(*) FROM request WHERE ended IS NOT NULL")                                    \
    X(STMT_LAST_ID, "SELECT max((SELECT ifnull(max(id), 0) FROM request), "                                  \
                    "(SELECT ifnull(max(id), 0) FROM batch), (SELECT ifnull(max(id), 0) FROM watch), "       \
                    "(SELECT ifnull(max((SELECT max(l.id) FROM batch_line AS l WHERE l.batch = b.id)), 0) "  \
                    "FROM batch AS b INDEXED BY batch_open WHERE " DB_BATCH_OPEN "))")                       \
    X(STMT_BATCH, "SELECT " DB_BATCH_COLUMNS " FROM batch AS b WHERE b.id = ?1 AND b.accepted IS NOT NULL")   \
    X(STMT_BATCHES, "SELECT " DB_BATCH_COLUMNS " FROM batch AS b "                                           \
                    "WHERE b.id < ?1 AND b.accepted IS NOT NULL ORDER BY b.id DESC LIMIT ?2")                \
    X(STMT_BATCHES_OPEN, "SELECT b.id FROM batch AS b INDEXED BY batch_open WHERE " DB_BATCH_OPEN            \
                         " ORDER BY b.id")                                                                   \
    X(STMT_LINES, "SELECT id, domain, request FROM batch_line WHERE batch = ?1 AND id > ?2 "                 \
                  "ORDER BY id LIMIT ?3")                                                                    \
    X(STMT_WATCH, "SELECT " DB_WATCH_COLUMNS " FROM watch WHERE id = ?1")                                    \
    X(STMT_WATCHES, "SELECT " DB_WATCH_COLUMNS " FROM watch WHERE id < ?1 "                                  \
                    "AND (?3 IS NULL OR domain = lower(?3)) AND (?4 IS NULL OR state = ?4) "                 \
                    "AND (?5 IS NULL OR label = ?5) "                                                        \
                    "ORDER BY id DESC LIMIT ?2")                                                             \
    X(STMT_WATCHES_ACTIVE, "SELECT " DB_WATCH_COLUMNS " FROM watch INDEXED BY watch_active "                 \
                           "WHERE state = 'active' ORDER BY id")                                             \
    X(STMT_EVENTS, "SELECT seq, line FROM event WHERE seq > ?1 AND line <> '' AND (?3 IS NULL OR kind = ?3 OR "   \
                   "kind = 'start') AND (?4 IS NULL OR domain = lower(?4) OR kind = 'start') "               \
                   "AND (?5 IS NULL OR label = ?5 OR kind = 'start') "                                       \
                   "AND (?6 = 0 OR watch = ?6 OR kind = 'start') ORDER BY seq LIMIT ?2")                     \
    X(STMT_EVENT, "SELECT EXISTS (SELECT 1 FROM event WHERE seq = ?1)")                                      \
    X(STMT_EVENT_LAST, "SELECT ifnull(max(seq), 0) FROM event")                                              \
    X(STMT_EVENTS_LOST, "SELECT EXISTS (SELECT 1 FROM request AS q WHERE q.id IN (SELECT request FROM result " \
                        "ORDER BY id DESC LIMIT 3000) AND q.state = 'done' AND q.ended >= ?1 - 5000 "        \
                        "AND q.id NOT IN (SELECT check_id FROM event WHERE seq > (?1 - 120000) << 11))")     \
    X(STMT_BATCH_COUNT, "SELECT value, n FROM batch_tally WHERE batch = ?1 AND kind = ?2 AND n > 0")           \
    X(STMT_SIZE, "SELECT (page_count - freelist_count) * page_size, page_count * page_size "                 \
                 "FROM pragma_page_count, pragma_freelist_count, pragma_page_size")                          \
    X(STMT_COUNT_STATES, DB_TALLY("state", "value", "value", DB_STATE_REST))                                 \
    X(STMT_COUNT_VERDICTS, DB_TALLY("verdict", "value", "value", DB_RESULT_REST("verdict", "")))             \
    X(STMT_COUNT_METHODS, DB_TALLY("method", "value", "value", DB_RESULT_REST("method", "")))                \
    X(STMT_COUNT_CODES,                                                                                      \
      DB_TALLY("code", "value", "value", DB_RESULT_REST("code", " AND code IS NOT NULL")))                   \
    X(STMT_COUNT_DETAIL_CODES,                                                                               \
      DB_TALLY("detail_code", "value", "value",                                                              \
               DB_RESULT_REST("detail_code", " AND detail_code IS NOT NULL")))                               \
    X(STMT_COUNT_CAUSES, DB_TALLY("cause", "value", "value", DB_FINDING_REST))                               \
    X(STMT_COUNT_DAYS,                                                                                       \
      DB_TALLY("verdict", "date(start * 86400, 'unixepoch')", "date(start * 3600, 'unixepoch')",             \
               DB_RESULT_REST("date((request >> 21) / 1000, 'unixepoch')", "")))                             \
    X(STMT_CHANGES,                                                                                          \
      "SELECT c.result, r.request, r.started, r.method, c.verdict, c.code, c.variable, c.detail_code, "      \
      "c.cause, r.verdict, r.code, r.variable, r.detail_code, "                                              \
      "(SELECT f.cause FROM finding AS f WHERE f.result = c.result AND f.ord = 0), "                         \
      "(SELECT group_concat(f.cause, ' ') FROM finding AS f WHERE f.result = c.result AND f.cause NOT IN "   \
      "(SELECT p.cause FROM finding AS p WHERE p.result = c.previous)), "                                    \
      "(SELECT group_concat(f.cause, ' ') FROM finding AS f WHERE f.result = c.previous AND f.cause NOT IN " \
      "(SELECT n.cause FROM finding AS n WHERE n.result = c.result)), "                                      \
      "(SELECT p.id FROM result AS p WHERE p.id = c.previous) "                                              \
      "FROM change AS c INDEXED BY change_domain CROSS JOIN result AS r ON r.id = c.result "                 \
      "WHERE c.domain = lower(?1) AND c.result < ?2 ORDER BY c.result DESC LIMIT ?3")                               \
    X(STMT_LATEST, "SELECT r.request, r.report, r.evidence FROM result AS r WHERE r.id = (SELECT b.id "      \
                   "FROM result AS b INDEXED BY result_domain WHERE b.domain = lower(?1) AND b.method = ?2 "        \
                   "ORDER BY b.request DESC LIMIT 1)")                                                       \
    X(STMT_DOMAIN_KNOWN, "SELECT EXISTS (SELECT 1 FROM result INDEXED BY result_domain "                     \
                         "WHERE domain = lower(?1)) OR EXISTS (SELECT 1 FROM request "                       \
                         "INDEXED BY request_unreported WHERE domain = lower(?1) AND state <> 'done')")
#define DB_WRITE_STATEMENTS(X)                                                                               \
    X(STMT_BEGIN, "BEGIN IMMEDIATE")                                                                         \
    X(STMT_COMMIT, "COMMIT")                                                                                 \
    X(STMT_ROLLBACK, "ROLLBACK")                                                                             \
    X(STMT_JOB_BEGIN, "SAVEPOINT job")                                                                       \
    X(STMT_JOB_KEEP, "RELEASE job")                                                                          \
    X(STMT_JOB_UNDO, "ROLLBACK TO job")                                                                      \
    X(STMT_REQUEST, "INSERT INTO request (id, state, submitted, domain, request, watch, label) "             \
                    "VALUES (?1, ?2, ?3, lower(?4), ?5, ?6, " DB_LABEL("?5") ")")                            \
    X(STMT_EVENT_NEW, "INSERT INTO event (seq, kind, domain, label, watch, check_id, line) "                 \
                      "VALUES (?1, ?2, lower(?3), ?4, ?5, ?6, ?7)")                                          \
    X(STMT_EVENTS_OLD, "DELETE FROM event WHERE seq IN (SELECT seq FROM event WHERE seq < ?1 "               \
                       "AND seq < (SELECT max(seq) FROM event) ORDER BY seq LIMIT ?2)")                      \
    X(STMT_KEY, "SELECT body, id FROM idempotency WHERE peer = ?1 AND key = ?2 AND at >= ?3")                \
    X(STMT_KEY_NEW, "INSERT OR REPLACE INTO idempotency (peer, key, at, body, id) VALUES (?1, ?2, ?3, ?4, ?5)") \
    X(STMT_KEY_OLD, "DELETE FROM idempotency WHERE (peer, key) IN (SELECT peer, key FROM idempotency "       \
                    "INDEXED BY idempotency_at WHERE at < ?1 ORDER BY at LIMIT 20)")                         \
    X(STMT_WATCH_NEW, "INSERT INTO watch (id, created, domain, request, interval, until, state, next, runs, " \
                      "label) VALUES (?1, ?2, lower(?3), ?4, ?5, ?6, 'active', ?2, 0, " DB_LABEL("?4") ")")   \
    X(STMT_WATCH_STEP, "UPDATE watch SET state = ?2, next = ?3, ended = ?4, runs = runs + (?5 IS NOT NULL), " \
                       "last_check = ifnull(?5, last_check), last = iif(?5 IS NULL, last, ?6) WHERE id = ?1") \
    X(STMT_WATCH_DELETE, "DELETE FROM watch WHERE id = ?1")                                                  \
    X(STMT_PURGE_WATCHES, "DELETE FROM watch WHERE id < ?1 AND state <> 'active' AND NOT EXISTS "            \
                          "(SELECT 1 FROM request AS q INDEXED BY request_watch WHERE q.watch = watch.id)")  \
    X(STMT_BATCH_NEW, "INSERT INTO batch (id, submitted, lines, waiting) VALUES (?1, ?2, 0, 0)")             \
    X(STMT_BATCH_GROW, "UPDATE batch SET lines = lines + ?2, waiting = waiting + ?2 "                        \
                       "WHERE id = ?1 AND accepted IS NULL AND cancelled IS NULL")                           \
    X(STMT_LINE_NEW, "INSERT INTO batch_line (batch, id, domain, request) VALUES (?1, ?2, lower(?3), ?4)")   \
    X(STMT_LINE, "SELECT domain, request FROM batch_line WHERE batch = ?1 AND id = ?2")                      \
    X(STMT_LINE_END, "INSERT INTO request (id, state, submitted, ended, domain, request, batch, label) "     \
                     "VALUES (?1, ?2, (SELECT submitted FROM batch WHERE id = ?6), ?3, ?4, ?5, ?6, "         \
                     DB_LABEL("?5") ")")                                                                     \
    X(STMT_LINE_GONE, "DELETE FROM batch_line WHERE batch = ?1 AND id = ?2")                                 \
    X(STMT_BATCH_ACCEPT, "UPDATE batch SET accepted = ?2 WHERE id = ?1 AND accepted IS NULL "                \
                         "AND cancelled IS NULL")                                                            \
    X(STMT_BATCH_CANCEL, "UPDATE batch AS b SET cancelled = ?2 WHERE id = ?1 AND cancelled IS NULL "         \
                         "AND (accepted IS NULL OR waiting > 0)")                                            \
    X(STMT_BATCH_EXISTS, "SELECT 1 FROM batch WHERE id = ?1")                                                \
    X(STMT_BATCHES_ABANDON, "UPDATE batch SET cancelled = submitted "                                        \
                            "WHERE accepted IS NULL AND cancelled IS NULL")                                  \
    X(STMT_BATCH_ENDED, "UPDATE batch SET waiting = waiting - ?2, ended = max(ifnull(ended, 0), ?3) "        \
                        "WHERE id = ?1")                                                                     \
    X(STMT_BATCH_TALLY, "INSERT INTO batch_tally VALUES (?1, ?2, ?3, ?4) "                                   \
                        "ON CONFLICT DO UPDATE SET n = n + excluded.n")                                      \
    X(STMT_SWEEP, "DELETE FROM batch_line WHERE (batch, id) IN (SELECT l.batch, l.id FROM batch AS b "       \
                  "JOIN batch_line AS l ON l.batch = b.id WHERE b.cancelled IS NOT NULL LIMIT ?1)")          \
    X(STMT_SWEEP_BATCHES, "DELETE FROM batch WHERE accepted IS NULL AND cancelled IS NOT NULL "              \
                          "AND NOT EXISTS (SELECT 1 FROM batch_line AS l WHERE l.batch = batch.id)")         \
    X(STMT_PURGE_BATCHES, "DELETE FROM batch WHERE id < ?1 "                                                 \
                          "AND NOT EXISTS (SELECT 1 FROM batch_line AS l WHERE l.batch = batch.id) "         \
                          "AND NOT EXISTS (SELECT 1 FROM request AS q INDEXED BY request_batch "             \
                          "WHERE q.batch = batch.id) AND accepted IS NOT NULL")                              \
    X(STMT_END, "UPDATE request SET state = ?2, ended = ?3 WHERE id = ?1 AND ended IS NULL")                 \
    X(STMT_PURGE, "DELETE FROM request WHERE id IN (SELECT id FROM request WHERE id < ?1 "                   \
                  "AND ended IS NOT NULL ORDER BY id LIMIT ?2) RETURNING id")                                \
    X(STMT_PURGE_TALLY, "DELETE FROM tally WHERE n = 0 AND unit = ?1 AND start <= ?2 AND kind IN "           \
                        "('state', 'verdict', 'method', 'code', 'detail_code', 'cause')")                    \
    X(STMT_EXISTS, "SELECT 1 FROM request WHERE id = ?1")                                                    \
    X(STMT_RESULT, "INSERT INTO result (request, domain, method, verdict, code, variable, detail_code, "     \
                   "started, duration_us, report, evidence) "                                                \
                   "VALUES (?1, lower(?2), ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")                           \
    X(STMT_CHANGE,                                                                                           \
      "INSERT INTO change SELECT r.id, r.domain, p.id, p.verdict, p.code, p.variable, p.detail_code, "       \
      "pf.cause FROM result AS r CROSS JOIN result AS p ON p.id = (SELECT b.id FROM result AS b "            \
      "INDEXED BY result_domain WHERE b.domain = r.domain AND b.method = r.method "                          \
      "AND b.request < r.request ORDER BY b.request DESC LIMIT 1) "                                          \
      "LEFT JOIN finding AS pf ON pf.result = p.id AND pf.ord = 0 "                                          \
      "LEFT JOIN finding AS rf ON rf.result = r.id AND rf.ord = 0 WHERE r.id = ?1 "                          \
      "AND (r.verdict, r.code, r.detail_code, rf.cause) IS NOT "                                             \
      "(p.verdict, p.code, p.detail_code, pf.cause)")                                                        \
    X(STMT_TALLY, "INSERT INTO tally VALUES (3600000, ?1, ?2, ?3, ?4), (86400000, ?1, ?2 / 24, ?3, ?4) "     \
                  "ON CONFLICT DO UPDATE SET n = n + excluded.n")                                            \
    X(STMT_CHANGE_UNDO, "DELETE FROM change WHERE result = ?1")                                              \
    X(STMT_NEWEST, "SELECT r.request, r.verdict, r.code, r.detail_code, "                                    \
                   "(SELECT f.cause FROM finding AS f WHERE f.result = r.id AND f.ord = 0) "                 \
                   "FROM result AS r INDEXED BY result_domain WHERE r.domain = lower(?1) AND r.method = ?2 " \
                   "ORDER BY r.request DESC LIMIT 1")                                                        \
    X(STMT_SUCCESSOR, "SELECT id FROM result INDEXED BY result_domain WHERE domain = lower(?1) "             \
                      "AND method = ?2 AND request > ?3 ORDER BY request LIMIT 1")                           \
    X(STMT_FINDING, "INSERT INTO finding (result, ord, cause, weight, request) VALUES (?1, ?2, ?3, ?4, ?5)")

#define DB_STATEMENT_MEMBER(sym, text) sym,
enum db_statement { DB_READ_STATEMENTS(DB_STATEMENT_MEMBER) DB_WRITE_STATEMENTS(DB_STATEMENT_MEMBER) };
enum {
    DB_READ_COUNT = 0 DB_READ_STATEMENTS(DCV_ONE),
    DB_STATEMENT_COUNT = DB_READ_COUNT DB_WRITE_STATEMENTS(DCV_ONE)
};

/* The filters of a listing: each combination is a statement of its own, prepared when it is needed for the first
 * time. */
enum {
    FILTER_DOMAIN = 1,
    FILTER_CODE = 2,
    FILTER_DETAIL = 4,
    FILTER_CAUSE = 8,
    FILTER_VERDICT = 16,
    FILTER_METHOD = 32,
    FILTER_BATCH = 64,
    FILTER_LABEL = 128,
    FILTER_COMBINATIONS = 256
};

/* Bounds of what is counted within a transaction: some ten kinds and values, mostly of one hour; few batches. */
enum { DB_COUNTED_MOST = 64, DB_ENDED_MOST = 8 };

struct db {
    sqlite3 *sql;
    sqlite3_stmt *statement[DB_STATEMENT_COUNT];
    sqlite3_stmt *list[FILTER_COMBINATIONS];
    bool loose; /* commits do not wait for the disk */
    int lock;   /* -1 for DB_READ; what follows is used for DB_WRITE only */
    int64_t page_bytes;
    int64_t wal_bytes; /* after the last commit */
    int64_t wal_most;  /* from this size on it is moved into the file */
    bool shrunk;       /* pages were given back: the file becomes shorter once the WAL is moved into it */
    struct db_counted {
        const char *kind, *value; /* constants, as the table has them */
        int64_t batch;            /* 0: counted for all checks, in tally; otherwise in batch_tally */
        int64_t hour, n;
    } counted[DB_COUNTED_MOST]; /* in this transaction, and not in the tables yet */
    size_t n_counted;
    struct db_batch_ended {
        int64_t id, n, last;
    } ended[DB_ENDED_MOST]; /* how many checks of a batch, likewise */
    size_t n_ended;
    char error[DB_ERROR_TEXT];
};

/* The negative errno for an error of SQLite, of which db_error() then has the text. */
int db_failed(struct db *db, int rc);
/* Takes a file from its user_version to n, each step in a transaction of its own together with its version. */
int db_migrate(struct db *db, const char *const steps[], int n);
/* Runs statements that have neither parameters nor rows. */
int db_run(struct db *db, const char *text);
int db_prepare(struct db *db, const char *text, sqlite3_stmt **ret);
/* Runs a statement that has no rows, and resets it. */
int db_step(struct db *db, sqlite3_stmt *s);

/* The number in the one row of a statement; NULL, as max() of no rows is, reads as 0. */
int db_number(struct db *db, sqlite3_stmt *s, int64_t *ret);
/* The time in a column; NULL: TIME_UNKNOWN. */
dcv_time db_time(sqlite3_stmt *s, int column);
/* Calls fn for each row (request, report, evidence or NULL) of s; resets s. */
int db_result_rows(struct db *db, sqlite3_stmt *s, db_result_fn *fn, void *user);
/* Calls fn for each row (value, number) of s; resets s. */
int db_counts(struct db *db, sqlite3_stmt *s, db_count_fn *fn, void *user);
const char *db_code(enum code c); /* as error_code has it; NULL: none */
/* Whether the job has a key that was used within the last day: then .repeats says so, and there is nothing to do. If
 * not, the key is from now on that of what the job makes. 0 or a negative errno. db_key.c. */
int db_key_take(struct db *db, struct write_job *job);
/* As db_do(), of the kinds that concern batches. db_batch.c. */
int db_do_batch(struct db *db, struct write_job *job);
/* A line of a batch becomes a row of request. -ENOENT: there is no such line, or no longer. */
int db_line_end(struct db *db, const struct write_job *job, enum db_state state);
/* Before a result is inserted: whether it differs from the one before it, or a later one is there already, so that
 * db_note_change() has to be called once it and its findings are inserted. db_domain.c. */
int db_differs(struct db *db, int64_t request, const struct db_result *r, bool *ret);
int db_note_change(struct db *db, int64_t result, int64_t request, const struct db_result *r);
/* Counts what a job has changed, at its end and within its transaction. db_tally.c. */
int db_tally_job(struct db *db, const struct write_job *job, enum db_state state);
/* Adds what was counted to the tables; a commit begins with that. */
int db_settle(struct db *db);
/* Forgets what was counted: the transaction was rolled back. */
void db_unsettle(struct db *db);
/* As db_do(), of events; and deletes most events with numbers below this, but never the newest one. db_event.c. */
int db_do_events(struct db *db, struct write_job *job);
int db_events_forget(struct db *db, int64_t below, uint32_t most);
/* As db_do(), of the kinds that concern watches. db_watch.c. */
int db_do_watch(struct db *db, struct write_job *job);
/* The text of the listing for a combination of filters. db_read.c. */
enum { DB_LIST_TEXT = 5000 };
void db_list_sql(unsigned filters, char out[DB_LIST_TEXT]);

#endif
