#include "format/json_inner.h"

#include "base/addr.h"
#include "base/text.h"
#include "evidence/evidence.h"
#include "format/base64.h"
#include "model/time.h"
#include "wire/wire.h"

#include <errno.h>
#include <string.h>

enum { ASKS_MOST = 4096 };


static const char *domain_name(struct json_reader *rd, json_t *object, const char *key)
{
    uint8_t wire[WIRE_NAME_MOST];
    const char *text = reader_text(rd, object, key);
    if (!text)
        return NULL;
    size_t used;
    int n = wire_name_from_text(text, wire);
    const char *name = n > 0 ? wire_name_to_text(rd->a, wire, (size_t)n, &used) : NULL;
    if (!name && arena_full(rd->a))
        reader_fail(rd, -ENOMEM);
    else if (!name)
        reader_refuse(rd, key, json_object_get(object, key), "a domain name in zone-file form");
    return name;
}

/* The address of a server in its usual form. Any other text stays unchanged, since it only tells who answered. */
static const char *address(struct json_reader *rd, json_t *object, const char *key, in_port_t port)
{
    const char *text = reader_text(rd, object, key);
    const char *usual = text ? addr_usual(rd->a, text, port) : NULL;
    return usual ? usual : text;
}

static uint16_t type_of(struct json_reader *rd, json_t *object, const char *key, uint16_t missing)
{
    uint16_t type = missing;
    const char *text = reader_text(rd, object, key);
    if (text && !rr_type_parse(text, &type))
        reader_refuse(rd, key, json_object_get(object, key), "a record type such as TXT or TYPE65280");
    return type;
}

static size_t elements(struct json_reader *rd, json_t *list, size_t size, void *ret)
{
    size_t n = list ? json_array_size(list) : 0;
    void *v = n ? arena_array(rd->a, n, size) : NULL;
    if (n && !v)
        reader_fail(rd, -ENOMEM);
    memcpy(ret, &v, sizeof v);
    return v ? n : 0;
}

/* ---------------------------------------------------------------- DNS -------------------------------- */

/* type: for a record without the member "type"; 0: it must have one. */
static void record(struct json_reader *rd, json_t *o, const struct ask *ask, uint16_t type, struct rr *rr)
{
    const char *owner = domain_name(rd, o, "owner");
    rr->owner = owner ? owner : ask->qname;
    rr->ttl = (uint32_t)reader_int(rd, o, "ttl", DNS_TTL_USUAL, 0, UINT32_MAX);
    rr->class = (uint16_t)reader_int(rd, o, "class", 1, 0, UINT16_MAX);
    if (!type && !json_is_string(json_object_get(o, "type")))
        reader_refuse(rd, "type", json_object_get(o, "type"), "a record type such as SOA");
    rr->type = type_of(rd, o, "type", type);
    const char *rdata = reader_text(rd, o, "rdata");
    if (!rdata)
        reader_refuse(rd, "rdata", NULL, "the record's data in zone-file form");
    if (rd->err)
        return;
    int err = rr_rdata_from_text(rd->a, rdata, rr);
    if (err == -EINVAL)
        reader_refuse(rd, "rdata", json_object_get(o, "rdata"), "the record's data in zone-file form");
    else if (err)
        reader_fail(rd, err);
    const char *defect = reader_text(rd, o, "defect");
    if (defect)
        rr->defect = defect;
}

static void records(struct json_reader *rd, json_t *o, const char *key, const struct ask *ask, uint16_t type,
                    struct rrs *ret)
{
    json_t *list = reader_list(rd, o, key);
    ret->n = elements(rd, list, sizeof *ret->v, &ret->v);
    for (size_t i = 0; i < ret->n && !rd->err; i++) {
        size_t mark = reader_into(rd, key, (long)i);
        if (json_is_object(json_array_get(list, i)))
            record(rd, json_array_get(list, i), ask, type, &ret->v[i]);
        else
            reader_refuse(rd, "rdata", NULL, "an object for each record");
        reader_back(rd, mark);
    }
}

static uint16_t flags(struct json_reader *rd, json_t *o, uint16_t missing)
{
    json_t *list = reader_list(rd, o, "flags"), *v;
    size_t i, k;
    uint16_t bits = list ? 0 : missing;
    json_array_foreach(list, i, v)
    {
        const char *name = json_is_string(v) ? json_string_value(v) : "";
        for (k = 0; k < sizeof dns_flag_names / sizeof *dns_flag_names; k++)
            if (!strcmp(name, dns_flag_names[k].name))
                break;
        if (k == sizeof dns_flag_names / sizeof *dns_flag_names) {
            reader_refuse(rd, "flags", v, "qr, aa, tc, rd, ra, ad, cd");
            break;
        }
        bits |= dns_flag_names[k].bit;
    }
    return bits;
}

