#include "http_server.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define MUST(x)                                                                                              \
    do {                                                                                                     \
        if (!(x)) {                                                                                          \
            perror("http_server: " #x);                                                                      \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

/* ---------------------------------------------------------------- certificates ----------------------- */

static X509 *certificate(EVP_PKEY *key, const char *name, int from, int to, X509 *issuer,
                         EVP_PKEY *issuer_key)
{
    X509 *x = X509_new();
    X509V3_CTX ctx;
    char text[100];

    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1 + rand());
    X509_gmtime_adj(X509_getm_notBefore(x), from);
    X509_gmtime_adj(X509_getm_notAfter(x), to);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, (const uint8_t *)name, -1, -1,
                               0);
    X509_set_issuer_name(x, X509_get_subject_name(issuer ? issuer : x));
    X509_set_pubkey(x, key);
    X509V3_set_ctx(&ctx, issuer ? issuer : x, x, NULL, NULL, 0);
    snprintf(text, sizeof(text), "DNS:%s", name);
    X509_EXTENSION *ext = issuer ? X509V3_EXT_conf_nid(NULL, &ctx, NID_subject_alt_name, text)
                                 : X509V3_EXT_conf_nid(NULL, &ctx, NID_basic_constraints, "critical,CA:TRUE");
    MUST(ext && X509_add_ext(x, ext, -1));
    X509_EXTENSION_free(ext);
    MUST(X509_sign(x, issuer_key, EVP_sha256()));
    return x;
}

static void certificates(struct http_server *s, const char *ca_file)
{
    enum { DAY = 86400 };
    static const struct {
        const char *name;
        int from, to;
        bool self;
    } rows[CERT_COUNT] = {
        [CERT_GOOD] = {"www.example.com", -DAY, DAY, false},
        [CERT_EXPIRED] = {"www.example.com", -2 * DAY, -DAY, false},
        [CERT_FUTURE] = {"www.example.com", DAY, 2 * DAY, false},
        [CERT_OTHER_NAME] = {"www.example.net", -DAY, DAY, false},
        [CERT_SELF_SIGNED] = {"www.example.com", -DAY, DAY, true},
    };
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *ca = certificate(key, "Test Root", -DAY, DAY, NULL, key);
    FILE *f = fopen(ca_file, "w");

    MUST(f && PEM_write_X509(f, ca) && fclose(f) == 0);
    for (int i = 0; i < CERT_COUNT; i++) {
        X509 *x = certificate(key, rows[i].name, rows[i].from, rows[i].to, rows[i].self ? NULL : ca, key);
        s->ctx[i] = SSL_CTX_new(TLS_server_method());
        MUST(SSL_CTX_use_certificate(s->ctx[i], x) == 1 && SSL_CTX_use_PrivateKey(s->ctx[i], key) == 1);
        X509_free(x);
    }
    X509_free(ca);
    EVP_PKEY_free(key);
}

/* ---------------------------------------------------------------- one connection --------------------- */

struct connection {
    struct http_server *s;
    int fd;
    bool tls;
    SSL *ssl;
};

/* Waits at most `wait` ms (-1: for ever). False as soon as the client has closed the connection or the test ends. */
static bool pause_for(struct connection *c, int wait)
{
    struct pollfd p[2] = {{.fd = c->fd, .events = POLLRDHUP}, {.fd = c->s->stop, .events = POLLIN}};

    return poll(p, 2, wait) == 0;
}

static bool put(struct connection *c, const char *p, size_t n)
{
    if (c->ssl)
        return n == 0 || SSL_write(c->ssl, p, (int)n) > 0;
    while (n > 0) {
        ssize_t done = send(c->fd, p, n, MSG_NOSIGNAL);
        if (done <= 0)
            return false;
        p += done;
        n -= (size_t)done;
    }
    return true;
}

static bool request_read(struct connection *c)
{
    char text[2048];
    size_t n = 0;

    for (;;) {
        struct pollfd p[2] = {{.fd = c->fd, .events = POLLIN}, {.fd = c->s->stop, .events = POLLIN}};
        if (poll(p, 2, -1) < 0 || p[1].revents || n + 1 >= sizeof(text))
            return false;
        ssize_t got = c->ssl ? SSL_read(c->ssl, text + n, (int)(sizeof(text) - n - 1))
                             : recv(c->fd, text + n, sizeof(text) - n - 1, 0);
        if (got <= 0)
            return false;
        n += (size_t)got;
        text[n] = '\0';
        /* A TLS client's first record (0x16) at the plain port counts as a request, too. */
        if (strstr(text, "\r\n\r\n") || text[0] == 0x16)
            break;
    }
    pthread_mutex_lock(&c->s->lock);
    memcpy(c->s->request, text, n + 1);
    pthread_mutex_unlock(&c->s->lock);
    return true;
}

static void converse(struct connection *c)
{
    struct http_server *s = c->s;
    pthread_mutex_lock(&s->lock);
    const char *bytes = s->bytes;
    size_t len = s->len;
    enum then then = s->then;
    bool unasked = s->unasked;
    pthread_mutex_unlock(&s->lock);

    if (c->tls) {
        c->ssl = SSL_new(s->ctx[s->certificate]);
        SSL_set_fd(c->ssl, c->fd);
        if (SSL_accept(c->ssl) != 1)
            return;
    }
    if ((!unasked && !request_read(c)) || !put(c, bytes, len))
        return;
    switch (then) {
    case THEN_CLOSE:
        /* close() with unread bytes would send a reset, so the client's end is awaited. */
        shutdown(c->fd, SHUT_WR);
        pause_for(c, 1000);
        break;
    case THEN_RESET:
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1}, sizeof(struct linger));
        break;
    case THEN_HOLD:
        pause_for(c, -1);
        break;
    case THEN_REPEAT:
        while (put(c, bytes + len - 1000, 1000))
            ;
        break;
    case THEN_DRIP:
        while (put(c, "x", 1) && pause_for(c, 5))
            ;
        break;
    }
}

