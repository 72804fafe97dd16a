/* cmd_batch.c - dcvprobe batch: reads a file of requests and writes a stream of reports. */
#include "base/text.h"
#include "cmd/batch_line.h"
#include "cmd/cli.h"
#include "cmd/cli_conf.h"
#include "cmd/progress.h"
#include "cmd/resume.h"
#include "cmd/runner.h"
#include "cmd/sink.h"
#include "format/json_write_report.h"
#include "format/lines.h"
#include "run/request_key.h"
#include "show/redact.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { IN_FLIGHT_MOST = 100000, PIECE = 65536, TICK_MS = 200 };

/* The check of one line by one method. */
struct item {
    struct runner_check job;
    size_t line;
    struct batch_line *of_line;
    char key[LINE_KEY + 1];
};

struct batch_command {
    struct net_config net;
    struct arena *arena; /* of the command: of .given and .conf */
    struct bytes csr;    /* of the command line; .n is 0 where it has none */
    struct given_list given;
    const struct conf *conf;
    const char *config;
    size_t in_flight; /* 0: as in the configuration */
    unsigned flags;
    const char *resume, *since;
    bool csv, groups;
    struct batch_lines *of_lines;
    struct since *earlier; /* an output to compare with, or NULL */
    size_t n_lines;

    int in;
    const char *in_name;
    bool in_polled, in_polling, in_ended;
    uv_poll_t in_poll;
    struct lines *lines;
    struct line line;
    unsigned methods;       /* of the line: those without a job yet */
    struct batch_line *of_line; /* while there are such methods */
    struct arena *read;     /* arena of .request; NULL: a job has it */
    struct request request; /* in .read */

    struct seen *seen;
    struct buf report; /* the report that is written to .out */
    struct sink out;
    struct runner *runner;
    uv_timer_t tick;
    uv_signal_t signals[2];
    struct progress progress;
    bool terminal;
    struct tally tally;   /* of reports */
    struct tally domains; /* of lines, whose domains the exit status is about */
    bool refused, interrupted;
    int err;
};

static void say_line(struct batch_command *b, size_t number, const char *why)
{
    progress_clear(&b->progress);
    complain("'%s', line %zu: %s", b->in_name, number, why ? why : OUT_OF_MEMORY);
}

static void no_request(const struct batch_command *b)
{
    complain("'%s' holds no request; expected one in each line, such as shop.example.com,dns-txt-token,VALUE",
             b->in_name);
}

/* ---------------------------------------------------------------- input ------------------------------ */

/* Reads more of the input. 0; -EAGAIN; or another negative errno, and the error was printed. */
static int feed(struct batch_command *b)
{
    static char piece[PIECE];
    ssize_t n;
    do
        n = read(b->in, piece, sizeof piece);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN)
        return -EAGAIN;
    if (n < 0) {
        int err = -errno;
        complain("'%s' cannot be read: %s; expected a readable file", b->in_name, strerror(errno));
        return err;
    }
    if (!n)
        lines_end(b->lines);
    b->in_ended = !n;
    lines_feed(b->lines, piece, (size_t)n);
    return 0;
}

/* Reads the next line. 1; 0 at the end; -EAGAIN; or another negative errno, and the error was printed. */
static int next_line(struct batch_command *b, struct arena *a)
{
    const char *why = NULL;
    int rc = a ? 0 : -ENOMEM;
    while (!rc) {
        rc = lines_next(b->lines, a, &b->line, &why);
        if (rc || b->in_ended)
            break;
        rc = feed(b);
        if (rc)
            return rc;
    }
    if (rc == -EINVAL) {
        progress_clear(&b->progress);
        complain("'%s', %s", b->in_name, why);
    } else if (rc < 0) {
        complain_no_memory();
    }
    return rc;
}

/* Gives the request of a line the key that it names, and looks at the CSR of a line that has its own; the command
 * line's was looked at when it was read. 0, -EINVAL with *why, or -ENOMEM. */
