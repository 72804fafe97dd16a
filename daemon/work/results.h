/* results.h - from reports to the job that stores them. Any thread; owns nothing. */
#ifndef DCVD_RESULTS_H
#define DCVD_RESULTS_H

#include "format/json.h"
#include "writer.h"

/* A WRITE_RESULTS job for a check: all texts are copies, the caller sets .at, .done and .user and pushes it.
 * shown: with the reports as the API shows them, too, unless they are very long. The reports' .id is set while it is made. 0 or -ENOMEM. */
int results_job(int64_t id, struct report *const *reports, size_t n, bool shown, struct write_job **ret);

/* What a check came to, in short: a list of {"method","verdict","code","detail_code","cause"}, cause being
 * the first. Of two checks of one request the texts are equal where nothing changed. */
void results_summary(struct json_out *j, const char *key, const struct db_result *r, size_t n);

#endif
