/* db_jobs.h - jobs for the tests of db/: a request with two results that name causes and codes. */
#ifndef DB_JOBS_H
#define DB_JOBS_H

#include "writer.h"

struct write_job *job_request(int64_t id, const char *domain);
struct write_job *job_results(int64_t id, size_t n);
struct write_job *job_cancel(int64_t id);
struct write_job *job_batch(enum write_kind kind, int64_t id);    /* of a batch, without more */
struct write_job *job_lines(int64_t id, int64_t first, size_t n); /* of "lineN.example" */
/* The n-th result fails with this code, detail and cause; those of job_results() pass. */
void job_fail(struct write_job *job, size_t n, enum method method, enum code code, enum code detail,
              enum cause cause);

char *scratch_path(const char *name); /* in a new directory below TMPDIR, which scratch_clean() empties */
void scratch_clean(char *path);

#endif
