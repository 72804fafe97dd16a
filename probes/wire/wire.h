/* wire.h - DNS messages: build a query, parse an answer tolerantly. Pure.
 *
 * There is no object here: functions read a message once into a dns_fact, whose texts, records and rdata are copies in
 * the caller's arena, so the message may be freed afterwards. Offsets are bytes from the start of the message, TTLs are
 * seconds. Any thread, one arena for each.
 *
 * Sources: RFC 1035, RFC 6891 (EDNS), RFC 8914 (EDE), RFC 3597 (unknown types), RFC 8659 4.1 (CAA rdata).
 *
 * The parser keeps every good record beside a broken one, and says what is broken and at which offset. Only a header
 * that is cut short, a record that runs over the end, or names that take far more bytes than the message once they are
 * spelt out stop it; the records before that are kept. It never follows a
 * compression pointer forwards or twice, and takes time linear in the size of the message.
 * Header of wire.c and wire_*.c. */
#ifndef DCV_WIRE_H
#define DCV_WIRE_H

#include "base/buf.h"
#include "model/dcv.h"

enum { WIRE_NAME_MOST = 255, WIRE_QUERY_MOST = 300, WIRE_EDNS_SIZE = 1232 };

/* The query for an ask: id, RD (off for VIA_AUTHORITATIVE), AD asked for, CD, EDNS 1232 unless no_edns, DO by
 * ask->dnssec. case_bits: with ask->mixed_case, bit i makes letter i upper case (letter 64 uses bit 0 again). Returns
 * the length, or -EINVAL where the name is not a DNS name. */
int wire_query(const struct ask *ask, uint16_t id, uint64_t case_bits, uint8_t out[WIRE_QUERY_MOST]);

/* Reads an answer into f: all fields but server and tries, which are left alone. query is the message that was sent, or
 * NULL for a stored message: then id and question are not compared, and case_kept is false. f->outcome becomes answer,
 * nodata, nxdomain, servfail, refused, other or malformed. It is malformed where the header does not fit, the question
 * is another one (it may be missing under an rcode other than NOERROR and NXDOMAIN), or the message ends before all
 * records that the header announces, with rcode NOERROR or NXDOMAIN; then flags and rcode still hold what the header
 * said, and the records before the end are kept for people to see. With TC set, missing records are not a defect, and
 * the rcode decides the outcome. What is wrong with a record is in its .defect and, with
 * section and number, in f->defects, where the offset is that of the wrong byte; rr.offset is that of the record.
 * Defects after the 32nd are not listed, but their records have .defect set. A record whose owner cannot be read has
 * the owner ".". In the answer and authority sections, a record of another class than the question's is broken. 0 or
 * -ENOMEM. */
int wire_answer(struct arena *a, const uint8_t *msg, size_t len, const uint8_t *query, size_t query_len,
                struct dns_fact *f);

/* The steps of a chain of aliases that are taken. Each reads the whole answer. Resolvers bound how often they begin
 * again with a question of their own (BIND 16, Knot 13, Unbound 11), and not how many aliases of one zone an answer
 * holds. */
enum { DNS_CHAIN_MOST = 63 };
/* Follows one CNAME, or DNAME above name, of an answer section. 1 and *to, 0 where name has neither, or -ENOMEM. */
int dns_alias(struct arena *a, const struct rrs *answer, const char *name, const char **to);
/* Follows the CNAMEs of an answer from name, and DNAMEs for which the server added no CNAME. Returns the end of the
 * chain, NULL where the arena is full. *hops (may be NULL) gets the number of steps; *looped (may be NULL) is true for
 * a loop and for more than DNS_CHAIN_MOST steps. */
const char *dns_chain_end(struct arena *a, const struct dns_fact *f, const char *name, unsigned *hops,
                          bool *looped);
/* The targets of that chain in order, the end last. False: the arena is full. */
bool dns_chain(struct arena *a, const struct dns_fact *f, const char *name, struct texts *ret);

/* ---- wire_names.c: names, and the names of types and codes */
/* Writes the wire form of a name in text (final dot or not, escapes as in dcv.h); returns its length, or -EINVAL. */
int wire_name_from_text(const char *text, uint8_t out[WIRE_NAME_MOST]);
/* The text (with final dot, escaped) of an uncompressed name at p; *used gets its length in bytes. NULL: the name is
 * broken, or the arena is full. */
char *wire_name_to_text(struct arena *a, const uint8_t *p, size_t len, size_t *used);
/* Puts the ASCII letters of an uncompressed name in lower case, in place: its canonical form (RFC 4034 6.2). */
void wire_name_lower(uint8_t *p, size_t len);
/* Puts owners and the names in NS and SOA data in lower case: compressed names point into the question and so have its
 * mixed case (ask.mixed_case). case_kept is not changed. */
void dns_fold_case(struct dns_fact *f);

/* "TXT", "TYPE65280" (RFC 3597); the text is static or in buf. The parsers ignore case. */
const char *rr_type_name(uint16_t type, char buf[16]);
bool rr_type_parse(const char *text, uint16_t *ret);
const char *rcode_name(uint16_t rcode, char buf[16]); /* "NOERROR", "RCODE99" */
bool rcode_parse(const char *text, uint16_t *ret);
const char *ede_name(uint16_t code); /* "Stale Answer", … (RFC 8914); NULL: unknown */

/* ---- wire_text.c: rdata as text */
/* The zone-file form; "\# length hex" (RFC 3597) for a record with a defect and for a type that we cannot print. NULL:
 * the arena is full. */
char *rr_rdata_text(struct arena *a, const struct rr *rr);
/* The reverse: reads text by rr->type into rr->rdata, rdlen and defect. 0, -EINVAL or -ENOMEM. Accepts all that
 * rr_rdata_text() writes. Names are absolute, with a final dot or without; text strings may stand without quotes, and
 * then end at a blank. Any type may be given as \#; such data is checked as in an answer, and what is wrong becomes
 * rr->defect. Compressed names in it are broken, since there is no message to point into. */
int rr_rdata_from_text(struct arena *a, const char *text, struct rr *rr);

/* ---- wire_rdata.c: what stands in rdata */
/* The name in the rdata of NS, CNAME, DNAME, PTR, MX, SRV; NULL for other types and broken records, and where the arena
 * is full. */
const char *rr_target(struct arena *a, const struct rr *rr);
/* Gives the character-strings of a TXT record, one at each call: start with *at = 0. False at the end, and at the first
 * call for a record with a defect or of another type. */
bool txt_next(const struct rr *rr, size_t *at, struct bytes *ret);
/* All character-strings of a TXT record joined; .p is NULL where the arena is full. */
struct bytes txt_joined(struct arena *a, const struct rr *rr);
/* Reads an SOA record: its serial, and as negative_ttl the lesser of its TTL and its MINIMUM field (RFC 2308 5). False
 * where it is broken. */
bool soa_read(const struct rr *rr, uint32_t *serial, uint32_t *negative_ttl);
/* The rdata in canonical form, names in lower case where RFC 4034 6.2 and RFC 6840 5.1 say so. .p is NULL for a
 * record with a defect and where the arena is full. */
struct bytes rr_canonical(struct arena *a, const struct rr *rr);

#endif
