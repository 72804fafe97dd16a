#include "show/render_domain.h"

#include "base/text.h"
#include "show/render_wrap.h"

#include <stdint.h>
#include <string.h>

enum { WIDTH = 80 };

static const struct finding *first_finding(const struct report *r)
{
    return r->verdict == VERDICT_FAIL && r->n_findings ? r->findings : NULL;
}

/* True where the part's cure is not the domain's: it is no method in use, or one beside the one that decides. */
static bool aside(const struct domain *d, size_t i)
{
    return i != d->is.by && i != d->is.caa;
}

const char *render_aside(struct arena *a, const struct domain *d, size_t i)
{
    if (!aside(d, i) || d->part[i].refused || d->is.control == CONTROL_NOT_CHECKED || d->is.control == CONTROL_PASS ||
        (d->part[i].given && d->r[i]->verdict != VERDICT_FAIL))
        return NULL;
    const char *method = method_name(d->part[i].method);
    const struct finding *f = first_finding(d->r[i]), *told = d->is.by == DOMAIN_NONE ? NULL
                                                                                     : first_finding(d->r[d->is.by]);
    const char *why =
        f && f->summary && !(told && told->summary && !strcmp(told->summary, f->summary)) ? f->summary : NULL;
    const char *text;
    if (d->part[i].given)
        text = arena_printf(
            a, "%s fails, too, and was asked for as well; dcvprobe check --method %s says what it needs.", method,
            method);
    else
        text = arena_printf(a, "Or by %s, which is not in use%s%s", method, why ? ": " : ".", why ? why : "");
    return text ? text : "";
}

static void row(struct buf *b, struct arena *a, const char *label, const char *text, unsigned width)
{
    enum { COLUMN = 11 };
    buf_printf(b, "  %-7s  ", label);
    render_wrap(b, render_safe(a, text, SIZE_MAX), "           ", COLUMN, width);
}

static const char *control_text(struct arena *a, const struct domain *d)
{
    const struct domain_verdict *is = &d->is;
    if (is->control == CONTROL_NOT_CHECKED)
        return arena_concat(a, "not checked. ", is->because,
                            " Give the order's random value with --token, or the AuthKey and the CSR with "
                            "--auth-key-file and --csr; --method caa asks for CAA alone.",
                            NULL);
    return arena_concat(a, control_name(is->control), ". ", is->because, NULL);
}

static void headline(struct buf *b, struct arena *a, const struct domain *d, const struct render *how)
{
    unsigned width = how->width ? how->width : WIDTH;
    const struct domain_verdict *is = &d->is;
    const char *control = is->has_control ? control_text(a, d) : NULL;
    render_heading(b, a, d->r[0]->request, is->verdict, NULL, how);
    if (control)
        row(b, a, "Control", control, width);
    if (is->caa != DOMAIN_NONE)
        row(b, a, "CAA", verdict_name(d->part[is->caa].verdict), width);
    else if (is->has_control && d->part[0].given)
        row(b, a, "CAA", "not asked for", width);
}

/* Whether part i would only say again what an earlier one says: why the name is refused. */
static bool said_all(const struct domain *d, size_t i)
{
    for (size_t k = 0; d->part[i].refused && k < i; k++)
        if (domain_in_use(&d->is, d->part, k))
            return true;
    return false;
}

/* Beside a method that passes the others need only be named. */
static void not_in_use(struct buf *b, struct arena *a, const struct domain *d, unsigned width)
{
    const char *list = "";
    for (size_t i = 0; list && i < d->n; i++)
        if (!domain_in_use(&d->is, d->part, i))
            list = arena_concat(a, list, *list ? ", " : "", method_name(d->part[i].method), NULL);
    if (!list || !*list)
        return;
    buf_puts(b, "\n  ");
    render_wrap(b, arena_printf(a, "Not in use: %s.", list), "    ", 2, width);
}

void render_domain(struct buf *b, struct arena *a, const struct domain *d, const struct render *how)
{
    const struct domain_verdict *is = &d->is;
    unsigned width = how->width ? how->width : WIDTH;
    if (d->n == 1 && (d->part[0].given || is->by == 0)) {
        render_report(b, a, d->r[0], how);
        return;
    }
    headline(b, a, d, how);
    for (size_t i = 0; i < d->n; i++) {
        struct render of_report = *how;
        of_report.no_cure = aside(d, i);
        if (!how->verbose && !domain_in_use(is, d->part, i))
            continue;
        if (said_all(d, i))
            continue;
        buf_puts(b, "\n");
        render_report(b, a, d->r[i], &of_report);
    }
    bool said = false;
    if (is->has_control && is->control == CONTROL_PASS)
        not_in_use(b, a, d, width);
    for (size_t i = 0; i < d->n; i++) {
        const char *text = render_aside(a, d, i);
        if (!text)
            continue;
        if (!said)
            buf_puts(b, "\n");
        said = true;
        buf_puts(b, "  ");
        render_wrap(b, render_safe(a, text, SIZE_MAX), "    ", 2, width);
    }
}
