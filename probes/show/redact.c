#include "show/redact.h"

#include "base/buf.h"

#include <string.h>
#include <strings.h>

enum { PIECE_LEAST = 8 };

static char fold(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

static int digit(char c, int base)
{
    int v = c >= '0' && c <= '9' ? c - '0' : fold(c) >= 'a' && fold(c) <= 'f' ? fold(c) - 'a' + 10 : base;
    return v < base ? v : -1;
}

/* Reads a number of `n` digits; -1: it is none. */
static int number(const char *p, size_t n, int base)
{
    int v = 0;
    for (size_t i = 0; i < n; i++) {
        int d = digit(p[i], base);
        if (d < 0)
            return -1;
        v = v * base + d;
    }
    return v;
}

/* The character c as HTML or a shell word has it, at p: how many bytes it takes, or 0. */
static size_t written(const char *p, char c)
{
    static const struct {
        const char *text;
        char c;
    } words[] = {{"&quot;", '"'}, {"&#34;", '"'}, {"&#39;", '\''}, {"&amp;", '&'},
                 {"&lt;", '<'},   {"&gt;", '>'},  {"'\\''", '\''}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i].c == c && !strncmp(p, words[i].text, strlen(words[i].text)))
            return strlen(words[i].text);
    return 0;
}

/* The same as a URL, a zone file or text_escape() has it. */
static size_t escaped(const char *p, char c)
{
    if (*p == '%' && number(p + 1, 2, 16) == (unsigned char)c)
        return 3;
    if (*p != '\\')
        return 0;
    if (p[1] == 'x' && number(p + 2, 2, 16) == (unsigned char)c)
        return 4;
    if (number(p + 1, 3, 10) == (unsigned char)c)
        return 4;
    return p[1] && fold(p[1]) == fold(c) ? 2 : 0;
}

/* What may stand between two characters of a value: the end of one character-string and the beginning of the
 * next. */
static size_t between(const char *p)
{
    if (*p != '"' || p[1] != ' ')
        return 0;
    size_t n = 1 + strspn(p + 1, " ");
    return p[n] == '"' ? n + 1 : 0;
}

/* How many bytes at p are the character c; 0: another one. A backslash may be itself or escape what follows:
 * which of the two is tried first. */
static size_t one_at(const char *p, char c, bool plain_first)
{
    size_t step = written(p, c), plain = fold(*p) == fold(c);
    if (step)
        return step;
    return plain_first && plain ? 1 : (step = escaped(p, c)) ? step : plain;
}

/* How many bytes at p spell the beginning of token; *run: how many of its characters. */
static size_t run_at(const char *p, const char *token, bool plain_first, size_t *run)
{
    size_t n = 0;
    for (*run = 0; token[*run] && p[n]; ++*run) {
        size_t step = one_at(p + n, token[*run], plain_first), gap = step || !*run ? 0 : between(p + n);
        if (gap && (step = one_at(p + n + gap, token[*run], plain_first)))
            step += gap;
        if (!step)
            break;
        n += step;
    }
    return n;
}

/* The longest piece of the token at p in bytes; 0 where none is long enough. */
static size_t piece_at(const char *p, const char *token, size_t length)
{
    size_t best = 0, most = 0, least = length < PIECE_LEAST ? length : PIECE_LEAST;
    for (size_t k = 0; k / 2 + least <= length; k++) {
        size_t run, n = run_at(p, token + k / 2, k % 2, &run);
        if (run >= least && run > most) {
            most = run;
            best = n;
        }
    }
    return best;
}

static bool kept(const char *const *keep, const char *p, size_t n)
{
    for (; keep && *keep; keep++)
        for (const char *k = *keep; strlen(k) >= n; k++)
            if (!strncasecmp(k, p, n))
                return true;
    return false;
}

char *redact_shown(struct arena *a, const char *token, const char *const *keep, const char *text)
{
    size_t length = token ? strlen(token) : 0;
    struct buf b = {0};
    if (!length)
        return arena_strdup(a, text);
    for (const char *p = text; *p;) {
        size_t piece = piece_at(p, token, length);
        if (piece && !(piece < length && kept(keep, p, piece))) {
            buf_puts(&b, "redacted");
            p += piece;
        } else {
            buf_add(&b, p++, 1);
        }
    }
    char *out = b.failed ? NULL : arena_strndup(a, b.p ? b.p : "", b.n);
    buf_free(&b);
    return out;
}
