#include "wire/wire_inner.h"

#include <string.h>

/* ---------------------------------------------------------------- reading by form -------------------- */

static bool need(struct span *s, size_t n, struct fault *f)
{
    if (s->end - s->at < n)
        return fault_set(f, s->at, "its data ends too early: %zu more bytes are due here, %zu are left", n,
                         s->end - s->at);
    s->at += n;
    return true;
}

static bool charstring(struct span *s, struct fault *f)
{
    if (s->at == s->end)
        return fault_set(f, s->at, "it holds no text string, not even an empty one");
    size_t n = s->msg[s->at];
    if (s->end - s->at - 1 < n)
        return fault_set(f, s->at, "a text string announces %zu bytes, but %zu are left in the record", n,
                         s->end - s->at - 1);
    s->at += n + 1;
    return true;
}

/* RFC 8659 4.1: tag length, tag, and the rest is the value. */
static bool property(struct span *s, struct fault *f)
{
    if (s->at == s->end)
        return fault_set(f, s->at, "its data is shorter than 2 bytes, so it has flags but no tag");
    size_t n = s->msg[s->at];
    if (!n)
        return fault_set(f, s->at, "its tag is empty");
    if (s->end - s->at - 1 < n)
        return fault_set(f, s->at, "its tag announces %zu bytes, but %zu are left in the record", n,
                         s->end - s->at - 1);
    s->at = s->end;
    return true;
}

/* RFC 4034 4.1.2: windows in rising order, each of 1 to 32 bytes of which the last is not 0. */
static bool bitmap(struct span *s, struct fault *f)
{
    for (int last = -1; s->at < s->end;) {
        size_t left = s->end - s->at;
        const uint8_t *p = s->msg + s->at;
        if (left < 3 || p[0] <= last || p[1] < 1 || p[1] > 32 || left - 2 < p[1] || !p[1 + p[1]])
            return fault_set(f, s->at, "its list of types is not in the form that RFC 4034 demands");
        last = p[0];
        s->at += 2u + p[1];
    }
    return true;
}

static bool counted(struct span *s, bool may_be_empty, struct fault *f)
{
    size_t at = s->at;
    if (!need(s, 1, f) || !need(s, s->msg[at], f))
        return false;
    return may_be_empty || s->msg[at] || fault_set(f, at, "it holds an empty hash");
}

bool rdata_field(char field, struct span *s, struct wire_name *name, struct fault *f)
{
    switch (field) {
    case 'b':
        return need(s, 1, f);
    case 's':
    case 'y':
        return need(s, 2, f);
    case 'l':
    case 't':
    case '4':
        return need(s, 4, f);
    case '6':
        return need(s, 16, f);
    case 'n':
        return wire_name_read(s, name, f);
    case 'c':
        return charstring(s, f);
    case 'T':
        do
            if (!charstring(s, f))
                return false;
        while (s->at < s->end);
        return true;
    case 'P':
        return property(s, f);
    case 'x':
        return counted(s, true, f);
    case 'z':
        return counted(s, false, f);
    case 'B':
        return bitmap(s, f);
    case 'H':
    case 'K':
        if (!need(s, 1, f))
            return false;
        s->at = s->end;
        return true;
    }
    __builtin_unreachable();
}

bool rdata_walk(const char *form, struct span *s, struct rdata_name names[RDATA_NAMES_MOST], size_t *n,
                struct fault *f)
{
    struct rdata_name scratch;
    size_t found = 0;
    for (; *form; form++) {
        struct rdata_name *to = names && *form == 'n' ? &names[found] : &scratch;
        size_t at = s->at;
        if (!rdata_field(*form, s, &to->name, f))
            return false;
        if (*form == 'n') {
            to->at = at;
            to->used = s->at - at;
            found++;
        }
    }
    if (s->at < s->end)
        return fault_set(f, s->at, "%zu bytes follow where its data should end", s->end - s->at);
    if (n)
        *n = found;
    return true;
}

/* ---------------------------------------------------------------- reading records -------------------- */

const char *rr_target(struct arena *a, const struct rr *rr)
{
    size_t skip, used;
    switch (rr->type) {
    case RR_NS:
    case RR_CNAME:
    case RR_DNAME:
    case RR_PTR:
        skip = 0;
        break;
    case RR_MX:
        skip = 2;
        break;
    case RR_SRV:
        skip = 6;
        break;
    default:
        return NULL;
    }
    if (rr->defect || rr->rdlen < skip)
        return NULL;
    return wire_name_to_text(a, rr->rdata + skip, rr->rdlen - skip, &used);
}

bool txt_next(const struct rr *rr, size_t *at, struct bytes *ret)
{
    struct span s = {.msg = rr->rdata, .at = *at, .end = rr->rdlen};
    struct fault f;
    if (rr->type != RR_TXT || rr->defect || s.at >= s.end || !charstring(&s, &f))
        return false;
    *ret = (struct bytes){.p = rr->rdata + *at + 1, .n = s.at - *at - 1};
    *at = s.at;
    return true;
}

struct bytes txt_joined(struct arena *a, const struct rr *rr)
{
    uint8_t *p = arena_alloc(a, rr->rdlen);
    struct bytes all = {.p = p}, one;
    for (size_t at = 0; p && txt_next(rr, &at, &one); all.n += one.n)
        memcpy(p + all.n, one.p, one.n);
    return all;
}

bool soa_read(const struct rr *rr, uint32_t *serial, uint32_t *negative_ttl)
{
    struct rdata_name names[RDATA_NAMES_MOST];
    struct fault f;
    struct span s = {.msg = rr->rdata, .end = rr->rdlen};
    if (rr->type != RR_SOA || rr->defect || !rdata_walk(rdata_form(RR_SOA), &s, names, NULL, &f))
        return false;
    const uint8_t *numbers = rr->rdata + names[1].at + names[1].used;
    uint32_t minimum = be32(numbers + 16);
    *serial = be32(numbers);
    *negative_ttl = minimum < rr->ttl ? minimum : rr->ttl;
    return true;
}

struct bytes rr_canonical(struct arena *a, const struct rr *rr)
{
    struct rdata_name names[RDATA_NAMES_MOST];
    struct fault f;
    struct span s = {.msg = rr->rdata, .end = rr->rdlen};
    const char *form = rdata_form(rr->type);
    size_t n = 0;
    if (rr->defect || (form && !rdata_walk(form, &s, names, &n, &f)))
        return (struct bytes){0};
    uint8_t *p = arena_alloc(a, rr->rdlen);
    if (!p)
        return (struct bytes){0};
    if (rr->rdlen)
        memcpy(p, rr->rdata, rr->rdlen);
    /* The next name of an NSEC record keeps its case (RFC 6840 5.1). */
    for (size_t i = 0; i < n && rr->type != RR_NSEC; i++)
        wire_name_lower(p + names[i].at, names[i].used);
    return (struct bytes){p, rr->rdlen};
}
