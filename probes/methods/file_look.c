#include "methods/file_look.h"

#include "base/hash.h"
#include "base/text.h"
#include "ca/challenge.h"
#include "ca/profile.h"
#include "ca/token_find.h"
#include "evidence/evidence.h"
#include "methods/methods.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

struct look {
    struct arena *a;
    const struct asker *asker;
    const struct request *r;
    const struct evidence *ev;
    const struct view *view;
    struct file_view *v;
    struct texts *tokens;
    bool waiting; /* a fetch that get() was called for since this was last false has no answer yet */
    int err;
};

bool file_token_in_name(const struct request *r)
{
    return r->method == METHOD_HTTP_TOKEN_DYNAMIC && r->filename && r->token && strstr(r->filename, r->token);
}

/* ---------------------------------------------------------------- what a body holds ------------------ */

static enum token_class read_text(struct look *k, struct bytes text, struct token_found *found)
{
    int rc = challenge_find(k->a, k->r, request_challenge(k->r), text, k->tokens, found);
    if (rc && !k->err)
        k->err = rc;
    return found->class;
}

/* As much of a body as the CA reads. */
static struct bytes readable(const struct look *k, const struct fact *fact)
{
    struct bytes body = fact->http.body;
    if (body.n > k->r->profile->file_bytes)
        body.n = k->r->profile->file_bytes;
    return body;
}

/* NUL bytes or a byte order mark of UTF-16: in such text a search for the token's bytes finds nothing. */
static bool is_wide(struct bytes body)
{
    return body.n &&
           (memchr(body.p, 0, body.n) || (body.n >= 2 && ((body.p[0] == 0xff && body.p[1] == 0xfe) ||
                                                          (body.p[0] == 0xfe && body.p[1] == 0xff))));
}

/* The first bytes of a gzip file (RFC 1952 2.3): one that was packed, and no Content-Encoding says so. */
static bool is_packed(struct bytes body)
{
    return body.n > 2 && body.p[0] == 0x1f && body.p[1] == 0x8b && body.p[2] == 8;
}

/* Bytes that text does not have: controls other than white space, or no valid UTF-8. */
static bool is_binary(struct bytes body)
{
    uint32_t c;
    for (size_t at = 0, n; at < body.n; at += n) {
        n = text_utf8((const char *)body.p + at, body.n - at, &c);
        if (!n || (c < ' ' && !strchr("\t\n\r\f", (char)c)))
            return true;
    }
    return false;
}

const char *file_unknown_coding(struct arena *a, const struct profile *p, const struct fact *fact)
{
    for (size_t i = 0; i < fact->http.n_headers; i++) {
        const struct http_header *h = &fact->http.headers[i];
        if (strcasecmp(h->name, "content-encoding") != 0)
            continue;
        for (const char *s = h->value, *one; *(s += strspn(s, " \t,")); s += strlen(one)) {
            one = arena_strndup(a, s, strcspn(s, " \t,"));
            bool known = !one || !strcasecmp(one, "identity");
            for (size_t n = 0; n < p->encodings.n && !known; n++)
                known = !strcasecmp(one, p->encodings.v[n]);
            if (!known)
                return one;
            if (!one)
                return NULL;
        }
    }
    return NULL;
}

static void read_side(struct look *k, const char *scheme, const char *only, const char *agent, struct file_side *s)
{
    const char *url = fetch_url(k->a, k->r, scheme);
    int rc = url ? fetch_walk(k->a, k->asker, k->r, k->ev, k->view, url, only, agent, &s->fetch) : -ENOMEM;
    if (rc)
        k->err = rc;
    if (rc || s->fetch.class != FETCH_CONTENT)
        return;
    if (s->fetch.fact->http.undecoded) {
        s->wide = true;
        return;
    }
    struct bytes body = readable(k, s->fetch.fact);
    s->token_class = read_text(k, body, &s->token);
    s->wide = is_wide(body) || is_packed(body) ||
              (file_unknown_coding(k->a, k->r->profile, s->fetch.fact) && is_binary(body));
}

static const char *const schemes[FILE_SIDES] = {"http", "https"};

