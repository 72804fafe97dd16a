/* results.h - makes of reports the job that stores them, and their summary. Any thread; owns nothing. */
#ifndef DCVD_RESULTS_H
#define DCVD_RESULTS_H

#include "format/json_write.h"
#include "writer.h"

/* A WRITE_RESULTS job for a check, with copies of all texts; the caller sets .at, .done and .user, and pushes it.
 * shown: with the reports as the API shows them, too, unless they are very long. 0 or -ENOMEM. */
int results_job(int64_t id, struct report *const *reports, size_t n, bool shown, struct write_job **ret);

/* What the reports of a check come to together (judge/domain.h): the verdict, and in *by the result that decides, NULL
 * where none does. Undecided for n 0. */
enum verdict results_verdict(const struct db_result *r, size_t n, const struct db_result **by);

/* The results of a check in short: a list of {"method","verdict","code","detail_code","cause"}, with the first cause.
 * The texts of two checks of one request are equal if nothing has changed. */
void results_summary(struct json_out *j, const char *key, const struct db_result *r, size_t n);

#endif
