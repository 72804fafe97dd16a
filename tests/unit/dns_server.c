#include "dns_server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BIG_TXTS = 230 };

static bool label_is(const uint8_t *query, const char *label)
{
    size_t n = strlen(label);

    return query[12] == n && strncasecmp((const char *)query + 13, label, n) == 0;
}

/* Turns the query at out (len bytes, with its EDNS record) into an answer with count TXT records. Returns its
 * length. */
static size_t answer(const struct dns_server *s, uint8_t *out, size_t len, unsigned count)
{
    size_t at = 12;

    while (at < len && out[at] != 0)
        at += out[at] + 1u;
    at += 5;
    out[2] = (uint8_t)(0x84 | (out[2] & 1));
    out[3] = (uint8_t)(0x80 | s->rcode);
    memset(out + 4, 0, 8);
    out[5] = 1;
    if (s->rcode)
        count = 0;
    out[6] = (uint8_t)(count >> 8);
    out[7] = (uint8_t)count;
    for (unsigned i = 0; i < count; i++) {
        static const uint8_t head[] = {0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, 1, 0, 255};
        memcpy(out + at, head, sizeof(head));
        if (count == 1) {
            out[at + 10] = 0;
            out[at + 11] = 3;
            out[at + 12] = 2;
            memcpy(out + at + 13, "ok", 2);
            at += 15;
        } else {
            memset(out + at + 13, 'x', 255);
            at += 13 + 255;
        }
    }
    return at;
}

static void note(struct dns_server *s, const uint8_t *query, const struct sockaddr_storage *from)
{
    in_port_t port = ntohs(from->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)from)->sin6_port
                                                       : ((const struct sockaddr_in *)from)->sin_port);

    s->queries++;
    s->ports[port / 8] |= (uint8_t)(1 << port % 8);
    for (size_t i = 0; i < query[12]; i++) {
        if (query[13 + i] >= 'A' && query[13 + i] <= 'Z') {
            s->upper_case++;
            break;
        }
    }
}

static void serve_datagram(struct dns_server *s)
{
    struct sockaddr_storage from;
    socklen_t from_len = sizeof(from);
    uint8_t msg[512], other[512];
    ssize_t got = recvfrom(s->udp, msg, sizeof(msg) - 32, MSG_DONTWAIT, (struct sockaddr *)&from, &from_len);
    const struct sockaddr *to = (const struct sockaddr *)&from;

    if (got < 17)
        return;
    note(s, msg, &from);
    if (label_is(msg, "silent") || (label_is(msg, "drop") && s->seen_of_drop++ == 0))
        return;
    memcpy(other, msg, (size_t)got);
    size_t len = answer(s, msg, (size_t)got, 1);
    if (label_is(msg, "late")) {
        if (s->held_len)
            sendto(s->udp, s->held, s->held_len, 0, to, from_len);
        memcpy(s->held, msg, len);
        s->held_len = len;
        return;
    }
    if (label_is(msg, "tc")) {
        msg[2] |= 2;
        msg[7] = 0;
        len -= 15;
    } else if (label_is(msg, "wrongid")) {
        memcpy(other, msg, len);
        other[0] ^= 0xff;
        sendto(s->udp, other, len, 0, to, from_len);
    } else if (label_is(msg, "stranger")) {
        memcpy(other, msg, len);
        other[3] |= 3;
        sendto(s->stray, other, len, 0, to, from_len);
    } else if (label_is(msg, "misfit") || label_is(msg, "misfitfirst")) {
        memcpy(other, msg, len);
        other[13] ^= 1;
        sendto(s->udp, other, len, 0, to, from_len);
        if (label_is(msg, "misfit"))
            return;
    } else if (label_is(msg, "formerr")) {
        msg[3] = 1;
        msg[5] = msg[7] = 0;
        len = 12;
    } else if (label_is(msg, "lower")) {
        for (size_t i = 12; msg[i] != 0; i++)
            msg[i] = (uint8_t)(msg[i] >= 'A' && msg[i] <= 'Z' ? msg[i] + 32 : msg[i]);
    }
    sendto(s->udp, msg, len, 0, to, from_len);
}

