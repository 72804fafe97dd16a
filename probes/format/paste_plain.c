/* paste_plain.c - undoes the spellings in which a text arrives: UTF-16, mail quoting, escapes of JSON,
 * shells, HTML and URLs, typographic signs. */
#include "format/paste_inner.h"

#include "base/text.h"

#include <string.h>

/* ---------------------------------------------------------------- UTF-16 ----------------------------- */

static size_t utf8(char s[4], uint32_t c)
{
    size_t n;
    if (c < 0x80) {
        s[0] = (char)c;
        n = 1;
    } else if (c < 0x800) {
        s[0] = (char)(0xc0 | c >> 6);
        n = 2;
    } else if (c < 0x10000) {
        s[0] = (char)(0xe0 | c >> 12);
        n = 3;
    } else {
        s[0] = (char)(0xf0 | c >> 18);
        n = 4;
    }
    for (size_t i = 1; i < n; i++)
        s[i] = (char)(0x80 | (c >> 6 * (n - 1 - i) & 0x3f));
    return n;
}

/* 0: it is not UTF-16; 1: little-endian, 2: big-endian. Windows writes a byte order mark; what has lost it
 * shows a NUL in every other byte. */
static int utf16_order(const unsigned char *p, size_t n)
{
    enum { LOOKED_AT = 200 };
    if (n >= 2 && ((p[0] == 0xff && p[1] == 0xfe) || (p[0] == 0xfe && p[1] == 0xff)))
        return p[0] == 0xff ? 1 : 2;
    size_t pairs = (n < LOOKED_AT ? n : LOOKED_AT) / 2, first = 0, second = 0;
    for (size_t i = 0; i < pairs; i++) {
        first += !p[2 * i] && p[2 * i + 1];
        second += p[2 * i] && !p[2 * i + 1];
    }
    if (pairs >= 4 && 10 * second > 9 * pairs)
        return 1;
    return pairs >= 4 && 10 * first > 9 * pairs ? 2 : 0;
}

static void from_utf16(struct buf *out, const unsigned char *p, size_t n, bool big)
{
    for (size_t i = 0; i + 1 < n; i += 2) {
        uint32_t c = (uint32_t)(big ? p[i] << 8 | p[i + 1] : p[i + 1] << 8 | p[i]);
        if (c >= 0xd800 && c < 0xdc00 && i + 3 < n) {
            uint32_t low = (uint32_t)(big ? p[i + 2] << 8 | p[i + 3] : p[i + 3] << 8 | p[i + 2]);
            if (low >= 0xdc00 && low < 0xe000) {
                c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
                i += 2;
            }
        }
        char s[4];
        buf_add(out, s, utf8(s, c >= 0xd800 && c < 0xe000 ? 0xfffd : c));
    }
}

/* ---------------------------------------------------------------- mails and terminals ---------------- */

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that two hexadecimal digits at p mean; -1 where there are none. */
static int hex_byte(const char *p, const char *end)
{
    if (end - p < 2 || hex(p[0]) < 0 || hex(p[1]) < 0)
        return -1;
    return hex(p[0]) * 16 + hex(p[1]);
}

static bool holds(const char *p, size_t n, const char *what)
{
    return memmem(p, n, what, strlen(what));
}

/* The length of a soft line break of a mail at p (RFC 2045 6.7: "=" at the end of a line), or 0. */
static size_t soft_break(const char *p, const char *end)
{
    const char *q = p + 1;
    while (q < end && (*q == ' ' || *q == '\t' || *q == '\r'))
        q++;
    return *p == '=' && q < end && *q == '\n' ? (size_t)(q + 1 - p) : 0;
}

/* The length of the marks of a quoted mail at the begin of a line: "> > ". */
static size_t quote_marks(const char *p, const char *end)
{
    const char *q = p, *last = p;
    while (q < end && (*q == ' ' || *q == '\t' || *q == '>'))
        if (*q++ == '>')
            last = q < end && *q == ' ' ? q + 1 : q;
    return (size_t)(last - p);
}

/* The length of a terminal's control sequence (ECMA-48) at p, such as that for a colour, or 0. */
static size_t terminal_sequence(const char *p, const char *end)
{
    if (end - p < 3 || p[0] != 0x1b || p[1] != '[')
        return 0;
    const char *q = p + 2;
    while (q < end && *q >= 0x20 && *q < 0x40)
        q++;
    return q < end && *q >= 0x40 && *q < 0x7f ? (size_t)(q + 1 - p) : 0;
}

