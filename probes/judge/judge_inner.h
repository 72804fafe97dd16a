/* judge_inner.h - judge() with its causes looking in an order of one's own. Pure.
 *
 * The report is the same whatever the order; a test holds the causes to that. */
#ifndef DCV_JUDGE_INNER_H
#define DCV_JUDGE_INNER_H

#include "model/dcv.h"

/* order: each cause of causes.def once. All else as judge(). */
int judge_in_order(const struct request *r, const struct evidence *ev, struct arena *a,
                   const enum cause order[CAUSE_COUNT], struct report *ret);

#endif
