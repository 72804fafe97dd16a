/* listen.h - the sockets that the API is served on: those that systemd passed (sd_listen_fds(3)), or else a Unix socket
 * of [daemon] socket; and one TCP socket on a loopback address where [daemon] listen names one.
 *
 * Opened once, at the start of the daemon. */
#ifndef DCVD_LISTEN_H
#define DCVD_LISTEN_H

#include "run/conf.h"

#include <sys/stat.h>

enum { LISTENERS_MOST = 8 };

struct listeners {
    int fd[LISTENERS_MOST];
    size_t n;
    const char *path; /* of the Unix socket that listeners_close() removes; NULL: none */
    dev_t dev;
    ino_t ino;
};

/* 0, or a negative errno with *why (in the arena): a daemon that answers on the path, a file that is no socket, … */
int listeners_open(struct arena *a, const struct conf *conf, struct listeners *ret, const char **why);
/* Closes them, and removes the Unix socket where the file at its path is still the same. */
void listeners_close(struct listeners *l);

#endif
