/* path_explain.h - the way of each checked question as people and pages see it: from zone to zone and from alias to
 * alias, with what each server of each zone said, and with the place where the check goes wrong. Pure.
 *
 * It is made from a finished report alone: from its request, its evidence and its first finding. So it is never stored
 * and comes out the same wherever a report is shown. It lives in the arena given; its texts are not escaped. */
#ifndef DCV_PATH_EXPLAIN_H
#define DCV_PATH_EXPLAIN_H

#include "model/dcv.h"

/* What an answer, a stage or a whole way comes to. data: records of the type asked for. alias: a CNAME or DNAME leads
 * on. referral: the name lies in a zone further down. silent: no answer. unasked: this machine could not send the
 * question. fail: an error, an answer without authority, or one that cannot be read. loop: the aliases never end.
 * pending: not asked, or not answered in time. */
#define WAY_OUTCOMES(X)                                                                                      \
    X(WAY_PENDING, "pending")                                                                                \
    X(WAY_DATA, "data")                                                                                      \
    X(WAY_ALIAS, "alias")                                                                                    \
    X(WAY_REFERRAL, "referral")                                                                              \
    X(WAY_NODATA, "nodata")                                                                                  \
    X(WAY_NXDOMAIN, "nxdomain")                                                                              \
    X(WAY_FAIL, "fail")                                                                                      \
    X(WAY_SILENT, "silent")                                                                                  \
    X(WAY_UNASKED, "unasked")                                                                                \
    X(WAY_LOOP, "loop")
enum way_outcome { WAY_OUTCOMES(DCV_MEMBER) };
const char *way_outcome_name(enum way_outcome o);

/* What one server said at a stage. */
struct way_server {
    const char *host;   /* absolute; NULL: not known */
    const char *server; /* "192.0.2.53:53"; NULL: the resolver */
    const char *above;  /* the apex of the zone above, where its server answers for the name by itself; else NULL */
    enum way_outcome outcome;
    const char *to;             /* alias: its target; referral: the zone; else NULL */
    const struct fact *fact[2]; /* the proof: the answer, after the truncated one; NULL: there is none */
    const struct fact *soa;     /* of a server that does not serve the zone: what it said of it as a whole; else NULL */
    bool wrong;                 /* here the check goes wrong */
};

/* One question to one zone. */
struct way_stage {
    const char *name; /* asked for */
    const char *zone; /* its apex; NULL: no zone is known or can be asked, so the resolver's answer stands in */
    enum way_outcome outcome;
    const char *to; /* alias: its target; referral: the zone; else NULL */
    bool dname;     /* alias: by a DNAME above the name */
    bool wrong;     /* one of .v is, or the whole stage where it has no server */
    struct way_server *v;
    size_t n;
};

/* One checked question; for the file methods also the address question of each host that a redirect led to. */
struct way {
    const char *name; /* as checked */
    uint16_t type;
    enum way_outcome outcome;
    struct way_stage *v; /* in order */
    size_t n;
    const struct fact *resolver; /* what the resolver answered to the same question; NULL: nothing */
    bool resolver_wrong;         /* the check goes wrong at the resolver, and at no server */
};

struct way_list {
    struct way *v;
    size_t n;
};

/* The way of each checked question; none where the input was refused, for then nothing is asked. 0 or -ENOMEM. */
int path_explain(struct arena *a, const struct report *r, struct way_list *ret);

#endif
