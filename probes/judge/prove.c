#include "judge/prove_inner.h"

#include "evidence/evidence.h"
#include "evidence/view.h"
#include "judge/judge_inner.h"
#include "methods/adn.h"
#include "methods/methods.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <errno.h>
#include <stdalign.h>
#include <string.h>

int proof_begin(struct judgement *j, struct arena *a, struct proof *ret)
{
    *ret = (struct proof){.j = j, .a = a};
    return model_build(a, j->r, j->ev, j->servers.zones, &ret->now);
}

void trial_doubt(struct trying *t, const char *sentence)
{
    if (sentence && !texts_have(&t->after.doubts, sentence))
        texts_add(t->a, &t->after.doubts, sentence);
}

/* ---------------------------------------------------------------- facts after the cure ---------------- */

bool model_touched(const struct model *after, const char *name)
{
    for (const struct model_name *n = after->first; n; n = n->next)
        if (name_equal(name, n->name) || (n->added && name_within(name, n->name)))
            return true;
    return false;
}

static bool has_alias(const struct dns_fact *d)
{
    for (size_t i = 0; i < d->answer.n; i++)
        if (d->answer.v[i].type == RR_CNAME || d->answer.v[i].type == RR_DNAME)
            return true;
    return false;
}

/* A failure is the answering server's own, and stays, unless it comes from where an alias leads. */
static bool may_change(const struct fact *f, const struct model_reply *before)
{
    switch (f->dns.outcome) {
    case DNS_ANSWER:
    case DNS_NODATA:
    case DNS_NXDOMAIN:
        return f->ask->via != VIA_AUTHORITATIVE || f->dns.flags & DNS_AA;
    case DNS_SERVFAIL:
        return f->ask->via != VIA_AUTHORITATIVE && before->hops;
    case DNS_REFUSED:
    case DNS_TIMEOUT:
    case DNS_UNREACHABLE:
    case DNS_MALFORMED:
    case DNS_OTHER:
        return false;
    }
    return false;
}

static struct rrs soa_for(struct trying *t, const struct fact *f)
{
    const char *apex = model_zone(&t->after, f->ask->qname, NULL);
    const struct evidence *ev = t->p->j->ev;
    for (size_t i = 0; apex && i < ev->n; i++) {
        const struct dns_fact *d = &ev->facts[i]->dns;
        const struct rrs *sections[] = {&d->authority, &d->answer};
        for (size_t k = 0; k < 2 && ev->facts[i]->ask->kind == ASK_DNS; k++)
            for (size_t n = 0; n < sections[k]->n; n++)
                if (sections[k]->v[n].type == RR_SOA && name_equal(sections[k]->v[n].owner, apex))
                    return (struct rrs){&sections[k]->v[n], 1};
    }
    return (struct rrs){0};
}

static int write_answer(struct trying *t, const struct fact *f, const struct model_reply *r, struct fact **ret)
{
    struct fact *copy = arena_alloc(t->a, sizeof *copy);
    if (!copy)
        return -ENOMEM;
    *copy = *f;
    struct dns_fact *d = &copy->dns;
    bool denied = r->kind == MODEL_NXDOMAIN, negative = r->kind != MODEL_DATA;
    d->flags &= (uint16_t)~DNS_TC;
    d->rcode = r->kind == MODEL_LOOP ? 2 : denied ? 3 : 0;
    d->outcome = r->kind == MODEL_LOOP ? DNS_SERVFAIL : denied ? DNS_NXDOMAIN : r->answer.n ? DNS_ANSWER : DNS_NODATA;
    d->answer = r->kind == MODEL_LOOP ? (struct rrs){0} : r->answer;
    d->authority = negative ? soa_for(t, f) : (struct rrs){0};
    d->n_ede = d->n_defects = 0;
    *ret = copy;
    return 0;
}

