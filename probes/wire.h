/* wire.h - DNS messages: build a query, parse an answer tolerantly. Pure.
 *
 * Sources: RFC 1035, RFC 6891 (EDNS), RFC 8914 (EDE), RFC 3597 (unknown types).
 *
 * The parser keeps every good record beside a broken one, and says what is broken and at which offset. Only
 * what cannot be read past (a header cut short, a record that runs over the end) stops it; the records
 * before are kept then too. It never follows a compression pointer forwards or twice, and takes time linear
 * in the message times a constant. */
#ifndef DCV_WIRE_H
#define DCV_WIRE_H

#include "dcv.h"

enum { WIRE_NAME_MOST = 255, WIRE_QUERY_MOST = 300, WIRE_EDNS_SIZE = 1232 };

/* The query for an ask: id, RD (off for VIA_AUTHORITATIVE), AD asked for, CD, EDNS 1232 unless no_edns, DO by
 * ask->dnssec. case_bits: with ask->mixed_case, bit i set makes the i-th letter upper case (64 letters, then round
 * again). Length, or -EINVAL where the name is no DNS name. */
int wire_query(const struct ask *ask, uint16_t id, uint64_t case_bits, uint8_t out[WIRE_QUERY_MOST]);

/* Reads an answer into f: all fields but server, tries and (for a good message) case_kept, which is judged
 * against query. query may be NULL (no comparison of id and question; a dump is read).
 * f->outcome becomes answer, nodata, nxdomain, servfail, refused, other or malformed. It is malformed where the
 * header does not fit, the question is another one, or no whole record could be read although the header announces
 * some; then flags and rcode still tell what the header said. 0 or -ENOMEM. */
int wire_answer(struct arena *a, const uint8_t *msg, size_t len, const uint8_t *query, size_t query_len, struct dns_fact *f);

/* ---- names */
/* Wire form of a name in text (absolute or not) into out; its length, or -EINVAL. */
int wire_name_from_text(const char *text, uint8_t out[WIRE_NAME_MOST]);
/* Text (absolute, escaped) of an uncompressed name at p; *used gets its length in bytes. NULL: broken, or arena full. */
char *wire_name_to_text(struct arena *a, const uint8_t *p, size_t len, size_t *used);

/* ---- types */
/* "TXT", "TYPE65280"; the text is static or in buf. */
const char *rr_type_name(uint16_t type, char buf[16]);
bool rr_type_parse(const char *text, uint16_t *ret);
const char *rcode_name(uint16_t rcode, char buf[16]); /* "NOERROR", "RCODE99" */
bool rcode_parse(const char *text, uint16_t *ret);
const char *ede_name(uint16_t code); /* "Stale Answer", … of RFC 8914's registry; NULL for an unknown one */

/* ---- rdata */
/* Zone-file form; for a record with a defect, or a type that we cannot print, \# length hex. */
char *rr_rdata_text(struct arena *a, const struct rr *rr);
/* The reverse, into rr->rdata and rdlen (rr->type given). 0, -EINVAL, -ENOMEM. Types: A AAAA NS CNAME DNAME PTR MX SOA
 * TXT CAA DS DNSKEY SRV, and any type as \#. A \# form is checked as an answer's would be: what is wrong becomes rr->defect. */
int rr_rdata_from_text(struct arena *a, const char *text, struct rr *rr);
/* The name in the rdata of NS, CNAME, DNAME, PTR, MX, SRV; NULL for others and broken ones. */
const char *rr_target(struct arena *a, const struct rr *rr);
/* The character-strings of a TXT record. False at the end, or where the rdata is broken. Start with *at = 0. */
bool txt_next(const struct rr *rr, size_t *at, struct bytes *ret);
/* All of them joined; .p is NULL where the arena is full. */
struct bytes txt_joined(struct arena *a, const struct rr *rr);
/* SOA: minimum of its TTL and its MINIMUM field (RFC 2308 5), and the serial. False where it is broken. */
bool soa_read(const struct rr *rr, uint32_t *serial, uint32_t *negative_ttl);

/* ---- reading facts */
/* Follows the CNAMEs of an answer from name; *hops (may be NULL) counts them, *looped (may be NULL) tells of a loop. The end of the chain. */
const char *dns_chain_end(struct arena *a, const struct dns_fact *f, const char *name, unsigned *hops, bool *looped);

#endif
