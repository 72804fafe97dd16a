#include "run/check.h"

#include "evidence/evidence.h"
#include "methods/methods.h"

#include <errno.h>
#include <string.h>

enum {
    PLAN_EACH = 16,   /* with at most so many questions under way, each answer is planned on at once, */
    PLAN_FEW = 64,    /* unless there are more answers than this, since each plan reads all of them */
    AT_ONCE = 4,      /* questions under way to one server of the zone, since a deep name raises many */
    LAST_WORDS = 4096 /* bytes that a full arena gets for the report that says so */
};

/* The questions to one server of the zone. */
struct server_queue {
    struct server_queue *next;
    const char *server;
    size_t under_way;
    struct ask *first, **last; /* questions that wait, linked by .next */
};

/* A question under way; it lies in the arena of the check. */
struct check_exchange {
    struct check *check;
    const struct ask *ask;
    struct check_exchange *prev, *next;
    struct server_queue *queue; /* NULL: the question is not limited */
    const struct observer *observer;
    void *op;
};

struct check {
    const struct observers *obs;
    struct arena *arena;
    const struct request *request;
    struct evidence evidence;
    check_done_fn *done;
    void *user;
    struct check_exchange *under_way;
    struct server_queue *queues;
    uint32_t pending, held; /* pending: questions without an answer; held: those of them that wait */
    uint32_t plan_at, planned; /* planned: number of facts at the last plan, or UNPLANNED */
    dcv_time started_at;
    uint64_t started;
    bool planning, stopping;
    int err;
    const char *stop_reason; /* why the check ended early; NULL: judge gives the reason */
};
#define UNPLANNED UINT32_MAX

static uint64_t clock_now(const struct check *c)
{
    return c->obs->monotonic(c->obs->clock_self);
}

/* Memory for a report, even if the arena is full. NULL: the system has no memory. */
static struct report *report_new(struct check *c)
{
    struct report *p = arena_alloc(c->arena, sizeof *p);
    if (p)
        return p;
    arena_allow(c->arena, LAST_WORDS);
    return arena_alloc(c->arena, sizeof *p);
}

static void finish(struct check *c)
{
    struct report *p = report_new(c);
    int err = c->err;
    if (!p) {
        c->done(c->user, c, NULL, -ENOMEM);
        return;
    }
    if (!err && !c->stop_reason)
        err = judge(c->request, &c->evidence, c->arena, p);
    if (err || c->stop_reason) {
        *p = (struct report){
            .request = c->request,
            .evidence = &c->evidence,
            .challenge = request_challenge(c->request),
            .br_may_permit = -1,
            .reason = c->stop_reason                               ? c->stop_reason
                      : err == -ENOMEM && arena_short(c->arena) ? "The memory for all checks together was used up "
                                                                  "([checks] memory). Run this check again."
                      : err == -ENOMEM ? "The answers grew past the memory that one check may use."
                                       : "A fault on this side ended the check early; the log says more."};
    }
    uint64_t us = (clock_now(c) - c->started) / 1000;
    p->started_at = c->started_at;
    p->duration_us = us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
    c->done(c->user, c, p, err); /* the arena and c in it may be freed now */
}

static void advance(struct check *c);

static void on_fact(void *user, struct ask *ask, struct fact *fact)
{
    struct check_exchange *x = user;
    struct check *c = x->check;
    if (x->prev)
        x->prev->next = x->next;
    else
        c->under_way = x->next;
    if (x->next)
        x->next->prev = x->prev;
    if (x->queue)
        x->queue->under_way--;
    c->pending--;
    if (fact) {
        fact->ask = ask;
        fact->at = c->obs->now(c->obs->clock_self);
        int rc = evidence_add(&c->evidence, fact);
        if (rc && !c->err)
            c->err = rc;
    } else if (!c->stopping && !c->err) {
        c->err = -ENOMEM; /* the only reason why an observer cancels by itself is a full arena */
    }
    if (!c->planning)
        advance(c);
}

static const struct observer *observer_of(const struct observers *obs, const struct ask *q)
{
    if (q->kind == ASK_HTTP)
        return &obs->http;
    return q->via == VIA_RESOLVER && obs->resolver.start ? &obs->resolver : &obs->dns;
}

/* The queue of the server that q asks. NULL: q is not limited; or the arena is full, which the next allocation reports.
 */
static struct server_queue *queue_of(struct check *c, const struct ask *q)
{
    if (q->kind != ASK_DNS || q->via != VIA_AUTHORITATIVE)
        return NULL;
    for (struct server_queue *s = c->queues; s; s = s->next)
        if (!strcmp(s->server, q->server))
            return s;
    struct server_queue *s = arena_alloc(c->arena, sizeof *s);
    if (!s)
        return NULL;
    *s = (struct server_queue){.next = c->queues, .server = q->server, .last = &s->first};
    return c->queues = s;
}

