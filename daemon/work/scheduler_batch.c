/* scheduler_batch.c - the scheduler's side of batches: how many of their lines are in memory, and how many run. */
#include "work/scheduler_inner.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    BULK_WAITING = 2048, /* lines that wait in memory, to be run while the next are read in the store */
    KEPT = 8             /* of so many checks that may run at a time one is never a batch's */
};

void scheduler_feed(struct scheduler *s, const struct scheduler_feeder *feeder)
{
    s->feeder = *feeder;
}

void scheduler_bulk_began(struct job *j)
{
    j->scheduler->bulk_jobs++;
    if (j->scheduler->feeder.began)
        j->scheduler->feeder.began(j->scheduler->feeder.user, j->batch);
}

void scheduler_bulk_ended(struct job *j)
{
    j->scheduler->bulk_jobs--;
    if (j->scheduler->feeder.ended)
        j->scheduler->feeder.ended(j->scheduler->feeder.user, j->batch);
}

bool scheduler_bulk_startable(const struct scheduler *s)
{
    uint32_t most = s->conf->in_flight;
    return s->bulk_checks < (most < KEPT ? most : most - most / KEPT);
}

/* Lines whose results wait for the disk count, too, so that a slow disk slows the batches down. */
size_t scheduler_room(const struct scheduler *s)
{
    size_t most = (size_t)s->conf->in_flight + BULK_WAITING;
    return s->stopping || s->bulk_jobs >= most ? 0 : most - s->bulk_jobs;
}

int scheduler_add(struct scheduler *s, int64_t id, int64_t batch, const char *domain, char *text, size_t len)
{
    struct job *j = s->stopping ? NULL : calloc(1, sizeof *j);
    if (j)
        *j = (struct job){.scheduler = s, .id = id, .batch = batch, .domain = strdup(domain)};
    int rc = s->stopping ? -ESHUTDOWN : j && j->domain ? 0 : -ENOMEM;
    if (rc)
        free(text);
    else
        rc = scheduler_put(j, text, len);
    if (!rc) {
        s->counters.submitted++;
        job_tell(j, NULL);
    } else if (j) {
        job_free(j);
    }
    return rc;
}

/* Calls fn, which must not end a job, for each job of a batch. */
static void each(const struct scheduler *s, int64_t batch, void (*fn)(struct job *j, void *user), void *user)
{
    for (size_t i = 0; i < s->jobs.room; i++)
        for (struct link *k = s->jobs.buckets[i]; k; k = k->next) {
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

size_t scheduler_running(const struct scheduler *s, int64_t batch)
{
    size_t n = 0;
    each(s, batch, count_running, &n);
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

int scheduler_cancel_batch(struct scheduler *s, int64_t batch, scheduler_cancel_fn *fn, void *user)
{
    struct cancels *c = calloc(1, sizeof *c);
    if (!c)
        return -ENOMEM;
    *c = (struct cancels){s, fn, user, 1, 0};
    each(s, batch, cancel_one, c);
    cancels_release(c);
    return 0;
}
