#include "wire/dnssec_verify.h"

#include "wire/name.h"
#include "wire/wire.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- what was signed -------------------- */

struct message {
    uint8_t *p;
    size_t n;
};

static void put(struct message *m, const void *p, size_t n)
{
    if (n)
        memcpy(m->p + m->n, p, n);
    m->n += n;
}

static void put_be(struct message *m, uint32_t v, unsigned size)
{
    while (size--)
        m->p[m->n++] = (uint8_t)(v >> 8 * size);
}

/* The owner as it was signed, in lower case. For a name that a wildcard made: "*." and the last RRSIG.labels labels
 * (RFC 4035 5.3.2). Returns its length, 0 where RRSIG.labels is more than the name has. */
static size_t signed_owner(const char *owner, unsigned labels, uint8_t out[WIRE_NAME_MOST])
{
    uint8_t wire[WIRE_NAME_MOST];
    int n = wire_name_from_text(owner, wire);
    unsigned have = name_labels(owner), star = have && wire[0] == 1 && wire[1] == '*';
    if (n < 0 || labels > have - star)
        return 0;
    wire_name_lower(wire, (size_t)n);
    const uint8_t *p = wire;
    if (labels == have - star) {
        memcpy(out, wire, (size_t)n);
        return (size_t)n;
    }
    for (; have > labels; have--)
        p += *p + 1;
    memcpy(out, "\1*", 2);
    size_t rest = (size_t)n - (size_t)(p - wire);
    memcpy(out + 2, p, rest);
    return rest + 2;
}

static int compare(const void *a, const void *b)
{
    const struct bytes *x = a, *y = b;
    int c = memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);
    return c ? c : x->n < y->n ? -1 : x->n > y->n;
}

/* RFC 4034 3.1.8.1: the RRSIG's rdata without the signature, then the records in canonical order. */
static bool message_of(struct arena *a, const struct rrsig *s, const struct rr *const *set, size_t n,
                       struct message *m)
{
    uint8_t owner[WIRE_NAME_MOST], signer[WIRE_NAME_MOST];
    size_t len = n ? signed_owner(set[0]->owner, s->labels, owner) : 0;
    int signer_len = wire_name_from_text(s->signer, signer);
    struct bytes *data = arena_array(a, n, sizeof *data);
    if (!len || signer_len < 0 || !data)
        return false;
    size_t room = s->head.n;
    for (size_t i = 0; i < n; i++) {
        data[i] = rr_canonical(a, set[i]);
        if (!data[i].p)
            return false;
        room += len + 10 + data[i].n;
    }
    qsort(data, n, sizeof *data, compare);
    m->p = arena_alloc(a, room);
    if (!m->p)
        return false;
    wire_name_lower(signer, (size_t)signer_len);
    put(m, s->head.p, s->head.n - (size_t)signer_len);
    put(m, signer, (size_t)signer_len);
    for (size_t i = 0; i < n; i++) {
        if (i && !compare(&data[i - 1], &data[i]))
            continue; /* repeated records are signed once */
        put(m, owner, len);
        put_be(m, set[0]->type, 2);
        put_be(m, set[0]->class, 2);
        put_be(m, s->ttl, 4);
        put_be(m, (uint32_t)data[i].n, 2);
        put(m, data[i].p, data[i].n);
    }
    return true;
}

/* ---------------------------------------------------------------- keys and signatures ---------------- */

static EVP_PKEY *key_from(const char *type, OSSL_PARAM_BLD *b)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(b);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (!params || !ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    return key;
}

