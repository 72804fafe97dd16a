#include "evidence/lookup.h"

#include "evidence/evidence.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <errno.h>

struct ask lookup_ask(const char *name, uint16_t type)
{
    return (struct ask){.kind = ASK_DNS, .via = VIA_RESOLVER, .qname = name, .qtype = type};
}

static const struct fact *fact_of(const struct evidence *ev, const struct ask *question)
{
    const struct ask *q = evidence_find(ev, question);
    return q ? q->fact : NULL;
}

static const struct fact *want_nothing(void *self, const struct ask *question)
{
    return fact_of(self, question);
}

struct asker asker_none(const struct evidence *ev)
{
    return (struct asker){(void *)(uintptr_t)ev,
                          want_nothing}; /* want_nothing() only reads it */
}

const struct fact *ask_whole(const struct asker *asker, struct ask q, const struct fact **first)
{
    const struct fact *f = asker->want(asker->self, &q);
    if (first)
        *first = f;
    if (!f || !(f->dns.flags & DNS_TC))
        return f;
    q.tcp = true;
    return asker->want(asker->self, &q);
}

const char *fact_denier(const struct fact *f, const char *name)
{
    const struct rrs *v = &f->dns.authority;
    for (size_t i = 0; i < v->n; i++)
        if (v->v[i].type == RR_SOA && !v->v[i].defect && name_within(name, v->v[i].owner))
            return v->v[i].owner;
    return NULL;
}

const struct fact *lookup_want_answer(const struct asker *asker, const char *name, uint16_t type)
{
    return ask_whole(asker, lookup_ask(name, type), NULL);
}

void lookup_want_unchecked(const struct asker *asker, const char *name, uint16_t type)
{
    struct ask q = lookup_ask(name, type);
    q.cd = true;
    asker->want(asker->self, &q);
}

void lookup_want(const struct asker *asker, const char *name, uint16_t type)
{
    const struct fact *f = lookup_want_answer(asker, name, type);
    if (!f)
        return;
    switch (f->dns.outcome) {
    case DNS_SERVFAIL:
        lookup_want_unchecked(asker, name, type);
        break;
    case DNS_TIMEOUT:
    case DNS_UNREACHABLE:
    case DNS_REFUSED:
    case DNS_OTHER:
        break;
    case DNS_ANSWER:
    case DNS_NODATA:
    case DNS_NXDOMAIN:
    case DNS_MALFORMED:
        return;
    }
    struct ask control = lookup_ask(".", RR_NS);
    asker->want(asker->self, &control);
}

const struct fact *lookup_control(const struct evidence *ev)
{
    struct ask q = lookup_ask(".", RR_NS);
    return fact_of(ev, &q);
}

bool control_alive(const struct fact *control)
{
    return control && (control->dns.outcome == DNS_ANSWER || control->dns.outcome == DNS_NODATA);
}

bool fact_answers(const struct fact *f)
{
    switch (f->dns.outcome) {
    case DNS_ANSWER:
    case DNS_NODATA:
    case DNS_NXDOMAIN:
    case DNS_MALFORMED:
        return true;
    case DNS_SERVFAIL:
    case DNS_REFUSED:
    case DNS_TIMEOUT:
    case DNS_UNREACHABLE:
    case DNS_OTHER:
        return false;
    }
    return false;
}

bool lookup_answered(const struct lookup *l)
{
    return (l->fact && fact_answers(l->fact)) || (l->cd && fact_answers(l->cd));
}

bool lookup_bogus(const struct lookup *l)
{
    if (l->bogus)
        return true;
    if (l->class != LOOKUP_FAIL || !l->fact || l->fact->dns.outcome != DNS_SERVFAIL || !l->cd)
        return false;
    enum dns_outcome o = l->cd->dns.outcome;
    return o == DNS_ANSWER || o == DNS_NODATA || o == DNS_NXDOMAIN;
}

