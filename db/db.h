/* db.h - the store: one SQLite file, keyed by the API's error codes.
 *
 * db_* are plain synchronous functions on one connection; a connection is used by one thread at a time. The
 * one that writes belongs to the writer's thread (writer.c); readers open their own and run on the uv thread
 * pool. Nothing here is called from the loop but writer_push() and writer_start/stop.
 *
 * A check's id is 63 bits, time-ordered: 42 bits of milliseconds since 1970, 21 bits of a counter within the
 * millisecond. Outside the database it is 16 lower-case hex digits (printf('%016x', id) in SQL). */
#ifndef DCV_DB_H
#define DCV_DB_H

#include "base/histogram.h"
#include "model/dcv.h"

#include <uv.h>

struct db;

enum db_mode {
    DB_WRITE, /* creates, migrates, takes the writer's place (a second writer is refused: -EBUSY) */
    DB_READ   /* an existing file of our own schema version, read-only */
};
enum { DB_ERROR_TEXT = 300 };

/* Opens a store. -EMEDIUMTYPE: not ours; -EILSEQ: corrupt; -EPROTO: schema of a newer version (or, for
 * DB_READ, of an older one); -EROFS, -ENOSPC, -EBUSY, -EACCES, -ENOENT, -ENOTSUP, -EIO, -ENOMEM. why gets one
 * line that names the file and what is wrong; the file is left as it was. Beside PATH stand PATH-wal,
 * PATH-shm and PATH-lock, which stays. */
int db_open(const char *path, enum db_mode mode, struct db **ret, char why[DB_ERROR_TEXT]);
/* NULL is allowed. The writer's moves the WAL into the file, which takes time. */
void db_close(struct db *db);
const char *db_error(const struct db *db); /* of the last call that failed on it, one line */

/* ---- ids */
/* The next id of this process; greater than all before it. Thread-safe. seed it with db_last_id() after
 * opening. */
int64_t db_id_next(dcv_time now);
void db_id_seed(int64_t last);
void db_id_text(int64_t id, char out[17]);
bool db_id_parse(const char *text, int64_t *ret);
enum { DB_ID_TIME_BITS = 42, DB_ID_COUNTER_BITS = 21 };
int64_t db_id_at(dcv_time t); /* the lowest id of that millisecond */

/* ---- states of a check. The file knows no running ones: they are queued there until they end. */
#define DB_STATES(X)                                                                                         \
    X(STATE_QUEUED, "queued")                                                                                \
    X(STATE_RUNNING, "running")                                                                              \
    X(STATE_DONE, "done")                                                                                    \
    X(STATE_CANCELLED, "cancelled")
enum db_state { DB_STATES(DCV_MEMBER) };
const char *db_state_name(enum db_state s);
bool db_state_parse(const char *text, enum db_state *ret);

/* ---- what is written. Texts belong to the job and are freed with it. */
struct db_finding {
    enum cause cause;
    enum weight weight;
};
struct db_result { /* one report */
    char *domain;  /* as in the report, or the input as typed where that was refused */
    enum method method;
    enum verdict verdict;
    enum code code, detail; /* CODE_NONE: NULL in the table */
    char *variable;         /* of the code, or NULL */
    struct db_finding *findings;
    size_t n_findings;
    dcv_time started;
    uint32_t duration_us;
    char *report; /* struct stored of json.h */
    size_t report_len;
    char *evidence;
    size_t evidence_len;
    char *shown; /* not for the store: the same as the API shows it, for who waits; NULL where nobody did, or it would be long */
    size_t shown_len;
};

