/* Checks per second through the DNS observer: one CAA question each, FLIGHT of them at a time, nothing stored.
 * bench_dns ADDR:PORT COUNT FLIGHT   prints "checks/s CPU-microseconds-per-check answered" */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "observe/dns.h"

static struct observer observer;
static struct dns *dns;
static unsigned long asked, total, answered, ended;

static void ask_one(void);

static void on_fact(void *user, struct ask *ask, struct fact *fact)
{
    (void)ask;
    ended++;
    answered += fact && fact->dns.outcome == DNS_ANSWER;
    arena_free(user);
    if (asked < total)
        ask_one();
    else if (ended == total)
        dns_close(dns, NULL, NULL);
}

static void ask_one(void)
{
    struct arena *a = arena_new(65536);
    struct ask *q = a ? arena_alloc(a, sizeof *q) : NULL;
    void *op;
    if (!q)
        abort();
    *q = (struct ask){.kind = ASK_DNS, .via = VIA_RESOLVER, .qtype = RR_CAA};
    q->qname = arena_printf(a, "n%lu.bench.com.", asked++ % 100000);
    if (observer.start(observer.self, a, q, on_fact, a, &op))
        abort();
}

static double cpu(void)
{
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
           (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv)
{
    uv_loop_t loop;
    const char *bad = NULL;
    if (argc != 4)
        return 2;
    total = strtoul(argv[2], NULL, 10);
    unsigned long flight = strtoul(argv[3], NULL, 10);
    const char *resolvers[] = {argv[1]};
    struct dns_config cfg = {.resolvers = resolvers,
                             .n_resolvers = 1,
                             .timeout_ms = 2000,
                             .tries = 3,
                             .per_server = (unsigned)flight};
    if (!total || !flight || uv_loop_init(&loop) || dns_new(&loop, &cfg, &dns, &bad))
        return 2;
    dns_observer(dns, &observer);
    double cpu_0 = cpu();
    uint64_t t0 = uv_hrtime();
    for (unsigned long i = 0; i < flight && i < total; i++)
        ask_one();
    uv_run(&loop, UV_RUN_DEFAULT);
    double seconds = (double)(uv_hrtime() - t0) / 1e9;
    printf("%.0f %.2f %lu\n", (double)total / seconds, (cpu() - cpu_0) / (double)total * 1e6, answered);
    return uv_loop_close(&loop) || answered != total;
}
