#include "work/jobs.h"

#include <string.h>

void runs_add(struct runs *list, struct run *r)
{
    r->next = NULL;
    r->prev = list->last;
    *(list->last ? &list->last->next : &list->first) = r;
    list->last = r;
    list->n++;
}

void runs_remove(struct runs *list, struct run *r)
{
    *(r->prev ? &r->prev->next : &list->first) = r->next;
    *(r->next ? &r->next->prev : &list->last) = r->prev;
    list->n--;
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

void job_detach(struct job *j)
{
    if (!j->run)
        return;
    *j->back = j->next;
    if (j->next)
        j->next->back = j->back;
    j->run = NULL;
}

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

struct run *run_find(const struct table *runs, const char *text, size_t len)
{
    struct link *k = table_first(runs, hash_bytes(text, len));
    for (; k; k = table_next(k)) {
        struct run *r = CONTAINER(k, struct run, by_text);
        if (r->text_len == len && !memcmp(r->text, text, len))
            return r;
    }
    return NULL;
}
