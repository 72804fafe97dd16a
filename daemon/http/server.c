#include "http/server.h"

#include "base/log.h"
#include "http/connections.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    ACCEPT_BATCH = 32,
    PARAMS_MOST = 32,
    MEMORY_CONNECTION = 8192,  /* holds the request's line and headers; set to zero for each request */
    REQUEST_MS = 30000,        /* from connecting, or from the last answer, to the end of a request */
    PIECES_LEAST = 65536,      /* of a body that comes in pieces: as much has to come in each REQUEST_MS */
    PIECES_MOST = 1 << 30,     /* bytes of one */
    ANSWER_MS = 60000,         /* for the client to take the answer */
    SWEEP_MS = 500,
    LAST_MS = 1000,                   /* for answers that are on their way when the daemon ends */
    DISCARD_MOST = 4 * API_BODY_MOST, /* of a body that is too long and did not say so */
    STREAM_MOST = 256 << 10,          /* kept for a stream's reader that is behind */
    STREAM_BLOCK = 8192
};

struct exchange {
    struct server *server;
    struct MHD_Connection *connection;
    struct connection *peer;
    char *method, *path;
    struct api_param params[PARAMS_MOST];
    struct api_input input;
    struct peer who;
    struct buf body;
    size_t body_most, discarded;
    bool whole;     /* all of the body has come */
    bool in_pieces; /* it is not kept, but goes to its taker, which is empty from the answer on */
    struct taker taker;
    size_t took, step; /* of it: in all, and since .until was moved on */
    struct api_answer answer;
    bool answered, suspended, given, queued;
    struct buf out; /* of a stream: what is not read yet, from .out_at on */
    size_t out_at;
    bool stream, ended;
    void (*gone)(void *user);
    void *gone_user;
};

struct server {
    uv_loop_t *uv;
    struct MHD_Daemon *mhd;
    server_fn *fn;
    void *user;
    uv_poll_t poll, listen[LISTENERS_MOST];
    int listen_fd[LISTENERS_MOST];
    size_t n_listen;
    uv_poll_t *own; /* of the listener that libmicrohttpd accepts from itself, or NULL: ours while .starved */
    uv_timer_t timeout, sweep;
    uv_prepare_t prepare;
    struct connections connections;
    size_t exchanges;
    bool dirty, stopped, closing;
    bool starved; /* libmicrohttpd found no descriptor for a newcomer: it waits for a close, or without any spins */
    uint64_t close_by;
    unsigned handles; /* still to be closed */
    void (*closed)(void *user);
    void *closed_user;
};

/* ---------------------------------------------------------------- running libmicrohttpd -------------- */

static void close_now(struct server *s);

static void on_timeout(uv_timer_t *t);

static void pump(struct server *s)
{
    do {
        s->dirty = false;
        MHD_run(s->mhd);
    } while (s->dirty); /* a connection that closed is given back by the next run only */
    if (s->starved && !s->connections.list)
        uv_poll_stop(&s->poll); /* the listener stays readable: until the next sweep */
    MHD_UNSIGNED_LONG_LONG ms;
    if (MHD_get_timeout(s->mhd, &ms) == MHD_YES)
        uv_timer_start(&s->timeout, on_timeout, ms, 0);
    else
        uv_timer_stop(&s->timeout);
    if (s->closing && !s->exchanges)
        close_now(s);
}

static void on_timeout(uv_timer_t *t)
{
    pump(t->data);
}

static void on_poll(uv_poll_t *p, int status, int events)
{
    (void)status;
    (void)events;
    pump(p->data);
}

/* Answers that were given during this turn of the loop go out together, before it sleeps. */
static void on_prepare(uv_prepare_t *p)
{
    struct server *s = p->data;
    if (s->dirty)
        pump(s);
}

static void on_listen(uv_poll_t *p, int status, int events);

/* Where descriptors had run out there are perhaps some again. */
static void listen_again(struct server *s)
{
    for (size_t i = 0; i < s->n_listen; i++)
        if (!uv_is_active((uv_handle_t *)&s->listen[i]) && (&s->listen[i] != s->own || s->starved))
            uv_poll_start(&s->listen[i], UV_READABLE, on_listen);
}

/* libmicrohttpd's own timeout begins anew with every byte; this one does not. */
static void on_sweep(uv_timer_t *t)
{
    struct server *s = t->data;
    uint64_t now = uv_now(s->uv);
    if (connections_sweep(&s->connections, now))
        s->dirty = true;
    if (!s->stopped)
        listen_again(s);
    if (s->closing && now >= s->close_by)
        close_now(s);
}

