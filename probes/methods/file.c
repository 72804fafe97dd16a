/* file.c - methods http-token and http-token-dynamic: the value in a file on the web site. */
#include "ca/challenge.h"
#include "methods/verdict.h"

#include "ca/profile.h"
#include "methods/methods.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <errno.h>
#include <string.h>

/* What a fetch came to, the best first: of http and https the one with the lower rank decides. */
enum rank {
    RANK_PASS,
    RANK_WIDE,
    RANK_TIME,
    RANK_MALFORMED,
    RANK_CONTENT,
    RANK_STATUS,
    RANK_NETWORK,
    RANK_OPEN
};

static const enum code rank_code[] = {
    [RANK_PASS] = CODE_NONE,
    [RANK_WIDE] = CODE_file_invalid_format,
    [RANK_TIME] = CODE_file_outdated_content,
    [RANK_MALFORMED] = CODE_file_invalid_format,
    [RANK_CONTENT] = CODE_file_incorrect_content,
    [RANK_STATUS] = CODE_file_not_found,
    [RANK_NETWORK] = CODE_file_server_not_reachable,
    [RANK_OPEN] = CODE_NONE,
};

static enum rank rank_content(const struct file_side *s)
{
    if (s->token_class == TOKEN_VALID)
        return RANK_PASS;
    if (s->wide)
        return RANK_WIDE;
    switch (s->token_class) {
    case TOKEN_TIME:
        return RANK_TIME;
    case TOKEN_MALFORMED:
        return RANK_MALFORMED;
    case TOKEN_NONE:
    case TOKEN_MISMATCH:
    case TOKEN_VALID:
        break;
    }
    return RANK_CONTENT;
}

static enum rank rank_side(const struct file_side *s)
{
    switch (s->fetch.class) {
    case FETCH_PENDING:
        return RANK_OPEN;
    case FETCH_CONTENT:
        return rank_content(s);
    case FETCH_STATUS:
        return s->fetch.fact->http.status >= 500 ? RANK_NETWORK : RANK_STATUS;
    case FETCH_REDIRECT:
        return RANK_STATUS;
    case FETCH_NETWORK:
        return RANK_NETWORK;
    }
    return RANK_OPEN;
}

static void fail_file(struct judgement *j, enum code code)
{
    if (j->report->challenge == CHALLENGE_RANDOM_VALUE)
        verdict_fail(j, CODE_file_random_value_not_found, code);
    else
        verdict_fail(j, code, code);
}

/* The result for a CA that connects to this address and to no other one. */
static enum rank rank_address(const struct file_address *f)
{
    enum rank http = rank_side(&f->side[0]), https = rank_side(&f->side[1]);
    return file_address_open(f) ? RANK_OPEN : http < https ? http : https;
}

/* The first address that answers over HTTP but does not serve the file; NULL where there is none. Sets *open where an
 * address has not answered yet. An address without any answer is left out, because the CA would try the next one. */
static const struct file_address *address_without(const struct file_view *v, bool *open)
{
    for (size_t i = 0; i < v->n_address; i++) {
        enum rank rank = rank_address(&v->address[i]);
        if (rank == RANK_OPEN)
            *open = true;
        else if (rank != RANK_PASS && file_address_answers(&v->address[i]))
            return &v->address[i];
    }
    return NULL;
}

static const struct file_side *better(const struct file_side *sides)
{
    return &sides[rank_side(&sides[1]) < rank_side(&sides[0])];
}

static void pass_file(struct judgement *j)
{
    j->report->verdict = VERDICT_PASS;
    if (file_http_decides(j->r, &j->file.side[0]))
        j->report->remark = "Not asked over https: the file came over http, and one of the two suffices.";
}

static void verdict_file(struct judgement *j)
{
    struct file_view *v = &j->file;
    if (j->r->method == METHOD_HTTP_TOKEN_DYNAMIC && !j->r->filename) {
        verdict_undecided(j, "The name of the file is not known: give it with --filename.");
        return;
    }
    if (file_token_in_name(j->r)) {
        fail_file(j, CODE_file_not_found);
        return;
    }
    struct asker nobody = asker_none(j->ev);
    j->err = file_look(j->a, &nobody, j->r, j->ev, j->view, v, &j->report->tokens);
    if (j->err)
        return;
    bool open = v->side[0].fetch.class == FETCH_PENDING || v->side[1].fetch.class == FETCH_PENDING;
    v->best = better(v->side);
    v->read = true;
    enum rank best = rank_side(v->best);
    if (best == RANK_PASS) {
        /* The CA may connect to any of the addresses, and to different ones from its perspectives (BR 3.2.2.9). */
        open = false;
        const struct file_address *without = address_without(v, &open);
        if (without) {
            v->best = better(without->side);
            best = rank_side(v->best);
            open = false;
        }
    }
    if (v->best->token_class != TOKEN_NONE)
        j->candidate = (struct candidate){
            .class = v->best->token_class,
            .place = v->best->fetch.url,
            .fact = v->best->fetch.fact,
            .token = j->report->challenge == CHALLENGE_REQUEST_TOKEN ? &v->best->token : NULL,
            .text = v->best->fetch.fact->http.body};
    const struct lookup *a = &v->side[0].fetch.lookup;
    const char *fault;
    if (j->report->challenge == CHALLENGE_NONE)
        verdict_undecided(
            j,
            "There is nothing to compare the file with: give the random value with --token, or the AuthKey "
            "and the CSR with --auth-key-file and --csr.");
    else if (open)
        verdict_undecided(j, DEADLINE_REASON);
    else if (best == RANK_PASS)
        pass_file(j);
    else if (a->name && a->class == LOOKUP_FAIL && (fault = network_fault(j, a, 1)))
        verdict_undecided(j, fault);
    else
        fail_file(j, rank_code[best]);
}

