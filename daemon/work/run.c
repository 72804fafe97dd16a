#include "work/run.h"

#include "api/api.h"
#include "base/clock.h"
#include "ca/profile.h"
#include "evidence/evidence.h"
#include "model/time.h"
#include "work/outbox.h"
#include "work/scheduler_inner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ENDS_MOST = 2 }; /* of the process at which a line was running, before it is set aside */
/* Bytes that a check, and the request of a run, may take from the heap; and those that are left to report that this was
 * not enough. */
enum { CEILING_QUICK = 2 << 20, CEILING_FULL = 16 << 20, CEILING_REQUEST = 4 << 20, LAST_WORDS = 64 << 10 };

/* The question to the store which CNAME targets of a part are validated. In the run's arena. */
struct targets {
    struct read_job read;
    struct part *part;
    bool validated[]; /* in the order of request.allow_targets */
};

/* ---------------------------------------------------------------- lists ------------------------------ */

void runs_add(struct runs *list, struct run *r)
{
    r->next = NULL;
    r->prev = list->last;
    *(list->last ? &list->last->next : &list->first) = r;
    list->last = r;
    list->n++;
}

void runs_remove(struct runs *list, struct run *r)
{
    *(r->prev ? &r->prev->next : &list->first) = r->next;
    *(r->next ? &r->next->prev : &list->last) = r->prev;
    list->n--;
}

struct run *run_find(const struct table *texts, const char *text, size_t len)
{
    struct link *k = table_first(texts, hash_bytes(text, len));
    for (; k; k = table_next(k)) {
        struct run *r = CONTAINER(k, struct run, by_text);
        if (r->text_len == len && !memcmp(r->text, text, len))
            return r;
    }
    return NULL;
}

void run_unlist(struct run *r)
{
    if (r->listed)
        table_remove(&r->scheduler->texts, &r->by_text);
    r->listed = false;
}

/* ---------------------------------------------------------------- its end ---------------------------- */

void run_free(struct run *r)
{
    for (size_t i = 0; i < r->n_parts; i++)
        if (r->parts[i].arena != r->arena)
            arena_free(r->parts[i].arena);
    arena_free(r->arena);
    r->scheduler->suspected -= r->suspect;
    if (r->generation)
        generation_leave(r->generation);
    free(r->text);
    free(r);
}

/* Its reports go to whoever asked, and nowhere else. */
static void probe_end(struct job *j, struct report *const *reports, size_t n)
{
    scheduler_probe_fn *fn = j->probed;
    void *user = j->user;
    job_end(j, STATE_DONE, NULL);
    fn(user, reports, n);
}

/* All of its checks have ended: each of its jobs gets results of its own. */
static void run_finish(struct run *r)
{
    struct scheduler *s = r->scheduler;
    runs_remove(r->abandoned ? &s->leaving : &s->active, r);
    if (!r->abandoned) {
        /* From here on an equal request asks the network anew. */
        run_unlist(r);
        struct report *reports[METHOD_COUNT];
        for (size_t i = 0; i < r->n_parts; i++)
            reports[i] = r->parts[i].report;
        while (r->jobs) {
            struct job *j = r->jobs;
            job_detach(j);
            suspects_end(s->suspects, j->id);
            if (j->probed) {
                probe_end(j, reports, r->n_parts);
                continue;
            }
            int rc = outbox_results(r, j, reports, r->n_parts);
            if (rc)
                log_error("check %016llx: its results are lost, it is run again after the next start: %s",
                          (unsigned long long)j->id, strerror(-rc));
        }
    }
    scheduler_trim_later(s);
    run_free(r);
    scheduler_wake(s);
    scheduler_stop_check(s);
}

/* Nobody wants its results. It lives until its checks on other threads have ended. */
static void run_drop(struct run *r)
{
    run_unlist(r);
    r->abandoned = true;
    runs_remove(&r->scheduler->active, r);
    runs_add(&r->scheduler->leaving, r);
}

