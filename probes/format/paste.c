/* paste.c - scans a text for codes, messages and causes. */
#include "format/paste_inner.h"

#include "base/text.h"
#include "model/codes.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

enum {
    KEY_MOST = 64,     /* bytes of a code's name or a cause's id */
    VALUE_MOST = 600,  /* bytes of a code with its variables: two names of 253, and room */
    SLIPS_MOST = 32,   /* words of a text that are compared with all codes */
    SHORT_TEXT = 2000, /* a longer text is not only codes */
    SEEN = 2048,       /* spellings that are told apart */
    LETTERS = 26
};

#define NAME(sym, text) [sym] = text,
const char *paste_kind_name(enum paste_kind k)
{
    static const char *const names[] = {PASTE_KINDS(NAME)};
    return (size_t)k < sizeof names / sizeof *names ? names[k] : "?";
}
#undef NAME

struct paste_scan {
    struct arena *a;
    const char *p;
    size_t n;
    struct paste *ret;
    size_t at[PASTE_FOUND_MOST];                /* where each thing was found */
    short first[LETTERS], next[CODE_COUNT + 1]; /* the codes by their first letter: 0 ends a list */
    bool codes_only;     /* the text is a list of codes: what looks like one is meant as one */
    bool loose;          /* hyphens between the words of a code count as underscores */
    uint64_t seen[SEEN]; /* hashes of what was read already; 0: free */
    size_t n_seen;
    const char *slips[SLIPS_MOST];
    size_t slip_at[SLIPS_MOST], n_slips;
    int err;
};

/* ---------------------------------------------------------------- what was found --------------------- */

/* True the first time for each text. */
static bool is_new(struct paste_scan *s, const char *p, size_t n)
{
    uint64_t h = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)p[i]) * 1099511628211u;
    h |= 1;
    for (size_t i = h / 2 % SEEN;; i = (i + 1) % SEEN) {
        if (s->seen[i] == h)
            return false;
        if (!s->seen[i]) {
            if (s->n_seen == SEEN / 2) {
                s->ret->more = true;
                return false;
            }
            s->seen[i] = h;
            s->n_seen++;
            return true;
        }
    }
}

static bool same_text(const char *x, const char *y)
{
    return x == y || (x && y && !strcasecmp(x, y));
}

static void add(struct paste_scan *s, size_t at, const struct paste_found *f)
{
    struct paste *r = s->ret;
    for (size_t i = 0; i < r->n; i++) {
        const struct paste_found *g = &r->found[i];
        if (g->code == f->code && g->cause == f->cause && same_text(g->domain, f->domain) &&
            same_text(g->name, f->name) && same_text(g->variables[0], f->variables[0]) &&
            same_text(g->variables[1], f->variables[1]))
            return;
    }
    if (r->n == PASTE_FOUND_MOST) {
        r->more = true;
        return;
    }
    struct paste_found *v = arena_grow(s->a, r->found, r->n, sizeof *v);
    if (!v) {
        s->err = -ENOMEM;
        return;
    }
    s->at[r->n] = at;
    v[r->n++] = *f;
    r->found = v;
}

/* Whether the variable of such a code is a domain: not a parameter's name, nor a size. */
static bool has_domain(enum code c)
{
    const struct code_info *i = code_info(c);
    return i && !strchr(i->code, ':') && i->class != CLASS_ACCOUNT && i->class != CLASS_API;
}

static void add_known(struct paste_scan *s, size_t at, enum code c, const char *text,
                      const char *const variables[2])
{
    struct paste_found f = {
        .kind = PASTE_CODE, .code = c, .text = text, .variables = {variables[0], variables[1]}};
    if (*variables[0] && !strchr(code_info(c)->code, ':')) {
        f.domain = paste_domain(s->a, variables[0], strlen(variables[0]));
        if (!f.domain && has_domain(c))
            f.domain = variables[0];
        f.own_domain = f.domain;
    }
    add(s, at, &f);
}

