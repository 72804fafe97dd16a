#include "work/events.h"

#include "base/clock.h"
#include "base/log.h"
#include "work/results.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEPT = 4096,     /* events that stay in memory once they are stored */
    GROUP_MOST = 512 /* events of one job */
};

struct event {
    struct event *next;
    struct db_event row;
    char text[]; /* domain, label, line */
};

/* ---------------------------------------------------------------- listeners -------------------------- */

void events_join(struct events *e, struct listener *l)
{
    l->next = e->listeners;
    l->back = &e->listeners;
    if (l->next)
        l->next->back = &l->next;
    e->listeners = l;
}

void events_leave(struct listener *l)
{
    if (!l->back)
        return;
    *l->back = l->next;
    if (l->next)
        l->next->back = l->back;
    l->back = NULL;
}

static bool wants(const struct event_filter *f, const struct db_event *r)
{
    return *r->line && (f->kind < 0 || !strcmp(event_kind_name((enum event_kind)f->kind), r->kind)) &&
           (!f->watch || f->watch == r->watch) && (!f->domain || !strcmp(f->domain, r->domain)) &&
           (!f->label || (r->label && !strcmp(f->label, r->label)));
}

bool events_join_after(struct events *e, struct listener *l, int64_t seq)
{
    if (seq < e->before)
        return false;
    for (const struct event *x = e->first; x; x = x->next)
        if (x->row.seq > seq && wants(&l->only, &x->row))
            l->fn(l->user, x->row.line, x->row.len);
    events_join(e, l);
    return true;
}

bool events_has(const struct events *e, int64_t seq)
{
    const struct event *x = e->first;
    while (x && x->row.seq != seq)
        x = x->next;
    return x;
}

bool events_lost_after(const struct events *e, int64_t seq)
{
    return seq < e->hole;
}

/* ---------------------------------------------------------------- to the store ----------------------- */

static void flush(struct events *e);

static void drop_oldest(struct events *e)
{
    struct event *x = e->first;
    e->first = x->next;
    if (!e->first)
        e->end = &e->first;
    e->before = x->row.seq;
    e->n--;
    free(x);
}

static void on_written(struct write_job *job)
{
    struct events *e = job->user;
    if (job->status && job->n_events)
        e->hole = job->events[job->n_events - 1]->seq; /* who resumes from before is told of a gap */
    e->writing = 0;
    write_job_free(job);
    while (!e->stopped && e->n > KEPT && e->first != e->unwritten)
        drop_oldest(e);
    flush(e);
}

static void flush(struct events *e)
{
    if (e->writing || !e->unwritten)
        return;
    struct write_job *job = calloc(1, sizeof *job);
    const struct db_event **v = calloc(GROUP_MOST, sizeof *v);
    if (!job || !v) {
        free(job);
        free(v);
        return; /* with the next event */
    }
    size_t n = 0;
    for (; e->unwritten && n < GROUP_MOST; e->unwritten = e->unwritten->next)
        v[n++] = &e->unwritten->row;
    *job = (struct write_job){
        .kind = WRITE_EVENTS, .at = clock_now(), .events = v, .n_events = n, .done = on_written, .user = e};
    e->writing = n;
    writer_push(e->writer, job);
}

static int64_t next_number(const struct events *e, dcv_time at)
{
    int64_t seq = at << DB_EVENT_BITS;
    return seq > e->last ? seq : e->last + 1;
}

static struct json_out begin(struct buf *line, const char *event, int64_t seq, dcv_time at)
{
    struct json_out j = {.b = line};
    json_open(&j, NULL, '{');
    json_text(&j, "event", event);
    json_int(&j, "seq", seq);
    json_time(&j, "at", at);
    return j;
}

static void end(struct json_out *j)
{
    json_close(j, '}');
    buf_puts(j->b, "\n");
}

