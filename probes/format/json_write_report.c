#include "format/json_write_report.h"

#include "base/text.h"
#include "format/base64.h"
#include "format/json_answer.h"
#include "format/json_inner.h"
#include "format/json_redact.h"
#include "format/json_rules.h"
#include "format/reproduce.h"
#include "judge/caa_explain.h"
#include "judge/path_explain.h"
#include "wire/wire.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

const struct flag_name dns_flag_names[7] = {{DNS_QR, "qr"}, {DNS_AA, "aa"}, {DNS_TC, "tc"}, {DNS_RD, "rd"},
                                            {DNS_RA, "ra"}, {DNS_AD, "ad"}, {DNS_CD, "cd"}};

/* The state of writing one document. */
struct report_out {
    struct json_out *j;
    struct arena *a;
    const char *token; /* the random value to replace; NULL: none */
    bool terse;        /* JSON_TERSE */
    const struct profile *profile; /* of the CA that is repeated; NULL: the one built in */
    size_t most; /* bytes of the evidence; 0: as many as it has */
};

static void shown(struct report_out *o, const char *key, const char *s)
{
    json_shown(o->j, key, o->a, o->token, s);
}

static void shown_if(struct report_out *o, const char *key, const char *s)
{
    if (s)
        shown(o, key, s);
}

static bool is_text(struct bytes b)
{
    uint32_t c;
    for (size_t i = 0, len; i < b.n; i += len) {
        len = text_utf8((const char *)b.p + i, b.n - i, &c);
        if (!len || !c)
            return false;
    }
    return true;
}

/* Writes bytes under key where they are a text, so that people can read them; else in base64 under key64. */
static void bytes_either(struct report_out *o, const char *key, const char *key64, struct bytes b)
{
    if (o->token)
        b = redact_bytes(o->a, o->token, b);
    if (is_text(b))
        json_bytes(o->j, key, (const char *)b.p, b.n);
    else
        json_text(o->j, key64, base64_encode(o->a, b));
}

/* ---------------------------------------------------------------- facts ------------------------------ */

/* asked: the section answers the question; a terse case omits types that are ask->qtype. */
static void records(struct report_out *o, const char *key, const struct rrs *list, const struct ask *ask, bool asked)
{
    char type[16];
    if (o->terse && !list->n)
        return;
    json_open(o->j, key, '[');
    for (size_t i = 0; i < list->n; i++) {
        struct rr rr = o->token ? redact_rr(o->a, o->token, &list->v[i]) : list->v[i];
        json_open(o->j, NULL, '{');
        if (!o->terse || strcmp(rr.owner, ask->qname) != 0)
            json_text(o->j, "owner", rr.owner);
        if (!o->terse || rr.ttl != DNS_TTL_USUAL)
            json_int(o->j, "ttl", rr.ttl);
        if (!o->terse || !asked || rr.type != ask->qtype)
            json_text(o->j, "type", rr_type_name(rr.type, type));
        if (rr.class != 1)
            json_int(o->j, "class", rr.class);
        shown(o, "rdata", rr_rdata_text(o->a, &rr));
        shown_if(o, "defect", rr.defect);
        json_close(o->j, '}');
    }
    json_close(o->j, ']');
}

static void via(struct report_out *o, const struct ask *ask)
{
    if (o->terse && ask->via == via_usual(ask->kind))
        return;
    if (ask->via == VIA_PERSPECTIVE && ask->perspective)
        json_text(o->j, "via", arena_printf(o->a, "%s:%s", via_name(ask->via), ask->perspective));
    else
        json_text(o->j, "via", via_name(ask->via));
}

static void flag_if(struct report_out *o, const char *key, bool v)
{
    if (v)
        json_bool(o->j, key, true);
}

