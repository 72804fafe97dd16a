/* front_inner.h - the front itself, and what front*.c do for a call. */
#ifndef DCVD_FRONT_INNER_H
#define DCVD_FRONT_INNER_H

#include "front/call_inner.h"

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

/* ---- front_read.c: what the store knows */
void front_one(struct call *c); /* check .id, with its reports */
void front_list(struct call *c);
void front_stats(struct call *c);

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
