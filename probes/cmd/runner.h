/* runner.h - checks in this process: one loop and one driver, whether the requests come from the command line
 * or from a file of any length.
 *
 * The owner hands out jobs as the runner has room for them and gets each back once. A job and all of its
 * check live in the job's arena; that is the runner's from next() to done(), the owner's before and after.
 * One thread. */
#ifndef DCV_RUNNER_H
#define DCV_RUNNER_H

#include "observe/recursive.h"
#include "run/net.h"

enum {
    RUNNER_CEILING = 16 << 20
}; /* bytes of one check: a full sweep of many name servers fits many times over */

struct runner_check {
    struct runner *runner;
    struct request request;
    struct arena *arena;
    struct report *report; /* set in done() */
    void *user;            /* the owner's */
};

struct runner_config {
    struct net_config net;
    size_t in_flight;
    void *user;
    /* The next job; 0, -ENODATA: there are no more, -EAGAIN: not now, runner_wake() follows. */
    int (*next)(void *user, struct runner_check **ret);
    /* err: 0; -ENOMEM: the arena was full, and the report says so; -ECANCELED after runner_stop(), the report
     * means nothing; else the check could not be carried out and there is no report. */
    void (*done)(void *user, struct runner_check *job, int err);
    /* All is done: the owner closes what it put on the loop. May be NULL. */
    void (*ended)(void *user);
};

struct runner;
/* NULL: said on standard error. */
struct runner *runner_new(const struct runner_config *cfg);
uv_loop_t *runner_loop(struct runner *r);
void runner_wake(struct runner *r); /* from the loop: ask next() again */
void runner_stop(struct runner *r); /* from the loop: no more jobs, and those that run are cancelled */
/* Until all is done; gives the runner back. */
void runner_run(struct runner *r);

/* Says on standard error what is wrong with the files of a resolver of our own; EXIT_PASS where nothing is,
 * or where no such resolver is used. */
int runner_files(const struct net_config *net);

#endif