static int take_files(struct batch_command *b, struct arena *a, struct request *r, const char **why)
{
    struct input_error e;
    bool own = r->csr.n && !(r->csr.n == b->csr.n && !memcmp(r->csr.p, b->csr.p, r->csr.n));
    int rc = own ? request_files_check(a, r, &e) : 0;
    if (!rc)
        rc = request_key(b->arena, b->conf, r, &e);
    *why = rc == -EINVAL ? input_error_text(a, &e, false) : NULL;
    return rc;
}

/* The fields of a line without its random value; NULL: the arena is full. */
static const char *const *redacted(struct arena *a, const struct request *r, const char *const *cells, size_t n)
{
    const char **v = cells ? arena_array(a, n + 1, sizeof *v) : NULL;
    const char *const keep[] = {r->input, NULL};
    for (size_t i = 0; v && i < n; i++)
        if (!(v[i] = redact_shown(a, r->token, keep, cells[i])))
            return NULL;
    return v;
}

/* The result of the line that was read; with the first one come the titles of CSV. NULL: out of memory. */
static struct batch_line *begin_line(struct batch_command *b, struct arena *a)
{
    const char *const *titles = lines_titles(b->lines), *const *cells = line_cells(b->lines, &b->line, a, &b->request);
    char key[LINE_KEY + 1];
    size_t n = 0;
    while (titles[n])
        n++;
    if (b->flags & JSON_REDACT)
        cells = redacted(a, &b->request, cells, n);
    if (!cells)
        return NULL;
    line_key(&b->line, (enum method)0, key);
    if (b->csv && !b->n_lines++) {
        struct buf first = {0};
        batch_lines_titles(&first, titles);
        sink_write(&b->out, first.p ? first.p : "", first.n);
        buf_free(&first);
    }
    b->n_lines += !b->csv;
    return batch_line_begin(b->of_lines, (size_t)__builtin_popcount(b->methods), key, cells, n);
}

/* Reads the next line and its request into b->read. Returns as next_line(). */
static int read_line(struct batch_command *b)
{
    struct arena *a = arena_new(RUNNER_CEILING);
    const char *why;
    int rc = next_line(b, a);
    if (rc == 1) {
        rc = line_request(b->lines, &b->line, a, cli_now(), &b->request, &why);
        if (!rc)
            rc = take_files(b, a, &b->request, &why);
        if (!rc) {
            b->methods = b->request.methods;
            b->read = a;
            b->of_line = begin_line(b, a);
            if (b->of_line)
                return 1;
            b->read = NULL;
            b->methods = 0;
            rc = -ENOMEM;
            why = NULL;
        }
        say_line(b, b->line.number, why);
    }
    arena_free(a);
    return rc;
}

/* Starts at the first line, again after a first pass. EXIT_USAGE: the error was printed. */
static int begin_lines(struct batch_command *b)
{
    lines_free(b->lines);
    b->lines = lines_new(&b->given, &b->conf->profile);
    b->in_ended = false;
    if (b->lines)
        return EXIT_PASS;
    complain_no_memory();
    return EXIT_USAGE;
}

/* Reads a regular file completely before anything is asked: so a bad line refuses the whole file, and the number of
 * checks is known. */
static int first_pass(struct batch_command *b)
{
    struct stat st;
    off_t at = lseek(b->in, 0, SEEK_CUR);
    if (fstat(b->in, &st) || !S_ISREG(st.st_mode) || at < 0)
        return begin_lines(b);
    struct arena *a = NULL; /* for many lines */
    dcv_time now = cli_now();
    int rc = begin_lines(b) ? -ENOMEM : 1;
    while (rc == 1) {
        struct request r;
        const char *why;
        if (!a || arena_used(a) > PIECE) {
            arena_free(a);
            a = arena_new(RUNNER_CEILING);
        }
        rc = next_line(b, a);
        int refused = rc == 1 ? line_check(b->lines, &b->line, a, now, &r, &why) : 0;
        if (rc == 1 && !refused)
            refused = take_files(b, a, &r, &why);
        if (refused) {
            say_line(b, b->line.number, why);
            rc = refused;
        } else if (rc == 1) {
            b->progress.total += (size_t)__builtin_popcount(r.methods);
        }
    }
    arena_free(a);
    if (!rc && !b->progress.total)
        no_request(b);
    if (rc || !b->progress.total || lseek(b->in, at, SEEK_SET) != at)
        return EXIT_USAGE;
    return begin_lines(b);
}

