#include "order.h"

#include "name.h"

#include <errno.h>
#include <ini.h>
#include <string.h>

enum { MOST_NAME = 64 }; /* ub-common-name, ub-organization-name, ub-organizational-unit-name of RFC 5280 */

static const char *const products[] = {
#define X(sym, text) [sym] = text,
    ORDER_PRODUCTS(X)
#undef X
};

bool product_parse(const char *text, enum product *ret)
{
    for (size_t i = 0; i < sizeof products / sizeof *products; i++)
        if (!strcmp(text, products[i])) {
            *ret = (enum product)i;
            return true;
        }
    return false;
}

struct checking {
    struct arena *a;
    const struct order *o;
    struct order_report *r;
    struct csr original;
};

static void problem(struct checking *c, enum code code, const char *variable, const char *field,
                    const char *value, const char *what, const char *fix)
{
    struct order_report *r = c->r;
    if ((r->n & (r->n - 1)) == 0) {
        struct order_problem *v = arena_array(c->a, r->n ? r->n * 2 : 1, sizeof *v);
        if (!v)
            return;
        if (r->n)
            memcpy(v, r->problems, r->n * sizeof *v);
        r->problems = v;
    }
    const char *shown = value ? text_escape(c->a, value, strlen(value), 120) : NULL;
    r->problems[r->n++] = (struct order_problem){{code, {variable, NULL}}, field, shown, what, fix};
}

static void note(struct checking *c, const char *text)
{
    if (text)
        texts_add(c->a, &c->r->notes, text);
}

static bool has_control(const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < ' ' || *s == 0x7f)
            return true;
    return false;
}

static size_t characters(const char *s)
{
    size_t n = 0;
    for (; *s; s++)
        n += ((unsigned char)*s & 0xc0) != 0x80;
    return n;
}

/* ---------------------------------------------------------------- the CSR ---------------------------- */

static bool rsa(const struct csr *k, unsigned bits)
{
    return k->key == CSR_KEY_RSA && k->bits == bits;
}

static void check_key(struct checking *c)
{
    const struct csr *k = &c->r->csr;
    bool p256 = k->key == CSR_KEY_EC && k->bits == 256;
    switch (c->o->product) {
    case PRODUCT_TLS:
        break;
    case PRODUCT_CLIENT:
        if (k->key == CSR_KEY_RSA && !rsa(k, 2048) && !rsa(k, 3072) && !rsa(k, 4096))
            problem(c, CODE_csr_invalid_key_size_client_cert, NULL, "csr", k->key_text,
                    "A client certificate with an RSA key takes 2048, 3072 or 4096 bits.",
                    "Make a new key of one of these sizes, and a new CSR with it.");
        break;
    case PRODUCT_CODE_SIGNING:
        if (!(k->key == CSR_KEY_RSA && k->bits >= 3072) && !(k->key == CSR_KEY_EC && k->bits >= 256))
            problem(c, CODE_csr_invalid_key_size_code_signing, NULL, "csr", k->key_text,
                    "A code signing certificate takes RSA with at least 3072 bits, or EC P-256 or larger.",
                    "Make a larger key, and a new CSR with it.");
        break;
    case PRODUCT_SAFENET_CC:
        if (!rsa(k, 4096) && !p256)
            problem(c, CODE_csr_safenet_cc_invalid_csr_key_size, NULL, "csr", k->key_text,
                    "The SafeNet eToken 5110 CC holds RSA keys of 4096 bits or EC P-256.",
                    "Make a key of one of these kinds on the token, and a new CSR with it.");
        break;
    case PRODUCT_SAFENET_FIPS:
        if (k->key != CSR_KEY_EC)
            problem(c, CODE_csr_safenet_fips_requires_ecc_key, NULL, "csr", k->key_text,
                    "The SafeNet eToken 5110 FIPS takes an elliptic-curve key.",
                    "Make an EC key on the token, and a new CSR with it, or choose another token.");
        break;
    }
}

static void check_csr(struct checking *c)
{
    c->r->has_csr = c->o->csr.n > 0;
    if (!c->r->has_csr || csr_read(c->a, c->o->csr, &c->r->csr))
        return;
    if (c->r->csr.problem) {
        problem(c, CODE_csr_invalid_cannot_parse, NULL, "csr", NULL,
                arena_printf(c->a, "The CSR cannot be used: %s.", c->r->csr.problem),
                "Make the CSR again (openssl req -new …) and send the whole file, from BEGIN to END.");
        c->r->has_csr = false;
        return;
    }
    check_key(c);
}

