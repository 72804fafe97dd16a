#include "evidence/fetch.h"

#include "ca/profile.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *fetch_url(struct arena *a, const struct request *r, const char *scheme)
{
    const struct profile *p = r->profile;
    const char *file = r->method == METHOD_HTTP_TOKEN_DYNAMIC && r->filename ? r->filename : p->file_name;
    bool v6 = r->is_ip && strchr(r->domain, ':');
    return arena_concat(a, scheme, v6 ? "://[" : "://", r->domain, v6 ? "]" : "", p->file_dir, file, NULL);
}

/* ---------------------------------------------------------------- one step --------------------------- */

struct fetch_walk {
    struct arena *a;
    const struct asker *asker;
    const struct request *r;
    const struct evidence *ev;
    const struct view *view; /* NULL: the resolvers */
    struct fetch *f;
    const char *agent; /* NULL: the CA's first */
    const char *host, *only; /* for this host, connect to `only`; NULL: no address is fixed */
    const char *seen[REDIRECTS_MOST + 1]; /* the URLs of all steps */
    size_t n_seen;
};

static bool note(struct fetch_walk *w, const struct fact *fact)
{
    struct fetch *f = w->f;
    const struct fact **v = arena_grow(w->a, f->facts, f->n, sizeof *v);
    if (!v)
        return false;
    f->facts = v;
    f->facts[f->n++] = fact;
    return true;
}

/* Where the connection failed, the next address is tried. */
static bool gives_way(const struct fact *fact)
{
    switch (fact->http.outcome) {
    case HTTP_REFUSED:
    case HTTP_TIMEOUT:
    case HTTP_UNREACHABLE:
    case HTTP_FORBIDDEN_ADDRESS:
        return true;
    case HTTP_RESPONSE:
    case HTTP_TLS:
    case HTTP_NOT_HTTP:
    case HTTP_TOO_MANY_REDIRECTS:
    case HTTP_RESET:
        return false;
    }
    return false;
}

static bool below(const struct rr *a, const struct rr *b)
{
    return a->rdlen != b->rdlen ? a->rdlen < b->rdlen : memcmp(a->rdata, b->rdata, a->rdlen) < 0;
}

size_t fetch_addresses(struct arena *a, const struct lookup *l, const char *ret[FETCH_ADDRESSES_MOST])
{
    const struct rr *v[FETCH_ADDRESSES_MOST];
    bool all = l->n <= FETCH_ADDRESSES_MOST;
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++) {
        size_t at = n;
        while (!all && at && below(l->rr[i], v[at - 1]))
            at--;
        if (at == FETCH_ADDRESSES_MOST)
            continue;
        n += n < FETCH_ADDRESSES_MOST;
        memmove(&v[at + 1], &v[at], (n - 1 - at) * sizeof(const struct rr *));
        v[at] = l->rr[i];
    }
    for (size_t i = 0; i < n; i++)
        if (!(ret[i] = rr_rdata_text(a, v[i])))
            return i;
    return n;
}

/* The fact of a fetch from one address. NULL: not answered yet. */
static const struct fact *from_address(struct fetch_walk *w, const struct url *u, const char *ip)
{
    bool v6 = strchr(ip, ':');
    char port[16];
    snprintf(port, sizeof port, ":%u", u->port);
    const char *address = arena_concat(w->a, v6 ? "[" : "", ip, v6 ? "]" : "", port, NULL);
    if (!address)
        return NULL;
    struct ask q = {.kind = ASK_HTTP, .via = VIA_DIRECT, .url = w->f->url, .address = address,
                    .agent = w->agent};
    return w->asker->want(w->asker->self, &q);
}

/* The response of the current URL. NULL: still pending, or class was set to network. */
static const struct fact *step(struct fetch_walk *w, const struct url *u)
{
    struct fetch *f = w->f;
    const char *fixed = name_is_ip(u->host)                                  ? u->host
                        : w->only && w->host && name_equal(u->host, w->host) ? w->only
                                                                             : NULL;
    if (fixed) {
        const struct fact *fact = from_address(w, u, fixed);
        if (fact && note(w, fact) && fact->http.outcome != HTTP_RESPONSE)
            f->class = FETCH_NETWORK;
        f->fact = fact;
        return f->class == FETCH_PENDING ? fact : NULL;
    }
    const char *host = arena_concat(w->a, u->host, ".", NULL);
    if (!host)
        return NULL;
    lookup_want(w->asker, host, RR_A);
    if (w->view && w->view->zones)
        path_want(w->view->zones, host, RR_A);
    if (view_lookup(w->a, w->ev, w->view, host, RR_A, &f->lookup) || f->lookup.class == LOOKUP_PENDING)
        return NULL;
    if (f->lookup.class != LOOKUP_DATA) {
        f->class = FETCH_NETWORK;
        if (f->lookup.class != LOOKUP_FAIL) {
            lookup_want(w->asker, host, RR_AAAA);
            lookup_read(w->a, w->ev, host, RR_AAAA, &f->aaaa);
            if (f->aaaa.class == LOOKUP_PENDING)
                f->class = FETCH_PENDING;
        }
        return NULL;
    }
    const char *ip[FETCH_ADDRESSES_MOST];
    size_t n = fetch_addresses(w->a, &f->lookup, ip);
    for (size_t i = 0; i < n; i++) {
        const struct fact *fact = from_address(w, u, ip[i]);
        if (!fact || !note(w, fact))
            return NULL;
        if (!f->fact || !gives_way(fact))
            f->fact = fact;
        if (fact->http.outcome == HTTP_RESPONSE) {
            f->fact = fact;
            return fact;
        }
        if (!gives_way(fact))
            break;
    }
    f->class = FETCH_NETWORK;
    return NULL;
}

