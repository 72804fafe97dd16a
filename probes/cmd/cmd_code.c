/* cmd_code.c - dcvprobe codes and causes, which need no network. */
#include "cmd/cli.h"
#include "format/json_catalogue.h"
#include "show/catalogue.h"
#include "show/explain_paste.h"

static const struct option json_only[] = {{"json", no_argument, NULL, OPT_JSON}, {0}};

/* ---------------------------------------------------------------- codes, causes ---------------------- */

/* EXIT_PASS, or EXIT_USAGE: the error was printed. */
static int catalogue_options(int argc, char **argv, struct output *ret)
{
    *ret = (struct output){.format = FORMAT_TEXT};
    for (int opt; (opt = getopt_long(argc, argv, "", json_only, NULL)) != -1;)
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

int cmd_codes(int argc, char **argv)
{
    struct output out;
    struct buf b = {0};
    if (catalogue_options(argc, argv, &out))
        return EXIT_USAGE;
    if (optind < argc) {
        complain("codes: '%s' is too much; expected dcvprobe codes [--json]", argv[optind]);
        return EXIT_USAGE;
    }
    if (out.format == FORMAT_JSON) {
        struct json_out j = document(&b);
        json_write_codes(&j, "codes");
        return document_end(&j);
    }
    codes_table(&b, cli_color());
    return cli_flush(&b);
}

/* The pages of the causes that are named. */
static int pages(struct buf *b, int n, char **ids)
{
    struct arena *a = arena_new(0);
    for (int i = 0; a && i < n; i++)
        explain_cause(b, a, cause_find(ids[i]), cli_color());
    b->failed = b->failed || !a || arena_full(a);
    arena_free(a);
    return cli_flush(b);
}

int cmd_causes(int argc, char **argv)
{
    struct output out;
    struct buf b = {0};
    if (catalogue_options(argc, argv, &out))
        return EXIT_USAGE;
    for (int i = optind; i < argc; i++)
        if (cause_find(argv[i]) == CAUSE_NONE) {
            complain("causes: '%s' is not the id of a cause; dcvprobe causes lists them", argv[i]);
            return EXIT_USAGE;
        }
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
        return pages(&b, argc - optind, argv + optind);
    causes_table(&b, cli_color());
    return cli_flush(&b);
}
