#include "csr.h"

#include "name.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

enum { CSR_MOST = 65536 };

/* The first request of a PEM text, or DER. What stands around the block is no hindrance: people send whole
 * files. */
static X509_REQ *decode(struct bytes file)
{
    BIO *b = BIO_new_mem_buf(file.p, (int)file.n);
    X509_REQ *req = b ? PEM_read_bio_X509_REQ(b, NULL, NULL, NULL) : NULL;
    BIO_free(b);
    if (!req) {
        const unsigned char *p = file.p;
        req = d2i_X509_REQ(NULL, &p, (long)file.n);
    }
    ERR_clear_error(); /* what was wrong with the input is data, not a fault of ours */
    return req;
}

static const char *signature_problem(X509_REQ *req)
{
    EVP_PKEY *key = X509_REQ_get0_pubkey(req);
    const char *ret = !key ? "its public key cannot be read"
                      : X509_REQ_verify(req, key) != 1
                          ? "its own signature does not hold, so it was changed after it was made"
                          : NULL;
    ERR_clear_error();
    return ret;
}

static void read_key(struct arena *a, X509_REQ *req, struct csr *c)
{
    EVP_PKEY *key = X509_REQ_get0_pubkey(req);
    char curve[64] = "";
    size_t n = 0;
    c->bits = (unsigned)EVP_PKEY_get_bits(key);
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS:
        c->key = CSR_KEY_RSA;
        c->key_text = arena_printf(a, "RSA %u", c->bits);
        break;
    case EVP_PKEY_EC:
        c->key = CSR_KEY_EC;
        if (!EVP_PKEY_get_group_name(key, curve, sizeof curve, &n))
            curve[0] = 0;
        c->key_text = arena_printf(a, "EC %s", !strcmp(curve, "prime256v1") ? "P-256" : curve);
        break;
    default:
        c->key = CSR_KEY_OTHER;
        c->key_text = arena_printf(a, "%s %u", OBJ_nid2sn(EVP_PKEY_get_base_id(key)), c->bits);
        break;
    }
}

static size_t characters(const unsigned char *p, int n)
{
    size_t count = 0;
    for (int i = 0; i < n; i++)
        count += (p[i] & 0xc0) != 0x80; /* all but the tails of UTF-8 */
    return count;
}

static void read_subject(struct arena *a, const X509_NAME *name, struct csr *c)
{
    int n = X509_NAME_entry_count(name);
    c->subject = arena_array(a, n > 0 ? (size_t)n : 0, sizeof *c->subject);
    for (int i = 0; c->subject && i < n; i++) {
        const X509_NAME_ENTRY *e = X509_NAME_get_entry(name, i);
        int nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(e));
        unsigned char *utf8 = NULL;
        int len = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(e));
        if (len < 0)
            continue;
        const char *value = arena_strndup(a, utf8, (size_t)len);
        c->subject[c->n_subject++] =
            (struct csr_field){nid == NID_undef ? "?" : OBJ_nid2sn(nid), value, characters(utf8, len)};
        if (nid == NID_commonName && !c->common_name)
            c->common_name = value;
        OPENSSL_free(utf8);
    }
    ERR_clear_error();
}

static void read_names(struct arena *a, X509_REQ *req, struct csr *c)
{
    STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(req);
    GENERAL_NAMES *names = X509V3_get_d2i(extensions, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *g = sk_GENERAL_NAME_value(names, i);
        if (g->type != GEN_DNS)
            continue;
        const char *name = text_escape(a, (const char *)ASN1_STRING_get0_data(g->d.dNSName),
                                       (size_t)ASN1_STRING_length(g->d.dNSName), 300);
        if (name)
            texts_add(a, &c->names, name);
    }
    GENERAL_NAMES_free(names);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    ERR_clear_error();
}

int csr_read(struct arena *a, struct bytes file, struct csr *ret)
{
    struct csr c = {0};
    X509_REQ *req = file.n <= CSR_MOST ? decode(file) : NULL;
    if (!file.n)
        c.problem = "the file is empty";
    else if (file.n > CSR_MOST)
        c.problem = "it is larger than 64 KiB";
    else if (!req)
        c.problem = "it is neither PEM nor DER of a PKCS#10 request";
    else
        c.problem = signature_problem(req);
    if (!c.problem && !X509_NAME_entry_count(X509_REQ_get_subject_name(req)))
        c.problem = "its subject is empty";
    if (!c.problem) {
        read_key(a, req, &c);
        read_subject(a, X509_REQ_get_subject_name(req), &c);
        read_names(a, req, &c);
    }
    X509_REQ_free(req);
    if (arena_full(a))
        return -ENOMEM;
    *ret = c;
    return 0;
}
