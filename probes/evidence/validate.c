#include "evidence/validate.h"

#include "evidence/evidence.h"
#include "wire/name.h"
#include "wire/wire.h"

bool resolver_leaves_open(const struct lookup *ours)
{
    return ours->class == LOOKUP_FAIL && !lookup_dnssec_fault(ours);
}

/* The zone whose servers know a set: a DS record stands in the zone above its owner (RFC 4035 2.4). */
static const struct zone *zone_of(struct zones *z, const struct ask *q)
{
    const char *name = q->qtype == RR_DS ? name_parent(q->qname) : q->qname;
    return name ? zones_holding(z, name) : NULL;
}

/* An asker that puts chain.h's questions to the resolver to the servers of the zones instead. */
static const struct fact *ask_servers(void *self, const struct ask *q)
{
    struct zones *z = self;
    const struct zone *x = zone_of(z, q);
    if (!x || !x->exists)
        return z->asker->want(z->asker->self, q);
    for (size_t i = 0; i < x->n; i++) {
        if (x->v[i].state != SERVER_GOOD || x->v[i].plain)
            continue;
        struct ask there = server_question(&x->v[i], q->qname, q->qtype);
        there.dnssec = true;
        there.tcp = q->tcp;
        return z->asker->want(z->asker->self, &there);
    }
    return NULL;
}

int validate_at_servers(struct zones *z, const char *name, uint16_t type, struct chain *chain,
                        struct chain_fault *fault)
{
    const struct asker servers = {z, ask_servers};
    int rc = chain_walk(z->a, &servers, name, type, chain);
    return rc ? rc : chain_fault(z->a, chain, z->now, z->stand_in, fault);
}
