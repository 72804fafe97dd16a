/* sink.h - output that never holds up the loop: checks wait for answers on it, and one that is late because a
 * pipe's reader was slow would be reported as lost.
 *
 * Files are written in large pieces, and when the owner says sink_flush(). Pipes, sockets and terminals take what
 * they have room for and the rest when they have more; the owner looks at sink_full() before it makes more. One
 * thread, that of the loop. */
#ifndef DCV_SINK_H
#define DCV_SINK_H

#include "format/json.h"

#include <uv.h>

struct sink {
    int fd, flags; /* those of fcntl(2), put back at the end */
    int err;       /* a negative errno: what comes now is dropped */
    bool polled, polling;
    struct buf buf;
    size_t at;
    uv_poll_t poll;
    void (*room)(void *user); /* it was full and is not any more, or failed */
    void *user;
};

/* What waits for readiness, and is not ready at all times as a file is. */
bool sink_waits(int fd);
void sink_open(struct sink *s, uv_loop_t *loop, int fd, void (*room)(void *user), void *user);
void sink_write(struct sink *s, const char *p, size_t n);
void sink_flush(struct sink *s); /* of a file: what is not written yet */
bool sink_full(const struct sink *s);
void sink_close(struct sink *s); /* takes it off the loop, which has to turn once more */
/* After the loop: what is left is written, however long it takes. 0 or a negative errno. */
int sink_finish(struct sink *s);

#endif
