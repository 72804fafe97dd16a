#include "writer.h"

#include "db.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

enum { BATCH_MOST = 512 };

void write_job_free(struct write_job *job)
{
    if (!job)
        return;
    for (size_t i = 0; i < job->n_results; i++) {
        struct db_result *r = &job->results[i];
        free(r->domain);
        free(r->variable);
        free(r->findings);
        free(r->report);
        free(r->evidence);
        free(r->shown);
    }
    for (size_t i = 0; i < job->n_lines; i++) {
        free(job->lines[i].domain);
        free(job->lines[i].request);
    }
    free(job->lines);
    free(job->events);
    free(job->results);
    free(job->domain);
    free(job->request);
    free(job->watch.last);
    free((char *)job->key.text);
    free(job);
}

bool write_job_is_at_fault(int error)
{
    return error == -EEXIST || error == -ENOENT || error == -EALREADY || error == -EINVAL || error == -E2BIG;
}

/* A list of jobs in the order of their arrival. */
struct jobs {
    struct write_job *first, **end;
};

/* Made on the loop's thread and freed there, after the writing thread has ended. Neither SQLite nor a callback runs
 * under the mutex. */
struct writer {
    /* ---- guarded by the mutex */
    uv_mutex_t mutex;
    uv_cond_t wake;
    struct jobs queue, done;
    bool stop;  /* nothing more will come: the thread ends when the queue is empty */
    bool ended; /* the thread does not use this any more */
    struct writer_counters counters;
    /* ---- not guarded */
    uv_thread_t thread;
    struct db *db; /* used by the writing thread only */
    uint64_t slice_ns;
    uv_async_t async;
    void (*closed)(void *user);
    void *user;
};

static void jobs_init(struct jobs *list)
{
    list->first = NULL;
    list->end = &list->first;
}

static void jobs_add(struct jobs *list, struct write_job *job)
{
    job->next = NULL;
    *list->end = job;
    list->end = &job->next;
}

/* Moves up to most jobs, and returns how many. */
static uint32_t jobs_take(struct jobs *from, struct jobs *to, uint32_t most)
{
    uint32_t n = 0;
    jobs_init(to);
    while (from->first && n < most) {
        struct write_job *job = from->first;
        from->first = job->next;
        jobs_add(to, job);
        n++;
    }
    if (!from->first)
        from->end = &from->first;
    return n;
}

/* ---------------------------------------------------------------- the writing thread ----------------- */

/* Nobody waits for these jobs: a batch counts only once WRITE_ACCEPT is on disk, and an event that a crash of the
 * machine takes away is said to be missing. */
static bool nobody_told(const struct jobs *batch)
{
    const struct write_job *job = batch->first;
    while (job && (job->kind == WRITE_BATCH || job->kind == WRITE_LINES || job->kind == WRITE_EVENTS))
        job = job->next;
    return !job;
}

/* Writes all jobs in one transaction. A job that is at fault itself (an id that is there already) is found in a second
 * pass, in which each job can be undone alone; that is slower, and so only done then. Returns the error for which none
 * of them is on disk. */
static int write_batch(struct db *db, struct jobs *batch, bool each_alone)
{
    int r = nobody_told(batch) ? db_begin_loose(db) : db_begin(db);
    for (struct write_job *job = batch->first; r == 0 && job; job = job->next) {
        job->status = each_alone ? db_do_alone(db, job) : db_do(db, job);
        if (!each_alone || !write_job_is_at_fault(job->status))
            r = job->status;
    }
    if (r == 0)
        r = db_commit(db);
    if (r < 0)
        db_rollback(db);
    return r;
}

static uint64_t write_all(struct db *db, struct jobs *batch)
{
    int r = write_batch(db, batch, false);
    if (write_job_is_at_fault(r))
        r = write_batch(db, batch, true);
    uint64_t failed = 0;
    for (struct write_job *job = batch->first; job; job = job->next) {
        if (r < 0)
            job->status = r;
        failed += job->status < 0;
    }
    return failed;
}

