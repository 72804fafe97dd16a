/* client.h - a client of dcvd: HTTP over its Unix socket, blocking, for the command line.
 *
 * A struct client belongs to whoever called client_new(). It is one connection, which all calls use; one thread. Each
 * function prints its errors on standard error. Times are milliseconds. */
#ifndef DCV_CLIENT_H
#define DCV_CLIENT_H

#include "base/arena.h"
#include "base/buf.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define CLIENT_SOCKET "/run/dcvd/dcvd.sock"

struct client;

struct client_answer {
    long status;
    struct buf body;
};

/* Whether text has the form of an id of the daemon. */
bool client_is_id(const char *text);

/* Copies socket. NULL: the error was printed. */
struct client *client_new(const char *socket);
void client_free(struct client *c);
/* Sends one request; body may be NULL. False: no answer. The caller frees ret->body. */
bool client_call(struct client *c, const char *method, const char *path, const struct buf *body,
                 uint32_t wait_ms, struct client_answer *ret);
/* GET path?key=value&…, without params whose value is NULL. Returns the JSON of the answer; the caller calls
 * json_decref(). NULL: there was an error or the daemon refused it, which was printed. */
struct client_param {
    const char *key, *value;
};
json_t *client_get(struct client *c, const char *path, const struct client_param *params, size_t n,
                   uint32_t wait_ms);
/* The same without params; *missing: the daemon has nothing of that name, which was not printed. */
json_t *client_look(struct client *c, const char *path, uint32_t wait_ms, bool *missing);
/* A text as a part of a path or a value of a query. In the arena; "" where it is full. */
const char *client_escape(struct arena *a, const char *text);
/* Makes a body while it is sent. Returns the number of bytes written to `to`; 0: the end; SIZE_MAX: an error, which was
 * printed. */
typedef size_t client_read_fn(void *user, char *to, size_t most);
/* POST with such a body of NDJSON, without a time limit. Returns as client_call(). */
bool client_stream(struct client *c, const char *path, client_read_fn *read, void *user,
                   struct client_answer *ret);
/* True for an answer with status 2xx. Else prints the errors in its {"errors":[…]}. */
bool client_accept(const struct client_answer *answer);
/* Prints the id in the answer of the daemon, or its errors, and frees the body. Returns the exit status. */
int client_print_id(struct client_answer *answer);

#endif
