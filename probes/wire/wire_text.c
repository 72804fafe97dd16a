#include "model/time.h"
#include "wire/wire_inner.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Output of room bytes at p. n counts all bytes, also those that did not fit: then the caller starts again with n
 * bytes. */
struct text_out {
    char *p;
    size_t n, room;
};

static void put(struct text_out *o, const void *p, size_t n)
{
    if (n && n <= o->room && o->n <= o->room - n)
        memcpy(o->p + o->n, p, n);
    o->n += n;
}

static void put_char(struct text_out *o, char c)
{
    if (o->n < o->room)
        o->p[o->n] = c;
    o->n++;
}

static void put_number(struct text_out *o, uint32_t v)
{
    char b[10], *p = b + sizeof b;
    do
        *--p = (char)('0' + v % 10);
    while (v /= 10);
    put(o, p, (size_t)(b + sizeof b - p));
}

/* ---------------------------------------------------------------- to text ---------------------------- */

static void put_escape(struct text_out *o, uint8_t c)
{
    const char b[4] = {'\\', (char)('0' + c / 100), (char)('0' + c / 10 % 10), (char)('0' + c % 10)};
    put(o, b, sizeof b);
}

static void put_quoted(struct text_out *o, const uint8_t *p, size_t n)
{
    put_char(o, '"');
    for (size_t i = 0; i < n; i++) {
        if (p[i] < ' ' || p[i] > '~') {
            put_escape(o, p[i]);
            continue;
        }
        if (p[i] == '"' || p[i] == '\\')
            put_char(o, '\\');
        put_char(o, (char)p[i]);
    }
    put_char(o, '"');
}

/* A CAA tag consists of letters and digits by RFC 8659, but a message may hold any byte. */
static void put_word(struct text_out *o, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] <= ' ' || p[i] > '~' || strchr("\"\\();", p[i]))
            put_escape(o, p[i]);
        else
            put_char(o, (char)p[i]);
    }
}

static void put_hex(struct text_out *o, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        put_char(o, "0123456789ABCDEF"[p[i] >> 4]);
        put_char(o, "0123456789ABCDEF"[p[i] & 15]);
    }
}

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base32hex[] = "0123456789ABCDEFGHIJKLMNOPQRSTUV";

/* Writes base64 or base32: groups of `bits`, the most significant first, the last one padded with zero bits. */
static size_t put_base(struct text_out *o, const uint8_t *p, size_t n, const char *alphabet, unsigned bits)
{
    uint32_t hold = 0;
    unsigned have = 0;
    size_t chars = 0;
    for (size_t i = 0; i < n || have; chars++) {
        if (have < bits) {
            if (i < n) {
                hold = hold << 8 | p[i++];
                have += 8;
            } else {
                hold <<= bits - have;
                have = bits;
            }
        }
        have -= bits;
        put_char(o, alphabet[hold >> have & ((1u << bits) - 1)]);
    }
    return chars;
}

/* RFC 4034 3.2: YYYYMMDDHHmmSS in UTC. */
static void put_date(struct text_out *o, uint32_t seconds)
{
    char stamp[TIME_STAMP + 1];
    time_stamp((dcv_time)seconds * 1000, stamp);
    put(o, stamp, TIME_STAMP);
}

static void put_types(struct text_out *o, const uint8_t *p, size_t n)
{
    const char *gap = "";
    for (const uint8_t *end = p + n; p < end; p += 2 + p[1])
        for (unsigned bit = 0; bit < p[1] * 8u; bit++)
            if (p[2 + bit / 8] & 0x80 >> bit % 8) {
                char b[16];
                const char *name = rr_type_name((uint16_t)(p[0] * 256u + bit), b);
                put(o, gap, strlen(gap));
                put(o, name, strlen(name));
                gap = " ";
            }
}

