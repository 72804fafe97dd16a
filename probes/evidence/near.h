/* near.h - where a record lands when its name was entered wrongly: the names that plan asks for at
 * depth full, and judge reads. Pure.
 *
 * One list serves both, so that a saved check is judged by the questions that it really put. It depends on
 * the request and on what the checked names answered, and on nothing else. */
#ifndef DCV_NEAR_H
#define DCV_NEAR_H

#include "evidence/lookup.h"

enum {
    NEAR_MOST = 24,       /* near questions of one check */
};

enum near_slip {
    NEAR_DOUBLED,  /* the zone's name twice: the panel put it behind a name that had it already */
    NEAR_ANCESTOR, /* the right label, or none, at a name above */
    NEAR_OTHER,    /* another wrong owner below the domain */
    NEAR_BARE,     /* dns-cname-token: the older form without its underscore */
    NEAR_SWAPPED,  /* dns-cname-token: what should be the target is the owner */
    NEAR_TYPE,     /* a checked name, and another type than the method's */
    NEAR_TARGET,   /* dns-cname-target: an allowed target's own addresses */
    NEAR_RANDOM,   /* a label that nobody entered: what answers is a wildcard */
};

struct near_name {
    enum near_slip slip;
    const char *scope; /* the zone behind a doubled or swapped name; the parent of a random label; absolute */
    const char *slip_text; /* of a wrong owner, a clause that follows a comma: what went wrong; NULL where the
                              name says it all */
    struct lookup at;      /* near_list() sets .name and .type alone */
};

struct near_view {
    struct near_name v[NEAR_MOST];
    size_t n;
    const char *apex;  /* of the zone that D is in: what the SOA of the checked names says, else the
                          registrable  domain; absolute */
    bool unregistered; /* the zone above says that the registrable domain does not exist, nor then anything
                          below */
};

/* ---- the list, filled by the method (methods.h: .near) */
struct near_list {
    struct arena *a;
    const struct request *r;
    struct near_view *view;
    const char *scope[3]; /* names that a panel may complete with: D, its zone's apex, the registrable domain */
    size_t n_scopes;
};
typedef void near_fill_fn(struct near_list *l);

/* Takes owner in unless it is no name at all (too long, once doubled), a name that the method looks at
 * anyway, or in the list already. */
void near_add(struct near_list *l, enum near_slip slip, uint16_t type, const char *scope, const char *slip_text,
              const char *owner);
/* A label that nobody entered, below scope. */
void near_add_random(struct near_list *l, uint16_t type, const char *scope);
/* The random value where it can stand in a name at all, or NULL. */
const char *near_value_label(const struct request *r);
/* The label for TXT records without the underscore that it begins with, or NULL. */
const char *near_bare_label(const struct request *r);

/* The first of the questions: once it is put, all are. 0 or -ENOMEM. */
int near_first(struct arena *a, const struct request *r, uint16_t type, struct ask *ret);
/* The questions, without what came of them. fill: the method's, NULL where it has none. 0 or -ENOMEM. */
int near_list(struct arena *a, const struct request *r, const struct evidence *ev, near_fill_fn *fill, struct near_view *ret);
/* The same with it. 0 or -ENOMEM. */
int near_read(struct arena *a, const struct request *r, const struct evidence *ev, near_fill_fn *fill, struct near_view *ret);

/* Where rr stands at n, it may come from a wildcard: a random label answers with the same data, or has not
 * been answered at all. */
bool near_synthesised(const struct near_view *view, const struct near_name *n, const struct rr *rr);

#endif
