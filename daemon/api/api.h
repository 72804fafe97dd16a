/* api.h - the daemon's API: makes of an HTTP request the call that is to be carried out, and of data the answer.
 *
 * Pure: no sockets, no store, no clock; a library of its own. api_read() finds the request's route (routes.def) and
 * makes one call of it, or answers it by itself (a catalogue, an error); api_write_*() write the answers of calls that
 * others carry out. Texts of a call are in the arena that it was read with, or in the input. The body of an answer is
 * on the heap; whoever has the answer frees it. Any thread. Header of api.c and api_*.c. */
#ifndef DCVD_API_H
#define DCVD_API_H

#include "format/json_write.h"
#include "rows.h"
#include "run/conf.h"
#include "show/render_as.h"

enum {
    API_BODY_MOST = 65536, /* bytes: a certificate request and all lists of a check fit several times */
    API_PASTE_MOST = 262144,  /* bytes of what is to be explained: it is read on the loop that serves requests */
    API_BODY_PIECES = 0,   /* a body of any length, in lines of API_BODY_MOST at most */
    API_LINES_MOST = 1000000, /* of a batch */
    API_WAIT_MOST = 60000,    /* milliseconds */
    API_LIST_MOST = 1000,     /* rows of a list */
    API_LIST_USUAL = 50,
    API_KEY_MOST = 200 /* bytes of an Idempotency-Key */
};

struct api_param {            /* of the query, decoded */
    const char *name, *value; /* value is NULL for "?name" */
    size_t len;               /* of value, which may hold NULs */
};

struct api_input {
    const char *method, *path; /* path without the query, decoded */
    const struct api_param *params;
    size_t n_params;
    const char *content_type; /* NULL where there is none */
    const char *idempotency_key; /* the header, NULL where there is none */
    int64_t peer; /* whose keys count: a user id; -1: of TCP */
    const char *scrape_timeout; /* the header X-Prometheus-Scrape-Timeout-Seconds, NULL where there is none */
    const char *body;
    size_t len;
};

/* What GET /v1/events tells of. */
#define EVENT_KINDS(X)                                                                                       \
    X(EVENT_CHECK, "check")                                                                                  \
    X(EVENT_WATCH, "watch")
enum event_kind { EVENT_KINDS(DCV_MEMBER) };
const char *event_kind_name(enum event_kind k);
bool event_kind_parse(const char *text, enum event_kind *ret);

/* What is to be done: one for each row of routes.def, in its order. */
enum api_action {
    API_ANSWERED, /* nothing: the answer is complete */
#define ROUTE(action, ...) action,
#include "api/routes.def"
#undef ROUTE
    API_ACTIONS
};

struct api_call {
    enum api_action action;
    /* ---- of the path and the query */
    int64_t id;
    uint32_t wait_ms;
    struct db_filter filter; /* of lists; .domain also of one domain, of events and of watches */
    int event;               /* enum event_kind; -1: any */
    int64_t watch;           /* of events; 0: any */
    int form;                /* enum render_form, in which a check is shown; -1: as JSON */
    bool redact;             /* random values are left out of that */
    int64_t since;           /* of events: the number of the last one that the reader has; -1: not given */
    int watch_state;         /* enum watch_state; -1: any */
    /* ---- of the body */
    const char *domain; /* of the request, as results will name it */
    const char *text;   /* the request in canonical form: what is stored, and what makes two requests equal */
    size_t text_len;
    const char *label; /* of the request, as JSON, or that of events that are wanted; NULL: none, any */
    struct db_key key; /* of the header Idempotency-Key; of a batch .body is that of an empty one */
    int64_t interval; /* of a watch, milliseconds; 0: the CA's steps */
    enum watch_until until;
};

struct api_answer {
    int status;
    struct buf body;
    char allow[40];       /* of 405: the methods that the path takes; or "" */
    char location[40];    /* the path of what was made, or "" */
    unsigned retry_after; /* seconds; 0: not said */
    const char *type;     /* of the content; NULL: JSON */
    bool close;           /* the connection is closed after it */
};

/* now: the time of a request that gives none. call->action is API_ANSWERED where *answer is complete. */
void api_read(const struct conf *conf, struct arena *a, const struct api_input *in, dcv_time now,
              struct api_call *call, struct api_answer *answer);

