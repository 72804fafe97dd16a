#include "loop.h"

#include "clock.h"
#include "api.h"
#include "jobs.h"
#include "profile.h"
#include "results.h"
#include "table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What one check, and the request of one run, may take from the heap. */
enum { CEILING_QUICK = 2 << 20, CEILING_FULL = 16 << 20, CEILING_REQUEST = 4 << 20 };
enum { STARTS_A_TURN = 32 }; /* so that a full queue never holds up the API for long */
enum { RETRY_FIRST_MS = 100, RETRY_MOST_MS = 5000 }; /* of writes that failed */

struct loop {
    const struct conf *conf;
    struct net *net;
    struct writer *writer;
    struct readers *readers;
    struct table jobs, runs;
    struct runs queue, active;
    uv_idle_t starter; /* active while there is something to start */
    uv_timer_t retry, grace;
    uint32_t retry_ms;
    struct write_job *failed; /* to be written again */
    size_t checks;            /* running */
    size_t writes;            /* with the writer, or failed */
    size_t submits;           /* of these: requests that are not on disk yet */
    unsigned closing;
    bool stopping, ended;
    void (*stopped)(void *user);
    void *stopped_user;
    struct loop_counters counters;
};

struct cancel {
    struct loop *loop;
    loop_cancel_fn *fn;
    void *user;
};

/* ---------------------------------------------------------------- waiters ---------------------------- */

static void job_change(struct job *j, enum db_state state)
{
    struct waiter *list = j->waiters;
    j->waiters = NULL;
    j->state = state;
    waiters_tell(list);
}

static void job_free(struct job *j)
{
    free(j->domain);
    free(j);
}

static void run_abandon(struct run *r);

static void job_end(struct job *j, enum db_state state)
{
    struct run *r = j->run;
    job_detach(j);
    if (r && !r->jobs)
        run_abandon(r);
    table_remove(&j->loop->jobs, &j->by_id);
    job_change(j, state);
    job_free(j);
}

/* ---------------------------------------------------------------- writes ----------------------------- */

static void stop_check(struct loop *l);

static void write_push(struct loop *l, struct write_job *w)
{
    l->writes++;
    writer_push(l->writer, w);
}

/* What the store says of itself by what became of a write. */
static void write_note(struct loop *l, int status)
{
    if (!db_fault_is_the_jobs(status))
        l->counters.failing = status;
}

static void write_end(struct loop *l, struct write_job *w)
{
    write_note(l, w->status);
    l->writes--;
    write_job_free(w);
    stop_check(l);
}

static void on_retry(uv_timer_t *timer)
{
    struct loop *l = timer->data;
    struct write_job *w = l->failed;
    l->failed = NULL;
    while (w) {
        struct write_job *next = w->next;
        w->next = NULL;
        w->status = 0;
        writer_push(l->writer, w);
        w = next;
    }
}

static void failed_drop(struct loop *l)
{
    while (l->failed) {
        struct write_job *w = l->failed;
        l->failed = w->next;
        l->writes--;
        write_job_free(w); /* its request is still queued in the store, and is run again in the next life */
    }
}

static void on_results(struct write_job *w)
{
    struct loop *l = w->user;
    struct job *j = job_find(&l->jobs, w->id);
    bool ours = w->status && db_fault_is_the_jobs(w->status); /* trying again would not help */
    if (w->status && !ours && !l->stopping) {
        write_note(l, w->status);
        if (!l->failed && !uv_is_active((uv_handle_t *)&l->retry)) {
            log_error("results cannot be stored: %s; trying again in %u ms", strerror(-w->status),
                      l->retry_ms);
            uv_timer_start(&l->retry, on_retry, l->retry_ms, 0);
            l->retry_ms = l->retry_ms * 2 < RETRY_MOST_MS ? l->retry_ms * 2 : RETRY_MOST_MS;
        }
        w->next = l->failed;
        l->failed = w;
        return;
    }
    if (ours && w->status != -EALREADY) /* that one was cancelled meanwhile */
        log_error("check %016llx: its results are refused by the store: %s", (unsigned long long)w->id,
                  strerror(-w->status));
    if (!w->status)
        l->retry_ms = RETRY_FIRST_MS;
    if (j && (!w->status || ours)) {
        l->counters.done += !w->status;
        job_end(j, w->status ? STATE_CANCELLED : STATE_DONE);
    }
    write_end(l, w);
}

