/* profile_read.c - reads a profile from the text of a file, and defines the kinds of keys and their values. */
#include "ca/profile.h"
#include "model/time.h"
#include "wire/name.h"

#include <errno.h>
#include <ini.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { LINE_MOST = INI_MAX_LINE - 2 };

/* Keys of the first group have one value and may occur once. Those of the second are lists of words, those of the third
 * have one row on each line; in both groups the first line replaces the built-in table. */
enum key_kind {
    KEY_TEXT,
    KEY_LABEL,
    KEY_HOST,
    KEY_PREFIX,
    KEY_DIR,
    KEY_FILE,
    KEY_TAG,
    KEY_NUMBER,
    KEY_REACH,

    KEY_HOSTS,
    KEY_STATUSES,
    KEY_PORTS,
    KEY_METHODS,
    KEY_PAIRS,
    KEY_ENCODINGS,
    KEY_ORDER_ANSWERS,

    KEY_AGENTS,
    KEY_HEADERS,
    KEY_DATED,
    KEY_DATED_SWITCH,
    KEY_SUNSETS,
    KEY_QUORUM,
    KEY_STEPS,
};

struct profile_key {
    const char *section, *name;
    size_t offset;
    enum key_kind kind;
    uint32_t least, most;
    const char *expected;
};
static const struct profile_key keys[] = {
#define X(section, name, field, kind, least, most, expected)                                                 \
    {section, name, offsetof(struct profile, field), kind, least, most, expected},
#include "ca/profile.def"
#undef X
};
enum { KEY_COUNT = sizeof keys / sizeof *keys };

struct parse {
    struct arena *a;
    const char *at, *end;
    unsigned line, bad_line; /* the line being read; after an error, the line of the first refused value */
    const char *key, *expected; /* after an error: the key of that value, or NULL, and what should stand there */
    bool seen[KEY_COUNT];
    bool full;
    struct profile profile;
};

/* Sets the field to the value in text. Returns NULL, or in words what was expected instead. */
typedef const char *set_fn(struct parse *p, const struct profile_key *k, const char *text, void *field);

static const char too_many[] = "no more than eight of them";

/* ---------------------------------------------------------------- pieces of a value ------------------ */

static bool all_of(const char *text, const char *more)
{
    for (; *text; text++)
        if (!(*text >= '0' && *text <= '9') && !(*text >= 'a' && *text <= 'z') &&
            !(*text >= 'A' && *text <= 'Z') && !strchr(more, *text))
            return false;
    return true;
}

static bool printable(const char *text)
{
    for (; *text; text++)
        if (*text < ' ' || *text > '~')
            return false;
    return true;
}

static bool is_lower_host(const char *text)
{
    size_t n = strlen(text);
    return name_is_host(text) && text[n - 1] != '.' && !text[strcspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")];
}

static bool text_fits(const struct profile_key *k, const char *text)
{
    size_t n = strlen(text);
    if (n < k->least || n > k->most)
        return false;
    switch (k->kind) {
    case KEY_TEXT:
    case KEY_AGENTS:
        return printable(text);
    case KEY_LABEL:
        return !strchr(text, '.') && name_is_host(text[0] == '_' ? text + 1 : text);
    case KEY_HOST:
    case KEY_HOSTS:
        return is_lower_host(text);
    case KEY_PREFIX:
        return all_of(text, "_-");
    case KEY_DIR:
        return text[0] == '/' && text[n - 1] == '/' && !strstr(text, "//") && all_of(text, "/._-");
    case KEY_FILE:
        return all_of(text, "._-");
    case KEY_TAG:
        return all_of(text, "-") && text[0] != '-' && text[n - 1] != '-';
    case KEY_METHODS:
    case KEY_PAIRS:
        return all_of(text, "-"); /* RFC 8657 4 */
    case KEY_HEADERS:
    case KEY_NUMBER:
    case KEY_REACH:
    case KEY_STATUSES:
    case KEY_PORTS:
    case KEY_ENCODINGS:
    case KEY_ORDER_ANSWERS:
    case KEY_DATED:
    case KEY_DATED_SWITCH:
    case KEY_SUNSETS:
    case KEY_QUORUM:
    case KEY_STEPS:
        break;
    }
    return false;
}

/* Reads a whole number at *p and moves *p past it. */
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

/* Reads the word at *p, with blanks around it, and moves *p past word and blanks. */
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

/* Splits text at its first colon. *left is in the arena, *right in text. False where there is no colon. */
static bool halves(struct parse *p, const char *text, const char **left, const char **right)
{
    const char *colon = strchr(text, ':');
    *left = colon ? arena_strndup(p->a, text, (size_t)(colon - text)) : NULL;
    *right = colon ? colon + 1 : NULL;
    p->full = p->full || (colon && !*left);
    return *left;
}

static const char *keep(struct parse *p, const char *text)
{
    const char *copy = arena_strdup(p->a, text);
    p->full = p->full || !copy;
    return copy;
}

/* ---------------------------------------------------------------- one value -------------------------- */

static const char *set_text(struct parse *p, const struct profile_key *k, const char *text, void *field)
{
    if (!text_fits(k, text))
        return k->expected;
    const char *copy = keep(p, text);
    memcpy(field, &copy, sizeof copy);
    return NULL;
}

static const char *set_number(struct parse *p, const struct profile_key *k, const char *text, void *field)
{
    uint32_t v;
    (void)p;
    if (!number(&text, k->least, k->most, &v) || *text)
        return k->expected;
    memcpy(field, &v, sizeof v);
    return NULL;
}

static const char *set_reach(struct parse *p, const struct profile_key *k, const char *text, void *field)
{
    static const char *const names[] = {
#define X(sym, text) text,
        REDIRECT_REACHES(X)
#undef X
    };
    (void)p;
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(text, names[i])) {
            enum redirect_reach reach = (enum redirect_reach)i;
            memcpy(field, &reach, sizeof reach);
            return NULL;
        }
    return k->expected;
}

