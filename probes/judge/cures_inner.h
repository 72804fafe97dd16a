/* cures_inner.h - what cures.c and cures_ways.c share while the cures of one report are chosen. Pure. */
#ifndef DCV_CURES_INNER_H
#define DCV_CURES_INNER_H

#include "causes/finding.h"
#include "judge/prove.h"

/* TRIALS: of one report; each costs about as much as judging it. OPERATIONS: of a cure that is tried. TRIED: of one
 * finding. */
enum { TRIALS_MOST = 24, OPERATIONS_MOST = 40, TRIED_MOST = 10 };

struct tried {
    struct cure cure;
    enum trial_end end;
    bool own;      /* the cause proposed it */
    unsigned cost; /* how much it changes */
};

struct choosing {
    struct judgement *j;
    struct proof proof;
    struct proposal {
        const struct cure *cures;
        size_t n;
    } *proposed; /* of each finding */
    struct tried tried[TRIED_MOST]; /* of the finding at hand, the best first */
    size_t n;
    unsigned trials;
};

/* True where a name does not exist by itself, and a wildcard answers for it with records. */
bool host_by_wildcard(const struct choosing *c, const char *name);
/* Where the cure adds a name below one that lives by a wildcard, the wildcard's records are added there and below it,
 * so that these go on answering (RFC 4592 2.2.2). */
void copy_wildcards(struct choosing *c, struct cure *cure);
/* Adds, where two providers serve a zone each for an owner in the cure, that the change is for both. */
void name_both_zones(struct choosing *c, struct cure *cure);
/* Other places and other ways by which the method's value can be published: each a cure of *ret. */
void other_ways(struct choosing *c, const struct finding *f, struct finding *ret);

#endif
