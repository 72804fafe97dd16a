/* cmd_check.c - dcvprobe check: the CA's checks here and now, in this process. */
#include "cli.h"
#include "runner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_AT_ONCE = 256 };

/* All that one command asks: every domain in every method. */
struct batch {
    struct net_config net;
    struct job *job;
    size_t n, started;
    int err;
};

static int next(void *user, struct job **ret)
{
    struct batch *b = user;
    if (b->started == b->n)
        return -ENODATA;
    struct job *job = &b->job[b->started++];
    job->arena = arena_new(RUNNER_CEILING);
    if (!job->arena) {
        b->err = -ENOMEM;
        return -ENODATA;
    }
    *ret = job;
    return 0;
}

static void done(void *user, struct job *job, int err)
{
    struct batch *b = user;
    (void)job; /* it keeps its arena: the report is shown at the end */
    if (err && err != -ENOMEM && !b->err) /* a full arena is told by the report itself */
        b->err = err;
}

static int run_all(struct batch *b)
{
    struct runner_config cfg = {
        .net = b->net, .in_flight = MOST_AT_ONCE, .user = b, .next = next, .done = done};
    struct runner *r = runner_new(&cfg);
    if (!r)
        return EXIT_USAGE;
    runner_run(r);
    if (b->err)
        complain("a check could not be carried out: %s", strerror(-b->err));
    return b->err ? EXIT_UNDECIDED : EXIT_PASS;
}

/* One case: a JSON document that reads well. Several: one a line. */
static int save(const char *path, const struct report *const *r, size_t n, unsigned flags)
{
    struct buf b = {0};
    struct arena *a = arena_new(0);
    struct json_out j = {.b = &b, .indent = n == 1 ? 2 : 0};
    for (size_t i = 0; a && i < n; i++) {
        j.comma = false;
        json_case(&j, a, r[i], flags);
        buf_puts(&b, "\n");
    }
    FILE *f = a && !b.failed ? fopen(path, "wb") : NULL;
    bool ok = f && fwrite(b.p, 1, b.n, f) == b.n;
    if (f && fclose(f))
        ok = false;
    if (!ok)
        complain("--save: '%s' cannot be written: %s", path, strerror(errno));
    buf_free(&b);
    arena_free(a);
    return ok ? EXIT_PASS : EXIT_USAGE;
}

/* Every domain in every method that it is asked for. */
static int read_requests(struct arena *a, struct batch *b, char **domain, size_t n,
                         const struct given_list *given)
{
    b->job = arena_array(a, n * METHOD_COUNT, sizeof *b->job);
    for (size_t i = 0; b->job && i < n; i++) {
        struct request r;
        int rc = cli_request(a, domain[i], given, cli_now(), &r);
        if (rc)
            return rc;
        for (unsigned m = 0; m < METHOD_COUNT; m++)
            if (r.methods & METHOD_BIT(m))
                b->job[b->n++].request = request_for(&r, (enum method)m);
        b->net.resolvers = r.resolvers;
        b->net.allow_net = r.allow_net;
    }
    return b->job ? EXIT_PASS : EXIT_USAGE;
}

static int finish(struct arena *a, struct batch *b, const struct output *out, const char *path)
{
    const struct report **r = arena_array(a, b->n, sizeof *r);
    size_t n = 0;
    for (size_t i = 0; r && i < b->n; i++)
        if (b->job[i].report)
            r[n++] = b->job[i].report;
    int status = cli_show(out, r, n);
    int saved = path ? save(path, r, n, out->flags) : EXIT_PASS;
    return saved ? saved : status;
}

static int check(int argc, char **argv, struct output out)
{
    static const struct option own[] = {{"format", required_argument, NULL, OPT_FORMAT},
                                        {"json", no_argument, NULL, OPT_JSON},
                                        {"verbose", no_argument, NULL, OPT_VERBOSE},
                                        {"redact", no_argument, NULL, OPT_REDACT},
                                        {"save", required_argument, NULL, OPT_SAVE},
                                        {"trust-anchor", required_argument, NULL, OPT_TRUST_ANCHOR},
                                        {"root-hints", required_argument, NULL, OPT_ROOT_HINTS},
                                        {0}};
    struct arena *a = arena_new(0);
    struct option *options = a ? cli_options(a, own, true) : NULL;
    struct given_list given = {0};
    struct batch b = {0};
    const char *path = NULL;
    int status = options ? EXIT_PASS : EXIT_USAGE;
    for (int opt; !status && (opt = getopt_long(argc, argv, "v", options, NULL)) != -1;) {
        if (opt == 'v')
            opt = OPT_VERBOSE;
        if (opt >= OPT_FIELD)
            status = cli_given(a, &given, opt, optarg) ? EXIT_PASS : EXIT_USAGE;
        else if (opt == OPT_SAVE)
            path = optarg;
        else if (opt == OPT_TRUST_ANCHOR)
            b.net.trust_anchor = optarg;
        else if (opt == OPT_ROOT_HINTS)
            b.net.root_hints = optarg;
        else if (cli_output_option(&out, opt, optarg))
            status = EXIT_USAGE;
    }
    if (!status && optind == argc) {
        complain("%s: no DOMAIN given; expected dcvprobe %s DOMAIN… [options]", argv[0], argv[0]);
        status = EXIT_USAGE;
    }
    if (!status)
        status = read_requests(a, &b, argv + optind, (size_t)(argc - optind), &given);
    if (!status)
        status = runner_files(&b.net);
    if (!status) {
        int failed = run_all(&b);
        status = failed == EXIT_USAGE ? failed : finish(a, &b, &out, path);
        if (!status)
            status = failed;
    }
    for (size_t i = 0; i < b.n; i++)
        arena_free(b.job[i].arena);
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
        memcpy(v + 3, argv + 1, (size_t)argc * sizeof *v); /* its final NULL too */
        status = check(argc + 2, v, (struct output){.format = FORMAT_TEXT, .derivation = true});
    }
    arena_free(a);
    return status;
}
