/* Web servers whose answers are made from any bytes: the walk ends within its bounds and never leaves the registrable
 * domain or the ports 80 and 443, and any content is judged. Each line of the input is a redirect target or a body.
 * With answers that depend on the question alone, a sparing check gives the same verdict as any other. */
#include <stdlib.h>
#include <string.h>

#include "base/url.h"
#include "ca/profile.h"
#include "evidence/evidence.h"
#include "format/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

struct web {
    struct evidence ev;
    const uint8_t *begin, *p, *end;
    bool fixed; /* the answer depends on the question alone, not on the order */
};

static struct bytes line(struct web *w)
{
    const uint8_t *nl = w->p < w->end ? memchr(w->p, '\n', (size_t)(w->end - w->p)) : NULL;
    struct bytes b = {w->p, (size_t)((nl ? nl : w->end) - w->p)};
    w->p = nl ? nl + 1 : w->end;
    return b;
}

/* Moves to the line that answers this question. */
static void turn_to(struct web *w, const char *name, const char *address)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (const char *s = name; *s; s++)
        hash = (hash ^ (uint8_t)*s) * 16777619u;
    for (const char *s = address; *s; s++)
        hash = (hash ^ (uint8_t)*s) * 16777619u;
    size_t lines = 1;
    for (const uint8_t *p = w->begin; p < w->end; p++)
        lines += *p == '\n';
    w->p = w->begin;
    for (size_t skip = (hash >> 8) % lines; skip; skip--)
        line(w);
}

static void answer_dns(struct web *w, struct fact *f)
{
    static const uint8_t address[2][16] = {{45, 54, 66, 80}, {45, 54, 66, 81}};
    static const enum dns_outcome none[] = {DNS_NODATA, DNS_NXDOMAIN, DNS_SERVFAIL, DNS_TIMEOUT};
    struct bytes b = {0};
    struct rr *rr = arena_array(w->ev.arena, 2, sizeof *rr);
    if (w->fixed) {
        turn_to(w, f->ask->qname, "");
        b = line(w);
    }
    for (size_t i = 0; i < 2; i++)
        rr[i] = (struct rr){.owner = f->ask->qname,
                            .type = f->ask->qtype,
                            .class = 1,
                            .rdata = address[i],
                            .rdlen = f->ask->qtype == RR_AAAA ? 16 : 4};
    f->dns.outcome = b.n > 1 && b.p[0] == '@' ? none[b.p[1] % 4] : DNS_ANSWER;
    if (f->dns.outcome == DNS_ANSWER)
        f->dns.answer = (struct rrs){rr, 1 + b.n % 2};
}

static void answer_http(struct web *w, struct fact *f)
{
    static const enum http_outcome none[] = {HTTP_REFUSED, HTTP_TIMEOUT,           HTTP_UNREACHABLE, HTTP_TLS,
                                             HTTP_NOT_HTTP, HTTP_FORBIDDEN_ADDRESS, HTTP_RESET};
    struct url u;
    must(url_read(w->ev.arena, f->ask->url, &u));
    must(u.port == (u.https ? 443 : 80));
    if (w->fixed)
        turn_to(w, f->ask->url, f->ask->address);
    struct bytes b = line(w);
    f->http.outcome = HTTP_RESPONSE;
    f->http.status = 200;
    f->http.body = b;
    f->http.size = b.n;
    if (b.n && b.p[0] == '>') {
        char *to = arena_strndup(w->ev.arena, b.p + 1, b.n - 1);
        f->http.status = 302;
        f->http.redirect = to;
    } else if (b.n && b.p[0] == '!') {
        f->http.status = 300 + (b.n > 1 ? b.p[1] : 0);
    } else if (w->fixed && b.n > 1 && b.p[0] == '@') {
        f->http = (struct http_fact){.outcome = none[b.p[1] % 7]};
    }
}

/* Asks until nothing is left; returns how many fetches that took. */
static unsigned ask_all(struct web *w, const struct request *r)
{
    unsigned fetched = 0;
    for (struct ask *list = NULL; plan_next(r, &w->ev, &list) == 0 && list;)
        for (struct ask *q = list, *next; q; q = next) {
            next = q->next;
            struct fact *f = arena_alloc(w->ev.arena, sizeof *f);
            must(f != NULL);
            f->ask = q;
            if (q->kind == ASK_DNS)
                answer_dns(w, f);
            else
                answer_http(w, f);
            fetched += q->kind == ASK_HTTP;
            must(evidence_add(&w->ev, f) == 0);
        }
    return fetched;
}

static void request_new(struct arena *a, struct request *r, enum depth depth)
{
    struct input_error err;
    request_init(r, NULL, INT64_C(1795348800000));
    must(!request_set(a, r, request_field_find("domain"), "shop.example.com", 16, &err));
    must(!request_set(a, r, request_field_find("token"), "x7k2m9p4q8w3e6r1", 16, &err));
    must(!request_finish(a, r, &err));
    r->method = METHOD_HTTP_TOKEN;
    r->depth = depth;
}

static void run(const uint8_t *data, size_t size, enum depth depth)
{
    struct arena *a = arena_new(32 << 20);
    struct web w = {.begin = data, .p = data, .end = data + size};
    struct request r;
    must(a != NULL);
    evidence_init(&w.ev, a, 1024);
    request_new(a, &r, depth);
    unsigned fetched = ask_all(&w, &r);
    /* At depth full one IPv4 and one IPv6 address, and the 24 further fetches of file_look.h. */
    unsigned walk = 2 * (1 + r.profile->redirects);
    must(fetched <= (depth == DEPTH_FULL ? 2 * walk + 24 : walk));
    struct report report;
    if (judge(&r, &w.ev, a, &report) == 0)
        must(report.verdict == VERDICT_PASS || (report.verdict == VERDICT_FAIL && report.n_findings));
    arena_free(a);
}

/* A sparing check and another one give the same. */
static void run_both(const uint8_t *data, size_t size)
{
    struct report report[2];
    struct arena *a[2];
    unsigned fetched[2];
    for (size_t i = 0; i < 2; i++) {
        a[i] = arena_new(0);
        must(a[i] != NULL);
        struct request *r = arena_alloc(a[i], sizeof *r);
        must(r != NULL);
        struct web w = {.begin = data, .p = data, .end = data + size, .fixed = true};
        evidence_init(&w.ev, a[i], 1024);
        request_new(a[i], r, DEPTH_QUICK);
        r->sparing = i;
        fetched[i] = ask_all(&w, r);
        must(judge(r, &w.ev, a[i], &report[i]) == 0);
    }
    must(report[0].verdict == report[1].verdict && report[0].error.code == report[1].error.code);
    must(report[0].detail_code == report[1].detail_code);
    must(fetched[1] == fetched[0] || (fetched[1] == 1 && report[1].verdict == VERDICT_PASS && report[1].remark));
    for (size_t i = 0; i < 2; i++)
        arena_free(a[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    run(data, size, DEPTH_QUICK);
    run(data, size, DEPTH_FULL);
    run_both(data, size);
    return 0;
}
