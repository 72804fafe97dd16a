/* evidence.h - the store of asks and facts: every question once, found again by its hash. Pure.
 *
 * plan puts asks in, the driver adds what came back, and whoever judges finds facts by their question. All of it lives in
 * the arena of the check. */
#ifndef DCV_EVIDENCE_H
#define DCV_EVIDENCE_H

#include "model/dcv.h"

void evidence_init(struct evidence *ev, struct arena *a, size_t most_asks);
/* The ask with this question, made if it is new (*is_new, which may be NULL, says so). NULL past the bound
 * or where the arena is full. Texts of the question are copied. */
struct ask *evidence_ask(struct evidence *ev, const struct ask *question, bool *is_new);
/* The ask with this question, or NULL. */
struct ask *evidence_find(const struct evidence *ev, const struct ask *question);
/* Takes fact in: numbers it and ties it to its ask (fact->ask, made by evidence_ask). 0 or -ENOMEM. */
int evidence_add(struct evidence *ev, struct fact *fact);

#endif
