/* prove_inner.h - what prove.c and prove_keeps.c share while one cure is tried. Pure. */
#ifndef DCV_PROVE_INNER_H
#define DCV_PROVE_INNER_H

#include "judge/prove.h"

/* One trial at work. */
struct trying {
    struct proof *p;
    struct arena *a; /* of this trial alone */
    struct model now;
    const struct fix *ops;
    size_t n;
    struct model after;
    struct evidence ev; /* the facts as they would be then */
    struct checked *checked; /* the n_checked names that the verdict rests on */
    size_t n_checked;
    struct trial *trial;
};

/* Adds a sentence about what is not known. */
void trial_doubt(struct trying *t, const char *sentence);
/* True where the answers for a name can differ after the cure: it changes, or a name above it comes into being. */
bool model_touched(const struct model *after, const char *name);
/* The request as it is judged by what the resolvers say alone. */
struct request trial_request(const struct trying *t);
/* Compares what answers, passes and is permitted now with what would be then, and says what stops. chosen: the method
 * of the order after the cure. 0 or -ENOMEM. */
int trial_compare(struct trying *t, enum method chosen);

#endif