int file_side_look(struct arena *a, const struct asker *asker, const struct request *r, const struct evidence *ev,
                   size_t side, struct file_side *ret)
{
    struct look k = {.a = a, .asker = asker, .r = r, .ev = ev};
    *ret = (struct file_side){0};
    read_side(&k, schemes[side], NULL, NULL, ret);
    return k.err;
}

static bool holds(struct look *k, const struct fact *fact)
{
    struct token_found found;
    return fact && fact->http.outcome == HTTP_RESPONSE && !fact->http.undecoded &&
           statuses_have(&k->r->profile->content, fact->http.status) &&
           read_text(k, readable(k, fact), &found) == TOKEN_VALID;
}

bool file_side_holds(const struct file_side *s)
{
    return s->fetch.class == FETCH_CONTENT && s->token_class == TOKEN_VALID;
}

bool file_http_decides(const struct request *r, const struct file_side *http)
{
    return r->sparing && http->fetch.n == 1 && file_side_holds(http);
}

/* ---------------------------------------------------------------- every address ---------------------- */

bool file_address_holds(const struct file_address *f)
{
    return file_side_holds(&f->side[0]) || file_side_holds(&f->side[1]);
}

bool file_address_open(const struct file_address *f)
{
    bool pending = f->side[0].fetch.class == FETCH_PENDING || f->side[1].fetch.class == FETCH_PENDING;
    return pending && !file_address_holds(f);
}

bool file_address_answers(const struct file_address *f)
{
    for (size_t i = 0; i < FILE_SIDES; i++)
        for (size_t n = 0; n < f->side[i].fetch.n; n++)
            if (f->side[i].fetch.facts[n]->http.outcome == HTTP_RESPONSE)
                return true;
    return false;
}

/* Looks up the domain's addresses of one family and fetches the file from each. False: the lookup is not answered
 * yet. */
static bool look_at_addresses(struct look *k, uint16_t type, size_t most, struct file_address **ret,
                              size_t *n)
{
    struct lookup l;
    const char *host = arena_printf(k->a, "%s.", k->r->domain);
    if (!host)
        return false;
    lookup_want(k->asker, host, type);
    int rc = view_lookup(k->a, k->ev, type == RR_A ? k->view : NULL, host, type, &l);
    if (rc || l.class != LOOKUP_DATA) {
        k->err = rc ? rc : k->err;
        return l.class != LOOKUP_PENDING;
    }
    const char *ip[FETCH_ADDRESSES_MOST];
    size_t found = fetch_addresses(k->a, &l, ip);
    found = found < most ? found : most;
    struct file_address *v = arena_array(k->a, found, sizeof *v);
    for (size_t i = 0; v && i < found && !k->err; i++) {
        v[i].ip = ip[i];
        for (size_t side = 0; side < FILE_SIDES; side++)
            read_side(k, schemes[side], ip[i], NULL, &v[i].side[side]);
        *n = i + 1;
    }
    *ret = v;
    return true;
}

/* ---------------------------------------------------------------- one fetch, no redirects ------------- */

/* The fact of a fetch; NULL where it is not there yet, or not needed by the asker. */
static const struct fact *get(struct look *k, const char *url, const char *address, bool browser, bool whole)
{
    struct ask q = {.kind = ASK_HTTP,
                    .via = VIA_DIRECT,
                    .url = url,
                    .address = address,
                    .browser = browser,
                    .whole = whole};
    if (!url || !address)
        return NULL;
    const struct fact *fact = k->asker->want(k->asker->self, &q);
    k->waiting = k->waiting || (!fact && evidence_find(k->ev, &q));
    return fact;
}

/* The URL of a file in the directory of path that surely does not exist. Its name depends on the URL alone, so that the
 * replay of a saved check asks for the same one. */
static const char *invented(struct look *k, const char *base, const char *path)
{
    uint64_t hash = FNV_START;
    for (const char *s = base; *s; s++)
        hash = fnv_byte(hash, (uint8_t)tolower((unsigned char)*s));
    size_t dir = (size_t)(strrchr(path, '/') - path) + 1;
    const char *in = arena_strndup(k->a, path, dir);
    return in ? arena_printf(k->a, "%s%s%016llx.txt", base, in, (unsigned long long)hash) : NULL;
}