/* Writes one field of n bytes at p that rdata_field() accepted. */
static void put_field(struct text_out *o, char field, const uint8_t *p, size_t n)
{
    char b[NAME_TEXT_MOST];
    switch (field) {
    case 'b':
        put_number(o, p[0]);
        return;
    case 's':
        put_number(o, be16(p));
        return;
    case 'l':
        put_number(o, be32(p));
        return;
    case 't':
        put_date(o, be32(p));
        return;
    case 'y': {
        const char *name = rr_type_name(be16(p), b);
        put(o, name, strlen(name));
        return;
    }
    case '4':
        for (size_t i = 0; i < 4; i++) {
            if (i)
                put_char(o, '.');
            put_number(o, p[i]);
        }
        return;
    case '6':
        inet_ntop(AF_INET6, p, b, sizeof b);
        put(o, b, strlen(b));
        return;
    case 'n':
        put(o, b, wire_name_print(p, n, b));
        return;
    case 'c':
        put_quoted(o, p + 1, n - 1);
        return;
    case 'T':
        for (size_t at = 0; at < n; at += 1u + p[at]) {
            if (at)
                put_char(o, ' ');
            put_quoted(o, p + at + 1, p[at]);
        }
        return;
    case 'P':
        put_word(o, p + 1, p[0]);
        put_char(o, ' ');
        put_quoted(o, p + 1 + p[0], n - 1 - p[0]);
        return;
    case 'x':
        put_hex(o, p + 1, n - 1);
        if (n == 1)
            put_char(o, '-');
        return;
    case 'z':
        put_base(o, p + 1, n - 1, base32hex, 5);
        return;
    case 'B':
        put_types(o, p, n);
        return;
    case 'H':
        put_hex(o, p, n);
        return;
    case 'K':
        for (size_t chars = put_base(o, p, n, base64, 6); chars % 4; chars++)
            put_char(o, '=');
        return;
    }
}

/* form: see rdata_form(); NULL: any data, as hex. False: the data does not have this form, and the output is useless.
 */
static bool put_rdata(struct text_out *o, const char *form, const struct rr *rr)
{
    if (!form) {
        put(o, "\\# ", 3);
        put_number(o, rr->rdlen);
        if (rr->rdlen)
            put_char(o, ' ');
        put_hex(o, rr->rdata, rr->rdlen);
        return true;
    }
    struct span s = {.msg = rr->rdata, .end = rr->rdlen};
    struct wire_name name;
    struct fault f;
    for (const char *field = form; *field; field++) {
        size_t at = s.at;
        if (!rdata_field(*field, &s, &name, &f))
            return false;
        if (field != form && s.at > at)
            put_char(o, ' ');
        put_field(o, *field, rr->rdata + at, s.at - at);
    }
    return s.at == s.end;
}

char *rr_rdata_text(struct arena *a, const struct rr *rr)
{
    const char *form = rr->defect ? NULL : rdata_form(rr->type);
    char usual[512];
    struct text_out o = {.p = usual, .room = sizeof usual};
    if (!put_rdata(&o, form, rr)) {
        form = NULL;
        o.n = 0;
        put_rdata(&o, form, rr);
    }
    if (o.n <= sizeof usual)
        return arena_strndup(a, usual, o.n);
    o = (struct text_out){.p = arena_alloc(a, o.n + 1), .room = o.n};
    if (o.p)
        put_rdata(&o, form, rr);
    return o.p;
}

/* ---------------------------------------------------------------- from text -------------------------- */

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static const char *skip_blanks(const char *s)
{
    while (blank(*s))
        s++;
    return s;
}

/* Copies the next word into buf without undoing escapes. False where there is none, or it is too long. */
static bool word(const char **text, char *buf, size_t size)
{
    const char *s = skip_blanks(*text);
    size_t n = 0;
    for (; *s && !blank(*s); s++) {
        if (n + 2 >= size)
            return false;
        buf[n++] = *s;
        if (*s == '\\' && s[1])
            buf[n++] = *++s;
    }
    buf[n] = 0;
    *text = s;
    return n > 0;
}

static bool number(const char **text, uint32_t most, uint32_t *ret)
{
    char b[16];
    if (!word(text, b, sizeof b) || strspn(b, "0123456789") != strlen(b))
        return false;
    unsigned long long v = strtoull(b, NULL, 10);
    *ret = (uint32_t)v;
    return v <= most;
}

static void put_be(struct text_out *o, uint32_t v, unsigned size)
{
    while (size--)
        put_char(o, (char)(v >> 8 * size & 0xFF));
}

