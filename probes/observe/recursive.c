#include "observe/recursive_inner.h"

#include "observe/slice.h"
#include "wire/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

/* A context is a complete resolver: one thread, one cache, 2 MB and more. It starts with an empty cache, since a CA's
 * resolver has nothing of the customer's zone in its cache either. It answers many questions, so that the root and the
 * TLDs are not asked again for each. But its cache makes answers old: somebody who corrects a record and checks again
 * must see the new record. So a context that reaches age_ms takes no more questions, and a new one replaces it; the old
 * one ends when its last question is answered or past its deadline. */
enum {
    AGE_MS = 30000,
    LIVE_MOST = 2,  /* contexts that take questions: a second one if the first is full */
    POOL_MOST = 6,  /* contexts in all, with those that are ending */
    IN_FLIGHT = 256 /* questions of one context; others wait here, which costs little */
};

static const struct {
    const char *option, *value;
    bool must; /* an error if the library refuses it; other options are left at their default then */
} options[] = {
    {"module-config:", "validator iterator", true},
    {"do-not-query-localhost:", "no", true}, /* the ranges of the guard decide that */
    {"outgoing-range:", "512", false},       /* UDP sockets: a question needs one or two at a time */
    {"num-queries-per-thread:", "512", false},
    {"msg-cache-size:", "1m", false},
    {"rrset-cache-size:", "2m", false},
    {"key-cache-size:", "1m", false},
    {"neg-cache-size:", "0", false},
    /* Each name is asked for, and not derived from NSEC records of its neighbours. */
    {"aggressive-nsec:", "no", false},
    {"ede:", "yes", false},
    {"val-log-level:", "2", true}, /* otherwise it does not give the reason */
    {"val-log-squelch:", "yes", false},
    {"trust-anchor-signaling:", "no", false},
    {"use-syslog:", "no", false},
};

struct recursive_exchange;
TAILQ_HEAD(recursive_exchanges, recursive_exchange);
TAILQ_HEAD(contexts, context);

struct recursive_exchange {
    TAILQ_ENTRY(recursive_exchange) link;
    struct recursive_exchanges *in; /* waiting, asked or ready */
    struct recursive *r;
    struct arena *arena;
    struct ask *ask;
    fact_fn *fn;
    void *user;
    struct context *context; /* while asked */
    int id;                  /* the id in libunbound */
    uint64_t sent;           /* nanoseconds of uv_hrtime() */
    uint64_t due;            /* by now_ms() */
    struct fact *fact;       /* while ready */
};

struct context {
    TAILQ_ENTRY(context) link;
    struct recursive *r;
    struct ub_ctx *ub;
    uv_poll_t poll;
    uv_work_t work;
    uint64_t until; /* by now_ms(): it takes no questions from then on */
    unsigned in_flight;
    bool ending; /* its poll handle is being closed; then a thread of the pool deletes it */
};

struct recursive {
    uv_loop_t *loop;
    uv_timer_t timer;
    uv_idle_t idler; /* active while a callback is due */
    uint32_t timeout_ms, age_ms;
    struct recursive_counters counters;
    struct texts anchors, forbidden;
    const char *root_hints;
    struct contexts contexts;
    size_t n_contexts, open;                /* open: accepted asks without a callback yet */
    struct recursive_exchanges waiting, asked, ready; /* asked: sorted by .due */
    bool closing;
    unsigned handles; /* while closing: those that are not closed yet */
    void (*closed)(void *user);
    void *closed_user;
};

/* Milliseconds. Not uv_now(), which stays the same in an iteration of the loop: making a context alone takes
 * milliseconds. */
static uint64_t now_ms(void)
{
    return uv_hrtime() / 1000000;
}

/* ---------------------------------------------------------------- exchanges -------------------------- */

static void exchange_list(struct recursive_exchange *x, struct recursive_exchanges *list)
{
    if (x->in)
        TAILQ_REMOVE(x->in, x, link);
    if (list)
        TAILQ_INSERT_TAIL(list, x, link);
    x->in = list;
}

static struct fact *fact_new(struct recursive_exchange *x)
{
    struct fact *f = arena_alloc(x->arena, sizeof(*f));

    if (!f)
        return NULL;
    f->ask = x->ask;
    uint64_t us = x->sent ? (uv_hrtime() - x->sent) / 1000 : 0;
    f->us = us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
    f->dns.server = RESOLVER_RECURSIVE_TEXT;
    f->dns.tries = x->sent ? 1 : 0;
    return f;
}

