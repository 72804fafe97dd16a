/* scheduler.h - the checks of this daemon: admission, one run for equal requests, and the way of each into the
 * store.
 *
 * A job is an accepted request with an id of its own. A run is the work for one request text: one check for
 * each of its methods. Equal requests that are in flight at the same time are jobs of one run; each gets
 * results of its own.
 *
 *   submit -> WRITE_REQUEST committed -> queued -> running -> reports -> WRITE_RESULTS committed -> gone
 *
 * A job is on disk before anybody is told its id and leaves memory only when its results, or its
 * cancellation, are on disk too. While the store takes nothing in, results wait here and are tried again.
 *
 * Lines of batches come in as checks that are on disk already, as many as there is room for, and become rows of
 * request with their results. They wait behind checks that came alone, and leave a part of the places for these.
 *
 * Thread: that of the uv loop, callbacks too. */
#ifndef DCVD_SCHEDULER_H
#define DCVD_SCHEDULER_H

#include "base/log.h"
#include "base/waiter.h"
#include "run/conf.h"
#include "threads/generation.h"
#include "work/readers.h"
#include "work/verdict_counts.h"
#include "writer.h"

struct scheduler;

/* generations, writer and readers must outlive it. 0 or a negative errno. */
int scheduler_new(uv_loop_t *uv, struct generations *generations, struct writer *writer, struct readers *readers,
             struct scheduler **ret);
/* Another configuration is in force. */
void scheduler_reload(struct scheduler *l);
/* Takes up what an earlier life left unfinished; before the uv loop runs. 0 or a negative errno of the store.
 */
int scheduler_resume(struct scheduler *l, struct db *db);
/* No new work. What runs may end within grace_ms, the rest stays queued in the store. stopped(user) comes
 * once nothing is under way to the writer any more; scheduler_free() then. */
void scheduler_stop(struct scheduler *l, uint32_t grace_ms, void (*stopped)(void *user), void *user);
void scheduler_free(struct scheduler *l);

/* What is told of every change of a job's state, its beginning included, once it is on disk as far as the
 * disk knows of it. Valid during the call. */
struct scheduler_news {
    int64_t id, watch; /* watch: that made it; 0: none did */
    const char *domain;
    enum db_state state;
    const struct db_result *results; /* of one that is done */
    size_t n_results;
};
typedef void scheduler_news_fn(void *user, const struct scheduler_news *news);
/* One listener, before scheduler_resume(): it hears of what is taken up, too. */
void scheduler_listen(struct scheduler *l, scheduler_news_fn *fn, void *user);

/* status: 0, or the negative errno for which the request is not on disk; id is valid with 0. */
typedef void scheduler_submit_fn(void *user, int64_t id, int status);
/* text: a request in canonical form (api.h), copied. watch: whose run it is, or 0. 0: fn will be called,
 * later. -EAGAIN: the queue is full; -ESHUTDOWN: the loop is stopping; -ENOMEM. */
int scheduler_submit(struct scheduler *l, int64_t watch, const char *domain, const char *text, size_t len,
                scheduler_submit_fn *fn, void *user);

/* ---- lines of batches */
struct scheduler_feeder {
    void (*began)(void *user, int64_t batch); /* a check of it is here: from scheduler_add() */
    void (*ended)(void *user, int64_t batch); /* one has ended, on disk too: there may be room for more */
    void *user;
};
void scheduler_feed(struct scheduler *l, const struct scheduler_feeder *feeder); /* before anything comes in */
/* How many more checks of batches may come in. */
size_t scheduler_room(const struct scheduler *l);
/* A check that the store has as a line of its batch. Takes text over, domain is copied. 0; -ESHUTDOWN, -ENOMEM: it is run
 * in the next life. */
int scheduler_add(struct scheduler *l, int64_t id, int64_t batch, const char *domain, char *text, size_t len);
size_t scheduler_running(const struct scheduler *l, int64_t batch); /* how many of its checks run */
/* Cancels what is alive of a batch; as scheduler_cancel(), but 0 and fn at once where that is nothing. */
typedef void scheduler_cancel_fn(void *user, int status);
int scheduler_cancel_batch(struct scheduler *l, int64_t batch, scheduler_cancel_fn *fn, void *user);

/* False: not a job that is alive; the store knows. */
bool scheduler_state(const struct scheduler *l, int64_t id, enum db_state *ret);

/* The results with which a job ends while those who wait for it are told: valid during their call, and on disk.
 * NULL: it does not end in this moment, or without results. */
const struct write_job *scheduler_ending(const struct scheduler *l, int64_t id);

/* False: not a job that is alive, fn will not be called. */
bool scheduler_wait(struct scheduler *l, int64_t id, struct waiter *w);

/* Cancels a job. fn comes when that, or a result that was faster, is on disk. -ENOENT: not a job that is
 * alive; -ESHUTDOWN, -ENOMEM. */
int scheduler_cancel(struct scheduler *l, int64_t id, scheduler_cancel_fn *fn, void *user);

struct scheduler_counters {
    uint64_t submitted, coalesced, refused, done, cancelled;
    size_t queued, running, unwritten; /* runs, checks, jobs */
    bool failing;                      /* the store refused the last write */
};
void scheduler_counters(const struct scheduler *l, struct scheduler_counters *ret);
const struct verdict_counts *scheduler_verdicts(const struct scheduler *l);

#endif
