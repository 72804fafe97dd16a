/* runner.h - runs checks in this process on one loop, whether the requests come from the command line or from a file of
 * any length.
 *
 * The runner calls next() for a job when it has room for one, and done() once for each job. A job and all of its check
 * are in the job's arena, which belongs to the runner from next() to done(), and to the owner before and after. A
 * struct runner belongs to whoever called runner_new(); runner_run() frees it. One thread. */
#ifndef DCV_RUNNER_H
#define DCV_RUNNER_H

#include "run/net.h"

enum {
    RUNNER_CEILING = 16 << 20
}; /* bytes of memory for one check, many times what a full check of many name servers needs */

struct runner_check {
    struct runner *runner;
    struct request request;
    struct arena *arena;
    struct report *report; /* set in done() */
    struct check *check;   /* while it runs, else NULL */
    void *user;            /* for the owner */
};

struct runner_config {
    struct net_config net;
    size_t in_flight;
    void *user;
    /* Gives the next job. 0; -ENODATA: there are no more; -EAGAIN: not now, and the owner will call runner_wake(). */
    int (*next)(void *user, struct runner_check **ret);
    /* err: 0; -ENOMEM: the arena was full, and the report says so; -ECANCELED: after runner_stop(), and the report is
     * meaningless; any other: the check could not be carried out, and there is no report. */
    void (*done)(void *user, struct runner_check *job, int err);
    /* All jobs are done: the owner closes its handles on the loop. May be NULL. */
    void (*ended)(void *user);
};

struct runner;
/* NULL: the error was printed. */
struct runner *runner_new(const struct runner_config *cfg);
uv_loop_t *runner_loop(struct runner *r);
void runner_wake(struct runner *r); /* on the loop: makes the runner call next() again */
void runner_stop(struct runner *r); /* on the loop: starts no more jobs and cancels running ones */
/* Runs until all jobs are done, and frees r. */
void runner_run(struct runner *r);

/* Prints what is wrong with the trust anchor or root hints of the built-in resolver. EXIT_PASS: nothing, or that
 * resolver is not used. */
int runner_files(const struct net_config *net);

#endif
