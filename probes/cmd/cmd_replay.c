/* cmd_replay.c - dcvprobe replay: judge saved evidence again, offline. */
#include "cmd/cli.h"

#include "base/text.h"
#include "format/json_read_case.h"
#include "format/json_write.h"

#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>

/* Judges one case; case and report are in the arena. */
static int replay(struct arena *a, const char *text, size_t len, const struct report **ret,
                  struct json_problem *problem)
{
    struct dcv_case *c = arena_alloc(a, sizeof *c);
    struct report *r = arena_alloc(a, sizeof *r);
    if (!c || !r)
        return -ENOMEM;
    int rc = json_read_case(a, text, len, NULL, c, problem);
    if (!rc)
        rc = judge(&c->request, &c->evidence, a, r);
    if (!rc)
        *ret = r;
    return rc;
}

/* Judges a file with one document, or with one document on each line. */
static int replay_file(struct arena *a, const char *path, const struct report ***ret, size_t *n)
{
    const char *text;
    size_t len, room = 0;
    if (!cli_read(a, "FILE", path, &text, &len))
        return EXIT_USAGE;
    size_t lines = 1;
    for (size_t i = 0; i < len; i++)
        lines += text[i] == '\n';
    const struct report **r = arena_array(a, lines, sizeof *r);
    struct json_problem whole = {0}, problem = {0};
    int rc = r ? replay(a, text, len, &r[0], &whole) : -ENOMEM;
    if (!rc) {
        *ret = r;
        *n = 1;
        return EXIT_PASS;
    }
    /* If the first line is a whole document, each line is one; else the error of the whole text is reported. */
    for (const char *p = text, *end; rc == -EINVAL && p < text + len; p = end + 1) {
        end = memchr(p, '\n', (size_t)(text + len - p));
        if (!end)
            end = text + len;
        if (end == p)
            continue;
        if (replay(a, p, (size_t)(end - p), &r[room], &problem)) {
            complain("'%s': %s", path, room ? problem.text : whole.text);
            return EXIT_USAGE;
        }
        room++;
    }
    if (rc != -EINVAL || !room) {
        complain("'%s': %s", path, rc == -EINVAL && whole.text ? whole.text : strerror(-rc));
        return EXIT_USAGE;
    }
    *ret = r;
    *n = room;
    return EXIT_PASS;
}

/* ---------------------------------------------------------------- many ------------------------------- */

/* Many cases, each judged again by today's rules and compared with its stored report. */
struct bulk {
    bool json;
    size_t cases, differ, silent, bad; /* silent: cases without a stored report */
    int err;
};

static const char *first_cause(const struct expected *e)
{
    return e->n_findings ? e->findings[0].cause : "";
}

/* "fail invalid_dns_txt (dns_mismatch), txt-upper-case" */
static void outcome(struct buf *b, struct arena *a, enum verdict v, const char *code, const char *detail,
                    const char *cause)
{
    const char *const part[] = {code, detail, cause};
    static const char *const before[] = {" ", " (", ", "}, *const after[] = {"", ")", ""};
    buf_puts(b, verdict_name(v));
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        const char *shown = text_escape(a, part[i], strlen(part[i]), 300);
        bool said = part[i] == detail && !strncmp(code, detail, strcspn(code, "|")) &&
                    strlen(detail) == strcspn(code, "|"); /* the code says the same as detail, with its variable */
        if (shown && *shown && !said)
            buf_printf(b, "%s%s%s", before[i], shown, after[i]);
    }
}

static void outcome_json(struct json_out *j, const char *key, enum verdict v, const char *code,
                         const char *detail, const char *cause)
{
    json_open(j, key, '{');
    json_text(j, "verdict", verdict_name(v));
    json_text(j, "code", *code ? code : NULL);
    json_text(j, "detail_code", *detail ? detail : NULL);
    json_text(j, "cause", *cause ? cause : NULL);
    json_close(j, '}');
}

