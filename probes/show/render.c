#include "show/render_inner.h"

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
    LINES = 24 /* of a terminal */,
    PROOF_SHOWN = 6,
    PROOF_TERSE = 2,
    COMMANDS_SHOWN = 2,
    COMMANDS_TERSE = 1,
    VALUE_SHOWN = 300
};

/* How many lines of b begin at `from` or behind it. */
static size_t lines(const struct buf *b, size_t from)
{
    size_t n = 0;
    for (size_t i = from; i < b->n; i++)
        n += b->p[i] == '\n';
    return n;
}

static void way(struct page *p, const struct cure *c)
{
    if (c->breaks.n)
        page_prose(p, 4, "There is no cure here that breaks nothing. This one would:");
    for (size_t i = 0; i < c->breaks.n; i++)
        page_prose(p, 6, c->breaks.v[i]);
    for (size_t i = 0; i < c->n; i++) {
        struct fix op = c->ops[i];
        if (op.op == FIX_WAIT && p->terse >= TERSE_COMMANDS)
            op.text = NULL; /* why is told where there is room */
        render_fix(p->b, p->a, p->ev, &op, 4, p->width, p->terse < TERSE_PANEL);
    }
    if (*c->note && (cure_by_machine(c) || c->breaks.n))
        page_prose(p, 4, c->note);
}

/* The first cure, or all of them. */
static void cures(struct page *p, const struct finding *f)
{
    for (size_t i = 0; i < f->n_cures; i++) {
        if (i && p->terse)
            return;
        if (i)
            page_prose(p, 4, p->verbose ? "or:"
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
    unsigned most = how->width ? how->width : RENDER_WIDTH;
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

/* Whether the commands stand under the proof's facts, where they take no title of their own. */
static bool commands_in_proof(const struct page *p)
{
    return p->commands && p->terse >= TERSE_COMMANDS && p->terse < TERSE_CURE;
}

static void proof(struct page *p, const struct report *r, const struct finding *f)
{
    if (!f->n_facts || p->terse >= TERSE_CURE)
        return;
    title(p, "Proof");
    size_t most = p->verbose ? f->n_facts : p->terse ? PROOF_TERSE : PROOF_SHOWN;
    size_t shown = f->n_facts <= most ? f->n_facts : most;
    for (size_t i = 0; i < shown; i++) {
        const struct fact *one = fact_find(r, f->facts[i]);
        if (!one)
            continue;
        page_fact(p, one);
        if (commands_in_proof(p) && i < p->commands)
            reproduce(p, one);
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
    if (from >= r->n_findings || (p->terse >= TERSE_ANSWER && r->verdict != VERDICT_PASS))
        return;
    title(p, from ? "Also" : "Findings");
    for (size_t i = from; i < r->n_findings; i++) {
        const struct finding *f = &r->findings[i];
        buf_printf(p->b, "    %s: ", weight_name(f->weight));
        page_wrap(p, render_safe(p->a, f->summary, SIZE_MAX), 6, 6 + strlen(weight_name(f->weight)));
        if (p->no_cure || p->terse || (!p->verbose && (f->weight != WEIGHT_BLOCKING || cured_above(r, f))))
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
    if (!info || r->request->ca || p->terse >= TERSE_ANSWER) /* the API is that of the profile's CA */
        return;
    title(p, "The API would answer");
    const char *code = code_text(p->a, &r->error);
    size_t before = p->b->n;
    page_prose(p, 4,
          arena_printf(p->a, "HTTP %d, code %s: %s", info->status, code ? code : info->code, info->message));
    const char *call = call_text(p, r);
    if (call && (p->verbose || left > lines(p->b, before) + 2))
        page_prose(p, 4, call);
    if (r->caa && r->caa->may_because)
        page_prose(p, 4,
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
    if (commands_in_proof(p))
        return;
    size_t most = p->terse >= TERSE_COMMANDS ? p->commands : p->terse ? COMMANDS_TERSE : COMMANDS_SHOWN;
    for (size_t i = 0; i < f->n_facts && n < most; i++) {
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
            page_dns_headline(p, f);
            buf_printf(p->b, "      the same records as in %u\n", before->n);
        } else {
            page_fact(p, f);
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

const char *render_moment(struct arena *a, const struct render *how, dcv_time t)
{
    char text[25];
    if (how->moment)
        return how->moment(a, t);
    time_format(t, text);
    const char *said = arena_printf(a, "%.10s %.8s UTC", text, text + 11);
    return said ? said : "";
}

void render_report(struct buf *b, struct arena *a, const struct report *r, const struct render *how)
{
    size_t start = b->n;
    struct page p = {.b = b,
                     .a = a,
                     .width = how->width ? how->width : RENDER_WIDTH,
                     .terse = how->terse,
                     .commands = how->commands,
                     .color = how->color,
                     .verbose = how->verbose,
                     .no_cure = how->no_cure,
                     .profile = r->request->profile,
                     .ev = r->evidence};
    heading(&p, r, how);
    if (r->request->ca && r->request->domain)
        page_prose(&p, 2, other_ca_text(p.a, r));
    if (r->reason)
        page_prose(&p, 2, r->reason);
    if (r->remark)
        page_prose(&p, 2, r->remark);
    if (report_reusable_until(r) != TIME_UNKNOWN && r->request->method != METHOD_DNS_PERSIST) /* its remark says so */
        page_prose(&p, 2, reusable_text(p.a, r));
    if (r->caa && r->caa->until != TIME_UNKNOWN)
        page_prose(&p, 2, caa_until_text(p.a, r));
    /* A pass has nothing to explain: its findings are risks and notes, listed below. */
    const struct finding *first = r->verdict != VERDICT_PASS && r->n_findings ? r->findings : NULL;
    bool pictures = r->caa && (r->verdict != VERDICT_PASS || how->derivation || how->verbose) &&
                    how->terse < TERSE_WAY;
    const struct finding *proven = NULL; /* its facts are shown already */
    if (first) {
        buf_puts(b, "\n");
        page_prose(&p, 2, first->summary);
        if (pictures)
            render_caa(b, a, r, how);
        if (!pictures || !all_pictured(r, first))
            proof(&p, r, proven = first);
        if (how->terse < TERSE_WAY)
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
