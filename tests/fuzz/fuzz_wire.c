/* Any bytes as a DNS answer, read without a query and with the query that its question section would have. The result
 * must be consistent: offsets in order and within the message, owners and rdata the same after conversion to text and
 * back. */
#include "wire/wire.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x)                                                                                              \
    do                                                                                                       \
        if (!(x))                                                                                            \
            abort();                                                                                         \
    while (0)

static void check_name(struct arena *a, const char *text)
{
    uint8_t wire[WIRE_NAME_MOST];
    size_t used;
    int n = wire_name_from_text(text, wire);
    MUST(n > 0);
    const char *again = wire_name_to_text(a, wire, (size_t)n, &used);
    MUST(again && used == (size_t)n && !strcmp(text, again));
}

static void check_rdata(struct arena *a, const struct rr *rr)
{
    const char *text = rr_rdata_text(a, rr);
    struct rr again = {.type = rr->type};
    MUST(text && !rr_rdata_from_text(a, text, &again));
    MUST(again.rdlen == rr->rdlen && !memcmp(again.rdata, rr->rdata, rr->rdlen));
    MUST(rr->defect || !again.defect);
    for (const char *s = text; *s; s++)
        MUST(*s >= ' ' && *s <= '~');
    const char *target = rr_target(a, rr);
    if (target)
        check_name(a, target);
    size_t at = 0, all = 0;
    for (struct bytes one; txt_next(rr, &at, &one); all += one.n)
        MUST(at <= rr->rdlen);
    MUST(rr->type != RR_TXT || (rr->defect ? !at : at == rr->rdlen));
    MUST(txt_joined(a, rr).n == all);
    uint32_t serial, ttl;
    MUST(soa_read(rr, &serial, &ttl) == (rr->type == RR_SOA && !rr->defect));
}

static void check_section(struct arena *a, const struct dns_fact *f, const struct rrs *rrs, size_t *offset)
{
    for (size_t i = 0; i < rrs->n; i++) {
        const struct rr *rr = &rrs->v[i];
        MUST(rr->offset >= *offset && rr->offset < f->size);
        *offset = rr->offset + 11u; /* the shortest possible record */
        MUST(!rr->defect || (*rr->defect && f->n_defects));
        check_name(a, rr->owner);
        check_rdata(a, rr);
        dns_chain_end(a, f, rr->owner, NULL, NULL);
    }
}

static struct dns_fact check(struct arena *a, const uint8_t *data, size_t size, const uint8_t *query,
                             size_t query_len)
{
    struct dns_fact f = {.outcome = DNS_TIMEOUT};
    size_t offset = 12;
    MUST(!wire_answer(a, data, size, query, query_len, &f));
    MUST(f.outcome != DNS_TIMEOUT && f.outcome != DNS_UNREACHABLE);
    MUST(f.outcome != DNS_MALFORMED || f.n_defects);
    check_section(a, &f, &f.answer, &offset);
    check_section(a, &f, &f.authority, &offset);
    check_section(a, &f, &f.additional, &offset);
    for (size_t i = 0; i < f.n_defects; i++)
        MUST(f.defects[i].offset <= size && *f.defects[i].what);
    return f;
}

/* The input as the text of some type's rdata: it may be refused; what is accepted must convert to text. */
static void check_text(struct arena *a, const uint8_t *data, size_t size)
{
    static const uint16_t types[] = {RR_A,      RR_TXT,   RR_CAA,  RR_SOA,   RR_SRV,
                                     RR_DNSKEY, RR_RRSIG, RR_NSEC, RR_NSEC3, 65280};
    const char *text = arena_strndup(a, data, size);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct rr rr = {.type = types[i]};
        if (!rr_rdata_from_text(a, text, &rr))
            check_rdata(a, &rr);
    }
    uint8_t wire[WIRE_NAME_MOST];
    size_t used;
    int n = wire_name_from_text(text, wire);
    if (n > 0)
        check_name(a, wire_name_to_text(a, wire, (size_t)n, &used));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(0);
    MUST(a);
    struct dns_fact dump = check(a, data, size, NULL, 0);
    check_text(a, data, size);
    if (dump.outcome != DNS_MALFORMED && data[5]) {
        /* With the right query the result is the same; with another id the message is no answer. */
        uint8_t *query = arena_alloc(a, size);
        memcpy(query, data, size);
        struct dns_fact f = check(a, data, size, query, size);
        MUST(f.outcome == dump.outcome && f.case_kept && f.answer.n == dump.answer.n &&
             f.n_defects == dump.n_defects);
        query[1] ^= 1;
        MUST(check(a, data, size, query, size).outcome == DNS_MALFORMED);
    }
    arena_free(a);
    return 0;
}
