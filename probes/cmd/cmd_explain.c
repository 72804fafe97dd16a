/* cmd_explain.c - dcvprobe explain: what a paste means, and with --run whether a check now gives the same
 * code. */
#include "ca/profile.h"
#include "cmd/checks.h"
#include "cmd/cli_conf.h"
#include "cmd/explain_ask.h"
#include "model/time.h"
#include "show/explain_command.h"
#include "show/explain_paste.h"
#include "show/render_as.h"
#include "wire/name_read.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* An argument is text unless it is "-" or the name of an existing file. */
static bool is_file(const char *arg)
{
    struct stat st;
    return !strcmp(arg, "-") || (!stat(arg, &st) && !S_ISDIR(st.st_mode));
}

/* Adds an argument to the text. Words that a shell has divided become one text again. */
static int collect(struct arena *a, const char *arg, struct buf *text)
{
    const char *s = arg;
    size_t n = strlen(arg);
    bool file = is_file(arg);
    if (!strcmp(arg, "-") && isatty(STDIN_FILENO))
        complain("paste the error here, and end it with Ctrl-D on a line of its own");
    if (file && !cli_read(a, "FILE", arg, &s, &n))
        return EXIT_USAGE;
    if (text->n)
        buf_puts(text, file ? "\n" : " ");
    buf_add(text, s, n);
    if (text->failed)
        complain_no_memory();
    return text->failed ? EXIT_USAGE : EXIT_PASS;
}

/* ---------------------------------------------------------------- --run ------------------------------ */

/* One check that --run makes, and the codes whose check it is. */
struct planned_check {
    const char *domain;
    bool by_method; /* else all methods that the input allows: an order check does not tell its method, nor do all
                       causes */
    enum method method;
    size_t first, n; /* index and number of its reports */
};

struct planned_checks {
    struct planned_check *v;
    size_t n;
};

static int add_run(struct arena *a, struct planned_checks *runs, const struct planned_check *r)
{
    for (size_t i = 0; i < runs->n; i++)
        if (!strcmp(runs->v[i].domain, r->domain) && runs->v[i].by_method == r->by_method &&
            runs->v[i].method == r->method)
            return EXIT_PASS;
    struct planned_check *v = arena_grow(a, runs->v, runs->n, sizeof *v);
    if (!v) {
        complain_no_memory();
        return EXIT_USAGE;
    }
    v[runs->n++] = *r;
    runs->v = v;
    return EXIT_PASS;
}

/* A cause of some methods is looked for by the first of them; one that any method can find leaves it open. */
static bool cause_method(enum cause c, enum method *ret)
{
    unsigned methods = cause_info(c)->methods, all = (1u << METHOD_COUNT) - 1;
    if (!(methods & all) || (methods & all & ~METHOD_BIT(METHOD_CAA)) == (all & ~METHOD_BIT(METHOD_CAA)))
        return false;
    *ret = (enum method)__builtin_ctz(methods);
    return true;
}

/* What is checked for one thing. False: no check of a domain gives it. *r has no domain where none is told.
 */
static bool check_of(struct arena *a, const struct paste_found *f, const char *domain,
                     struct planned_check *r)
{
    const char *own = f->domain ? f->domain : *f->variables[0] ? f->variables[0] : domain;
    const char *v[2] = {own ? own : "", ""};
    *r = (struct planned_check){.domain = own, .by_method = f->code != CODE_NONE};
    if (f->cause != CAUSE_NONE) {
        r->by_method = cause_method(f->cause, &r->method);
        return true;
    }
    return (r->by_method && code_check(a, f->code, v, &r->domain, &r->method));
}

static void cannot_run(struct arena *a, const struct paste_found *f)
{
    const char *v[2] = {f->domain ? f->domain : f->variables[0], f->variables[1]};
    const char *command = code_command(a, f->code, v);
    complain("--run: no check of a domain gives %s; %s%s", code_info(f->code)->spelling,
             command ? "what can cause it: " : "the API's own records decide it", command ? command : "");
}

