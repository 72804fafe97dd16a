#include "carry_out.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>


#include "evidence/view.h"
#include "wire/name.h"
#include "wire/wire.h"

unsigned faults;

struct small_net *net_new(struct arena *a)
{
    struct small_net *net = arena_alloc(a, sizeof *net);
    assert_non_null(net);
    net->a = a;
    net_zone_add(net, "com.", "192.0.2.1:53");
    net_zone_add(net, "example.com.", "192.0.2.2:53");
    return net;
}

struct request request_of(struct arena *a, const char *domain, const char *method, const char *more)
{
    return net_request(a, arena_printf(a, "\"domain\":\"%s\",\"methods\":[\"%s\"]%s%s", domain, method,
                                       strcmp(method, "caa") ? ",\"token\":\"" TOKEN "\"" : "", more));
}

/* ---------------------------------------------------------------- before and after -------------------- */

static const uint16_t kept_types[] = {RR_A, RR_AAAA, RR_MX, RR_TXT, RR_SRV};

/* Names that hosts have; those with an underscore are left to the other methods' checks. */
static void hosts_of(struct small_net *net, const char *domain, struct texts *ret)
{
    struct arena *a = net->a;
    for (const char *up = domain; up && name_within(up, "example.com"); up = name_parent(up))
        for (unsigned k = 0; k < 3; k++)
            texts_add(a, ret, arena_concat(a, k == 0 ? "" : k == 1 ? "www." : "zz7q.", up, ".", NULL));
    for (size_t z = 0; z < net->n; z++)
        for (size_t i = 0; i < net->zone[z].n; i++)
            if (!strchr(net->zone[z].v[i].owner, '_') && *net->zone[z].v[i].owner != '*')
                texts_add(a, ret, net->zone[z].v[i].owner);
}

static bool all_there(const struct dns_fact *before, const struct dns_fact *after, bool more)
{
    for (size_t i = 0; i < before->answer.n; i++) {
        const struct rr *x = &before->answer.v[i];
        bool found = false;
        for (size_t k = 0; k < after->answer.n; k++) {
            const struct rr *y = &after->answer.v[k];
            found = found || (x->type == y->type && x->rdlen == y->rdlen && !memcmp(x->rdata, y->rdata, x->rdlen) &&
                              name_equal(x->owner, y->owner));
        }
        if (!found)
            return false;
    }
    return more || before->answer.n == after->answer.n;
}

static bool replaced_at(const struct cure *c, const char *name)
{
    for (size_t i = 0; i < c->n; i++)
        if ((c->ops[i].op == FIX_REPLACE || c->ops[i].op == FIX_REMOVE) && name_equal(c->ops[i].owner, name))
            return true;
    return false;
}

static bool passes(struct small_net *net, const struct request *r)
{
    struct evidence ev;
    struct report report;
    net_check(net, r, &ev, &report);
    return report.verdict == VERDICT_PASS;
}

static void keeps_answers(const char *what, struct small_net *net, struct small_net *then, const char *domain,
                          const struct cure *c)
{
    struct texts hosts = {0};
    hosts_of(net, domain, &hosts);
    for (size_t i = 0; i < hosts.n; i++)
        for (size_t k = 0; k < sizeof kept_types / sizeof *kept_types; k++) {
            struct dns_fact before, after;
            net_resolve(net, hosts.v[i], kept_types[k], &before);
            net_resolve(then, hosts.v[i], kept_types[k], &after);
            if (kept_types[k] == RR_TXT && replaced_at(c, hosts.v[i]))
                continue;
            if (before.outcome == DNS_ANSWER && !all_there(&before, &after, kept_types[k] == RR_TXT))
                wrong("%s: %s loses its answer for type %u", what, hosts.v[i], kept_types[k]);
        }
}

/* Records of other services are nobody's to remove, wherever they stand. */
static void keeps_texts(const char *what, const struct small_net *net, const struct small_net *then)
{
    for (size_t z = 0; z < net->n; z++)
        for (size_t i = 0; i < net->zone[z].n; i++) {
            const struct rr *rr = &net->zone[z].v[i];
            bool found = rr->type != RR_TXT || !memchr(rr->rdata, '=', rr->rdlen) ||
                         memmem(rr->rdata, rr->rdlen, "digicert", strlen("digicert"));
            for (size_t k = 0; k < then->zone[z].n && !found; k++)
                found = rr_same(rr, &then->zone[z].v[k]) && name_equal(rr->owner, then->zone[z].v[k].owner);
            if (!found)
                wrong("%s: %s loses the record %s", what, rr->owner, rr_rdata_text(net->a, rr));
        }
}