/* ---------------------------------------------------------------- lists of words --------------------- */

static const char *add_host(struct parse *p, const struct profile_key *k, const char *text, void *field)
{
    if (!text_fits(k, text))
        return k->expected;
    p->full = !texts_add(p->a, field, keep(p, text)) || p->full;
    return NULL;
}

static const char *add_statuses(struct parse *p, const struct profile_key *k, const char *text, void *field)
{
    struct statuses *to = field;
    uint32_t first, last;
    (void)p;
    if (!number(&text, k->least, k->most, &first))
        return k->expected;
    last = first;
    if (*text == '-' && (text++, !number(&text, first, k->most, &last)))
        return "a range of statuses that ends at its second number, the greater one: FIRST-LAST";
    if (*text)
        return k->expected;
    if (to->n == PROFILE_ROWS)
        return too_many;
    to->v[to->n++] = (struct status_range){(uint16_t)first, (uint16_t)last};
    return NULL;
}

static const char *add_port(struct parse *p, const struct profile_key *k, const char *text, void *field)
{
    struct file_ports *to = field;
    const char *scheme, *rest;
    uint32_t port;
    if (!halves(p, text, &scheme, &rest) || !number(&rest, k->least, k->most, &port) || *rest)
        return k->expected;
    bool https = !strcmp(scheme, "https");
    if (!https && strcmp(scheme, "http"))
        return k->expected;
    if (to->n == PROFILE_ROWS)
        return too_many;
    to->v[to->n++] = (struct file_port){https, (uint16_t)port};
    return NULL;
}

static const char *add_method(struct parse *p, const struct profile_key *k, const char *text, void *field)
{
    struct method_labels *to = field;
    const char *name, *label;
    enum method method;
    if (!halves(p, text, &name, &label) || !text_fits(k, label))
        return k->expected;
    if (!method_parse(name, &method) || method == METHOD_CAA)
        return "a method of dcvprobe's before the colon, such as dns-txt-token";
    if (to->n == sizeof to->v / sizeof *to->v)
        return "no more than sixteen of them";
    to->v[to->n++] = (struct method_label){method, keep(p, label)};
    return NULL;
}

static const char *add_pair(struct parse *p, const struct profile_key *k, const char *text, void *field)
{
    struct label_pairs *to = field;
    const char *used, *met;
    if (!halves(p, text, &used, &met) || !text_fits(k, used) || !text_fits(k, met))
        return k->expected;
    if (to->n == PROFILE_ROWS)
        return too_many;
    to->v[to->n++] = (struct label_pair){used, keep(p, met)};
    return NULL;
}

static const char *add_encoding(struct parse *p, const struct profile_key *k, const char *text, void *field)
{
    static const char *const known[] = {
#define X(name) name,
        PROFILE_ENCODINGS(X)
#undef X
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(text, known[i])) {
            p->full = !texts_add(p->a, field, known[i]) || p->full;
            return NULL;
        }
    return k->expected;
}

