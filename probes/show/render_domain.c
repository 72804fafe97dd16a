#include "show/render_domain.h"

#include "base/text.h"
#include "format/reproduce.h"
#include "show/render_wrap.h"

#include <stdint.h>
#include <string.h>

enum { WIDTH = 80, SERVER_SHOWN = 100, LABEL_SHOWN = 300 };

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

static void parts(struct buf *b, struct arena *a, const struct domain *d, const struct render *how)
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
        if (how->terse >= TERSE_ANSWER && d->part[i].verdict == VERDICT_PASS && is->verdict != VERDICT_PASS)
            continue; /* the headline says so */
        buf_puts(b, "\n");
        render_report(b, a, d->r[i], &of_report);
    }
    bool said = false;
    if (is->has_control && is->control == CONTROL_PASS)
        not_in_use(b, a, d, width);
    for (size_t i = 0; i < d->n && how->terse < TERSE_ANSWER; i++) {
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

/* How many rows of a terminal of that width the text takes. Colours take none. */
static size_t rows(const char *p, size_t n, unsigned width)
{
    size_t count = 0, at = 0;
    for (size_t i = 0; i < n;) {
        uint32_t c;
        size_t step = text_utf8(p + i, n - i, &c);
        if (p[i] == '\n') {
            count += at > width ? (at + width - 1) / width : 1;
            at = 0;
        } else if (p[i] == '\033') {
            step = strcspn(p + i, "m") + 1;
        } else {
            at++;
        }
        i += step ? step : 1;
    }
    return count;
}

/* Keeps as many rows from the front as fit. */
static void cut(struct buf *b, size_t start, size_t most, unsigned width)
{
    size_t end = start;
    for (size_t i = start; i < b->n; i++)
        if (b->p[i] == '\n' && rows(b->p + start, i + 1 - start, width) < most)
            end = i + 1;
    b->n = end;
    b->p[b->n] = '\0';
    buf_puts(b, "  …\n");
}

const char *render_resolver(struct arena *a, const struct report *r)
{
    const struct texts *asked = &r->request->resolvers;
    for (size_t i = 0; r->evidence && i < r->evidence->n; i++) {
        const struct fact *f = r->evidence->facts[i];
        if (f->ask->kind != ASK_DNS || f->ask->via != VIA_RESOLVER)
            continue;
        if (fact_is_recursive(f))
            break;
        if (f->dns.server)
            return render_safe(a, f->dns.server, SERVER_SHOWN);
    }
    if (resolvers_recursive(asked))
        return "its own resolver, from the root down";
    return asked->n ? render_safe(a, asked->v[0], SERVER_SHOWN) : NULL;
}

const char *render_made(struct arena *a, const struct report *r, const struct render *how)
{
    dcv_time at = r->started_at == TIME_UNKNOWN || !r->started_at ? r->request->now : r->started_at;
    const char *resolver = render_resolver(a, r), *moment = render_moment(a, how, at);
    const char *label = r->request->label;
    const char *text = arena_printf(a, "Checked %s%s%s, by dcvprobe %s%s%s%s.", moment, resolver ? " through " : "",
                                    resolver ? resolver : "",
                                    render_safe(a, r->version ? r->version : DCVD_VERSION, SERVER_SHOWN),
                                    label ? ", for “" : "", label ? render_safe(a, label, LABEL_SHOWN) : "",
                                    label ? "”" : "");
    return text ? text : "";
}

/* The last line: when and by what the domain was checked. */
static void made(struct buf *b, struct arena *a, const struct domain *d, const struct render *how)
{
    const char *more = how->terse ? " --verbose shows more." : "";
    const char *text = arena_concat(a, render_made(a, d->r[0], how), more, NULL);
    buf_puts(b, "\n  ");
    render_wrap(b, text ? text : "", "  ", 2, how->width ? how->width : WIDTH);
}

/* Writes the report as `how` says, cut at the end where it is the last way. False: it does not fit, and b is as it
 * was. */
static bool attempt(struct buf *b, struct arena *a, const struct domain *d, const struct render *how)
{
    unsigned width = how->width ? how->width : WIDTH;
    size_t start = b->n;
    struct buf end = {0};
    parts(b, a, d, how);
    made(&end, a, d, how);
    size_t taken = how->lines ? rows(end.p ? end.p : "", end.n, width) : 0;
    bool fits = !how->lines || how->verbose ||
                rows(b->p ? b->p + start : "", b->n - start, width) + taken <= how->lines;
    if (!fits && how->terse == TERSE_CUT)
        cut(b, start, how->lines > taken ? how->lines - taken : 0, width);
    if (!fits && how->terse < TERSE_CUT)
        b->n = start;
    else
        buf_add(b, end.p ? end.p : "", end.n);
    b->failed = b->failed || end.failed;
    buf_free(&end);
    return fits || how->terse == TERSE_CUT || b->failed;
}

void render_domain(struct buf *b, struct arena *a, const struct domain *d, const struct render *how)
{
    enum { COMMANDS = 2 };
    size_t start = b->n;
    struct render now = *how;
    while (!attempt(b, a, d, &now))
        now.terse++;
    if (now.terse < TERSE_COMMANDS || now.terse == TERSE_CUT || b->failed)
        return;
    /* A step often leaves out more than it had to: what is left of the screen is for proof that anybody can repeat. */
    size_t end = b->n;
    struct buf more = {0};
    for (now.commands = COMMANDS; now.commands && !attempt(&more, a, d, &now);)
        now.commands--;
    if (now.commands && more.n > end - start && !more.failed) {
        b->n = start;
        buf_add(b, more.p, more.n);
    }
    buf_free(&more);
}
