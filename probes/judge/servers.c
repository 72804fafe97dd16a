/* servers.c - the verdict as the zone's own servers give it.
 *
 * A CA asks them with hardly any cache between, so where they answer their word decides, and a resolver that
 * says something else is behind the times. Where they differ among themselves the CA meets one or the other:
 * the check fails if it fails at any of them. DNSSEC is the exception: a server knows nothing of whether its
 * signatures hold, so a bogus answer at the resolver stands. */
#include "methods/verdict.h"

#include "wire/name.h"

#include <errno.h>
#include <string.h>

void verdict_method(struct judgement *j)
{
    switch (j->r->method) {
    case METHOD_DNS_TXT_TOKEN:
        verdict_txt(j);
        break;
    case METHOD_DNS_CNAME_TOKEN:
        verdict_cname(j);
        break;
    case METHOD_DNS_CNAME_TARGET:
        verdict_target(j);
        break;
    case METHOD_HTTP_TOKEN:
    case METHOD_HTTP_TOKEN_DYNAMIC:
        verdict_file(j);
        break;
    case METHOD_CAA:
        verdict_caa(j);
        break;
    }
}

/* The verdict of one view, beside the others. */
struct opinion {
    struct judgement j;
    struct report report;
    struct view view;
    struct lookup *at; /* of each checked name */
    bool whole;        /* no name pending or failed */
};

static int read_names(struct judgement *j, const struct view *view, const struct checked *names, size_t n,
                      struct lookup **ret, bool *whole)
{
    struct lookup *at = arena_array(j->a, n, sizeof *at);
    if (!at)
        return -ENOMEM;
    *whole = true;
    for (size_t i = 0; i < n; i++) {
        int rc = view_lookup(j->a, j->ev, view, names[i].name, names[i].type, &at[i]);
        if (rc)
            return rc;
        if (at[i].class == LOOKUP_PENDING || at[i].class == LOOKUP_FAIL)
            *whole = *whole && view->server && !name_within(names[i].name, view->zone->apex);
    }
    *ret = at;
    return 0;
}

/* The verdict of a view, whatever it is. */
static int judge_view(struct judgement *j, struct opinion *o, struct view view)
{
    o->view = view;
    o->report = *j->report;
    o->report.verdict = VERDICT_UNDECIDED;
    o->report.error = (struct code_error){.code = CODE_NONE};
    o->report.detail_code = CODE_NONE;
    o->report.br_may_permit = -1;
    o->report.reason = NULL;
    o->j = (struct judgement){
        .r = j->r, .ev = j->ev, .a = j->a, .report = &o->report, .servers = j->servers, .view = &o->view};
    verdict_method(&o->j);
    return o->j.err;
}

/* The verdict of a server, where it answers for all of its names. */
static int form(struct judgement *j, struct opinion *o, const struct name_server *s,
                const struct checked *names, size_t n)
{
    struct view view = {.zone = &j->servers.zone, .server = s};
    int rc = read_names(j, &view, names, n, &o->at, &o->whole);
    return rc || !o->whole ? rc : judge_view(j, o, view);
}

/* A lookup that a validator refuses: the servers' agreement is worth nothing. */
static bool refused_by_validator(const struct lookup *at, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (lookup_bogus(&at[i]) || lookup_dnssec_error(&at[i]))
            return true;
    return false;
}

static void compare(struct judgement *j, const struct opinion *o, size_t n, size_t names)
{
    struct servers_view *s = &j->servers;
    for (size_t k = 1; k < n && !s->disagree; k++)
        for (size_t i = 0; i < names && !s->disagree; i++)
            if (!lookup_same(&o[0].at[i], &o[k].at[i])) {
                s->disagree = true;
                s->odd[0] = &o[0].at[i];
                s->odd[1] = &o[k].at[i];
                s->odd_server[0] = o[0].view.server;
                s->odd_server[1] = o[k].view.server;
            }
    for (size_t k = 0; k < n; k++) {
        if (o[k].report.verdict == VERDICT_PASS && !s->with)
            s->with = o[k].view.server;
        if (o[k].report.verdict == VERDICT_FAIL && !s->without)
            s->without = o[k].view.server;
    }
}

