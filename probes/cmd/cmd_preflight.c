/* cmd_preflight.c - dcvprobe preflight: checks the inputs of an order before it is placed. */
#include "base/text.h"
#include "ca/csr.h"
#include "ca/order.h"
#include "ca/order_conf.h"
#include "cmd/checks.h"
#include "cmd/cli_conf.h"
#include "model/time.h"
#include "show/render_wrap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    CSR = OPT_OWN,
    ORIGINAL,
    ORIGINAL_COMMON_NAME,
    ORIGINAL_SAN,
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
    NOW,
    PROBE
};

enum { FILE_SHOWN = 200 };

#define PRODUCTS "tls client code-signing safenet-cc safenet-fips"

struct given_order {
    struct order order;
    struct output out;
    const char *token;
    const char *csr; /* the name of its file */
    const char *now; /* as typed; NULL: the clock's */
    bool probe;
    const char *config; /* the last one given; NULL: CONF_FILE if it exists */
    const struct conf *conf;
    struct given_list defaults; /* of the configuration, for the checks of the names */
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

/* One that cannot be read is a fault of the order, with a code of the API. But a private key is never to be sent, and
 * what is wrong is the command. */
static bool read_csr(struct arena *a, const char *option, const char *path, struct bytes *ret)
{
    return read_bytes(a, option, path, ret) &&
           (!csr_private_key(*ret) || cli_fits(a, option, path, TOKEN_FILE_CSR, (const char *)ret->p, ret->n));
}

/* Reads the configuration, the CA's profile and the lists of domains. */
static bool configure(struct arena *a, struct given_order *g)
{
    const char *why = NULL;
    g->conf = cli_conf_read(a, g->config, &g->defaults);
    if (!g->conf)
        return false;
    g->order.profile = &g->conf->profile;
    int rc = order_conf_read(a, (const char *)g->conf->text.p, g->conf->text.n, &g->order, &why);
    if (rc == -EINVAL)
        complain("--config: '%s', %s", text_escape(a, g->conf->file, strlen(g->conf->file), 200), why);
    else if (rc)
        complain("%s", strerror(-rc));
    return !rc;
}

static bool unknown(struct arena *a, const char *option, const char *value, const char *expected)
{
    const char *shown = text_escape(a, value, strlen(value), 200);
    command_misused("%s: '%s' is not known; expected %s%s", option, shown ? shown : "", expected,
                    strcmp(option, "--product") ? "" : command_meant(value, PRODUCTS));
    return false;
}

static bool take(struct arena *a, struct given_order *g, int opt, const char *value)
{
    struct order *o = &g->order;
    switch (opt) {
    case CSR:
        g->csr = value;
        return read_csr(a, "--csr", value, &o->csr);
    case ORIGINAL:
        return read_csr(a, "--original", value, &o->original);
    case ORIGINAL_COMMON_NAME:
        o->original_common_name = value;
        return true;
    case ORIGINAL_SAN:
        return texts_add(a, &o->original_names, value);
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
        return texts_add(a, &o->emails, value);
    case PRODUCT:
        return product_parse(value, &o->product) ||
               unknown(a, "--product", value, "tls, client, code-signing, safenet-cc or safenet-fips");
    case METHOD:
        return order_methods_parse(value, &o->methods) ||
               unknown(a, "--method", value, "email, phone or methods of dcvprobe check, with commas between");
    case TOKEN:
        g->token = value;
        o->token = true;
        return true;
    case OPT_CONFIG:
        g->config = value;
        return true;
    case NOW:
        g->now = value;
        return time_parse(value, &o->now) ||
               unknown(a, "--now", value, "a time as 2026-11-22T12:00:00Z or a date as 2026-11-22");
    case PROBE:
        g->probe = true;
        return true;
    default:
        return cli_output_option(&g->out, opt, value) == 0;
    }
}

/* ---------------------------------------------------------------- output ----------------------------- */

static void json_texts(struct json_out *j, const char *key, const struct texts *t)
{
    json_open(j, key, '[');
    for (size_t i = 0; i < t->n; i++)
        json_text(j, NULL, t->v[i]);
    json_close(j, ']');
}

static void json_csr(struct json_out *j, const struct order_report *r)
{
    const struct csr *csr = &r->csr;
    if (!r->has_csr) {
        json_nil(j, "csr");
        return;
    }
    json_open(j, "csr", '{');
    json_text(j, "key", csr->key_text);
    json_text(j, "common_name", csr->common_name);
    json_open(j, "subject", '['); /* an array: a field may occur more than once */
    for (size_t i = 0; i < csr->n_subject; i++) {
        json_open(j, NULL, '{');
        json_text(j, "field", csr->subject[i].name);
        json_text(j, "value", csr->subject[i].value);
        json_close(j, '}');
    }
    json_close(j, ']');
    json_texts(j, "sans", &csr->names);
    json_texts(j, "other_sans", &csr->other_names);
    json_close(j, '}');
}

static bool said_before(struct arena *a, const struct order_report *r, size_t i)
{
    const char *code = code_text(a, &r->problems[i].error);
    for (size_t k = 0; code && k < i; k++) {
        const char *earlier = code_text(a, &r->problems[k].error);
        if (earlier && !strcmp(code, earlier))
            return true;
    }
    return false;
}

static enum verdict verdict_of(const struct order_report *r)
{
    return r->n ? VERDICT_FAIL : r->unknown.n ? VERDICT_UNDECIDED : VERDICT_PASS;
}

static void show_json(struct buf *b, struct arena *a, const struct given_order *g,
                      const struct order_report *r, const struct report *const *reports, size_t n_reports)
{
    struct json_out j = {.b = b, .indent = g->out.format == FORMAT_JSON ? 2 : 0};
    json_open(&j, NULL, '{');
    json_int(&j, "schema_version", DCV_SCHEMA_VERSION);
    json_text(&j, "verdict", verdict_name(verdict_of(r)));
    json_open(&j, "errors", '[');
    for (size_t i = 0; i < r->n; i++) {
        if (said_before(a, r, i)) /* the API names each code once, even for several fields */
            continue;
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
    if (r->unknown.n)
        json_texts(&j, "unknown", &r->unknown);
    json_texts(&j, "notes", &r->notes);
    json_csr(&j, r);
    if (reports)
        cli_reports(&j, a, &g->out, reports, n_reports);
    json_close(&j, '}');
    buf_puts(b, "\n");
}

/* Prose behind a word that begins its first line; margin: of the others. */
static void prose(struct buf *b, const char *word, const char *text, const char *margin)
{
    enum { WIDTH = 80 };
    unsigned width = cli_width();
    buf_puts(b, word);
    render_wrap(b, text, margin, strlen(word), width ? width : WIDTH);
}

/* The field with its value; of the CSR the file, which is what whoever typed the command knows it by. */
static void field_text(struct buf *b, struct arena *a, const struct given_order *g, const struct order_problem *p)
{
    bool file = !strcmp(p->field, "csr") && g->csr;
    buf_printf(b, "  %s%s%s%s%s\n", p->field, file ? " " : "",
               file ? render_safe(a, g->csr, FILE_SHOWN) : "", p->value ? ": " : "", p->value ? p->value : "");
}

static void show_text(struct buf *b, struct arena *a, const struct given_order *g, const struct order_report *r)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct order_problem *p = &r->problems[i];
        const char *code = code_text(a, &p->error);
        buf_printf(b, "FAIL  %s\n", code ? code : "?");
        field_text(b, a, g, p);
        prose(b, "  ", p->what, "  ");
        prose(b, "  ", p->fix, "  ");
        buf_puts(b, "\n");
    }
    for (size_t i = 0; i < r->unknown.n; i++)
        prose(b, "UNDECIDED  ", r->unknown.v[i], "  ");
    if (verdict_of(r) == VERDICT_PASS)
        buf_printf(b, "PASS  no input of the order is refused%s%s\n",
                   r->has_csr ? "; the CSR's key is " : "", r->has_csr ? r->csr.key_text : "");
    for (size_t i = 0; i < r->notes.n; i++)
        prose(b, "note  ", r->notes.v[i], "  ");
}

