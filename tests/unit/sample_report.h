/* sample_report.h - a report in which every member is used, for the tests of what writes reports: a wildcard, a token
 * with characters that JSON, zone files and shells escape, a split record, a broken record, odd bytes in a file and in
 * its headers. It lives in the arena given. */
#ifndef SAMPLE_REPORT_H
#define SAMPLE_REPORT_H

#include "evidence/evidence.h"
#include "format/request.h"
#include "methods/methods.h"
#include "wire/wire.h"

#include <string.h>

#define SAMPLE_TOKEN "R4nd\"om\\Val'ue;0123"
#define SAMPLE_NOW INT64_C(1795348800000) /* 2026-11-22T12:00:00Z */

struct sample {
    struct request request;
    struct evidence evidence;
    struct report report;
    struct finding findings[2];
    struct fix fixes[7];
    struct cure cures[2];
    const char *breaks[1];
    uint32_t facts[3];
};

static inline void sample_rr(struct arena *a, struct rr *rr, const char *owner, uint16_t type,
                             const char *rdata)
{
    *rr = (struct rr){.owner = owner, .type = type, .class = 1, .ttl = 300};
    if (rr_rdata_from_text(a, rdata, rr))
        *rr = (struct rr){0};
}

static inline struct fact *sample_fact(struct arena *a, struct evidence *ev, struct ask question)
{
    struct fact *f = arena_alloc(a, sizeof *f);
    f->ask = evidence_ask(ev, &question, NULL);
    f->us = 1800 + 1000 * (uint32_t)ev->n;
    f->at = SAMPLE_NOW + (dcv_time)ev->n;
    evidence_add(ev, f);
    return f;
}

static inline int sample_set(struct arena *a, struct request *r, const char *field, const char *value)
{
    struct input_error e;
    return request_set(a, r, request_field_find(field), value, strlen(value), &e);
}

