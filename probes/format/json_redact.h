/* json_redact.h - replaces the random value in what is written. Pure; the results are in the arena given. */
#ifndef DCV_JSON_REDACT_H
#define DCV_JSON_REDACT_H

#include "model/dcv.h"

/* Replaces the random value in a text by "redacted", repeated to the length of the token; or by "REDACTED" where the
 * value is in other letter case, so that judge can still tell the two apart. The value is found as it is, escaped for a
 * zone file or a shell, and in UTF-16. Returns text itself where the value does not occur; .p is NULL where the arena
 * is full. */
struct bytes redact_bytes(struct arena *a, const char *token, struct bytes text);
const char *redact_text(struct arena *a, const char *token, const char *text); /* NULL stays NULL */
/* The same for a record: redacts its owner, a value that is split over character-strings of a TXT record, and the rdata
 * of a record with a defect. Other rdata is redacted as text. */
struct rr redact_rr(struct arena *a, const char *token, const struct rr *rr);

#endif