/* *ret: the fact as it would be after the cure; f itself where nothing changes, NULL where that is not known. */
static int dns_after(struct trying *t, struct fact *f, struct fact **ret)
{
    const struct ask *q = f->ask;
    struct model_reply before, now;
    *ret = f;
    bool fails = f->dns.outcome == DNS_SERVFAIL && q->via != VIA_AUTHORITATIVE;
    if (q->qtype == RR_SOA || q->qtype == RR_DNSKEY || q->qtype == RR_DS ||
        !(fails || has_alias(&f->dns) || model_touched(&t->after, q->qname)))
        return 0;
    const char *source = model_source(q);
    if (model_answer(&t->now, source, q->qname, q->qtype, &before) ||
        model_answer(&t->after, source, q->qname, q->qtype, &now))
        return -ENOMEM;
    if (model_same(&before, &now) || !may_change(f, &before))
        return 0;
    if (now.kind != MODEL_NOT_KNOWN)
        return write_answer(t, f, &now, ret);
    *ret = NULL;
    /* Of the names that people mistake for the checked ones it does not matter. */
    for (size_t i = 0; i < t->n_checked; i++)
        if (t->checked[i].type == q->qtype && name_equal(t->checked[i].name, q->qname))
            trial_doubt(t, arena_printf(t->a, "What %s answers then is not known.", now.end));
    return 0;
}

/* A file that is put at a URL is served there, unless the server sends the client elsewhere first. */
static int http_after(struct trying *t, struct fact *f, struct fact **ret)
{
    *ret = f;
    const struct http_fact *h = &f->http;
    for (size_t i = 0; i < t->n; i++) {
        const struct fix *x = &t->ops[i];
        if (x->op != FIX_PUT_FILE || !x->url || !x->body || strcmp(x->url, f->ask->url) != 0 ||
            h->outcome != HTTP_RESPONSE || (h->status >= 300 && h->status < 400))
            continue;
        if (h->status != 200 && h->status != 404 && h->status != 410)
            trial_doubt(t, arena_printf(t->a,
                                  "The server answers with status %d at %s: whether it hands out a file that is put "
                                  "there is not known.",
                                  h->status, x->url));
        struct fact *copy = arena_alloc(t->a, sizeof *copy);
        if (!copy)
            return -ENOMEM;
        *copy = *f;
        copy->http = (struct http_fact){.outcome = HTTP_RESPONSE,
                                        .status = 200,
                                        .connected = true,
                                        .tls = h->tls,
                                        .body = {(const uint8_t *)x->body, strlen(x->body)},
                                        .size = strlen(x->body)};
        *ret = copy;
    }
    return 0;
}

/* Copies the asks, so that the rewritten facts are found by the same questions; facts that stay are shared. An answer
 * that is not known is found by no question. */
static int rewrite(struct trying *t)
{
    struct arena *a = t->a;
    const struct evidence *old = t->p->j->ev;
    struct evidence *ev = &t->ev;
    struct ask *asks = arena_array(a, old->n_asks, sizeof *asks);
    *ev = *old;
    ev->arena = a;
    ev->asks = arena_array(a, old->n_asks, sizeof(struct ask *));
    ev->facts = arena_array(a, old->n, sizeof(struct fact *));
    ev->buckets = arena_array(a, old->n_buckets, sizeof(struct ask *));
    if (!asks || !ev->asks || !ev->facts || !ev->buckets)
        return -ENOMEM;
    for (size_t i = 0; i < old->n_asks; i++) {
        asks[i] = *old->asks[i];
        ev->asks[i] = &asks[i];
        if (asks[i].bucket)
            asks[i].bucket = &asks[asks[i].bucket->number];
    }
    for (size_t i = 0; i < old->n_buckets; i++)
        ev->buckets[i] = old->buckets[i] ? &asks[old->buckets[i]->number] : NULL;
    for (size_t i = 0; i < old->n; i++) {
        struct fact *f = old->facts[i], *then;
        int rc = f->ask->kind == ASK_DNS ? dns_after(t, f, &then) : http_after(t, f, &then);
        if (rc)
            return rc;
        ev->facts[i] = then ? then : f;
        asks[f->ask->number].fact = then;
        if (then && then != f)
            then->ask = &asks[f->ask->number];
    }
    return arena_full(a) ? -ENOMEM : 0;
}

/* ---------------------------------------------------------------- another request --------------------- */

/* Operations that change the order: its method, or the name that the CA checks at. False: one that cannot be tried. */
static bool change_request(const struct trying *t, struct request *r, bool *changed)
{
    bool machine = false, waits = false;
    for (size_t i = 0; i < t->n; i++) {
        const struct fix *x = &t->ops[i];
        machine = machine || fix_by_machine(x);
        waits = waits || x->op == FIX_WAIT;
        if (x->op != FIX_INPUT)
            continue;
        *changed = true;
        if (!strcmp(x->argument, "adn") && *x->value)
            adn_set(r, x->value);
        else if (strcmp(x->argument, "method") != 0 || !method_parse(x->value, &r->method))
            return false;
    }
    return machine || !waits;
}

