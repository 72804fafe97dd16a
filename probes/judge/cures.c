#include "judge/cures.h"

#include "causes/fix.h"
#include "causes/forecast.h"
#include "judge/cures_inner.h"
#include "wire/name.h"

#include <errno.h>
#include <stdalign.h>
#include <string.h>

/* ---------------------------------------------------------------- candidates ------------------------- */

/* Operations in the order in which they are applied. */
static int step_of(const struct fix *x)
{
    switch (x->op) {
    case FIX_INPUT:
        return 0;
    case FIX_REMOVE:
        return 1;
    case FIX_REPLACE:
        return 2;
    case FIX_ADD:
        return 3;
    case FIX_PUT_FILE:
        return 4;
    case FIX_WAIT:
        return 5;
    case FIX_ADVICE:
        return 6;
    }
    return 6;
}

static void put_in_order(struct cure *c)
{
    for (size_t i = 1; i < c->n; i++) {
        struct fix x = c->ops[i];
        size_t k = i;
        for (; k && step_of(&x) < step_of(&c->ops[k - 1]); k--)
            c->ops[k] = c->ops[k - 1];
        c->ops[k] = x;
    }
}

/* How much a cure changes: it is better to add than to change, and to change the zone than the order. */
static unsigned cost_of(const struct cure *c)
{
    unsigned cost = 0;
    for (size_t i = 0; i < c->n; i++)
        switch (c->ops[i].op) {
        case FIX_ADD:
        case FIX_PUT_FILE:
            cost += 2;
            break;
        case FIX_REPLACE:
        case FIX_INPUT:
            cost += 3;
            break;
        case FIX_REMOVE:
            cost += 4;
            break;
        case FIX_WAIT:
        case FIX_ADVICE:
            break;
        }
    return cost;
}

/* Records that stand there already need not be added. Where that was all, the cure is left as it is. */
static void drop_needless(const struct choosing *c, struct cure *cure)
{
    size_t kept = 0;
    struct fix *ops = arena_array(c->j->a, cure->n, sizeof *ops);
    for (size_t i = 0; ops && i < cure->n; i++)
        if (cure->ops[i].op != FIX_ADD || !model_has(&c->proof.now, &cure->ops[i]))
            ops[kept++] = cure->ops[i];
    struct cure rest = {.ops = ops, .n = kept};
    if (ops && cure_by_machine(&rest)) {
        cure->ops = ops;
        cure->n = kept;
    }
}

/* ---------------------------------------------------------------- trials ----------------------------- */

static void keep_texts(struct arena *a, const struct texts *from, struct texts *to)
{
    for (size_t i = 0; i < from->n; i++) {
        const char *text = from->v[i] ? arena_strdup(a, from->v[i]) : NULL;
        if (text)
            texts_add(a, to, text);
    }
}

/* Tries the cure, and writes what came of it into *ret. */
static void examine(struct choosing *c, const struct cure *cure, bool own, struct tried *ret)
{
    struct trial trial;
    struct arena *a = c->j->a;
    *ret = (struct tried){.cure = *cure, .own = own, .cost = cost_of(cure)};
    if (c->trials++ >= TRIALS_MOST || cure->n > OPERATIONS_MOST) {
        ret->end = TRIAL_UNSURE;
        ret->cure.note = "It was not tried: there is too much to change for that.";
        return;
    }
    drop_needless(c, &ret->cure);
    copy_wildcards(c, &ret->cure);
    put_in_order(&ret->cure);
    ret->cost = cost_of(&ret->cure);
    int rc = proof_try(&c->proof, ret->cure.ops, ret->cure.n, &trial);
    if (rc == -ENOMEM && !arena_full(a))
        trial =
            (struct trial){.end = TRIAL_UNSURE, .note = "It was not tried: that takes more memory than a trial may."};
    else if (rc)
        c->j->err = rc;
    ret->end = trial.end;
    ret->cure.proven = trial.end == TRIAL_PROVEN;
    const char *note = trial.note ? arena_strdup(a, trial.note) : NULL;
    ret->cure.note = note ? note : "";
    keep_texts(a, &trial.breaks, &ret->cure.breaks);
}

/* The other blocking findings' first cures as well: where each mends a part only, all together are one cure. */
static bool with_the_others(struct choosing *c, const struct finding *f, const struct cure *cure, struct cure *ret)
{
    const struct report *p = c->j->report;
    struct finding all = {0};
    for (size_t i = 0; i < cure->n; i++)
        *finding_fix(c->j, &all, cure->ops[i].op) = cure->ops[i];
    size_t before = cure->n;
    for (size_t i = 0; i < p->n_findings; i++) {
        const struct finding *other = &p->findings[i];
        if (other == f || other->weight != WEIGHT_BLOCKING || !c->proposed[i].n)
            continue;
        const struct cure *theirs = &c->proposed[i].cures[0];
        for (size_t k = 0; k < theirs->n; k++) {
            bool known = !fix_by_machine(&theirs->ops[k]) || theirs->ops[k].op == FIX_INPUT;
            for (size_t n = 0; all.n_cures && n < all.cures->n && !known; n++)
                known = fix_same(&all.cures->ops[n], &theirs->ops[k]);
            if (!known)
                *finding_fix(c->j, &all, theirs->ops[k].op) = theirs->ops[k];
        }
    }
    if (!all.n_cures || all.cures->n == before)
        return false;
    *ret = *all.cures;
    return true;
}

