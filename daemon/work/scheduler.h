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
#ifndef DCVD_LOOP_H
#define DCVD_LOOP_H

#include "base/log.h"
#include "base/waiter.h"
#include "db.h"
#include "run/conf.h"
#include "threads/generation.h"
#include "work/readers.h"
#include "work/verdict_counts.h"

struct loop;

/* generations, writer and readers must outlive it. 0 or a negative errno. */
int loop_new(uv_loop_t *uv, struct generations *generations, struct writer *writer, struct readers *readers,
             struct loop **ret);
/* Another configuration is in force. */
void loop_reload(struct loop *l);
/* Takes up what an earlier life left unfinished; before the uv loop runs. 0 or a negative errno of the store.
 */
int loop_resume(struct loop *l, struct db *db);
/* No new work. What runs may end within grace_ms, the rest stays queued in the store. stopped(user) comes
 * once nothing is under way to the writer any more; loop_free() then. */
void loop_stop(struct loop *l, uint32_t grace_ms, void (*stopped)(void *user), void *user);
void loop_free(struct loop *l);

/* What is told of every change of a job's state, its beginning included, once it is on disk as far as the
 * disk knows of it. Valid during the call. */
struct loop_news {
    int64_t id, watch; /* watch: that made it; 0: none did */
    const char *domain;
    enum db_state state;
    const struct db_result *results; /* of one that is done */
    size_t n_results;
};
typedef void loop_news_fn(void *user, const struct loop_news *news);
/* One listener, before loop_resume(): it hears of what is taken up, too. */
void loop_listen(struct loop *l, loop_news_fn *fn, void *user);

/* status: 0, or the negative errno for which the request is not on disk; id is valid with 0. */
typedef void loop_submit_fn(void *user, int64_t id, int status);
/* text: a request in canonical form (api.h), copied. watch: whose run it is, or 0. 0: fn will be called,
 * later. -EAGAIN: the queue is full; -ESHUTDOWN: the loop is stopping; -ENOMEM. */
int loop_submit(struct loop *l, int64_t watch, const char *domain, const char *text, size_t len,
                loop_submit_fn *fn, void *user);

/* ---- lines of batches */
struct loop_feeder {
    void (*began)(void *user, int64_t batch); /* a check of it is here: from loop_add() */
    void (*ended)(void *user, int64_t batch); /* one has ended, on disk too: there may be room for more */
    void *user;
};
void loop_feed(struct loop *l, const struct loop_feeder *feeder); /* before anything comes in */
/* How many more checks of batches may come in. */
size_t loop_room(const struct loop *l);
/* A check that the store has as a line of its batch. Takes text over, domain is copied. 0; -ESHUTDOWN, -ENOMEM: it is run
 * in the next life. */
int loop_add(struct loop *l, int64_t id, int64_t batch, const char *domain, char *text, size_t len);
size_t loop_running(const struct loop *l, int64_t batch); /* how many of its checks run */
/* Cancels what is alive of a batch; as loop_cancel(), but 0 and fn at once where that is nothing. */
typedef void loop_cancel_fn(void *user, int status);
int loop_cancel_batch(struct loop *l, int64_t batch, loop_cancel_fn *fn, void *user);

/* False: not a job that is alive; the store knows. */
bool loop_state(const struct loop *l, int64_t id, enum db_state *ret);

/* The results with which a job ends while those who wait for it are told: valid during their call, and on disk.
 * NULL: it does not end in this moment, or without results. */
const struct write_job *loop_ending(const struct loop *l, int64_t id);

/* False: not a job that is alive, fn will not be called. */
bool loop_wait(struct loop *l, int64_t id, struct waiter *w);

/* Cancels a job. fn comes when that, or a result that was faster, is on disk. -ENOENT: not a job that is
 * alive; -ESHUTDOWN, -ENOMEM. */
int loop_cancel(struct loop *l, int64_t id, loop_cancel_fn *fn, void *user);

struct loop_counters {
    uint64_t submitted, coalesced, refused, done, cancelled;
    size_t queued, running, unwritten; /* runs, checks, jobs */
    bool failing;                      /* the store refused the last write */
};
void loop_counters(const struct loop *l, struct loop_counters *ret);
const struct decided *loop_decided(const struct loop *l);

#endif
