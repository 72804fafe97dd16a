/* order_fields.c - checks the fields of an order other than its domains: CSR, subject, email addresses, note.
 */
#include "ca/order_inner.h"

#include "wire/name.h"
#include "wire/name_read.h"

#include <string.h>
#include <strings.h>

/* ub-common-name, ub-organization-name and ub-organizational-unit-name of RFC 5280 appendix A.1, in
 * characters; also the API's limit for every line of a postal address. */
enum { FIELD_MOST = 64 };

/* A value of the subject, from the CSR or from the request. */
struct value {
    const char *shown;
    size_t characters;
    bool control;
    const char *from; /* "the CSR" or "the request" */
};

static struct value typed(struct checking *c, const char *text)
{
    struct value v = {order_shown(c, text), text_characters(text, strlen(text)), false, "the request"};
    for (size_t i = 0, n = strlen(text), step; i < n; i += step) {
        uint32_t point;
        step = text_utf8(text + i, n - i, &point);
        if (step && !text_is_control(point))
            continue;
        v.control = true;
        break;
    }
    return v;
}

static struct value of_csr(const struct csr_field *f)
{
    return (struct value){f->value, f->characters, f->control, "the CSR"};
}

/* ---------------------------------------------------------------- the CSR's key ---------------------- */

static bool rsa_of(const struct csr *k, unsigned least)
{
    return k->key == CSR_KEY_RSA && k->bits >= least;
}

/* True for NIST's curves, the only ones that public certificates may use (BR 6.1.5). */
static bool nist_curve(const struct csr *k)
{
    return k->curve && !strncmp(k->curve, "P-", 2);
}

static void check_key(struct checking *c)
{
    const struct csr *k = &c->r->csr;
    bool p256 = k->curve && !strcmp(k->curve, "P-256");
#define REFUSE(code, expected, fix)                                                                          \
    order_problem(c, code, NULL, "csr", k->key_text,                                                         \
                  arena_printf(c->a, "The CSR's key is %s; expected is " expected ".", k->key_text), fix)
    switch (c->o->product) {
    case PRODUCT_TLS:
        if (!rsa_of(k, 2048) && !nist_curve(k))
            order_note(
                c, arena_printf(c->a,
                                "The CSR's key is %s. Public TLS certificates take RSA of 2048 bits or more, "
                                "or EC P-256, P-384 or P-521 (BR 6.1.5); no code of its own stands for this.",
                                k->key_text));
        break;
    case PRODUCT_CLIENT:
        if (k->key == CSR_KEY_RSA && k->bits != 2048 && k->bits != 3072 && k->bits != 4096)
            REFUSE(CODE_csr_invalid_key_size_client_cert, "RSA 2048, 3072 or 4096 for a client certificate",
                   "Make a new key of one of these sizes and a new CSR with it, for example: openssl req "
                   "-new -newkey "
                   "rsa:3072 -keyout client.key -out client.csr");
        break;
    case PRODUCT_CODE_SIGNING:
        if (!rsa_of(k, 3072) && !nist_curve(k))
            REFUSE(CODE_csr_invalid_key_size_code_signing,
                   "RSA of 3072 bits or more, or EC P-256 or larger, for code signing",
                   "Make a larger key where it is to stay (token or HSM), and a new CSR with it.");
        break;
    case PRODUCT_SAFENET_CC:
        if (!(k->key == CSR_KEY_RSA && k->bits == 4096) && !p256)
            REFUSE(CODE_csr_safenet_cc_invalid_csr_key_size,
                   "RSA 4096 or EC P-256 for a SafeNet eToken 5110 CC",
                   "Make a key of one of these two kinds on the token, and a new CSR with it.");
        break;
    case PRODUCT_SAFENET_FIPS:
        if (k->key != CSR_KEY_EC)
            REFUSE(
                CODE_csr_safenet_fips_requires_ecc_key,
                "an elliptic-curve key for a SafeNet eToken 5110 FIPS",
                "Make an EC key on the token and a new CSR with it, or order for a platform that takes RSA.");
        break;
    }
#undef REFUSE
}

void order_check_csr(struct checking *c)
{
    const struct order *o = c->o;
    struct csr *csr = &c->r->csr;
    c->common_name = order_shown(c, o->common_name);
    if (!o->csr.p || csr_read(c->a, o->csr, csr))
        return;
    if (csr->problem) {
        order_problem(
            c, CODE_csr_invalid_cannot_parse, NULL, "csr", NULL,
            arena_printf(c->a, "The CSR cannot be used: %s.", csr->problem),
            "Make the CSR again (openssl req -new -key KEYFILE -out FILE) and send that file whole and "
            "unchanged; openssl req -in FILE -noout -verify -text shows what is in it.");
        return;
    }
    c->r->has_csr = true;
    if (!c->common_name)
        c->common_name = csr->common_name;
    if (csr->der)
        order_note(
            c,
            "The CSR is in binary form (DER). The API takes it as PEM text: openssl req -inform DER -in FILE "
            "-out FILE.pem");
    check_key(c);
}