static void on_readable(uv_poll_t *handle, int status, int events)
{
    struct batch_command *b = handle->data;
    (void)status;
    (void)events;
    uv_poll_stop(handle);
    b->in_polling = false;
    runner_wake(b->runner);
}

static void wait_for_input(struct batch_command *b)
{
    if (!b->in_polling)
        b->in_polling = !uv_poll_start(&b->in_poll, UV_READABLE, on_readable);
}

/* ---------------------------------------------------------------- jobs ------------------------------- */

/* Gives an arena with the request of the line: the first method takes b->read, for each other one the request is read
 * again. */
static struct arena *own_arena(struct batch_command *b, struct request *ret)
{
    struct arena *a = b->read;
    const char *why;
    *ret = b->request;
    b->read = NULL;
    if (a)
        return a;
    a = arena_new(RUNNER_CEILING);
    if (a && !line_request(b->lines, &b->line, a, b->request.now, ret, &why) && !take_files(b, a, ret, &why))
        return a;
    arena_free(a);
    return NULL;
}

/* part: what a report of the line says; NULL: it does not come. r: the report, where this run made it. */
static void take_part(struct batch_command *b, struct batch_line *of_line, const struct domain_part *part,
                      const struct report *r)
{
    enum verdict v;
    if (!batch_line_add(b->of_lines, of_line, part, r, &v))
        return;
    b->domains.verdict[v]++;
    if (!b->csv)
        return;
    b->report.n = 0;
    batch_lines_rows(b->of_lines, &b->report);
    if (b->report.failed)
        b->err = -ENOMEM;
    else if (b->report.n)
        sink_write(&b->out, b->report.p, b->report.n);
}

static int next(void *user, struct runner_check **ret)
{
    struct batch_command *b = user;
    for (;;) {
        if (b->out.err || b->err)
            return -ENODATA;
        if (sink_full(&b->out))
            return -EAGAIN;
        if (!b->methods) {
            int rc = read_line(b);
            if (rc == -EAGAIN)
                wait_for_input(b);
            if (rc < 0 && rc != -EAGAIN)
                b->refused = true;
            if (rc <= 0)
                return rc == -EAGAIN ? rc : -ENODATA;
        }
        enum method m = (enum method)__builtin_ctz(b->methods);
        char key[LINE_KEY + 1];
        b->methods &= b->methods - 1;
        line_key(&b->line, m, key);
        struct domain_part before;
        if (seen_take(b->seen, key, &before)) {
            take_part(b, b->of_line, &before, NULL);
            if (!b->methods) {
                arena_free(b->read);
                b->read = NULL;
            }
            continue;
        }
        struct request r;
        struct arena *a = own_arena(b, &r);
        struct item *item = a ? arena_alloc(a, sizeof *item) : NULL;
        if (!item) {
            arena_free(a);
            take_part(b, b->of_line, NULL, NULL);
            b->err = -ENOMEM;
            return -ENODATA;
        }
        *item = (struct item){
            .job = {.request = request_for(&r, m), .arena = a}, .line = b->line.number, .of_line = b->of_line};
        item->job.request.sparing = r.depth == DEPTH_QUICK;
        memcpy(item->key, key, sizeof key);
        item->job.user = item;
        *ret = &item->job;
        return 0;
    }
}

/* Writes number and key of the line, then the members of the report. */
static void write_report(struct batch_command *b, const struct item *item)
{
    struct json_out j = {.b = &b->report};
    const struct outcome is = since_outcome_of(item->job.arena, item->job.report);
    if (b->csv || (b->earlier && since_same(b->earlier, item->job.arena, item->key, &is)))
        return;
    b->report.n = 0;
    seen_head(&j, item->line, item->key);
    json_write_report(&j, NULL, item->job.arena, item->job.report, b->flags | JSON_MEMBERS);
    json_close(&j, '}');
    buf_add(&b->report, "\n", 1);
    if (b->report.failed)
        b->err = -ENOMEM;
    else
        sink_write(&b->out, b->report.p, b->report.n);
}

