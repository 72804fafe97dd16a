/* Sends HTTP requests over a Unix socket, on connections that stay open, with one request at a time on each.
 * http_load SOCKET CONNECTIONS COUNT PAUSE_US PATH   prints {"rate":…,"p50_us":…,"p99_us":…}
 *
 * PAUSE_US: microseconds between an answer and the next request of that connection; 0: none. A status other than 200
 * ends the program. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 65536, EVENTS = 64 };

struct connection {
    int fd;
    uint64_t asked;
    size_t got, want; /* want: length of the whole answer, 0 until its head has come */
    char bytes[ROOM];
};

static char request[512];
static size_t request_len;

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void fail(const char *what)
{
    fprintf(stderr, "http_load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void ask(struct connection *c)
{
    c->got = c->want = 0;
    c->asked = now_ns();
    if (write(c->fd, request, request_len) != (ssize_t)request_len)
        fail("write");
}

/* Reads what has come. 1 where the answer is complete. */
static int take(struct connection *c)
{
    ssize_t n = read(c->fd, c->bytes + c->got, ROOM - 1 - c->got);
    if (n <= 0)
        fail("read");
    c->got += (size_t)n;
    c->bytes[c->got] = '\0';
    if (!c->want) {
        const char *end = strstr(c->bytes, "\r\n\r\n"), *length = strcasestr(c->bytes, "content-length:");
        if (!end)
            return 0;
        if (strncmp(c->bytes, "HTTP/1.1 200", 12) || !length || length > end) {
            fprintf(stderr, "http_load: not what was wanted: %.200s\n", c->bytes);
            exit(1);
        }
        c->want = (size_t)(end - c->bytes) + 4 + strtoul(length + 15, NULL, 10);
    }
    return c->got >= c->want;
}

static int less(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

int main(int argc, char **argv)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if (argc != 6 || strlen(argv[1]) >= sizeof to.sun_path)
        return 2;
    strcpy(to.sun_path, argv[1]);
    size_t connections = strtoul(argv[2], NULL, 10), count = strtoul(argv[3], NULL, 10), asked = 0, done = 0;
    useconds_t pause = (useconds_t)strtoul(argv[4], NULL, 10);
    request_len = (size_t)snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", argv[5]);
    struct connection *c = calloc(connections, sizeof *c);
    uint64_t *took = calloc(count, sizeof *took), begin = now_ns();
    int epoll = epoll_create1(0);
    if (!c || !took || epoll < 0 || !count || request_len >= sizeof request)
        return 2;
    prctl(PR_SET_TIMERSLACK, 1000UL);
    for (size_t i = 0; i < connections; i++) {
        c[i].fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (connect(c[i].fd, (struct sockaddr *)&to, sizeof to))
            fail("connect");
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = &c[i]};
        epoll_ctl(epoll, EPOLL_CTL_ADD, c[i].fd, &e);
        if (asked++ < count)
            ask(&c[i]);
    }
    while (done < count) {
        struct epoll_event e[EVENTS];
        int n = epoll_wait(epoll, e, EVENTS, 10000);
        if (n <= 0)
            fail("no answer for ten seconds");
        for (int i = 0; i < n; i++) {
            struct connection *one = e[i].data.ptr;
            if (!take(one))
                continue;
            took[done++] = now_ns() - one->asked;
            if (asked++ < count) {
                if (pause)
                    usleep(pause);
                ask(one);
            }
        }
    }
    double seconds = (double)(now_ns() - begin) / 1e9;
    qsort(took, count, sizeof *took, less);
    printf("{\"rate\":%.0f,\"p50_us\":%.1f,\"p99_us\":%.1f}\n", (double)count / seconds,
           (double)took[count / 2] / 1e3, (double)took[count * 99 / 100] / 1e3);
    return 0;
}
