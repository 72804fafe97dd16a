/* verdict_file.c - http-token and http-token-dynamic: what stands in the file. */
#include "verdict.h"

#include "name.h"
#include "profile.h"
#include "wire.h"

#include <errno.h>
#include <string.h>

/* NUL bytes or a byte order mark of UTF-16: text in an encoding that hides the token from a search for bytes.
 */
static bool wide(struct bytes body)
{
    return memchr(body.p, 0, body.n) || (body.n >= 2 && ((body.p[0] == 0xff && body.p[1] == 0xfe) ||
                                                         (body.p[0] == 0xfe && body.p[1] == 0xff)));
}

static void read_body(struct judgement *j, struct file_side *s)
{
    struct bytes body = s->fetch.fact->http.body;
    if (body.n > j->r->profile->file_bytes)
        body.n = j->r->profile->file_bytes;
    s->wide = body.n && wide(body);
    if (j->report->challenge == CHALLENGE_REQUEST_TOKEN) {
        j->err = token_find(j->a, j->r, body, &s->token, &j->report->tokens);
        s->token_class = s->token.class;
    } else if (j->report->challenge == CHALLENGE_RANDOM_VALUE) {
        struct bytes needle = {(const uint8_t *)j->r->token, strlen(j->r->token)};
        if (bytes_find(body, needle) >= 0)
            s->token_class = request_expired(j->r) ? TOKEN_TIME : TOKEN_VALID;
    }
}

/* The table of file codes from the top: a lower rank is the better of the two schemes. */
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

bool file_token_in_name(const struct request *r)
{
    return r->method == METHOD_HTTP_TOKEN_DYNAMIC && r->filename && r->token && strstr(r->filename, r->token);
}

static void fail_file(struct judgement *j, enum code code)
{
    if (j->report->challenge == CHALLENGE_RANDOM_VALUE)
        verdict_fail(j, CODE_file_random_value_not_found, code);
    else
        verdict_fail(j, code, code);
}

void verdict_file(struct judgement *j)
{
    static const char *const schemes[FILE_SIDES] = {"http", "https"};
    struct file_view *v = &j->file;
    enum rank rank[FILE_SIDES];
    bool open = false;
    if (j->r->method == METHOD_HTTP_TOKEN_DYNAMIC && !j->r->filename) {
        verdict_undecided(j, "The name of the file is not known: give it with --filename.");
        return;
    }
    if (file_token_in_name(j->r)) {
        fail_file(j, CODE_file_not_found);
        return;
    }
    struct asker nobody = asker_none(j->ev);
    for (size_t i = 0; i < FILE_SIDES && !j->err; i++) {
        struct file_side *s = &v->side[i];
        const char *url = fetch_url(j->a, j->r, schemes[i]);
        j->err = url ? fetch_walk(j->a, &nobody, j->r, j->ev, url, &s->fetch) : -ENOMEM;
        if (!j->err && s->fetch.class == FETCH_CONTENT)
            read_body(j, s);
        rank[i] = rank_side(s);
        open = open || rank[i] == RANK_OPEN;
    }
    if (j->err)
        return;
    v->best = &v->side[rank[1] < rank[0]];
    v->read = true;
    if (v->best->token_class != TOKEN_NONE)
        j->candidate = (struct candidate){
            .class = v->best->token_class,
            .place = v->best->fetch.url,
            .fact = v->best->fetch.fact,
            .token = j->report->challenge == CHALLENGE_REQUEST_TOKEN ? &v->best->token : NULL,
            .text = v->best->fetch.fact->http.body};
    enum rank best = rank[1] < rank[0] ? rank[1] : rank[0];
    const struct lookup *a = &v->side[0].fetch.lookup;
    if (j->report->challenge == CHALLENGE_NONE)
        verdict_undecided(
            j,
            "There is nothing to compare the file with: give the random value with --token, or the AuthKey "
            "and the CSR with --auth-key-file and --csr.");
    else if (best == RANK_PASS)
        j->report->verdict = VERDICT_PASS;
    else if (open)
        verdict_undecided(j, DEADLINE_REASON);
    else if (a->name && a->class == LOOKUP_FAIL && network_dead(j, a, 1))
        verdict_undecided(j, NETWORK_REASON);
    else
        fail_file(j, rank_code[best]);
}
