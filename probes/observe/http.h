/* http.h - observer: HTTP and HTTPS over libcurl's multi interface on a uv loop.
 *
 * Life: http_new on the loop's thread; asks through the observer; http_close, whose callback comes once all
 * handles are closed. One ask is one GET of one URL from the one address that the ask names, and gives one
 * fact; a redirect is described, not followed. Nothing is sent to an address that the guard refuses, nor for
 * a URL with another port than its scheme's; the port of ask.address is taken as it is. Certificates are
 * described, never verified (as the CA's fetcher does). */
#ifndef DCV_HTTP_H
#define DCV_HTTP_H

#include "observe/guard.h"
#include "observe/observer.h"

#include <uv.h>

enum {
    HTTP_BODY_MOST = 5000,   /* bytes of a body that the CA reads, and we keep */
    HTTP_WHOLE_MOST = 65536, /* the same for an ask with .whole */
    HTTP_HEAD_MOST = 32768,  /* bytes of all headers */
    HTTP_HEADERS_MOST = 100,
};

struct http;

struct http_config {
    uint32_t connect_ms;       /* to connect, TLS included */
    uint32_t read_ms;          /* from then to the end of the response */
    unsigned fetches;          /* in flight; more wait */
    unsigned per_address;      /* of them to one address; 0: 8, for servers often refuse more than ten of one client */
    const struct guard *guard; /* must outlive the http */
    const char *user_agent;    /* the CA's, our own name is added as a comment; copied */
};

struct http_counters { /* since the start */
    uint64_t asked, sent, responses, timeouts, forbidden, in_flight, waiting;
};

/* 0 or a negative errno. */
int http_new(uv_loop_t *loop, const struct http_config *cfg, struct http **ret);
void http_observer(struct http *h, struct observer *ret);
void http_counters(const struct http *h, struct http_counters *ret);
/* All fetches must have ended (cancel them first). closed may be NULL. */
void http_close(struct http *h, void (*closed)(void *user), void *user);

#endif
