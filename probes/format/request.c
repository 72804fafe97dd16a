#include "format/request_inner.h"

#include "base/addr.h"
#include "base/cidr.h"
#include "base/text.h"
#include "ca/challenge.h"
#include "ca/csr.h"
#include "ca/profile.h"
#include "ca/public_cas.h"
#include "ca/token.h"
#include "format/base64.h"
#include "methods/adn.h"
#include "methods/methods.h"
#include "wire/name.h"
#include "wire/name_read.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

enum {
    LIST_MOST = 64,
    TOKEN_MOST = 1024,
    CSR_LEAST = 120, /* characters of a CSR in base64: its key alone has more */
    INPUT_MOST = 1024, /* bytes of a domain as typed that are kept for messages */
    KEY_MOST = 4096,
    DEADLINE_LEAST = 100, /* ms */
    DEADLINE_MOST = 3600 * 1000,
    LABEL_MOST = 200
};
/* An earlier time is a typing error: nothing that can be judged is older. */
#define TIME_LEAST INT64_C(946684800000) /* 2000-01-01 */

/* ---------------------------------------------------------------- setters ---------------------------- */

/* The text of one field that is set. value ends with a NUL and is in the arena. */
struct setting {
    struct arena *a;
    struct request *r;
    const char *value;
    size_t len;
    const char *expected; /* what was expected instead */
};
/* 0, -EINVAL with .expected set (NULL: the usual text of the field), or -ENOMEM. */
typedef int setter(struct setting *s);

static int refuse(struct setting *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int refuse(struct setting *s, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    s->expected = arena_vprintf(s->a, fmt, ap);
    va_end(ap);
    return s->expected ? -EINVAL : -ENOMEM;
}

static bool printable(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] < '!' || p[i] > '~')
            return false;
    return true;
}

static int list_add(struct setting *s, struct texts *list, const char *text)
{
    if (list->n >= LIST_MOST)
        return refuse(s, "at most %d of them", LIST_MOST);
    return text && texts_add(s->a, list, text) ? 0 : -ENOMEM;
}

static int set_domain(struct setting *s)
{
    struct name name;
    int err = name_read(s->a, s->value, s->len, &name);
    if (err)
        return err;
    struct request *r = s->r;
    bool whole = s->len <= INPUT_MOST && !memchr(s->value, '\0', s->len);
    r->input = whole ? s->value : text_escape(s->a, s->value, s->len, INPUT_MOST / 4);
    if (!r->input)
        return -ENOMEM;
    r->domain = name.domain;
    r->registrable = name.registrable;
    r->wildcard = name.wildcard;
    r->is_ip = name.is_ip;
    r->top = name.top;
    r->name_code = name.top ? CODE_NONE : name.code;
    r->name_cause = name.top ? CAUSE_NONE : name.cause;
    r->name_reason = name.reason;
    r->name_suggestion = name.suggestion;
    return 0;
}

static int set_methods(struct setting *s)
{
    for (unsigned m = 0; m < METHOD_COUNT; m++)
        if (!strcasecmp(s->value, method_name((enum method)m))) {
            s->r->methods |= METHOD_BIT(m);
            return 0;
        }
    return -EINVAL;
}

static int set_adn(struct setting *s)
{
    s->r->adn = s->value; /* request_finish() reads it, since it depends on the domain */
    return 0;
}

static int set_token(struct setting *s)
{
    if (!s->len || s->len > TOKEN_MOST)
        return refuse(s, "1 to %d bytes, not %zu", TOKEN_MOST, s->len);
    if (!printable(s->value, s->len))
        return -EINVAL;
    struct bytes der;
    struct csr csr;
    /* Forms ask for a CSR without its first and last line, too. */
    bool packed = s->len >= CSR_LEAST && base64_decode(s->a, s->value, s->len, &der);
    if (packed && !csr_read(s->a, der, &csr) && csr.readable)
        return refuse(s, "the random value of the order; this is a certificate signing request, which csr takes");
    s->r->token = s->value;
    return 0;
}