/* Fetches a name that does not exist beside the hit: a site that shows the value under every name does not tell where
 * the file is. Sets *clue where the hit is a real file. False: the answer has not come yet. */
static bool confirm(struct look *k, const struct fact *hit, const char *base, const char *path,
                    const char *what, struct file_clue *clue)
{
    const struct fact *control = get(k, invented(k, base, path), hit->ask->address, false, false);
    if (!control)
        return false;
    if (control->http.outcome == HTTP_RESPONSE && !holds(k, control))
        *clue = (struct file_clue){hit, what, control};
    return true;
}

/* "http://shop.example.com" of a URL. */
static const char *base_of(struct arena *a, const char *url)
{
    const char *host = strstr(url, "://");
    return host ? arena_strndup(a, url, (size_t)(host + 3 - url) + strcspn(host + 3, "/?#")) : NULL;
}

/* ---------------------------------------------------------------- near paths ------------------------- */

/* How the directory was changed. Its parts are the names between slashes, for most CAs two. */
enum near_dir {
    DIR_SAME,
    DIR_FIRST_CASED,
    DIR_LAST_CASED,
    DIR_NO_DOT,
    DIR_WITHOUT_LAST,
    DIR_WITHOUT_FIRST,
    DIR_TOP
};

/* How the name of the file was changed. */
enum near_path {
    NAME_SAME,
    NAME_OTHER_CASE,
    NAME_ENDING_TWICE,
    NAME_NO_ENDING,
    NAME_OF_PROFILE, /* http-token-dynamic: the file name of http-token */
    NAME_NONE
};

/* The likeliest mistake comes first: only the first hit is reported. */
static const struct {
    enum near_dir dir;
    enum near_path name;
    const char *what; /* NULL: a part of the directory is missing */
} near[] = {
    {DIR_SAME, NAME_OTHER_CASE, "the letter case of the file's name differs"},
    {DIR_SAME, NAME_ENDING_TWICE, "the name carries its ending twice"},
    {DIR_SAME, NAME_NO_ENDING, "the name lacks its ending"},
    {DIR_SAME, NAME_OF_PROFILE, "it has the file name of the static method"},
    {DIR_SAME, NAME_NONE, "it is the directory's own page"},
    {DIR_FIRST_CASED, NAME_SAME, "the letter case of the directory differs"},
    {DIR_LAST_CASED, NAME_SAME, "the letter case of the directory differs"},
    {DIR_NO_DOT, NAME_SAME, "the directory's name lacks its dot"},
    {DIR_WITHOUT_LAST, NAME_SAME, NULL},
    {DIR_WITHOUT_FIRST, NAME_SAME, NULL},
    {DIR_TOP, NAME_SAME, "it is in the top directory of the site"},
};
enum { NEAR_PATHS = sizeof near / sizeof *near, CONTROLS_MOST = 2 };

/* Makes the first letter of each word in n bytes a capital ("Well-Known"); short words are abbreviations ("PKI"), in
 * which all letters become capitals. */
static void put_in_title_case(char *p, size_t n)
{
    enum { ABBREVIATION_MOST = 3 };
    for (size_t at = 0, len; at < n; at += len + !len) {
        for (len = 0; at + len < n && isalpha((unsigned char)p[at + len]);)
            len++;
        for (size_t i = 0; i < (len <= ABBREVIATION_MOST ? len : 1); i++)
            p[at + i] = (char)toupper((unsigned char)p[at + i]);
    }
}

/* The changed directory; NULL where the change does not apply, or the arena is full. *lacks: the part that is missing,
 * or "". */
