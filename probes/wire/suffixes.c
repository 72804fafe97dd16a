#include "wire/suffixes.h"

#include "base/text.h"
#include "wire/idna.h"
#include "wire/name.h"

#include <errno.h>
#include <idn2.h>
#include <string.h>

/* ---------------------------------------------------------------- looking up ------------------------- */

static const struct suffixes *in_use = &suffixes_built_in;

void suffixes_use(const struct suffixes *list)
{
    in_use = list;
}

const struct suffixes *suffixes_in_use(void)
{
    return in_use;
}

bool suffixes_are_old(dcv_time now)
{
    enum { DAYS = 365 };
    dcv_time made;
    return time_parse(in_use->date, &made) && now - made > DAYS * DAY_MS;
}

/* FNV-1a, folded. suffixes.py has the same. */
static uint32_t hash(const char *p, size_t n)
{
    uint32_t h = 2166136261;
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)p[i]) * 16777619;
    return h ^ h >> 15;
}

/* The slot of the name, or the free one where it would be. */
static size_t find(const struct suffixes *list, const char *name, size_t n)
{
    size_t mask = ((size_t)1 << list->bits) - 1, i = hash(name, n) & mask;
    for (;; i = (i + 1) & mask) {
        const struct suffix_slot *s = &list->slots[i];
        if (!s->len || (s->len == n && !memcmp(list->names + s->at, name, n)))
            return i;
    }
}

static unsigned say(const char *name)
{
    size_t n = strlen(name);
    return n && n <= UINT8_MAX ? in_use->slots[find(in_use, name, n)].say : 0;
}

bool suffixes_hold(const char *name)
{
    unsigned says = say(name);
    const char *parent = name_parent(name);
    if (says & SUFFIX_EXCEPTION)
        return false;
    return (says & (SUFFIX_RULE | SUFFIX_TOP)) || (parent && (say(parent) & SUFFIX_BELOW));
}

bool suffixes_except(const char *name)
{
    return say(name) & SUFFIX_EXCEPTION;
}

bool suffixes_know_top(const char *label)
{
    return say(label) & SUFFIX_TOP;
}

/* ---------------------------------------------------------------- reading a list --------------------- */

enum { NAME_MOST = 253 };

struct list_reading {
    struct arena *a;
    const char *at, *end; /* the ICANN section that is left */
    unsigned line;
    char *names;
    size_t n, room, entries;
    unsigned bits;
    struct suffix_slot *slots;
    const char **why;
};

static const char *find_text(const char *text, const char *end, const char *part)
{
    return memmem(text, (size_t)(end - text), part, strlen(part));
}

bool suffixes_version(const char *text, size_t len, char date[SUFFIX_DATE + 1])
{
    static const char mark[] = "VERSION: ", shape[] = "0000-00-00";
    const char *end = text + len, *p = find_text(text, end, mark);
    if (!p || end - p < (ptrdiff_t)(sizeof mark - 1 + SUFFIX_DATE))
        return false;
    p += sizeof mark - 1;
    for (size_t i = 0; i < SUFFIX_DATE; i++)
        if (shape[i] == '0' ? p[i] < '0' || p[i] > '9' : p[i] != shape[i])
            return false;
    memcpy(date, p, SUFFIX_DATE);
    date[SUFFIX_DATE] = 0;
    return true;
}

static int no_rule(struct list_reading *r, const char *p, size_t n)
{
    const char *shown = text_escape(r->a, p, n, 60);
    *r->why = shown ? arena_printf(r->a, "line %u, '%s': expected a rule such as co.uk, *.ck or !www.ck",
                                   r->line, shown)
                    : NULL;
    return *r->why ? -EINVAL : -ENOMEM;
}

/* Adds what a rule says of a name of n bytes at names + at. */
static void add(struct list_reading *r, size_t at, size_t n, enum suffix_say says)
{
    struct suffixes list = {.bits = r->bits, .names = r->names, .slots = r->slots};
    struct suffix_slot *s = &r->slots[find(&list, r->names + at, n)];
    if (!s->len)
        *s = (struct suffix_slot){.at = (uint32_t)at, .len = (uint8_t)n};
    s->say |= (uint8_t)says;
}

