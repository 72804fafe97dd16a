/* verdict_counts.h - counts the results of checks since the daemon started, as they reach the disk. Thread: its
 * owner's. */
#ifndef DCVD_VERDICT_COUNTS_H
#define DCVD_VERDICT_COUNTS_H

#include "base/histogram.h"
#include "rows.h"

struct verdict_counts {
    uint64_t reports[METHOD_COUNT][0 DCV_VERDICTS(DCV_ONE)]; /* by enum verdict */
    struct histogram seconds[METHOD_COUNT];
    uint64_t codes[CODE_COUNT + 1], causes[CAUSE_COUNT + 1]; /* by enum; a report's causes, each once */
};
void verdict_counts_add(struct verdict_counts *d, const struct db_result *results, size_t n);

#endif
