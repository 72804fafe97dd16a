#include "show/render_inner.h"

#include "base/text.h"
#include "evidence/view.h"
#include "format/reproduce.h"
#include "show/render_wrap.h"
#include "wire/wire.h"

#include <string.h>

enum { RECORDS_SHOWN = 4, RECORDS_TERSE = 2, VALUE_SHOWN = 300, KEY_SHOWN = 8, TYPE_SHOWN = 24, BODY_SHOWN = 60 };

static void blanks(struct page *p, size_t n)
{
    buf_printf(p->b, "%*s", (int)n, "");
}

/* Prose, broken between words. Its first line begins at column `at`, where the output stands; the others at
 * `indent`. */
void page_wrap(struct page *p, const char *text, size_t indent, size_t at)
{
    const char *margin = arena_printf(p->a, "%*s", (int)indent, "");
    render_wrap(p->b, text, margin ? margin : "", at, p->width);
}

void page_prose(struct page *p, size_t indent, const char *text)
{
    blanks(p, indent);
    page_wrap(p, render_safe(p->a, text, SIZE_MAX), indent, indent);
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
        page_wrap(p, shown, 8, fits ? 7 + strlen(head) : 8);
    else
        buf_printf(p->b, "%s\n", shown);
    if (rr->defect)
        page_prose(p, 8, arena_printf(p->a, "broken: %s", rr->defect));
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
void page_dns_headline(struct page *p, const struct fact *fact)
{
    char type[16];
    const struct ask *q = fact->ask;
    const char *server = q->server ? q->server : fact->dns.server;
    struct buf b = {0};
    if (fact->left_out)
        buf_puts(&b, "an answer");
    else
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
    page_dns_headline(p, fact);
    if (fact->left_out)
        page_prose(p, 6, fact->left_out);
    if (p->terse >= TERSE_PROOF)
        return;
    if (f->detail)
        page_prose(p, 6, f->detail);
    for (size_t i = 0; i < f->n_ede; i++) {
        const char *name = ede_name(f->ede[i].code);
        bool said = f->ede[i].text && *f->ede[i].text;
        page_prose(p, 6,
              arena_printf(p->a, "the %s says: error %u%s%s%s%s",
                           fact_is_recursive(fact) ? "validator" : "server", f->ede[i].code, name ? ", " : "",
                           name ? name : "", said ? ": " : "", said ? f->ede[i].text : ""));
    }
    for (size_t i = 0; i < f->n_defects; i++)
        page_prose(p, 6, arena_printf(p->a, "broken at byte %u: %s", f->defects[i].offset, f->defects[i].what));
    size_t most = p->verbose ? f->answer.n : p->terse ? RECORDS_TERSE : RECORDS_SHOWN;
    size_t shown = f->answer.n <= most ? f->answer.n : most;
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
    if (fact->left_out)
        page_prose(p, 6, fact->left_out);
    if (f->detail)
        page_prose(p, 6, f->detail);
    if (location)
        buf_printf(p->b, "      Location: %s\n", render_safe(p->a, location, VALUE_SHOWN));
    const char *body = f->body.n ? text_escape(p->a, (const char *)f->body.p, f->body.n, BODY_SHOWN) : NULL;
    if (body)
        buf_printf(p->b, "      \"%s\"\n", body);
    if (f->tls && f->tls->problem)
        page_prose(p, 6, f->tls->problem);
}

void page_fact(struct page *p, const struct fact *f)
{
    if (f->ask->kind == ASK_DNS)
        dns_fact(p, f);
    else
        http_fact(p, f);
}
