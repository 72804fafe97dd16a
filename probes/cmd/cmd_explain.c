/* cmd_explain.c - dcvprobe explain: what a code of the API means, and with --run whether a check now gives the same
 * code. */
#include "base/text.h"
#include "cmd/checks.h"
#include "cmd/cli_conf.h"
#include "format/json_errors.h"
#include "model/codes.h"
#include "show/explain.h"
#include "show/explain_command.h"
#include "show/render.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* Prints an error with the codes that are nearest to an unknown one. */
static void unknown(struct arena *a, const char *text)
{
    enum { NEAREST = 3 };
    enum code near[NEAREST];
    size_t n = code_nearest(text, near, NEAREST);
    struct buf b = {0};
    for (size_t i = 0; i < n; i++)
        buf_printf(&b, "%s%s", i ? ", " : "", code_info(near[i])->spelling);
    const char *shown = text_escape(a, text, strlen(text), 100);
    complain("explain: '%s' is not a code of the API; the nearest are %s", shown ? shown : "?",
             b.p ? b.p : "none");
    buf_free(&b);
}

/* An argument is a code unless it is "-" or the name of an existing file. */
static bool is_file(const char *arg)
{
    struct stat st;
    return !strcmp(arg, "-") || (!stat(arg, &st) && !S_ISDIR(st.st_mode));
}

static int collect(struct arena *a, const char *arg, struct texts *codes)
{
    if (!is_file(arg))
        return texts_add(a, codes, arg) ? EXIT_PASS : EXIT_USAGE;
    const char *text;
    size_t len;
    struct json_problem problem = {0};
    if (!cli_read(a, "explain", arg, &text, &len))
        return EXIT_USAGE;
    int rc = json_read_errors(a, text, len, codes, &problem);
    if (rc)
        complain("explain: '%s': %s", arg, rc == -EINVAL ? problem.text : strerror(-rc));
    return rc ? EXIT_USAGE : EXIT_PASS;
}

/* One code as given, and what it means. */
struct said {
    const char *text;
    enum code code;
    const char *variables[2];
    const char *domain; /* --run: the domain that is checked */
    enum method method;
    size_t first, n; /* index and number of its reports */
};

static int understand(struct arena *a, const struct texts *codes, struct said *v)
{
    int status = EXIT_PASS;
    for (size_t i = 0; i < codes->n; i++) {
        v[i].text = codes->v[i];
        v[i].variables[0] = v[i].variables[1] = "";
        v[i].code = code_find(a, codes->v[i], v[i].variables);
        if (v[i].code == CODE_NONE) {
            unknown(a, codes->v[i]);
            status = EXIT_USAGE;
        }
    }
    return status;
}

/* Sets domain and method of each check before anything is asked. */
static int plan_run(struct arena *a, struct said *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *spelling = code_info(v[i].code)->spelling;
        const char *command = code_command(a, v[i].code, v[i].variables);
        if (!code_check(a, v[i].code, v[i].variables, &v[i].domain, &v[i].method)) {
            complain("explain --run: no check of a domain gives %s; %s%s", spelling,
                     command ? "what can cause it: " : "the API's own records decide it",
                     command ? command : "");
            return EXIT_USAGE;
        }
        if (!v[i].domain) {
            complain("explain --run: '%s' names no domain; expected CODE|DOMAIN, as '%s|shop.example.com'",
                     v[i].text, code_info(v[i].code)->code);
            return EXIT_USAGE;
        }
    }
    return EXIT_PASS;
}

static int run(struct arena *a, struct checks *c, struct said *v, size_t n, const struct given_list *given,
               const struct report *const **r, size_t *n_r)
{
    const struct request_field *methods = request_field_find("methods");
    int status = EXIT_PASS;
    for (size_t i = 0; !status && i < n; i++) {
        struct given_list all = *given;
        const char *name = method_name(v[i].method);
        if (!given_has(given, methods) && !given_add(a, &all, (struct given){methods, name, strlen(name)}))
            return EXIT_USAGE;
        v[i].first = c->n;
        status = checks_add(a, c, v[i].domain, &all);
        v[i].n = c->n - v[i].first;
    }
    return status ? status : checks_run(a, c, r, n_r);
}

/* Writes how the code of the API and the result of the check compare. */
static void compare(struct buf *b, const struct said *v, const struct report *r)
{
    const char *here = r->error.code == CODE_NONE ? NULL : code_info(r->error.code)->code;
    bool same = r->error.code == v->code || r->detail_code == v->code;
    const char *told = code_info(v->code)->code;
    if (r->verdict == VERDICT_FAIL && same)
        buf_printf(b, "A check now gives the same code: %s.\n", told);
    else if (r->verdict == VERDICT_FAIL)
        buf_printf(b, "A check now gives another code: %s, not %s.\n", here ? here : "none", told);
    else if (r->verdict == VERDICT_PASS)
        buf_printf(b,
                   "A check now passes: the cause of %s is cured, or is not visible from here.\n",
                   told);
    else
        buf_puts(b, "A check now gives no verdict.\n");
}

