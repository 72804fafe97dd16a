/* client.h - talking to dcvd: HTTP over its Unix socket, blocking, for the command line.
 *
 * A client is one connection that is used again from call to call; one thread. Every failure is said on
 * standard error by the function that meets it. */
#ifndef DCV_CLIENT_H
#define DCV_CLIENT_H

#include "format/json.h"

#include <jansson.h>

#define CLIENT_SOCKET "/run/dcvd/dcvd.sock"

struct client;

struct client_answer {
    long status;
    struct buf body;
};

/* NULL: said. socket is copied. */
struct client *client_new(const char *socket);
void client_free(struct client *c);
/* One request; body may be NULL. False: there was no answer. ret's body is the caller's to free. */
bool client_call(struct client *c, const char *method, const char *path, const struct buf *body,
                 uint32_t wait_ms, struct client_answer *ret);
/* GET path?key=value&…; the JSON that comes, json_decref it. NULL: said, what the daemon refuses too. params:
 * those without a value are left out. */
struct client_param {
    const char *key, *value;
};
json_t *client_get(struct client *c, const char *path, const struct client_param *params, size_t n,
                   uint32_t wait_ms);
/* A body that is made while it is sent: bytes put into to, 0 at its end, SIZE_MAX: it breaks off, and that has been said. */
typedef size_t client_read_fn(void *user, char *to, size_t most);
/* POST with such a body of NDJSON, however long that takes. As client_call(). */
bool client_stream(struct client *c, const char *path, client_read_fn *read, void *user,
                   struct client_answer *ret);
/* A request object of the daemon's API: what the command line said and no more. What it left open is the
 * daemon's to fill in. */
void client_write_request(struct json_out *j, const char *key, const char *domain,
                          const struct given_list *given);
/* Says what an answer other than 2xx means, by its {"errors":[…]}. True: it was 2xx. */
bool client_accept(const struct client_answer *answer);

#endif
