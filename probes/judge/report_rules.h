/* report_rules.h - the rules by date that a report follows from. Pure. */
#ifndef DCV_REPORT_RULES_H
#define DCV_REPORT_RULES_H

#include "ca/rules.h"

/* RULE_BITs of the rules that bear on a report, by its request, verdict, code and findings; it is kept nowhere. */
unsigned report_rules(const struct report *r);
/* A control validation that passes may be reused until then (BR 4.2.1; dns-persist: BR 3.2.2.4.22); TIME_UNKNOWN for
 * any other report. */
dcv_time report_reusable_until(const struct report *r);

#endif
