#include "show/render_as.h"

#include "show/redact.h"
#include "show/render_domain.h"
#include "show/render_fix.h"
#include "show/render_nagios.h"

#include <string.h>

bool render_form_parse(const char *name, enum render_form *ret)
{
    static const char *const names[] = {
#define ROW(sym, text) [sym] = text,
        DCV_RENDER_FORMS(ROW)
#undef ROW
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(name, names[i])) {
            *ret = (enum render_form)i;
            return true;
        }
    return false;
}

static void text(struct buf *b, struct arena *a, const struct domain *d, size_t n, const struct render *how)
{
    size_t count[VERDICT_COUNT] = {0};
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_puts(b, "\n");
        render_domain(b, a, &d[i], how);
        count[d[i].is.verdict]++;
    }
    if (n > 1)
        buf_printf(b, "\n%zu domains: %zu pass, %zu fail, %zu undecided\n", n, count[VERDICT_PASS],
                   count[VERDICT_FAIL], count[VERDICT_UNDECIDED]);
}

/* The forms that are made of reports, not of domains. False: another form. */
static bool of_reports(struct buf *b, struct arena *a, enum render_form form, const struct report *const *r,
                       size_t n, int *status)
{
    if (form == RENDER_NAGIOS)
        *status = render_nagios(b, a, r, n);
    else if (form == RENDER_FIX)
        render_zone(b, a, r, n);
    else if (form == RENDER_NSUPDATE)
        render_nsupdate(b, a, r, n);
    return form == RENDER_NAGIOS || form == RENDER_FIX || form == RENDER_NSUPDATE;
}

/* Leaves the random values of all reports out of what was written. */
static void redact(struct buf *b, size_t start, struct arena *a, const struct report *const *r, size_t n)
{
    const char *done = "";
    for (size_t i = 0; i < n && !b->failed && b->n > start; i++) {
        const struct request *q = r[i]->request;
        const char *const keep[] = {q->input, q->domain ? q->domain : q->input, NULL};
        if (!q->token || !strcmp(done, q->token))
            continue;
        const char *shown = redact_shown(a, done = q->token, keep, b->p + start);
        b->n = start;
        if (shown)
            buf_puts(b, shown);
        b->failed = b->failed || !shown;
    }
}

int render_as(struct buf *b, struct arena *a, enum render_form form, const struct report *const *r, size_t n,
              const struct render *how)
{
    struct domain *d;
    int status = 0;
    size_t start = b->n, count = domains_of(a, r, n, &d);
    b->failed = b->failed || (n && !count);
    if (!of_reports(b, a, form, r, n, &status)) {
        if (form == RENDER_BRIEF)
            render_as_brief(b, a, d, count, how);
        else if (form == RENDER_CSV)
            render_as_csv(b, a, d, count);
        else if (form == RENDER_HTML)
            render_as_html(b, a, d, count, how);
        else if (form == RENDER_MAIL)
            render_as_mail(b, a, d, count, how);
        else if (form == RENDER_TICKET)
            render_as_ticket(b, a, d, count, how);
        else
            text(b, a, d, count, how);
    }
    if (how->redact)
        redact(b, start, a, r, n);
    return status;
}
