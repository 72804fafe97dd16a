/* cmd_watch.c - dcvprobe watch: makes watches in the daemon, or takes existing ones, and follows them. */
#include "cmd/client_request.h"
#include "cmd/follow.h"
#include "cmd/submit_batch.h"
#include "base/text.h"
#include "format/lines.h"

#include <jansson.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define UNTILS "pass forever"

struct watching {
    const char *socket, *interval, *until, *file;
    struct output output;
    bool delete;
    struct given_list given;
    struct client *client;
    char (*ids)[WATCH_ID_LEN + 1];
    size_t n;
};

/* request: as a line of a file has it; NULL: that of the command line. */
static void write_order(struct buf *b, const char *domain, const char *request, const struct watching *w)
{
    struct json_out j = {.b = b};
    json_open(&j, NULL, '{');
    if (request)
        json_raw(&j, "request", request, strlen(request));
    else
        client_request_write(&j, "request", domain, &w->given);
    size_t digits = w->interval ? strspn(w->interval, "0123456789") : 0;
    if (digits && digits < 10 && !w->interval[digits] && *w->interval != '0')
        json_raw(&j, "interval", w->interval, digits);
    else if (w->interval)
        json_text(&j, "interval", w->interval);
    if (w->until)
        json_text(&j, "until", w->until);
    json_close(&j, '}');
}

static int make(struct watching *w, const char *domain, const char *request, char id[WATCH_ID_LEN + 1])
{
    struct buf body = {0};
    struct client_answer answer;
    write_order(&body, domain, request, w);
    bool ok = !body.failed && client_call(w->client, "POST", "/v1/watches", &body, 0, &answer);
    buf_free(&body);
    if (!ok)
        return EXIT_USAGE;
    int status = EXIT_USAGE;
    if (client_accept(&answer)) {
        json_t *root = json_loadb(answer.body.p ? answer.body.p : "", answer.body.n, 0, NULL);
        const char *made = json_string_value(json_object_get(root, "id"));
        if (made && client_is_id(made)) {
            memcpy(id, made, WATCH_ID_LEN + 1);
            complain("watch %s of %s", id, domain);
            status = EXIT_PASS;
        } else {
            complain("dcvd answers without an id; expected a dcvd of this version");
        }
        json_decref(root);
    }
    buf_free(&answer.body);
    return status;
}

static int delete_one(struct client *c, const char *id)
{
    char path[64];
    struct client_answer answer;
    snprintf(path, sizeof path, "/v1/watches/%s", id);
    if (!client_call(c, "DELETE", path, NULL, 0, &answer))
        return EXIT_USAGE;
    bool ok = client_accept(&answer);
    buf_free(&answer.body);
    return ok ? EXIT_PASS : EXIT_USAGE;
}

static int delete_all(struct watching *w, char **what, int n)
{
    int status = EXIT_PASS;
    for (int i = 0; i < n; i++)
        if (!client_is_id(what[i])) {
            complain("--delete: '%.40s' is not an id; expected 16 digits of 0-9 a-f, as watch prints them",
                     what[i]);
            return EXIT_USAGE;
        }
    for (int i = 0; i < n; i++)
        if (delete_one(w->client, what[i]))
            status = EXIT_USAGE;
    return status;
}

/* Checks all arguments first: a mistake in the last must not leave a watch for the first. */
static int read_all(struct arena *a, const struct watching *w, char **what, int n)
{
    bool domains = false;
    struct request q;
    for (int i = 0; i < n; i++)
        if (!client_is_id(what[i])) {
            int status = cli_request(a, what[i], &w->given, NULL, cli_now(), &q);
            if (status)
                return status;
            domains = true;
        }
    if (domains || (!w->given.n && !w->interval && !w->until))
        return EXIT_PASS;
    complain("an existing watch keeps its request; expected options of the request with a domain only");
    return EXIT_USAGE;
}

static int watch_all(struct arena *a, struct watching *w, char **what, int n)
{
    int status = read_all(a, w, what, n);
    w->ids = arena_array(a, (size_t)n, sizeof *w->ids);
    if (!status && !w->ids) {
        complain_no_memory();
        status = EXIT_USAGE;
    }
    for (; !status && w->n < (size_t)n; w->n++)
        if (client_is_id(what[w->n]))
            memcpy(w->ids[w->n], what[w->n], WATCH_ID_LEN + 1);
        else
            status = make(w, what[w->n], NULL, w->ids[w->n]);
    return status ? status : follow(w->socket, w->client, w->ids, w->n, w->output.format);
}

/* What one line of a file asks for. */
struct wanted {
    const char *domain, *request;
    uint64_t says; /* hash of the line's request */
};

/* Two watches of one request would only ask everything twice. */
static bool asked_before(const struct wanted *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (v[i].says == v[n].says && !strcmp(v[i].request, v[n].request))
            return true;
    return false;
}

static int take_line(struct arena *a, const struct watching *w, struct lines *l, struct line *line,
                     struct wanted *ret, const char **why)
{
    struct request q;
    char *text = NULL;
    int rc = line_request(l, line, a, cli_now(), &q, why);
    if (!rc)
        rc = submit_line(l, line, &w->given, a, &text, why);
    if (rc)
        return rc;
    *ret = (struct wanted){text_escape(a, q.input, strlen(q.input), 200), arena_strdup(a, text), line->says};
    free(text);
    return ret->domain && ret->request ? 0 : -ENOMEM;
}

/* Reads all lines of a file before anything is asked of the daemon. *n: how many. NULL: the error was
 * printed. */