static int results_write(struct loop *l, int64_t id, struct report *const *reports, size_t n)
{
    struct write_job *w;
    int rc = results_job(id, reports, n, &w);
    if (rc)
        return rc;
    w->at = clock_now();
    w->done = on_results;
    w->user = l;
    write_push(l, w);
    return 0;
}

/* ---------------------------------------------------------------- runs ------------------------------- */

static void run_free(struct run *r)
{
    for (size_t i = 0; i < r->n_parts; i++)
        arena_free(r->parts[i].arena);
    arena_free(r->arena);
    free(r->text);
    free(r);
}

static void starter_wake(struct loop *l);

/* The run's work is over: every job gets results of its own. */
static void run_finish(struct run *r)
{
    struct loop *l = r->loop;
    runs_remove(&l->active, r);
    if (!r->abandoned) {
        /* From here on an equal request asks the network anew. */
        table_remove(&l->runs, &r->by_text);
        struct report *reports[METHOD_COUNT];
        for (size_t i = 0; i < r->n_parts; i++)
            reports[i] = r->parts[i].report;
        while (r->jobs) {
            struct job *j = r->jobs;
            job_detach(j);
            int rc = results_write(l, j->id, reports, r->n_parts);
            if (rc) /* it is queued in the store, and is run again in the next life */
                log_error("check %016llx: its results cannot be written down: %s", (unsigned long long)j->id,
                          strerror(-rc));
        }
    }
    run_free(r);
    starter_wake(l);
    stop_check(l);
}

static void run_release(struct run *r)
{
    if (!--r->pending)
        run_finish(r);
}

static void on_check(void *user, struct check *c, struct report *report, int err)
{
    (void)c;
    struct part *p = user;
    if (err)
        log_warning("a check of %s reached its memory ceiling",
                    p->request.domain ? p->request.domain : "a refused name");
    p->check = NULL;
    p->report = report;
    p->run->loop->checks--;
    run_release(p->run);
}

/* A report for a check that never ran. */
static struct report *report_undecided(struct arena *a, const struct request *q, const char *reason)
{
    struct report *report = arena_alloc(a, sizeof *report);
    struct evidence *ev = arena_alloc(a, sizeof *ev);
    if (!report || !ev)
        return NULL;
    evidence_init(ev, a, 0);
    *report = (struct report){.request = q,
                              .evidence = ev,
                              .verdict = VERDICT_UNDECIDED,
                              .br_may_permit = -1,
                              .reason = arena_strdup(a, reason),
                              .started_at = clock_now()};
    return report->reason ? report : NULL;
}

/* A stored request that no longer reads ends here, or it would come back with every start. Its own words
 * cannot be relied on: the domain as the store names it is all that is known. */
static int run_read_failed(struct run *r, const char *why)
{
    struct request *q = &r->request;
    request_init(q, &r->loop->conf->profile, clock_now());
    q->input = q->domain = arena_strdup(r->arena, r->jobs->domain);
    q->methods = METHOD_BIT(q->method);
    const char *reason = arena_printf(r->arena, "the stored request can no longer be run: %s", why);
    r->parts = arena_alloc(r->arena, sizeof *r->parts);
    if (!r->parts || !reason)
        return -ENOMEM;
    r->n_parts = 1;
    r->parts[0] = (struct part){.run = r, .request = *q};
    r->parts[0].report = report_undecided(r->arena, &r->parts[0].request, reason);
    if (!r->parts[0].report)
        return -ENOMEM;
    log_warning("check %016llx: %s", (unsigned long long)r->jobs->id, reason);
    return 0;
}

