/* scheduler_inner.h - the scheduler itself, and what scheduler.c and scheduler_batch.c do for jobs, runs and the
 * outbox. */
#ifndef DCVD_SCHEDULER_INNER_H
#define DCVD_SCHEDULER_INNER_H

#include "base/log.h"
#include "work/job.h"
#include "work/run.h"
#include "work/suspects.h"

enum { RETRY_FIRST_MS = 100, RETRY_MOST_MS = 5000 }; /* of writes that failed */

struct scheduler {
    const struct conf *conf;
    struct generations *generations;
    struct writer *writer;
    struct readers *readers;
    struct table jobs, texts; /* texts: of runs */
    struct runs queue, bulk;  /* bulk: runs for batches alone, which wait behind the queue */
    struct runs active;
    struct runs leaving; /* abandoned, but not all of their checks have ended */
    uv_idle_t starter;   /* active while there is a run to start */
    uv_timer_t retry, grace;
    uv_timer_t trim;    /* runs while the checks have taken much memory since the heap was last trimmed */
    size_t peak;        /* bytes of .memory since then, at most */
    uint32_t retry_ms;
    struct write_job *failed;       /* results to be written again */
    const struct write_job *ending; /* results of the job whose waiters are being told */
    struct arena_budget memory;     /* of the runs that have begun */
    struct suspects *suspects;      /* NULL: its file cannot be had */
    size_t suspected;               /* runs that have begun, and were running when the process ended before */
    size_t checks;                  /* that run */
    size_t bulk_checks;             /* of these: of bulk runs */
    size_t bulk_jobs;               /* jobs that are lines of batches */
    struct scheduler_feeder feeder;
    size_t writes;  /* with the writer, or failed */
    size_t submits; /* of these: requests that are not on disk yet */
    unsigned closing;
    bool stopping, ended;
    void (*stopped)(void *user);
    void *stopped_user;
    scheduler_news_fn *news;
    void *news_user;
    struct scheduler_counters counters;
    struct verdict_counts verdicts;
};

/* ---- scheduler.c */
/* Adds a job to the run of its text, or to a new one. Takes text over. 0 or -ENOMEM. */
int scheduler_put(struct job *j, char *text, size_t len);
struct runs *scheduler_queue_of(struct run *r); /* the list in which it waits */
void scheduler_wake(struct scheduler *s);       /* there may be a run to start */
void scheduler_trim_later(struct scheduler *s);  /* a run that has ended gives its memory back */
void scheduler_stop_check(struct scheduler *s); /* something has ended: it may have been the last that is waited for */

/* ---- scheduler_batch.c: jobs that are lines of batches */
void scheduler_bulk_began(struct job *j);
void scheduler_bulk_ended(struct job *j);
bool scheduler_bulk_startable(const struct scheduler *s); /* one more of their checks may run */

#endif
