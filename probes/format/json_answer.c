#include "format/json_answer.h"

#include "ca/answer.h"

void json_write_answer(struct json_out *j, const char *key, const struct profile *p, enum code c, enum method m,
                       const char *name)
{
    struct answer w;
    if (!answer_of(p, c, m, &w)) {
        json_nil(j, key);
        return;
    }
    json_open(j, key, '{');
    json_text(j, "call", w.call);
    json_int(j, "http_status", w.status);
    json_text(j, "basis", code_basis_name(w.basis));
    if (w.order_call) {
        json_open(j, "order_check", '{');
        json_text(j, "call", w.order_call);
        json_int(j, "http_status", w.order_status);
        json_text(j, "code", w.pending ? NULL : code_info(c)->code);
        json_text(j, "order_status", w.pending);
        json_text(j, "dcv_status", w.pending);
        json_open(j, "dns_name_validations", '[');
        if (w.pending && name) {
            json_open(j, NULL, '{');
            json_text(j, "dns_name", name);
            json_text(j, "status", w.pending);
            json_close(j, '}');
        }
        json_close(j, ']');
        json_close(j, '}');
    } else {
        json_nil(j, "order_check");
    }
    json_close(j, '}');
}

void json_write_answer_of(struct json_out *j, const char *key, struct arena *a, const struct report *r)
{
    const struct request *q = r->request;
    enum code c = q->ca ? CODE_NONE : r->error.code; /* the API is that of the profile's CA */
    const char *name = q->wildcard && q->domain ? arena_concat(a, "*.", q->domain, NULL) : q->domain;
    json_write_answer(j, key, q->profile, c, q->method, name);
}
