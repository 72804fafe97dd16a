/* http_inner.h - what the files of the HTTP observer share: http.c (exchanges, their order, the loop) and
 * http_transfer.c (what curl does for one of them). All on the thread of the loop.
 *
 * An exchange belongs to the struct http from start() to its callback. While it is in flight it has a transfer: a curl
 * handle with its buffers, which returns to a pool afterwards. So a waiting exchange needs 200 bytes, not 20 KB.
 *
 * A turn is what the observer does in one iteration of the loop. curl is told about sockets and timers; a fetch that
 * ended becomes a fact on the ready list; when curl has returned, the fact_fn of the callers are called; what these ask
 * is started from the idle handle. So nothing is started, cancelled or called back inside a callback of curl.
 *
 * Times are nanoseconds of uv_hrtime(). */
#ifndef DCV_HTTP_INNER_H
#define DCV_HTTP_INNER_H

#include "observe/address_table.h"
#include "observe/http.h"
#include "observe/http_decode.h"
#include "observe/http_tls.h"

#include <curl/curl.h>
#include <sys/epoll.h>
#include <sys/queue.h>

enum {
    POOL_IDLE_MOST = 64,
    EVENTS_MOST = 32,
    PER_ADDRESS = 8,
    REST_MS = 50, /* pause after this host ran out of sockets or memory */
};

struct http_exchange;
TAILQ_HEAD(http_exchanges, http_exchange);

struct http_exchange {
    struct address_link link; /* must be first; in a queue of .site or in ready */
    TAILQ_ENTRY(http_exchange) reading_link; /* in http.reading while .due */
    struct http *h;
    struct arena *arena;
    struct ask *ask;
    fact_fn *fn;
    void *user;
    struct http_site *site;         /* NULL where nothing must be sent */
    struct transfer *transfer; /* while in flight */
    struct fact *fact;         /* while ready; NULL: the arena was full */
    const char *url, *host;    /* the URL, and the host that the certificate should be for */
    uint64_t started;          /* when curl got it; the time that it waited before does not count */
    uint64_t due;              /* when the response must have ended; 0: not connected yet */
};

/* One address and port. Exists while an exchange refers to it. */
struct http_site {
    struct address_entry at; /* must be first */
    struct curl_slist pin;   /* for CURLOPT_CONNECT_TO: all URLs are fetched from this address */
    char pin_text[ADDR_TEXT_MOST + 2];
};

struct buffer {
    char *p;
    size_t n, room;
};

struct transfer {
    SLIST_ENTRY(transfer) link; /* in http.idle */
    struct http_exchange *exchange;
    CURL *easy;
    struct tls_view tls;
    const char *denied;       /* the reason of the guard */
    bool starved;             /* this host has too few sockets or too little memory */
    bool greeted;             /* TCP connected, TLS begun */
    bool flooded, final;      /* final: the headers of the final response are complete */
    struct buffer head, body; /* head: header lines, each with its end of line */
    struct decoder *decoder;  /* NULL: the body is not encoded, or has not begun */
    bool begun;               /* the body has */
    struct buffer raw;        /* with .decoder: the first bytes as they came */
    size_t body_most;
    uint64_t size;  /* bytes of the body that came, after decoding */
    unsigned lines; /* in .head */
    char words[CURL_ERROR_SIZE];
};

struct http {
    uv_loop_t *loop;
    uv_poll_t poll; /* on .epoll, which contains all sockets: uv_poll_init() for each would cost system calls */
    uv_idle_t idler;
    uv_timer_t timer;    /* curl's */
    uv_timer_t deadline; /* for .reading, and for the end of a pause */
    int epoll;
    struct epoll_event events[EVENTS_MOST]; /* of .epoll; those from .event on are not processed yet */
    unsigned event, n_events;
    bool closing;
    unsigned handles;
    void (*closed)(void *user);
    void *closed_user;

    CURLM *multi;
    struct http_config cfg;
    struct curl_slist *headers[2]; /* of the CA's fetcher: over http and over https */
    struct address_table sites;
    struct address_queue ready;
    struct http_exchanges reading; /* in the order of .due */
    SLIST_HEAD(, transfer) idle;
    unsigned n_idle;
    uv_work_t prepare;   /* a pool thread reads the system's certificates */
    bool preparing;      /* meanwhile no fetch begins */
    size_t open;         /* accepted asks without a callback yet */
    uint64_t rest_until; /* end of the pause; 0: none */
    struct http_counters counters;
};

/* ---- http.c */
/* x is connected: the time for the response starts now. */
void exchange_connected(struct http_exchange *x);

/* ---- http_transfer.c */
/* Gives x to curl. False: out of memory. */
bool transfer_begin(struct http_exchange *x);
/* Ends a transfer that curl finished, or that is stopped because x is late. False: nothing was asked, because this host
 * lacks sockets or memory; otherwise x->fact is set. */
bool transfer_end(struct transfer *t, CURLcode result, bool late);
/* Takes the transfer away from curl and from its exchange, back to the pool. */
void transfer_release(struct transfer *t);
void transfers_trim(struct http *h, unsigned idle_most);

#endif
