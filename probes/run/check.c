#include "run/check.h"

#include "evidence/evidence.h"
#include "methods/methods.h"

#include <errno.h>
#include <string.h>

enum {
    MOST_ASKS = 1024, /* of one check; a bound for hostile chains, not a budget: plan has its own */
    PLAN_EACH = 16,   /* below this many questions under way each answer is planned on at once, */
    PLAN_FEW = 64,    /* while there are no more answers than this to look through again */
    AT_ONCE = 4,      /* questions under way to one server of the zone: a deep name is no reason for a burst */
    LAST_WORDS = 4096 /* bytes that a full arena may grow by for the report that says so */
};

/* What is asked of one server of the zone. */
struct lane {
    struct lane *next;
    const char *server;
    size_t under_way;
    struct ask *first, **last; /* held back, linked by .next */
};

/* One question under way. */
struct check_exchange {
    struct check *check;
    struct check_exchange *prev, *next;
    struct lane *lane; /* NULL: of nobody who is to be spared */
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
    struct lane *lanes;
    uint32_t pending, held; /* pending: without an answer, held ones included */
    uint32_t plan_at, planned; /* planned: facts that the last plan knew; UNPLANNED */
    dcv_time started_at;
    uint64_t started;
    bool planning, stopping;
    int err;
    const char *stop_reason; /* says why an unfinished check ended; NULL: judge finds the words */
};
#define UNPLANNED UINT32_MAX

static uint64_t clock_now(const struct check *c)
{
    return c->obs->monotonic(c->obs->clock_self);
}

/* Memory for a report, also where the arena is full. NULL: the machine has none. */
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
            .reason = c->stop_reason   ? c->stop_reason
                      : err == -ENOMEM ? "The answers grew past the memory that one check may use."
                                       : "A fault on this side ended the check early; the log says more."};
    }
    uint64_t us = (clock_now(c) - c->started) / 1000;
    p->started_at = c->started_at;
    p->duration_us = us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
    c->done(c->user, c, p, err); /* the arena, and c in it, may be gone now */
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
    if (x->lane)
        x->lane->under_way--;
    c->pending--;
    if (fact) {
        fact->ask = ask;
        fact->at = c->obs->now(c->obs->clock_self);
        int rc = evidence_add(&c->evidence, fact);
        if (rc && !c->err)
            c->err = rc;
    } else if (!c->stopping && !c->err) {
        c->err = -ENOMEM; /* an observer gives up on its own only where the arena is full */
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

/* NULL: nobody is spared; or the arena is full, which is then found out by the next who asks it. */
static struct lane *lane_of(struct check *c, const struct ask *q)
{
    if (q->kind != ASK_DNS || q->via != VIA_AUTHORITATIVE)
        return NULL;
    for (struct lane *l = c->lanes; l; l = l->next)
        if (!strcmp(l->server, q->server))
            return l;
    struct lane *l = arena_alloc(c->arena, sizeof *l);
    if (!l)
        return NULL;
    *l = (struct lane){.next = c->lanes, .server = q->server, .last = &l->first};
    return c->lanes = l;
}

static void begin(struct check *c, struct lane *lane, struct ask *q)
{
    const struct observer *o = observer_of(c->obs, q);
    struct check_exchange *x = arena_alloc(c->arena, sizeof *x);
    if (!x || !o->start) {
        if (!c->err)
            c->err = x ? -ENOSYS : -ENOMEM;
        return;
    }
    *x = (struct check_exchange){.check = c, .next = c->under_way, .observer = o, .lane = lane};
    if (c->under_way)
        c->under_way->prev = x;
    c->under_way = x;
    c->pending++;
    if (lane)
        lane->under_way++;
    int rc = o->start(o->self, c->arena, q, on_fact, x, &x->op);
    if (rc) { /* no callback comes: take it back */
        c->under_way = x->next;
        if (x->next)
            x->next->prev = NULL;
        if (lane)
            lane->under_way--;
        c->pending--;
        if (!c->err)
            c->err = rc;
    }
}

static void put(struct check *c, struct ask *q)
{
    struct lane *lane = lane_of(c, q);
    q->next = NULL;
    if (!lane || lane->under_way < AT_ONCE) {
        begin(c, lane, q);
        return;
    }
    *lane->last = q;
    lane->last = &q->next;
    c->held++;
    c->pending++;
}

/* Asks what was held back, as far as its servers have answered. */
static void release(struct check *c)
{
    for (struct lane *l = c->held ? c->lanes : NULL; l; l = l->next)
        while (l->first && l->under_way < AT_ONCE && !c->err && !c->stopping) {
            struct ask *q = l->first;
            l->first = q->next;
            if (!l->first)
                l->last = &l->first;
            c->held--;
            c->pending--;
            begin(c, l, q);
        }
}

/* Ends what is under way; each callback comes from within and takes itself off the list. */
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

/* Plans on what is known, puts the questions, and finishes when none is left. An answer that comes from
 * within put() only adds to the evidence; the loop here then plans again, so nothing recurses. */
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
        /* A plan looks at all answers. With many of them, or many questions under way, plan again when half of
         * these are answered: n facts then cost log n plans. */
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
    evidence_init(&c->evidence, a, MOST_ASKS);
    if (ret)
        *ret = c; /* before the first question: done may be called from within */
    advance(c);
    return 0;
}

void check_hurry(struct check *c)
{
    struct request *all = arena_alloc(c->arena, sizeof *all);
    if (all) {
        *all = *c->request;
        all->sparing = false;
        c->request = all;
        c->planned = UNPLANNED; /* there is more to ask, if nothing new is known */
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
