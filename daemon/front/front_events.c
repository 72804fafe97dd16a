/* front_events.c - GET /v1/events: a stream until its reader goes away or the daemon ends.
 *
 * With since it begins with what the store has: page by page, as fast as the reader takes it, until what is left is in
 * memory; from there on it is a stream as any other. */
#include "front/front_inner.h"

#include "base/clock.h"
#include "base/table.h"

#include <errno.h>

enum {
    STREAMS_MOST = 64,
    ALIVE_MS = 15000,
    PAGE_LINES = 200, /* that are read from the store at a time */
    PACE_MS = 20      /* until a reader that is behind is tried again */
};

/* ---------------------------------------------------------------- live ------------------------------- */

/* How many events were lost goes out before the next line and together with it: alone it would take up the little room
 * that is left, again and again. */
static bool send_line(struct call *c, const char *line, size_t n)
{
    if (!c->lost)
        return exchange_send(c->exchange, line, n);
    struct buf both = {0};
    event_lost(&both, c->front->events, clock_now(), c->lost);
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
static void on_alive(uv_timer_t *timer)
{
    struct call *c = timer->data;
    struct buf line = {0};
    event_alive(&line, c->front->events, clock_now());
    if (!line.failed)
        send_line(c, line.p, line.n);
    buf_free(&line);
}

static void on_gone(void *user)
{
    struct call *c = user;
    events_leave(&c->listener);
    c->front->streams--;
    c->stream = false;
    buf_free(&c->page);
    if (c->reading)
        c->gone = true; /* on_page() ends it */
    else
        call_end(c);
}

void front_events_end(struct call *c)
{
    exchange_end(c->exchange);
    on_gone(c);
}

static void begin(struct call *c)
{
    c->front->streams++;
    c->stream = true;
    exchange_stream(c->exchange, "application/x-ndjson", on_gone, c);
    uv_timer_init(c->front->uv, &c->timer);
    c->timer.data = c;
    c->timer_open = true;
}

static void go_live(struct call *c)
{
    uv_timer_start(&c->timer, on_alive, ALIVE_MS, ALIVE_MS);
    on_alive(&c->timer); /* by this line the reader knows that it gets all events from now on */
}

/* ---------------------------------------------------------------- from the store --------------------- */

static void read_page(struct call *c);
static void on_pace(uv_timer_t *timer);

static int take_line(void *user, int64_t seq, const char *line, size_t n)
{
    struct call *c = user;
    buf_add(&c->page, line, n);
    c->page_lines++;
    c->seen = seq;
    return c->page.failed ? -ENOMEM : 0;
}

static int on_pool(struct read_job *job, struct db *db)
{
    struct call *c = CONTAINER(job, struct call, read);
    const struct event_filter *only = &c->listener.only;
    const struct db_event_filter f = {.kind = only->kind < 0 ? NULL : event_kind_name((enum event_kind)only->kind),
                                      .domain = only->domain,
                                      .label = only->label,
                                      .watch = only->watch,
                                      .after = c->seen,
                                      .limit = PAGE_LINES};
    int rc = c->stream || c->known ? 0 : db_event_known(db, c->seen, &c->known);
    c->page_lines = 0;
    return rc ? rc : db_events(db, &f, take_line, c);
}

/* What is in the page goes out, then the next one is read, or the rest comes from memory. */
static void go_on(struct call *c)
{
    if (c->page.n && !exchange_send(c->exchange, c->page.p, c->page.n)) {
        uv_timer_start(&c->timer, on_pace, PACE_MS, 0);
        return;
    }
    c->page.n = 0;
    if (c->page_lines == PAGE_LINES || !events_join_after(c->front->events, &c->listener, c->seen))
        read_page(c);
    else
        go_live(c);
}

static void on_pace(uv_timer_t *timer)
{
    go_on(timer->data);
}

static void on_page(struct read_job *job, int status)
{
    struct call *c = CONTAINER(job, struct call, read);
    c->reading = false;
    if (c->gone) {
        buf_free(&c->page);
        call_end(c);
        return;
    }
    if (!c->stream) {
        struct buf gap = {0};
        if (status || c->front->ending) {
            buf_free(&c->page);
            if (status)
                call_answer_store_failed(c, status);
            else
                call_answer_ending(c);
            return;
        }
        begin(c);
        if (!c->known || events_lost_after(c->front->events, c->api.since)) {
            event_gap(&gap, c->api.since, clock_now());
            send_line(c, gap.p, gap.n);
            buf_free(&gap);
        }
    }
    if (status) { /* tried again: readers.c has logged it */
        c->page.n = 0;
        uv_timer_start(&c->timer, on_pace, ALIVE_MS, 0);
        return;
    }
    go_on(c);
}

static void read_page(struct call *c)
{
    c->reading = true;
    call_read(c, on_pool, on_page);
}

/* ---------------------------------------------------------------- the beginning ---------------------- */

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
    c->listener = (struct listener){.fn = on_event,
                                    .user = c,
                                    .only = {.kind = c->api.event,
                                             .domain = c->api.filter.domain,
                                             .watch = c->api.watch,
                                             .label = c->api.label}};
    if (c->api.since >= 0) {
        c->seen = c->api.since;
        c->known = events_has(f->events, c->seen);
        read_page(c);
        return;
    }
    begin(c);
    events_join(f->events, &c->listener);
    go_live(c);
}
