#include "work/events.h"

#include "work/results.h"

#include <string.h>

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

static struct json_out begin(struct buf *line, const char *event, dcv_time at)
{
    struct json_out j = {.b = line};
    json_open(&j, NULL, '{');
    json_text(&j, "event", event);
    json_time(&j, "at", at);
    return j;
}

static void end(struct json_out *j)
{
    json_close(j, '}');
    buf_puts(j->b, "\n");
}

static bool wants(const struct listener *l, enum event_kind kind, const char *domain, int64_t watch)
{
    return (l->kind < 0 || l->kind == (int)kind) && (!l->watch || l->watch == watch) &&
           (!l->domain || !strcmp(l->domain, domain));
}

static bool wanted(const struct events *e, enum event_kind kind, const char *domain, int64_t watch)
{
    for (const struct listener *l = e->listeners; l; l = l->next)
        if (wants(l, kind, domain, watch))
            return true;
    return false;
}

static void tell(struct events *e, enum event_kind kind, const char *domain, int64_t watch, struct buf *line)
{
    for (struct listener *l = e->listeners; l && !line->failed; l = l->next)
        if (wants(l, kind, domain, watch))
            l->fn(l->user, line->p, line->n);
    buf_free(line);
}

void events_check(struct events *e, const struct scheduler_news *news, dcv_time at)
{
    if (!wanted(e, EVENT_CHECK, news->domain, news->watch))
        return;
    struct buf line = {0};
    struct json_out j = begin(&line, event_kind_name(EVENT_CHECK), at);
    api_id(&j, "id", news->id);
    if (news->watch)
        api_id(&j, "watch", news->watch);
    json_text(&j, "state", db_state_name(news->state));
    json_text(&j, "domain", news->domain);
    if (news->results)
        results_summary(&j, "results", news->results, news->n_results);
    end(&j);
    tell(e, EVENT_CHECK, news->domain, news->watch, &line);
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
    if (!wanted(e, EVENT_WATCH, news->domain, news->id))
        return;
    struct buf line = {0};
    struct json_out j = begin(&line, event_kind_name(EVENT_WATCH), at);
    api_id(&j, "id", news->id);
    api_id(&j, "check", news->check);
    json_text(&j, "domain", news->domain);
    json_text(&j, "state", news->state);
    json_bool(&j, "changed", news->to && (!news->from || strcmp(news->from, news->to) != 0));
    results_text(&j, "from", news->from);
    results_text(&j, "to", news->to);
    end(&j);
    tell(e, EVENT_WATCH, news->domain, news->id, &line);
}

void event_alive(struct buf *line, dcv_time at)
{
    struct json_out j = begin(line, "alive", at);
    end(&j);
}

void event_lost(struct buf *line, dcv_time at, uint64_t n)
{
    struct json_out j = begin(line, "lost", at);
    json_int(&j, "n", (int64_t)n);
    end(&j);
}
