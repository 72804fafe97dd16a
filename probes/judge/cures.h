/* cures.h - chooses the cures that a finding shows: each was tried on the model first. Pure.
 *
 * The cause functions propose (finding_fix(), finding_or()); here other places and ways are added to what they propose,
 * everything is tried (prove.h), and at most CURES_MOST are left, the least change first. A cure that no zone can hold,
 * or that would break something, is dropped; where nothing else is left it is shown with what speaks against it. */
#ifndef DCV_CURES_H
#define DCV_CURES_H

#include "causes/finding.h"

/* For all findings of a report whose verdict stands and whose findings are in order. Sets .cures, .fixes and their
 * numbers. 0 or a negative errno. */
int cures_choose(struct judgement *j);

#endif
