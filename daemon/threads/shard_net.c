#include "threads/shard_net.h"

#include "base/table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---------------------------------------------------------------- counters --------------------------- */

void net_counters_add(struct net_counters *sum, const struct net_counters *more)
{
    sum->dns.asked += more->dns.asked;
    sum->dns.sent += more->dns.sent;
    sum->dns.answered += more->dns.answered;
    sum->dns.timeouts += more->dns.timeouts;
    sum->dns.tcp += more->dns.tcp;
    sum->dns.in_flight += more->dns.in_flight;
    sum->dns.waiting += more->dns.waiting;
    sum->dns.strays += more->dns.strays;
    sum->http.asked += more->http.asked;
    sum->http.sent += more->http.sent;
    sum->http.responses += more->http.responses;
    sum->http.timeouts += more->http.timeouts;
    sum->http.forbidden += more->http.forbidden;
    sum->http.in_flight += more->http.in_flight;
    sum->http.waiting += more->http.waiting;
}

static void count(const struct shard_net *n, struct net_counters *sum)
{
    struct net_counters now;
    net_counters(n->net, &now.dns, &now.http);
    net_counters_add(sum, &now);
}

void shard_nets_count(const struct shard_nets *all, struct net_counters *ret)
{
    *ret = all->past;
    for (const struct shard_net *n = all->open; n; n = n->next)
        count(n, ret);
}

/* ---------------------------------------------------------------- opening and closing ---------------- */

static void on_done(struct errand *e)
{
    struct shard_net *n = CONTAINER(e, struct shard_net, errand);
    n->done(n);
}

static void on_open(struct errand *e)
{
    struct shard_net *n = CONTAINER(e, struct shard_net, errand);
    const char *what = NULL;
    n->status = net_new(shards_uv(n->shards, n->at), n->config, &n->net, &what);
    if (n->status) {
        snprintf(n->why, sizeof n->why, "%s%s%s", strerror(-n->status), what ? ": " : "", what ? what : "");
    } else {
        n->next = n->all->open;
        n->back = &n->all->open;
        if (n->next)
            n->next->back = &n->next;
        n->all->open = n;
    }
    errand_return(e, on_done);
}

void shard_net_open(struct shard_net *n, void (*done)(struct shard_net *n))
{
    n->done = done;
    errand_send(&n->errand, n->shards, n->at, on_open);
}

static void on_net_closed(void *user)
{
    struct shard_net *n = user;
    errand_return(&n->errand, on_done);
}

static void on_close(struct errand *e)
{
    struct shard_net *n = CONTAINER(e, struct shard_net, errand);
    count(n, &n->all->past); /* nothing is under way: its gauges are 0 */
    *n->back = n->next;
    if (n->next)
        n->next->back = n->back;
    net_close(n->net, on_net_closed, n);
}

void shard_net_close(struct shard_net *n, void (*done)(struct shard_net *n))
{
    n->closing = true;
    n->done = done;
    errand_send(&n->errand, n->shards, n->at, on_close);
}

/* ---------------------------------------------------------------- checks ----------------------------- */

static void on_back(struct errand *e)
{
    struct remote_check *c = CONTAINER(e, struct remote_check, errand);
    c->under_way = false;
    c->done(c);
}

static void check_link(struct remote_check **list, struct remote_check *c)
{
    c->next = *list;
    c->back = list;
    if (c->next)
        c->next->back = &c->next;
    *list = c;
}

static void check_unlink(struct remote_check *c)
{
    *c->back = c->next;
    if (c->next)
        c->next->back = c->back;
}

static void check_end(struct remote_check *c, struct report *report, int error)
{
    check_unlink(c);
    c->report = report;
    c->error = error;
    errand_return(&c->errand, on_back);
}

static void on_check(void *user, struct check *check, struct report *report, int error)
{
    (void)check;
    check_end(user, report, error);
}

static void on_start(struct errand *e)
{
    struct remote_check *c = CONTAINER(e, struct remote_check, errand);
    struct shard_net *n = c->net;
    check_link(&n->checks, c);
    int rc = atomic_load(&c->cancelled) ? -ECANCELED
                                        : net_check(n->net, c->arena, c->request, on_check, c, &c->check);
    if (rc)
        check_end(c, NULL, rc);
}

void remote_check_start(struct remote_check *c, struct shard_net *n)
{
    c->net = n;
    c->under_way = true;
    errand_send(&c->errand, n->shards, n->at, on_start);
}

static void on_swept(struct errand *e);

/* Ends the checks that are marked as cancelled. The mark is in the check, since an errand that names a check could
 * arrive after its end. */
static void on_sweep(struct errand *e)
{
    struct shard_net *n = CONTAINER(e, struct shard_net, sweep);
    struct remote_check *doomed = NULL;
    for (struct remote_check *c = n->checks, *next; c; c = next) {
        next = c->next;
        if (atomic_load(&c->cancelled)) {
            check_unlink(c);
            check_link(&doomed, c);
        }
    }
    while (doomed) /* each leaves the list within its call, and others may end by it, too */
        net_cancel(n->net, doomed->check);
    errand_return(e, on_swept);
}

static void on_swept(struct errand *e)
{
    struct shard_net *n = CONTAINER(e, struct shard_net, sweep);
    n->sweeping = false;
    if (n->again && !n->closing) {
        n->again = false;
        n->sweeping = true;
        errand_send(e, n->shards, n->at, on_sweep);
    }
}

void remote_check_cancel(struct remote_check *c)
{
    struct shard_net *n = c->net;
    if (!c->under_way || atomic_exchange(&c->cancelled, true))
        return;
    if (!n->at) { /* on this thread, and perhaps within the call that starts it */
        if (c->check)
            net_cancel(n->net, c->check);
    } else if (n->sweeping) {
        n->again = true;
    } else {
        n->sweeping = true;
        errand_send(&n->sweep, n->shards, n->at, on_sweep);
    }
}
