/* domain.h - one domain, one verdict: what the reports of one domain, each by one method, come to together. Pure.
 *
 * An order has one method of domain control validation for each name, and CAA permits the CA or does not. So control of
 * the domain and CAA are judged apart, and the domain passes where both do. Plain values; texts are in the arena given,
 * and nothing else is kept. Any thread.
 *
 * Control, where the request named no method and all that the input allows were checked:
 *   passes      where one method passes; the others are not in use;
 *   undecided   where none passes and one is undecided, unless traces show that the order's is one of those that fail;
 *   fails       where none passes, by the method of which most is to be seen (enum trace); else by dns-txt-token;
 *   not checked where there is no value to look for, and the methods that need none have left no trace.
 * Methods that the request named one by one must all pass. Where it named caa alone there is no control. */
#ifndef DCV_DOMAIN_H
#define DCV_DOMAIN_H

#include "model/dcv.h"

#define DCV_CONTROLS(X)                                                                                      \
    X(CONTROL_PASS, "pass")                                                                                  \
    X(CONTROL_FAIL, "fail")                                                                                  \
    X(CONTROL_UNDECIDED, "undecided")                                                                        \
    X(CONTROL_NOT_CHECKED, "not-checked")
enum control { DCV_CONTROLS(DCV_MEMBER) };
const char *control_name(enum control c);

/* What counts of one report. */
struct domain_part {
    enum method method;
    enum verdict verdict;
    enum trace trace;
    bool given; /* the request named the method */
    bool refused; /* the name itself is refused, whatever the method */
    bool tried; /* there was something to look for: the method needs no value, or the request has one that it takes */
};

#define DOMAIN_NONE SIZE_MAX
struct domain_verdict {
    enum verdict verdict;
    bool has_control;    /* false: CAA alone was asked for, and the three below mean nothing */
    enum control control;
    size_t by;           /* index of the part that control was decided by; DOMAIN_NONE: none was */
    const char *because; /* one plain sentence; NULL: the arena is full */
    size_t caa;          /* index of the part about CAA; DOMAIN_NONE: it was not checked */
};

struct domain_part domain_part_of(const struct report *r);
/* n parts, at least one, of one domain, each with a method of its own. */
struct domain_verdict domain_judge(struct arena *a, const struct domain_part *v, size_t n);
/* The part whose verdict is the domain's, control before CAA; DOMAIN_NONE: control was not checked, and CAA does not
 * fail. */
size_t domain_deciding(const struct domain_verdict *d, const struct domain_part *v);
/* Whether the domain's verdict rests on part i: it is the one that decides control, or about CAA, or one of the methods
 * that were named. What the others would need to pass need not be done. */
bool domain_in_use(const struct domain_verdict *d, const struct domain_part *v, size_t i);

/* The reports of one domain among many: n of them, from r on. .part: one for each. */
struct domain {
    const struct report *const *r;
    const struct domain_part *part;
    size_t n;
    struct domain_verdict is;
};
/* Puts neighbours together: reports on the same input, no two of them by the same method. Returns how many domains
 * there are, in *ret; 0 with n > 0: the arena is full. */
size_t domains_of(struct arena *a, const struct report *const *r, size_t n, struct domain **ret);
/* That of the worst: fail before undecided before pass; n may be 0, which passes. */
enum verdict domains_worst(const struct domain *v, size_t n);

#endif
