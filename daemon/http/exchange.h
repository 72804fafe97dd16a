/* exchange.h - an exchange: one request and its answer.
 *
 * It is handed to the server's function once the request is complete, and lives until its connection is done with the
 * answer. The function, or whoever it passes the exchange on to, calls exchange_answer() exactly once, at once or
 * later; until then the connection is suspended. A client that goes away meanwhile is noticed only when it is answered,
 * so that an exchange never disappears by itself.
 *
 * On a route whose body comes in pieces (route_body_most()) it is handed over with the headers read, and the body goes
 * to its taker, piece by piece, as fast as that takes it: while it takes nothing, nothing is read from the client's
 * socket. Until the end of the body such an exchange disappears with its client, and the taker is told.
 *
 * Thread: the main loop's. */
#ifndef DCVD_EXCHANGE_H
#define DCVD_EXCHANGE_H

#include "api/api.h"
#include "http/peers.h"

struct exchange;

const struct api_input *exchange_input(const struct exchange *x); /* valid until the answer */
const struct peer *exchange_peer(const struct exchange *x);
void exchange_answer(struct exchange *x, struct api_answer *answer); /* takes the answer's body over */

/* Or it is answered with a stream: 200 and a body that goes on until exchange_end(). A reader that takes nothing for a
 * minute is cut off; one that went away is noticed once something is sent. gone(user) comes then, and the exchange must
 * not be used any more. */
void exchange_stream(struct exchange *x, const char *type, void (*gone)(void *user), void *user);
/* Sends all of it. False: nothing was sent, for the reader is behind by as much as is kept for it. */
bool exchange_send(struct exchange *x, const char *p, size_t n);
/* What was sent still goes out; gone() no longer comes. */
void exchange_end(struct exchange *x);

struct taker { /* of a body in pieces; none of it is called once the exchange has been answered */
    bool (*take)(void *user, const char *data, size_t n); /* false: not now, see exchange_resume() */
    void (*end)(void *user);                              /* the body has come whole */
    void (*gone)(void *user);                             /* the client went away before that; so has the exchange */
    void *user;
};
/* Within the server's function. Of an exchange that has neither an answer nor a taker by then the body is not kept. */
void exchange_take(struct exchange *x, const struct taker *t);
/* The taker takes again: the piece that it refused comes once more. */
void exchange_resume(struct exchange *x);

#endif
