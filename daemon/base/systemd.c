#include "base/systemd.h"

#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

void systemd_notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    size_t n = path ? strlen(path) : 0;
    if (n < 2 || n > sizeof addr.sun_path || (*path != '/' && *path != '@'))
        return;
    memcpy(addr.sun_path, path, n);
    if (*path == '@')
        addr.sun_path[0] = 0; /* the abstract namespace, unix(7) */
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
    if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&addr, len) < 0)
        log_warning("the service manager cannot be notified at %s: %s", path, strerror(errno));
    close(fd);
}

void systemd_notify_reloading(void)
{
    char text[64];
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld",
             (long long)t.tv_sec * 1000000 + t.tv_nsec / 1000);
    systemd_notify(text);
}

/* The time in which the manager wants to hear of the daemon; 0: it does not. */
static uint64_t watchdog_ms(void)
{
    const char *us = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    if (!us || (pid && strtol(pid, NULL, 10) != getpid()))
        return 0;
    char *end;
    errno = 0;
    unsigned long long v = strtoull(us, &end, 10);
    return errno || end == us || *end ? 0 : v / 1000;
}

static void on_timer(uv_timer_t *timer)
{
    (void)timer;
    systemd_notify("WATCHDOG=1");
}

void systemd_watchdog_start(struct systemd_watchdog *w, uv_loop_t *uv)
{
    uv_timer_init(uv, &w->timer);
    uint64_t ms = watchdog_ms() / 2;
    if (ms)
        uv_timer_start(&w->timer, on_timer, ms, ms);
}

void systemd_watchdog_close(struct systemd_watchdog *w)
{
    uv_close((uv_handle_t *)&w->timer, NULL);
}
