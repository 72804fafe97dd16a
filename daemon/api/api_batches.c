/* api_batches.c - batches: what is asked of one, and the answers. */
#include "api/api_inner.h"

#include <string.h>

void api_read_batch_id(struct api_reading *r)
{
    api_read_id(r, "batch");
}

/* ---------------------------------------------------------------- answers ---------------------------- */

static int64_t count_of(const struct api_counts *c, const char *value)
{
    for (size_t i = 0; i < c->n; i++)
        if (!strcmp(c->v[i].value, value))
            return c->v[i].n;
    return 0;
}

static enum db_state state_of(const struct db_batch *b, size_t running)
{
    if (b->cancelled != TIME_UNKNOWN)
        return STATE_CANCELLED;
    if (!b->waiting)
        return STATE_DONE;
    return b->waiting < b->lines || running ? STATE_RUNNING : STATE_QUEUED;
}

/* How many lines are in a state; each line is in one. To the store one that runs has just not ended. */
static int64_t lines_in(const struct api_batch *b, enum db_state state)
{
    bool cancelled = b->b.cancelled != TIME_UNKNOWN;
    int64_t n = count_of(&b->states, db_state_name(state)), running = (int64_t)b->running;
    if (running > b->b.waiting) /* some have ended since the store was read */
        running = b->b.waiting;
    switch (state) {
    case STATE_QUEUED:
        return cancelled ? 0 : b->b.waiting - running;
    case STATE_RUNNING:
        return running;
    case STATE_CANCELLED:
        return n + (cancelled ? b->b.waiting - running : 0);
    case STATE_DONE:
        break;
    }
    return n;
}

static void write_counts(struct json_out *j, const struct api_batch *b)
{
    json_open(j, "counts", '{');
    json_open(j, "state", '{');
#define X(sym, text) json_int(j, text, lines_in(b, sym));
    DB_STATES(X)
#undef X
    json_close(j, '}');
    json_open(j, "verdict", '{');
#define X(sym, text) json_int(j, text, count_of(&b->verdicts, text));
    DCV_VERDICTS(X)
#undef X
    json_close(j, '}');
    json_open(j, "code", '{');
    for (size_t i = 0; i < b->codes.n; i++)
        json_int(j, b->codes.v[i].value, b->codes.v[i].n);
    json_close(j, '}');
    json_close(j, '}');
}

static void write_head(struct json_out *j, const struct db_batch *b, enum db_state state)
{
    json_open(j, NULL, '{');
    api_id(j, "id", b->id);
    json_text(j, "state", db_state_name(state));
    json_time(j, "submitted_at", b->submitted);
}

void api_write_batch_accepted(struct api_answer *ans, int64_t id, int64_t lines)
{
    struct json_out j = api_writer(ans, 202);
    json_open(&j, NULL, '{');
    api_id(&j, "id", id);
    json_text(&j, "state", db_state_name(STATE_QUEUED));
    json_int(&j, "lines", lines);
    json_close(&j, '}');
    api_location(ans, "/v1/batches/", id);
}

void api_write_batch(struct api_answer *ans, const struct api_batch *b)
{
    struct json_out j = api_writer(ans, 200);
    enum db_state state = state_of(&b->b, b->running);
    write_head(&j, &b->b, state);
    switch (state) {
    case STATE_DONE:
        json_time(&j, "ended_at", b->b.ended);
        break;
    case STATE_CANCELLED:
        json_time(&j, "ended_at", b->b.cancelled);
        break;
    case STATE_QUEUED:
    case STATE_RUNNING:
        json_nil(&j, "ended_at");
        break;
    }
    json_int(&j, "lines", b->b.lines);
    write_counts(&j, b);
    json_close(&j, '}');
}

void api_write_batches(struct api_answer *ans, const struct api_batch *rows, size_t n, int64_t next)
{
    struct json_out j = api_writer(ans, 200);
    json_open(&j, NULL, '{');
    json_open(&j, "batches", '[');
    for (size_t i = 0; i < n; i++) {
        write_head(&j, &rows[i].b, state_of(&rows[i].b, rows[i].running));
        json_int(&j, "lines", rows[i].b.lines);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    api_id(&j, "next", next);
    json_close(&j, '}');
}
