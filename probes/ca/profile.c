#include "ca/profile.h"
#include "model/time.h"

#include <string.h>
#include <strings.h>

enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

static const char *identifiers[] = {
    "digicert.com",
    "www.digicert.com",
    "digicert.ne.jp",
    "cybertrust.ne.jp",
    "symantec.com",
    "thawte.com",
    "geotrust.com",
    "rapidssl.com",
    "quovadisglobal.com",
    "digitalcertvalidation.com",
    "volusion.digitalcertvalidation.com",
    "stratossl.digitalcertvalidation.com",
    "intermediatecertificate.digitalcertvalidation.com",
    "1and1.digitalcertvalidation.com",
    "amazon.com",
    "amazontrust.com",
    "awstrust.com",
    "amazonaws.com",
    "pkioverheid.nl",
    "flipkart.com",
};

/* What the HTTP client of DigiCert's published validation library sends and decodes. */
static const char *http_headers[] = {"Upgrade: TLS/1.2", "Connection: Upgrade"};
static const char *encodings[] = {"gzip", "x-gzip", "deflate"};

static const char knowledge_base[] = "DigiCert's knowledge base";
static const char sc_080[] = "BR 3.2.2.4, ballot SC-080v3", sc_090[] = "BR 3.2.2.4 and 3.2.2.5, ballot SC-090";

