#include "wire/name_read.h"

#include "base/text.h"
#include "wire/idna.h"
#include "wire/name.h"
#include "wire/suffixes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <idn2.h>
#include <string.h>

enum {
    NAME_MOST = 253,
    LABEL_MOST = 63,
    SHOWN = 80,       /* bytes of a label in a message */
    TYPED_MOST = 1023 /* a longer label is refused before IDNA; an A-label has at most 63 */
};

/* The state of one name_read(). */
struct name_reading {
    struct arena *a;
    const char *p; /* what is left of the input */
    size_t n;
    struct name name;
};

/* Each step returns GO_ON, REFUSED (name.code, .cause and .reason are set) or -ENOMEM. */
enum { GO_ON = 0, REFUSED = 1 };

static int refuse(struct name_reading *r, enum code code, enum cause cause, const char *reason)
{
    if (!reason)
        return -ENOMEM;
    r->name.code = code;
    r->name.cause = cause;
    r->name.reason = reason;
    return REFUSED;
}

#define INVALID(r, ...)                                                                                      \
    refuse(r, CODE_dns_invalid_domain, CAUSE_name_invalid, arena_printf((r)->a, __VA_ARGS__))
#define INTERNAL(r, ...)                                                                                     \
    refuse(r, CODE_internal_names_not_allowed, CAUSE_name_internal, arena_printf((r)->a, __VA_ARGS__))

/* ---------------------------------------------------------------- the text as a whole ---------------- */

/* Bytes of white space at the start of a text. */
static size_t blanks(const char *p, size_t n)
{
    size_t i = 0;
    uint32_t c;
    for (size_t step; (step = text_utf8(p + i, n - i, &c)) && text_is_blank(c);)
        i += step;
    return i;
}

/* Bytes of white space at the end of a text. */
static size_t blanks_behind(const char *p, size_t n)
{
    size_t end = n;
    while (end) {
        size_t at = end - 1;
        while (at && end - at < 4 && ((unsigned char)p[at] & 0xc0) == 0x80)
            at--;
        uint32_t c;
        if (text_utf8(p + at, end - at, &c) != end - at || !text_is_blank(c))
            break;
        end = at;
    }
    return n - end;
}

/* The length of "scheme://" at the start, 0 where there is none (RFC 3986 3.1). */
static size_t scheme(const char *p, size_t n)
{
    size_t i = 0;
    while (i < n && ((p[i] >= 'a' && p[i] <= 'z') || (p[i] >= 'A' && p[i] <= 'Z') ||
                     (i && ((p[i] >= '0' && p[i] <= '9') || p[i] == '+' || p[i] == '-' || p[i] == '.'))))
        i++;
    return i && n - i >= 3 && !memcmp(p + i, "://", 3) ? i + 3 : 0;
}

/* The first byte that ends a host in a URL, or n. */
static size_t host_end(const char *p, size_t n)
{
    size_t i = 0;
    while (i < n && !memchr("/?#\\", p[i], 4))
        i++;
    return i;
}

static const char *last_of(const char *p, size_t n, char c)
{
    while (n--)
        if (p[n] == c)
            return p + n;
    return NULL;
}

static int check_characters(struct name_reading *r)
{
    size_t position = 1;
    for (size_t i = 0, step; i < r->n; i += step, position++) {
        uint32_t c;
        step = text_utf8(r->p + i, r->n - i, &c);
        if (!step)
            return INVALID(r, "its character %zu is the byte \\x%02x, which is not UTF-8 text", position,
                           (unsigned)(unsigned char)r->p[i]);
        if (!text_is_control(c) && !text_is_blank(c))
            continue;
        const char *shown = text_escape(r->a, r->p + i, step, SHOWN);
        if (!shown)
            return -ENOMEM;
        if (text_is_blank(c))
            return INVALID(r, "it has a blank (%s) at character %zu; one name without blanks is expected",
                           c == ' ' ? "a space" : shown, position);
        return INVALID(r, "its character %zu is an invisible control character (%s)", position, shown);
    }
    return GO_ON;
}

