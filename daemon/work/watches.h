/* watches.h - requests that are run again and again; each run is a check like any other.
 *
 *   add -> WRITE_WATCH committed -> due -> scheduler_submit() -> the check's end -> WRITE_WATCH_STEP committed -> due …
 *
 * A watch is in memory only while it is active. All of it is on disk, so that after a restart it goes on: a check that
 * had not ended is its run, and for the runs that were missed there is one. A run that finds the queue full, or the
 * store failing, is tried again soon. Thread: the main loop's. */
#ifndef DCVD_WATCHES_H
#define DCVD_WATCHES_H

#include "work/events.h"
#include "work/scheduler.h"

enum { WATCHES_MOST = 10000 };

struct watches;
/* All that is given must outlive it. 0 or a negative errno. */
int watches_new(uv_loop_t *uv, const struct conf *conf, struct scheduler *scheduler, struct writer *writer,
                struct events *events, struct watches **ret);
/* Takes up the active watches: before scheduler_resume(), of which it has to hear. 0 or a negative errno of the
 * store. */
int watches_resume(struct watches *ws, struct db *db);
/* What the scheduler tells of their checks. */
void watches_hear(struct watches *ws, const struct scheduler_news *news);
/* Begins nothing more; jobs that are with the writer end there. */
void watches_stop(struct watches *ws);
void watches_free(struct watches *ws); /* after the writer; NULL is allowed */

struct watch_order {
    const char *domain, *request; /* as of scheduler_submit() */
    size_t request_len;
    int64_t interval; /* milliseconds; 0: the CA's steps */
    enum watch_until until;
    struct db_key key; /* as of scheduler_submit(); .text NULL: none */
};
/* status: 0, or the negative errno for which it is not done; -EEXIST: the key was used for another body. */
typedef void watch_fn(void *user, int64_t id, int status);
/* 0: fn will be called, later. -EAGAIN: there are WATCHES_MOST; -ESHUTDOWN, -ENOMEM. */
int watches_add(struct watches *ws, const struct watch_order *order, watch_fn *fn, void *user);
/* Also one that has ended; a check that it has made goes on. 0: fn will be called, with -ENOENT where there is none;
 * -ESHUTDOWN, -ENOMEM. */
int watches_delete(struct watches *ws, int64_t id, watch_fn *fn, void *user);

/* What the store does not know of an active watch. */
struct watch_now {
    dcv_time next; /* TIME_UNKNOWN while it runs */
    int64_t check; /* under way; 0: none */
};
bool watches_now(const struct watches *ws, int64_t id, struct watch_now *ret); /* false: it is not active */
size_t watches_count(const struct watches *ws);                                /* of active ones */

#endif
