#include "work/batches.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    TAKES_AT_ONCE = 2, /* reads of the store, each for another batch */
    TAKE_LEAST = 64,   /* lines; for fewer the store is not read */
    TAKE_MOST = 512,
    SWEEP_MOST = 500, /* lines that one job deletes */
    SWEEP_PAUSE_MS = 20,
    RETRY_MS = 1000
};

struct batch {
    struct link by_id;
    struct batches *all;
    int64_t id;
    size_t alive;               /* its checks that the scheduler has */
    int64_t taken;              /* the last line that was read */
    bool taking;                /* the next lines are being read */
    bool cancelled;             /* lines that are being read are not run */
    bool open;                  /* it may have lines that were not read yet */
    struct batch *next, **back; /* in all->open, while it is open */
    struct waiter *waiters;
};

/* The next lines of a batch while they are read from the store. */
struct take {
    struct read_job read;
    struct batch *batch;
    int64_t after;
    size_t most, n;
    struct db_line lines[];
};

struct batches {
    struct scheduler *scheduler;
    struct writer *writer;
    struct readers *readers;
    struct table all;
    struct batch *open, **open_end; /* in the order of their turns */
    unsigned takes;
    size_t asked; /* how many lines these may bring */
    uv_timer_t retry, sweep;
    bool stopped;
    bool sweeping, again;    /* again: when the sweep that is under way has ended, one more is needed */
    struct write_job *drops; /* WRITE_CANCEL_BATCH of batches_drop(), to be written again */
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
    *x = (struct batch){.all = b, .id = id};
    if (!table_add(&b->all, &x->by_id, hash_number((uint64_t)id)))
        return x;
    free(x);
    return NULL;
}

/* Its turn comes last. */
static void open_add(struct batch *x)
{
    struct batches *b = x->all;
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
    *(x->next ? &x->next->back : &x->all->open_end) = x->back;
}

/* Frees it if it has ended, and tells those who wait for it. */
static void end_check(struct batch *x)
{
    if (x->open || x->taking || x->alive || x->all->stopped)
        return;
    struct waiter *list = x->waiters;
    table_remove(&x->all->all, &x->by_id);
    free(x);
    waiters_tell(&list);
}

/* ---------------------------------------------------------------- feeding the scheduler --------------- */

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

static int add_line(void *user, int64_t id, const char *domain, const char *request, size_t len)
{
    struct take *t = user;
    struct db_line *line = &t->lines[t->n++];
    *line = (struct db_line){
        .id = id, .domain = strdup(domain), .request = strndup(request, len), .request_len = len};
    return line->domain && line->request ? 0 : -ENOMEM;
}

/* On a pool thread. */
static int read_lines(struct read_job *job, struct db *db)
{
    struct take *t = CONTAINER(job, struct take, read);
    return db_lines(db, t->batch->id, t->after, t->most, add_line, t);
}

/* Gives what was read to the scheduler. */
static void give_lines(struct take *t)
{
    struct batch *x = t->batch;
    for (size_t i = 0; i < t->n; i++) {
        struct db_line *line = &t->lines[i];
        int rc = scheduler_add(x->all->scheduler, line->id, x->id, line->domain, line->request, line->request_len);
        line->request = NULL;
        if (rc && rc != -ESHUTDOWN)
            log_error("check %016llx is not run before the next start: %s", (unsigned long long)line->id,
                      strerror(-rc));
    }
    if (t->n)
        x->taken = t->lines[t->n - 1].id;
    if (t->n < t->most)
        open_remove(x);
}

static void on_taken(struct read_job *job, int status)
{
    struct take *t = CONTAINER(job, struct take, read);
    struct batch *x = t->batch;
    struct batches *b = x->all;
    b->takes--;
    b->asked -= t->most;
    if (status) {
        log_error("batch %016llx: its lines cannot be read from the store: %s", (unsigned long long)x->id,
                  strerror(-status));
        retry_later(b);
    } else if (!x->cancelled && !b->stopped) {
        give_lines(t);
    }
    for (size_t i = 0; i < t->n; i++) {
        free(t->lines[i].domain);
        free(t->lines[i].request);
    }
    free(t);
    x->taking = false;
    end_check(x);
    feed(b);
}

