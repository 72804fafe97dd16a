/* cmd_check.c - dcvprobe check: makes the CA's checks now, in this process. */
#include "cmd/checks.h"
#include "cmd/cli_conf.h"

#include <string.h>

static const struct command_option own[] = {ROW_FORMAT_REPORTS, ROW_JSON,         ROW_VERBOSE, ROW_REDACT,
                                            ROW_SAVE,           CLI_CONF_OPTIONS, {0}};

static int check(int argc, char **argv, struct output out)
{
    struct arena *a = arena_new(0);
    struct given_list given = {0};
    struct checks c = {0};
    const char *path = NULL, *config = NULL;
    int status = a ? EXIT_PASS : EXIT_USAGE;
    for (int opt; !status && (opt = command_option_next(argc, argv)) != -1;) {
        if (opt >= OPT_FIELD)
            status = cli_given(a, &given, opt, optarg) ? EXIT_PASS : EXIT_USAGE;
        else if (opt == OPT_SAVE)
            path = optarg;
        else if (!cli_conf_take(opt, optarg, &config, &c.net) && cli_output_option(&out, opt, optarg))
            status = EXIT_USAGE;
    }
    if (!status && optind == argc)
        status = command_misused("no DOMAIN is given; expected dcvprobe %s DOMAIN… [options]", argv[0]);
    if (!status)
        status = checks_configure(a, &c, config, &given);
    for (int i = optind; !status && i < argc; i++)
        status = checks_add(a, &c, argv[i], &given);
    const struct report *const *r = NULL;
    size_t n = 0;
    if (!status) {
        int failed = checks_run(a, &c, &r, &n);
        status = failed == EXIT_USAGE ? failed : cli_show(&out, r, n);
        if (failed != EXIT_USAGE && path && cli_save(path, r, n, out.flags))
            status = EXIT_USAGE;
        if (!status)
            status = failed;
    }
    checks_free(&c);
    arena_free(a);
    return status;
}

static int cmd_check(int argc, char **argv)
{
    return check(argc, argv, (struct output){.format = FORMAT_TEXT});
}

static int cmd_caa(int argc, char **argv)
{
    struct arena *a = arena_new(0);
    char **v = a ? arena_array(a, (size_t)argc + 3, sizeof *v) : NULL;
    char method[] = "--method", caa[] = "caa";
    int status = EXIT_USAGE;
    if (v) {
        v[0] = argv[0];
        v[1] = method;
        v[2] = caa;
        memcpy(v + 3, argv + 1, (size_t)argc * sizeof *v); /* with its final NULL */
        status = check(argc + 2, v, (struct output){.format = FORMAT_TEXT, .derivation = true});
    }
    arena_free(a);
    return status;
}

const struct command command_check = {
    "check",
    cmd_check,
    "DOMAIN… [options]",
    "reproduce the CA's checks here and now",
    "Reproduces the CA's checks of each domain here and now, and needs no daemon: what the CA would answer, "
    "why, and "
    "what to change. A wildcard is written '*.example.com'. Exit status: 0 all pass, 1 a domain fails, 2 "
    "usage or "
    "configuration, 3 none fails and one is undecided; with --format nagios 0 OK, 1 WARNING, 2 CRITICAL, 3 "
    "UNKNOWN.",
    own,
    command_all_fields,
    NULL,
    {"dcvprobe check shop.example.com --token VALUE",
     "dcvprobe check shop.example.com --method dns-txt-token --token V --format mail"}};

const struct command command_caa = {
    "caa",
    cmd_caa,
    "DOMAIN… [options]",
    "check CAA alone, and show how the verdict follows",
    "The same as check --method caa, and how the verdict follows: the search, the set, each record.",
    own,
    command_all_fields,
    NULL,
    {"dcvprobe caa '*.example.com'", "dcvprobe caa shop.example.com --ca Sectigo"}};
