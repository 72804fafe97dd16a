/* cmd_client.c - dcvprobe submit and show: checks through the daemon. */
#include "client.h"

#include "cli.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_CALL_MS = 60000, WAIT_MOST_MS = 24 * 3600 * 1000, SHOWN_MOST = 4000 };

/* ---------------------------------------------------------------- submit ----------------------------- */

static void write_field(struct json_out *j, const struct request_field *f, const struct given_list *given)
{
    bool open = false;
    for (size_t i = 0; i < given->n; i++) {
        const struct given *g = &given->v[i];
        if (g->field != f)
            continue;
        switch (f->kind) {
        case FIELD_LIST:
            if (!open)
                json_open(j, f->name, '[');
            open = true;
            json_bytes(j, NULL, g->value, g->len);
            break;
        case FIELD_NUMBER: /* cli_request() has read it as one */
            json_raw(j, f->name, g->value, g->len);
            return;
        case FIELD_TEXT:
        case FIELD_TIME:
        case FIELD_BYTES:
            json_bytes(j, f->name, g->value, g->len);
            return;
        }
    }
    if (open)
        json_close(j, ']');
}

/* What the command line said and no more: what it left open is the daemon's to fill in. */
static void write_request(struct buf *b, const char *domain, const struct given_list *given)
{
    struct json_out j = {.b = b};
    size_t n;
    const struct request_field *f = request_fields(&n);
    json_open(&j, NULL, '{');
    json_text(&j, "domain", domain);
    for (size_t i = 0; i < n; i++)
        write_field(&j, &f[i], given);
    json_close(&j, '}');
}

static int submit_one(struct client *c, const char *domain, const struct given_list *given)
{
    struct buf body = {0};
    struct client_answer answer;
    write_request(&body, domain, given);
    bool ok = !body.failed && client_call(c, "POST", "/v1/checks", &body, 0, &answer);
    buf_free(&body);
    if (!ok)
        return EXIT_USAGE;
    int status = EXIT_USAGE;
    if (client_accept(&answer)) {
        json_t *root = json_loadb(answer.body.p, answer.body.n, 0, NULL);
        const char *id = json_string_value(json_object_get(root, "id"));
        struct buf line = {0};
        if (id && strspn(id, "0123456789abcdef") == strlen(id)) {
            buf_printf(&line, "%s\n", id);
            status = cli_flush(&line);
        } else {
            complain("dcvd answers without an id; expected a dcvd of this version");
        }
        json_decref(root);
    }
    buf_free(&answer.body);
    return status;
}

static int submit_all(struct arena *a, const char *socket, char **domains, int n,
                      const struct given_list *given)
{
    struct request q;
    for (int i = 0; i < n; i++) { /* all or none: a slip in the last must not leave the first behind */
        int status = cli_request(a, domains[i], given, NULL, cli_now(), &q);
        if (status)
            return status;
    }
    struct client *c = client_new(socket);
    int status = c ? EXIT_PASS : EXIT_USAGE;
    for (int i = 0; i < n && !status; i++)
        status = submit_one(c, domains[i], given);
    client_free(c);
    return status;
}

int cmd_submit(int argc, char **argv)
{
    static const struct option own[] = {{"socket", required_argument, NULL, OPT_SOCKET}, {0}};
    const char *socket = CLIENT_SOCKET;
    struct given_list given = {0};
    struct arena *a = arena_new(0);
    struct option *options = a ? cli_options(a, own, true) : NULL;
    int status = options ? EXIT_PASS : EXIT_USAGE;
    size_t n;
    const struct request_field *fields = request_fields(&n);
    for (int opt; !status && (opt = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (opt == OPT_SOCKET) {
            socket = optarg;
        } else if (opt >= OPT_FIELD && fields[opt - OPT_FIELD].secret) {
            complain("--auth-key-file: keys are never sent; they are named in the daemon's configuration, "
                     "use --auth-key-name");
            status = EXIT_USAGE;
        } else if (opt < OPT_FIELD || !cli_given(a, &given, opt, optarg)) {
            status = EXIT_USAGE;
        }
    }
    if (!status && optind == argc) {
        complain("submit: no domain given; expected dcvprobe submit DOMAIN… [options]");
        status = EXIT_USAGE;
    }
    if (!status)
        status = submit_all(a, socket, argv + optind, argc - optind, &given);
    arena_free(a);
    return status;
}

/* ---------------------------------------------------------------- show ------------------------------- */

struct showing {
    struct buf out;
    struct arena *a;
};

static const char *text_of(struct showing *s, const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);
    const char *text = v && json_is_string(v)
                           ? text_escape(s->a, json_string_value(v), json_string_length(v), SHOWN_MOST)
                           : NULL;
    return text ? text : "";
}

