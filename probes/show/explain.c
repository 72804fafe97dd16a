/* explain.c - what an error of the API means, as text for support staff and as JSON. */
#include "show/explain.h"

#include "ca/answer.h"
#include "format/json_answer.h"
#include "show/explain_command.h"
#include "show/explain_rules.h"
#include "show/render_wrap.h"
#include "wire/name.h"

#include <string.h>

enum { WIDTH = 80, LABEL = 4, TEXT = 22, HEAD = 37, SHOWN = 300 };

const char *basis_sentence(enum code_basis b)
{
    switch (b) {
    case BASIS_DOCUMENTED:
        return "The API's own document says that this is what the code stands for.";
    case BASIS_LIBRARY:
        return "The document leaves it open; the CA's published validation library works this way.";
    case BASIS_STANDARD:
        return "The document leaves it open; the standards that bind every public CA (RFC 5280, the Baseline "
               "Requirements) say what is allowed.";
    case BASIS_RULE:
        return "The document does not say what sets this code apart from its neighbours: the reading is our own, "
               "argued from its name. Trust the facts of a check more than the code.";
    case BASIS_SEEN:
        return "The API's document does not list this code; it was seen in public. The reading is our own: hold it "
               "against the message that came with the code.";
    }
    return "";
}

/* What <domain> in the texts is replaced with. Plain host names only, because people paste such lines into a shell. */
static const char *domain_of(enum code c, const char *const variables[2])
{
    const struct code_info *info = code_info(c);
    const char *v = variables && variables[0] ? variables[0] : "";
    if (strchr(info->code, ':') || info->class == CLASS_ACCOUNT || info->class == CLASS_API)
        return NULL;
    if (!strncmp(v, "*.", 2))
        v += 2;
    return name_is_host(v) ? v : NULL;
}

/* text with each <domain> replaced; text itself where domain is NULL, or the arena is full. */
static const char *fill(struct arena *a, const char *text, const char *domain)
{
    static const char place[] = "<domain>";
    if (!domain)
        return text;
    for (const char *p = text, *at; (at = strstr(p, place));) {
        char *filled = arena_printf(a, "%.*s%s%s", (int)(at - text), text, domain, at + strlen(place));
        if (!filled)
            return text;
        p = filled + (at - text) + strlen(domain);
        text = filled;
    }
    return text;
}

/* The error as the API spells it, with its variables; not escaped. */
static const char *error_text(struct arena *a, enum code c, const char *const variables[2])
{
    const struct code_info *info = code_info(c);
    if (!variables || !variables[0] || !*variables[0])
        return strchr(info->code, ':') ? info->spelling : info->code;
    struct code_error e = {.code = c, .variable = {variables[0]}};
    if (variables[1] && *variables[1])
        e.variable[1] = variables[1];
    char *s = code_text(a, &e);
    return s ? s : info->code;
}

/* Prose from column left on, where the output stands. */
static void prose(struct buf *b, const struct render *how, size_t left, const char *text)
{
    static const char blanks[TEXT + 1] = "                      ";
    render_wrap(b, text, blanks + TEXT - left, left, how->width ? how->width : WIDTH);
}

static void paragraph(struct buf *b, const struct render *how, const char *label, const char *text)
{
    buf_printf(b, "%*s%-*s", LABEL, "", TEXT - LABEL, label);
    prose(b, how, TEXT, text);
}

/* The method of the check that gives the code; any other where no check does. */
static enum method method_of(struct arena *a, enum code c, const char *const variables[2])
{
    static const char *const none[2] = {NULL, NULL};
    const char *domain;
    enum method m = METHOD_CAA;
    code_check(a, c, variables ? variables : none, &domain, &m);
    return m;
}

