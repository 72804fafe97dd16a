/* lookup.h - what the evidence says about one name and type: the CA's lookup, read from facts. Pure.
 *
 * A lookup is one question as the CA would put it. It may rest on several facts: the answer over UDP, the one
 * over TCP where the first was truncated, the one with checking disabled that tells bogus from broken. plan
 * asks for what a lookup lacks; verdict and causes read what it came to. */
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

struct lookup {
    enum lookup_class class;
    const char *name; /* as asked */
    uint16_t type;
    const struct fact *fact; /* the one that decides; NULL while pending */
    const struct fact *udp;  /* the truncated answer before it, NULL if none */
    const struct fact *cd;   /* the same with checking disabled, NULL if not asked */
    const char *end;         /* end of the alias chain that begins at name; name itself without one */
    unsigned hops;           /* aliases followed */
    bool looped;
    const struct rr **rr; /* data: the sound records of the type at the end of the chain */
    size_t n;
    size_t broken; /* how many more there are that break the format */
};

/* Where a reader of evidence turns for a fact that it lacks: plan's asker puts the question, judge's has
 * nothing. */
struct asker {
    void *self;
    const struct fact *(*want)(void *self, const struct ask *question); /* NULL while there is no fact */
};
struct asker asker_none(const struct evidence *ev);

/* The question alone, over TCP after truncation. NULL while an answer is missing. */
const struct fact *lookup_want_answer(const struct asker *asker, const char *name, uint16_t type);
/* The same with checking disabled. */
void lookup_want_unchecked(const struct asker *asker, const char *name, uint16_t type);
/* Puts one lookup through the resolvers, with what its answer raises: TCP after truncation; after a SERVFAIL
 * the same with checking disabled, which tells bogus from broken; after any failure the control question,
 * which tells a broken zone from a broken network on this side. */
void lookup_want(const struct asker *asker, const char *name, uint16_t type);

/* Reads the resolver's view. 0 or -ENOMEM. */
int lookup_read(struct arena *a, const struct evidence *ev, const char *name, uint16_t type,
                struct lookup *ret);

/* The same of any other first question: to one server, say. */
int lookup_read_ask(struct arena *a, const struct evidence *ev, const struct ask *question, struct lookup *ret);

/* The question that a lookup puts first, and its variants. */
struct ask lookup_ask(const char *name, uint16_t type);

/* What the resolvers say to the root's NS: the control question that tells a broken zone from a broken
 * network here. NULL while it was not asked or answered. */
const struct fact *lookup_control(const struct evidence *ev);
/* The resolver is at work: it answered the control question. */
bool control_alive(const struct fact *control);

/* Something was found out, if only that there is nothing. */
bool fact_answers(const struct fact *f);
/* The resolver found out something about the name, if only with checking disabled: it is at work. */
bool lookup_answered(const struct lookup *l);

/* SERVFAIL with CD=0 and an answer with CD=1 (RFC 4035 3.2.2). */
bool lookup_bogus(const struct lookup *l);
/* The extended error by which a resolver says that validation failed: codes 5 to 12 and 25 of RFC 8914; or NULL. */
const struct ede *lookup_dnssec_error(const struct lookup *l);
/* Bogus, or failed with an extended error that says so (RFC 8914: 5 to 12, 25). */
bool lookup_dnssec_fault(const struct lookup *l);

#endif