/* ---- jobs for the writing thread. An id that is taken: -EEXIST; one that is not there: -ENOENT. */
enum write_kind {
    WRITE_REQUEST, /* a check was accepted: .id, .domain, .request, .at -> queued */
    WRITE_RESULTS, /* it is done: .id, .batch, .results, .at -> done; -EALREADY where it had ended. Of a line of a batch
                      .domain (lower case) and .request are wanted, too, or are looked up */
    WRITE_CANCEL,  /* .id, .batch, .at -> cancelled; 0 and no change where it had ended */
    WRITE_PURGE,   /* the oldest ended checks with ids below .id are deleted, .most of them: .deleted */
    /* A batch comes in by WRITE_BATCH, any number of WRITE_LINES, then WRITE_ACCEPT; nobody sees it before.
     */
    WRITE_BATCH,        /* .id, .at */
    WRITE_LINES,        /* .id, .lines: -ENOENT where it is accepted or cancelled */
    WRITE_ACCEPT,       /* .id, .at: -ENOENT likewise */
    WRITE_CANCEL_BATCH, /* .id, .at: what is left of it never runs again; 0 and no change where it has ended */
    WRITE_SWEEP,        /* .most lines of cancelled batches are deleted: .deleted */
    WRITE_VACUUM,       /* .most free pages are given back to the file system: .deleted of them were */
    /* A watch's checks are made by WRITE_REQUEST with .watch_id. */
    WRITE_WATCH,        /* .id, .domain, .request, .at, .watch.interval, .until -> active, due at .at */
    WRITE_WATCH_STEP,   /* .id, .at, .watch's other members: -ENOENT where it was deleted */
    WRITE_WATCH_DELETE  /* .id; its checks stay. -ENOENT where it is gone */
};
struct db_line { /* a request of a batch */
    int64_t id;  /* of its check: above the batch's, in the order of the lines */
    char *domain, *request;
    size_t request_len;
};
/* ---- watches: a request that is run again and again */
#define DB_WATCH_STATES(X)                                                                                   \
    X(WATCH_ACTIVE, "active")                                                                                \
    X(WATCH_PASSED, "passed")                                                                                \
    X(WATCH_EXPIRED, "expired")
enum watch_state { DB_WATCH_STATES(DCV_MEMBER) };
const char *watch_state_name(enum watch_state s);
bool watch_state_parse(const char *text, enum watch_state *ret);
#define DB_UNTILS(X)                                                                                         \
    X(UNTIL_PASS, "pass")                                                                                    \
    X(UNTIL_FOREVER, "forever")
enum watch_until { DB_UNTILS(DCV_MEMBER) };
const char *watch_until_name(enum watch_until u);
bool watch_until_parse(const char *text, enum watch_until *ret);
struct db_watch_change { /* what a job writes of a watch */
    int64_t interval;    /* milliseconds; 0: the CA's own steps */
    enum watch_until until;
    enum watch_state state; /* one that is no longer active has no next run and ended at the job's time */
    dcv_time next;
    int64_t check; /* one of its checks that ended: counted, the last; 0: none has, .last stays */
    char *last;    /* what that came to, JSON, or NULL */
    size_t last_len;
};
struct write_job {
    struct write_job *next;
    enum write_kind kind;
    int64_t id;
    int64_t watch_id; /* of a request that a watch made; 0: none did */
    int64_t batch;    /* of a check that is a line of one; 0: it came alone */
    struct db_watch_change watch;
    dcv_time at;
    char *domain;
    char *request; /* JSON of json_write_request() */
    size_t request_len;
    struct db_result *results;
    size_t n_results;
    struct db_line *lines;
    size_t n_lines;
    uint32_t most, deleted;              /* a few hundred at a time: other jobs wait meanwhile */
    void (*done)(struct write_job *job); /* on the loop's thread, after the commit (or its failure) */
    void *user;
    int status; /* 0, or the negative errno for which this job is not on disk */
};
void write_job_free(struct write_job *job); /* the job and all texts in it */
/* Does one job inside the transaction that the caller opened. After a failure the transaction has to be
 * rolled back. */
int db_do(struct db *db, struct write_job *job);
/* The same, but where db_fault_is_the_jobs() the job alone has been undone and the transaction can go on. */
int db_do_alone(struct db *db, struct write_job *job);
/* Its id is there already or is missing, a text is missing or too long: no other job suffers from that. */
bool db_fault_is_the_jobs(int error);
int db_begin(struct db *db);
/* A transaction whose commit waits for no disk: a crash of the machine may undo it, as long as none of db_begin() has
 * been committed after it. For what nobody was told of. */
int db_begin_loose(struct db *db);
int db_commit(struct db *db);
void db_rollback(struct db *db);
/* Moves the WAL into the file once it has grown to 16 MB, or to what db_wal_most() said, and after a WRITE_VACUUM;
 * SQLite would do so within a commit, for which people wait. */
