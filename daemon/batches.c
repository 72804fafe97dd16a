#include "batches.h"

#include "clock.h"
#include "log.h"
#include "table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    TAKES_AT_ONCE = 2, /* one is written while the next is on its way */
    TAKE_LEAST = 64,   /* a commit for fewer is not worth it */
    TAKE_MOST = 512,
    SWEEP_MOST = 500,
    SWEEP_PAUSE_MS = 20,
    RETRY_MS = 1000
};

struct batch {
    struct link by_id;
    struct batches *room;
    int64_t id;
    size_t alive;               /* its checks in the loop */
    unsigned takes;             /* with the writer */
    bool open;                  /* it may have lines that wait */
    struct batch *next, **back; /* in room->open, while it is */
    struct waiter *waiters;
};

struct batches {
    struct loop *loop;
    struct writer *writer;
    struct table all;
    struct batch *open, **open_end; /* whose turn it is comes first */
    unsigned takes;
    size_t asked; /* lines, by these */
    uv_timer_t retry, sweep;
    bool stopped, sweeping, again; /* again: more has come to be swept since */
    struct write_job *drops;       /* to be written again */
};

/* ---------------------------------------------------------------- one batch -------------------------- */

static struct batch *find(const struct batches *b, int64_t id)
{
    struct link *k = table_first(&b->all, hash_number((uint64_t)id));
    for (; k; k = table_next(k)) {
        struct batch *x = CONTAINER(k, struct batch, by_id);
        if (x->id == id)
            return x;
    }
    return NULL;
}

static struct batch *find_or_make(struct batches *b, int64_t id)
{
    struct batch *x = find(b, id);
    if (x)
        return x;
    x = calloc(1, sizeof *x);
    if (!x)
        return NULL;
    *x = (struct batch){.room = b, .id = id};
    if (!table_add(&b->all, &x->by_id, hash_number((uint64_t)id)))
        return x;
    free(x);
    return NULL;
}

static void open_add(struct batch *x) /* last in turn */
{
    struct batches *b = x->room;
    x->open = true;
    x->next = NULL;
    x->back = b->open_end;
    *b->open_end = x;
    b->open_end = &x->next;
}

static void open_remove(struct batch *x)
{
    if (!x->open)
        return;
    x->open = false;
    *x->back = x->next;
    *(x->next ? &x->next->back : &x->room->open_end) = x->back;
}

static void end_check(struct batch *x)
{
    if (x->open || x->takes || x->alive || x->room->stopped)
        return;
    struct waiter *list = x->waiters;
    table_remove(&x->room->all, &x->by_id);
    free(x);
    waiters_tell(list);
}

/* ---------------------------------------------------------------- feeding ---------------------------- */

static void feed(struct batches *b);

static void on_retry(uv_timer_t *timer)
{
    struct batches *b = timer->data;
    struct write_job *w = b->drops;
    b->drops = NULL;
    while (w) {
        struct write_job *next = w->next;
        writer_push(b->writer, w);
        w = next;
    }
    feed(b);
}

static void retry_later(struct batches *b)
{
    if (!b->stopped && !uv_is_active((uv_handle_t *)&b->retry))
        uv_timer_start(&b->retry, on_retry, RETRY_MS, 0);
}

static void on_taken(struct write_job *w)
{
    struct batch *x = w->user;
    struct batches *b = x->room;
    b->takes--;
    b->asked -= w->most;
    if (w->status) {
        log_error("batch %016llx: its lines cannot be taken from the store: %s", (unsigned long long)x->id,
                  strerror(-w->status));
        retry_later(b);
    } else if (w->n_lines < w->most) {
        open_remove(x);
    }
    for (size_t i = 0; !w->status && i < w->n_lines; i++) {
        struct db_line *line = &w->lines[i];
        int rc = loop_add(b->loop, line->id, x->id, line->domain, line->request, line->request_len);
        line->request = NULL;
        if (rc && rc != -ESHUTDOWN)
            log_error("check %016llx waits for the next start: %s", (unsigned long long)line->id,
                      strerror(-rc));
    }
    x->takes--;
    end_check(x);
    write_job_free(w);
    feed(b);
}

static void feed(struct batches *b)
{
    while (b->open && b->takes < TAKES_AT_ONCE && !b->stopped && !uv_is_active((uv_handle_t *)&b->retry)) {
        size_t room = loop_room(b->loop);
        room = room > b->asked ? room - b->asked : 0;
        struct write_job *w = room < TAKE_LEAST ? NULL : calloc(1, sizeof *w);
        if (!w) {
            if (room >= TAKE_LEAST)
                retry_later(b);
            return;
        }
        struct batch *x = b->open;
        open_remove(x);
        open_add(x);
        *w = (struct write_job){.kind = WRITE_TAKE,
                                .id = x->id,
                                .at = clock_now(),
                                .most = room < TAKE_MOST ? (uint32_t)room : TAKE_MOST,
                                .done = on_taken,
                                .user = x};
        x->takes++;
        b->takes++;
        b->asked += w->most;
        writer_push(b->writer, w);
    }
}

static void on_began(void *user, int64_t id)
{
    struct batch *x = find_or_make(user, id);
    if (x)
        x->alive++;
}

static void on_ended(void *user, int64_t id)
{
    struct batches *b = user;
    struct batch *x = find(b, id);
    if (x && x->alive) {
        x->alive--;
        end_check(x);
    }
    feed(b);
}

