/* results.h - from reports to the job that stores them. Any thread; owns nothing. */
#ifndef DCVD_RESULTS_H
#define DCVD_RESULTS_H

#include "db.h"

/* A WRITE_RESULTS job for a check: all texts are copies, the caller sets .at, .done and .user and pushes it.
 * The reports' .id is set while it is made. 0 or -ENOMEM. */
int results_job(int64_t id, struct report *const *reports, size_t n, struct write_job **ret);

#endif
