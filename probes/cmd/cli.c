#include "cmd/cli.h"

#include "base/text.h"
#include "cmd/moments.h"
#include "format/json_domains.h"
#include "format/json_write.h"
#include "format/json_write_report.h"
#include "run/request_key.h"
#include "run/whole_file.h"
#include "show/render_as.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { READ_MOST = 64 << 20 }; /* bytes of a file */

void complain(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fprintf(stderr, "dcvprobe%s%s: ", command_running() ? " " : "", command_running() ? command_running()->name : "");
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
}

void complain_no_memory(void)
{
    complain(OUT_OF_MEMORY);
}

dcv_time cli_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (dcv_time)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---------------------------------------------------------------- files ------------------------------ */

bool cli_read(struct arena *a, const char *option, const char *path, const char **ret, size_t *len)
{
    struct arena *scratch = arena_new(0);
    const char *shown = scratch ? text_escape(scratch, path, strlen(path), 200) : path;
    bool std = !strcmp(path, "-");
    int fd = std ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    struct bytes text = {0};
    int rc = fd < 0 ? -errno : whole_file_read(a, fd, READ_MOST, &text);
    if (rc == -ENOMEM)
        complain("%s: " OUT_OF_MEMORY " while reading '%s'", option, shown);
    else if (rc == -EFBIG)
        complain("%s: '%s' is larger than 64 MiB; expected a smaller file", option, shown);
    else if (rc)
        complain("%s: '%s' cannot be read: %s; expected a readable file", option, shown, strerror(-rc));
    if (fd >= 0 && !std)
        close(fd);
    arena_free(scratch);
    *ret = (const char *)text.p;
    *len = text.n;
    return !rc;
}

bool cli_fits(struct arena *a, const char *option, const char *path, enum token_file kind, const char *text, size_t len)
{
    const char *expected = len ? token_file_expected(a, kind, (struct bytes){(const uint8_t *)text, len}) : NULL;
    if (expected)
        complain("%s: '%s' is not accepted; expected %s", option, text_escape(a, path, strlen(path), 200), expected);
    return !expected;
}

/* ---------------------------------------------------------------- options ---------------------------- */

/* A list of methods with commas counts as if each was given by itself. */
static bool given_methods(struct arena *a, struct given_list *list, const struct request_field *f, const char *value)
{
    for (const char *p = value;; p++) {
        size_t n = strcspn(p, ",");
        const char *one = arena_strndup(a, p, n);
        if (!one || !given_add(a, list, (struct given){f, one, n}))
            break;
        p += n;
        if (!*p)
            return true;
    }
    complain_no_memory();
    return false;
}

bool cli_given(struct arena *a, struct given_list *list, int opt, const char *value)
{
    size_t n;
    const struct request_field *f = &request_fields(&n)[opt - OPT_FIELD];
    if (!strcmp(f->name, "methods"))
        return given_methods(a, list, f, value);
    struct given g = {.field = f, .value = value, .len = strlen(value)};
    enum token_file kind;
    if (f->kind == FIELD_BYTES) {
        char *option = arena_printf(a, "--%s", f->option);
        if (!option || !cli_read(a, option, value, &g.value, &g.len))
            return false;
        if (request_file_kind(f, &kind) && !cli_fits(a, option, value, kind, g.value, g.len))
            return false;
    }
    if (!given_add(a, list, g))
        complain_no_memory();
    return !arena_full(a);
}

static const char *const format_names[] = {
#define ROW(sym, text) [sym] = text,
    CLI_FORMATS(ROW)
#undef ROW
};

static bool words_hold(const char *words, const char *one)
{
    size_t n = strlen(one);
    for (const char *p = words; n && *p; p += strcspn(p, " "), p += strspn(p, " "))
        if (strcspn(p, " ") == n && !strncmp(p, one, n))
            return true;
    return false;
}

/* The formats are those that the running command has. */
static void format_refused(const char *value)
{
    const char *words = "";
    for (const struct command_option *o = command_running()->options; o->name; o++)
        if (o->id == OPT_FORMAT)
            words = o->words;
    command_misused("--format: '%.40s' is not known; expected one of %s%s", value, words, command_meant(value, words));
}