/* Sets the checks of what was found, and asks the person at the terminal for a domain where none is told. */
static int plan_found(struct arena *a, const struct paste *p, struct planned_checks *runs)
{
    struct planned_check r;
    const char *domain = NULL; /* that the person has told */
    for (size_t i = 0; i < p->n; i++)
        if (!check_of(a, &p->found[i], NULL, &r)) {
            cannot_run(a, &p->found[i]);
            return EXIT_USAGE;
        }
    for (size_t i = 0; i < p->n; i++) {
        const struct paste_found *f = &p->found[i];
        int status = EXIT_PASS;
        check_of(a, f, domain, &r);
        if (!r.domain)
            status = ask_domain(a, f->code != CODE_NONE ? code_info(f->code)->code : f->text, &domain);
        if (!status && !r.domain)
            check_of(a, f, domain, &r);
        status = status ? status : add_run(a, runs, &r);
        if (status)
            return status;
    }
    return EXIT_PASS;
}

/* Sets the checks before anything is asked of the network; asks the person at the terminal for what is
 * missing. */
static int plan_runs(struct arena *a, const struct paste *p, struct given_list *given,
                     struct planned_checks *runs)
{
    int status = plan_found(a, p, runs);
    bool token = false;
    for (size_t i = 0; !status && i < p->n_names; i++)
        if (!p->names[i].validated)
            status = add_run(a, runs, &(struct planned_check){.domain = p->names[i].domain});
    if (!status && !runs->n) {
        complain("--run: nothing in this text can be checked");
        status = EXIT_USAGE;
    }
    for (size_t i = 0; i < runs->n; i++)
        token = token || !runs->v[i].by_method || ask_needs_token(runs->v[i].method);
    return status || !token ? status : ask_token(a, given);
}

static int run_all(struct arena *a, struct checks *c, struct planned_checks *runs,
                   const struct given_list *given, const struct report *const **r, size_t *n_r)
{
    const struct request_field *methods = request_field_find("methods");
    int status = EXIT_PASS;
    for (size_t i = 0; !status && i < runs->n; i++) {
        struct planned_check *v = &runs->v[i];
        struct given_list all = *given;
        const char *name = method_name(v->method);
        if (v->by_method && !given_has(given, methods) &&
            !given_add(a, &all, (struct given){methods, name, strlen(name)}))
            return EXIT_USAGE;
        v->first = c->n;
        status = checks_add(a, c, v->domain, &all);
        v->n = c->n - v->first;
    }
    return status ? status : checks_run(a, c, r, n_r);
}

/* Writes how a code of the API and the result of its check compare. */
static void compare(struct buf *b, enum code code, const struct report *r)
{
    const char *here = r->error.code == CODE_NONE ? NULL : code_info(r->error.code)->code;
    bool same = r->error.code == code || r->detail_code == code;
    const char *told = code_info(code)->code;
    if (r->verdict == VERDICT_FAIL && same)
        buf_printf(b, "A check now gives the same code: %s.\n", told);
    else if (r->verdict == VERDICT_FAIL)
        buf_printf(b, "A check now gives another code: %s, not %s.\n", here ? here : "none", told);
    else if (r->verdict == VERDICT_PASS)
        buf_printf(b, "A check now passes: the cause of %s is cured, or is not visible from here.\n", told);
    else
        buf_puts(b, "A check now gives no verdict.\n");
}

/* The same for a cause. */
static void compare_cause(struct buf *b, enum cause cause, const struct report *r)
{
    bool found = false;
    const char *told = cause_info(cause)->id;
    for (size_t i = 0; i < r->n_findings; i++)
        found = found || r->findings[i].cause == cause;
    if (found)
        buf_printf(b, "A check now finds the same cause: %s.\n", told);
    else if (r->verdict == VERDICT_FAIL)
        buf_printf(b, "A check now fails, and does not find %s.\n", told);
    else if (r->verdict == VERDICT_PASS)
        buf_printf(b, "A check now passes: %s is cured, or is not visible from here.\n", told);
    else
        buf_puts(b, "A check now gives no verdict.\n");
}