/* text: NAME or NAME|VARIABLE. */
static void add_unknown(struct paste_scan *s, size_t at, const char *text)
{
    size_t n = strcspn(text, "|");
    struct paste_found f = {
        .kind = PASTE_CODE, .text = text, .name = arena_strndup(s->a, text, n), .variables = {"", ""}};
    if (text[n]) {
        f.variables[0] = text + n + 1;
        f.domain = paste_domain(s->a, text + n + 1, strlen(text + n + 1));
        f.own_domain = f.domain;
    }
    code_nearest(text, f.near, PASTE_NEAREST);
    add(s, at, &f);
}

/* ---------------------------------------------------------------- words ------------------------------ */

/* The word in small letters, each `from` as `to`; "" where it is longer than any name. */
static void normal(char key[KEY_MOST], const char *p, size_t n, char from, char to)
{
    key[0] = '\0';
    if (n >= KEY_MOST)
        return;
    for (size_t i = 0; i < n; i++)
        key[i] = p[i] == from ? to : p[i] >= 'A' && p[i] <= 'Z' ? (char)(p[i] | 0x20) : p[i];
    key[n] = '\0';
}

/* Whether a code begins with this name: the whole code, or what stands before its first divider. */
static bool is_code_name(const struct paste_scan *s, const char *key)
{
    size_t n = strlen(key);
    int letter = key[0] - 'a';
    for (short c = letter >= 0 && letter < LETTERS ? s->first[letter] : 0; c; c = s->next[c]) {
        const char *code = code_info((enum code)c)->code;
        if (!strncmp(code, key, n) && (!code[n] || strchr("|:", code[n])))
            return true;
    }
    return false;
}

/* Whether the name is a code's that is about a domain: the others are words of everyday, such as not-found. */
static bool speaks_of_domain(const struct paste_scan *s, const char *key)
{
    const char *variables[2];
    enum code c = code_find(s->a, key, variables);
    return c != CODE_NONE && has_domain(c);
}

static void make_index(struct paste_scan *s)
{
    for (short c = CODE_COUNT; c > 0; c--) {
        int letter = code_info((enum code)c)->code[0] - 'a';
        s->next[c] = s->first[letter];
        s->first[letter] = c;
    }
}

/* Whether the word that begins at `at` is the value of a member that is named "code", or ends so: "code":"…",
 * errorCode=…, <ns:code>…, [code] => …. */
static bool is_keyed(const char *p, size_t at)
{
    static const char *const others[] = {"status", "http", "country", "zip", "post", "exit", "response"};
    size_t i = at;
    while (i && at - i < 8 && (paste_is_quote(p[i - 1]) || paste_is_blank(p[i - 1])))
        i--;
    if (!i || !strchr(":=>", p[i - 1]) || !p[i - 1])
        return false;
    while (i && at - i < 16 && !paste_is_word(p[i - 1]) && p[i - 1] != '\n' && p[i - 1] != ',' &&
           p[i - 1] != '<')
        i--;
    size_t end = i;
    while (i && end - i < 32 && paste_is_word(p[i - 1]))
        i--;
    if (end - i < 4 || strncasecmp(p + end - 4, "code", 4) != 0)
        return false;
    for (size_t k = 0; k < sizeof others / sizeof *others; k++)
        if (end - i > strlen(others[k]) && !strncasecmp(p + i, others[k], strlen(others[k])))
            return false;
    return true;
}

/* Where the value that a code at `at` begins ends, on the way to `most`. What is in quotes or in an element
 * goes on to their end, with blanks and line ends; what stands free, to the next sign that no name has. */
static size_t value_end(const char *p, size_t at, size_t from, size_t most, bool *enclosed)
{
    char open = at ? p[at - 1] : ' ';
    char close = open == '>' ? '<' : paste_is_quote(open) ? open : 0;
    const char *end = close ? memchr(p + from, close, most - from) : NULL;
    *enclosed = end;
    if (end)
        return (size_t)(end - p);
    size_t i = from;
    while (i < most && (unsigned char)p[i] > ' ' && !strchr("\"'`<>,;(){}[]&", p[i]))
        i++;
    while (i > from && strchr(".?!:*_/\\", p[i - 1]))
        i--;
    return i;
}

/* The value as a text of its own: without line ends, and without blanks at its ends and around its first '|'.
 */
