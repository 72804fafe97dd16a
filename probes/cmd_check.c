/* cmd_check.c - dcvprobe check: the CA's checks here and now, in this process. */
#include "cli.h"
#include "net.h"
#include "recursive.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    CEILING = 16 << 20, /* bytes of one check: a full sweep of many name servers fits many times over */
    MOST_AT_ONCE = 256
};

/* One domain and method. */
struct run {
    struct batch *batch;
    struct request request;
    struct report *report;
    struct arena *arena; /* of the check: the report lives in it */
};

struct batch {
    struct net *net;
    const char *trust_anchor, *root_hints; /* files; NULL: not given */
    struct run *run;
    size_t n, started, ended;
    bool closing;
    int err;
};

static void start_more(struct batch *b);

static void on_done(void *user, struct check *c, struct report *report, int err)
{
    (void)c;
    struct run *run = user;
    struct batch *b = run->batch;
    run->report = report;
    b->ended++;
    if (err && err != -ENOMEM && !b->err) /* a full arena is told by the report itself */
        b->err = err;
    start_more(b);
}

/* Starts checks while there is room. A check that ends from within net_check() comes back here: the loop
 * outside picks the next one up, so nothing recurses. */
static void start_more(struct batch *b)
{
    if (b->closing)
        return;
    b->closing = true;
    while (b->started < b->n && b->started - b->ended < MOST_AT_ONCE) {
        struct run *run = &b->run[b->started++];
        run->arena = arena_new(CEILING);
        int rc = run->arena ? net_check(b->net, run->arena, &run->request, on_done, run, NULL) : -ENOMEM;
        if (rc) {
            b->err = rc;
            b->ended++;
        }
    }
    b->closing = b->ended == b->n;
    if (b->closing)
        net_close(b->net, NULL, NULL);
}

/* What a resolver of our own needs, said before anything is asked. */
static int check_files(struct arena *a, const struct batch *b)
{
    const struct recursive_config cfg = {.trust_anchor = b->trust_anchor, .root_hints = b->root_hints};
    struct recursive_fault fault;
    if (!resolvers_recursive(&b->run[0].request.resolvers)) {
        if (!b->trust_anchor && !b->root_hints)
            return EXIT_PASS;
        complain("--%s: it is for --resolver recursive alone",
                 b->trust_anchor ? "trust-anchor" : "root-hints");
        return EXIT_USAGE;
    }
    int rc = recursive_files(a, &cfg, &fault);
    if (rc == -ENOMEM)
        complain("%s", strerror(-rc));
    else if (rc)
        complain("--%s: '%s': %s; expected %s", fault.hints ? "root-hints" : "trust-anchor",
                 text_escape(a, fault.file, strlen(fault.file), 200), fault.why,
                 fault.hints ? "the root's NS records and their addresses, as package dns-root-data has them"
                             : "the root's DS or DNSKEY records, as package dns-root-data has them");
    return rc ? EXIT_USAGE : EXIT_PASS;
}

static int run_all(struct batch *b)
{
    const struct request *r = &b->run[0].request;
    struct net_config cfg = {.resolvers = r->resolvers,
                             .trust_anchor = b->trust_anchor,
                             .root_hints = b->root_hints,
                             .allow_net = r->allow_net};
    const char *what = NULL;
    uv_loop_t loop;
    int rc = uv_loop_init(&loop);
    if (!rc)
        rc = net_new(&loop, &cfg, &b->net, &what);
    if (rc) {
        if (rc == -EINVAL && what)
            complain("--resolver: %s; expected ADDR, ADDR:PORT or [V6]:PORT", what);
        else
            complain("the network cannot be set up: %s", strerror(-rc));
        uv_loop_close(&loop);
        return EXIT_USAGE;
    }
    start_more(b);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
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
    b->run = arena_array(a, n * METHOD_COUNT, sizeof *b->run);
    for (size_t i = 0; b->run && i < n; i++) {
        struct request r;
        int rc = cli_request(a, domain[i], given, cli_now(), &r);
        if (rc)
            return rc;
        for (unsigned m = 0; m < METHOD_COUNT; m++)
            if (r.methods & METHOD_BIT(m))
                b->run[b->n++] = (struct run){.batch = b, .request = request_for(&r, (enum method)m)};
    }
    return b->run ? EXIT_PASS : EXIT_USAGE;
}

static int finish(struct arena *a, struct batch *b, const struct output *out, const char *path)
{
    const struct report **r = arena_array(a, b->n, sizeof *r);
    size_t n = 0;
    for (size_t i = 0; r && i < b->n; i++)
        if (b->run[i].report)
            r[n++] = b->run[i].report;
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
            b.trust_anchor = optarg;
        else if (opt == OPT_ROOT_HINTS)
            b.root_hints = optarg;
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
        status = check_files(a, &b);
    if (!status) {
        int failed = run_all(&b);
        status = failed == EXIT_USAGE ? failed : finish(a, &b, &out, path);
        if (!status)
            status = failed;
    }
    for (size_t i = 0; i < b.n; i++)
        arena_free(b.run[i].arena);
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
