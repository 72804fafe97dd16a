/* rows.h - what the store holds, as data: ids, states, the rows that are read and written, and filters.
 *
 * Pure: no SQLite, no loop, no clock. Texts of a row that is read are valid during the callback that gets it; texts of
 * a row to be written belong to it and are freed with its job (writer.h). */
#ifndef DCVD_ROWS_H
#define DCVD_ROWS_H

#include "model/dcv.h"

/* ---- ids. Of a check, a batch or a watch: 63 bits, ordered by time, 42 bits of milliseconds since 1970 and 21 bits of
 * a counter within the millisecond. Outside of the store an id is 16 lower-case hexadecimal digits (printf('%016x', id)
 * in SQL). */
enum { DB_ID_TIME_BITS = 42, DB_ID_COUNTER_BITS = 21 };
/* The next id of this process, greater than all before it. Any thread. db_id_seed() tells, after the store was opened,
 * the largest that it holds. */
int64_t db_id_next(dcv_time now);
void db_id_seed(int64_t last);
void db_id_text(int64_t id, char out[17]);
bool db_id_parse(const char *text, int64_t *ret);
int64_t db_id_at(dcv_time t); /* the lowest id of that millisecond */

/* ---- checks */
#define DB_STATES(X)                                                                                         \
    X(STATE_QUEUED, "queued")                                                                                \
    X(STATE_RUNNING, "running")                                                                              \
    X(STATE_DONE, "done")                                                                                    \
    X(STATE_CANCELLED, "cancelled")
/* The store knows no running checks: they are queued there until they end. */
enum db_state { DB_STATES(DCV_MEMBER) };
const char *db_state_name(enum db_state s);
bool db_state_parse(const char *text, enum db_state *ret);

struct db_check_row {
    int64_t id;
    enum db_state state;
    dcv_time submitted, ended; /* ended: TIME_UNKNOWN while it has not */
    const char *domain;
    const char *request;
    int64_t batch; /* 0: it came alone */
    int64_t watch; /* that made it, and may be deleted since; 0: none did */
};
/* Of checks. NULL, -1 or TIME_UNKNOWN: any. One and the same result has to meet all that is asked of results. */
struct db_filter {
    const char *domain;
    const char *code, *detail_code, *cause; /* without variables */
    const char *label;
    int verdict, method;                    /* of the enums */
    dcv_time since, until;                  /* of the submission, as the id tells it; until is not included */
    int64_t batch;                          /* 0: any */
    int64_t before;                         /* cursor: ids below this; 0: from the newest */
    unsigned limit;                         /* 0: none */
};

/* ---- what is to happen once, however often it is asked for (the header Idempotency-Key) */
struct db_key {
    const char *text; /* NULL: none is given */
    int64_t peer;     /* whose it is: a user id, or -1 */
    uint64_t body;    /* a hash of what is asked; the same key for something else is refused */
};

/* ---- results: one for each report */
struct db_finding {
    enum cause cause;
    enum weight weight;
};
struct db_result { /* as it is written */
    char *domain;  /* as in the report, or the input as typed where that was refused */
    enum method method;
    enum verdict verdict;
    enum code code, detail; /* CODE_NONE: NULL in the table */
    char *variable;         /* of the code, or NULL */
    struct db_finding *findings;
    size_t n_findings;
    dcv_time started;
    uint32_t duration_us;
    char *report; /* report and evidence: struct stored of json.h */
    size_t report_len;
    char *evidence;
    size_t evidence_len;
    char *shown; /* not for the store: the report as the API shows it. NULL where nobody waits for it, or it is long */
    size_t shown_len;
};
struct db_result_row { /* as it is read */
    int64_t check;
    const char *report, *evidence; /* JSON; evidence is NULL unless asked for */
    size_t report_len, evidence_len;
};