/* ---------------------------------------------------------------- the subject ------------------------ */

static const char *common_name(const struct checking *c)
{
    return c->o->common_name ? c->o->common_name : c->r->has_csr ? c->r->csr.common_name : NULL;
}

static void check_common_name(struct checking *c)
{
    const char *cn = common_name(c);
    if (!cn)
        return;
    size_t n = characters(cn);
    if (n > MOST_NAME)
        problem(
            c, CODE_rfc5280_common_name_too_long, NULL, "common_name", cn,
            arena_printf(c->a, "The common name has %zu characters; 64 is the most.", n),
            "Put a shorter name of the order there; the long one stays among the subject alternative names.");
    else if (n == MOST_NAME)
        note(c, "The common name has exactly 64 characters: the standard allows that, the CA's document says "
                "\"less than 64\".");
    struct name name = {0};
    if (c->o->product == PRODUCT_TLS && *cn && name_read(c->a, cn, strlen(cn), &name))
        return;
    if (!*cn || has_control(cn) || (c->o->product == PRODUCT_TLS && name.code == CODE_dns_invalid_domain))
        problem(c, CODE_rfc5280_common_name_invalid, NULL, "common_name", cn,
                !*cn ? "The common name is empty."
                     : arena_printf(c->a, "The common name is no domain name%s%s.",
                                    *cn && !has_control(cn) ? ": " : "",
                                    *cn && !has_control(cn) && name.reason ? name.reason : ""),
                "Put one of the order's domain names there.");
}

static void check_length(struct checking *c, enum code code, const char *field, const char *value,
                         const char *word)
{
    size_t n = characters(value);
    if (n > MOST_NAME)
        problem(c, code, NULL, field, value,
                arena_printf(c->a, "%s has %zu characters; 64 is the most.", word, n),
                "Shorten it; the usual abbreviations are accepted.");
}

static void check_subject_field(struct checking *c, const char *name, const char *value)
{
    static const char *const address[] = {"street", "L", "ST", "postalCode"};
    if (!strcmp(name, "O")) {
        check_length(c, CODE_rfc5280_org_name_too_long, "organization", value, "The organization's name");
        if (has_control(value))
            problem(c, CODE_rfc5280_org_invalid, NULL, "organization", value,
                    "The organization's name holds control characters.",
                    "Type it again, without line ends and tabs.");
    } else if (!strcmp(name, "OU")) {
        check_length(c, CODE_rfc5280_org_unit_too_long, "org_unit", value, "The organizational unit");
        if (has_control(value))
            problem(c, CODE_rfc5280_org_unit_invalid, NULL, "org_unit", value,
                    "The organizational unit holds control characters.",
                    "Type it again, without line ends and tabs.");
    }
    for (size_t i = 0; i < sizeof address / sizeof *address; i++)
        if (!strcmp(name, address[i]))
            check_length(c, CODE_rfc5280_address_field_too_long, "address", value, "A field of the address");
}

static void check_subject(struct checking *c)
{
    check_common_name(c);
    for (size_t i = 0; c->r->has_csr && i < c->r->csr.n_subject; i++)
        check_subject_field(c, c->r->csr.subject[i].name, c->r->csr.subject[i].value);
    if (c->o->organization)
        check_subject_field(c, "O", c->o->organization);
    for (size_t i = 0; i < c->o->org_units.n; i++)
        check_subject_field(c, "OU", c->o->org_units.v[i]);
    for (size_t i = 0; i < c->o->addresses.n; i++)
        check_subject_field(c, "L", c->o->addresses.v[i]);
}

/* ---------------------------------------------------------------- the names -------------------------- */

static bool listed(const struct texts *list, const char *name)
{
    for (size_t i = 0; i < list->n; i++)
        if (name_within(name, list->v[i]))
            return true;
    return false;
}

static bool same_listed(const struct texts *list, const char *name)
{
    for (size_t i = 0; i < list->n; i++)
        if (name_equal(list->v[i], name))
            return true;
    return false;
}

