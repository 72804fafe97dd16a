#include "wire/dnssec_rr.h"

#include "base/be.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <openssl/evp.h>
#include <string.h>

/* Bytes of the fixed fields at the start of the rdata. DNSKEY: flags, protocol, algorithm. DS: tag, algorithm, digest
 * type. RRSIG: all fields before the signer's name. */
enum { DNSKEY_HEAD = 4, DS_HEAD = 4, RRSIG_HEAD = 18, RSAMD5 = 1 };

/* RFC 4034 appendix B; B.1 for algorithm 1. */
static uint16_t key_tag(const struct rr *rr)
{
    const uint8_t *p = rr->rdata;
    size_t n = rr->rdlen;
    if (p[3] == RSAMD5)
        return n >= DNSKEY_HEAD + 3 ? be16(p + n - 3) : 0;
    uint32_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
    return (uint16_t)(sum + (sum >> 16));
}

bool dnskey_read(const struct rr *rr, struct dnskey *ret)
{
    const uint8_t *p = rr->rdata;
    if (rr->type != RR_DNSKEY || rr->defect || rr->rdlen <= DNSKEY_HEAD)
        return false;
    *ret = (struct dnskey){.rr = rr,
                           .flags = be16(p),
                           .protocol = p[2],
                           .algorithm = p[3],
                           .tag = key_tag(rr),
                           .key = {p + DNSKEY_HEAD, rr->rdlen - (size_t)DNSKEY_HEAD}};
    return true;
}

bool ds_read(const struct rr *rr, struct ds *ret)
{
    const uint8_t *p = rr->rdata;
    if (rr->type != RR_DS || rr->defect || rr->rdlen <= DS_HEAD)
        return false;
    *ret = (struct ds){.rr = rr,
                       .tag = be16(p),
                       .algorithm = p[2],
                       .digest_type = p[3],
                       .digest = {p + DS_HEAD, rr->rdlen - (size_t)DS_HEAD}};
    return true;
}

bool rrsig_read(struct arena *a, const struct rr *rr, struct rrsig *ret)
{
    const uint8_t *p = rr->rdata;
    size_t used;
    if (rr->type != RR_RRSIG || rr->defect || rr->rdlen <= RRSIG_HEAD)
        return false;
    const char *signer = wire_name_to_text(a, p + RRSIG_HEAD, rr->rdlen - (size_t)RRSIG_HEAD, &used);
    if (!signer)
        return false;
    size_t head = RRSIG_HEAD + used;
    *ret = (struct rrsig){.rr = rr,
                          .covered = be16(p),
                          .algorithm = p[2],
                          .labels = p[3],
                          .ttl = be32(p + 4),
                          .expiration = be32(p + 8),
                          .inception = be32(p + 12),
                          .tag = be16(p + 16),
                          .signer = signer,
                          .head = {p, head},
                          .signature = {p + head, rr->rdlen - head}};
    return true;
}

bool dnskey_signs(const struct dnskey *k)
{
    return k->flags & KEY_ZONE && !(k->flags & KEY_REVOKED) && k->protocol == 3;
}

/* ---------------------------------------------------------------- DS and DNSKEY ---------------------- */

static const char *digest_name(uint8_t type)
{
    static const char *const names[] = {[1] = "SHA1", [2] = "SHA256", [4] = "SHA384"};
    return type < sizeof names / sizeof *names ? names[type] : NULL;
}

/* RFC 4034 5.1.4: the digest of the owner in canonical form and the key's rdata. Returns its length in bytes, 0 where
 * it cannot be computed. */
static unsigned digest_of(const struct dnskey *k, uint8_t type, unsigned char out[EVP_MAX_MD_SIZE])
{
    uint8_t owner[WIRE_NAME_MOST];
    int n = wire_name_from_text(k->rr->owner, owner);
    const char *name = digest_name(type);
    unsigned len = 0;
    if (n < 0 || !name)
        return 0;
    wire_name_lower(owner, (size_t)n);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const EVP_MD *md = EVP_get_digestbyname(name);
    if (!ctx || !md || EVP_DigestInit_ex(ctx, md, NULL) != 1 ||
        EVP_DigestUpdate(ctx, owner, (size_t)n) != 1 ||
        EVP_DigestUpdate(ctx, k->rr->rdata, k->rr->rdlen) != 1 || EVP_DigestFinal_ex(ctx, out, &len) != 1)
        len = 0;
    EVP_MD_CTX_free(ctx);
    return len;
}

bool ds_matches(const struct ds *ds, const struct dnskey *k)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    if (ds->tag != k->tag || ds->algorithm != k->algorithm || !dnskey_signs(k))
        return false;
    unsigned n = digest_of(k, ds->digest_type, digest);
    return n && n == ds->digest.n && !memcmp(digest, ds->digest.p, n);
}

const char *dnssec_algorithm_name(uint8_t algorithm)
{
    static const char *const names[] = {
        [5] = "RSASHA1",          [7] = "RSASHA1-NSEC3-SHA1", [8] = "RSASHA256", [10] = "RSASHA512",
        [13] = "ECDSAP256SHA256", [14] = "ECDSAP384SHA384",   [15] = "ED25519",  [16] = "ED448"};
    return algorithm < sizeof names / sizeof *names ? names[algorithm] : NULL;
}

bool ds_known(const struct ds *ds)
{
    return dnssec_algorithm_name(ds->algorithm) && digest_name(ds->digest_type);
}

const char *ds_text_for(struct arena *a, const struct dnskey *k)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = digest_of(k, 2, digest);
    char *hex = n ? arena_alloc(a, n * 2u + 1) : NULL;
    if (!hex)
        return NULL;
    for (unsigned i = 0; i < n; i++) {
        hex[i * 2] = "0123456789ABCDEF"[digest[i] >> 4];
        hex[i * 2 + 1] = "0123456789ABCDEF"[digest[i] & 15];
    }
    return arena_printf(a, "%u %u 2 %s", k->tag, k->algorithm, hex);
}

/* ---------------------------------------------------------------- time ------------------------------- */

static int64_t seconds(dcv_time t)
{
    return t >= 0 ? t / 1000 : -((999 - t) / 1000);
}

static int32_t serial_minus(uint32_t a, uint32_t b)
{
    uint32_t d = a - b;
    return d < UINT32_C(0x80000000) ? (int32_t)d : -(int32_t)(UINT32_MAX - d) - 1;
}

dcv_time rrsig_moment(uint32_t end, dcv_time now)
{
    int64_t s = seconds(now);
    return (s + serial_minus(end, (uint32_t)s)) * 1000;
}

enum sig_time rrsig_time(const struct rrsig *s, dcv_time now)
{
    uint32_t t = (uint32_t)seconds(now);
    if (serial_minus(t, s->expiration) > 0)
        return SIG_TIME_EXPIRED;
    return serial_minus(t, s->inception) < 0 ? SIG_TIME_FUTURE : SIG_TIME_IN;
}