/* The check of another request is judged by what the resolver would answer: its own servers were not asked for it. */
static int facts_for(struct trying *t, const struct request *r)
{
    struct checked *v;
    size_t n;
    int rc = checked_names(t->a, r, &v, &n);
    struct evidence *ev = &t->ev;
    evidence_init(ev, t->a, n + 1);
    for (size_t i = 0; i < n && !rc; i++) {
        struct model_reply reply;
        struct ask q = lookup_ask(v[i].name, v[i].type);
        rc = model_answer(&t->after, "", q.qname, q.qtype, &reply);
        if (rc || reply.kind == MODEL_NOT_KNOWN)
            continue;
        struct fact *blank = arena_alloc(t->a, sizeof *blank), *f = NULL;
        struct ask *asked = evidence_ask(ev, &q, NULL);
        if (!blank || !asked)
            return -ENOMEM;
        *blank = (struct fact){.ask = asked, .us = 1, .at = TIME_UNKNOWN, .dns = {.flags = DNS_QR | DNS_RD | DNS_RA}};
        rc = write_answer(t, blank, &reply, &f);
        if (!rc)
            rc = evidence_add(ev, f);
    }
    return rc;
}

/* ---------------------------------------------------------------- one trial --------------------------- */

static const char *joined(struct arena *a, const struct texts *t)
{
    const char *all = "";
    for (size_t i = 0; i < t->n && all; i++)
        all = arena_concat(a, all, *all ? " " : "", t->v[i], NULL);
    return all ? all : "";
}

/* True where a machine can apply one of the operations at least. */
static bool has_effect(const struct trying *t)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->ops[i].op != FIX_ADVICE)
            return true;
    return false;
}

static int try_on_model(struct trying *t)
{
    struct proof *p = t->p;
    struct request r = *p->j->r;
    bool changed = false, pass = false;
    int rc = checked_names(t->a, p->j->r, &t->checked, &t->n_checked);
    if (!rc)
        rc = rewrite(t);
    if (rc)
        return rc;
    if (!change_request(t, &r, &changed)) {
        t->trial->end = TRIAL_UNSURE;
        t->trial->note = TRIAL_TO_BE_GIVEN;
        return 0;
    }
    rc = trial_compare(t, r.method);
    if (!rc && changed) {
        struct request other = trial_request(t);
        other.method = r.method;
        adn_set(&other, r.adn);
        r = other;
        rc = facts_for(t, &r);
    }
    struct report report = {.verdict = VERDICT_UNDECIDED};
    if (!rc)
        rc = judge_verdict(&r, &t->ev, t->a, &report);
    pass = report.verdict == VERDICT_PASS;
    if (report.verdict == VERDICT_UNDECIDED)
        trial_doubt(t, "Whether the check passes then is not known: it would look at what was not asked here.");
    t->trial->note = pass || report.verdict == VERDICT_UNDECIDED ? joined(p->a, &t->after.doubts) : "";
    t->trial->end = t->trial->breaks.n                       ? TRIAL_BREAKS
                    : report.verdict == VERDICT_FAIL         ? TRIAL_FAILS
                    : t->after.doubts.n                      ? TRIAL_UNSURE
                                                             : TRIAL_PROVEN;
    return rc;
}

/* The texts of the trial outlive its arena. */
static int keep(struct proof *p, struct trial *t)
{
    t->note = arena_strdup(p->a, t->note);
    for (size_t i = 0; i < t->breaks.n; i++)
        t->breaks.v[i] = arena_strdup(p->a, t->breaks.v[i]);
    return arena_full(p->a) ? -ENOMEM : 0;
}

int proof_try(struct proof *p, const struct fix *ops, size_t n, struct trial *ret)
{
    alignas(max_align_t) unsigned char first[TRIAL_FIRST_BYTES];
    struct trying t = {.p = p, .ops = ops, .n = n, .trial = ret, .now = p->now};
    *ret = (struct trial){.end = TRIAL_UNSURE, .note = TRIAL_FOR_A_PERSON};
    if (!has_effect(&t))
        return 0;
    t.now.a = t.a = arena_over(first, sizeof first, TRIAL_BYTES);
    const char *refused;
    int rc = model_apply(&t.now, ops, n, &t.after, &refused);
    ret->note = "";
    if (!rc && refused) {
        ret->end = TRIAL_FORBIDDEN;
        ret->note = refused;
    } else if (!rc) {
        rc = try_on_model(&t);
    }
    if (!rc)
        rc = keep(p, ret);
    arena_free(t.a);
    return rc;
}
