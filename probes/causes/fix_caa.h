/* fix_caa.h - the smallest change that makes a CAA check pass. Pure.
 *
 * The CA that is named is the first of the accepted identifiers. */
#ifndef DCV_FIX_CAA_H
#define DCV_FIX_CAA_H

#include "causes/finding.h"

/* The operations that make the relevant set permit, and restrict no less than its owner meant: records that forbid
 * every CA are removed, or get the property that they were meant to have; a record of this CA that asks for another
 * method gets it added to its list; beside one for another account stands one for ours; meant (may be NULL), a record
 * that was meant for this CA, is replaced by what it was to say; else one is added. A set that the customer does not
 * run is not changed: instead the domain gets a set of its own with the records of that one, or there is advice where
 * an alias leaves no room for it. */
void fix_caa_permit(struct judgement *j, struct finding *f, const struct caa_record *meant);
/* The same as a set at a place from fix_caa_own_place(); text says what it does. */
void fix_caa_permit_at(struct judgement *j, struct finding *f, const struct lookup *place,
                       const struct caa_record *meant, const char *text);
/* The lowest level of the climb below the lookup below where a CAA set may exist; NULL where there is none. */
const struct lookup *fix_caa_own_place(const struct judgement *j, const struct lookup *below);
/* add: a set of one record at a place from fix_caa_own_place(). */
struct fix *fix_caa_own_set(struct judgement *j, struct finding *f, const struct lookup *at);
/* replace: r by another rdata. */
void fix_caa_replace(struct judgement *j, struct finding *f, const struct caa_record *r, const char *rdata);
/* What n records at the name with a star were meant to say, as issuewild records at base, if a set stands there and
 * permits with them; and advice. */
void fix_caa_move(struct judgement *j, struct finding *f, const struct rr *const *rr, size_t n, const char *base);
/* The tag that a record added to the relevant set needs: issuewild only where issuewild records of the set decide. */
enum caa_tag fix_caa_tag(const struct judgement *j);
/* True where the name is in the customer's own domain. */
bool fix_caa_within_reach(const struct judgement *j, const char *owner);

#endif
