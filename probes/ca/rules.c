#include "ca/rules.h"

#include <ctype.h>
#include <string.h>

static const struct {
    const char *name;
    size_t offset;
    const char *yes, *no; /* a table of numbers has no .no */
} list[RULE_COUNT] = {
#define X(id, name, field, yes, no) [RULE_##id] = {name, offsetof(struct profile, field), yes, no},
#include "ca/rules.def"
#undef X
};

/* The clause of a row, with its number in the place of {n}. */
static const char *clause(struct arena *a, enum dated_rule rule, int value)
{
    const char *text = *list[rule].no && !value ? list[rule].no : list[rule].yes, *at = strstr(text, "{n}");
    return at ? arena_printf(a, "%.*s%d%s", (int)(at - text), text, value, at + strlen("{n}")) : text;
}

/* One sentence: lead, clause and source. Where there is no lead the clause begins with a capital letter. */
static const char *sentence(struct arena *a, const char *lead, const char *what, const char *source)
{
    if (!lead || !what)
        return NULL;
    char *s = arena_concat(a, lead, what, source ? " (" : "", source ? source : "", source ? ")." : ".", NULL);
    if (s)
        s[0] = (char)toupper((unsigned char)s[0]);
    return s;
}

bool rule_said(struct arena *a, const struct profile *p, enum dated_rule rule, dcv_time now, struct rule_said *ret)
{
    const struct dated_rows *rows = (const struct dated_rows *)((const char *)p + list[rule].offset);
    const struct dated *row = dated_row(rows, now);
    if (!row)
        return false;
    *ret = (struct rule_said){.name = list[rule].name,
                              .is_switch = *list[rule].no,
                              .value = row->value,
                              .since = dated_since(a, rows, now),
                              .until = dated_until(a, rows, now),
                              .source = row->source};
    const char *lead = ret->since   ? arena_concat(a, "since ", ret->since, " ", NULL)
                       : ret->until ? arena_concat(a, "before ", ret->until, " ", NULL)
                                    : "";
    ret->text = sentence(a, lead, clause(a, rule, row->value), row->source);
    for (; ret->text && ++row < rows->v + rows->n;) {
        const char *from = dated_since(a, rows, row->from);
        const char *next = from ? sentence(a, arena_concat(a, "from ", from, " on ", NULL), clause(a, rule, row->value),
                                           row->source)
                                : NULL;
        ret->text = next ? arena_concat(a, ret->text, " ", next, NULL) : NULL;
    }
    return ret->text;
}

const char *sunset_said(struct arena *a, const struct sunset *s, dcv_time now)
{
    const struct dated_rows day = {{{TIME_UNKNOWN, 0, NULL}, {s->from, 0, NULL}}, 2};
    const char *from = dated_since(a, &day, s->from);
    return from ? arena_concat(a, s->from > now ? "From " : "Since ", from, s->from > now ? " on" : "",
                               " no certificate may rest on validation by ", s->means, ", section ", s->section,
                               s->source ? " (" : "", s->source ? s->source : "", s->source ? ")." : ".", NULL)
                : NULL;
}