/* The resolvers against servers that agree. */
static void find_stale(struct judgement *j, const struct lookup *ours, const struct opinion *o, size_t names)
{
    for (size_t i = 0; i < names && !j->servers.stale; i++)
        if (ours[i].class != LOOKUP_PENDING && name_within(ours[i].name, j->servers.zone.apex) &&
            (ours[i].class == LOOKUP_FAIL || !lookup_same(&ours[i], &o->at[i]))) {
            j->servers.stale = &ours[i];
            j->servers.fresh = &o->at[i];
        }
}

static void take(struct judgement *j, struct opinion *o)
{
    struct report *report = j->report;
    struct servers_view servers = j->servers;
    struct texts tokens = report->tokens;
    *report = o->report;
    if (tokens.n > report->tokens.n)
        report->tokens = tokens;
    *j = o->j;
    j->report = report;
    j->servers = servers;
    j->servers.decided = true;
}

/* A server that the customer names, and nobody delegates to: does it hold what is missing? */
static int ask_edited(struct judgement *j, const struct checked *names, size_t n)
{
    struct asker asker = asker_none(j->ev);
    struct texts addresses = {0};
    bool open = false;
    int rc = host_addresses(j->a, &asker, j->r->edited_at, &addresses, &open);
    for (size_t i = 0; i < addresses.n && !rc && !j->servers.edited_server; i++) {
        struct name_server *s = arena_alloc(j->a, sizeof *s);
        struct opinion *o = arena_alloc(j->a, sizeof *o);
        if (!s || !o)
            return -ENOMEM;
        *s = (struct name_server){.server = addresses.v[i], .host = j->r->edited_at, .state = SERVER_GOOD};
        *o = (struct opinion){.whole = false};
        for (size_t k = 0; k < j->servers.zone.n && s; k++)
            if (name_equal(j->servers.zone.v[k].server, s->server))
                s = NULL; /* it is one of the zone's own */
        if (!s)
            continue;
        rc = form(j, o, s, names, n);
        if (!rc && o->whole && o->report.verdict == VERDICT_PASS) {
            j->servers.edited_server = s;
            j->servers.edited = o->at;
        }
    }
    return rc;
}

static int by_servers(struct judgement *j)
{
    struct servers_view *s = &j->servers;
    const struct view resolvers = {.zone = &s->zone};
    struct checked *names;
    struct lookup *ours;
    size_t n_names, n = 0;
    bool whole;
    int rc = checked_names(j->a, j->r, &names, &n_names);
    if (!rc)
        rc = read_names(j, &resolvers, names, n_names, &ours, &whole);
    struct opinion *o = rc ? NULL : arena_array(j->a, s->zone.n, sizeof *o);
    if (!o)
        return rc ? rc : -ENOMEM;
    for (size_t i = 0; i < s->zone.n; i++) {
        if (s->zone.v[i].state != SERVER_GOOD)
            continue;
        o[n] = (struct opinion){.whole = false};
        rc = form(j, &o[n], &s->zone.v[i], names, n_names);
        if (rc)
            return rc;
        n += o[n].whole;
    }
    /* The addresses of a web site may differ by design, from server to server and from minute to minute. */
    if (n && !method_is_file(j->r->method)) {
        compare(j, o, n, n_names);
        if (!refused_by_validator(ours, n_names)) {
            struct opinion *chosen = &o[0];
            for (size_t k = 1; k < n; k++)
                if (chosen->report.verdict != VERDICT_FAIL && o[k].report.verdict == VERDICT_FAIL)
                    chosen = &o[k];
            if (!s->disagree)
                find_stale(j, ours, chosen, n_names);
            take(j, chosen);
        }
    }
    if (j->r->edited_at && j->report->verdict == VERDICT_FAIL)
        rc = ask_edited(j, names, n_names);
    return rc;
}

/* ---------------------------------------------------------------- perspectives ----------------------- */

