/* methods.h - the table of methods of domain control validation: one constant struct method_rules for each. Pure.
 *
 * DCV_METHODS (dcv.h) names the struct of each method, and the method's file (txt.c, cname.c, target.c, file.c,
 * persist.c, caa.c) defines it: without it the program does not link. Plan, judge and the readers of requests call a
 * method through its struct and do not ask which one it is.
 *
 * Plan and judge call the same functions; what these allocate lives in the arena given. */
#ifndef DCV_METHODS_H
#define DCV_METHODS_H

#include "evidence/near.h"

struct judgement;

/* One of the names that a method's verdict rests on, and the record type looked up there: TXT at _dnsauth.D, and so
 * on. */
struct checked {
    const char *name; /* absolute */
    uint16_t type;
};
struct checked_list {
    struct checked *v;
    size_t n;
};
/* Adds one. name lives in the arena; it may be NULL, which means that the arena is full. 0 or -ENOMEM. */
int checked_add(struct arena *a, struct checked_list *list, const char *name, uint16_t type);

/* "LABEL.DOMAIN.". NULL: with the label in front the name would be longer than any can be (255 bytes in a message, RFC
 * 1035 2.3.4), so nothing stands there and nobody can be asked for it; or the arena is full. */
const char *checked_below(struct arena *a, const char *label, const char *domain);

enum { TAKES_RANDOM_VALUE = 1 << CHALLENGE_RANDOM_VALUE, TAKES_REQUEST_TOKEN = 1 << CHALLENGE_REQUEST_TOKEN };

struct method_rules {
    unsigned takes; /* the challenges that it accepts, bits of TAKES_…; 0: it needs none */
    /* The request has what the method needs. Where a request names no method, all that fit are checked. */
    bool (*fits)(const struct request *r);
    /* The field of a request (request.h) without which the method cannot be checked: where the method is named, its
     * want is refused. NULL: where something is wanting, the report is undecided and says what. */
    const char *needs;
    /* Lists all names that the verdict rests on. 0 or -ENOMEM. */
    int (*names)(struct arena *a, const struct request *r, struct checked_list *ret);
    /* Puts the questions of the CA that follow from the answers so far. Where the arena is full it returns early, and
     * plan_next() gives -ENOMEM. */
    void (*ask)(struct arena *a, const struct asker *asker, const struct request *r, const struct evidence *ev);
    /* Sets report.verdict, .error, .detail_code and .reason from the evidence as j->view sees it. */
    void (*verdict)(struct judgement *j);
    /* What the reader of a pass has to know; NULL, or a function that gives NULL, where there is nothing. */
    const char *(*remark)(const struct judgement *j);
    /* After .verdict: the *n lookups that it rests on. */
    const struct lookup *(*lookups)(const struct judgement *j, size_t *n);

    /* ---- depth full, where the method does not pass: the names at which its record stands by mistake (near.h). .near
     * is NULL where the method has no such names. */
    uint16_t near_type; /* record type of the first of these questions */
    near_fill_fn *near; /* lists them */
    bool (*near_due)(struct arena *a, const struct request *r, const struct evidence *ev); /* ask for them now */
};

#define X(sym, text, rules, traits) extern const struct method_rules rules;
DCV_METHODS(X)
#undef X

const struct method_rules *method_rules(enum method m);
/* The challenge that the request's method uses with what the request holds; CHALLENGE_NONE where the method needs none,
 * or the request holds neither a token nor a key and a CSR. */
enum challenge request_challenge(const struct request *r);
/* All names that the request's method looks at, and those by which its authorization domain name counts. 0 or
 * -ENOMEM. */
int checked_names(struct arena *a, const struct request *r, struct checked **ret, size_t *n);

/* ---- shared by the methods' functions */
/* .ask of the methods that look at DNS records: asks the resolvers for each checked name. */
void method_ask_names(struct arena *a, const struct asker *asker, const struct request *r, const struct evidence *ev);
/* Whether a value at another place would be the order's: a request token, or a random value that has not expired and is
 * too long to occur in other texts by chance. */
bool method_value_known(const struct request *r);
/* None is pending and at least one did not fail. (Where a zone's servers fail them all, near names would fail too.) */
bool lookups_settled(const struct lookup *l, size_t n);

#endif
