#include "wire/wire_inner.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* RECORD_LEAST: bytes of a record with root owner and no data (owner, type, class, TTL, rdlength). OPTION_EDE: RFC 8914
 * 2. QTYPE_ANY: RFC 1035 3.2.3. DEFECTS_MOST: a message can hold thousands of broken records; so many of them are
 * enough for a report. SPELT_MOST: bytes that a message may grow by once its names are spelt out. Two names that
 * records point to in turn make megabytes of 64 KB, and no honest answer comes near to this. */
enum {
    HEADER = 12,
    RECORD_LEAST = 11,
    CLASS_IN = 1,
    OPTION_EDE = 15,
    QTYPE_ANY = 255,
    DEFECTS_MOST = 32,
    SPELT_MOST = 256 << 10,
    FLAGS = DNS_QR | DNS_AA | DNS_TC | DNS_RD | DNS_RA | DNS_AD | DNS_CD,
    OPCODE = 0x7800,
    RCODE = 0x000F
};
enum { NOERROR = 0, SERVFAIL = 2, NXDOMAIN = 3, REFUSED = 5 };

/* ---------------------------------------------------------------- asking ----------------------------- */

static uint8_t *put16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
    return p + 2;
}

/* Length bytes are at most 63, so none is mistaken for a letter. */
static void mix_case(uint8_t *p, size_t len, uint64_t bits)
{
    for (unsigned letter = 0; len--; p++) {
        uint8_t lower = *p | 0x20;
        if (lower < 'a' || lower > 'z' || *p < 'A')
            continue;
        *p = bits >> (letter++ % 64) & 1 ? lower & 0xDF : lower;
    }
}

int wire_query(const struct ask *ask, uint16_t id, uint64_t case_bits, uint8_t out[WIRE_QUERY_MOST])
{
    unsigned flags = DNS_AD;
    if (ask->via != VIA_AUTHORITATIVE)
        flags |= DNS_RD;
    if (ask->cd)
        flags |= DNS_CD;
    int n = wire_name_from_text(ask->qname, out + HEADER);
    if (n < 0)
        return n;
    if (ask->mixed_case)
        mix_case(out + HEADER, (size_t)n, case_bits);
    uint8_t *p = put16(put16(out, id), flags);
    p = put16(put16(put16(put16(p, 1), 0), 0), !ask->no_edns);
    p = put16(put16(p + n, ask->qtype), CLASS_IN);
    if (!ask->no_edns) {
        *p++ = 0;
        p = put16(put16(p, RR_OPT), WIRE_EDNS_SIZE);
        p = put16(put16(put16(p, 0), ask->dnssec ? 0x8000 : 0), 0);
    }
    return (int)(p - out);
}

/* ---------------------------------------------------------------- reading ---------------------------- */

struct wire_reader {
    struct arena *a;
    struct span s; /* what is still to be read */
    struct dns_fact *f;
    const char *section;
    unsigned record; /* its number in the section, from 1 */
    bool stopped;    /* what follows cannot be read */
    size_t spelt;    /* bytes that names take beyond those of the message */
    /* The name of the question, to which most owner names point. Its text is made once. */
    const char *qname;
    size_t qname_len;
    uint16_t qtype, qclass;
    /* The last other owner that was only a compression pointer, and where it pointed: the records of one set all point
     * there. */
    size_t owner_at;
    const char *owner;
};

/* Notes a defect of the message and returns its text. NULL: the arena is full, or DEFECTS_MOST are noted. */
__attribute__((format(printf, 3, 4))) static const char *note(struct wire_reader *r, size_t at, const char *fmt,
                                                              ...)
{
    struct dns_fact *f = r->f;
    if (f->n_defects == DEFECTS_MOST)
        return NULL;
    struct dns_defect *v = arena_grow(r->a, f->defects, f->n_defects, sizeof *v);
    if (!v)
        return NULL;
    f->defects = v;
    va_list ap;
    va_start(ap, fmt);
    const char *what = f->n_defects == DEFECTS_MOST - 1
                           ? "the message has many more defects, from here on they are not listed"
                           : arena_vprintf(r->a, fmt, ap);
    va_end(ap);
    if (!what)
        return NULL;
    f->defects[f->n_defects++] = (struct dns_defect){.offset = (uint16_t)at, .what = what};
    return f->n_defects == DEFECTS_MOST ? NULL : what;
}

