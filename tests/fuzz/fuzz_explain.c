/* Any bytes as a paste and as a code: the explanation has no control byte but the line feed, its JSON is valid,
 * and the command is one shell line in which the name is one word. */
#include "format/json_write.h"
#include "format/paste.h"
#include "model/codes.h"
#include "ca/profile.h"
#include "show/explain.h"
#include "show/explain_command.h"
#include "show/explain_paste.h"

#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define NOW 1795348800000 /* 2026-11-22T12:00:00Z */

static void is_shown_safely(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert(s[i] == '\n' || ((unsigned char)s[i] >= ' ' && s[i] != 0x7f));
}

/* Reads quotes as a POSIX shell does: outside of them no character has a meaning, and each is closed. */
static void is_one_command(const char *s)
{
    char quote = 0;
    for (; *s; s++) {
        assert(*s != '\n');
        if (quote == '\'') {
            quote = *s == '\'' ? 0 : quote;
        } else if (*s == '\\') {
            assert(*++s);
        } else if (quote == '"') {
            assert(*s != '$' && *s != '`');
            quote = *s == '"' ? 0 : quote;
        } else if (*s == '\'' || *s == '"') {
            quote = *s;
        } else {
            assert(!strchr("|&;<>()$`*?[#~!{}", *s));
        }
    }
    assert(!quote);
}

static void one(struct arena *a, const char *text)
{
    const char *v[2];
    enum code c = code_find(a, text, v), near[5];
    if (c == CODE_NONE) {
        size_t n = code_nearest(text, near, 5);
        assert(n <= 5);
        for (size_t i = 0; i < n; i++)
            assert(code_info(near[i]));
        return;
    }
    assert(v[0] && v[1]);

    struct buf b = {0};
    explain_code(&b, a, c, v, &(const struct render){0}, profile_builtin(), NOW);
    assert(!b.failed);
    is_shown_safely(b.p, b.n);
    assert(b.p[b.n - 1] == '\n');
    buf_free(&b);

    b = (struct buf){0};
    struct json_out j = {.b = &b};
    explain_code_json(&j, NULL, a, c, v, profile_builtin(), NOW);
    assert(!b.failed);
    is_shown_safely(b.p, b.n);
    json_t *back = json_loadb(b.p, b.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    assert(back);
    json_decref(back);
    buf_free(&b);

    const char *command = code_command(a, c, v);
    if (command)
        is_one_command(command);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(0);
    char *text = malloc(size + 1);
    if (!a || !text)
        abort();
    memcpy(text, data, size);
    text[size] = 0;
    one(a, text);

    struct paste p;
    assert(!paste_read(a, (const char *)data, size, NULL, &p));
    assert(p.n <= PASTE_FOUND_MOST);
    struct buf b = {0};
    explain_paste(&b, a, &p, &(const struct render){0}, profile_builtin(), NOW);
    assert(!b.failed);
    if (b.p)
        is_shown_safely(b.p, b.n);
    buf_free(&b);
    b = (struct buf){0};
    struct json_out j = {.b = &b};
    json_open(&j, NULL, '{');
    explain_paste_json(&j, a, &p, profile_builtin(), NOW);
    json_close(&j, '}');
    assert(!b.failed);
    is_shown_safely(b.p, b.n);
    json_t *back = json_loadb(b.p, b.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    assert(back);
    json_decref(back);
    buf_free(&b);
    for (size_t i = 0; i < p.n_names; i++)
        is_one_command(explain_name_command(a, p.names[i].domain));
    for (size_t i = 0; i < p.n && i < 8; i++) {
        assert((p.found[i].code != CODE_NONE) + (p.found[i].cause != CAUSE_NONE) + (p.found[i].name != NULL) == 1);
        one(a, p.found[i].text);
    }
    free(text);
    arena_free(a);
    return 0;
}
