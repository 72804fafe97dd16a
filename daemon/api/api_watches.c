/* api_watches.c - watches: the body that orders one, and the answers. */
#include "api/api_inner.h"

#include "base/text.h"
#include "format/json_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { INTERVAL_LEAST = 10, INTERVAL_MOST = 86400 }; /* seconds */


static int64_t read_interval(struct json_reader *rd, json_t *root)
{
    json_t *v = json_object_get(root, "interval");
    if (!v || json_is_null(v) || (json_is_string(v) && !strcmp(json_string_value(v), "ca")))
        return 0;
    json_int_t s = json_integer_value(v);
    if (json_is_integer(v) && s >= INTERVAL_LEAST && s <= INTERVAL_MOST)
        return 1000 * (int64_t)s;
    static const char expected[] =
        "a whole number of seconds from 10 to 86400, or \"ca\" for the CA's own steps";
    if (json_is_integer(v)) {
        const struct input_error e = {.code = CODE_invalid_value,
                                      .field = "interval",
                                      .value = arena_printf(rd->a, "%lld", (long long)s),
                                      .expected = expected};
        reader_input_error(rd, &e);
    } else {
        reader_refuse(rd, "interval", v, expected);
    }
    return 0;
}

static enum watch_until read_until(struct json_reader *rd, json_t *root)
{
    enum watch_until until = UNTIL_PASS;
    json_t *v = json_object_get(root, "until");
    if (v && !json_is_null(v) && (!json_is_string(v) || !watch_until_parse(json_string_value(v), &until)))
        reader_refuse(rd, "until", v, TEXT_LIST(DB_UNTILS));
    return until;
}

/* To ignore a misspelt member would make another watch than was asked for. */
static void refuse_unknown(struct json_reader *rd, json_t *root)
{
    const char *key;
    json_t *v;
    json_object_foreach(root, key, v) if (strcmp(key, "request") != 0 && strcmp(key, "interval") != 0 &&
                                          strcmp(key, "until") != 0)
        reader_unknown(rd, key, "only request, interval and until");
}

static char *request_text(struct json_reader *rd, json_t *root)
{
    json_t *v = json_object_get(root, "request");
    if (!json_is_object(v)) {
        reader_refuse(rd, "request", v, "an object {…} as POST /v1/checks takes it");
        return NULL;
    }
    char *text = json_dumps(v, JSON_COMPACT);
    if (!text)
        reader_fail(rd, -ENOMEM);
    return text;
}

void api_read_watch(struct api_reading *r)
{
    if (!r->in->len) {
        api_no_body(r, "request");
        return;
    }
    struct json_problem problem = {0};
    struct json_reader rd = {.a = r->a, .problem = &problem};
    json_t *root = reader_load(&rd, r->in->body, r->in->len);
    char *text = NULL;
    if (root) {
        refuse_unknown(&rd, root);
        r->call->interval = read_interval(&rd, root);
        r->call->until = read_until(&rd, root);
        text = request_text(&rd, root);
    }
    json_decref(root);
    if (rd.err == -EINVAL)
        api_error(r->answer, 400, problem.code, problem.input.field, "%s", problem.text);
    else if (rd.err)
        api_error_no_memory(r->answer);
    else if (api_read_request(r, text, strlen(text)))
        r->call->action = API_WATCH;
    free(text);
}

void api_read_watch_id(struct api_reading *r)
{
    api_read_id(r, "watch");
}

/* ---------------------------------------------------------------- answers ---------------------------- */

void api_write_watch_accepted(struct api_answer *ans, int64_t id, const char *label)
{
    struct json_out j = api_writer(ans, 202);
    json_open(&j, NULL, '{');
    api_id(&j, "id", id);
    json_text(&j, "state", watch_state_name(WATCH_ACTIVE));
    api_label(&j, label);
    json_close(&j, '}');
    api_location(ans, "/v1/watches/", id);
}

void api_write_watch_deleted(struct api_answer *ans, int64_t id)
{
    struct json_out j = api_writer(ans, 200);
    json_open(&j, NULL, '{');
    api_id(&j, "id", id);
    json_text(&j, "state", "deleted");
    json_close(&j, '}');
}

static void write_watch(struct json_out *j, const struct api_watch *w)
{
    const struct db_watch_row *row = &w->row;
    json_open(j, NULL, '{');
    api_id(j, "id", row->id);
    json_text(j, "state", watch_state_name(row->state));
    json_text(j, "domain", row->domain);
    api_label(j, w->label);
    json_raw(j, "request", row->request, row->request_len);
    if (row->interval)
        json_int(j, "interval", row->interval / 1000);
    else
        json_text(j, "interval", "ca");
    json_text(j, "until", watch_until_name(row->until));
    json_time(j, "created_at", row->created);
    json_time(j, "next_at", row->next);
    json_time(j, "ended_at", row->ended);
    json_int(j, "runs", row->runs);
    api_id(j, "check", w->check);
    api_id(j, "last_check", row->last_check);
    if (row->last)
        json_raw(j, "last", row->last, row->last_len);
    else
        json_nil(j, "last");
    json_close(j, '}');
}

void api_write_watch(struct api_answer *ans, const struct api_watch *w)
{
    struct json_out j = api_writer(ans, 200);
    write_watch(&j, w);
}

void api_write_watches(struct api_answer *ans, const struct api_watch *rows, size_t n, int64_t next)
{
    struct json_out j = api_writer(ans, 200);
    json_open(&j, NULL, '{');
    json_open(&j, "watches", '[');
    for (size_t i = 0; i < n; i++)
        write_watch(&j, &rows[i]);
    json_close(&j, ']');
    api_id(&j, "next", next);
    json_close(&j, '}');
}