void db_checkpoint(struct db *db);
/* DB_WRITE: bytes that the WAL may grow to (a transaction is never cut short for it). */
void db_wal_most(struct db *db, int64_t bytes);

/* The writing thread: group commit. It flushes at once when idle; while a commit runs the next batch
 * collects, up to 512 jobs. Jobs are done in the order of their push. A batch that fails (full disk, …) is
 * rolled back and each of its jobs comes back with the status; where one job is at fault it alone does. The
 * thread goes on. */
struct writer;
struct writer_counters {
    uint64_t jobs;    /* that came back */
    uint64_t failed;  /* of them, with an error */
    uint64_t commits; /* of a batch */
    uint64_t queued;  /* pushed and not yet written */
    uint64_t commit_us_most;
    uint32_t batch_most;
    struct histogram commit_seconds, batch_jobs; /* of scale_seconds and scale_counts */
};
/* Takes over db (closed by its thread when it ends); on failure db stays the caller's. loop: where done
 * callbacks run. */
int writer_start(uv_loop_t *loop, struct db *db, struct writer **ret);
/* Loop's thread; the job is the writer's until done. One that is pushed after writer_stop() and before
 * closed() comes back with -ESHUTDOWN. */
void writer_push(struct writer *w, struct write_job *job);
void writer_counters(struct writer *w, struct writer_counters *ret);
/* Drains what was pushed, ends the thread, calls the last done callbacks, then closed(user) from the loop. */
void writer_stop(struct writer *w, void (*closed)(void *user), void *user);

/* ---- what is read. Texts handed to callbacks are valid during the call. A callback that returns non-zero
 * ends the listing with that value. A callback makes no call on the same db. */
struct db_check_row {
    int64_t id;
    enum db_state state;
    dcv_time submitted, ended; /* TIME_UNKNOWN while not ended */
    const char *domain;
    const char *request;
    int64_t batch; /* 0: it came alone */
    int64_t watch; /* 0: no watch made it; one that did may be deleted since */
};
typedef int db_check_fn(void *user, const struct db_check_row *row);
struct db_result_row {
    int64_t check;
    const char *report, *evidence; /* JSON; evidence is NULL unless asked for */
    size_t report_len, evidence_len;
};
typedef int db_result_fn(void *user, const struct db_result_row *row);

struct db_filter { /* NULL, -1 or TIME_UNKNOWN: any. What is asked of results, one result has to meet. */
    const char *domain;
    const char *code, *detail_code, *cause; /* without variables */
    int verdict, method;                    /* of the enums */
    dcv_time since, until;                  /* of submission as the id tells it, until is not included */
    int64_t batch;                          /* 0: any */
    int64_t before;                         /* cursor: ids below this; 0: from the newest */
    unsigned limit;                         /* 0: none */
};

int db_check(struct db *db, int64_t id, db_check_fn *fn, void *user); /* -ENOENT where there is none */
int db_results(struct db *db, int64_t id, bool evidence, db_result_fn *fn, void *user);
int db_list(struct db *db, const struct db_filter *f, db_check_fn *fn, void *user); /* newest first */
int db_unfinished(struct db *db, db_check_fn *fn, void *user); /* oldest first: to be run again */
int db_last_id(struct db *db, int64_t *ret);                   /* 0 where the store is empty */
/* Whether a domain (lower case, without a final dot) has passed a check of its own since then, by a method
 * that proves control of it: one that only shows where a CNAME leads, or CAA, does not. */
int db_validated(struct db *db, const char *domain, dcv_time since, bool *ret);
struct db_room { /* bytes */
    int64_t used;    /* of the file: what was purged from it is used again, or given back by WRITE_VACUUM */
    int64_t file, wal;
};
int db_room(struct db *db, struct db_room *ret);

/* What a domain (without a final dot) came to. */
int db_domain_latest(struct db *db, const char *domain, db_result_fn *fn, void *user); /* one a method, evidence too */
int db_domain_known(struct db *db, const char *domain, bool *ret); /* has a check, which may not have ended */
struct db_outcome { /* as the tables name it; NULL: none */
    const char *verdict, *code, *variable, *detail_code, *cause;
};
struct db_change_row {
    int64_t id;           /* grows with time */
    int64_t check;        /* the one that came to .to */
    dcv_time at;          /* when that began */
    const char *method;
    struct db_outcome from, to;
    bool comparable;      /* the report before is still in the store; otherwise .came and .gone are NULL */
    const char *came, *gone; /* causes that only this report has, that only the one before has; blanks between */
};
typedef int db_change_fn(void *user, const struct db_change_row *row);
/* Where a domain's result by a method differed from the one before in verdict, codes or first cause: newest first,
 * with ids below before (0: from the newest), limit of them (0: all). */