static void compare_all(struct buf *b, struct arena *a, const struct paste *p, const struct planned_check *v,
                        const struct report *r)
{
    for (size_t i = 0; i < p->n; i++) {
        struct planned_check own;
        if (!check_of(a, &p->found[i], v->domain, &own) || !v->by_method || !own.by_method || own.method != v->method ||
            strcmp(own.domain, v->domain) != 0)
            continue;
        if (p->found[i].cause != CAUSE_NONE)
            compare_cause(b, p->found[i].cause, r);
        else
            compare(b, p->found[i].code, r);
    }
}

static void show_runs(struct buf *b, struct arena *a, const struct output *out, const struct paste *p,
                      const struct planned_checks *runs, const struct checks *c)
{
    const struct render how = cli_render(out);
    for (size_t i = 0; i < runs->n; i++) {
        const struct planned_check *v = &runs->v[i];
        const struct report *r[METHOD_COUNT];
        size_t n = 0;
        for (size_t k = v->first; k < v->first + v->n; k++)
            if (c->job[k].report)
                r[n++] = c->job[k].report;
        if (!n)
            continue;
        buf_puts(b, "\n");
        for (size_t k = 0; k < n; k++)
            compare_all(b, a, p, v, r[k]);
        render_as(b, a, RENDER_TEXT, r, n, &how);
    }
}

/* ---------------------------------------------------------------- the whole -------------------------- */

/* Whose rules by date are shown, and those of which time. */
struct rules_of {
    const struct profile *profile;
    dcv_time now;
};

static int show_json(struct arena *a, const struct output *out, const struct paste *p, struct rules_of rules, bool ran,
                     const struct report *const *r, size_t n_r)
{
    struct buf b = {0};
    struct json_out j = {.b = &b, .indent = 2};
    json_open(&j, NULL, '{');
    json_int(&j, "schema_version", DCV_SCHEMA_VERSION);
    explain_paste_json(&j, a, p, rules.profile, rules.now);
    if (ran)
        cli_reports(&j, a, out, r, n_r);
    json_close(&j, '}');
    buf_puts(&b, "\n");
    return cli_flush(&b);
}

static int explain(struct arena *a, const struct output *out, bool run_too, struct checks *c,
                   struct given_list *given, const struct paste *p)
{
    const struct report *const *r = NULL;
    struct planned_checks runs = {0};
    size_t n_r = 0;
    bool json = out->format == FORMAT_JSON, whole = explain_is_whole(p);
    int ran = EXIT_PASS;
    const struct render how = cli_render(out);
    struct rules_of rules = {c->conf ? &c->conf->profile : profile_builtin(), cli_now()};
    for (size_t i = 0; i < given->n; i++)
        if (given->v[i].field == request_field_find("now") && !time_parse(given->v[i].value, &rules.now)) {
            complain("--now: '%s' is not accepted; expected a time as 2026-11-22T12:00:00Z, or a date",
                     given->v[i].value);
            return EXIT_USAGE;
        }
    const char *sentence = explain_sentence(a, p);
    if (!whole || p->more)
        complain("%s", sentence ? sentence : OUT_OF_MEMORY);
    if (run_too && !whole)
        return EXIT_USAGE;
    struct buf b = {0};
    if (run_too && (ran = plan_runs(a, p, given, &runs)))
        return ran;
    if (!json) { /* the texts are shown before the network is asked */
        explain_paste(&b, a, p, &how, rules.profile, rules.now);
        ran = cli_flush(&b);
        b = (struct buf){0};
    }
    if (run_too && !ran)
        ran = run_all(a, c, &runs, given, &r, &n_r);
    if (run_too && ran == EXIT_USAGE)
        return ran;
    int shown = EXIT_PASS;
    if (json) {
        shown = show_json(a, out, p, rules, run_too, r, n_r);
    } else if (run_too) {
        show_runs(&b, a, out, p, &runs, c);
        shown = cli_flush(&b);
    }
    if (shown || !whole)
        return EXIT_USAGE;
    int found = exit_status(r, n_r);
    return found ? found : ran;
}

