/* A whole check against a network that answers anything: the driver asks, this network answers at once, and the report
 * is judged, written, read back and shown. Whatever the input and the answers are, the check ends without an error (a
 * full arena apart), a failing report has a finding that explains it and no other report has one, and "undecided" means
 * that the input lacks something or that the network gave no answer.
 *
 * The first line of the input is the request, as words FIELD=VALUE. Each further line is an answer:
 *   NAME TYPE ANSWER    to the questions for a name and type; a * for either stands for all
 *   ~ANSWER             to some questions that no such line is for
 * ANSWER to a DNS question: an outcome (timeout, servfail, …); or =BYTES, what follows the question of a message; or
 * records, with semicolons between: OWNER TYPE RDATA, where the owner % is the name asked for, ! before a record puts
 * it in the authority section and + in the additional one, and a record of the word tc sets that flag, one of - clears
 * AA. To a fetch, whose NAME is the host and TYPE the path: a status, a space and the body; >URL for a redirect; or an
 * outcome (reset, tls, …). $ in a body stands for the random value. All other questions get the answer of a small
 * healthy internet. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/addr.h"
#include "base/hash.h"
#include "base/url.h"
#include "ca/profile.h"
#include "evidence/evidence.h"
#include "format/json_read_case.h"
#include "format/json_read_report.h"
#include "format/json_write_report.h"
#include "format/request.h"
#include "methods/methods.h"
#include "methods/top.h"
#include "run/check.h"
#include "show/render.h"
#include "show/render_fix.h"
#include "show/render_nagios.h"
#include "wire/name.h"
#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINES_MOST = 64, WORDS_MOST = 16, RECORDS_MOST = 12, ANSWER_MOST = 1200 };
static const dcv_time NOW = INT64_C(1795348800000);

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* ---------------------------------------------------------------- the input -------------------------- */

struct answer_line {
    const char *name, *type; /* NULL: for some of the questions that no other line is for */
    struct bytes text;
};

struct net {
    struct arena *a; /* of the lines */
    const struct request *r;
    struct answer_line line[LINES_MOST];
    size_t n_lines, n_pool;
    bool dead; /* the network answers nothing from now on */
    size_t left; /* questions that are answered before it is */
    struct report *report;
    int err;
    unsigned ended;
};

static struct bytes cut(struct bytes *rest, char at)
{
    const uint8_t *p = rest->n ? memchr(rest->p, at, rest->n) : NULL;
    struct bytes b = {rest->p, p ? (size_t)(p - rest->p) : rest->n};
    size_t used = b.n + (p != NULL);
    *rest = (struct bytes){rest->p + used, rest->n - used};
    return b;
}

static const char *text_of(struct arena *a, struct bytes b)
{
    const char *s = arena_strndup(a, b.p, b.n);
    must(s != NULL);
    return s;
}

static void read_line(struct net *net, struct bytes line)
{
    struct answer_line *l = &net->line[net->n_lines];
    if (net->n_lines == LINES_MOST || !line.n)
        return;
    *l = (struct answer_line){0};
    if (*line.p == '~') {
        l->text = (struct bytes){line.p + 1, line.n - 1};
        net->n_pool++;
    } else {
        l->name = text_of(net->a, cut(&line, ' '));
        l->type = text_of(net->a, cut(&line, ' '));
        l->text = line;
    }
    net->n_lines++;
}

static const char *const sample_csr = "-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n";

/* False: it is no request, or one of which only a usage error comes. */
static bool read_request(struct arena *a, struct bytes line, struct request *r)
{
    struct input_error err;
    request_init(r, NULL, NOW);
    for (size_t i = 0; line.n && i < WORDS_MOST; i++) {
        struct bytes word = cut(&line, ' '), name = cut(&word, '=');
        const struct request_field *f = request_field_find(text_of(a, name));
        bool csr = f && !strcmp(f->name, "csr");
        if (f && request_set(a, r, f, csr ? sample_csr : (const char *)word.p, csr ? strlen(sample_csr) : word.n, &err))
            return false;
    }
    return !request_finish(a, r, &err);
}