/* In place: what stands between the text and its lines. */
static size_t unfold(char *p, size_t n)
{
    const char *end = p + n;
    char *to = p;
    bool mail = holds(p, n, "=\n") || holds(p, n, "=\r\n") || holds(p, n, "quoted-printable") ||
                holds(p, n, "=3D") || holds(p, n, "=7C");
    bool fresh = true; /* at the begin of a line */
    for (const char *q = p; q < end;) {
        size_t skip = fresh ? quote_marks(q, end) : 0;
        fresh = false;
        q += skip;
        if (q == end)
            break;
        size_t sequence = terminal_sequence(q, end), soft = soft_break(q, end);
        int byte = mail && *q == '=' ? hex_byte(q + 1, end) : -1;
        if (sequence) {
            q += sequence;
        } else if (soft) {
            q += soft;
            q += quote_marks(q, end);
        } else if (byte >= ' ') {
            *to++ = (char)byte;
            q += 3;
        } else {
            fresh = *q == '\n';
            *to++ = *q++;
        }
    }
    return (size_t)(to - p);
}

/* ---------------------------------------------------------------- escapes ---------------------------- */

/* What a sign stands for where it is only another form of an ASCII one; 0: it is left; 0xffff: it is dropped,
 * because it is not seen. */
static uint32_t plain_sign(uint32_t c)
{
    if (c < 0x80)
        return 0;
    if (c >= 0xff01 && c <= 0xff5e) /* full width */
        return c - 0xff01 + '!';
    if ((c >= 0x201c && c <= 0x201f) || c == 0xab || c == 0xbb || c == 0x2033 || c == 0x2036 || c == 0x300c ||
        c == 0x300d)
        return '"';
    if ((c >= 0x2018 && c <= 0x201b) || c == 0x2032 || c == 0x2039 || c == 0x203a || c == 0xb4)
        return '\'';
    if ((c >= 0x2010 && c <= 0x2012) || c == 0x2212)
        return '-';
    if (c == 0xa6 || c == 0x2223 || c == 0x2502 || c == 0x2758 || c == 0x1c0)
        return '|';
    if (c == 0x2028 || c == 0x2029)
        return '\n';
    if (c == 0xad || c == 0xfeff || c == 0x2060 || c == 0x200b || c == 0x200e || c == 0x200f ||
        (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069))
        return 0xffff;
    return text_is_blank(c) ? ' ' : 0;
}

/* Writes a character; a later one is never longer than the escape that it comes from. */
static char *put(char *to, uint32_t c)
{
    uint32_t plain = plain_sign(c);
    if (plain == 0xffff)
        return to;
    char s[4];
    size_t n = utf8(s, plain ? plain : c ? c : ' ');
    memcpy(to, s, n);
    return to + n;
}

/* A character reference of HTML or XML at p: its length and *ret; 0: there is none. */
static size_t entity(const char *p, const char *end, uint32_t *ret)
{
    static const struct {
        const char *text;
        uint32_t c;
    } names[] = {{"&quot;", '"'},         {"&apos;", '\''},  {"&amp;", '&'},    {"&lt;", '<'},
                 {"&gt;", '>'},           {"&nbsp;", ' '},   {"&vert;", '|'},   {"&verbar;", '|'},
                 {"&VerticalLine;", '|'}, {"&lowbar;", '_'}, {"&period;", '.'}, {"&colon;", ':'},
                 {"&ldquo;", '"'},        {"&rdquo;", '"'},  {"&lsquo;", '\''}, {"&rsquo;", '\''},
                 {"&bdquo;", '"'},        {"&lbrace;", '{'}, {"&rbrace;", '}'}, {"&shy;", 0xad},
                 {"&ndash;", 0x2013},     {"&comma;", ','},  {"&lcub;", '{'},   {"&rcub;", '}'},
                 {"&UnderBar;", '_'}};
    size_t room = (size_t)(end - p);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t n = strlen(names[i].text);
        if (room >= n && p[1] == names[i].text[1] && !memcmp(p, names[i].text, n)) {
            *ret = names[i].c;
            return n;
        }
    }
    if (room < 4 || p[1] != '#')
        return 0;
    bool sixteen = (p[2] | 0x20) == 'x';
    const char *q = p + 2 + sixteen, *first = q;
    uint32_t c = 0;
    for (; q < end && q - first < 7; q++) {
        int digit = hex(*q);
        if (digit < 0 || (!sixteen && digit > 9))
            break;
        c = c * (sixteen ? 16 : 10) + (uint32_t)digit;
    }
    if (q == first || q == end || *q != ';' || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return 0;
    *ret = c;
    return (size_t)(q + 1 - p);
}

