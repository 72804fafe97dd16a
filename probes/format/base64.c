#include "format/base64.h"

#include <string.h>

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
