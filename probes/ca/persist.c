#include "ca/persist.h"

#include "base/text.h"
#include "ca/profile.h"
#include "model/time.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>
#include <strings.h>

enum {
    DIGEST = 32,    /* bytes of a SHA-256 hash */
    HASH_TEXT = 43, /* its characters in base64url without padding */
    SHOWN = 120,    /* bytes of a record's value in a sentence */
    KEPT_MOST = 4096, /* bytes of a value that a right one may take over parameters from */
};
/* The latest time that a CA can represent (year 10^9), in seconds: the limit of the library that it reads times with.
 */
#define UNTIL_MOST INT64_C(31556889864403199)
#define YEAR_MS (365 * DAY_MS)

static const char ACCOUNT_TAG[] = "accounturi", UNTIL_TAG[] = "persistUntil", POLICY_TAG[] = "policy";
static const char HASH_NAME[] = "sha-256/";

static bool is_tag(const struct caa_parameter *p, const char *tag)
{
    return p->tag.n == strlen(tag) && !strncasecmp((const char *)p->tag.p, tag, p->tag.n);
}

static bool is_text(struct bytes b, const char *s)
{
    return s && b.n == strlen(s) && !memcmp(b.p, s, b.n);
}

static const char *shown(struct arena *a, struct bytes b)
{
    const char *s = text_escape(a, (const char *)b.p, b.n, SHOWN);
    return s ? s : "";
}

bool persist_needs_wildcard(const struct request *r)
{
    return r->wildcard || strcasecmp(r->adn, r->domain) != 0;
}

/* ---------------------------------------------------------------- the account ------------------------ */