/* An escape with a backslash at p: JSON's, a shell's, Markdown's. Its length and *ret; 0: there is none. */
static size_t backslash(const char *p, const char *end, uint32_t *ret)
{
    if (end - p < 2)
        return 0;
    int high, low;
    switch (p[1]) {
    case 'n':
    case 'r':
        *ret = '\n';
        return 2;
    case 't':
        *ret = '\t';
        return 2;
    case 'u':
        high = hex_byte(p + 2, end);
        low = end - p < 6 ? -1 : hex_byte(p + 4, end);
        if (high < 0 || low < 0 || (high >= 0xd8 && high < 0xe0))
            return 0;
        *ret = (uint32_t)(high << 8 | low);
        return 6;
    case 'x':
        low = hex_byte(p + 2, end);
        if (low < ' ' || low > '~')
            return 0;
        *ret = (uint32_t)low;
        return 4;
    default:
        if (!strchr("\\\"'`/|_*.:;,-<>[](){}&$!#= ", p[1]) || !p[1])
            return 0;
        *ret = (unsigned char)p[1];
        return 2;
    }
}

/* Whether a byte that a URL holds as %NN may be undone where the text as a whole is no URL: then a '%' may as
 * well be part of what an error tells. */
static bool url_sign(int byte, bool whole)
{
    return byte > ' ' && byte != 0x7f ? byte < 0x80 || whole
                                      : whole && (byte == ' ' || byte == '\n' || byte == '\r');
}

/* In place, one layer of escapes. False: there was none. */
static bool unescape(char *p, size_t *n)
{
    const char *end = p + *n;
    char *to = p;
    bool found = false,
         whole = holds(p, *n, "%22") || holds(p, *n, "%7B") || holds(p, *n, "%7b") || holds(p, *n, "%3C");
    for (const char *q = p; q < end;) {
        uint32_t c = 0;
        size_t len = 0;
        int byte;
        switch (*q) {
        case '&':
            len = entity(q, end, &c);
            break;
        case '\\':
            len = backslash(q, end, &c);
            break;
        case '%':
            byte = hex_byte(q + 1, end);
            if (byte >= 0 && url_sign(byte, whole)) {
                *to++ = (char)byte;
                q += 3;
                found = true;
                continue;
            }
            break;
        default:
            if ((unsigned char)*q >= 0x80) {
                len = text_utf8(q, (size_t)(end - q), &c);
                if (!plain_sign(c))
                    len = 0;
            }
        }
        if (len) {
            to = put(to, c);
            q += len;
            found = true;
        } else {
            *to++ = *q++;
        }
    }
    *n = (size_t)(to - p);
    return found;
}

/* ---------------------------------------------------------------- all -------------------------------- */

bool paste_plain(struct buf *out, const char *text, size_t len)
{
    enum { LAYERS = 5 }; /* JSON in a string in a log line in a web page has four */
    int order = utf16_order((const unsigned char *)text, len);
    buf_reserve(out, len + 1);
    if (order)
        from_utf16(out, (const unsigned char *)text, len, order == 2);
    else
        buf_add(out, text, len);
    if (out->failed)
        return false;
    if (!out->p)
        return true;
    out->n = unfold(out->p, out->n);
    for (int i = 0; i < LAYERS && unescape(out->p, &out->n); i++)
        continue;
    return true;
}

static bool is_gap(char c)
{
    return c == ' ' || c == '\t';
}

void paste_close(struct buf *b)
{
    size_t to = 0;
    for (size_t i = 0; i < b->n; i++) {
        b->p[to++] = b->p[i];
        bool sign = b->p[i] == '_' || b->p[i] == '|' || b->p[i] == '.';
        if (!sign || i + 1 == b->n || !is_gap(b->p[i + 1]) || to < 2 || !is_gap(b->p[to - 2]))
            continue;
        char c = b->p[--to];
        while (to && is_gap(b->p[to - 1]))
            to--;
        b->p[to++] = c;
        while (i + 1 < b->n && is_gap(b->p[i + 1]))
            i++;
    }
    b->n = to;
}

void paste_join(struct buf *b)
{
    size_t to = 0;
    for (size_t i = 0; i < b->n; i++) {
        if (b->p[i] != '\n') {
            b->p[to++] = b->p[i];
            continue;
        }
        while (to && paste_is_blank(b->p[to - 1]))
            to--;
        while (i + 1 < b->n && paste_is_blank(b->p[i + 1]))
            i++;
    }
    b->n = to;
}
