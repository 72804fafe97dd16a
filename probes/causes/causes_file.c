/* causes_file.c - causes for the file methods: the file cannot be fetched, or is not the one that the CA looks for. */
#include "base/text.h"
#include "ca/altered.h"
#include "ca/profile.h"
#include "causes/causes.h"
#include "causes/fix.h"
#include "causes/fix_exempt.h"
#include "evidence/interstitial.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <string.h>
#include <strings.h>

static const struct file_side *failing_side(const struct judgement *j)
{
    return judged_failing(j) && j->file.read ? j->file.best : NULL;
}

static struct finding *about(struct judgement *j, enum cause c, const struct fetch *fetch)
{
    struct finding *f = finding_add(j, c);
    finding_set(j, f, "url", fetch->url);
    for (size_t i = 0; i < fetch->n; i++)
        finding_fact(j, f, fetch->facts[i]);
    if (!fetch->n)
        finding_fact(j, f, fetch->lookup.fact);
    if (fetch->fact && fetch->fact->ask->address)
        finding_set(j, f, "address", fetch->fact->ask->address);
    return f;
}

/* ---------------------------------------------------------------- before anything is fetched --------- */

void cause_file_token_in_url(struct judgement *j)
{
    if (!judged_failing(j) || !file_token_in_name(j->r))
        return;
    struct finding *f = finding_add(j, CAUSE_file_token_in_url);
    finding_set(j, f, "filename", j->r->filename);
    struct fix *x = finding_fix(j, f, FIX_INPUT);
    x->argument = "filename";
    x->value = "";
    x->text =
        "Choose a file name that does not hold the value (BR 3.2.2.4.18), and put the value into the file.";
}

/* ---------------------------------------------------------------- the way to the server -------------- */

void cause_file_ipv6_only(struct judgement *j)
{
    const struct file_side *s = failing_side(j);
    if (!s || s->fetch.class != FETCH_NETWORK || s->fetch.aaaa.class != LOOKUP_DATA)
        return;
    struct finding *f = about(j, CAUSE_file_ipv6_only, &s->fetch);
    finding_set(j, f, "host", s->fetch.lookup.name);
    finding_fact(j, f, s->fetch.lookup.fact);
    finding_fact(j, f, s->fetch.aaaa.fact);
    fix_advice(j, f, "Add an A record with a public IPv4 address of the web server beside the AAAA record.");
}

/* True where the last answer says that the name does not exist, be it the name asked or the end of its aliases. */
static bool no_such(const struct lookup *l)
{
    return l->class == LOOKUP_NXDOMAIN || (l->fact && l->fact->dns.outcome == DNS_NXDOMAIN);
}

void cause_file_no_address(struct judgement *j)
{
    const struct file_side *s = failing_side(j);
    const struct lookup *l = s ? &s->fetch.lookup : NULL;
    if (!l || !l->name || !(l->class == LOOKUP_NODATA || l->class == LOOKUP_NXDOMAIN))
        return;
    bool alias = l->hops && l->end && !name_equal(l->end, l->name);
    struct finding *f = about(j, CAUSE_file_no_address, &s->fetch);
    finding_set(j, f, "host", l->name);
    finding_set(j, f, "what",
                alias ? arena_printf(j->a, " (it is an alias, a CNAME record, to %s, and %s)", l->end,
                                     no_such(l) ? "that name does not exist" : "nothing is there")
                : l->class == LOOKUP_NXDOMAIN ? " (the name does not exist)"
                                              : "");
    finding_fact(j, f, l->fact);
    if (alias)
        /* An address cannot stand beside an alias (RFC 1034 3.6.2). */
        fix_advice(
            j, f,
            arena_printf(j->a,
                         "Have whoever runs %s set that host up again, or replace the CNAME at %s by an A record "
                         "with the web server's public IPv4 address; or use a DNS method.",
                         l->end, l->name));
    else
        fix_advice(j, f, "Add an A record with the web server's public IPv4 address, or use a DNS method.");
}