/* ---------------------------------------------------------------- which line answers ----------------- */

static uint64_t hash_of(const struct ask *q)
{
    uint64_t h = fnv_byte(FNV_START, (uint8_t)(q->via + 8 * q->tcp + 16 * q->cd + 32 * q->no_edns));
    h = fnv_byte(h, (uint8_t)q->qtype);
    for (const char *s = q->qname ? q->qname : q->url; *s; s++)
        h = fnv_byte(h, (uint8_t)tolower((unsigned char)*s));
    for (const char *s = q->server ? q->server : q->address ? q->address : ""; *s; s++)
        h = fnv_byte(h, (uint8_t)*s);
    return h ^ h >> 29;
}

static bool fits(const char *wanted, const char *is)
{
    return !strcmp(wanted, "*") || name_equal(wanted, is);
}

/* The answer's text; .p is NULL where the healthy internet answers. */
static struct bytes line_for(const struct net *net, const struct ask *q, const char *name, const char *type)
{
    for (size_t i = 0; i < net->n_lines; i++)
        if (net->line[i].name && fits(net->line[i].name, name) && fits(net->line[i].type, type))
            return net->line[i].text;
    size_t at = net->n_pool ? hash_of(q) % (2 * net->n_pool) : 0;
    for (size_t i = 0; at < net->n_pool && i < net->n_lines; i++)
        if (!net->line[i].name && !at--)
            return net->line[i].text;
    return (struct bytes){0};
}

/* ---------------------------------------------------------------- answers of DNS --------------------- */

static void settle(struct dns_fact *d, const struct ask *q)
{
    bool found = false;
    for (size_t i = 0; i < d->answer.n; i++)
        found = found || d->answer.v[i].type == q->qtype || d->answer.v[i].type == RR_CNAME;
    d->outcome = found ? DNS_ANSWER : DNS_NODATA;
}

static void add(struct arena *a, struct rrs *section, const char *owner, uint16_t type, const char *rdata)
{
    uint8_t wire[WIRE_NAME_MOST];
    struct rr rr = {.owner = owner, .type = type, .class = 1, .ttl = 300};
    if (section->n == RECORDS_MOST || !owner || wire_name_from_text(owner, wire) < 0 ||
        rr_rdata_from_text(a, rdata, &rr))
        return;
    struct rr *v = arena_grow(a, section->v, section->n, sizeof *v);
    if (!v)
        return;
    section->v = v;
    v[section->n++] = rr;
}

/* Name servers ns1.ZONE for each zone, an SOA record, three addresses in all, and nothing else. */
static void answer_healthy(struct arena *a, struct fact *f)
{
    const struct ask *q = f->ask;
    struct dns_fact *d = &f->dns;
    d->flags = DNS_QR | DNS_AA | DNS_RA;
    if (q->qtype == RR_NS)
        add(a, &d->answer, q->qname, RR_NS, *q->qname == '.' ? "ns1." : arena_concat(a, "ns1.", q->qname, NULL));
    else if (q->qtype == RR_SOA)
        add(a, &d->answer, q->qname, RR_SOA, "ns1.host.net. root.host.net. 7 7200 900 604800 300");
    else if (q->qtype == RR_A)
        add(a, &d->answer, q->qname, RR_A, arena_printf(a, "45.54.66.%u", (unsigned)(hash_of(q) % 3)));
    settle(d, q);
}