/* Takes the exchange from its context; settle() calls its callback. */
static void exchange_ready(struct recursive_exchange *x, struct fact *fact)
{
    if (x->context)
        x->context->in_flight--;
    x->context = NULL;
    x->fact = fact;
    exchange_list(x, &x->r->ready);
}

static void exchange_failed(struct recursive_exchange *x, enum dns_outcome outcome, const char *detail)
{
    struct fact *f = detail ? fact_new(x) : NULL;

    if (f) {
        f->dns.outcome = outcome;
        f->dns.detail = detail;
    }
    exchange_ready(x, f);
}

/* Calls the callback of the exchange, once, and frees the exchange. */
static void exchange_end(struct recursive_exchange *x, struct fact *fact)
{
    fact_fn *fn = x->fn;
    void *user = x->user;
    struct ask *ask = x->ask;

    exchange_list(x, NULL);
    x->r->open--;
    free(x);
    fn(user, ask, fact);
}

static void library_failed(struct recursive_exchange *x, int error)
{
    exchange_failed(
        x, DNS_UNREACHABLE,
        arena_printf(x->arena, "the resolver within this program does not work: %s", ub_strerror(error)));
}

/* Called inside ub_process(), so no callback is called here: it might ask again or close r. */
static void on_result(void *user, int error, struct ub_result *result)
{
    struct recursive_exchange *x = user;

    if (x && error) {
        library_failed(x, error);
    } else if (x) {
        struct fact *f = fact_new(x);
        bool whole = f && recursive_answer(x->arena, x->ask, result, &f->dns) == 0;
        x->r->counters.answered++;
        exchange_ready(x, whole ? f : NULL);
    }
    ub_resolve_free(result);
}

static void exchange_send(struct recursive_exchange *x, struct context *c)
{
    struct recursive *r = x->r;

    x->sent = uv_hrtime();
    x->due = now_ms() + r->timeout_ms;
    x->context = c;
    c->in_flight++;
    exchange_list(x, &r->asked);
    int error = ub_resolve_async(c->ub, x->ask->qname, x->ask->qtype, 1, x, on_result, &x->id);
    if (error)
        library_failed(x, error);
}

/* ---------------------------------------------------------------- contexts --------------------------- */

static void settle(struct recursive *r);

static void recursive_free(struct recursive *r)
{
    void (*closed)(void *) = r->closed;
    void *user = r->closed_user;

    if (r->handles > 0 || r->n_contexts > 0)
        return;
    free(r);
    if (closed)
        closed(user);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct context *c = poll->data;

    (void)events;
    if (status < 0 || ub_process(c->ub))
        c->until = 0; /* its pipe is broken: its questions will reach their deadline */
    settle(c->r);
}

/* Runs in a thread of the pool, because it waits for the thread of the context to end. */
static void delete_work(uv_work_t *work)
{
    struct context *c = work->data;

    ub_ctx_delete(c->ub);
}

static void after_delete(uv_work_t *work, int status)
{
    struct context *c = work->data;
    struct recursive *r = c->r;

    (void)status;
    TAILQ_REMOVE(&r->contexts, c, link);
    r->n_contexts--;
    free(c);
    if (r->closing)
        recursive_free(r);
    else
        settle(r);
}

static void on_poll_closed(uv_handle_t *handle)
{
    struct context *c = handle->data;

    c->work.data = c;
    uv_queue_work(c->r->loop, &c->work, delete_work, after_delete);
}

/* Must not be called inside ub_process(). */
static void context_end(struct context *c)
{
    c->ending = true;
    uv_close((uv_handle_t *)&c->poll, on_poll_closed);
}

static int context_configure(const struct recursive *r, struct ub_ctx *ub)
{
    int error = ub_ctx_debugout(ub, NULL); /* otherwise it writes to standard error */

    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]) && !error; i++) {
        int refused = ub_ctx_set_option(ub, options[i].option, options[i].value);
        error = options[i].must ? refused : 0;
    }
    for (size_t i = 0; i < r->forbidden.n && !error; i++)
        error = ub_ctx_set_option(ub, "do-not-query-address:", r->forbidden.v[i]);
    for (size_t i = 0; i < r->anchors.n && !error; i++)
        error = ub_ctx_add_ta(ub, r->anchors.v[i]);
    if (r->root_hints && !error)
        error = ub_ctx_set_option(ub, "root-hints:", r->root_hints);
    return error ? error : ub_ctx_async(ub, 1);
}