static bool network(const struct judgement *j, enum http_outcome outcome)
{
    return failing_side(j) && j->file.best->fetch.class == FETCH_NETWORK && j->file.best->fetch.fact &&
           j->file.best->fetch.fact->http.outcome == outcome;
}

void cause_file_private_address(struct judgement *j)
{
    if (!network(j, HTTP_FORBIDDEN_ADDRESS))
        return;
    struct finding *f = about(j, CAUSE_file_private_address, &j->file.best->fetch);
    const char *detail = j->file.best->fetch.fact->http.detail;
    finding_set(j, f, "what", detail ? detail : "not on the public internet");
    fix_advice(j, f, "Publish an A record with an address that the whole internet can reach.");
}

/* The parts of the URL at which a fetch ended; NULL: the arena is full. */
static const struct url *last_url(struct judgement *j, const struct fetch *fetch)
{
    struct url *u = arena_alloc(j->a, sizeof *u);
    return u && fetch->url && url_read(j->a, fetch->url, u) ? u : NULL;
}

void cause_file_port_closed(struct judgement *j)
{
    if (!network(j, HTTP_REFUSED))
        return;
    const struct fetch *fetch = &j->file.best->fetch;
    struct finding *f = about(j, CAUSE_file_port_closed, fetch);
    const struct url *to = last_url(j, fetch);
    if (!fetch->hops || !to) {
        fix_advice(j, f,
                   "Start the web server, or open port 80 in its firewall; one of the ports 80 and 443 must answer.");
        return;
    }
    fix_advice(
        j, f,
        arena_printf(j->a,
                     "Start the web server on port %u of %s, to which the redirect leads, or open that port in its "
                     "firewall; or exempt %s from the redirect, and serve the file where it is asked for first.",
                     to->port, to->host, j->r->profile->file_dir));
}

void cause_file_timeout(struct judgement *j)
{
    if (!network(j, HTTP_TIMEOUT) && !network(j, HTTP_UNREACHABLE))
        return;
    struct finding *f = about(j, CAUSE_file_timeout, &j->file.best->fetch);
    fix_advice(j, f,
               "Open port 80 to all networks: a firewall that drops packets, or a server that is too slow, "
               "looks like this.");
}

void cause_file_reset(struct judgement *j)
{
    if (!network(j, HTTP_RESET))
        return;
    struct finding *f = about(j, CAUSE_file_reset, &j->file.best->fetch);
    fix_advice(
        j, f,
        "Look into the web server's or firewall's log for this request: it hangs up without an answer.");
}

void cause_file_not_http(struct judgement *j)
{
    bool handshake = network(j, HTTP_TLS); /* port 80 sends the client to a port 443 with which nobody can speak */
    if (!handshake && !network(j, HTTP_NOT_HTTP))
        return;
    struct finding *f = about(j, CAUSE_file_not_http, &j->file.best->fetch);
    finding_set(j, f, "tls", handshake ? ": the TLS handshake fails" : "");
    fix_advice(j, f,
               handshake ? "Repair the TLS set-up on port 443, or serve the file on port 80 without a redirect to "
                           "https: either suffices."
                         : "Serve plain HTTP on port 80 and HTTPS on port 443.");
}

static const struct file_side *https_side(const struct judgement *j)
{
    return j->file.read ? &j->file.side[1] : NULL;
}

void cause_file_tls_broken(struct judgement *j)
{
    const struct file_side *s = https_side(j);
    if (!s || s->fetch.class != FETCH_NETWORK || !s->fetch.fact)
        return;
    const struct http_fact *http = &s->fetch.fact->http;
    /* The port does not speak TLS at all. Where such an answer decides the verdict, file-not-http reports it. */
    bool plain = http->outcome == HTTP_NOT_HTTP && !http->tls && !network(j, HTTP_NOT_HTTP);
    if (http->outcome != HTTP_TLS && !plain)
        return;
    struct finding *f = about(j, CAUSE_file_tls_broken, &s->fetch);
    finding_set(j, f, "what", http->detail ? http->detail : "the handshake fails");
    fix_advice(
        j, f,
        "Repair the TLS set-up on port 443, or serve the file over plain HTTP on port 80: either suffices.");
}

