/* cmd_list.c - dcvprobe list: the checks in the daemon's store, newest first. */
#include "base/text.h"
#include "cmd/cli.h"
#include "cmd/client.h"
#include "cmd/moments.h"
#include "cmd/show_things.h"
#include "show/columns.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE_MOST = 1000, LIST_USUAL = 50 };
#define VERDICTS "pass fail undecided"

enum { OPT_BATCHES = OPT_OWN + 0x100, OPT_WATCHES, OPT_DOMAINS };

/* What is listed. LIST_DOMAINS: the newest check of each domain. */
enum list_kind { LIST_CHECKS, LIST_BATCHES, LIST_WATCHES, LIST_DOMAINS };
static const struct {
    const char *path, *member;
} kinds[] = {[LIST_CHECKS] = {"/v1/checks", "checks"},
             [LIST_BATCHES] = {"/v1/batches", "batches"},
             [LIST_WATCHES] = {"/v1/watches", "watches"},
             [LIST_DOMAINS] = {"/v1/checks", "checks"}};

/* Options and the parameters of GET /v1/checks have the same names, with - for _. */
enum {
    DOMAIN,
    CODE,
    DETAIL_CODE,
    CAUSE,
    VERDICT,
    METHOD,
    SINCE,
    UNTIL,
    BATCH,
    LABEL,
    N_FILTERS,
    LIMIT = N_FILTERS,
    CURSOR,
    N_PARAMS
};
static const char *const params[N_PARAMS] = {"domain", "code",  "detail_code", "cause", "verdict", "method",
                                             "since",  "until", "batch",       "label", "limit",   "cursor"};

struct listing {
    struct client *client;
    enum format format;
    enum list_kind kind;
    struct client_param param[N_PARAMS];
    size_t left; /* checks still to be listed; SIZE_MAX: all */
    json_t *checks, *next;
};

static const char *domain_of(const json_t *check)
{
    const char *domain = json_string_value(json_object_get(check, "domain"));
    return domain ? domain : "";
}

/* Adds the checks of domains that are not listed yet, as many as are left. */
static bool add_domains(struct listing *l, json_t *checks)
{
    size_t i, k;
    json_t *check, *other;
    json_array_foreach(checks, i, check)
    {
        bool listed = !l->left;
        json_array_foreach(l->checks, k, other) listed =
            listed || !strcmp(domain_of(check), domain_of(other));
        if (listed)
            continue;
        if (json_array_append(l->checks, check))
            return false;
        l->left -= l->left != SIZE_MAX;
    }
    return true;
}

/* Gets the next page of the list and appends it. */
static bool page(struct listing *l)
{
    char limit[12];
    const char *cursor = json_string_value(l->next);
    bool domains = l->kind == LIST_DOMAINS;
    snprintf(limit, sizeof limit, "%zu", domains || l->left > PAGE_MOST ? (size_t)PAGE_MOST : l->left);
    l->param[LIMIT].value = limit;
    l->param[CURSOR].value = cursor;
    json_t *root = client_get(l->client, kinds[l->kind].path, l->param, N_PARAMS, 0);
    json_t *checks = json_object_get(root, kinds[l->kind].member);
    bool ok = root && json_is_array(checks) &&
              (domains ? add_domains(l, checks) : !json_array_extend(l->checks, checks));
    if (root && !ok)
        complain("dcvd answers without a list; expected a dcvd of this version");
    size_t n = json_array_size(checks);
    if (l->left != SIZE_MAX && !domains)
        l->left -= n < l->left ? n : l->left;
    json_decref(l->next);
    l->next = json_incref(json_object_get(root, "next"));
    json_decref(root);
    return ok;
}

/* ---------------------------------------------------------------- output ----------------------------- */

static const char *text_of(struct arena *a, const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);
    return json_is_string(v) ? text_escape(a, json_string_value(v), json_string_length(v), 300) : NULL;
}

/* A code without its variable, which is the domain of the row. */
static const char *bare(struct arena *a, const char *code)
{
    return code ? arena_strndup(a, code, strcspn(code, "|")) : NULL;
}

