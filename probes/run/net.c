#include "run/net.h"

#include "ca/profile.h"
#include "format/request.h"
#include "observe/dns.h"
#include "observe/http.h"
#include "observe/recursive.h"
#include "observe/resolv_conf.h"
#include "observe/slice.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>

/* A running check and its deadline. It is in the check's arena, so .done may free it. */
struct net_check {
    TAILQ_ENTRY(net_check) link;
    struct net *net;
    struct check *check; /* NULL while it is started */
    check_done_fn *done;
    void *user;
    uint64_t due;     /* by uv_now(), milliseconds */
    uint32_t left_ms; /* from .due to the deadline; 0: not in net.sparing */
    bool *over;       /* set if the check ends while it is started */
};

TAILQ_HEAD(net_checks, net_check);

struct net {
    uv_loop_t *loop;
    uv_timer_t timer;
    struct arena *arena; /* copies of the configuration */
    struct dns *dns;
    struct recursive *recursive; /* NULL: resolvers are asked */
    struct http *http;
    struct observers obs;
    struct net_checks runs;    /* sorted by .due, which is the deadline */
    struct net_checks sparing; /* sparing checks in the first half of their time; .due is its end */
    size_t running;
    unsigned parts; /* observers and handles still to be closed */
    bool closing;
    void (*closed)(void *user);
    void *closed_user;
};

