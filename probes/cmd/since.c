#include "cmd/since.h"

#include "base/hash.h"
#include "cmd/cli.h"
#include "show/render_wrap.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* A hash table with open addressing; the keys are hashes already. */
struct was {
    uint64_t key, outcome;
    bool used;
};
struct since {
    struct was *v;
    size_t n, room; /* room is a power of two */
};

static struct was *find(struct was *v, size_t room, uint64_t key)
{
    size_t i = key & (room - 1);
    while (v[i].used && v[i].key != key)
        i = (i + 1) & (room - 1);
    return &v[i];
}

static uint64_t hash_of(struct arena *a, const struct outcome *o)
{
    const char *const words[] = {o->verdict, o->code, o->detail_code, o->cause};
    uint64_t h = FNV_START;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const char *shown = render_safe(a, words[i], SIZE_MAX); /* as a row of CSV has it */
        h = fnv(h, shown, strlen(shown) + 1);
    }
    return h;
}

/* Of several with one key the last counts. */
static bool add(struct since *s, uint64_t key, uint64_t outcome)
{
    if (s->n * 2 >= s->room) {
        enum { FIRST = 1024 };
        size_t room = s->room ? s->room * 2 : FIRST;
        struct was *v = calloc(room, sizeof *v);
        if (!v)
            return false;
        for (size_t i = 0; i < s->room; i++)
            if (s->v[i].used)
                *find(v, room, s->v[i].key) = s->v[i];
        free(s->v);
        s->v = v;
        s->room = room;
    }
    struct was *one = find(s->v, s->room, key);
    s->n += !one->used;
    *one = (struct was){key, outcome, true};
    return true;
}

bool since_same(const struct since *s, struct arena *a, const char *key, const struct outcome *is)
{
    const struct was *one = s->n ? find(s->v, s->room, strtoull(key, NULL, 16)) : NULL;
    return one && one->used && one->outcome == hash_of(a, is);
}

void since_free(struct since *s)
{
    if (s)
        free(s->v);
    free(s);
}

struct outcome since_outcome_of(struct arena *a, const struct report *r)
{
    const struct code_info *detail = code_info(r->detail_code);
    const char *code = r->error.code == CODE_NONE ? NULL : code_text(a, &r->error);
    const struct cause_info *cause = r->n_findings ? cause_info(r->findings->cause) : NULL;
    return (struct outcome){verdict_name(r->verdict), code ? code : "", detail ? detail->code : "",
                            cause ? cause->id : ""};
}

/* ---------------------------------------------------------------- reading ---------------------------- */

static const char *text_of(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));
    return text ? text : "";
}

/* 0; -EINVAL: it is no report of a batch; or -ENOMEM. */
static int take_report(struct since *s, struct arena *a, const char *text, size_t n)
{
    json_t *o = json_loadb(text, n, 0, NULL);
    const char *key = text_of(o, "key");
    const struct outcome is = {
        text_of(o, "verdict"), text_of(json_array_get(json_object_get(o, "errors"), 0), "code"),
        text_of(o, "detail_code"), text_of(json_array_get(json_object_get(o, "findings"), 0), "cause")};
    int rc = strlen(key) != LINE_KEY || !*is.verdict ? -EINVAL : 0;
    if (!rc && !add(s, strtoull(key, NULL, 16), hash_of(a, &is)))
        rc = -ENOMEM;
    json_decref(o);
    return rc;
}

/* The place of each column of an outcome; false: there is no such column. */
static bool columns_of(const char *const *titles, size_t at[4])
{
    static const char *const names[] = {"verdict", "code", "detail_code", "cause"};
    for (size_t k = 0; k < 4; k++) {
        at[k] = SIZE_MAX;
        for (size_t i = 0; titles[i]; i++)
            if (!strcmp(titles[i], names[k]))
                at[k] = i; /* the last one: an input may have had columns of that name */
        if (at[k] == SIZE_MAX)
            return false;
    }
    return true;
}

/* Returns as take_report(). */
static int take_row(struct since *s, struct arena *a, struct lines *l, struct line *line)
{
    struct request r;
    const char *why;
    char key[LINE_KEY + 1];
    size_t at[4];
    int rc = line_request(l, line, a, cli_now(), &r, &why);
    const char *const *cells = rc ? NULL : line_cells(l, line, a, &r);
    if (rc || !cells || !columns_of(lines_titles(l), at))
        return rc == -ENOMEM ? rc : -EINVAL;
    const struct outcome is = {cells[at[0]], cells[at[1]], cells[at[2]], cells[at[3]]};
    line_key(line, (enum method)0, key);
    return add(s, strtoull(key, NULL, 16), hash_of(a, &is)) ? 0 : -ENOMEM;
}

static int take_all(struct since *s, bool csv, struct lines *l, size_t *number)
{
    for (;;) {
        struct line line;
        const char *why;
        struct arena *a = arena_new(0);
        int rc = a ? lines_next(l, a, &line, &why) : -ENOMEM;
        if (rc == 1) {
            *number = line.number;
            rc = csv ? take_row(s, a, l, &line) : take_report(s, a, line.text, line.len);
            rc = rc ? rc : 1;
        }
        arena_free(a);
        if (rc != 1)
            return rc;
    }
}

struct since *since_read(const char *path, bool csv, const struct given_list *given,
                         const struct profile *profile)
{
    struct arena *a = arena_new(0);
    struct since *s = calloc(1, sizeof *s);
    struct lines *l = a && s ? lines_new(given, profile) : NULL;
    const char *text;
    size_t len, number = 1;
    int rc = l ? 0 : -ENOMEM;
    if (!rc && !cli_read(a, "--since", path, &text, &len)) {
        rc = -EIO;
    } else if (!rc) {
        lines_feed(l, text, len);
        lines_end(l);
        rc = take_all(s, csv, l, &number);
    }
    if (rc == -EINVAL)
        command_misused("--since: '%.200s', line %zu, is not %s; expected an earlier output of dcvprobe "
                        "batch --format %s",
                        path, number, csv ? "a row with a verdict" : "a report", csv ? "csv" : "ndjson");
    else if (rc == -ENOMEM)
        complain_no_memory();
    lines_free(l);
    arena_free(a);
    if (!rc)
        return s;
    since_free(s);
    return NULL;
}