static void on_thread(void *arg)
{
    struct writer *w = arg;
    struct jobs batch;
    pthread_setname_np(pthread_self(), "dcvd-writer"); /* as top and perf show it */
    uv_mutex_lock(&w->mutex);
    for (;;) {
        while (!w->queue.first && !w->stop)
            uv_cond_wait(&w->wake, &w->mutex);
        uint32_t n = jobs_take(&w->queue, &batch, BATCH_MOST);
        if (!n)
            break;
        uv_mutex_unlock(&w->mutex);
        uint64_t start = uv_hrtime();
        uint64_t failed = write_all(w->db, &batch);
        uint64_t us = (uv_hrtime() - start) / 1000;
        uv_mutex_lock(&w->mutex);
        *w->done.end = batch.first;
        w->done.end = batch.end;
        struct writer_counters *c = &w->counters;
        c->jobs += n;
        c->queued -= n;
        c->failed += failed;
        c->commits += failed < n;
        histogram_add(&c->commit_seconds, &scale_seconds, (double)us / 1e6);
        histogram_add(&c->batch_jobs, &scale_counts, n);
        if (us > c->commit_us_most)
            c->commit_us_most = us;
        if (n > c->batch_most)
            c->batch_most = n;
        uv_mutex_unlock(&w->mutex);
        uv_async_send(&w->async);
        db_checkpoint(w->db); /* now, since nobody waits for it */
        uv_mutex_lock(&w->mutex);
    }
    uv_mutex_unlock(&w->mutex);
    db_close(w->db); /* moves the WAL into the file, which takes too long for the loop */
    uv_mutex_lock(&w->mutex);
    w->ended = true;
    uv_async_send(&w->async); /* under the mutex, since the loop closes the handle once it sees .ended */
    uv_mutex_unlock(&w->mutex);
}

/* ---------------------------------------------------------------- the loop's thread ------------------ */

/* Calls done() of the oldest job that is done. False: there is none; *ended then tells whether the thread has ended. */
static bool give_back(struct writer *w, bool *ended)
{
    struct jobs one;
    uv_mutex_lock(&w->mutex);
    jobs_take(&w->done, &one, 1);
    *ended = w->ended;
    uv_mutex_unlock(&w->mutex);
    if (one.first)
        one.first->done(one.first);
    return one.first;
}

static void on_closed(uv_handle_t *handle)
{
    struct writer *w = handle->data;
    bool ended;
    while (give_back(w, &ended)) /* jobs that were pushed too late */
        ;
    void (*closed)(void *user) = w->closed;
    void *user = w->user;
    uv_cond_destroy(&w->wake);
    uv_mutex_destroy(&w->mutex);
    free(w);
    if (closed)
        closed(user);
}

static void on_async(uv_async_t *async)
{
    struct writer *w = async->data;
    bool ended;
    uint64_t began = uv_hrtime();
    while (give_back(w, &ended))
        if (uv_hrtime() - began >= w->slice_ns) { /* after a commit of hundreds of jobs: the rest in the next turn */
            uv_async_send(async);
            return;
        }
    if (!ended)
        return;
    uv_thread_join(&w->thread);
    uv_close((uv_handle_t *)async, on_closed);
}

int writer_start(uv_loop_t *loop, struct db *db, uint64_t slice_ns, struct writer **ret)
{
    struct writer *w = calloc(1, sizeof *w);
    if (!w)
        return -ENOMEM;
    jobs_init(&w->queue);
    jobs_init(&w->done);
    w->db = db;
    w->slice_ns = slice_ns;
    int r = uv_mutex_init(&w->mutex);
    if (r < 0)
        goto no_mutex;
    if ((r = uv_cond_init(&w->wake)) < 0)
        goto no_cond;
    if ((r = uv_async_init(loop, &w->async, on_async)) < 0)
        goto no_async;
    w->async.data = w;
    if ((r = uv_thread_create(&w->thread, on_thread, w)) < 0) {
        uv_close((uv_handle_t *)&w->async, on_closed);
        return r;
    }
    *ret = w;
    return 0;

no_async:
    uv_cond_destroy(&w->wake);
no_cond:
    uv_mutex_destroy(&w->mutex);
no_mutex:
    free(w);
    return r;
}

void writer_push(struct writer *w, struct write_job *job)
{
    bool wake = false;
    uv_mutex_lock(&w->mutex);
    if (w->stop) {
        job->status = -ESHUTDOWN;
        jobs_add(&w->done, job);
        uv_async_send(&w->async);
    } else {
        job->status = 0;
        wake = !w->queue.first;
        jobs_add(&w->queue, job);
        w->counters.queued++;
    }
    uv_mutex_unlock(&w->mutex);
    if (wake) /* after the mutex is free, so that the thread does not wake up only to wait for it */
        uv_cond_signal(&w->wake);
}

void writer_counters(struct writer *w, struct writer_counters *ret)
{
    uv_mutex_lock(&w->mutex);
    *ret = w->counters;
    uv_mutex_unlock(&w->mutex);
}

void writer_stop(struct writer *w, void (*closed)(void *user), void *user)
{
    w->closed = closed;
    w->user = user;
    uv_mutex_lock(&w->mutex);
    w->stop = true;
    uv_cond_signal(&w->wake);
    uv_mutex_unlock(&w->mutex);
}
