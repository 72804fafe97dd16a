/* explain_paste.c - what a paste means, as text and as JSON. */
#include "show/explain_paste.h"

#include "base/text.h"
#include "format/json_catalogue.h"
#include "format/reproduce.h"
#include "show/explain.h"
#include "show/explain_command.h"
#include "show/render_wrap.h"

enum { WIDTH = 80, SHOWN = 300, NAMES_TOLD = 3 };

static const char *shown(struct arena *a, const char *text)
{
    const char *s = text_escape(a, text, strlen(text), SHOWN);
    return s ? s : "?";
}

/* The variables with which a code is explained: its own, or the domain that is told beside it. */
static void variables_of(const struct paste_found *f, const char *v[2])
{
    v[0] = f->variables[0];
    v[1] = f->variables[1];
    if (f->domain && (f->own_domain || !*v[0]))
        v[0] = f->domain;
}

/* ---------------------------------------------------------------- in one sentence -------------------- */

bool explain_is_whole(const struct paste *p)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->found[i].code == CODE_NONE && p->found[i].cause == CAUSE_NONE)
            return false;
    return p->n || p->order_check;
}

static void order_sentence(struct buf *b, struct arena *a, const struct paste *p)
{
    size_t open = 0;
    for (size_t i = 0; i < p->n_names; i++)
        open += !p->names[i].validated;
    buf_puts(b, "This is the answer of an order check, which has no error code. ");
    if (!p->n_names)
        buf_printf(b, "It says of the whole order that its validation is %s.",
                   p->dcv_status ? shown(a, p->dcv_status) : "not told");
    else if (!open)
        buf_puts(b, "All of its names are validated.");
    else
        buf_printf(b, "%zu of its %zu name%s %s not validated: ", open, p->n_names,
                   p->n_names == 1 ? "" : "s", open == 1 ? "is" : "are");
    for (size_t i = 0, told = 0; i < p->n_names && open; i++) {
        if (p->names[i].validated)
            continue;
        if (told == NAMES_TOLD && open > NAMES_TOLD + 1) {
            buf_printf(b, " and %zu more", open - told);
            break;
        }
        buf_printf(b, "%s%s", told++ ? ", " : "", shown(a, p->names[i].domain));
    }
    if (open)
        buf_puts(b, ".");
}

static void nothing_sentence(struct buf *b, struct arena *a, const struct paste *p)
{
    if (p->empty)
        buf_puts(b, "There is no text.");
    else if (p->only_domain)
        buf_printf(b, "This is a domain and no error: dcvprobe check %s says what is wrong with it.",
                   shown(a, p->only_domain));
    else if (p->binary)
        buf_puts(b, "This is no text that could be read, and no error code is in it.");
    else
        buf_puts(b, "No error code, no message of the API's document and no cause is in this text.");
    if (!p->only_domain)
        buf_puts(b, " Expected is an error such as dns_mismatch|shop.example.com, the API's whole answer, or "
                    "the line of "
                    "a log that holds one.");
}

static void unknown_sentence(struct buf *b, struct arena *a, const struct paste_found *f)
{
    buf_printf(
        b,
        "'%s' is not a code that is known, neither from the API's document nor from answers seen in public",
        shown(a, f->name));
    for (size_t k = 0; k < PASTE_NEAREST && f->near[k] != CODE_NONE; k++)
        buf_printf(b, "%s%s", k ? ", " : "; did you mean ", code_info(f->near[k])->code);
    buf_puts(b, f->near[0] != CODE_NONE ? "?" : ".");
}

