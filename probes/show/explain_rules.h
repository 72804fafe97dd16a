/* explain_rules.h - the rules by date that bear on an error of the API. Pure. */
#ifndef DCV_EXPLAIN_RULES_H
#define DCV_EXPLAIN_RULES_H

#include "ca/profile.h"

/* What `explain` says of the rules that bear on a code at now: one text for each rule, of one or more sentences. None
 * where no rule by date bears on it. 0 or -ENOMEM. */
int explain_rules(struct arena *a, enum code c, const struct profile *p, dcv_time now, struct texts *ret);

#endif