static int set_auth_key(struct setting *s)
{
    struct bytes key = token_key_trim((struct bytes){(const uint8_t *)s->value, s->len});
    if (!key.n || key.n > KEY_MOST)
        return refuse(s, "a file with the AuthKey, 1 to %d bytes, not %zu", KEY_MOST, key.n);
    s->r->auth_key = key;
    return 0;
}

static bool only_of(const char *s, const char *set)
{
    return s[strspn(s, set)] == '\0';
}

#define LETTERS_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static int set_auth_key_name(struct setting *s)
{
    if (!s->len || s->len > 64 || !only_of(s->value, LETTERS_DIGITS "._-"))
        return -EINVAL;
    s->r->auth_key_name = s->value;
    return 0;
}

static int set_csr(struct setting *s)
{
    if (!s->len || s->len > CSR_MOST)
        return refuse(s, "a certificate signing request, 1 to %d bytes, not %zu", CSR_MOST, s->len);
    /* A CSR is written to case files, so a private key must not be given as one. */
    if (memmem(s->value, s->len, "PRIVATE KEY-----", 16))
        return refuse(s, "a certificate signing request, not a private key");
    s->r->csr = (struct bytes){(const uint8_t *)s->value, s->len};
    return 0;
}

static int read_time(struct setting *s, dcv_time *ret)
{
    dcv_time t;
    if (!time_parse(s->value, &t) || t < TIME_LEAST)
        return -EINVAL;
    *ret = t;
    return 0;
}

static int set_issued(struct setting *s)
{
    return read_time(s, &s->r->issued);
}

static int set_now(struct setting *s)
{
    return read_time(s, &s->r->now);
}

static int set_filename(struct setting *s)
{
    const char *v = s->value;
    if (!s->len || s->len > 64 || !only_of(v, LETTERS_DIGITS "._-") || !strcmp(v, ".") || !strcmp(v, ".."))
        return -EINVAL;
    s->r->filename = v;
    return 0;
}

/* The host name without a final dot and in lower case. NULL: *err is set. */
static const char *host_name(struct setting *s, int *err)
{
    size_t n = s->len;
    if (n && s->value[n - 1] == '.')
        n--;
    char *name = arena_strndup(s->a, s->value, n);
    *err = name ? -EINVAL : -ENOMEM;
    if (!name || !name_is_host(name))
        return NULL;
    for (char *c = name; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c | 0x20);
    return name;
}

static int add_host(struct setting *s, struct texts *list)
{
    int err;
    const char *name = host_name(s, &err);
    return name ? list_add(s, list, name) : err;
}

static int set_issuer(struct setting *s)
{
    return add_host(s, &s->r->issuers);
}

static int set_ca(struct setting *s)
{
    enum { NEAR = 6 };
    const struct public_ca *near[NEAR];
    size_t n;
    if (s->r->ca)
        return refuse(s, "one CA in one request, and %s is named already", s->r->ca);
    const struct public_ca *ca = s->len <= 64 ? public_ca_find(s->value, near, NEAR, &n) : NULL;
    if (ca) {
        s->r->ca = ca->name; /* request_finish() takes its identifiers */
        return 0;
    }
    const char *list = "";
    for (size_t i = 0; s->len <= 64 && list && i < n; i++)
        list = arena_concat(s->a, list, i ? ", " : "", near[i]->name, NULL);
    if (!list)
        return -ENOMEM;
    return *list ? refuse(s, "one CA; it may be %s", list) : -EINVAL;
}

static int set_purpose(struct setting *s)
{
    return purpose_parse(s->value, &s->r->purpose) ? 0 : -EINVAL;
}

static int set_validation_method(struct setting *s)
{
    if (!s->len || s->len > 64 || !only_of(s->value, LETTERS_DIGITS "-"))
        return -EINVAL;
    return list_add(s, &s->r->validation_methods, s->value);
}

static int set_account_uri(struct setting *s)
{
    const char *colon = strchr(s->value, ':');
    if (s->len > 1024 || !colon || colon == s->value || !printable(s->value, s->len))
        return -EINVAL;
    s->r->account_uri = s->value;
    return 0;
}

