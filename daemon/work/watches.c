#include "work/watches.h"

#include "base/clock.h"
#include "base/heap.h"
#include "base/log.h"
#include "base/table.h"
#include "format/json_member.h"
#include "work/results.h"
#include "work/watch_times.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    STARTS_A_TURN = 32, /* runs that begin in one turn of the loop */
    TRY_MS = 1000,      /* between two runs while the store fails */
    AGAIN_MS = 5000,    /* until a run is tried again that found the queue full or the store failing */
    SPREAD_MS = 20,     /* between the first runs after a start, of watches that missed some */
    LOOK_MS = 10000     /* between two looks at the clock, which may be set meanwhile */
};

struct watch {
    struct link by_id;
    struct due due; /* in the heap: when it is to be run, or .step is to be written again */
    struct watches *all;
    int64_t id, interval;
    int64_t check; /* that runs; 0: none */
    dcv_time created;
    dcv_time began; /* when its last run began */
    enum watch_until until;
    char *domain, *request;
    char *label; /* of the request, as JSON; NULL: none */
    size_t request_len;
    char *results; /* of its last run: results_summary(), or NULL */
    bool submitting;        /* the scheduler will call on_submitted() */
    struct write_job *step; /* of a run that has ended, until it is on disk */
    bool stepping;          /* the writer has .step */
    bool gone;              /* no longer active; freed once neither of them has it */
};

struct watches {
    const struct conf *conf;
    struct scheduler *scheduler;
    struct writer *writer;
    struct events *events;
    struct table table;
    struct heap heap;
    size_t adding; /* new ones that are not on disk yet */
    uv_timer_t timer;
    dcv_time seen;  /* what the clock said at the last look */
    dcv_time tried; /* when a run last began, while the store fails */
    bool stopping;
};

struct watch_call { /* somebody waits for an addition or a deletion */
    struct watches *all;
    struct watch *watch; /* that is added, or NULL */
    watch_fn *fn;
    void *user;
};

/* ---------------------------------------------------------------- in memory -------------------------- */

static void watch_free(struct watch *w)
{
    write_job_free(w->step);
    free(w->domain);
    free(w->request);
    free(w->label);
    free(w->results);
    free(w);
}

static struct watch *watch_find(const struct watches *ws, int64_t id)
{
    struct link *k = table_first(&ws->table, hash_number((uint64_t)id));
    for (; k; k = table_next(k)) {
        struct watch *w = CONTAINER(k, struct watch, by_id);
        if (w->id == id)
            return w;
    }
    return NULL;
}

/* It is no longer active. */
static void watch_drop(struct watch *w)
{
    heap_take(&w->all->heap, &w->due);
    table_remove(&w->all->table, &w->by_id);
    w->gone = true;
    if (!w->submitting && !w->stepping)
        watch_free(w);
}

/* Puts it into the table, and makes room for it in the heap. 0 or -ENOMEM. */
static int watch_enter(struct watch *w)
{
    struct watches *ws = w->all;
    int rc = heap_room(&ws->heap, ws->table.n + 1);
    return rc ? rc : table_add(&ws->table, &w->by_id, hash_number((uint64_t)w->id));
}

static dcv_time next_run(const struct watch *w, dcv_time last, dcv_time now)
{
    const struct profile *p = &w->all->conf->profile;
    const struct watch_times times = {.v = p->polling.v,
                                      .n = p->polling.n,
                                      .interval = w->interval,
                                      .forever = w->until == UNTIL_FOREVER};
    return watch_times_next(&times, w->created, last, now);
}

/* ---------------------------------------------------------------- the timer -------------------------- */

static void on_timer(uv_timer_t *timer);

static void timer_set(struct watches *ws)
{
    if (ws->stopping)
        return;
    const struct due *first = heap_first(&ws->heap);
    if (!first) {
        uv_timer_stop(&ws->timer);
        return;
    }
    /* By the time of day, since the clock of the loop does not go on while the machine sleeps. */
    dcv_time ms = first->at - clock_now();
    uv_timer_start(&ws->timer, on_timer, ms < 0 ? 0 : ms < LOOK_MS ? (uint64_t)ms : LOOK_MS, 0);
}

static void schedule(struct watch *w, dcv_time at)
{
    heap_put(&w->all->heap, &w->due, at);
    timer_set(w->all);
}

static void again(struct watch *w)
{
    schedule(w, clock_now() + AGAIN_MS + w->id % AGAIN_MS); /* not all of them at the same time */
}

