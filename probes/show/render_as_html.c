/* render_as_html.c - domains as one HTML file, which names nothing that would be fetched. */
#include "show/render_as.h"

#include "show/render_domain.h"
#include "show/render_fix.h"
#include "show/render_wrap.h"
#include "show/summary.h"

#include <string.h>

enum { NAME_SHOWN = 300, WIDTH = 100 };

static const char head[] = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                           "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                           "style-src 'unsafe-inline'; form-action "
                           "'none'; base-uri 'none'\">\n"
                           "<meta name=\"referrer\" content=\"no-referrer\">\n";
static const char style[] =
    "<style>\n"
    ":root{color-scheme:light dark}\n"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem}\n"
    "h1{font-size:1.4rem;overflow-wrap:anywhere}h2{font-size:1.1rem;margin-top:1.5rem}\n"
    ".pass{color:#176b2c}.fail{color:#b3191b}.undecided{color:#8a5a00}\n"
    "@media (prefers-color-scheme:dark){.pass{color:#6fd48a}.fail{color:#ff8a85}.undecided{color:#f0b95a}}\n"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;border:1px solid #8888;border-radius:4px;padding:.75rem;"
    "font:14px/1.4 ui-monospace,monospace}\n"
    "th{text-align:left;padding-right:1.5rem;font-weight:normal;opacity:.8;vertical-align:top}"
    "td{overflow-wrap:anywhere}\n"
    "@media print{body{margin:0;max-width:none}details>*{display:block}section{break-inside:avoid}}\n"
    "</style>\n";

/* Text as text: controls are visible, and nothing in it is markup. */
static void put(struct buf *b, struct arena *a, const char *text)
{
    for (const char *p = render_safe(a, text, SIZE_MAX); *p; p++)
        switch (*p) {
        case '<':
            buf_puts(b, "&lt;");
            break;
        case '>':
            buf_puts(b, "&gt;");
            break;
        case '&':
            buf_puts(b, "&amp;");
            break;
        case '"':
            buf_puts(b, "&quot;");
            break;
        default:
            buf_add(b, p, 1);
        }
}

/* Lines that are escaped already, as the forms for a terminal are. */
static void pre(struct buf *b, struct arena *a, struct buf *text)
{
    buf_puts(b, "<pre>");
    for (char *p = text->p ? text->p : "", *end; *p; p = end + 1) {
        end = strchr(p, '\n');
        *end = '\0';
        put(b, a, p);
        buf_puts(b, "\n");
    }
    buf_puts(b, "</pre>\n");
    b->failed = b->failed || text->failed;
    buf_free(text);
}

static void row(struct buf *b, struct arena *a, const char *label, const char *value)
{
    if (!*value)
        return;
    buf_printf(b, "<tr><th scope=\"row\">%s</th><td>", label);
    put(b, a, value);
    buf_puts(b, "</td></tr>\n");
}

static void cure(struct buf *b, struct arena *a, const struct report *r)
{
    const struct finding *f = r->verdict != VERDICT_PASS && r->n_findings ? r->findings : NULL;
    struct buf text = {0};
    if (!f || !f->n_cures)
        return;
    buf_puts(b, "<h2>What to do");
    if (actor_words(f->who_acts)) {
        buf_puts(b, ", for ");
        put(b, a, actor_words(f->who_acts));
    }
    buf_puts(b, "</h2>\n");
    for (size_t i = 0; i < f->cures->breaks.n; i++) {
        buf_puts(b, i ? "<p>" : "<p>There is no cure here that breaks nothing. This one would: ");
        put(b, a, f->cures->breaks.v[i]);
        buf_puts(b, "</p>\n");
    }
    for (size_t i = 0; i < f->cures->n; i++)
        render_fix(&text, a, r->evidence, &f->cures->ops[i], 0, WIDTH, true);
    pre(b, a, &text);
    if (*f->cures->note) {
        buf_puts(b, "<p>");
        put(b, a, f->cures->note);
        buf_puts(b, "</p>\n");
    }
}

static void whole(struct buf *b, struct arena *a, const struct domain *d, const struct render *how,
                  bool verbose, const char *title)
{
    struct render all = {.width = WIDTH, .verbose = verbose, .moment = how->moment};
    struct buf text = {0};
    render_domain(&text, a, d, &all);
    buf_printf(b, "<details%s>\n<summary>%s</summary>\n", verbose ? "" : " open", title);
    pre(b, a, &text);
    buf_puts(b, "</details>\n");
}

static void section(struct buf *b, struct arena *a, const struct domain *d, const struct render *how)
{
    struct summary s = summary_of(a, d);
    const char *name = render_safe(a, d->r[0]->request->input, NAME_SHOWN),
               *verdict = verdict_name(s.verdict);
    buf_printf(b, "<section>\n<h1><span class=\"%s\">%s</span> ", verdict, verdict);
    put(b, a, name);
    buf_puts(b, "</h1>\n<p>");
    put(b, a, s.words.text);
    buf_puts(b, "</p>\n<table>\n");
    row(b, a, "Method", s.r ? method_name(s.r->request->method) : "");
    row(b, a, "Code", s.words.code);
    row(b, a, "Detail code", s.words.detail_code);
    row(b, a, "Cause", s.words.cause);
    row(b, a, "Made", render_made(a, d->r[0], how));
    buf_puts(b, "</table>\n");
    for (size_t i = 0; i < d->n; i++)
        if (domain_in_use(&d->is, d->part, i))
            cure(b, a, d->r[i]);
    whole(b, a, d, how, false, "The report");
    whole(b, a, d, how, true, "All evidence, with the commands that reproduce it");
    buf_puts(b, "</section>\n");
}

void render_as_html(struct buf *b, struct arena *a, const struct domain *d, size_t n,
                    const struct render *how)
{
    buf_puts(b, head);
    buf_puts(b, "<title>");
    for (size_t i = 0; i < n && i < 3; i++) {
        buf_puts(b, i ? ", " : "");
        put(b, a, render_safe(a, d[i].r[0]->request->input, NAME_SHOWN));
        buf_printf(b, ": %s", verdict_name(d[i].is.verdict));
    }
    buf_printf(b, "%s</title>\n%s</head>\n<body>\n<main>\n", n > 3 ? ", …" : "", style);
    for (size_t i = 0; i < n; i++)
        section(b, a, &d[i], how);
    buf_puts(b, "</main>\n</body>\n</html>\n");
}
