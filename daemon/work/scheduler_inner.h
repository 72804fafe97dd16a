/* scheduler_inner.h - what scheduler.c, run.c and outbox.c share with each other; nobody else includes it. */
#ifndef DCVD_SCHEDULER_INNER_H
#define DCVD_SCHEDULER_INNER_H

#include "base/log.h"
#include "work/jobs.h"

enum { RETRY_FIRST_MS = 100, RETRY_MOST_MS = 5000 }; /* of writes that failed */

struct scheduler {
    const struct conf *conf;
    struct generations *generations;
    struct writer *writer;
    struct readers *readers;
    struct table jobs, runs;
    struct runs queue, bulk; /* bulk: of batches alone, they wait behind the queue */
    struct runs active, leaving; /* leaving: nobody wants their results, they have not ended yet */
    uv_idle_t starter; /* active while there is something to start */
    uv_timer_t retry, grace;
    uint32_t retry_ms;
    struct write_job *failed; /* to be written again */
    const struct write_job *ending; /* results of the job whose waiters are being told */
    size_t checks;            /* running */
    size_t bulk_checks;       /* of these: of runs that are bulk */
    size_t bulk_jobs;         /* alive: of batches */
    struct scheduler_feeder feeder;
    size_t writes;            /* with the writer, or failed */
    size_t submits;           /* of these: requests that are not on disk yet */
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
void job_change(struct job *j, enum db_state state); /* tells who waits */
void job_tell(const struct job *j,
              const struct write_job *w); /* the loop's listener; w: the results, or NULL */
void job_free(struct job *j);
/* It is over, on disk too: its waiters and the listener are told, it is freed, and so is its run where it was
 * the last. w: its results, or NULL. */
void job_end(struct job *j, enum db_state state, const struct write_job *w);
void starter_wake(struct scheduler *l); /* there may be something to start */
void stop_check(struct scheduler *l);   /* something came to its end */

/* The list in which a run waits. */
struct runs *queue_of(struct run *r);
/* Puts a job to the run of its text, or to a new one. Takes text over. 0 or -ENOMEM. */
int job_schedule(struct job *j, char *text, size_t len);

/* ---- scheduler_batch.c: jobs of batches */
void bulk_began(struct job *j);
void bulk_ended(struct job *j);
bool bulk_startable(const struct scheduler *l); /* a place is free that is not kept for checks that come alone */

/* ---- run.c: one request at work */
void run_start(struct run *r);
void run_abandon(struct run *r); /* its last job is gone */
void run_free(struct run *r);
void run_unlist(struct run *r); /* equal requests are no longer its jobs */

/* ---- outbox.c: what goes to the store, until it is there */
void write_push(struct scheduler *l, struct write_job *w);
void write_end(struct scheduler *l, struct write_job *w);
/* The results of a job of r: tried again while the store takes nothing in. 0 or -ENOMEM. */
int results_write(const struct run *r, struct job *j, struct report *const *reports, size_t n);
void failed_drop(struct scheduler *l);

#endif
