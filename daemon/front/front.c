#include "front/front_inner.h"

#include "api/routes.h"
#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>

static void (*const runners[API_ACTIONS])(struct call *c) = {
    [API_ANSWERED] = front_answered,
#define ROUTE(action, method, path, segment, query, most, body, accepted, answer, type, rate, reader, runner, ...) \
    [action] = runner,
#include "api/routes.def"
#undef ROUTE
};

void front_answered(struct call *c)
{
    call_answer(c, &c->answer);
}

/* False: the peer may not go on, and has its answer. */
static bool admit(struct front *f, struct exchange *x)
{
    const struct peer *who = exchange_peer(x);
    struct api_answer ans = {0};
    if (!who->allowed) {
        if (who->uid == PEER_NOBODY)
            api_error(&ans, 403, CODE_access_denied_missing_permission, NULL,
                      "this connection may not use the API: over TCP neither pages in browsers nor, where "
                      "[access] names users or groups, anybody; use the Unix socket");
        else
            api_error(&ans, 403, CODE_access_denied_missing_permission, NULL,
                      "user id %u may not use the API: [access] of the daemon's configuration names who may",
                      who->uid);
    } else if (route_is_counted(exchange_input(x)->path)) {
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
    runners[c->api.action](c);
}

int front_new(uv_loop_t *uv, const struct front_uses *uses, struct front **ret)
{
    struct front *f = calloc(1, sizeof *f);
    if (!f)
        return -ENOMEM;
    *f = (struct front){.uv = uv,
                        .conf = uses->conf,
                        .scheduler = uses->scheduler,
                        .batches = uses->batches,
                        .readers = uses->readers,
                        .peers = uses->peers,
                        .generations = uses->generations,
                        .writer = uses->writer,
                        .events = uses->events,
                        .watches = uses->watches};
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
        if (c->stream)
            front_events_end(c);
        else if (c->waiter.back) /* calls that do not wait are answered in any case */
            front_show(c);
        else if (c->upload)
            front_batch_stop(c);
        else if (c->probing) /* the scheduler has stopped */
            call_answer_ending(c);
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