static void answer_records(struct arena *a, struct fact *f, struct bytes text)
{
    struct dns_fact *d = &f->dns;
    d->flags = DNS_QR | DNS_AA | DNS_RA;
    while (text.n) {
        struct bytes one = bytes_trim(cut(&text, ';'));
        if (one.n == 1 && *one.p == '-')
            d->flags &= (uint16_t)~DNS_AA;
        if (one.n == 2 && !memcmp(one.p, "tc", 2) && !f->ask->tcp)
            d->flags |= DNS_TC;
        struct rrs *section = &d->answer;
        if (one.n && (*one.p == '!' || *one.p == '+')) {
            section = *one.p == '!' ? &d->authority : &d->additional;
            one = (struct bytes){one.p + 1, one.n - 1};
        }
        const char *owner = text_of(a, cut(&one, ' ')), *type_name = text_of(a, cut(&one, ' '));
        uint16_t type;
        if (rr_type_parse(type_name, &type))
            add(a, section, strcmp(owner, "%") ? owner : f->ask->qname, type, text_of(a, one));
    }
    settle(d, f->ask);
}

/* A message whose header and sections are bytes of the input. */
static void answer_bytes(struct arena *a, struct fact *f, struct bytes text)
{
    uint8_t query[WIRE_QUERY_MOST], msg[WIRE_QUERY_MOST + ANSWER_MOST];
    int n = wire_query(f->ask, 1, 0, query);
    must(n > 0);
    size_t question = 12;
    while (query[question])
        question += query[question] + 1u;
    question += 5;
    memcpy(msg, query, question);
    msg[2] = (uint8_t)(0x80 | (text.n ? text.p[0] & 0x06 : 0)); /* QR, and of the input AA and TC */
    msg[3] = text.n > 1 ? text.p[1] & 0x2f : 0;                  /* AD and the rcode */
    for (size_t i = 0; i < 3; i++) {
        msg[6 + 2 * i] = 0;
        msg[7 + 2 * i] = i + 2 < text.n ? text.p[i + 2] % 8 : 0;
    }
    size_t more = text.n > 5 ? text.n - 5 : 0;
    more = more < ANSWER_MOST ? more : ANSWER_MOST;
    if (more)
        memcpy(msg + question, text.p + 5, more);
    (void)wire_answer(a, msg, question + more, query, (size_t)n, &f->dns);
}

static void answer_dns(const struct net *net, struct arena *a, struct fact *f)
{
    char type[16];
    const struct ask *q = f->ask;
    struct bytes text = line_for(net, q, q->qname, rr_type_name(q->qtype, type));
    f->dns.tries = 1;
    f->dns.server = q->server;
    if (net->dead)
        f->dns.outcome = DNS_TIMEOUT;
    else if (!text.p)
        answer_healthy(a, f);
    else if (text.n && *text.p == '=')
        answer_bytes(a, f, (struct bytes){text.p + 1, text.n - 1});
    else if (dns_outcome_parse(text_of(a, text), &f->dns.outcome) && f->dns.outcome != DNS_ANSWER &&
             f->dns.outcome != DNS_NODATA)
        f->dns.flags = dns_silent(&f->dns) ? 0 : DNS_QR | DNS_AA | DNS_RA;
    else
        answer_records(a, f, text);
}

/* ---------------------------------------------------------------- answers of web servers ------------- */

static void answer_http(const struct net *net, struct arena *a, struct fact *f, const struct url *u)
{
    const char *host = strstr(f->ask->url, "://") + 3, *path = host + strcspn(host, "/?#");
    struct bytes text = line_for(net, f->ask, u->host, path);
    struct http_fact *h = &f->http;
    *h = (struct http_fact){.outcome = HTTP_RESPONSE, .status = 404};
    if (net->dead)
        h->outcome = HTTP_TIMEOUT;
    if (net->dead || !text.n)
        return;
    const char *all = text_of(a, text);
    if (*all == '>') {
        struct http_header *v = arena_alloc(a, sizeof *v);
        must(v != NULL);
        *v = (struct http_header){"Location", all + 1};
        h->status = 302;
        h->redirect = all + 1;
        h->headers = v;
        h->n_headers = 1;
    } else if (!http_outcome_parse(all, &h->outcome)) {
        char *end;
        unsigned long status = strtoul(all, &end, 10);
        h->status = end == all ? 200 : (int)(status % 600);
        size_t at = (size_t)(end - all) + (*end == ' ');
        h->body = (struct bytes){text.p + at, text.n - at};
        if (net->r->token && h->body.n && *h->body.p == '$')
            h->body = (struct bytes){(const uint8_t *)net->r->token, strlen(net->r->token)};
        h->size = h->body.n;
    } else if (h->outcome != HTTP_RESPONSE) {
        h->status = 0;
    }
}

