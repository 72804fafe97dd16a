#include "show/render_fix.h"

#include "base/text.h"
#include "format/reproduce.h"
#include "format/request.h"
#include "model/time.h"
#include "show/render_domain.h"
#include "show/render_wrap.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <string.h>
#include <strings.h>

enum { WIDTH = 80, VALUE_SHOWN = 300 };

enum fix_form { FORM_TEXT, FORM_ZONE, FORM_NSUPDATE };

/* The text that fixes are written to. */
struct sheet {
    struct buf *b;
    struct arena *a;
    enum fix_form form;
    bool by_hand; /* what a program would carry out is written as a remark */
    const char *margin; /* before each line for people: blanks in a report, a comment sign in a file for programs */
    unsigned width;
    bool no_panel;
    const struct evidence *ev; /* its SOA records tell the zones; NULL: the registrable domain is taken for one */
    const char *zone;          /* nsupdate: of the current update message; "" where it is not known */
    const char *owner;         /* nsupdate: name in the current update message; NULL: none has been begun */
};

static void prose(struct sheet *s, const char *text)
{
    size_t at = text_characters(s->margin, strlen(s->margin));
    buf_puts(s->b, s->margin);
    render_wrap(s->b, render_safe(s->a, text, SIZE_MAX), s->margin, at, s->width);
}

/* ---------------------------------------------------------------- records ---------------------------- */

/* name with a backslash before each character that has a meaning in a zone file (RFC 1035 5.1); in our names these are
 * not escaped. */
static const char *zone_name(struct arena *a, const char *name)
{
    char *out = arena_alloc(a, strlen(name) * 2 + 1), *p = out;
    if (!out)
        return "";
    for (; *name; name++) {
        if (*name == '\\' && name[1]) {
            *p++ = *name++;
        } else if (strchr("\"();@$", *name)) {
            *p++ = '\\';
        }
        *p++ = *name;
    }
    *p = '\0';
    return out;
}

/* Record data that is a name is escaped in the same way; in other data such characters are in quotes already. */
static const char *zone_rdata(struct arena *a, const struct fix *f, const char *rdata)
{
    uint16_t type;
    if (!rdata)
        return "";
    bool name = rr_type_parse(f->type, &type) && (type == RR_CNAME || type == RR_NS || type == RR_DNAME);
    return render_safe(a, name ? zone_name(a, rdata) : rdata, SIZE_MAX);
}

static const char *zone_owner(struct arena *a, const struct fix *f)
{
    return render_safe(a, zone_name(a, f->owner), SIZE_MAX);
}

/* live: in the forms for programs the record is written for the program, and not as a comment. */
static void record(struct sheet *s, const struct fix *f, const char *rdata, bool ttl, bool live)
{
    if (!live || s->by_hand || s->form == FORM_TEXT)
        buf_printf(s->b, "%s  ", s->margin);
    buf_printf(s->b, "%s ", zone_owner(s->a, f));
    if (ttl)
        buf_printf(s->b, "%u ", f->ttl);
    buf_printf(s->b, "IN %s %s\n", render_safe(s->a, f->type, VALUE_SHOWN), zone_rdata(s->a, f, rdata));
}

static void row(struct sheet *s, const char *label, const char *value)
{
    buf_printf(s->b, "%s  %-5s  %s\n", s->margin, label, value);
}

/* The zone of a name, as far as the SOA records in the evidence tell: the longest of their owners that the name is
 * within. NULL where there is none, or only that of a public suffix, which the customer cannot update. */
static const char *zone_of(const struct evidence *ev, const char *owner)
{
    const char *zone = NULL;
    for (size_t i = 0; ev && i < ev->n; i++) {
        const struct dns_fact *d = &ev->facts[i]->dns;
        if (ev->facts[i]->ask->kind != ASK_DNS)
            continue;
        const struct rrs sections[] = {d->answer, d->authority};
        for (size_t k = 0; k < 2; k++)
            for (size_t n = 0; n < sections[k].n; n++) {
                const struct rr *rr = &sections[k].v[n];
                if (rr->type == RR_SOA && !rr->defect && name_within(owner, rr->owner) &&
                    (!zone || name_labels(rr->owner) > name_labels(zone)))
                    zone = rr->owner;
            }
    }
    return zone && name_registrable(zone) ? zone : NULL;
}

