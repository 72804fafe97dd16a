/* events.h - tells listeners what happens to checks and watches: one line of JSON for each event.
 *
 * Each line has a number that grows, from one start to the next, too: milliseconds since 1970 and 11 bits of a counter,
 * which a double holds exactly. Lines are kept in memory until the store has them, and the newest for longer, so that a
 * reader who has read the store to its end goes on without a hole. The store keeps them for a day; its first line of
 * each start is a mark, and where the last process was killed before it had stored all, that mark is a line of its own,
 * EVENT_GAP.
 *
 * struct events is embedded in its owner; a listener is its caller's, and in one list at most. Thread: the main
 * loop's. */
#ifndef DCVD_EVENTS_H
#define DCVD_EVENTS_H

#include "api/api.h"
#include "db.h"
#include "work/scheduler.h"

struct event_filter {
    int kind;           /* enum event_kind; -1: any */
    const char *domain; /* NULL: any */
    int64_t watch;      /* 0: any */
    const char *label;  /* NULL: any */
};

struct listener {
    /* The line ends with a line feed; valid during the call, in which no listener may join or leave. */
    void (*fn)(void *user, const char *line, size_t n);
    void *user;
    struct event_filter only;
    struct listener *next, **back;
};

struct events {
    struct listener *listeners;
    int64_t last; /* the number of the newest event */
    /* ---- private to events.c */
    struct writer *writer;
    struct event *first, **end, *unwritten; /* oldest first; unwritten: the first that no job has taken yet */
    size_t n;
    int64_t before; /* the number of the newest that is no longer in memory */
    int64_t hole;   /* that of the newest that the store did not take in; 0: none */
    size_t writing; /* events that the writer has */
    bool stopped;
};
/* Reads where the numbers go on; before anything is told. 0 or a negative errno of the store. */
int events_start(struct events *e, struct writer *writer, struct db *db);
/* Gives the writer all that is not with it yet; before writer_stop(). */
void events_stop(struct events *e);
void events_free(struct events *e); /* after the writer */

void events_join(struct events *e, struct listener *l);
void events_leave(struct listener *l); /* one that is not in a list is allowed */
/* Whether all events after seq are in memory: then fn is called for those that the listener wants, and it joins. */
bool events_join_after(struct events *e, struct listener *l, int64_t seq);
bool events_has(const struct events *e, int64_t seq);        /* one of that number is in memory */
bool events_lost_after(const struct events *e, int64_t seq); /* the store did not take in all that came after it */

struct watch_news {
    int64_t id, check; /* check: whose results .to is, or 0 */
    const char *domain, *state;
    const char *label;     /* of its request, as JSON; NULL: none */
    const char *from, *to; /* its results before and now: JSON of results_summary(), or NULL */
};

void events_check(struct events *e, const struct scheduler_news *news, dcv_time at);
void events_watch(struct events *e, const struct watch_news *news, dcv_time at);
/* The lines that tell a listener that there was no event for a while, that n events were left out, and that events may
 * be missing before the next line. */
void event_alive(struct buf *line, const struct events *e, dcv_time at);
void event_lost(struct buf *line, const struct events *e, dcv_time at, uint64_t n);
void event_gap(struct buf *line, int64_t seq, dcv_time at);

#endif
