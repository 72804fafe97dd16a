/* model.h - what is known of the zones that a check looked at, and what their servers would answer if some records
 * were changed. Pure.
 *
 * A cure is tried on a model before anybody sees it. model_build() reads the facts of a check: which names exist,
 * which records stand at them, and which answers a wildcard made up. model_apply() gives the model after a cure, or
 * says which rule forbids the cure. model_answer() answers a question as the zones' servers would (RFC 1034 4.3.2,
 * with wildcards by RFC 4592, DNAME by RFC 6672). What the facts do not show is unknown and stays so: nothing is
 * taken for absent because nobody asked for it.
 *
 * Servers and resolvers may hold different versions of a zone. Each set of records remembers who answered it, and an
 * answer is made of the sets of one source as far as they go; a cure is applied to all.
 *
 * A model lives in the arena given and points into the facts. One thread, that of the arena.
 * Header of model.c and model_*.c. */
#ifndef DCV_MODEL_H
#define DCV_MODEL_H

#include "evidence/near.h"
#include "evidence/zone.h"

/* own: the name exists by itself, with records or with names below it. wild: it does not exist, and a wildcard answers
 * for it. absent: it does not exist, and nothing answers for it. */
enum model_state { MODEL_UNKNOWN, MODEL_OWN, MODEL_WILD, MODEL_ABSENT };

/* What one source says of one type at one name. */
struct model_set {
    uint16_t type;
    const struct rr **rr; /* n records, broken ones among them; none: there is no record of the type */
    size_t n;
    const char *source;   /* see model_source() */
    bool own_server;      /* a server of the name's zone says so, with authority */
    struct model_set *next;
};

struct model_name {
    const char *name; /* absolute */
    enum model_state state;
    bool denied; /* a source says that the name does not exist; a server of its zone, where one was asked */
    bool by_servers; /* a server of its zone answered for it */
    bool by_resolver, hidden; /* a resolver answered; it says that the name does not exist */
    bool added;  /* by the cure, which makes the name exist */
    bool whole;  /* no other types stand at the name than those of .sets */
    bool seen;   /* a source answered for it */
    struct model_set *sets;
    struct model_name *bucket, *next;
};

enum { MODEL_BUCKETS = 64 };

struct model {
    struct arena *a;
    const struct request *r;
    const struct model *before; /* the model that the cure was applied to; NULL: this one is read from facts */
    const struct zone *zones;   /* those that the walk found; NULL: none is known */
    struct texts apexes;        /* of zones by their SOA records in the facts */
    const char *registrable;    /* that of the request, absolute; NULL: it has none */
    bool denied_above; /* a zone above the registrable domain denies names in it */
    struct model_name *bucket[MODEL_BUCKETS], *first;
    struct texts doubts; /* sentences: what has to be known to be sure of the cure, and is not */
};

/* Reads the facts. zones: those of the judgement, or NULL. 0 or -ENOMEM. */
int model_build(struct arena *a, const struct request *r, const struct evidence *ev, const struct zones *zones,
                struct model *ret);

/* The model after n operations, in *ret: those of one transaction, removals first. Operations that change no records
 * are passed over, and so is an add of a record that stands there at every source. *refused: one sentence, which rule
 * forbids the cure; NULL: none does. 0 or -ENOMEM. */
int model_apply(const struct model *m, const struct fix *ops, size_t n, struct model *ret, const char **refused);
/* True where an add would change nothing: every source that was asked has the record already. */
bool model_has(const struct model *m, const struct fix *add);

/* not known: the facts do not show it. loop: a chain of aliases without end. */
enum model_kind { MODEL_NOT_KNOWN, MODEL_DATA, MODEL_NODATA, MODEL_NXDOMAIN, MODEL_LOOP };
struct model_reply {
    enum model_kind kind;
    struct rrs answer;  /* the aliases in order, then the records; owners as a server writes them */
    const char *end;    /* the last name of the chain */
    unsigned hops;      /* aliases followed */
};
/* The answer of one source (model_source()) to a question. 0 or -ENOMEM. */
int model_answer(const struct model *m, const char *source, const char *name, uint16_t type,
                 struct model_reply *ret);
bool model_same(const struct model_reply *a, const struct model_reply *b);

/* The source that is nobody's own: what the servers of a name's zone say comes first, then what anybody says. */
extern const char model_servers[];
/* True where the set counts for what stands in the zone: the servers of the zone say so, or were not asked. */
bool model_stands(const struct model_name *n, const struct model_set *s);

/* Who answered a question: "" for the resolvers, else the server's address. A pointer into the ask, or static. */
const char *model_source(const struct ask *q);
/* NULL where nothing was asked about the name. */
struct model_name *model_find(const struct model *m, const char *name);
enum model_state model_state(const struct model *m, const char *name);
/* The set of the type at a name: that of the source, else that of another; NULL where none answered. */
const struct model_set *model_set(const struct model_name *n, const char *source, uint16_t type);
/* The apex of the zone that holds a name, as far as it is known; NULL where it is not. *served (may be NULL): false
 * where that zone has servers and none of them answers for it. */
const char *model_zone(const struct model *m, const char *name, bool *served);
/* True for names that have a label with an underscore: they belong to validation and the like, and no host has one. */
bool model_of_no_host(const char *name);
/* The random label below a name, which nobody entered; NULL: it was not asked for. parent: NULL for no name, below
 * which there is none. */
struct model_name *model_random(const struct model *m, const char *parent);

/* ---- for model.c and model_apply.c */
/* The name's entry in this model itself, added where it is new. NULL: the arena is full. */
struct model_name *model_enter(struct model *m, const char *name);
struct model_set *model_set_add(struct model *m, struct model_name *n, uint16_t type, const char *source);

#endif
