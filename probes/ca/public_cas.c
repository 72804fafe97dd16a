#include "ca/public_cas.h"

#include <string.h>
#include <strings.h>

enum { NAME_MOST = 64 }; /* letters of a name that are compared */

/* The letters and digits of a name in lower case. */
static size_t fold(const char *text, char ret[NAME_MOST + 1])
{
    size_t n = 0;
    for (; *text && n < NAME_MOST; text++) {
        char c = *text >= 'A' && *text <= 'Z' ? (char)(*text | 0x20) : *text;
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            ret[n++] = c;
    }
    ret[n] = 0;
    return n;
}

/* How well the text fits one name, the best first. */
enum fit { FIT_SAME, FIT_BEGINS, FIT_WITHIN, FIT_NONE };

static enum fit name_fit(const char *wanted, size_t n, const char *name)
{
    enum { LEAST = 3 }; /* letters: fewer are the beginning of many names */
    char own[NAME_MOST + 1];
    size_t m = fold(name, own), least = n < m ? n : m;
    if (n == m && !memcmp(wanted, own, n))
        return FIT_SAME;
    if (least >= LEAST && !memcmp(wanted, own, least))
        return FIT_BEGINS;
    return n > LEAST && strstr(own, wanted) ? FIT_WITHIN : FIT_NONE;
}

static enum fit ca_fit(const char *text, const char *wanted, size_t n, const struct public_ca *ca)
{
    enum fit best = name_fit(wanted, n, ca->name);
    for (size_t i = 0; i < ca->aliases.n; i++) {
        enum fit one = name_fit(wanted, n, ca->aliases.v[i]);
        best = one < best ? one : best;
    }
    /* An identifier may be that of several CAs, but is the first one of its own. */
    for (size_t i = 0; i < ca->identifiers.n; i++)
        if (!strcasecmp(text, ca->identifiers.v[i])) {
            enum fit one = i ? FIT_BEGINS : FIT_SAME;
            best = one < best ? one : best;
        }
    return best;
}

const struct public_ca *public_ca_find(const char *text, const struct public_ca **near, size_t most, size_t *n)
{
    char wanted[NAME_MOST + 1];
    size_t len = fold(text, wanted), found = 0;
    const struct public_ca *ca = NULL;
    enum fit best = FIT_NONE;
    *n = 0;
    for (size_t i = 0; len && i < public_cas_n; i++) {
        enum fit fit = ca_fit(text, wanted, len, &public_cas[i]);
        if (fit < best) {
            best = fit;
            found = *n = 0;
        }
        if (fit == FIT_NONE || fit > best)
            continue;
        ca = &public_cas[i];
        found++;
        if (*n < most)
            near[(*n)++] = ca;
    }
    return found == 1 && best < FIT_WITHIN ? ca : NULL;
}
