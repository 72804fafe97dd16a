#include "ca/altered.h"

#include "base/text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { LONGEST = 4096 }; /* bytes; a longer value is not compared */

static bool same(struct bytes a, struct bytes b)
{
    return a.n == b.n && !memcmp(a.p, b.p, a.n);
}

/* The length of one blank at the beginning of v, or 0: white space of any script, zero-width characters and
 * the byte order mark. A byte A0 that is no UTF-8 counts as the no-break space of Latin-1. */
static size_t blank(struct bytes v)
{
    uint32_t c;
    size_t n = v.n ? text_utf8((const char *)v.p, v.n, &c) : 0;
    if (!n)
        return v.n && v.p[0] == 0xa0;
    bool unseen = (c >= 0x200b && c <= 0x200d) || c == 0x2060 || c == 0xfeff;
    return unseen || text_is_blank(c) ? n : 0;
}

/* The same at the end of v. */
static size_t blank_end(struct bytes v)
{
    for (size_t n = v.n < 4 ? v.n : 4; n; n--)
        if (blank((struct bytes){v.p + v.n - n, n}) == n)
            return n;
    return 0;
}

/* ---- transformations: from the found value to the one that may have been meant. Each returns a part of the
 * value, or a new value in room (LONGEST bytes, enough because no transformation makes a value longer), or .p
 * NULL where it does not apply. */

static struct bytes bare(struct bytes v)
{
    for (size_t n; (n = blank(v)) != 0;)
        v.p += n, v.n -= n;
    for (size_t n; (n = blank_end(v)) != 0;)
        v.n -= n;
    return v;
}

/* Quotes of all kinds, and the backslashes that escape them, at either end. */
static size_t quote_at(struct bytes v, bool front)
{
    static const char *const marks[] = {
        "\"", "'", "`", "\\", "\xe2\x80\x9c", "\xe2\x80\x9d", "\xe2\x80\x98", "\xe2\x80\x99"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        size_t n = strlen(marks[i]);
        if (v.n >= n && !memcmp(front ? v.p : v.p + v.n - n, marks[i], n))
            return n;
    }
    return 0;
}

static struct bytes stripped(struct bytes v)
{
    for (size_t n; (n = quote_at(v, true));)
        v.p += n, v.n -= n;
    for (size_t n; (n = quote_at(v, false));)
        v.n -= n;
    return v;
}

static struct bytes trim(uint8_t *room, struct bytes v)
{
    (void)room;
    return bare(v);
}

static struct bytes unquote(uint8_t *room, struct bytes v)
{
    (void)room;
    return stripped(v);
}

static struct bytes squeeze(uint8_t *room, struct bytes v)
{
    size_t n = 0, gap;
    for (; v.n; v.p += gap ? gap : 1, v.n -= gap ? gap : 1) {
        gap = blank(v);
        if (!gap)
            room[n++] = v.p[0];
    }
    return (struct bytes){room, n};
}