static const char *near_dir(struct arena *a, const char *dir, enum near_dir kind, const char **lacks)
{
    const char *first = dir + 1, *end = dir + strlen(dir) - 1, *last = end;
    size_t n = strcspn(first, "/");
    char *cased = arena_strdup(a, dir);
    *lacks = "";
    while (last > dir && last[-1] != '/')
        last--;
    bool parts = last > first; /* more than one */
    if (!cased || end <= first)
        return kind == DIR_SAME ? dir : NULL;
    switch (kind) {
    case DIR_SAME:
        return dir;
    case DIR_FIRST_CASED:
        put_in_title_case(cased + 1, n);
        return cased;
    case DIR_LAST_CASED:
        put_in_title_case(cased + (last - dir), (size_t)(end - last));
        return cased;
    case DIR_NO_DOT:
        return *first == '.' ? arena_concat(a, "/", first + 1, NULL) : NULL;
    case DIR_WITHOUT_LAST:
        *lacks = arena_strndup(a, last, (size_t)(end - last));
        return parts ? arena_strndup(a, dir, (size_t)(last - dir)) : NULL;
    case DIR_WITHOUT_FIRST:
        *lacks = arena_strndup(a, first, n);
        return parts ? first + n : NULL;
    case DIR_TOP:
        return "/";
    }
    return NULL;
}

/* The changed name; NULL where the change does not apply, or the arena is full. */
static const char *path_name(struct look *k, const char *file, enum near_path kind)
{
    const struct profile *p = k->r->profile;
    const char *dot = strrchr(file, '.');
    char *name = arena_strdup(k->a, file);
    if (!name)
        return NULL;
    switch (kind) {
    case NAME_SAME:
        return file;
    case NAME_OTHER_CASE:
        if (!strcmp(file, p->file_name) && !strcasecmp(file, p->file_name_cased))
            return p->file_name_cased;
        for (char *c = name; *c; c++)
            *c = (char)tolower((unsigned char)*c);
        if (!strcmp(name, file))
            *name = (char)toupper((unsigned char)*name);
        return name;
    case NAME_ENDING_TWICE:
        return arena_printf(k->a, "%s%s", file, dot ? dot : ".txt");
    case NAME_NO_ENDING:
        return dot && dot > file ? arena_strndup(k->a, file, (size_t)(dot - file)) : NULL;
    case NAME_OF_PROFILE:
        return p->file_name;
    case NAME_NONE:
        return "";
    }
    return NULL;
}

static bool is_page(struct bytes body)
{
    body = bytes_trim(body);
    return body.n && body.p[0] == '<';
}

static void look_near(struct look *k, const struct fact *at)
{
    const struct profile *p = k->r->profile;
    const char *file = k->r->method == METHOD_HTTP_TOKEN_DYNAMIC ? k->r->filename : p->file_name;
    const char *base = base_of(k->a, at->ask->url), *right = arena_printf(k->a, "%s%s", p->file_dir, file);
    const char *path[NEAR_PATHS] = {0}, *lacks[NEAR_PATHS];
    const struct fact *fact[NEAR_PATHS] = {0};
    if (!base || !right)
        return;
    k->waiting = false;
    for (size_t i = 0; i < NEAR_PATHS; i++) {
        const char *name = path_name(k, file, near[i].name);
        const char *dir = near_dir(k->a, p->file_dir, near[i].dir, &lacks[i]);
        path[i] = name && dir ? arena_concat(k->a, dir, name, NULL) : NULL;
        if (path[i] && strcmp(path[i], right))
            fact[i] = get(k, arena_printf(k->a, "%s%s", base, path[i]), at->ask->address, false, false);
    }
    /* Only when all have answered, so that the order of the answers changes nothing. */
    if (k->waiting)
        return;
    for (size_t i = 0, controls = 0; i < NEAR_PATHS && controls < CONTROLS_MOST && !k->v->near.fact; i++) {
        /* A directory listing is not the file, even where a file's name in it holds the value. */
        if (!holds(k, fact[i]) || (near[i].name == NAME_NONE && is_page(fact[i]->http.body)))
            continue;
        controls++;
        const char *what = near[i].what;
        if (!what)
            what = arena_concat(k->a, "the directory ", lacks[i], " is missing", NULL);
        if (!confirm(k, fact[i], base, path[i], what, &k->v->near))
            return;
    }
}

/* ---------------------------------------------------------------- other hosts ------------------------ */