/* Brings runs forward that would now be too late: what is due at two o'clock is not to wait for an hour more because
 * the clock was set back from two to one. */
static void clock_set_back(struct watches *ws, dcv_time now)
{
    log_notice("the clock was set back by %lld s; watches are run by the new time", (long long)(ws->seen - now) / 1000);
    for (size_t i = 0; i < ws->table.room; i++)
        for (struct link *k = ws->table.buckets[i]; k; k = k->next) {
            struct watch *w = CONTAINER(k, struct watch, by_id);
            dcv_time at = next_run(w, now, now);
            if (w->due.position && at != TIME_UNKNOWN && at < w->due.at)
                heap_put(&ws->heap, &w->due, at);
        }
}

static void on_submitted(void *user, int64_t id, int status)
{
    (void)id;
    struct watch *w = user;
    w->submitting = false;
    if (w->gone)
        watch_free(w);
    else if (!w->check && status != -ESHUTDOWN) /* where there is a check, watches_hear() is told of its end */
        again(w);
}

/* While the store fails, one run in TRY_MS tries whether it still does; more would only fill the log. */
static bool is_pointless(struct watches *ws, dcv_time now)
{
    struct scheduler_counters counters;
    scheduler_counters(ws->scheduler, &counters);
    if (!counters.failing)
        return false;
    if (now >= ws->tried && now < ws->tried + TRY_MS)
        return true;
    ws->tried = now;
    return false;
}

static void watch_run(struct watch *w, dcv_time now)
{
    if (is_pointless(w->all, now)) {
        again(w);
        return;
    }
    heap_take(&w->all->heap, &w->due);
    w->began = now;
    w->submitting = true;
    int rc = scheduler_submit(w->all->scheduler, w->id, w->domain, w->request, w->request_len, NULL, on_submitted,
                              w);
    if (!rc)
        return;
    w->submitting = false;
    if (rc != -ESHUTDOWN)
        again(w);
}

static void step_push(struct watch *w)
{
    heap_take(&w->all->heap, &w->due);
    w->stepping = true;
    w->step->status = 0;
    writer_push(w->all->writer, w->step);
}

static void on_timer(uv_timer_t *timer)
{
    struct watches *ws = timer->data;
    dcv_time now = clock_now();
    if (now < ws->seen - LOOK_MS / 10)
        clock_set_back(ws, now);
    ws->seen = now;
    struct due *first;
    for (int i = 0; i < STARTS_A_TURN && (first = heap_first(&ws->heap)) && first->at <= now; i++) {
        struct watch *w = CONTAINER(first, struct watch, due);
        if (w->step)
            step_push(w);
        else
            watch_run(w, now);
    }
    timer_set(ws);
}

/* ---------------------------------------------------------------- the end of a run ------------------- */

/* The list in {"at":…,"results":[…]}, as run_ended() writes it. */
static char *results_of(const char *last)
{
    size_t n;
    const char *list = last ? json_member(last, strlen(last), "results", &n) : NULL;
    return list ? strndup(list, n) : NULL;
}

static void on_step(struct write_job *job)
{
    struct watch *w = job->user;
    struct watches *ws = w->all;
    struct watch_change *c = &job->watch;
    w->stepping = false;
    if (w->gone) {
        watch_free(w);
        return;
    }
    if (job->status && !write_job_is_at_fault(job->status)) {
        if (!ws->stopping)
            again(w);
        return;
    }
    w->step = NULL;
    if (job->status) { /* -ENOENT: it was deleted */
        log_debug("the step of watch %016llx is not stored: %s", (unsigned long long)w->id, strerror(-job->status));
        write_job_free(job);
        watch_drop(w);
        return;
    }
    char *to = c->check ? results_of(c->last) : NULL;
    if ((to && (!w->results || strcmp(to, w->results) != 0)) || c->state != WATCH_ACTIVE)
        events_watch(ws->events,
                     &(struct watch_news){.id = w->id,
                                          .check = c->check,
                                          .domain = w->domain,
                                          .label = w->label,
                                          .state = watch_state_name(c->state),
                                          .from = w->results,
                                          .to = to},
                     clock_now());
    if (to) {
        free(w->results);
        w->results = to;
    }
    if (c->state != WATCH_ACTIVE)
        watch_drop(w);
    else if (!ws->stopping)
        schedule(w, c->next);
    write_job_free(job);
}

