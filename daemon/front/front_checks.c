/* front_checks.c - submitting a check, waiting for it, showing and cancelling it. */
#include "front/front_inner.h"

#include <errno.h>

/* One that has not ended has no reports yet. */
static void answer_unfinished(struct call *c, enum db_state state)
{
    struct api_answer ans = {0};
    if (c->api.form >= 0) {
        call_answer_no_reports(c, state);
        return;
    }
    if (c->api.action == API_SUBMIT)
        api_write_accepted(&ans, c->api.id, state, c->api.label);
    else
        api_write_check(&ans, c->api.id, state, scheduler_label(c->front->scheduler, c->api.id), NULL, 0);
    call_answer(c, &ans);
}

/* Its results are on disk by now, and mostly still in memory, too. */
static void answer_done(struct call *c, const struct write_job *w)
{
    struct api_answer ans = {0};
    struct api_report reports[METHOD_COUNT];
    for (size_t i = 0; i < w->n_results; i++) {
        if (!w->results[i].shown || c->api.form >= 0) {
            front_one(c);
            return;
        }
        reports[i] = (struct api_report){w->results[i].shown, w->results[i].shown_len};
    }
    const char *label = w->n_results ? api_label_of(c->arena, reports[0].text, reports[0].len) : NULL;
    api_write_check(&ans, w->id, STATE_DONE, label, reports, w->n_results);
    call_answer(c, &ans);
}

void front_show(struct call *c)
{
    enum db_state state;
    const struct write_job *w = scheduler_ending(c->front->scheduler, c->api.id);
    waiter_leave(&c->waiter);
    if (c->timer_open)
        uv_timer_stop(&c->timer);
    if (c->api.action == API_BATCH_SHOW)
        front_batch(c);
    else if (w)
        answer_done(c, w);
    else if (scheduler_state(c->front->scheduler, c->api.id, &state))
        answer_unfinished(c, state);
    else
        front_one(c);
}

static void on_timer(uv_timer_t *timer)
{
    front_show(timer->data);
}

void front_change(void *user)
{
    struct call *c = user;
    /* Who submits a check waits for its reports; who asks for one waits for any change. */
    if (c->api.action != API_SUBMIT || !scheduler_wait(c->front->scheduler, c->api.id, &c->waiter))
        front_show(c);
}

/* False: there is nothing to wait for. */
static bool join(struct call *c)
{
    return c->api.action == API_BATCH_SHOW ? batches_wait(c->front->batches, c->api.id, &c->waiter)
                                           : scheduler_wait(c->front->scheduler, c->api.id, &c->waiter);
}

void front_wait(struct call *c)
{
    if (!c->api.wait_ms || c->front->ending || !join(c)) {
        front_show(c);
        return;
    }
    uv_timer_init(c->front->uv, &c->timer);
    c->timer.data = c;
    c->timer_open = true;
    uv_timer_start(&c->timer, on_timer, c->api.wait_ms, 0);
}

static void on_submitted(void *user, int64_t id, int status)
{
    struct call *c = user;
    c->api.id = id;
    if (status == -ESHUTDOWN)
        call_answer_ending(c);
    else if (status == -EEXIST)
        call_answer_key_refused(c);
    else if (status)
        call_answer_store_failed(c, status);
    else if (!c->api.wait_ms)
        answer_unfinished(c, STATE_QUEUED);
    else
        front_wait(c);
}

static void on_cancelled(void *user, int status)
{
    struct call *c = user;
    if (status)
        call_answer_store_failed(c, status);
    else
        front_show(c);
}

void front_submit(struct call *c)
{
    struct front *f = c->front;
    int rc = f->stopping
                 ? -ESHUTDOWN
                 : scheduler_submit(f->scheduler, 0, c->api.domain, c->api.text, c->api.text_len, &c->api.key,
                                    on_submitted, c);
    if (rc == -ESHUTDOWN)
        call_answer_ending(c);
    else if (rc == -EAGAIN)
        call_answer_error(c, 429, CODE_request_limit_exceeded,
                          "the queue of checks is full; try again later");
    else if (rc)
        call_answer_no_memory(c);
}

void front_cancel(struct call *c)
{
    int rc = scheduler_cancel(c->front->scheduler, c->api.id, on_cancelled, c);
    if (rc == -ENOENT) /* it has ended, or there is none */
        front_show(c);
    else if (rc == -ESHUTDOWN)
        call_answer_ending(c);
    else if (rc)
        call_answer_store_failed(c, rc);
}