static int hex(uint8_t c)
{
    return isdigit(c)             ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static struct bytes percent(uint8_t *room, struct bytes v)
{
    size_t n = 0;
    for (size_t i = 0; i < v.n; i++) {
        int high = i + 2 < v.n && v.p[i] == '%' ? hex(v.p[i + 1]) : -1;
        int low = high >= 0 ? hex(v.p[i + 2]) : -1;
        room[n++] = low >= 0 ? (uint8_t)((unsigned)high << 4 | (unsigned)low) : v.p[i];
        i += low >= 0 ? 2 : 0;
    }
    return (struct bytes){room, n};
}

static struct bytes html(uint8_t *room, struct bytes v)
{
    static const struct {
        const char *name;
        char c;
    } entity[] = {{"&quot;", '"'}, {"&#34;", '"'}, {"&#39;", '\''}, {"&apos;", '\''}, {"&amp;", '&'},
                  {"&lt;", '<'},   {"&gt;", '>'},  {"&#95;", '_'},  {"&#45;", '-'},   {"&nbsp;", ' '}};
    size_t n = 0;
    for (size_t i = 0; i < v.n;) {
        uint8_t c = v.p[i];
        size_t used = 1;
        for (size_t k = 0; v.p[i] == '&' && k < sizeof entity / sizeof *entity; k++) {
            size_t len = strlen(entity[k].name);
            if (v.n - i >= len && !memcmp(v.p + i, entity[k].name, len)) {
                c = (uint8_t)entity[k].c;
                used = len;
                break;
            }
        }
        room[n++] = c;
        i += used;
    }
    return stripped(bare((struct bytes){room, n}));
}

static int base64_digit(uint8_t c)
{
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '+' || c == '-' ? 62
           : c == '/' || c == '_' ? 63
                                  : -1;
}

static struct bytes base64(uint8_t *room, struct bytes v)
{
    uint32_t bits = 0;
    unsigned have = 0;
    size_t n = 0;
    for (size_t i = 0; i < v.n && v.p[i] != '='; i++) {
        int digit = base64_digit(v.p[i]);
        if (digit < 0)
            return (struct bytes){NULL, 0};
        bits = bits << 6 | (uint32_t)digit;
        have += 6;
        if (have >= 8) {
            have -= 8;
            room[n++] = (uint8_t)(bits >> have);
        }
    }
    return bare((struct bytes){room, n});
}

/* ---- one edit */

static const char *one_edit(struct bytes f, struct bytes w)
{
    size_t head = 0, tail = 0, least = f.n < w.n ? f.n : w.n;
    while (head < least && f.p[head] == w.p[head])
        head++;
    while (tail < least - head && f.p[f.n - 1 - tail] == w.p[w.n - 1 - tail])
        tail++;
    /* lengths of what differs between the common beginning and the common end */
    size_t df = f.n - head - tail, dw = w.n - head - tail;
    if (df == 0 && dw == 1)
        return "lacks one character";
    if (df == 1 && dw == 0)
        return "has one character too many";
    if (df == 1 && dw == 1)
        return "has one wrong character";
    if (df == 2 && dw == 2 && f.p[head] == w.p[head + 1] && f.p[head + 1] == w.p[head])
        return "has two neighbouring characters exchanged";
    return NULL;
}

/* ---- the table: the plainest explanation first */

typedef struct bytes transform_fn(uint8_t *room, struct bytes v);

static const struct {
    transform_fn *undo;
    const char *phrase;
} transforms[] = {
    {trim, "has blanks or a line end around it"},
    {unquote, "has quotation marks around it"},
    {squeeze, "has blanks inside it"},
    {percent, "is percent-encoded"},
    {html, "is HTML-encoded"},
    {base64, "is base64-encoded"},
};

static bool same_but_case(struct bytes a, struct bytes b)
{
    return a.n == b.n && !strncasecmp((const char *)a.p, (const char *)b.p, a.n);
}

/* The phrase of the mistake whose undoing turns v into one of the wanted values, or NULL. */
static const char *undone(struct bytes v, const struct bytes *wanted, size_t n)
{
    uint8_t room[LONGEST];
    for (size_t i = 0; i < sizeof transforms / sizeof *transforms; i++) {
        struct bytes w = transforms[i].undo(room, v);
        for (size_t k = 0; w.p && w.n && k < n; k++)
            if (same(w, wanted[k]))
                return transforms[i].phrase;
    }
    return NULL;
}

const char *altered_any(struct bytes found, const struct bytes *wanted, size_t n)
{
    if (found.n > LONGEST)
        return NULL;
    for (size_t k = 0; k < n; k++)
        if (same(found, wanted[k]))
            return NULL;
    const char *phrase = undone(found, wanted, n);
    if (phrase)
        return phrase;
    /* Blanks and quotes often come together with another mistake, so the value is also compared without them.
     */
    struct bytes core = bare(stripped(bare(found)));
    for (size_t k = 0; core.n && k < n; k++)
        if (same(core, wanted[k]))
            return "has quotation marks and blanks around it";
    if (core.n != found.n)
        phrase = undone(core, wanted, n);
    for (size_t k = 0; core.n && !phrase && k < n; k++)
        if (same_but_case(core, wanted[k]))
            phrase = "is in other letter case";
    for (size_t k = 0; !phrase && k < n; k++)
        if (wanted[k].n > 8) /* short values may differ in one character by chance */
            phrase = one_edit(core, wanted[k]);
    return phrase;
}

const char *altered_value(struct bytes found, struct bytes wanted)
{
    return altered_any(found, &wanted, 1);
}