/* The outcome that follows from rcode and answer section: see DCV_DNS_OUTCOMES. */
static enum dns_outcome outcome_by(uint16_t rcode, const struct ask *ask, const struct rrs *answer)
{
    static const enum dns_outcome by_rcode[] = {[0] = DNS_NODATA,   [1] = DNS_OTHER, [2] = DNS_SERVFAIL,
                                                [3] = DNS_NXDOMAIN, [4] = DNS_OTHER, [5] = DNS_REFUSED};
    if (rcode)
        return rcode <= 5 ? by_rcode[rcode] : DNS_OTHER;
    for (size_t i = 0; i < answer->n; i++)
        if (answer->v[i].type == ask->qtype || answer->v[i].type == RR_CNAME || answer->v[i].type == RR_DNAME)
            return DNS_ANSWER;
    return DNS_NODATA;
}

uint16_t dns_rcode_usual(enum dns_outcome outcome)
{
    switch (outcome) {
    case DNS_SERVFAIL:
        return 2;
    case DNS_NXDOMAIN:
        return 3;
    case DNS_OTHER:
        return 4;
    case DNS_REFUSED:
        return 5;
    case DNS_ANSWER:
    case DNS_NODATA:
    case DNS_TIMEOUT:
    case DNS_UNREACHABLE:
    case DNS_MALFORMED:
        return 0;
    }
    return 0;
}

uint16_t dns_flags_usual(const struct ask *ask, bool silent)
{
    if (silent)
        return 0;
    return ask->via == VIA_AUTHORITATIVE ? DNS_QR | DNS_AA : DNS_QR | DNS_RD | DNS_RA;
}

static void errors_of(struct json_reader *rd, json_t *o, struct dns_fact *f)
{
    json_t *list = reader_list(rd, o, "ede");
    f->n_ede = elements(rd, list, sizeof *f->ede, &f->ede);
    for (size_t i = 0; i < f->n_ede && !rd->err; i++) {
        size_t mark = reader_into(rd, "ede", (long)i);
        json_t *e = json_array_get(list, i);
        f->ede[i].code = (uint16_t)reader_int(rd, e, "code", 0, 0, UINT16_MAX);
        const char *text = reader_text(rd, e, "text");
        f->ede[i].text = text ? text : "";
        reader_back(rd, mark);
    }
    list = reader_list(rd, o, "malformed");
    f->n_defects = elements(rd, list, sizeof *f->defects, &f->defects);
    for (size_t i = 0; i < f->n_defects && !rd->err; i++) {
        size_t mark = reader_into(rd, "malformed", (long)i);
        json_t *e = json_array_get(list, i);
        f->defects[i].offset = (uint16_t)reader_int(rd, e, "offset", 0, 0, UINT16_MAX);
        const char *what = reader_text(rd, e, "what");
        f->defects[i].what = what ? what : "";
        reader_back(rd, mark);
    }
}

static void dns_answer(struct json_reader *rd, json_t *o, const struct ask *ask, struct dns_fact *f)
{
    f->server = ask->server ? ask->server : address(rd, o, "server", 53);
    records(rd, o, "answer", ask, ask->qtype, &f->answer);
    records(rd, o, "authority", ask, 0, &f->authority);
    records(rd, o, "additional", ask, 0, &f->additional);
    const char *rcode = reader_text(rd, o, "rcode"), *outcome = reader_text(rd, o, "outcome");
    if (rcode && !rcode_parse(rcode, &f->rcode))
        reader_refuse(rd, "rcode", json_object_get(o, "rcode"), "an rcode such as NXDOMAIN or RCODE23");
    if (outcome && !dns_outcome_parse(outcome, &f->outcome))
        reader_refuse(rd, "outcome", json_object_get(o, "outcome"), TEXT_LIST(DCV_DNS_OUTCOMES));
    if (!outcome)
        f->outcome = outcome_by(f->rcode, ask, &f->answer);
    if (!rcode)
        f->rcode = dns_rcode_usual(f->outcome);
    f->flags = flags(rd, o, dns_flags_usual(ask, dns_silent(f)));
    f->detail = reader_text(rd, o, "detail");
    errors_of(rd, o, f);
    json_t *edns = reader_object(rd, o, "edns");
    f->has_edns = edns != NULL;
    f->udp_size = edns ? (uint16_t)reader_int(rd, edns, "udp_size", 0, 0, UINT16_MAX) : 0;
    f->size = (uint16_t)reader_int(rd, o, "size", 0, 0, UINT16_MAX);
    f->tries = (uint16_t)reader_int(rd, o, "tries", 1, 0, UINT16_MAX);
    f->case_kept = !json_is_false(json_object_get(o, "case_kept"));
}

