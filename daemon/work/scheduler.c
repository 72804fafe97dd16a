#include "work/scheduler_inner.h"

#include "base/clock.h"
#include "observe/slice.h"
#include "work/outbox.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

/* STARTS_A_TURN: runs that begin in one turn of the loop. SUSPECTS_AT_ONCE: lines of batches under way that were
 * running when the process ended: few, so that few are set aside where one of them ends it again. TRIM: the heap is
 * trimmed where the checks took so many bytes more than they take by then, and so long after they did, since what is
 * taken again soon is not worth a system call; WRITES_FEW: with no more results under way to the store. */
enum { STARTS_A_TURN = 32, SUSPECTS_AT_ONCE = 32, TRIM_BYTES = 16 << 20, TRIM_MS = 1000, WRITES_FEW = 8 };

struct job_cancel {
    struct scheduler *scheduler;
    scheduler_cancel_fn *fn;
    void *user;
};

/* ---------------------------------------------------------------- starting ---------------------------- */

/* The next run, if one more may run now. */
static struct run *startable(const struct scheduler *s)
{
    /* Where no check runs, nothing would ever give memory back. */
    if (s->stopping || s->checks >= s->conf->in_flight || (s->checks && !arena_budget_open(&s->memory)))
        return NULL;
    if (s->queue.first || !scheduler_bulk_startable(s))
        return s->queue.first;
    bool wait = s->suspected >= SUSPECTS_AT_ONCE && s->bulk.first && run_ends(s->bulk.first);
    return wait ? NULL : s->bulk.first;
}

static void on_start(uv_idle_t *idle)
{
    struct scheduler *s = idle->data;
    struct run *r;
    uint64_t began = slice_begin();
    for (int i = 0; i < STARTS_A_TURN && !slice_over(began) && (r = startable(s)); i++)
        run_start(r);
    if (!startable(s))
        uv_idle_stop(idle);
}

void scheduler_wake(struct scheduler *s)
{
    if (startable(s))
        uv_idle_start(&s->starter, on_start);
}

struct runs *scheduler_queue_of(struct run *r)
{
    return r->bulk ? &r->scheduler->bulk : &r->scheduler->queue;
}

int scheduler_put(struct job *j, char *text, size_t len)
{
    struct scheduler *s = j->scheduler;
    int rc = job_label(j, text, len);
    if (!rc)
        rc = table_add(&s->jobs, &j->by_id, hash_number((uint64_t)j->id));
    if (rc) {
        free(text);
        return rc;
    }
    struct run *r = run_find(&s->texts, text, len);
    if (r) {
        free(text);
        s->counters.coalesced++;
        j->state = r->running ? STATE_RUNNING : STATE_QUEUED;
        job_attach(j, r);
        if (r->bulk && !r->running && !j->batch) { /* a check that came alone needs its results, too */
            runs_remove(&s->bulk, r);
            r->bulk = false;
            runs_add(&s->queue, r);
        }
        if (j->batch)
            scheduler_bulk_began(j);
        return 0;
    }
    r = calloc(1, sizeof *r);
    if (!r || table_add(&s->texts, &r->by_text, hash_bytes(text, len))) {
        free(r);
        free(text);
        table_remove(&s->jobs, &j->by_id);
        return -ENOMEM;
    }
    r->scheduler = s;
    r->text = text;
    r->text_len = len;
    r->listed = true;
    r->bulk = j->batch;
    runs_add(scheduler_queue_of(r), r);
    job_attach(j, r);
    if (j->batch)
        scheduler_bulk_began(j);
    scheduler_wake(s);
    return 0;
}

/* ---------------------------------------------------------------- jobs that come alone ---------------- */

static void on_request(struct write_job *w)
{
    struct job *j = w->user;
    struct scheduler *s = j->scheduler;
    int status = w->status;
    scheduler_submit_fn *fn = j->submitted;
    void *user = j->user;
    int64_t id = j->id;
    s->submits--;
    if (!status && w->repeats) {
        status = w->repeats < 0 ? -EEXIST : 0;
        id = w->repeats;
        job_free(j);
    } else if (!status) {
        s->counters.submitted++;
        status = scheduler_put(j, w->request, w->request_len);
        w->request = NULL; /* the run has it */
        if (status) {
            log_error("check %016llx is not run before the next start: %s", (unsigned long long)id,
                      strerror(-status));
            status = 0; /* it is on disk, and so accepted */
            job_free(j);
        } else {
            job_tell(j, NULL);
        }
    } else {
        log_error("a request cannot be stored: %s", strerror(-status));
        job_free(j);
    }
    fn(user, id, status);
    outbox_end(s, w);
}

static bool is_full(const struct scheduler *s)
{
    return s->jobs.n - s->bulk_jobs + s->submits >= (size_t)s->conf->in_flight + s->conf->queue;
}

