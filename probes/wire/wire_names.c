#include "wire/wire_inner.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A name has at most 127 labels and so needs at most as many pointers. The bound keeps the work for each name constant:
 * a chain of pointers to pointers could otherwise be as long as the message. */
enum { POINTERS_MOST = 127, LABEL_MOST = 63 };

bool fault_set(struct fault *f, size_t at, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(f->why, sizeof f->why, fmt, ap);
    va_end(ap);
    f->at = at;
    return false;
}

/* ---------------------------------------------------------------- names ------------------------------ */

bool wire_name_read(struct span *s, struct wire_name *ret, struct fault *f)
{
    size_t at = s->at, end = s->end, run = at, len = 0;
    unsigned jumps = 0;
    for (;;) {
        if (at >= end)
            return fault_set(f, at, "a name is cut short");
        uint8_t c = s->msg[at];
        if (c <= LABEL_MOST) {
            size_t whole = (size_t)c + 1;
            if (whole > end - at)
                return fault_set(f, at, "a name is cut short: its label announces %u bytes, %zu are left", c,
                                 end - at - 1);
            /* Unless this is the root label, it must fit after this one. */
            if (len + whole + (c != 0) > WIRE_NAME_MOST)
                return fault_set(f, at, "a name is longer than 255 bytes");
            memcpy(ret->p + len, s->msg + at, whole);
            len += whole;
            at += whole;
            if (!c)
                break;
            continue;
        }
        if (c < 0xC0)
            return fault_set(f, at, "a name has a label of an unknown kind (length byte 0x%02X)", c);
        if (!s->pointers)
            return fault_set(f, at, "a compressed name points into a message that is not there");
        if (end - at < 2)
            return fault_set(f, at, "a name is cut short in the middle of a compression pointer");
        size_t to = be16(s->msg + at) & 0x3FFF;
        if (!jumps)
            s->at = at + 2;
        /* A pointer must lead before the run of labels that it ends: so every jump goes back, and none happens twice.
         */
        if (to >= run)
            return fault_set(f, at,
                             "a compression pointer in a name leads to itself or forwards (to byte %zu)", to);
        if (to < 12)
            return fault_set(f, at, "a compression pointer in a name leads into the header (to byte %zu)",
                             to);
        if (++jumps > POINTERS_MOST)
            return fault_set(f, at, "a name takes more than %d compression pointers", POINTERS_MOST);
        run = at = to;
    }
    if (!jumps)
        s->at = at;
    ret->len = (uint8_t)len;
    return true;
}

/* What a zone file reads as something else takes a backslash (RFC 1035 5.1): a dot within a label, the backslash
 * itself, quotation mark, parentheses and semicolon. $ begins a directive and @ stands for the origin where a name
 * starts with them; they are escaped at the start of each label, so that a parent's text is the end of its child's.
 */
size_t wire_name_print(const uint8_t *p, size_t len, char out[NAME_TEXT_MOST])
{
    static const bool plain[256] = {['!'] = true,         ['#' ... '\''] = true, ['*' ... '-'] = true,
                                    ['/' ... ':'] = true, ['<' ... '['] = true,  [']' ... '~'] = true};
    char *o = out;
    if (len <= 1)
        *o++ = '.';
    for (size_t at = 0; at < len && p[at];) {
        for (size_t stop = at + p[at] + 1u, i = at + 1; i < stop; i++) {
            uint8_t c = p[i];
            if (!plain[c] && (c <= ' ' || c > '~')) {
                *o++ = '\\';
                *o++ = (char)('0' + c / 100);
                *o++ = (char)('0' + c / 10 % 10);
                *o++ = (char)('0' + c % 10);
                continue;
            }
            if (!plain[c] || (i == at + 1 && (c == '$' || c == '@')))
                *o++ = '\\';
            *o++ = (char)c;
        }
        *o++ = '.';
        at += p[at] + 1u;
    }
    *o = 0;
    return (size_t)(o - out);
}

