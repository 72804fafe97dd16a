/* dns_socket.c - the sockets of the c-ares channels: sees all bytes, also answers with a wrong id, and sends and
 * receives datagrams in batches. */
#include "observe/dns_inner.h"

#include <errno.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <unistd.h>

/* ---------------------------------------------------------------- reading ---------------------------- */

void inbox_init(struct dns_inbox *in)
{
    for (unsigned i = 0; i < BATCH; i++)
        in->iov[i] = (struct iovec){.iov_base = in->bytes[i], .iov_len = DATAGRAM_MOST};
}

void inbox_settle(struct channel *c)
{
    struct dns_inbox *in = &c->d->in;

    if (!in->open)
        return;
    in->open = false;
    if (in->claimed)
        return;
    const uint8_t *msg = in->bytes[in->next - 1];
    size_t len = in->msgs[in->next - 1].msg_len;
    struct dns_exchange *x = NULL;
    if (len >= 12) {
        uint16_t id = (uint16_t)(msg[0] << 8 | msg[1]);
        for (x = c->by_id[id % ID_BUCKETS]; x && x->id != id; x = x->same_bucket)
            ;
    }
    if (!x || !exchange_misfit(x, msg, len))
        c->d->counters.strays++;
}

static bool inbox_fill(struct channel *c, int fd)
{
    struct dns_inbox *in = &c->d->in;

    for (unsigned i = 0; i < BATCH; i++) {
        in->msgs[i].msg_hdr = (struct msghdr){.msg_iov = &in->iov[i],
                                              .msg_iovlen = 1,
                                              .msg_name = &in->from[i],
                                              .msg_namelen = sizeof(in->from[i])};
    }
    int n = recvmmsg(fd, in->msgs, BATCH, MSG_DONTWAIT, NULL);
    in->next = 0;
    in->n = n > 0 ? (unsigned)n : 0;
    in->drained = true;
    if (n < 0 && errno != EAGAIN)
        c->error = errno;
    return n > 0;
}

static ares_ssize_t read_datagram(struct channel *c, int fd, void *buf, size_t room, struct sockaddr *from,
                                  ares_socklen_t *from_len)
{
    struct dns_inbox *in = &c->d->in;

    /* Since 1.34 c-ares reads all datagrams before it looks at the first: so it gets one for each call. */
    bool again = ARES_VERSION >= 0x012200 && in->open;
    inbox_settle(c);
    if (c->refused) {
        c->refused = false;
        c->error = ECONNREFUSED;
        errno = ECONNREFUSED;
        return -1;
    }
    if (again || (in->next == in->n && in->drained)) {
        errno = EAGAIN;
        return -1;
    }
    if (in->next == in->n && !inbox_fill(c, fd))
        return -1;
    /* c-ares would take an empty datagram for the end of a stream. */
    while (in->next < in->n && in->msgs[in->next].msg_len == 0) {
        in->next++;
        c->d->counters.strays++;
    }
    if (in->next == in->n) {
        errno = EAGAIN;
        return -1;
    }
    struct mmsghdr *m = &in->msgs[in->next];
    size_t len = m->msg_len < room ? m->msg_len : room;
    memcpy(buf, in->bytes[in->next], len);
    if (from && from_len) {
        if (*from_len > m->msg_hdr.msg_namelen)
            *from_len = m->msg_hdr.msg_namelen;
        memcpy(from, &in->from[in->next], *from_len);
    }
    in->next++;
    in->open = true;
    in->claimed = false;
    return (ares_ssize_t)len;
}

static ares_ssize_t read_stream(struct channel *c, int fd, void *buf, size_t room)
{
    enum { STREAM_MOST = 2 + UINT16_MAX };
    ssize_t n = recv(fd, buf, room, 0);

    if (n > 0) {
        size_t take = (size_t)n;
        if (take > STREAM_MOST - c->stream_len)
            take = STREAM_MOST - c->stream_len;
        if (c->stream_len + take > c->stream_room) {
            size_t more = c->stream_room ? c->stream_room * 2 : 2048;
            if (more < c->stream_len + take)
                more = c->stream_len + take;
            uint8_t *grown = realloc(c->stream, more);
            if (!grown) {
                c->error = ENOMEM;
                errno = ENOMEM;
                return -1;
            }
            c->stream = grown;
            c->stream_room = more;
        }
        memcpy(c->stream + c->stream_len, buf, take);
        c->stream_len += take;
    } else if (n == 0) {
        c->error = 0; /* the end of the stream is no failure */
    } else if (errno != EAGAIN) {
        c->error = errno;
    }
    return n;
}