/* ---------------------------------------------------------------- the observer ----------------------- */

/* What the observers of dns.h and http.h cannot put, they refuse with an error, and that would end the check. */
static bool can_be_put(const struct ask *q, struct arena *a, struct url *u)
{
    struct addr addr;
    uint8_t query[WIRE_QUERY_MOST];
    if (q->kind == ASK_HTTP)
        return q->url && q->address && url_read(a, q->url, u) && !addr_parse(q->address, (in_port_t)u->port, &addr);
    bool named = q->via != VIA_AUTHORITATIVE && q->via != VIA_PERSPECTIVE;
    return wire_query(q, 1, 0, query) > 0 && (named || (q->server && !addr_parse(q->server, 53, &addr)));
}

static int on_start(void *self, struct arena *a, struct ask *q, fact_fn *fn, void *user, void **op)
{
    struct net *net = self;
    struct url u;
    if (!can_be_put(q, net->a, &u))
        return -EINVAL;
    struct fact *f = arena_alloc(a, sizeof *f);
    if (!f)
        return -ENOMEM;
    *op = NULL;
    net->dead = net->dead || !net->left--;
    f->ask = q;
    if (q->kind == ASK_HTTP)
        answer_http(net, net->a, f, &u);
    else
        answer_dns(net, net->a, f);
    fn(user, q, f);
    return 0;
}

static void on_cancel(void *self, void *op)
{
    (void)self;
    (void)op;
    abort(); /* each question is answered before start() returns */
}

static dcv_time on_now(void *self)
{
    (void)self;
    return NOW;
}

static uint64_t on_monotonic(void *self)
{
    (void)self;
    return 0;
}

static void on_done(void *user, struct check *c, struct report *report, int err)
{
    struct net *net = user;
    (void)c;
    net->ended++;
    net->report = report;
    net->err = err;
}

/* ---------------------------------------------------------------- what must hold --------------------- */

/* "Undecided" is allowed where there is nothing to compare with or to ask for, where no question was answered that
 * shows that the network works, where a bound was reached before all was asked, and where the root does not say whether
 * there is the domain's top-level domain. */
static bool may_be_undecided(const struct report *r)
{
    const struct evidence *ev = r->evidence;
    const struct request *q = r->request;
    bool no_value = method_rules(q->method)->takes && r->challenge == CHALLENGE_NONE;
    bool no_name = q->method == METHOD_HTTP_TOKEN_DYNAMIC && !q->filename;
    struct lookup top = {.class = LOOKUP_DATA};
    struct asker asker = asker_none(ev);
    must(!q->top || !top_lookup(ev->arena, &asker, ev, q->top, &top));
    bool top_unknown = top.class != LOOKUP_DATA && top.class != LOOKUP_NXDOMAIN;
    return no_value || no_name || top_unknown || ev->overflow || !control_alive(lookup_control(ev));
}

static void shown(struct buf *b, struct arena *a, const struct report *r)
{
    static const struct render how = {.verbose = true, .derivation = true};
    render_report(b, a, r, &how);
    render_zone(b, a, &r, 1);
    render_nsupdate(b, a, &r, 1);
    render_nagios(b, a, &r, 1);
    must(!b->failed);
    for (size_t i = 0; i < b->n; i++)
        must(b->p[i] == '\n' || ((unsigned char)b->p[i] >= ' ' && b->p[i] != 0x7f));
}

/* A failing report has a finding that explains it, and no other report has one. */
static void must_be_explained(const struct report *r)
{
    size_t blocking = 0;
    for (size_t i = 0; i < r->n_findings; i++)
        blocking += r->findings[i].weight == WEIGHT_BLOCKING;
    if ((r->verdict == VERDICT_FAIL) == (blocking > 0))
        return;
    struct buf b = {0};
    struct arena *a = arena_new(0);
    must(a != NULL);
    shown(&b, a, r);
    fprintf(stderr, "%.*s\n", (int)b.n, b.p);
    abort();
}