static bool equal(struct arena *a, const char *wanted, const char *text)
{
    const char *w = bare(a, wanted), *t = bare(a, text);
    return !wanted || (w && t && !strcmp(w, t));
}

/* True for a report that meets the options. The daemon lists a check with all its reports if one of them
 * does. */
static bool meant(const struct listing *l, struct arena *a, const json_t *report)
{
    const char *cause = l->param[CAUSE].value;
    size_t i;
    json_t *f;
    bool found = !cause;
    json_array_foreach(json_object_get(report, "findings"), i, f) found =
        found || equal(a, cause, text_of(a, f, "cause"));
    const json_t *error = json_array_get(json_object_get(report, "errors"), 0);
    return found && equal(a, l->param[METHOD].value, text_of(a, report, "method")) &&
           equal(a, l->param[VERDICT].value, text_of(a, report, "verdict")) &&
           equal(a, l->param[CODE].value, text_of(a, error, "code")) &&
           equal(a, l->param[DETAIL_CODE].value, text_of(a, report, "detail_code"));
}

/* The cells of a row, in the order in which programs have always found them. On a terminal what a person
 * looks for comes first, and stands in one line however narrow it is. */
static bool add_row(struct columns *c, const char *const *cells)
{
    static const size_t order[] = {0, 4, 2, 1, 3, 5, 6};
    const char *row[7];
    for (size_t i = 0; i < 7; i++)
        row[i] = cells[cli_width() ? order[i] : i];
    return columns_add(c, row);
}

static bool rows_of(const struct listing *l, struct columns *c, const json_t *check)
{
    const json_t *reports = json_object_get(check, "reports");
    const char *time = moment_shown(c->a, text_of(c->a, check, "submitted_at"), false);
    const char *domain = text_of(c->a, check, "domain"), *id = text_of(c->a, check, "id");
    size_t i, fit = 0;
    json_t *r;
    json_array_foreach(reports, i, r) fit += meant(l, c->a, r);
    json_array_foreach(reports, i, r)
    {
        if (fit && !meant(l, c->a,
                          r)) /* if none fits, the daemon knows another spelling of a value: then show all */
            continue;
        const char *input = text_of(c->a, r, "input");
        const json_t *error = json_array_get(json_object_get(r, "errors"), 0);
        const json_t *finding = json_array_get(json_object_get(r, "findings"), 0);
        const char *row[] = {time,
                             id,
                             input ? input : domain,
                             text_of(c->a, r, "method"),
                             text_of(c->a, r, "verdict"),
                             bare(c->a, text_of(c->a, error, "code")),
                             text_of(c->a, finding, "cause")};
        if (!add_row(c, row))
            return false;
    }
    return i ||
           add_row(c, (const char *[]){time, id, domain, NULL, text_of(c->a, check, "state"), NULL, NULL});
}

