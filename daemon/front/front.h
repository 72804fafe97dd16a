/* front.h - carries out what clients ask: takes each exchange from the server, and sees to its answer.
 *
 * An exchange becomes a call (call_inner.h): first access and rate (peers.h), then its route (api.h), then the function
 * that routes.def names for it. That asks the scheduler for checks that have not ended, the store (readers.h) for those
 * that have. Thread: the main loop's. */
#ifndef DCVD_FRONT_H
#define DCVD_FRONT_H

#include "http/peers.h"
#include "http/server.h"
#include "work/batches.h"
#include "work/events.h"
#include "work/readers.h"
#include "work/scheduler.h"
#include "work/watches.h"

struct front;
struct front_uses { /* the parts of the daemon that it uses; all must outlive it */
    const struct conf *conf;
    struct scheduler *scheduler;
    struct batches *batches;
    struct readers *readers;
    struct peers *peers;
    struct generations *generations;
    struct writer *writer; /* for its counters, and for batches that come in */
    struct events *events;
    struct watches *watches;
};
int front_new(uv_loop_t *uv, const struct front_uses *uses, struct front **ret);
/* The server's function (server.h); user is the front. */
void front_exchange(void *user, struct exchange *x);
/* From now on new checks, batches and watches are refused. */
void front_stop(struct front *f);
/* Answers every call that still waits with what is known. closed(user) comes once all have been answered. */
void front_close(struct front *f, void (*closed)(void *user), void *user);
void front_free(struct front *f);

#endif