/* RFC 7638: a SHA-256 hash as base64url without padding. */
static int set_account_thumbprint(struct setting *s)
{
    if (s->len != 43 || !only_of(s->value, LETTERS_DIGITS "-_"))
        return -EINVAL;
    s->r->account_thumbprint = s->value;
    return 0;
}

static int set_caa_account(struct setting *s)
{
    if (!s->len || s->len > 256 || !printable(s->value, s->len) || strchr(s->value, ';'))
        return -EINVAL;
    s->r->caa_account = s->value;
    return 0;
}

static int set_allow_target(struct setting *s)
{
    return add_host(s, &s->r->allow_targets);
}

static int set_validated_target(struct setting *s)
{
    return add_host(s, &s->r->validated_targets);
}

static int set_depth(struct setting *s)
{
    return depth_parse(s->value, &s->r->depth) ? 0 : -EINVAL;
}

/* A number of decimal digits only, not above most; -1: anything else. */
static long small_number(const char *p, size_t n, long most)
{
    long v = 0;
    if (!n || n > 9)
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9')
            return -1;
        v = v * 10 + (p[i] - '0');
    }
    return v <= most ? v : -1;
}

static int set_resolver(struct setting *s)
{
    struct texts *list = &s->r->resolvers;
    bool recursive = !strcmp(s->value, RESOLVER_RECURSIVE_TEXT);
    if (list->n && recursive != resolvers_recursive(list))
        return refuse(s, "either addresses or " RESOLVER_RECURSIVE_TEXT " alone, not both");
    if (recursive)
        return list->n ? 0 : list_add(s, list, RESOLVER_RECURSIVE_TEXT);
    const char *address = addr_usual(s->a, s->value, 53);
    if (!address)
        return arena_full(s->a) ? -ENOMEM : -EINVAL;
    return list_add(s, list, address);
}

/* The region that text names before its '=', in whatever letter case; NULL: none of the known ones. */
static const char *region_named(const char *text, size_t n)
{
    static const char *const regions[] = {
#define X(name) name,
        DCV_REGIONS(X)
#undef X
    };
    for (size_t i = 0; i < sizeof regions / sizeof *regions; i++)
        if (strlen(regions[i]) == n && !strncasecmp(text, regions[i], n))
            return regions[i];
    return NULL;
}

/* Sets NAME=ADDRESS or NAME@REGION=ADDRESS, with region and address in their usual form. */
static int set_perspective(struct setting *s)
{
    const char *is = strchr(s->value, '='), *at = is ? memchr(s->value, '@', (size_t)(is - s->value)) : NULL;
    const char *region = at ? region_named(at + 1, (size_t)(is - at - 1)) : "";
    size_t n = is ? (size_t)((at ? at : is) - s->value) : 0;
    if (!region)
        return refuse(s, "a region behind the @: ARIN, RIPE, APNIC, LACNIC or AFRINIC");
    if (!n || n > 32 || strspn(s->value, "abcdefghijklmnopqrstuvwxyz0123456789-") != n)
        return -EINVAL;
    const char *address = addr_usual(s->a, is + 1, 53);
    if (!address)
        return arena_full(s->a) ? -ENOMEM : -EINVAL;
    return list_add(s, &s->r->perspectives,
                    arena_printf(s->a, "%.*s%s%s=%s", (int)n, s->value, at ? "@" : "", region, address));
}

static int set_edited_at(struct setting *s)
{
    int err = -ENOMEM;
    size_t n = s->len && s->value[s->len - 1] == '.' ? s->len - 1 : s->len; /* an address may end as a name does */
    s->r->edited_at = name_is_ip(s->value) ? arena_strndup(s->a, s->value, n) : host_name(s, &err);
    return s->r->edited_at ? 0 : err;
}

/* The user's own text, which is given back as it is: any script, but nothing that could break a line. */
static int set_label(struct setting *s)
{
    uint32_t c = 0;
    if (!s->len || s->len > LABEL_MOST)
        return refuse(s, "a text of 1 to %d bytes, not %zu", LABEL_MOST, s->len);
    for (size_t i = 0, n; i < s->len; i += n) {
        n = text_utf8(s->value + i, s->len - i, &c);
        if (!n || text_is_control(c))
            return -EINVAL;
    }
    s->r->label = s->value;
    return 0;
}