/* Refuses what belongs to a URL or to a mail address and not to a name. */
static int check_surroundings(struct name_reading *r)
{
    if (!r->n)
        return INVALID(r, "it is empty; a name such as www.example.com is expected");
    size_t before = blanks(r->p, r->n), behind = before < r->n ? blanks_behind(r->p, r->n) : 0;
    if (before == r->n)
        return INVALID(r, "it consists of blanks; a name such as www.example.com is expected");
    if (before || behind)
        return INVALID(r, "a blank stands %s it", before ? "before" : "after");
    size_t url = scheme(r->p, r->n);
    if (url) {
        const char *shown = text_escape(r->a, r->p, url, SHOWN);
        return shown ? INVALID(r, "it begins with \"%s\"; the name alone is expected, not a URL", shown)
                     : -ENOMEM;
    }
    int rc = check_characters(r);
    if (rc)
        return rc;
    size_t end = host_end(r->p, r->n);
    if (end < r->n) {
        const char *shown = text_escape(r->a, r->p + end, r->n - end, SHOWN);
        return shown ? INVALID(r, "\"%s\" at character %zu is a path; the name alone is expected", shown,
                               text_characters(r->p, end) + 1)
                     : -ENOMEM;
    }
    const char *at = last_of(r->p, r->n, '@');
    if (at)
        return INVALID(r, "it has an @ at character %zu; the name behind it is expected, not a mail address",
                       text_characters(r->p, (size_t)(at - r->p)) + 1);
    return GO_ON;
}

/* ---------------------------------------------------------------- addresses -------------------------- */

static const struct special {
    int family;
    const char *prefix;
    unsigned bits;
    const char *why;
} specials[] = {
#define X(family, prefix, bits, why) {family, prefix, bits, why},
#include "wire/special.def"
#undef X
};

static bool prefix_holds(const struct special *s, const unsigned char *address)
{
    unsigned char prefix[16];
    if (inet_pton(s->family, s->prefix, prefix) != 1)
        return false;
    unsigned whole = s->bits / 8, rest = s->bits % 8;
    return !memcmp(prefix, address, whole) &&
           (!rest || !((prefix[whole] ^ address[whole]) & (unsigned char)(0xff00u >> rest)));
}

static int read_address(struct name_reading *r, int family, const unsigned char *address)
{
    char text[INET6_ADDRSTRLEN];
    inet_ntop(family, address, text, sizeof text);
    r->name.is_ip = true;
    r->name.domain = arena_strdup(r->a, text);
    if (!r->name.domain)
        return -ENOMEM;
    for (size_t i = 0; i < sizeof specials / sizeof *specials; i++)
        if (specials[i].family == family && prefix_holds(&specials[i], address))
            return INTERNAL(r, "the address %s is %s (%s/%u)", text, specials[i].why, specials[i].prefix,
                            specials[i].bits);
    return GO_ON;
}

/* Handles input with a colon: an IPv6 address, or a name with a port. Sets *done where it was an address. */
static int check_colon(struct name_reading *r, bool *done)
{
    const char *p = r->p, *colon = memchr(p, ':', r->n);
    size_t n = r->n;
    char text[INET6_ADDRSTRLEN];
    unsigned char address[16];
    if (!colon)
        return GO_ON;
    if (n > 2 && p[0] == '[' && p[n - 1] == ']') {
        p++;
        n -= 2;
    }
    if (n < sizeof text) {
        memcpy(text, p, n);
        text[n] = '\0';
        if (inet_pton(AF_INET6, text, address) == 1) {
            *done = true;
            return read_address(r, AF_INET6, address);
        }
    }
    const char *last = last_of(r->p, r->n, ':');
    size_t digits = (size_t)(r->p + r->n - last) - 1;
    for (size_t i = 1; i <= digits; i++)
        if (last[i] < '0' || last[i] > '9')
            digits = 0;
    if (digits && (last == colon || last[-1] == ']')) {
        const char *shown = text_escape(r->a, last, digits + 1, SHOWN);
        return shown ? INVALID(r, "it has a port, \"%s\"; the name alone is expected", shown) : -ENOMEM;
    }
    if (last == colon)
        return INVALID(r, "it has a colon at character %zu; the name alone is expected",
                       text_characters(r->p, (size_t)(colon - r->p)) + 1);
    return INVALID(r,
                   "it has colons but is no IPv6 address: up to eight groups of up to four digits 0-9a-f are "
                   "expected, with at most one ::");
}

