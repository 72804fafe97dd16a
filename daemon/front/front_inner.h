/* front_inner.h - what front*.c share with each other; nobody else includes it.
 *
 * A call is one exchange on its way to its answer. It is in its front's list from the start; call_answer()
 * and those built on it end it. */
#ifndef DCVD_FRONT_INNER_H
#define DCVD_FRONT_INNER_H

#include "front/front.h"
#include "work/events.h"

struct front {
    uv_loop_t *uv;
    const struct conf *conf;
    struct scheduler *scheduler;
    struct readers *readers;
    struct peers *peers;
    struct generations *generations;
    struct writer *writer;
    struct events *events;
    struct watches *watches;
    struct call *calls;
    size_t streams;
    struct batches *batches;
    size_t uploads;
    bool stopping, ending; /* no new work; no more waiting either */
    void (*closed)(void *user);
    void *closed_user;
};

struct call {
    struct call *next, **back; /* in front->calls */
    struct front *front;
    struct exchange *exchange;
    struct arena *arena; /* of the request, and of what is read for it: a pool thread has it meanwhile */
    struct api_call api;
    struct waiter waiter;
    uv_timer_t timer;
    bool timer_open;
    struct read_job read;
    struct generation *generation; /* whose configuration holds while the store is read; NULL: it is not */
    struct api_row *rows; /* what was read */
    size_t n_rows, room;
    struct api_watch *watches; /* the same, with .room */
    size_t n_watches;
    struct api_counts counts[DB_COUNT_KINDS], *counting; /* of stats */
    struct api_domain *domain;                           /* in the arena */
    struct listener listener;                            /* of events; .back tells whether it is a stream */
    uint64_t lost;                                       /* events that its reader was too slow for */
    struct upload *upload;                               /* of a batch that is coming in */
    struct api_batch *batches;                           /* what was read; n_rows, room */
};

/* ---- front.c: answers; each ends the call */
void call_end(struct call *c); /* its exchange has been answered, or has gone */
void call_answer(struct call *c, struct api_answer *ans);
void call_answer_error(struct call *c, int status, enum code code, const char *text);
void call_answer_broken(struct call *c, int error); /* the store failed */
void call_answer_ending(struct call *c);            /* the daemon ends */
/* Reads the store on a pool thread: read() fills the call, done() answers it on the loop's. */
void call_read(struct call *c, int (*read)(struct read_job *job, struct db *db),
               void (*done)(struct read_job *job, int status));

/* ---- front_read.c: what the store knows */
void front_one(struct call *c); /* check .id, with its reports */
void front_list(struct call *c);
void front_stats(struct call *c);

/* A result of the store as it is answered, in the arena. On a pool thread. 0 or a negative errno. */
int call_report(struct arena *a, const struct profile *profile, const struct db_result_row *row, struct api_report *ret);
int call_count(void *user, const char *value, int64_t n); /* into call->counting: a db_count_fn */

/* ---- front_batches.c */
void front_batch_submit(struct call *c);
void front_batch_stop(struct call *c); /* of one that is coming in: no more of it */
void front_batch(struct call *c);      /* batch .id, with its counts */
void front_batch_list(struct call *c);
void front_batch_cancel(struct call *c);

/* ---- front_domains.c */
void front_domain(struct call *c);

/* ---- front_checks.c: what is alive */
void front_submit(struct call *c);
void front_cancel(struct call *c);
void front_show(struct call *c); /* what is known now, from the loop or from the store */
void front_wait(struct call *c); /* the same once something changed, if the call waits */
void front_change(void *user);   /* the call's waiter */

/* ---- front_events.c: what happens */
void front_events(struct call *c);
void front_events_end(struct call *c); /* of a stream */

/* ---- front_watches.c */
void front_watch(struct call *c);
void front_watch_one(struct call *c);
void front_watch_list(struct call *c);
void front_watch_delete(struct call *c);

/* ---- front_state.c: how the daemon is */
void front_health(struct call *c);
void front_ready(struct call *c);
void front_metrics(struct call *c);

#endif
