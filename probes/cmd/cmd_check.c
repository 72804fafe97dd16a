/* cmd_check.c - dcvprobe check: makes the CA's checks now, in this process. */
#include "cmd/checks.h"
#include "cmd/cli_conf.h"

#include <string.h>

static int check(int argc, char **argv, struct output out)
{
    static const struct option own[] = {{"format", required_argument, NULL, OPT_FORMAT},
                                        {"json", no_argument, NULL, OPT_JSON},
                                        {"verbose", no_argument, NULL, OPT_VERBOSE},
                                        {"redact", no_argument, NULL, OPT_REDACT},
                                        {"save", required_argument, NULL, OPT_SAVE},
                                        CLI_CONF_OPTIONS,
                                        {0}};
    struct arena *a = arena_new(0);
    struct option *options = a ? cli_options(a, own, true) : NULL;
    struct given_list given = {0};
    struct checks c = {0};
    const char *path = NULL, *config = NULL;
    int status = options ? EXIT_PASS : EXIT_USAGE;
    for (int opt; !status && (opt = getopt_long(argc, argv, "v", options, NULL)) != -1;) {
        if (opt >= OPT_FIELD)
            status = cli_given(a, &given, opt, optarg) ? EXIT_PASS : EXIT_USAGE;
        else if (opt == OPT_SAVE)
            path = optarg;
        else if (!cli_conf_take(opt, optarg, &config, &c.net) && cli_output_option(&out, opt, optarg))
            status = EXIT_USAGE;
    }
    if (!status && optind == argc) {
        complain("%s: no DOMAIN given; expected dcvprobe %s DOMAIN… [options]", argv[0], argv[0]);
        status = EXIT_USAGE;
    }
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

int cmd_check(int argc, char **argv)
{
    return check(argc, argv, (struct output){.format = FORMAT_TEXT});
}

int cmd_caa(int argc, char **argv)
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