/* What to enter in a web panel: the host without the zone, the value without the quotes of a zone file. */
static void panel(struct sheet *s, const struct fix *f, const char *verb)
{
    struct arena *a = s->a;
    size_t n = strlen(f->owner);
    char *owner = arena_strndup(a, f->owner, n && f->owner[n - 1] == '.' ? n - 1 : n);
    const char *zone = zone_of(s->ev, f->owner), *base = owner ? name_registrable(owner) : NULL;
    if (!base || s->no_panel)
        return;
    /* A part of the domain that is a zone of its own has a panel of its own. */
    if (zone && strlen(zone) - 1 <= strlen(owner))
        base = owner + strlen(owner) - (strlen(zone) - 1);
    struct rr rr = {.owner = f->owner, .class = 1};
    bool known = rr_type_parse(f->type, &rr.type) && !rr_rdata_from_text(a, f->rdata, &rr) && !rr.defect;
    const char *value = render_safe(a, f->rdata, SIZE_MAX);
    prose(s, arena_printf(a, "or, in a web panel for %s, %s:", base, verb));
    row(s, "Host",
        base > owner ? render_safe(a, arena_strndup(a, owner, (size_t)(base - owner) - 1), SIZE_MAX)
                     : "@ (or leave it empty)");
    row(s, "Type", render_safe(a, f->type, VALUE_SHOWN));
    if (known && rr.type == RR_TXT) {
        struct bytes joined = txt_joined(a, &rr);
        value = joined.p ? text_escape(a, (const char *)joined.p, joined.n, SIZE_MAX) : NULL;
    } else if (known && rr.type == RR_CAA) {
        /* RFC 8659 4.1: flags, length of the tag, tag, value. Web panels have a field for each. */
        const char *p = (const char *)rr.rdata;
        size_t tag = rr.rdata[1];
        row(s, "Flags", arena_printf(a, "%u", rr.rdata[0]));
        row(s, "Tag", text_escape(a, p + 2, tag, SIZE_MAX));
        value = text_escape(a, p + 2 + tag, rr.rdlen - 2u - tag, SIZE_MAX);
    }
    row(s, "Value", value ? value : "");
}

/* ---------------------------------------------------------------- nsupdate --------------------------- */

/* What stands before a line for the program: nothing, or what makes a remark of it. */
static const char *before_line(const struct sheet *s)
{
    return s->by_hand ? s->margin : "";
}

static void update_end(struct sheet *s)
{
    if (s->owner)
        buf_printf(s->b, "%ssend\n", before_line(s));
    s->owner = NULL;
}

/* The updates of one zone are sent in one message, so that no query finds the old record gone and the new one
 * missing. */
static void update_begin(struct sheet *s, const struct fix *f)
{
    const char *zone = zone_of(s->ev, f->owner);
    zone = zone ? zone : "";
    if (s->owner && name_equal(zone, s->zone) && (*zone || name_equal(f->owner, s->owner)))
        return;
    update_end(s);
    if (*zone)
        buf_printf(s->b, "%szone %s\n", before_line(s), render_safe(s->a, zone_name(s->a, zone), SIZE_MAX));
    s->zone = zone;
    s->owner = f->owner;
}

/* Whether rdata is written as bytes (RFC 3597 5), as data that does not parse is: nsupdate refuses that form for a type
 * that it knows. */
static bool is_raw(const struct fix *f, const char *rdata)
{
    return !strncmp(rdata, "\\#", 2) && strncasecmp(f->type, "TYPE", 4) != 0;
}

