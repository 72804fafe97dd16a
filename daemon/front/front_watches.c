/* front_watches.c - making, showing, listing and deleting watches. */
#include "front/front_inner.h"

#include "base/table.h"

#include <errno.h>

static void on_added(void *user, int64_t id, int status)
{
    struct call *c = user;
    struct api_answer ans = {0};
    if (status == -ESHUTDOWN) {
        call_answer_ending(c);
    } else if (status == -EEXIST) {
        call_answer_key_refused(c);
    } else if (status) {
        call_answer_store_failed(c, status);
    } else {
        api_write_watch_accepted(&ans, id, c->api.label);
        call_answer(c, &ans);
    }
}

void front_watch(struct call *c)
{
    const struct watch_order order = {.domain = c->api.domain,
                                      .request = c->api.text,
                                      .request_len = c->api.text_len,
                                      .interval = c->api.interval,
                                      .until = c->api.until,
                                      .key = c->api.key};
    int rc = c->front->stopping ? -ESHUTDOWN : watches_add(c->front->watches, &order, on_added, c);
    if (rc == -ESHUTDOWN)
        call_answer_ending(c);
    else if (rc == -EAGAIN)
        call_answer_error(
            c, 429, CODE_request_limit_exceeded,
            "there are as many watches as the daemon takes; delete some, or wait until some end");
    else if (rc)
        call_answer_no_memory(c);
}

static int take_watch(void *user, const struct db_watch_row *row)
{
    struct call *c = user;
    c->watches = arena_grow(c->arena, c->watches, c->n_rows, sizeof *c->watches);
    if (!c->watches)
        return -ENOMEM;
    struct api_watch *w = &c->watches[c->n_rows++];
    *w = (struct api_watch){.row = *row, .label = api_label_of(c->arena, row->request, row->request_len)};
    w->row.domain = arena_strdup(c->arena, row->domain);
    w->row.request = arena_strndup(c->arena, row->request, row->request_len);
    w->row.last = row->last ? arena_strndup(c->arena, row->last, row->last_len) : NULL;
    return arena_full(c->arena) ? -ENOMEM : 0;
}

/* The store has their state at the end of the last run; the rest is known in memory. */
static void know_now(struct call *c)
{
    for (size_t i = 0; i < c->n_rows; i++) {
        struct watch_now now;
        struct api_watch *w = &c->watches[i];
        if (w->row.state == WATCH_ACTIVE && watches_now(c->front->watches, w->row.id, &now)) {
            w->row.next = now.next;
            w->check = now.check;
        }
    }
}

static int read_one(struct read_job *job, struct db *db)
{
    struct call *c = CONTAINER(job, struct call, read);
    return db_watch(db, c->api.id, take_watch, c);
}

static void on_one(struct read_job *job, int status)
{
    struct call *c = CONTAINER(job, struct call, read);
    struct api_answer ans = {0};
    if (status == -ENOENT) {
        call_answer_not_found(c, "watch");
    } else if (status) {
        call_answer_store_failed(c, status);
    } else {
        know_now(c);
        api_write_watch(&ans, &c->watches[0]);
        call_answer(c, &ans);
    }
}

static int read_list(struct read_job *job, struct db *db)
{
    struct call *c = CONTAINER(job, struct call, read);
    const struct db_watch_filter f = {.domain = c->api.filter.domain,
                                      .label = c->api.filter.label,
                                      .state = c->api.watch_state,
                                      .before = c->api.filter.before,
                                      .limit = c->api.filter.limit + 1}; /* one more: call_page() */
    return db_watches(db, &f, take_watch, c);
}

static void on_list(struct read_job *job, int status)
{
    struct call *c = CONTAINER(job, struct call, read);
    struct api_answer ans = {0};
    if (status) {
        call_answer_store_failed(c, status);
        return;
    }
    know_now(c);
    bool more;
    size_t n = call_page(c, c->n_rows, &more);
    api_write_watches(&ans, c->watches, n, more ? c->watches[n - 1].row.id : 0);
    call_answer(c, &ans);
}

static void on_deleted(void *user, int64_t id, int status)
{
    struct call *c = user;
    struct api_answer ans = {0};
    if (status == -ENOENT) {
        call_answer_not_found(c, "watch");
    } else if (status == -ESHUTDOWN) {
        call_answer_ending(c);
    } else if (status) {
        call_answer_store_failed(c, status);
    } else {
        api_write_watch_deleted(&ans, id);
        call_answer(c, &ans);
    }
}

void front_watch_delete(struct call *c)
{
    int rc = watches_delete(c->front->watches, c->api.id, on_deleted, c);
    if (rc == -ESHUTDOWN)
        call_answer_ending(c);
    else if (rc)
        call_answer_store_failed(c, rc);
}

void front_watch_one(struct call *c)
{
    call_read(c, read_one, on_one);
}

void front_watch_list(struct call *c)
{
    call_read(c, read_list, on_list);
}