static void done(void *user, struct runner_check *job, int err)
{
    struct batch_command *b = user;
    const struct item *item = job->user;
    struct domain_part part;
    bool there = err != -ECANCELED && job->report;
    if (there)
        part = domain_part_of(job->report);
    take_part(b, item->of_line, there ? &part : NULL, there ? job->report : NULL);
    if (err != -ECANCELED && !job->report) {
        say_line(b, item->line, strerror(-err));
        b->err = err;
    } else if (err != -ECANCELED) {
        b->tally.verdict[job->report->verdict]++;
        write_report(b, item);
    }
    arena_free(job->arena);
}

/* ---------------------------------------------------------------- the loop --------------------------- */

static void ended(void *user)
{
    struct batch_command *b = user;
    sink_close(&b->out);
    uv_close((uv_handle_t *)&b->tick, NULL);
    for (size_t i = 0; i < 2; i++)
        uv_close((uv_handle_t *)&b->signals[i], NULL);
    if (b->in_polled)
        uv_close((uv_handle_t *)&b->in_poll, NULL);
}

static void on_tick(uv_timer_t *timer)
{
    struct batch_command *b = timer->data;
    sink_flush(&b->out);
    if (b->out.err) /* the output failed; stopped here, outside of a callback of a check */
        runner_stop(b->runner);
    else if (b->terminal)
        progress_show(&b->progress, &b->tally, uv_hrtime());
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct batch_command *b = handle->data;
    (void)number;
    b->interrupted = true;
    runner_stop(b->runner);
}

static void on_room(void *user)
{
    struct batch_command *b = user;
    if (!b->out.err)
        runner_wake(b->runner);
}

/* A thousand checks need more open files than the usual limit of a shell. */
static void more_files(void)
{
    struct rlimit r;
    if (!getrlimit(RLIMIT_NOFILE, &r) && r.rlim_cur < r.rlim_max) {
        r.rlim_cur = r.rlim_max;
        setrlimit(RLIMIT_NOFILE, &r);
    }
}

static int set_up(struct batch_command *b, int out)
{
    static const int numbers[2] = {SIGINT, SIGTERM};
    struct runner_config cfg = {
        .net = b->net, .in_flight = b->in_flight, .user = b, .next = next, .done = done, .ended = ended};
    more_files();
    b->runner = runner_new(&cfg);
    if (!b->runner)
        return EXIT_USAGE;
    uv_loop_t *loop = runner_loop(b->runner);
    b->in_polled = sink_waits(b->in) && !uv_poll_init(loop, &b->in_poll, b->in);
    b->in_poll.data = b;
    sink_open(&b->out, loop, out, on_room, b);
    uv_timer_init(loop, &b->tick);
    b->tick.data = b;
    uv_timer_start(&b->tick, on_tick, TICK_MS, TICK_MS);
    for (size_t i = 0; i < 2; i++) {
        uv_signal_init(loop, &b->signals[i]);
        b->signals[i].data = b;
        uv_signal_start(&b->signals[i], on_signal, numbers[i]);
    }
    signal(SIGPIPE, SIG_IGN); /* write() reports it as an error */
    return EXIT_PASS;
}

static int exit_of(const struct batch_command *b)
{
    if (b->refused || b->out.err || !b->n_lines)
        return EXIT_USAGE;
    if (b->domains.verdict[VERDICT_FAIL])
        return EXIT_FAIL;
    return b->domains.verdict[VERDICT_UNDECIDED] || b->interrupted || b->err ? EXIT_UNDECIDED : EXIT_PASS;
}

