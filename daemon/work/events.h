/* events.h - tells listeners what happens to checks and watches: one line of JSON for each event.
 *
 * A line is made only where somebody listens, and once for all listeners. struct events is embedded in its owner; a
 * listener is its caller's, and in one list at most. Thread: the main loop's. */
#ifndef DCVD_EVENTS_H
#define DCVD_EVENTS_H

#include "api/api.h"
#include "work/scheduler.h"

struct listener {
    /* The line ends with a line feed; valid during the call, in which no listener may join or leave. */
    void (*fn)(void *user, const char *line, size_t n);
    void *user;
    int kind;           /* enum event_kind; -1: any */
    const char *domain; /* NULL: any */
    int64_t watch;      /* 0: any */
    struct listener *next, **back;
};

struct events {
    struct listener *listeners;
};
void events_join(struct events *e, struct listener *l);
void events_leave(struct listener *l); /* one that is not in a list is allowed */

struct watch_news {
    int64_t id, check; /* check: whose results .to is, or 0 */
    const char *domain, *state;
    const char *from, *to; /* its results before and now: JSON of results_summary(), or NULL */
};

void events_check(struct events *e, const struct scheduler_news *news, dcv_time at);
void events_watch(struct events *e, const struct watch_news *news, dcv_time at);
/* The lines that tell a listener that there was no event for a while, and that n events were left out. */
void event_alive(struct buf *line, dcv_time at);
void event_lost(struct buf *line, dcv_time at, uint64_t n);

#endif