/* ---------------------------------------------------------------- the subject ------------------------ */

static void at_limit(struct checking *c, const char *what)
{
    order_note(
        c, arena_printf(c->a,
                        "%s has exactly 64 characters: RFC 5280 allows that, but the CA's document asks for "
                        "less than 64, so it may be refused.",
                        what));
}

static void check_common_name(struct checking *c, struct value v)
{
    if (v.characters > FIELD_MOST)
        order_problem(
            c, CODE_rfc5280_common_name_too_long, NULL, "common_name", v.shown,
            arena_printf(c->a, "The common name in %s has %zu characters; 64 are the most.", v.from,
                         v.characters),
            "Put a shorter name of the order there and keep the long one among the subject alternative "
            "names, where 253 characters are allowed.");
    else if (v.characters == FIELD_MOST)
        at_limit(c, "The common name");
    struct name name = {0};
    const char *why = !*v.shown ? "it is empty" : v.control ? "it holds control characters" : NULL;
    if (!why && c->o->product == PRODUCT_TLS) {
        if (name_read(c->a, v.shown, strlen(v.shown), &name))
            return;
        why = name.code == CODE_dns_invalid_domain ? name.reason : NULL;
    }
    if (why)
        order_problem(
            c, CODE_rfc5280_common_name_invalid, NULL, "common_name", v.shown,
            arena_printf(c->a, "The common name in %s cannot stand in a certificate: %s.", v.from, why),
            name.suggestion ? arena_printf(c->a,
                                           "Put one of the ordered names there; most likely %s is "
                                           "meant.",
                                           name.suggestion)
                            : "Put one of the ordered names there, letter by letter.");
}

/* "Only metadata such as '.', '-' and ' ' characters, or any other indication that the value is absent" may
 * not stand in a subject (BR 7.1.2). */
static bool is_filler(const char *s)
{
    static const char *const words[] = {"n/a", "none", "null", "not applicable"};
    if (!s[strspn(s, " .-_/*?")])
        return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcasecmp(s, words[i]))
            return true;
    return false;
}

/* The fields of a subject that this file has rules for. */
static const struct rule {
    const char *name; /* the name of the field as in struct csr_field */
    const char *field, *what;
    enum code too_long, invalid;
    const char *standard; /* the limit of RFC 5280, in characters, where it is not the API's 64 */
    const char *shorten;
} rules[] = {
    {"O", "organization", "The organization's name", CODE_rfc5280_org_name_too_long, CODE_rfc5280_org_invalid,
     NULL,
     "Agree on a shorter form with the CA's validation team; the usual abbreviations are accepted, and for "
     "EV an "
     "assumed name counts as well."},
    {"OU", "org_unit", "The organizational unit", CODE_rfc5280_org_unit_too_long,
     CODE_rfc5280_org_unit_invalid, NULL,
     "Shorten it or leave it out: public TLS certificates carry no organizational unit any more."},
    {"L", "address", "The city", CODE_rfc5280_address_field_too_long, CODE_rfc5280_org_invalid,
     "RFC 5280 allows 128", "Shorten it in the organization's record and in the CSR."},
    {"ST", "address", "The state or province", CODE_rfc5280_address_field_too_long, CODE_rfc5280_org_invalid,
     "RFC 5280 allows 128", "Shorten it in the organization's record and in the CSR."},
    {"street", "address", "The street", CODE_rfc5280_address_field_too_long, CODE_rfc5280_org_invalid,
     "RFC 5280 sets no limit, X.520 allows 128", "Shorten it, or spread it over two address lines."},
    {"postalCode", "address", "The postal code", CODE_rfc5280_address_field_too_long,
     CODE_rfc5280_org_invalid, "RFC 5280 sets no limit for it in a subject, X.520 allows 40",
     "Give the postal code alone."},
    {"", "address", "A line of the address", CODE_rfc5280_address_field_too_long, CODE_rfc5280_org_invalid,
     "RFC 5280 allows 128 for city and state", "Shorten it, or spread it over two address lines."},
};

static void check_field(struct checking *c, const char *name, struct value v)
{
    const struct rule *r = NULL;
    for (size_t i = 0; !r && i < sizeof rules / sizeof *rules; i++)
        if (!strcmp(name, rules[i].name))
            r = &rules[i];
    if (!r)
        return;
    if (v.characters > FIELD_MOST)
        order_problem(c, r->too_long, NULL, r->field, v.shown,
                      arena_printf(c->a, "%s in %s has %zu characters; the API takes 64 at most%s%s%s.",
                                   r->what, v.from, v.characters, r->standard ? " (" : "",
                                   r->standard ? r->standard : "", r->standard ? ")" : ""),
                      r->shorten);
    else if (v.characters == FIELD_MOST)
        at_limit(c, r->what);
    if (v.control)
        order_problem(c, r->invalid, NULL, r->field, v.shown,
                      arena_printf(c->a,
                                   "%s in %s holds control characters; plain text in one line is expected.",
                                   r->what, v.from),
                      "Type it again by hand: line ends and tabs come along with a paste.");
    else if (is_filler(v.shown))
        order_problem(c, r->invalid, NULL, r->field, v.shown,
                      arena_printf(c->a, "%s in %s is %s in place of a value.", r->what, v.from,
                                   *v.shown ? "a filler" : "empty"),
                      "Give the real value, or leave the field out altogether.");
}

