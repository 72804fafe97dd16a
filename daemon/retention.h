/* retention.h - the store stays within its age and size: the oldest checks that have ended go first.
 *
 * A few hundred at a time, through the writing thread, with a pause between, so that nobody waits for it. The file
 * does not shrink, but what is freed in it is used again. Thread: the loop's. */
#ifndef DCVD_RETENTION_H
#define DCVD_RETENTION_H

#include "conf.h"
#include "readers.h"

struct retention {
    uv_timer_t timer;
    const struct conf *conf; /* .retention_days, .retention_size */
    struct writer *writer;
    struct readers *readers;
    struct read_job read; /* of the size */
    int64_t size;
    bool aged;            /* in this round all that is too old is gone */
    bool closed;
};

/* In place; the first round begins at once. All that is given must outlive retention_close() and what is under way. */
void retention_init(struct retention *r, uv_loop_t *uv, const struct conf *conf, struct writer *writer,
                    struct readers *readers);
/* Begins nothing more; what the writer or a reader has in hand ends with them. */
void retention_close(struct retention *r);

#endif
