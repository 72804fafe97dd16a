#include "wire/idna.h"

#include "base/text.h"

#include <idn2.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { TEXT_MOST = 1024 }; /* bytes of a label; what is longer fits into no A-label */

static int look_up(const char *text, int flags, char out[IDNA_LABEL_MOST + 1])
{
    uint8_t *mapped = NULL;
    int rc = idn2_lookup_u8((const uint8_t *)text, &mapped, IDN2_NFC_INPUT | flags);
    if (rc != IDN2_OK)
        return rc;
    size_t n = strlen((const char *)mapped);
    if (n <= IDNA_LABEL_MOST)
        memcpy(out, mapped, n + 1);
    idn2_free(mapped);
    return n <= IDNA_LABEL_MOST ? IDN2_OK : IDN2_TOO_BIG_LABEL;
}

/* ---------------------------------------------------------------- text and Punycode ------------------ */

static size_t put_utf8(char *p, uint32_t c)
{
    unsigned more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const uint8_t head[] = {0, 0xc0, 0xe0, 0xf0};
    for (unsigned i = more; i; i--, c >>= 6)
        p[i] = (char)(0x80 | (c & 0x3f));
    *p = (char)(head[more] | c);
    return more + 1;
}

enum { BASE = 36, T_MIN = 1, T_MAX = 26, SKEW = 38, DAMP = 700, BIAS = 72, FIRST = 128 }; /* RFC 3492 5 */

