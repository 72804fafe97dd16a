/* evidence.h - the asks and facts of one check: each question is stored once and found by its hash. Pure.
 *
 * plan adds asks, the driver adds the facts that came back, and judge finds facts by their question. A struct evidence
 * belongs to its check, asks and facts are in the arena of the check; one thread at a time. */
#ifndef DCV_EVIDENCE_H
#define DCV_EVIDENCE_H

#include "model/dcv.h"

/* Bounds of one check against hostile chains; plan has narrower ones for each kind of question. PLACES: web servers, by
 * address and port, that it connects to. */
enum { EVIDENCE_ASKS_MOST = 1024, EVIDENCE_PLACES_MOST = 32 };
/* True where a fetch would connect to one more web server than a check may. */
bool evidence_places_full(const struct evidence *ev, const struct ask *fetch);
/* True where a bound was reached, so that something may not have been asked. */
bool evidence_bounded(const struct evidence *ev);

void evidence_init(struct evidence *ev, struct arena *a, size_t most_asks);
/* The ask with this question; it is added where it is new, and then *is_new (is_new may be NULL) is true. NULL: there
 * are most_asks already, or the arena is full. The texts of question are copied. */
struct ask *evidence_ask(struct evidence *ev, const struct ask *question, bool *is_new);
/* The ask with this question, or NULL. */
struct ask *evidence_find(const struct evidence *ev, const struct ask *question);
/* Adds a fact: gives it a number and makes it the fact of its ask (fact->ask, from evidence_ask()). 0 or -ENOMEM. */
int evidence_add(struct evidence *ev, struct fact *fact);

#endif
