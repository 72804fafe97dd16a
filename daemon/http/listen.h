/* listen.h - the sockets that the API is served on. Blocking only at the start of the daemon.
 *
 * A Unix socket at a path of our own, those that systemd passed (sd_listen_fds(3)), and one TCP socket on a
 * loopback address. */
#ifndef DCVD_LISTEN_H
#define DCVD_LISTEN_H

#include "run/conf.h"

#include <sys/stat.h>

enum { LISTENERS_MOST = 8 };

struct listeners {
    int fd[LISTENERS_MOST];
    size_t n;
    const char *path; /* of the socket that is ours to remove; NULL where it is not */
    dev_t dev;
    ino_t ino;
};

/* 0, or a negative errno with *why (in the arena): a live daemon on the path, a path that is no socket, … */
int listeners_open(struct arena *a, const struct conf *conf, struct listeners *ret, const char **why);
/* Closes them, and removes the socket's path if it is still our socket that stands there. */
void listeners_close(struct listeners *l);

#endif
