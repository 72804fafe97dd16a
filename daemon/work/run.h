/* run.h - a run: the work for all jobs whose requests are equal. A part of it is the check of one method.
 *
 *   scheduler_put() -> waits in a queue -> run_start() -> the checks of its parts -> results for each job -> freed
 *
 * A run is in the table of texts until no more equal requests join it: they join one that waits or runs under the
 * configuration in force. It is in one list of runs at any time. Thread: the main loop's; the checks of its parts may
 * run on other threads, which then own the part's request and arena (shard_net.h). */
#ifndef DCVD_RUN_H
#define DCVD_RUN_H

#include "base/table.h"
#include "work/scheduler.h"

struct part {
    struct run *run;
    struct arena *arena; /* the run's own where this is its only part */
    struct request request;
    struct remote_check check;
    struct report *report;   /* once the check has ended */
    struct targets *targets; /* while the store is asked which CNAME targets are validated; NULL: it need not be */
};

struct run {
    struct link by_text;
    struct scheduler *scheduler;
    char *text; /* the request in canonical form, by which requests are equal */
    size_t text_len;
    struct job *jobs;
    struct run *next, *prev; /* in a list of runs */
    bool listed;             /* in the table of texts */
    bool running;
    bool abandoned;                /* nobody wants the results */
    bool bulk;                     /* all of its jobs are lines of batches */
    bool suspect;                  /* it was running when the process ended before; since it began again */
    struct generation *generation; /* while it runs */
    int64_t key;                   /* chooses its shard: the id of its first job */
    struct arena *arena;           /* from its start on: the request, the parts */
    struct part *parts;
    size_t n_parts, pending; /* pending: what has to end before the run does */
};

struct runs { /* a list, oldest first */
    struct run *first, *last;
    size_t n;
};
void runs_add(struct runs *list, struct run *r); /* at the end */
void runs_remove(struct runs *list, struct run *r);

/* Of a table of texts; NULL: there is none. */
struct run *run_find(const struct table *texts, const char *text, size_t len);
void run_unlist(struct run *r); /* equal requests join it no longer */
/* At how many ends of the process without a cause a line of a batch that it is for was running. */
unsigned run_ends(const struct run *r);
void run_start(struct run *r);
void run_abandon(struct run *r); /* its last job is gone */
void run_free(struct run *r);

#endif
