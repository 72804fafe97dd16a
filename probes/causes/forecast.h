/* forecast.h - from when on a change of records is seen, for caches hold old answers for some time. Pure.
 *
 * A resolver may give an answer until the TTL in it has run out, and that there is no record until the smaller of the
 * SOA record's TTL and MINIMUM has (RFC 2308 5); what it sends is what is left of them. TTLs are whole seconds, and a
 * resolver that counts whole seconds of its clock gives an answer during the whole of the last one: so a second more is
 * counted from the one in which the answer came. A forecast is never early, and late by less than a second. */
#ifndef DCV_FORECAST_H
#define DCV_FORECAST_H

#include "causes/finding.h"

/* Until when something holds that was learnt by this fact and lasts for so many seconds. The time of facts without one
 * is that of the check. */
dcv_time forecast_end(const struct request *r, const struct fact *f, uint32_t seconds);
/* What one resolver's answer says at one name holds for so many seconds, as far as it is in the answer: records of the
 * type, or (where there are none) that they are missing. 0: nothing is remembered. */
uint32_t forecast_seconds(const struct fact *f, const char *name, uint16_t type);
/* Adds to a cure that changes records that have to be seen: wait, until the resolvers' answers that it changes are
 * forgotten. Nothing where none is remembered. Sets j->err where the arena is full. */
void forecast_add(struct judgement *j, struct cure *c);

#endif
