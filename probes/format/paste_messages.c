/* paste_messages.c - finds the messages of the API's document, and ours, in a text. Words count, not what
 * divides them: in a log a message may be broken over lines. */
#include "format/paste_inner.h"

#include <string.h>

static const struct phrase {
    enum code code;
    const char *words;
} rows[] = {
#define MESSAGE(id, words) {CODE_##id, words},
#include "format/paste_messages.def"
#undef MESSAGE
};
enum {
    ROWS = sizeof rows / sizeof *rows,
    ALL = ROWS + CODE_COUNT, /* behind the rows each code's own message, as dcvd's API says it */
    LETTERS = 26,
    CODES = sizeof((struct paste_message *)0)->codes / sizeof(enum code)
};

static const char *words_of(size_t i)
{
    return i < ROWS ? rows[i].words : code_info((enum code)(i - ROWS + 1))->message;
}

static enum code code_of(size_t i)
{
    return i < ROWS ? rows[i].code : (enum code)(i - ROWS + 1);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* The messages by their first letter, so that a long text is read fast. */
struct index {
    short first[LETTERS], next[ALL]; /* -1 ends a list */
};

static void make_index(struct index *x)
{
    memset(x->first, -1, sizeof x->first);
    for (size_t i = ALL; i-- > 0;) {
        int letter = lower(words_of(i)[0]) - 'a';
        if (letter < 0 || letter >= LETTERS)
            continue;
        x->next[i] = x->first[letter];
        x->first[letter] = (short)i;
    }
}

/* Whether the words stand at p. Returns where they end, or 0. */
static size_t match(const char *p, size_t n, size_t at, const char *words)
{
    enum { GAP = 24 }; /* the most that divides two words: quotes, a line end and its indentation */
    const char *w = words;
    size_t i = at, end = at;
    for (;;) {
        for (; paste_is_alnum(*w); w++, i++)
            if (i == n || lower(p[i]) != lower(*w))
                return 0;
        if (i < n && paste_is_alnum(p[i]))
            return 0;
        end = i;
        while (*w && !paste_is_alnum(*w))
            w++;
        if (!*w)
            return end;
        while (i < n && !paste_is_alnum(p[i]) && i - end < GAP)
            i++;
        if (i == end)
            return 0;
    }
}

static void add_code(struct paste_message *m, enum code c)
{
    size_t k = 0;
    while (k < CODES - 1 && m->codes[k] != CODE_NONE && m->codes[k] != c)
        k++;
    if (k < CODES - 1)
        m->codes[k] = c;
}

void paste_messages(const char *p, size_t n, bool (*seen)(void *user, const struct paste_message *m),
                    void *user)
{
    struct index x;
    make_index(&x);
    for (size_t i = 0; i < n;) {
        int letter = lower(p[i]) - 'a';
        struct paste_message m = {.at = i};
        bool begins = letter >= 0 && letter < LETTERS && (!i || !paste_is_alnum(p[i - 1]));
        for (short r = begins ? x.first[letter] : -1; r >= 0; r = x.next[r]) {
            size_t end = match(p, n, i, words_of((size_t)r));
            if (end > m.end) /* the longest says most */
                m = (struct paste_message){.at = i, .end = end};
            if (end && end == m.end)
                add_code(&m, code_of((size_t)r));
        }
        if (m.end && !seen(user, &m))
            return;
        i = m.end ? m.end : i + 1;
    }
}
