/* cmd_stats.c - dcvprobe stats: how often the daemon gave each verdict, code and cause. */
#include "base/text.h"
#include "cmd/cli.h"
#include "cmd/client.h"
#include "cmd/moments.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 60 };
enum { SINCE, UNTIL, N_PARAMS };

/* The counts in GET /v1/stats and their titles. */
static const struct {
    const char *member, *title;
    bool by_name; /* sorted by name, the newest day first; else the most frequent first */
} kinds[] = {
    {"states", "Checks by state", false},
    {"verdicts", "Reports by verdict", false},
    {"methods", "Reports by method", false},
    {"codes", "Reports by code", false},
    {"detail_codes", "Reports by detail code", false},
    {"causes", "Findings by cause", false},
    {"days", "Reports by day", true},
};

struct count {
    const char *value;
    json_int_t n;
};

static int by_count(const void *x, const void *y)
{
    const struct count *a = x, *b = y;
    return a->n != b->n ? (a->n < b->n) - (a->n > b->n) : strcmp(a->value, b->value);
}

static int by_name(const void *x, const void *y)
{
    const struct count *a = x, *b = y;
    return strcmp(b->value, a->value);
}

static void table(struct buf *b, struct arena *a, const char *title, json_t *counts, bool named, size_t width)
{
    size_t n = json_object_size(counts), k = 0;
    struct count *v = arena_array(a, n, sizeof *v);
    const char *key;
    json_t *value;
    if (!v || !n)
        return;
    json_object_foreach(counts, key, value)
    {
        const char *shown = text_escape(a, key, strlen(key), SHOWN);
        v[k] = (struct count){shown ? shown : "", json_integer_value(value)};
        k++;
    }
    qsort(v, n, sizeof *v, named ? by_name : by_count);
    buf_printf(b, "%s%s\n", b->n ? "\n" : "", title);
    for (size_t i = 0; i < n; i++)
        buf_printf(b, "  %-*s  %9" JSON_INTEGER_FORMAT "\n", (int)width, v[i].value, v[i].n);
}

/* The width of the first column, the same for all tables. */
static size_t widest(json_t *root)
{
    size_t width = 0;
    const char *key;
    json_t *value;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        json_object_foreach(json_object_get(root, kinds[i].member), key, value) width =
            strlen(key) > width ? strlen(key) : width;
    return width < SHOWN ? width : SHOWN;
}

static int show(json_t *root, enum format format)
{
    struct buf b = {0};
    if (format == FORMAT_TEXT) {
        struct arena *a = arena_new(0);
        for (size_t i = 0; a && i < sizeof kinds / sizeof *kinds; i++)
            table(&b, a, kinds[i].title, json_object_get(root, kinds[i].member), kinds[i].by_name,
                  widest(root));
        if (!b.n)
            buf_puts(&b, "No check was submitted in that time.\n");
        b.failed = b.failed || !a || arena_full(a);
        arena_free(a);
    } else {
        char *text = json_dumps(root, format == FORMAT_JSON ? JSON_INDENT(2) : JSON_COMPACT);
        buf_puts(&b, text ? text : "");
        buf_puts(&b, "\n");
        b.failed = b.failed || !text;
        free(text);
    }
    return cli_flush(&b);
}

static int cmd_stats(int argc, char **argv)
{
    struct client_param params[N_PARAMS] = {{"since", NULL}, {"until", NULL}};
    char times[N_PARAMS][MOMENT_LENGTH + 1];
    const dcv_time now = cli_now();
    const char *socket = CLIENT_SOCKET;
    struct output out = {.format = FORMAT_TEXT};
    for (int opt; (opt = command_option_next(argc, argv)) != -1;) {
        int k = opt - OPT_OWN;
        if (opt >= OPT_OWN && k < N_PARAMS && !moment_read(params[k].key, optarg, now, times[k]))
            return EXIT_USAGE;
        if (opt >= OPT_OWN && k < N_PARAMS)
            params[k].value = times[k];
        else if (opt == OPT_SOCKET)
            socket = optarg;
        else if (cli_output_option(&out, opt, optarg))
            return EXIT_USAGE;
    }
    if (optind < argc)
        return command_misused("'%.40s' is too much; expected dcvprobe stats [--since T] [--until T]",
                               argv[optind]);
    struct client *c = client_new(socket);
    json_t *root = c ? client_get(c, "/v1/stats", params, N_PARAMS, 0) : NULL;
    int status = root ? show(root, out.format) : EXIT_USAGE;
    json_decref(root);
    client_free(c);
    return status;
}

static const struct command_option own[] = {
    {"since", OPT_OWN + SINCE, "T", NULL,
     "checks submitted at this time or later: 2h, 3d, yesterday, a date, or RFC 3339"},
    {"until", OPT_OWN + UNTIL, "T", NULL, "checks submitted before this time"},
    ROW_SOCKET,
    ROW_FORMAT_LISTS,
    ROW_JSON,
    {0}};

const struct command command_stats = {
    "stats",
    cmd_stats,
    "[--since T] [--until T]",
    "how often each verdict, code and cause was given",
    "Counts what the daemon gave: verdicts, codes and causes, the most frequent first, and checks by day.",
    own,
    NULL,
    NULL,
    {"dcvprobe stats", "dcvprobe stats --since 2026-11-01 --json"}};