static void dns_question(struct json_reader *rd, json_t *o, struct ask *ask)
{
    ask->qname = domain_name(rd, o, "qname");
    if (!ask->qname)
        reader_refuse(rd, "qname", json_object_get(o, "qname"), "the name that was asked for");
    ask->qtype = type_of(rd, o, "qtype", 0);
    if (!json_is_string(json_object_get(o, "qtype")))
        reader_refuse(rd, "qtype", json_object_get(o, "qtype"), "the record type that was asked for");
    const char *transport = reader_text(rd, o, "transport");
    ask->tcp = transport && !strcmp(transport, "tcp");
    if (transport && !ask->tcp && strcmp(transport, "udp") != 0)
        reader_refuse(rd, "transport", json_object_get(o, "transport"), "udp or tcp");
    ask->cd = reader_bool(rd, o, "cd");
    ask->no_edns = reader_bool(rd, o, "no_edns");
    ask->dnssec = reader_bool(rd, o, "dnssec");
    ask->mixed_case = reader_bool(rd, o, "mixed_case");
    if (ask->via != VIA_AUTHORITATIVE && ask->via != VIA_PERSPECTIVE)
        return;
    ask->server = address(rd, o, "server", 53);
    if (!ask->server)
        reader_refuse(rd, "server", json_object_get(o, "server"), "the server's address");
}

/* ---------------------------------------------------------------- HTTP ------------------------------- */

static bool header_value(struct json_reader *rd, struct http_header *h, const char *name, json_t *v)
{
    if (!json_is_string(v) || strlen(json_string_value(v)) != json_string_length(v)) {
        reader_refuse(rd, name, v, "a text or a list of texts, without NUL bytes");
        return false;
    }
    h->name = arena_strdup(rd->a, name);
    h->value = arena_strdup(rd->a, json_string_value(v));
    return true;
}

static void headers(struct json_reader *rd, json_t *o, struct http_fact *f)
{
    json_t *object = reader_object(rd, o, "headers"), *v, *one;
    const char *name;
    size_t n = 0, i;
    json_object_foreach(object, name, v) n += json_is_array(v) ? json_array_size(v) : 1;
    f->headers = arena_array(rd->a, n, sizeof *f->headers);
    if (!f->headers) {
        reader_fail(rd, -ENOMEM);
        return;
    }
    size_t mark = reader_into(rd, "headers", -1);
    json_object_foreach(object, name, v)
    {
        if (!json_is_array(v) && header_value(rd, &f->headers[f->n_headers], name, v))
            f->n_headers++;
        json_array_foreach(v, i, one) if (header_value(rd, &f->headers[f->n_headers], name, one))
            f->n_headers++;
    }
    reader_back(rd, mark);
}

static void http_answer(struct json_reader *rd, json_t *o, struct http_fact *f)
{
    const char *outcome = reader_text(rd, o, "outcome");
    if (outcome && !http_outcome_parse(outcome, &f->outcome))
        reader_refuse(rd, "outcome", json_object_get(o, "outcome"), TEXT_LIST(DCV_HTTP_OUTCOMES));
    f->status = (int)reader_int(rd, o, "status", f->outcome == HTTP_RESPONSE ? 200 : 0, 0, 999);
    f->detail = reader_text(rd, o, "detail");
    f->redirect = reader_text(rd, o, "redirect");
    headers(rd, o, f);
    f->body = reader_bytes(rd, o, "body");
    struct bytes coded = reader_bytes(rd, o, "body_base64");
    if (coded.p && !base64_decode(rd->a, (const char *)coded.p, coded.n, &f->body))
        reader_refuse(rd, "body_base64", json_object_get(o, "body_base64"), "bytes in base64");
    f->size = (uint64_t)reader_int(rd, o, "size", (int64_t)f->body.n, 0, INT64_MAX);
    f->more = reader_bool(rd, o, "more");
    f->undecoded = reader_text(rd, o, "undecoded");
    f->connected = reader_bool(rd, o, "connected");
    json_t *tls = reader_object(rd, o, "tls");
    if (!tls)
        return;
    f->tls = arena_alloc(rd->a, sizeof *f->tls);
    if (!f->tls) {
        reader_fail(rd, -ENOMEM);
        return;
    }
    size_t mark = reader_into(rd, "tls", -1);
    f->tls->version = reader_text(rd, tls, "version");
    f->tls->subject = reader_text(rd, tls, "subject");
    f->tls->issuer = reader_text(rd, tls, "issuer");
    f->tls->not_after = reader_text(rd, tls, "not_after");
    f->tls->problem = reader_text(rd, tls, "problem");
    reader_back(rd, mark);
}