static void run_release(struct run *r)
{
    if (!--r->pending)
        run_finish(r);
}

static void count_checks(struct run *r, int more)
{
    r->scheduler->checks += (size_t)more;
    if (r->bulk)
        r->scheduler->bulk_checks += (size_t)more;
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

/* A stored request that cannot be run ends with a report that says why, or it would come back at every start. Of the
 * request itself only the domain, as the store names it, is known. */
static int run_give_up(struct run *r, const char *reason)
{
    struct request q = {0};
    request_init(&q, &generation_conf(r->generation)->profile, clock_now());
    q.input = q.domain = arena_strdup(r->arena, r->jobs->domain);
    q.methods = METHOD_BIT(q.method);
    r->parts = arena_alloc(r->arena, sizeof *r->parts);
    if (!r->parts || !reason)
        return -ENOMEM;
    r->n_parts = 1;
    r->parts[0] = (struct part){.run = r, .arena = r->arena, .request = q};
    r->parts[0].report = report_undecided(r->arena, &r->parts[0].request, reason);
    if (!r->parts[0].report)
        return -ENOMEM;
    log_warning("check %016llx: %s", (unsigned long long)r->jobs->id, reason);
    return 0;
}

unsigned run_ends(const struct run *r)
{
    unsigned most = 0;
    for (const struct job *j = r->jobs; j; j = j->next) {
        unsigned ends = j->batch ? suspects_ends(r->scheduler->suspects, j->id) : 0;
        most = ends > most ? ends : most;
    }
    return most;
}

/* A part that is alone uses the run's arena: most runs have one method, and thousands of them wait at a time. */
static bool part_arena(struct part *p, bool alone)
{
    size_t ceiling = p->request.depth == DEPTH_FULL ? CEILING_FULL : CEILING_QUICK;
    p->arena = alone ? p->run->arena : arena_new(ceiling);
    if (alone)
        arena_allow(p->arena, ceiling);
    else if (p->arena)
        arena_charge(p->arena, &p->run->scheduler->memory);
    return p->arena;
}

static int run_read(struct run *r)
{
    r->arena = arena_new(CEILING_REQUEST);
    if (!r->arena)
        return -ENOMEM;
    arena_charge(r->arena, &r->scheduler->memory);
    if (run_ends(r) >= ENDS_MOST)
        return run_give_up(r, "this line was running each of the two times that dcvd ended without being told to, and "
                              "was set aside: check the domain by itself, and report it with the log of that time");
    const char *why;
    struct request q = {0};
    int rc = api_read_stored(generation_conf(r->generation), r->arena, r->text, r->text_len, clock_now(), &q, &why);
    if (rc)
        return rc == -EINVAL ? run_give_up(r, arena_concat(r->arena, "the stored request can no longer be run: ", why,
                                                           NULL))
                             : rc;
    r->suspect = run_ends(r);
    r->scheduler->suspected += r->suspect;
    size_t n = (size_t)__builtin_popcount(q.methods);
    r->parts = arena_array(r->arena, n, sizeof *r->parts);
    if (!r->parts)
        return -ENOMEM;
    for (unsigned m = 0; m < METHOD_COUNT; m++)
        if (q.methods & METHOD_BIT(m)) {
            struct part *p = &r->parts[r->n_parts++];
            *p = (struct part){.run = r, .request = request_for(&q, (enum method)m)};
            p->request.sparing = r->bulk && p->request.depth == DEPTH_QUICK;
            if (!part_arena(p, n == 1))
                return -ENOMEM;
        }
    return 0;
}

static void on_checked(struct remote_check *c)
{
    struct part *p = CONTAINER(c, struct part, check);
    struct run *r = p->run;
    count_checks(r, -1);
    p->report = c->report;
    if (!p->report) {
        arena_allow(r->arena, LAST_WORDS);
        p->report = report_undecided(r->arena, &p->request, strerror(-c->error));
    } else if (c->error) {
        const char *domain = p->request.domain ? p->request.domain : "an invalid name";
        if (c->error == -ENOMEM)
            log_warning("a check of %s needs more memory than a check may take", domain);
        else
            log_error("a fault on this side ended a check of %s (%s) early: %s", domain,
                      method_name(p->request.method), strerror(-c->error));
    }
    run_release(r);
}

static void part_launch(struct part *p)
{
    struct run *r = p->run;
    r->pending++;
    count_checks(r, 1);
    p->check = (struct remote_check){.arena = p->arena, .request = &p->request, .done = on_checked};
    generation_check(r->generation, &p->check, r->key);
}

/* On a pool thread. A target counts as validated for the reuse period (BR 4.2.1) that is in force at the time of the
 * request. */
static int read_targets(struct read_job *job, struct db *db)
{
    struct targets *t = CONTAINER(job, struct targets, read);
    const struct request *q = &t->part->request;
    dcv_time since = q->now - DAY_MS * dated_value(&q->profile->reuse_days, q->now);
    int rc = 0;
    for (size_t i = 0; !rc && i < q->allow_targets.n; i++)
        rc = db_validated(db, q->allow_targets.v[i], since, &t->validated[i]);
    return rc;
}

static void on_targets(struct read_job *job, int status)
{
    struct targets *t = CONTAINER(job, struct targets, read);
    struct part *p = t->part;
    struct run *r = p->run;
    /* Where the store cannot be read, which the readers log, only what request and configuration name is validated. */
    for (size_t i = 0; !status && i < p->request.allow_targets.n; i++)
        if (t->validated[i])
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
    size_t n = p->request.allow_targets.n;
    if (p->request.method == METHOD_DNS_CNAME_TARGET && n) {
        p->targets = arena_alloc(r->arena, sizeof *p->targets + n * sizeof p->targets->validated[0]);
        for (size_t i = 0; i < given->n; i++) /* a copy, to which what the store knows is added */
            texts_add(r->arena, &own, given->v[i]);
    }
    if (!p->targets) {
        part_launch(p);
        return;
    }
    p->request.validated_targets = own;
    *p->targets = (struct targets){.read = {.read = read_targets, .done = on_targets}, .part = p};
    r->pending++;
    readers_run(r->scheduler->readers, &p->targets->read);
}

void run_start(struct run *r)
{
    struct scheduler *s = r->scheduler;
    r->running = true;
    r->generation = generation_join(s->generations);
    r->key = r->jobs->id;
    runs_remove(scheduler_queue_of(r), r);
    runs_add(&s->active, r);
    r->pending = 1; /* for this function: checks may end before all have begun */
    int rc = run_read(r);
    if (rc) {
        log_error("check %016llx is not run before the next start: %s", (unsigned long long)r->key, strerror(-rc));
        run_drop(r);
        while (r->jobs) {
            struct job *j = r->jobs;
            job_detach(j);
            if (j->probed)
                probe_end(j, NULL, 0);
        }
    } else {
        for (struct job *j = r->jobs; j; j = j->next) {
            if (j->batch)
                suspects_begin(s->suspects, j->id);
            job_change(j, STATE_RUNNING);
            job_tell(j, NULL);
        }
        for (size_t i = 0; i < r->n_parts; i++)
            if (!r->parts[i].report)
                part_start(&r->parts[i]);
    }
    run_release(r);
}

void run_abandon(struct run *r)
{
    if (!r->running) {
        run_unlist(r);
        runs_remove(scheduler_queue_of(r), r);
        run_free(r);
        return;
    }
    run_drop(r);
    r->pending++; /* for this function: the last cancel must not free the run */
    for (size_t i = 0; i < r->n_parts; i++)
        remote_check_cancel(&r->parts[i].check);
    run_release(r);
}