void cause_file_tls_only(struct judgement *j)
{
    const struct fetch *plain = &j->file.side[0].fetch;
    if (!j->file.read || j->report->verdict != VERDICT_PASS || plain->class != FETCH_NETWORK ||
        !plain->fact || plain->hops)
        return;
    struct finding *f = about(j, CAUSE_file_tls_only, plain);
    fix_advice(
        j, f, "Nothing must be done; opening port 80 makes the check independent of the certificate set-up.");
}

void cause_file_tls_cert_ignored(struct judgement *j)
{
    const struct file_side *s = https_side(j);
    const struct tls_fact *tls = s && s->fetch.fact ? s->fetch.fact->http.tls : NULL;
    if (!tls || !tls->problem)
        return;
    struct finding *f = about(j, CAUSE_file_tls_cert_ignored, &s->fetch);
    finding_set(j, f, "what", tls->problem);
    fix_advice(j, f, "Nothing must be done for the check: certificates are not verified here.");
}

/* ---------------------------------------------------------------- redirects -------------------------- */

static bool redirected(const struct judgement *j, unsigned faults)
{
    const struct file_side *s = failing_side(j);
    return s && s->fetch.class == FETCH_REDIRECT && faults & 1u << s->fetch.fault;
}

static struct finding *about_redirect(struct judgement *j, enum cause c)
{
    const struct fetch *x = &j->file.best->fetch;
    struct finding *f = about(j, c, x);
    finding_set(j, f, "status", arena_printf(j->a, "%d", x->fact->http.status));
    finding_set(j, f, "target", x->target ? x->target : "nowhere");
    return f;
}

void cause_file_redirect_malformed(struct judgement *j)
{
    if (!redirected(j, 1u << REDIRECT_MALFORMED))
        return;
    struct finding *f = about_redirect(j, CAUSE_file_redirect_malformed);
    fix_exempt_file(j, f);
}

void cause_file_redirect_loop(struct judgement *j)
{
    if (!redirected(j, 1u << REDIRECT_LOOP | 1u << REDIRECT_COUNT))
        return;
    struct finding *f = about_redirect(j, CAUSE_file_redirect_loop);
    finding_set(j, f, "what",
                j->file.best->fetch.fault == REDIRECT_LOOP ? "lead back to where they came from"
                                                           : "go on for more than the CA follows");
    fix_exempt_file(j, f);
}

/* Why a redirect was not followed, in words; NULL where the arena is full. */
static const char *why_not_followed(struct judgement *j, enum redirect_fault fault)
{
    const struct profile *p = j->r->profile;
    const char *only = NULL;
    switch (fault) {
    case REDIRECT_STATUS:
        only = statuses_text(j->a, &p->redirect_statuses);
        break;
    case REDIRECT_SCHEME:
        only = file_schemes_text(j->a, &p->redirect_ports);
        break;
    case REDIRECT_PORT:
        only = file_ports_text(j->a, &p->redirect_ports);
        break;
    case REDIRECT_HOST:
        return p->redirect_reach == REACH_HOST ? "only the same host is followed"
                                               : "only the same registrable domain is followed";
    case REDIRECT_FINE:
    case REDIRECT_MALFORMED:
    case REDIRECT_LOOP:
    case REDIRECT_COUNT:
        break;
    }
    return only ? arena_printf(j->a, "only %s%s %s followed", fault == REDIRECT_PORT ? "port " : "", only,
                               strstr(only, " and ") ? "are" : "is")
                : NULL;
}

