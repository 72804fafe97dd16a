#include "http/server.h"

#include "base/log.h"
#include "http/exchange_inner.h"
#include "http/server_inner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    ACCEPT_BATCH = 32,        /* connections that are accepted in one turn of the loop */
    MEMORY_CONNECTION = 8192, /* holds the request's line and headers; set to zero for each request */
    SWEEP_MS = 500,
    LAST_MS = 1000 /* for answers that are on their way when the daemon ends */
};

/* ---------------------------------------------------------------- running libmicrohttpd -------------- */

static void close_now(struct server *s);

static void on_timeout(uv_timer_t *t);

static void pump(struct server *s)
{
    do {
        s->dirty = false;
        MHD_run(s->mhd);
    } while (s->dirty); /* what a connection took is freed only by the run after the one that closes it */
    if (s->starved && !s->connections.list)
        uv_poll_stop(&s->poll); /* its listener stays readable and the loop would spin: wait for the next sweep */
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

/* Answers that were given in this turn of the loop go out together, before it waits for events. */
static void on_prepare(uv_prepare_t *p)
{
    struct server *s = p->data;
    if (s->dirty)
        pump(s);
}

static void on_listen(uv_poll_t *p, int status, int events);

/* Polls the listeners that were left alone while there were no descriptors: there may be some again. */
static void listen_again(struct server *s)
{
    for (size_t i = 0; i < s->n_listen; i++)
        if (!uv_is_active((uv_handle_t *)&s->listen[i]) && (&s->listen[i] != s->own || s->starved))
            uv_poll_start(&s->listen[i], UV_READABLE, on_listen);
}

/* libmicrohttpd's own timeout begins anew with every byte, and does not bound the whole; this one does. */
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

/* A connection for which there is no room is told so and has no context; whatever it asks ends it. */
static void on_connection(void *user, struct MHD_Connection *mc, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct server *s = user;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        int fd = MHD_get_connection_info(mc, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        uint64_t now = uv_now(s->uv);
        uv_poll_start(&s->poll, UV_READABLE, on_poll); /* pump() may have stopped it */
        if (connections_room(&s->connections, fd, &s->dirty))
            *context = connection_new(&s->connections, fd, now, now + REQUEST_MS);
        else
            connection_refuse(fd);
    } else {
        if (*context)
            connection_free(&s->connections, *context);
        s->dirty = true;
        s->starved = false; /* a descriptor is free: libmicrohttpd accepts again */
        if (s->own && !uv_is_closing((uv_handle_t *)s->own)) /* it is while the server closes */
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
            /* The listener stays readable and the loop would spin: wait for the next sweep. */
            log_warning("no connection can be accepted: %s", strerror(errno));
            uv_poll_stop(p);
            break;
        }
        if (fd < 0)
            break;
        if (MHD_add_connection(s->mhd, fd, (struct sockaddr *)&addr, len) != MHD_YES)
            log_debug("a connection was not accepted: %s", strerror(errno));
    }
    pump(s);
}

static void on_log(void *user, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
static void on_log(void *user, const char *fmt, va_list ap)
{
    static const char starved[] = "Hit process or system resource limit"; /* libmicrohttpd tells it in no other way */
    struct server *s = user;
    if (!strncmp(fmt, starved, sizeof starved - 1)) {
        if (!s->starved)
            log_warning("no connection can be accepted: %s", strerror(EMFILE));
        s->starved = true;
    }
    if (!log_wanted(LEVEL_DEBUG))
        return;
    char text[400];
    vsnprintf(text, sizeof text, fmt, ap);
    text[strcspn(text, "\n")] = 0;
    log_debug("libmicrohttpd: %s", text);
}

/* ---------------------------------------------------------------- start and end ---------------------- */

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

/* From the first Unix socket libmicrohttpd accepts by itself: it does not know of a connection that is handed to it
 * that it is not TCP, and tries to set TCP's options before and after each answer. -1: there is none. */
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
        0, NULL, NULL, exchange_on_request, s, MHD_OPTION_EXTERNAL_LOGGER, on_log, s, MHD_OPTION_ARRAY, listener,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MOST + ACCEPT_BATCH + 8, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)ANSWER_MS / 1000,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_CONNECTION, MHD_OPTION_CONNECTION_MEMORY_INCREMENT,
        (size_t)2048, MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_NOTIFY_COMPLETED,
        exchange_on_completed, s, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    if (!s->mhd) {
        free(s);
        return -ENOMEM;
    }
    int rc = uv_poll_init(uv, &s->poll, MHD_get_daemon_info(s->mhd, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd);
    if (rc) {
        MHD_quiesce_daemon(s->mhd); /* or MHD_stop_daemon() would close the listener, which is its caller's */
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
