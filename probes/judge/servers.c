/* servers.c - the verdict as the zone's own servers give it.
 *
 * A CA asks them with hardly any cache between, so where they answer their word decides, and a resolver that
 * says something else is behind the times. Where they differ among themselves the CA meets one or the other:
 * the check fails if it fails at any of them. DNSSEC is the exception: a server knows nothing of whether its
 * signatures hold, so a bogus answer at the resolver stands. */
#include "judge/opinion.h"

#include "wire/name.h"

#include <errno.h>
#include <string.h>

/* The verdict of a server, where it answers for all of its names. */
static int form(struct judgement *j, struct opinion *o, const struct name_server *s,
                const struct checked *names, size_t n)
{
    struct view view = {.zone = &j->servers.zone, .server = s};
    int rc = opinion_names(j, &view, names, n, &o->at, &o->whole);
    return rc || !o->whole ? rc : opinion_form(j, o, view);
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

int judge_by_servers(struct judgement *j)
{
    struct servers_view *s = &j->servers;
    const struct view resolvers = {.zone = &s->zone};
    struct checked *names;
    struct lookup *ours;
    size_t n_names, n = 0;
    bool whole;
    int rc = checked_names(j->a, j->r, &names, &n_names);
    if (!rc)
        rc = opinion_names(j, &resolvers, names, n_names, &ours, &whole);
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
            opinion_take(j, chosen);
        }
    }
    if (j->r->edited_at && j->report->verdict == VERDICT_FAIL)
        rc = ask_edited(j, names, n_names);
    return rc;
}

/* ---------------------------------------------------------------- perspectives ----------------------- */
