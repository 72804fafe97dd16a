/* plan.c - what to ask next.
 *
 * Each method has one function that says, from the top, what it wants to know. want() gives the fact where it
 * is there and puts the question where it is not, so that running the function again after each answer moves
 * the check forward: no state between the runs but the evidence itself. */
#include "lookup.h"
#include "profile.h"
#include "verdict.h"

#include <errno.h>

struct plan {
    const struct request *r;
    struct evidence *ev;
    struct ask **tail;
};

static const struct fact *want(struct plan *p, const struct ask *question)
{
    bool is_new;
    struct ask *q = evidence_ask(p->ev, question, &is_new);
    if (q && is_new) {
        *p->tail = q;
        p->tail = &q->next;
    }
    return q ? q->fact : NULL;
}

/* One lookup through the resolvers, with what its answer raises: TCP after truncation; after a SERVFAIL the
 * same with checking disabled, which tells bogus from broken; after any failure the control question, which
 * tells a broken zone from a broken network on this side. */
static void want_lookup(struct plan *p, const char *name, uint16_t type)
{
    struct ask q = lookup_ask(name, type);
    const struct fact *f = want(p, &q);
    if (f && f->dns.flags & DNS_TC) {
        q.tcp = true;
        f = want(p, &q);
        q.tcp = false;
    }
    if (!f)
        return;
    switch (f->dns.outcome) {
    case DNS_SERVFAIL:
        q.cd = true;
        want(p, &q);
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
    want(p, &control);
}

static void plan_txt(struct plan *p)
{
    struct arena *a = p->ev->arena;
    const char *under = arena_printf(a, "%s.%s.", p->r->profile->txt_label, p->r->adn);
    const char *at = arena_printf(a, "%s.", p->r->adn);
    if (!under || !at)
        return;
    want_lookup(p, under, RR_TXT);
    want_lookup(p, at, RR_TXT);
}

int plan_next(const struct request *r, struct evidence *ev, struct ask **ret)
{
    struct ask *list = NULL;
    struct plan p = {.r = r, .ev = ev, .tail = &list};
    struct code_error refused;
    enum cause why;
    if (!judge_input(r, &refused, &why)) {
        switch (r->method) {
        case METHOD_DNS_TXT_TOKEN:
            plan_txt(&p);
            break;
        case METHOD_DNS_CNAME_TOKEN:
        case METHOD_DNS_CNAME_TARGET:
        case METHOD_HTTP_TOKEN:
        case METHOD_HTTP_TOKEN_DYNAMIC:
        case METHOD_CAA:
            break; /* undecided: judge says that the method is not reproduced yet */
        }
    }
    if (arena_full(ev->arena))
        return -ENOMEM;
    *ret = list;
    return 0;
}
