/* http_server.h - a web server for tests that says exactly what it is told, in time or not.
 *
 * Two ports of loopback that the kernel picks, one plain, one with TLS; a thread for each connection. What
 * the next connections get is set with http_server_say() before the question is put. */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum then {
    THEN_CLOSE,
    THEN_RESET,
    THEN_HOLD,   /* until the other side goes */
    THEN_REPEAT, /* the last 1000 bytes, for ever */
    THEN_DRIP,   /* an "x" every 5 ms, for ever */
};

enum certificate { CERT_GOOD, CERT_EXPIRED, CERT_FUTURE, CERT_OTHER_NAME, CERT_SELF_SIGNED, CERT_COUNT };

struct http_server {
    pthread_mutex_t lock;
    const char *bytes; /* what a connection gets once its request has come */
    size_t len;
    enum then then;
    bool unasked;       /* without waiting for a request */
    char request[2048]; /* the last one */
    unsigned connections, open, most_open;
    pthread_cond_t quiet; /* open came to 0 */

    char plain[32], tls[32]; /* "127.0.0.1:40123" */
    unsigned plain_port;
    int listener[2], stop;
    pthread_t thread;
    SSL_CTX *ctx[CERT_COUNT];
    _Atomic enum certificate certificate;
};

/* ca_file: where the certificate goes that signs all certificates but the self-signed one; all are for
 * www.example.com. */
void http_server_start(struct http_server *s, const char *ca_file);
void http_server_say(struct http_server *s, const char *bytes, size_t len, enum then then);
void http_server_stop(struct http_server *s);

#endif
