/* api_answer.c - errors, and the answers about checks and statistics. */
#include "api/api_inner.h"

#include "format/json_domains.h"
#include "format/json_member.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct json_out api_writer(struct api_answer *ans, int status)
{
    buf_free(&ans->body);
    ans->body = (struct buf){0};
    ans->status = status;
    return (struct json_out){.b = &ans->body};
}

void api_location(struct api_answer *ans, const char *path, int64_t id)
{
    char text[17];
    db_id_text(id, text);
    snprintf(ans->location, sizeof ans->location, "%s%s", path, text);
}

void api_error(struct api_answer *ans, int status, enum code code, const char *variable, const char *fmt, ...)
{
    char message[1000];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);

    struct arena *a = arena_new(0);
    const struct code_error e = {.code = code, .variable = {variable}};
    const char *full = a ? code_text(a, &e) : NULL;
    struct json_out j = api_writer(ans, status);
    json_error(&j, NULL, full ? full : code_info(code)->code, message);
    arena_free(a);
}

void api_error_no_memory(struct api_answer *ans)
{
    api_error(ans, 500, CODE_internal_data_check_failed, NULL, "there is no memory for this request; try again");
}

void api_id(struct json_out *j, const char *key, int64_t id)
{
    char text[17];
    db_id_text(id, text);
    json_text(j, key, id ? text : NULL);
}

const char *api_label_of(struct arena *a, const char *request, size_t len)
{
    size_t n;
    const char *label = json_member(request, len, "label", &n);
    return label ? arena_strndup(a, label, n) : NULL;
}

void api_label(struct json_out *j, const char *label)
{
    if (label)
        json_raw(j, "label", label, strlen(label));
    else
        json_nil(j, "label");
}

void api_write_accepted(struct api_answer *ans, int64_t id, enum db_state state, const char *label)
{
    struct json_out j = api_writer(ans, 202);
    json_open(&j, NULL, '{');
    api_id(&j, "id", id);
    json_text(&j, "state", db_state_name(state));
    api_label(&j, label);
    json_close(&j, '}');
    api_location(ans, "/v1/checks/", id);
}

void api_report(struct json_out *j, const struct api_report *r)
{
    json_raw(j, NULL, r->text, r->len);
}

/* What the reports come to together, then the reports. */
static void write_reports(struct json_out *j, const struct api_report *reports, size_t n)
{
    struct arena *a = arena_new(0);
    struct report_text *v = a ? arena_array(a, n ? n : 1, sizeof *v) : NULL;
    for (size_t i = 0; v && i < n; i++)
        v[i] = (struct report_text){reports[i].text, reports[i].len};
    if (v)
        json_write_domains_of_texts(j, a, v, n);
    j->b->failed = j->b->failed || !v || arena_full(a);
    arena_free(a);
    json_open(j, "reports", '[');
    for (size_t i = 0; i < n; i++)
        api_report(j, &reports[i]);
    json_close(j, ']');
}

void api_write_check(struct api_answer *ans, int64_t id, enum db_state state, const char *label,
                     const struct api_report *reports, size_t n)
{
    struct json_out j = api_writer(ans, 200);
    json_open(&j, NULL, '{');
    api_id(&j, "id", id);
    json_text(&j, "state", db_state_name(state));
    api_label(&j, label);
    write_reports(&j, reports, n);
    json_close(&j, '}');
}

void api_write_form(struct api_answer *ans, enum render_form form, struct buf *text)
{
    api_writer(ans, 200);
    ans->type = form == RENDER_HTML  ? "text/html; charset=utf-8"
                : form == RENDER_CSV ? "text/csv; charset=utf-8"
                                     : "text/plain; charset=utf-8";
    if (text->n && text->p[text->n - 1] == '\n') /* the server adds one */
        text->n--;
    ans->body = *text;
    *text = (struct buf){0};
}

void api_write_list(struct api_answer *ans, const struct api_row *rows, size_t n, int64_t next)
{
    struct json_out j = api_writer(ans, 200);
    json_open(&j, NULL, '{');
    json_open(&j, "checks", '[');
    for (size_t i = 0; i < n; i++) {
        json_open(&j, NULL, '{');
        api_id(&j, "id", rows[i].id);
        json_text(&j, "state", db_state_name(rows[i].state));
        json_text(&j, "domain", rows[i].domain);
        api_label(&j, rows[i].label);
        json_time(&j, "submitted_at", rows[i].submitted);
        write_reports(&j, rows[i].reports, rows[i].n_reports);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    api_id(&j, "next", next);
    json_close(&j, '}');
}

void api_write_stats(struct api_answer *ans, dcv_time since, dcv_time until,
                     const struct api_counts kinds[DB_COUNT_KINDS])
{
    static const char *const names[DB_COUNT_KINDS] = {
        [COUNT_STATES] = "states",   [COUNT_VERDICTS] = "verdicts",         [COUNT_METHODS] = "methods",
        [COUNT_CODES] = "codes",     [COUNT_DETAIL_CODES] = "detail_codes", [COUNT_CAUSES] = "causes",
        [COUNT_DAYS] = "days",
    };
    struct json_out j = api_writer(ans, 200);
    json_open(&j, NULL, '{');
    json_int(&j, "schema_version", DCV_SCHEMA_VERSION);
    json_time(&j, "since", since);
    json_time(&j, "until", until);
    for (size_t k = 0; k < DB_COUNT_KINDS; k++) {
        json_open(&j, names[k], '{');
        for (size_t i = 0; i < kinds[k].n; i++)
            json_int(&j, kinds[k].v[i].value, kinds[k].v[i].n);
        json_close(&j, '}');
    }
    json_close(&j, '}');
}
