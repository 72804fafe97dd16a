/* reproduce.h - the shell command that repeats the question of a fact. Functions only: results are in the arena given.
 * Any thread. Pure. */
#ifndef DCV_REPRODUCE_H
#define DCV_REPRODUCE_H

#include "model/dcv.h"

/* True where the built-in recursive resolver answered, so there is no resolver that could be asked again. */
bool fact_is_recursive(const struct fact *f);
/* The dig, unbound-host or curl command that asks the same question, quoted for a POSIX shell. p: the CA whose fetches
 * are repeated, NULL for the built-in one. NULL where the arena is full. */
char *reproduce_command(struct arena *a, const struct profile *p, const struct fact *f);
/* The text as one word, quoted for a POSIX shell. NULL where the arena is full. */
char *shell_quote(struct arena *a, const char *s);

#endif
