#include "front/front_inner.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>

/* ---------------------------------------------------------------- answers --------------------------- */

static void call_free(struct call *c)
{
    struct front *f = c->front;
    *c->back = c->next;
    if (c->next)
        c->next->back = c->back;
    arena_free(c->arena);
    free(c);
    if (f->closed && !f->calls)
        f->closed(f->closed_user);
}

static void on_timer_closed(uv_handle_t *h)
{
    call_free(h->data);
}

void call_end(struct call *c)
{
    waiter_leave(&c->waiter);
    if (c->generation)
        generation_leave(c->generation);
    if (c->timer_open)
        uv_close((uv_handle_t *)&c->timer, on_timer_closed);
    else
        call_free(c);
}

void call_answer(struct call *c, struct api_answer *ans)
{
    exchange_answer(c->exchange, ans);
    call_end(c);
}

void call_answer_error(struct call *c, int status, enum code code, const char *text)
{
    struct api_answer ans = {0};
    api_error(&ans, status, code, NULL, "%s", text);
    if (status == 429)
        ans.retry_after = 1;
    call_answer(c, &ans);
}

void call_answer_broken(struct call *c, int error)
{
    call_answer_error(
        c, 500, CODE_internal_data_check_failed,
        error == -ENOSPC
            ? "the disk of the daemon's store is full; nothing was done, try again once there is room"
            : "the daemon's store does not work; nothing was done, the daemon's log says why");
}

void call_answer_ending(struct call *c)
{
    call_answer_error(c, 429, CODE_request_limit_exceeded, "the daemon is ending; try again when it is back");
}

void call_read(struct call *c, int (*read)(struct read_job *job, struct db *db),
               void (*done)(struct read_job *job, int status))
{
    if (!c->generation)
        c->generation = generation_join(c->front->generations);
    c->read.read = read;
    c->read.done = done;
    readers_run(c->front->readers, &c->read);
}

/* ---------------------------------------------------------------- all together ---------------------- */

static void dispatch(struct call *c, struct api_answer *ans)
{
    switch (c->api.action) {
    case API_SUBMIT:
        front_submit(c);
        break;
    case API_SHOW:
        front_wait(c);
        break;
    case API_LIST:
        front_list(c);
        break;
    case API_DOMAIN:
        front_domain(c);
        break;
    case API_STATS:
        front_stats(c);
        break;
    case API_WATCH:
        front_watch(c);
        break;
    case API_WATCH_LIST:
        front_watch_list(c);
        break;
    case API_WATCH_SHOW:
        front_watch_one(c);
        break;
    case API_WATCH_DELETE:
        front_watch_delete(c);
        break;
    case API_EVENTS:
        front_events(c);
        break;
    case API_METRICS:
        front_metrics(c);
        break;
    case API_CANCEL:
        front_cancel(c);
        break;
    case API_BATCH_SUBMIT:
        front_batch_submit(c);
        break;
    case API_BATCH_SHOW:
        front_wait(c);
        break;
    case API_BATCH_LIST:
        front_batch_list(c);
        break;
    case API_BATCH_CANCEL:
        front_batch_cancel(c);
        break;
    case API_HEALTH:
        front_health(c);
        break;
    case API_READY:
        front_ready(c);
        break;
    case API_CODES:
    case API_CODE:
    case API_CAUSES:
    case API_CAUSE:
    case API_DESCRIBE:
    case API_ANSWERED:
        call_answer(c, ans);
        break;
    }
}

/* False: the peer is turned away, and told so. */
static bool admit(struct front *f, struct exchange *x)
{
    const struct peer *who = exchange_peer(x);
    struct api_answer ans = {0};
    if (!who->allowed) {
        if (who->uid == PEER_NOBODY)
            api_error(&ans, 403, CODE_access_denied_missing_permission, NULL,
                      "this connection may not use the API: over TCP neither pages in browsers nor, where "
                      "[access] names users or "
                      "groups, anybody; use the Unix socket");
        else
            api_error(&ans, 403, CODE_access_denied_missing_permission, NULL,
                      "user id %u may not use the API: [access] of the daemon's configuration names who may",
                      who->uid);
    } else if (!api_is_probe(exchange_input(x)->path)) {
        ans.retry_after = peer_take(f->peers, who->uid, uv_now(f->uv));
        if (ans.retry_after)
            api_error(&ans, 429, CODE_request_limit_exceeded, NULL,
                      "more than %u requests a second came from this user; try again in %u s",
                      f->conf->requests_per_second, ans.retry_after);
    }
    if (!ans.status)
        return true;
    exchange_answer(x, &ans);
    return false;
}

void front_exchange(void *user, struct exchange *x)
{
    struct front *f = user;
    if (!admit(f, x))
        return;
    struct api_answer ans = {0};
    struct call *c = calloc(1, sizeof *c);
    struct arena *a = arena_new(0); /* what goes in is bounded by the server, what comes out by the store */
    if (!c || !a) {
        free(c);
        arena_free(a);
        api_error(&ans, 500, CODE_internal_data_check_failed, NULL,
                  "there is no memory for this request; try again");
        exchange_answer(x, &ans);
        return;
    }
    *c = (struct call){.front = f, .exchange = x, .arena = a, .next = f->calls, .back = &f->calls};
    c->waiter = (struct waiter){.fn = front_change, .user = c};
    if (c->next)
        c->next->back = &c->next;
    f->calls = c;
    api_read(f->conf, a, exchange_input(x), clock_now(), &c->api, &ans);
    dispatch(c, &ans);
}

int front_new(uv_loop_t *uv, const struct rooms *rooms, struct front **ret)
{
    struct front *f = calloc(1, sizeof *f);
    if (!f)
        return -ENOMEM;
    *f = (struct front){.uv = uv,
                        .conf = rooms->conf,
                        .scheduler = rooms->scheduler,
                        .batches = rooms->batches,
                        .readers = rooms->readers,
                        .peers = rooms->peers,
                        .generations = rooms->generations,
                        .writer = rooms->writer,
                        .events = rooms->events,
                        .watches = rooms->watches};
    *ret = f;
    return 0;
}

void front_stop(struct front *f)
{
    f->stopping = true;
}

void front_close(struct front *f, void (*closed)(void *user), void *user)
{
    f->stopping = f->ending = true;
    for (struct call *c = f->calls, *next; c; c = next) {
        next = c->next;
        if (c->listener.back)
            front_events_end(c);
        else if (c->waiter.back) /* the others are under way already */
            front_show(c);
        else if (c->upload)
            front_batch_stop(c);
    }
    f->closed = closed;
    f->closed_user = user;
    if (!f->calls)
        closed(user);
}

void front_free(struct front *f)
{
    free(f);
}
