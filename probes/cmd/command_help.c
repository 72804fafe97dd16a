/* command_help.c - the overview of dcvprobe, and the help of one command. */
#include "cmd/command.h"

#include "cmd/cli.h"
#include "show/render_wrap.h"

#include <string.h>

enum { COLUMN = 25 };

void command_overview(struct buf *b)
{
    buf_puts(b, "dcvprobe says why a certificate authority refuses a domain, and what to change.\n\n"
                "Usage: dcvprobe COMMAND [ARGUMENT…] [options]\n");
    for (size_t i = 0; commands[i]; i++)
        buf_printf(b, "  %-9s  %s\n", commands[i]->name, commands[i]->does);
    buf_puts(b, "\ndcvprobe check shop.example.com --token VALUE is the way to begin.\n"
                "dcvprobe help COMMAND, or -h behind it, has its options and examples.\n");
}

/* What is typed, and beside or below it what it does. */
static void entry(struct buf *b, const char *left, const char *text, unsigned width)
{
    static const char margin[] = "                         ";
    size_t n = strlen(left) + 2;
    buf_printf(b, "  %s%s", left, n + 1 < COLUMN ? "" : "\n");
    buf_printf(b, "%*s", (int)(n + 1 < COLUMN ? COLUMN - n : COLUMN), "");
    render_wrap(b, text, margin, COLUMN, width);
}

static void option_entry(struct buf *b, const char *name, const char *argument, const char *help,
                         unsigned width)
{
    struct buf left = {0};
    buf_printf(&left, "%s--%s%s%s", strcmp(name, "verbose") ? "" : "-v, ", name, argument ? " " : "",
               argument ? argument : "");
    entry(b, left.p ? left.p : "", help, width);
    b->failed = b->failed || left.failed;
    buf_free(&left);
}

static void usage(struct buf *b, const struct command *c, unsigned width)
{
    const char *before = "Usage: ", *form = c->usage;
    for (;;) {
        size_t n = strcspn(form, "\n");
        struct buf one = {0};
        buf_add(&one, form, n);
        buf_printf(b, "%sdcvprobe %s%s", before, c->name, n ? " " : "");
        render_wrap(b, one.p && n ? one.p : "", "         ", strlen("Usage: dcvprobe  ") + strlen(c->name),
                    width);
        buf_free(&one);
        if (!form[n])
            return;
        form += n + 1;
        before = "       ";
    }
}

void command_help(struct buf *b, const struct command *c, unsigned width)
{
    usage(b, c, width);
    buf_puts(b, "\n");
    render_wrap(b, *c->help ? c->help : c->does, "", 0, width);
    size_t n;
    const struct request_field *f = request_fields(&n);
    bool titled = false;
    for (size_t i = 0; c->fields && i < n; i++) {
        if (!command_takes(c, &f[i]))
            continue;
        if (!titled)
            buf_puts(b, "\nOptions that describe the request:\n");
        titled = true;
        option_entry(b, f[i].option, f[i].argument, f[i].help, width);
    }
    buf_printf(b, "\n%s:\n", titled ? "Other options" : "Options");
    for (const struct command_option *o = c->options; o && o->name; o++)
        option_entry(b, o->name, o->argument, o->help, width);
    for (const struct command_option *o = command_common; o->name; o++)
        option_entry(b, o->name, o->argument, o->help, width);
    buf_puts(b, "\nExamples:\n");
    for (size_t i = 0; i < 2 && c->example[i]; i++)
        buf_printf(b, "  %s\n", c->example[i]);
}
