#include "format/json_reader.h"

#include "wire/name.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *json_kind(const json_t *v)
{
    switch (json_typeof(v)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "a list";
    case JSON_STRING:
        return "a text";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "true or false";
    case JSON_NULL:
        return "null";
    }
    return "";
}

void reader_fail(struct json_reader *rd, int err)
{
    if (!rd->err)
        rd->err = err;
}

void reader_input_error(struct json_reader *rd, const struct input_error *e)
{
    if (rd->err)
        return;
    char *text = input_error_text(rd->a, e, false);
    if (text)
        *rd->problem = (struct json_problem){e->code, *e, text};
    rd->err = text ? -EINVAL : -ENOMEM;
}

void reader_unknown(struct json_reader *rd, const char *key, const char *expected)
{
    char *shown = text_escape(rd->a, key, strlen(key), 48);
    const struct input_error e = {
        .code = CODE_invalid_value,
        .field = shown && rd->path_n ? arena_printf(rd->a, "%s.%s", rd->path, shown) : shown,
        .expected = expected};
    if (e.field)
        reader_input_error(rd, &e);
    else
        reader_fail(rd, -ENOMEM);
}

void reader_refuse(struct json_reader *rd, const char *key, json_t *v, const char *expected)
{
    if (rd->err)
        return;
    struct input_error e = {.code = v ? CODE_invalid_value : CODE_required_param};
    char *shown = text_escape(rd->a, key, strlen(key), 48);
    e.field = !shown ? NULL : rd->path_n ? arena_printf(rd->a, "%s.%s", rd->path, shown) : shown;
    if (v && json_is_string(v)) {
        e.value = text_escape(rd->a, json_string_value(v), json_string_length(v), 48);
        e.expected = expected;
    } else {
        e.expected = v ? arena_printf(rd->a, "%s, not %s", expected, json_kind(v)) : expected;
    }
    if (arena_full(rd->a))
        reader_fail(rd, -ENOMEM);
    else
        reader_input_error(rd, &e);
}

json_t *reader_load(struct json_reader *rd, const char *text, size_t len)
{
    json_error_t e;
    json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY, &e);
    if (json_is_object(root))
        return root;
    /* The message of jansson may contain any bytes of the text. */
    char *why = root ? arena_printf(rd->a, "an object {…} is expected, not %s", json_kind(root))
                     : text_escape(rd->a, e.text, strlen(e.text), 200);
    char *line = !why   ? NULL
                 : root ? why
                        : arena_printf(rd->a, "line %d, column %d: %s", e.line > 0 ? e.line : 1,
                                       e.column > 0 ? e.column : 1, why);
    bool memory = !root && json_error_code(&e) == json_error_out_of_memory;
    json_decref(root);
    if (line && !memory)
        *rd->problem = (struct json_problem){.code = CODE_bad_request_format, .text = line};
    rd->err = line && !memory ? -EINVAL : -ENOMEM;
    return NULL;
}

size_t reader_into(struct json_reader *rd, const char *key, long index)
{
    size_t mark = rd->path_n, room = sizeof rd->path - mark;
    const char *dot = mark && *key ? "." : "";
    int n = index < 0 ? snprintf(rd->path + mark, room, "%s%s", dot, key)
                      : snprintf(rd->path + mark, room, "%s%s[%ld]", dot, key, index);
    if (n > 0)
        rd->path_n += (size_t)n < room ? (size_t)n : room - 1;
    return mark;
}

void reader_back(struct json_reader *rd, size_t mark)
{
    rd->path[mark] = '\0';
    rd->path_n = mark;
}

static json_t *member(struct json_reader *rd, json_t *object, const char *key)
{
    json_t *v = rd->err ? NULL : json_object_get(object, key);
    return json_is_null(v) ? NULL : v;
}

struct bytes reader_bytes(struct json_reader *rd, json_t *object, const char *key)
{
    json_t *v = member(rd, object, key);
    if (!v)
        return (struct bytes){NULL, 0};
    if (!json_is_string(v)) {
        reader_refuse(rd, key, v, "a text");
        return (struct bytes){NULL, 0};
    }
    size_t n = json_string_length(v);
    char *p = arena_strndup(rd->a, json_string_value(v), n);
    if (!p)
        reader_fail(rd, -ENOMEM);
    return (struct bytes){(uint8_t *)p, p ? n : 0};
}

const char *reader_text(struct json_reader *rd, json_t *object, const char *key)
{
    struct bytes b = reader_bytes(rd, object, key);
    if (b.p && memchr(b.p, '\0', b.n)) {
        reader_refuse(rd, key, json_object_get(object, key), "a text without NUL bytes");
        return NULL;
    }
    return (const char *)b.p;
}

int64_t reader_int(struct json_reader *rd, json_t *object, const char *key, int64_t missing, int64_t least,
                   int64_t most)
{
    json_t *v = member(rd, object, key);
    if (!v)
        return missing;
    if (json_is_integer(v) && json_integer_value(v) >= least && json_integer_value(v) <= most)
        return json_integer_value(v);
    char expected[80];
    snprintf(expected, sizeof expected, "a whole number from %lld to %lld", (long long)least,
             (long long)most);
    const char *kept = arena_strdup(rd->a, expected);
    reader_refuse(rd, key, v, kept ? kept : "a whole number");
    return missing;
}

bool reader_bool(struct json_reader *rd, json_t *object, const char *key)
{
    json_t *v = member(rd, object, key);
    if (v && !json_is_boolean(v))
        reader_refuse(rd, key, v, "true or false");
    return json_is_true(v);
}

uint32_t reader_us(struct json_reader *rd, json_t *object, const char *key)
{
    json_t *v = member(rd, object, key);
    if (!v)
        return 0;
    double us = json_number_value(v) * 1000 + 0.5;
    if (json_is_number(v) && us >= 0 && us < 4294967296.0)
        return (uint32_t)us;
    reader_refuse(rd, key, v, "milliseconds from 0 to 4294967");
    return 0;
}

json_t *reader_list(struct json_reader *rd, json_t *object, const char *key)
{
    json_t *v = member(rd, object, key);
    if (!v || json_is_array(v))
        return v;
    reader_refuse(rd, key, v, "a list");
    return NULL;
}

json_t *reader_object(struct json_reader *rd, json_t *object, const char *key)
{
    json_t *v = member(rd, object, key);
    if (!v || json_is_object(v))
        return v;
    reader_refuse(rd, key, v, "an object");
    return NULL;
}
