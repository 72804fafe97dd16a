/* judge_inner.h - parts of judge(). Pure.
 *
 * judge_in_order() is judge() with a given order of its cause functions: the report is the same whatever the order, and
 * a test checks this. judge_verdict() finds the verdict only. */
#ifndef DCV_JUDGE_INNER_H
#define DCV_JUDGE_INNER_H

#include "model/dcv.h"

/* order: each cause of causes.def once. Otherwise like judge(). */
int judge_in_order(const struct request *r, const struct evidence *ev, struct arena *a,
                   const enum cause order[CAUSE_COUNT], struct report *ret);
/* The verdict alone, without findings: what a cure is tried by. 0 or a negative errno. */
int judge_verdict(const struct request *r, const struct evidence *ev, struct arena *a, struct report *ret);

#endif