/* A check that was cancelled has no result, and is not counted as a run. */
static void run_ended(struct watch *w, const struct scheduler_news *news)
{
    dcv_time now = clock_now();
    w->check = 0;
    w->step = calloc(1, sizeof *w->step);
    if (!w->step) {
        schedule(w, now + AGAIN_MS);
        return;
    }
    struct watch_change c = {.next = next_run(w, w->began, now)};
    const struct db_result *by;
    if (news->state == STATE_DONE) {
        struct buf last = {0};
        struct json_out j = {.b = &last};
        json_open(&j, NULL, '{');
        json_time(&j, "at", now);
        results_summary(&j, "results", news->results, news->n_results);
        json_close(&j, '}');
        c.check = news->id;
        if (last.failed)
            buf_free(&last);
        c.last = last.p;
        c.last_len = last.n;
    }
    bool passes = results_verdict(news->results, news->n_results, &by) == VERDICT_PASS;
    c.state = w->until == UNTIL_PASS && passes ? WATCH_PASSED
              : c.next == TIME_UNKNOWN                 ? WATCH_EXPIRED
                                                       : WATCH_ACTIVE;
    *w->step = (struct write_job){
        .kind = WRITE_WATCH_STEP, .id = w->id, .at = now, .watch = c, .done = on_step, .user = w};
    step_push(w);
}

void watches_hear(struct watches *ws, const struct scheduler_news *news)
{
    struct watch *w = news->watch ? watch_find(ws, news->watch) : NULL;
    if (!w)
        return;
    switch (news->state) {
    case STATE_QUEUED:
    case STATE_RUNNING:
        if (!w->step) {
            w->check = news->id;
            heap_take(&ws->heap, &w->due); /* after a start the scheduler resumes its check */
        }
        break;
    case STATE_DONE:
    case STATE_CANCELLED:
        if (w->check == news->id)
            run_ended(w, news);
        break;
    }
}

/* ---------------------------------------------------------------- from outside ----------------------- */

static void on_added(struct write_job *job)
{
    struct watch_call *e = job->user;
    struct watches *ws = e->all;
    struct watch *w = e->watch;
    int status = job->status;
    int64_t id = job->id;
    ws->adding--;
    if (!status && job->repeats) {
        status = job->repeats < 0 ? -EEXIST : 0;
        id = job->repeats;
        watch_free(w);
    } else if (status) {
        log_error("a watch cannot be stored: %s", strerror(-status));
        watch_free(w);
    } else if (watch_enter(w)) {
        log_error("watch %016llx is not run before the next start: %s", (unsigned long long)w->id, strerror(ENOMEM));
        watch_free(w);
    } else if (!ws->stopping) {
        schedule(w, w->created);
    }
    e->fn(e->user, id, status);
    free(e);
    write_job_free(job);
}

static struct watch *watch_new(struct watches *ws, int64_t id, const char *domain, const char *request,
                               size_t len)
{
    struct watch *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    *w = (struct watch){
        .all = ws, .id = id, .domain = strdup(domain), .request = strndup(request, len), .request_len = len};
    size_t n;
    const char *label = json_member(request, len, "label", &n);
    w->label = label ? strndup(label, n) : NULL;
    if (w->domain && w->request && (!label || w->label))
        return w;
    watch_free(w);
    return NULL;
}

int watches_add(struct watches *ws, const struct watch_order *order, watch_fn *fn, void *user)
{
    if (ws->stopping)
        return -ESHUTDOWN;
    if (watches_count(ws) + ws->adding >= WATCHES_MOST)
        return -EAGAIN;
    dcv_time now = clock_now();
    struct watch *w = watch_new(ws, db_id_next(now), order->domain, order->request, order->request_len);
    struct watch_call *e = calloc(1, sizeof *e);
    struct write_job *job = calloc(1, sizeof *job);
    char *domain = strdup(order->domain), *request = strndup(order->request, order->request_len);
    char *key = order->key.text ? strdup(order->key.text) : NULL;
    if (!w || !e || !job || !domain || !request || (order->key.text && !key)) {
        if (w)
            watch_free(w);
        free(e);
        free(job);
        free(domain);
        free(request);
        free(key);
        return -ENOMEM;
    }
    w->created = now;
    w->interval = order->interval;
    w->until = order->until;
    *e = (struct watch_call){.all = ws, .watch = w, .fn = fn, .user = user};
    *job = (struct write_job){.kind = WRITE_WATCH,
                              .id = w->id,
                              .at = now,
                              .domain = domain,
                              .request = request,
                              .request_len = order->request_len,
                              .watch = {.interval = w->interval, .until = w->until},
                              .key = {key, order->key.peer, order->key.body},
                              .done = on_added,
                              .user = e};
    ws->adding++;
    writer_push(ws->writer, job);
    return 0;
}

