/* http.h - observer: HTTP and HTTPS over libcurl's multi interface on a uv loop.
 *
 * A struct http belongs to whoever called http_new() and is used on the thread of its loop only. It answers asks
 * through its observer; http_close() ends it and calls back once all handles are closed. One ask is one GET of one URL
 * from the one address in the ask, and gives one fact; a redirect is described, not followed. Nothing is sent to an
 * address that the guard refuses, nor for a URL whose port is neither that of its scheme nor one to which the CA
 * follows redirects; the port in ask.address may be any. Certificates are described, never verified (as the CA's
 * fetcher does).
 *
 * What is sent is what the CA's fetcher sends, byte for byte, and nothing of our own: a firewall that lets exactly the
 * CA in must let us in. */
#ifndef DCV_HTTP_H
#define DCV_HTTP_H

#include "ca/profile.h"
#include "observe/guard.h"
#include "observe/observer.h"

#include <uv.h>

/* Of a body as many bytes are kept as the CA reads. */
enum {
    HTTP_WHOLE_LEAST = 65536, /* the same for an ask with .whole; twice what the CA reads where that is more */
    HTTP_HEAD_MOST = 32768,   /* bytes of all headers */
    HTTP_HEADERS_MOST = 100,
};

struct http;

struct http_config {
    const struct profile *profile; /* the CA's: times, headers and bytes; must outlive the http */
    unsigned fetches;          /* fetches in flight; others wait */
    unsigned per_address;      /* the same to one address; 0: 8, since servers often refuse more than ten */
    const struct guard *guard; /* must outlive the http */
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