const char *persist_hashed_account(struct arena *a, const char *prefix, const char *domain, const char *thumbprint,
                                   const char *account_uri)
{
    unsigned char digest[DIGEST], text[4 * ((DIGEST + 2) / 3) + 1];
    size_t n = 0, length = strlen(domain);
    /* The length keeps the domain and what follows apart. */
    const char *message = arena_printf(a, "%c%s%s%s", (int)length, domain, thumbprint, account_uri);
    if (!message || !length || length > UINT8_MAX ||
        !EVP_Q_digest(NULL, "SHA256", NULL, message, 1 + strlen(message + 1), digest, &n) || n != DIGEST)
        return NULL;
    EVP_EncodeBlock(text, digest, DIGEST);
    for (size_t i = 0; i < HASH_TEXT; i++)
        text[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
    return arena_printf(a, "%s%s%.*s", prefix, HASH_NAME, HASH_TEXT, (const char *)text);
}

static bool takes_hash(const struct request *r)
{
    return dated_value(&r->profile->persist_hashed, r->now);
}

/* The account that was given is the hashed form already. */
static bool given_hashed(const struct request *r)
{
    size_t n = strlen(r->profile->persist_prefix);
    return n && !strncmp(r->account_uri, r->profile->persist_prefix, n);
}

const char *persist_account(struct arena *a, const struct request *r, const char **missing)
{
    *missing = NULL;
    if (!r->account_uri) {
        *missing = "There is no account to compare the record with: give the account's URI with --account-uri.";
        return NULL;
    }
    if (strchr(r->account_uri, ';')) {
        *missing = "The account's URI has a semicolon, and no record can hold that: there it ends a parameter's value.";
        return NULL;
    }
    if (!takes_hash(r) || given_hashed(r))
        return r->account_uri;
    if (!*r->profile->persist_prefix)
        *missing = "The CA takes the account as a hash, and the profile lacks what stands before it: set "
                   "persist_prefix in [dns] of the profile.";
    else if (!r->account_thumbprint)
        *missing = "The CA takes the account as a hash over domain, key and account: give the thumbprint of the "
                   "account's key with --account-thumbprint, or the hashed URI itself with --account-uri.";
    if (*missing)
        return NULL;
    return persist_hashed_account(a, r->profile->persist_prefix, r->adn, r->account_thumbprint, r->account_uri);
}

/* Whether a URI ends as the hashed form does; whose hash it is cannot be seen. */
static bool looks_hashed(struct bytes uri)
{
    size_t name = strlen(HASH_NAME), end = name + HASH_TEXT;
    if (uri.n <= end || memcmp(uri.p + uri.n - end, HASH_NAME, name) != 0)
        return false;
    for (size_t i = uri.n - HASH_TEXT; i < uri.n; i++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", uri.p[i]))
            return false;
    return true;
}

/* The hashed form of the account, whatever stands before the hash. */
static bool is_hash_of(struct arena *a, const struct request *r, struct bytes uri, const char *domain)
{
    size_t end = strlen(HASH_NAME) + HASH_TEXT;
    const char *tail = r->account_thumbprint && r->account_uri
                           ? persist_hashed_account(a, "", domain, r->account_thumbprint, r->account_uri)
                           : NULL;
    return tail && uri.n > end && !memcmp(uri.p + uri.n - end, tail, end);
}

static const char *account_fault(struct arena *a, const struct request *r, struct persist_record *p)
{
    struct bytes v = {0};
    const char *missing, *wanted = persist_account(a, r, &missing);
    size_t n = caa_parameter(&p->value, ACCOUNT_TAG, &v);
    if (!n)
        return "has no accounturi parameter";
    if (n > 1)
        return arena_printf(a, "has %zu accounturi parameters, and exactly one must be there", n);
    if (!v.n)
        return "has an accounturi parameter without a value";
    if (is_text(v, wanted))
        return NULL;
    /* Draft -02, 4.1: a hash made for "*" in place of the domain holds for every domain. */
    if (takes_hash(r) && wanted && !given_hashed(r) &&
        is_text(v, persist_hashed_account(a, r->profile->persist_prefix, "*", r->account_thumbprint, r->account_uri)))
        return NULL;
    if (!takes_hash(r) && looks_hashed(v)) {
        p->other_form = is_hash_of(a, r, v, r->adn) || is_hash_of(a, r, v, "*");
        return arena_printf(a, "names %s account as a hash (%s), and this CA takes the account's URI in clear",
                            p->other_form ? "the" : "an", shown(a, v));
    }
    if (takes_hash(r) && is_text(v, r->account_uri)) {
        p->other_form = true;
        return arena_printf(a, "names the account in clear (%s), and this CA takes it as a hash", shown(a, v));
    }
    return arena_printf(a, "names another account, %s", shown(a, v));
}

/* ---------------------------------------------------------------- the end ---------------------------- */

/* A time in seconds, base 10. False: no number, or later than a CA can represent. */
static bool read_until(struct bytes v, dcv_time *ret)
{
    int64_t t = 0;
    for (size_t i = 0; i < v.n; i++) {
        if (v.p[i] < '0' || v.p[i] > '9')
            return false;
        t = t * 10 + (v.p[i] - '0');
        if (t > UNTIL_MOST)
            return false;
    }
    *ret = t > INT64_MAX / 1000 ? INT64_MAX : t * 1000;
    return v.n;
}

static const char *until_fault(struct arena *a, const struct request *r, struct persist_record *p)
{
    struct bytes v = {0};
    size_t n = caa_parameter(&p->value, UNTIL_TAG, &v);
    if (n > 1)
        return arena_printf(a, "has %zu persistUntil parameters, and at most one may be there", n);
    if (!n)
        return NULL;
    if (!v.n)
        return "has a persistUntil parameter without a value; it takes a time in seconds since 1970, in digits";
    if (!read_until(v, &p->until)) {
        bool digits = true;
        for (size_t i = 0; i < v.n; i++)
            digits = digits && v.p[i] >= '0' && v.p[i] <= '9';
        return arena_printf(
            a,
            digits ? "has a persistUntil of %s, which is more seconds than any CA can count"
                   : "has a persistUntil of %s, which is no number of seconds since 1970 in digits alone",
            shown(a, v));
    }
    if (r->now > p->until)
        return arena_printf(a, "held until %s only (persistUntil=%s)", time_words(a, p->until), shown(a, v));
    return NULL;
}

/* ---------------------------------------------------------------- one record ------------------------- */

/* Any other policy counts as none (draft -02, 4.1). *n: how many there are. */
static bool covers_below(const struct caa_record *v, size_t *n)
{
    size_t wildcard = 0;
    *n = 0;
    for (size_t i = 0; i < v->n_parameters; i++)
        if (is_tag(&v->parameters[i], POLICY_TAG)) {
            ++*n;
            wildcard +=
                v->parameters[i].value.n == 8 && !strncasecmp((const char *)v->parameters[i].value.p, "wildcard", 8);
        }
    return *n && *n == wildcard;
}

static const char *scope_fault(struct arena *a, const struct request *r, struct persist_record *p)
{
    size_t n;
    p->covers_below = covers_below(&p->value, &n);
    if (p->covers_below || !persist_needs_wildcard(r))
        return NULL;
    const char *names = r->wildcard ? "no wildcard name" : "no name below it";
    return n > 1 ? arena_printf(a,
                                "has %zu policy parameters that are not all policy=wildcard, so it covers %s; exactly "
                                "one must be there, policy=wildcard",
                                n, names)
                 : arena_printf(a, "is for %s alone: policy=wildcard is missing, without which it covers %s", r->adn,
                                names);
}

int persist_read(struct arena *a, const struct request *r, struct bytes text, struct persist_record *ret)
{
    struct persist_record *p = ret;
    *p = (struct persist_record){.value = {.value = text}, .until = TIME_UNKNOWN};
    const struct texts *ids = caa_issuers(r);
    bool sound = caa_value_parse(a, &p->value), ours = false;
    for (size_t i = 0; i < ids->n && !ours; i++)
        ours = p->value.issuer.n == strlen(ids->v[i]) &&
               !strncasecmp((const char *)p->value.issuer.p, ids->v[i], p->value.issuer.n);
    p->value.sound = sound;
    p->value.names_us = ours;
    if (arena_full(a))
        return -ENOMEM;
    if (!ours || !sound) {
        p->faults = ours ? PERSIST_MALFORMED : PERSIST_FOREIGN;
        return ours && !caa_sound_parameters(a, &p->value) ? -ENOMEM : 0;
    }
    p->account_fault = account_fault(a, r, p);
    p->until_fault = until_fault(a, r, p);
    p->scope_fault = scope_fault(a, r, p);
    p->faults = (p->account_fault ? PERSIST_ACCOUNT : 0) | (p->until_fault ? PERSIST_UNTIL : 0) |
                (p->scope_fault ? PERSIST_SCOPE : 0);
    return arena_full(a) ? -ENOMEM : 0;
}

/* ---------------------------------------------------------------- a right record --------------------- */

/* The end that a record in the place of old gets: the earliest of its own that is still to come, or, where its end has
 * passed or cannot be read, a year from now: the owner wanted an end. */
static dcv_time end_after(const struct request *r, const struct persist_record *old)
{
    dcv_time best = TIME_UNKNOWN, t;
    for (size_t i = 0; i < old->value.n_parameters; i++) {
        const struct caa_parameter *p = &old->value.parameters[i];
        if (is_tag(p, UNTIL_TAG) && read_until(p->value, &t) && t >= r->now && (best == TIME_UNKNOWN || t < best))
            best = t;
    }
    return best == TIME_UNKNOWN ? r->now + YEAR_MS : best;
}

/* A value that breaks the grammar may do so in its end. */
static bool broken_end(const struct persist_record *old)
{
    const struct caa_record *v = &old->value;
    size_t n = strlen(UNTIL_TAG);
    for (size_t i = 0; !v->sound && i + n <= v->value.n; i++)
        if (!strncasecmp((const char *)v->value.p + i, UNTIL_TAG, n))
            return true;
    return false;
}

static const char *with(struct arena *a, const char *value, const char *tag, const char *is)
{
    return value ? arena_concat(a, value, "; ", tag, "=", is, NULL) : NULL;
}

const char *persist_value(struct arena *a, const struct request *r, const struct persist_record *old, dcv_time until)
{
    const char *missing, *account = persist_account(a, r, &missing);
    const struct texts *ids = caa_issuers(r);
    bool keep = old && old->value.names_us && old->value.value.n <= KEPT_MOST;
    if (!account || !ids->n)
        return NULL;
    bool wildcard = persist_needs_wildcard(r), ended = false;
    const char *value = keep ? arena_strndup(a, old->value.issuer.p, old->value.issuer.n) : ids->v[0];
    value = with(a, value, ACCOUNT_TAG, account);
    for (size_t i = 0; keep && i < old->value.n_parameters; i++) {
        const struct caa_parameter *p = &old->value.parameters[i];
        if (is_tag(p, UNTIL_TAG)) {
            if (!ended)
                until = end_after(r, old);
            ended = true;
        } else if (!is_tag(p, ACCOUNT_TAG) && !(wildcard && is_tag(p, POLICY_TAG))) {
            const char *tag = arena_strndup(a, p->tag.p, p->tag.n), *is = arena_strndup(a, p->value.p, p->value.n);
            value = tag && is ? with(a, value, tag, is) : NULL;
        }
    }
    if (keep && !ended && broken_end(old))
        until = end_after(r, old);
    if (wildcard)
        value = with(a, value, POLICY_TAG, "wildcard");
    if (until != TIME_UNKNOWN)
        value = value ? arena_printf(a, "%s; %s=%lld", value, UNTIL_TAG, (long long)(until / 1000)) : NULL;
    return value;
}