static const struct profile digicert = {
    .name = "DigiCert",
    .txt_label = "_dnsauth",
    .target_label = "_dcv",
    .cname_base = "dcv.digicert.com",
    .value_prefix = "_",
    .persist_label = "_validation-persist",
    /* DigiCert's published validation library compares accounturi with the account's URI as it is. */
    .persist_hashed = {{{TIME_UNKNOWN, false, "draft-ietf-acme-dns-persist-01"}}, 1},
    .persist_prefix = "",
    /* DigiCert refuses the older form since 2025-10-28. */
    .retired_cname = {{{TIME_UNKNOWN, true, knowledge_base}, {1761609600000, false, knowledge_base}}, 2},
    .own_cname_only = {{{TIME_UNKNOWN, false, "BR 2.2.7, 3.2.2.4"},
                        {1794700800000, true, "BR 3.2.2.4, ballot SC-101v2"}},
                       2},
    .file_dir = "/.well-known/pki-validation/",
    .file_name = "fileauth.txt",
    .file_name_cased = "FileAuth.txt",
    /* Bytes and times are those of DigiCert's published validation library. */
    .file_bytes = 5000,
    /* DigiCert's knowledge base: the second one is in use since 2026-02-24. */
    .agents = {{{TIME_UNKNOWN, "DigiCert DCV Bot/1.1", NULL},
                {1771891200000, "DigiCert DCV /1.1", knowledge_base}},
               2},
    .http_headers = {http_headers, sizeof http_headers / sizeof *http_headers},
    .encodings = {encodings, sizeof encodings / sizeof *encodings},
    .try_ms = 2000,
    .connect_ms = 2000,
    .read_ms = 5000,
    /* BR 3.2.2.4.18: a 2xx status, and redirects by 301, 302, 307 and 308 to authorized ports over http or https. The
     * number of redirects, their hosts and the restriction to two ports are rules of DigiCert's library. */
    .content = {{{200, 299}}, 1},
    .redirect_statuses = {{{301, 302}, {307, 308}}, 2},
    .redirects = 5,
    .redirect_reach = REACH_REGISTRABLE_DOMAIN,
    .redirect_ports = {{{false, 80}, {true, 443}}, 2},
    .caa_identifiers = {identifiers, sizeof identifiers / sizeof *identifiers},
    .caa_account = "account",
    /* RFC 8657 4: ca-tbr-N stands for BR 3.2.2.4.N. */
    .caa_methods = {{{METHOD_DNS_TXT_TOKEN, "ca-tbr-7"},
                     {METHOD_DNS_CNAME_TOKEN, "ca-tbr-7"},
                     {METHOD_DNS_CNAME_TARGET, "ca-tbr-7"},
                     {METHOD_HTTP_TOKEN, "ca-tbr-18"},
                     {METHOD_HTTP_TOKEN_DYNAMIC, "ca-tbr-18"},
                     {METHOD_DNS_PERSIST, "ca-tbr-22"},
                     {METHOD_DNS_PERSIST, "dns-persist-01"}},
                    7},
    /* An ACME method implements a section of the BR, so a validation by it also meets a record that lists that
     * section's label. */
    .caa_equal = {{{"http-01", "ca-tbr-19"},
                   {"dns-01", "ca-tbr-7"},
                   {"tls-alpn-01", "ca-tbr-20"},
                   {"dns-account-01", "ca-tbr-21"},
                   {"dns-persist-01", "ca-tbr-22"}},
                  5},
    /* Baseline Requirements 4.2.2.1.2 (ballot SC-098v2): RFC 8657 is a SHOULD before 2027-03-15, and a MUST since. */
    .caa_parameters = {{{TIME_UNKNOWN, false, "RFC 8657"},
                        {1805068800000, true, "BR 4.2.2.1.2, ballot SC-098v2"}},
                       2},
    /* BR 3.2.2.9: one of up to five perspectives may differ, two of six or more. */
    .quorum = {{{1, 1}, {6, 2}}, 2},
    .places = {{{TIME_UNKNOWN, 0, "BR 3.2.2.9, ballot SC-067v3"},
                {1741996800000, 2, "BR 3.2.2.9, ballot SC-067v3"},
                {1773532800000, 3, "BR 3.2.2.9, ballot SC-067v3"},
                {1781481600000, 4, "BR 3.2.2.9, ballot SC-067v3"},
                {1797292800000, 5, "BR 3.2.2.9, ballot SC-067v3"}},
               5},
    .places_bind = {{{TIME_UNKNOWN, false, "BR 3.2.2.9, ballot SC-067v3"},
                     {1757894400000, true, "BR 3.2.2.9, ballot SC-067v3"}},
                    2},
    .regions = {{{TIME_UNKNOWN, 1, "BR 3.2.2.9, ballot SC-067v3"},
                 {1773532800000, 2, "BR 3.2.2.9, ballot SC-067v3"}},
                2},
    .random_days = 30,
    .token_days = 30,
    /* BR 4.2.1: 200 days from 2026-03-15 on, 100 from 2027-03-15 on, 10 from 2029-03-15 on. */
    .reuse_days = {{{TIME_UNKNOWN, 398, "BR 4.2.1, ballot SC-042v2"},
                    {1773532800000, 200, "BR 4.2.1, ballot SC-081v3"},
                    {1805068800000, 100, "BR 4.2.1, ballot SC-081v3"},
                    {1868227200000, 10, "BR 4.2.1, ballot SC-081v3"}},
                   4},
    .persist_days = 10,
    .certificate_days = {{{TIME_UNKNOWN, 398, "BR 6.3.2, ballot SC-031"},
                          {1773532800000, 200, "BR 6.3.2, ballot SC-081v3"},
                          {1805068800000, 100, "BR 6.3.2, ballot SC-081v3"},
                          {1868227200000, 47, "BR 6.3.2, ballot SC-081v3"}},
                         4},
    .sunsets = {{{1752537600000, "3.2.2.4.2", "email, fax, SMS or post to the contact of the registration", sc_080},
                 {1752537600000, "3.2.2.4.15", "phone to the contact of the registration", sc_080},
                 {1773532800000, "3.2.2.4.8", "address of the server, shown to be the customer's", sc_090},
                 {1805068800000, "3.2.2.4.16", "phone to the number in a TXT record", sc_090},
                 {1805068800000, "3.2.2.4.17", "phone to the number in a CAA record", sc_090},
                 {1805068800000, "3.2.2.5.2", "email, fax, SMS or post to the contact of an IP address", sc_090},
                 {1805068800000, "3.2.2.5.5", "phone to the contact of an IP address", sc_090},
                 {1805068800000, "3.2.2.5.3", "reverse lookup of an IP address", "BR 3.2.2.5, ballot SC-091"},
                 {1836691200000, "3.2.2.4.4", "email to a constructed address such as admin@DOMAIN", sc_090},
                 {1836691200000, "3.2.2.4.13", "email to the address in a CAA record", sc_090},
                 {1836691200000, "3.2.2.4.14", "email to the address in a TXT record", sc_090}},
                11},
    /* Each step begins where the one before it ends. */
    .polling = {{{MINUTE, 15 * MINUTE},
                 {5 * MINUTE, 15 * MINUTE + HOUR},
                 {15 * MINUTE, 15 * MINUTE + HOUR + DAY},
                 {HOUR, 15 * MINUTE + HOUR + 11 * DAY}},
                4},
    /* DigiCert's documents of the API: "DV certificate immediate issuance", "Check domain DCV" and "Check order DCV",
     * which answers 200 for DNS TXT and DNS CNAME and 400 for a file. */
    .call_order = "POST order/certificate/PRODUCT",
    .call_domain_check = "PUT domain/ID/dcv/validate-token",
    .call_order_check = "PUT order/certificate/ID/check-dcv",
    .order_answers = {{{METHOD_DNS_TXT_TOKEN, true},
                       {METHOD_DNS_CNAME_TOKEN, true},
                       {METHOD_HTTP_TOKEN, false},
                       {METHOD_HTTP_TOKEN_DYNAMIC, false}},
                      4},
    .pending = "pending",
};

const struct profile *profile_builtin(void)
{
    return &digicert;
}

/* ---------------------------------------------------------------- reading the tables ------------ */

const struct dated *dated_row(const struct dated_rows *rows, dcv_time now)
{
    size_t i = rows->n;
    while (i > 1 && rows->v[i - 1].from > now)
        i--;
    return i ? &rows->v[i - 1] : NULL;
}

int dated_value(const struct dated_rows *rows, dcv_time now)
{
    const struct dated *row = dated_row(rows, now);
    return row ? row->value : 0;
}

