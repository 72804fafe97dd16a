/* judge_inner.h - judge() with a given order of its cause functions, for tests. Pure.
 *
 * The report is the same whatever the order; a test checks this. */
#ifndef DCV_JUDGE_INNER_H
#define DCV_JUDGE_INNER_H

#include "model/dcv.h"

/* order: each cause of causes.def once. Otherwise like judge(). */
int judge_in_order(const struct request *r, const struct evidence *ev, struct arena *a,
                   const enum cause order[CAUSE_COUNT], struct report *ret);

#endif
