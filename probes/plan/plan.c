/* plan.c - what to ask next.
 *
 * Each method has one function that says, from the top, what it wants to know. The asker gives the fact where
 * it is there and puts the question where it is not, so that running the function again after each answer
 * moves the check forward: no state between the runs but the evidence itself. */
#include "plan/plan.h"

#include "methods/verdict.h"

#include <errno.h>
#include <stdalign.h>

static const struct fact *want(void *self, const struct ask *question)
{
    struct plan *p = self;
    bool is_new;
    struct ask *q = evidence_ask(p->ev, question, &is_new);
    if (q && is_new) {
        *p->tail = q;
        p->tail = &q->next;
    }
    return q ? q->fact : NULL;
}

/* The DNS methods but caa: each checked name through the resolvers. */
static void plan_names(struct plan *p)
{
    struct checked *v;
    size_t n;
    if (checked_names(p->a, p->r, &v, &n))
        return;
    for (size_t i = 0; i < n; i++)
        lookup_want(&p->asker, v[i].name, v[i].type);
}

/* A connection is what a fetch costs: of many checks at once each asks over https only where the first answer over
 * http is not the file. What http comes to after that, over a redirect or from another address, is not waited for: the
 * check takes one fetch longer at most. */
static bool may_decide(const struct request *r, const struct file_side *http)
{
    bool waits = http->fetch.class == FETCH_PENDING && !http->fetch.n;
    return (r->sparing && waits) || file_http_decides(r, http);
}

static void plan_file(struct plan *p)
{
    if (file_token_in_name(p->r) || (p->r->method == METHOD_HTTP_TOKEN_DYNAMIC && !p->r->filename))
        return;
    for (size_t i = 0; i < FILE_SIDES; i++) {
        struct file_side side;
        if (file_side_look(p->a, &p->asker, p->r, p->ev, i, &side) || may_decide(p->r, &side))
            return;
    }
}

/* What a plan reads for itself goes with it: a check is planned again after each answer, at depth full dozens of times
 * over hundreds of facts, and thousands may wait at once. Only the questions stay, in the arena of the evidence. */
enum { SCRATCH = 8 << 20, SCRATCH_FIRST = 4096 };

int plan_next(const struct request *r, struct evidence *ev, struct ask **ret)
{
    struct ask *list = NULL;
    alignas(max_align_t) unsigned char first[SCRATCH_FIRST];
    struct plan p = {.r = r, .ev = ev, .a = arena_over(first, sizeof first, SCRATCH), .tail = &list};
    p.asker = (struct asker){&p, want};
    struct code_error refused;
    enum cause why;
    if (!judge_input(r, &refused, &why)) {
        switch (r->method) {
        case METHOD_DNS_TXT_TOKEN:
        case METHOD_DNS_CNAME_TOKEN:
        case METHOD_DNS_CNAME_TARGET:
            plan_names(&p);
            break;
        case METHOD_HTTP_TOKEN:
        case METHOD_HTTP_TOKEN_DYNAMIC:
            plan_file(&p);
            if (r->depth == DEPTH_FULL)
                plan_website(&p);
            break;
        case METHOD_CAA:
            plan_caa(&p);
            break;
        }
        plan_perspectives(&p);
        if (r->depth == DEPTH_FULL) {
            plan_servers(&p);
            plan_near(&p);
            plan_dnssec(&p);
        }
    }
    bool full = arena_full(ev->arena) || arena_full(p.a);
    arena_free(p.a);
    if (full)
        return -ENOMEM;
    *ret = list;
    return 0;
}
