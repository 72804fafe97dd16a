/* render_as_mail.c - a domain for the customer, in plain words. */
#include "show/render_as.h"

#include "judge/domain.h"
#include "show/render_domain.h"
#include "show/render_fix.h"
#include "show/render_wrap.h"
#include "show/summary.h"

#include <string.h>

enum { NAME_SHOWN = 300, WIDTH = 76 };

static void paragraph(struct buf *b, struct arena *a, const char *text)
{
    render_wrap(b, render_safe(a, text, SIZE_MAX), "", 0, WIDTH);
    buf_puts(b, "\n");
}

static const char *name_of(struct arena *a, const struct domain *d)
{
    return render_safe(a, d->r[0]->request->input, NAME_SHOWN);
}

/* The finding that is told, of the report that stands for the domain. */
static const struct finding *told(const struct summary *s)
{
    return s->r && s->verdict != VERDICT_PASS && s->r->n_findings ? s->r->findings : NULL;
}

static void what_to_do(struct buf *b, struct arena *a, const struct domain *d, const struct summary *s)
{
    const struct finding *f = told(s);
    const char *who = f ? actor_words(f->who_acts) : NULL;
    if (!f || !f->n_cures)
        return;
    buf_puts(b, "What to do\n\n");
    if (who)
        paragraph(b, a, arena_printf(a, "This is for %s.", who));
    if (f->cures->breaks.n)
        paragraph(b, a,
                  "Please speak to us before you do this: there is no way that leaves all else as it is.");
    for (size_t i = 0; i < f->cures->breaks.n; i++)
        paragraph(b, a, f->cures->breaks.v[i]);
    for (size_t i = 0; i < f->cures->n; i++)
        render_fix(b, a, s->r->evidence, &f->cures->ops[i], 2, WIDTH, true);
    if (*f->cures->note && (cure_by_machine(f->cures) || f->cures->breaks.n)) {
        buf_puts(b, "  ");
        render_wrap(b, render_safe(a, f->cures->note, SIZE_MAX), "  ", 2, WIDTH);
    }
    buf_puts(b, "\n");
    if (d->is.caa != DOMAIN_NONE && d->r[d->is.caa] != s->r && d->part[d->is.caa].verdict == VERDICT_FAIL) {
        const struct report *caa = d->r[d->is.caa];
        paragraph(b, a, "The domain's CAA records have to be changed as well:");
        if (caa->n_findings)
            paragraph(b, a, caa->findings->summary);
        for (size_t i = 0; caa->n_findings && caa->findings->n_cures && i < caa->findings->cures->n; i++)
            render_fix(b, a, caa->evidence, &caa->findings->cures->ops[i], 2, WIDTH, true);
        buf_puts(b, "\n");
    }
}

static void then(struct buf *b, struct arena *a, const struct summary *s)
{
    buf_puts(b, "What happens then\n\n");
    if (s->verdict == VERDICT_PASS)
        paragraph(b, a, "Nothing is to be done. The certificate authority finds the same when it looks.");
    else if (s->verdict == VERDICT_UNDECIDED)
        paragraph(b, a, "We check again when what is missing is there.");
    else
        paragraph(
            b, a,
            "The certificate authority looks again by itself, every few minutes at first and less often "
            "later. A "
            "change in the DNS is seen when the answers that resolvers keep have run out, mostly within an "
            "hour. "
            "Please tell us when it is done, and leave it in place until the certificate has been issued.");
}

static void mail(struct buf *b, struct arena *a, const struct domain *d, const struct render *how)
{
    struct summary s = summary_of(a, d);
    const char *name = name_of(a, d);
    const char *is = s.verdict == VERDICT_PASS   ? "passes the check for its certificate"
                     : s.verdict == VERDICT_FAIL ? "does not pass the check for its certificate"
                                                 : "could not be checked for its certificate";
    dcv_time at = d->r[0]->started_at > 0 ? d->r[0]->started_at : d->r[0]->request->now;
    buf_printf(b, "Subject: %s %s\n\nHello,\n\n", name, is);
    paragraph(b, a,
              arena_printf(a,
                           "we checked %s on %s, as the certificate authority does before it issues a "
                           "certificate. The domain %s.",
                           name, render_moment(a, how, at), is));
    if (*s.words.text) {
        buf_puts(b, "What we found\n\n");
        paragraph(b, a, s.words.text);
    }
    what_to_do(b, a, d, &s);
    then(b, a, &s);
}

void render_as_mail(struct buf *b, struct arena *a, const struct domain *d, size_t n,
                    const struct render *how)
{
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_puts(b, "\n");
        mail(b, a, &d[i], how);
    }
}
