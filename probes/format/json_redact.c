#include "format/json_redact.h"

#include <string.h>

static unsigned char fold(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c | 0x20) : c;
}

/* One occurrence of the random value. */
struct redact_hit {
    size_t len;     /* bytes of text that it takes; 0: it is not here */
    bool same_case; /* its letters have the case of the token */
    bool wide;      /* NULs between its characters: UTF-16 */
};

/* The occurrence that begins at p. Backslashes are escapes of a zone file, and '\'' is a quote in a shell word. */
static struct redact_hit token_at(const char *token, const uint8_t *p, size_t n)
{
    struct redact_hit hit = {.same_case = true};
    size_t i = 0;
    for (const char *t = token; *t; t++) {
        for (; t > token && i < n && p[i] == '\0'; i++)
            hit.wide = true;
        if (*t == '\'' && n - i >= 4 && !memcmp(p + i, "'\\''", 4)) {
            i += 4;
            continue;
        }
        if (i + 1 < n && p[i] == '\\' && (*t != '\\' || p[i + 1] == '\\'))
            i++;
        if (i >= n || fold(p[i]) != fold((unsigned char)*t))
            return (struct redact_hit){0};
        hit.same_case = hit.same_case && p[i] == (unsigned char)*t;
        i++;
    }
    hit.len = i;
    return hit;
}

enum { STAND_IN_LEAST = 8 }; /* a shorter one could occur by chance */

/* Writes the text that replaces the random value. It has letters only, which may be in names, file names and rdata, and
 * it is as long as the token, so that what a file has after the CA's reading limit stays after it. */
static size_t stand_in(const char *token, struct redact_hit hit, uint8_t *out)
{
    size_t n = strlen(token), k = 0;
    n = n < STAND_IN_LEAST ? STAND_IN_LEAST : n;
    for (size_t i = 0; i < n; i++, k++) {
        if (hit.wide && i && out)
            out[k] = '\0';
        k += hit.wide && i;
        if (out)
            out[k] = (uint8_t)(hit.same_case ? "redacted" : "REDACTED")[i % 8];
    }
    return k;
}

/* Writes text with all occurrences replaced to out; NULL: only counts. Returns the new length, 0 where the value does
 * not occur. */
static size_t replace(const char *token, struct bytes text, uint8_t *out)
{
    size_t n = 0, run = 0;
    bool found = false;
    for (size_t i = 0; i < text.n;) {
        struct redact_hit hit = token_at(token, text.p + i, text.n - i);
        if (!hit.len) {
            i++;
            continue;
        }
        if (out)
            memcpy(out + n, text.p + run, i - run);
        n += i - run;
        n += stand_in(token, hit, out ? out + n : NULL);
        run = i += hit.len;
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
    uint8_t *out = arena_alloc(a, n + 1); /* zeroed memory, so the text ends with a NUL */
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

/* Makes rr a TXT record with the replacement split over two character-strings, because judge must see that it was
 * split. */
static void split(struct arena *a, const char *token, struct rr *rr)
{
    size_t n = stand_in(token, (struct redact_hit){.same_case = true}, NULL),
           half = n / 2 < UINT8_MAX ? n / 2 : UINT8_MAX;
    uint8_t *whole = arena_alloc(a, n), *rdata = arena_alloc(a, n + n / half + 1);
    rr->rdlen = 0;
    if (!whole || !rdata)
        return;
    stand_in(token, (struct redact_hit){.same_case = true}, whole);
    rr->rdata = rdata;
    for (size_t at = 0, len; at < n; at += len) {
        len = n - at < half ? n - at : half;
        rdata[rr->rdlen] = (uint8_t)len;
        memcpy(rdata + rr->rdlen + 1, whole + at, len);
        rr->rdlen = (uint16_t)(rr->rdlen + len + 1);
    }
}

struct rr redact_rr(struct arena *a, const char *token, const struct rr *rr)
{
    struct rr out = *rr;
    out.owner = redact_text(a, token, rr->owner);
    if (rr->defect && holds(token, rr->rdata, rr->rdlen))
        out.rdlen = 0;
    if (rr->defect || rr->type != RR_TXT)
        return out;
    /* A value inside one character-string is replaced in the text of the record. This is for a value that only the
     * joined strings contain. */
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
    if (holds(token, joined, n))
        split(a, token, &out);
    return out;
}