char *explain_sentence(struct arena *a, const struct paste *p)
{
    struct buf b = {0};
    size_t unknown = 0, codes = 0, causes = 0, told = 0;
    for (size_t i = 0; i < p->n; i++) {
        causes += p->found[i].kind == PASTE_CAUSE;
        codes += p->found[i].code != CODE_NONE;
    }
    unknown = p->n - codes - causes;
    if (codes == 1)
        buf_puts(&b, "One known error code was found.");
    else if (codes)
        buf_printf(&b, "%zu known error codes were found.", codes);
    if (causes)
        buf_printf(&b, "%s%zu cause%s found.", b.n ? " " : "", causes, causes == 1 ? " was" : "s were");
    for (size_t i = 0; i < p->n && told < NAMES_TOLD; i++)
        if (p->found[i].code == CODE_NONE && p->found[i].kind == PASTE_CODE) {
            buf_puts(&b, b.n ? " " : "");
            unknown_sentence(&b, a, &p->found[i]);
            told++;
        }
    if (unknown > told)
        buf_printf(&b, " %zu more are not known.", unknown - told);
    if (p->order_check) {
        buf_puts(&b, b.n ? " " : "");
        order_sentence(&b, a, p);
    }
    if (!p->n && !p->order_check)
        nothing_sentence(&b, a, p);
    if (p->more)
        buf_puts(&b, " There is more in this text than is told here.");
    char *s = b.failed ? NULL : arena_strndup(a, b.p, b.n);
    buf_free(&b);
    return s;
}

/* ---------------------------------------------------------------- text ------------------------------- */

char *explain_name_command(struct arena *a, const char *domain)
{
    const char *safe = shown(a, domain), *word = shell_quote(a, safe);
    return word ? arena_printf(a, "dcvprobe check %s%s --token VALUE", *safe == '-' ? "-- " : "", word)
                : NULL;
}

static void begin(struct buf *b, const struct render *how, const char *title)
{
    buf_printf(b, "%s%s%s%s", b->n ? "\n" : "", how->color ? "\033[1m" : "", title, how->color ? "\033[0m" : "");
}

static void paragraph(struct buf *b, const struct render *how, const char *text)
{
    buf_puts(b, "  ");
    render_wrap(b, text, "  ", 2, how->width ? how->width : WIDTH);
}

/* The sentence of a report without a report: what it would fill in stands in capitals, or is left out where
 * it only goes on with a word. */
static char *template_text(struct arena *a, const char *text)
{
    char *s = arena_strdup(a, text), *to = s;
    bool inside = false;
    for (const char *p = text; s && *p; p++) {
        if (*p == '{' && to > s && ((to[-1] | 0x20) >= 'a' && (to[-1] | 0x20) <= 'z'))
            p += strcspn(p, "}") - !strchr(p, '}');
        else if (*p == '{' || *p == '}')
            inside = *p == '{';
        else
            *to++ = inside && *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
    }
    if (s)
        *to = '\0';
    return s;
}

void explain_cause(struct buf *b, struct arena *a, enum cause c, const struct render *how)
{
    const struct cause_info *i = cause_info(c);
    begin(b, how, i->id);
    buf_printf(b, "  a cause that dcvprobe finds, %s\n", weight_name(i->weight));
    const char *summary = template_text(a, i->summary);
    paragraph(b, how, summary ? summary : "");
    paragraph(b, how, i->hint);
    const char *who = arena_printf(a, "Who has to act: %s.", actor_words(i->who_acts));
    paragraph(b, how, who ? who : "");
}

static void cause_page(struct buf *b, struct arena *a, const struct paste_found *f, const struct render *how)
{
    explain_cause(b, a, f->cause, how);
    if (f->domain) {
        const char *command = explain_name_command(a, f->domain);
        paragraph(b, how, "Whether it is so now:");
        buf_printf(b, "    %s\n", command ? command : "");
    }
}

static void unknown_page(struct buf *b, struct arena *a, const struct paste_found *f, const struct render *how)
{
    struct buf s = {0};
    begin(b, how, shown(a, f->text));
    buf_puts(b, "  not known\n");
    unknown_sentence(&s, a, f);
    buf_puts(&s, " What stands beside it as its message is all that is known of it.");
    paragraph(b, how, s.p ? s.p : "");
    b->failed = b->failed || s.failed;
    buf_free(&s);
    if (f->domain) {
        const char *command = explain_name_command(a, f->domain);
        paragraph(b, how, "What can be seen of its domain from here:");
        buf_printf(b, "    %s\n", command ? command : "");
    }
}