void cause_file_redirect_forbidden(struct judgement *j)
{
    if (!redirected(j, 1u << REDIRECT_STATUS | 1u << REDIRECT_SCHEME | 1u << REDIRECT_PORT |
                           1u << REDIRECT_HOST))
        return;
    struct finding *f = about_redirect(j, CAUSE_file_redirect_forbidden);
    finding_set(j, f, "what", why_not_followed(j, j->file.best->fetch.fault));
    fix_exempt_file(j, f);
}

/* ---------------------------------------------------------------- the status ------------------------- */

static struct finding *about_status(struct judgement *j, enum cause c)
{
    struct finding *f = about(j, c, &j->file.best->fetch);
    finding_set(j, f, "status", arena_printf(j->a, "%d", j->file.best->fetch.fact->http.status));
    return f;
}

static int failing_status(const struct judgement *j)
{
    const struct file_side *s = failing_side(j);
    return s && s->fetch.class == FETCH_STATUS ? s->fetch.fact->http.status : 0;
}

static bool says(const struct fact *fact, const char *text)
{
    struct bytes body = fact->http.body;
    return body.n && memmem(body.p, body.n, text, strlen(text));
}

/* "“A/1” and “B/2”": all user agents in use. */
static const char *agents_in_use(struct judgement *j)
{
    const struct user_agents *u = &j->r->profile->agents;
    const char *list = NULL;
    for (size_t i = 0, n = user_agents_at(u, j->r->now); i < n; i++)
        list = arena_concat(j->a, list ? list : "", !i ? "“" : i + 1 == n ? " and “" : ", “", u->v[i].text, "”",
                            NULL);
    return list;
}

void cause_file_forbidden(struct judgement *j)
{
    int status = failing_status(j);
    if (status != 401 && status != 403 && status != 407)
        return;
    struct finding *f = about_status(j, CAUSE_file_forbidden);
    fix_advice(
        j, f,
        arena_printf(
            j->a,
            "Let everybody read %s without logging in; look at the web server's access rules and at any "
            "firewall before it.",
            j->r->profile->file_dir));
    /* An object store whose contents may not be listed says so of files that are not there. */
    if (says(j->file.best->fetch.fact, "<Code>AccessDenied</Code>"))
        fix_publish_file(j, f);
}

void cause_file_absent(struct judgement *j)
{
    int status = failing_status(j);
    if (status != 404 && status != 410)
        return;
    const struct fetch *fetch = &j->file.best->fetch;
    struct finding *f = about_status(j, CAUSE_file_absent);
    finding_set(j, f, "redirected",
                fetch->hops ? arena_printf(j->a, ", to which a redirect leads from %s", fetch->facts[0]->ask->url)
                            : "");
    fix_publish_file(j, f);
}

void cause_file_rate_limited(struct judgement *j)
{
    if (failing_status(j) != 429)
        return;
    struct finding *f = about_status(j, CAUSE_file_rate_limited);
    const char *after = http_header_find(&j->file.best->fetch.fact->http, "retry-after");
    finding_set(j, f, "what",
                after ? arena_printf(j->a, " and to come again later (Retry-After: %s)",
                                     text_escape(j->a, after, strlen(after), 40))
                      : "");
    fix_advice(j, f,
               arena_printf(j->a,
                            "Exempt the user agents %s, and everything below %s, from the rate limit, and run the "
                            "check again.",
                            agents_in_use(j), j->r->profile->file_dir));
}

