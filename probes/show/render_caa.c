#include "show/render_caa.h"

#include "judge/caa_explain.h"
#include "show/render_wrap.h"
#include "wire/wire.h"

#include <string.h>

enum { WIDTH = 80, MARK = 14, RECORDS_SHOWN = 12, NAME_SHOWN = 300 };

struct picture {
    struct buf *b;
    struct arena *a;
    const struct render *how;
    unsigned width;
};

/* color: the number of a colour as in ECMA-48, or NULL. */
static void painted(struct picture *p, const char *text, const char *color)
{
    if (p->how->color && color)
        buf_printf(p->b, "\033[%sm%s\033[0m", color, text);
    else
        buf_puts(p->b, text);
}

static void prose(struct picture *p, const char *margin, const char *text)
{
    buf_puts(p->b, margin);
    render_wrap(p->b, render_safe(p->a, text, SIZE_MAX), margin, strlen(margin), p->width);
}

/* ---------------------------------------------------------------- the search ------------------------- */

static void facts(struct picture *p, const struct caa_step *s)
{
    for (size_t i = 0; i < s->n_facts; i++)
        buf_printf(p->b, "%s%u", i ? ", " : "  evidence ", s->facts[i]);
}

static void step(struct picture *p, const struct caa_derivation *d, const struct caa_step *s)
{
    const struct caa_step *end = d->climb + d->n_climb;
    bool decides = s == d->relevant, failed = s->reached && s->found == CAA_FOUND_FAILED;
    bool on = s + 1 < end && s[1].reached;
    buf_puts(p->b, "    ");
    painted(p,
            !s->reached                     ? "."
            : decides                       ? "*"
            : failed                        ? "x"
            : s->found == CAA_FOUND_PENDING ? "?"
                                            : "o",
            failed ? "31" : NULL);
    buf_printf(p->b, "  %s", render_safe(p->a, s->name, NAME_SHOWN));
    if (!s->reached) {
        buf_puts(p->b, "  does not count\n");
        return;
    }
    if (p->how->verbose)
        facts(p, s);
    buf_puts(p->b, "\n");
    const char *margin = on ? "    |    " : "         ";
    for (size_t i = 0; i < s->alias.n; i++)
        buf_printf(p->b, "%s%*s-> %s\n", margin, (int)(2 * (i < 8 ? i : 8)), "",
                   render_safe(p->a, s->alias.v[i], NAME_SHOWN));
    prose(p, margin, s->because);
}

static void search(struct picture *p, const struct caa_derivation *d)
{
    buf_puts(p->b, "\n  The search for the CAA set, from the domain up\n");
    for (size_t i = 0; i < d->n_climb; i++)
        step(p, d, &d->climb[i]);
}

/* ---------------------------------------------------------------- the set ---------------------------- */

static const struct {
    const char *mark, *color;
} marks[] = {
    [CAA_FORBIDS] = {"FORBIDS ALL", "31"}, [CAA_PERMITS] = {"permits", "32"},
    [CAA_MALFORMED] = {"malformed", "31"}, [CAA_UNMET] = {"not met", "31"},
    [CAA_OPEN] = {"not known", "33"},    [CAA_OTHER] = {"other CA", NULL},
    [CAA_NONE] = {"no part", NULL},
};

/* One line of ASCII text, cut to the width at both ends so that its byte `at` is shown; if caret, with a ^ under that
 * byte. */
static void line(struct picture *p, const char *text, size_t at, bool caret)
{
    size_t n = strlen(text), room = p->width > MARK + 30 ? p->width - MARK - 4 : 30, from = 0;
    if (n > room && at >= room - 2)
        from = at + room / 2 < n ? at - room / 2 : n + 1 - room;
    size_t to = n - from > room ? from + room - 1 : n;
    buf_puts(p->b, from ? "…" : "");
    buf_add(p->b, text + from + !!from, to - from - !!from);
    buf_puts(p->b, to < n ? "…\n" : "\n");
    if (caret) {
        buf_printf(p->b, "%*s", (int)(4 + MARK + at - from), "");
        painted(p, "^", "31");
        buf_puts(p->b, "\n");
    }
}

static void record(struct picture *p, const struct caa_line *l)
{
    const struct caa_record *r = l->record;
    bool malformed = l->effect == CAA_MALFORMED;
    const char *color = marks[l->effect].color, *text = rr_rdata_text(p->a, r->rr);
    size_t at = 0;
    const char *mark = l->effect == CAA_OTHER && !r->issuer.n ? "no CA" : marks[l->effect].mark;
    buf_puts(p->b, "    ");
    painted(p, mark, color);
    buf_printf(p->b, "%*s", (int)(MARK - strlen(mark)), "");
    if (!r->broken) {
        const char *tag = caa_zone_text(p->a, r->tag), *value = caa_zone_text(p->a, r->value);
        const char *before = caa_zone_text(p->a, (struct bytes){r->value.p, r->error_at});
        text = tag && value ? arena_printf(p->a, "%u %s \"%s\"", r->flags, tag, value) : NULL;
        at = malformed && text && before ? strlen(text) - 1 - strlen(value) + strlen(before) : 0;
    }
    line(p, text ? text : "", at, malformed);
    prose(p, "                    ", l->because);
}

/* Which records count, in words. */
static const char *rule(struct picture *p, const struct report *r)
{
    const struct caa_derivation *d = r->caa;
    for (size_t i = 0; !d->property && i < d->n_records; i++)
        if (d->records[i].effect == CAA_FORBIDS)
            return "It forbids every CA to issue, whatever else it says, because of one record.";
    if (!d->property)
        return "None of its records restricts what is asked for: any CA may issue.";
    bool wild = r->request->wildcard && r->request->purpose == PURPOSE_TLS;
    bool alone = wild && !strcmp(d->property, "issuewild");
    return arena_printf(p->a, "%s %s records count%s.", alone ? "Only its" : "Its", d->property,
                        alone  ? ", because the name is a wildcard"
                        : wild ? ", for a wildcard name too: there is no issuewild record"
                               : "");
}

/* The records in the order of enum caa_effect, the strongest effect first. */
static void set(struct picture *p, const struct report *r)
{
    const struct caa_derivation *d = r->caa;
    const char *words = rule(p, r);
    size_t shown = 0;
    const char *title = d->relevant->alias.n ? arena_printf(p->a, "The set at %s, the target of %s", d->owner,
                                                            d->relevant->name)
                                             : arena_printf(p->a, "The set at %s", d->owner);
    buf_puts(p->b, "\n");
    prose(p, "  ", title ? title : "");
    prose(p, "    ", words ? words : "");
    for (size_t e = 0; e < CAA_EFFECT_COUNT; e++)
        for (size_t i = 0; i < d->n_records; i++)
            if (d->records[i].effect == e && (p->how->verbose || shown < RECORDS_SHOWN)) {
                record(p, &d->records[i]);
                shown++;
            }
    if (shown < d->n_records)
        buf_printf(p->b, "    … and %zu more; --verbose shows all\n", d->n_records - shown);
}

void render_caa(struct buf *b, struct arena *a, const struct report *r, const struct render *how)
{
    struct picture p = {b, a, how, how->width ? how->width : WIDTH};
    if (!r->caa)
        return;
    search(&p, r->caa);
    if (r->caa->relevant)
        set(&p, r);
}