/* countryName is two letters, ISO 3166 (RFC 5280 appendix A.1: SIZE (2)). */
static void check_country(struct checking *c, struct value v)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    if (v.characters == 2 && strspn(v.shown, letters) == 2)
        return;
    order_problem(c, CODE_rfc5280_org_invalid, NULL, "country", v.shown,
                  arena_printf(c->a, "The country in %s is no code of two letters.", v.from),
                  "Give the country's code by ISO 3166, such as DE, GB or US.");
}

void order_check_subject(struct checking *c)
{
    const struct order *o = c->o;
    const struct csr *csr = &c->r->csr;
    if (o->common_name)
        check_common_name(c, typed(c, o->common_name));
    for (size_t i = 0; c->r->has_csr && i < csr->n_subject; i++) {
        const struct csr_field *f = &csr->subject[i];
        if (!strcmp(f->name, "C"))
            check_country(c, of_csr(f));
        else if (strcmp(f->name, "CN") != 0)
            check_field(c, f->name, of_csr(f));
        else if (!o->common_name)
            check_common_name(c, of_csr(f));
    }
    if (o->organization)
        check_field(c, "O", typed(c, o->organization));
    for (size_t i = 0; i < o->org_units.n; i++)
        check_field(c, "OU", typed(c, o->org_units.v[i]));
    for (size_t i = 0; i < o->addresses.n; i++)
        check_field(c, "", typed(c, o->addresses.v[i]));
}

/* ---------------------------------------------------------------- email ------------------------------ */

/* What is wrong with an address, or NULL: dot-atom, @, a host name of two labels or more (RFC 5322 3.4.1
 * without quoted text, comments and literals; lengths by RFC 5321 4.5.3.1). */
static const char *email_problem(const char *s)
{
    static const char atom[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~";
    const char *at = strchr(s, '@');
    if (!*s)
        return "it is empty";
    if (!at)
        return "it has no @";
    if (strchr(at + 1, '@'))
        return "it has more than one @";
    if (at == s)
        return "nothing stands before the @";
    if (at - s > 64)
        return "more than 64 characters stand before the @";
    for (const char *p = s; p <= at; p++) {
        size_t n = strspn(p, atom);
        p += n;
        if (*p != '.' && *p != '@')
            return "before the @ stands a character that an address does not have, such as a blank, a comma "
                   "or a "
                   "bracket";
        if (!n)
            return "before the @ a dot stands first, last or beside another";
    }
    if (!name_is_host(at + 1) || at[strlen(at) - 1] == '.')
        return "what follows the @ is no domain name: letters, digits and inner hyphens with single dots "
               "between are "
               "expected";
    if (name_labels(at + 1) < 2)
        return "the domain behind the @ is a single label; one such as example.com is expected";
    return NULL;
}

void order_check_emails(struct checking *c)
{
    for (size_t i = 0; i < c->o->emails.n; i++) {
        const char *email = c->o->emails.v[i], *shown = order_shown(c, email), *why = email_problem(email);
        if (why) {
            order_problem(c, CODE_email_not_valid_email_format, NULL, "email", shown,
                          arena_printf(c->a, "The text is no email address: %s.", why),
                          "Give one bare address of the form name@example.com, without a display name.");
            continue;
        }
        const char *domain = strchr(email, '@') + 1;
        if (c->o->validated_email_domains.n && !order_listed(&c->o->validated_email_domains, domain, false))
            order_problem(
                c, CODE_email_domain_not_validated, NULL, "email", shown,
                arena_printf(c->a,
                             "The address lies in %s, which is not on the list "
                             "validated_email_domains.",
                             order_shown(c, domain)),
                "Validate that domain in the account first, or use an address in one that is validated.");
    }
}

/* ---------------------------------------------------------------- keys in the wrong place ------------ */

void order_check_secrets(struct checking *c)
{
    if (csr_private_key(c->o->note))
        order_problem(
            c, CODE_note_contains_private_key, NULL, "note", NULL,
            "The note holds a PEM block of a private key; a private key must never leave its owner.",
            "Take the block out. If it was sent to anybody already, make a new key and have certificates "
            "with the old one replaced and revoked.");
    if (csr_private_key(c->o->csr))
        order_problem(
            c, CODE_note_contains_private_key, NULL, "csr", NULL,
            "The file of the CSR holds a PEM block of a private key beside it; only the request may be "
            "sent.",
            "Send the block from BEGIN CERTIFICATE REQUEST to END CERTIFICATE REQUEST alone. If the file was "
            "sent to anybody already, make a new key and a new CSR.");
}
