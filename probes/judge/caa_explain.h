/* caa_explain.h - the derivation of a CAA verdict: each level of the search, the set that decides, and of
 * each of its records what it does and why. Pure.
 *
 * Made at the end of judge(), from the judgement as it stands, and again where a stored report is shown; in the
 * check's arena, like all of the report. Sentences are ours; what they quote of the network is escaped. */
#ifndef DCV_CAA_EXPLAIN_H
#define DCV_CAA_EXPLAIN_H

#include "methods/verdict.h"

/* What was found at a level. records: CAA records, at the end of the alias chain where there is one. */
#define CAA_FOUND(X)                                                                                         \
    X(CAA_FOUND_PENDING, "pending")                                                                          \
    X(CAA_FOUND_RECORDS, "records")                                                                          \
    X(CAA_FOUND_NODATA, "nodata")                                                                            \
    X(CAA_FOUND_NXDOMAIN, "nxdomain")                                                                        \
    X(CAA_FOUND_FAILED, "failed")
enum caa_found { CAA_FOUND(DCV_MEMBER) };
const char *caa_found_name(enum caa_found f);

/* What a record does to this request, the strongest first. forbids: no CA may issue while it is there. unmet:
 * it names this CA, but a parameter is not met. other: it names another CA, or nobody. malformed: it permits
 * nobody. none: it does not apply. */
#define CAA_EFFECTS(X)                                                                                       \
    X(CAA_FORBIDS, "forbids")                                                                                \
    X(CAA_PERMITS, "permits")                                                                                \
    X(CAA_MALFORMED, "malformed")                                                                            \
    X(CAA_UNMET, "unmet")                                                                                    \
    X(CAA_OTHER, "other")                                                                                    \
    X(CAA_NONE, "none")
enum caa_effect { CAA_EFFECTS(DCV_MEMBER) };
enum { CAA_EFFECT_COUNT = 0 CAA_EFFECTS(DCV_ONE) };
const char *caa_effect_name(enum caa_effect e);

enum { CAA_STEP_FACTS = 12 };
struct caa_step {
    const char *name;
    enum caa_found found;
    bool reached;       /* the search came this far; what stands above where it ended does not count */
    struct texts alias; /* the targets, in order */
    uint32_t facts[CAA_STEP_FACTS]; /* fact numbers: the proof */
    size_t n_facts;
    const char *because; /* what follows from it, one sentence */
};

struct caa_line {
    const struct caa_record *record;
    enum caa_effect effect;
    const char *because; /* one sentence */
};

struct caa_derivation {
    struct caa_step *climb; /* from the domain up */
    size_t n_climb;
    const struct caa_step *relevant; /* the level whose set decides; NULL where none does */
    const char *owner;               /* of that set: the end of the alias chain */
    const char *property;            /* the tag that counts; NULL where the set does not restrict */
    struct caa_line *records;        /* of that set, in the order that caa_search.c gives it */
    size_t n_records;
    const struct fact *fact; /* that brought the set */
    const char *may_because; /* why report.br_may_permit is what it is; NULL unless the search failed */
};

/* NULL where nothing was searched, or the arena is full. */
const struct caa_derivation *caa_explain(struct judgement *j);

/* Who gave the answers from which the verdict was read, as the number of one of their facts: of the first in the climb that
 * is not the resolvers'. 0: all are theirs. With it caa_derive() finds the same derivation again. */
uint32_t caa_source(const struct caa_derivation *d, const struct evidence *ev);
/* The derivation of a report that was stored: the search again in its evidence, in the one view that decided, and without
 * causes, cures and the views of others. source: see caa_source(). *ret is NULL where nothing was searched, where the
 * evidence has no such source, and where today's rules come to another outcome than the report has. 0 or -ENOMEM. */
int caa_derive(struct arena *a, const struct report *r, uint32_t source, const struct caa_derivation **ret);

/* Bytes as a zone file has them between quotes: printable ASCII, \" and \\, else \DDD. NULL: arena full. */
char *caa_zone_text(struct arena *a, struct bytes b);

#endif
