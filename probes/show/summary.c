#include "show/summary.h"

#include "base/buf.h"
#include "model/time.h"

const struct report *summary_risky(const struct domain *d)
{
    for (size_t k = 0; k < d->n; k++)
        for (size_t i = 0; domain_in_use(&d->is, d->part, k) && i < d->r[k]->n_findings; i++)
            if (d->r[k]->findings[i].weight == WEIGHT_RISK)
                return d->r[k];
    return NULL;
}

const struct report *summary_telling(const struct domain *d)
{
    const struct domain_verdict *is = &d->is;
    if (is->verdict == VERDICT_PASS && summary_risky(d))
        return summary_risky(d);
    const size_t in_order[] = {is->has_control ? is->by : DOMAIN_NONE, is->caa};
    for (size_t i = 0; i < 2; i++)
        if (in_order[i] != DOMAIN_NONE && d->part[in_order[i]].verdict == is->verdict)
            return d->r[in_order[i]];
    return NULL;
}

static void operation(struct buf *b, const struct fix *f)
{
    char until[25];
    const char *owner = f->owner ? f->owner : "", *type = f->type ? f->type : "",
               *rdata = f->rdata ? f->rdata : "";
    switch (f->op) {
    case FIX_ADD:
        buf_printf(b, "add %s %u IN %s %s", owner, f->ttl, type, rdata);
        break;
    case FIX_REMOVE:
        buf_printf(b, "remove %s IN %s %s", owner, type, rdata);
        break;
    case FIX_REPLACE:
        buf_printf(b, "replace %s IN %s %s by %s", owner, type, f->old_rdata ? f->old_rdata : "", rdata);
        break;
    case FIX_PUT_FILE:
        buf_printf(b, "publish %s at %s", f->body ? f->body : "", f->url ? f->url : "");
        break;
    case FIX_WAIT:
        time_format(f->until, until);
        buf_printf(b, "wait until %.10s %.8s UTC", until, until + 11);
        break;
    case FIX_INPUT:
        buf_printf(b, "run again with %s %s", f->argument ? f->argument : "",
                   f->value && *f->value ? f->value : "put right");
        break;
    case FIX_ADVICE:
        buf_puts(b, f->text ? f->text : "");
        break;
    }
}

static const char *cure_of(struct arena *a, const struct finding *f)
{
    struct buf b = {0};
    if (!f->n_cures)
        return "";
    for (size_t i = 0; i < f->cures->n; i++) {
        size_t before = b.n;
        if (b.n)
            buf_puts(&b, "; ");
        size_t from = b.n;
        operation(&b, &f->cures->ops[i]);
        if (b.n == from)
            b.n = before;
    }
    if (!b.n && f->cures->note && *f->cures->note)
        buf_puts(&b, f->cures->note);
    const char *text = b.failed || !b.n ? "" : arena_strndup(a, b.p, b.n);
    buf_free(&b);
    return text ? text : "";
}

/* Where the first fact of the proof that tells it came from: an authoritative server before the resolver. */
static const char *server_of(const struct report *r, const struct finding *f)
{
    const char *other = "";
    for (size_t i = 0; r->evidence && i < f->n_facts; i++) {
        if (!f->facts[i] || f->facts[i] > r->evidence->n)
            continue;
        const struct fact *one = r->evidence->facts[f->facts[i] - 1];
        const char *at = one->ask->kind == ASK_HTTP ? one->ask->address
                         : one->ask->server         ? one->ask->server
                                                    : one->dns.server;
        if (one->ask->via == VIA_AUTHORITATIVE && at)
            return at;
        other = *other || !at ? other : at;
    }
    return other;
}

struct summary summary_of(struct arena *a, const struct domain *d)
{
    const struct report *r = summary_telling(d);
    struct summary s = {.r = r,
                        .verdict = d->is.verdict,
                        .code = "",
                        .detail_code = "",
                        .cause = "",
                        .who_acts = "",
                        .text = "",
                        .cure = "",
                        .server = ""};
    if (!r) {
        s.text = d->is.because ? d->is.because : "";
        return s;
    }
    const struct code_info *detail = code_info(r->detail_code);
    const char *code = r->error.code == CODE_NONE ? "" : code_text(a, &r->error);
    s.code = code ? code : "";
    s.detail_code = detail ? detail->code : "";
    const struct finding *f = r->n_findings ? r->findings : NULL;
    for (size_t i = 0; s.verdict == VERDICT_PASS && i < r->n_findings; i++)
        if (r->findings[i].weight == WEIGHT_RISK) {
            f = &r->findings[i];
            break;
        }
    if (s.verdict == VERDICT_PASS && f && f->weight != WEIGHT_RISK)
        f = NULL;
    s.text = r->reason && *r->reason ? r->reason : f && f->summary ? f->summary : "";
    if (!f)
        return s;
    s.cause = cause_info(f->cause) ? cause_info(f->cause)->id : "";
    s.who_acts = f->who_acts == ACTOR_NONE ? "" : actor_name(f->who_acts);
    s.cure = cure_of(a, f);
    s.server = server_of(r, f);
    return s;
}