/* ---------------------------------------------------------------- the methods' rows ------------------ */

static bool fits(const struct request *r)
{
    return r->token || (request_has_key(r) && r->csr.n);
}

static bool fits_dynamic(const struct request *r)
{
    return r->filename && fits(r);
}

static int names(struct arena *a, const struct request *r, struct checked_list *ret)
{
    return checked_add(a, ret, arena_printf(a, "%s.", r->adn), RR_A);
}

/* A sparing request saves connections: it fetches over https only where the first answer over http is not the file.
 * Where http goes on after its first answer (a redirect, another address), https does not wait for the end of that, so
 * the check takes at most one fetch longer. */
static bool may_decide(const struct request *r, const struct file_side *http)
{
    bool waits = http->fetch.class == FETCH_PENDING && !http->fetch.n;
    return (r->sparing && waits) || file_http_decides(r, http);
}

/* Fetches from every address that some choice of the name servers gives, as judge/servers.c will choose them. */
static void ask_by_servers(struct arena *a, const struct asker *asker, const struct request *r,
                           const struct evidence *ev)
{
    struct zones z;
    struct file_view v;
    struct lookup l;
    struct texts seen = {0};
    const struct zone **zone = NULL;
    size_t n = 0;
    const char *name = arena_concat(a, r->adn, ".", NULL);
    if (!name)
        return;
    zones_init(&z, a, asker, r);
    path_want(&z, name, RR_A);
    struct view as_is = {.zones = &z};
    if (file_look(a, asker, r, ev, &as_is, &v, NULL) || path_read(&z, ev, NULL, 0, name, RR_A, &l, NULL) ||
        path_zones(a, &l, 1, &zone, &n))
        return;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < zone[i]->n; k++) {
            struct choice choice = {zone[i], &zone[i]->v[k]};
            if (choice.server->state != SERVER_GOOD || path_read(&z, ev, &choice, 1, name, RR_A, &l, NULL))
                continue;
            if (l.class == LOOKUP_NODATA || l.class == LOOKUP_NXDOMAIN) /* fetch_walk() then asks for AAAA records */
                lookup_want(asker, name, RR_AAAA);
            const char *ip[FETCH_ADDRESSES_MOST];
            size_t found = fetch_addresses(a, &l, ip);
            for (size_t m = 0; m < found; m++)
                if (!texts_have(&seen, ip[m]) &&
                    (!texts_add(a, &seen, ip[m]) || file_address_want(a, asker, r, ev, &as_is, ip[m])))
                    return;
        }
}

/* The fetches that the CA makes; at depth full also from every address and from other places where the file may be. */
static void ask(struct arena *a, const struct asker *asker, const struct request *r, const struct evidence *ev)
{
    struct file_side side;
    struct file_view v;
    if (file_token_in_name(r) || (r->method == METHOD_HTTP_TOKEN_DYNAMIC && !r->filename))
        return;
    for (size_t i = 0; i < FILE_SIDES; i++)
        if (file_side_look(a, asker, r, ev, i, &side) || may_decide(r, &side))
            break;
    if (r->depth != DEPTH_FULL)
        return;
    file_look(a, asker, r, ev, NULL, &v, NULL);
    if (r->registrable)
        ask_by_servers(a, asker, r, ev);
}

/* The address lookup of the host at which the deciding fetch ended: the domain, or where a redirect leads to. */
static const struct lookup *lookups(const struct judgement *j, size_t *n)
{
    *n = j->file.best && j->file.best->fetch.lookup.name ? 1 : 0;
    return *n ? &j->file.best->fetch.lookup : NULL;
}

const struct method_rules file_rules = {
    .takes = TAKES_RANDOM_VALUE | TAKES_REQUEST_TOKEN,
    .fits = fits,
    .names = names,
    .ask = ask,
    .verdict = verdict_file,
    .lookups = lookups,
};

const struct method_rules file_dynamic_rules = {
    .takes = TAKES_RANDOM_VALUE | TAKES_REQUEST_TOKEN,
    .fits = fits_dynamic,
    .names = names,
    .ask = ask,
    .verdict = verdict_file,
    .lookups = lookups,
};
