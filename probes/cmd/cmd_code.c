/* cmd_code.c - dcvprobe codes and causes, which need no network. */
#include "cmd/cli.h"
#include "format/json_catalogue.h"
#include "show/catalogue.h"

static const struct option json_only[] = {{"json", no_argument, NULL, OPT_JSON}, {0}};

/* ---------------------------------------------------------------- codes, causes ---------------------- */

static int catalogue(int argc, char **argv, const char *member, void (*table)(struct buf *, bool),
                     void (*json)(struct json_out *, const char *))
{
    struct output out = {.format = FORMAT_TEXT};
    for (int opt; (opt = getopt_long(argc, argv, "", json_only, NULL)) != -1;)
        if (cli_output_option(&out, opt, optarg))
            return EXIT_USAGE;
    if (optind < argc) {
        complain("%s: '%s' is too much; expected dcvprobe %s [--json]", argv[0], argv[optind], argv[0]);
        return EXIT_USAGE;
    }
    struct buf b = {0};
    if (out.format == FORMAT_JSON) {
        struct json_out j = {.b = &b, .indent = 2};
        json_open(&j, NULL, '{');
        json_int(&j, "schema_version", DCV_SCHEMA_VERSION);
        json(&j, member);
        json_close(&j, '}');
        buf_puts(&b, "\n");
    } else {
        table(&b, cli_color());
    }
    return cli_flush(&b);
}

int cmd_codes(int argc, char **argv)
{
    return catalogue(argc, argv, "codes", codes_table, json_write_codes);
}

int cmd_causes(int argc, char **argv)
{
    return catalogue(argc, argv, "causes", causes_table, json_write_causes);
}