/* NULL: failed, *error is that of libunbound. */
static struct context *context_new(struct recursive *r, int *error)
{
    struct context *c = calloc(1, sizeof(*c));

    *error = UB_NOMEM;
    if (!c || !(c->ub = ub_ctx_create())) {
        free(c);
        return NULL;
    }
    *error = context_configure(r, c->ub);
    /* The first question starts the thread and fails if an option is wrong. This question is answered without sending
     * anything. */
    if (!*error)
        *error = ub_resolve_async(c->ub, "localhost.", RR_A, 1, NULL, on_result, NULL);
    if (!*error && uv_poll_init(r->loop, &c->poll, ub_fd(c->ub)))
        *error = UB_SOCKET;
    if (*error) {
        ub_ctx_delete(c->ub);
        free(c);
        return NULL;
    }
    c->r = r;
    c->poll.data = c;
    c->until = now_ms() + r->age_ms;
    uv_poll_start(&c->poll, UV_READABLE, on_readable);
    uv_unref((uv_handle_t *)&c->poll); /* pending questions keep the loop alive */
    TAILQ_INSERT_TAIL(&r->contexts, c, link);
    r->n_contexts++;
    r->counters.contexts++;
    return c;
}

static bool context_takes(const struct context *c)
{
    return !c->ending && now_ms() < c->until;
}

/* The context for the next question. NULL with *error 0: the question has to wait. */
static struct context *context_take(struct recursive *r, int *error)
{
    struct context *c;
    unsigned live = 0;

    *error = 0;
    /* The first that has room, so that one cache is used for as many questions as possible. */
    TAILQ_FOREACH(c, &r->contexts, link)
    {
        if (!context_takes(c))
            continue;
        live++;
        if (c->in_flight < IN_FLIGHT)
            return c;
    }
    return live < LIVE_MOST && r->n_contexts < POOL_MOST ? context_new(r, error) : NULL;
}

/* ---------------------------------------------------------------- turns ------------------------------ */

static void on_timer(uv_timer_t *timer);
static void on_idle(uv_idle_t *idle);

/* Arms the handles: the idle handle where a callback is due, the timer for the next deadline or the next context that
 * gets too old. */
static void rearm(struct recursive *r)
{
    uint64_t now = now_ms(), next = UINT64_MAX;
    struct recursive_exchange *first = TAILQ_FIRST(&r->asked);
    struct context *c;

    if (r->closing)
        return;
    if (first)
        next = first->due;
    TAILQ_FOREACH(c, &r->contexts, link)
    {
        if (!c->ending && (c->in_flight == 0 || now < c->until) && c->until < next)
            next = c->until;
    }
    if (TAILQ_EMPTY(&r->ready))
        uv_idle_stop(&r->idler);
    else
        uv_idle_start(&r->idler, on_idle);
    if (next == UINT64_MAX)
        uv_timer_stop(&r->timer);
    else
        uv_timer_start(&r->timer, on_timer, next > now ? next - now : 0, 0);
    if (r->open > 0)
        uv_ref((uv_handle_t *)&r->timer);
    else
        uv_unref((uv_handle_t *)&r->timer);
}

static void feed(struct recursive *r)
{
    struct recursive_exchange *x;

    while ((x = TAILQ_FIRST(&r->waiting))) {
        int error;
        struct context *c = context_take(r, &error);
        if (c)
            exchange_send(x, c);
        else if (error)
            library_failed(x, error);
        else
            break;
    }
}

/* Called at the end of each event, outside of any libunbound function: calls callbacks, starts waiting questions, ends
 * old contexts. An answer may be the last of a check, which is then judged and stored inside its callback. So after
 * SLICE_NS the other callbacks wait for the next iteration of the loop. */
static void settle(struct recursive *r)
{
    struct recursive_exchange *x;
    struct context *c;
    uint64_t began = slice_begin();

    while ((x = TAILQ_FIRST(&r->ready))) {
        exchange_end(x, x->fact);
        if (slice_over(began))
            break;
    }
    if (r->closing)
        return;
    TAILQ_FOREACH(c, &r->contexts, link)
    {
        if (!c->ending && c->in_flight == 0 && !context_takes(c))
            context_end(c);
    }
    feed(r);
    rearm(r);
}

