/* line_verdict.h - the verdict on the domain of a line of a batch, from the line's reports as they come.
 *
 * A line has a report for each of its methods, and they come in any order, from this run or from an earlier one. A
 * struct line_verdict lives from line_verdict_new() to the last of these reports; its pointer then is no longer valid.
 * One thread. */
#ifndef DCV_LINE_VERDICT_H
#define DCV_LINE_VERDICT_H

#include "judge/domain.h"

struct line_verdict;
/* n: how many reports will come, at least one. NULL: out of memory. */
struct line_verdict *line_verdict_new(size_t n);
/* Adds a report; NULL: that one will not come. True with the last one: *ret is the domain's verdict, undecided where
 * one did not come and those that did do not fail. */
bool line_verdict_add(struct line_verdict *l, const struct domain_part *part, enum verdict *ret);

#endif
