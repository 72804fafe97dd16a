/* watches.h - requests that are run again and again, each run a check like any other.
 *
 *   add -> WRITE_WATCH committed -> due -> scheduler_submit() -> the check's end -> WRITE_WATCH_STEP committed ->
 * due …
 *
 * In memory is a watch only while it is active; all of it is on disk, so that a restart goes on where it
 * stopped: a check that had not ended is the watch's run, what was missed meanwhile is one run. A run that
 * finds the queue full, or the store failing, is tried again soon. Thread: the loop's. */
#ifndef DCVD_WATCHES_H
#define DCVD_WATCHES_H

#include "work/events.h"
#include "work/scheduler.h"

enum { WATCHES_MOST = 10000 };

struct watches;
/* All that is given must outlive it. 0 or a negative errno. */
int watches_new(uv_loop_t *uv, const struct conf *conf, struct scheduler *scheduler, struct writer *writer,
                struct events *events, struct watches **ret);
/* Takes up what an earlier life left: before scheduler_resume(), of which it has to hear. 0 or a negative errno of
 * the store. */
int watches_resume(struct watches *ws, struct db *db);
/* What the loop tells: how their checks come along. */
void watches_hear(struct watches *ws, const struct scheduler_news *news);
/* Begins nothing more; what is under way to the writer comes to its end there. */
void watches_stop(struct watches *ws);
void watches_free(struct watches *ws); /* after the writer; NULL is allowed */

struct watch_order {
    const char *domain, *request; /* as of scheduler_submit() */
    size_t request_len;
    int64_t interval; /* milliseconds; 0: the CA's steps */
    enum watch_until until;
};
/* status: 0, or the negative errno for which it is not done. */
typedef void watch_fn(void *user, int64_t id, int status);
/* 0: fn will be called, later. -EAGAIN: there are as many as there may be; -ESHUTDOWN, -ENOMEM. */
int watches_add(struct watches *ws, const struct watch_order *order, watch_fn *fn, void *user);
/* An ended one, too; a check that it made goes on. 0: fn will be called, with -ENOENT where there is none;
 * -ESHUTDOWN, -ENOMEM. */
int watches_delete(struct watches *ws, int64_t id, watch_fn *fn, void *user);

/* What only memory knows of an active one. */
struct watch_now {
    dcv_time next; /* TIME_UNKNOWN while it runs */
    int64_t check; /* under way; 0: none */
};
bool watches_now(const struct watches *ws, int64_t id,
                 struct watch_now *ret); /* false: none that is active */
size_t watches_count(const struct watches *ws);

#endif