static const char *add_order_answer(struct parse *p, const struct profile_key *k, const char *text, void *field)
{
    struct order_answers *to = field;
    const char *name, *what;
    enum method method;
    if (!halves(p, text, &name, &what) || !method_parse(name, &method))
        return k->expected;
    bool names = !strcmp(what, "names");
    if (!names && strcmp(what, "code") != 0)
        return k->expected;
    if (to->n == PROFILE_ROWS)
        return too_many;
    to->v[to->n++] = (struct order_answer){method, names};
    return NULL;
}

/* ---------------------------------------------------------------- a row a line ----------------------- */

/* A copy of the n bytes at text without the blanks at their ends. */
static const char *keep_trimmed(struct parse *p, const char *text, size_t n)
{
    for (; n && strchr(" \t", *text); text++)
        n--;
    while (n && strchr(" \t", text[n - 1]))
        n--;
    const char *copy = arena_strndup(p->a, text, n);
    p->full = p->full || !copy;
    return copy ? copy : "";
}

/* Splits a line "WHAT from YYYY-MM-DD by SOURCE", of which "by SOURCE" may be missing. Returns WHAT; the whole line
 * where it has no such end, and then *from and *source stay as they are. */
static const char *before_day(struct parse *p, const char *text, dcv_time *from, const char **source)
{
    static const char word_from[] = " from ", word_by[] = " by ";
    for (const char *at = strstr(text, word_from); at; at = strstr(at + 1, word_from)) {
        const char *day = at + strlen(word_from), *by = strstr(day, word_by);
        if (!time_parse(keep_trimmed(p, day, by ? (size_t)(by - day) : strlen(day)), from))
            continue;
        if (by)
            *source = keep_trimmed(p, by + strlen(word_by), strlen(by + strlen(word_by)));
        return keep_trimmed(p, text, (size_t)(at - text));
    }
    return keep_trimmed(p, text, strlen(text));
}

/* Cuts "by SOURCE" off the end of a line, and returns what stands before it. */
static const char *before_source(struct parse *p, const char *text, const char **source)
{
    const char *by = strstr(text, " by ");
    if (by)
        *source = keep_trimmed(p, by + strlen(" by "), strlen(by + strlen(" by ")));
    return keep_trimmed(p, text, by ? (size_t)(by - text) : strlen(text));
}

enum { SOURCE_MOST = 100 };
static const char source_expected[] = "behind the word by, who says so, in 1 to 100 printable characters";

static bool is_source(const char *source)
{
    return !source || (*source && strlen(source) <= SOURCE_MOST && printable(source));
}

static const char *set_agent(struct parse *p, const struct profile_key *k, const char *text, void *field)
{
    struct user_agents *to = field;
    struct user_agent row = {.from = TIME_UNKNOWN};
    row.text = before_day(p, text, &row.from, &row.source);
    if (p->full)
        return NULL;
    if (!text_fits(k, row.text))
        return k->expected;
    if (!is_source(row.source))
        return source_expected;
    if (!to->n && row.from != TIME_UNKNOWN)
        return "a user agent without a day on the first line: it is always in use";
    if (to->n && row.from == TIME_UNKNOWN)
        return "from YYYY-MM-DD behind the user agent: each line but the first needs the day from which it is in use";
    if (to->n && row.from < to->v[to->n - 1].from)
        return "a day that is not before that of the line above";
    if (to->n == PROFILE_ROWS)
        return too_many;
    to->v[to->n++] = row;
    return NULL;
}

/* A header by RFC 9110 5.1 and 5.5. An empty first line means that no header is sent. */
static const char *set_header(struct parse *p, const struct profile_key *k, const char *text, void *field)
{
    struct texts *to = field;
    size_t name = strcspn(text, ":"), all = strlen(text);
    if (!all && !to->n)
        return NULL;
    const char *value = text + name + (text[name] == ':');
    value += strspn(value, " \t");
    const char *bare = arena_strndup(p->a, text, name);
    if (!bare) {
        p->full = true;
        return NULL;
    }
    if (!name || !*value || all > k->most || !all_of(bare, "!#$%&'*+-.^_`|~") || !printable(value) ||
        !strcasecmp(bare, "Host") || !strcasecmp(bare, "User-Agent") || !strcasecmp(bare, "Accept-Encoding"))
        return k->expected;
    p->full = !texts_add(p->a, to, arena_printf(p->a, "%s: %s", bare, value)) || p->full;
    return NULL;
}

