/* cmd_submit.c - dcvprobe submit: gives checks to the daemon. */
#include "cmd/cli.h"
#include "cmd/client.h"
#include "cmd/client_request.h"
#include "cmd/submit_batch.h"

#include <string.h>

static int submit_one(struct client *c, const char *domain, const struct given_list *given)
{
    struct buf body = {0};
    struct client_answer answer;
    client_request_write(&(struct json_out){.b = &body}, NULL, domain, given);
    bool ok = !body.failed && client_call(c, "POST", "/v1/checks", &body, 0, &answer);
    buf_free(&body);
    if (!ok)
        return EXIT_USAGE;
    return client_print_id(&answer);
}

static int submit_all(struct arena *a, const char *socket, char **domains, int n,
                      const struct given_list *given)
{
    struct request q;
    for (int i = 0; i < n; i++) { /* all are checked first: a mistake in the last must not submit the others */
        int status = cli_request(a, domains[i], given, NULL, cli_now(), &q);
        if (status)
            return status;
    }
    struct client *c = client_new(socket);
    int status = c ? EXIT_PASS : EXIT_USAGE;
    for (int i = 0; i < n && !status; i++)
        status = submit_one(c, domains[i], given);
    client_free(c);
    return status;
}

static int cmd_submit(int argc, char **argv)
{
    const char *socket = CLIENT_SOCKET, *batch = NULL;
    struct given_list given = {0};
    struct arena *a = arena_new(0);
    int status = a ? EXIT_PASS : EXIT_USAGE;
    size_t n;
    const struct request_field *fields = request_fields(&n);
    for (int opt; !status && (opt = command_option_next(argc, argv)) != -1;) {
        if (opt == OPT_SOCKET) {
            socket = optarg;
        } else if (opt == OPT_BATCH) {
            batch = optarg;
        } else if (opt >= OPT_FIELD && fields[opt - OPT_FIELD].secret) {
            complain("--auth-key-file: keys are never sent; they are named in the daemon's configuration, "
                     "use --auth-key-name");
            status = EXIT_USAGE;
        } else if (opt < OPT_FIELD || !cli_given(a, &given, opt, optarg)) {
            status = EXIT_USAGE;
        }
    }
    if (!status && (optind == argc) != (batch != NULL)) {
        status = command_misused("%s", batch ? "domains and --batch; expected one or the other"
                                             : "no DOMAIN is given; expected dcvprobe submit DOMAIN… [options], or "
                                               "--batch FILE");
    }
    if (!status && batch)
        status = submit_batch(socket, batch, &given);
    else if (!status)
        status = submit_all(a, socket, argv + optind, argc - optind, &given);
    arena_free(a);
    return status;
}

static const struct command_option own[] = {
    {"batch", OPT_BATCH, "FILE|-", WORDS_FILE, "all lines of a file, CSV or NDJSON as batch reads it"},
    ROW_SOCKET,
    {0}};

const struct command command_submit = {
    "submit",
    cmd_submit,
    "DOMAIN… [options]\n--batch FILE|- [options]",
    "give checks to the daemon",
    "Gives checks to the daemon, and prints an id for each, or one for the batch. show tells what came of "
    "it.",
    own,
    command_all_fields,
    NULL,
    {"dcvprobe submit shop.example.com --token VALUE", "dcvprobe submit --batch domains.csv --depth quick"}};
