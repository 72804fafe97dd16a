/* front_batches.c - submitting, showing, listing and cancelling batches. */
#include "front/front_inner.h"

#include "base/table.h"
#include "front/upload.h"

#include <errno.h>

enum { UPLOADS_MOST = 64, UPLOADS_A_USER = 8 };

/* ---------------------------------------------------------------- coming in -------------------------- */

static void upload_over(struct call *c)
{
    c->upload = NULL;
    c->front->uploads--;
}

static void on_uploaded(void *user, int status, struct api_answer *ans)
{
    struct call *c = user;
    upload_over(c);
    if (status)
        call_answer_store_failed(c, status);
    else
        call_answer(c, ans);
}

static void on_gone(void *user)
{
    struct call *c = user;
    upload_over(c);
    call_end(c);
}

/* True where one more batch of this user may come in. Where there are as many as there may be, one that hardly comes in
 * gives way: of this user's own where he has too many, else of anybody's. */
static bool make_room(struct front *f, uid_t uid)
{
    struct call *slow = NULL, *own_slow = NULL;
    size_t own = 0;
    for (struct call *k = f->calls; k; k = k->next) {
        bool his = k->upload && exchange_peer(k->exchange)->uid == uid;
        own += his;
        if (!k->upload || !upload_is_slow(k->upload))
            continue;
        slow = k;
        own_slow = his ? k : own_slow;
    }
    bool enough = own >= UPLOADS_A_USER;
    if (!enough && f->uploads < UPLOADS_MOST)
        return true;
    slow = enough ? own_slow : slow;
    if (slow)
        upload_give_way(slow->upload);
    return slow;
}

void front_batch_submit(struct call *c)
{
    struct front *f = c->front;
    if (f->stopping) {
        call_answer_ending(c);
        return;
    }
    if (!make_room(f, exchange_peer(c->exchange)->uid)) {
        call_answer_error(c, 429, CODE_request_limit_exceeded,
                          f->uploads < UPLOADS_MOST
                              ? "8 batches of this user are being uploaded already; try again later"
                              : "64 batches are being uploaded already; try again later");
        return;
    }
    const struct upload_uses uses = {f->uv, f->generations, f->writer, f->batches};
    const struct upload_owner owner = {on_uploaded, on_gone, c};
    int rc = upload_new(&uses, c->exchange, &owner, &c->api.key, &c->upload);
    if (rc)
        call_answer_no_memory(c);
    else
        f->uploads++;
}

void front_batch_stop(struct call *c)
{
    if (!upload_stop(c->upload))
        return;
    upload_over(c);
    call_answer_ending(c);
}

/* ---------------------------------------------------------------- shown ------------------------------ */

static int take_batch(void *user, const struct db_batch *b)
{
    struct call *c = user;
    c->batches = arena_grow(c->arena, c->batches, c->n_rows, sizeof *c->batches);
    if (!c->batches)
        return -ENOMEM;
    c->batches[c->n_rows++] = (struct api_batch){.b = *b};
    return 0;
}

static int read_batch(struct read_job *job, struct db *db)
{
    struct call *c = CONTAINER(job, struct call, read);
    struct db_batch b;
    int rc = db_batch(db, c->api.id, &b);
    if (!rc)
        rc = take_batch(c, &b);
    static const enum db_count kinds[] = {COUNT_STATES, COUNT_VERDICTS, COUNT_CODES};
    for (size_t i = 0; !rc && i < sizeof kinds / sizeof *kinds; i++) {
        struct api_counts *const counts[] = {&c->batches->states, &c->batches->verdicts, &c->batches->codes};
        c->counting = counts[i];
        rc = db_batch_count(db, c->api.id, kinds[i], call_count, c);
    }
    return rc;
}

static void on_batch(struct read_job *job, int status)
{
    struct call *c = CONTAINER(job, struct call, read);
    struct api_answer ans = {0};
    if (status == -ENOENT) {
        call_answer_not_found(c, "batch");
    } else if (status) {
        call_answer_store_failed(c, status);
    } else {
        c->batches->running = scheduler_running(c->front->scheduler, c->api.id);
        api_write_batch(&ans, c->batches);
        call_answer(c, &ans);
    }
}

void front_batch(struct call *c)
{
    call_read(c, read_batch, on_batch);
}

/* ---------------------------------------------------------------- listed ----------------------------- */

static int read_batches(struct read_job *job, struct db *db)
{
    struct call *c = CONTAINER(job, struct call, read);
    const struct db_filter *f = &c->api.filter;
    return db_batches(db, f->before, f->limit + 1, take_batch, c); /* one more: call_page() */
}

static void on_batches(struct read_job *job, int status)
{
    struct call *c = CONTAINER(job, struct call, read);
    if (status) {
        call_answer_store_failed(c, status);
        return;
    }
    bool more;
    size_t n = call_page(c, c->n_rows, &more);
    struct api_answer ans = {0};
    for (size_t i = 0; i < n; i++)
        c->batches[i].running = batches_alive(c->front->batches, c->batches[i].b.id);
    api_write_batches(&ans, c->batches, n, more ? c->batches[n - 1].b.id : 0);
    call_answer(c, &ans);
}

void front_batch_list(struct call *c)
{
    call_read(c, read_batches, on_batches);
}

/* ---------------------------------------------------------------- cancelled -------------------------- */

static void on_cancelled(void *user, int status)
{
    struct call *c = user;
    if (status == -ESHUTDOWN)
        call_answer_ending(c);
    else if (status)
        call_answer_store_failed(c, status);
    else
        front_batch(c);
}

void front_batch_cancel(struct call *c)
{
    int rc = batches_cancel(c->front->batches, c->api.id, on_cancelled, c);
    if (rc == -ENOENT) /* it has ended, or there is none */
        front_batch(c);
    else if (rc)
        on_cancelled(c, rc);
}
