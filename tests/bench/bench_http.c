/* Web fetches per second through the HTTP observer: one URL each on a fresh connection, each with a host name
 * of its own. bench_http ADDR:PORT COUNT FLIGHT prints "fetches/s answered CPU-µs-per-fetch-first
 * CPU-µs-per-fetch-last growth-in-KiB": the first and the last 1000 fetches, and the growth of the resident
 * set from before the first fetch to its highest. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "http.h"

enum { SAMPLE = 1000 };

static struct observer observer;
static struct http *http;
static const char *address;
static unsigned long asked, total, answered, ended;
static double at_first, at_last, cpu_0;

static struct rusage usage(void)
{
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    return r;
}

static double cpu(void)
{
    struct rusage r = usage();
    return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
           (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

static void ask_one(void);

static void on_fact(void *user, struct ask *ask, struct fact *fact)
{
    (void)ask;
    ended++;
    answered += fact && fact->http.outcome == HTTP_RESPONSE && fact->http.status == 200;
    arena_free(user);
    if (ended == SAMPLE)
        at_first = cpu();
    if (ended == total - SAMPLE)
        at_last = cpu();
    if (asked < total)
        ask_one();
    else if (ended == total)
        http_close(http, NULL, NULL);
}

static void ask_one(void)
{
    struct arena *a = arena_new(1 << 20);
    struct ask *q = a ? arena_alloc(a, sizeof *q) : NULL;
    void *op;
    if (!q)
        abort();
    *q = (struct ask){.kind = ASK_HTTP, .via = VIA_DIRECT, .address = address};
    q->url = arena_printf(a, "http://h%lu.bench.com/.well-known/pki-validation/fileauth.txt", asked++);
    if (observer.start(observer.self, a, q, on_fact, a, &op))
        abort();
}

int main(int argc, char **argv)
{
    uv_loop_t loop;
    struct guard *guard;
    const char *bad, *allowed[] = {"127.0.0.0/8"};
    struct arena *a = arena_new(0);
    if (argc != 4 || !a || guard_new(a, allowed, 1, &guard, &bad))
        return 2;
    address = argv[1];
    total = strtoul(argv[2], NULL, 10);
    unsigned long flight = strtoul(argv[3], NULL, 10);
    struct http_config cfg = {.connect_ms = 2000,
                              .read_ms = 5000,
                              .fetches = (unsigned)flight,
                              .per_address = (unsigned)flight,
                              .guard = guard,
                              .user_agent = "bench"};
    if (total < 3 * SAMPLE || !flight || uv_loop_init(&loop) || http_new(&loop, &cfg, &http))
        return 2;
    http_observer(http, &observer);
    long rss_0 = usage().ru_maxrss;
    cpu_0 = cpu();
    uint64_t t0 = uv_hrtime();
    for (unsigned long i = 0; i < flight && i < total; i++)
        ask_one();
    uv_run(&loop, UV_RUN_DEFAULT);
    double seconds = (double)(uv_hrtime() - t0) / 1e9;
    printf("%.0f %lu %.1f %.1f %ld\n", (double)total / seconds, answered, (at_first - cpu_0) / SAMPLE * 1e6,
           (cpu() - at_last) / SAMPLE * 1e6, usage().ru_maxrss - rss_0);
    arena_free(a);
    return uv_loop_close(&loop) || answered != total;
}