/* Notes what is wrong with the current record; returns the text for rr.defect. */
static const char *note_record(struct wire_reader *r, uint16_t type, const struct fault *why)
{
    char b[16];
    const char *what =
        note(r, why->at, "%s record %u (%s): %s", r->section, r->record, rr_type_name(type, b), why->why);
    return what ? what + strlen(what) - strlen(why->why) : "its data breaks the format of its type";
}

/* For faults after which nobody can say where the next record starts. */
__attribute__((format(printf, 3, 4))) static void stop(struct wire_reader *r, size_t at, const char *fmt, ...)
{
    char why[128];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    r->stopped = true;
    /* A truncated message may end anywhere (RFC 2181 9), whatever its header announces. */
    if (!(r->f->flags & DNS_TC))
        note(r, at, "%s record %u: %s", r->section, r->record, why);
}

static const char *text_of(struct arena *a, const struct wire_name *name)
{
    char text[NAME_TEXT_MOST];
    size_t n = wire_name_print(name->p, name->len, text);
    return arena_strndup(a, text, n);
}

/* Moves s behind a name, which may be broken. False where its end cannot be found. */
static bool skip_name(struct span *s)
{
    while (s->at < s->end) {
        uint8_t c = s->msg[s->at];
        if (c >= 0xC0) {
            s->at += 2;
            return s->at <= s->end;
        }
        if (c >= 0x40)
            return false;
        s->at += c + 1u;
        if (!c)
            return true;
    }
    return false;
}

/* The owner of the current record. NULL: it is broken and f says why, or the arena is full and f->why is "". */
static const char *read_owner(struct wire_reader *r, struct fault *f)
{
    struct span *s = &r->s;
    const uint8_t *p = s->msg + s->at;
    size_t left = s->end - s->at, to = 0;
    if (left >= 2 && p[0] >= 0xC0) {
        to = be16(p) & 0x3FFF;
        const char *known = to == HEADER ? r->qname : to == r->owner_at ? r->owner : NULL;
        if (known) {
            s->at += 2;
            return known;
        }
    } else if (r->qname && left >= r->qname_len && !memcmp(p, s->msg + HEADER, r->qname_len)) {
        s->at += r->qname_len;
        return r->qname;
    }
    struct wire_name name;
    if (!wire_name_read(s, &name, f))
        return NULL;
    f->why[0] = 0;
    const char *text = text_of(r->a, &name);
    r->spelt += text ? strlen(text) : 0;
    if (to && text) {
        r->owner_at = to;
        r->owner = text;
    }
    return text;
}

/* Copies the rdata, with compressed names spelt out. -ENOMEM, or 0 with rr->defect set where it is broken. */
static int read_rdata(struct wire_reader *r, struct span *s, struct rr *rr)
{
    const char *form = rdata_form(rr->type);
    struct rdata_name names[RDATA_NAMES_MOST];
    size_t n = 0, at = s->at, len = s->end - at;
    struct fault f;
    if (!rr->defect && form && !rdata_walk(form, s, names, &n, &f))
        rr->defect = note_record(r, rr->type, &f);
    if (rr->defect)
        n = 0;
    for (size_t i = 0; i < n; i++)
        len += names[i].name.len - names[i].used;
    if (len > RDATA_MOST) {
        fault_set(&f, at, "its data is longer than 65535 bytes once its names are spelt out");
        rr->defect = note_record(r, rr->type, &f);
        len = s->end - at;
        n = 0;
    }
    uint8_t *to = arena_alloc(r->a, len);
    if (!to)
        return -ENOMEM;
    r->spelt += len - (s->end - at);
    rr->rdata = to;
    rr->rdlen = (uint16_t)len;
    for (size_t i = 0; i < n; i++) {
        size_t before = names[i].at - at;
        memcpy(to, s->msg + at, before);
        memcpy(to + before, names[i].name.p, names[i].name.len);
        to += before + names[i].name.len;
        at = names[i].at + names[i].used;
    }
    memcpy(to, s->msg + at, s->end - at);
    return 0;
}