static void say_end(struct batch_command *b)
{
    const struct tally *t = &b->tally;
    size_t n = tally_all(t);
    progress_clear(&b->progress);
    if (b->out.err)
        complain("the reports cannot be written: %s", strerror(-b->out.err));
    else if (b->err)
        complain("it ended early: %s", strerror(-b->err));
    if (b->interrupted)
        complain(
            "interrupted with %zu reports written; --resume FILE continues an output in a file", n);
    else if (!b->n_lines && !b->refused && !b->err)
        no_request(b);
    else if (b->terminal && !b->groups)
        fprintf(stderr, "%zu reports: %zu pass, %zu fail, %zu undecided\n", n, t->verdict[VERDICT_PASS],
                t->verdict[VERDICT_FAIL], t->verdict[VERDICT_UNDECIDED]);
    if (!b->groups || !b->n_lines)
        return;
    struct buf groups = {0};
    batch_lines_groups(b->of_lines, &groups);
    if (!groups.failed)
        fputs(groups.p, stderr);
    buf_free(&groups);
}

static int run(struct batch_command *b, int out)
{
    const char *term = getenv("TERM");
    int flags = fcntl(b->in, F_GETFL); /* uv_poll_init() changes them for all processes that have the file open */
    int status = set_up(b, out);
    if (status)
        return status;
    b->terminal = isatty(STDERR_FILENO) && !isatty(out) && !(term && !strcmp(term, "dumb"));
    b->progress.before = tally_all(&b->tally);
    b->progress.start = uv_hrtime();
    runner_run(b->runner);
    sink_finish(&b->out);
    if (b->in_polled && flags >= 0)
        fcntl(b->in, F_SETFL, flags);
    arena_free(b->read);
    for (; b->methods; b->methods &= b->methods - 1) /* it ended within a line */
        take_part(b, b->of_line, NULL, NULL);
    say_end(b);
    return exit_of(b);
}

/* ---------------------------------------------------------------- options ---------------------------- */

static int open_output(struct batch_command *b, int *ret)
{
    *ret = STDOUT_FILENO;
    if (!b->resume)
        return EXIT_PASS;
    int fd = open(b->resume, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB)) {
        complain("--resume: '%s' %s: %s", b->resume, fd < 0 ? "cannot be opened" : "is in use",
                 strerror(errno));
        if (fd >= 0)
            close(fd);
        return EXIT_USAGE;
    }
    if (!seen_read(b->seen, fd, b->resume, &b->tally)) {
        close(fd);
        return EXIT_USAGE;
    }
    *ret = fd;
    return EXIT_PASS;
}

/* Checks the fields of the command line before any line is read, so that a mistake is reported as one of the command
 * line. */
static int read_defaults(struct arena *a, struct batch_command *b)
{
    struct request r;
    struct input_error e;
    b->conf = cli_conf_read(a, b->config, &b->given);
    if (!b->conf)
        return EXIT_USAGE;
    request_init(&r, NULL, cli_now());
    for (size_t i = 0; i < b->given.n; i++) /* all have been accepted before */
        (void)request_set(a, &r, b->given.v[i].field, b->given.v[i].value, b->given.v[i].len, &e);
    b->csr = r.csr;
    cli_conf_net(b->conf, &r.resolvers, &r.allow_net, &b->net);
    if (!b->in_flight)
        b->in_flight = b->conf->in_flight;
    if (b->resume && (b->csv || b->since))
        return command_misused("--resume goes on with reports in NDJSON; expected it without %s",
                               b->csv ? "--format csv" : "--since");
    if (b->since && !(b->earlier = since_read(b->since, b->csv, &b->given, &b->conf->profile)))
        return EXIT_USAGE;
    b->of_lines = batch_lines_new(b->csv, b->groups, b->flags & JSON_REDACT, b->earlier);
    if (!b->of_lines)
        complain_no_memory();
    return b->of_lines ? runner_files(&b->net) : EXIT_USAGE;
}

static bool read_in_flight(const char *text, size_t *ret)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);
    if (*end || end == text || *text == '-' || !n || n > IN_FLIGHT_MOST) {
        complain("--in-flight: '%.40s' is not accepted; expected a number of checks from 1 to %d", text,
                 IN_FLIGHT_MOST);
        return false;
    }
    *ret = n;
    return true;
}

