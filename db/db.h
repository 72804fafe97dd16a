/* db.h - the store: one SQLite file, keyed by the API's error codes.
 *
 * A struct db is one connection. All functions are synchronous, and a connection is used by one thread at a time: the
 * one that writes belongs to the writer's thread (writer.h), those that read are opened by readers, which run on the
 * pool threads of libuv. None of them is called from a loop.
 *
 * Texts handed to callbacks are valid during the call. A callback that returns a non-zero value ends the listing with
 * that value. A callback must not use the connection that calls it. Header of db.c and db_*.c. */
#ifndef DCVD_DB_H
#define DCVD_DB_H

#include "rows.h"

struct db;
struct write_job; /* writer.h */

enum db_mode {
    DB_WRITE, /* creates, migrates, and is the only writer: a second one is refused with -EBUSY */
    DB_READ   /* an existing file of this version's own schema, read-only */
};
enum { DB_ERROR_TEXT = 300 };

/* Opens a store. -EMEDIUMTYPE: the file is not a store of dcvd; -EILSEQ: corrupt; -EPROTO: the schema of a newer
 * version (or, for DB_READ, of an older one); -EROFS, -ENOSPC, -EBUSY, -EACCES, -ENOENT, -ENOTSUP, -EIO, -ENOMEM. why
 * then is one line that names the file and what is wrong, and the file is left as it was. PATH-wal, PATH-shm and
 * PATH-lock are made beside PATH; the last one stays. */
int db_open(const char *path, enum db_mode mode, struct db **ret, char why[DB_ERROR_TEXT]);
/* NULL is allowed. For DB_WRITE it moves the WAL into the file, which takes time. */
void db_close(struct db *db);
const char *db_error(const struct db *db); /* of the last call that failed on it, one line */
/* Moves the WAL into the file once it has grown to 16 MB, or to what db_wal_most() said, and after a WRITE_VACUUM.
 * SQLite by itself would do so within a commit, for which somebody waits. */
void db_checkpoint(struct db *db);
/* How many bytes the WAL may grow to; a transaction is never cut short for it. */
void db_wal_most(struct db *db, int64_t bytes);

/* ---- db_read.c: checks, results and counts */
typedef int db_check_fn(void *user, const struct db_check_row *row);
typedef int db_result_fn(void *user, const struct db_result_row *row);
int db_check(struct db *db, int64_t id, db_check_fn *fn, void *user); /* -ENOENT where there is none */
int db_results(struct db *db, int64_t id, bool evidence, db_result_fn *fn, void *user);
int db_list(struct db *db, const struct db_filter *f, db_check_fn *fn, void *user); /* newest first */
int db_unfinished(struct db *db, db_check_fn *fn, void *user); /* oldest first; without the lines of batches */
/* The id that divides the checks submitted before t, which are below it, from the others. Ids are in the order in which
 * checks were submitted, and begin with the time. But a clock that was ahead once leaves all later ids ahead, too: then
 * the times that the rows have tell, and a check whose own time is ahead is as old as those after it. */
int db_bound(struct db *db, dcv_time t, int64_t *ret);
/* How many checks have ended, and how many of them have ids below that one. Reads all of them. */
int db_aged(struct db *db, int64_t below, int64_t *aged, int64_t *ended);
int db_last_id(struct db *db, int64_t *ret);                   /* 0 where the store is empty */
/* Whether a domain (lower case, without a final dot) has passed a check since then by a method that proves control of
 * it. A check that only shows where a CNAME leads does not prove it, and neither does CAA. */
int db_validated(struct db *db, const char *domain, dcv_time since, bool *ret);
typedef int db_count_fn(void *user, const char *value, int64_t n);
/* How many checks of each value were submitted since then and before until, to the millisecond (TIME_UNKNOWN: all). */
int db_count(struct db *db, enum db_count what, dcv_time since, dcv_time until, db_count_fn *fn, void *user);
struct db_size { /* bytes */
    int64_t used; /* of the file: what was purged is used again, or given back by WRITE_VACUUM */
    int64_t file, wal;
};
int db_size(struct db *db, struct db_size *ret);

/* ---- db_event.c: what was told */
typedef int db_event_fn(void *user, int64_t seq, const char *line, size_t len);
int db_events(struct db *db, const struct db_event_filter *f, db_event_fn *fn, void *user); /* oldest first */
int db_event_known(struct db *db, int64_t seq, bool *ret); /* whether the store has this one */
/* The number of the newest event, 0 where there is none; and whether a check has ended of which the last process did
 * not come to tell. */
int db_events_last(struct db *db, int64_t *ret, bool *lost);

/* ---- db_domain.c: what became of a domain (without a final dot) */
int db_domain_known(struct db *db, const char *domain, bool *ret); /* has a check, which may not have ended */
int db_domain_latest(struct db *db, const char *domain, db_result_fn *fn, void *user); /* one a method, with evidence */
typedef int db_change_fn(void *user, const struct db_change_row *row);
/* Where a domain's result by a method differs from the one before in verdict, codes or first cause: newest first,
 * with ids below before (0: from the newest), limit of them (0: all). */
int db_domain_changes(struct db *db, const char *domain, int64_t before, unsigned limit, db_change_fn *fn, void *user);

/* ---- db_batch.c: batches */
typedef int db_batch_fn(void *user, const struct db_batch *batch);
typedef int db_id_fn(void *user, int64_t id);
typedef int db_line_fn(void *user, int64_t id, const char *domain, const char *request, size_t len);
int db_batch(struct db *db, int64_t id, struct db_batch *ret); /* -ENOENT where there is none */
/* Newest first, with ids below before (0: from the newest), limit of them (0: all). */
int db_batches(struct db *db, int64_t before, unsigned limit, db_batch_fn *fn, void *user);
int db_batches_open(struct db *db, db_id_fn *fn, void *user); /* those with lines that have not ended, oldest first */
/* The lines of a batch that have not ended, in their order: ids above after, at most so many. */
int db_lines(struct db *db, int64_t batch, int64_t after, size_t most, db_line_fn *fn, void *user);
/* How many of a batch's checks have each value: COUNT_STATES, COUNT_VERDICTS or COUNT_CODES; -EINVAL for the others. */
int db_batch_count(struct db *db, int64_t id, enum db_count what, db_count_fn *fn, void *user);
/* At the start of the daemon: cancels the batches that were coming in when the last process ended. */
int db_batches_abandon(struct db *db);

/* ---- db_watch.c: watches */
typedef int db_watch_fn(void *user, const struct db_watch_row *row);
int db_watch(struct db *db, int64_t id, db_watch_fn *fn, void *user); /* -ENOENT where there is none */
int db_watches(struct db *db, const struct db_watch_filter *f, db_watch_fn *fn, void *user); /* newest first */
int db_watches_active(struct db *db, db_watch_fn *fn, void *user);                           /* oldest first */

/* ---- db_write.c: writing, with DB_WRITE only. After a failure the transaction has to be rolled back. */
int db_begin(struct db *db);
/* A transaction whose commit does not wait for the disk: a crash of the machine may undo it, unless a transaction of
 * db_begin() has been committed after it. For what nobody was told of. */
int db_begin_loose(struct db *db);
int db_do(struct db *db, struct write_job *job); /* one job, within the transaction */
/* The same, but after an error for which write_job_is_at_fault() the job alone has been undone, and the transaction can
 * go on. */
int db_do_alone(struct db *db, struct write_job *job);
int db_commit(struct db *db);
void db_rollback(struct db *db);

#endif
