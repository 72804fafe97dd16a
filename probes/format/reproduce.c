#include "format/reproduce.h"

#include "base/text.h"
#include "ca/profile.h"
#include "format/request.h"
#include "wire/wire.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* True where a shell needs no quotes around it. */
static bool is_word(const char *s, size_t n)
{
    static const bool safe[256] = {['A' ... 'Z'] = true, ['a' ... 'z'] = true, ['0' ... '9'] = true, ['_'] = true,
                                   ['@'] = true,         ['%'] = true,         ['+'] = true,         ['='] = true,
                                   [':'] = true,         [','] = true,         ['.'] = true,         ['/'] = true,
                                   ['-'] = true};
    for (size_t i = 0; i < n; i++)
        if (!safe[(unsigned char)s[i]])
            return false;
    return n;
}

/* At most so many bytes are written for one byte of a word: '"$(printf '\ooo')"' */
enum { QUOTED_MOST = 24 };

char *shell_quote(struct arena *a, const char *s)
{
    size_t n = strlen(s);
    if (is_word(s, n))
        return arena_strdup(a, s);
    char *out = arena_alloc(a, n * QUOTED_MOST + 3), *p = out;
    if (!out)
        return NULL;
    *p++ = '\'';
    for (size_t i = 0; i < n;) {
        uint32_t c;
        size_t len = text_utf8(s + i, n - i, &c);
        if (len && !text_is_control(c) && c != '\'') {
            memcpy(p, s + i, len);
            p += len;
        } else if (s[i] == '\'') {
            p = stpcpy(p, "'\\''");
        } else {
            /* A line feed becomes a blank: $(…) would drop it, and the command must stay one line. */
            len = 1;
            p += s[i] == '\n' ? sprintf(p, " ") : sprintf(p, "'\"$(printf '\\%03o')\"'", (unsigned char)s[i]);
        }
        i += len;
    }
    *p++ = '\'';
    return out;
}

static void word(struct buf *b, struct arena *a, const char *s)
{
    size_t n = s ? strlen(s) : 0;
    if (is_word(s, n)) {
        buf_add(b, s, n);
        return;
    }
    const char *quoted = s ? shell_quote(a, s) : NULL;
    buf_puts(b, quoted ? quoted : "''");
}

/* " @SERVER -p PORT", for dig and delv. */
static void server_options(struct buf *b, struct arena *a, const struct fact *f)
{
    const char *server = f->ask->server ? f->ask->server : f->dns.server;
    const char *port = server ? strrchr(server, ':') : NULL;
    if (!port)
        return;
    bool bracket = *server == '[';
    buf_puts(b, " @");
    word(b, a, arena_strndup(a, server + bracket, (size_t)(port - server) - 2 * bracket));
    if (strcmp(port, ":53") != 0) {
        buf_puts(b, " -p ");
        word(b, a, port + 1);
    }
}

/* The options -q and -t are used for a name that dig and delv would take for an option or a server. */
static void question(struct buf *b, struct arena *a, const struct ask *q)
{
    char type[16];
    bool plain = !strchr("-+@", *q->qname);
    buf_puts(b, plain ? " " : " -q ");
    word(b, a, q->qname);
    buf_puts(b, plain ? " " : " -t ");
    buf_puts(b, rr_type_name(q->qtype, type));
}

/* True where delv helps, too: it checks signatures itself and says which link is broken. */
static bool delv_fits(const struct ask *q)
{
    return q->cd && q->dnssec && !q->tcp && q->via == VIA_RESOLVER && q->qtype != RR_DS &&
           q->qtype != RR_DNSKEY && q->qtype != RR_SOA;
}