/* One line without what follows a blank. */
static int read_rule(struct list_reading *r, const char *p, size_t n)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    const char *rule = p, *end = p + n;
    enum suffix_say says = SUFFIX_RULE;
    if (*p == '!') {
        says = SUFFIX_EXCEPTION;
        p++;
    } else if (n > 2 && !memcmp(p, "*.", 2)) {
        says = SUFFIX_BELOW;
        p += 2;
    }
    size_t at = r->n, top = at;
    while (p <= end) {
        const char *dot = memchr(p, '.', (size_t)(end - p));
        size_t typed = (size_t)((dot ? dot : end) - p);
        char label[256], out[IDNA_LABEL_MOST + 1];
        if (!typed || typed >= sizeof label)
            return no_rule(r, rule, n);
        memcpy(label, p, typed);
        label[typed] = 0;
        bool plain = !label[strspn(label, letters)]; /* as nearly all are */
        if (!plain && idna_label(label, out) != IDN2_OK)
            return no_rule(r, rule, n);
        const char *form = plain ? label : out;
        size_t len = strlen(form);
        if (len > IDNA_LABEL_MOST || form[strspn(form, letters)] || r->n + 1 - at + len > NAME_MOST)
            return no_rule(r, rule, n);
        if (r->n > at)
            r->names[r->n++] = '.';
        top = r->n;
        memcpy(r->names + r->n, form, len);
        r->n += len;
        p += typed + 1;
    }
    add(r, at, r->n - at, says);
    add(r, top, r->n - top, SUFFIX_TOP);
    return 0;
}

static int read_rules(struct list_reading *r)
{
    while (r->at < r->end) {
        const char *nl = memchr(r->at, '\n', (size_t)(r->end - r->at)), *p = r->at;
        const char *end = nl ? nl : r->end;
        r->at = nl ? nl + 1 : r->end;
        r->line++;
        size_t n = 0;
        while (p + n < end && !memchr(" \t\r", p[n], 3))
            n++;
        if (!n || (n >= 2 && !memcmp(p, "//", 2)))
            continue;
        int rc = read_rule(r, p, n);
        if (rc)
            return rc;
    }
    return 0;
}

int suffixes_read(struct arena *a, const char *text, size_t len, const char *date, struct suffixes *ret,
                  const char **why)
{
    static const char begin[] = "===BEGIN ICANN DOMAINS===", finish[] = "===END ICANN DOMAINS===";
    struct list_reading r = {.a = a, .why = why};
    const char *from = find_text(text, text + len, begin);
    r.at = from ? memchr(from, '\n', (size_t)(text + len - from)) : NULL;
    r.end = r.at ? find_text(r.at, text + len, finish) : NULL;
    if (!r.end) {
        *why = "the lines with BEGIN ICANN DOMAINS and END ICANN DOMAINS are not there; expected the whole "
               "public suffix "
               "list in its text form, public_suffix_list.dat";
        return -EINVAL;
    }
    while (r.end[-1] != '\n') /* the start of the comment that has the mark */
        r.end--;
    size_t lines = 1;
    for (const char *p = text; p < r.end; p++) {
        r.line += p < r.at && *p == '\n';
        lines += p >= r.at && *p == '\n';
    }
    r.line++; /* that of the mark */
    r.at++;
    /* An A-label is at most 3.5 times as long as its text, a letter of 2 bytes; the table is at most half
     * full. */
    r.room = 4 * (size_t)(r.end - r.at) + NAME_MOST;
    for (r.bits = 4; (size_t)1 << r.bits < 4 * lines;)
        r.bits++;
    r.names = arena_alloc(a, r.room);
    r.slots = arena_array(a, (size_t)1 << r.bits, sizeof *r.slots);
    if (!r.names || !r.slots || r.room > UINT32_MAX)
        return -ENOMEM;
    memset(r.slots, 0, sizeof *r.slots << r.bits);
    int rc = read_rules(&r);
    if (rc)
        return rc;
    *ret = (struct suffixes){.bits = r.bits, .names = r.names, .slots = r.slots};
    if (!suffixes_version(text, (size_t)(from - text), ret->date))
        memcpy(ret->date, date, SUFFIX_DATE);
    return 0;
}