static int add_ede(struct wire_reader *r, const uint8_t *p, size_t len)
{
    struct dns_fact *f = r->f;
    struct ede *v = arena_grow(r->a, f->ede, f->n_ede, sizeof *v);
    if (!v)
        return -ENOMEM;
    f->ede = v;
    const char *text = len > 2 ? arena_strndup(r->a, p + 2, len - 2) : "";
    if (!text)
        return -ENOMEM;
    f->ede[f->n_ede++] = (struct ede){.code = be16(p), .text = text};
    return 0;
}

/* RFC 6891 6.1: the class is the sender's UDP size, the TTL holds the upper rcode bits, the version and flags. */
static int read_opt(struct wire_reader *r, const char *owner, size_t start, uint16_t class, uint32_t ttl,
                    struct span *s)
{
    struct dns_fact *f = r->f;
    struct fault why;
    if (f->has_edns) {
        fault_set(&why, start, "a message may hold one OPT record, this is another");
        note_record(r, RR_OPT, &why);
        return 0;
    }
    f->has_edns = true;
    f->udp_size = class;
    f->rcode |= (uint16_t)(ttl >> 24 << 4);
    if (strcmp(owner, ".") != 0) {
        fault_set(&why, start, "its owner should be the root");
        note_record(r, RR_OPT, &why);
    }
    while (s->at < s->end) {
        size_t left = s->end - s->at, len = left >= 4 ? be16(s->msg + s->at + 2) : 0;
        if (left < 4 || left - 4 < len) {
            fault_set(&why, s->at, "its options run over the end of the record");
            note_record(r, RR_OPT, &why);
            return 0;
        }
        const uint8_t *p = s->msg + s->at;
        if (be16(p) == OPTION_EDE) {
            if (len < 2) {
                fault_set(&why, s->at, "its extended error is too short to hold a code");
                note_record(r, RR_OPT, &why);
            } else if (add_ede(r, p + 4, len) < 0) {
                return -ENOMEM;
            }
        }
        s->at += 4 + len;
    }
    return 0;
}

/* The place of the next record in `to`. left: how many more the header announces for the section. */
static struct rr *next_slot(struct wire_reader *r, size_t left, struct rrs *to)
{
    if (!to->v) {
        /* The header may announce more than the rest of the message can hold. */
        size_t room = 1 + (r->s.end - r->s.at) / RECORD_LEAST;
        to->v = arena_array(r->a, left < room ? left : room, sizeof *to->v);
        if (!to->v)
            return NULL;
    }
    return &to->v[to->n++];
}