/* ---------------------------------------------------------------- labels ----------------------------- */

/* One label as it was typed. */
struct label {
    const char *p;
    size_t n;
    size_t number; /* from 1 */
    const char *shown;
};

static bool is_ldh(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

/* The length of the separator of labels at p: a full stop, or one of the three characters that UTS 46 maps to it. 0: no
 * separator. */
static size_t separator(const char *p, size_t n)
{
    uint32_t c;
    size_t step = text_utf8(p, n, &c);
    return step && (c == '.' || c == 0x3002 || c == 0xff0e || c == 0xff61) ? step : 0;
}

static int bad_character(struct name_reading *r, const struct label *l, size_t at)
{
    size_t position = text_characters(l->p, at) + 1;
    if (l->p[at] == '*')
        return INVALID(
            r,
            "label %zu, \"%s\", has a * at its character %zu; a * may only be the whole first label, as in "
            "*.example.com",
            l->number, l->shown, position);
    if (l->p[at] == '_')
        return INVALID(
            r,
            "label %zu, \"%s\", has an underscore at its character %zu; the names of hosts consist of "
            "letters, digits and hyphens",
            l->number, l->shown, position);
    return INVALID(
        r, "label %zu, \"%s\", has \"%c\" at its character %zu; letters, digits and hyphens are expected",
        l->number, l->shown, l->p[at], position);
}

/* Why IDNA refused a label: the rest of a sentence that starts with the label. */
static const char *idna_words(int rc)
{
    switch (rc) {
    case IDN2_2HYPHEN:
        return "has hyphens as its third and fourth character, which only labels that begin with xn-- may "
               "have";
    case IDN2_HYPHEN_STARTEND:
        return "begins or ends with a hyphen";
    case IDN2_LEADING_COMBINING:
        return "begins with a combining mark, which needs a letter before it";
    case IDN2_CONTEXTJ:
    case IDN2_CONTEXTJ_NO_RULE:
        return "has an invisible joiner where its script does not use one";
    case IDN2_CONTEXTO:
    case IDN2_CONTEXTO_NO_RULE:
        return "has a sign that may only stand between certain letters";
    case IDN2_BIDI:
        return "mixes writing from left to right and from right to left";
    case IDN2_DISALLOWED:
    case IDN2_UNASSIGNED:
    case IDN2_INVALID_NONTRANSITIONAL:
    case IDN2_DOT_IN_LABEL:
        return "has a character that domain names may not have";
    case IDN2_PUNYCODE_BIG_OUTPUT:
    case IDN2_TOO_BIG_LABEL:
    case IDN2_TOO_BIG_DOMAIN:
        return "is longer than 63 characters in the form that DNS uses";
    case IDN2_PUNYCODE_BAD_INPUT:
    case IDN2_PUNYCODE_OVERFLOW:
    case IDN2_INVALID_ALABEL:
        return "begins with xn-- but what follows encodes no text";
    case IDN2_UALABEL_MISMATCH:
    case IDN2_ALABEL_ROUNDTRIP_FAILED:
        return "is not the xn-- form of the text that it encodes";
    default:
        return "is no valid internationalised label";
    }
}

static int bad_idna(struct name_reading *r, const struct label *l, int rc)
{
    if (rc == IDN2_MALLOC)
        return -ENOMEM;
    /* A character that no label may contain is refused for the same reason when it stands alone: this finds it. */
    size_t position = 1;
    for (size_t i = 0, step; (rc == IDN2_DISALLOWED || rc == IDN2_UNASSIGNED) && i < l->n;
         i += step, position++) {
        char one[5] = {0}, out[IDNA_LABEL_MOST + 1];
        uint32_t c;
        step = text_utf8(l->p + i, l->n - i, &c);
        memcpy(one, l->p + i, step);
        if (idna_label(one, out) == rc)
            return INVALID(
                r,
                "label %zu, \"%s\", has \"%s\" (U+%04X) at its character %zu, which domain names may not "
                "have",
                l->number, l->shown, one, (unsigned)c, position);
    }
    return INVALID(r, "label %zu, \"%s\", %s", l->number, l->shown, idna_words(rc));
}

/* Converts one label to its form in DNS, up to 64 bytes at out. */
static int read_label(struct name_reading *r, struct label *l, char out[LABEL_MOST + 1])
{
    bool ascii = true;
    l->shown = text_escape(r->a, l->p, l->n, SHOWN);
    if (!l->shown)
        return -ENOMEM;
    for (size_t i = 0; i < l->n; i++) {
        if ((unsigned char)l->p[i] >= 0x80)
            ascii = false;
        else if (!is_ldh(l->p[i]))
            return bad_character(r, l, i);
    }
    if (l->n > TYPED_MOST || (ascii && l->n > LABEL_MOST))
        return INVALID(r, "label %zu, \"%s\", is %zu characters long; 63 are the most", l->number, l->shown,
                       text_characters(l->p, l->n));
    char text[TYPED_MOST + 1];
    for (size_t i = 0; i < l->n; i++)
        text[i] = l->p[i] >= 'A' && l->p[i] <= 'Z' ? (char)(l->p[i] | 0x20) : l->p[i];
    text[l->n] = '\0';
    if (ascii && (text[0] == '-' || text[l->n - 1] == '-'))
        return INVALID(r, "label %zu, \"%s\", %s with a hyphen", l->number, l->shown,
                       text[0] == '-' ? "begins" : "ends");
    /* A mapped label is looked up a second time: full-width letters, for example, may spell another "xn--" label. */
    for (int pass = 0; pass < 2 && (!ascii || !strncmp(text, "xn--", 4)); pass++) {
        char mapped[IDNA_LABEL_MOST + 1];
        int rc = idna_label(text, mapped);
        if (rc != IDN2_OK)
            return bad_idna(r, l, rc);
        strcpy(text, mapped);
        ascii = true;
        if (!text[0])
            return INVALID(r, "label %zu consists of invisible characters alone", l->number);
        const char *odd = text;
        while (is_ldh(*odd))
            odd++;
        if (*odd)
            return INVALID(r,
                           "label %zu, \"%s\", has a sign that stands for \"%c\"; letters, digits and "
                           "hyphens are expected",
                           l->number, l->shown, *odd);
    }
    size_t n = strlen(text);
    if (text[0] == '-' || text[n - 1] == '-')
        return bad_idna(r, l, IDN2_HYPHEN_STARTEND);
    if (n >= 4 && text[2] == '-' && text[3] == '-' && strncmp(text, "xn", 2))
        return bad_idna(r, l, IDN2_2HYPHEN);
    memcpy(out, text, n + 1);
    return GO_ON;
}

static int empty_label(struct name_reading *r, size_t at, size_t number)
{
    if (number == 1)
        return INVALID(r, "it begins with a dot");
    for (size_t i = at, step; i < r->n; i += step)
        if (!(step = separator(r->p + i, r->n - i)))
            return INVALID(r, "label %zu is empty: there are two dots in a row at character %zu", number,
                           text_characters(r->p, at));
    return INVALID(r, "it ends with more than one dot");
}

/* Converts all labels to their form in DNS, up to 254 bytes at out. */
static int read_labels(struct name_reading *r, char out[NAME_MOST + 1])
{
    size_t o = 0;
    struct label l = {0};
    if (separator(r->p, r->n) == r->n)
        return INVALID(r, "it is the root of DNS; a name such as www.example.com is expected");
    for (size_t i = 0, step = 0; i < r->n; i += l.n + step) {
        l.p = r->p + i;
        l.n = 0;
        l.number++;
        while (i + l.n < r->n && !(step = separator(l.p + l.n, r->n - i - l.n)))
            l.n++;
        if (i + l.n == r->n)
            step = 0;
        if (!l.n)
            return empty_label(r, i, l.number);
        if (l.number == 1 && l.n == 1 && *l.p == '*') {
            if (1 + step >= r->n)
                return INVALID(r, "a * alone is no name; it is expected before a domain, as in *.example.com");
            r->name.wildcard = true;
            continue;
        }
        char label[LABEL_MOST + 1];
        int rc = read_label(r, &l, label);
        if (rc)
            return rc;
        size_t n = strlen(label);
        if (o + (o > 0) + n > NAME_MOST)
            return INVALID(r, "it is longer than 253 characters (%zu as typed)", text_characters(r->p, r->n));
        if (o)
            out[o++] = '.';
        memcpy(out + o, label, n);
        o += n;
    }
    out[o] = '\0';
    return GO_ON;
}

/* ---------------------------------------------------------------- names that are not public ---------- */

static const struct {
    const char *suffix, *why;
} reserved[] = {
    {"test", "is reserved for tests (RFC 6761)"},
    {"example", "is reserved for documentation (RFC 6761)"},
    {"invalid", "is reserved for names that must not exist (RFC 6761)"},
    {"localhost", "means the machine itself (RFC 6761)"},
    {"local", "is for names on the local network alone (RFC 6762)"},
    {"internal", "is reserved for private use"},
    {"home.arpa", "is for names on home networks (RFC 8375)"},
    {"in-addr.arpa", "holds the reverse names of IPv4 addresses"},
    {"ip6.arpa", "holds the reverse names of IPv6 addresses"},
    {"onion",
     "is for Tor services, which have validation methods of their own, but none of these (BR appendix B)"},
};

/* domain: lower case, no final dot. */
static bool ends_with(const char *domain, size_t n, const char *suffix)
{
    size_t k = strlen(suffix);
    return n >= k && !memcmp(domain + n - k, suffix, k) && (n == k || domain[n - k - 1] == '.');
}

static int check_public(struct name_reading *r)
{
    const char *domain = r->name.domain;
    size_t n = strlen(domain);
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (ends_with(domain, n, reserved[i].suffix))
            return INTERNAL(r, "%s %s", reserved[i].suffix, reserved[i].why);
    r->name.registrable = name_registrable(domain); /* also NULL for a public suffix and for a single label */
    if (r->name.registrable)
        return GO_ON;
    if (name_is_public_suffix(domain))
        return refuse(
            r, CODE_internal_names_not_allowed, CAUSE_name_is_public_suffix,
            arena_printf(r->a, "%s is a public suffix, below which others register their names", domain));
    if (name_labels(domain) == 1)
        return INTERNAL(r, "it is a single label; a public name has at least two, as example.com has");
    const char *top = strrchr(domain, '.') + 1;
    if (!top[strspn(top, "0123456789")])
        return INTERNAL(
            r,
            "no top-level domain is a number, and it is no IPv4 address either: that would be four numbers "
            "from 0 to 255 without leading zeros");
    /* By the list's default rule "*" each name right below a top-level domain is one that somebody registers. */
    const char *registrable = domain;
    while (name_labels(registrable) > 2)
        registrable = name_parent(registrable);
    r->name.top = top;
    r->name.registrable = registrable;
    return INTERNAL(r, "%s is no top-level domain of the public suffix list of %s", top, suffixes_in_use()->date);
}

/* True where the input already has the form of DNS, as nearly all input has: labels of a-z, 0-9 and inner hyphens, no
 * A-label, and a letter in the last label, so that it is not an IPv4 address. None of the other tests can find a fault
 * in such a name. */
static bool is_plain(const char *p, size_t n)
{
    static const bool inner[256] = {['a' ... 'z'] = true, ['0' ... '9'] = true, ['-'] = true};
    if (n > NAME_MOST)
        return false;
    for (size_t i = 0;; i++) {
        size_t from = i;
        bool letter = false;
        for (; i < n && inner[(unsigned char)p[i]]; i++)
            letter = letter || p[i] >= 'a';
        size_t len = i - from;
        if (!len || len > LABEL_MOST || p[from] == '-' || p[i - 1] == '-' ||
            (len >= 4 && p[from + 2] == '-' && p[from + 3] == '-') || (i < n && p[i] != '.'))
            return false;
        if (i == n)
            return letter;
    }
}

static int read_name(struct name_reading *r)
{
    bool done = false;
    if (is_plain(r->p, r->n)) {
        r->name.domain = arena_strndup(r->a, r->p, r->n);
        return r->name.domain ? check_public(r) : -ENOMEM;
    }
    int rc = check_surroundings(r);
    if (!rc)
        rc = check_colon(r, &done);
    if (rc || done)
        return rc;
    char text[NAME_MOST + 1];
    unsigned char address[4];
    rc = read_labels(r, text);
    if (rc)
        return rc;
    if (inet_pton(AF_INET, text, address) == 1)
        return r->name.wildcard ? INVALID(r, "a wildcard stands for names, not for addresses")
                                : read_address(r, AF_INET, address);
    r->name.domain = arena_strdup(r->a, text);
    return r->name.domain ? check_public(r) : -ENOMEM;
}

/* ---------------------------------------------------------------- suggestion ------------------------- */

/* Narrows *p, *n to the name that was meant: removes what a URL, a mail address or a copied record adds to it. */
static void strip(const char **p, size_t *n)
{
    size_t k = blanks(*p, *n);
    *p += k;
    *n -= k;
    *n -= blanks_behind(*p, *n);
    if (*n >= 2 && memchr("\"'`<(", **p, 5) && memchr("\"'`>)", (*p)[*n - 1], 5)) {
        ++*p;
        *n -= 2;
    }
    k = scheme(*p, *n);
    *p += k;
    *n = host_end(*p, *n - k);
    const char *at = last_of(*p, *n, '@');
    if (at) {
        *n -= (size_t)(at + 1 - *p);
        *p = at + 1;
    }
    const char *colon = last_of(*p, *n, ':');
    size_t digits = 0;
    if (colon && ((const char *)memchr(*p, ':', *n) == colon || colon[-1] == ']'))
        for (digits = 1; colon + digits < *p + *n && colon[digits] >= '0' && colon[digits] <= '9';)
            digits++;
    if (digits && colon + digits == *p + *n)
        *n = (size_t)(colon - *p);
    while (*n && (*p)[*n - 1] == '.')
        --*n;
    while (*n && (**p == '.' || **p == '_')) {
        const char *dot = memchr(*p, '.', *n);
        size_t label = dot ? (size_t)(dot + 1 - *p) : *n;
        *p += label;
        *n -= label;
    }
}

static int suggest(struct arena *a, const char *input, size_t len, const char **ret)
{
    struct name_reading r = {.a = a, .p = input, .n = len};
    strip(&r.p, &r.n);
    if (r.n == len)
        return 0;
    int rc = read_name(&r);
    if (rc)
        return rc < 0 ? rc : 0;
    if (r.name.is_ip) {
        *ret = r.name.domain;
        return 0;
    }
    char *text = arena_strndup(a, r.p, r.n);
    if (!text)
        return -ENOMEM;
    for (char *c = text; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c | 0x20);
    *ret = text;
    return 0;
}

int name_read(struct arena *a, const char *input, size_t len, struct name *ret)
{
    struct name_reading r = {.a = a, .p = input, .n = len};
    int rc = read_name(&r);
    if (rc == REFUSED && r.name.cause == CAUSE_name_invalid) {
        r.name.domain = NULL;
        r.name.wildcard = false;
        rc = suggest(a, input, len, &r.name.suggestion);
    }
    if (rc < 0)
        return rc;
    *ret = r.name;
    return 0;
}
