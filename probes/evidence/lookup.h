/* lookup.h - what the evidence says about one name and type: a lookup of the CA, read from facts. Pure.
 *
 * A lookup is one question as the CA asks it. It may be read from several facts: the answer over UDP, the answer over
 * TCP where that was truncated, and the answer with checking disabled, which tells bogus signatures from a broken
 * server. plan asks what a lookup still needs; the verdict and the causes read its result. A struct lookup belongs to
 * its caller, its texts and records are in the arena. One thread, that of the arena. */
#ifndef DCV_LOOKUP_H
#define DCV_LOOKUP_H

#include "model/dcv.h"

/* pending: not asked, or not answered. fail: timeout, SERVFAIL, REFUSED, malformed, bogus, truncated without
 * TCP. nodata: also a CNAME chain that ends in NXDOMAIN. */
#define DCV_LOOKUPS(X)                                                                                       \
    X(LOOKUP_PENDING, "pending")                                                                             \
    X(LOOKUP_DATA, "data")                                                                                   \
    X(LOOKUP_NODATA, "nodata")                                                                               \
    X(LOOKUP_NXDOMAIN, "nxdomain")                                                                           \
    X(LOOKUP_FAIL, "fail")
enum lookup_class { DCV_LOOKUPS(DCV_MEMBER) };

struct zone;      /* zone.h */
struct path_step; /* path.h */

struct lookup {
    enum lookup_class class;
    const char *name; /* as asked */
    uint16_t type;
    const struct fact *fact; /* the fact that decides; NULL while pending */
    const struct fact *udp;  /* the truncated answer before .fact, or NULL */
    const struct fact *cd;   /* the answer with checking disabled, or NULL */
    const char *end;         /* end of the alias chain of name; name itself without aliases */
    unsigned hops;           /* aliases followed */
    bool looped;
    /* fail: the type of a set at .end that the servers give and validators do not accept; 0: there is none */
    uint16_t bogus;
    const struct rr **rr; /* data: the well-formed records of the type at .end */
    size_t n;
    size_t broken; /* number of malformed records of the type */
    const struct zone *zone; /* whose servers gave .fact; NULL: the resolvers did */
    const struct path_step *way; /* from zone to zone; NULL: the resolvers went it */
    size_t n_way;
};

/* How a reader of evidence gets the fact for a question. plan's asker also asks a new question; judge's asker finds
 * only what is there. */
struct asker {
    void *self;
    const struct fact *(*want)(void *self, const struct ask *question); /* NULL: no fact yet */
};
struct asker asker_none(const struct evidence *ev);

/* Asks q, and again over TCP after a truncated answer. NULL: not answered yet. *first (first may be NULL): the answer
 * to q itself, truncated or not. */
const struct fact *ask_whole(const struct asker *asker, struct ask q, const struct fact **first);
/* The zone that an answer without records for name comes from: the owner of the SOA record beside it (RFC 2308 2.1).
 * NULL: no such record, or none of a zone that holds name. */
const char *fact_denier(const struct fact *f, const char *name);

/* Asks one question only, and again over TCP after a truncated answer. NULL: not answered yet. */
const struct fact *lookup_want_answer(const struct asker *asker, const char *name, uint16_t type);
/* Asks the question with checking disabled. */
void lookup_want_unchecked(const struct asker *asker, const char *name, uint16_t type);
/* Asks the resolvers for one lookup, and what its answer makes necessary: TCP after a truncated answer; after a
 * SERVFAIL the question with checking disabled, which tells bogus signatures from a broken server; after any failure
 * the control question, which tells a broken zone from a broken network here. */
void lookup_want(const struct asker *asker, const char *name, uint16_t type);

/* Reads the lookup from what the resolvers answered. 0 or -ENOMEM. */
int lookup_read(struct arena *a, const struct evidence *ev, const char *name, uint16_t type,
                struct lookup *ret);

/* The same for another first question, for example one to a name server. */
int lookup_read_ask(struct arena *a, const struct evidence *ev, const struct ask *question, struct lookup *ret);

/* The first question of a lookup; callers change fields of it for other questions. */
struct ask lookup_ask(const char *name, uint16_t type);

/* The fact of the control question: the NS records of the root, asked of the resolvers. NULL: not asked, or not
 * answered yet. */
const struct fact *lookup_control(const struct evidence *ev);
/* True where the resolver answered the control question, so it works. */
bool control_alive(const struct fact *control);

/* True where the fact is an answer, even if it says that there is nothing. */
bool fact_answers(const struct fact *f);
/* True where the resolver answered, even if only with checking disabled: so it works. */
bool lookup_answered(const struct lookup *l);

/* True for SERVFAIL with CD=0 and an answer with CD=1 (RFC 4035 3.2.2), and where .bogus is set. */
bool lookup_bogus(const struct lookup *l);
/* The extended error by which a resolver says that validation failed: codes 5 to 12 and 25 of RFC 8914. NULL: there is
 * none. */
const struct ede *lookup_dnssec_error(const struct lookup *l);
/* True where lookup_bogus(), or where the lookup failed with a lookup_dnssec_error(). */
bool lookup_dnssec_fault(const struct lookup *l);

#endif