/* A format that other commands have is wrong, too. */
static bool format_is_had(const char *value)
{
    for (const struct command_option *o = command_running()->options; o->name; o++)
        if (o->id == OPT_FORMAT)
            return words_hold(o->words, value);
    return true;
}

int cli_output_option(struct output *o, int opt, const char *value)
{
    switch (opt) {
    case OPT_JSON:
        o->format = FORMAT_JSON;
        return 0;
    case 'v':
    case OPT_VERBOSE:
        o->verbose = true;
        return 0;
    case OPT_REDACT:
        o->flags |= JSON_REDACT;
        return 0;
    case OPT_FORMAT:
        for (size_t i = 0; i < sizeof format_names / sizeof *format_names; i++)
            if (!strcmp(value, format_names[i]) && format_is_had(value)) {
                o->format = (enum format)i;
                return 0;
            }
        format_refused(value);
        return EXIT_USAGE;
    default:
        return -1;
    }
}

int cli_refuse(struct arena *a, int rc, const struct input_error *e)
{
    if (rc != -EINVAL) {
        complain("%s", strerror(-rc));
        return EXIT_USAGE;
    }
    const struct request_field *f = request_field_find(e->field);
    const char *meant = f && e->value ? command_meant(e->value, command_field_words(f)) : "";
    return command_misused("%s%s", input_error_text(a, e, true), meant);
}

int cli_request(struct arena *a, const char *domain, const struct given_list *given,
                const struct conf *conf, dcv_time now, struct request *ret)
{
    struct input_error err = {0};
    request_init(ret, conf ? &conf->profile : NULL, now);
    struct given only = {request_field_find("domain"), domain, strlen(domain)};
    int rc = request_from(a, ret, &(struct given_list){&only, 1}, given, &err);
    if (!rc && conf)
        rc = request_key(a, conf, ret, &err);
    if (!rc)
        return EXIT_PASS;
    return cli_refuse(a, rc, &err);
}

/* ---------------------------------------------------------------- output ----------------------------- */

unsigned cli_width(void)
{
    struct winsize size;
    if (!isatty(STDOUT_FILENO))
        return 0;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || size.ws_col < 20 ? 80 : size.ws_col;
}

unsigned cli_page_width(void)
{
    enum { LEAST = 60, USUAL = 80, MOST = 120 };
    unsigned width = cli_width();
    return !width ? USUAL : width < LEAST ? LEAST : width > MOST ? MOST : width;
}

static int color_given; /* by --color: 1 always, -1 never */

bool cli_color_set(const char *when)
{
    static const char words[] = "auto always never";
    if (strcmp(when, "auto") != 0 && strcmp(when, "always") != 0 && strcmp(when, "never") != 0) {
        command_misused("--color: '%.40s' is not accepted; expected auto, always or never%s", when,
                        command_meant(when, words));
        return false;
    }
    color_given = !strcmp(when, "always") ? 1 : !strcmp(when, "never") ? -1 : 0;
    return true;
}

bool cli_color(void)
{
    if (color_given)
        return color_given > 0;
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(STDOUT_FILENO) && !(no && *no) && !(term && !strcmp(term, "dumb"));
}

/* Lines for a domain: those of the terminal but one, where the shell stands; at least those of the usual one. */
static unsigned screen(void)
{
    enum { LINES = 24, MOST = 200 };
    struct winsize size;
    bool known = isatty(STDOUT_FILENO) && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_row > LINES;
    return (!known ? LINES : size.ws_row > MOST ? MOST : size.ws_row) - 1;
}

struct render cli_render(const struct output *o)
{
    return (struct render){.color = cli_color(),
                           .verbose = o->verbose,
                           .derivation = o->derivation,
                           .width = cli_page_width(),
                           .lines = o->derivation || o->verbose ? 0 : screen(),
                           .redact = o->flags & JSON_REDACT,
                           .moment = isatty(STDOUT_FILENO) ? moment_local : NULL};
}

