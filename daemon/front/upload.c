#include "front/upload.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/table.h"
#include "format/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    HELD_MOST = 262144, /* bytes that wait to be read; the client has to keep the rest */
    READ_LEAST = 65536, /* bytes for which it is worth to use a pool thread, unless they are the last */
    GROUP_MOST = 1024,  /* lines */
    GROUPS_MOST = 3,    /* groups that are with the writer at a time */
    SLOW_AFTER_MS = 30000,
    LEAST_RATE = 1024 /* bytes a second */
};

struct upload {
    struct upload_uses uses;
    struct generation *generation; /* all lines are read under one configuration */
    struct upload_owner owner;
    struct exchange *exchange;
    int64_t id, lines; /* lines: requests, so far */
    struct buf in;     /* what has come since the pool thread last began to read */
    uint64_t began, taken; /* when, by the loop's clock; bytes of the body that came */
    bool ended;        /* the body has come whole */
    bool held;         /* a piece was refused: the exchange has to be resumed */
    struct db_key key; /* .text NULL: none */
    bool closed;       /* it has been answered, or needs no answer */
    bool begun;        /* WRITE_BATCH was pushed */
    bool accepting;    /* WRITE_ACCEPT was pushed */
    unsigned groups;   /* jobs that are with the writer */
    int failed;        /* the first error, or 0 */
    /* ---- the pool thread's while .busy */
    uv_work_t work;
    bool busy;
    bool last; /* .text holds the end of the body */
    bool more; /* .text may hold whole lines that are still to be read */
    struct buf text;
    size_t number; /* of the line with which .text begins, from 1 */
    struct write_job *group;
    struct api_answer refusal;
    int status;
};

/* ---------------------------------------------------------------- reading ---------------------------- */

static void too_many(struct upload *u)
{
    api_error(&u->refusal, 413, CODE_bad_request_format, NULL,
              "line %zu: a batch has %d lines at most; send the rest as another one", u->number,
              API_LINES_MOST);
}

/* Reads one request. 0: it is in the group, or the batch is refused for it; or -ENOMEM. */
static int read_line(struct upload *u, const char *p, size_t n)
{
    if (n > API_BODY_MOST) {
        api_error(&u->refusal, 413, CODE_bad_request_format, NULL,
                  "line %zu: it is longer than %d bytes; expected one request a line", u->number,
                  API_BODY_MOST);
        return 0;
    }
    struct arena *a = arena_new(0);
    struct api_call call = {0};
    if (!a)
        return -ENOMEM;
    api_read_line(generation_conf(u->generation), a, u->number, p, n, clock_now(), &call, &u->refusal);
    int rc = 0;
    if (call.action == API_SUBMIT) {
        struct db_line *line = &u->group->lines[u->group->n_lines++];
        *line = (struct db_line){.domain = strdup(call.domain),
                                 .request = strndup(call.text, call.text_len),
                                 .request_len = call.text_len};
        if (!line->domain || !line->request)
            rc = -ENOMEM;
    }
    arena_free(a);
    return rc;
}

/* On a pool thread: reads whole lines of .text, until they make up a group. */
static void on_work(uv_work_t *work)
{
    struct upload *u = CONTAINER(work, struct upload, work);
    struct buf *b = &u->text;
    size_t at = 0;
    u->more = false;
    u->group = calloc(1, sizeof *u->group);
    if (u->group)
        u->group->lines = calloc(GROUP_MOST, sizeof *u->group->lines);
    u->status = u->group && u->group->lines && !b->failed ? 0 : -ENOMEM;
    while (!u->status && !u->refusal.status && at < b->n) {
        const char *p = b->p + at, *end = memchr(p, '\n', b->n - at);
        size_t n = end ? (size_t)(end - p) : b->n - at;
        if (!end && !u->last && n <= API_BODY_MOST)
            break;
        if (u->group->n_lines == GROUP_MOST) {
            u->more = true;
            break;
        }
        if (u->lines + (int64_t)u->group->n_lines == API_LINES_MOST && !line_is_blank(p, n))
            too_many(u);
        else if (!line_is_blank(p, n))
            u->status = read_line(u, p, n);
        u->number++;
        at += n + (end != NULL);
    }
    if (at) {
        memmove(b->p, b->p + at, b->n - at);
        b->n -= at;
    }
}