static void update(struct sheet *s, const struct fix *f)
{
    const char *gone = f->op == FIX_REMOVE ? f->rdata : f->op == FIX_REPLACE ? f->old_rdata : NULL;
    const char *owner = zone_owner(s->a, f), *type = render_safe(s->a, f->type, VALUE_SHOWN);
    update_begin(s, f);
    if (gone && is_raw(f, gone)) {
        prose(s, "Delete this record by hand: its data is broken, and nsupdate takes no such data.");
        record(s, f, gone, false, false);
    } else if (gone) {
        buf_printf(s->b, "%supdate delete %s %s %s\n", before_line(s), owner, type, zone_rdata(s->a, f, gone));
    }
    if (f->op != FIX_REMOVE)
        buf_printf(s->b, "%supdate add %s %u %s %s\n", before_line(s), owner, f->ttl, type,
                   zone_rdata(s->a, f, f->rdata));
}

/* ---------------------------------------------------------------- one fix ---------------------------- */

static void records(struct sheet *s, const struct fix *f)
{
    if (!f->owner || !f->type || !f->rdata || (f->op == FIX_REPLACE && !f->old_rdata))
        return; /* incomplete, because the arena was full when the report was made */
    if (s->form == FORM_NSUPDATE) {
        update(s, f);
        return;
    }
    if (f->op == FIX_REMOVE) {
        prose(s, "remove the record");
        record(s, f, f->rdata, false, false);
        panel(s, f, "delete");
        return;
    }
    if (f->op == FIX_REPLACE) {
        prose(s, "replace the record");
        record(s, f, f->old_rdata, false, false);
        prose(s, "by");
    } else {
        prose(s, "add the record");
    }
    record(s, f, f->rdata, true, true);
    panel(s, f, f->op == FIX_ADD ? "enter" : "change it to");
}

static void fix(struct sheet *s, const struct fix *f)
{
    char until[25];
    struct arena *a = s->a;
    switch (f->op) {
    case FIX_ADD:
    case FIX_REMOVE:
    case FIX_REPLACE:
        records(s, f);
        break;
    case FIX_PUT_FILE:
        prose(s, arena_printf(a, "publish at %s, as the only content:", f->url));
        buf_printf(s->b, "%s  %s\n", s->margin, render_safe(a, f->body, SIZE_MAX));
        break;
    case FIX_WAIT:
        time_format(f->until, until);
        until[10] = ' ';
        until[19] = '\0'; /* whole seconds are enough for a person */
        prose(s, arena_printf(a, "wait until %s UTC", until));
        break;
    case FIX_INPUT: {
        const struct request_field *field = f->argument ? request_field_find(f->argument) : NULL;
        bool domain = field && !strcmp(field->name, "domain");
        const char *value = f->value && *f->value ? shell_quote(a, f->value) : NULL;
        buf_printf(s->b, "%srun again with %s%s %s\n", s->margin, domain ? "the domain" : "--",
                   domain  ? ""
                   : field ? field->option
                           : render_safe(a, f->argument, VALUE_SHOWN),
                   value ? value : "put right");
        break;
    }
    case FIX_ADVICE:
        break;
    }
    if (f->text && *f->text)
        prose(s, f->text);
}

void render_fix(struct buf *b, struct arena *a, const struct evidence *ev, const struct fix *f, size_t indent,
                unsigned width, bool panel)
{
    const char *margin = arena_printf(a, "%*s", (int)indent, "");
    struct sheet s = {.b = b,
                      .a = a,
                      .form = FORM_TEXT,
                      .margin = margin ? margin : "",
                      .width = width,
                      .no_panel = !panel,
                      .ev = ev};
    fix(&s, f);
}

/* ---------------------------------------------------------------- all reports ------------------------ */

/* The first cure that a program can carry out, of the findings that explain the failure; NULL: there is none. */
static const struct cure *cure_for_machine(const struct report *r, const struct finding **of)
{
    for (size_t i = 0; i < r->n_findings; i++) {
        *of = &r->findings[i];
        for (size_t k = 0; k < (*of)->n_cures && (!i || (*of)->weight == WEIGHT_BLOCKING); k++)
            if (cure_by_machine(&(*of)->cures[k]))
                return &(*of)->cures[k];
    }
    return NULL;
}

