#include "work/scheduler_inner.h"

#include "base/clock.h"
#include "observe/slice.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { STARTS_A_TURN = 32 };

struct job_cancel {
    struct scheduler *scheduler;
    scheduler_cancel_fn *fn;
    void *user;
};

/* ---------------------------------------------------------------- waiters ---------------------------- */

void job_change(struct job *j, enum db_state state)
{
    struct waiter *list = j->waiters;
    j->waiters = NULL;
    j->state = state;
    waiters_tell(list);
}

void job_tell(const struct job *j, const struct write_job *w)
{
    struct scheduler *l = j->scheduler;
    if (l->news)
        l->news(l->news_user, &(struct scheduler_news){.id = j->id,
                                                  .watch = j->watch,
                                                  .domain = j->domain,
                                                  .state = j->state,
                                                  .results = w ? w->results : NULL,
                                                  .n_results = w ? w->n_results : 0});
}

void scheduler_listen(struct scheduler *l, scheduler_news_fn *fn, void *user)
{
    l->news = fn;
    l->news_user = user;
}

void job_free(struct job *j)
{
    free(j->domain);
    free(j);
}

void job_end(struct job *j, enum db_state state, const struct write_job *w)
{
    struct run *r = j->run;
    job_detach(j);
    if (r && !r->jobs)
        run_abandon(r);
    table_remove(&j->scheduler->jobs, &j->by_id);
    j->scheduler->ending = w;
    job_change(j, state);
    j->scheduler->ending = NULL;
    job_tell(j, w);
    if (j->batch)
        bulk_ended(j);
    job_free(j);
}

/* ---------------------------------------------------------------- starting ---------------------------- */

/* The run whose turn it is, if there is a place for it. */
static struct run *startable(const struct scheduler *l)
{
    if (l->stopping || l->checks >= l->conf->in_flight)
        return NULL;
    return l->queue.first ? l->queue.first : bulk_startable(l) ? l->bulk.first : NULL;
}

static void on_start(uv_idle_t *idle)
{
    struct scheduler *l = idle->data;
    struct run *r;
    uint64_t began = slice_begin();
    for (int i = 0; i < STARTS_A_TURN && !slice_over(began) && (r = startable(l)); i++)
        run_start(r);
    if (!startable(l))
        uv_idle_stop(idle);
}

void starter_wake(struct scheduler *l)
{
    if (startable(l))
        uv_idle_start(&l->starter, on_start);
}

struct runs *queue_of(struct run *r)
{
    return r->bulk ? &r->scheduler->bulk : &r->scheduler->queue;
}

int job_schedule(struct job *j, char *text, size_t len)
{
    struct scheduler *l = j->scheduler;
    int rc = table_add(&l->jobs, &j->by_id, hash_number((uint64_t)j->id));
    if (rc) {
        free(text);
        return rc;
    }
    struct run *r = run_find(&l->runs, text, len);
    if (r) {
        free(text);
        l->counters.coalesced++;
        j->state = r->running ? STATE_RUNNING : STATE_QUEUED;
        job_attach(j, r);
        if (r->bulk && !r->running && !j->batch) { /* somebody waits for it now */
            runs_remove(&l->bulk, r);
            r->bulk = false;
            runs_add(&l->queue, r);
        }
        if (j->batch)
            bulk_began(j);
        return 0;
    }
    r = calloc(1, sizeof *r);
    if (!r || table_add(&l->runs, &r->by_text, hash_bytes(text, len))) {
        free(r);
        free(text);
        table_remove(&l->jobs, &j->by_id);
        return -ENOMEM;
    }
    r->scheduler = l;
    r->text = text;
    r->text_len = len;
    r->listed = true;
    r->bulk = j->batch;
    runs_add(queue_of(r), r);
    job_attach(j, r);
    if (j->batch)
        bulk_began(j);
    starter_wake(l);
    return 0;
}

/* ---------------------------------------------------------------- from outside ----------------------- */

