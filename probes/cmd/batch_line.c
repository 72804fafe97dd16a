#include "cmd/batch_line.h"

#include "base/hash.h"
#include "format/lines.h"
#include "show/redact.h"
#include "show/render_as.h"
#include "show/render_wrap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SHOWN = 100, SERVERS_SHOWN = 20 };

/* A line with its words. Those whose reports all came stay until the lines before have been written. */
struct batch_line {
    struct arena *arena;
    size_t left, n, n_cells;
    bool missing, ended;
    char key[LINE_KEY + 1];
    const char **cells;
    enum verdict verdict;
    size_t told; /* the part that stands for the domain */
    struct domain_part part[METHOD_COUNT];
    struct summary_words words[METHOD_COUNT];
    struct batch_line *next;
};

/* How often each of some names was counted: a hash table with open addressing. */
struct tallied {
    const char *name;
    size_t times;
};
struct counts {
    struct tallied *v;
    size_t n, room; /* room is a power of two */
};

struct batch_lines {
    bool rows, groups, redact;
    const struct since *since;
    struct batch_line *first, **last;
    struct arena *names; /* of .cause, .code and .server */
    struct counts cause, code, server;
    size_t verdict[VERDICT_COUNT], unnamed; /* failures of an earlier run, whose words are not known */
    bool failed;                            /* out of memory */
};

struct batch_lines *batch_lines_new(bool rows, bool groups, bool redact, const struct since *since)
{
    struct batch_lines *l = calloc(1, sizeof *l);
    if (!l || !(l->names = arena_new(0))) {
        free(l);
        return NULL;
    }
    l->rows = rows;
    l->groups = groups;
    l->redact = redact;
    l->since = since;
    l->last = &l->first;
    return l;
}

void batch_lines_free(struct batch_lines *l)
{
    if (!l)
        return;
    for (struct batch_line *line = l->first, *next; line; line = next) {
        next = line->next;
        arena_free(line->arena);
    }
    free(l->cause.v);
    free(l->code.v);
    free(l->server.v);
    arena_free(l->names);
    free(l);
}

/* ---------------------------------------------------------------- counts ----------------------------- */

static struct tallied *slot(struct tallied *v, size_t room, const char *name)
{
    size_t i = fnv(FNV_START, name, strlen(name)) & (room - 1);
    while (v[i].name && strcmp(v[i].name, name) != 0)
        i = (i + 1) & (room - 1);
    return &v[i];
}

static bool grow(struct counts *c)
{
    enum { FIRST = 64 };
    size_t room = c->room ? c->room * 2 : FIRST;
    struct tallied *v = calloc(room, sizeof *v);
    for (size_t i = 0; v && i < c->room; i++)
        if (c->v[i].name)
            *slot(v, room, c->v[i].name) = c->v[i];
    if (!v)
        return false;
    free(c->v);
    c->v = v;
    c->room = room;
    return true;
}

static void count(struct batch_lines *l, struct counts *c, const char *name)
{
    if (c->n * 2 >= c->room && !grow(c)) {
        l->failed = true;
        return;
    }
    struct tallied *one = slot(c->v, c->room, name);
    if (!one->name) {
        one->name = arena_strdup(l->names, name);
        c->n += one->name != NULL;
        l->failed = l->failed || !one->name;
    }
    one->times++;
}

static int by_times(const void *x, const void *y)
{
    const struct tallied *a = x, *b = y;
    if (!a->name || !b->name)
        return !a->name - !b->name;
    return a->times != b->times ? (a->times < b->times) - (a->times > b->times) : strcmp(a->name, b->name);
}

/* One group, the largest first; the table is of no more use to count. */
static void group(struct buf *b, struct arena *a, const char *title, struct counts *c, size_t most)
{
    if (!c->n)
        return;
    qsort(c->v, c->room, sizeof *c->v, by_times);
    buf_printf(b, "%s\n", title);
    for (size_t i = 0; i < c->n && i < most; i++) {
        enum cause cause = cause_find(c->v[i].name);
        buf_printf(b, "  %7zu  %s", c->v[i].times,
                   *c->v[i].name ? render_safe(a, c->v[i].name, NAME_SHOWN) : "none");
        if (cause != CAUSE_NONE)
            buf_printf(b, ", for %s", actor_words(cause_info(cause)->who_acts));
        buf_puts(b, "\n");
    }
    if (c->n > most)
        buf_printf(b, "  … and %zu more\n", c->n - most);
}

/* ---------------------------------------------------------------- lines ------------------------------ */

struct batch_line *batch_line_begin(struct batch_lines *l, size_t n, const char *key,
                                    const char *const *cells, size_t n_cells)
{
    struct arena *a = arena_new(0);
    struct batch_line *line = a ? arena_alloc(a, sizeof *line) : NULL;
    const char **own = line && l->rows ? arena_array(a, n_cells + 1, sizeof *own) : NULL;
    if (!line || (l->rows && !own)) {
        arena_free(a);
        return NULL;
    }
    line->arena = a;
    line->left = n;
    line->cells = own;
    line->n_cells = n_cells;
    memcpy(line->key, key, sizeof line->key);
    for (size_t i = 0; own && i < n_cells; i++)
        own[i] = arena_strdup(a, cells[i]);
    *l->last = line;
    l->last = &line->next;
    return line;
}

