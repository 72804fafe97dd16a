/* server_inner.h - the server itself, for the files of http/. */
#ifndef DCVD_SERVER_INNER_H
#define DCVD_SERVER_INNER_H

#include "http/connections.h"
#include "http/server.h"

#include <microhttpd.h>

enum {
    REQUEST_MS = 30000, /* from connecting, or from the last answer, to the end of a request */
    ANSWER_MS = 60000   /* for the client to take the answer */
};

struct server {
    uv_loop_t *uv;
    struct MHD_Daemon *mhd;
    server_fn *fn;
    void *user;
    uv_poll_t poll, listen[LISTENERS_MOST];
    int listen_fd[LISTENERS_MOST];
    size_t n_listen;
    uv_poll_t *own; /* of the listener from which libmicrohttpd itself accepts, or NULL. Polled while .starved */
    uv_timer_t timeout, sweep;
    uv_prepare_t prepare;
    struct connections connections;
    size_t exchanges;
    bool dirty;   /* libmicrohttpd has to run before the loop waits for events */
    bool stopped; /* no connections are taken any more */
    bool starved; /* libmicrohttpd has no descriptor for a new connection: it does not accept before one is closed */
    bool closing;
    uint64_t close_by;
    unsigned handles; /* that have yet to close */
    void (*closed)(void *user);
    void *closed_user;
};

#endif
