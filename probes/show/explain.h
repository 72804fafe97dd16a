/* explain.h - what a code means, for a person: what the CA saw, what to check, and how to reproduce it. Pure.
 *
 * The variables of a code come from outside and may hold any bytes. The texts made of them here are safe to show on a
 * terminal and to paste into a shell. They live in the arena given. */
#ifndef DCV_EXPLAIN_H
#define DCV_EXPLAIN_H

#include "format/json_write.h"
#include "show/render.h"

/* How certain it is that a code of this basis means what is said of it, in one sentence. */
const char *basis_sentence(enum code_basis b);
/* What `dcvprobe explain` prints of one code: what the CA saw, what to check, how certain that is, and which
 * command reproduces it (or, for account codes, that only the CA can see it and where to look).
 * p: the profile whose rules by date are shown, as they are at now. */
void explain_code(struct buf *b, struct arena *a, enum code c, const char *const variables[2], const struct render *how,
                  const struct profile *p, dcv_time now);
/* The same as a JSON object, member `key`. */
void explain_code_json(struct json_out *j, const char *key, struct arena *a, enum code c,
                       const char *const variables[2], const struct profile *p, dcv_time now);

#endif
