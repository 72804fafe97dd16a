/* cmd_token.c - dcvprobe token: a request token, or the record of dns-persist to publish. Needs no network. */
#include "ca/csr.h"
#include "ca/persist.h"
#include "ca/token.h"
#include "causes/fix.h"
#include "cmd/cli.h"
#include "cmd/cli_conf.h"
#include "model/time.h"
#include "run/request_key.h"
#include "show/render_fix.h"

#include <errno.h>
#include <string.h>

#define USAGE                                                                                                        \
    "dcvprobe token --auth-key-file F or --auth-key-name N [--config F] --csr F [--timestamp T], or dcvprobe token " \
    "--persist DOMAIN --account-uri U "                                                                              \
    "[--wildcard] [--until DATE]"

/* What the command line gives; NULL for an option that is not there. */
struct token_options {
    const char *key, *key_name, *csr, *timestamp; /* a request token */
    const char *persist, *until, *config;  /* a record of dns-persist */
    bool wildcard, json;
    struct given_list given;
};

/* ---------------------------------------------------------------- a request token -------------------- */

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

/* The key of --auth-key-file, or that of the configuration. */
static bool read_key(struct arena *a, struct token_options *o, struct bytes *ret)
{
    const char *text;
    size_t len;
    if (o->key_name) {
        struct request r = {.auth_key_name = o->key_name};
        struct input_error e;
        const struct given name = {request_field_find("auth_key_name"), o->key_name, strlen(o->key_name)};
        if (!given_add(a, &o->given, name))
            complain_no_memory();
        const struct conf *conf = arena_full(a) ? NULL : cli_conf_read(a, o->config, &o->given);
        if (!conf || request_key(a, conf, &r, &e)) /* cli_conf_read() has said what is wrong with the key */
            return false;
        *ret = r.auth_key;
        return true;
    }
    if (!cli_read(a, "--auth-key-file", o->key, &text, &len) ||
        !cli_fits(a, "--auth-key-file", o->key, TOKEN_FILE_KEY, text, len))
        return false;
    *ret = token_key_trim((struct bytes){(const uint8_t *)text, len});
    if (!ret->n)
        complain("--auth-key-file: the file is empty; expected the AuthKey");
    return ret->n;
}

static int request_token(struct arena *a, struct token_options *o)
{
    const char *csr;
    char stamp[TOKEN_STAMP + 1], token[TOKEN_LENGTH + 1];
    size_t csr_len;
    struct bytes key;
    if (!read_stamp(o->timestamp, stamp) || !read_key(a, o, &key) || !cli_read(a, "--csr", o->csr, &csr, &csr_len))
        return EXIT_USAGE;
    const struct bytes text = {(const uint8_t *)csr, csr_len};
    if (!csr_len)
        complain("--csr: the file is empty; expected the CSR");
    if (!csr_len || (csr_private_key(text) && !cli_fits(a, "--csr", o->csr, TOKEN_FILE_CSR, csr, csr_len)))
        return EXIT_USAGE;
    int rc = token_compute(stamp, key, text, token);
    if (rc) {
        complain("it cannot be computed: %s", strerror(-rc));
        return EXIT_USAGE;
    }
    /* The token of other bytes is no use to an order, but it is what the CA would compute of them: it can be compared
     * with one that is published. */
    bool fits = cli_fits(a, "--csr", o->csr, TOKEN_FILE_CSR, csr, csr_len);
    return puts(token) >= 0 && !fflush(stdout) && fits ? EXIT_PASS : EXIT_USAGE;
}

/* ---------------------------------------------------------------- a record of dns-persist ------------ */

/* The end of the record. False: the error was printed. */
static bool read_end(const char *text, dcv_time now, dcv_time *ret)
{
    char shown[25];
    time_format(now, shown);
    *ret = TIME_UNKNOWN;
    if (!text || (time_parse(text, ret) && *ret > now))
        return true;
    complain("--until: '%s' is not accepted; expected a time or a date after now, %s, as 2027-11-22 or "
             "2027-11-22T12:00:00Z",
             text, shown);
    return false;
}

static int show_record(struct arena *a, const struct request *r, dcv_time until, bool json)
{
    struct fix record;
    const char *missing, *account = persist_account(a, r, &missing);
    if (r->name_code != CODE_NONE) {
        complain("--persist: '%s' is not accepted; expected a domain name. %s", r->input,
                 r->name_reason ? r->name_reason : "");
        return EXIT_USAGE;
    }
    if (missing) {
        complain("%s", missing);
        return EXIT_USAGE;
    }
    if (!account || !fix_persist_record(a, r, NULL, until, &record)) {
        complain("--persist: '%s' is too long for a name with %s in front", r->input, r->profile->persist_label);
        return EXIT_USAGE;
    }
    struct buf b = {0};
    struct json_out j = {.b = &b, .indent = 2};
    if (json) {
        json_open(&j, NULL, '{');
        json_int(&j, "schema_version", DCV_SCHEMA_VERSION);
        json_text(&j, "op", fix_op_name(record.op));
        json_text(&j, "owner", record.owner);
        json_int(&j, "ttl", record.ttl);
        json_text(&j, "type", record.type);
        json_text(&j, "rdata", record.rdata);
        json_text(&j, "value", persist_value(a, r, NULL, until));
        json_close(&j, '}');
        buf_puts(&b, "\n");
    } else {
        render_fix(&b, a, NULL, &record, 0, cli_page_width(), true);
    }
    if (r->own_registrable)
        complain("--adn: the record counts for %s only where the CNAME of %s leads to %s, which is not looked up here",
                 r->domain, r->domain, r->adn);
    return cli_flush(&b);
}

