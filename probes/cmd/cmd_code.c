/* cmd_code.c - dcvprobe codes, causes and token, which need no network. */
#include "ca/token.h"
#include "cmd/cli.h"
#include "format/json_catalogue.h"
#include "show/catalogue.h"

#include <errno.h>
#include <string.h>

static const struct option json_only[] = {{"json", no_argument, NULL, OPT_JSON}, {0}};

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
    return catalogue(argc, argv, "codes", codes_table, json_write_codes);
}

int cmd_causes(int argc, char **argv)
{
    return catalogue(argc, argv, "causes", causes_table, json_write_causes);
}

/* ---------------------------------------------------------------- token ------------------------------ */

static bool read_stamp(const char *text, char stamp[TOKEN_STAMP + 1])
{
    dcv_time t;
    if (!text) {
        time_stamp(cli_now(), stamp);
    } else if (strlen(text) == TOKEN_STAMP && time_stamp_parse(text, &t)) {
        memcpy(stamp, text, TOKEN_STAMP + 1);
    } else if (time_parse(text, &t)) {
        time_stamp(t, stamp);
    } else {
        complain("--timestamp: '%s' is not a time; expected 14 digits yyyyMMddHHmmss in UTC, or RFC 3339", text);
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