static char *tidy(struct arena *a, const char *p, size_t n)
{
    char *text = arena_alloc(a, n + 1), *to = text;
    for (size_t i = 0; text && i < n; i++) {
        if (p[i] == '\n' || p[i] == '\r') { /* broken by a mail: with the indentation of the next line */
            while (i + 1 < n && paste_is_blank(p[i + 1]))
                i++;
            continue;
        }
        if (!p[i] || (p[i] == ' ' && (to == text || to[-1] == '|')))
            continue;
        while (p[i] == '|' && to > text && to[-1] == ' ')
            to--;
        *to++ = p[i];
    }
    while (text && to > text && to[-1] == ' ')
        to--;
    if (text)
        *to = '\0';
    return text;
}

/* Whether what follows a '|' with blanks around it belongs to the code: in a table a '|' divides columns. */
static bool goes_on(struct paste_scan *s, const char *name, const char *p, size_t n)
{
    char key[KEY_MOST];
    normal(key, p, n, 0, 0);
    for (enum code c = 1; code_info(c); c++) {
        const char *bar = strchr(code_info(c)->code, '|');
        if (bar && !strcmp(bar + 1, key) &&
            !strncasecmp(code_info(c)->code, name, (size_t)(bar - code_info(c)->code)))
            return true;
    }
    return paste_domain(s->a, p, n);
}

/* The code with its variables that begins at `at` with a name up to end. Sets *next to where it ends. NULL:
 * read before, or out of memory. */
static const char *read_code(struct paste_scan *s, size_t at, size_t end, size_t *next)
{
    const char *p = s->p;
    size_t most = s->n - at < VALUE_MOST ? s->n : at + VALUE_MOST, bar = end, stop = end;
    bool enclosed = false;
    *next = end;
    while (bar < most && (p[bar] == ' ' || p[bar] == '\t'))
        bar++;
    if (bar < most && (p[bar] == '|' || (p[bar] == ':' && bar == end))) {
        size_t from = bar + 1;
        while (from < most && (p[from] == ' ' || p[from] == '\t'))
            from++;
        stop = value_end(p, at, from, most, &enclosed);
        bool apart = bar > end || from > bar + 1;
        if (stop == from || (p[bar] == ':' && (apart || from == stop)) ||
            (apart && !enclosed && !goes_on(s, p + at, p + from, stop - from)))
            stop = end;
    }
    if (stop > end)
        *next = stop;
    if (!is_new(s, p + at, stop - at))
        return NULL;
    const char *text = tidy(s->a, p + at, stop - at);
    if (!text)
        s->err = -ENOMEM;
    return text;
}

/* A word that may be the name of a code. Returns where the scan goes on. */
static size_t read_word(struct paste_scan *s, size_t at, size_t end)
{
    const char *p = s->p;
    char code[KEY_MOST], cause[KEY_MOST];
    size_t next = end;
    bool dashes = memchr(p + at, '-', end - at), lines = memchr(p + at, '_', end - at);
    if (end - at >= KEY_MOST || !((p[at] | 0x20) >= 'a' && (p[at] | 0x20) <= 'z'))
        return end;
    bool in_name =
        (at && p[at - 1] == '.') || (end + 1 < s->n && p[end] == '.' && paste_is_alnum(p[end + 1]));
    bool hyphens = s->codes_only || s->loose;
    normal(code, p + at, end - at, hyphens ? '-' : 0, '_');
    normal(cause, p + at, end - at, s->codes_only ? '_' : 0, '-');
    bool named = (lines || (dashes && hyphens)) && is_code_name(s, code);
    if (named && (lines || s->codes_only || speaks_of_domain(s, code)) && !(in_name && p[end] == '.')) {
        const char *text = read_code(s, at, end, &next), *variables[2];
        char *known = text && hyphens ? arena_printf(s->a, "%s%s", code, text + (end - at)) : NULL;
        enum code c = text ? code_find(s->a, known ? known : text, variables) : CODE_NONE;
        if (c != CODE_NONE)
            add_known(s, at, c, text, variables);
        else if (text && (text[end - at] || s->codes_only || is_keyed(p, at)))
            add_unknown(s, at, text);
        return next;
    }
    if ((dashes || s->codes_only) && !in_name && cause_find(cause) != CAUSE_NONE) {
        if (is_new(s, p + at, end - at))
            add(s, at,
                &(struct paste_found){.kind = PASTE_CAUSE,
                                      .cause = cause_find(cause),
                                      .text = cause_info(cause_find(cause))->id,
                                      .variables = {"", ""}});
        return end;
    }
    char before = at ? p[at - 1] : '\n';
    bool bar = end < s->n && p[end] == '|' && lines;
    bool keyed = (paste_is_quote(before) || before == '>' || lines) && is_keyed(p, at) && !in_name;
    if (keyed || s->codes_only || bar) {
        const char *text = read_code(s, at, end, &next);
        size_t name = text ? strcspn(text, "|") : 0;
        if (text && (keyed || s->codes_only ||
                     (text[name] && paste_domain(s->a, text + name + 1, strlen(text + name + 1)))))
            add_unknown(s, at, text);
        return next;
    }
    if (lines && !in_name && s->n_slips < SLIPS_MOST && is_new(s, p + at, end - at)) {
        s->slips[s->n_slips] = arena_strndup(s->a, p + at, end - at);
        s->slip_at[s->n_slips] = at;
        s->n_slips += s->slips[s->n_slips] != NULL;
    }
    return end;
}

