#include "observe/recursive_inner.h"

#include "wire/wire.h"

#include <errno.h>
#include <string.h>

enum {
    RCODE_SERVFAIL = 2,
    EDE_BOGUS = 6,
    EDE_EXPIRED = 7,
    EDE_NOT_YET_VALID = 8,
    EDE_DNSKEY_MISSING = 9,
    EDE_RRSIGS_MISSING = 10,
    EDE_NSEC_MISSING = 12
};

/* True for the codes of RFC 8914 that say why a validator refuses data. */
static bool is_dnssec(uint16_t code)
{
    return code >= EDE_BOGUS && code <= EDE_NSEC_MISSING;
}

/* libunbound gives its reason as text only. Texts that clearly name one step get its code; all others are "DNSSEC
 * Bogus", which claims nothing more. The first row that fits is used. Addresses and names follow after " from " and "
 * for "; they are not searched. */
static uint16_t code_of(struct arena *a, const char *why)
{
    static const struct {
        const char *words;
        uint16_t code;
    } rows[] = {
        {"signature expired", EDE_EXPIRED},
        {"signature before inception", EDE_NOT_YET_VALID},
        {"No DNSKEY record", EDE_DNSKEY_MISSING},
        {"no DNSKEY rrset", EDE_DNSKEY_MISSING},
        {"DS hash mismatches key", EDE_DNSKEY_MISSING},
        {"no keys have a DS", EDE_DNSKEY_MISSING},
        {"no signatures", EDE_RRSIGS_MISSING},
        {"signature missing", EDE_RRSIGS_MISSING},
        {"NSEC", EDE_NSEC_MISSING},
        {"proof failed", EDE_NSEC_MISSING},
    };

    /* "key for validation NAME is marked as invalid because of a previous …" */
    const char *previous = strstr(why, " because of a previous "), *words = previous ? previous : why;
    const char *from = strstr(words, " from "), *end = strstr(words, " for ");
    if (from && (!end || from < end))
        end = from;
    words = arena_strndup(a, words, end ? (size_t)(end - words) : strlen(words));
    for (size_t i = 0; words && i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcasestr(words, rows[i].words))
            return rows[i].code;
    return EDE_BOGUS;
}

/* Adds the reason of the validator as the first extended error, as a resolver would send it. */
static int give_reason(struct arena *a, const char *why, struct dns_fact *f)
{
    /* The text begins with "validation failure <name type class>: ", which is dropped: the fact has its question. */
    const char *prefix = strstr(why, ">: "), *text = prefix ? prefix + 3 : why;
    struct ede reason = {.code = code_of(a, text), .text = arena_strdup(a, text)};
    struct ede *v = arena_array(a, f->n_ede + 1, sizeof(*v));
    size_t n = 1;

    if (!v || !reason.text)
        return -ENOMEM;
    for (size_t i = 0; i < f->n_ede; i++) {
        if (is_dnssec(f->ede[i].code))
            reason.code = f->ede[i].code; /* the code of the library, if it gives one */
        else
            v[n++] = f->ede[i];
    }
    v[0] = reason;
    f->ede = v;
    f->n_ede = n;
    return 0;
}

/* Drops signatures and proofs, which libunbound always adds: a resolver sends them only if they are asked for (RFC 4035
 * 3.2.1). */
static void drop_proofs(const struct ask *ask, struct rrs *rrs)
{
    size_t n = 0;

    for (size_t i = 0; i < rrs->n; i++) {
        uint16_t type = rrs->v[i].type;
        if ((type != RR_RRSIG && type != RR_NSEC && type != RR_NSEC3) || type == ask->qtype)
            rrs->v[n++] = rrs->v[i];
    }
    rrs->n = n;
}

static void refuse(struct dns_fact *f)
{
    f->outcome = DNS_SERVFAIL;
    f->rcode = RCODE_SERVFAIL;
    f->answer.n = f->authority.n = f->additional.n = 0;
    f->n_defects = 0;
}

int recursive_answer(struct arena *a, const struct ask *ask, const struct ub_result *result,
                     struct dns_fact *f)
{
    struct ask question = *ask;
    uint8_t query[WIRE_QUERY_MOST];
    const uint8_t *msg = result->answer_packet;
    size_t len = result->answer_len > 0 ? (size_t)result->answer_len : 0;

    question.mixed_case = false; /* libunbound decides that itself */
    f->server = RESOLVER_RECURSIVE_TEXT;
    f->tries = 1;
    if (!msg || len < 2) {
        refuse(f);
        f->flags = DNS_QR;
    } else {
        int n = wire_query(&question, (uint16_t)(msg[0] << 8 | msg[1]), 0, query);
        if (n < 0)
            return n;
        int r = wire_answer(a, msg, len, query, (size_t)n, f);
        if (r)
            return r;
    }
    f->flags = (uint16_t)((f->flags & ~(DNS_AD | DNS_CD)) | DNS_RD | DNS_RA | (ask->cd ? DNS_CD : 0) |
                          (result->secure && !result->bogus ? DNS_AD : 0));
    if (!ask->dnssec) {
        drop_proofs(ask, &f->answer);
        drop_proofs(ask, &f->authority);
        drop_proofs(ask, &f->additional);
    }
    if (!result->bogus) {
        /* Later versions also give a reason for failures that have nothing to do with signatures. */
        if (result->why_bogus && *result->why_bogus && !(f->detail = arena_strdup(a, result->why_bogus)))
            return -ENOMEM;
        return 0;
    }
    if (ask->cd)
        return 0;
    refuse(f);
    return give_reason(a, result->why_bogus ? result->why_bogus : "", f);
}