static void look_at_host(struct look *k, const char *host, const char *what)
{
    struct lookup l;
    const char *absolute = arena_printf(k->a, "%s.", host), *right = fetch_url(k->a, k->r, "http");
    if (!absolute || !right)
        return;
    lookup_want(k->asker, absolute, RR_A);
    if (lookup_read(k->a, k->ev, absolute, RR_A, &l) || l.class != LOOKUP_DATA)
        return;
    const char *path = strchr(strstr(right, "://") + 3, '/'), *ip = rr_rdata_text(k->a, l.rr[0]);
    const struct fact *fact[FILE_SIDES];
    const char *base[FILE_SIDES];
    k->waiting = false;
    for (size_t i = 0; i < FILE_SIDES; i++) {
        base[i] = arena_printf(k->a, "%s://%s", schemes[i], host);
        const char *address = ip ? arena_printf(k->a, "%s:%u", ip, url_port(i)) : NULL;
        fact[i] = base[i] ? get(k, arena_printf(k->a, "%s%s", base[i], path), address, false, false) : NULL;
    }
    for (size_t i = 0; i < FILE_SIDES && !k->waiting && !k->v->host.fact; i++)
        if (holds(k, fact[i])) {
            confirm(k, fact[i], base[i], path, what, &k->v->host);
            return;
        }
}

static void look_at_hosts(struct look *k)
{
    const char *d = k->r->domain, *registrable = k->r->registrable, *www;
    if (k->r->is_ip || !registrable)
        return;
    bool is_www = !strncmp(d, "www.", 4) && name_within(d + 4, registrable);
    www = is_www ? d + 4 : arena_printf(k->a, "www.%s", d);
    if (www && name_is_host(www))
        look_at_host(k, www, is_www ? "without www" : "with www in front");
    if (!name_equal(registrable, d) && !(www && name_equal(registrable, www)))
        look_at_host(k, registrable, "at the registered domain");
}

/* ---------------------------------------------------------------- a browser, and the rest of the body - */

/* A server was there, whatever it did then. */
static bool connected(const struct fact *fact)
{
    const struct http_fact *f = &fact->http;
    return f->outcome == HTTP_RESPONSE || f->outcome == HTTP_RESET || (f->outcome == HTTP_TIMEOUT && f->connected);
}

/* Fetches with a browser's user agent from the first URL that gave a response and from the last one: either may have a
 * filter that refuses the CA. */
static void look_as_browser(struct look *k)
{
    for (size_t i = 0; i < FILE_SIDES; i++) {
        const struct fetch *f = &k->v->side[i].fetch;
        const struct fact *last = NULL;
        for (size_t n = 0; n < f->n; n++) {
            const struct fact *fact = f->facts[n];
            bool spoke = connected(fact);
            bool ends = n + 1 == f->n, begins = spoke && !last;
            if (!spoke || !(begins || ends))
                continue;
            last = fact;
            const struct fact *other = get(k, fact->ask->url, fact->ask->address, true, false);
            if (k->v->browser.fact || !holds(k, other))
                continue;
            k->v->browser = (struct file_clue){.fact = other};
            k->v->first = fact;
        }
    }
}

/* What the fetch came to, where it is neither the file nor a matter of the network alone; else NULL. */
static const struct fact *refusal(const struct file_side *s)
{
    return s->fetch.fact && connected(s->fetch.fact) && !file_side_holds(s) ? s->fetch.fact : NULL;
}

/* Fetches the file under the other user agents in use. Where only one of the schemes gives it, the other may refuse
 * what the CA sends over it, and give the file to a browser. */
