/* front.h - the daemon's front desk: takes each exchange from the server to whoever does the work, and its
 * answer back.
 *
 * A call is one exchange here: access and rate, the route (api.h), then the loop (scheduler.h) for what is alive
 * or the store (readers.h) for what has ended. It ends with the exchange's answer. Thread: the loop's. */
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
/* All that is given must outlive it. */
struct rooms { /* whom the front desk knows */
    const struct conf *conf;
    struct scheduler *scheduler;
    struct batches *batches;
    struct readers *readers;
    struct peers *peers;
    struct generations *generations; /* for their counters alone */
    struct writer *writer;           /* the same */
    struct events *events;
    struct watches *watches;
};
int front_new(uv_loop_t *uv, const struct rooms *rooms, struct front **ret);
/* The server's function; user is the front. */
void front_exchange(void *user, struct exchange *x);
/* From here on new work is turned away. */
void front_stop(struct front *f);
/* Answers whoever still waits with what is known. closed(user) comes once every exchange has been answered.
 */
void front_close(struct front *f, void (*closed)(void *user), void *user);
void front_free(struct front *f);

#endif