static void show_fix(struct showing *s, const json_t *fix)
{
    static const char *const parts[] = {"owner",    "type",  "old_rdata", "rdata", "url",
                                        "argument", "value", "until",     "text"};
    buf_printf(&s->out, "    %s", text_of(s, fix, "op"));
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const char *text = text_of(s, fix, parts[i]);
        if (*text)
            buf_printf(&s->out, "%s%s",
                       !strcmp(parts[i], "rdata") && json_object_get(fix, "old_rdata") ? " -> " : " ", text);
    }
    buf_puts(&s->out, "\n");
}

static void show_report(struct showing *s, const json_t *report)
{
    json_t *error, *finding, *fix;
    size_t i, k;
    buf_printf(&s->out, "%s  %s  %s\n", text_of(s, report, "verdict"), text_of(s, report, "input"),
               text_of(s, report, "method"));
    json_array_foreach(json_object_get(report, "errors"), i, error)
        buf_printf(&s->out, "  %s: %s\n", text_of(s, error, "code"), text_of(s, error, "message"));
    if (*text_of(s, report, "detail_code"))
        buf_printf(&s->out, "  detail: %s\n", text_of(s, report, "detail_code"));
    if (*text_of(s, report, "reason"))
        buf_printf(&s->out, "  %s\n", text_of(s, report, "reason"));
    json_array_foreach(json_object_get(report, "findings"), i, finding)
    {
        buf_printf(&s->out, "  [%s] %s: %s\n", text_of(s, finding, "weight"), text_of(s, finding, "cause"),
                   text_of(s, finding, "summary"));
        json_array_foreach(json_object_get(finding, "fixes"), k, fix) show_fix(s, fix);
    }
}

static int worst(const json_t *reports)
{
    size_t i;
    json_t *report;
    int status = EXIT_PASS;
    json_array_foreach(reports, i, report)
    {
        const char *verdict = json_string_value(json_object_get(report, "verdict"));
        if (verdict && !strcmp(verdict, verdict_name(VERDICT_FAIL)))
            return EXIT_FAIL;
        if (!verdict || strcmp(verdict, verdict_name(VERDICT_PASS)) != 0)
            status = EXIT_UNDECIDED;
    }
    return status;
}

/* The reports as they are stored: they are shown, not judged again. */
static int show_done(const json_t *root, bool json)
{
    const json_t *reports = json_object_get(root, "reports");
    struct showing s = {.a = arena_new(0)};
    size_t i;
    json_t *report;
    if (!s.a)
        return EXIT_USAGE;
    if (json) {
        json_t *document = json_pack("{s:i,s:O}", "schema_version", DCV_SCHEMA_VERSION, "reports", reports);
        char *text = document ? json_dumps(document, JSON_INDENT(2)) : NULL;
        buf_puts(&s.out, text ? text : "");
        buf_puts(&s.out, "\n");
        s.out.failed = s.out.failed || !text;
        free(text);
        json_decref(document);
    } else {
        json_array_foreach(reports, i, report)
        {
            buf_puts(&s.out, i ? "\n" : "");
            show_report(&s, report);
        }
    }
    arena_free(s.a);
    int status = cli_flush(&s.out);
    return status ? status : worst(reports);
}

