#include "retention.h"

#include "clock.h"
#include "log.h"
#include "table.h"

#include <errno.h>
#include <stdlib.h>

/* By size fewer at a time: one too many is a check that could have stayed. */
enum { AT_ONCE = 200, AT_ONCE_BY_SIZE = 20, PAUSE_MS = 20, ROUND_MS = 60000 };
#define DAY_MS INT64_C(86400000)

static void on_timer(uv_timer_t *timer);

static void again(struct retention *r, uint64_t ms)
{
    if (r->closed)
        return;
    if (ms == ROUND_MS)
        r->aged = false;
    uv_timer_start(&r->timer, on_timer, ms, 0);
}

static void on_purged(struct write_job *job)
{
    struct retention *r = job->user;
    /* A full disk is the reason to go on; the writer has said so already. */
    uint64_t pause = job->status ? ROUND_MS : PAUSE_MS;
    if (!job->status && job->deleted < job->most) {
        if (r->aged) /* of what is left nothing has ended: the store cannot become smaller */
            pause = ROUND_MS;
        r->aged = true;
    }
    if (job->deleted)
        log_debug("%u checks left the store", job->deleted);
    write_job_free(job);
    again(r, pause);
}

static void purge(struct retention *r, int64_t below, uint32_t most)
{
    struct write_job *job = calloc(1, sizeof *job);
    if (!job) {
        again(r, ROUND_MS);
        return;
    }
    *job = (struct write_job){
        .kind = WRITE_PURGE, .id = below, .at = clock_now(), .most = most, .done = on_purged, .user = r};
    writer_push(r->writer, job);
}

static int read_size(struct read_job *job, struct db *db)
{
    struct retention *r = CONTAINER(job, struct retention, read);
    return db_size(db, &r->size);
}

static void on_size(struct read_job *job, int status)
{
    struct retention *r = CONTAINER(job, struct retention, read);
    if (r->closed)
        return;
    if (!status && r->size > 0 && (uint64_t)r->size > r->conf->retention_size)
        purge(r, INT64_MAX, AT_ONCE_BY_SIZE);
    else
        again(r, ROUND_MS);
}

static void on_timer(uv_timer_t *timer)
{
    struct retention *r = timer->data;
    if (!r->aged)
        purge(r, db_id_at(clock_now() - r->conf->retention_days * DAY_MS), AT_ONCE);
    else
        readers_run(r->readers, &r->read);
}

void retention_init(struct retention *r, uv_loop_t *uv, const struct conf *conf, struct writer *writer,
                    struct readers *readers)
{
    *r = (struct retention){.conf = conf,
                            .writer = writer,
                            .readers = readers,
                            .read = {.read = read_size, .done = on_size}};
    uv_timer_init(uv, &r->timer);
    r->timer.data = r;
    again(r, 0);
}

void retention_close(struct retention *r)
{
    r->closed = true;
    if (r->timer.data && !uv_is_closing((uv_handle_t *)&r->timer))
        uv_close((uv_handle_t *)&r->timer, NULL);
}
