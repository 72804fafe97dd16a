/* recursive_inner.h - what recursive.c (exchanges and contexts) uses of recursive_fact.c. A function without state; its
 * results are in the arena given. */
#ifndef DCV_RECURSIVE_INNER_H
#define DCV_RECURSIVE_INNER_H

#include "observe/recursive.h"

#include <unbound.h>

/* Fills f with what a validating resolver would answer to ask: SERVFAIL and the reason where the result is bogus,
 * unless ask->cd is set. 0 or -ENOMEM. */
int recursive_answer(struct arena *a, const struct ask *ask, const struct ub_result *result,
                     struct dns_fact *f);

#endif
