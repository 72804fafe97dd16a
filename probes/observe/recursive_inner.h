/* recursive_inner.h - what the files of the recursive observer share: recursive.c (exchanges and contexts),
 * recursive_fact.c (a result of libunbound as a fact), recursive_files.c (trust anchor and root hints). */
#ifndef DCV_RECURSIVE_INNER_H
#define DCV_RECURSIVE_INNER_H

#include "observe/recursive.h"

#include <unbound.h>

/* ---- recursive_fact.c */
/* Fills f with what a validating resolver would answer to ask: SERVFAIL and the reason where the result is
 * bogus, unless ask->cd wants it all the same. 0 or -ENOMEM. */
int recursive_answer(struct arena *a, const struct ask *ask, const struct ub_result *result,
                     struct dns_fact *f);

/* ---- recursive_files.c */
/* The anchors of a file's text as records of one line each, or *why. 0, -EINVAL or -ENOMEM. */
int anchors_read(struct arena *a, const char *text, struct texts *ret, const char **why);
/* The same for root hints: nothing but whether they are any. */
int hints_read(struct arena *a, const char *text, const char **why);
/* recursive_files() with the anchors. */
int recursive_read(struct arena *a, const struct recursive_config *cfg, struct texts *anchors,
                   struct recursive_fault *fault);

#endif
