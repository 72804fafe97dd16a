/* dcvprobe.c - the command for support staff: a table of sub-commands and the help. */
#include "cmd/cli.h"
#include "cmd/plugin.h"
#include "observe/recursive_files.h"
#include "run/conf.h"
#include "run/suffix_file.h"
#include "show/render_wrap.h"
#include "wire/suffixes.h"

#include <stdlib.h>
#include <string.h>

static int cmd_help(int argc, char **argv);
static int run_command(int argc, char **argv);

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *arguments, *does;
} commands[] = {
    {"check", cmd_check, "DOMAIN… [options]", "reproduce the CA's checks here and now"},
    {"caa", cmd_caa, "DOMAIN… [options]",
     "check --method caa, and how the verdict follows: the search, the set, each record"},
    {"batch", cmd_batch, "FILE|- [options]",
     "check every line of CSV (domain,method,token) or NDJSON of requests; prints one report on each line"},
    {"preflight", cmd_preflight, "[--csr F] [NAME…] [--probe] [options]",
     "check an order's inputs before it is placed; --probe checks its names too"},
    {"explain", cmd_explain, "TEXT… | FILE | - [--domain NAME] [--run [options]]",
     "what an error means: a code, an API's answer, a log line, a message, a cause, whatever holds one; --run: also "
     "check its domain"},
    {"codes", cmd_codes, "[--json]", "the catalogue of the API's error codes"},
    {"causes", cmd_causes, "[ID…] [--json]", "the catalogue of root causes, or some of them"},
    {"token", cmd_token,
     "--auth-key-file F --csr F [--timestamp T] | --persist DOMAIN --account-uri U [--wildcard] [--until DATE]",
     "compute a request token; --persist: the record of dns-persist to publish"},
    {"replay", cmd_replay, "FILE | --all FILE|DIR…",
     "judge saved evidence again, offline; --all: say which reports today's rules would change"},
    {"submit", cmd_submit, "DOMAIN… [options] | --batch FILE|-", "give checks to the daemon; prints their ids"},
    {"show", cmd_show, "ID… [--wait S] [options]", "show reports of the daemon, as check shows its own"},
    {"list", cmd_list, "[--domain D] [--code C] [--verdict V] [options]",
     "the checks in the daemon's store, newest first"},
    {"stats", cmd_stats, "[--since T] [--until T] [--json]",
     "how often the daemon gave each verdict, code and cause"},
    {"watch", cmd_watch, "DOMAIN…|ID… [--interval S|ca] [--until pass|forever] [options]",
     "let the daemon repeat a check, and print what changes; --delete ID… ends watches"},
    {"help", cmd_help, "", "this text"},
};
enum { N_COMMANDS = sizeof commands / sizeof *commands };

/* Adds one entry of the help: what is typed, and beside or below it what it does. */
static void entry(struct buf *b, const char *left, const char *text)
{
    enum { COLUMN = 31, WIDTH = 80 };
    static const char margin[] = "                               ";
    size_t n = strlen(left) + 2;
    buf_printf(b, "  %s%s", left, n + 1 < COLUMN ? "" : "\n");
    buf_printf(b, "%*s", (int)(n + 1 < COLUMN ? COLUMN - n : COLUMN), "");
    render_wrap(b, text, margin, COLUMN, WIDTH);
}

static void field_help(struct buf *b, struct arena *a)
{
    size_t n;
    const struct request_field *f = request_fields(&n);
    for (size_t i = 0; i < n; i++) {
        if (!strcmp(f[i].name, "domain"))
            continue;
        char *left = arena_printf(a, "--%s %s", f[i].option, f[i].argument);
        entry(b, left ? left : "", f[i].help);
    }
}

