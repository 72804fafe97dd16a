/* checks.c - a few checks in this process whose reports are shown together. */
#include "cmd/checks.h"

#include "cmd/cli_conf.h"
#include "cmd/progress.h"
#include "show/render_wrap.h"
#include "wire/wire.h"

#include <errno.h>
#include <string.h>

enum { MOST_AT_ONCE = 256, SHOWN = 100 };

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

/* ---------------------------------------------------------------- a person waits --------------------- */

/* The check that waits, and for what: the first that has not ended. */
static const struct ask *waits_for(const struct checks *c, const struct runner_check **ret, uint32_t *n)
{
    const struct ask *first = NULL;
    *n = 0;
    for (size_t i = 0; i < c->started; i++) {
        uint32_t more;
        const struct ask *q = c->job[i].check ? check_waits_for(c->job[i].check, &more) : NULL;
        if (!q)
            continue;
        *n += more;
        *ret = first ? *ret : &c->job[i];
        first = first ? first : q;
    }
    return first;
}

static const char *question(struct arena *a, const struct ask *q)
{
    char type[16];
    if (q->kind == ASK_HTTP)
        return arena_printf(a, "%s from %s", render_safe(a, q->url, SHOWN),
                            render_safe(a, q->address, SHOWN));
    return arena_printf(a, "%s %s from %s", render_safe(a, q->qname, SHOWN), rr_type_name(q->qtype, type),
                        q->server ? render_safe(a, q->server, SHOWN) : "the resolver");
}

static void on_tick(uv_timer_t *timer)
{
    struct checks *c = timer->data;
    const struct runner_check *job = NULL;
    struct arena *a = arena_new(0);
    uint32_t n;
    const struct ask *q = a ? waits_for(c, &job, &n) : NULL;
    const char *what = q ? question(a, q) : NULL;
    uint64_t s = (uv_hrtime() - c->began) / 1000000000;
    if (what) {
        const char *more = n > 1 ? arena_printf(a, " and %u more", n - 1) : "";
        const char *text = arena_printf(a, "%us of %us: waiting for %s%s", (unsigned)s,
                                        job->request.deadline_ms / 1000, what, more ? more : "");
        wait_show(text ? text : "");
    }
    arena_free(a);
}

static void on_ended(void *user)
{
    struct checks *c = user;
    if (c->shows)
        uv_close((uv_handle_t *)&c->tick, NULL);
}

static void begin_to_show(struct checks *c, uv_loop_t *loop)
{
    c->shows = wait_can_show();
    c->began = uv_hrtime();
    c->tick.data = c;
    if (c->shows && !uv_timer_init(loop, &c->tick))
        uv_timer_start(&c->tick, on_tick, WAIT_QUIET_MS, WAIT_TICK_MS);
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
        .net = c->net, .in_flight = MOST_AT_ONCE, .user = c, .next = next, .done = done, .ended = on_ended};
    const struct report **r = arena_array(a, c->n, sizeof *r);
    *n = 0;
    *ret = r;
    if (!r || runner_files(&c->net))
        return EXIT_USAGE;
    struct runner *runner = runner_new(&cfg);
    if (!runner)
        return EXIT_USAGE;
    begin_to_show(c, runner_loop(runner));
    runner_run(runner);
    wait_clear();
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
