/* plan.c - plan_next(): what to ask next. plan.h says how its parts work. */
#include "plan/plan.h"

#include "evidence/evidence.h"
#include "methods/methods.h"
#include "methods/top.h"
#include "methods/verdict.h"

#include <errno.h>
#include <stdalign.h>

static const struct fact *want(void *self, const struct ask *question)
{
    struct plan *p = self;
    bool is_new;
    if (question->kind == ASK_HTTP && evidence_places_full(p->ev, question)) {
        p->ev->overflow = true;
        return NULL;
    }
    struct ask *q = evidence_ask(p->ev, question, &is_new);
    if (q && is_new) {
        *p->tail = q;
        p->tail = &q->next;
    }
    return q ? q->fact : NULL;
}

/* False while it is not known that the domain's top-level domain exists: nothing else is asked before. */
static bool under_a_top(struct plan *p)
{
    struct lookup l;
    return !p->r->top || (!top_lookup(p->a, &p->asker, p->ev, p->r->top, &l) && l.class == LOOKUP_DATA);
}

/* Bytes of memory for what one run of plan_next() reads: at most, and on the stack. They are freed when it returns,
 * because a check is planned again after each answer, at depth full dozens of times over hundreds of facts, and
 * thousands of checks may wait at once. Only the questions stay, in the arena of the evidence. */
enum { SCRATCH = 8 << 20, SCRATCH_FIRST = 4096 };

int plan_next(const struct request *r, struct evidence *ev, struct ask **ret)
{
    struct ask *list = NULL;
    alignas(max_align_t) unsigned char first[SCRATCH_FIRST];
    struct plan p = {.r = r, .ev = ev, .a = arena_over(first, sizeof first, SCRATCH), .tail = &list};
    p.asker = (struct asker){&p, want};
    struct code_error refused;
    enum cause why;
    if (!judge_input(r, &refused, &why) && under_a_top(&p)) {
        method_rules(r->method)->ask(p.a, &p.asker, r, ev);
        plan_perspectives(&p);
        if (r->depth == DEPTH_FULL) {
            plan_servers(&p);
            plan_near(&p);
            plan_host_of_caa(&p);
            plan_owners(&p);
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
