/* batches.h - batches at work: reads their lines in the store, a few hundred at a time, and gives them to the
 * loop as checks; cancels them, and sweeps away what is left of those that were. A line stays where it is until
 * its check has ended, so that whatever happens meanwhile it is run again under the same id.
 *
 * In memory is a batch only while it has lines that have not ended; what became of it is
 * the store's to tell. Several share the room there is, each in its turn. Thread: the loop's. */
#ifndef DCVD_BATCHES_H
#define DCVD_BATCHES_H

#include "work/scheduler.h"

struct batches;
/* Becomes the loop's feeder. loop, writer and readers must outlive it. 0 or a negative errno. */
int batches_new(uv_loop_t *uv, struct scheduler *scheduler, struct writer *writer, struct readers *readers,
                struct batches **ret);
/* Takes up what an earlier life left: after db_batches_abandon(), before the uv loop runs. 0 or a negative
 * errno of the store. */
int batches_resume(struct batches *b, struct db *db);
/* Takes nothing more; what waits stays in the store. */
void batches_stop(struct batches *b);
void batches_free(struct batches *b); /* after the loop that it feeds has stopped, and the writer */

/* One has been accepted: its lines are run from now on. */
void batches_open(struct batches *b, int64_t id);
/* One was not, and never will be: it leaves the store. One that is not there is allowed. */
void batches_drop(struct batches *b, int64_t id);

/* Cancels what has not ended of it. fn comes when that is on disk. -ENOENT: it has ended, or never was;
 * -ESHUTDOWN, -ENOMEM. */
int batches_cancel(struct batches *b, int64_t id, scheduler_cancel_fn *fn, void *user);
size_t batches_alive(const struct batches *b, int64_t id); /* how many of its checks the loop has */
/* Waits for its end. False: it has ended, or never was; fn will not be called. */
bool batches_wait(struct batches *b, int64_t id, struct waiter *w);

#endif