static void read_words(struct paste_scan *s)
{
    for (size_t i = 0; i < s->n && !s->err && !s->ret->more;) {
        if (!paste_is_alnum(s->p[i])) { /* "_" and "-" around a word are Markdown's */
            i++;
            continue;
        }
        size_t at = i;
        while (i < s->n && paste_is_word(s->p[i]))
            i++;
        size_t end = i;
        while (end > at && !paste_is_alnum(s->p[end - 1]))
            end--;
        size_t next = read_word(s, at, end);
        i = next > i ? next : i;
    }
}

/* ---------------------------------------------------------------- messages --------------------------- */

/* Whether an error's code stands between `from` and `to`. */
static bool holds_code(const struct paste_scan *s, size_t from, size_t to)
{
    const char *p = s->p;
    char key[KEY_MOST];
    for (size_t i = from; i < to;) {
        size_t at = i;
        while (i < to && paste_is_word(p[i]))
            i++;
        if (i > at) {
            normal(key, p + at, i - at, 0, 0);
            if (strchr(key, '_') && is_code_name(s, key))
                return true;
            if ((p[at] | 0x20) >= 'a' && (p[at] | 0x20) <= 'z' && is_keyed(p, at))
                return true;
        }
        i += i == at;
    }
    return false;
}

/* Whether a line end at i is inside of an object or element that goes on, and does not end a line of a log.
 */
static bool line_goes_on(const char *p, size_t i)
{
    while (i && paste_is_blank(p[i - 1]))
        i--;
    return i && strchr(",{[>:|", p[i - 1]);
}

/* A message that has its code beside it, in its object or its line, tells nothing new. */
static bool has_its_code(const struct paste_scan *s, const struct paste_message *m)
{
    enum { BACK = 500, ON = 200 };
    size_t from = m->at, to = m->end;
    while (from && m->at - from < BACK && !strchr("}", s->p[from - 1]) &&
           (s->p[from - 1] != '\n' || line_goes_on(s->p, from - 1)))
        from--;
    while (to < s->n && to - m->end < ON && !strchr("{", s->p[to]) &&
           (s->p[to] != '\n' || line_goes_on(s->p, to)))
        to++;
    return holds_code(s, from, m->at) || holds_code(s, m->end, to);
}

static bool read_message(void *user, const struct paste_message *m)
{
    struct paste_scan *s = user;
    for (size_t k = 0; m->codes[k] != CODE_NONE; k++)
        for (size_t i = 0; i < s->ret->n; i++)
            if (s->ret->found[i].code == m->codes[k])
                return true;
    if (has_its_code(s, m))
        return true;
    const char *text = tidy(s->a, s->p + m->at, m->end - m->at);
    for (size_t k = 0; text && m->codes[k] != CODE_NONE; k++)
        add(s, m->at,
            &(struct paste_found){
                .kind = PASTE_MESSAGE, .code = m->codes[k], .text = text, .variables = {"", ""}});
    if (!text)
        s->err = -ENOMEM;
    return !s->err && !s->ret->more;
}