static bool better(const struct tried *a, const struct tried *b)
{
    if (a->end != b->end)
        return a->end < b->end;
    if (cure_by_machine(&a->cure) != cure_by_machine(&b->cure))
        return cure_by_machine(&a->cure);
    enum { FIRST_CHOICE = 4 }; /* what the cause proposes fits it best, unless it changes much more */
    unsigned cost_a = a->cost + (a->own ? 0 : FIRST_CHOICE), cost_b = b->cost + (b->own ? 0 : FIRST_CHOICE);
    return cost_a < cost_b;
}

/* True where a cure does all that the other does, and more. */
static bool includes(const struct cure *all, const struct cure *part)
{
    for (size_t i = 0; i < part->n; i++) {
        bool found = !fix_by_machine(&part->ops[i]);
        for (size_t k = 0; k < all->n && !found; k++)
            found = fix_same(&all->ops[k], &part->ops[i]);
        if (!found)
            return false;
    }
    return true;
}

static void enlist(struct choosing *c, struct finding *f, const struct cure *cure, bool own)
{
    if (!cure->n || c->n == TRIED_MOST || c->j->err || arena_full(c->j->a))
        return;
    for (size_t i = 0; i < c->n; i++) {
        const struct tried *known = &c->tried[i];
        bool covered = known->end == TRIAL_PROVEN &&
                       ((known->own && includes(&known->cure, cure)) || includes(cure, &known->cure));
        if (cure_same(&known->cure, cure) || (!own && covered))
            return;
    }
    struct tried t, whole;
    struct cure all;
    examine(c, cure, own, &t);
    if (t.end == TRIAL_FAILS && own && cure_by_machine(cure) && with_the_others(c, f, cure, &all)) {
        examine(c, &all, own, &whole);
        if (whole.end == TRIAL_PROVEN || whole.end == TRIAL_UNSURE)
            t = whole;
    }
    for (size_t i = 0; i < c->n; i++)
        if (cure_same(&c->tried[i].cure, &t.cure))
            return;
    size_t k = c->n++;
    for (; k && better(&t, &c->tried[k - 1]); k--)
        c->tried[k] = c->tried[k - 1];
    c->tried[k] = t;
}

/* A cure that is no good, where there is no better one: what speaks against it is said with it. */
static void say_against(struct choosing *c, struct tried *t)
{
    struct cure *cure = &t->cure;
    if (t->end == TRIAL_FAILS && !*cure->note)
        cure->note = "This alone does not make the check pass, as far as that can be tried beforehand.";
    if (t->end == TRIAL_FORBIDDEN) {
        texts_add(c->j->a, &cure->breaks, cure->note);
        cure->note = "";
    }
}

/* What makes a record below the host more than a record: the sentence that is read aloud has to say it. */
static void name_the_wildcard(struct choosing *c, struct finding *f)
{
    struct arena *a = c->j->a;
    const char *host = arena_concat(a, c->j->r->adn, ".", NULL);
    if (!host || !host_by_wildcard(c, host))
        return;
    for (size_t i = 0; i < c->n; i++)
        for (size_t k = 0; k < c->tried[i].cure.n; k++) {
            const struct fix *x = &c->tried[i].cure.ops[k];
            if (x->op != FIX_ADD || !x->owner || !name_within(x->owner, host))
                continue;
            f->summary = arena_printf(a,
                                      "%s The host %s has its own records from a wildcard alone, and would lose them "
                                      "by a record of its own or below it.",
                                      f->summary, c->j->r->adn);
            return;
        }
}

/* Those of the tried cures that are good; where none is, what speaks against the cause's own. */
static void take_good(struct choosing *c, struct finding *f)
{
    f->n_cures = 0;
    f->cures = arena_array(c->j->a, CURES_MOST, sizeof *f->cures);
    for (size_t i = 0; f->cures && i < c->n && f->n_cures < CURES_MOST; i++) {
        const struct tried *t = &c->tried[i];
        /* Another way than the cause's own has to be sure, or be the only one. */
        if (t->end == TRIAL_PROVEN || (t->end == TRIAL_UNSURE && (t->own || !f->n_cures)))
            f->cures[f->n_cures++] = t->cure;
    }
    for (size_t i = 0; f->cures && i < c->n && !f->n_cures; i++)
        if (c->tried[i].own) {
            say_against(c, &c->tried[i]);
            f->cures[f->n_cures++] = c->tried[i].cure;
        }
    for (size_t i = 0; i < f->n_cures; i++) {
        forecast_add(c->j, &f->cures[i]);
        name_both_zones(c, &f->cures[i]);
        put_in_order(&f->cures[i]);
    }
}

