/* sink.h - output that does not block the loop: checks wait for answers on the loop, and a slow reader of a pipe must
 * not make an answer look lost.
 *
 * A struct sink is embedded in its owner, from sink_open() to sink_finish(). One thread, that of the loop.
 *
 * A file is written in large pieces, and by sink_flush(). A pipe, socket or terminal is written as far as it has room,
 * and again when it has more; the owner checks sink_full() before it makes more output. */
#ifndef DCV_SINK_H
#define DCV_SINK_H

#include "base/buf.h"

#include <uv.h>

struct sink {
    int fd, flags; /* flags: of fcntl(2), restored at the end */
    int err;       /* a negative errno: all later output is dropped */
    bool polled, polling;
    struct buf buf;
    size_t at;
    uv_poll_t poll;
    void (*room)(void *user); /* called when it is no longer full, or failed */
    void *user;
};

/* True for a descriptor that can be polled: a file cannot, it is always ready. */
bool sink_waits(int fd);
void sink_open(struct sink *s, uv_loop_t *loop, int fd, void (*room)(void *user), void *user);
void sink_write(struct sink *s, const char *p, size_t n);
void sink_flush(struct sink *s); /* for a file: writes what is buffered */
bool sink_full(const struct sink *s);
void sink_close(struct sink *s); /* closes its handle; the loop must run once more */
/* After the loop has ended: writes the rest, however long that takes. 0 or a negative errno. */
int sink_finish(struct sink *s);

#endif
