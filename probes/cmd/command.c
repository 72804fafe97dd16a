#include "cmd/command.h"

#include "base/text.h"
#include "cmd/cli.h"

#include <stdlib.h>
#include <string.h>

enum { OPTIONS_MOST = 80 };

static const struct command *running;
static struct option table[OPTIONS_MOST + 1];

const char *const command_all_fields[] = {NULL};

/* Those of every command. */
const struct command_option command_common[] = {
    {"color", OPT_COLOR, "WHEN", "auto always never",
     "auto (a terminal only, and not with NO_COLOR), always or never"},
    {"help", OPT_HELP, NULL, NULL, "this text; also -h"},
    {0}};

const struct command *command_find(const char *name)
{
    for (size_t i = 0; commands[i]; i++)
        if (!strcmp(commands[i]->name, name))
            return commands[i];
    return NULL;
}

const struct command *command_running(void)
{
    return running;
}

bool command_takes(const struct command *c, const struct request_field *f)
{
    if (!c->fields || !strcmp(f->name, "domain"))
        return false;
    if (c->fields == command_all_fields)
        return true;
    for (size_t i = 0; c->fields[i]; i++)
        if (!strcmp(c->fields[i], f->name))
            return true;
    return false;
}

static bool has(const struct command *c, int id)
{
    for (const struct command_option *o = c->options; o && o->name; o++)
        if (o->id == id)
            return true;
    return false;
}

/* ---------------------------------------------------------------- reading ---------------------------- */

static size_t add_rows(size_t n, const struct command_option *o)
{
    for (; o && o->name && n < OPTIONS_MOST; o++)
        table[n++] = (struct option){o->name, o->argument ? required_argument : no_argument, NULL, o->id};
    return n;
}

void command_begin(const struct command *c)
{
    size_t n = add_rows(0, c->options), n_fields;
    const struct request_field *f = request_fields(&n_fields);
    for (size_t i = 0; i < n_fields && n < OPTIONS_MOST; i++)
        if (command_takes(c, &f[i]))
            table[n++] = (struct option){f[i].option, required_argument, NULL, OPT_FIELD + (int)i};
    n = add_rows(n, command_common);
    table[n] = (struct option){0};
    running = c;
    opterr = 0;
}

int command_misused(const char *fmt, ...)
{
    va_list ap;
    struct arena *a = arena_new(0);
    va_start(ap, fmt);
    const char *text = a ? arena_vprintf(a, fmt, ap) : NULL;
    va_end(ap);
    if (running)
        complain("%s\n  dcvprobe help %s has its options and examples", text ? text : OUT_OF_MEMORY,
                 running->name);
    else
        complain("%s\n  dcvprobe help lists the commands", text ? text : OUT_OF_MEMORY);
    arena_free(a);
    return EXIT_USAGE;
}

static const char *meant_text(const char *meant, const char *before)
{
    static char text[120];
    if (!meant)
        return "";
    snprintf(text, sizeof text, "; did you mean %s%s?", before, meant);
    return text;
}

const char *command_meant(const char *text, const char *words)
{
    const char *v[64];
    size_t n = 0;
    char *copy = strdup(words), *rest = copy;
    for (char *word; copy && n < 64 && (word = strtok_r(NULL, " ", &rest));)
        if (strcmp(word, WORDS_METHOD) != 0)
            v[n++] = word;
    for (unsigned m = 0; strstr(words, WORDS_METHOD) && m < METHOD_COUNT && n < 64; m++)
        v[n++] = method_name((enum method)m);
    const char *said = meant_text(copy ? text_meant(text, v, n) : NULL, "");
    free(copy);
    return said;
}

int command_unknown(const char *name)
{
    const char *v[64];
    size_t n = 0;
    struct arena *a = arena_new(0);
    for (; n < 64 && commands[n]; n++)
        v[n] = commands[n]->name;
    running = NULL;
    command_misused("there is no command '%s'%s", a ? text_escape(a, name, strlen(name), 60) : "",
                    meant_text(text_meant(name, v, n), ""));
    arena_free(a);
    return EXIT_USAGE;
}

/* What getopt_long() found wrong. word: the argument at which it stopped. */
static void refuse(const char *word, bool missing)
{
    const char *v[OPTIONS_MOST];
    size_t n = 0, length = strcspn(word, "=");
    struct arena *a = arena_new(0);
    const char *shown = a ? text_escape(a, word, length, 60) : NULL;
    const char *name = shown ? shown + 2 * !strncmp(word, "--", 2) : "";
    const struct option *known = NULL;
    for (; table[n].name; n++) {
        v[n] = table[n].name;
        known = missing && optopt == table[n].val ? &table[n] : known;
    }
    const char *prefixed = NULL;
    size_t alike = 0;
    for (size_t i = 0; i < n && !missing; i++)
        if (!strncmp(v[i], name, strlen(name))) {
            prefixed = arena_printf(a, "%s '--%s'", prefixed ? prefixed : "", v[i]);
            alike++;
        }
    if (known)
        command_misused("--%s: its value is missing; expected --%s VALUE", known->name, known->name);
    else if (alike > 1 && prefixed)
        command_misused("%s is the beginning of several options:%s", shown, prefixed);
    else if (alike == 1 && word[length] == '=')
        command_misused("--%s takes no value", name);
    else
        command_misused("there is no option %s%s", shown ? shown : "",
                        meant_text(text_meant(name, v, n), "--"));
    arena_free(a);
}

static void help_and_end(void)
{
    struct buf b = {0};
    command_help(&b, running, cli_page_width());
    exit(cli_flush(&b));
}

int command_option_next(int argc, char **argv)
{
    for (;;) {
        int at = optind ? optind : 1;
        int opt = getopt_long(argc, argv, has(running, OPT_VERBOSE) ? ":hv" : ":h", table, NULL);
        if (opt == 'h' || opt == OPT_HELP)
            help_and_end();
        if (opt == OPT_COLOR && cli_color_set(optarg))
            continue;
        if (opt == OPT_COLOR)
            return '?';
        if (opt != '?' && opt != ':')
            return opt;
        bool letter = optopt > 0 && optopt < 0x100;
        char one[3] = {'-', (char)optopt, 0};
        refuse(letter ? one : argv[optind > at ? optind - 1 : at], opt == ':');
        return '?';
    }
}
