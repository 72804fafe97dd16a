/* checks.c - a few checks in this process whose reports are shown together. */
#include "cmd/checks.h"

#include "cmd/cli_conf.h"

#include <errno.h>
#include <string.h>

enum { MOST_AT_ONCE = 256 };

static int next(void *user, struct runner_check **ret)
{
    struct checks *c = user;
    if (c->started == c->n)
        return -ENODATA;
    struct runner_check *job = &c->job[c->started++];
    job->arena = arena_new(RUNNER_CEILING);
    if (!job->arena) {
        c->err = -ENOMEM;
        return -ENODATA;
    }
    *ret = job;
    return 0;
}

static void done(void *user, struct runner_check *job, int err)
{
    struct checks *c = user;
    (void)job;                            /* the job keeps its arena: its report is shown at the end */
    if (err && err != -ENOMEM && !c->err) /* -ENOMEM: the report says so */
        c->err = err;
}

int checks_configure(struct arena *a, struct checks *c, const char *path, struct given_list *given)
{
    c->conf = cli_conf_read(a, path, given);
    return c->conf ? EXIT_PASS : EXIT_USAGE;
}

int checks_add(struct arena *a, struct checks *c, const char *domain, const struct given_list *given)
{
    struct request r;
    int rc = cli_request(a, domain, given, c->conf, cli_now(), &r);
    if (rc)
        return rc;
    if (c->room < c->n + METHOD_COUNT) {
        size_t room = 2 * c->room + METHOD_COUNT;
        struct runner_check *more = arena_array(a, room, sizeof *more);
        if (!more)
            return EXIT_USAGE;
        for (size_t i = 0; i < c->n; i++)
            more[i] = c->job[i];
        c->job = more;
        c->room = room;
    }
    for (unsigned m = 0; m < METHOD_COUNT; m++)
        if (r.methods & METHOD_BIT(m))
            c->job[c->n++].request = request_for(&r, (enum method)m);
    cli_conf_net(c->conf, &r.resolvers, &r.allow_net, &c->net);
    return EXIT_PASS;
}

int checks_run(struct arena *a, struct checks *c, const struct report *const **ret, size_t *n)
{
    struct runner_config cfg = {
        .net = c->net, .in_flight = MOST_AT_ONCE, .user = c, .next = next, .done = done};
    const struct report **r = arena_array(a, c->n, sizeof *r);
    *n = 0;
    *ret = r;
    if (!r || runner_files(&c->net))
        return EXIT_USAGE;
    struct runner *runner = runner_new(&cfg);
    if (!runner)
        return EXIT_USAGE;
    runner_run(runner);
    for (size_t i = 0; i < c->n; i++)
        if (c->job[i].report)
            r[(*n)++] = c->job[i].report;
    if (c->err)
        complain("a fault on this side ended a check early: %s", strerror(-c->err));
    return c->err ? EXIT_UNDECIDED : EXIT_PASS;
}

void checks_free(struct checks *c)
{
    for (size_t i = 0; i < c->n; i++)
        arena_free(c->job[i].arena);
    c->n = 0;
}