/* The other options; a row without .does is a heading. */
static const struct {
    const char *option, *does;
} rows[] = {
    {"Options of check, replay and show:", NULL},
    {"--format F", "text (default), json, ndjson, nagios; for reports also fix: the records to add, as zone-file "
                   "lines, and what to type into a web panel; nsupdate: the same change as a script for nsupdate(1)"},
    {"--json", "the same as --format json"},
    {"-v, --verbose", "text: all evidence, with the command that reproduces it"},
    {"--redact", "JSON: leave random values out"},
    {"--save FILE", "check, show: write request, evidence and report; replay reads it"},
    {"--config FILE", "check, batch, explain --run, preflight: for what the command line does not name ([checks], "
                      "[resolver], [fetch], [ca], [targets]; " CONF_FILE ")"},
    {"--trust-anchor FILE", "check --resolver recursive: the root's keys (" RECURSIVE_ANCHOR ")"},
    {"--root-hints FILE", "check --resolver recursive: the root's name servers (the public ones)"},
    {"--batch FILE|-", "submit: CSV or NDJSON of requests, as batch reads it"},
    {"--socket PATH", "submit, show, list, stats, watch: the daemon's socket"},
    {"--wait S", "show: wait for checks that have not ended"},
    {"Options of batch: those of check, for lines that do not name them; also", NULL},
    {"--redact", "leave random values out"},
    {"--in-flight N", "checks under way at a time ([checks] in_flight)"},
    {"--resume FILE", "write to FILE, without checks that it already has a report of"},
    {"--no-evidence", "leave the evidence out of the reports"},
    {"Options of token:", NULL},
    {"--persist DOMAIN",
     "the record of dns-persist to publish; with --account-uri, --account-thumbprint, --issuer, --adn, --json"},
    {"--wildcard, --until DATE", "token --persist: also for wildcard names and names below; the end of the record"},
    {"Options of list (stats takes the times, too):", NULL},
    {"--domain D, --code C, …",
     "--detail-code C, --cause C, --verdict V, --method M: checks with a report that meets all"},
    {"--since T, --until T", "times or dates: when a check was submitted"},
    {"--batch ID", "checks of this batch"},
    {"--limit N", "at most so many checks (50); 0: all"},
    {"Options of explain:", NULL},
    {"--domain NAME", "the domain that the error is about, where the text does not tell it"},
    {"--run", "then checks it, with the options of check; asks on a terminal for what is missing"},
    {"--json", "as above"},
    {"Options of watch:", NULL},
    {"--interval S", "seconds from 10 to 86400 between checks; or ca, the default: as often as the CA asks"},
    {"--until pass|forever", "when the watch ends (pass)"},
    {"--delete", "end these watches; only with ids"},
    {"--format F", "text (default) or ndjson: the daemon's events"},
    {"Options of preflight:", NULL},
    {"--csr F, --original F", "the order's CSR, and that of the order that it duplicates"},
    {"--san NAME, …", "--common-name CN, --org O, --org-unit OU, --address A, --email A, --note F: the order's "
                      "other fields"},
    {"--product P", "tls, client, code-signing, safenet-cc or safenet-fips"},
    {"--method M, --token V", "how the names are to be validated"},
    {"--config F, --now TIME, --json", "as above"},
    {"--probe", "then checks the names, too"},
};

static int cmd_help(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    struct buf b = {0};
    struct arena *a = arena_new(0);
    if (!a)
        return EXIT_USAGE;
    buf_puts(&b,
             "dcvprobe says why a certificate authority refuses a domain, and what to change.\n\nUsage:\n");
    for (size_t i = 0; i < N_COMMANDS; i++) {
        buf_printf(&b, "  dcvprobe %s", commands[i].name);
        buf_puts(&b, *commands[i].arguments ? " " : "");
        render_wrap(&b, commands[i].arguments, "    ", strlen("  dcvprobe  ") + strlen(commands[i].name), 80);
        buf_puts(&b, "      ");
        render_wrap(&b, commands[i].does, "      ", 6, 80);
    }
    buf_puts(&b, "\nOptions of check, batch, submit and watch that describe the request:\n");
    field_help(&b, a);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].does)
            entry(&b, rows[i].option, rows[i].does);
        else
            buf_printf(&b, "\n%s\n", rows[i].option);
    buf_puts(&b, "\n");
    render_wrap(
        &b,
        "Exit status: 0 all pass, 1 a check fails, 2 usage or configuration, 3 none fails and at least one "
        "is undecided. With --format nagios: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.",
        "", 0, 80);
    arena_free(a);
    return cli_flush(&b);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        cmd_help(0, NULL);
        return EXIT_USAGE;
    }
    suffix_file_use(NULL, NULL, NULL);
    if (!strcmp(argv[1], "--version")) {
        printf("dcvprobe %s (public suffix list of %s)\n", DCVD_VERSION, suffixes_in_use()->date);
        return EXIT_PASS;
    }
    return plugin_wanted(argc, argv) ? plugin_run(run_command, argc, argv) : run_command(argc, argv);
}

static int run_command(int argc, char **argv)
{
    const char *wanted = !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ? "help" : argv[1];
    for (int i = 2; i < argc && strcmp(argv[i], "--"); i++)
        if (!strcmp(argv[i], "--help"))
            wanted = "help";
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (!strcmp(wanted, commands[i].name))
            return commands[i].run(argc - 1, argv + 1);
    complain("'%s' is not a sub-command; dcvprobe help lists them", wanted);
    return EXIT_USAGE;
}
