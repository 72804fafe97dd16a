/* client_request.h - writes a request object of the daemon's API. Functions only; one thread. */
#ifndef DCV_CLIENT_REQUEST_H
#define DCV_CLIENT_REQUEST_H

#include "format/json_write.h"
#include "format/request.h"

/* Writes the given fields only; the daemon has defaults for the others. */
void client_request_write(struct json_out *j, const char *key, const char *domain,
                          const struct given_list *given);

#endif
