#include "show/render.h"

#include "base/text.h"
#include "ca/answer.h"
#include "evidence/view.h"
#include "format/reproduce.h"
#include "judge/caa_explain.h"
#include "judge/report_rules.h"
#include "model/time.h"
#include "show/render_caa.h"
#include "show/render_fix.h"
#include "show/render_way.h"
#include "show/render_wrap.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <string.h>

enum {
    WIDTH = 80,
    LINES = 24, /* of a terminal */
    RECORDS_SHOWN = 4,
    PROOF_SHOWN = 6,
    COMMANDS_SHOWN = 2,
    VALUE_SHOWN = 300,
    KEY_SHOWN = 8,
    TYPE_SHOWN = 24,
    BODY_SHOWN = 60
};

/* The report that is being written, and how. */
struct page {
    struct buf *b;
    struct arena *a;
    unsigned width;
    bool color, verbose, no_cure;
    const struct profile *profile; /* of the CA that is repeated */
    const struct evidence *ev;     /* of the report; NULL: it is stored without */
};

/* How many lines of b begin at `from` or behind it. */
static size_t lines(const struct buf *b, size_t from)
{
    size_t n = 0;
    for (size_t i = from; i < b->n; i++)
        n += b->p[i] == '\n';
    return n;
}

static void blanks(struct page *p, size_t n)
{
    buf_printf(p->b, "%*s", (int)n, "");
}

/* Prose, broken between words. Its first line begins at column `at`, where the output stands; the others at
 * `indent`. */
static void wrap(struct page *p, const char *text, size_t indent, size_t at)
{
    const char *margin = arena_printf(p->a, "%*s", (int)indent, "");
    render_wrap(p->b, text, margin ? margin : "", at, p->width);
}

static void prose(struct page *p, size_t indent, const char *text)
{
    blanks(p, indent);
    wrap(p, render_safe(p->a, text, SIZE_MAX), indent, indent);
}

static void duration(struct buf *b, uint32_t us)
{
    if (us < 10000)
        buf_printf(b, "%u.%u ms", us / 1000, us / 100 % 10);
    else if (us < 10000000)
        buf_printf(b, "%u ms", us / 1000);
    else
        buf_printf(b, "%u s", us / 1000000);
}

static void way(struct page *p, const struct cure *c)
{
    if (c->breaks.n)
        prose(p, 4, "There is no cure here that breaks nothing. This one would:");
    for (size_t i = 0; i < c->breaks.n; i++)
        prose(p, 6, c->breaks.v[i]);
    for (size_t i = 0; i < c->n; i++)
        render_fix(p->b, p->a, p->ev, &c->ops[i], 4, p->width);
    if (*c->note && (cure_by_machine(c) || c->breaks.n))
        prose(p, 4, c->note);
}

/* The first cure, or all of them. */
static void cures(struct page *p, const struct finding *f)
{
    for (size_t i = 0; i < f->n_cures; i++) {
        if (i)
            prose(p, 4, p->verbose ? "or:"
                        : f->n_cures == 2
                            ? "(There is another way: --verbose shows it.)"
                            : arena_printf(p->a, "(There are %zu other ways: --verbose shows them.)", f->n_cures - 1));
        if (i && !p->verbose)
            return;
        way(p, &f->cures[i]);
    }
}

/* True where an earlier finding of the report begins with the same cure. */
static bool cured_above(const struct report *r, const struct finding *f)
{
    for (const struct finding *other = r->findings; other < f; other++)
        if (other->n_cures && f->n_cures && cure_same(other->cures, f->cures))
            return true;
    return false;
}

/* ---------------------------------------------------------------- facts ------------------------------ */