int cli_flush(struct buf *b)
{
    int status = EXIT_PASS;
    if (b->failed) {
        complain_no_memory();
        status = EXIT_USAGE;
    } else if ((b->n && fwrite(b->p, 1, b->n, stdout) != b->n) || fflush(stdout)) {
        complain("standard output cannot be written: %s", strerror(errno));
        status = EXIT_USAGE;
    }
    buf_free(b);
    return status;
}

int exit_of_verdict(enum verdict v)
{
    static const int of_verdict[VERDICT_COUNT] = {
        [VERDICT_PASS] = EXIT_PASS, [VERDICT_FAIL] = EXIT_FAIL, [VERDICT_UNDECIDED] = EXIT_UNDECIDED};
    return of_verdict[v];
}

int exit_status(const struct report *const *r, size_t n)
{
    struct arena *a = arena_new(0);
    struct domain *v = NULL;
    size_t count = a ? domains_of(a, r, n, &v) : 0;
    bool failed = n && !count, refused = false;
    for (size_t i = 0; i < n; i++)
        refused = refused || r[i]->refused;
    enum verdict worst = domains_worst(v, count);
    arena_free(a);
    if (failed)
        complain_no_memory();
    return failed || refused ? EXIT_USAGE : exit_of_verdict(worst);
}

void cli_reports(struct json_out *j, struct arena *a, const struct output *o, const struct report *const *r,
                 size_t n)
{
    struct domain *v;
    size_t count = domains_of(a, r, n, &v);
    json_write_domains(j, r, v, count);
    j->b->failed = j->b->failed || (n && !count);
    json_open(j, "reports", '[');
    for (size_t i = 0; i < n; i++)
        json_write_report(j, NULL, a, r[i], o->flags);
    json_close(j, ']');
}

static bool plugin_spoke;

bool cli_plugin_spoke(void)
{
    return plugin_spoke;
}

int cli_show(const struct output *o, const struct report *const *r, size_t n)
{
    struct buf b = {0};
    struct arena *a = arena_new(0);
    if (!a) {
        complain_no_memory();
        return EXIT_USAGE;
    }
    int status = exit_status(r, n);
    struct json_out j = {.b = &b, .indent = o->format == FORMAT_JSON ? 2 : 0};
    enum render_form form;
    if (render_form_parse(format_names[o->format], &form)) {
        struct render how = cli_render(o);
        how.width = form == RENDER_BRIEF ? cli_width() : how.width;
        int plugin = render_as(&b, a, form, r, n, &how);
        if (form == RENDER_NAGIOS) {
            status = plugin;
            plugin_spoke = true;
        }
    } else if (o->format == FORMAT_JSON) {
        json_open(&j, NULL, '{');
        json_int(&j, "schema_version", DCV_SCHEMA_VERSION);
        cli_reports(&j, a, o, r, n);
        json_close(&j, '}');
        buf_puts(&b, "\n");
    } else {
        for (size_t i = 0; i < n; i++) {
            j.comma = false;
            json_write_report(&j, NULL, a, r[i], o->flags);
            buf_puts(&b, "\n");
        }
    }
    arena_free(a);
    int rc = cli_flush(&b);
    return rc ? rc : status;
}

int cli_save(const char *path, const struct report *const *r, size_t n, unsigned flags)
{
    struct buf b = {0};
    struct arena *a = arena_new(0);
    struct json_out j = {.b = &b, .indent = n == 1 ? 2 : 0};
    for (size_t i = 0; a && i < n; i++) {
        j.comma = false;
        json_write_case(&j, a, r[i], flags);
        buf_puts(&b, "\n");
    }
    FILE *f = a && !b.failed ? fopen(path, "wb") : NULL;
    bool ok = f && fwrite(b.p, 1, b.n, f) == b.n;
    if (f && fclose(f))
        ok = false;
    if (!ok)
        complain("--save: '%s' cannot be written: %s", path, strerror(errno));
    buf_free(&b);
    arena_free(a);
    return ok ? EXIT_PASS : EXIT_USAGE;
}
