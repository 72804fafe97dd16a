/* readers.h - reads the store without holding up the main loop: on the pool threads of libuv, each with a connection of
 * its own. Connections are opened when they are needed, and kept.
 *
 * Thread: the main loop's, but for read_job.read. */
#ifndef DCVD_READERS_H
#define DCVD_READERS_H

#include "db.h"

#include <uv.h>

struct readers;
/* path is copied. 0 or a negative errno. */
int readers_new(uv_loop_t *uv, const char *path, struct readers **ret);
void readers_free(struct readers *r); /* no job may be under way; NULL is allowed */

struct read_job { /* the caller's; stays where it is until done was called */
    int (*read)(struct read_job *job, struct db *db); /* on a pool thread: 0 or a negative errno */
    void (*done)(struct read_job *job, int status);   /* on the main loop */
    /* ---- private to readers.c */
    struct readers *readers;
    uv_work_t work;
    int status;
};
void readers_run(struct readers *r, struct read_job *job); /* done() comes, possibly before this returns */

#endif
