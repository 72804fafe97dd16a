/* api_query.c - the parameters of queries. */
#include "api/api_inner.h"

#include "base/text.h"
#include "format/request.h"
#include "model/codes.h"
#include "model/time.h"
#include "wire/name.h"
#include "wire/name_read.h"

#include <stdlib.h>
#include <string.h>

enum { NEAREST = 3 };
#define A_TIME "a time such as 2026-11-22T12:00:00Z or a date such as 2026-11-22"

#define EVENT_NAME(sym, text) [sym] = text,
static const char *const event_kinds[] = {EVENT_KINDS(EVENT_NAME)};

const char *event_kind_name(enum event_kind k)
{
    return event_kinds[k];
}

bool event_kind_parse(const char *text, enum event_kind *ret)
{
    for (size_t i = 0; i < sizeof event_kinds / sizeof *event_kinds; i++)
        if (!strcmp(text, event_kinds[i])) {
            *ret = (enum event_kind)i;
            return true;
        }
    return false;
}

/* Each reads the value of one parameter. NULL, or what was expected. */
static const char *read_wait(struct api_reading *r, const char *v)
{
    uint64_t ms;
    if (!seconds_parse(v, &ms) || ms > API_WAIT_MOST)
        return "seconds from 0 to 60";
    r->call->wait_ms = (uint32_t)ms;
    return NULL;
}

static const char *read_domain(struct api_reading *r, const char *v)
{
    struct name name;
    if (!*v || name_read(r->a, v, strlen(v), &name))
        return "a domain name";
    /* An input that is no domain name is stored as it was typed. */
    r->call->filter.domain = name.domain ? name.domain : v;
    return NULL;
}

const char *api_nearest_codes(struct arena *a, const char *v)
{
    enum code near[NEAREST];
    size_t n = code_nearest(v, near, NEAREST);
    const char *s = "one of the codes of GET /v1/codes";
    for (size_t i = 0; i < n && s; i++)
        s = arena_printf(a, "%s%s%s", s, i ? ", " : "; near it: ", code_info(near[i])->spelling);
    return s ? s : "a code";
}

static const char *read_any_code(struct api_reading *r, const char *v, const char **ret)
{
    const char *variables[2];
    enum code c = code_find(r->a, v, variables);
    if (c == CODE_NONE)
        return api_nearest_codes(r->a, v);
    *ret = code_info(c)->code;
    return NULL;
}

static const char *read_code(struct api_reading *r, const char *v)
{
    return read_any_code(r, v, &r->call->filter.code);
}

static const char *read_detail_code(struct api_reading *r, const char *v)
{
    return read_any_code(r, v, &r->call->filter.detail_code);
}

static const char *read_cause(struct api_reading *r, const char *v)
{
    enum cause c = cause_find(v);
    if (c == CAUSE_NONE)
        return "one of the causes of GET /v1/causes";
    r->call->filter.cause = cause_info(c)->id;
    return NULL;
}

static const char *read_verdict(struct api_reading *r, const char *v)
{
    enum verdict verdict;
    if (!verdict_parse(v, &verdict))
        return TEXT_LIST(DCV_VERDICTS);
    r->call->filter.verdict = (int)verdict;
    return NULL;
}

static const char *read_method(struct api_reading *r, const char *v)
{
    enum method method;
    if (!method_parse(v, &method))
        return TEXT_LIST(DCV_METHODS);
    r->call->filter.method = (int)method;
    return NULL;
}

static const char *read_time(const char *v, dcv_time *ret)
{
    return time_parse(v, ret) ? NULL : A_TIME;
}

/* Of events: a number of theirs, as a double holds it exactly. */
static const char *read_seq(struct api_reading *r, const char *v)
{
    size_t n = strlen(v);
    if (!n || n > 16 || strspn(v, "0123456789") != n)
        return "the \"seq\" of an event";
    r->call->since = (int64_t)strtoull(v, NULL, 10);
    return NULL;
}

static const char *read_since(struct api_reading *r, const char *v)
{
    if (r->route->action == API_EVENTS)
        return read_seq(r, v);
    return read_time(v, &r->call->filter.since);
}

static const char *read_until(struct api_reading *r, const char *v)
{
    return read_time(v, &r->call->filter.until);
}

static const char *read_limit(struct api_reading *r, const char *v)
{
    size_t n = strlen(v);
    unsigned long limit = n && n <= 4 && strspn(v, "0123456789") == n ? strtoul(v, NULL, 10) : 0;
    if (limit < 1 || limit > API_LIST_MOST)
        return "a whole number from 1 to 1000";
    r->call->filter.limit = (unsigned)limit;
    return NULL;
}

static const char *read_cursor(struct api_reading *r, const char *v)
{
    return db_id_parse(v, &r->call->filter.before) ? NULL : "the \"next\" of an earlier list";
}

static const char *read_event(struct api_reading *r, const char *v)
{
    enum event_kind kind;
    if (!event_kind_parse(v, &kind))
        return TEXT_LIST(EVENT_KINDS);
    r->call->event = (int)kind;
    return NULL;
}

static const char *read_watch(struct api_reading *r, const char *v)
{
    return db_id_parse(v, &r->call->watch) ? NULL : "the id of a watch";
}

static const char *read_batch(struct api_reading *r, const char *v)
{
    return db_id_parse(v, &r->call->filter.batch) ? NULL : "the id of a batch, 16 hexadecimal digits";
}

