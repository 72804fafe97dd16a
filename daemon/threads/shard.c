#include "threads/shard.h"

#include "observe/slice.h"

#include <errno.h>
#include <stdlib.h>

struct inbox { /* of one loop; the mutex guards all but the handle */
    uv_mutex_t mutex;
    uv_async_t async;
    struct errand *first, **end;
    bool stop;
};

struct shard {
    uv_loop_t uv;
    struct loop_lag lag;
    struct inbox inbox;
    uv_thread_t thread;
};

struct shards {
    uv_loop_t *main_loop;
    struct loop_lag *main_lag;
    struct inbox main_inbox; /* errands that return */
    unsigned n;
    struct shard shard[SHARDS_MOST]; /* the first one, which is the main loop, is not used */
    void (*closed)(void *user);
    void *user;
};

/* ---------------------------------------------------------------- inboxes ---------------------------- */

static int inbox_init(struct inbox *b, uv_loop_t *uv, uv_async_cb fn, void *data)
{
    b->end = &b->first;
    int rc = uv_mutex_init(&b->mutex);
    if (rc)
        return rc;
    if ((rc = uv_async_init(uv, &b->async, fn)))
        uv_mutex_destroy(&b->mutex);
    b->async.data = data;
    return rc;
}

static void inbox_put(struct inbox *b, struct errand *e)
{
    e->next = NULL;
    uv_mutex_lock(&b->mutex);
    *b->end = e;
    b->end = &e->next;
    uv_mutex_unlock(&b->mutex);
    uv_async_send(&b->async);
}

static struct errand *inbox_take(struct inbox *b, bool *stop)
{
    uv_mutex_lock(&b->mutex);
    struct errand *e = b->first;
    b->first = NULL;
    b->end = &b->first;
    *stop = b->stop;
    uv_mutex_unlock(&b->mutex);
    return e;
}

/* Puts back, before what has come since, the errands for which there is no time in this turn of the loop. */
static void inbox_return(struct inbox *b, struct errand *first)
{
    struct errand *last = first;
    while (last->next)
        last = last->next;
    uv_mutex_lock(&b->mutex);
    last->next = b->first;
    if (!b->first)
        b->end = &last->next;
    b->first = first;
    uv_mutex_unlock(&b->mutex);
    uv_async_send(&b->async);
}

/* Carries out what has come. Whether the loop is to end. */
static bool inbox_work(struct inbox *b)
{
    bool stop;
    uint64_t began = slice_begin();
    for (struct errand *e = inbox_take(b, &stop), *next; e; e = next) {
        next = e->next; /* the errand may be freed by its own call */
        e->fn(e);
        if (next && slice_over(began)) {
            inbox_return(b, next);
            return false;
        }
    }
    return stop;
}

static void on_main(uv_async_t *async)
{
    inbox_work(&((struct shards *)async->data)->main_inbox);
}

static void on_shard(uv_async_t *async)
{
    struct shard *s = async->data;
    if (inbox_work(&s->inbox)) {
        loop_lag_close(&s->lag);
        uv_close((uv_handle_t *)async, NULL);
    }
}

void errand_send(struct errand *e, struct shards *s, unsigned at, errand_fn *fn)
{
    e->shards = s;
    e->at = at;
    e->fn = fn;
    if (at)
        inbox_put(&s->shard[at].inbox, e);
    else
        fn(e);
}

void errand_return(struct errand *e, errand_fn *fn)
{
    e->fn = fn;
    if (e->at)
        inbox_put(&e->shards->main_inbox, e);
    else
        fn(e);
}

/* ---------------------------------------------------------------- start and end ---------------------- */

unsigned shards_count(const struct shards *s)
{
    return s->n;
}

uv_loop_t *shards_uv(struct shards *s, unsigned at)
{
    return at ? &s->shard[at].uv : s->main_loop;
}

struct loop_lag *shards_lag(struct shards *s, unsigned at)
{
    return at ? &s->shard[at].lag : s->main_lag;
}

static void on_thread(void *arg)
{
    struct shard *s = arg;
    uv_run(&s->uv, UV_RUN_DEFAULT);
    uv_loop_close(&s->uv);
}

static int shard_start(struct shard *s)
{
    int rc = uv_loop_init(&s->uv);
    if (rc)
        return rc;
    rc = loop_lag_start(&s->lag, &s->uv);
    if (!rc)
        rc = inbox_init(&s->inbox, &s->uv, on_shard, s);
    if (!rc && (rc = uv_thread_create(&s->thread, on_thread, s))) {
        uv_close((uv_handle_t *)&s->inbox.async, NULL);
        uv_mutex_destroy(&s->inbox.mutex);
    }
    if (rc) {
        loop_lag_close(&s->lag);
        on_thread(s); /* closes what was opened */
    }
    return rc;
}

static void shard_stop(struct shard *s)
{
    uv_mutex_lock(&s->inbox.mutex);
    s->inbox.stop = true;
    uv_async_send(&s->inbox.async); /* under the mutex: once the thread sees .stop it closes the handle */
    uv_mutex_unlock(&s->inbox.mutex);
    uv_thread_join(&s->thread);
    uv_mutex_destroy(&s->inbox.mutex);
}

static void on_closed(uv_handle_t *h)
{
    struct shards *s = h->data;
    void (*closed)(void *) = s->closed;
    void *user = s->user;
    uv_mutex_destroy(&s->main_inbox.mutex);
    free(s);
    if (closed)
        closed(user);
}

void shards_close(struct shards *s, void (*closed)(void *user), void *user)
{
    s->closed = closed;
    s->user = user;
    while (s->n > 1)
        shard_stop(&s->shard[--s->n]);
    uv_close((uv_handle_t *)&s->main_inbox.async, on_closed);
}

int shards_new(uv_loop_t *main_loop, struct loop_lag *lag, unsigned n, struct shards **ret)
{
    struct shards *s = calloc(1, sizeof *s);
    if (!s)
        return -ENOMEM;
    s->main_loop = main_loop;
    s->main_lag = lag;
    int rc = inbox_init(&s->main_inbox, main_loop, on_main, s);
    if (rc) {
        free(s);
        return rc;
    }
    for (s->n = 1; !rc && s->n < n; s->n += !rc)
        rc = shard_start(&s->shard[s->n]);
    if (rc)
        shards_close(s, NULL, NULL);
    else
        *ret = s;
    return rc;
}