static void on_request(struct write_job *w)
{
    struct job *j = w->user;
    struct scheduler *l = j->scheduler;
    int status = w->status;
    scheduler_submit_fn *fn = j->submitted;
    void *user = j->user;
    int64_t id = j->id;
    l->submits--;
    if (!status) {
        l->counters.submitted++;
        status = job_schedule(j, w->request, w->request_len);
        w->request = NULL; /* the run has it */
        if (status) {
            log_error("check %016llx waits for the next start: %s", (unsigned long long)id,
                      strerror(-status));
            status = 0; /* it is on disk all the same */
            job_free(j);
        } else {
            job_tell(j, NULL);
        }
    } else {
        log_error("a request cannot be stored: %s", strerror(-status));
        job_free(j);
    }
    fn(user, id, status);
    write_end(l, w);
}

int scheduler_submit(struct scheduler *l, int64_t watch, const char *domain, const char *text, size_t len,
                scheduler_submit_fn *fn, void *user)
{
    if (l->stopping)
        return -ESHUTDOWN;
    if (l->jobs.n - l->bulk_jobs + l->submits >= (size_t)l->conf->in_flight + l->conf->queue) {
        l->counters.refused++;
        return -EAGAIN;
    }
    struct job *j = calloc(1, sizeof *j);
    struct write_job *w = calloc(1, sizeof *w);
    if (!j || !w) {
        free(j);
        free(w);
        return -ENOMEM;
    }
    dcv_time now = clock_now();
    *j = (struct job){.scheduler = l,
                      .id = db_id_next(now),
                      .watch = watch,
                      .domain = strdup(domain),
                      .submitted = fn,
                      .user = user};
    *w = (struct write_job){.kind = WRITE_REQUEST,
                            .id = j->id,
                            .watch_id = watch,
                            .at = now,
                            .domain = strdup(domain),
                            .request = strndup(text, len),
                            .request_len = len,
                            .done = on_request,
                            .user = j};
    if (!j->domain || !w->domain || !w->request) {
        job_free(j);
        write_job_free(w);
        return -ENOMEM;
    }
    l->submits++;
    write_push(l, w);
    return 0;
}

bool scheduler_state(const struct scheduler *l, int64_t id, enum db_state *ret)
{
    const struct job *j = job_find(&l->jobs, id);
    if (j)
        *ret = j->state;
    return j;
}

const struct write_job *scheduler_ending(const struct scheduler *l, int64_t id)
{
    return l->ending && l->ending->id == id ? l->ending : NULL;
}

bool scheduler_wait(struct scheduler *l, int64_t id, struct waiter *w)
{
    struct job *j = job_find(&l->jobs, id);
    if (j)
        waiter_join(&j->waiters, w);
    return j;
}

static void on_cancelled(struct write_job *w)
{
    struct job_cancel *c = w->user;
    struct scheduler *l = c->scheduler;
    struct job *j = job_find(&l->jobs, w->id);
    /* Were its results in the store before, the job would be gone: the writer keeps the order. */
    if (!w->status && j) {
        l->counters.cancelled++;
        job_end(j, STATE_CANCELLED, NULL);
    }
    c->fn(c->user, w->status);
    free(c);
    write_end(l, w);
}

int scheduler_cancel(struct scheduler *l, int64_t id, scheduler_cancel_fn *fn, void *user)
{
    const struct job *j = job_find(&l->jobs, id);
    if (!j)
        return -ENOENT;
    if (l->stopping)
        return -ESHUTDOWN;
    struct write_job *w = calloc(1, sizeof *w);
    struct job_cancel *c = calloc(1, sizeof *c);
    if (!w || !c) {
        free(w);
        free(c);
        return -ENOMEM;
    }
    *c = (struct job_cancel){l, fn, user};
    *w = (struct write_job){.kind = WRITE_CANCEL,
                            .id = id,
                            .batch = j->batch,
                            .at = clock_now(),
                            .done = on_cancelled,
                            .user = c};
    write_push(l, w);
    return 0;
}

/* Whoever asks from here on is answered under the new configuration: no run of the old one takes jobs in. */
void scheduler_reload(struct scheduler *l)
{
    for (struct run *r = l->active.first; r; r = r->next)
        run_unlist(r);
    starter_wake(l);
}