/* ---------------------------------------------------------------- the whole text --------------------- */

/* Whether a word of the text may be a code by itself: a name, and behind it nothing, a variable, or what ends a
 * sentence or a quote. In a member of an object ("code":…), a URL or an element a code can stand, but none of them is
 * one. */
static bool may_be_code(const char *p, size_t n, bool *line)
{
    while (n && (paste_is_quote(*p) || *p == '*'))
        p++, n--;
    size_t i = 0;
    for (; i < n && paste_is_word(p[i]); i++)
        *line = *line || p[i] == '_';
    if (!i || !paste_is_alnum(*p))
        return false;
    if (i == n || p[i] == '|')
        return true;
    if (p[i] == ':' && i + 1 < n)
        return paste_is_alnum(p[i + 1]) && !(i >= 4 && !strncasecmp(p + i - 4, "code", 4));
    while (i < n && (paste_is_quote(p[i]) || strchr("*?!.:", p[i])))
        i++;
    return i == n;
}

/* Whether the text is nothing but words that may be codes, or a single word. */
static bool is_codes_only(const char *p, size_t n)
{
    size_t words = 0, lines = 0;
    for (size_t i = 0; n <= SHORT_TEXT && i < n;) {
        while (i < n && ((unsigned char)p[i] <= ' ' || p[i] == ','))
            i++;
        size_t at = i;
        bool line = false;
        while (i < n && (unsigned char)p[i] > ' ' && p[i] != ',')
            i++;
        if (i > at && !may_be_code(p + at, i - at, &line))
            return false;
        words += i > at;
        lines += line;
    }
    return words && (words == lines || words == 1);
}

static void add_slips(struct paste_scan *s)
{
    for (size_t i = 0; i < s->n_slips; i++) {
        enum code near;
        if (code_nearest(s->slips[i], &near, 1) && code_is_slip(s->slips[i], near))
            add_unknown(s, s->slip_at[i], s->slips[i]);
    }
}

/* "caa not found": a code whose words are divided by blanks, and nothing else. */
static void read_spaced(struct paste_scan *s)
{
    size_t from = 0, to = s->n;
    while (from < to && paste_is_blank(s->p[from]))
        from++;
    while (to > from && paste_is_blank(s->p[to - 1]))
        to--;
    char key[KEY_MOST];
    const char *variables[2];
    normal(key, s->p + from, to - from, ' ', '_');
    enum code c =
        strchr(key, '_') && !memchr(key, 0, to - from < KEY_MOST ? to - from : 0) && is_code_name(s, key)
            ? code_find(s->a, key, variables)
            : CODE_NONE;
    if (c != CODE_NONE)
        add_known(s, from, c, arena_strndup(s->a, s->p + from, to - from), variables);
}

static bool any_known(const struct paste *r)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->found[i].code != CODE_NONE || r->found[i].cause != CAUSE_NONE)
            return true;
    return false;
}

/* Domains beside what names none of its own. */
static void tell_domains(struct paste_scan *s, const char *given)
{
    const struct paste_names *names = NULL;
    for (size_t i = 0; i < s->ret->n && !s->err; i++) {
        struct paste_found *f = &s->ret->found[i];
        if (f->domain)
            continue;
        f->domain = given;
        if (given || (f->code != CODE_NONE && !has_domain(f->code)))
            continue;
        names = names ? names : paste_names_read(s->a, s->p, s->n);
        if (!names)
            s->err = -ENOMEM;
        else
            f->domain = paste_name_near(names, s->p, s->at[i]);
    }
}

/* Whether an error tells only what another one tells: the same with its domain in it, or the same before it. */
static bool is_told(const struct paste *r, size_t i)
{
    const struct paste_found *f = &r->found[i];
    for (size_t k = 0; k < r->n && !f->own_domain && !*f->variables[0]; k++) {
        const struct paste_found *g = &r->found[k];
        if (k != i && (k < i || g->own_domain) && g->code == f->code && g->cause == f->cause &&
            same_text(g->name, f->name) && same_text(g->domain, f->domain))
            return true;
    }
    return false;
}

