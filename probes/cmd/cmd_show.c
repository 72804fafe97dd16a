/* cmd_show.c - dcvprobe show: shows reports of the daemon as check shows its own. */
#include "cmd/cli.h"
#include "cmd/client.h"
#include "cmd/show_things.h"
#include "format/json_read_report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_CALL_MS = 60000, WAIT_MOST_MS = 24 * 3600 * 1000 };

/* The state of the command. */
struct showing {
    struct arena *a;
    struct client *client;
    dcv_time until; /* waits until then at most */
    const struct report **r;
    size_t n, room;
    bool open, failed; /* open: a check has not ended; failed: one could not be shown */
    enum format format;
    struct buf things; /* what is shown beside reports */
    size_t before;     /* bytes of it that are final */
    int status;        /* that of the things */
};

static bool add(struct showing *s, const struct report *r)
{
    if (s->n == s->room) {
        size_t room = 2 * s->room + METHOD_COUNT;
        const struct report **v = arena_array(s->a, room, sizeof(struct report *));
        if (!v)
            return false;
        for (size_t i = 0; i < s->n; i++)
            v[i] = s->r[i];
        s->r = v;
        s->room = room;
    }
    s->r[s->n++] = r;
    return true;
}

/* Reads one report of the daemon and adds it. */
static void take_report(struct showing *s, const char *id, const json_t *object)
{
    struct json_problem problem = {0};
    struct report *r = arena_alloc(s->a, sizeof *r);
    char *text = json_dumps(object, JSON_COMPACT);
    int rc = r && text ? json_read_report(s->a, text, strlen(text), NULL, r, &problem) : -ENOMEM;
    if (!rc && !add(s, r))
        rc = -ENOMEM;
    if (rc) {
        complain("check %s: %s%s", id, rc == -EINVAL ? problem.text : strerror(-rc),
                 rc == -EINVAL ? "; expected a report of a dcvd of this version" : "");
        s->failed = true;
    }
    free(text);
}

static void take(struct showing *s, const char *id, const json_t *root)
{
    const char *state = json_string_value(json_object_get(root, "state"));
    size_t i;
    json_t *report;
    if (!state) {
        complain("dcvd answers without a state; expected a dcvd of this version");
        s->failed = true;
    } else if (strcmp(state, "done") != 0) {
        complain("check %s is %s: there are no reports%s", id, state,
                 strcmp(state, "cancelled") ? " yet; --wait S waits for them" : "");
        s->open = true;
    } else {
        json_array_foreach(json_object_get(root, "reports"), i, report) take_report(s, id, report);
    }
}

static bool alive(const json_t *root)
{
    const char *state = json_string_value(json_object_get(root, "state"));
    return state && (!strcmp(state, "queued") || !strcmp(state, "running"));
}

/* Adds the reports of a check. The daemon delays its answer until something changes, a minute at most: so ask
 * until the check has ended. */
static void show_check(struct showing *s, const char *id, bool *missing)
{
    for (;;) {
        dcv_time left = s->until - cli_now();
        uint32_t ms = left < 0 ? 0 : left > WAIT_CALL_MS ? WAIT_CALL_MS : (uint32_t)left;
        char path[80];
        snprintf(path, sizeof path, "/v1/checks/%s?wait=%" PRIu32 ".%03" PRIu32, id, ms / 1000, ms % 1000);
        json_t *root = client_look(s->client, path, ms, missing);
        if (!root && *missing)
            return;
        if (!root || !ms || !alive(root)) {
            if (root)
                take(s, id, root);
            s->failed = s->failed || !root;
            json_decref(root);
            return;
        }
        json_decref(root);
    }
}

static bool read_wait(const char *text, dcv_time *until)
{
    char *end;
    double s = strtod(text, &end);
    if (*end || end == text || !(s >= 0 && s * 1000 <= WAIT_MOST_MS)) {
        complain("--wait: '%s' is not a time to wait; expected seconds from 0 to %d", text,
                 WAIT_MOST_MS / 1000);
        return false;
    }
    *until = cli_now() + (dcv_time)(s * 1000);
    return true;
}

/* Adds what is no report to the output: as the daemon has it where a program reads it. */
static void show_thing(struct showing *s, json_t *root,
                       int (*as_text)(struct buf *, struct arena *, const json_t *))
{
    int status = as_text(&s->things, s->a, root);
    if (s->format == FORMAT_JSON || s->format == FORMAT_NDJSON) {
        char *text = json_dumps(root, s->format == FORMAT_JSON ? JSON_INDENT(2) : JSON_COMPACT);
        s->things.n = s->before;
        buf_puts(&s->things, text ? text : "");
        buf_puts(&s->things, "\n");
        s->things.failed = s->things.failed || !text;
        free(text);
    }
    s->before = s->things.n;
    s->status = status == EXIT_FAIL || s->status == EXIT_PASS ? status : s->status;
}

/* The checks of a batch, where their reports are asked for in a form of their own. */
static void show_checks_of(struct showing *s, const char *batch)
{
    const char *cursor = NULL;
    json_t *root = NULL, *before = NULL, *check;
    do {
        const struct client_param params[] = {{"batch", batch}, {"cursor", cursor}};
        root = client_get(s->client, "/v1/checks", params, 2, 0);
        json_decref(before);
        before = root;
        size_t i;
        json_array_foreach(json_object_get(root, "checks"), i, check)
        {
            bool missing = false;
            const char *id = json_string_value(json_object_get(check, "id"));
            if (id && client_is_id(id))
                show_check(s, id, &missing);
        }
        cursor = json_string_value(json_object_get(root, "next"));
    } while (cursor);
    s->failed = s->failed || !root;
    json_decref(root);
}