static int run_read(struct run *r)
{
    r->arena = arena_new(CEILING_REQUEST);
    if (!r->arena)
        return -ENOMEM;
    const char *why;
    int rc = api_read_stored(r->loop->conf, r->arena, r->text, r->text_len, clock_now(), &r->request, &why);
    if (rc)
        return rc == -EINVAL ? run_read_failed(r, why) : rc;
    r->parts = arena_array(r->arena, METHOD_COUNT, sizeof *r->parts);
    if (!r->parts)
        return -ENOMEM;
    for (unsigned m = 0; m < METHOD_COUNT; m++)
        if (r->request.methods & METHOD_BIT(m)) {
            struct part *p = &r->parts[r->n_parts++];
            *p = (struct part){.run = r, .request = request_for(&r->request, (enum method)m)};
            p->arena = arena_new(p->request.depth == DEPTH_FULL ? CEILING_FULL : CEILING_QUICK);
            if (!p->arena)
                return -ENOMEM;
        }
    return 0;
}

static void part_launch(struct part *p)
{
    struct loop *l = p->run->loop;
    p->run->pending++;
    l->checks++;
    int rc = net_check(l->net, p->arena, &p->request, on_check, p, &p->check);
    if (!rc)
        return;
    l->checks--;
    p->report = report_undecided(p->arena, &p->request, strerror(-rc));
    p->run->pending--;
}

/* On a pool thread. A target counts as validated within the reuse period (BR 4.2.1) that is in force at the
 * time of the request. */
static int read_targets(struct read_job *job, struct db *db)
{
    struct part *p = CONTAINER(job, struct part, read);
    const struct request *q = &p->request;
    const dcv_time day = INT64_C(86400000);
    dcv_time since = q->now - day * dated_value(q->profile->reuse_days, q->profile->n_reuse, q->now);
    int rc = 0;
    for (size_t i = 0; !rc && i < q->allow_targets.n; i++)
        rc = db_validated(db, q->allow_targets.v[i], since, &p->validated[i]);
    return rc;
}

static void on_targets(struct read_job *job, int status)
{
    struct part *p = CONTAINER(job, struct part, read);
    struct run *r = p->run;
    /* Where the store cannot be read only what request and configuration name is validated; the fault is
     * logged. */
    for (size_t i = 0; !status && i < p->request.allow_targets.n; i++)
        if (p->validated[i])
            texts_add(r->arena, &p->request.validated_targets, p->request.allow_targets.v[i]);
    if (r->abandoned)
        p->report = report_undecided(r->arena, &p->request, "The check was cancelled.");
    else
        part_launch(p);
    run_release(r);
}

static void part_start(struct part *p)
{
    struct run *r = p->run;
    const struct texts *given = &p->request.validated_targets;
    struct texts own = {0};
    if (p->request.method == METHOD_DNS_CNAME_TARGET && p->request.allow_targets.n) {
        p->validated = arena_array(r->arena, p->request.allow_targets.n, sizeof *p->validated);
        for (size_t i = 0; i < given->n; i++) /* a list of its own: it grows by what the store knows */
            texts_add(r->arena, &own, given->v[i]);
    }
    if (!p->validated) {
        part_launch(p);
        return;
    }
    p->request.validated_targets = own;
    p->read = (struct read_job){.read = read_targets, .done = on_targets};
    r->pending++;
    readers_run(r->loop->readers, &p->read);
}