static void keeps_others(const char *what, struct small_net *net, struct small_net *then, const char *domain,
                         enum method chosen)
{
    static const char *const methods[] = {"dns-txt-token", "dns-cname-token", "dns-persist"};
    static const char *const issuers[] = {"letsencrypt.org", "sectigo.com", "unknown.example.net"};
    static const char *const purposes[] = {"tls", "tls", "smime"};
    struct arena *a = net->a;
    for (unsigned i = 0; i < 3; i++) {
        struct request r = request_of(a, domain, methods[i], ",\"account_uri\":\"https://ca/7\"");
        if (r.method != chosen && passes(net, &r) && !passes(then, &r))
            wrong("%s: the method %s passes no longer", what, methods[i]);
        for (unsigned k = 0; k < 3; k++) {
            r = request_of(a, arena_concat(a, k == 1 ? "*." : "", domain, NULL), "caa",
                           arena_printf(a, ",\"purpose\":\"%s\",\"issuer\":[\"%s\"]", purposes[k], issuers[i]));
            if (passes(net, &r) && !passes(then, &r))
                wrong("%s: %s may issue no longer (%s)", what, issuers[i], purposes[k]);
        }
    }
}

static void undone(const char *what, const struct small_net *net, const struct small_net *then, const struct cure *c)
{
    struct small_net *back = net_copy(then);
    struct fix inverse[64];
    size_t n = 0;
    for (size_t i = c->n; i-- > 0;) {
        struct fix x = c->ops[i];
        if (x.op == FIX_REPLACE) {
            x.rdata = c->ops[i].old_rdata;
            x.old_rdata = c->ops[i].rdata;
        } else if (x.op == FIX_ADD || x.op == FIX_REMOVE) {
            x.op = x.op == FIX_ADD ? FIX_REMOVE : FIX_ADD;
        } else {
            continue;
        }
        assert_true(n < 64);
        inverse[n++] = x;
    }
    const char *problem = net_apply(back, inverse, n);
    if (problem || !net_same(net, back))
        wrong("%s: undoing it does not bring the zones back: %s", what, problem ? problem : "they differ");
}

/* Carries a proven cure out. */
static void carry_out(const char *what, struct small_net *net, const struct request *r, const struct cure *c)
{
    struct small_net *then = net_copy(net);
    struct request changed = *r;
    for (size_t i = 0; i < c->n; i++) {
        if (c->ops[i].op == FIX_INPUT && !strcmp(c->ops[i].argument, "adn"))
            changed.adn = c->ops[i].value;
        else if (c->ops[i].op == FIX_INPUT)
            assert_true(method_parse(c->ops[i].value, &changed.method));
    }
    const char *problem = net_apply(then, c->ops, c->n);
    if (problem) {
        wrong("%s: %s", what, problem);
        return;
    }
    if (!passes(then, &changed))
        wrong("%s: the check does not pass", what);
    keeps_answers(what, net, then, r->domain, c);
    keeps_others(what, net, then, r->domain, changed.method);
    keeps_texts(what, net, then);
    undone(what, net, then, c);
}

const char *in_words(struct arena *a, const char *of, const struct finding *f, const struct cure *c)
{
    const char *text = arena_printf(a, "%s: %s:", of, cause_info(f->cause)->id);
    for (size_t i = 0; i < c->n; i++) {
        const struct fix *x = &c->ops[i];
        text = arena_printf(a, "%s [%s %s %s %s %s]", text, fix_op_name(x->op), x->owner ? x->owner : "",
                            x->type ? x->type : "", x->rdata ? x->rdata : "", x->value ? x->value : "");
    }
    return text;
}

unsigned carry_out_all(const char *of, struct small_net *net, const struct request *r, const struct report *p)
{
    unsigned n = 0;
    for (size_t i = 0; i < p->n_findings; i++) {
        const struct finding *f = &p->findings[i];
        assert_true(f->n_cures <= CURES_MOST);
        for (size_t k = 0; k < f->n_cures; k++)
            if (f->cures[k].proven) {
                assert_int_equal(f->cures[k].breaks.n, 0);
                carry_out(in_words(net->a, of, f, &f->cures[k]), net, r, &f->cures[k]);
                n++;
            }
    }
    return n;
}
