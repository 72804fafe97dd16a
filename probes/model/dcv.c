#include "model/dcv.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#define NAME_ROW(sym, text) [sym] = text,
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
NAMES_BOTH(via, via, DCV_VIAS)
NAMES_BOTH(dns_outcome, dns_outcome, DCV_DNS_OUTCOMES)
NAMES_BOTH(http_outcome, http_outcome, DCV_HTTP_OUTCOMES)
NAMES_BOTH(fix_op, fix_op, DCV_FIX_OPS)
NAMES(code_class, code_class, DCV_CODE_CLASSES)
NAMES(code_basis, code_basis, DCV_CODE_BASES)

bool method_is_file(enum method m)
{
    return m == METHOD_HTTP_TOKEN || m == METHOD_HTTP_TOKEN_DYNAMIC;
}

bool method_is_dns(enum method m)
{
    return !method_is_file(m);
}

bool texts_add(struct arena *a, struct texts *t, const char *s)
{
    /* Room doubles at each power of two, so the list itself need not say how much it has. */
    if ((t->n & (t->n - 1)) == 0) {
        const char **v = arena_array(a, t->n ? t->n * 2 : 1, sizeof *v);
        if (!v)
            return false;
        if (t->n)
            memcpy(v, t->v, t->n * sizeof *v);
        t->v = v;
    }
    t->v[t->n++] = s;
    return true;
}

/* ---------------------------------------------------------------- catalogues ------------------------- */

