#include "format/json_domains.h"

#include "format/json_member.h"
#include "methods/methods.h"

#include <string.h>

/* first: index of the domain's first report in the document. */
static void verdicts(struct json_out *j, const struct domain_verdict *d, const struct domain_part *part, size_t n,
                     size_t first)
{
    json_text(j, "verdict", verdict_name(d->verdict));
    if (d->has_control) {
        json_open(j, "control", '{');
        json_text(j, "verdict", control_name(d->control));
        json_text(j, "method", d->by == DOMAIN_NONE ? NULL : method_name(part[d->by].method));
        json_text(j, "because", d->because);
        json_close(j, '}');
    } else {
        json_nil(j, "control");
    }
    if (d->caa != DOMAIN_NONE) {
        json_open(j, "caa", '{');
        json_text(j, "verdict", verdict_name(part[d->caa].verdict));
        json_close(j, '}');
    } else {
        json_nil(j, "caa");
    }
    json_open(j, "reports", '[');
    for (size_t i = 0; i < n; i++)
        json_int(j, NULL, (int64_t)(first + i));
    json_close(j, ']');
}

void json_write_domains(struct json_out *j, const struct report *const *all_reports, const struct domain *v, size_t n)
{
    json_open(j, "domains", '[');
    for (size_t i = 0; i < n; i++) {
        const struct request *q = v[i].r[0]->request;
        json_open(j, NULL, '{');
        json_text(j, "domain", q->domain);
        json_bool(j, "wildcard", q->wildcard);
        verdicts(j, &v[i].is, v[i].part, v[i].n, (size_t)(v[i].r - all_reports));
        json_close(j, '}');
    }
    json_close(j, ']');
}

/* ---------------------------------------------------------------- of texts --------------------------- */

enum { WORD = 40 }; /* bytes of a name of an enum */

static bool is_member(const struct report_text *r, const char *key, const char *value)
{
    size_t n;
    const char *s = json_member(r->p, r->n, key, &n);
    return s && n == strlen(value) && !memcmp(s, value, n);
}

bool json_domain_part(const struct report_text *r, struct domain_part *ret)
{
    char method[WORD], verdict[WORD], trace[WORD];
    struct domain_part p = {.given = !is_member(r, "method_given", "false")};
    if (!json_member_word(r->p, r->n, "method", method, sizeof method) || !method_parse(method, &p.method) ||
        !json_member_word(r->p, r->n, "verdict", verdict, sizeof verdict) || !verdict_parse(verdict, &p.verdict))
        return false;
    if (!json_member_word(r->p, r->n, "trace", trace, sizeof trace) || !trace_parse(trace, &p.trace))
        p.trace = TRACE_NONE;
    p.refused = is_member(r, "detail_code", "\"dns_invalid_domain\"") ||
                is_member(r, "detail_code", "\"internal_names_not_allowed\"");
    p.tried = !method_rules(p.method)->takes || !is_member(r, "challenge", "null") || p.verdict == VERDICT_FAIL;
    *ret = p;
    return true;
}

void json_write_domains_of_texts(struct json_out *j, struct arena *a, const struct report_text *v, size_t n)
{
    struct domain_part *part = arena_array(a, n ? n : 1, sizeof *part);
    bool whole = part && n;
    for (size_t i = 0; whole && i < n; i++)
        whole = json_domain_part(&v[i], &part[i]);
    json_open(j, "domains", '[');
    if (whole) {
        const struct domain_verdict d = domain_judge(a, part, n);
        size_t len;
        const char *domain = json_member(v[0].p, v[0].n, "domain", &len);
        json_open(j, NULL, '{');
        json_raw(j, "domain", domain ? domain : "null", domain ? len : strlen("null"));
        json_bool(j, "wildcard", is_member(&v[0], "wildcard", "true"));
        verdicts(j, &d, part, n, 0);
        json_close(j, '}');
    }
    json_close(j, ']');
}
