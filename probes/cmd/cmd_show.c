/* cmd_show.c - dcvprobe show: shows reports of the daemon as check shows its own. */
#include "cmd/cli.h"
#include "cmd/client.h"
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

/* Adds the reports of a check. The daemon delays its answer until something changes, a minute at most: so ask until the
 * check has ended. */
static void show(struct showing *s, const char *id)
{
    for (;;) {
        dcv_time left = s->until - cli_now();
        uint32_t ms = left < 0 ? 0 : left > WAIT_CALL_MS ? WAIT_CALL_MS : (uint32_t)left;
        char path[40], wait[20];
        snprintf(path, sizeof path, "/v1/checks/%s", id);
        snprintf(wait, sizeof wait, "%" PRIu32 ".%03" PRIu32, ms / 1000, ms % 1000);
        json_t *root = client_get(s->client, path, &(struct client_param){"wait", wait}, 1, ms);
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
        complain("--wait: '%s' is not a time to wait; expected seconds from 0 to %d", text, WAIT_MOST_MS / 1000);
        return false;
    }
    *until = cli_now() + (dcv_time)(s * 1000);
    return true;
}

static bool is_id(const char *text)
{
    bool yes = client_is_id(text);
    if (!yes)
        complain("'%.40s' is not an id; expected 16 digits of 0-9 a-f, as submit and list print them",
                 text);
    return yes;
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
        else if (opt == OPT_WAIT ? !read_wait(optarg, &s.until)
                                 : cli_output_option(&out, opt, optarg) != 0)
            return EXIT_USAGE;
    }
    if (optind == argc) {
        complain("no id given; expected dcvprobe show ID…");
        return EXIT_USAGE;
    }
    for (int i = optind; i < argc; i++)
        if (!is_id(argv[i]))
            return EXIT_USAGE;
    s.a = arena_new(0);
    s.client = s.a ? client_new(socket) : NULL;
    for (int i = optind; s.client && i < argc; i++)
        show(&s, argv[i]);
    int status = s.client ? EXIT_PASS : EXIT_USAGE;
    if (s.n)
        status = cli_show(&out, s.r, s.n);
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
    "ID… [options]",
    "reports of the daemon",
    "Shows reports of the daemon, as check shows its own.",
    own,
    NULL,
    WORDS_CHECK,
    {"dcvprobe show 3441b72813600000", "dcvprobe show 3441b72813600000 --wait 30 --format ticket"}};
