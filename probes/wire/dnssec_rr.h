/* dnssec_rr.h - the records of DNSSEC: reads them, compares them, names them. Pure (libcrypto).
 *
 * The structs are plain values. Their pointers point into the record that they were read from, which must outlive them.
 * No function keeps state; any thread. Sources: RFC 4034 (records, key tags), RFC 4509 and 6605 (digests).
 * dnssec_verify.h checks a signature. */
#ifndef DCV_DNSSEC_RR_H
#define DCV_DNSSEC_RR_H

#include "model/dcv.h"

enum { KEY_ZONE = 0x0100, KEY_REVOKED = 0x0080, KEY_SEP = 0x0001 };

struct dnskey {
    const struct rr *rr;
    uint16_t flags, tag;
    uint8_t protocol, algorithm;
    struct bytes key;
};

struct ds {
    const struct rr *rr;
    uint16_t tag;
    uint8_t algorithm, digest_type;
    struct bytes digest;
};

struct rrsig {
    const struct rr *rr;
    uint16_t covered, tag;
    uint8_t algorithm, labels;
    uint32_t ttl, expiration, inception; /* ends: seconds since 1970 modulo 2^32 */
    const char *signer;                  /* absolute */
    struct bytes head, signature;        /* head: the rdata before the signature */
};

/* False: the record is of another type or broken, or the arena is full. */
bool dnskey_read(const struct rr *rr, struct dnskey *ret);
bool ds_read(const struct rr *rr, struct ds *ret);
bool rrsig_read(struct arena *a, const struct rr *rr, struct rrsig *ret);

/* True for a key that may sign the records of its zone: zone key, protocol 3, not revoked (RFC 4034 2.1, RFC 5011 2.1).
 */
bool dnskey_signs(const struct dnskey *k);

/* True where the DS is for this key: key tag, algorithm and digest agree. Digest types 1, 2 and 4 (SHA-1, SHA-256,
 * SHA-384) are known; others never match. */
bool ds_matches(const struct ds *ds, const struct dnskey *k);
/* True where a validator can follow the DS: it knows the algorithm and the digest type. A zone of which no DS can be
 * followed counts as not signed (RFC 4035 5.2). */
bool ds_known(const struct ds *ds);
/* The rdata of the DS record for a key, with SHA-256. NULL: arena full, or libcrypto refuses. */
const char *ds_text_for(struct arena *a, const struct dnskey *k);

/* Is now within the signature's validity? RFC 4034 3.1.5: its two ends are serial numbers (RFC 1982). */
enum sig_time { SIG_TIME_IN, SIG_TIME_EXPIRED, SIG_TIME_FUTURE };
enum sig_time rrsig_time(const struct rrsig *s, dcv_time now);
/* Inception or expiration as a time. The field counts modulo 2^32 seconds; of the times that it can mean, the nearest
 * to now is returned. */
dcv_time rrsig_moment(uint32_t end, dcv_time now);

/* "RSASHA256", or NULL for an unknown number. */
const char *dnssec_algorithm_name(uint8_t algorithm);

#endif