/* What a fact is about and what its outcome is: in one line if they fit, else in two. */
static void headline(struct page *p, size_t indent, const char *about, const char *outcome)
{
    size_t width =
        indent + text_characters(about, strlen(about)) + 2 + text_characters(outcome, strlen(outcome));
    blanks(p, indent);
    if (width <= p->width)
        buf_printf(p->b, "%s  %s\n", about, outcome);
    else
        buf_printf(p->b, "%s\n%*s%s\n", about, (int)indent + 4, "", outcome);
}

/* How many bytes of a record's data are shown: very long data is cut, and so are keys and signatures. What a person has
 * to copy stands in the cure, which is not cut. */
static size_t data_shown(const struct page *p, const struct rr *rr, const char *text)
{
    size_t n = strlen(text);
    const char *last = strrchr(text, ' ');
    if (p->verbose)
        return n;
    if ((rr->type == RR_RRSIG || rr->type == RR_DNSKEY) && last && strlen(last) > KEY_SHOWN)
        return (size_t)(last - text) + 1 + KEY_SHOWN;
    return n > VALUE_SHOWN ? VALUE_SHOWN : n;
}

static void record(struct page *p, const struct rr *rr)
{
    char type[16];
    const char *text = rr_rdata_text(p->a, rr), *owner = render_safe(p->a, rr->owner, VALUE_SHOWN);
    const char *head = arena_printf(p->a, "%s %u %s", owner, rr->ttl, rr_type_name(rr->type, type));
    if (!text || !head)
        return;
    size_t all = strlen(text), n = data_shown(p, rr, text);
    const char *shown =
        n < all ? arena_printf(p->a, "%.*s… and %zu bytes more", (int)n, text, all - n) : text;
    shown = render_safe(p->a, shown, SIZE_MAX);
    bool fits = 6 + strlen(head) + 1 + text_characters(shown, strlen(shown)) <= p->width;
    buf_printf(p->b, "      %s%s", head, fits ? " " : "\n        ");
    if (n < all && n < VALUE_SHOWN)
        wrap(p, shown, 8, fits ? 7 + strlen(head) : 8);
    else
        buf_printf(p->b, "%s\n", shown);
    if (rr->defect)
        prose(p, 8, arena_printf(p->a, "broken: %s", rr->defect));
}

/* True where the answer only says which servers to ask instead (RFC 1034 4.3.2). */
static bool referred(const struct dns_fact *f)
{
    bool ns = false;
    for (size_t i = 0; i < f->authority.n; i++) {
        if (f->authority.v[i].type == RR_SOA)
            return false;
        ns = ns || f->authority.v[i].type == RR_NS;
    }
    return ns && !(f->flags & DNS_AA);
}

static void dns_outcome(struct buf *b, const struct ask *q, const struct dns_fact *f)
{
    char text[16];
    switch (f->outcome) {
    case DNS_ANSWER:
        buf_printf(b, "%zu record%s", f->answer.n, f->answer.n == 1 ? "" : "s");
        break;
    case DNS_NODATA:
        if (referred(f))
            buf_puts(b, "a referral");
        else
            buf_printf(b, "no %s record", rr_type_name(q->qtype, text));
        break;
    case DNS_NXDOMAIN:
    case DNS_SERVFAIL:
    case DNS_REFUSED:
    case DNS_OTHER:
        buf_puts(b, rcode_name(f->rcode, text));
        break;
    case DNS_TIMEOUT:
        buf_puts(b, "no answer");
        break;
    case DNS_UNREACHABLE:
        buf_puts(b, "unreachable");
        break;
    case DNS_MALFORMED:
        buf_puts(b, "broken answer");
        break;
    }
}