/* Checks every name of the order over the network, as `check` does. */
static int probe_names(struct arena *a, const struct given_order *g, const struct order_report *r,
                       struct checks *c, const struct report *const **ret, size_t *n)
{
    struct given_list given = g->defaults;
    bool ok = !g->token ||
              given_add(a, &given, (struct given){request_field_find("token"), g->token, strlen(g->token)});
    bool unordered = !g->token && !g->order.methods.methods; /* what its value will be is not known yet */
    /* Where the CA asks a person, only CAA can be checked. */
    unsigned methods = unordered || (g->order.methods.contacts && !g->order.methods.methods)
                           ? METHOD_BIT(METHOD_CAA)
                           : g->order.methods.methods;
    for (unsigned m = 0; ok && m < METHOD_COUNT; m++) {
        const char *name = method_name((enum method)m);
        ok = !(methods & METHOD_BIT(m)) ||
             given_add(a, &given, (struct given){request_field_find("methods"), name, strlen(name)});
    }
    ok = ok && (!g->now || given_add(a, &given, (struct given){request_field_find("now"), g->now, strlen(g->now)}));
    int status = ok ? EXIT_PASS : EXIT_USAGE;
    c->conf = g->conf;
    for (size_t i = 0; !status && i < r->names.n; i++)
        status = checks_add(a, c, r->names.v[i], &given);
    return status ? status : checks_run(a, c, ret, n);
}

