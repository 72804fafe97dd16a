/* recursive_inner.h - what the files of the recursive observer share: recursive.c (exchanges and contexts),
 * recursive_fact.c (turns a result of libunbound into a fact), recursive_files.c (trust anchor and root hints).
 * Functions only, which keep no state; results are in the arena given. */
#ifndef DCV_RECURSIVE_INNER_H
#define DCV_RECURSIVE_INNER_H

#include "observe/recursive.h"

#include <unbound.h>

/* ---- recursive_fact.c */
/* Fills f with what a validating resolver would answer to ask: SERVFAIL and the reason where the result is bogus,
 * unless ask->cd is set. 0 or -ENOMEM. */
int recursive_answer(struct arena *a, const struct ask *ask, const struct ub_result *result,
                     struct dns_fact *f);

/* ---- recursive_files.c */
/* Reads the anchors of a file's text, each as a record of one line. 0, -EINVAL with *why, or -ENOMEM. */
int anchors_read(struct arena *a, const char *text, struct texts *ret, const char **why);
/* The same for root hints, but only checks that they can be read. */
int hints_read(struct arena *a, const char *text, const char **why);
/* As recursive_files(), and returns the anchors. */
int recursive_read(struct arena *a, const struct recursive_config *cfg, struct texts *anchors,
                   struct recursive_fault *fault);

#endif