/* "NAME TYPE  outcome  from SERVER in TIME" */
static void dns_headline(struct page *p, const struct fact *fact)
{
    char type[16];
    const struct ask *q = fact->ask;
    const char *server = q->server ? q->server : fact->dns.server;
    struct buf b = {0};
    dns_outcome(&b, q, &fact->dns);
    if (fact_is_recursive(fact))
        buf_puts(&b, "  from the root down");
    else if (server)
        buf_printf(&b, "  from %s", render_safe(p->a, server, VALUE_SHOWN));
    if (q->via == VIA_PERSPECTIVE && q->perspective)
        buf_printf(&b, " (%s)", render_safe(p->a, q->perspective, VALUE_SHOWN));
    const char *how = q->cd && q->dnssec ? " with signatures, unchecked"
                      : q->cd            ? " without DNSSEC checks"
                      : q->dnssec        ? " with signatures"
                                         : "";
    buf_printf(&b, "%s%s in ", q->tcp ? " over TCP" : "", how);
    duration(&b, fact->us);
    const char *about =
        arena_printf(p->a, "%s %s", render_safe(p->a, q->qname, VALUE_SHOWN), rr_type_name(q->qtype, type));
    headline(p, 4, about ? about : "", b.p ? b.p : "");
    p->b->failed = p->b->failed || b.failed;
    buf_free(&b);
}

static void dns_fact(struct page *p, const struct fact *fact)
{
    const struct dns_fact *f = &fact->dns;
    dns_headline(p, fact);
    if (f->detail)
        prose(p, 6, f->detail);
    for (size_t i = 0; i < f->n_ede; i++) {
        const char *name = ede_name(f->ede[i].code);
        bool said = f->ede[i].text && *f->ede[i].text;
        prose(p, 6,
              arena_printf(p->a, "the %s says: error %u%s%s%s%s",
                           fact_is_recursive(fact) ? "validator" : "server", f->ede[i].code, name ? ", " : "",
                           name ? name : "", said ? ": " : "", said ? f->ede[i].text : ""));
    }
    for (size_t i = 0; i < f->n_defects; i++)
        prose(p, 6, arena_printf(p->a, "broken at byte %u: %s", f->defects[i].offset, f->defects[i].what));
    size_t shown = p->verbose || f->answer.n <= RECORDS_SHOWN ? f->answer.n : RECORDS_SHOWN;
    for (size_t i = 0; i < shown; i++)
        record(p, &f->answer.v[i]);
    if (shown < f->answer.n)
        buf_printf(p->b, "      … and %zu more\n", f->answer.n - shown);
    if (p->verbose && f->authority.n)
        buf_printf(p->b, "      %s\n", referred(f) ? "refers to" : "authority");
    for (size_t i = 0; p->verbose && i < f->authority.n; i++)
        record(p, &f->authority.v[i]);
}

static void http_headline(struct page *p, const struct fact *fact)
{
    const struct http_fact *f = &fact->http;
    const char *type = http_header_find(f, "content-type");
    struct buf b = {0};
    if (f->outcome == HTTP_RESPONSE)
        buf_printf(&b, "status %d, %llu byte%s%s%s%s", f->status, (unsigned long long)f->size,
                   f->size == 1 ? "" : "s", f->more ? " and more" : "", type ? ", " : "",
                   render_safe(p->a, type, TYPE_SHOWN));
    else
        buf_puts(&b, http_outcome_name(f->outcome));
    if (fact->ask->address)
        buf_printf(&b, "  from %s", render_safe(p->a, fact->ask->address, VALUE_SHOWN));
    buf_puts(&b, " in ");
    duration(&b, fact->us);
    headline(p, 4, render_safe(p->a, fact->ask->url, VALUE_SHOWN), b.p ? b.p : "");
    p->b->failed = p->b->failed || b.failed;
    buf_free(&b);
}

static void http_fact(struct page *p, const struct fact *fact)
{
    const struct http_fact *f = &fact->http;
    const char *location = http_header_find(f, "location");
    http_headline(p, fact);
    if (f->detail)
        prose(p, 6, f->detail);
    if (location)
        buf_printf(p->b, "      Location: %s\n", render_safe(p->a, location, VALUE_SHOWN));
    const char *body = f->body.n ? text_escape(p->a, (const char *)f->body.p, f->body.n, BODY_SHOWN) : NULL;
    if (body)
        buf_printf(p->b, "      \"%s\"\n", body);
    if (f->tls && f->tls->problem)
        prose(p, 6, f->tls->problem);
}

