/* http_tls.h - what a server's certificate says, without a word on whether to trust it. One fetch's, on its
 * thread. */
#ifndef DCV_HTTP_TLS_H
#define DCV_HTTP_TLS_H

#include "model/dcv.h"

#include <stdbool.h>

/* Where the description goes: set before the transfer, read after it. */
struct tls_view {
    struct arena *a;
    const char *host;      /* that the certificate should be for */
    struct tls_fact *fact; /* NULL until a certificate was seen */
};

/* Reads the system's certificates, some ten milliseconds of work, once for the process: on any thread. */
void tls_prepare(void);
bool tls_prepared(void);

/* For CURLOPT_SSL_CTX_FUNCTION: makes ctx describe the peer's certificate into view, and accept any. Prepares
 * by itself what is not. */
void tls_describe(void *ssl_ctx, struct tls_view *view);

#endif
