/* command_complete.c - what may stand next on a command line: the completions of the shells ask for it. */
#include "cmd/command.h"

#include "cmd/cli.h"
#include "cmd/client.h"

#include <string.h>
#include <unistd.h>

/* One line: a word, and behind a tab what it is. */
static void offer(struct buf *b, const char *begun, const char *before, const char *word, const char *help)
{
    size_t n = strlen(before), length = strlen(begun);
    if (strncmp(begun, before, length < n ? length : n) ||
        (length > n && strncmp(begun + n, word, length - n)))
        return;
    buf_printf(b, "%s%s\t%.*s\n", before, word, (int)strcspn(help, ";\n"), help);
}

static void codes(struct buf *b, const char *begun)
{
    for (enum code c = 1; code_info(c); c++) {
        char stem[80];
        snprintf(stem, sizeof stem, "%.*s", (int)strcspn(code_info(c)->code, "|:<"), code_info(c)->code);
        bool said = false;
        for (enum code k = 1; k < c && !said; k++)
            said = strcspn(code_info(k)->code, "|:<") == strlen(stem) &&
                   !strncmp(code_info(k)->code, stem, strlen(stem));
        if (!said)
            offer(b, begun, "", stem, code_info(c)->message);
    }
}

/* The newest of a list that the daemon keeps; nothing where it does not answer. */
static void ids(struct buf *b, const char *begun, const char *path, const char *list)
{
    const char *socket = CLIENT_SOCKET;
    struct client *c = access(socket, W_OK) ? NULL : client_new(socket);
    json_t *root = c ? client_get(c, path, NULL, 0, 0) : NULL, *one;
    size_t i;
    json_array_foreach(json_object_get(root, list), i, one)
    {
        const char *id = json_string_value(json_object_get(one, "id"));
        const char *domain = json_string_value(json_object_get(one, "domain"));
        if (id && strspn(id, "0123456789abcdef") == strlen(id))
            offer(b, begun, "", id, domain && !domain[strcspn(domain, "\t\n\x1b")] ? domain : "");
    }
    json_decref(root);
    client_free(c);
}

/* A kind of words, or a word. before: those of a list that stand before it, as in dns-txt-token,caa. */
static void offer_kind(struct buf *b, const char *begun, const char *kind)
{
    if (!strcmp(kind, WORDS_FILE))
        buf_puts(b, ":files\n");
    else if (!strcmp(kind, WORDS_CODE))
        codes(b, begun);
    else if (!strcmp(kind, WORDS_CHECK))
        ids(b, begun, "/v1/checks", "checks");
    else if (!strcmp(kind, WORDS_BATCH))
        ids(b, begun, "/v1/batches", "batches");
    else if (!strcmp(kind, WORDS_WATCH))
        ids(b, begun, "/v1/watches", "watches");
    else if (*kind != '@')
        offer(b, begun, "", kind, "");
    for (enum cause c = 1; !strcmp(kind, WORDS_CAUSE) && cause_info(c); c++)
        offer(b, begun, "", cause_info(c)->id, cause_info(c)->summary);
    for (size_t i = 0; !strcmp(kind, WORDS_COMMAND) && commands[i]; i++)
        offer(b, begun, "", commands[i]->name, commands[i]->does);
    const char *comma = strrchr(begun, ',');
    char before[200];
    snprintf(before, sizeof before, "%.*s", comma ? (int)(comma + 1 - begun) : 0, begun);
    for (unsigned m = 0; !strcmp(kind, WORDS_METHOD) && m < METHOD_COUNT; m++)
        offer(b, begun, before, method_name((enum method)m), "");
}

static void offer_all(struct buf *b, const char *begun, const char *words)
{
    char kind[40];
    for (const char *p = words ? words : ""; *p; p += strspn(p, " ")) {
        snprintf(kind, sizeof kind, "%.*s", (int)strcspn(p, " "), p);
        offer_kind(b, begun, kind);
        p += strcspn(p, " ");
    }
}

const char *command_field_words(const struct request_field *f)
{
#define WITH_BLANK(sym, text, ...) text " "
    static const struct {
        const char *name, *words;
    } known[] = {{"methods", WORDS_METHOD},
                 {"purpose", "" DCV_PURPOSES(WITH_BLANK)},
                 {"depth", "" DCV_DEPTHS(WITH_BLANK)},
                 {"resolver", RESOLVER_RECURSIVE_TEXT}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(f->name, known[i].name))
            return known[i].words;
    return f->kind == FIELD_BYTES ? WORDS_FILE : "";
}

/* The words for the value of an option. NULL: the command has no such option, or it has no value. */
static const char *words_of(const struct command *c, const char *option)
{
    size_t n;
    const struct request_field *f = request_fields(&n);
    const struct command_option *const lists[] = {c->options, command_common};
    for (size_t k = 0; k < 2; k++)
        for (const struct command_option *o = lists[k]; o && o->name; o++)
            if (!strcmp(o->name, option))
                return !o->argument ? NULL : o->words ? o->words : "";
    for (size_t i = 0; i < n; i++)
        if (command_takes(c, &f[i]) && !strcmp(f[i].option, option))
            return command_field_words(&f[i]);
    return NULL;
}

static void options(struct buf *b, const struct command *c, const char *begun)
{
    size_t n;
    const struct request_field *f = request_fields(&n);
    const struct command_option *const lists[] = {c->options, command_common};
    for (size_t i = 0; i < n; i++)
        if (command_takes(c, &f[i]))
            offer(b, begun, "--", f[i].option, f[i].help);
    for (size_t k = 0; k < 2; k++)
        for (const struct command_option *o = lists[k]; o && o->name; o++)
            offer(b, begun, "--", o->name, o->help);
}

static void next_word(struct buf *b, size_t n, char **words)
{
    const char *begun = words[n - 1];
    const struct command *c = n > 1 ? command_find(words[0]) : NULL;
    if (n == 1) {
        offer_kind(b, begun, WORDS_COMMAND);
        offer(b, begun, "--", "help", "this text");
        offer(b, begun, "--", "version", "which version this is");
        return;
    }
    if (!c)
        return;
    const char *before = words[n - 2], *sign = !strncmp(begun, "--", 2) ? strchr(begun, '=') : NULL;
    const char *value = n > 2 && !strncmp(before, "--", 2) ? words_of(c, before + 2) : NULL;
    if (sign) {
        char name[60], with[64];
        snprintf(name, sizeof name, "%.*s", (int)(sign - begun - 2), begun + 2);
        snprintf(with, sizeof with, ":value\t%.*s\n", (int)(sign + 1 - begun), begun);
        buf_puts(b, with);
        offer_all(b, sign + 1, words_of(c, name));
    } else if (value) {
        offer_all(b, begun, value);
    } else if (*begun == '-') {
        options(b, c, begun);
    } else {
        offer_all(b, begun, c->words);
    }
}

int command_complete(size_t n, char **words)
{
    struct buf b = {0};
    if (n)
        next_word(&b, n, words);
    return cli_flush(&b);
}
