/* prove.h - tries a cure on the model: the facts of the check are rewritten as the servers would then answer, and the
 * check is judged again. Pure.
 *
 * A cure is proven where the zones can hold it, the check passes after it at every server and place that the facts
 * know, and nothing else answers less than before: no name, no other method of the domain, no other CA's permission.
 * Where that cannot be told, because something was not asked, the trial says what.
 *
 * A struct proof serves one report and lives as long as its arena, which holds all that a trial makes. One thread. */
#ifndef DCV_PROVE_H
#define DCV_PROVE_H

#include "judge/model.h"
#include "methods/verdict.h"

/* Memory of the model, and of each trial: at most, and the part of it on the stack. */
enum { TRIAL_BYTES = 8 << 20, TRIAL_FIRST_BYTES = 8192 };

/* Why a cure is not tried that changes no record: it is advice, or something for the order. */
#define TRIAL_FOR_A_PERSON "This is for a person to do: it cannot be tried beforehand."
#define TRIAL_TO_BE_GIVEN "What has to be given or waited for here cannot be tried beforehand."

/* forbidden: no zone can hold it. fails: the check still fails. breaks: something else stops working. unsure: what
 * would have to be known is not. */
enum trial_end { TRIAL_PROVEN, TRIAL_UNSURE, TRIAL_FAILS, TRIAL_BREAKS, TRIAL_FORBIDDEN };

struct trial {
    enum trial_end end;
    const char *note;    /* forbidden: which rule forbids it; unsure: what is not known; else "" */
    struct texts breaks; /* sentences: what stops working */
};

struct proof {
    struct judgement *j; /* the report's, which is finished */
    struct arena *a;
    struct model now;
};

/* 0 or -ENOMEM. */
int proof_begin(struct judgement *j, struct arena *a, struct proof *ret);
/* Tries n operations as one transaction. 0 or a negative errno. */
int proof_try(struct proof *p, const struct fix *ops, size_t n, struct trial *ret);

#endif
