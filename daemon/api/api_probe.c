/* api_probe.c - the query of GET /v1/probe: a request, whose fields are parameters. */
#include "api/api_inner.h"

#include "base/text.h"
#include "model/time.h"

#include <errno.h>
#include <string.h>

/* Prometheus gives up at its own time: what is known then is worth more than nothing half a second later. */
enum { SCRAPE_MARGIN_MS = 500, SCRAPE_LEAST_MS = 500 };

/* A list of methods with commas counts as if each was given by itself. */
static bool add_methods(struct arena *a, struct given_list *list, const struct request_field *f, const char *value)
{
    for (const char *p = value;; p++) {
        size_t n = strcspn(p, ",");
        const char *one = arena_strndup(a, p, n);
        if (!one || !given_add(a, list, (struct given){f, one, n}))
            return false;
        p += n;
        if (!*p)
            return true;
    }
}

/* False: refused, or there is no memory, which is answered, too. */
static bool add(struct api_reading *r, struct given_list *list, const struct api_param *p)
{
    const struct request_field *f = api_has_word(r->route->query, p->name) ? request_field_find(p->name) : NULL;
    if (!f) {
        api_refuse_param(r, p, r->route->query);
        return false;
    }
    if (!p->value || (f->kind != FIELD_LIST && given_has(list, f))) {
        api_refuse(r, CODE_invalid_value, p->name, p->value ? p->value : "", p->value ? "it once" : "a value");
        return false;
    }
    bool methods = !strcmp(p->name, "method");
    bool added = methods ? add_methods(r->a, list, f, p->value)
                         : given_add(r->a, list, (struct given){f, p->value, p->len});
    if (!added)
        api_error_no_memory(r->answer);
    return added;
}

/* The time that the scrape has, where the query has no deadline and the configuration a later one. */
static void hurry(struct api_reading *r, struct given_list *defaults)
{
    uint64_t ms;
    const struct request_field *f = request_field_find("deadline");
    if (!r->in->scrape_timeout || !seconds_parse(r->in->scrape_timeout, &ms))
        return;
    ms = ms > SCRAPE_MARGIN_MS + SCRAPE_LEAST_MS ? ms - SCRAPE_MARGIN_MS : SCRAPE_LEAST_MS;
    for (size_t i = 0; i < defaults->n; i++)
        if (defaults->v[i].field == f && ms < r->conf->defaults.deadline_ms) {
            const char *text = arena_printf(r->a, "%u.%03u", (unsigned)(ms / 1000), (unsigned)(ms % 1000));
            if (text)
                defaults->v[i] = (struct given){f, text, strlen(text)};
        }
}

void api_read_probe(struct api_reading *r)
{
    struct given_list own = {0};
    struct given v[3];
    struct given_list defaults = api_defaults(r, v);
    struct request q;
    struct input_error wrong;
    for (size_t i = 0; i < r->in->n_params; i++)
        if (!add(r, &own, &r->in->params[i]))
            return;
    hurry(r, &defaults);
    request_init(&q, &r->conf->profile, r->now);
    int rc = request_from(r->a, &q, &own, &defaults, &wrong);
    if (rc == -EINVAL) {
        const char *field = strcmp(wrong.field, "methods") ? wrong.field : "method";
        wrong.field = field;
        api_error(r->answer, 400, wrong.code, field, "%s", input_error_text(r->a, &wrong, false));
    } else if (rc) {
        api_error_no_memory(r->answer);
    } else if (api_take_request(r, &q)) {
        r->call->action = API_PROBE;
    }
}
