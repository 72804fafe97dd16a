/* summary.h - one domain in a few words: for a row of a table, a subject, a group. Pure; texts are in the arena given,
 * and not escaped: what comes from the network may hold any bytes. */
#ifndef DCV_SUMMARY_H
#define DCV_SUMMARY_H

#include "judge/domain.h"

/* What one report says, whether or not it stands for its domain. No text is NULL: "" where there is none, or the arena
 * is full. */
struct summary_words {
    const char *code, *detail_code, *cause, *who_acts;
    const char *text;   /* one sentence: why it does not pass, or which risk there is; "" for a plain pass */
    const char *cure;   /* what to change, in one line; "" where nothing is known */
    const char *server; /* the name server of the domain, by name or address; "" where none was asked, or it passes */
    bool risky;         /* it passes with a risk */
};
struct summary_words summary_words_of(struct arena *a, const struct report *r);

/* The part that stands for the domain: the one with its risk, or whose verdict is the domain's, control before CAA.
 * DOMAIN_NONE: control was not checked, and CAA does not fail. risky: one for each part. */
size_t summary_part(const struct domain_verdict *is, const struct domain_part *part, const bool *risky, size_t n);

struct summary {
    const struct report *r; /* the one that stands for the domain, or NULL, see summary_part() */
    enum verdict verdict;
    struct summary_words words;
};
struct summary summary_of(struct arena *a, const struct domain *d);

/* The report in which a domain that passes has a risk: one of those that its verdict rests on. NULL: there is none. */
const struct report *summary_risky(const struct domain *d);
/* The report of summary_part(); NULL for DOMAIN_NONE. */
const struct report *summary_telling(const struct domain *d);

#endif