static int take(struct arena *a, struct batch_command *b, int opt)
{
    struct output out = {.format = FORMAT_NDJSON};
    if (opt >= OPT_FIELD)
        return cli_given(a, &b->given, opt, optarg) ? EXIT_PASS : EXIT_USAGE;
    switch (opt) {
    case OPT_IN_FLIGHT:
        return read_in_flight(optarg, &b->in_flight) ? EXIT_PASS : EXIT_USAGE;
    case OPT_RESUME:
        b->resume = optarg;
        return EXIT_PASS;
    case OPT_SINCE:
        b->since = optarg;
        return EXIT_PASS;
    case OPT_SUMMARY:
        b->groups = true;
        return EXIT_PASS;
    case OPT_NO_EVIDENCE:
        b->flags |= JSON_NO_EVIDENCE | JSON_NO_PATH;
        return EXIT_PASS;
    default:
        if (cli_conf_take(opt, optarg, &b->config, &b->net))
            return EXIT_PASS;
        if (cli_output_option(&out, opt, optarg))
            return EXIT_USAGE;
        b->flags |= out.flags;
        b->csv = opt == OPT_FORMAT ? out.format == FORMAT_CSV : b->csv;
        return EXIT_PASS;
    }
}

static int cmd_batch(int argc, char **argv)
{
    struct batch_command b = {.in = -1, .seen = seen_new()};
    struct arena *a = arena_new(0);
    b.arena = a;
    int status = a && b.seen ? EXIT_PASS : EXIT_USAGE, out = STDOUT_FILENO;
    for (int opt; !status && (opt = command_option_next(argc, argv)) != -1;)
        status = take(a, &b, opt);
    if (!status && argc - optind != 1)
        status = command_misused("%d files are given; expected one: dcvprobe batch FILE, or - for standard input",
                                 argc - optind);
    if (!status)
        status = read_defaults(a, &b);
    if (!status) {
        bool standard = !strcmp(argv[optind], "-");
        b.in_name = standard ? "-" : text_escape(a, argv[optind], strlen(argv[optind]), 200);
        b.in = standard ? STDIN_FILENO : open(argv[optind], O_RDONLY | O_CLOEXEC);
        if (b.in < 0) {
            complain("'%s' cannot be read: %s; expected a readable file", b.in_name, strerror(errno));
            status = EXIT_USAGE;
        }
    }
    if (!status)
        status = first_pass(&b);
    if (!status)
        status = open_output(&b, &out);
    if (!status)
        status = run(&b, out);
    if (out != STDOUT_FILENO && close(out) && status != EXIT_USAGE)
        status = EXIT_USAGE;
    if (b.in > STDIN_FILENO)
        close(b.in);
    lines_free(b.lines);
    seen_free(b.seen);
    batch_lines_free(b.of_lines);
    since_free(b.earlier);
    buf_free(&b.report);
    arena_free(a);
    return status;
}

static const struct command_option own[] = {
    {"in-flight", OPT_IN_FLIGHT, "N", NULL, "checks under way at a time ([checks] in_flight)"},
    {"resume", OPT_RESUME, "FILE", WORDS_FILE,
     "write to FILE, without checks that it already has a report of"},
    {"no-evidence", OPT_NO_EVIDENCE, NULL, NULL, "leave the evidence out of the reports"},
    ROW_FORMAT(
        "ndjson csv",
        "ndjson, the default: a report a line; csv: a row a line, the input's columns and the verdict"),
    {"summary", OPT_SUMMARY, NULL, NULL,
     "at the end, on standard error: failures by cause, code and name server"},
    {"since", OPT_SINCE, "FILE", WORDS_FILE, "print only what differs from this earlier output"},
    ROW_REDACT,
    CLI_CONF_OPTIONS,
    {0}};

const struct command command_batch = {"batch",
                                      cmd_batch,
                                      "FILE|- [options]",
                                      "check every line of a CSV or NDJSON file",
                                      "Checks every line of a file, or of standard input: CSV "
                                      "(domain,method,token, or columns named in a first row) or "
                                      "NDJSON of requests. One report a line comes out. Options of the "
                                      "request hold for lines that do not say otherwise.",
                                      own,
                                      command_all_fields,
                                      WORDS_FILE,
                                      {"dcvprobe batch domains.csv --resume reports.ndjson --depth quick",
                                       "dcvprobe batch - --method caa < names"}};