static ares_ssize_t on_recvfrom(ares_socket_t fd, void *buf, size_t room, int flags, struct sockaddr *from,
                                ares_socklen_t *from_len, void *user)
{
    struct channel *c = user;

    (void)flags;
    return c->tcp ? read_stream(c, fd, buf, room) : read_datagram(c, fd, buf, room, from, from_len);
}

/* ---------------------------------------------------------------- writing ---------------------------- */

void outbox_init(struct outbox *out)
{
    for (unsigned i = 0; i < BATCH; i++)
        out->iov[i].iov_base = out->bytes[i];
}

/* Sorts the datagrams by length, since the order of questions does not matter. */
static void outbox_sort(struct outbox *out)
{
    for (unsigned i = 1; i < out->n; i++) {
        struct iovec iov = out->iov[i];
        struct dns_exchange *owner = out->owner[i];
        unsigned k = i;
        for (; k && out->iov[k - 1].iov_len > iov.iov_len; k--) {
            out->iov[k] = out->iov[k - 1];
            out->owner[k] = out->owner[k - 1];
        }
        out->iov[k] = iov;
        out->owner[k] = owner;
    }
}

/* Most of the cost of a query is its way through the kernel. So datagrams of one length are sent as one message, which
 * the kernel splits at the end (UDP_SEGMENT). Fills out->msgs for the datagrams from `at` on; returns the number of
 * messages. */
static unsigned outbox_pack(struct outbox *out, unsigned at, bool segments)
{
    unsigned runs = 0;

    for (unsigned n; at < out->n; at += n) {
        struct msghdr *m = &out->msgs[runs].msg_hdr;
        size_t len = out->iov[at].iov_len;
        for (n = 1; segments && at + n < out->n && out->iov[at + n].iov_len == len; n++)
            ;
        *m = (struct msghdr){.msg_iov = &out->iov[at], .msg_iovlen = n};
        if (n > 1) {
            uint16_t each = (uint16_t)len;
            m->msg_control = out->size_of_each[runs];
            m->msg_controllen = CMSG_SPACE(sizeof(each));
            struct cmsghdr *c = CMSG_FIRSTHDR(m);
            *c = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(each)), .cmsg_level = SOL_UDP, .cmsg_type = UDP_SEGMENT};
            memcpy(CMSG_DATA(c), &each, sizeof(each));
        }
        out->first[runs++] = at;
    }
    return runs;
}

void outbox_flush(struct dns *d)
{
    struct outbox *out = &d->out;
    struct channel *c = out->channel;
    unsigned at = 0;

    if (out->n > 1 && c->segments)
        outbox_sort(out);
    while (at < out->n && c->fd >= 0) {
        unsigned runs = outbox_pack(out, at, c->segments);
        int n = sendmmsg(c->fd, out->msgs, runs, MSG_DONTWAIT | MSG_NOSIGNAL);
        size_t failed = out->msgs[0].msg_hdr.msg_iovlen;
        if (n > 0) {
            at = (unsigned)n < runs ? out->first[n] : out->n;
        } else if (errno == ECONNREFUSED && !c->refused) {
            c->refused = true; /* the refusal of an earlier datagram; this one was not sent yet */
        } else if (failed > 1 && (errno == EIO || errno == EINVAL)) {
            c->segments = false; /* not possible with IPsec, or a device without checksums */
        } else if (errno != EINTR) {
            for (; failed; failed--)
                out->owner[at++]->error = errno;
        }
    }
    out->n = 0;
}

