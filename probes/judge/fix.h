/* fix.h - from a finding to operations that a machine can apply. Pure.
 *
 * Applied as they stand, the operations of a finding that can be cured by records or files make the check
 * pass. Header of fix.c and fix_*.c. */
#ifndef DCV_FIX_H
#define DCV_FIX_H

#include "judge/finding.h"

enum { FIX_TTL = 300 }; /* short, so that a mistake is soon forgotten */

/* The value that would pass now: the random value, or a request token computed for request.now (kept in
 * report.tokens, so that a replay without the key gives the same). NULL where it takes the AuthKey and there
 * is none, or the random value has expired. */
const char *fix_value(struct judgement *j);

/* add: one TXT record with the value at _dnsauth.D. Where the value cannot be known: input, with what to do.
 */
void fix_publish_txt(struct judgement *j, struct finding *f);
/* The same with a value that is known to be good. */
void fix_add_txt(struct judgement *j, struct finding *f, const char *value);
/* The same for any method: a TXT or CNAME record, or a file. */
void fix_publish(struct judgement *j, struct finding *f);
/* What stands at j->candidate, put right: the record replaced, or the file written anew. */
void fix_correct(struct judgement *j, struct finding *f);
/* put-file: the value at the URL that the CA fetches. */
void fix_publish_file(struct judgement *j, struct finding *f);
/* add, or replace of old (may be NULL): the CNAME with the value in the current form. */
void fix_publish_cname(struct judgement *j, struct finding *f, const struct rr *old);
/* replace: old (a CNAME) by one to a listed target; target NULL: the first listed one, or advice where none
 * is listed. */
void fix_target(struct judgement *j, struct finding *f, const struct rr *old, const char *target);
/* add: a CNAME at owner to the first listed target, or advice where none is listed. */
void fix_target_at(struct judgement *j, struct finding *f, const char *owner);
/* The value as a sentence names it: the random value, or "of a request token". */
const char *fix_shown_value(const struct judgement *j);
/* replace: rr by a TXT record with the value, at the same owner. */
void fix_replace_txt(struct judgement *j, struct finding *f, const struct rr *rr);
/* remove: rr as it stands. */
void fix_remove(struct judgement *j, struct finding *f, const struct rr *rr);
/* input: a new value has to be got. */
void fix_new_value(struct judgement *j, struct finding *f);
void fix_advice(struct judgement *j, struct finding *f, const char *text);

/* ---- CAA. The CA that is named is the first of the accepted identifiers. */
/* The operations that make the relevant set permit: what forbids every CA is removed, and where nobody names
 * this CA one record is added beside the others, or put in the place of meant (may be NULL), a record that was
 * meant for this CA. parameters: "" or "; NAME=VALUE". A set that the customer does not run is left alone: then
 * a set of the domain's own, or advice where an alias leaves no room for one. */
void fix_caa_permit(struct judgement *j, struct finding *f, const char *parameters,
                    const struct caa_record *meant);
/* The lowest level below another one where a set of its own may stand, NULL where there is none. */
const struct lookup *fix_caa_own_place(const struct judgement *j, const struct lookup *below);
/* add: a set of one record at such a place. */
struct fix *fix_caa_own_set(struct judgement *j, struct finding *f, const struct lookup *at,
                            const char *parameters);
/* replace: r by another rdata. */
void fix_caa_replace(struct judgement *j, struct finding *f, const struct caa_record *r, const char *rdata);
/* The tag that a record added to the relevant set needs: issuewild only where the set's own ones decide. */
enum caa_tag fix_caa_tag(const struct judgement *j);
/* The name stands in the customer's own domain. */
bool fix_caa_within_reach(const struct judgement *j, const char *owner);

/* A text as one TXT rdata in zone-file form, cut into strings of 255 bytes where it must be. */
const char *fix_txt_rdata(struct judgement *j, const char *text);

#endif
