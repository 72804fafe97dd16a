/* cmd_code.c - dcvprobe explain, codes, causes, token: what needs no network. */
#include "cli.h"
#include "codes.h"
#include "token.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static const struct option json_only[] = {{"json", no_argument, NULL, OPT_JSON}, {0}};

static void open_document(struct json_out *j, const char *member)
{
    json_open(j, NULL, '{');
    json_int(j, "schema_version", DCV_SCHEMA_VERSION);
    json_open(j, member, '[');
}

static void close_document(struct json_out *j)
{
    json_close(j, ']');
    json_close(j, '}');
    buf_puts(j->b, "\n");
}

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
    return catalogue(argc, argv, "codes", codes_table, codes_json);
}

int cmd_causes(int argc, char **argv)
{
    return catalogue(argc, argv, "causes", causes_table, causes_json);
}

/* ---------------------------------------------------------------- explain ---------------------------- */

/* Says which codes come nearest to one that is not known. */
static void unknown(struct arena *a, const char *text)
{
    enum { NEAREST = 3 };
    enum code near[NEAREST];
    size_t n = code_nearest(text, near, NEAREST);
    struct buf b = {0};
    for (size_t i = 0; i < n; i++)
        buf_printf(&b, "%s%s", i ? ", " : "", code_info(near[i])->spelling);
    const char *shown = text_escape(a, text, strlen(text), 100);
    complain("explain: '%s' is no code of the API; the nearest are %s", shown ? shown : "?",
             b.p ? b.p : "none");
    buf_free(&b);
}

/* An argument is a code unless it is "-" or names a file that is there. */
static bool is_file(const char *arg)
{
    struct stat st;
    return !strcmp(arg, "-") || (!stat(arg, &st) && !S_ISDIR(st.st_mode));
}

static int collect(struct arena *a, const char *arg, struct texts *codes)
{
    if (!is_file(arg))
        return texts_add(a, codes, arg) ? EXIT_PASS : EXIT_USAGE;
    const char *text;
    size_t len;
    struct json_problem problem = {0};
    if (!cli_read(a, "explain", arg, &text, &len))
        return EXIT_USAGE;
    int rc = explain_read(a, text, len, codes, &problem);
    if (rc)
        complain("explain: '%s': %s", arg, rc == -EINVAL ? problem.text : strerror(-rc));
    return rc ? EXIT_USAGE : EXIT_PASS;
}

int cmd_explain(int argc, char **argv)
{
    struct output out = {.format = FORMAT_TEXT};
    for (int opt; (opt = getopt_long(argc, argv, "", json_only, NULL)) != -1;)
        if (cli_output_option(&out, opt, optarg))
            return EXIT_USAGE;
    if (optind == argc) {
        complain("explain: nothing given; expected dcvprobe explain CODE, FILE or - for standard input");
        return EXIT_USAGE;
    }
    struct arena *a = arena_new(0);
    struct texts codes = {0};
    int status = a ? EXIT_PASS : EXIT_USAGE;
    for (int i = optind; !status && i < argc; i++)
        status = collect(a, argv[i], &codes);
    struct buf b = {0};
    struct json_out j = {.b = &b, .indent = 2};
    bool json = out.format == FORMAT_JSON, first = true;
    if (!status && json)
        open_document(&j, "codes");
    for (size_t i = 0; i < codes.n; i++) {
        const char *variables[2] = {"", ""};
        enum code c = code_find(a, codes.v[i], variables);
        if (c == CODE_NONE) {
            unknown(a, codes.v[i]);
            status = EXIT_USAGE;
        } else if (json) {
            explain_code_json(&j, NULL, a, c, variables);
        } else {
            buf_puts(&b, first ? "" : "\n");
            explain_code(&b, a, c, variables, cli_color());
            first = false;
        }
    }
    if (j.level)
        close_document(&j);
    int flushed = cli_flush(&b);
    arena_free(a);
    return status ? status : flushed;
}

/* ---------------------------------------------------------------- token ------------------------------ */

static bool read_stamp(const char *text, char stamp[TOKEN_STAMP + 1])
{
    dcv_time t;
    if (!text) {
        token_stamp(cli_now(), stamp);
    } else if (strlen(text) == TOKEN_STAMP && token_stamp_parse(text, &t)) {
        memcpy(stamp, text, TOKEN_STAMP + 1);
    } else if (time_parse(text, &t)) {
        token_stamp(t, stamp);
    } else {
        complain("--timestamp: '%s' is no time; expected 14 digits yyyyMMddHHmmss in UTC, or RFC 3339", text);
        return false;
    }
    return true;
}

int cmd_token(int argc, char **argv)
{
    enum { KEY = 1, CSR };
    static const struct option own[] = {{"auth-key-file", required_argument, NULL, KEY},
                                        {"csr", required_argument, NULL, CSR},
                                        {"timestamp", required_argument, NULL, OPT_TIMESTAMP},
                                        {0}};
    const char *key_path = NULL, *csr_path = NULL, *when = NULL, *key = NULL, *csr = NULL;
    for (int opt; (opt = getopt_long(argc, argv, "", own, NULL)) != -1;) {
        if (opt == KEY)
            key_path = optarg;
        else if (opt == CSR)
            csr_path = optarg;
        else if (opt == OPT_TIMESTAMP)
            when = optarg;
        else
            return EXIT_USAGE;
    }
    if (!key_path || !csr_path || optind < argc) {
        complain("token: expected dcvprobe token --auth-key-file F --csr F [--timestamp T]%s%s",
                 optind < argc ? ", not " : "", optind < argc ? argv[optind] : "");
        return EXIT_USAGE;
    }
    struct arena *a = arena_new(0);
    char stamp[TOKEN_STAMP + 1], token[TOKEN_LENGTH + 1];
    size_t key_len, csr_len;
    int status = EXIT_USAGE;
    if (a && read_stamp(when, stamp) && cli_read(a, "--auth-key-file", key_path, &key, &key_len) &&
        cli_read(a, "--csr", csr_path, &csr, &csr_len)) {
        struct bytes k = token_key_trim((struct bytes){(const uint8_t *)key, key_len});
        int rc = k.n && csr_len
                     ? token_compute(stamp, k, (struct bytes){(const uint8_t *)csr, csr_len}, token)
                     : -EINVAL;
        if (!k.n || !csr_len)
            complain("%s: the file is empty; expected the %s", k.n ? "--csr" : "--auth-key-file",
                     k.n ? "CSR" : "AuthKey");
        else if (rc)
            complain("token: it cannot be computed: %s", strerror(-rc));
        else
            status = puts(token) >= 0 && !fflush(stdout) ? EXIT_PASS : EXIT_USAGE;
    }
    arena_free(a);
    return status;
}