/* Reads one record. Sets r->stopped where the next one cannot be found. left: as in next_slot(). */
static int read_record(struct wire_reader *r, size_t left, struct rrs *to)
{
    struct span *s = &r->s;
    size_t start = s->at;
    struct fault f;
    if (r->spelt > SPELT_MOST) {
        stop(r, start, "the names before it take %zu bytes once they are spelt out; the rest is not read", r->spelt);
        return 0;
    }
    const char *owner = read_owner(r, &f);
    bool owner_broken = !owner;
    if (!owner) {
        if (!f.why[0])
            return -ENOMEM;
        s->at = start;
        if (!skip_name(s)) {
            stop(r, f.at, "%s", f.why);
            return 0;
        }
        owner = ".";
    }
    if (s->end - s->at < RECORD_LEAST - 1) {
        stop(r, start, "it is cut short by the end of the message");
        return 0;
    }
    const uint8_t *p = s->msg + s->at;
    uint16_t type = be16(p), class = be16(p + 2);
    uint32_t ttl = be32(p + 4);
    size_t rdlen = be16(p + 8);
    s->at += RECORD_LEAST - 1;
    if (s->end - s->at < rdlen) {
        stop(r, s->at - 2, "it announces %zu bytes of data, but the message ends after %zu", rdlen,
             s->end - s->at);
        return 0;
    }
    struct span data = {.msg = s->msg, .at = s->at, .end = s->at + rdlen, .pointers = true};
    s->at += rdlen;
    bool additional = to == &r->f->additional;
    if (type == RR_OPT && additional && !owner_broken)
        return read_opt(r, owner, start, class, ttl, &data);
    struct rr *rr = next_slot(r, left, to);
    if (!rr)
        return -ENOMEM;
    rr->owner = owner;
    rr->type = type;
    rr->class = class;
    rr->ttl = ttl;
    rr->offset = (uint16_t)start;
    if (owner_broken) {
        rr->defect = note_record(r, type, &f);
    } else if (type == RR_OPT) {
        fault_set(&f, start, "an OPT record belongs into the additional section");
        rr->defect = note_record(r, type, &f);
    } else if (class != r->qclass && !additional) {
        fault_set(&f, start, "it is of class %u, the question is of class %u", class, r->qclass);
        rr->defect = note_record(r, type, &f);
    }
    return read_rdata(r, &data, rr);
}