static void flags(struct report_out *o, const struct ask *ask, const struct dns_fact *f)
{
    if (o->terse && f->flags == dns_flags_usual(ask, dns_silent(f)))
        return;
    json_open(o->j, "flags", '[');
    for (size_t i = 0; i < sizeof dns_flag_names / sizeof *dns_flag_names; i++)
        if (f->flags & dns_flag_names[i].bit)
            json_text(o->j, NULL, dns_flag_names[i].name);
    json_close(o->j, ']');
}

static void errors_of(struct report_out *o, const struct dns_fact *f)
{
    struct json_out *j = o->j;
    if (!o->terse || f->n_ede) {
        json_open(j, "ede", '[');
        for (size_t i = 0; i < f->n_ede; i++) {
            json_open(j, NULL, '{');
            json_int(j, "code", f->ede[i].code);
            shown(o, "text", f->ede[i].text);
            json_close(j, '}');
        }
        json_close(j, ']');
    }
    if (!f->n_defects)
        return;
    json_open(j, "malformed", '[');
    for (size_t i = 0; i < f->n_defects; i++) {
        json_open(j, NULL, '{');
        json_int(j, "offset", f->defects[i].offset);
        shown(o, "what", f->defects[i].what);
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void dns_fact(struct report_out *o, const struct ask *ask, const struct dns_fact *f)
{
    char text[16];
    struct json_out *j = o->j;
    bool silent = dns_silent(f);
    json_text(j, "server", ask->server ? ask->server : f->server);
    if (!o->terse || ask->tcp)
        json_text(j, "transport", ask->tcp ? "tcp" : "udp");
    shown(o, "qname", ask->qname);
    json_text(j, "qtype", rr_type_name(ask->qtype, text));
    if (!o->terse || ask->cd)
        json_bool(j, "cd", ask->cd);
    flag_if(o, "no_edns", ask->no_edns);
    flag_if(o, "dnssec", ask->dnssec);
    flag_if(o, "mixed_case", ask->mixed_case);
    if (ask->mixed_case && !silent)
        json_bool(j, "case_kept", f->case_kept);
    json_text(j, "outcome", dns_outcome_name(f->outcome));
    if (!o->terse || (!silent && f->rcode != dns_rcode_usual(f->outcome)))
        json_text(j, "rcode", silent ? NULL : rcode_name(f->rcode, text));
    shown_if(o, "detail", f->detail);
    flags(o, ask, f);
    records(o, "answer", &f->answer, ask, true);
    records(o, "authority", &f->authority, ask, false);
    if (f->additional.n)
        records(o, "additional", &f->additional, ask, false);
    errors_of(o, f);
    if (f->has_edns) {
        json_open(j, "edns", '{');
        json_int(j, "udp_size", f->udp_size);
        json_close(j, '}');
    }
    if (f->size)
        json_int(j, "size", f->size);
    if (f->tries > 1)
        json_int(j, "tries", f->tries);
}

static bool visible(char c)
{
    return c >= '!' && c <= '~';
}

/* The name of a header as the name of a member. Bytes that are not visible ASCII are escaped, so that different names
 * stay different. */
static const char *header_key(struct report_out *o, const char *name)
{
    size_t n = strlen(name), odd = 0;
    for (size_t i = 0; i < n; i++)
        odd += !visible(name[i]) || name[i] == '"' || name[i] == '\\';
    char *key = odd ? arena_alloc(o->a, n + odd * 4 + 1) : NULL;
    if (!key)
        return odd ? "" : name;
    for (char *p = key; *name; name++) {
        if (!visible(*name))
            p += sprintf(p, "\\\\x%02x", (unsigned char)*name);
        else if (*name == '"' || *name == '\\')
            p += sprintf(p, "\\%c", *name);
        else
            *p++ = *name;
    }
    return key;
}

/* A repeated header becomes one member with a list, since a JSON object has each name only once. */
static void headers(struct report_out *o, const struct http_fact *f)
{
    const struct http_header *h = f->headers;
    if (o->terse && !f->n_headers)
        return;
    json_open(o->j, "headers", '{');
    for (size_t i = 0; i < f->n_headers; i++) {
        size_t before = 0, after = i + 1;
        while (before < i && strcasecmp(h[before].name, h[i].name) != 0)
            before++;
        while (after < f->n_headers && strcasecmp(h[after].name, h[i].name) != 0)
            after++;
        if (before < i)
            continue;
        const char *key = header_key(o, h[i].name);
        if (after == f->n_headers) {
            shown(o, key, h[i].value);
            continue;
        }
        json_open(o->j, key, '[');
        for (size_t k = i; k < f->n_headers; k++)
            if (!strcasecmp(h[k].name, h[i].name))
                shown(o, NULL, h[k].value);
        json_close(o->j, ']');
    }
    json_close(o->j, '}');
}

static void http_fact(struct report_out *o, const struct ask *ask, const struct http_fact *f)
{
    struct json_out *j = o->j;
    shown(o, "url", ask->url);
    json_text(j, "address", ask->address);
    shown_if(o, "agent", ask->agent);
    flag_if(o, "browser", ask->browser);
    flag_if(o, "whole", ask->whole);
    json_text(j, "outcome", http_outcome_name(f->outcome));
    if (f->status)
        json_int(j, "status", f->status);
    else if (!o->terse || f->outcome == HTTP_RESPONSE)
        json_nil(j, "status");
    shown_if(o, "detail", f->detail);
    shown_if(o, "redirect", f->redirect);
    headers(o, f);
    bytes_either(o, "body", "body_base64", f->body);
    json_int(j, "size", f->size > INT64_MAX ? INT64_MAX : (int64_t)f->size);
    flag_if(o, "more", f->more);
    shown_if(o, "undecoded", f->undecoded);
    flag_if(o, "connected", f->connected);
    if (!f->tls) {
        if (!o->terse)
            json_nil(j, "tls");
        return;
    }
    json_open(j, "tls", '{');
    shown(o, "version", f->tls->version);
    shown(o, "subject", f->tls->subject);
    shown(o, "issuer", f->tls->issuer);
    shown(o, "not_after", f->tls->not_after);
    shown(o, "problem", f->tls->problem);
    json_close(j, '}');
}

static void write_fact(struct report_out *o, const char *key, const struct fact *f)
{
    bool dns = f->ask->kind == ASK_DNS;
    json_open(o->j, key, '{');
    if (!o->terse) {
        json_int(o->j, "n", f->n);
        json_text(o->j, "kind", dns ? "dns" : "http");
    }
    via(o, f->ask);
    if (dns)
        dns_fact(o, f->ask, &f->dns);
    else
        http_fact(o, f->ask, &f->http);
    shown_if(o, "left_out", f->left_out);
    json_ms(o->j, "ms", f->us);
    if (f->at != TIME_UNKNOWN)
        json_time(o->j, "at", f->at);
    if (!o->terse)
        shown(o, "reproduce", reproduce_command(o->a, o->profile, f));
    json_close(o->j, '}');
}

void json_write_fact(struct json_out *j, const char *key, struct arena *a, const struct fact *f, const char *redact)
{
    write_fact(&(struct report_out){.j = j, .a = a, .token = redact}, key, f);
}

/* A fact without what makes it large. */
static void write_cut(struct report_out *o, const struct fact *f, size_t bytes)
{
    const struct dns_fact *d = &f->dns;
    struct fact rest = *f;
    rest.left_out = f->ask->kind == ASK_DNS
                        ? arena_printf(o->a, "Its %zu records are left out, for they take %zu bytes.",
                                       d->answer.n + d->authority.n + d->additional.n, bytes)
                        : arena_printf(o->a, "Its headers and its body are left out, for they take %zu bytes.", bytes);
    rest.dns.answer.n = rest.dns.authority.n = rest.dns.additional.n = rest.dns.n_ede = rest.dns.n_defects = 0;
    rest.http = (struct http_fact){.outcome = f->http.outcome, .status = f->http.status, .size = f->http.size};
    write_fact(o, NULL, &rest);
}

/* share: what each fact may take; 0: as much as it needs. False: all together would take more than they may, and none
 * is written. */
static bool write_facts(struct report_out *o, const struct evidence *ev, size_t share)
{
    struct buf *b = o->j->b;
    const struct json_out first = *o->j;
    const size_t start = b->n;
    for (size_t i = 0; i < ev->n; i++) {
        const struct json_out before = share ? *o->j : first;
        const size_t at = share ? b->n : start;
        write_fact(o, NULL, ev->facts[i]);
        size_t bytes = b->n - at;
        if (!o->most || bytes <= (share ? share : o->most))
            continue;
        *o->j = before;
        b->n = at;
        if (!share)
            return false;
        write_cut(o, ev->facts[i], bytes);
    }
    return true;
}

static void evidence(struct report_out *o, const struct evidence *ev)
{
    json_open(o->j, "evidence", '[');
    if (ev && !write_facts(o, ev, 0))
        write_facts(o, ev, o->most / ev->n);
    json_close(o->j, ']');
}

/* ---------------------------------------------------------------- request ---------------------------- */

static void list_if(struct report_out *o, const char *key, const struct texts *t)
{
    if (!t->n)
        return;
    json_open(o->j, key, '[');
    for (size_t i = 0; i < t->n; i++)
        json_text(o->j, NULL, t->v[i]);
    json_close(o->j, ']');
}

static bool has_text(const struct texts *t, const char *s)
{
    for (size_t i = 0; i < t->n; i++)
        if (!strcmp(t->v[i], s))
            return true;
    return false;
}

/* methods: 0 leaves them out. more: tokens that were computed while judging; NULL outside of case files. */
static void write_request(struct report_out *o, const char *key, const struct request *r, unsigned methods,
                          unsigned flags, const struct texts *more)
{
    struct json_out *j = o->j;
    json_open(j, key, '{');
    json_text(j, "domain", r->input);
    if (methods) {
        json_open(j, "methods", '[');
        for (int m = 0; m < METHOD_COUNT; m++)
            if (methods & METHOD_BIT(m))
                json_text(j, NULL, method_name((enum method)m));
        json_close(j, ']');
    }
    if (r->adn && (!r->domain || strcmp(r->adn, r->domain) != 0))
        json_text(j, "adn", r->adn);
    shown_if(o, "token", r->token);
    if (r->auth_key_name)
        json_text(j, "auth_key_name", r->auth_key_name);
    if (r->csr.n)
        bytes_either(o, "csr", "csr_base64", r->csr);
    if (more && (r->auth_key.n || r->computed.v || r->auth_key_name)) {
        json_open(j, "computed", '[');
        for (size_t i = 0; i < r->computed.n; i++)
            json_text(j, NULL, r->computed.v[i]);
        for (size_t i = 0; i < more->n; i++)
            if (!has_text(&r->computed, more->v[i]))
                json_text(j, NULL, more->v[i]);
        json_close(j, ']');
    }
    if (r->issued != TIME_UNKNOWN)
        json_time(j, "issued", r->issued);
    shown_if(o, "filename", r->filename);
    if (more || !r->ca) /* a case file keeps the identifiers that the CA had; elsewhere its name tells them */
        list_if(o, "issuer", &r->issuers);
    if (r->ca)
        json_text(j, "ca", r->ca);
    if (r->purpose != PURPOSE_TLS)
        json_text(j, "purpose", purpose_name(r->purpose));
    /* The report about CAA rests on the methods of the whole run; a request for it alone has to name their labels. */
    struct texts labels = methods == METHOD_BIT(METHOD_CAA) ? caa_methods_in_use(o->a, r) : r->validation_methods;
    list_if(o, "validation_method", &labels);
    if (r->account_uri)
        json_text(j, "account_uri", r->account_uri);
    if (r->account_thumbprint)
        json_text(j, "account_thumbprint", r->account_thumbprint);
    if (r->caa_account)
        json_text(j, "caa_account", r->caa_account);
    list_if(o, "allow_target", &r->allow_targets);
    list_if(o, "validated_target", &r->validated_targets);
    if (r->depth != DEPTH_FULL)
        json_text(j, "depth", depth_name(r->depth));
    list_if(o, "resolver", &r->resolvers);
    list_if(o, "perspective", &r->perspectives);
    if (r->edited_at)
        json_text(j, "edited_at", r->edited_at);
    shown_if(o, "label", r->label);
    if (r->deadline_ms != REQUEST_DEADLINE_MS)
        json_ms(j, "deadline", r->deadline_ms); /* json_ms() divides by 1000: seconds */
    list_if(o, "allow_net", &r->allow_net);
    if (flags & JSON_NOW)
        json_time(j, "now", r->now);
    json_close(j, '}');
}

static struct report_out begin(struct json_out *j, struct arena *a, const struct request *r, unsigned flags)
{
    return (struct report_out){j, a, flags & JSON_REDACT ? r->token : NULL, flags & JSON_TERSE, r->profile, 0};
}

void json_write_request(struct json_out *j, const char *key, struct arena *a, const struct request *r,
                  unsigned flags)
{
    struct report_out o = begin(j, a, r, flags);
    write_request(&o, key, r, r->methods_given ? r->methods : 0, flags, NULL);
}

/* ---------------------------------------------------------------- report ----------------------------- */

static void errors(struct report_out *o, const struct report *r)
{
    const struct code_info *info = code_info(r->error.code), *detail = code_info(r->detail_code);
    json_open(o->j, "errors", '[');
    if (info) {
        json_open(o->j, NULL, '{');
        shown(o, "code", code_text(o->a, &r->error));
        shown(o, "message", info->message);
        json_close(o->j, '}');
    }
    json_close(o->j, ']');
    if (info || r->verdict == VERDICT_PASS)
        json_int(o->j, "http_status", info ? info->status : 200);
    else
        json_nil(o->j, "http_status");
    json_text(o->j, "detail_code", detail ? detail->code : NULL);
    if (r->br_may_permit < 0)
        json_nil(o->j, "br_may_permit");
    else
        json_bool(o->j, "br_may_permit", r->br_may_permit);
}

static void caa_step(struct report_out *o, const struct caa_step *s)
{
    json_open(o->j, NULL, '{');
    shown(o, "name", s->name);
    json_text(o->j, "outcome", caa_found_name(s->found));
    json_bool(o->j, "reached", s->reached);
    json_open(o->j, "alias", '[');
    for (size_t i = 0; i < s->alias.n; i++)
        shown(o, NULL, s->alias.v[i]);
    json_close(o->j, ']');
    json_open(o->j, "facts", '[');
    for (size_t i = 0; i < s->n_facts; i++)
        json_int(o->j, NULL, s->facts[i]);
    json_close(o->j, ']');
    shown(o, "because", s->because);
    json_close(o->j, '}');
}

/* Parts of a broken record that cannot be read are null. */
static void caa_line(struct report_out *o, const struct caa_derivation *d, const struct caa_line *l)
{
    struct json_out *j = o->j;
    const struct caa_record *r = l->record;
    bool malformed = l->effect == CAA_MALFORMED;
    json_open(j, NULL, '{');
    shown(o, "owner", r->rr->owner);
    if (r->broken) {
        json_nil(j, "flags");
        json_nil(j, "critical");
    } else {
        json_int(j, "flags", r->flags);
        json_bool(j, "critical", r->critical);
    }
    shown(o, "tag", r->broken ? NULL : caa_zone_text(o->a, r->tag));
    shown(o, "value", r->broken ? NULL : caa_zone_text(o->a, r->value));
    json_bool(j, "applies", r->applies);
    json_text(j, "effect", caa_effect_name(l->effect));
    shown(o, "because", l->because);
    if (malformed)
        json_int(j, "error_at", (int64_t)r->error_at);
    else
        json_nil(j, "error_at");
    json_text(j, "expected", malformed ? r->error : NULL);
    json_int(j, "fact", d->fact->n);
    json_close(j, '}');
}

static void caa(struct report_out *o, const struct caa_derivation *d)
{
    struct json_out *j = o->j;
    json_open(j, "caa", '{');
    json_open(j, "climb", '[');
    for (size_t i = 0; i < d->n_climb; i++)
        caa_step(o, &d->climb[i]);
    json_close(j, ']');
    if (d->relevant) {
        json_open(j, "relevant", '{');
        shown(o, "name", d->relevant->name);
        shown(o, "owner", d->owner);
        json_close(j, '}');
    } else {
        json_nil(j, "relevant");
    }
    json_text(j, "property", d->property);
    json_open(j, "records", '[');
    for (size_t i = 0; i < d->n_records; i++)
        caa_line(o, d, &d->records[i]);
    json_close(j, ']');
    json_time(j, "valid_until", d->until);
    shown(o, "br_may_permit_because", d->may_because);
    json_close(j, '}');
}

/* ---------------------------------------------------------------- path ------------------------------- */

static void way_server(struct report_out *o, const struct way_server *s)
{
    struct json_out *j = o->j;
    json_open(j, NULL, '{');
    shown(o, "host", s->host);
    json_text(j, "server", s->server);
    if (s->above)
        shown(o, "above", s->above);
    json_text(j, "outcome", way_outcome_name(s->outcome));
    json_open(j, "facts", '[');
    for (size_t i = 2; i-- > 0;)
        if (s->fact[i])
            json_int(j, NULL, s->fact[i]->n);
    json_close(j, ']');
    json_bool(j, "wrong", s->wrong);
    json_close(j, '}');
}

static void way_stage(struct report_out *o, const struct way_stage *g)
{
    struct json_out *j = o->j;
    json_open(j, NULL, '{');
    shown(o, "name", g->name);
    shown(o, "zone", g->zone);
    json_text(j, "outcome", way_outcome_name(g->outcome));
    shown(o, "to", g->to);
    flag_if(o, "dname", g->dname);
    json_open(j, "servers", '[');
    for (size_t i = 0; i < g->n; i++)
        way_server(o, &g->v[i]);
    json_close(j, ']');
    json_bool(j, "wrong", g->wrong);
    json_close(j, '}');
}

/* It follows from the rest of the report, so it is made here and kept nowhere. */
static void path(struct report_out *o, const struct report *r)
{
    char type[16];
    struct json_out *j = o->j;
    struct way_list list;
    if (path_explain(o->a, r, &list))
        list.n = 0; /* the arena is full, which the caller sees */
    json_open(j, "path", '[');
    for (size_t i = 0; i < list.n; i++) {
        const struct way *w = &list.v[i];
        json_open(j, NULL, '{');
        shown(o, "name", w->name);
        json_text(j, "type", rr_type_name(w->type, type));
        json_text(j, "outcome", way_outcome_name(w->outcome));
        json_open(j, "steps", '[');
        for (size_t k = 0; k < w->n; k++)
            way_stage(o, &w->v[k]);
        json_close(j, ']');
        if (w->resolver)
            json_int(j, "resolver", w->resolver->n);
        else
            json_nil(j, "resolver");
        json_bool(j, "resolver_wrong", w->resolver_wrong);
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void write_report(struct report_out *o, const char *key, const struct report *r, unsigned flags)
{
    struct json_out *j = o->j;
    const struct request *q = r->request;
    if (!(flags & JSON_MEMBERS))
        json_open(j, key, '{');
    json_int(j, "schema_version", DCV_SCHEMA_VERSION);
    json_text(j, "id", r->id);
    json_text(j, "input", q->input);
    json_text(j, "domain", q->domain);
    json_bool(j, "wildcard", q->wildcard);
    if (q->adn && q->domain && strcmp(q->adn, q->domain) != 0)
        json_text(j, "adn", q->adn);
    shown_if(o, "label", q->label);
    json_text(j, "method", method_name(q->method));
    json_bool(j, "method_given", q->methods_given);
    json_text(j, "challenge", r->challenge == CHALLENGE_NONE ? NULL : challenge_name(r->challenge));
    json_text(j, "verdict", verdict_name(r->verdict));
    errors(o, r);
    json_write_answer_of(j, "answer_of", o->a, r);
    json_text(j, "trace", trace_name(r->trace));
    shown_if(o, "reason", r->reason);
    shown_if(o, "remark", r->remark);
    json_open(j, "findings", '[');
    for (size_t i = 0; i < r->n_findings; i++)
        json_write_finding(o->j, o->a, &r->findings[i], o->token);
    json_close(j, ']');
    if (r->caa && !(flags & JSON_NO_CAA))
        caa(o, r->caa);
    json_write_rules(j, o->a, r);
    if (!(flags & JSON_NO_PATH))
        path(o, r);
    if (!(flags & JSON_NO_EVIDENCE))
        evidence(o, r->evidence);
    json_time(j, "started_at", r->started_at);
    json_ms(j, "duration_ms", r->duration_us);
    json_text(j, "version", r->version ? r->version : DCVD_VERSION);
    if (!(flags & JSON_MEMBERS))
        json_close(j, '}');
}

void json_write_report(struct json_out *j, const char *key, struct arena *a, const struct report *r, unsigned flags)
{
    struct report_out o = begin(j, a, r->request, flags);
    write_report(&o, key, r, flags);
}

static void case_request(struct report_out *o, const struct report *r, unsigned flags)
{
    write_request(o, "request", r->request, METHOD_BIT(r->request->method), flags | JSON_NOW, &r->tokens);
}

static void write_case(struct json_out *j, struct arena *a, const struct report *r, unsigned flags, size_t most)
{
    struct report_out o = begin(j, a, r->request, flags);
    o.most = most;
    json_open(j, NULL, '{');
    json_int(j, "schema_version", DCV_SCHEMA_VERSION);
    case_request(&o, r, flags);
    uint32_t source = o.terse && r->caa ? caa_source(r->caa, r->evidence) : 0;
    if (source)
        json_int(j, "caa_source", source);
    evidence(&o, r->evidence);
    if (!(flags & JSON_NO_REPORT))
        write_report(&o, "report", r, flags | JSON_NO_EVIDENCE);
    json_close(j, '}');
}

void json_write_case(struct json_out *j, struct arena *a, const struct report *r, unsigned flags)
{
    write_case(j, a, r, flags, 0);
}

void json_write_stored_case(struct json_out *j, struct arena *a, const struct report *r, size_t most)
{
    write_case(j, a, r, JSON_NO_REPORT | JSON_TERSE, most);
}

void json_write_shown_more(struct json_out *j, struct arena *a, const struct report *r, unsigned flags)
{
    struct report_out o = begin(j, a, r->request, 0);
    if (r->caa)
        caa(&o, r->caa);
    if (!(flags & JSON_NO_PATH))
        path(&o, r);
    evidence(&o, r->evidence);
}

void json_write_shown(struct json_out *j, const char *key, struct arena *a, const struct report *r)
{
    struct report_out o = begin(j, a, r->request, 0);
    json_open(j, key, '{');
    write_report(&o, NULL, r, JSON_NO_EVIDENCE | JSON_NO_CAA | JSON_NO_PATH | JSON_MEMBERS);
    case_request(&o, r, 0);
    json_write_shown_more(j, a, r, 0);
    json_close(j, '}');
}
