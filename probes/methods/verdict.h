/* verdict.h - struct judgement: what judge() has found out so far about one check. Pure.
 *
 * judge() makes it on its stack, and what it points to lives in the arena given to judge(). First the method's verdict
 * function (methods.h) finds the code that the CA's API would give, and leaves in the judgement what it has read. Then
 * each cause of causes.def has a look (causes/causes_*.c, one function for each cause): it reads the judgement and
 * calls finding_add(), and never changes the verdict. Then the findings are put in order. */
#ifndef DCV_VERDICT_H
#define DCV_VERDICT_H

#include "ca/token_find.h"
#include "evidence/view.h"
#include "methods/caa_search.h"
#include "methods/cname.h"
#include "methods/file_look.h"
#include "methods/persist.h"
#include "methods/target.h"
#include "methods/txt.h"

/* The token or value that decides, in a record or in the file; the causes about tokens read it. */
struct candidate {
    enum token_class class;
    const char *place; /* owner or URL; NULL where there is no candidate */
    const struct fact *fact;
    const struct token_found *token; /* request token; NULL for a random value */
    const struct rr *rr;             /* the record; NULL for a file */
    struct bytes text;               /* the whole text that it stands in */
};

/* depth full: what the zones' own servers make of the check, see servers.c. */
struct servers_view {
    struct zones *zones;     /* all that the walk found; NULL at depth quick */
    const struct zone *own;  /* the zone that holds D; NULL where there is none */
    const struct zone *denied; /* the registrable domain's, which the registry says is not there */
    const struct zone **path;  /* the zones that the checked names lead through, in order */
    size_t n_path;
    const struct lookup *as_is; /* the checked names, n_as_is, of each zone the first server that answers counts */
    size_t n_as_is;
    bool decided;   /* the verdict is the servers', not the resolvers' */
    bool stands_in; /* a part of the way is the resolvers' word, for it cannot be asked from here */
    bool disagree;  /* servers of .odd_zone hold different records at a checked name */
    const struct zone *odd_zone;
    const struct name_server *with, *without; /* disagree: one of each; with is NULL where no server passes */
    const struct lookup *odd[2];              /* disagree: the same name at two servers that differ */
    const struct name_server *odd_server[2];
    bool odd_above; /* disagree: the first server serves a zone above, and answers for .odd_zone, too */
    bool odd_copy;  /* odd_above: from a copy of .odd_zone, which does not name that server as one of its own */
    const struct lookup *stale, *fresh; /* a name at the resolvers and at all servers, where these differ; else NULL */
    /* --edited-at: that server, where the check passes there and the delegation does not name it; else NULL. */
    const struct name_server *edited_server;
    struct lookup *edited;
};
/* Where the chain of signatures behind a lookup breaks; read before the causes (causes/causes_dnssec.c). */
struct dnssec_view;

struct near_view; /* near.h */

/* What resolvers at other places of the network see (BR 3.2.2.9). */
struct perspectives_view {
    struct texts differ; /* names of the perspectives with another verdict than this machine's */
    size_t n;            /* how many perspectives answered */
    bool beyond;         /* the check passes here, and the rules of the day do not let a CA disregard .differ */
    bool one_region;     /* .beyond, because those that agree lie in fewer regions than the rules ask for */
    const struct view *from; /* j->view of the verdict of this machine */
    const struct lookup *at; /* the n_at lookups of the checked names at the first of .differ */
    size_t n_at;
};

struct judgement {
    const struct request *r;
    const struct evidence *ev;
    struct arena *a;
    struct report *report;
    enum cause input_cause; /* CAUSE_NONE unless the input itself is refused */
    const struct fact *top_denial; /* the answer that there is no such top-level domain as the domain's; else NULL */
    struct txt_view txt;    /* dns-txt-token */
    struct cname_view cname;
    struct target_view target;
    struct persist_view persist;
    struct file_view file;
    struct caa_view caa;
    struct servers_view servers;
    struct perspectives_view perspectives;
    const struct view *view; /* whose answers the verdict is made from; NULL: the resolvers' */
    const struct near_view *near; /* depth full, a failing DNS method; else NULL */
    struct candidate candidate;
    const struct dnssec_view *dnssec;
    struct fix spare; /* finding_fix() returns it where the arena is full: it is written to and never read */
    int err;          /* first error on our side (negative errno), which ends judge() */
};

/* Whether the input alone decides, before anything is asked: true with its code and cause. */
bool judge_input(const struct request *r, struct code_error *ret, enum cause *cause);

/* ---- for verdict functions */
void verdict_fail(struct judgement *j, enum code code, enum code detail);
void verdict_undecided(struct judgement *j, const char *reason);

/* A reason for VERDICT_UNDECIDED that several methods use. */
extern const char DEADLINE_REASON[];
/* Says that the fault is on this machine's side or its resolver's, not the domain's: none of the n lookups was
 * answered, and neither was the control question for the root's name servers, or the resolver refuses even its
 * signatures. NULL where the fault may be the domain's. */
const char *network_fault(const struct judgement *j, const struct lookup *l, size_t n);

/* The *n lookups that the verdict rests on; NULL where the verdict is undecided, or the input alone decides. */
const struct lookup *judged_lookups(const struct judgement *j, size_t *n);

#endif