static const char *read_label(struct api_reading *r, const char *v)
{
    struct request q = {0};
    struct input_error wrong;
    if (request_set(r->a, &q, request_field_find("label"), v, strlen(v), &wrong))
        return wrong.expected;
    r->call->filter.label = q.label;
    if (r->route->action == API_EVENTS) {
        struct buf text = {0};
        struct json_out j = {.b = &text};
        json_text(&j, NULL, q.label);
        r->call->label = text.failed ? NULL : arena_strndup(r->a, text.p, text.n);
        buf_free(&text);
        return r->call->label ? NULL : OUT_OF_MEMORY;
    }
    return NULL;
}

static const char *read_state(struct api_reading *r, const char *v)
{
    enum watch_state state;
    if (!watch_state_parse(v, &state))
        return TEXT_LIST(DB_WATCH_STATES);
    r->call->watch_state = (int)state;
    return NULL;
}

static const char *read_format(struct api_reading *r, const char *v)
{
    enum render_form form;
    if (!render_form_parse(v, &form))
        return TEXT_LIST(DCV_RENDER_FORMS);
    r->call->form = (int)form;
    return NULL;
}

static const char *read_redact(struct api_reading *r, const char *v)
{
    if (strcmp(v, "0") != 0 && strcmp(v, "1") != 0)
        return "0 or 1";
    r->call->redact = *v == '1';
    return NULL;
}

static const struct param {
    const char *name;
    const char *(*read)(struct api_reading *r, const char *value);
    const char *type; /* as in schemas.def */
    const char *help;
} params[] = {
    {"wait", read_wait, "seconds",
     "hold the answer for so many seconds, until the state changes, or, of a check that is submitted, until it is "
     "done"},
    {"domain", read_domain, "string", "a domain name"},
    {"code", read_code, "string", "one of GET /v1/codes"},
    {"detail_code", read_detail_code, "string", "one of GET /v1/codes"},
    {"cause", read_cause, "cause", "one of GET /v1/causes"},
    {"verdict", read_verdict, "verdict", "of a report"},
    {"method", read_method, "method", "of a report"},
    {"since", read_since, "string", A_TIME ": what was submitted then or later"},
    {"until", read_until, "string", A_TIME ": what was submitted before"},
    {"limit", read_limit, "limit", "how many rows at most"},
    {"cursor", read_cursor, "id", "the \"next\" of an earlier list"},
    {"event", read_event, "event_kind", "the kind of events"},
    {"watch", read_watch, "id", "the id of a watch"},
    {"batch", read_batch, "id", "the id of a batch"},
    {"label", read_label, "string", "the label of a request, exactly"},
    {"format", read_format, "render_form", "the reports as dcvprobe show prints them, in place of JSON"},
    {"redact", read_redact, "flag", "1: with format, leave random values out"},
    {"state", read_state, "watch_state", "of a watch"},
};

bool api_has_word(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = list; n && (p = strstr(p, word)); p += n)
        if ((p == list || p[-1] == ' ') && (!p[n] || p[n] == ' '))
            return true;
    return false;
}

static const struct param *param_find(const char *name)
{
    for (size_t i = 0; i < sizeof params / sizeof *params; i++)
        if (!strcmp(params[i].name, name))
            return &params[i];
    return NULL;
}

const char *api_param_help(const char *name, const char **type)
{
    const struct param *p = param_find(name);
    *type = p ? p->type : "string";
    return p ? p->help : "";
}

void api_refuse(struct api_reading *r, enum code code, const char *field, const char *value, const char *expected)
{
    const char *f = text_escape(r->a, field, strlen(field), 60);
    const char *v = value ? text_escape(r->a, value, strlen(value), 120) : NULL;
    if (v)
        api_error(r->answer, 400, code, f, "%s%s: '%s' will not do; expected %s", r->where, f, v, expected);
    else
        api_error(r->answer, 400, code, f, "%s%s: no value; expected %s", r->where, f, expected);
}

/* To ignore a misspelt filter would answer another question than was asked. */
void api_refuse_param(struct api_reading *r, const struct api_param *p, const char *names)
{
    const char *expected = *names ? arena_printf(r->a, "only %s in this query", names) : "no query here";
    api_refuse(r, CODE_invalid_value, p->name, p->value ? p->value : "", expected ? expected : "less");
}

bool api_has_control(const struct api_param *p)
{
    for (size_t i = 0; i < p->len; i++)
        if ((unsigned char)p->value[i] < 0x20 || p->value[i] == 0x7f)
            return true;
    return false;
}

bool api_read_params(struct api_reading *r, const char *names)
{
    const struct api_param *p = r->in->params;
    for (size_t i = 0; i < r->in->n_params; i++) {
        const struct param *known = api_has_word(names, p[i].name) ? param_find(p[i].name) : NULL;
        const char *expected = NULL;
        if (!known) {
            api_refuse_param(r, &p[i], names);
            return false;
        }
        for (size_t k = 0; k < i; k++)
            if (!strcmp(p[k].name, p[i].name)) {
                api_refuse(r, CODE_invalid_value, p[i].name, p[i].value ? p[i].value : "", "it once");
                return false;
            }
        if (api_has_control(&p[i])) {
            api_refuse(r, CODE_invalid_chars, p[i].name, p[i].value, "no control characters");
            return false;
        }
        expected = known->read(r, p[i].value ? p[i].value : "");
        if (expected) {
            api_refuse(r, CODE_invalid_value, p[i].name, p[i].value, expected);
            return false;
        }
    }
    return true;
}