/* ---------------------------------------------------------------- redirects -------------------------- */

/* "http://shop.example.com.well-known/…": the slash between host and path was forgotten in a rewrite rule. Only a
 * directory with a dot in front can be told from the end of a name. */
static bool glued(const struct profile *p, const char *host)
{
    const char *dir = p->file_dir + 1; /* its first part */
    size_t tail = strcspn(dir, "/"), n = strlen(host);
    return *dir == '.' && tail > 1 && n > tail && !strncasecmp(host + n - tail, dir, tail);
}

static bool is_scheme(const char *url, const char *colon, const char *scheme)
{
    size_t n = strlen(scheme);
    return (size_t)(colon - url) == n && !strncasecmp(url, scheme, n);
}

/* A redirect may lead to some port of the URL's scheme. */
static bool may_speak(const struct profile *p, const char *url, const char *colon)
{
    for (size_t i = 0; i < p->redirect_ports.n; i++)
        if (is_scheme(url, colon, p->redirect_ports.v[i].https ? "https" : "http"))
            return true;
    return false;
}

static bool within_reach(const struct request *r, const char *host)
{
    switch (r->profile->redirect_reach) {
    case REACH_HOST:
        return name_equal(host, r->domain);
    case REACH_REGISTRABLE_DOMAIN:
        return r->is_ip ? name_equal(host, r->domain)
                        : !name_is_ip(host) && r->registrable && name_within(host, r->registrable);
    case REACH_ANYWHERE:
        return true;
    }
    return false;
}

/* True where the URL's host can be asked for. With names that no host can have, a wildcard record would still lead a
 * lenient client on. */
static bool has_host(struct arena *a, const char *url, struct url *ret)
{
    return url_read(a, url, ret) && (name_is_ip(ret->host) || name_is_host(ret->host));
}

/* False for a Location that the CA's client does not take for a URL, even where a lenient one made something of it:
 * to. */
static bool sound(struct arena *a, const char *location, const char *to)
{
    struct url u;
    if (!url_reference_sound(to) || (location && !url_reference_sound(location)))
        return false;
    const char *url = location && !strncmp(location, "//", 2) ? arena_concat(a, "http:", location, NULL) : location;
    bool names_host = url && (!strncasecmp(url, "http://", 7) || !strncasecmp(url, "https://", 8));
    return !names_host || has_host(a, url, &u);
}

static enum redirect_fault judge_redirect(struct fetch_walk *w, const struct fact *fact)
{
    const struct profile *p = w->r->profile;
    const char *to = fact->http.redirect;
    struct url u;
    if (!statuses_have(&p->redirect_statuses, fact->http.status))
        return REDIRECT_STATUS;
    if (!to || !*to)
        return REDIRECT_MALFORMED;
    const char *colon = strstr(to, "://");
    if (colon && !may_speak(p, to, colon))
        return REDIRECT_SCHEME;
    if (!sound(w->a, http_header_find(&fact->http, "location"), to) || !has_host(w->a, to, &u) || glued(p, u.host))
        return REDIRECT_MALFORMED;
    if (!file_ports_have(&p->redirect_ports, u.https, u.port))
        return REDIRECT_PORT;
    if (!within_reach(w->r, u.host))
        return REDIRECT_HOST;
    for (size_t i = 0; i < w->n_seen; i++)
        if (!strcmp(w->seen[i], to))
            return REDIRECT_LOOP;
    return w->f->hops >= p->redirects ? REDIRECT_COUNT : REDIRECT_FINE;
}

int fetch_walk(struct arena *a, const struct asker *asker, const struct request *r, const struct evidence *ev,
               const struct view *view, const char *url, const char *only, const char *agent, struct fetch *ret)
{
    *ret = (struct fetch){.class = FETCH_PENDING, .url = url};
    struct fetch_walk w = {.a = a, .asker = asker, .r = r, .ev = ev, .view = view, .f = ret, .only = only,
                           .agent = agent};
    struct url u;
    if (url_read(a, url, &u))
        w.host = u.host;
    for (;;) {
        w.seen[w.n_seen++] = ret->url;
        ret->fact = NULL;
        const struct fact *fact = url_read(a, ret->url, &u) ? step(&w, &u) : NULL;
        if (!fact)
            break;
        int s = fact->http.status;
        if (statuses_have(&r->profile->content, s)) {
            ret->class = FETCH_CONTENT;
            break;
        }
        if (s < 300 || s >= 400) { /* no redirect (RFC 9110 15.4) */
            ret->class = FETCH_STATUS;
            break;
        }
        ret->fault = judge_redirect(&w, fact);
        ret->target = fact->http.redirect;
        if (ret->fault != REDIRECT_FINE) {
            ret->class = FETCH_REDIRECT;
            break;
        }
        ret->url = fact->http.redirect;
        ret->hops++;
    }
    return arena_full(a) ? -ENOMEM : 0;
}
