/* summary.h - one domain in a few words: for a row of a table, a subject, a group. Pure; texts are in the
 * arena given, and not escaped: what comes from the network may hold any bytes. */
#ifndef DCV_SUMMARY_H
#define DCV_SUMMARY_H

#include "judge/domain.h"

struct summary {
    const struct report
        *r; /* the report that stands for the domain; NULL: control was not checked, and CAA does not fail */
    enum verdict verdict;
    const char *code, *detail_code, *cause, *who_acts; /* "" where there is none */
    const char *text; /* one sentence: why it does not pass, or which risk there is; "" for a plain pass */
    const char *cure; /* what to change, in one line; "" where nothing is known */
    const char
        *server; /* the name server, or other address, that the proof begins with; "" where there is none */
};
/* Where the arena is full, texts are "". */
struct summary summary_of(struct arena *a, const struct domain *d);

/* The report in which a domain that passes has a risk: one of those that its verdict rests on. NULL: there is
 * none. */
const struct report *summary_risky(const struct domain *d);
/* The report that stands for the domain: the one with its risk, or whose verdict is the domain's, control
 * before CAA. NULL: control was not checked, and CAA does not fail. */
const struct report *summary_telling(const struct domain *d);

#endif