static void begin(struct check *c, struct server_queue *queue, struct ask *q)
{
    const struct observer *o = observer_of(c->obs, q);
    struct check_exchange *x = arena_alloc(c->arena, sizeof *x);
    if (!x || !o->start) {
        if (!c->err)
            c->err = x ? -ENOSYS : -ENOMEM;
        return;
    }
    *x = (struct check_exchange){.check = c, .ask = q, .next = c->under_way, .observer = o, .queue = queue};
    if (c->under_way)
        c->under_way->prev = x;
    c->under_way = x;
    c->pending++;
    if (queue)
        queue->under_way++;
    int rc = o->start(o->self, c->arena, q, on_fact, x, &x->op);
    if (rc) { /* no callback will come: undo the above */
        c->under_way = x->next;
        if (x->next)
            x->next->prev = NULL;
        if (queue)
            queue->under_way--;
        c->pending--;
        if (!c->err)
            c->err = rc;
    }
}

static void put(struct check *c, struct ask *q)
{
    struct server_queue *queue = queue_of(c, q);
    q->next = NULL;
    if (!queue || queue->under_way < AT_ONCE) {
        begin(c, queue, q);
        return;
    }
    *queue->last = q;
    queue->last = &q->next;
    c->held++;
    c->pending++;
}

/* Asks the questions that wait, as far as their servers have answered others. */
static void release(struct check *c)
{
    for (struct server_queue *s = c->held ? c->queues : NULL; s; s = s->next)
        while (s->first && s->under_way < AT_ONCE && !c->err && !c->stopping) {
            struct ask *q = s->first;
            s->first = q->next;
            if (!s->first)
                s->last = &s->first;
            c->held--;
            c->pending--;
            begin(c, s, q);
        }
}

/* Cancels the questions under way; cancel() calls on_fact(), which takes each off the list. */
static void stop(struct check *c)
{
    bool was = c->planning;
    c->planning = c->stopping = true;
    c->pending -= c->held;
    c->held = 0;
    while (c->under_way)
        c->under_way->observer->cancel(c->under_way->observer->self, c->under_way->op);
    c->planning = was;
}

/* Plans on the known facts, asks the questions, and finishes the check when none is left. An answer that comes inside
 * put() is only added to the evidence, and this loop plans again; so there is no recursion. */
static void advance(struct check *c)
{
    c->planning = true;
    for (;;) {
        release(c);
        if (c->err || c->stopping || c->pending > c->plan_at || c->planned == c->evidence.n)
            break;
        c->planned = (uint32_t)c->evidence.n;
        struct ask *list = NULL;
        int rc = plan_next(c->request, &c->evidence, &list);
        if (rc)
            c->err = rc;
        for (struct ask *q = list, *next; q && !c->err; q = next) {
            next = q->next;
            put(c, q);
        }
        /* Each plan reads all answers. With many answers, or many questions under way, the next plan waits until half
         * of these questions are answered: so n facts need log n plans. */
        c->plan_at = c->pending <= PLAN_EACH && c->evidence.n <= PLAN_FEW ? PLAN_EACH : c->pending / 2;
    }
    c->planning = false;
    if (c->err && c->pending)
        stop(c);
    if (!c->pending)
        finish(c);
}

int check_start(const struct observers *obs, struct arena *a, const struct request *r, check_done_fn *done,
                void *user, struct check **ret)
{
    struct check *c = arena_alloc(a, sizeof *c);
    if (!c)
        return -ENOMEM;
    *c = (struct check){
        .obs = obs, .arena = a, .request = r, .done = done, .user = user, .plan_at = PLAN_EACH, .planned = UNPLANNED};
    c->started_at = obs->now(obs->clock_self);
    c->started = clock_now(c);
    evidence_init(&c->evidence, a, EVIDENCE_ASKS_MOST);
    if (ret)
        *ret = c; /* before advance(), which may call done */
    advance(c);
    return 0;
}

const struct ask *check_waits_for(const struct check *c, uint32_t *n)
{
    const struct check_exchange *x = c->under_way;
    *n = c->pending;
    while (x && x->next) /* the newest comes first */
        x = x->next;
    return x ? x->ask : NULL;
}

void check_hurry(struct check *c)
{
    struct request *all = arena_alloc(c->arena, sizeof *all);
    if (all) {
        *all = *c->request;
        all->sparing = false;
        c->request = all;
        c->planned = UNPLANNED; /* plan again, though no fact is new */
    } else if (!c->err) {
        c->err = -ENOMEM;
    }
    advance(c);
}

static void end(struct check *c, const char *reason)
{
    c->stop_reason = reason;
    stop(c);
    c->stopping = true;
    finish(c);
}

void check_expire(struct check *c)
{
    end(c, NULL);
}

void check_cancel(struct check *c)
{
    end(c, "The check was cancelled.");
}
