#include "work/outbox.h"

#include "base/clock.h"
#include "work/results.h"
#include "work/scheduler_inner.h"

#include <errno.h>
#include <string.h>

void outbox_push(struct scheduler *s, struct write_job *w)
{
    s->writes++;
    writer_push(s->writer, w);
}

/* The outcome of a write tells whether the store works. */
static void note_state(struct scheduler *s, int status)
{
    if (!write_job_is_at_fault(status))
        s->counters.failing = status;
}

void outbox_end(struct scheduler *s, struct write_job *w)
{
    note_state(s, w->status);
    s->writes--;
    write_job_free(w);
    scheduler_stop_check(s);
}

static void on_retry(uv_timer_t *timer)
{
    struct scheduler *s = timer->data;
    struct write_job *w = s->failed;
    s->failed = NULL;
    while (w) {
        struct write_job *next = w->next;
        w->next = NULL;
        w->status = 0;
        writer_push(s->writer, w);
        w = next;
    }
}

void outbox_drop_failed(struct scheduler *s)
{
    while (s->failed) {
        struct write_job *w = s->failed;
        s->failed = w->next;
        s->writes--;
        write_job_free(w);
    }
}

static void on_results(struct write_job *w)
{
    struct scheduler *s = w->user;
    struct job *j = job_find(&s->jobs, w->id);
    bool at_fault = w->status && write_job_is_at_fault(w->status);
    if (w->status && !at_fault && !s->stopping) {
        note_state(s, w->status);
        if (!s->failed && !uv_is_active((uv_handle_t *)&s->retry)) {
            log_error("results cannot be stored: %s; trying again in %u ms", strerror(-w->status),
                      s->retry_ms);
            uv_timer_start(&s->retry, on_retry, s->retry_ms, 0);
            s->retry_ms = s->retry_ms * 2 < RETRY_MOST_MS ? s->retry_ms * 2 : RETRY_MOST_MS;
        }
        w->next = s->failed;
        s->failed = w;
        return;
    }
    /* A check that was cancelled meanwhile has ended already, or its line was deleted with the rest of its batch. */
    if (at_fault && w->status != -EALREADY && !(w->batch && w->status == -ENOENT))
        log_error("check %016llx: the store refuses its results: %s", (unsigned long long)w->id,
                  strerror(-w->status));
    if (!w->status) {
        s->retry_ms = RETRY_FIRST_MS;
        verdict_counts_add(&s->verdicts, w->results, w->n_results);
    }
    if (j && (!w->status || at_fault)) {
        s->counters.done += !w->status;
        job_end(j, w->status ? STATE_CANCELLED : STATE_DONE, w->status ? NULL : w);
    }
    outbox_end(s, w);
}

/* The results of a line of a batch bring its texts along, which the writer would otherwise have to read. */
static int take_texts(struct write_job *w, const struct run *r, const struct job *j)
{
    if (!j->batch)
        return 0;
    w->domain = strdup(j->domain);
    w->request = strndup(r->text, r->text_len);
    w->request_len = r->text_len;
    return w->domain && w->request ? 0 : -ENOMEM;
}

int outbox_results(const struct run *r, struct job *j, struct report *const *reports, size_t n)
{
    struct scheduler *s = j->scheduler;
    struct write_job *w;
    int rc = results_job(j->id, reports, n, j->waiters, &w);
    if (rc)
        return rc;
    rc = take_texts(w, r, j);
    if (rc) {
        write_job_free(w);
        return rc;
    }
    w->batch = j->batch;
    w->at = clock_now();
    w->done = on_results;
    w->user = s;
    outbox_push(s, w);
    return 0;
}