static int set_deadline(struct setting *s)
{
    const char *dot = strchr(s->value, '.');
    size_t whole = dot ? (size_t)(dot - s->value) : s->len;
    long ms = small_number(s->value, whole, DEADLINE_MOST / 1000);
    if (ms < 0 || (dot && !dot[1]))
        return -EINVAL;
    ms *= 1000;
    long place = 100;
    for (const char *p = dot ? dot + 1 : ""; *p; p++, place /= 10) {
        if (*p < '0' || *p > '9')
            return -EINVAL;
        ms += (*p - '0') * place;
    }
    if (ms < DEADLINE_LEAST || ms > DEADLINE_MOST)
        return -EINVAL;
    s->r->deadline_ms = (uint32_t)ms;
    return 0;
}

static int set_allow_net(struct setting *s)
{
    char usual[CIDR_TEXT_MOST];
    return cidr_usual(s->value, usual) ? list_add(s, &s->r->allow_net, arena_strdup(s->a, usual)) : -EINVAL;
}

/* ---------------------------------------------------------------- the table -------------------------- */

#define A_TIME "a time as 2026-11-22T12:00:00Z or a date as 2026-11-22, from 2000 on"

/* X(name, "option", kind, secret, argument, expected, help) */
#define FIELDS(X)                                                                                            \
    X(domain, "domain", FIELD_TEXT, false, "DOMAIN", "the domain to check",                                  \
      "the domain as ordered; *.NAME for a wildcard")                                                        \
    X(methods, "method", FIELD_LIST, false, "M", "" DCV_METHODS(TEXT_COMMA),                                 \
      "validation method, may be repeated, or a list with commas; all that the input allows unless given")   \
    X(adn, "adn", FIELD_TEXT, false, "NAME",                                                                 \
      "the domain, an ancestor of it, down to the registrable domain, or what its CNAME leads to",           \
      "authorization domain name to check at instead of DOMAIN: an ancestor, down to the registrable "       \
      "domain, or a name that DOMAIN's own CNAME leads to; DNS methods only")                                    \
    X(token, "token", FIELD_TEXT, false, "V", "printable ASCII without blanks, 1 to 1024 bytes",             \
      "the random value")                                                                                    \
    X(auth_key, "auth-key-file", FIELD_BYTES, true, "F", "a file with the AuthKey",                          \
      "request-token mode: the file with the AuthKey")                                                       \
    X(auth_key_name, "auth-key-name", FIELD_TEXT, false, "NAME",                                             \
      "1 to 64 letters, digits, dots, hyphens and underscores",                                              \
      "request-token mode: the key's name in [auth_keys] of the configuration")                          \
    X(csr, "csr", FIELD_BYTES, false, "F", "a certificate signing request",                                  \
      "request-token mode: the CSR, byte for byte as it was submitted")                                      \
    X(issued, "issued", FIELD_TIME, false, "TIME", A_TIME,                                                   \
      "when the random value was issued, as 2026-11-22T12:00:00Z or 2026-11-22: its days are counted from "  \
      "then")                                                                                                \
    X(filename, "filename", FIELD_TEXT, false, "NAME",                                                       \
      "1 to 64 letters, digits, dots, hyphens and underscores", "the file of http-token-dynamic")            \
    X(issuer, "issuer", FIELD_LIST, false, "ID", "a CAA identifier such as ca.example.net",                    \
      "accepted CAA identifier, may be repeated; the CA's own list unless given")                            \
    X(ca, "ca", FIELD_TEXT, false, "NAME",                                                                   \
      "a public CA by its name, brand or identifier, such as sectigo.com (--issuer takes any other identifier)", \
      "whether another public CA may issue, by CAA alone: its name, as Sectigo")                             \
    X(purpose, "purpose", FIELD_TEXT, false, "P", "" DCV_PURPOSES(TEXT_COMMA),                               \
      "which CAA property applies: tls, smime or vmc; tls unless given")                                     \
    X(validation_method, "validation-method", FIELD_LIST, false, "L", "1 to 64 letters, digits and hyphens", \
      "RFC 8657 label in use, may be repeated; those of the methods unless given")                           \
    X(account_uri, "account-uri", FIELD_TEXT, false, "U",                                                    \
      "a URI such as https://ca.example/account/1, at most 1024 bytes",                                      \
      "the account's URI, for dns-persist and for CAA records with accounturi")                              \
    X(account_thumbprint, "account-thumbprint", FIELD_TEXT, false, "T",                                      \
      "43 letters, digits, hyphens and underscores (RFC 7638)",                                              \
      "the thumbprint of the account's key, for dns-persist where the CA takes the account as a hash")       \
    X(caa_account, "caa-account", FIELD_TEXT, false, "T",                                                    \
      "1 to 256 printable characters without blanks and semicolons",                                         \
      "the account, for CAA records with the CA's own account parameter")                                    \
    X(allow_target, "allow-target", FIELD_LIST, false, "NAME", "a host name",                                \
      "name that a CNAME may delegate to, may be repeated")                                                  \
    X(validated_target, "validated-target", FIELD_LIST, false, "NAME", "a host name",                        \
      "name that a CNAME may delegate to and whose own validation is still good, may be repeated")           \
    X(depth, "depth", FIELD_TEXT, false, "D", "" DCV_DEPTHS(TEXT_COMMA),                                     \
      "quick: through the resolver only; full: also each authoritative server, near names, DNSSEC; full "    \
      "unless given")                                                                                        \
    X(resolver, "resolver", FIELD_LIST, false, "ADDR[:PORT]",                                                \
      "an address as 192.0.2.53, 192.0.2.53:53 or [2001:db8::53]:53, or " RESOLVER_RECURSIVE_TEXT,           \
      "resolver to ask, for IPv6 with a port [2001:db8::53]:53, may be repeated; " RESOLVER_RECURSIVE_TEXT   \
      ": no resolver, dcvprobe resolves from the root and validates; the system's unless given")             \
    X(perspective, "perspective", FIELD_LIST, false, "NAME[@REGION]=ADDR[:PORT]",                            \
      "a name of a-z, 0-9 and hyphens, then an address, as eu=192.0.2.53 or eu@RIPE=[2001:db8::53]:53",      \
      "resolver at another place of the network, as eu=192.0.2.53 or eu@RIPE=[2001:db8::53]:53, whose "      \
      "answers are compared; may be repeated")                                                               \
    X(edited_at, "edited-at", FIELD_TEXT, false, "HOST", "a host name or an IP address",                     \
      "name server where the customer edited the zone: it is asked too")                                     \
    X(label, "label", FIELD_TEXT, false, "TEXT", "a text of 1 to 200 bytes of UTF-8", \
      "a name of your own for the check, as the number of an order: given back with its report")             \
    X(deadline, "deadline", FIELD_NUMBER, false, "S", "a number of seconds from 0.1 to 3600",                \
      "seconds for each domain and method; what is known then is judged; 30 unless given")                   \
    X(allow_net, "allow-net", FIELD_LIST, false, "CIDR", "a network as 10.0.0.0/8 or fd00::/8",              \
      "otherwise forbidden network that may be connected to, may be repeated")                               \
    X(now, "now", FIELD_TIME, false, "TIME", A_TIME,                                                         \
      "judge as if it were this time, as 2026-11-22T12:00:00Z or 2026-11-22; the present unless given")

