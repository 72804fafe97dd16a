/* plan.c - what to ask next.
 *
 * Each method has one function that says, from the top, what it wants to know. The asker gives the fact where
 * it is there and puts the question where it is not, so that running the function again after each answer
 * moves the check forward: no state between the runs but the evidence itself. */
#include "plan.h"

#include "name.h"
#include "profile.h"
#include "verdict.h"

#include <errno.h>

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

static void plan_txt(struct plan *p)
{
    const char *under = arena_printf(p->a, "%s.%s.", p->r->profile->txt_label, p->r->adn);
    const char *at = arena_printf(p->a, "%s.", p->r->adn);
    if (!under || !at)
        return;
    lookup_want(&p->asker, under, RR_TXT);
    lookup_want(&p->asker, at, RR_TXT);
}

static void plan_cname(struct plan *p)
{
    for (unsigned place = 0; place < CNAME_PLACES; place++) {
        const char *owner = cname_owner(p->a, p->r, (enum cname_place)place);
        if (owner)
            lookup_want(&p->asker, owner, RR_CNAME);
    }
}

static void plan_target(struct plan *p)
{
    const char *at = arena_printf(p->a, "%s.", p->r->adn);
    const char *under = arena_printf(p->a, "%s.%s.", p->r->profile->target_label, p->r->adn);
    if (!under || !at)
        return;
    lookup_want(&p->asker, at, RR_CNAME);
    lookup_want(&p->asker, under, RR_CNAME);
}

static const char *const schemes[FILE_SIDES] = {"http", "https"};

static void plan_file(struct plan *p)
{
    if (file_token_in_name(p->r) || (p->r->method == METHOD_HTTP_TOKEN_DYNAMIC && !p->r->filename))
        return;
    for (size_t i = 0; i < FILE_SIDES; i++) {
        struct fetch f;
        const char *url = fetch_url(p->a, p->r, schemes[i]);
        if (!url || fetch_walk(p->a, &p->asker, p->r, p->ev, url, NULL, &f))
            return;
    }
}

/* A check at depth full is planned dozens of times over hundreds of facts: what a plan reads for itself goes with
 * it. Only the questions stay, in the arena of the evidence. */
enum { SCRATCH = 8 << 20 };

int plan_next(const struct request *r, struct evidence *ev, struct ask **ret)
{
    struct ask *list = NULL;
    struct arena *scratch = r->depth == DEPTH_FULL ? arena_new(SCRATCH) : NULL;
    struct plan p = {.r = r, .ev = ev, .a = scratch ? scratch : ev->arena, .tail = &list};
    p.asker = (struct asker){&p, want};
    struct code_error refused;
    enum cause why;
    if (!judge_input(r, &refused, &why)) {
        switch (r->method) {
        case METHOD_DNS_TXT_TOKEN:
            plan_txt(&p);
            break;
        case METHOD_DNS_CNAME_TOKEN:
            plan_cname(&p);
            break;
        case METHOD_DNS_CNAME_TARGET:
            plan_target(&p);
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
    arena_free(scratch);
    if (full)
        return -ENOMEM;
    *ret = list;
    return 0;
}
