#include "ca/token_find.h"

#include "ca/profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The most tokens computed for one text: it comes from the network, and nothing but its size limits the
 * number of candidates. */
enum { MACS_MOST = 64 };

struct search {
    struct arena *a;
    const struct request *r;
    struct bytes text;
    struct texts here;      /* tokens computed for this text */
    struct texts *computed; /* the caller's list, or NULL */
    struct token_found best;
};

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_token_character(uint8_t c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z');
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* What is wrong with the form of the candidate at p: run token characters, and left bytes up to the end of
 * the text. NULL where the form is right; *stamp is then its time. */
static const char *problem(const uint8_t *p, size_t left, size_t run, dcv_time *stamp)
{
    size_t n = 0;
    while (n < left && n < TOKEN_STAMP && is_digit(p[n]))
        n++;
    if (n < TOKEN_STAMP && n < run)
        return "its first 14 characters are not all digits; they are the UTC time, yyyyMMddHHmmss";
    if (n == TOKEN_STAMP && !time_stamp_parse((const char *)p, stamp))
        return "its first 14 digits are no date and time; they are the UTC time, yyyyMMddHHmmss";
    if (run < TOKEN_LENGTH) {
        if (run == left || is_blank(p[run]))
            return "it is shorter than 64 characters";
        if (p[run] >= 'A' && p[run] <= 'Z')
            return "it has a capital letter; a token consists of 0-9 and small a-z";
        return left < TOKEN_LENGTH ? "it is shorter than 64 characters"
                                   : "it has a character other than 0-9 and a-z";
    }
    if (p[TOKEN_STAMP] > '6')
        return "its 15th character is above 6, which no HMAC-SHA256 in base 36 begins with";
    return NULL;
}

/* The token of the list that has this time stamp. Texts that are no token are skipped: the list may come from
 * a case file. */
static const char *same_stamp(const struct texts *list, const uint8_t *stamp)
{
    for (size_t i = 0; i < list->n; i++)
        if (strlen(list->v[i]) == TOKEN_LENGTH && !memcmp(list->v[i], stamp, TOKEN_STAMP))
            return list->v[i];
    return NULL;
}

static bool has_key(const struct request *r)
{
    return r->auth_key.n && r->csr.n;
}

/* Finds the token that is right for a time stamp: *ret is NULL where it cannot be computed. */
static int right_token(struct search *s, const uint8_t *stamp, const char **ret)
{
    *ret = same_stamp(has_key(s->r) ? &s->here : &s->r->computed, stamp);
    if (*ret || !has_key(s->r) || s->here.n >= MACS_MOST)
        return 0;
    char text[TOKEN_STAMP + 1], token[TOKEN_LENGTH + 1];
    memcpy(text, stamp, TOKEN_STAMP);
    text[TOKEN_STAMP] = '\0';
    int rc = token_compute(text, s->r->auth_key, s->r->csr, token);
    if (rc)
        return rc;
    char *kept = arena_strdup(s->a, token);
    if (!kept || !texts_add(s->a, &s->here, kept))
        return -ENOMEM;
    if (s->computed && !same_stamp(s->computed, stamp) && !texts_add(s->a, s->computed, kept))
        return -ENOMEM;
    *ret = kept;
    return 0;
}

static int judge_candidate(struct search *s, size_t at, struct token_found *ret)
{
    const uint8_t *p = s->text.p + at;
    size_t left = s->text.n - at, run = 0;
    while (run < left && run < TOKEN_LENGTH && is_token_character(p[run]))
        run++;
    *ret = (struct token_found){.at = at, .len = run};
    ret->problem = problem(p, left, run, &ret->stamp);
    if (ret->problem) {
        /* A year in a sentence is no token: only a long enough candidate counts as a malformed one. */
        ret->class = run >= TOKEN_LOOKALIKE ? TOKEN_MALFORMED : TOKEN_NONE;
        return 0;
    }
    dcv_time lifetime = (dcv_time)s->r->profile->token_days * DAY_MS;
    ret->future = ret->stamp > s->r->now;
    if (ret->future || s->r->now - ret->stamp > lifetime) {
        ret->class = TOKEN_TIME;
        return 0;
    }
    int rc = right_token(s, p, &ret->expected);
    if (rc)
        return rc;
    ret->class = ret->expected && !memcmp(ret->expected, p, TOKEN_LENGTH) ? TOKEN_VALID : TOKEN_MISMATCH;
    return 0;
}

/* ---------------------------------------------------------------- variants of the CSR ---------------- */

enum line_end { ENDS_KEPT, ENDS_LF, ENDS_CRLF, ENDS_NONE };
enum last_end { LAST_KEPT, LAST_WITHOUT, LAST_WITH };

/* How editors, forms and shells may change a CSR. */
static const struct variant {
    enum line_end ends;
    enum last_end last;
    bool body;
    const char *words;
} variants[] = {
    {ENDS_CRLF, LAST_KEPT, false, "with CRLF line ends"},
    {ENDS_LF, LAST_KEPT, false, "with LF line ends"},
    {ENDS_KEPT, LAST_WITHOUT, false, "without its final newline"},
    {ENDS_KEPT, LAST_WITH, false, "with a final newline"},
    {ENDS_CRLF, LAST_WITHOUT, false, "with CRLF line ends, without its final newline"},
    {ENDS_CRLF, LAST_WITH, false, "with CRLF line ends and a final newline"},
    {ENDS_LF, LAST_WITHOUT, false, "with LF line ends, without its final newline"},
    {ENDS_LF, LAST_WITH, false, "with LF line ends and a final newline"},
    {ENDS_NONE, LAST_KEPT, false, "as one line, without any line end"},
    {ENDS_NONE, LAST_KEPT, true, "only its base64 body, as one line"},
    {ENDS_LF, LAST_WITHOUT, true, "only its base64 body, with LF line ends"},
    {ENDS_LF, LAST_WITH, true, "only its base64 body, with LF line ends and a final newline"},
    {ENDS_CRLF, LAST_WITHOUT, true, "only its base64 body, with CRLF line ends"},
    {ENDS_CRLF, LAST_WITH, true, "only its base64 body, with CRLF line ends and a final newline"},
};

/* The text between the BEGIN and the END line; empty where one of them is missing. */
static struct bytes pem_body(struct bytes csr)
{
    static const uint8_t begin[] = "-----BEGIN ", end[] = "-----END ";
    ptrdiff_t from = bytes_find(csr, (struct bytes){begin, sizeof begin - 1});
    if (from < 0)
        return (struct bytes){NULL, 0};
    csr.p += from;
    csr.n -= (size_t)from;
    const uint8_t *line = memchr(csr.p, '\n', csr.n);
    if (!line)
        return (struct bytes){NULL, 0};
    csr.n -= (size_t)(line + 1 - csr.p);
    csr.p = line + 1;
    ptrdiff_t to = bytes_find(csr, (struct bytes){end, sizeof end - 1});
    return (struct bytes){csr.p, to > 0 ? (size_t)to : 0};
}

static size_t put_end(uint8_t *out, enum line_end ends)
{
    if (ends == ENDS_NONE)
        return 0;
    size_t n = 0;
    if (ends == ENDS_CRLF)
        out[n++] = '\r';
    out[n++] = '\n';
    return n;
}

/* Writes the CSR as the variant changes it to out (room for 2 * csr.n + 2 bytes). Returns its length. */
static size_t rewrite(struct bytes csr, const struct variant *v, uint8_t *out)
{
    size_t o = 0, last = 0; /* last: length of the line end that the text ends with, or 0 */
    bool crlf = false;
    for (size_t i = 0; i < csr.n; i++) {
        bool pair = csr.p[i] == '\r' && i + 1 < csr.n && csr.p[i + 1] == '\n';
        if (!pair && csr.p[i] != '\n') {
            out[o++] = csr.p[i];
            last = 0;
            continue;
        }
        i += pair;
        crlf = crlf || pair;
        last = put_end(out + o, v->ends == ENDS_KEPT ? (pair ? ENDS_CRLF : ENDS_LF) : v->ends);
        o += last;
    }
    switch (v->last) {
    case LAST_KEPT:
        break;
    case LAST_WITHOUT:
        o -= last;
        break;
    case LAST_WITH:
        if (!last)
            o += put_end(out + o, v->ends == ENDS_KEPT ? (crlf ? ENDS_CRLF : ENDS_LF) : v->ends);
        break;
    }
    return o;
}

/* Finds the variant of the CSR under which the candidate would be right; *ret is NULL where there is none. */
static int find_variant(const struct search *s, const uint8_t *candidate, const char **ret)
{
    struct bytes csr = s->r->csr, body = pem_body(csr);
    uint8_t *out = malloc(2 * csr.n + 2);
    if (!out)
        return -ENOMEM;
    char stamp[TOKEN_STAMP + 1], token[TOKEN_LENGTH + 1];
    memcpy(stamp, candidate, TOKEN_STAMP);
    stamp[TOKEN_STAMP] = '\0';
    int rc = 0;
    for (size_t i = 0; !rc && !*ret && i < sizeof variants / sizeof *variants; i++) {
        struct bytes from = variants[i].body ? body : csr;
        if (!from.n)
            continue;
        size_t n = rewrite(from, &variants[i], out);
        rc = token_compute(stamp, s->r->auth_key, (struct bytes){out, n}, token);
        if (!rc && !memcmp(token, candidate, TOKEN_LENGTH))
            *ret = variants[i].words;
    }
    free(out);
    return rc;
}

/* ---------------------------------------------------------------- the search ------------------------- */

int token_find(struct arena *a, const struct request *r, struct bytes text, struct token_found *ret,
               struct texts *computed)
{
    struct search s = {.a = a, .r = r, .text = text, .computed = computed};
    char now[TOKEN_STAMP + 1], last[TOKEN_STAMP + 1];
    time_stamp(r->now, now);
    memcpy(last, now, sizeof last);
    for (int digit = 3; digit >= 0 && last[digit]-- == '0'; digit--)
        last[digit] = '9';
    for (size_t i = 0; i + 4 <= text.n && s.best.class != TOKEN_VALID; i++) {
        const uint8_t *p = text.p + i;
        if (memcmp(p, now, 4) && memcmp(p, last, 4))
            continue;
        struct token_found found;
        int rc = judge_candidate(&s, i, &found);
        if (rc)
            return rc;
        if (found.class > s.best.class)
            s.best = found;
    }
    if (s.best.class == TOKEN_MISMATCH && has_key(r)) {
        int rc = find_variant(&s, text.p + s.best.at, &s.best.variant);
        if (rc)
            return rc;
    }
    *ret = s.best;
    return 0;
}
