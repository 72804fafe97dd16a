/* api_checks.c - reads requests for checks: the body of POST /v1/checks, a line of a batch, a request of the store. */
#include "api/api_inner.h"

#include "base/cidr.h"
#include "base/text.h"
#include "format/json_read_case.h"
#include "format/json_write_report.h"
#include "format/request_files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *joined(struct arena *a, const struct texts *t, const char *none)
{
    const char *s = t->n ? "" : none;
    for (size_t i = 0; i < t->n && s; i++)
        s = arena_printf(a, "%s%s%s", s, i ? ", " : "", t->v[i]);
    return s ? s : none;
}

static bool networks_allowed(const struct texts *asked, const struct texts *configured, const char **bad)
{
    for (size_t i = 0; i < asked->n; i++) {
        struct cidr inner, outer;
        bool within = false;
        *bad = asked->v[i];
        if (!cidr_parse(asked->v[i], &inner))
            return false;
        for (size_t k = 0; k < configured->n && !within; k++)
            within = cidr_parse(configured->v[k], &outer) && cidr_within(&inner, &outer);
        if (!within)
            return false;
    }
    return true;
}

static bool texts_equal(const struct texts *x, const struct texts *y)
{
    bool equal = x->n == y->n;
    for (size_t i = 0; equal && i < x->n; i++)
        equal = !strcmp(x->v[i], y->v[i]);
    return equal;
}

struct given_list api_defaults(struct api_reading *r, struct given v[3])
{
    const struct request *d = &r->conf->defaults;
    const char *deadline = arena_printf(r->a, "%u.%03u", d->deadline_ms / 1000, d->deadline_ms % 1000);
    const char *depth = depth_name(d->depth);
    struct given_list list = {v, 1};
    v[0] = (struct given){request_field_find("depth"), depth, strlen(depth)};
    if (deadline)
        v[list.n++] = (struct given){request_field_find("deadline"), deadline, strlen(deadline)};
    if (d->account_uri)
        v[list.n++] = (struct given){request_field_find("account_uri"), d->account_uri, strlen(d->account_uri)};
    return list;
}

/* Reads the body; what it leaves out is as in the configuration. */
static int read_over(struct api_reading *r, const char *body, size_t len, struct request *q,
                     struct json_problem *problem)
{
    struct given v[3];
    struct given_list defaults = api_defaults(r, v);
    return json_read_request_over(r->a, body, len, &r->conf->profile, r->now, &defaults, q, problem);
}

/* Refuses what the configuration does not allow, and adds what it gives. */
static bool configure(struct api_reading *r, struct request *q)
{
    const struct request *d = &r->conf->defaults;
    const char *bad;
    if (!networks_allowed(&q->allow_net, &d->allow_net, &bad)) {
        api_refuse(r, CODE_invalid_value, "allow_net", bad,
                   arena_printf(r->a, "a network within those that the daemon's configuration allows: %s",
                                joined(r->a, &d->allow_net, "none")));
        return false;
    }
    if (q->perspectives.n && !texts_equal(&q->perspectives, &d->perspectives)) {
        api_refuse(r, CODE_invalid_value, "perspective", joined(r->a, &q->perspectives, ""),
                   arena_printf(r->a, "none: the daemon asks the perspectives of its configuration (%s)",
                                joined(r->a, &d->perspectives, "none")));
        return false;
    }
    if (q->resolvers.n && !texts_equal(&q->resolvers, &d->resolvers)) {
        api_refuse(r, CODE_invalid_value, "resolver", joined(r->a, &q->resolvers, ""),
                   arena_printf(r->a, "none: the daemon asks the resolvers of its configuration (%s)",
                                joined(r->a, &d->resolvers, "the system's")));
        return false;
    }
    if (q->auth_key_name) {
        const struct auth_key *key = conf_auth_key(r->conf, q->auth_key_name);
        if (!key) {
            api_refuse(r, CODE_invalid_value, "auth_key_name", q->auth_key_name,
                       "a name from [auth_keys] of the daemon's configuration");
            return false;
        }
        q->auth_key = key->key;
    }
    struct input_error wrong;
    if (request_files_check(r->a, q, &wrong)) {
        api_error(r->answer, 400, wrong.code, wrong.field, "%s%s", r->where, input_error_text(r->a, &wrong, false));
        return false;
    }
    if (!q->caa_account)
        q->caa_account = d->caa_account;
    if (!q->allow_targets.n)
        q->allow_targets = d->allow_targets;
    if (!q->validated_targets.n)
        q->validated_targets = d->validated_targets;
    return true;
}

bool api_take_request(struct api_reading *r, struct request *q)
{
    if (!configure(r, q))
        return false;
    struct buf text = {0};
    struct json_out j = {.b = &text};
    /* A request without a time is judged by the time at which it runs. */
    json_write_request(&j, NULL, r->a, q, q->now == r->now ? 0 : JSON_NOW);
    r->call->domain = q->domain ? q->domain : q->input;
    r->call->text = text.failed || !text.p ? NULL : arena_strndup(r->a, text.p, text.n);
    r->call->text_len = text.n;
    buf_free(&text);
    if (r->call->text && !arena_full(r->a)) {
        r->call->label = api_label_of(r->a, r->call->text, r->call->text_len);
        return true;
    }
    api_error_no_memory(r->answer);
    return false;
}

void api_no_body(struct api_reading *r, const char *member)
{
    api_error(r->answer, 400, CODE_missing_request_data, NULL,
              "the request has no body; expected a JSON object with at least \"%s\"", member);
}

bool api_read_request(struct api_reading *r, const char *body, size_t len)
{
    struct request q;
    struct json_problem problem = {0};
    int rc = read_over(r, body, len, &q, &problem);
    if (rc == -EINVAL) {
        api_error(r->answer, 400, problem.code, problem.input.field, "%s%s", r->where, problem.text);
        return false;
    }
    if (!rc)
        return api_take_request(r, &q);
    api_error_no_memory(r->answer);
    return false;
}

void api_read_submit(struct api_reading *r)
{
    if (!r->in->len)
        api_no_body(r, "domain");
    else if (api_read_request(r, r->in->body, r->in->len))
        r->call->action = API_SUBMIT;
}

void api_read_check_id(struct api_reading *r)
{
    api_read_id(r, "check");
}

int api_read_stored(const struct conf *conf, struct arena *a, const char *text, size_t len, dcv_time now,
                    struct request *ret, const char **why)
{
    struct json_problem problem = {0};
    int rc = json_read_request(a, text, len, &conf->profile, now, ret, &problem);
    if (rc) {
        *why = rc == -EINVAL ? problem.text : OUT_OF_MEMORY;
        return rc;
    }
    if (ret->auth_key_name) {
        const struct auth_key *key = conf_auth_key(conf, ret->auth_key_name);
        if (!key) {
            *why = arena_printf(a, "the key '%s' is no longer in [auth_keys] of the configuration",
                                ret->auth_key_name);
            return *why ? -EINVAL : -ENOMEM;
        }
        ret->auth_key = key->key;
    }
    return 0;
}

void api_read_line(const struct conf *conf, struct arena *a, size_t number, const char *text, size_t len,
                   dcv_time now, struct api_call *call, struct api_answer *answer)
{
    char where[40];
    snprintf(where, sizeof where, "line %zu: ", number);
    struct api_input in = {.body = text, .len = len};
    struct api_reading r = {
        .conf = conf, .a = a, .in = &in, .now = now, .where = where, .call = call, .answer = answer};
    *call = (struct api_call){.action = API_ANSWERED};
    api_read_submit(&r);
}
