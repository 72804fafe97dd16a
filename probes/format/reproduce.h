/* reproduce.h - the command that asks by hand what a fact answers. Pure. */
#ifndef DCV_REPRODUCE_H
#define DCV_REPRODUCE_H

#include "model/dcv.h"

/* It came from the root down, from no resolver that could be asked again. */
bool fact_is_recursive(const struct fact *f);
/* The dig, unbound-host or curl line that asks the same by hand, quoted for a POSIX shell. NULL where the
 * arena is full. */
char *reproduce_command(struct arena *a, const struct fact *f);
/* "\"…\"" with what a POSIX shell needs. */
char *shell_quote(struct arena *a, const char *s);

#endif