static void look_as_agents(struct look *k)
{
    const struct user_agents *u = &k->r->profile->agents;
    struct file_agent *v = &k->v->agent;
    size_t agents = user_agents_at(u, k->r->now);
    for (size_t i = 0; i < FILE_SIDES; i++) {
        const struct file_side *first = &k->v->side[i];
        const struct fact *refused = refusal(first), *other;
        for (size_t n = 1; n < agents; n++) {
            struct file_side side = {0};
            if (!first->fetch.fact || (!file_side_holds(first) && !refused))
                break;
            read_side(k, schemes[i], NULL, u->v[n].text, &side);
            if (!v->refused && file_side_holds(first) && refusal(&side))
                *v = (struct file_agent){first->fetch.fact, refusal(&side)};
            else if (!v->refused && refused && file_side_holds(&side))
                *v = (struct file_agent){side.fetch.fact, refused};
        }
        int status = refused ? refused->http.status : 0;
        if (!refused || !file_side_holds(&k->v->side[!i]) || status == 404 || status == 410)
            continue;
        other = get(k, refused->ask->url, refused->ask->address, true, false);
        if (!v->refused && holds(k, other))
            *v = (struct file_agent){other, refused};
    }
}

static void look_beyond(struct look *k, const struct fact *at)
{
    struct token_found found;
    if (!at->http.more && at->http.size <= k->r->profile->file_bytes)
        return;
    k->v->whole = get(k, at->ask->url, at->ask->address, false, true);
    k->v->whole_holds = k->v->whole && k->v->whole->http.outcome == HTTP_RESPONSE &&
                        read_text(k, k->v->whole->http.body, &found) == TOKEN_VALID;
}

/* ---------------------------------------------------------------- the whole -------------------------- */

/* The scheme that came furthest: content before status before redirect. NULL where it did not end in a response. */
static const struct file_side *furthest(const struct file_view *v)
{
    const struct file_side *s = &v->side[v->side[1].fetch.class < v->side[0].fetch.class];
    return s->fetch.fact && s->fetch.fact->http.outcome == HTTP_RESPONSE ? s : NULL;
}

static void look_elsewhere(struct look *k)
{
    const struct file_side *s = furthest(k->v);
    if (s)
        look_near(k, s->fetch.fact);
    look_at_hosts(k);
    look_as_browser(k);
    if (s && s->fetch.class == FETCH_CONTENT)
        look_beyond(k, s->fetch.fact);
    if (k->v->n_address)
        look_at_addresses(k, RR_AAAA, FILE_ADDRESSES6, &k->v->address6, &k->v->n_address6);
}

int file_address_want(struct arena *a, const struct asker *asker, const struct request *r, const struct evidence *ev,
                      const struct view *view, const char *ip)
{
    struct fetch f;
    int rc = 0;
    for (size_t i = 0; i < FILE_SIDES && !rc; i++) {
        const char *url = fetch_url(a, r, schemes[i]);
        rc = url ? fetch_walk(a, asker, r, ev, view, url, ip, NULL, &f) : -ENOMEM;
    }
    return rc;
}

int file_look(struct arena *a, const struct asker *asker, const struct request *r, const struct evidence *ev,
              const struct view *view, struct file_view *ret, struct texts *tokens)
{
    *ret = (struct file_view){0};
    struct look k = {.a = a, .asker = asker, .r = r, .ev = ev, .view = view, .v = ret, .tokens = tokens};
    bool open = false, found = false;
    for (size_t i = 0; i < FILE_SIDES && !k.err; i++) {
        if (i && file_http_decides(r, &ret->side[0]))
            break;
        read_side(&k, schemes[i], NULL, NULL, &ret->side[i]);
        open = open || ret->side[i].fetch.class == FETCH_PENDING;
        found = found || file_side_holds(&ret->side[i]);
    }
    if (k.err || r->depth != DEPTH_FULL)
        return k.err;
    if (!r->is_ip && !look_at_addresses(&k, RR_A, FETCH_ADDRESSES_MOST, &ret->address, &ret->n_address))
        open = true;
    for (size_t i = 0; i < ret->n_address; i++) {
        open = open || file_address_open(&ret->address[i]);
        found = found || file_address_holds(&ret->address[i]);
    }
    /* A request without a value, or with an expired one, has nothing to look for elsewhere. */
    if (k.err || open || request_challenge(r) == CHALLENGE_NONE || request_expired(r))
        return k.err;
    look_as_agents(&k);
    if (!found)
        look_elsewhere(&k);
    return k.err ? k.err : arena_full(a) ? -ENOMEM : 0;
}
