/* plan_host.c - asks whether the host itself lives by a wildcard.
 *
 * A record below such a host makes the host's name exist, and then the wildcard no longer answers for it (RFC 4592
 * 2.2.2): a cure has to know which records it would lose. A wildcard gives the host and a label beside it the same
 * records of every type, so both are asked for the types that hosts have; and the names between the host and the apex
 * of its zone as well, which would come into being with it. */
#include "plan/plan.h"

#include "evidence/evidence.h"
#include "methods/methods.h"
#include "wire/name.h"

static const uint16_t types[] = {RR_A, RR_AAAA, RR_MX, RR_TXT, RR_CAA};

/* Each is asked once only: what is not known of the host makes a cure less sure, and nothing else. */
static void want_all(struct plan *p, const char *name)
{
    for (size_t i = 0; name && i < sizeof types / sizeof *types; i++) {
        struct ask q = lookup_ask(name, types[i]);
        q.once = true;
        ask_whole(&p->asker, q, NULL);
    }
}

/* A label below the host that nobody entered is denied wherever no wildcard answers: then there is nothing to ask. */
static bool may_be_wildcard(struct plan *p)
{
    struct ask first;
    if (near_first(p->a, p->r, method_rules(p->r->method)->near_type, &first))
        return false;
    const struct ask *asked = evidence_find(p->ev, &first);
    return asked && asked->fact &&
           (asked->fact->dns.outcome == DNS_ANSWER || asked->fact->dns.outcome == DNS_NODATA);
}

void plan_host(struct plan *p, const struct near_view *near)
{
    enum { LEVELS_MOST = 4 };
    const char *host = arena_concat(p->a, p->r->adn, ".", NULL);
    if (!host || !may_be_wildcard(p))
        return;
    unsigned levels = 0;
    for (const char *up = host; up && name_within(up, near->apex) && !name_equal(up, near->apex) && levels < LEVELS_MOST;
         up = name_parent(up), levels++) {
        const char *parent = name_parent(up);
        want_all(p, up);
        want_all(p, near_random_name(p->a, p->r, up));
        if (parent && name_equal(parent, near->apex))
            want_all(p, near_random_name(p->a, p->r, parent));
    }
}