static void fact(struct page *p, const struct fact *f)
{
    if (f->ask->kind == ASK_DNS)
        dns_fact(p, f);
    else
        http_fact(p, f);
}

static const struct fact *fact_find(const struct report *r, uint32_t n)
{
    return r->evidence && n && n <= r->evidence->n ? r->evidence->facts[n - 1] : NULL;
}

static void reproduce(struct page *p, const struct fact *f)
{
    const char *line = reproduce_command(p->a, p->profile, f);
    buf_printf(p->b, "    %s\n", line ? line : "");
}

/* ---------------------------------------------------------------- report ----------------------------- */

void render_heading(struct buf *b, struct arena *a, const struct request *q, enum verdict verdict, const char *rest,
                    const struct render *how)
{
    static const struct {
        const char *word, *color;
    } verdicts[] = {[VERDICT_UNDECIDED] = {"UNDECIDED", "33"},
                    [VERDICT_PASS] = {"PASS", "32"},
                    [VERDICT_FAIL] = {"FAIL", "31"}};
    unsigned most = how->width ? how->width : WIDTH;
    const char *display = q->domain ? name_display(a, q->domain) : NULL;
    bool odd = display && strcmp(display, q->domain) != 0;
    const char *name = arena_printf(a, "%s%s%s%s%s", q->wildcard && q->domain ? "*." : "",
                                    render_safe(a, q->domain ? q->domain : q->input, VALUE_SHOWN), odd ? " (" : "",
                                    odd ? render_safe(a, display, VALUE_SHOWN) : "", odd ? ")" : "");
    if (!name)
        return;
    const char *word = verdicts[verdict].word;
    size_t width = strlen(word) + 2 + text_characters(name, strlen(name)) + 2 + (rest ? strlen(rest) : 0);
    if (how->color)
        buf_printf(b, "\033[1;%sm%s\033[0m", verdicts[verdict].color, word);
    else
        buf_puts(b, word);
    buf_printf(b, "  %s%s%s\n", name, !rest ? "" : width <= most ? "  " : "\n      ", rest ? rest : "");
}

static void heading(struct page *p, const struct report *r, const struct render *how)
{
    const struct code_info *code = code_info(r->error.code), *detail = code_info(r->detail_code);
    bool finer = code && detail && detail != code;
    const char *rest =
        arena_printf(p->a, "%s%s%s%s%s%s", method_name(r->request->method), code ? "  " : "", code ? code->code : "",
                     finer ? " (" : "", finer ? detail->code : "", finer ? ")" : "");
    if (rest)
        render_heading(p->b, p->a, r->request, r->verdict, rest, how);
}

static void title(struct page *p, const char *text)
{
    buf_printf(p->b, "\n  %s\n", text);
}

static void proof(struct page *p, const struct report *r, const struct finding *f)
{
    if (!f->n_facts)
        return;
    title(p, "Proof");
    size_t shown = p->verbose || f->n_facts <= PROOF_SHOWN ? f->n_facts : PROOF_SHOWN;
    for (size_t i = 0; i < shown; i++) {
        const struct fact *one = fact_find(r, f->facts[i]);
        if (one)
            fact(p, one);
    }
    if (shown < f->n_facts)
        buf_printf(p->b, "    … and %zu more\n", f->n_facts - shown);
}

static void cure(struct page *p, const struct finding *f)
{
    const char *who = actor_words(f->who_acts);
    if (!f->n_cures)
        return;
    const char *text = who ? arena_concat(p->a, "Cure, for ", who, NULL) : NULL;
    title(p, text ? text : "Cure");
    cures(p, f);
}