bool perspective_split(struct arena *a, const char *text, const char **name, const char **address)
{
    const char *is = strchr(text, '=');
    *name = is ? arena_strndup(a, text, (size_t)(is - text)) : NULL;
    *address = is ? is + 1 : NULL;
    return *name != NULL;
}

/* A resolver that never answered tells nothing of the domain. */
static bool heard(const struct opinion *o, size_t names)
{
    bool any = false;
    for (size_t i = 0; i < names; i++) {
        if (o->at[i].class == LOOKUP_PENDING)
            return false;
        enum dns_outcome outcome = o->at[i].fact->dns.outcome;
        any = any || (outcome != DNS_TIMEOUT && outcome != DNS_UNREACHABLE);
    }
    return any;
}

/* BR 3.2.2.9: of up to five remote perspectives one may fail to corroborate, of six or more two. */
static int by_perspectives(struct judgement *j)
{
    struct perspectives_view *v = &j->perspectives;
    struct checked *names;
    struct opinion *odd = NULL;
    size_t n_names;
    enum verdict ours = j->report->verdict;
    int rc = checked_names(j->a, j->r, &names, &n_names);
    struct opinion *o = rc ? NULL : arena_array(j->a, j->r->perspectives.n, sizeof *o);
    if (!o)
        return rc ? rc : -ENOMEM;
    for (size_t i = 0; i < j->r->perspectives.n && ours != VERDICT_UNDECIDED; i++) {
        struct view view = {.zone = &j->servers.zone};
        bool all;
        if (!perspective_split(j->a, j->r->perspectives.v[i], &view.perspective, &view.address))
            return -ENOMEM;
        rc = read_names(j, &view, names, n_names, &o[i].at, &all);
        if (!rc && heard(&o[i], n_names)) {
            rc = judge_view(j, &o[i], view);
            v->n++;
            if (o[i].report.verdict != ours && o[i].report.verdict != VERDICT_UNDECIDED) {
                odd = odd ? odd : &o[i];
                if (!texts_add(j->a, &v->differ, view.perspective))
                    return -ENOMEM;
            }
        }
        if (rc)
            return rc;
    }
    if (!odd)
        return 0;
    v->at = odd->at;
    v->n_at = n_names;
    v->beyond = ours == VERDICT_PASS && v->differ.n > (v->n >= 6 ? 2u : 1u);
    v->from = j->view;
    if (!v->beyond)
        return 0;
    struct perspectives_view seen = *v;
    bool decided = j->servers.decided;
    take(j, odd);
    j->servers.decided = decided;
    j->perspectives = seen;
    if (j->r->method == METHOD_CAA) /* what fails is the corroboration, whatever a perspective has found */
        verdict_fail(j, CODE_caa_check_failed, CODE_caa_check_failed);
    return 0;
}

/* What the reader of a verdict has to know of its ground. */
static const char *remark(struct judgement *j)
{
    const struct zone *z = &j->servers.zone;
    size_t open = j->ev->n_asks - j->ev->n;
    if (open)
        return arena_printf(
            j->a,
            "At the deadline %zu question%s had no answer yet; what could have come of %s is not in "
            "this report.",
            open, open == 1 ? "" : "s", open == 1 ? "it" : "them");
    if (!z->blocked || j->servers.decided || method_is_file(j->r->method))
        return NULL;
    return "No name server can be asked directly from here, not even the registry's (is port 53 closed for "
           "this "
           "machine?), so the resolver's answers count.";
}

void verdict_settle(struct judgement *j)
{
    if (j->r->depth == DEPTH_FULL) {
        struct asker asker = asker_none(j->ev);
        j->err = zone_read(j->a, &asker, j->r, &j->servers.zone);
    }
    if (!j->err)
        verdict_method(j);
    if (!j->err && j->servers.zone.apex)
        j->err = by_servers(j);
    if (!j->err && j->r->depth == DEPTH_FULL && j->report->verdict != VERDICT_UNDECIDED)
        j->report->remark = remark(j);
    if (!j->err && j->r->perspectives.n && !method_is_file(j->r->method))
        j->err = by_perspectives(j);
}
