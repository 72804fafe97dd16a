#include "show/summary.h"

#include "base/buf.h"
#include "model/time.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <string.h>

static bool is_risky(const struct report *r)
{
    for (size_t i = 0; i < r->n_findings; i++)
        if (r->findings[i].weight == WEIGHT_RISK)
            return true;
    return false;
}

const struct report *summary_risky(const struct domain *d)
{
    for (size_t k = 0; k < d->n; k++)
        if (domain_in_use(&d->is, d->part, k) && is_risky(d->r[k]))
            return d->r[k];
    return NULL;
}

size_t summary_part(const struct domain_verdict *is, const struct domain_part *part, const bool *risky,
                    size_t n)
{
    for (size_t k = 0; is->verdict == VERDICT_PASS && k < n; k++)
        if (risky[k] && domain_in_use(is, part, k))
            return k;
    const size_t in_order[] = {is->has_control ? is->by : DOMAIN_NONE, is->caa};
    for (size_t i = 0; i < 2; i++)
        if (in_order[i] != DOMAIN_NONE && part[in_order[i]].verdict == is->verdict)
            return in_order[i];
    return DOMAIN_NONE;
}

const struct report *summary_telling(const struct domain *d)
{
    bool risky[METHOD_COUNT] = {false};
    for (size_t i = 0; i < d->n; i++)
        risky[i] = is_risky(d->r[i]);
    size_t k = summary_part(&d->is, d->part, risky, d->n);
    return k == DOMAIN_NONE ? NULL : d->r[k];
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
        buf_printf(b, "run again with the %s %s", f->argument ? f->argument : "",
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

/* The name server of the domain: the first by name that the zone nearest to it names; else where the first
 * fact of the proof that tells it came from, an authoritative server before the resolver. */
static const char *server_of(struct arena *a, const struct report *r, const struct finding *f)
{
    const char *zone = NULL, *host = NULL, *other = "";
    for (size_t i = 0; r->evidence && r->request->domain && i < r->evidence->n; i++) {
        const struct fact *one = r->evidence->facts[i];
        const struct rrs lists[] = {one->dns.answer, one->dns.authority};
        for (size_t k = 0; one->ask->kind == ASK_DNS && k < 2; k++)
            for (size_t n = 0; n < lists[k].n; n++) {
                const struct rr *rr = &lists[k].v[n];
                if (rr->type != RR_NS || rr->defect || !name_within(r->request->domain, rr->owner) ||
                    !name_registrable(rr->owner) || (zone && name_labels(rr->owner) < name_labels(zone)))
                    continue;
                const char *target = rr_rdata_text(a, rr);
                if (target &&
                    (!zone || name_labels(rr->owner) > name_labels(zone) || strcmp(target, host) < 0)) {
                    zone = rr->owner;
                    host = target;
                }
            }
    }
    for (size_t i = 0; !host && f && r->evidence && i < f->n_facts; i++) {
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
    return host ? host : other;
}

/* The finding that is told: of a pass its first risk. */
static const struct finding *finding_of(const struct report *r)
{
    for (size_t i = 0; r->verdict == VERDICT_PASS && i < r->n_findings; i++)
        if (r->findings[i].weight == WEIGHT_RISK)
            return &r->findings[i];
    return r->verdict != VERDICT_PASS && r->n_findings ? r->findings : NULL;
}

struct summary_words summary_words_of(struct arena *a, const struct report *r)
{
    const struct finding *f = finding_of(r);
    const struct code_info *detail = code_info(r->detail_code);
    const char *code = r->error.code == CODE_NONE ? "" : code_text(a, &r->error);
    return (struct summary_words){.code = code ? code : "",
                                  .detail_code = detail ? detail->code : "",
                                  .cause = f && cause_info(f->cause) ? cause_info(f->cause)->id : "",
                                  .who_acts = f && f->who_acts != ACTOR_NONE ? actor_name(f->who_acts) : "",
                                  .text = r->reason && *r->reason ? r->reason
                                          : f && f->summary       ? f->summary
                                                                  : "",
                                  .cure = f ? cure_of(a, f) : "",
                                  .server = r->verdict == VERDICT_PASS ? "" : server_of(a, r, f),
                                  .risky = is_risky(r)};
}

struct summary summary_of(struct arena *a, const struct domain *d)
{
    const struct report *r = summary_telling(d);
    struct summary s = {.r = r, .verdict = d->is.verdict};
    if (r)
        s.words = summary_words_of(a, r);
    else
        s.words = (struct summary_words){.code = "",
                                         .detail_code = "",
                                         .cause = "",
                                         .who_acts = "",
                                         .text = d->is.because ? d->is.because : "",
                                         .cure = "",
                                         .server = ""};
    return s;
}
