/* cmd_preflight.c - dcvprobe preflight: an order's inputs checked before it is placed. */
#include "cli.h"
#include "order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    CSR = 1,
    ORIGINAL,
    NOTE,
    SAN,
    COMMON_NAME,
    ORG,
    ORG_UNIT,
    ADDRESS,
    EMAIL,
    PRODUCT,
    METHOD,
    TOKEN,
    CONFIG,
    PROBE
};

static const struct option options[] = {{"csr", required_argument, NULL, CSR},
                                        {"original", required_argument, NULL, ORIGINAL},
                                        {"note", required_argument, NULL, NOTE},
                                        {"san", required_argument, NULL, SAN},
                                        {"common-name", required_argument, NULL, COMMON_NAME},
                                        {"org", required_argument, NULL, ORG},
                                        {"org-unit", required_argument, NULL, ORG_UNIT},
                                        {"address", required_argument, NULL, ADDRESS},
                                        {"email", required_argument, NULL, EMAIL},
                                        {"product", required_argument, NULL, PRODUCT},
                                        {"method", required_argument, NULL, METHOD},
                                        {"token", required_argument, NULL, TOKEN},
                                        {"config", required_argument, NULL, CONFIG},
                                        {"probe", no_argument, NULL, PROBE},
                                        {"format", required_argument, NULL, OPT_FORMAT},
                                        {"json", no_argument, NULL, OPT_JSON},
                                        {0}};

struct given_order {
    struct order order;
    struct output out;
    const char *token;
    bool probe;
};

static bool read_bytes(struct arena *a, const char *option, const char *path, struct bytes *ret)
{
    const char *text;
    size_t len;
    if (!cli_read(a, option, path, &text, &len))
        return false;
    *ret = (struct bytes){(const uint8_t *)text, len};
    return true;
}

static bool configure(struct arena *a, const char *path, struct order *o)
{
    const char *text, *key;
    size_t len;
    unsigned line;
    if (!cli_read(a, "--config", path, &text, &len))
        return false;
    if (!order_configure(a, text, o, &line, &key))
        return true;
    complain(
        "--config: '%s', line %u: '%s' is no key of [order]; expected allowed_domains, disabled_domains, "
        "protected_domains, locked_domains, prevalidated_domains or validated_email_domains",
        path, line, key);
    return false;
}

static bool take(struct arena *a, struct given_order *g, int opt, const char *value)
{
    struct order *o = &g->order;
    enum method m;
    switch (opt) {
    case CSR:
        return read_bytes(a, "--csr", value, &o->csr);
    case ORIGINAL:
        return read_bytes(a, "--original", value, &o->original);
    case NOTE:
        return read_bytes(a, "--note", value, &o->note);
    case SAN:
        return texts_add(a, &o->names, value);
    case COMMON_NAME:
        o->common_name = value;
        return true;
    case ORG:
        o->organization = value;
        return true;
    case ORG_UNIT:
        return texts_add(a, &o->org_units, value);
    case ADDRESS:
        return texts_add(a, &o->addresses, value);
    case EMAIL:
        o->email = value;
        return true;
    case PRODUCT:
        if (product_parse(value, &o->product))
            return true;
        complain(
            "--product: '%s' is not known; expected tls, client, code-signing, safenet-cc or safenet-fips",
            value);
        return false;
    case METHOD:
        o->dcv_method = value;
        if (method_parse(value, &m) || !strcmp(value, "email"))
            return true;
        complain("--method: '%s' is not known; expected email or a method of dcvprobe check", value);
        return false;
    case TOKEN:
        g->token = value;
        o->token = true;
        return true;
    case CONFIG:
        return configure(a, value, o);
    case PROBE:
        g->probe = true;
        return true;
    default:
        return cli_output_option(&g->out, opt, value) == 0;
    }
}

/* ---------------------------------------------------------------- output ----------------------------- */