int db_domain_changes(struct db *db, const char *domain, int64_t before, unsigned limit, db_change_fn *fn, void *user);

struct db_batch {
    int64_t id;
    dcv_time submitted, cancelled; /* TIME_UNKNOWN */
    dcv_time ended;                /* the last of its checks so far; TIME_UNKNOWN: none has */
    int64_t lines, waiting;        /* waiting: have not ended; of a cancelled one, never did */
};
int db_batch(struct db *db, int64_t id, struct db_batch *ret); /* -ENOENT where there is none */
typedef int db_batch_fn(void *user, const struct db_batch *batch);
/* Newest first, with ids below before (0: from the newest), limit of them (0: all). */
int db_batches(struct db *db, int64_t before, unsigned limit, db_batch_fn *fn, void *user);
typedef int db_id_fn(void *user, int64_t id);
int db_batches_open(struct db *db, db_id_fn *fn, void *user); /* with lines that have not ended, oldest first */
/* Its lines that have not ended, in their order, with ids above after, at most so many. */
typedef int db_line_fn(void *user, int64_t id, const char *domain, const char *request, size_t len);
int db_lines(struct db *db, int64_t batch, int64_t after, size_t most, db_line_fn *fn, void *user);
/* DB_WRITE, at the start: what came in when the process was killed is cancelled. */
int db_batches_abandon(struct db *db);

struct db_watch_row {
    int64_t id;
    dcv_time created, next, ended; /* TIME_UNKNOWN: none, not yet */
    const char *domain;
    const char *request; /* JSON */
    size_t request_len;
    int64_t interval; /* milliseconds; 0: the CA's own steps */
    enum watch_until until;
    enum watch_state state;
    int64_t runs;       /* its checks that ended */
    int64_t last_check; /* the newest of them; 0: none */
    const char *last;   /* what that came to, JSON; NULL: none */
    size_t last_len;
};
typedef int db_watch_fn(void *user, const struct db_watch_row *row);
int db_watch(struct db *db, int64_t id, db_watch_fn *fn, void *user); /* -ENOENT where there is none */
struct db_watch_filter {
    const char *domain; /* NULL: any */
    int state;          /* enum watch_state; -1: any */
    int64_t before;     /* cursor: ids below this; 0: from the newest */
    unsigned limit;     /* 0: none */
};
int db_watches(struct db *db, const struct db_watch_filter *f, db_watch_fn *fn,
               void *user);                                        /* newest first */
int db_watches_active(struct db *db, db_watch_fn *fn, void *user); /* oldest first: to be gone on with */

/* How many there are of each value, by its name, of checks submitted since then and before until, to the millisecond
 * (TIME_UNKNOWN: all). */
#define DB_COUNTS(X)                                                                                         \
    X(COUNT_STATES)                                                                                          \
    X(COUNT_VERDICTS)                                                                                        \
    X(COUNT_METHODS)                                                                                         \
    X(COUNT_CODES)                                                                                           \
    X(COUNT_DETAIL_CODES)                                                                                    \
    X(COUNT_CAUSES)                                                                                          \
    X(COUNT_DAYS)
#define DB_COUNT_MEMBER(sym) sym,
#define DB_COUNT_ONE(sym) +1
enum db_count { DB_COUNTS(DB_COUNT_MEMBER) };
enum { DB_COUNT_KINDS = 0 DB_COUNTS(DB_COUNT_ONE) };
typedef int db_count_fn(void *user, const char *value, int64_t n);
int db_count(struct db *db, enum db_count what, dcv_time since, dcv_time until, db_count_fn *fn, void *user);
/* The same of a batch's checks: COUNT_STATES, COUNT_VERDICTS or COUNT_CODES; -EINVAL for the others. */
int db_batch_count(struct db *db, int64_t id, enum db_count what, db_count_fn *fn, void *user);

#endif
