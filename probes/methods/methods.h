/* methods.h - what a method of domain control validation is to the rest of the program: a row of rules. Pure.
 *
 * DCV_METHODS names the row of each method, and the method's file defines it: without one the program does not link.
 * plan, judge and the readers of requests go through the row and know no method by name.
 *
 * A row's functions serve plan and judge alike; what they leave behind lives in the arena given. */
#ifndef DCV_METHODS_H
#define DCV_METHODS_H

#include "evidence/near.h"

struct judgement;

/* The names and types that a method's verdict rests on, all of them: TXT at _dnsauth.D and D, and so on. */
struct checked {
    const char *name; /* absolute */
    uint16_t type;
};
struct checked_list {
    struct checked *v;
    size_t n;
};
/* name: in the arena; NULL where that is full. 0 or -ENOMEM. */
int checked_add(struct arena *a, struct checked_list *list, const char *name, uint16_t type);

enum { TAKES_RANDOM_VALUE = 1 << CHALLENGE_RANDOM_VALUE, TAKES_REQUEST_TOKEN = 1 << CHALLENGE_REQUEST_TOKEN };

struct method_rules {
    unsigned takes; /* which challenges prove it: bits of TAKES_…; 0: it takes none */
    /* The request holds what it needs: so that it is one of those that are checked where none was named. */
    bool (*fits)(const struct request *r);
    int (*names)(struct arena *a, const struct request *r, struct checked_list *ret); /* 0 or -ENOMEM */
    /* Puts the questions that the CA puts, as far as the answers so far lead. A full arena ends the plan by itself. */
    void (*ask)(struct arena *a, const struct asker *asker, const struct request *r, const struct evidence *ev);
    /* Settles report.verdict, .error, .detail_code and .reason from the evidence, from where j->view says. */
    void (*verdict)(struct judgement *j);
    /* After .verdict: the lookups that it rests on, n of them. */
    const struct lookup *(*lookups)(const struct judgement *j, size_t *n);

    /* ---- depth full, a method that does not pass: names at which its record lands by mistake (near.h). .near is NULL
     * where there are none. */
    uint16_t near_type; /* of the first question */
    near_fill_fn *near;
    bool (*near_due)(struct arena *a, const struct request *r, const struct evidence *ev); /* it is time to ask for them */
};

#define X(sym, text, rules, traits) extern const struct method_rules rules;
DCV_METHODS(X)
#undef X

const struct method_rules *method_rules(enum method m);
/* The challenge that the method would use with what the request holds; CHALLENGE_NONE where the method takes none, or the
 * request holds neither a token nor a key and a CSR. */
enum challenge request_challenge(const struct request *r);
/* All names that the request's method looks at. 0 or -ENOMEM. */
int checked_names(struct arena *a, const struct request *r, struct checked **ret, size_t *n);

/* ---- for the rows */
/* .ask of the methods that look at DNS records: each checked name through the resolvers. */
void method_ask_names(struct arena *a, const struct asker *asker, const struct request *r, const struct evidence *ev);
/* There is a value that can be told apart from other texts, and that would still be accepted. */
bool method_value_known(const struct request *r);
/* All answered or failed, and one at least answered: of a zone whose servers fail the near names fail too. */
bool lookups_settled(const struct lookup *l, size_t n);

#endif