static const struct code_info codes[] = {
#define X(id, code, spelling, status, variables, class, basis, message, meaning, check)                      \
    [CODE_##id] = {code, spelling, status, variables, class, basis, message, meaning, check},
#include "model/codes.def"
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
    /* A parameter code holds its variable's place: "invalid_value:<param.name>", "required_param:". */
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
    CAA = METHOD_BIT(METHOD_CAA),
    ALL = TXT | CNAME | TARGET | FILE_ | CAA,
    NAME = ALL
};

const struct cause_info cause_list[] = {
#define X(id, text, weight, methods, summary, hint) [CAUSE_##id] = {text, weight, methods, summary, hint},
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

/* ---------------------------------------------------------------- evidence --------------------------- */

enum { BUCKETS_FIRST = 4, LIST_FIRST = 4 }; /* of many checks each asks a question or two */

/* Eight bytes at a time, for names are long and looked up often; the case of letters does not count. */
static uint64_t hash_text(uint64_t h, const char *s)
{
    const uint64_t fold = UINT64_C(0x2020202020202020), prime = UINT64_C(0x9e3779b97f4a7c15);
    size_t n = s ? strlen(s) : 0;
    h = (h ^ n) * prime;
    for (; n; n -= n < 8 ? n : 8, s += 8) {
        uint64_t word = 0;
        memcpy(&word, s, n < 8 ? n : 8);
        h = (h ^ (word | fold)) * prime;
        h ^= h >> 32;
    }
    return h;
}

static uint32_t ask_hash(const struct ask *q)
{
    uint64_t h = (uint64_t)q->kind ^ (uint64_t)q->via << 4 ^ (uint64_t)q->qtype << 8;
    h = hash_text(h, q->qname);
    h = hash_text(h, q->server);
    h = hash_text(h, q->url);
    return (uint32_t)hash_text(h, q->address);
}

static bool same_text(const char *a, const char *b, bool fold)
{
    if (a == b || !a || !b)
        return a == b;
    return fold ? !strcasecmp(a, b) : !strcmp(a, b);
}

static bool ask_same(const struct ask *a, const struct ask *b)
{
    return a->kind == b->kind && a->via == b->via && a->qtype == b->qtype && a->tcp == b->tcp &&
           a->cd == b->cd && a->no_edns == b->no_edns && a->dnssec == b->dnssec &&
           a->mixed_case == b->mixed_case && a->browser == b->browser && a->whole == b->whole &&
           same_text(a->qname, b->qname, true) && same_text(a->server, b->server, true) &&
           same_text(a->url, b->url, false) && same_text(a->address, b->address, false) &&
           same_text(a->perspective, b->perspective, false);
}

void evidence_init(struct evidence *ev, struct arena *a, size_t most_asks)
{
    *ev = (struct evidence){.arena = a, .most_asks = most_asks};
}

static struct ask *find(const struct evidence *ev, const struct ask *question, uint32_t hash)
{
    struct ask *q = ev->n_buckets ? ev->buckets[hash & (ev->n_buckets - 1)] : NULL;
    while (q && !(q->hash == hash && ask_same(q, question)))
        q = q->bucket;
    return q;
}

struct ask *evidence_find(const struct evidence *ev, const struct ask *question)
{
    return ev->n_buckets ? find(ev, question, ask_hash(question)) : NULL;
}

static bool buckets_grow(struct evidence *ev)
{
    size_t n = ev->n_buckets ? ev->n_buckets * 2 : BUCKETS_FIRST;
    struct ask **buckets = arena_array(ev->arena, n, sizeof(struct ask *));
    if (!buckets)
        return false;
    for (size_t i = 0; i < ev->n_asks; i++) {
        struct ask **b = &buckets[ev->asks[i]->hash & (n - 1)];
        ev->asks[i]->bucket = *b;
        *b = ev->asks[i];
    }
    ev->buckets = buckets;
    ev->n_buckets = n;
    return true;
}

/* Makes room for one more pointer in a list that doubles. */
static bool list_grow(struct arena *a, void ***list, size_t n, size_t *room)
{
    if (n < *room)
        return true;
    size_t more = *room ? *room * 2 : LIST_FIRST;
    void **v = arena_array(a, more, sizeof(void *));
    if (!v)
        return false;
    if (n)
        memcpy(v, *list, n * sizeof(void *));
    *list = v;
    *room = more;
    return true;
}

static const char *copy(struct arena *a, const char *s)
{
    return s ? arena_strdup(a, s) : NULL;
}

struct ask *evidence_ask(struct evidence *ev, const struct ask *question, bool *is_new)
{
    if (is_new)
        *is_new = false;
    const uint32_t hash = ask_hash(question);
    struct ask *q = find(ev, question, hash);
    if (q)
        return q;
    if (ev->n_asks >= ev->most_asks) {
        ev->overflow = true;
        return NULL;
    }
    if (ev->n_asks >= ev->n_buckets && !buckets_grow(ev))
        return NULL;
    if (!list_grow(ev->arena, (void ***)&ev->asks, ev->n_asks, &ev->asks_room))
        return NULL;
    q = arena_alloc(ev->arena, sizeof *q);
    if (!q)
        return NULL;
    *q = *question;
    q->qname = copy(ev->arena, question->qname);
    q->server = copy(ev->arena, question->server);
    q->url = copy(ev->arena, question->url);
    q->address = copy(ev->arena, question->address);
    q->perspective = copy(ev->arena, question->perspective);
    if (arena_full(ev->arena))
        return NULL;
    q->number = (uint32_t)ev->n_asks;
    q->fact = NULL;
    q->next = NULL;
    q->hash = hash;
    struct ask **b = &ev->buckets[hash & (ev->n_buckets - 1)];
    q->bucket = *b;
    *b = q;
    ev->asks[ev->n_asks++] = q;
    ev->unchecked = ev->unchecked || q->cd;
    if (is_new)
        *is_new = true;
    return q;
}

int evidence_add(struct evidence *ev, struct fact *fact)
{
    if (!list_grow(ev->arena, (void ***)&ev->facts, ev->n, &ev->room))
        return -ENOMEM;
    fact->n = (uint32_t)ev->n + 1;
    ev->facts[ev->n++] = fact;
    ((struct ask *)fact->ask)->fact = fact; /* the ask is evidence's own: made by evidence_ask() */
    return 0;
}

bool resolvers_recursive(const struct texts *resolvers)
{
    return resolvers->n == 1 && !strcmp(resolvers->v[0], RESOLVER_RECURSIVE_TEXT);
}
