#include "format/json_errors.h"

#include "base/text.h"
#include "format/json_reader.h"

#include <errno.h>
#include <string.h>

enum { SHOWN = 300 };

#define FORM "{\"errors\":[{\"code\":\"...\",\"message\":\"...\"}]}"

/* what: what is wrong; NULL where the value is of the wrong kind, which e->value names. */
static int complain(struct arena *a, struct json_problem *problem, const struct input_error *e,
                    const char *what)
{
    problem->code = e->code;
    problem->input = *e;
    problem->text = what ? arena_printf(a, "%s: %s; expected %s", e->field, what, e->expected)
                         : arena_printf(a, "%s: it is %s; expected %s", e->field, e->value, e->expected);
    return problem->text ? -EINVAL : -ENOMEM;
}

/* Adds the code of one member of the list; place is the name of the member in messages. */
static int read_one(struct arena *a, const json_t *one, const char *place, struct texts *codes,
                    struct json_problem *problem)
{
    struct input_error e = {CODE_invalid_value, place, NULL,
                            "an object {\"code\":\"...\",\"message\":\"...\"}"};
    if (!json_is_object(one)) {
        e.value = json_kind(one);
        return complain(a, problem, &e, NULL);
    }
    const json_t *code = json_object_get(one, "code");
    e.field = *place ? arena_printf(a, "%s.code", place) : "code";
    e.expected = "a text such as \"dns_mismatch|shop.example.com\"";
    if (!e.field)
        return -ENOMEM;
    if (!code) {
        e.code = CODE_required_param;
        return complain(a, problem, &e, "it is missing");
    }
    if (!json_is_string(code)) {
        e.value = json_kind(code);
        return complain(a, problem, &e, NULL);
    }
    const char *s = arena_strndup(a, json_string_value(code), json_string_length(code));
    return s && texts_add(a, codes, s) ? 0 : -ENOMEM;
}

/* Reads the list in any of its three forms: {"errors":[…]}, […], or one error object. */
static int read_all(struct arena *a, const json_t *root, struct texts *codes, struct json_problem *problem)
{
    const json_t *list = json_is_object(root) ? json_object_get(root, "errors") : root;
    const char *name = list == root ? "" : "errors";
    struct input_error e = {CODE_invalid_value, *name ? name : "the answer", NULL, FORM};
    if (!list && json_object_get(root, "code"))
        return read_one(a, root, "", codes, problem);
    if (!list) {
        e.code = CODE_required_param;
        return complain(a, problem, &e, "it is missing");
    }
    if (!json_is_array(list)) {
        e.value = json_kind(list);
        return complain(a, problem, &e, NULL);
    }
    if (!json_array_size(list))
        return complain(a, problem, &e, "the list is empty, so the answer names no error");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *place = arena_printf(a, "%s[%zu]", name, i);
        int err = place ? read_one(a, json_array_get(list, i), place, codes, problem) : -ENOMEM;
        if (err)
            return err;
    }
    return 0;
}

int json_read_errors(struct arena *a, const char *text, size_t len, struct texts *codes,
                 struct json_problem *problem)
{
    *problem = (struct json_problem){0};
    if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) { /* a byte order mark, which Windows editors write */
        text += 3;
        len -= 3;
    }
    json_error_t at;
    json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &at);
    if (!root) {
        if (json_error_code(&at) == json_error_out_of_memory)
            return -ENOMEM;
        problem->code = CODE_bad_request_format;
        char *why = text_escape(a, at.text, strlen(at.text), SHOWN);
        problem->text =
            arena_printf(a, "line %d, column %d: %s; expected " FORM, at.line, at.column, why ? why : "");
        return problem->text ? -EINVAL : -ENOMEM;
    }
    struct texts found = {0};
    int err = read_all(a, root, &found, problem);
    json_decref(root);
    if (!err)
        *codes = found;
    return err;
}
