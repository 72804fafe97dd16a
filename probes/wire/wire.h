/* wire.h - DNS messages: build a query, parse an answer tolerantly. Pure.
 *
 * Life: nothing here has a life of its own. A message is read once, into a dns_fact whose texts, records and
 * rdata are copies in the caller's arena; the message may go afterwards. Offsets are bytes from the start of
 * the message, TTLs seconds. Any thread, one arena each.
 *
 * Sources: RFC 1035, RFC 6891 (EDNS), RFC 8914 (EDE), RFC 3597 (unknown types), RFC 8659 4.1 (CAA rdata).
 *
 * The parser keeps every good record beside a broken one, and says what is broken and at which offset. Only
 * what cannot be read past (a header cut short, a record that runs over the end) stops it; the records
 * before are kept then too. It never follows a compression pointer forwards or twice, and takes time linear
 * in the message times a constant. */
#ifndef DCV_WIRE_H
#define DCV_WIRE_H

#include "base/buf.h"
#include "model/dcv.h"

enum { WIRE_NAME_MOST = 255, WIRE_QUERY_MOST = 300, WIRE_EDNS_SIZE = 1232 };

/* The query for an ask: id, RD (off for VIA_AUTHORITATIVE), AD asked for, CD, EDNS 1232 unless no_edns, DO by
 * ask->dnssec. case_bits: with ask->mixed_case, bit i set makes the i-th letter upper case (64 letters, then
 * round again). Length, or -EINVAL where the name is no DNS name. */
int wire_query(const struct ask *ask, uint16_t id, uint64_t case_bits, uint8_t out[WIRE_QUERY_MOST]);

/* Reads an answer into f: all fields but server and tries, which are left alone. query is the message that
 * was sent, or NULL: a dump is read, id and question are not compared and case_kept is false. f->outcome
 * becomes answer, nodata, nxdomain, servfail, refused, other or malformed. It is malformed where the header
 * does not fit, the question is another one (it may be missing under an rcode other than NOERROR and
 * NXDOMAIN), or no whole record could be read although the header announces some; then flags and rcode still
 * tell what the header said. With TC set, missing records are no defect and the outcome goes by the rcode.
 * What is wrong with one record stands in its .defect and, with section and number, in f->defects; the offset
 * there is that of the wrong byte, rr.offset that of the record. Defects beyond the 32nd are not listed, but
 * their records are marked all the same. A record whose owner cannot be read has the owner ".". Records of
 * another class than the question's are broken (answer and authority only). 0 or -ENOMEM. */
int wire_answer(struct arena *a, const uint8_t *msg, size_t len, const uint8_t *query, size_t query_len,
                struct dns_fact *f);

/* ---- names */
/* Wire form of a name in text (absolute or not, escapes as in dcv.h) into out; its length, or -EINVAL. */
int wire_name_from_text(const char *text, uint8_t out[WIRE_NAME_MOST]);
/* Text (absolute, escaped) of an uncompressed name at p; *used gets its length in bytes. NULL: broken, or
 * arena full. */
char *wire_name_to_text(struct arena *a, const uint8_t *p, size_t len, size_t *used);
/* ASCII letters of an uncompressed name in lower case, in place: the canonical form of a name (RFC 4034 6.2). */
void wire_name_lower(uint8_t *p, size_t len);

/* ---- types */
/* "TXT", "TYPE65280" (RFC 3597); the text is static or in buf. Reading is without regard to case. */
const char *rr_type_name(uint16_t type, char buf[16]);
bool rr_type_parse(const char *text, uint16_t *ret);
const char *rcode_name(uint16_t rcode, char buf[16]); /* "NOERROR", "RCODE99" */
bool rcode_parse(const char *text, uint16_t *ret);
const char *ede_name(uint16_t code); /* "Stale Answer", … of RFC 8914's registry; NULL for an unknown one */

/* ---- rdata */
/* Zone-file form; for a record with a defect, or a type that we cannot print, \# length hex. NULL: arena
 * full. */
char *rr_rdata_text(struct arena *a, const struct rr *rr);
/* The reverse, into rr->rdata, rdlen and defect (rr->type given). 0, -EINVAL, -ENOMEM. Reads all that
 * rr_rdata_text prints; names may lack the final dot and are absolute all the same, text strings may stand
 * without quotes, where a blank ends them. Any type may be given as \#, which is checked as an answer's would
 * be: what is wrong becomes rr->defect. There is no message for compressed names to point into, so they are
 * broken. */
int rr_rdata_from_text(struct arena *a, const char *text, struct rr *rr);
/* The name in the rdata of NS, CNAME, DNAME, PTR, MX, SRV; NULL for others, broken ones and where the arena
 * is full. */
const char *rr_target(struct arena *a, const struct rr *rr);
/* The character-strings of a TXT record, in turn: start with *at = 0. False at the end, and at once for a
 * record with a defect or of another type. */
bool txt_next(const struct rr *rr, size_t *at, struct bytes *ret);
/* All of them joined; .p is NULL where the arena is full. */
struct bytes txt_joined(struct arena *a, const struct rr *rr);
/* SOA: minimum of its TTL and its MINIMUM field (RFC 2308 5), and the serial. False where it is broken. */
bool soa_read(const struct rr *rr, uint32_t *serial, uint32_t *negative_ttl);
/* The rdata in canonical form, names in lower case where RFC 4034 6.2 and RFC 6840 5.1 say so. .p is NULL for a
 * record with a defect and where the arena is full. */
struct bytes rr_canonical(struct arena *a, const struct rr *rr);

/* ---- reading facts */
/* Owners, and the names in NS and SOA data, in lower case: compressed names point into the question, and take its
 * mixed case along (ask.mixed_case). case_kept stays. */
void dns_fold_case(struct dns_fact *f);
/* Follows the CNAMEs of an answer from name, and DNAMEs where a server left their CNAME out. *hops (may be
 * NULL) counts the steps, *looped (may be NULL) tells of a loop or of more than 64 of them. The end of the
 * chain, NULL where the arena is full. */
const char *dns_chain_end(struct arena *a, const struct dns_fact *f, const char *name, unsigned *hops,
                          bool *looped);
/* The targets on that way, the end last. False: arena full. */
bool dns_chain(struct arena *a, const struct dns_fact *f, const char *name, struct texts *ret);

#endif
