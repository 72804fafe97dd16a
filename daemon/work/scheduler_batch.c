/* scheduler_batch.c - the loop's side of batches: how many of their checks come in, and how many run. */
#include "work/scheduler_inner.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* BULK_WAITING: checks of batches beyond those that have a place: none stays free while the next are read in
 * the store. One place in KEPT is never theirs. */
enum { BULK_WAITING = 2048, KEPT = 8 };

void scheduler_feed(struct scheduler *l, const struct scheduler_feeder *feeder)
{
    l->feeder = *feeder;
}

void bulk_began(struct job *j)
{
    j->scheduler->bulk_jobs++;
    if (j->scheduler->feeder.began)
        j->scheduler->feeder.began(j->scheduler->feeder.user, j->batch);
}

void bulk_ended(struct job *j)
{
    j->scheduler->bulk_jobs--;
    if (j->scheduler->feeder.ended)
        j->scheduler->feeder.ended(j->scheduler->feeder.user, j->batch);
}

bool bulk_startable(const struct scheduler *l)
{
    uint32_t most = l->conf->in_flight;
    return l->bulk_checks < (most < KEPT ? most : most - most / KEPT);
}

/* Counts what waits for the disk as well: a slow one slows the batches down. */
size_t scheduler_room(const struct scheduler *l)
{
    size_t most = (size_t)l->conf->in_flight + BULK_WAITING;
    return l->stopping || l->bulk_jobs >= most ? 0 : most - l->bulk_jobs;
}

int scheduler_add(struct scheduler *l, int64_t id, int64_t batch, const char *domain, char *text, size_t len)
{
    struct job *j = l->stopping ? NULL : calloc(1, sizeof *j);
    if (j)
        *j = (struct job){.scheduler = l, .id = id, .batch = batch, .domain = strdup(domain)};
    int rc = l->stopping ? -ESHUTDOWN : j && j->domain ? 0 : -ENOMEM;
    if (rc)
        free(text);
    else
        rc = job_schedule(j, text, len);
    if (!rc) {
        l->counters.submitted++;
        job_tell(j, NULL);
    } else if (j) {
        job_free(j);
    }
    return rc;
}

/* Calls fn for each job of a batch; it must not end one. */
static void each(const struct scheduler *l, int64_t batch, void (*fn)(struct job *j, void *user), void *user)
{
    for (size_t i = 0; i < l->jobs.room; i++)
        for (struct link *k = l->jobs.buckets[i]; k; k = k->next) {
            struct job *j = CONTAINER(k, struct job, by_id);
            if (j->batch == batch)
                fn(j, user);
        }
}

static void count_running(struct job *j, void *user)
{
    size_t *n = user;
    *n += j->state == STATE_RUNNING;
}

size_t scheduler_running(const struct scheduler *l, int64_t batch)
{
    size_t n = 0;
    each(l, batch, count_running, &n);
    return n;
}

struct cancels { /* of all jobs of a batch */
    struct scheduler *scheduler;
    scheduler_cancel_fn *fn;
    void *user;
    size_t pending;
    int status;
};

static void cancels_release(struct cancels *c)
{
    if (--c->pending)
        return;
    c->fn(c->user, c->status);
    free(c);
}

static void on_one_cancelled(void *user, int status)
{
    struct cancels *c = user;
    if (status)
        c->status = status;
    cancels_release(c);
}

static void cancel_one(struct job *j, void *user)
{
    struct cancels *c = user;
    int rc = scheduler_cancel(c->scheduler, j->id, on_one_cancelled, c);
    if (rc)
        c->status = rc;
    else
        c->pending++;
}

int scheduler_cancel_batch(struct scheduler *l, int64_t batch, scheduler_cancel_fn *fn, void *user)
{
    struct cancels *c = calloc(1, sizeof *c);
    if (!c)
        return -ENOMEM;
    *c = (struct cancels){l, fn, user, 1, 0};
    each(l, batch, cancel_one, c);
    cancels_release(c);
    return 0;
}
