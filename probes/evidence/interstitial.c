#include "evidence/interstitial.h"

#include "base/text.h"

#include <string.h>
#include <strings.h>

static const struct sign {
    const char *whose, *header, *value, *text;
} signs[] = {
#define X(whose, header, value, text) {whose, header, value, text},
#include "evidence/interstitials.def"
#undef X
};

/* A header by which an edge is known. */
static const struct sign edges[] = {
    {"Cloudflare", "server", "cloudflare", NULL}, {"Cloudflare", "cf-ray", "", NULL},
    {"CloudFront", "server", "cloudfront", NULL}, {"CloudFront", "x-amz-cf-id", "", NULL},
    {"Akamai", "server", "akamai", NULL},         {"Fastly", "x-fastly-request-id", "", NULL},
    {"Bunny", "server", "bunnycdn", NULL},        {"Sucuri", "x-sucuri-id", "", NULL},
    {"Imperva", "x-iinfo", "", NULL},             {"DDoS-Guard", "server", "ddos-guard", NULL},
    {"EdgeOne", "eo-log-uuid", "", NULL},         {"Alibaba Cloud", "eagleid", "", NULL},
    {"KeyCDN", "server", "keycdn", NULL},         {"CDN77", "server", "cdn77", NULL},
    {"Gcore", "server", "gcore", NULL},           {"Vercel", "server", "vercel", NULL},
    {"Netlify", "server", "netlify", NULL},       {"QRATOR", "server", "qrator", NULL},
};

static bool has(const char *text, size_t n, const char *part)
{
    size_t len = strlen(part);
    for (size_t i = 0; i + len <= n; i++)
        if (!strncasecmp(text + i, part, len))
            return true;
    return false;
}

/* The header of the sign; NULL where the response lacks it. */
static const struct http_header *header_of(const struct http_fact *f, const struct sign *s)
{
    for (size_t i = 0; i < f->n_headers; i++)
        if (!strcasecmp(f->headers[i].name, s->header) &&
            has(f->headers[i].value, strlen(f->headers[i].value), s->value))
            return &f->headers[i];
    return NULL;
}

static const char *words(struct arena *a, const struct sign *s, const struct http_header *h)
{
    enum { SHOWN_MOST = 60 };
    const char *value = h && !s->text ? text_escape(a, h->value, strlen(h->value), SHOWN_MOST) : NULL;
    return value ? arena_concat(a, s->header, ": ", value, NULL)
                 : arena_concat(a, "“", s->text, "” in the page", NULL);
}

bool interstitial_find(struct arena *a, const struct http_fact *f, struct interstitial *ret)
{
    if (f->outcome != HTTP_RESPONSE)
        return false;
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        const struct sign *s = &signs[i];
        const struct http_header *h = s->header ? header_of(f, s) : NULL;
        if ((s->header && !h) || (s->text && !has((const char *)f->body.p, f->body.n, s->text)))
            continue;
        *ret = (struct interstitial){s->whose, words(a, s, h)};
        return true;
    }
    return false;
}

const char *edge_of(const struct http_fact *f)
{
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
        if (header_of(f, &edges[i]))
            return edges[i].whose;
    return NULL;
}

const char *edge_error(const struct http_fact *f)
{
    enum { FIRST = 520, LAST = 530 };
    return f->status < FIRST || f->status > LAST ? NULL : edge_of(f);
}
