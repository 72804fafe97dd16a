/* front_state.c - the state of the daemon, for load balancers, service managers and Prometheus. */
#include "front/front_inner.h"

#include "front/metrics.h"

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

static void say(struct call *c, const char *state)
{
    struct api_answer ans = {.status = 200};
    struct json_out j = {.b = &ans.body};
    json_open(&j, NULL, '{');
    json_text(&j, "status", state);
    json_close(&j, '}');
    call_answer(c, &ans);
}

void front_health(struct call *c)
{
    say(c, "alive");
}

void front_ready(struct call *c)
{
    struct scheduler_counters counters;
    scheduler_counters(c->front->scheduler, &counters);
    if (c->front->stopping)
        call_answer_error(c, 503, CODE_internal_data_check_failed, "the daemon is ending");
    else if (counters.failing)
        call_answer_error(c, 503, CODE_internal_data_check_failed,
                          "the store cannot be written; the daemon's log says why");
    else
        say(c, "ready");
}

/* The second number of statm, proc(5), is in pages. */
static uint64_t resident_bytes(void)
{
    unsigned long pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f && fscanf(f, "%*s %lu", &pages) != 1)
        pages = 0;
    if (f)
        fclose(f);
    return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t open_descriptors(void)
{
    uint64_t n = 0;
    DIR *d = opendir("/proc/self/fd");
    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    return n > 3 ? n - 3 : 0; /* ".", ".." and the descriptor of the directory itself */
}

static void on_counted(void *user, const struct generations_counters *counters)
{
    struct call *c = user;
    struct metrics m = {.dns = counters->network.dns,
                        .http = counters->network.http,
                        .turn_seconds = counters->turn_seconds,
                        .turn_longest = counters->turn_longest,
                        .turn_longest_cpu = counters->turn_longest_cpu,
                        .verdicts = scheduler_verdicts(c->front->scheduler),
                        .watches = watches_count(c->front->watches),
                        .streams = c->front->streams,
                        .resident_bytes = resident_bytes(),
                        .open_descriptors = open_descriptors()};
    struct api_answer ans = {.status = 200, .type = METRICS_TYPE};
    scheduler_counters(c->front->scheduler, &m.scheduler);
    writer_counters(c->front->writer, &m.writer);
    metrics_write(&ans.body, &m);
    call_answer(c, &ans);
}

void front_metrics(struct call *c)
{
    if (generations_count(c->front->generations, on_counted, c))
        call_answer_no_memory(c);
}
