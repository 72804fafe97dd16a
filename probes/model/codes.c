/* codes.c - finds a code in any spelling, and the codes that resemble a text that is no code. */
#include "model/codes.h"

#include "base/text.h"

#include <string.h>
#include <strings.h>

/* What people and mail programs leave around a code that they paste. */
static const char *const around[] = {
    " ", "\t",           "\r",           "\n",           "\"",           "'",       "`", ",",
    ";", "\xe2\x80\x98", "\xe2\x80\x99", "\xe2\x80\x9c", "\xe2\x80\x9d", "\xc2\xa0"};

/* The text without blanks and quotes at both ends. */
static struct bytes trim(const char *p, size_t n)
{
    for (bool again = true; again;) {
        again = false;
        for (size_t i = 0; i < sizeof around / sizeof *around; i++) {
            size_t k = strlen(around[i]);
            if (n >= k && !memcmp(p, around[i], k)) {
                p += k;
                n -= k;
                again = true;
            }
            if (n >= k && !memcmp(p + n - k, around[i], k)) {
                n -= k;
                again = true;
            }
        }
    }
    return (struct bytes){(const uint8_t *)p, n};
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Where the separator '|' or ':' is encoded, the whole text is; otherwise a '%' belongs to a variable and is left. */
static bool is_url_encoded(const char *s)
{
    return strcasestr(s, "%7c") || strcasestr(s, "%3a");
}

static void url_decode(char *s)
{
    char *to = s;
    for (; *s; s++) {
        int hi = *s == '%' ? hex_digit(s[1]) : -1;
        int lo = hi >= 0 ? hex_digit(s[2]) : -1;
        if (lo >= 0 && (hi || lo)) {
            *to++ = (char)(hi * 16 + lo);
            s += 2;
        } else {
            *to++ = *s;
        }
    }
    *to = 0;
}

/* Length of the part of a code before its placeholder, if it has one. */
static size_t stem_length(const struct code_info *info)
{
    return strcspn(info->code, "<");
}

/* How many bytes of text are this code; 0 where text is another code. *rest: the offset at which variables begin. */
static size_t matches(const struct code_info *info, struct bytes text, size_t *rest)
{
    if (!text.n || (text.p[0] ^ info->code[0]) & ~0x20) /* most differ in their first letter already */
        return 0;
    size_t n = stem_length(info);
    bool colon = info->code[n - 1] == ':';
    if (colon && text.n == n - 1) { /* "required_param" alone */
        *rest = text.n;
        return strncasecmp(info->code, (const char *)text.p, n - 1) ? 0 : n - 1;
    }
    if (text.n < n || strncasecmp(info->code, (const char *)text.p, n) ||
        (!colon && text.n > n && text.p[n] != '|'))
        return 0;
    *rest = text.n > n && !colon ? n + 1 : n;
    return n;
}

/* One variable; "" where it is a placeholder copied from the API's document: "<domain>", "variable". */
static const char *variable(struct arena *a, const char *p, size_t n)
{
    struct bytes b = trim(p, n);
    if ((b.n >= 2 && b.p[0] == '<' && b.p[b.n - 1] == '>') ||
        (b.n == 8 && !strncasecmp((const char *)b.p, "variable", 8)))
        return "";
    const char *s = arena_strndup(a, b.p, b.n);
    return s ? s : "";
}

enum code code_find(struct arena *a, const char *text, const char *variables[2])
{
    const struct code_info *info;
    if (variables)
        variables[0] = variables[1] = "";
    for (enum code c = 1; (info = code_info(c)); c++)
        if (!strcmp(info->code, text))
            return c;
    if (is_url_encoded(text)) {
        char *copy = arena_strdup(a, text);
        if (!copy)
            return CODE_NONE;
        url_decode(copy);
        text = copy;
    }
    struct bytes whole = trim(text, strlen(text));
    enum code best = CODE_NONE;
    size_t longest = 0, rest = 0;
    for (enum code c = 1; (info = code_info(c)); c++) {
        size_t at, n = matches(info, whole, &at);
        if (n > longest) {
            longest = n;
            rest = at;
            best = c;
        }
    }
    if (best == CODE_NONE || !variables || rest >= whole.n)
        return best;
    const char *p = (const char *)whole.p + rest;
    size_t n = whole.n - rest;
    const char *bar = code_info(best)->variables > 1 ? memchr(p, '|', n) : NULL;
    size_t first = bar ? (size_t)(bar - p) : n;
    variables[0] = variable(a, p, first);
    if (bar)
        variables[1] = variable(a, bar + 1, n - first - 1);
    return best;
}

/* LONGEST: bytes, more than any code has; what a person types beyond them is ignored. WORTH_SHOWING: the likeness from
 * which on a code is suggested. RARER: so much less likely is a code that the API's document does not list. SLIP: the
 * likeness from which on a text is a code with slips. */
enum { LONGEST = TEXT_DISTANCE_MOST, WORDS = 16, WORTH_SHOWING = 240, RARER = 40, SLIP = 650 };

static size_t at_most(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t split(const char *s, size_t n, struct bytes words[WORDS])
{
    size_t count = 0;
    for (size_t i = 0; i < n && count < WORDS;) {
        size_t k = i;
        while (k < n && ((s[k] >= 'a' && s[k] <= 'z') || (s[k] >= '0' && s[k] <= '9')))
            k++;
        if (k > i)
            words[count++] = (struct bytes){(const uint8_t *)s + i, k - i};
        i = k + 1;
    }
    return count;
}

/* Likeness in thousandths: three fifths for the letters, two fifths for whole words in common. */
static unsigned likeness(const char *s, size_t n, const char *t, size_t m)
{
    struct bytes mine[WORDS], theirs[WORDS];
    size_t n_mine = split(s, n, mine), n_theirs = split(t, m, theirs), shared = 0;
    if (!n_mine || !n_theirs)
        return 0;
    for (size_t i = 0; i < n_mine; i++)
        for (size_t k = 0; k < n_theirs; k++)
            if (mine[i].n && mine[i].n == theirs[k].n && !memcmp(mine[i].p, theirs[k].p, mine[i].n)) {
                shared++;
                theirs[k].n = 0;
                break;
            }
    size_t longer = n > m ? n : m;
    return (unsigned)(600 * (longer - text_distance(s, n, t, m)) / longer + 800 * shared / (n_mine + n_theirs));
}

/* The text without what is around it, in small letters. Returns its length. */
static size_t read_typed(const char *text, char typed[LONGEST])
{
    size_t n = 0;
    struct bytes b = trim(text, strlen(text));
    for (; n < b.n && n < LONGEST; n++)
        typed[n] = (char)(b.p[n] >= 'A' && b.p[n] <= 'Z' ? b.p[n] | 0x20 : b.p[n]);
    return n;
}

bool code_is_slip(const char *text, enum code c)
{
    char typed[LONGEST];
    size_t n = read_typed(text, typed), m = code_info(c) ? at_most(stem_length(code_info(c)), LONGEST) : 0;
    return n && m && likeness(typed, n, code_info(c)->code, m) >= SLIP;
}

size_t code_nearest(const char *text, enum code *ret, size_t most)
{
    char typed[LONGEST];
    size_t n = read_typed(text, typed);
    size_t bare = n; /* length without what may be a variable */
    for (size_t i = 0; i < n; i++)
        if (typed[i] == '|' || typed[i] == ':') {
            bare = i;
            break;
        }
    unsigned score[CODE_COUNT + 1];
    size_t found = 0;
    for (enum code c = 1; code_info(c); c++) {
        const struct code_info *info = code_info(c);
        size_t m = at_most(stem_length(info), LONGEST);
        unsigned s = likeness(typed, n, info->code, m);
        unsigned without = bare < n ? likeness(typed, bare, info->code, m) : 0;
        score[c] = s > without ? s : without;
        if (info->seen && score[c] > RARER)
            score[c] -= RARER;
        if (score[c] < WORTH_SHOWING)
            continue;
        /* ret is kept sorted, best first; of equal codes the one that is first in codes.def stands first. */
        size_t at = found;
        while (at && score[ret[at - 1]] < score[c])
            at--;
        if (at >= most)
            continue;
        if (found < most)
            found++;
        memmove(ret + at + 1, ret + at, (found - at - 1) * sizeof *ret);
        ret[at] = c;
    }
    return found;
}