/* Which call answers with the code; NULL where that is not known. */
static const char *call_text(struct arena *a, enum code c, enum method m, const struct profile *p)
{
    struct answer w;
    if (!answer_of(p, c, m, &w))
        return NULL;
    const char *what = w.kind == CALL_DOMAIN_CHECK ? "the check of one domain"
                       : w.kind == CALL_ISSUE      ? "with a request token: an order that is issued at once"
                                                   : "placing an order";
    const char *order = "";
    if (w.pending)
        order = arena_printf(a,
                             " The check of a whole order, %s, answers HTTP %d instead, with the state %s for the "
                             "name.",
                             w.order_call, w.order_status, w.pending);
    else if (w.order_call)
        order = arena_printf(a, " The check of a whole order, %s, answers with it, too.", w.order_call);
    return order ? arena_printf(a, "%s, %s%s.%s", w.call, what,
                                w.basis == BASIS_RULE ? ", by our own reading" : "", order)
                 : NULL;
}

void explain_code(struct buf *b, struct arena *a, enum code c, const char *const variables[2], const struct render *how,
                  const struct profile *p, dcv_time now)
{
    const struct code_info *info = code_info(c);
    if (!info)
        return;
    const char *raw = error_text(a, c, variables);
    const char *shown = text_escape(a, raw, strlen(raw), SHOWN);
    if (!shown)
        shown = info->code;
    size_t n = strlen(shown);
    buf_printf(b, "%s%s%s%*s  HTTP %d, %s, %s\n", how->color ? "\033[1m" : "", shown, how->color ? "\033[0m" : "",
               n + 2 < HEAD ? (int)(HEAD - 2 - n) : 0, "", info->status, code_class_name(info->class),
               code_basis_name(info->basis));
    const char *domain = domain_of(c, variables);
    buf_puts(b, "  ");
    prose(b, how, 2, info->message);
    paragraph(b, how, "what the CA saw", fill(a, info->meaning, domain));
    paragraph(b, how, "what to check", fill(a, info->check, domain));
    paragraph(b, how, "how certain", basis_sentence(info->basis));
    const char *call = call_text(a, c, method_of(a, c, variables), p);
    if (call)
        paragraph(b, how, "which call", call);
    if (info->seen)
        paragraph(b, how, "where it was seen", info->seen);
    struct texts rules;
    if (!explain_rules(a, c, p, now, &rules))
        for (size_t i = 0; i < rules.n; i++)
            paragraph(b, how, i ? "" : "rules by date", rules.v[i]);
    const char *command = code_command(a, c, variables);
    if (command) /* one line, however long, so that it can be pasted */
        buf_printf(b, "%*s%-*s%s\n", LABEL, "", TEXT - LABEL, "reproduce it", command);
    else
        paragraph(b, how, "reproduce it", "Not possible from here: only the CA holds this state.");
}

void explain_code_json(struct json_out *j, const char *key, struct arena *a, enum code c,
                       const char *const variables[2], const struct profile *p, dcv_time now)
{
    const struct code_info *info = code_info(c);
    if (!info) {
        json_nil(j, key);
        return;
    }
    const char *domain = domain_of(c, variables);
    json_open(j, key, '{');
    json_text(j, "error", error_text(a, c, variables));
    json_text(j, "code", info->code);
    json_open(j, "values", '[');
    for (int i = 0; variables && i < 2 && variables[i] && *variables[i]; i++)
        json_text(j, NULL, variables[i]);
    json_close(j, ']');
    json_int(j, "http_status", info->status);
    json_text(j, "class", code_class_name(info->class));
    json_text(j, "basis", code_basis_name(info->basis));
    json_text(j, "message", info->message);
    json_text(j, "meaning", fill(a, info->meaning, domain));
    json_text(j, "check", fill(a, info->check, domain));
    json_text(j, "certainty", basis_sentence(info->basis));
    json_text(j, "seen", info->seen);
    struct texts rules;
    json_open(j, "rules", '[');
    if (!explain_rules(a, c, p, now, &rules))
        for (size_t i = 0; i < rules.n; i++)
            json_text(j, NULL, rules.v[i]);
    json_close(j, ']');
    json_write_answer(j, "answer_of", p, c, method_of(a, c, variables), domain);
    json_text(j, "command", code_command(a, c, variables));
    json_close(j, '}');
}