/* Whether the format is one for reports, which a batch has many of. */
static bool wants_reports(const struct showing *s)
{
    return s->format != FORMAT_TEXT && s->format != FORMAT_JSON && s->format != FORMAT_NDJSON;
}

/* A batch that has not ended is asked for again until it has, or the time to wait is over. */
static bool show_a_batch(struct showing *s, const char *id)
{
    for (;;) {
        dcv_time left = s->until - cli_now();
        uint32_t ms = left < 0 ? 0 : left > WAIT_CALL_MS ? WAIT_CALL_MS : (uint32_t)left;
        char path[80];
        bool missing;
        snprintf(path, sizeof path, "/v1/batches/%s?wait=%" PRIu32 ".%03" PRIu32, id, ms / 1000, ms % 1000);
        json_t *root = client_look(s->client, path, ms, &missing);
        if (root && ms && alive(root)) {
            json_decref(root);
            continue;
        }
        if (root && wants_reports(s))
            show_checks_of(s, id);
        else if (root)
            show_thing(s, root, show_batch);
        json_decref(root);
        return !missing;
    }
}

static bool show_a_watch(struct showing *s, const char *id)
{
    char path[80];
    bool missing;
    snprintf(path, sizeof path, "/v1/watches/%s", id);
    json_t *root = client_look(s->client, path, 0, &missing);
    if (root)
        show_thing(s, root, show_watch);
    json_decref(root);
    return !missing;
}

/* The latest reports on a domain, and in text what changed before. */
static void show_domain(struct showing *s, const char *name)
{
    char *path = arena_printf(s->a, "/v1/domains/%s", client_escape(s->a, name));
    bool missing = false;
    json_t *root = path ? client_look(s->client, path, 0, &missing) : NULL, *report;
    size_t i;
    json_array_foreach(json_object_get(root, "latest"), i, report) take_report(s, name, report);
    if (root && s->format == FORMAT_TEXT) {
        show_history(&s->things, s->a, root);
        s->before = s->things.n;
    }
    if (missing)
        complain("'%.100s' was not checked by dcvd yet; expected a domain as list shows it, or the id of a "
                 "check, a batch "
                 "or a watch",
                 name);
    s->failed = s->failed || !root;
    json_decref(root);
}

/* An argument is an id of any thing, or a domain. */
static void show(struct showing *s, const char *what)
{
    bool missing = false;
    if (!client_is_id(what)) {
        show_domain(s, what);
        return;
    }
    show_check(s, what, &missing);
    if (!missing || show_a_batch(s, what) || show_a_watch(s, what))
        return;
    complain("there is no check, batch or watch %s; expected an id, as list, list --batches and list "
             "--watches print "
             "them",
             what);
    s->failed = true;
}

static int cmd_show(int argc, char **argv)
{
    const char *socket = CLIENT_SOCKET, *path = NULL;
    struct output out = {.format = FORMAT_TEXT};
    struct showing s = {0};
    for (int opt; (opt = command_option_next(argc, argv)) != -1;) {
        if (opt == OPT_SOCKET)
            socket = optarg;
        else if (opt == OPT_SAVE)
            path = optarg;
        else if (opt == OPT_WAIT ? !read_wait(optarg, &s.until) : cli_output_option(&out, opt, optarg) != 0)
            return EXIT_USAGE;
    }
    if (optind == argc)
        return command_misused("nothing to show; expected dcvprobe show ID… or DOMAIN…");
    s.format = out.format;
    s.a = arena_new(0);
    s.client = s.a ? client_new(socket) : NULL;
    for (int i = optind; s.client && i < argc; i++)
        show(&s, argv[i]);
    int status = s.client ? EXIT_PASS : EXIT_USAGE;
    if (s.n)
        status = cli_show(&out, s.r, s.n);
    if (s.things.n && cli_flush(&s.things))
        s.failed = true;
    status = s.status == EXIT_FAIL || status == EXIT_PASS ? s.status : status;
    status = s.client ? status : EXIT_USAGE;
    if (s.n && path && cli_save(path, s.r, s.n, out.flags))
        s.failed = true;
    client_free(s.client);
    arena_free(s.a);
    if (out.format == FORMAT_NAGIOS)
        return s.n ? status : EXIT_USAGE; /* plugin.h: UNKNOWN, with what was complained of */
    return s.failed ? EXIT_USAGE : status == EXIT_PASS && s.open ? EXIT_UNDECIDED : status;
}

static const struct command_option own[] = {
    {"wait", OPT_WAIT, "S", NULL, "wait up to S seconds for checks that have not ended"},
    ROW_FORMAT_REPORTS,
    ROW_JSON,
    ROW_VERBOSE,
    ROW_REDACT,
    ROW_SAVE,
    ROW_SOCKET,
    {0}};

const struct command command_show = {
    "show",
    cmd_show,
    "ID…|DOMAIN… [options]",
    "what the daemon has of a check, batch, watch or domain",
    "Shows reports of the daemon as check shows its own, by the id of their check or by their domain, with "
    "what changed "
    "there; how far a batch is; when a watch runs. A batch in another format than text, json and ndjson is "
    "all its "
    "reports.",
    own,
    NULL,
    WORDS_CHECK " " WORDS_BATCH " " WORDS_WATCH,
    {"dcvprobe show 3441b72813600000 --format ticket", "dcvprobe show shop.example.com"}};