/* Who acts is said where it is somebody else than for the first finding. */
static void others(struct page *p, const struct report *r, size_t from)
{
    if (from >= r->n_findings)
        return;
    title(p, from ? "Also" : "Findings");
    for (size_t i = from; i < r->n_findings; i++) {
        const struct finding *f = &r->findings[i];
        buf_printf(p->b, "    %s: ", weight_name(f->weight));
        wrap(p, render_safe(p->a, f->summary, SIZE_MAX), 6, 6 + strlen(weight_name(f->weight)));
        if (p->no_cure || (!p->verbose && (f->weight != WEIGHT_BLOCKING || cured_above(r, f))))
            continue;
        if (f->n_cures && f->who_acts != ACTOR_NONE && (!from || f->who_acts != r->findings[0].who_acts))
            buf_printf(p->b, "    for %s:\n", actor_words(f->who_acts));
        cures(p, f);
    }
}

/* Which call answers so, and what the check of the whole order shows; NULL where that is not known. */
static const char *call_text(struct page *p, const struct report *r)
{
    struct answer w;
    const struct request *q = r->request;
    if (!answer_of(p->profile, r->error.code, q->method, &w))
        return NULL;
    if (!w.order_call)
        return arena_printf(p->a, "Call: %s.", w.call);
    if (!p->verbose && w.pending)
        return arena_printf(p->a, "Call: %s. The order's check: %d, %s.", w.call, w.order_status, w.pending);
    if (!p->verbose)
        return arena_printf(p->a, "Call: %s; the order's check answers the same.", w.call);
    if (w.pending)
        return arena_printf(p->a,
                            "Call: %s. The check of the whole order, %s, answers HTTP %d instead, with the dcv_status "
                            "%s, and among its names %s%s as %s.",
                            w.call, w.order_call, w.order_status, w.pending, q->wildcard ? "*." : "", q->domain,
                            w.pending);
    return arena_printf(p->a, "Call: %s; and the check of the whole order, %s, answers the same.", w.call,
                        w.order_call);
}

/* left: how many lines are free on the terminal. */
static void api_answer(struct page *p, const struct report *r, size_t left)
{
    const struct code_info *info = code_info(r->error.code);
    if (!info || r->request->ca) /* the API is that of the profile's CA */
        return;
    title(p, "The API would answer");
    const char *code = code_text(p->a, &r->error);
    size_t before = p->b->n;
    prose(p, 4,
          arena_printf(p->a, "HTTP %d, code %s: %s", info->status, code ? code : info->code, info->message));
    const char *call = call_text(p, r);
    if (call && (p->verbose || left > lines(p->b, before) + 2))
        prose(p, 4, call);
    if (r->caa && r->caa->may_because)
        prose(p, 4,
              arena_printf(p->a, "May the CA issue all the same? %s %s",
                           r->br_may_permit == 1   ? "Yes, but it need not."
                           : r->br_may_permit == 0 ? "No."
                                                   : "That is not known.",
                           r->caa->may_because));
}

/* Whether render_caa() shows this fact already. */
static bool pictured(const struct report *r, uint32_t n)
{
    for (size_t i = 0; r->caa && r->caa->relevant && i < r->caa->n_climb; i++)
        for (size_t k = 0; k < r->caa->climb[i].n_facts; k++)
            if (r->caa->climb[i].facts[k] == n)
                return true;
    return false;
}

static bool all_pictured(const struct report *r, const struct finding *f)
{
    for (size_t i = 0; i < f->n_facts; i++)
        if (!pictured(r, f->facts[i]))
            return false;
    return true;
}

