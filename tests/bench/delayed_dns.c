/* A DNS server that answers each question after a fixed time, as a distant one would. delayed_dns ADDRESS PORT DELAY_MS
 *
 * CAA questions: digicert.com at names of two labels, nothing at longer ones. Other questions: a TXT record. One
 * thread; answers wait in a ring buffer in the order of arrival, because all are delayed equally long. */
#include <arpa/inet.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

enum { RING = 1 << 17, BATCH = 64, ANSWER_MOST = 192, QUERY_MOST = 512 };

struct answer {
    uint64_t due;
    struct sockaddr_in to;
    uint16_t len;
    uint8_t bytes[ANSWER_MOST];
};

static struct answer ring[RING];
static size_t first, next; /* they only grow; modulo the size of the ring they are indices */

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Writes the answer and returns its length; 0: the query gets none. */
static uint16_t answer_to(const uint8_t *query, size_t n, uint8_t *to)
{
    static const uint8_t caa[] = "\xc0\x0c\x01\x01\x00\x01\x00\x00\x01\x2c\x00\x13\x00\x05issuedigicert.com";
    static const uint8_t txt[] = "\xc0\x0c\x00\x10\x00\x01\x00\x00\x01\x2c\x00\x04\x03yes";
    size_t at = 12, labels = 0;
    for (; at < n && query[at]; at += query[at] + 1u)
        labels++;
    at += 5;
    if (at > n || at + sizeof caa > ANSWER_MOST)
        return 0;
    bool is_caa = query[at - 4] == 1 && query[at - 3] == 1;
    memcpy(to, query, at);
    memset(to + 6, 0, 6);
    to[2] = (uint8_t)(query[2] | 0x84);
    to[3] = 0;
    if (is_caa && labels > 2)
        return (uint16_t)at;
    to[7] = 1;
    size_t more = is_caa ? sizeof caa - 1 : sizeof txt - 1;
    memcpy(to + at, is_caa ? caa : txt, more);
    return (uint16_t)(at + more);
}

static void take(int fd, uint64_t delay)
{
    static uint8_t bytes[BATCH][QUERY_MOST];
    struct mmsghdr m[BATCH];
    struct iovec iov[BATCH];
    struct sockaddr_in from[BATCH];
    for (size_t i = 0; i < BATCH; i++) {
        iov[i] = (struct iovec){bytes[i], QUERY_MOST};
        m[i].msg_hdr = (struct msghdr){
            .msg_name = &from[i], .msg_namelen = sizeof from[i], .msg_iov = &iov[i], .msg_iovlen = 1};
    }
    int n = next - first > RING - BATCH ? 0 : recvmmsg(fd, m, BATCH, MSG_DONTWAIT, NULL);
    uint64_t due = now_ns() + delay;
    for (int i = 0; i < n; i++) {
        struct answer *a = &ring[next % RING];
        a->len = answer_to(bytes[i], m[i].msg_len, a->bytes);
        a->to = from[i];
        a->due = due;
        next += a->len > 0;
    }
}

static void give(int fd)
{
    struct mmsghdr m[BATCH];
    struct iovec iov[BATCH];
    uint64_t now = now_ns();
    while (first != next && ring[first % RING].due <= now) {
        unsigned n = 0;
        for (; n < BATCH && first + n != next && ring[(first + n) % RING].due <= now; n++) {
            struct answer *a = &ring[(first + n) % RING];
            iov[n] = (struct iovec){a->bytes, a->len};
            m[n].msg_hdr = (struct msghdr){
                .msg_name = &a->to, .msg_namelen = sizeof a->to, .msg_iov = &iov[n], .msg_iovlen = 1};
        }
        (void)sendmmsg(fd, m, n, 0); /* errors are ignored: a client may have ended */
        first += n;
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in self = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_DGRAM, 0), room = 8 << 20;
    if (argc != 4 || fd < 0 || inet_pton(AF_INET, argv[1], &self.sin_addr) != 1)
        return 2;
    self.sin_port = htons((uint16_t)atoi(argv[2]));
    uint64_t delay = strtoull(argv[3], NULL, 10) * 1000000;
    if (bind(fd, (struct sockaddr *)&self, sizeof self)) {
        perror("delayed_dns");
        return 1;
    }
    /* Above the usual limit if this process may: no query of a burst must be lost. */
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room))
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    prctl(PR_SET_TIMERSLACK, 1000UL);
    for (;;) {
        struct timespec wait = {.tv_sec = 1};
        if (first != next) {
            uint64_t now = now_ns(), due = ring[first % RING].due;
            uint64_t left = due > now ? due - now : 0;
            wait = (struct timespec){.tv_sec = (time_t)(left / 1000000000),
                                     .tv_nsec = (long)(left % 1000000000)};
        }
        ppoll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, &wait, NULL);
        take(fd, delay);
        give(fd);
    }
}