/* Prints where the stored report differs from the new one. Parts that the stored report does not have do not count. */
static void compare(struct bulk *bulk, struct arena *a, const char *place, const struct dcv_case *c,
                    const struct report *r)
{
    const struct expected *e = &c->expected;
    const char *code = code_text(a, &r->error), *had_code = e->has_errors ? e->error : code;
    const char *detail = code_info(r->detail_code) ? code_info(r->detail_code)->code : "";
    const char *had_detail = e->has_detail ? e->detail : detail;
    const char *cause = r->n_findings ? cause_info(r->findings[0].cause)->id : "";
    const char *had_cause = e->has_findings ? first_cause(e) : cause;
    bulk->cases++;
    bulk->silent += !e->has_verdict;
    if (!e->has_verdict || !code ||
        (e->verdict == r->verdict && !strcmp(had_code, code) && !strcmp(had_detail, detail) &&
         !strcmp(had_cause, cause)))
        return;
    bulk->differ++;
    struct buf b = {0};
    const char *method = method_name(c->request.method);
    if (bulk->json) {
        struct json_out j = {.b = &b};
        json_open(&j, NULL, '{');
        json_text(&j, "case", place);
        json_text(&j, "input", c->request.input);
        json_text(&j, "method", method);
        outcome_json(&j, "was", e->verdict, had_code, had_detail, had_cause);
        outcome_json(&j, "is", r->verdict, code, detail, cause);
        json_close(&j, '}');
    } else {
        const char *input = text_escape(a, c->request.input, strlen(c->request.input), 300);
        buf_printf(&b, "%s  %s  %s  ", place, input ? input : "", method);
        outcome(&b, a, e->verdict, had_code, had_detail, had_cause);
        buf_puts(&b, "  now  ");
        outcome(&b, a, r->verdict, code, detail, cause);
    }
    buf_puts(&b, "\n");
    if (cli_flush(&b))
        bulk->err = -EIO;
}

/* Judges and compares one case. False: the text is not a case; *why says why, nothing was printed. */
static bool one_case(struct bulk *bulk, const char *place, const char *text, size_t len, const char **why,
                     struct arena *keep)
{
    struct arena *a = arena_new(0);
    struct dcv_case c;
    struct report r;
    struct json_problem problem = {0};
    int rc = a ? json_read_case(a, text, len, NULL, &c, &problem) : -ENOMEM;
    if (!rc)
        rc = judge(&c.request, &c.evidence, a, &r);
    if (!rc)
        compare(bulk, a, place, &c, &r);
    else
        *why = arena_strdup(keep, rc == -EINVAL ? problem.text : strerror(-rc));
    arena_free(a);
    return !rc;
}

static void bulk_file(struct bulk *bulk, const char *path)
{
    struct arena *a = arena_new(0);
    const char *shown = a ? text_escape(a, path, strlen(path), 300) : NULL, *why = NULL, *text;
    FILE *f = shown ? fopen(path, "rb") : NULL;
    char *line = NULL;
    size_t room = 0, number = 0, len;
    ssize_t n = f ? getline(&line, &room, f) : -1;
    if (!f || n < 0) {
        complain("'%s' %s; expected a readable case file", shown ? shown : path,
                 f && !ferror(f) ? "is empty" : "cannot be read");
        bulk->bad++;
        goto out;
    }
    /* If the first line is a whole case, each line is one: they are read one at a time, since there may be millions.
     * Any other file is one document. */
    if (!one_case(bulk, arena_printf(a, "%s:1", shown), line, (size_t)n, &why, a)) {
        if (!cli_read(a, "FILE", path, &text, &len)) {
            bulk->bad++;
        } else if (!one_case(bulk, shown, text, len, &why, a)) {
            complain("'%s': %s", shown, why ? why : OUT_OF_MEMORY);
            bulk->bad++;
        }
        goto out;
    }
    for (number = 2; (n = getline(&line, &room, f)) > 0 && !bulk->err; number++) {
        struct arena *of_line = arena_new(0);
        const char *place = of_line ? arena_printf(of_line, "%s:%zu", shown, number) : NULL;
        if (n > 1 && (!place || !one_case(bulk, place, line, (size_t)n, &why, of_line))) {
            complain("'%s', line %zu: %s", shown, number, place && why ? why : OUT_OF_MEMORY);
            bulk->bad++;
        }
        arena_free(of_line);
    }
out:
    free(line);
    if (f)
        fclose(f);
    arena_free(a);
}