static uint32_t adapt(uint32_t delta, uint32_t points, bool first)
{
    uint32_t k = 0;
    delta /= first ? DAMP : 2;
    for (delta += delta / points; delta > (BASE - T_MIN) * T_MAX / 2; k += BASE)
        delta /= BASE - T_MIN;
    return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

static uint32_t threshold(uint32_t k, uint32_t bias)
{
    return k <= bias + T_MIN ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias;
}

/* RFC 3492 6.2. Returns the number of code points, at most IDNA_LABEL_MOST, or 0 where the text is no
 * Punycode. */
static size_t decode(const char *s, uint32_t out[IDNA_LABEL_MOST])
{
    const char *dash = strrchr(s, '-');
    uint32_t n = 0, c = FIRST, bias = BIAS;
    for (; dash && s < dash; s++)
        out[n++] = (unsigned char)*s;
    s += dash != NULL;
    for (uint64_t i = 0; *s; i++) {
        uint64_t before = i, weight = 1;
        for (uint32_t k = BASE;; k += BASE) {
            char ch = *s++;
            if (n == IDNA_LABEL_MOST || !((ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9')))
                return 0;
            uint32_t digit = (uint32_t)(ch >= 'a' ? ch - 'a' : ch - '0' + 26);
            i += digit * weight;
            uint32_t t = threshold(k, bias);
            if (digit < t)
                break;
            weight *= BASE - t;
            if (i > UINT32_MAX || weight > UINT32_MAX)
                return 0;
        }
        if (i > UINT32_MAX)
            return 0;
        bias = adapt((uint32_t)(i - before), n + 1, !before);
        c += (uint32_t)(i / (n + 1));
        i %= n + 1;
        if (c > 0x10ffff)
            return 0;
        memmove(out + i + 1, out + i, (n - i) * sizeof *out);
        out[i] = c;
        n++;
    }
    return n;
}

/* RFC 3492 6.3, with "xn--" before it. False where it does not fit. n is not 0. */
static bool encode(const uint32_t *p, size_t n, char out[IDNA_LABEL_MOST + 1])
{
    size_t o = 4;
    memcpy(out, "xn--", 4);
    for (size_t i = 0; i < n; i++)
        if (p[i] < FIRST && o < IDNA_LABEL_MOST)
            out[o++] = (char)p[i];
    uint32_t done = (uint32_t)o - 4, basic = done, c = FIRST, bias = BIAS;
    uint64_t delta = 0;
    if (basic && o < IDNA_LABEL_MOST)
        out[o++] = '-';
    while (done < n) {
        uint32_t next = UINT32_MAX;
        for (size_t i = 0; i < n; i++)
            if (p[i] >= c && p[i] < next)
                next = p[i];
        delta += (uint64_t)(next - c) * (done + 1);
        c = next;
        for (size_t i = 0; i < n; i++) {
            delta += p[i] < c;
            if (p[i] != c)
                continue;
            uint64_t q = delta;
            for (uint32_t k = BASE;; k += BASE) {
                uint32_t t = threshold(k, bias), digit = (uint32_t)(q < t ? q : t + (q - t) % (BASE - t));
                if (o == IDNA_LABEL_MOST)
                    return false;
                out[o++] = (char)(digit < 26 ? 'a' + digit : '0' + digit - 26);
                if (q < t)
                    break;
                q = (q - t) / (BASE - t);
            }
            bias = adapt((uint32_t)delta, done + 1, done == basic);
            delta = 0;
            done++;
        }
        delta++;
        c++;
    }
    out[o] = 0;
    return true;
}

/* ---------------------------------------------------------------- what IDNA 2008 does not know ------- */

/* Characters that play the part of others. Yi syllables are letters that nothing is mapped to and that
 * compose with nothing. */
enum {
    YI = 0xA000,
    YI_LAST = 0xA48C,
    L = 0x4E00,   /* a letter from left to right */
    R = 0x05D0,   /* from right to left; AL has the same part in the rules of RFC 5893 2 */
    AN = 0x10D30, /* an Arabic number */
    EN = '0',
    ON = 0x02B9,  /* neutral; ES, CS and ET have the same part */
    NSM = 0x0901, /* a mark; its combining class is 0, so it stays where it is in NFC */
    VN = 0x094D,  /* a mark that is a virama (RFC 5892 A.1, A.2) */
    VL = 0x1B44   /* a virama that is written from left to right */
};

static uint32_t stand_in(uint32_t c)
{
    static const struct {
        uint32_t first, last, stand_in;
    } rows[] = {
#define STANDS(first, last, stand_in) {first, last, stand_in},
#include "wire/idna.def"
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows && rows[i].first <= c; i++)
        if (c <= rows[i].last)
            return rows[i].stand_in;
    return L;
}

static bool unknown(int rc)
{
    return rc == IDN2_DISALLOWED || rc == IDN2_UNASSIGNED;
}

/* True where IDNA 2008 alone refuses the character. A letter stands before it, so that it may be a mark. */
static bool is_symbol(uint32_t c)
{
    char text[8], out[IDNA_LABEL_MOST + 1];
    size_t n = put_utf8(text, YI);
    n += put_utf8(text + n, c);
    text[n] = 0;
    return c >= 0x80 && unknown(look_up(text, IDN2_NONTRANSITIONAL, out));
}

/* CheckJoiners and CheckBidi (UTS 46 4.1) of a label whose characters are valid. libidn2 tests both behind
 * the tests of IDNA 2008, so it gets the label with stand-ins for what it would stop at. */
static int check_context(const uint32_t *p, size_t n)
{
    char text[4 * IDNA_LABEL_MOST + 1], out[IDNA_LABEL_MOST + 1];
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        k += put_utf8(text + k, is_symbol(p[i]) ? stand_in(p[i]) : p[i]);
    text[k] = 0;
    int rc = look_up(text, IDN2_NONTRANSITIONAL, out);
    return rc == IDN2_CONTEXTJ || rc == IDN2_CONTEXTJ_NO_RULE || rc == IDN2_BIDI || rc == IDN2_MALLOC
               ? rc
               : IDN2_OK;
}

/* The four characters that only transitional processing maps (UTS 46, IDNA deviations). */
static const uint32_t deviations[] = {0x00DF, 0x03C2, 0x200C, 0x200D};
enum { DEVIATIONS = sizeof deviations / sizeof *deviations };

/* The first of as many characters in a row that are not in the text. */
static uint32_t free_row(const char *text, size_t len)
{
    uint32_t row = YI, c;
    for (size_t i = 0, step; i < len && row + DEVIATIONS <= YI_LAST; i += step) {
        step = text_utf8(text + i, len - i, &c);
        if (step && c >= row && c < row + DEVIATIONS) {
            row += DEVIATIONS;
            i = step = 0;
        }
        step += !step;
    }
    return row;
}

/* A label that IDNA 2008 alone refuses. Only libidn2's transitional processing leaves IDNA 2008 out, and what
 * it would map beyond UTS 46 is hidden from it. A label of more than about 55 characters that has both
 * symbols and deviations may be taken for too long. */
static int label_beyond(const char *text, size_t len, char out[IDNA_LABEL_MOST + 1])
{
    char hidden[TEXT_MOST + 4], label[IDNA_LABEL_MOST + 1];
    uint32_t row = free_row(text, len), points[IDNA_LABEL_MOST];
    size_t n = 0;
    bool any = false;
    for (size_t i = 0, step; i < len; i += step) {
        uint32_t c;
        step = text_utf8(text + i, len - i, &c);
        if (!step)
            return IDN2_ENCODING_ERROR;
        for (unsigned k = 0; k < DEVIATIONS; k++)
            if (c == deviations[k]) {
                c = row + k;
                any = true;
            }
        if (n + 4 >= sizeof hidden)
            return IDN2_TOO_BIG_LABEL;
        n += put_utf8(hidden + n, c);
    }
    hidden[n] = 0;
    /* libidn2's own comparison of an A-label with its text stumbles over mapped punctuation; ours is at the
     * end. */
    int rc = look_up(hidden, IDN2_TRANSITIONAL | IDN2_NO_ALABEL_ROUNDTRIP, label);
    if (rc != IDN2_OK)
        return rc;
    if (strncmp(label, "xn--", 4)) {
        strcpy(out, label);
        return IDN2_OK;
    }
    n = decode(label + 4, points);
    if (!n)
        return IDN2_PUNYCODE_BAD_INPUT;
    for (size_t i = 0; any && i < n; i++)
        if (points[i] >= row && points[i] < row + DEVIATIONS)
            points[i] = deviations[points[i] - row];
    rc = check_context(points, n);
    if (rc == IDN2_OK && !encode(points, n, out))
        rc = IDN2_TOO_BIG_LABEL;
    return rc == IDN2_OK && !any && strcmp(out, label) ? IDN2_ALABEL_ROUNDTRIP_FAILED : rc;
}

int idna_label(const char *text, char out[IDNA_LABEL_MOST + 1])
{
    static const struct {
        uint32_t from, to;
    } newer[] = {
#define MAPPED(from, to) {from, to},
#include "wire/idna.def"
    };
    char mapped[TEXT_MOST];
    size_t len = strlen(text), n = 0;
    if (len >= TEXT_MOST)
        return IDN2_TOO_BIG_LABEL;
    for (size_t i = 0, step; i < len; i += step) {
        uint32_t c;
        step = text_utf8(text + i, len - i, &c);
        if (!step)
            return IDN2_ENCODING_ERROR;
        size_t k = 0;
        while (k < sizeof newer / sizeof *newer && newer[k].from != c)
            k++;
        if (k < sizeof newer / sizeof *newer) {
            n += put_utf8(mapped + n, newer[k].to);
        } else {
            memcpy(mapped + n, text + i, step);
            n += step;
        }
    }
    mapped[n] = 0;
    int rc = look_up(mapped, IDN2_NONTRANSITIONAL, out);
    return unknown(rc) ? label_beyond(mapped, n, out) : rc;
}