/* What a status stands for (RFC 9110 15.5, the IANA registry, nginx), as a clause. */
static const struct {
    int status;
    const char *meaning;
} meanings[] = {
    {400, "it takes the request for a malformed one"},
    {402, "it wants to be paid for, as hosts answer for an account that is closed"},
    {405, "it does not allow to fetch what is there (GET)"},
    {406, "it refuses what the client accepts, as some firewalls answer robots"},
    {408, "it waited too long for the request"},
    {409, "what was asked for is in conflict with its state"},
    {411, "it wants a length of the request"},
    {412, "it finds a condition unmet"},
    {413, "it finds the request too large"},
    {414, "it finds the URL too long"},
    {415, "it does not take a request of this kind"},
    {416, "it cannot give the wanted part"},
    {417, "it does not meet an expectation of the request"},
    {418, "a joke status, with which some firewalls refuse"},
    {421, "it is not set up for this host name, and the request went astray"},
    {422, "it cannot process the request"},
    {423, "what was asked for is locked"},
    {424, "something that it depends on has failed"},
    {425, "it does not want to answer this early"},
    {426, "it insists on another protocol, such as HTTPS or a newer HTTP"},
    {428, "it wants a condition in the request"},
    {431, "it finds the headers of the request too large"},
    {444, "it closes such requests without an answer"},
    {451, "it may not show this for legal reasons, such as a block by country"},
    {494, "it finds the headers of the request too large"},
    {495, "it wants a valid client certificate"},
    {496, "it wants a client certificate"},
    {497, "a plain HTTP request came to a port that is set up for HTTPS"},
    {499, "the client had gone before there was an answer"},
};

static const char *meaning(const struct fact *fact)
{
    int status = fact->http.status;
    if (status == 400 && (says(fact, "HTTPS port") || says(fact, "speaking plain HTTP to an SSL-enabled") ||
                          says(fact, "HTTP request to an HTTPS server")))
        return "a plain HTTP request came to a port that is set up for HTTPS";
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (meanings[i].status == status)
            return meanings[i].meaning;
    return status < 300 ? "the CA does not take the body of such an answer for the file"
                        : "it finds fault with the request, and the status has no common meaning";
}

void cause_file_status_other(struct judgement *j)
{
    static const int others[] = {401, 403, 404, 407, 410, 429};
    int status = failing_status(j);
    bool other = status && status < 500;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        other = other && status != others[i];
    if (!other)
        return;
    struct finding *f = about_status(j, CAUSE_file_status_other);
    finding_set(j, f, "what", meaning(j->file.best->fetch.fact));
    fix_advice(j, f,
               arena_printf(j->a,
                            "Find the request in the log of the web server, or of the firewall or CDN before it, and "
                            "make it answer everything below %s with the file and status 200: plain HTTP on port 80, "
                            "HTTPS on port 443, for every client and country.",
                            j->r->profile->file_dir));
}

static const char *edge_meaning(int status)
{
    switch (status) {
    case 521:
        return "the web server behind it refuses its connections";
    case 522:
        return "its connections to the web server behind it get no answer";
    case 523:
        return "it finds no way to the web server behind it";
    case 524:
        return "the web server behind it takes the connection and does not answer in time";
    case 525:
        return "the TLS handshake with the web server behind it fails";
    case 526:
        return "it refuses the certificate of the web server behind it";
    case 530:
        return "it finds no address of the web server behind it";
    default:
        return "it gets no usable answer from the web server behind it";
    }
}

/* The CDN that cannot reach the site's own server; NULL where the answer is none of that kind. */
static const char *failing_edge(const struct judgement *j)
{
    return failing_status(j) ? edge_error(&j->file.best->fetch.fact->http) : NULL;
}

void cause_file_edge_error(struct judgement *j)
{
    const char *whose = failing_edge(j);
    if (!whose)
        return;
    struct finding *f = about_status(j, CAUSE_file_edge_error);
    finding_set(j, f, "whose", whose);
    finding_set(j, f, "what", edge_meaning(j->file.best->fetch.fact->http.status));
    fix_advice(j, f,
               "Repair the way from the CDN to the web server: its address in the CDN's settings, its firewall, and "
               "the TLS mode between the two.");
}

