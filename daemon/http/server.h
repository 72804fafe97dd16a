/* server.h - HTTP/1.1 by libmicrohttpd, run by the main loop. It knows requests and answers (exchange.h), not what they
 * mean.
 *
 * It bounds the connections in all and of each user (connections.h), the bytes of a body by route, and the time in
 * which a request has to come in and an answer has to be taken: a slow client holds up nobody else.
 *
 * Thread: the main loop's. */
#ifndef DCVD_SERVER_H
#define DCVD_SERVER_H

#include "http/exchange.h"
#include "http/listen.h"

#include <uv.h>

struct server;

typedef void server_fn(void *user, struct exchange *x); /* gets each exchange */
/* listeners and peers must outlive it. 0 or a negative errno. */
int server_new(uv_loop_t *uv, const struct listeners *listeners, const struct peers *peers, server_fn *fn,
               void *user, struct server **ret);
void server_stop_accepting(struct server *s);
/* Every exchange must have been answered. Answers that are on their way get a second to go out; closed(user) comes from
 * the loop. */
void server_close(struct server *s, void (*closed)(void *user), void *user);

#endif
