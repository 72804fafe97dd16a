/* json_rules.h - writes the rules by date that a report follows from. Pure. */
#ifndef DCV_JSON_RULES_H
#define DCV_JSON_RULES_H

#include "format/json_write.h"

/* The members "rules", a list, and "reusable_until" where the report has one. They follow from the rest of it. */
void json_write_rules(struct json_out *j, struct arena *a, const struct report *r);

#endif
