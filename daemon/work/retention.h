/* retention.h - the store stays within its age and size: the oldest checks that have ended go first.
 *
 * A few hundred checks or pages at a time, through the writing thread, with a pause between, so that nobody waits for
 * it. The size is that on the disk, the WAL included: a file that is too long gives pages back once enough is purged.
 * Thread: the loop's. */
#ifndef DCVD_RETENTION_H
#define DCVD_RETENTION_H

#include "run/conf.h"
#include "work/readers.h"
#include "writer.h"

struct retention {
    uv_timer_t timer;
    const struct conf *conf; /* .retention_days, .retention_size */
    struct writer *writer;
    struct readers *readers;
    struct read_job read; /* of .size */
    struct db_size size;
    uint64_t aged_at; /* when all that is too old was gone, by the loop's clock; 0: some may be left */
    int64_t over;     /* bytes, when it was last purged for the size; 0: it was not */
    uint32_t most;    /* checks then */
    bool by_size;     /* what is under way is done for the size */
    bool closed;
};

/* In place; the first round begins at once. All that is given must outlive retention_close() and what is under way. */
void retention_init(struct retention *r, uv_loop_t *uv, const struct conf *conf, struct writer *writer,
                    struct readers *readers);
/* How long the WAL may become, in bytes: a part of the whole. */
int64_t retention_wal(const struct conf *conf);
/* Begins nothing more; what the writer or a reader has in hand ends with them. */
void retention_close(struct retention *r);

#endif
