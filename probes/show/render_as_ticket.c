/* render_as_ticket.c - a domain as Markdown, for a colleague. */
#include "show/render_as.h"

#include "show/render_domain.h"
#include "show/render_wrap.h"
#include "show/summary.h"

#include <string.h>

enum { NAME_SHOWN = 300, WIDTH = 100 };

/* Text in which nothing has a meaning to Markdown or HTML. */
static void plain(struct buf *b, struct arena *a, const char *text)
{
    for (const char *p = render_safe(a, text, SIZE_MAX); *p; p++) {
        if (*p == '<')
            buf_puts(b, "&lt;");
        else if (*p == '&')
            buf_puts(b, "&amp;");
        else if (strchr("\\`*_[]#|~>!$@", *p))
            buf_printf(b, "\\%c", *p);
        else
            buf_add(b, p, 1);
    }
}

/* A block that ends only where this ends it: its fence is longer than any run of backquotes within. */
static void block(struct buf *b, const char *text, size_t n)
{
    size_t longest = 2, run = 0;
    for (size_t i = 0; i < n; i++) {
        run = text[i] == '`' ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    for (size_t i = 0; i <= longest; i++)
        buf_puts(b, "`");
    buf_puts(b, "text\n");
    buf_add(b, text, n);
    for (size_t i = 0; i <= longest; i++)
        buf_puts(b, "`");
    buf_puts(b, "\n");
}

static void row(struct buf *b, struct arena *a, const char *label, const char *value)
{
    if (!*value)
        return;
    buf_printf(b, "| %s | ", label);
    plain(b, a, value);
    buf_puts(b, " |\n");
}

static void ticket(struct buf *b, struct arena *a, const struct domain *d, const struct render *how)
{
    struct summary s = summary_of(a, d);
    struct render whole = {.width = WIDTH, .verbose = how->verbose, .moment = how->moment};
    struct buf text = {0};
    buf_printf(b, "## %s: ",
               s.verdict == VERDICT_PASS   ? "PASS"
               : s.verdict == VERDICT_FAIL ? "FAIL"
                                           : "UNDECIDED");
    plain(b, a, render_safe(a, d->r[0]->request->input, NAME_SHOWN));
    buf_puts(b, "\n\n");
    if (*s.words.text) {
        plain(b, a, s.words.text);
        buf_puts(b, "\n\n");
    }
    buf_puts(b, "| | |\n|---|---|\n");
    row(b, a, "method", s.r ? method_name(s.r->request->method) : "");
    row(b, a, "code", s.words.code);
    row(b, a, "detail code", s.words.detail_code);
    row(b, a, "cause", s.words.cause);
    row(b, a, "who acts", s.words.who_acts);
    row(b, a, "cure", s.words.cure);
    row(b, a, "made", render_made(a, d->r[0], how));
    buf_puts(b, "\n");
    render_domain(&text, a, d, &whole);
    block(b, text.p ? text.p : "", text.n);
    b->failed = b->failed || text.failed;
    buf_free(&text);
}

void render_as_ticket(struct buf *b, struct arena *a, const struct domain *d, size_t n,
                      const struct render *how)
{
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_puts(b, "\n");
        ticket(b, a, &d[i], how);
    }
}