void cause_file_server_error(struct judgement *j)
{
    if (failing_status(j) < 500 || failing_edge(j))
        return;
    struct finding *f = about_status(j, CAUSE_file_server_error);
    fix_advice(j, f, "Look into the web server's error log for this request.");
}

/* ---------------------------------------------------------------- the content ------------------------ */

static const struct fact *wrong_content(const struct judgement *j)
{
    const struct file_side *s = failing_side(j);
    return s && s->fetch.class == FETCH_CONTENT ? s->fetch.fact : NULL;
}

static bool is_html(struct bytes body)
{
    static const char *const starts[] = {"<!doctype", "<html", "<head", "<body", "<?xml", "<!--"};
    body = bytes_trim(body);
    if (body.n >= 3 && !memcmp(body.p, "\xef\xbb\xbf", 3))
        body.p += 3, body.n -= 3;
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (body.n >= strlen(starts[i]) && !strncasecmp((const char *)body.p, starts[i], strlen(starts[i])))
            return true;
    return false;
}

static void content_cause(struct judgement *j, enum cause c)
{
    struct finding *f = about(j, c, &j->file.best->fetch);
    finding_set(j, f, "token", fix_shown_value(j));
    fix_publish_file(j, f);
}

/* How the text is hidden, in words. *stored: the file itself is at fault, not what the server does to it. */
static const char *how_hidden(struct judgement *j, const struct fact *fact, bool *stored)
{
    const struct http_fact *f = &fact->http;
    const char *codings = http_header_find(f, "content-encoding"), *unknown;
    *stored = false;
    if (f->undecoded)
        return arena_printf(j->a, "the server says that it is packed (Content-Encoding: %s), and %s",
                            codings ? text_escape(j->a, codings, strlen(codings), 60) : "none", f->undecoded);
    unknown = file_unknown_coding(j->a, j->r->profile, fact);
    if (unknown)
        return arena_printf(j->a, "it is packed (Content-Encoding: %s) in a way that the CA does not unpack",
                            text_escape(j->a, unknown, strlen(unknown), 60));
    *stored = true;
    if (f->body.n > 1 && f->body.p[0] == 0x1f && f->body.p[1] == 0x8b)
        return "it is packed with gzip, and no header of the server's says so";
    if (f->body.n > 1 && (f->body.p[0] ^ f->body.p[1]) == 1 && f->body.p[0] >= 0xfe) /* its byte order mark */
        return "it is stored as UTF-16";
    return "it holds NUL bytes, as UTF-16 does";
}

void cause_file_encoding(struct judgement *j)
{
    bool stored;
    const struct fact *fact = wrong_content(j);
    if (!fact || !j->file.best->wide)
        return;
    struct finding *f = about(j, CAUSE_file_encoding, &j->file.best->fetch);
    finding_set(j, f, "what", how_hidden(j, fact, &stored));
    if (stored)
        fix_publish_file(j, f);
    else
        fix_advice(j, f,
                   arena_printf(j->a,
                                "Let the web server, and a cache or CDN before it, send what is below %s unpacked and "
                                "without a Content-Encoding header.",
                                j->r->profile->file_dir));
}

/* More stands in the file than the CA reads. */
static bool goes_on(const struct judgement *j, const struct fact *fact)
{
    return fact->http.more || fact->http.size > j->r->profile->file_bytes;
}

/* What the CA reads of the file is blanks, if anything. */
static bool reads_blanks(const struct judgement *j, const struct fact *fact)
{
    struct bytes body = fact->http.body;
    if (body.n > j->r->profile->file_bytes)
        body.n = j->r->profile->file_bytes;
    return !bytes_trim(body).n;
}

void cause_file_empty(struct judgement *j)
{
    const struct fact *fact = wrong_content(j);
    if (fact && reads_blanks(j, fact) && !goes_on(j, fact))
        content_cause(j, CAUSE_file_empty);
}