static void check_policy(struct checking *c, const char *input, const struct name *name)
{
    const struct order *o = c->o;
    const char *d = name->domain;
    if (o->allowed_domains.n && !listed(&o->allowed_domains, d))
        problem(c, CODE_domain_not_allowed, NULL, "domain", input,
                "The container that orders may not order for this domain.",
                "Order from the container that owns the domain, or have it added to this one's domains.");
    if (listed(&o->disabled_domains, d))
        problem(c, CODE_disabled_domain, NULL, "domain", input, "The domain is deactivated in the account.",
                "Activate it again, then place the order.");
    if (listed(&o->protected_domains, d))
        problem(c, CODE_protected_domain, NULL, "domain", input,
                "The domain's owner has protected it against orders.",
                "Leave the domain out, or ask its owner.");
    if (listed(&o->locked_domains, d))
        problem(c, CODE_domain_locked, input, "domain", input, "The domain is locked to another account.",
                "Order from that account, or have the lock removed.");
    if (o->prevalidated_domains.n && !listed(&o->prevalidated_domains, d)) {
        problem(c, CODE_domains_not_prevalidated, input, "domain", input,
                "This order takes validated domains only, and this one is not validated yet.",
                "Validate the domain first, then place the order.");
        if (c->r->n)
            c->r->problems[c->r->n - 1].error.variable[1] = name->registrable ? name->registrable : d;
    }
}

static void check_name(struct checking *c, const char *input)
{
    struct name name;
    if (same_listed(&c->r->names, input) || name_read(c->a, input, strlen(input), &name))
        return;
    texts_add(c->a, &c->r->names, input);
    if (name.code != CODE_NONE) {
        problem(c, name.code, name.code == CODE_dns_invalid_domain ? input : NULL, "domain", input,
                arena_printf(c->a, "The name cannot be ordered: %s",
                             name.reason ? name.reason : "it is no public name."),
                name.suggestion ? arena_printf(c->a, "Most likely %s is meant.", name.suggestion)
                                : "Give a name under a public top-level domain.");
        return;
    }
    const char *method = c->o->dcv_method;
    enum method m;
    if (name.wildcard && method && method_parse(method, &m) && method_is_file(m))
        problem(c, CODE_invalid_wildcard_dcv_method, NULL, "method", method,
                "A file proves one host only, and this is a wildcard name.", "Choose a DNS method.");
    check_policy(c, input, &name);
}

static void check_names(struct checking *c)
{
    const char *cn = common_name(c);
    if (c->o->product != PRODUCT_TLS)
        return;
    if (cn && *cn)
        check_name(c, cn);
    for (size_t i = 0; c->r->has_csr && i < c->r->csr.names.n; i++)
        check_name(c, c->r->csr.names.v[i]);
    for (size_t i = 0; i < c->o->names.n; i++)
        check_name(c, c->o->names.v[i]);
    if (!cn || strncmp(cn, "*.", 2) != 0)
        return;
    for (size_t i = 0; i < c->r->names.n; i++)
        if (!name_within(c->r->names.v[i], cn + 2))
            problem(c, CODE_other_domain_on_wildcard, NULL, "san", c->r->names.v[i],
                    arena_printf(c->a, "A wildcard certificate for %s takes names at and below %s only.", cn,
                                 cn + 2),
                    "Leave the name out, or order a certificate for several domains.");
}

/* ---------------------------------------------------------------- a duplicate ------------------------ */

static bool csr_has(const struct csr *k, const char *name)
{
    return same_listed(&k->names, name) || (k->common_name && name_equal(k->common_name, name));
}

static void check_duplicate(struct checking *c)
{
    if (!c->o->original.n || csr_read(c->a, c->o->original, &c->original) || !c->r->has_csr)
        return;
    const struct csr *was = &c->original, *is = &c->r->csr;
    if (was->problem) {
        note(c, arena_printf(c->a, "The original CSR cannot be compared: %s.", was->problem));
        return;
    }
    const char *cn = common_name(c);
    if (was->common_name && (!cn || !name_equal(was->common_name, cn)))
        problem(
            c, CODE_invalid_common_name_on_duplicate, NULL, "common_name", cn,
            arena_printf(c->a, "A duplicate keeps the common name of the original, %s.", was->common_name),
            "Put that common name into the CSR.");
    for (size_t i = 0; i < was->names.n; i++)
        if (!csr_has(is, was->names.v[i]) && !same_listed(&c->o->names, was->names.v[i]))
            problem(c, CODE_missing_dns_name_on_duplicate, NULL, "san", was->names.v[i],
                    "A duplicate keeps all names of the original, and this one is missing.",
                    "Add the name to the request.");
    for (size_t i = 0; i < c->r->names.n; i++)
        if (!csr_has(was, c->r->names.v[i]) && !(cn && name_equal(cn, c->r->names.v[i])))
            problem(c, CODE_invalid_dns_name_on_duplicate, NULL, "san", c->r->names.v[i],
                    "A duplicate takes the names of the original only, and this one is new.",
                    "Leave the name out, or order a reissue or a new certificate.");
}