/* RFC 3110 2: the length of the exponent is one byte, or a zero and two bytes. */
static EVP_PKEY *rsa_key(struct bytes k)
{
    size_t at = 1, len = k.n ? k.p[0] : 0;
    if (!len && k.n >= 3) {
        len = (size_t)k.p[1] << 8 | k.p[2];
        at = 3;
    }
    /* RFC 3110 2: keys have at most 4096 bits; validators refuse longer ones. */
    if (!len || len >= k.n || at + len >= k.n || k.n - at - len > 512)
        return NULL;
    EVP_PKEY *key = NULL;
    OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    BIGNUM *e = BN_bin2bn(k.p + at, (int)len, NULL);
    BIGNUM *n = BN_bin2bn(k.p + at + len, (int)(k.n - at - len), NULL);
    if (b && e && n && OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, n) &&
        OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, e))
        key = key_from("RSA", b);
    OSSL_PARAM_BLD_free(b);
    BN_free(e);
    BN_free(n);
    return key;
}

/* RFC 6605 4: the key is an uncompressed point without its first byte, which marks it as uncompressed. */
static EVP_PKEY *curve_key(struct bytes k, const char *group, size_t size)
{
    unsigned char point[97] = {POINT_CONVERSION_UNCOMPRESSED};
    EVP_PKEY *key = NULL;
    if (k.n != 2 * size)
        return NULL;
    memcpy(point + 1, k.p, k.n);
    OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    if (b && OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) &&
        OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, point, k.n + 1))
        key = key_from("EC", b);
    OSSL_PARAM_BLD_free(b);
    return key;
}

/* Converts the two numbers of RFC 6605 4 to DER for libcrypto. NULL where the signature has another length. */
static unsigned char *curve_signature(struct bytes s, size_t size, int *len)
{
    unsigned char *der = NULL;
    if (s.n != 2 * size)
        return NULL;
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(s.p, (int)size, NULL), *t = BN_bin2bn(s.p + size, (int)size, NULL);
    if (sig && r && t && ECDSA_SIG_set0(sig, r, t)) {
        r = t = NULL; /* sig owns them now */
        *len = i2d_ECDSA_SIG(sig, &der);
    }
    BN_free(r);
    BN_free(t);
    ECDSA_SIG_free(sig);
    return der;
}

static enum sig_check verify(EVP_PKEY *key, const EVP_MD *md, const unsigned char *sig, size_t n,
                             const struct message *m)
{
    EVP_MD_CTX *ctx = key ? EVP_MD_CTX_new() : NULL;
    enum sig_check ret = SIG_CHECK_UNKNOWN;
    if (ctx && EVP_DigestVerifyInit(ctx, NULL, md, NULL, key) == 1)
        ret = EVP_DigestVerify(ctx, sig, n, m->p, m->n) == 1 ? SIG_CHECK_GOOD : SIG_CHECK_BAD;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    ERR_clear_error(); /* a bad signature is a result, not an error: TLS on this thread must not see it */
    return ret;
}

enum sig_check rrsig_check(struct arena *a, const struct rrsig *s, const struct dnskey *k,
                           const struct rr *const *set, size_t n)
{
    struct message m = {0};
    if (!message_of(a, s, set, n, &m))
        return SIG_CHECK_UNKNOWN;
    switch (s->algorithm) {
    case 8:
    case 10:
        return verify(rsa_key(k->key), s->algorithm == 8 ? EVP_sha256() : EVP_sha512(), s->signature.p,
                      s->signature.n, &m);
    case 13:
    case 14: {
        size_t size = s->algorithm == 13 ? 32 : 48;
        int len = 0;
        unsigned char *der = curve_signature(s->signature, size, &len);
        if (!der)
            return SIG_CHECK_BAD;
        enum sig_check ret = verify(curve_key(k->key, size == 32 ? "P-256" : "P-384", size),
                                    size == 32 ? EVP_sha256() : EVP_sha384(), der, (size_t)len, &m);
        OPENSSL_free(der);
        return ret;
    }
    case 15:
    case 16:
        return verify(EVP_PKEY_new_raw_public_key(s->algorithm == 15 ? EVP_PKEY_ED25519 : EVP_PKEY_ED448,
                                                  NULL, k->key.p, k->key.n),
                      NULL, s->signature.p, s->signature.n, &m);
    }
    return SIG_CHECK_UNKNOWN;
}
