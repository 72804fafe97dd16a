/* render_as_rows.c - a line or a row a domain. */
#include "show/render_as.h"

#include "base/text.h"
#include "model/time.h"
#include "show/render_wrap.h"
#include "show/summary.h"

#include <string.h>

enum { NAME_SHOWN = 300, TEXT_SHOWN = 2000 };

static const char *verdict_word(enum verdict v)
{
    return v == VERDICT_PASS ? "PASS" : v == VERDICT_FAIL ? "FAIL" : "UNDECIDED";
}

static const char *verdict_color(enum verdict v)
{
    return v == VERDICT_PASS ? "32" : v == VERDICT_FAIL ? "31" : "33";
}

/* Cuts the line that begins at start to that many characters. */
static void cut(struct buf *b, size_t start, size_t most)
{
    uint32_t c;
    size_t i = start;
    if (text_characters(b->p + start, b->n - start) <= most)
        return;
    for (size_t left = most - 1; left && i < b->n; left--) {
        size_t step = text_utf8(b->p + i, b->n - i, &c);
        i += step ? step : 1;
    }
    b->n = i;
    b->p[i] = '\0';
    buf_puts(b, "…");
}

void render_as_brief(struct buf *b, struct arena *a, const struct domain *d, size_t n,
                     const struct render *how)
{
    size_t wide = 0;
    for (size_t i = 0; i < n; i++) {
        size_t c = text_characters(d[i].r[0]->request->input, strlen(d[i].r[0]->request->input));
        wide = c > wide && c <= 40 ? c : wide;
    }
    for (size_t i = 0; i < n; i++) {
        struct summary s = summary_of(a, &d[i]);
        const char *word = verdict_word(s.verdict),
                   *input = render_safe(a, d[i].r[0]->request->input, NAME_SHOWN);
        size_t c = text_characters(input, strlen(input)), start = b->n;
        if (how->color)
            buf_printf(b, "\033[1;%sm%s\033[0m", verdict_color(s.verdict), word);
        else
            buf_puts(b, word);
        buf_printf(b, "%*s", (int)(strlen("UNDECIDED") - strlen(word) + 2), "");
        size_t rest = b->n, before = strlen("UNDECIDED") + 2;
        buf_printf(b, "%s%*s", input, c < wide ? (int)(wide - c) : 0, "");
        if (*s.words.code)
            buf_printf(b, "  %s", render_safe(a, s.words.code, NAME_SHOWN));
        if (*s.words.cause)
            buf_printf(b, "  %s", s.words.cause);
        if (*s.words.text)
            buf_printf(b, "%s%s", *s.words.cause ? ": " : "  ", render_safe(a, s.words.text, TEXT_SHOWN));
        if (how->width > before && !b->failed && b->n > start)
            cut(b, rest, how->width - before);
        buf_puts(b, "\n");
    }
}

void render_csv_field(struct buf *b, const char *text)
{
    if (!text[strcspn(text, ",;\t\r\n\"")] && *text != ' ') {
        buf_puts(b, text);
        return;
    }
    buf_puts(b, "\"");
    for (; *text; text++)
        buf_printf(b, "%s%c", *text == '"' ? "\"" : "", *text);
    buf_puts(b, "\"");
}

void render_as_csv(struct buf *b, struct arena *a, const struct domain *d, size_t n)
{
    buf_puts(b, "domain,method,verdict,code,detail_code,cause,who_acts,summary,cure,checked_at,label\n");
    for (size_t i = 0; i < n; i++) {
        char at[25];
        struct summary s = summary_of(a, &d[i]);
        const struct report *r = s.r ? s.r : d[i].r[0];
        time_format(r->started_at > 0 ? r->started_at : r->request->now, at);
        const char *fields[] = {r->request->input,
                                s.r ? method_name(r->request->method) : "",
                                verdict_name(s.verdict),
                                s.words.code,
                                s.words.detail_code,
                                s.words.cause,
                                s.words.who_acts,
                                s.words.text,
                                s.words.cure,
                                at,
                                r->request->label ? r->request->label : ""};
        for (size_t k = 0; k < sizeof fields / sizeof *fields; k++) {
            if (k)
                buf_puts(b, ",");
            render_csv_field(b, render_safe(a, fields[k], SIZE_MAX));
        }
        buf_puts(b, "\n");
    }
}