void batches_open(struct batches *b, int64_t id)
{
    struct batch *x = find_or_make(b, id);
    if (!x) {
        log_error("batch %016llx waits for the next start: %s", (unsigned long long)id, strerror(ENOMEM));
        return;
    }
    if (!x->open)
        open_add(x);
    feed(b);
}

/* ---------------------------------------------------------------- sweeping --------------------------- */

static void on_sweep(uv_timer_t *timer);

static void on_swept(struct write_job *w)
{
    struct batches *b = w->user;
    b->sweeping = false;
    bool more = w->status || w->deleted == w->most || b->again;
    if (more && !b->stopped)
        uv_timer_start(&b->sweep, on_sweep, w->status ? RETRY_MS : SWEEP_PAUSE_MS, 0);
    write_job_free(w);
}

static void sweep(struct batches *b)
{
    b->again = b->sweeping;
    if (b->sweeping || b->stopped)
        return;
    struct write_job *w = calloc(1, sizeof *w);
    if (!w) {
        uv_timer_start(&b->sweep, on_sweep, RETRY_MS, 0);
        return;
    }
    *w = (struct write_job){
        .kind = WRITE_SWEEP, .at = clock_now(), .most = SWEEP_MOST, .done = on_swept, .user = b};
    b->sweeping = true;
    writer_push(b->writer, w);
}

static void on_sweep(uv_timer_t *timer)
{
    sweep(timer->data);
}

/* ---------------------------------------------------------------- cancelling ------------------------- */

static void on_dropped(struct write_job *w)
{
    struct batches *b = w->user;
    if (w->status && w->status != -ENOENT && !b->stopped) {
        w->next = b->drops;
        b->drops = w;
        retry_later(b);
        return;
    }
    write_job_free(w);
    sweep(b);
}

void batches_drop(struct batches *b, int64_t id)
{
    struct write_job *w = calloc(1, sizeof *w);
    if (!w)
        return; /* it leaves the store with the next start */
    *w = (struct write_job){
        .kind = WRITE_CANCEL_BATCH, .id = id, .at = clock_now(), .done = on_dropped, .user = b};
    writer_push(b->writer, w);
}

struct cancel {
    struct batches *room;
    loop_cancel_fn *fn;
    void *user;
};

static void on_cancelled(struct write_job *w)
{
    struct cancel *c = w->user;
    struct batches *b = c->room;
    int status = w->status;
    if (!status) {
        /* What was taken before is in the loop by now: the writer keeps the order. */
        struct batch *x = find(b, w->id);
        if (x) {
            open_remove(x);
            end_check(x);
        }
        sweep(b);
        status = loop_cancel_batch(b->loop, w->id, c->fn, c->user);
    }
    if (status)
        c->fn(c->user, status);
    free(c);
    write_job_free(w);
}

int batches_cancel(struct batches *b, int64_t id, loop_cancel_fn *fn, void *user)
{
    if (!find(b, id))
        return -ENOENT;
    if (b->stopped)
        return -ESHUTDOWN;
    struct write_job *w = calloc(1, sizeof *w);
    struct cancel *c = calloc(1, sizeof *c);
    if (!w || !c) {
        free(w);
        free(c);
        return -ENOMEM;
    }
    *c = (struct cancel){b, fn, user};
    *w = (struct write_job){
        .kind = WRITE_CANCEL_BATCH, .id = id, .at = clock_now(), .done = on_cancelled, .user = c};
    writer_push(b->writer, w);
    return 0;
}

bool batches_wait(struct batches *b, int64_t id, struct waiter *w)
{
    struct batch *x = find(b, id);
    if (x)
        waiter_join(&x->waiters, w);
    return x;
}

/* ---------------------------------------------------------------- life ------------------------------- */

int batches_new(uv_loop_t *uv, struct loop *loop, struct writer *writer, struct batches **ret)
{
    struct batches *b = calloc(1, sizeof *b);
    if (!b)
        return -ENOMEM;
    *b = (struct batches){.loop = loop, .writer = writer};
    b->open_end = &b->open;
    uv_timer_init(uv, &b->retry);
    uv_timer_init(uv, &b->sweep);
    b->retry.data = b->sweep.data = b;
    loop_feed(loop, &(struct loop_feeder){on_began, on_ended, b});
    *ret = b;
    return 0;
}

static int on_open(void *user, int64_t id)
{
    batches_open(user, id);
    return 0;
}

int batches_resume(struct batches *b, struct db *db)
{
    int rc = db_batches_open(db, on_open, b);
    if (!rc && b->open)
        log_notice("unfinished batches are gone on with");
    sweep(b);
    return rc;
}

void batches_stop(struct batches *b)
{
    b->stopped = true;
    uv_close((uv_handle_t *)&b->retry, NULL);
    uv_close((uv_handle_t *)&b->sweep, NULL);
    while (b->drops) { /* they leave the store with the next start */
        struct write_job *w = b->drops;
        b->drops = w->next;
        write_job_free(w);
    }
}

void batches_free(struct batches *b)
{
    if (!b)
        return;
    for (size_t i = 0; i < b->all.room; i++)
        for (struct link *k = b->all.buckets[i], *next; k; k = next) {
            next = k->next;
            free(CONTAINER(k, struct batch, by_id));
        }
    table_deinit(&b->all);
    free(b);
}
