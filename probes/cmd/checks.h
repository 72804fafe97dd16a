/* checks.h - a few checks in this process, all of whose reports are shown together: what check, explain --run
 * and preflight --probe share. One thread. */
#ifndef DCV_CHECKS_H
#define DCV_CHECKS_H

#include "cmd/cli.h"
#include "cmd/runner.h"

struct checks {
    struct net_config net;   /* .trust_anchor and .root_hints are the owner's to set */
    const struct conf *conf; /* of checks_configure() */
    struct runner_check *job;
    size_t n, room, started;
    int err;
};

/* Before the first of them: see cli_configure(). EXIT_USAGE: said on standard error. */
int checks_configure(struct arena *a, struct checks *c, const char *path, struct given_list *given);
/* A domain in every method that it is asked for. EXIT_USAGE: said on standard error. */
int checks_add(struct arena *a, struct checks *c, const char *domain, const struct given_list *given);
/* Runs them all. The reports live until checks_free(). EXIT_USAGE: nothing was asked, and why is said;
 * EXIT_UNDECIDED: some could not be carried out, and have no report. */
int checks_run(struct arena *a, struct checks *c, const struct report *const **ret, size_t *n);
void checks_free(struct checks *c);

#endif