/* RFC 4034 3.2: a date of 14 digits, or seconds. */
static bool get_date(const char **text, uint32_t *ret)
{
    char b[16];
    const char *s = *text;
    dcv_time t;
    if (!word(&s, b, sizeof b) || strlen(b) != TIME_STAMP)
        return number(text, UINT32_MAX, ret);
    if (!time_stamp_parse(b, &t) || t < 0 || t / 1000 > UINT32_MAX)
        return false;
    *ret = (uint32_t)(t / 1000);
    *text = s;
    return true;
}

/* Reads a quoted string or a bare word and undoes its escapes. It may have any length, as CAA values do. */
static bool get_string(const char **text, struct text_out *o)
{
    const char *s = skip_blanks(*text);
    bool quoted = *s == '"';
    if (!*s)
        return false;
    for (s += quoted; quoted ? *s != '"' : *s && !blank(*s); s++) {
        unsigned c = (unsigned char)*s;
        if (!c)
            return false;
        if (c == '\\') {
            c = (unsigned char)*++s;
            if (!c)
                return false;
            if (digit(*s)) {
                /* two bytes are looked at, never the rest of the string: the time stays linear */
                if (!digit(s[1]) || !digit(s[2]))
                    return false;
                c = (c - '0') * 100 + (unsigned)(s[1] - '0') * 10 + (unsigned)(s[2] - '0');
                s += 2;
                if (c > 255)
                    return false;
            }
        }
        put_char(o, (char)c);
    }
    s += quoted;
    *text = s;
    return !*s || blank(*s);
}