#define FIELD_ROW(name, option, kind, secret, argument, expected, help)                                      \
    {#name, kind, secret, argument, help, option},
static const struct request_field fields[] = {FIELDS(FIELD_ROW)};
#define FIELD_RULE(name, option, kind, secret, argument, expected, help) {set_##name, expected},
static const struct {
    setter *set;
    const char *expected;
} rules[] = {FIELDS(FIELD_RULE)};

const struct request_field *request_fields(size_t *n)
{
    *n = sizeof fields / sizeof *fields;
    return fields;
}

static bool same_word(const char *a, const char *b)
{
    for (; *a && (*a == *b || (strchr("-_", *a) && *b && strchr("-_", *b))); a++, b++)
        ;
    return *a == *b;
}

const struct request_field *request_field_find(const char *name)
{
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if ((*name == *fields[i].name && same_word(name, fields[i].name)) ||
            (*name == *fields[i].option && same_word(name, fields[i].option)))
            return &fields[i];
    return NULL;
}

const char *request_expected(const char *field)
{
    const char *expected = rules[request_field_find(field) - fields].expected;
    return expected + (*expected == ',' ? 2 : 0); /* TEXT_COMMA makes a list that begins with ", " */
}

int request_set(struct arena *a, struct request *r, const struct request_field *f, const char *value,
                size_t len, struct input_error *err)
{
    char *own = arena_strndup(a, value, len);
    if (!own)
        return -ENOMEM;
    struct setting s = {.a = a, .r = r, .value = own, .len = len};
    /* A domain may contain any byte: a bad domain gets a verdict. */
    bool text = f->kind != FIELD_BYTES && strcmp(f->name, "domain") != 0;
    bool clean = true;
    for (size_t i = 0; i < len && text && clean; i++)
        clean = (unsigned char)own[i] >= 0x20 && own[i] != 0x7f;
    int e = clean ? rules[f - fields].set(&s) : refuse(&s, "%s, without control characters", request_expected(f->name));
    if (e != -EINVAL)
        return e;
    *err = (struct input_error){.code = clean ? CODE_invalid_value : CODE_invalid_chars, .field = f->name};
    err->expected = s.expected ? s.expected : request_expected(f->name);
    /* The content of a file is not shown: it may be a key. */
    if (f->kind != FIELD_BYTES && !(err->value = text_escape(a, own, len, REQUEST_VALUE_SHOWN)))
        return -ENOMEM;
    return -EINVAL;
}

/* ---------------------------------------------------------------- the whole -------------------------- */

void request_init(struct request *r, const struct profile *profile, dcv_time now)
{
    *r = (struct request){.profile = profile ? profile : profile_builtin(),
                          .issued = TIME_UNKNOWN,
                          .purpose = PURPOSE_TLS,
                          .depth = DEPTH_FULL,
                          .deadline_ms = REQUEST_DEADLINE_MS,
                          .now = now};
}

bool given_add(struct arena *a, struct given_list *list, struct given one)
{
    struct given *v = arena_grow(a, list->v, list->n, sizeof *v);
    if (!v)
        return false;
    list->v = v;
    v[list->n++] = one;
    return true;
}

bool given_has(const struct given_list *list, const struct request_field *f)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->v[i].field == f)
            return true;
    return false;
}

