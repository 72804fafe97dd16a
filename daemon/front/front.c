#include "front/front_inner.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>

/* ---------------------------------------------------------------- all together ---------------------- */

static void dispatch(struct call *c)
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
        call_answer(c, &c->answer);
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
    struct call *c = call_new(f, x);
    if (!c) {
        api_error_no_memory(&ans);
        exchange_answer(x, &ans);
        return;
    }
    c->waiter = (struct waiter){.fn = front_change, .user = c};
    api_read(f->conf, c->arena, exchange_input(x), clock_now(), &c->api, &c->answer);
    dispatch(c);
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
