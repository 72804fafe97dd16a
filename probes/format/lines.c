#include "format/lines.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/text.h"
#include "format/json_read_case.h"
#include "wire/name.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum line_form { FORM_UNKNOWN, FORM_JSON, FORM_CSV };
enum { COLUMNS_MOST = 60 };
#define BETWEEN " ,;" /* the values of a list in one field */

struct lines {
    const struct given_list *defaults;
    const struct profile *profile;
    struct request base; /* a request with the defaults */
    struct arena *arena;
    struct buf buf;
    size_t at;     /* offset in buf of the next record */
    size_t number; /* the line of that record, from 1 */
    bool ended, begun;
    enum line_form form;
    char separator;
    const struct request_field *column[COLUMNS_MOST]; /* NULL: one of the user's own */
    const char *title[COLUMNS_MOST + 1];
    size_t columns;
};

struct lines *lines_new(const struct given_list *defaults, const struct profile *profile)
{
    struct lines *l = calloc(1, sizeof *l);
    struct input_error e;
    if (!l)
        return NULL;
    *l = (struct lines){
        .defaults = defaults, .profile = profile, .number = 1, .arena = arena_new(0), .columns = 3, .separator = ',',
        .title = {"domain", "method", "token"}};
    l->column[0] = request_field_find("domain");
    l->column[1] = request_field_find("methods");
    l->column[2] = request_field_find("token");
    if (!l->arena) {
        free(l);
        return NULL;
    }
    request_init(&l->base, profile, TIME_UNKNOWN);
    for (size_t i = 0; i < defaults->n; i++) /* the caller has checked the defaults */
        (void)request_set(l->arena, &l->base, defaults->v[i].field, defaults->v[i].value, defaults->v[i].len, &e);
    return l;
}

void lines_free(struct lines *l)
{
    if (!l)
        return;
    arena_free(l->arena);
    buf_free(&l->buf);
    free(l);
}

void lines_feed(struct lines *l, const char *p, size_t n)
{
    struct buf *b = &l->buf;
    if (l->at) {
        memmove(b->p, b->p + l->at, b->n - l->at);
        b->n -= l->at;
        l->at = 0;
    }
    buf_add(b, p, n);
}

void lines_end(struct lines *l)
{
    l->ended = true;
}

/* ---------------------------------------------------------------- lines ------------------------------ */

/* The separator that a first row has most of, outside of quotes. */
static char separator_of(const char *p, size_t n)
{
    static const char known[] = ",;\t";
    size_t count[sizeof known] = {0}, best = 0;
    bool quoted = false;
    for (size_t i = 0; i < n && (quoted || p[i] != '\n'); i++) {
        const char *one = p[i] && !quoted ? strchr(known, p[i]) : NULL;
        quoted = quoted != (p[i] == '"');
        if (one)
            count[one - known]++;
    }
    for (size_t i = 1; i + 1 < sizeof known; i++)
        best = count[i] > count[best] ? i : best;
    return known[best];
}