static bool row_of_batch(struct columns *c, const json_t *batch)
{
    const char *lines =
        arena_printf(c->a, "%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(batch, "lines")));
    const char *row[] = {moment_shown(c->a, text_of(c->a, batch, "submitted_at"), false),
                         text_of(c->a, batch, "id"), text_of(c->a, batch, "state"), lines};
    return columns_add(c, row);
}

static bool row_of_watch(struct columns *c, const json_t *watch)
{
    const json_t *last = json_object_get(watch, "last"), *interval = json_object_get(watch, "interval");
    const json_t *result = watch_result_telling(json_object_get(last, "results"), watch_methods_named(watch));
    const char *every = json_is_integer(interval)
                            ? arena_printf(c->a, "%" JSON_INTEGER_FORMAT " s", json_integer_value(interval))
                            : "ca";
    const char *row[] = {moment_shown(c->a, text_of(c->a, watch, "created_at"), false),
                         text_of(c->a, watch, "id"),
                         text_of(c->a, watch, "state"),
                         text_of(c->a, watch, "domain"),
                         every,
                         text_of(c->a, result, "verdict"),
                         bare(c->a, text_of(c->a, result, "code"))};
    return columns_add(c, row);
}

static int show_text(const struct listing *l)
{
    static const char *const of_checks[] = {"TIME", "ID", "DOMAIN", "METHOD", "VERDICT", "CODE", "CAUSE"};
    static const char *const of_batches[] = {"TIME", "ID", "STATE", "LINES"};
    static const char *const of_watches[] = {"TIME", "ID", "STATE", "DOMAIN", "EVERY", "VERDICT", "CODE"};
    struct columns c = {.n = 7, .flexible = 2, .fold = 3, .indent = 4, .a = arena_new(0)};
    struct buf b = {0};
    size_t i;
    json_t *one;
    bool ok = c.a;
    if (ok && l->kind == LIST_BATCHES) {
        c.n = c.fold = 4;
        ok = columns_add(&c, of_batches);
    } else if (ok && l->kind == LIST_WATCHES) {
        c.flexible = 3;
        c.fold = 4;
        ok = columns_add(&c, of_watches);
    } else if (ok) {
        ok = add_row(&c, of_checks);
    }
    json_array_foreach(l->checks, i, one) ok = ok && (l->kind == LIST_BATCHES   ? row_of_batch(&c, one)
                                                      : l->kind == LIST_WATCHES ? row_of_watch(&c, one)
                                                                                : rows_of(l, &c, one));
    if (ok)
        columns_render(&b, &c, cli_width());
    b.failed = b.failed || !ok;
    arena_free(c.a);
    return cli_flush(&b);
}

static void put(struct buf *b, json_t *v, size_t flags)
{
    char *text = v ? json_dumps(v, flags) : NULL;
    if (text) {
        buf_puts(b, text);
        buf_puts(b, "\n");
    } else {
        b->failed = true;
    }
    free(text);
}

static int show(const struct listing *l)
{
    struct buf b = {0};
    size_t i;
    json_t *check;
    if (l->format == FORMAT_TEXT)
        return show_text(l);
    if (l->format == FORMAT_JSON) {
        json_t *whole = json_pack("{s:i,s:O,s:O?}", "schema_version", DCV_SCHEMA_VERSION,
                                  kinds[l->kind].member, l->checks, "next", l->next);
        put(&b, whole, JSON_INDENT(2));
        json_decref(whole);
    } else {
        json_array_foreach(l->checks, i, check) put(&b, check, JSON_COMPACT);
    }
    return cli_flush(&b);
}

/* ---------------------------------------------------------------- the command ------------------------ */

static int list(struct listing *l, const char *socket)
{
    bool ok = true;
    for (size_t i = 0; i < N_PARAMS; i++)
        l->param[i].key = params[i];
    l->client = client_new(socket);
    l->checks = json_array();
    l->next = NULL;
    do
        ok = l->client && l->checks && page(l);
    while (ok && l->left && json_is_string(l->next));
    int status = ok ? show(l) : EXIT_USAGE;
    json_decref(l->checks);
    json_decref(l->next);
    client_free(l->client);
    return status;
}

static bool read_limit(const char *text, size_t *ret)
{
    size_t n = strlen(text);
    if (!n || n > 9 || strspn(text, "0123456789") != n) {
        complain("--limit: '%.40s' is not accepted; expected a number of checks, 0 for all", text);
        return false;
    }
    unsigned long most = strtoul(text, NULL, 10);
    *ret = most ? most : SIZE_MAX;
    return true;
}

/* A value that is one of few is looked at here, so that a slip is told with what may be meant. */
static bool is_known(int k, const char *value)
{
    enum verdict v;
    enum method m;
    if (k == VERDICT && !verdict_parse(value, &v))
        command_misused("--verdict: '%.40s' is not accepted; expected %s%s", value, TEXT_LIST(DCV_VERDICTS),
                        command_meant(value, VERDICTS));
    else if (k == METHOD && !method_parse(value, &m))
        command_misused("--method: '%.40s' is not accepted; expected %s%s", value, TEXT_LIST(DCV_METHODS),
                        command_meant(value, WORDS_METHOD));
    else
        return true;
    return false;
}

static int cmd_list(int argc, char **argv)
{
    char times[N_PARAMS][MOMENT_LENGTH + 1];
    const char *socket = CLIENT_SOCKET, *filter = NULL;
    struct output out = {.format = FORMAT_TEXT};
    struct listing l = {.left = LIST_USUAL};
    for (int opt; (opt = command_option_next(argc, argv)) != -1;) {
        int k = opt - OPT_OWN;
        if (opt >= OPT_OWN && k < N_FILTERS && !is_known(k, optarg))
            return EXIT_USAGE;
        bool timed = opt >= OPT_OWN && (k == SINCE || k == UNTIL);
        if (timed && !moment_read(params[k], optarg, cli_now(), times[k]))
            return EXIT_USAGE;
        if (opt >= OPT_OWN && k < N_FILTERS) {
            l.param[k].value = timed ? times[k] : optarg;
            filter = params[k];
        } else if (opt == OPT_SOCKET) {
            socket = optarg;
        } else if (opt == OPT_BATCHES || opt == OPT_WATCHES || opt == OPT_DOMAINS) {
            l.kind = opt == OPT_BATCHES ? LIST_BATCHES : opt == OPT_WATCHES ? LIST_WATCHES : LIST_DOMAINS;
        } else if (opt == OPT_OWN + LIMIT ? !read_limit(optarg, &l.left)
                                          : cli_output_option(&out, opt, optarg) != 0) {
            return EXIT_USAGE;
        }
    }
    if (optind < argc)
        return command_misused("'%.40s' is not an option; expected dcvprobe list [--domain D] [--code C] …",
                               argv[optind]);
    if (filter && (l.kind == LIST_BATCHES || l.kind == LIST_WATCHES))
        return command_misused("--%.11s is about checks; expected --%s with --limit only", filter,
                               kinds[l.kind].member);
    l.format = out.format;
    return list(&l, socket);
}

static const struct command_option own[] = {
    {"domain", OPT_OWN + DOMAIN, "D", NULL, "of this domain"},
    {"code", OPT_OWN + CODE, "C", WORDS_CODE, "with this code"},
    {"detail-code", OPT_OWN + DETAIL_CODE, "C", WORDS_CODE, "with this finer code"},
    {"cause", OPT_OWN + CAUSE, "C", WORDS_CAUSE, "with this cause"},
    {"verdict", OPT_OWN + VERDICT, "V", VERDICTS, "with this verdict"},
    {"method", OPT_OWN + METHOD, "M", WORDS_METHOD, "by this method"},
    {"since", OPT_OWN + SINCE, "T", NULL,
     "submitted at this time or later: 2h, 3d, yesterday, a date, or RFC 3339"},
    {"until", OPT_OWN + UNTIL, "T", NULL, "submitted before this time"},
    {"batch", OPT_OWN + BATCH, "ID", WORDS_BATCH, "checks of this batch"},
    {"label", OPT_OWN + LABEL, "TEXT", NULL, "with this label, letter by letter"},
    {"batches", OPT_BATCHES, NULL, NULL, "list batches, not checks"},
    {"watches", OPT_WATCHES, NULL, NULL, "list watches"},
    {"domains", OPT_DOMAINS, NULL, NULL, "list the newest check of each domain"},
    {"limit", OPT_OWN + LIMIT, "N", NULL, "at most so many, 50 unless given; 0: all"},
    ROW_SOCKET,
    ROW_FORMAT_LISTS,
    ROW_JSON,
    {0}};

const struct command command_list = {
    "list",
    cmd_list,
    "[options]",
    "checks, batches, watches or domains of the daemon",
    "Lists the checks in the daemon's store, newest first: those with a report that meets all options.",
    own,
    NULL,
    NULL,
    {"dcvprobe list --verdict fail", "dcvprobe list --domain example.com --cause txt-doubled-name"}};
