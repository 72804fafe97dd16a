/* caa_meant.h - what a CAA record was meant to say: a value or a tag with a mistake, and records with less of it. Pure.
 *
 * All that is returned lives in the arena of the judgement. */
#ifndef DCV_CAA_MEANT_H
#define DCV_CAA_MEANT_H

#include "causes/finding.h"

/* A longer value is no slip of a hand: only its beginning is read for what it was meant to say, and it is not written
 * again. */
enum { CAA_VALUE_MOST = 1024 }; /* bytes */

/* A record with this tag and value (RFC 8659 4.1), whose owner is the root. NULL: it would be too long, or the arena is
 * full. */
struct rr *caa_record_of(struct arena *a, const char *tag, const char *value, uint8_t flags);
/* r with another tag; NULL where the arena is full, or the value is no text. */
struct rr *caa_retagged(struct judgement *j, const struct caa_record *r, enum caa_tag tag);
/* The first applicable record of the relevant set whose value was meant for this CA, and *what is wrong with it, a
 * phrase; NULL: there is none. */
const struct caa_record *caa_mistyped(struct judgement *j, const char **what);
/* Records that say what the value of r, which was meant for this CA, was to say: one for each CA that it names (RFC
 * 8659 4.2: one a record), this CA's first, all with the parameters that can be read. How many; 0: it is too long. */
enum { CAA_LISTED_MOST = 8 };
size_t caa_meant_records(struct judgement *j, const struct caa_record *r, const struct rr *ret[CAA_LISTED_MOST]);
/* r, which names this CA and has parameters that the request does not meet, as it would permit: with the account of the
 * request, and its method in the list. *account: it is for another account than r is. NULL: no record can say that. */
const struct rr *caa_with_ours(struct judgement *j, const struct rr *r, bool *account);
/* What the set with these n records comes to for the request. CODE_NONE too where the request leaves it open. */
enum code caa_code_with(struct judgement *j, const struct rr *const *rr, size_t n);

#endif
