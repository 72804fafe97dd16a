/* fix.h - from a finding to operations that a machine can apply. Pure.
 *
 * Applied as they stand, the operations of a finding that can be cured by records or files make the check
 * pass. */
#ifndef DCV_FIX_H
#define DCV_FIX_H

#include "verdict.h"

enum { FIX_TTL = 300 }; /* short, so that a mistake is soon forgotten */

/* The value that would pass now: the random value, or a request token computed for request.now (kept in
 * report.tokens, so that a replay without the key gives the same). NULL where it takes the AuthKey and there
 * is none, or the random value has expired. */
const char *fix_value(struct judgement *j);

/* add: one TXT record with the value at _dnsauth.D. Where the value cannot be known: input, with what to do.
 */
void fix_publish_txt(struct judgement *j, struct finding *f);
/* replace: rr by a TXT record with the value, at the same owner. */
void fix_replace_txt(struct judgement *j, struct finding *f, const struct rr *rr);
/* input: a new value has to be got. */
void fix_new_value(struct judgement *j, struct finding *f);
void fix_advice(struct judgement *j, struct finding *f, const char *text);

/* A text as one TXT rdata in zone-file form, cut into strings of 255 bytes where it must be. */
const char *fix_txt_rdata(struct judgement *j, const char *text);

#endif
