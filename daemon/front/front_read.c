/* front_read.c - answers out of the store: one check, lists, counts. */
#include "front/front_inner.h"

#include "format/json.h"

#include "base/table.h"

#include <errno.h>
#include <string.h>

static int take_row(void *user, const struct db_check_row *row)
{
    struct call *c = user;
    if (c->n_rows == c->room) {
        size_t room = c->room ? c->room * 2 : 8;
        struct api_row *v = arena_array(c->arena, room, sizeof *v);
        if (!v)
            return -ENOMEM;
        if (c->n_rows)
            memcpy(v, c->rows, c->n_rows * sizeof *v);
        c->rows = v;
        c->room = room;
    }
    const char *domain = arena_strdup(c->arena, row->domain);
    c->rows[c->n_rows++] =
        (struct api_row){.id = row->id, .state = row->state, .domain = domain, .submitted = row->submitted};
    return domain ? 0 : -ENOMEM;
}

struct taking {
    struct arena *arena;
    const struct profile *profile;
    struct api_report reports[METHOD_COUNT]; /* a check has one for each of its methods */
    size_t n;
};

/* Of reading one report back. */
enum { CEILING_REPORT = 32 << 20 };

int call_report(struct arena *a, const struct profile *profile, const struct db_result_row *row, struct api_report *ret)
{
    struct buf shown = {0};
    if (row->evidence) {
        const struct stored stored = {row->report, row->report_len, row->evidence, row->evidence_len};
        struct arena *scratch = arena_new(CEILING_REPORT);
        struct json_out j = {.b = &shown};
        int rc = scratch ? json_write_stored(&j, NULL, scratch, profile, &stored) : -ENOMEM;
        arena_free(scratch);
        if (rc || shown.failed) {
            buf_free(&shown);
            return rc ? rc : -ENOMEM;
        }
    }
    size_t n = shown.p ? shown.n : row->report_len;
    *ret = (struct api_report){arena_strndup(a, shown.p ? shown.p : row->report, n), n};
    buf_free(&shown);
    return arena_full(a) ? -ENOMEM : 0;
}

static int take_result(void *user, const struct db_result_row *row)
{
    struct taking *t = user;
    return t->n == METHOD_COUNT ? -EILSEQ : call_report(t->arena, t->profile, row, &t->reports[t->n++]);
}

static int read_results(struct call *c, struct db *db, struct api_row *row, bool evidence)
{
    struct taking t = {.arena = c->arena, .profile = &generation_conf(c->generation)->profile};
    int rc = db_results(db, row->id, evidence, take_result, &t);
    if (rc || !t.n)
        return rc;
    struct api_report *v = arena_array(c->arena, t.n, sizeof *v);
    if (!v)
        return -ENOMEM;
    memcpy(v, t.reports, t.n * sizeof *v);
    row->reports = v;
    row->n_reports = t.n;
    return 0;
}

static int read_one(struct read_job *job, struct db *db)
{
    struct call *c = CONTAINER(job, struct call, read);
    int rc = db_check(db, c->api.id, take_row, c);
    return rc ? rc : read_results(c, db, &c->rows[0], true);
}

static void on_one(struct read_job *job, int status)
{
    struct call *c = CONTAINER(job, struct call, read);
    char text[17];
    db_id_text(c->api.id, text);
    struct api_answer ans = {0};
    if (status == -ENOENT) {
        api_error(&ans, 404, CODE_not_found, NULL,
                  "there is no check %s: it never was, or its time in the store is over", text);
    } else if (status) {
        call_answer_broken(c, status);
        return;
    } else {
        api_write_check(&ans, c->api.id, c->rows[0].state, c->rows[0].reports, c->rows[0].n_reports);
    }
    call_answer(c, &ans);
}

static int read_list(struct read_job *job, struct db *db)
{
    struct call *c = CONTAINER(job, struct call, read);
    struct db_filter f = c->api.filter;
    f.limit++; /* one more tells whether the list goes on */
    int rc = db_list(db, &f, take_row, c);
    for (size_t i = 0; !rc && i < c->n_rows && i < c->api.filter.limit; i++)
        rc = read_results(c, db, &c->rows[i], false);
    return rc;
}

static void on_list(struct read_job *job, int status)
{
    struct call *c = CONTAINER(job, struct call, read);
    if (status) {
        call_answer_broken(c, status);
        return;
    }
    bool more = c->n_rows > c->api.filter.limit;
    size_t n = more ? c->api.filter.limit : c->n_rows;
    for (size_t i = 0; i < n; i++)
        if (c->rows[i].state == STATE_QUEUED) /* the store does not know which of them run */
            scheduler_state(c->front->scheduler, c->rows[i].id, &c->rows[i].state);
    struct api_answer ans = {0};
    api_write_list(&ans, c->rows, n, more ? c->rows[n - 1].id : 0);
    call_answer(c, &ans);
}

int call_count(void *user, const char *value, int64_t n)
{
    struct call *c = user;
    struct api_counts *k = c->counting;
    if ((k->n & (k->n - 1)) == 0) { /* full: the room is the next power of two */
        struct api_count *v = arena_array(c->arena, k->n ? k->n * 2 : 1, sizeof *v);
        if (!v)
            return -ENOMEM;
        if (k->n)
            memcpy(v, k->v, k->n * sizeof *v);
        k->v = v;
    }
    k->v[k->n++] = (struct api_count){arena_strdup(c->arena, value), n};
    return arena_full(c->arena) ? -ENOMEM : 0;
}

static int read_stats(struct read_job *job, struct db *db)
{
    struct call *c = CONTAINER(job, struct call, read);
    int rc = 0;
    for (unsigned k = 0; k < DB_COUNT_KINDS && !rc; k++) {
        c->counting = &c->counts[k];
        rc = db_count(db, (enum db_count)k, c->api.filter.since, c->api.filter.until, call_count, c);
    }
    return rc;
}

static void on_stats(struct read_job *job, int status)
{
    struct call *c = CONTAINER(job, struct call, read);
    struct api_answer ans = {0};
    if (status) {
        call_answer_broken(c, status);
        return;
    }
    api_write_stats(&ans, c->api.filter.since, c->api.filter.until, c->counts);
    call_answer(c, &ans);
}

void front_one(struct call *c)
{
    call_read(c, read_one, on_one);
}

void front_list(struct call *c)
{
    call_read(c, read_list, on_list);
}

void front_stats(struct call *c)
{
    call_read(c, read_stats, on_stats);
}
