#include "ca/profile.h"
#include "model/time.h"
#include "wire/name.h"

#include <errno.h>
#include <ini.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { ROWS_MOST = 8, MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR, LINE_MOST = INI_MAX_LINE - 2 };

static const char *identifiers[] = {
    "digicert.com",
    "www.digicert.com",
    "digicert.ne.jp",
    "cybertrust.ne.jp",
    "symantec.com",
    "thawte.com",
    "geotrust.com",
    "rapidssl.com",
    "quovadisglobal.com",
    "digitalcertvalidation.com",
    "volusion.digitalcertvalidation.com",
    "stratossl.digitalcertvalidation.com",
    "intermediatecertificate.digitalcertvalidation.com",
    "1and1.digitalcertvalidation.com",
    "amazon.com",
    "amazontrust.com",
    "awstrust.com",
    "amazonaws.com",
    "pkioverheid.nl",
    "flipkart.com",
};

static const struct profile digicert = {
    .name = "DigiCert",
    .txt_label = "_dnsauth",
    .target_label = "_dcv",
    .cname_base = "dcv.digicert.com",
    .file_dir = "/.well-known/pki-validation/",
    .file_name = "fileauth.txt",
    .user_agent = "DigiCert DCV Bot/1.1",
    .caa_identifiers = {identifiers, sizeof identifiers / sizeof *identifiers},
    .caa_account = "account",
    .random_days = 30,
    .token_days = 30,
    .file_bytes = 5000,
    .redirects = 5,
    /* BR 4.2.1: 100 days from 2027-03-15 on, 10 from 2029-03-15 on. */
    .reuse_days = {{TIME_UNKNOWN, 200}, {1805068800000, 100}, {1868227200000, 10}},
    .n_reuse = 3,
    /* Each step lasts for its own time after the one before it. */
    .polling = {{MINUTE, 15 * MINUTE},
                {5 * MINUTE, 15 * MINUTE + HOUR},
                {15 * MINUTE, 15 * MINUTE + HOUR + DAY},
                {HOUR, 15 * MINUTE + HOUR + 11 * DAY}},
    .n_polling = 4,
};

const struct profile *profile_builtin(void)
{
    return &digicert;
}

int dated_value(const struct dated *rows, size_t n, dcv_time now)
{
    size_t i = n;
    while (i > 1 && rows[i - 1].from > now)
        i--;
    return i ? rows[i - 1].value : 0;
}

/* ---------------------------------------------------------------- reading a file --------------------- */

enum key_kind {
    KEY_TEXT,
    KEY_LABEL,
    KEY_HOST,
    KEY_HOSTS,
    KEY_DIR,
    KEY_FILE,
    KEY_TAG,
    KEY_NUMBER,
    KEY_DATED,
    KEY_STEPS
};

static const struct key {
    const char *section, *name;
    size_t offset;
    enum key_kind kind;
    uint32_t least, most;
    const char *expected;
} keys[] = {
#define X(section, name, field, kind, least, most, expected)                                                 \
    {section, name, offsetof(struct profile, field), kind, least, most, expected},
#include "ca/profile.def"
#undef X
};
enum { KEY_COUNT = sizeof keys / sizeof *keys };

struct parse {
    struct arena *a;
    const char *at, *end;
    unsigned line, bad_line; /* where the reader is; where the first value was refused */
    const char *expected;
    bool seen[KEY_COUNT];
    bool full;
    struct profile profile;
};

static bool all_of(const char *text, const char *more)
{
    for (; *text; text++)
        if (!(*text >= '0' && *text <= '9') && !(*text >= 'a' && *text <= 'z') &&
            !(*text >= 'A' && *text <= 'Z') && !strchr(more, *text))
            return false;
    return true;
}

