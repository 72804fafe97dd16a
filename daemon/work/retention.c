#include "work/retention.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/table.h"
#include "model/time.h"

#include <errno.h>
#include <stdlib.h>

enum {
    AT_ONCE = 200,          /* checks that one job deletes */
    AT_ONCE_FAR_OVER = 800, /* the same far beyond the limit: as many as come in meanwhile at full load */
    AT_ONCE_BY_SIZE = 20,   /* the same at first, for the size: each one too many could have stayed */
    PAGES_AT_ONCE = 250,    /* pages that one job gives back: 2 MB that are moved */
    PAUSE_MS = 20,
    WATCH_MS = 100, /* to the next look at a store that is nearly full */
    STUCK_MS = 5000,
    ROUND_MS = 60000,
    FEW = 10,       /* checks that may become too old at once, however few there are */
    TENTH = 10,     /* the part of all checks that may */
    TWENTIETH = 20, /* the part of all checks whose times show that the clock is right */
    USUAL_MS = 3600 * 1000 /* by which the limit of age moves on from one round to the next */
};

static void on_timer(uv_timer_t *timer);

static void again(struct retention *r, uint64_t ms)
{
    if (!r->closed)
        uv_timer_start(&r->timer, on_timer, ms, 0);
}

static void on_written(struct write_job *job)
{
    struct retention *r = job->user;
    uint64_t pause = r->by_size ? PAUSE_MS / 4 : PAUSE_MS;
    if (job->status) {
        pause = ROUND_MS; /* goes on: it may make room on a full disk. The failed write is in the log already */
    } else if (job->kind == WRITE_VACUUM) {
        if (!job->deleted) /* a reader prevents it, or the file can never become shorter */
            pause = STUCK_MS;
    } else if (job->deleted < job->most) {
        if (r->by_size) /* no check that is left has ended */
            pause = STUCK_MS;
        else
            r->aged_at = uv_now(r->timer.loop);
    }
    if (job->deleted && job->kind == WRITE_PURGE)
        log_debug("%u old checks were deleted from the store", job->deleted);
    write_job_free(job);
    again(r, pause);
}

static void push(struct retention *r, enum write_kind kind, int64_t below, uint32_t most)
{
    struct write_job *job = calloc(1, sizeof *job);
    if (!job) {
        again(r, ROUND_MS);
        return;
    }
    *job = (struct write_job){
        .kind = kind, .id = below, .at = clock_now(), .most = most, .done = on_written, .user = r};
    writer_push(r->writer, job);
}

/* The last purge tells how large checks are: where many more have to go, four times as many go the next time. */
static void purge_for_size(struct retention *r, int64_t over, int64_t limit)
{
    int64_t gained = r->over - over;
    bool slow = r->over && over > 4 * gained;
    uint32_t cap = over > limit / 8 ? AT_ONCE_FAR_OVER : AT_ONCE;
    r->most = !slow ? AT_ONCE_BY_SIZE : r->most * 4 > cap ? cap : r->most * 4;
    r->over = over;
    push(r, WRITE_PURGE, INT64_MAX, r->most);
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
    int64_t limit = (int64_t)r->conf->retention_size - 2 * retention_wal(r->conf);
    r->by_size = true;
    if (status || r->size.used <= limit)
        r->over = 0;
    if (status)
        again(r, ROUND_MS);
    else if (r->size.used > limit)
        purge_for_size(r, r->size.used - limit, limit);
    else if (r->size.file > limit)
        push(r, WRITE_VACUUM, 0, PAGES_AT_ONCE);
    else
        again(r, r->size.file > limit / 4 * 3 ? WATCH_MS : ROUND_MS);
}

/* On a pool thread. All checks are counted only where the limit moved by more than time passed. */
static int read_age(struct read_job *job, struct db *db)
{
    struct retention *r = CONTAINER(job, struct retention, age);
    int64_t aged = 0, ended = 0;
    int rc = db_bound(db, r->oldest, &r->below);
    bool usual = r->purged && r->below - r->purged <= db_id_at(USUAL_MS);
    if (!rc && !usual)
        rc = db_aged(db, r->below, &aged, &ended);
    r->many = aged > FEW && aged > ended / TENTH ? aged : 0;
    r->alone = ended - aged < ended / TWENTIETH;
    return rc;
}

/* True while a purge of very many waits. */
static bool held(struct retention *r)
{
    uint64_t now = uv_now(r->timer.loop);
    if (!r->many) {
        r->held_at = 0;
        return false;
    }
    if (!r->held_at) {
        r->held_at = now;
        log_warning("%lld checks, more than a tenth of all, have become older than %u days at once%s",
                    (long long)r->many, r->conf->retention_days,
                    r->alone ? ": is the clock right? They are deleted in 24 hours" : ", and are deleted");
    }
    return r->alone && now - r->held_at < (uint64_t)DAY_MS;
}

static void on_age(struct read_job *job, int status)
{
    struct retention *r = CONTAINER(job, struct retention, age);
    if (r->closed)
        return;
    r->by_size = false;
    if (status || held(r)) {
        r->aged_at = uv_now(r->timer.loop);
        again(r, PAUSE_MS);
        return;
    }
    r->purged = r->below;
    push(r, WRITE_PURGE, r->below, AT_ONCE);
}

static void on_timer(uv_timer_t *timer)
{
    struct retention *r = timer->data;
    if (r->aged_at && uv_now(timer->loop) - r->aged_at < ROUND_MS - PAUSE_MS) {
        readers_run(r->readers, &r->read);
        return;
    }
    r->aged_at = 0;
    r->oldest = clock_now() - r->conf->retention_days * DAY_MS; /* the configuration belongs to this thread */
    readers_run(r->readers, &r->age);
}

int64_t retention_wal(const struct conf *conf)
{
    const int64_t most = 16 << 20;
    int64_t part = (int64_t)(conf->retention_size / 8);
    return part < most ? part : most;
}

void retention_init(struct retention *r, uv_loop_t *uv, const struct conf *conf, struct writer *writer,
                    struct readers *readers)
{
    *r = (struct retention){
        .conf = conf, .writer = writer, .readers = readers, .read = {.read = read_size, .done = on_size},
        .age = {.read = read_age, .done = on_age}};
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