static void http_question(struct json_reader *rd, json_t *o, struct ask *ask)
{
    ask->url = reader_text(rd, o, "url");
    bool tls = ask->url && !strncmp(ask->url, "https://", 8);
    if (!tls && (!ask->url || strncmp(ask->url, "http://", 7) != 0))
        reader_refuse(rd, "url", json_object_get(o, "url"), "an absolute URL, http or https");
    ask->address = address(rd, o, "address", tls ? 443 : 80);
    ask->agent = reader_text(rd, o, "agent");
    ask->browser = reader_bool(rd, o, "browser");
    ask->whole = reader_bool(rd, o, "whole");
}

/* ---------------------------------------------------------------- facts ------------------------------ */

enum via via_usual(enum ask_kind kind)
{
    return kind == ASK_DNS ? VIA_RESOLVER : VIA_DIRECT;
}

static void via(struct json_reader *rd, json_t *o, struct ask *ask)
{
    const char *text = reader_text(rd, o, "via"), *colon = text ? strchr(text, ':') : NULL;
    ask->via = via_usual(ask->kind);
    if (!text)
        return;
    const char *name = colon ? arena_strndup(rd->a, text, (size_t)(colon - text)) : text;
    bool ok = name && via_parse(name, &ask->via) && (ask->via == VIA_PERSPECTIVE) == (colon != NULL) &&
              (ask->via != VIA_DIRECT || ask->kind == ASK_HTTP) &&
              (ask->kind == ASK_DNS || (ask->via != VIA_RESOLVER && ask->via != VIA_AUTHORITATIVE));
    ask->perspective = colon ? colon + 1 : NULL;
    if (!ok)
        reader_refuse(rd, "via", json_object_get(o, "via"),
                      ask->kind == ASK_DNS ? "resolver, authoritative or perspective:NAME"
                                           : "direct or perspective:NAME");
}

static void fact(struct json_reader *rd, json_t *o, struct evidence *ev)
{
    struct ask question = {.kind = json_object_get(o, "url") ? ASK_HTTP : ASK_DNS};
    const char *kind = reader_text(rd, o, "kind");
    if (kind && !strcmp(kind, "http"))
        question.kind = ASK_HTTP;
    else if (kind && !strcmp(kind, "dns"))
        question.kind = ASK_DNS;
    else if (kind)
        reader_refuse(rd, "kind", json_object_get(o, "kind"), "dns or http");
    via(rd, o, &question);
    if (question.kind == ASK_DNS)
        dns_question(rd, o, &question);
    else
        http_question(rd, o, &question);
    if (rd->err)
        return;
    bool is_new;
    struct ask *ask = evidence_ask(ev, &question, &is_new);
    struct fact *f = arena_alloc(rd->a, sizeof *f);
    if (!ask || !f) {
        reader_fail(rd, -ENOMEM);
        return;
    }
    if (!is_new) {
        const char *key = question.kind == ASK_DNS ? "qname" : "url";
        reader_refuse(rd, key, json_object_get(o, key), "a question that no fact before it answers");
        return;
    }
    f->ask = ask;
    f->us = reader_us(rd, o, "ms");
    f->at = TIME_UNKNOWN;
    const char *at = reader_text(rd, o, "at");
    if (at && !time_parse(at, &f->at))
        reader_refuse(rd, "at", json_object_get(o, "at"), "a time as 2026-11-22T12:00:00Z");
    f->left_out = reader_text(rd, o, "left_out");
    ev->n_cut += f->left_out != NULL;
    if (question.kind == ASK_DNS)
        dns_answer(rd, o, ask, &f->dns);
    else
        http_answer(rd, o, &f->http);
    if (!rd->err && evidence_add(ev, f))
        reader_fail(rd, -ENOMEM);
}

void reader_evidence(struct json_reader *rd, json_t *list, struct evidence *ev)
{
    size_t i;
    json_t *v;
    size_t n = list ? json_array_size(list) : 0;
    evidence_init(ev, rd->a, n > ASKS_MOST ? n : ASKS_MOST);
    json_array_foreach(list, i, v)
    {
        size_t mark = reader_into(rd, "evidence", (long)i);
        if (json_is_object(v))
            fact(rd, v, ev);
        else
            reader_refuse(rd, "kind", NULL, "an object for each fact");
        reader_back(rd, mark);
        if (rd->err)
            return;
    }
}