static int read_section(struct wire_reader *r, const char *name, unsigned count, struct rrs *to)
{
    r->section = name;
    for (r->record = 1; r->record <= count && !r->stopped; r->record++) {
        if (r->s.at == r->s.end) {
            stop(r, r->s.at, "it is missing: the header announces %u, but the message ends here", count);
            break;
        }
        int rc = read_record(r, count - r->record + 1, to);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* Compares two names in wire form without regard to case; length bytes are never letters. */
static bool same_name(const uint8_t *a, const uint8_t *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t x = a[i], y = b[i];
        if (x >= 'A' && x <= 'Z')
            x |= 0x20;
        if (y >= 'A' && y <= 'Z')
            y |= 0x20;
        if (x != y)
            return false;
    }
    return true;
}

static const char *question_text(struct wire_reader *r, const struct wire_name *name, const uint8_t *type)
{
    char b[16];
    const char *text = text_of(r->a, name);
    return text ? arena_printf(r->a, "%s %s", text, rr_type_name(be16(type), b)) : NULL;
}

/* False: the message does not answer the query. */
static bool read_question(struct wire_reader *r, unsigned count, const uint8_t *query, size_t query_len)
{
    struct span *s = &r->s;
    struct wire_name name, asked;
    struct fault f;
    if (count == 0) {
        /* A server that refuses a query may send back only the header. */
        if (!query || (r->f->rcode != NOERROR && r->f->rcode != NXDOMAIN))
            return true;
        note(r, 4, "question: it is missing");
        return false;
    }
    if (count > 1) {
        note(r, 4, "question: the header announces %u, one was asked", count); /* RFC 9619 */
        return false;
    }
    if (!wire_name_read(s, &name, &f)) {
        note(r, f.at, "question: %s", f.why);
        return false;
    }
    if (s->end - s->at < 4) {
        note(r, s->at, "question: it is cut short by the end of the message");
        return false;
    }
    const uint8_t *type = s->msg + s->at;
    r->qtype = be16(type);
    r->qclass = be16(type + 2);
    s->at += 4;
    r->qname_len = name.len;
    r->qname = text_of(r->a, &name);
    if (!query)
        return true;
    size_t len = s->at - HEADER;
    r->f->case_kept = query_len >= s->at && !memcmp(query + HEADER, s->msg + HEADER, len);
    if (r->f->case_kept)
        return true;
    struct span q = {.msg = query, .at = HEADER, .end = query_len};
    if (!wire_name_read(&q, &asked, &f) || q.end - q.at < 4)
        return false;
    if (asked.len != name.len || !same_name(asked.p, name.p, name.len) ||
        memcmp(query + q.at, type, 4) != 0) {
        const char *is = question_text(r, &name, type), *due = question_text(r, &asked, query + q.at);
        if (is && due)
            note(r, HEADER, "question: this answers %s, but %s was asked", is, due);
        return false;
    }
    return true;
}

static bool read_header(struct wire_reader *r, const uint8_t *query, size_t query_len)
{
    const uint8_t *msg = r->s.msg;
    if (r->s.end < HEADER) {
        note(r, 0, "header: the message has %zu bytes, its header alone needs %d", r->s.end, HEADER);
        return false;
    }
    uint16_t flags = be16(msg + 2);
    r->f->flags = flags & FLAGS;
    r->f->rcode = flags & RCODE;
    r->s.at = HEADER;
    if (query && (query_len < HEADER || memcmp(msg, query, 2) != 0)) {
        note(r, 0, "header: the id is %u, the query had another one", be16(msg));
        return false;
    }
    if (!(flags & DNS_QR)) {
        note(r, 2, "header: the message is marked as a query, not as an answer");
        return false;
    }
    if (flags & OPCODE) {
        note(r, 2, "header: the operation is %u, a query has 0", (flags & OPCODE) >> 11);
        return false;
    }
    return true;
}

static bool has_answer(const struct wire_reader *r)
{
    const struct rrs *v = &r->f->answer;
    for (size_t i = 0; i < v->n; i++) {
        uint16_t type = v->v[i].type;
        if (v->v[i].class == r->qclass &&
            (type == r->qtype || r->qtype == QTYPE_ANY || type == RR_CNAME || type == RR_DNAME))
            return true;
    }
    return false;
}

static enum dns_outcome outcome(const struct wire_reader *r)
{
    switch (r->f->rcode) {
    case NOERROR:
        return has_answer(r) ? DNS_ANSWER : DNS_NODATA;
    case SERVFAIL:
        return DNS_SERVFAIL;
    case NXDOMAIN:
        return DNS_NXDOMAIN;
    case REFUSED:
        return DNS_REFUSED;
    default:
        return DNS_OTHER;
    }
}

int wire_answer(struct arena *a, const uint8_t *msg, size_t len, const uint8_t *query, size_t query_len,
                struct dns_fact *ret)
{
    struct dns_fact f = {.outcome = DNS_MALFORMED, .server = ret->server, .tries = ret->tries};
    struct wire_reader r = {.a = a, .f = &f, .qtype = QTYPE_ANY, .qclass = CLASS_IN};
    /* A DNS message has at most 65535 bytes, and offsets are 16 bits wide. */
    if (len > UINT16_MAX)
        len = UINT16_MAX;
    f.size = (uint16_t)len;
    r.s = (struct span){.msg = msg, .end = len, .pointers = true};
    if (read_header(&r, query, query_len) && read_question(&r, be16(msg + 4), query, query_len)) {
        unsigned an = be16(msg + 6), ns = be16(msg + 8), ar = be16(msg + 10);
        if (arena_full(a) || read_section(&r, "answer", an, &f.answer) < 0 ||
            read_section(&r, "authority", ns, &f.authority) < 0 ||
            read_section(&r, "additional", ar, &f.additional) < 0)
            return -ENOMEM;
        if (!r.stopped && r.s.at < len)
            note(&r, r.s.at, "%zu bytes follow the last record", len - r.s.at);
        /* A message that breaks off proves nothing: what is missing may be what counts, and resolvers throw it away. An
         * error stays an error, and a truncated answer is asked again over TCP. */
        if (!r.stopped || f.flags & DNS_TC || (f.rcode != NOERROR && f.rcode != NXDOMAIN))
            f.outcome = outcome(&r);
    }
    if (arena_full(a))
        return -ENOMEM;
    *ret = f;
    return 0;
}

/* ---------------------------------------------------------------- aliases ---------------------------- */

/* Where in name the ancestor starts that a DNAME replaces by its target, or NULL where name is not below ancestor. */
static const char *below(const char *name, const char *ancestor)
{
    size_t n = strlen(name), m = strlen(ancestor);
    if (!strcmp(ancestor, "."))
        return n > 1 ? name + n : NULL;
    if (n <= m || strcasecmp(name + n - m, ancestor) != 0)
        return NULL;
    /* The dot before the ancestor ends a label unless an odd number of backslashes precedes it: then it is escaped. */
    const char *edge = name + n - m - 1;
    if (*edge != '.')
        return NULL;
    unsigned slashes = 0;
    while (edge - slashes > name && edge[-1 - (int)slashes] == '\\')
        slashes++;
    return slashes % 2 ? NULL : edge + 1;
}

/* A CNAME is preferred to the DNAME that it was made from (RFC 6672 3.1). */
int dns_alias(struct arena *a, const struct rrs *answer, const char *name, const char **to)
{
    for (size_t i = 0; i < answer->n; i++) {
        const struct rr *rr = &answer->v[i];
        if (rr->type == RR_CNAME && !rr->defect && (rr->owner == name || !strcasecmp(rr->owner, name))) {
            *to = rr_target(a, rr);
            return *to ? 1 : -ENOMEM;
        }
    }
    for (size_t i = 0; i < answer->n; i++) {
        const struct rr *rr = &answer->v[i];
        const char *edge = rr->type == RR_DNAME && !rr->defect ? below(name, rr->owner) : NULL;
        if (!edge)
            continue;
        const char *target = rr_target(a, rr);
        const char *whole =
            target ? arena_printf(a, "%.*s%s", (int)(edge - name), name, strcmp(target, ".") ? target : "")
                   : NULL;
        uint8_t wire[WIRE_NAME_MOST];
        if (!whole)
            return -ENOMEM;
        /* Where the new name is too long, a DNAME gives no alias: servers answer YXDOMAIN (RFC 6672 2.2). */
        if (wire_name_from_text(whole, wire) < 0)
            return 0;
        *to = whole;
        return 1;
    }
    return 0;
}

/* One more than the steps that a chain can have that is neither a loop nor too long. Each CNAME is used once in such a
 * chain; a DNAME may be used more often. */
static unsigned chain_most(const struct dns_fact *f)
{
    unsigned most = 1;
    for (size_t i = 0; i < f->answer.n && most <= DNS_CHAIN_MOST; i++)
        most += f->answer.v[i].type == RR_DNAME ? DNS_CHAIN_MOST : f->answer.v[i].type == RR_CNAME;
    return most > DNS_CHAIN_MOST ? DNS_CHAIN_MOST + 1 : most;
}

const char *dns_chain_end(struct arena *a, const struct dns_fact *f, const char *name, unsigned *hops,
                          bool *looped)
{
    unsigned n = 0, most = chain_most(f);
    int rc;
    while (n < most && (rc = dns_alias(a, &f->answer, name, &name)) != 0) {
        if (rc < 0)
            return NULL;
        n++;
    }
    if (hops)
        *hops = n;
    if (looped)
        *looped = n == most;
    return name;
}

bool dns_chain(struct arena *a, const struct dns_fact *f, const char *name, struct texts *ret)
{
    unsigned most = chain_most(f);
    int rc = 1;
    for (unsigned n = 0; n < most && rc > 0; n++) {
        rc = dns_alias(a, &f->answer, name, &name);
        if (rc > 0 && !texts_add(a, ret, name))
            return false;
    }
    return rc >= 0;
}
