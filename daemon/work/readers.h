/* readers.h - reading the store without holding up the loop: on the uv thread pool, each thread with a
 * connection of its own.
 *
 * Connections are opened when they are first needed and kept. */
#ifndef DCVD_READERS_H
#define DCVD_READERS_H

#include "db.h"

#include <uv.h>

struct readers;
/* path is copied. */
int readers_new(uv_loop_t *uv, const char *path, struct readers **ret);
/* Nothing may be under way. */
void readers_free(struct readers *r);

struct read_job { /* the caller's; stays where it is until done was called */
    int (*read)(struct read_job *job, struct db *db); /* on a pool thread: 0 or a negative errno */
    void (*done)(struct read_job *job, int status);   /* on the loop's */
    /* ---- the room's own */
    struct readers *readers;
    uv_work_t work;
    int status;
};
void readers_run(struct readers *r, struct read_job *job);

#endif
