/* reload.h - SIGHUP: the configuration is read again, and takes the place of the one in force, or is refused
 * whole.
 *
 * It is read on a pool thread: a disk or a directory of users that is slow holds up no loop. Checks that run
 * end under the configuration that they began with (generation.h). Thread: home. */
#ifndef DCVD_RELOAD_H
#define DCVD_RELOAD_H

#include "http/peers.h"
#include "threads/generation.h"
#include "work/scheduler.h"

struct conf_source { /* what the command line says */
    const char *file;
    const struct conf_option *options;
    size_t n;
};
/* All of it, keys too, into the arena. 0, or a negative errno with *why. */
int conf_source_read(const struct conf_source *source, struct arena *a, struct conf *ret, const char **why);

struct reload { /* embedded in its owner; zero, and then the first block set */
    uv_loop_t *uv;
    struct conf_source source;
    struct generations *generations;
    struct scheduler *scheduler;
    struct peers *peers;
    /* ---- its own */
    uv_work_t work;
    struct arena *arena;
    struct conf conf;
    int status;
    const char *why;
    bool busy, again, stopped;
};
void reload_start(struct reload *r);
/* From here on nothing changes any more; what is being read is dropped. */
void reload_stop(struct reload *r);

#endif
