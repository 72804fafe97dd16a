/* CPU time of a CAA check at depth full for different numbers of facts, with writing its report as JSON. No network: an
 * observer in this file answers the questions. bench_facts LABELS SERVERS RUNS   prints {"facts":…,"us":…}
 *
 * The name has LABELS labels below example.com, whose zone has SERVERS servers. All answer that there is no CAA set, so
 * that the search is as long as possible. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "format/json_write_report.h"
#include "format/request.h"
#include "run/check.h"
#include "wire/name.h"

enum { NAME_BYTES = 200, LABEL_BYTES = 63 };

static struct waiting {
    struct ask *ask;
    fact_fn *fn;
    void *user;
} queue[2048];
static size_t n_queue;
static unsigned servers;

static void add(struct arena *a, struct rrs *to, const char *owner, uint16_t type, const void *rdata,
                size_t n)
{
    to->v[to->n++] = (struct rr){.owner = owner,
                                 .type = type,
                                 .class = 1,
                                 .ttl = 300,
                                 .rdata = (uint8_t *)arena_strndup(a, rdata, n),
                                 .rdlen = (uint16_t)n};
}

static void add_hosts(struct arena *a, struct rrs *to, const char *owner)
{
    for (unsigned i = 1; i <= servers; i++) {
        char host[] = "\003ns_\004host\003net";
        host[3] = (char)('a' + i);
        add(a, to, owner, RR_NS, host, sizeof host);
    }
}

static void answer(struct arena *a, const struct ask *q, struct dns_fact *f)
{
    static const uint8_t soa[] = "\001n\000\001h\000\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0";
    bool zone = name_equal(q->qname, "example.com.");
    struct rrs answers = {.v = arena_array(a, servers + 1, sizeof(struct rr))};
    f->flags = (uint16_t)(DNS_QR | (q->via == VIA_AUTHORITATIVE ? DNS_AA : DNS_RA));
    f->server = q->server ? q->server : "192.0.2.53:53";
    if (q->qtype == RR_NS && zone && q->via == VIA_AUTHORITATIVE) {
        f->authority = answers;
        add_hosts(a, &f->authority, "example.com.");
        f->flags = DNS_QR;
    } else if (q->qtype == RR_NS && zone) {
        add_hosts(a, &answers, "example.com.");
    } else if (q->qtype == RR_NS && name_equal(q->qname, "com.")) {
        add(a, &answers, "com.", RR_NS, "\001a\004gtld\003net", 12);
    } else if (q->qtype == RR_A) {
        uint8_t to[4] = {8, 8, 4, (uint8_t)q->qname[2]};
        add(a, &answers, q->qname, RR_A, to, sizeof to);
    } else if (q->qtype == RR_SOA) {
        add(a, &answers, q->qname, RR_SOA, soa, sizeof soa);
    }
    f->answer = answers;
    f->outcome = answers.n ? DNS_ANSWER : DNS_NODATA;
}

static int start(void *self, struct arena *a, struct ask *ask, fact_fn *fn, void *user, void **op)
{
    (void)self, (void)a;
    if (n_queue == sizeof queue / sizeof *queue)
        abort();
    queue[n_queue++] = (struct waiting){ask, fn, user};
    *op = NULL;
    return 0;
}

static void cancel(void *self, void *op)
{
    (void)self, (void)op;
}

static dcv_time the_time(void *self)
{
    (void)self;
    return INT64_C(1795348800000);
}

static uint64_t no_time(void *self)
{
    (void)self;
    return 0;
}

static void on_done(void *user, struct check *c, struct report *report, int err)
{
    (void)c;
    if (!err)
        *(struct report **)user = report;
}

static size_t run(const char *name)
{
    struct observers obs = {.dns = {NULL, start, cancel}, .now = the_time, .monotonic = no_time};
    struct arena *a = arena_new(0);
    struct request r;
    struct input_error err;
    struct report *report = NULL;
    request_init(&r, NULL, the_time(NULL));
    if (request_set(a, &r, request_field_find("domain"), name, strlen(name), &err) ||
        request_set(a, &r, request_field_find("method"), "caa", 3, &err) || request_finish(a, &r, &err))
        abort();
    n_queue = 0;
    if (check_start(&obs, a, &r, on_done, &report, NULL))
        abort();
    for (size_t i = 0; i < n_queue; i++) {
        struct fact *f = arena_alloc(a, sizeof *f);
        answer(a, queue[i].ask, &f->dns);
        queue[i].fn(queue[i].user, queue[i].ask, f);
    }
    if (!report || report->verdict != VERDICT_PASS)
        abort();
    struct buf text = {0};
    struct json_out j = {.b = &text};
    json_write_report(&j, NULL, a, report, 0);
    size_t facts = report->evidence->n;
    buf_free(&text);
    arena_free(a);
    return facts;
}

int main(int argc, char **argv)
{
    char name[300] = "";
    if (argc != 4)
        return 2;
    unsigned long labels = strtoul(argv[1], NULL, 10), runs = strtoul(argv[3], NULL, 10);
    servers = (unsigned)strtoul(argv[2], NULL, 10);
    if (labels > 120 || !servers || servers > 13 || !runs)
        return 2;
    /* All names have about the same length, so that only the number of facts differs. */
    for (unsigned long i = 0; i < labels; i++) {
        size_t n = NAME_BYTES / labels;
        memset(name + strlen(name), 'a', n > LABEL_BYTES ? LABEL_BYTES : n > 2 ? n - 1 : 1);
        strcat(name, ".");
    }
    strcat(name, "example.com");
    struct timespec from, to;
    size_t facts = run(name); /* a first run that is not measured: it loads the tables of libraries */
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    for (unsigned long i = 0; i < runs; i++)
        run(name);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    double seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
    printf("{\"facts\":%zu,\"us\":%.1f}\n", facts, seconds / (double)runs * 1e6);
    return 0;
}