const struct ede *lookup_dnssec_error(const struct lookup *l)
{
    for (size_t i = 0; l->class == LOOKUP_FAIL && l->fact && i < l->fact->dns.n_ede; i++) {
        const struct ede *e = &l->fact->dns.ede[i];
        if ((e->code >= 5 && e->code <= 12) || e->code == 25)
            return e;
    }
    return NULL;
}

bool lookup_dnssec_fault(const struct lookup *l)
{
    return lookup_bogus(l) || lookup_dnssec_error(l);
}

/* Only records at the end of the alias chain of the question count; other records in an answer prove nothing (RFC 8659
 * 3, RFC 5452 6). */
static int read_records(struct arena *a, struct lookup *l)
{
    const struct rrs *answer = &l->fact->dns.answer;
    /* A question for CNAME is answered by the CNAME itself, so no chain is followed (RFC 1034 3.6.2). */
    if (l->type != RR_CNAME)
        l->end = dns_chain_end(a, &l->fact->dns, l->name, &l->hops, &l->looped);
    if (!l->end)
        return -ENOMEM;
    l->rr = arena_array(a, answer->n, sizeof *l->rr);
    if (!l->rr)
        return -ENOMEM;
    for (size_t i = 0; i < answer->n; i++) {
        const struct rr *rr = &answer->v[i];
        if (rr->type != l->type || !name_equal(rr->owner, l->end))
            continue;
        if (rr->defect)
            l->broken++;
        else
            l->rr[l->n++] = rr;
    }
    return 0;
}

static enum lookup_class classify(const struct lookup *l)
{
    const struct dns_fact *f = &l->fact->dns;
    if (f->flags & DNS_TC)
        return LOOKUP_FAIL; /* records may be missing; TCP was tried or will be */
    switch (f->outcome) {
    case DNS_ANSWER:
    case DNS_NODATA:
        if (l->n)
            return LOOKUP_DATA;
        /* Malformed data does not prove that a record is absent. */
        return l->broken || f->n_defects || l->looped ? LOOKUP_FAIL : LOOKUP_NODATA;
    case DNS_NXDOMAIN:
        /* The code speaks of the last name of the chain (RFC 6604 2.1). Below a DNAME a resolver goes on from the
         * synthesised CNAME also where a CNAME was asked for, and that record is the answer. */
        if (l->type == RR_CNAME && l->n)
            return LOOKUP_DATA;
        return l->hops ? LOOKUP_NODATA : LOOKUP_NXDOMAIN;
    case DNS_SERVFAIL:
    case DNS_REFUSED:
    case DNS_TIMEOUT:
    case DNS_UNREACHABLE:
    case DNS_MALFORMED:
    case DNS_OTHER:
        return LOOKUP_FAIL;
    }
    return LOOKUP_FAIL;
}

int lookup_read(struct arena *a, const struct evidence *ev, const char *name, uint16_t type,
                struct lookup *ret)
{
    struct ask q = lookup_ask(name, type);
    return lookup_read_ask(a, ev, &q, ret);
}

int lookup_read_ask(struct arena *a, const struct evidence *ev, const struct ask *question, struct lookup *ret)
{
    struct ask q = *question;
    struct lookup l = {.class = LOOKUP_PENDING, .name = q.qname, .type = q.qtype, .end = q.qname};
    l.fact = fact_of(ev, &q);
    q.cd = true;
    l.cd = ev->unchecked ? fact_of(ev, &q) : NULL;
    if (l.fact && l.fact->dns.flags & DNS_TC) {
        q.cd = false;
        q.tcp = true;
        l.udp = l.fact;
        l.fact = fact_of(ev, &q);
    }
    if (l.fact) {
        int rc = read_records(a, &l);
        if (rc)
            return rc;
        l.class = classify(&l);
        /* What a failed or a negative answer brings along proves nothing. */
        if (l.class != LOOKUP_DATA)
            l.n = 0;
    }
    *ret = l;
    return 0;
}
