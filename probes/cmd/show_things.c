#include "cmd/show_things.h"

#include "base/text.h"
#include "cmd/moments.h"

#include <string.h>

enum { SHOWN = 300 };

/* A text of the daemon's, safe to show; "-" where there is none. */
static const char *text_of(struct arena *a, const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    const char *text =
        json_is_string(v) ? text_escape(a, json_string_value(v), json_string_length(v), SHOWN) : NULL;
    return text ? text : "-";
}

static const char *time_of(struct arena *a, const json_t *o, const char *key)
{
    const char *shown = moment_shown(a, json_string_value(json_object_get(o, key)), true);
    return shown ? shown : "-";
}

static json_int_t number(const json_t *o, const char *key)
{
    return json_integer_value(json_object_get(o, key));
}

/* "12 done, 3 queued": the members that are not 0; "none" where all are. */
static void counts(struct buf *b, struct arena *a, const char *label, json_t *of)
{
    const char *key, *comma = "";
    json_t *value;
    buf_printf(b, "  %-8s  ", label);
    json_object_foreach(of, key, value)
    {
        if (!json_integer_value(value))
            continue;
        const char *shown = text_escape(a, key, strlen(key), SHOWN);
        buf_printf(b, "%s%" JSON_INTEGER_FORMAT " %s", comma, json_integer_value(value), shown ? shown : "");
        comma = ", ";
    }
    buf_puts(b, *comma ? "\n" : "none\n");
}

int show_batch(struct buf *b, struct arena *a, const json_t *root)
{
    const json_t *of = json_object_get(root, "counts"), *verdicts = json_object_get(of, "verdict");
    const char *state = text_of(a, root, "state"), *id = text_of(a, root, "id");
    buf_printf(b, "batch %s  %s  %" JSON_INTEGER_FORMAT " lines\n", id, state, number(root, "lines"));
    buf_printf(b, "  %-8s  %s\n", "from", time_of(a, root, "submitted_at"));
    if (json_is_string(json_object_get(root, "ended_at")))
        buf_printf(b, "  %-8s  %s\n", "until", time_of(a, root, "ended_at"));
    counts(b, a, "state", json_object_get(of, "state"));
    counts(b, a, "verdict", json_object_get(of, "verdict"));
    counts(b, a, "code", json_object_get(of, "code"));
    buf_printf(b, "  dcvprobe list --batch %s --verdict fail lists what fails.\n", id);
    if (number(verdicts, "fail"))
        return EXIT_FAIL;
    return number(verdicts, "undecided") || strcmp(state, "done") != 0 ? EXIT_UNDECIDED : EXIT_PASS;
}

static int verdict_status(const char *verdict)
{
    enum verdict v;
    return verdict_parse(verdict, &v) ? exit_of_verdict(v) : EXIT_UNDECIDED;
}

static bool is_text(const json_t *o, const char *key, const char *text)
{
    const char *is = json_string_value(json_object_get(o, key));
    return is && !strcmp(is, text);
}

const json_t *watch_result_telling(const json_t *results, bool named)
{
    const char *pass = verdict_name(VERDICT_PASS), *caa = method_name(METHOD_CAA);
    const json_t *open = NULL, *passed = NULL;
    bool control = false;
    size_t i;
    json_t *r;
    json_array_foreach(results, i, r) control =
        control || (!named && is_text(r, "verdict", pass) && !is_text(r, "method", caa));
    json_array_foreach(results, i, r)
    {
        if (is_text(r, "verdict", pass))
            passed = passed ? passed : r;
        else if (control && !is_text(r, "method", caa))
            continue;
        else if (is_text(r, "verdict", verdict_name(VERDICT_FAIL)))
            return r;
        else
            open = open ? open : r;
    }
    return open ? open : passed;
}

bool watch_methods_named(const json_t *watch)
{
    const json_t *methods = json_object_get(json_object_get(watch, "request"), "methods");
    return json_is_string(methods) || json_array_size(methods);
}

int show_watch(struct buf *b, struct arena *a, const json_t *root)
{
    const json_t *last = json_object_get(root, "last"), *interval = json_object_get(root, "interval");
    const char *state = text_of(a, root, "state");
    const json_t *results = json_object_get(last, "results");
    const json_t *telling = watch_result_telling(results, watch_methods_named(root));
    size_t i;
    json_t *r;
    buf_printf(b, "watch %s  %s  %s\n", text_of(a, root, "id"), state, text_of(a, root, "domain"));
    if (json_is_integer(interval))
        buf_printf(b, "  %-8s  every %" JSON_INTEGER_FORMAT " s, until %s\n", "runs",
                   json_integer_value(interval), text_of(a, root, "until"));
    else
        buf_printf(b, "  %-8s  as often as the CA asks, until %s\n", "runs", text_of(a, root, "until"));
    buf_printf(b, "  %-8s  %" JSON_INTEGER_FORMAT " times since %s\n", "", number(root, "runs"),
               time_of(a, root, "created_at"));
    if (json_is_string(json_object_get(root, "next_at")))
        buf_printf(b, "  %-8s  %s\n", "next", time_of(a, root, "next_at"));
    if (json_is_object(last))
        buf_printf(b, "  %-8s  %s, check %s\n", "last", time_of(a, last, "at"),
                   text_of(a, root, "last_check"));
    json_array_foreach(results, i, r) buf_printf(b, "  %-8s  %s  %s  %s  %s\n", "", text_of(a, r, "method"),
                                                 text_of(a, r, "verdict"), text_of(a, r, "code"),
                                                 text_of(a, r, "cause"));
    if (!strcmp(state, "passed"))
        return EXIT_PASS;
    return telling ? verdict_status(text_of(a, telling, "verdict")) : EXIT_UNDECIDED;
}

void show_history(struct buf *b, struct arena *a, const json_t *root)
{
    const json_t *history = json_object_get(root, "history");
    size_t i;
    json_t *one;
    if (!json_array_size(history))
        return;
    buf_printf(b, "\nWhat changed at %s\n", text_of(a, root, "domain"));
    json_array_foreach(history, i, one)
    {
        const json_t *from = json_object_get(one, "from"), *to = json_object_get(one, "to");
        buf_printf(b, "  %s  %s  %s to %s  %s  %s  check %s\n", time_of(a, one, "at"),
                   text_of(a, one, "method"), text_of(a, from, "verdict"), text_of(a, to, "verdict"),
                   text_of(a, to, "code"), text_of(a, to, "cause"), text_of(a, one, "check"));
    }
}