int request_from(struct arena *a, struct request *r, const struct given_list *own,
                 const struct given_list *defaults, struct input_error *err)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < own->n; i++)
        rc = request_set(a, r, own->v[i].field, own->v[i].value, own->v[i].len, err);
    for (size_t i = 0; !rc && i < defaults->n; i++)
        if (!given_has(own, defaults->v[i].field))
            rc = request_set(a, r, defaults->v[i].field, defaults->v[i].value, defaults->v[i].len, err);
    return rc ? rc : request_finish(a, r, err);
}

struct request request_for(const struct request *r, enum method m)
{
    struct request one = *r;
    one.method = m;
    /* An ancestor can prove control of a name, but whether the CA may issue for it is asked at the name itself (RFC
     * 8659 3, BR 4.2.2.1). */
    if (m == METHOD_CAA)
        adn_set(&one, one.domain);
    return one;
}

char *input_error_text(struct arena *a, const struct input_error *e, bool dash)
{
    const struct request_field *f = request_field_find(e->field);
    bool option = dash && f && strcmp(f->name, "domain") != 0;
    const char *name = option ? f->option : dash && f ? f->argument : e->field;
    const char *dashes = option ? "--" : "";
    if (e->value)
        return arena_printf(a, "%s%s: '%s' is not accepted; expected %s", dashes, name, e->value,
                            e->expected);
    bool missing = e->code == CODE_required_param;
    return arena_printf(a, "%s%s: %s; expected %s", dashes, name, missing ? "missing" : "not accepted",
                        e->expected);
}
