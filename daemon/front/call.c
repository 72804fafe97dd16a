#include "front/call_inner.h"

#include "base/table.h"
#include "format/json_read_report.h"
#include "front/front_inner.h"

#include <errno.h>
#include <stdlib.h>

/* What reading one report back may take from the heap. */
enum { CEILING_REPORT = 32 << 20 };

/* ---------------------------------------------------------------- begin and end ---------------------- */

struct call *call_new(struct front *f, struct exchange *x)
{
    struct call *c = calloc(1, sizeof *c);
    /* Without a ceiling: the server bounds what goes in, the store what comes out. */
    struct arena *a = arena_new(0);
    if (!c || !a) {
        free(c);
        arena_free(a);
        return NULL;
    }
    *c = (struct call){.front = f, .exchange = x, .arena = a, .next = f->calls, .back = &f->calls};
    if (c->next)
        c->next->back = &c->next;
    f->calls = c;
    return c;
}

static void call_free(struct call *c)
{
    struct front *f = c->front;
    *c->back = c->next;
    if (c->next)
        c->next->back = c->back;
    arena_free(c->arena);
    buf_free(&c->page);
    free(c);
    if (f->closed && !f->calls)
        f->closed(f->closed_user);
}

static void on_timer_closed(uv_handle_t *h)
{
    call_free(h->data);
}

void call_end(struct call *c)
{
    waiter_leave(&c->waiter);
    if (c->generation)
        generation_leave(c->generation);
    if (c->timer_open)
        uv_close((uv_handle_t *)&c->timer, on_timer_closed);
    else
        call_free(c);
}

/* ---------------------------------------------------------------- answers ---------------------------- */

void call_answer(struct call *c, struct api_answer *ans)
{
    exchange_answer(c->exchange, ans);
    call_end(c);
}

void call_answer_error(struct call *c, int status, enum code code, const char *text)
{
    struct api_answer ans = {0};
    api_error(&ans, status, code, NULL, "%s", text);
    if (status == 429)
        ans.retry_after = 1;
    call_answer(c, &ans);
}

void call_answer_no_memory(struct call *c)
{
    struct api_answer ans = {0};
    api_error_no_memory(&ans);
    call_answer(c, &ans);
}

void call_answer_store_failed(struct call *c, int error)
{
    call_answer_error(
        c, 500, CODE_internal_data_check_failed,
        error == -ENOSPC
            ? "the disk of the daemon's store is full; nothing was done, try again once there is room"
            : "the daemon's store does not work; nothing was done, the daemon's log says why");
}

void call_answer_key_refused(struct call *c)
{
    struct api_answer ans = {0};
    api_key_refused(&ans, &c->api.key);
    call_answer(c, &ans);
}

void call_answer_ending(struct call *c)
{
    call_answer_error(c, 429, CODE_request_limit_exceeded, "the daemon is ending; try again when it is back");
}

void call_answer_no_reports(struct call *c, enum db_state state)
{
    char id[17];
    struct api_answer ans = {0};
    db_id_text(c->api.id, id);
    api_error(&ans, 404, CODE_not_found, NULL, "check %s is %s: there are no reports%s", id, db_state_name(state),
              state == STATE_CANCELLED ? "" : " yet; wait=S waits for them");
    call_answer(c, &ans);
}

void call_answer_not_found(struct call *c, const char *what)
{
    char id[17];
    struct api_answer ans = {0};
    db_id_text(c->api.id, id);
    api_error(&ans, 404, CODE_not_found, NULL, "there is no %s %s: it never was, or is no longer in the store", what,
              id);
    call_answer(c, &ans);
}

/* ---------------------------------------------------------------- reading the store ------------------ */

void call_read(struct call *c, int (*read)(struct read_job *job, struct db *db),
               void (*done)(struct read_job *job, int status))
{
    if (!c->generation)
        c->generation = generation_join(c->front->generations);
    c->read.read = read;
    c->read.done = done;
    readers_run(c->front->readers, &c->read);
}

int call_report(struct call *c, const struct db_result_row *row, struct api_report *ret)
{
    struct buf shown = {0};
    if (row->evidence) {
        const struct stored stored = {row->report, row->report_len, row->evidence, row->evidence_len};
        struct arena *scratch = arena_new(CEILING_REPORT);
        struct json_out j = {.b = &shown};
        int rc = scratch ? json_write_stored(&j, NULL, scratch, &generation_conf(c->generation)->profile, &stored)
                         : -ENOMEM;
        arena_free(scratch);
        if (rc || shown.failed) {
            buf_free(&shown);
            return rc ? rc : -ENOMEM;
        }
    }
    size_t n = shown.p ? shown.n : row->report_len;
    *ret = (struct api_report){arena_strndup(c->arena, shown.p ? shown.p : row->report, n), n};
    buf_free(&shown);
    return arena_full(c->arena) ? -ENOMEM : 0;
}

int call_count(void *user, const char *value, int64_t n)
{
    struct call *c = user;
    struct api_counts *k = c->counting;
    k->v = arena_grow(c->arena, k->v, k->n, sizeof *k->v);
    if (!k->v)
        return -ENOMEM;
    k->v[k->n++] = (struct api_count){arena_strdup(c->arena, value), n};
    return arena_full(c->arena) ? -ENOMEM : 0;
}

size_t call_page(const struct call *c, size_t n, bool *more)
{
    *more = n > c->api.filter.limit;
    return *more ? c->api.filter.limit : n;
}
