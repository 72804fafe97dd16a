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

int cmd_submit(int argc, char **argv)
{
    static const struct option own[] = {
        {"socket", required_argument, NULL, OPT_SOCKET}, {"batch", required_argument, NULL, OPT_BATCH}, {0}};
    const char *socket = CLIENT_SOCKET, *batch = NULL;
    struct given_list given = {0};
    struct arena *a = arena_new(0);
    struct option *options = a ? cli_options(a, own, true) : NULL;
    int status = options ? EXIT_PASS : EXIT_USAGE;
    size_t n;
    const struct request_field *fields = request_fields(&n);
    for (int opt; !status && (opt = getopt_long(argc, argv, "", options, NULL)) != -1;) {
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
        complain(
            batch ? "submit: domains and --batch; expected one or the other"
                  : "submit: no domain given; expected dcvprobe submit DOMAIN… [options], or --batch FILE");
        status = EXIT_USAGE;
    }
    if (!status && batch)
        status = submit_batch(socket, batch, &given);
    else if (!status)
        status = submit_all(a, socket, argv + optind, argc - optind, &given);
    arena_free(a);
    return status;
}