static bool is_lower_host(const char *text)
{
    size_t n = strlen(text);
    return name_is_host(text) && text[n - 1] != '.' && !text[strcspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")];
}

static bool text_fits(const struct key *k, const char *text)
{
    size_t n = strlen(text);
    if (n < k->least || n > k->most)
        return false;
    switch (k->kind) {
    case KEY_TEXT:
        for (const char *c = text; *c; c++)
            if (*c < ' ' || *c > '~')
                return false;
        return true;
    case KEY_LABEL:
        return !strchr(text, '.') && name_is_host(text[0] == '_' ? text + 1 : text);
    case KEY_HOST:
    case KEY_HOSTS:
        return is_lower_host(text);
    case KEY_DIR:
        return text[0] == '/' && text[n - 1] == '/' && !strstr(text, "//") && all_of(text, "/._-");
    case KEY_FILE:
        return all_of(text, "._-");
    case KEY_TAG:
        return all_of(text, "-") && text[0] != '-' && text[n - 1] != '-';
    case KEY_NUMBER:
    case KEY_DATED:
    case KEY_STEPS:
        break;
    }
    return false;
}

/* A whole number at *p, which moves past it. */
static bool number(const char **p, uint32_t least, uint32_t most, uint32_t *ret)
{
    uint64_t v = 0;
    const char *start = *p;
    for (; **p >= '0' && **p <= '9' && v <= most; ++*p)
        v = v * 10 + (uint64_t)(**p - '0');
    if (*p == start || v < least || v > most)
        return false;
    *ret = (uint32_t)v;
    return true;
}

/* A word between blanks at *p, which moves past all of them. */
static bool word(const char **p, const char *text)
{
    size_t blank = strspn(*p, " \t"), n = strlen(text);
    if (!blank || strncmp(*p + blank, text, n))
        return false;
    const char *behind = *p + blank + n;
    blank = strspn(behind, " \t");
    *p = behind + blank;
    return blank;
}

static bool set_text(struct parse *p, const struct key *k, const char *text, void *field)
{
    if (!text_fits(k, text))
        return false;
    const char *copy = arena_strdup(p->a, text);
    p->full = p->full || !copy;
    memcpy(field, &copy, sizeof copy);
    return true;
}

static bool set_hosts(struct parse *p, const struct key *k, const char *text, struct texts *list)
{
    static const char between[] = " \t,";
    for (size_t n; *(text += strspn(text, between)); text += n) {
        n = strcspn(text, between);
        char *host = arena_strndup(p->a, text, n);
        if (!host) {
            p->full = true;
            return true;
        }
        if (!text_fits(k, host))
            return false;
        p->full = !texts_add(p->a, list, host) || p->full;
    }
    return list->n;
}

static bool set_dated(const struct key *k, const char *text, struct profile *to)
{
    uint32_t days;
    struct dated row = {.from = TIME_UNKNOWN};
    if (to->n_reuse == ROWS_MOST || !number(&text, k->least, k->most, &days))
        return false;
    row.value = (int)days;
    if (!to->n_reuse ? *text != '\0'
                     : !word(&text, "from") || !time_parse(text, &row.from) ||
                           row.from <= to->reuse_days[to->n_reuse - 1].from)
        return false;
    to->reuse_days[to->n_reuse++] = row;
    return true;
}

static bool set_step(const struct key *k, const char *text, struct profile *to)
{
    struct poll_step row;
    uint32_t before = to->n_polling ? to->polling[to->n_polling - 1].until : 0;
    if (to->n_polling == ROWS_MOST || !number(&text, k->least, k->most, &row.every) ||
        !word(&text, "until") || !number(&text, k->least, k->most, &row.until) || *text ||
        row.until <= before || row.every > row.until)
        return false;
    to->polling[to->n_polling++] = row;
    return true;
}

static bool set_number(const struct key *k, const char *text, void *field)
{
    uint32_t v;
    if (!number(&text, k->least, k->most, &v) || *text)
        return false;
    memcpy(field, &v, sizeof v);
    return true;
}

/* The first line of a list replaces what is built in. */
static void forget(struct profile *to, enum key_kind kind)
{
    switch (kind) {
    case KEY_HOSTS:
        to->caa_identifiers = (struct texts){0};
        break;
    case KEY_DATED:
        memset(to->reuse_days, 0, sizeof to->reuse_days);
        to->n_reuse = 0;
        break;
    case KEY_STEPS:
        memset(to->polling, 0, sizeof to->polling);
        to->n_polling = 0;
        break;
    case KEY_TEXT:
    case KEY_LABEL:
    case KEY_HOST:
    case KEY_DIR:
    case KEY_FILE:
    case KEY_TAG:
    case KEY_NUMBER:
        break;
    }
}

/* NULL, or what was expected instead. */
static const char *set(struct parse *p, const char *section, const char *name, const char *value)
{
    size_t i = 0;
    while (i < KEY_COUNT && (strcmp(keys[i].section, section) || strcmp(keys[i].name, name)))
        i++;
    if (i == KEY_COUNT)
        return "a key of the form: see contrib/ca-profiles/digicert.conf for all sections and keys";
    const struct key *k = &keys[i];
    void *field = (char *)&p->profile + k->offset;
    bool again = p->seen[i], fits = false;
    if (!again)
        forget(&p->profile, k->kind);
    p->seen[i] = true;
    switch (k->kind) {
    case KEY_TEXT:
    case KEY_LABEL:
    case KEY_HOST:
    case KEY_DIR:
    case KEY_FILE:
    case KEY_TAG:
        if (again)
            return "one value: this key stands here twice, or its value is continued on an indented line";
        fits = set_text(p, k, value, field);
        break;
    case KEY_NUMBER:
        if (again)
            return "one value: this key stands here twice, or its value is continued on an indented line";
        fits = set_number(k, value, field);
        break;
    case KEY_HOSTS:
        fits = set_hosts(p, k, value, field);
        break;
    case KEY_DATED:
        fits = set_dated(k, value, &p->profile);
        break;
    case KEY_STEPS:
        fits = set_step(k, value, &p->profile);
        break;
    }
    return fits ? NULL : k->expected;
}

static int take(void *user, const char *section, const char *name, const char *value)
{
    struct parse *p = user;
    if (p->bad_line)
        return 1;
    const char *expected = set(p, section, name, value);
    if (!expected)
        return 1;
    p->bad_line = p->line;
    p->expected = expected;
    return 0;
}

/* One line for inih, in the manner of fgets(). Its length has been checked. */
static char *next_line(char *out, int room, void *user)
{
    struct parse *p = user;
    size_t left = (size_t)(p->end - p->at);
    if (!left)
        return NULL;
    const char *newline = memchr(p->at, '\n', left);
    size_t n = newline ? (size_t)(newline + 1 - p->at) : left;
    if (n >= (size_t)room)
        n = (size_t)room - 1;
    memcpy(out, p->at, n);
    out[n] = '\0';
    p->at += n;
    p->line++;
    return out;
}

/* inih cuts long lines in two and stops at a NUL without a word: what it would misread is refused before. */
static bool lines_fit(const char *text, size_t len, unsigned *line, const char **expected)
{
    *line = 1;
    for (size_t i = 0, n = 0; i < len; i++) {
        if (text[i] == '\n') {
            ++*line;
            n = 0;
        } else if (!text[i]) {
            *expected = "text: there is a NUL byte in this line";
            return false;
        } else if (++n > LINE_MOST) {
            *expected = "at most 198 bytes in a line; a list may go on in indented lines";
            return false;
        }
    }
    return true;
}

int profile_parse(struct arena *a, const char *text, size_t len, struct profile *ret, unsigned *line,
                  const char **expected)
{
    struct parse p = {.a = a, .at = text, .end = text + len, .profile = digicert};
    if (!lines_fit(text, len, line, expected))
        return -EINVAL;
    int bad = ini_parse_stream(next_line, &p, take, &p);
    if (p.full)
        return -ENOMEM;
    if (bad) {
        *line = (unsigned)bad;
        *expected =
            p.bad_line == *line ? p.expected : "a line of the form key = value, or a section in brackets";
        return bad < 0 ? -ENOMEM : -EINVAL;
    }
    *ret = p.profile;
    return 0;
}
