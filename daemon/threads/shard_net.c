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

static void count(const struct shard_net *s, struct net_counters *sum)
{
    struct net_counters now;
    net_counters(s->net, &now.dns, &now.http);
    net_counters_add(sum, &now);
}

void shard_nets_count(const struct shard_nets *p, struct net_counters *ret)
{
    *ret = p->past;
    for (const struct shard_net *s = p->sites; s; s = s->next)
        count(s, ret);
}

/* ---------------------------------------------------------------- opening and closing ---------------- */

static void on_done(struct errand *e)
{
    struct shard_net *s = CONTAINER(e, struct shard_net, errand);
    s->done(s);
}

static void on_open(struct errand *e)
{
    struct shard_net *s = CONTAINER(e, struct shard_net, errand);
    const char *what = NULL;
    s->status = net_new(shards_uv(s->shards, s->at), s->config, &s->net, &what);
    if (s->status) {
        snprintf(s->why, sizeof s->why, "%s%s%s", strerror(-s->status), what ? ": " : "", what ? what : "");
    } else {
        s->next = s->place->sites;
        s->back = &s->place->sites;
        if (s->next)
            s->next->back = &s->next;
        s->place->sites = s;
    }
    errand_return(e, on_done);
}

void shard_net_open(struct shard_net *s, void (*done)(struct shard_net *s))
{
    s->done = done;
    errand_send(&s->errand, s->shards, s->at, on_open);
}

static void on_net_closed(void *user)
{
    struct shard_net *s = user;
    errand_return(&s->errand, on_done);
}

static void on_close(struct errand *e)
{
    struct shard_net *s = CONTAINER(e, struct shard_net, errand);
    count(s, &s->place->past); /* none is under way, so gauges add nothing */
    *s->back = s->next;
    if (s->next)
        s->next->back = s->back;
    net_close(s->net, on_net_closed, s);
}

void shard_net_close(struct shard_net *s, void (*done)(struct shard_net *s))
{
    s->closing = true;
    s->done = done;
    errand_send(&s->errand, s->shards, s->at, on_close);
}

/* ---------------------------------------------------------------- tasks ------------------------------ */

static void on_back(struct errand *e)
{
    struct remote_check *t = CONTAINER(e, struct remote_check, errand);
    t->under_way = false;
    t->done(t);
}

static void task_link(struct remote_check **list, struct remote_check *t)
{
    t->next = *list;
    t->back = list;
    if (t->next)
        t->next->back = &t->next;
    *list = t;
}

static void task_unlink(struct remote_check *t)
{
    *t->back = t->next;
    if (t->next)
        t->next->back = t->back;
}

static void task_end(struct remote_check *t, struct report *report, int error)
{
    task_unlink(t);
    t->report = report;
    t->error = error;
    errand_return(&t->errand, on_back);
}

static void on_check(void *user, struct check *c, struct report *report, int error)
{
    (void)c;
    task_end(user, report, error);
}

static void on_start(struct errand *e)
{
    struct remote_check *t = CONTAINER(e, struct remote_check, errand);
    struct shard_net *s = t->site;
    task_link(&s->tasks, t);
    int rc = atomic_load(&t->cancelled) ? -ECANCELED
                                        : net_check(s->net, t->arena, t->request, on_check, t, &t->check);
    if (rc)
        task_end(t, NULL, rc);
}

void remote_check_start(struct remote_check *t, struct shard_net *s)
{
    t->site = s;
    t->under_way = true;
    errand_send(&t->errand, s->shards, s->at, on_start);
}

static void on_swept(struct errand *e);

/* Who is cancelled says so itself: a message that names a task could come after its end. */
static void on_sweep(struct errand *e)
{
    struct shard_net *s = CONTAINER(e, struct shard_net, sweep);
    struct remote_check *doomed = NULL;
    for (struct remote_check *t = s->tasks, *next; t; t = next) {
        next = t->next;
        if (atomic_load(&t->cancelled)) {
            task_unlink(t);
            task_link(&doomed, t);
        }
    }
    while (doomed) /* each ends within its call, and may take others with it */
        net_cancel(s->net, doomed->check);
    errand_return(e, on_swept);
}

static void on_swept(struct errand *e)
{
    struct shard_net *s = CONTAINER(e, struct shard_net, sweep);
    s->sweeping = false;
    if (s->again && !s->closing) {
        s->again = false;
        s->sweeping = true;
        errand_send(e, s->shards, s->at, on_sweep);
    }
}

void remote_check_cancel(struct remote_check *t)
{
    struct shard_net *s = t->site;
    if (!t->under_way || atomic_exchange(&t->cancelled, true))
        return;
    if (!s->at) { /* at home, and perhaps still in the call that starts it */
        if (t->check)
            net_cancel(s->net, t->check);
    } else if (s->sweeping) {
        s->again = true;
    } else {
        s->sweeping = true;
        errand_send(&s->sweep, s->shards, s->at, on_sweep);
    }
}