static int show_answer(const struct client_answer *answer, const char *id, bool json)
{
    json_t *root = json_loadb(answer->body.p, answer->body.n, 0, NULL);
    const char *state = json_string_value(json_object_get(root, "state"));
    int status = EXIT_UNDECIDED;
    if (!state) {
        complain("dcvd answers without a state; expected a dcvd of this version");
        status = EXIT_USAGE;
    } else if (!strcmp(state, "done")) {
        status = show_done(root, json);
    } else {
        complain("check %s is %s: there are no reports%s", id, state,
                 strcmp(state, "cancelled") ? " yet; --wait S waits for them" : "");
    }
    json_decref(root);
    return status;
}

static bool alive(const struct client_answer *answer)
{
    json_t *root = json_loadb(answer->body.p, answer->body.n, 0, NULL);
    const char *state = json_string_value(json_object_get(root, "state"));
    bool yes = state && (!strcmp(state, "queued") || !strcmp(state, "running"));
    json_decref(root);
    return yes;
}

/* The daemon holds an answer for a minute at most, and gives it at every change: ask until it is the last. */
static int show(struct client *c, const char *id, uint32_t wait_ms, bool json)
{
    dcv_time until = cli_now() + wait_ms;
    struct client_answer answer;
    for (;;) {
        dcv_time left = until - cli_now();
        uint32_t ms = left < 0 ? 0 : left > WAIT_CALL_MS ? WAIT_CALL_MS : (uint32_t)left;
        char path[80];
        snprintf(path, sizeof path, "/v1/checks/%s?wait=%" PRIu32 ".%03" PRIu32, id, ms / 1000, ms % 1000);
        if (!client_call(c, "GET", path, NULL, ms, &answer))
            return EXIT_USAGE;
        /* An error is said once, and ends it. */
        if (!client_accept(&answer) || !ms || !alive(&answer))
            break;
        buf_free(&answer.body);
    }
    int status = answer.status == 200 ? show_answer(&answer, id, json) : EXIT_USAGE;
    buf_free(&answer.body);
    return status;
}

static bool read_wait(const char *text, uint32_t *ret)
{
    char *end;
    double s = strtod(text, &end);
    if (*end || end == text || !(s >= 0 && s * 1000 <= WAIT_MOST_MS)) {
        complain("--wait: '%s' is no time to wait; expected seconds from 0 to %d", text, WAIT_MOST_MS / 1000);
        return false;
    }
    *ret = (uint32_t)(s * 1000);
    return true;
}

int cmd_show(int argc, char **argv)
{
    static const struct option own[] = {{"socket", required_argument, NULL, OPT_SOCKET},
                                        {"wait", required_argument, NULL, OPT_WAIT},
                                        {"json", no_argument, NULL, OPT_JSON},
                                        {0}};
    const char *socket = CLIENT_SOCKET;
    uint32_t wait_ms = 0;
    bool json = false;
    for (int opt; (opt = getopt_long(argc, argv, "", own, NULL)) != -1;) {
        if (opt == OPT_SOCKET)
            socket = optarg;
        else if (opt == OPT_JSON)
            json = true;
        else if (opt != OPT_WAIT || !read_wait(optarg, &wait_ms))
            return EXIT_USAGE;
    }
    if (argc - optind != 1) {
        complain("show: %d ids given; expected one: dcvprobe show ID", argc - optind);
        return EXIT_USAGE;
    }
    const char *id = argv[optind];
    if (strlen(id) != 16 || strspn(id, "0123456789abcdef") != 16) {
        complain("show: '%.40s' is no id; expected 16 digits of 0-9 a-f, as submit prints them", id);
        return EXIT_USAGE;
    }
    struct client *c = client_new(socket);
    int status = c ? show(c, id, wait_ms, json) : EXIT_USAGE;
    client_free(c);
    return status;
}
