/* outbox.h - what goes from the scheduler to the store, and is kept until it is on disk.
 *
 * While the store takes nothing in, results are kept and written again after a while. Thread: the main loop's. */
#ifndef DCVD_OUTBOX_H
#define DCVD_OUTBOX_H

#include "work/job.h"
#include "work/run.h"

/* Every write of the scheduler begins and ends with these, so that it knows when nothing is under way any more. */
void outbox_push(struct scheduler *s, struct write_job *w);
void outbox_end(struct scheduler *s, struct write_job *w); /* in w's done(): frees w */
/* Stores results for a job of r; the job ends when they are on disk. 0 or -ENOMEM. */
int outbox_results(const struct run *r, struct job *j, struct report *const *reports, size_t n);
/* Drops the results that wait to be written again: their checks are still queued in the store, and are run again after
 * the next start. */
void outbox_drop_failed(struct scheduler *s);

#endif