static inline void sample_report(struct arena *a, struct sample *s)
{
    memset(s, 0, sizeof *s);
    struct input_error e;
    request_init(&s->request, NULL, SAMPLE_NOW);
    sample_set(a, &s->request, "domain", "*.Shop.Example.com");
    sample_set(a, &s->request, "methods", "dns-txt-token");
    sample_set(a, &s->request, "adn", "example.com");
    sample_set(a, &s->request, "token", SAMPLE_TOKEN);
    sample_set(a, &s->request, "issued", "2026-11-20");
    sample_set(a, &s->request, "resolver", "192.0.2.53");
    sample_set(a, &s->request, "issuer", "ca.example");
    sample_set(a, &s->request, "deadline", "0.5");
    sample_set(a, &s->request, "depth", "quick");
    request_finish(a, &s->request, &e);

    struct evidence *ev = &s->evidence;
    evidence_init(ev, a, 100);
    struct fact *f = sample_fact(
        a, ev,
        (struct ask){
            .kind = ASK_DNS, .via = VIA_RESOLVER, .qname = "_dnsauth.example.com.", .qtype = RR_TXT});
    f->dns = (struct dns_fact){.outcome = DNS_ANSWER,
                               .server = "192.0.2.53:53",
                               .flags = DNS_QR | DNS_RD | DNS_RA,
                               .tries = 2,
                               .has_edns = true,
                               .udp_size = 1232,
                               .size = 120};
    f->dns.answer = (struct rrs){arena_array(a, 4, sizeof(struct rr)), 4};
    sample_rr(a, &f->dns.answer.v[0], "_dnsauth.example.com.", RR_TXT, "\"x R4nd\\\"om\\\\Val'ue;0123 y\"");
    sample_rr(a, &f->dns.answer.v[1], "_dnsauth.example.com.", RR_TXT, "\"R4nd\\\"om\\\\\" \"Val'ue;0123\"");
    sample_rr(a, &f->dns.answer.v[2], "_dnsauth.example.com.", RR_TXT, "\"r4nd\\\"om\\\\VAL'ue;0123\"");
    f->dns.answer.v[3] = (struct rr){.owner = "_dnsauth.example.com.",
                                     .type = RR_TXT,
                                     .class = 3,
                                     .rdlen = 5,
                                     .rdata = (const uint8_t *)"\x09oops",
                                     .defect = "a character-string runs over the end"};
    f->dns.ede = arena_array(a, 1, sizeof(struct ede));
    f->dns.ede[0] = (struct ede){22, "at delegation \x1b[31m\xff example.com"};
    f->dns.n_ede = 1;
    f->dns.defects = arena_array(a, 1, sizeof(struct dns_defect));
    f->dns.defects[0] =
        (struct dns_defect){77, "answer record 4 (TXT): a character-string runs over the end"};
    f->dns.n_defects = 1;

    f = sample_fact(a, ev,
                    (struct ask){.kind = ASK_DNS,
                                 .via = VIA_AUTHORITATIVE,
                                 .qname = "-x.example.com.",
                                 .qtype = RR_CAA,
                                 .server = "[2001:db8::53]:5353",
                                 .tcp = true,
                                 .cd = true,
                                 .dnssec = true,
                                 .mixed_case = true});
    f->dns = (struct dns_fact){.outcome = DNS_NXDOMAIN,
                               .server = "[2001:db8::53]:5353",
                               .flags = DNS_QR | DNS_AA,
                               .rcode = 3,
                               .tries = 1,
                               .case_kept = true};
    f->dns.authority = (struct rrs){arena_array(a, 1, sizeof(struct rr)), 1};
    sample_rr(a, &f->dns.authority.v[0], "example.com.", RR_SOA,
              "ns.example.com. root.example.com. 7 3600 600 86400 300");

    f = sample_fact(a, ev,
                    (struct ask){.kind = ASK_DNS,
                                 .via = VIA_PERSPECTIVE,
                                 .perspective = "tokyo",
                                 .server = "192.0.2.81:53",
                                 .qname = "example.com.",
                                 .qtype = 65280,
                                 .no_edns = true});
    f->dns = (struct dns_fact){.outcome = DNS_TIMEOUT, .tries = 3, .detail = "no route"};

    f = sample_fact(a, ev,
                    (struct ask){.kind = ASK_HTTP,
                                 .via = VIA_DIRECT,
                                 .browser = true,
                                 .address = "192.0.2.80:443",
                                 .url = "https://example.com/.well-known/pki-validation/fileauth.txt"});
    static const struct http_header headers[] = {{"Set-Cookie", "a=1"},
                                                 {"Location", "http://\xc2\x9b/"},
                                                 {"set-cookie", "b=2"},
                                                 {"x\xff", "1"},
                                                 {"x\xfe", "2"}};
    f->http =
        (struct http_fact){.outcome = HTTP_RESPONSE,
                           .status = 301,
                           .headers = arena_array(a, 5, sizeof *headers),
                           .n_headers = 5,
                           .size = 9000,
                           .more = true,
                           .body = {(const uint8_t *)"<b>" SAMPLE_TOKEN "\r\n\x07m\xc3\xbc", 3 + 19 + 3 + 3}};
    memcpy(f->http.headers, headers, sizeof headers);
    f->http.tls = arena_alloc(a, sizeof *f->http.tls);
    *f->http.tls =
        (struct tls_fact){.version = "TLSv1.3", .subject = "CN=\xe2\x80\xae", .problem = "it has expired"};

    f = sample_fact(
        a, ev,
        (struct ask){
            .kind = ASK_HTTP, .via = VIA_DIRECT, .address = "192.0.2.80:80", .url = "http://example.com/x"});
    f->http = (struct http_fact){
        .outcome = HTTP_RESPONSE,
        .status = 200,
        .size = 40,
        .body = {
            (const uint8_t *)"\xff\xfeR\0004\0n\0d\0\"\0o\0m\0\\\0V\0a\0l\0'\0u\0e\0;\0000\0001\0002\0003\0",
            40}};

    s->fixes[0] = (struct fix){.op = FIX_ADD,
                               .owner = "_dnsauth.shop.example.com.",
                               .ttl = 300,
                               .type = "TXT",
                               .rdata = "\"R4nd\\\"om\\\\Val'ue;0123\""};
    s->fixes[1] = (struct fix){
        .op = FIX_REMOVE, .owner = "old.example.com.", .type = "CNAME", .rdata = "x.example.net."};
    s->fixes[2] = (struct fix){.op = FIX_REPLACE,
                               .owner = "example.com.",
                               .ttl = 60,
                               .type = "TXT",
                               .rdata = "\"new\"",
                               .old_rdata = "\"old\""};
    s->fixes[3] = (struct fix){.op = FIX_PUT_FILE, .url = "http://example.com/f", .body = SAMPLE_TOKEN};
    s->fixes[4] =
        (struct fix){.op = FIX_WAIT, .until = SAMPLE_NOW + 300000, .text = "the negative answer is cached"};
    s->fixes[5] = (struct fix){.op = FIX_INPUT, .argument = "token", .value = SAMPLE_TOKEN};
    s->fixes[6] = (struct fix){.op = FIX_ADVICE, .text = "Ask the provider."};
    s->breaks[0] = "The host " SAMPLE_TOKEN " goes off the net.";
    s->cures[0] = (struct cure){.ops = s->fixes, .n = 7, .note = "", .proven = true};
    s->cures[1] = (struct cure){
        .ops = s->fixes + 6, .n = 1, .note = "Nobody knows " SAMPLE_TOKEN ".", .breaks = {.v = s->breaks, .n = 1}};
    memcpy(s->facts, (uint32_t[]){1, 2, 4}, sizeof s->facts);
    s->findings[0] =
        (struct finding){.cause = CAUSE_name_internal,
                         .weight = WEIGHT_BLOCKING,
                         .facts = s->facts,
                         .n_facts = 3,
                         .summary = "The value " SAMPLE_TOKEN " stands nowhere that the CA looks, and this "
                                    "sentence is long enough to need a second line on a terminal.",
                         .cures = s->cures,
                         .n_cures = 2,
                         .fixes = s->fixes,
                         .n_fixes = 7};
    s->findings[1] =
        (struct finding){.cause = CAUSE_name_invalid, .weight = WEIGHT_RISK, .summary = "A second one."};
    s->report = (struct report){.request = &s->request,
                                .evidence = ev,
                                .id = "00000000deadbeef",
                                .challenge = CHALLENGE_RANDOM_VALUE,
                                .verdict = VERDICT_FAIL,
                                .error = {.code = CODE_invalid_dns_txt},
                                .detail_code = CODE_dns_mismatch,
                                .br_may_permit = -1,
                                .findings = s->findings,
                                .n_findings = 2,
                                .started_at = SAMPLE_NOW,
                                .duration_us = 41700};
}

#endif
