#include "work/job.h"

#include "format/json_member.h"
#include "work/run.h"
#include "work/scheduler_inner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct job *job_find(const struct table *jobs, int64_t id)
{
    struct link *k = table_first(jobs, hash_number((uint64_t)id));
    for (; k; k = table_next(k)) {
        struct job *j = CONTAINER(k, struct job, by_id);
        if (j->id == id)
            return j;
    }
    return NULL;
}

void job_attach(struct job *j, struct run *r)
{
    j->run = r;
    j->next = r->jobs;
    j->back = &r->jobs;
    if (j->next)
        j->next->back = &j->next;
    r->jobs = j;
}

int job_label(struct job *j, const char *request, size_t len)
{
    size_t n;
    const char *label = json_member(request, len, "label", &n);
    j->label = label ? strndup(label, n) : NULL;
    return label && !j->label ? -ENOMEM : 0;
}

void job_detach(struct job *j)
{
    if (!j->run)
        return;
    *j->back = j->next;
    if (j->next)
        j->next->back = j->back;
    j->run = NULL;
}

void job_change(struct job *j, enum db_state state)
{
    struct waiter *list = j->waiters;
    j->waiters = NULL;
    j->state = state;
    waiters_tell(&list);
}

void job_tell(const struct job *j, const struct write_job *w)
{
    struct scheduler *s = j->scheduler;
    bool over = j->state == STATE_DONE || j->state == STATE_CANCELLED;
    if (s->news && !j->probed && (over || !j->batch))
        s->news(s->news_user, &(struct scheduler_news){.id = j->id,
                                                       .watch = j->watch,
                                                       .domain = j->domain,
                                                       .label = j->label,
                                                       .state = j->state,
                                                       .results = w ? w->results : NULL,
                                                       .n_results = w ? w->n_results : 0});
}

void job_end(struct job *j, enum db_state state, const struct write_job *w)
{
    struct scheduler *s = j->scheduler;
    struct run *r = j->run;
    job_detach(j);
    suspects_end(s->suspects, j->id);
    if (r && !r->jobs)
        run_abandon(r);
    table_remove(&s->jobs, &j->by_id);
    s->ending = w;
    job_change(j, state);
    s->ending = NULL;
    job_tell(j, w);
    if (j->batch)
        scheduler_bulk_ended(j);
    job_free(j);
}

void job_free(struct job *j)
{
    free(j->domain);
    free(j->label);
    free(j);
}
