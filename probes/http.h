/* http.h - observer: HTTP and HTTPS over libcurl's multi interface on a uv loop.
 *
 * Life: http_new on the loop's thread; asks through the observer; http_close, whose callback comes once all
 * handles are closed. One ask is one GET of one URL from the one address that the ask names, and gives one
 * fact; a redirect is described, not followed. Nothing is sent to an address that the guard refuses, nor for
 * a URL with another port than its scheme's. Certificates are described, never verified (as the CA's fetcher
 * does). */
#ifndef DCV_HTTP_H
#define DCV_HTTP_H

#include "check.h"
#include "guard.h"

#include <uv.h>

struct http;

struct http_config {
    uint32_t connect_ms;       /* to connect, TLS included */
    uint32_t read_ms;          /* for all the rest */
    unsigned fetches;          /* in flight; more wait */
    const struct guard *guard; /* must outlive the http */
    const char *user_agent;    /* the CA's, our own name is added as a comment; copied */
};

/* 0 or a negative errno. */
int http_new(uv_loop_t *loop, const struct http_config *cfg, struct http **ret);
void http_observer(struct http *h, struct observer *ret);
/* All fetches must have ended (cancel them first). closed may be NULL. */
void http_close(struct http *h, void (*closed)(void *user), void *user);

#endif
