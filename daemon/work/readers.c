#include "work/readers.h"

#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT_MOST = 16 }; /* connections that nobody uses */

struct readers {
    uv_loop_t *uv;
    char *path;
    uv_mutex_t mutex; /* of idle and n */
    struct db *idle[KEPT_MOST];
    size_t n;
};

int readers_new(uv_loop_t *uv, const char *path, struct readers **ret)
{
    struct readers *r = calloc(1, sizeof *r);
    if (!r)
        return -ENOMEM;
    r->uv = uv;
    r->path = strdup(path);
    int rc = r->path ? uv_mutex_init(&r->mutex) : -ENOMEM;
    if (rc) {
        free(r->path);
        free(r);
        return rc;
    }
    *ret = r;
    return 0;
}

void readers_free(struct readers *r)
{
    if (!r)
        return;
    while (r->n)
        db_close(r->idle[--r->n]);
    uv_mutex_destroy(&r->mutex);
    free(r->path);
    free(r);
}

static int take(struct readers *r, struct db **ret)
{
    struct db *db = NULL;
    uv_mutex_lock(&r->mutex);
    if (r->n)
        db = r->idle[--r->n];
    uv_mutex_unlock(&r->mutex);
    char why[DB_ERROR_TEXT];
    int rc = db ? 0 : db_open(r->path, DB_READ, &db, why);
    if (rc)
        log_error("%s", why);
    else
        *ret = db;
    return rc;
}

/* A connection on which a call failed is not used again: a new one may find the file in order. */
static void give_back(struct readers *r, struct db *db, bool sound)
{
    uv_mutex_lock(&r->mutex);
    bool kept = sound && r->n < KEPT_MOST;
    if (kept)
        r->idle[r->n++] = db;
    uv_mutex_unlock(&r->mutex);
    if (!kept)
        db_close(db);
}

static void on_work(uv_work_t *work)
{
    struct read_job *job = work->data;
    struct db *db;
    job->status = take(job->readers, &db);
    if (job->status)
        return;
    job->status = job->read(job, db);
    bool sound = !job->status || job->status == -ENOENT;
    if (!sound)
        log_error("the store cannot be read: %s", db_error(db));
    give_back(job->readers, db, sound);
}

static void on_done(uv_work_t *work, int status)
{
    struct read_job *job = work->data;
    job->done(job, status ? status : job->status);
}

void readers_run(struct readers *r, struct read_job *job)
{
    job->readers = r;
    job->work.data = job;
    int rc = uv_queue_work(r->uv, &job->work, on_work, on_done);
    if (rc)
        job->done(job, rc);
}
