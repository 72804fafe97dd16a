/* front_domains.c - the latest results of a domain, and how they changed. */
#include "front/front_inner.h"

#include "base/table.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>

static int take_latest(void *user, const struct db_result_row *row)
{
    struct call *c = user;
    struct api_domain *d = c->domain;
    return d->n_latest == METHOD_COUNT ? -EILSEQ : call_report(c, row, &d->latest[d->n_latest++]);
}

static const char *copy(struct arena *a, const char *s)
{
    return s ? arena_strdup(a, s) : NULL;
}

static struct db_outcome copy_outcome(struct arena *a, const struct db_outcome *o)
{
    return (struct db_outcome){copy(a, o->verdict), copy(a, o->code), copy(a, o->variable),
                               copy(a, o->detail_code), copy(a, o->cause)};
}

static int take_change(void *user, const struct db_change_row *row)
{
    struct call *c = user;
    struct api_domain *d = c->domain;
    d->changes = arena_grow(c->arena, d->changes, d->n, sizeof *d->changes);
    if (!d->changes)
        return -ENOMEM;
    struct db_change_row *to = &d->changes[d->n++];
    *to = *row;
    to->method = copy(c->arena, row->method);
    to->from = copy_outcome(c->arena, &row->from);
    to->to = copy_outcome(c->arena, &row->to);
    to->came = copy(c->arena, row->came);
    to->gone = copy(c->arena, row->gone);
    return arena_full(c->arena) ? -ENOMEM : 0;
}

static int read_domain(struct read_job *job, struct db *db)
{
    struct call *c = CONTAINER(job, struct call, read);
    const struct db_filter *f = &c->api.filter;
    c->domain = arena_alloc(c->arena, sizeof *c->domain);
    if (!c->domain)
        return -ENOMEM;
    *c->domain = (struct api_domain){.domain = f->domain};
    bool known = false;
    int rc = db_domain_known(db, f->domain, &known);
    if (!rc && !known)
        rc = -ENOENT;
    if (!rc)
        rc = db_domain_latest(db, f->domain, take_latest, c);
    if (!rc)
        rc = db_domain_changes(db, f->domain, f->before, f->limit + 1, take_change, c); /* one more: call_page() */
    return rc;
}

static void on_domain(struct read_job *job, int status)
{
    struct call *c = CONTAINER(job, struct call, read);
    struct api_answer ans = {0};
    if (status == -ENOENT) {
        const char *name = c->api.filter.domain;
        const char *shown = text_escape(c->arena, name, strlen(name), 260);
        api_error(
            &ans, 404, CODE_not_found, NULL,
            "there is no check of %s: it never was checked, or its checks are no longer in the store",
            shown ? shown : "this domain");
    } else if (status) {
        call_answer_store_failed(c, status);
        return;
    } else {
        bool more;
        size_t n = call_page(c, c->domain->n, &more);
        api_write_domain(&ans, c->domain, n, more ? c->domain->changes[n - 1].id : 0);
    }
    call_answer(c, &ans);
}

void front_domain(struct call *c)
{
    call_read(c, read_domain, on_domain);
}
