#include "cmd/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FULL = 4 << 20, PIECE = 256 << 10 };

bool sink_waits(int fd)
{
    struct stat st;
    return !fstat(fd, &st) && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) || isatty(fd));
}

/* Writes as much as possible without waiting; to a file, or with wait, everything. Returns the bytes written. */
static size_t put(struct sink *s, const char *p, size_t n, bool wait)
{
    size_t done = 0;
    while (done < n && !s->err) {
        ssize_t k = write(s->fd, p + done, n - done);
        if (k > 0)
            done += (size_t)k;
        else if (k < 0 && errno == EAGAIN && !wait)
            break;
        else if (k < 0 && errno == EAGAIN)
            poll(&(struct pollfd){.fd = s->fd, .events = POLLOUT}, 1, -1);
        else if (k < 0 && errno != EINTR)
            s->err = -errno;
    }
    return done;
}

static void on_ready(uv_poll_t *handle, int status, int events)
{
    struct sink *s = handle->data;
    (void)status;
    (void)events;
    bool was_full = sink_full(s);
    s->at += put(s, s->buf.p + s->at, s->buf.n - s->at, false);
    if (s->at == s->buf.n || s->err) {
        s->buf.n = s->at = 0;
        uv_poll_stop(&s->poll);
        s->polling = false;
    }
    if (s->err || (was_full && !sink_full(s)))
        s->room(s->user);
}

void sink_open(struct sink *s, uv_loop_t *loop, int fd, void (*room)(void *user), void *user)
{
    *s = (struct sink){.fd = fd, .room = room, .user = user};
    s->flags = fcntl(fd, F_GETFL); /* uv_poll_init() makes the file non-blocking for all processes that have it open */
    s->polled = sink_waits(fd) && !uv_poll_init(loop, &s->poll, fd);
    s->poll.data = s;
}

void sink_write(struct sink *s, const char *p, size_t n)
{
    if (s->err)
        return;
    if (!s->polled) {
        buf_add(&s->buf, p, n);
        if (s->buf.failed)
            s->err = -ENOMEM;
        else if (s->buf.n >= PIECE)
            sink_flush(s);
        return;
    }
    if (s->at > FULL / 2) {
        memmove(s->buf.p, s->buf.p + s->at, s->buf.n - s->at);
        s->buf.n -= s->at;
        s->at = 0;
    }
    buf_add(&s->buf, p, n);
    if (s->buf.failed)
        s->err = -ENOMEM;
    if (!s->polling)
        s->polling = !uv_poll_start(&s->poll, UV_WRITABLE, on_ready);
}

void sink_flush(struct sink *s)
{
    if (s->polled || s->err)
        return;
    put(s, s->buf.p + s->at, s->buf.n - s->at, true);
    s->buf.n = s->at = 0;
}

bool sink_full(const struct sink *s)
{
    return s->buf.n - s->at > FULL;
}

void sink_close(struct sink *s)
{
    if (s->polled)
        uv_close((uv_handle_t *)&s->poll, NULL);
    s->polled = false;
}

int sink_finish(struct sink *s)
{
    if (s->buf.n > s->at)
        put(s, s->buf.p + s->at, s->buf.n - s->at, true);
    buf_free(&s->buf);
    if (s->flags >= 0)
        fcntl(s->fd, F_SETFL, s->flags);
    return s->err;
}