dcv_time dated_usable_until(const struct dated_rows *days, dcv_time at)
{
    const dcv_time day_ms = 1000 * (dcv_time)DAY;
    const struct dated *row = dated_row(days, at);
    if (!row)
        return at;
    /* A later row that allows less ends the use on its first day, even of what was allowed longer before. */
    for (; row + 1 < days->v + days->n && row[1].from <= at + row->value * day_ms; row++)
        if (at + row[1].value * day_ms < row[1].from)
            return row[1].from - 1;
    return at + row->value * day_ms;
}

bool sunset_by(const struct sunset *s, const char *means)
{
    size_t n = strlen(means);
    return !strncasecmp(s->means, means, n) && strchr(" ,", s->means[n]);
}

size_t user_agents_at(const struct user_agents *u, dcv_time now)
{
    size_t n = u->n;
    while (n > 1 && u->v[n - 1].from > now)
        n--;
    return n;
}

bool dated_ever(const struct dated_rows *rows)
{
    for (size_t i = 0; i < rows->n; i++)
        if (rows->v[i].value)
            return true;
    return false;
}

static const char *day_of(struct arena *a, dcv_time at)
{
    char text[25];
    time_format(at, text);
    return arena_strndup(a, text, strlen("YYYY-MM-DD"));
}

const char *dated_since(struct arena *a, const struct dated_rows *rows, dcv_time now)
{
    const struct dated *row = dated_row(rows, now);
    return row && row > rows->v ? day_of(a, row->from) : NULL;
}

const char *dated_until(struct arena *a, const struct dated_rows *rows, dcv_time now)
{
    size_t i = 1;
    while (i < rows->n && rows->v[i].from <= now)
        i++;
    return i < rows->n ? day_of(a, rows->v[i].from) : NULL;
}

const char *dated_words(struct arena *a, const struct dated_rows *rows, dcv_time now)
{
    const struct dated *row = dated_row(rows, now);
    const char *since = dated_since(a, rows, now), *source = row ? row->source : NULL;
    const char *words = arena_concat(a, since ? " since " : "", since ? since : "", source ? " (" : "",
                                     source ? source : "", source ? ")" : "", NULL);
    return words ? words : "";
}

bool statuses_have(const struct statuses *s, int status)
{
    for (size_t i = 0; i < s->n; i++)
        if (status >= s->v[i].first && status <= s->v[i].last)
            return true;
    return false;
}

bool file_ports_have(const struct file_ports *p, bool https, unsigned port)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->v[i].https == https && p->v[i].port == port)
            return true;
    return false;
}

uint32_t quorum_may_differ(const struct quorum_rows *rows, size_t n)
{
    size_t i = rows->n;
    while (i && rows->v[i - 1].of > n)
        i--;
    return i ? rows->v[i - 1].may_differ : 0;
}

const char *profile_bare_value(const struct profile *p, const char *label)
{
    size_t n = strlen(p->value_prefix);
    return strncasecmp(label, p->value_prefix, n) ? label : label + n;
}

/* ---------------------------------------------------------------- the tables in words ---------------- */

static const char *scheme(bool https)
{
    return https ? "https" : "http";
}

/* Appends item i of n to a list in words, with a comma or "and". NULL where the arena is full. */
static const char *more(struct arena *a, const char *list, size_t i, size_t n, const char *one)
{
    return list && one ? arena_concat(a, list, !i ? "" : i + 1 == n ? " and " : ", ", one, NULL) : NULL;
}

const char *statuses_text(struct arena *a, const struct statuses *s)
{
    enum { SINGLE_MOST = 3 }; /* a range of more statuses is written as its first and last one */
    const char *list = "";
    size_t n = 0, at = 0;
    for (size_t i = 0; i < s->n; i++) {
        unsigned size = s->v[i].last - s->v[i].first + 1u;
        n += size > SINGLE_MOST ? 1 : size;
    }
    for (size_t i = 0; i < s->n; i++) {
        const struct status_range *r = &s->v[i];
        if (r->last - r->first + 1 > SINGLE_MOST)
            list = more(a, list, at++, n, arena_printf(a, "%u to %u", r->first, r->last));
        else
            for (unsigned one = r->first; one <= r->last; one++)
                list = more(a, list, at++, n, arena_printf(a, "%u", one));
    }
    return list;
}

const char *file_ports_text(struct arena *a, const struct file_ports *p)
{
    const char *list = "";
    for (size_t i = 0; i < p->n; i++)
        list = more(a, list, i, p->n, arena_printf(a, "%u for %s", p->v[i].port, scheme(p->v[i].https)));
    return list;
}

const char *file_schemes_text(struct arena *a, const struct file_ports *p)
{
    bool has[2] = {false};
    for (size_t i = 0; i < p->n; i++)
        has[p->v[i].https] = true;
    return has[0] && has[1] ? arena_strdup(a, "http and https") : scheme(has[1]);
}
