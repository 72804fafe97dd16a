#include "http/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = SOMAXCONN, FIRST_PASSED = 3 };

static const char *fail(struct arena *a, const char *what, const char *where, int error)
{
    return arena_printf(a, "%s %s: %s", what, where, strerror(error));
}

/* Sockets that systemd passed stay as their unit says, but for the descriptors' flags. */
static int take_passed(struct arena *a, struct listeners *l, const char **why)
{
    const char *count = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
    if (!count || !pid || strtol(pid, NULL, 10) != getpid())
        return 0;
    long n = strtol(count, NULL, 10);
    if (n < 0 || n > LISTENERS_MOST - 1) {
        *why = arena_printf(a, "LISTEN_FDS=%ld: expected at most %d sockets", n, LISTENERS_MOST - 1);
        return -EINVAL;
    }
    for (int fd = FIRST_PASSED; fd < FIRST_PASSED + n; fd++) {
        int listening = 0;
        socklen_t len = sizeof listening;
        if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) || !listening) {
            *why = arena_printf(a, "descriptor %d of LISTEN_FDS is no listening stream socket", fd);
            return -EINVAL;
        }
        fcntl(fd, F_SETFD, FD_CLOEXEC);
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
        l->fd[l->n++] = fd;
    }
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDNAMES");
    return 0;
}

/* Removes a socket that nobody answers on, as a killed daemon leaves it behind. Anything else is left alone. */
static int clear_path(struct arena *a, const struct sockaddr_un *addr, const char **why)
{
    struct stat st;
    const char *path = addr->sun_path;
    if (lstat(path, &st)) {
        int error = errno;
        if (error == ENOENT)
            return 0;
        *why = fail(a, "socket", path, error);
        return -error;
    }
    if (!S_ISSOCK(st.st_mode)) {
        *why =
            arena_printf(a, "socket %s: the file is not a socket, and was left alone", path);
        return -EEXIST;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    int rc = connect(fd, (const struct sockaddr *)addr, sizeof *addr) ? errno : 0;
    close(fd);
    if (rc == 0 || rc == EAGAIN) { /* EAGAIN: its backlog is full, so somebody listens */
        *why = arena_printf(a, "another dcvd answers on %s", path);
        return -EADDRINUSE;
    }
    if (rc != ECONNREFUSED || unlink(path)) {
        rc = rc != ECONNREFUSED ? rc : errno;
        *why = fail(a, "socket", path, rc);
        return -rc;
    }
    return 0;
}

static int set_group(struct arena *a, const struct conf *conf, const char **why)
{
    if (!conf->socket_group)
        return 0;
    const struct group *gr = getgrnam(conf->socket_group);
    if (!gr) {
        *why = arena_printf(a, "socket_group: there is no group '%s'", conf->socket_group);
        return -EINVAL;
    }
    if (chown(conf->socket, (uid_t)-1, gr->gr_gid)) {
        int error = errno;
        *why = fail(a, "socket_group: giving to the group", conf->socket, error);
        return -error;
    }
    return 0;
}

static int open_unix(struct arena *a, const struct conf *conf, struct listeners *l, const char **why)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    if (strlen(conf->socket) >= sizeof addr.sun_path) {
        *why = arena_printf(a, "socket %s: the path is longer than %zu bytes", conf->socket,
                            sizeof addr.sun_path - 1);
        return -ENAMETOOLONG;
    }
    strcpy(addr.sun_path, conf->socket);
    int rc = clear_path(a, &addr, why);
    if (rc)
        return rc;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        rc = -errno;
        *why = fail(a, "socket", conf->socket, -rc);
        return rc;
    }
    l->fd[l->n++] = fd;
    struct stat st;
    /* Nobody else can connect before mode and group are set. */
    mode_t before = umask(0177);
    rc = bind(fd, (const struct sockaddr *)&addr, sizeof addr) ? -errno : 0;
    umask(before);
    if (!rc && !lstat(conf->socket, &st)) {
        l->path = arena_strdup(a, conf->socket); /* conf may be freed first */
        l->dev = st.st_dev;
        l->ino = st.st_ino;
    }
    if (!rc) {
        rc = set_group(a, conf, why);
        if (rc)
            return rc;
        rc = chmod(conf->socket, conf->socket_mode) || listen(fd, BACKLOG) ? -errno : 0;
    }
    if (rc)
        *why = fail(a, "socket", conf->socket, -rc);
    return rc;
}

/* conf.c has checked the form: 127.0.0.1:PORT or [::1]:PORT. */
static int open_tcp(struct arena *a, const struct conf *conf, struct listeners *l, const char **why)
{
    char text[INET6_ADDRSTRLEN + 2];
    const char *colon = strrchr(conf->listen, ':');
    bool v6 = *conf->listen == '[';
    size_t n = (size_t)(colon - conf->listen) - (v6 ? 2 : 0);
    memcpy(text, conf->listen + v6, n);
    text[n] = 0;
    struct sockaddr_in6 a6 = {.sin6_family = AF_INET6};
    struct sockaddr_in a4 = {.sin_family = AF_INET};
    in_port_t port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
    a6.sin6_port = a4.sin_port = port;
    int one = 1, rc = 0;
    int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        rc = -errno;
    } else {
        l->fd[l->n++] = fd;
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        if (inet_pton(v6 ? AF_INET6 : AF_INET, text, v6 ? (void *)&a6.sin6_addr : (void *)&a4.sin_addr) != 1)
            rc = -EINVAL;
        else if (bind(fd, v6 ? (struct sockaddr *)&a6 : (struct sockaddr *)&a4, v6 ? sizeof a6 : sizeof a4) ||
                 listen(fd, BACKLOG))
            rc = -errno;
    }
    if (rc)
        *why = fail(a, "listen", conf->listen, -rc);
    return rc;
}

int listeners_open(struct arena *a, const struct conf *conf, struct listeners *ret, const char **why)
{
    *ret = (struct listeners){0};
    *why = OUT_OF_MEMORY;
    int rc = take_passed(a, ret, why);
    if (!rc && !ret->n)
        rc = open_unix(a, conf, ret, why);
    if (!rc && conf->listen)
        rc = open_tcp(a, conf, ret, why);
    if (rc)
        listeners_close(ret);
    return rc;
}

void listeners_close(struct listeners *l)
{
    struct stat st;
    if (l->path && !lstat(l->path, &st) && st.st_dev == l->dev && st.st_ino == l->ino)
        unlink(l->path);
    for (size_t i = 0; i < l->n; i++)
        close(l->fd[i]);
    *l = (struct listeners){0};
}