static struct wanted *read_file(struct arena *a, const struct watching *w, size_t *n)
{
    const char *text, *why = NULL;
    size_t len;
    struct wanted *v = NULL;
    size_t doubled = 0;
    struct line line = {0};
    struct lines *l = lines_new(&w->given, NULL);
    int rc = l ? 0 : -ENOMEM;
    if (!rc && !cli_read(a, "--file", w->file, &text, &len)) {
        lines_free(l);
        return NULL;
    }
    if (!rc) {
        lines_feed(l, text, len);
        lines_end(l);
    }
    while (!rc && (rc = lines_next(l, a, &line, &why)) == 1) {
        struct wanted *more = arena_grow(a, v, *n, sizeof *more);
        v = more ? more : v;
        rc = more ? take_line(a, w, l, &line, &v[*n], &why) : -ENOMEM;
        bool again = !rc && asked_before(v, *n);
        doubled += again;
        *n += !rc && !again;
    }
    if (!rc && *n)
        submit_tell_own(l, a);
    if (!rc && doubled)
        complain("--file: %zu line%s what an earlier one asks, and make%s no watch of %s own", doubled,
                 doubled == 1 ? " asks" : "s ask", doubled == 1 ? "s" : "", doubled == 1 ? "its" : "their");
    if (rc == -EINVAL)
        complain("--file: '%.200s', line %zu: %s", w->file, line.number, why ? why : OUT_OF_MEMORY);
    else if (rc)
        complain_no_memory();
    else if (!*n)
        complain("--file: '%.200s' holds no request; expected one in each line, as batch reads them",
                 w->file);
    lines_free(l);
    return rc ? NULL : v;
}

static int watch_file(struct arena *a, struct watching *w)
{
    size_t n = 0;
    struct wanted *v = read_file(a, w, &n);
    int status = v ? EXIT_PASS : EXIT_USAGE;
    w->ids = arena_array(a, n, sizeof *w->ids);
    if (!status && !w->ids) {
        complain_no_memory();
        status = EXIT_USAGE;
    }
    for (; !status && w->n < n; w->n++)
        status = make(w, v[w->n].domain, v[w->n].request, w->ids[w->n]);
    return status ? status : follow(w->socket, w->client, w->ids, w->n, w->output.format);
}

static bool read_option(struct arena *a, struct watching *w, int opt, const char *value)
{
    size_t n;
    const struct request_field *fields = request_fields(&n);
    if (opt == OPT_SOCKET) {
        w->socket = value;
    } else if (opt == OPT_INTERVAL) {
        w->interval = value;
    } else if (opt == OPT_WHEN) {
        w->until = value;
        if (strcmp(value, "pass") != 0 && strcmp(value, "forever") != 0) {
            command_misused("--until: '%.40s' is not accepted; expected pass or forever%s", value,
                            command_meant(value, UNTILS));
            return false;
        }
    } else if (opt == OPT_FILE) {
        w->file = value;
    } else if (opt == OPT_DELETE) {
        w->delete = true;
    } else if (opt == OPT_FORMAT) {
        return !cli_output_option(&w->output, opt, value);
    } else if (opt >= OPT_FIELD && fields[opt - OPT_FIELD].secret) {
        complain("--auth-key-file: keys are never sent; they are named in the daemon's configuration, "
                 "use --auth-key-name");
        return false;
    } else if (opt < OPT_FIELD || !cli_given(a, &w->given, opt, value)) {
        return false;
    }
    return true;
}

static int cmd_watch(int argc, char **argv)
{
    struct watching w = {.socket = CLIENT_SOCKET};
    struct arena *a = arena_new(0);
    int status = a ? EXIT_PASS : EXIT_USAGE;
    for (int opt; !status && (opt = command_option_next(argc, argv)) != -1;)
        if (!read_option(a, &w, opt, optarg))
            status = EXIT_USAGE;
    if (!status && (optind == argc) != (w.file != NULL))
        status = command_misused(
            "%s", w.file ? "domains or ids and --file; expected one or the other"
                         : "nothing to watch; expected dcvprobe watch DOMAIN… [options], the ID… of "
                           "watches, or --file FILE");
    if (!status && !(w.client = client_new(w.socket)))
        status = EXIT_USAGE;
    if (!status)
        status = w.file     ? watch_file(a, &w)
                 : w.delete ? delete_all(&w, argv + optind, argc - optind)
                            : watch_all(a, &w, argv + optind, argc - optind);
    client_free(w.client);
    arena_free(a);
    return status;
}

static const struct command_option own[] = {
    {"interval", OPT_INTERVAL, "S|ca", "ca",
     "seconds from 10 to 86400; or ca, the default: as often as the CA asks"},
    {"until", OPT_WHEN, "WHEN", UNTILS, "when it ends: pass, the default, or forever"},
    {"file", OPT_FILE, "FILE|-", WORDS_FILE, "a watch for each line, CSV or NDJSON as batch reads it"},
    {"delete", OPT_DELETE, NULL, NULL, "end these watches; only with ids"},
    ROW_FORMAT("text ndjson", "text, the default, or ndjson: the daemon's events"),
    ROW_SOCKET,
    {0}};

const struct command command_watch = {
    "watch",
    cmd_watch,
    "DOMAIN…|ID… [options]\n--file FILE [options]\n--delete ID…",
    "let the daemon repeat a check until it passes",
    "Lets the daemon repeat a check, and prints what changes. Ends when all have passed; interrupted, they "
    "go on in the "
    "daemon.",
    own,
    command_all_fields,
    WORDS_WATCH,
    {"dcvprobe watch shop.example.com --token VALUE", "dcvprobe watch --delete 3441b72813400000"}};