void wire_name_lower(uint8_t *p, size_t len)
{
    /* Length bytes are at most 63, so none is mistaken for a letter. */
    for (size_t i = 0; i < len; i++)
        if (p[i] >= 'A' && p[i] <= 'Z')
            p[i] |= 0x20;
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

int wire_name_from_text(const char *text, uint8_t out[WIRE_NAME_MOST])
{
    size_t len = 0;
    if (!strcmp(text, ".")) {
        out[0] = 0;
        return 1;
    }
    for (const char *s = text;;) {
        size_t head = len++;
        for (; *s && *s != '.'; s++) {
            unsigned c = (unsigned char)*s;
            if (c == '\\') {
                if (digit(s[1]) && digit(s[2]) && digit(s[3])) {
                    c = (unsigned)((s[1] - '0') * 100 + (s[2] - '0') * 10 + (s[3] - '0'));
                    s += 3;
                } else if (s[1] && !digit(s[1])) {
                    c = (unsigned char)*++s;
                } else {
                    return -EINVAL;
                }
            }
            /* One byte must stay free for the root label. */
            if (c > 255 || len - head > LABEL_MOST || len >= WIRE_NAME_MOST - 1)
                return -EINVAL;
            out[len++] = (uint8_t)c;
        }
        if (len - head == 1)
            return -EINVAL;
        out[head] = (uint8_t)(len - head - 1);
        if (!*s || !*++s)
            break;
        if (len >= WIRE_NAME_MOST - 1)
            return -EINVAL;
    }
    out[len++] = 0;
    return (int)len;
}

char *wire_name_to_text(struct arena *a, const uint8_t *p, size_t len, size_t *used)
{
    struct span s = {.msg = p, .end = len};
    struct wire_name name;
    struct fault f;
    char text[NAME_TEXT_MOST];
    if (!wire_name_read(&s, &name, &f))
        return NULL;
    *used = s.at;
    return arena_strndup(a, text, wire_name_print(name.p, name.len, text));
}

/* ---------------------------------------------------------------- tables ----------------------------- */

struct type_row {
    const char *name, *form;
};

static const struct type_row types[] = {
    [1] = {"A", "4"},
    [2] = {"NS", "n"},
    [3] = {"MD", "n"},
    [4] = {"MF", "n"},
    [5] = {"CNAME", "n"},
    [6] = {"SOA", "nnlllll"},
    [7] = {"MB", "n"},
    [8] = {"MG", "n"},
    [9] = {"MR", "n"},
    [10] = {"NULL", NULL},
    [11] = {"WKS", NULL},
    [12] = {"PTR", "n"},
    [13] = {"HINFO", "cc"},
    [14] = {"MINFO", "nn"},
    [15] = {"MX", "sn"},
    [16] = {"TXT", "T"},
    [17] = {"RP", "nn"},
    [18] = {"AFSDB", "sn"},
    [21] = {"RT", "sn"},
    [24] = {"SIG", NULL},
    [25] = {"KEY", "sbbK"},
    [26] = {"PX", "snn"},
    [28] = {"AAAA", "6"},
    [29] = {"LOC", NULL},
    [33] = {"SRV", "sssn"},
    [35] = {"NAPTR", "sscccn"},
    [36] = {"KX", "sn"},
    [37] = {"CERT", NULL},
    [39] = {"DNAME", "n"},
    [41] = {"OPT", NULL},
    [43] = {"DS", "sbbH"},
    [44] = {"SSHFP", "bbH"},
    [45] = {"IPSECKEY", NULL},
    [46] = {"RRSIG", "ybblttsnK"},
    [47] = {"NSEC", "nB"},
    [48] = {"DNSKEY", "sbbK"},
    [49] = {"DHCID", "K"},
    [50] = {"NSEC3", "bbsxzB"},
    [51] = {"NSEC3PARAM", "bbsx"},
    [52] = {"TLSA", "bbbH"},
    [53] = {"SMIMEA", "bbbH"},
    [55] = {"HIP", NULL},
    [59] = {"CDS", "sbbH"},
    [60] = {"CDNSKEY", "sbbK"},
    [61] = {"OPENPGPKEY", "K"},
    [62] = {"CSYNC", "lsB"},
    [63] = {"ZONEMD", "lbbH"},
    [64] = {"SVCB", NULL},
    [65] = {"HTTPS", NULL},
    [99] = {"SPF", "T"},
    [108] = {"EUI48", NULL},
    [109] = {"EUI64", NULL},
    [249] = {"TKEY", NULL},
    [250] = {"TSIG", NULL},
    [251] = {"IXFR", NULL},
    [252] = {"AXFR", NULL},
    [255] = {"ANY", NULL},
    [256] = {"URI", NULL},
    [257] = {"CAA", "bP"},
};

static const char *const rcodes[] = {
    [0] = "NOERROR",  [1] = "FORMERR",    [2] = "SERVFAIL", [3] = "NXDOMAIN",  [4] = "NOTIMP",
    [5] = "REFUSED",  [6] = "YXDOMAIN",   [7] = "YXRRSET",  [8] = "NXRRSET",   [9] = "NOTAUTH",
    [10] = "NOTZONE", [11] = "DSOTYPENI", [16] = "BADVERS", [17] = "BADKEY",   [18] = "BADTIME",
    [19] = "BADMODE", [20] = "BADNAME",   [21] = "BADALG",  [22] = "BADTRUNC", [23] = "BADCOOKIE",
};

/* The registry of RFC 8914 5.2 with all later entries. */
static const char *const edes[] = {
    [0] = "Other Error",
    [1] = "Unsupported DNSKEY Algorithm",
    [2] = "Unsupported DS Digest Type",
    [3] = "Stale Answer",
    [4] = "Forged Answer",
    [5] = "DNSSEC Indeterminate",
    [6] = "DNSSEC Bogus",
    [7] = "Signature Expired",
    [8] = "Signature Not Yet Valid",
    [9] = "DNSKEY Missing",
    [10] = "RRSIGs Missing",
    [11] = "No Zone Key Bit Set",
    [12] = "NSEC Missing",
    [13] = "Cached Error",
    [14] = "Not Ready",
    [15] = "Blocked",
    [16] = "Censored",
    [17] = "Filtered",
    [18] = "Prohibited",
    [19] = "Stale NXDOMAIN Answer",
    [20] = "Not Authoritative",
    [21] = "Not Supported",
    [22] = "No Reachable Authority",
    [23] = "Network Error",
    [24] = "Invalid Data",
    [25] = "Signature Expired before Valid",
    [26] = "Too Early",
    [27] = "Unsupported NSEC3 Iterations Value",
    [28] = "Unable to conform to policy",
    [29] = "Synthesized",
    [30] = "Invalid Query Type",
    [31] = "Rate Limited",
    [32] = "Over Quota",
    [33] = "Negative Trust Anchor",
    [34] = "New Delegation Only",
    [35] = "Blocked by Upstream DNS Server",
};

enum {
    TYPES = sizeof types / sizeof *types,
    RCODES = sizeof rcodes / sizeof *rcodes,
    EDES = sizeof edes / sizeof *edes
};

const char *rdata_form(uint16_t type)
{
    return type < TYPES ? types[type].form : NULL;
}

/* Reads prefix and a 16-bit decimal number, "TYPE65280": the form for numbers without a name (RFC 3597 5). */
static bool numbered(const char *text, const char *prefix, uint16_t *ret)
{
    size_t n = strlen(prefix);
    if (strncasecmp(text, prefix, n) || !digit(text[n]) || strlen(text + n) > 5)
        return false;
    char *end;
    unsigned long v = strtoul(text + n, &end, 10);
    if (*end || v > UINT16_MAX)
        return false;
    *ret = (uint16_t)v;
    return true;
}

const char *rr_type_name(uint16_t type, char buf[16])
{
    if (type < TYPES && types[type].name)
        return types[type].name;
    snprintf(buf, 16, "TYPE%u", type);
    return buf;
}

bool rr_type_parse(const char *text, uint16_t *ret)
{
    for (uint16_t i = 0; i < TYPES; i++)
        if (types[i].name && !strcasecmp(text, types[i].name)) {
            *ret = i;
            return true;
        }
    return numbered(text, "TYPE", ret);
}

const char *rcode_name(uint16_t rcode, char buf[16])
{
    if (rcode < RCODES && rcodes[rcode])
        return rcodes[rcode];
    snprintf(buf, 16, "RCODE%u", rcode);
    return buf;
}

bool rcode_parse(const char *text, uint16_t *ret)
{
    for (uint16_t i = 0; i < RCODES; i++)
        if (rcodes[i] && !strcasecmp(text, rcodes[i])) {
            *ret = i;
            return true;
        }
    return numbered(text, "RCODE", ret);
}

const char *ede_name(uint16_t code)
{
    return code < EDES ? edes[code] : NULL;
}

/* For a name in wire form, too: length bytes are at most 63, so none is mistaken for a letter. */
static void fold(char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] >= 'A' && p[i] <= 'Z')
            p[i] = (char)(p[i] + 32);
}

void dns_fold_case(struct dns_fact *f)
{
    enum { SOA_NUMBERS = 20 };
    const struct rrs *sections[] = {&f->answer, &f->authority, &f->additional};
    for (size_t s = 0; s < 3; s++)
        for (size_t i = 0; i < sections[s]->n; i++) {
            const struct rr *rr = &sections[s]->v[i];
            /* Owner and rdata are copies that the parser made, so they may be written. */
            fold((char *)(uintptr_t)rr->owner, strlen(rr->owner));
            size_t names = rr->type == RR_NS ? rr->rdlen
                           : rr->type == RR_SOA && rr->rdlen > SOA_NUMBERS ? rr->rdlen - (size_t)SOA_NUMBERS
                                                                           : 0;
            if (names && !rr->defect)
                fold((char *)(uintptr_t)rr->rdata, names);
        }
}