static void show_explained(struct buf *b, struct arena *a, const struct said *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (v[i].code == CODE_NONE)
            continue;
        buf_puts(b, b->n ? "\n" : "");
        explain_code(b, a, v[i].code, v[i].variables, cli_color());
    }
}

static void show_run(struct buf *b, struct arena *a, const struct output *out, const struct said *v, size_t n,
                     const struct checks *c)
{
    struct render how = {.color = cli_color(), .verbose = out->verbose};
    for (size_t i = 0; i < n; i++) {
        for (size_t k = v[i].first; k < v[i].first + v[i].n; k++) {
            if (!c->job[k].report)
                continue;
            buf_puts(b, "\n");
            compare(b, &v[i], c->job[k].report);
            render_report(b, a, c->job[k].report, &how);
        }
    }
}

static int show_json(struct arena *a, const struct output *out, const struct said *v, size_t n, bool ran,
                     const struct report *const *r, size_t n_r)
{
    struct buf b = {0};
    struct json_out j = {.b = &b, .indent = 2};
    json_open(&j, NULL, '{');
    json_int(&j, "schema_version", DCV_SCHEMA_VERSION);
    json_open(&j, "codes", '[');
    for (size_t i = 0; i < n; i++)
        if (v[i].code != CODE_NONE)
            explain_code_json(&j, NULL, a, v[i].code, v[i].variables);
    json_close(&j, ']');
    if (ran)
        cli_reports(&j, a, out, r, n_r);
    json_close(&j, '}');
    buf_puts(&b, "\n");
    return cli_flush(&b);
}

static int explain(struct arena *a, const struct output *out, bool run_too, struct checks *c,
                   const struct given_list *given, const struct texts *codes)
{
    struct said *v = arena_array(a, codes->n, sizeof *v);
    const struct report *const *r = NULL;
    size_t n = codes->n, n_r = 0;
    bool json = out->format == FORMAT_JSON;
    struct buf b = {0};
    if (!v)
        return EXIT_USAGE;
    int status = understand(a, codes, v), ran = EXIT_PASS;
    if (run_too && !status)
        status = plan_run(a, v, n);
    if (run_too && status)
        return status;
    if (!json) { /* the texts are shown before the network is asked */
        show_explained(&b, a, v, n);
        ran = cli_flush(&b);
        b = (struct buf){0};
    }
    if (run_too && !ran)
        ran = run(a, c, v, n, given, &r, &n_r);
    if (run_too && ran == EXIT_USAGE)
        return ran;
    int shown = EXIT_PASS;
    if (json) {
        shown = show_json(a, out, v, n, run_too, r, n_r);
    } else if (run_too) {
        show_run(&b, a, out, v, n, c);
        shown = cli_flush(&b);
    }
    if (shown || status)
        return shown ? shown : status;
    int found = exit_status(r, n_r);
    return found ? found : ran;
}

int cmd_explain(int argc, char **argv)
{
    static const struct option own[] = {{"json", no_argument, NULL, OPT_JSON},
                                        {"run", no_argument, NULL, OPT_RUN},
                                        {"verbose", no_argument, NULL, OPT_VERBOSE},
                                        {"redact", no_argument, NULL, OPT_REDACT},
                                        CLI_CONF_OPTIONS,
                                        {0}};
    struct output out = {.format = FORMAT_TEXT};
    struct arena *a = arena_new(0);
    struct option *options = a ? cli_options(a, own, true) : NULL;
    struct given_list given = {0};
    struct checks c = {0};
    struct texts codes = {0};
    const char *config = NULL;
    bool run_too = false;
    int status = options ? EXIT_PASS : EXIT_USAGE;
    for (int opt; !status && (opt = getopt_long(argc, argv, "v", options, NULL)) != -1;) {
        if (opt >= OPT_FIELD)
            status = cli_given(a, &given, opt, optarg) ? EXIT_PASS : EXIT_USAGE;
        else if (opt == OPT_RUN)
            run_too = true;
        else if (!cli_conf_take(opt, optarg, &config, &c.net) && cli_output_option(&out, opt, optarg))
            status = EXIT_USAGE;
    }
    if (!status && optind == argc) {
        complain("explain: nothing given; expected dcvprobe explain CODE, FILE or - for standard input");
        status = EXIT_USAGE;
    }
    if (!status && !run_too && (given.n || config)) {
        complain("--%s: it is for a check; expected --run, too",
                 given.n ? given.v[0].field->option : "config");
        status = EXIT_USAGE;
    }
    for (int i = optind; !status && i < argc; i++)
        status = collect(a, argv[i], &codes);
    if (!status && run_too)
        status = checks_configure(a, &c, config, &given);
    if (!status)
        status = explain(a, &out, run_too, &c, &given, &codes);
    checks_free(&c);
    arena_free(a);
    return status;
}