static void run_start(struct run *r)
{
    struct loop *l = r->loop;
    r->running = true;
    runs_remove(&l->queue, r);
    runs_add(&l->active, r);
    r->pending = 1; /* our own: checks may end before they have all begun */
    int rc = run_read(r);
    if (rc) { /* no memory: the store has it, it is run again in the next life */
        log_error("a request cannot be started: %s", strerror(-rc));
        r->abandoned = true;
        table_remove(&l->runs, &r->by_text);
        while (r->jobs)
            job_detach(r->jobs);
    } else {
        for (struct job *j = r->jobs; j; j = j->next)
            job_change(j, STATE_RUNNING);
        for (size_t i = 0; i < r->n_parts; i++)
            if (!r->parts[i].report)
                part_start(&r->parts[i]);
    }
    run_release(r);
}

/* Its last job is gone. */
static void run_abandon(struct run *r)
{
    struct loop *l = r->loop;
    table_remove(&l->runs, &r->by_text);
    if (!r->running) {
        runs_remove(&l->queue, r);
        run_free(r);
        return;
    }
    r->abandoned = true;
    r->pending++; /* the last cancel must not take the run away under us */
    for (size_t i = 0; i < r->n_parts; i++)
        if (r->parts[i].check)
            net_cancel(l->net, r->parts[i].check);
    run_release(r);
}

static bool startable(const struct loop *l)
{
    return l->queue.first && l->checks < l->conf->in_flight && !l->stopping;
}

static void on_start(uv_idle_t *idle)
{
    struct loop *l = idle->data;
    for (int i = 0; i < STARTS_A_TURN && startable(l); i++)
        run_start(l->queue.first);
    if (!startable(l))
        uv_idle_stop(idle);
}

static void starter_wake(struct loop *l)
{
    if (startable(l))
        uv_idle_start(&l->starter, on_start);
}

/* Puts a job to the run of its text, or to a new one. Takes text over. */
static int job_schedule(struct job *j, char *text, size_t len)
{
    struct loop *l = j->loop;
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
        return 0;
    }
    r = calloc(1, sizeof *r);
    if (!r || table_add(&l->runs, &r->by_text, hash_bytes(text, len))) {
        free(r);
        free(text);
        table_remove(&l->jobs, &j->by_id);
        return -ENOMEM;
    }
    r->loop = l;
    r->text = text;
    r->text_len = len;
    runs_add(&l->queue, r);
    job_attach(j, r);
    starter_wake(l);
    return 0;
}

/* ---------------------------------------------------------------- from outside ----------------------- */

static void on_request(struct write_job *w)
{
    struct job *j = w->user;
    struct loop *l = j->loop;
    int status = w->status;
    loop_submit_fn *fn = j->submitted;
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
        }
    } else {
        log_error("a request cannot be stored: %s", strerror(-status));
        job_free(j);
    }
    fn(user, id, status);
    write_end(l, w);
}

