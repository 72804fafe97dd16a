/* command.h - the sub-commands of dcvprobe as data, and what follows from it: options are read, explained and completed
 * from one table.
 *
 * Each cmd_*.c has the table of its command. main() names the one that runs with command_begin(); the others below are
 * about that one. All is constant, one thread. Header of command.c and command_*.c. */
#ifndef DCV_COMMAND_H
#define DCV_COMMAND_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* What completes an argument: NULL nothing; words with blanks between; or a kind of things. */
#define WORDS_FILE "@file"
#define WORDS_CODE "@code"
#define WORDS_CAUSE "@cause"
#define WORDS_METHOD "@method"
#define WORDS_CHECK "@check" /* ids of checks, which the daemon is asked for */
#define WORDS_BATCH "@batch"
#define WORDS_WATCH "@watch"
#define WORDS_COMMAND "@command"

struct command_option {
    const char *name; /* without "--" */
    int id;           /* that command_option_next() returns */
    const char *argument; /* "FILE"; NULL: it has none */
    const char *words, *help;
};

struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *usage; /* what follows the name; several forms with line feeds between */
    const char *does;  /* in a few words */
    const char *help;  /* what else there is to know; may be "" */
    const struct command_option *options; /* up to one without a name */
    const char *const *fields; /* the fields of a request that are its options, up to NULL; NULL: none */
    const char *words;         /* what completes its arguments */
    const char *example[2];
};
extern const char *const command_all_fields[]; /* for .fields: all of them */

/* The commands in the order of the overview, up to NULL. */
extern const struct command *const commands[];
const struct command *command_find(const char *name);

struct request_field;
/* Whether the command has an option for the field; the domain is an argument. */
bool command_takes(const struct command *c, const struct request_field *f);
/* What completes the value of a field of a request, or "". */
const char *command_field_words(const struct request_field *f);
extern const struct command_option command_common[]; /* the options of every command */

void command_begin(const struct command *c);
const struct command *command_running(void); /* NULL before command_begin() */
/* As getopt_long(): the id of the next option, OPT_FIELD + n for that of a field, or -1 where arguments begin; '?'
 * where the option is wrong, which was printed. Handles those that every command has, and does not return from
 * --help. */
int command_option_next(int argc, char **argv);

/* The overview: one screen. */
void command_overview(struct buf *b);
/* What `dcvprobe help NAME` prints. */
void command_help(struct buf *b, const struct command *c, unsigned width);
/* Prints what is wrong with the arguments, and the way to the help. Returns EXIT_USAGE. */
int command_misused(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Says that there is no such command. Returns EXIT_USAGE. */
int command_unknown(const char *name);
/* "; did you mean X?" for a text that is near one of the words (see above; of the kinds, methods only), else "". In a
 * static buffer. */
const char *command_meant(const char *text, const char *words);
/* The first argument by which the shells ask for completion. */
#define COMMAND_COMPLETE "__complete"
/* Prints what may stand in the place of the last of n words of a command line, with the help behind a tab; what
 * begins otherwise is left to the shell. */
int command_complete(size_t n, char **words);

#endif
