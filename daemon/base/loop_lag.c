#include "base/loop_lag.h"

#include <time.h>

/* CPU time of this thread in nanoseconds. */
static uint64_t cpu_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void on_prepare(uv_prepare_t *prepare)
{
    struct loop_lag *t = prepare->data;
    uint64_t now = uv_hrtime(), idle = uv_metrics_idle_time(prepare->loop);
    double busy = (double)(now - t->at) - (double)(idle - t->idle);
    t->at = now;
    t->idle = idle;
    if (busy < 0) /* the two clocks are not read at the same time */
        busy = 0;
    busy /= 1e9;
    histogram_add(&t->seconds, &scale_seconds, busy);
    if (busy > t->longest)
        t->longest = busy;
    uint64_t cpu = cpu_now();
    double worked = t->cpu ? (double)(cpu - t->cpu) / 1e9 : 0;
    t->cpu = cpu;
    if (worked > t->longest_cpu)
        t->longest_cpu = worked;
}

int loop_lag_start(struct loop_lag *t, uv_loop_t *uv)
{
    int rc = uv_loop_configure(uv, UV_METRICS_IDLE_TIME);
    if (rc)
        return rc;
    *t = (struct loop_lag){.at = uv_hrtime()};
    uv_prepare_init(uv, &t->prepare);
    t->prepare.data = t;
    uv_prepare_start(&t->prepare, on_prepare);
    uv_unref((uv_handle_t *)&t->prepare);
    return 0;
}

void loop_lag_restart(struct loop_lag *t)
{
    t->at = uv_hrtime();
    t->idle = uv_metrics_idle_time(t->prepare.loop);
    t->cpu = cpu_now();
}

void loop_lag_close(struct loop_lag *t)
{
    if (t->prepare.data && !uv_is_closing((uv_handle_t *)&t->prepare))
        uv_close((uv_handle_t *)&t->prepare, NULL);
}
