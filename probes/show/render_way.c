#include "show/render_way.h"

#include "evidence/zone.h"
#include "judge/path_explain.h"
#include "show/render_wrap.h"
#include "wire/wire.h"

#include <string.h>

enum { WIDTH = 80, NAME_SHOWN = 300, SERVERS_SHOWN = 4 };

/* The way that is being written. */
struct track {
    struct buf *b;
    struct arena *a;
    const struct way *way;
    unsigned width;
    bool color, verbose;
};

/* One line that begins with the mark where the check goes wrong; text that is too long goes on below. */
static void line(struct track *t, bool wrong, size_t indent, const char *text)
{
    const char *margin = arena_printf(t->a, "%*s", (int)indent + 4, "");
    buf_puts(t->b, "      ");
    if (wrong && t->color)
        buf_puts(t->b, "\033[31mx\033[0m");
    else
        buf_puts(t->b, wrong ? "x" : " ");
    buf_printf(t->b, " %*s", (int)indent - 8, "");
    render_wrap(t->b, text ? text : "", margin ? margin : "", indent, t->width);
}

static size_t records_of(const struct fact *f, uint16_t type)
{
    size_t n = 0;
    for (size_t i = 0; i < f->dns.answer.n; i++)
        n += f->dns.answer.v[i].type == type;
    return n;
}

static const char *failure(struct track *t, const struct fact *f)
{
    char room[16];
    if (f->dns.flags & DNS_TC)
        return "the answer is cut off, and over TCP there is none";
    if (f->dns.outcome == DNS_MALFORMED)
        return "a broken answer";
    if (f->dns.rcode)
        return arena_printf(t->a, "%s", rcode_name(f->dns.rcode, room));
    return f->dns.flags & DNS_AA ? "an answer that proves nothing" : "an answer without authority";
}

/* What a server said, in a few words. */
static const char *words(struct track *t, enum way_outcome outcome, const char *to, bool dname, const struct fact *f)
{
    char room[16];
    const char *type = rr_type_name(t->way->type, room);
    switch (outcome) {
    case WAY_DATA: {
        size_t n = f ? records_of(f, t->way->type) : 0;
        return arena_printf(t->a, "%zu %s record%s", n, type, n == 1 ? "" : "s");
    }
    case WAY_ALIAS:
        return arena_printf(t->a, "%s to %s", dname ? "alias (DNAME)" : "alias", render_safe(t->a, to, NAME_SHOWN));
    case WAY_REFERRAL:
        return arena_printf(t->a, "refers to %s", render_safe(t->a, to, NAME_SHOWN));
    case WAY_NODATA:
        return arena_printf(t->a, "no %s record", type);
    case WAY_NXDOMAIN:
        return "no such name (NXDOMAIN)";
    case WAY_FAIL:
        return f ? failure(t, f) : "no name server has an address";
    case WAY_SILENT:
        return "no answer";
    case WAY_UNASKED:
        return "cannot be asked from here";
    case WAY_LOOP:
        return "the aliases lead in a circle";
    case WAY_PENDING:
        break;
    }
    return "not asked, or not answered in time";
}

static const char *server(struct track *t, const struct way_server *s)
{
    const struct name_server one = {.server = s->server, .host = s->host};
    if (!s->server)
        return "the resolver";
    if (!s->host)
        return render_safe(t->a, s->server, NAME_SHOWN);
    const char *shown = server_shown(t->a, &one);
    shown = render_safe(t->a, shown, NAME_SHOWN);
    if (!s->above)
        return shown;
    return arena_printf(t->a, "%s, which serves %s", shown, render_safe(t->a, s->above, NAME_SHOWN));
}

static const char *said(struct track *t, const struct way_stage *g, const struct way_server *s)
{
    return words(t, s->outcome, s->to, g->dname, s->fact[0]);
}

/* True where all servers of a stage say the same, so one line is enough. */
static bool alike(struct track *t, const struct way_stage *g)
{
    const char *first = g->n ? said(t, g, &g->v[0]) : "";
    for (size_t i = 1; i < g->n && first; i++) {
        const char *other = said(t, g, &g->v[i]);
        if (g->v[i].wrong != g->v[0].wrong || g->v[i].above || !other || strcmp(first, other) != 0)
            return false;
    }
    return true;
}

static void stage(struct track *t, const struct way_stage *g)
{
    const char *zone = g->zone ? render_safe(t->a, g->zone, NAME_SHOWN) : "by the resolver";
    const char *name = render_safe(t->a, g->name, NAME_SHOWN);
    /* The name is said where it is not the one in the heading, as behind an alias. */
    const char *about = strcmp(g->name, t->way->name) != 0 && g->outcome != WAY_REFERRAL
                            ? arena_printf(t->a, "%s, for %s", zone, name)
                            : zone;
    if (g->n <= 1 || (!t->verbose && alike(t, g))) {
        const struct way_server *s = g->n ? &g->v[0] : NULL;
        const char *word = s ? said(t, g, s) : words(t, g->outcome, g->to, g->dname, NULL);
        const char *who = !s ? "" : g->n == 1 ? server(t, s) : arena_printf(t->a, "%zu servers", g->n);
        bool plain = !s || (g->outcome == WAY_REFERRAL && !t->verbose);
        line(t, g->wrong, 8,
             plain ? arena_printf(t->a, "%s: %s", about, word) : arena_printf(t->a, "%s: %s: %s", about, who, word));
        return;
    }
    line(t, false, 8, arena_printf(t->a, "%s:", about));
    size_t shown = 0;
    for (size_t i = 0; i < g->n; i++) {
        const struct way_server *s = &g->v[i];
        if (!t->verbose && !s->wrong && shown >= SERVERS_SHOWN)
            continue;
        shown++;
        line(t, s->wrong, 10, arena_printf(t->a, "%s: %s", server(t, s), said(t, g, s)));
    }
    if (shown < g->n)
        line(t, false, 10, arena_printf(t->a, "… and %zu more", g->n - shown));
}

static bool goes_wrong(const struct way *w)
{
    for (size_t i = 0; i < w->n; i++)
        if (w->v[i].wrong && w->v[i].zone)
            return true;
    return false;
}

void render_way(struct buf *b, struct arena *a, const struct report *r, const struct render *how)
{
    struct track t = {b, a, NULL, how->width ? how->width : WIDTH, how->color, how->verbose};
    struct way_list list;
    bool any = false;
    char type[16];
    if (path_explain(a, r, &list))
        return; /* the arena is full, which the caller sees */
    for (size_t i = 0; i < list.n; i++) {
        t.way = &list.v[i];
        if (!how->verbose && !goes_wrong(t.way))
            continue;
        if (!any)
            buf_puts(b, r->verdict == VERDICT_PASS ? "\n  The way\n" : "\n  The way (x: here it goes wrong)\n");
        any = true;
        buf_printf(b, "    %s %s\n", render_safe(t.a, t.way->name, NAME_SHOWN), rr_type_name(t.way->type, type));
        for (size_t k = 0; k < t.way->n; k++)
            stage(&t, &t.way->v[k]);
        if (t.way->outcome == WAY_LOOP)
            line(&t, false, 8, words(&t, WAY_LOOP, NULL, false, NULL));
        if (t.way->resolver_wrong)
            line(&t, true, 8, arena_printf(a, "the resolver: its answer is evidence %u", t.way->resolver->n));
    }
}