static void dig(struct buf *b, struct arena *a, const struct fact *f)
{
    const struct ask *q = f->ask;
    buf_puts(b, "dig");
    if (q->via == VIA_AUTHORITATIVE)
        buf_puts(b, " +norecurse");
    if (q->cd)
        buf_puts(b, " +cdflag");
    if (q->tcp)
        buf_puts(b, " +tcp");
    else if (f->dns.flags & DNS_TC)
        buf_puts(b, " +ignore"); /* otherwise dig asks again over TCP */
    if (q->no_edns)
        buf_puts(b, " +noedns");
    if (q->dnssec)
        buf_puts(b, " +dnssec");
    server_options(b, a, f);
    question(b, a, q);
    if (delv_fits(q)) {
        buf_puts(b, "; delv +cdflag");
        server_options(b, a, f);
        question(b, a, q);
    }
}

bool fact_is_recursive(const struct fact *f)
{
    return f->ask->kind == ASK_DNS && f->ask->via == VIA_RESOLVER && f->dns.server &&
           !strcmp(f->dns.server, RESOLVER_RECURSIVE_TEXT);
}

/* For facts of the built-in resolver: a command with the same library, an empty cache and the keys of the root (-D). */
static void unbound_host(struct buf *b, struct arena *a, const struct ask *q)
{
    char type[16];
    buf_printf(b, "unbound-host -v%s -t %s%s ", q->cd ? "" : " -D", rr_type_name(q->qtype, type),
               *q->qname == '-' ? " --" : "");
    word(b, a, q->qname);
}

static void header(struct buf *b, struct arena *a, const char *line)
{
    buf_puts(b, " -H ");
    word(b, a, line);
}

/* Returns whether Accept is one of them. */
static bool header_lines(struct buf *b, struct arena *a, const struct texts *t)
{
    static const char own[] = "Accept: */*", accept[] = "Accept:";
    bool accepts = false;
    for (size_t i = 0; i < t->n; i++) {
        accepts = accepts || !strncasecmp(t->v[i], accept, strlen(accept));
        if (strcmp(t->v[i], own) != 0)
            header(b, a, t->v[i]);
    }
    return accepts;
}

/* What the CA's fetcher sends, where curl does not send the same by itself. */
static void headers(struct buf *b, struct arena *a, const struct profile *p, bool https)
{
    const char *encodings = NULL;
    for (size_t i = 0; i < p->encodings.n; i++)
        encodings = arena_concat(a, i ? encodings : "Accept-Encoding:", i ? ", " : " ", p->encodings.v[i], NULL);
    if (encodings) {
        buf_puts(b, " --compressed"); /* shows the body decoded */
        header(b, a, encodings);
    }
    bool accepts = header_lines(b, a, &p->headers);
    accepts = header_lines(b, a, https ? &p->https_headers : &p->http_headers) || accepts;
    if (!accepts)
        header(b, a, "Accept:");
}

static void curl(struct buf *b, struct arena *a, const struct profile *p, const struct fact *f)
{
    const struct ask *q = f->ask;
    bool https = !strncmp(q->url, "https:", 6);
    buf_puts(b, "curl -sS -i -m 10 -A "); /* -m 10: so that it ends by itself */
    word(b, a, q->browser ? "Mozilla/5.0" : q->agent ? q->agent : p->agents.v[0].text);
    if (!q->browser)
        headers(b, a, p, https);
    if (q->address) {
        buf_puts(b, " --connect-to ");
        word(b, a, arena_printf(a, "::%s", q->address));
    }
    if (https)
        buf_puts(b, " -k");
    if (strpbrk(q->url, "[]{}"))
        buf_puts(b, " -g"); /* otherwise these are patterns */
    buf_puts(b, " -o - ");
    word(b, a, q->url);
}

char *reproduce_command(struct arena *a, const struct profile *p, const struct fact *f)
{
    struct buf b = {0};
    if (fact_is_recursive(f))
        unbound_host(&b, a, f->ask);
    else if (f->ask->kind == ASK_DNS)
        dig(&b, a, f);
    else
        curl(&b, a, p ? p : profile_builtin(), f);
    char *line = b.failed || arena_full(a) ? NULL : arena_strndup(a, b.p, b.n);
    buf_free(&b);
    return line;
}