static void drop_told(struct paste *r)
{
    for (size_t i = 0; i < r->n;) {
        if (is_told(r, i))
            memmove(&r->found[i], &r->found[i + 1], (--r->n - i) * sizeof *r->found);
        else
            i++;
    }
}

static int scan(struct arena *a, const struct buf *plain, const char *domain, bool loose, struct paste *ret)
{
    struct paste_scan *s = arena_alloc(a, sizeof *s);
    if (!s)
        return -ENOMEM;
    *ret = (struct paste){0};
    *s = (struct paste_scan){
        .a = a, .p = plain->p, .n = plain->n, .ret = ret, .loose = loose,
        .codes_only = is_codes_only(plain->p, plain->n)};
    make_index(s);
    read_words(s);
    if (!s->err && !ret->more)
        paste_messages(s->p, s->n, read_message, s);
    if (!s->err && !any_known(ret))
        read_spaced(s);
    if (!s->err && !ret->n)
        add_slips(s);
    if (!s->err)
        s->err = paste_order_read(a, s->p, s->n, ret);
    if (!s->err)
        tell_domains(s, domain);
    drop_told(ret);
    return s->err || arena_full(a) ? -ENOMEM : 0;
}

/* Says of a text in which nothing was found what it is instead. */
static void tell_kind(struct arena *a, const struct buf *plain, struct paste *ret)
{
    enum { LOOKED_AT = 65536 };
    size_t n = plain->n < LOOKED_AT ? plain->n : LOOKED_AT, odd = 0, blank = 0;
    for (size_t i = 0; i < n;) {
        uint32_t c;
        size_t step = text_utf8(plain->p + i, n - i, &c);
        bool space = step && text_is_blank(c);
        odd += !step || (text_is_control(c) && !space);
        blank += space;
        i += step ? step : 1;
    }
    ret->empty = blank == text_characters(plain->p, plain->n);
    ret->binary = 20 * odd > n;
    size_t from = 0, to = plain->n;
    while (from < to && paste_is_blank(plain->p[from]))
        from++;
    while (to > from && paste_is_blank(plain->p[to - 1]))
        to--;
    bool one = memchr(plain->p + from, '.', to - from) && !memchr(plain->p + from, ' ', to - from);
    ret->only_domain = one ? paste_domain(a, plain->p + from, to - from) : NULL;
}

/* Whether no error was found, or one that speaks of a domain, and no domain. */
static bool lacks(const struct paste *r)
{
    bool one = false;
    for (size_t i = 0; i < r->n; i++)
        one = one || (r->found[i].code != CODE_NONE && has_domain(r->found[i].code) && !r->found[i].domain);
    return one || !any_known(r);
}

/* Reads the text in another spelling, and takes what that tells where it tells more. 0 or -ENOMEM. */
static int rescan(struct arena *a, const struct buf *plain, const char *domain, bool loose, struct paste *ret)
{
    struct paste other;
    int rc = scan(a, plain, domain, loose, &other);
    if (!rc && any_known(&other) && (!any_known(ret) || !lacks(&other)))
        *ret = other;
    return rc;
}

int paste_read(struct arena *a, const char *text, size_t len, const char *domain, struct paste *ret)
{
    struct buf plain = {0};
    *ret = (struct paste){0};
    int rc = paste_plain(&plain, text, len) ? 0 : -ENOMEM;
    if (!rc && !plain.n) {
        ret->empty = true;
    } else if (!rc) {
        rc = scan(a, &plain, domain, false, ret);
        bool nothing = !rc && !any_known(ret) && !ret->order_check;
        if (!rc && !ret->n && !ret->order_check)
            tell_kind(a, &plain, ret);
        if (nothing && memchr(plain.p, '\n', plain.n)) {
            paste_join(&plain);
            rc = rescan(a, &plain, domain, false, ret);
        }
        if (!rc && !ret->order_check && lacks(ret)) {
            paste_close(&plain);
            rc = rescan(a, &plain, domain, true, ret);
        }
    }
    buf_free(&plain);
    return rc;
}
