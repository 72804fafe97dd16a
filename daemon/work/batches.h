/* batches.h - runs the lines of batches: reads them from the store, a few hundred at a time, and gives them to the
 * scheduler as checks; cancels batches, and deletes the lines that a cancelled one leaves in the store.
 *
 * A line stays in the store until its check has ended, so that after a crash it is run again under the same id. A batch
 * is in memory only while it has lines that have not ended; its results are only in the store. Several batches take
 * turns to give lines. Thread: the main loop's. */
#ifndef DCVD_BATCHES_H
#define DCVD_BATCHES_H

#include "work/scheduler.h"

struct batches;
/* Becomes the scheduler's feeder. scheduler, writer and readers must outlive it. 0 or a negative errno. */
int batches_new(uv_loop_t *uv, struct scheduler *scheduler, struct writer *writer, struct readers *readers,
                struct batches **ret);
/* Takes up the batches that had not ended when the last process did: after db_batches_abandon(), before the loop runs.
 * 0 or a negative errno of the store. */
int batches_resume(struct batches *b, struct db *db);
/* Gives no more lines to the scheduler; those that wait stay in the store. */
void batches_stop(struct batches *b);
void batches_free(struct batches *b); /* after the scheduler has stopped, and the writer */

/* A batch has been accepted: its lines are run from now on. */
void batches_open(struct batches *b, int64_t id);
/* A batch was not accepted, and never will be: it is deleted from the store. One that is not there is allowed. */
void batches_drop(struct batches *b, int64_t id);

/* Cancels the lines that have not ended. fn comes when that is on disk. -ENOENT: it has ended, or there is none;
 * -ESHUTDOWN, -ENOMEM. */
int batches_cancel(struct batches *b, int64_t id, scheduler_cancel_fn *fn, void *user);
size_t batches_alive(const struct batches *b, int64_t id); /* how many of its checks the scheduler has */
/* w->fn is called at its end. False: it has ended, or there is none; fn will not be called. */
bool batches_wait(struct batches *b, int64_t id, struct waiter *w);

#endif
