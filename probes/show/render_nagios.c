#include "show/render_nagios.h"

#include "ca/profile.h"
#include "ca/token.h"
#include "ca/token_find.h"
#include "format/json_redact.h"
#include "judge/domain.h"
#include "show/render_wrap.h"
#include "show/summary.h"
#include "wire/dnssec_rr.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <inttypes.h>
#include <string.h>

enum {
    TEXT_SHOWN = 300,
    LINES_MOST = 100, /* of long output: monitoring systems keep some kilobytes of it */
    VALUE_LEAST = 8   /* bytes of a random value; a shorter one is no secret, and may be part of any word */
};

/* Exit statuses of plugins. */
enum { NAGIOS_OK, NAGIOS_WARNING, NAGIOS_CRITICAL, NAGIOS_UNKNOWN };
static const char *const words[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
static const int worst_first[] = {NAGIOS_CRITICAL, NAGIOS_UNKNOWN, NAGIOS_WARNING, NAGIOS_OK};

static int status_of(const struct domain *d)
{
    switch (d->is.verdict) {
    case VERDICT_FAIL:
        return NAGIOS_CRITICAL;
    case VERDICT_UNDECIDED:
        return NAGIOS_UNKNOWN;
    case VERDICT_PASS:
        break;
    }
    return summary_risky(d) ? NAGIOS_WARNING : NAGIOS_OK;
}

/* A '|' begins the performance data, so it is replaced in texts. Status lines are mailed and kept, so the random value
 * that the text may quote is left out. */
static void text(struct buf *b, struct arena *a, const struct request *q, const char *s)
{
    if (q->token && strlen(q->token) >= VALUE_LEAST)
        s = redact_text(a, q->token, s);
    if (!s) {
        b->failed = true;
        return;
    }
    for (const char *p = render_safe(a, s, TEXT_SHOWN); *p; p++)
        buf_add(b, *p == '|' ? "/" : p, 1);
}

/* ---------------------------------------------------------------- performance data ------------------- */

/* The numbers of all reports together. .token and .signature: how long until the first of them expires, in
 * milliseconds; TIME_UNKNOWN where that is not known. */
struct totals {
    uint32_t us, deadline_ms;
    size_t findings[3]; /* by weight */
    size_t asked;
    dcv_time token, signature;
    uint32_t token_days; /* how many days such a value is accepted in all */
};

/* When the value that passes now expires. */
static dcv_time token_end(struct arena *a, const struct report *r)
{
    const struct request *q = r->request;
    dcv_time end = TIME_UNKNOWN;
    if (r->challenge == CHALLENGE_RANDOM_VALUE)
        return q->issued == TIME_UNKNOWN ? TIME_UNKNOWN : q->issued + q->profile->random_days * DAY_MS;
    for (size_t i = 0; r->challenge == CHALLENGE_REQUEST_TOKEN && i < r->evidence->n; i++) {
        const struct fact *f = r->evidence->facts[i];
        bool dns = f->ask->kind == ASK_DNS;
        for (size_t k = 0; k < (dns ? f->dns.answer.n : 1); k++) {
            struct token_found found = {.class = TOKEN_NONE};
            const struct rr *rr = dns ? &f->dns.answer.v[k] : NULL;
            if (rr && (rr->type != RR_TXT || rr->defect))
                continue;
            if (token_find(a, q, rr ? txt_joined(a, rr) : f->http.body, &found, NULL) ||
                found.class != TOKEN_VALID)
                continue;
            dcv_time until = found.stamp + q->profile->token_days * DAY_MS;
            end = until > end ? until : end;
        }
    }
    return end;
}

/* When the first of the domain's signatures in the evidence expires. */
static dcv_time signature_end(struct arena *a, const struct report *r)
{
    const char *zone = r->request->registrable;
    dcv_time end = TIME_UNKNOWN;
    for (size_t i = 0; zone && i < r->evidence->n; i++) {
        const struct fact *f = r->evidence->facts[i];
        for (size_t k = 0; f->ask->kind == ASK_DNS && k < f->dns.answer.n; k++) {
            struct rrsig s;
            if (!rrsig_read(a, &f->dns.answer.v[k], &s) || !name_within(s.signer, zone))
                continue;
            dcv_time until = rrsig_moment(s.expiration, r->request->now);
            end = end == TIME_UNKNOWN || until < end ? until : end;
        }
    }
    return end;
}

static void soonest(dcv_time *left, dcv_time end, dcv_time now)
{
    if (end != TIME_UNKNOWN && (*left == TIME_UNKNOWN || end - now < *left))
        *left = end - now;
}

static void add(struct totals *t, struct arena *a, const struct report *r)
{
    const struct request *q = r->request;
    t->us = r->duration_us > t->us ? r->duration_us : t->us;
    t->deadline_ms = q->deadline_ms > t->deadline_ms ? q->deadline_ms : t->deadline_ms;
    for (size_t i = 0; i < r->n_findings; i++)
        t->findings[r->findings[i].weight]++;
    if (!r->evidence)
        return;
    t->asked += r->evidence->n_asks;
    soonest(&t->signature, signature_end(a, r), q->now);
    if (r->verdict != VERDICT_PASS)
        return;
    soonest(&t->token, token_end(a, r), q->now);
    t->token_days = r->challenge == CHALLENGE_RANDOM_VALUE ? q->profile->random_days : q->profile->token_days;
}

/* left, in days with two decimals. Rounded down, so that what ended a moment ago is below zero and outside the
 * range. */
static void days(struct buf *b, const char *label, dcv_time left, uint32_t most)
{
    if (left == TIME_UNKNOWN)
        return;
    int64_t unit = DAY_MS / 100, part = left / unit - (left % unit < 0), size = part < 0 ? -part : part;
    buf_printf(b, " %s=%s%" PRId64 ".%02" PRId64 ";;0:;", label, part < 0 ? "-" : "", size / 100, size % 100);
    if (most)
        buf_printf(b, ";%" PRIu32, most);
}

/* 'label'=value[UOM];[warn];[crit];[min];[max]. The ranges of the findings are those that status_of() applies. */
static void performance(struct buf *b, const struct totals *t)
{
    static const char *const ranges[] = {
        [WEIGHT_BLOCKING] = ";;0;0", [WEIGHT_RISK] = ";0;;0", [WEIGHT_NOTE] = ";;;0"};
    buf_printf(b, "|time=%u.%03us;;;0", t->us / 1000000, t->us / 1000 % 1000);
    if (t->deadline_ms)
        buf_printf(b, ";%u.%03u", t->deadline_ms / 1000, t->deadline_ms % 1000);
    for (size_t w = 0; w < sizeof ranges / sizeof *ranges; w++)
        buf_printf(b, " %s=%zu%s", weight_name((enum weight)w), t->findings[w], ranges[w]);
    buf_printf(b, " questions=%zu;;;0", t->asked);
    days(b, "token_days", t->token, t->token_days);
    days(b, "signature_days", t->signature, 0);
    buf_puts(b, "\n");
}

/* "shop.example.com dns-txt-token invalid_dns_txt: why" */
static void say(struct buf *b, struct arena *a, const struct domain *d)
{
    const struct report *r = summary_telling(d);
    const struct request *q = d->r[0]->request;
    text(b, a, q, q->input);
    if (!r) {
        buf_puts(b, " control not checked: ");
        text(b, a, q, d->is.because);
        return;
    }
    buf_printf(b, " %s ", method_name(r->request->method));
    const struct code_info *code = code_info(r->error.code);
    text(b, a, q, code ? code->code : verdict_name(r->verdict));
    const char *why = r->reason && *r->reason ? r->reason : r->n_findings ? r->findings->summary : NULL;
    if (why) {
        buf_puts(b, ": ");
        text(b, a, q, why);
    }
}

/* A line for each of several domains, those of the same status in their order. */
static void long_output(struct buf *b, struct arena *a, const struct domain *v, size_t n)
{
    size_t shown = 0;
    for (size_t w = 0; n > 1 && w < sizeof worst_first / sizeof *worst_first; w++)
        for (size_t i = 0; i < n; i++) {
            if (status_of(&v[i]) != worst_first[w] || ++shown > LINES_MOST)
                continue;
            buf_printf(b, "%s ", words[worst_first[w]]);
            say(b, a, &v[i]);
            buf_puts(b, "\n");
        }
    if (shown > LINES_MOST)
        buf_printf(b, "and %zu more\n", shown - LINES_MOST);
}

int render_nagios(struct buf *b, struct arena *a, const struct report *const *r, size_t n)
{
    static const int badness[] = {
        [NAGIOS_OK] = 0, [NAGIOS_WARNING] = 1, [NAGIOS_UNKNOWN] = 2, [NAGIOS_CRITICAL] = 3};
    const struct domain *worst = NULL;
    struct totals totals = {.token = TIME_UNKNOWN, .signature = TIME_UNKNOWN};
    struct domain *v;
    size_t count = domains_of(a, r, n, &v), same = 0;
    int status = count ? NAGIOS_OK : NAGIOS_UNKNOWN;
    b->failed = b->failed || (n && !count);
    for (size_t i = 0; i < count; i++) {
        int s = status_of(&v[i]);
        for (size_t k = 0; k < v[i].n; k++)
            if (domain_in_use(&v[i].is, v[i].part, k))
                add(&totals, a, v[i].r[k]);
        if (!worst || badness[s] > badness[status]) {
            worst = &v[i];
            status = s;
            same = 0;
        }
        same += s == status;
    }
    buf_printf(b, "DCV %s - ", words[status]);
    if (count > 1)
        buf_printf(b, "%zu of %zu domains: ", same, count);
    if (worst)
        say(b, a, worst);
    else
        buf_puts(b, "no check was made");
    performance(b, &totals);
    long_output(b, a, v, count);
    return status;
}