/* Copies the row, and takes over the text of its line; then everybody is told. */
static void tell(struct events *e, const struct db_event *row, struct buf *line)
{
    size_t domain = strlen(row->domain) + 1, label = row->label ? strlen(row->label) + 1 : 0;
    struct event *x = line->failed ? NULL : calloc(1, sizeof *x + domain + label + line->n + 1);
    if (x) {
        char *p = x->text;
        x->row = *row;
        x->row.domain = memcpy(p, row->domain, domain);
        x->row.label = label ? memcpy(p + domain, row->label, label) : NULL;
        x->row.line = line->n ? memcpy(p + domain + label, line->p, line->n) : p + domain + label;
        x->row.len = line->n;
        *e->end = x;
        e->end = &x->next;
        e->n++;
        e->last = row->seq;
        if (!e->unwritten)
            e->unwritten = x;
        for (struct listener *l = e->listeners; l; l = l->next)
            if (wants(&l->only, &x->row))
                l->fn(l->user, x->row.line, x->row.len);
        flush(e);
    } else {
        e->hole = e->last;
        log_error("an event is not told: " OUT_OF_MEMORY);
    }
    buf_free(line);
}

/* ---------------------------------------------------------------- what happens ----------------------- */

void events_check(struct events *e, const struct scheduler_news *news, dcv_time at)
{
    struct buf line = {0};
    int64_t seq = next_number(e, at);
    struct json_out j = begin(&line, event_kind_name(EVENT_CHECK), seq, at);
    api_id(&j, "id", news->id);
    if (news->watch)
        api_id(&j, "watch", news->watch);
    json_text(&j, "state", db_state_name(news->state));
    json_text(&j, "domain", news->domain);
    if (news->label)
        api_label(&j, news->label);
    if (news->results)
        results_summary(&j, "results", news->results, news->n_results);
    end(&j);
    tell(e,
         &(struct db_event){.seq = seq,
                            .kind = event_kind_name(EVENT_CHECK),
                            .domain = news->domain,
                            .label = news->label,
                            .watch = news->watch,
                            .check = news->state == STATE_DONE ? news->id : 0},
         &line);
}

static void results_text(struct json_out *j, const char *key, const char *results)
{
    if (results)
        json_raw(j, key, results, strlen(results));
    else
        json_nil(j, key);
}

void events_watch(struct events *e, const struct watch_news *news, dcv_time at)
{
    struct buf line = {0};
    int64_t seq = next_number(e, at);
    struct json_out j = begin(&line, event_kind_name(EVENT_WATCH), seq, at);
    api_id(&j, "id", news->id);
    api_id(&j, "check", news->check);
    json_text(&j, "domain", news->domain);
    if (news->label)
        api_label(&j, news->label);
    json_text(&j, "state", news->state);
    json_bool(&j, "changed", news->to && (!news->from || strcmp(news->from, news->to) != 0));
    results_text(&j, "from", news->from);
    results_text(&j, "to", news->to);
    end(&j);
    tell(e,
         &(struct db_event){.seq = seq,
                            .kind = event_kind_name(EVENT_WATCH),
                            .domain = news->domain,
                            .label = news->label,
                            .watch = news->id},
         &line);
}

void event_alive(struct buf *line, const struct events *e, dcv_time at)
{
    struct json_out j = begin(line, "alive", e->last, at);
    end(&j);
}

void event_lost(struct buf *line, const struct events *e, dcv_time at, uint64_t n)
{
    struct json_out j = begin(line, "lost", e->last, at);
    json_int(&j, "n", (int64_t)n);
    end(&j);
}

void event_gap(struct buf *line, int64_t seq, dcv_time at)
{
    struct json_out j = begin(line, "gap", seq, at);
    end(&j);
}

/* ---------------------------------------------------------------- start and end ---------------------- */

int events_start(struct events *e, struct writer *writer, struct db *db)
{
    struct buf line = {0};
    bool lost;
    int rc = db_events_last(db, &e->last, &lost);
    if (rc)
        return rc;
    e->writer = writer;
    e->end = &e->first;
    dcv_time now = clock_now();
    int64_t seq = next_number(e, now);
    e->before = e->last;
    if (lost) {
        log_notice("the last process ended before it had stored all events; who resumes is told of a gap");
        event_gap(&line, seq, now);
    }
    tell(e, &(struct db_event){.seq = seq, .kind = "start", .domain = ""}, &line);
    return 0;
}

void events_stop(struct events *e)
{
    e->stopped = true;
    while (e->unwritten) {
        e->writing = 0; /* one job after the other, without waiting for the one before */
        flush(e);
    }
}

void events_free(struct events *e)
{
    while (e->first)
        drop_oldest(e);
}
