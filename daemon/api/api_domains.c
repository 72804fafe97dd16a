/* api_domains.c - the latest results of a domain, and how they changed: GET /v1/domains/NAME. */
#include "api/api_inner.h"

#include "wire/name_read.h"

#include <stdio.h>
#include <string.h>

void api_read_domain(struct api_reading *r)
{
    const char *text = r->segment;
    struct name name;
    if (name_read(r->a, text, strlen(text), &name)) {
        api_error_no_memory(r->answer);
        return;
    }
    /* An input that is no domain name is stored as it was typed. */
    r->call->filter.domain = name.domain ? name.domain : text;
    r->call->action = API_DOMAIN;
}

static void outcome(struct json_out *j, const char *key, const struct db_outcome *o)
{
    json_open(j, key, '{');
    json_text(j, "verdict", o->verdict);
    json_text(j, "code", o->code);
    json_text(j, "detail_code", o->detail_code);
    json_text(j, "cause", o->cause);
    json_close(j, '}');
}

/* ids: causes, divided by blanks. */
static void differences(struct json_out *j, const char *op, const char *ids)
{
    for (size_t n; *ids; ids += n + (ids[n] == ' ')) {
        char cause[80];
        n = strcspn(ids, " ");
        snprintf(cause, sizeof cause, "%.*s", (int)n, ids);
        json_open(j, NULL, '{');
        json_text(j, "op", op);
        json_text(j, "cause", cause);
        json_close(j, '}');
    }
}

static void change(struct json_out *j, const struct db_change_row *c)
{
    json_open(j, NULL, '{');
    json_time(j, "at", c->at);
    api_id(j, "check", c->check);
    json_text(j, "method", c->method);
    outcome(j, "from", &c->from);
    outcome(j, "to", &c->to);
    if (c->comparable) {
        json_open(j, "changed", '[');
        differences(j, "remove", c->gone);
        differences(j, "add", c->came);
        json_close(j, ']');
    } else {
        json_text(j, "changed", NULL);
    }
    json_close(j, '}');
}

void api_write_domain(struct api_answer *ans, const struct api_domain *d, size_t n, int64_t next)
{
    struct json_out j = api_writer(ans, 200);
    json_open(&j, NULL, '{');
    json_text(&j, "domain", d->domain);
    json_open(&j, "latest", '[');
    for (size_t i = 0; i < d->n_latest; i++)
        api_report(&j, &d->latest[i]);
    json_close(&j, ']');
    json_open(&j, "history", '[');
    for (size_t i = 0; i < n; i++)
        change(&j, &d->changes[i]);
    json_close(&j, ']');
    api_id(&j, "next", next);
    json_close(&j, '}');
}
