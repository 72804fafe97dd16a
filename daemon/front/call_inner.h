/* call_inner.h - a call: one exchange on its way to its answer.
 *
 * It is in its front's list from call_new() on. Exactly one of call_end(), call_answer() and what is built on that ends
 * it, and it is not to be used afterwards. Thread: the main loop's; while the store is read for it, its arena and what
 * is read belong to the pool thread. */
#ifndef DCVD_CALL_INNER_H
#define DCVD_CALL_INNER_H

#include "front/front.h"

struct call {
    struct call *next, **back; /* in front->calls */
    struct front *front;
    struct exchange *exchange;
    struct arena *arena; /* of the request, and of what is read for it */
    struct api_call api;
    struct api_answer answer; /* where .api.action is API_ANSWERED */
    /* ---- waiting */
    struct waiter waiter;
    uv_timer_t timer;
    bool timer_open;
    bool stream; /* of events */
    struct listener listener;
    uint64_t lost; /* events that its reader was too slow for */
    /* ---- of a stream that begins with what the store has */
    int64_t seen; /* the number of the last event in .page, or before it */
    bool known;   /* nothing is missing after .api.since */
    bool reading; /* the next page is being read; the pool thread has it */
    bool gone;    /* its reader went away meanwhile */
    struct buf page; /* or the text of a check in a form for people */
    size_t page_lines;
    struct upload *upload;    /* of a batch that is coming in */
    bool probing;             /* the scheduler will call front_probe.c */
    uint64_t began;           /* uv_hrtime(), of a probe */
    /* ---- reading the store */
    struct read_job read;
    struct generation *generation; /* whose configuration holds meanwhile; NULL: nothing is read */
    struct api_row *rows;          /* what was read is one of these, in the arena */
    struct api_watch *watches;
    struct api_batch *batches;
    struct api_domain *domain;
    struct api_counts counts[DB_COUNT_KINDS], *counting; /* counting: those that call_count() adds to */
    size_t n_rows;                                       /* of rows, watches or batches */
};

/* NULL without memory. */
struct call *call_new(struct front *f, struct exchange *x);
void call_end(struct call *c); /* its exchange has been answered, or has gone */
void call_answer(struct call *c, struct api_answer *ans);
void call_answer_error(struct call *c, int status, enum code code, const char *text);
void call_answer_no_memory(struct call *c);
void call_answer_store_failed(struct call *c, int error);
void call_answer_key_refused(struct call *c); /* its Idempotency-Key was used for something else */
void call_answer_ending(struct call *c);                      /* the daemon ends */
void call_answer_no_reports(struct call *c, enum db_state state); /* it is to be shown in a form, and has none */
void call_answer_not_found(struct call *c, const char *what); /* what: "check", "batch" or "watch" */

/* Reads the store on a pool thread: read() fills the call there, done() answers it on the main loop. */
void call_read(struct call *c, int (*read)(struct read_job *job, struct db *db),
               void (*done)(struct read_job *job, int status));
/* For read(): a result of the store as the API shows it, in the call's arena. 0 or a negative errno. */
int call_report(struct call *c, const struct db_result_row *row, struct api_report *ret);
int call_count(void *user, const char *value, int64_t n); /* adds to call->counting: a db_count_fn */
/* For done(): of the n rows that were read for a list, one more than its limit if there are so many, how many belong to
 * it; *more tells whether it goes on behind them. */
size_t call_page(const struct call *c, size_t n, bool *more);

#endif
