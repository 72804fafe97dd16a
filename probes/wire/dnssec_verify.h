/* dnssec_verify.h - checks one signature of a set of records, with the canonical form of RFC 4034 6.2 and 6.3. Pure
 * (libcrypto), no state; any thread. Sources: RFC 3110, 5702, 6605 and 8080 (algorithms), RFC 6840 5.1 (which names are
 * put in lower case). */
#ifndef DCV_DNSSEC_VERIFY_H
#define DCV_DNSSEC_VERIFY_H

#include "wire/dnssec_rr.h"

/* Is s a signature of this key over these records? set: all records of the RRset, in any order. UNKNOWN: the algorithm
 * is not 8, 10, 13, 14, 15 or 16, or libcrypto refuses to check. */
enum sig_check { SIG_CHECK_UNKNOWN, SIG_CHECK_GOOD, SIG_CHECK_BAD };
enum sig_check rrsig_check(struct arena *a, const struct rrsig *s, const struct dnskey *k,
                           const struct rr *const *set, size_t n);

#endif