void cause_file_soft_404(struct judgement *j)
{
    const struct fact *fact = wrong_content(j);
    if (fact && !j->candidate.place && !j->file.best->wide && !j->file.whole_holds && is_html(fact->http.body))
        content_cause(j, CAUSE_file_soft_404);
}

void cause_file_too_large(struct judgement *j)
{
    const struct fact *fact = wrong_content(j);
    if (!fact || j->candidate.place)
        return;
    if (!goes_on(j, fact))
        return;
    if (j->file.whole && !j->file.whole_holds)
        return; /* the rest of the file was read, and does not hold the value either */
    struct finding *f = about(j, CAUSE_file_too_large, &j->file.best->fetch);
    finding_fact(j, f, j->file.whole);
    finding_set(j, f, "limit", arena_printf(j->a, "%u", j->r->profile->file_bytes));
    fix_publish_file(j, f);
}

void cause_file_other_content(struct judgement *j)
{
    const struct fact *fact = wrong_content(j);
    if (!fact || j->candidate.place)
        return;
    struct finding *f = about(j, CAUSE_file_other_content, &j->file.best->fetch);
    struct bytes body = bytes_trim(fact->http.body);
    const char *shown = text_escape(j->a, (const char *)body.p, body.n, 60), *near = NULL;
    if (j->r->token)
        near = altered_value(body, (struct bytes){(const uint8_t *)j->r->token, strlen(j->r->token)});
    bool blanks = reads_blanks(j, fact);
    finding_set(j, f, "value",
                blanks ? arena_printf(j->a, "only blanks in its first %u bytes", j->r->profile->file_bytes)
                       : arena_printf(j->a, "“%s”", shown));
    finding_set(j, f, "token", fix_shown_value(j));
    finding_set(j, f, "what",
                near     ? arena_printf(j->a, ": the value %s", near)
                : blanks ? ", and the CA reads no further"
                         : "");
    fix_publish_file(j, f);
}

void cause_file_bom(struct judgement *j)
{
    const struct file_side *s = j->file.best;
    if (!j->file.read || j->report->verdict != VERDICT_PASS || s->fetch.class != FETCH_CONTENT)
        return;
    struct bytes body = s->fetch.fact->http.body;
    if (body.n >= 3 && !memcmp(body.p, "\xef\xbb\xbf", 3))
        content_cause(j, CAUSE_file_bom);
}

/* Addresses of the domain that give no answer at all while another one serves the file. */
static const char *silent_addresses(struct judgement *j, const struct fact **down)
{
    const struct file_view *v = &j->file;
    const char *list = NULL;
    bool served = false;
    for (size_t i = 0; i < v->n_address; i++) {
        const struct file_address *f = &v->address[i];
        served = served || file_address_holds(f);
        if (file_address_holds(f) || file_address_answers(f) || file_address_open(f) ||
            !f->side[0].fetch.fact)
            continue;
        *down = *down ? *down : f->side[0].fetch.fact;
        list = list ? arena_printf(j->a, "%s, %s", list, f->ip) : f->ip;
    }
    return served ? list : NULL;
}

void cause_file_address_down(struct judgement *j)
{
    const struct file_side *s = j->file.best;
    if (!j->file.read || s->fetch.class == FETCH_NETWORK)
        return;
    const struct fact *down = NULL;
    const char *list = silent_addresses(j, &down);
    if (!list)
        down = NULL;
    for (size_t i = 0; i < s->fetch.n && !down; i++)
        if (s->fetch.facts[i]->http.outcome != HTTP_RESPONSE)
            down = s->fetch.facts[i];
    if (!down)
        return;
    struct finding *f = finding_add(j, CAUSE_file_address_down);
    finding_set(j, f, "address", list ? list : down->ask->address);
    finding_set(j, f, "url", down->ask->url);
    finding_fact(j, f, down);
    fix_advice(j, f, "Repair the web server at that address, or take its A record out.");
}