static void *on_connection(void *user)
{
    struct connection *c = user;
    struct http_server *s = c->s;

    converse(c);
    SSL_free(c->ssl);
    close(c->fd);
    free(c);
    pthread_mutex_lock(&s->lock);
    if (--s->open == 0)
        pthread_cond_signal(&s->quiet);
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* ---------------------------------------------------------------- all of them ------------------------ */

static void *serve(void *user)
{
    struct http_server *s = user;
    pthread_attr_t detached;
    sigset_t pipe;

    /* SIGPIPE is blocked in this thread only: the observer under test must not depend on it. */
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, NULL);
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    for (;;) {
        struct pollfd p[3] = {{.fd = s->listener[0], .events = POLLIN},
                              {.fd = s->listener[1], .events = POLLIN},
                              {.fd = s->stop, .events = POLLIN}};
        pthread_t thread;
        if (poll(p, 3, -1) < 0 || p[2].revents)
            break;
        for (int i = 0; i < 2; i++) {
            int fd = p[i].revents ? accept(s->listener[i], NULL, NULL) : -1;
            if (fd < 0)
                continue;
            struct connection *c = calloc(1, sizeof(*c));
            *c = (struct connection){.s = s, .fd = fd, .tls = i == 1};
            /* The bytes sent before a reset must arrive. */
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
            pthread_mutex_lock(&s->lock);
            s->connections++;
            if (++s->open > s->most_open)
                s->most_open = s->open;
            pthread_mutex_unlock(&s->lock);
            MUST(pthread_create(&thread, &detached, on_connection, c) == 0);
        }
    }
    pthread_attr_destroy(&detached);
    return NULL;
}

void http_server_start(struct http_server *s, const char *ca_file)
{
    memset(s, 0, sizeof(*s));
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->quiet, NULL);
    certificates(s, ca_file);
    for (int i = 0; i < 2; i++) {
        struct sockaddr_in a = {.sin_family = AF_INET}; /* any address: clients connect to several of 127.0.0.0/8 */
        socklen_t len = sizeof(a);
        s->listener[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        MUST(bind(s->listener[i], (struct sockaddr *)&a, len) == 0 && listen(s->listener[i], 512) == 0);
        getsockname(s->listener[i], (struct sockaddr *)&a, &len);
        snprintf(i ? s->tls : s->plain, sizeof(s->tls), "127.0.0.1:%u", ntohs(a.sin_port));
        if (i == 0)
            s->plain_port = ntohs(a.sin_port);
    }
    s->stop = eventfd(0, EFD_CLOEXEC);
    MUST(s->stop >= 0 && pthread_create(&s->thread, NULL, serve, s) == 0);
}

void http_server_say(struct http_server *s, const char *bytes, size_t len, enum then then)
{
    pthread_mutex_lock(&s->lock);
    s->bytes = bytes;
    s->len = len;
    s->then = then;
    s->unasked = false;
    s->connections = s->most_open = 0;
    s->request[0] = '\0';
    pthread_mutex_unlock(&s->lock);
}

void http_server_stop(struct http_server *s)
{
    MUST(eventfd_write(s->stop, 1) == 0);
    pthread_join(s->thread, NULL);
    pthread_mutex_lock(&s->lock);
    while (s->open > 0)
        pthread_cond_wait(&s->quiet, &s->lock);
    pthread_mutex_unlock(&s->lock);
    close(s->listener[0]);
    close(s->listener[1]);
    close(s->stop);
    for (int i = 0; i < CERT_COUNT; i++)
        SSL_CTX_free(s->ctx[i]);
    pthread_cond_destroy(&s->quiet);
    pthread_mutex_destroy(&s->lock);
}
