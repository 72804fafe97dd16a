/* db_jobs.h - makes jobs for the tests of db/: requests, results, batches of a fixed time and with fixed texts.
 *
 * The caller owns a job and frees it with write_job_free(), unless a function of db/ takes it over. */
#ifndef DB_JOBS_H
#define DB_JOBS_H

#include "writer.h"

struct write_job *job_request(int64_t id, const char *domain);
struct write_job *job_results(int64_t id, size_t n);
struct write_job *job_cancel(int64_t id);
struct write_job *job_batch(enum write_kind kind, int64_t id);    /* a job of that kind with this id of a batch */
/* n lines of batch id, with ids from first on and domains "lineN.example". */
struct write_job *job_lines(int64_t id, int64_t first, size_t n);
/* Makes the n-th result of job_results() fail with this code, detail code and cause; before, all of them pass. */
void job_fail(struct write_job *job, size_t n, enum method method, enum code code, enum code detail,
              enum cause cause);

char *scratch_path(const char *name); /* a path in a new directory below TMPDIR; scratch_clean() removes the files */
void scratch_clean(char *path);

#endif
