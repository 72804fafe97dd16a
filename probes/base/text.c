#include "base/text.h"

#include <string.h>

size_t text_utf8(const char *p, size_t len, uint32_t *ret)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (!len)
        return 0;
    unsigned char first = (unsigned char)*p;
    if (first < 0x80) {
        *ret = first;
        return 1;
    }
    size_t n = first >= 0xf0 && first < 0xf8 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc0 || first >= 0xf8 || n > len)
        return 0;
    uint32_t c = first & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        unsigned char b = (unsigned char)p[i];
        if ((b & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (b & 0x3f);
    }
    if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return 0;
    *ret = c;
    return n;
}

bool text_is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x061c || c == 0x200e || c == 0x200f ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

bool text_is_blank(uint32_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
           c == 0x3000;
}

size_t text_characters(const char *p, size_t len)
{
    size_t count = 0;
    for (size_t i = 0; i < len; count++) {
        uint32_t c;
        size_t step = text_utf8(p + i, len - i, &c);
        i += step ? step : 1;
    }
    return count;
}

char *text_escape(struct arena *a, const char *p, size_t len, size_t most)
{
    static const char hex[] = "0123456789abcdef";
    /* One byte takes up to four bytes of output; output of more than most bytes is cut. */
    size_t room = len < most / 4 + 1 ? len * 4 : most;
    char *out = arena_alloc(a, room + sizeof "…");
    if (!out)
        return NULL;
    size_t o = 0;
    for (size_t i = 0; i < len;) {
        uint32_t c;
        size_t step = text_utf8(p + i, len - i, &c);
        bool plain = step && !text_is_control(c);
        if (!step)
            step = 1;
        if (o + (plain ? step : 4 * step) > room) {
            memcpy(out + o, "…", sizeof "…");
            return out;
        }
        for (size_t k = 0; k < step; k++, i++) {
            unsigned char b = (unsigned char)p[i];
            if (plain) {
                out[o++] = p[i];
                continue;
            }
            out[o++] = '\\';
            out[o++] = 'x';
            out[o++] = hex[b >> 4];
            out[o++] = hex[b & 15];
        }
    }
    out[o] = '\0';
    return out;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t text_distance(const char *s, size_t n, const char *t, size_t m)
{
    size_t rows[3][TEXT_DISTANCE_MOST + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= m; j++)
        last[j] = j;
    for (size_t i = 1; i <= n; i++) {
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t swap_or_keep = last[j - 1] + (s[i - 1] != t[j - 1]);
            row[j] = least(swap_or_keep, least(last[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && s[i - 1] == t[j - 2] && s[i - 2] == t[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
        size_t *oldest = before;
        before = last;
        last = row;
        row = oldest;
    }
    return last[m];
}

const char *text_meant(const char *text, const char *const *words, size_t n)
{
    enum { PART_LEAST = 3 }; /* bytes: a shorter part is in many words */
    char typed[TEXT_DISTANCE_MOST];
    size_t length = least(strlen(text), sizeof typed), best = SIZE_MAX;
    const char *meant = NULL;
    for (size_t i = 0; i < length; i++)
        typed[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] | 0x20 : text[i] == '_' ? '-' : text[i]);
    for (size_t i = 0; length && i < n; i++) {
        size_t m = least(strlen(words[i]), TEXT_DISTANCE_MOST), longer = length > m ? length : m;
        size_t slips = text_distance(typed, length, words[i], m);
        const char *at = length >= PART_LEAST ? memmem(words[i], m, typed, length) : NULL;
        if (slips * 3 > longer && !at)
            continue;
        slips = at == words[i] ? 0 : slips * 3 > longer ? SIZE_MAX - 1 : slips;
        if (slips < best) {
            best = slips;
            meant = words[i];
        }
    }
    return meant;
}
