/* retention.h - keeps the store within the age and the size of the configuration: deletes the oldest checks that have
 * ended.
 *
 * The writing thread deletes a few hundred checks, or gives back as many pages, at a time, with a pause after each, so
 * that other writes wait for it only shortly. The size is that on the disk, the WAL included: once enough checks are
 * deleted, a file that is too long gives pages back.
 *
 * Where the clock jumps, or the limit of age is made shorter, more than a tenth of all checks may become too old at
 * once. That is written to the log; and where hardly any younger ones are there, which would show that the clock is
 * right, it waits for a day: a wrong clock is put right in that time, and nobody gets back what was deleted for it.
 * Thread: the main loop's. */
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
    struct read_job age; /* of .below and .many */
    int64_t oldest;      /* time of the oldest check that stays */
    int64_t below;       /* checks with lower ids are too old */
    int64_t purged;      /* the same at the last round that was carried out; 0: none was */
    int64_t many;        /* how many are too old, where that is more than a tenth of all; else 0 */
    bool alone;          /* hardly any others are there, which would show that the clock is right */
    uint64_t held_at;    /* since when there are many, by the loop's clock; 0: there are not */
    uint64_t aged_at; /* when nothing too old was left, by the loop's clock; 0: something may be left */
    int64_t over;     /* bytes beyond the limit when it was last purged for the size; 0: it was not */
    uint32_t most;    /* checks that were purged then */
    bool by_size;     /* the job that is under way is for the size, not for the age */
    bool closed;
};

/* In place; the first round begins at once. conf, writer and readers must outlive retention_close() and the job that is
 * under way then. */
void retention_init(struct retention *r, uv_loop_t *uv, const struct conf *conf, struct writer *writer,
                    struct readers *readers);
/* How many bytes the WAL may have: a part of the limit. */
int64_t retention_wal(const struct conf *conf);
/* Begins nothing more; the job that is under way ends by itself. */
void retention_close(struct retention *r);

#endif
