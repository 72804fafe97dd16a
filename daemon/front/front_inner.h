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
    struct batches *batches;
    struct events *events;
    struct watches *watches;
    struct call *calls;
    size_t streams, uploads; /* how many calls are a stream, or a batch that is coming in */
    bool stopping; /* nothing new is taken in */
    bool ending;   /* and nobody waits any more */
    void (*closed)(void *user);
    void *closed_user;
};

/* ---- the runners of routes.def: each carries a call out, and sees to its answer */
#define ROUTE(action, method, path, segment, query, most, body, accepted, answer, type, rate, reader, runner, ...) \
    void runner(struct call *c);
#include "api/routes.def"
#undef ROUTE

/* ---- front_checks.c */
void front_show(struct call *c); /* answers with what is known now, of the scheduler or of the store */
void front_change(void *user);   /* the function of the call's waiter */

/* ---- front_read.c, front_batches.c, front_events.c */
void front_one(struct call *c);        /* answers with check .id of the store */
void front_batch(struct call *c);      /* answers with batch .id of the store */
void front_batch_stop(struct call *c); /* the daemon ends: no more of a batch that is coming in is taken */
void front_events_end(struct call *c); /* ends a stream */

#endif