/* The same, with a length byte before it. */
static bool get_counted_string(const char **text, struct text_out *o)
{
    size_t head = o->n;
    put_char(o, 0);
    if (!get_string(text, o) || o->n - head - 1 > 255)
        return false;
    if (o->p)
        o->p[head] = (char)(o->n - head - 1);
    return true;
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads hex: up to the end of the text, where blanks are allowed, or to the end of the word. */
static bool get_hex(const char **text, bool to_the_end, struct text_out *o)
{
    const char *s = skip_blanks(*text);
    while (*s && (to_the_end || !blank(*s))) {
        int high = nibble(s[0]), low = high < 0 ? -1 : nibble(s[1]);
        if (low < 0)
            return false;
        put_char(o, (char)(high << 4 | low));
        s += 2;
        if (to_the_end)
            s = skip_blanks(s);
    }
    *text = s;
    return true;
}

/* Reads base64 or base32hex. Unused bits of the last group must be zero, so that each value has one text only. */
static bool get_base(const char **text, const char *alphabet, unsigned bits, bool to_the_end, struct text_out *o)
{
    uint32_t hold = 0;
    unsigned have = 0;
    const char *s = skip_blanks(*text);
    for (; *s && *s != '='; s++) {
        if (blank(*s)) {
            if (!to_the_end)
                break;
            continue;
        }
        char c = *s;
        if (bits == 5 && c >= 'a' && c <= 'v')
            c = (char)(c - 'a' + 'A');
        const char *at = strchr(alphabet, c);
        if (!at)
            return false;
        hold = (hold << bits | (uint32_t)(at - alphabet)) & 0xFFFF;
        have += bits;
        if (have >= 8) {
            have -= 8;
            put_char(o, (char)(hold >> have & 0xFF));
        }
    }
    while (*s == '=' || (to_the_end && blank(*s)))
        s++;
    *text = s;
    return have < bits && !(hold & ((1u << have) - 1));
}

static bool get_types(const char **text, struct text_out *o)
{
    uint8_t bits[65536 / 8] = {0};
    char b[16];
    while (*skip_blanks(*text)) {
        uint16_t type;
        if (!word(text, b, sizeof b) || !rr_type_parse(b, &type))
            return false;
        bits[type / 8] |= (uint8_t)(0x80 >> type % 8);
    }
    for (unsigned window = 0; window < 256; window++) {
        const uint8_t *p = bits + (size_t)window * 32;
        unsigned n = 32;
        while (n && !p[n - 1])
            n--;
        if (n) {
            put_be(o, window << 8 | n, 2);
            put(o, p, n);
        }
    }
    return true;
}

/* Reads a field in hex or base32hex and puts a length byte before it. */
static bool get_counted_bytes(const char **text, bool hex, struct text_out *o)
{
    size_t head = o->n;
    put_char(o, 0);
    const char *s = skip_blanks(*text);
    if (!*s)
        return false;
    if (hex && *s == '-' && (!s[1] || blank(s[1])))
        *text = s + 1;
    else if (!(hex ? get_hex(text, false, o) : get_base(text, base32hex, 5, false, o)))
        return false;
    if (o->n - head - 1 > 255)
        return false;
    if (o->p)
        o->p[head] = (char)(o->n - head - 1);
    return true;
}

static bool get_field(char field, const char **text, struct text_out *o)
{
    char b[NAME_TEXT_MOST];
    uint8_t wire[WIRE_NAME_MOST];
    uint32_t v;
    uint16_t type;
    int n;
    switch (field) {
    case 'b':
        if (!number(text, UINT8_MAX, &v))
            return false;
        put_be(o, v, 1);
        return true;
    case 's':
        if (!number(text, UINT16_MAX, &v))
            return false;
        put_be(o, v, 2);
        return true;
    case 'l':
        if (!number(text, UINT32_MAX, &v))
            return false;
        put_be(o, v, 4);
        return true;
    case 't':
        if (!get_date(text, &v))
            return false;
        put_be(o, v, 4);
        return true;
    case 'y':
        if (!word(text, b, sizeof b) || !rr_type_parse(b, &type))
            return false;
        put_be(o, type, 2);
        return true;
    case '4':
        if (!word(text, b, sizeof b) || inet_pton(AF_INET, b, wire) != 1)
            return false;
        put(o, wire, 4);
        return true;
    case '6':
        if (!word(text, b, sizeof b) || inet_pton(AF_INET6, b, wire) != 1)
            return false;
        put(o, wire, 16);
        return true;
    case 'n':
        if (!word(text, b, sizeof b) || (n = wire_name_from_text(b, wire)) < 0)
            return false;
        put(o, wire, (size_t)n);
        return true;
    case 'c':
        return get_counted_string(text, o);
    case 'T':
        do
            if (!get_counted_string(text, o))
                return false;
        while (*skip_blanks(*text));
        return true;
    case 'P': {
        /* A tag in quotation marks ("issue") is a common mistake and refused; a tag may start with an escaped one. */
        return *skip_blanks(*text) != '"' && get_counted_string(text, o) && get_string(text, o);
    }
    case 'x':
        return get_counted_bytes(text, true, o);
    case 'z':
        return get_counted_bytes(text, false, o);
    case 'B':
        return get_types(text, o);
    case 'H':
        return get_hex(text, true, o);
    case 'K':
        return get_base(text, base64, 6, true, o);
    }
    return false;
}

/* RFC 3597 5: \# length hex. */
static bool get_generic(const char **text, struct text_out *o)
{
    uint32_t len;
    return number(text, RDATA_MOST, &len) && get_hex(text, true, o) && o->n == len;
}

static bool get_rdata(const char *text, const char *form, struct text_out *o)
{
    if (!form && !get_generic(&text, o))
        return false;
    for (; form && *form; form++)
        if (!get_field(*form, &text, o))
            return false;
    return !*skip_blanks(text) && o->n <= RDATA_MOST;
}

int rr_rdata_from_text(struct arena *a, const char *text, struct rr *rr)
{
    const char *form = rdata_form(rr->type), *s = skip_blanks(text);
    bool generic = !strncmp(s, "\\#", 2) && (!s[2] || blank(s[2]));
    if (!generic && !form)
        return -EINVAL;
    s += generic ? 2 : 0;
    struct text_out o = {0};
    if (!get_rdata(s, generic ? NULL : form, &o))
        return -EINVAL;
    o.p = arena_alloc(a, o.n);
    if (!o.p)
        return -ENOMEM;
    o.room = o.n;
    o.n = 0;
    get_rdata(s, generic ? NULL : form, &o);

    struct span span = {.msg = (const uint8_t *)o.p, .end = o.n};
    struct fault f;
    const char *defect = NULL;
    if (form && !rdata_walk(form, &span, NULL, NULL, &f)) {
        if (!generic)
            return -EINVAL;
        defect = arena_strdup(a, f.why);
        if (!defect)
            return -ENOMEM;
    }
    rr->rdata = span.msg;
    rr->rdlen = (uint16_t)o.n;
    rr->defect = defect;
    return 0;
}