static ares_ssize_t send_vector(struct channel *c, int fd, const struct iovec *iov, size_t n)
{
    struct outbox *out = &c->d->out;
    struct dns_exchange *x = c->d->issuing;

    if (c->pooled || !x || n != 1 || iov->iov_len > sizeof(out->bytes[0])) {
        struct msghdr m = {.msg_iov = (struct iovec *)iov, .msg_iovlen = n};
        ssize_t r = sendmsg(fd, &m, MSG_NOSIGNAL);
        if (r < 0 && (errno != EAGAIN || !c->tcp))
            c->error = errno;
        return r;
    }
    if (out->n == BATCH || (out->n && out->channel != c))
        outbox_flush(c->d);
    memcpy(out->iov[out->n].iov_base, iov->iov_base, iov->iov_len);
    out->iov[out->n].iov_len = iov->iov_len;
    out->owner[out->n] = x;
    out->channel = c;
    out->n++;
    return (ares_ssize_t)iov->iov_len;
}

/* ---------------------------------------------------------------- life ------------------------------- */

static ares_socket_t on_socket(int domain, int type, int protocol, void *user)
{
    struct channel *c = user;
    int fd = socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);

    if (fd < 0) {
        c->error = errno;
    } else if (!c->pooled) { /* thousands of answers may come before we read; a smaller buffer is fine */
        int bytes = 1 << 20, none = 0;
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
        c->segments = type == SOCK_DGRAM && !setsockopt(fd, SOL_UDP, UDP_SEGMENT, &none, sizeof(none));
    }
    return fd;
}

static int on_close(ares_socket_t fd, void *user)
{
    (void)user;
    return close(fd);
}

static int connect_socket(struct channel *c, int fd, const struct sockaddr *to, socklen_t len)
{
    int r = connect(fd, to, len);

    if (r < 0 && errno != EINPROGRESS)
        c->error = errno;
    return r;
}

#if ARES_VERSION >= 0x012200
static int on_connect(ares_socket_t fd, const struct sockaddr *to, ares_socklen_t len, unsigned int flags,
                      void *user)
{
    (void)flags;
    return connect_socket(user, fd, to, len);
}

static ares_ssize_t on_sendto(ares_socket_t fd, const void *buf, size_t len, int flags,
                              const struct sockaddr *to, ares_socklen_t to_len, void *user)
{
    struct iovec iov = {.iov_base = (void *)buf, .iov_len = len};

    (void)flags, (void)to, (void)to_len;
    return send_vector(user, fd, &iov, 1);
}

static int on_setsockopt(ares_socket_t fd, ares_socket_opt_t opt, const void *val, ares_socklen_t len,
                         void *user)
{
    (void)fd, (void)opt, (void)val, (void)len, (void)user;
    errno = ENOSYS;
    return -1;
}

void socket_functions(struct channel *c)
{
    static const struct ares_socket_functions_ex functions = {.version = 1,
                                                              .asocket = on_socket,
                                                              .aclose = on_close,
                                                              .asetsockopt = on_setsockopt,
                                                              .aconnect = on_connect,
                                                              .arecvfrom = on_recvfrom,
                                                              .asendto = on_sendto};
    ares_set_socket_functions_ex(c->ares, &functions, c);
}
#else
static int on_connect(ares_socket_t fd, const struct sockaddr *to, ares_socklen_t len, void *user)
{
    return connect_socket(user, fd, to, len);
}

static ares_ssize_t on_sendv(ares_socket_t fd, const struct iovec *iov, int n, void *user)
{
    return send_vector(user, fd, iov, (size_t)n);
}

void socket_functions(struct channel *c)
{
    static const struct ares_socket_functions functions = {on_socket, on_close, on_connect, on_recvfrom,
                                                           on_sendv};

    ares_set_socket_functions(c->ares, &functions, c);
}
#endif

void socket_state(void *channel, ares_socket_t fd, int readable, int writable)
{
    struct channel *c = channel;
    uint32_t events = (readable ? (uint32_t)EPOLLIN : 0) | (writable ? (uint32_t)EPOLLOUT : 0);
    struct epoll_event ev = {.events = events, .data.ptr = c};

    if (events == 0) {
        epoll_ctl(c->d->epoll, EPOLL_CTL_DEL, fd, &ev);
        c->fd = -1;
        c->used = 0;
        c->refused = false;
    } else if (c->fd != fd) {
        if (epoll_ctl(c->d->epoll, EPOLL_CTL_ADD, fd, &ev) < 0)
            c->error = errno; /* then the try times out */
        c->fd = fd;
    } else if (events != c->events) {
        epoll_ctl(c->d->epoll, EPOLL_CTL_MOD, fd, &ev);
    }
    c->events = events;
}
