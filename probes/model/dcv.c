#include "model/dcv.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#define NAME_ROW(sym, text, ...) [sym] = text,
#define NAMES(fn, type, list)                                                                                \
    static const char *const fn##_names[] = {list(NAME_ROW)};                                                \
    const char *fn##_name(enum type v)                                                                       \
    {                                                                                                        \
        size_t i = (size_t)v;                                                                                \
        return i < sizeof fn##_names / sizeof *fn##_names ? fn##_names[i] : "?";                             \
    }
#define NAMES_BOTH(fn, type, list)                                                                           \
    NAMES(fn, type, list)                                                                                    \
    bool fn##_parse(const char *text, enum type *ret)                                                        \
    {                                                                                                        \
        for (size_t i = 0; i < sizeof fn##_names / sizeof *fn##_names; i++)                                  \
            if (!strcmp(text, fn##_names[i])) {                                                              \
                *ret = (enum type)i;                                                                         \
                return true;                                                                                 \
            }                                                                                                \
        return false;                                                                                        \
    }
NAMES_BOTH(method, method, DCV_METHODS)
NAMES_BOTH(purpose, purpose, DCV_PURPOSES)
NAMES_BOTH(depth, depth, DCV_DEPTHS)
NAMES_BOTH(verdict, verdict, DCV_VERDICTS)
NAMES_BOTH(challenge, challenge, DCV_CHALLENGES)
NAMES_BOTH(weight, weight, DCV_WEIGHTS)
NAMES_BOTH(trace, trace, DCV_TRACES)
NAMES_BOTH(via, via, DCV_VIAS)
NAMES_BOTH(dns_outcome, dns_outcome, DCV_DNS_OUTCOMES)
NAMES_BOTH(http_outcome, http_outcome, DCV_HTTP_OUTCOMES)
NAMES_BOTH(fix_op, fix_op, DCV_FIX_OPS)
NAMES(code_class, code_class, DCV_CODE_CLASSES)
NAMES(code_basis, code_basis, DCV_CODE_BASES)

static const struct {
    const char *name, *words;
} actors[] = {
#define X(sym, text, words) [sym] = {text, words},
    DCV_ACTORS(X)
#undef X
};
enum { ACTOR_COUNT = sizeof actors / sizeof *actors };

const char *actor_name(enum actor a)
{
    return actors[a].name;
}

const char *actor_words(enum actor a)
{
    return actors[a].words;
}

bool actor_parse(const char *text, enum actor *ret)
{
    for (size_t i = ACTOR_NONE + 1; i < ACTOR_COUNT; i++)
        if (!strcmp(text, actors[i].name)) {
            *ret = (enum actor)i;
            return true;
        }
    return false;
}

static const unsigned char method_traits[] = {
#define X(sym, text, rules, traits) [sym] = traits,
    DCV_METHODS(X)
#undef X
};

bool method_is_file(enum method m)
{
    return method_traits[m] & METHOD_FILE;
}

bool method_for_ip(enum method m)
{
    return method_traits[m] & METHOD_FOR_IP;
}

struct bytes bytes_trim(struct bytes v)
{
    while (v.n && v.p[0] <= ' ')
        v.p++, v.n--;
    while (v.n && v.p[v.n - 1] <= ' ')
        v.n--;
    return v;
}

bool texts_add(struct arena *a, struct texts *t, const char *s)
{
    const char **v = arena_grow(a, t->v, t->n, sizeof *v);
    if (!v)
        return false;
    t->v = v;
    t->v[t->n++] = s;
    return true;
}

/* ---------------------------------------------------------------- catalogues ------------------------- */

static const struct code_info codes[] = {
#define X(id, code, spelling, status, variables, class, basis, message, meaning, check)                      \
    [CODE_##id] = {code, spelling, status, variables, class, basis, message, meaning, check, NULL},
#include "model/codes.def"
#undef X
#define X(id, code, spelling, status, variables, class, basis, message, meaning, check, seen)                \
    [CODE_##id] = {code, spelling, status, variables, class, basis, message, meaning, check, seen},
#include "model/codes_seen.def"
#undef X
};

const struct code_info *code_info(enum code c)
{
    return c != CODE_NONE && (size_t)c < sizeof codes / sizeof *codes ? &codes[c] : NULL;
}

char *code_text(struct arena *a, const struct code_error *e)
{
    const struct code_info *info = code_info(e->code);
    if (!info)
        return arena_strdup(a, "");
    /* In the codes about a parameter the variable follows a colon: "invalid_value:<param.name>", "required_param:". */
    const char *place = strpbrk(info->code, "<");
    size_t stem = place ? (size_t)(place - info->code) : strlen(info->code);
    const char *v0 = info->variables > 0 ? e->variable[0] : NULL;
    const char *v1 = info->variables > 1 ? e->variable[1] : NULL;
    if (!v0)
        return arena_strndup(a, info->code, stem);
    bool colon = stem && info->code[stem - 1] == ':';
    return arena_printf(a, "%.*s%s%s%s%s", (int)stem, info->code, colon ? "" : "|", v0, v1 ? "|" : "",
                        v1 ? v1 : "");
}

enum {
    TXT = METHOD_BIT(METHOD_DNS_TXT_TOKEN),
    CNAME = METHOD_BIT(METHOD_DNS_CNAME_TOKEN),
    TARGET = METHOD_BIT(METHOD_DNS_CNAME_TARGET),
    FILE_ = METHOD_BIT(METHOD_HTTP_TOKEN) | METHOD_BIT(METHOD_HTTP_TOKEN_DYNAMIC),
    PERSIST = METHOD_BIT(METHOD_DNS_PERSIST),
    CAA = METHOD_BIT(METHOD_CAA),
    ALL = (1u << METHOD_COUNT) - 1,
    NAME = ALL
};

const struct cause_info cause_list[] = {
#define X(id, text, weight, methods, who, summary, hint) [CAUSE_##id] = {text, weight, methods, who, summary, hint},
#include "model/causes.def"
#undef X
};

const struct cause_info *cause_info(enum cause c)
{
    return c != CAUSE_NONE && (size_t)c <= CAUSE_COUNT ? &cause_list[c] : NULL;
}

enum cause cause_find(const char *id)
{
    for (size_t i = 1; i <= CAUSE_COUNT; i++)
        if (!strcmp(cause_list[i].id, id))
            return (enum cause)i;
    return CAUSE_NONE;
}

bool resolvers_recursive(const struct texts *resolvers)
{
    return resolvers->n == 1 && !strcmp(resolvers->v[0], RESOLVER_RECURSIVE_TEXT);
}

const char *http_header_find(const struct http_fact *f, const char *name)
{
    for (size_t i = 0; i < f->n_headers; i++)
        if (!strcasecmp(f->headers[i].name, name))
            return f->headers[i].value;
    return NULL;
}

bool texts_have(const struct texts *t, const char *s)
{
    for (size_t i = 0; i < t->n; i++)
        if (!strcmp(t->v[i], s))
            return true;
    return false;
}

bool fix_by_machine(const struct fix *x)
{
    return x->op != FIX_ADVICE && x->op != FIX_WAIT && !(x->op == FIX_INPUT && (!x->value || !*x->value));
}

bool cure_by_machine(const struct cure *c)
{
    for (size_t i = 0; i < c->n && !c->breaks.n; i++)
        if (fix_by_machine(&c->ops[i]))
            return true;
    return false;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && !strcmp(a, b));
}

bool fix_same(const struct fix *a, const struct fix *b)
{
    return a->op == b->op && same_text(a->owner, b->owner) && same_text(a->type, b->type) &&
           same_text(a->rdata, b->rdata) && same_text(a->old_rdata, b->old_rdata) && same_text(a->url, b->url) &&
           same_text(a->body, b->body) && same_text(a->argument, b->argument) && same_text(a->value, b->value) &&
           (fix_by_machine(a) || same_text(a->text, b->text));
}

/* The next operation from at on that counts: advice beside operations of a machine is a remark only. */
static const struct fix *next_op(const struct cure *c, size_t *at, bool advice)
{
    for (; *at < c->n; (*at)++)
        if (advice || fix_by_machine(&c->ops[*at]))
            return &c->ops[(*at)++];
    return NULL;
}

bool cure_same(const struct cure *a, const struct cure *b)
{
    bool advice = !cure_by_machine(a);
    if (advice != !cure_by_machine(b))
        return false;
    size_t i = 0, k = 0;
    for (;;) {
        const struct fix *x = next_op(a, &i, advice), *y = next_op(b, &k, advice);
        if (!x || !y)
            return x == y;
        if (!fix_same(x, y))
            return false;
    }
}