/* The questions of the search, up to the level at which it ended, then the other facts that prove the finding. */
static void search_commands(struct page *p, const struct report *r, const struct finding *f)
{
    const struct caa_derivation *d = r->caa;
    title(p, "To see it yourself");
    for (size_t i = 0; i < d->n_climb && d->climb[i].reached; i++)
        for (size_t k = 0; k < d->climb[i].n_facts; k++)
            reproduce(p, fact_find(r, d->climb[i].facts[k]));
    for (size_t i = 0, more = 0; f && i < f->n_facts && more < COMMANDS_SHOWN; i++) {
        const struct fact *one = fact_find(r, f->facts[i]);
        bool again = !one;
        for (size_t k = 0; k < d->n_climb && d->climb[k].reached; k++)
            for (size_t m = 0; m < d->climb[k].n_facts; m++)
                again = again || d->climb[k].facts[m] == f->facts[i];
        if (again)
            continue;
        reproduce(p, one);
        more++;
    }
}

/* The commands that ask for the facts which prove a finding, in its order; a command that is there already is left
 * out. */
static void commands(struct page *p, const struct report *r, const struct finding *f)
{
    const char *shown[COMMANDS_SHOWN];
    size_t n = 0;
    for (size_t i = 0; i < f->n_facts && n < COMMANDS_SHOWN; i++) {
        const struct fact *one = fact_find(r, f->facts[i]);
        const char *line = one ? reproduce_command(p->a, p->profile, one) : NULL;
        bool again = !line;
        for (size_t k = 0; k < n && !again; k++)
            again = !strcmp(shown[k], line);
        if (again)
            continue;
        if (!n)
            title(p, "To see it yourself");
        shown[n++] = line;
        buf_printf(p->b, "    %s\n", line);
    }
}

static bool same_records(const struct rrs *a, const struct rrs *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (a->v[i].type != b->v[i].type || !name_equal(a->v[i].owner, b->v[i].owner) || !rr_same(&a->v[i], &b->v[i]))
            return false;
    return true;
}

/* The earlier fact that says the same: the same question, only with other flags, and the same records. NULL: none. */
static const struct fact *said_before(const struct report *r, const struct fact *f)
{
    const struct ask *q = f->ask;
    for (size_t i = 0; q->kind == ASK_DNS && i < r->evidence->n && r->evidence->facts[i] != f; i++) {
        const struct fact *e = r->evidence->facts[i];
        const char *one = e->ask->server ? e->ask->server : e->dns.server;
        const char *other = q->server ? q->server : f->dns.server;
        if (e->ask->kind == ASK_DNS && e->ask->via == q->via && e->ask->qtype == q->qtype &&
            name_equal(e->ask->qname, q->qname) && one && other && !strcmp(one, other) &&
            e->dns.outcome == f->dns.outcome && e->dns.rcode == f->dns.rcode && e->dns.n_ede == f->dns.n_ede &&
            !f->dns.n_ede && !f->dns.detail && !f->dns.n_defects && !e->dns.n_defects && f->dns.answer.n &&
            same_records(&e->dns.answer, &f->dns.answer) && same_records(&e->dns.authority, &f->dns.authority))
            return e;
    }
    return NULL;
}

static void all_evidence(struct page *p, const struct report *r, const struct finding *proven)
{
    if (!r->evidence || !r->evidence->n)
        return;
    title(p, "All evidence");
    for (size_t i = 0; i < r->evidence->n; i++) {
        const struct fact *f = r->evidence->facts[i], *before = said_before(r, f);
        bool above = false;
        for (size_t k = 0; proven && k < proven->n_facts; k++)
            above = above || proven->facts[k] == f->n;
        buf_printf(p->b, "  %u\n", f->n);
        if (above) {
            buf_puts(p->b, "    above, under Proof\n");
        } else if (before) {
            dns_headline(p, f);
            buf_printf(p->b, "      the same records as in %u\n", before->n);
        } else {
            fact(p, f);
        }
        reproduce(p, f);
    }
}

