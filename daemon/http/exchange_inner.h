/* exchange_inner.h - what exchange.c does for libmicrohttpd, for server.c. */
#ifndef DCVD_EXCHANGE_INNER_H
#define DCVD_EXCHANGE_INNER_H

#include <microhttpd.h>

/* What libmicrohttpd calls for each request: once with its headers, for each piece of its body, and at its end; and
 * once it is done with the answer, or the client has gone. */
enum MHD_Result exchange_on_request(void *user, struct MHD_Connection *mc, const char *url, const char *method,
                                    const char *version, const char *upload, size_t *upload_len, void **state);
void exchange_on_completed(void *user, struct MHD_Connection *mc, void **state, enum MHD_RequestTerminationCode code);

#endif