/* Shows the report of the order, then those of its names; in JSON both are one document. */
static int show_order(struct arena *a, const struct given_order *g, const struct order_report *r)
{
    struct checks c = {0};
    const struct report *const *reports = NULL;
    size_t n = 0;
    bool json = g->out.format == FORMAT_JSON, probe = g->probe && r->names.n;
    struct buf b = {0};
    int probed = EXIT_PASS, status = exit_of_verdict(verdict_of(r)), shown;
    if (json && probe)
        probed = probe_names(a, g, r, &c, &reports, &n);
    if (json || g->out.format == FORMAT_NDJSON)
        show_json(&b, a, g, r, probe ? reports : NULL, n);
    else
        show_text(&b, a, g, r);
    shown = cli_flush(&b);
    if (!shown && !json && probe) { /* faults of the order are shown before the network is asked */
        probed = probe_names(a, g, r, &c, &reports, &n);
        if (g->out.format == FORMAT_TEXT && r->n == 0 && n)
            shown = puts("") < 0 ? EXIT_USAGE : EXIT_PASS;
        if (n && !shown)
            shown = cli_show(&g->out, reports, n) == EXIT_USAGE ? EXIT_USAGE : EXIT_PASS;
    }
    int found = exit_status(reports, n);
    checks_free(&c);
    if (shown || probed == EXIT_USAGE)
        return EXIT_USAGE;
    return status ? status : found ? found : probed;
}

static bool anything(const struct order *o)
{
    return o->csr.p || o->note.p || o->names.n || o->common_name || o->organization || o->org_units.n ||
           o->addresses.n || o->emails.n;
}

static int cmd_preflight(int argc, char **argv)
{
    struct arena *a = arena_new(0);
    struct given_order g = {.out = {.format = FORMAT_TEXT}};
    struct order_report r;
    int status = a ? EXIT_PASS : EXIT_USAGE;
    for (int opt; !status && (opt = command_option_next(argc, argv)) != -1;)
        status = opt != '?' && take(a, &g, opt, optarg) ? EXIT_PASS : EXIT_USAGE;
    for (int i = optind; !status && i < argc; i++)
        status = texts_add(a, &g.order.names, argv[i]) ? EXIT_PASS : EXIT_USAGE;
    if (!status && !configure(a, &g)) /* before anything is judged: nothing rests on half a configuration */
        status = EXIT_USAGE;
    if (!status && !anything(&g.order)) {
        status = command_misused("nothing to check; expected NAME… or --san NAME, --csr F, --common-name N, --org N, "
                                 "--org-unit N, --address LINE, --email A or --note F");
    }
    g.order.probe = g.probe;
    if (!g.now)
        g.order.now = cli_now();
    if (!status && order_check(a, &g.order, &r)) {
        complain_no_memory();
        status = EXIT_USAGE;
    }
    if (!status && r.unusable) {
        complain("--original: the CSR cannot be used, so there is nothing to compare with: %s", r.unusable);
        status = EXIT_USAGE;
    }
    if (!status)
        status = show_order(a, &g, &r);
    arena_free(a);
    return status;
}

static const struct command_option own[] = {
    {"csr", CSR, "F", WORDS_FILE, "the order's certificate signing request"},
    {"original", ORIGINAL, "F", WORDS_FILE, "the CSR of the order that it duplicates"},
    {"original-common-name", ORIGINAL_COMMON_NAME, "NAME", NULL,
     "that of the original, where its CSR is not at hand"},
    {"original-san", ORIGINAL_SAN, "NAME", NULL, "a name of the original; may be repeated"},
    {"note", NOTE, "F", WORDS_FILE, "a file with the order's note"},
    {"san", SAN, "NAME", NULL, "a name of the order, the same as an argument; may be repeated"},
    {"domain", SAN, "NAME", NULL, "the same"},
    {"common-name", COMMON_NAME, "CN", NULL, "the order's common name"},
    {"org", ORG, "O", NULL, "the organization"},
    {"org-unit", ORG_UNIT, "OU", NULL, "its unit; may be repeated"},
    {"address", ADDRESS, "LINE", NULL, "a line of its address; may be repeated"},
    {"email", EMAIL, "A", NULL, "an email address; may be repeated"},
    {"product", PRODUCT, "P", PRODUCTS, "tls, client, code-signing, safenet-cc or safenet-fips"},
    {"method", METHOD, "M", "email phone " WORDS_METHOD, "how the names are to be validated"},
    {"token", TOKEN, "V", NULL, "the random value"},
    {"now", NOW, "TIME", NULL, "as if at this time"},
    {"probe", PROBE, NULL, NULL, "then check the names, too"},
    ROW_CONFIG,
    ROW_FORMAT_LISTS,
    ROW_JSON,
    {0}};

const struct command command_preflight = {
    "preflight",
    cmd_preflight,
    "[--csr F] [NAME…] [options]",
    "check an order's inputs before it is placed",
    "Checks an order's inputs before it is placed, and asks nobody; --probe then checks its names, too.",
    own,
    NULL,
    NULL,
    {"dcvprobe preflight --csr shop.csr --email admin@example.com",
     "dcvprobe preflight shop.example.com --probe"}};