static bool changes_records(const struct cure *c)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->ops[i].op == FIX_ADD || c->ops[i].op == FIX_REMOVE || c->ops[i].op == FIX_REPLACE)
            return true;
    return false;
}

/* A program carries out what is proven; what is not stands there as remarks, for a person to decide. */
static void whole(struct sheet *s, const struct cure *c)
{
    s->by_hand = !c->proven;
    if (s->by_hand && changes_records(c))
        prose(s, "It is not proven that this helps and does no harm, so it stands here for a person and not for a "
                 "program:");
    for (size_t i = 0; i < c->n; i++)
        fix(s, &c->ops[i]);
    update_end(s);
    s->by_hand = false;
    if (*c->note && cure_by_machine(c))
        prose(s, c->note);
}

/* What a person has to do about the first finding comes first; a cure that would break something is not written. */
static void cure_of(struct sheet *s, const struct report *r)
{
    const struct finding *first = r->findings, *of;
    const struct cure *c = cure_for_machine(r, &of);
    const struct cure *by_hand = first->n_cures && !first->cures->breaks.n ? first->cures : NULL;
    if (by_hand && (!c || of != first))
        whole(s, by_hand);
    if (first->n_cures && first->cures->breaks.n && (!c || of != first))
        prose(s, "No change is written here: each that is known would break something, as the report says.");
    if (c && of != first)
        prose(s, of->summary);
    if (c)
        whole(s, c);
}

static void of_report(struct sheet *s, const struct report *r)
{
    const struct finding *f = r->n_findings ? r->findings : NULL;
    const struct cause_info *cause = f && r->verdict == VERDICT_FAIL ? cause_info(f->cause) : NULL;
    prose(s, arena_printf(s->a, "%s %s: %s%s%s", r->request->input, method_name(r->request->method),
                          verdict_name(r->verdict), cause ? ", " : "", cause ? cause->id : ""));
    if (r->reason)
        prose(s, r->reason);
    if (!cause)
        return;
    prose(s, f->summary);
    s->ev = r->evidence;
    cure_of(s, r);
}

/* The reports that the domain's verdict rests on with what to do, and a remark for each other one. */
static void of_domain(struct sheet *s, const struct domain *d)
{
    const struct domain_verdict *is = &d->is;
    bool lines = false, refused = false;
    if (is->has_control && is->control == CONTROL_NOT_CHECKED) {
        prose(s, arena_printf(s->a, "%s: control is not checked. %s", d->r[0]->request->input, is->because));
        lines = true;
    }
    for (size_t i = 0; i < d->n; i++) {
        if ((i != is->by && i != is->caa) || refused) /* why a name is refused is said once */
            continue;
        refused = d->part[i].refused;
        if (lines)
            buf_puts(s->b, "\n");
        of_report(s, d->r[i]);
        lines = true;
    }
    for (size_t i = 0; i < d->n; i++) {
        const char *text = render_aside(s->a, d, i);
        if (text)
            prose(s, text);
    }
}

static void sheet(struct buf *b, struct arena *a, enum fix_form form, const struct report *const *r, size_t n)
{
    struct sheet s = {.b = b, .a = a, .form = form, .margin = "; ", .width = WIDTH};
    struct domain *v;
    size_t count = domains_of(a, r, n, &v);
    b->failed = b->failed || (n && !count);
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_puts(b, "\n");
        of_domain(&s, &v[i]);
    }
}

void render_zone(struct buf *b, struct arena *a, const struct report *const *r, size_t n)
{
    sheet(b, a, FORM_ZONE, r, n);
}

void render_nsupdate(struct buf *b, struct arena *a, const struct report *const *r, size_t n)
{
    sheet(b, a, FORM_NSUPDATE, r, n);
}
