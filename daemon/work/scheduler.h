/* scheduler.h - the checks of this daemon: which are taken in, when each runs, and how its results reach the store.
 *
 * A job is an accepted request with an id of its own (job.h). A run is the work for one request text, a check for each
 * of its methods (run.h). Equal requests that are in flight at the same time are jobs of one run, and each gets results
 * of its own.
 *
 *   submit -> WRITE_REQUEST committed -> queued -> running -> reports -> WRITE_RESULTS committed -> freed
 *
 * A job is on disk before anybody is told its id, and leaves memory only when its results or its cancellation are on
 * disk, too. While the store takes nothing in, results are kept and written again later (outbox.h).
 *
 * Lines of batches are on disk already when they come here, as many as there is room for, and become rows of request
 * when they end. They wait behind checks that came alone, and a part of what may run at a time is kept free for these.
 *
 * Thread: the main loop's, callbacks too. Header of scheduler.c and scheduler_*.c. */
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
/* Another configuration is in force: no run that began under the old one takes more jobs in. */
void scheduler_reload(struct scheduler *s);
/* Takes up the checks that had not ended when the last process did; before the loop runs. 0 or a negative errno of the
 * store. */
int scheduler_resume(struct scheduler *s, struct db *db);
/* Takes nothing new in. What runs may end within grace_ms, the rest stays queued in the store. stopped(user) comes
 * once nothing is with the writer any more; scheduler_free() then. */
void scheduler_stop(struct scheduler *s, uint32_t grace_ms, void (*stopped)(void *user), void *user);
void scheduler_free(struct scheduler *s);

/* A job's new state, the first one included, but of a line of a batch its end alone; told once it is on disk (the store
 * knows no running checks). Valid during the call. */
struct scheduler_news {
    int64_t id, watch; /* watch: that made it; 0: none did */
    const char *domain;
    const char *label; /* of its request, as JSON; NULL: none */
    enum db_state state;
    const struct db_result *results; /* of one that is done */
    size_t n_results;
};
typedef void scheduler_news_fn(void *user, const struct scheduler_news *news);
/* The one listener; before scheduler_resume(), so that it hears of what is taken up, too. */
void scheduler_listen(struct scheduler *s, scheduler_news_fn *fn, void *user);

/* status: 0, or the negative errno for which the request is not on disk; id is valid with 0. -EEXIST: the key was used
 * for another body. With a key that was used for the same one, id is that of the earlier check. */
typedef void scheduler_submit_fn(void *user, int64_t id, int status);
/* text: a request in canonical form (api.h), copied. watch: that makes it, or 0. 0: fn will be called, later.
 * key: NULL, or under which nothing is made twice; its text is copied. -EAGAIN: the queue is full; -ESHUTDOWN: the
 * scheduler is stopping; -ENOMEM. */
int scheduler_submit(struct scheduler *s, int64_t watch, const char *domain, const char *text, size_t len,
                     const struct db_key *key, scheduler_submit_fn *fn, void *user);

/* False: not a job in memory; the store knows. */
bool scheduler_state(const struct scheduler *s, int64_t id, enum db_state *ret);
/* The label of such a job, as JSON, valid until its state changes; NULL: none. */
const char *scheduler_label(const struct scheduler *s, int64_t id);
/* w->fn is called at the next change of the job's state. False: not a job in memory, fn will not be called. */
bool scheduler_wait(struct scheduler *s, int64_t id, struct waiter *w);
/* The results with which a job ends, while those who wait for it are told: valid during their call, and on disk.
 * NULL: it does not end at this moment, or ends without results. */
const struct write_job *scheduler_ending(const struct scheduler *s, int64_t id);

/* reports: in an arena that is freed after the call; n is 0 where the check could not be run. */
typedef void scheduler_probe_fn(void *user, struct report *const *reports, size_t n);
/* A check that is not stored: it joins an equal one that has not ended, is told to no listener, and nobody can ask for
 * it. fn will be called, later, unless the scheduler stops before. As scheduler_submit() else. */
int scheduler_probe(struct scheduler *s, const char *domain, const char *text, size_t len, scheduler_probe_fn *fn,
                    void *user);

typedef void scheduler_cancel_fn(void *user, int status);
/* Cancels a job. fn comes when that, or a result that was faster, is on disk. -ENOENT: not a job in memory; -ESHUTDOWN,
 * -ENOMEM. */
int scheduler_cancel(struct scheduler *s, int64_t id, scheduler_cancel_fn *fn, void *user);

/* ---- scheduler_batch.c: lines of batches */
struct scheduler_feeder {
    void (*began)(void *user, int64_t batch); /* a check of it was added: within scheduler_add() */
    void (*ended)(void *user, int64_t batch); /* one has ended, on disk too: there may be room for more */
    void *user;
};
void scheduler_feed(struct scheduler *s, const struct scheduler_feeder *feeder); /* before anything is added */
size_t scheduler_room(const struct scheduler *s); /* how many more lines may be added */
/* A check that the store has as a line of its batch. Takes text over, domain is copied. 0; -ESHUTDOWN, -ENOMEM: it is
 * run after the next start. */
int scheduler_add(struct scheduler *s, int64_t id, int64_t batch, const char *domain, char *text, size_t len);
size_t scheduler_running(const struct scheduler *s, int64_t batch); /* how many of its checks run */
/* Cancels the jobs of a batch; as scheduler_cancel(), but where there are none fn is called at once. 0 or -ENOMEM. */
int scheduler_cancel_batch(struct scheduler *s, int64_t batch, scheduler_cancel_fn *fn, void *user);

struct scheduler_counters {
    uint64_t submitted, coalesced, refused, done, cancelled;
    size_t queued, running, unwritten; /* runs, checks, jobs */
    size_t memory;                     /* bytes of the checks that run */
    bool failing;                      /* the store refused the last write */
};
void scheduler_counters(const struct scheduler *s, struct scheduler_counters *ret);
const struct verdict_counts *scheduler_verdicts(const struct scheduler *s);

#endif