/* ---------------------------------------------------------------- to the store ------------------------ */

static void step(struct upload *u);

static void upload_free(struct upload *u)
{
    if (u->begun && !u->accepting)
        batches_drop(u->uses.batches, u->id);
    write_job_free(u->group);
    free((char *)u->key.text);
    buf_free(&u->refusal.body);
    buf_free(&u->in);
    buf_free(&u->text);
    generation_leave(u->generation);
    free(u);
}

/* Answers, if it still has to. It is freed once nothing of it is under way any more. */
static void finish(struct upload *u, int status, struct api_answer *ans)
{
    if (u->closed)
        return;
    u->closed = true;
    u->owner.done(u->owner.user, status, ans);
}

static void push(struct upload *u, struct write_job *w, enum write_kind kind,
                 void (*done)(struct write_job *w))
{
    w->kind = kind;
    w->id = u->id;
    w->at = clock_now();
    w->done = done;
    w->user = u;
    u->groups++;
    writer_push(u->uses.writer, w);
}

static void on_written(struct write_job *w)
{
    struct upload *u = w->user;
    u->groups--;
    if (w->status && !u->failed)
        u->failed = w->status;
    write_job_free(w);
    step(u);
}

static void on_accepted(struct write_job *w)
{
    struct upload *u = w->user;
    struct api_answer ans = {0};
    int status = w->status;
    int64_t repeats = w->repeats;
    u->groups--;
    write_job_free(w);
    if (!status && repeats) { /* it is not accepted, and taken out of the store again */
        u->accepting = false;
        if (repeats < 0)
            api_key_refused(&ans, &u->key);
        else
            api_write_batch_accepted(&ans, repeats, u->lines);
    } else if (status) {
        u->accepting = false;
        log_error("a batch cannot be stored: %s", strerror(-status));
    } else {
        api_write_batch_accepted(&ans, u->id, u->lines);
        batches_open(u->uses.batches, u->id);
    }
    finish(u, status, &ans);
    step(u);
}

/* All lines are in the store. */
static void accept_all(struct upload *u)
{
    struct write_job *w = calloc(1, sizeof *w);
    if (!w) {
        u->failed = -ENOMEM;
        return;
    }
    if (u->key.text) {
        w->key = u->key;
        w->key.text = strdup(u->key.text);
        if (!w->key.text) {
            write_job_free(w);
            u->failed = -ENOMEM;
            return;
        }
    }
    u->accepting = true;
    push(u, w, WRITE_ACCEPT, on_accepted);
}

/* Pushes the group that was read, and before the first one the batch itself. */
static void write_group(struct upload *u)
{
    struct write_job *w = u->group, *first = NULL;
    if (!w || !w->n_lines || u->closed)
        return;
    if (!u->begun) {
        first = calloc(1, sizeof *first);
        if (!first) {
            u->status = -ENOMEM;
            return;
        }
        u->begun = true;
        push(u, first, WRITE_BATCH, on_written);
    }
    u->group = NULL;
    u->lines += (int64_t)w->n_lines;
    for (size_t i = 0; i < w->n_lines; i++)
        w->lines[i].id = db_id_next(clock_now());
    push(u, w, WRITE_LINES, on_written);
}

static void on_read(uv_work_t *work, int status)
{
    struct upload *u = CONTAINER(work, struct upload, work);
    u->busy = false;
    if (status)
        u->status = status;
    if (!u->status && !u->refusal.status)
        write_group(u);
    write_job_free(u->group);
    u->group = NULL;
    if (u->status && !u->failed)
        u->failed = u->status;
    step(u);
}

