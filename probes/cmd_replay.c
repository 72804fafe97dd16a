/* cmd_replay.c - dcvprobe replay: judge saved evidence again, offline. */
#include "cli.h"

#include <errno.h>
#include <string.h>

/* One case to one report, both in the arena. */
static int replay(struct arena *a, const char *text, size_t len, const struct report **ret,
                  struct json_problem *problem)
{
    struct dcv_case *c = arena_alloc(a, sizeof *c);
    struct report *r = arena_alloc(a, sizeof *r);
    if (!c || !r)
        return -ENOMEM;
    int rc = json_read_case(a, text, len, NULL, c, problem);
    if (!rc)
        rc = judge(&c->request, &c->evidence, a, r);
    if (!rc)
        *ret = r;
    return rc;
}

/* A file of one document, or of one document a line. */
static int replay_file(struct arena *a, const char *path, const struct report ***ret, size_t *n)
{
    const char *text;
    size_t len, room = 0;
    if (!cli_read(a, "replay", path, &text, &len))
        return EXIT_USAGE;
    size_t lines = 1;
    for (size_t i = 0; i < len; i++)
        lines += text[i] == '\n';
    const struct report **r = arena_array(a, lines, sizeof *r);
    struct json_problem whole = {0}, problem = {0};
    int rc = r ? replay(a, text, len, &r[0], &whole) : -ENOMEM;
    if (!rc) {
        *ret = r;
        *n = 1;
        return EXIT_PASS;
    }
    /* A first line that is a whole document makes it a file of lines; else what was said of the whole counts.
     */
    for (const char *p = text, *end; rc == -EINVAL && p < text + len; p = end + 1) {
        end = memchr(p, '\n', (size_t)(text + len - p));
        if (!end)
            end = text + len;
        if (end == p)
            continue;
        if (replay(a, p, (size_t)(end - p), &r[room], &problem)) {
            complain("replay: '%s': %s", path, room ? problem.text : whole.text);
            return EXIT_USAGE;
        }
        room++;
    }
    if (rc != -EINVAL || !room) {
        complain("replay: '%s': %s", path, rc == -EINVAL && whole.text ? whole.text : strerror(-rc));
        return EXIT_USAGE;
    }
    *ret = r;
    *n = room;
    return EXIT_PASS;
}

int cmd_replay(int argc, char **argv)
{
    static const struct option own[] = {{"format", required_argument, NULL, OPT_FORMAT},
                                        {"json", no_argument, NULL, OPT_JSON},
                                        {"verbose", no_argument, NULL, OPT_VERBOSE},
                                        {"redact", no_argument, NULL, OPT_REDACT},
                                        {0}};
    struct output out = {.format = FORMAT_TEXT};
    for (int opt; (opt = getopt_long(argc, argv, "v", own, NULL)) != -1;)
        if (cli_output_option(&out, opt == 'v' ? OPT_VERBOSE : opt, optarg))
            return EXIT_USAGE;
    if (argc - optind != 1) {
        complain("replay: %d files given; expected one: dcvprobe replay FILE", argc - optind);
        return EXIT_USAGE;
    }
    struct arena *a = arena_new(0);
    const struct report **r = NULL;
    size_t n = 0;
    int status = a ? replay_file(a, argv[optind], &r, &n) : EXIT_USAGE;
    if (!status)
        status = cli_show(&out, r, n);
    arena_free(a);
    return status;
}
