/* Any bytes as a CAA value and as the rdata of a set: the reader stays within them, the parts of a correct value lie in
 * it in order, and neither the order of the records nor the case of tags and letters changes the verdict. Repeated
 * until they fill a message, as one value and as a thousand, they are judged within a time that is plenty for linear
 * work and too short for quadratic work. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ca/caa.h"
#include "evidence/evidence.h"
#include "evidence/lookup.h"
#include "format/request.h"
#include "plan/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void value(struct arena *a, const uint8_t *data, size_t size)
{
    struct caa_record r = {.value = {data, size}};
    const uint8_t *at = data;
    if (!caa_value_parse(a, &r)) {
        must(arena_full(a) || (r.error_at <= size && r.error));
        return;
    }
    must(!r.issuer.n || (r.issuer.p >= at && r.issuer.p + r.issuer.n <= data + size));
    for (size_t i = 0; i < r.n_parameters; i++) {
        must(r.parameters[i].tag.n > 0 && r.parameters[i].tag.p >= at);
        at = r.parameters[i].value.p + r.parameters[i].value.n;
        must(at <= data + size);
    }
}

/* The records that the input has: for each a length byte, then that many bytes of rdata. */
static size_t split(struct arena *a, const uint8_t *data, size_t size, const struct rr **v, size_t most)
{
    size_t n = 0;
    for (size_t i = 0; i < size && n < most;) {
        size_t len = data[i] < size - i - 1 ? data[i] : size - i - 1;
        struct rr *rr = arena_alloc(a, sizeof *rr);
        must(rr != NULL);
        *rr = (struct rr){.owner = "shop.example.com.",
                          .type = RR_CAA,
                          .class = 1,
                          .rdata = data + i + 1,
                          .rdlen = (uint16_t)len};
        v[n++] = rr;
        i += len + 1;
    }
    return n;
}

static enum code verdict(struct arena *a, const struct request *r, const struct rr *const *v, size_t n)
{
    struct caa_set set;
    must(caa_judge(a, r, v, n, &set) == 0);
    return set.code;
}

/* Judges a set as large as a message can be: n records with the tag, each with the input repeated as its value. */
static double seconds_to_judge(const struct request *r, const char *tag, const uint8_t *data, size_t size,
                               size_t n, size_t value)
{
    struct arena *a = arena_new(0);
    size_t head = 2 + strlen(tag);
    uint8_t *rdata = a ? arena_alloc(a, head + value) : NULL;
    struct rr *v = a ? arena_array(a, n, sizeof *v) : NULL;
    struct fact *fact = a ? arena_alloc(a, sizeof *fact) : NULL;
    must(rdata && v && fact);
    rdata[1] = (uint8_t)(head - 2);
    memcpy(rdata + 2, tag, head - 2);
    for (size_t i = 0; i < value; i++)
        rdata[head + i] = data[i % size];
    for (size_t i = 0; i < n; i++)
        v[i] = (struct rr){.owner = "shop.example.com.",
                           .type = RR_CAA,
                           .class = 1,
                           .rdata = rdata,
                           .rdlen = (uint16_t)(head + value)};
    struct evidence ev;
    struct report report;
    struct timespec from, to;
    struct ask question = lookup_ask("shop.example.com.", RR_CAA);
    evidence_init(&ev, a, 16);
    fact->ask = evidence_ask(&ev, &question, NULL);
    fact->dns =
        (struct dns_fact){.outcome = DNS_ANSWER, .flags = DNS_QR | DNS_RA, .answer = {.v = v, .n = n}};
    must(fact->ask && !evidence_add(&ev, fact));
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    must(!judge(r, &ev, a, &report));
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    must(report.verdict != VERDICT_UNDECIDED);
    arena_free(a);
    return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

/* Measures CPU time of the process, the least of several runs, so that a busy machine does not make it fail. */
static void in_time(const struct request *r, const char *tag, const uint8_t *data, size_t size, size_t n,
                    size_t value)
{
    static const double most = 1; /* seconds; with sanitizers, on a busy machine, it takes a fifth of this */
    double least = most;
    for (unsigned i = 0; i < 5 && least >= most; i++) {
        double s = seconds_to_judge(r, tag, data, size, n, value);
        least = s < least ? s : least;
    }
    if (least >= most)
        fprintf(stderr, "%zu values of %zu bytes took more than %.0f ms\n", n, value, most * 1e3);
    must(least < most);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { MOST = 64 };
    struct arena *a = arena_new(16 << 20);
    const struct rr *v[MOST], *back[MOST];
    struct request r;
    struct input_error err;
    must(a != NULL);
    value(a, data, size);
    request_init(&r, NULL, INT64_C(1795348800000));
    must(!request_set(a, &r, request_field_find("domain"), "*.shop.example.com", 18, &err));
    must(!request_finish(a, &r, &err));
    r.wildcard = size & 1;
    size_t n = split(a, data, size, v, MOST);
    enum code code = verdict(a, &r, v, n);
    for (size_t i = 0; i < n; i++) {
        struct rr *rr = arena_alloc(a, sizeof *rr);
        uint8_t *upper = arena_alloc(a, v[i]->rdlen);
        must(rr && upper);
        *rr = *v[i];
        for (size_t k = 0; k < rr->rdlen; k++)
            upper[k] = k >= 2 && k < 2u + (rr->rdlen > 1 ? v[i]->rdata[1] : 0)
                           ? (uint8_t)toupper(v[i]->rdata[k])
                           : v[i]->rdata[k];
        rr->rdata = upper;
        back[n - 1 - i] = rr;
    }
    must(verdict(a, &r, back, n) == code);
    r.method = METHOD_CAA;
    unsigned sum = 0;
    for (size_t i = 0; i < size; i++)
        sum += data[i];
    if (size && sum % 8 == 0) { /* not for every input, because a large set takes as long as a thousand small ones */
        in_time(&r, "issue", data, size, 1, 64000);
        in_time(&r, "issue", data, size, 1000, 60);
        in_time(&r, "issuewild", data, size, 4, 16000);
    }
    arena_free(a);
    return 0;
}
