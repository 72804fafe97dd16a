/* caa_explain.h - the derivation of a CAA verdict: each level of the search, the set that decides, and for each record
 * of that set its effect and the reason. Pure.
 *
 * judge() makes it at its end from the finished judgement, and caa_derive() makes it again where a stored report is
 * shown. It lives in the check's arena, like all of the report. What its sentences quote from the network is
 * escaped. */
#ifndef DCV_CAA_EXPLAIN_H
#define DCV_CAA_EXPLAIN_H

#include "methods/verdict.h"

/* What was found at a level. records: there are CAA records (where the name is an alias, at the end of the alias
 * chain). */
#define CAA_FOUND(X)                                                                                         \
    X(CAA_FOUND_PENDING, "pending")                                                                          \
    X(CAA_FOUND_RECORDS, "records")                                                                          \
    X(CAA_FOUND_NODATA, "nodata")                                                                            \
    X(CAA_FOUND_NXDOMAIN, "nxdomain")                                                                        \
    X(CAA_FOUND_FAILED, "failed")
enum caa_found { CAA_FOUND(DCV_MEMBER) };
const char *caa_found_name(enum caa_found f);

/* The effect of a record on this request, the strongest first. forbids: no CA may issue while the record exists. unmet:
 * the record names this CA, but the request does not meet one of its parameters. open: it does, and the request does
 * not say whether it meets them. other: it names another CA, or none. malformed: it permits no CA. none: it does not
 * apply. */
#define CAA_EFFECTS(X)                                                                                       \
    X(CAA_FORBIDS, "forbids")                                                                                \
    X(CAA_PERMITS, "permits")                                                                                \
    X(CAA_MALFORMED, "malformed")                                                                            \
    X(CAA_OPEN, "open")                                                                                      \
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
    bool reached;       /* the search reached this level; levels above the one where it ended do not count */
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
    struct caa_line *records;        /* of that set, in the order of caa_search.c */
    size_t n_records;
    const struct fact *fact; /* the fact that holds the set */
    dcv_time until; /* a pass: when the CA must have issued, or check again; else TIME_UNKNOWN */
    const char *may_because; /* why report.br_may_permit is what it is; NULL unless the search failed */
};

/* NULL where nothing was searched, or the arena is full. */
const struct caa_derivation *caa_explain(struct judgement *j);

/* The source of the answers that the verdict was read from, as a fact number: that of the first fact in the climb that
 * did not come from the resolvers. 0: all came from the resolvers. Given this number, caa_derive() finds the same
 * derivation again. */
uint32_t caa_source(const struct caa_derivation *d, const struct evidence *ev);
/* The derivation of a stored report: searches its evidence again, only in the view that decided, and without looking
 * for causes or fixes. source: see caa_source(). *ret is NULL where nothing was searched, where the evidence has no
 * such source, and where the present rules lead to another outcome than the report has. 0 or -ENOMEM. */
int caa_derive(struct arena *a, const struct report *r, uint32_t source, const struct caa_derivation **ret);

/* Bytes as a zone file writes them between quotes: printable ASCII as it is, \" and \\ for quote and backslash, else
 * \DDD. NULL: arena full. */
char *caa_zone_text(struct arena *a, struct bytes b);

#endif