/* What the first bytes are where they are no text of requests; NULL: they may be one. */
static const char *no_text(const char *p, size_t n)
{
    static const struct {
        const char *begin;
        size_t n;
        const char *what;
    } known[] = {
        {"PK\3\4", 4,
         "a spreadsheet or another ZIP archive, as .xlsx and .ods files are; expected CSV: save it as CSV (UTF-8)"},
        {"\xd0\xcf\x11\xe0", 4, "a spreadsheet of an old Excel (.xls); expected CSV: save it as CSV (UTF-8)"},
        {"\x1f\x8b", 2, "compressed by gzip; expected text: zcat FILE | dcvprobe batch -"},
        {"%PDF", 4, "a PDF document; expected CSV or NDJSON"},
        {"\xff\xfe", 2, "in UTF-16; expected UTF-8: iconv -f UTF-16 -t UTF-8 FILE"},
        {"\xfe\xff", 2, "in UTF-16; expected UTF-8: iconv -f UTF-16 -t UTF-8 FILE"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (n >= known[i].n && !memcmp(p, known[i].begin, known[i].n))
            return known[i].what;
    return NULL;
}

/* Bytes up to the line end that ends the record; SIZE_MAX: it did not come yet. A quote opens a quoted field only at
 * the beginning of a field: a record with wrong quotes is refused later, and must not contain the rest of the text. */
static size_t record_length(const char *p, size_t n, const struct lines *l, size_t *line_ends)
{
    bool quoted = false, field = true;
    *line_ends = 0;
    for (size_t i = 0; i < n; i++) {
        if (quoted) {
            if (p[i] == '"' && i + 1 < n && p[i + 1] == '"')
                i++;
            else if (p[i] == '"')
                quoted = false;
            *line_ends += p[i] == '\n';
            continue;
        }
        if (p[i] == '\n')
            return i;
        quoted = l->form == FORM_CSV && field && p[i] == '"';
        field = p[i] == l->separator;
    }
    return SIZE_MAX;
}

bool line_is_blank(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strchr(" \t\r", p[i]) || !p[i])
            return false;
    return true;
}

/* Skips a byte order mark and sets the form of the text. False: more bytes are needed. */
static bool begin(struct lines *l)
{
    const char *p = l->buf.p + l->at;
    size_t n = l->buf.n - l->at;
    if (!l->begun && n < 3 && !l->ended)
        return false;
    if (!l->begun && n >= 3 && !memcmp(p, "\xef\xbb\xbf", 3)) {
        l->at += 3;
        p += 3;
        n -= 3;
    }
    l->begun = true;
    size_t skip = 0;
    while (skip < n && strchr(" \t\r\n", p[skip]) && p[skip])
        skip++;
    bool json = skip < n && p[skip] == '{';
    if (skip < n && !json && !l->ended && n <= LINE_MOST && !memchr(p + skip, '\n', n - skip))
        return false; /* the whole first row tells the separator */
    if (skip < n)
        l->form = json ? FORM_JSON : FORM_CSV;
    if (skip < n && !json)
        l->separator = separator_of(p + skip, n - skip);
    return skip < n || l->ended;
}

/* Reads one record without its line end. Returns as lines_next(). */
static int record(struct lines *l, struct arena *a, struct line *ret, const char **why)
{
    size_t left = l->buf.n - l->at, inner;
    const char *p = l->buf.p + l->at;
    size_t n = left ? record_length(p, left, l, &inner) : SIZE_MAX;
    if ((n == SIZE_MAX ? left : n) > LINE_MOST) {
        *why = arena_printf(a, "line %zu: it is longer than %d bytes; expected one request a line", l->number,
                            LINE_MOST);
        return *why ? -EINVAL : -ENOMEM;
    }
    if (n == SIZE_MAX && (!l->ended || !left))
        return 0;
    size_t whole = n == SIZE_MAX ? left : n;
    *ret = (struct line){l->number, p, whole && n != SIZE_MAX && p[whole - 1] == '\r' ? whole - 1 : whole};
    l->at += n == SIZE_MAX ? left : n + 1;
    l->number += inner + 1;
    return 1;
}

/* ---------------------------------------------------------------- CSV -------------------------------- */

/* Reads the fields of a record into the arena. 0, -EINVAL with *why, or -ENOMEM. */
static int fields(struct arena *a, const struct line *line, char separator, struct given *v, size_t *n,
                  const char **why)
{
    const char *p = line->text, *end = p + line->len;
    char *room = arena_alloc(a, line->len + 1); /* for all fields: each NUL takes the place of a comma */
    if (!room)
        return -ENOMEM;
    for (*n = 0;; p++) {
        char *text = room;
        size_t len = 0;
        if (*n == COLUMNS_MOST) {
            *why = "it has too many fields; expected domain,method,token";
            return -EINVAL;
        }
        if (p < end && *p == '"') {
            for (p++; p < end && (*p != '"' || (p + 1 < end && p[1] == '"')); p++) {
                p += *p == '"';
                text[len++] = *p;
            }
            if (p == end || (p + 1 < end && p[1] != separator)) {
                *why = p == end ? "a quoted field has no end; expected \"…\", quotes within it doubled"
                                : "something follows a quoted field; expected a separator or the end of the line";
                return -EINVAL;
            }
            p++;
        } else {
            for (; p < end && *p != separator; p++) {
                if (*p == '"') {
                    *why = "a quote stands within a field; expected the whole field in quotes, and those "
                           "within it doubled";
                    return -EINVAL;
                }
                text[len++] = *p;
            }
            while (len && (text[len - 1] == ' ' || text[len - 1] == '\t'))
                len--;
            for (; len && (*text == ' ' || *text == '\t'); len--)
                text++;
        }
        text[len] = '\0';
        room = text + len + 1;
        v[(*n)++] = (struct given){.value = text, .len = len};
        if (p == end)
            return 0;
    }
}

static int row(const struct lines *l, const struct line *line, struct arena *a, struct given_list *own,
               const char **why)
{
    struct given v[COLUMNS_MOST];
    size_t n;
    int rc = fields(a, line, l->separator, v, &n, why);
    if (rc)
        return rc;
    if (line->len && *line->text == '#') {
        *why = "it begins with #; comments are not taken, expected a request in each line";
        return -EINVAL;
    }
    if (n > l->columns || (n == 1 && (memchr(v[0].value, ';', v[0].len) || memchr(v[0].value, '\t', v[0].len)))) {
        const char *between = l->separator == ';' ? "semicolon" : l->separator == '\t' ? "tab" : "comma";
        *why = arena_printf(a, "it has %zu field%s, not %zu; expected a %s between the fields", n, n == 1 ? "" : "s",
                            l->columns, between);
        return *why ? -EINVAL : -ENOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        if (!v[i].len || !l->column[i])
            continue;
        v[i].field = l->column[i];
        if (v[i].field->kind != FIELD_LIST) {
            if (!given_add(a, own, v[i]))
                return -ENOMEM;
            continue;
        }
        for (const char *p = v[i].value + strspn(v[i].value, BETWEEN); *p; p += strspn(p, BETWEEN)) {
            size_t len = strcspn(p, BETWEEN);
            struct given one = {v[i].field, arena_strndup(a, p, len), len};
            if (!one.value || !given_add(a, own, one))
                return -ENOMEM;
            p += len;
        }
    }
    return 0;
}

/* The field that a title is a slip of: carried through as the user's own, its values would be left out in silence. */
static const struct request_field *slip_of(const char *title)
{
    enum { LONG = 6 };
    size_t n, length = strlen(title);
    const struct request_field *f = request_fields(&n);
    for (size_t i = 0; i < n && length <= TEXT_DISTANCE_MOST; i++) {
        const char *const names[] = {f[i].name, f[i].option};
        for (size_t k = 0; k < 2; k++) {
            size_t slips = text_distance(title, length, names[k], strlen(names[k]));
            if (slips <= 1 + (strlen(names[k]) >= LONG) && strlen(names[k]) > 3 && slips < length)
                return &f[i];
        }
    }
    return NULL;
}

/* Reads the first row, which may name the columns. 1: it does; 0: it is a row like the others; or an error as in
 * lines_next(). */
static int header(struct lines *l, struct arena *a, const struct line *line, const char **why)
{
    struct given v[COLUMNS_MOST];
    size_t n;
    bool named = false;
    if (fields(a, line, l->separator, v, &n, why))
        return arena_full(a) ? -ENOMEM : 0; /* then row() refuses it */
    for (size_t i = 0; i < n; i++)
        named = named || !strcasecmp(v[i].value, "domain");
    for (size_t i = 0; named && i < n; i++) {
        char *lower = arena_strndup(a, v[i].value, v[i].len);
        if (!lower)
            return -ENOMEM;
        for (char *c = lower; *c; c++)
            *c = (char)(*c >= 'A' && *c <= 'Z' ? *c | 0x20 : *c);
        const struct request_field *f = request_field_find(lower), *meant = f ? NULL : slip_of(lower);
        bool twice = false;
        for (size_t k = 0; f && k < i; k++)
            twice = twice || l->column[k] == f;
        if ((f && f->secret) || twice || meant) {
            const char *shown = text_escape(a, v[i].value, v[i].len, 48);
            *why = arena_printf(a,
                                "line %zu: the column '%s' %s%s%s; expected columns such as domain, method, token, "
                                "adn, filename, issued, or other names than theirs",
                                line->number, shown ? shown : "",
                                twice   ? "stands twice"
                                : meant ? "may be meant as "
                                        : "holds what is never in a file of requests",
                                meant ? meant->name : "", meant ? ", or as your own" : "");
            return *why ? -EINVAL : -ENOMEM;
        }
        l->column[i] = f;
        l->title[i] = arena_strndup(l->arena, v[i].value, v[i].len);
    }
    if (named) {
        l->columns = n;
        l->title[n] = NULL;
    }
    return arena_full(l->arena) ? -ENOMEM : named;
}

/* ---------------------------------------------------------------- out -------------------------------- */

int lines_next(struct lines *l, struct arena *a, struct line *ret, const char **why)
{
    if (l->buf.failed)
        return -ENOMEM;
    if (!l->buf.p) /* no byte came yet */
        return 0;
    for (;;) {
        bool first = l->form == FORM_UNKNOWN;
        *why = first ? no_text(l->buf.p + l->at, l->buf.n - l->at) : NULL;
        if (*why) {
            *ret = (struct line){.number = 1};
            *why = arena_concat(a, "it is ", *why, NULL);
            return *why ? -EINVAL : -ENOMEM;
        }
        if (first && !begin(l))
            return 0;
        int rc = record(l, a, ret, why);
        if (rc <= 0) {
            l->form = first && !rc ? FORM_UNKNOWN : l->form; /* the first row did not come yet */
            return rc;
        }
        if (line_is_blank(ret->text, ret->len)) {
            l->form = first ? FORM_UNKNOWN : l->form;
            continue;
        }
        rc = first && l->form == FORM_CSV ? header(l, a, ret, why) : 0;
        if (rc <= 0)
            return rc ? rc : 1;
    }
}

static bool texts_same(const struct texts *a, const struct texts *b)
{
    for (size_t i = 0; i < a->n && i < b->n; i++)
        if (strcmp(a->v[i], b->v[i]) != 0)
            return false;
    return a->n == b->n;
}

static bool overlap(const struct given_list *own, const struct given_list *defaults)
{
    for (size_t i = 0; i < defaults->n; i++)
        if (given_has(own, defaults->v[i].field))
            return true;
    return false;
}

/* Hash of the content of a line; quotes and blanks around fields do not matter. */
static uint64_t says(const struct lines *l, const struct line *line, const struct given_list *own)
{
    uint64_t h = FNV_START;
    if (l->form == FORM_JSON)
        return fnv(h, line->text, line->len);
    for (size_t i = 0; i < own->n; i++) { /* with their final NULs, so that different rows differ */
        h = fnv(h, own->v[i].field->name, strlen(own->v[i].field->name) + 1);
        h = fnv(h, own->v[i].value, own->v[i].len + 1);
    }
    return h;
}

/* Removes the domain from own, if no other field depends on it, to save reading it: only the other fields are checked
 * then. */
static void leave_domain(struct given_list *own, struct request *r)
{
    const struct request_field *domain = request_field_find("domain");
    if (r->adn || given_has(own, request_field_find("adn")) ||
        (!r->methods && !given_has(own, request_field_find("methods"))))
        return;
    size_t kept = 0;
    for (size_t i = 0; i < own->n; i++) {
        if (own->v[i].field == domain)
            r->input = own->v[i].value;
        else
            own->v[kept++] = own->v[i];
    }
    own->n = kept;
}

static int read_request(const struct lines *l, struct line *line, struct arena *a, dcv_time now, bool domain,
                        struct request *ret, const char **why)
{
    int rc;
    struct given_list own = {0};
    *why = NULL;
    if (l->form == FORM_JSON) {
        struct json_problem problem = {0};
        line->says = says(l, line, &own);
        rc = json_read_request_over(a, line->text, line->len, l->profile, now, l->defaults, ret, &problem);
        if (rc == -EINVAL) /* without the place, since the caller knows the line of the text */
            *why = problem.text + (strncmp(problem.text, "line 1, ", 8) ? 0 : 8);
    } else {
        struct input_error e = {0};
        rc = row(l, line, a, &own, why);
        line->says = rc ? 0 : says(l, line, &own);
        if (!rc && overlap(&own, l->defaults)) {
            request_init(ret, l->profile, now);
            rc = request_from(a, ret, &own, l->defaults, &e);
        } else if (!rc) { /* base has the defaults, which are not read again for every row */
            *ret = l->base;
            if (ret->now == TIME_UNKNOWN)
                ret->now = now;
            if (!domain)
                leave_domain(&own, ret);
            rc = request_from(a, ret, &own, &(const struct given_list){0}, &e);
        }
        if (rc == -EINVAL && !*why)
            *why = input_error_text(a, &e, false);
    }
    if (!rc && (!texts_same(&ret->resolvers, &l->base.resolvers) || !texts_same(&ret->allow_net, &l->base.allow_net))) {
        *why = "resolver, allow_net: they are the same for all lines; expected on the command line";
        rc = -EINVAL;
    }
    return rc == -EINVAL && !*why ? -ENOMEM : rc;
}

int line_request(const struct lines *l, struct line *line, struct arena *a, dcv_time now, struct request *ret,
                 const char **why)
{
    return read_request(l, line, a, now, true, ret, why);
}

int line_check(const struct lines *l, const struct line *line, struct arena *a, dcv_time now, struct request *ret,
               const char **why)
{
    struct line copy = *line;
    return read_request(l, &copy, a, now, false, ret, why);
}

int line_given(const struct lines *l, const struct line *line, struct arena *a, struct given_list *ret,
               const char **why)
{
    *ret = (struct given_list){0};
    return l->form == FORM_JSON ? 1 : row(l, line, a, ret, why);
}

const char *const *lines_titles(const struct lines *l)
{
    static const char *const of_json[] = {"domain", NULL};
    return l->form == FORM_JSON ? of_json : l->title;
}

bool lines_own(const struct lines *l, size_t i)
{
    return l->form != FORM_JSON && i < l->columns && !l->column[i];
}

const char *const *line_cells(const struct lines *l, const struct line *line, struct arena *a, const struct request *r)
{
    struct given v[COLUMNS_MOST];
    size_t n = 0;
    const char *why;
    const char **cells = arena_array(a, l->columns + 1, sizeof *cells);
    if (!cells)
        return NULL;
    if (l->form == FORM_JSON) {
        cells[0] = r->input;
        return cells;
    }
    if (fields(a, line, l->separator, v, &n, &why))
        return NULL;
    for (size_t i = 0; i < l->columns; i++)
        cells[i] = i < n ? v[i].value : "";
    return cells;
}

void line_key(const struct line *line, enum method m, char ret[LINE_KEY + 1])
{
    const char *name = method_name(m);
    /* Mixes the bits: for a million lines, the chance that two have the same key is one in ten million. */
    uint64_t h = fnv(line->says, name, strlen(name));
    h = (h ^ h >> 32) * 0xd6e8feb86659fd93U;
    h ^= h >> 32;
    for (size_t i = 0; i < LINE_KEY; i++)
        ret[i] = "0123456789abcdef"[h >> (4 * (LINE_KEY - 1 - i)) & 15];
    ret[LINE_KEY] = '\0';
}
