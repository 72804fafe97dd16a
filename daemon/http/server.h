/* server.h - HTTP/1.1 on libmicrohttpd inside the uv loop. Knows requests and answers, not what they mean.
 *
 * An exchange is one request and its answer. It is handed to the server's function once it is complete, and
 * lives until the connection is done with the answer. The function, or whoever it passes the exchange on to,
 * calls exchange_answer() exactly once, at once or later; until then the connection is suspended. A client
 * that goes away meanwhile is noticed only when it is answered, so an exchange never disappears by itself.
 *
 * On a route whose body comes in pieces (api_body_most()) it is handed over with the headers read, and the
 * body goes to its taker, piece by piece, as fast as that takes it: the client is held up by its socket.
 * Until the body's end such an exchange disappears with its client, and the taker is told.
 *
 * Thread: the loop's. Bounds: connections in all and for each user, bytes of a body by route, and the time
 * for a request to come in and for an answer to go out: a client that is slow holds up nothing but itself. */
#ifndef DCVD_SERVER_H
#define DCVD_SERVER_H

#include "api/api.h"
#include "http/listen.h"
#include "http/peers.h"

#include <uv.h>

struct server;
struct exchange;

typedef void server_fn(void *user, struct exchange *x);
/* listeners and peers must outlive it. */
int server_new(uv_loop_t *uv, const struct listeners *listeners, const struct peers *peers, server_fn *fn,
               void *user, struct server **ret);
void server_stop_accepting(struct server *s);
/* Every exchange must have been answered. Gives answers that are on their way a moment; closed(user) comes
 * from the loop. */
void server_close(struct server *s, void (*closed)(void *user), void *user);

const struct api_input *exchange_input(const struct exchange *x); /* valid until the answer */
const struct peer *exchange_peer(const struct exchange *x);
/* Takes the answer's body over. */
void exchange_answer(struct exchange *x, struct api_answer *answer);

/* Or it is answered with a stream: 200 and a body that goes on until exchange_end(). A reader that takes
 * nothing for a minute is cut off; one that went away is noticed once something is sent. gone(user) comes
 * then, and the exchange is no more. */
void exchange_stream(struct exchange *x, const char *type, void (*gone)(void *user), void *user);
/* All of it, or nothing and false: the reader is behind by as much as is kept for it. */
bool exchange_send(struct exchange *x, const char *p, size_t n);
/* What was sent still goes out; gone() no longer comes. */
void exchange_end(struct exchange *x);

struct taker { /* of a body in pieces; none of it is called once the exchange has been answered */
    bool (*take)(void *user, const char *data, size_t n); /* false: no room, see exchange_resume() */
    void (*end)(void *user);                              /* that was all of it */
    void (*gone)(void *user); /* the client went away before; so has the exchange */
    void *user;
};
/* Within the server's function; one that is neither answered nor has a taker by then has no use for the body.
 */
void exchange_take(struct exchange *x, const struct taker *t);
/* There is room again: the piece that was refused comes once more. */
void exchange_resume(struct exchange *x);

#endif
