#include "cmd/runner.h"

#include "base/text.h"
#include "cmd/cli.h"
#include "observe/recursive_files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct runner {
    struct runner_config cfg;
    uv_loop_t loop;
    struct net *net;
    size_t running;
    bool starting, exhausted, stopped, closed;
};

static void start_more(struct runner *r);

static void on_done(void *user, struct check *c, struct report *report, int err)
{
    (void)c;
    struct runner_check *job = user;
    struct runner *r = job->runner;
    job->report = report;
    job->check = NULL;
    r->running--;
    r->cfg.done(r->cfg.user, job, r->stopped ? -ECANCELED : err);
    start_more(r);
}

static void close_all(struct runner *r)
{
    if (r->closed)
        return;
    r->closed = true;
    if (r->cfg.ended)
        r->cfg.ended(r->cfg.user);
    net_close(r->net, NULL, NULL);
}

/* A check may end inside net_check() and call this again: then the loop that is running already starts the next job, so
 * there is no recursion. */
static void start_more(struct runner *r)
{
    if (r->starting)
        return;
    r->starting = true;
    while (!r->exhausted && r->running < r->cfg.in_flight) {
        struct runner_check *job;
        int rc = r->cfg.next(r->cfg.user, &job);
        if (rc == -EAGAIN)
            break;
        if (rc) {
            r->exhausted = true;
            break;
        }
        job->runner = r;
        r->running++;
        struct check *check = NULL;
        size_t running = r->running;
        job->check = NULL;
        rc = net_check(r->net, job->arena, &job->request, on_done, job, &check);
        if (!rc && r->running == running) /* else it has ended already, and may be gone */
            job->check = check;
        if (rc) {
            r->running--;
            r->cfg.done(r->cfg.user, job, rc);
        }
    }
    r->starting = false;
    if (r->exhausted && !r->running)
        close_all(r);
}

struct runner *runner_new(const struct runner_config *cfg)
{
    struct runner *r = calloc(1, sizeof *r);
    const char *what = NULL;
    int rc = r ? uv_loop_init(&r->loop) : -ENOMEM;
    if (!rc) {
        r->cfg = *cfg;
        rc = net_new(&r->loop, &cfg->net, &r->net, &what);
        if (rc) {
            uv_run(&r->loop,
                   UV_RUN_DEFAULT); /* closes what was opened before the failure */
            uv_loop_close(&r->loop);
        }
    }
    if (!rc)
        return r;
    if (rc == -EINVAL && what)
        complain("--resolver: %s; expected ADDR, ADDR:PORT or [V6]:PORT", what);
    else
        complain("the network cannot be set up: %s", strerror(-rc));
    free(r);
    return NULL;
}

uv_loop_t *runner_loop(struct runner *r)
{
    return &r->loop;
}

void runner_wake(struct runner *r)
{
    start_more(r);
}

void runner_stop(struct runner *r)
{
    r->exhausted = r->stopped = true;
    close_all(r); /* calls on_done() for each running check */
}

void runner_run(struct runner *r)
{
    start_more(r);
    uv_run(&r->loop, UV_RUN_DEFAULT);
    uv_loop_close(&r->loop);
    free(r);
}

int runner_files(const struct net_config *net)
{
    struct texts anchors = {0};
    struct recursive_fault fault;
    if (!resolvers_recursive(&net->resolvers)) {
        if (!net->trust_anchor && !net->root_hints)
            return EXIT_PASS;
        complain("--%s: it is only for --resolver recursive",
                 net->trust_anchor ? "trust-anchor" : "root-hints");
        return EXIT_USAGE;
    }
    struct arena *a = arena_new(0);
    int rc = a ? recursive_files(a, net->trust_anchor, net->root_hints, &anchors, &fault) : -ENOMEM;
    if (rc == -ENOMEM)
        complain("%s", strerror(-rc));
    else if (rc)
        complain("--%s: '%s': %s; expected %s", fault.hints ? "root-hints" : "trust-anchor",
                 text_escape(a, fault.file, strlen(fault.file), 200), fault.why,
                 fault.hints ? "the root's NS records and their addresses, as in the package dns-root-data"
                             : "the root's DS or DNSKEY records, as in the package dns-root-data");
    arena_free(a);
    return rc ? EXIT_USAGE : EXIT_PASS;
}