static void on_idle(uv_idle_t *idle)
{
    settle(idle->data);
}

static void on_timer(uv_timer_t *timer)
{
    struct recursive *r = timer->data;
    struct recursive_exchange *x;

    while ((x = TAILQ_FIRST(&r->asked)) && x->due <= now_ms()) {
        ub_cancel(x->context->ub, x->id);
        r->counters.timeouts++;
        exchange_failed(x, DNS_TIMEOUT,
                        arena_printf(x->arena,
                                     "no answer was found on the way from the root within %g seconds",
                                     r->timeout_ms / 1000.0));
    }
    settle(r);
}

static int on_start(void *self, struct arena *a, struct ask *ask, fact_fn *fn, void *user, void **op)
{
    struct recursive *r = self;
    uint8_t query[WIRE_QUERY_MOST];

    if (r->closing)
        return -ECANCELED;
    if (ask->kind != ASK_DNS || ask->via != VIA_RESOLVER)
        return -ENOTSUP;
    int n = wire_query(ask, 0, 0, query); /* refuses an invalid name, as the other observers do */
    if (n < 0)
        return n;
    struct recursive_exchange *x = calloc(1, sizeof(*x));
    if (!x)
        return -ENOMEM;
    *x = (struct recursive_exchange){.r = r, .arena = a, .ask = ask, .fn = fn, .user = user};
    r->open++;
    r->counters.asked++;
    exchange_list(x, &r->waiting);
    feed(r);
    rearm(r);
    *op = x;
    return 0;
}

static void on_cancel(void *self, void *op)
{
    struct recursive *r = self;
    struct recursive_exchange *x = op;

    if (x->context) {
        ub_cancel(x->context->ub, x->id); /* then on_result() is not called any more */
        x->context->in_flight--;
    }
    exchange_end(x, NULL);
    feed(r);
    rearm(r);
}

void recursive_observer(struct recursive *r, struct observer *ret)
{
    *ret = (struct observer){.self = r, .start = on_start, .cancel = on_cancel};
}

void recursive_counters(const struct recursive *r, struct recursive_counters *ret)
{
    *ret = r->counters;
}

/* ---------------------------------------------------------------- life ------------------------------- */

int recursive_new(uv_loop_t *loop, struct arena *a, const struct recursive_config *cfg,
                  struct recursive **ret, struct recursive_fault *fault)
{
    struct recursive *r = calloc(1, sizeof(*r));
    int error = 0, rc = -ENOMEM;

    if (!r)
        return -ENOMEM;
    *r = (struct recursive){
        .loop = loop, .timeout_ms = cfg->timeout_ms, .age_ms = cfg->age_ms ? cfg->age_ms : AGE_MS};
    TAILQ_INIT(&r->contexts);
    TAILQ_INIT(&r->waiting);
    TAILQ_INIT(&r->asked);
    TAILQ_INIT(&r->ready);
    rc = recursive_files(a, cfg->trust_anchor, cfg->root_hints, &r->anchors, fault);
    if (rc == 0)
        rc = guard_forbidden(a, cfg->guard, &r->forbidden);
    if (rc == 0 && cfg->root_hints && !(r->root_hints = arena_strdup(a, cfg->root_hints)))
        rc = -ENOMEM;
    if (rc == 0 && !context_new(r, &error)) {
        *fault = (struct recursive_fault){"libunbound", ub_strerror(error), false};
        rc = -EIO;
    }
    if (rc < 0) {
        free(r);
        return rc;
    }
    uv_timer_init(loop, &r->timer);
    uv_idle_init(loop, &r->idler);
    r->timer.data = r->idler.data = r;
    rearm(r);
    *ret = r;
    return 0;
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct recursive *r = handle->data;

    r->handles--;
    recursive_free(r);
}

void recursive_close(struct recursive *r, void (*closed)(void *user), void *user)
{
    struct context *c;

    r->closing = true;
    r->closed = closed;
    r->closed_user = user;
    TAILQ_FOREACH(c, &r->contexts, link)
    {
        if (!c->ending)
            context_end(c);
    }
    r->handles = 2;
    uv_close((uv_handle_t *)&r->timer, on_handle_closed);
    uv_close((uv_handle_t *)&r->idler, on_handle_closed);
}