static void serve_stream(struct dns_server *s)
{
    static uint8_t out[2 + 65535];
    struct sockaddr_storage from;
    socklen_t from_len = sizeof(from);
    int fd = accept(s->tcp, (struct sockaddr *)&from, &from_len);
    /* Only the test itself connects here, and it sends at once; the timeout ends a test that fails. */
    struct timeval bound = {.tv_sec = 5};

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof(bound));
    if (recv(fd, out, 2, MSG_WAITALL) == 2) {
        size_t len = (size_t)(out[0] << 8 | out[1]);
        if (len <= 512 && recv(fd, out + 2, len, MSG_WAITALL) == (ssize_t)len) {
            note(s, out + 2, &from);
            if (label_is(out + 2, "silent")) {
                /* The stream stays open, and this thread can serve others. */
                if (s->n_silent < sizeof(s->silent) / sizeof(s->silent[0])) {
                    s->silent[s->n_silent++] = fd;
                    return;
                }
            } else if (label_is(out + 2, "cut")) {
                answer(s, out + 2, len, BIG_TXTS);
                out[0] = 500 >> 8;
                out[1] = 500 & 0xff;
                send(fd, out, 102, MSG_NOSIGNAL);
            } else if (!label_is(out + 2, "closes")) {
                len = answer(s, out + 2, len, label_is(out + 2, "tc") ? BIG_TXTS : 1);
                out[0] = (uint8_t)(len >> 8);
                out[1] = (uint8_t)len;
                /* In two pieces: the first is a part of the length field. */
                send(fd, out, 1, MSG_NOSIGNAL);
                send(fd, out + 1, len + 1, MSG_NOSIGNAL);
            }
        }
    }
    close(fd);
}

static void *serve(void *arg)
{
    struct dns_server *s = arg;
    struct pollfd p[] = {{.fd = s->stop, .events = POLLIN},
                         {.fd = s->udp, .events = POLLIN},
                         {.fd = s->tcp, .events = POLLIN}};

    while (poll(p, 3, -1) > 0 && !p[0].revents) {
        if (p[1].revents)
            serve_datagram(s);
        if (p[2].revents)
            serve_stream(s);
    }
    return NULL;
}

static int bound_socket(int type, const struct sockaddr *addr, socklen_t len)
{
    int fd = socket(addr->sa_family, type | SOCK_CLOEXEC, 0);

    if (fd >= 0 && (bind(fd, addr, len) < 0 || (type == SOCK_STREAM && listen(fd, 64) < 0))) {
        close(fd);
        fd = -1;
    }
    return fd;
}

bool dns_server_start(struct dns_server *s, int family)
{
    memset(s, 0, sizeof(*s));
    s->family = family;
    /* Another program may have the same port number for TCP as UDP got here: then another one is tried. */
    for (int i = 0; i < 20; i++) {
        struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
        struct sockaddr *addr = family == AF_INET6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4;
        socklen_t len = family == AF_INET6 ? sizeof(v6) : sizeof(v4);

        s->udp = bound_socket(SOCK_DGRAM, addr, len);
        if (s->udp < 0)
            return false;
        s->stray = bound_socket(SOCK_DGRAM, addr, len);
        getsockname(s->udp, addr, &len);
        s->tcp = bound_socket(SOCK_STREAM, addr, len);
        snprintf(s->text, sizeof(s->text), family == AF_INET6 ? "[::1]:%u" : "127.0.0.1:%u",
                 ntohs(family == AF_INET6 ? v6.sin6_port : v4.sin_port));
        if (s->tcp >= 0)
            break;
        close(s->udp);
        close(s->stray);
    }
    int room = 4 << 20;
    setsockopt(s->udp, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
    s->stop = eventfd(0, EFD_CLOEXEC);
    if (pthread_create(&s->thread, NULL, serve, s) != 0)
        abort();
    return true;
}

void dns_server_stop(struct dns_server *s)
{
    if (write(s->stop, &(uint64_t){1}, sizeof(uint64_t)) != sizeof(uint64_t))
        abort();
    pthread_join(s->thread, NULL);
    close(s->udp);
    close(s->tcp);
    close(s->stray);
    close(s->stop);
    for (unsigned i = 0; i < s->n_silent; i++)
        close(s->silent[i]);
}

unsigned dns_server_ports(const struct dns_server *s)
{
    unsigned n = 0;

    for (size_t i = 0; i < sizeof(s->ports); i++)
        n += (unsigned)__builtin_popcount(s->ports[i]);
    return n;
}