/* ---------------------------------------------------------------- connections ------------------------ */

/* One for whom there is no room is told so and has no context, and whatever it asks ends it. */
static void on_connection(void *user, struct MHD_Connection *mc, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct server *s = user;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        int fd = MHD_get_connection_info(mc, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        uint64_t now = uv_now(s->uv);
        uv_poll_start(&s->poll, UV_READABLE, on_poll); /* see pump() */
        if (connections_room(&s->connections, fd, &s->dirty))
            *context = connection_new(&s->connections, fd, now, now + REQUEST_MS);
        else
            connection_refuse(fd);
    } else {
        if (*context)
            connection_free(&s->connections, *context);
        s->dirty = true;
        s->starved = false; /* with this it accepts again */
        if (s->own && !uv_is_closing((uv_handle_t *)s->own)) /* at the end it is */
            uv_poll_stop(s->own);
    }
}

static void on_listen(uv_poll_t *p, int status, int events)
{
    (void)status;
    (void)events;
    struct server *s = p->data;
    int listener = s->listen_fd[p - s->listen];
    for (int i = 0; i < ACCEPT_BATCH; i++) {
        struct sockaddr_storage addr;
        socklen_t len = sizeof addr;
        int fd = accept4(listener, (struct sockaddr *)&addr, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
            /* It would stay readable and the loop would spin: wait for the next sweep. */
            log_warning("no connection can be taken: %s", strerror(errno));
            uv_poll_stop(p);
            break;
        }
        if (fd < 0)
            break;
        if (MHD_add_connection(s->mhd, fd, (struct sockaddr *)&addr, len) != MHD_YES)
            log_debug("a connection was not taken: %s", strerror(errno));
    }
    pump(s);
}

/* ---------------------------------------------------------------- exchanges -------------------------- */

const struct api_input *exchange_input(const struct exchange *x)
{
    return &x->input;
}

const struct peer *exchange_peer(const struct exchange *x)
{
    return &x->who;
}

static void suspend(struct exchange *x)
{
    x->suspended = true;
    x->peer->until = 0;
    MHD_suspend_connection(x->connection);
}

static void go_on(struct exchange *x)
{
    if (!x->suspended)
        return;
    x->suspended = false;
    if (!x->whole)
        x->peer->until = uv_now(x->server->uv) + REQUEST_MS;
    MHD_resume_connection(x->connection);
    x->server->dirty = true;
}

void exchange_take(struct exchange *x, const struct taker *t)
{
    x->taker = *t;
}

void exchange_resume(struct exchange *x)
{
    go_on(x);
}

void exchange_answer(struct exchange *x, struct api_answer *answer)
{
    x->answer = *answer;
    *answer = (struct api_answer){0};
    x->answered = true;
    x->taker = (struct taker){0};
    go_on(x);
}

void exchange_stream(struct exchange *x, const char *type, void (*gone)(void *user), void *user)
{
    x->answer = (struct api_answer){.status = 200, .type = type};
    x->stream = x->answered = true;
    x->gone = gone;
    x->gone_user = user;
    go_on(x);
}

bool exchange_send(struct exchange *x, const char *p, size_t n)
{
    if (x->out.n - x->out_at + n > STREAM_MOST)
        return false;
    if (x->out_at > STREAM_MOST / 2) {
        x->out.n -= x->out_at;
        memmove(x->out.p, x->out.p + x->out_at, x->out.n);
        x->out_at = 0;
    }
    buf_add(&x->out, p, n);
    go_on(x);
    return !x->out.failed;
}

void exchange_end(struct exchange *x)
{
    x->gone = NULL;
    x->ended = true;
    go_on(x);
}

/* libmicrohttpd has room: what it was given before is with the reader's kernel. */
static ssize_t on_read(void *user, uint64_t pos, char *to, size_t most)
{
    (void)pos;
    struct exchange *x = user;
    size_t n = x->out.n - x->out_at;
    if (x->out.failed)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (n) {
        n = n < most ? n : most;
        memcpy(to, x->out.p + x->out_at, n);
        x->out_at += n;
        if (x->out_at == x->out.n)
            x->out.n = x->out_at = 0;
        x->peer->until = uv_now(x->server->uv) + ANSWER_MS;
        return (ssize_t)n;
    }
    if (x->ended)
        return MHD_CONTENT_READER_END_OF_STREAM;
    suspend(x);
    return 0;
}

static void add_header(struct MHD_Response *r, const char *name, const char *value)
{
    if (value && *value)
        MHD_add_response_header(r, name, value);
}