/* Reads the value of a row with dates and moves *text past it. False where it is not a value. */
static bool dated_word(const struct profile_key *k, const char **text, uint32_t *ret)
{
    if (k->kind == KEY_DATED)
        return number(text, k->least, k->most, ret);
    size_t n = strcspn(*text, " \t");
    *ret = n == strlen("yes") && !strncmp(*text, "yes", n);
    if (!*ret && (n != strlen("no") || strncmp(*text, "no", n)))
        return false;
    *text += n;
    return true;
}

static const char *set_dated(struct parse *p, const struct profile_key *k, const char *text, void *field)
{
    struct dated_rows *to = field;
    struct dated row = {.from = TIME_UNKNOWN};
    uint32_t value;
    text = before_source(p, text, &row.source);
    if (!dated_word(k, &text, &value))
        return k->expected;
    row.value = (int)value;
    if (!is_source(row.source))
        return source_expected;
    if (!to->n && *text)
        return "the value alone on the first line: it is in force until the first date";
    if (to->n && !*text)
        return "from YYYY-MM-DD behind the value: each line but the first needs the day from which it is in force";
    if (to->n && (!word(&text, "from") || !time_parse(text, &row.from)))
        return "a value and the day from which it is in force: VALUE from YYYY-MM-DD";
    if (to->n && row.from <= to->v[to->n - 1].from)
        return "a later day than that of the line before";
    if (to->n == PROFILE_ROWS)
        return too_many;
    to->v[to->n++] = row;
    return NULL;
}

/* SECTION MEANS from YYYY-MM-DD by SOURCE */
static const char *set_sunset(struct parse *p, const struct profile_key *k, const char *text, void *field)
{
    struct sunsets *to = field;
    struct sunset row = {.from = TIME_UNKNOWN};
    const char *what = before_day(p, text, &row.from, &row.source);
    size_t n = strspn(what, "0123456789.");
    if (!*text && !to->n)
        return NULL;
    row.section = keep_trimmed(p, what, n);
    row.means = keep_trimmed(p, what + n, strlen(what + n));
    if (!n || what[n] != ' ' || !*row.means || strlen(row.means) > k->most || !printable(row.means))
        return k->expected;
    if (row.from == TIME_UNKNOWN)
        return "from YYYY-MM-DD behind the method: the day on which it ends";
    if (!is_source(row.source))
        return source_expected;
    if (to->n && row.from < to->v[to->n - 1].from)
        return "a day that is not before that of the line above";
    if (to->n == sizeof to->v / sizeof *to->v)
        return "no more than sixteen of them";
    to->v[to->n++] = row;
    return NULL;
}

static const char *set_quorum(struct parse *p, const struct profile_key *k, const char *text, void *field)
{
    struct quorum_rows *to = field;
    struct quorum row;
    (void)p;
    if (!number(&text, k->least, k->most, &row.may_differ) || !word(&text, "of") ||
        !number(&text, 1, k->most, &row.of) || *text || row.may_differ > row.of)
        return k->expected;
    if (to->n && row.of <= to->v[to->n - 1].of)
        return "a greater number of perspectives than in the line before";
    if (to->n == PROFILE_ROWS)
        return too_many;
    to->v[to->n++] = row;
    return NULL;
}

static const char *set_step(struct parse *p, const struct profile_key *k, const char *text, void *field)
{
    struct poll_steps *to = field;
    struct poll_step row;
    (void)p;
    if (!number(&text, k->least, k->most, &row.every) || !word(&text, "until") ||
        !number(&text, k->least, k->most, &row.until) || *text || row.every > row.until)
        return k->expected;
    if (to->n && row.until <= to->v[to->n - 1].until)
        return "a later end than that of the line before";
    if (to->n == PROFILE_ROWS)
        return too_many;
    to->v[to->n++] = row;
    return NULL;
}

/* ---------------------------------------------------------------- the kinds -------------------------- */