static void start_reading(struct upload *u)
{
    if (!u->more && u->in.n) {
        buf_add(&u->text, u->in.p, u->in.n);
        u->in.n = 0;
    }
    u->last = u->ended && !u->in.n;
    u->busy = true;
    int rc = uv_queue_work(u->uses.uv, &u->work, on_work, on_read);
    if (rc) {
        u->busy = false;
        u->failed = rc;
    }
}

/* Does what is to be done next, after anything has changed. u may be freed by it. */
static void step(struct upload *u)
{
    bool idle = !u->busy && !u->groups;
    if (!u->closed && !u->busy && u->refusal.status)
        finish(u, 0, &u->refusal);
    if (!u->closed && !u->busy && u->failed)
        finish(u, u->failed, &u->refusal);
    if (u->closed) {
        if (idle)
            upload_free(u);
        return;
    }
    bool all_read = !u->busy && u->ended && !u->in.n && !u->text.n;
    if (!u->busy && u->groups < GROUPS_MOST && !all_read && (u->more || u->ended || u->in.n >= READ_LEAST)) {
        start_reading(u);
        if (u->failed) {
            step(u);
            return;
        }
    }
    if (idle && all_read && !u->lines) {
        api_error(&u->refusal, 400, CODE_missing_request_data, NULL,
                  "the request has no body; expected a request object a line, each with at least \"domain\"");
        step(u);
        return;
    }
    if (idle && all_read && !u->accepting) {
        accept_all(u);
        if (u->failed) {
            step(u);
            return;
        }
    }
    if (u->held && u->in.n < HELD_MOST) {
        u->held = false;
        exchange_resume(u->exchange);
    }
}

/* ---------------------------------------------------------------- the body --------------------------- */

static bool on_piece(void *user, const char *data, size_t n)
{
    struct upload *u = user;
    if (u->in.n && u->in.n + n > HELD_MOST) {
        u->held = true;
        return false;
    }
    u->key.body = api_key_body(u->key.body, data, n);
    u->taken += n;
    buf_add(&u->in, data, n);
    if (u->in.failed)
        u->failed = -ENOMEM;
    step(u);
    return true;
}

static void on_end(void *user)
{
    struct upload *u = user;
    u->ended = true;
    step(u);
}

static void on_gone(void *user)
{
    struct upload *u = user;
    u->closed = true;
    u->owner.gone(u->owner.user);
    step(u);
}

/* One that has come whole, or that is not taken from as fast as it comes, is no fault of its client's. */
bool upload_is_slow(const struct upload *u)
{
    uint64_t ms = uv_now(u->uses.uv) - u->began;
    return !u->ended && !u->held && ms >= SLOW_AFTER_MS && u->taken < ms * LEAST_RATE / 1000;
}

void upload_give_way(struct upload *u)
{
    api_error(&u->refusal, 408, CODE_bad_request_format, NULL,
              "the batch came in at less than %d bytes a second while others waited for their turn; send it again",
              LEAST_RATE);
    finish(u, 0, &u->refusal);
    step(u);
}

bool upload_stop(struct upload *u)
{
    if (u->accepting)
        return false;
    u->closed = true;
    step(u);
    return true;
}

int upload_new(const struct upload_uses *uses, struct exchange *x, const struct upload_owner *owner,
               const struct db_key *key, struct upload **ret)
{
    struct upload *u = calloc(1, sizeof *u);
    char *own = key->text ? strdup(key->text) : NULL;
    if (!u || (key->text && !own)) {
        free(u);
        free(own);
        return -ENOMEM;
    }
    *u = (struct upload){.uses = *uses,
                         .generation = generation_join(uses->generations),
                         .owner = *owner,
                         .exchange = x,
                         .key = {own, key->peer, key->body},
                         .id = db_id_next(clock_now()),
                         .began = uv_now(uses->uv),
                         .number = 1};
    exchange_take(x, &(struct taker){on_piece, on_end, on_gone, u});
    *ret = u;
    return 0;
}
