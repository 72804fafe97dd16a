/* outbox.c - what goes from the loop to the store, and is held until it is there. */
#include "work/scheduler_inner.h"

#include "base/clock.h"
#include "work/results.h"

#include <errno.h>
#include <string.h>

void write_push(struct scheduler *l, struct write_job *w)
{
    l->writes++;
    writer_push(l->writer, w);
}

/* What the store says of itself by what became of a write. */
static void write_note(struct scheduler *l, int status)
{
    if (!write_job_is_at_fault(status))
        l->counters.failing = status;
}

void write_end(struct scheduler *l, struct write_job *w)
{
    write_note(l, w->status);
    l->writes--;
    write_job_free(w);
    stop_check(l);
}

static void on_retry(uv_timer_t *timer)
{
    struct scheduler *l = timer->data;
    struct write_job *w = l->failed;
    l->failed = NULL;
    while (w) {
        struct write_job *next = w->next;
        w->next = NULL;
        w->status = 0;
        writer_push(l->writer, w);
        w = next;
    }
}

void failed_drop(struct scheduler *l)
{
    while (l->failed) {
        struct write_job *w = l->failed;
        l->failed = w->next;
        l->writes--;
        write_job_free(w); /* its request is still queued in the store, and is run again in the next life */
    }
}

static void on_results(struct write_job *w)
{
    struct scheduler *l = w->user;
    struct job *j = job_find(&l->jobs, w->id);
    bool ours = w->status && write_job_is_at_fault(w->status); /* trying again would not help */
    if (w->status && !ours && !l->stopping) {
        write_note(l, w->status);
        if (!l->failed && !uv_is_active((uv_handle_t *)&l->retry)) {
            log_error("results cannot be stored: %s; trying again in %u ms", strerror(-w->status),
                      l->retry_ms);
            uv_timer_start(&l->retry, on_retry, l->retry_ms, 0);
            l->retry_ms = l->retry_ms * 2 < RETRY_MOST_MS ? l->retry_ms * 2 : RETRY_MOST_MS;
        }
        w->next = l->failed;
        l->failed = w;
        return;
    }
    /* One that was cancelled meanwhile has ended already, or is gone with what was left of its batch. */
    if (ours && w->status != -EALREADY && !(w->batch && w->status == -ENOENT))
        log_error("check %016llx: its results are refused by the store: %s", (unsigned long long)w->id,
                  strerror(-w->status));
    if (!w->status) {
        l->retry_ms = RETRY_FIRST_MS;
        verdict_counts_add(&l->verdicts, w->results, w->n_results);
    }
    if (j && (!w->status || ours)) {
        l->counters.done += !w->status;
        job_end(j, w->status ? STATE_CANCELLED : STATE_DONE, w->status ? NULL : w);
    }
    write_end(l, w);
}

/* A line of a batch takes its texts with it, which the writer would else read again. */
static int take_texts(struct write_job *w, const struct run *r, const struct job *j)
{
    if (!j->batch)
        return 0;
    w->domain = strdup(j->domain);
    w->request = strndup(r->text, r->text_len);
    w->request_len = r->text_len;
    return w->domain && w->request ? 0 : -ENOMEM;
}

int results_write(const struct run *r, struct job *j, struct report *const *reports, size_t n)
{
    struct scheduler *l = j->scheduler;
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
    w->user = l;
    write_push(l, w);
    return 0;
}