int scheduler_submit(struct scheduler *s, int64_t watch, const char *domain, const char *text, size_t len,
                     const struct db_key *key, scheduler_submit_fn *fn, void *user)
{
    if (s->stopping)
        return -ESHUTDOWN;
    if (is_full(s)) {
        s->counters.refused++;
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
    *j = (struct job){.scheduler = s,
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
    if (key && key->text) {
        w->key = *key;
        w->key.text = strdup(key->text);
    }
    if (!j->domain || !w->domain || !w->request || (key && key->text && !w->key.text)) {
        job_free(j);
        write_job_free(w);
        return -ENOMEM;
    }
    s->submits++;
    outbox_push(s, w);
    return 0;
}

int scheduler_probe(struct scheduler *s, const char *domain, const char *text, size_t len, scheduler_probe_fn *fn,
                    void *user)
{
    if (s->stopping)
        return -ESHUTDOWN;
    if (is_full(s)) {
        s->counters.refused++;
        return -EAGAIN;
    }
    struct job *j = calloc(1, sizeof *j);
    char *own = strndup(text, len);
    if (j)
        *j = (struct job){
            .scheduler = s, .id = db_id_next(clock_now()), .domain = strdup(domain), .probed = fn, .user = user};
    bool whole = j && own && j->domain;
    if (!whole)
        free(own);
    int rc = whole ? scheduler_put(j, own, len) : -ENOMEM;
    if (rc && j)
        job_free(j);
    return rc;
}

bool scheduler_state(const struct scheduler *s, int64_t id, enum db_state *ret)
{
    const struct job *j = job_find(&s->jobs, id);
    if (j)
        *ret = j->state;
    return j;
}

const char *scheduler_label(const struct scheduler *s, int64_t id)
{
    const struct job *j = job_find(&s->jobs, id);
    return j ? j->label : NULL;
}

const struct write_job *scheduler_ending(const struct scheduler *s, int64_t id)
{
    return s->ending && s->ending->id == id ? s->ending : NULL;
}

bool scheduler_wait(struct scheduler *s, int64_t id, struct waiter *w)
{
    struct job *j = job_find(&s->jobs, id);
    if (j)
        waiter_join(&j->waiters, w);
    return j;
}

static void on_cancelled(struct write_job *w)
{
    struct job_cancel *c = w->user;
    struct scheduler *s = c->scheduler;
    struct job *j = job_find(&s->jobs, w->id);
    /* The writer keeps the order: where the results were stored before, the job has ended already. */
    if (!w->status && j) {
        s->counters.cancelled++;
        job_end(j, STATE_CANCELLED, NULL);
    }
    c->fn(c->user, w->status);
    free(c);
    outbox_end(s, w);
}

int scheduler_cancel(struct scheduler *s, int64_t id, scheduler_cancel_fn *fn, void *user)
{
    const struct job *j = job_find(&s->jobs, id);
    if (!j)
        return -ENOENT;
    if (s->stopping)
        return -ESHUTDOWN;
    struct write_job *w = calloc(1, sizeof *w);
    struct job_cancel *c = calloc(1, sizeof *c);
    if (!w || !c) {
        free(w);
        free(c);
        return -ENOMEM;
    }
    *c = (struct job_cancel){s, fn, user};
    *w = (struct write_job){.kind = WRITE_CANCEL,
                            .id = id,
                            .batch = j->batch,
                            .at = clock_now(),
                            .done = on_cancelled,
                            .user = c};
    outbox_push(s, w);
    return 0;
}

/* What a flood took stays with malloc() otherwise: the small blocks that outlive the large ones keep the heap long. */
static void on_trim(uv_timer_t *timer)
{
    struct scheduler *s = timer->data;
    size_t used = atomic_load_explicit(&s->memory.used, memory_order_relaxed);
    if (used > s->peak / 2 || s->writes > WRITES_FEW) { /* results that wait for the disk are large, too */
        uv_timer_start(&s->trim, on_trim, TRIM_MS, 0);
        return;
    }
    uint64_t began = uv_hrtime();
    malloc_trim(0);
    log_debug("the heap was trimmed after checks that took %zu bytes, in %llu us", s->peak,
              (unsigned long long)(uv_hrtime() - began) / 1000);
    s->peak = used;
}

void scheduler_trim_later(struct scheduler *s)
{
    size_t used = atomic_load_explicit(&s->memory.used, memory_order_relaxed);
    s->peak = used > s->peak ? used : s->peak;
    if (s->peak > TRIM_BYTES && !s->stopping && !uv_is_active((uv_handle_t *)&s->trim))
        uv_timer_start(&s->trim, on_trim, TRIM_MS, 0);
}

/* A run of several methods has an arena for its request and one for each of them. */
static void bound_memory(struct scheduler *s, void (*set)(struct arena_budget *b, size_t most, size_t arenas))
{
    set(&s->memory, s->conf->memory, 2 * (size_t)s->conf->in_flight);
}

void scheduler_reload(struct scheduler *s)
{
    bound_memory(s, arena_budget_change);
    for (struct run *r = s->active.first; r; r = r->next)
        run_unlist(r);
    scheduler_wake(s);
}

void scheduler_listen(struct scheduler *s, scheduler_news_fn *fn, void *user)
{
    s->news = fn;
    s->news_user = user;
}

void scheduler_counters(const struct scheduler *s, struct scheduler_counters *ret)
{
    *ret = s->counters;
    ret->running = s->checks;
    ret->memory = atomic_load_explicit(&s->memory.used, memory_order_relaxed);
    ret->unwritten = s->writes;
    ret->queued = s->queue.n + s->bulk.n;
}

const struct verdict_counts *scheduler_verdicts(const struct scheduler *s)
{
    return &s->verdicts;
}

/* ---------------------------------------------------------------- start and end ---------------------- */

static int on_unfinished(void *user, const struct db_check_row *row)
{
    struct scheduler *s = user;
    struct job *j = calloc(1, sizeof *j);
    char *text = strdup(row->request);
    if (j)
        *j = (struct job){.scheduler = s,
                          .id = row->id,
                          .watch = row->watch,
                          .domain = strdup(row->domain)};
    if (!j || !text || !j->domain) {
        if (j)
            job_free(j);
        free(text);
        return -ENOMEM;
    }
    int rc = scheduler_put(j, text, strlen(text));
    if (rc)
        job_free(j);
    else
        job_tell(j, NULL);
    return rc;
}

int scheduler_resume(struct scheduler *s, struct db *db)
{
    int rc = suspects_open(s->conf->database, &s->suspects);
    if (rc)
        log_warning("%s-running cannot be written, so a check that ends the process is run again: %s",
                    s->conf->database, strerror(-rc));
    rc = db_unfinished(db, on_unfinished, s);
    if (!rc && s->jobs.n)
        log_notice("%zu checks that have not ended are run again", s->jobs.n);
    return rc;
}

int scheduler_new(uv_loop_t *uv, struct generations *generations, struct writer *writer, struct readers *readers,
                  struct scheduler **ret)
{
    struct scheduler *s = calloc(1, sizeof *s);
    if (!s)
        return -ENOMEM;
    *s = (struct scheduler){.conf = generations_conf(generations),
                            .generations = generations,
                            .writer = writer,
                            .readers = readers,
                            .retry_ms = RETRY_FIRST_MS};
    bound_memory(s, arena_budget_init);
    uv_idle_init(uv, &s->starter);
    uv_timer_init(uv, &s->retry);
    uv_timer_init(uv, &s->grace);
    uv_timer_init(uv, &s->trim);
    s->starter.data = s->retry.data = s->grace.data = s->trim.data = s;
    *ret = s;
    return 0;
}

static void on_closed(uv_handle_t *h)
{
    struct scheduler *s = h->data;
    if (!--s->closing)
        s->stopped(s->stopped_user);
}

void scheduler_stop_check(struct scheduler *s)
{
    if (!s->stopping || s->ended || s->checks || s->active.n || s->leaving.n || s->writes)
        return;
    s->ended = true;
    s->closing = 4;
    uv_close((uv_handle_t *)&s->trim, on_closed);
    uv_close((uv_handle_t *)&s->starter, on_closed);
    uv_close((uv_handle_t *)&s->retry, on_closed);
    uv_close((uv_handle_t *)&s->grace, on_closed);
}

static void on_grace(uv_timer_t *timer)
{
    struct scheduler *s = timer->data;
    log_notice("%zu checks still run; they are run again after the next start", s->checks);
    while (s->active.first) {
        struct run *r = s->active.first;
        /* Its jobs stay queued, as the store has them. */
        while (r->jobs)
            job_detach(r->jobs);
        run_abandon(r);
    }
}

void scheduler_stop(struct scheduler *s, uint32_t grace_ms, void (*stopped)(void *user), void *user)
{
    s->stopping = true;
    s->stopped = stopped;
    s->stopped_user = user;
    uv_idle_stop(&s->starter);
    uv_timer_stop(&s->retry);
    outbox_drop_failed(s);
    uv_timer_start(&s->grace, on_grace, grace_ms, 0);
    scheduler_stop_check(s);
}

void scheduler_free(struct scheduler *s)
{
    suspects_close(s->suspects);
    s->suspects = NULL;
    for (size_t i = 0; i < s->jobs.room; i++)
        for (struct link *k = s->jobs.buckets[i], *next; k; k = next) {
            next = k->next;
            job_free(CONTAINER(k, struct job, by_id));
        }
    struct run *r;
    while ((r = s->queue.first ? s->queue.first : s->bulk.first)) {
        runs_remove(scheduler_queue_of(r), r);
        run_free(r);
    }
    table_deinit(&s->jobs);
    table_deinit(&s->texts);
    free(s);
}
