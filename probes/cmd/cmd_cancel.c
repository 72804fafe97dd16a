/* cmd_cancel.c - dcvprobe cancel: ends a check, a batch or a watch of the daemon. */
#include "cmd/cli.h"
#include "cmd/client.h"

#include <string.h>

/* The things that have ids, and what each is called. An id is of one of them only. */
static const struct {
    const char *path, *name;
} kinds[] = {{"/v1/checks/", "check"}, {"/v1/batches/", "batch"}, {"/v1/watches/", "watch"}};

static int cancel(struct client *c, const char *id)
{
    enum { KINDS = sizeof kinds / sizeof *kinds, NOT_FOUND = 404 };
    struct client_answer answer;
    for (size_t i = 0; i < KINDS; i++) {
        char path[64];
        snprintf(path, sizeof path, "%s%s", kinds[i].path, id);
        if (!client_call(c, "DELETE", path, NULL, 0, &answer))
            return EXIT_USAGE;
        bool last = i + 1 == KINDS, there = answer.status != NOT_FOUND;
        bool done = there && client_accept(&answer);
        buf_free(&answer.body);
        if (done)
            complain("%s %s is cancelled, or had ended before", kinds[i].name, id);
        if (there)
            return done ? EXIT_PASS : EXIT_USAGE;
        if (last)
            complain("there is no check, batch or watch %s; expected an id, as list, list --batches and list "
                     "--watches "
                     "print them",
                     id);
    }
    return EXIT_USAGE;
}

static int cmd_cancel(int argc, char **argv)
{
    const char *socket = CLIENT_SOCKET;
    for (int opt; (opt = command_option_next(argc, argv)) != -1;)
        if (opt == OPT_SOCKET)
            socket = optarg;
        else
            return EXIT_USAGE;
    if (optind == argc)
        return command_misused("no id is given; expected dcvprobe cancel ID…");
    for (int i = optind; i < argc; i++)
        if (!client_is_id(argv[i]))
            return command_misused(
                "'%.40s' is not an id; expected 16 digits of 0-9 a-f, as submit and list print them",
                argv[i]);
    struct client *c = client_new(socket);
    int status = c ? EXIT_PASS : EXIT_USAGE;
    for (int i = optind; c && i < argc; i++)
        if (cancel(c, argv[i]))
            status = EXIT_USAGE;
    client_free(c);
    return status;
}

static const struct command_option own[] = {ROW_SOCKET, {0}};

const struct command command_cancel = {
    "cancel",
    cmd_cancel,
    "ID… [--socket PATH]",
    "end a check, a batch or a watch",
    "Ends a check or a batch that the daemon has not carried out yet, or a watch.",
    own,
    NULL,
    WORDS_CHECK " " WORDS_BATCH " " WORDS_WATCH,
    {"dcvprobe cancel 3441b72813600000", "dcvprobe list --watches"}};