void scheduler_counters(const struct scheduler *l, struct scheduler_counters *ret)
{
    *ret = l->counters;
    ret->running = l->checks;
    ret->unwritten = l->writes;
    ret->queued = l->queue.n + l->bulk.n;
}

const struct verdict_counts *scheduler_verdicts(const struct scheduler *l)
{
    return &l->verdicts;
}

/* ---------------------------------------------------------------- life ------------------------------- */

static int on_unfinished(void *user, const struct db_check_row *row)
{
    struct scheduler *l = user;
    struct job *j = calloc(1, sizeof *j);
    char *text = strdup(row->request);
    if (j)
        *j = (struct job){.scheduler = l,
                          .id = row->id,
                          .watch = row->watch,
                          .domain = strdup(row->domain)};
    if (!j || !text || !j->domain) {
        if (j)
            job_free(j);
        free(text);
        return -ENOMEM;
    }
    int rc = job_schedule(j, text, strlen(text));
    if (rc)
        job_free(j);
    else
        job_tell(j, NULL);
    return rc;
}

int scheduler_resume(struct scheduler *l, struct db *db)
{
    int rc = db_unfinished(db, on_unfinished, l);
    if (!rc && l->jobs.n)
        log_notice("%zu unfinished checks are run again", l->jobs.n);
    return rc;
}

int scheduler_new(uv_loop_t *uv, struct generations *generations, struct writer *writer, struct readers *readers,
             struct scheduler **ret)
{
    struct scheduler *l = calloc(1, sizeof *l);
    if (!l)
        return -ENOMEM;
    *l = (struct scheduler){.conf = generations_conf(generations),
                       .generations = generations,
                       .writer = writer,
                       .readers = readers,
                       .retry_ms = RETRY_FIRST_MS};
    uv_idle_init(uv, &l->starter);
    uv_timer_init(uv, &l->retry);
    uv_timer_init(uv, &l->grace);
    l->starter.data = l->retry.data = l->grace.data = l;
    *ret = l;
    return 0;
}

static void on_closed(uv_handle_t *h)
{
    struct scheduler *l = h->data;
    if (!--l->closing)
        l->stopped(l->stopped_user);
}

void stop_check(struct scheduler *l)
{
    if (!l->stopping || l->ended || l->checks || l->active.n || l->leaving.n || l->writes)
        return;
    l->ended = true;
    l->closing = 3;
    uv_close((uv_handle_t *)&l->starter, on_closed);
    uv_close((uv_handle_t *)&l->retry, on_closed);
    uv_close((uv_handle_t *)&l->grace, on_closed);
}

static void on_grace(uv_timer_t *timer)
{
    struct scheduler *l = timer->data;
    log_notice("%zu checks still run; they stay queued for the next start", l->checks);
    while (l->active.first) {
        struct run *r = l->active.first;
        /* Its jobs stay: what the store says of them, queued, is what they are. */
        while (r->jobs)
            job_detach(r->jobs);
        run_abandon(r);
    }
}

void scheduler_stop(struct scheduler *l, uint32_t grace_ms, void (*stopped)(void *user), void *user)
{
    l->stopping = true;
    l->stopped = stopped;
    l->stopped_user = user;
    uv_idle_stop(&l->starter);
    uv_timer_stop(&l->retry);
    failed_drop(l);
    uv_timer_start(&l->grace, on_grace, grace_ms, 0);
    stop_check(l);
}

void scheduler_free(struct scheduler *l)
{
    for (size_t i = 0; i < l->jobs.room; i++)
        for (struct link *k = l->jobs.buckets[i], *next; k; k = next) {
            next = k->next;
            job_free(CONTAINER(k, struct job, by_id));
        }
    struct run *r;
    while ((r = l->queue.first ? l->queue.first : l->bulk.first)) {
        runs_remove(queue_of(r), r);
        run_free(r);
    }
    table_deinit(&l->jobs);
    table_deinit(&l->runs);
    free(l);
}
