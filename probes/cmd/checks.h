/* checks.h - a few checks in this process whose reports are shown together. Used by check, explain --run and preflight
 * --probe.
 *
 * A struct checks is embedded in its owner, which calls checks_free(); it owns its jobs and their reports. One thread.
 */
#ifndef DCV_CHECKS_H
#define DCV_CHECKS_H

#include "cmd/cli.h"
#include "cmd/runner.h"

struct checks {
    struct net_config net;   /* .trust_anchor and .root_hints are set by the owner */
    const struct conf *conf; /* set by checks_configure(), or by the owner */
    struct runner_check *job;
    size_t n, room, started;
    int err;
    bool shows; /* what is waited for is shown, by .tick */
    uv_timer_t tick;
    uint64_t began; /* nanoseconds of uv_hrtime() */
};

/* To be called before checks_add(), see cli_conf_read(). EXIT_USAGE: the error was printed. */
int checks_configure(struct arena *a, struct checks *c, const char *path, struct given_list *given);
/* Adds a domain with all its methods. EXIT_USAGE: the error was printed. */
int checks_add(struct arena *a, struct checks *c, const char *domain, const struct given_list *given);
/* Runs all checks. The reports are valid until checks_free(). EXIT_USAGE: nothing was asked, and the error was printed;
 * EXIT_UNDECIDED: some checks could not be carried out and have no report. */
int checks_run(struct arena *a, struct checks *c, const struct report *const **ret, size_t *n);
void checks_free(struct checks *c);

#endif