/* Checks the domain of --domain. */
static int check_domain(struct arena *a, const char *text, const char **ret)
{
    struct name name;
    if (name_read(a, text, strlen(text), &name)) {
        complain_no_memory();
        return EXIT_USAGE;
    }
    if (!name.domain) {
        complain("--domain: %s", name.reason);
        return EXIT_USAGE;
    }
    *ret = name.wildcard ? arena_printf(a, "*.%s", name.domain) : name.domain;
    return *ret ? EXIT_PASS : EXIT_USAGE;
}

static int cmd_explain(int argc, char **argv)
{
    struct output out = {.format = FORMAT_TEXT};
    struct arena *a = arena_new(0);
    struct given_list given = {0};
    struct checks c = {0};
    struct buf text = {0};
    struct paste p;
    const char *config = NULL, *domain = NULL;
    bool run_too = false;
    int status = a ? EXIT_PASS : EXIT_USAGE;
    for (int opt; !status && (opt = command_option_next(argc, argv)) != -1;) {
        if (opt >= OPT_FIELD)
            status = cli_given(a, &given, opt, optarg) ? EXIT_PASS : EXIT_USAGE;
        else if (opt == OPT_RUN)
            run_too = true;
        else if (opt == OPT_DOMAIN)
            status = check_domain(a, optarg, &domain);
        else if (!cli_conf_take(opt, optarg, &config, &c.net) && cli_output_option(&out, opt, optarg))
            status = EXIT_USAGE;
    }
    if (!status && optind == argc)
        status = command_misused("nothing is given; expected dcvprobe explain TEXT, FILE or - for standard input");
    const char *idle = config ? "config" : NULL; /* an option that only a check heeds; the rules by date heed --now */
    for (size_t i = 0; i < given.n; i++)
        if (given.v[i].field != request_field_find("now"))
            idle = given.v[i].field->option;
    if (!status && !run_too && idle) {
        complain("--%s: it is for a check; expected --run, too", idle);
        status = EXIT_USAGE;
    }
    for (int i = optind; !status && i < argc; i++)
        status = collect(a, argv[i], &text);
    if (!status && paste_read(a, text.p ? text.p : "", text.n, domain, &p)) {
        complain_no_memory();
        status = EXIT_USAGE;
    }
    if (!status && run_too)
        status = checks_configure(a, &c, config, &given);
    if (!status)
        status = explain(a, &out, run_too, &c, &given, &p);
    checks_free(&c);
    buf_free(&text);
    arena_free(a);
    return status;
}

static const struct command_option own[] = {
    {"domain", OPT_DOMAIN, "NAME", NULL,
     "the domain that the error is about, where the text does not tell it"},
    {"run", OPT_RUN, NULL, NULL,
     "then check it, with the options of check; asks on a terminal for what is missing"},
    ROW_JSON,
    ROW_VERBOSE,
    ROW_REDACT,
    CLI_CONF_OPTIONS,
    {0}};

const struct command command_explain = {
    "explain",
    cmd_explain,
    "TEXT… | FILE | - [--domain NAME] [--run [options]]",
    "what an error means, whatever is pasted",
    "What an error means: a code, an API's answer, a log line, a message, a cause, whatever holds one. --run "
    "also checks "
    "its domain.",
    own,
    command_all_fields,
    WORDS_CODE " " WORDS_CAUSE " " WORDS_FILE,
    {"dcvprobe explain 'dns_mismatch|shop.example.com'", "dcvprobe explain answer.json --run --token VALUE"}};