static void show_json(struct buf *b, struct arena *a, const struct order_report *r)
{
    struct json_out j = {.b = b, .indent = 2};
    json_open(&j, NULL, '{');
    json_int(&j, "schema_version", DCV_SCHEMA_VERSION);
    json_text(&j, "verdict", verdict_name(r->n ? VERDICT_FAIL : VERDICT_PASS));
    json_open(&j, "errors", '[');
    for (size_t i = 0; i < r->n; i++) {
        json_open(&j, NULL, '{');
        json_text(&j, "code", code_text(a, &r->problems[i].error));
        json_text(&j, "message", code_info(r->problems[i].error.code)->message);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    json_open(&j, "problems", '[');
    for (size_t i = 0; i < r->n; i++) {
        const struct order_problem *p = &r->problems[i];
        json_open(&j, NULL, '{');
        json_text(&j, "code", code_text(a, &p->error));
        json_text(&j, "field", p->field);
        json_text(&j, "value", p->value);
        json_text(&j, "what", p->what);
        json_text(&j, "fix", p->fix);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    json_open(&j, "notes", '[');
    for (size_t i = 0; i < r->notes.n; i++)
        json_text(&j, NULL, r->notes.v[i]);
    json_close(&j, ']');
    if (r->has_csr) {
        json_open(&j, "csr", '{');
        json_text(&j, "key", r->csr.key_text);
        json_text(&j, "common_name", r->csr.common_name);
        json_open(&j, "sans", '[');
        for (size_t i = 0; i < r->csr.names.n; i++)
            json_text(&j, NULL, r->csr.names.v[i]);
        json_close(&j, ']');
        json_close(&j, '}');
    }
    json_close(&j, '}');
    buf_puts(b, "\n");
}

static void show_text(struct buf *b, struct arena *a, const struct order_report *r)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct order_problem *p = &r->problems[i];
        const char *code = code_text(a, &p->error);
        const char *shown = code ? text_escape(a, code, strlen(code), 200) : "?";
        buf_printf(b, "FAIL  %s\n  %s%s%s\n  %s\n  %s\n\n", shown, p->field, p->value ? ": " : "",
                   p->value ? p->value : "", p->what, p->fix);
    }
    for (size_t i = 0; i < r->notes.n; i++)
        buf_printf(b, "note  %s\n", r->notes.v[i]);
    if (!r->n)
        buf_printf(b, "PASS  nothing in the order's inputs is refused%s%s\n",
                   r->has_csr ? "; the CSR's key is " : "", r->has_csr ? r->csr.key_text : "");
}

/* Every name of the order, checked for real, as `check` does. */
static int probe_names(struct arena *a, const struct given_order *g, const struct order_report *r)
{
    static const char *const formats[] = {"text", "json", "ndjson", "nagios"};
    char **argv = arena_array(a, r->names.n + 10, sizeof *argv);
    int argc = 0;
    if (!argv)
        return EXIT_USAGE;
    argv[argc++] = arena_strdup(a, "check");
    argv[argc++] = arena_strdup(a, "--format");
    argv[argc++] = arena_strdup(a, formats[g->out.format]);
    if (g->token) {
        argv[argc++] = arena_strdup(a, "--token");
        argv[argc++] = arena_strdup(a, g->token);
    }
    if (g->order.dcv_method && strcmp(g->order.dcv_method, "email") != 0) {
        argv[argc++] = arena_strdup(a, "--method");
        argv[argc++] = arena_strdup(a, g->order.dcv_method);
    }
    argv[argc++] = arena_strdup(a, "--");
    for (size_t i = 0; i < r->names.n; i++)
        argv[argc++] = arena_strdup(a, r->names.v[i]);
    optind = 0; /* getopt begins anew */
    return arena_full(a) ? EXIT_USAGE : cmd_check(argc, argv);
}

int cmd_preflight(int argc, char **argv)
{
    struct arena *a = arena_new(0);
    struct given_order g = {.out = {.format = FORMAT_TEXT}};
    struct order_report r;
    int status = a ? EXIT_PASS : EXIT_USAGE;
    for (int opt; !status && (opt = getopt_long(argc, argv, "", options, NULL)) != -1;)
        status = opt != '?' && take(a, &g, opt, optarg) ? EXIT_PASS : EXIT_USAGE;
    for (int i = optind; !status && i < argc; i++)
        status = texts_add(a, &g.order.names, argv[i]) ? EXIT_PASS : EXIT_USAGE;
    if (!status && !g.order.csr.n && !g.order.names.n && !g.order.common_name && !g.order.email &&
        !g.order.note.n) {
        complain("preflight: nothing to check; expected --csr F, names, or another input of an order");
        status = EXIT_USAGE;
    }
    if (!status && order_check(a, &g.order, &r)) {
        complain("preflight: out of memory");
        status = EXIT_USAGE;
    }
    if (!status) {
        struct buf b = {0};
        if (g.out.format == FORMAT_JSON || g.out.format == FORMAT_NDJSON)
            show_json(&b, a, &r);
        else
            show_text(&b, a, &r);
        status = cli_flush(&b);
        if (!status)
            status = r.n ? EXIT_FAIL : EXIT_PASS;
        if (g.probe && status != EXIT_USAGE && r.names.n) {
            int probed = probe_names(a, &g, &r);
            status = probed == EXIT_USAGE || status == EXIT_PASS ? probed : status;
        }
    }
    arena_free(a);
    return status;
}
