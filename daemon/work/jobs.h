/* jobs.h - what scheduler.c moves about: a job is one accepted request, a run is the work for all jobs whose
 * requests are equal, a part of it is one method's check.
 *
 * All belong to the loop that made them and live on its thread. A job has its run from the request until the
 * results; a run is in one list of runs, the queue's or that of those that run, and in the table of texts
 * until nobody wants it, or it runs under a configuration that is no longer in force. */
#ifndef DCVD_JOBS_H
#define DCVD_JOBS_H

#include "base/table.h"
#include "work/readers.h"
#include "work/scheduler.h"

struct run;

struct job {
    struct link by_id;
    struct scheduler *scheduler;
    int64_t id;
    int64_t watch; /* that made it, or 0 */
    int64_t batch; /* whose line it was; 0: it came alone */
    char *domain;
    enum db_state state;
    struct run *run;          /* NULL before the request and from the results on */
    struct job *next, **back; /* in run->jobs */
    struct waiter *waiters;
    scheduler_submit_fn *submitted; /* until the request is on disk */
    void *user;
};

struct part { /* one method's check */
    struct run *run;
    struct arena *arena; /* the run's own where this is its only part */
    struct request request;
    struct remote_check task;
    struct report *report;
    struct targets *targets; /* before it: which CNAME targets the store knows as validated; NULL: nobody asks */
};

struct run {
    struct link by_text;
    struct scheduler *scheduler;
    char *text;
    size_t text_len;
    struct job *jobs;
    struct run *next, *prev; /* in a queue, or among those that run or leave */
    bool listed; /* in the table of texts */
    bool running, abandoned; /* abandoned: nobody wants the results */
    bool bulk;               /* none of its jobs came alone */
    struct generation *generation; /* while it runs */
    int64_t key;                   /* of its shard: the first job's id */
    struct arena *arena;     /* from the start on: the request, the parts */
    struct part *parts;
    size_t n_parts, pending;
};

struct runs { /* a list, oldest first */
    struct run *first, *last;
    size_t n;
};

void runs_add(struct runs *list, struct run *r); /* at the end */
void runs_remove(struct runs *list, struct run *r);
void job_attach(struct job *j, struct run *r);
void job_detach(struct job *j); /* one without a run is allowed */
struct job *job_find(const struct table *jobs, int64_t id);
struct run *run_find(const struct table *runs, const char *text, size_t len);

#endif
