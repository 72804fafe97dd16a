/* dcvprobe.c - the command for support staff: the list of its sub-commands, and which one runs. */
#include "cmd/cli.h"
#include "cmd/plugin.h"
#include "run/suffix_file.h"
#include "wire/suffixes.h"

#include <string.h>

extern const struct command command_check, command_caa, command_explain, command_batch, command_preflight,
    command_codes, command_causes, command_token, command_replay, command_submit, command_show, command_list,
    command_stats, command_watch, command_cancel;

static int cmd_help(int argc, char **argv)
{
    struct buf b = {0};
    if (command_option_next(argc, argv) != -1)
        return EXIT_USAGE;
    const struct command *c = optind < argc ? command_find(argv[optind]) : NULL;
    if (argc - optind > 1 || (optind < argc && !c))
        return command_unknown(argv[argc - optind > 1 ? optind + 1 : optind]);
    if (c)
        command_help(&b, c, cli_page_width());
    else
        command_overview(&b);
    return cli_flush(&b);
}

static const struct command command_of_help = {
    "help", cmd_help, "[COMMAND]",   "these lines, or the help of one command",   "",
    NULL,   NULL,     WORDS_COMMAND, {"dcvprobe help check", "dcvprobe check -h"}};

const struct command *const commands[] = {&command_check,
                                          &command_caa,
                                          &command_explain,
                                          &command_batch,
                                          &command_preflight,
                                          &command_codes,
                                          &command_causes,
                                          &command_token,
                                          &command_replay,
                                          &command_submit,
                                          &command_show,
                                          &command_list,
                                          &command_watch,
                                          &command_cancel,
                                          &command_stats,
                                          &command_of_help,
                                          NULL};

static int run_command(int argc, char **argv)
{
    const char *wanted = !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ? "help" : argv[1];
    const struct command *c = command_find(wanted);
    if (!c)
        return command_unknown(wanted);
    command_begin(c);
    return c->run(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
    struct buf b = {0};
    if (argc < 2) {
        command_overview(&b);
        cli_flush(&b);
        return EXIT_USAGE;
    }
    suffix_file_use(NULL, NULL, NULL);
    if (!strcmp(argv[1], "--version")) {
        printf("dcvprobe %s (public suffix list of %s)\n", DCVD_VERSION, suffixes_in_use()->date);
        return EXIT_PASS;
    }
    if (!strcmp(argv[1], COMMAND_COMPLETE))
        return command_complete((size_t)argc - 2, argv + 2);
    return plugin_wanted(argc, argv) ? plugin_run(run_command, argc, argv) : run_command(argc, argv);
}