static dcv_time clock_now(void *self)
{
    struct timespec ts;

    (void)self;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (dcv_time)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static uint64_t clock_monotonic(void *self)
{
    (void)self;
    return uv_hrtime();
}

/* ---------------------------------------------------------------- checks ----------------------------- */

static void on_deadline(uv_timer_t *timer);

static struct net_check *first_due(struct net *n)
{
    struct net_check *a = TAILQ_FIRST(&n->runs), *b = TAILQ_FIRST(&n->sparing);

    return !a || (b && b->due < a->due) ? b : a;
}

/* Sets the one timer to the check that is due first. */
static void deadline_set(struct net *n)
{
    struct net_check *first = first_due(n);

    if (n->closing)
        return;
    if (!first) {
        uv_timer_stop(&n->timer);
        return;
    }
    uint64_t now = uv_now(n->loop);
    /* At least 1: with 0 libuv would run the timer again in this iteration. */
    uv_timer_start(&n->timer, on_deadline, first->due > now ? first->due - now : 1, 0);
}

static struct net_checks *run_list(struct net_check *run)
{
    return run->left_ms ? &run->net->sparing : &run->net->runs;
}

/* Most checks have the same deadline, so the place is at or near the tail. */
static void run_enlist(struct net_check *run)
{
    struct net_checks *list = run_list(run);
    struct net_check *before = TAILQ_LAST(list, net_checks);

    while (before && before->due > run->due)
        before = TAILQ_PREV(before, net_checks, link);
    if (before)
        TAILQ_INSERT_AFTER(list, before, run, link);
    else
        TAILQ_INSERT_HEAD(list, run, link);
}

static void run_unlist(struct net_check *run)
{
    TAILQ_REMOVE(run_list(run), run, link);
}

/* The sparing check was slow, so it stops asking one question after the other. */
static void run_hurry(struct net_check *run)
{
    run_unlist(run);
    run->due += run->left_ms;
    run->left_ms = 0;
    run_enlist(run);
    check_hurry(run->check);
}

static void run_end(void *user, struct check *c, struct report *report, int err)
{
    struct net_check *run = user;
    struct net *n = run->net;
    bool first = first_due(n) == run;
    check_done_fn *done = run->done;
    void *done_user = run->user;

    run_unlist(run);
    n->running--;
    if (run->over)
        *run->over = true;
    if (first)
        deadline_set(n);
    done(done_user, c, report, err); /* run may be freed with the arena */
}

static void on_deadline(uv_timer_t *timer)
{
    struct net *n = timer->data;
    uint64_t now = uv_now(n->loop), began = slice_begin();
    struct net_check *run;

    /* Checks that began together expire together, and each is judged and stored here, so time is limited. */
    while ((run = first_due(n)) && run->due <= now) {
        if (run->left_ms)
            run_hurry(run);
        else
            check_expire(run->check);
        if (slice_over(began))
            break;
    }
    deadline_set(n);
}

int net_check(struct net *n, struct arena *a, const struct request *r, check_done_fn *done, void *user,
              struct check **ret)
{
    struct net_check *run = arena_alloc(a, sizeof(*run));
    uint32_t half_ms = r->sparing ? r->deadline_ms / 2 : 0;
    struct check *c = NULL;
    bool over = false;

    if (!run)
        return -ENOMEM;
    if (n->closing)
        return -ECANCELED;
    *run = (struct net_check){.net = n,
                        .done = done,
                        .user = user,
                        .due = uv_now(n->loop) + r->deadline_ms - half_ms,
                        .left_ms = half_ms,
                        .over = &over};
    run_enlist(run);
    n->running++;
    int err = check_start(&n->obs, a, r, run_end, run, &c);
    if (over)
        return err;
    run->over = NULL;
    if (err < 0) {
        run_unlist(run);
        n->running--;
        return err;
    }
    run->check = c;
    if (first_due(n) == run)
        deadline_set(n);
    if (ret)
        *ret = c;
    return 0;
}

void net_cancel(struct net *n, struct check *c)
{
    (void)n;
    check_cancel(c);
}

void net_counters(const struct net *n, struct dns_counters *dns, struct http_counters *http)
{
    dns_counters(n->dns, dns);
    http_counters(n->http, http);
}

size_t net_running(const struct net *n)
{
    return n->running;
}

const struct observers *net_observers(struct net *n)
{
    return &n->obs;
}

/* ---------------------------------------------------------------- life ------------------------------- */

int net_system_resolvers(struct arena *a, struct texts *ret)
{
    enum { MOST = 65536 };
    FILE *f = fopen("/etc/resolv.conf", "re");
    char *text = arena_alloc(a, MOST);
    size_t len = 0;

    if (f && text)
        len = fread(text, 1, MOST, f);
    if (f)
        fclose(f);
    return text ? resolv_conf_read(a, text, len, ret) : -ENOMEM;
}

/* Returns err, with a copy of text in *what: the texts of the configuration may be freed before it is shown. */
static int blame(int err, const char *text, const char **what)
{
    static _Thread_local char kept[256];

    snprintf(kept, sizeof(kept), "%s", text);
    *what = kept;
    return err;
}

static int recursive_open(struct net *n, const struct recursive_config *cfg, const char **what)
{
    struct recursive_fault fault = {.file = "the built-in resolver", .why = OUT_OF_MEMORY};
    int r = recursive_new(n->loop, n->arena, cfg, &n->recursive, &fault);

    if (r < 0) {
        const char *said = arena_printf(n->arena, "%s: %s", fault.file, fault.why);
        return blame(r, said ? said : fault.file, what);
    }
    recursive_observer(n->recursive, &n->obs.resolver);
    return 0;
}

struct net_config net_config_of(const struct conf *c)
{
    return (struct net_config){.resolvers = c->defaults.resolvers,
                               .trust_anchor = c->trust_anchor,
                               .root_hints = c->root_hints,
                               .timeout_ms = c->timeout_ms,
                               .tries = c->tries,
                               .per_server = c->per_server,
                               .fetches = c->fetches,
                               .allow_net = c->defaults.allow_net,
                               .profile = &c->profile};
}

static int net_open(struct net *n, const struct net_config *cfg, const char **what)
{
    struct texts resolvers = cfg->resolvers;
    bool recursive = resolvers_recursive(&resolvers);
    const char *bad = "";
    struct guard *guard;
    int r = guard_new(n->arena, cfg->allow_net.v, cfg->allow_net.n, &guard, &bad);

    if (r < 0)
        return blame(r, bad, what);
    if (recursive)
        resolvers.n = 0; /* struct dns then asks only authoritative servers */
    else if (resolvers.n == 0)
        r = net_system_resolvers(n->arena, &resolvers);
    if (r < 0)
        return blame(r, "/etc/resolv.conf", what);
    if (resolvers.n == 0 && !recursive)
        return blame(-EINVAL, "no resolver is named, and /etc/resolv.conf names none", what);
    struct dns_config dns = {.resolvers = resolvers.v,
                             .n_resolvers = resolvers.n,
                             .timeout_ms = cfg->timeout_ms,
                             .tries = cfg->tries,
                             .per_server = cfg->per_server,
                             .guard = guard};
    r = dns_new(n->loop, &dns, &n->dns, &bad);
    if (r < 0)
        return blame(r, bad, what);
    struct http_config http = {.profile = cfg->profile,
                               .fetches = cfg->fetches,
                               .guard = guard};
    r = http_new(n->loop, &http, &n->http);
    if (r < 0) {
        dns_close(n->dns, NULL, NULL);
        return blame(r, "the web fetcher", what);
    }
    struct recursive_config own = {.trust_anchor = cfg->trust_anchor,
                                   .root_hints = cfg->root_hints,
                                   .timeout_ms = dns.timeout_ms * dns.tries,
                                   .guard = guard};
    if (recursive && (r = recursive_open(n, &own, what))) {
        http_close(n->http, NULL, NULL);
        dns_close(n->dns, NULL, NULL);
        return r;
    }
    dns_observer(n->dns, &n->obs.dns);
    http_observer(n->http, &n->obs.http);
    n->obs.now = clock_now;
    n->obs.monotonic = clock_monotonic;
    return 0;
}

int net_new(uv_loop_t *loop, const struct net_config *cfg, struct net **ret, const char **what)
{
    struct net *n = calloc(1, sizeof(*n));
    struct arena *a = arena_new(0);
    int r = -ENOMEM;

    if (n && a) {
        *n = (struct net){.loop = loop, .arena = a};
        TAILQ_INIT(&n->runs);
        TAILQ_INIT(&n->sparing);
        r = net_open(n, cfg, what);
    } else {
        blame(r, "memory", what);
    }
    if (r < 0) {
        arena_free(a);
        free(n);
        return r;
    }
    uv_timer_init(loop, &n->timer);
    n->timer.data = n;
    *ret = n;
    return 0;
}

static void part_closed(struct net *n)
{
    if (--n->parts > 0)
        return;
    void (*closed)(void *) = n->closed;
    void *user = n->closed_user;
    arena_free(n->arena);
    free(n);
    if (closed)
        closed(user);
}

static void on_timer_closed(uv_handle_t *handle)
{
    part_closed(handle->data);
}

static void on_observer_closed(void *user)
{
    part_closed(user);
}

void net_close(struct net *n, void (*closed)(void *user), void *user)
{
    struct net_check *run;

    n->closing = true;
    n->closed = closed;
    n->closed_user = user;
    n->parts = n->recursive ? 4 : 3;
    while ((run = first_due(n)))
        check_cancel(run->check);
    uv_close((uv_handle_t *)&n->timer, on_timer_closed);
    dns_close(n->dns, on_observer_closed, n);
    http_close(n->http, on_observer_closed, n);
    if (n->recursive)
        recursive_close(n->recursive, on_observer_closed, n);
}
