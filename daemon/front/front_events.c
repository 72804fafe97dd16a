/* front_events.c - GET /v1/events: a stream until its reader goes away or the daemon ends. */
#include "front/front_inner.h"

#include "base/clock.h"

enum { STREAMS_MOST = 64, ALIVE_MS = 15000 };

/* How many events were lost goes out before the next line and together with it: alone it would take up the little room
 * that is left, again and again. */
static bool send_line(struct call *c, const char *line, size_t n)
{
    if (!c->lost)
        return exchange_send(c->exchange, line, n);
    struct buf both = {0};
    event_lost(&both, clock_now(), c->lost);
    buf_add(&both, line, n);
    bool sent = !both.failed && exchange_send(c->exchange, both.p, both.n);
    buf_free(&both);
    if (sent)
        c->lost = 0;
    return sent;
}

static void on_event(void *user, const char *line, size_t n)
{
    struct call *c = user;
    if (!send_line(c, line, n))
        c->lost++;
}

/* A reader that has gone away is only noticed when something is written to it. */
static void on_timer(uv_timer_t *timer)
{
    struct call *c = timer->data;
    struct buf line = {0};
    event_alive(&line, clock_now());
    if (!line.failed)
        send_line(c, line.p, line.n);
    buf_free(&line);
}

static void on_gone(void *user)
{
    struct call *c = user;
    events_leave(&c->listener);
    c->front->streams--;
    call_end(c);
}

void front_events_end(struct call *c)
{
    exchange_end(c->exchange);
    on_gone(c);
}

void front_events(struct call *c)
{
    struct front *f = c->front;
    if (f->ending) {
        call_answer_ending(c);
        return;
    }
    if (f->streams >= STREAMS_MOST) {
        call_answer_error(c, 429, CODE_request_limit_exceeded,
                          "too many streams of events are open; close some, or try again later");
        return;
    }
    f->streams++;
    c->listener = (struct listener){.fn = on_event,
                                    .user = c,
                                    .kind = c->api.event,
                                    .domain = c->api.filter.domain,
                                    .watch = c->api.watch};
    events_join(f->events, &c->listener);
    exchange_stream(c->exchange, "application/x-ndjson", on_gone, c);
    uv_timer_init(f->uv, &c->timer);
    c->timer.data = c;
    c->timer_open = true;
    uv_timer_start(&c->timer, on_timer, ALIVE_MS, ALIVE_MS);
    on_timer(&c->timer); /* by its first line the reader knows that it gets all events from now on */
}
