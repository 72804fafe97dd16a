/* A web of answers made from any bytes: the walk ends within its bounds, never leaves the registrable domain
 * or the ports 80 and 443, and content is judged without regard to what it is. Each line of the input is a
 * redirect target or a body. */
#include <stdlib.h>
#include <string.h>

#include "profile.h"
#include "request.h"
#include "verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

struct web {
    struct evidence ev;
    const uint8_t *p, *end;
};

static struct bytes line(struct web *w)
{
    const uint8_t *nl = w->p < w->end ? memchr(w->p, '\n', (size_t)(w->end - w->p)) : NULL;
    struct bytes b = {w->p, (size_t)((nl ? nl : w->end) - w->p)};
    w->p = nl ? nl + 1 : w->end;
    return b;
}

static void answer_dns(struct web *w, struct fact *f)
{
    static const uint8_t address[16] = {45, 54, 66, 80};
    struct rr *rr = arena_alloc(w->ev.arena, sizeof *rr);
    *rr = (struct rr){.owner = f->ask->qname,
                      .type = f->ask->qtype,
                      .class = 1,
                      .rdata = address,
                      .rdlen = f->ask->qtype == RR_AAAA ? 16 : 4};
    f->dns.outcome = DNS_ANSWER;
    f->dns.answer = (struct rrs){rr, 1};
}

static void answer_http(struct web *w, struct fact *f)
{
    struct bytes b = line(w);
    struct url u;
    must(url_read(w->ev.arena, f->ask->url, &u));
    must(u.port == (u.https ? 443 : 80));
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
    }
}

static void run(const uint8_t *data, size_t size, enum depth depth)
{
    struct arena *a = arena_new(32 << 20);
    struct web w = {.p = data, .end = data + size};
    struct input_error err;
    struct request r;
    must(a != NULL);
    evidence_init(&w.ev, a, 1024);
    request_init(&r, NULL, INT64_C(1795348800000));
    must(!request_set(a, &r, request_field_find("domain"), "shop.example.com", 16, &err));
    must(!request_set(a, &r, request_field_find("token"), "x7k2m9p4q8w3e6r1", 16, &err));
    must(!request_finish(a, &r, &err));
    r.method = METHOD_HTTP_TOKEN;
    r.depth = depth;
    unsigned fetched = 0;
    for (struct ask *list = NULL; plan_next(&r, &w.ev, &list) == 0 && list;)
        for (struct ask *q = list, *next; q; q = next) {
            next = q->next;
            struct fact *f = arena_alloc(a, sizeof *f);
            must(f != NULL);
            f->ask = q;
            if (q->kind == ASK_DNS)
                answer_dns(&w, f);
            else
                answer_http(&w, f);
            fetched += q->kind == ASK_HTTP;
            must(evidence_add(&w.ev, f) == 0);
        }
    /* At depth full one IPv4 and one IPv6 address, and the 24 of website.h. */
    unsigned walk = 2 * (1 + r.profile->redirects);
    must(fetched <= (depth == DEPTH_FULL ? 2 * walk + 24 : walk));
    struct report report;
    if (judge(&r, &w.ev, a, &report) == 0)
        must(report.verdict == VERDICT_PASS || (report.verdict == VERDICT_FAIL && report.n_findings));
    arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    run(data, size, DEPTH_QUICK);
    run(data, size, DEPTH_FULL);
    return 0;
}
