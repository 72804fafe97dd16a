/* near.h - names where a record ends up when somebody enters its name wrongly. plan asks for them at depth full, judge
 * reads the answers. Pure.
 *
 * plan and judge make the same list, so that a stored check is judged by the questions that it really asked: the list
 * depends only on the request and on the answers for the checked names. The structs belong to their caller, their texts
 * are in the arena. One thread, that of the arena. */
#ifndef DCV_NEAR_H
#define DCV_NEAR_H

#include "evidence/lookup.h"
#include "evidence/same.h"

enum {
    NEAR_MOST = 28,       /* questions of one check */
};

enum near_slip {
    NEAR_DOUBLED,  /* the zone name twice: the panel appended it to a full name */
    NEAR_ANCESTOR, /* the right label, or none, before a name above */
    NEAR_OTHER,    /* another wrong owner below the domain */
    NEAR_BARE,     /* dns-cname-token: the older form without its underscore */
    NEAR_SWAPPED,  /* dns-cname-token: what should be the target is the owner */
    NEAR_STAR,     /* the right label below the star of a wildcard name, as it was ordered */
    NEAR_TYPE,     /* a checked name with a type that is not the method's */
    NEAR_TARGET,   /* dns-cname-target: the addresses of an allowed target */
    NEAR_RANDOM,   /* a label that nobody entered: an answer comes from a wildcard */
};

struct near_name {
    enum near_slip slip;
    const char *scope; /* doubled, swapped: the zone; random: the parent; absolute */
    const char *slip_text; /* for a wrong owner: what went wrong, as a clause after a comma, or NULL */
    struct lookup at;      /* near_list() sets only .name and .type */
    struct rr_index data;  /* random: the records of .at; near_list() leaves it empty */
};

struct near_view {
    struct near_name v[NEAR_MOST];
    size_t n;
    const char *apex;  /* by the SOA of the checked names, else the registrable domain; absolute */
    bool unregistered; /* the zone above says that the registrable domain does not exist */
};

/* The types of records that hosts have: what a wildcard may give them, and what no CNAME may stand beside. */
extern const uint16_t near_host_types[];
extern const size_t near_host_types_n;

/* ---- the list, filled by the method (methods.h: .near) */
struct near_list {
    struct arena *a;
    const struct request *r;
    struct near_view *view;
    const char *scope[3]; /* names that a panel may append: the domain, its zone's apex, its registrable domain */
    size_t n_scopes;
};
typedef void near_fill_fn(struct near_list *l);

/* Adds owner to the list, unless it is not a valid name (a doubled name may be too long), is a name that the method
 * checks anyway, or is in the list already. */
void near_add(struct near_list *l, enum near_slip slip, uint16_t type, const char *scope, const char *slip_text,
              const char *owner);
/* Adds a random label below scope, which nobody can have entered. */
void near_add_random(struct near_list *l, uint16_t type, const char *scope);
/* That name; NULL: the arena is full. */
const char *near_random_name(struct arena *a, const struct request *r, const char *scope);
/* Adds the names that a panel makes of a full name: each scope behind it once more, and, in a zone of its own below the
 * registrable domain, the label with the part of the domain that belongs into the zone above. */
void near_add_doubled(struct near_list *l, uint16_t type, const char *label);
/* For a wildcard name: adds the label below its star, as it was ordered. */
void near_add_starred(struct near_list *l, enum near_slip slip, uint16_t type, const char *label);
/* Adds the label below the names above the domain, and a random label beside each. */
void near_add_above(struct near_list *l, uint16_t type, const char *label);
/* The random value as a label; NULL where it cannot be one. */
const char *near_value_label(const struct request *r);
/* The label for TXT records without its underscore, or NULL where it has none. */
const char *near_bare_label(const struct request *r);

/* The first question of the list: if it was asked, all were. 0 or -ENOMEM. */
int near_first(struct arena *a, const struct request *r, uint16_t type, struct ask *ret);
/* The questions without their answers. fill: the function of the method, or NULL. 0 or -ENOMEM. */
int near_list(struct arena *a, const struct request *r, const struct evidence *ev, near_fill_fn *fill,
              struct near_view *ret);
/* The questions with their answers. 0 or -ENOMEM. */
int near_read(struct arena *a, const struct request *r, const struct evidence *ev, near_fill_fn *fill,
              struct near_view *ret);

/* True where rr at n may come from a wildcard: the random label has the same data, or was not answered. */
bool near_synthesised(const struct near_view *view, const struct near_name *n, const struct rr *rr);

#endif
