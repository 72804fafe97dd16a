/* reload.h - SIGHUP: reads the configuration again. It replaces the one in force, or is refused as a whole.
 *
 * It is read on a pool thread, so that a slow disk or user directory holds up no loop. Checks that run end under the
 * configuration that they began with (generation.h). Thread: the main thread. */
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
/* Reads all of it into the arena, keys too. 0, or a negative errno with *why. */
int conf_source_read(const struct conf_source *source, struct arena *a, struct conf *ret, const char **why);

struct reload { /* embedded in its owner, which sets the members of the first block; the others are zero */
    uv_loop_t *uv;
    struct conf_source source;
    struct generations *generations;
    struct scheduler *scheduler;
    struct peers *peers;
    /* ---- private to reload.c */
    uv_work_t work;
    struct arena *arena;
    struct conf conf;
    int status;
    const char *why;
    bool busy, again, stopped;
};
void reload_start(struct reload *r);
/* Nothing changes any more from now on; what is being read is dropped. */
void reload_stop(struct reload *r);

#endif