/* Whether another CA than the profile's may issue, and as whom it was looked for. */
static const char *other_ca_text(struct arena *a, const struct report *r)
{
    const struct request *q = r->request;
    const char *may = r->verdict == VERDICT_PASS   ? "may issue for"
                      : r->verdict == VERDICT_FAIL ? "may not issue for"
                                                   : "may or may not issue for";
    const char *list = "";
    for (size_t i = 0; list && i < q->issuers.n; i++)
        list = arena_concat(a, list, i ? ", " : "", q->issuers.v[i], NULL);
    const char *text = list ? arena_printf(a, "By CAA, %s %s %s%s (known as %s).", q->ca, may, q->wildcard ? "*." : "",
                                           q->domain, list)
                            : NULL;
    return text ? text : "";
}

/* Until when the CA may rely on a CAA check that passes. */
static const char *caa_until_text(struct arena *a, const struct report *r)
{
    enum { HOURS_8 = 8 * 60 * 60 * 1000 };
    char until[25];
    time_format(r->caa->until, until);
    bool ttl = r->caa->until - r->request->now > HOURS_8;
    const char *text =
        arena_printf(a, "A CA that checks now must issue before %.10s %.5s UTC, %s (%s), or look at CAA again.", until,
                     until + 11, ttl ? "within the TTL of the records" : "within eight hours",
                     caa_requirements(r->request->purpose));
    return text ? text : "";
}

/* Until when the CA may rely on a validation that passes. */
static const char *reusable_text(struct arena *a, const struct report *r)
{
    const struct dated_rows *days = &r->request->profile->reuse_days;
    dcv_time until = report_reusable_until(r);
    const struct dated *row = dated_row(days, until);
    const char *source = row ? row->source : NULL;
    char day[25];
    time_format(until, day);
    const char *text = arena_printf(a, "A CA that validates now may reuse that until %.10s%s%s%s.", day,
                                    source ? " (" : "", source ? source : "", source ? ")" : "");
    return text ? text : "";
}

void render_report(struct buf *b, struct arena *a, const struct report *r, const struct render *how)
{
    size_t start = b->n;
    struct page p = {b, a, how->width ? how->width : WIDTH, how->color, how->verbose, how->no_cure,
                     r->request->profile, r->evidence};
    heading(&p, r, how);
    if (r->request->ca && r->request->domain)
        prose(&p, 2, other_ca_text(p.a, r));
    if (r->reason)
        prose(&p, 2, r->reason);
    if (r->remark)
        prose(&p, 2, r->remark);
    if (report_reusable_until(r) != TIME_UNKNOWN && r->request->method != METHOD_DNS_PERSIST) /* its remark says so */
        prose(&p, 2, reusable_text(p.a, r));
    if (r->caa && r->caa->until != TIME_UNKNOWN)
        prose(&p, 2, caa_until_text(p.a, r));
    /* A pass has nothing to explain: its findings are risks and notes, listed below. */
    const struct finding *first = r->verdict != VERDICT_PASS && r->n_findings ? r->findings : NULL;
    bool pictures = r->caa && (r->verdict != VERDICT_PASS || how->derivation || how->verbose);
    const struct finding *proven = NULL; /* its facts are shown already */
    if (first) {
        buf_puts(b, "\n");
        prose(&p, 2, first->summary);
        if (pictures)
            render_caa(b, a, r, how);
        if (!pictures || !all_pictured(r, first))
            proof(&p, r, proven = first);
        render_way(b, a, r, how);
        if (!how->no_cure)
            cure(&p, first);
    }
    if (pictures && !first)
        render_caa(b, a, r, how);
    if (!first && how->verbose)
        render_way(b, a, r, how);
    others(&p, r, first ? 1 : 0);
    struct buf tail = {0};
    p.b = &tail;
    if (how->verbose)
        all_evidence(&p, r, proven);
    else if (pictures)
        search_commands(&p, r, first);
    else if (first)
        commands(&p, r, first);
    p.b = b;
    size_t used = lines(b, start) + lines(&tail, 0);
    api_answer(&p, r, used < LINES ? LINES - used : 0);
    buf_add(b, tail.p, tail.n);
    b->failed |= tail.failed;
    buf_free(&tail);
}
