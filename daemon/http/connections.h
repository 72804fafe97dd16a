/* connections.h - who is connected, and for how long: taking in, turning away, cutting off.
 *
 * There is room for so many, and for so many of one user. Where it is used up whoever has been idle longest
 * makes room: one that is connected and asks nothing keeps nobody out who does ask. Only where nobody is idle
 * a newcomer is turned away. Each also has a time by which its request, or its taking of the answer, has to
 * be over.
 *
 * A connection lives from its start until libmicrohttpd has closed it; one that is cut off counts no longer
 * from then on. Thread: the loop's; times are uv_now()'s. */
#ifndef DCVD_CONNECTIONS_H
#define DCVD_CONNECTIONS_H

#include "http/peers.h"

enum { CONNECTIONS_MOST = 1000, CONNECTIONS_USER = 500 };

struct connection {
    struct connection *next, **back;
    int fd;
    struct peer peer;
    uint64_t until; /* when it is cut off; 0: it waits for us */
    uint64_t idle;  /* since when no whole request has come; 0: one is being worked at, or answered */
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
/* Whether there is room for a newcomer. Where somebody was cut off for it, *cut is set: libmicrohttpd is to
 * run. */
bool connections_room(struct connections *all, int fd, bool *cut);
/* Tells it that there is none, and closes it. */
void connection_refuse(int fd);
/* Cuts off whose time is over; whether there was any. */
bool connections_sweep(struct connections *all, uint64_t now);

#endif
