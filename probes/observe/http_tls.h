/* http_tls.h - describes a server's certificate without deciding whether to trust it. A tls_view is embedded in one
 * fetch and used on its thread. */
#ifndef DCV_HTTP_TLS_H
#define DCV_HTTP_TLS_H

#include "model/dcv.h"

#include <stdbool.h>

/* Where the description is stored: set before the transfer, read after it. */
struct tls_view {
    struct arena *a;
    const char *host;      /* the host that the certificate should be for */
    struct tls_fact *fact; /* NULL until a certificate was seen */
};

/* Reads the system's certificates, once for the process; takes some ten milliseconds. Any thread. */
void tls_prepare(void);
bool tls_prepared(void);

/* For CURLOPT_SSL_CTX_FUNCTION: makes ctx accept any certificate and describe it in view. Calls tls_prepare() where
 * that was not done. */
void tls_describe(void *ssl_ctx, struct tls_view *view);

#endif