/* ---------------------------------------------------------------- the rest --------------------------- */

/* RFC 5322 3.4.1 without comments, quoted strings and literals: what mail systems take. */
static bool is_email(const char *s)
{
    static const char atom[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~";
    size_t n = 0;
    do {
        size_t len = strspn(s + n, atom);
        if (!len)
            return false;
        n += len;
    } while (s[n] == '.' && ++n);
    if (s[n] != '@' || n > 64)
        return false;
    const char *domain = s + n + 1;
    return name_is_host(domain) && name_labels(domain) >= 2;
}

static void check_email(struct checking *c)
{
    const char *email = c->o->email;
    if (!email)
        return;
    if (!is_email(email))
        problem(c, CODE_email_not_valid_email_format, NULL, "email", email,
                "The address is not of the form name@domain, with letters, digits and a few signs.",
                "Correct the address.");
    else if (c->o->validated_email_domains.n &&
             !listed(&c->o->validated_email_domains, strchr(email, '@') + 1))
        problem(c, CODE_email_domain_not_validated, NULL, "email", email,
                "The address's domain is not validated in the account.",
                "Validate the domain of the address first.");
}

/* A PEM block with a private key in it, of whatever kind (RFC 7468, and OpenSSL's older ones). */
static bool has_private_key(struct bytes text)
{
    static const char begin[] = "-----BEGIN ", end[] = "PRIVATE KEY-----";
    const char *p = (const char *)text.p, *stop = p + text.n;
    while ((p = memmem(p, (size_t)(stop - p), begin, sizeof begin - 1))) {
        p += sizeof begin - 1;
        const char *line = memchr(p, '\n', (size_t)(stop - p));
        if (memmem(p, (size_t)((line ? line : stop) - p), end, sizeof end - 1))
            return true;
    }
    return false;
}

static void check_secrets(struct checking *c)
{
    const struct {
        struct bytes text;
        const char *field;
    } where[] = {{c->o->note, "note"}, {c->o->csr, "csr"}};
    for (size_t i = 0; i < 2; i++)
        if (where[i].text.n && has_private_key(where[i].text))
            problem(c, CODE_note_contains_private_key, NULL, where[i].field, NULL,
                    "There is a private key in it; a private key must never leave its owner.",
                    "Take the key out. If it was sent to anybody already, make a new key and a new CSR.");
}

int order_check(struct arena *a, const struct order *o, struct order_report *ret)
{
    *ret = (struct order_report){0};
    struct checking c = {.a = a, .o = o, .r = ret};
    check_csr(&c);
    check_subject(&c);
    check_names(&c);
    check_duplicate(&c);
    check_email(&c);
    check_secrets(&c);
    if (o->dcv_method && !strcmp(o->dcv_method, "email") && o->token)
        problem(&c, CODE_invalid_dns_method, NULL, "method", o->dcv_method,
                "The order is validated by email, so there is no token to look for.",
                "Change the order's method to a DNS or file method, or answer the email.");
    return arena_full(a) ? -ENOMEM : 0;
}

/* ---------------------------------------------------------------- configuration ---------------------- */

struct reading {
    struct arena *a;
    struct order *o;
    const char *bad;
};

static int on_key(void *user, const char *section, const char *name, const char *value)
{
    struct reading *r = user;
    if (strcmp(section, "order") != 0)
        return 1;
    const struct {
        const char *name;
        struct texts *list;
    } lists[] = {
#define X(list) {#list, &r->o->list},
        ORDER_LISTS(X)
#undef X
    };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        if (strcmp(name, lists[i].name) != 0)
            continue;
        for (const char *p = value; *(p += strspn(p, " ,\t\n")); p += strcspn(p, " ,\t\n"))
            texts_add(r->a, lists[i].list, arena_strndup(r->a, p, strcspn(p, " ,\t\n")));
        return 1;
    }
    r->bad = arena_strdup(r->a, name);
    return 0;
}

int order_configure(struct arena *a, const char *text, struct order *o, unsigned *line, const char **key)
{
    struct reading r = {.a = a, .o = o};
    int rc = ini_parse_string(text, on_key, &r);
    if (arena_full(a))
        return -ENOMEM;
    if (!rc)
        return 0;
    *line = rc > 0 ? (unsigned)rc : 0;
    *key = r.bad ? r.bad : "?";
    return -EINVAL;
}