/* ---- api_checks.c */
/* Reads a line of a batch, number from 1, as the body of POST /v1/checks: API_SUBMIT, or API_ANSWERED by an error that
 * names the line. */
void api_read_line(const struct conf *conf, struct arena *a, size_t number, const char *text, size_t len,
                   dcv_time now, struct api_call *call, struct api_answer *answer);

/* Reads a request as the store has it, ready to be run. 0; -EINVAL with *why, -ENOMEM. */
int api_read_stored(const struct conf *conf, struct arena *a, const char *text, size_t len, dcv_time now,
                    struct request *ret, const char **why);

/* ---- api_key.c: the header Idempotency-Key */
/* The hash of a body in several pieces: begin with the key's .body as api_read() leaves it. */
uint64_t api_key_body(uint64_t so_far, const char *p, size_t n);
/* 409: the key was used for something else. */
void api_key_refused(struct api_answer *ans, const struct db_key *key);

/* ---- api_answer.c: answers */
/* {"errors":[{"code","message"}]}; variable: of the code, or NULL. */
void api_error(struct api_answer *ans, int status, enum code code, const char *variable, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
void api_error_no_memory(struct api_answer *ans);
void api_id(struct json_out *j, const char *key, int64_t id); /* 0: null */
/* A label as it stands in the JSON of a request; NULL: it has none. In the arena; NULL, too, where that is full. */
const char *api_label_of(struct arena *a, const char *request, size_t len);
void api_label(struct json_out *j, const char *label); /* the member "label"; null for none */
/* label: of the request, as api_label_of() has it. */
void api_write_accepted(struct api_answer *ans, int64_t id, enum db_state state, const char *label);

struct api_report { /* JSON: of one check as json_write_shown() writes it, in lists as the store has it */
    const char *text;
    size_t len;
};
void api_report(struct json_out *j, const struct api_report *r);
void api_write_check(struct api_answer *ans, int64_t id, enum db_state state, const char *label,
                     const struct api_report *reports, size_t n);

/* A check that is done, in that form. */
void api_write_form(struct api_answer *ans, enum render_form form, struct buf *text);

struct api_row { /* of a list */
    int64_t id;
    enum db_state state;
    const char *domain, *label;
    dcv_time submitted;
    const struct api_report *reports;
    size_t n_reports;
};
/* next: the cursor with which the list goes on; 0: this is its end. */
void api_write_list(struct api_answer *ans, const struct api_row *rows, size_t n, int64_t next);

/* Counts of checks that were submitted since then and before until (TIME_UNKNOWN: all): of each kind a list of
 * values. */
struct api_count {
    const char *value;
    int64_t n;
};
struct api_counts {
    struct api_count *v;
    size_t n;
};
void api_write_stats(struct api_answer *ans, dcv_time since, dcv_time until,
                     const struct api_counts kinds[DB_COUNT_KINDS]);

/* ---- api_batches.c */
struct api_batch {
    struct db_batch b;
    size_t running;                            /* how many of its checks run */
    struct api_counts states, verdicts, codes; /* for api_write_batch() only */
};
void api_write_batch_accepted(struct api_answer *ans, int64_t id, int64_t lines);
void api_write_batch(struct api_answer *ans, const struct api_batch *b);
void api_write_batches(struct api_answer *ans, const struct api_batch *rows, size_t n, int64_t next);

/* ---- api_watches.c */
struct api_watch {
    struct db_watch_row row; /* with texts in the call's arena; .next is TIME_UNKNOWN while it runs */
    int64_t check;           /* that runs; 0: none */
    const char *label;
};
void api_write_watch_accepted(struct api_answer *ans, int64_t id, const char *label);
void api_write_watch_deleted(struct api_answer *ans, int64_t id);
void api_write_watch(struct api_answer *ans, const struct api_watch *w);
void api_write_watches(struct api_answer *ans, const struct api_watch *rows, size_t n, int64_t next);

/* ---- api_domains.c */
struct api_domain {
    const char *domain;
    struct api_report latest[METHOD_COUNT];
    size_t n_latest;
    struct db_change_row *changes; /* newest first */
    size_t n;
};
/* The first n of the changes; next: as in api_write_list(). */
void api_write_domain(struct api_answer *ans, const struct api_domain *d, size_t n, int64_t next);

#endif
