#include "ca/csr.h"

#include "base/buf.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

enum { VALUE_SHOWN = 1000, NAME_SHOWN = 300, LABEL_MOST = 40 };

/* ---------------------------------------------------------------- the text around it ----------------- */

/* The next "-----BEGIN label-----" at or after *at: its label, LABEL_MOST + 1 bytes. False: there is none.
 * NULs are skipped, so that UTF-16 of ASCII letters reads like ASCII. */
static bool next_label(struct bytes text, size_t *at, char label[LABEL_MOST + 1])
{
    static const char begin[] = "-----BEGIN ", end[] = "-----";
    size_t matched = 0, n = 0;
    for (size_t i = *at; i < text.n; i++) {
        char c = (char)text.p[i];
        if (!c)
            continue;
        if (matched < sizeof begin - 1) {
            /* The mark begins with five dashes. A sixth dash keeps the match, one place further on; any other
             * byte that does not fit ends the match. */
            if (c == begin[matched])
                matched++;
            else if (c != '-')
                matched = 0;
            else if (matched != 5)
                matched = 1;
            n = 0;
            continue;
        }
        if (n < LABEL_MOST && ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ')) {
            label[n++] = c;
            continue;
        }
        matched = c == '-' ? 1 : 0;
        size_t dashes = 0;
        while (i < text.n && dashes < sizeof end - 1 && (text.p[i] == '-' || !text.p[i]))
            dashes += text.p[i++] == '-';
        if (dashes == sizeof end - 1) {
            label[n] = '\0';
            *at = i;
            return true;
        }
        matched = dashes;
        i--;
    }
    return false;
}

bool csr_private_key(struct bytes text)
{
    char label[LABEL_MOST + 1];
    for (size_t at = 0; next_label(text, &at, label);)
        if (strstr(label, "PRIVATE KEY"))
            return true;
    return false;
}

/* Why no request could be read, as far as the text of the file shows. */
static const char *unreadable(struct arena *a, struct bytes file)
{
    char label[LABEL_MOST + 1], first[LABEL_MOST + 1] = "";
    bool wide =
        file.n >= 2 && ((file.p[0] == 0xff && file.p[1] == 0xfe) || (file.p[0] == 0xfe && file.p[1] == 0xff));
    for (size_t at = 0; next_label(file, &at, label);) {
        if (!strcmp(label, "CERTIFICATE REQUEST") || !strcmp(label, "NEW CERTIFICATE REQUEST"))
            return wide ? "it is written as UTF-16; plain text (ASCII or UTF-8) is expected"
                        : "it has a BEGIN line of a request, but what follows is cut short or was changed: "
                          "base64 of "
                          "a PKCS#10 request and an END line of the same name are expected";
        if (!*first)
            memcpy(first, label, sizeof first);
    }
    if (*first)
        return arena_printf(
            a,
            "it holds a block of the kind \"%s\"; one that begins with \"-----BEGIN CERTIFICATE "
            "REQUEST-----\" is expected",
            first);
    if (file.n > 3 && !memcmp(file.p, "MII", 3))
        return "its BEGIN and END lines are missing";
    return "it is neither a PEM text that begins with \"-----BEGIN CERTIFICATE REQUEST-----\" nor a PKCS#10 "
           "request "
           "in DER";
}

/* ---------------------------------------------------------------- reading ---------------------------- */

/* There is no key for an encrypted block; without this callback OpenSSL would ask for one on the terminal. */
static int no_password(char *buf, int size, int writing, void *user)
{
    (void)buf, (void)size, (void)writing, (void)user;
    return -1;
}

/* The first request of a PEM text, or DER. Text around the PEM block is ignored, because people send whole
 * files. */
static X509_REQ *decode(struct bytes file, bool *der)
{
    BIO *b = BIO_new_mem_buf(file.p, (int)file.n);
    X509_REQ *req = b ? PEM_read_bio_X509_REQ(b, NULL, no_password, NULL) : NULL;
    BIO_free(b);
    if (req)
        return req;
    const unsigned char *p = file.p;
    req = d2i_X509_REQ(NULL, &p, (long)file.n);
    *der = req != NULL;
    if (req && p != file.p + file.n) {
        X509_REQ_free(req);
        req = NULL;
    }
    return req;
}

static const char *curve_name(EVP_PKEY *key)
{
    static const struct {
        const char *openssl, *usual;
    } known[] = {{"prime256v1", "P-256"}, {"secp384r1", "P-384"}, {"secp521r1", "P-521"}};
    char name[64] = "";
    size_t n = 0;
    if (!EVP_PKEY_get_group_name(key, name, sizeof name, &n))
        return NULL;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(name, known[i].openssl))
            return known[i].usual;
    return OBJ_nid2sn(OBJ_txt2nid(name)); /* a static text, unlike the buffer in this function */
}

static const char *read_key(struct arena *a, X509_REQ *req, struct csr *c)
{
    EVP_PKEY *key = X509_REQ_get0_pubkey(req);
    if (!key)
        return "its public key is damaged or of an unknown kind";
    if (X509_REQ_verify(req, key) != 1)
        return "its own signature does not hold, so it was changed after it was made";
    c->bits = (unsigned)EVP_PKEY_get_bits(key);
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS:
        c->key = CSR_KEY_RSA;
        c->key_text = arena_printf(a, "RSA %u", c->bits);
        break;
    case EVP_PKEY_EC:
        c->key = CSR_KEY_EC;
        c->curve = curve_name(key);
        c->key_text = arena_printf(a, "EC %s", c->curve ? c->curve : "with a curve that it does not name");
        break;
    default:
        c->key = CSR_KEY_OTHER;
        c->key_text = arena_printf(a, "%s %u", OBJ_nid2sn(EVP_PKEY_get_base_id(key)), c->bits);
        break;
    }
    return NULL;
}