static const struct profile_kind {
    set_fn *set;  /* reads the whole line; NULL where .add reads each word of it */
    set_fn *add;
    size_t table; /* size of the table in bytes, which the first line clears; 0 where the key has one value */
} kinds[] = {
    [KEY_TEXT] = {set_text, NULL, 0},
    [KEY_LABEL] = {set_text, NULL, 0},
    [KEY_HOST] = {set_text, NULL, 0},
    [KEY_PREFIX] = {set_text, NULL, 0},
    [KEY_DIR] = {set_text, NULL, 0},
    [KEY_FILE] = {set_text, NULL, 0},
    [KEY_TAG] = {set_text, NULL, 0},
    [KEY_NUMBER] = {set_number, NULL, 0},
    [KEY_REACH] = {set_reach, NULL, 0},
    [KEY_HOSTS] = {NULL, add_host, sizeof(struct texts)},
    [KEY_STATUSES] = {NULL, add_statuses, sizeof(struct statuses)},
    [KEY_PORTS] = {NULL, add_port, sizeof(struct file_ports)},
    [KEY_METHODS] = {NULL, add_method, sizeof(struct method_labels)},
    [KEY_PAIRS] = {NULL, add_pair, sizeof(struct label_pairs)},
    [KEY_ENCODINGS] = {NULL, add_encoding, sizeof(struct texts)},
    [KEY_ORDER_ANSWERS] = {NULL, add_order_answer, sizeof(struct order_answers)},
    [KEY_AGENTS] = {set_agent, NULL, sizeof(struct user_agents)},
    [KEY_HEADERS] = {set_header, NULL, sizeof(struct texts)},
    [KEY_DATED] = {set_dated, NULL, sizeof(struct dated_rows)},
    [KEY_DATED_SWITCH] = {set_dated, NULL, sizeof(struct dated_rows)},
    [KEY_SUNSETS] = {set_sunset, NULL, sizeof(struct sunsets)},
    [KEY_QUORUM] = {set_quorum, NULL, sizeof(struct quorum_rows)},
    [KEY_STEPS] = {set_step, NULL, sizeof(struct poll_steps)},
};

/* Adds each word of the line to the table. A line without a word is a mistake, unless the table may be empty. */
static const char *set_words(struct parse *p, const struct profile_key *k, const char *text, void *field)
{
    static const char between[] = " \t,";
    bool any = false;
    for (size_t n; *(text += strspn(text, between)); text += n) {
        n = strcspn(text, between);
        const char *one = arena_strndup(p->a, text, n);
        if (!one) {
            p->full = true;
            return NULL;
        }
        const char *expected = kinds[k->kind].add(p, k, one, field);
        if (expected)
            return expected;
        any = true;
    }
    return any || !k->least ? NULL : k->expected;
}

static const char *set(struct parse *p, const char *section, const char *name, const char *value)
{
    size_t i = 0;
    while (i < KEY_COUNT && (strcmp(keys[i].section, section) || strcmp(keys[i].name, name)))
        i++;
    if (i == KEY_COUNT)
        return "a key of the form: see contrib/ca-profiles/digicert.conf for all sections and keys";
    p->key = keys[i].name;
    const struct profile_kind *kind = &kinds[keys[i].kind];
    void *field = (char *)&p->profile + keys[i].offset;
    if (p->seen[i] && !kind->table)
        return "one value: this key stands here twice, or its value is continued on an indented line";
    if (!p->seen[i] && kind->table)
        memset(field, 0, kind->table);
    p->seen[i] = true;
    return kind->set ? kind->set(p, &keys[i], value, field) : set_words(p, &keys[i], value, field);
}

/* ---------------------------------------------------------------- the file --------------------------- */

static int take(void *user, const char *section, const char *name, const char *value)
{
    struct parse *p = user;
    if (p->bad_line)
        return 1;
    p->key = NULL;
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

/* inih silently cuts long lines in two and stops at a NUL, so such texts are refused before it reads them. */
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
                  const char **key, const char **expected)
{
    *key = NULL;
    struct parse p = {.a = a, .at = text, .end = text + len, .profile = *profile_builtin()};
    if (!lines_fit(text, len, line, expected))
        return -EINVAL;
    int bad = ini_parse_stream(next_line, &p, take, &p);
    if (p.full)
        return -ENOMEM;
    if (bad) {
        *line = (unsigned)bad;
        *key = p.bad_line == *line ? p.key : NULL;
        *expected =
            p.bad_line == *line ? p.expected : "a line of the form key = value, or a section in brackets";
        return bad < 0 ? -ENOMEM : -EINVAL;
    }
    *ret = p.profile;
    return 0;
}