static enum MHD_Result queue(struct exchange *x)
{
    struct api_answer *ans = &x->answer;
    if (!x->stream)
        buf_puts(&ans->body, "\n");
    if (ans->body.failed)
        return MHD_NO; /* no memory for an answer: the connection is closed without one */
    struct MHD_Response *r =
        x->stream ? MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, on_read, x, NULL)
                  : MHD_create_response_from_buffer(ans->body.n, ans->body.p, MHD_RESPMEM_MUST_FREE);
    if (!r)
        return MHD_NO;
    ans->body = (struct buf){0};
    add_header(r, "Content-Type", ans->type ? ans->type : "application/json");
    add_header(r, "Allow", ans->allow);
    add_header(r, "Location", ans->location);
    if (ans->retry_after) {
        char seconds[16];
        snprintf(seconds, sizeof seconds, "%u", ans->retry_after);
        add_header(r, "Retry-After", seconds);
    }
    if (ans->close || x->server->closing)
        add_header(r, "Connection", "close");
    enum MHD_Result rc = MHD_queue_response(x->connection, (unsigned)ans->status, r);
    MHD_destroy_response(r);
    x->queued = true;
    x->peer->idle = 0;
    x->peer->until = uv_now(x->server->uv) + ANSWER_MS;
    return rc;
}

static enum MHD_Result on_param(void *user, enum MHD_ValueKind kind, const char *name, size_t name_len,
                                const char *value, size_t value_len)
{
    (void)kind;
    (void)name_len;
    struct exchange *x = user;
    if (x->input.n_params == PARAMS_MOST)
        return MHD_NO;
    x->params[x->input.n_params++] = (struct api_param){name, value, value ? value_len : 0};
    return MHD_YES;
}

static const char *header(const struct exchange *x, const char *name)
{
    return MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, name);
}