static const char *field_name(struct arena *a, const ASN1_OBJECT *type)
{
    char oid[80];
    int nid = OBJ_obj2nid(type);
    if (nid != NID_undef)
        return OBJ_nid2sn(nid);
    return OBJ_obj2txt(oid, sizeof oid, type, 1) > 0 ? arena_strdup(a, oid) : "?";
}

static bool has_control(const char *p, size_t n)
{
    for (size_t i = 0, step; i < n; i += step) {
        uint32_t c;
        step = text_utf8(p + i, n - i, &c);
        if (!step || text_is_control(c))
            return true;
    }
    return false;
}

static const char *read_subject(struct arena *a, X509_REQ *req, struct csr *c)
{
    const X509_NAME *subject = X509_REQ_get_subject_name(req);
    int n = X509_NAME_entry_count(subject);
    if (n <= 0)
        return "its subject is empty";
    c->subject = arena_array(a, (size_t)n, sizeof *c->subject);
    for (int i = 0; c->subject && i < n; i++) {
        X509_NAME_ENTRY *e = X509_NAME_get_entry(subject, i);
        struct csr_field *f = &c->subject[c->n_subject++];
        unsigned char *utf8 = NULL;
        int len = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(e));
        f->name = field_name(a, X509_NAME_ENTRY_get_object(e));
        if (len < 0)
            return arena_printf(a, "the field %s of its subject is no readable text",
                                f->name ? f->name : "?");
        f->value = text_escape(a, (char *)utf8, (size_t)len, VALUE_SHOWN);
        f->characters = text_characters((char *)utf8, (size_t)len);
        f->control = has_control((char *)utf8, (size_t)len);
        OPENSSL_free(utf8);
        if (!c->common_name && f->name && !strcmp(f->name, SN_commonName))
            c->common_name = f->value;
    }
    return NULL;
}

static bool add_name(struct arena *a, struct csr *c, const GENERAL_NAME *g)
{
    const ASN1_STRING *s = NULL;
    const char *kind = "", *shown;
    switch (g->type) { /* OpenSSL's numbers: those of RFC 5280 4.2.1.6 */
    case GEN_DNS:
        s = g->d.dNSName;
        break;
    case GEN_EMAIL:
        s = g->d.rfc822Name, kind = "email:";
        break;
    case GEN_URI:
        s = g->d.uniformResourceIdentifier, kind = "URI:";
        break;
    case GEN_IPADD: {
        char text[INET6_ADDRSTRLEN];
        int n = ASN1_STRING_length(g->d.iPAddress);
        int family = n == 4 ? AF_INET : AF_INET6;
        if ((n == 4 || n == 16) &&
            inet_ntop(family, ASN1_STRING_get0_data(g->d.iPAddress), text, sizeof text))
            return texts_add(a, &c->names, arena_strdup(a, text));
        return texts_add(a, &c->other_names, "IP:?");
    }
    default:
        return texts_add(a, &c->other_names, "another kind of name");
    }
    shown = text_escape(a, (const char *)ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s), NAME_SHOWN);
    if (!*kind)
        return shown && texts_add(a, &c->names, shown);
    return shown && texts_add(a, &c->other_names, arena_printf(a, "%s%s", kind, shown));
}

static const char *read_names(struct arena *a, X509_REQ *req, struct csr *c)
{
    STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(req);
    int found = -1;
    GENERAL_NAMES *names = X509V3_get_d2i(extensions, NID_subject_alt_name, &found, NULL);
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names); i++)
        if (!add_name(a, c, sk_GENERAL_NAME_value(names, i)))
            break; /* the arena is full; csr_read checks for that */
    GENERAL_NAMES_free(names);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    if (!names && found != -1) /* -1: there is no such extension */
        return found == -2 ? "it has more than one list of subject alternative names"
                           : "its list of subject alternative names cannot be read";
    return NULL;
}

int csr_read(struct arena *a, struct bytes file, struct csr *ret)
{
    struct csr c = {0};
    X509_REQ *req = NULL;
    ERR_set_mark();
    if (!file.n)
        c.problem = "the file is empty";
    else if (file.n > CSR_MOST)
        c.problem = "it is larger than 64 KiB, which no request is";
    else if (!(req = decode(file, &c.der)))
        c.problem = c.der ? "bytes follow behind the end of the request" : unreadable(a, file);
    else if (!(c.problem = read_key(a, req, &c)) && !(c.problem = read_subject(a, req, &c)))
        c.problem = read_names(a, req, &c);
    c.readable = req != NULL;
    X509_REQ_free(req);
    ERR_pop_to_mark(); /* a broken input is reported in ret->problem, not in OpenSSL's queue of errors */
    if (arena_full(a))
        return -ENOMEM;
    if (c.problem)
        c = (struct csr){.problem = c.problem, .readable = c.readable};
    *ret = c;
    return 0;
}