static int persist_record(struct arena *a, struct token_options *o)
{
    static const char method[] = "dns-persist";
    const char *domain = o->persist;
    struct request r;
    dcv_time until;
    if (o->wildcard && strncmp(domain, "*.", 2) != 0)
        domain = arena_concat(a, "*.", domain, NULL);
    const struct conf *conf = cli_conf_read(a, o->config, &o->given);
    if (!conf)
        return EXIT_USAGE;
    if (!domain || !given_add(a, &o->given, (struct given){request_field_find("methods"), method, strlen(method)})) {
        complain_no_memory();
        return EXIT_USAGE;
    }
    int status = cli_request(a, domain, &o->given, conf, cli_now(), &r);
    if (status)
        return status;
    return read_end(o->until, r.now, &until) ? show_record(a, &r, until, o->json) : EXIT_USAGE;
}

/* ---------------------------------------------------------------- the command ------------------------ */

static int read_option(struct arena *a, struct token_options *o, int opt, const char *value)
{
    const struct {
        int opt;
        const char **to;
    } texts[] = {{OPT_AUTH_KEY, &o->key},        {OPT_AUTH_KEY_NAME, &o->key_name}, {OPT_CSR, &o->csr},
                 {OPT_TIMESTAMP, &o->timestamp}, {OPT_PERSIST, &o->persist},        {OPT_END, &o->until},
                 {OPT_CONFIG, &o->config}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].opt == opt) {
            *texts[i].to = value;
            return EXIT_PASS;
        }
    if (opt >= OPT_FIELD)
        return cli_given(a, &o->given, opt, value) ? EXIT_PASS : EXIT_USAGE;
    o->wildcard = o->wildcard || opt == OPT_WILDCARD;
    o->json = o->json || opt == OPT_JSON;
    return opt == OPT_WILDCARD || opt == OPT_JSON ? EXIT_PASS : EXIT_USAGE;
}

static int cmd_token(int argc, char **argv)
{
    struct arena *a = arena_new(0);
    struct token_options o = {0};
    int status = a ? EXIT_PASS : EXIT_USAGE;
    for (int opt; !status && (opt = command_option_next(argc, argv)) != -1;)
        status = read_option(a, &o, opt, optarg);
    bool one_key = o.key ? !o.key_name && !o.config : o.key_name != NULL; /* of a file, or of the configuration */
    bool token = one_key && o.csr && !o.persist && !o.until && !o.wildcard && !o.json && !o.given.n;
    bool record = o.persist && !o.key && !o.key_name && !o.csr && !o.timestamp;
    if (!status && (optind < argc || !(token || record))) {
        status = command_misused("expected " USAGE "%s%s", optind < argc ? ", not " : "",
                                 optind < argc ? argv[optind] : "");
    }
    if (!status)
        status = record ? persist_record(a, &o) : request_token(a, &o);
    arena_free(a);
    return status;
}

static const struct command_option own[] = {
    {"auth-key-file", OPT_AUTH_KEY, "F", WORDS_FILE, "the file with the AuthKey"},
    {"auth-key-name", OPT_AUTH_KEY_NAME, "NAME", NULL,
     "or the key's name in [auth_keys] of the configuration"},
    {"csr", OPT_CSR, "F", WORDS_FILE, "the CSR, byte for byte as it was submitted"},
    {"timestamp", OPT_TIMESTAMP, "T", NULL,
     "the time in the token, yyyyMMddHHmmss in UTC or RFC 3339; else the present"},
    {"persist", OPT_PERSIST, "DOMAIN", NULL, "the record of dns-persist to publish, not a request token"},
    {"wildcard", OPT_WILDCARD, NULL, NULL, "with --persist: also for wildcard names and names below"},
    {"until", OPT_END, "DATE", NULL, "with --persist: the end of the record"},
    ROW_CONFIG,
    ROW_JSON,
    {0}};
static const char *const own_fields[] = {"account_uri", "account_thumbprint", "issuer", "adn", "now", NULL};

const struct command command_token = {
    "token",
    cmd_token,
    "--auth-key-file F --csr F [--timestamp T]\n--persist DOMAIN --account-uri U [--wildcard] [--until DATE]",
    "compute a request token, or a dns-persist record",
    "Computes a request token from the account's key and the CSR; with --persist, the record of dns-persist "
    "to publish.",
    own,
    own_fields,
    NULL,
    {"dcvprobe token --auth-key-file key --csr shop.csr",
     "dcvprobe token --persist example.com --account-uri https://ca.example/a/1"}};
