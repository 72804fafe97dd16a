/* http_server.h - a web server for tests that sends exactly the bytes that the test gives it, at once or slowly.
 *
 * It listens on two ports that the kernel picks, one plain, one with TLS, and has a thread for each connection. A test
 * calls http_server_say() before it starts a fetch, to set what the next connections get. The struct is the test's;
 * .lock guards it from http_server_start() to http_server_stop(). */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What comes after the bytes. */
enum then {
    THEN_CLOSE,
    THEN_RESET,
    THEN_HOLD,   /* nothing, until the client closes */
    THEN_REPEAT, /* the last 1000 bytes again and again, for ever */
    THEN_DRIP,   /* an "x" every 5 ms, for ever */
};

enum certificate { CERT_GOOD, CERT_EXPIRED, CERT_FUTURE, CERT_OTHER_NAME, CERT_SELF_SIGNED, CERT_COUNT };

struct http_server {
    pthread_mutex_t lock;
    const char *bytes; /* what a connection gets after its request */
    size_t len;
    enum then then;
    bool unasked;       /* sent without waiting for a request */
    char request[2048]; /* the last request */
    unsigned connections, open, most_open;
    pthread_cond_t quiet; /* signalled when .open becomes 0 */

    char plain[32], tls[32]; /* "127.0.0.1:40123" */
    unsigned plain_port;
    int listener[2], stop;
    pthread_t thread;
    SSL_CTX *ctx[CERT_COUNT];
    _Atomic enum certificate certificate;
};

/* ca_file: the CA's certificate is written there; it signs all certificates but the self-signed one. All are for
 * www.example.com. */
void http_server_start(struct http_server *s, const char *ca_file);
/* The next connections get these bytes; `bytes` must stay valid until they are over. */
void http_server_say(struct http_server *s, const char *bytes, size_t len, enum then then);
void http_server_stop(struct http_server *s);

#endif