/* The words of a report, which is freed before they are written. */
static struct summary_words words_of(struct arena *a, const struct report *r, bool redact)
{
    struct summary_words w = summary_words_of(a, r);
    const char *const keep[] = {r->request->input, NULL};
    const char *token = redact ? r->request->token : NULL;
    const char *text = redact_shown(a, token, keep, w.text), *cure = redact_shown(a, token, keep, w.cure);
    const char *server = arena_strdup(a, w.server);
    w.text = text ? text : "";
    w.cure = cure ? cure : "";
    w.server = server ? server : "";
    return w;
}

static void judge_line(struct batch_line *line)
{
    bool risky[METHOD_COUNT];
    struct domain_verdict is = {.verdict = VERDICT_UNDECIDED};
    line->told = DOMAIN_NONE;
    line->ended = true;
    for (size_t i = 0; i < line->n; i++)
        risky[i] = line->words[i].risky;
    if (line->n) {
        is = domain_judge(line->arena, line->part, line->n);
        line->told = summary_part(&is, line->part, risky, line->n);
    }
    line->verdict = line->missing && is.verdict == VERDICT_PASS ? VERDICT_UNDECIDED : is.verdict;
    if (line->told == DOMAIN_NONE && line->n) { /* nothing was looked for: the reason stands for the words */
        line->told = 0;
        line->words[0] = (struct summary_words){.code = "",
                                                .detail_code = "",
                                                .cause = "",
                                                .who_acts = "",
                                                .text = is.because ? is.because : "",
                                                .cure = "",
                                                .server = ""};
    }
}

static void count_line(struct batch_lines *l, const struct batch_line *line)
{
    l->verdict[line->verdict]++;
    if (!l->groups || line->verdict != VERDICT_FAIL || line->told == DOMAIN_NONE)
        return;
    const struct summary_words *w = &line->words[line->told];
    if (!w->code) {
        l->unnamed++;
        return;
    }
    char code[NAME_SHOWN]; /* without its variable */
    snprintf(code, sizeof code, "%.*s", (int)strcspn(w->code, "|"), w->code);
    count(l, &l->cause, w->cause);
    count(l, &l->code, code);
    count(l, &l->server, w->server);
}

bool batch_line_add(struct batch_lines *l, struct batch_line *line, const struct domain_part *part,
                    const struct report *r, enum verdict *ret)
{
    if (part && line->n < METHOD_COUNT) {
        if (r && (l->rows || l->groups))
            line->words[line->n] = words_of(line->arena, r, l->redact);
        line->part[line->n++] = *part;
    }
    line->missing = line->missing || !part;
    if (--line->left)
        return false;
    judge_line(line);
    *ret = line->verdict;
    count_line(l, line);
    if (!l->rows)
        batch_lines_rows(l, NULL);
    return true;
}

/* ---------------------------------------------------------------- rows ------------------------------- */

void batch_lines_titles(struct buf *b, const char *const *titles)
{
    for (; *titles; titles++) {
        render_csv_field(b, *titles);
        buf_puts(b, ",");
    }
    buf_puts(b, SINCE_TITLES "\n");
}

static void row(struct batch_lines *l, const struct batch_line *line, struct buf *b)
{
    const struct summary_words none = {
        .code = "", .detail_code = "", .cause = "", .who_acts = "", .text = "", .cure = "", .server = ""};
    const struct summary_words *w = line->told == DOMAIN_NONE ? &none : &line->words[line->told];
    const struct outcome is = {verdict_name(line->verdict), w->code, w->detail_code, w->cause};
    if (l->since && since_same(l->since, line->arena, line->key, &is))
        return;
    for (size_t i = 0; i < line->n_cells; i++) {
        render_csv_field(b, line->cells[i]);
        buf_puts(b, ",");
    }
    const char *const fields[] = {is.verdict,  w->code, w->detail_code, w->cause,
                                  w->who_acts, w->text, w->cure};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        buf_puts(b, i ? "," : "");
        render_csv_field(b, render_safe(line->arena, fields[i], SIZE_MAX));
    }
    buf_puts(b, "\n");
}

void batch_lines_rows(struct batch_lines *l, struct buf *b)
{
    while (l->first && l->first->ended) {
        struct batch_line *line = l->first;
        l->first = line->next;
        if (!l->first)
            l->last = &l->first;
        if (b)
            row(l, line, b);
        arena_free(line->arena);
    }
}

void batch_lines_groups(struct batch_lines *l, struct buf *b)
{
    struct arena *a = arena_new(0);
    const size_t *v = l->verdict;
    buf_printf(b, "%zu domain%s: %zu pass, %zu fail, %zu undecided\n",
               v[VERDICT_PASS] + v[VERDICT_FAIL] + v[VERDICT_UNDECIDED],
               v[VERDICT_PASS] + v[VERDICT_FAIL] + v[VERDICT_UNDECIDED] == 1 ? "" : "s", v[VERDICT_PASS],
               v[VERDICT_FAIL], v[VERDICT_UNDECIDED]);
    if (a) {
        group(b, a, "Failures by cause", &l->cause, SIZE_MAX);
        group(b, a, "Failures by code", &l->code, SIZE_MAX);
        group(b, a, "Failures by name server", &l->server, SERVERS_SHOWN);
    }
    if (l->unnamed)
        buf_printf(b, "%zu failures of an earlier run are in no group\n", l->unnamed);
    b->failed = b->failed || l->failed || !a;
    arena_free(a);
}
