/* front_read.c - answers from the store: one check, lists of checks, counts. */
#include "front/front_inner.h"

#include "base/table.h"
#include "format/json_read_report.h"

#include <errno.h>
#include <string.h>

/* Of what is shown for people: what dcvprobe uses where it does not write to a terminal. */
enum { PAGE_COLUMNS = 80, SCREEN_LINES = 23 };

static int take_row(void *user, const struct db_check_row *row)
{
    struct call *c = user;
    c->rows = arena_grow(c->arena, c->rows, c->n_rows, sizeof *c->rows);
    if (!c->rows)
        return -ENOMEM;
    const char *domain = arena_strdup(c->arena, row->domain);
    c->rows[c->n_rows++] =
        (struct api_row){.id = row->id,
                         .state = row->state,
                         .domain = domain,
                         .label = api_label_of(c->arena, row->request, strlen(row->request)),
                         .submitted = row->submitted};
    return domain ? 0 : -ENOMEM;
}

struct taking {
    struct call *call;
    struct api_report reports[METHOD_COUNT]; /* a check has one for each of its methods */
    size_t n;
};

static int take_result(void *user, const struct db_result_row *row)
{
    struct taking *t = user;
    return t->n == METHOD_COUNT ? -EILSEQ : call_report(t->call, row, &t->reports[t->n++]);
}

static int read_results(struct call *c, struct db *db, struct api_row *row, bool evidence)
{
    struct taking t = {.call = c};
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

/* The reports of a check in the form that is asked for, in .text. A report of an older version that cannot be read any
 * more is left out. */
static int show_form(struct call *c, const struct api_row *row)
{
    const struct report *v[METHOD_COUNT];
    struct arena *scratch = arena_new(0);
    size_t n = 0;
    int rc = scratch ? 0 : -ENOMEM;
    for (size_t i = 0; !rc && i < row->n_reports; i++) {
        struct json_problem problem;
        struct report *r = arena_alloc(scratch, sizeof *r);
        rc = r ? json_read_report(scratch, row->reports[i].text, row->reports[i].len,
                                  &generation_conf(c->generation)->profile, r, &problem)
               : -ENOMEM;
        if (!rc)
            v[n++] = r;
        rc = rc == -EINVAL ? 0 : rc;
    }
    const struct render how = {
        .redact = c->api.redact, .width = c->api.form == RENDER_BRIEF ? 0 : PAGE_COLUMNS, .lines = SCREEN_LINES};
    if (!rc)
        render_as(&c->page, scratch, (enum render_form)c->api.form, v, n, &how);
    if (!rc && (c->page.failed || arena_full(scratch)))
        rc = -ENOMEM;
    arena_free(scratch);
    return rc;
}

static int read_one(struct read_job *job, struct db *db)
{
    struct call *c = CONTAINER(job, struct call, read);
    int rc = db_check(db, c->api.id, take_row, c);
    if (!rc)
        rc = read_results(c, db, &c->rows[0], true);
    return rc || c->api.form < 0 ? rc : show_form(c, &c->rows[0]);
}

static void on_one(struct read_job *job, int status)
{
    struct call *c = CONTAINER(job, struct call, read);
    struct api_answer ans = {0};
    if (status == -ENOENT) {
        call_answer_not_found(c, "check");
    } else if (status) {
        call_answer_store_failed(c, status);
    } else if (c->api.form >= 0 && c->rows[0].state != STATE_DONE) {
        call_answer_no_reports(c, c->rows[0].state);
    } else if (c->api.form >= 0) {
        api_write_form(&ans, (enum render_form)c->api.form, &c->page);
        call_answer(c, &ans);
    } else {
        api_write_check(&ans, c->api.id, c->rows[0].state, c->rows[0].label, c->rows[0].reports,
                        c->rows[0].n_reports);
        call_answer(c, &ans);
    }
}

static int read_list(struct read_job *job, struct db *db)
{
    struct call *c = CONTAINER(job, struct call, read);
    struct db_filter f = c->api.filter;
    f.limit++; /* one more: call_page() */
    int rc = db_list(db, &f, take_row, c);
    for (size_t i = 0; !rc && i < c->n_rows && i < c->api.filter.limit; i++)
        rc = read_results(c, db, &c->rows[i], false);
    return rc;
}

static void on_list(struct read_job *job, int status)
{
    struct call *c = CONTAINER(job, struct call, read);
    if (status) {
        call_answer_store_failed(c, status);
        return;
    }
    bool more;
    size_t n = call_page(c, c->n_rows, &more);
    for (size_t i = 0; i < n; i++)
        if (c->rows[i].state == STATE_QUEUED) /* the store does not know which of them run */
            scheduler_state(c->front->scheduler, c->rows[i].id, &c->rows[i].state);
    struct api_answer ans = {0};
    api_write_list(&ans, c->rows, n, more ? c->rows[n - 1].id : 0);
    call_answer(c, &ans);
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
        call_answer_store_failed(c, status);
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
