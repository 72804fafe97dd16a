#include "cmd/submit_batch.h"

#include "base/text.h"
#include "cmd/cli.h"
#include "cmd/client.h"
#include "format/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TITLE_SHOWN = 48 };

struct sending {
    const char *name;
    int in;
    bool ended, told; /* told: which columns are not sent */
    struct lines *lines;
    const struct given_list *given;
    size_t number; /* number of the line that is sent next, from 1 */
    struct buf out;
    size_t out_at;
};

/* ---------------------------------------------------------------- one line --------------------------- */

/* Adds the given fields to o, without those that o has already. */
static bool fill(json_t *o, const struct given_list *given)
{
    json_t *more = json_object();
    bool ok = more;
    for (size_t i = 0; ok && i < given->n; i++) {
        const struct given *g = &given->v[i];
        const char *name = g->field->name;
        if (json_object_get(o, name))
            continue;
        json_t *list, *v = g->field->kind == FIELD_NUMBER
                               ? json_loadb(g->value, g->len, JSON_DECODE_ANY, NULL)
                               : json_stringn(g->value, g->len);
        if (g->field->kind != FIELD_LIST) {
            ok = !json_object_set_new(more, name, v);
            continue;
        }
        if (!json_object_get(more, name))
            json_object_set_new(more, name, json_array());
        list = json_object_get(more, name);
        ok = !json_array_append_new(list, v);
    }
    ok = ok && !json_object_update(o, more);
    json_decref(more);
    return ok;
}

int submit_line(const struct lines *l, struct line *line, const struct given_list *given, struct arena *a,
                char **ret, const char **why)
{
    struct request q;
    struct given_list own;
    int rc = line_request(l, line, a, cli_now(), &q, why);
    if (!rc)
        rc = line_given(l, line, a, &own, why);
    if (rc < 0)
        return rc;
    json_t *o = rc ? json_loadb(line->text, line->len, 0, NULL) : json_object();
    *ret = o && fill(o, &own) && fill(o, given) ? json_dumps(o, JSON_COMPACT) : NULL;
    json_decref(o);
    if (!*ret)
        *why = "it cannot be sent; expected text in UTF-8";
    return *ret ? 0 : -EINVAL;
}

void submit_tell_own(const struct lines *l, struct arena *a)
{
    const char *list = "", *const *title = lines_titles(l);
    size_t n = 0;
    for (size_t i = 0; list && title[i]; i++) {
        if (!lines_own(l, i))
            continue;
        list = arena_concat(a, list, n ? ", " : "", text_escape(a, title[i], strlen(title[i]), TITLE_SHOWN), NULL);
        n++;
    }
    if (list && n)
        complain("not sent, for they are no part of a request: column%s %s; dcvd keeps a column named label, and "
                 "dcvprobe batch --format csv carries all of them",
                 n == 1 ? "" : "s", list);
}

/* Adds the line to s->out in the form of the daemon. Returns as submit_line(). */
static int write_line(struct sending *s, struct arena *a, struct line *line, const char **why)
{
    char *text;
    int rc = submit_line(s->lines, line, s->given, a, &text, why);
    if (rc)
        return rc;
    /* The daemon counts lines: empty ones keep its numbers the same as in the file. */
    for (; s->number < line->number; s->number++)
        buf_puts(&s->out, "\n");
    buf_puts(&s->out, text);
    buf_puts(&s->out, "\n");
    s->number++;
    free(text);
    return s->out.failed ? -ENOMEM : 0;
}

/* ---------------------------------------------------------------- the stream ------------------------- */

/* Reads more of the file. 0, or a negative errno, and the error was printed. */
static int feed(struct sending *s)
{
    static char piece[65536];
    ssize_t n;
    do
        n = read(s->in, piece, sizeof piece);
    while (n < 0 && errno == EINTR);
    if (n < 0) {
        int err = -errno;
        complain("'%s' cannot be read: %s; expected a readable file", s->name, strerror(errno));
        return err;
    }
    s->ended = !n;
    if (!n)
        lines_end(s->lines);
    lines_feed(s->lines, piece, (size_t)n);
    return 0;
}

/* Puts the next line into .out. 1; 0: there is none left; or a negative errno, and the error was printed. */
static int next(struct sending *s)
{
    struct arena *a = arena_new(0);
    struct line line;
    const char *why = NULL;
    int rc = a ? 0 : -ENOMEM;
    while (!rc && !(rc = lines_next(s->lines, a, &line, &why)) && !s->ended)
        if ((rc = feed(s))) {
            arena_free(a);
            return rc;
        }
    if (rc == -EINVAL) {
        complain("'%s', %s", s->name, why);
    } else if (rc == 1) {
        if (!s->told)
            submit_tell_own(s->lines, a);
        s->told = true;
        rc = write_line(s, a, &line, &why);
        if (rc == -EINVAL)
            complain("'%s', line %zu: %s", s->name, line.number, why);
        rc = rc ? rc : 1;
    }
    if (rc < 0 && rc != -EINVAL)
        complain_no_memory();
    arena_free(a);
    return rc;
}

static size_t on_read(void *user, char *to, size_t most)
{
    struct sending *s = user;
    if (s->out_at == s->out.n) {
        s->out_at = s->out.n = 0;
        int rc = 1;
        while (rc == 1 && s->out.n < most)
            rc = next(s);
        if (rc < 0)
            return SIZE_MAX;
    }
    size_t n = s->out.n - s->out_at;
    n = n < most ? n : most;
    if (n)
        memcpy(to, s->out.p + s->out_at, n);
    s->out_at += n;
    return n;
}

int submit_batch(const char *socket, const char *path, const struct given_list *given)
{
    bool own = strcmp(path, "-") != 0;
    struct sending s = {.name = path, .given = given, .number = 1};
    s.in = own ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    if (s.in < 0) {
        complain("--batch: '%s' cannot be opened: %s; expected a readable file", path, strerror(errno));
        return EXIT_USAGE;
    }
    s.lines = lines_new(given, NULL);
    struct client *c = client_new(socket);
    struct client_answer answer;
    int status = EXIT_USAGE;
    if (c && s.lines && client_stream(c, "/v1/batches", on_read, &s, &answer))
        status = client_print_id(&answer);
    client_free(c);
    lines_free(s.lines);
    buf_free(&s.out);
    if (own)
        close(s.in);
    return status;
}
