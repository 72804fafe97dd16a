/* job.h - a job: one accepted request with an id of its own, from its submission until its end is on disk.
 *
 * It belongs to its scheduler, in whose table it is from scheduler_put() on. It has a run (run.h) until the results are
 * there, and then waits for the outbox (outbox.h) to store them. Thread: the main loop's. */
#ifndef DCVD_JOB_H
#define DCVD_JOB_H

#include "base/table.h"
#include "work/scheduler.h"

struct job {
    struct link by_id;
    struct scheduler *scheduler;
    int64_t id;
    int64_t watch; /* that made it, or 0 */
    int64_t batch; /* whose line it is; 0: it came alone */
    char *domain;
    char *label; /* of its request, as JSON; NULL: none */
    enum db_state state;
    struct run *run;          /* NULL before the request is on disk, and once the results are there */
    struct job *next, **back; /* in run->jobs */
    struct waiter *waiters;
    scheduler_probe_fn *probed; /* its reports are for this function, and it is nowhere in the store; NULL otherwise */
    scheduler_submit_fn *submitted; /* until the request is on disk */
    void *user;
};

struct job *job_find(const struct table *jobs, int64_t id);
void job_attach(struct job *j, struct run *r);
/* Takes the label from its request. 0 or -ENOMEM. */
int job_label(struct job *j, const char *request, size_t len);
void job_detach(struct job *j); /* one without a run is allowed */
void job_change(struct job *j, enum db_state state); /* and tells those who wait for it */
/* Tells the scheduler's listener of the state that it is in. w: its results, or NULL. */
void job_tell(const struct job *j, const struct write_job *w);
/* It has ended, on disk too: those who wait and the listener are told, and it is freed. Where it was the last of its
 * run, the run is abandoned. w: its results, or NULL. */
void job_end(struct job *j, enum db_state state, const struct write_job *w);
void job_free(struct job *j);

#endif