/* A Host that only this machine can be: localhost, 127.0.0.0/8 or [::1], with a port or without. */
static bool is_loopback(const char *host)
{
    char name[INET_ADDRSTRLEN];
    struct in_addr v4;
    size_t n = strcspn(host, *host == '[' ? "]" : ":");
    n += host[n] == ']';
    const char *port = host + n;
    if (n >= sizeof name || (*port && (*port != ':' || port[1 + strspn(port + 1, "0123456789")])))
        return false;
    memcpy(name, host, n);
    name[n] = 0;
    return !strcasecmp(name, "localhost") || !strcmp(name, "[::1]") ||
           (inet_pton(AF_INET, name, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127);
}

/* A page in a browser on this machine can reach a loopback port too, by its address or by a name that it lets
 * point there. It can forge neither header. */
static bool from_a_page(const struct exchange *x)
{
    const char *host = header(x, "Host");
    return header(x, "Origin") || (host && !is_loopback(host));
}

static struct exchange *exchange_new(struct server *s, struct MHD_Connection *mc, const char *url,
                                     const char *method)
{
    struct exchange *x = calloc(1, sizeof *x);
    if (!x)
        return NULL;
    x->server = s;
    x->connection = mc;
    x->peer = MHD_get_connection_info(mc, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    x->method = strdup(method);
    x->path = strdup(url);
    if (!x->peer || !x->method || !x->path) {
        free(x->method);
        free(x->path);
        free(x);
        return NULL;
    }
    peer_renew(s->connections.peers, x->peer->fd, &x->peer->peer);
    x->who = x->peer->peer;
    if (x->who.uid == PEER_NOBODY && from_a_page(x))
        x->who.allowed = false;
    x->body_most = api_body_most(method, url);
    x->in_pieces = x->body_most == API_BODY_PIECES;
    if (x->in_pieces)
        x->body_most = PIECES_MOST;
    s->exchanges++;
    return x;
}

static void too_long(struct exchange *x)
{
    api_error(&x->answer, 413, CODE_bad_request_format, NULL,
              "the body is too long; %s %s takes %zu bytes at most", x->method, x->path, x->body_most);
    x->answer.close = true;
    x->answered = true;
}

static void give(struct exchange *x);

/* With the headers read: what is too long by its own word is refused before it is sent, and so is, where the
 * client waits for a word from us (RFC 9110 §10.1.1), whatever is refused by them alone. */
static enum MHD_Result begin(struct exchange *x)
{
    const char *length = header(x, "Content-Length");
    if (length && strtoull(length, NULL, 10) > x->body_most) {
        too_long(x);
        return queue(x);
    }
    if (!x->in_pieces)
        return MHD_YES;
    give(x);
    if (!x->answered || !header(x, "Expect"))
        return MHD_YES;
    x->answer.close = true;
    return queue(x);
}

/* libmicrohttpd takes an answer only after the body; that far we listen, but not for ever. */
static enum MHD_Result discard(struct exchange *x, size_t n)
{
    x->discarded += n;
    return x->discarded > (x->in_pieces ? PIECES_MOST : DISCARD_MOST) ? MHD_NO : MHD_YES;
}

/* A client that is slow may stay as long as it is not too slow. */
static void stepped(struct exchange *x, size_t n)
{
    x->step += n;
    if (x->step < PIECES_LEAST)
        return;
    x->step = 0;
    x->peer->until = uv_now(x->server->uv) + REQUEST_MS;
}

static enum MHD_Result take_piece(struct exchange *x, const char *data, size_t *n)
{
    size_t got = *n;
    if (!x->answered && x->took + got > x->body_most) {
        if (x->taker.gone)
            x->taker.gone(x->taker.user);
        x->taker = (struct taker){0};
        too_long(x);
    }
    if (x->taker.take && !x->taker.take(x->taker.user, data, got) && !x->answered) {
        suspend(x); /* *n stays: libmicrohttpd comes with the piece again */
        return MHD_YES;
    }
    *n = 0;
    stepped(x, got);
    x->took += got;
    return x->answered ? discard(x, got) : MHD_YES;
}

static enum MHD_Result take_body(struct exchange *x, const char *data, size_t *n)
{
    size_t got = *n;
    if (x->queued) {
        *n = 0;
        return MHD_YES;
    }
    if (x->in_pieces)
        return take_piece(x, data, n);
    *n = 0;
    if (x->answered || x->body.n + got > x->body_most) {
        if (!x->answered)
            too_long(x);
        return discard(x, got);
    }
    buf_add(&x->body, data, got);
    return x->body.failed ? MHD_NO : MHD_YES;
}

static void give(struct exchange *x)
{
    x->given = true;
    x->peer->idle = 0;
    MHD_get_connection_values_n(x->connection, MHD_GET_ARGUMENT_KIND, on_param, x);
    x->input.method = x->method;
    x->input.path = x->path;
    x->input.params = x->params;
    x->input.content_type = header(x, "Content-Type");
    x->input.body = x->body.p ? x->body.p : "";
    x->input.len = x->body.n;
    if (!x->server->closing) {
        x->server->fn(x->server->user, x);
        return;
    }
    api_error(&x->answer, 429, CODE_request_limit_exceeded, NULL,
              "the daemon is ending; try again when it is back");
    x->answer.retry_after = 1;
    x->answered = true;
}

/* The whole request has come. */
static void complete(struct exchange *x)
{
    x->whole = true;
    x->peer->until = 0;
    if (!x->given)
        give(x);
    else if (x->taker.end)
        x->taker.end(x->taker.user);
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *mc, const char *url, const char *method,
                                  const char *version, const char *upload, size_t *upload_len, void **state)
{
    (void)version;
    struct exchange *x = *state;
    if (!x) {
        x = exchange_new(user, mc, url, method);
        *state = x;
        return x ? begin(x) : MHD_NO;
    }
    if (*upload_len)
        return take_body(x, upload, upload_len);
    if (x->queued)
        return MHD_YES;
    if (!x->answered && !x->whole)
        complete(x);
    if (x->answered)
        return queue(x);
    suspend(x);
    return MHD_YES;
}

static void on_completed(void *user, struct MHD_Connection *mc, void **state,
                         enum MHD_RequestTerminationCode code)
{
    (void)mc;
    (void)code;
    struct server *s = user;
    struct exchange *x = *state;
    if (!x)
        return;
    *state = NULL;
    s->exchanges--;
    if (x->taker.gone)
        x->taker.gone(x->taker.user);
    x->peer->idle = uv_now(s->uv);
    x->peer->until = x->peer->idle + REQUEST_MS;
    buf_free(&x->body);
    buf_free(&x->answer.body);
    buf_free(&x->out);
    if (x->gone)
        x->gone(x->gone_user);
    free(x->method);
    free(x->path);
    free(x);
}

static void on_log(void *user, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
static void on_log(void *user, const char *fmt, va_list ap)
{
    static const char starved[] = "Hit process or system resource limit"; /* there is no other word of it */
    struct server *s = user;
    if (!strncmp(fmt, starved, sizeof starved - 1)) {
        if (!s->starved)
            log_warning("no connection can be taken: %s", strerror(EMFILE));
        s->starved = true;
    }
    if (!log_wanted(LEVEL_DEBUG))
        return;
    char text[400];
    vsnprintf(text, sizeof text, fmt, ap);
    text[strcspn(text, "\n")] = 0;
    log_debug("libmicrohttpd: %s", text);
}

/* ---------------------------------------------------------------- life ------------------------------- */

static void listen_start(struct server *s, const struct listeners *listeners, int own)
{
    for (size_t i = 0; i < listeners->n; i++) {
        size_t n = s->n_listen;
        if (uv_poll_init(s->uv, &s->listen[n], listeners->fd[i]))
            continue;
        s->listen_fd[n] = listeners->fd[i];
        s->listen[n].data = s;
        s->n_listen++;
        if (listeners->fd[i] == own)
            s->own = &s->listen[n];
    }
    listen_again(s);
}

/* The first Unix socket of them is libmicrohttpd's own: of connections that it is handed it does not know that they
 * are none of TCP, and tries to set TCP's options before and after each answer. -1: there is none. */
static int first_unix(const struct listeners *listeners)
{
    for (size_t i = 0; i < listeners->n; i++) {
        int family = AF_UNSPEC;
        socklen_t len = sizeof family;
        if (!getsockopt(listeners->fd[i], SOL_SOCKET, SO_DOMAIN, &family, &len) && family == AF_UNIX)
            return listeners->fd[i];
    }
    return -1;
}

int server_new(uv_loop_t *uv, const struct listeners *listeners, const struct peers *peers, server_fn *fn,
               void *user, struct server **ret)
{
    struct server *s = calloc(1, sizeof *s);
    if (!s)
        return -ENOMEM;
    *s = (struct server){.uv = uv, .connections = {.peers = peers}, .fn = fn, .user = user};
    int own = first_unix(listeners);
    struct MHD_OptionItem listener[] = {{own < 0 ? MHD_OPTION_END : MHD_OPTION_LISTEN_SOCKET, own, NULL},
                                        {MHD_OPTION_END, 0, NULL}};
    s->mhd = MHD_start_daemon(
        (own < 0 ? MHD_USE_NO_LISTEN_SOCKET : MHD_NO_FLAG) | MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME |
            MHD_USE_ERROR_LOG,
        0, NULL, NULL, on_request, s, MHD_OPTION_EXTERNAL_LOGGER, on_log, s, MHD_OPTION_ARRAY, listener,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MOST + ACCEPT_BATCH + 8, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)ANSWER_MS / 1000,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_CONNECTION, MHD_OPTION_CONNECTION_MEMORY_INCREMENT,
        (size_t)2048, MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, s, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    if (!s->mhd) {
        free(s);
        return -ENOMEM;
    }
    int rc = uv_poll_init(uv, &s->poll, MHD_get_daemon_info(s->mhd, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd);
    if (rc) {
        MHD_quiesce_daemon(s->mhd); /* or it would close the listener, which is not its to close */
        MHD_stop_daemon(s->mhd);
        free(s);
        return rc;
    }
    uv_timer_init(uv, &s->timeout);
    uv_timer_init(uv, &s->sweep);
    uv_prepare_init(uv, &s->prepare);
    s->poll.data = s->timeout.data = s->sweep.data = s->prepare.data = s;
    uv_poll_start(&s->poll, UV_READABLE, on_poll);
    uv_prepare_start(&s->prepare, on_prepare);
    uv_timer_start(&s->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
    listen_start(s, listeners, own);
    *ret = s;
    return 0;
}

static void on_closed(uv_handle_t *h)
{
    struct server *s = h->data;
    if (--s->handles)
        return;
    MHD_stop_daemon(s->mhd);
    s->closed(s->closed_user);
    free(s);
}

static void handle_close(struct server *s, uv_handle_t *h)
{
    s->handles++;
    uv_close(h, on_closed);
}

void server_stop_accepting(struct server *s)
{
    s->stopped = true;
    MHD_quiesce_daemon(s->mhd);
    for (size_t i = 0; i < s->n_listen; i++)
        uv_poll_stop(&s->listen[i]);
}

static void close_now(struct server *s)
{
    if (s->handles)
        return;
    for (size_t i = 0; i < s->n_listen; i++)
        handle_close(s, (uv_handle_t *)&s->listen[i]);
    handle_close(s, (uv_handle_t *)&s->poll);
    handle_close(s, (uv_handle_t *)&s->timeout);
    handle_close(s, (uv_handle_t *)&s->sweep);
    handle_close(s, (uv_handle_t *)&s->prepare);
}

void server_close(struct server *s, void (*closed)(void *user), void *user)
{
    s->closing = true;
    s->closed = closed;
    s->closed_user = user;
    s->close_by = uv_now(s->uv) + LAST_MS;
    s->dirty = true;
}