static void on_deleted(struct write_job *job)
{
    struct watch_call *e = job->user;
    struct watch *w = watch_find(e->all, job->id);
    if (w && (!job->status || job->status == -ENOENT)) {
        events_watch(e->all->events,
                     &(struct watch_news){.id = w->id, .domain = w->domain, .label = w->label, .state = "deleted"},
                     clock_now());
        watch_drop(w);
    }
    e->fn(e->user, job->id, job->status);
    free(e);
    write_job_free(job);
}

int watches_delete(struct watches *ws, int64_t id, watch_fn *fn, void *user)
{
    if (ws->stopping)
        return -ESHUTDOWN;
    struct watch_call *e = calloc(1, sizeof *e);
    struct write_job *job = calloc(1, sizeof *job);
    if (!e || !job) {
        free(e);
        free(job);
        return -ENOMEM;
    }
    *e = (struct watch_call){.all = ws, .fn = fn, .user = user};
    *job = (struct write_job){
        .kind = WRITE_WATCH_DELETE, .id = id, .at = clock_now(), .done = on_deleted, .user = e};
    writer_push(ws->writer, job);
    return 0;
}

bool watches_now(const struct watches *ws, int64_t id, struct watch_now *ret)
{
    const struct watch *w = watch_find(ws, id);
    if (w)
        *ret = (struct watch_now){.next = w->due.position && !w->step ? w->due.at : TIME_UNKNOWN,
                                  .check = w->check};
    return w;
}

size_t watches_count(const struct watches *ws)
{
    return ws->table.n;
}

/* ---------------------------------------------------------------- start and end ---------------------- */

struct resuming {
    struct watches *all;
    dcv_time now;
    int64_t late; /* how many */
};

static int on_active(void *user, const struct db_watch_row *row)
{
    struct resuming *r = user;
    struct watch *w = watch_new(r->all, row->id, row->domain, row->request, row->request_len);
    if (!w)
        return -ENOMEM;
    w->created = row->created;
    w->began = r->now; /* of a check that is resumed, if there is one */
    w->interval = row->interval;
    w->until = row->until;
    w->results = results_of(row->last);
    if (watch_enter(w)) {
        watch_free(w);
        return -ENOMEM;
    }
    /* The clock may have been set back meanwhile; then its next run would be far away. */
    dcv_time at = row->next, most = next_run(w, r->now, r->now);
    if (most != TIME_UNKNOWN && at > most)
        at = most;
    if (at <= r->now)
        at = r->now + SPREAD_MS * r->late++;
    heap_put(&r->all->heap, &w->due, at);
    return 0;
}

int watches_resume(struct watches *ws, struct db *db)
{
    struct resuming r = {.all = ws, .now = clock_now()};
    int rc = db_watches_active(db, on_active, &r);
    if (!rc && ws->table.n)
        log_notice("%zu watches are resumed, %lld of them late for a run", ws->table.n, (long long)r.late);
    timer_set(ws);
    return rc;
}

int watches_new(uv_loop_t *uv, const struct conf *conf, struct scheduler *scheduler, struct writer *writer,
                struct events *events, struct watches **ret)
{
    struct watches *ws = calloc(1, sizeof *ws);
    if (!ws)
        return -ENOMEM;
    *ws =
        (struct watches){.conf = conf, .scheduler = scheduler, .writer = writer, .events = events, .seen = clock_now()};
    uv_timer_init(uv, &ws->timer);
    ws->timer.data = ws;
    *ret = ws;
    return 0;
}

void watches_stop(struct watches *ws)
{
    ws->stopping = true;
    uv_close((uv_handle_t *)&ws->timer, NULL);
}

void watches_free(struct watches *ws)
{
    if (!ws)
        return;
    for (size_t i = 0; i < ws->table.room; i++)
        for (struct link *k = ws->table.buckets[i], *next; k; k = next) {
            next = k->next;
            watch_free(CONTAINER(k, struct watch, by_id));
        }
    table_deinit(&ws->table);
    heap_deinit(&ws->heap);
    free(ws);
}
