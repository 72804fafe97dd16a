#include "ca/answer.h"

enum { HTTP_OK = 200 };

static const struct {
    enum ca_call call;
    enum code_basis basis;
} rows[CODE_COUNT + 1] = {
#define X(id, call, basis) [CODE_##id] = {call, basis},
#include "ca/answers.def"
#undef X
};

static const char *call_text(const struct profile *p, enum ca_call call)
{
    switch (call) {
    case CALL_ORDER:
    case CALL_ISSUE:
        return p->call_order;
    case CALL_DOMAIN_CHECK:
        return p->call_domain_check;
    case CALL_NONE:
        break;
    }
    return "";
}

bool answer_of(const struct profile *p, enum code c, enum method m, struct answer *ret)
{
    const struct code_info *info = code_info(c);
    const char *call = info ? call_text(p, rows[c].call) : "";
    if (!*call)
        return false;
    *ret = (struct answer){.kind = rows[c].call, .call = call, .status = info->status, .basis = rows[c].basis};
    for (size_t i = 0; i < p->order_answers.n && *p->call_order_check && ret->kind == CALL_DOMAIN_CHECK; i++) {
        const struct order_answer *row = &p->order_answers.v[i];
        if (row->method != m)
            continue;
        ret->order_call = p->call_order_check;
        ret->order_status = row->names ? HTTP_OK : info->status;
        ret->pending = row->names ? p->pending : NULL;
    }
    return true;
}
