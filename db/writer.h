/* writer.h - the queue of what is to be written, and the thread that writes it.
 *
 * A job is one change of the store. Jobs are written in the order in which they are pushed, many in one transaction:
 * the thread commits at once when it is idle, and while a commit runs up to 512 jobs gather for the next. Where a
 * transaction fails (full disk, …) it is rolled back and each of its jobs comes back with the error; where one job is
 * at fault, only that one does. The thread goes on in either case.
 *
 * A job belongs to the writer from writer_push() until its done() is called. All functions are called on the thread of
 * the loop that the writer was started with, and so are done() and closed(). */
#ifndef DCVD_WRITER_H
#define DCVD_WRITER_H

#include "base/histogram.h"
#include "rows.h"

#include <uv.h>

struct db;

/* An id that is there already: -EEXIST; one that is not there: -ENOENT. */
enum write_kind {
    WRITE_REQUEST, /* a check was accepted: .id, .domain, .request, .at -> queued; .watch_id where a watch made it */
    WRITE_RESULTS, /* it is done: .id, .batch, .results, .at -> done; -EALREADY where it had ended. Of a line of a batch
                      .domain (lower case) and .request are wanted, too, or are looked up */
    WRITE_CANCEL,  /* .id, .batch, .at -> cancelled; 0 and no change where it had ended */
    WRITE_PURGE,   /* the oldest ended checks with ids below .id are deleted, .most of them: .deleted */
    WRITE_VACUUM,  /* .most free pages are given back to the file system: .deleted of them were */
    /* A batch comes in by WRITE_BATCH, any number of WRITE_LINES, then WRITE_ACCEPT; no reader sees it before. */
    WRITE_BATCH,        /* .id, .at */
    WRITE_LINES,        /* .id, .lines: -ENOENT where the batch is accepted or cancelled */
    WRITE_ACCEPT,       /* .id, .at: -ENOENT likewise */
    WRITE_CANCEL_BATCH, /* .id, .at: its lines that have not ended never run; 0 and no change where all have ended */
    WRITE_SWEEP,        /* .most lines of cancelled batches are deleted: .deleted */
    WRITE_WATCH,        /* .id, .domain, .request, .at, .watch.interval, .until -> active, due at .at */
    WRITE_WATCH_STEP,   /* .id, .at, the other members of .watch: -ENOENT where it was deleted */
    WRITE_WATCH_DELETE, /* .id; its checks stay. -ENOENT where it is not there */
    WRITE_EVENTS        /* .events, .at; those that are a day old are deleted */
};
struct watch_change {
    int64_t interval; /* milliseconds; 0: the CA's own steps */
    enum watch_until until;
    enum watch_state state; /* one that is no longer active has no next run, and ended at the job's time */
    dcv_time next;
    int64_t check; /* one of its checks that has ended: it is counted, and is the last one. 0: none, and .last stays */
    char *last;    /* the results of that check, JSON, or NULL */
    size_t last_len;
};
struct write_job { /* texts belong to it */
    struct write_job *next;
    enum write_kind kind;
    int64_t id;
    int64_t watch_id; /* of a request that a watch made; 0: none did */
    int64_t batch;    /* of a check that is a line of one; 0: it came alone */
    struct watch_change watch;
    dcv_time at;
    char *domain;
    char *request; /* JSON of json_write_request() */
    size_t request_len;
    struct db_result *results;
    size_t n_results;
    struct db_line *lines;
    size_t n_lines;
    const struct db_event **events; /* the list is the job's; what it points to stays its owner's until done() */
    size_t n_events;
    struct db_key key; /* of WRITE_REQUEST, WRITE_ACCEPT and WRITE_WATCH; its text belongs to the job */
    int64_t repeats;   /* set: the id of what the same key and body made within the last day, and nothing was done; -1:
                          the key was used for another body, and nothing was done; 0: neither */
    uint32_t most, deleted;              /* most: a few hundred, since other jobs wait meanwhile */
    void (*done)(struct write_job *job); /* after the commit, or its failure */
    void *user;
    int status; /* 0, or the negative errno for which the change is not on disk */
};
void write_job_free(struct write_job *job); /* with all texts in it; NULL is allowed */
/* Whether an error is the job's own fault: an id that is there already or is missing, a text that is missing or too
 * long. No other job suffers from that, and trying again does not help. */
bool write_job_is_at_fault(int error);

struct writer;
/* Takes over db, which its thread closes when it ends; on failure db stays the caller's. slice_ns: for how long, in one
 * turn of the loop, done() may be called for one job after another. 0 or a negative errno. */
int writer_start(uv_loop_t *loop, struct db *db, uint64_t slice_ns, struct writer **ret);
/* A job that is pushed after writer_stop() and before closed() comes back with -ESHUTDOWN. */
void writer_push(struct writer *w, struct write_job *job);
/* Writes what was pushed, ends the thread, calls done() of the last jobs, then closed(user). */
void writer_stop(struct writer *w, void (*closed)(void *user), void *user);

struct writer_counters {
    uint64_t jobs;    /* that came back */
    uint64_t failed;  /* of them, with an error */
    uint64_t commits; /* transactions in which at least one job was written */
    uint64_t queued;  /* pushed and not yet written */
    uint64_t commit_us_most;
    uint32_t batch_most;                         /* jobs in one transaction */
    struct histogram commit_seconds, batch_jobs; /* of scale_seconds and scale_counts */
};
void writer_counters(struct writer *w, struct writer_counters *ret);

#endif