/* The next batch in turn of which no lines are being read; NULL: there is none. */
static struct batch *turn(const struct batches *b)
{
    struct batch *x = b->open;
    while (x && x->taking)
        x = x->next;
    return x;
}

static void feed(struct batches *b)
{
    struct batch *x;
    while (b->takes < TAKES_AT_ONCE && !b->stopped && !uv_is_active((uv_handle_t *)&b->retry) &&
           (x = turn(b))) {
        size_t room = scheduler_room(b->scheduler);
        room = room > b->asked ? room - b->asked : 0;
        if (room < TAKE_LEAST)
            return;
        size_t most = room < TAKE_MOST ? room : TAKE_MOST;
        struct take *t = calloc(1, sizeof *t + most * sizeof *t->lines);
        if (!t) {
            retry_later(b);
            return;
        }
        open_remove(x);
        open_add(x);
        *t = (struct take){
            .read = {.read = read_lines, .done = on_taken}, .batch = x, .after = x->taken, .most = most};
        x->taking = true;
        b->takes++;
        b->asked += most;
        readers_run(b->readers, &t->read);
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
        log_error("batch %016llx is not run before the next start: %s", (unsigned long long)id, strerror(ENOMEM));
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
        return; /* db_batches_abandon() cancels it at the next start */
    *w = (struct write_job){
        .kind = WRITE_CANCEL_BATCH, .id = id, .at = clock_now(), .done = on_dropped, .user = b};
    writer_push(b->writer, w);
}

struct batch_cancel {
    struct batches *all;
    scheduler_cancel_fn *fn;
    void *user;
};

static void on_cancelled(struct write_job *w)
{
    struct batch_cancel *c = w->user;
    struct batches *b = c->all;
    int status = w->status;
    if (!status) {
        struct batch *x = find(b, w->id);
        if (x) {
            x->cancelled = true;
            open_remove(x);
            end_check(x);
        }
        status = scheduler_cancel_batch(b->scheduler, w->id, c->fn, c->user);
        sweep(b); /* the writer keeps the order: after the jobs that end as cancelled have left batch_line */
    }
    if (status)
        c->fn(c->user, status);
    free(c);
    write_job_free(w);
}

int batches_cancel(struct batches *b, int64_t id, scheduler_cancel_fn *fn, void *user)
{
    if (!find(b, id))
        return -ENOENT;
    if (b->stopped)
        return -ESHUTDOWN;
    struct write_job *w = calloc(1, sizeof *w);
    struct batch_cancel *c = calloc(1, sizeof *c);
    if (!w || !c) {
        free(w);
        free(c);
        return -ENOMEM;
    }
    *c = (struct batch_cancel){b, fn, user};
    *w = (struct write_job){
        .kind = WRITE_CANCEL_BATCH, .id = id, .at = clock_now(), .done = on_cancelled, .user = c};
    writer_push(b->writer, w);
    return 0;
}

size_t batches_alive(const struct batches *b, int64_t id)
{
    const struct batch *x = find(b, id);
    return x ? x->alive : 0;
}

bool batches_wait(struct batches *b, int64_t id, struct waiter *w)
{
    struct batch *x = find(b, id);
    if (x)
        waiter_join(&x->waiters, w);
    return x;
}

/* ---------------------------------------------------------------- start and end ---------------------- */

int batches_new(uv_loop_t *uv, struct scheduler *scheduler, struct writer *writer, struct readers *readers,
                struct batches **ret)
{
    struct batches *b = calloc(1, sizeof *b);
    if (!b)
        return -ENOMEM;
    *b = (struct batches){.scheduler = scheduler, .writer = writer, .readers = readers};
    b->open_end = &b->open;
    uv_timer_init(uv, &b->retry);
    uv_timer_init(uv, &b->sweep);
    b->retry.data = b->sweep.data = b;
    scheduler_feed(scheduler, &(struct scheduler_feeder){on_began, on_ended, b});
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
        log_notice("batches that have not ended are resumed");
    sweep(b);
    return rc;
}

void batches_stop(struct batches *b)
{
    b->stopped = true;
    uv_close((uv_handle_t *)&b->retry, NULL);
    uv_close((uv_handle_t *)&b->sweep, NULL);
    while (b->drops) { /* db_batches_abandon() cancels them at the next start */
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
