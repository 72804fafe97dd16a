/* verdict.h - the inside of judge(): what the verdict functions leave for the cause functions. Pure.
 *
 * judge() first finds the code that the CA's API would give (verdict.c, one function per method), then lets
 * each row of causes.def look for itself (causes_*.c, one function per cause), then puts the findings in
 * order. A cause function reads the judgement and calls finding_add(); it never changes the verdict. */
#ifndef DCV_VERDICT_H
#define DCV_VERDICT_H

#include "ca/token.h"
#include "evidence/view.h"
#include "methods/caa_search.h"
#include "methods/file_look.h"

/* One TXT record that was searched. */
struct txt_value {
    const struct lookup *at;
    const struct rr *rr;
    struct bytes text;        /* character-strings joined */
    bool in_join;             /* random value: it stands in the joined text */
    bool in_one;              /* random value: within one character-string */
    struct token_found token; /* request token */
};

struct txt_view {
    struct lookup at[2]; /* _dnsauth.D, then D */
    struct txt_value *v;
    size_t n;
    const struct txt_value *best; /* the value that decides; NULL where none counts for anything */
    enum token_class class;       /* of the best; random value: VALID, TIME (expired) or NONE */
};

/* dns-cname-token: the two places, and what stands there. */
enum cname_place { CNAME_CURRENT, CNAME_RETIRED };
enum { CNAME_PLACES = 2 };
struct cname_view {
    struct lookup at[CNAME_PLACES];
    const char *target[CNAME_PLACES]; /* NULL where there is no CNAME */
    size_t n;                         /* places that the value can form */
    bool found;                       /* an accepted record stands at one of them */
    bool retired;                     /* at the older one only */
};

/* dns-cname-target: D, then _dcv.D. */
struct target_view {
    struct lookup at[2];
    const struct lookup *found; /* the first with a CNAME */
    const char *target, *problem;
};

/* The candidate that decides, wherever it stands: what the causes about tokens speak of. */
struct candidate {
    enum token_class class;
    const char *place; /* owner or URL; NULL where there is no candidate */
    const struct fact *fact;
    const struct token_found *token; /* request token; NULL for a random value */
    const struct rr *rr;             /* the record; NULL for a file */
    struct bytes text;               /* the whole text that it stands in */
};

/* depth full: what the zone's own servers make of the check, see servers.c. */
struct servers_view {
    struct zone zone;
    bool decided;   /* the verdict is theirs, not the resolvers' */
    bool disagree;  /* they hold different records at a checked name */
    const struct name_server *with, *without; /* disagree: one of each; with is NULL where no server passes */
    const struct lookup *odd[2];              /* disagree: the same name at two servers that differ */
    const struct name_server *odd_server[2];
    const struct lookup *stale, *fresh; /* what the resolvers give, and all servers; NULL where they agree */
    const struct name_server *edited_server; /* --edited-at: a server not delegated to, at which the check passes */
    struct lookup *edited;
};
/* Where the chain of signatures behind a lookup breaks; made before the causes look (causes_dnssec.c). */
struct dnssec_view;

struct near_view; /* near.h */

/* What resolvers at other places see (BR 3.2.2.9); .differ.n is 0 where all come to the verdict of this place. */
struct perspectives_view {
    struct texts differ; /* names of those that come to another verdict */
    size_t n;            /* how many answered */
    bool beyond;         /* the check passes here and fails at more of them than a CA may leave aside */
    const struct view *from; /* from where this place judged */
    const struct lookup *at; /* what the first of them has at the checked names */
    size_t n_at;
};

struct judgement {
    const struct request *r;
    const struct evidence *ev;
    struct arena *a;
    struct report *report;
    enum cause input_cause; /* CAUSE_NONE unless the input itself is refused */
    struct txt_view txt;    /* dns-txt-token */
    struct cname_view cname;
    struct target_view target;
    struct file_view file;
    struct caa_view caa;
    struct servers_view servers;
    struct perspectives_view perspectives;
    const struct view *view; /* from where the verdict is read; NULL: the resolvers */
    const struct near_view *near; /* depth full, a failing DNS method; else NULL */
    struct candidate candidate;
    const struct dnssec_view *dnssec;
    struct fix spare; /* what finding_fix() gives where the arena is full: written, never read */
    int err;          /* first error of ours */
};

/* The rules before any probe: true, with the code and the cause, where the input alone decides. */
bool judge_input(const struct request *r, struct code_error *ret, enum cause *cause);

/* ---- for verdict functions */
void verdict_fail(struct judgement *j, enum code code, enum code detail);
void verdict_undecided(struct judgement *j, const char *reason);

/* Why a report is undecided, where several methods share the reason. */
extern const char DEADLINE_REASON[];
/* Why the fault is here, not at the domain: nothing that was asked came to an answer, not even the root's
 * name servers, or to none that the resolver would vouch for. NULL where the domain has to answer for itself.
 */
const char *network_fault(const struct judgement *j, const struct lookup *l, size_t n);

/* ---- what plan and judge share of a method. The readers give 0, or -ENOMEM; txt_read -EIO too. */
/* computed: where the request tokens go that were computed on the way; NULL where nobody wants them. */
int txt_read(struct arena *a, const struct request *r, const struct evidence *ev, const struct view *view,
             struct texts *computed, struct txt_view *ret);
int cname_read(struct arena *a, const struct request *r, const struct evidence *ev, const struct view *view,
               struct cname_view *ret);
int target_read(struct arena *a, const struct request *r, const struct evidence *ev, const struct view *view,
                struct target_view *ret);
/* A target (may be NULL) is the value below the CA's base name, with an underscore before it or without. */
bool cname_is_right(struct arena *a, const struct request *r, const char *target);
/* Where dns-cname-token looks; NULL where the value can form no such name, or the arena is full. */
const char *cname_owner(struct arena *a, const struct request *r, enum cname_place place);
/* What the first CNAME of a lookup points at, or NULL. */
const char *cname_target(struct arena *a, const struct lookup *l);

/* The lookups that the verdict rests on: n of them, NULL where nothing is decided. */
const struct lookup *judged_lookups(const struct judgement *j, size_t *n);

#endif
