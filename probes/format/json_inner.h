/* json_inner.h - what the JSON files share. Functions only: results are in the arena given. Any thread. Pure. */
#ifndef DCV_JSON_INNER_H
#define DCV_JSON_INNER_H

#include "format/json.h"

/* Replaces the random value in a text by "redacted", repeated to the length of the token; or by "REDACTED" where the
 * value is in other letter case, so that judge can still tell the two apart. The value is found as it is, escaped for a
 * zone file or a shell, and in UTF-16. Returns text itself where the value does not occur; .p is NULL where the arena
 * is full. */
struct bytes redact_bytes(struct arena *a, const char *token, struct bytes text);
const char *redact_text(struct arena *a, const char *token, const char *text); /* NULL stays NULL */
/* The same for a record: redacts its owner, a value that is split over character-strings of a TXT record, and the rdata
 * of a record with a defect. Other rdata is redacted as text. */
struct rr redact_rr(struct arena *a, const char *token, const struct rr *rr);

/* RFC 4648 §4, with padding. */
char *base64_encode(struct arena *a, struct bytes b);
bool base64_decode(struct arena *a, const char *text, size_t len,
                   struct bytes *ret); /* false: not base64, or the arena is full */

/* The bits of dns_fact.flags and their names. */
struct flag_name {
    uint16_t bit;
    char name[4];
};
extern const struct flag_name dns_flag_names[7];

/* What a fact in a case file has where it does not say otherwise. */
enum { DNS_TTL_USUAL = 300 };
uint16_t dns_rcode_usual(enum dns_outcome outcome);
uint16_t dns_flags_usual(const struct ask *ask, bool silent);
enum via via_usual(enum ask_kind kind);

/* What json_write_shown() writes beside the members of a report and its request: the derivation, the evidence. */
void json_write_shown_more(struct json_out *j, struct arena *a, const struct report *r);

#endif
