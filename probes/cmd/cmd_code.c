/* cmd_code.c - dcvprobe codes and causes, which need no network. */
#include "base/text.h"
#include "ca/profile.h"
#include "cmd/cli.h"
#include "format/json_catalogue.h"
#include "model/codes.h"
#include "show/catalogue.h"
#include "show/explain.h"
#include "show/explain_paste.h"

#include <string.h>

static const struct command_option json_only[] = {ROW_JSON, {0}};

/* ---------------------------------------------------------------- codes, causes ---------------------- */

/* EXIT_PASS, or EXIT_USAGE: the error was printed. */
static int catalogue_options(int argc, char **argv, struct output *ret)
{
    *ret = (struct output){.format = FORMAT_TEXT};
    for (int opt; (opt = command_option_next(argc, argv)) != -1;)
        if (cli_output_option(ret, opt, optarg))
            return EXIT_USAGE;
    return EXIT_PASS;
}

static struct json_out document(struct buf *b)
{
    struct json_out j = {.b = b, .indent = 2};
    json_open(&j, NULL, '{');
    json_int(&j, "schema_version", DCV_SCHEMA_VERSION);
    return j;
}

static int document_end(struct json_out *j)
{
    json_close(j, '}');
    buf_puts(j->b, "\n");
    return cli_flush(j->b);
}

/* The code that an argument names, in any spelling. CODE_NONE: none, which was printed. */
static enum code read_code(struct arena *a, const char *text, const char *variables[2])
{
    enum code near[1], c = code_find(a, text, variables);
    if (c == CODE_NONE) {
        bool meant = code_nearest(text, near, 1) > 0;
        command_misused("'%s' is not a code of the API%s%s%s", text_escape(a, text, strlen(text), 80),
                        meant ? "; did you mean " : "", meant ? code_info(near[0])->code : "",
                        meant ? "?" : "");
    }
    return c;
}

/* The pages of the codes that are named, or their objects. */
static int some_codes(const struct output *out, int n, char **words)
{
    struct arena *a = arena_new(0);
    struct buf b = {0};
    struct json_out j = {.b = &b};
    const char *variables[2];
    const struct render how = cli_render(out);
    for (int i = 0; a && i < n; i++)
        if (read_code(a, words[i], variables) == CODE_NONE) {
            arena_free(a);
            return EXIT_USAGE;
        }
    if (out->format == FORMAT_JSON) {
        j = document(&b);
        json_open(&j, "codes", '[');
    }
    for (int i = 0; a && i < n; i++) {
        enum code c = code_find(a, words[i], variables);
        if (out->format == FORMAT_JSON)
            json_write_code(&j, NULL, c);
        else
            explain_code(&b, a, c, variables, &how, profile_builtin(), cli_now());
    }
    b.failed = b.failed || !a || arena_full(a);
    arena_free(a);
    if (out->format == FORMAT_JSON) {
        json_close(&j, ']');
        return document_end(&j);
    }
    return cli_flush(&b);
}

static int cmd_codes(int argc, char **argv)
{
    struct output out;
    struct buf b = {0};
    if (catalogue_options(argc, argv, &out))
        return EXIT_USAGE;
    if (optind < argc)
        return some_codes(&out, argc - optind, argv + optind);
    if (out.format == FORMAT_JSON) {
        struct json_out j = document(&b);
        json_write_codes(&j, "codes");
        return document_end(&j);
    }
    codes_table(&b, cli_color(), cli_width());
    return cli_flush(&b);
}

/* The pages of the causes that are named. */
static int pages(const struct output *out, int n, char **ids)
{
    struct buf b = {0};
    const struct render how = cli_render(out);
    struct arena *a = arena_new(0);
    for (int i = 0; a && i < n; i++)
        explain_cause(&b, a, cause_find(ids[i]), &how);
    b.failed = b.failed || !a || arena_full(a);
    arena_free(a);
    return cli_flush(&b);
}

static int not_a_cause(const char *id)
{
    const char *ids[CAUSE_COUNT];
    size_t n = 0;
    for (enum cause c = 1; cause_info(c); c++)
        ids[n++] = cause_info(c)->id;
    struct arena *a = arena_new(0);
    const char *meant = text_meant(id, ids, n);
    command_misused("'%s' is not the id of a cause%s%s%s", a ? text_escape(a, id, strlen(id), 80) : "",
                    meant ? "; did you mean " : "", meant ? meant : "",
                    meant ? "?" : "; dcvprobe causes lists them");
    arena_free(a);
    return EXIT_USAGE;
}

static int cmd_causes(int argc, char **argv)
{
    struct output out;
    struct buf b = {0};
    if (catalogue_options(argc, argv, &out))
        return EXIT_USAGE;
    for (int i = optind; i < argc; i++)
        if (cause_find(argv[i]) == CAUSE_NONE)
            return not_a_cause(argv[i]);
    if (out.format == FORMAT_JSON) {
        struct json_out j = document(&b);
        if (optind == argc) {
            json_write_causes(&j, "causes");
        } else {
            json_open(&j, "causes", '[');
            for (int i = optind; i < argc; i++)
                json_write_cause(&j, NULL, cause_find(argv[i]));
            json_close(&j, ']');
        }
        return document_end(&j);
    }
    if (optind < argc)
        return pages(&out, argc - optind, argv + optind);
    causes_table(&b, cli_color(), cli_width());
    return cli_flush(&b);
}

const struct command command_codes = {
    "codes",
    cmd_codes,
    "[CODE…] [--json]",
    "the catalogue of the API's error codes",
    "The catalogue of the API's error codes, or what is known of some of them.",
    json_only,
    NULL,
    WORDS_CODE,
    {"dcvprobe codes", "dcvprobe codes dns_mismatch"}};

const struct command command_causes = {"causes",
                                       cmd_causes,
                                       "[ID…] [--json]",
                                       "the catalogue of root causes",
                                       "The catalogue of root causes, or the pages of some of them.",
                                       json_only,
                                       NULL,
                                       WORDS_CAUSE,
                                       {"dcvprobe causes", "dcvprobe causes txt-doubled-name"}};
