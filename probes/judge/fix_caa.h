/* fix_caa.h - the smallest change that makes a CAA check pass. Pure.
 *
 * The CA that is named is the first of the accepted identifiers. */
#ifndef DCV_FIX_CAA_H
#define DCV_FIX_CAA_H

#include "judge/finding.h"

/* The operations that make the relevant set permit: records that forbid every CA are removed, and where no record names
 * this CA one is added, or replaces meant (may be NULL), a record that was meant for this CA. parameters: "" or ";
 * NAME=VALUE". A set outside the customer's domain is not changed: instead the domain gets a set of its own, or there
 * is advice where an alias leaves no room for one. */
void fix_caa_permit(struct judgement *j, struct finding *f, const char *parameters,
                    const struct caa_record *meant);
/* The lowest level of the climb below the lookup below where a CAA set may exist; NULL where there is none. */
const struct lookup *fix_caa_own_place(const struct judgement *j, const struct lookup *below);
/* add: a set of one record at a place from fix_caa_own_place(). */
struct fix *fix_caa_own_set(struct judgement *j, struct finding *f, const struct lookup *at,
                            const char *parameters);
/* replace: r by another rdata. */
void fix_caa_replace(struct judgement *j, struct finding *f, const struct caa_record *r, const char *rdata);
/* r with another tag; NULL where the arena is full, or the value is no text. */
struct rr *fix_caa_retagged(struct judgement *j, const struct caa_record *r, enum caa_tag tag);
/* What n records at the name with a star were meant to say, as issuewild records at base, if a set stands there and
 * permits with them; and advice. */
void fix_caa_move(struct judgement *j, struct finding *f, const struct rr *const *rr, size_t n, const char *base);
/* The tag that a record added to the relevant set needs: issuewild only where issuewild records of the set decide. */
enum caa_tag fix_caa_tag(const struct judgement *j);
/* True where the name is in the customer's own domain. */
bool fix_caa_within_reach(const struct judgement *j, const char *owner);

#endif