static void order_page(struct buf *b, struct arena *a, const struct paste *p, const struct render *how)
{
    begin(b, how, "order check\n");
    char *sentence = explain_sentence(a, p);
    paragraph(b, how, sentence ? sentence : "");
    for (size_t i = 0; i < p->n_names; i++) {
        const struct paste_name *n = &p->names[i];
        buf_printf(b, "    %-40s %s%s\n", shown(a, n->domain), n->status ? shown(a, n->status) : "(cut)",
                   n->validated ? "" : ": not validated");
    }
    bool told = false;
    for (size_t i = 0; i < p->n_names; i++) {
        if (p->names[i].validated)
            continue;
        if (!told)
            paragraph(b, how, "Why it is not, and what to change:");
        told = true;
        const char *command = explain_name_command(a, p->names[i].domain);
        buf_printf(b, "    %s\n", command ? command : "");
    }
}

/* Whether the page before told of the same message. */
static bool same_message(const struct paste *p, size_t i)
{
    return i && p->found[i - 1].kind == PASTE_MESSAGE && p->found[i - 1].text == p->found[i].text;
}

static void message_line(struct buf *b, struct arena *a, const struct paste *p, size_t i, const struct render *how)
{
    size_t n = 1;
    while (i + n < p->n && same_message(p, i + n))
        n++;
    struct buf s = {0};
    begin(b, how, "message without a code\n");
    if (n == 1)
        buf_printf(&s, "\"%s\" is the message of %s.", shown(a, p->found[i].text),
                   code_info(p->found[i].code)->code);
    else
        buf_printf(
            &s, "The API's document gives \"%s\" as the message of %zu codes, and any of them may be meant.",
            shown(a, p->found[i].text), n);
    paragraph(b, how, s.p ? s.p : "");
    b->failed = b->failed || s.failed;
    buf_free(&s);
}

void explain_paste(struct buf *b, struct arena *a, const struct paste *p, const struct render *how,
                   const struct profile *profile, dcv_time now)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct paste_found *f = &p->found[i];
        const char *v[2];
        if (f->kind == PASTE_MESSAGE && !same_message(p, i))
            message_line(b, a, p, i, how);
        if (f->kind == PASTE_CAUSE) {
            cause_page(b, a, f, how);
        } else if (f->code == CODE_NONE) {
            unknown_page(b, a, f, how);
        } else {
            variables_of(f, v);
            buf_puts(b, b->n ? "\n" : "");
            explain_code(b, a, f->code, v, how, profile, now);
        }
    }
    if (p->order_check)
        order_page(b, a, p, how);
}

/* ---------------------------------------------------------------- JSON ------------------------------- */

static void found_json(struct json_out *j, struct arena *a, const struct paste_found *f, const struct profile *profile,
                       dcv_time now)
{
    const struct code_info *info = code_info(f->code);
    const char *v[2];
    variables_of(f, v);
    json_open(j, NULL, '{');
    json_text(j, "found_by", paste_kind_name(f->kind));
    json_text(j, "text", f->text);
    json_text(j, "code", info ? info->code : f->name);
    json_text(j, "domain", f->domain);
    json_bool(j, "known", info || f->cause != CAUSE_NONE);
    json_open(j, "nearest", '[');
    for (size_t k = 0; k < PASTE_NEAREST && f->near[k] != CODE_NONE; k++)
        json_text(j, NULL, code_info(f->near[k])->code);
    json_close(j, ']');
    explain_code_json(j, "explanation", a, f->code, v, profile, now);
    json_write_cause(j, "cause", f->cause);
    json_close(j, '}');
}

void explain_paste_json(struct json_out *j, struct arena *a, const struct paste *p, const struct profile *profile,
                        dcv_time now)
{
    json_open(j, "found", '[');
    for (size_t i = 0; i < p->n; i++)
        found_json(j, a, &p->found[i], profile, now);
    json_close(j, ']');
    json_open(j, "names", '[');
    for (size_t i = 0; i < p->n_names; i++) {
        json_open(j, NULL, '{');
        json_text(j, "domain", p->names[i].domain);
        json_text(j, "status", p->names[i].status);
        json_bool(j, "validated", p->names[i].validated);
        json_text(j, "command", p->names[i].validated ? NULL : explain_name_command(a, p->names[i].domain));
        json_close(j, '}');
    }
    json_close(j, ']');
    json_bool(j, "more", p->more);
    json_text(j, "sentence", explain_sentence(a, p));
}
