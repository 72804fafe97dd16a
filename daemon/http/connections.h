/* connections.h - the open connections: accepting, refusing and cutting them off.
 *
 * There may be CONNECTIONS_MOST, and CONNECTIONS_USER of one user. For one more the connection that has been idle
 * longest is cut off, so that connections without requests keep no request out; only where none is idle the new one is
 * refused. Each also has a time by which its request must have come in, or its answer must have been taken.
 *
 * A connection lives until libmicrohttpd has closed it; one that was cut off is not counted any more. Thread: the main
 * loop's. Times are those of uv_now(), in milliseconds. */
#ifndef DCVD_CONNECTIONS_H
#define DCVD_CONNECTIONS_H

#include "http/peers.h"

enum { CONNECTIONS_MOST = 1000, CONNECTIONS_USER = 500 };

struct connection {
    struct connection *next, **back;
    int fd;
    struct peer peer;
    uint64_t until; /* when it is cut off; 0: never, for the daemon has to answer */
    uint64_t idle;  /* since when it has had no whole request; 0: it has one that is not answered yet */
    bool cut;
};

struct connections { /* embedded in its owner, with .peers set */
    const struct peers *peers;
    struct connection *list;
    size_t n;
};

/* NULL without memory. */
struct connection *connection_new(struct connections *all, int fd, uint64_t now, uint64_t until);
void connection_free(struct connections *all, struct connection *c);
/* Whether there is room for a new connection. Where another one was cut off for it, *cut is set: libmicrohttpd has to
 * run. */
bool connections_room(struct connections *all, int fd, bool *cut);
/* Answers a connection for which there is no room with 429, and closes it. */
void connection_refuse(int fd);
/* Cuts off connections whose time is over; whether there was any. */
bool connections_sweep(struct connections *all, uint64_t now);

#endif