static void choose(struct choosing *c, struct finding *f)
{
    size_t at = (size_t)(f - c->j->report->findings);
    struct finding more = {0};
    c->n = 0;
    for (size_t i = 0; i < c->proposed[at].n; i++)
        enlist(c, f, &c->proposed[at].cures[i], true);
    other_ways(c, f, &more);
    for (size_t i = 0; i < more.n_cures; i++)
        enlist(c, f, &more.cures[i], false);
    name_the_wildcard(c, f);
    take_good(c, f);
}

/* ---------------------------------------------------------------- all findings ----------------------- */

/* Findings that explain no failure: what they propose has to be possible and to do no harm. */
static void try_harmless(struct choosing *c, struct finding *f)
{
    bool failing = c->j->report->verdict != VERDICT_PASS;
    c->n = 0;
    for (size_t i = 0; i < f->n_cures; i++) {
        struct tried t;
        examine(c, &f->cures[i], true, &t);
        if (t.end == TRIAL_FAILS && failing) {
            t.end = TRIAL_UNSURE;
            t.cure.note = "It does no harm that is known. Why the check fails is said elsewhere in this report.";
        }
        size_t k = c->n < TRIED_MOST ? c->n++ : TRIED_MOST - 1;
        for (; k && t.end < c->tried[k - 1].end; k--) /* else in the cause's own order */
            c->tried[k] = c->tried[k - 1];
        c->tried[k] = t;
    }
    take_good(c, f);
}

static void leave_untried(struct finding *f)
{
    if (f->n_cures > CURES_MOST)
        f->n_cures = CURES_MOST;
    for (size_t i = 0; i < f->n_cures; i++) {
        put_in_order(&f->cures[i]);
        f->cures[i].note = TRIAL_FOR_A_PERSON;
        for (size_t k = 0; k < f->cures[i].n; k++)
            if (f->cures[i].ops[k].op == FIX_INPUT || f->cures[i].ops[k].op == FIX_WAIT)
                f->cures[i].note = TRIAL_TO_BE_GIVEN;
        for (size_t k = 0; k < f->cures[i].n; k++)
            if (step_of(&f->cures[i].ops[k]) && fix_by_machine(&f->cures[i].ops[k]))
                f->cures[i].note = "It was not tried: that takes more memory than a trial may.";
    }
}

static void take_first(struct finding *f)
{
    f->fixes = NULL;
    f->n_fixes = 0;
    if (f->n_cures && !f->cures->breaks.n) {
        f->fixes = f->cures->ops;
        f->n_fixes = f->cures->n;
    }
}

/* A model is made only where there is something to try on it. */
static bool worth_trying(const struct judgement *j)
{
    const struct report *p = j->report;
    for (size_t i = 0; i < p->n_findings; i++) {
        if (judged_failing(j) && p->findings[i].weight == WEIGHT_BLOCKING)
            return true;
        for (size_t k = 0; k < p->findings[i].n_cures; k++)
            if (j->input_cause == CAUSE_NONE && cure_by_machine(&p->findings[i].cures[k]))
                return true;
    }
    return false;
}

int cures_choose(struct judgement *j)
{
    struct report *p = j->report;
    alignas(max_align_t) unsigned char first[TRIAL_FIRST_BYTES];
    struct choosing c = {.j = j, .proposed = arena_array(j->a, p->n_findings, sizeof *c.proposed)};
    if (arena_full(j->a))
        return -ENOMEM;
    struct arena *a = worth_trying(j) ? arena_over(first, sizeof first, TRIAL_BYTES) : NULL;
    bool tries = a && !proof_begin(j, a, &c.proof);
    for (size_t i = 0; i < p->n_findings; i++) {
        struct finding *f = &p->findings[i];
        if (f->n_cures && !f->cures[f->n_cures - 1].n)
            f->n_cures--;
        c.proposed[i].cures = f->cures;
        c.proposed[i].n = f->n_cures;
    }
    /* The model is asked for those that explain the failure first: it may be asked so often only. */
    for (int blocking = 1; blocking >= 0; blocking--)
        for (size_t i = 0; i < p->n_findings && !j->err; i++) {
            struct finding *f = &p->findings[i];
            if ((f->weight == WEIGHT_BLOCKING) != blocking)
                continue;
            if (!tries)
                leave_untried(f);
            else if (blocking && judged_failing(j))
                choose(&c, f);
            else
                try_harmless(&c, f);
            take_first(f);
        }
    if (a)
        arena_free(a);
    return j->err ? j->err : arena_full(j->a) ? -ENOMEM : 0;
}