static void must_be_sound(const struct report *r)
{
    must(r->verdict == VERDICT_PASS || r->verdict == VERDICT_FAIL || r->verdict == VERDICT_UNDECIDED);
    must((r->verdict == VERDICT_FAIL) == (r->error.code != CODE_NONE));
    must(r->verdict != VERDICT_UNDECIDED || (r->reason && may_be_undecided(r)));
    for (size_t i = 0; i < r->n_findings; i++) {
        const struct finding *f = &r->findings[i];
        must(f->summary && *f->summary && f->n_cures);
        for (size_t k = 0; k < f->n_facts; k++)
            must(f->facts[k] && f->facts[k] <= r->evidence->n);
    }
    must_be_explained(r);
}

/* Written as the API shows it and as a case, and read back. A case is judged as the check was. */
static void must_come_back(const struct report *r)
{
    struct arena *a = arena_new(0);
    struct buf text = {0}, saved = {0}, screen[2] = {{0}, {0}};
    struct json_problem problem = {0};
    struct report again, judged;
    struct dcv_case c;
    must(a != NULL);
    json_write_shown(&(struct json_out){.b = &text}, NULL, a, r);
    must(json_read_report(a, text.p, text.n, NULL, &again, &problem) == 0);
    shown(&screen[0], a, r);
    shown(&screen[1], a, &again);
    must(again.verdict == r->verdict && again.error.code == r->error.code && again.n_findings == r->n_findings);
    json_write_case(&(struct json_out){.b = &saved}, a, r, JSON_NO_REPORT | JSON_TERSE);
    must(json_read_case(a, saved.p, saved.n, NULL, &c, &problem) == 0);
    must(judge(&c.request, &c.evidence, a, &judged) == 0);
    must(judged.verdict == r->verdict && judged.error.code == r->error.code && judged.detail_code == r->detail_code);
    must(judged.n_findings == r->n_findings);
    for (size_t i = 0; i < r->n_findings; i++)
        must(judged.findings[i].cause == r->findings[i].cause);
    buf_free(&text);
    buf_free(&saved);
    buf_free(&screen[0]);
    buf_free(&screen[1]);
    arena_free(a);
}

/* memory: bytes that the check may take, 0: as many as it needs. */
static void run(struct net *net, const struct request *r, size_t answers, size_t memory)
{
    const struct observers obs = {.dns = {net, on_start, on_cancel},
                                  .http = {net, on_start, on_cancel},
                                  .clock_self = net,
                                  .now = on_now,
                                  .monotonic = on_monotonic};
    struct arena *a = arena_new(memory);
    must(a != NULL);
    net->r = r;
    net->dead = false;
    net->left = answers;
    net->ended = 0;
    net->report = NULL;
    if (check_start(&obs, a, r, on_done, net, NULL) == 0) {
        must(net->ended == 1);
        must(net->err == 0 || (net->err == -ENOMEM && memory));
        if (!net->err) {
            must_be_sound(net->report);
            must_come_back(net->report);
        }
    } else {
        must(memory);
    }
    arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { FEW = 5, LITTLE = 48 << 10 };
    struct bytes rest = {data, size};
    struct arena *a = arena_new(0);
    struct net net = {.a = a};
    struct request r;
    must(a != NULL);
    if (read_request(a, cut(&rest, '\n'), &r)) {
        while (rest.n)
            read_line(&net, cut(&rest, '\n'));
        for (unsigned m = 0; m < METHOD_COUNT; m++)
            if (r.methods & METHOD_BIT(m)) {
                const struct request one = request_for(&r, (enum method)m);
                run(&net, &one, SIZE_MAX, 0);
                run(&net, &one, FEW, 0);
                run(&net, &one, SIZE_MAX, LITTLE);
            }
    }
    arena_free(a);
    return 0;
}