int loop_submit(struct loop *l, const char *domain, const char *text, size_t len, loop_submit_fn *fn,
                void *user)
{
    if (l->stopping)
        return -ESHUTDOWN;
    if (l->jobs.n + l->submits >= (size_t)l->conf->in_flight + l->conf->queue) {
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
    *j = (struct job){
        .loop = l, .id = db_id_next(now), .domain = strdup(domain), .submitted = fn, .user = user};
    *w = (struct write_job){.kind = WRITE_REQUEST,
                            .id = j->id,
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

bool loop_state(const struct loop *l, int64_t id, enum db_state *ret)
{
    const struct job *j = job_find(&l->jobs, id);
    if (j)
        *ret = j->state;
    return j;
}

bool loop_wait(struct loop *l, int64_t id, struct waiter *w)
{
    struct job *j = job_find(&l->jobs, id);
    if (j)
        waiter_join(&j->waiters, w);
    return j;
}

static void on_cancelled(struct write_job *w)
{
    struct cancel *c = w->user;
    struct loop *l = c->loop;
    struct job *j = job_find(&l->jobs, w->id);
    /* Were its results in the store before, the job would be gone: the writer keeps the order. */
    if (!w->status && j) {
        l->counters.cancelled++;
        job_end(j, STATE_CANCELLED);
    }
    c->fn(c->user, w->status);
    free(c);
    write_end(l, w);
}

int loop_cancel(struct loop *l, int64_t id, loop_cancel_fn *fn, void *user)
{
    if (!job_find(&l->jobs, id))
        return -ENOENT;
    if (l->stopping)
        return -ESHUTDOWN;
    struct write_job *w = calloc(1, sizeof *w);
    struct cancel *c = calloc(1, sizeof *c);
    if (!w || !c) {
        free(w);
        free(c);
        return -ENOMEM;
    }
    *c = (struct cancel){l, fn, user};
    *w = (struct write_job){
        .kind = WRITE_CANCEL, .id = id, .at = clock_now(), .done = on_cancelled, .user = c};
    write_push(l, w);
    return 0;
}

void loop_counters(const struct loop *l, struct loop_counters *ret)
{
    *ret = l->counters;
    ret->running = l->checks;
    ret->unwritten = l->writes;
    ret->queued = l->queue.n;
}

/* ---------------------------------------------------------------- life ------------------------------- */

static int on_unfinished(void *user, const struct db_check_row *row)
{
    struct loop *l = user;
    struct job *j = calloc(1, sizeof *j);
    char *text = strdup(row->request);
    if (j)
        *j = (struct job){.loop = l, .id = row->id, .domain = strdup(row->domain)};
    if (!j || !text || !j->domain) {
        if (j)
            job_free(j);
        free(text);
        return -ENOMEM;
    }
    int rc = job_schedule(j, text, strlen(text));
    if (rc)
        job_free(j);
    return rc;
}

int loop_resume(struct loop *l, struct db *db)
{
    int rc = db_unfinished(db, on_unfinished, l);
    if (!rc && l->jobs.n)
        log_notice("%zu unfinished checks are run again", l->jobs.n);
    return rc;
}

int loop_new(uv_loop_t *uv, const struct conf *conf, struct net *net, struct writer *writer,
             struct readers *readers, struct loop **ret)
{
    struct loop *l = calloc(1, sizeof *l);
    if (!l)
        return -ENOMEM;
    *l = (struct loop){
        .conf = conf, .net = net, .writer = writer, .readers = readers, .retry_ms = RETRY_FIRST_MS};
    uv_idle_init(uv, &l->starter);
    uv_timer_init(uv, &l->retry);
    uv_timer_init(uv, &l->grace);
    l->starter.data = l->retry.data = l->grace.data = l;
    *ret = l;
    return 0;
}

static void on_closed(uv_handle_t *h)
{
    struct loop *l = h->data;
    if (!--l->closing)
        l->stopped(l->stopped_user);
}

static void stop_check(struct loop *l)
{
    if (!l->stopping || l->ended || l->checks || l->active.n || l->writes)
        return;
    l->ended = true;
    l->closing = 3;
    uv_close((uv_handle_t *)&l->starter, on_closed);
    uv_close((uv_handle_t *)&l->retry, on_closed);
    uv_close((uv_handle_t *)&l->grace, on_closed);
}

static void on_grace(uv_timer_t *timer)
{
    struct loop *l = timer->data;
    log_notice("%zu checks still run; they stay queued for the next start", l->checks);
    while (l->active.first) {
        struct run *r = l->active.first;
        /* Its jobs stay: what the store says of them, queued, is what they are. */
        while (r->jobs)
            job_detach(r->jobs);
        run_abandon(r);
    }
}

void loop_stop(struct loop *l, uint32_t grace_ms, void (*stopped)(void *user), void *user)
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

void loop_free(struct loop *l)
{
    for (size_t i = 0; i < l->jobs.room; i++)
        for (struct link *k = l->jobs.buckets[i], *next; k; k = next) {
            next = k->next;
            job_free(CONTAINER(k, struct job, by_id));
        }
    while (l->queue.first) {
        struct run *r = l->queue.first;
        runs_remove(&l->queue, r);
        run_free(r);
    }
    table_deinit(&l->jobs);
    table_deinit(&l->runs);
    free(l);
}