/* ---- domains: how the results of one changed */
struct db_outcome { /* as the tables name it; NULL: none */
    const char *verdict, *code, *variable, *detail_code, *cause;
};
struct db_change_row {
    int64_t id;    /* grows with time */
    int64_t check; /* whose outcome is .to */
    dcv_time at;   /* when it began */
    const char *method;
    struct db_outcome from, to;
    bool comparable;         /* the report before is still in the store; otherwise .came and .gone are NULL */
    const char *came, *gone; /* causes that only this report has, and that only the one before has; divided by blanks */
};

/* ---- batches */
struct db_batch {
    int64_t id;
    dcv_time submitted, cancelled; /* cancelled: TIME_UNKNOWN unless it was */
    dcv_time ended;                /* when the last of its checks so far ended; TIME_UNKNOWN: none has */
    int64_t lines, waiting;        /* waiting: lines that have not ended; of a cancelled batch, that never did */
};
struct db_line { /* a request of a batch, as it is written */
    int64_t id;  /* of its check: above the batch's, in the order of the lines */
    char *domain, *request;
    size_t request_len;
};

/* ---- events: what is told to those who follow it */
enum { DB_EVENT_BITS = 11 }; /* of .seq, behind the milliseconds */
struct db_event {
    int64_t seq; /* grows */
    const char *kind, *domain;
    const char *label; /* of the request, as JSON; NULL: none */
    int64_t watch;     /* 0: none */
    int64_t check;     /* that is done by this event; 0: none */
    const char *line;  /* JSON and a line feed; empty for the mark of a start */
    size_t len;
};
struct db_event_filter { /* NULL, 0: any */
    const char *kind, *domain, *label;
    int64_t watch;
    int64_t after; /* numbers above this */
    unsigned limit;
};

/* ---- watches: a request that is run again and again */
#define DB_WATCH_STATES(X)                                                                                   \
    X(WATCH_ACTIVE, "active")                                                                                \
    X(WATCH_PASSED, "passed")                                                                                \
    X(WATCH_EXPIRED, "expired")
enum watch_state { DB_WATCH_STATES(DCV_MEMBER) };
const char *watch_state_name(enum watch_state s);
bool watch_state_parse(const char *text, enum watch_state *ret);
#define DB_UNTILS(X)                                                                                         \
    X(UNTIL_PASS, "pass")                                                                                    \
    X(UNTIL_FOREVER, "forever")
enum watch_until { DB_UNTILS(DCV_MEMBER) };
const char *watch_until_name(enum watch_until u);
bool watch_until_parse(const char *text, enum watch_until *ret);

struct db_watch_row {
    int64_t id;
    dcv_time created, next, ended; /* TIME_UNKNOWN: none, not yet */
    const char *domain;
    const char *request; /* JSON */
    size_t request_len;
    int64_t interval; /* milliseconds; 0: the CA's own steps */
    enum watch_until until;
    enum watch_state state;
    int64_t runs;       /* how many of its checks ended */
    int64_t last_check; /* the newest of them; 0: none */
    const char *last;   /* the results of that check, JSON; NULL: none */
    size_t last_len;
};
struct db_watch_filter {
    const char *domain, *label; /* NULL: any */
    int state;          /* enum watch_state; -1: any */
    int64_t before;     /* cursor: ids below this; 0: from the newest */
    unsigned limit;     /* 0: none */
};

/* ---- what can be counted, by the names of the values */
#define DB_COUNTS(X)                                                                                         \
    X(COUNT_STATES)                                                                                          \
    X(COUNT_VERDICTS)                                                                                        \
    X(COUNT_METHODS)                                                                                         \
    X(COUNT_CODES)                                                                                           \
    X(COUNT_DETAIL_CODES)                                                                                    \
    X(COUNT_CAUSES)                                                                                          \
    X(COUNT_DAYS)
#define DB_COUNT_MEMBER(sym) sym,
#define DB_COUNT_ONE(sym) +1
enum db_count { DB_COUNTS(DB_COUNT_MEMBER) };
enum { DB_COUNT_KINDS = 0 DB_COUNTS(DB_COUNT_ONE) };

#endif
