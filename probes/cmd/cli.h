/* cli.h - what the sub-commands of dcvprobe share: options, files, output and exit status. No objects; one thread.
 *
 * Data goes to standard output, everything else to standard error; "printed" below means a line on standard error. Each
 * sub-command is one function that gets its own argv (argv[0] is its name) and returns the exit status.
 * Header of cli.c and cmd_*.c. */
#ifndef DCV_CLI_H
#define DCV_CLI_H

#include "format/json_write.h"
#include "format/request_files.h"
#include "show/render.h"

#include "cmd/command.h"

#include <getopt.h>
#include <stdio.h>

/* Exit status: that of the worst domain, see exit_status(). */
enum { EXIT_PASS = 0, EXIT_FAIL = 1, EXIT_USAGE = 2, EXIT_UNDECIDED = 3 };

#define CLI_FORMATS(X)                                                                                       \
    X(FORMAT_TEXT, "text")                                                                                   \
    X(FORMAT_JSON, "json")                                                                                   \
    X(FORMAT_NDJSON, "ndjson")                                                                               \
    X(FORMAT_BRIEF, "brief")                                                                                 \
    X(FORMAT_CSV, "csv")                                                                                     \
    X(FORMAT_HTML, "html")                                                                                   \
    X(FORMAT_MAIL, "mail")                                                                                   \
    X(FORMAT_TICKET, "ticket")                                                                               \
    X(FORMAT_NAGIOS, "nagios")                                                                               \
    X(FORMAT_FIX, "fix")                                                                                     \
    X(FORMAT_NSUPDATE, "nsupdate")
enum format { CLI_FORMATS(DCV_MEMBER) };

/* How reports are shown. */
struct output {
    enum format format;
    bool verbose, derivation;
    unsigned flags; /* JSON_REDACT */
};

/* ---- options: those of the sub-command, then those of request_fields(), which describe a request. */
enum {
    OPT_FIELD = 0x10000,
    OPT_FORMAT = 0x1000,
    OPT_JSON,
    OPT_VERBOSE,
    OPT_REDACT,
    OPT_SAVE,
    OPT_CONFIG,
    OPT_SOCKET,
    OPT_BATCH,
    OPT_WAIT,
    OPT_TIMESTAMP,
    OPT_TRUST_ANCHOR,
    OPT_ROOT_HINTS,
    OPT_IN_FLIGHT,
    OPT_RESUME,
    OPT_NO_EVIDENCE,
    OPT_RUN,
    OPT_DOMAIN,
    OPT_ALL,
    OPT_AUTH_KEY,
    OPT_AUTH_KEY_NAME,
    OPT_CSR,
    OPT_PERSIST,
    OPT_WILDCARD,
    OPT_END,
    OPT_DELETE,
    OPT_FILE,
    OPT_SINCE,
    OPT_SUMMARY,
    OPT_INTERVAL,
    OPT_WHEN,
    OPT_COLOR,
    OPT_HELP,
    OPT_OWN = 0x2000 /* and above: a sub-command's own */
};

#define FORMATS_OF_REPORTS "text brief json ndjson csv nagios html mail ticket fix nsupdate"
#define FORMATS_OF_LISTS "text json ndjson"
/* Rows of the tables of options. */
#define ROW_FORMAT(words, help) {"format", OPT_FORMAT, "F", words, help}
#define ROW_FORMAT_REPORTS                                                                                   \
    ROW_FORMAT(FORMATS_OF_REPORTS,                                                                           \
               "text, the default; brief: a line a domain; json, ndjson, csv, nagios; html: one file to "    \
               "send or print; mail: for the customer; ticket: Markdown for a colleague; fix: the records "  \
               "to add; nsupdate: the same as a script for nsupdate(1)")
#define ROW_FORMAT_LISTS ROW_FORMAT(FORMATS_OF_LISTS, "text, the default, json or ndjson")
#define ROW_JSON {"json", OPT_JSON, NULL, NULL, "the same as --format json"}
#define ROW_VERBOSE                                                                                          \
    {"verbose", OPT_VERBOSE, NULL, NULL, "all of it: every proof, cure and piece of evidence, with the "     \
                                         "command that reproduces it"}
#define ROW_REDACT {"redact", OPT_REDACT, NULL, NULL, "leave random values out"}
#define ROW_SAVE {"save", OPT_SAVE, "FILE", WORDS_FILE, "write request, evidence and report; replay reads it"}
#define ROW_SOCKET {"socket", OPT_SOCKET, "PATH", WORDS_FILE, "the daemon's socket"}

/* Adds the value of a field (opt >= OPT_FIELD) to list; reads the file where the option names one. False: the error was
 * printed. */
bool cli_given(struct arena *a, struct given_list *list, int opt, const char *value);
/* Handles OPT_FORMAT, OPT_JSON, OPT_VERBOSE and its short form 'v', OPT_REDACT. -1: another option; 0: done;
 * EXIT_USAGE: the error was printed. */
int cli_output_option(struct output *o, int opt, const char *value);

/* Prints why a request is refused: rc -EINVAL with *e, or another negative errno. Returns EXIT_USAGE. */
int cli_refuse(struct arena *a, int rc, const struct input_error *e);
struct conf;
/* Makes a request from a domain and the given fields, with the key that it names. a: the arena of conf. conf NULL: the
 * daemon will read it, with its own profile and keys. EXIT_USAGE: it is refused, and the reason was printed. */
int cli_request(struct arena *a, const char *domain, const struct given_list *given,
                const struct conf *conf, dcv_time now, struct request *ret);

/* ---- files and the clock */
/* Reads a whole file, or standard input for "-", at most 64 MiB. False: the error was printed with the name of the
 * option. */
bool cli_read(struct arena *a, const char *option, const char *path, const char **ret, size_t *len);
/* Whether the content of a file can be the AuthKey or the CSR that it is given as. False: the error was printed. */
bool cli_fits(struct arena *a, const char *option, const char *path, enum token_file kind, const char *text,
              size_t len);
dcv_time cli_now(void);

/* ---- output */
void complain(const char *fmt, ...)
    __attribute__((format(printf, 1, 2))); /* "dcvprobe COMMAND: …\n" to standard error */
void complain_no_memory(void);
unsigned cli_width(void); /* columns of standard output; 0: it is not a terminal */
unsigned cli_page_width(void); /* columns for prose: the terminal's, from 60 to 120; 80 where there is none */
/* Whether standard output gets colours: as --color says, else on a terminal unless NO_COLOR is set or TERM is dumb. */
bool cli_color(void);
bool cli_color_set(const char *when); /* the value of --color; false: the error was printed */
struct render cli_render(const struct output *o); /* how texts are shown on standard output */
int cli_flush(struct buf *b); /* writes b to standard output and frees it; EXIT_USAGE: it failed */
int exit_of_verdict(enum verdict v);
/* That of the worst domain, see judge/domain.h. EXIT_USAGE: there is no memory, which was printed. */
int exit_status(const struct report *const *r, size_t n);
/* Writes the members "domains" and "reports" of a document. */
void cli_reports(struct json_out *j, struct arena *a, const struct output *o, const struct report *const *r,
                 size_t n);
/* Whether cli_show() has shown a plugin's line. */
bool cli_plugin_spoke(void);
/* Shows reports in the format of o. Returns the exit status; for nagios that of a plugin. */
int cli_show(const struct output *o, const struct report *const *r, size_t n);
/* Writes case files: one as an indented JSON document, several as one line each. EXIT_USAGE: the error was printed. */
int cli_save(const char *path, const struct report *const *r, size_t n, unsigned flags);

#endif