static int by_name(const FTSENT **x, const FTSENT **y)
{
    return strcmp((*x)->fts_name, (*y)->fts_name);
}

/* Judges every file below the paths, except files in folders whose names begin with a dot. */
static void bulk_all(struct bulk *bulk, char **paths)
{
    FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
    for (FTSENT *e; tree && !bulk->err && (e = fts_read(tree));) {
        if (e->fts_level > FTS_ROOTLEVEL && *e->fts_name == '.') {
            fts_set(tree, e, FTS_SKIP);
        } else if (e->fts_info == FTS_F || e->fts_info == FTS_DEFAULT) {
            bulk_file(bulk, e->fts_path);
        } else if (e->fts_info == FTS_NS || e->fts_info == FTS_ERR || e->fts_info == FTS_DNR) {
            complain("'%s' cannot be read: %s; expected case files or folders of them", e->fts_path,
                     strerror(e->fts_errno));
            bulk->bad++;
        }
    }
    if (tree)
        fts_close(tree);
    else
        bulk->err = -errno;
}

static int replay_all(char **paths, bool json)
{
    struct bulk bulk = {.json = json};
    bulk_all(&bulk, paths);
    if (bulk.err)
        return EXIT_USAGE;
    FILE *f = json ? stderr : stdout;
    fprintf(f, "%zu case%s judged again: %zu differ%s from the report stored with %s", bulk.cases,
            bulk.cases == 1 ? "" : "s", bulk.differ, bulk.differ == 1 ? "s" : "",
            bulk.cases == 1 ? "it" : "them");
    if (bulk.silent)
        fprintf(f, ", %zu %s none", bulk.silent, bulk.silent == 1 ? "has" : "have");
    if (bulk.bad)
        fprintf(f, "; %zu could not be read", bulk.bad);
    fputs("\n", f);
    if (fflush(f) || bulk.bad)
        return EXIT_USAGE;
    return bulk.differ ? EXIT_FAIL : EXIT_PASS;
}

static int cmd_replay(int argc, char **argv)
{
    struct output out = {.format = FORMAT_TEXT};
    bool all = false;
    for (int opt; (opt = command_option_next(argc, argv)) != -1;)
        if (opt == OPT_ALL)
            all = true;
        else if (cli_output_option(&out, opt, optarg))
            return EXIT_USAGE;
    if (all && optind < argc) {
        if (out.format == FORMAT_TEXT || out.format == FORMAT_NDJSON || out.format == FORMAT_JSON)
            return replay_all(argv + optind, out.format != FORMAT_TEXT);
        complain("--format: replay --all shows what differs; expected text or ndjson");
        return EXIT_USAGE;
    }
    if (argc - optind != 1)
        return command_misused("%d files are given; expected one: dcvprobe replay FILE", argc - optind);
    struct arena *a = arena_new(0);
    const struct report **r = NULL;
    size_t n = 0;
    int status = a ? replay_file(a, argv[optind], &r, &n) : EXIT_USAGE;
    if (!status)
        status = cli_show(&out, r, n);
    arena_free(a);
    return status;
}

static const struct command_option own[] = {
    {"all", OPT_ALL, NULL, NULL, "say which reports of files and folders today's rules would change"},
    ROW_FORMAT_REPORTS,
    ROW_JSON,
    ROW_VERBOSE,
    ROW_REDACT,
    {0}};

const struct command command_replay = {
    "replay",
    cmd_replay,
    "FILE|- [options]\n--all FILE|DIR…",
    "judge saved evidence again, offline",
    "Judges saved evidence again, without the network: what check --save wrote.",
    own,
    NULL,
    WORDS_FILE,
    {"dcvprobe replay shop.case --verbose", "dcvprobe replay --all cases/"}};
