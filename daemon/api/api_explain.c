/* api_explain.c - what a paste means: POST /v1/explain. */
#include "api/api_inner.h"

#include "base/text.h"
#include "format/json_reader.h"
#include "show/explain_paste.h"
#include "wire/name_read.h"

#include <errno.h>
#include <jansson.h>
#include <strings.h>

struct pasted {
    const char *text;
    size_t len;
    const char *domain; /* NULL: not given */
};

static bool is_plain(const char *type)
{
    return type && !strncasecmp(type, "text/plain", 10);
}

/* Whether the object is {"text","domain"}. An answer of the CA's API is an object, too: it is the paste
 * itself. */
static bool is_order(const json_t *o)
{
    return json_object_get(o, "text") || (json_object_get(o, "domain") && json_object_size(o) == 1);
}

/* Takes the domain; false: refused. */
static bool take_domain(struct api_reading *r, const json_t *value, struct pasted *ret)
{
    static const char expected[] = "a domain such as shop.example.com";
    struct name name;
    if (!value || json_is_null(value))
        return true;
    if (!json_is_string(value)) {
        api_refuse(r, CODE_invalid_value, "domain", json_kind(value), expected);
        return false;
    }
    if (name_read(r->a, json_string_value(value), json_string_length(value), &name)) {
        api_error_no_memory(r->answer);
        return false;
    }
    if (!name.domain) {
        api_refuse(r, CODE_invalid_value, "domain", json_string_value(value), expected);
        return false;
    }
    ret->domain = name.wildcard ? arena_printf(r->a, "*.%s", name.domain) : name.domain;
    return true;
}

/* Reads the members of the order; false: refused. */
static bool take_order(struct api_reading *r, const json_t *order, struct pasted *ret)
{
    static const char expected[] = "the error as a text";
    const json_t *text = json_object_get(order, "text");
    if (!json_is_string(text)) {
        api_refuse(r, text ? CODE_invalid_value : CODE_required_param, "text", text ? json_kind(text) : NULL,
                   expected);
        return false;
    }
    ret->len = json_string_length(text);
    ret->text = arena_strndup(r->a, json_string_value(text), ret->len);
    return ret->text && take_domain(r, json_object_get(order, "domain"), ret);
}

void api_answer_explain(struct api_reading *r)
{
    struct pasted given = {.text = r->in->body, .len = r->in->len};
    struct paste p;
    if (!given.len) {
        api_no_body(r, "text");
        return;
    }
    json_t *body =
        is_plain(r->in->content_type) ? NULL : json_loadb(given.text, given.len, JSON_ALLOW_NUL, NULL);
    bool taken = !json_is_object(body) || !is_order(body) || take_order(r, body, &given);
    json_decref(body);
    if (!taken && r->answer->status)
        return;
    if (!taken || paste_read(r->a, given.text, given.len, given.domain, &p)) {
        api_error_no_memory(r->answer);
        return;
    }
    struct json_out j = api_writer(r->answer, 200);
    json_open(&j, NULL, '{');
    json_int(&j, "schema_version", DCV_SCHEMA_VERSION);
    explain_paste_json(&j, r->a, &p, &r->conf->profile, r->now);
    json_close(&j, '}');
}
